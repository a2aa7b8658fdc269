"""Along a ray regimes change at edges: here they are bracketed, and bisected down to neighbouring floats; what lies between is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np

from smoothsym.cases.parameters import special_parameters
from smoothsym.cases.regimes import Regimes
from smoothsym.cases.rows import Maker
from smoothsym.program.portable import power

Array = Any

MOST = 72
"""How many edges are bisected for one length."""
SECTIONS = 7
"""At how many points a bracket is cut at a time: few calls on many rows cost less than many on few."""


@dataclass(frozen=True)
class Rays:
    """Rows start + t step, each with the parameter origin + t rate, t any positive number of the format; `kinds` names them."""

    start: Array
    step: Array
    origin: Array
    rate: Array
    kinds: list[str]

    def at(self, maker: Maker, which: Array, ordinals: Array) -> tuple[Array, Array]:
        """The rows and parameters of some rays, at the numbers of these ordinals."""
        t = maker.numbers(ordinals)
        with np.errstate(all="ignore"):
            rows = maker.rounded(self.start[which] + t[:, None] * self.step[which])
            parameter = self.origin[which] + t * self.rate[which]
            return rows, parameter.astype(maker.fmt.dtype).astype(np.float64) if self.rate.any() else parameter


@dataclass(frozen=True)
class Edge:
    """Two rows with their parameters, as near as floats allow, between which a regime changes; `tags` says which."""

    rays: Rays
    ray: int
    below: int
    above: int
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Stretch:
    """Ordinals along a ray between which the regime is one, up to the first that is known to lie in another."""

    rays: Rays
    ray: int
    first: int
    last: int
    regime: bytes

    @property
    def kind(self) -> str:
        return self.rays.kinds[self.ray]


@dataclass
class Survey:
    """The rays of one length, the regimes along them, and the edges between these."""

    maker: Maker
    rays: Rays
    regimes: Regimes
    grid: Array
    states: Array

    @classmethod
    def of(cls, maker: Maker, size: int, points: int | None = None) -> Survey:
        """Rays of a length, their regimes at points along them: everywhere, and closely where numbers are ordinary."""
        rays = _long_rays(maker, size) if points else _rays(maker, size)
        grid = _grid(maker)
        if points:
            grid = grid[np.linspace(0, len(grid) - 1, points).astype(int)]
        regimes = Regimes(maker.facts.programs, maker.facts.symbol, maker.fmt)
        count = len(rays.kinds)
        which, places = np.repeat(np.arange(count), len(grid)), np.tile(grid, count)
        states = regimes(*rays.at(maker, which, places)).reshape(count, len(grid), len(regimes.marks))
        return cls(maker, rays, regimes, grid, states)

    @property
    def changes(self) -> Array:
        return (self.states[:, 1:] != self.states[:, :-1]).any(axis=2)

    def stretches(self) -> list[Stretch]:
        """Each stretch of the grid that lies in one regime."""
        found = []
        plain = [q for q, (what, _) in enumerate(self.regimes.marks) if what != "tie"]
        for ray, changed in enumerate(self.changes):
            for a, b in pairwise([0, *(np.flatnonzero(changed) + 1).tolist(), len(self.grid)]):
                regime = self.states[ray, a, plain].tobytes()
                last = self.grid[min(b, len(self.grid) - 1)]
                found.append(Stretch(self.rays, ray, int(self.grid[a]), int(last), regime))
        return found

    def edges(self) -> list[Edge]:
        """Edges, each bisected to neighbouring ordinals; of those between two grid points the first and the last."""
        ray, place = self._chosen()
        low, high = self.grid[place], self.grid[place + 1]
        ray, near, far = np.r_[ray, ray], np.r_[low, high], np.r_[high, low]
        below, above, before, after = bisected(self.maker, self.regimes, self.rays, ray, near, far)
        found = {}
        for q in range(len(ray)):
            edge = Edge(self.rays, int(ray[q]), int(below[q]), int(above[q]), self.regimes.tags(before[q], after[q]))
            found[edge.ray, min(edge.below, edge.above)] = edge
        return list(found.values())

    def _chosen(self) -> tuple[Array, Array]:
        """Which changes to bisect: as different ones as there are first."""
        ray, place = np.nonzero(self.changes)
        differ = self.states[ray, place] != self.states[ray, place + 1]
        seen: dict[Any, int] = {}
        turn: list[tuple[int, int, int]] = []
        for q in self.maker.rng.permutation(len(ray)):
            key = (self.rays.kinds[ray[q]], differ[q].tobytes())
            seen[key] = seen.get(key, 0) + 1
            turn.append((seen[key], len(turn), q))
        kept = [q for _, _, q in sorted(turn)[:MOST]]
        return ray[kept], place[kept]


def bisected(
    maker: Maker, regimes: Regimes, rays: Rays, ray: Array, near: Array, far: Array
) -> tuple[Array, Array, Array, Array]:
    """The neighbouring ordinals, from `near` towards `far`, at which regimes are first no longer what they are at `near`.

    With them the regimes on both sides; the same where they are the same at both ends.
    """

    def states(which: Array, ordinals: Array) -> Array:
        return regimes(*rays.at(maker, ray[which], ordinals))

    near, far, every = near.astype(np.int64), far.astype(np.int64), np.arange(len(ray))
    before, after = states(every, near), states(every, far)
    changing = (before != after).any(axis=1)
    while (open_ := np.flatnonzero(changing & (np.abs(far - near) > 1))).size:
        # The points cut the bracket evenly; the first that differs, and the one before it, are the next bracket.
        steps = np.arange(1, SECTIONS + 1)
        whole, rest = np.divmod(far[open_] - near[open_], SECTIONS + 1)
        points = near[open_, None] + whole[:, None] * steps + rest[:, None] * steps // (SECTIONS + 1)
        found = states(np.repeat(open_, SECTIONS), points.reshape(-1)).reshape(len(open_), SECTIONS, -1)
        differs = (found != before[open_, None]).any(axis=2)
        first = np.where(differs.any(axis=1), differs.argmax(axis=1), SECTIONS)
        rows, hit = np.arange(len(open_)), first < SECTIONS
        after[open_[hit]] = found[rows[hit], first[hit]]
        far[open_[hit]] = points[rows[hit], first[hit]]
        near[open_] = np.where(first > 0, points[rows, np.maximum(first, 1) - 1], near[open_])
    return near, far, before, after


def _grid(maker: Maker) -> Array:
    """Ordinals of positive numbers: some in every part of the range, four in each binade where numbers are ordinary."""
    far = np.linspace(1, maker.fmt.infinity - 1, 40)
    sizes = power(2.0, np.arange(-40, 44) / 4).tolist()
    near = [maker.ordinal(size) for size in sizes if size < float(maker.fmt.largest)]
    return np.unique(np.r_[far.astype(np.int64), near])


def coarse_grid(maker: Maker) -> Array:
    """Some ordinals of ordinary numbers."""
    return np.array([maker.ordinal(2.0**q) for q in range(-9, 11, 2)])


def lines(maker: Maker, size: int) -> Rays:
    """Rays of rows alone, for a first look."""
    rng, own, drawn = maker.rng, maker.parameters[0], []
    own = own if own is not None and isfinite(own) else 1.0
    for _ in range(4):
        single = np.eye(size)[rng.integers(size)]
        for sign in (1.0, -1.0):
            drawn.append(("random", np.zeros(size), sign * rng.normal(size=size), own, 0.0))
            drawn.append(("one entry", rng.normal(size=size) * maker.scale(), sign * single, own, 0.0))
    return _together(drawn)


def _rays(maker: Maker, size: int) -> Rays:
    """Rays of every kind, for the first parameter and for others of the list, in both directions."""
    rng, ones = maker.rng, np.ones(size)
    drawn: list[tuple[str, Array, Array, float, float]] = []
    others = [v for v in maker.parameters[1:] if v is not None and isfinite(v) and v]
    own = maker.parameters[0] if maker.parameters[0] is not None else 0.0
    own = own if isfinite(own) else 1.0
    for place, parameter in enumerate([own, own, own, *rng.permutation(others)[:3].tolist()]):
        single = np.eye(size)[rng.integers(size)]
        level = rng.choice([0.0, 1.0, float(maker.normal()), maker.scale()]) if place else 0.0
        for sign in (1.0, -1.0):
            drawn.append(("equal", 0 * ones, sign * ones, parameter, 0.0))
            if size > 1:
                kind, along = ("one sign", abs) if place % 2 else ("random", np.positive)
                drawn.append((kind, 0 * ones, sign * along(maker.normal(size=size)), parameter, 0.0))
                line = maker.normal(size=(2, size)) * [[maker.scale()], [sign]]
                drawn.append(("line", line[0], line[1], parameter, 0.0))
                drawn.append(("one beside zeros", 0 * ones, sign * single, parameter, 0.0))
                drawn.append(("gap", level * ones, sign * (1 - single), parameter, 0.0))
                drawn.append(("beside one", single, sign * (1 - single), parameter, 0.0))
                drawn.append(("one entry", maker.normal(size=size) * maker.scale(), sign * single, parameter, 0.0))
    if maker.facts.span is not None:
        low, high = maker.facts.span
        for point in special_parameters(maker.facts):
            for sign in (1.0, -1.0):
                if low <= point + sign * 1e-300 <= high:
                    row = power(2.0, rng.uniform(-3, 3, size)) * rng.choice([-1.0, 1.0], size) * rng.choice([1.0, 50.0])
                    drawn.append(("parameter", row, 0 * ones, point, sign))
    if maker.facts.domain == "positive":
        drawn = [(kind, abs(start), abs(step), *rest) for kind, start, step, *rest in drawn]
    return _together(drawn)


def _long_rays(maker: Maker, size: int) -> Rays:
    """Rays of rows that have two different entries at most, whose references are cheap."""
    ones, parameter = np.ones(size), maker.parameters[0] or 0.0
    single = np.eye(1, size, int(maker.rng.integers(size)))[0]
    few = maker.rng.permutation(np.arange(size) < maker.rng.integers(1, size)).astype(float)
    pairs = [
        ("equal", 0 * ones, ones),
        ("equal", 0 * ones, -ones),
        ("gap", 0 * ones, single - 1),
        ("gap", 0 * ones, few),
    ]
    pairs.append(("beside one", few, 1 - few))
    positive = maker.facts.domain == "positive"
    return _together(
        [(kind, a, abs(b) if positive else b, parameter if isfinite(parameter) else 1.0, 0.0) for kind, a, b in pairs]
    )


def _together(drawn: Sequence[tuple[str, Array, Array, float, float]]) -> Rays:
    kinds, start, step, origin, rate = zip(*drawn, strict=True)
    return Rays(np.array(start), np.array(step), np.array(origin), np.array(rate), list(kinds))
