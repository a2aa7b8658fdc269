"""One audit is the same however it is run, takes rows as people have them, and refuses what cannot be meant."""

import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from multiprocessing import get_context

import broken
import numpy as np
import pytest
from scipy import special
from sympy import Sum, Symbol, exp, log

import smoothsym as ss


def audit(target=special.logsumexp, op=ss.logsumexp, **options):
    given = {} if {"alpha", "parameters"} & set(options) else {"alpha": 1.0}
    return ss.audit(target, op, **given, **options)


# ---- the same however it is run ----------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_audit_and_another_one_other_rows():
    first, again, other = (audit(broken.naive, budget=80, seed=seed) for seed in (3, 3, 4))
    assert first == again and first.to_json() == again.to_json()
    assert other.max_ulp != first.max_ulp or other.findings != first.findings


def test_what_a_target_is_called_is_the_same_in_every_process():
    class Own:
        def __call__(self, x):
            raise ValueError(object())

    for target in (partial(special.logsumexp, axis=-1), Own()):
        assert "0x7" not in audit(target, budget=5).to_json()


# A process derives all that it needs by itself: a second one takes as long again, and is there where there is time.
@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.long)])
def test_shards_in_processes_amount_to_the_same(processes):
    own = ss.SmoothMax(name="lse0", definition=log(1 + Sum(exp(ss.x[ss.j]), (ss.j, 1, ss.n))))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for target, op in (("scipy.special:logsumexp", ss.logsumexp), (broken.naive, own)):
            given = {} if op is own else {"alpha": 1.0}
            assert ss.audit(target, op, budget=80, executor=pool, **given) == ss.audit(target, op, budget=80, **given)
        assert audit(partial(broken.shifted, alpha=2.0), alpha=2.0, budget=40, executor=pool).verdict == "holds"
        with pytest.raises(ValueError, match="has no dotted name"):
            audit(lambda x: 0.0, executor=pool)


def test_shards_in_threads_need_no_name():
    def target(x):
        return np.log(np.sum(np.exp(x)))

    with ThreadPoolExecutor(3) as pool:
        assert audit(target, budget=80, executor=pool) == audit(target, budget=80)


def test_progress_ends_where_it_should():
    said = []
    audit(budget=30, progress=lambda done, total: said.append((done, total)))
    assert said[-1] == (30, 30) and said == sorted(set(said)) and all(total == 30 for _, total in said)


def test_a_cap_on_seconds_is_said():
    found = audit(seconds=1e-9)
    assert found.rows == 1 and "seconds=" in found.notes[0]


def test_a_tolerance_is_what_decides():
    assert audit(broken.twenty_ulps_off, tol=8).verdict == "falls short"
    data = np.random.default_rng(0).normal(size=(30, 5))
    assert audit(broken.twenty_ulps_off, tol=50, data=data).verdict == "holds"
    assert audit(tol=0.1, data=data).verdict == "falls short"


def test_json_is_strict_and_has_all_of_it():
    for target in (broken.naive, special.logsumexp):
        found = audit(target, budget=60)
        data = json.loads(found.to_json(), parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
        assert data == found.to_dict() and data["verdict"] == found.verdict
        for finding in data["findings"]:
            assert [float.fromhex(entry).hex() for entry in finding["inputs"]] == finding["inputs"]
        assert data["maxima"] == "lower bounds, over samples"


# ---- parameters --------------------------------------------------------------------------------------------------------------


def test_parameters_are_sampled_or_given():
    seen = set()

    def target(x, alpha):
        seen.add(alpha)
        return broken.shifted(x, alpha)

    audit(target, parameters=[2.0, -3.0], budget=60, timeout=None)
    assert seen == {2.0, -3.0}
    seen.clear()
    ss.audit(target, ss.logsumexp, budget=300, timeout=None)
    assert {0.0, np.inf} <= seen and min(abs(a) for a in seen if a) < 1e-6 < 1e6 < max(a for a in seen if a < np.inf)
    assert ss.audit(lambda x: np.linalg.norm(x, 3), ss.pnorm, p=3, data=[[3.0, 4.0, 5.0]]).verdict == "holds"
    assert ss.audit(np.linalg.norm, ss.pnorm, p=Fraction(2), data=[[3.0, 4.0]]).max_ulp == 0


# ---- data --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, dtype, rows, note",
    [
        ([[1.0, 2.0], [3.0, 4.0]], "float64", 2, ""),
        ([1.0, 2.0, 3.0], "float64", 1, ""),
        ([[1, 2]], "float64", 1, ""),
        (np.ones((5, 3), np.float32), "float32", 5, ""),
        (np.ones((5, 3), np.float32), "float64", 5, ""),
        ([[0.1, 0.2]], "float32", 1, "rounded from float64 to float32"),
        ([[2**60 + 1, 0]], "float64", 1, "rounded from int64 to float64"),
        ([[1e300, 0.0]], "float32", 1, "1 entry becomes infinite"),
        ([[np.nan, 1.0], [np.inf, 2.0], [-np.inf, 3.0]], "float64", 3, ""),
    ],
)
def test_rows_of_ones_own(data, dtype, rows, note):
    found = audit(data=data, dtype=dtype)
    assert found.verdict == "holds" and found.rows == rows and note in "".join(found.notes)


