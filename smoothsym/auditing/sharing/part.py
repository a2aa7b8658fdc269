"""What shards amounted to is plain data that merges in any order: a tally, rows from which a search goes out, and rows that are to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smoothsym.auditing.findings.finding import plain
from smoothsym.auditing.measuring.tally import Tally
from smoothsym.cases import Case

Sort = tuple[Any, ...]
Chosen = tuple[tuple[float, ...], tuple[float, ...]]
"""The rank and the entries of a row that is to be told."""
Start = tuple[float, Case]
"""A row from which a search may go out, and its scaled error."""


@dataclass
class Part:
    """What shards amounted to; `seconds` of them, and the target's own."""

    tally: Tally = field(default_factory=Tally)
    starts: list[Start] = field(default_factory=list)
    chosen: dict[Sort, Chosen] = field(default_factory=dict)
    seconds: float = 0.0
    target_seconds: float = 0.0

    @property
    def stopped(self) -> bool:
        """Whether time was up before all was done."""
        return self.tally.stopped

    @property
    def worn(self) -> bool:
        """Whether the target is not to be called any more."""
        return self.tally.worn

    def choose(self, sort: Sort, row: Chosen) -> None:
        """Keep a row if it is the best of its sort."""
        self.chosen[sort] = max(self.chosen.get(sort, row), row)

    def merge(self, other: Part) -> None:
        """Take in another part; the order does not matter."""
        self.tally.merge(other.tally)
        self.starts += other.starts
        for sort, row in other.chosen.items():
            self.choose(sort, row)
        self.seconds += other.seconds
        self.target_seconds += other.target_seconds

    def plain(self) -> dict[str, Any]:
        """Data that JSON can hold, from which `read` makes the same."""
        chosen = [[list(sort), *map(list, row)] for sort, row in sorted(self.chosen.items())]
        starts = [[score, _written(case)] for score, case in self.starts]
        found = {"tally": self.tally.plain(), "starts": starts, "chosen": chosen}
        return plain({**found, "seconds": self.seconds, "target_seconds": self.target_seconds})

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Part:
        """What `plain` wrote. Raises ValueError, TypeError or KeyError for anything else."""
        chosen = {tuple(sort): (_floats(rank), _floats(row)) for sort, rank, row in data["chosen"]}
        starts = [(float(score), _read(case)) for score, case in data["starts"]]
        return cls(Tally.read(data["tally"]), starts, chosen, float(data["seconds"]), float(data["target_seconds"]))


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(map(float, values))


def _written(case: Case) -> list[Any]:
    hexed = [None if row is None else [v.hex() for v in row] for row in (case.x, case.v)]
    return [*hexed, None if case.parameter is None else case.parameter.hex(), list(case.tags)]


def _read(data: Any) -> Case:
    rows, parameter, tags = data[:2], data[2], data[3]
    x, v = (None if row is None else tuple(map(float.fromhex, row)) for row in rows)
    return Case(x or (), None if parameter is None else float.fromhex(parameter), tuple(tags), v)
