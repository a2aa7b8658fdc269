"""The bound of a maximiser over the simplex holds for functions that err as much as they may, and catches a search that ends early."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from rough import MOST, Namespace, rough

import smoothsym as ss
from smoothsym.formats import get
from smoothsym.program import shares
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.shares import maximiser

MODEL = Model(functions=dict.fromkeys(("exp", "log1p", "pow"), MOST), summation="sequential")
ORDERS = (-0.9, -0.5, -0.05, 0.0, 0.001, 0.25, 0.5, 0.9, 1.0, 1 + 2.0**-20, 1.5, 2.0, 5.0, 19.0)
WAYS = {
    "up": np.ones,
    "down": lambda shape: -np.ones(shape),
    "either": lambda shape: np.random.default_rng(7).choice((-1.0, 1.0), shape),
    "any": lambda shape: np.random.default_rng(8).uniform(-1, 1, shape),
}


def rows(n, r, scale, seed=0):
    """Gaps in float32, near and far, equal, on a grid, and at the edge of the support."""
    rng, m = np.random.default_rng([seed, n]), 8
    edge = -np.abs(rng.normal(0, 1, (m, n))) * scale
    edge[:, 1:2] = -scale / max(abs(r), 0.1) * rng.choice((1.0, 0.999999, 1.000001, 1 - 2.0**-22), (m, 1))
    edge[:, 2:] = np.where(rng.random((m, max(n - 2, 0))) < 0.5, -20 * scale, edge[:, 1:2])
    drawn = [
        -np.abs(rng.normal(0, 1, (m, n))) * scale * 10.0 ** rng.uniform(-3, 1, (m, 1)),
        -rng.integers(0, 3, (m, n)) * scale * 2.0 ** -rng.integers(0, 24, (m, 1)),
        -np.round(np.abs(rng.normal(0, 1.5, (m, n)))) * scale / max(abs(r), 0.1),
        -scale * 10.0 ** rng.uniform(-8, 2, (m, n)),
        edge,
    ]
    found = np.concatenate(drawn).astype(np.float32)
    found[:, 0] = 0
    return found


def exactly(gaps, scale, r, mass=None):
    """In float64, which is exact beside float32."""
    with np.errstate(all="ignore"):
        return shares.shares(np, gaps.astype(np.float64), np.float64(scale), np.float64(r), mass, True)


def bounded(gaps, scale, r, off=0.0, mass=None):
    floats = [gaps.astype(np.float64), np.array([scale]), np.array([r])]
    with np.errstate(all="ignore"):
        found = maximiser(*map(point, floats), mass, None, floats, Rounding(get("float32"), MODEL))
        return found[0], found[1](np.broadcast_to(off, gaps.shape))


def ratio(gaps, scale, r, way="any"):
    """The largest error of floats over its bound."""
    with np.errstate(all="ignore"):
        given = (rough(gaps, WAYS[way]), np.float32(scale), np.float32(r))
        got = np.asarray(shares.shares(Namespace(WAYS[way]), *given, None, True), dtype=np.float64)
        _, limit = bounded(gaps, scale, r)
    assert np.all(np.isfinite(limit))
    errors = np.maximum(np.abs(got - exactly(gaps, scale, r)) - 1e-14, 0)
    return float(np.max(errors / np.where(limit > 0, limit, 1e-300)))


@pytest.mark.sampled
@pytest.mark.parametrize("r", [float(np.float32(r)) for r in ORDERS])
def test_functions_that_err_as_much_as_they_may_stay_within_the_bound_and_come_near_it(r):
    worst = 0.0
    for n, scale, way in ((3, 1.0, "up"), (10, 1e-3, "down"), (40, 1e3, "either"), (2, 0.3, "any")):
        scale = float(np.float32(scale))
        worst = max(worst, ratio(rows(n, r, scale), scale, r, way))
    assert 1 / 8 < worst <= 1


@pytest.mark.parametrize("r", [float(np.float32(r)) for r in ORDERS[::2]])
def test_numbers_anywhere_in_their_boxes_stay_within_the_bound(r):
    rng, u = np.random.default_rng(3), 2.0**-24
    for n in (2, 10):
        gaps = rows(n, r, 1.0).astype(np.float64)
        near = Box(gaps * (1 + u), gaps * (1 - u))
        with np.errstate(all="ignore"):
            order = Box(np.array([r - u]), np.array([r + u]))
            given = (near, Box(np.array([1 - u]), np.array([1 + u])), order)
            box, error = maximiser(
                *given, None, None, [gaps, np.ones(1), np.array([r])], Rounding(get("float32"), MODEL)
            )
            limit = error(np.abs(gaps) * u)
        assert np.mean(np.isfinite(limit)) > 0.9
        for _ in range(3):
            there = exactly(
                gaps * (1 + u * rng.uniform(-1, 1, gaps.shape)), 1 + u * rng.uniform(-1, 1), r + u * rng.uniform(-1, 1)
            )
            assert np.all((box.lo - 1e-13 <= there) & (there <= box.hi + 1e-13))
            assert np.all(np.abs(there - exactly(gaps, 1.0, r)) <= limit + 1e-13)


def test_a_last_step_that_is_left_out_exceeds_the_bound(monkeypatch):
    tried = (0.0, 0.5, 1.0)
    sound = max(ratio(rows(10, r, 1.0), 1.0, r) for r in tried)
    monkeypatch.setattr(shares, "_beyond_one", lambda xp, p, mass: p[..., :1] * 0)
    assert sound <= 1 < min(ratio(rows(10, r, 1.0), 1.0, r) for r in tried)


def test_a_search_that_ends_early_exceeds_the_bound(monkeypatch):
    monkeypatch.setattr(shares, "NOISE", 2**20)
    assert min(ratio(rows(10, r, 1.0), 1.0, r) for r in (0.5, 1.5, 2.0)) > 1


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_libraries_stay_within_the_bounds_of_their_models(library):
    numbers = pytest.importorskip("torch" if library == "torch" else "jax.numpy")
    model = {"torch": ss.TORCH, "jax": ss.JAX}[library]
    made = numbers.tensor if library == "torch" else numbers.asarray
    for q in (0.3, 1.0, 1.5, 2.0, 3.0):
        op, given = ss.entmax.settled({"q": q, "gamma": 1})
        kernel, x = op.kernels["stable_gradient"], rows(10, q - 1, 1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = np.asarray(kernel(made(x), **given), dtype=np.float64)
        limit = ss.bound(kernel, model=model).rigorous(x, **given)
        assert np.all(np.abs(got - exactly(x, 1.0, q - 1)) <= limit + 1e-14), q


def test_entries_that_are_like_the_largest_or_far_below_it_have_small_errors():
    u = 2.0**-24
    _, alike = bounded(np.zeros((1, 100), dtype=np.float32), 1.0, 0.5)
    assert np.all(alike < 3 * u / 100)
    _, far = bounded(np.float32([[0, -1, -50]]), 1.0, 0.5)
    assert far[0, 2] == 0 and 0 < far[0, 1] < 20 * u
    _, tail = bounded(np.float32([[0, -1, -50]]), 1.0, 0.0)
    assert 0 < tail[0, 2] < 300 * u * np.exp(-50)


def test_long_rows_have_bounds():
    gaps = np.random.default_rng(6).normal(size=(1, 10_000)).astype(np.float32)
    gaps -= gaps.max()
    for r in (-0.5, 0.0, 0.5, 1.0, 2.0):
        with np.errstate(all="ignore"):
            got = shares.shares(np, gaps, np.float32(1), np.float32(r), None, True)
        _, limit = bounded(gaps, 1.0, r)
        exact = exactly(gaps, 1.0, r)
        assert np.all(np.abs(got - exact) <= limit) and np.max(limit) < 1e-4 * np.max(exact)


def test_masses_count_entries():
    rng = np.random.default_rng(5)
    for r in (-0.5, 0.5, 1.0, 2.0):
        gaps, mass = rows(5, r, 1.0), rng.integers(1, 4, 5).astype(np.float64)
        with np.errstate(all="ignore"):
            got = shares.shares(np, gaps, np.float32(1), np.float32(r), mass.astype(np.float32), True)
        _, limit = bounded(gaps, 1.0, r, mass=point(mass[None, :]))
        assert np.all(np.abs(got.astype(np.float64) - exactly(gaps, 1.0, r, mass)) <= limit + 1e-13)


def test_what_is_not_convex_has_no_bound():
    for scale, r in ((1.0, -1.0), (-1.0, 1.0), (1.0, -1.5)):
        _, limit = bounded(np.float32([[0, -0.5]]), scale, r)
        assert np.all(np.isinf(limit))


def test_mistakes_are_named():
    gaps, one = point(np.zeros((2, 3))), point(np.ones(1))
    floats = [np.zeros((2, 3)), np.ones(1), np.ones(2)]
    rounding = Rounding(get("float32"), MODEL)
    with pytest.raises(ValueError, match="masses are not known"):
        maximiser(gaps, one, one, Box(np.zeros((1, 3)), np.ones((1, 3))), None, floats, rounding)
    floats[2] = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match="an order for each row"):
        maximiser(gaps, one, point(floats[2]), None, None, floats, rounding)
