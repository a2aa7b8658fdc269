"""Closed intervals of mpf numbers, rounded outward; their exponential and logarithm rest on integer arithmetic with written bounds.

An interval is a pair (lo, hi) of raw mpf tuples. Addition, multiplication, division and square root of mpf numbers are exact
integer arithmetic followed by one directed rounding, and are trusted; mpmath's exp, log and power are not. Ends are rounded
apart from each other, so that 1e300 + exp(-1e300) keeps the lower end 1e300: that the value lies above it is not lost.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from mpmath import libmp
from mpmath.libmp import (
    fone,
    from_int,
    from_man_exp,
    from_rational,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_cmp,
    mpf_div,
    mpf_mul,
    mpf_neg,
    mpf_shift,
    mpf_sign,
    mpf_sqrt,
    mpf_sub,
    round_ceiling,
    round_floor,
)

Raw = Any
Interval = tuple[Raw, Raw]

ONE: Interval = (fone, fone)
ZERO: Interval = (fzero, fzero)


class Indeterminate(ArithmeticError):
    """The operation is undefined somewhere in the interval; more precision may help."""


class Undefined(ArithmeticError):
    """The operation is undefined at an exact point; no precision helps."""


def exact(value: Fraction | int, prec: int) -> Interval:
    """A rational: a point where it is dyadic, whatever its length, else rounded outward."""
    value = Fraction(value)
    p, q = value.numerator, value.denominator
    if q & (q - 1) == 0:
        point = from_man_exp(p, 1 - q.bit_length())
        return (point, point)
    return (from_rational(p, q, prec, round_floor), from_rational(p, q, prec, round_ceiling))


def is_point(a: Interval) -> bool:
    return a[0] == a[1]


def add(a: Interval, b: Interval, prec: int) -> Interval:
    return (mpf_add(a[0], b[0], prec, round_floor), mpf_add(a[1], b[1], prec, round_ceiling))


def sub(a: Interval, b: Interval, prec: int) -> Interval:
    return (mpf_sub(a[0], b[1], prec, round_floor), mpf_sub(a[1], b[0], prec, round_ceiling))


def neg(a: Interval, prec: int = 0) -> Interval:
    return (mpf_neg(a[1]), mpf_neg(a[0]))


def mul(a: Interval, b: Interval, prec: int) -> Interval:
    (al, ah), (bl, bh) = a, b
    if not al[0] and not bl[0]:  # both nonnegative
        return (mpf_mul(al, bl, prec, round_floor), mpf_mul(ah, bh, prec, round_ceiling))
    low = [mpf_mul(u, w, prec, round_floor) for u in (al, ah) for w in (bl, bh)]
    high = [mpf_mul(u, w, prec, round_ceiling) for u in (al, ah) for w in (bl, bh)]
    return (_least(low), _greatest(high))


def div(a: Interval, b: Interval, prec: int) -> Interval:
    if mpf_sign(b[0]) <= 0 <= mpf_sign(b[1]):
        if b == ZERO:
            raise Undefined("division by zero")
        raise Indeterminate("a divisor is not known to be nonzero")
    low = [mpf_div(u, w, prec, round_floor) for u in a for w in b]
    high = [mpf_div(u, w, prec, round_ceiling) for u in a for w in b]
    return (_least(low), _greatest(high))


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


def total(values: list[Interval], prec: int) -> Interval:
    """The sum; lower ends are summed downward and upper ends upward, with guard bits for the number of terms."""
    wide = prec + len(values).bit_length() + 4
    low = high = fzero
    for a, b in values:
        low = mpf_add(low, a, wide, round_floor)
        high = mpf_add(high, b, wide, round_ceiling)
    return (low, high)


def sqrt(a: Interval, prec: int) -> Interval:
    if mpf_sign(a[0]) < 0:
        raise (Undefined if mpf_sign(a[1]) < 0 else Indeterminate)("the root of a number that may be negative")
    return (mpf_sqrt(a[0], prec, round_floor), mpf_sqrt(a[1], prec, round_ceiling))


def power_integer(a: Interval, k: int, prec: int) -> Interval:
    """a^k by repeated multiplication, k >= 0, of the moduli where k is even."""
    if k < 0:
        return div(ONE, power_integer(a, -k, prec + 4), prec)
    if k == 0:
        return ONE
    if k % 2 == 0:
        a = absolute(a)
    wide = prec + 2 * k.bit_length() + 4
    result: Interval | None = None
    while k:
        if k & 1:
            result = a if result is None else mul(result, a, wide)
        k >>= 1
        if k:
            a = mul(a, a, wide)
    assert result is not None
    return result


def power(a: Interval, b: Interval, prec: int) -> Interval:
    """a^b: by multiplication for an integer b, by a square root for a half integer, else exp(b log a) for a > 0; 0^b for b > 0."""
    exponent = _small_rational(b)
    if exponent is not None and exponent.denominator == 1 and abs(exponent) <= 4096:
        return power_integer(a, int(exponent), prec)
    if exponent is not None and exponent.denominator == 2 and abs(exponent) <= 512:
        return power_integer(sqrt(a, prec + 20), int(2 * exponent), prec)
    if a == ONE:
        return ONE
    if mpf_sign(a[0]) <= 0:
        if mpf_sign(a[1]) < 0:
            raise Undefined("a power of a negative number")
        if mpf_sign(b[0]) <= 0:
            raise (Undefined if a == ZERO and is_point(b) else Indeterminate)("a power of a number that may be zero")
        if a == ZERO:
            return ZERO
        if mpf_sign(a[0]) < 0:
            raise Indeterminate("a power of a number that may be negative")
        return (fzero, power((a[1], a[1]), b, prec)[1])
    # The relative error of exp(t) is the absolute error of t = b log a: as many more bits as t has before the point.
    scale = max(0, _top(b) + 12, _top(b) + _log_top(a))
    return exp(mul(b, log(a, prec + scale + 8), prec + scale + 8), prec)


def _small_rational(b: Interval) -> Fraction | None:
    if not is_point(b) or b[0][2] < -1 or b[0][2] > 16:
        return None
    s, man, exponent, _ = b[0]
    return (-1 if s else 1) * Fraction(int(man)) * Fraction(2) ** int(exponent)


def _top(a: Interval) -> int:
    """t with |a| < 2^t."""
    return max(int(end[2] + end[3]) if end[1] else 0 for end in a)


def _log_top(a: Interval) -> int:
    return max(abs(int(end[2] + end[3])).bit_length() for end in a) + 1


# ---- the exponential ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _ln2(bits: int) -> int:
    """floor-like ln 2 * 2^bits, with an error below 1: 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749) with 20 guard bits.

    Each series has at most (bits + 20)/9 terms, each truncated by less than 2 units of the guard scale, and a tail below one
    unit; times 18 + 2 + 8 that is less than 2^20 units while bits < 2^17.
    """
    guard = bits + 20 + max(0, bits.bit_length() - 14)
    unit = 1 << guard
    result = 0
    for factor, q in ((18, 26), (-2, 4801), (8, 8749)):
        term, square, k, series = unit // q, q * q, 1, 0
        while term:
            series += term // k
            term //= square
            k += 2
        result += factor * series
    return result >> (guard - bits)


def _exp_point(t: Raw, prec: int) -> Interval:
    """exp of a point, to about prec bits, by integers alone.

    With w = prec + guard bits: t = k ln 2 + r, |r| < 1, is formed in units of 2^-w with an error below 2 units (one for the
    truncation of t, one from |k| times an ln 2 that has len(k) more bits). Let y = r / 2^s. The Taylor sum of exp(y) is taken until
    the term is zero: N truncated products, each with an error below 2 units, and a tail below 1 unit as |y| <= 1/2. Squaring s
    times multiplies the relative error by 2 each and adds 2 units each: below (2 + 2 N + 1 + 2) 2^(s+2) units in all, since the
    number stays in [1/3, 3]. The ends are moved apart by that.
    """
    s, man, exponent, bitcount = t
    man, exponent, bitcount = int(man), int(exponent), int(bitcount)
    if not man:
        return ONE
    top = exponent + bitcount
    if top < -prec - 4:
        # 1 + t lies below exp(t), and exp(t) below 1 + 2 t (t > 0) or below 1 (t < 0).
        if s:
            return (mpf_add(fone, t, prec, round_floor), fone)
        return (fone, mpf_add(fone, mpf_shift(t, 1), prec, round_ceiling))
    squarings = min(max(int((prec**0.5) / 2.2), 2), 200) if top > -8 else max(0, min(int((prec**0.5) / 2.2), 200) + top)
    guard = squarings + prec.bit_length() + 12
    w = prec + guard
    if top > 1:
        long = w + top + 4
        ln2 = _ln2(long)
        scaled = man << (exponent + long) if exponent + long >= 0 else man >> -(exponent + long)
        k, rest = divmod(scaled, ln2)
        r = rest >> (long - w)
        if s:
            r, k = -r, -k
    else:
        k = 0
        r = man << (exponent + w) if exponent + w >= 0 else man >> -(exponent + w)
        r = -r if s else r
    y = r >> squarings
    # exp(y) - 1 instead of exp(y) keeps the relative accuracy of what is squared: (1+e)^2 - 1 = 2 e + e^2.
    term = total_ = y
    j = 2
    while term and term != -1:
        term = (term * y >> w) // j
        total_ += term
        j += 1
    e = total_
    for _ in range(squarings):
        e = 2 * e + (e * e >> w)
    error = (2 * j + 6) << (squarings + 3)
    value = (1 << w) + e
    low = from_man_exp(value - error, k - w, prec, round_floor)
    high = from_man_exp(value + error, k - w, prec, round_ceiling)
    return (low, high)


def exp(a: Interval, prec: int) -> Interval:
    """The exponential, which is increasing: an end each; one evaluation for a narrow interval, widened by 1 + 2 (hi - lo)."""
    if is_point(a):
        return _exp_point(a[0], prec)
    width = mpf_sub(a[1], a[0], 30, round_ceiling)
    low, high = _exp_point(a[0], prec)
    if width[2] + width[3] < -2:  # exp(w) <= 1 + 2 w for w <= 1/2
        factor = mpf_add(fone, mpf_shift(width, 1), prec, round_ceiling)
        return (low, mpf_mul(high, factor, prec, round_ceiling))
    return (low, _exp_point(a[1], prec)[1])


def expm1(a: Interval, prec: int) -> Interval:
    """exp(a) - 1 without cancellation: series a <= expm1(a) <= a + a^2 for small |a|, else with bits added for what cancels."""
    return _by_ends(_expm1_point, a, prec)


def _expm1_point(t: Raw, prec: int) -> Interval:
    if not t[1]:
        return ZERO
    top = int(t[2] + t[3])
    if top < -prec - 4:
        square = mpf_mul(t, t, prec, round_ceiling)
        return (mpf_add(t, fzero, prec, round_floor), mpf_add(t, square, prec, round_ceiling))
    low, high = _exp_point(t, prec + max(0, -top) + 4)
    return (mpf_sub(low, fone, prec, round_floor), mpf_sub(high, fone, prec, round_ceiling))


# ---- the logarithm ------------------------------------------------------------------------------------------------------------


def _log_point(t: Raw, prec: int) -> Interval:
    """log of a positive point, to about prec relative bits.

    mpmath proposes y; nothing is believed of it. e = exp(-y) t is enclosed, and log t = y + log(e), with
    |log(1 + d) - d| <= d^2 for |d| <= 1/2. Near t = 1 the working precision grows by what log t is small.
    """
    if t == fone:
        return ZERO
    near = mpf_sub(t, fone, 30, round_floor)
    small = max(0, -int(near[2] + near[3])) if int(t[2] + t[3]) in (0, 1) else 0
    if small > prec + 8:
        distance = mpf_sub(t, fone, 2 * prec + 8 + int(t[3]), round_floor)  # exact: a difference of neighbours
        square = mpf_mul(distance, distance, prec, round_ceiling)
        return (mpf_sub(distance, square, prec, round_floor), mpf_add(distance, fzero, prec, round_ceiling))
    # exp(-y) is known to as many bits as y has behind the point: |y| is about 2^(the bits of the exponent).
    wide = prec + small + 12 + int(t[2] + t[3]).bit_length()
    y = libmp.mpf_log(t, wide)
    low, high = _exp_point(mpf_neg(y), wide)
    ends = (mpf_mul(low, t, wide + 4, round_floor), mpf_mul(high, t, wide + 4, round_ceiling))
    d = sub(ends, ONE, 40)
    size = _greatest([mpf_abs(d[0]), mpf_abs(d[1])])
    if size[1] and size[2] + size[3] > -2:
        raise ArithmeticError(f"mpmath's logarithm of {libmp.to_str(t, 20)} is off by more than a quarter")
    square = mpf_mul(size, size, 20, round_ceiling)
    return (
        mpf_add(y, mpf_sub(d[0], square, 40, round_floor), prec, round_floor),
        mpf_add(y, mpf_add(d[1], square, 40, round_ceiling), prec, round_ceiling),
    )


def log(a: Interval, prec: int) -> Interval:
    if mpf_sign(a[0]) <= 0:
        if mpf_sign(a[1]) <= 0:
            raise (Undefined if is_point(a) else Indeterminate)("the logarithm of a number that is not positive")
        raise Indeterminate("the logarithm of a number not known to be positive")
    return _by_ends(_log_point, a, prec)


def log1p(a: Interval, prec: int) -> Interval:
    """log(1 + a) without cancellation."""
    minus = mpf_neg(fone)
    if mpf_cmp(a[0], minus) <= 0:
        raise (Undefined if is_point(a) else Indeterminate)("log1p of a number not known to exceed -1")
    return _by_ends(_log1p_point, a, prec)


def _log1p_point(t: Raw, prec: int) -> Interval:
    """t - t^2 <= log(1 + t) <= t for tiny |t|; else log of 1 + t, formed with bits enough to keep t's leading ones."""
    if not t[1]:
        return ZERO
    top = int(t[2] + t[3])
    if top < -prec - 4:
        square = mpf_mul(t, t, prec, round_ceiling)
        return (mpf_sub(t, square, prec, round_floor), mpf_add(t, fzero, prec, round_ceiling))
    wide = prec + max(0, -top) + 8
    low, high = (mpf_add(fone, t, wide, way) for way in (round_floor, round_ceiling))
    return (_log_point(low, prec)[0], _log_point(high, prec)[1])


def _by_ends(function: Any, a: Interval, prec: int) -> Interval:
    """An increasing function of an interval, end by end."""
    low, high = function(a[0], prec)
    return (low, high) if is_point(a) else (low, function(a[1], prec)[1])
