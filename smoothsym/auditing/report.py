"""What an audit found, as rows for reading: what is worst comes first, with an input short enough to be pasted."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from smoothsym.auditing.findings.finding import Finding, number, shortest
from smoothsym.auditing.result import Audit
from smoothsym.auditing.targets import Target

MAIN_HEAD = ("scaled", "ulp", "target", "operator", "of", "dtype")
AUDIT_HEAD = ("scaled", "ulp", "finding")
SHOWN = 3
"""How many different entries of a row are written out."""

Row = tuple[tuple[str, ...], str]
"""The cells under a head, and what is said beside them."""


def worst_first(rows: Sequence[tuple[Target, Audit]]) -> list[tuple[Target, Audit]]:
    """What falls short before what holds, by its worst error; controls after all others."""

    def place(pair: tuple[Target, Audit]) -> tuple[object, ...]:
        target, result = pair
        worst = result.worst.scaled if result.worst is not None and not result.holds else result.max_scaled
        return (
            target.control,
            result.holds,
            -worst,
            -result.max_scaled,
            target.name,
            result.op,
            result.of,
            result.dtype,
        )

    return sorted(rows, key=place)


def main_rows(rows: Sequence[tuple[Target, Audit]]) -> Iterator[Row]:
    """One row for each target, output and format, worst first; of what falls short, the worst input in words."""
    for target, result in worst_first(rows):
        yield main_row(target.name, result)


def main_row(name: str, result: Audit) -> Row:
    """The row of one audit."""
    cells = (number(result.max_scaled), number(result.max_ulp), name, result.op, result.of, result.dtype)
    said = "; ".join(result.notes) if result.worst is None else _worst(result, result.worst)
    return cells, _allowed(result) if result.holds else said


def _allowed(result: Audit) -> str:
    """Why an error beyond tolerance does not fall short."""
    sums = [finding for finding in result.findings if finding.kind == "accumulation"]
    return f"holds: what summing {len(sums[0].inputs)} terms may cost" if sums and result.holds else ""


def _worst(result: Audit, worst: Finding) -> str:
    others = [finding.kind for finding in result.findings if finding.falls and finding.kind != worst.kind]
    also = f"; also {', '.join(others)}" if others else ""
    return f"{worst.kind} at {told(worst, result)}{also}"


def findings(result: Audit) -> list[Finding]:
    """The worst of each kind, worst first; then the largest error where no finding has it."""
    rest = [result.worst] if result.worst is not None and result.worst not in result.findings else []
    return [*result.findings, *rest]


def audit_rows(result: Audit) -> Iterator[Row]:
    """One row for each finding."""
    for finding in findings(result):
        excused = "" if finding.falls or finding.kind == "largest error" else " (no fault)"
        yield (number(finding.scaled), number(finding.ulp), finding.kind + excused), "at " + told(finding, result)


def told(finding: Finding, result: Audit) -> str:
    """An input, what came of it, and what is right: x = [88.72284], alpha = 1: got inf, exact 88.723."""
    where = f"x = {vector(finding.inputs, result.dtype)}"
    where += "" if finding.v is None else f", v = {vector(finding.v, result.dtype)}"
    if finding.parameter is not None:
        where += f", {result.parameter or 'parameter'} = {shortest(float.fromhex(finding.parameter), 'float64').removesuffix('.0')}"
    got, exact = apart(finding.got, finding.exact)
    entry = "" if finding.component is None else f"entry {finding.component}: "
    came = f"{entry}got {got}, exact {exact}" if exact else got or finding.note
    return f"{where}: {came}"


def vector(inputs: Sequence[str], dtype: str) -> str:
    """A row of hex floats as the shortest decimals that are these floats of the dtype; long rows are cut."""
    entries = [shortest(float.fromhex(text), dtype) for text in inputs]
    if len(entries) > SHOWN and len(set(entries)) == 1:
        return f"[{entries[0]}] * {len(entries)}"
    if len(entries) > SHOWN:
        return f"[{', '.join(entries[:2])}, ... {len(entries)} entries]"
    return f"[{', '.join(entries)}]"


def apart(got: str, exact: str) -> tuple[str, str]:
    """Two decimals to as many digits as tell them apart, and one more for the difference to be seen.

    >>> apart("8.80338764190673828125", "8.8033747673")
    ('8.803388', '8.803375')
    """
    try:
        a, b = float(got), float(exact)
    except ValueError:
        return textwrap.shorten(got, 80, placeholder=" ..."), _short(exact)
    for digits in range(4, 18):
        if f"{a:.{digits}g}" != f"{b:.{digits}g}":
            more = min(digits + 1, 17)
            return f"{a:.{more}g}", f"{b:.{more}g}" if b else exact
    return got, _short(exact)


def _short(exact: str) -> str:
    try:
        return f"{float(exact):.8g}"
    except ValueError:
        return exact


def repair_of(finding: Finding) -> tuple[str, str]:
    """The remarks at the head of the code that is right there, as comments, and the code."""
    lines = finding.repair.splitlines()
    head = next((q for q, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(lines[:head]).rstrip(), "\n".join(lines[head:])
