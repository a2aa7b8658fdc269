"""A program run on arrays: one call computes every row, in the format of its input."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from smoothsym.program.lower import Operation, Program

_NAMES = {
    "abs": "abs",
    "exp": "exp",
    "log": "log",
    "log1p": "log1p",
    "expm1": "expm1",
    "sign": "sign",
    "neg": "negative",
}


def run(
    program: Program,
    x: Any,
    symbols: Mapping[str, Any],
    *,
    where: Any = None,
    positions: Mapping[str, Any] | None = None,
    xp: Any = np,
) -> list[Any]:
    """The outputs of a program on the rows of x, the vector along the last axis.

    Parameters: x of shape (..., n); symbols, scalars or arrays of shape (...); `where`, a mask like x: entries outside it count
    in n and have no weight in any sum. Every operation is done in the dtype of x.
    """
    batch, n = x.ndim - 1, x.shape[-1]
    values: list[Any] = []
    for operation in program.operations:
        values.append(_step(operation, values, x, symbols, where, positions or {}, xp, batch, n))
    return [_output(values[number], placement, batch, xp) for number, placement in program.outputs]


def _step(
    operation: Operation,
    values: list[Any],
    x: Any,
    symbols: Mapping[str, Any],
    where: Any,
    positions: Any,
    xp: Any,
    batch: int,
    n: int,
) -> Any:
    name, datum = operation.name, operation.datum
    if name == "x":
        return x
    if name == "symbol":
        return symbols[str(datum)]
    if name == "number":
        return datum if isinstance(datum, int) else _constant(datum, x, xp)  # type: ignore[arg-type]
    if name == "length":
        return _constant(Fraction(n), x, xp)
    if name == "iota":
        return xp.arange(n)
    if name == "position":
        return positions[str(datum)]
    if name == "take":
        (vector, _), (position, _) = operation.args
        index = values[position]
        if isinstance(index, int):
            return values[vector][..., index]
        return xp.take_along_axis(values[vector], index[..., None], axis=-1)[..., 0]
    if name in ("sum", "max", "min", "argmax"):
        return _reduce(operation, values, where, xp, batch)
    args = [_place(values[number], placement, operation.rank, batch, xp) for number, placement in operation.args]
    return _apply(name, args, x, xp)


def _reduce(operation: Operation, values: list[Any], where: Any, xp: Any, batch: int) -> Any:
    ((number, placement),) = operation.args
    value = values[number]
    axis = int(operation.datum or 0) - len(placement)
    if where is not None:
        shape = where.shape[:batch] + tuple(
            where.shape[-1] if q == operation.datum else 1 for q in range(len(placement))
        )
        neutral = {"sum": 0, "max": -xp.inf, "argmax": -xp.inf, "min": xp.inf}[operation.name]
        value = xp.where(xp.reshape(where, shape), value, xp.asarray(neutral, dtype=value.dtype))
    return getattr(xp, operation.name)(value, axis=axis)


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
    if name == "either":
        return xp.where(args[0] > 0, args[1], args[2])
    return getattr(xp, _NAMES[name])(args[0])


def _constant(value: Fraction, x: Any, xp: Any) -> Any:
    return xp.asarray(value.numerator / value.denominator, dtype=x.dtype)


def _place(value: Any, placement: tuple[int, ...], rank: int, batch: int, xp: Any) -> Any:
    """Give a value the axes of the result: those it lacks get length one, the rest the order of the result."""
    if not hasattr(value, "ndim") or value.ndim == 0 or rank == 0:
        return value
    own = len(placement)
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


def _output(value: Any, placement: tuple[int, ...], batch: int, xp: Any) -> Any:
    return xp.swapaxes(value, -1, -2) if placement == (1, 0) else value
