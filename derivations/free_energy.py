"""Free energy: LogSumExp is the Boltzmann mean plus entropy over alpha, and one function generates them all."""

from sympy import IndexedBase, Sum, Symbol, exp, log

from smoothsym.catalogue import boltzmann, logsumexp, mellowmax
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, i, j, n, x


def derive() -> Derivation:
    d = Derivation("Free energy: LogSumExp, the Boltzmann operator and entropy")
    Z, L, S, H, K, V = (Symbol(name, real=True) for name in ("Z", "L_alpha", "S_alpha", "H_alpha", "K", "V_alpha"))
    pi = IndexedBase("pi", positive=True)
    d.text(
        """A system in equilibrium has an energy, an entropy and a free energy that joins them. So have the
        entries of a vector under softmax weights: the Boltzmann operator is the mean energy, LogSumExp the
        free energy, and what lies between them is entropy.

        **Hypotheses.** {n} real entries; {alpha} real, and not zero where it divides.

        ## Definitions""",
        n=n,
        alpha=alpha,
    )
    d.define(Z, Sum(exp(alpha * x[j]), (j, 1, n)))
    d.define(pi[i], exp(alpha * x[i]) / Z)
    d.define(L, logsumexp.definition)
    d.define(S, boltzmann.definition)
    d.define(H, -Sum(pi[j] * log(pi[j]), (j, 1, n)))
    d.define(K, log(Z / n))
    d.text("## The identity")
    one = d.equal(log(pi[i]), alpha * (x[i] - L), "The logarithm of a weight measures the entry from LogSumExp")
    free = d.equal(L, S + H / alpha, "The mean of {one} under the weights themselves, divided by {a}", one=one, a=alpha)
    dictionary = d.equal(
        alpha * (x[i] - S),
        log(pi[i]) + H,
        "The difference of {one} and {free} has neither LogSumExp nor sums of entries",
        one=one,
        free=free,
    )
    d.text(
        """{dictionary} is a dictionary: whatever is written in {alpha} and differences of entries from their mean can be
        written in the weights alone. The gradient of the Boltzmann operator is an example:""",
        dictionary=dictionary,
        alpha=alpha,
    )
    d.derivative(
        S, x[i], pi[i] * (1 + log(pi[i]) + H), "By {q}, the gradient is a function of the weights", q=dictionary
    )
    d.text("## One function generates them all")
    first = d.derivative(K, alpha, S, "The slope of the cumulant generating function is the mean")
    d.derivative(
        alpha * L, alpha, S, "LogSumExp times {a} differs from it by a constant, so it has the same slope", a=alpha
    )
    d.equal(K, alpha * mellowmax.definition, "It is mellowmax times {a}", a=alpha)
    d.define(V, Sum(pi[j] * (x[j] - S) ** 2, (j, 1, n)))
    second = d.derivative(K, (alpha, alpha), V, "Its second derivative is the variance under the weights")
    bend = d.sign(V, ">=", "Squares under positive weights are not negative")
    d.text(
        """By {second} and {bend} the function is convex in {alpha}, and by {first} the mean does not decrease.

        ## What sharpness costs""",
        second=second,
        bend=bend,
        alpha=alpha,
        first=first,
    )
    fall = d.derivative(L, alpha, -H / alpha**2, "The slope of LogSumExp is entropy, and nothing else")
    d.derivative(H, alpha, -alpha * V, "Entropy falls as the weights sharpen, at the rate of the variance")
    d.derivative(
        L, (alpha, alpha), V / alpha + 2 * H / alpha**3, "Once more: LogSumExp is convex in positive {a}", a=alpha
    )
    d.text(
        """As entropy is not negative, {fall} has LogSumExp fall, and {free} keeps it above the Boltzmann operator, for positive {alpha}:
        one descends to the maximum and the other climbs to it, and entropy over {alpha} is the room between them.""",
        fall=fall,
        free=free,
        alpha=alpha,
    )
    return d
