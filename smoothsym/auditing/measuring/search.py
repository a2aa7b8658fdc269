"""From the worst rows found, entries move in float ordinals while the scaled error grows: what fails badly has neighbours that fail worse.

A chain starts at the worst row of a stratum and goes on from whatever is worse than where it stands. Its steps grow with success
and shrink without. Every chain has random numbers of its own, and starts are put in an order of their own, so that neither the
order in which shards came back nor one another's luck moves a chain: a search may be divided, each part with starts of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any

import numpy as np

from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.measure import Tally, Task
from smoothsym.auditing.measuring.past_flushing import past_flushing
from smoothsym.cases import Case
from smoothsym.formats import Format

Array = Any
Span = tuple[float, float] | None

SHARE, LEAST = 3, 60
"""One row in so many of a budget is searched with, where the budget is at least so large."""
CHAINS, WIDTH = 2, 4
"""How many chains are followed at a time, and how many moves of each are tried in one round."""
PATIENCE = 6
"""After so many rounds without success a chain gives way to the next start."""
LONGEST = 128
"""Rows up to this length are starts."""


def search(
    task: Task,
    starts: Iterable[tuple[float, Case]],
    budget: int,
    seed: int = 0,
    until: float | None = None,
    span: Span = None,
    progress: Callable[[int], None] | None = None,
    first: int = 0,
    step: int = 1,
) -> Tally:
    """What a search of `budget` rows amounts to that goes out from rows with their scaled errors.

    `until`, when the clock ends it; `span`, between which numbers the parameter may move, None where it may not;
    `progress(done)`; from which start on, `first`, and from every how many-th, `step`, it goes out.
    """
    total, spent = Tally(), 0
    queue = order(starts, task.tol)
    chains: list[_Chain] = []
    place = first
    while queue and spent < budget:
        if until is not None and time.time() > until:
            total.stopped = True
            break
        chains = [chain for chain in chains if chain.idle < PATIENCE]
        while len(chains) < min(CHAINS, len(queue)):
            score, case = queue[place % len(queue)]
            told = past_flushing(task, case)[:WIDTH] if case.tags[0] == "flushed" else []
            chains.append(_Chain(task.fmt, np.random.default_rng([seed, place]), case, score, span, told))
            place += step
        moves = [move for chain in chains for move in chain.moves(task.op.domain == "positive")][: budget - spent]
        tally, scores, _ = measure.climbed(task, moves)
        total.merge(tally)
        spent += len(moves)
        for q, chain in enumerate(chains):
            chain.go_on(moves[q * WIDTH : (q + 1) * WIDTH], scores[q * WIDTH : (q + 1) * WIDTH])
        if progress is not None:
            progress(spent)
    return total


def order(starts: Iterable[tuple[float, Case]], tol: float) -> list[tuple[float, Case]]:
    """Where to start: where a few calls tell whether more is flushed than may be; the worst row of each stratum, and between these those
    that hold but nearly fail.

    What is left of parts, put together, comes to the same as the whole.
    """
    known = [(float(s), c) for s, c in starts if isfinite(s) and s > 0 and 0 < len(c.x) <= LONGEST]
    known.sort(key=lambda start: (-start[0], repr(start[1])))
    best: dict[Any, tuple[float, Case]] = {}
    near: dict[Any, tuple[float, Case]] = {}
    for score, case in known:
        stratum = (case.tags[0], min(len(case.x), 3))
        best.setdefault(stratum, (score, case))
        if score <= tol:
            near.setdefault(stratum, (score, case))
    worst, hold = list(best.values()), list(near.values())
    mixed = [start for pair in zip(worst, hold, strict=False) for start in pair] + worst[len(hold) :]
    mixed.sort(key=lambda start: start[1].tags[0] != "flushed")
    return list({repr(case): (score, case) for score, case in mixed}.values())


@dataclass
class _Chain:
    """Where a chain stands, what is `told` to be tried first, how large its steps are (in bits of ordinals), and how long it has had no
    success.
    """

    fmt: Format
    rng: Any
    case: Case
    score: float
    span: Span
    told: list[Case]
    step: float = nan
    idle: int = 0
    before: Array = None

    def __post_init__(self) -> None:
        self.step = self.fmt.precision - 2.0

    def moves(self, positive: bool) -> list[Case]:
        """Rows to try next."""
        here = ordinals(self.fmt, self.case.x)
        told, self.told = self.told, []
        return told + [self._move(here, int(self.rng.integers(7)), positive) for _ in range(WIDTH - len(told))]

    def _move(self, here: Array, kind: int, positive: bool) -> Case:
        rng, size, parameter = self.rng, len(here), self.case.parameter
        step = rng.choice([-1, 1]) * np.int64(2 ** (self.step * (1 - rng.random() ** 3)))
        there = here.copy()
        if kind == 0 and self.span is not None and parameter is not None:
            parameter = self._parameter(parameter, step)
        elif kind == 1 and size > 1:
            some = rng.random(size) < 0.5
            there += np.where(some, rng.integers(-abs(step), abs(step) + 1, size), 0)
        elif kind == 2:
            there += np.where(here < 0, -step, step)
        elif kind == 3:
            values = numbers(self.fmt, here)
            shift = rng.normal() * 2.0 ** (self.step - self.fmt.precision)
            there = ordinals(self.fmt, self._shifted(values, shift))
        elif kind == 4 and size > 1:
            first, second = rng.choice(size, 2, replace=False)
            there[first] = here[second] + rng.choice([0, step])
        elif kind == 5 and self.before is not None:
            there += here - self.before
        else:
            there[rng.integers(size)] += step
        last = self.fmt.infinity - 1
        there = np.clip(there, 1 if positive else -last, last)
        return replace(self.case, x=tuple(numbers(self.fmt, there).tolist()), parameter=parameter)

    def _shifted(self, values: Array, shift: float) -> Array:
        """All entries moved by the same share of the largest."""
        largest = float(self.fmt.largest)
        with np.errstate(all="ignore"):
            moved = values + shift * np.abs(values).max()
            return np.clip(moved, -largest, largest).astype(self.fmt.dtype).astype(np.float64)

    def _parameter(self, parameter: float, step: int) -> float:
        """The parameter some ordinals on, where that is between the ends of its span and not 0."""
        there = ordinals(self.fmt, (parameter,)) + step
        moved = float(numbers(self.fmt, np.clip(there, 1 - self.fmt.infinity, self.fmt.infinity - 1))[0])
        low, high = self.span or (parameter, parameter)
        return moved if moved and low <= moved <= high else parameter

    def go_on(self, moves: Sequence[Case], scores: Array) -> None:
        """Go where the error is larger; where it is unbounded there is nothing left to be found."""
        better = [q for q, score in enumerate(scores.tolist()) if isfinite(score) and score > self.score]
        if better:
            best = max(better, key=lambda q: scores[q])
            self.before = ordinals(self.fmt, self.case.x)
            self.case, self.score, self.idle = moves[best], float(scores[best]), 0
            self.step = min(self.step + 1.0, self.fmt.precision + 3.0)
        else:
            self.idle += 1
            self.step = max(self.step - 0.15 * self.fmt.precision, 1.0)


def ordinals(fmt: Format, x: Sequence[float]) -> Array:
    """The places of numbers of a format among its numbers, neighbours one apart.

    >>> from smoothsym.formats import get
    >>> ordinals(get("float16"), (0.0, -0.0, 2.0**-24, -(2.0**-24)))
    array([ 0,  0,  1, -1])
    """
    bits = np.asarray(x, dtype=np.float64).astype(fmt.dtype).view(fmt.uint).astype(np.int64)
    if fmt.bits == 64:
        return np.where(bits < 0, -(bits & np.int64(2**63 - 1)), bits)
    return np.where(bits >= fmt.sign_bit, fmt.sign_bit - bits, bits)


def numbers(fmt: Format, places: Array) -> Array:
    """The finite numbers at these places, in float64."""
    sizes = fmt.to_array(np.abs(places).astype(fmt.uint)).astype(np.float64)
    return np.copysign(sizes, places)
