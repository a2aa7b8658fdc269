"""The Gumbel-max trick: add Gumbel noise to the entries, and the largest is LogSumExp with noise, at a place drawn by softmax."""

from sympy import EulerGamma, IndexedBase, Integer, Sum, Symbol, exp, log, oo

from smoothsym.catalogue import logsumexp
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, i, j, n, x


def derive() -> Derivation:
    d = Derivation("The Gumbel-max trick")
    L, Z = Symbol("L_alpha", real=True), Symbol("Z", positive=True)
    pi, t, G = IndexedBase("pi", positive=True), Symbol("t", real=True), IndexedBase("G", real=True)
    noisy = x[j] + G[j] / alpha
    d.text(
        """To draw an index by softmax one need not normalise anything: add independent noise to every entry, and take the largest. With
        Gumbel's noise the index is drawn by softmax exactly, and the largest sum is LogSumExp, with one noise of the same kind.

        **Hypotheses.** {n} real entries; {alpha} positive; {G} independent with Gumbel's law, whose distribution function is {law}.

        ## Gumbel's law""",
        n=n,
        alpha=alpha,
        G=G[j],
        law=exp(-exp(-t)),
    )
    d.limit(exp(-exp(-t)), t, oo, Integer(1), "Upwards it tends to one")
    d.limit(exp(-exp(-t)), t, -oo, Integer(0), "Downwards it tends to zero")
    d.derivative(exp(-exp(-t)), t, exp(-t) * exp(-exp(-t)), "Between, it rises with the density")
    d.text("## The largest")
    d.define(Z, Sum(exp(alpha * x[j]), (j, 1, n)))
    d.define(pi[i], exp(alpha * x[i]) / Z)
    d.define(L, logsumexp.definition)
    d.text(
        """All sums {noisy} are at most {t} if each noise is at most {bound}. As the noises are independent, the probabilities multiply, and
        what stands in the exponent adds up:""",
        noisy=noisy,
        t=t,
        bound=alpha * (t - x[j]),
    )
    total = Sum(exp(-alpha * (t - x[j])), (j, 1, n))
    one = d.equal(total, exp(-alpha * (t - L)), "The sum is an exponential again, for LogSumExp is made to be that")
    d.text(
        """By {one} the largest sum is at most {t} with probability {law}: **it has the law of {same}**, with {G} another noise of Gumbel's.""",
        one=one,
        t=t,
        law=exp(-exp(-alpha * (t - L))),
        same=L + Symbol("G") / alpha,
        G=Symbol("G"),
    )
    d.lemma("Euler's constant", "Gumbel's law has the mean Euler's constant, about 0.577.")
    d.text("So the expected largest sum is {mean}.", mean=L + EulerGamma / alpha)
    d.text("## Where it is")
    d.text(
        "That entry {i} is the largest and at {t} has the density of its own noise there, times the probability that all others are below:",
        i=i,
        t=t,
    )
    density = alpha * exp(-alpha * (t - x[i])) * exp(-total)
    whole = alpha * exp(-alpha * (t - L)) * exp(-exp(-alpha * (t - L)))
    split = d.equal(density, pi[i] * whole, "With {one} it falls into two factors", one=one)
    d.derivative(
        exp(-exp(-alpha * (t - L))),
        t,
        whole,
        "The second one is the density of the largest sum, whichever entry has it",
    )
    d.text(
        """So by {split} **the index is drawn by softmax, and it is independent of how large the largest sum is**.

        ## What the gradient says""",
        split=split,
    )
    d.derivative(
        L + EulerGamma / alpha,
        x[i],
        pi[i],
        "Raise one entry, and the expected largest sum rises by the probability that this entry has it",
    )
    d.text("That the gradient of LogSumExp is softmax is thus a statement about who wins.")
    d.equal(
        log(pi[i]) / alpha + L,
        x[i],
        "In the other direction: each entry is LogSumExp, plus the logarithm of its chance over {a}",
        a=alpha,
    )
    return d
