"""How errors are spread over the rows: counts in bins of a fixed scale, so that parts merge to the same, in whatever order they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isnan
from typing import Any

import numpy as np

_SHIFT = 48
"""A bin is what the sign, the exponent and four bits of the significand of a float tell: 16 bins to a factor of two."""
LEAST = 2.0**-16
"""Smaller errors are not told apart, nor from 0."""
_BESIDE = 1.0137
"""Edges lie beside the round numbers, which rounding errors like to be."""
_FIRST = (int(np.float64(LEAST).view(np.int64)) >> _SHIFT) - 1
"""The bin below the one that begins at LEAST / 1.0137: smaller errors are in bin 0."""


@dataclass(frozen=True)
class Spread:
    """What half of the rows, 99 in 100, and all of them stay within. `p50` and `p99` are rounded up, by at most 6.3 %; `max` is exact."""

    rows: int
    p50: float
    p99: float
    max: float


@dataclass
class Distribution:
    """Numbers that are not negative, counted in bins; and the largest of them."""

    counts: Counter[int] = field(default_factory=Counter)
    max: float = 0.0

    @property
    def rows(self) -> int:
        """How many numbers were counted."""
        return sum(self.counts.values())

    def add(self, values: Sequence[float] | Any, most: float | None = None, times: int = 1) -> None:
        """Count numbers, each so many times; nan counts as infinite, since nobody knows how large it is.

        `most`: the largest one, where the numbers are no more than upper bounds.
        """
        array = np.array(values, dtype=np.float64).reshape(-1)
        if not array.size:
            return
        largest = float(array.max())
        if isnan(largest):
            array[np.isnan(array)] = largest = inf
        self.max = max(self.max, largest if most is None else most)
        with np.errstate(over="ignore"):
            array *= _BESIDE
        bins = array.view(np.int64)
        bins >>= _SHIFT
        np.maximum(bins, _FIRST, out=bins)
        bins -= _FIRST
        counts = np.bincount(bins)
        (found,) = np.nonzero(counts)
        for place, count in zip(found.tolist(), counts[found].tolist(), strict=True):
            self.counts[place + _FIRST if place else 0] += count * times

    def merge(self, other: Distribution) -> None:
        """Count what another one has counted."""
        self.counts.update(other.counts)
        self.max = max(self.max, other.max)

    def quantile(self, share: float) -> float:
        """A number that at least this share of all numbers does not exceed: the upper end of a bin, or the largest number.

        >>> found = Distribution()
        >>> found.add([0.0, 0.25, 0.25, 40.0])
        >>> found.quantile(0.25), round(found.quantile(0.5), 2), found.quantile(1.0)
        (1.52587890625e-05, 0.26, 40.0)
        """
        wanted, seen = share * self.rows, 0
        for place in sorted(self.counts):
            seen += self.counts[place]
            if seen >= wanted:
                return min(_upper(place), self.max)
        return self.max

    @property
    def spread(self) -> Spread:
        """What half of the numbers, 99 in 100, and all of them do not exceed."""
        return Spread(self.rows, self.quantile(0.5), self.quantile(0.99), self.max)

    def plain(self) -> dict[str, Any]:
        """Data that JSON can hold, from which `read` makes the same."""
        return {"counts": {str(place): self.counts[place] for place in sorted(self.counts)}, "max": self.max}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Distribution:
        """What `plain` wrote. Raises ValueError, TypeError or KeyError for anything else."""
        return cls(Counter({int(place): int(count) for place, count in data["counts"].items()}), float(data["max"]))


def _upper(place: int) -> float:
    """The upper end of a bin."""
    if place == 0:
        return LEAST
    with np.errstate(over="ignore"):
        end = np.array([(place + 1) << _SHIFT]).view(np.float64)[0]
    return inf if not end < inf else float(end / _BESIDE * (1 + 2.0**-50))
