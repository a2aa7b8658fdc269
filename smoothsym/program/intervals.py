"""Closed intervals of mpf numbers, rounded outward; their exponential and logarithm rest on the integers of elementary.py.

An interval is a pair (lo, hi) of raw mpf tuples. Multiplication, division and square root of mpf numbers are exact integer
arithmetic followed by one directed rounding, and are trusted, as is addition where no operand is longer than the precision;
mpmath's exp, log and power are not. Ends are rounded apart from each other, so that 1e300 + exp(-1e300) keeps the lower end
1e300: that the value lies above it is not lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from mpmath.libmp import (
    MPZ,
    fone,
    from_int,
    from_man_exp,
    from_rational,
    fzero,
    mpf_add,
    mpf_cmp,
    mpf_div,
    mpf_mul,
    mpf_neg,
    mpf_pos,
    mpf_shift,
    mpf_sign,
    mpf_sqrt,
    mpf_sub,
    round_ceiling,
    round_floor,
)

from smoothsym.program import elementary

Raw = Any
Interval = tuple[Raw, Raw]

LARGEST = 4096
"""exp(t) is formed for |t| < 2^LARGEST: its exponent then has so many bits."""

TOP_OF_ZERO = -(1 << (2 * LARGEST))

ONE: Interval = (fone, fone)
ZERO: Interval = (fzero, fzero)
HALF: Interval = (from_man_exp(1, -1), from_man_exp(1, -1))


class Indeterminate(ArithmeticError):
    """The operation is undefined somewhere in the interval; more precision may help."""


class Undefined(ArithmeticError):
    """The operation is undefined at an exact point; no precision helps."""


def exact(value: Fraction | int, prec: int) -> Interval:
    """A rational: a point where it is dyadic, whatever its length, else rounded outward."""
    p, q = value.numerator, value.denominator
    if q & (q - 1) == 0:
        point = from_man_exp(p, 1 - q.bit_length())
        return (point, point)
    return (from_rational(p, q, prec, round_floor), from_rational(p, q, prec, round_ceiling))


def is_point(a: Interval) -> bool:
    return a[0] == a[1]


def _plus(a: Raw, b: Raw, prec: int, way: str, minus: int = 0) -> Raw:
    """a + b (a - b if minus) rounded one way.

    mpf_add takes a far smaller operand for a tiny one, which rounds wrongly beside a mantissa of more than prec bits.
    """
    if a[3] <= prec and b[3] <= prec:
        return mpf_add(a, b, prec, way, minus)
    return mpf_pos(mpf_add(a, b, max(a[3], b[3]), way, minus), prec, way)


def add(a: Interval, b: Interval, prec: int) -> Interval:
    return (_plus(a[0], b[0], prec, round_floor), _plus(a[1], b[1], prec, round_ceiling))


def sub(a: Interval, b: Interval, prec: int) -> Interval:
    return (_plus(a[0], b[1], prec, round_floor, 1), _plus(a[1], b[0], prec, round_ceiling, 1))


def neg(a: Interval, prec: int = 0) -> Interval:
    return (mpf_neg(a[1]), mpf_neg(a[0]))


def mul(a: Interval, b: Interval, prec: int) -> Interval:
    (al, ah), (bl, bh) = a, b
    if al == ah and bl == bh:
        product = mpf_mul(al, bl)
        if product[3] <= prec:
            return (product, product)
        return (mpf_pos(product, prec, round_floor), mpf_pos(product, prec, round_ceiling))
    # Where no factor changes its sign, the signs of the lower ends (0 for a zero) and upper ends say which ends meet.
    if al[0] == ah[0] and bl[0] == bh[0]:
        if bl[0]:
            al, ah = ah, al
        if a[0][0]:
            bl, bh = bh, bl
        return (mpf_mul(al, bl, prec, round_floor), mpf_mul(ah, bh, prec, round_ceiling))
    low = [mpf_mul(u, w, prec, round_floor) for u in (al, ah) for w in (bl, bh)]
    high = [mpf_mul(u, w, prec, round_ceiling) for u in (al, ah) for w in (bl, bh)]
    return (_least(low), _greatest(high))


def div(a: Interval, b: Interval, prec: int) -> Interval:
    if mpf_sign(b[0]) <= 0 <= mpf_sign(b[1]):
        if b == ZERO:
            raise Undefined("division by zero")
        raise Indeterminate("a divisor is not known to be nonzero")
    if mpf_sign(b[0]) < 0:
        a, b = neg(a), neg(b)
    (al, ah), (bl, bh) = a, b
    return (
        mpf_div(al, bl if al[0] else bh, prec, round_floor),
        mpf_div(ah, bh if ah[0] else bl, prec, round_ceiling),
    )


def _least(values: list[Raw]) -> Raw:
    best = values[0]
    for value in values[1:]:
        if mpf_cmp(value, best) < 0:
            best = value
    return best


def _greatest(values: list[Raw]) -> Raw:
    best = values[0]
    for value in values[1:]:
        if mpf_cmp(value, best) > 0:
            best = value
    return best


def absolute(a: Interval, prec: int = 0) -> Interval:
    if mpf_sign(a[0]) >= 0:
        return a
    if mpf_sign(a[1]) <= 0:
        return neg(a)
    return (fzero, _greatest([mpf_neg(a[0]), a[1]]))


def sign(a: Interval, prec: int = 0) -> Interval:
    low, high = mpf_sign(a[0]), mpf_sign(a[1])
    return (from_int(low), from_int(high))


def maximum(a: Interval, b: Interval, prec: int = 0) -> Interval:
    return (_greatest([a[0], b[0]]), _greatest([a[1], b[1]]))


def minimum(a: Interval, b: Interval, prec: int = 0) -> Interval:
    return (_least([a[0], b[0]]), _least([a[1], b[1]]))


def total(values: Sequence[Interval], prec: int) -> Interval:
    """The sum, in integers of one unit: each end is off by less than a unit a term, in all by 2^-(prec + 3) of the largest term."""
    tops = [end[2] + end[3] for value in values for end in value if end[1]]
    if not tops:
        return ZERO
    bits = prec + len(values).bit_length() + 3 - max(tops)
    low = high = MPZ(0)
    for a, b in values:
        low += elementary.fixed(a, bits)
        high -= elementary.fixed(mpf_neg(b), bits)
    return (from_man_exp(low, -bits, prec, round_floor), from_man_exp(high, -bits, prec, round_ceiling))


def sqrt(a: Interval, prec: int) -> Interval:
    if mpf_sign(a[0]) < 0:
        raise (Undefined if mpf_sign(a[1]) < 0 else Indeterminate)("the root of a number that may be negative")
    return (mpf_sqrt(a[0], prec, round_floor), mpf_sqrt(a[1], prec, round_ceiling))


# ---- powers -------------------------------------------------------------------------------------------------------------------


def power_integer(a: Interval, k: int, prec: int) -> Interval:
    """a^k by repeated multiplication of the moduli of the ends. A product of k factors is off by less than 2 k roundings."""
    if k < 0:
        return div(ONE, power_integer(a, -k, prec + 4), prec)
    if k == 0:
        return ONE
    if k % 2 == 0:
        a = absolute(a)
    elif mpf_sign(a[0]) < 0:
        return _odd(a, lambda part: power_integer(part, k, prec))
    wide = prec + k.bit_length() + 4
    result, square = ONE, a
    while True:
        if k & 1:
            result = mul(result, square, wide)
        k >>= 1
        if not k:
            return (mpf_pos(result[0], prec, round_floor), mpf_pos(result[1], prec, round_ceiling))
        square = mul(square, square, wide)


def hypot(a: Interval, b: Interval, prec: int) -> Interval:
    return sqrt(add(power_integer(a, 2, prec + 4), power_integer(b, 2, prec + 4), prec + 4), prec)


def _odd(a: Interval, function: Callable[[Interval], Interval]) -> Interval:
    """An odd increasing function of an interval that reaches below 0, by its values on nonnegative ones."""
    if mpf_sign(a[1]) <= 0:
        return neg(function(neg(a)))
    return (mpf_neg(function((fzero, mpf_neg(a[0])))[1]), function((fzero, a[1]))[1])


def power(a: Interval, b: Interval, prec: int) -> Interval:
    """a^b: by multiplication for a small integer b, from a root for a small half integer, else exp(b log a) for a >= 0.

    A negative a has powers where b is an integer, and b's parity says which; 0^b is 0 for b > 0, and 0^0 is 1.
    """
    point, (_, _, exponent, bitcount) = is_point(b), b[0]
    integer = point and exponent >= 0
    if integer and exponent + bitcount <= 12:
        return power_integer(a, _integer(b[0]), prec)
    if point and exponent == -1 and bitcount <= 10:
        return power_integer(sqrt(a, prec + 20), _integer(mpf_shift(b[0], 1)), prec)
    if a == ONE:
        return ONE
    if integer and mpf_sign(a[0]) < 0:
        if exponent > 0:
            return power(absolute(a), b, prec)
        if mpf_sign(b[0]) > 0:
            return _odd(a, lambda part: power(part, b, prec))
        return div(ONE, power(a, neg(b), prec + 4), prec)
    if mpf_sign(a[0]) > 0:
        return _positive_power(a, b, prec)
    if mpf_sign(a[1]) < 0:
        sure = point or (_top(b[0]) < LARGEST > _top(b[1]) and -_floor(mpf_neg(b[0])) > _floor(b[1]))
        raise (Undefined if sure else Indeterminate)(
            "a power of a negative number, whose exponent is not known to be whole"
        )
    if mpf_sign(b[0]) <= 0:
        raise (Undefined if a == ZERO and point else Indeterminate)("a power of a number that may be zero")
    if mpf_sign(a[0]) < 0:
        raise Indeterminate("a power of a number that may be negative")
    return ZERO if a == ZERO else (fzero, _positive_power((a[1], a[1]), b, prec)[1])


def _positive_power(a: Interval, b: Interval, prec: int) -> Interval:
    """exp(t), t = b log a. Its relative error is t's absolute one: t is given as many more bits as it has before the point.

    Beyond LARGEST such bits, more would not help: exp of t is then below every number, or above.
    """
    log_top = max(abs(_top(end)) for end in a).bit_length() + 1
    wide = prec + 8 + max(0, min(LARGEST, max(_top(end) for end in b) + log_top))
    return exp(mul(b, log(a, wide), wide), prec)


def _floor(t: Raw) -> Any:
    return elementary.fixed(t, 0)


def _integer(t: Raw) -> int:
    return int(-t[1] if t[0] else t[1]) << int(t[2])


def _top(t: Raw) -> int:
    """The power of two just above |t|: 2^(top-1) <= |t| < 2^top; for 0, a power below all others."""
    return int(t[2] + t[3]) if t[1] else TOP_OF_ZERO


# ---- the exponential ----------------------------------------------------------------------------------------------------------


def _guard(prec: int) -> int:
    """Bits beyond prec that make the errors of elementary.py, at most 2^8 units at 100 bits and 2^14 at 100,000, a rounding's part."""
    return 13 + prec.bit_length() // 2


