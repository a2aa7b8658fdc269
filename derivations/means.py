"""Two ways to make a mean from any function: quasi-arithmetic means, with mellowmax, and weighted ones, with the Boltzmann operator."""

from typing import Any

from sympy import Expr, IndexedBase, KroneckerDelta, Sum, Symbol, exp

from smoothsym.catalogue import boltzmann, lehmer, mellowmax, powermean
from smoothsym.symbolic.arbitrary import arbitrary, inverse
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, i, j, k, n, p, x

delta = KroneckerDelta(i, k)
over = (j, 1, n)


def derive() -> Derivation:
    d = Derivation("Means from any function: Kolmogorov's and Bajraktarevic's", "positive")
    d.text(
        """There are two ways to bend an average towards the largest entry. Kolmogorov's: average a function of the entries, and undo the
        function. Bajraktarevic's: average the entries themselves, under weights that are a function of them. Mellowmax and the power means
        are of the first kind, the Boltzmann operator and the Lehmer means of the second; and that is why the first are monotone, and the
        second are not.

        **Hypotheses.** {n} positive entries, which is needed for powers only; {g} and {h} arbitrary functions with positive slope, two derivatives
        and an inverse; {w} arbitrary and positive, with two derivatives.

        ## Kolmogorov's mean""",
        n=n,
        **{name: Symbol(name) for name in "ghw"},
    )
    _kolmogorov(d)
    _examples(d)
    _bajraktarevic(d)
    _weighted(d)
    return d


def _kolmogorov(d: Derivation) -> None:
    g, h = arbitrary("g"), arbitrary("h")
    M, at_M, t = Symbol("M", real=True), Symbol("A_M", real=True), Symbol("t", real=True)
    slope, bend = IndexedBase("s", real=True), IndexedBase("A", real=True)
    d.define(M, inverse(g)(Sum(g(x[j]), over) / n))
    d.define(slope[i], g.derivative(x[i]) / (n * g.derivative(M)))
    one = d.derivative(M, x[i], slope[i], "The inverse has the reciprocal slope")
    d.text(
        "The slope of {g} is positive, so by {one} **every such mean is monotone**. How it bends depends on {g} through one function alone,",
        g=Symbol("g"),
        one=one,
    )
    d.define(bend[i], _bend(g, x[i]))
    d.define(at_M, _bend(g, M))
    d.text("which economists know, with its sign turned, as the Arrow-Pratt measure of risk aversion.")
    d.derivative(
        M,
        (x[i], x[k]),
        delta * slope[i] * bend[i] - at_M * slope[i] * slope[k],
        "The Hessian has it at the entries on the diagonal, and at the mean everywhere",
    )
    d.text("## Which mean is the larger")
    first = h.derivative(t) / g.derivative(t)
    d.text(
        "Take {h} as a function of {g}. Its slope is {first}, and the slope of that, again by {g}, is its derivative by {t} over {by}.",
        h=h(t),
        g=g(t),
        first=first,
        t=t,
        by=g.derivative(t),
    )
    more = d.derivative(
        first,
        t,
        first * (_bend(h, t) - _bend(g, t)),
        "The derivative by {t} compares the two bends",
        t=t,
    )
    d.lemma(
        "Jensen's inequality",
        "A convex function of an average is at most the average of the function.",
    )
    d.text(
        """So by {more} {h} is a convex function of {g} where {bend} is at least {other} throughout; then **the mean by {h} is at least the mean
        by {g}**, whatever the entries.""",
        more=more,
        h=Symbol("h"),
        g=Symbol("g"),
        bend=_bend(h, t),
        other=_bend(g, t),
    )


