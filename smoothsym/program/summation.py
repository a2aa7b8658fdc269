"""A sum in twice the precision but for its first two additions, on arrays of any library and in any order of addition.

A long sum is folded in three in floats, each third on the first one: a term goes through two additions. What is left is a third as
many terms. Each of these is split at one unit of the whole row, so coarse that the high parts add up without rounding in whatever
order; the low parts are so small that the roundings of their sum are beneath notice (Rump, Ogita and Oishi's AccSum, one step of it).
NumPy adds floats narrower than float64 in float64 instead, where every rounding is beneath notice; they are folded only where rows are
so long that memory costs more than additions.
"""

from __future__ import annotations

from math import frexp, inf
from typing import Any

import numpy as np

from smoothsym.program.few import ends, finite

LONG = 64
"""From how many terms on a sum is folded: for less of them that costs more than it saves."""

WIDE = 4096
"""From how many terms on a sum of floats narrower than float64 is folded: of shorter rows, as many as are computed at once fit a cache in float64."""

BENEATH = 2.0**-15
"""In units of u sum|v|, the most that the roundings of low parts come to where their unit is coarser than it need be."""


def foldings(size: int) -> int:
    """How many additions in floats a term goes through, before the sum is taken in twice the precision."""
    return 2 if size >= LONG else 0


def total(xp: Any, v: Any, axis: int) -> Any:
    """The sum along an axis: of 64 terms or more folded in three, and then in twice the precision, rounded once."""
    if v.shape[axis] >= 64:
        v, axis = xp.moveaxis(v, axis, -1), -1
        m = v.shape[-1] // 3
        rest = v[..., 3 * m :]
        v = (v[..., :m] + v[..., m : 2 * m]) + v[..., 2 * m : 3 * m]
        v = xp.concat([v, rest], axis=-1) if rest.shape[-1] else v
    # With c = 3 sum|v|: (v + c) - c is exact, a multiple of a unit of at least 2 u sum|v|, and differs from v by at most 4 u sum|v|.
    c = 3 * xp.sum(xp.abs(v), axis=axis, keepdims=True)
    high = (v + c) - c
    low = xp.sum(v - high, axis=axis)
    # Where v + c overflows, the terms are added as they stand.
    return xp.where(xp.isfinite(low), xp.sum(high, axis=axis) + low, xp.sum(v, axis=axis))


# ---- with NumPy ----------------------------------------------------------------------------------------------------------------


def numpy_sum(v: Any, axis: int, order: str, scratch: Any, positive: bool = False) -> Any:
    """The sum along an axis in one of the orders of a run. `positive`: no term is below 0."""
    if order == "folded":
        return numpy_total(v, axis, scratch, positive)
    if order == "sequential":
        return np.take(np.add.accumulate(v, axis=axis), -1, axis=axis)
    return np.add.reduce(v, axis=axis)


def plain_total(v: Any, axis: int) -> Any:
    """The sum along an axis: long ones folded in three, and then in twice the precision, rounded once."""
    v = np.moveaxis(v, axis, -1)
    if v.shape[-1] >= (4096 if v.dtype.itemsize < 8 else 64):
        m = v.shape[-1] // 3
        folded = (v[..., :m] + v[..., m : 2 * m]) + v[..., 2 * m : 3 * m]
        v = np.concatenate([folded, v[..., 3 * m :]], axis=-1)
    return plain_once(v)


def plain_once(v: Any) -> Any:
    """The sum along the last axis in twice the precision, rounded once."""
    if v.dtype.itemsize < 8:
        return np.sum(v, axis=-1, dtype=np.float64).astype(v.dtype)
    # (v + unit) - unit is exact, and the sum of these has no rounding.
    unit = units(np.sum(np.abs(v), axis=-1), v.shape[-1])[..., None]
    high = (v + unit) - unit
    low = np.sum(v - high, axis=-1)
    # Where v + unit overflows, the terms are added as they stand.
    return np.where(np.isfinite(low), np.sum(high, axis=-1) + low, np.sum(v, axis=-1))


def plain_total_of_squares(v: Any) -> Any:
    """The sum of squares along the last axis, of narrow floats in float64, where each square is exact."""
    if v.dtype.itemsize < 8:
        return np.sum(np.square(v, dtype=np.float64), axis=-1).astype(v.dtype)
    if v.shape[-1] < 64:
        return plain_once(v * v)
    m = v.shape[-1] // 3
    thirds, rest = v[..., : 3 * m].reshape(*v.shape[:-1], 3, m), v[..., 3 * m :]
    return plain_once(np.concatenate([np.einsum("...kj,...kj->...j", thirds, thirds), rest * rest], axis=-1))