def exp(a: Interval, prec: int) -> Interval:
    """The exponential. One evaluation serves a narrow interval, whose ends differ by the factor exp(d) <= 1 + d + d^2, d <= 1.

    Beyond -2^LARGEST it lies between 0 and 2^-(2^LARGEST). Raises Undefined beyond 2^LARGEST, Indeterminate where that is in doubt.
    """
    low, high = a
    if max(_top(low), _top(high)) > LARGEST:
        _refuse_beyond(a)
        least = (0, MPZ(1), -(1 << LARGEST), 1)
        return (fzero, least if _top(high) > LARGEST else exp((high, high), prec)[1])
    if max(_top(low), _top(high)) < -prec - 4:  # 1 + t <= exp(t), and exp(t) <= 1 + 2 t for 0 <= t <= 1
        return (
            _plus(fone, low, prec, round_floor) if low[0] else fone,
            fone if mpf_sign(high) <= 0 else _plus(fone, mpf_shift(high, 1), prec, round_ceiling),
        )
    w = prec + _guard(prec)
    width = 0
    if low != high:
        d = _plus(high, low, 30, round_ceiling, 1)
        if _top(d) > -2:
            return (exp((low, low), prec)[0], exp((high, high), prec)[1])
        width = elementary.fixed(d, w) + 1
    value, error, k = _exp_fixed(low, w)
    below, above = value - error, value + error
    if width:
        above += (above * (width + (width * width >> w) + 1) >> w) + 1
    return (from_man_exp(below, k - w, prec, round_floor), from_man_exp(above, k - w, prec, round_ceiling))


