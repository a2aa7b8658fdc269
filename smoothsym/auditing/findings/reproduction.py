"""A finding as three lines of Python that run as they stand, and print what the target returns beside what is right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from math import isfinite
from typing import Any

from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.findings.finding import Finding, shortest, trimmed
from smoothsym.formats import Format

SHORT = 10
"""So many characters of a decimal are easier to read than a hex float."""


def reproduction(
    finding: Finding,
    target: tuple[str, str] | None,
    op: Any,
    of: Any,
    fmt: Format,
    passing: Passing,
    batched: bool = False,
) -> str:
    """Python that shows a finding; `target`, what to import for it and how it is written; None for one that has no name: `target` is then
    what the reader has.

    Results are read in the audited dtype, as the audit reads them.
    """
    first = "import numpy as np, smoothsym as ss" + ("; import ml_dtypes" if fmt.name == "bfloat16" else "")
    if target is not None:
        imported, expression = target
        first += f"; {imported}; target = {expression}"
    row = f"x = {_row(finding.inputs, fmt)}" + ("" if finding.v is None else f"; v = {_row(finding.v, fmt)}")
    if finding.beside is not None:
        row += f"; rows = np.stack([{_row(finding.beside, fmt)}, x])"
    parameter = "" if finding.parameter is None else _number(finding.parameter)
    named = f", {op.parameter.name}={parameter}" if parameter else ""
    if passing.keyword is not None:
        passed = f", {passing.keyword}={parameter}"
    else:
        passed = f", {parameter}" if passing.position else ""
    behind = "[None]" if batched else ""
    x, rows = f"x{behind}", "rows"
    if passing.pairs:
        x, rows = "x[:1], x[1:]" if batched else "x[0], x[1]", "rows[:, 0], rows[:, 1]"
    called = f"target({x}{'' if finding.v is None else f', v{behind}'}{passed})"
    if finding.kind == "mutates its input":
        return f"{first}\n{row}\nkept = x.copy(); {called}; print(x, kept)"
    if finding.kind == "not deterministic":
        return f"{first}\n{row}\nprint(*(repr({called}) for _ in range(16)), sep='\\n')"
    if (
        finding.kind in ("raises", "hangs", "dies", "wrong shape", "wrong dtype")
        or finding.note == "it raises"
        or not finding.exact
    ):
        return f"{first}\n{row}\nprint(repr({called}))"
    place = "" if finding.component is None else f"[{finding.component}]"
    got = f"{called}{'[0]' if batched else ''}{place}"
    if passing.pairs and batched:
        # Derivatives may be two arrays, or one.
        got = f"np.ravel({called})[{finding.component or 0}]"
    if finding.beside is not None:
        got = f"target({rows}{passed}{'' if batched else ', axis=-1'})[1]{place}"
    known, imported = operator(op)
    first += imported
    # A formula of the reader's own is what the reader has as `of`.
    output = "" if of == "value" else f", of={of!r}" if isinstance(of, str) else ", of=of"
    output += "" if finding.v is None else ", v=v"
    exact = f"ss.enclose({known}, x{output}{named}){'' if op.arity == 1 else place}"
    # A decimal exponent of many digits is not written out.
    written = f"float({exact}.mid)" if "**" in finding.exact else f"{exact}.digits(20)"
    return f"{first}\n{row}\nprint({_read(got, fmt)}, {written})"


def operator(op: Any) -> tuple[str, str]:
    """How an operator is written, and what must be imported for it: `op` is what the reader has where it is one of his own."""
    from smoothsym.auditing.targets.companions import companions
    from smoothsym.catalogue import operators

    if op in operators.values():
        return f"ss.operators['{op.name}']", ""
    if op in companions.values():
        return op.name, f"; from smoothsym.auditing.targets.companions import {op.name}"
    return "op", ""


def _read(got: str, fmt: Format) -> str:
    return f"float({got})" if fmt.name == "float64" else f"float(np.asarray({got}).astype('{fmt.name}'))"


def _number(text: str) -> str:
    """A hex float as Python writes it: the decimal that is this very float."""
    value = float.fromhex(text)
    return repr(value) if isfinite(value) else f"float('{value!r}')"


def _row(inputs: Sequence[str], fmt: Format) -> str:
    """A row as an array of the format; hex floats where decimals are no shorter."""
    values = [float.fromhex(text) for text in inputs]
    if len(inputs) > 2 and len(set(inputs)) == 1:
        one = shortest(values[0], fmt.name) if isfinite(values[0]) else f"float('{values[0]!r}')"
        if len(one) > SHORT and isfinite(values[0]):
            one = f"float.fromhex('{trimmed(inputs[0])}')"
        written = f"[{one}] * {len(inputs)}"
    elif (decimals := _decimals(values, fmt)) is not None:
        written = f"[{', '.join(decimals)}]"
    else:
        written = f"[float.fromhex(h) for h in {[trimmed(text) for text in inputs]}]"
    return f"np.array({written}, dtype='{fmt.name}')"


def _decimals(values: Sequence[float], fmt: Format) -> list[str] | None:
    """Every entry as a decimal; None where one is long, which the first entries of a long row show."""
    if not all(map(isfinite, values)):
        return None
    short = list(takewhile(lambda text: len(text) <= SHORT, (shortest(value, fmt.name) for value in values)))
    return short if len(short) == len(values) else None
