"""The pytest plugin, by pytest's own means: sound code passes, broken code fails readably, options and baselines do what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special

import smoothsym as ss
from smoothsym.testing import check, message, record  # noqa: F401  (pytester forgets what it imports itself)
from smoothsym.testing.asked import asked
from smoothsym.testing.baseline import Baseline
from smoothsym.testing.limit import Limit
from smoothsym.testing.record import Record
from smoothsym.testing.settings import SETTINGS

pytest_plugins = ["pytester"]

CODE = """
import numpy as np
from scipy.special import logsumexp

def naive(x):
    return np.log(np.sum(np.exp(x)))

def off(x):  # by a few units: within 8, and beyond the bound
    return logsumexp(x) * (1 + 5 * np.finfo(x.dtype).eps)

ROWS = np.random.default_rng(0).normal(size=(20, 5))
"""
QUICK = ("--smoothsym-timeout", "none", "--smoothsym-budget", "40")
"""Calls in this process, and few."""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on tests given as text, with the plugin and no other that is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(code=CODE)
    pytester.syspathinsert()

    def run(tests: str, *options: str, quick: bool = True, subprocess: bool = False, **pytesters):
        pytester.makepyfile(test_it=f"import numpy as np\nfrom code_under import *\n{tests}")
        (pytester.path / "code_under.py").write_text(CODE, "utf-8")
        arguments = ("-p", "smoothsym.pytest_plugin", *(QUICK if quick else ()), *options)
        return (pytester.runpytest_subprocess if subprocess else pytester.runpytest_inprocess)(*arguments, **pytesters)

    return run


def one(call: str, name: str = "it") -> str:
    return f"def test_{name}(smoothsym):\n    smoothsym.check({call})\n"


SOUND = one("logsumexp, 'logsumexp', alpha=1.0", "sound")
BROKEN = one("naive, 'logsumexp', alpha=1.0", "broken")

# ---- what it costs those who do not use it -----------------------------------------------------------------------------------


def test_it_imports_nothing_heavy(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        "import sys\n\ndef test_it():\n"
        "    assert not {'numpy', 'sympy', 'mpmath', 'rich', 'smoothsym.auditing'} & set(sys.modules)\n"
        "    assert 'smoothsym.pytest_plugin' in sys.modules\n"
    )
    assert pytester.runpytest_subprocess("-p", "smoothsym.pytest_plugin").ret == 0


def test_pytest_finds_it_by_its_entry_point():
    data = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert data["project"]["entry-points"]["pytest11"] == {"smoothsym": "smoothsym.pytest_plugin"}


# ---- checks ------------------------------------------------------------------------------------------------------------------


def test_sound_code_passes_and_broken_code_fails_with_its_worst_input(run):
    result = run(SOUND + BROKEN)
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str()
    result.stdout.re_match_lines(
        [
            r"E +AssertionError: overflow: got inf, exact [0-9e+]+: code_under:naive as logsumexp value in float64",
            r"E +x +\[0x1\.[0-9a-f]+p\+\d+\] = \[\d+\.0\]",
            r"E +alpha +0x1p\+0 = 1\.0",
            r"E +got +inf",
            r"E +exact +\d+\.0",
            r"E +error +inf ulp, scaled inf, bound 0",
            r"E +found +among 40 rows, seed 0",
            r"E +reproduce:",
            r"smoothsym: 1 of 2 checks falls short; worst scaled error inf \(overflow.*\) in test_it.py::test_broken",
        ]
    )
    code = "\n".join(line[1:].strip() for line in text.partition("reproduce:")[2].splitlines()[1:4])
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"inf \d+\.0+", shown.strip())
    assert not re.search(r"smoothsym/\w+", text.partition("FAILURES")[2]), "no frame of ours is shown"


def test_what_a_check_is_held_to(run):
    result = run(
        one("off, 'logsumexp', alpha=1.0, data=ROWS", "scaled")
        + one("off, 'logsumexp', alpha=1.0, data=ROWS, tol=2", "tighter")
        + one("off, 'logsumexp', alpha=1.0, data=ROWS, ulp=20", "ulps")
        + one("off, 'logsumexp', alpha=1.0, data=ROWS, ulp=4", "few_ulps")
        + one("off, 'logsumexp', alpha=1.0, data=ROWS, bound=True", "derived")
        + one("off, 'logsumexp', alpha=1.0, data=ROWS, bound=lambda x, a: 1.0", "given")
        + one("logsumexp, 'logsumexp', alpha=1.0, bound=True, dtype='float32'", "sound")
        + one("logsumexp, 'logsumexp', alpha=1.0, ulp=4", "ill")
    )
    result.assert_outcomes(passed=4, failed=4)
    result.stdout.re_match_lines(
        [
            r"E +AssertionError: inaccurate: scaled error [\d.]+ \(2 allowed\): .*",
            r"E +data +row \d+",
            r"E +AssertionError: [\d.]+ ulp \(4 allowed\): .*",
            r"E +AssertionError: [\d.]+ times the bound: .*",
            r"E +AssertionError: ill-conditioned input: \S+ ulp \(4 allowed\): .*",
            r"E +so +no code has few ulps .*",
        ]
    )


def test_derivatives_operators_of_ones_own_and_the_audit_that_is_returned(run):
    run(
        "import smoothsym as ss\nfrom scipy.special import softmax\n"
        "op = ss.SmoothMax(name='own', definition=ss.logsumexp.definition, parameter=ss.alpha)\n"
        + one("softmax, 'logsumexp', of='gradient', dtype=np.float32, alpha=1.0, n=3, bound=True", "gradient")
        + one("lambda x, v: v * softmax(x), 'logsumexp', of='vjp', alpha=1.0, data=ROWS", "vjp")
        + "def test_own(smoothsym):\n"
        "    audit = smoothsym.check(logsumexp, op, alpha=1.0)\n"
        "    assert (audit.rows, audit.seed, audit.verdict) == (40, 0, 'holds')\n"
    ).assert_outcomes(passed=3)


def test_arguments_that_cannot_be_meant_are_shown_where_they_were_given(run):
    result = run(
        one("naive, 'logsumxp', alpha=1.0", "a") + one("naive, 'logsumexp', ulp=0", "b") + one("naive, 3", "c")
    )
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    assert (
        "did you mean 'logsumexp'?" in text and "ulp=0: give a positive number" in text and "give a SmoothMax" in text
    )
    assert ".py:" in text and "auditing" not in text and "smoothsym/testing" not in text


def test_the_same_without_pytest():
    naive = check_fails(lambda x: np.log(np.sum(np.exp(x))))
    assert naive.startswith("overflow: got inf") and "(target as in the check)" in naive
    assert check(special.logsumexp, ss.logsumexp, alpha=1.0, budget=40, timeout=None, bound=True).holds
    long = check_fails(lambda x: special.logsumexp(x) * 1.01, data=np.random.default_rng(0).normal(size=(3, 200)))
    assert len(long) < 1500 and "... 200 entries" in long and "data=data" in long and "(target, data as in" in long
    shape = check_fails(lambda x: x[None])
    assert shape.startswith("wrong shape: the result has shape")


def check_fails(target, **options) -> str:
    with pytest.raises(AssertionError) as raised:
        check(
            target,
            ss.logsumexp,
            alpha=1.0,
            **({"budget": 40} if "data" not in options else {}),
            timeout=None,
            **options,
        )
    return str(raised.value)


def test_a_check_that_can_show_nothing_is_an_error():
    with pytest.raises(ValueError, match="none of 1 rows has a bound"):
        check(np.max, ss.logsumexp, alpha=3.0, data=[[1.7e308, -1.7e308]], bound=True, timeout=None)


# ---- options -----------------------------------------------------------------------------------------------------------------

ASKS = """
def test_run(smoothsym):
    audit = smoothsym.check(logsumexp, 'logsumexp', alpha=1.0)
    assert (audit.rows, audit.seed, audit.tol) == {}
