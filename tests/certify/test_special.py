"""The special-value contract, row by row: what enclose and reference answer, and whether by limit or by convention."""

from math import inf, isnan, nan

import numpy as np
import pytest
from sympy import Sum, exp, log, sqrt

import smoothsym as ss

PLAIN, LIMIT, CHOICE = "", "limit", "convention"

# operator, x, parameter: the value, its basis; the gradient, its basis (None: each entry has its own, and is in the next table)
ROWS = [
    # no entries
    ("logsumexp", [], 1, -inf, CHOICE, [], LIMIT),
    ("logsumexp", [], -1, inf, CHOICE, [], LIMIT),
    ("boltzmann", [], 1, nan, LIMIT, [], LIMIT),
    ("mellowmax", [], 1, nan, LIMIT, [], LIMIT),
    ("pnorm", [], 2, 0, LIMIT, [], LIMIT),
    ("pnorm", [], -1, inf, LIMIT, [], LIMIT),
    # a nan
    ("logsumexp", [nan, 1], 1, nan, LIMIT, [nan, nan], LIMIT),
    ("boltzmann", [nan, inf], 1, nan, LIMIT, [nan, nan], LIMIT),
    ("mellowmax", [nan, 1], 1, nan, LIMIT, [nan, nan], LIMIT),
    ("pnorm", [nan, inf], 2, nan, CHOICE, [nan, nan], CHOICE),
    ("logsumexp", [1, 2], nan, nan, LIMIT, [nan, nan], LIMIT),
    ("boltzmann", [1, 2], nan, nan, LIMIT, [nan, nan], LIMIT),
    ("mellowmax", [1, 2], nan, nan, LIMIT, [nan, nan], LIMIT),
    ("pnorm", [1, 2], nan, nan, CHOICE, [nan, nan], CHOICE),
    # infinite entries that dominate
    *[
        (name, x, a, top, LIMIT, slope, CHOICE)
        for name in ("logsumexp", "boltzmann", "mellowmax")
        for x, a, top, slope in (
            ([inf, 1], 1, inf, [1, 0]),
            ([inf, 1, inf], 1, inf, [0.5, 0, 0.5]),
            ([inf, -inf], 1, inf, [1, 0]),
            ([inf, -inf], -1, -inf, [0, 1]),
            ([-inf, 1], -1, -inf, [1, 0]),
            ([inf], 1, inf, [1]),
            ([-inf], -1, -inf, [1]),
        )
    ],
    ("pnorm", [inf, 1], 2, inf, LIMIT, [nan, nan], CHOICE),
    ("pnorm", [-inf, 1], 2, inf, LIMIT, [nan, nan], CHOICE),
    ("pnorm", [0, 3], -1, 0, LIMIT, [nan, nan], CHOICE),
    # entries that are all without weight
    *[
        (name, x, a, low, LIMIT, [nan] * len(x), CHOICE)
        for name in ("logsumexp", "boltzmann", "mellowmax")
        for x, a, low in (([-inf, -inf], 1, -inf), ([inf, inf], -1, inf), ([-inf], 1, -inf))
    ],
    ("pnorm", [0, 0], 2, 0, LIMIT, [0, 0], CHOICE),
    ("pnorm", [0, 0], 0.5, 0, LIMIT, [0, 0], CHOICE),
    ("pnorm", [inf, -inf], -1, inf, LIMIT, [0, 0], CHOICE),
    # an infinite parameter
    *[
        (name, x, a, extreme, LIMIT, slope, LIMIT)
        for name in ("logsumexp", "boltzmann", "mellowmax")
        for x, a, extreme, slope in (
            ([1, 2, 2], inf, 2, [0, 0.5, 0.5]),
            ([1, 2, 2], -inf, 1, [1, 0, 0]),
            ([3], inf, 3, [1]),
        )
    ],
    ("logsumexp", [1, -inf], inf, 1, LIMIT, [1, 0], CHOICE),
    ("logsumexp", [1, -inf], -inf, -inf, LIMIT, [0, 1], CHOICE),
    ("pnorm", [1, -2, 2], inf, 2, LIMIT, [0, -0.5, 0.5], LIMIT),
    ("pnorm", [1, -2, 2], -inf, 1, LIMIT, [1, 0, 0], LIMIT),
    ("pnorm", [0, 3], -inf, 0, LIMIT, [0, 0], CHOICE),
    # a parameter of zero
    ("logsumexp", [1, 2], 0.0, inf, LIMIT, [0.5, 0.5], LIMIT),
    ("logsumexp", [1, 2], -0.0, -inf, LIMIT, [0.5, 0.5], LIMIT),
    ("logsumexp", [3], 0.0, 3, LIMIT, [1], LIMIT),
    ("logsumexp", [1, -inf], 0.0, inf, CHOICE, [0.5, 0.5], CHOICE),
    ("boltzmann", [1, 2], -0.0, 1.5, LIMIT, [0.5, 0.5], LIMIT),
    ("boltzmann", [1.5e308, 1.5e308], 0, 1.5e308, LIMIT, [0.5, 0.5], LIMIT),
    ("boltzmann", [inf, -inf], 0, nan, CHOICE, [0.5, 0.5], CHOICE),
    ("mellowmax", [1, 2], 0.0, 1.5, LIMIT, [0.5, 0.5], LIMIT),
    ("mellowmax", [1, -inf], 0.0, -inf, CHOICE, [0.5, 0.5], CHOICE),
    ("pnorm", [1, -2], 0.0, inf, LIMIT, [inf, -inf], LIMIT),
    ("pnorm", [0, -2], 0.0, 2, LIMIT, [0, -1], CHOICE),
    ("pnorm", [-3], 0.0, 3, LIMIT, [-1], LIMIT),
    ("pnorm", [1, -2], -0.0, 0, LIMIT, [0, 0], LIMIT),
    ("pnorm", [-3], -0.0, 3, LIMIT, [-1], LIMIT),
]

