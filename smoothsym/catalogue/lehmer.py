"""The Lehmer mean of positive numbers: the mean under weights x^(p-1), with the harmonic mean at p = 0 and the mean at p = 1."""

from sympy import S, Sum, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Limit
from smoothsym.operator import SmoothMax
from smoothsym.words import j, maximum, mean, minimum, n, p, x

lehmer = SmoothMax(
    name="lehmer",
    title="Lehmer mean",
    parameter=p,
    domain="positive",
    definition=Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n)),
    laws=(
        Limit(oo, maximum(x)),
        Limit(-oo, minimum(x)),
        Limit(1, mean(x)),
        Limit(0, n / Sum(1 / x[j], (j, 1, n)), note="the harmonic mean"),
        Between(minimum(x), maximum(x)),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit"),
    },
    # Values for rational p are quotients of algebraic numbers; for whole p they are rational, and decided.
    notes="A mean, and monotone only for 0 <= p <= 1: L_2(1, 0.4) is less than L_2(1, 0).",
)
