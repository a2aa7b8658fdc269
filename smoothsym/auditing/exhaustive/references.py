"""What is right on each row of a block: exact values where there are some, the contract's answers elsewhere, and whose rows are whose."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import nan
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym import formats
from smoothsym.auditing.exhaustive.errors import Exact
from smoothsym.auditing.exhaustive.stretches import DOUBT, LENGTH, MODULI, Stretches
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.judge import raw_of
from smoothsym.auditing.measuring.measure import Task
from smoothsym.cases import Case
from smoothsym.certify.measured_rows import scale_rows, value_rows
from smoothsym.certify.scale import axes_of
from smoothsym.certify.special import conditions, constant
from smoothsym.formats import Format

Array = Any

MEASURED, LIMIT, CONVENTION, REFUSED = range(4)
"""What a reference is: an exact value, an answer of the contract that is unique or a choice, or none."""


@dataclass(frozen=True)
class References:
    """References of rows: what each is, and its numbers; beside an answer stands the largest modulus of the row's entries."""

    x: Array
    what: Array
    exact: Exact
    size: Array
    stretches: Stretches | None = None

    @cached_property
    def plain(self) -> bool:
        """Whether all rows are finite and have exact values."""
        return not self.what.any() and bool(np.isfinite(self.x).all())

    def some(self, rows: Array) -> References:
        """Those of some rows."""
        return References(self.x[rows], self.what[rows], self.exact.some(rows), self.size[rows])

    def turned(self) -> References:
        """Those of the rows with their entries turned round, of what is symmetric."""
        stretches = None if self.stretches is None else self.stretches.turned()
        found = References(self.x[:, ::-1], self.what, self.exact.turned(), self.size, stretches)
        found.__dict__["plain"] = self.plain
        return found


def references(task: Task, parameter: float | None, rows: Array, confined: str = "") -> References:
    """The references of rows: of those that have weight in full by the batch, of others and of what it leaves open one by one.

    `confined`: in what the operator is proved to be monotone and non-expansive there, so that stretches of rows are known by their ends.
    """
    if not formats.gradual_underflow():
        raise RuntimeError(
            "the target has set this process to flush small numbers to zero, where no reference can be had; audit it without exhaustive=True"
        )
    # Its columns lie in memory one by one.
    x = rows.astype(np.float64, order="F")

    def valued(some: Array) -> tuple[Array, Array]:
        values, left = value_rows(task.op, some, parameter, task.of, fmt=task.fmt)
        return values.reshape(len(some), -1), left

    stretches = None
    if confined and len(x) >= LENGTH and np.isfinite(x[[0, -1]]).all():
        stretches = Stretches.of(np.abs(x) if confined == MODULI else x, valued, task.fmt)
    if stretches is None or not stretches.what.any():
        stretches = None
        high, left = valued(x)
        left = np.flatnonzero(left)
    else:
        places = stretches.free
        high, left = np.empty((len(x), 1)), places
        stretches.fill(high[:, 0])
        if len(places):
            high[places], left = valued(x.T[:, places].T)
            left = places[left]
    what, size, doubt = np.full(len(x), MEASURED, dtype=np.uint8), np.zeros(len(x)), DOUBT
    if len(left):
        first, which = _different(_keys(task, parameter, task.fmt.bits_of(rows[left]), x[left]))
        singly = [
            _singly(task.op, task.of, tuple(nan if v != v else v for v in x[q].tolist()), parameter)
            for q in left[first].tolist()
        ]
        what[left] = np.array([one.what for one in singly], dtype=np.uint8)[which]
        if task.of == "value":
            finite = np.isfinite(x[left])
            size[left] = np.abs(np.where(finite, x[left], 0.0)).max(axis=1)
        high[left] = np.array([one.values for one in singly])[which]
        doubt = max([doubt, *(one.doubt(task.fmt) for one in singly)])
    alone = np.zeros(len(x), dtype=bool)
    alone[left] = True

    def scale(places: Array, entries: Array) -> Array:
        sizes = np.full(len(places), nan)
        if len(quick := np.flatnonzero(~alone[places])):
            sizes[quick] = scale_rows(
                task.op, x, parameter, task.of, None, places[quick], entries[quick], high, task.fmt
            )
        for q in np.flatnonzero(np.isnan(sizes)).tolist():
            sizes[q] = _scale(task.op, task.of, tuple(x[places[q]].tolist()), parameter, int(entries[q]))
        return sizes

    return References(x, what, Exact(high, doubt, scale), size, stretches)


