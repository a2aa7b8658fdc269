"""Sparsemax: the maximum less half a squared norm, whose gradient is the projection onto the simplex."""

from sympy import Eq, Piecewise, S, Symbol, oo

from smoothsym.certify.special import Special
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.simplex import regularised_maximum
from smoothsym.words import gamma, i, m, maximum, n, x

_t = Symbol("t", positive=True)
_top = Piecewise((1 / m, Eq(x[i], maximum(x))), (0, True))

sparsemax = SmoothMax(
    name="sparsemax",
    title="Sparsemax",
    parameter=gamma,
    definition=regularised_maximum(gamma * (_t**2 - _t) / 2, _t),
    laws=(),
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
