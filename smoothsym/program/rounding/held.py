"""What floats surely hold where a box cannot say it: 0 after an underflow, an infinity after an overflow.

A result below half the smallest number is rounded to 0, and one beyond twice the largest to an infinity, whatever the order of
operations and whatever they have lost before. A choice that is tested on such a number is known, then, and the form that is not
taken, which may have no bound, is out of the way. Of numbers that are known so only tests are made: a box says what errors there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan
from typing import Any

import numpy as np

from smoothsym.formats import Format
from smoothsym.program.rounding.enclosures import Box

Array = Any
UNKNOWN = np.array(nan)
KEPT = ("abs", "sqrt")
"""Functions that keep 0 and +inf."""


def held(name: str, boxes: Sequence[Box], given: Sequence[Array], fmt: Format, spare: int = 0) -> Array:
    """0 or inf where floats surely hold that, nan elsewhere, for an operation entry by entry, rounded to nearest.

    Parameters: the operation; the boxes of its arguments, which hold the exact values and the floats; what of these is held; by how
    many powers of two more a result must be too small.
    """
    if name in KEPT:
        return given[0]
    if name not in ("mul", "div"):
        return UNKNOWN
    a, b = boxes
    (least_a, most_a), (least_b, most_b) = (_exponents(box, known) for box, known in zip(boxes, given, strict=True))
    if name == "div":
        least_b, most_b = 1 - most_b, 1 - least_b
    square = name == "mul" and a is b
    above = [(box.lo > 0) | (known == inf) for box, known in zip(boxes, given, strict=True)]
    positive = np.logical_or(square, above[0] & above[1])
    # 2^(least - 1) <= |v| < 2^most of each, so that of the product 2^(sum of least - 2) <= |v| < 2^(sum of most).
    beyond = (least_a + least_b - 2 > fmt.emax + 1) & positive
    below = most_a + most_b < fmt.emin - fmt.precision + 1 - spare
    return np.where(beyond, inf, np.where(below, 0.0, nan))


def held_sum(terms: Box, given: Array, axis: int) -> Array:
    """The same for a sum of terms that are not negative: an infinity among them, or nothing but zeros."""
    known = np.broadcast_to(given, np.broadcast_shapes(np.shape(given), np.shape(terms.lo)))
    infinite = np.any(known == inf, axis=axis) & np.all((terms.lo >= 0) | (known == inf), axis=axis)
    return np.where(infinite, inf, np.where(np.all(known == 0, axis=axis), 0.0, nan))


def _exponents(box: Box, given: Array) -> tuple[Array, Array]:
    """(p, q) with 2^(p - 1) <= |v| < 2^q for what floats hold."""
    far = 1 << 20
    least = np.where(box.mig > 0, np.frexp(box.mig)[1], -far)
    most = np.where(np.isfinite(box.mag), np.frexp(box.mag)[1], far)
    return (
        np.where(given == inf, far, np.where(given == 0, -far, least)),
        np.where(given == inf, far, np.where(given == 0, -far, most)),
    )
