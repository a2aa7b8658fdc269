"""A finding is told by the shortest, roundest input that still shows it: of the moves that read better and show it too the plainest is kept, and so on."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor, frexp, inf, isfinite, isnan, log10

import numpy as np

from smoothsym.auditing.asking.vectors import vectors_beside
from smoothsym.auditing.findings.finding import Finding
from smoothsym.auditing.measuring.judge import finding_of
from smoothsym.auditing.measuring.measure import Task, rough, run
from smoothsym.cases import Case

CALLS = 480
"""How often a target is called to simplify one finding."""

ENTRIES = 40_000
"""How many entries it is given in all."""

LOOKS = 40
"""So many inputs are judged exactly, of those that floats judge to be as bad."""

KEPT = 3.0
"""So many decades of the scaled error are shown by what stands for a larger one."""

UNSHOWN = ("largest error", "broken invariant")
"""Kinds that no single input shows."""

UNSCORED = ("special value", "convention")
"""Kinds of inputs that have no scaled error."""

COSTLY = ("hangs", "dies")
"""Kinds of which each showing costs seconds, or a process."""

Row = tuple[float, ...]


def simplified(finding: Finding, task: Task, lengths: Collection[int], until: float | None = None) -> Finding:
    """The finding, or one of its kind at an input that is easier to read; where it is about a user's row, it keeps the tags of that."""
    if not finding.inputs or finding.kind in UNSHOWN:
        return finding
    sizes = _Lengths(task, lengths, len(finding.inputs), finding.case.parameter)
    trial = _Trial(task, until)
    better: Finding | None = finding
    while better is not None:
        finding = better
        better = next(filter(None, (trial.best(finding, round_) for round_ in _rounds(finding, task, sizes))), None)
    return finding


@dataclass
class _Trial:
    """What is tried to simplify one finding, and what of it is left: inputs are called and judged roughly together, the plainest that
    may do exactly.
    """

    task: Task
    until: float | None
    calls: int = CALLS
    entries: int = ENTRIES
    looks: int = LOOKS
    tried: set[Case] = field(default_factory=set)

    def best(self, finding: Finding, round_: _Round) -> Finding | None:
        """The plainest of the inputs that show the finding; None where none does."""
        promising = self._promising(finding, round_.cases)
        if round_.joint and len(promising) > 1:
            joint = self._promising(finding, _joined(finding.case, promising))
            promising = _by_plainness([*joint, *promising], finding)
        for case in promising:
            if not self.looks or self._late():
                return None
            self.looks -= 1
            found = run(self.task, [case])
            found.settle(self.task)
            other = found.findings.get(finding.kind)
            if other is not None and _shows(other, finding):
                return other
        return None

    def _promising(self, finding: Finding, cases: Iterable[Case]) -> list[Case]:
        """Inputs that read better, the plainest first, and err about as much, as far as floats tell."""
        chosen = []
        for case in _by_plainness([case for case in cases if case not in self.tried], finding):
            if not self.calls or self.entries < len(case.x) or case in self.tried:
                continue
            self.tried.add(case)
            self.calls, self.entries = self.calls - 1, self.entries - len(case.x)
            chosen.append(case)
        if len(chosen) < 2 or finding.kind in COSTLY or self._late():
            return chosen
        errors = rough(self.task, chosen, self.until).T.tolist()
        return [case for case, numbers in zip(chosen, errors, strict=True) if self._may_show(finding, *numbers)]

    def _may_show(self, finding: Finding, scaled: float, ulp: float, flushed: float) -> bool:
        """Whether rough errors leave it open that an input shows the finding: nan is that of what has none."""
        if not finding.exact or (isnan(scaled) and finding.kind in UNSCORED):
            return True
        if finding.kind == "flush to zero":
            return flushed > 0
        beyond = finding.scaled > self.task.tol
        return (scaled > self.task.tol) == beyond and _as_bad(replace(finding, scaled=scaled, ulp=ulp), finding)

    def _late(self) -> bool:
        return self.until is not None and time.time() > self.until


def _shows(other: Finding, finding: Finding) -> bool:
    """Whether a finding of the same kind is easier to read, and still worth being shown."""
    return _as_bad(other, finding) and other.plainness > finding.plainness


def _as_bad(other: Finding, finding: Finding) -> bool:
    kept = min(finding.severity, max(KEPT, 1.0 if finding.falls else 0.0))
    return other.falls == finding.falls and other.severity >= kept


def _by_plainness(cases: Sequence[Case], finding: Finding) -> list[Case]:
    """Those that read better than the finding, the plainest first."""
    read, plain = [(_plainness(case), case) for case in cases], finding.plainness
    better = [pair for pair in read if pair[0] > plain]
    return [case for _, case in sorted(better, key=lambda pair: pair[0], reverse=True)]


