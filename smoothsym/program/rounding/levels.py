"""A number that is defined by an equation, in rounding arithmetic: what is surely above 0 and what is surely below leave a bracket, for floats too.

A search for the zero of a falling function ends at neighbouring floats, of which one is where floats find it >= 0 and one where
they find it <= 0. Both the exact zero and these are outside of every interval on which the function in rounding arithmetic, its
errors included, has one sign; so they are no farther apart than the bracket that such intervals leave, and a unit in the last place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from smoothsym.program.rounding.enclosures import Box
from smoothsym.program.rounding.local import Rounding

Array = Any

GROWTH = 2.0


def level(
    balance: Callable[[Box, int], Box], low: Array, high: Array, guess: Array, rounding: Rounding
) -> tuple[Box, Array]:
    """A bracket of the zero and of what floats find, and how far these are apart at most.

    Parameters: `balance`, the function with its rounding errors on intervals, of shape (count * rows,), for `count` intervals on every
    row; `low` and `high`, between which floats search; `guess`, a number near the zero, which need not be right.
    """
    width = high - low
    start = (np.abs(guess) + width) * (rounding.u / 8) + rounding.eta
    steps = 2 + int(np.ceil(np.log(16 / rounding.u) / np.log(GROWTH)))
    apart = start * GROWTH ** np.arange(steps)[:, None]
    apart[-1] = np.inf
    ends = []
    for way, end in ((-1, low), (1, high)):
        near = guess + way * apart[:-1]
        far = guess + way * apart[1:]
        near, far = (np.clip(part, low, high) for part in (near, far))
        found = balance(Box(*(np.ravel(part) for part in ((far, near) if way < 0 else (near, far)))), len(near))
        sign = (found.lo > 0) if way < 0 else (found.hi < 0)
        sure = np.logical_and.accumulate(np.reshape(sign, near.shape)[::-1], axis=0)[::-1]
        first = np.argmax(sure, axis=0)
        inner = np.take_along_axis(near, first[None, :], axis=0)[0]
        ends.append(np.where(np.any(sure, axis=0), inner, end))
    bracket = Box(*ends)
    unit = 2 * rounding.u * bracket.mag + 2 * rounding.eta
    box = Box(np.nextafter(bracket.lo - unit, -np.inf), np.nextafter(bracket.hi + unit, np.inf))
    return bracket, np.where(np.isfinite(box.width), box.width, np.inf)
