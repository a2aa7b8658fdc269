"""The array API standard with nothing beside it, as array-api-strict has it."""

from __future__ import annotations

from typing import Any

from smoothsym.auditing.targets.orders import NO_COUNT, ORDERS
from smoothsym.auditing.targets.target import HERE, Later, Library

xp = Later("array_api_strict")
STRICT = Library(
    "array-api-strict", f"{HERE}.array_api_strict", "array_api_strict", "array-api-strict", "array_api_strict"
)


@STRICT.computes("logsumexp", alpha=1.0, n=2)
def logaddexp(x: Any) -> Any:
    return xp.logaddexp(x[0], x[1])


@STRICT.computes("pnorm", parameters=ORDERS, limits=NO_COUNT, name="linalg.vector_norm")
def vector_norm(x: Any, p: float) -> Any:
    return xp.linalg.vector_norm(x, ord=p)


def __getattr__(name: str) -> Any:
    """A function above on rows of NumPy, as <function>_<output>, or its derivative; so that a dotted name reproduces a finding."""
    return STRICT.made(name)
