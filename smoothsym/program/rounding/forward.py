"""What floats may hold: a program run in enclosures that take in, at every operation, its rounding error.

For each operation there is the box of its exact function over the boxes of its arguments, the largest error of the operation itself
(its local error), and the box of both together, which holds the exact value, the float, and all that lies between them on the path
that rigorous.py follows. With these come the slopes of the operation over that path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, partial
from math import inf, nan
from typing import Any

import numpy as np

from smoothsym.program import arrays
from smoothsym.program.operations import Operation, Placement, Program
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding import solved, transcendental, tsallis
from smoothsym.program.rounding.alike import alike
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.functions import FUNCTIONS as EXACT_FUNCTIONS
from smoothsym.program.rounding.functions import ONE, RELATIVE, Found, above_its_argument
from smoothsym.program.rounding.held import UNKNOWN
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.rounding.paired import Paired

Array = Any

FAINT = 2.0**-1000
CLIPPED: dict[str, tuple[Callable[..., Found], Callable[..., Array]]] = {
    "qexp": (tsallis.qexp, tsallis.local_qexp),
    "xqlog": (tsallis.xqlog, tsallis.local_xqlog),
}
"""Functions with a rule of their own for their errors."""
REDUCTIONS = ("sum", "max", "min")
KNOWN = (
    "x", "symbol", "number", "length", "iota", "position", "take", "argmax", "same", "without", "either",
    *EXACT_FUNCTIONS, *REDUCTIONS, "shares", "level", *CLIPPED,
)  # fmt: skip


@dataclass
class Step:
    """One operation on rows: its exact function over the boxes of its arguments, its local error, both together, and its slopes.

    Boxes have the rows along the first axis (one for all, where that is the same). `unsure` says whether anything here or before
    can be off; `slopes`, one for each argument, are None for an argument without a part in the error; `held` is 0 or an infinity where
    floats surely hold that.
    """

    exact: Box
    local: Array
    box: Box
    slopes: tuple[Box | None, ...] = ()
    unsure: bool = False
    choice: tuple[Array, Array] | None = None
    place: Array | None = None
    held: Array = field(default_factory=lambda: UNKNOWN)
    steep: Callable[..., Array] | None = None
    """The error where no slope tells it, by those of the arguments: of a power by that of its base; no more than `local`."""

    @property
    def open(self) -> Array:
        """Where a choice may fall out either way."""
        return np.array(False) if self.choice is None else self.choice[0] & self.choice[1]


@dataclass
class Forward:
    """A program run on rows in a format. Raises ValueError for an operation without a rounding rule."""

    program: Program
    vectors: Mapping[str, Box]
    symbols: Mapping[str, Box]
    rounding: Rounding
    positions: Mapping[str, int] = field(default_factory=dict)
    where: Array | None = None
    weightless: Array | None = None
    floats: Mapping[str, Array] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    integers: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = int(next(iter(self.vectors.values())).lo.shape[-1])
        with np.errstate(all="ignore"):
            for number, operation in enumerate(self.program.operations):
                self.steps.append(self._step(number, operation))

    @cached_property
    def first_open(self) -> float:
        """The first choice that may fall out either way on some row."""
        return next((number for number, step in enumerate(self.steps) if np.any(step.open)), inf)

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
            self.integers[number] = self._integer(number, operation)
            return Step(ONE, 0.0, ONE)
        if name in ("number", "length"):
            if name == "length" and self.where is not None:
                return self._given(point(np.sum(self.where, axis=-1).astype(np.float64)))
            box, local = self.rounding.number(Fraction(self.size if name == "length" else datum))  # type: ignore[arg-type]
            return Step(box, local, box, unsure=bool(np.any(local > 0)))
        if name == "same":
            a, b = (self._integer_at(operation, q) for q in range(2))
            return self._sure(point((a == b).astype(np.float64)))
        if name == "without":
            return self._without(operation)
        if name == "take":
            return self._take(operation)
        if name == "either":
            return self._either(number, operation)
        if name in REDUCTIONS:
            return self._reduced(operation)
        if name == "shares":
            return self._shares(operation)
        if name == "level":
            return self._level(operation)
        return self._mapped(operation)

    def _given(self, box: Box) -> Step:
        """What is given: its error is that of its conversion to the format."""
        box = self.rounding.flushed(box)
        return Step(box, box.width, box, unsure=bool(np.any(~box.point)))

    def _sure(self, box: Box) -> Step:
        return Step(box, 0.0, box)

    def _integer(self, number: int, operation: Operation) -> Any:
        if operation.name == "iota":
            return np.arange(self.size)[None, :]
        if operation.name == "position":
            return np.array([self.positions[str(operation.datum)]])
        if operation.name == "number":
            return np.array([operation.datum])
        ((argument, _),) = operation.args
        step = self.steps[argument]
        # A form is proved for every anchor, so that which one floats find is a constant of the row; it has to be known, though.
        if np.all(step.box.point):
            axis = int(operation.datum or 0)
            return np.argmax(self._counted(step.box, (axis,), -inf)[0].lo, axis=1 + axis)
        if "x" not in self.floats:
            raise ValueError("argmax of what is not known exactly has no rounding rule; take the argmax of the input")
        return self.in_floats(number, ())

    def in_floats(self, number: int, placement: Placement) -> Array:
        """What floats hold: of comparisons and of what is correctly rounded, the same in every library."""
        work, dtype = Program(self.program.operations, ((number, placement),)), self.rounding.fmt.dtype
        symbols = {name: self.floats[name].astype(dtype) for name in self.symbols}
        (found,) = arrays.run(work, self.floats["x"].astype(dtype), symbols, where=self.where)
        return np.asarray(found)

    def _integer_at(self, operation: Operation, q: int) -> Any:
        number, placement = operation.args[q]
        return placed(self.integers[number], placement, operation.rank)

    def arguments(self, operation: Operation) -> list[Box]:
        return [self._placed(number, placement, operation.rank) for number, placement in operation.args]

    def _held(self, operation: Operation) -> list[Array]:
        """What floats surely hold of the arguments."""
        return [placed(self.steps[number].held, placement, operation.rank) for number, placement in operation.args]

    def _placed(self, number: int, placement: Placement, rank: int) -> Box:
        return self.steps[number].box.map(lambda a: placed(a, placement, rank))

    def _unsure(self, operation: Operation, slopes: tuple[Box | None, ...], local: Array, box: Box = ONE) -> bool:
        """Whether a value can be off: by rounding, by its arguments, or since it may overflow, though it be exact."""
        return bool(np.any(local > 0) or np.any(np.isinf(box.mag))) or any(
            slope is not None and self.steps[number].unsure
            for (number, _), slope in zip(operation.args, slopes, strict=True)
        )

    def _without(self, operation: Operation) -> Step:
        """0 at a position, and exactly."""
        number, placement = operation.args[0]
        here = np.equal(*(self._integer_at(operation, q) for q in (1, 2)))
        box = self._placed(number, placement, operation.rank).map(lambda a: np.where(here, 0.0, a))
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

    def _either(self, number: int, operation: Operation) -> Step:
        """Where floats may take another form than exact numbers do, one more error: how far the forms are apart as exact numbers.

        Let A and B be the forms in exact arithmetic, a and b in floats. What the program means is A or B, and what floats hold is a
        or b, say b. On the way from 0 to the local errors take the form b: at its end there is b, at its beginning B, and what the
        program means is B, or lies A - B beside it. Where A = B is proved, the error is that of the form that floats take, |b - B|,
        and all values on the way lie in its box. Where not, A - B is an error of the choice itself: no more than the boxes of the
        forms are apart, and the way leads from B + (A - B) to b, as far from both boxes as they are wide.
        """
        test, a, b = self.arguments(operation)
        known, *ways = self._held(operation)
        means_a, means_b = ~(test.hi <= 0), ~(test.lo > 0)
        takes_a, takes_b = means_a & ~(known == 0), means_b & ~(known == inf)
        both, other = takes_a & takes_b, (takes_a & means_b) | (takes_b & means_a)
        if np.any(other):
            other = other & ~self._alike(number, operation.rank)
        apart = np.where(other, boxes.sub(a, b).mag, 0.0)
        apart = np.where(np.isnan(apart), inf, apart)
        hull = boxes.hull(a, b)
        box = boxes.where(both, hull, boxes.where(takes_a, a, b))
        box = boxes.where(other, boxes.widened(hull, np.maximum(a.width, b.width)), box)
        box = boxes.where(~np.isfinite(apart), point(np.nan), box)
        unsure = bool(np.any(apart > 0)) or any(
            self.steps[form].unsure and bool(np.any(mask))
            for (form, _), mask in zip(operation.args[1:], (takes_a, takes_b), strict=True)
        )
        found = np.where(both, nan, np.where(takes_a, *ways))
        return Step(box, apart, box, (None, ONE, ONE), unsure, choice=(takes_a, takes_b), held=found)

    def _shares(self, operation: Operation) -> Step:
        """The maximiser over the simplex. Slopes by its arguments would be matrices: what these are off by is in its own error."""
        box, error = solved.shares(self, operation)
        local = error(self.steps[operation.args[0][0]].box.width)
        found = self.rounding.after(box, local)
        found = Box(np.maximum(found.lo, 0.0), found.hi)
        return Step(box, local, found, (None,) * len(operation.args), bool(np.any(local > 0)), steep=error)

    def _level(self, operation: Operation) -> Step:
        """Where a falling function is 0; what its arguments are off by is in the boxes that it is looked at in."""
        box, local = solved.threshold(self, operation)
        return Step(box, local, boxes.widened(box, local), (None,) * len(operation.args), unsure=True)

    def _alike(self, number: int, rank: int) -> Array:
        """On which rows the forms of a choice are proved to be one function."""
        signs = tuple(
            (name, int(np.all(box.lo > 0)) - int(np.all(box.hi < 0))) for name, box in sorted(self.symbols.items())
        )
        if alike(self.program, number, signs, "real"):
            return np.array(True)
        positive = np.all(self.vectors["x"].lo >= 0, axis=-1)
        return (positive & alike(self.program, number, signs, "positive")).reshape(-1, *(1,) * rank)

    # ---- reductions ----------------------------------------------------------------------------------------------------------

    def _reduced(self, operation: Operation) -> Step:
        ((number, placement),) = operation.args
        a, axis = self.steps[number].box, 1 + int(operation.datum or 0)
        if operation.name != "sum":
            return self._extremum(operation, a, axis)
        a, slope = self._counted(a, placement, 0.0)
        exact = boxes.total(a, axis)
        local = self.rounding.sum(a, exact, axis, contiguous=len(placement) == 1)
        box = self.rounding.after(exact, local)
        # A part of the sum may overflow where the sum does not; it lies between the sums of what is below 0 and above.
        most = np.maximum(np.sum(np.maximum(a.hi, 0), axis=axis), -np.sum(np.minimum(a.lo, 0), axis=axis))
        most = most * (1 + 2.0**-20) + local
        reach = self.rounding.accumulator.largest
        box = boxes.where(~(most <= reach) & ~(exact.point & (local == 0)), point(np.nan), box)
        slopes = (slope,)
        found = self.rounding.held_sum(a, self.steps[number].held, axis)
        return Step(exact, local, box, slopes, self._unsure(operation, slopes, local, box), held=found)

    def _counted(self, a: Box, placement: Placement, nothing: float) -> tuple[Box, Box]:
        """A vector with something neutral where entries do not count, and the slopes by its entries.

        In sums, terms of entries without weight that are no number, as 0 times infinity, count 0 too.
        """
        out = np.zeros((1, 1), dtype=bool) if self.where is None else ~self.where
        if self.weightless is not None and nothing == 0:
            out = out | (self.weightless & np.isnan(a.lo))
        if not np.any(out):
            return a, ONE
        if len(placement) != 1:
            raise ValueError(
                "a reduction of an array with two axes, of which entries do not count, has no rounding rule"
            )
        return boxes.where(out, point(np.full((), nothing)), a), point(np.where(out, 0.0, 1.0))

    def _extremum(self, operation: Operation, a: Box, axis: int) -> Step:
        a, _ = self._counted(a, operation.args[0][1], -inf if operation.name == "max" else inf)
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
        args = self.arguments(operation)
        above = above_its_argument(self.program, operation)
        if above is not None:
            exact, slopes = RELATIVE[above](args[1])
            local = self.rounding.relative(above, args[1], exact)
        else:
            if len(args) == 2 and operation.args[0] == operation.args[1]:
                args[1] = args[0]
            if name in CLIPPED:
                function, local_of = CLIPPED[name]
                exact, slopes = function(*args)
                paired = isinstance(self.rounding, Paired)
                local = self.rounding.local(name, args, exact) if paired else local_of(self.rounding, args, exact)
            else:
                exact, slopes = EXACT_FUNCTIONS[name](*args)
                local = self.rounding.local(name, args, exact)
        box = self.rounding.after(exact, local)
        if name in ("ramp", "qexp"):
            box = Box(np.maximum(box.lo, 0.0), box.hi)
        uncertain = [self.steps[number].unsure for number, _ in operation.args]
        # Where a slope has no bound, and the value has: its error is no more than its range. So where it has no digits.
        wild, steep = np.zeros(np.shape(box.lo), dtype=bool), None
        for slope, arg, unsure in zip(slopes, args, uncertain, strict=True):
            if unsure and slope is not None:
                faint = (name == "pow") & (slope.mag < FAINT) & (box.mag > FAINT)
                wild = wild | ((~np.isfinite(slope.mag) | faint) & ~arg.point) | ~np.isfinite(arg.mag)
        if np.any(wild):
            own, local = local, np.where(wild, box.width, local)
            if name == "pow":
                steep = partial(self._steep, args[0], args[1], exact, own, local, wild)
            zero = point(np.zeros(()))
            slopes = tuple(s if s is None else boxes.where(wild, zero, s) for s in slopes)
        found = self.rounding.held(name, args, self._held(operation))
        return Step(exact, local, box, slopes, self._unsure(operation, slopes, local, box), held=found, steep=steep)

    @staticmethod
    def _steep(base: Box, by: Box, found: Box, own: Array, local: Array, wild: Array, off: Array) -> Array:
        """The error of a power itself and by its base, which is off by so much, where it is wild; by anything, where it may overflow."""
        told = np.where(base.finite, own + transcendental.power_change(base, by, found, off), inf)
        return np.where(wild, np.minimum(told, local), own)


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
