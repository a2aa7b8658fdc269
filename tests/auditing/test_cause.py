"""The range of the format is told from its precision by the definition, run without the one and with the other."""

import numpy as np
import pytest
from scipy import special

import smoothsym as ss

CASES = [
    ("overflow", ss.logsumexp, 1.0, lambda x: np.log(np.sum(np.exp(x))), [800.0, 0.0]),
    ("underflow", ss.logsumexp, 1.0, lambda x: np.log(np.sum(np.exp(x))), [-800.0, -800.0]),
    ("cancellation", ss.logsumexp, 1.0, lambda x: np.log(np.sum(np.exp(x))), [0.0, -40.0]),
    # exp(-800) underflows and is not to blame: 1 + 2e-76 is 1 in any range.
    ("cancellation", ss.logsumexp, 1.0, lambda x: np.log(np.sum(np.exp(x))), [2e-76, -800.0]),
    ("overflow", ss.pnorm, 2.0, lambda x: np.sqrt(np.sum(x * x)), [1e200, 1e200]),
    ("underflow", ss.pnorm, 2.0, lambda x: np.sqrt(np.sum(x * x)), [3e-160, 4e-160]),
    ("underflow", ss.pnorm, 2.0, lambda x: np.sqrt(np.sum(x * x)), [1e-200, 1e-200]),
    ("inaccurate", ss.pnorm, 2.0, lambda x: np.sqrt(np.sum(x * x)) * (1 + 1e-12), [3.0, 4.0]),
    ("overflow", ss.boltzmann, 1.0, lambda x: np.sum(x * np.exp(x)) / np.sum(np.exp(x)), [709.0, 709.5]),
]


@pytest.mark.parametrize("kind, op, parameter, target, row", CASES)
def test_a_failure_is_told_by_its_cause(kind, op, parameter, target, row):
    audit = ss.audit(target, op, data=[row], **{op.parameter.name: parameter})
    assert audit.worst.falls and audit.worst.kind == kind


def test_the_input_of_a_finding_is_made_short_and_round_within_the_lengths_asked_for():
    def target(x):
        return special.logsumexp(x) * (1 + 1e-9)

    found = ss.audit(target, ss.logsumexp, alpha=1.0, budget=60).worst
    assert len(found.inputs) <= 2 and all(
        float.fromhex(entry) == round(float.fromhex(entry), 2) for entry in found.inputs
    )
    kept = ss.audit(target, ss.logsumexp, alpha=1.0, budget=60, n=(6, 9)).worst
    assert len(kept.inputs) in (6, 9) and kept.falls
    row = [0.1234567, 0.7654321, 0.3333333]
    data = ss.audit(target, ss.logsumexp, alpha=1.0, data=[row]).worst
    assert [float.fromhex(entry) for entry in data.inputs] == row, "the rows of a user stay what they are"


def test_what_the_roundings_of_a_sum_explain_is_told_and_is_no_verdict():
    def one_by_one(x):
        total = x.dtype.type(0)
        for weight in np.exp(x - np.max(x)):
            total += weight
        return np.max(x) + np.log(total)

    row = [0.0, *[-36.0] * 400]
    told = ss.audit(one_by_one, ss.logsumexp, alpha=1.0, data=[[v + 1.0 for v in row]])
    assert told.verdict == "holds" and told.max_scaled > 8
    assert [finding.kind for finding in told.findings] == ["accumulation"] and "pairwise" in told.findings[0].note
    assert ss.audit(special.logsumexp, ss.logsumexp, alpha=1.0, data=[row]).findings == ()
    beyond = ss.audit(lambda x: one_by_one(x) * (1 + 1e-12), ss.logsumexp, alpha=1.0, data=[[v + 1.0 for v in row]])
    assert beyond.verdict == "falls short"


def test_a_sum_of_few_terms_may_be_taken_in_any_order():
    """Each term but the first is lost by nearly half a unit of the sum."""

    def softmax(x):
        weights = np.exp(x - np.max(x))
        return weights / np.add.accumulate(weights)[-1]

    for size, verdict in ((16, "holds"), (64, "falls short")):
        row = [0.0, *[float(np.log(421.43 * 2.0**-52))] * (size - 1)]
        found = ss.audit(softmax, ss.logsumexp, of="gradient", alpha=1.0, data=[row], timeout=None)
        assert found.verdict == verdict and found.max_scaled > 10
        assert size > 16 or [finding.kind for finding in found.findings] == ["accumulation"]


@pytest.mark.long
def test_a_long_sum_term_by_term_falls_short_and_a_pairwise_one_holds():
    row = np.float32([3.0, *np.full(60_000, -13.5)])
    plain = ss.audit(
        lambda x: np.log(np.add.accumulate(np.exp(x))[-1]), ss.logsumexp, dtype="float32", alpha=1.0, data=[row]
    )
    assert plain.verdict == "falls short"
    assert ss.audit(lambda x: np.log(np.sum(np.exp(x))), ss.logsumexp, dtype="float32", alpha=1.0, data=[row]).holds


def test_a_sum_that_saturates_is_no_matter_of_a_few_roundings():
    def softmax(x):
        weights = np.exp(x - np.max(x))
        return weights / np.sum(weights)

    for size, verdict in ((256, "holds"), (300, "falls short"), (4096, "falls short")):
        row = np.zeros((1, size))
        found = ss.audit(softmax, ss.logsumexp, of="gradient", dtype="bfloat16", alpha=1.0, data=row)
        assert found.verdict == verdict


def test_a_row_of_a_user_is_shown_as_it_is_and_beside_it_a_simple_one():
    row = [40.123456, 3.9876, -7.1, 40.123456]
    audit = ss.audit(
        lambda x: np.exp(x - special.logsumexp(x)),
        ss.logsumexp,
        "gradient",
        "float32",
        alpha=1.0,
        data=np.float32([row]),
    )
    assert [float.fromhex(entry) for entry in audit.worst.inputs] == np.float32(row).tolist()
    (told,) = audit.findings
    assert len(told.inputs) == 2 and len(set(told.inputs)) == 1 and told.kind == audit.worst.kind == "cancellation"
    assert "row 0" in told.tags and "made simple from row 0" in str(told) and "made simple" not in str(audit.worst)
