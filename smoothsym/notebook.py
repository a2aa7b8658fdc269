"""Results as small HTML tables, for notebooks; whatever stands in them is text, or LaTeX between dollars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

GOOD, BAD = "#1d7a3e", "#c0392b"
"""Colours that can be read on white and on black."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], title: str = "", tones: Sequence[str] = ()) -> str:
    """An HTML table, cells to the left. `tones`: a colour for the first cell of each row, or "".

    >>> table(["law"], [["a < b"]])
    '<table><thead><tr><th style="text-align:left">law</th></tr></thead><tbody><tr><td style="text-align:left">a &lt; b</td></tr></tbody></table>'
    """
    left = "text-align:left"
    parts = ["<table>"]
    if title:
        parts.append(f'<caption style="{left};caption-side:top"><b>{escape(title)}</b></caption>')
    if head:
        cells = [f'<th style="{left}">{escape(name)}</th>' for name in head]
        parts.append(f"<thead><tr>{''.join(cells)}</tr></thead>")
    parts.append("<tbody>")
    for place, row in enumerate(rows):
        tone = tones[place] if place < len(tones) else ""
        cells = []
        for column, text in enumerate(row):
            colour = f";color:{tone};font-weight:bold" if tone and not column else ""
            cells.append(f'<td style="{left}{colour}">{escape(text)}</td>')
        parts.append(f"<tr>{''.join(cells)}</tr>")
    return "".join([*parts, "</tbody></table>"])


def formula(latex: str) -> str:
    """LaTeX as a line of its own, as notebooks typeset it."""
    return f"$\\displaystyle {latex}$"
