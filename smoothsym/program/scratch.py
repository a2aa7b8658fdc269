"""Memory for results on the way, used again when nobody refers to it: fresh pages cost more than what is computed in them."""

from __future__ import annotations

from sys import getrefcount
from threading import local
from typing import Any

import numpy as np

HELD = 8
"""More arrays than programs have results at once, most of the time."""

KEPT_ELEMENTS = 1 << 17
"""Arrays of so many elements are kept between calls."""


def _unused() -> int:
    """How many references an array has that nobody but a list refers to: that depends on the interpreter."""
    held = [np.empty(0)]
    for array in held:
        return getrefcount(array)
    raise AssertionError


_UNUSED = _unused()


class Scratch:
    """Arrays; one that is in use, or looked at by a view, is never given away: a result may stay here too."""

    def __init__(self) -> None:
        self.held: list[Any] = []

    def like(self, x: Any, axis: int = -1, size: int | None = None) -> Any:
        """An array of the shape and dtype of x, but of some `size` along an axis that is counted from the last one; with anything in it."""
        shape, dtype, held = x.shape, x.dtype, self.held
        if size is not None:
            shape = (*shape[:axis], size, *shape[len(shape) + axis + 1 :])
        for array in held:
            if array.shape == shape and array.dtype == dtype and getrefcount(array) == _UNUSED:
                return array
        if len(held) == HELD:
            held.clear()
        array = np.empty(shape, dtype)
        held.append(array)
        return array

    def holds(self, array: Any) -> bool:
        """Whether an array is one of these, and so has one reference more."""
        return any(held is array for held in self.held)


_kept = local()


def scratch_for(elements: int) -> Scratch:
    """Memory of this thread, kept between calls for blocks of an ordinary size; for larger ones it lasts as long as its user."""
    if elements > KEPT_ELEMENTS:
        return Scratch()
    if not hasattr(_kept, "scratch"):
        _kept.scratch = Scratch()
    scratch: Scratch = _kept.scratch
    return scratch
