"""Every input of a format, once: then the largest error that is found is the largest there is."""

from smoothsym.auditing.exhaustive.ranges import ranges
from smoothsym.auditing.exhaustive.shard import job_of, measured, tell

__all__ = ["job_of", "measured", "ranges", "tell"]