def _plainness(case: Case) -> tuple[float, float]:
    return finding_of("", case, "", "", 0.0, 0.0, False).plainness


def _joined(case: Case, moved: Sequence[Case]) -> Iterator[Case]:
    """Inputs in which many entries are moved at once, each to the plainest number that may do alone: all of them, halves, quarters."""
    numbers: dict[int, float] = {}
    for other in moved:
        for place, (old, new) in enumerate(zip(case.x, other.x, strict=True)):
            if new != old:
                numbers.setdefault(place, new)
    size, places = len(numbers), sorted(numbers)
    while size > 1:
        for start in range(0, len(places), size):
            some = set(places[start : start + size])
            yield replace(moved[0], x=tuple(numbers[q] if q in some else v for q, v in enumerate(case.x)))
        size = (size + 1) // 2


@dataclass(frozen=True)
class _Round:
    """Inputs that are tried together; `joint`: each moves an entry, and more than one may be moved."""

    cases: Sequence[Case]
    joint: bool = False


def _rounds(finding: Finding, task: Task, lengths: _Lengths) -> Iterator[_Round]:
    """Inputs that may be easier to read, the boldest first."""
    case = finding.case
    if "data" in case.tags and "simplified" not in case.tags:
        case = replace(case, tags=(*case.tags, "simplified"))
    x = case.x
    for choices in _shorter(x, finding.component, lengths):
        yield _Round([_of_places(case, places) for places in choices])
    if not all(map(isfinite, x)):
        return
    if not case.v:
        yield _Round([replace(case, x=row) for row in _in_format(_farther(x, lengths), task)])
    if task.passed and case.parameter is not None and isfinite(case.parameter):
        plainer = _plainer(case.parameter, task.op.kind)
        yield _Round([replace(case, parameter=v) for v in plainer if not task.parameters or v in task.parameters])
    for rows, joint in ((_rounder(x), False), (_by_entry(x), True)):
        kept = [row for row in _in_format(rows, task) if task.op.domain == "real" or min(row) > 0]
        yield _Round([replace(case, x=row) for row in kept if row != x], joint)
    if case.v:
        for rows in (_rounder(case.v), _by_entry(case.v)):
            yield _Round([replace(case, v=row) for row in _in_format(rows, task) if row != case.v and any(row)])


def _of_places(case: Case, places: Sequence[int]) -> Case:
    """The case with some of its entries."""
    beside = case.v if case.v is None or len(case.v) != len(case.x) else tuple(case.v[q] for q in places)
    return replace(case, x=tuple(case.x[q] for q in places), v=beside)


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


def _shorter(x: Row, component: int | None, lengths: _Lengths) -> Iterator[list[Sequence[int]]]:
    """Places of fewer entries, by their number: that of the entry in question and of the largest ones; either end; all but one."""
    size = len(x)
    sizes = {1, 2, 3, 5, size // 8, size // 4, size // 2, *(q for q in (10, 16, 100) if q < size)}
    for fewer in sorted(q for q in sizes if 0 < q < size):
        if fewer not in lengths:
            continue
        largest = sorted(sorted(range(size), key=lambda q: (q != component, -abs(x[q])))[:fewer])
        yield [largest, range(fewer), range(size - fewer, size)]
    if 1 < size <= 8 and size - 1 in lengths:
        yield [[q for q in range(size) if q != left] for left in range(size)]


def _farther(x: Row, lengths: _Lengths) -> Iterator[Row]:
    """Fewer entries, all alike, a step farther out: what several do together one may do there."""
    largest = max(x, key=abs)
    power = log10(abs(largest)) if largest else 0.0
    if abs(power) > 4:
        size = float(f"1e{ceil(power) if power > 0 else floor(power)}")
        for fewer in (1, 2):
            if fewer < len(x) and fewer in lengths:
                yield (-size if largest < 0 else size,) * fewer


def _plainer(parameter: float, kind: str | None) -> Iterator[float]:
    """Parameters that are easier to read."""
    usual = (2.0, 1.0) if kind == "modulus" else (1.0,)
    rounded = (_decimal(parameter, 1), _rounded(parameter, 1), _decimal(parameter, 2))
    yield from (value for value in (*usual, *rounded) if value != parameter)


def _rounder(x: Row) -> Iterator[Row]:
    """Rows whose entries are equal, zero, of one sign, or of few digits, all of them at once."""
    largest = max(x, key=abs)
    yield from ((v,) * len(x) for v in (0.0, 1.0, *_nearby(largest), *_between(largest), largest))
    if any(v < 0 for v in x):
        yield tuple(abs(v) for v in x)
    yield from zip(*map(_nearby, x), strict=True)
    yield tuple(_rounded(v, 8) for v in x)


def _by_entry(x: Row) -> Iterator[Row]:
    """Rows one entry of which is zero, equal to another, or of few digits."""
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
