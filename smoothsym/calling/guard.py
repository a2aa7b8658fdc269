"""A target that hangs or dies costs the row that made it do so; after a few such rows, others like them are not called, and it is said."""

from __future__ import annotations

import pickle
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from smoothsym.calling.call import NOTHING, UNCALLED, Arguments, Call, call, call_rows
from smoothsym.calling.names import dotted
from smoothsym.calling.process import Process

TIMEOUT = 10.0
"""Seconds that a call may take, unless another number is asked for."""
FIRST = 3.0
"""How many times longer a first call may take: it may import and compile."""
COMPILERS = ("jax", "torch")
LIKE = {"hangs": 2, "dies": 8}
"""After so many faults no more rows are called that are like those."""
ALL = {"hangs": 6, "dies": 40}
"""After so many faults none are called."""
NONE = {"hangs": 3, "dies": 12}
"""So many faults are enough where no call has ended."""
BYTES = 1 << 22
"""How much of rows goes to a process at once."""

Fate = tuple[list[Call], str, str]
"""Calls of the first rows; then what befell the next one, and how."""
Likeness = tuple[tuple[int, ...], bool, tuple[str, ...]]
"""The shape of a row, whether all of it is finite, and the parameters."""
Faults = Counter[tuple[str, Likeness]]
"""How often a target hung or died on rows of a likeness."""


def worn(faults: Faults, ended: int) -> bool:
    """Whether a target has hung or died so often that it is not called any more, where so many calls have ended."""
    limits = ALL if ended else NONE
    return any(sum(count for (kind, _), count in faults.items() if kind == one) >= most for one, most in limits.items())


def told(faults: Faults, skipped: int) -> list[str]:
    """What is said of rows that were not called; nothing where there are none."""
    totals = {kind: sum(count for (one, _), count in faults.items() if one == kind) for kind in ALL}
    befell = [f"{kind} on {_rows(total)}" for kind, total in totals.items() if total]
    if not skipped or not befell:
        return []
    return [f"it {' and '.join(befell)}: {_rows(skipped)} like these {_were(skipped)} not called"]


