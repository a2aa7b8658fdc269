"""The numbers whose equality with a rational a theorem decides: quotients of exponential sums, their powers, their logarithms.

For each, value = r becomes "an exponential sum is zero" (sums.py), and the side of r on which it lies the sign of that sum. Where no
theorem says that a sum without cancelled terms is not zero, the number says why it is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from mpmath import libmp

from smoothsym.certify import sums
from smoothsym.certify.sums import ONE, Enclosing, Sums, sign
from smoothsym.program.intervals import Interval
from smoothsym.program.intervals import exact as exactly

TRANSCENDENT = "Lindemann-Weierstrass"
UNIQUE = "unique factorisation"


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

    @property
    def doubt(self) -> str:
        """Why the value may equal a rational although no terms cancel; empty where a theorem says that it does not."""
        if not (sums.has_logs(self.above) or sums.has_logs(self.below)):
            return ""
        if self.below == ONE and len(surds := self.above.keys() - ONE.keys()) == 1 and sums.irrational(*surds):
            return ""
        return "a sum of powers that are irrational or too long"

    @property
    def theorem(self) -> str:
        """What decides whether the value is a rational, where there is no doubt."""
        exponents = {*self.above, *self.below}
        if exponents <= ONE.keys():
            return "rational arithmetic"
        return UNIQUE if sums.has_logs(self.above) else TRANSCENDENT

    def less(self, r: Fraction) -> Sums:
        """A sum that has the sign of the value less r, but for that of the divisor."""
        return sums.add(self.above, sums.scale(self.below, -r))

    def equals(self, r: Fraction) -> bool:
        return not self.less(r)

    def side(self, r: Fraction, bits: int, engine: str = "mpmath") -> int | None:
        """The sign of the value less r; None where the bits do not tell it."""
        return _signs(bits, engine, self.less(r), self.below)

    def within(self, work: Enclosing) -> Any:
        """The value as a number of an arithmetic of enclosures."""
        return work.quotient(self.above, self.below)

    @classmethod
    def of(cls, above: Sums, below: Sums) -> Quotient:
        """A quotient without a divisor where that has one term."""
        return cls(*sums.quotient(above, below))


@dataclass(frozen=True)
class Logarithm:
    """shift + factor * log(of)."""

    shift: Quotient
    factor: Quotient
    of: Quotient

    theorem = TRANSCENDENT

    @property
    def doubt(self) -> str:
        if self.shift.rational is None or self.factor.rational is None:
            return "a logarithm beside an exponential"
        return self.of.doubt

    def _difference(self, r: Fraction) -> Sums | None:
        """A sum that has the sign of (value less r) / factor, but for that of its divisor."""
        shift, factor = self.shift.rational, self.factor.rational
        if shift is None or not factor:
            return None
        return sums.add(self.of.above, sums.times(self.of.below, {(r - shift) / factor: Fraction(-1)}))

    def equals(self, r: Fraction) -> bool:
        return self._difference(r) == {}

    def side(self, r: Fraction, bits: int, engine: str = "mpmath") -> int | None:
        """The sign of the value less r; None where the bits do not tell it."""
        difference = self._difference(r)
        if difference is None:
            return _apart(self, r, bits, engine)
        side = _signs(bits, engine, difference, self.of.below)
        return None if side is None else side * sign(self.factor.rational or Fraction(0))

    def within(self, work: Enclosing) -> Any:
        """The value as a number of an arithmetic of enclosures; the logarithm of what is near 1 by its difference from 1."""
        apply, one = work.arithmetic.apply, work.arithmetic.number(Fraction(1))
        excess = work.quotient(self.of.less(Fraction(1)), self.of.below)
        low, high = work.arithmetic.interval(excess)
        near = libmp.mpf_gt(low, libmp.mpf_neg(libmp.fhalf)) and libmp.mpf_lt(high, libmp.fone)
        logarithm = apply("log1p", excess) if near else apply("log", apply("add", one, excess))
        return apply("add", self.shift.within(work), apply("mul", self.factor.within(work), logarithm))


@dataclass(frozen=True)
class Power:
    """factor * base ** exponent, base a positive quotient that is no rational."""

    factor: Quotient
    base: Quotient
    exponent: Fraction

    theorem = TRANSCENDENT

    @property
    def doubt(self) -> str:
        return self.base.doubt or (
            "" if self.factor.rational is not None else "a power of an exponential sum beside one"
        )

    def _root(self, r: Fraction) -> Sums | None:
        """What the base is where the value is r."""
        factor = self.factor.rational
        if not factor or r / factor <= 0:
            return None
        return sums.power(r / factor, 1 / self.exponent)

    def equals(self, r: Fraction) -> bool:
        if r == 0:
            return not self.factor.above
        root = self._root(r)
        return root is not None and not self._beyond(root)

    def _beyond(self, root: Sums) -> Sums:
        return sums.add(self.base.above, sums.scale(sums.times(self.base.below, root), Fraction(-1)))

    def side(self, r: Fraction, bits: int, engine: str = "mpmath") -> int | None:
        """The sign of the value less r; None where the bits do not tell it."""
        factor = self.factor.rational
        if r == 0:
            return _signs(bits, engine, self.factor.above, self.factor.below)
        root = self._root(r)
        if root is None:
            return _apart(self, r, bits, engine) if factor is None else sign(factor) or sign(-r)
        side = _signs(bits, engine, self._beyond(root), self.base.below)
        return None if side is None else side * sign(self.exponent) * sign(factor or Fraction(0))

    def within(self, work: Enclosing) -> Any:
        """The value as a number of an arithmetic of enclosures."""
        apply = work.arithmetic.apply
        power = apply("pow", self.base.within(work), work.arithmetic.number(self.exponent))
        return apply("mul", self.factor.within(work), power)


Exact = Quotient | Logarithm | Power


def enclosed(value: Exact, bits: int, engine: str = "mpmath") -> Interval:
    """An interval that holds the value. Raises Indeterminate where the bits do not tell a divisor from 0."""
    work = Enclosing(bits, engine)
    with work.arithmetic.working():
        found: Interval = work.arithmetic.interval(value.within(work))
    return found


def _apart(value: Exact, r: Fraction, bits: int, engine: str) -> int | None:
    """The side of r on which an enclosure of the value lies as a whole."""
    low, high = enclosed(value, bits, engine)
    below, above = exactly(r, bits)
    return 1 if libmp.mpf_gt(low, above) else -1 if libmp.mpf_lt(high, below) else None


def _signs(bits: int, engine: str, *factors: Sums) -> int | None:
    """The sign of a product of sums."""
    found = [sums.sign_of(factor, bits, engine) for factor in factors]
    if 0 in found:
        return 0
    return None if None in found else prod(q for q in found if q is not None)


def constant(value: Fraction) -> Quotient:
    return Quotient(sums.plain(value), ONE)


def logarithm(shift: Quotient, factor: Quotient, of: Quotient) -> Exact:
    """shift + factor * log(of), without the logarithm where that has no part."""
    return shift if not factor.above or of.rational == 1 else Logarithm(shift, factor, of)


def power(factor: Quotient, base: Quotient, exponent: Fraction) -> Exact:
    """factor * base ** exponent, 0 where the factor is."""
    return Power(factor, base, exponent) if factor.above else factor