def test_own(smoothsym):
    audit = smoothsym.check(logsumexp, 'logsumexp', alpha=1.0, budget=20, seed=3, tol=5)
    assert (audit.rows, audit.seed, audit.tol) == (20, 3, 5.0)
    assert smoothsym.check(logsumexp, 'logsumexp', alpha=1.0, data=np.ones((60, 2))).rows == 60
"""


def test_a_call_beats_options_which_beat_the_ini_file(run, pytester):
    pytester.makeini(
        "[pytest]\nsmoothsym_budget = 30\nsmoothsym_seed = 1\nsmoothsym_tol = 6\nsmoothsym_timeout = none\n"
    )
    run(ASKS.format((30, 1, 6.0)), quick=False).assert_outcomes(passed=2)
    run(ASKS.format((50, 1, 7.0)), "--smoothsym-budget=50", "--smoothsym-tol=7", quick=False).assert_outcomes(passed=2)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_values_that_cannot_be_meant_name_the_option(setting, run, pytester):
    for bad in ("x", "-1", "nan"):
        result = run(SOUND, f"{setting.option}={bad}", quick=False)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert f"{setting.option}: '{bad}': give a" in result.stderr.str()
    pytester.makeini(f"[pytest]\n{setting.ini} = many\n")
    result = run(SOUND, quick=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR and f"{setting.ini} in " in result.stderr.str()
    assert "'many': give a" in result.stderr.str()


# ---- baselines ---------------------------------------------------------------------------------------------------------------

FILE = ("--smoothsym-baseline", "known.json")
WRITE = (*FILE, "--smoothsym-baseline-update")


def test_with_a_baseline_only_what_got_worse_fails(run, pytester):
    first = run(SOUND + BROKEN, *WRITE)
    first.assert_outcomes(passed=2)
    first.stdout.fnmatch_lines(["smoothsym: 1 of 2 checks falls short; *", "smoothsym: wrote *known.json"])
    written = (pytester.path / "known.json").read_text("utf-8")
    again = run(SOUND + BROKEN, *FILE)
    again.assert_outcomes(passed=2)
    again.stdout.fnmatch_lines(["smoothsym: against the baseline: 2 no worse"])
    assert (pytester.path / "known.json").read_text("utf-8") == written

    # Worse, though within its limit; better; and one that the baseline does not have.
    worse = run(
        SOUND.replace("logsumexp,", "off,")
        + BROKEN.replace("naive", "logsumexp")
        + one("naive, 'logsumexp', alpha=1.0"),
        *FILE,
    )
    worse.assert_outcomes(passed=1, failed=2)
    worse.stdout.re_match_lines(
        [
            r"E +AssertionError: worse than the baseline: scaled error [\d.]+, was 0\.\d+: code_under:off as .*",
            r"E +AssertionError: overflow: .*",
            r"E +note +it is not in the baseline",
            r"smoothsym: against the baseline: 1 worse, 1 no worse, 1 not in it, held to the limits of the checks",
        ]
    )
    # Other settings are no regression: what was asked then is something else.
    other = run(BROKEN, *FILE, "--smoothsym-seed=5")
    other.stdout.fnmatch_lines(["E*note*the baseline has it with no seed=, and this is with seed=5"])

    # What is written again keeps what did not run.
    run(SOUND.replace("logsumexp,", "off,"), *WRITE).assert_outcomes(passed=1)
    before, after = (
        json.loads(text)["checks"] for text in (written, (pytester.path / "known.json").read_text("utf-8"))
    )
    assert before["test_it.py::test_broken"] == after["test_it.py::test_broken"]
    assert before["test_it.py::test_sound"] != after["test_it.py::test_sound"]


def test_a_baseline_from_workers_is_the_same_and_holds_there(run, pytester):
    pytest.importorskip("xdist")
    run(SOUND + BROKEN, *WRITE)
    alone = (pytester.path / "known.json").read_bytes()
    (pytester.path / "known.json").unlink()
    workers = ("-p", "xdist.plugin", "-n")
    written = run(SOUND + BROKEN, *WRITE, *workers, "2", subprocess=True)
    written.assert_outcomes(passed=2)
    assert (pytester.path / "known.json").read_bytes() == alone
    held = run(SOUND.replace("logsumexp,", "naive,") + BROKEN, *FILE, *workers, "1", subprocess=True)
    held.assert_outcomes(passed=1, failed=1)
    held.stdout.fnmatch_lines(
        ["smoothsym: 2 of 2 checks fall short; *", "smoothsym: against the baseline: 1 worse, 1 no worse"]
    )


def test_files_that_are_no_baseline_are_usage_errors_and_stay_what_they_are(run, pytester):
    missing = run(SOUND, *FILE)
    assert missing.ret == pytest.ExitCode.USAGE_ERROR
    missing.stderr.fnmatch_lines(["ERROR: --smoothsym-baseline: there is no file *known.json; write it with *-update"])
    assert run(SOUND, "--smoothsym-baseline-update").ret == pytest.ExitCode.USAGE_ERROR
    assert run(SOUND, *FILE, "--collect-only").ret == 0
    assert run(SOUND, *WRITE, "--collect-only").ret == 0 and not (pytester.path / "known.json").exists()
    torn = Baseline().updated([RECORD], []).text[:-20]
    for text in (torn, "# README", '{"checks": {}}', torn.replace("1", "2", 1) + "}}}", "[]"):
        (pytester.path / "known.json").write_text(text, "utf-8")
        for options in (FILE, WRITE):
            result = run(SOUND, *options)
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines(["ERROR: --smoothsym-baseline: *known.json is no baseline of smoothsym, or *"])
        assert (pytester.path / "known.json").read_text("utf-8") == text


def test_a_run_that_is_broken_off_writes_no_baseline(run, pytester):
    result = run(SOUND + "def test_stop():\n    raise KeyboardInterrupt\n", *WRITE, no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["smoothsym: the run did not come to its end: *known.json was not written"])
    assert [path.name for path in pytester.path.glob("known*")] == []


RECORD = Record(
    "test_a.py::test_b",
    "logsumexp value float64",
    "f",
    "scaled error 8",
    ("scaled",),
    {"scaled": 100.0, "ulp": 50.0},
    {"cancellation": 2.0, "overflow": float("inf")},
    {"tol": 8.0},
    False,
)


@pytest.mark.parametrize(
    "change, said",
    [
        ({}, ""),
        ({"errors": {"scaled": 100.0, "ulp": 1e9}}, ""),  # it is not held to ulps
        ({"errors": {"scaled": np.nextafter(100.0, 101.0), "ulp": 50.0}}, "scaled error 100.00000000000001, was 100"),
        ({"errors": {"scaled": float("inf")}}, "scaled error inf, was 100"),
        ({"kinds": {"cancellation": 2.0}}, ""),
        ({"kinds": {"cancellation": 3.0}}, "cancellation of scaled error 10^3, was 10^2"),
        ({"kinds": {"cancellation": float("inf")}}, "cancellation of scaled error inf, was 10^2"),
        ({"kinds": {"underflow": 1.0}}, "underflow, which is new"),
    ],
)
def test_what_is_worse(change, said):
    there = Baseline.read(Baseline().updated([RECORD], []).text)
    assert there.text == Baseline().updated([RECORD], []).text and not there.differs(RECORD)
    worse = there.worse(replace(RECORD, **change))
    assert worse is None if not said else worse[0] == f"worse than the baseline: {said}"


def test_what_two_runs_must_ask_alike():
    rows = np.arange(6.0).reshape(2, 3)

    def ask(limit=Limit(), **options):  # noqa: B008
        return asked(limit, options)

    assert ask(data=rows, timeout=3) == ask(data=rows.copy()) != ask(data=rows.T)
    assert ask(alpha=1.0) != ask(alpha=2.0) and ask() != ask(Limit(None, 4)) and ask(bound=None) == ask()
    json.dumps([ask(n=(1, 2), keywords={"ord": ss.p}, twin=special.logsumexp, parameters=[1.0, float("inf")])])
