"""The p-norm: log-sum-exp of log|x|, and a norm for p >= 1."""

from sympy import Abs, And, Eq, KroneckerDelta, Piecewise, S, Sum, log, oo, sign

from smoothsym.certify.special import Special
from smoothsym.laws import (
    Between,
    Convex,
    DualNorm,
    Even,
    Expansion,
    HalfSquare,
    Identity,
    Inequality,
    InParameter,
    Limit,
    Lipschitz,
    Monotone,
    OwnLipschitz,
    Superadditive,
)
from smoothsym.laws.vocabulary import At, D, E, f, w
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.levels import Levels
from smoothsym.words import c, i, j, k, m, m2, maximum, mean, minimum, n, p, rho, v, x

_NONZERO = Sum(Abs(sign(x[j])), (j, 1, n))
_gradient, _hessian = D(f, x[i]), D(f, x[i], x[k])
_log_weight = E(log(w[j]))
_variance = E(log(Abs(x[j])) ** 2) - E(log(Abs(x[j]))) ** 2
_size = (Abs(x[i]) / f) ** (p - 2)

pnorm = SmoothMax(
    name="pnorm",
    title="p-norm",
    parameter=p,
    definition=Sum(Abs(x[j]) ** p, (j, 1, n)) ** (1 / p),
    laws=(
        Limit(oo, maximum(Abs(x)), note="the maximum of x itself only where x >= 0"),
        Limit(1, Sum(Abs(x[j]), (j, 1, n))),
        Limit(1, sign(x[i]), of="gradient"),
        Limit(-oo, minimum(Abs(x))),
        Between(maximum(Abs(x)), n ** (1 / p) * maximum(Abs(x)), when=p > 0, sharp="upper"),
        Even(),
        Inequality(D(f, p), 0, when=p > 0, title="it falls as p grows"),
        InParameter(falls=True, when=p > 0),
        InParameter(n ** (-1 / p) * f, when=p > 0),
        Inequality(0, D(p * log(f), p, p), title="log sum |x|^p is convex in p"),
        Inequality(0, p**2 * D(p**2 * D(log(f), p), p), when=p > 0, title="log f is convex in 1/p (Littlewood)"),
        Monotone(when=p >= 1, on="x >= 0"),
        Convex(And(p > 0, p < 1), concave=True, on="x >= 0"),
        Superadditive(And(p > 0, p < 1), on="x >= 0"),
        HalfSquare(p - 1, when=p >= 2),
        HalfSquare(p - 1, strongly=True, when=And(p > 1, p <= 2)),
        # What moves it, and what is dual to it.
        Lipschitz(n ** (1 / p), when=p > 1, at=Levels(1, 1)),
        OwnLipschitz(when=p >= 1),
        DualNorm(p / (p - 1), when=p > 1),
        DualNorm(p / (p - 1), when=p > 1, of="powers"),
        DualNorm(p / (p - 1), when=p > 1, of="squares"),
        # The gradient and the Hessian.
        Identity(w[i], (Abs(x[i]) / f) ** p),
        Identity(_gradient, sign(x[i]) * (Abs(x[i]) / f) ** (p - 1)),
        Identity(Sum(x[i] * _gradient, (i, 1, n)), f, title="Euler"),
        Identity(
            Sum(Abs(_gradient) ** (p / (p - 1)), (i, 1, n)) ** ((p - 1) / p), 1, title="the dual norm of the gradient"
        ),
        Identity(_hessian, (p - 1) / f * (KroneckerDelta(i, k) * _size - _gradient * D(f, x[k]))),
        Identity(Sum(_hessian * x[k], (k, 1, n)), 0),
        Identity(
            Sum(_hessian * v[k], (k, 1, n)),
            (p - 1) / f * (_size * v[i] - _gradient * Sum(v[j] * D(f, x[j]), (j, 1, n))),
        ),
        # The parameter. The entropy of the weights is h = -sum_j w[j] log(w[j]).
        Identity(D(f, p), f * _log_weight / p**2),
        Identity(D(f, p, p), f * (_variance / p - 2 * _log_weight / p**3 + _log_weight**2 / p**4)),
        Identity(D(f, x[i], p), _gradient * (log(Abs(x[i]) / f) - (p - 1) * _log_weight / p**2)),
        Identity(At(f, c), n ** (1 / p) * Abs(c)),
        # Expansions.
        Expansion(0, log(n) + p * mean(log(Abs(x))), p**2, of=p * log(f)),
        Expansion(oo, m ** (1 / p) * maximum(Abs(x)) * (1 + m2 / (m * p) * rho**p), rho**p / p),
        Expansion(
            oo,
            m ** (1 / p - 1) * (1 - m2 / m * rho**p),
            rho**p,
            of=(maximum(Abs(x)) / f) ** (p - 1),
            title="the gradient at the largest modulus",
        ),
        Expansion(-oo, m ** (1 / p) * minimum(Abs(x)) * (1 + m2 / (m * p) / rho**p), 1 / (p * rho**p)),
        Expansion(oo, maximum(Abs(x)) * (1 + log(m) / p + log(m) ** 2 / (2 * p**2)), 1 / p**2),
    ),
    special_values={
        "empty": Special("extreme", "limit"),
        "nan": Special(S.NaN, "convention"),
        "dominant": Special("extreme", "limit"),
        # The subdifferential of the norm at 0 is the dual ball; 0 is its centre.
        "all negligible": Special("extreme", "limit", S.Zero, "convention"),
        # Zeros are dropped for p > 0: of one entry that is left, the norm is its modulus for every p.
        "parameter 0": Special(
            Piecewise((maximum(Abs(x)), _NONZERO <= 1), (oo, True)),
            "limit",
            Piecewise((sign(x[i]), _NONZERO <= 1), (sign(x[i]) * oo, True)),
            "limit",
        ),
        "parameter 0-": Special(
            Piecewise((Abs(x[1]), Eq(n, 1)), (S.Zero, True)),
            "limit",
            Piecewise((sign(x[1]), Eq(n, 1)), (S.Zero, True)),
            "limit",
        ),
    },
    # Values for rational p are algebraic: unique factorisation decides. The derivative by p has no theorem.
    notes="For p -> oo it tends to max |x_i|, the maximum itself only where x >= 0. Zeros are dropped for p > 0.",
)
