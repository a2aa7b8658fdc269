"""Shards go wherever an executor likes, and come back in any order; one whose worker dies is done again here, watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from typing import Any

from smoothsym.auditing.sharing.checkpoint import Ledger

AHEAD = 64
"""So many shards are with an executor at a time: more than it has processes, and few enough to stop soon."""


def carry_out(
    ledger: Ledger[Any],
    shards: Sequence[int],
    here: Callable[[int], Any],
    submit: Callable[[int], Future[Any]] | None = None,
    until: float | None = None,
    moved: Callable[[int], Any] = lambda shard: None,
) -> bool:
    """Do what a ledger lacks of some shards, one at least, and say whether all are done. What is done is saved in any case.

    Parameters: `here(shard)` does one in this process; `submit(shard)`, where there is an executor, hands it over, and `here` does those that
    are lost with a worker; `until`, when the clock ends it; `moved(shard)` is told of each that is done.
    """
    begun = not ledger.missing([0])

    def late() -> bool:
        return begun and until is not None and time.time() > until

    def take(shard: int, part: Any) -> None:
        if part.stopped:
            ledger.put_aside(part)
        else:
            ledger.take(shard, part)
            moved(shard)

    try:
        todo = ledger.missing(shards)
        if submit is not None and todo:
            todo = _handed_over(todo, ledger, submit, late, take)
        for shard in todo:
            if late():
                break
            begun = True
            take(shard, ledger.left(shard) if ledger.worn else here(shard))
    finally:
        if not ledger.done:
            ledger.save()
    return not ledger.missing(shards)


def _handed_over(todo: Sequence[int], ledger: Ledger[Any], submit: Any, late: Any, take: Any) -> list[int]:
    """Do shards where an executor likes; those are left that were lost with a worker, and all that come after the end of a pool."""
    running: dict[Future[Any], int] = {}
    lost: list[int] = []
    waiting, broken = list(reversed(todo)), False
    try:
        while True:
            while waiting and len(running) < AHEAD and not broken and not (running and late()):
                if ledger.worn:
                    take(waiting[-1], ledger.left(waiting.pop()))
                    continue
                try:
                    running[submit(waiting[-1])] = waiting[-1]
                    waiting.pop()
                except BrokenExecutor:
                    broken = True
            if late():
                running = {future: shard for future, shard in running.items() if not future.cancel()}
                waiting = []
            if not running:
                return sorted([*lost, *waiting])
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                shard = running.pop(future)
                try:
                    part = future.result()
                except Exception as error:
                    if not _died(error):
                        raise
                    lost.append(shard)
                    broken = broken or isinstance(error, BrokenExecutor)
                else:
                    take(shard, part)
    finally:
        for future in running:
            future.cancel()


def _died(error: BaseException) -> bool:
    """Whether it is a worker that failed, and not the work: a pool is broken, or a cluster gives a task up."""
    return isinstance(error, (BrokenExecutor, CancelledError)) or type(error).__module__.split(".")[0] == "distributed"
