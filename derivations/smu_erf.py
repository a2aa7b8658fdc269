"""The smooth maximum unit with erf: below the maximum, with GELU as a special case, and neither monotone nor a non-expansion."""

from collections.abc import Callable
from fractions import Fraction

from sympy import Abs, Eq, Float, Function, Interval, Max, Rational, S, Subs, Symbol, erf, exp, oo, pi, sqrt

from smoothsym import SmoothMax
from smoothsym.symbolic.derivation import BrokenStep, Derivation
from smoothsym.symbolic.figures import Curve, Figure
from smoothsym.words import x

a, b = x[1], x[2]
mu = Symbol("mu", positive=True)
z = Symbol("z", positive=True)
smu_erf = SmoothMax(
    name="smu_erf",
    title="Smooth maximum unit with erf",
    parameter=mu,
    definition=(a + b + (a - b) * erf(mu * (a - b))) / 2,
    notes="The SMU of Biswas et al., CVPR 2022.",
)
DIGITS = 20
Enclosure = tuple[Fraction, Fraction]


def derive() -> Derivation:
    d = Derivation("The other smooth maximum unit, with erf")
    f, gap = Symbol("f", real=True), z * (1 - erf(z)) / 2
    factor = erf(z) + 2 * z * exp(-(z**2)) / sqrt(pi)
    d.text(
        """Two functions are called smooth maximum unit. Biswas et al. (CVPR 2022) define SMU with the error function, and SMU-1 with a square root;
        Wikipedia, and this catalogue, mean the one with the square root. The two are not alike: that one is convex and monotone and lies above
        the maximum; the one with {erf} lies below it, and is neither.

        **Hypotheses.** Real {a} and {b}; {mu} positive.

        ## Definition""",
        erf=Function("erf")(z),
        a=a,
        b=b,
        mu=mu,
    )
    d.define(f, smu_erf.definition)
    t = Symbol("t", real=True)
    d.equal(
        smu_erf.definition.xreplace({a: t, b: S.Zero, mu: 1 / sqrt(2)}),
        t * (1 + erf(t / sqrt(2))) / 2,
        "Of {t} and zero, at {mu}, it is GELU: {t} times the normal distribution function",
        t=t,
        mu=Eq(mu, 1 / sqrt(2)),
    )
    _calculus(d, f)
    _gap(d, f, gap)
    _slopes(d, f, factor)
    return d


def _calculus(d: Derivation, f: Symbol) -> None:
    far = exp(-(mu**2) * (a - b) ** 2)
    g = Symbol("g_1", real=True)
    d.text("## Calculus")
    slope = erf(mu * (a - b)) + 2 * mu * (a - b) / sqrt(pi) * far
    d.derivative(f, a, (1 + slope) / 2, "The slope in the first entry")
    d.derivative(f, b, (1 - slope) / 2, "The slope in the second one; the two add up to one")
    bend = 2 * mu / sqrt(pi) * (1 - mu**2 * (a - b) ** 2) * far
    d.derivative(
        f,
        (a, a),
        bend,
        "Once more: near a tie it bends upwards, and downwards where {q} exceeds one",
        q=Abs(mu * (a - b)),
    )
    d.derivative(f, mu, (a - b) ** 2 / sqrt(pi) * far, "It rises with its parameter")
    d.derivative(f, (mu, mu), -2 * mu * (a - b) ** 4 / sqrt(pi) * far, "ever more slowly")
    d.text("## Limits")
    d.limit(f, mu, oo, Max(a, b), "Sharp, it is the maximum")
    d.limit(f, mu, 0, (a + b) / 2, "Blunt, from above, it is the mean", "+")
    d.define(g, (1 + slope) / 2)
    d.limit(
        g,
        mu,
        oo,
        smu_erf.limit(oo, of=(1 + slope) / 2),
        "The slope tends to that of the maximum, and to one half at ties",
    )


