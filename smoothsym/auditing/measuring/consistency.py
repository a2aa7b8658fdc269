"""A target is held to what it should keep by itself: invariants of its operator, rows alone and in a batch, and its twin.

What is broken is more than two results within tolerance can differ by, so that one of them at least is wrong; what differs in bits
alone is noted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym.auditing.findings.finding import Finding
from smoothsym.auditing.findings.mechanism import meets_small
from smoothsym.auditing.findings.refined import refined
from smoothsym.auditing.measuring import judge as judging
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.invariants import Invariant, invariants
from smoothsym.calling import Arguments, Call, call_rows
from smoothsym.cases import Case
from smoothsym.certify.measured_rows import measure_rows

Array = Any

SHARE = 16
"""One case in so many is looked at, and LEAST of them in any case."""
LEAST = 6
BATCH = "a row in a batch is as it is alone"
AXIS = "a row of a 2-D array, with axis=-1, is as it is alone"
TWIN = "it is not as its twin"
TAG = "invariant"
UNEXPLAINED = ("inaccurate", "threshold branch")
"""Kinds that say where a result is wrong, and not why: the law that is broken says more."""
LONGEST = 128
"""Longer rows are left out: their scales cost more than they tell."""


@dataclass(frozen=True)
class Consistency:
    """What was found, and what is said of differences within tolerance."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Exact:
    """What is right at a case: high + low, and what a result may be off by within a scaled error of 1."""

    high: Array
    low: Array
    allowed: Array


@dataclass(frozen=True)
class _Same(Invariant):
    """Two ways to call are one function."""

    orders = True

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        return np.abs(b - a)


def consistency(
    task: Any, cases: Sequence[Case], seed: int, until: float | None = None, twin: Any = None
) -> Consistency:
    """Hold a target to its invariants on a few of the cases, in their order; `twin`, the same code run in another way."""
    rng = np.random.default_rng([seed, 1])
    some = _chosen(cases, rng)
    if not some or (until is not None and time.time() > until):
        return Consistency()
    pairs: list[tuple[Invariant, Case, Case]] = []
    for law in invariants(task.op, task.of, not task.parameters):
        for case in some:
            if (inputs := law.inputs(case, task.fmt, rng)) is not None:
                pairs.append((law, *inputs))
    batch = _batch(task, some)
    every = list(dict.fromkeys([*some, *batch, *(case for _, *two in pairs for case in two)]))
    calls = dict(zip(every, _alone(task, task.target, every), strict=True))
    exact = _exact(task, every)
    judge = _Judge(task, exact)
    for law, first, second in pairs:
        judge.compare(law, first, calls[first], second, calls[second])
    company = _Same(AXIS if task.axis else BATCH)
    for case, call in _together(task, batch):
        if judge.compare(company, case, calls[case], case, call):
            _tell_companion(task, judge, company, case, calls[case], batch)
    if twin is not None:
        for case, other in zip(some, _alone(task, twin, some), strict=True):
            judge.compare(_Same(TWIN), case, calls[case], case, other)
    return judge.conclusion()


