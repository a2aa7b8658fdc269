"""Kernels under jax.grad, jax.jvp, jax.vmap and jax.jit: a rule that says what a derivative is, in kernels again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from smoothsym.kernels.arguments import Arguments, Parameter
from smoothsym.kernels.jax_linear import linear
from smoothsym.kernels.libraries import library_of
from smoothsym.kernels.task import NO_MORE, Task
from smoothsym.program.specialise import Known


@dataclass(frozen=True)
class _Compiled:
    """What a compiled kernel is compiled for."""

    task: Task
    name: str | None
    row: str | None
    known: Known
    work: Any

    def __call__(self, rows: Any, given: Any, counts: Any, weights: Any, **vectors: Any) -> Any:
        parameter = Parameter(self.name, self.row, self.known, given)
        return self.task(library_of(rows), parameter, self.work, rows, counts, weights, vectors)

    def of(self, task: Task) -> _Compiled:
        return _Compiled(task, self.name, self.row, self.known, self.work)


def apply(task: Task, called: Arguments) -> Any:
    """The results of a call."""
    parameter = called.parameter
    compiled = _Compiled(task, parameter.name, parameter.row, parameter.known, jnp.dtype(called.work))
    arrays = (called.rows, parameter.given, called.counts, called.weights)
    return compiled(*arrays) if task.plain else _jitted(compiled, *arrays)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _ruled(compiled: _Compiled, rows: Any, given: Any, counts: Any, weights: Any) -> Any:
    return compiled(rows, given, counts, weights)


def _rule(compiled: _Compiled, primals: Any, tangents: Any) -> Any:
    task, work = compiled.task, compiled.work
    by_rows, by_parameter, _, by_weights = tangents
    if by_weights is not None and not isinstance(by_weights, SymbolicZero):
        raise ValueError("a kernel has no derivative by weights; differentiate by x and by the parameter")
    if task.last:
        raise NotImplementedError(NO_MORE)
    found = _ruled(compiled, *primals)
    slope = jnp.zeros(found.shape, work)
    if not isinstance(by_rows, SymbolicZero):
        if task.linear:
            slope += _along(compiled, primals, by_rows).astype(work)
        elif task.op.arity == 1:
            slope += _ruled(compiled.of(task.slope()), *primals).astype(work) * by_rows[..., 0].astype(work)
        else:
            gradient = _ruled(compiled.of(task.slope()), *primals).astype(work)
            slope += jnp.sum(gradient * by_rows.astype(work), axis=-1)
    if by_parameter is not None and not isinstance(by_parameter, SymbolicZero):
        slope += _ruled(compiled.of(task.parameter_slope()), *primals).astype(work) * by_parameter
    return found, slope.astype(found.dtype)


_ruled.defjvp(_rule, symbolic_zeros=True)
_jitted = jax.jit(_ruled, static_argnums=0)


def _along(compiled: _Compiled, primals: Any, direction: Any) -> Any:
    """A matrix times a vector."""
    forth, back = compiled.of(compiled.task.along()), compiled.of(compiled.task.back())
    point, places = _present(primals)
    return linear(_Along(forth, places), _Along(back, places), direction, *point)


def _present(primals: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The arguments that there are, and their places."""
    places = tuple(place for place, value in enumerate(primals) if value is not None)
    return [primals[place] for place in places], places


@dataclass(frozen=True)
class _Along:
    """A task as a function of a direction and a point; equal for equal tasks, so that it is compiled once."""

    compiled: _Compiled
    places: tuple[int, ...]

    def __call__(self, direction: Any, *point: Any) -> Any:
        primals = [None] * 4
        for place, value in zip(self.places, point, strict=True):
            primals[place] = value
        return self.compiled(*primals, v=direction)
