"""The published vocabulary of array code: each name of the array API or NumPy that a program has an operation for, and which one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from smoothsym.program.operations import Operation, Tape
from smoothsym.program.tracing.names import Untraceable, named
from smoothsym.program.tracing.recording import (
    FORMAT,
    ONE,
    Condition,
    Position,
    Value,
    condition,
    constant,
    elementwise,
    joint,
    length,
    number,
    reduced,
    spread,
    whole,
)

# ---- entry by entry --------------------------------------------------------------------------------------------------------


def _unary(operation: str) -> Callable[..., Value]:
    return lambda tape, x, /: elementwise(operation, number(tape, x))


def _binary(operation: str) -> Callable[..., Value]:
    return lambda tape, x1, x2, /: elementwise(operation, number(tape, x1), number(tape, x2))


for _operation, _names in {
    "neg": "negative",
    "abs": "abs absolute fabs",
    "sign": "sign",
    "sqrt": "sqrt",
    "exp": "exp",
    "expm1": "expm1",
    "log": "log",
    "log1p": "log1p",
}.items():
    named(*_names.split())(_unary(_operation))
for _operation, _names in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide true_divide",
    "hypot": "hypot",
    "maximum": "maximum",
    "minimum": "minimum",
}.items():
    named(*_names.split())(_binary(_operation))


@named("positive")
def positive(tape: Tape, x: Any, /) -> Value:
    return number(tape, x)


@named("square")
def square(tape: Tape, x: Any, /) -> Value:
    x = number(tape, x)
    return elementwise("mul", x, x)


@named("reciprocal")
def reciprocal(tape: Tape, x: Any, /) -> Value:
    return elementwise("div", constant(tape, Fraction(1)), number(tape, x))


@named("pow", "power", "float_power")
def power(tape: Tape, x1: Any, x2: Any, /) -> Value:
    """Array libraries compute x ** 2, x ** 0.5 and x ** -1 as a product, a root and a quotient."""
    x1, x2 = number(tape, x1), number(tape, x2)
    exponent = x2.operation.datum if x2.operation.name == "number" and not x2.dims else None
    if exponent == 1:
        return x1
    if exponent == 2:
        return square(tape, x1)
    if exponent == Fraction(1, 2):
        return elementwise("sqrt", x1)
    return reciprocal(tape, x1) if exponent == -1 else elementwise("pow", x1, x2)


@named("clip")
def clip(tape: Tape, x: Any, min: Any = None, max: Any = None) -> Value:
    """minimum(maximum(x, min), max)."""
    x = number(tape, x)
    x = x if min is None else elementwise("maximum", x, number(tape, min))
    return x if max is None else elementwise("minimum", x, number(tape, max))


# ---- comparisons -----------------------------------------------------------------------------------------------------------


@named("greater")
def greater(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    """x1 > x2 is x1 - x2 > 0, in floats too: a difference of two floats is 0 for equal ones alone."""
    x1, x2 = number(tape, x1), number(tape, x2)
    zero = Operation("number", (), 0, Fraction(0))
    if x2.operation == zero:
        return Condition(tape, "positive", spread(x1, joint(x1, x2)))
    if x1.operation == zero:
        return Condition(tape, "positive", spread(elementwise("neg", x2), joint(x1, x2)))
    return Condition(tape, "positive", elementwise("sub", x1, x2))


@named("less")
def less(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    return greater(tape, x2, x1)


@named("greater_equal")
def greater_equal(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    return ~greater(tape, x2, x1)


@named("less_equal")
def less_equal(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    return ~greater(tape, x1, x2)


@named("equal")
def equal(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    positions = [x for x in (x1, x2) if isinstance(x, Position)]
    if not positions:
        return greater_equal(tape, x1, x2) & less_equal(tape, x1, x2)
    a, b = (x if isinstance(x, Position) else _position(tape, whole(x, "index")) for x in (x1, x2))
    return Condition(tape, "same", a, b)


@named("not_equal")
def not_equal(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    return ~equal(tape, x1, x2)


@named("logical_and", "bitwise_and")
def logical_and(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    return condition(tape, x1) & condition(tape, x2)


@named("logical_or", "bitwise_or")
def logical_or(tape: Tape, x1: Any, x2: Any, /) -> Condition:
    return condition(tape, x1) | condition(tape, x2)


@named("logical_not", "invert", "bitwise_not")
def logical_not(tape: Tape, x: Any, /) -> Condition:
    return ~condition(tape, x)


@named("where")
def where(tape: Tape, test: Any, x1: Any, x2: Any, /) -> Value:
    return condition(tape, test).choose(number(tape, x1), number(tape, x2))


SELECTIONS = ("x", "symbol", "number", "length", "neg", "abs", "max", "min", "maximum", "minimum", "take")
"""Operations that return one of the numbers that they are given, but for its sign."""


@named("isfinite")
def isfinite(tape: Tape, x: Any, /) -> Condition:
    """Rows are finite, and so is what is selected from them."""
    x = number(tape, x)
    numbers = [x.number]
    for made in numbers:
        operation = tape.operations[made]
        if operation.name not in SELECTIONS:
            raise Untraceable(
                "isfinite asks whether a computed value overflows, which no program does; ask it of x or of its maximum"
            )
        numbers += [argument for argument, _ in operation.args[: 1 if operation.name == "take" else None]]
    return Condition(tape, "always", x)


# ---- over an axis ----------------------------------------------------------------------------------------------------------


@named("sum")
def total(tape: Tape, x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Value:
    return reduced("sum", number(tape, x), axis, keepdims, lambda equal: elementwise("mul", equal, length(tape)))


@named("mean")
def mean(tape: Tape, x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Value:
    x = number(tape, x)
    found = total(tape, x, axis, keepdims=keepdims)
    places = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for place in places:
        found = found if x.dims[x.place(place)] == ONE else elementwise("div", found, length(tape))
    return found


@named("max", "amax")
def largest(tape: Tape, x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Value:
    return reduced("max", number(tape, x), axis, keepdims, lambda equal: equal)


@named("min", "amin")
def smallest(tape: Tape, x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Value:
    return reduced("min", number(tape, x), axis, keepdims, lambda equal: equal)


@named("argmax")
def argmax(tape: Tape, x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Position:
    x = number(tape, x)
    if [d for d in x.dims if d != ONE] != [0] or keepdims:
        raise Untraceable(f"argmax takes a vector, axis=-1 and no keepdims; it was given {x!r}")
    found = reduced("argmax", x, axis, False, lambda equal: equal)
    return Position(tape, found.number, found.dims)


@named("argmin")
def argmin(tape: Tape, x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Position:
    return argmax(tape, elementwise("neg", number(tape, x)), axis, keepdims=keepdims)


@named("take")
def take(tape: Tape, x: Any, indices: Any, /, axis: Any = None) -> Value:
    x = number(tape, x)
    if x.ndim != 1 or axis not in (None, 0, -1):
        raise Untraceable(f"take takes an entry of a vector along axis=-1; it was given {x!r} and axis={axis!r}")
    return x[indices]


# ---- shapes and constants --------------------------------------------------------------------------------------------------


def _position(tape: Tape, index: int) -> Position:
    return Position(tape, tape.record(Operation("number", (), 0, index)))


@named("arange")
def arange(tape: Tape, stop: Any, /) -> Position:
    if not isinstance(stop, Value) or stop.operation.name != "length":
        raise Untraceable(f"arange({stop!r}) has a length of its own; write xp.arange(x.shape[-1])")
    return Position(tape, tape.record(Operation("iota", (), 1)), (0,))


@named("asarray", "array", "asanyarray", "ascontiguousarray", "copy")
def asarray(tape: Tape, x: Any, /, dtype: Any = None, copy: Any = None) -> Any:
    """Nothing, on a traced value; a number becomes a constant."""
    _same_format(dtype)
    return x.view(x.dims) if isinstance(x, Value) else x if isinstance(x, Condition) else number(tape, x)


@named("astype")
def astype(tape: Tape, x: Any, dtype: Any, /, copy: Any = None) -> Value:
    _same_format(dtype)
    return number(tape, x)


@named("zeros_like")
def zeros_like(tape: Tape, x: Any, /, dtype: Any = None) -> Value:
    return full_like(tape, x, 0, dtype=dtype)


@named("ones_like")
def ones_like(tape: Tape, x: Any, /, dtype: Any = None) -> Value:
    return full_like(tape, x, 1, dtype=dtype)


@named("full_like")
def full_like(tape: Tape, x: Any, fill_value: Any, /, dtype: Any = None) -> Value:
    _same_format(dtype)
    return spread(number(tape, fill_value), joint(number(tape, x)))


@named("reshape")
def reshape(tape: Tape, x: Any, /, *shape: Any) -> Value:
    """Axes of length n stay in their order; axes of length one come and go."""
    x = number(tape, x)
    sides = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    long, dims = [d for d in x.dims if d != ONE], []
    for side in sides:
        free = side.operation.name == "length" if isinstance(side, Value) else whole(side, "shape") == -1
        if (not free and (isinstance(side, Value) or side != 1)) or (isinstance(side, Value) and not long):
            raise Untraceable(f"{x!r} cannot have an axis of length {side!r}; write x.shape[-1], -1 or 1")
        dims.append(long.pop(0) if free and long else ONE)
    if long:
        raise Untraceable(
            f"{x!r} has more entries than the shape {tuple(sides)}; write x.shape[-1] for each axis of length n"
        )
    return x.view(dims)


@named("expand_dims")
def expand_dims(tape: Tape, x: Any, /, axis: Any = 0) -> Value:
    x = number(tape, x)
    place = whole(axis, "axis") % (x.ndim + 1)
    return x.view((*x.dims[:place], ONE, *x.dims[place:]))


@named("squeeze")
def squeeze(tape: Tape, x: Any, /, axis: Any = None) -> Value:
    x = number(tape, x)
    given = (
        [q for q, d in enumerate(x.dims) if d == ONE] if axis is None else axis if isinstance(axis, tuple) else (axis,)
    )
    places = [x.place(q) for q in given]
    if any(x.dims[place] != ONE for place in places):
        raise Untraceable(f"axis={axis!r} of {x!r} has length n and cannot be squeezed")
    return x.view([d for q, d in enumerate(x.dims) if q not in places])


@named("matrix_transpose", "transpose")
def transpose(tape: Tape, x: Any, /) -> Value:
    return number(tape, x).T


@named("shape")
def shape_of(tape: Tape, x: Any, /) -> Any:
    return number(tape, x).shape


@named("size")
def size_of(tape: Tape, x: Any, /) -> Any:
    return number(tape, x).size


@named("ndim")
def ndim(tape: Tape, x: Any, /) -> int:
    return number(tape, x).ndim


def _same_format(dtype: Any) -> None:
    if dtype is not None and dtype is not FORMAT:
        raise Untraceable(
            f"dtype={dtype!r} is a format of its own, and a program computes in that of x, whichever it is; write dtype=x.dtype or "
            "leave it out (a Model says in which format sums are accumulated)"
        )


MAKERS = ("asarray", "array", "asanyarray", "ascontiguousarray", "arange")
"""The functions of NumPy that do not leave it to their argument what they do."""
