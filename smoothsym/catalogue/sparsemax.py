"""Sparsemax: the maximum less half a squared norm, whose gradient is the projection onto the simplex."""

from sympy import Eq, Piecewise, S, Sum, Symbol, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Conjugate, FinitelyExact, Identity, Limit, LipschitzMap
from smoothsym.laws.stated import q
from smoothsym.laws.vocabulary import At, f
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.simplex import regularised_maximum
from smoothsym.words import c, gamma, i, j, m, maximum, n, x

_t = Symbol("t", positive=True)
_top = Piecewise((1 / m, Eq(x[i], maximum(x))), (0, True))

sparsemax = SmoothMax(
    name="sparsemax",
    title="Sparsemax",
    parameter=gamma,
    definition=regularised_maximum(gamma * (_t**2 - _t) / 2, _t),
    laws=(
        Limit(0, maximum(x)),
        Between(maximum(x), maximum(x) + gamma * (1 - 1 / n) / 2, when=gamma > 0, sharp="upper"),
        FinitelyExact(gamma, when=gamma > 0),
        LipschitzMap(1 / gamma, when=gamma > 0),
        Conjugate(Sum(gamma * (q[j] ** 2 - q[j]) / 2, (j, 1, n)), when=gamma > 0),
        Identity(At(f, c), c + gamma * (1 - 1 / n) / 2),
    ),
    special_values={
        "empty": Special("extreme", "convention"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit", "shared"),
        "all negligible": Special("extreme", "limit"),
        "parameter 0": Special(maximum(x), "limit", _top, "limit"),
        "parameter oo": Special(Piecewise((x[1], Eq(n, 1)), (oo, True)), "limit", 1 / n, "limit"),
    },
    # For rational entries the threshold is rational.
    notes="Its gradient, the maximiser, is what libraries call sparsemax (Martins and Astudillo, ICML 2016).",
)
