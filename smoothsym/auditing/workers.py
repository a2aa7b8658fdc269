"""Processes to audit in: they leave Ctrl-C and standard output to their parent, and end when it is interrupted."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context


@contextmanager
def workers(jobs: int) -> Iterator[Executor]:
    """A pool of processes. An exception in the block, an interrupt above all, drops what waits and ends what runs.

    Raises ValueError where `jobs` is no positive whole number.
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs={jobs!r}: give a positive number of processes")
    others = set(active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_quiet)
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
                child.terminate()
                child.join()
        pool.shutdown()
        raise
    pool.shutdown()


def _quiet() -> None:
    """What a target prints goes to standard error; standard output is for the answer."""
    sys.stdout = sys.stderr


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
