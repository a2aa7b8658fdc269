"""What a notebook shows: tables whose cells are text, and LaTeX that can be typeset."""

from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import smoothsym as ss
from smoothsym import notebook
from smoothsym.laws import Verdict, Verdicts


class Cells(HTMLParser):
    """The rows of a table, and its caption; tags must balance."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.caption, self.tags = [], [], "", set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += text
        else:
            self.caption += text


def test_cells_are_text():
    text = notebook.table(["<b>"], [["<script>", "a & b"]], "<i>")
    found = Cells(text)
    assert found.rows == [["<b>"], ["<script>", "a & b"]] and found.caption == "<i>"
    assert found.tags == {"table", "caption", "thead", "tbody", "tr", "td", "th", "b"}


@pytest.mark.parametrize("name", [name for name in ss.operators if ss.operators[name].explicit])
def test_an_operator_is_its_definition_typeset(name):
    text = ss.operators[name]._repr_latex_()
    assert text.startswith("$\\displaystyle ") and text.endswith("$")
    MathTextParser("path").parse(text.replace("\\displaystyle ", "").replace("\\operatorname", "\\mathrm"))


def test_an_enclosure_shows_the_digits_that_are_decided():
    found = ss.enclose(ss.logsumexp, [0, -40], alpha=1, digits=30)
    rows = dict(Cells(found._repr_html_()).rows)
    assert rows["value"] == found.digits(20) and rows["by"].startswith("mpmath, ")
    assert float(rows["at least"]) <= float(found.mid) <= float(rows["at most"])
    wide = type(found)(found.lo, 2 * found.hi, found.bits)
    assert dict(Cells(wide._repr_html_()).rows)["value"] == "no digit is decided"
    assert dict(Cells(ss.enclose(ss.boltzmann, [0, 1], alpha=0)._repr_html_()).rows)["note"] == "limit"
    assert dict(Cells(ss.enclose(ss.logsumexp, [float("inf")], alpha=1)._repr_html_()).rows)["value"] == "+inf"


def test_verdicts_are_a_list_and_a_table():
    found = ss.prove(ss.softplus)
    assert isinstance(found, Verdicts) and found == list(found)
    rows = Cells(found._repr_html_()).rows
    assert [row[:3] for row in rows[1:]] == [[v.outcome, v.law, v.scope] for v in found]
    refuted = next(v for v in found if v.witness is not None)
    assert "witness" in Cells(refuted._repr_html_()).rows[1][3]
    assert Cells(Verdict("mine", "a < b", "Undecided", "every n", "<b>")._repr_html_()).rows[1][3] == "<b>"


def test_a_bound_shows_its_formula_and_what_it_rests_on():
    error = ss.bound(ss.logsumexp)
    rows = Cells(error._repr_html_()).rows
    assert rows[0][0] == "to first order" and rows[0][1].startswith("$")
    assert [row[1] for row in rows[-len(error.assumptions) :]] == list(error.assumptions)


def test_an_audit_shows_its_findings():
    found = ss.audit(lambda x: np.log(np.sum(np.exp(x))), ss.logsumexp, alpha=1.0, budget=20, timeout=None)
    text = found._repr_html_()
    rows, caption = Cells(text).rows, Cells(text).caption
    assert caption.startswith("falls short: ") and len(rows) > len(found.findings)
    for row, finding in zip(rows[1:], found.findings, strict=False):
        assert row[0].startswith(finding.kind) and row[6] == finding.exact
