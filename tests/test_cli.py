"""The command line: what it prints, its exit status, and that every mistake is one clear line on standard error."""

from __future__ import annotations

import json
import multiprocessing
import os
import pty
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction
from math import inf, isnan
from pathlib import Path

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.auditing import main as main_job
from smoothsym.cli import main, output
from smoothsym.cli.inputs import exact
from smoothsym.laws import Limit
from smoothsym.words import minimum, x

DERIVATIONS = str(Path(__file__).parents[1] / "derivations")
TARGETS = """
import numpy as np, sys, time
from sympy import Sum, exp, log
from smoothsym import SmoothMax, alpha, j, logsumexp as op, n, x
own = SmoothMax(name="own", definition=log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha)
def own_rows(x): return np.logaddexp(0, op(x))
def naive(x, alpha=1.0): return np.log(np.sum(np.exp(alpha * x))) / alpha
def naive_rows(x): return np.log(np.sum(np.exp(x), axis=-1))
def ours(x, alpha=1.0): return op(x, alpha=alpha)
def gradient(x): return op(x, of="gradient")
def along(x, v): return np.sum(gradient(x) * v)
def less(x): return x - np.max(x)
def talks(x): print("talk, talk"); return op(x)
def exits(x): sys.exit(0)
def sleeps(x): open("started", "w").close(); time.sleep(60)
def raises(x): raise RuntimeError("two\\nlines")
number = 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with targets and rows in it, as the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    (tmp_path / "mine.py").write_text(TARGETS)
    (tmp_path / "unimportable.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "leaves.py").write_text("raise SystemExit(0)\n")
    rows = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    np.save("rows.npy", rows)
    np.savez("rows.npz", rows=rows)
    np.savetxt("rows.txt", rows)
    np.savetxt("rows.csv", rows, delimiter=",")
    return tmp_path


def run(capsys, *argv):
    """(status, standard output), nothing being said on standard error."""
    status = main([str(a) for a in argv])
    said = capsys.readouterr()
    assert said.err == ""
    return status, said.out


def strictly(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def process(*argv, **settings):
    return subprocess.run([sys.executable, "-m", "smoothsym", *argv], capture_output=True, text=True, **settings)


# ---- list, derive, prove -----------------------------------------------------------------------------------------------------


def test_list_names_each_operator_with_its_parameter(capsys):
    status, out = run(capsys, "list")
    listed = {o["name"]: o for o in strictly(run(capsys, "list", "--json")[1])["operators"]}
    assert status == 0 and list(listed) == list(ss.operators)
    for name, op in ss.operators.items():
        names = ", ".join(q.name for q in op.parameters)
        assert re.search(rf"^{name} +{names} +{op.domain} ", out, re.MULTILINE)
        assert listed[name]["formula"]["sympy"] == str(op.definition) and listed[name]["kernels"] == list(op.kernels)


# Limits and series of sums of powers take most of the time.
PAGES = [
    pytest.param(op, marks=[pytest.mark.long] * (name in ("pnorm", "powermean", "lehmer")), id=name)
    for name, op in ss.operators.items()
]


@pytest.mark.parametrize("op", PAGES)
def test_derive_is_a_page_that_begins_with_the_formula(capsys, op):
    status, out = run(capsys, "derive", op.name)
    assert status == 0
    assert out.startswith(f"f{'[i]' if op.vector else ''}(x; {op.parameter}) = ")
    assert all(word in out for word in ("gradient", f"by {op.parameter}", "Limits", "Series"))
    assert ("Hessian" in out) is not op.vector
    data = strictly(run(capsys, "derive", op.name, "--json")[1])
    assert data["derivatives"]["gradient"]["sympy"] == str(op.gradient)
    assert {(a["of"], a["point"]) for a in data["limits"]} >= {
        (o, p) for o in ("value", "gradient") for p in ("oo", "0" if op.parameter.is_nonnegative else "-oo")
    }


def test_a_pole_is_said_as_a_pole_from_each_side(capsys):
    lines = [" ".join(line.split()) for line in run(capsys, "derive", "logsumexp")[1].splitlines()]
    assert "alpha -> 0+ f -> oo, a pole (n >= 2)" in lines
    assert "alpha -> 0- f -> -oo, a pole (n >= 2)" in lines


def test_what_depends_on_ties_and_order_is_said_by_cases(capsys):
    lines = run(capsys, "derive", "softmax")[1]
    assert "-> oo where i = k and x[i] = maximum(x) and m > 1, -oo where i != k" in lines
    (series,) = (line for line in run(capsys, "derive", "smu")[1].splitlines() if line.startswith("    f = "))
    assert "where x[1] > x[2], x[2] + eps^(1/2)/2 + O(eps^4) where x[1] = x[2], x[2] - eps/(4" in series
    branches = strictly(run(capsys, "derive", "smu", "--json")[1])["series"]["branches"]
    assert [branch["where"] for branch in branches] == ["x[1] > x[2]", "x[1] = x[2]", None]


def test_derive_of_the_gradient_begins_with_the_gradient(capsys):
    assert run(capsys, "derive", "boltzmann", "--of", "gradient")[1].startswith(
        "df/dx[i] = w[i] (1 + alpha (x[i] - f))\n"
    )


def test_derive_written_out_and_in_latex(capsys):
    assert run(capsys, "derive", "logsumexp", "--n", 2) == (0, "log(exp(alpha*x1) + exp(alpha*x2))/alpha\n")
    assert len(run(capsys, "derive", "pnorm", "--n", 3, "--of", "hessian")[1].splitlines()) == 6
    assert run(capsys, "derive", "logsumexp", "--latex")[1].startswith(r"\frac{\log{")


def test_derive_check_holds_and_a_corrupted_text_is_1(capsys, tmp_path):
    for path in Path(DERIVATIONS).glob("boltzmann.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert run(capsys, "derive", "--check", tmp_path)[0] == 0
    (tmp_path / "boltzmann.md").write_text("tampered")
    status, out = run(capsys, "derive", "--check", tmp_path)
    assert status == 1 and "broken" in out and "boltzmann.md" in out
    assert run(capsys, "derive", "--weave", tmp_path) == (0, f"{tmp_path / 'boltzmann.md'}\n")
    assert strictly(run(capsys, "derive", "--check", tmp_path, "--json")[1])["problems"] == []


def test_a_derivation_that_breaks_is_1_and_prints_to_no_answer(capsys, tmp_path):
    (tmp_path / "bad.py").write_text("print('noise')\ndef derive(): raise RuntimeError('no')\n")
    for argv in (["--check"], ["--weave"]):
        assert main(["derive", *argv, str(tmp_path), "--json"]) == 1
        assert "RuntimeError: no" in strictly(capsys.readouterr().out)["problems"][0]


def test_prove_prints_each_verdict(capsys):
    status, out = run(capsys, "prove", "boltzmann", "pnorm")
    assert status == 0
    assert re.search(r"^Refuted +boltzmann +convex", out, re.MULTILINE) and "x = (" in out
    assert re.search(r"^Proved +pnorm +a norm, p >= 1", out, re.MULTILINE)
    data = strictly(run(capsys, "prove", "smoothabs", "--json")[1])
    assert {(v["law"], v["outcome"]) for v in data["verdicts"]} == {(v.law, v.outcome) for v in ss.prove(ss.smoothabs)}


def test_the_laws_stand_under_headings_and_no_formula_is_python(capsys):
    lines = run(capsys, "prove", "boltzmann")[1].splitlines()
    assert lines[0].startswith("Boltzmann operator: f = (sum_j x[j] exp(alpha x[j]))") and "w[i] = " in lines[0]
    heads = [line for line in lines if line.startswith("  ")]
    assert heads == ["  Identities", "  Inequalities and bounds", "  Shape", "  Limits and expansions", "  Symmetries"]
    every = [*lines, *run(capsys, "prove", "pnorm", "smu", "softmax")[1].splitlines()]
    assert not [line for line in every if re.search(r"Sum\(|Abs\(|Piecewise|Eq\(|\*|_s\d", line)]


def test_a_law_that_the_operator_states_and_that_is_refuted_is_1(capsys, monkeypatch):
    false = Limit(ss.oo, minimum(x))
    monkeypatch.setattr(ss.boltzmann, "laws", (*ss.boltzmann.laws, false))
    status, out = run(capsys, "prove", "boltzmann")
    assert status == 1 and "boltzmann states" in out.splitlines()[-1]


# ---- reference ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("-1.5", Fraction(-3, 2)),
        (".5e-2", Fraction(1, 200)),
        ("-1/3", Fraction(-1, 3)),
        ("0x1p-3", Fraction(1, 8)),
        ("-0x1.8p3", Fraction(-12)),
        ("0x1.00000000000000001p0", 1 + Fraction(1, 16**17)),
        ("1e400", Fraction(10) ** 400),
        ("-inf", -inf),
        ("oo", inf),
    ],
)
def test_a_number_is_taken_for_exactly_what_it_says(text, value):
    assert exact(text) == value


def test_nan_and_negative_zero_are_what_they_say():
    assert isnan(exact("nan")) and str(exact("-0")) == str(exact("-0x0p0")) == "-0.0"


def test_a_decimal_is_a_rational_and_no_float(capsys):
    assert run(capsys, "reference", "logsumexp", "0.1")[1] == "0.100000000000000000000000000000\n"
    assert run(capsys, "reference", "logsumexp", "0x1.999999999999ap-4")[1].startswith("0.10000000000000000555")


@pytest.mark.parametrize(
    "argv",
    [
        "boltzmann -1.5 2 -1/3 -0x1p3 --alpha -1/3",
        "boltzmann --alpha -1/3 -1.5 2 -1/3 -0x1p3",
        "boltzmann -1.5 2 --alpha -1/3 -1/3 -0x1p3",
        "--alpha -1/3 boltzmann -1.5 2 -1/3 -0x1p3",
    ],
)
def test_negative_numbers_and_options_stand_anywhere(capsys, argv):
    row, alpha = [Fraction(-3, 2), 2, Fraction(-1, 3), -8], Fraction(-1, 3)
    digits = ss.enclose(ss.boltzmann, row, alpha=alpha, digits=30).digits(30)
    assert run(capsys, "reference", *argv.split()) == (0, f"{digits}\n")


def test_digits_and_the_correctly_rounded_float_beside_them(capsys):
    out = run(capsys, "reference", "logsumexp", "0", "-40", "--digits", 20, "--dtype", "float64")[1]
    assert out.split() == ["4.2483542552915889863e-18", "4.248354255291589e-18", "0x1.39792499b1a24p-58"]


def test_weights_masks_and_directions_are_lists_of_exact_numbers(capsys):
    row = [1, 2, 9]
    weighted = ss.enclose(ss.mellowmax, row, weights=[3, Fraction(1, 3), 0], alpha=1).digits(30)
    assert run(capsys, "reference", "mellowmax", *row, "--weights", "3, 1/3,0") == (0, f"{weighted}\n")
    masked = ss.enclose(ss.mellowmax, [1, 9], alpha=1).digits(30)
    assert run(capsys, "reference", "mellowmax", *row, "--where", "1,0,1") == (0, f"{masked}\n")
    along = ss.enclose(ss.mellowmax, row, of="jvp", v=[-1, 0, -2], alpha=1).digits(30)
    assert run(capsys, "reference", "mellowmax", *row, "--of", "jvp", "--v", "-1,0,-2") == (0, f"{along}\n")


@pytest.mark.parametrize("name", ["rows.npy", "rows.npz", "rows.txt", "rows.csv"])
def test_rows_of_a_file_are_its_floats(capsys, here, name):
    status, out = run(
        capsys, "reference", "logsumexp", "--data", name, "--dtype", "float32", "--of", "gradient", "--json"
    )
    values = strictly(out)["values"]
    expected = ss.reference(ss.logsumexp, np.load("rows.npy"), alpha=1, of="gradient", dtype="float32")
    assert status == 0
    assert [(v["row"], v["entry"]) for v in values] == [(r + 1, [c + 1]) for r in range(4) for c in range(3)]
    assert [float.fromhex(v["hex"]) for v in values] == expected.ravel().tolist()


def test_special_values_are_answered_and_said_to_be(capsys):
    assert run(capsys, "reference", "logsumexp", "inf", "1") == (0, "inf  (special value, by limit)\n")
    assert run(capsys, "reference", "logsumexp") == (0, "-inf  (special value, by convention)\n")
    (value,) = strictly(run(capsys, "reference", "logsumexp", "nan", "--json")[1])["values"]
    assert value["digits"] == "nan" and value["enclosure"] == ["nan", "nan"]


def test_a_refused_value_is_1_with_its_enclosure_and_loses_no_other_row(capsys, here):
    np.save("two.npy", [[3.0, 2.0], [np.inf, 1.0]])
    nested = "sqrt(x[1] + 2*sqrt(x[2])) - sqrt(x[2]) - 1"  # 0 at (3, 2), which no theorem here says
    status, out = run(capsys, "reference", "pnorm", "--data", "two.npy", "--of", nested)
    first, second, *_ = out.splitlines()
    assert status == 1
    assert first.startswith("row 1  refused: undecided") and "; it lies in [" in first
    assert second == "row 2  nan  (special value, by convention)"


def test_the_second_engine_answers_alike(capsys):
    answers = [run(capsys, "reference", "pnorm", "1", "2", "--p", "1/3", "--engine", e) for e in ("mpmath", "arb")]
    assert answers[0] == answers[1] and answers[0][0] == 0


# ---- audit -------------------------------------------------------------------------------------------------------------------


def test_a_naive_target_falls_short_and_says_where(capsys, here):
    status, out = run(capsys, "audit", "mine:naive", "--as", "logsumexp", "--budget", 60)
    assert status == 1
    assert out.startswith("falls short: mine:naive as logsumexp value in float64, 60 rows")
    assert re.search(r"overflow +at x = \[.*\], alpha = .*: got inf, exact ", out)
    data = strictly(run(capsys, "audit", "mine:naive", "--as", "logsumexp", "--budget", 60, "--json")[1])
    assert data["verdict"] == "falls short" and data["worst"]["inputs"][0].lstrip("-").startswith("0x")


@pytest.mark.parametrize(
    "argv",
    [
        ["mine:ours", "--budget", 30],
        ["mine:ours", "--alpha", 1, "--data", "rows.npy", "--dtype", "float32"],
        ["mine:gradient", "--alpha", 1, "--of", "gradient", "--n", 2, 5, "--budget", 30, "--seed", 3],
        ["mine:naive_rows", "--alpha", 1, "--batched", "--data", "rows.csv"],
        ["numpy:logaddexp", "--alpha", 1, "--budget", 30],
        ["numpy:logaddexp", "--alpha", 1, "--pairs", "--budget", 30, "--jobs", 1],
        ["mine:along", "--alpha", 1, "--of", "jvp", "--data", "rows.npy"],
        ["mine:less", "--alpha", 1, "--of", "x[i] - maximum(x)", "--data", "rows.npy"],
    ],
)
def test_a_sound_target_holds(capsys, here, argv):
    status, out = run(capsys, "audit", *argv, "--as", "logsumexp")
    assert (status, out.split(":")[0]) == (0, "holds")
    assert re.search(r"\nscaled: p50 \S+, p99 \S+, max at least \S+ \(tol 8\)\n", out)


def test_what_a_target_does_is_no_fault_of_the_command(capsys, here):
    for target in ("mine:raises", "mine:exits"):
        status, out = run(capsys, "audit", target, "--as", "logsumexp", "--alpha", 1, "--budget", 3)
        assert status == 1 and "raises" in out
    assert main(["audit", "mine:talks", "--as", "logsumexp", "--alpha", "1", "--budget", "3", "--json"]) == 0
    said = capsys.readouterr()
    found = strictly(said.out)
    assert found["verdict"] == "holds" and "it prints: talk, talk" in found["notes"][0] and "talk" not in said.err


def test_processes_find_the_target_and_come_to_the_same(capsys, here):
    argv = ["audit", "mine:naive", "--as", "logsumexp", "--budget", "40", "--json"]
    (status, one), two = run(capsys, *argv), process(*argv, "--jobs", "2")
    assert (status, two.returncode, two.stderr) == (1, 1, "")
    assert strictly(one) == strictly(two.stdout)


def test_the_main_job_says_how_many_fall_short_and_the_worst_first(capsys):
    argv = ["audit", "--as", "logsumexp", "--of", "value", "--dtype", "float64", "--jobs", 1, "--budget", 30]
    status, out = run(capsys, *argv)
    lines = out.splitlines()
    short, of = map(int, re.match(r"(\d+) of (\d+) fall short", lines[0]).groups())
    table = lines[3 : lines.index("", 3)]
    assert status == (1 if short else 0)
    assert len(table) == of and sum(" at x = " in line for line in table) == short
    assert all(" at x = " in line for line in table[:short])
    assert "lower bounds" in out and out.count("lower bound") == 1
    data = strictly(run(capsys, *argv, "--json")[1])
    assert (data["fall_short"], data["of"]) == (short, of)
    assert data["controls"]["fall_short"] == data["controls"]["of"] > 0


@pytest.mark.parametrize("processes", [(1,), pytest.param((1, 2), marks=pytest.mark.long)], ids=str)
def test_the_main_job_of_some_libraries(capsys, processes):
    libraries = ["--library", "Python", "--library", "numpy"]
    argv = ["audit", *libraries, "--as", "pnorm", "--of", "value", "--dtype", "float64", "--budget", 10, "--json"]
    one, *others = (run(capsys, *argv, "--jobs", jobs)[1] for jobs in processes)
    assert all(other == one for other in others)
    data = strictly(one)
    assert {audit["target"].split()[0] for audit in data["audits"]} == {"Python", "NumPy"}
    assert data["not_installed"] == []


def test_the_main_job_in_full_can_be_pasted(capsys, tmp_path):
    out = run(
        capsys,
        "audit",
        "--as",
        "logsumexp",
        "--of",
        "value",
        "--dtype",
        "float32",
        "--jobs",
        1,
        "--budget",
        30,
        "--full",
    )[1]
    block = re.search(r"^# overflow.*\n(?:# .*\n)?((?:.*\n){3})", out, re.MULTILINE)
    code = tmp_path / "paste.py"
    code.write_text(block.group(1))
    shown = subprocess.run([sys.executable, "-W", "ignore", code], capture_output=True, text=True)
    assert shown.returncode == 0 and re.match(r"inf \d", shown.stdout)


def test_an_interrupted_main_job_ends_its_workers():
    def interrupted(*_):
        raise KeyboardInterrupt

    before = set(multiprocessing.active_children())
    with pytest.raises(KeyboardInterrupt):
        main_job.run(
            interrupted, jobs=2, budget=2, only=[t for t in main_job.targets() if t.name == "NumPy linalg.norm"]
        )
    assert set(multiprocessing.active_children()) <= before


def test_an_operator_of_your_own_is_named_by_its_module(capsys, here):
    assert run(capsys, "derive", "mine:own")[1].startswith("f(x; alpha) = log(1 + (sum_j exp(alpha x[j])))/alpha\n")
    assert run(capsys, "reference", "mine:own", "0", "--digits", 20) == (0, "0.69314718055994530942\n")
    assert run(capsys, "prove", "mine:own")[0] == 0
    status, out = run(capsys, "audit", "mine:own_rows", "--as", "mine:own", "--alpha", 1, "--data", "rows.npy")
    assert status == 0 and out.startswith("holds: mine:own_rows as own value")


# ---- mistakes ----------------------------------------------------------------------------------------------------------------

MISTAKES = {
    "adit": "did you mean 'audit'",
    "--json": "COMMAND",
    "list extra": "no place for 'extra'",
    "derive": "which operator",
    "derive logsumxp": "did you mean 'logsumexp'",
    "derive pnorm --of hesian": "did you mean 'hessian'",
    "derive pnorm --n 0": "--n: 0 is not positive",
    "derive pnorm --check": "'pnorm' is given beside it",
    "derive --check": "no directory 'derivations'",
    "derive --weave nowhere": "no directory 'nowhere'",
    "derive mine:number": "cannot be called",
    "derive mine:naive": "no SmoothMax",
    "prove pnrm": "did you mean 'pnorm'",
    "prove --al": "prove has no place for '--al'",
    "reference": "required: OP",
    "reference nope": "known: boltzmann, logsumexp",
    "reference pnorm one": "'one' is no number",
    "reference pnorm 1/0": "divides by zero",
    "reference pnorm 1e999999999": "exponent beyond",
    "reference pnorm 1 --alpha 2": "pnorm has the parameter --p",
    "reference pnorm 1 --p two": "--p: 'two' is no number",
    "reference pnorm 1 2 --weights 1,two": "--weights 1,two: 'two' is no number",
    "reference pnorm 1 2 --where 1,2": "--where has the entry 2",
    "reference pnorm 1 2 --weights 1": "weights",
    "reference pnorm 1 --digits -3": "--digits: -3 is not positive",
    "reference pnorm 1 --engine abr": "did you mean 'arb'",
    "reference pnorm 1 --dtype float31": "did you mean 'float32'",
    "reference pnorm 1 --of valu": "did you mean 'value'",
    "reference pnorm 1 --dgits 3": "did you mean --digits",
    "reference pnorm 1 --data rows.npy": "and not both",
    "reference pnorm --data none.npy": "no file 'none.npy'",
    "reference pnorm --data .": "is no file",
    "reference pnorm --data mine.py": "ends in '.py'",
    "audit mine:naive": "add --as OP",
    "audit mine:naive --as lse": "operator='lse' is not known",
    "audit mine:naiv --as logsumexp": "did you mean 'naive'",
    "audit mine --as logsumexp": "no dotted name",
    "audit mine:number --as logsumexp": "cannot be called",
    "audit nowhere:f --as logsumexp": "no module named 'nowhere'",
    "audit unimportable:f --as logsumexp": "no_such_module_anywhere",
    "audit leaves:f --as logsumexp": "cannot be imported: SystemExit",
    "audit mine:naive --as logsumexp --of hessian": "of='hessian' is not known",
    "audit mine:naive --as logsumexp --dtype int32": "dtype='int32' is not known",
    "audit mine:naive --as logsumexp --p 2": "logsumexp has the parameter --alpha",
    "audit mine:naive --as logsumexp --alpha 1e999": "beyond float64",
    "audit mine:naive --as logsumexp --budget 1.5": "--budget: '1.5' is no whole number",
    "audit mine:naive --as logsumexp --n 2 0": "--n: 0 is not positive",
    "audit mine:naive --as logsumexp --seed -1": "--seed: -1 is negative",
    "audit mine:naive --as logsumexp --seconds -1": "seconds=-1",
    "audit mine:naive --as logsumexp --tol 0": "tol=0",
    "audit mine:naive --as logsumexp --jobs 0": "--jobs: 0 is not positive",
    "audit mine:naive --as logsumexp --timeout 0": "timeout=0",
    "audit --timeout -1": "timeout=-1",
    "audit --data rows.npy": "--data is about one target",
    "audit --alpha 2": "--alpha is about one target",
    "audit --as pnrm": "did you mean 'pnorm'",
    "audit --as lehmer --dtype float16": "--as lehmer --dtype float16: nothing",
    "audit --of p": "of='p' is not known",
    "audit --ful": "did you mean --full",
    "audit --library scypi": "did you mean 'scipy'",
    "audit --library python --as softmax": "--as softmax --library python: nothing",
    "audit mine:naive --as logsumexp --library scipy": "--library scipy is about all that is installed",
    "audit --pairs": "--pairs is about one target",
    "audit numpy:hypot --as pnorm --p 2 --n 3": "n=[3]: the target takes two arrays",
}


@pytest.mark.parametrize("argv", MISTAKES)
def test_a_mistake_is_one_clear_line_and_2(capsys, here, argv):
    assert main(argv.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("smoothsym: error: ") and said.err.count("\n") == 1
    assert MISTAKES[argv] in said.err


FILES = {
    "junk.npy": (b"hello, world", "it is no array"),
    "empty.npy": (b"", "No data"),
    "junk.npz": (b"hello, world", "it is no array"),
    "head.csv": (b"a,b\n1,2\n", "could not convert string 'a'"),
    "ragged.csv": (b"1,2,3\n4,5\n", "number of columns changed"),
    "empty.txt": (b"", "has shape (0, 1)"),
    "binary.txt": (bytes(range(128, 256)), "cannot be read"),
}
ARRAYS = {
    "object": (np.array([1, "a", None], dtype=object), "it is no array"),
    "text": (np.array(["a", "b"]), "holds <U1"),
    "complex": (np.zeros((2, 2), complex), "holds complex128"),
    "cube": (np.zeros((2, 2, 2)), "has shape (2, 2, 2)"),
    "no rows": (np.zeros((0, 3)), "has shape (0, 3)"),
    "scalar": (np.float64(1), "has shape ()"),
    "bool": (np.zeros((2, 2), bool), "holds bool"),
}


@pytest.mark.parametrize("name", [*FILES, *ARRAYS])
@pytest.mark.parametrize("command", ["audit mine:ours --as logsumexp", "reference logsumexp"])
def test_a_file_that_holds_no_rows_is_refused(capsys, here, command, name):
    path, reason = (name, FILES[name][1]) if name in FILES else (f"{name}.npy", ARRAYS[name][1])
    if name in FILES:
        (here / path).write_bytes(FILES[name][0])
    else:
        np.save(path, ARRAYS[name][0])
    assert main([*command.split(), "--data", path]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("smoothsym: error: data: ") and said.err.count("\n") == 1
    assert path in said.err and reason in said.err


def test_a_file_of_several_arrays_names_them(capsys, here):
    np.savez("two.npz", a=np.ones(2), b=np.ones(3))
    assert main(["reference", "pnorm", "--data", "two.npz"]) == 2
    assert "2 arrays, a, b" in capsys.readouterr().err


def test_a_fault_of_ours_is_no_traceback(capsys, monkeypatch):
    monkeypatch.setattr("smoothsym.cli.facts.laid_out", lambda *_: 1 / 0)
    assert main(["list"]) == 2
    assert capsys.readouterr().err.startswith("smoothsym: error: ZeroDivisionError: ")


# ---- the process -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["audit", "--help"], ["adit"], []])
def test_help_imports_neither_sympy_nor_numpy(argv):
    code = f"""
