"""Twofold numbers: an unevaluated sum of two floats for every element, with one bound on the error for every row.

A value V is known as hi + lo with |V - (hi + lo)| <= rel |hi| + abs; lo is None where it is zero; what is no number is not known.
Bounds are per row, so that to
carry them costs maxima and no passes. The entries of a vector lie along the leading axes, the rows along the last.

Error analysis, u = 2^-53; derivations/twofold.py checks its numbers. A value is tight: |lo| <= 2^-51 |hi|; or loose, as the fast
exponential leaves it: |lo| <= 2^-14.4 |hi|. That one's hi is short, of 26 bits, and products with it are exact in two parts.
    two_sum is exact (Knuth), and so is two_prod (Dekker), by halves of 26 bits, but for 2^-1071 where it underflows.
    add: two roundings of sums of low parts, and one of fast_two_sum where terms cancel: under 2^-101 (|a| + |b|).
    mul: the dropped product of low parts 2^-102, four roundings of parts of 2^-51: under 2^-100 |ab|; loose, 2^-64 |ab|.
    div: the algorithm DWDivDW2 of Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic building blocks of
    double-word arithmetic" (TOMS 44(2), 2017), who bound it by 15 u^2 for |lo| <= u |hi|; for tight values, under 2^-99.
A single value has no low part at all: then each operation has its rounding u, and nothing else.
The bounds are computed in floats themselves, and lose 2^-50 of themselves at every step: what reads them last adds 2^-30.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

Array = Any

U = 2.0**-53
FLOOR = 2.0**-1068
"""What underflow adds to any product or quotient."""
ADD, MUL, DIV, LOOSE = 2.0**-101, 2.0**-100, 2.0**-99, 2.0**-64
HUGE = 2.0**1000
WIDTH_TIGHT, WIDTH_LOOSE = 2.0**-51, 2.0**-14.4
_HALF, _UPPER, _EXPONENT = np.int64(1 << 26), np.int64(-(1 << 27)), np.int64(0x7FF << 52)


class Twofold(NamedTuple):
    """hi + lo, numbers or of shape (n, ..., rows); rel and abs, numbers or of shape (rows,); abs of a product or a choice, of its own shape."""

    hi: Array
    lo: Array | None = None
    rel: Array = 0.0
    abs: Array = 0.0
    nonnegative: bool = False
    loose: bool = False
    short: bool = False

    @property
    def exact(self) -> bool:
        """Whether it is one float without error."""
        return self.lo is None and nothing(self.rel) and nothing(self.abs)

    @property
    def number(self) -> bool:
        """Whether it is one for all rows."""
        return isinstance(self.hi, float)

    @property
    def peak(self) -> Array:
        """The largest |hi| of each row, of those that are numbers."""
        return over_entries(np.fmax, np.abs(self.hi))

    @property
    def bound(self) -> Array:
        """A bound on the error in each row: rel |hi| + abs at its largest."""
        if nothing(self.rel):
            return of_rows(self.abs)
        # The product may underflow.
        return self.rel * self.peak + of_rows(self.abs) + FLOOR


def nothing(bound: Array) -> bool:
    return isinstance(bound, float) and bound == 0


def over_entries(function: Any, a: Array) -> Array:
    """A reduction over every axis but that of the rows, by a function whose order does not matter."""
    while not isinstance(a, float) and a.ndim > 1:
        a = reduced(function, a)
    return a


def of_rows(bound: Array) -> Array:
    """A bound for each row, of one for each element."""
    return bound if isinstance(bound, float) else over_entries(np.maximum, bound)


@lru_cache(maxsize=256)
def constant(value: Fraction, single: bool) -> Twofold:
    """A rational number; beyond every float it is not known at all."""
    try:
        hi = value.numerator / value.denominator
    except OverflowError:
        return Twofold(np.float64(math.inf if value > 0 else -math.inf), abs=math.inf, nonnegative=value >= 0)
    rest = value - Fraction(hi)
    if not rest:
        return Twofold(np.float64(hi), nonnegative=value >= 0)
    small = FLOOR if abs(hi) < 2.0**-900 else 0.0
    if single:
        return Twofold(np.float64(hi), rel=U, abs=small, nonnegative=value >= 0)
    lo = rest.numerator / rest.denominator
    return Twofold(np.float64(hi), np.float64(lo), rel=2.0**-105, abs=small, nonnegative=value >= 0)


# ---- exact steps ---------------------------------------------------------------------------------------------------------


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b = s + e."""
    s = a + b
    z = s - a
    e = s - z
    e = np.subtract(a, e, out=_into(e))
    z = np.subtract(b, z, out=_into(z))
    e += z
    return s, e


