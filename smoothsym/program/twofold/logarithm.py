"""log, log1p and powers of twofold numbers, by a table or by Newton's step, each with its error.

log y, y = 2^e m, m between the roots of 1/2 and 2, in one of 4096 cells: with an inverse c of 26 bits of the middle of the cell, m c - 1 is
exact in two parts, at most 2^-12.9; log y = e ln 2 - log c + log(1 + z), that by its series to z^5, the next term under 2^-80; what is
rounded is under 2^-25: together under 2^-75. derivations/twofold.py has the whole analysis, and checks its numbers.

In full: an approximate y0 from NumPy, which is not trusted: d = m exp(-y0) - 1 is computed, required to be below 2^-45, and
log m = y0 + d - d^2/2 + d^3/3, the rest under 2^-181, and what d times a low part leaves under 2^-95. So its error is that of exp,
absolutely. log1p likewise, with expm1, and d below 2^-40 w.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp

from smoothsym.program.twofold import values
from smoothsym.program.twofold.exponential import _at, _known, _single_minus_one, exp, expm1
from smoothsym.program.twofold.values import (
    Twofold,
    U,
    add,
    cut,
    div,
    fast_two_sum,
    halves,
    mul,
    root,
    tight,
    two_prod,
    two_sum,
)

Array = Any

CELLS = 12
"""So many bits say in which cell a number lies."""
TABLE, FULL = 2.0**-75, 2.0**-91


def log(y: Twofold, level: str) -> Twofold:
    """Of what lies between 2^-1000 and 2^1000, with an absolute error; no number where y may be anything else."""
    y = tight(y)
    sure = np.atleast_1d((y.hi > _TINY) & (y.hi < values.HUGE))
    hi = np.atleast_1d(np.where(sure, y.hi, 1.0))
    lo = None if y.lo is None else np.where(sure, y.lo, 0.0)
    beside = values.relative(y, values.over_entries(np.minimum, hi)) * (1 + 2.0**-9)
    # y = 2^e m, m between the roots of 1/2 and 2: by the bits of y less those of the first.
    bits = hi.view(np.int64) - _ROOT_HALF
    exponent = bits >> 52
    shift = exponent << 52
    m = (hi.view(np.int64) - shift).view(np.float64)
    if lo is not None:
        lo *= (_ONE_BITS - shift).view(np.float64)
    count: Array = exponent.astype(np.float64)
    if level == "full":
        near, small = _by_newton(m, lo)
        sure &= small
        found = add(_times_ln2(count), near, False)
        return _known(found._replace(abs=found.abs + beside + FULL), None if sure.all() else ~sure)
    bits >>= 52 - CELLS
    bits &= (1 << CELLS) - 1
    head, low = _by_table(m, lo, bits, count)
    if level == "single":
        found = Twofold(head + low, None, U, beside + TABLE)
    else:
        found = Twofold(*fast_two_sum(head, low), 0.0, beside + TABLE)
    return _known(found, None if sure.all() else ~sure)


def _by_table(m: Array, lo: Array | None, cell: Array, count: Array) -> tuple[Array, Array]:
    """log(2^count (m + lo)) for a number of a cell; count is written over."""
    inverse = _at(_INVERSES, cell)
    upper, low = cut(m)
    upper *= inverse
    upper -= 1.0
    low *= inverse
    if lo is not None:
        low += lo * inverse
    z = upper + low
    p = z * (1 / 5)
    p -= 1 / 4
    p *= z
    p += 1 / 3
    p *= z
    p -= 0.5
    p *= z
    p *= z
    low += p
    head = count * _L1
    head += _at(_LOGS, cell, into=p)
    count *= _L2
    count += _at(_LOG_RESTS, cell, into=p)
    low += count
    head, rest = two_sum(head, upper)
    rest += low
    return head, rest


def _by_newton(m: Array, lo: Array | None) -> tuple[Twofold, Array]:
    """log(m + lo) by one step from what NumPy says, and where that was a small one."""
    guess = np.log(m)
    inverse = exp(Twofold(-guess), "full")
    d, rest = two_prod(m, inverse.hi)
    d -= 1.0
    rest += m * inverse.lo
    if lo is not None:
        rest += lo * inverse.hi
    return _stepped(guess, d, rest - d * d * (0.5 - d * (1 / 3))), np.abs(d) <= 2.0**-45


def _stepped(guess: Array, step: Array, rest: Array) -> Twofold:
    hi, lo = two_sum(guess, step)
    return Twofold(*fast_two_sum(hi, lo + rest))


def _times_ln2(exponent: Array) -> Twofold:
    """A whole number times ln 2."""
    return mul(Twofold(_LN2[0], _LN2[1], 2.0**-105), Twofold(exponent), False)


def _ln2() -> tuple[Any, Any]:
    value = Fraction(int(libmp.ln2_fixed(200)), 1 << 200)
    hi = np.float64(value.numerator / value.denominator)
    return hi, np.float64(float(value - Fraction(float(hi))))


_LN2 = _ln2()
_ONE = Twofold(np.float64(1.0), nonnegative=True)
_L1 = math.floor(_LN2[0] * 2.0**40) * 2.0**-40
_L2 = float(Fraction(float(_LN2[0])) - Fraction(_L1) + Fraction(float(_LN2[1])))
"""ln 2 in 40 bits, whose multiples by an exponent are exact, and the rest."""
_ROOT_HALF = np.float64(0.5**0.5).view(np.int64)
_ONE_BITS = np.float64(1.0).view(np.int64)
_TINY = 2.0**-1000


def _tables() -> tuple[Array, Array, Array]:
    """For each cell the inverse of its middle to 26 bits, and the logarithm of what that is the inverse of: to a whole number of 2^-40, and the rest."""
    middles = (_ROOT_HALF + (np.arange(1 << CELLS) << (52 - CELLS)) + (1 << (51 - CELLS))).view(np.float64)
    inverses, logs, rests = halves(1 / middles)[0], np.empty(1 << CELLS), np.empty(1 << CELLS)
    with mpmath.workprec(200):
        for q, inverse in enumerate(inverses.tolist()):
            exact = -mpmath.log(inverse)
            logs[q] = math.floor(float(exact) * 2.0**40) * 2.0**-40
            rests[q] = float(exact - logs[q])
    return inverses, logs, rests


_INVERSES, _LOGS, _LOG_RESTS = _tables()


def log1p(w: Twofold, level: str) -> Twofold:
    """log(1 + w) for w that is not negative, with a relative bound: y0 + log1p(d), 1 + d = (1 + w) exp(-y0), for w <= 1."""
    single = level == "single"
    if not w.nonnegative:
        return log(add(_ONE, w, single), level)
    if w.lo is None and not w.hi.any():
        return w
    w = tight(w)
    large = w.hi > 1
    if not large.any():
        return _log1p(w, single)
    near = _log1p(Twofold(np.where(large, 1.0, w.hi), None if w.lo is None else np.where(large, 0.0, w.lo)), single)
    far = log(add(_ONE, Twofold(np.where(large, w.hi, 1.0), w.lo, nonnegative=True), single), level)
    hi = np.where(large, far.hi, near.hi)
    lo = None if single else np.where(large, far.lo, near.lo)
    return Twofold(hi, lo, w.rel + near.rel + 2 * far.bound, values.of_rows(w.abs) + values.FLOOR, nonnegative=True)


def _log1p(w: Twofold, single: bool) -> Twofold:
    guess = np.log1p(w.hi)
    absolute_ = values.of_rows(w.abs) + values.FLOOR
    # d = w + e + w e; what is lost is relative to w, which is at most 1.5 y.
    if single:
        e = _single_minus_one(-guess, None)
        d = w.hi + e
        e *= w.hi
        d += e
        guess += d
        return _known(Twofold(guess, None, w.rel + 32 * U, absolute_, nonnegative=True), _beyond(d, w.hi))
    e = expm1(Twofold(-guess), "full")
    exact = Twofold(w.hi, w.lo)
    d = add(add(exact, e, False), mul(exact, e, False), False)
    found = _stepped(guess, d.hi, d.lo - 0.5 * d.hi * d.hi)
    found = Twofold(found.hi, found.lo, w.rel + 2.0**-74, absolute_, nonnegative=True)
    return _known(found, _beyond(d.hi, w.hi))


def _beyond(d: Array, w: Array) -> Array | None:
    """Where Newton's step was not small beside w."""
    near = np.abs(d) <= 2.0**-40 * w
    return None if near.all() else ~near


