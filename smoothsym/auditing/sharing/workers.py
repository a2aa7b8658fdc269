"""Processes to audit in: they leave Ctrl-C and standard output to their parent, end when it is interrupted, and may die or hang."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from math import inf
from multiprocessing import active_children, get_context, parent_process
from typing import Any

from smoothsym.calling.child import end_with_parent


@contextmanager
def workers(jobs: int, board: Any = None) -> Iterator[Executor]:
    """A pool of processes. An exception in the block, an interrupt above all, drops what waits and ends what runs.

    Raises ValueError where `jobs` is no positive whole number.
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs={jobs!r}: give a positive number of processes")
    others = set(active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(board,))
    with _interrupts_held():
        for _ in range(jobs):
            pool.submit(int)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        # The pool's own thread may be starting one while the others end.
        while children := set(active_children()) - others:
            for child in children:
                child.kill()
                child.join()
        pool.shutdown()
        raise
    pool.shutdown()


def carried_out(
    work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], jobs: int, silence: float
) -> Generator[tuple[int, Any], None, None]:
    """The place of each task and `work(*task, guarded)`, as they end in processes.

    `guarded` is False at first. A task during which its process died, or gave no sign of life for `silence` seconds, is done once
    more, guarded and in a process of its own. Raises RuntimeError where that dies too.
    """
    waiting = list(range(len(tasks)))
    while waiting:
        suspects: list[int] = []
        for place, result in _round(work, tasks, waiting, min(jobs, len(waiting)), False, silence, suspects):
            waiting.remove(place)
            yield place, result
        for place in suspects:
            waiting.remove(place)
            again: list[int] = []
            yield from _round(work, tasks, [place], 1, True, inf, again)
            if again:
                raise RuntimeError(
                    f"{tasks[place][0]}: its process dies, or hangs, even where the calls are made in another one"
                )


class _Lost(Exception):
    """A worker has died or hangs."""


def _round(
    work: Callable[..., Any],
    tasks: Sequence[tuple[Any, ...]],
    places: Sequence[int],
    jobs: int,
    guarded: bool,
    silence: float,
    suspects: list[int],
) -> Generator[tuple[int, Any], None, None]:
    """Results until all are there or a worker is lost; then `suspects` has what was under way."""
    board = Board(jobs)
    with suppress(_Lost), workers(jobs, board) as pool:
        try:
            pending = {pool.submit(_carry, work, place, tasks[place], guarded): place for place in places}
            while pending:
                done, _ = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
                for job in done:
                    yield pending.pop(job), job.result()
                if silent := board.under_way(silence):
                    suspects += silent
                    raise _Lost
        except BrokenProcessPool:
            suspects += board.under_way() or list(places)
            raise _Lost from None


class Board:
    """What each worker is at, and when it last gave a sign of life, in memory that outlives it."""

    def __init__(self, jobs: int) -> None:
        context = get_context("spawn")
        self.taken = context.Value("i", 0)
        self.places = context.Array("i", [-1] * jobs, lock=False)
        self.times = context.Array("d", jobs, lock=False)

    def under_way(self, silent: float = 0.0) -> list[int]:
        """The tasks that workers are at, those that have been silent for so long."""
        now = time.time()
        pairs = zip(self.places, self.times, strict=True)
        return [place for place, moved in pairs if place >= 0 and now - moved >= silent]

    def take(self) -> int:
        """A line of the board for one more worker."""
        with self.taken.get_lock():
            self.taken.value += 1
            return int(self.taken.value) - 1


_board: Board | None = None
_line = 0


def beat(*_: Any) -> None:
    """A sign of life of this worker."""
    if _board is not None:
        _board.times[_line] = time.time()


def _begin(board: Board | None) -> None:
    """What a target prints goes to standard error; standard output is for the answer. A worker outlives no parent that is killed."""
    global _board, _line
    sys.stdout = sys.stderr
    end_with_parent()
    if (parent := parent_process()) is not None and os.getppid() != parent.pid:
        os._exit(1)  # it has ended already
    if board is not None:
        _board, _line = board, board.take()


def _carry(work: Callable[..., Any], place: int, task: tuple[Any, ...], guarded: bool) -> Any:
    assert _board is not None
    beat()
    _board.places[_line] = place
    try:
        return work(*task, guarded)
    finally:
        _board.places[_line] = -1


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Interrupts wait; a process that is started meanwhile never gets any, from its first instruction on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
