"""What libraries compute beside smooth maxima, from the same exponentials and powers: operators that need no page of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sympy import Abs, Integer, Sum, exp, log, sqrt

from smoothsym.operator import SmoothMax
from smoothsym.words import alpha, i, j, n, p, x

_each = (j, 1, n)

log_softmax = SmoothMax(
    name="log_softmax",
    title="Logarithm of softmax",
    parameter=alpha,
    definition=alpha * x[i] - log(Sum(exp(alpha * x[j]), _each)),
)
normalized = SmoothMax(
    name="normalized",
    title="x over its p-norm",
    parameter=p,
    definition=x[i] / Sum(Abs(x[j]) ** p, _each) ** (1 / p),
)
logsumexp2 = SmoothMax(
    name="logsumexp2",
    title="LogSumExp of base 2",
    definition=log(Sum(Integer(2) ** x[j], _each)) / log(2),
)
gmean = SmoothMax(
    name="gmean",
    title="Geometric mean",
    domain="positive",
    definition=exp(Sum(log(x[j]), _each) / n),
)
log_sigmoid = SmoothMax(name="log_sigmoid", title="Minus softplus(-x)", definition=-log(1 + exp(-x[1])))
squareplus = SmoothMax(name="squareplus", title="SMU of x and 0", definition=(x[1] + sqrt(x[1] ** 2 + 4)) / 2)
pseudo_huber = SmoothMax(name="pseudo_huber", title="Smooth absolute value less 1", definition=sqrt(1 + x[1] ** 2) - 1)

companions: Mapping[str, SmoothMax] = MappingProxyType(
    {op.name: op for op in (log_softmax, normalized, logsumexp2, gmean, log_sigmoid, squareplus, pseudo_huber)}
)
"""The companions by name."""
