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

from smoothsym.auditing.asking.arguments import operator
from smoothsym.auditing.asking.calls import dotted, resolve
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.sharing.part import Part
from smoothsym.auditing.sharing.shards import Shard, carried
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
    bare = replace(task, target=_unresolved, op=op)
    if isinstance(executor, ProcessPoolExecutor):
        _check(bare.bound, "bound")
    made = Parcel(sent(target, function, executor), bare, timeout, uuid4().hex)
    try:
        yield made
    finally:
        for held in [held for held in list(_OPEN.values()) if held.number == made.number]:
            _end(held)


def _carried(parcel: Parcel, shard: Shard, until: float | None) -> Part:
    held = _taken(parcel)
    try:
        with measure.silence():
            return carried(shard, replace(parcel.task, target=held.watched, op=operator(parcel.task.op)), until)
    finally:
        _left(held)


def sent(target: Any, function: Callable[..., Any], executor: Any, argument: str = "target") -> Any:
    """What stands for a target where an executor runs it: its dotted name, or itself. Raises ValueError where it cannot be pickled,
    and has to be: threads need no name, and clusters have ways of their own.
    """
    if (name := dotted(target)) is not None:
        return name
    if isinstance(executor, ProcessPoolExecutor):
        _check(target, argument)
        return target
    return function


def _check(value: Any, argument: str) -> None:
    """Raise ValueError where something does not reach another process."""
    try:
        pickle.dumps(value)
    except Exception:
        raise ValueError(
            f"{argument}={value!r} has no dotted name by which another process could find it; define it in a module"
            + (", and pass 'package.module:function'" if argument != "bound" else "")
        ) from None


def _unresolved(*_: Any) -> Any:
    """Stands for a target on its way to another process."""
    raise AssertionError("a target is resolved by its dotted name where it runs")


# ---- where shards are done ---------------------------------------------------------------------------------------------------

IDLE = 30.0
"""After so many seconds without a shard a target is given up."""


@dataclass(eq=False)
class _Held:
    """The target of an audit, watched, in a thread; it was started once for many shards: that may take longer than a shard."""

    number: str
    thread: int
    watched: Any
    stack: ExitStack
    timer: Any = None


_OPEN: dict[int, _Held] = {}
"""What is not in use, by threads."""
_LOCK = threading.Lock()


def _taken(parcel: Parcel) -> _Held:
    """The target in this thread, from the last shard or begun anew."""
    thread = threading.get_ident()
    with _LOCK:
        held = _OPEN.pop(thread, None)
    if held is not None:
        held.timer.cancel()
        if held.number == parcel.number:
            return held
        held.stack.close()
    stack = ExitStack()
    watched = stack.enter_context(guarded(parcel.target, resolve(parcel.target), parcel.timeout))
    return _Held(parcel.number, thread, watched, stack)


def _left(held: _Held) -> None:
    """Keep a target for the next shard, which comes soon or not at all."""
    held.timer = threading.Timer(IDLE, _end, [held])
    held.timer.daemon = True
    with _LOCK:
        _OPEN[held.thread] = held
    held.timer.start()


def _end(held: _Held) -> None:
    with _LOCK:
        if _OPEN.get(held.thread) is not held:
            return
        del _OPEN[held.thread]
    held.timer.cancel()
    held.stack.close()
