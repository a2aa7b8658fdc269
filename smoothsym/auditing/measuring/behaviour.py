"""What a target does beside returning numbers is told with the input that made it do so."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from smoothsym.auditing.asking.calls import Call
from smoothsym.auditing.findings.finding import Finding
from smoothsym.auditing.measuring.judge import finding_of
from smoothsym.cases import Case


def misbehaviour(result: Call, case: Case, choice: bool, wanted: str) -> list[Finding]:
    """The findings that one call amounts to before its numbers are judged; the last is of its fault, where it has one.

    `choice`: whether to refuse the row is one, as it is of an empty row, a nan or an infinite parameter. `wanted`: what is right.
    """
    asides = [
        ("mutates its input", "x is changed by the call" if result.mutated else ""),
        ("wrong dtype", result.deviation),
        ("not deterministic", result.again),
    ]
    found = [finding_of(kind, case, "", "", 0.0, 0.0, False, note=note) for kind, note in asides if note]
    if result.fault and result.called:
        excused = choice and result.fault == "raises"
        kind, note = ("convention", "it raises") if excused else (result.fault, "")
        found.append(finding_of(kind, case, result.note, wanted, inf, inf, not excused, note=note))
    return found


def changed(finding: Finding, task: Any) -> Finding | None:
    """The finding that what was got where the target falls short does not come again; None where it does."""
    if not finding.falls or not finding.exact or task.batched:
        return None
    try:
        got = float(finding.got)
    except ValueError:
        return None
    case = finding.case
    row, v = (None if part is None else np.array(part, dtype=task.fmt.dtype) for part in (case.x, case.v))
    call = task.call(row, case.parameter, v)
    again = call.note if call.fault else call.got[finding.component or 0]
    if not call.called or repr(again) == repr(got):
        return None
    note = f"first {got!r}, then {again if call.fault else repr(again)}"
    return finding_of("not deterministic", case, "", "", 0.0, 0.0, False, finding.component, note)
