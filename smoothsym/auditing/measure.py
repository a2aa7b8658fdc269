"""Rows go to a target and to the certifier alike; what is kept is the worst of each kind, so that shards merge in any order."""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import inf, isfinite, isinf, isnan
from threading import Lock
from typing import Any

import numpy as np

from smoothsym.auditing import judge as judging
from smoothsym.auditing.behaviour import misbehaviour
from smoothsym.auditing.calls import Call, Passing, call_rows
from smoothsym.auditing.cause import kind_of
from smoothsym.auditing.finding import Finding
from smoothsym.auditing.judge import Judgement, Reference
from smoothsym.cases import Case
from smoothsym.certify import special
from smoothsym.certify.enclosure import Refused
from smoothsym.certify.measured import measure
from smoothsym.formats import Format

_REFERENCES: OrderedDict[Any, Reference] = OrderedDict()
_ENTRIES = 200_000
"""How many entries of rows are remembered, over all references."""
_held = 0
_LOCK = Lock()


def _parameter(value: Any) -> Any:
    if value is None:
        return Fraction(1)
    return Fraction(value) if isfinite(value) else value


def reference(op: Any, of: str, case: Case) -> Reference:
    """What is right at a case; remembered, so that the targets of an operator share it."""
    global _held
    key = (op, of, case.x, repr(case.parameter))
    with _LOCK:
        if key in _REFERENCES:
            _REFERENCES.move_to_end(key)
            return _REFERENCES[key]
    found = _reference(op, of, case)
    with _LOCK:
        if key not in _REFERENCES:
            _held += len(case.x) + 1
        _REFERENCES[key] = found
        while _held > _ENTRIES and len(_REFERENCES) > 1:
            old, _ = _REFERENCES.popitem(last=False)
            _held -= len(old[2]) + 1
    return found


def _reference(op: Any, of: str, case: Case) -> Reference:
    row = [v if isnan(v) or isinf(v) else Fraction(v) for v in case.x]
    number = _parameter(case.parameter)
    answer = special.answer(op, row, number, of)
    if answer is not None:
        if _unanswered(op, row, number, answer.value):
            return Reference(refused="the contract has no row for it")
        return Reference(answer=answer)
    without = special.weightless(row, number, op.kind)
    if any(isinstance(v, float) and not skip for v, skip in zip(row, without, strict=True)):
        return Reference(refused="the contract has no row for these infinities")
    if of == "gradient" and op.kind == "modulus" and number <= 1 and any(without):
        return Reference(refused="the slope at a kink is a convention")
    try:
        found = Reference(measured=measure(op, row, number, of))
        return found if found.middles else Reference(refused="nothing to judge")
    except (Refused, ArithmeticError, ValueError) as error:
        return Reference(refused=str(error))


def _unanswered(op: Any, row: Sequence[Any], number: Any, value: Any) -> bool:
    """Whether nan stands for no answer: the operator has no such row, or its limit is no number that the contract can work out."""
    values = value if isinstance(value, list) else [value]
    if not any(isinstance(v, float) and isnan(v) for v in values):
        return False
    finite = bool(row) and not any(isinstance(v, float) for v in row) and number == number
    return finite or op.special(special.condition(row, number, op.kind)) is special.UNANSWERED


@dataclass
class Tally:
    """What rows amounted to: maxima, and the worst finding of each kind."""

    rows: int = 0
    refused: int = 0
    uncalled: int = 0
    max_ulp: float = 0.0
    max_scaled: float = 0.0
    max_normwise: float = 0.0
    max_over_bound: float | None = None
    worst: Finding | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    flushed: list[Finding] = field(default_factory=list)
    gradual: bool = False
    stopped: bool = False
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        if finding.kind not in self.findings or finding.rank > self.findings[finding.kind].rank:
            self.findings[finding.kind] = finding

    def merge(self, other: Tally) -> None:
        """Take in another tally; the order does not matter."""
        self.rows, self.refused = self.rows + other.rows, self.refused + other.refused
        self.uncalled += other.uncalled
        self.max_ulp, self.max_scaled = max(self.max_ulp, other.max_ulp), max(self.max_scaled, other.max_scaled)
        self.max_normwise = max(self.max_normwise, other.max_normwise)
        if other.max_over_bound is not None:
            self.max_over_bound = max(self.max_over_bound or 0.0, other.max_over_bound)
        if other.worst is not None and (self.worst is None or other.worst.rank > self.worst.rank):
            self.worst = other.worst
        for finding in other.findings.values():
            self.add(finding)
        self.flushed += other.flushed
        self.notes |= other.notes
        self.gradual, self.stopped = self.gradual or other.gradual, self.stopped or other.stopped

    def settle(self) -> None:
        """Say what zeros in place of subnormals were: flushing, unless the target returned a subnormal, or a zero for more."""
        for finding in self.flushed:
            if self.gradual:
                self.add(finding)
                self.max_scaled = max(self.max_scaled, finding.scaled)
            else:
                kept = {k: getattr(finding, k) for k in finding.__dataclass_fields__}
                self.add(Finding(**{**kept, "kind": "flush to zero", "falls": False}))
        self.flushed = []


