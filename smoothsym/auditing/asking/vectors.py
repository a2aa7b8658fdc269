"""What a derivative is multiplied by stands beside x: where a case does not bring its vector, one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from smoothsym.cases import Case
from smoothsym.certify.scale import length_of_vector
from smoothsym.formats import Format


def has_vector(op: Any, of: Any) -> bool:
    """Whether a target is called with a vector behind x."""
    return length_of_vector(op, of, 2) is not None


def vectors_beside(cases: Sequence[Case], op: Any, of: Any, fmt: Format, seed: int | Sequence[int] = 0) -> list[Case]:
    """The cases with a vector each, where the output has one: standard normal numbers of the format."""
    if not has_vector(op, of) or all(case.v is not None for case in cases):
        return list(cases)
    rng = np.random.default_rng(seed)

    def drawn(size: int) -> tuple[float, ...]:
        return tuple(rng.normal(size=size).astype(fmt.dtype).astype(np.float64).tolist())

    sizes = [length_of_vector(op, of, len(case.x)) or 0 for case in cases]
    return [
        case if case.v is not None else replace(case, v=drawn(size)) for case, size in zip(cases, sizes, strict=True)
    ]
