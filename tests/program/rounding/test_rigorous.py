"""Upper bounds are never exceeded, not by floats that do their worst within the model, and not by much more than needed."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
import pytest
from adversary import worst
from diagonal import diagonal
from mpmath import mp, mpf
from sympy import Abs, Rational, Sum, exp, log, sign, sqrt
from sympy.codegen.cfunctions import expm1, hypot, log1p

import smoothsym as ss
from smoothsym.formats import get, to_fraction
from smoothsym.program import compensated
from smoothsym.program.lower import lower, over, root, select, times
from smoothsym.program.operations import Operation, Program
from smoothsym.program.rounding import functions
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.rigorous import rigorous
from smoothsym.program.summation import total
from smoothsym.words import alpha, j, n, x

TEXTBOOK = Model(summation="sequential")
MODELS = {
    "textbook": TEXTBOOK,
    "directed": replace(TEXTBOOK, rounding="directed"),
    "inaccurate": replace(TEXTBOOK, functions={"exp": 4.0, "log1p": 3.0, "log": 3.0, "pow": 4.0}),
}
ROWS = ([0.5, -1.25, 0.75, 2.0], [3.0, 3.125, 2.875, 3.0], [8.0, -30.0, 0.25], [1.0])


def rows_of(op):
    for row in ROWS:
        row = (row * 2)[: op.arity] if op.arity else row
        yield [abs(v) for v in row] if op.domain == "positive" else row


def exact_of(op, of, row, given):
    found = ss.enclose(op, row, of=of, digits=30, **given)
    return [to_fraction(e.mid) for e in np.ravel(np.array(found, dtype=object))]


def bounds(program, row, given=None, model=TEXTBOOK, fmt="bfloat16"):
    symbols = {name: point(np.array([float(value)])) for name, value in (given or {}).items()}
    return rigorous(program, {"x": point(np.array([row], dtype=float))}, symbols, fmt, model)[0][0]


def ratios(op, of, form, model, runs=5):
    """Errors of floats that do their worst over their bounds."""
    rng, program = random.Random(1), op.program(of, form)
    name = op.parameter.name
    for row in rows_of(op):
        for value in (1.0, 1.5):
            errors = worst(program, row, {name: value}, model, exact_of(op, of, row, {name: value}), rng, runs)
            if errors is not None:
                limits = np.ravel(bounds(program, row, {name: value}, model))
                yield from (float(e) / float(b) if b else inf if e else 0 for e, b in zip(errors, limits, strict=True))


SCALAR = [name for name, op in ss.operators.items() if op.explicit and not op.vector]
WAYS = [("naive", "textbook"), ("naive", "inaccurate"), ("float", "directed")]


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "of", "way"), diagonal(SCALAR, ["value", "gradient"], WAYS))
def test_floats_that_do_their_worst_stay_within_the_bound(name, of, way):
    form, model = way
    found = list(ratios(ss.operators[name], of, form, MODELS[model]))
    assert len(found) > 5 and max(found) <= 1
    assert max(found) > 0.1, "and a bound is not much larger than it has to be"


# ---- each rule by itself, and broken -----------------------------------------------------------------------------------------

A, B = x[1], x[2]
RULES = {
    "add": A + B, "sub": A - B / 8, "mul": A * B, "div": A / B, "sqrt": root(A), "exp": exp(A), "log": log(A), "log1p": log1p(A),
    "expm1": expm1(A), "pow": A ** Rational(3, 2), "hypot": hypot(A, B),
}  # fmt: skip
SLOPES = {
    "sub": A * B - 3, "mul": times(A * B - 3, A + B), "div": over(A, A * B - 20), "exp": exp(A * B), "log": log(A * B - 1),
    "expm1": expm1(A * B), "log1p": log1p(A * B - 2), "pow": times(A, B) ** 9, "abs": Abs(A * B),
}  # fmt: skip
DIRECTED = MODELS["directed"]


def value_of(e, row):
    with mp.workprec(200):
        found = e.replace(times, lambda a, b: a * b).replace(over, lambda a, b: a / b).replace(root, sqrt)
        found = found.rewrite(log).subs({x[q + 1]: Rational(Fraction(v).numerator, Fraction(v).denominator) for q, v in enumerate(row)})  # fmt: skip
        return to_fraction(mpf(found.evalf(50)._mpf_))


def worst_ratio(e):
    rng, program, found = random.Random(2), lower([e]), 0.0
    for _ in range(60):
        row = [rng.choice([1 + rng.randrange(1, 12) / 128, rng.randrange(64, 256) / 64]) for _ in range(2)]
        error, limit = (
            worst(program, row, {}, DIRECTED, [value_of(e, row)], rng, 12),
            bounds(program, row, model=DIRECTED),
        )
        found = max(found, float(error[0]) / float(limit) if limit else inf if error[0] else 0.0)
    return found


@pytest.mark.sampled
@pytest.mark.parametrize("name", RULES)
def test_a_local_error_that_is_a_third_of_what_it_should_be_is_caught(name, monkeypatch):
    assert 0.5 < worst_ratio(RULES[name]) <= 1
    local = Rounding.local

    def third(self, which, args, exact):
        return local(self, which, args, exact) / (3 if which == name else 1)

    monkeypatch.setattr(Rounding, "local", third)
    assert worst_ratio(RULES[name]) > 1


@pytest.mark.sampled
@pytest.mark.parametrize("name", diagonal(list(SLOPES), every=3))
def test_a_slope_that_is_a_tenth_of_what_it_should_be_is_caught(name, monkeypatch):
    assert worst_ratio(SLOPES[name]) <= 1
    whole = functions.FUNCTIONS[name]

    def tenth(*args):
        exact, slopes = whole(*args)
        return exact, tuple(Box(s.lo / 10, s.hi / 10) for s in slopes)

    monkeypatch.setitem(functions.FUNCTIONS, name, tenth)
    assert worst_ratio(SLOPES[name]) > 1


# ---- sums --------------------------------------------------------------------------------------------------------------------

SUM = lower([Sum(x[j], (j, 1, n))])


def test_a_sum_costs_an_addition_for_each_term_that_is_not_zero():
    u = 2.0**-24
    row = np.array([1.0, 0.0, 0.0, 3.0, 0.0])
    assert bounds(SUM, row, fmt="float32") == pytest.approx(4 * u, rel=1e-5)
    assert bounds(SUM, [0.0, 5.0, 0.0], fmt="float32") == 0
    assert bounds(SUM, [1.0] * 100, fmt="float32") == pytest.approx(99 * 100 * u, rel=1e-4)
    assert bounds(SUM, [1.0] * 100, model=Model(), fmt="float32") == pytest.approx(18 * 100 * u, rel=1e-4)
    once = bounds(SUM, [1.0] * 100, model=Model(summation="compensated"), fmt="float32")
    assert 100 * u < once < 101 * u
    folded = bounds(SUM, [1.0] * 100, model=Model(summation="folded"), fmt="float32")
    assert 3 * 100 * u < folded < 302 * u
    assert bounds(SUM, [1.0] * 63, model=Model(summation="folded"), fmt="float32") < 64 * u, "a short sum is not folded"
    assert bounds(SUM, [0.1] * 100, model=Model(accumulate="float32"), fmt="float16") < 2.0**-11 * 10 * 1.02
    assert bounds(SUM, [1.0] * 300, fmt="bfloat16") == inf, "nothing is promised of 300 additions with eight bits"


def test_what_two_additions_lose_is_in_the_bound_of_a_folded_sum_and_in_no_lower_one():
    row = np.zeros(64)
    row[[0, 21, 42]] = 1, 0.99 * 2.0**-53, 0.99 * 2.0**-53
    off = sum(map(Fraction, row)) - Fraction(float(total(np, row, -1)))
    folded, once = (bounds(SUM, row, model=Model(summation=name), fmt="float64") for name in ("folded", "compensated"))
    assert once < off < folded


def test_a_sum_whose_parts_may_overflow_has_no_bound():
    assert bounds(SUM, [3e38, 3e38, -3e38, -3e38], fmt="float32") == inf
    assert bounds(SUM, [3e38, -3e38], fmt="float32") < inf


# ---- what is known of the case -----------------------------------------------------------------------------------------------


def test_what_is_exact_costs_nothing():
    for e in (A - B, A + 0, A * 2, A / 4, -A, Abs(A), sign(A), exp(A - A), times(A, exp(A * 0)), sqrt(A * 0)):
        assert bounds(lower([e]), [1.5, 1.25]) == 0, e
    assert bounds(lower([alpha * x[1]]), [1.3125, 1.0], {"alpha": 1.0}) == 0
    assert bounds(lower([alpha * x[1]]), [1.3125, 1.0], {"alpha": 1.3125}) > 0
    whole = bounds(lower([over(exp(A), alpha)]), [1.0, 1.0], {"alpha": 1.0})
    assert whole == pytest.approx(bounds(lower([exp(A)]), [1.0, 1.0]), rel=1e-12)


def test_floats_near_each_other_are_subtracted_exactly_even_where_they_are_not_known():
    apart = times(exp(A) - exp(B), 1000)
    assert bounds(lower([apart]), [1.0, 1.0], fmt="float64") < 1.01 * 1000 * 2 * np.e * 2.0**-53


def test_a_parameter_or_constant_that_the_format_does_not_hold_is_counted():
    third = lower([x[1] / 3 + x[1] * Rational(1, 10)])
    exact = Fraction(13, 30)
    got = np.float32(1) / np.float32(3) + np.float32(1) * np.float32(0.1)
    assert 0 < abs(Fraction(float(got)) - exact) <= bounds(third, [1.0], fmt="float32")
    product, tenth = lower([alpha * x[1]]), Box(np.array([0.1]), np.array([float(np.float32(0.1))]))
    (found,) = rigorous(product, {"x": point(np.array([[4.0]]))}, {"alpha": tenth}, "float32", TEXTBOOK)
    assert abs(4 * np.float64(np.float32(0.1)) - 0.4) <= found[0] < 1e-7


def test_where_either_form_may_be_taken_the_bound_says_how_far_they_are_apart():
    step = lower([select(alpha * x[1] - 1, 5, 7)])
    third = float(np.float32(1 / 3))
    assert bounds(step, [third], {"alpha": 3.0}, fmt="float32") >= 2
    assert bounds(step, [1.0], {"alpha": 3.0}, fmt="float32") == 0
    jump = lower([sign(exp(A) - exp(B))])
    assert 2 <= bounds(jump, [1.0, 1.0]) < 2.001 and bounds(jump, [3.0, 1.0]) == 0
    kink = lower([Abs(exp(A) - exp(B))])
    assert 0 < bounds(kink, [1.0, 1.0], fmt="float64") < 1e-14


@pytest.mark.parametrize(("function", "limit"), [(log1p, 1.0), (expm1, 1.0)])
def test_a_function_over_its_argument_has_a_bound_at_zero(function, limit):
    tiny = times(exp(A), exp(A))
    quotient = lower([over(function(tiny), tiny)])
    for row in ([-60.0], [-20.0], [-1.0], [0.5]):
        error = bounds(quotient, row, fmt="float32")
        assert error < (1.0 if row[0] < -50 else 4e-6) * limit


def test_underflow_costs_eta_and_overflow_everything():
    e, eta = lower([exp(A)]), 2.0**-149
    assert 0 < bounds(e, [-110.0], fmt="float32") <= 1.01 * eta
    assert bounds(e, [-200.0], fmt="float32") <= 1.01 * eta
    assert bounds(e, [89.0], fmt="float32") == inf and bounds(lower([over(1, exp(A))]), [89.0], fmt="float32") < 1e-37
    assert bounds(lower([times(times(A, A), A)]), [2.0**-60], fmt="float32") <= eta
    for fmt, least in (("float32", -149), ("float64", -1074)):
        tiny = times(times(A, Rational(2) ** (least + 100)), Rational(2) ** -100)
        assert bounds(lower([over(tiny, Rational(2) ** least)]), [2.5], fmt=fmt) >= 0.5, (
            "a subnormal product is rounded"
        )
    # Of a subnormal number log1p is that number in NumPy, and not exactly.
    assert bounds(lower([log1p(A)]), [2.0**-1060], model=Model(), fmt="float64") > 0
    flush = replace(TEXTBOOK, underflow="flush")
    assert bounds(lower([A - B]), [2.0**-126, 2.0**-127], model=flush, fmt="float32") >= 2.0**-127
    assert bounds(lower([over(1, A)]), [2.0**-127], model=flush, fmt="float32") == inf


def test_what_overflows_and_is_not_used_does_no_harm():
    guarded = lower([select(A, exp(-A), exp(A))])
    assert bounds(guarded, [-1000.0], fmt="float32") < 1.01 * 2.0**-149
    spread = lower([Sum(exp(-(x[j] ** 2)), (j, 1, n))])
    assert bounds(spread, [1e30, 0.0], fmt="float32") < 1e-6
    assert bounds(lower([times(0, exp(A))]), [1000.0], fmt="float32") == inf, "0 times infinity is no number"


@pytest.mark.parametrize("size", [1e100, 1e200, 1e292, 1e-280])
def test_a_power_whose_slope_overflows_costs_what_its_base_is_off_by(size):
    """1/(1/a) by powers: each is off by a few ulps, though the slope of the second at 1/a is beyond every number."""
    again = lower([(A**alpha) ** over(1, alpha)])
    found = bounds(again, [size], {"alpha": -1.0}, fmt="float64") / (size * 2.0**-53)
    assert 1 < found < 3
    assert bounds(again, [size], {"alpha": -1.0}, MODELS["inaccurate"], "float64") > 7 * size * 2.0**-53


def test_a_power_of_what_may_overflow_may_be_anything_it_can():
    """1/sqrt(a b) is 0 where the product is infinite: off by all of what it is."""
    root = lower([(A * B) ** Rational(-1, 2)])
    for fmt, size in (("float16", 512.0), ("float32", 2.0**66), ("float64", 2.0**514)):
        assert 1 / size <= bounds(root, [size, size], fmt=fmt) < 1.01 / np.sqrt(float(get(fmt).largest))
        assert bounds(root, [size / 16, size / 16], fmt=fmt) < 0.1 / size


# ---- vectors -----------------------------------------------------------------------------------------------------------------


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "of"), diagonal([name for name, op in ss.operators.items() if op.explicit], ["value", "gradient"])
)
def test_rows_are_bounded_alike_together_and_alone(name, of):
    op = ss.operators[name]
    size, program = op.arity or 4, op.program(of, "float")
    rows = np.abs(np.random.default_rng(3).normal(size=(5, size))) * [[1], [3], [9], [0.1], [30]]
    rows = rows.astype(np.float32).astype(np.float64)
    symbols = {op.parameter.name: point(np.array([1.5]))}
    (whole,) = rigorous(program, {"x": point(rows)}, symbols, "float32", TEXTBOOK)
    for row, found in zip(rows, whole, strict=True):
        assert np.allclose(bounds(program, row, {op.parameter.name: 1.5}, fmt="float32"), found, rtol=1e-9)
        assert np.all(found >= 0) and np.all(np.isfinite(found))


def test_a_matrix_has_a_bound_for_each_entry():
    program = ss.softmax.program("gradient", "float")
    found = bounds(program, [1.0, 2.0, 3.0], {"alpha": 1.0}, fmt="float32")
    assert found.shape == (3, 3) and np.allclose(found, found.T, rtol=0.2) and found.max() < 1e-6


def test_long_rows_take_time_and_memory_as_long_as_they_are():
    row = np.random.default_rng(0).normal(size=100_000).astype(np.float32).astype(np.float64)
    found = bounds(ss.boltzmann.program("gradient", "float"), row, {"alpha": 1.0}, Model(), "float32")
    assert found.shape == row.shape and np.all(np.isfinite(found))


# ---- pairs of floats ---------------------------------------------------------------------------------------------------------


@pytest.mark.sampled
@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("name", [name for name, op in ss.operators.items() if op.explicit and not op.vector])
def test_pairs_of_floats_cost_one_rounding_and_little_more(name, of):
    op, rng = ss.operators[name], np.random.default_rng(5)
    program, given = op.program(of, "float"), {op.parameter.name: 1.5}
    for scale in (1.0, 5.0):
        x = (scale * (1 + np.abs(rng.normal(size=op.arity or 5)))).astype(np.float32)
        symbols = {op.parameter.name: point(np.array([1.5]))}
        floats = {"x": x[None], op.parameter.name: np.asarray(1.5)}
        rows = {"x": point(x[None].astype(np.float64))}
        (limits,) = rigorous(program, rows, symbols, "float32", TEXTBOOK, floats=floats, paired=True)
        with np.errstate(all="ignore"):
            got = compensated.run(program, x[None], {op.parameter.name: np.float32(1.5)})[0][0]
        exact = exact_of(op, of, [float(v) for v in x], given)
        for g, e, limit in zip(np.ravel(got), exact, np.ravel(limits), strict=True):
            assert abs(Fraction(float(g)) - e) <= limit < 1.2 * 2.0**-24 * abs(e) + 2.0**-40


# ---- what has no rule --------------------------------------------------------------------------------------------------------


def test_an_operation_without_a_rounding_rule_is_named():
    strange = Program((Operation("x", (), 1, "x"), Operation("erf", ((0, (0,)),), 1)), ((1, (0,)),))
    with pytest.raises(ValueError, match="'erf' has no rounding rule"):
        bounds(strange, [1.0])
    inexact = Program(
        (Operation("x", (), 1, "x"), Operation("exp", ((0, (0,)),), 1), Operation("argmax", ((1, (0,)),), 0, 0),
         Operation("take", ((0, (0,)), (2, ())), 0)),
        ((3, ()),),
    )  # fmt: skip
    with pytest.raises(ValueError, match="argmax of what is not known exactly"):
        bounds(inexact, [1.0, 2.0])
