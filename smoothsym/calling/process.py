"""A child process that calls a target is watched from outside: what it has written says how far it came."""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from smoothsym.calling import child
from smoothsym.calling.call import Arguments, Call
from smoothsym.calling.records import decoded

Descriptors = tuple[int, int, int]
"""Files for results, for what is printed, and of memory that is shared."""
SLICE = 0.25
"""Seconds after which it is looked again how far a process has come."""
STARTING = 120.0
"""Seconds that a fresh interpreter may take to import a target."""


class Process:
    """A child that serves one target. `call_rows` gives what came of the first rows, and the fault of the next one, if it is one's."""

    def __init__(self, start: Callable[[socket.socket, socket.socket, Descriptors], int]) -> None:
        self._results, self._printed, self._shared = _memory(), _memory(), _memory()
        self._halves: tuple[Any, Any] | None = None
        self._end, other = socket.socketpair()
        with other:
            self._pid = start(self._end, other, (self._results, self._printed, self._shared))
        self._status: int | None = None

    @classmethod
    def forked(cls, target: Callable[..., Any]) -> Process:
        """A child that has whatever this process has, closures too."""

        def start(here: socket.socket, other: socket.socket, descriptors: Descriptors) -> int:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of threads, which the child does without
                pid = os.fork()
            if not pid:
                here.close()
                child.forked(target, other, *descriptors)
            return pid

        return cls(start)

    @classmethod
    def fresh(cls, target: Any) -> Process:
        """A child in an interpreter of its own, which finds its target by name or unpickles it.

        Raises ImportError where it cannot.
        """

        def start(_: socket.socket, other: socket.socket, descriptors: Descriptors) -> int:
            ends = (other.fileno(), *descriptors)
            code = f"import sys; sys.path[:] = {sys.path!r}; from smoothsym.calling.child import main; main{ends}"
            running = subprocess.Popen(
                [sys.executable, "-c", code], stdin=subprocess.DEVNULL, pass_fds=ends, start_new_session=True
            )
            # It is waited for here, by its number.
            running.returncode = 0
            return running.pid

        made = cls(start)
        made._send(pickle.dumps(target))
        ready, _, _ = select.select([made._end], [], [], STARTING)
        said = made._end.recv(1000) if ready else b"it does not start"
        if said != child.DONE:
            made.close()
            raise ImportError(said.decode("utf-8", "replace") or "it does not start")
        return made

    def call_rows(
        self, rows: Sequence[Any], arguments: Sequence[Arguments], entrywise: bool, elementwise: bool, timeout: float
    ) -> tuple[list[Call], str, str]:
        """Calls of the first rows; then, where the next one is at fault, "hangs" or "dies", and how.

        Raises ConnectionError where the process had ended before it was asked.
        """
        self._send(pickle.dumps((rows, arguments, entrywise, elementwise), protocol=pickle.HIGHEST_PROTOCOL))
        return self._answered(len(rows), timeout)

    def call_block(
        self, rows: Any, arguments: Arguments, entrywise: bool, elementwise: bool, repeat: bool, timeout: float
    ) -> tuple[list[Call], str, str]:
        """The one call of a target on many rows, with numbers in their format; else "hangs" or "dies", and how.

        Raises ConnectionError where the process had ended before it was asked.
        """
        if self._halves is None or self._halves[0].shape != rows.shape or self._halves[0].dtype != rows.dtype:
            os.ftruncate(self._shared, max(2 * rows.nbytes, os.fstat(self._shared).st_size))
            self._halves = child.halves(self._shared, rows.shape, rows.dtype)
        self._halves[0][...] = rows
        asked = child.Block(rows.shape, rows.dtype, arguments, entrywise, elementwise, repeat)
        self._send(pickle.dumps(asked, protocol=pickle.HIGHEST_PROTOCOL))
        calls, fault, note = self._answered(1, timeout)
        if fault or calls[0].fault:
            return calls, fault, note
        (count,) = calls[0].got
        if not 0 <= count <= rows.size:
            return [], "dies", "a process that writes where it should not"
        return [replace(calls[0], numbers=self._halves[1][: int(count)].copy())], "", ""

    def _answered(self, count: int, timeout: float) -> tuple[list[Call], str, str]:
        """Wait for so many calls."""
        fault, note = self._watched(timeout)
        if fault == "hangs":
            self._kill()
        if fault == "dies":
            note = told(self._waited())
        try:
            calls = list(decoded(os.pread(self._results, os.fstat(self._results).st_size, 0)))
        except ValueError as error:
            return [], "dies", f"a process that writes where it should not ({error})"
        if not fault and len(calls) != count:
            return calls[: count - 1], "dies", "a process that loses results"
        return calls[:count], fault, note

    def _send(self, message: bytes) -> None:
        os.ftruncate(self._results, 0)
        os.lseek(self._results, 0, os.SEEK_SET)
        self._end.sendall(child.SIZE.pack(len(message)))
        self._end.sendall(message)

    def _watched(self, timeout: float) -> tuple[str, str]:
        """Wait for the end of all rows, as long as they go on."""
        written, moved = -1, time.monotonic()
        while True:
            ready, _, _ = select.select([self._end], [], [], min(timeout / 4, SLICE))
            if ready:
                return ("", "") if _read(self._end) == child.DONE else ("dies", "")
            # What the target has started may hold the other end open.
            if self._ended():
                return "dies", ""
            size = os.fstat(self._results).st_size
            if size != written:
                written, moved = size, time.monotonic()
            elif time.monotonic() - moved >= timeout:
                return "hangs", f"no result after {timeout:g} s"

    def heard(self) -> str:
        """What the target has printed since this was last asked."""
        printed = os.pread(self._printed, child.PRINTED, 0).decode("utf-8", "replace")
        os.ftruncate(self._printed, 0)
        return printed

    def _ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._left(status if pid else None)
        return self._status is not None

    def _left(self, status: int | None) -> None:
        """Keep how the process ended; what it had started ends with it."""
        self._status = status
        if status is not None:
            _signalled(os.killpg, self._pid)

    def _waited(self) -> int:
        """How the process ended; one that has hung up is gone in a moment, or is made to go."""
        patience = time.monotonic() + 1
        while not self._ended() and time.monotonic() < patience:
            time.sleep(0.005)
        self._kill()
        return self._status or 0

    def _kill(self) -> None:
        if not self._ended():
            _signalled(os.killpg, self._pid)
            _signalled(os.kill, self._pid)
            self._left(os.waitpid(self._pid, 0)[1])

    def close(self) -> None:
        """End the process, and what it has started."""
        if self._results < 0:
            return
        self._end.close()
        self._kill()
        self._halves = None
        for descriptor in (self._results, self._printed, self._shared):
            os.close(descriptor)
        self._results = self._printed = self._shared = -1


def _read(end: socket.socket) -> bytes:
    try:
        return end.recv(1)
    except ConnectionResetError:
        return b""


def _signalled(kill: Callable[[int, int], None], pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        kill(pid, signal.SIGKILL)


def told(status: int) -> str:
    """How a process ended, in words."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"a dead process (exit status {code})"
    try:
        return f"a dead process ({signal.Signals(-code).name})"
    except ValueError:
        return f"a dead process (signal {-code})"


def _memory() -> int:
    """A file that is nowhere, shared with a child."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("smoothsym")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    import fcntl

    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    return descriptor
