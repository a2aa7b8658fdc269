"""A program run on rows in twofold arithmetic: one call computes every row of a block, and a bound on the error of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np

from smoothsym import words
from smoothsym.program.buffering import by_rows
from smoothsym.program.operations import Operation, Program
from smoothsym.program.twofold import exponential, logarithm, values
from smoothsym.program.twofold.values import Twofold

LEVELS = ("single", "fast", "medium", "full")
WEIGHTS = str(words.w.label)
Vectors = Mapping[str, Any]
"""The entries x and what stands beside them, such as weights, each of shape (n, rows)."""

_SIMPLE: dict[str, Callable[[Twofold], Twofold]] = {"neg": values.neg, "abs": values.absolute, "sign": values.sign}
_RINGS: dict[str, Callable[..., Twofold]] = {"add": values.add, "sub": values.sub, "mul": values.mul, "div": values.div}
_CHOICES: dict[str, Callable[[Twofold, Twofold], Twofold]] = {"maximum": values.maximum, "minimum": values.minimum}
_FUNCTIONS: dict[str, Callable[..., Twofold]] = {
    "log": logarithm.log,
    "log1p": logarithm.log1p,
    "expm1": exponential.expm1,
    "sqrt": lambda v, level: values.root(v, level == "single"),
}


def run(
    program: Program,
    blocks: Sequence[Vectors],
    symbols: Mapping[str, Twofold],
    level: str,
    reach: float = np.inf,
    positions: Mapping[str, Any] = MappingProxyType({}),
) -> list[Twofold]:
    """The outputs of a program on the columns of all blocks, of shape (rows,), (n, rows) or (n, n, rows).

    A block has exact floats: the vector x, and those beside it by their names; weights are not negative. `symbols` are numbers;
    `reach`, one that no entry of x exceeds; `positions`, of one block, the places of free indices in each row. What is one number
    for a row, and comes after all sums, is computed for all blocks at once. Raises NotImplementedError for an operation that this arithmetic lacks.
    """
    with by_rows():
        if len(blocks) == 1:
            return _Run(program, blocks[0], symbols, level, reach, positions=positions).outputs()
        front = _left_for_last(program)
        parts = []
        for block in blocks:
            work = _Run(program, block, symbols, level, reach)
            parts.append([values.tight(work.value(number)) for number in front])
        sizes = [block["x"].shape[1] for block in blocks]
        whole = {"x": np.broadcast_to(np.float64(0), (blocks[0]["x"].shape[0], sum(sizes)))}
        found = {number: _joined([part[q] for part in parts], sizes) for q, number in enumerate(front)}
        return _Run(program, whole, symbols, level, reach, found).outputs()


REDUCTIONS = ("sum", "max", "min", "argmax", "take")
OPERATIONS = {*_SIMPLE, *_RINGS, *_CHOICES, *_FUNCTIONS, *REDUCTIONS, "x", "symbol", "number", "length", "position"}
OPERATIONS |= {"iota", "same", "without", "either", "exp", "pow"}


def computes(program: Program) -> bool:
    """Whether this arithmetic has every operation of a program."""
    return all(operation.name in OPERATIONS for operation in program.operations)


@lru_cache(maxsize=256)
def _left_for_last(program: Program) -> tuple[int, ...]:
    """What a block computes last: the numbers for a row that others are made of when all blocks are done, as no vector needs these."""
    operations = program.operations
    needed: set[int] = set()
    for number in reversed(range(len(operations))):
        operation = operations[number]
        if operation.rank > 0 or operation.name in REDUCTIONS or number in needed:
            needed.update(a for a, _ in operation.args)
    free = ("symbol", "number", "length")
    tail = {q for q, o in enumerate(operations) if o.rank == 0 and q not in needed and o.name not in REDUCTIONS}
    used = {a for q in tail for a, _ in operations[q].args} | {q for q, _ in program.outputs}
    return tuple(sorted(q for q in used - tail if operations[q].name not in free))


def _joined(parts: list[Twofold], sizes: list[int]) -> Twofold:
    def one(values_: list[Any]) -> Any:
        return np.concatenate(
            [
                v if np.shape(v)[-1:] == (size,) else np.broadcast_to(v, (size,))
                for v, size in zip(values_, sizes, strict=True)
            ],
            axis=-1,
        )

    lo = None if all(p.lo is None for p in parts) else one([0.0 if p.lo is None else p.lo for p in parts])
    return Twofold(
        one([p.hi for p in parts]),
        lo,
        one([p.rel for p in parts]),
        one([values.of_rows(p.abs) for p in parts]),
        all(p.nonnegative for p in parts),
    )


@dataclass
class _Run:
    program: Program
    vectors: Vectors
    symbols: Mapping[str, Twofold]
    level: str
    reach: float = np.inf
    found: dict[int, Any] = field(default_factory=dict)
    logarithms: dict[Any, Twofold] = field(default_factory=dict)
    positions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def x(self) -> Any:
        return self.vectors["x"]

    def outputs(self) -> list[Twofold]:
        return [self.placed_output(number, placement) for number, placement in self.program.outputs]

    def placed_output(self, number: int, placement: tuple[int, ...]) -> Twofold:
        value = values.tight(self.value(number))
        if placement == (1, 0):
            value = _arranged(value, lambda a: np.swapaxes(a, 0, 1))
        shape = (*(self.x.shape[:1] * len(placement)), *self.x.shape[1:])
        return value if np.shape(value.hi) == shape else _arranged(value, lambda a: np.broadcast_to(a, shape))

    @property
    def single(self) -> bool:
        return self.level == "single"

    def value(self, number: int) -> Any:
        if number not in self.found:
            self.found[number] = self._compute(self.program.operations[number])
        return self.found[number]

    def args(self, operation: Operation) -> list[Twofold]:
        return [_placed(self.value(number), placement, operation.rank) for number, placement in operation.args]

    def _compute(self, operation: Operation) -> Any:
        name, datum = operation.name, operation.datum
        if name == "x":
            return Twofold(self.vectors[str(datum)], nonnegative=datum == WEIGHTS)
        if name == "symbol":
            return self.symbols[str(datum)]
        if name == "number":
            return datum if isinstance(datum, int) else values.constant(Fraction(datum), self.single)  # type: ignore[arg-type]
        if name == "length":
            return values.constant(Fraction(self.x.shape[0]), self.single)
        if name == "iota":
            return np.arange(self.x.shape[0])[:, None]
        if name == "position":
            return self.positions[str(datum)]
        if name == "take":
            return self._taken(operation)
        if name == "same":
            a, b = (
                _placed_positions(self.value(number), placement, operation.rank) for number, placement in operation.args
            )
            return Twofold((a == b).astype(np.float64), nonnegative=True)
        if name == "without":
            value, *pair = operation.args
            a, b = (_placed_positions(self.value(number), placement, operation.rank) for number, placement in pair)
            mask = Twofold((a != b).astype(np.float64), nonnegative=True)
            return _RINGS["mul"](_placed(self.value(value[0]), value[1], operation.rank), mask, self.single)
        if name == "argmax":
            return np.argmax(self.value(operation.args[0][0]).hi, axis=int(operation.datum or 0))
        if name in ("max", "min"):
            return self._extremum(operation)
        if name == "sum":
            return values.total(self.value(operation.args[0][0]), int(datum or 0), self.level)
        if name == "either":
            return self._either(operation)
        if name == "exp":
            return self._exponential(operation)
        if name == "pow":
            a, b = self.args(operation)
            return logarithm.power(a, b, self.level, partial(self._logarithm, (*operation.args[0], operation.rank)))
        if name in _SIMPLE:
            return _SIMPLE[name](self.args(operation)[0])
        if name in _CHOICES:
            return _CHOICES[name](*self.args(operation))
        if name in _RINGS:
            return _RINGS[name](*self.args(operation), self.single)
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](*self.args(operation), self.level)
        raise NotImplementedError(f"twofold arithmetic has no {name}")

    def _exponential(self, operation: Operation) -> Twofold:
        """exp; of a multiple of floats in one go where the fast level allows it."""
        inner = self.program.operations[operation.args[0][0]]
        if self.level == "fast" and inner.name == "mul":
            rate, x = (self.value(number) for number, _ in inner.args)
            if rate.number and not x.number and x.exact and not values.power_of_two(rate):
                return exponential.exp_of_multiple(rate, x.hi, self._reach(operation.args[0][0]))
        return exponential.exp(self.args(operation)[0], self.level, self._reach(operation.args[0][0]))

    def _reach(self, number: int) -> float:
        """A number that no modulus of a value exceeds, as far as it follows from the entries: for sums and multiples of them."""
        operation = self.program.operations[number]
        inner = [q for q, _ in operation.args]
        if operation.name == "x":
            return self.reach if operation.datum == "x" else np.inf
        if operation.name in ("symbol", "number") and not isinstance(operation.datum, int):
            return abs(float(self.value(number).hi)) * (1 + 2.0**-40)
        if operation.name in ("neg", "take", "max", "min"):
            return self._reach(inner[0])
        if operation.name in ("add", "sub"):
            return (self._reach(inner[0]) + self._reach(inner[1])) * (1 + 2.0**-40)
        if operation.name == "mul":
            return self._reach(inner[0]) * self._reach(inner[1]) * (1 + 2.0**-40)
        return np.inf

    def _logarithm(self, base: Any, value: Twofold, level: str) -> Twofold:
        """Of a base, in its place, which may have several powers."""
        if base not in self.logarithms:
            self.logarithms[base] = logarithm.log(value, level)
        return self.logarithms[base]

    def _taken(self, operation: Operation) -> Twofold:
        (vector, _), (position, _) = operation.args
        value, place = self.value(vector), self.value(position)
        if isinstance(place, int):
            return _arranged(value, lambda a: a[place])
        return _arranged(value, lambda a: np.take_along_axis(a, place[None, :], axis=0)[0])

    def _extremum(self, operation: Operation) -> Twofold:
        value = values.tight(self.value(operation.args[0][0]))
        axis = int(operation.datum or 0)
        pick = np.argmax if operation.name == "max" else np.argmin
        place = np.expand_dims(pick(value.hi, axis=axis), axis)
        found = _arranged(value, lambda a: np.take_along_axis(a, place, axis=axis).squeeze(axis))
        # By upper parts alone the choice may be wrong by what the lower parts differ in.
        return found if value.lo is None else found._replace(abs=values.of_rows(found.abs) + 2.0**-50 * value.peak)

    def _either(self, operation: Operation) -> Twofold:
        test = _placed(self.value(operation.args[0][0]), operation.args[0][1], operation.rank).hi > 0
        options = [(number, placement) for number, placement in operation.args[1:]]
        if test.all() or not test.any():
            number, placement = options[0 if test.all() else 1]
            return _placed(self.value(number), placement, operation.rank)
        a, b = (values.tight(_placed(self.value(number), placement, operation.rank)) for number, placement in options)
        lo = None if a.lo is None and b.lo is None else np.where(test, _low(a), _low(b))
        first, second = values.over_entries(np.logical_or, test), values.over_entries(np.logical_or, ~test)
        rel = np.maximum(np.where(first, a.rel, 0.0), np.where(second, b.rel, 0.0))
        absolute = np.where(test, a.abs, b.abs)
        hi: Any = np.where(test, a.hi, b.hi)
        nonnegative = a.nonnegative or b.nonnegative
        # Both are forms of one value: what one form shows of its sign holds for the other.
        if nonnegative and not (a.nonnegative and b.nonnegative):
            below = hi < 0
            hi, lo = np.where(below, 0.0, hi), None if lo is None else np.where(below, 0.0, lo)
        return Twofold(hi, lo, rel, absolute, nonnegative)


def _low(v: Twofold) -> Any:
    return 0.0 if v.lo is None else v.lo


def _arranged(v: Twofold, change: Any) -> Twofold:
    lo = None if v.lo is None else change(np.broadcast_to(v.lo, np.shape(v.hi)))
    return v._replace(hi=change(v.hi), lo=lo, abs=values.of_rows(v.abs))


def _placed(v: Twofold, placement: tuple[int, ...], rank: int) -> Twofold:
    """The axes of the result: those that a value lacks get length one; one of no axes or of the last one is in place as it is."""
    if len(placement) == 2 and placement == (1, 0):
        return _arranged(v, lambda a: np.swapaxes(a, 0, 1))
    if len(placement) == 1 and rank == 2 and placement == (0,):
        return _arranged(v, lambda a: a[:, None, :])
    return v


def _placed_positions(v: Any, placement: tuple[int, ...], rank: int) -> Any:
    return v[:, None, :] if len(placement) == 1 and rank == 2 and placement == (0,) else v
