"""smoothsym bound: the formula, what it rests on, and numbers, as text, LaTeX and strict JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.cli import main


def said(capsys, *argv, status=0):
    assert main(["bound", *argv]) == status
    return capsys.readouterr()


def test_a_page_has_the_formula_the_assumptions_and_the_numbers(capsys):
    out = said(capsys, "logsumexp", "--x", "0, -40", "--dtype", "float32", "--alpha", "2").out
    head, *_ = out.splitlines()
    assert head == "logsumexp stable: |computed - exact|, at most"
    assert "to first order  u " in out and "f = log(sum_j exp(alpha x[j]))/alpha" in out and "|d| <= u" in out
    limit = ss.bound(ss.logsumexp).rigorous(np.float32([0, -40]), alpha=2)
    assert out.splitlines()[-1].split()[-1] == f"{limit:.3g}"


def test_json_has_all_of_it_exactly(capsys, tmp_path):
    rows = np.random.default_rng(0).normal(size=(15, 3)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    data = json.loads(said(capsys, "boltzmann", "--of", "gradient", "--data", str(tmp_path / "rows.npy"), "--json").out)
    assert data["kernel"] == "stable_gradient" and data["formula"]["latex"] and len(data["assumptions"]) > 3
    limits = ss.bound(ss.boltzmann, of="gradient").rigorous(rows)
    assert [n["bound"] for n in data["numbers"]] == list(limits.ravel()) and data["numbers"][4]["entry"] == [2]
    assert [n["computed"] for n in data["numbers"]] == list(ss.boltzmann(rows, of="gradient").ravel())


def test_what_is_found_by_a_search_has_numbers_and_no_formula(capsys):
    out = said(capsys, "sparsemax", "--x", "1, 2, 4", "--parameter", "gamma=3").out
    assert "found by a search" in out and "The search for a maximiser" in out
    data = json.loads(said(capsys, "sparsemax", "--x", "1, 2, 4", "--parameter", "gamma=3", "--json").out)
    assert data["formula"] is None and 0 < data["numbers"][0]["bound"] < 1e-14


def test_latex_is_the_formula_alone(capsys):
    assert (
        said(capsys, "softplus", "--kernel", "naive", "--latex").out.strip()
        == ss.bound(ss.softplus.kernels["naive"]).latex
    )


CODE = """
import numpy as np

def f(xp, x, alpha=1.0):
    return xp.log(xp.sum(xp.exp(alpha * x))) / alpha
"""


def test_code_of_ones_own(capsys, tmp_path, monkeypatch):
    (tmp_path / "own_code_to_bound.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    out = said(capsys, "own_code_to_bound:f", "--x", "1 2", "--alpha", "3").out
    assert out.startswith("f: |computed - exact|") and "pairwise" in out and "row 1" in out
    assert "are for operators" in said(capsys, "own_code_to_bound:f", "--kernel", "naive", status=2).err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["logsumexp", "--of", "hessian"], "a kernel computes the value or the gradient"),
        (["logsumexp", "--kernel", "fast"], "logsumexp has the kernels naive, stable"),
        (["logsumexp", "--x", "a"], "'a' is no number"),
        (["logsumexp", "--x", "1", "--data", "rows.npy"], "either --x or --data"),
        (["logsumexp", "--p", "3", "--x", "1"], "logsumexp has the parameter --alpha"),
        (["logsumexpp"], "did you mean 'logsumexp'"),
    ],
)
def test_mistakes_are_named(capsys, argv, message):
    assert message in said(capsys, *argv, status=2).err
