"""The errors of operations on pairs of floats, as program/pairs states them: what compensated kernels compute with.

Relative to the result they are a few u^2, those of functions more, and beside that what is lost below the smallest number. The result
of a program is the head of a pair, which is the pair rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from smoothsym.formats import get
from smoothsym.program.pairs.arithmetic import RELATIVE
from smoothsym.program.pairs.functions import FUNCTIONS
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding.enclosures import Box
from smoothsym.program.rounding.held import held, held_sum
from smoothsym.program.rounding.local import EXACT, Rounding, constant

Array = Any

BELOW = 8
"""How many of the smallest numbers an operation may be off by, where it loses what is below them."""
LONGEST = {"float32": 1000, "float64": 40_000}
"""For how many terms the error of a sum is the one that is stated."""


class Paired(Rounding):
    """Operations on pairs of floats of a format, float32 or float64."""

    def held(self, name: str, args: Sequence[Box], given: Sequence[Array]) -> Array:
        """Only 0: what is beyond the format may leave no number. Halves of digits and what is left of a pair may be larger than its head says."""
        return _nothing(held(name, args, given, self.fmt, spare=1))

    def held_sum(self, terms: Box, given: Array, axis: int) -> Array:
        return _nothing(held_sum(terms, given, axis))

    def stated(self, name: str) -> float:
        """The relative error of an operation."""
        square = float(self.fmt.u) ** 2
        return RELATIVE[name] * square if name in RELATIVE else FUNCTIONS[self.fmt.name][name]

    def of_sum(self, size: int) -> float:
        """The error of a sum of so many terms, relative to the sum of their moduli."""
        rel, u = self.stated("sum"), float(self.fmt.u)
        if size > LONGEST[self.fmt.name]:
            rel += 100 * size**3 * u**3 if self.fmt.name == "float64" else 100 * size**4 * u**4
        return rel

    def local(self, name: str, args: list[Box], exact: Box) -> Array:
        if name == "ramp":
            lost = self.local("pow", args, exact)
            return np.where((args[0].hi <= 0) | (args[1].point & (args[1].lo == 1)), 0.0, lost)
        if name == "xqlog":
            return self._xqlog(args[0], args[1], exact)
        if name == "qexp":
            raise ValueError("the operation 'qexp' on pairs of floats has no rounding rule; take the stable kernel")
        if name in EXACT or name == "sign":
            return super().local(name, args, exact)
        lost = (exact.mag * self.stated(name) + BELOW * self.eta) * (1 + 2.0**-40)
        return np.where(self._of_floats(name, args, exact), 0.0, lost)

    def _of_floats(self, name: str, args: list[Box], exact: Box) -> Array:
        """Where a pair has all of the result: of sums of two floats; of what is a float, of products where that is not near the end of the range."""
        if name not in ("add", "sub", "mul", "div"):
            return np.zeros(np.shape(exact.lo), dtype=bool)
        held = exact.finite
        for box in args:
            held = held & box.point & self.holds(box.lo)
        if name in ("add", "sub"):
            return held
        held = held & exact.point & self.holds(exact.lo)
        return held & ((exact.lo == 0) | (exact.mig >= self.normal / float(self.fmt.u)))

    def _xqlog(self, t: Box, r: Box, exact: Box) -> Array:
        """t expm1(r log(t))/r: by its own factors, and by the logarithm, t^(1 + r) |log(t)| times what that is off by."""
        top = np.maximum(t.hi, 2.0**-1074)
        size = np.abs(np.log(top))
        rising = np.where(top < 0.36, top * size, np.maximum(0.3679, top * size)) * np.maximum(1.0, top**r.hi)
        steep = np.maximum(0.3679 / np.maximum(1 + r.lo, 2.0**-60), top ** (1 + r.lo) * size)
        spread = np.where(r.lo >= 0, rising, steep) * (1 + 2.0**-40)
        own = self.stated("expm1") + self.stated("div") + self.stated("mul")
        lost = exact.mag * own + spread * (self.stated("log") + self.stated("mul"))
        below = 2 * BELOW * self.eta * (1 + 1 / np.where(r.mag > 0, np.minimum(r.mag, 1.0), 1.0))
        return np.where(t.hi <= 0, 0.0, lost * (1 + 2.0**-40) + below)

    def relative(self, function: str, v: Box, exact: Box) -> Array:
        rel = (self.stated(function) + self.stated("div")) * (1 + 2.0**-30)
        return exact.mag * rel + BELOW * self.eta + BELOW * self.eta / np.maximum(v.mig, self.eta) * (1 + 2.0**-40)

    def sum(self, a: Box, exact: Box, axis: int, contiguous: bool) -> Array:
        rel = self.of_sum(a.lo.shape[axis])
        sizes = boxes.over(np.where(np.isnan(a.mag), np.inf, a.mag), (axis,))
        several = np.sum(a.mag != 0, axis=axis) > 1
        return np.where(several, boxes.upward(sizes, np.float64(rel)) + BELOW * self.eta, 0.0)

    def number(self, value: Fraction) -> tuple[Box, Array]:
        box = constant(value, self.fmt)
        if np.all(box.point):
            return box, np.zeros(1)
        local = box.mag * (2 * float(self.fmt.u) ** 2) + self.eta
        return boxes.widened(constant(value, get("float64")), local), local


def _nothing(found: Array) -> Array:
    return np.where(np.equal(found, 0), 0.0, np.nan)
