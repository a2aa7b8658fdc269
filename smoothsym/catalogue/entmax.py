"""Entmax: the maximum less a Tsallis entropy of order q, between softmax (q = 1) and sparsemax (q = 2)."""

from sympy import Eq, Piecewise, S, Symbol

from smoothsym.certify.special import Special
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.simplex import regularised_maximum
from smoothsym.symbolic.tsallis import xqlog
from smoothsym.words import gamma, i, m, maximum, q, x

_t = Symbol("t", positive=True)
_top = Piecewise((1 / m, Eq(x[i], maximum(x))), (0, True))

entmax = SmoothMax(
    name="entmax",
    title="Entmax",
    parameter=(q, gamma),
    defaults={"q": 1.5, "gamma": 1},
    definition=regularised_maximum(gamma * xqlog(_t, q - 1) / q, _t),
    laws=(),
    special_values={
        "empty": Special("extreme", "convention"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit", "shared"),
        "all negligible": Special("extreme", "limit"),
        "parameter oo": Special(maximum(x), "limit", _top, "limit"),
    },
    # For rational entries and q = 2 the threshold is rational, for q = 3/2 a quadratic surd.
    notes="Its gradient, the maximiser, is what libraries call entmax, with alpha = q (Peters, Niculae and Martins, ACL 2019).",
)
