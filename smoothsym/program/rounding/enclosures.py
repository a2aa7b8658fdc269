"""Enclosures of many numbers at once: two arrays of float64, every operation rounded outward; nan where a float may be no number.

The ends of a sum, a product and a quotient are moved outward only where their exact remainder says so, so that what is exact stays
a point.

A box that holds an infinity says that a float may have overflowed. Where that could meet its opposite, or a zero, the box is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from smoothsym.program.twofold.values import two_prod, two_sum

Array = Any

U = 2.0**-53
LARGEST = float(np.finfo(np.float64).max)


class Box(NamedTuple):
    """Numbers between lo and hi, arrays of one shape; the same array twice for points."""

    lo: Array
    hi: Array

    @property
    def point(self) -> Array:
        """Where one number is left."""
        return self.lo == self.hi

    @property
    def mag(self) -> Array:
        """The largest modulus."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    @property
    def mig(self) -> Array:
        """The smallest modulus."""
        return np.where(self.holds(0), 0.0, np.minimum(np.abs(self.lo), np.abs(self.hi)))

    @property
    def width(self) -> Array:
        """No less than hi - lo: 0 for points, infinite for what is unbounded or no number."""
        with np.errstate(invalid="ignore"):
            width = np.where(self.point, 0.0, beyond(self.hi - self.lo))
        return np.where(np.isnan(width), np.inf, width)

    @property
    def finite(self) -> Array:
        return np.isfinite(self.lo) & np.isfinite(self.hi)

    def holds(self, number: float) -> Array:
        return (self.lo <= number) & (self.hi >= number)

    def map(self, function: Callable[[Array], Array]) -> Box:
        """A rearrangement of both ends."""
        if self.lo is self.hi:
            return point(function(self.lo))
        return Box(function(self.lo), function(self.hi))


def point(value: Array) -> Box:
    value = np.asarray(value, dtype=np.float64)
    return Box(value, value)


def below(a: Array) -> Array:
    return np.nextafter(a, -np.inf)


def beyond(a: Array) -> Array:
    return np.nextafter(a, np.inf)


def _outward(value: Array, rest: Array, sure: Array) -> tuple[Array, Array]:
    """The ends of an exact value, from a float near it and what is left, whose sign is believed where it is sure."""
    exact = sure & (rest == 0)
    return (
        np.where(exact | (sure & (rest > 0)), value, below(value)),
        np.where(exact | (sure & (rest < 0)), value, beyond(value)),
    )


def hull(a: Box, b: Box) -> Box:
    return Box(np.minimum(a.lo, b.lo), np.maximum(a.hi, b.hi))


def where(test: Array, a: Box, b: Box) -> Box:
    return Box(np.where(test, a.lo, b.lo), np.where(test, a.hi, b.hi))


def widened(a: Box, by: Array) -> Box:
    """A box and everything as near to it as that; points stay where nothing is added."""
    nothing = np.equal(by, 0)
    return Box(np.where(nothing, a.lo, below(a.lo - by)), np.where(nothing, a.hi, beyond(a.hi + by)))


def upward(a: Array, b: Array) -> Array:
    """No less than the product of two numbers that are not negative; 0 where one of them is."""
    with np.errstate(invalid="ignore"):
        product = np.where((np.equal(a, 0)) | (np.equal(b, 0)), 0.0, beyond(np.multiply(a, b)))
    return np.where(np.isnan(product), np.inf, product)


def over(a: Array, axes: tuple[int, ...]) -> Array:
    """No less than the sum of numbers that are not negative."""
    size = int(np.prod([np.shape(a)[axis] for axis in axes]))
    return np.sum(a, axis=axes) * (1 + (size + 2) * 2 * U)


# ---- arithmetic ----------------------------------------------------------------------------------------------------------


def neg(a: Box) -> Box:
    return point(-a.lo) if a.lo is a.hi else Box(-a.hi, -a.lo)


def absolute(a: Box) -> Box:
    low = np.where(a.holds(0), 0.0, np.minimum(np.abs(a.lo), np.abs(a.hi)))
    return Box(np.where(np.isnan(a.lo), np.nan, low), np.maximum(np.abs(a.lo), np.abs(a.hi)))


def add(a: Box, b: Box) -> Box:
    if a.lo is a.hi and b.lo is b.hi:
        return _sum_ends(a.lo, b.lo)
    found = Box(_sum_ends(a.lo, b.lo).lo, _sum_ends(a.hi, b.hi).hi)
    opposite = ((a.hi == np.inf) & (b.lo == -np.inf)) | ((a.lo == -np.inf) & (b.hi == np.inf))
    return poisoned(found, opposite)


