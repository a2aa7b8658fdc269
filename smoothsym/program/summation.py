"""A sum in twice the precision, rounded once, on arrays of any library and in any order of addition.

Each term is split at one unit of the whole row, so coarse that the high parts add up without rounding in whatever order; the low
parts are so small that the roundings of their sum are beneath notice (Rump, Ogita and Oishi's AccSum, one step of it).
"""

from __future__ import annotations

from typing import Any

import numpy as np


def total(xp: Any, v: Any, axis: int) -> Any:
    """The sum along an axis, in twice the precision, rounded once."""
    # With c = 3 sum|v|: (v + c) - c is exact, a multiple of a unit of at least 2 u sum|v|, and differs from v by at most 4 u sum|v|.
    c = 3 * xp.sum(xp.abs(v), axis=axis, keepdims=True)
    c = xp.where(xp.isfinite(c), c, xp.zeros_like(c))
    high = (v + c) - c
    low = xp.sum(v - high, axis=axis)
    high = xp.sum(high, axis=axis)
    return xp.where(xp.isfinite(low), high + low, high)


def numpy_total(v: Any, axis: int) -> Any:
    """The same bits with NumPy, in memory that is written to again."""
    part = np.empty_like(v)
    c = 3 * np.add.reduce(v if np.min(v) >= 0 else np.abs(v, out=part), axis=axis, keepdims=True)
    if not np.all(np.isfinite(c)):
        c = np.where(np.isfinite(c), c, np.zeros_like(c))
    np.add(v, c, out=part)
    part -= c
    high = np.add.reduce(part, axis=axis)
    np.subtract(v, part, out=part)
    low = np.add.reduce(part, axis=axis)
    return np.where(np.isfinite(low), high + low, high)
