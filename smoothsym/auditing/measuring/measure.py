"""Rows go to a target and to the certifier alike, in groups; all are judged in floats, and the few that matter exactly (tally.py)."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import nan
from typing import Any

import numpy as np

from smoothsym.auditing.asking.vectors import vectors_beside
from smoothsym.auditing.measuring.group import Group
from smoothsym.auditing.measuring.references import reference
from smoothsym.auditing.measuring.tally import Tally, coarse
from smoothsym.auditing.task import Task
from smoothsym.cases import Case

__all__ = ["Tally", "Task", "climbed", "reference", "rough", "run", "scored", "silence"]

Array = Any

ELEMENTS = 1 << 18
"""So many entries of rows are called and judged at a time, at most."""
FIRST = 1
"""So many rows at first where there is a cap on seconds; then twice as many, and so on: it is looked at between groups."""


def run(
    task: Task, cases: Sequence[Case], until: float | None = None, progress: Callable[[int, int], None] | None = None
) -> Tally:
    """Measure a target on cases, some at least, until the clock says `until`."""
    return _measured(task, cases, until, progress)[0]


def scored(
    task: Task, cases: Sequence[Case], until: float | None = None, progress: Callable[[int, int], None] | None = None
) -> tuple[Tally, Array]:
    """The same, and the scaled error of each case.

    It is given to 12 bits, and inf where the target has a fault, and nan where the row is special or has no reference, or holds only
    because what was flushed to zero is excused.
    """
    tally, (scaled, _, flushed) = _measured(task, cases, until, progress)
    return tally, np.where((flushed > 0) & (scaled <= task.tol), nan, scaled)


def climbed(
    task: Task, cases: Sequence[Case], until: float | None = None, progress: Callable[[int, int], None] | None = None
) -> tuple[Tally, Array, Array]:
    """The same, but what was flushed to zero scores by its nearness to what is beyond tolerance: a larger number may be lost beside it.
    With that, which cases have no other score.
    """
    tally, (scaled, _, flushed) = _measured(task, cases, until, progress)
    return tally, np.fmax(scaled, task.tol * flushed), (flushed > 0) & (scaled <= task.tol * flushed)


def rough(task: Task, cases: Sequence[Case], until: float | None = None) -> Array:
    """The scaled error of each case, its error in ulps, and the nearness of what was flushed to zero, as three rows."""
    return _measured(task, cases, until, None)[1]


def _measured(
    task: Task, cases: Sequence[Case], until: float | None, progress: Callable[[int, int], None] | None
) -> tuple[Tally, Array]:
    tally, done, scores = Tally(drawn=task.drawn), 0, np.full((3, len(cases)), np.nan)
    cases = vectors_beside(cases, task.op, task.of, task.fmt)
    with silence():
        for places in _groups(cases, until is not None):
            if until is not None and done and time.time() > until:
                tally.stopped = True
                break
            scores[:, places] = Group(task, [cases[q] for q in places], tally).judged()
            done += len(places)
            if progress is not None:
                progress(done, len(cases))
    return tally, coarse(scores)


@contextmanager
def silence() -> Iterator[None]:
    """What a target does to warnings and floating-point flags is not shown."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(np.errstate(all="ignore"))
        yield


def _groups(cases: Sequence[Case], capped: bool) -> Iterator[list[int]]:
    """The places of cases of one length and parameter, so many as fit into memory together."""
    alike: dict[tuple[int, str], list[int]] = {}
    for place, case in enumerate(cases):
        alike.setdefault((len(case.x), repr(case.parameter)), []).append(place)
    at_once = FIRST if capped else len(cases)
    for (size, _), places in alike.items():
        start = 0
        while start < len(places):
            stop = start + max(1, min(at_once, ELEMENTS // max(size, 1)))
            yield places[start:stop]
            start, at_once = stop, 2 * at_once
