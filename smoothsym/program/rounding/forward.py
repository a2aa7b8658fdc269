"""What floats may hold: a program run in enclosures that take in, at every operation, its rounding error.

For each operation there is the box of its exact function over the boxes of its arguments, the largest error of the operation itself
(its local error), and the box of both together, which holds the exact value, the float, and all that lies between them on the path
that errors.py follows. With these come the slopes of the operation over that path.

A local error takes in what is known of the case: a sum of floats within a factor of two of each other is exact (Sterbenz), and so
are products with 0, 1 and powers of two, sums with 0, and whatever comes out exactly of numbers that are known exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from smoothsym.formats import Format, get
from smoothsym.program.lower import Operation, Program
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.model import Model

Array = Any

ROUNDED = ("add", "sub", "mul", "div", "sqrt")
"""Operations that are correctly rounded."""
FUNCTIONS = {"exp": "exp", "log": "log", "log1p": "log1p", "expm1": "expm1", "pow": "pow", "hypot": "hypot"}
REDUCTIONS = ("sum", "max", "min")
KNOWN = (
    "x", "symbol", "number", "length", "iota", "position", "take", "argmax", "same", "without", "either", "neg", "abs", "sign", "maximum",
    "minimum", *ROUNDED, *FUNCTIONS, *REDUCTIONS,
)  # fmt: skip
ONE, MINUS = point(np.float64(1.0)), point(np.float64(-1.0))


@dataclass(frozen=True)
class Rounding:
    """The numbers of a model in a format: u, eta (what underflow adds at most), and where the range begins and ends."""

    fmt: Format
    model: Model

    @property
    def u(self) -> float:
        return float(self.fmt.u) * (2 if self.model.rounding == "directed" else 1)

    @property
    def eta(self) -> float:
        return float(self.fmt.smallest_subnormal if self.model.underflow == "gradual" else self.fmt.smallest_normal)

    @property
    def half_eta(self) -> float:
        """What underflow adds to a result that is correctly rounded."""
        return self.eta / 2 if self.model.underflow == "gradual" and self.model.rounding == "nearest" else self.eta

    @property
    def normal(self) -> float:
        return float(self.fmt.smallest_normal)

    @property
    def largest(self) -> float:
        return float(self.fmt.largest)

    def holds(self, value: Array) -> Array:
        """Whether numbers are numbers of the format."""
        with np.errstate(over="ignore", under="ignore"):
            held = value.astype(self.fmt.dtype).astype(np.float64) == value
        return held if self.model.underflow == "gradual" else held & ((value == 0) | (np.abs(value) >= self.normal))

    def flushed(self, box: Box) -> Box:
        """With 0, which may stand for what is subnormal."""
        if self.model.underflow == "gradual":
            return box
        small = box.mig < self.normal
        return Box(np.where(small, np.minimum(box.lo, 0.0), box.lo), np.where(small, np.maximum(box.hi, 0.0), box.hi))

    def after(self, exact: Box, local: Array) -> Box:
        """What a float may hold, and the exact value: infinite where it may overflow."""
        found = self.flushed(boxes.widened(exact, local))
        return Box(np.where(found.lo < -self.largest, -inf, found.lo), np.where(found.hi > self.largest, inf, found.hi))


@dataclass
class Step:
    """One operation on rows: its exact function over the boxes of its arguments, its local error, both together, and its slopes.

    Boxes have the rows along the first axis (one for all, where that is the same). `unsure` says whether anything here or before
    can be off; `slopes`, one for each argument, are None for an argument without a part in the error.
    """

    exact: Box
    local: Array
    box: Box
    slopes: tuple[Box | None, ...] = ()
    unsure: bool = False
    choice: tuple[Array, Array] | None = None
    place: Array | None = None


@dataclass
class Forward:
    """A program run on rows in a format. Raises ValueError for an operation without a rounding rule."""

    program: Program
    vectors: Mapping[str, Box]
    symbols: Mapping[str, Box]
    rounding: Rounding
    positions: Mapping[str, int] = field(default_factory=dict)
    weightless: Array | None = None
    steps: list[Step] = field(default_factory=list)
    integers: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = int(next(iter(self.vectors.values())).lo.shape[-1])
        with np.errstate(all="ignore"):
            for number, operation in enumerate(self.program.operations):
                self.steps.append(self._step(number, operation))

    # ---- one operation -------------------------------------------------------------------------------------------------------

    def _step(self, number: int, operation: Operation) -> Step:
        name, datum = operation.name, operation.datum
        if name not in KNOWN:
            raise ValueError(f"the operation {name!r} has no rounding rule; known: {', '.join(KNOWN)}")
        if name == "x":
            return self._given(self.vectors[str(datum)])
        if name == "symbol":
            return self._given(self.symbols[str(datum)])
        if name in ("iota", "position", "argmax") or (isinstance(datum, int) and name == "number"):
            self.integers[number] = self._integer(operation)
            return Step(ONE, 0.0, ONE)
        if name in ("number", "length"):
            return self._given(constant(Fraction(self.size if name == "length" else datum), self.rounding.fmt))  # type: ignore[arg-type]
        if name == "same":
            a, b = (self._integer_at(operation, q) for q in range(2))
            return self._sure(point((a == b).astype(np.float64)))
        if name == "without":
            return self._without(operation)
        if name == "take":
            return self._take(operation)
        if name == "either":
            return self._either(operation)
        if name in REDUCTIONS:
            return self._reduced(operation)
        return self._mapped(operation)

    def _given(self, box: Box) -> Step:
        """What is given: its error is that of its conversion to the format."""
        box = self.rounding.flushed(box)
        return Step(box, box.width, box, unsure=bool(np.any(~box.point)))

    def _sure(self, box: Box) -> Step:
        return Step(box, 0.0, box)

    def _integer(self, operation: Operation) -> Any:
        if operation.name == "iota":
            return np.arange(self.size)[None, :]
        if operation.name == "position":
            return np.array([self.positions[str(operation.datum)]])
        if operation.name == "number":
            return np.array([operation.datum])
        ((argument, _),) = operation.args
        step = self.steps[argument]
        # A form is proved for every anchor, so that which one a program finds is a constant of the row; it has to be known, though.
        if step.unsure and not np.all(step.box.point):
            raise ValueError("argmax of what is not known exactly has no rounding rule; take the argmax of the input")
        return np.argmax(step.box.lo, axis=1 + int(operation.datum or 0))

    def _integer_at(self, operation: Operation, q: int) -> Any:
        number, placement = operation.args[q]
        return placed(self.integers[number], placement, operation.rank)

    def arguments(self, operation: Operation) -> list[Box]:
        return [
            self.steps[number].box.map(lambda a, p=placement: placed(a, p, operation.rank))
            for number, placement in operation.args
        ]

    def _unsure(self, operation: Operation, slopes: tuple[Box | None, ...], local: Array) -> bool:
        return bool(np.any(local > 0)) or any(
            slope is not None and self.steps[number].unsure
            for (number, _), slope in zip(operation.args, slopes, strict=True)
        )

    def _without(self, operation: Operation) -> Step:
        """0 at a position, and exactly."""
        number, placement = operation.args[0]
        here = np.equal(*(self._integer_at(operation, q) for q in (1, 2)))
        box = self.steps[number].box.map(lambda a: np.where(here, 0.0, placed(a, placement, operation.rank)))
        slopes = (point(np.where(here, 0.0, 1.0)), None, None)
        return Step(box, 0.0, box, slopes, self.steps[number].unsure)

    def _take(self, operation: Operation) -> Step:
        (vector, _), (position, _) = operation.args
        step, place = self.steps[vector], np.asarray(self.integers[position])
        rows = max(len(place), len(step.box.lo))
        place = np.broadcast_to(place, (rows,))

        def taken(a: Array) -> Array:
            return np.take_along_axis(np.broadcast_to(a, (rows, self.size)), place[:, None], axis=1)[:, 0]

        box = step.box.map(taken)
        return Step(box, 0.0, box, (ONE, None), unsure=step.unsure, place=place)

    def _either(self, operation: Operation) -> Step:
        """Where both forms may be taken, one more error: how far they are apart."""
        test, a, b = self.arguments(operation)
        if_a, if_b = ~(test.hi <= 0), ~(test.lo > 0)
        both = if_a & if_b
        apart = np.where(both, boxes.sub(a, b).mag, 0.0)
        apart = np.where(np.isnan(apart), inf, apart)
        # On the path from one form to the other lies what is as far from both as they are wide.
        joint = boxes.widened(boxes.hull(a, b), np.maximum(a.width, b.width))
        box = boxes.where(both, joint, boxes.where(if_a, a, b))
        box = boxes.where(both & ~np.isfinite(apart), point(np.nan), box)
        unsure = bool(np.any(apart > 0)) or any(
            self.steps[number].unsure and bool(np.any(mask))
            for (number, _), mask in zip(operation.args[1:], (if_a, if_b), strict=True)
        )
        return Step(box, apart, box, (None, ONE, ONE), unsure, choice=(if_a, if_b))

    # ---- reductions ----------------------------------------------------------------------------------------------------------

    def _reduced(self, operation: Operation) -> Step:
        ((number, placement),) = operation.args
        a, axis = self.steps[number].box, 1 + int(operation.datum or 0)
        if operation.name != "sum":
            return self._extremum(operation, a, axis)
        slope = ONE
        if self.weightless is not None and len(placement) == 1:
            # Terms of entries without weight that are no number, as 0 times infinity, count 0.
            nothing = self.weightless & np.isnan(a.lo)
            a, slope = boxes.where(nothing, point(np.zeros(())), a), point(np.where(nothing, 0.0, 1.0))
        exact = boxes.total(a, axis)
        last = len(placement) == 1
        local = self._sum_error(a, exact, axis, last)
        box = self.rounding.after(exact, local)
        # A part of the sum may overflow where the sum does not.
        most = np.sum(a.mag, axis=axis) * (1 + 2.0**-20)
        reach = self._accumulator().largest
        box = boxes.where(~(most <= reach) & ~(exact.point & (local == 0)), point(np.nan), box)
        slopes = (slope,)
        return Step(exact, local, box, slopes, self._unsure(operation, slopes, local))

    def _accumulator(self) -> Rounding:
        wide = self.rounding.model.accumulator(self.rounding.fmt.name)
        return self.rounding if wide is None else Rounding(get(wide), self.rounding.model)

    def _sum_error(self, a: Box, exact: Box, axis: int, contiguous: bool) -> Array:
        """(1 + u)^d - 1 for each term, d the additions that it can go through; a term that is exactly 0 costs none."""
        model, wide = self.rounding.model, self._accumulator()
        terms = np.sum(a.mag != 0, axis=axis)
        sizes = boxes.over(np.where(np.isnan(a.mag), inf, a.mag), (axis,))
        if model.order(self.rounding.fmt.name) == "compensated":
            # Rounded once, and what is left of each term is at most 4 u sum |v|: summation.py. (gamma_{n-1}^2 sum |v|, of Ogita, Rump and
            # Oishi's Sum2, is less.) Where three times the terms overflow, they are added as they stand.
            size = a.lo.shape[axis]
            once = _gamma(np.where(terms > 1, size + 2, 0), wide.u)
            lost = boxes.upward(once * (4 * size * wide.u), sizes) + wide.u * exact.mag * (terms > 1)
            lost = np.where(4 * sizes > wide.largest, lost + boxes.upward(once, sizes), lost)
        else:
            depth = model.depth(a.lo.shape[axis], self.rounding.fmt.name, contiguous)
            lost = boxes.upward(_gamma(np.minimum(depth, np.maximum(terms - 1, 0)), wide.u), sizes)
            if model.underflow == "flush":
                lost = lost + np.where(terms > 1, terms * wide.eta, 0.0)
        if wide is not self.rounding:
            # Rounded once more, from the wider format.
            held = exact.point & (lost == 0) & self.rounding.holds(exact.lo)
            size = exact.mag + lost
            small = np.where(exact.mig - lost < self.rounding.normal, self.rounding.half_eta, 0.0)
            lost = np.where(held, 0.0, lost + (self.rounding.u * size + small) * (1 + 2.0**-40))
        return np.where(lost > 0, lost * (1 + 2.0**-40), 0.0)

    def _extremum(self, operation: Operation, a: Box, axis: int) -> Step:
        sign = 1 if operation.name == "max" else -1
        a_ = a if sign > 0 else boxes.neg(a)
        top = np.max(a_.lo, axis=axis, keepdims=True)
        may = a_.hi >= top
        several = np.sum(may, axis=axis, keepdims=True) > 1
        slopes = (Box(np.where(may & ~several, 1.0, 0.0), np.where(may, 1.0, 0.0)),)
        found = Box(np.max(a_.lo, axis=axis), np.max(a_.hi, axis=axis))
        box = found if sign > 0 else boxes.neg(found)
        return Step(box, 0.0, box, slopes, self._unsure(operation, slopes, np.zeros(())))

    # ---- entry by entry ------------------------------------------------------------------------------------------------------

    def _mapped(self, operation: Operation) -> Step:
        name = operation.name
        fused = self._fused(operation)
        args = self.arguments(operation)
        if fused is not None:
            exact, slopes = fused(args[1])
        else:
            if len(args) == 2 and operation.args[0] == operation.args[1]:
                args[1] = args[0]
            exact, slopes = _FUNCTIONS[name](*args)
        local = self._local(operation, args, exact) if fused is None else self._fused_error(operation, args, exact)
        box = self.rounding.after(exact, local)
        uncertain = [self.steps[number].unsure for number, _ in operation.args]
        # Where a slope has no bound, and the value has: its error is no more than its range.
        wild = np.zeros(np.shape(box.lo), dtype=bool)
        for slope, arg, unsure in zip(slopes, args, uncertain, strict=True):
            if unsure and slope is not None:
                wild = wild | (~np.isfinite(slope.mag) & ~arg.point) | ~np.isfinite(arg.mag)
        if np.any(wild):
            width = box.width
            local = np.where(wild, width, local)
            zero = point(np.zeros(()))
            slopes = tuple(s if s is None else boxes.where(wild, zero, s) for s in slopes)
        return Step(exact, local, box, slopes, self._unsure(operation, slopes, local))

    def _local(self, operation: Operation, args: list[Box], exact: Box) -> Array:
        """The error of the operation itself."""
        name, r = operation.name, self.rounding
        mag = exact.mag
        if name in ("neg", "abs", "maximum", "minimum"):
            return np.zeros(()) if r.model.underflow == "gradual" else np.where(exact.mig < r.normal, r.eta, 0.0)
        if name == "sign":
            return np.where(exact.point, 0.0, exact.width)
        small = exact.mig < r.normal
        if name in FUNCTIONS:
            lost = mag * (r.model.constant(FUNCTIONS[name], r.fmt.name) * r.u) + np.where(small, r.eta, 0.0)
            if name in ("log1p", "expm1") and r.model.identity and r.model.underflow == "gradual":
                # Of a subnormal number they are that number, which is as near as its square.
                lost = np.where(small & (args[0].mag < r.normal), mag * r.u, lost)
            return np.where(self._plain(name, args, exact), 0.0, lost * (1 + 2.0**-50))
        lost = mag * r.u
        if name in ("add", "sub"):
            if r.model.rounding == "nearest":
                lost = np.minimum(lost, np.minimum(args[0].mag, args[1].mag))
            if r.model.underflow == "flush":
                lost = lost + np.where(small, r.eta, 0.0)
        else:
            lost = lost + np.where(small, r.half_eta, 0.0)
        return np.where(self._held(name, args, exact), 0.0, lost * (1 + 2.0**-50))

    def _plain(self, name: str, args: list[Box], exact: Box) -> Array:
        """Where a function is exact, by Annex F of C: exp(0) = 1, log(1) = 0, x^0 = 1, 1^y = 1, and 0 to a positive power."""
        if name == "hypot":
            return (args[0].mag == 0) | (args[1].mag == 0)
        if name == "pow":
            a, q = args
            one = (a.point & (a.lo == 1)) | (q.point & (q.lo == 0))
            return one | ((a.mag == 0) & (q.lo > 0))
        known = exact.point & np.isin(exact.lo, (0.0, 1.0, -inf, inf))
        return known & args[0].point & np.isin(args[0].lo, (0.0, 1.0, -inf, inf))

    def _held(self, name: str, args: list[Box], exact: Box) -> Array:
        """Where a result that is correctly rounded is exact."""
        a, b = args[0], args[-1]
        held = exact.point & self.rounding.holds(exact.lo)
        for box in args:
            held = held & box.point
        if name in ("add", "sub"):
            held = held | (a.mag == 0) | (b.mag == 0)
            b = b if name == "sub" else boxes.neg(b)
            gradual = self.rounding.model.underflow == "gradual"
            near = (a.lo > 0) & (b.lo > 0) & (a.hi <= 2 * b.lo) & (b.hi <= 2 * a.lo)
            below = (a.hi < 0) & (b.hi < 0) & (a.lo >= 2 * b.hi) & (b.lo >= 2 * a.hi)
            return held | ((near | below) & gradual)
        if name == "mul":
            held = held | ((a.mag == 0) & b.finite) | ((b.mag == 0) & a.finite)
            return held | self._scales(a, exact) | self._scales(b, exact)
        if name == "div":
            return held | ((a.mag == 0) & ~b.holds(0)) | self._scales(b, exact)
        return held

    def _scales(self, factor: Box, exact: Box) -> Array:
        """Where a factor or divisor is a power of two, and the result keeps all its digits."""
        mantissa, _ = np.frexp(factor.lo)
        return (
            factor.point & (np.abs(mantissa) == 0.5) & ((np.abs(factor.lo) == 1) | (exact.mig >= self.rounding.normal))
        )

    # ---- log1p(v) / v and expm1(v) / v ---------------------------------------------------------------------------------------

    def _fused(self, operation: Operation) -> Any:
        """log1p(v)/v and expm1(v)/v are one function of v, which is 1 at 0; seen apart they would be 0/0 there."""
        if operation.name != "div":
            return None
        (above, placement), below = operation.args
        inner = self.program.operations[above]
        if inner.name not in _RELATIVE or (placement != tuple(range(inner.rank)) and below[1] != placement):
            return None
        ((number, inside),) = inner.args
        if number != below[0] or inside != tuple(range(len(inside))):
            return None
        return _RELATIVE[inner.name]

    def _fused_error(self, operation: Operation, args: list[Box], exact: Box) -> Array:
        """The error of the function above, that of the quotient, and both."""
        r, (above, _) = self.rounding, operation.args[0]
        inner = self.program.operations[above].name
        k = r.model.constant(inner, r.fmt.name)
        lost = exact.mag * ((k + 1) * r.u + k * r.u * r.u) + np.where(exact.mig < r.normal, r.half_eta, 0.0)
        if not r.model.identity or r.model.underflow == "flush":
            # The function is off by eta beside a number that is one eta at least, or both are 0.
            lost = lost + np.where(args[1].mig < 2 * r.normal, 2 * r.eta / np.maximum(args[1].mig, r.eta), 0.0)
        return lost * (1 + 2.0**-40)


def _gamma(count: Array, u: float) -> Array:
    """(1 + u)^m - 1 <= m u / (1 - m u)."""
    product = np.asarray(count) * u
    return np.where(product < 1, product / np.where(product < 1, 1 - product, 1.0), inf) * (1 + 2.0**-50)


def constant(value: Fraction, fmt: Format) -> Box:
    """A rational number and the float that stands for it, which is rounded by way of float64 as array libraries do."""
    with np.errstate(all="ignore"):
        try:
            near = value.numerator / value.denominator
        except OverflowError:
            near = inf if value > 0 else -inf
        held = float(np.asarray(near).astype(fmt.dtype).astype(np.float64))
    low = high = np.full(1, near)
    if near in (inf, -inf) or Fraction(near) != value:
        low, high = np.nextafter(low, -inf), np.nextafter(high, inf)
    return Box(low, high) if held == near and low is high else Box(np.minimum(low, held), np.maximum(high, held))


def placed(value: Array, placement: tuple[int, ...], rank: int) -> Array:
    """A value with the axes of a result: those that it lacks have length one; the rows come first."""
    value = np.asarray(value)
    own = len(placement)
    if (own == 0 and rank == 0) or value.ndim == 0:
        return value
    order = sorted(range(own), key=lambda q: placement[q])
    value = np.transpose(value, (0, *(1 + q for q in order)))
    lengths = dict(zip((placement[q] for q in order), value.shape[1:], strict=True))
    return value.reshape((value.shape[0], *(lengths.get(q, 1) for q in range(rank))))


# ---- the exact functions, with their slopes ------------------------------------------------------------------------------------

Found = tuple[Box, tuple[Box | None, ...]]


def _add(a: Box, b: Box) -> Found:
    return boxes.add(a, b), (ONE, ONE)


def _sub(a: Box, b: Box) -> Found:
    return boxes.sub(a, b), (ONE, MINUS)


def _mul(a: Box, b: Box) -> Found:
    return boxes.mul(a, b), (b, a)


def _div(a: Box, b: Box) -> Found:
    quotient = boxes.div(a, b)
    return quotient, (boxes.div(ONE, b), boxes.neg(boxes.div(quotient, b)))


def _neg(a: Box) -> Found:
    return boxes.neg(a), (MINUS,)


def _abs(a: Box) -> Found:
    return boxes.absolute(a), (_sign_box(a),)


def _sign_box(a: Box) -> Box:
    return Box(np.sign(a.lo), np.sign(a.hi))


def _sign(a: Box) -> Found:
    return _sign_box(a), (None,)


def _exp(a: Box) -> Found:
    found = boxes.exp(a)
    return found, (found,)


def _expm1(a: Box) -> Found:
    return boxes.expm1(a), (boxes.exp(a),)


def _log(a: Box) -> Found:
    return boxes.log(a), (boxes.div(ONE, a),)


def _log1p(a: Box) -> Found:
    return boxes.log1p(a), (boxes.div(ONE, boxes.add(ONE, a)),)


def _sqrt(a: Box) -> Found:
    root = boxes.sqrt(a)
    return root, (boxes.div(point(np.float64(0.5)), root),)


def _hypot(a: Box, b: Box) -> Found:
    found = boxes.hypot(a, b)
    whole = point(np.float64(1.0))
    slopes = []
    for side in (a, b):
        slope = boxes.div(side, found)
        slope = Box(np.fmax(slope.lo, -whole.lo), np.fmin(slope.hi, whole.hi))
        slopes.append(boxes.where(found.holds(0) & np.isfinite(side.mag), Box(-whole.lo, whole.hi), slope))
    return found, tuple(slopes)


def _pow(a: Box, q: Box) -> Found:
    found = boxes.power(a, q)
    by_base = boxes.scaled(q, boxes.power(a, boxes.sub(q, ONE)))
    if np.all(q.point):
        return found, (by_base, point(np.zeros(())))
    size = boxes.absolute(a)
    by_exponent = boxes.scaled(found, boxes.log(size))
    # At 0 the slope is 0, and between 0 and 1 it is no lower than -1/(e q), at a = exp(-1/q).
    least = np.where(q.lo > 0, -0.36788 / q.lo, -inf)
    at_zero = Box(np.where(size.hi == 0, 0.0, least), np.where(size.hi == 0, 0.0, np.maximum(by_exponent.hi, 0.0)))
    return found, (by_base, boxes.where((size.lo == 0) & (q.lo > 0), at_zero, by_exponent))


def _maximum(a: Box, b: Box) -> Found:
    found = Box(np.maximum(a.lo, b.lo), np.maximum(a.hi, b.hi))
    return found, tuple(_share(p.lo > q.hi, p.hi < q.lo) for p, q in ((a, b), (b, a)))


def _minimum(a: Box, b: Box) -> Found:
    found = Box(np.minimum(a.lo, b.lo), np.minimum(a.hi, b.hi))
    return found, tuple(_share(p.hi < q.lo, p.lo > q.hi) for p, q in ((a, b), (b, a)))


def _share(always: Array, never: Array) -> Box:
    return Box(np.where(always, 1.0, 0.0), np.where(never, 0.0, 1.0))


_FUNCTIONS: dict[str, Any] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "neg": _neg, "abs": _abs, "sign": _sign, "exp": _exp, "expm1": _expm1,
    "log": _log, "log1p": _log1p, "sqrt": _sqrt, "hypot": _hypot, "pow": _pow, "maximum": _maximum, "minimum": _minimum,
}  # fmt: skip


def _log1p_over(v: Box) -> Found:
    """g(v) = log1p(v)/v, decreasing; g' = (1/(1 + v) - g)/v increases, is -1/2 at 0, and lies between -1/2 and 0 above."""
    return _relative(v, boxes.log1p, lambda p: boxes.div(ONE, boxes.add(ONE, p)), -0.5, decreasing=True)


def _expm1_over(v: Box) -> Found:
    """h(v) = expm1(v)/v, increasing; h' = (exp(v) - h)/v increases, and is 1/2 at 0."""
    return _relative(v, boxes.expm1, boxes.exp, 0.5, decreasing=False)


def _relative(v: Box, function: Any, slope: Any, middle: float, decreasing: bool) -> Found:
    ends = []
    for end in (v.lo, v.hi):
        p = point(np.where(end == 0, 1.0, end))
        quotient = boxes.div(function(p), p)
        by = boxes.div(boxes.sub(slope(p), quotient), p)
        # Near 0 the difference loses its digits: the slope is within |v| of what it is at 0 (its own slope is below 1 there).
        near = np.abs(end) < 2.0**-10
        by = boxes.where(near, Box(middle - np.abs(end), middle + np.abs(end)), by)
        ends.append((boxes.where(end == 0, ONE, quotient), by))
    (first, first_slope), (last, last_slope) = ends
    found = Box(last.lo, first.hi) if decreasing else Box(first.lo, last.hi)
    return found, (None, Box(first_slope.lo, last_slope.hi))


_RELATIVE = {"log1p": _log1p_over, "expm1": _expm1_over}
