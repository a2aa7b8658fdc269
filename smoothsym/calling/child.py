"""In a process of its own a target is served with rows until its parent has no more; what it prints is kept apart."""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import io
import mmap
import os
import pickle
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from smoothsym.calling.call import REPEATED, Arguments, Call, call
from smoothsym.calling.names import resolve
from smoothsym.calling.records import encoded

PRINTED = 1 << 16
"""How many bytes of what a target prints are kept."""
DONE = b"."
SIZE = struct.Struct("<Q")


class Block(NamedTuple):
    """A request to call a target on many rows at once; they lie in memory that is shared, and behind them is room for the results."""

    shape: tuple[int, ...]
    dtype: Any
    arguments: Arguments
    entrywise: bool
    elementwise: bool
    repeat: bool


def serve(target: Callable[..., Any], requests: socket.socket, results: int, shared: int) -> None:
    """Answer requests until the parent hangs up: a record for each row, as it is called, and a byte at the end of all."""
    while (request := received(requests)) is not None:
        for once in _calls(target, pickle.loads(request), shared):
            _written(results, encoded(once))
        if os.fstat(1).st_size > PRINTED:
            os.ftruncate(1, PRINTED)
        requests.sendall(DONE)


def _calls(target: Callable[..., Any], asked: Any, shared: int) -> Iterator[Call]:
    caught = (BaseException,)
    if isinstance(asked, Block):
        rows, room = _mapped(shared, asked.shape, asked.dtype)
        rows.flags.writeable = False
        found = call(target, rows, *asked[2:], caught=caught, wide=False)
        room[: len(found.numbers)] = found.numbers
        yield replace(found, numbers=np.array([float(len(found.numbers))]))
        return
    rows, arguments, entrywise, elementwise = asked
    for q, (x, rest) in enumerate(zip(rows, arguments, strict=True)):
        yield call(target, x, rest, entrywise, elementwise, q % REPEATED == 0, caught=caught)


def halves(shared: int, shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any]:
    """Rows of a block in memory that processes share, and the room for as many numbers."""
    size = prod(shape)
    mapped = mmap.mmap(shared, 2 * size * dtype.itemsize)
    both = np.frombuffer(mapped, f"u{dtype.itemsize}").view(dtype)
    return both[:size].reshape(shape), both[size:]


@lru_cache(maxsize=1)
def _mapped(shared: int, shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any]:
    """The same, kept from call to call; and what calls free is kept too, since to map pages anew costs more than to copy rows."""
    np.empty(3 << 20)
    return halves(shared, shape, dtype)


def received(end: socket.socket) -> bytes | None:
    """One message; None where the other side has hung up."""
    head = _exactly(end, SIZE.size)
    return None if head is None else _exactly(end, SIZE.unpack(head)[0])


def _exactly(end: socket.socket, size: int) -> bytes | None:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        count = end.recv_into(view[got:])
        if not count:
            return None
        got += count
    return bytes(data)


def _written(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def settle(printed: int) -> None:
    """Make this process one that can be ended alone, that ends with its parent, and whose output goes to a file."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    faulthandler.disable()
    os.dup2(printed, 1)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", "replace", line_buffering=True)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    end_with_parent()
    if sys.platform == "linux":
        _bounded()


def end_with_parent() -> None:
    """Let the kernel end this process when its parent does, however that comes about; where it is Linux."""
    if sys.platform == "linux":
        parent_ends = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(parent_ends, signal.SIGKILL, 0, 0, 0)


def _bounded() -> None:
    """Is the first to go when memory runs out, and cannot take more than half of what is free."""
    import resource

    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        limit = _held("/proc/self/status", "VmData:") + _free() // 2
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        return


def _held(path: str, name: str) -> int:
    """The bytes beside a name in one of the kernel's tables. Raises ValueError where there is no such name."""
    with open(path) as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    raise ValueError(f"{path} has no {name}")


def _free() -> int:
    """The bytes that are free, on this machine or in this container, whichever is less."""
    free = _held("/proc/meminfo", "MemAvailable:")
    try:
        with open("/sys/fs/cgroup/memory.max") as most, open("/sys/fs/cgroup/memory.current") as now:
            return min(free, int(most.read()) - int(now.read()))
    except (OSError, ValueError):
        return free


def forked(target: Callable[..., Any], requests: socket.socket, results: int, printed: int, shared: int) -> None:
    """The life of a child that was forked; it never returns."""
    try:
        os.setsid()
        settle(printed)
        gc.freeze()
        if (torch := sys.modules.get("torch")) is not None:
            # The parent's pool of threads did not come along, and would be waited for.
            torch.set_num_threads(1)
        serve(target, requests, results, shared)
    finally:
        os._exit(0)


def main(requests: int, results: int, printed: int, shared: int) -> None:
    """The life of a child in a fresh interpreter: the first message is its target, the name or the pickle of one."""
    settle(printed)
    with socket.socket(fileno=requests) as end:
        first = received(end)
        if first is None:
            return
        try:
            target = resolve(pickle.loads(first))
        except BaseException as error:
            end.sendall(f"{type(error).__name__}: {error}".encode()[:1000])
            return
        end.sendall(DONE)
        serve(target, end, results, shared)
    sys.stdout.flush()
    os._exit(0)
