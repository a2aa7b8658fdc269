"""NumPy: logarithms of sums of two exponentials, and norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from smoothsym.auditing.targets.orders import NO_COUNT, ORDERS
from smoothsym.auditing.targets.target import HERE, Library

NUMPY = Library("NumPy", f"{HERE}.numpy", "numpy")


@NUMPY.computes("logsumexp", alpha=1.0, n=2)
def logaddexp(x: Any) -> Any:
    return np.logaddexp(x[0], x[1])


@NUMPY.computes("logsumexp", alpha=1.0, name="logaddexp.reduce")
def logaddexp_reduce(x: Any) -> Any:
    return np.logaddexp.reduce(x)


@NUMPY.computes("logsumexp2", n=2)
def logaddexp2(x: Any) -> Any:
    return np.logaddexp2(x[0], x[1])


@NUMPY.computes("pnorm", parameters=ORDERS, limits=NO_COUNT, name="linalg.norm")
def norm(x: Any, p: float) -> Any:
    return np.linalg.norm(x, ord=p)


@NUMPY.computes("pnorm", parameters=ORDERS, limits=NO_COUNT, name="linalg.vector_norm")
def vector_norm(x: Any, p: float) -> Any:
    return np.linalg.vector_norm(x, ord=p)


@NUMPY.computes("pnorm", p=2.0, n=2)
def hypot(x: Any) -> Any:
    return np.hypot(x[0], x[1])
