"""PyTorch: eager values, and derivatives by its autograd."""

from __future__ import annotations

from typing import Any

from smoothsym.auditing.targets.orders import NO_COUNT, ORDERS, SHARPNESS
from smoothsym.auditing.targets.target import ALONG, BOTH, HERE, Later, Library

torch, functional = Later("torch"), Later("torch.nn.functional")
HALVES = ("float64", "float32", "float16", "bfloat16")
TORCH = Library("PyTorch", f"{HERE}.torch", "torch", arrays="torch", outputs=("gradient",), device="cuda")


@TORCH.computes("logsumexp", alpha=1.0, dtypes=HALVES, outputs=BOTH)
def logsumexp(x: Any) -> Any:
    return torch.logsumexp(x, dim=-1)


@TORCH.computes("logsumexp", alpha=1.0, n=2, outputs=BOTH)
def logaddexp(x: Any) -> Any:
    return torch.logaddexp(x[0], x[1])


@TORCH.computes("logsumexp2", n=2)
def logaddexp2(x: Any) -> Any:
    return torch.logaddexp2(x[0], x[1])


@TORCH.computes("logsumexp", alpha=1.0, name="logcumsumexp, its last entry")
def logcumsumexp(x: Any) -> Any:
    return torch.logcumsumexp(x, dim=-1)[-1]


@TORCH.computes("softmax", alpha=1.0, dtypes=HALVES, outputs=ALONG)
def softmax(x: Any) -> Any:
    return torch.softmax(x, dim=-1)


@TORCH.computes("log_softmax", alpha=1.0, outputs=ALONG)
def log_softmax(x: Any) -> Any:
    return torch.log_softmax(x, dim=-1)


@TORCH.computes("softplus", parameters=SHARPNESS, limits="linear where alpha x > 20, as documented")
def softplus(x: Any, alpha: float) -> Any:
    return functional.softplus(x, beta=alpha)


@TORCH.computes("softplus", "gradient", alpha=1.0)
def sigmoid(x: Any) -> Any:
    return torch.sigmoid(x)


@TORCH.computes("log_sigmoid")
def logsigmoid(x: Any) -> Any:
    return functional.logsigmoid(x)


@TORCH.computes("pnorm", parameters=ORDERS, limits=NO_COUNT, name="linalg.vector_norm")
def vector_norm(x: Any, p: float) -> Any:
    return torch.linalg.vector_norm(x, ord=p)


@TORCH.computes("pnorm", p=2.0, n=2)
def hypot(x: Any) -> Any:
    return torch.hypot(x[0], x[1])


@TORCH.computes(
    "normalized", parameters=(2.0, 1.0, 3.0), limits="eps=0: it divides by eps where the norm is less", outputs=ALONG
)
def normalize(x: Any, p: float) -> Any:
    return functional.normalize(x, p=p, dim=-1, eps=0.0)


def __getattr__(name: str) -> Any:
    """A function above on rows of NumPy, as <function>_<output>, or its derivative; so that a dotted name reproduces a finding."""
    return TORCH.made(name)
