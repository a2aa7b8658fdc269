"""Errors over the rigorous bound of our own kernel: a foreign target is held to what the stable kernel promises. A number, no verdict."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np

from smoothsym.auditing import judge as judging
from smoothsym.auditing.references import Memory, reference
from smoothsym.auditing.tally import Kept, Tally
from smoothsym.cases import Case
from smoothsym.error_bound import bound

ENTRIES = 1 << 13
"""So many entries of rows are bounded, unless the first row has more: a bound costs as much as hundreds of calls."""

_BOUNDS = Memory(200_000)


def hold_to_bound(tally: Tally, task: Any) -> list[str]:
    """Count the errors of a few rows over the bound of the operator's stable kernel; what there is to note.

    The rows are those with the largest scaled error and the most ulps, and two that are drawn. Where the caller gave a bound, all
    rows have been held to it.
    """
    if task.bound is None and task.of in ("value", "gradient"):
        entries = 0
        for kept in _rows(tally):
            if entries and entries + len(kept.case.x) > ENTRIES:
                continue
            entries += len(kept.case.x)
            allowed = _BOUNDS.get(_key(task, kept.case), len(kept.case.x), lambda case=kept.case: _allowed(task, case))  # type: ignore[misc]
            exact = reference(task.op, task.of, kept.case)
            if allowed is not None and exact.measured is not None:
                tally.hold(judging.over_bound(kept.got.tolist(), exact, allowed, task.fmt))
            else:
                tally.unbounded += 1
    total = tally.over_bound.rows + tally.unbounded
    return (
        [f"no bound on {tally.unbounded} of {total} rows: an operation may overflow there, or has no rule of rounding"]
        if tally.unbounded
        else []
    )


def _rows(tally: Tally) -> Iterator[Kept]:
    tops = [kept for name in ("scaled", "ulp") for _, kept in tally.tops.get(name, ())[:1]]
    found = {(kept.case.x, kept.case.parameter): kept for kept in [*tops, *[*tally.sample.values()][:2]]}
    return (kept for kept in found.values() if kept.case.x and all(map(isfinite, kept.case.x)))


def _key(task: Any, case: Case) -> Any:
    return (task.op, task.of, task.fmt.name, case.x, repr(case.parameter))


def _allowed(task: Any, case: Case) -> Any:
    """The bound at a case, one number or one for each entry; None where there is none."""
    given = {} if case.parameter is None else {task.op.parameter.name: case.parameter}
    try:
        kernel = task.op.kernels["stable" if task.of == "value" else "stable_gradient"]
        found = bound(kernel).rigorous(np.array(case.x), dtype=task.fmt.name, **given)
    except (ArithmeticError, ValueError, TypeError, KeyError, NotImplementedError):
        return None
    return np.asarray(found, dtype=np.float64).reshape(-1)
