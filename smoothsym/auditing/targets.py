"""What people call when they want a smooth maximum: the libraries' functions, and every kernel of ours beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from math import inf
from typing import Any

import numpy as np

from smoothsym.errors import unknown

HERE = "smoothsym.auditing.targets"


@dataclass(frozen=True)
class Target:
    """Float code to audit: `dotted` finds it, `op` and `of` say what it claims to compute.

    `fixed`: the parameter that the code has built in; empty where it is sampled, from `parameters` where these are given.
    `limits`: what its documentation leaves out.
    `library`: what must be installed. `control`: naive code, there to show what the others are spared, and that it is caught.
    """

    name: str
    dotted: str
    op: str
    of: str = "value"
    dtypes: tuple[str, ...] = ("float64", "float32")
    fixed: Mapping[str, float] = field(default_factory=dict)
    parameters: tuple[float, ...] = ()
    limits: str = ""
    library: str = "numpy"
    control: bool = False

    @property
    def installed(self) -> bool:
        return find_spec(self.library) is not None


def numpy_logaddexp_reduce(x: Any) -> Any:
    """np.logaddexp.reduce(x)."""
    return np.logaddexp.reduce(x)


def numpy_norm(x: Any, p: float) -> Any:
    """np.linalg.norm(x, ord=p)."""
    return np.linalg.norm(x, ord=p)


def scipy_norm(x: Any, p: float) -> Any:
    """scipy.linalg.norm(x, ord=p, check_finite=False)."""
    from scipy.linalg import norm

    return norm(x, ord=p, check_finite=False)


def scipy_logsumexp(x: Any) -> Any:
    """scipy.special.logsumexp(x)."""
    from scipy.special import logsumexp

    return logsumexp(x)


def scipy_softmax(x: Any) -> Any:
    """scipy.special.softmax(x)."""
    from scipy.special import softmax

    return softmax(x)


def softmax_weighted_mean(x: Any, alpha: float) -> Any:
    """sum(softmax(alpha x) * x), with SciPy's softmax."""
    from scipy.special import softmax

    return np.sum(softmax(x.dtype.type(alpha) * x) * x)


_NORM = "ord=0 is left out: it counts the nonzero entries, as documented"
_ORDERS = (2.0, 1.0, 3.0, 1.5, 0.5, 10.0, -1.0, 2.0**-5, 256.0, inf, -inf)
LIBRARIES = (
    Target("NumPy logaddexp.reduce", f"{HERE}:numpy_logaddexp_reduce", "logsumexp", fixed={"alpha": 1.0}),
    Target("NumPy linalg.norm", f"{HERE}:numpy_norm", "pnorm", limits=_NORM, parameters=_ORDERS),
    Target("SciPy logsumexp", f"{HERE}:scipy_logsumexp", "logsumexp", fixed={"alpha": 1.0}, library="scipy"),
    Target("SciPy softmax", f"{HERE}:scipy_softmax", "logsumexp", "gradient", fixed={"alpha": 1.0}, library="scipy"),
    Target(
        "SciPy softmax-weighted mean",
        f"{HERE}:softmax_weighted_mean",
        "boltzmann",
        library="scipy",
        limits="user code on softmax",
    ),
    Target(
        "SciPy linalg.norm",
        f"{HERE}:scipy_norm",
        "pnorm",
        library="scipy",
        limits=f"{_NORM}; check_finite=False",
        parameters=_ORDERS,
    ),
)
"""The libraries' smooth maxima."""


def ours() -> list[Target]:
    """The kernels of the catalogue's functions of a vector, by an importable name such as logsumexp_stable_gradient."""
    from smoothsym.catalogue import operators

    found = []
    for name, op in operators.items():
        if op.arity is not None or op.vector:
            continue
        for kernel in op.kernels.values():
            form = kernel.name.removesuffix("_gradient")
            dotted = f"{HERE}:{name}_{kernel.name}"
            found.append(Target(f"smoothsym {form}", dotted, name, kernel.of, control=not kernel.contract))
    return found


def targets() -> list[Target]:
    """Everything that can be audited at once, installed or not."""
    return [*LIBRARIES, *ours()]


def missing() -> list[Target]:
    """The targets whose library is not installed here."""
    return [target for target in targets() if not target.installed]


def __getattr__(name: str) -> Callable[..., Any]:
    """A kernel as <operator>_<kernel>, so that its dotted name reproduces a finding."""
    if not name.startswith("_"):
        from smoothsym.catalogue import operators

        for op_name, op in operators.items():
            kernel = name.removeprefix(op_name + "_")
            if kernel != name and kernel in op.kernels:
                return op.kernels[kernel]
    raise AttributeError(str(unknown("target", name, [t.dotted.partition(":")[2] for t in LIBRARIES])))
