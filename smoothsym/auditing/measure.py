"""Rows go to a target and to the certifier alike; what is kept is the worst of each kind, so that shards merge in any order."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, isfinite, isinf, isnan
from typing import Any

import numpy as np

from smoothsym.auditing import judge as judging
from smoothsym.auditing.calls import Call, call
from smoothsym.auditing.finding import Finding
from smoothsym.auditing.judge import Judgement, Reference
from smoothsym.cases import Case, Facts
from smoothsym.certify import special
from smoothsym.certify.enclosure import Refused
from smoothsym.certify.measured import measure
from smoothsym.formats import Format

_REFERENCES: OrderedDict[Any, Reference] = OrderedDict()
_ENTRIES = 200_000
"""How many entries of rows are remembered, over all references."""
_held = 0


def facts_of(op: Any, of: str = "value") -> Facts:
    """The facts of an operator that its cases are made from."""

    def evaluate(x: Sequence[float], parameter: float | None) -> Any:
        row = [Fraction(v) for v in x]
        try:
            return measure(op, row, _parameter(parameter), of, bits=16).values[0][0]
        except (ArithmeticError, ValueError, IndexError):
            return 0

    def naive(x: Any, parameter: float | None) -> Any:
        keywords = {} if op.parameter is None else {op.parameter.name: parameter}
        return op.kernels["naive" if of == "value" else "naive_gradient"](x, **keywords)

    return Facts(op.domain, op.arity, op.kind, evaluate, naive)


def _parameter(value: Any) -> Any:
    if value is None:
        return Fraction(1)
    return Fraction(value) if isfinite(value) else value


def reference(op: Any, of: str, case: Case) -> Reference:
    """What is right at a case; remembered, so that the targets of an operator share it."""
    global _held
    key = (op, of, case.x, repr(case.parameter))
    if key in _REFERENCES:
        _REFERENCES.move_to_end(key)
        return _REFERENCES[key]
    found = _REFERENCES[key] = _reference(op, of, case)
    _held += len(case.x) + 1
    while _held > _ENTRIES and len(_REFERENCES) > 1:
        old, _ = _REFERENCES.popitem(last=False)
        _held -= len(old[2]) + 1
    return found


def _reference(op: Any, of: str, case: Case) -> Reference:
    row = [v if isnan(v) or isinf(v) else Fraction(v) for v in case.x]
    number = _parameter(case.parameter)
    answer = special.answer(op, row, number, of)
    if answer is not None:
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


@dataclass
class Tally:
    """What rows amounted to: maxima, and the worst finding of each kind."""

    rows: int = 0
    refused: int = 0
    max_ulp: float = 0.0
    max_scaled: float = 0.0
    max_normwise: float = 0.0
    max_over_bound: float | None = None
    worst: Finding | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    flushed: list[Finding] = field(default_factory=list)
    gradual: bool = False
    stopped: bool = False

    def add(self, finding: Finding) -> None:
        if finding.kind not in self.findings or finding.rank > self.findings[finding.kind].rank:
            self.findings[finding.kind] = finding

    def merge(self, other: Tally) -> None:
        """Take in another tally; the order does not matter."""
        self.rows, self.refused = self.rows + other.rows, self.refused + other.refused
        self.max_ulp, self.max_scaled = max(self.max_ulp, other.max_ulp), max(self.max_scaled, other.max_scaled)
        self.max_normwise = max(self.max_normwise, other.max_normwise)
        if other.max_over_bound is not None:
            self.max_over_bound = max(self.max_over_bound or 0.0, other.max_over_bound)
        if other.worst is not None and (self.worst is None or other.worst.rank > self.worst.rank):
            self.worst = other.worst
        for finding in other.findings.values():
            self.add(finding)
        self.flushed += other.flushed
        self.gradual, self.stopped = self.gradual or other.gradual, self.stopped or other.stopped

    def settle(self) -> None:
        """Say what the zeros in place of subnormals were: flushing, unless the target has returned a subnormal elsewhere."""
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
    """What to measure: a target of an operator's output in a format. `keyword` names the parameter that is passed, if any."""

    target: Callable[..., Any]
    op: Any
    of: str
    fmt: Format
    tol: float = 8.0
    keyword: str | None = None
    batched: bool = False
    bound: Callable[[Any, Any], float] | None = None


