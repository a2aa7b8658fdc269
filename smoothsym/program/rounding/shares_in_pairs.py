"""Where a search for the maximiser over the simplex ends in pairs of floats: its balance, which is known there, bounds what every entry is off by.

With F(rho) = sum_j m_j p_j(rho) - 1, which is 0 at rho*, and entries that are computed to dp_j at one rho (pairs/shares.py):

*The end.* The balance that pairs find is at most ENOUGH max(1, rho S), S = sum_j m_j sigma_j, and is off by dF, which is sum_j m_j dp_j and what
adding them costs. So |F(rho)| <= T = ENOUGH max(1, rho S) + dF. All entries rise with rho, so |p_j(rho) - p_j*| <= T/m_j, with no slope; and
|rho - rho*| <= T/S.
*The last step.* p_j(rho) - p_j* = F s_j/S' with slopes s_j and S' of the way between, and the step takes off F sigma_j/S, both quotients
between sigma_j.lo/S.hi and sigma_j.hi/S.lo: T times what these are apart is left, sigma_j/S dF, and dp_j. It is no more than T/m_j once more.
*The smallest entry*, for r > 1. Two sums of entries beside one that has nothing are compared with 1, each off by e; where one of them is within
e of 1, the entries that are taken for the support may have e more or less than 1, and T + e takes the place of T.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from smoothsym.program.pairs.solve import enough
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding import transcendental
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.paired import BELOW, Paired
from smoothsym.program.rounding.shares import Search
from smoothsym.program.rounding.simplex import Given, Look, Simplex, added, carried, steepest

Array = Any

LOGARITHM = 745.0
"""No logarithm of a number that is left is larger."""
FAR = 1e290
SLOP = 1 + 2.0**-20
"""More than errors of the second order, the rounding of slopes and of the last step, and arithmetic on bounds come to."""


@dataclass(frozen=True)
class InPairs(Search):
    """The operation on pairs; the numbers that these hold, and the exact ones, lie in the boxes of `given`. `floats` lie there too."""

    rounding: Paired

    @cached_property
    def square(self) -> float:
        return float(self.rounding.fmt.u) ** 2

    @cached_property
    def order(self) -> float:
        return float(self.given.order.mag.flat[0])

    def error(self, off: Array, off_scale: Array | None = None, off_order: Array | None = None) -> Array:
        found = self.local + carried(self.given, self.box, off, off_scale, off_order)
        return np.where(np.isnan(found) | np.isnan(self.box.lo), inf, found)

    # ---- entries at one rho --------------------------------------------------------------------------------------------------

    def stated(self, name: str) -> float:
        return self.rounding.stated(name)

    def of_power(self, logarithm: Array) -> Array:
        """The relative error of a power, by the modulus of its logarithm."""
        return logarithm * (self.stated("log") + self.stated("mul")) + self.stated("exp")

    @cached_property
    def of_quotient(self) -> float:
        """The relative error of b: a difference, a quotient and a product."""
        return self.stated("sub") + self.stated("div") + self.stated("mul")

    @property
    def lost(self) -> float:
        """What an operation may lose below the smallest numbers."""
        return BELOW * self.rounding.eta

    def _from_the_largest(self, look: Look, rho: Box) -> Array:
        r = float(self.given.order.lo.flat[0])
        plain = r if self.rounding.model.inspects and np.all(self.given.order.point) else None
        own = self.of_quotient + self.stated("sqrt") + self.stated("add")
        there = (look.p.hi > 0) | (look.t.hi * r > -1 - own)
        if plain == 1:
            # rho + b, for b >= -rho.
            lost = np.where(there, rho.hi * own, 0.0)
        elif plain == 0.5:
            # (sqrt(rho) + b)^2, for b >= -sqrt(rho).
            off, root = np.sqrt(rho.hi) * own, np.sqrt(look.p.hi) * SLOP
            lost = np.where(there, off * (2 * root + off) + self.stated("mul") * look.p.hi, 0.0)
        else:
            spread = np.minimum(np.abs(np.log(np.maximum(rho.lo, 2.0**-1000))), LOGARITHM)
            relative = own + self.of_power(self.order * spread) + self.stated("div")
            by_v = rho.hi * steepest(look.t.hi * (1 - relative), self.given.order) * look.t.mag * relative
            share = np.exp(look.logarithm.hi) * SLOP + by_v / rho.hi
            rising = share * np.abs(np.log(np.where(share > 0, share, 1.0)))
            rising = np.where(share < 0.3678, rising, np.minimum(0.3679, share * -look.logarithm.lo))
            by_logarithm = rising * (self.stated("log1p") + self.stated("div"))
            lost = by_v + rho.hi * (by_logarithm + share * (self.stated("exp") + self.stated("mul")))
        below = 4 * self.lost * (1 + 1 / (self.given.order.mig if self.order else 1.0))
        lost = lost * SLOP + np.where((look.p.hi > 0) | (lost > 0), below, 0.0)
        # Below order 0 a power may be of what is beyond the format, and then it is 0.
        lost = lost + np.where((self.given.order.lo < 0) & (look.t.lo <= -FAR), look.p.hi, 0.0)
        # Entries like the largest have just rho.
        tied = (self.given.gaps.lo == 0) & (self.given.gaps.hi == 0)
        return np.where(tied | ~self.given.counted, 0.0, lost)

    def _from_the_smallest(self, p: Box, rho: Box, sure: Array) -> Array:
        r = self.given.order.lo
        spread = self.order * np.abs(np.log(np.maximum(rho.lo, 2.0**-1074)))
        spread = np.where(sure, np.minimum(spread, LOGARITHM), LOGARITHM)
        own = np.maximum(*(np.minimum(np.abs(np.log(np.maximum(end, 2.0**-1074))), LOGARITHM) for end in p))
        relative = (self.of_power(spread) + self.of_quotient + self.stated("add")) / r
        relative = relative + self.of_power(own) + own * self.stated("div")
        # A power that is below 1 is steep at 0: |a^(1/r) - b^(1/r)| <= |a - b|^(1/r).
        base = transcendental.power(p, self.given.order).lo
        below = np.fmin(p.hi * 2 * self.lost / np.maximum(base * r, 2.0**-1074), (2 * self.lost) ** (1 / self.order))
        return np.where(self.given.counted, p.hi * relative * SLOP + below + self.lost, 0.0)

    def _of_sum(self, p: Array, lost: Array) -> Array:
        """dF for entries of at most p: of each entry, its product with a mass, and the sum."""
        mass, size = self.given.mass, self.given.mass.shape[1]
        once = np.all((mass == 1) | ~self.given.counted)
        each = (0.0 if once else self.stated("mul")) + self.rounding.of_sum(size) + self.stated("sub")
        return (added(mass * lost + each * mass * (p + lost)) + 2 * size * self.lost) * SLOP

    # ---- the search and its last step ----------------------------------------------------------------------------------------

    @cached_property
    def local(self) -> Array:
        """|computed - exact| for the numbers that pairs hold."""
        given, square, least = self.given, self.square, enough(self.rounding.fmt.precision)
        simplex = Simplex(given, self.smallest, True, True) if self.steep else Simplex(given, self.largest, False)
        mass, size = np.where(given.counted, given.mass, 1.0), given.mass.shape[1]
        here = given.at(simplex.anchor, given.mass)
        sure, doubt = self._support() if self.steep else (np.ones(here.shape, dtype=bool), np.zeros(here.shape))
        exact = simplex.root(self._guessed(simplex), 2 * self.rounding.u)
        # The first T is of any rho: no entry is off by more than `most`, relative to the largest or to itself.
        most = self.of_quotient + 3 * self.of_power(np.array(LOGARITHM)) + self.stated("log1p") + 800 * square
        part = (least + most) * (given.whole / np.where(sure, here, given.least) + 1) + 2 * self.rounding.of_sum(size)
        t = np.where(part < 2.0**-10, part / (1 - 2.0**-9) + least, inf) + 4 * size * self.lost
        for _ in range(2):
            d = t / here
            for _ in range(2):
                rho = Box(np.maximum(exact.lo - d, 0.0), exact.hi + d)
                look = simplex.look(rho)
                p = self._entries(look, (t + doubt) / mass)
                lost = self._from_the_smallest(p, rho, sure) if self.steep else self._from_the_largest(look, rho)
                slopes = self._slopes_of(p, rho, lost)
                s = simplex.total(slopes)
                d = np.fmin(d, t / s.lo * SLOP)
            off = self._of_sum(p.hi, lost)
            t = np.where(sure, np.fmin(t, (least * np.maximum(1.0, rho.hi * s.hi) + off) * SLOP), t)
        high, low = np.fmin(slopes.hi / s.lo, 1 / mass), slopes.lo / s.hi
        # Slopes in floats, and their sum.
        slip = 2.0**-30 * (1 + size * 2.0**-20) * (1 + self.order * 2.0**-10)
        left = t * (high - low + slip * high) + high * off
        left = np.where(sure, np.fmin(left, 2 * t / mass), (2 * t + doubt) / mass)
        found = (lost + left + 4 * square * (p.hi + left)) * SLOP + self.lost
        out = sure & (simplex.measured.gaps.hi < 0) if self.steep else (p.hi <= 0) & (lost <= 0)
        return np.where(given.counted & ~out, found, 0.0)

    def _entries(self, look: Look, each: Array) -> Box:
        """The entries where the search ends. Of orders above 1 those that are taken for the support may be others than those that are."""
        if not self.steep:
            return look.p
        return Box(np.maximum(self.box.lo - each, 0.0), np.where(self.given.counted, self.box.hi + each, 0.0))

    def _slopes_of(self, p: Box, rho: Box, lost: Array) -> Box:
        """(p/rho)^(1 - r) of exact entries and of those that pairs find."""
        found = Box(np.maximum(p.lo - lost, 0.0), p.hi + lost)
        inside = found.hi > 0
        ratio = boxes.div(Box(found.lo, np.where(inside, found.hi, 1.0)), Box(np.maximum(rho.lo, 2.0**-1000), rho.hi))
        by = boxes.sub(point(np.ones(1)), self.given.order)
        slope = transcendental.power(ratio, by)
        low = np.where(inside & (found.lo > 0), np.minimum(slope.lo, 1.0), 0.0)
        high = np.where(inside, np.minimum(np.where(np.isnan(slope.hi), 1.0, slope.hi), 1.0), 0.0)
        if self.steep:
            low, high = np.where(rho.lo > 0, low, 0.0), np.where(inside & (found.lo == 0), 1.0, high)
        tied = self.given.gaps.point & (self.given.gaps.lo == 0) & (not self.steep)
        anchor = np.arange(p.lo.shape[1]) == self.smallest if self.steep else tied
        slope = Box(np.where(anchor, 1.0, low), np.where(anchor, 1.0, high))
        return Box(*(np.where(self.given.counted, end, 0.0) for end in slope))

    # ---- which entry is the smallest -----------------------------------------------------------------------------------------

    def _support(self) -> tuple[Array, Array]:
        """On which rows it is sure which entry is the smallest, and e where it is not."""
        given, spread = self.given, np.log(1 / np.minimum(self.given.least, 1.0))
        # sum m p |log p| is at most sum m/e + log(1/m), where sum m p is about 1.
        logarithms = 0.37 * given.whole + 2 * spread
        root = self.stated("log") + self.stated("mul") + self.stated("div")
        e = 2 * (self.of_quotient / self.given.order.lo + self.stated("exp") + logarithms * root)
        size = given.mass.shape[1]
        e = e + 2 * (self.stated("mul") + self.rounding.of_sum(size)) + 4 * size * self.lost
        steep = (2 * self.lost) ** (1 / self.order) * given.whole
        e = (e + steep) * SLOP
        e = np.broadcast_to(e, (len(given.mass), 1))
        under = given.counted & (self._gaps < self.floats.at(self.smallest, self._gaps))
        following = np.argmax(np.where(under, self._gaps, -inf), axis=1)[:, None]
        held, beyond = (self._beside_one(given, anchor)[0] for anchor in (self.smallest, following))
        sure = (held.hi < 1 - e) & (~np.any(under, axis=1, keepdims=True) | (beyond.lo > 1 + e))
        return sure, np.where(sure, 0.0, e)

    def _beside_one(self, given: Given, anchor: Array) -> tuple[Box, Array]:
        """The sum of the entries above one that has nothing."""
        simplex = Simplex(given, anchor, True, True)
        return simplex.total(simplex.look(point(np.zeros((len(anchor), 1)))).p), np.zeros((len(anchor), 1))
