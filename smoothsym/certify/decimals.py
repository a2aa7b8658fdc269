"""A dyadic number is rounded once, correctly, to k decimal digits, however long its exponent.

A decimal is a pair (m, e) of integers that stands for m 10^e, |m| of k digits; zero is (0, 0).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mpmath import libmp

from smoothsym.program import intervals
from smoothsym.program.intervals import Interval

FAR = 1 << 16
"""The exponent beyond which a power of two is not written out."""

Decimal = tuple[int, int]


def decided(ends: Interval, k: int, strict: tuple[bool, bool] = (False, False)) -> Decimal | None:
    """The decimal that both ends round to, None where they differ; `strict` says which of the ends the value is not."""
    low, high = decimal(ends[0], k, int(strict[0])), decimal(ends[1], k, -int(strict[1]))
    return low if low == high else None


def decimal(value: Any, k: int, step: int = 0, way: str = "nearest") -> Decimal:
    """A number rounded to k digits: "nearest" (ties to even), "down" or "up".

    `value` is a Fraction or an mpf tuple; `step`, -1 or 1, says that the true value lies infinitesimally below or above it.
    """
    if isinstance(value, Fraction):
        sign, top, bottom, far = value < 0, abs(value.numerator), value.denominator, False
    else:
        sign, man, exponent, bitcount = value
        far = abs(exponent) > FAR + 8 * (k + int(bitcount))
        top, bottom = int(man), 1
        if not far:
            top, bottom = (top << exponent, 1) if exponent >= 0 else (top, 1 << -exponent)
    if not top:
        return (0, 0)
    nearest, away = way == "nearest", way == ("down" if sign else "up")
    if far:
        m, e = _far((0, *value[1:]), k, nearest, away)
    else:
        m, e = _near(top, bottom, k, -step if sign else step, nearest, away)
    return (-m if sign else m, e)


def _near(top: int, bottom: int, k: int, step: int, nearest: bool, away: bool) -> Decimal:
    e = int((top.bit_length() - bottom.bit_length()) * 0.30102999566398120) - k + 1
    while True:
        above, below = (top * 10**-e, bottom) if e < 0 else (top, bottom * 10**e)
        m, rest = divmod(above, below)
        if m >= 10**k:
            e += 1
        elif m < 10 ** (k - 1):
            e -= 1
        else:
            break
    if step < 0 and not rest:  # just below m, where the grid may be ten times as fine
        m, e = (m - 1, e) if m > 10 ** (k - 1) else (10**k - 1, e - 1)
        half, rest = 1, 1
    else:
        half = (2 * rest > below) - (2 * rest < below) or step
    inexact = bool(rest) or step != 0
    m += (away and inexact) or (nearest and (half > 0 or (half == 0 and m % 2 == 1)))
    return (m // 10, e + 1) if m == 10**k else (m, e)


def _far(raw: Any, k: int, nearest: bool, away: bool) -> Decimal:
    """By way of logarithms. man 2^exponent has more than k + 1 digits there, so the precision that tells its neighbours apart exists."""
    bits = 4 * k + int(abs(raw[2])).bit_length() + 32
    e = None
    while True:
        logarithm, ten = intervals.log((raw, raw), bits), intervals.log(intervals.exact(10, bits), bits)
        if e is None:
            e = int(libmp.to_int(intervals.div(logarithm, ten, bits)[0], "f")) - k + 1
        scaled = intervals.exp(intervals.sub(logarithm, intervals.mul(intervals.exact(e, bits), ten, bits), bits), bits)
        floors = [int(libmp.to_int(end, "f")) for end in scaled]
        if floors[0] >= 10**k:
            e += 1
        elif floors[1] < 10 ** (k - 1):
            e -= 1
        else:
            shift = libmp.fhalf if nearest else libmp.fone if away else libmp.fzero
            low, high = (int(libmp.to_int(libmp.mpf_add(end, shift), "f")) for end in scaled)
            if low == high and floors[0] >= 10 ** (k - 1):
                return (low // 10, e + 1) if low == 10**k else (low, e)
            bits *= 2


def boundary(ends: Interval, k: int) -> Fraction | None:
    """The rational between the two neighbouring decimals that the ends round to, None where they are no neighbours."""
    if libmp.mpf_sign(ends[0]) * libmp.mpf_sign(ends[1]) <= 0:
        return Fraction(0)
    low, high = (decimal(end, k) for end in ends)
    if max(abs(low[1]), abs(high[1])) > FAR:
        return None
    a, b = (Fraction(m) * Fraction(10) ** e for m, e in (low, high))
    return (a + b) / 2 if b - a <= Fraction(10) ** max(low[1], high[1]) else None


def written(value: Decimal, k: int) -> str:
    """The decimal as text, with an exponent where zeros would fill it.

    >>> written((1250, -3), 4), written((1250, -13), 4)
    ('1.250', '1.250e-10')
    """
    m, e = value
    if m == 0:
        return "0"
    # Python's own str refuses whole numbers of more than 4300 digits.
    sign, text, point = "-" if m < 0 else "", libmp.libintmath.numeral(abs(m), 10, k), e + k
    if -5 < point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    if 0 < point <= max(k, 21):
        text = text.ljust(point, "0")
        return f"{sign}{text[:point]}" + (f".{text[point:]}" if point < len(text) else "")
    return f"{sign}{text[0]}" + (f".{text[1:]}" if k > 1 else "") + f"e{point - 1:+d}"
