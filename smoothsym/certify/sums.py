"""Exponential sums with rational data: equal terms cancel exactly, whatever their size, and what is left has a sign.

A sum is {exponent: coefficient}. An exponent is rational, or rational plus rational multiples of logarithms of rationals: so a
power b^q is exp(q log b), and is not written out. Where all exponents are rational, the sum is zero iff it has no terms left
(Lindemann-Weierstrass). With logarithms among them a sum without terms is zero, and one that an enclosure keeps from 0 is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from mpmath import libmp
from sympy import integer_nthroot

from smoothsym.program.engines import engine
from smoothsym.program.intervals import Interval

LONGEST = 2_000_000
"""The bits up to which a power is written out."""


SHORT = 1 << 12
"""The bits up to which powers are always written out."""


class TooLong(ArithmeticError):
    """A power that is not written out."""


@dataclass(frozen=True)
class Logs:
    """rational + sum of q log b over pairs (b, q), b > 1."""

    rational: Fraction
    pairs: frozenset[tuple[Fraction, Fraction]]

    @cached_property
    def _hash(self) -> int:
        return hash((self.rational, self.pairs))

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: Exponent) -> Exponent:
        if isinstance(other, Fraction):
            return Logs(self.rational + other, self.pairs)
        return _logs(self.rational + other.rational, [*self.pairs, *other.pairs])

    __radd__ = __add__

    def __mul__(self, factor: Fraction) -> Exponent:
        return _logs(self.rational * factor, ((b, q * factor) for b, q in self.pairs))

    def __neg__(self) -> Exponent:
        return self * Fraction(-1)

    def __sub__(self, other: Exponent) -> Exponent:
        return self + -other

    def __rsub__(self, other: Fraction) -> Exponent:
        return -self + other


Exponent = Fraction | Logs
Sums = dict[Any, Fraction]
"""An exponential sum: {exponent: coefficient}."""

ONE: Sums = {Fraction(0): Fraction(1)}


def _logs(rational: Fraction, pairs: Iterable[tuple[Fraction, Fraction]]) -> Exponent:
    total: dict[Fraction, Fraction] = {}
    for b, q in pairs:
        total[b] = total.get(b, Fraction(0)) + q
    left = frozenset((b, q) for b, q in total.items() if q)
    return Logs(rational, left) if left else rational


def plain(value: Fraction) -> Sums:
    """A rational as a sum."""
    return {Fraction(0): value} if value else {}


def power(base: Fraction, exponent: Fraction, longest: int = LONGEST) -> Sums:
    """base ** exponent of a positive rational: written out where it is rational and not too long, else exp(exponent log base)."""
    try:
        value = rational_power(base, exponent, longest)
    except TooLong:
        value = None
    if value is not None:
        return plain(value)
    pair = (base, exponent) if base > 1 else (1 / base, -exponent)
    return {Logs(Fraction(0), frozenset([pair])): Fraction(1)}


def raised(term: Sums, exponent: Fraction, longest: int = LONGEST) -> Sums | None:
    """A power of a sum of one term; None where the sum has several, or is negative."""
    if len(term) != 1:
        return None
    ((e, c),) = term.items()
    return times({e * exponent: Fraction(1)}, power(c, exponent, longest)) if c > 0 else None


def rational_power(base: Fraction, exponent: Fraction, longest: int = LONGEST) -> Fraction | None:
    """base ** exponent where it is rational, else None; base > 0. By unique factorisation both parts must be perfect powers."""
    if base == 1:
        return Fraction(1)
    k = exponent.denominator
    top, bottom = _root(base.numerator, k), _root(base.denominator, k)
    if top is None or bottom is None:
        return None
    if abs(exponent.numerator) * max(top.bit_length(), bottom.bit_length()) > longest:
        raise TooLong("a power too large to write out")
    return Fraction(top, bottom) ** exponent.numerator


def _root(a: int, k: int) -> int | None:
    """The integer k-th root of a where there is one."""
    if a == 1 or k == 1:
        return a
    if k >= a.bit_length():
        return None
    root, exact = integer_nthroot(a, k)
    return int(root) if exact else None


# ---- arithmetic --------------------------------------------------------------------------------------------------------------


def effort(sums: Sums) -> int:
    """What a pass over the terms costs: long coefficients are gone through digit by digit, and reduced by gcd."""
    return sum(1 + (length(c) // 1000) ** 2 for c in sums.values())


def length(a: Fraction) -> int:
    return a.numerator.bit_length() + a.denominator.bit_length()


def add(a: Sums, b: Sums) -> Sums:
    total = dict(a)
    for exponent, coefficient in b.items():
        value = total.get(exponent, Fraction(0)) + coefficient
        if value:
            total[exponent] = value
        else:
            total.pop(exponent, None)
    return total


def scale(a: Sums, factor: Fraction) -> Sums:
    return {e: c * factor for e, c in a.items()} if factor else {}


def times(a: Sums, b: Sums) -> Sums:
    total: Sums = {}
    for e, c in a.items():
        for f, d in b.items():
            exponent, value = e + f, c * d
            if isinstance(exponent, Logs):
                exponent, value = _written_out(exponent, value)
            total[exponent] = total.get(exponent, Fraction(0)) + value
    return {e: c for e, c in total.items() if c}


def _written_out(e: Logs, c: Fraction) -> tuple[Exponent, Fraction]:
    """c exp(e) with short whole powers as numbers: sqrt(2) sqrt(2) = 2."""
    left = []
    for b, q in e.pairs:
        if q.denominator == 1 and length(b) * abs(q.numerator) <= SHORT:
            c *= b**q.numerator
        else:
            left.append((b, q))
    return (e, c) if len(left) == len(e.pairs) else (_logs(e.rational, left), c)


def quotient(above: Sums, below: Sums) -> tuple[Sums, Sums]:
    """above / below with a divisor of one term divided out."""
    if below == ONE or len(below) != 1:
        return above, below
    ((e, c),) = below.items()
    return times(above, {-e: 1 / c}), ONE


def irrational(e: Exponent) -> bool:
    """Whether exp(e) is a power of one rational that unique factorisation shows to be irrational."""
    if isinstance(e, Fraction) or e.rational or len(e.pairs) != 1:
        return False
    ((b, q),) = e.pairs
    return _root(b.numerator, q.denominator) is None or _root(b.denominator, q.denominator) is None


def has_logs(sums: Sums) -> bool:
    """Whether no theorem says that the sum is zero only if it has no terms."""
    return any(isinstance(e, Logs) for e in sums)


# ---- enclosures --------------------------------------------------------------------------------------------------------------


class Enclosing:
    """Exponential sums in enclosures, each measured from its largest exponent, so that no size of them is out of range.

    To be used within `arithmetic.working()`.
    """

    def __init__(self, bits: int, name: str) -> None:
        self.arithmetic, self.bits, self.name = engine(name)(bits), bits, name

    def exp(self, e: Exponent) -> Any:
        return self.arithmetic.apply("exp", self._exponent(e, self.bits))

    def mantissa(self, sums: Sums) -> tuple[Exponent, Any]:
        """(e, s): the exponential sum is exp(e) s."""
        top, apply = self._largest(sums), self.arithmetic.apply
        terms = [apply("mul", self.arithmetic.number(c), self.exp(e - top)) for e, c in sums.items()]
        return top, self.arithmetic.sum(terms)

    def quotient(self, above: Sums, below: Sums) -> Any:
        """above / below as a number of the arithmetic."""
        apply = self.arithmetic.apply
        if not above:
            return self.arithmetic.number(Fraction(0))
        (top, a), (bottom, b) = self.mantissa(above), self.mantissa(below)
        return apply("mul", self.exp(top - bottom), apply("div", a, b))

    def _exponent(self, e: Exponent, bits: int) -> Any:
        """An exponent to so many bits beyond the point."""
        if isinstance(e, Fraction):
            return self._wide(bits + e.numerator.bit_length(), lambda a: a.number(e))
        pairs = sorted(e.pairs)
        longest = max(length(b) for b, _ in pairs).bit_length()
        whole = max(length(q) for q in (e.rational, *(q for _, q in pairs)))

        def value(a: Any) -> Any:
            terms = [a.apply("mul", a.number(q), a.apply("log", a.number(b))) for b, q in pairs]
            return a.sum([a.number(e.rational), *terms])

        return self._wide(bits + whole + longest + 8, value)

    def _wide(self, bits: int, value: Any) -> Any:
        wide = engine(self.name)(bits)
        with wide.working():
            return value(wide)

    def _largest(self, sums: Sums) -> Exponent:
        """About the largest exponent; which one it is does not matter to the truth of an enclosure."""
        if not has_logs(sums):
            return max(sums)
        best, height = None, None
        for e in sums:
            low = self.arithmetic.interval(self._exponent(e, 64))[0]
            if height is None or libmp.mpf_gt(low, height):
                best, height = e, low
        assert best is not None
        return best


def sign_of(sums: Sums, bits: int, name: str = "mpmath") -> int | None:
    """The sign of an exponential sum: 0 where it has no terms; None where the bits do not tell it."""
    if not sums:
        return 0
    if len(sums) == 1:
        return sign(next(iter(sums.values())))
    if len(sums) == 2 and (found := _two(sums)) is not None:
        return found
    work = Enclosing(bits, name)
    with work.arithmetic.working():
        ends = work.arithmetic.interval(work.mantissa(sums)[1])
    low, high = map(libmp.mpf_sign, ends)
    if has_logs(sums):
        return sign_within(ends)
    return int(low + high) or None if low * high == 0 else sign_within(ends)


def _two(sums: Sums) -> int | None:
    """The sign of c exp(e) + d exp(f), by whole numbers where e - f is q log b; None where these are too long."""
    (e, c), (f, d) = sums.items()
    if (c > 0) == (d > 0):
        return sign(c)
    difference = e - f
    if isinstance(difference, Fraction) or difference.rational or len(difference.pairs) != 1:
        return None
    ((b, q),) = difference.pairs
    ratio = -d / c
    if max(length(b) * abs(q.numerator), length(ratio) * q.denominator) > LONGEST:
        return None
    return sign(c) * sign(b**q.numerator - ratio**q.denominator)


def sign(a: Fraction) -> int:
    return (a > 0) - (a < 0)


def sign_within(ends: Interval) -> int | None:
    """The sign that every number of an interval has."""
    low, high = map(libmp.mpf_sign, ends)
    return int(low) if low == high else None
