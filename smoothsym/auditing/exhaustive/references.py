"""What is right on each row of a block: exact values where there are some, the contract's answers elsewhere, and whose rows are whose."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isnan, nan
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym import formats
from smoothsym.auditing import measure
from smoothsym.auditing.exhaustive.errors import Exact
from smoothsym.auditing.judge import raw_of
from smoothsym.auditing.measure import Task
from smoothsym.cases import Case
from smoothsym.certify.measured_rows import measure_rows, scale_rows
from smoothsym.certify.scale import axes_of

Array = Any

MEASURED, LIMIT, CONVENTION, REFUSED = range(4)
"""What a reference is: an exact value, an answer of the contract that is unique or a choice, or none."""


@dataclass(frozen=True)
class References:
    """References of rows: what each is, and its numbers; beside an answer stands the largest modulus of the row's entries."""

    what: Array
    exact: Exact
    size: Array

    def some(self, rows: Array) -> References:
        """Those of some rows."""
        return References(self.what[rows], self.exact.some(rows), self.size[rows])

    def turned(self, rows: Array) -> References:
        """Those of some rows with their entries turned round, of what is symmetric."""
        return References(self.what[rows], self.exact.turned(rows), self.size[rows])


def references(task: Task, parameter: float | None, rows: Array) -> References:
    """The references of rows: of those that have weight in full by the batch, of others and of what it leaves open one by one."""
    if not formats.gradual_underflow():
        raise RuntimeError(
            "the target has set this process to flush small numbers to zero, where no reference can be had; audit it without exhaustive=True"
        )
    x = rows.astype(np.float64)
    found = measure_rows(task.op, x, parameter, task.of, fmt=task.fmt, scales=False)
    numbers = [np.array(v).reshape(len(x), -1) for v in (found.high, found.low, found.error)]
    what, size = np.full(len(x), MEASURED, dtype=np.uint8), np.zeros(len(x))
    left = np.flatnonzero(found.open)
    if len(left):
        first, which = _different(task.fmt.bits_of(rows[left]), np.isnan(x[left]))
        singly = [
            _singly(task.op, task.of, tuple(nan if v != v else v for v in x[q].tolist()), parameter)
            for q in left[first].tolist()
        ]
        what[left] = np.array([one.what for one in singly], dtype=np.uint8)[which]
        size[left] = np.array([one.size for one in singly])[which]
        for number, values in zip(numbers, zip(*(one.numbers for one in singly), strict=True), strict=True):
            number[left] = np.array(values)[which]
    alone = np.zeros(len(x), dtype=bool)
    alone[left] = True

    def scale(places: Array, entries: Array) -> Array:
        sizes = np.full(len(places), nan)
        if len(quick := np.flatnonzero(~alone[places])):
            sizes[quick] = scale_rows(
                task.op, x, parameter, task.of, None, places[quick], entries[quick], found.high, task.fmt
            )
        for q in np.flatnonzero(np.isnan(sizes)).tolist():
            sizes[q] = _scale(task.op, task.of, tuple(x[places[q]].tolist()), parameter, int(entries[q]))
        return sizes

    high, low, error = numbers
    return References(what, Exact(high, low, error, scale), size)


def _different(bits: Array, none: Array) -> tuple[Array, Array]:
    """Where rows of bit patterns that differ come first, and which of these each row is; one nan is like another."""
    bits = np.where(none, bits.dtype.type(-1 % (1 << 8 * bits.dtype.itemsize)), bits)
    keys = bits[:, 0].astype(np.uint64)
    for column in bits.T[1:]:
        keys = (keys << np.uint64(8 * bits.dtype.itemsize)) | column
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first, which


@dataclass(frozen=True)
class _One:
    """The reference of one row: what it is, high, low and error of each entry, and the largest modulus of the row's."""

    what: int
    numbers: tuple[list[float], list[float], list[float]]
    size: float = 0.0


@lru_cache(maxsize=1 << 18)
def _singly(op: Any, of: Any, row: tuple[float, ...], parameter: float | None) -> _One:
    exact = measure.reference(op, of, Case(row, parameter, ()))
    entries = 1 if axes_of(op, of) == 0 else len(row)
    if exact.refused:
        return _One(REFUSED, ([nan] * entries, [0.0] * entries, [0.0] * entries))
    if exact.answer is not None:
        values = exact.answer.value if isinstance(exact.answer.value, list) else [exact.answer.value] * entries
        pairs = [_pair(raw_of(Fraction(v))) if not isinstance(v, float) else (v, 0.0) for v in values]
        size = max((abs(v) for v in row if of == "value" and not isnan(v) and abs(v) != np.inf), default=0.0)
        what = LIMIT if exact.answer.basis == "limit" else CONVENTION
        return _One(what, ([p[0] for p in pairs], [p[1] for p in pairs], [0.0] * entries), size)
    pairs = [_pair(middle) for middle in exact.middles]
    widths = [_width(low, high) for low, high in exact.measured.values]
    return _One(MEASURED, ([p[0] for p in pairs], [p[1] for p in pairs], widths))


def _pair(raw: Any) -> tuple[float, float]:
    """A raw mpf as two floats; what is beyond every float as a float beyond every narrower format."""
    high = min(max(float(libmp.to_float(raw, strict=False)), -_BEYOND), _BEYOND)
    return high, float(libmp.to_float(libmp.mpf_sub(raw, libmp.from_float(high), 60, "n"), strict=False))


_BEYOND = 2.0**1000


def _width(low: Any, high: Any) -> float:
    """An upper bound on the width of an enclosure, and on what a pair of floats loses of its middle."""
    width = float(libmp.to_float(libmp.mpf_sub(high._mpf_, low._mpf_, 60, "u"), strict=False))
    return width + 2.0**-100 * abs(float(libmp.to_float(high._mpf_, strict=False))) + 2.0**-1070


def _scale(op: Any, of: Any, row: tuple[float, ...], parameter: float | None, entry: int) -> float:
    measured = measure.reference(op, of, Case(row, parameter, ())).measured
    return float(libmp.to_float(measured.scales(entry)._mpf_, strict=False))
