"""JAX: values and derivatives by reverse mode, eager and under jit."""

from __future__ import annotations

from math import inf
from typing import Any

from smoothsym.auditing.targets.orders import NO_COUNT
from smoothsym.auditing.targets.target import ALONG, BOTH, HERE, Later, Library

nn, jnp, lax = Later("jax.nn"), Later("jax.numpy"), Later("jax.lax")
JAX = Library(
    "JAX",
    f"{HERE}.jax",
    "jax",
    arrays="jax",
    outputs=("gradient",),
    compiled=("value", "gradient", "vjp", "jvp"),
    eager=(),
    lengths=(2, 16, 1000),
    device="cuda",
)
EAGER = ("value", "gradient")
SHORT = (2, 16)
"""Lengths of rows for what takes long to compile, anew for each length and order."""


@JAX.computes("logsumexp", alpha=1.0, outputs=BOTH, eager=EAGER)
def logsumexp(x: Any) -> Any:
    return nn.logsumexp(x)


@JAX.computes("logsumexp", alpha=1.0, n=2, outputs=BOTH, eager=EAGER)
def logaddexp(x: Any) -> Any:
    return jnp.logaddexp(x[0], x[1])


@JAX.computes("logsumexp2", n=2)
def logaddexp2(x: Any) -> Any:
    return jnp.logaddexp2(x[0], x[1])


@JAX.computes("logsumexp", alpha=1.0, outputs=(), name="logaddexp.reduce")
def logaddexp_reduce(x: Any) -> Any:
    return jnp.logaddexp.reduce(x)


@JAX.computes("logsumexp", alpha=1.0, n=SHORT, outputs=(), name="cumlogsumexp, its last entry")
def cumlogsumexp(x: Any) -> Any:
    return lax.cumlogsumexp(x)[-1]


@JAX.computes("mellowmax", alpha=1.0)
def logmeanexp(x: Any) -> Any:
    return nn.logmeanexp(x)


@JAX.computes("softmax", alpha=1.0, outputs=ALONG)
def softmax(x: Any) -> Any:
    return nn.softmax(x)


@JAX.computes("log_softmax", alpha=1.0, outputs=ALONG)
def log_softmax(x: Any) -> Any:
    return nn.log_softmax(x)


@JAX.computes("softplus", alpha=1.0)
def softplus(x: Any) -> Any:
    return nn.softplus(x)


@JAX.computes("softplus", "gradient", alpha=1.0)
def sigmoid(x: Any) -> Any:
    return nn.sigmoid(x)


@JAX.computes("log_sigmoid")
def log_sigmoid(x: Any) -> Any:
    return nn.log_sigmoid(x)


@JAX.computes("squareplus", limits="b=4")
def squareplus(x: Any) -> Any:
    return nn.squareplus(x)


@JAX.computes("pnorm", parameters=(2.0, 1.0, 3.0, inf), n=SHORT, limits=NO_COUNT, name="linalg.norm")
def norm(x: Any, p: float) -> Any:
    return jnp.linalg.norm(x, ord=p)


@JAX.computes("pnorm", p=2.0, n=2)
def hypot(x: Any) -> Any:
    return jnp.hypot(x[0], x[1])


def __getattr__(name: str) -> Any:
    """A function above on rows of NumPy, as <function>_<output>, or its derivative; so that a dotted name reproduces a finding."""
    return JAX.made(name)
