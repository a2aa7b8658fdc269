"""The way that a run on rows of NumPy took, taken again: the same operations in memory laid out once, with nothing decided but whether it is still the way.

A run decides as it goes: which form of two to compute, whether memory may be written over, how a value stands beside another one.
The next run on rows of the same shape mostly decides the same. A path is those operations one after another, each a call of NumPy
on memory that is known before; where a choice between two forms would fall otherwise, the path ends, and a run starts afresh. The
bits are those of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from smoothsym.program.evidence import Evidence
from smoothsym.program.few import every, some
from smoothsym.program.operations import Program
from smoothsym.program.steps import REDUCTIONS, UFUNCS
from smoothsym.program.summation import Total, TotalOfSquares, numpy_sum

Instruction = Callable[[list[Any]], Any]
"""What is done on the values by number; it says True where the path ends."""

ROOM = 1 << 25
"""Bytes for the values on the way: pages that are not touched cost nothing."""

MANY = 256
"""So many paths are kept in a thread, and so many ways for each."""


class Arena:
    """The memory that the paths of a thread share, since one is taken at a time."""

    def __init__(self) -> None:
        self.room = np.empty(ROOM + 64, np.uint8)
        # Arrays begin where a line of the cache does.
        self.start = -self.room.ctypes.data % 64
        self.paths: dict[Any, Paths] = {}
        self.busy = False

    def paths_of(self, program: Program, x: Any, summation: str) -> Paths:
        key = (id(program), x.shape, x.dtype, summation)
        found = self.paths.get(key)
        if found is None:
            if len(self.paths) >= MANY:
                self.paths.clear()
            # Who has the program keeps its number from being given to another one.
            found = self.paths[key] = Paths(self, program, x.shape, x.dtype, summation)
        return found


@dataclass
class Paths:
    """The paths of a program through rows of a shape: one for each list of choices."""

    arena: Arena
    program: Program
    shape: tuple[int, ...]
    dtype: Any
    summation: str
    last: Path | None = None
    known: dict[Any, Path | None] = field(default_factory=dict)

    def take(self, x: Any, symbols: Mapping[str, Any], out: Any) -> tuple[Any, Evidence] | None:
        """What the last path computes, and what else it shows; None where none is known, or it ends."""
        # Whatever else a signal may bring would write over what is being computed.
        if self.last is None or self.arena.busy:
            return None
        self.arena.busy = True
        try:
            return self.last.take(x, symbols, out)
        finally:
            self.arena.busy = False

    def learn(self, choices: Mapping[int, bool | None]) -> None:
        """The path that a run has found: for each choice between two forms that it met, whether it took the first one everywhere."""
        key = tuple(choices.items())
        if key not in self.known:
            if len(self.known) >= MANY:
                self.known.clear()
            self.known[key] = self._laid(choices)
        self.last = self.known[key] or self.last

    def _laid(self, choices: Mapping[int, bool | None]) -> Path | None:
        try:
            return _Layout(self, choices).path()
        except _NoPath:
            return None


@dataclass(frozen=True)
class Path:
    """Instructions, and the values that they start from: numbers of the program, and memory for what is like x."""

    program: Program
    instructions: tuple[Instruction, ...]
    start: list[Any]
    given: int
    """The number of x."""
    symbols: tuple[tuple[str, int], ...]
    output: int
    new: bool
    """Whether the output is like x, so that it needs memory of its own."""
    sums: tuple[tuple[int, int], ...]
    """The sums of the program that are computed, and under which number."""
    tops: tuple[tuple[int, int], ...]
    """The same of the entries that are taken."""

    def take(self, x: Any, symbols: Mapping[str, Any], out: Any) -> tuple[Any, Evidence] | None:
        values = self.start.copy()
        values[self.given] = x
        for name, number in self.symbols:
            value = symbols[name]
            if getattr(value, "ndim", 0):
                return None
            values[number] = value
        if self.new:
            values[self.output] = np.empty(x.shape, x.dtype) if out is None else out
        for instruction in self.instructions:
            if instruction(values):
                return None
        totals = {number: values[own] for number, own in self.sums}
        taken = {number: values[own] for number, own in self.tops}
        return values[self.output], Evidence(self.program, np, totals, taken)


class _NoPath(Exception):
    """What a run decides otherwise, or does on other arrays, is left to it."""


class _Memory:
    """Parts of an arena, lent while a path is laid out."""

    def __init__(self, arena: Arena) -> None:
        self.arena, self.used = arena, arena.start
        self.free: dict[Any, list[Any]] = {}

    def take(self, shape: tuple[int, ...], dtype: Any) -> Any:
        if free := self.free.get((shape, dtype)):
            return free.pop()
        size = int(np.prod(shape)) * dtype.itemsize
        begin, self.used = self.used, self.used + -(-size // 64) * 64
        if self.used > self.arena.start + ROOM:
            raise _NoPath
        return self.arena.room[begin : begin + size].view(dtype).reshape(shape)

    def give(self, array: Any) -> None:
        self.free.setdefault((array.shape, array.dtype), []).append(array)


class _Layout:
    """First the order of the operations, then their memory."""

    def __init__(self, paths: Paths, choices: Mapping[int, bool | None]) -> None:
        self.program, self.choices = paths.program, choices
        self.shape, self.dtype, self.summation = paths.shape, paths.dtype, paths.summation
        self.operations = paths.program.operations
        self.squares = paths.program.squares if paths.summation == "folded" else {}
        self.placed: dict[int, int] = {}
        self.order: list[tuple[int, bool | None]] = []
        """The numbers of operations, or of what is tested and whether it has to be positive everywhere."""
        self.reached: set[int] = set()
        self.of_rows: set[int] = set()
        """The operations with a number for each row, and not one for all."""
        self.memory = _Memory(paths.arena)
        self.held: dict[int, Any] = {}
        """The memory of values like x that are yet to be looked at."""
        self.start: list[Any] = [None] * len(self.operations)

    def path(self) -> Path:
        ((output, placement),) = self.program.outputs
        rank = self.operations[output].rank
        self._reach(output)
        last = self._named(output)
        result = last if rank else None
        own = [number for number, test in self.order if test is None]
        if placement != (0,)[:rank] or not self._arguments(last):
            raise _NoPath
        instructions, ends = [], self._ends(last)
        for step, (number, test) in enumerate(self.order):
            over = [q for q in self._reads(number, test) if ends[q] == step]
            if test is None:
                instructions += self._instruction(number, over, result)
            else:
                instructions.append(_guard(number, test))
            for q in over:
                if q in self.held:
                    self.memory.give(self.held.pop(q))
        given = [q for q in own if self.operations[q].name == "x"]
        if len(given) != 1 or (not rank and last not in self.of_rows):
            raise _NoPath
        symbols = tuple((str(self.operations[q].datum), q) for q in own if self.operations[q].name == "symbol")
        met = {q: q for q in own} | self.placed
        sums, tops = (tuple((q, met[q]) for q in which if q in met) for which in (self.program.sums, self.program.tops))
        parts = (tuple(instructions), self.start, given[0], symbols, last, bool(rank), sums, tops)
        return Path(self.program, *parts)

    # ---- the order ---------------------------------------------------------------------------------------------------------

    def _named(self, number: int) -> int:
        """The operation whose result this one's is."""
        return self.placed.get(number, number)

    def _reach(self, number: int) -> None:
        """As a run does, what an operation needs comes before it."""
        if number in self.reached:
            return
        self.reached.add(number)
        operation = self.operations[number]
        if operation.rank > 1:
            raise _NoPath
        if operation.name != "either":
            for inner in self._arguments(number):
                self._reach(inner)
            self.order.append((number, None))
            return
        first = self.choices.get(number)
        if first is None:
            raise _NoPath
        test, (taken, placement) = operation.args[0][0], operation.args[1 if first else 2]
        self._reach(test)
        self.order.append((self._named(test), first))
        # A number for each row in the place of one for each entry has not its shape.
        if placement != (0,)[: operation.rank]:
            raise _NoPath
        self._reach(taken)
        self.placed[number] = self._named(taken)

    def _arguments(self, number: int) -> list[int]:
        operation = self.operations[number]
        if number in self.squares:
            return [self.squares[number]]
        if operation.name == "without":
            return [operation.args[0][0], operation.args[2][0]]
        return [inner for inner, _ in operation.args]

    def _reads(self, number: int, test: bool | None) -> list[int]:
        return [number] if test is not None else [self._named(inner) for inner in self._arguments(number)]

    def _ends(self, last: int) -> dict[int, int]:
        """The step after which nobody needs a value."""
        found = {q: step for step, (number, test) in enumerate(self.order) for q in self._reads(number, test)}
        return {**found, last: len(self.order)}

    # ---- the instructions --------------------------------------------------------------------------------------------------

    def _instruction(self, number: int, over: list[int], result: int | None) -> list[Instruction]:
        operation, reads = self.operations[number], self._reads(number, None)
        name, places = operation.name, [placement for _, placement in operation.args]
        if name in ("x", "symbol"):
            if name == "x" and operation.datum != "x":
                raise _NoPath
            return []
        if name in ("number", "length"):
            datum = Fraction(self.shape[-1]) if name == "length" else operation.datum
            if not isinstance(datum, Fraction):
                raise _NoPath
            self.start[number] = np.asarray(datum.numerator / datum.denominator, dtype=self.dtype)
            return []
        if operation.rank:
            return self._entries(number, reads, over, result)
        if name in UFUNCS and not any(places):
            if not self.of_rows.isdisjoint(reads):
                self.of_rows.add(number)
            return [_numbers(UFUNCS[name], number, reads)]
        self.of_rows.add(number)
        whole = places[0] == (0,) and self.operations[reads[0]].rank == 1
        if name in REDUCTIONS and whole:
            return [_extremum(REDUCTIONS[name], number, reads[0])]
        if name == "take" and whole and self.operations[reads[1]].name == "argmax":
            return [_take(number, reads[0], reads[1], self.shape)]
        if name == "sum" and whole:
            return [self._sum(number, reads[0])]
        raise _NoPath

    def _entries(self, number: int, reads: list[int], over: list[int], result: int | None) -> list[Instruction]:
        """Of rows entry by entry: a result goes over an argument that nobody needs any more."""
        operation = self.operations[number]
        ranks = [self.operations[q].rank for q in reads]
        places = [placement for _, placement in operation.args]
        if operation.name == "without":
            right = places[0] == (0,) and ranks[0] == 1 and self.operations[reads[1]].name == "argmax"
        else:
            right = operation.name in UFUNCS and 1 in ranks and set(places) <= {(), (0,)}
        if not right:
            raise _NoPath
        if number != result:
            mine = [q for q, rank in zip(reads, ranks, strict=True) if rank and q in over and q in self.held]
            self.held[number] = self.held.pop(mine[0]) if mine else self.memory.take(self.shape, self.dtype)
            self.start[number] = self.held[number]
        if operation.name == "without":
            return [_without(number, reads[0], reads[1], self.shape)]
        return [_mapped(UFUNCS[operation.name], number, reads, [q in self.of_rows for q in reads])]

    def _sum(self, number: int, inner: int) -> Instruction:
        if number in self.squares:
            squares = TotalOfSquares(self.shape, self.dtype, self.memory)
            return lambda values: values.__setitem__(number, squares(values[inner]))
        if self.summation != "folded":
            return lambda values: values.__setitem__(number, numpy_sum(values[inner], -1, self.summation, self.memory))
        if inner not in self.held:
            raise _NoPath
        total = Total(self.held[inner], self.memory, self.operations[number].args[0][0] in self.program.nonnegative)
        return lambda values: values.__setitem__(number, total())


