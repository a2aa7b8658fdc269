"""What a kernel is called with, read once: rows along the last axis, what counts of them and how often, and the parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import copysign, isfinite, isnan, prod
from typing import Any

import numpy as np

from smoothsym.errors import shown, unknown
from smoothsym.kernels.libraries import NUMPY, Library, library_of
from smoothsym.program.specialise import Known

DEFAULTS = {"p": 2.0}
"""What a parameter is when it is not given; 1 for every other."""


@dataclass(frozen=True)
class Layout:
    """Which axes of an array are the vector; the others are those of the batch."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]

    @property
    def batch(self) -> tuple[int, ...]:
        return tuple(q for q in range(len(self.shape)) if q not in self.axes)

    @property
    def size(self) -> int:
        return prod(self.shape[q] for q in self.axes)

    def rows(self, x: Any, xp: Any) -> Any:
        """The axes of the vector as the last one."""
        if self.axes != (len(self.shape) - 1,):
            x = xp.permute_dims(x, self.batch + self.axes)
        if len(self.axes) != 1:
            x = xp.reshape(x, (*(self.shape[q] for q in self.batch), self.size))
        return x

    def back(self, result: Any, rank: int, keepdims: bool, xp: Any) -> Any:
        """A result over rows, with its axes where those of x are; a matrix keeps its two at the end."""
        kept = tuple(self.shape[q] for q in self.batch)
        if rank == 1:
            if len(self.axes) != 1:
                result = xp.reshape(result, (*kept, *(self.shape[q] for q in self.axes)))
            order = self.batch + self.axes
            if order != tuple(range(len(order))):
                result = xp.permute_dims(result, tuple(order.index(q) for q in range(len(order))))
        elif rank == 0 and keepdims:
            result = xp.reshape(result, tuple(1 if q in self.axes else s for q, s in enumerate(self.shape)))
        return result


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name, and what is known of it before anything runs."""

    name: str | None
    row: str | None
    """The row of the special-value contract that it asks for; "traced" where that is not known."""
    known: Known
    given: Any
    """The number or array that a program gets, in the format that it computes in."""
    number: float | None = None
    """Its value, where that is known."""
    source: Any = None
    """What was passed, which derivatives are taken by."""

    def named(self, value: Any) -> dict[str, Any]:
        return {} if self.name is None else {self.name: value}


@dataclass(frozen=True)
class Arguments:
    """One call of a kernel."""

    library: Library
    layout: Layout
    rows: Any
    parameter: Parameter
    counts: Any
    """Which entries count, like rows; None where all do."""
    weights: Any
    """How often each entry counts, like rows; None where each does once."""
    work: Any
    """The dtype to compute in."""


def read(
    op: Any,
    x: Any,
    axis: Any,
    where: Any,
    weights: Any,
    given: Mapping[str, Any],
    plain: bool = False,
    twice: bool = False,
) -> Arguments:
    """The arguments of a call, or an error that names the one at fault.

    `plain` computes in the dtype of x, whatever it is; `twice` in twice its precision, where the library has a dtype for that.
    """
    value = given.get(op.parameter.name) if op.parameter is not None else None
    library = library_of(x, value, weights, where)
    x = _array(op, library, x)
    if op.arity is not None and (where is not None or weights is not None):
        what = f"where={shown(where)}" if where is not None else f"weights={shown(weights)}"
        raise ValueError(
            f"{what}: {op.name} is a function of x[1]{', x[2]' * (op.arity > 1)}, which have no weights; "
            "leave it out, or use an operator over vectors of any length"
        )
    layout = Layout((*x.shape, 1), (x.ndim,)) if op.arity == 1 else Layout(tuple(x.shape), _axes(x, axis))
    if op.arity == 1:
        x = x[..., None]
    if op.arity is not None and layout.size != op.arity:
        raise ValueError(f"x has {layout.size} entries along axis {axis}; {op.name} is a function of {op.arity}")
    counts = None if where is None else layout.rows(_mask(library, where, x), library.xp)
    own = None if weights is None else _weights(library, weights, x)
    work = x.dtype if plain else library.widest(x.dtype, *(() if own is None else (own.dtype,)))
    work = library.doubled(work) if twice else work
    own = None if own is None else layout.rows(library.cast(own, work), library.xp)
    with library.beside(x):
        parameter = _parameter(op, library, given, work, plain)
    return Arguments(library, layout, layout.rows(x, library.xp), parameter, counts, own, work)


def _array(op: Any, library: Library, x: Any) -> Any:
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("x is a masked array, and a kernel knows no masks; give x.data, and where= for what counts")
    x = library.array(x)
    if library.is_integer(x.dtype):
        x = library.cast(x, library.default)
    if not library.is_float(x.dtype):
        raise TypeError(f"x has dtype {x.dtype}; a kernel takes real floats")
    if x.ndim == 0 and op.arity != 1:
        raise ValueError("x is a single number; give an array with at least one axis")
    return x


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    """The axes of the vector, in order: of an int, of a tuple of them, or all for None."""
    if axis is None:
        return tuple(range(x.ndim))
    parts = axis if isinstance(axis, tuple) else (axis,)
    for part in parts:
        if not isinstance(part, (int, np.integer)) or isinstance(part, bool):
            raise TypeError(
                f"axis={axis!r} is a {type(axis).__name__}; give a whole number, a tuple of them, or None for all"
            )
        if not -x.ndim <= part < x.ndim:
            raise ValueError(f"axis {part} of axis={axis!r}: x has {x.ndim} axes; give -{x.ndim} to {x.ndim - 1}")
    axes = tuple(sorted(int(part) % x.ndim for part in parts))
    if len(set(axes)) < len(axes) or not axes:
        raise ValueError(f"axis={axis!r} {'names no axis' if not axes else 'names an axis twice'}; give each once")
    return axes


def _mask(library: Library, where: Any, x: Any) -> Any:
    mask = library.array(where, like=x)
    if library.format(mask.dtype) != "bool":
        raise TypeError(f"where has dtype {mask.dtype}; give booleans, True where an entry counts")
    return _broadcast(library, mask, x, "where")


def _weights(library: Library, weights: Any, x: Any) -> Any:
    if library.differentiable(weights):
        raise ValueError("weights has requires_grad, and a kernel has no derivative by weights; give weights.detach()")
    own = library.array(weights, like=x)
    if library.is_integer(own.dtype):
        own = library.cast(own, library.widest(x.dtype))
    if not library.is_float(own.dtype):
        raise TypeError(f"weights has dtype {own.dtype}; a weight is how many times an entry counts: give real floats")
    if not library.traced(own):
        values = library.host(own)
        wrong = ~(np.isfinite(values) & (values >= 0))
        if wrong.any():
            place = tuple(int(q) for q in np.argwhere(wrong)[0])
            raise ValueError(
                f"weights has the entry {shown(float(values[place]))} at {list(place)}; "
                "a weight is how many times an entry counts: give finite numbers from 0 on"
            )
    return _broadcast(library, own, x, "weights")


def _broadcast(library: Library, own: Any, x: Any, argument: str) -> Any:
    try:
        fits = np.broadcast_shapes(tuple(own.shape), tuple(x.shape)) == tuple(x.shape)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{argument} has shape {tuple(own.shape)}, and x has shape {tuple(x.shape)}; "
            "give what broadcasts to the shape of x, or broadcast x first"
        )
    return library.xp.broadcast_to(own, tuple(x.shape))


def _parameter(op: Any, library: Library, given: Mapping[str, Any], work: Any, plain: bool) -> Parameter:
    name = op.parameter.name if op.parameter is not None else None
    if extra := [key for key in given if key != name]:
        raise TypeError(f"{op.name}: {unknown('parameter', extra[0], [name] if name else [])}")
    if name is None:
        return Parameter(None, None, Known(), None)
    value = given.get(name, DEFAULTS.get(name, 1.0))
    shape = () if type(value) in (float, int) else tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
    if value is None or isinstance(value, (str, bytes, complex, bool)) or shape != ():
        raise TypeError(f"{name}={shown(value)} is a {type(value).__name__}; give one real number")
    try:
        number = library.number(value)
    except OverflowError:
        raise ValueError(f"{name} is a number beyond every float; give math.inf for the limit") from None
    except (TypeError, ValueError):
        raise TypeError(f"{name}={shown(value)} is a {type(value).__name__}; give one real number") from None
    if number is None:
        return Parameter(name, "traced", Known(), library.cast(library.array(value), work), None, value)
    if plain:
        return Parameter(name, None, Known(), library.cast(library.array(value), work), number, value)
    row = special_row(number)
    if row is not None:
        return Parameter(name, row, Known(), library.array(number, work), number, value)
    if library is NUMPY:
        return _ordinary(library, name, number, work)
    return _ordinary.__wrapped__(library, name, number, work, value)


@lru_cache(maxsize=1024)
def _ordinary(library: Library, name: str, number: float, work: Any, source: Any = None) -> Parameter:
    """A parameter that is no special value; one beyond the format is neither 0 nor infinite."""
    size = min(max(abs(number), library.smallest(work)), library.largest(work))
    return Parameter(name, None, known_of(number), library.array(copysign(size, number), work), number, source)


def special_row(number: float) -> str | None:
    """The row of the special-value contract that a parameter asks for."""
    if isnan(number):
        return "nan"
    if not isfinite(number):
        return "parameter oo" if number > 0 else "parameter -oo"
    if number == 0:
        return "parameter 0-" if copysign(1.0, number) < 0 else "parameter 0"
    return None


def known_of(number: float) -> Known:
    """What makes a program shorter: a sign; and values, since 1 multiplies nothing, and powers of 2 and 1/2 have operations of their own."""
    if special_row(number) is not None:
        return Known()
    return Known(1 if number > 0 else -1, Fraction(number) if abs(number) in (0.5, 1.0, 2.0) else None)
