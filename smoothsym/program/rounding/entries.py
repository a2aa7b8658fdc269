"""The rounding errors of the entries of a maximiser at one rho, and of their sum: what powers do to a few roundings of their bases.

    p = rho (1 + v)^(1/r), v = b/rho^r:     dp <= rho (1 + v)^(1/r - 1) |v/r| dv/v + p (|log(p/rho)| (k_log1p + 1) + k_exp + 1) u
    p = (rho^r + b)^(1/r):                  dp <= p (dbase/base)/r + p (k_pow + |log p| + 1) u

and where the second is refined by what its own power lacks of the base, p k_pow u/r takes the place of the last term (and its square).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.rounding.simplex import Given, Look, Simplex, added, steepest

Array = Any

LOGARITHM = 750
"""No logarithm of a float is larger."""


@dataclass(frozen=True)
class Entries:
    """Of gaps, a scale and an order that floats hold."""

    floats: Given
    rounding: Rounding

    @cached_property
    def order(self) -> float:
        return float(self.floats.order.lo.flat[0])

    @property
    def u(self) -> float:
        return self.rounding.u

    @property
    def size(self) -> int:
        return int(self.floats.mass.shape[1])

    def k(self, function: str) -> float:
        return self.rounding.model.constant(function, self.rounding.fmt.name)

    @property
    def _k_log1p(self) -> float:
        """Where numbers are not looked at, log1p may be the logarithm of 1 + v, from |v| = 1/4 on: shares.py."""
        by_log = 0.0 if self.rounding.model.inspects else self.k("log") + 5
        return max(self.k("log1p"), by_log)

    @cached_property
    def slop(self) -> float:
        """More than what errors of the second order, and those of slopes, come to beside those of the first order."""
        return (LOGARITHM + 50) * (self.k("exp") + self._k_log1p + self.k("pow") + 8) * self.u + 2.0**-20

    # ---- at most ------------------------------------------------------------------------------------------------------------------

    @cached_property
    def at_most(self) -> Array:
        """C and C' of shares.py in one: NOISE and NEAR, the additions, and for each entry what it is off by, at most."""
        return self.of_additions + self.of_each

    @property
    def of_additions(self) -> float:
        """C: what is at most so many times u sum m p."""
        return self.size + 24.0

    @cached_property
    def of_each(self) -> Array:
        """C': what is at most so many times u rho for each entry; u sum m p, where the smallest entry is the measure."""
        k, steep = self.k("exp") + self._k_log1p + 2 * self.k("pow"), self.order > 1
        return 34.0 + k + (self._spread if steep else 0.0)

    @cached_property
    def _spread(self) -> Array:
        """sum m p |log p| <= sum m/e + log(1/m), where sum m p is about 1."""
        return (0.37 * self.floats.whole + 2 * self._heaviest) * (1 + self.slop)

    @property
    def _heaviest(self) -> Array:
        """The logarithm of the largest entry that there may be."""
        return np.log(1 / np.minimum(self.floats.least, 1.0))

    @property
    def of_one(self) -> Array:
        """What an entry is off by, in units of u p and beside u."""
        return 2 * self.k("pow") + 8 + self._heaviest

    @property
    def beside_one(self) -> Array:
        """What the sum of entries that is compared with 1 is off by where it is near 1, in units of u."""
        return self.size + 6 + (6 + self.k("pow")) / self.order + self.k("pow") + self._spread

    # ---- entries ------------------------------------------------------------------------------------------------------------------

    @cached_property
    def relative(self) -> float:
        """The error of b: of a quotient and a product, which may be exact, and of a difference of gaps."""
        r = self.order or 1.0
        with np.errstate(all="ignore"):
            c = (r / self.floats.scale.lo).astype(self.rounding.fmt.dtype).astype(np.float64)
        if not np.all((np.abs(c) >= self.rounding.normal) & (np.abs(c) <= self.rounding.largest)):
            return inf
        product = boxes.mul(point(c), self.floats.scale)
        even = np.all(product.point & (product.lo == r))
        power = np.all(np.abs(np.frexp(c)[0]) == 0.5)
        return float(self.u * ((not even) + (not power) + (self.order > 1)))

    def errors(self, simplex: Simplex, look: Look, rho: Box, last: bool) -> Array:
        """|computed - exact| of entries at every rho of a box; the `last` time they are computed with more care."""
        if self.order > 1:
            return self.from_the_smallest(simplex, look, last)
        short = self.rounding.model.inspects
        if short and self.order == 1:
            lost = self._linear(look, rho)
        elif short and self.order == 0.5 and not last:
            lost = self._square(look, rho)
        else:
            lost = self._by_logarithms(look, rho)
        lost = lost * (1 + self.slop)
        below = 32 * self.rounding.eta * (1 + 1 / abs(self.order or 1.0))
        lost = lost + np.where((look.p.hi > 0) | (lost > 0), below, 0.0)
        # Entries like the largest have just rho.
        return np.where((self.floats.gaps.lo == 0) | ~self.floats.counted, 0.0, lost)

    def _distance(self) -> Array:
        """|b|, which is |gap|/scale for r = 0."""
        gaps = np.where(self.floats.counted, -self.floats.gaps.lo, 0.0)
        return gaps / self.floats.scale.lo * abs(self.order or 1.0) * (1 + 2.0**-50)

    def _linear(self, look: Look, rho: Box) -> Array:
        b = self._distance()
        lost = self.relative * b + self.u * look.p.hi
        return np.where(rho.hi + lost < b, 0.0, lost)

    def _square(self, look: Look, rho: Box) -> Array:
        """(sqrt(rho) + b)^2."""
        b, root, base = self._distance(), np.sqrt(rho.hi), np.sqrt(look.p.hi) * (1 + 2.0**-40)
        off = self.u * root + self.relative * b
        off = off + self.u * (base + off)
        off = np.where(root + off < b, 0.0, off)
        return off * (2 * base + off) + self.u * (base + off) ** 2

    def _by_logarithms(self, look: Look, rho: Box) -> Array:
        r, u = self.order, self.u
        relative = self.relative + (self.k("pow") + 1) * u * (r != 0)
        # The slope by v is largest where v is nearest to 0.
        by_v = rho.hi * steepest(look.t.hi * (1 - relative), self.floats.order) * look.t.mag * relative
        share = np.exp(look.logarithm.hi) * (1 + 2.0**-40) + by_v / rho.hi
        # w |log w| rises up to 1/e.
        rising = share * np.abs(np.log(np.where(share > 0, share, 1.0)))
        spread = np.where(share < 0.3678, rising, np.minimum(0.3679, share * -look.logarithm.lo))
        own = (self._k_log1p + 1) * spread * (r != 0) + (self.k("exp") + 1) * share
        if r < 0:
            # A power of 1 + v for v > 1; what is beyond the format leaves nothing.
            v, a = r * look.t.lo * (1 + relative), abs((1 + r) / r)
            own = np.where(v > 1, np.maximum(own, 2 * (1 + r) * spread + (a + self.k("pow") + 3) * share), own)
            own = np.where(v > self.rounding.largest / 2, np.maximum(own, share / u), own)
        return by_v + rho.hi * u * own

    def from_the_smallest(self, simplex: Simplex, look: Look, refined: bool) -> Array:
        r, u, k, eta = self.order, self.u, self.k("pow"), 8 * self.rounding.eta
        base = np.where(look.base.lo > 0, look.base.lo, 1.0)
        off = (k + 1) * u + self.relative + np.where(look.base.lo > 0, eta / base, inf)
        ends = (np.maximum(end, 2.0**-1074) for end in look.p)
        own = u * (k + 1 + np.maximum(*(np.abs(np.log(end)) for end in ends)))
        if refined:
            own = np.where(r * own < 2.0**-3, k * u / r + r * own * own + 4 * u * own, inf)
        lost = look.p.hi * (off / r + own) * (1 + self.slop) + eta
        return np.where((simplex.measured.gaps.hi > 0) & self.floats.counted, lost, 0.0)

    # ---- sums ---------------------------------------------------------------------------------------------------------------------

    def of_sum(self, p: Box, lost: Array) -> Array:
        """The error of a sum of entries that are off by so much, less 1, in any order of additions."""
        sizes = self.floats.mass * (p.hi + lost)
        return added(self.floats.mass * lost + (self.size + 2) * self.u * (1 + self.slop) * sizes)

    def of_balance(self, p: Box, lost: Array, excess: Array) -> tuple[Array, Array, Array]:
        """The error of the sum less 1 where that is at most an excess: by each entry, by its product with a mass, and of the additions.

        High parts add up exactly. Low parts are at most 4 u sum m p, and so are the roundings of their sum, times n^2 u.
        """
        n, u, mass = self.size, self.u, self.floats.mass
        sizes = mass * (p.hi + lost)
        products = u * sizes if np.any((mass != 1) & self.floats.counted) else np.zeros(sizes.shape)
        terms = 4 * n * n + (n + 1) * (self.k("pow") + LOGARITHM + 50) * (self.order > 1)
        whole = terms * u * u * added(sizes) if n * u < 2.0**-3 else inf
        return mass * lost, products, whole * (1 + self.slop) + 3 * u * excess + 4 * n * self.rounding.eta
