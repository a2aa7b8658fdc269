"""Five inequalities that carry the others: identities whose right sides are seen not to be negative, and what starts at zero and rises."""

from sympy import IndexedBase, Integer, Sum, Symbol, exp, log

from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, i, j, k, maximum, minimum, n, v, x

over, pairs = (j, 1, n), ((i, 1, n), (k, 1, n))
w, q = IndexedBase("w", positive=True), IndexedBase("q", positive=True)
top, low = maximum(x), minimum(x)
E, V = Symbol("E", positive=True), Symbol("V", real=True)


def derive() -> Derivation:
    d = Derivation("Five inequalities that carry the others", "positive")
    d.text(
        """A proof of an inequality is best when it is an identity: one side is the claim, and of the other one sees
        that it is not negative. Four such identities, and one argument by growth, prove most inequalities of the
        operators here, for every {n}. A program finds which one fits; these are their proofs.

        **Hypotheses.** {n} positive entries {x}, which is needed for powers only; weights {w}, positive and with sum one,
        from any positive numbers {q}.""",
        n=n,
        x=x[j],
        w=w[j],
        q=q[j],
    )
    d.define(w[i], q[i] / Sum(q[j], over))
    d.define(E, Sum(w[j] * x[j], over))
    d.define(V, Sum(w[j] * (x[j] - E) ** 2, over))
    _extremes(d)
    _chebyshev(d)
    _bernoulli(d)
    _growth(d)
    return d


def _extremes(d: Derivation) -> None:
    d.text("## A variance is at most a quarter of the squared range: Popoviciu")
    square = (E - (top + low) / 2) ** 2 + Sum(w[j] * (top - x[j]) * (x[j] - low), over)
    popoviciu = d.equal((top - low) ** 2 / 4 - V, square, "Multiplied out, both sides are the same")
    seen = d.sign(square, ">=", "Each entry lies between the smallest and the largest, and squares are not negative")
    d.text(
        """By {popoviciu} and {seen} the variance {V} is at most a quarter of the squared range. The square vanishes where
        the mean is in the middle, and the sum where every entry is at an end: two levels of equal weight attain it.

        ## A third cumulant is at most the range times the variance""",
        popoviciu=popoviciu,
        seen=seen,
        V=V,
    )
    for sign, slack, rest in ((1, top - x[j], E - low), (-1, x[j] - low, top - E)):
        third = Sum(w[j] * (x[j] - E) ** 3, over)
        shown = Sum(w[j] * (x[j] - E) ** 2 * slack, over) + V * rest
        which = "The third cumulant falls short of it" if sign > 0 else "So does its negative"
        d.equal((top - low) * V - sign * third, shown, f"{which}, by what is not negative")
    d.text(
        """Of a direction in place of the entries this is the generalised self-concordance of LogSumExp, whose second
        and third derivatives along it are a variance and a third cumulant."""
    )


def _chebyshev(d: Derivation) -> None:
    d.text(
        """## What rises together is associated: Chebyshev

        Let {v} be any other numbers.""",
        v=v[j],
    )
    covariance = Sum(w[j] * x[j] * v[j], over) - E * Sum(w[j] * v[j], over)
    pairwise = Sum(w[i] * w[k] * (x[i] - x[k]) * (v[i] - v[k]), *pairs) / 2
    chebyshev = d.equal(covariance, pairwise, "A covariance is half a mean over pairs")
    d.text(
        """Where {v} is a function of {x} that does not fall, both differences have one sign for every pair, so by {chebyshev}
        the covariance is not negative. With a logarithm for it, Lehmer means rise with their parameter.""",
        v=v[j],
        x=x[j],
        chebyshev=chebyshev,
    )


def _bernoulli(d: Derivation) -> None:
    r, u, phi = Symbol("r", nonnegative=True), Symbol("u", positive=True), Symbol("phi", real=True)
    d.text(
        """## A mean of powers and a power of means: Bernoulli and Jensen

        For positive {u} let""",
        u=u,
    )
    d.define(phi, 1 + r * (u - 1) - u**r)
    start = d.limit(phi, u, Integer(1), Integer(0), "At {one} it vanishes", one=Integer(1))
    slope = d.derivative(phi, u, r * (1 - u ** (r - 1)), "Its slope vanishes there, too")
    bend = d.derivative(phi, (u, u), r * (1 - r) * u ** (r - 2), "It is convex where {a} is between 0 and 1", a=r)
    mean = d.equal(
        Sum(w[j] * (1 + r * (x[j] / E - 1) - (x[j] / E) ** r), over),
        1 - Sum(w[j] * x[j] ** r, over) / E**r,
        "Its mean at the entries over {E} compares the two",
        E=E,
    )
    d.text(
        """By {start}, {slope} and {bend} the function is not negative for {r} between 0 and 1, and not positive for other {r};
        so by {mean} a mean of powers is at most, or at least, the power of the mean. Thus the slopes of a power mean add up to at most one
        for {p} at least 1, and it lies below the Lehmer mean.""",
        start=start,
        slope=slope,
        bend=bend,
        r=r,
        mean=mean,
        p=Symbol("p"),
    )


def _growth(d: Derivation) -> None:
    pi, S, mu, R, K = (Symbol(name, real=True) for name in ("Z", "S_alpha", "mu", "R", "K"))
    d.text(
        """## What starts at zero and rises: Hoeffding

        An expression that is differentiable for positive {alpha}, tends to a number that is not negative as {alpha} tends to zero, and does not
        fall, is not negative. Its slope may be shown to be so in the same way. With""",
        alpha=alpha,
    )
    d.define(pi, Sum(exp(alpha * x[j]), over))
    d.define(K, log(pi / n))
    d.define(S, Sum(x[j] * exp(alpha * x[j]), over) / pi)
    d.define(mu, Sum(x[j], over) / n)
    d.define(R, top - low)
    variance = Sum(exp(alpha * x[j]) * (x[j] - S) ** 2, over) / pi
    whole, first = alpha * mu + alpha**2 * R**2 / 8 - K, mu + alpha * R**2 / 4 - S
    begins = d.limit(whole, alpha, 0, Integer(0), "The claim times {alpha} starts at zero", alpha=alpha)
    rises = d.derivative(whole, alpha, first, "This is its slope")
    slow = d.limit(first, alpha, 0, Integer(0), "The slope starts at zero")
    bends = d.derivative(
        first, alpha, R**2 / 4 - variance, "The slope of the slope is what Popoviciu's inequality is about"
    )
    d.text(
        """By {bends} the slope rises, by {slow} from zero, so by {rises} and {begins} the expression is not negative: mellowmax exceeds the
        mean by at most {bound}, and the Boltzmann operator by at most twice that.""",
        bends=bends,
        slow=slow,
        rises=rises,
        begins=begins,
        bound=alpha * R**2 / 8,
    )