def _keys(task: Task, parameter: float | None, bits: Array, x: Array) -> Array:
    """A number for each row, by its bits, one nan being like another; one for all rows of which the contract says one and the same."""
    bits = np.where(np.isnan(x), bits.dtype.type(-1 % (1 << 8 * bits.dtype.itemsize)), bits)
    keys = bits[:, 0].astype(np.int64)
    for column in bits.T[1:]:
        keys = (keys << 8 * bits.dtype.itemsize) | column
    infinite = ~np.isfinite(x).all(axis=1)
    named = conditions(x, 1.0 if parameter is None else parameter, task.op.dominance)
    for number, (name, some) in enumerate(named.items()):
        if some.any() and task.of in ("value", "gradient") and constant(task.op.contract(name, task.of, x.shape[1])[0]):
            keys[some] = -1 - 2 * number - infinite[some]
    return keys


def _different(keys: Array) -> tuple[Array, Array]:
    """Where different keys come first, and which of these each is."""
    if (keys == keys[0]).all():
        return np.zeros(1, dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first, which


@dataclass(frozen=True)
class _One:
    """The reference of one row: what it is, the value of each entry, and how far these may be off."""

    what: int
    values: tuple[float, ...]
    errors: tuple[float, ...] = ()

    def doubt(self, fmt: Format) -> float:
        """How far the values may be off, in units of u |f| + eta."""
        u, eta = float(fmt.u), float(fmt.smallest_subnormal)
        return max((e / (u * abs(v) + eta) for v, e in zip(self.values, self.errors, strict=False)), default=0.0)


@lru_cache(maxsize=1 << 18)
def _singly(op: Any, of: Any, row: tuple[float, ...], parameter: float | None) -> _One:
    exact = measure.reference(op, of, Case(row, parameter, ()))
    entries = 1 if axes_of(op, of) == 0 else len(row)
    if exact.refused:
        return _One(REFUSED, (nan,) * entries)
    if exact.answer is not None:
        values = exact.answer.value if isinstance(exact.answer.value, list) else [exact.answer.value] * entries
        floats = tuple(_float(raw_of(Fraction(v))) if not isinstance(v, float) else v for v in values)
        return _One(LIMIT if exact.answer.basis == "limit" else CONVENTION, floats)
    widths = tuple(_width(low, high) for low, high in exact.measured.values)
    return _One(MEASURED, tuple(map(_float, exact.middles)), widths)


def _float(raw: Any) -> float:
    """A raw mpf as a float; what is beyond every float as one beyond every narrower format."""
    return min(max(float(libmp.to_float(raw, strict=False)), -_BEYOND), _BEYOND)


_BEYOND = 2.0**1000


def _width(low: Any, high: Any) -> float:
    """An upper bound on the width of an enclosure, and on what a float loses of its middle."""
    width = float(libmp.to_float(libmp.mpf_sub(high._mpf_, low._mpf_, 60, "u"), strict=False))
    return width + 2.0**-52 * min(abs(float(libmp.to_float(high._mpf_, strict=False))), _BEYOND) + 2.0**-1070


def _scale(op: Any, of: Any, row: tuple[float, ...], parameter: float | None, entry: int) -> float:
    measured = measure.reference(op, of, Case(row, parameter, ())).measured
    return float(libmp.to_float(measured.scales(entry)._mpf_, strict=False))
