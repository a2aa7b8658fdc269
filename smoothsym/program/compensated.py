"""A program run in pairs of floats and rounded once: the compensated kernels. The error analysis is in pairs/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from smoothsym.program import arrays
from smoothsym.program.arrays import _place
from smoothsym.program.operations import Operation, Program
from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.clipped import CLIPPED
from smoothsym.program.pairs.functions import Functions
from smoothsym.program.pairs.shares import maximiser
from smoothsym.program.pairs.solve import inverse, level
from smoothsym.program.threshold import GAPS, LEVEL, SLOPE


def run(
    program: Program,
    x: Any,
    symbols: Mapping[str, Any],
    *,
    where: Any = None,
    weightless: Any = None,
    length: Any = None,
    positions: Mapping[str, Any] | None = None,
    vectors: Mapping[str, Any] | None = None,
    xp: Any = np,
    lazy: bool = True,
) -> list[Any]:
    """The outputs of a program on the rows of x, computed in pairs of floats of its format, float32 or float64, and rounded once.

    Parameters: as those of arrays.run; a symbol may be a Pair too.
    Raises TypeError for x of another format.
    """
    format = str(x.dtype).rpartition(".")[2]
    if format not in ("float32", "float64"):
        raise TypeError(
            f"x has dtype {x.dtype}; pairs are made of float32 or float64, so convert it to one of them first"
        )
    given = {**(vectors or {}), "x": x}
    pairs = Functions(xp, format, x.device if type(x).__module__.startswith("torch") else None)
    work = _Run(program, given, symbols, where, weightless, length, positions or {}, pairs, lazy)
    # What is not chosen, such as the rest of 0 / 0, is computed too.
    with np.errstate(all="ignore"):
        return [work.output(number, placement) for number, placement in program.outputs]


_UNARY = ("neg", "abs", "exp", "expm1", "log", "log1p", "sqrt")
_BINARY = ("add", "sub", "mul", "div", "pow", "hypot")


@dataclass
class _Run:
    """Operations are computed when something needs them, once. Values are pairs; positions are integers."""

    program: Program
    vectors: Mapping[str, Any]
    symbols: Mapping[str, Any]
    where: Any
    weightless: Any
    length: Any
    positions: Mapping[str, Any]
    pairs: Functions
    lazy: bool
    values: dict[int, Any] = field(default_factory=dict)

    @property
    def x(self) -> Any:
        return self.vectors["x"]

    def output(self, number: int, placement: tuple[int, ...]) -> Any:
        hi = self.value(number).hi
        return self.pairs.xp.swapaxes(hi, -1, -2) if placement == (1, 0) else hi

    def value(self, number: int) -> Any:
        if number not in self.values:
            self.values[number] = self._compute(self.program.operations[number])
        return self.values[number]

    def placed(self, operation: Operation, argument: int) -> Any:
        number, placement = operation.args[argument]
        value = self.value(number)
        if not isinstance(value, Pair):
            return _place(value, placement, operation.rank, self.pairs.xp)
        return Pair(
            *(part if part is None else _place(part, placement, operation.rank, self.pairs.xp) for part in value)
        )

    def _compute(self, operation: Operation) -> Any:
        name, datum, pairs = operation.name, operation.datum, self.pairs
        if name == "x":
            vector = self.vectors[str(datum)]
            return vector if isinstance(vector, Pair) else Pair(vector)
        if name == "symbol":
            return self._pair(self.symbols[str(datum)])
        if name == "number":
            return datum if isinstance(datum, int) else pairs.number(datum)  # type: ignore[arg-type]
        if name == "length":
            return pairs.number(Fraction(self.x.shape[-1])) if self.length is None else self._pair(self.length)
        if name == "iota":
            return pairs.places(self.x.shape[-1])
        if name == "position":
            return self.positions[str(datum)]
        if name == "take":
            (vector, _), (position, _) = operation.args
            return Pair(
                *(part if part is None else self._taken(part, self.value(position)) for part in self.value(vector))
            )
        if name in ("sum", "max", "min", "argmax"):
            return self._reduce(operation)
        if name in ("shares", "level", "inverse"):
            return getattr(self, f"_{name}")(operation)
        args = [self.placed(operation, q) for q in range(len(operation.args))] if name != "either" else []
        if name == "either":
            return self._either(operation)
        if name in CLIPPED:
            powers = (self._known(operation, 1),) if name in ("ramp", "ramplog") else ()
            return CLIPPED[name](pairs, *args, *powers)
        if name == "sign":
            return Pair(pairs.xp.sign(args[0].hi))
        if name == "same":
            return Pair(pairs.xp.astype(args[0] == args[1], self.x.dtype))
        if name == "without":
            return pairs.choose(args[1] == args[2], Pair(pairs.array(0.0)), args[0])
        if name in ("maximum", "minimum"):
            larger = pairs.above(args[0], args[1])
            unknown = pairs.xp.isnan(args[0].hi) | (larger if name == "maximum" else pairs.above(args[1], args[0]))
            return pairs.choose(unknown, args[0], args[1])
        if name in (*_UNARY, *_BINARY):
            return getattr(pairs, name)(*args)
        raise ValueError(f"no operation on pairs computes {name}")

    def _pair(self, value: Any) -> Pair:
        return value if isinstance(value, Pair) else Pair(self.pairs.given(value))

    def _taken(self, vector: Any, index: Any) -> Any:
        if isinstance(index, int):
            return vector[..., index]
        return self.pairs.xp.take_along_axis(vector, index[..., None], axis=-1)[..., 0]

    def _shares(self, operation: Operation) -> Any:
        """The maximiser over the simplex, which is 0 outside the mask."""
        gaps, scale, order, *rest = (self.value(number) for number, _ in operation.args)
        mass = rest[0] if rest else None
        if self.where is not None:
            pairs = self.pairs
            gaps = pairs.choose(self.where, gaps, Pair(pairs.array(-inf)))
            mass = mass if mass is None else pairs.choose(self.where, mass, Pair(pairs.array(0.0)))
        return maximiser(self.pairs, gaps, scale, order, mass, self._known(operation, 2), self.lazy)

    def _level(self, operation: Operation) -> Pair:
        """The number between two others at which the program inside is 0, for every row."""
        low, high, gaps = (self.value(number) for number, _ in operation.args)
        start = self._floats.level(operation, low.hi, high.hi, gaps.hi)
        balance = self._inside(operation, {**self.vectors, str(GAPS.label): gaps}, self.symbols)
        return level(self.pairs, balance, low, high, start, self.lazy)

    def _inverse(self, operation: Operation) -> Pair:
        """The number from 0 on at which the program inside is 0, entry by entry."""
        t = self.placed(operation, 0)
        balance = self._inside(operation, self.vectors, {**self.symbols, SLOPE.name: t})
        return inverse(self.pairs, balance, self._floats.inverse(operation, t.hi), self.lazy)

    def _inside(self, operation: Operation, vectors: Mapping[str, Any], symbols: Mapping[str, Any]) -> Any:
        program = operation.inner
        assert program is not None

        def balance(at: Pair) -> Pair:
            given = {**symbols, LEVEL.name: at}
            work = replace(self, program=program, vectors=vectors, symbols=given, positions={}, values={})
            found: Pair = work.value(program.outputs[0][0])
            return found

        return balance

    @cached_property
    def _floats(self) -> arrays.Run:
        """A run of the program in floats, for what is searched in them first."""

        def head(value: Any) -> Any:
            return value.hi if isinstance(value, Pair) else value

        symbols, vectors = ({name: head(q) for name, q in of.items()} for of in (self.symbols, self.vectors))
        beside = {"where": self.where, "weightless": self.weightless, "length": self.length, "vectors": vectors}
        return arrays.started(self.program, self.x, symbols, xp=self.pairs.xp, lazy=self.lazy, **beside)

    def _known(self, operation: Operation, argument: int) -> Fraction | None:
        """An argument that is a number of the program."""
        datum = self.program.operations[operation.args[argument][0]].datum
        return datum if isinstance(datum, Fraction) else None

    def _either(self, operation: Operation) -> Any:
        first = self.placed(operation, 0).hi > 0
        if self.lazy:
            xp = self.pairs.xp
            if bool(xp.all(first)) or not bool(xp.any(first)):
                value = self.placed(operation, 1 if bool(xp.any(first)) else 2)
                shape = (*self.x.shape[:-1], *(self.x.shape[-1:] * operation.rank))
                return Pair(*(part if part is None else xp.broadcast_to(part, shape) for part in value))
        return self.pairs.choose(first, self.placed(operation, 1), self.placed(operation, 2))

    def _reduce(self, operation: Operation) -> Any:
        ((number, placement),) = operation.args
        pairs, name = self.pairs, operation.name
        value, axis = self.value(number), int(operation.datum or 0) - len(placement)
        if self.weightless is not None and name == "sum":
            nothing = self._along(self.weightless, operation) & pairs.xp.isnan(value.hi)
            value = pairs.choose(nothing, Pair(pairs.array(0.0)), value)
        if self.where is not None:
            neutral = {"sum": 0.0, "min": float("inf")}.get(name, -float("inf"))
            value = pairs.choose(self._along(self.where, operation), value, Pair(pairs.array(neutral)))
        if name == "sum":
            return pairs.sum(value, axis)
        if name == "argmax":
            return pairs.position(value, axis)
        return pairs.largest(value, axis) if name == "max" else pairs.neg(pairs.largest(pairs.neg(value), axis))

    def _along(self, mask: Any, operation: Operation) -> Any:
        """A mask of entries, along the axis of a reduction."""
        ((_, placement),) = operation.args
        own = tuple(mask.shape[-1] if q == operation.datum else 1 for q in range(len(placement)))
        return self.pairs.xp.reshape(mask, (*mask.shape[:-1], *own))
