"""The Lehmer mean of positive numbers: the mean under weights x^(p-1), with the harmonic mean at p = 0 and the mean at p = 1."""

from sympy import And, Expr, KroneckerDelta, S, Sum, Symbol, log, oo, tanh

from smoothsym.certify.special import Special
from smoothsym.laws import (
    Between,
    Convex,
    Expansion,
    Identity,
    Inequality,
    InParameter,
    Limit,
    Lipschitz,
    Monotone,
    Unbounded,
)
from smoothsym.laws.vocabulary import At, D, E, f, w
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.levels import Levels, t
from smoothsym.symbolic.roots import Implicit
from smoothsym.words import i, j, k, m, m2, maximum, mean, minimum, n, p, rho, x

_c = Symbol("c", positive=True)
_gradient = D(f, x[i])
_log, _higher = E(log(x[j])), E(x[j] * log(x[j])) / f
_variance = E(log(x[j]) ** 2) - _log**2
_higher_variance = E(x[j] * log(x[j]) ** 2) / f - _higher**2
_bend = (p - 1) * w[i] / x[i]


class gap(Implicit):
    """The root g in [0, 1) of p^p g = (n - 1) (p - 1)^(p - 1) (1 - g)^p, p > 1: how far below the maximum the mean can be."""

    nargs = 2
    interval = (S.Zero, S.One)

    def equation(self, z: Expr) -> Expr:
        size, power = self.args
        return power**power * z - (size - 1) * (power - 1) ** (power - 1) * (1 - z) ** power


lehmer = SmoothMax(
    name="lehmer",
    title="Lehmer mean",
    parameter=p,
    domain="positive",
    definition=Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n)),
    laws=(
        Limit(oo, maximum(x)),
        Limit(-oo, minimum(x)),
        Limit(1, mean(x)),
        Limit(0, n / Sum(1 / x[j], (j, 1, n)), note="the harmonic mean"),
        Between(minimum(x), maximum(x)),
        Between(maximum(x) * (1 - gap(n, p)), maximum(x), p > 1, "lower", Levels(1, (p - 1) * (1 - gap(n, p)) / p)),
        # Its shape, and how fast it moves.
        Monotone(And(p >= 0, p <= 1)),
        Convex(And(p >= 1, p <= 2)),
        Convex(And(p >= 0, p <= 1), concave=True),
        Unbounded(Levels(1 / t, 1), And(p > 1, p < 2)),
        Unbounded(Levels(1 / t, 1), And(p > 0, p < 1)),
        Lipschitz(p + (p - 1) * n, when=p >= 2),
        Inequality(mean(x**p) ** (1 / p), f, when=p >= 1, title="the power mean is below"),
        Inequality(f, mean(x**p) ** (1 / p), when=And(p > 0, p <= 1), title="the power mean is above"),
        InParameter(),
        # The gradient and the Hessian.
        Identity(f, E(x[j])),
        Identity(_gradient, w[i] * (p - (p - 1) * f / x[i])),
        Identity(Sum(x[i] * _gradient, (i, 1, n)), f, title="Euler"),
        Identity(
            D(f, x[i], x[k]),
            KroneckerDelta(i, k) * _bend * (p - (p - 2) * f / x[i])
            - _bend * D(f, x[k])
            - _gradient * _bend.xreplace({i: k}),
        ),
        # The parameter. Under the weights x^p a mean is E[x g]/f.
        Identity(D(log(f), p), _higher - _log),
        Identity(D(log(f), p, p), _higher_variance - _variance),
        Identity(D(f, p, p), f * (D(log(f), p, p) + D(log(f), p) ** 2)),
        # Equal entries, and two.
        Identity(At(f, _c), _c),
        Identity(2 * At(f, x[1], x[2]), x[1] + x[2] + (x[1] - x[2]) * tanh((p - 1) * log(x[1] / x[2]) / 2)),
        # Expansions.
        Expansion(oo, maximum(x) * (1 - m2 / m * (1 - rho) * rho ** (p - 1)), rho**p),
    ),
    special_values={
        "empty": Special(S.NaN, "limit"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit"),
    },
    # Values for rational p are quotients of algebraic numbers; for whole p they are rational, and decided.
    notes="A mean, and monotone only for 0 <= p <= 1: L_2(1, 0.4) is less than L_2(1, 0).",
)