@dataclass(frozen=True)
class Task:
    """What to measure: a target (or a Guard around it) of an operator's output in a format, and how it gets its parameter."""

    target: Any
    op: Any
    of: str
    fmt: Format
    tol: float = 8.0
    passing: Passing = field(default_factory=Passing)
    batched: bool = False
    bound: Callable[[Any, Any], Any] | None = None

    @property
    def passed(self) -> bool:
        """Whether the target is given its parameter, so that it may have another."""
        return self.passing != Passing()

    def call(self, x: Any, parameter: Any) -> Call:
        """Call the target on a row, or on rows."""
        return self.calls([x], [parameter])[0]

    def calls(self, rows: Sequence[Any], parameters: Sequence[Any]) -> list[Call]:
        """Call the target on each row, with its parameter."""
        arguments = [self.passing.arguments(parameter) for parameter in parameters]
        return call_rows(self.target, rows, arguments, self.of == "gradient", self.op.arity == 1)


def run(
    task: Task, cases: Sequence[Case], until: float | None = None, progress: Callable[[int, int], None] | None = None
) -> Tally:
    """Measure a target on cases, the first at least, until the clock says `until`."""
    tally, done = Tally(), 0
    with silence():
        for group in _groups(task, cases):
            if until is not None and done and time.time() > until:
                tally.stopped = True
                break
            _group(task, group, tally)
            done += len(group)
            if progress is not None:
                progress(done, len(cases))
    return tally


@contextmanager
def silence() -> Iterator[None]:
    """What a target does to warnings and floating-point flags is not shown."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(np.errstate(all="ignore"))
        yield


def _groups(task: Task, cases: Sequence[Case]) -> list[list[Case]]:
    """The cases that go into one call: one, or, batched, all of one length and parameter."""
    if not task.batched:
        return [[case] for case in cases]
    groups: dict[tuple[int, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((len(case.x), repr(case.parameter)), []).append(case)
    return list(groups.values())


def _group(task: Task, group: Sequence[Case], tally: Tally) -> None:
    """One call and the judgement of its rows; a fault of the call is a fault of each of them."""
    if not task.batched:
        case = group[0]
        _one(task, case, task.call(np.array(case.x, dtype=task.fmt.dtype), case.parameter), tally)
        return
    size = len(group[0].x)
    rows = np.array([case.x for case in group], dtype=task.fmt.dtype).reshape(len(group), size)
    result = task.call(rows, group[0].parameter)
    width = size if task.of == "gradient" else 1
    for place, case in enumerate(group):
        _one(task, case, replace(result, numbers=result.numbers[place * width : (place + 1) * width]), tally)


def _one(task: Task, case: Case, result: Call, tally: Tally) -> None:
    if not result.called:
        tally.uncalled += 1
        return
    tally.rows += 1
    exact = reference(task.op, task.of, case)
    special_row = exact.answer is not None
    # To refuse an empty row, a nan or an infinite parameter is a choice; to refuse what has a value is not.
    choice = special_row or bool(exact.refused)
    found = [] if result.behaved else misbehaviour(result, case, choice, _wanted(exact))
    for finding in found:
        tally.add(finding)
    if result.fault:
        if not choice:
            tally.max_ulp = tally.max_scaled = tally.max_normwise = inf
            tally.worst = max((f for f in (tally.worst, found[-1]) if f is not None), key=lambda f: f.rank)
        return
    if exact.refused:
        tally.refused += 1
    elif special_row:
        wrong = judging.special_finding(result.got, exact, case, task.fmt, task.tol, task.of)
        if wrong is not None:
            tally.add(wrong)
    else:
        _ordinary(task, case, result.got, exact, tally)


def _wanted(exact: Reference) -> str:
    if exact.answer is not None:
        values = exact.answer.value if isinstance(exact.answer.value, list) else [exact.answer.value]
        texts = [repr(v) if isinstance(v, float) else judging.decimal(judging.raw_of(v)) for v in values[:4]]
        return (
            texts[0]
            if values is not exact.answer.value
            else f"[{', '.join(texts)}{', ...' if len(values) > 4 else ''}]"
        )
    return judging.decimal(exact.middles[0]) if exact.middles else "unknown"


def _ordinary(task: Task, case: Case, got: list[float], exact: Reference, tally: Tally) -> None:
    small = float(task.fmt.smallest_normal)
    judged = judging.judge(got, exact, task.fmt, task.tol, tally.max_scaled)
    kind = kind_of(judged, got, exact, case, task.op, task.of, task.fmt, task.tol)
    zero_for_more = kind is not None and judged.got == 0 and judged.scaled > task.tol and judged.error >= small
    tally.gradual = tally.gradual or zero_for_more or any(0 < abs(g) < small for g in got)
    if judging.flushed(judged, task.fmt, task.tol):
        tally.flushed.append(judging.judged_finding(judged, case, kind or "inaccurate", task.of, task.tol))
        return
    infinite = any(isinf(v) for v in case.x)
    finding = (
        judging.judged_finding(judged, case, kind or "largest error", task.of, task.tol)
        if _matters(judged, kind, tally)
        else None
    )
    if kind is not None and finding is not None:
        tally.add(finding)
    if infinite:
        return
    tally.max_ulp = max(tally.max_ulp, judged.ulp)
    tally.max_normwise = max(tally.max_normwise, judged.normwise)
    if not isnan(judged.scaled):
        tally.max_scaled = max(tally.max_scaled, judged.scaled)
        if finding is not None and (tally.worst is None or finding.rank > tally.worst.rank):
            tally.worst = finding
    if task.bound is not None and case.x:
        allowed = task.bound(np.array(case.x, dtype=task.fmt.dtype), case.parameter)
        tally.max_over_bound = max(tally.max_over_bound or 0.0, judging.over_bound(got, exact, allowed, task.fmt))


def _matters(judged: Judgement, kind: str | None, tally: Tally) -> bool:
    return kind is not None or (
        not isnan(judged.scaled) and (tally.worst is None or judged.scaled >= tally.worst.scaled)
    )
