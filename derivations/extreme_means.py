"""One lemma behind the sharp constants: of a mean with one entry known, no other entry adds more than at the summit of one function."""

from sympy import E, Eq, Function, IndexedBase, LambertW, S, Subs, Sum, Symbol, exp

from smoothsym.catalogue import boltzmann, lehmer
from smoothsym.catalogue.lehmer import gap
from smoothsym.symbolic.derivation import Derivation
from smoothsym.symbolic.signs import POSITIVE_ENTRIES
from smoothsym.words import alpha, j, k, m, n, p, x

u, top, bound, omega = (Symbol(name, nonnegative=True) for name in ("u", "u_s", "gamma", "omega"))
t = IndexedBase("u", nonnegative=True)
OTHERS = (j, 1, n - m)


def derive() -> Derivation:
    d = Derivation("Extreme means: the lemma behind the sharp constants")
    above, below, psi = (Function(name)(u) for name in ("A", "B", "psi"))
    d.text(
        """Many smooth maxima are means: a sum of {above} over a sum of {below}, where {u} says how far each entry lies from the largest
        one. How large can such a mean be? The largest entry is known, it is at the distance zero; each of the others may be anywhere. The lemma says that they
        do worst when they are all at one place, which one function of one number tells.

        **Hypotheses.** {n} numbers {ti}, not negative, of which {m} have the known value {zero}; {below} positive; {bound} any number.

        ## The lemma

        Take {psi} for the difference""",
        above=above,
        below=below,
        u=u,
        n=n,
        ti=t[j],
        m=m,
        zero=S.Zero,
        bound=bound,
        psi=psi,
    )
    d.show(Eq(psi, above - bound * below))
    d.text(
        """**Let {psi} rise up to {top}, and fall from there on. If {claim} is not positive, then the mean is at most {bound}; and if it is zero,
        {bound} is attained: where all other entries are at {top}.**

        The sum of {psi} over all entries is {m} times its value at {zero}, and {others} values that are at most {most} each. So it is
        at most {claim}. It is also the sum of {above} less {bound} times that of {below}, and the latter is positive: where the one
        is not positive, the quotient of the other two is at most {bound}. There is equality where each of the values is {most}.

        A function rises up to a place and falls from there on if its slope is the distance to that place times something that is not negative. So for
        each use there is an identity to check, and a sign; and that the claim is zero is another identity.""",
        psi=psi,
        top=top,
        claim=m * Function("psi")(S.Zero) + (n - m) * Function("psi")(top),
        bound=bound,
        m=m,
        zero=S.Zero,
        others=n - m,
        most=Function("psi")(top),
        above=above,
        below=below,
    )
    _gap(d)
    _second_moment(d)
    _cubes(d)
    _lehmer(d)
    return d


def _gap(d: Derivation) -> None:
    fall, over = alpha * (x[k] - x[j]), (j, 1, n)
    d.text(
        """## The gap of the Boltzmann operator, with ties

        The falls of the entries from the largest one, times {alpha}, are the numbers; with the largest entry {top}""",
        alpha=alpha,
        top=x[k],
    )
    d.equal(
        alpha * (x[k] - boltzmann.definition),
        Sum(fall * exp(-fall), over) / Sum(exp(-fall), over),
        "the gap is a mean of that kind",
    )
    psi = (u - omega) * exp(-u)
    _summit(d, psi, 1 + omega, exp(-u))
    d.text(
        "If {m} entries tie for the largest, the claim is zero where {root}:",
        m=m,
        root=Eq(LambertW((n - m) / (E * m)), omega),
    )
    _met(d, psi, 1 + omega, m, (m * omega * exp(1 + omega)))


