"""A plane of inputs to look at, every size of numbers on it, and the dangerous sets drawn there, derived as everywhere from programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from smoothsym.cases.regimes import EDGES, Regimes
from smoothsym.cases.rows import Facts
from smoothsym.formats import Format

Array = Any
Place = tuple[float, ...]
Line = tuple[Place, ...]
"""Places one after the other."""

GRID = 56
"""At so many places along an axis regimes are looked at."""
HALVINGS = 6
"""How often a crossing between two of them is bisected."""
LINES = 6
"""So many values of a regime are told apart by lines."""
NEAR = 8.0
"""Numbers up to 2^NEAR take half of an axis that shows signs."""
WIDEST = 16
"""Rows of more entries are not looked at."""


@dataclass(frozen=True)
class Axis:
    """Where numbers of a format stand between 0 and 1, so that 1, 100 and 1e300 all have room.

    `positive`: positive numbers alone, by the logarithm of their logarithm, tiny ones as wide as large ones; else 0 is in the
    middle, tiny ones lie at it, and the logarithm s of 1 + |x| stands at s/(s + 8).

    >>> axis = Axis(2.0**-1074, 2.0**1023, False)
    >>> axis.places([-1.0, 0.0, 1.0, 255.0]).round(2).tolist()
    [0.44, 0.5, 0.56, 0.75]
    """

    least: float
    largest: float
    positive: bool

    @classmethod
    def of(cls, facts: Facts, fmt: Format) -> Axis:
        """Signs are shown where entries have them, and sizes where these are what counts."""
        positive = facts.domain == "positive" or facts.kind == "modulus"
        return cls(float(fmt.smallest_subnormal), float(fmt.largest), positive)

    @property
    def _ends(self) -> tuple[float, float]:
        low = self.least if self.positive else -self.largest
        return float(self._scale(low)), float(self._scale(self.largest))

    def _scale(self, numbers: Any) -> Array:
        with np.errstate(all="ignore"):
            values = np.asarray(numbers, dtype=np.float64)
            if self.positive:
                size = np.log2(values)
                return np.sign(size) * np.log2(1 + np.abs(size))
            size = np.log1p(np.abs(values)) / np.log(2.0)
            return np.sign(values) * size / (size + NEAR)

    def places(self, numbers: Any) -> Array:
        """Where numbers stand."""
        low, high = self._ends
        return (self._scale(numbers) - low) / (high - low)

    def numbers(self, places: Any) -> Array:
        """The numbers that stand there."""
        low, high = self._ends
        scale = low + np.asarray(places, dtype=np.float64) * (high - low)
        size = np.abs(scale)
        with np.errstate(all="ignore"):
            if self.positive:
                found = np.exp2(np.sign(scale) * np.expm1(size * np.log(2.0)))
            else:
                found = np.sign(scale) * np.expm1(NEAR * size / (1 - size) * np.log(2.0))
        return np.clip(found, self.least if self.positive else -self.largest, self.largest)

    def ticks(self, apart: float) -> Iterator[tuple[float, str]]:
        """Places of powers of ten with their texts, no two nearer to each other than so much."""
        powers = (0, 3, 30, 300, 1, 8, 100, 2, 4, 15)
        wanted = [10.0**k for k in powers] + ([10.0**-k for k in powers] if self.positive else [0.0])
        taken: list[float] = []
        for size in wanted:
            for number in [size] if self.positive or not size else [size, -size]:
                if (self.positive and number < self.least) or abs(number) > self.largest:
                    continue
                place = float(self.places(number))
                if all(abs(place - other) > apart for other in taken):
                    taken.append(place)
                    yield place, re.sub(r"e([+-])0?", lambda found: "e" + found[1].strip("+"), f"{number:g}")


@dataclass(frozen=True)
class Plane:
    """The rows [a, b, ..., b] of n entries, a and b anywhere on an axis, at one parameter; for n = 1 it is the axis alone."""

    axis: Axis
    fmt: Format
    n: int
    parameter: float | None

    def rows(self, places: Any) -> Array:
        """The rows at places of shape (rows, 2), or (rows, 1) for n = 1, in numbers of the format."""
        with np.errstate(all="ignore"):
            numbers = self.axis.numbers(places).astype(self.fmt.dtype).astype(np.float64)
        return numbers[:, [0, *[1] * (self.n - 1)]]


@lru_cache(maxsize=64)
def dangerous_sets(facts: Facts, plane: Plane) -> dict[str, tuple[Line, ...]]:
    """The sets on a plane by their tag, as lines through places; for n = 1 each is one place, (a,)."""
    regimes = Regimes(facts.programs, facts.symbol, plane.fmt)
    if not regimes.marks:
        return {}
    ticks = np.linspace(0.0, 1.0, GRID)
    if plane.n == 1:
        corners = ticks[:, None]
        steps = [(np.arange(GRID - 1), np.arange(1, GRID))]
    else:
        corners = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
        every = np.arange(GRID * GRID).reshape(GRID, GRID)
        steps = [(every[:-1].ravel(), every[1:].ravel()), (every[:, :-1].ravel(), every[:, 1:].ravel())]
    pairs = np.array([np.concatenate(ends) for ends in zip(*steps, strict=True)])
    sides, columns, values, owners = _crossed(_states(regimes, plane, corners), pairs)
    if not len(sides):
        return {}
    low, high = pairs[:, sides]
    points = _bisected(regimes, plane, columns, values, corners[low], corners[high]).round(3)
    found: dict[str, dict[Any, None]] = {}
    for owner in np.unique(owners):
        of = owners == owner
        lines = [(tuple(q),) for q in points[of].tolist()] if plane.n == 1 else _joined(points[of], low[of], high[of])
        tag = EDGES[regimes.marks[columns[of][0]][0]]
        found.setdefault(tag, {}).update(dict.fromkeys(lines))
    return {tag: tuple(lines) if plane.n == 1 else tuple(chained(lines)) for tag, lines in found.items()}


def _crossed(states: Array, pairs: Array) -> tuple[Array, Array, Array, Array]:
    """The sides of the grid that a line crosses, with the column of regimes and the value between whose ups and downs it is, and its number."""
    found: list[tuple[Array, ...]] = []
    for column in range(states.shape[1]):
        for value in np.unique(states[:, column])[:-1][:LINES].tolist():
            above = states[:, column] > value
            sides = np.flatnonzero(above[pairs[0]] != above[pairs[1]])
            ones = np.ones_like(sides)
            found.append((sides, column * ones, value * ones, len(found) * ones))
    none = np.zeros(0, dtype=np.int64)
    return tuple(np.concatenate(part) for part in zip((none,) * 4, *found, strict=True))  # type: ignore[return-value]


def _states(regimes: Regimes, plane: Plane, places: Array) -> Array:
    parameter = np.full(len(places), 0.0 if plane.parameter is None else plane.parameter)
    return regimes(plane.rows(places), parameter)


def _bisected(regimes: Regimes, plane: Plane, columns: Array, values: Array, near: Array, far: Array) -> Array:
    """Where, on the way from `near` to `far`, the regime of a column passes a value."""
    every = np.arange(len(near))

    def above(places: Array) -> Array:
        return _states(regimes, plane, places)[every, columns] > values

    before = above(near)
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        same = (above(middle) == before)[:, None]
        near, far = np.where(same, middle, near), np.where(same, far, middle)
    return (near + far) / 2


def _joined(points: Array, low: Array, high: Array) -> list[tuple[Place, Place]]:
    """Lines through the cells of the grid: two or four sides of each are crossed."""
    row, column = np.divmod(low, GRID)
    upright = high - low == GRID
    # A side belongs to the cells on both sides of it.
    before = np.where(upright, row * GRID + column - 1, (row - 1) * GRID + column)
    inside = np.where(upright, column > 0, row > 0)
    cells = np.concatenate([row * GRID + column, before[inside]])
    which = np.concatenate([np.arange(len(low)), np.flatnonzero(inside)])
    order = np.argsort(cells, kind="stable")
    cells, which = cells[order], which[order]
    starts = np.flatnonzero(np.r_[True, cells[1:] != cells[:-1]])
    members = (two for cell in np.split(which, starts[1:]) for two in np.split(cell, range(2, len(cell), 2)))
    found = (tuple(map(tuple, points[two].tolist())) for two in members if len(two) == 2)
    return [(min(ends), max(ends)) for ends in found if ends[0] != ends[1]]


def chained(pairs: Iterable[tuple[Place, Place]]) -> Iterator[Line]:
    """Pairs of places that meet at their ends as lines through many.

    >>> list(chained([((0.0, 0.0), (0.1, 0.0)), ((0.1, 0.0), (0.2, 0.3))]))
    [((0.0, 0.0), (0.1, 0.0), (0.2, 0.3))]
    """
    left = dict.fromkeys(pairs)
    meeting: dict[Place, list[tuple[Place, Place]]] = {}
    for pair in left:
        for end in pair:
            meeting.setdefault(end, []).append(pair)
    while left:
        chain = list(left.popitem()[0])
        for _ in range(2):
            chain.reverse()
            while (onward := next((q for q in meeting[chain[-1]] if q in left), None)) is not None:
                del left[onward]
                chain.append(onward[onward[0] == chain[-1]])
        yield tuple(chain)
