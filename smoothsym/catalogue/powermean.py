"""The power mean of positive numbers: the p-norm of an average, with the geometric mean at p = 0."""

from sympy import S, Sum, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Convex, Inequality, Limit, Monotone
from smoothsym.operator import SmoothMax
from smoothsym.words import j, maximum, mean, minimum, n, p, x

_definition = (Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p)

powermean = SmoothMax(
    name="powermean",
    title="Power mean",
    parameter=p,
    domain="positive",
    definition=_definition,
    laws=(
        Limit(oo, maximum(x)),
        Limit(-oo, minimum(x)),
        Limit(1, mean(x)),
        Limit(-1, n / Sum(1 / x[j], (j, 1, n)), note="the harmonic mean"),
        Between(n ** (-1 / p) * maximum(x), maximum(x), when=p > 0),
        Monotone(),
        Convex(p <= 1, concave=True),
        Inequality(
            0, Sum(x[j] ** p * log(x[j] ** p / (Sum(x[j] ** p, (j, 1, n)) / n)), (j, 1, n)), title="it rises with p"
        ),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit"),
    },
    # Values for rational p are algebraic: unique factorisation decides. The derivative by p has no theorem.
    notes="A mean; the only homogeneous quasi-arithmetic ones.",
)
