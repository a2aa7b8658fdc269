"""Recording objects: they stand for the arrays of somebody's code, and write down what is done to them as operations of a program.

A recorded value knows its operation and where the axes of that stand in the shape that the code sees. The code sees a vector x of
unknown length n, so a shape is made of axes that run over 1..n and of ones.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite
from numbers import Rational, Real
from typing import Any

import numpy as np

from smoothsym.errors import shown
from smoothsym.program.operations import Operation, Tape
from smoothsym.program.tracing.names import Untraceable, call, function
from smoothsym.program.tracing.recorded import Recorded

ONE, SPREAD = "1", "n"
"""Axes of a shape that are none of the operation: of length one, and of length n with the same value everywhere."""

HIGHEST = 2
"""How many axes a value of a program may have."""

Axis = int | str


class Format:
    """The dtype of a recorded value: that of x, whatever it will be."""

    def type(self, value: Any) -> Any:
        """A constant in the format of x."""
        return value

    def __repr__(self) -> str:
        return "<the dtype of x>"


FORMAT = Format()


def _inplace(name: str) -> Any:
    return lambda self, other: self.changed(name, other)


class Value(Recorded):
    """An array of the code: operation `number` of the tape, with its axes where `dims` has their numbers."""

    def __init__(self, tape: Tape, number: int, dims: Sequence[Axis] = ()) -> None:
        self.tape, self.number, self.dims = tape, number, tuple(dims)
        self.viewed = False

    __iadd__, __isub__, __imul__, __itruediv__, __ipow__ = map(
        _inplace, ("add", "subtract", "multiply", "divide", "pow")
    )

    def __repr__(self) -> str:
        return f"<traced {self.operation.name} of shape ({', '.join('1' if d == ONE else 'n' for d in self.dims)})>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        function(name)
        return lambda *args, **settings: call(name, self.tape, self, *args, **settings)

    @property
    def operation(self) -> Operation:
        return self.tape.operations[self.number]

    @property
    def ndim(self) -> int:
        return len(self.dims)

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple(1 if d == ONE else length(self.tape) for d in self.dims)

    @property
    def size(self) -> Any:
        """The number of entries: 1, n or n n."""
        sides = [side for side in self.shape if isinstance(side, Value)]
        return functools.reduce(lambda a, b: elementwise("mul", a, b), sides) if sides else 1

    @property
    def dtype(self) -> Format:
        return FORMAT

    @property
    def T(self) -> Value:
        return self.view(tuple(reversed(self.dims)))

    def view(self, dims: Sequence[Axis]) -> Value:
        """The same value in another shape."""
        self.viewed = True
        made = type(self)(self.tape, self.number, dims)
        made.viewed = True
        return made

    def place(self, axis: Any) -> int:
        """Where an axis stands, from the left."""
        axis = whole(axis, "axis")
        if not -self.ndim <= axis < self.ndim:
            raise Untraceable(f"axis={axis} of a value with {self.ndim} axes; write axis=-1 or leave it out")
        return axis % self.ndim

    def __getitem__(self, key: Any) -> Value:
        keys = list(key) if isinstance(key, tuple) else [key]
        if not any(k is Ellipsis for k in keys):
            keys.append(Ellipsis)
        here = next(q for q, k in enumerate(keys) if k is Ellipsis)
        missing = self.ndim - sum(k is not None and k is not Ellipsis for k in keys)
        keys[here : here + 1] = [slice(None)] * missing
        if missing < 0 or any(k is Ellipsis for k in keys):
            raise Untraceable(f"too many indices for a value with {self.ndim} axes")
        dims: list[Axis] = []
        left = list(self.dims)
        entry: Any = None
        for k in keys:
            if k is None:
                dims.append(ONE)
                continue
            axis = left.pop(0)
            if isinstance(k, slice) and k == slice(None):
                dims.append(axis)
            elif isinstance(k, slice):
                raise Untraceable(
                    "x[a:b] depends on the length, which is not known; write xp.where(condition, x, other)"
                )
            elif isinstance(k, Recorded) and not isinstance(k, Position):
                raise Untraceable(
                    "x[condition] has an unknown length; write xp.where(condition, x, other), or x[xp.argmax(x)]"
                )
            elif isinstance(axis, int):
                entry = k
        if entry is None:
            return self.view(dims)
        if sum(isinstance(d, int) for d in self.dims) != 1:
            raise Untraceable(
                "one entry can be taken of a vector, and not of a matrix; index before the axes are combined"
            )
        at = (
            entry.number
            if isinstance(entry, Position)
            else self.tape.record(Operation("number", (), 0, whole(entry, "index")))
        )
        operation = Operation("take", ((self.number, (0,)), (at, ())), 0)
        return Value(self.tape, self.tape.record(operation), dims)

    def changed(self, name: str, other: Any) -> Value:
        if self.operation.name == "x":
            raise Untraceable("x is written into, which changes the array of the caller; write x = x - c for x -= c")
        if self.viewed:
            raise Untraceable("a value is written into that has another name or shape too; write y = y - c for y -= c")
        made = call(name, self.tape, self, other)
        if len(made.dims) != self.ndim:
            raise Untraceable(f"{self!r} cannot be changed in place into {made!r}; write y = y - c for y -= c")
        self.number, self.dims = made.number, made.dims
        return self


class Position(Value):
    """An index, or one for every entry: what argmax and arange return."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise no_number(self)


