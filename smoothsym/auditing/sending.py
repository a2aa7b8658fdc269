"""Shards are sent as plain data: a target by its dotted name, an operator of the catalogue by its own, users' operators as SymPy is."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from smoothsym.auditing import measure
from smoothsym.auditing.arguments import operator
from smoothsym.auditing.calls import dotted, resolve
from smoothsym.auditing.part import Part
from smoothsym.auditing.shards import Shard, carried
from smoothsym.auditing.task import Task
from smoothsym.calling import guarded


@dataclass(frozen=True)
class Parcel:
    """A task on its way to another process, its target beside it; `number`, that of an audit among all that are running."""

    target: Any
    task: Task
    timeout: float | None
    number: str

    def submit(self, executor: Any, shard: Shard, until: float | None) -> Future[Part]:
        """Hand a shard over."""
        found: Future[Part] = executor.submit(_carried, self, shard, until)
        return found


@contextmanager
def parcel(
    task: Task, target: Any, function: Callable[..., Any], executor: Any, timeout: float | None
) -> Iterator[Parcel]:
    """The task of a target, as it was given and as a function. Raises ValueError where it cannot travel.

    What threads of this process have started for it is ended at the end.
    """
    from smoothsym.catalogue import operators

    op: Any = task.op.name if task.op in operators.values() else task.op
    made = Parcel(sent(target, function, executor), replace(task, target=_unresolved, op=op), timeout, uuid4().hex)
    try:
        yield made
    finally:
        for thread in [thread for thread, (number, *_) in list(_OPEN.items()) if number == made.number]:
            _OPEN.pop(thread)[2].close()


def _carried(parcel: Parcel, shard: Shard, until: float | None) -> Part:
    with measure.silence():
        task = replace(parcel.task, target=_kept(parcel), op=operator(parcel.task.op))
        return carried(shard, task, until)


def sent(target: Any, function: Callable[..., Any], executor: Any) -> Any:
    """What stands for a target where an executor runs it: its dotted name, or itself. Raises ValueError where it cannot be pickled,
    and has to be: threads need no name, and clusters have ways of their own.
    """
    if (name := dotted(target)) is not None:
        return name
    if isinstance(executor, ProcessPoolExecutor):
        try:
            pickle.dumps(target)
        except Exception:
            raise ValueError(
                f"target={target!r} has no dotted name by which another process could find it; define it in a module, and pass "
                "'package.module:function'"
            ) from None
        return target
    return function


def _unresolved(*_: Any) -> Any:
    """Stands for a target on its way to another process."""
    raise AssertionError("a target is resolved by its dotted name where it runs")


_OPEN: dict[int, tuple[str, Any, ExitStack]] = {}
"""By threads: an audit, and its target watched, from one shard to the next."""


def _kept(parcel: Parcel) -> Any:
    """A target that is watched, started once for many shards: to start it may take longer than a shard."""
    thread = threading.get_ident()
    if thread in _OPEN:
        number, watched, stack = _OPEN[thread]
        if number == parcel.number:
            return watched
        stack.close()
    stack = ExitStack()
    watched = stack.enter_context(guarded(parcel.target, resolve(parcel.target), parcel.timeout))
    _OPEN[thread] = parcel.number, watched, stack
    return watched
