"""Entmax: the maximum less a Tsallis entropy of order q, between softmax (q = 1) and sparsemax (q = 2)."""

from sympy import Eq, Piecewise, S, Sum, Symbol, exp, log

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Conjugate, FinitelyExact, Identity, Limit
from smoothsym.laws.stated import q as _q
from smoothsym.laws.vocabulary import At, f
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.simplex import regularised_maximum
from smoothsym.symbolic.tsallis import xqlog
from smoothsym.words import c, gamma, i, j, m, maximum, n, q, x

_t = Symbol("t", positive=True)
_top = Piecewise((1 / m, Eq(x[i], maximum(x))), (0, True))

entmax = SmoothMax(
    name="entmax",
    title="Entmax",
    parameter=(q, gamma),
    defaults={"q": 1.5, "gamma": 1},
    definition=regularised_maximum(gamma * xqlog(_t, q - 1) / q, _t),
    laws=(
        Limit(1, gamma * log(Sum(exp(x[j] / gamma), (j, 1, n))), note="a LogSumExp, whose maximiser is softmax"),
        Between(
            maximum(x),
            maximum(x) + gamma * (1 - n ** (1 - q)) / (q * (q - 1)),
            when=q > 1,
            sharp="upper",
        ),
        FinitelyExact(gamma / (q - 1), when=q > 1),
        Conjugate(Sum(gamma * (_q[j] ** q - _q[j]) / (q * (q - 1)), (j, 1, n)), when=q > 1),
        Identity(At(f, c), c + gamma * (1 - n ** (1 - q)) / (q * (q - 1))),
    ),
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
