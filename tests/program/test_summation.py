"""Sums are rounded once, and long ones three times at most, whatever the length and the order."""

from fractions import Fraction
from math import inf, isnan

import numpy as np
import pytest
from sympy import S, Sum

from smoothsym.program import arrays
from smoothsym.program.lower import lower
from smoothsym.program.ordered import times
from smoothsym.program.scratch import Scratch
from smoothsym.program.summation import (
    BENEATH,
    coarseness,
    foldings,
    numpy_total,
    numpy_total_of_squares,
    plain_total,
    total,
)
from smoothsym.words import j, n, x

U = {np.float32: 2.0**-24, np.float64: 2.0**-53}


def error(found, terms, dtype):
    """In units of the roundoff of the sum of the moduli, and of the sum itself."""
    exact = sum(map(Fraction, map(float, terms)), Fraction(0))
    size = sum(abs(Fraction(float(v))) for v in terms)
    off = abs(Fraction(float(found)) - exact)
    return float(off / Fraction(U[dtype]) / size), float(off / Fraction(U[dtype]) / abs(exact))


@pytest.mark.sampled
@pytest.mark.parametrize("dtype", U)
@pytest.mark.parametrize("size", [1, 2, 7, 127, 1000, 20_000])
def test_a_sum_is_rounded_once_and_folded_before(size, dtype):
    rng, most = np.random.default_rng(size), 1 + foldings(size)
    for terms in (
        np.full(size, 0.8),
        1 - 1e-3 * rng.random(size),
        np.r_[1.0, np.full(size - 1, 1e-9)],
        rng.random(size),
    ):
        terms = terms.astype(dtype)
        for found in (total(np, terms, -1), numpy_total(terms[None], -1, Scratch())[0]):
            assert error(found, terms, dtype)[1] <= most
        # NumPy adds the last axis in another order than the first.
        for found in (total(np, terms[:, None], 0)[0], numpy_total(terms[:, None], -2, Scratch())[0]):
            assert error(found, terms, dtype)[1] <= most
    terms = (rng.random(size) * rng.choice([-1.0, 1.0], size) * 10.0 ** rng.integers(-8, 8, size)).astype(dtype)
    for found in (total(np, terms, -1), numpy_total(terms[None], -1, Scratch())[0]):
        assert error(found, terms, dtype)[0] <= most


LOST = np.zeros(64)
LOST[[0, 21, 42]] = 1, 0.99 * 2.0**-53, 0.99 * 2.0**-53
"""Both additions of the first term lose what stands beside it."""


def test_two_additions_may_lose_two_units():
    for found in (total(np, LOST, -1), numpy_total(LOST, -1, Scratch())):
        assert 1.9 < error(found, LOST, np.float64)[1] < 1 + foldings(64)
    assert error(total(np, LOST[:63], -1), LOST[:63], np.float64)[1] < 1, "a short sum is not folded"


@pytest.mark.parametrize("dtype", U)
@pytest.mark.parametrize("size", [3, 63, 64, 67, 1000, 20_001])
def test_numpy_has_the_same_bits_in_plain_words_and_leaves_the_terms(size, dtype):
    rows = np.random.default_rng(size).normal(size=(5, size)) * 10.0 ** np.arange(-2, 3)[:, None]
    rows, scratch = rows.astype(dtype), Scratch()
    kept, across, sizes = rows.copy(), rows.T.copy(), np.abs(rows)
    found = plain_total(rows, -1)
    assert np.array_equal(numpy_total(rows, -1, scratch), found) and np.array_equal(rows, kept)
    assert np.array_equal(numpy_total(across, -2, scratch), found) and np.array_equal(across, kept.T)
    assert np.array_equal(numpy_total(sizes, -1, scratch, positive=True), plain_total(sizes, -1))
    assert not scratch.lent
    # Others have the bits, but halve what NumPy adds in float64 where that is wider.
    if dtype == np.float64:
        assert np.array_equal(found, total(np, rows, -1))
    assert (abs(found - total(np, rows, -1)) <= (2 + foldings(size)) * U[dtype] * sizes.sum(axis=-1)).all()


