"""The p-norm tends to the largest modulus, is a norm for p >= 1, and has its kinks where entries vanish."""

from sympy import Abs, Eq, IndexedBase, Integer, KroneckerDelta, Sum, Symbol, ceiling, oo, sign

from smoothsym.catalogue import pnorm
from smoothsym.program.stabilise import replace_entries
from smoothsym.symbolic.derivation import Derivation
from smoothsym.symbolic.inequalities import quadratic_form, v
from smoothsym.words import i, j, k, maximum, minimum, n, p, x


def derive() -> Derivation:
    d = Derivation("The p-norm: limit, gradient, norm laws, kinks")
    N, t = Symbol("N_p", real=True), Symbol("t", real=True)
    lam, forward = Symbol("lambda", real=True), Symbol("h", positive=True)
    g = IndexedBase("g", real=True)
    d.text(
        """The p-norm is a smooth maximum of the moduli, and of the entries themselves only where none is
        negative. It is what its name says for {norm}: homogeneous, subadditive, definite. And it is
        smooth except where an entry vanishes: how smooth it is there is read off {p}.

        **Hypotheses.** {entry} real for each of the {n} entries; {p} real and not zero. Steps marked
        with a modulus are checked where it is not zero; for positive {p} an identity
        whose two sides are continuous then holds at zeros as well. For negative {p} no entry is zero.""",
        norm=p >= 1,
        p=p,
        entry=x[i],
        n=n,
    )
    d.define(N, pnorm.definition)
    power = d.equal(N**p, Sum(Abs(x[j]) ** p, (j, 1, n)), "Its power is a plain sum")
    d.text("## The limit")
    top = d.limit(
        N, p, oo, maximum(Abs(x)), "The largest modulus comes out; what remains is between one and {r}", r=n ** (1 / p)
    )
    d.limit(N, p, -oo, minimum(Abs(x)), "Towards the other end the smallest modulus comes out, as long as none is zero")
    d.text(
        """The limit {top} is the maximum itself only where it equals the largest modulus, as it does where {nonneg}.
        For two entries that are {a} and {b} the limit is {c}, and the maximum is {b}.

        ## Homogeneity""",
        top=top,
        nonneg=x[i] >= 0,
        a=Integer(-2),
        b=Integer(1),
        c=Integer(2),
    )
    scaled = replace_entries(pnorm.definition, x, lambda entry: lam * entry)
    homogeneous = d.equal(
        scaled, Abs(lam) * N, "The power of {l} comes out of the sum, and the root undoes the power", l=Abs(lam)
    )
    d.text("## The gradient")
    d.define(g[i], sign(x[i]) * (Abs(x[i]) / N) ** (p - 1))
    gradient = d.derivative(
        N, x[i], g[i], "The chain rule through the root, and {a} for the power", a=p * sign(t) * Abs(t) ** (p - 1)
    )
    d.equal(Sum(x[k] * g[k], (k, 1, n)), N, "Euler's identity for a function that is homogeneous of degree one")
    d.text(
        """## The triangle inequality

        Let {p1}. The plan: convexity from the Hessian where all entries are positive; the triangle
        inequality there by homogeneity; then everywhere, by monotony in the moduli. The Hessian alone
        would not do, as it says nothing about a segment that crosses a hyperplane where an entry
        vanishes.""",
        p1=p >= 1,
    )
    hessian = (p - 1) / N * ((Abs(x[i]) / N) ** (p - 2) * KroneckerDelta(i, k) - g[i] * g[k])
    d.derivative(g[i], x[k], hessian, "Differentiating the gradient once more gives the Hessian")
    d.lemma(
        "Cauchy–Schwarz",
        "If the terms of two sums are not negative, and their products are the squares of the terms of a third, then "
        "the product of the two sums is at least the square of the third.",
    )
    a, b, c = Abs(x[j]) ** p, Abs(x[j]) ** (p - 2) * v[j] ** 2, sign(x[j]) * Abs(x[j]) ** (p - 1) * v[j]
    convex = d.cauchy_schwarz(
        quadratic_form(hessian),
        (p - 1) * N ** (1 - 2 * p),
        (a, b, c),
        "In every direction {v}, its quadratic form is a multiple of a Cauchy–Schwarz gap",
        when=p >= 1,
        v=v.label,
    )
    d.lemma("Second-order test", "A function whose Hessian form is not negative on a convex open set is convex there.")
    y = IndexedBase("y", real=True)
    middle, whole = (replace_entries(pnorm.definition, x, lambda e, q=q: (e + y[e.indices[0]]) / q) for q in (2, 1))
    midpoint = d.equal(2 * middle, whole, "By homogeneity a midpoint is half of a sum")
    rising = d.sign(
        (Abs(x[i]) / N) ** (p - 1), ">", "Where the entries are positive the gradient is positive too, for it is"
    )
    d.text(
        """By {convex} the norm is convex where all entries are positive, so that its value at a midpoint
        is at most the mean of the values; by {midpoint} it is subadditive there, and by continuity
        where {nonneg} throughout. By {rising} it increases in each entry there. Now take any two
        vectors {x} and {y}. As {less}, and as the norm sees moduli only, the norm of the sum is at most
        the norm of the sum of the moduli, and that is at most the sum of the norms: the triangle
        inequality, everywhere. With {homogeneous} it makes the norm convex everywhere.

        For positive {p} below one it fails, if {n} is at least two: the vector of ones is the sum of {n} vectors
        of length one, and it is longer than {n}.""",
        convex=convex,
        midpoint=midpoint,
        nonneg=x[i] >= 0,
        rising=rising,
        x=x.label,
        y=y.label,
        less=Abs(x[i] + y[i]) <= Abs(x[i]) + Abs(y[i]),
        homogeneous=homogeneous,
        p=p,
        n=n,
    )
    ones = replace_entries(pnorm.definition, x, lambda entry: Integer(1))
    d.equal(ones, n ** (1 / p), "The length of the vector of ones is")
    d.text("## Definiteness")
    terms = d.sign(Abs(x[i]) ** p, ">", "A power of a modulus is positive")
    d.text(
        """Let {positive}. By {power} and {terms} the norm is positive as soon as one entry is not zero: it
        vanishes only for the zero vector. With the sections before, it is a norm for {norm}.

        ## Kinks

        Let {positive} still. Where no entry is zero, the modulus of each is differentiable infinitely
        often, the sum is positive, and so the norm is differentiable infinitely often. Two other cases
        remain.

        **One entry passes zero, and another does not.** Write {t} for the entry. By {power} the power
        of the norm is a positive constant and {tp}; and near a positive number the root is
        differentiable infinitely often and has an inverse that is. So norm and {tp} are differentiable
        equally often.""",
        positive=p > 0,
        power=power,
        terms=terms,
        norm=p >= 1,
        t=t,
        tp=Abs(t) ** p,
    )
    odd = d.derivative(
        Abs(t) ** p, t, p * sign(t) * Abs(t) ** (p - 1), "Differentiating lowers the power and brings in the sign"
    )
    even = d.derivative(sign(t) * Abs(t) ** p, t, p * Abs(t) ** (p - 1), "Differentiating once more takes the sign out")
    d.text(
        """By {odd} and {even} in turn, the derivatives of {tp} are multiples of a power of {m}, every
        other one with the sign of {t}. As long as the power stays positive, they vanish at zero. Then
        it depends on {p}. If it is even, the last one is constant and {tp} a polynomial: infinitely
        often. If it is odd, the last one jumps with the sign; if it is no integer, the next one is
        unbounded: in both cases {times} times and no more. At {one} that is not even once.

        **All entries pass zero together.** The difference quotients at the zero vector along {x}, with a step
        of {h}, tell the directions apart.""",
        odd=odd,
        even=even,
        tp=Abs(t) ** p,
        m=Abs(t),
        t=t,
        p=p,
        times=ceiling(p) - 1,
        one=Eq(p, 1),
        x=x.label,
        h=forward,
    )
    ahead, back = (replace_entries(pnorm.definition, x, lambda entry, q=q: q * entry) / q for q in (forward, -forward))
    ahead_step = d.equal(ahead, N, "Forwards")
    back_step = d.equal(back, -N, "Backwards")
    d.text(
        """For a vector that is not zero, {a} and {b} differ: at the zero vector the norm has a kink in
        every direction, whatever {p}.""",
        a=ahead_step,
        b=back_step,
        p=p,
    )
    d.text(
        "(Where an entry is zero and {big}, the gradient {g} holds with zero for that entry.)", big=p > 1, g=gradient
    )
    return d