class Guard:
    """A target whose calls are watched."""

    def __init__(self, timeout: float, unguarded: str = "") -> None:
        self.timeout = timeout
        self._faults: dict[str, Counter[Likeness]] = {kind: Counter() for kind in ALL}
        self._skipped: Counter[Likeness] = Counter()
        self.unguarded = unguarded
        """What is not guarded against."""
        self._seen: set[Any] = set()

    def call_rows(
        self, rows: Sequence[Any], arguments: Sequence[Arguments], entrywise: bool, elementwise: bool = False
    ) -> list[Call]:
        """What comes of each row, in their order."""
        found: list[Call] = []
        while len(found) < len(rows):
            start = len(found)
            stop = self._stop(rows, arguments, start)
            if stop == start:
                self._skipped[_likeness(rows[start], arguments[start])] += 1
                found.append(Call(NOTHING, UNCALLED))
                continue
            calls, fault, note = self.ask(rows[start:stop], arguments[start:stop], entrywise, elementwise)
            self._seen.update(x.shape for x in rows[start : start + len(calls)])
            found += calls
            if fault:
                place = len(found)
                self._faults[fault][_likeness(rows[place], arguments[place])] += 1
                found.append(Call(NOTHING, fault, note))
        return found

    def call_block(
        self,
        rows: Any,
        arguments: Arguments,
        entrywise: bool,
        elementwise: bool = False,
        repeat: bool = False,
        share: float = 1.0,
    ) -> Call:
        """What comes of many rows in one call of a target of rows, with numbers in their format; it may take a share of the time.

        A fault is that of some row; of a single row it counts, and after as many as a target may have none are called.
        """
        if any(faults.total() >= ALL[kind] for kind, faults in self._faults.items()):
            self._skipped[rows.shape, True, ()] += len(rows)
            return Call(NOTHING, UNCALLED)
        calls, fault, note = self.ask_block(rows, arguments, entrywise, elementwise, repeat, share)
        if fault and len(rows) == 1:
            self._faults[fault][_likeness(rows, arguments)] += 1
        if fault:
            return Call(NOTHING, fault, note)
        self._seen.add(rows.shape)
        return calls[0]

    def ask_block(
        self, rows: Any, arguments: Arguments, entrywise: bool, elementwise: bool, repeat: bool, share: float
    ) -> Fate:
        """Call the target on all rows at once."""
        raise NotImplementedError

    def taken(self) -> tuple[Faults, str]:
        """What befell since this was last asked: faults, and the line that was printed first. All that is forgotten: what one part of an
        audit meets does not depend on which parts were done before it, and where.
        """
        befell: Faults = Counter(
            {(kind, like): n for kind, faults in self._faults.items() for like, n in faults.items()}
        )
        self.recall(Counter())
        return befell, self.heard()

    def recall(self, befell: Faults) -> None:
        """Begin anew, with hangs that are known: they cost too much to be met again. What dies is let die as often again, so that what
        makes it do so can be told by a plain input.
        """
        self._faults = {kind: Counter() for kind in ALL}
        self._skipped.clear()
        self._seen.clear()
        for (kind, like), count in befell.items():
            if kind == "hangs":
                self._faults[kind][like] += count

    def heard(self) -> str:
        """The line that the target has printed first since this was last asked."""
        return ""

    def ask(self, rows: Sequence[Any], arguments: Sequence[Arguments], entrywise: bool, elementwise: bool) -> Fate:
        """Call the target on rows, as far as it goes."""
        raise NotImplementedError

    def patience(self, rows: Sequence[Any]) -> float:
        """The seconds to wait for a call: more for the first, and for shapes that are new where a compiler may be at work; as long
        as nothing has hung.
        """
        compiles = any(name in sys.modules for name in COMPILERS)
        new = not self._seen or (compiles and any(x.shape not in self._seen for x in rows))
        return self.timeout * (FIRST if new and not self._faults["hangs"] else 1.0)

    def _stop(self, rows: Sequence[Any], arguments: Sequence[Arguments], start: int) -> int:
        """The end of the rows that go to the target at once; `start` where the first of them is not called."""
        size, stop = 0, start
        guarded = any(self._faults.values())
        while stop < len(rows) and (stop == start or size + rows[stop].nbytes <= BYTES):
            if guarded and self._closed(_likeness(rows[stop], arguments[stop])):
                break
            size += rows[stop].nbytes + 100
            stop += 1
        return stop

    def _closed(self, like: Likeness) -> bool:
        for kind, faults in self._faults.items():
            most = (ALL if self._seen else NONE)[kind]
            if faults[like] >= LIKE[kind] or faults.total() >= most:
                return True
        return False

    @property
    def notes(self) -> list[str]:
        """What was not called, and what is not guarded against."""
        befell: Faults = Counter(
            {(kind, like): n for kind, faults in self._faults.items() for like, n in faults.items()}
        )
        return [*filter(None, [self.unguarded]), *told(befell, self._skipped.total())]

    def close(self) -> None:
        """End what is still running."""


class Watched(Guard):
    """A target in a process of its own, started when it is needed, and again after a fault."""

    def __init__(self, start: Callable[[], Process], timeout: float) -> None:
        super().__init__(timeout)
        self._start, self._printed = start, ""
        self._process: Process | None = start()

    def ask(self, rows: Sequence[Any], arguments: Sequence[Arguments], entrywise: bool, elementwise: bool) -> Fate:
        patience = self.patience(rows)
        return self._asked(lambda process: process.call_rows(rows, arguments, entrywise, elementwise, patience))

    def ask_block(
        self, rows: Any, arguments: Arguments, entrywise: bool, elementwise: bool, repeat: bool, share: float
    ) -> Fate:
        patience = share * self.patience([rows])
        return self._asked(
            lambda process: process.call_block(rows, arguments, entrywise, elementwise, repeat, patience)
        )

    def _asked(self, ask: Callable[[Process], Fate]) -> Fate:
        for _ in range(2):
            if self._process is None:
                self._process = self._start()
            try:
                fate = ask(self._process)
            except ConnectionError:
                # It ended after its last answer, and nobody knows why.
                self.close()
                continue
            if fate[1]:
                self.close()
            return fate
        return [], "dies", "a process that ends between calls"

    def close(self) -> None:
        if self._process is not None:
            self._printed = self._printed or self._process.heard()
            self._process.close()
            self._process = None

    def heard(self) -> str:
        here = self._process.heard() if self._process is not None else ""
        printed, self._printed = (self._printed or here).strip(), ""
        line = printed.splitlines()[0] if printed else ""
        return f"{line[:60]}{'...' if len(printed) > min(60, len(line)) else ''}"


