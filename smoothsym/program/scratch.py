"""Memory for results on the way, used again when nobody refers to it: fresh pages cost more than what is computed in them."""

from __future__ import annotations

from sys import getrefcount
from threading import local
from typing import Any

import numpy as np

from smoothsym.program.path import Arena

MANY = 16
"""When so many arrays are lent, those that were dropped are looked for before memory is asked for."""

BLOCK = 1 << 21
"""Arrays of so many bytes stay in a processor's caches: so many rows are computed at once. Fewer cost more in calls than they save."""

LONGEST, KEPT = 1 << 23, 3 << 24
"""Arrays of so many bytes are kept between calls, and so many in all: rows of a million entries have such."""


def _references() -> tuple[int, int]:
    """How often an array that was lent is referred to where nobody else has it, and where a function has it that asks another one.

    That depends on the interpreter.
    """

    def asked(array: Any) -> int:
        return getrefcount(array)

    array = np.empty(0)
    lent = {0: array}
    alone = asked(array)
    del array
    (unused,) = [getrefcount(array) for array in lent.values()]
    return unused, alone


UNUSED, ALONE = _references()


class Scratch:
    """Arrays that are lent. One comes back when it is given, or at the end, unless somebody looks at it then, if only by a view.

    `arena` is memory for runs that go the way of earlier ones, where there is some; `busy` says that somebody computes in it.
    """

    def __init__(self, arena: Arena | None = None) -> None:
        self.arena = arena
        self.busy = False
        self.free: dict[Any, list[Any]] = {}
        self.lent: dict[int, Any] = {}
        self.kept = 0

    def take(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """An array, with anything in it."""
        free = self.free.get((shape, dtype))
        if not free and len(self.lent) >= MANY:
            self._returned()
            free = self.free.get((shape, dtype))
        if free:
            array = free.pop()
            self.kept -= array.nbytes
        else:
            array = np.empty(shape, dtype)
        self.lent[id(array)] = array
        return array

    def give(self, array: Any) -> None:
        """Nobody needs an array that was lent any more."""
        del self.lent[id(array)]
        self.free.setdefault((array.shape, array.dtype), []).append(array)
        self.kept += array.nbytes

    def end(self) -> None:
        """What nobody refers to is free; what somebody does, such as a result, is his."""
        if self.lent:
            self._returned()
            self.lent.clear()
        if self.kept > KEPT:
            self.free.clear()
            self.kept = 0

    def _returned(self) -> None:
        unused = [array for array in self.lent.values() if getrefcount(array) == UNUSED]
        for array in unused:
            self.give(array)


_kept = local()


def scratch_for(size: int) -> Scratch:
    """Memory of this thread, kept between calls for arrays of an ordinary size in bytes; for larger ones it lasts as long as its user.

    So it does where a call has been interrupted by another one, as by a signal's handler.
    """
    if size > LONGEST:
        return Scratch()
    if not hasattr(_kept, "scratch"):
        _kept.scratch = Scratch(Arena())
    scratch: Scratch = _kept.scratch
    return Scratch() if scratch.busy else scratch
