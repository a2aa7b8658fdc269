"""Softmax: the gradient of log-sum-exp, a value for each entry."""

from sympy import Eq, KroneckerDelta, Piecewise, S, Sum, Symbol, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Cocoercive, Expansion, Identity, Limit, LipschitzMap
from smoothsym.laws.vocabulary import At, D, E, f, mu2, w
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.levels import Levels
from smoothsym.words import Delta, alpha, c, i, j, k, m, m2, maximum, mean, n, v, x

_l = Symbol("l", integer=True)
_mean = E(x[_l], _l)
_jacobian = D(w[i], x[k])
_small = exp(-alpha * Delta)

softmax = SmoothMax(
    name="softmax",
    title="Softmax",
    parameter=alpha,
    definition=exp(alpha * x[i]) / Sum(exp(alpha * x[j]), (j, 1, n)),
    laws=(
        Limit(oo, Piecewise((1 / m, Eq(x[i], maximum(x))), (0, True))),
        Limit(0, 1 / n),
        Identity(f, w[i], title="its entries are the weights"),
        Identity(Sum(w[i], (i, 1, n)), 1),
        Identity(At(f, x[j] + c), f, title="translation invariant"),
        # The Jacobian.
        Identity(_jacobian, alpha * (KroneckerDelta(i, k) * w[i] - w[i] * w[k])),
        Identity(_jacobian, D(w[k], x[i])),
        Identity(Sum(_jacobian, (k, 1, n)), 0),
        Identity(Sum(_jacobian * v[k], (k, 1, n)), alpha * w[i] * (v[i] - E(v[j]))),
        LipschitzMap(alpha / 2, "every l_p", alpha > 0, Levels(0, -log(n - 1) / alpha)),
        LipschitzMap(alpha, "l_oo to l_1", alpha > 0),
        Cocoercive(alpha / 2, alpha > 0),
        # The parameter.
        Identity(D(w[i], alpha), w[i] * (x[i] - E(x[j]))),
        Identity(D(w[i], alpha, alpha), w[i] * ((x[i] - _mean) ** 2 - E((x[j] - _mean) ** 2))),
        # Expansions.
        Expansion(
            0, (1 + alpha * (x[i] - mean(x)) + alpha**2 * ((x[i] - mean(x)) ** 2 - mu2) / 2) / n, alpha**3, of=w[i]
        ),
        Expansion(oo, (1 - m2 / m * _small) / m, _small, of=w[i], where={x[i]: maximum(x)}),
        Expansion(oo, _small / m, _small, of=w[i], where={x[i]: maximum(x) - Delta}),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("shared", "convention"),
    },
    # The zero test is Lindemann-Weierstrass.
    notes="Its Jacobian is symmetric: alpha (diag f - f f^T).",
)