def _examples(d: Derivation) -> None:
    t = Symbol("t", positive=True)
    m, f, Z = Symbol("m_alpha", real=True), Symbol("f", positive=True), Symbol("Z", positive=True)
    pi, u = IndexedBase("pi", positive=True), IndexedBase("u", positive=True)
    d.text(
        "## Mellowmax and the power means\n\nWith the exponential {e} for the function, the mean is mellowmax.",
        e=exp(alpha * t),
    )
    d.derivative(exp(alpha * t), t, alpha * exp(alpha * t), "Its slope")
    constant = d.derivative(
        alpha * exp(alpha * t), t, alpha * (alpha * exp(alpha * t)), "changes at the rate {a} times itself", a=alpha
    )
    d.text("With the power {e} it is a power mean.", e=t**p)
    d.derivative(t**p, t, p * t ** (p - 1), "Its slope")
    falling = d.derivative(
        p * t ** (p - 1), t, (p - 1) / t * (p * t ** (p - 1)), "changes at the rate {a} times itself", a=(p - 1) / t
    )
    d.text(
        """By {constant} and {falling} the rates grow with the parameter, and with them both means do. The Hessian of mellowmax has one rate
        everywhere:""",
        constant=constant,
        falling=falling,
    )
    d.define(Z, Sum(exp(alpha * x[j]), over))
    d.define(pi[i], exp(alpha * x[i]) / Z)
    d.define(m, mellowmax.definition)
    d.derivative(m, x[i], pi[i], "Its slopes are softmax")
    d.derivative(m, (x[i], x[k]), alpha * (delta * pi[i] - pi[i] * pi[k]), "so that the Hessian is")
    d.text("That of the power mean has the rates at the entries, and at the mean:")
    d.define(f, powermean.definition)
    d.define(u[i], (x[i] / f) ** (p - 1) / n)
    d.derivative(f, x[i], u[i], "Its slopes are powers")
    d.derivative(f, (x[i], x[k]), (p - 1) * (delta * u[i] / x[i] - u[i] * u[k] / f), "so that the Hessian is")


def _bajraktarevic(d: Derivation) -> None:
    weight = arbitrary("w", is_positive=True)
    B, W = Symbol("B", real=True), Symbol("W", positive=True)
    drift = IndexedBase("b", real=True)
    once, twice = weight.derivative, weight.derivative.derivative
    d.text("## Bajraktarevic's mean")
    d.define(W, Sum(weight(x[j]), over))
    d.define(B, Sum(weight(x[j]) * x[j], over) / W)
    d.define(drift[i], (weight(x[i]) + once(x[i]) * (x[i] - B)) / W)
    two = d.derivative(B, x[i], drift[i], "An entry moves the mean by its weight, and by what the weight gains")
    d.text(
        """Where the weight rises, the second part is negative below the mean: by {two} **an entry far below the mean drags it down as it
        rises**.""",
        two=two,
    )
    own = delta * (2 * once(x[i]) + twice(x[i]) * (x[i] - B))
    d.derivative(B, (x[i], x[k]), (own - once(x[i]) * drift[k] - drift[i] * once(x[k])) / W, "The Hessian")


def _weighted(d: Derivation) -> None:
    Z, S, t = Symbol("Z", positive=True), Symbol("S_alpha", real=True), Symbol("t", positive=True)
    L, Y = Symbol("L_p", positive=True), Symbol("Y", positive=True)
    d.text(
        "## The Boltzmann operator and the Lehmer means\n\nThe weight {w}, with the slope {s}, makes the Boltzmann operator.",
        w=exp(alpha * t),
        s=alpha * exp(alpha * t),
    )
    d.define(S, boltzmann.definition)
    d.derivative(S, x[i], exp(alpha * x[i]) * (1 + alpha * (x[i] - S)) / Z, "Its gradient is the one above")
    d.text("The weight {w}, with the slope {s}, makes the Lehmer mean.", w=t ** (p - 1), s=(p - 1) * t ** (p - 2))
    d.define(Y, Sum(x[j] ** (p - 1), over))
    d.define(L, lehmer.definition)
    d.derivative(
        L, x[i], (x[i] ** (p - 1) + (p - 1) * x[i] ** (p - 2) * (x[i] - L)) / Y, "Its gradient is the one above"
    )
    d.text(
        """So for positive {alpha} the Boltzmann operator falls as an entry rises that lies more than {a} below it, and for {p} above one the
        Lehmer mean falls as an entry rises that lies below {b} times its value. Kolmogorov's means never fall: neither of these is one.""",
        a=1 / alpha,
        alpha=alpha,
        b=(p - 1) / p,
        p=p,
    )


def _bend(g: Any, at: Expr) -> Expr:
    """g''/g'."""
    return g.derivative.derivative(at) / g.derivative(at)
