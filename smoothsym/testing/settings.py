"""What a test run sets for all of its checks, where these do not say otherwise: options of the command line, each with a twin in the ini file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

PREFIX = "smoothsym"
NONE = "none"


@dataclass(frozen=True)
class Setting:
    """One setting: `read` makes its value from text, or raises ValueError that says what to write; `help` says what it is."""

    name: str
    metavar: str
    read: Callable[[str], Any]
    help: str

    @property
    def option(self) -> str:
        return f"--{PREFIX}-{self.name}"

    @property
    def ini(self) -> str:
        return f"{PREFIX}_{self.name.replace('-', '_')}"


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        what = "positive" if least else "that is not negative"
        said = f"{text!r}: give a positive whole number" if least else f"{text!r}: give a whole number {what}"
        try:
            value = int(text)
        except ValueError:
            raise ValueError(said) from None
        if value < least:
            raise ValueError(said)
        return value

    return read


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{text!r}: give a positive number")
    return value


def _seconds(text: str) -> float | str:
    if text == NONE:
        return NONE
    try:
        return _positive(text)
    except ValueError as error:
        raise ValueError(f"{error} of seconds, or {NONE!r}") from None


def _path(text: str) -> str:
    if not text.strip():
        raise ValueError(f"{text!r}: give the name of a file")
    return text


SETTINGS = (
    Setting("budget", "N", _whole(1), "evaluations of a check on derived cases (300)"),
    Setting("seed", "N", _whole(0), "seed of cases and of the search for worse ones (0)"),
    Setting("tol", "X", _positive, "scaled error that is allowed where a check gives neither tol= nor ulp= (8)"),
    Setting(
        "timeout",
        "SECONDS",
        _seconds,
        "what a call may take, in a process of its own (10); 'none' calls in this one, where debuggers and coverage see it",
    ),
)
BASELINE = Setting("baseline", "FILE", _path, "what checks came to before: fail only where one got worse")
UPDATE = Setting(
    "baseline-update", "", str, "write the baseline; then no check fails, and what it comes to is recorded"
)