def numpy_total(v: Any, axis: int, scratch: Any, positive: bool = False) -> Any:
    """The same bits in little memory, and in what NumPy does fastest. `positive`: no term is below 0."""
    return Total(v if axis == -1 else np.moveaxis(v, axis, -1), scratch, positive)()


def numpy_total_of_squares(v: Any, scratch: Any) -> Any:
    """The sum of the squares along the last axis in the same way."""
    return TotalOfSquares(v.shape, v.dtype, scratch)(v)


class Total:
    """The sum of an array along its last axis, laid out: called, it adds what the array holds then.

    `scratch` lends memory, which is given back at once: between two calls anybody may use it.
    """

    def __init__(self, v: Any, scratch: Any, positive: bool = False) -> None:
        size = v.shape[-1]
        self.long = size >= (WIDE if is_narrow(v.dtype) else LONG)
        if self.long:
            m = size // 3
            terms = scratch.take((*v.shape[:-1], size - 2 * m), v.dtype)
            self.thirds, self.folded = _thirds(v), terms[..., :m]
            self.rest = (terms[..., m:], v[..., 3 * m :]) if size > 3 * m else None
        self.once = _Once(terms if self.long else v, scratch, positive)
        if self.long:
            scratch.give(terms)

    def __call__(self) -> Any:
        if self.long:
            np.add.reduce(self.thirds, axis=-2, out=self.folded)
            if self.rest is not None:
                np.copyto(*self.rest)
        return self.once()


class TotalOfSquares:
    """The sum of squares along the last axis of arrays of a shape, laid out in the same way."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, scratch: Any) -> None:
        self.narrow, size = is_narrow(dtype), shape[-1]
        self.m = size // 3 if size >= LONG and not self.narrow else 0
        self.terms = scratch.take((*shape[:-1], size - 2 * self.m), np.dtype(np.float64) if self.narrow else dtype)
        self.folded, self.rest = self.terms[..., : self.m], self.terms[..., self.m :]
        self.once = None if self.narrow else _Once(self.terms, scratch, True)
        scratch.give(self.terms)

    def __call__(self, v: Any) -> Any:
        terms, m = self.terms, self.m
        if self.once is None:
            # In float64, where each square is exact.
            np.copyto(terms, v)
            return np.vecdot(terms, terms).astype(v.dtype)
        if m:
            thirds = _thirds(v)
            np.einsum("...kj,...kj->...j", thirds, thirds, out=self.folded)
        if self.rest.shape[-1]:
            rest = v[..., 3 * m :]
            np.multiply(rest, rest, out=self.rest)
        return self.once()


def _thirds(v: Any) -> Any:
    """The three parts of rows that are folded, as an axis before the last one."""
    m = v.shape[-1] // 3
    return v[..., : 3 * m].reshape(*v.shape[:-1], 3, m)


class _Once:
    """A sum in twice the precision, rounded once, laid out."""

    def __init__(self, v: Any, scratch: Any, positive: bool) -> None:
        self.v, self.positive, self.narrow = v, positive, is_narrow(v.dtype)
        self.part = scratch.take(v.shape, np.dtype(np.float64) if self.narrow else v.dtype)
        scratch.give(self.part)

    def __call__(self) -> Any:
        v, part = self.v, self.part
        if self.narrow:
            np.copyto(part, v)
            return _added(part).astype(v.dtype)
        unit = _unit(_added(v if self.positive else np.abs(v, out=part)), v.shape[-1])
        np.add(v, unit, out=part)
        np.subtract(part, unit, out=part)
        found = _added(part)
        np.subtract(v, part, out=part)
        low = _added(part)
        found += low
        if isinstance(unit, np.ndarray) and not finite(low):
            found = np.where(np.isfinite(low), found, _added(v))
        return found


def is_narrow(dtype: Any) -> bool:
    """Whether numbers are narrower than float64, so that their sums are taken in that."""
    return bool(dtype.itemsize < 8)


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


_ONES = {np.dtype(name): np.ones(8192, name) for name in ("float32", "float64")}


def _added(v: Any) -> Any:
    """The sum along the last axis, in whatever order is fastest."""
    ones = _ONES.get(v.dtype)
    if ones is None or v.shape[-1] > len(ones):
        return np.einsum("...i->...", v)
    return np.vecdot(v, ones[: v.shape[-1]])