def _gap(d: Derivation, f: Symbol, gap: object) -> None:
    root = Symbol("z_0", positive=True)
    d.text("## How far below the maximum")
    v = Symbol("v", real=True)
    one = d.equal(
        (a + b + Abs(a - b)) / 2 - f,
        (Abs(a - b) - (a - b) * erf(mu * (a - b))) / 2,
        "The maximum is the mean and half the distance",
    )
    d.text(
        "Both parts of {one} depend on the distance alone, for {erf} is odd; so the gap is {gap} over {mu}, with {z} for {q}.",
        one=one,
        erf=Function("erf")(v),
        gap=gap,
        mu=mu,
        z=z,
        q=mu * Abs(a - b),
    )
    slope = (1 - erf(z)) / 2 - z * exp(-(z**2)) / sqrt(pi)
    first = d.derivative(gap, z, slope, "Its slope")
    second = d.derivative(slope, z, -2 * (1 - z**2) * exp(-(z**2)) / sqrt(pi), "and the slope of that")
    end = d.limit(slope, z, oo, S.Zero, "Far out the slope tends to")
    d.text(
        """By {second} the slope {first} falls up to one and rises from there on, to zero by {end}: once negative, it stays so. It has one zero, and there
        the gap is largest.""",
        second=second,
        first=first,
        end=end,
    )
    low, high = _bracket(_gap_slope, Fraction(0), Fraction(1))
    d.computed(
        _gap_slope(low)[0] > 0 > _gap_slope(high)[1],
        root,
        r"\in",
        _shown(low, high),
        "The zero",
        "by the signs of enclosures at both ends",
    )
    worst = _product((low, high), _complement(low, high))
    worst = worst[0] / 2, worst[1] / 2
    down, up = (Fraction(int(end * 10**DIGITS) + more, 10**DIGITS) for end, more in zip(worst, (0, 1), strict=True))
    d.computed(
        down <= worst[0] and worst[1] <= up,
        Subs(gap, z, root),
        r"\in",
        _shown(down, up),
        "and the gap there, but for the factor {mu}, with {root} for the zero",
        "by enclosures",
        mu=1 / mu,
        root=root,
    )
    d.text(
        "**The worst gap is about 0.1202 over {mu}**; it is never above the maximum, for {erf} is at most one.",
        mu=mu,
        erf=Function("erf")(z),
    )


def _slopes(d: Derivation, f: Symbol, factor: object) -> None:
    d.text("## It is not monotone")
    values = [_value(t) for t in (-1, -2)]
    d.computed(
        values[0][1] < values[1][0],
        Function("f")(-S.One, S.Zero),
        "<",
        Function("f")(-S(2), S.Zero),
        "At {one}, raising the lower entry from {low} to {high} lowers the value",
        "by enclosures of both values at these exact inputs",
        one=Eq(mu, 1),
        low=-S(2),
        high=-S.One,
    )
    d.figure(
        "smu_erf_falling_entry",
        _figure(),
        "The value at {x}, for {mu}, as {t} grows: it falls below zero, and comes back.",
        x=Function("f")(-Symbol("t"), S.Zero),
        mu=Eq(mu, 1),
        t=Symbol("t"),
    )
    d.text(
        "## How far it expands\n\nThe moduli of the two slopes add up to the larger of one and {factor}, with {z} for {q}.",
        factor=factor,
        z=z,
        q=mu * Abs(a - b),
    )
    rise = d.derivative(factor, z, 4 * (1 - z**2) * exp(-(z**2)) / sqrt(pi), "That has the slope")
    top = erf(S.One) + 2 / (exp(1) * sqrt(pi))
    value = d.equal(Subs(factor, z, 1), top, "so that it rises up to one, and falls from there on. At one it is")
    d.lemma(
        "Lipschitz constants of smooth functions",
        "The sup-norm constant of a differentiable function is the supremum of the sum of the moduli of its slopes.",
    )
    low, high = _top()
    down, up = (Fraction(int(end * 10**DIGITS) + more, 10**DIGITS) for end, more in ((low, 0), (high, 1)))
    d.computed(
        down <= low and high <= up and down > 1,
        top,
        r"\in",
        _shown(down, up),
        "In numbers",
        "by enclosures",
    )
    d.text(
        """By {rise} and {value} **the sup-norm Lipschitz constant is {top}, about 1.2578, for every {mu}**, attained where the entries are {q} apart. As for the
        Boltzmann operator of two entries, whose constant is about 1.1997, it is more than one, and so it is no non-expansion.""",
        rise=rise,
        value=value,
        top=top,
        mu=mu,
        q=1 / mu,
    )


# ---- enclosures with rational ends ------------------------------------------------------------------------------------------------

PRECISION = 10**40


