"""A case is a row of floats, a parameter and the reason why it is there; a maker makes them, and brackets what a test tells apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from smoothsym.formats import Format


@dataclass(frozen=True)
class Case:
    """One input worth trying: the floats of the format, the parameter (None: there is none), and tags that say why.

    `v`: the vector beside x, for what a derivative is multiplied by.
    """

    x: tuple[float, ...]
    parameter: float | None
    tags: tuple[str, ...]
    v: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Facts:
    """What the families need to know of an expression.

    `domain`: "real" or "positive". `arity`: the only length, or None. `kind`: whether entries dominate by themselves ("entry")
    or by "modulus", or None. `evaluate(x, parameter)`: a precise value whose sign is right (None: not known).
    `naive(array, parameter)`: the naive float code, for where it breaks down.
    """

    domain: str = "real"
    arity: int | None = None
    kind: str | None = "entry"
    evaluate: Callable[[Sequence[float], float | None], Any] | None = None
    naive: Callable[[Any, float | None], Any] | None = None


class Maker:
    """Rows of a format, with the facts, the lengths and the random numbers at hand."""

    def __init__(
        self, facts: Facts, fmt: Format, lengths: Sequence[int], parameters: Sequence[float | None], seed: int
    ) -> None:
        self.facts, self.fmt, self.parameters = facts, fmt, list(parameters)
        self.rng = np.random.default_rng(seed)
        sizes = [size for size in lengths if size > 0]
        self.short = [size for size in sizes if size <= 16] or sizes
        self.long = [size for size in sizes if size > 16]

    def case(self, values: Any, *tags: str, parameter: Any = "any") -> Case:
        return Case(self.row(values), self.parameter() if parameter == "any" else parameter, tags)

    def row(self, values: Any) -> tuple[float, ...]:
        """The nearest floats of the format, kept finite and in the domain."""
        largest = float(self.fmt.largest)
        with np.errstate(all="ignore"):
            entries = (
                np.clip(np.asarray(values, dtype=np.float64), -largest, largest)
                .astype(self.fmt.dtype)
                .astype(np.float64)
            )
        if self.facts.domain == "positive":
            entries = np.maximum(np.abs(entries), float(self.fmt.smallest_subnormal))
        return tuple(float(v) for v in entries)

    def parameter(self) -> float | None:
        """The first parameter half of the time."""
        if len(self.parameters) == 1 or self.rng.random() < 0.5:
            return self.parameters[0]
        return self.parameters[int(self.rng.integers(len(self.parameters)))]

    def size(self, least: int = 1) -> int:
        fitting = [size for size in self.short if size >= least] or self.short
        return fitting[int(self.rng.integers(len(fitting)))]

    def number(self, ordinal: int) -> float:
        return float(self.fmt.decode(self.fmt.from_ordinal(ordinal)))

    def times(self, ordinal: int, ray: Any) -> Any:
        """A ray as long as the number at an ordinal says."""
        with np.errstate(all="ignore"):
            return self.number(ordinal) * ray

    def ordinal(self, value: float) -> int:
        return self.fmt.ordinal(self.fmt.round(Fraction(value)))


def bracket(test: Callable[[float], bool], low: float, high: float) -> float | None:
    at_low = test(low)
    if at_low == test(high):
        return None
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if test(middle) == at_low else (low, middle)
    return low


def bisect(test: Callable[[int], bool], low: int, high: int) -> tuple[int, int] | None:
    """Neighbouring ordinals between which a test changes; None where it is the same at both ends."""
    at_low = test(low)
    if at_low == test(high):
        return None
    while abs(high - low) > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if test(middle) == at_low else (low, middle)
    return low, high
