"""A failed check is told in a few lines: what is wrong first, then the worst input, what came of it, and Python that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite

import numpy as np

from smoothsym import formats
from smoothsym.auditing.findings.finding import Finding, number, trimmed
from smoothsym.auditing.findings.reproduction import operator
from smoothsym.auditing.measuring.bounded import OUTPUTS, Bound, Derived, Given
from smoothsym.auditing.report import vector
from smoothsym.calling import written
from smoothsym.testing.held import Held

ENTRIES = 4
"""So many entries of a row are written out."""
MISBEHAVIOUR = ("raises", "hangs", "dies", "wrong shape", "wrong dtype", "mutates its input", "not deterministic")
"""Of these no number tells what came."""
LONG = 600
"""Longer Python is not printed: it is made again by the audit that found it."""


def told(held: Held, worse: str = "", about: str = "", note: str = "") -> str:
    """The message of a check that fails; `worse`, in what it is worse than a baseline, and the number or kind that this is `about`;
    `note`, what else there is to say.
    """
    audit, finding = held.audit, held.finding(about)
    head = f"{audit.target} as {audit.op} {audit.of} in {audit.dtype}"
    if finding is None:
        return f"{head}: no row was judged"
    lines = [f"{worse or _wrong(held, finding)}: {head}"]
    rows = [*_rows(held, finding), *([("note", note)] if note else [])]
    lines += [f"  {name:<7} {text}" for name, text in rows]
    return "\n".join([*lines, *_reproduction(held, finding)])


def _wrong(held: Held, finding: Finding) -> str:
    """What is wrong, in a few words: cancellation: scaled error 3.6e+03 (8 allowed)."""
    limit = held.limit
    if held.audit.holds:
        values = {"ulp": f"{number(finding.ulp)} ulp ({limit.ulp} allowed)"}
        values["over_bound"] = f"{number(held.numbers.get('over_bound', 0.0))} times the bound"
        said = values[held.exceeded[0]]
    elif limit.tol is None and isfinite(finding.ulp):
        said = f"{number(finding.ulp)} ulp ({limit.ulp:g} allowed)"
    elif isfinite(finding.scaled):
        said = f"scaled error {number(finding.scaled)} ({limit.scaled:g} allowed)"
    elif finding.kind in MISBEHAVIOUR:
        said = _short(finding.got)
    else:
        said = f"got {_short(finding.got)}" + (f", exact {_short(finding.exact)}" if finding.exact else "")
    return said if finding.kind == "largest error" else f"{finding.kind}: {said}"


def _short(text: str, most: int = 60) -> str:
    """A decimal to a few digits; other text cut."""
    try:
        return f"{float(text):.6g}" if "**" not in text else text
    except ValueError:
        return text if len(text) <= most else f"{text[: most - 4]} ..."


def _rows(held: Held, finding: Finding) -> Iterator[tuple[str, str]]:
    audit = held.audit
    yield "x", f"{_hex(finding.inputs)}{_decimals(finding.inputs, audit.dtype)}"
    if finding.v is not None:
        yield "v", f"{_hex(finding.v)}{_decimals(finding.v, audit.dtype)}"
    if finding.parameter is not None:
        yield audit.parameter or "with", f"{trimmed(finding.parameter)} = {float.fromhex(finding.parameter)!r}"
    entry = "" if finding.component is None else f"entry {finding.component}: "
    if finding.got:
        yield "got", f"{entry}{_with_hex(finding.got)}"
    if finding.exact:
        yield "exact", f"{entry}{finding.exact}"
    if finding.kind not in MISBEHAVIOUR:
        yield "error", f"{number(finding.ulp)} ulp, scaled {number(finding.scaled)}{_bound(held, finding)}"
    if finding.note:
        yield "note", finding.note
    others = [other.kind for other in audit.findings if other.falls and other.kind != finding.kind]
    if finding.kind == "ill-conditioned input":
        yield "so", "no code has few ulps where rounding the input costs as many: hold it to tol= or bound=True"
    if others:
        yield "also", ", ".join(others)
    if data := [tag for tag in finding.tags if tag.startswith("row ")]:
        yield "data", data[0]
    else:
        some = f"all {audit.rows} rows" if audit.exhaustive else f"{audit.rows} rows, seed {audit.seed}"
        yield "found", f"among {some}"
    for note in audit.notes[:3]:
        yield "note", note


def _hex(entries: Sequence[str]) -> str:
    """A row of hex floats, shortened."""
    if len(entries) > 2 and len(set(entries)) == 1:
        return f"[{trimmed(entries[0])}] * {len(entries)}"
    more = f", ... {len(entries)} entries" if len(entries) > ENTRIES else ""
    return f"[{', '.join(map(trimmed, entries[:ENTRIES]))}{more}]"


def _decimals(entries: Sequence[str], dtype: str) -> str:
    return f" = {vector(entries, dtype)}" if len(entries) <= ENTRIES or len(set(entries)) == 1 else ""


def _with_hex(got: str) -> str:
    try:
        value = float(got)
    except ValueError:
        return _short(got, 200)
    return f"{got} = {trimmed(value.hex())}" if isfinite(value) and value else got


def _bound(held: Held, finding: Finding) -> str:
    """The bound at this input, and how many times it the error is; empty where there is none to speak of."""
    given, fmt = held.limit.bound, formats.get(held.audit.dtype)
    case = finding.case
    if not case.x or case.v is not None or not finding.exact or not all(map(isfinite, case.x)):
        return ""
    if not callable(given) and held.of not in OUTPUTS:
        return ""
    bound: Bound = Given(given) if callable(given) else Derived(held.op, held.of, fmt)
    (allowed,) = bound.rows(np.array([case.x], dtype=fmt.dtype), case.parameter)
    entries = np.ravel(np.asarray(allowed, dtype=np.float64))
    limit = float(entries[finding.component or 0 if len(entries) > 1 else 0])
    if not isfinite(limit):
        return ", no bound here"
    try:
        error = abs(Fraction(float(finding.got)) - Fraction(finding.exact))
    except (ValueError, OverflowError):  # it is no number, or none that a fraction should hold
        return f", bound {limit:.3g}"
    return f", bound {limit:.3g}" + (f" ({number(float(error / Fraction(limit)))} times it)" if limit else "")


def _reproduction(held: Held, finding: Finding) -> list[str]:
    """Python that shows the finding, or that finds it again."""
    text = finding.reproduction
    if not text:
        return []
    if len(text) > LONG:
        text = _again(held, finding)
    named = written(held.target) is not None
    scope = [
        *([] if named else ["target"]),
        *(["op"] if operator(held.op)[0] == "op" else []),
        *(["data"] if "data=data" in text else []),
    ]
    said = f" ({', '.join(scope)} as in the check)" if scope else ""
    return [f"  reproduce{said}:", *(f"    {line}" for line in text.splitlines())]


def _again(held: Held, finding: Finding) -> str:
    """Python that makes the audit again, and prints what shows the finding, where that is long."""
    op, imported = operator(held.op)
    home, target = written(held.target) or ("", "target")
    given = {name: value for name, value in held.options.items() if value is not None}
    names = [
        name if hasattr(value, "__len__") and not isinstance(value, str) else repr(value)
        for name, value in given.items()
    ]
    said = ", ".join(f"{name}={value}" for name, value in zip(given, names, strict=True))
    largest = next((name for name, other in held.audit.largest.items() if other is finding), None)
    which = "worst" if largest is None else f"largest[{largest!r}]"
    about = f"{target}, {op}, {str(held.of)!r}, {held.audit.dtype!r}, tol={held.limit.scaled:g}"
    first = "; ".join(part for part in ("import smoothsym as ss", home) if part) + imported
    return f"{first}\nprint(ss.audit({about}{', ' if said else ''}{said}).{which}.reproduction)"
