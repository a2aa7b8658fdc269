"""Every figure that enclose prints agrees with Arb at twice the precision, and with mpmath at 400 digits, on random and on hostile inputs."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import mpmath
import pytest

import smoothsym as ss
from smoothsym.program.balls import Balls

NAMES = ("boltzmann", "logsumexp", "mellowmax", "pnorm")

# ---- the operators in Arb: softmax weights by pairs, derivatives by entropy and by sums over pairs -----------------------------


def rational(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def total(terms) -> flint.arb:
    return sum(terms, flint.arb(0))


def arb_value(name: str, x: list[Fraction], a: Fraction, of: str, position: int) -> flint.arb:
    """The operator by other formulas than ours, in Arb: other code, other functions."""
    t, n = rational(a), len(x)
    xs = [rational(v) for v in x]
    if name == "pnorm":
        keys = [abs(v).log() for v in xs]
        gaps = [[rational(abs(v) / abs(u)).log() for u in x] for v in x]
    else:
        keys = xs
        gaps = [[rational(v - u) for u in x] for v in x]
    # others[i] = sum over k != i of exp(a (key_k - key_i)); the weight of i is 1 / (1 + others[i]).
    others = [total((t * gaps[k][i]).exp() for k in range(n) if k != i) for i in range(n)]
    weights = [1 / (1 + o) for o in others]
    entropy = total(o.log1p() * w for o, w in zip(others, weights, strict=True))
    heaviest = min(range(n), key=lambda q: float((others[q] + 1).log().mid()))
    log_sum = keys[heaviest] + others[heaviest].log1p() / t
    if name == "pnorm":
        if of == "gradient":
            slope = weights[position] * log_sum.exp() / abs(xs[position])
            return slope if x[position] > 0 else -slope
        return log_sum.exp() if of == "value" else -log_sum.exp() * entropy / t**2
    if name == "boltzmann":
        centred = [total(w * gaps[i][k] for k, w in enumerate(weights)) for i in range(n)]
        if of == "value":
            return keys[heaviest] - centred[heaviest]
        if of == "gradient":
            return weights[position] * (1 + t * centred[position])
        return total(weights[i] * weights[k] * gaps[i][k] ** 2 for i in range(n) for k in range(i))
    if of == "gradient":
        return weights[position]
    if name == "logsumexp":
        return log_sum if of == "value" else -entropy / t**2
    return log_sum - flint.arb(n).log() / t if of == "value" else (flint.arb(n).log() - entropy) / t**2


def accurate(name: str, x: list[Fraction], a: Fraction, of: str, position: int, bits: int) -> flint.arb:
    """The value to `bits` relative bits; where it may be zero, to as many absolute ones, and more."""
    for precision in (2 * bits, 8 * bits, 32 * bits, 128 * bits):
        flint.ctx.prec = precision + 2000  # exponents have up to 2000 bits
        truth = arb_value(name, x, a, of, position)
        if truth.rel_accuracy_bits() >= bits:
            return truth
    return truth


# ---- inputs -------------------------------------------------------------------------------------------------------------------


def ordinary(generator: random.Random, name: str) -> tuple[list[Fraction], Fraction]:
    x = [Fraction(generator.gauss(0, 3)) for _ in range(generator.choice((1, 2, 3, 4, 8)))]
    return x, Fraction(generator.choice((1.0, 0.7, 2.5, -1.3) if name != "pnorm" else (1, 2, 3, 1.5, 0.7, -2)))


def wide(generator: random.Random) -> float:
    return generator.choice((1, -1)) * generator.uniform(1, 10) * 10.0 ** generator.randint(-300, 307)


def hostile(generator: random.Random, name: str) -> tuple[list[Fraction], Fraction]:
    """Ties, offsets, results near zero, dominant entries, and both ends of the range, for entries and parameter alike."""
    n = generator.choice((1, 2, 3, 5))
    rows = (
        lambda: [generator.uniform(-5, 5)] * n,
        lambda: [1e10 + generator.random() for _ in range(n)],
        lambda: [0.0] + [-generator.uniform(30, 800) for _ in range(n)],
        lambda: [-0.6931471805599453] * 2,
        lambda: [-1.0986122886681098, -1.0986122886681096, -1.09861228866811],
        lambda: [generator.uniform(-1, 1) * 1.7e308 for _ in range(n)],
        lambda: [generator.uniform(-1, 1) * 1e-300 for _ in range(n)],
        lambda: [wide(generator) for _ in range(n)],
        lambda: [1e300, 0.0],
        lambda: [0.0, -1e308],
        lambda: [generator.choice((-1.0, 1.0)) + generator.randint(-3, 3) * 2.0**-52 for _ in range(n)],
    )
    parameters = (1.0, -1.0, 0.5, 3.0, 1e-12, -1e-30, 1e-300, 1e300, 1e308, 1e-308, 1e4, -1e5, abs(wide(generator)))
    if name == "pnorm":
        parameters = (1, 2, 3, 0.5, 1.5, 7.25, 100, -1, -2.5, 1e17, 1e-6, -1e6, 1e6, Fraction(1, 3), Fraction(22, 7))
    x = generator.choice(rows)()
    if name == "pnorm":
        x = [v or 1.0 for v in x]
    return [Fraction(v) for v in x], Fraction(generator.choice(parameters))


# ---- the comparison -----------------------------------------------------------------------------------------------------------


def parsed(printed: str) -> tuple[int, int]:
    """(m, e): the decimal m 10^e."""
    mantissa, _, exponent = printed.partition("e")
    whole, _, part = mantissa.partition(".")
    return int(whole + part), int(exponent or 0) - len(part)


def agrees(printed: str, truth: flint.arb) -> bool:
    """Whether a decimal is within half a unit of its last digit of the truth."""
    m, e = parsed(printed)
    if m == 0:
        return bool(truth.contains(0))
    unit = flint.arb(10) ** e
    return bool(abs(truth - m * unit) <= unit * NEARLY_HALF)


NEARLY_HALF = flint.arb(flint.fmpq(500001, 1000000))


def holds(enclosure: ss.Enclosure, truth: flint.arb) -> bool:
    """Whether an enclosure and the ball of the truth overlap."""

    def exact(end) -> flint.arb:
        sign, man, exponent, _ = end._mpf_
        return flint.arb((-int(man) if sign else int(man), int(exponent)))

    return bool(exact(enclosure.lo) <= truth.upper()) and bool(exact(enclosure.hi) >= truth.lower())


def compare(name: str, draw, count: int, digits: int = 30) -> None:
    generator = random.Random(f"{name} {draw.__name__}")
    op = ss.operators[name]
    for trial in range(count):
        x, a = draw(generator, name)
        of = ("value", "gradient", op.parameter.name)[trial % 3]
        position = generator.randrange(len(x))
        result = ss.enclose(op, x, of=of, digits=digits, **{op.parameter.name: a})
        enclosure = result[position] if of == "gradient" else result
        truth = accurate(name, x, a, of, position, bits=7 * digits)
        assert holds(enclosure, truth), (x, a, of, position)
        assert agrees(enclosure.digits(digits), truth), (x, a, of, position)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("draw", "count"), [(ordinary, 120), (hostile, 120)])
def test_figures_agree_with_arb(name, draw, count):
    compare(name, draw, count)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("draw", "count"), [(ordinary, 6000), (hostile, 1200)])
def test_more_figures_agree_with_arb(name, draw, count):
    compare(name, draw, count)


def test_a_wrong_last_digit_is_caught():
    truth = accurate("logsumexp", [Fraction(0), Fraction(1)], Fraction(1), "value", 0, 200)
    printed = ss.enclose(ss.logsumexp, [0, 1], alpha=1, digits=30).digits(30)
    wrong = printed[:-1] + str((int(printed[-1]) + 1) % 10)
    assert agrees(printed, truth)
    assert not agrees(wrong, truth)


def test_a_ball_that_is_too_narrow_is_caught(monkeypatch):
    honest = Balls.sum
    monkeypatch.setattr(Balls, "sum", lambda self, values: (honest(self, values)[0],) * 2)
    with pytest.raises(AssertionError):
        compare("logsumexp", ordinary, 30)


# ---- mpmath, for what no textbook formula in Arb loses -------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_figures_agree_with_mpmath_at_400_digits(name):
    generator = random.Random(name)
    op = ss.operators[name]
    with mpmath.workdps(400):
        for _ in range(40):
            x, a = ordinary(generator, name)
            xs, t = [mpmath.mpf(v.numerator) / v.denominator for v in x], mpmath.mpf(a.numerator) / a.denominator

            def value(*entries, t=t):
                if name == "pnorm":
                    return mpmath.fsum(abs(v) ** t for v in entries) ** (1 / t)
                weights = [mpmath.exp(t * v) for v in entries]
                if name == "boltzmann":
                    return mpmath.fdot(weights, entries) / mpmath.fsum(weights)
                return mpmath.log(mpmath.fsum(weights) / (len(weights) if name == "mellowmax" else 1)) / t

            def shown(number):
                return ss.Enclosure(number, number, 1400).digits(50)

            keywords = {"digits": 50, op.parameter.name: a}
            assert ss.enclose(op, x, **keywords).digits(50) == shown(value(*xs))
            slopes = ss.enclose(op, x, of="gradient", **keywords)
            for q, slope in enumerate(slopes):

                def along(v, q=q, xs=xs, value=value):
                    return value(*(v if k == q else u for k, u in enumerate(xs)))

                assert slope.digits(50) == shown(mpmath.diff(along, xs[q], h=mpmath.mpf(10) ** -150))
