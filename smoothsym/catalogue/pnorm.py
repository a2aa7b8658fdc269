"""The p-norm: log-sum-exp of log|x|, and a norm for p >= 1."""

from sympy import Abs, Eq, Piecewise, S, Sum, oo, sign

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Even, Inequality, Limit, Lipschitz, Monotone
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.derivatives import partial_parameter
from smoothsym.words import i, j, maximum, minimum, n, p, x

_NONZERO = Sum(Abs(sign(x[j])), (j, 1, n))

_definition = Sum(Abs(x[j]) ** p, (j, 1, n)) ** (1 / p)

pnorm = SmoothMax(
    name="pnorm",
    title="p-norm",
    parameter=p,
    definition=_definition,
    laws=(
        Limit(oo, maximum(Abs(x)), note="the maximum of x itself only where x >= 0"),
        Limit(-oo, minimum(Abs(x))),
        Between(maximum(Abs(x)), n ** (1 / p) * maximum(Abs(x)), when=p > 0, sharp="upper"),
        Even(),
        Inequality(partial_parameter(_definition, p), 0, when=p > 0, title="it falls as p grows"),
        Monotone(when=p >= 1, on="x >= 0"),
        Lipschitz(n ** (1 / p), when=p > 1),
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
