"""The Boltzmann operator is no non-expansion: its sup-norm Lipschitz constant is the root of z tanh(z - log(n - 1)/2) = 1."""

from decimal import Decimal
from fractions import Fraction

from sympy import (
    Abs,
    Eq,
    Float,
    Function,
    IndexedBase,
    Interval,
    KroneckerDelta,
    Rational,
    S,
    Sum,
    Symbol,
    exp,
    log,
    tanh,
)

import smoothsym as ss
from smoothsym.catalogue import boltzmann
from smoothsym.certify.enclosure import fraction_of
from smoothsym.certify.roots import enclosed
from smoothsym.symbolic.derivation import Derivation
from smoothsym.symbolic.figures import Curve, Figure
from smoothsym.symbolic.roots import Lambda
from smoothsym.words import alpha, i, j, k, n, x

DIGITS = 12


def derive() -> Derivation:
    d = Derivation("Why the Boltzmann operator is not a non-expansion")
    Z, B, g1 = Symbol("Z", positive=True), Symbol("S_alpha", real=True), Symbol("G", real=True)
    pi, share = IndexedBase("pi", positive=True), IndexedBase("u", positive=True)
    q, a, b = Symbol("q", positive=True), Symbol("a", real=True), Symbol("b", real=True)
    z, v, fall = Symbol("z", positive=True), Symbol("v", real=True), log((n - 1) * (1 - q) / q)
    root = Eq(z * tanh(z - log(n - 1) / 2), 1)
    d.text(
        """Raise an entry that lies far below the others, and the Boltzmann operator falls: the entry gains weight, and drags the mean
        down. So the gradient has negative entries, and moving some entries up and others down moves the value farther than any entry moved.
        How much farther is the root of an equation, {root}; it exceeds one for every {n} from two on, and no {alpha} changes it.

        **Hypotheses.** Two or more real entries; {alpha} positive (a negative one is the same with signs turned).""",
        root=root,
        n=n,
        alpha=alpha,
    )
    d.figure(
        "boltzmann_falling_entry",
        _figure(),
        "The value at {x}, for {alpha}, as {t} grows: it falls, and then rises again though an entry goes on falling.",
        x=Function("S")(S.Zero, -Symbol("t")),
        alpha=Eq(alpha, 1),
        t=Symbol("t"),
    )
    d.text("## A counterexample")
    values = [ss.enclose(boltzmann, row, alpha=1, digits=30) for row in ([Fraction(1, 2), Fraction(-5, 2)], [0, -2])]
    apart = fraction_of(values[0].lo._mpf_) - fraction_of(values[1].hi._mpf_)
    d.computed(
        apart > Fraction(1, 2),
        Abs(Function("S")(Rational(1, 2), -Rational(5, 2)) - Function("S")(S.Zero, -S(2))),
        ">",
        Rational(1, 2),
        "Each entry moves by one half, with {one}, and the value by more",
        "by enclosures of both values at these exact inputs",
        one=Eq(alpha, 1),
    )
    d.text("## The constant is a norm of the gradient")
    d.define(Z, Sum(exp(alpha * x[j]), (j, 1, n)))
    d.define(pi[i], exp(alpha * x[i]) / Z)
    d.define(B, boltzmann.definition)
    grad = pi[i] * (1 + alpha * (x[i] - B))
    gradient = d.derivative(B, x[i], grad, "The gradient, from the definition")
    ones = d.equal(Sum(grad.subs(i, k), (k, 1, n)), 1, "Its entries add up to one")
    d.lemma(
        "Lipschitz constants of smooth functions",
        "The sup-norm constant of a differentiable function is the supremum of the sum of the moduli of its slopes.",
    )
    d.text(
        """Let {q} be the share of the entries whose slope {g} is negative, {a} their mean, and {b} the mean of the others; if there are
        none, {ones} makes the sum of moduli one. The whole mean is {mean}.""",
        q=q,
        g=gradient,
        a=a,
        b=b,
        ones=ones,
        mean=q * a + (1 - q) * b,
    )
    lower = d.equal(
        q * (1 + alpha * (a - (q * a + (1 - q) * b))),
        q * (1 - alpha * (1 - q) * (b - a)),
        "The negative slopes add up to their share times the slope factor at their mean",
    )
    d.text(
        "The moduli add up to one less twice that, by {ones}; by {lower} that is {norm}.",
        ones=ones,
        lower=lower,
        norm=1 + 2 * q * (alpha * (1 - q) * (b - a) - 1),
    )
    d.text("## How far apart the means can be")
    mass = Sum(share[j], (j, 1, n))
    split = d.equal(
        Sum(share[j] * log(q * share[j]), (j, 1, n)),
        log(q) * mass + Sum(share[j] * log(share[j]), (j, 1, n)),
        "Within a group of share {q}, let {u} be an entry's part of the group. The mean of the logarithms of the weights splits",
        q=q,
        u=share[j],
    )
    weight = d.equal(log(pi[i]), alpha * x[i] - log(Z), "and those logarithms are the entries but for one constant")
    d.lemma(
        "Entropy of a group",
        "The parts of a group add up to one; their entropy lies between zero, for one entry, and the logarithm of their number, for equal ones.",
    )
    d.text(
        """By {split} and {weight}, {gap} is {log} plus the entropy of the low group less that of the high one. The low group
        has at most {most} entries, as the largest entry's slope is positive: **{gap} is at most {ell}**, with equality
        for one high entry and all others equal.

        ## The largest value""",
        split=split,
        weight=weight,
        gap=alpha * (b - a),
        log=log((1 - q) / q),
        most=n - 1,
        ell=fall,
    )
    d.define(g1, 1 + 2 * q * ((1 - q) * (log(n - 1) + log(1 - q) - log(q)) - 1))
    d.text("is to be maximised over {q} between zero and one.", q=q)
    ell = log(n - 1) + log(1 - q) - log(q)
    slope = d.derivative(g1, q, 2 * ((1 - 2 * q) * ell - 2), "Its slope")
    bend = d.derivative(
        (1 - 2 * q) * ell - 2,
        q,
        -2 * ell - (1 - 2 * q) / (q * (1 - q)),
        "and the slope of that, but for a factor of two",
    )
    d.text(
        """A value above one needs a positive {ell}. The slope {slope} vanishes only where {half} and {ell} have one sign, both positive then; there
        {bend} is negative, so it vanishes once, and that is the maximum.""",
        ell=fall,
        slope=slope,
        half=1 - 2 * q,
        bend=bend,
    )
    d.equal(
        1 + 2 * q * ((1 - q) * 2 / (1 - 2 * q) - 1),
        1 / (1 - 2 * q),
        "The value there, with the logarithm from {s}",
        s=slope,
    )
    d.text(
        "which is half the logarithm. Call it {z}; then {q} is {share}, with {v} for {arg}.",
        z=z,
        q=q,
        share=1 / (1 + exp(2 * v)),
        v=v,
        arg=z - log(n - 1) / 2,
    )
    d.equal(
        1 - 2 / (1 + exp(2 * v)),
        (exp(v) - exp(-v)) / (exp(v) + exp(-v)),
        "The reciprocal of the value is a hyperbolic tangent",
    )
    d.text(
        """So {z} is the root of **{root}**. A hyperbolic tangent is less than one, so the root exceeds one.

        ## It is attained""",
        z=z,
        root=root,
    )
    d.equal(
        ((1 - q) * (1 + 2 * z * q) - q * (1 - 2 * z * (1 - q))).subs(q, (1 - 1 / z) / 2),
        z,
        "One entry at zero, the others {z2} below it with the share {q}: by {g} the slopes above, less those below, give",
        q=(1 - 1 / z) / 2,
        z2=2 * z / alpha,
        g=gradient,
    )
    _single_slopes(d, q, z)
    _hessian(d, pi, B)
    d.text(
        """## Numbers

        Where the tangent is positive, both factors of {root} rise: there is one root, and a change of sign encloses it.""",
        root=root,
    )
    for size in (2, 3, 10):
        ends = [fraction_of(end) for end in enclosed(Lambda(n), {n: size})]
        cut = int(ends[0] * 10**DIGITS)
        low, high = Fraction(cut, 10**DIGITS), Fraction(cut + 1, 10**DIGITS)
        d.computed(
            low < ends[0] and ends[1] < high,
            Lambda(S(size)),
            r"\in",
            Interval.open(*(Float(str(Decimal(q).scaleb(-DIGITS)), DIGITS + 2) for q in (cut, cut + 1))),
            "The root for {n}",
            "by the signs of interval enclosures at both ends",
            n=Eq(n, size),
        )
    d.text(
        """A Bellman backup by the Boltzmann operator, with a discount, contracts the sup norm for sure only while the discount times this constant
        is less than one. LogSumExp and mellowmax, whose gradients are weights, need no such caution.""",
    )
    return d