class Condition(Recorded):
    """A comparison: "positive" (a value), "same" (positions), "always" (the shape of a value), or "not", "and" of conditions."""

    def __init__(self, tape: Tape, name: str, *args: Any) -> None:
        self.tape, self.name, self.args = tape, name, args

    @property
    def dtype(self) -> Any:
        return np.dtype(bool)

    def __invert__(self) -> Condition:
        return Condition(self.tape, "not", self)

    def __and__(self, other: Any) -> Condition:
        return Condition(self.tape, "and", self, condition(self.tape, other))

    def __or__(self, other: Any) -> Condition:
        return ~(~self & ~condition(self.tape, other))

    __rand__, __ror__ = __and__, __or__

    def astype(self, dtype: Any, **_: Any) -> Value:
        return number(self.tape, self)

    def choose(self, a: Value, b: Value) -> Value:
        """a where the condition holds, b elsewhere."""
        if self.name == "not":
            return self.args[0].choose(b, a)
        if self.name == "and":
            first, second = self.args
            return first.choose(second.choose(a, b), b)
        if self.name == "always":
            return spread(a, joint(self.args[0], a, b))
        if self.name == "same" and a.operation == Operation("number", (), 0, Fraction(0)):
            return elementwise("without", b, *self.args)
        test = elementwise("same", *self.args) if self.name == "same" else self.args[0]
        return elementwise("either", test, a, b)


def condition(tape: Tape, value: Any) -> Condition:
    if isinstance(value, Condition):
        return value
    if isinstance(value, (bool, np.bool_)):
        always = Condition(tape, "always", constant(tape, Fraction(1)))
        return always if value else ~always
    raise Untraceable(f"{value!r} is no condition; write a comparison, such as x > 0")


def constant(tape: Tape, value: Fraction) -> Value:
    return Value(tape, tape.record(Operation("number", (), 0, value)))


def length(tape: Tape) -> Value:
    return Value(tape, tape.record(Operation("length", (), 0)))