def _exp_fixed(t: Raw, w: int) -> tuple[Any, int, int]:
    """(v, error, k): exp(t) = v 2^(k-w), with v between 2^w/e and 2^w e and off by at most the error.

    t = k ln 2 + r is formed with `more` bits: t is off by less than one of these units, and k ln 2 by 2 |k| < 2^(more-1) of them, so
    r is off by less than 1 + 1/2 + 1 units of 2^-w after the shift, and exp(r) by less than 2.5 (1 + 2^-9) 2.72 < 7 more.
    """
    top = _top(t)
    more = top + 4
    if top <= 0:
        k, r = 0, elementary.fixed(t, w)
    else:
        k, r = divmod(elementary.fixed(t, w + more), elementary.ln2(w + more))
        r >>= more
    e, error = elementary.expm1(r, w)
    return (MPZ(1) << w) + e, error + 7, int(k)


def _refuse_beyond(a: Interval) -> None:
    low, high = (not end[0] and _top(end) > LARGEST for end in a)
    if high:
        raise (Undefined if low else Indeterminate)(
            f"the exponential of a number beyond 2^{LARGEST} is too large to write"
        )


def expm1(a: Interval, prec: int) -> Interval:
    """exp(a) - 1 without cancellation."""
    _refuse_beyond(a)
    return _by_ends(_expm1_point, a, prec)