def test_a_budget_draws_from_the_data_and_says_so():
    data = np.random.default_rng(0).normal(size=(50, 7))
    found = audit(data=data, budget=10)
    assert found.rows == 10 and found.notes == ("10 of 50 rows, drawn with seed 0",)
    place = int(found.where[1].removeprefix("row "))
    assert [float.fromhex(entry) for entry in found.worst.inputs] == list(data[place])


# ---- operators of one's own --------------------------------------------------------------------------------------------------


def test_an_operator_of_ones_own_is_audited_with_no_more_code():
    x, j, n, p = ss.x, ss.j, ss.n, ss.p
    lehmer = ss.SmoothMax(
        name="lehmer", definition=Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n)), domain="positive"
    )

    def target(x, p):
        p = x.dtype.type(p)
        return np.sum(x**p) / np.sum(x ** (p - 1))

    found = ss.audit(target, lehmer, budget=120)
    assert {"overflow", "underflow"} <= {finding.kind for finding in found.findings if finding.falls}
    assert ss.audit(target, lehmer, parameters=[2.0], data=[[1.0, 2.0, 3.0]]).verdict == "holds"
    with pytest.raises(ValueError, match="positive entries"):
        ss.audit(target, lehmer, data=[[1.0, -2.0]])


# ---- bad input ---------------------------------------------------------------------------------------------------------------

BAD = [
    ({"data": [[1.0, 2.0], [3.0]]}, ValueError, "equal length"),
    ({"data": [["a", "b"]]}, TypeError, "<U1"),
    ({"data": [[None]]}, TypeError, "object"),
    ({"data": [[1j]]}, TypeError, "complex"),
    ({"data": []}, ValueError, "(0,)"),
    ({"data": np.zeros((2, 2, 2))}, ValueError, "(2, 2, 2)"),
    ({"data": 3.0}, ValueError, "2-D"),
    ({"n": 0}, ValueError, "n=0"),
    ({"n": 2, "data": [[1.0, 2.0]]}, ValueError, "n=2"),
    ({"n": 2.5}, ValueError, "n=2.5"),
    ({"n": []}, ValueError, "n=[]"),
    ({"budget": 0}, ValueError, "budget=0"),
    ({"budget": 2.5}, ValueError, "0x1.4"),
    ({"seconds": -1}, ValueError, "seconds=-1"),
    ({"tol": float("nan")}, ValueError, "tol=nan"),
    ({"seed": -1}, ValueError, "seed=-1"),
    ({"executor": 3}, TypeError, "ProcessPoolExecutor"),
    ({"bound": 3}, TypeError, "bound=3"),
    ({"of": "gradients"}, ValueError, "did you mean 'gradient'"),
    ({"dtype": "float23"}, ValueError, "did you mean 'float32'"),
    ({"alpha": "1"}, TypeError, "alpha='1'"),
    ({"alpha": 1j}, TypeError, "alpha=1j"),
    ({"alpha": Fraction(1, 3)}, ValueError, "alpha="),
    ({"alhpa": 1.0}, TypeError, "did you mean 'alpha'"),
    ({"alpha": 1.0, "parameters": [1.0]}, TypeError, "parameters=[1.0]"),
    ({"parameters": []}, ValueError, "parameters=[]"),
]


@pytest.mark.parametrize("options, error, said", BAD, ids=[str(options) for options, _, _ in BAD])
def test_what_cannot_be_meant_is_refused(options, error, said):
    with pytest.raises(error) as raised:
        audit(**options)
    assert said in str(raised.value)


def test_an_operator_that_is_none():
    with pytest.raises(ValueError, match="did you mean 'logsumexp'"):
        ss.audit(special.logsumexp, "logsumxp", alpha=1.0)
    with pytest.raises(TypeError, match="SmoothMax"):
        ss.audit(special.logsumexp, 3)


def test_several_parameters_and_vectors():
    p, q, x, j, n = ss.p, Symbol("q", real=True), ss.x, ss.j, ss.n
    ratio = Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** q, (j, 1, n))
    gini = ss.SmoothMax(name="gini", definition=ratio ** (1 / (p - q)), parameter=(p, q), domain="positive")
    sound = ss.audit(lambda x: np.sum(x * x) / np.sum(x), gini, p=2.0, q=1.0, data=[[1.0, 2.0, 3.5]])
    assert sound.holds and sound.max_scaled < 2
    assert not ss.audit(lambda x: np.sum(x * x) / np.sum(x), gini, p=3.0, q=1.0, data=[[1.0, 2.0, 3.5]]).holds
    with pytest.raises(TypeError, match="give q="):
        ss.audit(np.max, gini, p=2.0)
    with pytest.raises(ValueError, match="is a matrix"):
        ss.audit(special.softmax, "softmax", of="gradient", alpha=1.0)
