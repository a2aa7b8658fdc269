"""Enclosures of many numbers at once: two arrays of float64, every operation rounded outward; nan where a float may be no number.

The ends of a sum, a product and a quotient are moved outward only where their exact remainder says so, so that what is exact stays
a point. No digit of a library's functions is believed: exp, log and the like come from program/twofold, with its error bounds.

A box that holds an infinity says that a float may have overflowed. Where that could meet its opposite, or a zero, the box is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from smoothsym.program.twofold import exponential
from smoothsym.program.twofold.values import Twofold, two_prod, two_sum

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
            width = np.where(self.point, 0.0, _up(self.hi - self.lo))
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


def _down(a: Array) -> Array:
    return np.nextafter(a, -np.inf)


def _up(a: Array) -> Array:
    return np.nextafter(a, np.inf)


def _outward(value: Array, rest: Array, sure: Array) -> tuple[Array, Array]:
    """The ends of an exact value, from a float near it and what is left, whose sign is believed where it is sure."""
    exact = sure & (rest == 0)
    return (
        np.where(exact | (sure & (rest > 0)), value, _down(value)),
        np.where(exact | (sure & (rest < 0)), value, _up(value)),
    )


def hull(a: Box, b: Box) -> Box:
    return Box(np.minimum(a.lo, b.lo), np.maximum(a.hi, b.hi))


def where(test: Array, a: Box, b: Box) -> Box:
    return Box(np.where(test, a.lo, b.lo), np.where(test, a.hi, b.hi))


def widened(a: Box, by: Array) -> Box:
    """A box and everything as near to it as that; points stay where nothing is added."""
    nothing = np.equal(by, 0)
    return Box(np.where(nothing, a.lo, _down(a.lo - by)), np.where(nothing, a.hi, _up(a.hi + by)))


def upward(a: Array, b: Array) -> Array:
    """No less than the product of two numbers that are not negative; 0 where one of them is."""
    with np.errstate(invalid="ignore"):
        product = np.where((np.equal(a, 0)) | (np.equal(b, 0)), 0.0, _up(np.multiply(a, b)))
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
    return _poisoned(found, opposite)


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
    return _poisoned(ends, doubt)


def square(a: Box) -> Box:
    size = absolute(a)
    return Box(_product_ends(size.lo, size.lo)[0], _product_ends(size.hi, size.hi)[1])


def scaled(a: Box, by: Box) -> Box:
    """A product in which an exact 0 makes 0 of anything: what does not matter, however large."""
    found = _corners(_product_ends, a, by)
    nothing = ((a.lo == 0) & (a.hi == 0)) | ((by.lo == 0) & (by.hi == 0))
    found = where(nothing, point(np.zeros_like(found.lo)), found)
    unknown = np.isnan(found.lo) | np.isnan(found.hi)
    return Box(np.where(unknown, -np.inf, found.lo), np.where(unknown, np.inf, found.hi))


def div(a: Box, b: Box) -> Box:
    """The quotient; not known where the divisor may be 0."""
    found = _corners(_quotient_ends, a, b)
    return _poisoned(found, b.holds(0) | (~np.isfinite(a.mag) & ~np.isfinite(b.mag)))


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


def _poisoned(a: Box, doubt: Array) -> Box:
    """No number where a float may be none."""
    doubt = doubt | np.isnan(a.lo) | np.isnan(a.hi)
    return Box(np.where(doubt, np.nan, a.lo), np.where(doubt, np.nan, a.hi)) if np.any(doubt) else a


def total(a: Box, axis: int) -> Box:
    """The sum along an axis: n u sum |a| covers any order of additions; of one term that is not 0, exact."""
    found = Box(_total(a.lo, axis)[0], _total(a.hi, axis)[1])
    return _poisoned(found, np.any(a.hi == np.inf, axis=axis) & np.any(a.lo == -np.inf, axis=axis))


def _total(a: Array, axis: int) -> tuple[Array, Array]:
    size, s = a.shape[axis], np.sum(a, axis=axis)
    lost = np.sum(np.abs(a), axis=axis) * ((size + 2) * U * (1 + 2.0**-20))
    exact = (np.sum(a != 0, axis=axis) <= 1) | ~np.isfinite(lost)
    return np.where(exact, s, _down(s - lost)), np.where(exact, s, _up(s + lost))


# ---- functions -----------------------------------------------------------------------------------------------------------


def _increasing(ends: Callable[[Array], tuple[Array, Array]], a: Box) -> Box:
    """An increasing function of a box, by its ends, each known between two numbers."""
    if a.lo is a.hi:
        return Box(*_known(ends, a.lo))
    low, high = np.broadcast_arrays(a.lo, a.hi)
    lo, hi = _known(ends, np.stack([low, high]))
    return Box(lo[0], hi[1])


def _known(ends: Callable[[Array], tuple[Array, Array]], t: Array) -> tuple[Array, Array]:
    """A function of numbers; nan of nan."""
    flat = np.ravel(t)
    none = np.isnan(flat)
    lo, hi = ends(np.where(none, 0.5, flat))
    return tuple(np.where(none, np.nan, end).reshape(np.shape(t)) for end in (lo, hi))  # type: ignore[return-value]


def _about(value: Twofold, beside: float = 4 * U) -> tuple[Array, Array]:
    """The ends of a twofold number."""
    low = 0.0 if value.lo is None else value.lo
    s = value.hi + low
    lost = (np.abs(s) * (value.rel + beside) + value.abs) * (1 + 2.0**-20)
    lost = np.where(np.isnan(s), np.inf, lost)
    s = np.where(np.isnan(s), 0.0, s)
    return _down(s - lost), _up(s + lost)


def exp(a: Box) -> Box:
    return _increasing(_exp, a)


def _exp(t: Array) -> tuple[Array, Array]:
    """The square of exp(t/2), which is an ordinary number wherever exp(t) is more than nothing or less than everything."""
    value = exponential.exp(Twofold(np.clip(t / 2, -600.0, 400.0)), "single")
    lo, hi = _about(value)
    lo, hi = np.maximum(_down(lo * lo), 0.0), _up(hi * hi)
    lo, hi = np.where(t < -1200, 0.0, lo), np.where(t < -1200, 2.0**-1074, hi)
    lo, hi = np.where(t > 800, LARGEST, lo), np.where(t > 800, np.inf, hi)
    exact = (t == 0) | np.isinf(t)
    value = np.where(t == 0, 1.0, np.where(t > 0, np.inf, 0.0))
    return np.where(exact, value, lo), np.where(exact, value, hi)


def expm1(a: Box) -> Box:
    return _increasing(_expm1, a)


def _expm1(t: Array) -> tuple[Array, Array]:
    """|expm1(t) - t| <= t^2 for small t; exp(t) - 1 for a large one; -1 where exp(t) is nothing beside it."""
    small, large = np.abs(t) < 2.0**-54, t > 600
    inner = np.where(small | large, 0.5, np.maximum(t, -600.0))
    lo, hi = _about(exponential.expm1(Twofold(inner), "single"))
    lo, hi = np.where(t < -600, -1.0, lo), np.where(t < -600, _up(-1.0), hi)
    lo, hi = np.where(small, _down(t), lo), np.where(small, _up(t), hi)
    if np.any(large):
        e = _exp(np.where(large, t, 0.0))
        lo, hi = np.where(large, _down(e[0]), lo), np.where(large, e[1], hi)
    exact = (t == 0) | np.isinf(t)
    value = np.where(t == 0, 0.0, np.where(t > 0, np.inf, -1.0))
    return np.where(exact, value, np.maximum(lo, -1.0)), np.where(exact, value, hi)


def log(a: Box) -> Box:
    """The logarithm; not known where its argument may be negative."""
    return _poisoned(_increasing(_log, Box(np.maximum(a.lo, 0.0), np.maximum(a.hi, 0.0))), a.lo < 0)


def _log(y: Array) -> tuple[Array, Array]:
    """log(m 2^k) = log m + k ln 2 where y is no ordinary number."""
    ordinary = (y > 2.0**-900) & (y < 2.0**900)
    m, k = np.frexp(np.where((y > 0) & np.isfinite(y), y, 1.0))
    found = exponential.log(Twofold(np.where(ordinary, y, m)), "medium")
    lo, hi = _about(found)
    if not np.all(ordinary):
        ln2 = 0.6931471805599453
        shift = np.where(ordinary, 0.0, k * ln2)
        lost = np.abs(shift) * 4 * U
        lo, hi = np.where(ordinary, lo, _down(lo + (shift - lost))), np.where(ordinary, hi, _up(hi + (shift + lost)))
    exact = (y == 1) | (y == 0) | np.isinf(y)
    value = np.where(y == 1, 0.0, np.where(y == 0, -np.inf, np.inf))
    return np.where(exact, value, lo), np.where(exact, value, hi)


def log1p(a: Box) -> Box:
    """log(1 + a); not known where a may be below -1."""
    return _poisoned(_increasing(_log1p, Box(np.maximum(a.lo, -1.0), np.maximum(a.hi, -1.0))), a.lo < -1)


def _log1p(w: Array) -> tuple[Array, Array]:
    """|log1p(w) - w| <= w^2 for small w; of a negative w, -log1p(v), v = -w / (1 + w), whose error is no larger in the result."""
    small, huge = np.abs(w) < 2.0**-54, w > 2.0**900
    below = (w < 0) & ~small & (w > -1)
    inner = np.where(below, -w / (1 + np.where(below, w, 0.0)), np.where(small | huge | (w <= -1), 0.5, w))
    lo, hi = _about(exponential.log1p(Twofold(inner, nonnegative=True), "single"), 16 * U)
    lo, hi = np.where(below, -hi, lo), np.where(below, -lo, hi)
    lo, hi = np.where(small, _down(w), lo), np.where(small, _up(w), hi)
    if np.any(huge):
        large = _log(np.where(huge, w, 1.0))
        lo, hi = np.where(huge, large[0], lo), np.where(huge, _up(large[1]), hi)
    exact = (w == 0) | (w == -1) | np.isinf(w)
    value = np.where(w == 0, 0.0, np.where(w == -1, -np.inf, np.inf))
    return np.where(exact, value, lo), np.where(exact, value, hi)


def sqrt(a: Box) -> Box:
    root = Box(np.sqrt(np.maximum(a.lo, 0.0)), np.sqrt(np.maximum(a.hi, 0.0)))
    found = Box(np.maximum(_down(root.lo), 0.0), _up(root.hi))
    same = (a.lo == a.hi) & ((a.lo == 0) | (a.lo == 1) | np.isinf(a.lo))
    return _poisoned(where(same, root, found), a.lo < 0)


def hypot(a: Box, b: Box) -> Box:
    """sqrt(a^2 + b^2), both divided by a power of two near the larger."""
    a, b = absolute(a), absolute(b)
    _, k = np.frexp(np.maximum(a.hi, b.hi))
    k = np.where(np.isfinite(a.hi) & np.isfinite(b.hi), k, 0)
    half = k // 2
    parts = [
        Box(np.maximum(_down(np.ldexp(np.ldexp(e.lo, -half), half - k)), 0.0), _up(np.ldexp(np.ldexp(e.hi, -half), half - k)))
        for e in (a, b)
    ]  # fmt: skip
    root = sqrt(add(square(parts[0]), square(parts[1])))
    found = Box(np.ldexp(np.ldexp(root.lo, half), k - half), np.ldexp(np.ldexp(root.hi, half), k - half))
    found = Box(np.maximum(_down(found.lo), np.maximum(a.lo, b.lo)), np.minimum(_up(found.hi), _up(a.hi + b.hi)))
    found = where((a.lo == 0) & (a.hi == 0), b, where((b.lo == 0) & (b.hi == 0), a, found))
    return _poisoned(found, np.isnan(a.hi) | np.isnan(b.hi))


def power(a: Box, q: Box) -> Box:
    """a^q = exp(q log a); of negative numbers for whole q. Not known where a may be negative else; infinite where 0 has q < 0."""
    whole = q.point & (q.lo == np.rint(q.lo))
    negative = a.lo < 0
    size = absolute(a) if np.any(negative) else a
    zero, none = size.lo == 0, size.hi == 0
    high = np.where(none, 1.0, size.hi)
    found = exp(mul(q, log(Box(np.where(zero, high, size.lo), high))))
    # Between 0 and a number, powers lie between what q makes of 0 and the power of that number.
    at_zero = np.where(q.lo > 0, 0.0, np.where(q.hi < 0, np.inf, 1.0))
    low = np.where(none, at_zero, np.where(q.hi < 0, found.lo, np.where(q.hi > 0, 0.0, 1.0)))
    top = np.where(q.lo > 0, np.where(none, 0.0, found.hi), np.where(q.lo < 0, np.inf, np.maximum(found.hi, 1.0)))
    low, top = np.where(zero, low, found.lo), np.where(zero, top, found.hi)
    one = ((size.lo == 1) & (size.hi == 1)) | ((q.lo == 0) & (q.hi == 0))
    found = where(one, point(np.ones_like(low)), Box(low, top))
    found = where(q.point & (q.lo == 1), size, found)
    if np.any(negative):
        odd = whole & (np.abs(q.lo) < 2.0**53) & (np.mod(np.where(whole, q.lo, 0.0), 2) == 1)
        mirrored = Box(-found.hi, np.where(a.hi > 0, found.hi, -found.lo))
        found = _poisoned(where(odd & negative, mirrored, found), negative & ~whole)
    return _poisoned(found, np.isnan(q.lo) | np.isnan(a.lo))
