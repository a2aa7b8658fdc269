"""A finding is told by the shortest, roundest input that still shows it: every move that reads better and errs no less is kept."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from math import frexp, inf, isfinite

from smoothsym.auditing.finding import Finding
from smoothsym.auditing.measure import Task, run
from smoothsym.cases import Case

CALLS = 24
"""How often a target is called to simplify one finding."""

ENTRIES = 40_000
"""How many entries it is given in all."""


def simplified(finding: Finding, task: Task, lengths: Collection[int], until: float | None = None) -> Finding:
    """The finding, or one of its kind at an input that is easier to read, of no lesser severity."""
    if not finding.falls or "data" in finding.tags:
        return finding
    calls = entries = 0
    moved = True
    while moved:
        moved = False
        for case in _moves(finding, task, lengths):
            if calls >= CALLS or entries + len(case.x) > ENTRIES or (until is not None and time.time() > until):
                return finding
            calls, entries = calls + 1, entries + len(case.x)
            found = run(task, [case])
            found.settle(task)
            other = found.findings.get(finding.kind)
            if other is not None and other.rank > finding.rank:
                finding, moved = other, True
                break
    return finding


def _moves(finding: Finding, task: Task, lengths: Collection[int]) -> Iterator[Case]:
    """Inputs that are easier to read, the boldest first."""
    x = tuple(float.fromhex(v) for v in finding.inputs)
    parameter = None if finding.parameter is None else float.fromhex(finding.parameter)
    case = Case(x, parameter, finding.tags)
    for size in sorted(q for q in lengths if 0 < q < len(x)):
        # The entry in question and the largest ones, in their order.
        heavy = sorted(range(len(x)), key=lambda q: (q != finding.component, -abs(x[q])))[:size]
        yield replace(case, x=tuple(x[q] for q in sorted(heavy)))
        yield replace(case, x=x[:size])
    largest = max(x, key=abs, default=0.0)
    alike = [v for v in (0.0, _rounded(largest, 1), largest) if isfinite(v) and (v > 0 or task.op.domain == "real")]
    yield from (replace(case, x=(v,) * len(x)) for v in alike if len(set(x)) > 1)
    if any(v < 0 for v in x):
        yield replace(case, x=tuple(abs(v) for v in x))
    for bits in (1, 3, 8):
        rounded = tuple(_rounded(v, bits) for v in x)
        if rounded != x and all(map(isfinite, rounded)):
            yield replace(case, x=rounded)
    positive = task.op.domain == "positive"
    if 1 < len(x) <= 16:
        for place, value in enumerate(x):
            for other in (0.0, _rounded(value, 1), _rounded(value, 3), x[place - 1]):
                if other != value and isfinite(other) and not (positive and other <= 0):
                    yield replace(case, x=(*x[:place], other, *x[place + 1 :]))


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
