"""entmax: maximisers over the simplex, which are gradients of the variational family; its alpha is our q."""

from __future__ import annotations

from typing import Any

from smoothsym.auditing.targets.target import HERE, Later, Library

entmax = Later("entmax")
ENTMAX = Library("entmax", f"{HERE}.entmax", "entmax", arrays="torch", device="cuda")


@ENTMAX.computes("sparsemax", "gradient", gamma=1.0)
def sparsemax(x: Any) -> Any:
    return entmax.sparsemax(x, dim=-1)


@ENTMAX.computes("sparsemax", "gradient", gamma=1.0)
def sparsemax_bisect(x: Any) -> Any:
    return entmax.sparsemax_bisect(x, dim=-1)


@ENTMAX.computes("entmax", "gradient", q=1.5, gamma=1.0)
def entmax15(x: Any) -> Any:
    return entmax.entmax15(x, dim=-1)


@ENTMAX.computes("entmax", "gradient", gamma=1.0, parameters=(1.5, 2.0, 1.25, 3.0, 1.0))
def entmax_bisect(x: Any, q: float) -> Any:
    return entmax.entmax_bisect(x, alpha=q, dim=-1)


def __getattr__(name: str) -> Any:
    """A function above on rows of NumPy, as <function>_<output>, or its derivative; so that a dotted name reproduces a finding."""
    return ENTMAX.made(name)
