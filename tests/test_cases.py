"""Cases: the same for the same arguments, legal floats of the format, and on the dangerous sets that programs and formats name."""

from collections import Counter
from math import inf, isfinite, isnan, log

import numpy as np
import pytest
import sympy

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.cases import Facts, cases, default_lengths, default_parameters
from smoothsym.cases.edges import Survey
from smoothsym.cases.families import FAMILIES
from smoothsym.cases.parameters import special_parameters
from smoothsym.cases.regimes import Regimes
from smoothsym.cases.rows import Maker, bisect

FORMATS = [formats.get(name) for name in ("float16", "bfloat16", "float32", "float64")]
x, j, n, alpha = ss.x, ss.j, ss.n, ss.alpha


def made(op, fmt, seed=0, budget=200, of="value"):
    facts = facts_of(op, of)
    parameters = [v for v in default_parameters(facts, fmt) if v is None or v > 0 or not op.parameter.is_nonnegative]
    if op.parameter is not None:
        facts = facts.spanning(min(0.0, *parameters), max(parameters))
    return cases(facts, fmt, default_lengths(fmt), parameters, seed, budget)


def edges_of(op, fmt, size, of="value", seed=0, parameters=(1.0,)):
    maker = Maker(facts_of(op, of), fmt, (size,), list(parameters), seed)
    survey = Survey.of(maker, size)
    for edge in survey.edges():
        ray = np.array([edge.ray])
        (low,), (high,) = (survey.rays.at(maker, ray, np.array([q]))[0] for q in (edge.below, edge.above))
        yield edge, low, high


# ---- what every case is ------------------------------------------------------------------------------------------------------


# Each operator in one of the formats; in the others where there is time.
IN_ONE = [
    pytest.param(op, fmt, marks=[pytest.mark.long] * ((place + other) % 4 != 0), id=f"{op.name}-{fmt.name}")
    for place, op in enumerate(ss.operators.values())
    for other, fmt in enumerate(FORMATS)
]


@pytest.mark.sampled
@pytest.mark.parametrize("op, fmt", IN_ONE)
def test_cases_are_repeatable_distinct_floats_of_the_format(op, fmt):
    found = made(op, fmt)
    assert len(found) == 200 == len({(repr(case.x), repr(case.parameter)) for case in found})
    for case in found:
        row = np.array(case.x, dtype=fmt.dtype).astype(np.float64)
        assert np.array_equal(row, case.x, equal_nan=True)
        assert case.tags and (len(case.x) in (*default_lengths(fmt), op.arity) or case.x == ())
        if case.parameter is not None:
            number = np.array(case.parameter).astype(fmt.dtype).astype(np.float64)
            assert number == case.parameter or isnan(case.parameter) or case.parameter in (1 / 3, 2 / 3)
        if "special" not in case.tags:
            assert all(map(isfinite, case.x)) and case.parameter != 0


def test_the_same_arguments_give_the_same_cases_and_another_seed_others():
    from smoothsym.cases import _cases

    first = made(ss.boltzmann, FORMATS[-1], of="gradient")
    _cases.cache_clear()
    assert repr(first) == repr(made(ss.boltzmann, FORMATS[-1], of="gradient"))
    assert repr(first) != repr(made(ss.boltzmann, FORMATS[-1], seed=1, of="gradient"))


def test_time_may_end_first():
    asked = (Facts(), formats.get("float64"), (2, 5), [1.0], 0)
    some, all_ = cases(*asked, budget=10**6, until=0.0), cases(*asked, budget=300, until=inf)
    assert 0 < len(some) < 100 and all_[: len(some)] == some and all_ == cases(*asked, budget=300)


@pytest.mark.sampled
@pytest.mark.parametrize("op", [op for op in ss.operators.values() if op.arity is None], ids=lambda op: op.name)
def test_the_dangerous_sets_are_visited(op):
    tags = Counter(tag for case in made(op, FORMATS[-1], budget=300) for tag in case.tags)
    wanted = {
        "ties",
        "offset",
        "dominant",
        "wide range",
        "underflow edge",
        "subnormal",
        "long",
    }
    # Where an equation is solved there is no straight program, whose overflow and saturation could be looked for.
    edges = {"overflow edge", "saturation"} if op.explicit else set()
    beside = {"special", "tiny parameter", "huge parameter", "outlier", "stretched"} | (
        {"between edges"} if edges else set()
    )
    wanted |= edges
    assert wanted | beside <= set(tags)
    assert max(tags[tag] for tag in wanted) < 100, "no stratum crowds out the others"


