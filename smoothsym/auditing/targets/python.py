"""Python's own: the Euclidean norm of the standard library."""

from __future__ import annotations

import math
from typing import Any

from smoothsym.auditing.targets.target import HERE, Library

PYTHON = Library("Python", f"{HERE}.python", "math", dtypes=("float64",))


@PYTHON.computes("pnorm", p=2.0, name="math.hypot")
def hypot(x: Any) -> float:
    return math.hypot(*x)


@PYTHON.computes("pnorm", p=2.0, name="math.dist from 0")
def dist(x: Any) -> float:
    return math.dist(x, [0.0] * len(x))
