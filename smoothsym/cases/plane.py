"""A plane of inputs to look at, every size of numbers on it, and the dangerous sets drawn there, derived as everywhere from programs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from smoothsym.cases.regimes import EDGES, Regimes
from smoothsym.cases.rows import Facts
from smoothsym.formats import Format

Array = Any

GRID = 56
"""At so many places along an axis regimes are looked at."""
HALVINGS = 6
"""How often a crossing between two of them is bisected."""
WIDEST = 16
"""Rows of more entries are not looked at."""


@dataclass(frozen=True)
class Axis:
    """Where numbers of a format stand between 0 and 1: by the logarithm of their logarithm, so that 1, 100 and 1e300 all have room.

    `positive`: positive numbers alone, tiny ones as wide as large ones; else 0 is in the middle, and tiny ones lie at it.

    >>> axis = Axis(2.0**-1074, 2.0**1023, False)
    >>> axis.places([-1.0, 0.0, 1.0]).round(2).tolist()
    [0.45, 0.5, 0.55]
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
            size = np.log2(values) if self.positive else np.sign(values) * np.log2(1 + np.abs(values))
            return np.sign(size) * np.log2(1 + np.abs(size))

    def places(self, numbers: Any) -> Array:
        """Where numbers stand."""
        low, high = self._ends
        return (self._scale(numbers) - low) / (high - low)

    def numbers(self, places: Any) -> Array:
        """The numbers that stand there."""
        low, high = self._ends
        scale = low + np.asarray(places, dtype=np.float64) * (high - low)
        size = np.sign(scale) * np.expm1(np.abs(scale) * np.log(2.0))
        with np.errstate(all="ignore"):
            found = np.exp2(size) if self.positive else np.sign(size) * np.expm1(np.abs(size) * np.log(2.0))
        return np.clip(found, self.least if self.positive else -self.largest, self.largest)


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
def dangerous_sets(facts: Facts, plane: Plane) -> dict[str, tuple[tuple[float, ...], ...]]:
    """The sets on a plane by their tag, as lines (a, b, a', b') between places; for n = 1 the places (a,) themselves."""
    regimes = Regimes(facts.programs, facts.symbol, plane.fmt)
    if not regimes.marks and not facts.programs:
        return {}
    ticks = np.linspace(0.0, 1.0, GRID)
    if plane.n == 1:
        corners = ticks[:, None]
        steps = [(np.arange(GRID - 1), np.arange(1, GRID))]
    else:
        corners = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
        every = np.arange(GRID * GRID).reshape(GRID, GRID)
        steps = [(every[:-1].ravel(), every[1:].ravel()), (every[:, :-1].ravel(), every[:, 1:].ravel())]
    states = _states(regimes, plane, corners)
    tags = [EDGES[what] for what, _ in regimes.marks]
    found = {}
    for tag in dict.fromkeys(tags):
        columns = np.array([q for q, name in enumerate(tags) if name == tag])
        pairs = [np.concatenate(ends) for ends in zip(*steps, strict=True)]
        crossed = (states[pairs[0]][:, columns] != states[pairs[1]][:, columns]).any(axis=1)
        low, high = pairs[0][crossed], pairs[1][crossed]
        if not len(low):
            continue
        points = _bisected(regimes, plane, columns, corners[low], corners[high], states[low][:, columns])
        lines = points if plane.n == 1 else _joined(points, low, high)
        found[tag] = tuple(tuple(line) for line in lines.round(3).tolist())
    return found


def _states(regimes: Regimes, plane: Plane, places: Array) -> Array:
    parameter = np.full(len(places), 0.0 if plane.parameter is None else plane.parameter)
    return regimes(plane.rows(places), parameter)


def _bisected(regimes: Regimes, plane: Plane, columns: Array, near: Array, far: Array, before: Array) -> Array:
    """Where the regimes of some columns cease to be what they are at `near`, on the way to `far`."""
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        same = (_states(regimes, plane, middle)[:, columns] == before).all(axis=1)[:, None]
        near, far = np.where(same, middle, near), np.where(same, far, middle)
    return (near + far) / 2


def _joined(points: Array, low: Array, high: Array) -> Array:
    """Lines through the cells of the grid: where two sides of a cell are crossed the line between, else a star."""
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
    lines = []
    for members in np.split(which, starts[1:]):
        ends = points[members]
        if len(ends) == 2:
            lines.append(ends.ravel())
        elif len(ends) > 2:
            lines += [np.concatenate([end, ends.mean(axis=0)]) for end in ends]
    return np.array(lines).reshape(-1, 4)
