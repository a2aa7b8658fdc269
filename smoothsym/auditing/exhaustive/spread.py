"""Ranges of rows go wherever an executor likes, and amount to the same in any order, stopped and resumed or not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from hashlib import sha256
from pathlib import Path
from typing import Any

from smoothsym.auditing.exhaustive.checkpoint import Done, load, save
from smoothsym.auditing.exhaustive.shard import Job, Part, measured, tell

CALLS = 1 << 20
"""So often a target that takes one row at a time is called, unless more is asked for by budget=."""
KEPT = 1.0
"""So many seconds lie between two writings of a checkpoint, at least."""
AHEAD = 64
"""So many ranges are with the executor at a time: more than it has processes, and few enough to stop soon."""


def run(
    job: Job,
    named: str = "",
    *,
    budget: int | None = None,
    until: float | None = None,
    executor: Any = None,
    remote: Callable[[int, int], Part] | None = None,
    checkpoint: Any = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Part, bool]:
    """Measure every row, and say whether none is left. `named`, the target in a checkpoint.

    `remote(start, stop)` is what an executor is to call for a range. Raises ValueError where a
    target of one row would be called too often, and where a checkpoint is of something else.
    """
    size = job.space.size
    total = job.space.inputs(0, size)
    _affordable(job, total, budget)
    done = Done()
    path = None if checkpoint is None else Path(checkpoint)
    header = _asked(job, named)
    if path is not None and path.exists():
        found, done = load(path)
        _same(found, header, path)
    reached = sum(job.space.inputs(a, b) for a, b, _ in done.ranges)
    kept = time.monotonic()

    def take(start: int, stop: int, part: Part) -> None:
        nonlocal reached, kept
        done.add(start, stop, part)
        reached += job.space.inputs(start, stop)
        if path is not None and (reached == total or time.monotonic() - kept > KEPT):
            save(path, header, done)
            kept = time.monotonic()
        if progress is not None:
            progress(reached, total)

    try:
        todo = done.missing(size, job.step)
        if executor is None or remote is None:
            for start, stop in list(todo):
                if until is not None and time.time() > until:
                    break
                take(start, stop, measured(job, start, stop))
        else:
            _spread(list(todo), executor, remote, until, take)
    finally:
        if path is not None and reached < total:
            save(path, header, done)
    whole = done.whole
    tell(job, whole)
    return whole, reached == total and not whole.tally.uncalled


def _spread(todo: list[tuple[int, int]], executor: Any, remote: Any, until: float | None, take: Any) -> None:
    """Each range where the executor likes; what has not begun when time is up, or an error comes, is dropped."""
    running: dict[Future[Part], tuple[int, int]] = {}
    waiting = iter(todo)
    late = False
    try:
        while True:
            late = late or (until is not None and time.time() > until)
            while not late and len(running) < AHEAD and (piece := next(waiting, None)) is not None:
                running[executor.submit(remote, *piece)] = piece
            if late:
                running = {future: piece for future, piece in running.items() if not future.cancel()}
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                take(*running.pop(future), future.result())
    finally:
        for future in running:
            future.cancel()


def _affordable(job: Job, total: int, budget: int | None) -> None:
    """Raises ValueError where a target of one row would be called too often, with the time that it would take by its first rows."""
    if job.task.batched or total <= (budget or CALLS):
        return
    count = min(64, job.space.size)
    foretold = measured(job, 0, count).target_seconds / job.space.inputs(0, count) * total
    raise ValueError(
        f"exhaustive=True: the target takes one row at a time, and {total} calls take about {foretold / 3600:.2g} hours; give one "
        f"that takes a 2-D array of rows, with batched=True, or budget={total} to wait"
    )


# ---- what a checkpoint is of -------------------------------------------------------------------------------------------------


def _asked(job: Job, named: str) -> dict[str, Any]:
    """What is asked, by which a checkpoint is known to be of the same."""
    task = job.task
    formula = f"{task.op.definition} {task.of}"
    return {
        "smoothsym": "exhaustive audit",
        "target": named,
        "op": task.op.name,
        "formula": sha256(formula.encode()).hexdigest()[:16],
        "of": str(task.of),
        "dtype": task.fmt.name,
        "n": job.space.n,
        "parameter": None if job.parameter is None else job.parameter.hex(),
        "tol": task.tol,
        "step": job.step,
    }


def _same(found: Mapping[str, Any], asked: Mapping[str, Any], path: Path) -> None:
    """Raises ValueError where a checkpoint is of something else."""
    for name, value in asked.items():
        if found.get(name) != value:
            raise ValueError(
                f"checkpoint={str(path)!r} is of {name}={found.get(name)!r}, and not of {value!r}; give another file, or remove it"
            )
