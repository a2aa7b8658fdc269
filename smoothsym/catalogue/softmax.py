"""Softmax: the gradient of log-sum-exp, a value for each entry."""

from sympy import S, Sum, exp, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Identity, Limit
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.asymptotics import limit
from smoothsym.words import alpha, c, i, j, n, x

_definition = exp(alpha * x[i]) / Sum(exp(alpha * x[j]), (j, 1, n))
_moved = _definition.xreplace({x[q]: x[q] + c for q in (i, j)})

softmax = SmoothMax(
    name="softmax",
    title="Softmax",
    parameter=alpha,
    definition=_definition,
    laws=(
        Limit(oo, limit(_definition, alpha, oo)),
        Limit(0, 1 / n),
        Identity(Sum(_definition, (i, 1, n)), 1, title="the entries sum to 1"),
        Identity(_moved, _definition, title="translation invariant: f(x + c) = f(x)"),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("shared", "convention"),
    },
    # The zero test is Lindemann-Weierstrass.
    notes="Its Jacobian is symmetric: alpha (diag f - f f^T).",
)
