"""Numbers for a program or a kernel at given rows: what is run, at which floats, and what a kernel does beside its program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, isinf, isnan, log2, nan, prod
from typing import Any

import numpy as np

from smoothsym.certify import special
from smoothsym.certify.inputs import exact_number
from smoothsym.errors import unknown
from smoothsym.formats import Format, get
from smoothsym.kernels import DEFAULTS, Kernel
from smoothsym.kernels.arguments import known_of
from smoothsym.kernels.evaluate import LOW, UNIT
from smoothsym.kernels.task import program_of
from smoothsym.program.operations import Program
from smoothsym.program.rounding.enclosures import Box
from smoothsym.program.rounding.local import constant, nearest
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.rigorous import enclosed, rigorous
from smoothsym.program.specialise import Known

BLOCK = 1 << 16
"""So many entries of rows are bounded at once."""


@dataclass(frozen=True)
class OfProgram:
    """A program in the format of its rows, with numbers for its parameters."""

    program: Program
    model: Model
    fmt: Format
    parameter: dict[str, Any]

    def bounds(self, x: Any) -> Any:
        rows = x.reshape(-1, x.shape[-1])
        size = rows.shape[-1]
        at_once = max(1, BLOCK // max(size, 1))
        parts = [self.of_rows(rows[start : start + at_once]) for start in range(0, len(rows), at_once)]
        whole = np.concatenate(parts) if parts else np.zeros(0)
        found = whole.reshape(x.shape[:-1] + whole.shape[1:])
        return found if found.ndim else float(found)

    def of_rows(self, rows: Any) -> Any:
        names = {str(operation.datum) for operation in self.program.operations if operation.name == "symbol"}
        if missing := sorted(names - set(self.parameter)):
            raise TypeError(f"the program has the parameters {', '.join(sorted(names))}: give {missing[0]}=")
        if extra := sorted(set(self.parameter) - names):
            raise unknown("parameter", extra[0], sorted(names))
        given = {name: _finite(value, name) for name, value in self.parameter.items()}
        symbols = {name: constant(value, self.fmt) for name, value in given.items()}
        floats = {name: np.asarray(nearest(value, self.fmt)[1]) for name, value in given.items()}
        with np.errstate(all="ignore"):
            floats["x"] = rows.astype(self.fmt.dtype).astype(np.float64)
        return rigorous(self.program, {"x": held(rows, self.fmt)}, symbols, self.fmt, self.model, floats=floats)[0]


def _finite(value: Any, name: str) -> Fraction:
    number = exact_number(value, name)
    if not isinstance(number, Fraction):
        raise ValueError(f"{name}={value!r} is no finite number, and a program has no contract for it")
    return number


def held(rows: Any, fmt: Format) -> Box:
    """Rows, and the floats of the format nearest to them."""
    with np.errstate(all="ignore"):
        near = rows.astype(fmt.dtype).astype(np.float64)
    if np.array_equal(near, rows, equal_nan=True):
        return Box(near, near)
    return Box(np.minimum(near, rows), np.maximum(near, rows))


@dataclass(frozen=True)
class OfKernel:
    """A kernel with all that it does beside its program, at numbers for its parameter."""

    kernel: Kernel
    model: Model
    fmt: Format
    parameter: Mapping[str, Any]
    counts: Any = None
    """Which entries count, like x; None where all do."""
    weights: Any = None
    """How often each entry counts, like x; None where each does once."""

    @cached_property
    def op(self) -> Any:
        return self.kernel.op if self.weights is None else self.kernel.op.weighted

    @cached_property
    def work(self) -> Format:
        """float32 for narrower formats, and float64 beside weights in it, but for the definition as it stands."""
        if not self.kernel.contract:
            return self.fmt
        if self.kernel.twice and self.kernel.program.solves:
            return get("float64")
        wide = 32 if self.weights is None or self.weights.dtype.kind != "f" else 8 * self.weights.dtype.itemsize
        return get("float64") if max(wide, self.fmt.bits) > 32 else get("float32")

    @cached_property
    def paired(self) -> bool:
        """Whether it runs in pairs of floats; a search for a maximiser runs in float64 where that is wider than the format."""
        return self.kernel.twice and (self.fmt.bits == 64 or not self.kernel.program.solves)

    @cached_property
    def number(self) -> Fraction | float | None:
        """The parameter, exactly."""
        name = self.op.parameter.name if self.op.parameter is not None else None
        if extra := [key for key in self.parameter if key != name]:
            raise TypeError(f"{self.op.name}: {unknown('parameter', extra[0], [name] if name else [])}")
        return None if name is None else exact_number(self.parameter.get(name, DEFAULTS.get(name, 1)), name)

    def program(self, scaled: bool = False) -> Program:
        """What runs for this parameter; where it is scaled, no more than its sign is known."""
        known = Known() if self.number is None else known_of(float(self.number))
        return program_of(self.op, self.kernel.of, self.kernel.program_form, Known(known.sign) if scaled else known)

    def symbols(self, times: float = 1.0) -> dict[str, Box]:
        """The parameter, and the float that stands for it: finite and no zero."""
        if self.number is None:
            return {}
        value, name = Fraction(self.number) * Fraction(times), self.op.parameter.name
        return {name: constant(value, self.work, within=self.kernel.contract)}

    def floats(self, rows: Any, times: float) -> dict[str, Any]:
        """What the program is given."""
        found = {"x": rows}
        if self.number is not None:
            value = Fraction(self.number) * Fraction(times)
            found[self.op.parameter.name] = np.asarray(nearest(value, self.work, within=self.kernel.contract)[1])
        return found

    def bounds(self, x: Any) -> Any:
        size, rank = x.shape[-1], self.kernel.rank
        rows = x.reshape(prod(x.shape[:-1]), size)
        counts, weights = (None if q is None else q.reshape(rows.shape) for q in (self.counts, self.weights))
        found = np.empty((len(rows), *(size,) * rank))
        special_rows = self._special(rows, np.ones(rows.shape, dtype=bool) if counts is None else counts)
        for place in np.flatnonzero(special_rows):
            found[place] = self._answered(rows[place], _part(counts, place), _part(weights, place))
        usual = np.flatnonzero(~special_rows)
        at_once = max(1, BLOCK // max(size, size**rank, 1))
        for start in range(0, len(usual), at_once):
            places = usual[start : start + at_once]
            found[places] = self._computed(rows[places], _part(counts, places), _part(weights, places))
        found = found.reshape(x.shape[:-1] + (size,) * rank)
        return found if found.ndim else float(found)

    # ---- rows that the contract answers ----------------------------------------------------------------------------------------

    def _special(self, rows: Any, counts: Any) -> Any:
        """Which rows have an answer instead of a program. A definition as it stands has none, and no bound where x is not finite."""
        number = self.number
        if not rows.shape[-1] or (number is not None and (isinstance(number, float) or number == 0)):
            return np.ones(len(rows), dtype=bool)
        if self.op.kind is None:
            return ~np.all(np.isfinite(rows), axis=-1)
        dominant, negligible = self.op.dominance.ends(1 if number is None else number)
        key = np.abs(rows) if self.op.kind == "modulus" else rows
        found = np.any(counts & (np.isnan(rows) | (key == dominant)), axis=-1)
        found = found | np.all(~counts | (key == negligible), axis=-1)
        return found | (self.op.domain == "positive") & np.any(counts & (rows < 0), axis=-1)

    def _answered(self, row: Any, counts: Any, weights: Any) -> Any:
        """One rounding of the answer, and what it is computed from; 0 for an entry that does not count. Where there is no number, nan."""
        if counts is not None:
            inner = self._answered(row[counts], None, None if weights is None else weights[counts])
            if not self.kernel.rank:
                return inner
            found = np.zeros(len(row))
            found[counts] = inner
            return found
        number = Fraction(1) if self.number is None else self.number
        if not self.kernel.contract or (self.op.domain == "positive" and np.any(row < 0)):
            return nan
        entries: list[Any] = [v if isinf(v) or isnan(v) else Fraction(v) for v in map(float, row)]
        negative = isinstance(number, float) and str(number)[0] == "-"
        often = None if weights is None else [Fraction(float(v)) for v in weights]
        answer = special.answer(self.op, entries, number, self.kernel.of, negative, often)
        if answer is None:
            return nan
        values = np.array([float(v) for v in (answer.value if isinstance(answer.value, list) else [answer.value])])
        u, eta = float(self.fmt.u), float(self.fmt.smallest_subnormal)
        with np.errstate(all="ignore"):
            error = np.where(np.isfinite(values) & (values != 0), np.abs(values) * u * (1 + 2 * u) + eta, 0.0)
            if (not number or isinstance(number, float)) and np.all(np.isfinite(row)):
                # A mean, an extreme entry, a share: two roundings an entry, of numbers as large as the entries.
                size = float(np.mean(np.abs(row))) if self.kernel.of == "value" else 0.0
                error = error + (len(row) + 4) * float(self.work.u) * (size + np.abs(values)) + (len(row) + 1) * eta
                error = np.where(np.isfinite(values), error, 0.0)
            error = np.where(np.isnan(values), nan, error)
        return error if self.kernel.rank else error[0]

    # ---- rows that are computed ------------------------------------------------------------------------------------------------

    def _computed(self, rows: Any, counts: Any, weights: Any) -> Any:
        plain, size = self._run(rows, counts, weights, 1.0)
        if not self.kernel.contract or not self.op.joint:
            return plain
        # At the ends of the range the kernel runs once more, by the law of joint homogeneity.
        counted = np.isfinite(rows) if counts is None else np.isfinite(rows) & counts
        finite = np.where(counted, rows, 0.0)
        with np.errstate(all="ignore"):
            spread = (np.max(finite, axis=-1) - np.min(finite, axis=-1)).astype(self.work.dtype)
        again = ~np.isfinite(spread.astype(np.float64))
        if np.any(again):
            scale = 2.0 ** ceil(log2(4 * rows.shape[-1]))
            plain[again] = self._run(rows[again], _part(counts, again), _part(weights, again), scale)[0]
        if self.kernel.of == "value" and self.op.arity is None:
            reach, largest = np.max(np.abs(finite), axis=-1), float(self.work.largest)
            low = ~again & (reach > 0) & (reach < largest * UNIT / 16) & ~(size.mig >= LOW / largest)
            if np.any(low):
                lifted = self._run(rows[low], _part(counts, low), _part(weights, low), UNIT)[0]
                # Floats that find less than this for sure run once more, and others either way.
                sure = (size.mag[low] < LOW / largest) & (abs(float(self.number or 0)) > 32 / UNIT / largest)
                plain[low] = np.where(sure, lifted, np.maximum(lifted, plain[low]))
        return plain

    def _run(self, rows: Any, counts: Any, weights: Any, scale: float) -> tuple[Any, Box]:
        """The bounds of rows, and boxes of their results."""
        box = held(rows, self.fmt)
        if scale != 1:
            box = self._divided(box, scale)
        with np.errstate(all="ignore"):
            # A definition as it stands knows no entries without weight.
            known = self.kernel.contract and self.op.kind == "entry"
            weightless = ~np.isfinite(rows) if known and not np.all(np.isfinite(rows)) else None
            beside = {} if weights is None else {"w": held(weights.astype(np.float64), self.work)}
            ((found, size),) = enclosed(
                self.program(scale != 1),
                {"x": box, **beside},
                self.symbols(scale),
                self.work,
                self.model,
                result=self.fmt,
                times=scale if self.kernel.of == "value" else 1.0,
                where=counts,
                weightless=weightless,
                floats=self.floats(rows.astype(self.fmt.dtype).astype(np.float64) / scale, scale),
                paired=self.paired,
            )
        if self.kernel.of == "gradient" and self.kernel.rank == 1:
            found = found if weightless is None else np.where(weightless, 0.0, found)
            found = found if counts is None else np.where(counts, found, 0.0)
        shape = (len(rows), *(rows.shape[-1],) * self.kernel.rank)
        return np.array(np.broadcast_to(found.reshape(found.shape + (1,) * (len(shape) - found.ndim)), shape)), size

    def _divided(self, box: Box, scale: float) -> Box:
        """Entries divided by a power of two, which may cost their last digits."""
        lo, hi = box.lo / scale, box.hi / scale
        lost = np.where(np.minimum(np.abs(lo), np.abs(hi)) < 4 * float(self.work.smallest_normal), float(self.work.smallest_subnormal), 0.0)  # fmt: skip
        lost = np.where((lo == 0) & (hi == 0), 0.0, lost)
        return Box(lo - lost, hi + lost)


def _part(beside: Any, places: Any) -> Any:
    return None if beside is None else beside[places]
