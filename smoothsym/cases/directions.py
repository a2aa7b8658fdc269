"""The vector beside x, for what a derivative is multiplied by: one entry alone, the dominant one above all, all alike, in turn up and down, at any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from smoothsym.cases.rows import Case, Facts
from smoothsym.formats import Format
from smoothsym.program.portable import power, settled


def directed(facts: Facts, fmt: Format, found: Iterable[Case], seed: int) -> Iterator[tuple[float, ...]]:
    """A vector for each case, the kinds taking turns."""
    rng = np.random.default_rng([seed, 1])
    for place, case in enumerate(found):
        size = len(case.x) if facts.beside == "many" else 1
        yield tuple(_direction(rng, size, place % 8, fmt, case.x).astype(fmt.dtype).astype(np.float64).tolist())


def _direction(rng: Any, size: int, kind: int, fmt: Format, x: tuple[float, ...]) -> Any:
    reach = float(power(2.0, 0.4 * fmt.emax))
    if kind == 0:
        return np.ones(size)
    if kind == 1:
        return np.eye(1, size, int(rng.integers(max(size, 1))))[0]
    if kind == 2:
        return (-1.0) ** np.arange(size)
    if kind == 6 and size == len(x) and size:
        # What is left of 1 less the share of the largest entry is small.
        return np.eye(1, size, int(np.argmax(np.nan_to_num(x))))[0]
    drawn = settled(rng.normal(size=size))
    if kind == 3:
        return drawn / reach
    if kind == 4:
        return drawn * reach
    # Where they sum to nothing, what every entry has in common cancels.
    return drawn - drawn.mean() if kind == 5 and size > 1 else drawn
