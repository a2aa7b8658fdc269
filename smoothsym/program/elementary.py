"""exp and log of fixed-point integers, with error bounds that are proved here and rest on integer arithmetic alone.

A number v is an integer near v 2^w; a unit is 2^-w. `>>` and `//` round down, by less than a unit, for either sign.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from typing import Any

from mpmath import libmp
from mpmath.libmp import MPZ


@lru_cache(maxsize=64)
def ln2(bits: int) -> Any:
    """ln 2 in units of 2^-bits, with an error below 2: 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749).

    With g guard bits, bits >= 8: a power of 1/q is off by less than 1 + 1/q^2 + ... < 1.01, its quotient by k by less than 2, and
    what follows the first power that is 0 is below 1. A series has at most (bits + g)/9 + 1 quotients, so the three of them, times
    18 + 2 + 8, are off by less than 28 (2 (bits + g)/9 + 3) < 2^g of their units. The last shift adds less than 1.
    """
    guard = bits.bit_length() + 4
    unit = MPZ(1) << (bits + guard)
    result = 0
    for factor, q in ((18, 26), (-2, 4801), (8, 8749)):
        power, square, k, series = unit // q, q * q, 1, 0
        while power:
            series += power // k
            power //= square
            k += 2
        result += factor * series
    return result >> guard


def expm1(r: Any, w: int) -> tuple[Any, int]:
    """exp(r) - 1 and a bound on its error, in units of 2^-w, for |r| <= 2^w (a modulus of at most 1) and w >= 12.

    Let v = 2^-(w+s) be the unit in which r stands for y = r/2^s, exactly, |y| <= 1/2.
    Taylor: a term comes from the one before, off by h, by two roundings, so it is off by less than h/4 + 1 + 1/j < 2 v (j >= 2).
      At the last term, which is 0 or -1, the exact one is below 3 v, and what follows it below 3 (1/6 + 1/48 + ...) v < v. After N
      steps, e is off by less than h = (2 N + 1) v.
    Squaring s times: e <- 2 e + e^2 is V <- V^2 for V = 1 + e, and an error h becomes at most 2 V h (1 + h/(2 V)) + v. The V of all
      steps multiply to exp(r/2 + r/4 + ...) < 2.72. Each h is below the next one over 2 V, and V >= e^(-1/2), so the sum of all
      h/(2 V) is below 1.5 times the last h; if that is below 0.14, the factors 1 + h/(2 V) multiply to less than 1.24. So what
      enters at step i ends below 2.72 * 1.24 * 2^(s-i) times itself, and all of it below 4 2^s (h + v) = 4 (2 N + 2) units of
      2^-w; that is below 0.14 since w >= 12 (and by induction over the steps the premise holds). The last shift adds less than 1.
    """
    lead = r.bit_length() - w
    squarings = max(isqrt(w) + lead, lead + 1, 0)
    scale = w + squarings
    e = term = r
    j = 1
    while term and term != -1:
        j += 1
        term = (term * r >> scale) // j
        e += term
    for _ in range(squarings):
        e = 2 * e + (e * e >> scale)
    return e >> squarings, 8 * j + 1


def log(m: Any, w: int) -> tuple[Any, int]:
    """log(m) and a bound on its error, in units of 2^-w, for 3/4 <= m/2^w <= 3/2, where m itself may be off by 1, and w >= 12.

    mpmath proposes y, and nothing is believed of it. With V = exp(-y), enclosed to an error h: log m = y + log(1 + d), d = V m - 1.
    While |y| <= 1/2, V < 1.65 and V m is off by less than 3/2 h + 1.65 + 1 < 2 h + 3 units; and |log(1 + d) - d| <= d^2 while
    |d| <= 1/2.
    """
    one = MPZ(1) << w
    y = fixed(libmp.mpf_log(libmp.from_man_exp(m, -w), w), w)
    if 2 * abs(y) <= one:
        e, error = expm1(-y, w)
        d = ((one + e) * m >> w) - one
        error = 2 * error + 3
        size = abs(d) + error
        if 2 * size <= one:
            return y + d, error + int(size * size >> w) + 1
    raise ArithmeticError(f"mpmath's logarithm of {m}/2^{w} is not near")


def fixed(t: Any, bits: int) -> Any:
    """The largest integer at most t 2^bits, for a raw mpf t, however small."""
    sign, man, exponent, bitcount = t
    shift = exponent + bits
    if not man or shift + bitcount <= 0:
        return -1 if sign else 0
    if sign:
        man = -man
    return man << shift if shift >= 0 else man >> -shift