def fast_two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b = s + e for |a| >= |b|, both of one shape, and both written over."""
    s = a + b
    rest = np.subtract(s, a, out=_into(a))
    return s, np.subtract(b, rest, out=_into(b))


def _into(a: Array) -> Array:
    """An array to write over; numbers are no arrays."""
    return a if isinstance(a, np.ndarray) else None


def halves(a: Array) -> tuple[Array, Array]:
    """a as the sum of a number of 26 bits, the nearest one, and a rest of 26 bits, whether it is subnormal or not."""
    a = np.asarray(a, dtype=np.float64)
    bits = a.view(np.int64) + _HALF
    bits &= _UPPER
    upper = bits.view(np.float64)
    return upper, a - upper


def cut(a: Array) -> tuple[Array, Array]:
    """a as the sum of its upper 26 bits and a rest of 27, a step less."""
    upper = (np.asarray(a, dtype=np.float64).view(np.int64) & _UPPER).view(np.float64)
    return upper, a - upper


def two_prod(a: Array, b: Array) -> tuple[Array, Array]:
    """a b = p + e, but for underflow."""
    p = a * b
    a1, a2 = halves(a)
    b1, b2 = (a1, a2) if a is b else halves(b)
    e = a1 * b1
    e -= p
    t = a1 * b2
    e += t
    t = np.multiply(a2, b1, out=_into(t))
    e += t
    t = np.multiply(a2, b2, out=_into(t))
    e += t
    return p, e


def short_prod(a: Array, b: Array) -> tuple[Array, Array]:
    """a b = p + e for b of 26 bits, but for underflow, by Veltkamp's splitting of a; |e| is at most 2^-25 |p|, even if a is subnormal."""
    upper = a * (2.0**27 + 1)
    rest = upper - a
    upper -= rest
    rest = np.subtract(a, upper, out=_into(rest))
    return upper * b, rest * b


def tight(v: Twofold) -> Twofold:
    if not v.loose or v.lo is None:
        return v
    hi = v.hi + v.lo
    lo = v.lo - (hi - v.hi)
    return v._replace(hi=hi, lo=lo, rel=v.rel * (1 + 2.0**-12), loose=False, short=False)


# ---- operations ----------------------------------------------------------------------------------------------------------


def neg(a: Twofold) -> Twofold:
    return a._replace(hi=-a.hi, lo=None if a.lo is None else -a.lo, nonnegative=False)


def absolute(a: Twofold) -> Twofold:
    if a.nonnegative:
        return a
    below = np.signbit(a.hi)
    lo = None if a.lo is None else np.where(below, -a.lo, a.lo)
    return a._replace(hi=np.abs(a.hi), lo=lo, nonnegative=True)


def sign(a: Twofold) -> Twofold:
    """Not known, which is an infinite error, where the value may be on either side of 0."""
    found = np.sign(a.hi)
    if a.exact:
        return Twofold(found)
    doubt = ~(np.abs(a.hi) * (1 - 2.0**-10) > a.rel * np.abs(a.hi) + a.abs)
    return Twofold(found, abs=np.where(over_entries(np.logical_or, doubt), np.inf, 0.0))


def maximum(a: Twofold, b: Twofold) -> Twofold:
    """The larger one, which is off by no more than both may be; by its sign the difference is wrong only below 2^-103 of both."""
    a, b = tight(a), tight(b)
    difference = (a.hi - b.hi) + (_low(a) - _low(b))

    def chosen(first: Array, second: Array) -> Array:
        found: Array = np.where(difference >= 0, first, second)
        return found[()]  # a number, if both are

    hi, lo, lost = chosen(a.hi, np.where(np.isnan(difference), np.nan, b.hi)), None, 0.0
    if a.lo is not None or b.lo is not None:
        lo, lost = chosen(_low(a), _low(b)), 2.0**-100
    if a.exact and b.exact:
        return Twofold(hi, nonnegative=a.nonnegative or b.nonnegative)
    if a.nonnegative and b.nonnegative:
        rel, absolute_ = (np.maximum(one, other) for one, other in ((a.rel, b.rel), (of_rows(a.abs), of_rows(b.abs))))
        return Twofold(hi, lo, rel + 2 * lost, absolute_, nonnegative=True)
    bound = np.maximum(a.bound, b.bound) + lost * (a.peak + b.peak)
    return Twofold(hi, lo, 0.0, bound, a.nonnegative or b.nonnegative)


