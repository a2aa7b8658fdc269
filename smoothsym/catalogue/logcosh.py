"""Log-cosh: mellowmax of a number and its negative, a smooth modulus that is quadratic at 0."""

from sympy import Abs, Max, S, cosh, exp, log, oo, sinh, tanh

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Even, Expansion, Identity, Inequality, Limit, LipschitzMap
from smoothsym.laws.vocabulary import D, f
from smoothsym.operator import SmoothMax
from smoothsym.words import alpha, c, x

_t, _y = x[1], tanh(c)
_below = _y * _t - ((1 + _y) * log(1 + _y) + (1 - _y) * log(1 - _y)) / (2 * alpha)

logcosh = SmoothMax(
    name="logcosh",
    title="Log-cosh",
    parameter=alpha,
    definition=log(cosh(alpha * _t)) / alpha,
    laws=(
        Limit(oo, Max(_t, -_t)),
        Limit(-oo, -Max(_t, -_t)),
        Limit(0, S.Zero),
        Even(),
        Between(Abs(_t) - log(2) / alpha, Abs(_t), when=alpha > 0),
        Inequality(f, alpha * _t**2 / 2, when=alpha > 0),
        Inequality(Abs(D(f, _t)), 1, when=alpha > 0),
        Inequality(D(f, _t, _t), alpha, when=alpha > 0),
        Inequality(_below, f, when=alpha > 0, title="the conjugate at y = tanh(c)"),
        Identity(
            _below.xreplace({_t: c / alpha}), log(cosh(c)) / alpha, title="the conjugate is attained at x[1] = c/alpha"
        ),
        Inequality(0, D(f, alpha), when=alpha > 0, title="it rises with alpha"),
        Identity(f, Abs(_t) + (log(1 + exp(-2 * alpha * Abs(_t))) - log(2)) / alpha, title="stable"),
        Identity(f, log(1 + 2 * sinh(alpha * _t / 2) ** 2) / alpha, title="for a small alpha x[1]"),
        Identity(D(f, _t), tanh(alpha * _t)),
        Identity(D(f, _t, _t), alpha / cosh(alpha * _t) ** 2),
        LipschitzMap(alpha, when=alpha > 0),
        Identity(D(f, alpha), (_t * tanh(alpha * _t) - f) / alpha),
        Identity(
            D(f, alpha, alpha), _t**2 / (alpha * cosh(alpha * _t) ** 2) - 2 * (_t * tanh(alpha * _t) - f) / alpha**2
        ),
        Expansion(0, alpha * _t**2 / 2 - alpha**3 * _t**4 / 12, alpha**5),
    ),
    special_values={"nan": Special(S.NaN, "limit", S.NaN, "limit")},
)
