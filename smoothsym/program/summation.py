"""A sum in twice the precision but for its first two additions, on arrays of any library and in any order of addition.

A long sum is halved twice in floats, first half on second half: each term goes through two additions. What is left is a quarter as
many terms. Each of these is split at one unit of the whole row, so coarse that the high parts add up without rounding in whatever
order; the low parts are so small that the roundings of their sum are beneath notice (Rump, Ogita and Oishi's AccSum, one step of it).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from smoothsym.program.scratch import Scratch

LONG = 64
"""From how many terms on a sum is halved: for less of them that costs more than it saves."""


def halvings(size: int) -> int:
    """How many additions in floats a term goes through, before the sum is taken in twice the precision."""
    return 2 if size >= LONG else 0


def total(xp: Any, v: Any, axis: int) -> Any:
    """The sum along an axis: of 64 terms or more halved twice, and then in twice the precision, rounded once."""
    if v.shape[axis] >= 64:
        v, axis = xp.moveaxis(v, axis, -1), -1
        m = v.shape[-1] // 4
        rest = v[..., 4 * m :]
        v = (v[..., :m] + v[..., 2 * m : 3 * m]) + (v[..., m : 2 * m] + v[..., 3 * m : 4 * m])
        v = xp.concat([v, rest], axis=-1) if rest.shape[-1] else v
    # With c = 3 sum|v|: (v + c) - c is exact, a multiple of a unit of at least 2 u sum|v|, and differs from v by at most 4 u sum|v|.
    c = 3 * xp.sum(xp.abs(v), axis=axis, keepdims=True)
    high = (v + c) - c
    low = xp.sum(v - high, axis=axis)
    # Where v + c overflows, the terms are added as they stand.
    return xp.where(xp.isfinite(low), xp.sum(high, axis=axis) + low, xp.sum(v, axis=axis))


def numpy_total(v: Any, axis: int, scratch: Scratch, own: bool = False, positive: bool = False) -> Any:
    """The same bits with NumPy and little memory. `own`: v may be written over; `positive`: no term is below 0."""
    size = v.shape[axis]
    m, over = divmod(size, 4) if size >= LONG else (0, size)
    kept = m + over
    part = v if m and own else scratch.like(v, axis, 2 * kept if m else kept)
    if axis != -1:
        v, part = np.moveaxis(v, axis, -1), np.moveaxis(part, axis, -1)
    if m:
        np.add(v[..., : 2 * m], v[..., 2 * m : 4 * m], out=part[..., : 2 * m])
        np.add(part[..., :m], part[..., m : 2 * m], out=part[..., :m])
        if over:
            part[..., m:kept] = v[..., 4 * m :]
        v, part = part[..., :kept], part[..., kept : 2 * kept]
    c = np.add.reduce(v if positive else np.abs(v, out=part), axis=-1, keepdims=True)
    c *= 3
    np.add(v, c, out=part)
    np.subtract(part, c, out=part)
    high = np.add.reduce(part, axis=-1)
    np.subtract(v, part, out=part)
    low = np.add.reduce(part, axis=-1)
    finite = np.isfinite(low)
    return high + low if finite.all() else np.where(finite, high + low, np.add.reduce(v, axis=-1))
