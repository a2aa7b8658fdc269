"""Mellowmax tells how much to expect, and maximum entropy which policy earns that: softmax, of a sharpness that there is exactly one of."""

from fractions import Fraction

from sympy import Float, Integer, Interval, Rational, Sum, Symbol, exp, log

import smoothsym as ss
from smoothsym.catalogue import boltzmann, mellowmax
from smoothsym.certify.enclosure import fraction_of
from smoothsym.symbolic.derivation import BrokenStep, Derivation
from smoothsym.words import alpha, j, mean, n, x

over = (j, 1, n)
ROW, OMEGA, DIGITS = (0, 0, 1), Fraction(1, 2), 12


def derive() -> Derivation:
    d = Derivation("The policy that mellowmax asks for")
    omega, beta = Symbol("omega", positive=True), Symbol("beta", real=True)
    S, m, D = (Symbol(name, real=True) for name in ("S_omega", "m_omega", "D"))
    w = exp(omega * x[j]) / Sum(exp(omega * x[j]), over)
    d.text(
        """Mellowmax, in the place of the maximum in Bellman's equation, says what a state is worth; it does not say how to act. Asadi and Littman
        (ICML 2017) let the policy be as random as it may while it still earns mellowmax on average. It is softmax; only its sharpness {beta} is
        not that of mellowmax, {omega}, but about half of it.

        **Hypotheses.** {n} real entries, not all equal; {omega} positive.

        ## Maximum entropy

        Of all weights with a given mean, those of the largest entropy are softmax: Lagrange's conditions are those of
        [LogSumExp from entropic regularisation](logsumexp_from_entropy.md), with {beta} for the multiplier of the mean. It remains to choose {beta}
        such that the mean, which is the Boltzmann operator, is mellowmax.

        ## There is one, and it is between""",
        beta=beta,
        omega=omega,
        n=n,
    )
    d.define(m, mellowmax.definition.xreplace({alpha: omega}))
    d.define(S, boltzmann.definition.xreplace({alpha: omega}))
    variance = Sum(exp(omega * x[j]) * (x[j] - S) ** 2, over) / Sum(exp(omega * x[j]), over)
    rise = d.derivative(
        S, omega, variance, "The Boltzmann operator rises, by the variance of the entries under softmax"
    )
    d.sign(variance, ">=", "which is not negative, and zero only for equal entries")
    low = d.limit(S, omega, 0, mean(x), "At zero it is the mean of the entries")
    d.define(D, Sum(w * log(n * w), over))
    high = d.equal(S - m, D / omega, "At the sharpness of mellowmax it exceeds mellowmax by a relative entropy")
    d.lemma(
        "Gibbs' inequality and Jensen's",
        "A relative entropy is positive unless the weights agree, and mellowmax of unequal entries exceeds their mean.",
    )
    d.text(
        """So at zero, by {low}, the Boltzmann operator is below mellowmax, at {omega}, by {high}, above it, and by {rise} it rises strictly:
        **there is exactly one {beta}, and it lies between zero and {omega}**.

        ## Where it is""",
        low=low,
        omega=omega,
        high=high,
        rise=rise,
        beta=beta,
    )
    two, three = (Symbol(f"mu_{q}", positive=q == 2 or None, real=True) for q in (2, 3))
    for name, q in ((two, 2), (three, 3)):
        d.define(name, Sum((x[j] - mean(x)) ** q, over) / n)
    d.series(
        S, omega, 3, mean(x) + omega * two + omega**2 * three / 2, "For small sharpness, the Boltzmann operator is"
    )
    d.series(m, omega, 3, mean(x) + omega * two / 2 + omega**2 * three / 6, "while mellowmax is")
    a, b = two, three
    guess = omega / 2 + omega**2 * b / (24 * a)
    found = d.equal(
        guess * a + guess**2 * b / 2 - (omega * a / 2 + omega**2 * b / 6),
        omega**3 * b**2 / (48 * a) * (1 + omega * b / (24 * a)),
        "Put {guess} into the first: the two agree but for terms of third order",
        guess=guess,
    )
    d.text(
        """As the slope at zero is {a}, which is positive, {found} leaves an error of third order in {beta} itself: **{beta} is {half}, and {more} on top
        where the entries lean to one side**.""",
        a=two,
        found=found,
        beta=beta,
        half=omega / 2,
        more=omega**2 * three / (24 * two),
    )
    low_end, high_end = _root()
    d.computed(
        _sign(Fraction(low_end)) < 0 < _sign(Fraction(high_end)),
        beta,
        r"\in",
        Interval.open(Float(low_end, DIGITS + 2), Float(high_end, DIGITS + 2)),
        "For the entries {zero}, {zero}, {one} and {omega} at {half} the expansion gives {guess}; the root is in",
        "by the signs of enclosures at both ends",
        zero=Integer(0),
        one=Integer(1),
        omega=omega,
        half=Rational(1, 2),
        guess=_expansion(),
    )
    return d


def _sign(at: Fraction) -> int:
    """The certified sign of S_beta - mm_omega."""
    value = ss.enclose(boltzmann, list(ROW), alpha=at, digits=30)
    worth = ss.enclose(mellowmax, list(ROW), alpha=OMEGA, digits=30)
    low = fraction_of(value.lo._mpf_) - fraction_of(worth.hi._mpf_)
    high = fraction_of(value.hi._mpf_) - fraction_of(worth.lo._mpf_)
    if low <= 0 <= high:
        raise BrokenStep(f"the sign at {at} is not decided")
    return 1 if low > 0 else -1


def _root() -> tuple[str, str]:
    """Neighbouring decimals with the root between them."""
    unit = 10**DIGITS
    low, high = 0, unit // 2
    if _sign(Fraction(1, unit)) >= 0 or _sign(OMEGA) <= 0:
        raise BrokenStep("no root between 0 and omega")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _sign(Fraction(middle, unit)) < 0 else (low, middle)
    return f"0.{low:0{DIGITS}d}", f"0.{high:0{DIGITS}d}"


def _expansion() -> Float:
    """omega/2 + omega^2 mu_3/(24 mu_2), to six digits."""
    centre = Fraction(sum(ROW), len(ROW))
    two, three = (sum((v - centre) ** q for v in ROW) / len(ROW) for q in (2, 3))
    value = OMEGA / 2 + OMEGA**2 * three / (24 * two)
    return Float(Rational(value.numerator, value.denominator), 6)
