"""What the operator's programs leave open about a failure, a few more calls of the target decide: what heals it tells its cause.

special value       with parameters next to its own, on both sides, the target is right: what it computes there is not the limit
gradient at zero    next to the zeros, on both sides, the target is right
gradient at a tie   with the ties broken, by the last place already, it is right
threshold branch    between two neighbouring floats a right result turns wrong, and stays so
cancellation        roundings in the definition itself, in any range, err as much
precision leak      at plain inputs too the errors are those of roundings to a narrower format
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import inf, isfinite, isnan

import numpy as np

from smoothsym import formats
from smoothsym.auditing.asking.vectors import vectors_beside
from smoothsym.auditing.findings import mechanism
from smoothsym.auditing.findings.cause import natural
from smoothsym.auditing.findings.finding import Finding
from smoothsym.auditing.findings.probe import Line, Probe, moved
from smoothsym.auditing.findings.threshold import threshold
from smoothsym.auditing.measuring.measure import Task
from smoothsym.cases import Case

OPEN = ("inaccurate", "cancellation", "gradient at a tie")
"""Kinds that may turn out to be another."""

NARROWER = {"float64": ("float32", "bfloat16", "float16"), "float32": ("float16", "bfloat16"), "float16": ("bfloat16",)}

PLAIN_ROWS = 24
"""So many rows of ordinary numbers tell whether the target is ever right."""

LONGEST = 256
"""Rows of more entries are not asked about."""

ROUNDINGS = 8
"""An error is explained by roundings, a sample of which is a so many times smaller one."""


def refined(finding: Finding, task: Task) -> Finding:
    """The finding, with the kind that calls of the target show it to be of."""
    case, probe = finding.case, Probe(task)
    if not finding.exact:
        # It is in company only that the row errs.
        return finding
    if finding.kind not in OPEN or not finding.falls or not 0 < len(case.x) <= LONGEST:
        return finding
    if _at_a_limit(case, probe):
        return replace(finding, kind="special value", note="at this parameter, and not next to it")
    if task.of != "value" and probe.heals(_off_zero(case)):
        kind = "gradient at zero"
    elif task.of != "value" and probe.heals(_off_ties(case, probe, _error(finding), finding.component or 0)):
        kind = "gradient at a tie"
    elif threshold(case, probe, finding.component):
        kind = "threshold branch"
    elif finding.kind == "inaccurate" and _rounds(finding, case, task):
        kind = "cancellation"
    elif finding.kind == "inaccurate" and leaks(finding, case, probe):
        kind = "precision leak"
    else:
        return finding
    return replace(finding, kind=kind)


def worst_of_each(findings: Iterable[Finding]) -> Iterable[Finding]:
    """The worst of those that turn out to be of one kind."""
    found: dict[str, Finding] = {}
    for finding in findings:
        if finding.kind not in found or finding.rank > found[finding.kind].rank:
            found[finding.kind] = finding
    return found.values()


# ---- points at which a gradient has no second side ---------------------------------------------------------------------------


def _at_a_limit(case: Case, probe: Probe) -> bool:
    """Whether the target is wrong at this parameter alone: it is right next to it, on every side that can be judged."""
    if probe.task.parameters or not probe.task.passing.given:
        return False
    if case.parameter is None or not isfinite(case.parameter):
        return False
    sides = []
    for sign in (1, -1):
        beside = [replace(case, parameter=case.parameter * (1 + sign * by), tags=("probe",)) for by in (2**-4, 2**-6)]
        errors = [error for error in probe.errors(beside) if not isnan(error)]
        sides += [max(errors) <= probe.task.tol] if errors else []
    return any(sides) and all(sides)


def _off_zero(case: Case) -> list[Case]:
    """The row with small numbers in place of its zeros, from either side; nothing where there are none."""
    zeros = [q for q, v in enumerate(case.x) if v == 0]
    size = max(map(abs, case.x)) or 1.0
    return [
        moved(case, dict.fromkeys(zeros, sign * size * 2.0 ** (-power)))
        for power in (4, 9)
        for sign in (1, -1)
        if zeros
    ]


def _off_ties(case: Case, probe: Probe, error: float, component: int) -> list[Case]:
    """The row with its ties broken, by one place in the last and by more, where what is right changes far less than the error, and than it is."""
    first: dict[float, int] = {}
    again = [q for q, v in enumerate(case.x) if first.setdefault(v, q) != q]
    if not again or len(case.x) > 16:
        return []
    line = Line(probe.task.fmt)
    beside = [
        moved(case, {q: line.moved(case.x[q], sign * step * (1 + k)) for k, q in enumerate(again)})
        for step in (1, 16)
        for sign in (1, -1)
    ]
    here = probe.exact(case)[component]
    allowed = min(error, abs(here) or error) / 8
    return [
        other
        for other in beside
        if all(abs(e - here) <= allowed for e in probe.exact(other)[component : component + 1])
    ]


# ---- precision -----------------------------------------------------------------------------------------------------------------


def _rounds(finding: Finding, case: Case, task: Task) -> bool:
    """Whether the definition errs as much by rounding each operation, in any range."""
    rounding = mechanism.roundings(task.op, task.of, case, task.fmt, finding.component or 0)
    return rounding is not None and _error(finding) <= ROUNDINGS * float(mechanism.context(60).make_mpf(rounding))


def _error(finding: Finding) -> float:
    try:
        return abs(float(finding.got) - float(finding.exact))
    except ValueError:
        return float("inf")


def leaks(finding: Finding, case: Case, probe: Probe) -> bool:
    """Whether the errors at plain rows are of the size, and of both signs, that roundings to a narrower format have.

    They must explain the finding too, by a rounding of numbers as large as meet there.
    """
    task = probe.task
    rows = vectors_beside(list(_plain(case, task)), task.op, task.of, task.fmt)
    errors = [error for error in probe.errors(rows) if not isnan(error)]
    if len(errors) < PLAIN_ROWS // 2:
        return False
    for name in NARROWER.get(task.fmt.name, ()):
        narrow = formats.get(name)
        unit = float(narrow.u / task.fmt.u)
        size = natural(case, task.op, task.of, _modulus(finding.exact))
        explained = finding.scaled <= 64 * unit or _error(finding) <= 8 * float(narrow.u) * size
        if task.tol < unit and explained and max(errors) <= 32 * unit and np.median(errors) >= unit / 64:
            return _as_rounded(rows, probe, narrow)
    return False


def _plain(case: Case, task: Task) -> Iterator[Case]:
    """Rows of ordinary numbers, with the parameter of the case where it is given or in the middle of things, else with 1."""
    rng = np.random.default_rng(0)
    parameter = case.parameter
    if parameter is not None and task.passed and not task.parameters and not 0.1 <= abs(parameter) <= 10:
        parameter = 1.0
    for _ in range(PLAIN_ROWS):
        row = rng.normal(size=task.op.arity or 3)
        row = np.exp(row) if task.op.domain == "positive" else row
        yield Case(tuple(float(v) for v in row.astype(task.fmt.dtype).astype(np.float64)), parameter, ("random",))


def _as_rounded(rows: Sequence[Case], probe: Probe, narrow: formats.Format) -> bool:
    """Whether results are numbers of the narrower format, or err to both sides."""
    signs: set[float] = set()
    numbers: list[bool] = []
    for row in rows:
        got = probe.result(row)
        signs |= {float(np.sign(g - e)) for g, e in zip(got, probe.exact(row), strict=False)}
        numbers += [abs(g) <= narrow.largest and narrow.decode(narrow.round(Fraction(g))) == g for g in got]
    return all(numbers) or {1.0, -1.0} <= signs


def _modulus(text: str) -> float:
    """The modulus of a number as findings write it: a decimal, or a power of two where its exponent is beyond every float.

    >>> _modulus("-2.5"), _modulus("2**(-100000000)"), _modulus("-2**(100000000)")
    (2.5, 0.0, inf)
    """
    if "**" in text:
        return 0.0 if "**(-" in text else inf
    return abs(float(text))
