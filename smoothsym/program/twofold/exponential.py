"""exp and expm1 of twofold numbers, by tables and short polynomials, each with its error.

exp(t) = 2^e T_i exp(r) with K = 8192, k = round(t K / ln 2) = K e + i, T_i = 2^(i/K), |r| <= rho (1 + 2^-18), rho = ln 2 / (2 K) < 2^-14.5.
ln 2 / K = C1 + C2 + C3, C1 and C2 of 29 bits: for |t| <= 700, |k| < 2^23, so k C1, k C2 and t - k C1 are exact.
derivations/twofold.py has the whole analysis, and checks its numbers.

    fast    T_i of 26 bits, which makes products with it exact; the logarithm of what it lacks is added to r. r in one float: three
            roundings of 2^-68, of a multiple six; k (C2 + C3), 2^-73; r^2 (c + r/6) with c = 1/2 + 0.0345 rho^2 is within
            rho^4 / 139 < 2^-65.2 of exp(r) - 1 - r; T (r + ...) rounded, 2^-67.5: together under 2^-64.
    full    r = rh + rl exactly but for k C3 (2^-100) and rl (2^-94 where t has a low part); rh^2 = s + s' exactly; Taylor to r^6,
            the next term under 2^-113; sums of what is under 2^-46 rounded, 2^-96; T to 2^-105: together under 2^-93.
    medium  for |t| <= 170, |k| < 2^21: C1 of 32 bits, T_i of 26. a = t - k C1 is exact, and so is T times its upper 26 bits a1; what is
            added to that, a2 - k C2 + r^2/2 + ... + the logarithm of what T lacks, is under 2^-23.6: k C2 to 2^-77, roundings of at most
            2^-78 and 2^-76.6, Taylor to r^4, 2^-79.4: together under 2^-74.
    single  fast, its two parts added: u, and 2^-64.

What t itself is in error by is the relative error of exp(t). Below -660 the value is taken at -660, an error of that value; above, what underflows is
no more than 2^-1073, far under the claims.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, chain
from typing import Any, NamedTuple

import mpmath
import numpy as np
from mpmath import libmp

from smoothsym.program.twofold import values
from smoothsym.program.twofold.values import (
    Twofold,
    U,
    fast_two_sum,
    mul,
    tight,
    two_prod,
    two_sum,
)

Array = Any

SHIFT = 13
K = 1 << SHIFT
LOW = -660.0
"""Arguments below are taken for it."""
HIGH = 700.0
FAST, MEDIUM, FULL, SINGLE = 2.0**-64, 2.0**-74, 2.0**-93, 1.001 * U
NARROW = 170.0
"""How far the medium level goes."""
MINUS_ONE = 2.0**-78
"""The relative error of expm1 in full: it loses 14.5 bits of exp near 0."""
_MAGIC = 1.5 * 2.0**52
_BITS = 200


def _tables() -> tuple[Array, Array, Array, Array]:
    """2^(i/K) as a float, with its relative remainder, and cut to 26 bits, with the logarithm of what it lacks.

    By integers of so many bits after the point, since every process that computes pays for it; every 64th is mpmath's.
    """
    whole, whole_rest, short, lacking = (np.empty(K) for _ in range(4))
    with mpmath.workprec(_BITS + 10):
        ratio, *starts = (int(mpmath.mpf(2) ** (mpmath.mpf(q) / K + _BITS)) for q in (1, *range(0, K, 64)))
    ratios = [ratio] * 63
    powers = (accumulate(ratios, lambda value, ratio: value * ratio >> _BITS, initial=start) for start in starts)
    for q, value in enumerate(chain.from_iterable(powers)):
        whole[q] = value / (1 << _BITS)
        head = int(whole[q] * 2.0**52) << (_BITS - 52)
        whole_rest[q] = (value - head) / head
        head = value >> (_BITS - 25) << (_BITS - 25)
        short[q] = head / (1 << _BITS)
        rest = ((value - head) << _BITS) // head
        lacking[q] = (rest - (rest**2 >> (_BITS + 1)) + rest**3 // (3 << 2 * _BITS)) / (1 << _BITS)
    return whole, whole_rest, short, lacking


def _parts(*widths: int) -> list[float]:
    """ln 2 / K in parts of so many bits, and the rest."""
    step, parts = Fraction(int(libmp.ln2_fixed(200)), K << 200), []
    for width in widths:
        unit = Fraction(2) ** (width + step.denominator.bit_length() - step.numerator.bit_length())
        unit /= 2 if step * unit >= 2**width else 1
        parts.append(Fraction(int(step * unit)) / unit)
        step -= parts[-1]
    return [float(part) for part in (*parts, step)]


def _without_place(head: Array) -> Array:
    """k = K e + i is added to the bits of an entry as a whole, shifted to where e belongs: what i then adds is taken off beforehand."""
    return (head.view(np.int64) - (np.arange(K) << (52 - SHIFT))).view(np.float64)


_HEADS, _RESTS, _SHORT, _LACKING = _tables()
_SHIFTED, _SHORT_SHIFTED = _without_place(_HEADS), _without_place(_SHORT)
_C1, _C2, _C3 = _parts(29, 29)
_M1, _M2 = _parts(32)
_C23 = _C2 + _C3
_LN2 = float(Fraction(int(libmp.ln2_fixed(200)), 1 << 200))
_RATE = K / _LN2
_CENTRE = 0.5 + 0.0345 * (_LN2 / (2 * K)) ** 2


def _reduced(t: Array) -> tuple[Array, Array, Array]:
    """(k as a float, i, k where the exponent of a float begins) for each element of t."""
    shifted = t * _RATE
    shifted += _MAGIC
    whole = shifted.view(np.int64)
    place = whole & (K - 1)
    scale = whole << (52 - SHIFT)
    shifted -= _MAGIC
    return shifted, place, scale


def _power(place: Array, scale: Array, table: Array | None = None) -> Array:
    """2^e T_i."""
    head = _at(_SHIFTED if table is None else table, place)
    bits = head.view(np.int64)
    bits += scale
    return head


def _at(table: Array, place: Array, into: Array | None = None) -> Array:
    """Entries of a table, in the order in memory of their places."""
    if place.ndim > 1 and place.flags.f_contiguous:
        return np.take(table, place.T, mode="clip", out=None if into is None else into.T).T
    return np.take(table, place, mode="clip", out=into)


class _Argument(NamedTuple):
    """An argument made safe: its parts, what its error and clipping do to exp, and which are too large to be known."""

    hi: Array
    lo: Array | None
    rel: Array
    abs: Array
    wild: Array | None


def _argument(t: Twofold, reach: float = np.inf, least: float = LOW, most: float = HIGH) -> _Argument:
    t = tight(t)
    hi, lo, wild = np.atleast_1d(t.hi), t.lo, None
    absolute_: Array = 0.0
    if not reach <= -least and hi.size and not (hi.min() >= least and hi.max() <= most):
        absolute_ = np.where(values.over_entries(np.fmin, hi) < least, _smallest(least), 0.0)
        wild = ~(hi <= most)
        if lo is not None:
            lo = np.where((hi < least) | wild, 0.0, lo)
        hi = np.where(wild, 0.0, np.maximum(hi, least))
        wild = wild if wild.any() else None
    lost = t._replace(hi=hi).bound
    rel = 0.0 if values.nothing(lost) else np.where(np.less(lost, 2.0**-20), lost * (1 + 2.0**-11), np.inf)
    return _Argument(hi, lo, rel, absolute_, wild)


def _smallest(t: float) -> float:
    """More than the exponential of what is no more than 2^-11 above t."""
    return float(np.exp(t)) * (1 + 2.0**-10)


def exp(t: Twofold, level: str, reach: float = np.inf) -> Twofold:
    """exp(t); `reach` is a number that no |t| exceeds, if one is known."""
    if not reach <= -LOW and (below := _below(t)) is not None:
        return below
    if level == "medium":
        a = _argument(t, reach, -NARROW, NARROW)
        return _known(Twofold(*_medium(a.hi, a.lo), a.rel + MEDIUM, a.abs, nonnegative=True), a.wild)
    a = _argument(t, reach)
    if level == "full":
        return _known(Twofold(*_full(a.hi, a.lo), a.rel + FULL, a.abs, nonnegative=True), a.wild)
    h, low = _fast(a.hi, a.lo)
    if level == "single":
        h += low
        return _known(Twofold(h, None, a.rel + SINGLE, a.abs, nonnegative=True), a.wild)
    return _known(Twofold(h, low, a.rel + FAST, a.abs, nonnegative=True, loose=True, short=True), a.wild)


def _known(v: Twofold, wild: Array | None) -> Twofold:
    """A value that is no number where it is not known."""
    return v if wild is None else v._replace(hi=np.where(wild, np.nan, v.hi))


def _below(t: Twofold) -> Twofold | None:
    """What is smaller than any number that counts, throughout a block: 0, with an absolute error."""
    if t.number or not t.hi.size or not t.hi.max() < LOW:
        return None
    lost = t._replace(hi=np.full(1, LOW)).bound
    bound = np.where(np.less(lost, 2.0**-20), _smallest(LOW), np.inf)
    return Twofold(np.zeros_like(t.hi), None, 0.0, bound, nonnegative=True)


def exp_of_multiple(rate: Twofold, x: Array, reach: float = np.inf) -> Twofold:
    """exp(rate x) to the fast level for one rate and floats x: the product is reduced by halves and never rounded.

    a1 xh and k C1 are exact, and so is their difference; what is added to it is under 2^-14.5: five roundings of at most 2^-68 each.
    """
    a1, a2 = values.cut(rate.hi)
    argument = _argument(Twofold(rate.hi * x), reach)
    if not values.nothing(argument.abs):
        return exp(mul(rate, Twofold(x), False), "fast")
    t = argument.hi
    xh, xl = values.cut(x)
    xl *= a1
    xl += (a2 + (0.0 if rate.lo is None else rate.lo)) * x
    xh *= a1
    k, place, scale = _reduced(t)
    xh -= k * _C1
    k *= _C23
    xl -= k
    lost = rate.rel * values.over_entries(np.fmax, np.abs(t))
    if not values.nothing(rate.abs):
        lost = lost + rate.abs * Twofold(x).peak
    lost = np.where(lost < 2.0**-20, lost, np.inf)
    rel = lost * (1 + 2.0**-11) + FAST
    return Twofold(*_powers(xh, xl, place, scale), rel, 0.0, nonnegative=True, loose=True, short=True)


def _fast(hi: Array, lo: Array | None) -> tuple[Array, Array]:
    k, place, scale = _reduced(hi)
    r = k * _C1
    np.subtract(hi, r, out=r)
    k *= -_C23
    if lo is not None:
        k += lo
    return _powers(r, k, place, scale)


def _powers(r: Array, rest: Array, place: Array, scale: Array) -> tuple[Array, Array]:
    """2^e T_i exp(r + rest), a head of 26 bits and a low part. All arguments are written over."""
    head = _power(place, scale, _SHORT_SHIFTED)
    rest += _at(_LACKING, place, scale.view(np.float64))
    r += rest
    low = np.multiply(r, 1 / 6, out=rest)
    low += _CENTRE
    low *= r
    low *= r
    low += r
    low *= head
    return head, low


def _medium(hi: Array, lo: Array | None) -> tuple[Array, Array]:
    k, place, scale = _reduced(hi)
    a = k * _M1
    np.subtract(hi, a, out=a)
    head = _power(place, scale, _SHORT_SHIFTED)
    rest = _at(_LACKING, place, scale.view(np.float64))
    k *= _M2
    rest -= k
    if lo is not None:
        rest += lo
    r = np.add(a, rest, out=k)
    p = r * (1 / 24)
    p += 1 / 6
    p *= r
    p += 0.5
    p *= r
    p *= r
    a1, a2 = values.cut(a)
    a2 += p
    a2 += rest
    a2 *= head
    a1 *= head
    s, low = fast_two_sum(head, a1)
    low += a2
    return fast_two_sum(s, low)


def _series(hi: Array, lo: Array | None) -> tuple[Array, Array, Array, Array]:
    """exp(r) - 1 as a twofold number, i, and k where the exponent of a float begins."""
    k, place, scale = _reduced(hi)
    a = hi - k * _C1
    rh, rl = two_sum(a, -(k * _C2))
    rl -= k * _C3
    if lo is not None:
        rl += lo
    rh, rl = fast_two_sum(rh, rl)
    s, rest = two_prod(rh, rh)
    p = rh * (1 / 720)
    p += 1 / 120
    p *= rh
    p += 1 / 24
    p *= rh
    p += 1 / 6
    p *= rh
    p *= s
    p += 0.5 * rest
    p += rl * (1 + rh)
    h, low = fast_two_sum(rh, 0.5 * s)
    low += p
    return h, low, place, scale


def _full(hi: Array, lo: Array | None) -> tuple[Array, Array]:
    h, low, place, scale = _series(hi, lo)
    head, rest = _power(place, scale), _at(_RESTS, place)
    p, e = two_prod(head, h)
    h += 1
    rest *= h
    low += rest
    low *= head
    low += e
    s, e = fast_two_sum(head, p)
    low += e
    return fast_two_sum(s, low)


def expm1(t: Twofold, level: str) -> Twofold:
    """exp(t) - 1, with a relative bound: T_i 2^e - 1 is at least 2^-14 where it is not 0, and exp(r) - 1 is known by itself."""
    argument = _argument(t)
    beside, absolute_ = _beside(t, argument.rel), argument.abs + _at_zero(t)
    if level == "single":
        e = _single_minus_one(argument.hi, argument.lo)
        return _known(Twofold(e, None, beside + 10 * U, absolute_), argument.wild)
    h, low, place, scale = _series(argument.hi, argument.lo)
    head, rest = _power(place, scale), _at(_RESTS, place)
    p, e = two_prod(head, h)
    low = head * (low + rest * (1 + h)) + e
    top, low_top = two_sum(head, -1.0)
    s, e = two_sum(top, p)
    s, low = fast_two_sum(s, low + (e + low_top))
    return _known(Twofold(s, low, beside + MINUS_ONE, absolute_), argument.wild)


def _single_minus_one(hi: Array, lo: Array | None) -> Array:
    k, place, scale = _reduced(hi)
    r = hi - k * _C1
    r -= k * _C23
    if lo is not None:
        r += lo
    head = _power(place, scale)
    e = r * (1 / 24)
    e += 1 / 6
    e *= r
    e += 0.5
    np.multiply(r, r, out=k)
    e *= k
    e += r
    e += _at(_RESTS, place)
    e *= head
    head -= 1.0
    head += e
    return head


def _beside(t: Twofold, rel: Array) -> Array:
    """What an error d = rel |t| + abs of t is beside |exp(t) - 1|; with _at_zero it is exp(t) d.

    |t| exp(t) is at most 1.6 |exp(t) - 1| for t <= 1, and exp(t) beyond; of abs, exp(t) <= 1 + |exp(t) - 1|.
    """
    return np.where(rel < 2.0**-20, 2 * rel + 2 * t.rel, np.inf)


def _at_zero(t: Twofold) -> Array:
    return 2 * values.of_rows(t.abs) + values.FLOOR