def _single_slopes(d: Derivation, q: Symbol, z: Symbol) -> None:
    """How large and how small one slope can be."""
    h = Symbol("h", nonnegative=True)
    ell = h + log(q) - log(1 - q)
    own = -q * log(q) - (1 - q) * log(1 - q) + (1 - q) * h
    d.text(
        """## One slope

        Let {q} now be the share of one entry, and {h} the entropy of the others' parts of the rest, between zero and {most}. The entropy
        of all weights is {own}.""",
        q=q,
        h=h,
        most=log(n - 1),
        own=own,
    )
    slope = d.equal(q * (1 + log(q) + own), q * (1 + (1 - q) * ell), "The slope in that entry is")
    rate = d.derivative(q * (1 + (1 - q) * ell), q, 2 + (1 - 2 * q) * ell, "It changes with the share at the rate")
    at = 2 / (2 * q - 1)
    d.equal(q * (1 + (1 - q) * at), q * at / 2, "which vanishes where the logarithm is {at}; the slope there is", at=at)
    half = d.equal(
        (q * at / 2).subs(q, (1 + 1 / z) / 2),
        (1 + z) / 2,
        "With {z} for half that logarithm, so that {q} is {share}, it is",
        z=z,
        q=q,
        share=(1 + 1 / z) / 2,
    )
    d.text(
        """The slope {slope} rises with {h}. So it is largest for equal other entries: there {rate} to {half} make {z} the root once more, and
        **no slope exceeds {top}**, which is attained where the constant is. It is smallest where one of the others has all the rest, for {none}: that is the case of two entries,
        where the slopes are {one} and what is left of one, and **no slope is below {low}**, for any {n}; with two entries it is attained, with more it is approached.""",
        slope=slope,
        h=h,
        rate=rate,
        half=half,
        z=z,
        top=(1 + Lambda(n)) / 2,
        none=Eq(h, 0),
        one=(1 + Lambda(S(2))) / 2,
        low=(1 - Lambda(S(2))) / 2,
        n=n,
    )


