"""The smooth maximum unit of two numbers, with a square root; the one with erf (SMU of Biswas et al., CVPR 2022) is another function."""

from sympy import Abs, S, oo, sqrt

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Limit
from smoothsym.operator import SmoothMax
from smoothsym.words import eps, maximum, x

smu = SmoothMax(
    name="smu",
    title="Smooth maximum unit",
    parameter=eps,
    definition=(x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps)) / 2,
    laws=(
        Limit(0, (x[1] + x[2] + Abs(x[1] - x[2])) / 2, note="the maximum"),
        Limit(oo, oo),
        Between(maximum(x), maximum(x) + sqrt(eps) / 2, when=eps > 0, sharp="upper"),
    ),
    special_values={
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "parameter 0": Special(maximum(x), "limit"),
    },
    # Values for rational data are quadratic surds: unique factorisation decides.
    notes="What Biswas et al. call SMU-1; their SMU is (a + b + (a - b) erf(mu (a - b)))/2, which is neither convex nor monotone.",
)
