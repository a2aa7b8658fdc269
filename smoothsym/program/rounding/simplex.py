"""The maximiser over the simplex in enclosures: the signs of one balance certify the share of an entry, and all others follow from it.

    p_j(rho) = [rho^r + b_j]_+^(1/r),   b_j = r (g_j - g_s)/scale,   sum_j m_j p_j(rho) - 1 = 0

for gaps g, and s the largest entry, or any entry of the support where r > 1: program/shares.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding import transcendental
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.functions import ONE, RELATIVE

Array = Any

FAR = 2000.0
"""exp(-FAR) is below every float."""
LONG = 1e290
"""Beyond this a float64 stands for everything that is larger, so that no product is infinite."""


@dataclass(frozen=True)
class Given:
    """What a maximiser is of: boxes of shapes (rows, n) and (rows, 1), masses, and a mask of the entries that count."""

    gaps: Box
    scale: Box
    order: Box
    mass: Array
    counted: Array

    @cached_property
    def whole(self) -> Array:
        return np.sum(self.mass, axis=1, keepdims=True)

    @cached_property
    def least(self) -> Array:
        """The smallest mass."""
        return np.min(np.where(self.counted, self.mass, inf), axis=1, keepdims=True)

    @property
    def known(self) -> bool:
        """Whether these are numbers."""
        gaps = Box(*(np.where(self.counted, end, 0.0) for end in self.gaps))
        return all(bool(np.all(q.point)) for q in (gaps, self.scale, self.order))

    def at(self, anchor: Array, values: Array) -> Array:
        """The values at a position of every row."""
        return np.take_along_axis(values, anchor, axis=1)

    def from_entry(self, anchor: Array) -> Given:
        """With gaps measured from an entry."""
        gaps = boxes.sub(self.gaps, self.gaps.map(lambda a: self.at(anchor, a)))
        here = np.arange(self.mass.shape[1]) == anchor
        return replace(self, gaps=boxes.where(here, point(np.zeros(self.mass.shape)), gaps))


@dataclass(frozen=True)
class Look:
    """The entries at every rho of a box, and their slopes dp/drho = (rho/p)^(r - 1).

    `t` and `logarithm` are b/(r rho^r) and log(p/rho), from the largest entry; `base` is rho^r + b, from any other.
    """

    p: Box
    slope: Box
    t: Box = ONE
    logarithm: Box = ONE
    base: Box = ONE


def _from_the_largest(given: Given, rho: Box) -> Look:
    """p = rho (1 + v)^(1/r), v = r t, by t log1p(v)/v, which is smooth in r."""
    r = given.order
    t = boxes.mul(boxes.div(given.gaps, given.scale), transcendental.power(rho, boxes.neg(r)))
    # p is at most rho exp(t) where r >= 0.
    far = (t.hi < -FAR) & (r.lo >= 0)
    t = Box(*(np.maximum(np.where(far, -1.0, end), -LONG) for end in t))
    v = boxes.mul(r, t)
    quotient, _ = RELATIVE["log1p"](Box(*(np.maximum(end, -1.0) for end in v)))
    logarithm = boxes.mul(t, Box(*(np.minimum(end, LONG) for end in quotient)))
    logarithm = Box(*(np.clip(end, -LONG, 0.0) for end in logarithm))
    low, gone, tiny = far | (v.lo <= -1) | (t.lo <= -LONG), v.hi <= -1, 2.0**-1074

    def ended(value: Box, nothing: Array) -> Box:
        return Box(np.where(low, 0.0, value.lo), np.where(gone, 0.0, np.where(far & nothing, tiny, value.hi)))

    slope = transcendental.exp(boxes.mul(boxes.sub(ONE, r), logarithm))
    p = boxes.mul(rho, transcendental.exp(logarithm))
    return Look(ended(p, far), ended(slope, r.hi < 1), t=t, logarithm=logarithm)


def _from_an_entry(given: Given, rho: Box) -> Look:
    """p = (rho^r + b)^(1/r) for r > 1, b of either sign."""
    r, one, zero = given.order, point(np.ones(given.mass.shape)), point(np.zeros(given.mass.shape))
    base = boxes.add(transcendental.power(rho, r), boxes.mul(given.gaps, boxes.div(r, given.scale)))
    base = Box(*(np.maximum(end, 0.0) for end in base))
    tied = given.gaps.point & (given.gaps.lo == 0)
    p = boxes.where(tied, rho, transcendental.power(base, boxes.div(ONE, r)))
    ratio = boxes.div(rho, boxes.where(p.lo > 0, p, one))
    slope = transcendental.power(Box(ratio.lo, np.minimum(ratio.hi, 1.0)), boxes.sub(r, ONE))
    slope = boxes.where(
        p.lo > 0, Box(slope.lo, np.minimum(slope.hi, 1.0)), boxes.where(p.hi > 0, boxes.hull(zero, one), zero)
    )
    return Look(p, boxes.where(tied, one, slope), base=base)


@dataclass(frozen=True)
class Simplex:
    """The maximiser measured from an anchor, a position of every row: the largest entry, or any of the support where `steep`."""

    given: Given
    anchor: Array
    steep: bool
    restricted: bool = False
    """Whether entries below the anchor have nothing, as floats have it."""

    @cached_property
    def measured(self) -> Given:
        gaps = self.given.gaps.map(lambda a: np.where(self.given.counted, a, 0.0))
        given = replace(self.given, gaps=gaps)
        return given.from_entry(self.anchor) if self.steep else given

    def look(self, rho: Box) -> Look:
        found = (_from_an_entry if self.steep else _from_the_largest)(self.measured, rho)
        out = ~self.given.counted
        if self.restricted:
            out = out | (self.measured.gaps.hi < 0)
        nothing = point(np.zeros(self.given.mass.shape))
        return replace(found, p=boxes.where(out, nothing, found.p), slope=boxes.where(out, nothing, found.slope))

    def total(self, terms: Box) -> Box:
        return boxes.total(boxes.mul(terms, point(self.given.mass)), 1).map(lambda a: a[:, None])

    def root(self, guess: Array, apart: float = 0.0) -> Box:
        """rho where the balance is 0: between points where its signs are sure; no guess is believed. Without them, between what bounds all rho.

        `apart`: so far apart, relatively, such points are at least.
        """
        given = self.given
        low = np.zeros(guess.shape) if self.steep else (1 - 2.0**-40) / given.whole
        high = (1 + 2.0**-40) / given.at(self.anchor, given.mass)
        below, above = np.zeros(guess.shape, dtype=bool), np.zeros(guess.shape, dtype=bool)
        apart = max(apart, (given.mass.shape[1] + 8) * 2.0**-52)
        while apart < 1 and not np.all(below & above):
            a, b = guess * (1 - apart), guess * (1 + apart)
            under, over = ~below & (self._balance(a).hi < 0), ~above & (self._balance(b).lo > 0)
            low, high = np.where(under, a, low), np.where(over, b, high)
            below, above, apart = below | under, above | over, 8 * apart
        return Box(low, high)

    def _balance(self, rho: Array) -> Box:
        return boxes.sub(self.total(self.look(point(rho)).p), ONE)


def carried(given: Given, p: Box, off: Array, off_scale: Array | None = None, off_order: Array | None = None) -> Array:
    """What gaps that are off by so much, and a scale and an order, do to entries in a box; no more than that is wide.

    A scale and an order of which that is not known are anywhere in their boxes.

    dp_j = p_j^(1 - r) (D_j - mean of D), D_j = d(g_j/scale) - l(p_j) dr, the mean weighed by m p^(1 - r), where
    l(p) = int_0^log(p) s exp(r s) ds is at most log(p)^2/2 max(1, p^r), and 1/r^2 for r > 0 and p <= 1.
    """
    r, scale = given.order, given.scale.lo
    there = (p.hi > 0) & given.counted
    gaps = np.where(given.counted, given.gaps.mag, 0.0)
    off_scale, off_order = (
        q.width if known is None else known for q, known in ((given.scale, off_scale), (r, off_order))
    )
    lost = np.where(given.counted, off, 0.0) / scale + gaps / scale * (off_scale / scale)
    if np.any(off_order > 0):
        low, high = (np.maximum(end, 2.0**-1074) for end in p)
        spread = np.maximum(np.abs(np.log(low)), np.abs(np.log(high)))
        most = np.maximum(low ** np.minimum(r.lo, 0.0), np.maximum(high, 1.0) ** np.maximum(r.hi, 0.0))
        by_order = spread**2 / 2 * most
        by_order = np.where((r.lo > 0) & (high <= 1), np.minimum(by_order, 1 / r.lo**2), by_order)
        lost = lost + by_order * off_order * (1 + 2.0**-20)
    lost = np.where(there, lost, 0.0)
    share = boxes.where(there, transcendental.power(p, boxes.sub(ONE, r)), point(np.zeros(given.mass.shape)))
    mean = added(boxes.upward(given.mass * share.hi, lost)) / added(given.mass * share.lo)
    mean = np.fmin(mean, np.max(lost, axis=1, keepdims=True))
    found = boxes.upward(share.hi, lost + mean) * (1 + 2.0**-20)
    return np.fmin(np.where(np.isnan(found), inf, found), p.width)


def added(a: Array) -> Array:
    """No less than the sum of every row, as a column."""
    return boxes.over(a, (1,))[:, None]


def steepest(t: Array, r: Box) -> Array:
    """No less than (1 + r t)^(1/r - 1), for t <= 0."""
    top = point(np.minimum(t, 0.0))
    v = boxes.mul(r, top)
    gone = v.hi <= -1
    quotient, _ = RELATIVE["log1p"](point(np.where(gone, 0.0, v.hi)))
    return np.where(gone, 0.0, transcendental.exp(boxes.mul(boxes.sub(ONE, r), boxes.mul(top, quotient))).hi)


Carried = Callable[..., Array]
