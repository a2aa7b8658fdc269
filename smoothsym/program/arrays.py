"""A program run on arrays: one call computes every row, in the format of its input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from sys import getrefcount
from typing import Any

import numpy as np

from smoothsym.program import portable
from smoothsym.program.evidence import Evidence
from smoothsym.program.few import every, some
from smoothsym.program.operations import Operation, Program
from smoothsym.program.scratch import ALONE, Scratch
from smoothsym.program.shares import shares
from smoothsym.program.solve import qexp, ramp, ramplog, xqlog, xqlog1, zero
from smoothsym.program.steps import Step, step
from smoothsym.program.summation import numpy_sum, total
from smoothsym.program.threshold import GAPS, LEVEL, SLOPE

_NAMES = {
    "abs": "abs",
    "exp": "exp",
    "log": "log",
    "log1p": "log1p",
    "expm1": "expm1",
    "sign": "sign",
    "neg": "negative",
    "sqrt": "sqrt",
    "hypot": "hypot",
    "maximum": "maximum",
    "minimum": "minimum",
}

_CLIPPED: dict[str, Callable[..., Any]] = {
    "ramp": ramp,
    "ramplog": ramplog,
    "qexp": qexp,
    "xqlog": xqlog,
    "xqlog1": xqlog1,
}
DOUBLINGS = 64
"""How often an upper end is doubled: beyond 2^64 no share of a simplex lies."""

_ALONG = ((), (0,), (0, 1))
"""The axes of a value that has all those of a result, in their order."""


def run(program: Program, x: Any, symbols: Mapping[str, Any], **settings: Any) -> list[Any]:
    """The outputs of a program on the rows of x, the vector along the last axis; the settings are those of `started`."""
    return started(program, x, symbols, **settings).outputs()


def started(
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
    summation: str = "pairwise",
    scratch: Scratch | None = None,
    out: Any = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Run:
    """A run of a program on the rows of x: nothing is computed before something is asked for.

    Parameters: x of shape (..., n); symbols, scalars or arrays of shape (...); `where`, a mask like x: entries outside it are in no
    sum, maximum or minimum; `weightless`, a mask like x of infinite entries and zeros whose terms in a sum are 0 where they are
    no number, as 0 times infinity; `length`, what n is, where it is not the length of x; `vectors`, those beside x, such as
    weights, each like a row of x; `xp`, a namespace of the array API standard; `lazy`, whether the form that `either` takes
    nowhere is left out, which needs arrays whose values can be looked at; `summation`, "folded" for sums in twice the
    precision but for two additions (summation.py), "sequential" for term by term with NumPy, else those of the library;
    `scratch`, memory for results on the way, and `out`, an array of NumPy like x, memory for a result, which may be passed
    over; `functions`, what does an operation of that name instead of the library. Every operation is done in the dtype of x.
    """
    given = {**(vectors or {}), "x": x}
    beside = (where, weightless, length, positions or {})
    return Run(program, given, symbols, *beside, xp, lazy, summation, scratch or Scratch(), out, functions or {})


@dataclass
class Run:
    """Operations are computed when something needs them, once."""

    program: Program
    vectors: Mapping[str, Any]
    symbols: Mapping[str, Any]
    where: Any
    weightless: Any
    length: Any
    positions: Mapping[str, Any]
    xp: Any
    lazy: bool
    summation: str
    scratch: Scratch
    out: Any
    functions: Mapping[str, Callable[..., Any]]
    choices: dict[int, bool | None] = field(default_factory=dict)
    """Where one of two forms was computed for all rows, whether it was the first one; None where both were."""

    def __post_init__(self) -> None:
        self.x = x = self.vectors["x"]
        self.numpy, self.shape = isinstance(x, np.ndarray), x.shape
        program = self.program
        self.evidence = Evidence(program, self.xp)
        self.uses = list(program.uses)
        self.steps = _steps(program, self.numpy and not self.functions)
        self.values = list(_constants(program, x)) if self.numpy else [None] * len(program.operations)

    def outputs(self) -> list[Any]:
        return [self._output(number, placement) for number, placement in self.program.outputs]

    def _output(self, number: int, placement: tuple[int, ...]) -> Any:
        value = self.value(number)
        return self.xp.swapaxes(value, -1, -2) if placement == (1, 0) else value

    def value(self, number: int) -> Any:
        found = self.values[number]
        if found is None:
            found = self.values[number] = self.steps[number](self)
        return found

    def placed(self, operation: Operation, argument: int) -> Any:
        number, placement = operation.args[argument]
        value = self.value(number)
        return value if placement == _ALONG[operation.rank] else _place(value, placement, operation.rank, self.xp)

    def all_placed(self, operation: Operation) -> list[Any]:
        found, along = [], _ALONG[operation.rank]
        for number, placement in operation.args:
            value = self.value(number)
            found.append(value if placement == along else _place(value, placement, operation.rank, self.xp))
        return found

    # ---- what is given -----------------------------------------------------------------------------------------------------

    def _vector(self, operation: Operation, number: int) -> Any:
        return self.vectors[str(operation.datum)]

    def _symbol(self, operation: Operation, number: int) -> Any:
        return self.symbols[str(operation.datum)]

    def _number(self, operation: Operation, number: int) -> Any:
        datum = operation.datum
        if isinstance(datum, int):
            return datum
        return _constant(datum, self.x, self.xp)  # type: ignore[arg-type]

    def _length(self, operation: Operation, number: int) -> Any:
        return _constant(Fraction(self.x.shape[-1]), self.x, self.xp) if self.length is None else self.length

    def _iota(self, operation: Operation, number: int) -> Any:
        x = self.x
        return self.xp.arange(x.shape[-1], **({"device": x.device} if hasattr(x, "device") else {}))

    def _position(self, operation: Operation, number: int) -> Any:
        return self.positions[str(operation.datum)]

    # ---- what is computed --------------------------------------------------------------------------------------------------

    def _take(self, operation: Operation, number: int) -> Any:
        (vector, _), (position, _) = operation.args
        index = self.value(position)
        if isinstance(index, int):
            return self.value(vector)[..., index]
        value = self.value(vector)
        if isinstance(value, np.ndarray) and value.shape[:-1] == index.shape:
            found = value.reshape(-1)[_flat_places(index, value.shape[-1])]
        else:
            if len(value.shape) <= len(index.shape):
                # A vector that is the same for every row, as weights may be.
                value = self.xp.broadcast_to(value, (*index.shape, value.shape[-1]))
            found = self.xp.take_along_axis(value, index[..., None], axis=-1)[..., 0]
        self.evidence.taken[number] = found
        return found

    def _entrywise(self, operation: Operation, number: int) -> Any:
        name, args = operation.name, self.all_placed(operation)
        self._used(operation)
        function = self.functions.get(name)
        return _apply(name, args, self.x, self.xp) if function is None else function(*args)

    # ---- memory ------------------------------------------------------------------------------------------------------------

    def _used(self, operation: Operation) -> None:
        """Arguments that no other operation needs are kept no longer."""
        for number, _ in operation.args:
            self.uses[number] -= 1
            if not self.uses[number]:
                self.values[number] = None

    def over(self, number: int, value: Any) -> bool:
        """Whether a value, of which this is one use, may be written over."""
        self.uses[number] -= 1
        if self.uses[number]:
            return False
        self.values[number] = None
        return id(value) in self.scratch.lent and getrefcount(value) == ALONE

    def memory(self, number: int, spare: Any = None) -> Any:
        """Memory like x for the result of an operation; some of that kind is to spare, or None."""
        if self.out is not None and number == self.program.outputs[0][0]:
            if spare is not None:
                self.scratch.give(spare)
            return self.out
        return self.scratch.take(self.shape, self.x.dtype) if spare is None else spare

    # ---- other operations --------------------------------------------------------------------------------------------------

    def _clipped(self, operation: Operation, number: int) -> Any:
        args = self.all_placed(operation)
        return _CLIPPED[operation.name](self.xp, *(self.xp.asarray(q, dtype=self.x.dtype) for q in args))

    def _level(self, operation: Operation, number: int) -> Any:
        """The number between two others at which the program inside is 0, for every row."""
        return self.level(operation, *(self.value(number) for number, _ in operation.args))

    def level(self, operation: Operation, low: Any, high: Any, gaps: Any) -> Any:
        """The same, of what it is given."""
        beside, nothing = {**self.vectors, str(GAPS.label): gaps}, self.xp.zeros_like(self.x[..., 0])
        # One for each row, where x is: a number may be anywhere.
        low, high = (nothing + self.xp.asarray(q, dtype=self.x.dtype) for q in (low, high))
        return zero(self.xp, self._inside(operation, LEVEL.name, beside, self.symbols), low, high, self.lazy)

    def _shares(self, operation: Operation, number: int) -> Any:
        """The maximiser over the simplex, which is 0 outside the mask."""
        gaps, scale, order, *rest = (self.value(number) for number, _ in operation.args)
        mass = rest[0] if rest else None
        if self.where is not None:
            xp = self.xp
            gaps = xp.where(self.where, gaps, xp.asarray(-xp.inf, dtype=gaps.dtype))
            mass = mass if mass is None else xp.where(self.where, mass, xp.asarray(0, dtype=mass.dtype))
        return shares(self.xp, gaps, scale, order, mass, self.lazy)

    def _inverse(self, operation: Operation, number: int) -> Any:
        """The number from 0 on at which the program inside is 0, entry by entry."""
        return self.inverse(operation, self.placed(operation, 0))

    def inverse(self, operation: Operation, t: Any) -> Any:
        """The same, of what it is given."""
        low, high = self.xp.zeros_like(t), self.xp.ones_like(t)
        # Each entry is a row of its own.
        balance = self._inside(operation, LEVEL.name, self.vectors, {**self.symbols, SLOPE.name: t})
        # A slope that is a quotient of what vanishes at 0 is looked at beside it.
        least = self.xp.asarray(float(self.xp.finfo(self.x.dtype).smallest_normal), dtype=self.x.dtype)
        low = self.xp.where(self.xp.isnan(balance(low)), least, low)
        for _ in range(DOUBLINGS if self.lazy else 0):
            if not bool(self.xp.any(balance(high) > 0)):
                break
            high = high * 2
        return zero(self.xp, balance, low, high, self.lazy)

    def _inside(self, operation: Operation, name: str, vectors: Mapping[str, Any], symbols: Mapping[str, Any]) -> Any:
        program = operation.inner
        assert program is not None

        def value(level: Any) -> Any:
            given = {**symbols, name: level}
            fresh: dict[str, Any] = {"positions": {}, "out": None, "choices": {}}
            inner = replace(self, program=program, vectors=vectors, symbols=given, **fresh)
            return inner.value(program.outputs[0][0])

        return value

    def _either(self, operation: Operation, number: int) -> Any:
        first = self.placed(operation, 0) > 0
        decided = self.choices[number] = _unanimous(first, self.xp) if self.lazy else None
        if decided is not None:
            return self.whole(self.placed(operation, 1 if decided else 2), operation.rank)
        return self.xp.where(first, self.placed(operation, 1), self.placed(operation, 2))

    def whole(self, value: Any, rank: int) -> Any:
        """With all the axes of the result, as a choice between both forms would have."""
        shape = (*self.shape[:-1], *(self.shape[-1:] * rank))
        value = value if hasattr(value, "shape") else self.xp.asarray(value, dtype=self.x.dtype)
        return value if tuple(value.shape) == shape else self.xp.broadcast_to(value, shape)

    def _without(self, operation: Operation, number: int) -> Any:
        """A vector with a 0 at one position, which is one number to write, where an array can be written to."""
        (v, v_axes), _, (position, _) = operation.args
        value, where = self.value(v), self.value(position)
        if v_axes == (0,) and tuple(value.shape) == tuple(self.x.shape) and not isinstance(where, int):
            if isinstance(value, np.ndarray):
                if not self.over(v, value):
                    kept, value = value, self.memory(number)
                    np.copyto(value, kept)
                value.reshape(-1)[_flat_places(where, value.shape[-1])] = 0
                return value
            if hasattr(value, "scatter"):
                return value.scatter(-1, where[..., None], 0.0)
        value, a, b = (self.placed(operation, q) for q in range(3))
        return self.xp.where(a == b, self.xp.zeros((), dtype=self.x.dtype), value)

    def _reduce(self, operation: Operation, number: int) -> Any:
        ((term, placement),) = operation.args
        value, axis = self.value(term), int(operation.datum or 0) - len(placement)
        self._used(operation)
        if (function := self.functions.get(operation.name)) is not None:
            return function(value, axis)
        value = self.terms(operation, value)
        if operation.name != "sum":
            return getattr(self.xp, operation.name)(value, axis=axis)
        self.evidence.totals[number] = found = self.total(value, axis)
        return found

    def total(self, value: Any, axis: int, positive: bool = False) -> Any:
        """A sum in the order of this run; `positive` where no term is below 0."""
        if isinstance(value, np.ndarray):
            return numpy_sum(value, axis, self.summation, self.scratch, positive)
        return total(self.xp, value, axis) if self.summation == "folded" else self.xp.sum(value, axis=axis)

    def terms(self, operation: Operation, value: Any) -> Any:
        """What a reduction is of: entries that do not count are left out."""
        if self.weightless is not None and operation.name == "sum":
            nothing = self._along(self.weightless, operation) & self.xp.isnan(value)
            value = self.xp.where(nothing, self.xp.asarray(0, dtype=value.dtype), value)
        if self.where is not None:
            neutral = {"sum": 0, "min": self.xp.inf}.get(operation.name, -self.xp.inf)
            value = self.xp.where(
                self._along(self.where, operation), value, self.xp.asarray(neutral, dtype=value.dtype)
            )
        return value

    def _along(self, mask: Any, operation: Operation) -> Any:
        """A mask of entries, along the axis of a reduction."""
        ((_, placement),) = operation.args
        own = tuple(mask.shape[-1] if q == operation.datum else 1 for q in range(len(placement)))
        return self.xp.reshape(mask, (*mask.shape[:-1], *own))


_HOW = {
    "x": Run._vector,
    "symbol": Run._symbol,
    "number": Run._number,
    "length": Run._length,
    "iota": Run._iota,
    "position": Run._position,
    "take": Run._take,
    "sum": Run._reduce,
    "max": Run._reduce,
    "min": Run._reduce,
    "argmax": Run._reduce,
    "either": Run._either,
    "without": Run._without,
    "level": Run._level,
    "shares": Run._shares,
    "inverse": Run._inverse,
    **dict.fromkeys(_CLIPPED, Run._clipped),
}
"""How an operation is done that is none entry by entry."""


def _steps(program: Program, numpy: bool) -> tuple[Step, ...]:
    """What computes each operation in a run."""
    kept, key = program.kept, ("steps", numpy)
    if key not in kept:
        steps = []
        for number, operation in enumerate(program.operations):
            own = step(program, number) if numpy else None
            how = _HOW.get(operation.name, Run._entrywise)
            steps.append(own or partial(how, operation=operation, number=number))
        kept[key] = tuple(steps)
    found: tuple[Step, ...] = kept[key]
    return found


def _constants(program: Program, x: Any) -> tuple[Any, ...]:
    """The numbers among the operations, in the dtype of an array of NumPy, and None in the place of the others."""
    kept, key = program.kept, ("constants", x.dtype)
    if key not in kept:
        kept[key] = tuple(
            _constant(q.datum, x, np) if q.name == "number" and isinstance(q.datum, Fraction) else None
            for q in program.operations
        )
    found: tuple[Any, ...] = kept[key]
    return found


def _flat_places(index: Any, size: int) -> Any:
    """Where the entries of rows at these positions are in all rows one after another."""
    return np.arange(0, index.size * size, size).reshape(index.shape) + index


def _unanimous(test: Any, xp: Any) -> bool | None:
    if isinstance(test, np.ndarray):
        return True if every(test) else None if some(test) else False
    return True if bool(xp.all(test)) else None if bool(xp.any(test)) else False


def _apply(name: str, args: list[Any], x: Any, xp: Any) -> Any:
    if name == "add":
        return args[0] + args[1]
    if name == "sub":
        return args[0] - args[1]
    if name == "mul":
        return args[0] * args[1]
    if name == "div":
        return args[0] / args[1]
    if name == "pow":
        return args[0] ** args[1]
    if name == "same":
        return xp.astype(args[0] == args[1], x.dtype)
    return getattr(xp, _NAMES[name])(*args)


def _constant(value: Fraction, x: Any, xp: Any) -> Any:
    return xp.asarray(value.numerator / value.denominator, dtype=x.dtype)


def _place(value: Any, placement: tuple[int, ...], rank: int, xp: Any) -> Any:
    """Give a value the axes of the result: those it lacks get length one, the rest the order of the result."""
    if not hasattr(value, "ndim") or value.ndim == 0 or rank == 0:
        return value
    own = len(placement)
    if own == 0 and rank == 1:
        return value[..., None]
    lead = value.ndim - own
    if own == 2 and placement == (1, 0):
        value = xp.swapaxes(value, -1, -2)
        placement = (0, 1)
    if own == rank:
        return value
    shape = tuple(value.shape[:lead]) + tuple(
        value.shape[lead + placement.index(q)] if q in placement else 1 for q in range(rank)
    )
    return xp.reshape(value, shape)


def trace(program: Program, x: Any, symbols: Mapping[str, Any]) -> list[tuple[Any, list[Any]]]:
    """What every operation is on the rows of x, taken or not, and its arguments as they meet in it; the same bits on every machine.

    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.words import j, n, x
    >>> from sympy import Sum, log
    >>> trace(lower([log(Sum(x[j], (j, 1, n)))]), np.array([[1.0, 0.0]]), {})[2]
    (array([0.]), [array([1.])])
    """
    work = started(program, x, symbols, lazy=False, functions=portable.FUNCTIONS)
    # Nothing is written over that is yet to be looked at.
    work.uses = [len(program.operations) + len(program.outputs) + use for use in work.uses]
    found = []
    for number, operation in enumerate(program.operations):
        value = work.value(number)
        entrywise = operation.name not in ("sum", "max", "min", "argmax", "take")
        args = range(len(operation.args))
        met = [work.placed(operation, q) if entrywise else work.value(operation.args[q][0]) for q in args]
        found.append((value, met))
    return found
