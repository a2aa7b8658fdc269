"""The functions of Tsallis in rounding arithmetic hold what is exact, its slopes, and floats that err as much as they may; so does a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf
from rough import MOST, Namespace, rough

from smoothsym.formats import get
from smoothsym.program import solve
from smoothsym.program.rounding import tsallis
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.solved import level

MODEL = Model(functions=dict.fromkeys(("exp", "log", "log1p", "expm1", "pow"), MOST))
ROUNDING = Rounding(get("float32"), MODEL)
ORDERS = [float(np.float32(r)) for r in (-0.7, -0.1, 0.0, 0.1, 0.5, 1.0, 2.0, 5.0)]


def exact_qexp(t, r):
    if r == 0:
        return mp.exp(t)
    base = 1 + mpf(r) * mpf(t)
    return mpf(0) if base <= 0 else base ** (1 / mpf(r))


def exact_xqlog(t, r):
    return mpf(0) if t == 0 else mpf(t) * mp.log(t) if r == 0 else (mpf(t) ** (1 + mpf(r)) - mpf(t)) / mpf(r)


def arguments(name, r):
    rng = np.random.default_rng(2)
    if name == "xqlog":
        return np.r_[0.0, 1.0, rng.uniform(0, 1, 20), 10.0 ** rng.uniform(-20, 0, 20)].astype(np.float32)
    edge = -1 / r if r > 0 else -1.0
    near = edge * (1 + rng.uniform(-1, 1, 10) * 1e-6)
    return np.r_[0.0, -(10.0 ** rng.uniform(-8, 0.5, 30)), near].astype(np.float32)


PAIRS = {
    "qexp": (exact_qexp, tsallis.qexp, tsallis.local_qexp),
    "xqlog": (exact_xqlog, tsallis.xqlog, tsallis.local_xqlog),
}


def args_of(name, t, r):
    return [t, point(np.array([r])), *([point(np.ones(1))] if name == "qexp" else [])]


@pytest.mark.parametrize("r", ORDERS)
@pytest.mark.parametrize("name", PAIRS)
@mp.workprec(200)
def test_what_floats_find_is_within_the_bound_and_not_far_below_it(name, r):
    exact, function, local = PAIRS[name]
    t = arguments(name, r)
    worst = 0.0
    for way in (np.ones, lambda shape: -np.ones(shape)):
        xp, given = Namespace(way), rough(t, way)
        with np.errstate(all="ignore"):
            got = getattr(solve, name)(xp, given, np.float32(r), *([np.float32(1)] if name == "qexp" else []))
            args = args_of(name, point(t.astype(np.float64)), r)
            limit = local(ROUNDING, args, function(*args)[0])
        errors = np.array(
            [float(abs(mpf(float(g)) - exact(float(v), r))) for g, v in zip(np.asarray(got), t, strict=True)]
        )
        assert np.all(errors <= limit)
        worst = max(worst, float(np.max(errors / np.maximum(limit, 1e-300))))
    assert worst > 1 / 20


@pytest.mark.sampled
@pytest.mark.parametrize("r", ORDERS)
@pytest.mark.parametrize("name", PAIRS)
@mp.workprec(200)
def test_boxes_and_slopes_hold_what_is_exact(name, r):
    exact, function, _ = PAIRS[name]
    rng = np.random.default_rng(4)
    for low in arguments(name, r).astype(np.float64):
        high, q = low + abs(low) * 0.1, r + abs(r) * 1e-3
        args = args_of(name, Box(np.array([low]), np.array([high])), r)
        args[1] = Box(np.array([r]), np.array([q]))
        with np.errstate(all="ignore"):
            found, (by_t, by_r, *_) = function(*args)
        tried = [(mpf(low + s * (high - low)), mpf(r + w * (q - r))) for s, w in rng.uniform(0, 1, (4, 2))]
        values = [exact(*pair) for pair in tried]
        for (t, order), value in zip(tried, values, strict=True):
            assert np.isnan(found.lo[0]) or found.lo[0] <= value <= found.hi[0]
            rise = exact(t + (high - t) / 2, order) - value
            if high > t:
                assert not by_t.hi[0] * (high - t) / 2 * (1 + 1e-12) < rise
                assert not by_t.lo[0] * (high - t) / 2 * (1 + 1e-12) > rise + abs(rise) * 1e-9
            if q > order:
                assert not np.ravel(by_r.mag)[0] * (q - order) * (1 + 1e-12) < abs(exact(t, mpf(q)) - value)


def test_a_level_is_in_its_bracket_and_one_that_is_looked_at_too_narrowly_is_not():
    def balance(at, count, off=1e-6):
        return Box(1 - at.hi**3 - off, 1 - at.lo**3 + off)

    low, high = np.array([0.0, 0.5]), np.array([4.0, 1.5])
    for guess in (1.0, 1.1, 0.5):
        bracket, error = level(balance, low, high, np.full(2, guess), ROUNDING)
        assert np.all((bracket.lo < 1) & (bracket.hi > 1) & (error >= bracket.width))
    bracket, error = level(balance, low, high, np.ones(2), ROUNDING)
    assert np.all((error > 2e-6 / 3) & (error < 8e-6))
    assert np.all(level(lambda at, count: balance(at, count, 0.0), low, high, np.ones(2), ROUNDING)[1] < 1e-6)


def test_a_level_whose_sign_is_never_sure_is_between_its_ends():
    unknown = level(
        lambda at, count: Box(-np.ones_like(at.lo), np.ones_like(at.lo)), np.zeros(1), np.ones(1), np.ones(1), ROUNDING
    )
    assert unknown[0].lo == 0 and unknown[0].hi == 1 and unknown[1] >= 1