def run(
    task: Task, cases: Sequence[Case], seconds: float | None = None, progress: Callable[[int, int], None] | None = None
) -> Tally:
    """Measure a target on cases, until the seconds are spent."""
    tally, started = Tally(), time.monotonic()
    if task.batched:
        return _batches(task, cases, tally, seconds, progress)
    for done, case in enumerate(cases):
        if seconds is not None and done and time.monotonic() - started > seconds:
            tally.stopped = True
            break
        keywords = {task.keyword: case.parameter} if task.keyword else {}
        x = np.array(case.x, dtype=task.fmt.dtype)
        _one(task, case, call(task.target, x, keywords, task.of, task.fmt), tally)
        if progress is not None:
            progress(done + 1, len(cases))
    return tally


def _batches(task: Task, cases: Sequence[Case], tally: Tally, seconds: float | None, progress: Any) -> Tally:
    """All rows of one length and parameter in one call; a fault of the call is a fault of its first row."""
    started, done = time.monotonic(), 0
    groups: dict[tuple[int, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((len(case.x), repr(case.parameter)), []).append(case)
    for group in groups.values():
        if seconds is not None and done and time.monotonic() - started > seconds:
            tally.stopped = True
            break
        size = len(group[0].x)
        rows = np.array([case.x for case in group], dtype=task.fmt.dtype).reshape(len(group), size)
        keywords = {task.keyword: group[0].parameter} if task.keyword else {}
        result = call(task.target, rows, keywords, task.of, task.fmt)
        width = size if task.of == "gradient" else 1
        for place, case in enumerate(group):
            part = Call(
                result.got[place * width : (place + 1) * width],
                result.fault,
                result.note,
                result.deviation,
                result.mutated,
            )
            _one(task, case, part, tally)
        done += len(group)
        if progress is not None:
            progress(done, len(cases))
    return tally


def _one(task: Task, case: Case, result: Call, tally: Tally) -> None:
    tally.rows += 1
    exact = reference(task.op, task.of, case)
    special_row = exact.answer is not None
    if result.mutated:
        tally.add(
            judging.finding_of("mutates its input", case, "", "", 0.0, 0.0, False, note="x is changed by the call")
        )
    if result.deviation:
        tally.add(judging.finding_of("wrong dtype", case, "", "", 0.0, 0.0, False, note=result.deviation))
    if result.fault:
        convention = special_row and exact.answer.basis == "convention"
        wanted = _wanted(exact)
        kind = "convention" if convention else result.fault
        finding = judging.finding_of(
            kind, case, result.note, wanted, inf, inf, not convention, note=result.fault if convention else ""
        )
        tally.add(finding)
        if not special_row and not exact.refused:
            tally.max_ulp = tally.max_scaled = tally.max_normwise = inf
            tally.worst = max((f for f in (tally.worst, finding) if f is not None), key=lambda f: f.rank)
        return
    if exact.refused:
        tally.refused += 1
    elif special_row:
        found = judging.special_finding(result.got, exact, case, task.fmt, task.tol, task.of)
        if found is not None:
            tally.add(found)
    else:
        _ordinary(task, case, result.got, exact, tally)


def _wanted(exact: Reference) -> str:
    if exact.answer is not None:
        return repr(exact.answer.value) if len(repr(exact.answer.value)) < 60 else "see the contract"
    return judging.decimal(exact.middles[0]) if exact.middles else "unknown"


def _ordinary(task: Task, case: Case, got: list[float], exact: Reference, tally: Tally) -> None:
    small = float(task.fmt.smallest_normal)
    tally.gradual = tally.gradual or any(0 < abs(g) < small for g in got)
    judged = judging.judge(got, exact, task.fmt, task.tol, tally.max_scaled)
    kind = judging.kind_of(judged, case, task.of, task.tol)
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
        allowed = float(task.bound(np.array(case.x, dtype=task.fmt.dtype), case.parameter))
        over = _over(judged, allowed)
        tally.max_over_bound = max(tally.max_over_bound or 0.0, over)


def _matters(judged: Judgement, kind: str | None, tally: Tally) -> bool:
    return kind is not None or (
        not isnan(judged.scaled) and (tally.worst is None or judged.scaled >= tally.worst.scaled)
    )


def _over(judged: Judgement, allowed: float) -> float:
    if judged.error == 0:
        return 0.0
    return judged.error / allowed if allowed > 0 else inf