# one entry without weight beside others that have some: the value of the others, and 0 for a slope by limit
IGNORED = [
    ("logsumexp", [-inf, 1, 2], 1, [1, 2]),
    ("logsumexp", [inf, 1, 2], -1, [1, 2]),
    ("boltzmann", [-inf, 1, 2], 1, [1, 2]),
    ("boltzmann", [inf, 1, 2], -1, [1, 2]),
    ("pnorm", [0, 1, 2], 3, [1, 2]),
    ("pnorm", [inf, 1, 2], -1, [1, 2]),
]


def keyword(name, a):
    return {ss.operators[name].parameter.name: a}


def as_float(enclosure):
    return float(enclosure.mid)


@pytest.mark.parametrize(("name", "x", "a", "value", "basis", "gradient", "slope_basis"), ROWS)
def test_the_contract(name, x, a, value, basis, gradient, slope_basis):
    op, given = ss.operators[name], keyword(name, a)
    answer = ss.enclose(op, x, **given)
    assert (as_float(answer), answer.note) == (pytest.approx(value, nan_ok=True), basis)
    slopes = ss.enclose(op, x, of="gradient", **given)
    assert [as_float(slope) for slope in slopes] == pytest.approx(gradient, nan_ok=True)
    assert {slope.note for slope in slopes} <= {slope_basis}
    np.testing.assert_array_equal(ss.reference(op, x, **given), np.float64(value))
    np.testing.assert_array_equal(ss.reference(op, x, of="gradient", **given), np.array(gradient, dtype=float))


@pytest.mark.parametrize(("name", "x", "a", "others"), IGNORED)
def test_an_entry_without_weight_is_ignored(name, x, a, others):
    op, given = ss.operators[name], keyword(name, a)
    assert ss.enclose(op, x, **given).digits(30) == ss.enclose(op, others, **given).digits(30)
    first, *rest = ss.enclose(op, x, of="gradient", **given)
    assert first.digits(30) == "0"
    assert [e.digits(30) for e in rest] == [e.digits(30) for e in ss.enclose(op, others, of="gradient", **given)]


def test_mellowmax_counts_an_entry_without_weight():
    one = ss.enclose(ss.mellowmax, [0, -inf], alpha=1, digits=20)
    assert one.digits(20) == "-" + ss.enclose(ss.logsumexp, [0, 0], alpha=1, digits=20).digits(20)


@pytest.mark.parametrize(("p", "slope"), [(0.5, "nan"), (1, "0"), (1.5, "0"), (2, "0"), (3, "0")])
def test_the_slope_of_a_norm_at_a_zero_entry(p, slope):
    assert ss.enclose(ss.pnorm, [0, 3, 4], of="gradient", p=p)[0].digits(30) == slope


