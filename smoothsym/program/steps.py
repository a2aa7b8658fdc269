"""What an operation does on rows of NumPy, decided once for a program: by which function, and in whose memory.

A step computes the result of one operation of a run. It writes over an argument that no other operation needs, if that is in
memory that was lent to the run and nobody else looks at it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from smoothsym.program.few import every, some
from smoothsym.program.operations import Operation, Program
from smoothsym.program.summation import numpy_sum, numpy_total_of_squares

Step = Callable[[Any], Any]

UFUNCS: dict[str, Any] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "abs": np.abs,
    "sqrt": np.sqrt,
}
"""What NumPy does an operation by, also where the result is wanted in memory that is there."""

REDUCTIONS: dict[str, Any] = {
    "max": np.maximum.reduce,
    "min": np.minimum.reduce,
    "argmax": np.ndarray.argmax,
}


def step(program: Program, number: int) -> Step | None:
    """The step of an operation; None for one that is done as on any library."""
    operation = program.operations[number]
    name, args = operation.name, operation.args
    placements = {placement for _, placement in args}
    if name in UFUNCS and operation.rank == 0:
        return _number(operation)
    if name in UFUNCS and operation.rank == 1 and placements <= {(), (0,)}:
        if len(args) == 2 and args[0][0] == args[1][0]:
            return _squared(operation, number)
        return _joined(operation, number) if len(args) == 2 else _mapped(operation, number)
    if name == "either" and operation.rank == 0:
        return _choice(operation, number)
    if name == "sum":
        usual = _total(operation, number, positive=args[0][0] in program.nonnegative)
        return usual if number not in program.squares else _total_of_squares(program.squares[number], number, usual)
    if name in REDUCTIONS and placements == {(0,)}:
        return _extremum(operation, number)
    return None


def _number(operation: Operation) -> Step:
    """Of numbers for each row."""
    function, first, last = UFUNCS[operation.name], operation.args[0][0], operation.args[-1][0]
    if len(operation.args) == 1:
        return lambda run: function(run.value(first))
    return lambda run: function(run.value(first), run.value(last))


def _choice(operation: Operation, number: int) -> Step:
    """One of two numbers for each row; a form that is taken nowhere may be left out."""
    (test, _), (first, _), (second, _) = operation.args

    def choice(run: Any) -> Any:
        positive = run.value(test) > 0
        run.choices[number] = None
        if run.lazy:
            if every(positive):
                run.choices[number] = True
                return run.whole(run.value(first), 0)
            if not some(positive):
                run.choices[number] = False
                return run.whole(run.value(second), 0)
        return np.where(positive, run.value(first), run.value(second))

    return choice


def _mapped(operation: Operation, number: int) -> Step:
    """A function of each entry."""
    function, inner = UFUNCS[operation.name], operation.args[0][0]

    def mapped(run: Any) -> Any:
        v = run.value(inner)
        over = run.over(inner, v)
        if v.shape != run.shape:
            return function(v)
        return function(v, out=run.memory(number, v if over else None))

    return mapped


def _squared(operation: Operation, number: int) -> Step:
    """An operation of each entry with itself."""
    function, inner = UFUNCS[operation.name], operation.args[0][0]

    def squared(run: Any) -> Any:
        v = run.value(inner)
        run.uses[inner] -= 1
        over = run.over(inner, v)
        if v.shape != run.shape:
            return function(v, v)
        return function(v, v, out=run.memory(number, v if over else None))

    return squared


def _joined(operation: Operation, number: int) -> Step:
    """An operation of two values entry by entry, of which one may be a number for each row."""
    function, ((first, place), (last, other)) = UFUNCS[operation.name], operation.args

    def joined(run: Any) -> Any:
        a, b = run.value(first), run.value(last)
        over, also = run.over(first, a), run.over(last, b)
        memory = a if over else b if also else None
        if over and also:
            run.scratch.give(b)
        if not place:
            a = _beside(a)
        if not other:
            b = _beside(b)
        if np.shape(a) != run.shape != np.shape(b):
            return function(a, b)
        return function(a, b, out=run.memory(number, memory))

    return joined


def _beside(numbers: Any) -> Any:
    """Numbers for each row, or one for all, as they stand beside entries."""
    return numbers[..., None] if getattr(numbers, "ndim", 0) else numbers


def _total(operation: Operation, number: int, positive: bool) -> Step:
    ((inner, placement),) = operation.args
    axis = int(operation.datum or 0) - len(placement)

    def total(run: Any) -> Any:
        v = run.terms(operation, run.value(inner))
        over = run.over(inner, v)
        found = run.evidence.totals[number] = numpy_sum(v, axis, run.summation, run.scratch, positive)
        if over:
            run.scratch.give(v)
        return found

    return total


def _total_of_squares(inner: int, number: int, usual: Step) -> Step:
    """Of squares that are not computed by themselves."""

    def total(run: Any) -> Any:
        if run.summation == "folded" and run.where is None and run.weightless is None:
            v = run.value(inner)
            if v.shape == run.shape:
                run.uses[inner] -= 1
                over = run.over(inner, v)
                found = run.evidence.totals[number] = numpy_total_of_squares(v, run.scratch)
                if over:
                    run.scratch.give(v)
                return found
        return usual(run)

    return total


def _extremum(operation: Operation, number: int) -> Step:
    function, inner = REDUCTIONS[operation.name], operation.args[0][0]

    def extremum(run: Any) -> Any:
        v = run.terms(operation, run.value(inner))
        if run.over(inner, v):
            run.scratch.give(v)
        return function(v, axis=-1)

    return extremum
