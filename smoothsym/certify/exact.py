"""Whether a value equals a given rational is decided by a theorem, and never looped on.

A program runs in a third arithmetic, whose numbers are quotients of exponential sums with rational data, a power of one, or one
plus another times its logarithm. Then value = r becomes "an exponential sum is zero" (sums.py): by Lindemann-Weierstrass it is
iff no terms are left, and where powers of rationals are written out it is unique factorisation that says so. What leaves these
classes (two logarithms, a sum of roots of sums) has no theorem here, and says so.

Equal terms cancel exactly here, at whatever exponents: what is left of a value is enclosed, and its side of a rational found,
where a program in enclosures would need as many bits as the exponents have units. That takes no theorem: powers too long to be
written out, and a logarithm beside an exponential, are enclosed as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from smoothsym.certify import sums
from smoothsym.certify.closed import Exact, Logarithm, NoTheorem, Power, Quotient, constant, logarithm, power
from smoothsym.certify.sums import LONGEST, ONE, Sums, effort, sign
from smoothsym.certify.thresholds import ExactThresholds

LIMIT = 500_000
"""The effort beyond which the test is not tried: products of short coefficients, a few microseconds each."""

SMALL = 8
"""The whole exponents up to which a power of a sum is multiplied out."""


def _constant(v: Exact, what: str) -> Fraction:
    value = v.rational if isinstance(v, Quotient) else None
    if value is None:
        raise NoTheorem(f"{what} of a number that is not plainly rational")
    return value


class ExactArithmetic(ExactThresholds):
    """Numbers whose equality with a rational a theorem decides, as far as `limit` goes; powers are written out up to `longest` bits."""

    def __init__(self, limit: int = LIMIT, longest: int = LONGEST) -> None:
        self.left, self.longest = limit, longest

    def _spend(self, effort: int) -> None:
        self.left -= effort
        if self.left < 0:
            raise NoTheorem("the zero test would be too long")

    def _times(self, a: Sums, b: Sums) -> Sums:
        self._spend(len(a) * effort(b) + len(b) * effort(a))
        return sums.times(a, b)

    def _plus(self, a: Sums, b: Sums) -> Sums:
        self._spend(effort(a) + effort(b))
        return sums.add(a, b)

    def number(self, value: Fraction) -> Quotient:
        return constant(value)

    def apply(self, name: str, *args: Any) -> Exact:
        return getattr(self, f"_{name}")(*args)

    def sum(self, values: Sequence[Any]) -> Exact:
        total: Any = constant(Fraction(0))
        if all(isinstance(v, Quotient) and v.below == values[0].below for v in values):
            self._spend(sum(effort(v.above) for v in values))
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
                return Quotient(self._plus(a.above, b.above), a.below)
            above = self._plus(self._times(a.above, b.below), self._times(b.above, a.below))
            return Quotient.of(above, self._times(a.below, b.below))
        if isinstance(a, Quotient):
            a, b = b, a
        if isinstance(b, Quotient) and not b.above:
            return a
        if isinstance(a, Logarithm) and isinstance(b, Quotient):
            return logarithm(self._quotients("add", a.shift, b), a.factor, a.of)
        if isinstance(a, Logarithm) and isinstance(b, Logarithm):
            return self._logarithms(a, b)
        if isinstance(a, Power) and isinstance(b, Power) and a.base == b.base:
            return self._powers(a, b)
        raise NoTheorem("a sum of surds, or of one and a logarithm")

    def _logarithms(self, a: Logarithm, b: Logarithm) -> Exact:
        shift = self._quotients("add", a.shift, b.shift)
        if a.of == b.of:
            return logarithm(shift, self._quotients("add", a.factor, b.factor), a.of)
        if a.factor == b.factor:
            return logarithm(shift, a.factor, self._quotients("mul", a.of, b.of))
        if self._neg(a.factor) == b.factor:
            return logarithm(shift, a.factor, self._quotients("div", a.of, b.of))
        raise NoTheorem("a sum of two logarithms")

    def _powers(self, a: Power, b: Power) -> Exact:
        """Powers of one base whose exponents are a whole number apart have the lower one as a factor."""
        if a.exponent < b.exponent:
            a, b = b, a
        lifted = self._mul(a.factor, self._whole(a.base, a.exponent - b.exponent))
        return power(self._quotients("add", lifted, b.factor), b.base, b.exponent)

    def _whole(self, a: Quotient, exponent: Fraction) -> Quotient:
        if exponent.denominator != 1 or abs(exponent) > SMALL:
            raise NoTheorem("a sum of surds")
        if exponent < 0:
            a, exponent = self._quotient(self._div(constant(Fraction(1)), a)), -exponent
        result = constant(Fraction(1))
        for _ in range(exponent.numerator):
            result = self._quotients("mul", result, a)
        return result

    def _quotients(self, name: str, a: Exact, b: Exact) -> Quotient:
        return self._quotient(self.apply(name, a, b))

    def _sub(self, a: Exact, b: Exact) -> Exact:
        return self._add(a, self._neg(b))

    def _quotient(self, a: Exact) -> Quotient:
        if not isinstance(a, Quotient):
            raise NoTheorem("a logarithm of a logarithm, or of a surd")
        return a

    def _mul(self, a: Exact, b: Exact) -> Exact:
        if isinstance(a, Quotient) and isinstance(b, Quotient):
            return Quotient.of(self._times(a.above, b.above), self._times(a.below, b.below))
        if isinstance(a, Quotient):
            a, b = b, a
        if isinstance(a, Power) and isinstance(b, Power) and a.base == b.base:
            factor, exponent = self._quotients("mul", a.factor, b.factor), a.exponent + b.exponent
            if exponent.denominator == 1 and abs(exponent) <= SMALL:
                return self._mul(factor, self._whole(a.base, exponent))
            return power(factor, a.base, exponent)
        if isinstance(a, Logarithm) and isinstance(b, Quotient):
            return logarithm(self._quotients("mul", a.shift, b), self._quotients("mul", a.factor, b), a.of)
        if isinstance(a, Power) and isinstance(b, Quotient):
            return power(self._quotients("mul", a.factor, b), a.base, a.exponent)
        raise NoTheorem("a product of surds, or of logarithms")

    def _div(self, a: Exact, b: Exact) -> Exact:
        if isinstance(b, Power):
            one = constant(Fraction(1))
            return self._mul(a, power(self._quotients("div", one, b.factor), b.base, -b.exponent))
        if isinstance(b, Quotient):
            if not b.above:
                raise ZeroDivisionError("division by an exact zero")
            return self._mul(a, Quotient(b.below, b.above))
        raise NoTheorem("a quotient by a logarithm")

    def _pow(self, a: Exact, b: Exact) -> Exact:
        exponent = _constant(b, "a power whose exponent is")
        if isinstance(a, Power):
            if (factor := a.factor.rational) is None or factor <= 0:
                raise NoTheorem("a power of a surd")
            return self._mul(self._pow(constant(factor), b), self._pow_of(a.base, a.exponent * exponent))
        quotient = self._quotient(a)
        base = quotient.rational
        if base is None:
            return self._pow_of(quotient, exponent)
        if base == 0:
            return constant(Fraction(0 if exponent else 1))
        if base > 0:
            return self._pow_of(quotient, exponent)
        if exponent.denominator != 1:
            raise NoTheorem("a root of a negative number")
        size = Quotient(sums.power(-base, exponent, self.longest), ONE)
        return self._neg(size) if exponent.numerator % 2 else size

    def _pow_of(self, base: Quotient, exponent: Fraction) -> Exact:
        if base.below == ONE and (raised := sums.raised(base.above, exponent, self.longest)) is not None:
            return Quotient(raised, ONE)
        if exponent.denominator == 1 and abs(exponent) <= SMALL:
            return self._whole(base, exponent)
        return power(constant(Fraction(1)), base, exponent)

    def _exp(self, a: Exact) -> Exact:
        return Quotient({_constant(a, "the exponential"): Fraction(1)}, ONE)

    def _expm1(self, a: Exact) -> Exact:
        return self._sub(self._exp(a), constant(Fraction(1)))

    def _log(self, a: Exact) -> Exact:
        return logarithm(constant(Fraction(0)), constant(Fraction(1)), self._quotient(a))

    def _log1p(self, a: Exact) -> Exact:
        return self._log(self._add(constant(Fraction(1)), a))

    def _abs(self, a: Exact) -> Exact:
        return constant(abs(_constant(a, "the modulus")))

    def _sign(self, a: Exact) -> Exact:
        return constant(Fraction(sign(_constant(a, "the sign"))))
