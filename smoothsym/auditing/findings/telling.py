"""What an audit tells of its findings: at round inputs, by their cause, with lines that show them and code that is right there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from smoothsym.auditing.findings.finding import Finding
from smoothsym.auditing.findings.refined import refined, worst_of_each
from smoothsym.auditing.findings.repair import repaired
from smoothsym.auditing.findings.reproduction import reproduction
from smoothsym.auditing.findings.simplify import simplified
from smoothsym.auditing.measuring.behaviour import changed
from smoothsym.auditing.measuring.measure import Tally, Task
from smoothsym.calling import resolve, written


def told(
    tally: Tally, task: Task, target: Any, lengths: Collection[int], until: float | None, simplify: bool = True
) -> tuple[Finding | None, tuple[Finding, ...], dict[str, Finding]]:
    """The worst finding, or the largest error where none falls short; the worst of each kind, worst first; the largest errors by name.

    Parameters: `tally`, settled; `target`, as the caller gave it; `lengths` that rows may have; `until`, when to stop simplifying.
    """
    seen = tally.findings
    round_ = {kind: simplified(f, task, lengths, until) if simplify else f for kind, f in seen.items()}
    known = {kind: refined(finding, task) for kind, finding in round_.items()}

    def shown(finding: Finding) -> Finding:
        text = reproduction(finding, written(target), task.op, task.of, task.fmt, task.passing, task.batched)
        return replace(finding, reproduction=text)

    arrays = getattr(resolve(target), "arrays", "numpy")
    fickle = [other for finding in known.values() if (other := changed(finding, task)) is not None]
    findings = repaired(map(shown, worst_of_each([*known.values(), *fickle])), task, arrays)
    findings = sorted(findings, key=lambda finding: finding.rank, reverse=True)
    worst = shown(tally.worst) if tally.worst is not None else None
    # What falls short comes before the largest error among rows that hold.
    if findings and findings[0].falls and (worst is None or findings[0].rank >= worst.rank):
        worst = findings[0]
        if "data" in worst.tags:
            # A user's row stays what it is.
            row = max((seen[kind] for kind, f in known.items() if f.kind == worst.kind), key=lambda f: f.rank)
            worst = replace(shown(row), kind=worst.kind, repair=worst.repair)
    return worst, tuple(findings), {name: shown(finding) for name, finding in tally.largest.items()}
