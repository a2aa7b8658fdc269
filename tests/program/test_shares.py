"""The maximiser from one of its own entries: every digit where entries share, on every side of every order, in every library."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from diagonal import diagonal

import smoothsym as ss
from smoothsym.certify.measured import measure
from smoothsym.program import shares

ORDERS = (0.25, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 10.0)
stable = {"gradient": "stable_gradient", "value": "stable"}


def maximiser(x, q, xp=np, lazy=True, mass=None):
    x = np.asarray(x)
    gaps = xp.asarray(x - x.max(axis=-1, keepdims=True))
    with np.errstate(all="ignore"):
        return np.asarray(shares.shares(xp, gaps, 1.0, q - 1, mass, lazy))


def rows(n, dtype):
    generator = np.random.default_rng(n)
    drawn = [
        0.3 + generator.normal(0, 1e-9, n),
        1 + generator.integers(0, 3, n) * float(np.finfo(dtype).eps),
        0.3 + generator.normal(0, 1e-3, n),
        generator.normal(0, 0.5, n),
        np.round(generator.normal(0, 1, n)),
        generator.normal(0, 1, n) * 10.0 ** generator.integers(-12, 3, n),
    ]
    return np.array(drawn).astype(dtype)


# Every other order in one of the formats, in turn; each in both where there is time.
EVERYWHERE = [
    pytest.param(q, dtype, marks=[pytest.mark.long] * ((place + 2 * width) % 4 > 0), id=f"{q}-{dtype}")
    for place, q in enumerate(ORDERS)
    for width, dtype in enumerate(["float64", "float32"])
]


@pytest.mark.sampled
@pytest.mark.parametrize("q, dtype", EVERYWHERE)
def test_the_scaled_error_is_that_of_a_few_roundings(q, dtype):
    for of, name in stable.items():
        for n in (2, 12):
            found = ss.audit(
                ss.entmax.kernels[name], ss.entmax, of=of, q=q, gamma=1, dtype=dtype, data=rows(n, dtype), timeout=None
            )
            assert found.verdict == "holds" and 0 < found.max_scaled <= (4 if of == "gradient" else 3), (of, n)


@pytest.mark.parametrize("q", [q for q in ORDERS if q <= 3])
def test_long_rows_near_uniform_keep_their_digits(q):
    x = rows(1000, np.float64)[1]
    # To the first order in the gaps, whose squares are below rounding: p = (1 + n^(q - 1) (x - mean))/n.
    apart = (x - 1).astype(np.longdouble)
    exact = 1 + np.longdouble(1000) ** (np.longdouble(q) - 1) * (apart - apart.mean())
    found = maximiser(x, q)
    assert np.abs(found * 1000 - exact).max() < 4 * 2.0**-53 and abs(found.sum() - 1) < 2.0**-50


def test_a_search_that_ends_early_is_caught(monkeypatch):
    monkeypatch.setattr(shares, "STEPS", 1)
    found = ss.audit(
        ss.entmax.kernels["stable_gradient"], ss.entmax, of="gradient", q=1.5, gamma=1, data=rows(12, "float64")[2:3]
    )
    assert found.verdict == "falls short"


def test_rows_of_many_orders_at_once():
    x = rows(12, np.float64)[3].reshape(1, -1).repeat(len(ORDERS), axis=0)
    for lazy in (True, False):
        whole = maximiser(x, np.array(ORDERS), lazy=lazy)
        each = [maximiser(row, q) for row, q in zip(x, ORDERS, strict=True)]
        assert np.abs(whole - each).max() < 4 * 2.0**-53


def test_masses_count_entries():
    x, mass = np.array([0.5, 0.25, -0.125]), np.array([2.0, 3.0, 1.0])
    for q in ORDERS:
        spread = maximiser(np.repeat(x, mass.astype(int)), q)
        assert np.abs(np.repeat(maximiser(x, q, mass=mass), mass.astype(int)) - spread).max() < 4 * 2.0**-53


def test_an_entry_without_mass_counts_for_nothing_though_it_be_the_largest():
    x, mass = np.array([3.0, 0.5, 0.25]), np.array([0.0, 1.0, 2.0])
    for q in ORDERS:
        assert np.abs(maximiser(x, q, mass=mass)[1:] - maximiser(x[1:], q, mass=mass[1:])).max() < 2.0**-52


def test_what_is_not_convex_has_no_maximiser():
    x = np.array([1.0, 0.5])
    assert np.isnan(maximiser(x, -0.5)).all()
    assert np.isnan(shares.shares(np, x - 1, -1.0, 1.0, None, True)).all()
    assert np.isnan(maximiser(np.array([1.0, np.nan]), 3.0)).all()


def test_orders_at_an_end_of_what_is_convex():
    for q in (2.0**-26, 1 - 2.0**-40, 1 + 2.0**-40, 300.0):
        x = np.array([0.0, -0.125, -1e9])
        exact = ss.reference(ss.entmax, x, q=q, gamma=1, of="gradient")
        assert np.abs(maximiser(x, q) - exact).max() < 4 * 2.0**-53


def test_at_a_removable_singularity_of_the_parameter_the_entries_still_scale_the_error():
    op = ss.entmax.settled({"q": 1.0, "gamma": 1})[0]
    found = measure(op, [Fraction(-500), Fraction(0)], 1, "gradient")
    size = float(found.values[0][0])
    assert 500 * size < float(found.scales(0)) < 502 * size


@pytest.mark.parametrize(("q", "library"), diagonal(ORDERS, ["torch", "jax"], every=4))
def test_libraries_agree(library, q):
    pytest.importorskip(library)
    x = np.random.default_rng(0).normal(0, 0.5, (3, 20))
    exact = maximiser(x, q)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if library == "torch":
            import torch

            found = [ss.entmax(torch.tensor(x), q=q, gamma=1, of="gradient").numpy()]
        else:
            import jax

            with jax.enable_x64(True):
                found = [
                    np.asarray(f(jax.numpy.asarray(x)))
                    for g in [lambda rows: ss.entmax(rows, q=q, gamma=1, of="gradient")]
                    for f in (g, jax.jit(g))
                ]
    for each in found:
        assert np.abs(each - exact).max() < 4 * 2.0**-53
