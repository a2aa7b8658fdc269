"""A program that runs on many rows says in which regime each operation is: in range or out of it, of which sign, absorbed or not.

Where any of that changes, code that computes by such an operation meets an edge: exp overflows, a square underflows, 1 + s is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np

from smoothsym.formats import Format
from smoothsym.program import arrays
from smoothsym.program.operations import Operation, Program

Array = Any

RANGED = {"add", "sub", "mul", "div", "pow", "exp", "expm1", "sum", "hypot"}
SIGNED = {"add", "sub", "sum", "log", "log1p"}
ABSORBING = {"add", "sub", "sum", "hypot", "log1p", "expm1"}
POWERS = {"exp", "pow"}

EDGES = {
    "over": "overflow edge",
    "under": "underflow edge",
    "absorbed": "saturation",
    "at one": "saturation",
    "tie": "ties",
    "zero": "near zero",
    "cancelled": "cancellation",
    "log of one": "near one",
    "exponent": "special exponent",
}
"""What is told of an operation, and the tag of a case on the edge where that changes."""

_CODES = np.array([1, 40503, 19260817, 998244353, 6700417, 104729, 7919, 65537], dtype=np.float64)
"""What stands for -1, 0, 1, ... in a sum over entries."""

EXPONENTS = (-1.0, 0.0, 0.5, 1.0, 2.0)
"""Exponents at which a power is another function, which code may treat apart."""


@dataclass(frozen=True)
class Regimes:
    """The regimes of the operations of some programs in a format, for rows of one length.

    `marks` says what each column of the result tells, and of which operation; `only`, what alone is told.
    """

    programs: tuple[Program, ...]
    symbol: str | None
    fmt: Format
    only: str | None = None
    marks: list[tuple[str, str]] = field(default_factory=list)
    _thresholds: Array = field(init=False)
    _columns: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        least, largest = self.fmt.smallest_subnormal, self.fmt.largest
        beyond = float(largest) if self.fmt.precision == 53 else float(largest + self.fmt.ulp(largest) / 2)
        limits = [float(least / 2) or float(least), float(self.fmt.smallest_normal), beyond]
        object.__setattr__(self, "_thresholds", np.array(limits))
        told = set()
        for program, numbers in zip(self.programs, _merged(self.programs)[1], strict=True):
            outputs = {number for number, _ in program.outputs}
            for number, operation in enumerate(program.operations):
                for what in _watched(operation, program, number in outputs):
                    column = numbers[number], what
                    if self.only in (None, what) and column not in told:
                        told.add(column)
                        self._columns.append(column)
                        self.marks.append((what, operation.name))

    def __call__(self, x: Array, parameter: Array) -> Array:
        """For each row of x, with its parameter, a row of whole numbers that change where a regime does."""
        dtype = np.float32 if self.fmt.name == "float32" else np.float64
        rows = np.asarray(x, dtype=dtype)
        symbols = {} if self.symbol is None else {self.symbol: np.asarray(parameter, dtype=dtype)}
        found = np.zeros((len(rows), len(self._columns)), dtype=np.int64)
        with np.errstate(all="ignore"):
            program = _merged(self.programs)[0]
            traced = arrays.trace(program, rows, symbols)
            for column, (number, what) in enumerate(self._columns):
                value, args = traced[number]
                if what in ("over", "under"):
                    # What is no number is beyond everything.
                    sizes = np.abs(_spread(value, len(rows)))
                    least, normal, beyond = self._thresholds
                    told = ~(sizes < beyond) if what == "over" else ~(sizes < least) + (~(sizes < normal)).view(np.int8)
                else:
                    told = self._told(what, program.operations[number], value, args)
                found[:, column] = _mixed(told, len(rows))
        return found

    def _told(self, what: str, operation: Operation, value: Array, args: list[Array]) -> Array:
        if what == "tie":
            return value
        if what == "at one":
            return np.abs(value - 1) <= float(self.fmt.u)
        if what == "exponent":
            return np.searchsorted(EXPONENTS, args[1])
        return (
            _absorbed(operation, args, float(self.fmt.u))
            if what == "absorbed"
            else np.nan_to_num(np.sign(value), nan=2.0)
        )

    def tags(self, before: Array, after: Array) -> tuple[str, ...]:
        """What an edge between two rows of regimes is called, the operations that meet it after that."""
        met = [self.marks[q] for q in np.flatnonzero(before != after)]
        return tuple(dict.fromkeys([*(EDGES[what] for what, _ in met), *(name for _, name in met)]))


@lru_cache(maxsize=64)
def _merged(programs: tuple[Program, ...]) -> tuple[Program, list[list[int]]]:
    """The operations of all programs in one, each once; and for each program where its operations are in it."""
    # A position is a whole number, and another datum than the same number.
    known: dict[tuple[Operation, type], int] = {}
    places: list[list[int]] = []
    for program in programs:
        numbers: list[int] = []
        for operation in program.operations:
            args = tuple((numbers[q], placement) for q, placement in operation.args)
            numbers.append(known.setdefault((replace(operation, args=args), type(operation.datum)), len(known)))
        places.append(numbers)
    outputs = [(at[q], placement) for at, p in zip(places, programs, strict=True) for q, placement in p.outputs]
    return Program(tuple(operation for operation, _ in known), tuple(outputs)), places


def _watched(operation: Operation, program: Program, output: bool) -> list[str]:
    """What is told of an operation."""
    name = operation.name
    found = ["over", "under"] if name in RANGED else []
    if name == "argmax":
        found.append("tie")
    if output:
        found.append("zero")
    elif name in SIGNED:
        found.append("log of one" if name in ("log", "log1p") else "cancelled")
    if name in ABSORBING:
        found.append("absorbed")
    if name in POWERS:
        found.append("at one")
    if name == "pow" and program.operations[operation.args[1][0]].rank == 0:
        found.append("exponent")
    return found


def _absorbed(operation: Operation, args: Sequence[Array], u: float) -> Array:
    """Whether what is added leaves no trace beside what it is added to."""
    sizes = [np.abs(arg) for arg in args]
    if operation.name in ("log1p", "expm1"):
        return sizes[0] <= u
    if operation.name == "sum":
        axis = int(operation.datum or 0) - len(operation.args[0][1])
        largest = sizes[0].max(axis=axis)
        return sizes[0].sum(axis=axis) - largest <= u * largest
    least, most = np.minimum(*sizes), np.maximum(*sizes)
    return least <= (u if operation.name != "hypot" else sqrt(2 * u)) * most


def _spread(value: Array, rows: int) -> Array:
    """A value for each row; those that depend on no row, such as the length, are the same in all."""
    return np.broadcast_to(value, (rows,)) if np.ndim(value) == 0 else value


def _mixed(told: Array, rows: int) -> Array:
    """One whole number for the entries of a row, in any order, which another row is not likely to have by chance."""
    told = _spread(np.asarray(told), rows).reshape(rows, -1)
    # Sums of these whole numbers are exact, and a product with a matrix is the fastest way to them.
    return told[:, 0] if told.shape[1] == 1 else _CODES.take(told.astype(np.intp) + 1) @ np.ones(told.shape[1])
