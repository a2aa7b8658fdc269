"""Errors of results by the million, against exact values that are known to within a bound: what is left in doubt counts as error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from smoothsym.auditing.measuring.judge import is_flushed, lost
from smoothsym.formats import Format

Array = Any

_EXPONENT = np.int64(0x7FF << 52)
FIRST = 1 << 8
"""So many places have their scales computed at first; then four times as many, and so on."""


def spacing(values: Array, fmt: Format) -> Array:
    """The format's spacing at float64 values.

    >>> from smoothsym import formats
    >>> spacing(np.array([1.0, 3.0, 1e-9, 1e9]), formats.get("float16")).tolist()
    [0.0009765625, 0.001953125, 5.960464477539063e-08, 32.0]
    """
    lead = (values.view(np.int64) & _EXPONENT).view(np.float64)
    np.clip(lead, 2.0**fmt.emin, 2.0**fmt.emax, out=lead)
    lead *= 2.0 ** (1 - fmt.precision)
    return lead


@dataclass(frozen=True)
class Exact:
    """Exact values of shape (rows, entries), each within `doubt` (u |f| + eta); `scale(rows, entries)`, the scales at some places."""

    values: Array
    doubt: float
    scale: Callable[[Array, Array], Array]

    def some(self, rows: Array) -> Exact:
        """Those of some rows."""
        return Exact(self.values[rows], self.doubt, lambda some, entries: self.scale(rows[some], entries))

    def turned(self) -> Exact:
        """Those of the rows with their entries turned round, of what is symmetric."""
        last = self.values.shape[1] - 1
        return Exact(self.values[:, ::-1], self.doubt, lambda rows, entries: self.scale(rows, last - entries))


@dataclass(frozen=True)
class Errors:
    """The errors of results `got`, of shape (rows, entries), in a format."""

    got: Array
    exact: Exact
    fmt: Format
    tol: float

    @cached_property
    def distances(self) -> Array:
        """|got - exact|, but for doubt; an infinity stands for the threshold of overflow, and is right beyond it; inf for nan."""
        with np.errstate(all="ignore"):
            found = self.got - self.exact.values
            np.abs(found, out=found)
            if not np.isfinite(found.max()):
                wild = ~np.isfinite(self.got)
                got, exact = self.got[wild], self.exact.values[wild]
                threshold = float(self.fmt.largest + self.fmt.ulp(self.fmt.largest) / 2)
                short = np.maximum(threshold - np.copysign(1.0, got) * exact, 0.0)
                found[wild] = np.where(np.isnan(got), np.inf, short)
        return found

    @cached_property
    def ulps(self) -> Array:
        found = self.distances / spacing(self.exact.values, self.fmt)
        # Neither u |f| nor eta is more than the spacing. Of 2^-50 are the roundings made here.
        return self._unless_infinite(_more(found, 2 * self.exact.doubt))

    @cached_property
    def uppers(self) -> Array:
        """Upper bounds on the scaled errors, with |f| for the scale."""
        allowed = np.abs(self.exact.values)
        return self._unless_infinite(_more(self.distances / self._allowed(allowed), self.exact.doubt))

    @property
    def slight(self) -> float:
        """What one rounding of the result explains, where that is allowed: no verdict hangs on how much less such an error may be."""
        return min(1.0, self.tol)

    def _allowed(self, scale: Array) -> Array:
        """What an error may be, written over the scale."""
        scale *= float(self.fmt.u)
        scale += float(self.fmt.smallest_subnormal)
        return scale

    def _unless_infinite(self, errors: Array, places: Any = ...) -> Array:
        """An infinity is excused only within a few units of the threshold: it is no large number."""
        if errors.size and not errors.max() <= self.tol:
            errors[np.isinf(self.got[places]) & (errors > self.tol)] = np.inf
        return errors

    def scaled(self, places: Array) -> Array:
        """The scaled errors at flat places; those that are infinite whatever the scale is need none."""
        found = self.uppers.reshape(-1)[places]
        finite = np.flatnonzero(np.isfinite(found))
        rows, entries = np.divmod(places[finite], self.got.shape[1])
        ratios = self.distances[rows, entries] / self._allowed(self.exact.scale(rows, entries))
        found[finite] = self._unless_infinite(_more(ratios, self.exact.doubt), (rows, entries))
        return found

    @cached_property
    def _flushes(self) -> bool:
        """Whether of what should be below the normal range nothing but zeros came."""
        size = np.abs(self.exact.values)
        small = (size < float(self.fmt.smallest_normal)) & (size >= float(self.fmt.smallest_subnormal))
        kept = np.abs(self.got[small])
        return bool(small.any()) and not ((kept > 0) & (kept < float(self.fmt.smallest_normal))).any()

    def flushed(self, rows: Any) -> Array:
        """Which results, of these rows, have errors that flushing explains."""
        normal, width, found = float(self.fmt.smallest_normal), self.got.shape[1], np.zeros(self.got.size, dtype=bool)
        places = np.flatnonzero((self.uppers > self.tol) & (self.distances < (self.tol + 1) * normal))
        if len(places):
            sizes = np.abs(rows[places // width].astype(np.float64))
            small = ((sizes > 0) & (sizes < normal)).any(axis=1) if self._flushes else None
            whole, error = self.scaled(places), self.distances.reshape(-1)[places]
            most = lost(self.got.reshape(-1)[places], small, self.fmt, self.tol)
            found[places] = is_flushed(whole, whole * (1 - most / error), self.tol)
        return found.reshape(self.got.shape)

    def largest(self, among: Any, least: float = 0.0) -> tuple[float, int | None]:
        """The largest scaled error among flat places, an array or a slice, if it is no less than `least`, and its place; else `least` and None.

        The scale costs more than the value, and |f| bounds it from below: places are taken in falling order of that bound, until no
        bound left can be the largest. What is `slight` has that bound for its error, and no scale is computed.
        """
        uppers = self.uppers.reshape(-1)[among]
        best, place, size = least, None, FIRST
        if not len(uppers) or not uppers.max() >= best:
            return best, place
        small = np.where(uppers <= self.slight, uppers, 0.0)
        if small[top := int(np.argmax(small))] >= best:
            best, place = float(small[top]), int(np.arange(self.got.size)[among][top])
        if uppers.max() <= self.slight:
            return best, place
        among = np.arange(self.got.size)[among]
        while len(left := np.flatnonzero((uppers >= best) & (uppers > self.slight))):
            among, uppers = among[left], uppers[left]
            chosen = np.argpartition(-uppers, size)[:size] if size < len(uppers) else np.arange(len(uppers))
            scaled = self.scaled(among[chosen])
            if scaled[top := int(np.argmax(scaled))] >= best:
                best, place = float(scaled[top]), int(among[chosen[top]])
            uppers[chosen] = 0.0
            size *= 4
        return best, place

    @cached_property
    def normwise(self) -> Array:
        """The largest error of each row over what its largest entry allows."""
        size = np.abs(self.exact.values).max(axis=1)
        return _more(self.distances.max(axis=1) / self._allowed(size), self.exact.doubt)


def _more(found: Array, doubt: float) -> Array:
    """Errors that may be that much larger, written over."""
    found *= 1 + 2.0**-50
    found += doubt
    return found
