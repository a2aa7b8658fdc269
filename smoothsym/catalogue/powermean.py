"""The power mean of positive numbers: the p-norm of an average, with the geometric mean at p = 0."""

from sympy import And, KroneckerDelta, S, Sum, Symbol, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Convex, Expansion, Identity, Inequality, InParameter, Limit, Monotone, Unbounded
from smoothsym.laws.vocabulary import At, D, E, f, w
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.levels import Levels, t
from smoothsym.words import i, j, k, m, m2, maximum, mean, minimum, n, p, rho, x

_c = Symbol("c", positive=True)
_gradient = D(f, x[i])
_mass = Sum(_gradient, (i, 1, n))
_divergence = E(log(n * w[j]))
_variance = E(log(x[j]) ** 2) - E(log(x[j])) ** 2
_logs, _squares, _cubes = (mean(log(x) ** q) for q in (1, 2, 3))

powermean = SmoothMax(
    name="powermean",
    title="Power mean",
    parameter=p,
    domain="positive",
    definition=(Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p),
    laws=(
        Limit(oo, maximum(x)),
        Limit(-oo, minimum(x)),
        Limit(0, exp(Sum(log(x[j]), (j, 1, n)) / n), note="the geometric mean"),
        Limit(1, mean(x)),
        Limit(-1, n / Sum(1 / x[j], (j, 1, n)), note="the harmonic mean"),
        Between(n ** (-1 / p) * maximum(x), maximum(x), p > 0, "lower", Levels(1, exp(-t))),
        Monotone(),
        Convex(p <= 1, concave=True),
        Unbounded(Levels(1 / t, 1), And(p > 0, p < 1)),
        Inequality(0, E(log(n * w[j])), title="it rises with p"),
        InParameter(),
        Inequality(_mass, 1, when=p >= 1, title="the slopes add up to at most 1"),
        Inequality(1, _mass, when=And(p > 0, p <= 1), title="and to at least 1"),
        Inequality(1, _mass, when=p < 0),
        # The gradient and the Hessian.
        Identity(w[i], (x[i] / f) ** p / n),
        Identity(_gradient, (x[i] / f) ** (p - 1) / n),
        Identity(Sum(x[i] * _gradient, (i, 1, n)), f, title="Euler"),
        Identity(_mass, Sum(x[j] ** (p - 1), (j, 1, n)) / (n * f ** (p - 1))),
        Identity(
            D(f, x[i], x[k]), (p - 1) / f * (KroneckerDelta(i, k) * (x[i] / f) ** (p - 2) / n - _gradient * D(f, x[k]))
        ),
        # The parameter.
        Identity(D(f, p), f * _divergence / p**2),
        Identity(D(log(f), p, p), _variance / p - 2 * _divergence / p**3),
        Identity(At(f, _c), _c),
        # Expansions.
        Expansion(
            0,
            _logs + p * (_squares - _logs**2) / 2 + p**2 * (_cubes - 3 * _logs * _squares + 2 * _logs**3) / 6,
            p**3,
            of=log(f),
            title="in the cumulants of log x",
        ),
        Expansion(0, exp(_logs) * (1 + p * (_squares - _logs**2) / 2), p**2),
        Expansion(0, exp(_logs) / (n * x[i]), p, of=_gradient),
        Expansion(oo, (m / n) ** (1 / p) * maximum(x) * (1 + m2 / (m * p) * rho**p), rho**p / p),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit"),
    },
    # Values for rational p are algebraic: unique factorisation decides. The derivative by p has no theorem.
    notes="A mean; the only homogeneous quasi-arithmetic ones.",
)
