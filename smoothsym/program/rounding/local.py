"""The error of one operation, for what is known of its arguments: what the model says, and less where the result is exact.

A sum of floats within a factor of two of each other is exact (Sterbenz), and so are products with 0, 1 and powers of two, sums with
0, and whatever comes out exactly of numbers that are known exactly. A sum to nearest is off by no more than either of its terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from smoothsym.formats import Format, get
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding.enclosures import Box
from smoothsym.program.rounding.held import UNKNOWN, held, held_sum
from smoothsym.program.rounding.model import FUNCTIONS, Model
from smoothsym.program.summation import BENEATH, foldings

Array = Any

ROUNDED = ("add", "sub", "mul", "div", "sqrt")
"""Operations that are correctly rounded."""
EXACT = ("neg", "abs", "maximum", "minimum")

LEAST = 2.0**-1074
"""What is less is no float64, and not 0."""

_UP = 1 + 2.0**-40
"""More than what the arithmetic on bounds loses."""


@dataclass(frozen=True)
class Rounding:
    """The numbers of a model in a format: u, eta (what underflow adds at most), and where the range begins and ends."""

    fmt: Format
    model: Model

    @cached_property
    def u(self) -> float:
        return float(self.fmt.u) * (2 if self.model.rounding == "directed" else 1)

    @cached_property
    def gradual(self) -> bool:
        return self.model.underflow == "gradual"

    @cached_property
    def eta(self) -> float:
        return float(self.fmt.smallest_subnormal if self.gradual else self.fmt.smallest_normal)

    @cached_property
    def half_eta(self) -> float:
        """What underflow adds to a result that is correctly rounded; half of the smallest float64 is no float64."""
        return (self.eta / 2 or self.eta) if self.gradual and self.model.rounding == "nearest" else self.eta

    @cached_property
    def normal(self) -> float:
        return float(self.fmt.smallest_normal)

    @cached_property
    def largest(self) -> float:
        return float(self.fmt.largest)

    def holds(self, value: Array) -> Array:
        """Whether numbers are numbers of the format."""
        with np.errstate(over="ignore", under="ignore"):
            held = value.astype(self.fmt.dtype).astype(np.float64) == value
        return held if self.gradual else held & ((value == 0) | (np.abs(value) >= self.normal))

    def flushed(self, box: Box) -> Box:
        """With 0, which may stand for what is subnormal."""
        if self.gradual:
            return box
        small = box.mig < self.normal
        return Box(np.where(small, np.minimum(box.lo, 0.0), box.lo), np.where(small, np.maximum(box.hi, 0.0), box.hi))

    def held(self, name: str, args: Sequence[Box], given: Sequence[Array]) -> Array:
        """What floats surely hold of a result: to nearest, what is far beyond the format is an infinity, and what is far below it 0."""
        return held(name, args, given, self.fmt) if self.model.rounding == "nearest" else UNKNOWN

    def held_sum(self, terms: Box, given: Array, axis: int) -> Array:
        return held_sum(terms, given, axis) if self.model.rounding == "nearest" else UNKNOWN

    def after(self, exact: Box, local: Array) -> Box:
        """What a float may hold, and the exact value: infinite where it may overflow."""
        found = self.flushed(boxes.widened(exact, local))
        return Box(np.where(found.lo < -self.largest, -inf, found.lo), np.where(found.hi > self.largest, inf, found.hi))

    def number(self, value: Fraction) -> tuple[Box, Array]:
        """A constant and what stands for it, and how far these are apart."""
        box = self.flushed(constant(value, self.fmt))
        return box, box.width

    # ---- one operation ---------------------------------------------------------------------------------------------------

    def local(self, name: str, args: list[Box], exact: Box) -> Array:
        """The largest error of an operation whose exact result is in a box."""
        small = exact.mig < self.normal
        if name == "ramp":
            lost = self.local("pow", [Box(*(np.maximum(end, 0.0) for end in args[0])), args[1]], exact)
            return np.where((args[0].hi <= 0) | (args[1].point & (args[1].lo == 1)), 0.0, lost)
        if name in EXACT:
            return np.zeros(()) if self.gradual else np.where(small, self.eta, 0.0)
        if name == "sign":
            return exact.width
        if name in FUNCTIONS:
            lost = exact.mag * (self.model.constant(name, self.fmt.name) * self.u) + np.where(small, self.eta, 0.0)
            if name in ("log1p", "expm1") and self.model.identity and self.gradual:
                # Of a subnormal number they are that number, which is as near as its square.
                square = np.maximum(exact.mag * self.u, np.where(exact.mag > 0, LEAST, 0.0))
                lost = np.where(small & (args[0].mag < self.normal), square, lost)
            return np.where(_by_standard(name, args, exact), 0.0, lost * _UP)
        lost = exact.mag * self.u
        if name in ("add", "sub"):
            if self.model.rounding == "nearest":
                lost = np.minimum(lost, np.minimum(args[0].mag, args[1].mag))
            lost = lost if self.gradual else lost + np.where(small, self.eta, 0.0)
        else:
            lost = lost + np.where(small, self.half_eta, 0.0)
        return np.where(self._without_rounding(name, args, exact), 0.0, lost * _UP)

    def _without_rounding(self, name: str, args: list[Box], exact: Box) -> Array:
        """Where a result that is correctly rounded is exact."""
        a, b = args[0], args[-1]
        held = exact.point & self.holds(exact.lo)
        for box in args:
            held = held & box.point
        if name in ("add", "sub"):
            held = held | (a.mag == 0) | (b.mag == 0)
            b = b if name == "sub" else boxes.neg(b)
            near = (a.lo > 0) & (b.lo > 0) & (a.hi <= 2 * b.lo) & (b.hi <= 2 * a.lo)
            below = (a.hi < 0) & (b.hi < 0) & (a.lo >= 2 * b.hi) & (b.lo >= 2 * a.hi)
            return held | ((near | below) & self.gradual)
        if name == "mul":
            held = held | ((a.mag == 0) & b.finite) | ((b.mag == 0) & a.finite)
            return held | self._scales(a, exact) | self._scales(b, exact)
        if name == "div":
            return held | ((a.mag == 0) & ~b.holds(0)) | self._scales(b, exact)
        return held

    def _scales(self, factor: Box, exact: Box) -> Array:
        """Where a factor or divisor is a power of two, and the result keeps all its digits."""
        mantissa, _ = np.frexp(factor.lo)
        whole = (np.abs(factor.lo) == 1) & self.gradual
        return factor.point & (np.abs(mantissa) == 0.5) & (whole | (exact.mig >= self.normal))

    def relative(self, function: str, v: Box, exact: Box) -> Array:
        """The error of log1p(v) / v or expm1(v) / v: that of the function, that of the quotient, and both."""
        k = self.model.constant(function, self.fmt.name)
        small = exact.mig < self.normal
        lost = exact.mag * ((k + 1) * self.u + k * self.u * self.u) + np.where(small, self.half_eta, 0.0)
        if not self.model.identity or not self.gradual:
            # The function is off by eta beside a number that is one eta at least, or both are 0.
            near = v.mig < 2 * self.normal
            lost = lost + np.where(near, 2 * self.eta / np.maximum(v.mig, self.eta), 0.0)
        return lost * _UP

    def converted(self, box: Box) -> Array:
        """The error of one rounding to the format: infinite where the result may overflow."""
        lost = box.mag * self.u + np.where(box.mig < self.normal, self.half_eta, 0.0)
        lost = np.where(box.point & self.holds(box.lo), 0.0, lost * _UP)
        return np.where(self.after(box, lost).finite, lost, inf)

    # ---- sums ------------------------------------------------------------------------------------------------------------

    @cached_property
    def accumulator(self) -> Rounding:
        """The format that sums are taken in."""
        wide = self.model.accumulator(self.fmt.name)
        return self if wide is None else Rounding(get(wide), self.model)

    def sum(self, a: Box, exact: Box, axis: int, contiguous: bool) -> Array:
        """The largest error of a sum: (1 + u)^d - 1 for each term, d the additions that it can go through; a term that is 0 costs none."""
        wide, size = self.accumulator, a.lo.shape[axis]
        terms = np.sum(a.mag != 0, axis=axis)
        sizes = boxes.over(np.where(np.isnan(a.mag), inf, a.mag), (axis,))
        if (order := self.model.order(self.fmt.name)) in ("compensated", "folded"):
            # Rounded once, and the low parts' sum is off by at most gamma_m m 4 u sum |v|, or BENEATH where their unit is coarser:
            # summation.py. (gamma_{n-1}^2 sum |v|, of Ogita, Rump and Oishi's Sum2, is less.) Where eight times the terms overflow,
            # they are added as they stand.
            before = np.minimum(foldings(size) if order == "folded" else 0, np.maximum(terms - 1, 0))
            folded = boxes.upward(_gamma(before, wide.u), sizes)
            once = _gamma(np.where(terms > 1, size + 2, 0), wide.u)
            beneath = once * (4 * size * wide.u) + BENEATH * wide.u * (terms > 1)
            lost = boxes.upward(beneath, sizes + folded) + wide.u * (exact.mag + folded) * (terms > 1)
            lost = np.where(8 * sizes > wide.largest, lost + boxes.upward(once, sizes + folded), lost) + folded
        else:
            depth = self.model.depth(size, self.fmt.name, contiguous)
            lost = boxes.upward(_gamma(np.minimum(depth, np.maximum(terms - 1, 0)), wide.u), sizes)
        if not self.gradual:
            lost = lost + np.where(terms > 1, 4 * terms * wide.eta, 0.0)
        if wide is not self:
            # Rounded once more, from the wider format.
            held = exact.point & (lost == 0) & self.holds(exact.lo)
            small = np.where(exact.mig - lost < self.normal, self.half_eta, 0.0)
            lost = np.where(held, 0.0, lost + self.u * (exact.mag + lost) + small)
        return np.where(lost > 0, lost * _UP, 0.0)


def constant(value: Fraction, fmt: Format, within: bool = False) -> Box:
    """A rational number and the float that stands for it, which is rounded by way of float64 as array libraries do.

    `within`: what is beyond the format is its largest number, and what is no zero is none in the format.
    """
    near, held = nearest(value, fmt, within)
    low = high = np.full(1, near)
    if near in (inf, -inf) or Fraction(near) != value:
        low, high = np.nextafter(low, -inf), np.nextafter(high, inf)
    return Box(low, high) if held == near and low is high else Box(np.minimum(low, held), np.maximum(high, held))


def nearest(value: Fraction, fmt: Format, within: bool = False) -> tuple[float, float]:
    """A rational number as a float64, and that as a float of the format."""
    try:
        near = value.numerator / value.denominator
    except OverflowError:
        near = inf if value > 0 else -inf
    with np.errstate(all="ignore"):
        held = float(np.asarray(near).astype(fmt.dtype).astype(np.float64))
    if within and value:
        size = min(max(abs(held), float(fmt.smallest_subnormal)), float(fmt.largest))
        held = size if value > 0 else -size
    return near, held


def _by_standard(name: str, args: list[Box], exact: Box) -> Array:
    """Where a function is exact, by Annex F of C: exp(0) = 1, log(1) = 0, x^0 = 1, 1^y = 1, and 0 to a positive power."""
    if name == "hypot":
        return (args[0].mag == 0) | (args[1].mag == 0)
    if name == "pow":
        a, q = args
        one = (a.point & (a.lo == 1)) | (q.point & (q.lo == 0))
        return one | ((a.mag == 0) & (q.lo > 0))
    known = (0.0, 1.0, -inf, inf)
    return exact.point & args[0].point & np.isin(exact.lo, known) & np.isin(args[0].lo, known)


def _gamma(count: Array, u: float) -> Array:
    """(1 + u)^m - 1 <= m u / (1 - m u)."""
    product = np.asarray(count) * u
    return np.where(product < 1, product / np.where(product < 1, 1 - product, 1.0), inf) * (1 + 2.0**-50)