def _second_moment(d: Derivation) -> None:
    d.text(
        """## The second moment of the falls

        The mean of the squares of the falls bounds rounding errors. With {bound} written as {form}, the function and its slope are""",
        bound=bound,
        form=omega * (omega + 2),
    )
    psi = (u**2 - omega * (omega + 2)) * exp(-u)
    _summit(d, psi, 2 + omega, (u + omega) * exp(-u))
    d.text("With one largest entry the claim is zero where {root}:", root=Eq(LambertW(2 * (n - 1) / E**2), omega))
    _met(d, psi, 2 + omega, S.One, omega * exp(2 + omega) / 2)


def _cubes(d: Derivation) -> None:
    rise, over = alpha * (x[j] - x[k]), (j, 1, n)
    d.text(
        """## Where the Boltzmann operator is monotone

        A slope is not negative as long as its entry is not farther than {reach} below the value; the entry that matters is the smallest, {low}. Measured from it,""",
        reach=1 / alpha,
        low=x[k],
    )
    d.equal(
        alpha * (boltzmann.definition - x[k]),
        Sum(rise * exp(rise), over) / Sum(exp(rise), over),
        "the value is a mean again, and it is to be at most one",
    )
    psi = (u - 1) * exp(u)
    slope = d.derivative(psi, u, u * exp(u), "The function rises all the way")
    up = d.sign(u * exp(u), ">=", "as its slope is not negative")
    d.text(
        """By {slope} and {up} the others do worst at the end of the range, {end} for a cube of that edge times {alpha}. The claim is zero where {root}:""",
        slope=slope,
        up=up,
        end=1 + omega,
        alpha=alpha,
        root=Eq(LambertW(1 / (E * (n - 1))), omega),
    )
    _met(d, psi, 1 + omega, S.One, exp(-1 - omega) / omega)
    d.text(
        "On any smaller cube the operator is monotone; on this one the slope vanishes at one corner, and beyond it there are slopes that are negative."
    )


def _lehmer(d: Derivation) -> None:
    y, over = POSITIVE_ENTRIES, (j, 1, n)
    part = y[j] / y[k]
    d.text(
        """## The gap of the Lehmer mean

        Positive entries are measured as parts of the largest one, {part}; its own is one. For {power} the relative gap""",
        part=part,
        power=p > 1,
    )
    r, share, q = Symbol("r", positive=True), Symbol("g", nonnegative=True), Symbol("q", positive=True)
    d.equal(
        1 - lehmer.definition.xreplace({x: y}) / y[k],
        Sum(part ** (p - 1) - part**p, over) / Sum(part ** (p - 1), over),
        "is a mean as well",
    )
    d.text("Write {q} for the excess of {p} over one, and {g} for the bound.", q=q, p=p, g=share)
    psi = r**q * (1 - r - share)
    place = q * (1 - share) / (1 + q)
    d.derivative(psi, r, (place - r) * (1 + q) * r ** (q - 1), "The function has the slope")
    d.sign((1 + q) * r ** (q - 1), ">=", "the last factors of which are positive")
    count = (1 + q) ** (1 + q) * share / (q**q * (1 - share) ** (1 + q))
    d.text("so it has its summit at {place}. The claim is zero where {root}:", place=place, root=Eq(count, n - 1))
    v = Symbol("v", positive=True)
    d.equal(
        (-share + count * psi.subs(r, place)).subs(share, v / (1 + v)),
        0,
        "With so many other entries, and the bound as {form}, it is",
        form=Eq(share, v / (1 + v)),
    )
    d.text("That root is what the law of the Lehmer mean names {gap}.", gap=gap(n, p))


def _summit(d: Derivation, psi, place, rest) -> None:
    slope = d.derivative(psi, u, (place - u) * rest, "The function {psi} has the slope", psi=psi)
    sign = d.sign(rest, ">=", "the last factor of which is not negative")
    d.text("By {slope} and {sign} it has its summit at {place}.", slope=slope, sign=sign, place=place)


def _met(d: Derivation, psi, place, count, free) -> None:
    """The claim vanishes with so many free entries."""
    d.equal(
        count * Subs(psi, u, 0).doit() + free * Subs(psi, u, place).doit(),
        0,
        "With {free} other entries, as the root has it, the claim is",
        free=free,
    )