@pytest.mark.parametrize("size", [2, 1000, 4095])
def test_narrow_floats_are_added_and_squared_in_float64(size):
    rows = np.random.default_rng(size).normal(size=(3, size)).astype(np.float32)
    for found, terms in ((numpy_total, rows), (numpy_total_of_squares, rows.astype(np.float64) ** 2)):
        got = found(rows, *((-1,) if found is numpy_total else ()), Scratch())
        assert got.dtype == np.float32
        assert all(error(one, row, np.float32)[1] <= 1.001 for one, row in zip(got, terms, strict=True))


def test_squares_that_something_else_needs_are_computed():
    row = np.array([[3e-4, 1.0, 7.0]], np.float32)
    for rest, alone in ((1, True), (Sum(1 / (1 + times(x[j], x[j])), (j, 1, n)), False)):
        program = lower([Sum(times(x[j], x[j]), (j, 1, n)) + rest])
        assert bool(program.squares) == alone
        squares = arrays.run(program, row, {}, summation="folded")[0] - arrays.run(lower([S(0) + rest]), row, {})[0]
        assert abs(squares - 50) < 1e-4
    # A mask leaves out entries, and their squares.
    program = lower([Sum(times(x[j], x[j]), (j, 1, n))])
    assert arrays.run(program, row, {}, summation="folded", where=np.array([[False, True, True]]))[0] == 50


def test_a_sum_does_not_depend_on_the_rows_beside_it():
    rows = np.random.default_rng(5).normal(size=(40, 300)) * 2.0 ** np.arange(-600, 600, 30)[:, None]
    rows[[3, 8], [5, 6]], rows[11], rows[17, 7], rows[20] = np.inf, 0, np.nan, 1e308
    with np.errstate(all="ignore"):
        whole = numpy_total(rows, -1, Scratch())
        alone = [numpy_total(row[None], -1, Scratch())[0] for row in rows]
        alike = numpy_total(np.tile(rows[30], (4, 1)), -1, Scratch())
    assert np.array_equal(whole, alone, equal_nan=True) and set(alike) == {whole[30]}


@pytest.mark.parametrize("terms", [1, 63, 250, 1000, 25_000, 10**6])
def test_a_coarse_unit_loses_next_to_nothing(terms):
    """The bound of the text: m low parts of u c, for c = 3 2^g sum|v|, each rounding of which is u times their sum."""
    left = terms**2 * 3 * 2.0 ** coarseness(terms) * 2.0**-53
    assert left <= BENEATH or (coarseness(terms) == 1 and left <= 6.01 * terms**2 * 2.0**-53)


def test_the_error_of_the_library_would_be_seen():
    terms = np.full(127, 0.81, dtype=np.float32)
    worst = max(
        error(np.sum(terms * np.float32(v)), terms * np.float32(v), np.float32)[1] for v in np.arange(0.6, 1.2, 0.01)
    )
    assert worst > 4


def test_what_leaves_the_range_does_so_as_a_sum_does():
    with np.errstate(all="ignore"):
        assert total(np, np.array([1.7e308, 1.0]), -1) == 1.7e308
        assert total(np, np.array([1.7e308, 1.7e308]), -1) == inf
        assert total(np, np.array([inf, 1.0]), -1) == inf and isnan(total(np, np.array([inf, -inf]), -1))
        assert total(np, np.array([1e308]), -1) == 1e308, "three times that overflows"
        assert total(np, np.array([5e307]), -1) == 5e307, "and so does that beside four times it"
        assert numpy_total(np.array([[5e307], [1.0]]), -1, Scratch()).tolist() == [5e307, 1.0]
    assert total(np, np.array([5e-324] * 3), -1) == 1.5e-323 and total(np, np.zeros(3), -1) == 0


def test_a_sum_term_by_term_is_one():
    """In float32, where a thousand terms of 0.1 end elsewhere than NumPy's sum of them."""
    terms, run = np.full((1, 1000), 0.1, np.float32), np.float32(0)
    for v in terms[0]:
        run += v
    program = lower([Sum(x[j], (j, 1, n))])
    found = {
        order: arrays.run(program, terms, {}, summation=order)[0][0] for order in ("sequential", "pairwise", "folded")
    }
    assert found["sequential"] == run and found["pairwise"] != run != found["folded"]
    assert found["pairwise"] == np.sum(terms)
