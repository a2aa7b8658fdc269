"""What is right at a case, by the contract, by enclosures or by the batch, or why nothing is known; remembered, so that targets share it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import copysign, isfinite, isinf, isnan
from threading import Lock
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp
from sympy import Expr

from smoothsym.auditing.measuring.judge import Reference
from smoothsym.cases import Case
from smoothsym.certify import special
from smoothsym.certify.enclosure import Refused, make_mpf
from smoothsym.certify.measured import Measured, measure
from smoothsym.certify.measured_rows import MeasuredRows, measure_rows, scale_rows
from smoothsym.certify.scale import axes_of, entrywise
from smoothsym.formats import FORMATS, Format

LONG = 32
"""Above this length a row is measured by the batch, to as many digits as a finding shows: enclosures of so many entries take long."""
_DIGITS = 2.0**-36
"""What the batch may leave open of u |f|, then: less than the 22nd digit."""


class Memory:
    """The latest results of a function, as many as their entries allow."""

    def __init__(self, entries: int) -> None:
        self.entries, self.held, self.lock = entries, 0, Lock()
        self.known: OrderedDict[Any, tuple[Any, int]] = OrderedDict()

    def get(self, key: Any, size: int, make: Callable[[], Any]) -> Any:
        with self.lock:
            if key in self.known:
                self.known.move_to_end(key)
                return self.known[key][0]
        found = make()
        with self.lock:
            if key not in self.known:
                self.held += size
            self.known[key] = found, size
            while self.held > self.entries and len(self.known) > 1:
                self.held -= self.known.popitem(last=False)[1][1]
        return found


_REFERENCES, _ROWS = Memory(200_000), Memory(2_000_000)


def reference(op: Any, of: str | Expr, case: Case) -> Reference:
    """What is right at a case; remembered, so that the targets of an operator share it."""
    key = (op, of, case.x, repr(case.parameter), case.v)
    found: Reference = _REFERENCES.get(key, len(case.x) + 1, lambda: _reference(op, of, case))
    return found


def exact_parameter(value: Any) -> Any:
    """A parameter as the number that it is; 1 where there is none."""
    if value is None:
        return Fraction(1)
    return Fraction(value) if isfinite(value) else value


def _reference(op: Any, of: str | Expr, case: Case) -> Reference:
    row = [v if isnan(v) or isinf(v) else Fraction(v) for v in case.x]
    number = exact_parameter(case.parameter)
    below = case.parameter == 0 and copysign(1.0, case.parameter) < 0
    answer = special.answer(op, row, number, of, below)
    if answer is not None:
        if isinstance(of, Expr) or of not in ("value", "gradient") or _unanswered(op, row, number, answer.value, below):
            return Reference(refused="the contract has no row for it")
        return Reference(answer=answer)
    if why := _without_answer(op, of, row, number):
        return Reference(refused=why)
    try:
        found = Reference(measured=_measured(op, of, case, row, number))
        return found if found.middles else Reference(refused="nothing to judge")
    except (Refused, ArithmeticError, ValueError) as error:
        return Reference(refused=str(error))


def _unanswered(op: Any, row: Sequence[Any], number: Any, value: Any, below: bool) -> bool:
    """Whether nan stands for no answer: the operator has no such row, or its limit is no number that the contract can work out."""
    values = value if isinstance(value, list) else [value]
    if not any(isinstance(v, float) and isnan(v) for v in values):
        return False
    finite = bool(row) and not any(isinstance(v, float) for v in row) and number == number
    return finite or op.special(special.condition(row, number, op.dominance, below)) is special.UNANSWERED


def _without_answer(op: Any, of: str | Expr, row: Sequence[Any], number: Any) -> str:
    """Why an ordinary row has no answer: it has infinite entries, or entries without weight at which the output is none; else empty."""
    without = special.weightless(row, number, op.dominance_of(of))
    if any(isinstance(v, float) and not skip for v, skip in zip(row, without, strict=True)):
        return "the contract has no row for these infinities"
    if not any(without):
        return ""
    if of != "value" and op.kind == "modulus" and number <= 1:
        return "the slope at a kink is a convention"
    if (isinstance(of, Expr) and axes_of(op, of)) or (op.vector and not _fades(op, of, row, number, without)):
        return "nothing is known of an output at entries without weight"
    return ""


def _fades(op: Any, of: str | Expr, row: Sequence[Any], number: Any, without: Sequence[bool]) -> bool:
    """Whether a vector is 0 at entries without weight: as softmax is at -inf, and its logarithm is not."""
    if op.kind != "entry" or of != "value":
        return False
    kept = [v for v, skip in zip(row, without, strict=True) if not skip]
    far = Fraction(2**16) / abs(number)
    end = min(kept) - far if op.dominance.leaning(number) > 0 else max(kept) + far
    value = measure(op, [end if skip else v for v, skip in zip(row, without, strict=True)], number, of)
    return all(
        abs(high) < mpmath.mpf(2) ** -1100 for (_, high), skip in zip(value.values, without, strict=True) if skip
    )


def _measured(op: Any, of: str | Expr, case: Case, row: Sequence[Any], number: Any) -> Any:
    if len(row) > LONG and all(map(isfinite, case.x)):
        x = np.array([case.x])
        v = None if case.v is None else np.array([case.v])
        found = measure_rows(op, x, case.parameter, of, v, scales=False, fine=_DIGITS)
        if not found.open[0]:
            return MeasuredRow(op, of, case, x, v, found)
    return measure(op, row, number, of, v=case.v)


@dataclass
class MeasuredRow:
    """What Measured is, of one row that the batch has measured."""

    op: Any
    of: str | Expr
    case: Case
    x: Any
    v: Any
    found: MeasuredRows
    _scales: dict[int, Any] = field(default_factory=dict)

    @property
    def values(self) -> list[tuple[Any, Any]]:
        """Enclosures of every output."""
        parts = (part[0].reshape(-1).tolist() for part in (self.found.high, self.found.low, self.found.error))
        return [_ends(*map(libmp.from_float, pair)) for pair in zip(*parts, strict=True)]

    def scales(self, component: int = 0) -> Any:
        """The scale of an output, as an mpf."""
        if component not in self._scales:
            place = np.array([0]), np.array([component])
            (scale,) = scale_rows(
                self.op, self.x, self.case.parameter, self.of, self.v, *place, self.found.high, FORMATS["float64"]
            )
            self._scales[component] = self._enclosed.scales(component) if isnan(scale) else mpmath.mpf(scale)
        return self._scales[component]

    @property
    def _enclosed(self) -> Measured:
        row = [Fraction(entry) for entry in self.case.x]
        return measure(self.op, row, exact_parameter(self.case.parameter), self.of, v=self.case.v)


def _ends(high: Any, low: Any, error: Any) -> tuple[Any, Any]:
    middle = libmp.mpf_add(high, low)
    ends = libmp.mpf_sub(middle, error, 200, "f"), libmp.mpf_add(middle, error, 200, "c")
    return make_mpf(ends[0]), make_mpf(ends[1])


def measured_rows(op: Any, of: str | Expr, x: Any, parameter: Any, v: Any, fmt: Format) -> MeasuredRows:
    """Exact values of rows, without the scales of vectors; remembered, so that the targets of an operator share them."""
    key = (op, of, fmt.name, repr(parameter), x.shape, x.tobytes(), None if v is None else v.tobytes())
    scales = not entrywise(op, of)
    found: MeasuredRows = _ROWS.get(
        key, 4 * x.size, lambda: measure_rows(op, x, parameter, of, v, fmt=fmt, scales=scales)
    )
    return found
