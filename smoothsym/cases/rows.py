"""A case is a row of floats, a parameter and the reason why it is there; a maker makes them, exact in the format and legal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from smoothsym.formats import Format
from smoothsym.program.operations import Program
from smoothsym.program.portable import power, settled

Array = Any

SHORT = 16
"""Up to this length rows are drawn freely; a longer one has few different entries, and its reference is cheap."""


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
    """What is to be known of an expression for its cases to be derived.

    `domain`: "real" or "positive". `arity`: the only length, or None. `kind`: whether entries dominate by themselves ("entry")
    or by "modulus", or None. `programs`: what float code may compute, as written and stable, of the value and of the gradient;
    their intermediates name the dangerous sets; the last is the stable one of what is asked for. `symbol`: what they call the parameter. `span`: between which numbers the
    parameter may be drawn freely, None where it may not. `evaluate(x, parameter)`: a precise value whose sign is right
    (None: not known). `beside`: how many entries the vector beside x has: "many", as x, or "one", or None.
    `shares`: where the value is a maximum over the simplex, the program of its maximiser, which gives some entries nothing.
    """

    domain: str = "real"
    arity: int | None = None
    kind: str | None = "entry"
    programs: tuple[Program, ...] = ()
    symbol: str | None = None
    span: tuple[float, float] | None = None
    evaluate: Callable[[Sequence[float], float | None], Any] | None = None
    beside: str | None = None
    shares: Program | None = None

    def spanning(self, low: float = -inf, high: float = inf) -> Facts:
        """The same, the parameter free between two numbers."""
        return Facts(**{**self.__dict__, "span": (low, high)})


class Maker:
    """Rows of a format, with the facts, the lengths and the random numbers at hand."""

    def __init__(
        self, facts: Facts, fmt: Format, lengths: Sequence[int], parameters: Sequence[float | None], seed: int
    ) -> None:
        self.facts, self.fmt, self.parameters = facts, fmt, list(parameters)
        self.rng = np.random.default_rng(seed)
        sizes = [size for size in lengths if size > 0]
        self.short = [size for size in sizes if size <= SHORT] or sizes[:1]
        self.long = [size for size in sizes if size not in self.short]

    def case(self, values: Any, *tags: str, parameter: Any = "any") -> Case:
        return Case(self.row(values), self.parameter() if parameter == "any" else parameter, tags)

    def row(self, values: Any) -> tuple[float, ...]:
        """The nearest floats of the format, kept finite and in the domain."""
        return tuple(self.rounded(values).tolist())

    def rounded(self, values: Any) -> Array:
        """An array likewise."""
        largest = float(self.fmt.largest)
        with np.errstate(all="ignore"):
            entries = np.clip(np.asarray(values, dtype=np.float64), -largest, largest)
            entries = entries.astype(self.fmt.dtype).astype(np.float64)
        if self.facts.domain == "positive":
            entries = np.maximum(np.abs(entries), float(self.fmt.smallest_subnormal))
        return entries

    def parameter(self) -> float | None:
        """The first parameter somewhat more often than others."""
        if len(self.parameters) == 1 or self.rng.random() < 0.25:
            return self.parameters[0]
        return self.parameters[int(self.rng.integers(len(self.parameters)))]

    def free(self, parameter: float) -> bool:
        """Whether a parameter may be drawn that is not in the list."""
        span = self.facts.span
        return span is not None and parameter != 0 and span[0] <= parameter <= span[1]

    def size(self, least: int = 1) -> int:
        fitting = [size for size in self.short if size >= least] or self.short
        return fitting[int(self.rng.integers(len(fitting)))]

    def scale(self) -> float:
        """A size at which entries are neither tiny nor huge, by its logarithm."""
        return float(power(10.0, self.rng.uniform(-1.5, 2)))

    def normal(self, size: Any = None) -> Array:
        """Numbers from the normal distribution, the same on every machine."""
        return settled(self.rng.normal(size=size))

    def numbers(self, ordinals: Array) -> Array:
        """The finite numbers at ordinals that are not negative."""
        bits = np.clip(np.asarray(ordinals, dtype=np.int64), 0, self.fmt.infinity - 1)
        return self.fmt.to_array(bits.astype(self.fmt.uint)).astype(np.float64)

    def ordinal(self, value: float) -> int:
        return self.fmt.ordinal(self.fmt.round(Fraction(value)))


def bisect(state: Any, low: int, high: int) -> tuple[int, int] | None:
    """Neighbouring ordinals between which a state changes; None where it is the same at both ends.

    >>> bisect(lambda q: q >= 37, 0, 100)
    (36, 37)
    """
    at_low = state(low)
    if at_low == state(high):
        return None
    while abs(high - low) > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if state(middle) == at_low else (low, middle)
    return low, high
