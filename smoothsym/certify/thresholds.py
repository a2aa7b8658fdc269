"""Thresholds of rational data, exactly: a guess from a few values, which is taken only if the balance is exactly 0 there.

Between two neighbouring entries the balance of a threshold is a polynomial where the powers in it are whole. Where its degree there
is 1 or 2, values at two or three rational points have its root; so have the ends of the bracket, where one entry has all
the weight, or all have the same. How the guess was made does not matter: the balance at it is computed exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from smoothsym.certify.closed import Exact, Logarithm, NoTheorem, Quotient, constant
from smoothsym.certify.sums import sign
from smoothsym.program.clipped import EDGE, NOT_CONVEX
from smoothsym.program.intervals import Undefined

WIDTHS = (40, 160, 640)
"""How near to the root, in bits, the values are taken: nearer than the next entry to leave the support, or one more time nearer."""

LINES, LONGEST = 40, 1 << 16
"""So many lines are followed, and no further than to numbers of so many bits."""

HALVINGS = 300
"""How often a bracket is halved before the simplest rational in it is tried: of those with 140 bits it holds one."""

PRECISIONS = (64, 256, 1024)


class ExactThresholds:
    """What exact arithmetic gains; `apply` is its own."""

    apply: Callable[..., Any]

    def _side(self, t: Exact) -> int:
        """The sign of a number. Raises NoTheorem where it is not found."""
        if isinstance(t, Quotient) and t.rational is not None:
            return sign(t.rational)
        if t.equals(Fraction(0)):
            return 0
        found = next((side for bits in PRECISIONS if (side := t.side(Fraction(0), bits)) is not None), None)
        if found is None:
            raise NoTheorem("a power of a number whose sign is not known")
        return found

    def _ramp(self, t: Exact, a: Exact) -> Exact:
        return self._clipped(t, a) or self.apply("pow", t, a)

    def _ramplog(self, t: Exact, a: Exact) -> Exact:
        if (found := self._clipped(t, a)) is not None:
            return found
        return self._times_log(self.apply("pow", t, a), t)

    def _clipped(self, t: Exact, a: Exact) -> Exact | None:
        """0 for what is clipped, None for a positive t."""
        if (side := self._side(t)) > 0:
            return None
        if side == 0 and self._side(a) <= 0:
            raise Undefined(EDGE)
        return constant(Fraction(0))

    def _times_log(self, a: Exact, t: Exact) -> Exact:
        return constant(Fraction(0)) if t.equals(Fraction(1)) else self.apply("mul", a, self.apply("log", t))

    def _qexp(self, t: Exact, r: Exact, e: Exact) -> Exact:
        if self._side(r) == 0:
            return self.apply("exp", self.apply("mul", e, t))
        base = self.apply("add", constant(Fraction(1)), self.apply("mul", r, t))
        return self._ramp(base, self.apply("div", e, r))

    def _xqlog(self, t: Exact, r: Exact) -> Exact:
        one = constant(Fraction(1))
        if self._side(r) == 0:
            return self._clipped(t, one) or self._times_log(t, t)
        power = self._ramp(t, self.apply("add", one, r))
        return self.apply("div", self.apply("sub", power, t), r)

    def _xqlog1(self, t: Exact, r: Exact) -> Exact:
        one = constant(Fraction(1))
        if self._side(r) == 0:
            if (found := self._clipped(t, one)) is not None or t.equals(Fraction(1)):
                return found or constant(Fraction(0))
            raise NoTheorem("the square of a logarithm")
        power = self._ramplog(t, self.apply("add", one, r))
        return self.apply("div", self.apply("sub", power, self._xqlog(t, r)), r)

    def inverse(self, balance: Callable[[Any], Any]) -> Exact:
        raise NoTheorem("the inverse of a slope that is solved for numerically")

    def level(self, balance: Callable[[Any], Any], low: Any, high: Any) -> Exact:
        """Where a balance is exactly 0. Raises NoTheorem where no guess is right."""
        if self._side(self.apply("sub", low, high)) > 0:
            raise Undefined(NOT_CONVEX)
        for guess in self._guesses(balance, low, high):
            try:
                if balance(guess).equals(Fraction(0)):
                    return guess
            except (NoTheorem, ZeroDivisionError):
                continue
        raise NoTheorem("a threshold that solves no equation of degree 1 or 2")

    def _guesses(self, balance: Callable[[Any], Any], low: Exact, high: Exact) -> Iterator[Exact]:
        yield from (low, high)
        a, b = (end.rational if isinstance(end, Quotient) else None for end in (low, high))
        if a is None or b is None or a >= b:
            return

        def value(t: Fraction) -> Fraction:
            found = balance(constant(t))
            rational = None if isinstance(found, Logarithm) else getattr(found, "rational", None)
            if rational is None:
                raise NoTheorem("a threshold whose equation has irrational powers")
            return Fraction(rational)

        try:
            value(a), value((a + b) / 2)
        except NoTheorem:
            yield self._simplest(balance, a, b)
            return
        yield from self._newton(value, a)
        whole = b - a
        for bits in WIDTHS:
            while (b - a) * (1 << bits) > whole:
                middle = (a + b) / 2
                a, b = (middle, b) if value(middle) > 0 else (a, middle)
            for start, step in ((a, a - b), (b, b - a)):
                points = [start + k * step for k in range(3)]
                yield from self._roots(points, [value(t) for t in points], start)

    def _simplest(self, balance: Callable[[Any], Any], a: Fraction, b: Fraction) -> Exact:
        """The simplest rational where signs leave it: powers that are irrational elsewhere may be rational at the root."""
        for _ in range(HALVINGS):
            middle = (a + b) / 2
            side = self._side(balance(constant(middle)))
            if side == 0:
                return constant(middle)
            a, b = (middle, b) if side > 0 else (a, middle)
        return constant(((a + b) / 2).limit_denominator(1 << (HALVINGS // 2 - 8)))

    def _newton(self, value: Callable[[Fraction], Fraction], t: Fraction) -> Iterator[Exact]:
        """The roots of lines: of a balance of straight pieces, which falls ever less, one of them after a few is its own."""
        for _ in range(LINES):
            step = (abs(t) + 1) / (1 << WIDTHS[-1])
            height = value(t)
            slope = (value(t + step) - height) / step
            if not slope or not height:
                return
            t -= height / slope
            if t.denominator.bit_length() > LONGEST:
                return
            yield constant(t)

    def _roots(self, t: list[Fraction], f: list[Fraction], near: Fraction) -> Iterator[Exact]:
        """The roots of the line and of the parabola through points at equal distances."""
        h = t[1] - t[0]
        slope, bend = (f[1] - f[0]) / h, (f[2] - 2 * f[1] + f[0]) / (2 * h * h)
        if slope:
            yield constant(t[0] - f[0] / slope)
        if not bend:
            return
        # f = bend u^2 + (slope - bend h) u + f[0], u measured from the first point.
        middle = -(slope - bend * h) / (2 * bend)
        square = middle**2 - f[0] / bend
        if square >= 0:
            root = self.apply("pow", constant(square), constant(Fraction(1, 2)))
            for way in (1, -1):
                turned = self.apply("mul", constant(Fraction(way)), root)
                yield self.apply("add", constant(near + middle), turned)
