"""The Boltzmann operator: the mean of the entries under softmax weights."""

from sympy import E, LambertW, S, Sum, exp, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Inequality, Limit
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.derivatives import partial_parameter
from smoothsym.symbolic.levels import Levels
from smoothsym.words import alpha, j, maximum, mean, minimum, n, x

_definition = Sum(x[j] * exp(alpha * x[j]), (j, 1, n)) / Sum(exp(alpha * x[j]), (j, 1, n))

_GAP = LambertW((n - 1) / E)

boltzmann = SmoothMax(
    name="boltzmann",
    title="Boltzmann operator",
    parameter=alpha,
    definition=_definition,
    laws=(
        Limit(oo, maximum(x)),
        Limit(0, mean(x)),
        Limit(-oo, minimum(x)),
        Between(minimum(x), maximum(x)),
        Inequality(0, partial_parameter(_definition, alpha), title="it rises with alpha"),
        Between(
            maximum(x) - _GAP / alpha, maximum(x), when=alpha > 0, sharp="lower", at=Levels(0, -(1 + _GAP) / alpha)
        ),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit", "shared"),
        "all negligible": Special("extreme", "limit"),
    },
    # The zero test is Lindemann-Weierstrass: value and gradient are quotients of exponential sums.
    notes="A mean, and not a convex function: it is neither monotone nor a sup-norm non-expansion.",
)
