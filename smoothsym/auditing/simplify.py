"""A finding is told by the shortest, roundest input that still shows it: every move that reads better and shows it too is kept."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor, frexp, inf, isfinite, log10

import numpy as np

from smoothsym.auditing.finding import Finding
from smoothsym.auditing.measure import Task, run
from smoothsym.auditing.vectors import vectors_beside
from smoothsym.cases import Case

CALLS = 80
"""How often a target is called to simplify one finding."""

ENTRIES = 40_000
"""How many entries it is given in all."""

KEPT = 3.0
"""So many decades of the scaled error are shown by what stands for a larger one."""

Row = tuple[float, ...]


def simplified(finding: Finding, task: Task, lengths: Collection[int], until: float | None = None) -> Finding:
    """The finding, or one of its kind at an input that is easier to read; where it is about a user's row, it keeps the tags of that."""
    if not finding.inputs or finding.kind == "largest error":
        return finding
    sizes = _Lengths(task, lengths, len(finding.inputs), finding.case.parameter)
    calls = entries = 0
    tried: set[str] = set()
    moved = True
    while moved:
        moved = False
        for case in _moves(finding, task, sizes):
            if (known := repr(case)) in tried:
                continue
            if calls >= CALLS or entries + len(case.x) > ENTRIES or (until is not None and time.time() > until):
                return finding
            tried.add(known)
            calls, entries = calls + 1, entries + len(case.x)
            found = run(task, [case])
            found.settle(task)
            other = found.findings.get(finding.kind)
            if other is not None and _shows(other, finding):
                finding, moved = other, True
                break
    return finding


def _shows(other: Finding, finding: Finding) -> bool:
    """Whether a finding of the same kind is easier to read, and still worth being shown."""
    kept = min(finding.severity, max(KEPT, 1.0 if finding.falls else 0.0))
    return other.falls == finding.falls and other.severity >= kept and other.plainness > finding.plainness


def _moves(finding: Finding, task: Task, lengths: _Lengths) -> Iterator[Case]:
    """Inputs that may be easier to read, the boldest first."""
    case = finding.case
    if "data" in case.tags and "simplified" not in case.tags:
        case = replace(case, tags=(*case.tags, "simplified"))
    x = case.x
    for places in _shorter(x, finding.component, lengths):
        beside = case.v if case.v is None or len(case.v) != len(x) else tuple(case.v[q] for q in places)
        yield replace(case, x=tuple(x[q] for q in places), v=beside)
    if not all(map(isfinite, x)):
        return
    if task.passed and case.parameter is not None and isfinite(case.parameter):
        for value in _plainer(case.parameter, task.op.kind):
            if not task.parameters or value in task.parameters:
                yield replace(case, parameter=value)
    for row in _in_format(_rounder(x), task):
        if row != x and (task.op.domain == "real" or min(row) > 0):
            yield replace(case, x=row)
    if case.v:
        yield from (replace(case, v=row) for row in _in_format(_rounder(case.v), task) if row != case.v and any(row))


@dataclass
class _Lengths:
    """Lengths of rows that a target takes: it is right at a plain row of them, or wrong at one of the usual length, too."""

    task: Task
    asked: Collection[int]
    usual: int
    parameter: float | None
    known: dict[int, bool] = field(default_factory=dict)

    def __contains__(self, size: int) -> bool:
        return size in self.asked and (self._right(size) or not self._right(self.usual))

    def _right(self, size: int) -> bool:
        if size not in self.known:
            row = tuple(1 + (q * 5 % 8) / 8 for q in range(size))
            case = Case(row, self.parameter, ("random",))
            tally = run(self.task, vectors_beside([case], self.task.op, self.task.of, self.task.fmt, 0))
            self.known[size] = tally.max_scaled <= self.task.tol
        return self.known[size]


def _in_format(rows: Iterator[Row], task: Task) -> Iterator[Row]:
    """Rows as numbers of the format, of which all are finite."""
    for wanted in rows:
        with np.errstate(all="ignore"):
            row = tuple(np.array(wanted).astype(task.fmt.dtype).astype(np.float64).tolist())
        if all(map(isfinite, row)):
            yield row


def _shorter(x: Row, component: int | None, lengths: _Lengths) -> Iterator[Sequence[int]]:
    """Places of fewer entries: that of the entry in question and of the largest ones; either end; all but one."""
    size = len(x)
    sizes = {1, 2, 3, 5, size // 8, size // 4, size // 2, *(q for q in (10, 16, 100) if q < size)}
    for fewer in sorted(q for q in sizes if 0 < q < size and q in lengths):
        yield sorted(sorted(range(size), key=lambda q: (q != component, -abs(x[q])))[:fewer])
        yield range(fewer)
        yield range(size - fewer, size)
    if 1 < size <= 8 and size - 1 in lengths:
        yield from ([q for q in range(size) if q != left] for left in range(size))


def _plainer(parameter: float, kind: str | None) -> Iterator[float]:
    """Parameters that are easier to read."""
    usual = (2.0, 1.0) if kind == "modulus" else (1.0,)
    rounded = (_decimal(parameter, 1), _rounded(parameter, 1), _decimal(parameter, 2))
    yield from (value for value in (*usual, *rounded) if value != parameter)


def _rounder(x: Row) -> Iterator[Row]:
    """Rows whose entries are equal, zero, of one sign, or of few digits; all of them at once first, then one after the other."""
    largest = max(x, key=abs)
    yield from ((v,) * len(x) for v in (0.0, 1.0, *_nearby(largest), *_between(largest), largest))
    if any(v < 0 for v in x):
        yield tuple(abs(v) for v in x)
    yield from zip(*map(_nearby, x), strict=True)
    yield tuple(_rounded(v, 8) for v in x)
    if 1 < len(x) <= 16:
        for place, value in enumerate(x):
            for other in (0.0, x[place - 1], *_nearby(value), *_between(value)):
                yield (*x[:place], other, *x[place + 1 :])


def _nearby(value: float) -> Row:
    """Numbers of few digits, decimal and binary, that are not far away; the roundest first."""
    sign = -1.0 if value < 0 else 1.0
    away = (sign * _decimal(abs(value) * (1 + by), digits) for by, digits in ((0.5, 1), (0.05, 2)))
    return (_decimal(value, 1), _rounded(value, 1), *away, _decimal(value, 2), _rounded(value, 3), _decimal(value, 3))


def _between(value: float) -> Iterator[float]:
    """Powers of ten between 1 and a very large or very small number, which may show the same; and the next ones beyond it."""
    power = log10(abs(value)) if value and isfinite(value) else 0.0
    if abs(power) > 4:
        for wanted in (ceil(power), floor(power), round(power * 0.75), round(power / 2)):
            size = float(f"1e{wanted}")
            yield -size if value < 0 else size


def _decimal(value: float, digits: int) -> float:
    """The nearest number of so many decimal digits."""
    return float(f"{value:.{digits - 1}e}") if isfinite(value) else value


def _rounded(value: float, bits: int) -> float:
    """The nearest number of so many significant bits, small whole ones in full; never beyond every float."""
    if not isfinite(value) or not value:
        return value
    significand, exponent = frexp(value)
    try:
        result = round(significand * 2**bits) * 2.0 ** (exponent - bits)
    except OverflowError:
        return inf
    return result if result else value
