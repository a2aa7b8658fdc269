"""The Boltzmann operator: the mean of the entries under softmax weights."""

from sympy import Eq, KroneckerDelta, LambertW, Piecewise, S, Sum, cosh, exp, log, oo, tanh

from smoothsym.certify.special import Special
from smoothsym.laws import (
    Between,
    Expansion,
    Identity,
    Inequality,
    Limit,
    Lipschitz,
    Monotone,
    OrderedSlopes,
    PairConvex,
)
from smoothsym.laws.stated import q
from smoothsym.laws.vocabulary import At, D, E, f, mu2, mu3, mu4, mu5, w
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.levels import Levels
from smoothsym.symbolic.roots import Lambda
from smoothsym.words import Delta, alpha, c, i, j, k, m, m2, maximum, mean, minimum, n, v, x

_each, _by_k = (i, 1, n), (k, 1, n)
_delta = KroneckerDelta(i, k)
_gradient, _hessian = D(f, x[i]), D(f, x[i], x[k])
_spread, _q = maximum(x) - minimum(x), q[j] / Sum(q[k], (k, 1, n))
_variance = E((x[j] - f) ** 2)
_along_gradient = Sum(v[j] * D(f, x[j]), (j, 1, n))
_small = exp(-alpha * Delta)
_z = alpha * (x[1] - x[2]) / 2
_gap, _tied, _square = (LambertW(q) for q in ((n - 1) / exp(1), (n - m) / (m * exp(1)), 2 * (n - 1) / exp(2)))
_steep = Levels(0, -2 * Lambda(n) / alpha)