def number(tape: Tape, value: Any) -> Value:
    """A value that can be calculated with: a recorded one, or a constant, exactly."""
    if isinstance(value, Position):
        raise no_number(value)
    if isinstance(value, Value):
        if value.tape is not tape:
            raise Untraceable("a value of another trace is used; trace one function at a time")
        return value
    if isinstance(value, Condition):
        return value.choose(constant(tape, Fraction(1)), constant(tape, Fraction(0)))
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (np.ndarray, list, tuple)):
        raise Untraceable(
            "an array of constants has a length of its own, and that of x is not known; give it as numbers, or as a parameter"
        )
    if isinstance(value, (bool, np.bool_, Rational)):
        return constant(tape, Fraction(int(value) if not isinstance(value, Rational) else Fraction(value)))
    if isinstance(value, (Real, np.floating)) or type(value).__name__ == "bfloat16":
        if not isfinite(value):
            raise Untraceable(
                f"the constant {value!r} is no number; rows are finite, so take x.max() or a finite constant instead"
            )
        return constant(tape, Fraction(float(value)))
    raise Untraceable(f"{shown(value)} is a {type(value).__name__}; a program has real numbers")


def no_number(position: Position) -> Untraceable:
    return Untraceable(
        f"{position!r} is a position and cannot be calculated with; write x[i], or xp.where(xp.arange(x.shape[-1]) == i, a, b)"
    )


def whole(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        if isinstance(error, Untraceable):
            raise
        raise Untraceable(f"{name}={value!r} is a {type(value).__name__}; write an integer") from None


def joint(*values: Value) -> list[Axis]:
    """The shape of values broadcast together, as the axes of an operation on them all."""
    dims: list[Axis] = []
    for place in range(-max(len(value.dims) for value in values), 0):
        found = {value.dims[place] for value in values if len(value.dims) >= -place}
        own = any(isinstance(d, int) for d in found)
        dims.append(sum(isinstance(d, int) for d in dims) if own else SPREAD if SPREAD in found else ONE)
    return dims


def spread(value: Value, dims: Sequence[Axis]) -> Value:
    """The value broadcast to a shape."""
    own = (ONE,) * (len(dims) - len(value.dims)) + value.dims
    return value.view(
        [SPREAD if mine == ONE and theirs != ONE else mine for mine, theirs in zip(own, dims, strict=True)]
    )


def elementwise(name: str, *args: Value) -> Value:
    """An operation entry by entry, on values that are broadcast as arrays are."""
    tape, dims = args[0].tape, joint(*args)
    rank = sum(isinstance(d, int) for d in dims)
    if rank > HIGHEST:
        raise Untraceable(f"a value has {rank} axes of length n, and a program has at most {HIGHEST}; reduce one first")
    placed = []
    for arg in args:
        offset = len(dims) - len(arg.dims)
        where = {axis: dims[offset + place] for place, axis in enumerate(arg.dims) if isinstance(axis, int)}
        placed.append((arg.number, tuple(int(where[q]) for q in range(len(where)))))
    return Value(tape, tape.record(Operation(name, tuple(placed), rank)), dims)


def reduced(name: str, value: Value, axis: Any, keepdims: bool, flat: Callable[[Value], Value]) -> Value:
    """A reduction over one axis, some or all (None); `flat` is what it makes of equal entries."""
    given = range(value.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    places = sorted({value.place(a) for a in given}, reverse=True)
    if name == "sum" and sum(isinstance(value.dims[place], int) for place in places) > 1:
        raise Untraceable(
            "a sum over both axes of a matrix has no one order of additions; write xp.sum(xp.sum(a, axis=-1), axis=-1)"
        )
    for place in places:
        dims, own = list(value.dims), value.dims[place]
        if own == SPREAD:
            value = flat(value.view([d if q != place else ONE for q, d in enumerate(dims)]))
        elif isinstance(own, int):
            rank = sum(isinstance(d, int) for d in dims)
            operation = Operation(name, ((value.number, tuple(range(rank))),), rank - 1, own)
            rest = [d - 1 if isinstance(d, int) and d > own else d for d in dims]
            value = Value(
                value.tape, value.tape.record(operation), [d if q != place else ONE for q, d in enumerate(rest)]
            )
    return value if keepdims else value.view([d for q, d in enumerate(value.dims) if q not in places])
