"""Decimals are rounded once, correctly, at every exponent: against exact rationals, and one way of writing them against the other."""

import random
from fractions import Fraction

import mpmath
import pytest
from mpmath import libmp

import smoothsym as ss
from smoothsym.certify import decimals


def numbers(count, low, high):
    generator = random.Random(count)
    for _ in range(count):
        man = generator.getrandbits(generator.randint(1, 40)) * generator.choice((1, 5, 5**6)) or 1
        yield (
            libmp.from_man_exp(generator.choice((1, -1)) * man, generator.randint(low, high)),
            generator.randint(1, 12),
        )


def fraction(raw):
    sign, man, exponent, _ = raw
    return Fraction(-int(man) if sign else int(man)) * Fraction(2) ** int(exponent)


def test_a_decimal_is_the_nearest_the_one_below_or_the_one_above():
    for raw, k in numbers(1000, -80, 80):
        value = fraction(raw)
        for way in ("nearest", "down", "up"):
            m, e = decimals.decimal(raw, k, way=way)
            off, unit = value - Fraction(m) * Fraction(10) ** e, Fraction(10) ** e
            assert 10 ** (k - 1) <= abs(m) < 10**k
            assert {"nearest": abs(off) <= unit / 2, "down": 0 <= off < unit, "up": -unit < off <= 0}[way]


def test_a_step_beside_a_number_is_a_step_of_the_answer():
    half = Fraction(25, 2)  # 12.5, a tie
    assert [decimals.decimal(half, 2, step) for step in (-1, 0, 1)] == [(12, 0), (12, 0), (13, 0)]
    assert [decimals.decimal(-half, 2, step) for step in (-1, 0, 1)] == [(-13, 0), (-12, 0), (-12, 0)]
    assert [decimals.decimal(Fraction(100), 2, step, "down") for step in (-1, 0)] == [(99, 0), (10, 1)]
    assert [decimals.decimal(Fraction(100), 2, step, "up") for step in (0, 1)] == [(10, 1), (11, 1)]


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_too_long_to_write_out_is_rounded_by_logarithms_to_the_same(sign, monkeypatch):
    given = [(raw, k) for raw, k in numbers(60, sign * 70_000, sign * 70_000)]
    by_logarithms = [decimals.decimal(raw, k, way=way) for raw, k in given for way in ("nearest", "down", "up")]
    monkeypatch.setattr(decimals, "FAR", 1 << 20)
    assert by_logarithms == [decimals.decimal(raw, k, way=way) for raw, k in given for way in ("nearest", "down", "up")]


def test_an_exponent_of_three_hundred_digits():
    printed = ss.enclose(ss.logsumexp, [0, -1e300], alpha=1, digits=15).digits(15)
    with mpmath.workdps(350):
        log10 = -mpmath.mpf(1e300) / mpmath.log(10)
        mantissa = mpmath.nstr(10 ** (log10 - mpmath.floor(log10)), 15)
        assert printed == f"{mantissa}e{int(mpmath.floor(log10))}"


def test_ends_are_printed_outward():
    enclosure = ss.enclose(ss.logsumexp, [0, 0], alpha=1, digits=40)
    low, high = str(enclosure).strip("[]").split(", ")
    assert Fraction(low) < fraction(enclosure.lo._mpf_) <= fraction(enclosure.hi._mpf_) < Fraction(high)