def _outward(low: Fraction, high: Fraction) -> Enclosure:
    return Fraction(low * PRECISION // 1, PRECISION), Fraction(-(-high * PRECISION // 1), PRECISION)


def _alternating(term: Callable[[int], Fraction]) -> Enclosure:
    """A series whose terms alternate: once they fall, its value lies between any two partial sums in a row."""
    total, q = term(0), 0
    while True:
        q += 1
        following = term(q)
        if abs(following) < Fraction(1, PRECISION) and abs(following) < abs(term(q - 1)):
            return _outward(min(total, total + following), max(total, total + following))
        total += following


def _factorial(q: int) -> int:
    return 1 if q < 2 else q * _factorial(q - 1)


def _arctangent(t: Fraction) -> Enclosure:
    return _alternating(lambda q: (-1) ** q * t ** (2 * q + 1) / (2 * q + 1))


def _root_of_pi() -> Enclosure:
    """pi = 16 arctan(1/5) - 4 arctan(1/239) (Machin), and its root by comparing squares."""
    five, other = _arctangent(Fraction(1, 5)), _arctangent(Fraction(1, 239))
    low, high = 16 * five[0] - 4 * other[1], 16 * five[1] - 4 * other[0]
    return _root(low)[0], _root(high)[1]


def _root(value: Fraction) -> Enclosure:
    low, high = Fraction(1), Fraction(2)
    while high - low > Fraction(1, PRECISION):
        middle = (low + high) / 2
        low, high = (middle, high) if middle**2 <= value else (low, middle)
    return low, high


_ROOT_OF_PI = _root_of_pi()


def _erf(t: Fraction) -> Enclosure:
    """2/sqrt(pi) times the alternating series of the integral of exp(-t^2)."""
    whole = _alternating(lambda q: (-1) ** q * t ** (2 * q + 1) / (_factorial(q) * (2 * q + 1)))
    return _outward(2 * whole[0] / _ROOT_OF_PI[1], 2 * whole[1] / _ROOT_OF_PI[0])


def _bell(t: Fraction) -> Enclosure:
    """2 t exp(-t^2)/sqrt(pi)."""
    power = _alternating(lambda q: (-1) ** q * t ** (2 * q) / _factorial(q))
    return _outward(2 * t * power[0] / _ROOT_OF_PI[1], 2 * t * power[1] / _ROOT_OF_PI[0])


def _gap_slope(t: Fraction) -> Enclosure:
    """1 - erf(t) - 2 t exp(-t^2)/sqrt(pi)."""
    one, other = _erf(t), _bell(t)
    return 1 - one[1] - other[1], 1 - one[0] - other[0]


def _complement(low: Fraction, high: Fraction) -> Enclosure:
    """1 - erf over an interval: erf rises."""
    return 1 - _erf(high)[1], 1 - _erf(low)[0]


def _product(p: Enclosure, q: Enclosure) -> Enclosure:
    """Of two intervals of positive numbers."""
    return p[0] * q[0], p[1] * q[1]


def _top() -> Enclosure:
    one, other = _erf(Fraction(1)), _bell(Fraction(1))
    return one[0] + other[0], one[1] + other[1]


def _value(t: int) -> Enclosure:
    """f(t, 0) = t (1 + erf(t))/2 at mu = 1, for negative t."""
    low, high = _complement(Fraction(-t), Fraction(-t))
    return t * high / 2, t * low / 2


def _bracket(slope: Callable[[Fraction], Enclosure], low: Fraction, high: Fraction) -> Enclosure:
    """Decimals so close that the gap between them is known to the digits that are shown, the slope positive and then negative."""
    unit = 10 ** (DIGITS + 6)
    left, right = int(low * unit), int(high * unit)
    while right - left > 1:
        middle = (left + right) // 2
        found = slope(Fraction(middle, unit))
        if found[0] <= 0 <= found[1]:
            raise BrokenStep(f"the sign of the slope at {middle}/{unit} is not decided")
        left, right = (middle, right) if found[0] > 0 else (left, middle)
    return Fraction(left, unit), Fraction(right, unit)


def _shown(low: Fraction, high: Fraction) -> Interval:
    return Interval(*(Float(Rational(end.numerator, end.denominator), DIGITS + 7) for end in (low, high)))


def _figure() -> Figure:
    """Each point is an enclosure, rounded to six digits."""
    points = [(Fraction(0), Fraction(0))]
    for eighth in range(1, 33):
        t = Fraction(eighth, 8)
        low, high = _complement(t, t)
        points.append((t, Fraction(round(-t * (low + high) / 4 * 10**6), 10**6)))
    return Figure(
        "The value with erf against a falling entry",
        [Curve("f(-t, 0)", points)],
        ("t", (0, 1, 2, 3, 4)),
        ("value", ("-3/20", "-1/10", "-1/20", 0)),
    )
