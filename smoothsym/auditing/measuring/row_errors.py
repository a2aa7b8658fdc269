"""The errors of many results at once, in floats: enough to tell which rows matter, which are then judged exactly, one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from smoothsym.auditing.measuring.judge import is_flushed, lost, nearness
from smoothsym.formats import Format

Array = Any


@dataclass(frozen=True)
class RowErrors:
    """For each row: the errors as a Judgement has them, at the entry `component`; `known`, where floats tell them.

    `flushed`, the nearness of the worst entry that flushing explains, 0 where there is none; `place`, that entry.
    """

    ulp: Array
    upper: Array
    scaled: Array
    normwise: Array
    error: Array
    component: Array
    known: Array
    flushed: Array
    place: Array


def row_errors(
    got: Array,
    high: Array,
    low: Array,
    scales: Callable[[Array, Array], Array],
    fmt: Format,
    tol: float,
    small: Callable[[int], bool] | None,
) -> RowErrors:
    """The errors of results against exact values high + low, all of shape (rows, entries).

    `small(row)`: whether a row meets numbers below the normal range; None for a target that does not flush.

    `scales(rows, entries)`: the scales of entries, nan where they are not known. As in judge(): the largest error that |f| alone
    would allow and the largest error are scaled first, then, beyond tolerance, what may be larger still, a few entries of a row.
    """
    with np.errstate(all="ignore"):
        wild = ~np.isfinite(got)
        # An infinity is right beyond the largest number, and near it only what is exact tells.
        far = np.isnan(got) | (np.sign(got) != np.sign(high)) | (np.abs(high) < float(fmt.largest) / 2)
        known = (~wild | far).all(axis=1)
        # The rounding of the difference, which is none where both are near each other.
        apart = got - high
        back = apart + high
        rest = (got - back) - (high - (back - apart))
        error = np.abs(apart + (rest - low))
        error = np.where(wild | np.isnan(error), np.inf, error)
        size = np.abs(high)
        doubtful = (error > tol * allowed(size, fmt)) & (error <= (tol + 1) * float(fmt.smallest_normal))
        met = None
        if small is not None:
            asked = (doubtful & (got != 0)).any(axis=1).tolist()
            met = np.array([ask and small(row) for row, ask in enumerate(asked)])[:, None]
        most = lost(got, met, fmt, tol)
        flushed, place = _without_flushed(error, size, most, scales, fmt, tol)
        upper = error / allowed(size, fmt)
        ulp = (error / ulps(high, low, fmt)).max(axis=1)
        normwise = error.max(axis=1) / allowed(size.max(axis=1), fmt)
        scaled, component, known = _scaled(error, upper, scales, fmt, tol, known)
        rows = np.arange(len(got))
        at = (rows, component)
        return RowErrors(ulp, upper[at], scaled, normwise, error[at], component, known, flushed, place)


def allowed(size: Array, fmt: Format) -> Array:
    """u * size + eta."""
    return float(fmt.u) * size + float(fmt.smallest_subnormal)


def ulps(high: Array, low: Array, fmt: Format) -> Array:
    """The format's spacing at high + low."""
    fraction, exponent = np.frexp(np.abs(high))
    # A little below a power of two the spacing is half as large.
    lead = exponent - 1 - ((fraction == 0.5) & (low * np.sign(high) < 0))
    lead = np.where(high == 0, fmt.emin, lead)
    return np.ldexp(1.0, np.clip(lead, fmt.emin, fmt.emax) - fmt.precision + 1)


def _without_flushed(
    error: Array, size: Array, most: Array, scales: Callable[[Array, Array], Array], fmt: Format, tol: float
) -> tuple[Array, Array]:
    """Have no error where flushing explains it, which may cost the `most`; (their largest nearness in each row, 0 where there is none;
    its entry).
    """
    flushed, place = np.zeros(len(error)), np.zeros(len(error), dtype=np.int64)
    some = (error < most + float(fmt.smallest_normal)) & (error > tol * allowed(size, fmt))
    # Of those that err by no more than that none is at fault, and one tells for all.
    below = some & (error <= most)
    first = np.where(below, error / allowed(size, fmt), 0.0).argmax(axis=1)
    looked = some & ~below
    having = np.flatnonzero(below.any(axis=1))
    looked[having, first[having]] = True
    rows, entries = np.nonzero(looked)
    if not len(rows):
        return flushed, place
    limit, off, may = allowed(scales(rows, entries), fmt), error[rows, entries], most[rows, entries]
    found = is_flushed(off / limit, (off - may) / limit, tol)
    # Where the one is within tolerance for its own scale, the others may not be, and are no faults either.
    for row, entry in zip(rows[~found].tolist(), entries[~found].tolist(), strict=True):
        if below[row, entry]:
            error[row, below[row] & (np.arange(error.shape[1]) != entry)] = 0.0
    near = nearness(off[found], may[found]).tolist()
    for row, entry, share in zip(rows[found].tolist(), entries[found].tolist(), near, strict=True):
        if share > flushed[row]:
            flushed[row], place[row] = share, entry
        if below[row, entry]:
            error[row, below[row]] = 0.0
        error[row, entry] = 0.0
    return flushed, place


def _scaled(
    error: Array, upper: Array, scales: Callable[[Array, Array], Array], fmt: Format, tol: float, known: Array
) -> tuple[Array, Array, Array]:
    """(the largest scaled error of each row, its entry, whether it is known)."""
    entries = upper.shape[1]
    upper, error = np.where(known[:, None], upper, 0.0), np.where(known[:, None], error, 0.0)
    component = upper.argmax(axis=1)
    best, known = np.where(np.isinf(upper.max(axis=1)), np.inf, 0.0), known.copy()
    left = upper.copy()
    sizes = error.copy()
    for turn in range(min(entries, max(2, min(8, 800 // entries)))):
        threshold = best if turn < 2 else np.maximum(best, tol)
        rows = np.flatnonzero(known & (left.max(axis=1) > threshold))
        if not len(rows):
            break
        # A small entry may be excused where a large one beside it is not.
        places = (left if turn % 2 == 0 else sizes)[rows].argmax(axis=1)
        useful = left[rows, places] > best[rows]
        left[rows, places], sizes[rows, places] = 0.0, -1.0
        rows, places = rows[useful], places[useful]
        scale = scales(rows, places)
        found = error[rows, places] / allowed(scale, fmt)
        known[rows[np.isnan(scale)]] = False
        larger = found > best[rows]
        best[rows[larger]], component[rows[larger]] = found[larger], places[larger]
    return best, component, known
