"""Powers that end at 0, and numbers defined by an equation, in enclosures of any engine: signs certify where a falling function is 0.

A function that falls in t is 0 between a point where its enclosure is above 0 and one where it is below. So an enclosure of the
zero takes no derivative and no theorem but the two signs, and what leads to it may be any heuristic.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from fractions import Fraction
from math import ceil, floor
from typing import Any

from mpmath import libmp

from smoothsym.program.intervals import Indeterminate, Interval, Undefined

EDGE = "the input is on the boundary of the support, where there is no derivative of the maximiser"

NOT_CONVEX = "what is taken from <p, x> is not convex at these parameters: no threshold gives the maximum"

STEPS = 60
"""So many looks are taken from a narrow bracket on: where the function is too steep for secants it stays wider than the bits allow."""

NARROW = 1 << 16
"""A bracket is narrow where it is by so much shorter than its ends are far from 0."""

COARSE = 160
"""The precision up to which a search is not begun at fewer bits."""

CLIPPED = ("ramp", "ramplog", "qexp", "xqlog", "xqlog1")

Ends = tuple[int, int]


class Clipped:
    """What an arithmetic of enclosures gains; it has `bits`, `number`, `apply`, `interval`, and `hull` of two rationals or of 0 and a number."""

    bits: int
    number: Callable[[Fraction], Any]
    apply: Callable[..., Any]
    interval: Callable[[Any], Interval]
    hull: Callable[[Fraction, Fraction], Any]
    from_zero: Callable[[Any], Any]
    working: Callable[[], AbstractContextManager[None]]

    def signs(self, value: Any) -> Ends:
        """The signs of both ends."""
        low, high = self.interval(value)
        return int(libmp.mpf_sign(low)), int(libmp.mpf_sign(high))

    @property
    def nothing(self) -> Any:
        return self.number(Fraction(0))

    def ramp(self, t: Any, a: Any) -> Any:
        """t^a for t > 0, 0 for t < 0; at 0 it is 0 where a > 0."""
        low, high = self.signs(t)
        if high < 0:
            return self.nothing
        if low > 0:
            return self.apply("pow", t, a)
        if self.signs(a)[0] > 0:
            return self.from_zero(self.apply("pow", self._upper(t), a)) if high else self.nothing
        raise (Undefined if (low, high) == (0, 0) else Indeterminate)(EDGE)

    def ramplog(self, t: Any, a: Any) -> Any:
        """t^a log(t) for t > 0, 0 for t < 0; between 0 and 1 it lies above -t^(a/2)/a."""
        low, high = self.signs(t)
        if high < 0:
            return self.nothing
        if low > 0:
            return self.apply("mul", self.apply("pow", t, a), self.apply("log", t))
        if self.signs(a)[0] > 0:
            if high == 0:
                return self.nothing
            if self.signs(self.apply("sub", t, self.number(Fraction(1))))[1] <= 0:
                half = self.ramp(t, self.apply("mul", a, self.number(Fraction(1, 2))))
                return self.apply("neg", self.from_zero(self.apply("div", half, a)))
        raise (Undefined if (low, high) == (0, 0) else Indeterminate)(EDGE)

    def qexp(self, t: Any, r: Any, e: Any) -> Any:
        """[1 + r t]_+^(e/r), exp(e t) for r = 0."""
        if self._zero(r):
            return self.apply("exp", self.apply("mul", e, t))
        base = self.apply("add", self.number(Fraction(1)), self.apply("mul", r, t))
        return self.ramp(base, self.apply("div", e, r))

    def xqlog(self, t: Any, r: Any) -> Any:
        """(t^(1 + r) - t)/r, t log(t) for r = 0, t >= 0."""
        one = self.number(Fraction(1))
        if self.signs(t)[1] < 0:
            raise Undefined("the q-logarithm of a negative number")
        if self._zero(r):
            return self.ramplog(t, one)
        power = self.ramp(t, self.apply("add", one, r))
        return self.apply("div", self.apply("sub", power, self.ramp(t, one)), r)

    def xqlog1(self, t: Any, r: Any) -> Any:
        """The derivative of xqlog by r, t log(t)^2/2 for r = 0: r xqlog1 + xqlog = t^(1 + r) log(t)."""
        one = self.number(Fraction(1))
        if not self._zero(r):
            power = self.ramplog(t, self.apply("add", one, r))
            return self.apply("div", self.apply("sub", power, self.xqlog(t, r)), r)
        half = self.ramplog(t, self.number(Fraction(1, 2)))
        return self.apply("mul", self.number(Fraction(1, 2)), self.apply("mul", half, half))

    def _zero(self, r: Any) -> bool:
        low, high = self.signs(r)
        if low * high > 0:
            return False
        if (low, high) == (0, 0):
            return True
        raise Indeterminate("an order that is not known to differ from that of the logarithm")

    def _upper(self, t: Any) -> Any:
        return self.number(fraction(self.interval(t)[1]))

    # ---- where a falling function is 0 -----------------------------------------------------------------------------------------

    def level(self, balance: Callable[..., Any], low: Any, high: Any) -> Any:
        """Where a falling function is 0, which is known to lie between low and high."""
        if self.signs(self.apply("sub", low, high))[0] > 0:
            raise Undefined(NOT_CONVEX)
        if self.bits > COARSE:
            # Most of the search is done at fewer bits, and this leaves a bracket so narrow that a few secants do.
            coarse = type(self)(self.bits // 2)  # type: ignore[call-arg]
            with coarse.working(), suppress(Indeterminate):
                low = high = coarse.level(lambda t, less=coarse: balance(t, less), low, high)
        ends = fraction(self.interval(low)[0]), fraction(self.interval(high)[1])
        return self.hull(*_Bracket(self, balance, self.bits).around(*ends))

    def inverse(self, balance: Callable[[Any], Any]) -> Any:
        """Where a falling function is 0, from 0 on; 0 where it is not positive at any."""
        bracket = _Bracket(self, balance, self.bits)
        try:
            if self.signs(balance(self.nothing))[1] <= 0:
                return self.nothing
        except (Indeterminate, Undefined, ZeroDivisionError):
            pass  # a slope that is infinite at 0
        high = Fraction(1)
        while bracket.sign(high) >= 0:
            high *= 2
            if high > 1 << self.bits:
                raise Indeterminate("a slope is not known to exceed a number")
        low, digits = high / 2, 1
        while bracket.sign(low) <= 0:
            low, digits = low / (1 << digits), 2 * digits
            if digits > 8 * self.bits:
                return self.hull(Fraction(0), low * (1 << digits // 2))
        return self.hull(*bracket.around(low, high))


class _Bracket:
    """A search by secants, safeguarded by halving, whose ends are certified."""

    def __init__(self, arithmetic: Any, balance: Callable[[Any], Any], bits: int) -> None:
        self.arithmetic, self.balance, self.bits = arithmetic, balance, bits
        self.last = (Fraction(0), Fraction(0))
        """The ends of the function where it was looked at last."""

    def sign(self, t: Fraction) -> int:
        """1 or -1 where the sign is certain."""
        low, high = self.arithmetic.interval(self.balance(self.arithmetic.number(t)))
        self.last = fraction(low), fraction(high)
        return 1 if self.last[0] > 0 else -1 if self.last[1] < 0 else 0

    def _value(self) -> Fraction:
        return _short((self.last[0] + self.last[1]) / 2, self.bits)

    def around(self, a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
        """Two points between which the function is 0, within [a, b] and as near to one another as the bits tell."""
        first, last = a, b
        tiny = max(abs(a), abs(b)) / (1 << self.bits)
        if a >= b or (at_a := self.sign(a)) < 0:
            return a, min(a, b)
        fa = self._value()
        if at_a == 0:
            return a, self._outward(a, 1, last, tiny)
        if self.sign(b) == 0:
            return self._outward(b, -1, first, tiny), b
        fb, side = self._value(), 0
        true_a, true_b, fall = fa, fb, fa - fb
        width = b - a
        for step in range(1, 2 * self.bits if self.bits <= COARSE else STEPS):
            if b - a <= tiny:
                break
            t = _short(a + (b - a) * fa / (fa - fb), self.bits + 8) if fa != fb else a
            if step == 1 and b - a < max(abs(a), abs(b)) / NARROW:
                # At a kink, where an entry lies on the threshold itself, secants are slow; but there it is a number like an entry.
                t = roundest(a, b)
            if step % 2 == 0:
                if b - a > width / 2:
                    t = _short((a + b) / 2, self.bits + 8)
                width = b - a
            if not a < t < b:
                t = (a + b) / 2
            found = self.sign(t)
            if found == 0:
                # As far as the balance is not known there, by its slope between the ends.
                near = max(tiny, 2 * (self.last[1] - self.last[0]) * (b - a) / (fall or 1))
                return self._outward(t, -1, first, near), self._outward(t, 1, last, near)
            if found > 0:
                a, fa = t, self._value()
                fb, side = (fb / 2 if side > 0 else fb), 1
                fall = fa - true_b
                true_a = fa
            else:
                b, fb = t, self._value()
                fa, side = (fa / 2 if side < 0 else fa), -1
                true_b = fb
                fall = true_a - fb
        return a, b

    def _outward(self, t: Fraction, way: int, end: Fraction, tiny: Fraction) -> Fraction:
        """From a point where the sign is not known, outward to where it is."""
        distance = tiny
        while (end - t) * way > distance:
            at = _short(t + way * distance, self.bits + 8)
            if self.sign(at) == -way and (at - t) * way > 0:
                return at
            distance *= 4
        return end


def fraction(raw: Any) -> Fraction:
    """An mpf as the rational that it is."""
    sign, man, exponent, _ = raw
    size = Fraction(int(man)) * Fraction(2) ** int(exponent)
    return -size if sign else size


def roundest(a: Fraction, b: Fraction) -> Fraction:
    """The dyadic number of fewest bits between two numbers of one sign.

    >>> roundest(Fraction(57, 64), Fraction(59, 64)), roundest(-Fraction(1, 3), -Fraction(1, 5))
    (Fraction(29, 32), Fraction(-1, 4))
    """
    if b <= 0:
        return -roundest(-b, -a)
    scale = Fraction(2) ** (1 + (b - a).denominator.bit_length() - (b - a).numerator.bit_length())
    low, high = floor(a * scale), ceil(b * scale) - 1
    while (rounder := high & (high - 1)) > low:
        high = rounder
    return high / scale


def _short(value: Fraction, bits: int) -> Fraction:
    """A rational rounded to a dyadic one of so many bits."""
    if not value:
        return value
    shift = bits - value.numerator.bit_length() + value.denominator.bit_length()
    scale = Fraction(2) ** shift
    return round(value * scale) / scale