import sys
from smoothsym.cli import main
main({argv!r})
heavy = {{"sympy", "numpy", "mpmath", "rich", "scipy"}} & set(sys.modules)
sys.exit(repr(heavy) if heavy else 0)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_python_m_runs_it_and_the_status_is_the_process_status():
    assert process("reference", "pnorm", "3", "4", "--digits", "3").stdout == "5.00\n"
    wrong = process("reference", "pnrm", "3")
    assert (wrong.returncode, wrong.stdout) == (2, "") and wrong.stderr.startswith("smoothsym: error: ")


@pytest.mark.parametrize("more", [pytest.param([], marks=pytest.mark.long), ["--jobs", "2"]])
def test_an_interrupt_is_quiet_and_130(here, more):
    command = [sys.executable, "-m", "smoothsym", "audit", "mine:sleeps", "--as", "logsumexp", "--alpha", "1", *more]
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where the tests run in the background
    )
    while not Path("started").exists() and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    assert running.communicate() == ("", "")
    assert running.returncode == 130


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends them")
def test_a_killed_audit_leaves_no_process(here):
    command = [sys.executable, "-m", "smoothsym", "audit", "mine:sleeps", "--as", "logsumexp", "--alpha", "1"]
    running = subprocess.Popen([*command, "--jobs", "2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not Path("started").exists() and running.poll() is None:
        time.sleep(0.05)
    running.kill()
    # Whoever is left holds the other end of the pipe.
    running.communicate(timeout=60)


def test_a_closed_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "smoothsym", "list"], stdout=writer, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


def on_a_terminal(*argv):
    """(standard output through a pipe, what a terminal on standard error was sent)."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "smoothsym", *argv]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower, env={**os.environ, "TERM": "xterm"})
    os.close(follower)
    seen = b""
    while True:
        try:
            part = os.read(leader, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(leader)
    return running.communicate()[0].decode(), seen.decode()


def test_a_bar_moves_where_a_person_watches_and_never_in_a_pipe(here):
    argv = ["audit", "mine:ours", "--as", "logsumexp", "--budget", "5"]
    out, seen = on_a_terminal(*argv)
    assert "auditing" in seen and "\x1b" in seen
    assert "\x1b" not in out and out.startswith("holds")
    assert process(*argv).stderr == ""


def test_a_table_fits_the_columns_and_in_a_pipe_is_a_line_a_row():
    rows = [(["1", "name"], "what is said beside it, at some length"), (["22", "other"], "")]
    head = ["n", "who"]
    narrow = [line for line, _ in output.laid_out(head, rows, (0,), 30)]
    assert max(map(len, narrow)) <= 30 and len(narrow) > 3
    assert [line for line, _ in output.laid_out(head, rows, (0,))] == [
        " n  who",
        " 1  name   what is said beside it, at some length",
        "22  other",
    ]
