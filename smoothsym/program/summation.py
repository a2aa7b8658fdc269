"""A sum in twice the precision but for its first two additions, on arrays of any library and in any order of addition.

A long sum is halved twice in floats, first half on second half: each term goes through two additions. What is left is a quarter as
many terms. Each of these is split at one unit of the whole row, so coarse that the high parts add up without rounding in whatever
order; the low parts are so small that the roundings of their sum are beneath notice (Rump, Ogita and Oishi's AccSum, one step of it).
NumPy adds floats narrower than float64 in float64 instead, where every rounding is beneath notice; they are halved only where rows are
so long that memory costs more than additions.
"""

from __future__ import annotations

from math import frexp, inf
from typing import Any

import numpy as np

from smoothsym.program.few import ends, finite
from smoothsym.program.scratch import Scratch

LONG = 64
"""From how many terms on a sum is halved: for less of them that costs more than it saves."""

WIDE = 4096
"""From how many terms on a sum of floats narrower than float64 is halved: of shorter rows, as many as are computed at once fit a cache in float64."""

BENEATH = 2.0**-15
"""In units of u sum|v|, the most that the roundings of low parts come to where their unit is coarser than it need be."""


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


# ---- with NumPy ----------------------------------------------------------------------------------------------------------------


def numpy_sum(v: Any, axis: int, order: str, scratch: Scratch, positive: bool = False) -> Any:
    """The sum along an axis in one of the orders of a run. `positive`: no term is below 0."""
    if order == "halved":
        return numpy_total(v, axis, scratch, positive)
    if order == "sequential":
        return np.take(np.add.accumulate(v, axis=axis), -1, axis=axis)
    return np.add.reduce(v, axis=axis)


def plain_total(v: Any, axis: int) -> Any:
    """The sum along an axis: long ones halved twice, and then in twice the precision, rounded once."""
    v = np.moveaxis(v, axis, -1)
    narrow = v.dtype.itemsize < 8
    if v.shape[-1] >= (4096 if narrow else 64):
        m = v.shape[-1] // 4
        halved = (v[..., :m] + v[..., 2 * m : 3 * m]) + (v[..., m : 2 * m] + v[..., 3 * m : 4 * m])
        v = np.concatenate([halved, v[..., 4 * m :]], axis=-1)
    if narrow:
        return np.sum(v, axis=-1, dtype=np.float64).astype(v.dtype)
    # (v + unit) - unit is exact, and the sum of these has no rounding.
    unit = units(np.sum(np.abs(v), axis=-1), v.shape[-1])[..., None]
    high = (v + unit) - unit
    low = np.sum(v - high, axis=-1)
    # Where v + unit overflows, the terms are added as they stand.
    return np.where(np.isfinite(low), np.sum(high, axis=-1) + low, np.sum(v, axis=-1))


def numpy_total(v: Any, axis: int, scratch: Scratch, positive: bool = False) -> Any:
    """The same bits in little memory, and in what NumPy does fastest. `positive`: no term is below 0."""
    if axis != -1:
        v = np.moveaxis(v, axis, -1)
    lent, narrow = [], is_narrow(v.dtype)
    if v.shape[-1] >= (WIDE if narrow else LONG):
        v = _halved(v, scratch)
        lent.append(v)
    if narrow:
        wide = _widened(v, scratch)
        lent.append(wide)
        found = _added(wide).astype(v.dtype)
    else:
        part = scratch.take(v.shape, v.dtype)
        lent.append(part)
        unit = _unit(_added(v if positive else np.abs(v, out=part)), v.shape[-1])
        np.add(v, unit, out=part)
        np.subtract(part, unit, out=part)
        found = _added(part)
        np.subtract(v, part, out=part)
        low = _added(part)
        found += low
        if isinstance(unit, np.ndarray) and not finite(low):
            found = np.where(np.isfinite(low), found, _added(v))
    for array in lent:
        scratch.give(array)
    return found


def numpy_total_of_squares(v: Any, scratch: Scratch) -> Any:
    """The sum of squares along the last axis, of floats narrower than float64: in float64, where each square is exact."""
    wide = _widened(v, scratch)
    found = np.vecdot(wide, wide).astype(v.dtype)
    scratch.give(wide)
    return found


def is_narrow(dtype: Any) -> bool:
    """Whether numbers are narrower than float64, so that their sums are taken in that."""
    return bool(dtype.itemsize < 8)


def _widened(v: Any, scratch: Scratch) -> Any:
    wide = scratch.take(v.shape, np.dtype(np.float64))
    np.copyto(wide, v)
    return wide


def coarseness(terms: int) -> int:
    """The g of which the exponents of units are multiples: sums of alike size have one unit then, added faster than one for each row.

    A unit is at most 3 2^g sum|v|, so m low parts are at most m 3 2^g u sum|v|, and the roundings of their sum m times that and u: less
    than BENEATH u sum|v| for 2^g m^2 <= 2^36. For more terms, g is 1, and they are at most 6 m^2 u^2 sum|v|.
    """
    return max(1, min(16, 36 - 2 * terms.bit_length()))


def units(sizes: Any, terms: int) -> Any:
    """For sums of moduli, powers of two from 3 sum|v| on, with exponents that are multiples of a step, if the format has these."""
    step = coarseness(terms)
    least = np.frexp(3 * sizes)[1]
    exponents = np.minimum(-(-least // step) * step, np.maximum(least, np.finfo(sizes.dtype).maxexp - 1))
    return np.where(np.isfinite(sizes), np.ldexp(np.ones_like(sizes), exponents), sizes)


def _unit(sizes: Any, terms: int) -> Any:
    """The units of rows, as one number where they are all the same."""
    if sizes.dtype == np.float64 and sizes.size:
        low, high = ends(sizes)
        if low > 0 and high < inf:
            step = coarseness(terms)
            exponent = -(-frexp(3 * high)[1] // step) * step
            if exponent < LARGEST and exponent == -(-frexp(3 * low)[1] // step) * step:
                return 2.0**exponent
    return units(sizes, terms)[..., None]


LARGEST = 1024
"""No float64 number is a power of two with this exponent."""


def _halved(v: Any, scratch: Scratch) -> Any:
    """A quarter as many terms along the last axis, and up to three more."""
    m, over = divmod(v.shape[-1], 4)
    halved = scratch.take((*v.shape[:-1], 2 * m), v.dtype)
    np.add(v[..., : 2 * m], v[..., 2 * m : 4 * m], out=halved)
    quarter = scratch.take((*v.shape[:-1], m + over), v.dtype)
    np.add(halved[..., :m], halved[..., m:], out=quarter[..., :m])
    if over:
        quarter[..., m:] = v[..., 4 * m :]
    scratch.give(halved)
    return quarter


_ONES = {np.dtype(name): np.ones(8192, name) for name in ("float32", "float64")}


def _added(v: Any) -> Any:
    """The sum along the last axis, in whatever order is fastest."""
    ones = _ONES.get(v.dtype)
    if ones is None or v.shape[-1] > len(ones):
        return np.einsum("...i->...", v)
    return np.vecdot(v, ones[: v.shape[-1]])
