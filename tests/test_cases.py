"""Cases: the same for the same arguments, legal floats of the format, and near what they name."""

from math import inf, isfinite, isnan, log

import numpy as np
import pytest

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.measure import facts_of
from smoothsym.cases import LENGTHS, Facts, cases, default_parameters
from smoothsym.cases.families import FAMILIES
from smoothsym.cases.rows import Maker, bisect, bracket

FORMATS = [formats.get(name) for name in ("float16", "bfloat16", "float32", "float64")]


def made(op, fmt, seed=0, budget=200, of="value"):
    return cases(facts_of(op, of), fmt, LENGTHS, default_parameters(op.kind, fmt), seed, budget)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
def test_cases_are_repeatable_distinct_floats_of_the_format(op, fmt):
    found = made(op, fmt)
    assert repr(found) == repr(made(op, fmt)) != repr(made(op, fmt, seed=1))
    assert len(found) == 200 == len({(repr(case.x), repr(case.parameter)) for case in found})
    for case in found:
        row = np.array(case.x, dtype=fmt.dtype).astype(np.float64)
        assert np.array_equal(row, case.x, equal_nan=True)
        assert case.tags and (len(case.x) in LENGTHS or case.tags[0] == "special")
        if "special" not in case.tags:
            assert all(map(isfinite, case.x))


@pytest.mark.parametrize("op", [op for op in ss.operators.values() if op.arity is None], ids=lambda op: op.name)
def test_the_dangerous_sets_are_visited(op):
    tags = {tag for case in made(op, FORMATS[-1], budget=300) for tag in case.tags}
    wanted = {"ties", "offset", "dominant", "wide range", "overflow edge", "underflow edge", "subnormal", "long"}
    assert wanted | {"special", "tiny parameter", "huge parameter", "outlier", "stretched"} <= tags


@pytest.mark.parametrize("name", ["boltzmann", "logsumexp", "mellowmax"])
def test_near_a_zero_of_the_result_are_the_floats_on_both_sides_of_it(name):
    op = ss.operators[name]
    found = [case for case in made(op, FORMATS[-1], budget=300) if "near zero" in case.tags and len(case.x) > 1]
    values = [op.kernels["stable"](np.array(case.x), alpha=case.parameter) for case in found]
    sizes = [max(map(abs, case.x)) for case in found]
    assert sum(abs(v) < 1e-14 * s for v, s in zip(values, sizes, strict=True)) >= 2


def test_an_edge_is_where_naive_code_breaks_down():
    fmt = formats.get("float64")

    def naive(row, parameter):
        with np.errstate(all="ignore"):
            return np.log(np.sum(np.exp(parameter * row))) / parameter

    facts = Facts(naive=naive)
    found = [case for case in cases(facts, fmt, (1, 2), [1.0], budget=200) if "overflow edge" in case.tags]
    results = [float(naive(np.array(case.x), 1.0)) for case in found]
    near = [max(case.x) for case in found if log(float(fmt.largest)) - 1 < max(case.x) < log(float(fmt.largest)) + 1]
    assert any(map(isfinite, results)) and inf in results and len(near) >= 2


def test_facts_bind_the_cases():
    fmt = formats.get("float32")
    positive = cases(Facts(domain="positive", kind="modulus"), fmt, (1, 3), [2.0, 0.5], budget=150)
    assert all(v > 0 for case in positive if "special" not in case.tags for v in case.x)
    binary = cases(Facts(arity=2), fmt, (5, 7), [1.0], budget=100)
    assert {len(case.x) for case in binary} == {2}
    assert {case.parameter for case in cases(Facts(), fmt, (2,), [None], budget=50)} == {None}


def test_special_rows_have_their_contract():
    rows = [case for case in made(ss.logsumexp, FORMATS[-1], budget=600) if "special" in case.tags]
    assert any(case.x == () for case in rows) and any(any(map(isnan, case.x)) for case in rows)
    assert {0.0, inf, -inf} <= {case.parameter for case in rows}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__.strip("_"))
def test_every_family_makes_rows_for_a_bare_expression(family):
    facts = Facts(evaluate=lambda x, parameter: sum(x), naive=lambda x, parameter: np.exp(x).sum())
    maker = Maker(facts, FORMATS[2], (1, 2, 5, 100), [1.0, 0.5], 3)
    assert next(family(maker)).tags


def test_brackets():
    assert bisect(lambda q: q >= 37, 0, 100) == (36, 37)
    assert bisect(lambda q: q >= 37, 100, 0) == (37, 36)
    assert bisect(lambda q: True, 0, 100) is None
    assert abs(bracket(lambda t: t > 1.25, -8, 8) - 1.25) < 16 / 2**12 and bracket(lambda t: False, -8, 8) is None
