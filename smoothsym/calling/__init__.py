"""Code of others is called here, and here alone: by its name, on rows, watched, and whatever it does is data about it."""

from smoothsym.calling.call import UNCALLED, Arguments, Call, call_rows
from smoothsym.calling.guard import TIMEOUT, Faults, Guard, guarded, told, worn
from smoothsym.calling.names import dotted, resolve, title, written

__all__ = [
    "TIMEOUT",
    "UNCALLED",
    "Arguments",
    "Call",
    "Faults",
    "Guard",
    "call_rows",
    "dotted",
    "guarded",
    "resolve",
    "title",
    "told",
    "worn",
    "written",
]
