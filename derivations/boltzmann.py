"""The Boltzmann operator: a gradient that sums to one, a variance for its slope in alpha, and its limits."""

from sympy import IndexedBase, KroneckerDelta, Sum, Symbol, exp, oo

from smoothsym.catalogue import boltzmann
from smoothsym.program.stabilise import replace_entries
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, c, i, j, k, maximum, mean, minimum, n, x


def derive() -> Derivation:
    d = Derivation("The Boltzmann operator: gradient, variance, limits")
    Z, S, V = (Symbol(name, real=True) for name in ("Z", "S_alpha", "V_alpha"))
    pi = IndexedBase("pi", real=True)
    d.text(
        """The Boltzmann operator is the mean of the entries under softmax weights. Moving all entries
        moves it along, so its gradient sums to one; turning {alpha} up raises it, at the rate of the
        variance of the entries; and on the way from {low} to {high} it runs from the minimum through
        the mean to the maximum.

        **Hypotheses.** {entry} real for each of the {n} entries; {alpha} real. Ties are allowed
        throughout.

        ## The weights""",
        alpha=alpha,
        low=-oo,
        high=oo,
        entry=x[i],
        n=n,
    )
    d.define(Z, Sum(exp(alpha * x[j]), (j, 1, n)))
    d.define(pi[i], exp(alpha * x[i]) / Z)
    d.define(S, boltzmann.definition)
    divisor = d.sign(
        Z, ">", "Exponentials are positive, so the weights are defined for all entries and all {a}", a=alpha
    )
    d.equal(Sum(pi[j], (j, 1, n)), 1, "The weights share out one unit")
    as_mean = d.equal(S, Sum(pi[j] * x[j], (j, 1, n)), "The operator is the mean of the entries under these weights")
    d.text(
        """By {q} no divisor vanishes: the operator is a quotient of sums of exponentials with a positive
        divisor, hence differentiable infinitely often in the entries and in {alpha}, everywhere.

        ## The gradient""",
        q=divisor,
        alpha=alpha,
    )
    slope = d.derivative(
        pi[k],
        x[i],
        alpha * pi[k] * (KroneckerDelta(i, k) - pi[i]),
        "An entry raises its own weight and lowers all of them through {Z}",
        Z=Z,
    )
    grad = pi[i] * (1 + alpha * (x[i] - S))
    d.equal(
        pi[i] + Sum(x[k] * alpha * pi[k] * (KroneckerDelta(i, k) - pi[i]), (k, 1, n)),
        grad,
        "The product rule on {m} with {s}: the term of the entry itself and those of the weights collect to one",
        m=as_mean,
        s=slope,
    )
    gradient = d.derivative(S, x[i], grad, "Differentiating the definition itself under the sum agrees")
    d.text(
        """The second factor of {g} may be negative. For positive {alpha} it is so exactly for the entries
        that lie more than {gap} below {S}: raising such an entry lowers the operator, which is
        therefore a mean but no monotone one.

        ## Translation""",
        g=gradient,
        alpha=alpha,
        gap=1 / alpha,
        S=S,
    )
    moved = replace_entries(boltzmann.definition, x, lambda entry: entry + c)
    shift = d.equal(
        moved, S + c, "The common factor {f} cancels when {c} is added to each entry", f=exp(alpha * c), c=c
    )
    d.equal(
        Sum(pi[k] * (1 + alpha * (x[k] - S)), (k, 1, n)),
        1,
        "Hence the gradient sums to one: its sum is the slope in {c} of {s}, and here it is taken directly",
        c=c,
        s=shift,
    )
    d.text("## The slope in {alpha} is a variance", alpha=alpha)
    d.define(V, Sum(pi[j] * (x[j] - S) ** 2, (j, 1, n)))
    d.derivative(pi[i], alpha, pi[i] * (x[i] - S), "A weight grows with {a} if its entry lies above the mean", a=alpha)
    variance = d.derivative(S, alpha, V, "The slope of the mean is the covariance of the entries with themselves")
    d.equal(
        V,
        Sum(pi[j] * x[j] ** 2, (j, 1, n)) - S**2,
        "That is the variance in its second form, mean square less squared mean",
    )
    d.sign(V, ">=", "Squares under positive weights are not negative")
    d.text(
        """So {S} does not decrease in {alpha}. By {v} its slope vanishes only where each entry equals the
        mean, that is, where all entries tie; otherwise it increases strictly.

        ## Limits""",
        S=S,
        alpha=alpha,
        v=variance,
    )
    d.limit(
        S, alpha, oo, maximum(x), "The largest entry, with its ties, heads numerator and denominator; the ties cancel"
    )
    d.limit(S, alpha, 0, mean(x), "All weights become equal")
    d.limit(S, alpha, -oo, minimum(x), "The smallest entry heads both sums")
    d.text(
        """With {t} these order the family: between {low} and {high} the operator lies between the minimum
        and the maximum, and for positive {alpha} it lies above the mean.""",
        t=variance,
        low=-oo,
        high=oo,
        alpha=alpha,
    )
    return d