def _guard(number: int, positive: bool) -> Instruction:
    if positive:
        return lambda values: not every(values[number] > 0)
    return lambda values: some(values[number] > 0)


def _numbers(function: Any, number: int, reads: list[int]) -> Instruction:
    first, last = reads[0], reads[-1]
    if len(reads) == 1:
        return lambda values: values.__setitem__(number, function(values[first]))
    return lambda values: values.__setitem__(number, function(values[first], values[last]))


def _extremum(function: Any, number: int, inner: int) -> Instruction:
    return lambda values: values.__setitem__(number, function(values[inner], axis=-1))


def _mapped(function: Any, number: int, reads: list[int], of_rows: list[bool]) -> Instruction:
    first, last = reads[0], reads[-1]

    def one(values: list[Any]) -> None:
        function(values[first], out=values[number])

    def two(values: list[Any]) -> None:
        function(values[first], values[last], out=values[number])

    def row_first(values: list[Any]) -> None:
        function(values[first][:, None], values[last], out=values[number])

    def row_last(values: list[Any]) -> None:
        function(values[first], values[last][:, None], out=values[number])

    return one if len(reads) == 1 else row_first if of_rows[0] else row_last if of_rows[1] else two


def _take(number: int, inner: int, place: int, shape: tuple[int, ...]) -> Instruction:
    begin = np.arange(0, shape[0] * shape[1], shape[1])

    def take(values: list[Any]) -> None:
        values[number] = values[inner].reshape(-1)[begin + values[place]]

    return take


def _without(number: int, inner: int, place: int, shape: tuple[int, ...]) -> Instruction:
    begin = np.arange(0, shape[0] * shape[1], shape[1])

    def without(values: list[Any]) -> None:
        value, kept = values[number], values[inner]
        if value is not kept:
            np.copyto(value, kept)
        value.reshape(-1)[begin + values[place]] = 0

    return without
