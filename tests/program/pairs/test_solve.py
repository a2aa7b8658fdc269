"""Users' own regularised maxima in pairs are correctly rounded, where their slopes are inverted by a search, and broken searches are seen."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Rational, Symbol, log
from test_libraries import needed

import smoothsym as ss
from smoothsym.program.pairs import solve
from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.functions import Functions
from smoothsym.symbolic.tsallis import xqlog

t = Symbol("t", positive=True)
OPERATORS = {
    "infinite slope at 0": ss.SmoothMax("a", ss.regularised_maximum(ss.gamma * (t**2 / 2 + t * log(t)), t), ss.gamma),
    "no slope at 0": ss.SmoothMax("b", ss.regularised_maximum(ss.gamma * (t**2 / 2 + t**4), t), ss.gamma),
    "a finite slope at 0": ss.SmoothMax("c", ss.regularised_maximum(ss.gamma * (t**3 + t**2 - t), t), ss.gamma),
    "a logarithm of 1 + t": ss.SmoothMax(
        "d", ss.regularised_maximum(ss.gamma * (t**4 + 3 * t * log(1 + t)), t), ss.gamma
    ),
}
KERNELS = {"value": "compensated", "gradient": "compensated_gradient"}
ROWS = np.concatenate(
    [
        np.random.default_rng(0).normal(size=(2, 4)),
        [[0.0, -30.0, -70.0, 0.5], [1.0, 0.99, 0.98, 1.0], [0.0, -1e-9, 1e-9, 0.0], [0.3, 0.1, 0.3, 0.3]],
    ]
)


def same_bits(got, right):
    return np.array_equal(np.asarray(got, dtype=np.float64), np.asarray(right, dtype=np.float64))


@pytest.mark.parametrize(
    "op",
    [
        pytest.param(op, marks=[pytest.mark.long] * (name in ("no slope at 0", "a logarithm of 1 + t")), id=name)
        for name, op in OPERATORS.items()
    ],
)
def test_values_and_gradients_are_rounded_correctly(op):
    for of, name in KERNELS.items():
        assert same_bits(op.kernels[name](ROWS), ss.reference(op, ROWS, of=of))


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_so_they_are_at_the_ends_of_the_range(size):
    op, x = OPERATORS["a finite slope at 0"], np.random.default_rng(2).normal(size=(2, 4))
    for of, name in KERNELS.items():
        given = {"gamma": size}
        assert same_bits(op.kernels[name](x * size, **given), ss.reference(op, x * size, of=of, **given))


def test_masks_and_weights_count():
    rng = np.random.default_rng(4)
    weights, where = rng.uniform(0.2, 3, (4, 4)), rng.random((4, 4)) < 0.8
    where[:, 0] = True
    op, x = OPERATORS["infinite slope at 0"], np.random.default_rng(1).normal(size=(4, 4))
    for of, name in KERNELS.items():
        beside = {"weights": weights, "where": where, "gamma": 0.75}
        assert same_bits(op.kernels[name](x, **beside), ss.reference(op, x, of=of, **beside))


def test_a_share_far_below_the_others_has_all_its_digits_and_one_that_underflows_leaves_nothing():
    op = OPERATORS["infinite slope at 0"]
    x = np.array([[0.0, -30.0, -200.0]])
    right = ss.reference(op, x, of="gradient")
    stable, got = (op.kernels[name](x) for name in ("stable_gradient", "compensated_gradient"))
    assert same_bits(got, right) and 0 < right[0, 2] < 1e-80 and stable[0, 2] > 1e6 * right[0, 2]
    gone = np.array([[0.0, -800.0]])
    assert same_bits(op.kernels["compensated_gradient"](gone), [[1.0, 0.0]])
    assert same_bits(op.kernels["compensated"](gone), [-0.5])


def test_a_slope_that_is_a_quotient_of_what_vanishes_at_0_is_inverted():
    op = ss.SmoothMax("e", ss.regularised_maximum(xqlog(t, Rational(1, 2)) + t * log(t), t))
    x = np.array([[0.0, 1.0, 0.25]])
    assert same_bits(op.kernels["compensated_gradient"](x), ss.reference(op, x, of="gradient"))


def test_an_entry_at_the_end_of_the_support_is_told_by_what_floats_do_not_see():
    op = OPERATORS["a finite slope at 0"]
    x = np.array([[5.0, tiny, -9.0] for tiny in (1e-20, 1e-22, 0.0, -1e-20)])
    right, got = ss.reference(op, x, of="gradient"), op.kernels["compensated_gradient"](x)
    assert np.all(right[:2, 1] > 0) and np.all(got[2:, 1] == 0) and np.all(np.abs(got - right) < 2.0**-90)


def wrong_bits():
    op = OPERATORS["infinite slope at 0"]
    return not same_bits(op.kernels["compensated_gradient"](ROWS), ss.reference(op, ROWS, of="gradient"))


def test_no_secants_and_a_balance_in_floats_are_caught(monkeypatch):
    assert not wrong_bits()
    with monkeypatch.context() as broken:
        broken.setattr(solve, "STEPS", 0)
        assert wrong_bits()
    monkeypatch.setattr(Functions, "sum", lambda self, a, axis: Pair(self.xp.sum(a.hi, axis=axis)))
    assert wrong_bits()


def test_steps_along_p_would_miss_small_shares(monkeypatch):
    """A step that is no longer than 1 in log p, as one along p would be that does not lead beyond 0."""
    op, x = OPERATORS["infinite slope at 0"], np.array([[0.0, -30.0, -200.0]])
    monkeypatch.setattr(solve, "FAR", 1.0)
    assert not same_bits(op.kernels["compensated_gradient"](x), ss.reference(op, x, of="gradient"))


@pytest.mark.parametrize("library", ["torch", pytest.param("jax", marks=pytest.mark.long)])
def test_libraries_have_the_same_bits(library):
    numbers = needed("torch") if library == "torch" else needed("jax.numpy")
    op, x = OPERATORS["infinite slope at 0"], ROWS[:3].astype(np.float32)
    got = op.kernels["compensated_gradient"](numbers.asarray(x))
    assert same_bits(got, ss.reference(op, x, of="gradient", dtype="float32"))


def test_a_bound_says_that_there_is_no_rule():
    bound = ss.bound(OPERATORS["no slope at 0"].kernels["compensated"])
    with pytest.raises(ValueError, match="no rounding rule"):
        bound.rigorous([1.0, 2.0])
