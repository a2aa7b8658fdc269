"""Operators defined by a maximum over the simplex: right by other formulas and engines, refused with the reason where they do not apply."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from random import Random

import mpmath
import numpy as np
import pytest
from sympy import Symbol, log

import smoothsym as ss
from smoothsym.laws import Convex, FinitelyExact, LipschitzMap, check, verdicts
from smoothsym.program import clipped
from smoothsym.symbolic import moments

sys.path.append(str(Path(__file__).parents[1] / "certify"))
from draws import hostile, ordinary, outputs
from judging import Score, judge

solved = {name: op for name, op in ss.operators.items() if not op.explicit}
t = Symbol("t", positive=True)
mixed = ss.SmoothMax("mixed", ss.regularised_maximum(ss.gamma * (t**2 / 2 + t * log(t)), t), ss.gamma)
"""A regulariser whose slope has no inverse in closed form."""


def score(op, draw, count, engine):
    generator, found = Random(f"{op.name} {engine}"), Score()
    for trial in range(count):
        x, a = draw(op, generator)
        judge(found, op, x, a, outputs(op)[trial % len(outputs(op))], generator, engine)
    return found


@pytest.mark.parametrize("engine", ["mpmath", "arb"])
@pytest.mark.parametrize("op", solved.values(), ids=lambda op: op.name)
def test_figures_agree_with_arb_by_other_formulas(op, engine):
    found = score(op, ordinary, 24, engine)
    assert found.wrong == [] and not found.refused and found.right >= 20


def bisected(x, q, gamma):
    """The maximiser by bisection in mpmath at 200 digits, from its conditions of optimality."""
    with mpmath.workdps(200):
        x, q, gamma = ([mpmath.mpf(v.numerator) / v.denominator for v in x], mpmath.mpf(q), mpmath.mpf(gamma))

        def shares(tau):
            bases = [(q - 1) * v / gamma - tau for v in x]
            return [b ** (1 / (q - 1)) if b > 0 else mpmath.mpf(0) for b in bases]

        top = (q - 1) * max(x) / gamma
        low, high = top - 1, top
        for _ in range(700):
            middle = (low + high) / 2
            low, high = (middle, high) if sum(shares(middle)) > 1 else (low, middle)
        return shares(low)


@pytest.mark.parametrize("q", [2, 1.5, *(pytest.param(q, marks=pytest.mark.long) for q in (1.2, 3))])
def test_the_maximiser_to_50_digits_beside_bisection(q):
    generator = Random(str(q))
    rows = [[Fraction(generator.gauss(0, 1)) for _ in range(6)] for _ in range(3)]
    rows += [[Fraction(1)] * 3, [Fraction(1), Fraction(1), Fraction(0), Fraction(-5)], [Fraction(0), Fraction(-1, 2)]]
    for row in rows:
        found = ss.enclose(ss.entmax, row, q=q, gamma=1, of="gradient", digits=50)
        for e, expected in zip(found, bisected(row, q, 1), strict=True):
            assert abs(e.mid - expected) < mpmath.mpf(10) ** -50


def test_order_1_is_softmax_and_order_2_is_sparsemax():
    row = [0.3, -1.0, 2.5, 2.25]
    for of in ("value", "gradient"):
        one = np.ravel(ss.enclose(ss.entmax, row, q=1, gamma=0.5, of=of, digits=40))
        two = np.ravel(ss.enclose(ss.entmax, row, q=2, gamma=0.5, of=of, digits=40))
        for found, op, given in ((one, ss.logsumexp, {"alpha": 2}), (two, ss.sparsemax, {"gamma": 0.5})):
            expected = np.ravel(ss.enclose(op, row, of=of, digits=40, **given))
            assert [e.digits(40) for e in found] == [e.digits(40) for e in expected]
    assert ss.regularised_maximum(t * log(t), t) == ss.logsumexp.definition.subs(ss.alpha, 1)


def test_rounding_is_decided_where_one_entry_has_all_the_weight():
    assert ss.reference(ss.sparsemax, [0.0, -1.0, -7.0], gamma=1.0) == 0.0
    assert ss.reference(ss.entmax, [1 + 2.0**-52, -3.0], q=1.7, rounding="down") == 1 + 2.0**-52
    assert ss.enclose(ss.sparsemax, [Fraction(1, 3), Fraction(1, 7)], gamma=1, of="gradient")[0].exact in (
        None,
        Fraction(25, 42),
    )


@pytest.mark.parametrize("op", solved.values(), ids=lambda op: op.name)
def test_special_values(op):
    inf, nan = np.inf, np.nan
    for row, value, slopes in (
        ([], -inf, []),
        ([nan, 1.0], nan, [nan, nan]),
        ([inf, 1.0, inf], inf, [0.5, 0.0, 0.5]),
        ([-inf, 1.0, 1.0], None, [0.0, 0.5, 0.5]),
        ([-inf, -inf], -inf, [nan, nan]),
    ):
        x = np.array(row)
        for found in (op(x), ss.reference(op, x)):
            assert value is None or np.array_equal(found, np.float64(value), equal_nan=True)
        assert np.array_equal(ss.reference(op, x, of="gradient"), slopes, equal_nan=True), row
        assert np.allclose(op(x, of="gradient"), slopes, rtol=2.0**-52, atol=0, equal_nan=True), row


def test_parameters_at_an_end():
    row = np.array([1.0, 1.0, 0.0])
    assert ss.sparsemax(row, gamma=0.0) == 1 and list(ss.sparsemax(row, of="gradient", gamma=0.0)) == [0.5, 0.5, 0]
    assert ss.reference(ss.sparsemax, row, gamma=np.inf) == np.inf
    assert ss.reference(ss.entmax, row, gamma=0.0) == 1 and ss.reference(ss.entmax, row, q=np.inf) == 1
    with pytest.raises(ss.Refused, match="not convex"):
        ss.enclose(ss.sparsemax, row, gamma=-1)
    assert np.isnan(ss.sparsemax(row, gamma=-1.0))


def test_what_does_not_apply_is_refused_with_the_reason():
    with pytest.raises(ss.Refused, match="boundary of the support"):
        ss.enclose(ss.sparsemax, [0, -1], gamma=1, of="hessian")
    with pytest.raises(ValueError, match="has no closed form, and neither has its error"):
        _ = ss.bound(ss.sparsemax).formula
    for language in ("numpy", "torch", "jax", "c"):
        with pytest.raises(ValueError, match="solves an equation"):
            ss.entmax.code(language)
    with pytest.raises(ValueError, match="does not depend on"):
        ss.regularised_maximum(ss.alpha, t)
    with pytest.raises(ss.Undecided):
        ss.sparsemax.limit(0, of="gradient")


def test_derivatives_are_those_of_the_literature():
    q, gamma, i = ss.q, ss.gamma, ss.i
    x = [0.1, 0.5, -3, 0.7, 0.4]
    p = np.array([float(e.mid) for e in ss.enclose(ss.entmax, x, of="gradient")])
    s = np.where(p > 0, p**0.5, 0)
    jacobian = np.diag(s) - np.outer(s, s) / s.sum()
    found = ss.reference(ss.entmax, x, of="hessian")
    assert np.abs(found - jacobian).max() < 1e-14
    omega = ((p**1.5).sum() - 1) / 0.75
    assert abs(ss.reference(ss.entmax, x, of="gamma") + omega) < 1e-15
    assert moments.equal(ss.entmax.hvp, ss.entmax.hvp) and ss.entmax.gradient.free_symbols >= {q, gamma, i}


@pytest.mark.parametrize("op", solved.values(), ids=lambda op: op.name)
def test_every_law_of_its_own_is_proved_and_shape_follows_from_the_maximum(op):
    found = {v.law.split(":")[0].split(",")[0]: v for v in verdicts(op)}
    own = list(verdicts(op, op.laws))
    assert own and all(v.outcome == "Proved" for v in own), [str(v) for v in own if v.outcome != "Proved"]
    for law in ("translation equivariant", "monotone", "convex", "Schur-convex", "sup-norm non-expansive", "symmetric"):
        assert found[law].outcome == "Proved", law
    for law in ("homogeneous", "associative", "concave"):
        assert found[law].outcome == "Refuted", law


def test_a_false_law_is_not_proved():
    assert FinitelyExact(ss.gamma / 2, ss.gamma > 0).attempt(ss.sparsemax).outcome == "Undecided"
    assert LipschitzMap(1 / (2 * ss.gamma), when=ss.gamma > 0).attempt(ss.sparsemax).outcome != "Proved"
    proof = Convex().attempt(ss.sparsemax).certificate
    assert check(Convex(), ss.sparsemax, proof) and not check(Convex(), ss.boltzmann, proof)


# References of what has no inverse in closed form take long.
NEAR = [(op, 40) for op in solved.values()] + [(mixed, 3), pytest.param(mixed, 40, marks=pytest.mark.long)]


@pytest.mark.parametrize(("op", "count"), NEAR, ids=str)
def test_kernels_are_near_the_references(op, count):
    rows = np.random.default_rng(3).normal(0, 2, (count, 7))
    for of in ("value", "gradient"):
        exact = ss.reference(op, rows, of=of)
        for form in ("naive", "stable", "compensated"):
            kernel = op.kernels[form if of == "value" else f"{form}_gradient"]
            assert np.abs(kernel(rows) - exact).max() < 8 * 2.0**-52 * max(1, np.abs(exact).max())


def test_a_value_beside_the_maximum_keeps_its_digits_and_equal_entries_share():
    gap = 1 - 2.0**-30
    exact = float(ss.reference(ss.sparsemax, [0.0, -gap]))
    assert 0 < exact < 1e-18 and abs(ss.sparsemax(np.array([0.0, -gap])) - exact) < 1e-15 * 2.0**-30
    found = ss.sparsemax(np.full(1000, 0.3), of="gradient", gamma=1e6)
    assert np.abs(found * 1000 - 1).max() < 1e-12
    assert ss.sparsemax(np.array([1e308, -1.7e308])) == 1e308


def test_weights_count_entries():
    whole = ss.enclose(ss.entmax, [0.5, 0.5, 0.25], q=1.5, digits=30).digits(30)
    assert ss.enclose(ss.entmax, [0.5, 0.25], q=1.5, weights=[2, 1], digits=30).digits(30) == whole
    wide = ss.enclose(ss.sparsemax, [0.5, 0.25], weights=[1e-300, 1e300], of="gradient", digits=20)
    assert abs(sum(e.mid for e in wide) - 1) < 1e-15


def test_both_engines_enclose_a_slope_that_is_inverted_numerically():
    row = [0.1, 0.5, -3, 0.7]
    first, second = (ss.enclose(mixed, row, of="gradient", digits=30, engine=e) for e in ("mpmath", "arb"))
    assert [e.digits(30) for e in first] == [e.digits(30) for e in second]
    p = [e.mid for e in first]
    level = {mpmath.nstr(v - share - mpmath.log(share), 12) for v, share in zip(row, p, strict=True)}
    assert len(level) == 1 and abs(sum(p) - 1) < 1e-25


def test_a_bracket_that_does_not_hold_the_threshold_is_caught(monkeypatch):
    honest = clipped._Bracket.around
    step = Fraction(1, 2**60)
    monkeypatch.setattr(clipped._Bracket, "around", lambda self, a, b: tuple(e + step for e in honest(self, a, b)))
    assert score(ss.sparsemax, ordinary, 12, "mpmath").wrong


def test_hostile_inputs_are_right_or_refused():
    for op in solved.values():
        found = score(op, hostile, 16, "mpmath")
        assert found.wrong == [] and found.right >= 10
