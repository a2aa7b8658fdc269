"""Known defects of PyTorch, JAX and entmax are found unaided, and told by the right kind; sound code of theirs holds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.auditing.targets.target import HERE, operator

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
from needed import needed


def audited(target, op, of="value", dtype="float64", **given):
    """A target of the tables, by its library and name, called in this process: a guarded call would start one that imports the library."""
    needed(target.partition(":")[0])
    return ss.audit(f"{HERE}.{target}", operator(op), of, dtype, timeout=None, **given)


def falling(audit):
    return {finding.kind: finding for finding in audit.findings if finding.falls}


DEFECTS = [
    ("cancellation", "torch:logsumexp_gradient", "logsumexp", "gradient", "float32", {"alpha": 1.0}),
    pytest.param(
        *("cancellation", "torch:logsumexp_gradient", "logsumexp", "gradient", "float64", {"alpha": 1.0}),
        marks=pytest.mark.long,
    ),
    ("special value", "jax:logaddexp_gradient", "logsumexp", "gradient", "float32", {"alpha": 1.0, "n": 2}),
    ("underflow", "torch:vector_norm_gradient", "pnorm", "gradient", "float32", {"p": 2.0}),
    ("threshold branch", "torch:softplus_gradient", "softplus", "gradient", "float64", {"alpha": 1.0}),
    ("threshold branch", "torch:softplus_value", "softplus", "value", "float64", {"alpha": 1.0}),
    ("cancellation", "torch:logsumexp_value", "logsumexp", "value", "float64", {"alpha": 1.0}),
    ("cancellation", "jax:logsumexp_value", "logsumexp", "value", "float64", {"alpha": 1.0}),
    ("cancellation", "torch:log_softmax_value", "log_softmax", "value", "float64", {"alpha": 1.0}),
    ("cancellation", "jax:log_softmax_value", "log_softmax", "value", "float64", {"alpha": 1.0}),
]
"""What an audit with nothing but the operator finds."""


@pytest.mark.parametrize("kind, target, op, of, dtype, given", DEFECTS)
def test_a_defect_is_found_unaided(kind, target, op, of, dtype, given):
    audit = audited(target, op, of, dtype, **given)
    found = falling(audit)
    assert kind in found, str(audit)
    told = found[kind]
    assert len(told.inputs) <= 2 and told.reproduction.count("\n") == 2
    assert "passes" in told.repair or "# Call" in told.repair


@pytest.mark.parametrize("target", ["torch:logsumexp_gradient", "jax:logsumexp_gradient"])
def test_the_gradient_where_nothing_has_weight_is_a_convention(target):
    audit = audited(target, "logsumexp", "gradient", alpha=1.0, data=[[-np.inf, -np.inf]])
    assert audit.holds and {finding.kind for finding in audit.findings} <= {"convention"}


def test_a_sum_of_ones_that_no_half_holds_is_accumulation():
    audit = audited("torch:logsumexp_value", "logsumexp", dtype="float16", alpha=1.0, data=np.zeros((1, 65536)))
    assert audit.worst.kind == "accumulation" and audit.worst.falls and audit.worst.got == "inf"


def test_the_threshold_of_softplus_is_told_as_it_is_known():
    audit = audited("torch:softplus_value", "softplus", alpha=1.0, data=[[25.0]])
    assert audit.worst.kind == "threshold branch" and audit.worst.got == "25.0" and 3000 < audit.worst.ulp < 5000


def test_what_a_repair_offers_runs_on_the_library_that_it_is_for():
    torch = needed("torch")
    found = falling(audited("torch:logsumexp_gradient", "logsumexp", "gradient", "float32", alpha=1.0, n=(1, 2, 5)))
    repair = found["cancellation"].repair
    assert "import torch" in repair and "smoothsym as ss" not in repair
    names = {}
    exec(repair, names)
    row = torch.tensor([float.fromhex(entry) for entry in found["cancellation"].inputs], dtype=torch.float32)
    exact = [float(e.mid) for e in ss.enclose(ss.logsumexp, row.tolist(), of="gradient", alpha=1)]
    assert np.allclose(names["logsumexp_gradient"](row, 1.0).numpy(), exact, rtol=1e-6)


CONTROLS = [
    ("jax:logsumexp_gradient", "logsumexp", "gradient", "float64", {}),
    pytest.param("jax:logsumexp_gradient", "logsumexp", "gradient", "float32", {}, marks=pytest.mark.long),
    pytest.param("torch:logaddexp_gradient", "logsumexp", "gradient", "float64", {"n": 2}, marks=pytest.mark.long),
    ("torch:logaddexp_gradient", "logsumexp", "gradient", "float32", {"n": 2}),
    ("jax:softplus_value", "softplus", "value", "float64", {}),
    pytest.param(
        *("torch:softmax_value", "softmax", "value", "float16", {"n": (1, 2, 5, 100, 1000, 4096)}),
        marks=pytest.mark.long,
    ),
    ("torch:softmax_value", "softmax", "value", "bfloat16", {"n": (1, 2, 5, 100, 1000, 4096)}),
]


@pytest.mark.parametrize("target, op, of, dtype, given", CONTROLS)
def test_sound_code_holds(target, op, of, dtype, given):
    audit = audited(target, op, of, dtype, alpha=1.0, **given)
    assert audit.holds, str(audit)
    excused = {"convention", "ill-conditioned input", "flush to zero", "accumulation"}
    assert {finding.kind for finding in audit.findings} <= excused


@pytest.mark.parametrize(
    "target, op, of, dtype, given",
    [
        ("torch:logsumexp_gradient", "logsumexp", "gradient", "float32", {"alpha": 1.0}),
        ("jax:log_softmax_value", "log_softmax", "value", "float64", {"alpha": 1.0}),
        pytest.param(
            *("torch:softplus_gradient", "softplus", "gradient", "float64", {"alpha": 1.0}), marks=pytest.mark.long
        ),
    ],
)
def test_a_reproduction_runs_in_a_process_of_its_own(target, op, of, dtype, given):
    audit = audited(target, op, of, dtype, budget=60, **given)
    shown = [f for f in audit.findings if f.falls and f.kind != "broken invariant"]
    code = "\n".join(finding.reproduction for finding in shown)
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    lines = run.stdout.splitlines()
    assert shown and len(lines) == len(shown), run.stderr
    for line, finding in zip(lines, shown, strict=True):
        got, exact = line.split()
        assert got == finding.got and float(exact) == pytest.approx(float(finding.exact), rel=1e-15)
