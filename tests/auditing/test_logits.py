"""Real input: the float32 logits of a model of handwritten digits, with values and gradients of LogSumExp and Boltzmann."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import smoothsym as ss
from smoothsym.auditing.targets.target import HERE


@pytest.fixture(scope="module")
def logits():
    images, digits = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=500, tol=1e-3).fit(images[:600] / 16, digits[:600])
    assert model.score(images[600:] / 16, digits[600:]) > 0.85
    found = (20 * model.decision_function(images[600:700] / 16)).astype(np.float32)
    assert found.shape == (100, 10) and np.ptp(found) > 100
    return found


CORRECT = [
    ("scipy.special:logsumexp", "logsumexp", "value", {"alpha": 1.0}),
    ("scipy.special:softmax", "logsumexp", "gradient", {"alpha": 1.0}),
    (f"{HERE}.scipy:softmax_weighted_mean", "boltzmann", "value", {"alpha": 1.0}),
    (f"{HERE}.ours:logsumexp_stable", "logsumexp", "value", {}),
    (f"{HERE}.ours:logsumexp_stable_gradient", "logsumexp", "gradient", {}),
    (f"{HERE}.ours:boltzmann_stable", "boltzmann", "value", {}),
    (f"{HERE}.ours:boltzmann_stable_gradient", "boltzmann", "gradient", {}),
]


@pytest.mark.sampled
@pytest.mark.parametrize("target, op, of, given", CORRECT, ids=lambda v: v if isinstance(v, str) else "")
def test_the_logits_of_a_model_are_no_danger_to_sound_code(logits, target, op, of, given):
    audit = ss.audit(target, op, of=of, dtype="float32", data=logits, **given)
    assert audit.verdict == "holds" and audit.rows == len(logits) and not audit.refused
    assert 0 < audit.max_scaled < 8 and audit.where[0] == "data"


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", ["logsumexp", "boltzmann"])
def test_and_too_much_for_the_definitions_as_they_stand(logits, op, of):
    target = f"{HERE}.ours:{op}_naive" + ("_gradient" if of == "gradient" else "")
    audit = ss.audit(target, op, of=of, dtype="float32", data=logits, alpha=1.0)
    assert audit.verdict == "falls short" and audit.worst.kind == "overflow"
    row = np.array([float.fromhex(entry) for entry in audit.worst.inputs], dtype=np.float32)
    place = int(audit.where[1].removeprefix("row "))
    assert np.array_equal(row, logits[place]), "a row of the data, as it was given"
