"""Every figure that enclose prints agrees with Arb at twice the precision, on random and on hostile inputs."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import pytest

import smoothsym as ss

DIGITS = 30


def rational(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def arb_value(name: str, x: list[Fraction], a: Fraction, of: str, position: int) -> flint.arb:
    """The operator by its textbook formula, in Arb: other code, other formulas, other functions."""
    xs, t = [rational(v) for v in x], rational(a)
    if name == "pnorm":
        powers = [(abs(v) ** t if v != 0 else flint.arb(0)) for v in xs]
        total = sum(powers, flint.arb(0))
        norm = total ** (1 / t)
        if of == "value":
            return norm
        if of == "gradient":
            v = xs[position]
            return flint.arb(0) if v == 0 else (v / abs(v)) * (abs(v) / norm) ** (t - 1)
        logs = sum((w * abs(v).log() for w, v in zip(powers, xs, strict=True) if v != 0), flint.arb(0))
        return norm * (logs / total / t - total.log() / t**2)
    weights = [(t * v).exp() for v in xs]
    z = sum(weights, flint.arb(0))
    s = sum((w * v for w, v in zip(weights, xs, strict=True)), flint.arb(0)) / z
    if name == "boltzmann":
        if of == "value":
            return s
        if of == "gradient":
            return weights[position] / z * (1 + t * (xs[position] - s))
        return sum((w * (v - s) ** 2 for w, v in zip(weights, xs, strict=True)), flint.arb(0)) / z
    if of == "gradient":
        return weights[position] / z
    value = (z / (len(x) if name == "mellowmax" else 1)).log() / t
    return value if of == "value" else (s - value) / t


def hostile(generator: random.Random, name: str) -> tuple[list[Fraction], Fraction]:
    kind = generator.randrange(8)
    n = generator.choice((1, 2, 3, 5))
    a = Fraction(generator.choice((1.0, -1.0, 0.5, 3.0)))
    if kind == 0:  # ties
        x = [generator.uniform(-5, 5)] * n
    elif kind == 1:  # a large offset
        x = [1e10 + generator.random() for _ in range(n)]
    elif kind == 2:  # one dominant entry
        x = [0.0] + [-generator.uniform(30, 300) for _ in range(n)]
    elif kind == 3:  # near zero: entries of log-weights
        x = [-0.6931471805599453] * 2
    elif kind == 4:  # the largest floats
        x = [generator.uniform(-1, 1) * 1.7e308 for _ in range(n)]
        a = Fraction(generator.choice((1e-307, 1e-308)))
    elif kind == 5:  # tiny entries
        x = [generator.uniform(-1, 1) * 1e-300 for _ in range(n)]
    elif kind == 6:  # tiny alpha
        x, a = [generator.uniform(-9, 9) for _ in range(n)], Fraction(generator.choice((1e-12, -1e-30, 1e-60)))
    else:  # huge alpha
        x, a = [generator.uniform(0, 1e-3) for _ in range(n)], Fraction(generator.choice((1e4, -1e5)))
    if name == "pnorm":
        a = Fraction(generator.choice((1, 2, 3, 0.5, 1.5, 7.25, 100, -1, -2.5)))
        x = [v or 1.0 for v in x]
    return [Fraction(v) for v in x], a


def ordinary(generator: random.Random, name: str) -> tuple[list[Fraction], Fraction]:
    x = [Fraction(generator.gauss(0, 3)) for _ in range(generator.choice((1, 2, 3, 4, 8)))]
    return x, Fraction(generator.choice((1.0, 0.7, 2.5, -1.3) if name != "pnorm" else (1, 2, 3, 1.5, 0.7, -2)))


def agrees(printed: str, truth: flint.arb) -> bool:
    """Whether a decimal of DIGITS digits is within half a unit of its last digit of the truth."""
    value = Fraction(printed)
    digits = printed.lstrip("-").split("e")[0].replace(".", "").lstrip("0")
    if value == 0:
        return bool(truth.contains(0))
    exponent = len(str(abs(value.numerator))) - len(str(value.denominator))
    while abs(value) >= Fraction(10) ** (exponent + 1):
        exponent += 1
    while abs(value) < Fraction(10) ** exponent:
        exponent -= 1
    unit = Fraction(10) ** (exponent - len(digits) + 1)
    return bool(abs(truth - rational(value)) <= rational(unit * Fraction(500001, 1000000)))


@pytest.mark.parametrize("name", ["boltzmann", "logsumexp", "mellowmax", "pnorm"])
@pytest.mark.parametrize(("draw", "count"), [(ordinary, 500), (hostile, 50)])
def test_enclose_agrees_with_arb(name: str, draw, count: int) -> None:  # type: ignore[no-untyped-def]
    generator = random.Random(f"{name} {draw.__name__}")
    op = ss.operators[name]
    flint.ctx.prec = 4000
    for trial in range(count):
        x, a = draw(generator, name)
        of = ("value", "gradient", op.parameter.name)[trial % 3]
        position = generator.randrange(len(x))
        result = ss.enclose(op, x, of=of, digits=DIGITS, **{op.parameter.name: a})
        enclosure = result[position] if of == "gradient" else result
        truth = arb_value(name, x, a, of, position)
        assert agrees(enclosure.digits(DIGITS), truth), (x, a, of, position)


def test_a_wrong_last_digit_is_caught() -> None:
    flint.ctx.prec = 400
    truth = arb_value("logsumexp", [Fraction(0), Fraction(1)], Fraction(1), "value", 0)
    printed = ss.enclose(ss.logsumexp, [0, 1], alpha=1, digits=DIGITS).digits(DIGITS)
    wrong = printed[:-1] + str((int(printed[-1]) + 1) % 10)
    assert agrees(printed, truth)
    assert not agrees(wrong, truth)
