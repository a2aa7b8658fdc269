"""What a judge needs of many rows at once: exact values as pairs of floats with certified errors, and the scales that errors are held to.

The values are those of the batch: the cheapest stage whose bound is far below what judging can tell. The scales are sums of moduli, run in
the same arithmetic, so that their errors are certified too. What no stage knows so well is left open, to be measured row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np
from sympy import Expr

from smoothsym import formats
from smoothsym.certify.batch import BLOCK, LARGEST, Batch, entries_first, keep_memory
from smoothsym.certify.scale import VECTOR, ScaleProgram, axes_of, scale_program
from smoothsym.formats import Format
from smoothsym.program.buffering import by_rows
from smoothsym.program.twofold import machine, values
from smoothsym.program.twofold.values import Twofold

Array = Any

FINE = 2.0**-20
"""Of what judging allows, u |f| + eta, so much may be unknown; of a scale, so much of itself."""

_PAIR = np.dtype([("high", np.float64), ("low", np.float64), ("error", np.float64)])


@dataclass(frozen=True)
class MeasuredRows:
    """Exact values high + low within `error`, and the scales, of shape (rows,) or (rows, n); `open`, rows of which nothing is known."""

    high: Array
    low: Array
    error: Array
    scale: Array
    open: Array


def measure_rows(
    op: Any,
    x: Array,
    parameter: Any,
    of: str | Expr = "value",
    v: Array = None,
    *,
    fmt: Format = formats.FORMATS["float64"],
    scales: bool = True,
    fine: float = FINE,
) -> MeasuredRows:
    """Certified values of an operator's output on rows, and the scale of each entry; the scale is certified to 2^-20 of itself.

    Parameters: `x`, float64 rows of numbers of the format `fmt`, to which the values are to be compared; `parameter`, a number;
    `of` and `v` as for ss.enclose, v with a row beside each row of x; `scales`, False where none is needed: they are nan then; `fine`, what may be
    unknown of a value, in units of u |f| + eta.
    Rows with special values, entries without weight or results beyond the range of floats are open, and so is what no stage knows well.
    """
    count, n = x.shape
    rank = axes_of(op, of)
    found = np.zeros((count, *(n,) * rank), dtype=_PAIR)
    scale = np.full(found.shape, np.nan)
    ordinary = _ordinary(op, x, v, parameter)
    vectors = {"x": np.ascontiguousarray(x, dtype=np.float64)}
    if v is not None:
        vectors[VECTOR] = np.ascontiguousarray(v, dtype=np.float64).reshape(count, -1)
    known = np.zeros(count, dtype=bool)
    if ordinary.any():
        name, number = _parameter(op, parameter)
        batch = _Measuring(op, of, name, number, fmt, "nearest", fine)
        places = np.flatnonzero(ordinary)
        some = vectors if len(places) == count else {key: vector[places] for key, vector in vectors.items()}
        inner = np.zeros((len(places), *(n,) * batch.rank), dtype=_PAIR)
        with np.errstate(all="ignore"):
            sure, _ = batch.decide(some, inner)
        shape = (len(places), *(1,) * (rank - batch.rank), *inner.shape[1:])
        found[places] = inner.reshape(shape)
        known[places] = sure
    if scales and known.any():
        places = np.flatnonzero(known)
        entries = np.arange(n if rank else 1)
        rows = np.repeat(places, len(entries))
        sized = scale_rows(
            op,
            vectors["x"],
            parameter,
            of,
            vectors.get(VECTOR),
            rows,
            np.tile(entries, len(places)),
            found["high"],
            fmt,
        )
        scale[places] = sized.reshape(scale[places].shape)
        known &= ~np.isnan(scale.reshape(count, -1)).any(axis=1)
    return MeasuredRows(found["high"], found["low"], found["error"], scale, ~known)


def value_rows(op: Any, x: Array, parameter: Any, of: str | Expr = "value", *, fmt: Format) -> tuple[Array, Array]:
    """(values, which rows are open): the values of millions of rows as single floats, within 2^-20 (u |f| + eta) and a rounding to float64.

    Rows lie in blocks, each in the form of the program that is right for all of it; `x`, whose columns had better be contiguous, and
    everything else as for `measure_rows`, which has what is left.
    """
    keep_memory()
    count, n = x.shape
    name, number = _parameter(op, parameter)
    batch = _Measuring(op, of, name, number, fmt, "nearest")
    found, left = np.zeros((count, *(n,) * batch.rank)), np.ones(count, dtype=bool)
    size = max(1, BLOCK // n ** max(1, batch.rank))
    if parameter is None or (isfinite(parameter) and parameter):
        for start in range(0, count, size):
            block = slice(start, start + size)
            left[block] = batch.single(x[block], found[block])
    if len(places := np.flatnonzero(left)):
        rest = measure_rows(op, x[places], parameter, of, fmt=fmt, scales=False)
        found[places], left[places] = (rest.high + rest.low).reshape(len(places), *found.shape[1:]), rest.open
    return found.reshape(count, *(n if batch.rank else 1,) * axes_of(op, of)), left


def scale_rows(
    op: Any,
    x: Array,
    parameter: Any,
    of: str | Expr,
    v: Array,
    rows: Array,
    entries: Array,
    values_: Array,
    fmt: Format,
) -> Array:
    """The scale of one entry of the output for each pair of a row and an entry; nan where it is not known to 2^-20 of itself.

    Parameters: `x` and `v`, all rows; `rows` and `entries`, equally many places in them; `values_`, the output of all rows.
    """
    try:
        asked = scale_program(op, of)
    except ValueError:
        return np.full(len(rows), np.nan)
    if not machine.computes(asked.program):
        return np.full(len(rows), np.nan)
    name, number = _parameter(op, parameter)
    flat = values_.reshape(len(values_), -1)
    found = np.abs(flat[rows, np.minimum(entries, flat.shape[1] - 1)])
    least = float(fmt.smallest_subnormal / fmt.u)
    todo = np.arange(len(rows))
    size = max(1, BLOCK // max(x.shape[1], 1))
    for level in ("single", "full"):
        symbols = {name: values.constant(number, level == "single")} if name else {}
        left = []
        for start in range(0, len(todo), size):
            here = todo[start : start + size]
            beside = {"x": x[rows[here]].T} | ({} if v is None else {VECTOR: v[rows[here]].T})
            block = {key: np.ascontiguousarray(vector) for key, vector in beside.items()}
            total, error = _sums(asked, block, symbols, level, entries[here], number)
            good = error <= FINE * (total + found[here] + least)
            found[here[good]] += total[good]
            left.append(here[~good])
        todo = np.concatenate(left) if left else todo[:0]
        if not len(todo):
            break
    found[todo] = np.nan
    return found


def _sums(
    asked: ScaleProgram, block: Mapping[str, Array], symbols: Any, level: str, entries: Array, number: Fraction
) -> tuple[Array, Array]:
    """For each column of a block, the sums of moduli of derivatives times inputs, and how far they may be off."""
    x = block["x"]
    with np.errstate(all="ignore"):
        positions = {} if asked.place is None else {asked.place.name: entries}
        outputs = machine.run(asked.program, [block], symbols, level, positions=positions)
        xi = x - x.max(axis=0) if asked.relative else x
        weights = [xi] + ([block[VECTOR]] if asked.vector else []) + ([_size(number)] if asked.parameter else [])
        total, error = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        for slope, weight in zip(outputs, weights, strict=True):
            size = np.abs(weight)
            terms, lost = size * np.abs(slope.hi), size * _lost(slope)
            total += _added(terms, x.shape[1])
            error += _added(lost, x.shape[1])
    # xi, the products and the sum itself are rounded.
    return total, error * 1.01 + (x.shape[0] + 8) * 2.0**-52 * total


def _size(number: Fraction) -> float:
    return abs(number.numerator / number.denominator)


def _added(terms: Array, columns: int) -> Array:
    """The sum over every axis but the last one, which is that of the rows."""
    terms = np.atleast_1d(terms)
    if terms.shape[-1] != columns:
        terms = np.broadcast_to(terms, (*terms.shape[:-1], columns))
    return terms.sum(axis=0) if terms.ndim > 1 else terms


def _lost(value: Twofold) -> Array:
    """A bound on the error of hi alone."""
    error = np.abs(value.hi) * (value.rel * (1 + 2.0**-30)) + value.abs * (1 + 2.0**-30)
    return error if value.lo is None else error + np.abs(value.lo)


@dataclass(frozen=True)
class _Measuring(Batch):
    """A batch whose rows are wanted as pairs of floats with the error of each, to so many units of u |f| + eta."""

    fine: float = FINE

    def single(self, x: Array, found: Array) -> Array:
        """Write the values of a block of rows, as the cheapest level has them, and say which are not known so well, special ones among them."""
        peak = float(np.abs(x).max())
        levels = self._levels()
        if not peak < LARGEST or not levels or not formats.gradual_underflow():
            return np.ones(len(x), dtype=bool)
        zero = x == 0
        special = zero.any(axis=1) if self.op.kind == "modulus" and zero.any() else None
        if special is not None:
            x = np.where(zero, 1.0, x)
        gentle = self._gentle(np.float64(peak))
        program = self.op.program(self.of, "stable" if gentle is None or not gentle else "naive")
        coarse = self.rank == 0 and self.op.arity is not None
        symbols = {self.name: values.constant(self.parameter, True)} if self.name else {}
        (value,) = machine.run(program, [{"x": entries_first(x, coarse)}], symbols, "single", peak)
        with by_rows():
            size = np.abs(value.hi)
            error = (value.rel * (1 + 2.0**-30)) * size + value.abs * (1 + 2.0**-30)
            size *= self.fine * float(self.fmt.u)
            size += self.fine * float(self.fmt.smallest_subnormal)
            unknown = ~(error <= size)
        found[...] = value.hi.reshape(-1) if coarse else value.hi.transpose(self.rank, *range(self.rank))
        unknown = unknown.reshape(-1) if coarse else values.over_entries(np.logical_or, unknown)
        return unknown if special is None else unknown | special

    def _levels(self) -> tuple[str, ...]:
        # The fast level decides most roundings, and is too coarse to tell their errors.
        return tuple("medium" if level == "fast" else level for level in super()._levels())

    def _read(self, value: Twofold) -> tuple[Array, Array]:
        with by_rows():
            pair = np.empty(np.shape(value.hi), dtype=_PAIR)
            pair["high"], pair["low"] = value.hi, 0.0 if value.lo is None else value.lo
            size = np.abs(value.hi)
            error = (value.rel * (1 + 2.0**-30)) * size + value.abs * (1 + 2.0**-30)
            pair["error"] = error
            allowed = self.fine * (float(self.fmt.u) * size + float(self.fmt.smallest_subnormal))
            return pair, error <= allowed


def _ordinary(op: Any, x: Array, v: Array, parameter: Any) -> Array:
    """Rows of finite numbers that all have weight, at a parameter that is a number and not 0."""
    count, n = x.shape
    if not n or (parameter is not None and not (isfinite(parameter) and parameter)):
        return np.zeros(count, dtype=bool)
    with np.errstate(invalid="ignore"):
        found = (np.abs(x) < LARGEST).all(axis=1)
        if op.kind == "modulus":
            found &= (x != 0).all(axis=1)
        if v is not None:
            found &= np.isfinite(v).reshape(count, -1).all(axis=1)
    return found if formats.gradual_underflow() else np.zeros(count, dtype=bool)


def _parameter(op: Any, parameter: Any) -> tuple[str | None, Fraction]:
    name = op.parameter.name if op.parameter is not None else None
    return name, Fraction(1) if parameter is None else Fraction(parameter)
