"""The smooth maximum unit of two numbers, with a square root; the one with erf (SMU of Biswas et al., CVPR 2022) is another function."""

from sympy import Abs, KroneckerDelta, Max, S, oo, sqrt

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Identity, Inequality, Limit, LipschitzMap
from smoothsym.laws.vocabulary import At, D, f
from smoothsym.operator import SmoothMax
from smoothsym.words import c, eps, i, k, maximum, x

_a, _b = x[1], x[2]
_h = sqrt((_a - _b) ** 2 + eps)
_q = (1 + (_a - _b) / _h) / 2
_sides = (KroneckerDelta(1, i) - KroneckerDelta(2, i)) * (KroneckerDelta(1, k) - KroneckerDelta(2, k))

smu = SmoothMax(
    name="smu",
    title="Smooth maximum unit",
    parameter=eps,
    definition=(_a + _b + _h) / 2,
    laws=(
        Limit(0, (_a + _b + Abs(_a - _b)) / 2, note="the maximum"),
        Limit(oo, oo),
        Between(maximum(x), maximum(x) + sqrt(eps) / 2, when=eps > 0, sharp="upper"),
        LipschitzMap(1 / sqrt(eps), when=eps > 0),
        LipschitzMap(2 / sqrt(eps), "l_oo to l_1", eps > 0),
        Inequality(0, D(f, _a), when=eps > 0),
        Inequality(D(f, _a), 1, when=eps > 0),
        Inequality(D(f, _a, _a), 1 / (2 * sqrt(eps)), when=eps > 0),
        Inequality(
            (c**2 * _a + _b + c * sqrt(eps)) / (1 + c**2),
            f,
            when=eps > 0,
            title="it is the maximum of q a + (1 - q) b + sqrt(eps q (1 - q)), here at q = c^2/(1 + c^2)",
        ),
        Identity(
            _q * _a + (1 - _q) * _b + eps / (2 * _h),
            f,
            title="the maximum over q is at (1 + (a - b)/h)/2, h the root in f",
        ),
        Identity(eps * _q * (1 - _q), (eps / (2 * _h)) ** 2),
        Identity(f - Max(_a, _b), eps / (2 * (_h + Abs(_a - _b)))),
        Identity(f - At(f, -_a, -_b), _a + _b, title="with its dual"),
        Identity(f * (_a + _b - _h) / 2, _a * _b - eps / 4, title="without cancellation where a + b < 0"),
        Identity(2 * D(f, _a), 1 + (_a - _b) / _h),
        Identity(D(f, _a) + D(f, _b), 1),
        Identity(D(f, x[i], x[k]), eps / (2 * _h**3) * _sides),
        Identity(D(f, eps), 1 / (4 * _h)),
        Identity(D(f, eps, eps), -1 / (8 * _h**3)),
        Identity(D(f, _a, eps), -(_a - _b) / (4 * _h**3)),
    ),
    special_values={
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "parameter 0": Special(maximum(x), "limit"),
    },
    # Values for rational data are quadratic surds: unique factorisation decides.
    notes="What Biswas et al. call SMU-1; their SMU is (a + b + (a - b) erf(mu (a - b)))/2, which is neither convex nor monotone.",
)
