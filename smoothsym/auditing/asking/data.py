"""The rows of data that an audit is given, as cases in the audited format."""

from __future__ import annotations

from typing import Any

import numpy as np

from smoothsym import formats
from smoothsym.errors import shown


def rows_of(data: Any, fmt: formats.Format, op: Any, notes: list[str]) -> Any:
    """The data as rows of floats in the audited dtype. Raises TypeError and ValueError that name the argument."""
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"data is no array of rows of equal length: {error}") from None
    except Exception as error:  # arrays of other libraries say in their own ways that they are none of NumPy's
        raise TypeError(
            f"data is a {type(data).__name__} that NumPy cannot read ({error}); give an array of NumPy"
        ) from None
    if array.ndim == 0 and array.dtype == object:
        raise TypeError(f"data={data!r} is a {type(data).__name__}; give a 2-D array of rows, or a list of them")
    if array.dtype.kind not in "fiuV" or (array.dtype.kind == "V" and array.dtype.name != "bfloat16"):
        raise TypeError(
            f"data has dtype {array.dtype}; give real numbers, such as np.asarray(rows, dtype={fmt.name!r})"
        )
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(f"data has shape {array.shape}; give a 2-D array of rows, or one row, that is not empty")
    # For a function of one entry a vector is many rows.
    rows = array.reshape(-1, 1 if op.arity == 1 and array.ndim == 1 else array.shape[-1])
    if op.arity is not None and rows.shape[1] != op.arity:
        raise ValueError(f"data has rows of {rows.shape[1]}; {op.name} takes {op.arity} entries")
    if op.domain == "positive" and np.any(rows <= 0):
        bad = float(rows[rows <= 0][0])
        raise ValueError(f"data has the entry {shown(bad)}; {op.name} is defined for positive entries")
    with np.errstate(all="ignore"):
        cast = rows.astype(fmt.dtype)
    if not np.array_equal(cast.astype(np.longdouble), rows.astype(np.longdouble), equal_nan=True):
        beyond = int(np.count_nonzero(np.isinf(cast.astype(np.float64)) & ~np.isinf(rows.astype(np.longdouble))))
        entries = "entry becomes infinite" if beyond == 1 else "entries become infinite"
        notes.append(
            f"data rounded from {array.dtype} to {fmt.name} first" + (f": {beyond} {entries}" if beyond else "")
        )
    return cast.astype(np.float64)


def places_of(rows: Any, budget: int | None, seed: int, notes: list[str]) -> Any:
    """The places of the rows that are used: all, or as many as the budget has, drawn."""
    if budget is None or budget >= len(rows):
        return np.arange(len(rows))
    notes.append(f"{budget} of {len(rows)} rows, drawn with seed {seed}")
    return np.sort(np.random.default_rng(seed).choice(len(rows), int(budget), replace=False))
