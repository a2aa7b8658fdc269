"""An upper bound on the error of a float program at given numbers, by the mean value theorem over the box of all local errors.

    Let v_k(e) be what the program computes when a number e_k is added to the result of every operation k. Floats compute v(E) for
    some E with |E_k| <= local_k, and v(0) is exact. On the way from 0 to E the derivatives of an output y are its adjoints, so
        |y(E) - y(0)| <= sum_k sup |dy/dv_k| local_k,
    each supremum over boxes that hold all v_k on that way. That is the first-order bound, with its second order inside the suprema.

Adjoints run backwards, in enclosures, so that what is used twice is counted once, with its sign: the exponentials above and below in a
mean. For a number that costs about one more run of the program. Of a vector, every entry depends on numbers of its own and, through
sums, on all others; there the numbers that the row shares stand at the end of the way, each with a bound of its own: that
counts, for n entries, n errors and not n^2, and forgets only that they may cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from smoothsym.formats import Format, get
from smoothsym.program.operations import Operation, Program
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.forward import REDUCTIONS, Forward, Step, placed
from smoothsym.program.rounding.functions import MINUS, ONE
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.paired import Paired

Array = Any


def rigorous(
    program: Program,
    vectors: Mapping[str, Box],
    symbols: Mapping[str, Box],
    fmt: Format | str,
    model: Model,
    *,
    result: Format | str | None = None,
    times: float = 1.0,
    positions: Mapping[str, int] | None = None,
    where: Array | None = None,
    weightless: Array | None = None,
    floats: Mapping[str, Array] | None = None,
    paired: bool = False,
) -> list[Array]:
    """For each output a bound on |float - exact|, infinite where there is none: of shape (rows,), (rows, n) or (rows, n, n).

    Parameters: `vectors`, "x" and what stands beside it, boxes of shape (rows, n), and `symbols`, of shape (1,) or (rows,), that hold the exact number and
    the float that stands for it; `fmt`, the format that the program is run in; `result`, the one that its outputs are rounded to,
    multiplied by `times`, a power of two; `where`, a mask like x of the entries that count; `weightless`, a mask like x of entries whose terms in a sum count 0 where they are no number;
    `floats`, "x" and the symbols as floats know them, where these are not points and an argmax has to be told;
    `paired`, whether the program is run in pairs of floats of the format, whose heads are its outputs.
    Raises ValueError for an operation without a rounding rule.
    """
    settings = (result, times, positions, where, weightless, floats, paired)
    return [error for error, _ in enclosed(program, vectors, symbols, fmt, model, *settings)]


def enclosed(
    program: Program,
    vectors: Mapping[str, Box],
    symbols: Mapping[str, Box],
    fmt: Format | str,
    model: Model,
    result: Format | str | None = None,
    times: float = 1.0,
    positions: Mapping[str, int] | None = None,
    where: Array | None = None,
    weightless: Array | None = None,
    floats: Mapping[str, Array] | None = None,
    paired: bool = False,
) -> list[tuple[Array, Box]]:
    """The same, each with a box of the exact output and of what floats may find."""
    with np.errstate(all="ignore"):
        rounding = (Paired if paired else Rounding)(get(fmt), model)
        run = Forward(program, vectors, symbols, rounding, positions or {}, where, weightless, floats or {})
        found = _Errors(run)
        return [found.output(number, placement, get(result or fmt), times) for number, placement in program.outputs]


@dataclass
class _Errors:
    """Bounds on the errors of the values of a program, each by a run backwards."""

    run: Forward
    known: dict[int, Array] = field(default_factory=dict)

    def output(self, number: int, placement: tuple[int, ...], result: Format, times: float) -> tuple[Array, Box]:
        step = self.run.steps[number]
        rows = max(len(v.lo) for v in self.run.vectors.values())
        shape = (rows, *(self.run.size,) * len(placement))
        error = np.broadcast_to(self.error(number), shape)
        box = step.box.map(lambda a: np.broadcast_to(a, shape))
        if times != 1:
            error, box = boxes.upward(error, np.float64(times)), boxes.mul(box, point(np.float64(times)))
        rounding = self.run.rounding
        if isinstance(rounding, Paired):
            error = error + rounding.converted(box)
        if result != rounding.fmt or times != 1:
            error = error + Rounding(result, rounding.model).converted(box)
        error = np.where(np.isnan(error) | ~box.finite & ~(box.point & (error == 0)), inf, error)
        error = error * np.where(error > 0, 1 + 2.0**-48, 1.0)
        return (np.swapaxes(error, -1, -2) if placement == (1, 0) else error), box

    def error(self, number: int) -> Array:
        """|float - exact| of a value, for each of its entries; no more than the width of its box."""
        if number not in self.known:
            operation, step = self.run.program.operations[number], self.run.steps[number]
            if not step.unsure:
                found = np.zeros(np.shape(step.box.lo))
            elif operation.rank == 0:
                found = self._least(self._of_number, number)
            elif operation.name in REDUCTIONS:
                found = self._of_reduction(operation, step)
            else:
                found = self._least(self._of_entries, number)
            found = np.where(np.isnan(found), inf, found)
            self.known[number] = np.minimum(found, step.box.width)
        return self.known[number]

    def _least(self, bound: Callable[[int, bool], Array], number: int) -> Array:
        """Adjoints go through an open choice into both forms, which sees what else is used there; or end at it, which counts the worse form alone."""
        through = bound(number, False)
        if number < self.run.first_open:
            return through
        return np.fmin(through, bound(number, True))

    def _of_number(self, output: int, ended: bool) -> Array:
        """Adjoints of everything below, through sums too."""
        adjoints = {output: point(np.ones(1))}
        found: Array = np.zeros(1)
        for number in range(output, -1, -1):
            if number not in adjoints:
                continue
            adjoint = adjoints.pop(number)
            operation, step = self.run.program.operations[number], self.run.steps[number]
            found = found + _counted(adjoint, self._local(operation, step, ended), step)
            for q, part in self._parts(operation, step, adjoint, ended):
                argument, placement = operation.args[q]
                _gather(adjoints, argument, self._with_axes(part, placement, operation, step))
        return found

    def _of_entries(self, output: int, ended: bool) -> Array:
        """Adjoints of an entry through what has the same axes; what has fewer, and sums, stand at the end with bounds of their own."""
        rank = self.run.program.operations[output].rank
        adjoints = {output: point(np.ones((1,) * (rank + 1)))}
        ends: dict[tuple[int, tuple[int, ...]], Box] = {}
        found: Array = np.zeros((1,) * (rank + 1))
        for number in range(output, -1, -1):
            if number not in adjoints:
                continue
            adjoint = adjoints.pop(number)
            operation, step = self.run.program.operations[number], self.run.steps[number]
            found = found + boxes.upward(adjoint.mag, self._local(operation, step, ended))
            for q, part in self._parts(operation, step, adjoint, ended):
                argument, placement = operation.args[q]
                inner = self.run.program.operations[argument]
                if inner.rank == rank and placement == tuple(range(rank)) and inner.name not in REDUCTIONS:
                    _gather(adjoints, argument, part)
                else:
                    _gather(ends, (argument, placement), part)
        for (number, placement), adjoint in ends.items():
            found = found + boxes.upward(adjoint.mag, placed(self.error(number), placement, rank))
        return found

    def _of_reduction(self, operation: Operation, step: Step) -> Array:
        """The error of a sum for each entry of a vector: what its terms are off by, and its own."""
        ((argument, _),) = operation.args
        axis = 1 + int(operation.datum or 0)
        inner = self.error(argument)
        (slope,) = step.slopes
        assert slope is not None
        return boxes.over(boxes.upward(slope.mag, inner), (axis,)) + step.local

    def _local(self, operation: Operation, step: Step, ended: bool) -> Array:
        """The error of an operation itself; of its argument, too, where adjoints end: at a power that is too steep, and at an open choice."""
        if step.steep is not None:
            followed = operation.args[: 3 if operation.name == "shares" else 1]
            return step.steep(*(placed(self.error(q), placement, operation.rank) for q, placement in followed))
        if not ended or not np.any(step.open):
            return step.local
        forms = (placed(self.error(form), placement, operation.rank) for form, placement in operation.args[1:])
        return step.local + np.where(step.open, np.maximum(*forms), 0.0)

    def _parts(self, operation: Operation, step: Step, adjoint: Box, ended: bool) -> list[tuple[int, Box]]:
        """The part of an adjoint that goes to each argument which can be off."""
        found = []
        for q, slope in enumerate(step.slopes):
            if slope is None or not self.run.steps[operation.args[q][0]].unsure:
                continue
            part = adjoint
            if step.choice is not None:
                taken, other = step.choice if q == 1 else step.choice[::-1]
                zero = point(np.zeros(()))
                shared = zero if ended else boxes.hull(adjoint, zero)
                part = boxes.where(taken, boxes.where(other, shared, adjoint), zero)
            elif operation.name in REDUCTIONS:
                axis = 1 + int(operation.datum or 0)
                part = Box(np.expand_dims(adjoint.lo, axis), np.expand_dims(adjoint.hi, axis))
                part = part if slope is ONE else boxes.scaled(part, slope)
            elif slope is not ONE:
                part = boxes.neg(adjoint) if slope is MINUS else boxes.scaled(adjoint, slope)
            found.append((q, part))
        return found

    def _with_axes(self, part: Box, placement: tuple[int, ...], operation: Operation, step: Step) -> Box:
        """An adjoint with the axes of the argument: summed over those that it lacks; of one entry taken, 0 elsewhere."""
        if operation.name == "take":
            assert step.place is not None
            return part.map(lambda a: _scattered(a, step.place, self.run.size))
        rank = len(placement) if operation.name in REDUCTIONS else operation.rank
        if not rank:
            return part
        full = part.map(lambda a: np.broadcast_to(a, (np.shape(a)[0] if np.ndim(a) else 1, *(self.run.size,) * rank)))
        for axis in reversed(range(rank)):
            if axis not in placement:
                full = boxes.total(full, 1 + axis)
        return full.map(lambda a: np.swapaxes(a, -1, -2)) if placement == (1, 0) else full


def _counted(adjoint: Box, local: Array, step: Step) -> Array:
    """|adjoint| local, summed over all entries of a value."""
    product = boxes.upward(adjoint.mag, local)
    axes = tuple(range(1, np.ndim(product)))
    if not axes:
        return product
    full = np.broadcast_to(product, np.broadcast_shapes(np.shape(product), np.shape(step.box.lo)))
    return boxes.over(full, axes)


def _gather(adjoints: dict[Any, Box], key: Any, part: Box) -> None:
    """Add a part to an adjoint, which is anything where one of its parts is."""
    if key in adjoints:
        part = boxes.add(adjoints[key], part)
        unknown = np.isnan(part.lo) | np.isnan(part.hi)
        part = Box(np.where(unknown, -inf, part.lo), np.where(unknown, inf, part.hi))
    adjoints[key] = part


def _scattered(a: Array, place: Array, size: int) -> Array:
    rows = max(len(place), np.shape(a)[0])
    found = np.zeros((rows, size))
    np.put_along_axis(found, np.broadcast_to(place, (rows,))[:, None], np.broadcast_to(a, (rows,))[:, None], axis=1)
    return found
