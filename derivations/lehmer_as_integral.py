"""The Lehmer mean is an integral of Boltzmann operators, and the Boltzmann operator a Lehmer mean of exponentials in the limit."""

from sympy import Sum, Symbol, exp, log

from smoothsym.catalogue import boltzmann, lehmer
from smoothsym.catalogue.relations import composed
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, j, n, p, x

over = (j, 1, n)


def derive() -> Derivation:
    d = Derivation("The Lehmer mean as an integral of Boltzmann operators", "positive")
    d.text(
        """The Boltzmann operator weighs entries by exponentials, the Lehmer mean by powers; so of the logarithms of the entries the first speaks
        as the second does of the entries. One is the slope of a function, the other its increase over a step of one.

        **Hypotheses.** {n} positive entries; {p} and {alpha} real.""",
        n=n,
        p=p,
        alpha=alpha,
    )
    _there(d)
    _back(d)
    return d


def _there(d: Derivation) -> None:
    F, before = Symbol("F_p", real=True), Symbol("F_{p-1}", real=True)
    S, first = Symbol("S_p", real=True), Symbol("S_{p-1}", real=True)
    L, V, s = Symbol("L_p", positive=True), Symbol("V_p", real=True), Symbol("s", real=True)
    total, mean = Sum(x[j] ** p, over), Sum(x[j] ** p * log(x[j]), over) / Sum(x[j] ** p, over)
    d.text("## The function and its slope")
    d.define(F, log(total))
    d.define(S, mean)
    d.equal(
        S,
        composed(boltzmann, log, alpha=p),
        "The second is the Boltzmann operator of the logarithms, for a power is an exponential of the logarithm",
    )
    slope = d.derivative(F, p, S, "It is the slope of the first")
    d.text("## The step")
    d.define(L, lehmer.definition)
    d.define(before, log(total.xreplace({p: p - 1})))
    step = d.equal(log(L), F - before, "A quotient of sums is an increase of the function")
    d.lemma("Fundamental theorem of calculus", "A function increases over an interval by the integral of its slope.")
    d.text(
        """By {slope} and {step}, therefore, **the logarithm of the Lehmer mean is the integral of {S} over {s} from {q} to {p}**: the mean of the
        Boltzmann operators of the logarithms over an interval of length one.

        ## What follows""",
        slope=slope,
        step=step,
        S=Symbol("S_s"),
        s=s,
        q=p - 1,
        p=p,
    )
    d.define(V, Sum(x[j] ** p * (log(x[j]) - S) ** 2, over) / total)
    rise = d.derivative(S, p, V, "The Boltzmann operators rise, by a variance")
    d.sign(V, ">=", "which is not negative")
    d.define(first, mean.xreplace({p: p - 1}))
    d.derivative(log(L), p, S - first, "The Lehmer mean rises by the difference of the ends")
    d.text(
        "and by {rise} that is not negative, and the Lehmer mean lies between {a} and {b}, which are Gini's means with equal exponents.",
        rise=rise,
        a=exp(first),
        b=exp(S),
    )


def _back(d: Derivation) -> None:
    h = Symbol("h", real=True)
    K, moved = Symbol("K_alpha", real=True), Symbol(r"K_{\alpha+h}", real=True)
    S, V = Symbol("S_alpha", real=True), Symbol("V_alpha", real=True)
    generating = log(Sum(exp(alpha * x[j]), over))
    d.text("## And back")
    d.define(K, generating)
    d.define(moved, generating.xreplace({alpha: alpha + h}))
    small = composed(lehmer, lambda e: exp(h * e)).xreplace({p: alpha / h + 1})
    quotient = d.equal(
        log(small),
        moved - K,
        "For entries {e} and the exponent {q}, the step is from {a} to {b}",
        e=exp(h * x[j]),
        q=alpha / h + 1,
        a=alpha,
        b=alpha + h,
    )
    d.define(S, boltzmann.definition)
    d.define(V, boltzmann.derivative())
    d.series((moved - K) / h, h, 2, S + h * V / 2, "Divided by {h} it is a difference quotient of the function", h=h)
    d.text(
        """So by {quotient} the Boltzmann operator is what remains of the Lehmer mean as entries are drawn together under an exponential, and half its
        own slope is the rate at which it is reached.""",
        quotient=quotient,
    )
