"""Log-sum-exp: the smooth maximum whose gradient is softmax."""

from sympy import Abs, Eq, KroneckerDelta, Piecewise, S, Sum, Symbol, cosh, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Cocoercive, Conjugate, Expansion, Identity, Inequality, Limit, LipschitzMap, Pole
from smoothsym.laws.stated import q
from smoothsym.laws.vocabulary import At, D, E, f, mu2, mu3, w
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.levels import Levels
from smoothsym.words import Delta, alpha, c, i, j, k, m, m2, maximum, mean, minimum, n, v, x

_each, _by_j, _by_k = ((index, 1, n) for index in (i, j, k))
_delta = KroneckerDelta(i, k)
_gradient, _hessian = D(f, x[i]), D(f, x[i], x[k])
_l, _t = Symbol("l", integer=True), Symbol("t", real=True)
_mean, _mean_v, _log_weight = E(x[_l], _l), E(v[_l], _l), E(log(w[j]))
_variance = E((x[j] - _mean) ** 2)
_small = exp(-alpha * Delta)
_bend = Sum(_hessian * v[i] * v[k], _each, _by_k)
_third = Sum(D(f, x[i], x[k], x[_l]) * v[i] * v[k] * v[_l], _each, _by_k, (_l, 1, n))

logsumexp = SmoothMax(
    name="logsumexp",
    title="LogSumExp",
    parameter=alpha,
    definition=log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha,
    laws=(
        Limit(oo, maximum(x)),
        Limit(-oo, minimum(x)),
        Pole(0),
        Between(maximum(x), maximum(x) + log(n) / alpha, when=alpha > 0, sharp="upper"),
        Between(
            maximum(x) + log(m + exp(-alpha * Delta)) / alpha,
            maximum(x) + log(m + (n - m) * exp(-alpha * Delta)) / alpha,
            alpha > 0,
            "upper",
            Levels(0, -Delta, m),
        ),
        Between(minimum(x) + log(n) / alpha, minimum(x), when=alpha < 0, sharp="lower"),
        # How fast the gradient moves.
        LipschitzMap(alpha / 2, "every l_p", alpha > 0, Levels(0, -log(n - 1) / alpha)),
        LipschitzMap(alpha, "l_oo to l_1", alpha > 0),
        Cocoercive(alpha / 2, alpha > 0),
        Conjugate(Sum(q[j] * log(q[j]), (j, 1, n)) / alpha, when=alpha > 0),
        Inequality(D(f, alpha), 0, when=alpha > 0, title="it falls as alpha grows"),
        Inequality(0, D(f, alpha, alpha), when=alpha > 0, title="it is convex in alpha"),
        Inequality(0, D(alpha * f, alpha, alpha), title="alpha f is convex in alpha"),
        Inequality(E(x[j]), f, when=alpha > 0),
        Inequality(f, E(x[j]) + log(n) / alpha, when=alpha > 0),
        Inequality(_bend, alpha * E(v[j] ** 2), when=alpha > 0, title="the Hessian is at most alpha diag(w)"),
        Inequality(
            Abs(_third),
            alpha * (maximum(v) - minimum(v)) * _bend,
            when=alpha > 0,
            title="generalised self-concordance",
        ),
        # The gradient, the Hessian and the third derivative.
        Identity(_gradient, w[i]),
        Identity(Sum(w[i], _each), 1),
        Identity(_hessian, alpha * (_delta * w[i] - w[i] * w[k])),
        Identity(Sum(_hessian, _by_k), 0),
        Identity(Sum(_hessian * v[k], _by_k), alpha * w[i] * (v[i] - E(v[j]))),
        Identity(_bend, alpha * E((v[j] - _mean_v) ** 2), title="a variance"),
        Identity(_bend, alpha / 2 * Sum(w[i] * w[k] * (v[i] - v[k]) ** 2, _each, _by_k)),
        Identity(_third, alpha**2 * E((v[j] - _mean_v) ** 3), title="a third cumulant"),
        # The parameter. The entropy of the weights is H = -sum_j w[j] log(w[j]).
        Identity(f, E(x[j]) - _log_weight / alpha, title="free energy, which is energy plus entropy over alpha"),
        Identity(D(f, alpha), (E(x[j]) - f) / alpha),
        Identity(D(f, alpha), _log_weight / alpha**2, title="minus the entropy"),
        Identity(D(f, alpha, alpha), _variance / alpha - 2 * _log_weight / alpha**3),
        Identity(D(f, x[i], alpha), w[i] * (x[i] - _mean)),
        # Equal entries, two, and logarithms.
        Identity(At(f, c), c + log(n) / alpha),
        Identity(2 * At(f, x[1], x[2]), x[1] + x[2] + 2 * log(2 * cosh(alpha * (x[1] - x[2]) / 2)) / alpha),
        Identity(exp(alpha * At(f, log(Abs(x[j])))), Sum(Abs(x[j]) ** alpha, _by_j), title="in log space it is a sum"),
        # Softmax maximises <q, x> + H(q)/alpha on the simplex, and f is the maximum.
        Identity(
            x[i] - (log(w[i]) + 1) / alpha,
            f - 1 / alpha,
            title="the multiplier, for every weight the same",
        ),
        Identity(
            f - Sum(q[j] * x[j], _by_j) + Sum(q[j] * log(q[j]), _by_j) / alpha - (1 - Sum(q[j], _by_j)) * f,
            Sum(q[j] * log(q[j] / w[j]), _by_j) / alpha,
            title="Fenchel-Young gap, with a multiplier for the simplex",
        ),
        # Gumbel: G_j with the distribution exp(-exp(-t)). The maximum of x_j + G_j/alpha has it about f, and is at i with probability w[i].
        Identity(
            Sum(exp(-alpha * (_t - x[j])), _by_j),
            exp(-alpha * (_t - f)),
            title="Gumbel, the law of max (x_j + G_j/alpha)",
        ),
        Identity(
            alpha * exp(-alpha * (_t - x[i])) * exp(-Sum(exp(-alpha * (_t - x[j])), _by_j)),
            w[i] * alpha * exp(-alpha * (_t - f)) * exp(-exp(-alpha * (_t - f))),
            title="Gumbel, the density where i is the largest",
        ),
        # Expansions.
        Expansion(0, log(n) / alpha + mean(x) + alpha * mu2 / 2 + alpha**2 * mu3 / 6, alpha**3),
        Expansion(oo, maximum(x) + log(m) / alpha + m2 / (m * alpha) * _small, _small / alpha),
        Expansion(oo, (1 - m2 / m * _small) / m, _small, of=_gradient, where={x[i]: maximum(x)}),
        Expansion(oo, _small / m, _small, of=_gradient, where={x[i]: maximum(x) - Delta}),
    ),
    special_values={
        "empty": Special("extreme", "convention"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit", "shared"),
        "all negligible": Special("extreme", "limit"),
        # One entry has no pole: log(exp(alpha x)) / alpha = x.
        "parameter 0": Special(Piecewise((x[1], Eq(n, 1)), (oo, True)), "limit", 1 / n, "limit"),
        "parameter 0-": Special(Piecewise((x[1], Eq(n, 1)), (-oo, True)), "limit", 1 / n, "limit"),
    },
    # The zero test is Lindemann-Weierstrass for value and gradient; the derivative by alpha has no theorem.
    notes="Convex for alpha > 0, and within log(n)/alpha above the maximum.",
)
