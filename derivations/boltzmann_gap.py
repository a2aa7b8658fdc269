"""The sharp gap: the Boltzmann operator stays within W((n - 1)/e)/alpha of the maximum, and comes as close to that as may be."""

from fractions import Fraction

from sympy import E, Eq, IndexedBase, LambertW, S, Subs, Sum, Symbol, exp, log

import smoothsym as ss
from smoothsym.catalogue import boltzmann, logsumexp, mellowmax
from smoothsym.symbolic.derivation import Derivation
from smoothsym.symbolic.figures import Curve, Figure
from smoothsym.words import alpha, j, k, n, x


def derive() -> Derivation:
    d = Derivation("The gap of the Boltzmann operator, and Lambert's W")
    t, g = IndexedBase("t", real=True), Symbol("g", real=True)
    u, omega = Symbol("u", real=True), Symbol("omega", nonnegative=True)
    others = (j, 1, n - 1)
    d.text(
        """How far below the maximum can the Boltzmann operator lie? By {bound} at most, whatever the entries
        are; and there are entries where it does. The bound that is often quoted, {quoted}, is never attained.

        **Hypotheses.** {n} real entries; {alpha} positive; {w} is Lambert's function, the root {u} of {eq} that is not negative.

        ## The gap is a mean""",
        bound=LambertW((n - 1) / E) / alpha,
        quoted=log(n) / alpha,
        n=n,
        alpha=alpha,
        w=LambertW((n - 1) / E),
        u=omega,
        eq=Eq(omega * exp(omega), (n - 1) / E),
    )
    fall = alpha * (x[k] - x[j])
    over = (j, 1, n)
    mean_of_falls = d.equal(
        alpha * (x[k] - boltzmann.definition),
        Sum(fall * exp(-fall), over) / Sum(exp(-fall), over),
        "Measure the entries from any one of them: the common exponential cancels",
    )
    d.text(
        """Let {top} be the largest entry. Then the falls {fall} are not negative, its own is zero, and {m} says
        that the gap times {alpha} is the mean of the falls under weights that they determine. Write {t} for the falls of the
        other {others} entries, and {g} for the mean:""",
        top=x[k],
        fall=fall,
        m=mean_of_falls,
        alpha=alpha,
        t=t[j],
        others=n - 1,
        g=g,
    )
    d.define(g, Sum(t[j] * exp(-t[j]), others) / (1 + Sum(exp(-t[j]), others)))
    d.text("## The bound")
    account = d.equal(
        Sum((t[j] - g) * exp(-t[j]), others), g, "Multiplied out and collected, the mean stands on both sides"
    )
    phi = exp(u) - u - 1
    term = d.equal(
        exp(-1 - g) - (t[j] - g) * exp(-t[j]),
        exp(-t[j]) * phi.subs(u, t[j] - g - 1),
        "No term on the left exceeds its value where the fall is {v}: what is missing is",
        v=1 + g,
    )
    d.text("a positive multiple, at {at}, of", at=Eq(u, t[j] - g - 1))
    d.show(phi)
    zero = d.equal(Subs(phi, u, 0), 0, "It vanishes at zero")
    slope = d.derivative(phi, u, exp(u) - 1, "Its slope is")
    d.equal(Subs(exp(u) - 1, u, 0), 0, "which vanishes there as well")
    d.derivative(exp(u) - 1, u, exp(u), "The slope has the derivative")
    bend = d.sign(exp(u), ">", "so it increases strictly")
    d.lemma("Tangent of a strictly convex function", "It lies above its tangent, and touches it in one point.")
    d.text(
        "By {a} to {b} the function is not negative, and zero only at zero; {s} is its tangent's slope.",
        a=zero,
        b=bend,
        s=slope,
    )
    total = d.equal(Sum(exp(-1 - g), others), (n - 1) * exp(-1 - g), "Summed over the other entries, the bounds give")
    d.text(
        """By {account}, {term} and {total}, {g} is at most {most}; times {factor}, that is {claim}.""",
        account=account,
        term=term,
        total=total,
        g=g,
        most=(n - 1) * exp(-1 - Symbol("g")),
        factor=exp(Symbol("g")),
        claim=Symbol("g") * exp(Symbol("g")) <= (n - 1) / E,
    )
    rise = d.derivative(u * exp(u), u, (1 + u) * exp(u), "The left side rises with the mean: its slope is")
    up = d.sign((1 + u) * exp(u), ">", "and positive", when=u >= 0)
    d.text(
        """By {rise} and {up} the mean does not exceed the root. This is the lemma that the laws name **Lambert's W**: for falls that are
        not negative, of which one is zero, the mean of the falls under weights {weight} satisfies {claim}, with equality where all others are {v}.

        ## It is attained

        Let all other falls be {v}, with {omega} the root, so that {eq}.""",
        rise=rise,
        up=up,
        weight=exp(-t[j]),
        claim=Symbol("g") <= LambertW((n - 1) / E),
        v=1 + omega,
        omega=omega,
        eq=Eq(n - 1, omega * exp(1 + omega)),
    )
    d.equal(
        Sum((1 + omega) * exp(-1 - omega), others),
        (n - 1) * (1 + omega) * exp(-1 - omega),
        "The sum above is one term as often as there are other entries, and the one below likewise",
    )
    size = omega * exp(1 + omega)
    d.equal(
        size * (1 + omega) * exp(-1 - omega) / (1 + size * exp(-1 - omega)),
        omega,
        "With {size} other entries, as the root has it, the mean is the root itself",
        size=size,
    )
    d.text(
        """## It is smaller than the logarithm

        Compare both at the same place, {u} = {log}, by {map}, which rises.""",
        u=u,
        log=log(n),
        map=u * exp(u),
    )
    excess = u * exp(u) - (exp(u) - 1)
    d.equal(Subs(excess, u, 0), 0, "For one entry this vanishes")
    d.derivative(excess, u, u * exp(u), "It grows at the rate")
    d.sign(u * exp(u), ">", "which is positive from there on", when=u > 0)
    d.text(
        "So for two entries or more {a} exceeds {b}, and all the more {c}.",
        a=n * log(n),
        b=n - 1,
        c=(n - 1) / E,
    )
    d.text(
        "So for two entries or more the root lies below {log}: no entries ever have a gap of {quoted}.",
        log=log(n),
        quoted=log(n) / alpha,
    )
    d.figure(
        "boltzmann_gap_against_alpha",
        _figure(),
        """How far {S} and mellowmax lie below the maximum, and LogSumExp above it, for entries {a} and {b}. Mellowmax
        approaches only as {c} does, the other two exponentially; LogSumExp, which begins farthest off, is soon the closest.""",
        c=1 / alpha,
        S=Symbol("S_alpha"),
        a=S.Zero,
        b=-S.One,
    )
    return d


def _figure() -> Figure:
    """Each point is a certified enclosure, rounded to six digits."""
    sharpness = [Fraction(q, 8) for q in range(4, 65)]
    curves = []
    drawn = (
        (boltzmann, "Boltzmann", -1, (Fraction(2), Fraction(3, 20))),
        (mellowmax, "mellowmax", -1, (Fraction(3), Fraction(13, 50))),
        (logsumexp, "LogSumExp", 1, (Fraction(3, 5), Fraction(4, 5))),
    )
    for op, name, sign, label in drawn:
        values = [Fraction(ss.enclose(op, [0, -1], alpha=a, digits=8).digits(6)) for a in sharpness]
        points = [(a, sign * value) for a, value in zip(sharpness, values, strict=True)]
        curves.append(Curve(name, points, label))
    return Figure("Gaps against alpha", curves, ("alpha", (0, 2, 4, 6, 8)), ("gap", (0, "2/5", "4/5", "6/5")))
