"""Questions about one number for each row of NumPy: of few rows they are answered faster number by number than by a reduction."""

from __future__ import annotations

from math import isfinite, isnan
from typing import Any

import numpy as np

FEW = 64

_LEAST, _MOST = np.minimum.reduce, np.maximum.reduce
_ALL, _ANY, _SUM = np.logical_and.reduce, np.logical_or.reduce, np.add.reduce
"""The methods of arrays go through another function to get here."""


def every(test: Any) -> bool:
    """Whether a test holds everywhere."""
    if test.size > FEW:
        return bool(_ALL(test, axis=None))
    return bool(test.item()) if test.size == 1 else all(test.ravel().tolist())


def some(test: Any) -> bool:
    """Whether a test holds anywhere."""
    if test.size > FEW:
        return bool(_ANY(test, axis=None))
    return bool(test.item()) if test.size == 1 else any(test.ravel().tolist())


def finite(values: Any) -> bool:
    """Whether all numbers are finite."""
    if values.size > FEW:
        # One that is not makes the sum so; the sum of many may be so by itself.
        return isfinite(_SUM(values, axis=None)) or every(np.isfinite(values))
    return isfinite(values.item()) if values.size == 1 else all(map(isfinite, values.ravel().tolist()))


def ends(values: Any) -> tuple[float, float]:
    """The smallest and the largest of at least one number; nan for either where one is nan."""
    if values.size == 1:
        return (number := float(values.item())), number
    if 0 < values.size <= FEW:
        numbers = values.ravel().tolist()
        # Beside a nan neither is told for sure, and the sum is one.
        if not isnan(sum(numbers)):
            return min(numbers), max(numbers)
    return float(_LEAST(values, axis=None)), float(_MOST(values, axis=None))
