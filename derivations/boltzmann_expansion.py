"""The Boltzmann operator is no non-expansion: its sup-norm Lipschitz constant is the root of z tanh(z - log(n - 1)/2) = 1."""

from fractions import Fraction

from sympy import Abs, Eq, Float, Function, IndexedBase, Interval, Rational, S, Sum, Symbol, exp, log, tanh

import smoothsym as ss
from smoothsym.catalogue import boltzmann
from smoothsym.certify.enclosure import fraction_of
from smoothsym.program import intervals
from smoothsym.symbolic.derivation import BrokenStep, Derivation
from smoothsym.symbolic.figures import Curve, Figure
from smoothsym.words import alpha, i, j, k, n, x

PREC = 200
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
    d.text(
        """## Numbers

        Where the tangent is positive, both factors of {root} rise: there is one root, and a change of sign encloses it.""",
        root=root,
    )
    for size in (2, 3, 10):
        low, high = _root(size)
        d.computed(
            _sign(size, Fraction(low)) < 0 < _sign(size, Fraction(high)),
            Symbol(f"Lambda_{size}"),
            r"\in",
            Interval.open(Float(low, DIGITS + 2), Float(high, DIGITS + 2)),
            "The root for {n}",
            "by the signs of interval enclosures at both ends",
            n=Eq(n, size),
        )
    d.text(
        """A Bellman backup by the Boltzmann operator, with a discount, contracts the sup norm for sure only while the discount times this constant
        is less than one. LogSumExp and mellowmax, whose gradients are weights, need no such caution.""",
    )
    return d


def _sign(size: int, at: Fraction) -> int:
    """The certified sign of z tanh(z - log(n - 1)/2) - 1, as z (1 - 2/(1 + e^(2 z)/(n - 1))) - 1."""
    z, one, two = (intervals.exact(value, PREC) for value in (at, 1, 2))
    ratio = intervals.div(intervals.exp(intervals.mul(two, z, PREC), PREC), intervals.exact(size - 1, PREC), PREC)
    tangent = intervals.sub(one, intervals.div(two, intervals.add(one, ratio, PREC), PREC), PREC)
    value = intervals.sub(intervals.mul(z, tangent, PREC), one, PREC)
    low, high = (intervals.mpf_sign(end) for end in value)
    if low != high:
        raise BrokenStep(f"the sign at {at} for n = {size} is not decided with {PREC} bits")
    return low


def _root(size: int) -> tuple[str, str]:
    """Neighbouring decimals with the root between them."""
    unit = 10**DIGITS
    low, high = unit, size * unit
    if _sign(size, Fraction(low, unit)) >= 0 or _sign(size, Fraction(high, unit)) <= 0:
        raise BrokenStep(f"no root between 1 and {size} for n = {size}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _sign(size, Fraction(middle, unit)) < 0 else (low, middle)
    low_text, high_text = (f"{end // unit}.{end % unit:0{DIGITS}d}" for end in (low, high))
    return low_text, high_text


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
