"""Rows by the million: each stage decides what it can, in twofold arithmetic of growing precision, and what none decides goes to the balls.

A stage runs a program on blocks of rows and gets hi + lo and a bound E on the error. A row is decided if the correct rounding of
hi + lo - E and of hi + lo + E is one and the same number: rounding is monotone, so the exact value rounds to it as well. Nothing
else is taken from a stage, and special rows never enter one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from smoothsym.formats import Format
from smoothsym.program.buffering import BUFFER, by_rows
from smoothsym.program.twofold import machine, values
from smoothsym.program.twofold.values import Twofold

Array = Any
Vectors = Mapping[str, Array]
"""Rows of x and of what stands beside them, such as weights, each of shape (rows, n)."""

BLOCK, SHARED = 1 << 15, 1 << 17
"""Elements of a block: its arrays stay near the processor; where several threads take turns, a longer one costs fewer turns."""
BLOCKS = 16
"""So many blocks, and no more than a row has entries, have their rows finished together: as many numbers as a block has, at most."""
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
WIDE = BUFFER
"""From this length on a row lies whole in memory; below, the first entries of all rows of a block do, then the second ones."""
NARROW = 8
"""Up to this length a row is looked at entry by entry, all rows at a time."""
GENTLE = 128.0
"""Up to this size of parameter times entry the definition itself is run, and not its stable form."""
LARGEST = 2.0**1000


@dataclass(frozen=True)
class Stages:
    """How many of the rows each stage decided: "single", "fast", "medium", "full", or "enclosures", special rows among them."""

    rows: int
    decided: dict[str, int] = field(default_factory=dict)

    def share(self, stage: str) -> float:
        """The share of rows that a stage decided."""
        return self.decided.get(stage, 0) / max(self.rows, 1)


@dataclass(frozen=True)
class Batch:
    """What is asked of every row: an output of an operator at one parameter, rounded to a format."""

    op: Any
    of: Any
    name: str | None
    parameter: Fraction
    fmt: Format
    rounding: str

    @cached_property
    def rank(self) -> int:
        return int(self.op.rank(self.of))

    def decide(self, vectors: Vectors, found: Array) -> tuple[Array, dict[str, int]]:
        """(which rows are decided, how many by each stage) for vectors of float64; bit patterns are written to `found`, of shape (rows, n, ...).

        Rows that are not finite, or nearly beyond every float, are left undecided. Every bound takes gradual underflow for granted.
        """
        rows = vectors["x"]
        keep_memory()
        peak = _peak(rows)
        ordinary = peak < LARGEST
        for name, beside in vectors.items():
            if name != "x":
                ordinary &= _peak(beside) < LARGEST
        left, counts = ordinary.copy(), dict[str, int]()
        gentle = self._gentle(peak)
        for level in self._levels():
            # At last every row gets its stable form, which knows results near 0 relative to themselves.
            forms = [("stable", left)]
            if gentle is not None and level != "full":
                forms = [("naive", left & gentle), ("stable", left & ~gentle)]
            for form, mine in forms:
                if mine.all():
                    # What is not sure is written over by what decides it.
                    sure = self._stage(vectors, found, form, level, float(peak.max()))
                    left = ~sure
                elif mine.any():
                    places = np.flatnonzero(mine)
                    bits = np.empty((len(places), *found.shape[1:]), dtype=found.dtype)
                    some = {name: vector[places] for name, vector in vectors.items()}
                    sure = self._stage(some, bits, form, level, float(peak[places].max()))
                    found[places[sure]] = bits[sure]
                    left[places[sure]] = False
                else:
                    continue
                counts[level] = counts.get(level, 0) + int(np.count_nonzero(sure))
            if not left.any():
                break
        return ordinary & ~left, {level: count for level, count in counts.items() if count}

    def _read(self, value: Twofold) -> tuple[Array, Array]:
        """What is wanted of values, and whether each is certain."""
        return rounded(value, self.fmt, self.rounding)

    def _gentle(self, peak: Array) -> Array | None:
        """For which rows the definition itself may be run; None for none."""
        if self.op.kind != "entry":
            return None
        with np.errstate(all="ignore"):
            return peak * abs(values.constant(self.parameter, single=True).hi) <= GENTLE

    def _levels(self) -> tuple[str, ...]:
        forms = ("stable", "naive") if self.op.kind == "entry" else ("stable",)
        if not all(machine.computes(self.op.program(self.of, form)) for form in forms):
            return ()
        if self.fmt.precision < 53:
            return ("single", "full")
        if self.op.arity is not None:
            return ("full",)
        return ("fast", "full") if self.rank == 0 else ("medium", "full")

    def _stage(self, vectors: Vectors, bits: Array, form: str, level: str, reach: float) -> Array:
        """Which rows a stage decided; all its bit patterns are written to `bits`."""
        program = self.op.program(self.of, form)
        symbols = {self.name: values.constant(self.parameter, level == "single")} if self.name else {}
        count, n = vectors["x"].shape
        elements = max(n, n ** max(operation.rank for operation in program.operations))
        threads = _threads(count * elements)
        size = max(1, (SHARED if threads > 1 else BLOCK) // elements)
        decided = np.empty(count, dtype=bool)
        coarse = level == "single" and self.rank == 0 and self.op.arity is not None
        together = max(1, min(BLOCKS, n, count // size // (2 * threads))) if self.rank == 0 and not coarse else 1
        step = size * together

        def part(start: int) -> None:
            stop = min(start + step, count)
            blocks = [
                {name: entries_first(vector[s : min(s + size, stop)], coarse) for name, vector in vectors.items()}
                for s in range(start, stop, size)
            ]
            (value,) = machine.run(program, blocks, symbols, level, reach)
            patterns, sure = self._read(value)
            bits[start:stop] = patterns.reshape(-1) if coarse else patterns.transpose(self.rank, *range(self.rank))
            decided[start:stop] = sure.reshape(-1) if coarse else values.over_entries(np.logical_and, sure)

        _each(part, range(0, count, step), threads)
        return decided


def _threads(elements: int) -> int:
    return CORES if elements >= 2 * CORES * SHARED else 1


def _each(part: Callable[[int], None], starts: range, threads: int) -> None:
    """Each part, on so many threads: NumPy lets go of the interpreter while it computes."""
    if threads == 1:
        for start in starts:
            part(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(part, starts):
                pass


@lru_cache(maxsize=1)
def keep_memory() -> None:
    """The C library gives freed memory back to the system beyond a size that adapts to the largest block freed so far.

    Once a large one has been freed, the arrays of a block keep their pages: without this they are mapped anew at every step, which
    costs as much as the arithmetic.
    """
    np.empty(3 << 20)


def _peak(rows: Array) -> Array:
    """The largest modulus of each row; nan where there is one."""
    if rows.shape[1] <= NARROW:
        peak = np.abs(rows[:, 0])
        for column in rows.T[1:]:
            np.maximum(peak, np.abs(column), out=peak)
        return peak
    peak = np.empty(len(rows))
    size = max(1, BLOCK // rows.shape[1])

    def part(start: int) -> None:
        block = rows[start : start + size]
        np.maximum(block.max(axis=1), -block.min(axis=1), out=peak[start : start + size])

    _each(part, range(0, len(rows), size), _threads(rows.size))
    return peak


def entries_first(rows: Array, coarse: bool) -> Array:
    """Rows as a block: entries first. Coarse, all rows share one bound on the error: they stand for entries of one row."""
    if coarse:
        return np.ascontiguousarray(rows.T)[:, :, None]
    return rows.T if rows.shape[1] >= WIDE and rows.flags.c_contiguous else np.ascontiguousarray(rows.T)


# ---- rounding ----------------------------------------------------------------------------------------------------------------


def rounded(v: Twofold, fmt: Format, rounding: str) -> tuple[Array, Array]:
    """(bit patterns, whether each is certain) of values with their bounds.

    To float64, nearest: hi + (lo + E) and hi + (lo - E) are rounded by the machine, whose own rounding of lo +- E is within
    2^-104 |hi| and is added to E; results near the subnormal range or overflow are left to others. Directed: of hi + lo with |lo| at
    most half an ulp, the answer is hi or its neighbour, by the sign of lo, if E does not reach it. To a narrower format: both ends,
    as floats that lie outside by an ulp, are rounded once, and must agree; a value that is not negative ends at 0.
    """
    with by_rows():
        hi, lo = v.hi, np.float64(0) if v.lo is None else v.lo
        size = hi if v.nonnegative else np.abs(hi)
        rel, absolute_ = v.rel * (1 + 2.0**-30), v.abs * (1 + 2.0**-30)
        if fmt.precision < 53:
            error = (rel + 2.0**-50) * size
            error += absolute_ + 2.0**-1060
            ends = (hi - error, hi + error) if v.lo is None else (hi + (lo - error), hi + (lo + error))
            if v.nonnegative:
                np.maximum(ends[0], 0.0, out=ends[0])
            low, high = (fmt.round_floats(end, rounding) for end in ends)
            return low, (low == high) & np.isfinite(error)
        within = (size > 2.0**-950) & (size < 2.0**1020)
        error = size * (rel + 2.0**-103)
        error += absolute_
        if rounding == "nearest":
            up = lo + error
            up += hi
            down = np.subtract(lo, error, out=error)
            down += hi
            return up.view(fmt.uint), (up == down) & within
        hi, lo = values.two_sum(hi, lo)
        sure = (np.abs(lo) > error) & within
        toward = {"down": np.full_like(hi, -np.inf), "up": np.full_like(hi, np.inf), "zero": np.zeros_like(hi)}[
            rounding
        ]
        beyond = np.where(toward > hi, lo > 0, lo < 0)
        return np.where(beyond, np.nextafter(hi, toward), hi).view(fmt.uint), sure
