"""Log-cosh: mellowmax of a number and its negative, a smooth modulus that is quadratic at 0."""

from sympy import Max, S, cosh, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Even, Limit
from smoothsym.operator import SmoothMax
from smoothsym.words import alpha, x

logcosh = SmoothMax(
    name="logcosh",
    title="Log-cosh",
    parameter=alpha,
    definition=log(cosh(alpha * x[1])) / alpha,
    laws=(Limit(oo, Max(x[1], -x[1])), Limit(-oo, -Max(x[1], -x[1])), Limit(0, S.Zero), Even()),
    special_values={"nan": Special(S.NaN, "limit", S.NaN, "limit")},
)
