"""Where a search for the maximiser over the simplex ends in floats: its error is of the second order, for the last step is by the entries.

With F(rho) = sum_j m_j p_j(rho) - 1, sigma_j = dp_j/drho <= 1, S = sum_j m_j sigma_j and F(rho*) = 0 (simplex.py):

*The end of the search.* A float rho at which the computed balance is within NOISE eps, or a step within NEAR eps rho: |F(rho)| <= T,
T = eps max(NOISE, NEAR rho S) + dF, with dF the error of the balance. As sum m p = 1 + F and p_j <= rho, T is at most
u C (1 + F) + u C' (1 + rho sum m), and (C + C') u (1 + F) from the smallest entry; and S >= m_s. This gives |rho - rho*| <= d, and T/S
over the box of that distance a better d.
*The last step.* Say p_j(rho) - p_j* = s D and F(rho) = S' D, |D| <= d, s and S' in the boxes of sigma_j and S. Then p_j - sigma_j F/S is off
by D (s - sigma_j S'/S), as much as these boxes are wide: they hold both 0 and more for an entry at the edge of the support. To that
come the errors dp_j of entries at one rho (entries.py), with sigma_j/S times their sum and that of adding them, and one rounding.
*The smallest entry.* Floats find it, unless the sum that is compared with 1 is within its error e of 1. Then T and e may be with any entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from smoothsym.program import shares
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.entries import Entries
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.rounding.simplex import Carried, Given, Look, Simplex, added, carried

Array = Any

NOISE, NEAR = 16, 18
"""Those of shares.py in units of u; a step is what is seen of it, and a rounding."""


def maximiser(
    gaps: Box,
    scale: Box,
    order: Box,
    mass: Box | None,
    where: Array | None,
    floats: list[Array],
    rounding: Any,
    search: type[Search] | None = None,
) -> tuple[Box, Carried]:
    """A box of the exact maximiser, and the error of the computed one as a function of that of the gaps, infinite where there is no bound.

    Parameters: boxes that hold the exact numbers and the floats, of shapes (rows, n) and (rows,) or with one row; `floats`, the gaps,
    scale and order that floats hold. Raises ValueError for masses that are not known, or orders that differ from row to row.
    """
    size, rows = gaps.lo.shape[-1], max(len(np.atleast_1d(q.lo)) for q in (gaps, scale, order))
    if mass is not None and not np.all(mass.point):
        raise ValueError("shares of entries whose masses are not known exactly have no rounding rule")
    if np.size(floats[2]) > 1 and np.ptp(floats[2]) > 0:
        raise ValueError("shares with an order for each row have no rounding rule; bound the rows one by one")
    weights = np.broadcast_to(1.0 if mass is None else mass.lo, (rows, size))
    counted = (weights > 0) & ~(gaps.hi == -inf) & (True if where is None else where)

    def given(gaps: Box, scale: Box, order: Box) -> Given:
        whole = gaps.map(lambda a: np.broadcast_to(a, (rows, size)))
        scale, order = (q.map(lambda a: np.broadcast_to(np.reshape(a, (-1, 1)), (rows, 1))) for q in (scale, order))
        return Given(whole, scale, order, np.where(counted, weights, 0.0), counted)

    g, s, r = (point(q) for q in floats)
    work = (search or Search)(given(gaps, scale, order), given(g, s, r), rounding)
    return work.box, work.error


@dataclass(frozen=True)
class Search:
    """The operation on floats, beside the boxes that hold these and the exact numbers."""

    given: Given
    floats: Given
    rounding: Rounding

    @cached_property
    def entries(self) -> Entries:
        return Entries(self.floats, self.rounding)

    @property
    def steep(self) -> bool:
        return self.entries.order > 1

    @cached_property
    def box(self) -> Box:
        """The exact entries at all numbers of the boxes."""
        if self.given.known:
            simplex, rho = self._at_floats
        else:
            simplex = self._exact(self.given)
            rho = simplex.root(self._guessed(simplex), 2 * self.rounding.u)
        p = simplex.look(rho).p
        found = Box(p.lo, np.minimum(p.hi, (1 + 2.0**-40) / np.where(self.floats.counted, self.floats.mass, 1.0)))
        return boxes.where(
            self.given.scale.lo > 0, boxes.where(self.given.order.lo > -1, found, point(np.nan)), point(np.nan)
        )

    def error(self, off: Array, *_: Array) -> Array:
        """By that of the gaps; numbers for the scale and the order are anywhere in their boxes."""
        found = self.local + carried(self.given, self.box, off)
        return np.where(np.isnan(found) | np.isnan(self.box.lo), inf, found)

    # ---- the exact maximiser -------------------------------------------------------------------------------------------------

    @cached_property
    def guess(self) -> Array:
        """Entries that need not be right."""
        gaps, scale, order = self._gaps, self.floats.scale.lo[:, 0], self.floats.order.lo[:, 0]
        return shares.shares(np, gaps, scale, order, self.floats.mass, True)

    @cached_property
    def _gaps(self) -> Array:
        return np.where(self.floats.counted, self.floats.gaps.lo, -inf)

    @cached_property
    def largest(self) -> Array:
        return np.argmax(self._gaps, axis=1)[:, None]

    @cached_property
    def smallest(self) -> Array:
        return np.argmin(np.where(self.guess > 0, self._gaps, inf), axis=1)[:, None]

    def _guessed(self, simplex: Simplex) -> Array:
        return self.floats.at(simplex.anchor, self.guess)

    def _exact(self, given: Given) -> Simplex:
        """The maximiser from an entry that is surely in the support."""
        if not self.steep:
            return Simplex(given, self.largest, False)
        inside = self._beside_one(given, self.smallest)[0].hi < 1
        return Simplex(given, np.where(inside, self.smallest, self.largest), True)

    @cached_property
    def _at_floats(self) -> tuple[Simplex, Box]:
        simplex = self._exact(self.floats)
        return simplex, simplex.root(self._guessed(simplex))

    # ---- which entry is the smallest -----------------------------------------------------------------------------------------

    def _beside_one(self, given: Given, anchor: Array) -> tuple[Box, Array]:
        """The sum of the entries above one that has nothing, which is in the support where that is below 1; and its error."""
        simplex = Simplex(given, anchor, True, True)
        look = simplex.look(point(np.zeros((len(anchor), 1))))
        return simplex.total(look.p), self.entries.of_sum(look.p, self.entries.from_the_smallest(simplex, look, False))

    @cached_property
    def doubt(self) -> tuple[Array, Array]:
        """Where floats may measure from another entry, and how far a sum near 1 that they compare with 1 may be off."""
        held, error = self._beside_one(self.floats, self.smallest)
        under = self.floats.counted & (self._gaps < self.floats.at(self.smallest, self._gaps))
        following = np.argmax(np.where(under, self._gaps, -inf), axis=1)[:, None]
        beyond, more = self._beside_one(self.floats, following)
        sure = (held.hi < 1 - error) & (~np.any(under, axis=1, keepdims=True) | (beyond.lo > 1 + more))
        return ~sure, 4 * self.rounding.u * self.entries.beside_one

    def _in_doubt(self) -> Array:
        simplex, exact = self._at_floats
        floats, u = self.floats, self.rounding.u
        t = _over(u * self.entries.at_most) * (2 + floats.whole / floats.least)
        each = (t + self.doubt[1]) / np.where(floats.counted, floats.mass, 1.0)
        p = simplex.look(exact).p.hi + each
        found = each + t / floats.least + u * (p * self.entries.of_one + 1) + 4 * self.rounding.eta
        return np.where(floats.counted, found * (1 + self.entries.slop), 0.0)

    # ---- the search and its last step ----------------------------------------------------------------------------------------

    @cached_property
    def local(self) -> Array:
        """|computed - exact| where the floats are what is given."""
        if not self.steep:
            return self._of_search(*self._at_floats)
        doubt, _ = self.doubt
        if np.all(doubt):
            return self._in_doubt()
        simplex = Simplex(self.floats, self.smallest, True, True)
        found = self._of_search(simplex, simplex.root(self._guessed(simplex)))
        return np.where(doubt, self._in_doubt(), found) if np.any(doubt) else found

    def _of_search(self, simplex: Simplex, exact: Box) -> Array:
        u, slop, floats = self.rounding.u, 1 + self.entries.slop, self.floats
        least, c = floats.at(simplex.anchor, floats.mass), u * self.entries.at_most * slop
        if self.steep:
            d = _over(c) / least
        else:
            left = least * max(1 - u * self.entries.of_additions * slop, 0.0)
            part = u * self.entries.of_each * slop * floats.whole / left
            d = np.where(part < 0.5, (c / left + part * exact.hi) / (1 - part), inf)
        d, floor = d + exact.width, self._floor(simplex, exact)
        for _ in range(3):
            rho = _around(exact, d, floor)
            look = simplex.look(rho)
            lost = self.entries.errors(simplex, look, rho, False)
            s = simplex.total(self._slopes(simplex, look, rho, lost))
            off = self.entries.of_sum(look.p, lost)
            ends = u * np.maximum(NOISE, NEAR * rho.hi * s.hi) * slop
            d = np.fmin(d, (ends + off) / s.lo * (1 + 2.0**-40) + exact.width)
        # From within the box of the last look one more step is taken.
        step = d + u * np.maximum(NOISE / s.lo, NEAR * rho.hi)
        newton = d * np.maximum(1 - s.lo / s.hi, s.hi / s.lo - 1) + off / s.lo
        return self._of_last_step(simplex, exact, np.fmin(step, newton) * slop + 3 * u * rho.hi + exact.width)

    def _floor(self, simplex: Simplex, exact: Box) -> Array:
        """No rho at which a search ends is smaller. F is below its chord from F(0) = -1 where it is convex, and below its tangent where it is concave."""
        if self.steep:
            return np.zeros(exact.lo.shape)
        c = self.rounding.u * self.entries.at_most * (2 + self.floats.whole * exact.hi)
        if self.entries.order >= 0:
            return np.maximum(exact.lo * (1 - c), 0.0) * (1 - 2.0**-40)
        slopes = simplex.total(simplex.look(exact).slope)
        return np.maximum(exact.lo - c / slopes.lo, 0.0) * (1 - 2.0**-40)

    def _of_last_step(self, simplex: Simplex, exact: Box, d: Array) -> Array:
        u, slop, mass = self.rounding.u, 1 + self.entries.slop, self.floats.mass
        rho = _around(exact, d)
        look = simplex.look(rho)
        lost = self.entries.errors(simplex, look, rho, True)
        slopes = self._slopes(simplex, look, rho, lost)
        s = simplex.total(slopes)
        most = slopes.hi / s.lo
        bent = d * np.maximum(slopes.hi - slopes.lo * (s.lo / s.hi), most * s.hi - slopes.lo)
        own, products, rest = self.entries.of_balance(look.p, lost, d * s.hi)
        others = (added(own + products) - own + rest) * slop
        found = bent + lost * np.maximum(1 - mass * slopes.lo / s.hi, 0) + most * others
        less = most * (d * s.hi + others + own)
        lack = 800 * u * look.p.hi if self.steep else 0.0
        found = found + 6 * u * (less + lack)
        found = (found + u * (look.p.hi + found)) * (1 + 2.0**-20)
        return np.where(found == 0, 0.0, found + 4 * self.rounding.eta)

    def _slopes(self, simplex: Simplex, look: Look, rho: Box, lost: Array) -> Box:
        """Slopes as floats may find them, the exact ones among them."""
        slop, eta, floats = self.entries.slop, self.rounding.eta, self.floats
        low, high = look.slope.lo * (1 - slop), look.slope.hi * (1 + slop)
        if self.steep:
            above = (look.p.hi > 0) & (simplex.measured.gaps.hi > 0)
            more = 4 * eta * np.where(above, look.p.hi / np.maximum(look.base.lo, 2.0**-1074), 0.0)
            return Box(np.maximum(low - more, 0.0), high + more)
        # At the edge of the support an entry may be in it or not.
        edge = (look.p.lo <= lost) & (look.p.hi + lost > 0) & floats.counted
        reach = np.minimum((look.p.hi + lost) / rho.lo, 1.0) ** max(1 - self.entries.order, 0.0) * (1 + slop)
        return Box(np.where(edge, 0.0, low), np.where(edge, np.maximum(high, reach), high))


def _around(exact: Box, distance: Array, floor: Array | float = 0.0) -> Box:
    return Box(np.maximum(exact.lo - distance, floor), exact.hi + distance)


def _over(c: Array) -> Array:
    """c/(1 - c): a balance is at most so much, if it is at most c times itself and 1."""
    return np.where(c < 0.25, c / (1 - c), inf)
