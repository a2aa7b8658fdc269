"""An audit is shards that its question alone divides: each is done by itself, here or elsewhere, with random numbers of its own.

First the cases, in shards of rows that are alike, and with them the invariants; then, from the worst of all these rows, the chains of the
search. What a target meets in one shard, a hang above all, is forgotten in the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol

from smoothsym.auditing.asking.vectors import vectors_beside
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.consistency import consistency, retold
from smoothsym.auditing.measuring.search import Span, order, search
from smoothsym.auditing.measuring.tally import Tally
from smoothsym.auditing.sharing.part import Part, Start
from smoothsym.auditing.task import Task
from smoothsym.calling import Guard, guarded, resolve
from smoothsym.cases import Case

Array = Any
Moved = Callable[[int, int], None] | None

LEAST, MOST, SHARDS = 256, 1 << 13, 64
"""Rows are divided into so many shards, of no fewer and no more rows than these,"""
ENTRIES = 1 << 18
"""and of no more entries."""
CHAINED = 256
"""So many rows of a search are one shard."""


class Shard(Protocol):
    """A piece of an audit that is done by itself; plain data, so that it travels."""

    @property
    def rows(self) -> int:
        """How many rows of the budget it stands for."""

    def __call__(self, task: Task, until: float | None, moved: Moved) -> Part:
        """What it amounts to, for a target that is in the task; `moved(done, total)` as it goes on."""


def carried(shard: Shard, task: Task, until: float | None = None, moved: Moved = None) -> Part:
    """What a shard amounts to, and what befell the target meanwhile."""
    part = shard(task, until, moved)
    if isinstance(task.target, Guard):
        part.tally.watched(task.target)
    return part


@dataclass(frozen=True)
class Measured:
    """Cases to measure; those that a search may go out from come along where `starts` are wanted."""

    cases: tuple[Case, ...]
    starts: bool = False

    @property
    def rows(self) -> int:
        return len(self.cases)

    def __call__(self, task: Task, until: float | None, moved: Moved) -> Part:
        tally, scores, flushed = measure.climbed(task, self.cases, until, moved)
        # What was flushed is a stratum of its own, so that it takes no other's place.
        cases = [
            replace(case, tags=("flushed", *case.tags)) if zero else case
            for case, zero in zip(self.cases, flushed.tolist(), strict=True)
        ]
        return Part(tally, order(zip(scores.tolist(), cases, strict=True), task.tol) if self.starts else [])


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of data to measure, `places` in the whole of them, with one parameter after the other; `seed`, of vectors beside them."""

    x: Array
    places: Array
    parameters: tuple[Any, ...]
    first: int
    seed: int

    @property
    def rows(self) -> int:
        return len(self.x)

    def __call__(self, task: Task, until: float | None, moved: Moved) -> Part:
        return Part(measure.run(task, self.cases(task), until, moved))

    def cases(self, task: Task) -> list[Case]:
        """The rows as cases."""
        count = len(self.parameters)
        found = [
            Case(tuple(row), self.parameters[(self.first + q) % count], ("data", f"row {place}"))
            for q, (row, place) in enumerate(zip(self.x.tolist(), self.places.tolist(), strict=True))
        ]
        return vectors_beside(found, task.op, task.of, task.fmt, [self.seed, self.first])


@dataclass(frozen=True, eq=False)
class Invariants:
    """Invariants that the target should keep by itself, on some of the cases; `twin`, the same code run in another way."""

    cases: tuple[Case, ...]
    seed: int
    twin: Any = None
    timeout: float | None = None
    rows = 0

    def __call__(self, task: Task, until: float | None, moved: Moved) -> Part:
        with nullcontext() if self.twin is None else guarded(self.twin, resolve(self.twin), self.timeout) as other:
            found = retold(consistency(task, self.cases, self.seed, until, other), task)
        tally = Tally(notes=dict.fromkeys(found.notes))
        for finding in found.findings:
            tally.add(finding)
        return Part(tally)


@dataclass(frozen=True)
class Searched:
    """Chains of a search: of all `starts` every `step`-th, from the one with its own number on."""

    starts: tuple[Start, ...]
    budget: int
    seed: int
    number: int
    step: int
    span: Span = None

    @property
    def rows(self) -> int:
        return self.budget

    def __call__(self, task: Task, until: float | None, moved: Moved) -> Part:
        def said(done: int) -> None:
            if moved is not None:
                moved(done, self.budget)

        found = search(task, self.starts, self.budget, self.seed, until, self.span, said, self.number, self.step)
        return Part(found)


# ---- how the question divides ------------------------------------------------------------------------------------------------


def of_cases(cases: Sequence[Case], starts: bool) -> list[Measured]:
    """Shards of cases, those of one length and parameter together."""
    alike: dict[tuple[int, str], list[Case]] = {}
    for case in cases:
        alike.setdefault((len(case.x), repr(case.parameter)), []).append(case)
    rows = [case for group in alike.values() for case in group]
    return [Measured(tuple(rows[a:b]), starts) for a, b in _cut([len(case.x) for case in rows])]


def of_rows(x: Array, places: Array, parameters: Sequence[Any], seed: int) -> list[Rows]:
    """Shards of the rows of data, in their order."""
    cuts = _cut([x.shape[1]] * len(x))
    return [Rows(x[a:b], places[a:b], tuple(parameters), a, seed) for a, b in cuts]


def of_search(starts: Sequence[Start], budget: int, seed: int, tol: float, span: Span) -> list[Searched]:
    """Shards of a search, each with chains of its own."""
    parts, queue = divided(budget), tuple(order(starts, tol))
    return [Searched(queue, part, seed, number, len(parts), span) for number, part in enumerate(parts)]


def divided(budget: int) -> list[int]:
    """The rows of each shard of a search of so many rows."""
    count = -(-budget // CHAINED)
    return [budget // count + (number < budget % count) for number in range(count)]


def _cut(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where rows of these lengths are cut into shards."""
    most = min(max(LEAST, -(-len(lengths) // SHARDS)), MOST)
    start, entries = 0, 0
    for place, length in enumerate(lengths):
        if place > start and (place - start >= most or entries + length > ENTRIES):
            yield start, place
            start, entries = place, 0
        entries += length
    if start < len(lengths):
        yield start, len(lengths)
