"""A function of two arrays is audited on rows of two entries, and f(x, alpha) is never taken for one."""

import math
import pickle

import numpy as np
import pytest
from scipy import special

import smoothsym as ss
from smoothsym.auditing import Bridged
from smoothsym.auditing.asking.pairs import Paired, of_two
from smoothsym.auditing.audit import PAIRED


def audit(target, op=ss.logsumexp, **options):
    given = (
        {} if {"alpha", "parameters"} & set(options) else {op.parameter.name: {"p": 2.0}.get(op.parameter.name, 1.0)}
    )
    return ss.audit(target, op, budget=options.pop("budget", 30), **given, **options)


def two(a, b):
    return np.logaddexp(a, b)


def by_hand(a, b):
    return max(a, b) + math.log1p(math.exp(-abs(a - b))) if a != b else a + math.log(2)


def naive(a, b):
    with np.errstate(all="ignore"):
        return np.log(np.exp(a) + np.exp(b))


def swapped(a, b):
    return special.expit(b - a), special.expit(a - b)


def slopes(a, b):
    return special.expit(a - b), special.expit(b - a)


SOUND = {
    "a ufunc": (np.logaddexp, {}),
    "by its name": ("numpy:logaddexp", {}),
    "all rows at once": (np.logaddexp, {"batched": True}),
    "float32": (np.logaddexp, {"dtype": "float32"}),
    "a function": (two, {}),
    "of Python's floats": (by_hand, {}),
    "a ufunc of objects": (np.frompyfunc(by_hand, 2, 1), {}),
    "vectorised": (np.vectorize(by_hand), {}),
    "a norm": (np.hypot, {"op": ss.pnorm}),
    "in C, of any number": (math.hypot, {"op": ss.pnorm}),
    "two derivatives": (slopes, {"of": "gradient"}),
    "two derivatives of all rows": (slopes, {"of": "gradient", "batched": True}),
    "the parameter behind": (lambda a, b, t: np.logaddexp(t * a, t * b) / t, {"parameters": [1.0, 2.0]}),
    "the parameter by its name": (lambda a, b, *, alpha: np.logaddexp(a * alpha, b * alpha) / alpha, {"alpha": 2.0}),
}


@pytest.mark.sampled
@pytest.mark.parametrize("target, options", SOUND.values(), ids=SOUND)
def test_a_function_of_two_arrays_gets_the_two_entries_of_rows(target, options):
    found = audit(target, **options)
    assert found.rows == 30 and found.notes[0] == PAIRED and 0 < found.max_scaled < 4
    assert not {"raises", "wrong shape"} & {finding.kind for finding in found.findings}
    assert all(len(finding.inputs) == 2 for finding in found.findings)


ONE = {
    "f(x, a), a sampled": (lambda x, a: special.logsumexp(a * x) / a, {"parameters": [1.0, 0.5]}),
    "f(x, a), alpha given": (lambda x, a: special.logsumexp(a * x) / a, {"alpha": 0.5}),
    "f(x, alpha)": (lambda x, alpha: special.logsumexp(alpha * x) / alpha, {"alpha": 0.5}),
    "f(x)": (special.logsumexp, {}),
    "f(*x)": (lambda *x: special.logsumexp(*x), {}),
    "a reduction": (np.logaddexp.reduce, {}),
}


@pytest.mark.sampled
@pytest.mark.parametrize("target, options", ONE.values(), ids=ONE)
def test_a_function_of_one_array_does_not(target, options):
    found = audit(target, **options)
    assert found.verdict == "holds" and PAIRED not in found.notes


def test_it_can_be_said():
    assert audit(two, pairs=True).verdict == "holds"
    (finding,) = audit(np.logaddexp, pairs=False).findings
    assert finding.kind == "wrong shape"
    assert of_two(np.exp, "alpha", True) is False


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("target, of", [(naive, "value"), (swapped, "gradient")])
def test_what_is_wrong_is_found_and_can_be_pasted(target, of, batched, capsys):
    found = audit(lambda a, b: target(a, b), of=of, batched=batched)
    assert found.verdict == "falls short" and "(x[" in found.worst.reproduction
    exec(found.worst.reproduction, {"target": target})
    assert capsys.readouterr().out.split()[0] == found.worst.got


@pytest.mark.parametrize(
    "options, said",
    [
        ({"parameters": [1.0]}, "takes no alpha: give the one that it has built in"),
        ({"n": 3}, "n=3: the target takes two arrays"),
        ({"data": [[1.0, 2.0, 3.0]]}, "data has rows of 3; the target takes two arrays"),
        ({"pairs": 1}, "pairs=1 is a int; give True, False"),
        ({"op": ss.softplus, "pairs": True}, "softplus takes one entry"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, said):
    with pytest.raises((TypeError, ValueError)) as refused:
        audit(np.logaddexp, **options)
    assert said in str(refused.value)


def test_how_it_is_audited_is_said_where_it_is_called_otherwise():
    bridged = audit(Bridged(np.logaddexp, "numpy", pairs=True))
    assert bridged.verdict == "holds" and bridged.notes == (PAIRED,)
    with pytest.raises(TypeError, match="give pairs=True to Bridged"):
        audit(Bridged(np.logaddexp, "numpy"), pairs=True)
    found = audit(two, parameters=[1.0])
    assert found.worst.kind == "wrong shape" and "is audited with alpha= given" in found.notes[-1]


def test_rows_of_data_and_every_pair():
    assert audit(np.logaddexp, data=[[0.0, 1.0], [2.0, 2.0]]).rows == 2
    with pytest.raises(ValueError, match="2"):  # of float32 they are too many
        audit(np.logaddexp, dtype="float32", exhaustive=True, batched=True)


def test_a_pair_travels():
    for target in (Paired("numpy:logaddexp"), Bridged(np.logaddexp, "numpy", pairs=True)):
        again = pickle.loads(pickle.dumps(target))
        assert again(np.array([0.0, -np.inf])) == 0 and again.name == "numpy:logaddexp"
