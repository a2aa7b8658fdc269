"""What a finding prints runs as it stands, in a process of its own, and prints what the finding says."""

import json
import subprocess
import sys

import broken
import numpy as np
import pytest

import smoothsym as ss
from smoothsym.auditing.targets.target import HERE


def printed(code):
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    return run.stdout.strip(), run.stderr


AUDITS = [
    (f"{HERE}.ours:logsumexp_naive", "logsumexp", "value", "float64", {}),
    (f"{HERE}.ours:boltzmann_naive_gradient", "boltzmann", "gradient", "float32", {}),
    (f"{HERE}.numpy:norm", "pnorm", "value", "float32", {}),
    ("numpy:logaddexp.reduce", "logsumexp", "value", "float64", {"alpha": 1.0}),
    ("scipy.special.softmax", "logsumexp", "gradient", "float64", {"alpha": 1.0}),
    (f"{HERE}.ours:logsumexp_naive", "logsumexp", "value", "bfloat16", {"alpha": 1.0}),
]


def test_reproductions_print_what_the_findings_say():
    shown = []
    for target, op, of, dtype, given in AUDITS:
        audit = ss.audit(target, op, of=of, dtype=dtype, budget=60, n=(1, 2, 5), **given)
        shown += [finding for finding in (*audit.findings, audit.worst) if finding.note != "it raises"]
    # Each has names of its own in a process that has none of these tests.
    codes = json.dumps([finding.reproduction for finding in shown])
    out, errors = printed(f"for code in {codes}: exec(code, {{}})")
    lines = out.splitlines()
    assert len(lines) == len(shown), errors
    for line, finding in zip(lines, shown, strict=True):
        got, exact = line.split()
        assert got == finding.got and len(finding.reproduction.splitlines()) == 3
        assert float(exact) == pytest.approx(float(finding.exact), rel=1e-15, nan_ok=True)


def test_without_a_name_it_runs_on_the_target_that_the_reader_has():
    def target(x):
        return broken.naive(x)

    finding = ss.audit(target, ss.logsumexp, alpha=1.0, budget=30).worst
    names = {"target": target}
    assert "target =" not in finding.reproduction
    with np.errstate(all="ignore"):
        exec(finding.reproduction.replace("print(", "shown = ("), names)
    assert repr(names["shown"][0]) == finding.got


def test_a_batched_target_and_an_operator_of_ones_own():
    from scipy.special import logsumexp
    from sympy import Sum, exp, log

    op = ss.SmoothMax(name="lse0", definition=log(1 + Sum(exp(ss.x[ss.j]), (ss.j, 1, ss.n))))
    worst = ss.audit(lambda x: logsumexp(x, axis=-1), op, budget=30, batched=True).worst
    assert worst.falls and "ss.enclose(op, x)" in worst.reproduction and "x[None]" in worst.reproduction
    names = {"target": lambda x: logsumexp(x, axis=-1), "op": op}
    exec(worst.reproduction.replace("print(", "shown = ("), names)
    assert repr(names["shown"][0]) == worst.got


@pytest.mark.parametrize("name", ["raises", "returns_a_row", "writes_to_its_input"])
def test_misbehaviour_is_reproduced_too(name):
    audit = ss.audit(f"broken:{name}", ss.logsumexp, alpha=1.0, budget=40)
    finding = next(f for f in audit.findings if f.kind in ("raises", "wrong shape", "mutates its input"))
    path = f"import sys; sys.path.insert(0, {broken.__file__.removesuffix('broken.py')!r})\n"
    out, errors = printed(path + finding.reproduction)
    assert {"raises": "five entries" in errors, "returns_a_row": "array([" in out, "writes_to_its_input": "[" in out}[
        name
    ]
