"""What a check asks, as plain data: two runs are compared only where they asked the same."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from sympy import Expr

from smoothsym.auditing.findings.finding import plain
from smoothsym.calling import title
from smoothsym.testing.limit import Limit

SILENT = ("executor", "progress", "checkpoint", "timeout")
"""Options that change nothing in what is found."""


def asked(limit: Limit, options: Mapping[str, Any]) -> dict[str, Any]:
    """The limit and the options of a check; arrays as their checksums, code by its name."""
    beside = {"tol": limit.tol, "ulp": limit.ulp, "bound": limit.bound}
    said = {**beside, **{name: value for name, value in options.items() if name not in SILENT}}
    return plain({name: _plain(value) for name, value in sorted(said.items()) if value is not None})


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if callable(value) and not isinstance(value, Expr):
        return title(value)
    try:
        array = np.ascontiguousarray(np.asarray(value))
    except (TypeError, ValueError):
        return str(value)
    if array.dtype.kind == "O":
        return str(value)
    return f"sha256 {sha256(repr((array.shape, array.dtype.name)).encode() + array.tobytes()).hexdigest()[:16]}"
