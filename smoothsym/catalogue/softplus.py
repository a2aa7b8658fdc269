"""Softplus: log-sum-exp of 0 and one number, a smooth positive part."""

from sympy import Abs, Max, Min, S, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Expansion, Identity, Inequality, Limit, LipschitzMap, Pole
from smoothsym.laws.vocabulary import At, D, f
from smoothsym.operator import SmoothMax
from smoothsym.words import alpha, c, x

_t = x[1]
_slope, _y = D(f, _t), 1 / (1 + exp(-c))
_h = -_y * log(_y) - (1 - _y) * log(1 - _y)
_entropy = -_slope * log(_slope) - (1 - _slope) * log(1 - _slope)

softplus = SmoothMax(
    name="softplus",
    title="Softplus",
    parameter=alpha,
    definition=log(1 + exp(alpha * _t)) / alpha,
    laws=(
        Limit(oo, Max(0, _t)),
        Limit(-oo, Min(0, _t)),
        Pole(0),
        Between((_t + Abs(_t)) / 2, (_t + Abs(_t)) / 2 + log(2) / alpha, when=alpha > 0),
        Inequality(0, _slope, when=alpha > 0),
        Inequality(_slope, 1, when=alpha > 0),
        Inequality(D(f, _t, _t), alpha / 4, when=alpha > 0),
        Inequality(D(f, alpha), 0, when=alpha > 0, title="it falls as alpha grows"),
        Inequality(0, D(f, alpha, alpha), when=alpha > 0, title="it is convex in alpha"),
        Inequality(
            _y * _t + _h / alpha, f, when=alpha > 0, title="the conjugate at y = 1/(1 + exp(-c)) is -h(y)/alpha"
        ),
        Identity(_y * c + _h, log(1 + exp(c)), title="the conjugate is attained at x[1] = c/alpha"),
        Identity(f - At(f, -_t), _t),
        Identity(f, Max(_t, 0) + log(1 + exp(-alpha * Abs(_t))) / alpha, title="stable"),
        Identity(_t, f + log(1 - exp(-alpha * f)) / alpha, title="its inverse"),
        Identity(f, _t * _slope + _entropy / alpha, title="the slope maximises t y + h(y)/alpha, h the binary entropy"),
        # Derivatives: the slope is the logistic function.
        Identity(_slope, 1 / (1 + exp(-alpha * _t))),
        Identity(1 - _slope, At(_slope, -_t)),
        Identity(D(f, _t, _t), alpha * _slope * (1 - _slope)),
        Identity(D(f, _t, _t, _t), alpha**2 * _slope * (1 - _slope) * (1 - 2 * _slope)),
        LipschitzMap(alpha / 4, when=alpha > 0),
        Identity(D(f, alpha), (_t * _slope - f) / alpha),
        Identity(D(f, alpha), -_entropy / alpha**2, title="minus the binary entropy of the slope"),
        Identity(D(f, alpha, alpha), _t**2 * _slope * (1 - _slope) / alpha + 2 * _entropy / alpha**3),
        Expansion(0, log(2) / alpha + _t / 2 + alpha * _t**2 / 8, alpha**3),
    ),
    special_values={"nan": Special(S.NaN, "limit", S.NaN, "limit")},
    # The zero test is Lindemann-Weierstrass for value and derivative; the derivative by alpha has no theorem.
    notes="Its derivative is the logistic function; it acts on every entry of an array.",
)