def _chosen(cases: Sequence[Case], rng: np.random.Generator) -> list[Case]:
    """Ordinary rows of moderate length, drawn from all."""
    ordinary = [
        case
        for case in cases
        if 0 < len(case.x) <= LONGEST
        and all(map(isfinite, case.x))
        and (case.parameter is None or (isfinite(case.parameter) and case.parameter != 0))
    ]
    count = min(len(ordinary), max(LEAST, len(cases) // SHARE))
    return [ordinary[q] for q in sorted(rng.choice(len(ordinary), count, replace=False))] if ordinary else []


def retold(found: Consistency, task: Any) -> Consistency:
    """The worst of what is broken, told by its cause where its row alone shows that: an overflow breaks laws too, and is not told twice.

    A row in company, a twin, and results that are within tolerance by themselves have no other cause.
    """
    worst: dict[str, Finding] = {}
    for finding in sorted(found.findings, key=lambda finding: finding.rank):
        worst[finding.note] = finding
    told: list[Finding] = []
    for finding in sorted(worst.values(), key=lambda finding: finding.rank, reverse=True):
        own = [] if finding.note.startswith((BATCH, AXIS, TWIN)) or not finding.falls else _alone_told(finding, task)
        told += own or [finding]
        if not own:
            break
    return replace(found, findings=tuple(told))


def _alone_told(finding: Finding, task: Any) -> list[Finding]:
    """What falls short at a row by itself, where the cause of all of it is known."""
    tally = measure.run(task, [replace(finding.case, tags=tuple(t for t in finding.tags if t != TAG))])
    tally.settle(task)
    own = [refined(other, task) for other in tally.findings.values() if other.falls]
    return own if all(other.kind not in UNEXPLAINED for other in own) else []


# ---- calls -------------------------------------------------------------------------------------------------------------------


def _arguments(task: Any, case: Case, v: Any, more: dict[str, Any]) -> Arguments:
    places, names = task.passing.arguments(case.parameter)
    return (places if v is None else (v, *places)), names | more


def _called(
    task: Any, target: Any, rows: Sequence[Any], cases: Sequence[Case], vectors: Sequence[Any], **more: Any
) -> list[Call]:
    arguments = [_arguments(task, case, v, more) for case, v in zip(cases, vectors, strict=True)]
    return call_rows(target, rows, arguments, task.entrywise, task.op.arity == 1)


def _alone(task: Any, target: Any, cases: Sequence[Case]) -> list[Call]:
    """What comes of each case, called with a row; a target of many rows, with one of them."""
    dtype = task.fmt.dtype
    rows = [np.array(case.x, dtype=dtype) for case in cases]
    vectors = [None if case.v is None else np.array(case.v, dtype=dtype) for case in cases]
    if task.batched:
        rows, vectors = [x[None] for x in rows], [None if v is None else v[None] for v in vectors]
    return _called(task, target, rows, cases, vectors)


def _together(task: Any, cases: Sequence[Case]) -> list[tuple[Case, Call]]:
    """What comes of cases of one length and parameter in one call; nothing where that is at fault."""
    if not cases:
        return []
    x = np.array([case.x for case in cases], dtype=task.fmt.dtype)
    v = None if cases[0].v is None else np.array([case.v for case in cases], dtype=task.fmt.dtype)
    more = {"axis": -1} if task.axis else {}
    (call,) = _called(task, task.target, [x], cases[:1], [v], **more)
    parts = [] if call.fault else call.numbers.reshape(len(cases), -1)
    return [(case, Call(part)) for case, part in zip(cases, parts, strict=False)]


def _tell_companion(task: Any, judge: _Judge, law: Invariant, case: Case, alone: Call, batch: Sequence[Case]) -> None:
    """Tell one row beside which alone a case errs, where there is one, in place of the whole batch."""
    for other in batch:
        both = _together(task, [other, case]) if other.v is None and other != case else []
        if both and judge.over(law, case, alone, case, both[1][1]):
            judge.retell(law, case, alone, both[1][1], other)
            return


def _groups(cases: Iterable[Case]) -> list[list[Case]]:
    alike: dict[tuple[int, str], list[Case]] = {}
    for case in cases:
        alike.setdefault((len(case.x), repr(case.parameter)), []).append(case)
    return list(alike.values())


def _batch(task: Any, cases: Sequence[Case]) -> list[Case]:
    """Rows of one length and parameter to be called at once, where the target takes many; else none."""
    if not (task.batched or task.axis):
        return []
    lengths = [len(case.x) for case in cases]
    size = max(lengths, key=lengths.count)
    return [replace(case, parameter=cases[0].parameter) for case in cases if len(case.x) == size]


# ---- judgement ---------------------------------------------------------------------------------------------------------------


def _exact(task: Any, cases: Sequence[Case]) -> dict[Case, _Exact]:
    """What is certified of cases by the batch; the others are not judged."""
    found = {}
    u, eta = float(task.fmt.u), float(task.fmt.smallest_subnormal)
    for group in _groups(cases):
        x = np.array([case.x for case in group])
        v = None if group[0].v is None else np.array([case.v for case in group])
        rows = measure_rows(task.op, x, group[0].parameter, task.of, v, fmt=task.fmt)
        for q, case in enumerate(group):
            if not rows.open[q]:
                parts = (np.atleast_1d(part[q]).astype(np.float64) for part in (rows.high, rows.low, rows.scale))
                high, low, scale = parts
                found[case] = _Exact(high, low, u * scale + eta)
    return found


class _Judge:
    """Compares results two by two, and keeps the worst of each invariant that is broken."""

    def __init__(self, task: Any, exact: dict[Case, _Exact]) -> None:
        self._task, self._exact = task, exact
        self._broken: list[Finding] = []
        self._apart: dict[str, list[bool]] = {}

    def compare(self, law: Invariant, first: Case, one: Call, second: Case, two: Call) -> bool:
        """Whether a law is broken, which is then kept."""
        broken = self.over(law, first, one, second, two)
        if broken:
            self._broken.append(self._finding(law, first, one, second, two))
        return bool(broken)

    def over(self, law: Invariant, first: Case, one: Call, second: Case, two: Call) -> bool | None:
        """Whether two results are further from a law than tolerance explains; None where nothing can be said."""
        if one.fault or two.fault or first not in self._exact or second not in self._exact:
            return None
        p, q = self._exact[first], self._exact[second]
        if max(np.abs(p.high).max(), np.abs(q.high).max()) > self._task.fmt.largest / 2:
            return None  # An infinity may be right.
        finite = [bool(np.isfinite(call.numbers).all()) for call in (one, two)]
        if not all(finite):
            return True if any(finite) else None  # Two failures are no relation.
        gap = law.gap(one.numbers, two.numbers, first, second)
        if law.orders:
            self._apart.setdefault(law.said, []).append(bool(gap.any()))
        task, limit = self._task, judging.pairwise(len(first.x), self._task.tol)
        if not float((gap / law.allowed(p.allowed, q.allowed)).max()) > limit:
            return False
        # What is flushed may be flushed in one of two rows, and a law that scales results scales it.
        normal, sizes = float(task.fmt.smallest_normal), [float(np.abs(r.high).max()) for r in (p, q)]
        times = max(1.0, sizes[1] / sizes[0]) if sizes[0] else 1.0
        flush = [meets_small(task.op, task.of, case, task.fmt) * normal for case in (first, second)]
        return float((gap / law.allowed(p.allowed + times * flush[0], q.allowed + flush[1])).max()) > limit

    def retell(self, law: Invariant, case: Case, alone: Call, call: Call, other: Case) -> None:
        """Tell the latest finding by one other row, where it is beside others that the case errs."""
        if self._off(case, call) <= self._off(case, alone):
            return
        beside = tuple(float(entry).hex() for entry in other.x)
        self._broken[-1] = replace(self._finding(law, case, alone, case, call), beside=beside)

    def _finding(self, law: Invariant, first: Case, one: Call, second: Case, two: Call) -> Finding:
        """The finding at the input whose result is further off; what the other one was is said."""
        ends = [self._off(first, one), self._off(second, two)]
        place = int(ends[1][0] > ends[0][0] and law.said != TWIN)
        (scaled, entry), case, call = ends[place], (first, second)[place], (one, two)[place]
        got, right, fmt = float(call.numbers[entry]), self._exact[case], self._task.fmt
        exact = libmp.mpf_add(libmp.from_float(float(right.high[entry])), libmp.from_float(float(right.low[entry])))
        ulp = judging.ratio(judging.error_of(got, exact, fmt), judging.ulp_of(exact, fmt))
        component = entry if self._task.entrywise else None
        falls = max(ends)[0] > judging.pairwise(len(case.x), self._task.tol)
        note = law.said if law.said != TWIN else f"{TWIN}, which gives {float(two.numbers[ends[1][1]])!r}"
        told = replace(case, tags=(*case.tags, TAG))
        return judging.finding_of(
            "broken invariant", told, repr(got), judging.decimal(exact), ulp, scaled, falls, component, note
        )

    def _off(self, case: Case, call: Call) -> tuple[float, int]:
        """The scaled error of a result, and at which entry."""
        right = self._exact[case]
        with np.errstate(all="ignore"):
            error = np.abs((call.numbers - right.high) - right.low) / right.allowed
        error = np.where(np.isnan(error), np.inf, error)
        entry = int(np.argmax(error))
        return float(error[entry]), entry

    def conclusion(self) -> Consistency:
        notes = []
        for said, apart in self._apart.items():
            if said and any(apart):
                notes.append(f"{said}: not to the last bit on {sum(apart)} of {len(apart)} rows")
        return Consistency(tuple(self._broken), tuple(notes))
