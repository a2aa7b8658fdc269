"""SciPy: exponentials and their logarithms (special), norms (linalg, spatial), means (stats)."""

from __future__ import annotations

from typing import Any

from smoothsym.auditing.targets.orders import NO_COUNT, ORDERS, POWERS
from smoothsym.auditing.targets.target import HERE, Later, Library

special, linalg, stats, distance = (
    Later(f"scipy.{name}") for name in ("special", "linalg", "stats", "spatial.distance")
)
SCIPY = Library("SciPy", f"{HERE}.scipy", "scipy")


@SCIPY.computes("logsumexp", alpha=1.0)
def logsumexp(x: Any) -> Any:
    return special.logsumexp(x)


@SCIPY.computes("softmax", alpha=1.0)
def softmax(x: Any) -> Any:
    return special.softmax(x)


@SCIPY.computes("log_softmax", alpha=1.0)
def log_softmax(x: Any) -> Any:
    return special.log_softmax(x)


@SCIPY.computes("boltzmann", name="softmax-weighted mean", limits="user code on softmax")
def softmax_weighted_mean(x: Any, alpha: float) -> Any:
    return (special.softmax(x.dtype.type(alpha) * x) * x).sum()


@SCIPY.computes("softplus", alpha=1.0)
def softplus(x: Any) -> Any:
    return special.softplus(x)


@SCIPY.computes("softplus", "gradient", alpha=1.0)
def expit(x: Any) -> Any:
    return special.expit(x)


@SCIPY.computes("log_sigmoid")
def log_expit(x: Any) -> Any:
    return special.log_expit(x)


@SCIPY.computes("pseudo_huber", limits="delta=1")
def pseudo_huber(x: Any) -> Any:
    return special.pseudo_huber(x.dtype.type(1), x)


@SCIPY.computes("pnorm", parameters=ORDERS, limits=f"{NO_COUNT}; check_finite=False", name="linalg.norm")
def norm(x: Any, p: float) -> Any:
    return linalg.norm(x, ord=p, check_finite=False)


@SCIPY.computes("pnorm", parameters=(2.0, 1.0, 3.0, 1.5, 0.5, 10.0), limits="p > 0", name="minkowski, from 0")
def minkowski(x: Any, p: float) -> Any:
    return distance.minkowski(x, 0 * x, p)


@SCIPY.computes("powermean", parameters=POWERS)
def pmean(x: Any, p: float) -> Any:
    return stats.pmean(x, p)


@SCIPY.computes("powermean", p=-1.0)
def hmean(x: Any) -> Any:
    return stats.hmean(x)


@SCIPY.computes("gmean")
def gmean(x: Any) -> Any:
    return stats.gmean(x)
