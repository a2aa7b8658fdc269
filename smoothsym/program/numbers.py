"""A program run one number at a time, in whichever arithmetic is given: enclosures, exact exponential sums, rounding errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import repeat
from typing import Any, Protocol, cast

from smoothsym.program.operations import Operation, Program
from smoothsym.program.threshold import GAPS, LEVEL, SLOPE


class Arithmetic(Protocol):
    """What a number system must offer to run a program."""

    def number(self, value: Fraction) -> Any: ...
    def apply(self, name: str, *args: Any) -> Any: ...
    def sum(self, values: Sequence[Any]) -> Any: ...
    def extremum(self, name: str, values: Sequence[Any]) -> Any: ...
    def argmax(self, values: Sequence[Any]) -> int: ...
    def prefers(self, test: Any) -> bool: ...


class Solving(Arithmetic, Protocol):
    """One that solves equations as well: programs with thresholds take it."""

    def level(self, balance: Callable[[Any], Any], low: Any, high: Any) -> Any: ...
    def inverse(self, balance: Callable[[Any], Any]) -> Any: ...


def run(
    program: Program,
    arithmetic: Arithmetic,
    vectors: Mapping[str, Sequence[Any]],
    symbols: Mapping[str, Any],
    *,
    length: Fraction | int | None = None,
    positions: Mapping[str, int] | None = None,
    known: dict[int, Any] | None = None,
) -> list[Any]:
    """The outputs of a program: a number of the arithmetic for rank 0, nested lists of them for higher ranks.

    `vectors` and `symbols` hold numbers of the arithmetic. `length` is what n stands for where it is not the number of entries:
    an entry of -inf has no weight in a sum and still counts. `positions` gives the free indices that are no axes, from 0. `known`
    holds what is the same for all positions, once a run of the same inputs has filled it.
    """
    size = len(next(iter(vectors.values())))
    values: list[Any] = []
    for number, operation in enumerate(program.operations):
        name = operation.name
        if known and number in known:
            values.append(known[number])
        elif name == "x":
            values.append(list(vectors[str(operation.datum)]))
        elif name == "symbol":
            values.append(symbols[str(operation.datum)])
        elif name == "number":
            values.append(operation.datum if isinstance(operation.datum, int) else arithmetic.number(operation.datum))  # type: ignore[arg-type]
        elif name == "length":
            values.append(arithmetic.number(Fraction(size if length is None else length)))
        elif name == "iota":
            values.append(list(range(size)))
        elif name == "position":
            values.append((positions or {})[str(operation.datum)])
        elif name == "take":
            (vector, _), (position, _) = operation.args
            values.append(values[vector][values[position]])
        elif name in ("sum", "max", "min", "argmax"):
            values.append(_reduced(operation, values, arithmetic))
        elif name == "level":
            low, high, gaps = (values[q] for q, _ in operation.args)
            beside = {**vectors, str(GAPS.label): gaps}
            values.append(_solving(arithmetic).level(_inner(operation, arithmetic, beside, symbols, length), low, high))
        elif name == "inverse":

            def inverted(t: Any, operation: Operation = operation) -> Any:
                given = {**symbols, SLOPE.name: t}
                return _solving(arithmetic).inverse(_inner(operation, arithmetic, vectors, given, length))

            values.append(_mapped(inverted, operation, values, size))
        else:
            values.append(_mapped(_function(name, arithmetic), operation, values, size))
    if known is not None and not known:
        known.update((q, values[q]) for q in program.unplaced)
    return [_placed(values[q], placement) for q, placement in program.outputs]


def _solving(arithmetic: Arithmetic) -> Solving:
    if not hasattr(arithmetic, "level"):
        raise ValueError(f"{type(arithmetic).__name__} solves no equation, and the program has a threshold")
    return cast(Solving, arithmetic)


def _inner(
    operation: Operation,
    arithmetic: Arithmetic,
    vectors: Mapping[str, Sequence[Any]],
    symbols: Mapping[str, Any],
    length: Fraction | int | None,
) -> Callable[..., Any]:
    """The program inside an operation, as a function of `LEVEL`; also in another arithmetic of the same numbers."""

    assert operation.inner is not None
    program = operation.inner

    def inner(level: Any, coarse: Any = None) -> Any:
        given = {**symbols, LEVEL.name: level}
        return run(program, coarse or arithmetic, vectors, given, length=length)[0]

    return inner


def _function(name: str, arithmetic: Arithmetic) -> Callable[..., Any]:
    if name == "same":
        one, zero = arithmetic.number(Fraction(1)), arithmetic.number(Fraction(0))
        return lambda a, b: one if a == b else zero
    if name == "without":
        nothing = arithmetic.number(Fraction(0))
        return lambda value, a, b: nothing if a == b else value
    if name == "either":
        return lambda test, a, b: a if arithmetic.prefers(test) else b
    # An arithmetic that has its functions by name is spared a call for each number.
    functions: Mapping[str, Callable[..., Any]] = getattr(arithmetic, "functions", {})
    return functions.get(name) or partial(arithmetic.apply, name)


def _reduced(operation: Operation, values: list[Any], arithmetic: Arithmetic) -> Any:
    ((number, _),) = operation.args
    axis = operation.datum
    value = values[number]

    def collapse(items: Sequence[Any]) -> Any:
        if operation.name == "sum":
            return arithmetic.sum(items)
        return arithmetic.argmax(items) if operation.name == "argmax" else arithmetic.extremum(operation.name, items)

    if operation.rank == 0:
        return collapse(value)
    if operation.rank == 1:
        return [collapse(row) for row in (value if axis == 1 else zip(*value, strict=True))]
    raise ValueError("a reduction of an array with more than two axes")


def _mapped(function: Callable[..., Any], operation: Operation, values: list[Any], size: int) -> Any:
    if operation.rank == 0:
        return function(*(values[number] for number, _ in operation.args))
    if operation.rank == 1:
        return list(
            map(
                function,
                *(
                    values[number] if placement else repeat(values[number], size)
                    for number, placement in operation.args
                ),
            )
        )
    if operation.rank == 2:
        return [
            [
                function(*(_entry(values[number], placement, (a, b)) for number, placement in operation.args))
                for b in range(size)
            ]
            for a in range(size)
        ]
    raise ValueError("an operation with more than two axes")


def _entry(value: Any, placement: tuple[int, ...], index: tuple[int, int]) -> Any:
    for axis in placement:
        value = value[index[axis]]
    return value


def _placed(value: Any, placement: tuple[int, ...]) -> Any:
    return [list(row) for row in zip(*value, strict=True)] if placement == (1, 0) else value
