"""A diagonal through a product: each value of each axis comes, and any two of two axes where there is time."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest


def diagonal(*axes: Sequence[Any], every: int = 2, which: int = 0) -> list[Any]:
    """The parameters of a product of axes: one in so many, by the sum of the places, and the others marked as long.

    >>> [q.id for q in diagonal(["a", "b"], [1, 2]) if not q.marks]
    ['a-1', 'b-2']
    """
    return [
        pytest.param(
            *(value for _, value in chosen),
            marks=[pytest.mark.long] * (sum(place for place, _ in chosen) % every != which),
            id="-".join(_named(value) for _, value in chosen),
        )
        for chosen in product(*(list(enumerate(axis)) for axis in axes))
    ]


def _named(value: Any) -> str:
    return "-".join(map(_named, value)) if isinstance(value, tuple) else str(getattr(value, "name", value))