def power(a: Twofold, exponent: Twofold, level: str, logarithm: Callable[[Twofold, str], Twofold] = log) -> Twofold:
    """a^q: whole powers by products, roots by Newton's step, anything else as exp(q log a), and 0 for what is exactly 0, q > 0."""
    single = level == "single"
    q = float(exponent.hi) if exponent.number and exponent.exact else 0.5 * math.pi
    if q.is_integer() and 1 <= abs(q) <= 8:
        found = a
        for _ in range(int(abs(q)) - 1):
            found = mul(found, a, single)
        found = found._replace(nonnegative=a.nonnegative or q % 2 == 0)
        return found if q > 0 else div(_ONE, found, single)
    if q == 0.5:
        return root(a, single)
    zero = a.hi == 0 if a.lo is None and values.nothing(a.abs) else np.False_
    if not zero.any():
        return exp(mul(exponent, logarithm(a, level), single), level)
    found = exp(mul(exponent, log(a._replace(hi=np.where(zero, 1.0, a.hi)), level), single), level)
    positive = exponent.number and exponent.hi * (1 - 2.0**-10) > exponent.bound
    lo = None if found.lo is None else np.where(zero, 0.0, found.lo)
    return found._replace(hi=np.where(zero, 0.0 if positive else np.nan, found.hi), lo=lo)