def test_facts_bind_the_cases():
    fmt = formats.get("float32")
    positive = cases(Facts(domain="positive", kind="modulus"), fmt, (1, 3), [2.0, 0.5], budget=150)
    assert all(v > 0 for case in positive if "special" not in case.tags for v in case.x)
    binary = cases(Facts(arity=2), fmt, (5, 7), [1.0], budget=100)
    assert {len(case.x) for case in binary} == {2}
    assert {case.parameter for case in cases(Facts(), fmt, (2,), [None], budget=50)} == {None}
    given = cases(facts_of(ss.pnorm), fmt, (2, 5), [2.0, 3.0], budget=300)
    assert {case.parameter for case in given} == {2.0, 3.0}, "a parameter is moved only where it is free"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_family_makes_rows_for_a_bare_expression(family):
    facts = Facts(programs=facts_of(ss.logsumexp).programs, symbol="alpha", span=(-1.0, 1.0))
    assert next(family(Maker(facts, FORMATS[2], (1, 2, 5, 100), [1.0, 0.5], 3))).tags


def test_the_vectors_beside_rows():
    many = cases(facts_of(ss.logsumexp, "jvp"), FORMATS[-1], (1, 2, 5), [1.0], budget=100)
    assert all(len(case.v) == len(case.x) for case in many)
    rows = [case.v for case in many if len(case.x) == 5]
    assert (1.0,) * 5 in rows and any(sum(map(bool, v)) == 1 for v in rows)
    assert any(0 < max(map(abs, v)) < 1e-100 for v in rows) and any(max(map(abs, v)) > 1e100 for v in rows)
    one = cases(facts_of(ss.logsumexp, "vjp"), FORMATS[2], (1, 2, 5), [1.0], budget=40)
    assert {len(case.v) for case in one} == {1}
    assert {case.v for case in made(ss.logsumexp, FORMATS[-1], budget=20)} == {None}


def test_special_rows_have_their_contract():
    rows = [case for case in made(ss.logsumexp, FORMATS[-1], budget=300) if "special" in case.tags]
    assert any(case.x == () for case in rows) and {0.0, inf, -inf} <= {case.parameter for case in rows}
    kinds = {tuple(sorted(str(v) for v in set(case.x))) for case in rows if case.parameter == 1.0}
    assert {("1.0", "nan"), ("1.0", "inf"), ("inf",), ("-inf", "1.0"), ("-inf",), ("-inf", "inf")} <= kinds
    assert any(isnan(case.parameter) for case in rows)
    assert {str(case.parameter) for case in rows if case.parameter == 0} == {"0.0", "-0.0"}


# ---- what is derived ---------------------------------------------------------------------------------------------------------


def test_regimes_tell_range_sign_absorption_and_ties():
    naive = facts_of(ss.logsumexp).programs[0]
    regimes = Regimes((naive,), "alpha", FORMATS[-1])
    rows = np.array([[0.0, -1.0], [0.0, -40.0], [0.0, -800.0], [800.0, 0.0], [-2.0, -2.0]])
    states = regimes(rows, np.ones(5))
    tags = [regimes.tags(states[0], other) for other in states[1:]]
    assert {"saturation", "near one", "sum", "log"} <= set(tags[0]), "1 + s is 1, and its logarithm 0"
    assert "underflow edge" in tags[1] and "overflow edge" in tags[2] and "near zero" in tags[3]


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_an_edge_is_where_an_intermediate_overflows_or_vanishes(fmt):
    top, deep = log(float(fmt.largest)), log(float(fmt.smallest_normal))
    met = [(edge.tags, low, high) for edge, low, high in edges_of(ss.logsumexp, fmt, 2)]

    def near(tag, name, size):
        hits = [np.abs([low, high]).max() for tags, low, high in met if tag in tags and name in tags]
        return any(abs(v - abs(size)) < 16 * float(fmt.u) * abs(size) for v in hits)

    assert near("overflow edge", "exp", top) and near("underflow edge", "exp", deep)
    assert near("saturation", "sum", log(float(fmt.u))), "1 + s is 1 from here on"
    met = [q for q in edges_of(ss.pnorm, fmt, 2, parameters=(2.0,)) if {"overflow edge", "pow"} <= set(q[0].tags)]
    sizes = [np.abs(rows).max() / float(fmt.largest) ** 0.5 for _, *rows in met]
    assert any(abs(size - 1) < 4 * float(fmt.u) for size in sizes), "where a square overflows"


def test_edges_of_an_operator_that_nobody_knows_are_found_without_code():
    own = ss.SmoothMax(name="own", definition=sympy.log(1 + sympy.Sum(x[j] ** 2 * sympy.exp(alpha * x[j]), (j, 1, n))))
    tags = {tag for edge, _, _ in edges_of(own, FORMATS[-1], 2) for tag in edge.tags}
    assert {"overflow edge", "underflow edge", "saturation"} <= tags
    pair = ss.SmoothMax(name="pair", definition=sympy.sqrt(x[1] ** 2 + x[2] ** 2) - x[2])
    found = cases(facts_of(pair), FORMATS[2], (2,), [None], budget=200)
    assert {len(case.x) for case in found} == {2} and any(
        "cancellation" in case.tags or "near zero" in case.tags for case in found
    )


