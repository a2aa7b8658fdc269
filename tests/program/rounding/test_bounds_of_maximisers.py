"""The bound of a maximiser in pairs holds before its last rounding, for functions that err as they may, and catches a search that ends early."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

import smoothsym as ss
from smoothsym.formats import get
from smoothsym.program.pairs import shares
from smoothsym.program.pairs.arithmetic import RELATIVE, Pair
from smoothsym.program.pairs.functions import FUNCTIONS, Functions
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.model import NUMPY
from smoothsym.program.rounding.paired import Paired
from smoothsym.program.rounding.shares import maximiser
from smoothsym.program.rounding.shares_in_pairs import InPairs

ORDERS = (0.5, 1.0, 1.01, 1.5, 1.75, 2.0, 2.5)
DEEP = Functions(np, "float64")


class Rough(Functions):
    """Operations that are off by as much as is stated, up or down."""

    way = 1.0

    def moved(self, name, found):
        stated = RELATIVE[name] * 2.0**-106 if name in RELATIVE else FUNCTIONS["float64"][name]
        way = self.way if self.way else np.random.default_rng(found.hi.size).choice((-1.0, 1.0), found.hi.shape)
        # Half of what is stated, since the operation is off by itself.
        known = np.isfinite(found.hi) & (np.abs(found.hi) > 1e-290)
        off = np.where(known, found.hi * (way * stated * 0.75), 0.0)
        return Pair(found.hi, DEEP.low(found) + off)


def _rough(name):
    honest = getattr(Functions, name)
    return lambda self, *args: self.moved(name, honest(self, *args))


for name in ("exp", "log", "log1p", "div", "mul", "sqrt"):
    setattr(Rough, name, _rough(name))


def rows(n, q, seed=0):
    """Ordinary, near, tied, and two with an entry at the end of the support, to within rounding and not at all."""
    rng = np.random.default_rng([seed, n])
    drawn = [rng.normal(0, 1, n), rng.normal(0, 1e-3, n), rng.integers(0, 3, n) * 0.125, rng.normal(0, 0.3, n)]
    end = {2.0: 1.0, 1.5: 2.0, 3.0: 0.5}.get(q, 1 / max(q - 1, 0.1))
    drawn += [np.r_[end, 1e-20, np.full(n - 2, -3.0)], np.r_[end, 0.0, np.full(n - 2, -3.0)]]
    return np.array(drawn)


def searched(x, q, of=DEEP, mass=None):
    row = Pair(np.asarray(x))
    gaps = of.sub(row, Pair(of.along(np.max(row.hi, axis=-1), -1)))
    numbers = gaps, of.number(Fraction(1)), DEEP.sub(Pair(np.asarray(q)), of.number(Fraction(1)))
    with np.errstate(all="ignore"):
        return shares.maximiser(of, *numbers, mass, None, True)


def bounded(x, q, mass=None, where=None):
    """The bound for gaps that are exact."""
    high = np.max(x, axis=-1, keepdims=True)
    gap, rest = DEEP.two_sum(x, -high)
    gaps = Box(np.where(rest < 0, np.nextafter(gap, -np.inf), gap), np.where(rest > 0, np.nextafter(gap, np.inf), gap))
    floats, numbers = [gap, np.ones(1), np.array([q - 1])], (gaps, point(np.ones(1)), point(np.array([q - 1])))
    with np.errstate(all="ignore"):
        given = (*numbers, mass, where, floats, Paired(get("float64"), NUMPY), InPairs)
        nothing = np.zeros((len(x), 1))
        return maximiser(*given)[1](np.zeros(x.shape), nothing, nothing)


def worst(x, q, found, limit, weights=None):
    """The largest error over bound; a gradient has each entry as often as it counts."""
    ratio, often = 0.0, weights or [1] * x.shape[-1]
    for row, hi, lo, most in zip(x, found.hi, DEEP.low(found) + np.zeros_like(found.hi), limit, strict=True):
        exact = ss.enclose(ss.entmax, row.tolist(), q=q, gamma=1, of="gradient", digits=45, weights=weights)
        with mpmath.workprec(300):
            for place, e in enumerate(exact):
                got = mpmath.mpf(float(hi[place])) + mpmath.mpf(float(lo[place]))
                error = float(abs(got - e.mid / often[place]))
                ratio = max(ratio, error / most[place] if error else 0.0)
    return ratio


def tried(q, n=5):
    """The worst of honest operations, and of those that err up, down and either way."""
    x = rows(n, q)
    limit, found = bounded(x, q), [worst(x, q, searched(x, q), bounded(x, q))]
    for way in (1.0, -1.0, 0.0):
        of = Rough(np, "float64")
        object.__setattr__(of, "way", way)
        found.append(worst(x, q, searched(x, q, of), limit))
    return max(found)


@pytest.mark.sampled
@pytest.mark.parametrize("q", [*ORDERS, pytest.param(3.0, marks=pytest.mark.long)])
def test_functions_that_err_as_they_may_stay_within_the_bound_and_come_near_it(q):
    assert np.all(bounded(rows(5, q), q) < 2.0**-62)
    assert 1 / 64 < tried(q) <= 1


def test_a_bound_that_were_a_tenth_of_it_would_be_exceeded():
    assert max(tried(q, 3) for q in (1.25, 1.75)) > 1 / 10


def off_by_a_millionth(xp, gaps, *settings):
    found = honest(xp, gaps, *settings)
    return found * (1 + 1e-6)


honest = shares.floats.shares


def test_a_search_that_ends_early_exceeds_the_bound(monkeypatch):
    x = rows(5, 1.25)
    monkeypatch.setattr(shares.floats, "shares", off_by_a_millionth)
    assert worst(x, 1.25, searched(x, 1.25), bounded(x, 1.25)) <= 1
    monkeypatch.setattr(shares, "STEPS", 1)
    assert worst(x, 1.25, searched(x, 1.25), bounded(x, 1.25)) > 1


def test_a_balance_in_floats_exceeds_the_bound(monkeypatch):
    monkeypatch.setattr(shares, "_balance", lambda of, p, mass: Pair(np.sum(p.hi, axis=-1, keepdims=True) - 1))
    for q in (1.25, 2.0, 2.5):
        x = rows(5, q)
        assert worst(x, q, searched(x, q), bounded(x, q)) > 1


def test_long_rows_and_masses_have_bounds():
    rng = np.random.default_rng(8)
    x, mass = rng.normal(size=(1, 10_000)), rng.integers(1, 4, (1, 5)).astype(np.float64)
    for q in (0.75, 1.25, 2.0, 2.5):
        assert np.all(bounded(x, q) < 2.0**-53 * np.maximum(searched(x, q).hi, 2.0**-12))
        few = rows(5, q)[:1]
        limit = bounded(few, q, point(mass))
        assert worst(few, q, searched(few, q, mass=Pair(mass)), limit, mass[0].tolist()) <= 1


def test_what_is_not_convex_has_no_bound():
    assert np.all(np.isinf(bounded(np.array([[0.0, -0.5]]), -0.5)))
