"""The maximiser in pairs is correctly rounded: of ties, far entries, entries at the end of the support, long rows, masses, and in every library."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from test_libraries import needed

import smoothsym as ss
from smoothsym.program.pairs import shares
from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.functions import Functions
from smoothsym.program.pairs.solve import enough

ORDERS = (0.5, 1.0, 1.01, 1.5, 2.0, 2.5)
KERNELS = {"value": "compensated", "gradient": "compensated_gradient"}


def same_bits(got, right):
    return np.array_equal(np.asarray(got, dtype=np.float64), np.asarray(right, dtype=np.float64), equal_nan=True)


def rows(n, seed=0):
    rng = np.random.default_rng([seed, n])
    drawn = [
        rng.integers(0, 3, n) * 2.0**-20,
        1 + rng.integers(0, 4, n) * 2.0**-52,
        rng.normal(0, 1, n),
        rng.normal(0, 0.3, n),
        rng.normal(0, 1, n) * 10.0 ** rng.uniform(-30, 3, n),
        np.r_[0, -np.abs(rng.normal(0, 1, n - 1)) * 10.0 ** rng.uniform(-1, 1, n - 1)],
    ]
    return np.array(drawn)


def sparse(row, gamma=1):
    """Sparsemax in rational numbers."""
    x = sorted((Fraction(float(v)) / Fraction(gamma) for v in row), reverse=True)
    total, tau = Fraction(0), None
    for count, v in enumerate(x, 1):
        total += v
        if count * v > total - 1:
            tau = (total - 1) / count
    return [max(Fraction(float(v)) / Fraction(gamma) - tau, Fraction(0)) for v in row]


@pytest.mark.sampled
@pytest.mark.parametrize("q", [*ORDERS, pytest.param(10.0, marks=pytest.mark.long)])
def test_values_and_gradients_are_rounded_correctly(q):
    x = rows(5)
    for of, name in KERNELS.items():
        for size in (1.0, 1e-300, 1e300) if q in (1.5, 2.5) else (1.0,):
            given = {"q": q, "gamma": size}
            got = ss.entmax.kernels[name](x * size, **given)
            assert same_bits(got, ss.reference(ss.entmax, x * size, of=of, **given)), (of, size)


def test_sparsemax_has_the_bits_of_rational_numbers_on_short_rows_and_long_ones():
    for x, gamma in ((rows(40), 0.3), (rows(3), 1e5), (np.random.default_rng(2).normal(0, 0.01, (1, 10_000)), 1.0)):
        right = [[float(p) for p in sparse(row, gamma)] for row in x]
        assert same_bits(ss.sparsemax.kernels["compensated_gradient"](x, gamma=gamma), right)


def at_the_end(q):
    """Rows of which an entry is at the end of the support, to within 1e-20 and less: its share is that of an entry at 0 beside it."""
    tiny = np.array([1e-20, 3e-25, 0.0, -1e-20])[:, None]
    end = {2.0: 1.0, 1.5: 2.0, 3.0: 0.5}[q]
    return np.concatenate([np.full_like(tiny, end), tiny, np.full_like(tiny, -3.0)], axis=1)


@pytest.mark.parametrize("q", [1.5, 2.0, 3.0])
def test_an_entry_at_the_end_of_the_support_is_told_by_what_floats_do_not_see(q):
    x = at_the_end(q)
    got = ss.entmax.kernels["compensated_gradient"](x, q=q, gamma=1)
    right = ss.reference(ss.entmax, x, of="gradient", q=q, gamma=1)
    assert got[0, 1] > 0 or q < 2
    assert np.all(got[2:, 1] == 0) and np.all(np.abs(got - right)[:, 1] <= 2.0**-102)
    assert same_bits(got[:, 0], right[:, 0])


def test_many_entries_within_rounding_of_the_end_are_told_apart():
    rng = np.random.default_rng(4)
    for q, end in ((2.0, 1.0), (3.0, 0.5)):
        x = np.r_[end, rng.uniform(-1, 1, 9) * 1e-19][None]
        got = ss.entmax.kernels["compensated_gradient"](x, q=q, gamma=1)
        right = ss.reference(ss.entmax, x, of="gradient", q=q, gamma=1)
        assert 1 < np.sum(right > 0) < 10 and np.all(np.abs(got - right)[:, 1:] <= 2.0**-102)


def test_however_near_the_end_entries_of_sparsemax_are_they_are_told_apart_to_a_few_parts_in_u_squared():
    rng = np.random.default_rng(9)
    for size in 10.0 ** np.arange(-30, -14):
        for gamma in (1.0, 0.3, 1e300):
            x = np.r_[1.0, rng.uniform(-1, 1, 20) * size] * gamma
            got = ss.sparsemax.kernels["compensated_gradient"](x, gamma=gamma)
            for p, right in zip(got, sparse(x, gamma), strict=True):
                assert abs(Fraction(float(p)) - right) <= Fraction(float(np.spacing(p))) / 2 + Fraction(1, 1 << 100)


def test_masks_and_weights_count():
    rng = np.random.default_rng(4)
    x, weights, where = rng.normal(size=(8, 5)), rng.uniform(0.1, 3, (8, 5)), rng.random((8, 5)) < 0.8
    where[:, 0], weights[3, 2] = True, 0
    for q in (1.25, 2.0, 3.0):
        for of, name in KERNELS.items():
            beside = {"where": where, "weights": weights, "q": q, "gamma": 0.75}
            got = ss.entmax.kernels[name](x, **beside)
            assert same_bits(got, ss.reference(ss.entmax, x, of=of, **beside)), (q, of)


def maximiser(of, x, q, mass=None, lazy=True, known=None):
    numbers = Pair(of.array(x)), of.number(Fraction(1)), of.sub(Pair(of.array(q)), of.number(Fraction(1)))
    gaps = of.sub(numbers[0], Pair(of.along(of.xp.max(numbers[0].hi, axis=-1), -1)))
    with np.errstate(all="ignore"):
        return shares.maximiser(of, gaps, *numbers[1:], mass, known, lazy)


@pytest.mark.parametrize("format", ["float64", "float32"])
def test_rows_of_many_orders_at_once_and_entries_sum_to_1(format):
    of = Functions(np, format)
    orders = np.array(ORDERS, dtype=format)
    x = rows(5)[2].astype(format)[None].repeat(len(ORDERS), axis=0)
    for lazy in (True, False):
        whole = maximiser(of, x, orders, lazy=lazy)
        assert np.all(np.abs(of.sub(of.sum(whole, -1), of.number(Fraction(1))).hi) < 100 * enough(of.digits))
        for place, q in enumerate(orders):
            assert same_bits(whole.hi[place], maximiser(of, x[place : place + 1], q, lazy=lazy).hi[0])


def test_what_is_not_convex_has_no_maximiser():
    of = Functions(np, "float64")
    assert np.isnan(maximiser(of, np.array([[1.0, 0.5]]), -0.5).hi).all()
    assert np.isnan(maximiser(of, np.array([[1.0, np.nan]]), 3.0).hi).all()


def wrong_bits(q):
    x = rows(9)
    got = ss.entmax.kernels["compensated_gradient"](x, q=q, gamma=1)
    return not same_bits(got, ss.reference(ss.entmax, x, of="gradient", q=q, gamma=1))


@pytest.mark.parametrize("q", [1.25, 2.5])
def test_a_balance_in_floats_is_caught(q, monkeypatch):
    def rounded(of, p, mass):
        return Pair(of.xp.sum(p.hi, axis=-1, keepdims=True) - 1)

    assert not wrong_bits(q)
    monkeypatch.setattr(shares, "_balance", rounded)
    assert wrong_bits(q)


def test_a_search_that_ends_early_is_caught(monkeypatch):
    monkeypatch.setattr(shares, "STEPS", 1)
    x = at_the_end(2.0)
    many = np.r_[1.0, np.arange(30) * 1e-18][None]
    off = [
        ss.sparsemax.kernels["compensated_gradient"](x) - ss.reference(ss.sparsemax, x, of="gradient")
        for x in (x, many)
    ]
    assert max(np.abs(found).max() for found in off) > 2.0**-90


def test_the_smallest_of_the_support_that_floats_find_would_be_caught(monkeypatch):
    honest = Functions.sub
    x = at_the_end(3.0)
    right = ss.reference(ss.entmax, x, of="gradient", q=3.0, gamma=1)
    monkeypatch.setattr(Functions, "sub", lambda self, a, b: Pair(honest(self, a, b).hi))
    got = ss.entmax.kernels["compensated_gradient"](x, q=3.0, gamma=1)
    assert np.abs(got - right)[:, 1].max() > 2.0**-90


@pytest.mark.parametrize(
    ("library", "q"), [("torch", 1.5), ("torch", 3.0), ("jax", 2.0), pytest.param("jax", 3.0, marks=pytest.mark.long)]
)
def test_libraries_are_right_to_half_a_unit(library, q):
    numbers = needed("torch") if library == "torch" else needed("jax.numpy")
    x = rows(6).astype(np.float32)
    op, given = (ss.sparsemax, {"gamma": 1.0}) if q == 2 else (ss.entmax, {"q": q, "gamma": 1})
    right = ss.reference(op, x.astype(np.float64), of="gradient", **given)
    near = (right > 2.0**-20) | (right == 0) | (library != "jax")

    def off(got):
        """In units of the last place: a share may be half a unit from both its neighbours, and either one is right then."""
        return (np.abs(np.asarray(got).astype(np.float64) - right) / np.spacing(right.astype(np.float32)))[near].max()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # JAX has no float64 unless it is asked for, and computes in pairs of float32.
        assert off(op.kernels["compensated_gradient"](numbers.asarray(x), **given)) <= 0.5 + 2.0**-20
    assert off(np.nextafter(right.astype(np.float32), np.float32(2))) > 0.5 + 2.0**-20, "one unit off would be told"


def test_float64_rows_of_torch_and_of_the_array_api_have_the_same_bits():
    x = rows(6)
    right = ss.entmax.kernels["compensated_gradient"](x, q=1.25, gamma=1)
    made = [needed("torch").tensor(x), needed("array_api_strict").asarray(x)]
    for each in made:
        assert same_bits(ss.entmax.kernels["compensated_gradient"](each, q=1.25, gamma=1), right)