def minimum(a: Twofold, b: Twofold) -> Twofold:
    return neg(maximum(neg(a), neg(b)))._replace(nonnegative=a.nonnegative and b.nonnegative)


def _low(a: Twofold) -> Array:
    return 0.0 if a.lo is None else a.lo


def add(a: Twofold, b: Twofold, single: bool) -> Twofold:
    """The sum; of numbers that are not negative the relative bound is kept."""
    if a.number and a.exact and a.hi == 0:
        return b
    if b.number and b.exact and b.hi == 0:
        return a
    a, b = tight(a), tight(b)
    both = a.nonnegative and b.nonnegative
    if single:
        hi, lo, lost = a.hi + b.hi, None, U
    else:
        hi, lo = two_sum(a.hi, b.hi)
        if a.exact and b.exact:
            return Twofold(hi, lo, nonnegative=both or (a.number and bool(np.all(hi >= 0))))
        lo += _low(a) + _low(b)
        hi, lo = fast_two_sum(hi, lo)
        lost = ADD
    if both:
        rel = (np.maximum(a.rel, b.rel) + lost) * (1 + 2.0**-40)
        return Twofold(hi, lo, rel, of_rows(a.abs) + of_rows(b.abs), nonnegative=True)
    if single:
        return Twofold(hi, lo, U, a.bound + b.bound)
    return Twofold(hi, lo, 0.0, a.bound + b.bound + lost * (a.peak + b.peak))


def sub(a: Twofold, b: Twofold, single: bool) -> Twofold:
    return add(a, neg(b), single)


def power_of_two(a: Twofold) -> bool:
    return a.number and a.exact and abs(math.frexp(a.hi)[0]) == 0.5 and 2.0**-64 < abs(a.hi) < 2.0**64


def mul(a: Twofold, b: Twofold, single: bool) -> Twofold:
    if power_of_two(b):
        a, b = b, a
    if power_of_two(a):
        if a.hi == 1:
            return b
        lo = None if b.lo is None else a.hi * b.lo
        return b._replace(hi=a.hi * b.hi, lo=lo, abs=abs(a.hi) * b.abs + FLOOR, nonnegative=a.hi > 0 and b.nonnegative)
    if single:
        hi, lo, lost, loose = a.hi * b.hi, None, U, False
    else:
        if a.loose and b.loose:
            a = tight(a)
        loose = a.loose or b.loose
        lost = LOOSE if loose else MUL
        if a.short:
            a, b = b, a
        hi, lo = short_prod(a.hi, b.hi) if b.short else two_prod(a.hi, b.hi)
        if a.lo is not None:
            lo += a.lo * b.hi
        if b.lo is not None:
            lo += a.hi * b.lo
        if not loose:
            hi, lo = fast_two_sum(hi, lo)
    rel = (a.rel + b.rel + a.rel * b.rel + lost) * (1 + 2.0**-11 if loose else 1)
    absolute_ = FLOOR
    if not nothing(a.abs):
        absolute_ = absolute_ + _times(a.abs, b)
    if not nothing(b.abs):
        absolute_ = absolute_ + _times(b.abs, a)
        if not nothing(a.abs):
            absolute_ = absolute_ + of_rows(a.abs) * of_rows(b.abs)
    return Twofold(hi, lo, rel, absolute_, a.nonnegative and b.nonnegative, loose)


def _times(bound: Array, v: Twofold) -> Array:
    """An absolute error times a factor: element by element, since beside one error of a row the factor may be of any size."""
    beside = (1 + 2.0**-8) * (1 + v.rel)
    if isinstance(bound, float) or v.number or v.hi.ndim < 2:
        return bound * (v.peak * beside + FLOOR)
    return (bound + FLOOR) * beside * (v.hi if v.nonnegative else np.abs(v.hi))


