"""Mellowmax: log-sum-exp of an average instead of a sum, so that it is a mean and has no pole at alpha = 0."""

from sympy import KroneckerDelta, S, Sum, Symbol, cosh, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Cocoercive, Conjugate, Expansion, Identity, Inequality, Limit, LipschitzMap
from smoothsym.laws.stated import q
from smoothsym.laws.vocabulary import At, D, E, f, mu2, mu3, mu4, mu5, w
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.levels import Levels, t
from smoothsym.words import Delta, alpha, c, i, j, k, m, m2, maximum, mean, minimum, n, v, x

_l = Symbol("l", integer=True)
_mean = E(x[_l], _l)
_variance, _divergence = E((x[j] - _mean) ** 2), E(log(n * w[j]))
_hessian = D(f, x[i], x[k])
_small, _spread = exp(-alpha * Delta), maximum(x) - minimum(x)
_beta = alpha / 2 + c * alpha**2
_boltzmann = Sum(x[j] * exp(_beta * x[j]), (j, 1, n)) / Sum(exp(_beta * x[j]), (j, 1, n))

mellowmax = SmoothMax(
    name="mellowmax",
    title="Mellowmax",
    parameter=alpha,
    definition=log(Sum(exp(alpha * x[j]), (j, 1, n)) / n) / alpha,
    laws=(
        Limit(oo, maximum(x)),
        Limit(0, mean(x)),
        Limit(-oo, minimum(x)),
        Between(maximum(x) - log(n) / alpha, maximum(x), alpha > 0, "lower", Levels(0, -t)),
        Between(minimum(x), minimum(x) - log(n) / alpha, alpha < 0, "upper", Levels(0, t)),
        Inequality(mean(x), f, when=alpha > 0, title="the mean is below"),
        Inequality(f, E(x[j]), when=alpha > 0, title="the mean under the weights is above"),
        Inequality(f, mean(x) + alpha * _spread**2 / 8, when=alpha > 0, title="Hoeffding"),
        Inequality(0, D(f, alpha), title="it rises with alpha"),
        Inequality(D(f, alpha), _spread**2 / 8, when=alpha > 0),
        Inequality(D(f, alpha), _spread**2 / 8, when=alpha < 0),
        Inequality(D(f, alpha), log(n) / alpha**2),
        # How fast the gradient moves.
        LipschitzMap(alpha / 2, "every l_p", alpha > 0, Levels(0, -log(n - 1) / alpha)),
        LipschitzMap(alpha, "l_oo to l_1", alpha > 0),
        Cocoercive(alpha / 2, alpha > 0),
        Conjugate(Sum(q[j] * log(n * q[j]), (j, 1, n)) / alpha, when=alpha > 0),
        # The gradient and the Hessian.
        Identity(D(f, x[i]), w[i]),
        Identity(_hessian, alpha * (KroneckerDelta(i, k) * w[i] - w[i] * w[k])),
        Identity(Sum(_hessian * v[k], (k, 1, n)), alpha * w[i] * (v[i] - E(v[j]))),
        # The parameter: alpha f generates the cumulants of the entries under their weights.
        Identity(D(alpha * f, x[i]), alpha * w[i]),
        Identity(D(alpha * f, alpha), E(x[j])),
        Identity(D(alpha * f, alpha, alpha), _variance),
        Identity(D(alpha * f, alpha, alpha, alpha), E((x[j] - _mean) ** 3)),
        Identity(D(alpha * f, alpha, alpha, alpha, alpha), E((x[j] - _mean) ** 4) - 3 * _variance**2),
        Identity(E(x[j]) - f, _divergence / alpha, title="below the mean by a relative entropy to equal weights"),
        Identity(D(f, alpha), (E(x[j]) - f) / alpha),
        Identity(D(f, alpha), _divergence / alpha**2),
        Identity(D(f, alpha, alpha), _variance / alpha - 2 * _divergence / alpha**3),
        Identity(D(f, x[i], alpha), w[i] * (x[i] - _mean)),
        # Equal entries, and two.
        Identity(At(f, c), c),
        Identity(2 * At(f, x[1], x[2]), x[1] + x[2] + 2 * log(cosh(alpha * (x[1] - x[2]) / 2)) / alpha),
        # Expansions.
        Expansion(
            0,
            mean(x)
            + alpha * mu2 / 2
            + alpha**2 * mu3 / 6
            + alpha**3 * (mu4 - 3 * mu2**2) / 24
            + alpha**4 * (mu5 - 10 * mu2 * mu3) / 120,
            alpha**5,
        ),
        Expansion(
            0,
            alpha**2 * (c * mu2 - mu3 / 24),
            alpha**3,
            of=_boltzmann - f,
            title="the Boltzmann operator has this value at alpha/2 + c alpha^2 + ..., c = mu3/(24 mu2)",
        ),
        Expansion(oo, maximum(x) - log(n / m) / alpha + m2 / (m * alpha) * _small, _small / alpha),
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
