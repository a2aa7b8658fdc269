"""A function that is linear in one argument, with its transpose beside it, as one operation of JAX.

JAX transposes what it can look into; a kernel decides by values which of two forms it takes, which no transposition survives.
(jax.custom_derivatives.linear_call is the same without vmap.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

Function = Callable[..., Any]


def linear(forth: Function, back: Function, direction: Any, *point: Any) -> Any:
    """forth(direction, *point), linear in the direction, with the transpose back(cotangent, *point); both static and hashable."""
    return _linear.bind(direction, *point, forth=forth, back=back)


_linear = Primitive("smoothsym_linear")


@_linear.def_impl
def _computed(direction: Any, *point: Any, forth: Function, back: Function) -> Any:
    return jax.jit(forth)(direction, *point)


@_linear.def_abstract_eval
def _shape(direction: Any, *point: Any, forth: Function, back: Function) -> Any:
    found = jax.eval_shape(forth, direction, *point)
    return jax.core.ShapedArray(found.shape, found.dtype)


mlir.register_lowering(
    _linear,
    mlir.lower_fun(lambda direction, *point, forth, back: forth(direction, *point), multiple_results=False),
)


def _slope(primals: Any, tangents: Any, *, forth: Function, back: Function) -> Any:
    direction, *others = tangents
    if any(not isinstance(t, ad.Zero) for t in others):
        from smoothsym.kernels.task import NO_MORE

        raise NotImplementedError(NO_MORE)
    found = _linear.bind(*primals, forth=forth, back=back)
    if isinstance(direction, ad.Zero):
        return found, ad.Zero.from_primal_value(found)
    return found, _linear.bind(direction, *primals[1:], forth=forth, back=back)


def _transposed(cotangent: Any, direction: Any, *point: Any, forth: Function, back: Function) -> Any:
    if isinstance(cotangent, ad.Zero):
        return (ad.Zero(direction.aval), *(None for _ in point))
    return (_linear.bind(cotangent, *point, forth=back, back=forth), *(None for _ in point))


def _batched(args: Any, axes: Any, *, forth: Function, back: Function) -> Any:
    size = next(a.shape[axis] for a, axis in zip(args, axes, strict=True) if axis is not None)
    direction, *point = (a if axis is None else jnp.moveaxis(a, axis, 0) for a, axis in zip(args, axes, strict=True))
    if axes[0] is None:
        direction = jnp.broadcast_to(direction, (size, *direction.shape))
    mapped = (0, *(None if axis is None else 0 for axis in axes[1:]))
    several = {"forth": jax.vmap(forth, mapped), "back": jax.vmap(back, mapped)}
    return _linear.bind(direction, *point, **several), 0


ad.primitive_jvps[_linear] = _slope
ad.primitive_transposes[_linear] = _transposed
batching.primitive_batchers[_linear] = _batched
