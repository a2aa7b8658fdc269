"""Questions about one number for each row of NumPy: of few rows they are answered faster number by number than by a reduction."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

FEW = 64


def every(test: Any) -> bool:
    """Whether a test holds everywhere."""
    return all(test.ravel().tolist()) if test.size <= FEW else bool(test.all())


def some(test: Any) -> bool:
    """Whether a test holds anywhere."""
    return any(test.ravel().tolist()) if test.size <= FEW else bool(test.any())


def finite(values: Any) -> bool:
    """Whether all numbers are finite."""
    return all(map(isfinite, values.ravel().tolist())) if values.size <= FEW else bool(np.isfinite(values).all())


def ends(values: Any) -> tuple[float, float]:
    """The smallest and the largest of at least one number; nan for either where one is nan."""
    if 0 < values.size <= FEW:
        numbers = values.ravel().tolist()
        low, high = min(numbers), max(numbers)
        # Of a nan neither is told for sure: all numbers have to lie between them.
        if all(low <= number <= high for number in numbers):
            return low, high
    return float(values.min()), float(values.max())
