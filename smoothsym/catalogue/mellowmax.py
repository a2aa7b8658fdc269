"""Mellowmax: log-sum-exp of an average instead of a sum, so that it is a mean and has no pole at alpha = 0."""

from sympy import S, Sum, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Conjugate, Inequality, Limit
from smoothsym.laws.stated import q
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.derivatives import partial_parameter
from smoothsym.words import alpha, j, maximum, mean, minimum, n, x

_definition = log(Sum(exp(alpha * x[j]), (j, 1, n)) / n) / alpha

mellowmax = SmoothMax(
    name="mellowmax",
    title="Mellowmax",
    parameter=alpha,
    definition=_definition,
    laws=(
        Limit(oo, maximum(x)),
        Limit(0, mean(x)),
        Limit(-oo, minimum(x)),
        Between(maximum(x) - log(n) / alpha, maximum(x), when=alpha > 0),
        Inequality(mean(x), _definition, when=alpha > 0, title="the mean is below"),
        Inequality(0, partial_parameter(_definition, alpha), title="it rises with alpha"),
        Conjugate(Sum(q[j] * log(n * q[j]), (j, 1, n)) / alpha, when=alpha > 0),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit", "shared"),
        "all negligible": Special("extreme", "limit"),
    },
    # The zero test is Lindemann-Weierstrass for value and gradient; the derivative by alpha has no theorem.
    notes="A quasi-arithmetic mean; a sup-norm non-expansion (Asadi and Littman, ICML 2017).",
)
