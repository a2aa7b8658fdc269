"""The maximiser of a regularised maximum from its conditions of optimality, and why it has zeros: for half a square."""

from sympy import Rational, Sum, Symbol

from smoothsym.catalogue import sparsemax
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import i, j, n, x


def derive() -> Derivation:
    d = Derivation("Sparsemax from the conditions of Karush, Kuhn and Tucker")
    p, q, y, mu = (Symbol(name, real=True) for name in ("p", "q", "y", "mu"))
    gamma, tau, k = Symbol("gamma", positive=True), Symbol("tau", real=True), Symbol("k", integer=True, positive=True)
    half = Rational(1, 2)

    def gain(share):
        return share * y - gamma * (share**2 - share) / 2

    d.text(
        """Softmax gives every entry some weight. Take half a square from the mean value in the place of an entropy, and entries far below the
        largest have none: the maximiser is the point of the simplex that is nearest to the entries over {gamma}.

        **Hypotheses.** {gamma} positive; {n} entries {x}; of each, a share {p}, not negative, and the shares add up to one. What is made
        largest is the sum of a gain for each entry {y} with its share {p}.

        ## The conditions suffice""",
        gamma=gamma,
        n=n,
        x=x[i],
        p=p,
        y=y,
    )
    d.show(gain(p))
    slope = d.derivative(gain(p), p, y - gamma * (p - half), "The slope of a gain falls as its share grows")
    gap = d.equal(
        gain(p) - gain(q) - tau * (p - q),
        (p - q) * (y - gamma * (p - half) - tau) + gamma * (p - q) ** 2 / 2,
        "What {p} gains more than any other share {q}, less {tau} for what it has more",
        p=p,
        q=q,
        tau=tau,
    )
    rest = d.equal(
        ((p - q) * -mu + gamma * (p - q) ** 2 / 2).expand() + p * mu,
        q * mu + gamma * (p - q) ** 2 / 2,
        "and where the slope lies below {tau} by {mu}, and {p} is zero unless {mu} is",
        p=p,
        mu=mu,
        tau=tau,
    )
    d.text(
        """Suppose that by {slope} the slopes are one number {tau} wherever the share is positive, and no more where it is zero. Add up {gap} over all
        entries: both shares add up to one, so {tau} drops out, and what is left is by {rest} a sum of terms that are not negative, {mu} being the difference.
        So no other shares gain as much: **these conditions tell the one maximiser**.

        ## The threshold""",
        slope=slope,
        gap=gap,
        rest=rest,
        tau=tau,
        mu=mu,
    )
    total = Symbol("T", real=True)
    share = d.solution(
        y - gamma * (p - half) - tau, p, half + (y - tau) / gamma, "A positive share is, its slope being {tau}", tau=tau
    )
    mean = d.solution(
        k / 2 + (total - k * tau) / gamma - 1,
        tau,
        total / k + gamma / 2 - gamma / k,
        "With {k} positive shares, of entries that add up to {T}, they add up to one where",
        k=k,
        T=total,
    )
    d.text(
        """An entry has a positive share by {share} if it lies above {edge}, and else its slope at zero is no more than {tau}, as it must. So every share is the
        positive part of {share}, and {tau} is the one number for which they add up to one, by {mean} from the largest entries.""",
        share=share,
        mean=mean,
        edge=tau - gamma / 2,
        tau=tau,
    )
    one = d.solution(half + (y - tau) / gamma - 1, tau, y - gamma / 2, "All the weight is on one entry {y} where", y=y)
    d.text(
        """and that threshold leaves entries of {edge} and less without a share: so by {one} the maximum is exact as soon as one entry is {gamma} above all others. The gradient of the maximum is its maximiser
        (the envelope theorem: to the first order shares that change gain nothing):""",
        one=one,
        edge=y - gamma,
        gamma=gamma,
    )
    d.show(sparsemax.gradient)
    d.equal(Sum(1 / n, (j, 1, n)), 1, "Where all entries are equal, so are the shares, which add up to")
    return d
