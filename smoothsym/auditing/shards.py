"""Shards of an audit go wherever an executor takes them, and come back to what one process would have found."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from smoothsym.auditing import exhaustive, measure
from smoothsym.auditing.arguments import operator
from smoothsym.auditing.calls import dotted, resolve
from smoothsym.auditing.measure import Tally, Task
from smoothsym.calling import Guard, guarded
from smoothsym.cases import Case

Array = Any


def sharded(
    task: Task,
    target: Any,
    chosen: list[Case],
    until: float | None,
    executor: Any,
    progress: Any,
    timeout: float | None,
) -> tuple[Tally, Array]:
    """Shards of the cases, each measured where the executor likes, merged to what one process would have found; and the scores."""
    size = max(1, -(-len(chosen) // 16))
    shards = [chosen[q : q + size] for q in range(0, len(chosen), size)]
    total, done = Tally(), 0
    bare = _bare(task)
    jobs = [executor.submit(_shard, target, bare, shard, until, timeout) for shard in shards]
    scores = []
    for job, shard in zip(jobs, shards, strict=True):
        tally, found = job.result()
        total.merge(tally)
        scores.append(found)
        done += len(shard)
        if progress is not None:
            progress(done, len(chosen))
    return total, np.concatenate(scores)


def _bare(task: Task) -> Task:
    """A task without its target, on its way to another process."""
    from smoothsym.catalogue import operators

    op: Any = task.op.name if task.op in operators.values() else task.op
    return replace(task, target=_unresolved, op=op)


def ranges(job: Any, target: Any, timeout: float | None) -> Any:
    """What measures a range of an exhaustive audit where an executor runs it; `target` as it was sent."""
    return partial(_range, target, replace(job, task=_bare(job.task)), timeout)


def _range(target: Any, job: Any, timeout: float | None, start: int, stop: int) -> Any:
    task = replace(job.task, target=_kept(target, timeout), op=operator(job.task.op))
    return exhaustive.measured(replace(job, task=task), start, stop)


_OPEN: dict[int, tuple[Any, Any, ExitStack]] = {}
"""By threads: what a target was sent as, and the same one watched, from one range to the next."""


def _kept(target: Any, timeout: float | None) -> Any:
    """A target that is watched, started once for many ranges: to start it may take longer than a range."""
    thread, sent_as = threading.get_ident(), target
    with suppress(Exception):
        sent_as = pickle.dumps(target)
    if thread in _OPEN:
        before, watched, stack = _OPEN[thread]
        if before == (sent_as, timeout):
            return watched
        stack.close()
    stack = ExitStack()
    watched = stack.enter_context(guarded(target, resolve(target), timeout))
    _OPEN[thread] = (sent_as, timeout), watched, stack
    return watched


@contextmanager
def elsewhere() -> Iterator[None]:
    """While an executor has ranges; what its threads have started in this process is ended after that."""
    try:
        yield
    finally:
        while _OPEN:
            _OPEN.popitem()[1][2].close()


def sent(target: Any, function: Any, executor: Any) -> Any:
    """What stands for a target where an executor runs it."""
    return function if isinstance(executor, ThreadPoolExecutor) else _travelling(target)


def _travelling(target: Any) -> Any:
    """What stands for a target on its way to another process: its dotted name, or itself where it can be pickled."""
    if (name := dotted(target)) is not None:
        return name
    try:
        pickle.dumps(target)
    except Exception:
        raise ValueError(
            f"target={target!r} has no dotted name by which another process could find it; define it in a module, and pass "
            "'package.module:function'"
        ) from None
    return target


def _unresolved(*_: Any) -> Any:
    """Stands for a target on its way to another process."""
    raise AssertionError("a target is resolved by its dotted name where it runs")


def _shard(
    target: Any, task: Task, chosen: list[Case], until: float | None, timeout: float | None
) -> tuple[Tally, Array]:
    with guarded(target, resolve(target), timeout) as watched:
        tally, scores = measure.scored(replace(task, target=watched, op=operator(task.op)), chosen, until)
        if isinstance(watched, Guard):
            tally.notes |= dict.fromkeys(watched.notes)
    return tally, scores
