"""Log-sum-exp: the smooth maximum whose gradient is softmax."""

from sympy import Eq, Piecewise, S, Sum, exp, log, oo

from smoothsym.certify.special import Special
from smoothsym.laws import Between, Conjugate, Inequality, Limit, Pole
from smoothsym.laws.stated import q
from smoothsym.operator import SmoothMax
from smoothsym.symbolic.derivatives import partial_parameter
from smoothsym.words import alpha, j, maximum, minimum, n, x

_definition = log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha

logsumexp = SmoothMax(
    name="logsumexp",
    title="LogSumExp",
    parameter=alpha,
    definition=_definition,
    laws=(
        Limit(oo, maximum(x)),
        Limit(-oo, minimum(x)),
        Pole(0),
        Between(maximum(x), maximum(x) + log(n) / alpha, when=alpha > 0, sharp="upper"),
        Conjugate(Sum(q[j] * log(q[j]), (j, 1, n)) / alpha, when=alpha > 0),
        Inequality(partial_parameter(_definition, alpha), 0, when=alpha > 0, title="it falls as alpha grows"),
    ),
    special_values={
        "empty": Special("extreme", "convention"),
        "nan": Special(S.NaN, "limit", S.NaN, "limit"),
        "dominant": Special("extreme", "limit", "shared"),
        "all negligible": Special("extreme", "limit"),
        # One entry has no pole: log(exp(alpha x)) / alpha = x.
        "parameter 0": Special(Piecewise((x[1], Eq(n, 1)), (oo, True)), "limit", 1 / n, "limit"),
        "parameter 0-": Special(Piecewise((x[1], Eq(n, 1)), (-oo, True)), "limit", 1 / n, "limit"),
    },
    # The zero test is Lindemann-Weierstrass for value and gradient; the derivative by alpha has no theorem.
    notes="Convex for alpha > 0, and within log(n)/alpha above the maximum.",
)