def div(a: Twofold, b: Twofold, single: bool) -> Twofold:
    """The quotient, by the inverse of what is one for a row; the divisor's error must be small beside it, else the error is infinite."""
    if power_of_two(b):
        return mul(a, Twofold(1 / b.hi, nonnegative=b.nonnegative), single)
    if not single and np.ndim(b.hi) < min(np.ndim(a.hi), 2):
        inverse = div(Twofold(np.float64(1), nonnegative=True), b, False)
        return mul(a, inverse._replace(rel=relative(inverse, np.abs(inverse.hi)), abs=0.0), False)
    a, b = tight(a), tight(b)
    sizes = np.abs(b.hi)
    smallest = over_entries(np.fmin, sizes)
    beside = relative(b, smallest)
    hi = a.hi / b.hi
    if single:
        lo, lost = None, U
        if np.max(sizes) == np.inf:  # which is what has overflowed, and no quotient is known then
            hi = np.where(sizes == np.inf, np.nan, hi)
    else:
        p, e = two_prod(hi, b.hi)
        rest = (a.hi - p) - e
        if a.lo is not None:
            rest = rest + a.lo
        if b.lo is not None:
            rest = rest - hi * b.lo
        hi, lo = fast_two_sum(hi, rest / b.hi)
        lost = DIV
    rel = (a.rel + beside) * (1 + 2.0**-9) + lost
    # What underflows in the product by which the remainder is found is divided again.
    absolute_ = share(np.float64(FLOOR), smallest) + FLOOR
    if not nothing(a.abs):
        absolute_ = absolute_ + share(a.abs, smallest) * (1 + 2.0**-9)
    return Twofold(hi, lo, rel, absolute_, a.nonnegative and b.nonnegative)


def share(bound: Array, smallest: Array) -> Array:
    """bound / smallest; infinite where smallest is not positive."""
    return (bound + FLOOR) / np.maximum(smallest, 0.0)


def relative(v: Twofold, smallest: Array) -> Array:
    """The relative error of a value whose moduli are at least `smallest`; infinite where it is not small, or the value may be 0."""
    found = v.rel + share(of_rows(v.abs), smallest)
    return np.where(found < 2.0**-10, found, np.inf)


def root(a: Twofold, single: bool) -> Twofold:
    """The square root: one step of Newton's from the float one."""
    a = tight(a)
    hi = np.sqrt(a.hi)
    beside = relative(a, over_entries(np.fmin, a.hi))
    if single:
        return Twofold(hi, None, beside + U, FLOOR, nonnegative=True)
    absolute_ = share(np.float64(FLOOR), over_entries(np.fmin, hi))
    p, e = two_prod(hi, hi)
    rest = ((a.hi - p) - e) + _low(a)
    hi, lo = fast_two_sum(hi, rest / (2 * hi))
    return Twofold(hi, lo, beside + MUL, absolute_, nonnegative=True)


# ---- sums ----------------------------------------------------------------------------------------------------------------


