"""Whether a value equals a given rational is decided by a theorem, and never looped on.

A program runs in a third arithmetic, whose numbers are quotients of exponential sums with rational data, a + b log of one, or
c times a rational power of a rational. Then value = r becomes "an exponential sum is zero": group equal exponents; by
Lindemann-Weierstrass the sum is zero iff every grouped coefficient is. For roots it is unique factorisation of integers.
What leaves these classes (a logarithm beside an exponential, a sum of surds) has no theorem here, and says so.

Equal terms cancel exactly here, at whatever exponents: what is left of a quotient is enclosed where a program in enclosures would
need as many bits as the exponents have units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import integer_nthroot

from smoothsym.program import intervals
from smoothsym.program.intervals import Interval

LIMIT = 500_000
"""The effort beyond which the test is not tried: products of short coefficients, a few microseconds each."""

Sums = dict[Fraction, Fraction]
"""An exponential sum: {exponent: coefficient}."""


class NoTheorem(ArithmeticError):
    """No theorem used here says whether the value can equal a rational."""


@dataclass(frozen=True)
class Quotient:
    """above / below, two exponential sums."""

    above: Sums
    below: Sums

    @property
    def rational(self) -> Fraction | None:
        """The number itself where it is plainly rational."""
        if not self.above:
            return Fraction(0)
        if self.above.keys() == self.below.keys():
            ratios = {self.above[e] / self.below[e] for e in self.above}
            return ratios.pop() if len(ratios) == 1 else None
        return None

    def equals(self, r: Fraction) -> bool:
        return not _add(self.above, _scale(self.below, -r))

    def enclosed(self, bits: int) -> Interval:
        """An interval that holds the value; Indeterminate where the bits do not tell the divisor from 0."""
        if not self.above:
            return intervals.ZERO
        top, above = _enclosed(self.above, bits)
        bottom, below = _enclosed(self.below, bits)
        head = intervals.exp(intervals.exact(top - bottom, bits + (top - bottom).numerator.bit_length()), bits)
        return intervals.mul(head, intervals.div(above, below, bits), bits)


@dataclass(frozen=True)
class Logarithm:
    """shift + factor * log(of)."""

    shift: Fraction
    factor: Fraction
    of: Quotient

    def equals(self, r: Fraction) -> bool:
        if self.factor == 0:
            return self.shift == r
        return not _add(self.of.above, _times(self.of.below, {(r - self.shift) / self.factor: Fraction(-1)}))


@dataclass(frozen=True)
class Root:
    """factor * base ** exponent, base a positive rational."""

    factor: Fraction
    base: Fraction
    exponent: Fraction

    def equals(self, r: Fraction) -> bool:
        value = rational_power(self.base, self.exponent)
        return value is not None and self.factor * value == r


Exact = Quotient | Logarithm | Root


def rational_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """base ** exponent where it is rational, else None; base > 0. By unique factorisation both parts must be perfect powers."""
    if base == 1:
        return Fraction(1)
    k = exponent.denominator
    top, bottom = _root(base.numerator, k), _root(base.denominator, k)
    if top is None or bottom is None:
        return None
    if abs(exponent.numerator) * max(top.bit_length(), bottom.bit_length()) > 2_000_000:
        raise NoTheorem("a power too large to write out")
    return Fraction(top, bottom) ** exponent.numerator


def _root(a: int, k: int) -> int | None:
    """The integer k-th root of a where there is one."""
    if a == 1 or k == 1:
        return a
    if k >= a.bit_length():
        return None
    root, exact = integer_nthroot(a, k)
    return int(root) if exact else None


def _enclosed(sums: Sums, bits: int) -> tuple[Fraction, Interval]:
    """(e, s): the exponential sum is exp(e) s."""
    top = max(sums)
    terms = []
    for exponent, coefficient in sums.items():
        t = exponent - top
        weight = intervals.exp(intervals.exact(t, bits + t.numerator.bit_length()), bits)
        terms.append(intervals.mul(intervals.exact(coefficient, bits), weight, bits))
    return top, intervals.total(terms, bits)


def _effort(sums: Sums) -> int:
    """What a pass over the terms costs: long coefficients are gone through digit by digit, and reduced by gcd."""
    return sum(1 + ((c.numerator.bit_length() + c.denominator.bit_length()) // 1000) ** 2 for c in sums.values())


def _add(a: Sums, b: Sums) -> Sums:
    total = dict(a)
    for exponent, coefficient in b.items():
        value = total.get(exponent, Fraction(0)) + coefficient
        if value:
            total[exponent] = value
        else:
            total.pop(exponent, None)
    return total


def _scale(a: Sums, factor: Fraction) -> Sums:
    return {e: c * factor for e, c in a.items()} if factor else {}


def _times(a: Sums, b: Sums) -> Sums:
    total: Sums = {}
    for e, c in a.items():
        for f, d in b.items():
            value = total.get(e + f, Fraction(0)) + c * d
            total[e + f] = value
    return {e: c for e, c in total.items() if c}


ONE: Sums = {Fraction(0): Fraction(1)}


def constant(value: Fraction) -> Quotient:
    return Quotient({Fraction(0): value} if value else {}, ONE)


def _constant(v: Exact, what: str) -> Fraction:
    value = v.rational if isinstance(v, Quotient) else None
    if value is None:
        raise NoTheorem(f"{what} of a number that is not plainly rational")
    return value


class ExactArithmetic:
    """Numbers whose equality with a rational a theorem decides, as far as `limit` goes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.left = limit

    def _spend(self, effort: int) -> None:
        self.left -= effort
        if self.left < 0:
            raise NoTheorem("the zero test would be too long")

    def _times(self, a: Sums, b: Sums) -> Sums:
        self._spend(len(a) * _effort(b) + len(b) * _effort(a))
        return _times(a, b)

    def number(self, value: Fraction) -> Quotient:
        return constant(value)

    def apply(self, name: str, *args: Any) -> Exact:
        return getattr(self, f"_{name}")(*args)

    def sum(self, values: Sequence[Any]) -> Exact:
        total: Any = constant(Fraction(0))
        if all(isinstance(v, Quotient) and v.below == values[0].below for v in values):
            self._spend(sum(_effort(v.above) for v in values))
            above: Sums = {}
            for v in values:
                for e, c in v.above.items():
                    above[e] = above.get(e, Fraction(0)) + c
            return Quotient({e: c for e, c in above.items() if c}, values[0].below)
        for v in values:
            total = self._add(total, v)
        return total

    def extremum(self, name: str, values: Sequence[Any]) -> Exact:
        numbers = [_constant(v, name) for v in values]
        return constant(max(numbers) if name == "max" else min(numbers))

    def argmax(self, values: Sequence[Any]) -> int:
        numbers = [_constant(v, "argmax") for v in values]
        return numbers.index(max(numbers))

    def prefers(self, test: Any) -> bool:
        return False  # both forms are one value

    def _neg(self, a: Exact) -> Exact:
        return self._mul(constant(Fraction(-1)), a)

    def _add(self, a: Exact, b: Exact) -> Exact:
        if isinstance(a, Quotient) and isinstance(b, Quotient):
            if a.below == b.below:
                self._spend(_effort(a.above) + _effort(b.above))
                return Quotient(_add(a.above, b.above), a.below)
            above = _add(self._times(a.above, b.below), self._times(b.above, a.below))
            return Quotient(above, self._times(a.below, b.below))
        if isinstance(b, Logarithm) and isinstance(a, Logarithm):
            if a.factor == b.factor:
                return Logarithm(a.shift + b.shift, a.factor, self._quotient(self._mul(a.of, b.of)))
            if a.factor == -b.factor:
                return Logarithm(a.shift + b.shift, a.factor, self._quotient(self._div(a.of, b.of)))
            raise NoTheorem("a sum of two logarithms")
        if isinstance(b, Logarithm):
            a, b = b, a
        if isinstance(a, Logarithm):
            return Logarithm(a.shift + _constant(b, "a logarithm beside the exponential"), a.factor, a.of)
        if isinstance(a, Quotient) and a.rational == 0:
            return b
        if isinstance(b, Quotient) and b.rational == 0:
            return a
        raise NoTheorem("a sum of surds")

    def _sub(self, a: Exact, b: Exact) -> Exact:
        return self._add(a, self._neg(b))

    def _quotient(self, a: Exact) -> Quotient:
        if not isinstance(a, Quotient):
            raise NoTheorem("a logarithm of a logarithm")
        return a

    def _mul(self, a: Exact, b: Exact) -> Exact:
        if isinstance(a, Quotient) and isinstance(b, Quotient):
            return Quotient(self._times(a.above, b.above), self._times(a.below, b.below))
        if isinstance(a, Quotient):
            a, b = b, a
        if isinstance(a, Root) and isinstance(b, Root):
            if a.base == b.base:
                return Root(a.factor * b.factor, a.base, a.exponent + b.exponent)
            raise NoTheorem("a product of surds")
        factor = _constant(b, "a product with the logarithm")
        if isinstance(a, Logarithm):
            return Logarithm(a.shift * factor, a.factor * factor, a.of)
        assert isinstance(a, Root)
        return Root(a.factor * factor, a.base, a.exponent)

    def _div(self, a: Exact, b: Exact) -> Exact:
        if isinstance(b, Root):
            return self._mul(a, Root(1 / b.factor, b.base, -b.exponent))
        if isinstance(b, Quotient):
            if not b.above:
                raise ZeroDivisionError("division by an exact zero")
            return self._mul(a, Quotient(b.below, b.above))
        raise NoTheorem("a quotient by a logarithm")

    def _pow(self, a: Exact, b: Exact) -> Exact:
        exponent = _constant(b, "a power whose exponent is")
        if isinstance(a, Root):
            if a.factor <= 0:
                raise NoTheorem("a power of a surd")
            inner = self._pow(constant(a.factor), b)
            return self._mul(inner, Root(Fraction(1), a.base, a.exponent * exponent))
        quotient = self._quotient(a)
        base = quotient.rational
        if base is None:
            if exponent.denominator == 1 and 0 < exponent.numerator <= 8:
                result: Exact = quotient
                for _ in range(exponent.numerator - 1):
                    result = self._mul(result, quotient)
                return result
            raise NoTheorem("a power of an exponential sum")
        if base == 0:
            return constant(Fraction(0 if exponent else 1))
        if base < 0 and exponent.denominator != 1:
            raise NoTheorem("a root of a negative number")
        if exponent.denominator == 1:
            size = max(abs(base.numerator).bit_length(), base.denominator.bit_length()) * abs(exponent.numerator)
            if abs(base) == 1:
                return constant(base if exponent.numerator % 2 else Fraction(1))
            if size > 2_000_000:
                raise NoTheorem("a power too large to write out")
            return constant(base**exponent.numerator)
        value = rational_power(base, exponent)
        return constant(value) if value is not None else Root(Fraction(1), base, exponent)

    def _exp(self, a: Exact) -> Exact:
        return Quotient({_constant(a, "the exponential"): Fraction(1)}, ONE)

    def _expm1(self, a: Exact) -> Exact:
        return self._sub(self._exp(a), constant(Fraction(1)))

    def _log(self, a: Exact) -> Exact:
        quotient = self._quotient(a)
        if quotient.rational == 1:
            return constant(Fraction(0))
        return Logarithm(Fraction(0), Fraction(1), quotient)

    def _log1p(self, a: Exact) -> Exact:
        return self._log(self._add(constant(Fraction(1)), a))

    def _abs(self, a: Exact) -> Exact:
        return constant(abs(_constant(a, "the modulus")))

    def _sign(self, a: Exact) -> Exact:
        value = _constant(a, "the sign")
        return constant(Fraction((value > 0) - (value < 0)))