def _sum_ends(a: Array, b: Array) -> Box:
    s, rest = two_sum(np.asarray(a), np.asarray(b))
    lo, hi = _outward(s, rest, np.isfinite(rest))
    infinite = np.isinf(a) | np.isinf(b)
    return Box(np.where(infinite, s, lo), np.where(infinite, s, hi)) if np.any(infinite) else Box(lo, hi)


def sub(a: Box, b: Box) -> Box:
    return add(a, neg(b))


def mul(a: Box, b: Box) -> Box:
    if a is b:
        return square(a)
    ends = _corners(_product_ends, a, b)
    doubt = (a.holds(0) & ~np.isfinite(b.mag)) | (b.holds(0) & ~np.isfinite(a.mag))
    return poisoned(ends, doubt)


def square(a: Box) -> Box:
    size = absolute(a)
    return Box(_product_ends(size.lo, size.lo)[0], _product_ends(size.hi, size.hi)[1])


def scaled(a: Box, by: Box) -> Box:
    """A product in which an exact 0 makes 0 of anything: what does not matter, however large. Its ends are not the nearest ones."""
    ends = [np.multiply(p, q) for p in (a.lo, a.hi) for q in (by.lo, by.hi)]
    lo, hi = np.minimum.reduce(np.broadcast_arrays(*ends)), np.maximum.reduce(np.broadcast_arrays(*ends))
    lo, hi = below(lo), beyond(hi)
    unknown = np.isnan(lo) | np.isnan(hi)
    nothing = ((a.lo == 0) & (a.hi == 0)) | ((by.lo == 0) & (by.hi == 0))
    lo, hi = np.where(unknown, -np.inf, lo), np.where(unknown, np.inf, hi)
    return Box(np.where(nothing, 0.0, lo), np.where(nothing, 0.0, hi))


def div(a: Box, b: Box) -> Box:
    """The quotient; not known where the divisor may be 0."""
    found = _corners(_quotient_ends, a, b)
    return poisoned(found, b.holds(0) | (~np.isfinite(a.mag) & ~np.isfinite(b.mag)))


def _corners(ends: Callable[[Array, Array], tuple[Array, Array]], a: Box, b: Box) -> Box:
    pairs = {(id(p), id(q)): (p, q) for p in (a.lo, a.hi) for q in (b.lo, b.hi)}
    (lo, hi), *others = (ends(p, q) for p, q in pairs.values())
    for low, high in others:
        lo, hi = np.minimum(lo, low), np.maximum(hi, high)
    return Box(lo, hi)


def _product_ends(a: Array, b: Array) -> tuple[Array, Array]:
    a, b = np.asarray(a), np.asarray(b)
    p, rest = two_prod(a, b)
    sure = (np.abs(p) > 2.0**-960) & (np.abs(p) < 2.0**990) & (np.abs(a) < 2.0**990) & (np.abs(b) < 2.0**990)
    same = (a == 0) | (b == 0) | (np.abs(a) == 1) | (np.abs(b) == 1) | np.isinf(a) | np.isinf(b)
    return _outward(p, np.where(same, 0.0, rest), sure | same)


def _quotient_ends(a: Array, b: Array) -> tuple[Array, Array]:
    a, b = np.asarray(a), np.asarray(b)
    q = a / b
    p, e = two_prod(q, b)
    rest = ((a - p) - e) * np.sign(b)
    sure = np.isfinite(rest)
    for number in (q, a, b):
        sure = sure & (np.abs(number) > 2.0**-900) & (np.abs(number) < 2.0**900)
    same = (a == 0) | (np.abs(b) == 1) | np.isinf(a) | np.isinf(b)
    return _outward(q, np.where(same, 0.0, rest), sure | same)


def poisoned(a: Box, doubt: Array) -> Box:
    """No number where a float may be none."""
    doubt = doubt | np.isnan(a.lo) | np.isnan(a.hi)
    return Box(np.where(doubt, np.nan, a.lo), np.where(doubt, np.nan, a.hi)) if np.any(doubt) else a


def total(a: Box, axis: int) -> Box:
    """The sum along an axis: n u sum |a| covers any order of additions; of one term that is not 0, exact."""
    found = Box(_total(a.lo, axis)[0], _total(a.hi, axis)[1])
    return poisoned(found, np.any(a.hi == np.inf, axis=axis) & np.any(a.lo == -np.inf, axis=axis))


def _total(a: Array, axis: int) -> tuple[Array, Array]:
    size, s = a.shape[axis], np.sum(a, axis=axis)
    lost = np.sum(np.abs(a), axis=axis) * ((size + 2) * U * (1 + 2.0**-20))
    exact = (np.sum(a != 0, axis=axis) <= 1) | ~np.isfinite(lost)
    return np.where(exact, s, below(s - lost)), np.where(exact, s, beyond(s + lost))
