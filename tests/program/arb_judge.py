"""Arb as the judge of enclosures, and arguments that are hostile to elementary functions."""

from __future__ import annotations

from random import Random
from typing import Any

import flint
from mpmath import libmp


def arb(raw: Any) -> flint.arb:
    """An mpf as the point that it is."""
    sign, man, exponent, _ = raw
    return flint.arb((-int(man) if sign else int(man), int(exponent)))


def holds(ends: Any, truth: flint.arb) -> bool:
    """Whether an enclosure meets Arb's ball, which is far smaller: that is, holds its midpoint up to its radius."""
    return not (arb(ends[0]) > truth or arb(ends[1]) < truth)


def width(ends: Any, truth: flint.arb, prec: int) -> float:
    """The width of an enclosure in units of 2^-prec |truth|."""
    if ends[0] == ends[1]:
        return 0.0
    return float(((arb(ends[1]) - arb(ends[0])) / abs(truth)).upper() * flint.arb((1, prec)))


def mantissa(generator: Random, prec: int) -> int:
    """An odd integer: short, of the precision or thrice as long, random or a run of ones or nearly a power of two."""
    bits = generator.choice((1, 2, 3, 24, 53, prec - 1, prec, prec + 1, 3 * prec))
    kind = generator.randrange(6)
    if kind == 0:
        return (1 << bits) - 1
    if kind == 1:
        return (1 << bits) + 1
    return generator.getrandbits(bits) | 1


def point(generator: Random, prec: int, low: int, high: int) -> Any:
    """A nonzero mpf with 2^(low-1) <= |t| < 2^high, often beside a place where the code branches or the function is small."""
    man = mantissa(generator, prec)
    kind = generator.randrange(8)
    if kind == 0:
        top = -prec + generator.randrange(-8, 4)
    elif kind == 1:
        top = generator.randrange(-3, 4)
    elif kind == 2:  # beside m 2^k, for the m where reductions begin anew
        m, k = generator.choice((1, 3)), generator.randrange(-3, 3)
        gap = generator.randrange(2, 2 * prec)
        man, top = (m << gap) + generator.choice((-1, 0, 1)), None
        raw = libmp.from_man_exp(man, k - gap)
        return libmp.mpf_neg(raw) if generator.randrange(2) else raw
    elif kind == 3:  # beside a multiple of ln 2
        bits = generator.choice((30, prec, 2 * prec))
        k = generator.randrange(1, 2000)
        raw = libmp.mpf_mul(libmp.mpf_ln2(bits, generator.choice("fc")), libmp.from_int(k))
        return libmp.mpf_neg(raw) if generator.randrange(2) else raw
    else:
        top = generator.randrange(low, high + 1)
    top = min(max(top, low), high)
    raw = libmp.from_man_exp(man, top - man.bit_length())
    return libmp.mpf_neg(raw) if generator.randrange(2) else raw