def test_neighbours_lie_on_both_sides():
    for edge, low, high in edges_of(ss.boltzmann, FORMATS[-1], 2, of="gradient"):
        assert abs(edge.above - edge.below) == 1 and edge.tags
        assert np.abs(low - high).max() <= 2.0**-50 * max(np.abs([low, high]).max(), 1.0)


@pytest.mark.parametrize(
    "name, of", [("boltzmann", "value"), ("logsumexp", "value"), ("mellowmax", "value"), ("boltzmann", "gradient")]
)
def test_near_a_zero_of_the_result_are_the_floats_on_both_sides_of_it(name, of):
    op = ss.operators[name]
    met = [case for case in made(op, FORMATS[-1], budget=300, of=of) if case.tags == ("near zero",) and len(case.x) > 1]
    signs = set()
    for case in met[:12]:
        exact = ss.enclose(op, case.x, alpha=case.parameter, of=of)
        values = [float(e.mid) for e in np.ravel(exact)]
        nearest = min(values, key=abs)
        assert abs(nearest) < 1e-13 * (1 + max(map(abs, case.x)) ** 2)
        signs.add(nearest > 0)
    assert signs == {True, False}


def test_stretches_between_edges_are_drawn_from_anywhere_in_them():
    gaps = []
    for seed in range(5):
        rows = [case for case in made(ss.softplus, FORMATS[-1], seed=seed, budget=200) if "between edges" in case.tags]
        gaps += [abs(case.x[0] * case.parameter) for case in rows]
    for first, last in ((1, 20), (20, 36), (36, 700)):
        assert sum(first < gap < last for gap in gaps) >= 5


def test_special_parameters_are_read_off_programs():
    assert special_parameters(facts_of(ss.logsumexp)) == (0.0,)
    assert {0.0, 1.0, 2.0, 0.5} <= set(special_parameters(facts_of(ss.pnorm)))
    odd = ss.SmoothMax(
        name="odd", definition=sympy.Sum(x[j] ** (alpha - sympy.Rational(5, 4)), (j, 1, n)), domain="positive"
    )
    assert 1.25 in special_parameters(facts_of(odd))
    near = [case.parameter for case in made(ss.powermean, FORMATS[-1], budget=400) if case.parameter]
    assert any(0 < abs(p) < 1e-3 for p in near) and any(0 < abs(p - 1) < 1e-3 for p in near)


def test_lengths_follow_the_format():
    assert max(default_lengths(FORMATS[0])) > float(FORMATS[0].largest) and len(default_lengths(FORMATS[0])) == 6
    for fmt in FORMATS[1:3]:
        assert max(default_lengths(fmt)) == 1000
    assert any(case.x == (0.0,) * 65536 for case in made(ss.logsumexp, FORMATS[0], budget=200))
    assert all(len(set(case.x)) <= 3 for case in made(ss.logsumexp, FORMATS[0]) if len(case.x) > 5000), (
        "references are cheap"
    )


def test_brackets():
    assert bisect(lambda q: q >= 37, 0, 100) == (36, 37)
    assert bisect(lambda q: True, 0, 100) is None


def test_short_plain_rows_spread_evenly_over_sizes_and_gaps():
    facts = facts_of(ss.mellowmax)
    found = [c for c in cases(facts, formats.get("float64"), (1, 2, 5), [1.0], budget=200) if "plain" in c.tags]
    pairs = np.array([sorted(c.x) for c in found if len(c.x) == 2])
    tops, gaps = np.log10(np.abs(pairs[:, 1])), np.log10(pairs[:, 1] - pairs[:, 0])
    for part in (tops, gaps):
        counts, _ = np.histogram(part, 3, (-1.5, 1.5))
        assert len(part) >= 10 and counts.min() >= len(part) / 6


def test_borders_of_a_support_have_floats_on_both_sides():
    found = cases(facts_of(ss.sparsemax, "gradient"), formats.get("float32"), (2, 5), [1.0], budget=400)
    rows = [c.x for c in found if "border of the support" in c.tags]
    least = np.array([np.ma.masked_equal(ss.sparsemax(np.array(x), of="gradient"), 0).min() for x in rows])
    assert len(rows) > 20 and (least < 1e-6).sum() > 3 and ((least > 1e-6) & (least < 1e-2)).sum() > 3
    assert not any(
        "border of the support" in c.tags for c in cases(facts_of(ss.pnorm), formats.get("float32"), (2,), [2.0])
    )
