"""Guarded forms are the same values, proved, and keep their digits where the plain ones lose them."""

from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp
from sympy import Abs, Sum, exp, log

import smoothsym as ss
from smoothsym.program import arrays, numbers
from smoothsym.program.balls import Balls
from smoothsym.program.guarded import SHIFT, guarded
from smoothsym.program.guards import (
    MARGIN,
    beyond_one,
    computed,
    distance_power,
    exprel,
    last,
    log1prel,
    mean_power,
    meaning,
    power_excess,
    proved,
    quotient,
    quotient_power,
    scaled,
    weighted,
)
from smoothsym.program.lower import lower, select
from smoothsym.words import alpha, j, n, p, x

Y, Z = Abs(x[1]), Abs(x[2])
GUARDED = [
    weighted(x[1], x[2]),
    scaled(x[1], 1, beyond_one(Z, p)),
    scaled(x[1], 3 + Z, quotient_power(Y, Z, 1 - p)),
    scaled(1, x[1], quotient_power(Y, Z, p - 2), quotient_power(Z, Y, p)),
    beyond_one(Y, p),
    quotient_power(Y, Z, p),
    quotient_power(Y, Z, p - 1),
    distance_power(Y, Z, p),
    distance_power(Y, Y * (1 + Z / 10**41), 8 * p),
    power_excess(Y, Z, p),
    last(x[1], Z),
    quotient(x[1], Z),
    exprel(x[1]),
    log1prel(Y),
]
POINTS = [(3, 5), (7, -80), (-2, -400), (Fraction(1, 10**40), Fraction(3, 7)), (10**35, Fraction(1, 3)), (5, 10**33)]


def enclosed(expression, point, power):
    arithmetic = Balls(1300)
    row = [arithmetic.number(Fraction(v)) for v in point]
    return numbers.run(lower([expression]), arithmetic, {"x": row}, {"p": arithmetic.number(power)})[0]


@pytest.mark.sampled
@pytest.mark.parametrize("power", [Fraction(5, 2), Fraction(-3), Fraction(1, 5), Fraction(-1, 3)])
@pytest.mark.parametrize("form", GUARDED, ids=lambda form: str(form))
def test_what_is_computed_is_what_is_meant(form, power):
    for point in POINTS:
        for way in (computed(form), carefully(form)):
            (a, b), (c, d) = enclosed(way, point, power), enclosed(meaning(form), point, power)
            assert max(mp.make_mpf(a), mp.make_mpf(c)) <= min(mp.make_mpf(b), mp.make_mpf(d))


def carefully(form):
    """What is computed where nothing is in range: exact numbers always are."""
    ways = computed(form)
    while tests := [e for e in ways.atoms(select) if e.args[0].has(MARGIN)]:
        ways = ways.xreplace({tests[0]: tests[0].args[2]})
    return ways


def test_both_ends_of_a_mean_power_are_proved():
    mean, excess = Sum(x[j], (j, 1, n)) / n, Sum(x[j] - 1, (j, 1, n)) / n
    assert proved(mean_power(mean, excess, p), mean**p, "positive")
    assert not proved(mean_power(mean, 2 * excess, p), mean**p, "positive")
    assert not proved(mean_power(2 * mean, excess, p), (2 * mean) ** p, "positive")


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", [op for op in ss.operators.values() if op.explicit], ids=str)
def test_the_float_form_of_every_operator_is_proved(op, of):
    # With the shift of a mean as a free symbol.
    assert proved(guarded(op.stable(of), op.formula(of), op.domain), op.formula(of), op.domain)


def test_the_form_of_a_mean_is_proved_for_every_shift_and_no_other():
    form = guarded(ss.boltzmann.stable(), ss.boltzmann.definition)
    assert form.has(SHIFT)
    assert not proved(form - SHIFT, ss.boltzmann.definition)
    assert not proved(form.subs(SHIFT, x[1]) + SHIFT - x[2], ss.boltzmann.definition)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda f, t: weighted(f, t / 2),
        lambda f, t: weighted(-f, t),
        lambda f, t: weighted(f + 1, t),
        lambda f, t: weighted(f, -t),
    ],
)
def test_a_wrong_guard_is_not_proved(wrong):
    f, t = x[j], alpha * x[j]
    definition = Sum(f * exp(t), (j, 1, n))
    assert proved(Sum(weighted(f, t), (j, 1, n)), definition)
    assert not proved(Sum(wrong(f, t), (j, 1, n)), definition)
    assert not proved(log1prel(exp(alpha)) * exp(alpha), log(1 + exp(-alpha)))
    assert not proved(quotient_power(Y, Z, p - 1), (Y / Z) ** p)


@pytest.mark.parametrize(
    ("form", "row", "power"),
    [
        (weighted(x[1], x[2]), (1e300, -1000.0), 1.0),
        (weighted(x[1], x[2]), (-1e308, -1400.0), 1.0),
        (quotient_power(Y, Z, p), (5e-324, 1e300), 0.01),
        (quotient_power(Y, Z, p), (1e300, 5e-324), -0.03),
        (quotient_power(Y, Z, p - 1), (1e-19, 2e257), 0.0137),
        (beyond_one(Y, p), (1e-18, 0.0), 1e17),
        (exprel(x[1]), (5e-324, 0.0), 1.0),
        (exprel(x[1]), (-1e-9, 0.0), 1.0),
        (log1prel(Y), (5e-324, 0.0), 1.0),
    ],
)
def test_digits_are_kept(form, row, power):
    (low, _) = enclosed(meaning(form), row, Fraction(power))
    exact = float(mp.make_mpf(low))
    with np.errstate(all="ignore"):
        plain = arrays.run(lower([meaning(form)]), np.array([row]), {"p": np.float64(power)})[0]
        got = arrays.run(lower([computed(form)]), np.array([row]), {"p": np.float64(power)})[0]
    assert got == pytest.approx(exact, rel=4e-15, abs=0)
    assert plain != pytest.approx(exact, rel=4e-15, abs=0)


def test_a_power_that_overflows_beside_a_small_factor():
    (low, _) = enclosed(meaning(scaled(x[1], 1, beyond_one(Y, p))), (1e-200, 1.0), Fraction(1050))
    with np.errstate(all="ignore"):
        got = arrays.run(
            lower([computed(scaled(x[1], 1, beyond_one(Y, p)))]), np.array([(1e-200, 1.0)]), {"p": np.float64(1050)}
        )[0]
    # The exponent, 728, is rounded.
    assert got == pytest.approx(float(mp.make_mpf(low)), rel=728 * 2**-52)


@pytest.mark.parametrize(
    ("form", "row", "right"),
    [
        (weighted(x[1], x[2]), (np.inf, -2000.0), 0.0),
        (weighted(x[1], x[2]), (1e308, -2000.0), 0.0),
        (exprel(x[1]), (0.0, 0.0), 1.0),
        (exprel(x[1]), (-np.inf, 0.0), 0.0),
        (log1prel(Y), (0.0, 0.0), 1.0),
    ],
)
def test_limits_are_taken(form, row, right):
    with np.errstate(all="ignore"):
        assert arrays.run(lower([computed(form)]), np.array([row]), {})[0] == right
