"""The theorems of Blanchard, Higham and Higham on log-sum-exp and softmax in floats, from the code that they are about."""

from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Abs, Expr, IndexedBase, Integer, Sum, Symbol, exp, log

import smoothsym as ss
from smoothsym.program.rounding.first_order import first_order
from smoothsym.program.trace import trace
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import c, i, j, maximum, minimum, n, u, x

over = (j, 1, n)
w = IndexedBase("w", positive=True)
y, S = Symbol("y", real=True), Symbol("S", real=True)
top, low = maximum(x), minimum(x)
most = exp(top) / Sum(exp(x[j]), over)


def log_sum_exp(xp, x):
    return xp.log(xp.sum(xp.exp(x)))


def softmax(xp, x):
    e = xp.exp(x)
    return e / xp.sum(e)


def division_free_softmax(xp, x):
    return xp.exp(x - log_sum_exp(xp, x))


def shifted_log_sum_exp(xp, x):
    a = xp.max(x)
    others = xp.where(xp.arange(x.shape[-1]) == xp.argmax(x), 0.0, xp.exp(x - a))
    return a + xp.log1p(xp.sum(others))


def shifted_softmax(xp, x):
    return softmax(xp, x - xp.max(x))


def shifted_division_free_softmax(xp, x):
    return xp.exp(x - shifted_log_sum_exp(xp, x))


def derive() -> Derivation:
    d = Derivation("Log-sum-exp and softmax in floats: the theorems of Blanchard, Higham and Higham")
    d.text(
        """How wrong can float code be that computes a log-sum-exp? Blanchard, Higham and Higham (*Accurately computing the log-sum-exp and softmax
        functions*, IMA Journal of Numerical Analysis 41, 2021) answered it for six pieces of code. Here each piece is run on objects that record
        its operations; the bound is derived from the recording: every operation may err by a relative {u}, what that does to the result is its
        derivative by that operation, and the moduli of all these are added up. The bound so found is compared with the published one, whose leading terms are
        taken from the authors' program (github.com/higham/logsumexp-softmax-tests, chop_test_softmax.m).

        **Hypotheses.** {n} real entries, floats; no overflow, no underflow; additions, subtractions, quotients, exponentials and logarithms
        with relative errors at most {u}; sums of {n} terms by {less} additions in any order. All bounds are of first order: what is smaller than {u} by a
        factor {u} is left out. Let""",
        u=u,
        n=n,
        less=n - 1,
    )
    d.define(y, log(Sum(exp(x[j]), over)))
    d.define(w[i], exp(x[i]) / Sum(exp(x[j]), over))
    d.define(S, Sum(w[j] * x[j], over))
    _log_sum_exp(d)
    _softmax(d)
    _division_free(d)
    _shifted(d)
    _counterexample(d)
    _shifted_softmax(d)
    _shifted_division_free(d)
    return d


def _machine(d: Derivation, code: Any, claim: Expr, because: str) -> int:
    """The bound that a recording gives, in the words of a claim."""
    d.code(code)
    name = code.__name__.replace("_", r"\_")
    return d.equal(
        first_order(trace(code)),
        u * claim,
        because,
        instead=rf"\text{{error of }} \mathtt{{{name}}}",
    )


def _log_sum_exp(d: Derivation) -> None:
    d.text("## Log-sum-exp as it is written (Theorem 3.2)")
    ours = _machine(d, log_sum_exp, Abs(y) + n, "The recording has three operations; their errors add up to")
    published = d.inequality(Abs(y) + n, Abs(y) + n + 1, "The published bound is larger")
    d.text(
        "The exponentials and the sum act through the logarithm, whose derivative is the reciprocal of the sum, and no entry is measured from anything. "
        "By {ours} and {published} the theorem holds, with {n} in place of {more}.",
        ours=ours,
        published=published,
        n=n,
        more=n + 1,
    )


def _softmax(d: Derivation) -> None:
    d.text("## Softmax as it is written (Theorem 3.3)")
    ours = _machine(
        d,
        softmax,
        w[i] * (n + 2 * (1 - w[i])),
        "An exponential is in the numerator and in the sum, and its error partly cancels",
    )
    bound = d.inequality(w[i] * (n + 2 * (1 - w[i])), w[i] * (n + 2), "A share is not negative")
    d.text(
        "By {ours} and {bound} every entry has a relative error of at most {new} units, and so has the largest one, which is the normwise theorem with {new} in place of {old}.",
        ours=ours,
        bound=bound,
        new=n + 2,
        old=n + 3,
    )


def _division_free(d: Derivation) -> None:
    d.text("## Softmax without a division (Theorem 3.4)")
    mine = w[i] * (Abs(y) + Abs(x[i] - y) + n + 1)
    ours = _machine(
        d, division_free_softmax, mine, "An absolute error of the logarithm is a relative one of the result"
    )
    d.inequality(mine, w[i] * (Abs(y) + Abs(x[i] - y) + n + 2), "The published bound has one unit more")
    d.text(
        "With {gap} at most its maximum over all entries, {ours} is the theorem. Unlike {n} the two moduli grow with the entries: this way of computing softmax loses accuracy.",
        gap=Abs(x[i] - y),
        ours=ours,
        n=n,
    )


