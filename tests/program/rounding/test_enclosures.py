"""Boxes hold what they say: against exact rational arithmetic, and mpmath at 300 bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf

from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding import transcendental
from smoothsym.program.rounding.enclosures import Box, point

SIZE = 400
SPECIAL = [0.0, 1.0, -1.0, 2.0, 1e-320, -5e-324, 1e300, 1 + 2.0**-52, 1 - 2.0**-53, -1e-17, 0.5]


def draws(seed, low=-300, high=300):
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.5, 1, SIZE) * 10.0 ** rng.uniform(low, high, SIZE) * rng.choice([-1, 1], SIZE)
    return np.concatenate([SPECIAL, values, rng.normal(size=SIZE) * 30, rng.normal(size=SIZE) / 1000])


def number(v):
    return mpf(v) if np.isfinite(v) else mp.inf * int(np.sign(v))


def missed(box, exact, *args):
    """The places at which a box does not hold the exact value."""
    with mp.workprec(300):
        found = []
        for lo, hi, *row in zip(box.lo, box.hi, *args, strict=True):
            try:
                value = exact(*map(mpf, row))
            except (ZeroDivisionError, ValueError):
                continue
            if not np.isnan(lo) and not isinstance(value, mp.mpc) and not number(lo) <= value <= number(hi):
                found.append((row, lo, hi))
        return found


BASIC = {
    "add": (boxes.add, lambda a, b: Fraction(a) + Fraction(b)),
    "sub": (boxes.sub, lambda a, b: Fraction(a) - Fraction(b)),
    "mul": (boxes.mul, lambda a, b: Fraction(a) * Fraction(b)),
    "div": (boxes.div, lambda a, b: Fraction(a) / Fraction(b)),
}
FUNCTIONS = {
    "exp": (transcendental.exp, mp.exp),
    "expm1": (transcendental.expm1, mp.expm1),
    "log": (transcendental.log, lambda v: mp.log(v) if v > 0 else 1 / mpf(0)),
    "log1p": (transcendental.log1p, lambda v: mp.log1p(v) if v > -1 else 1 / mpf(0)),
    "sqrt": (transcendental.sqrt, mp.sqrt),
}


@pytest.mark.parametrize("name", BASIC)
def test_arithmetic_is_enclosed_and_what_is_exact_stays_a_point(name):
    function, exact = BASIC[name]
    a, b = draws(1), draws(2)
    with np.errstate(all="ignore"):
        found = function(point(a), point(b))
    for p, q, lo, hi in zip(a, b, found.lo, found.hi, strict=True):
        if np.isnan(lo) or (name == "div" and q == 0):
            continue
        value = exact(p, q)
        assert (lo == -np.inf or Fraction(lo) <= value) and (hi == np.inf or value <= Fraction(hi))
        if abs(value) < 2**900 and abs(value) > Fraction(2) ** -900 and value == Fraction(float(value)):
            assert lo == hi or abs(p) > 2.0**899 or abs(q) > 2.0**899 or min(abs(p), abs(q)) < 2.0**-899
        elif np.isfinite(hi) and abs(value) > Fraction(2) ** -1000:
            assert hi <= np.nextafter(np.nextafter(lo, np.inf), np.inf)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_enclosed(name):
    function, exact = FUNCTIONS[name]
    t = np.concatenate([draws(3), draws(4, -20, 3), 1 + draws(5, -17, -2), -1 + np.abs(draws(6, -16, -1))])
    with np.errstate(all="ignore"):
        found = function(point(t))
        assert not missed(found, exact, t)
        usual = np.isfinite(found.hi) & (np.abs(found.lo) > 1e-290) & (np.abs(found.lo) < 1e290)
        width = (found.hi - found.lo)[usual] / np.abs(found.lo[usual])
    assert np.count_nonzero(usual) > SIZE and np.median(width) < 2.0**-40, "and narrow"


def test_a_function_that_believed_numpy_would_be_caught():
    t = draws(4, -20, 2)
    with np.errstate(all="ignore"):
        believed = np.exp(t)
    assert missed(Box(believed, believed), mp.exp, t)


def test_powers_and_roots_of_sums_of_squares_are_enclosed():
    rng = np.random.default_rng(7)
    a, b = draws(8, -60, 60), draws(9, -60, 60)
    q = np.where(rng.random(len(a)) < 0.5, rng.integers(-4, 5, len(a)), rng.uniform(-4, 4, len(a)))
    with np.errstate(all="ignore"):
        assert not missed(transcendental.power(point(a), point(q)), lambda v, e: v**e, a, q)
        assert not missed(transcendental.hypot(point(a), point(b)), lambda v, w: mp.sqrt(v * v + w * w), a, b)
        assert np.all(np.isnan(transcendental.power(point(np.array([-2.0])), point(np.array([0.5]))).lo))


@pytest.mark.parametrize("name", [*BASIC, "power", "hypot"])
def test_boxes_hold_all_that_comes_of_what_they_hold(name):
    rng = np.random.default_rng(11)
    a, b = (np.sort(rng.normal(size=(2, SIZE)), axis=0) for _ in range(2))
    if name == "power":
        a, b = np.sort(np.abs(a), axis=0), np.where(rng.random(SIZE) < 0.3, 2.0, b)
        a[0, ::5] = 0
    functions = {"power": (transcendental.power, np.power), "hypot": (transcendental.hypot, np.hypot)}
    plain = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
    function, inner = functions.get(name) or (BASIC[name][0], plain[name])
    with np.errstate(all="ignore"):
        box = function(Box(*a), Box(*b))
        for s in (0.0, 0.3, 1.0):
            for t in (0.0, 0.6, 1.0):
                value = inner(a[0] + s * (a[1] - a[0]), b[0] + t * (b[1] - b[0]))
                slack = 1e-12 * np.abs(value)
                assert not np.any((value < box.lo - slack) | (value > box.hi + slack))


def test_sums_are_enclosed_and_one_term_is_exact():
    rng = np.random.default_rng(12)
    terms = rng.normal(size=(5, 200)) * 10.0 ** rng.integers(-8, 8, (5, 200))
    found = boxes.total(point(terms), 1)
    for row, lo, hi in zip(terms, found.lo, found.hi, strict=True):
        assert Fraction(lo) <= sum(map(Fraction, row)) <= Fraction(hi)
    alone = boxes.total(point(np.array([[0.0, 0.1, 0.0]])), 1)
    assert alone.lo == alone.hi == 0.1


def test_what_may_be_no_number_is_none():
    infinite, zero = Box(np.array([1.0]), np.array([np.inf])), point(np.array([0.0]))
    with np.errstate(all="ignore"):
        for box in (boxes.mul(infinite, zero), boxes.sub(infinite, infinite), boxes.div(infinite, infinite)):
            assert np.isnan(box.lo[0]) and box.width[0] == np.inf and not box.finite[0]
        assert np.isnan(boxes.div(infinite, zero).lo[0]) and np.isnan(transcendental.log(point(np.array([-1.0]))).lo[0])
        assert boxes.scaled(infinite, zero).hi[0] == 0, "what does not matter, however large"
