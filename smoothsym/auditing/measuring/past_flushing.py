"""Where a target flushes a number to zero, larger ones may go the same way: the row is scaled until the result is no longer excused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from smoothsym.cases import Case
from smoothsym.program import arrays

Array = Any

SIZES = (12.0, 50.0, 400.0, 1e5)
"""So many of the smallest normal numbers a result should have, of which 8 may be excused."""
POINTS = 256
NO_RUN = (ArithmeticError, ValueError, KeyError, TypeError, AttributeError, IndexError)


def past_flushing(task: Any, case: Case) -> list[Case]:
    """The case scaled so that an entry of the exact result that may be flushed has these sizes, as far as it can.

    A float64 program of our own tells how the result grows: nearly is enough, since any size beyond what is excused will do.
    """
    normal, x = float(task.fmt.smallest_normal), np.array(case.x)
    away = np.exp2(np.linspace(-14.0, -0.5, POINTS))
    ways = [np.r_[1.0, 1 - away], np.r_[1.0, 1 + away]]
    found = []
    for way in ways:
        rows = (way[:, None] * x).astype(task.fmt.dtype).astype(np.float64)
        try:
            sizes = np.abs(_results(task, case, rows)) / normal
        except NO_RUN:
            return []
        small = np.flatnonzero((sizes[0] > 0) & (sizes[0] < SIZES[0]))
        if not len(small):
            return []
        sizes = sizes[:, small[np.argmax(sizes[:, small].max(axis=0))]]
        found.append([replace(case, x=tuple(rows[q].tolist())) for q in (_first(sizes, size) for size in SIZES) if q])
    return max(found, key=len)


def _results(task: Any, case: Case, rows: Array) -> Array:
    vectors = {"x": rows}
    if case.v is not None:
        vectors["v"] = np.broadcast_to(np.array(case.v), (len(rows), len(case.v)))
    parameter = task.op.parameter
    symbols = {} if parameter is None else {parameter.name: 1.0 if case.parameter is None else case.parameter}
    with np.errstate(all="ignore"):
        (output,) = arrays.run(task.op.program(task.of, "stable"), rows, symbols, vectors=vectors)
    return np.asarray(output).astype(np.float64).reshape(len(rows), -1)


def _first(sizes: Array, size: float) -> int:
    """The first place where a result has a size or more; 0 where none has."""
    return int(np.argmax(sizes >= size)) if (sizes >= size).any() else 0
