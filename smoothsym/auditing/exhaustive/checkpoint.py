"""What is done of an exhaustive run is kept as ranges that lie apart, each with what it amounted to, in a file that is whole at any time."""

from __future__ import annotations

import json
import os
from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smoothsym.auditing.exhaustive.shard import Part
from smoothsym.auditing.finding import plain
from smoothsym.auditing.tally import Tally


@dataclass
class Done:
    """The ranges that are done, in their order, no two of them adjacent."""

    ranges: list[tuple[int, int, Part]] = field(default_factory=list)

    def add(self, start: int, stop: int, part: Part) -> None:
        """Take in a range, merged with its neighbours. Raises ValueError where some of it is done already."""
        place = bisect([first for first, _, _ in self.ranges], start)
        before, after = self.ranges[:place], self.ranges[place:]
        if (before and before[-1][1] > start) or (after and after[0][0] < stop):
            raise ValueError(f"rows {start} to {stop}: some of them are done already")
        if before and before[-1][1] == start:
            first, _, other = before.pop()
            part.merge(other)
            start = first
        if after and after[0][0] == stop:
            _, stop, other = after.pop(0)
            part.merge(other)
        self.ranges = [*before, (start, stop, part), *after]

    def missing(self, size: int, step: int) -> Iterator[tuple[int, int]]:
        """What is not done of `size` rows, in ranges that end at multiples of `step`."""
        start = 0
        for first, stop, _ in [*self.ranges, (size, size, Part())]:
            while start < first:
                end = min((start // step + 1) * step, first)
                yield start, end
                start = end
            start = stop

    @property
    def whole(self) -> Part:
        """All of it together."""
        total = Part()
        for _, _, part in self.ranges:
            total.merge(part)
        return total


def save(path: Path, header: Mapping[str, Any], done: Done) -> None:
    """Write a checkpoint as JSON lines: what is asked, then one range a line. The file that was there is replaced at once or not at all."""
    lines = [plain(dict(header)), *({"rows": [a, b], **_written(part)} for a, b, part in done.ranges)]
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    with beside.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, allow_nan=False) + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path) -> tuple[dict[str, Any], Done]:
    """What a checkpoint says was asked, and what is done of it. Raises ValueError where it is none, with the line that is wrong."""
    header: dict[str, Any] | None = None
    done = Done()
    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
            if header is None:
                header = dict(line)
            else:
                start, stop = line.pop("rows")
                done.add(int(start), int(stop), _read(line))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                f"checkpoint={str(path)!r}, line {number}: {error}; it is no checkpoint of smoothsym"
            ) from None
    if header is None:
        raise ValueError(f"checkpoint={str(path)!r} is empty; it is no checkpoint of smoothsym")
    return header, done


def _written(part: Part) -> dict[str, Any]:
    chosen = [[list(sort), *map(list, row)] for sort, row in sorted(part.chosen.items())]
    seconds = {"seconds": part.seconds, "target_seconds": part.target_seconds}
    return {"tally": part.tally.plain(), "chosen": plain(chosen), **seconds}


def _read(line: Mapping[str, Any]) -> Part:
    chosen = {tuple(sort): (_floats(rank), _floats(row)) for sort, rank, row in line["chosen"]}
    return Part(Tally.read(line["tally"]), chosen, float(line["seconds"]), float(line["target_seconds"]))


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(map(float, values))
