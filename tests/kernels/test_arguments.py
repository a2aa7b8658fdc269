"""Axes, masks and weights mean to a kernel what they mean to NumPy, to SciPy and to a certified reference."""

from math import inf, nan

import numpy as np
import pytest
from diagonal import diagonal
from scipy.special import logsumexp, softmax

import smoothsym as ss

VECTORS = [op for op in ss.operators.values() if op.arity is None]
RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(4, 6)) * 3
WEIGHTS = RNG.choice([0.0, 0.25, 1.0, 2.0, 3.5], size=ROWS.shape)
WEIGHTS[:, 0] = 1.5
MASK = RNG.random(ROWS.shape) < 0.7
MASK[:, 0] = True


def rows_of(op):
    return np.abs(ROWS) + 0.1 if op.domain == "positive" else ROWS


BESIDE = {
    "weights": {"weights": WEIGHTS},
    "mask": {"where": MASK},
    "both": {"weights": WEIGHTS, "where": MASK},
}


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "of", "kind"), diagonal(VECTORS, ["value", "gradient"], BESIDE, every=3))
def test_weights_and_masks_are_those_of_the_reference(op, of, kind):
    beside = BESIDE[kind]
    rows = rows_of(op)
    for parameter in (0.75, 0.0, inf) if op.parameter.is_nonnegative else (0.75, -2.0, 0.0, inf):
        keyword = {op.parameter.name: parameter}
        exact = ss.reference(op, rows, of=of, **beside, **keyword)
        assert np.allclose(op(rows, of=of, **beside, **keyword), exact, rtol=1e-14, atol=1e-14, equal_nan=True)


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", VECTORS, ids=str)
def test_what_does_not_count_may_be_anything(op, of):
    rows = rows_of(op)
    spoilt = np.where(MASK, rows, RNG.choice([nan, inf, -inf, 1e300], size=rows.shape))
    assert np.array_equal(op(spoilt, of=of, where=MASK), op(rows, of=of, where=MASK))
    assert np.allclose(op(spoilt, of=of, weights=MASK), op(rows, of=of, where=MASK), rtol=1e-14)
    one = op(rows[0][MASK[0]], of=of)
    left = np.zeros((6,) * one.ndim)
    left[np.ix_(*[MASK[0]] * one.ndim)] = one
    assert np.allclose(op(spoilt[0], of=of, where=MASK[0]), left, rtol=1e-14)


@pytest.mark.parametrize("op", VECTORS, ids=str)
def test_whole_weights_repeat_entries(op):
    row, times = rows_of(op)[0], [1, 2, 3, 1, 1, 2]
    repeated = np.repeat(row, times)
    got, whole = op(row, weights=times), op(repeated)
    assert np.allclose(got, whole[np.cumsum(times) - 1] if op.vector else whole, rtol=1e-14)


@pytest.mark.parametrize("axis", [-1, 0, (0, 2), (2, 1), (-1, -3), None], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_axes_are_those_of_scipy(axis, keepdims):
    data = RNG.normal(size=(2, 3, 4))
    found = ss.logsumexp(data, axis, keepdims=keepdims)
    beside = RNG.uniform(0.5, 2, size=(3, 1))
    assert np.allclose(found, logsumexp(data, axis=axis, keepdims=keepdims), rtol=1e-14)
    assert found.shape == logsumexp(data, axis=axis, keepdims=keepdims).shape
    weighed = ss.logsumexp(data, axis, keepdims=keepdims, weights=beside)
    assert np.allclose(weighed, logsumexp(data, axis=axis, keepdims=keepdims, b=beside), rtol=1e-14)
    assert np.allclose(ss.logsumexp(data, axis, of="gradient"), softmax(data, axis=axis), rtol=1e-14)
    assert np.allclose(ss.softmax(data, axis, keepdims=keepdims), softmax(data, axis=axis), rtol=1e-14)


def test_rows_without_entries_that_count_are_empty_rows():
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    mask = np.array([[False, False], [True, False]])
    assert list(ss.logsumexp(rows, where=mask)) == [-inf, 3.0]
    assert list(ss.pnorm(rows, where=mask)) == [0.0, 3.0]
    assert np.array_equal(ss.boltzmann(rows, where=mask), [nan, 3.0], equal_nan=True)
    assert np.array_equal(ss.boltzmann(rows, where=mask, of="gradient"), [[0, 0], [1, 0]])


@pytest.mark.parametrize("name", ["float16", "float32"])
def test_wide_weights_are_computed_with_in_their_format_and_the_result_is_rounded_once(name):
    rows, weights = RNG.normal(size=(40, 9)).astype(name), RNG.uniform(0, 1e6, size=(40, 9))
    exact = ss.reference(ss.mellowmax, rows.astype(np.float64), weights=weights, dtype=name)
    found = ss.mellowmax(rows, weights=weights)
    assert found.dtype == np.dtype(name)
    assert np.mean(found == exact) > 0.95 and np.allclose(found, exact, rtol=2 * float(np.finfo(name).eps))


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", ss.operators.values(), ids=str)
def test_the_certifier_answers_where_it_is_asked_to(op, of):
    rows = rows_of(op)[:, : op.arity or 6].astype(np.float32)
    found = op(rows, of=of, rounded=True)
    assert found.dtype == np.float32
    assert np.array_equal(found.ravel(), ss.reference(op, rows, of=of, dtype="float32").ravel())
    assert np.allclose(found, op(rows, of=of), rtol=1e-6, atol=1e-6)


def test_a_kernel_is_not_always_correctly_rounded():
    rows = RNG.normal(size=(2000, 5))
    assert (ss.boltzmann(rows) != ss.boltzmann(rows, rounded=True)).any()


def test_no_rows_have_no_results_and_rows_of_nothing_are_empty():
    for op in VECTORS:
        assert op(np.zeros((0, 3))).shape == ((0, 3) if op.vector else (0,))
        assert op(np.zeros((0, 3)), of="gradient").shape == ((0, 3, 3) if op.vector else (0, 3))
        assert op(np.zeros((2, 0)), of="gradient").shape == ((2, 0, 0) if op.vector else (2, 0))
    assert list(ss.logsumexp(np.zeros((2, 0)))) == [-inf] * 2


def test_weights_of_other_entries_and_masks_turned_round_are_caught():
    exact = ss.reference(ss.boltzmann, ROWS, weights=WEIGHTS, where=MASK)
    assert not np.allclose(ss.boltzmann(ROWS, weights=WEIGHTS[:, ::-1] + 0.1, where=MASK), exact)
    assert not np.allclose(ss.boltzmann(ROWS, weights=WEIGHTS + 0.1, where=~MASK), exact)


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e-200])
def test_a_weighted_mean_keeps_the_digits_of_small_entries(scale):
    rows = ROWS * scale
    exact = ss.reference(ss.mellowmax, rows, weights=WEIGHTS)
    error = np.abs(ss.mellowmax(rows, weights=WEIGHTS) - exact)
    assert (error < 16 * 2.0**-53 * np.abs(rows).max(-1)).all()