boltzmann = SmoothMax(
    name="boltzmann",
    title="Boltzmann operator",
    parameter=alpha,
    definition=Sum(x[j] * exp(alpha * x[j]), (j, 1, n)) / Sum(exp(alpha * x[j]), (j, 1, n)),
    laws=(
        Limit(oo, maximum(x)),
        Limit(0, mean(x)),
        Limit(-oo, minimum(x)),
        Limit(oo, Piecewise((1 / m, Eq(x[i], maximum(x))), (0, True)), of="gradient"),
        Limit(-oo, Piecewise((1 / m, Eq(x[i], minimum(x))), (0, True)), of="gradient"),
        Between(minimum(x), maximum(x)),
        # How far it is from the maximum, and from the minimum.
        Between(maximum(x) - _gap / alpha, maximum(x), alpha > 0, "lower", Levels(0, -(1 + _gap) / alpha)),
        Between(maximum(x) - _tied / alpha, maximum(x), alpha > 0, "lower", Levels(0, -(1 + _tied) / alpha, m)),
        Between(minimum(x), minimum(x) - _gap / alpha, alpha < 0, "upper", Levels(0, -(1 + _gap) / alpha)),
        Inequality(
            E((alpha * (maximum(x) - x[j])) ** 2),
            _square * (2 + _square),
            alpha > 0,
            title="the second moment of the falls",
            at=Levels(0, -(2 + _square) / alpha),
        ),
        Inequality(0, D(f, alpha), title="it rises with alpha"),
        Inequality(D(f, alpha), _spread**2 / 4, title="Popoviciu"),
        Inequality(mean(x), f, alpha >= 0),
        Inequality(f, mean(x) + alpha * _spread**2 / 4, alpha >= 0),
        Inequality(
            Sum(_q * x[j], (j, 1, n)),
            f + (Sum(_q * log(_q), (j, 1, n)) - E(log(w[j]))) / alpha,
            alpha > 0,
            title="of weights with at least its entropy, w has the largest mean",
        ),
        # How fast it moves.
        Lipschitz(Lambda(n), alpha > 0, at=_steep, along=Levels(1, -1)),
        Inequality(_gradient, (1 + Lambda(n)) / 2, alpha > 0, title="the steepest slope", at=_steep),
        Inequality((1 - Lambda(2)) / 2, _gradient, title="the least slope"),
        Inequality(Sum(abs(_hessian), _each, _by_k), abs(alpha) * (1 + 3 * Lambda(n)), title="the Hessian"),
        OrderedSlopes(2 + alpha * (minimum(x) - f), alpha > 0),
        PairConvex(2 * Lambda(2), alpha > 0),
        Monotone(alpha > 0, box=1 + LambertW(1 / (exp(1) * (n - 1))), sharp=True),
        # The gradient and the Hessian.
        Identity(_gradient, w[i] * (1 + alpha * (x[i] - f))),
        Identity(alpha * (x[i] - f), log(w[i]) - E(log(w[j])), title="the weights alone say how far an entry is"),
        Identity(_gradient, w[i] * (1 + log(w[i]) - E(log(w[j])))),
        Identity(Sum(_gradient, _each), 1),
        Identity(_hessian, alpha * (_delta * w[i] * (2 + alpha * (x[i] - f)) - w[k] * _gradient - w[i] * D(f, x[k]))),
        Identity(Sum(_hessian, _by_k), 0),
        Identity(
            Sum(_hessian * v[k], _by_k),
            alpha * (w[i] * (2 + alpha * (x[i] - f)) * v[i] - _gradient * E(v[j]) - w[i] * _along_gradient),
        ),
        Identity(
            Sum(_hessian * v[i] * v[k], _each, _by_k),
            alpha * (Sum((w[j] + D(f, x[j])) * v[j] ** 2, (j, 1, n)) - 2 * _along_gradient * E(v[j])),
        ),
        # The parameter: the cumulants of the entries under their weights.
        Identity(D(f, alpha), _variance),
        Identity(D(f, alpha, alpha), E((x[j] - f) ** 3)),
        Identity(D(f, alpha, alpha, alpha), E((x[j] - f) ** 4) - 3 * _variance**2),
        Identity(D(f, x[i], alpha), w[i] * ((x[i] - f) * (2 + alpha * (x[i] - f)) - alpha * _variance)),
        # Equal entries, and two.
        Identity(At(f, c), c),
        Identity(At(_gradient, c), 1 / n),
        Identity(At(_hessian, c), 2 * alpha / n * (_delta - 1 / n), title="twice that of log-sum-exp"),
        Identity(2 * At(f, x[1], x[2]), x[1] + x[2] + (x[1] - x[2]) * tanh(_z)),
        Identity(D(At(f, x[1], x[2]), x[1], x[1]), alpha * (1 - _z * tanh(_z)) / (2 * cosh(_z) ** 2)),
        # Expansions.
        Expansion(
            0,
            mean(x)
            + alpha * mu2
            + alpha**2 * mu3 / 2
            + alpha**3 * (mu4 - 3 * mu2**2) / 6
            + alpha**4 * (mu5 - 10 * mu2 * mu3) / 24,
            alpha**5,
        ),
        Expansion(
            0,
            (1 + 2 * alpha * (x[i] - mean(x)) + 3 * alpha**2 * ((x[i] - mean(x)) ** 2 - mu2) / 2) / n,
            alpha**3,
            of=_gradient,
        ),
        Expansion(oo, maximum(x) - Delta * m2 / m * _small, _small),
        Expansion(oo, (1 + m2 / m * (alpha * Delta - 1) * _small) / m, _small, of=_gradient, where={x[i]: maximum(x)}),
        Expansion(oo, (1 - alpha * Delta) * _small / m, _small, of=_gradient, where={x[i]: maximum(x) - Delta}),
        Expansion(-oo, minimum(x) + Delta * m2 / m * exp(alpha * Delta), exp(alpha * Delta)),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit", "shared"),
        "all negligible": Special("extreme", "limit"),
    },
    # The zero test is Lindemann-Weierstrass: value and gradient are quotients of exponential sums.
    notes="A mean, and not a convex function: it is neither monotone nor a sup-norm non-expansion.",
)