def total(v: Twofold, axis: int, level: str) -> Twofold:
    """The sum along an axis, to about 2^-66 ("fast"), 2^-95 ("medium"), 2^-100 ("full"), or the roundings of a tree of additions ("single").

    The heads are cut at a power of two (see _cut), which loses nothing. What is left of them is cut again; in full, the low parts are
    added to what is left then, at most 2^-106 of the first cut, in a tree of d = ceil(log2 n) levels: (d + 2) u times their moduli.
    Below that level they are added before the second cut, and in pairs, a rounding u of each time, and the rest, as small, in any
    order: n u times their moduli.
    """
    hi = np.moveaxis(v.hi, axis, 0) if axis else v.hi
    n = hi.shape[0]
    depth = max(int(n - 1).bit_length(), 1)
    sizes = hi if v.nonnegative else np.abs(hi)
    if level == "single":
        found = fold(np.add, hi)
        mass = (found if v.nonnegative else fold(np.add, sizes)) * (1 + 2.0**-30)
        return _summed(v, found, None, mass, n, (depth + 1) * U * mass)
    lo = v.lo if v.lo is None or not axis else np.moveaxis(v.lo, axis, 0)
    width = 0.0 if lo is None else WIDTH_LOOSE if v.loose else WIDTH_TIGHT
    sigma = _power_of_two_above(reduced(np.maximum, sizes), depth)
    head, rest = _cut(hi, sigma)
    if level != "full" and lo is not None:
        rest += lo
        for _ in range(HALVINGS if n > 16 << HALVINGS else 0):
            rest = paired(np.add, rest, rest)
        # A sum of 2^HALVINGS numbers, and its roundings, is at most so much of sigma; times 2^(depth + 1), a power of two again.
        small = (2.0**HALVINGS + 1) * (U + width * 2.0 ** -(depth + 1))
        smaller = 2.0 ** math.frexp(small * 2.0 ** (depth + 1))[1]
        second, rest = _cut(rest, smaller * sigma)
        third = reduced(np.add, rest)
        lost = ((HALVINGS + 2) * U**2 * n + U**2 * smaller * n**2, (HALVINGS + 2) * U * width)
    else:
        smaller = U * 2.0 ** (depth + 2)
        second, rest = _cut(rest, smaller * sigma)
        if lo is not None:
            rest += lo
        third = fold(np.add, rest)
        lost = ((depth + 3) * U**2 * smaller * n, (depth + 3) * U * width)
    s, e = two_sum(head, second)
    hi, lo = fast_two_sum(s, e + third)
    mass = (hi if v.nonnegative else reduced(np.add, sizes)) * (1 + 2.0**-11)
    return _summed(v, hi, lo, mass, n, lost[0] * sigma + (lost[1] + 2.0**-100) * mass)


HALVINGS = 3
"""How often small numbers are added in pairs before they are cut: each time a rounding, and half the work."""


def _power_of_two_above(peak: Array, depth: int) -> Array:
    """A power of two, at least 2^(depth + 1) times a positive number."""
    return (np.maximum(peak, 2.0**-1000).view(np.int64) & _EXPONENT).view(np.float64) * 2.0 ** (depth + 2)


def _cut(a: Array, sigma: Array) -> tuple[Array, Array]:
    """(the sum of the upper parts, what is left of each) of n numbers, sigma = 2^k at least 2 n times the largest modulus.

    The upper part fl(a + sigma) - sigma is a whole number of units 2^-53 sigma, and so are all sums of upper parts, under sigma: they are
    exact in any order. So is the rest, at most 2^-53 sigma.
    """
    upper = a + sigma
    upper -= sigma
    found = reduced(np.add, upper)
    return found, np.subtract(a, upper, out=upper)


def _summed(v: Twofold, hi: Array, lo: Array | None, mass: Array, n: int, lost: Array) -> Twofold:
    """With relative bounds kept where nothing can cancel."""
    if v.nonnegative:
        share = over_entries(np.fmax, lost / np.maximum(mass, 2.0**-1000))
        return Twofold(hi, lo, (v.rel + share) * (1 + 2.0**-11), n * of_rows(v.abs), nonnegative=True)
    return Twofold(hi, lo, 0.0, over_entries(np.fmax, v.rel * mass + lost) + n * of_rows(v.abs) + FLOOR)


def reduced(function: Any, a: Array) -> Array:
    """A reduction along the first axis by a function whose order does not matter: where rows lie whole in memory, as NumPy does it."""
    if a.ndim == 2 and a.shape[1] == 1:
        return function.reduce(a[:, 0], keepdims=True)
    return function.reduce(a, axis=0) if a.flags.f_contiguous else fold(function, a)


def fold(function: Any, a: Array) -> Array:
    """A reduction along the first axis in a tree of a fixed shape: whole slices at a time, which is fast for any number of rows."""
    if a.shape[0] == 1:
        return a[0]
    found = paired(function, a)
    while found.shape[0] > 1:
        found = paired(function, found, found)
    return found[0]


def paired(function: Any, a: Array, into: Array | None = None) -> Array:
    """One level of such a tree, which may be written over its numbers: of an odd number the middle one waits for the next level."""
    half = a.shape[0] // 2
    kept = a.shape[0] - half
    if into is None:
        into = np.empty_like(a[:kept])
        into[half:] = a[half:kept]
    function(a[:half], a[kept:], out=into[:half])
    return into[:kept]
