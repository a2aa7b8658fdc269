"""Known defects of NumPy and SciPy are found from the operators' own dangerous sets; sound code beside them holds."""

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats
from sympy import Sum, exp, log

import smoothsym as ss

x, j, n, p = ss.x, ss.j, ss.n, ss.p


def falling(audit):
    return {finding.kind: finding for finding in audit.findings if finding.falls}


@pytest.mark.parametrize("order", [2, 3, *(pytest.param(q, marks=pytest.mark.long) for q in (4, 8))])
def test_norms_overflow_and_lose_what_underflows(order):
    found = falling(ss.audit(lambda x: np.linalg.norm(x, order), ss.pnorm, p=order))
    assert found["overflow"].got == "inf" and float(found["overflow"].exact) < 1e300
    assert "underflow" in found and set(found) <= {"overflow", "underflow", "cancellation", "broken invariant"}
    told = [found[kind] for kind in ("overflow", "underflow")]
    assert all(len(f.inputs) <= 2 and len(str(float.fromhex(f.inputs[0]))) < 8 for f in told), "short and round"


def test_the_silent_loss_of_a_partial_underflow_is_seen_on_rows_of_ones_own():
    worst = ss.audit(lambda x: np.linalg.norm(x, 2), ss.pnorm, p=2, data=[[3e-160, 4e-160]]).worst
    assert worst.kind == "underflow" and worst.falls and 1e10 < worst.ulp < 1e11


def test_a_power_mean_loses_its_digits_near_p_zero():
    powermean = ss.SmoothMax(name="powermean", definition=(Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p), domain="positive")
    data = [[50.0, 100.0, 300.0, 70.0, 25.0, 100.0, 2.0]]
    worst = ss.audit(lambda x: scipy.stats.pmean(x, 1e-6), powermean, p=1e-6, data=data).worst
    assert worst.kind == "cancellation" and worst.falls and worst.got.startswith("47.23989683")
    assert worst.exact.startswith("47.2398968280")
    unaided = falling(ss.audit(lambda x, p: scipy.stats.pmean(x, p), ss.powermean))
    assert {"overflow", "underflow", "cancellation"} <= set(unaided)
    assert abs(float.fromhex(unaided["cancellation"].parameter)) < 0.01


def test_a_log_softmax_without_log1p_cancels():
    entry = ss.SmoothMax(name="log_softmax", definition=x[1] - log(Sum(exp(x[j]), (j, 1, n))))
    audit = ss.audit(lambda x: scipy.special.log_softmax(x)[0], entry, n=(2, 5))
    assert "cancellation" in falling(audit) and audit.max_ulp > 1e15
    told = falling(audit)["cancellation"]
    assert all(float.fromhex(entry).is_integer() for entry in told.inputs), "short and round"


def test_the_2_norm_of_scipy_is_sound():
    audit = ss.audit(lambda x: scipy.linalg.norm(x, 2, check_finite=False), ss.pnorm, p=2)
    assert audit.verdict == "holds" and audit.max_scaled < 4


def test_a_log_sum_exp_of_equal_entries_at_its_zero_is_nobodys_fault():
    audit = ss.audit(scipy.special.logsumexp, ss.logsumexp, alpha=1.0, data=[[np.log(0.5), np.log(0.5)]])
    assert audit.holds and audit.max_ulp > 1e15
    assert [(finding.kind, finding.falls) for finding in audit.findings] == [("ill-conditioned input", False)]


def test_the_controls_of_scipy_hold():
    dominant = np.array([[0.0, -float(gap), -gap - 1.0] for gap in range(1, 800, 7)])
    assert ss.audit(scipy.special.logsumexp, ss.logsumexp, alpha=1.0, data=dominant).max_ulp < 1.5
    audit = ss.audit(scipy.special.softmax, ss.logsumexp, "gradient", alpha=1.0)
    assert audit.holds and audit.max_normwise < 8
