"""What is computed on the way to a result shows of the entries that it is of, so that these need not be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from smoothsym.program.few import ends, finite
from smoothsym.program.operations import Program


@dataclass
class Evidence:
    """The sums of a program that were computed, and the entries that were taken, by the number of the operation."""

    program: Program
    xp: Any
    totals: dict[int, Any] = field(default_factory=dict)
    taken: dict[int, Any] = field(default_factory=dict)

    def shows_finite(self) -> bool:
        """Whether it can be seen from the sums that every entry of x is finite, and no sum had a term that is not."""
        return not self.program.telling.isdisjoint(self.totals) and self._finite_totals()

    def shows_dominant(self, sign: int, near: float) -> bool:
        """Whether it can be seen that the largest entries (or smallest ones, for -1) are smaller than a number, and no sum had a term
        that is not finite.
        """
        own = [top for q, top in self.taken.items() if self.program.tops.get(q) == sign]
        return any(self._smaller(top, near) for top in own) and self._finite_totals()

    def _smaller(self, top: Any, near: float) -> bool:
        if self.xp is not np:
            return bool((self.xp.abs(top) < near).all())
        low, high = ends(top)
        return -near < low and high < near

    def _finite_totals(self) -> bool:
        if self.xp is not np:
            return all(bool(self.xp.isfinite(total).all()) for total in self.totals.values())
        return all(map(finite, self.totals.values()))