class _TimeUp(BaseException):
    """A call has taken too long."""


class Alarmed(Guard):
    """A target in this process, where an alarm ends what runs in Python; what hangs or crashes outside Python is not guarded."""

    def __init__(self, target: Callable[..., Any], timeout: float, why: str) -> None:
        super().__init__(timeout, why)
        self._target = target
        self._alarms = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()

    def ask(self, rows: Sequence[Any], arguments: Sequence[Arguments], entrywise: bool, elementwise: bool) -> Fate:
        if not self._alarms:
            return call_rows(self._target, rows, arguments, entrywise, elementwise), "", ""
        calls: list[Call] = []
        try:
            with self._alarm() as arm:
                for q, (x, rest) in enumerate(zip(rows, arguments, strict=True)):
                    arm(self.patience([x]))
                    calls.append(call(self._target, x, rest, entrywise, elementwise, q % 8 == 0))
                    arm(0)
        except _TimeUp:
            return calls, "hangs", f"no result after {self.timeout:g} s"
        return calls, "", ""

    def ask_block(
        self, rows: Any, arguments: Arguments, entrywise: bool, elementwise: bool, repeat: bool, share: float
    ) -> Fate:
        try:
            with self._alarm() if self._alarms else nullcontext(lambda _: None) as arm:
                arm(share * self.patience([rows]))
                found = call(self._target, rows, arguments, entrywise, elementwise, repeat, wide=False)
                arm(0)
        except _TimeUp:
            return [], "hangs", f"no result after {self.timeout:g} s"
        return [found], "", ""

    @contextmanager
    def _alarm(self) -> Iterator[Callable[[float], Any]]:
        def ring(*_: Any) -> None:
            raise _TimeUp

        before = signal.signal(signal.SIGALRM, ring)
        try:
            yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, min(seconds, 1e6))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


@contextmanager
def guarded(target: Any, function: Callable[..., Any], timeout: float | None) -> Iterator[Any]:
    """A target, as it was given and as a function, guarded in the best way that there is here; without a timeout as it stands.

    A fork takes closures along; where threads that a fork would lose are at work, a fresh interpreter finds the target by its name;
    where it has none it stays in this process.
    """
    if timeout is None:
        yield function
        return
    guard = _guard(target, function, timeout)
    try:
        yield guard
    finally:
        guard.close()


def _guard(target: Any, function: Callable[..., Any], timeout: float) -> Guard:
    threads = _threads()
    if sys.platform == "linux" and not threads:
        return Watched(lambda: Process.forked(function), timeout)
    sent = dotted(target) or _pickled(target)
    why = f"{threads} cannot be forked" if threads else f"processes cannot be forked on {sys.platform}"
    lacks = "it has no dotted name"
    if sent is not None and hasattr(signal, "SIGKILL"):
        try:
            return Watched(lambda: Process.fresh(sent), timeout)
        except ImportError as error:
            lacks = f"a fresh interpreter does not find it: {error}"
    what = "neither a crash nor a hang outside Python is guarded against"
    return Alarmed(function, timeout, f"it is called in this process ({why}, and {lacks}): {what}")


def _pickled(target: Any) -> Any:
    """A target that a fresh interpreter can unpickle, or None."""
    try:
        data = pickle.dumps(target)
    except Exception:
        return None
    return None if b"__main__" in data else target


def _threads() -> str:
    """Whose threads are at work here that a fork would lose; empty where there are none."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is not None and getattr(bridge, "backends_are_initialized", lambda: True)():
        return "JAX's threads"
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is not None and cuda.is_initialized():
        return "CUDA"
    found = [name for name in ("tensorflow", "cupy", "mpi4py.MPI") if name in sys.modules]
    return found[0] if found else ""


def _likeness(x: Any, arguments: Arguments) -> Likeness:
    finite = bool(np.isfinite(x.astype(np.float64)).all())
    parameters = [a for a in (*arguments[0], *arguments[1].values()) if not isinstance(a, np.ndarray)]
    return x.shape, finite, tuple(map(repr, parameters))


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
