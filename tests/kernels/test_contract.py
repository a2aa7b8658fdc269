"""The contract by masks says what the contract says exactly, one row at a time."""

from fractions import Fraction
from itertools import product
from math import inf, isfinite, nan

import numpy as np
import pytest
from diagonal import diagonal
from sympy import Sum, exp

import smoothsym as ss
from smoothsym.certify import special
from smoothsym.kernels import evaluate
from smoothsym.kernels.contract import Contract
from smoothsym.kernels.evaluate import Evaluation, _Rows
from smoothsym.kernels.kernel import _kept
from smoothsym.kernels.libraries import Library
from smoothsym.words import alpha, j, n, x

PARAMETERS = [1.0, -1.0, 0.0, -0.0, inf, -inf, nan, 0.5]
MINE = ss.SmoothMax("mine", Sum(x[j] * exp(2 * alpha * x[j]), (j, 1, n)) / Sum(exp(2 * alpha * x[j]), (j, 1, n)))


def answered(op, of, row, parameter):
    """What the contract says exactly, None where it has nothing to say."""
    entries = [Fraction(v) if isfinite(v) else v for v in map(float, row)]
    number = Fraction(parameter) if isfinite(parameter) else parameter
    found = special.answer(op, entries, number, of, str(parameter) == "-0.0")
    return None if found is None or found.silent else np.array(found.value, dtype=float)


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "of"), diagonal([*ss.operators.values(), MINE], ["value", "gradient"]))
def test_every_pattern_of_special_entries(op, of):
    entries = [0.5, 2.0, inf, nan] if op.domain == "positive" else [0.0, -1.5, 2.0, inf, -inf, nan]
    rows = np.array(list(product(entries, repeat=op.arity or 3)))
    asked = 0
    for parameter in PARAMETERS:
        found = op(rows, of=of, **{op.parameter.name: parameter})
        for row, got in zip(rows, found, strict=True):
            if (exact := answered(op, of, row, parameter)) is not None:
                asked += 1
                assert np.allclose(got, exact.reshape(got.shape), rtol=1e-15, atol=0, equal_nan=True), (row, parameter)
    assert asked > 0


def test_a_wrong_end_is_caught(monkeypatch):
    monkeypatch.setattr(Contract, "_end", lambda self, upper: -inf if upper else inf)
    assert ss.boltzmann(np.array([inf, 1.0])) != answered(ss.boltzmann, "value", [inf, 1.0], 1.0)


def test_a_million_rows_with_infinities_take_no_loop():
    rows = np.random.default_rng(0).normal(size=(1 << 20, 3))
    rows[::2, 0], rows[::3, 1], rows[::5] = inf, -inf, -inf
    found = ss.logsumexp(rows)
    assert (found[::10] == -inf).all() and (found[2::10] == inf).all() and np.isfinite(found[1::10]).any()


@pytest.mark.parametrize("op", [ss.boltzmann, ss.mellowmax, ss.pnorm, ss.powermean], ids=str)
def test_a_mean_does_not_overflow_where_its_sum_does(op):
    rows = np.array([[1.5e308, 1.7e308], [1.0, 3.0]])
    parameter = op.parameter.name
    got = op(rows, **{parameter: 0.0})
    exact = ss.reference(op, rows, **{parameter: 0.0})
    assert np.allclose(got, exact, rtol=1e-13)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_a_norm_that_shows_by_itself_that_rows_are_ordinary_has_the_bits_of_one_that_looks(p, monkeypatch):
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(40, 70)) * 10.0 ** rng.integers(-3, 4, (40, 1))
    special = {3: 0.0, 5: np.inf, 7: -np.inf, 9: np.nan, 11: 1e200, 13: 1e-200, 15: 5e-324}
    batches = [rows]
    for place, value in special.items():
        one, whole = rows.copy(), rows.copy()
        one[place, 4], whole[place] = value, value
        batches += [one, whole]
    found = [ss.pnorm(batch, p=p) for batch in batches]
    monkeypatch.setattr(Evaluation, "_shown", lambda *_: False)
    for batch, value in zip(batches, found, strict=True):
        assert np.array_equal(ss.pnorm(batch, p=p), value, equal_nan=True)


DOMINATED = [op for op in ss.operators.values() if op.kind == "entry" and op.arity is None]
FAR = np.array([[1.7e308, -1.7e308, 0.0]])


def in_one_row(seed):
    """Batches in which one row is special."""
    rows = np.random.default_rng(seed).normal(size=(4, 5)) * 3
    for value in (-np.inf, np.inf, np.nan, 1.7e308, -1.7e308, 0.0):
        one, whole = rows.copy(), rows.copy()
        one[1, 2], whole[1] = value, value
        yield from (one, whole)
    yield np.vstack([FAR, -FAR])


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", DOMINATED, ids=str)
def test_what_the_largest_entry_shows_needs_no_look_and_has_the_same_bits(op, of, monkeypatch):
    parameters = [1.0, 0.3, 1e-308, 1e300, -1.0, -2.0, -1e-308]
    batches = list(in_one_row(3))
    found = [op(rows, of=of, **{op.parameter.name: a}) for rows in batches for a in parameters]
    monkeypatch.setattr(Evaluation, "_shown", lambda *_: False)
    again = [op(rows, of=of, **{op.parameter.name: a}) for rows in batches for a in parameters]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(found, again, strict=True))


def test_x_is_not_looked_at_where_an_exponential_is_summed(monkeypatch):
    rows = np.array([[1.0, -np.inf, 2.0], [3.0, 4.0, 5.0]])
    right = [op(rows, of=of) for op in (ss.logsumexp, ss.mellowmax) for of in ("value", "gradient")]
    monkeypatch.setattr(_Rows, "ordinary", property(lambda self: pytest.fail("a look")))
    again = [op(rows, of=of) for op in (ss.logsumexp, ss.mellowmax) for of in ("value", "gradient")]
    assert all(np.array_equal(a, b) for a, b in zip(right, again, strict=True))


def test_a_difference_that_overflows_would_be_taken_for_an_entry_without_weight(monkeypatch):
    right = ss.logsumexp(FAR, of="gradient", alpha=1e-308)
    assert right.min() > 0
    monkeypatch.setattr(Library, "near", lambda *_: inf)
    # What is known of a call is kept.
    _kept.cache_clear()
    wrong = ss.logsumexp(FAR, of="gradient", alpha=1e-308)
    _kept.cache_clear()
    assert wrong.min() == 0


@pytest.mark.parametrize("op", [op for op in ss.operators.values() if op.arity is None], ids=str)
def test_rows_in_many_blocks_have_the_bits_of_rows_alone(op, monkeypatch):
    """Blocks share memory, and what the contract answers in one stays in it."""
    rows = np.abs(np.random.default_rng(5).normal(size=(23, 70)))
    for place, value in {3: np.inf, 7: np.nan, 11: 0.0, 15: 1e300}.items():
        rows[place, 5] = value
    formulas = ["value"] if op.vector else ["value", "gradient"]
    alone = [np.stack([op(row, of=of) for row in rows]) for of in formulas]
    monkeypatch.setattr(evaluate, "BLOCK", 300)
    for of, right in zip(formulas, alone, strict=True):
        assert np.array_equal(op(rows, of=of), right, equal_nan=True)