def _hessian(d: Derivation, pi: IndexedBase, B: Symbol) -> None:
    """What the entries of the Hessian add up to."""
    slopes = {index: pi[index] * (1 + alpha * (x[index] - B)) for index in (i, k)}
    form = alpha * (KroneckerDelta(i, k) * (pi[i] + slopes[i]) - slopes[i] * pi[k] - pi[i] * slopes[k])
    d.text("## The Hessian")
    hessian = d.derivative(B, (x[i], x[k]), form, "It is written in weights and slopes")
    d.text(
        """The weights add up to one, and the moduli of the slopes to {constant} at most. So by {hessian} the moduli of its
        entries add up to at most {norm}: those of the diagonal part to {diagonal}, those of each product to {constant}, all times {alpha}.""",
        constant=Lambda(n),
        hessian=hessian,
        norm=alpha * (1 + 3 * Lambda(n)),
        diagonal=1 + Lambda(n),
        alpha=alpha,
    )


def _figure() -> Figure:
    """Each point is a certified enclosure, rounded to six digits."""
    points = [(Fraction(0), Fraction(0))]
    for eighth in range(1, 65):
        t = Fraction(eighth, 8)
        points.append((t, Fraction(ss.enclose(boltzmann, [0, -t], alpha=1, digits=8).digits(6))))
    curve = Curve("S(0, -t)", points)
    return Figure(
        "The Boltzmann value against a falling entry",
        [curve],
        ("t", (0, 2, 4, 6, 8)),
        ("value", ("-3/10", "-1/5", "-1/10", 0)),
    )
