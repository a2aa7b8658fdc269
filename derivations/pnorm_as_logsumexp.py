"""The p-norm is LogSumExp of logarithms: what is known of one carries over to the other."""

from fractions import Fraction

from sympy import Abs, Eq, IndexedBase, Rational, Sum, Symbol, exp, log, oo, sign

import smoothsym as ss
from smoothsym.catalogue import logsumexp, pnorm
from smoothsym.program.stabilise import replace_entries
from smoothsym.symbolic.derivation import Derivation
from smoothsym.symbolic.figures import Curve, Figure
from smoothsym.words import alpha, i, j, maximum, n, p, x


def derive() -> Derivation:
    d = Derivation("The p-norm as LogSumExp in log space")
    N, H = Symbol("N_p", positive=True), Symbol("H", real=True)
    w = IndexedBase("w", positive=True)
    moved = replace_entries(logsumexp.definition, x, lambda entry: log(Abs(entry))).xreplace({alpha: p})
    d.text(
        """Take logarithms of the moduli, then LogSumExp, then the exponential: the result is the p-norm. Its sharpness is {p},
        its softmax weights are shares of powers, and its gradient, limits and order in {p} are those of LogSumExp, seen through an exponential.

        **Hypotheses.** {n} real entries {x}, none of them zero; {p} real and not zero.

        ## The change of scale""",
        p=p,
        n=n,
        x=x[i],
    )
    d.define(N, pnorm.definition)
    d.define(w[i], Abs(x[i]) ** p / N**p)
    bridge = d.equal(N, exp(moved), "Powers are exponentials of multiples of logarithms")
    softmax = replace_entries(logsumexp.gradient, x, lambda entry: log(Abs(entry))).xreplace({alpha: p})
    weights = d.equal(softmax, w[i], "Softmax of the logarithms is the share of each power")
    d.equal(Sum(w[j], (j, 1, n)), 1, "The shares add up to one")
    d.text("## The gradient")
    gradient = d.derivative(
        N,
        x[i],
        N * w[i] / x[i],
        "By the chain rule on {b}: the exponential gives the norm, LogSumExp the weight of {w}, the logarithm the last factor",
        b=bridge,
        w=weights,
    )
    d.equal(N * w[i] / x[i], sign(x[i]) * Abs(x[i]) ** (p - 1) * N ** (1 - p), "In powers")
    d.equal(
        Sum(x[i] * (N * w[i] / x[i]), (i, 1, n)),
        N,
        "Weights that add up to one are, by {g}, Euler's identity",
        g=gradient,
    )
    d.text("## The slope in {p}", p=p)
    d.define(H, -Sum(w[j] * log(w[j]), (j, 1, n)))
    fall = d.derivative(
        N,
        p,
        -N * H / p**2,
        "LogSumExp falls at the rate of entropy over the square of its sharpness, and so does the logarithm of the norm",
    )
    d.lemma("Entropy is not negative", "No weight exceeds one, so no logarithm of one is positive.")
    d.text(
        """By {fall} the norm does not increase in {p}, on either side of zero. It stands still only where the entropy vanishes, that is, for one entry.

        ## The limit""",
        fall=fall,
        p=p,
    )
    d.limit(N, p, oo, maximum(Abs(x)), "LogSumExp tends to the largest logarithm")
    d.text(
        "The logarithm rises, so that is the logarithm of the largest modulus. Ties cost LogSumExp {a}, and the norm a factor of {b}.",
        a=log(Symbol("m")) / p,
        b=Symbol("m") ** (1 / p),
    )
    d.figure(
        "pnorm_unit_balls",
        _balls(),
        "Where the norm of two entries is one, a quarter of each ball: from {a} through {b} and {c} towards the square. The larger {p}, the smaller the norm, and the larger its ball.",
        a=Eq(p, 1),
        b=Eq(p, 2),
        c=Eq(p, 4),
        p=p,
    )
    return d


def _balls() -> Figure:
    """Points of the sphere: directions divided by certified norms."""
    curves = []
    rays = [(q**2, (48 - q) ** 2) for q in range(49)]
    for power, label in ((Rational(1, 2), "1/2"), (1, "1"), (2, "2"), (4, "4"), (16, "16")):
        sphere = []
        for a, b in rays:
            size = Fraction(ss.enclose(pnorm, [a, b], p=power, digits=10).digits(8))
            sphere.append((Fraction(a) / size, Fraction(b) / size))
        curves.append(Curve(f"p = {label}", sphere, sphere[24]))
    return Figure("Unit balls of p-norms", curves, ("x1", (0, "1/2", 1)), ("x2", (0, "1/2", 1)), 300, 300)
