"""The smooth modulus: the 2-norm of a number and sqrt(eps)."""

from sympy import Abs, S, oo, sqrt

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Even, Identity, Inequality, Limit, LipschitzMap
from smoothsym.laws.vocabulary import D, f
from smoothsym.operator import SmoothMax
from smoothsym.words import c, eps, x

_t = x[1]
_below = (c * _t + sqrt(eps)) / sqrt(1 + c**2)

smoothabs = SmoothMax(
    name="smoothabs",
    title="Smooth modulus",
    parameter=eps,
    definition=sqrt(_t**2 + eps),
    laws=(
        Limit(0, Abs(_t)),
        Limit(oo, oo),
        Even(),
        Between(Abs(_t), Abs(_t) + sqrt(eps), when=eps > 0),
        Inequality(Abs(D(f, _t)), 1, when=eps > 0),
        Inequality(D(f, _t, _t), 1 / sqrt(eps), when=eps > 0),
        Inequality(_below, f, when=eps > 0, title="the conjugate at y = c/sqrt(1 + c^2) is -sqrt(eps (1 - y^2))"),
        Identity(
            _below.xreplace({_t: c * sqrt(eps)}),
            sqrt(c**2 * eps + eps),
            title="the conjugate is attained at x[1] = c sqrt(eps)",
        ),
        LipschitzMap(1 / sqrt(eps), when=eps > 0),
        Identity(f - Abs(_t), eps / (f + Abs(_t))),
        Identity(D(f, _t), _t / f),
        Identity(D(f, _t, _t), eps / f**3),
        Identity(D(f, _t, _t, _t), -3 * eps * _t / f**5),
        Identity(D(f, eps), 1 / (2 * f)),
        Identity(D(f, eps, eps), -1 / (4 * f**3)),
    ),
    special_values={
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "parameter 0": Special(Abs(x[1]), "limit"),
    },
)
