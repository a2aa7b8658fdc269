"""Arrays of float32 whose functions err as much as a model allows, whichever way they are told to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST = 4.0
"""In units of u: so much the functions below err at most."""
FUNCTIONS = (np.exp, np.expm1, np.log, np.log1p, np.power)
_MADE = ("exp", "expm1", "log", "log1p", "sqrt", "abs")


class Rough(np.ndarray):
    """An array of which `errors`, a function of a shape, are the errors of functions, from -1 to 1."""

    errors: Any = None

    def __array_finalize__(self, other: Any) -> None:
        self.errors = getattr(other, "errors", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        plain = [np.asarray(q).view(np.ndarray) if isinstance(q, np.ndarray) else q for q in inputs]
        if method == "__call__" and ufunc in FUNCTIONS:
            exact = ufunc(*(np.asarray(q).astype(np.float64) for q in plain))
            sure = np.isin(exact, (0.0, 1.0)) | ~np.isfinite(exact)
            # Half a unit is left for the rounding to float32.
            off = (MOST - 0.5) * 2.0**-24 * 0.999 * self.errors(np.shape(exact))
            found = np.asarray(np.where(sure, exact, exact * (1 + off)), dtype=np.float32)
        else:
            found = getattr(ufunc, method)(*plain, **settings)
        return rough(found, self.errors) if np.asarray(found).dtype == np.float32 else found


def rough(values: Any, errors: Any) -> Rough:
    found = np.asarray(values).view(Rough)
    found.errors = errors
    return found


@dataclass(frozen=True)
class Namespace:
    """NumPy, on such arrays."""

    errors: Any
    __name__ = "numpy"

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if isinstance(found, type) or not callable(found):
            return found

        def called(*args: Any, **settings: Any) -> Any:
            plain = args if name in _MADE else [q.view(np.ndarray) if isinstance(q, Rough) else q for q in args]
            result = found(*plain, **settings)
            return rough(result, self.errors) if np.asarray(result).dtype == np.float32 else result

        return called
