"""All rows are divided into ranges of nothing but their number, each of which is a shard like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from smoothsym.auditing.exhaustive.shard import Job, measured
from smoothsym.auditing.sharing.part import Part
from smoothsym.auditing.task import Task

CALLS = 1 << 20
"""So often a target that takes one row at a time is called, unless more is asked for by budget=."""


@dataclass(frozen=True)
class Range:
    """The rows with the numbers start, ..., stop - 1 of a job, whose target comes with the task."""

    job: Job
    start: int
    stop: int

    @property
    def rows(self) -> int:
        return self.job.space.inputs(self.start, self.stop)

    def __call__(self, task: Task, until: float | None, moved: Callable[[int, int], None] | None) -> Part:
        return measured(replace(self.job, task=task), self.start, self.stop)


def ranges(job: Job, budget: int | None) -> list[Range]:
    """The shards of a job. Raises ValueError where a target of one row would be called too often, with the time that it would take by its first rows."""
    size = job.space.size
    total = job.space.inputs(0, size)
    if not job.task.batched and total > (budget or CALLS):
        count = min(64, size)
        foretold = measured(job, 0, count).target_seconds / job.space.inputs(0, count) * total
        raise ValueError(
            f"exhaustive=True: the target takes one row at a time, and {total} calls take about {foretold / 3600:.2g} hours; give one "
            f"that takes a 2-D array of rows, with batched=True or --batched, or budget={total} or --budget {total} to wait"
        )
    bare: Any = replace(job, task=None)  # type: ignore[arg-type]
    return [Range(bare, start, min(start + job.step, size)) for start in range(0, size, job.step)]