@pytest.mark.parametrize(("p", "curvature"), [(1.5, "nan"), (2, "0.20000"), (2.5, "0"), (3, "0")])
def test_the_curvature_of_a_norm_at_a_zero_entry(p, curvature):
    hessian = ss.enclose(ss.pnorm, [0, 3, 4], of="hessian", p=p, digits=5)
    assert hessian[0, 0].digits(5) == curvature
    assert hessian[0, 1].digits(5) == hessian[1, 0].digits(5) == "0"


x, n, j, alpha, p, eps = ss.x, ss.n, ss.j, ss.alpha, ss.p, ss.eps
WITH_ONE = ss.SmoothMax(name="with_one", definition=log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha)
POWER_MEAN = ss.SmoothMax(name="power_mean", definition=(Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p), domain="positive")
ROOT = ss.SmoothMax(name="root", definition=sqrt((x[1] - x[2]) ** 2 + eps))
USERS = [
    (WITH_ONE, [1, 2], {"alpha": inf}, "2.00000", LIMIT),
    (WITH_ONE, [-1, -2], {"alpha": inf}, "0", LIMIT),
    (WITH_ONE, [1, 2], {"alpha": nan}, "nan", CHOICE),
    (POWER_MEAN, [4, 9], {"p": inf}, "9.00000", LIMIT),
    (POWER_MEAN, [1, 2, 3], {"p": 0}, "1.81712", LIMIT),
    (ROOT, [1, 3], {"eps": 0}, "2.00000", LIMIT),
    (ROOT, [1, inf], {"eps": 1}, "nan", CHOICE),
]


@pytest.mark.parametrize(("op", "x", "given", "value", "basis"), USERS)
def test_the_rows_of_an_operator_of_ones_own(op, x, given, value, basis):
    answer = ss.enclose(op, x, digits=6, **given)
    assert (answer.digits(6), answer.note) == (value, basis)


def test_an_output_beyond_the_contract_is_computed_where_its_formula_has_a_value():
    assert ss.enclose(ss.boltzmann, [1, 2], of="alpha", alpha=0).digits(3) == "0.250"
    assert isnan(float(ss.enclose(ss.logsumexp, [1, -inf], of="alpha", alpha=0).mid))
    assert [e.digits(1) for e in ss.enclose(ROOT, [1, 3], of="gradient", eps=0)] == ["-1", "1"]


SECOND = ss.mellowmax.derivative(alpha, 2)
AT_LIMITS = [
    (ss.mellowmax, [1, 2, 4], {"alpha": 0}, "alpha", "0.777777778"),  # half the variance
    (ss.mellowmax, [1, 2, 4], {"alpha": 0}, SECOND, "0.246913580"),  # a third of the third central moment
    (ss.mellowmax, [1, 2, 4], {"alpha": inf}, "alpha", "0"),
    (ss.logsumexp, [1, 2], {"alpha": 0}, "alpha", "-inf"),
    (ss.logsumexp, [3], {"alpha": 0}, "alpha", "0"),
    (ss.powermean, [1, 2, 4], {"p": 0}, "p", "0.320302009"),
    (ss.logcosh, [3], {"alpha": 0}, "alpha", "4.50000000"),
    (ss.mellowmax, [1, 2], {"alpha": inf}, "hessian", "0"),
]


@pytest.mark.parametrize(("op", "x", "given", "of", "printed"), AT_LIMITS)
def test_what_is_derived_has_its_limit_in_the_parameter(op, x, given, of, printed):
    found = np.array(ss.enclose(op, x, of=of, digits=9, **given), dtype=object).ravel()
    assert {(e.digits(9), e.note) for e in found} == {(printed, LIMIT)}


@pytest.mark.parametrize(
    ("op", "x", "of", "name"),
    [
        (ss.mellowmax, [1, 2, 4], "alpha", "alpha"),
        (ss.mellowmax, [1, 2, 4], SECOND, "alpha"),
        (ss.powermean, [1, 2], "p", "p"),
    ],
)
def test_the_limit_of_a_derivative_is_what_it_comes_near(op, x, of, name):
    at, near = (float(ss.enclose(op, x, of=of, **{name: a}).mid) for a in (0, 2.0**-60))
    assert at == pytest.approx(near, rel=1e-12)


def test_one_entry_has_a_limit_where_several_have_a_pole():
    own = ss.SmoothMax(name="own", definition=log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha)
    for op in (own, ss.logsumexp):
        assert float(ss.enclose(op, [3], alpha=0.0).mid) == 3
        assert float(ss.enclose(op, [3, 4], alpha=0.0).mid) == inf
