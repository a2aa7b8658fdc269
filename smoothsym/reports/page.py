"""One page that needs nothing else: what falls short first, worst first; behind each line its pictures, and findings to be run and repaired."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from smoothsym.auditing import Finding
from smoothsym.auditing.findings.finding import number
from smoothsym.auditing.report import findings, main_row, repair_of, told
from smoothsym.reports import svg
from smoothsym.reports.entry import Entry, data, fall_short, version, versions

MANY = 1
"""Above so many audits each is folded into its line."""


def page(entries: Sequence[Entry], absent: Sequence[str] = ()) -> str:
    """The page of some audits, worst first, as HTML. `absent`: what is not installed."""
    if not entries:
        raise ValueError("entries is empty: there is no audit to report")
    judged = [entry for entry in entries if not entry.control]
    controls = [entry for entry in entries if entry.control]
    title, holds = _title(judged or controls)
    parts = [f'<h1 class="{"good" if holds else "bad"}">{escape(title)}</h1>', *_head(entries, absent)]
    if len(judged) > MANY:
        parts.append(_FILTER)
    parts += _ranking(judged, len(entries) > MANY)
    if controls:
        caught = f"{fall_short([c.audit for c in controls])} of {len(controls)} naive kernels fall short"
        parts.append(f"<h2>{caught}</h2><p>The definitions as they stand, which are here to be caught.</p>")
        parts += _ranking(controls, len(entries) > MANY)
    parts += _foot(entries)
    script = f"<script>{_text('page.js')}</script>" if len(judged) > MANY else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_text('page.css')}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + f'\n<script type="application/json" id="data">{_json(entries, absent)}</script>\n{script}\n</body>\n</html>\n'
    )


def write(path: str | Path, entries: Sequence[Entry], absent: Sequence[str] = ()) -> None:
    """Write the page to a file, whole or not at all."""
    path = Path(path)
    text = page(entries, absent).encode("utf-8", "xmlcharrefreplace")
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _text(name: str) -> str:
    return files("smoothsym.reports").joinpath(name).read_text("utf-8")


def _json(entries: Sequence[Entry], absent: Sequence[str]) -> str:
    """JSON that no parser of HTML takes for the end of its script."""
    return json.dumps(data(entries, absent), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


# ---- the top -------------------------------------------------------------------------------------------------------------------


def _title(entries: Sequence[Entry]) -> tuple[str, bool]:
    short = fall_short([entry.audit for entry in entries])
    if len(entries) > MANY:
        return f"{short} of {len(entries)} fall short" + ("; worst first" if short else ""), not short
    (entry,) = entries
    audit = entry.audit
    return f"{audit.verdict}: {entry.name} as {audit.op} {audit.of} in {audit.dtype}", audit.holds


def _head(entries: Sequence[Entry], absent: Sequence[str]) -> Iterator[str]:
    said = versions(entries)
    if said:
        yield f"<p class='soft'>Audited: {escape(said)}." + (
            f" Not installed: {escape(', '.join(absent))}.</p>" if absent else "</p>"
        )


_FILTER = (
    '<form class="filter" onsubmit="return false"><input type="search" aria-label="Show lines with these words" '
    'placeholder="library, operator, dtype, kind">'
    '<label><input type="checkbox"> only what falls short</label><output class="soft"></output></form>'
)


# ---- one line an audit ---------------------------------------------------------------------------------------------------------


def _ranking(entries: Sequence[Entry], folded: bool) -> Iterator[str]:
    if not folded:
        yield from (part for entry in entries for part in _body(entry))
        return
    yield (
        '<div class="line head"><span class="num">scaled</span><span class="num">ulp</span><span>target</span>'
        "<span>computes</span><span>worst</span></div>"
    )
    for entry in entries:
        audit = entry.audit
        cells, said = main_row(entry.name, audit)
        holds = ' data-holds="1"' if audit.holds else ""
        tone = "good" if audit.holds else "bad"
        yield (
            f'<details class="audit"{holds}><summary><div class="line">'
            f'<span class="num {tone}" data-name="scaled">{escape(cells[0])}</span>'
            f'<span class="num" data-name="ulp">{escape(cells[1])}</span>'
            f'<span class="who">{escape(entry.name)}</span>'
            f'<span class="what">{escape(" ".join((audit.op, audit.of, audit.dtype)))}</span>'
            f'<span class="why">{_written(said or audit.verdict)}</span></div></summary><div class="body">'
        )
        yield from _body(entry)
        yield "</div></details>"


def _body(entry: Entry) -> Iterator[str]:
    audit = entry.audit
    rows = f"{audit.rows} rows" + (f", {audit.refused} of them without a reference" if audit.refused else "")
    rows += "" if audit.exhaustive else f", seed {audit.seed}"
    where = f", on {entry.device}" if entry.device != "cpu" else ""
    yield f"<p class='soft'>{rows}{where}. Maxima are {escape(audit.maxima)}.</p>"
    for note in (*([f"Its documentation leaves out: {entry.limits}"] if entry.limits else []), *audit.notes):
        yield f"<p>{escape(note)}</p>"
    if audit.spreads:
        yield from _numbers(entry)
    marks = [svg.place_of(audit.map, f.inputs, f.parameter) if audit.map else None for f in audit.findings]
    yield from _pictures(entry, marks)
    yield from _findings(entry, marks)


def _numbers(entry: Entry) -> Iterator[str]:
    """The numbers side by side."""
    yield '<table class="numbers"><tr><th></th><th>half of the rows</th><th>99 in 100</th><th>worst</th></tr>'
    for name, spread in entry.audit.spreads.items():
        aside = {"over_bound": f" ({spread.rows} rows)", "scaled": f" (tol {entry.audit.tol:g})"}.get(name, "")
        cells = "".join(f'<td class="num">{number(value)}</td>' for value in (spread.p50, spread.p99, spread.max))
        yield f"<tr><th>{escape(name.replace('_', ' ') + aside)}</th>{cells}</tr>"
    yield "</table>"


def _pictures(entry: Entry, marks: Sequence[svg.Place | None]) -> Iterator[str]:
    audit = entry.audit
    if audit.map is None and not audit.points:
        return
    yield '<div class="pictures">'
    if audit.map is not None:
        parameter = (
            "" if audit.map.parameter is None else f", {audit.parameter} = {float.fromhex(audit.map.parameter):g}"
        )
        what = {1: "all inputs", 2: "the plane of inputs"}.get(
            audit.map.n, f"rows of one entry and {audit.map.n - 1} others"
        )
        marked = "Numbers are those of findings. " if any(marks) else ""
        yield (
            f"<figure>{svg.error_map(audit.map, audit.tol, marks)}<figcaption>Scaled error over {what}{escape(parameter)}. {marked}"
            f"<div>{svg.keys(audit.map, audit.tol)}</div></figcaption></figure>"
        )
    if audit.points:
        yield (
            f"<figure>{svg.over_condition(audit.points, audit.tol)}<figcaption>Error over condition number, {len(audit.points)} rows. "
            "Above the red line a row falls short; on the dotted one the error is what rounding the input may cost.</figcaption></figure>"
        )
        if picture := svg.over_bound(audit.points):
            yield (
                f"<figure>{picture}<figcaption>Error over the rigorous bound of our stable kernel. Above the line this code errs more "
                "than ours ever can.</figcaption></figure>"
            )
    yield "</div>"


def _written(text: str) -> str:
    """A text in which no line ends within a number."""
    return escape(text).replace("-inf", '<span class="one">-inf</span>')


# ---- findings ------------------------------------------------------------------------------------------------------------------


def _findings(entry: Entry, marks: Sequence[svg.Place | None]) -> Iterator[str]:
    audit, seen = entry.audit, set[str]()
    for place, finding in enumerate(findings(audit)):
        mark = f"{place + 1}. " if place < len(marks) and marks[place] is not None else ""
        excused = "" if finding.falls else " (no fault)" if finding.kind != "largest error" else ""
        size = f"{number(finding.scaled)} scaled, {number(finding.ulp)} ulp"
        yield (
            f'<details class="finding{" falls" if finding.falls else ""}"{" open" if place == 0 and finding.falls else ""}>'
            f"<summary><strong>{mark}{escape(finding.kind)}</strong>{excused}, {size}: at "
            f"{_written(told(finding, audit))}</summary>"
        )
        yield from _details(finding, seen)
        yield "</details>"


def _details(finding: Finding, seen: set[str]) -> Iterator[str]:
    facts = [("got", finding.got), ("exact", finding.exact), ("", finding.note), ("tried for", ", ".join(finding.tags))]
    yield "<dl>"
    for name, text in facts:
        if text:
            yield (
                f"<dt>{name}</dt><dd><code>{escape(text)}</code></dd>"
                if name in ("got", "exact")
                else (f"<dt>{name or 'note'}</dt><dd>{escape(text)}</dd>")
            )
    yield f"</dl><h3>See it</h3><pre>{escape(finding.reproduction)}</pre>"
    if not finding.repair:
        return
    remarks, code = repair_of(finding)
    said = " ".join(line.removeprefix("#").strip() for line in remarks.splitlines())
    yield f"<h3>Code that is right there</h3><p>{escape(said)}</p>" if code else f"<p>{escape(said)}</p>"
    if code and code in seen:
        yield "<p>The code is above.</p>"
    elif code:
        yield f"<pre>{escape(code)}</pre>"
    seen.add(code)


def _foot(entries: Sequence[Entry]) -> Iterator[str]:
    tol = entries[0].audit.tol
    yield (
        "<h2>How to read this</h2>"
        f'<p class="how"><b>scaled</b>: the error in units of what rounding the input and the result once may cost; above {tol:g} '
        "falls short. <b>ulp</b>: in units in the last place; where the input is ill-conditioned, many are nobody's fault. "
        "<b>normwise</b>: the largest error of a vector over its largest entry. <b>over bound</b>: the error over the rigorous "
        "bound of our stable kernel. Sampled maxima are lower bounds.</p>"
        '<p class="how">On maps an axis shows every size of numbers. Lines are where an intermediate of the formula, as written or '
        "stable, overflows, underflows, changes its sign, or is lost beside another (saturation).</p>"
        f'<p class="how">smoothsym {escape(version())}. All numbers are in this page as JSON: '
        "<code>document.getElementById('data')</code>; <code>smoothsym.reports.schema()</code> describes it.</p>"
    )
