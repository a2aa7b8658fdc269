"""The smooth modulus: the 2-norm of a number and sqrt(eps)."""

from sympy import Abs, S, oo, sqrt

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Even, Limit
from smoothsym.operator import SmoothMax
from smoothsym.words import eps, x

smoothabs = SmoothMax(
    name="smoothabs",
    title="Smooth modulus",
    parameter=eps,
    definition=sqrt(x[1] ** 2 + eps),
    laws=(Limit(0, Abs(x[1])), Limit(oo, oo), Even(), Between(Abs(x[1]), Abs(x[1]) + sqrt(eps), when=eps > 0)),
    special_values={
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "parameter 0": Special(Abs(x[1]), "limit"),
    },
)
