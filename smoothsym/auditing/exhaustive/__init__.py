"""Every input of a format, once: then the largest error that is found is the largest there is."""

from smoothsym.auditing.exhaustive.shard import Job, Part, job_of, measured, tell
from smoothsym.auditing.exhaustive.spread import run

__all__ = ["Job", "Part", "job_of", "measured", "run", "tell"]
