"""What an expression's own programs say is dangerous: the edges of their regimes, what lies between, and the zeros of their outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import sqrt
from typing import Any, TypeVar

import numpy as np

from smoothsym.cases.edges import Edge, Rays, Stretch, Survey, bisected, coarse_grid, lines
from smoothsym.cases.regimes import Regimes
from smoothsym.cases.rows import Case, Maker, bisect
from smoothsym.program.portable import power

Array = Any
T = TypeVar("T")

EDGED = (2, 5)
"""Lengths whose edges are bisected, where they are among those asked for."""
ORDINARY = (2.0**-8, 2.0**10)
"""Sizes of numbers that most rows have."""
GOLDEN = (sqrt(5) - 1) / 2
"""Multiples of it, less whole numbers, spread evenly over the unit interval, however many there are."""
LONGEST = 1100
"""Up to this length the regimes of long rows are looked at."""
ZEROS = 12
"""So many zeros of each length are looked for in a single entry."""
WITHIN = 16
"""So many ordinals beside a zero by float arithmetic the exact one is looked for."""


class Derived:
    """Cases on the edges of regimes, between them, and at zeros; from one survey of rays for each length."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self._counts: dict[bytes, tuple[int, float]] = {}

    @cached_property
    def surveys(self) -> dict[int, Survey]:
        programs = self._programs
        widest = max(max(EDGED) if self._square else size for size in self.maker.short) if programs else 0
        return {size: Survey.of(self.maker, size) for size in self.maker.short if size <= widest}

    @property
    def _programs(self) -> Any:
        """None where the parameters are all at a limit: there the contract answers every row, and no program has an edge."""
        ordinary = any(p is None or (p and np.isfinite(p)) for p in self.maker.parameters)
        return self.maker.facts.programs if ordinary else ()

    @cached_property
    def _square(self) -> bool:
        """Whether a program has matrices, which long rows make large."""
        return any(operation.rank > 1 for program in self.maker.facts.programs for operation in program.operations)

    @cached_property
    def edges(self) -> list[Edge]:
        sizes = [size for size in self.surveys if size in EDGED] or list(self.surveys)[:1]
        return [edge for size in sizes for edge in self.surveys[size].edges()]

    def on_edges(self) -> Iterator[Case]:
        """The floats on both sides of an edge, then one at some distance; as different edges as there are first."""
        for edge in self._turns([(edge.tags, edge.rays.kinds[edge.ray]) for edge in self.edges], self.edges):
            far = edge.above + int(
                np.sign(edge.above - edge.below) * power(2.0, self.maker.rng.uniform(1, self._bits()))
            )
            places = np.clip([edge.below, edge.above, far], 1, self.maker.fmt.infinity - 1)
            yield from self._cases(edge.rays, edge.ray, places, edge.tags)

    def between(self) -> Iterator[Case]:
        """Numbers from the stretches of each regime, most from those of ordinary numbers; the kinds of rays take turns."""
        low, high = self.maker.ordinal(ORDINARY[0]), self.maker.ordinal(ORDINARY[1])
        every = [stretch for survey in self.surveys.values() for stretch in survey.stretches()]
        usual = [
            replace(q, first=max(q.first, low), last=min(q.last, high))
            for q in every
            if q.first < high and q.last > low
        ]
        turns = [self._again(pool) for pool in (usual, usual, every, usual) if pool]
        while turns:
            for turn in turns:
                yield from next(turn)

    def _again(self, pool: list[Stretch]) -> Iterator[list[Case]]:
        """In every round each kind has its turn, and in its turns each regime; so evenly spread draws meet every part of a regime."""
        kinds: dict[str, dict[bytes, list[Stretch]]] = {}
        for stretch in pool:
            kinds.setdefault(stretch.kind, {}).setdefault(stretch.regime, []).append(stretch)
        rounds = {kind: self._regimes(regimes) for kind, regimes in kinds.items()}
        while True:
            for kind in self.maker.rng.permutation(list(rounds)).tolist():
                stretch = next(rounds[kind])
                place = self._drawn(stretch)
                yield self._cases(stretch.rays, stretch.ray, [place], ("between edges", kind))

    def _regimes(self, regimes: dict[bytes, list[Stretch]]) -> Iterator[Stretch]:
        names = sorted(regimes)
        while True:
            for q in self.maker.rng.permutation(len(names)):
                members = regimes[names[q]]
                yield members[int(self.maker.rng.integers(len(members)))]

    def at_zeros(self) -> Iterator[Case]:
        """The floats on both sides of a zero of an output, in a single entry: lines are bracketed first, where a crossing is common."""
        for size, survey in self.surveys.items():
            if size not in EDGED and len(self.surveys) > 1:
                continue
            maker, rays, grid = self.maker, survey.rays, survey.grid
            regimes = Regimes(maker.facts.programs[-1:], maker.facts.symbol, maker.fmt, "zero")
            ray, place = _crossings(regimes, maker, rays, np.flatnonzero(rays.rate == 0), grid)
            kinds = [rays.kinds[q] for q in ray]
            chosen = list(self._turns(kinds, range(len(ray))))[: 2 * ZEROS]
            if chosen:
                ray, place = ray[chosen], place[chosen]
                _, above, _, _ = bisected(maker, regimes, rays, ray, grid[place], grid[place + 1])
                yield from self._zeros(regimes, *rays.at(maker, ray, above))

    def on_borders(self) -> Iterator[Case]:
        """Where a share becomes 0: the floats on both sides, and shares of any size near it."""
        maker, shares, found = self.maker, self.maker.facts.shares, []
        for size in EDGED:
            if shares is not None and size in maker.short:
                rays, grid = lines(maker, size), coarse_grid(maker)
                regimes = Regimes((shares,), maker.facts.symbol, maker.fmt, "zero")
                ray, place = _crossings(regimes, maker, rays, np.arange(len(rays.kinds)), grid)
                chosen = list(self._turns([rays.kinds[q] for q in ray], range(len(ray))))[: 2 * ZEROS]
                near, far = grid[place[chosen]], grid[place[chosen] + 1]
                below, above, _, _ = bisected(maker, regimes, rays, ray[chosen], near, far)
                found += [(rays, *q) for q in zip(ray[chosen].tolist(), below.tolist(), above.tolist(), strict=True)]
        while found:
            rays, q, below, above = found.pop(int(maker.rng.integers(len(found))))
            away = [above + side * int(2.0 ** maker.rng.uniform(1, self._bits())) for side in (1, -1, 1, -1)]
            places = np.clip([below, above, *away], 1, maker.fmt.infinity - 1)
            yield from self._cases(rays, q, places, ("border of the support",))

    def long(self) -> Iterator[Case]:
        """Long rows that have few different entries: all equal, some beside the rest at any gap."""
        maker, first = self.maker, self.maker.parameters[0]
        pools = []
        for size in maker.long:
            pools.append(self._plain_long(size, first))
            if (
                size <= LONGEST
                and self._programs
                and all(q.rank < 2 for p in maker.facts.programs for q in p.operations)
            ):
                pools.append(self._long_stretches(size))
        while pools:
            for pool in list(pools):
                case = next(pool, None)
                if case is None:
                    pools.remove(pool)
                else:
                    yield case

    def _plain_long(self, size: int, parameter: float | None) -> Iterator[Case]:
        maker = self.maker
        yield maker.case(np.zeros(size), "long", "ties", parameter=parameter)
        if size <= 5000:
            yield maker.case(maker.normal(size=size), "long", parameter=parameter)
        yield maker.case(np.full(size, maker.normal() * maker.scale()), "long", "ties", parameter=parameter)
        yield maker.case(
            np.r_[np.zeros(size - 1), maker.rng.choice([1.0, -1.0]) * maker.scale()],
            "long",
            "outlier",
            parameter=parameter,
        )
        if size <= 500:
            scale = maker.scale()
            yield maker.case(scale * scale + maker.normal(size=size), "long", "offset", parameter=parameter)
            yield maker.case(np.r_[30.0, maker.normal(size=size - 1)], "long", "dominant", parameter=parameter)

    def _long_stretches(self, size: int) -> Iterator[Case]:
        survey = Survey.of(self.maker, size, 24)
        stretches = survey.stretches()
        for stretch in self._turns([q.kind for q in stretches], stretches):
            tags = ("long", "between edges", stretch.kind)
            yield from self._cases(stretch.rays, stretch.ray, [self._drawn(stretch)], tags)

    # ---- the parts ---------------------------------------------------------------------------------------------------------

    def _bits(self) -> int:
        return self.maker.fmt.precision + 2

    def _drawn(self, stretch: Stretch) -> int:
        """An ordinal of a stretch: evenly by the number, each third time by the logarithm; the draws of one regime spread evenly."""
        turn, start = self._counts.get(stretch.regime, (0, self.maker.rng.random()))
        self._counts[stretch.regime] = (turn + 1, start)
        evenly = turn % 3 < 2
        share = (start + (turn - turn // 3 if evenly else turn // 3) * GOLDEN) % 1.0
        if not evenly:
            return stretch.first + round(share * (stretch.last - stretch.first))
        low, high = self.maker.numbers(np.array([stretch.first, stretch.last])).tolist()
        return self.maker.ordinal(low + share * (high - low))

    def _turns(self, kinds: Sequence[Any], items: Sequence[T]) -> Iterator[T]:
        """The items in an order drawn by chance in which every kind has its turn."""
        pools: dict[Any, list[T]] = {}
        for q in self.maker.rng.permutation(len(items)):
            pools.setdefault(kinds[q], []).append(items[q])
        while pools:
            for kind in list(pools):
                yield pools[kind].pop()
                if not pools[kind]:
                    del pools[kind]

    def _cases(self, rays: Rays, ray: int, ordinals: Any, tags: tuple[str, ...]) -> list[Case]:
        rows, parameters = rays.at(self.maker, np.full(len(ordinals), ray), np.asarray(ordinals))
        named = self.maker.facts.symbol is not None or self.maker.parameters[0] is not None
        return [
            Case(tuple(row), parameter if named else None, tags)
            for row, parameter in zip(rows.tolist(), parameters.tolist(), strict=True)
            if not named or parameter in self.maker.parameters or self.maker.free(parameter)
        ]

    def _zeros(self, regimes: Regimes, rows: Array, parameters: Array) -> Iterator[Case]:
        """One entry of each row moves a little, where that changes a sign of the outputs."""
        maker, facts, count = self.maker, self.maker.facts, 0
        every = np.arange(len(rows))
        place = maker.rng.integers(rows.shape[1], size=len(rows))
        entry = rows[every, place]
        single = np.eye(rows.shape[1])[place]
        rays = Rays(
            rows * (1 - single), np.sign(entry)[:, None] * single, parameters, 0 * parameters, ["zero"] * len(rows)
        )
        middle = np.array([maker.ordinal(abs(v)) for v in entry.tolist()])
        reach, last = 1 << (maker.fmt.precision // 2), maker.fmt.infinity - 1
        near, far = np.maximum(middle - reach, 1), np.minimum(middle + reach, last)
        below, above, before, after = bisected(maker, regimes, rays, every, near, far)
        for q in np.flatnonzero((before != after).any(axis=1)).tolist():
            found: tuple[int, int] | None = (int(below[q]), int(above[q]))
            if facts.evaluate is not None and maker.fmt.precision == 53:
                found = self._exact_zero(rays, q, (int(below[q]), int(above[q])))
            # What changes its sign by rounding alone, or where it underflows, is no zero.
            if found is not None and count < ZEROS:
                count += 1
                yield from self._cases(rays, q, found, ("near zero",))

    def _exact_zero(self, rays: Rays, ray: int, found: tuple[int, int]) -> tuple[int, int] | None:
        """The neighbours between which an output changes its sign in truth, if near those between which it does in floats."""
        evaluate: Any = self.maker.facts.evaluate

        def signs(ordinal: int) -> Any:
            (case,) = self._cases(rays, ray, [ordinal], ())
            return [bool(v < 0) for v in evaluate(case.x, case.parameter)]

        return bisect(signs, max(found[0] - WITHIN, 1), min(found[1] + WITHIN, self.maker.fmt.infinity - 1))


def _crossings(regimes: Regimes, maker: Maker, rays: Rays, which: Array, grid: Array) -> tuple[Array, Array]:
    """Of some rays, those whose regime changes between a point of a grid and the next; and that point."""
    states = regimes(*rays.at(maker, np.repeat(which, len(grid)), np.tile(grid, len(which))))
    states = states.reshape(len(which), len(grid), -1)
    ray, place = np.nonzero((states[:, 1:] != states[:, :-1]).any(axis=2))
    return which[ray], place