def _shifted(d: Derivation) -> None:
    d.text("## Log-sum-exp, shifted (Theorem 4.2)")
    mine = Abs(y) + (y - S) + (n - 1) * (1 - most)
    ours = _machine(d, shifted_log_sum_exp, mine, "The differences, the logarithm and the sum add up to an entropy")
    corrected = d.equal(
        y + n - low - ((y - S) + (n - 1) * (1 - most)),
        Sum(w[j] * (x[j] - low), over) + 1 + (n - 1) * most,
        "The published bound is {published}. It lacks the error of the last addition, {final}; with that, it exceeds ours by at least",
        published=u * Abs(y + n - low),
        final=u * Abs(y),
    )
    d.sign(Sum(w[j] * (x[j] - low), over) + 1 + (n - 1) * most, ">", "which is positive")
    entropy = d.inequality(y - S, log(n), "The entropy of the shares is at most that of equal ones")
    spread = d.equal(
        most - 1 / n,
        Sum(exp(top) - exp(x[j]), over) / (n * Sum(exp(x[j]), over)),
        "The largest share exceeds the mean one by",
    )
    d.sign(Sum(exp(top) - exp(x[j]), over) / (n * Sum(exp(x[j]), over)), ">=", "which is not negative")
    d.text(
        """So the bound {ours} is smaller than the published one where that is true, by {corrected}; and by {entropy} and {spread} it does not depend on
        the range of the entries at all: the error is at most {free}.""",
        ours=ours,
        corrected=corrected,
        entropy=entropy,
        spread=spread,
        free=u * (Abs(y) + log(n) + (n - 1) * (1 - 1 / n)),
    )


def _counterexample(d: Derivation) -> None:
    place = Integer(2) ** 20 - Integer(1)
    entries = np.array([float(place)] * 2)
    got = Fraction(float(shifted_log_sum_exp(np, entries)))
    exact = Fraction(ss.enclose(ss.logsumexp, entries, alpha=1, digits=40).digits(40))
    units = abs(got - exact) * 2**53
    claimed = Fraction(ss.enclose(ss.logsumexp, [0, 0], alpha=1, digits=20).digits(20)) + 2
    d.text(
        """### As published it is too small to be true

        Two equal entries {c}: the exponential is of zero, the sum is exact, and only the logarithm and the last addition round. The published bound""",
        c=c,
    )
    published = d.equal(log(2 * exp(c)) + 2 - c, 2 + log(2), "is, in units of {u}, for every {c}", u=u, c=c)
    d.text(
        "With {c} the code above, run in float64 by NumPy, gives {got}; the value is {exact}.",
        c=place,
        got=Symbol(float(got).hex()),
        exact=Symbol(ss.enclose(ss.logsumexp, entries, alpha=1, digits=25).digits(25)),
    )
    d.computed(
        units > claimed,
        Integer(units.numerator // units.denominator),
        ">",
        2 + log(2),
        "The error, in whole units of {u}, against {published}",
        "with the float as an exact number against 40 certified digits",
        u=u,
        published=published,
    )
    d.computed(
        units <= claimed + exact,
        Integer(units.numerator // units.denominator),
        "<=",
        place + log(2) + 2 + log(2),
        "With the last addition the bound holds",
        "with the float as an exact number against 40 certified digits",
    )


def _shifted_softmax(d: Derivation) -> None:
    d.text("## Softmax, shifted (Theorem 4.3)")
    fall = top - x[i]
    mine = w[i] * (n + 2 * (1 - w[i]) + (1 - 2 * w[i]) * fall + (top - S))
    ours = _machine(d, shifted_softmax, mine, "Differences, exponentials, the sum and the quotient give")
    larger = d.equal(
        n + 2 + 2 * (top - low) - mine / w[i],
        2 * w[i] + 2 * w[i] * fall + (x[i] - low) + Sum(w[j] * (x[j] - low), over),
        "The published bound exceeds it, relative to the entry, by",
    )
    d.sign(w[i] * fall, ">=", "No term of this is negative: each entry is between the extreme ones")
    d.sign(x[i] - low, ">=", "nor is")
    d.sign(Sum(w[j] * (x[j] - low), over), ">=", "nor their mean")
    d.text(
        "By {ours} and {larger} the theorem holds for every entry, relative to that entry, and not only for the largest.",
        ours=ours,
        larger=larger,
    )


def _shifted_division_free(d: Derivation) -> None:
    d.text("## Softmax, shifted, without a division (Theorem 4.4)")
    mine = w[i] * (1 + (y - x[i]) + Abs(y) + (y - S) + (n - 1) * (1 - most))
    ours = _machine(d, shifted_division_free_softmax, mine, "It inherits the error of the logarithm")
    larger = d.equal(
        1 + (y - x[i]) + Abs(y) + (y + n - low) - mine / w[i],
        Sum(w[j] * (x[j] - low), over) + 1 + (n - 1) * most,
        "The published bound, with the error of the last addition of the logarithm, {final}, which it lacks like the one before, exceeds it by",
        final=u * Abs(y),
    )
    d.text(
        "which is positive. By {ours} and {larger} the corrected theorem holds for every entry; the distance of an entry from {y} is what makes it worse than the quotient.",
        ours=ours,
        larger=larger,
        y=y,
    )
