"""Softplus: log-sum-exp of 0 and one number, a smooth positive part."""

from sympy import Abs, Max, Min, S, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Identity, Limit, Pole
from smoothsym.operator import SmoothMax
from smoothsym.words import alpha, x

_definition = log(1 + exp(alpha * x[1])) / alpha

softplus = SmoothMax(
    name="softplus",
    title="Softplus",
    parameter=alpha,
    definition=_definition,
    laws=(
        Limit(oo, Max(0, x[1])),
        Limit(-oo, Min(0, x[1])),
        Pole(0),
        Between((x[1] + Abs(x[1])) / 2, (x[1] + Abs(x[1])) / 2 + log(2) / alpha, when=alpha > 0),
        Identity(_definition - _definition.xreplace({x[1]: -x[1]}), x[1], title="f(x) - f(-x) = x"),
    ),
    special_values={"nan": Special(S.NaN, "limit", S.NaN, "limit")},
    # The zero test is Lindemann-Weierstrass for value and derivative; the derivative by alpha has no theorem.
    notes="Its derivative is the logistic function; it acts on every entry of an array.",
)
