"""The code that a finding offers is pasted and run: it is right where the target failed, and within the bound that it names."""

import re
import subprocess
import sys

import broken
import numpy as np
import pytest
from sympy import Sum, exp, log

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.findings.repair import Candidate, Repairs
from smoothsym.auditing.measuring.measure import Task


def pasted(finding, **names):
    """The function that a repair defines, run as it stands."""
    name = re.search(r"# Call (\w+)\(", finding.repair).group(1)
    with np.errstate(all="ignore"):
        exec(finding.repair, names)
    return names[name]


def row(finding, dtype):
    return np.array([float.fromhex(entry) for entry in finding.inputs], dtype=dtype)


AUDITS = [
    (broken.naive, ss.logsumexp, "value", "float64", {"alpha": 1.0}),
    (broken.naive, ss.logsumexp, "value", "float16", {"alpha": 1.0}),
    (broken.scaled_then_shifted, ss.logsumexp, "gradient", "float32", {}),
    (lambda x: np.sqrt(np.sum(x * x)), ss.pnorm, "value", "float32", {"p": 2}),
    (lambda x, p: np.mean(x**p) ** (1 / p), ss.powermean, "value", "float64", {"parameters": [2.0, 2.0**-20]}),
]


@pytest.mark.parametrize("target, op, of, dtype, given", AUDITS)
def test_what_falls_short_is_told_with_code_that_passes(target, op, of, dtype, given):
    audit = ss.audit(target, op, of, dtype, budget=80, n=(1, 2, 5), **given)
    falling = [finding for finding in audit.findings if finding.falls and finding.kind != "broken invariant"]
    assert falling and audit.worst.repair
    for finding in falling:
        x = row(finding, dtype)
        name, keywords = op.parameter.name, {}
        if finding.parameter is not None:
            keywords = {name: float.fromhex(finding.parameter)}
        function = pasted(finding)
        again = ss.audit(lambda x, f=function, k=keywords: f(x, **k), op, of, dtype, data=[x], **keywords)
        assert again.holds, finding
        bounded = re.search(r"at most (\S+) \(rigorous", finding.repair)
        if bounded:
            exact = [float(e.mid) for e in np.ravel(ss.enclose(op, x, of=of, **keywords))]
            error = np.max(np.abs(np.atleast_1d(function(x, **keywords)).astype(float) - exact))
            assert error <= float(bounded.group(1)) * 1.01 + 2.0**-52 * max(map(abs, exact))
    assert not any(finding.repair for finding in audit.findings if not finding.falls)


def test_source_needs_nothing_but_the_library():
    finding = ss.audit(broken.naive, ss.logsumexp, alpha=1.0, data=[[0.0, -40.0]]).worst
    code = f"{finding.repair}\nprint(logsumexp(np.array([0.0, -40.0]), alpha=1.0)); import sys; print('smoothsym' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.split() == ["4.248354255291589e-18", "False"], run.stderr


def test_special_values_are_repaired_by_the_kernel_that_answers_them():
    shifted = lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x))))  # noqa: E731
    finding = ss.audit(shifted, ss.logsumexp, alpha=1.0, data=[[np.inf, 1.0]]).worst
    assert finding.kind == "special value" and "ss.operators['logsumexp']" in finding.repair
    assert pasted(finding)(row(finding, "float64"), alpha=1.0) == np.inf


def test_an_operator_of_ones_own_is_repaired():
    op = ss.SmoothMax(name="lse0", definition=log(1 + Sum(exp(ss.x[ss.j]), (ss.j, 1, ss.n))))
    audit = ss.audit(lambda x: np.log(1 + np.sum(np.exp(x))), op, budget=60, n=(1, 2))
    for finding in audit.findings:
        if finding.falls and "special" not in finding.tags and finding.kind != "broken invariant":
            function = pasted(finding, op=op)
            assert ss.audit(function, op, data=[row(finding, "float64")]).holds


def test_code_that_fails_is_not_told_and_the_number_is():
    task = Task(broken.naive, ss.logsumexp, "value", formats.get("float64"))
    finding = ss.audit(broken.naive, ss.logsumexp, alpha=1.0, data=[[0.0, -40.0]]).worst
    bad = Candidate("A bad one", "bad", "bad = None", lambda x, alpha: broken.naive(x))
    text = Repairs(task, [bad]).told(finding, [])
    assert (
        text.startswith("# No code of ours passes here. The nearest, A bad one: scaled 1.1e+14")
        and "bad = None" not in text
    )
    good = Candidate("A good one", "good", "good = None", lambda x, alpha: broken.logsumexp(x))
    assert Repairs(task, [bad, good]).told(finding, []).startswith("# A good one")