def _expm1_point(t: Raw, prec: int) -> Interval:
    """t <= expm1(t) <= t + t^2 for tiny t; fixed-point with as many more bits as t has zeros below the point; else exp(t) - 1."""
    top = _top(t)
    if not t[1]:
        return ZERO
    if top < -prec - 4:
        return (mpf_pos(t, prec, round_floor), _plus(t, mpf_mul(t, t, prec, round_ceiling), prec, round_ceiling))
    if top > 0:
        return sub(exp((t, t), prec + 4), ONE, prec)
    w = prec + _guard(prec) - top
    e, error = elementary.expm1(elementary.fixed(t, w), w)
    error += 3  # t was cut by less than a unit, and the slope is below e
    return (from_man_exp(e - error, -w, prec, round_floor), from_man_exp(e + error, -w, prec, round_ceiling))


# ---- the logarithm ------------------------------------------------------------------------------------------------------------


def log(a: Interval, prec: int) -> Interval:
    if mpf_sign(a[0]) <= 0:
        if mpf_sign(a[1]) <= 0:
            raise Undefined("the logarithm of a number that is not positive")
        raise Indeterminate("the logarithm of a number not known to be positive")
    return _by_ends(_log_point, a, prec)


def _log_point(t: Raw, prec: int) -> Interval:
    """log(m 2^k) = log m + k ln 2 with 3/4 <= m < 3/2; where k = 0, log1p of the exact m - 1.

    Elsewhere |log t| > ln 2 - log 3/2 > 1/4. m is cut by less than a unit of 2^-w; k ln 2, formed with len(k) + 2 more bits, is
    off by less than 1 after the shift, and 1/2 before.
    """
    _, man, exponent, bitcount = t
    k = int(exponent + bitcount) - (man << 1 >> (bitcount - 1) != 3)
    if k == 0:
        return _log1p_point(mpf_sub(t, fone), prec)
    w = prec + _guard(prec)
    more = k.bit_length() + 2
    y, error = elementary.log(elementary.fixed((0, man, exponent - k, bitcount), w), w)
    y += k * elementary.ln2(w + more) >> more
    error += 2
    return (from_man_exp(y - error, -w, prec, round_floor), from_man_exp(y + error, -w, prec, round_ceiling))


def log1p(a: Interval, prec: int) -> Interval:
    """log(1 + a) without cancellation."""
    minus = mpf_neg(fone)
    if mpf_cmp(a[0], minus) <= 0:
        raise (Undefined if mpf_cmp(a[1], minus) <= 0 else Indeterminate)("log1p of a number not known to exceed -1")
    return _by_ends(_log1p_point, a, prec)


def _log1p_point(t: Raw, prec: int) -> Interval:
    """t - t^2 <= log(1 + t) <= t for tiny t; fixed-point with more bits for a small one; else log of 1 + t, rounded both ways."""
    top = _top(t)
    if not t[1]:
        return ZERO
    if top < -prec - 4:
        square = mpf_mul(t, t, prec, round_ceiling)
        return (_plus(t, square, prec, round_floor, 1), mpf_pos(t, prec, round_ceiling))
    if top < 0 and elementary.fixed(t, 2) >= -1:  # -1/4 <= t < 1/2
        w = prec + _guard(prec) - top
        y, error = elementary.log((MPZ(1) << w) + elementary.fixed(t, w), w)
        return (from_man_exp(y - error, -w, prec, round_floor), from_man_exp(y + error, -w, prec, round_ceiling))
    return log((_plus(fone, t, prec + 8, round_floor), _plus(fone, t, prec + 8, round_ceiling)), prec)


def _by_ends(function: Callable[[Raw, int], Interval], a: Interval, prec: int) -> Interval:
    """An increasing function of an interval, end by end."""
    low, high = function(a[0], prec)
    return (low, high) if is_point(a) else (low, function(a[1], prec)[1])
