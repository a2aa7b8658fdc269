"""Enclosures are exact where a theorem makes them so, decided at both ends of the range, and refused in bounded time elsewhere."""

import pickle
from fractions import Fraction
from math import isqrt

import pytest
from mpmath import workprec
from sympy import Sum, exp, log, sqrt

import smoothsym as ss
from smoothsym.certify.enclose import point

EXACT = [
    ("boltzmann", [0.1, 0.1, 0.1], {"alpha": 0.7}, "value", [Fraction(0.1)]),
    ("boltzmann", [0.1, 0.1], {"alpha": 0.7}, "gradient", [Fraction(1, 2)] * 2),
    ("boltzmann", [0.1, 0.1, 0.1], {"alpha": 0.7}, "alpha", [0]),
    ("boltzmann", [Fraction(1, 3)], {"alpha": 5}, "hessian", [0]),
    ("logsumexp", [Fraction(1, 3)], {"alpha": 5}, "value", [Fraction(1, 3)]),
    ("logsumexp", [1e300], {"alpha": 1e300}, "alpha", [0]),
    ("logsumexp", [1, 1, 1, 1], {"alpha": 3}, "gradient", [Fraction(1, 4)] * 4),
    ("mellowmax", [-7, -7, -7], {"alpha": -2}, "value", [-7]),
    ("mellowmax", [-7, -7, -7], {"alpha": -2}, "alpha", [0]),
    ("pnorm", [3, 4], {"p": 2}, "value", [5]),
    ("pnorm", [3, -4], {"p": 2}, "gradient", [Fraction(3, 5), Fraction(-4, 5)]),
    ("pnorm", [1, -2, 4], {"p": 1}, "value", [7]),
    ("pnorm", [4, 9], {"p": Fraction(1, 2)}, "value", [25]),
    ("pnorm", [8, 27], {"p": Fraction(1, 3)}, "value", [125]),
    ("pnorm", [2, 2], {"p": -1}, "value", [1]),
    ("pnorm", [0, 0, -5], {"p": 1e17}, "value", [5]),
    ("pnorm", [5], {"p": 2.5}, "p", [0]),
]


@pytest.mark.parametrize(("name", "x", "given", "of", "exact"), EXACT)
def test_exact_results_are_exact(name, x, given, of, exact):
    op = ss.operators[name]
    found = ss.enclose(op, x, of=of, digits=40, **given)
    for enclosure, value in zip(getattr(found, "flat", [found]), exact, strict=True):
        assert enclosure.digits(40) == point(Fraction(value), 200).digits(40)


@pytest.mark.parametrize(
    ("x", "printed"),
    [
        ([-0.6931471805599453] * 2, "2.319046813846299615494855463875478650412e-17"),
        ([-0.6931471805599453, -0.6931471805599454], "-3.232068309279482932548907325599754667610e-17"),
    ],
)
def test_a_result_near_zero_keeps_its_digits(x, printed):
    assert ss.enclose(ss.logsumexp, x, alpha=1, digits=40).digits(40) == printed


@pytest.mark.parametrize("digits", [1, 2, 17, 100, 2000])
def test_any_number_of_digits(digits):
    printed = ss.enclose(ss.pnorm, [1, 1], p=2, digits=digits).digits(digits)
    root = isqrt(2 * 10 ** (2 * digits + 8)) // 10**5  # sqrt(2) 10^(digits - 1), to no more than a unit
    assert len(printed.replace(".", "")) == digits
    assert abs(int(printed.replace(".", "")) - root) <= 1


TINY_TAIL = [
    (ss.logsumexp, [1e300, 0], {"alpha": 1}),
    (ss.logsumexp, [1e300, -1e300], {"alpha": 1e300}),
    (ss.boltzmann, [1, 2], {"alpha": 1e300}),
    (ss.mellowmax, [0, -1e308], {"alpha": 1e308}),
]


@pytest.mark.parametrize(("op", "x", "given"), TINY_TAIL)
@pytest.mark.parametrize("of", ["value", "gradient", "hessian", "alpha"])
def test_terms_that_cancel_leave_their_tails(op, x, given, of):
    found = ss.enclose(op, x, of=of, digits=10, **given)
    for enclosure in getattr(found, "flat", [found]):
        assert enclosure.digits(10) != "0"


NESTED = sqrt(ss.x[1] + 2 * sqrt(ss.x[2])) - sqrt(ss.x[2]) - 1
"""0 at [3, 2], which no theorem here says."""


def test_a_value_that_no_theorem_and_no_budget_decides_is_refused_with_its_enclosure():
    with pytest.raises(ss.Refused, match="undecided at a budget of 4096 bits: no theorem") as caught:
        ss.reference(ss.pnorm, [3, 2], of=NESTED, budget=4096)
    assert caught.value.enclosure.lo < 0 < caught.value.enclosure.hi
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.enclosure) == (str(caught.value), caught.value.enclosure)


def test_a_refusal_names_its_row():
    with pytest.raises(ss.Refused, match=r"^row 1: undecided"):
        ss.reference(ss.pnorm, [[5, 1], [3, 2]], of=NESTED, budget=4096)


def test_a_zero_test_that_would_be_too_long_is_not_tried():
    x = [1e300, *range(60)]
    with pytest.raises(ss.Refused, match="the zero test would be too long"):
        ss.reference(ss.boltzmann, x, of="gradient", alpha=1, rounding="up", budget=1000)


def test_a_small_budget_refuses_what_a_larger_one_decides():
    assert ss.enclose(ss.logsumexp, [-0.6931471805599453] * 2, alpha=1, digits=100).digits(100)
    with pytest.raises(ss.Refused, match="undecided at a budget of 340 bits"):
        ss.enclose(ss.logsumexp, [-0.6931471805599453] * 2, alpha=1, digits=100, budget=340)


def test_fewer_digits_than_asked_for_are_refused_by_an_enclosure_that_is_too_wide():
    with pytest.raises(ss.Refused, match="ask enclose for digits=60"):
        ss.enclose(ss.logsumexp, [0, 1], alpha=1, digits=10).digits(60)


def test_the_radius_reaches_both_ends():
    enclosure = ss.enclose(ss.logsumexp, [0, 1], alpha=1, digits=20)
    with workprec(500):
        assert enclosure.lo >= enclosure.mid - enclosure.rad < enclosure.hi <= enclosure.mid + enclosure.rad
    assert enclosure.lo < enclosure.hi


@pytest.mark.long
@pytest.mark.parametrize("name", list(ss.operators))
def test_rows_of_a_hundred_thousand_entries(name):
    op = ss.operators[name]
    x = [((37 * q) % 1001) / 64 + 1 for q in range(100_000)]
    for of in ("value", "gradient", op.parameter.name):
        ss.reference(op, x, of=of)


x, n, j, alpha, p, eps = ss.x, ss.n, ss.j, ss.alpha, ss.p, ss.eps
OWN = [
    (ss.SmoothMax("with_one", log(1 + Sum(exp(alpha * x[j]), (j, 1, n)))), [0, 0], {"alpha": 7}, "1.09861228866811"),
    (
        ss.SmoothMax("own_lehmer", Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n)), domain="positive"),
        [1, 2],
        {"p": 2},
        "1.66666666666667",
    ),
    (
        ss.SmoothMax("power_mean", (Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p), domain="positive"),
        [1, 7],
        {"p": 2},
        "5.00000000000000",
    ),
    (ss.SmoothMax("own_softplus", log(1 + exp(alpha * x[1])) / alpha), [-40], {"alpha": 1}, "4.24835425529159e-18"),
    (ss.SmoothMax("root", sqrt((x[1] - x[2]) ** 2 + eps)), [1, 4], {"eps": 16}, "5.00000000000000"),
]


@pytest.mark.parametrize(("op", "x", "given", "printed"), OWN)
def test_operators_of_ones_own(op, x, given, printed):
    assert ss.enclose(op, x, digits=15, **given).digits(15) == printed
    assert float(ss.reference(op, x, **given)) == pytest.approx(float(printed), rel=1e-14)
    for of in ("gradient", "hessian", op.parameter.name):
        ss.enclose(op, x, of=of, digits=15, **given)


def test_an_entry_of_a_gradient_that_is_exactly_zero():
    root = OWN[-1][0]
    assert [e.digits(5) for e in ss.enclose(root, [3, 3], of="gradient", eps=2)] == ["0", "0"]


def test_any_expression_in_the_symbols_of_an_operator():
    squared = ss.logsumexp.definition**2
    assert ss.enclose(ss.logsumexp, [0, 0], of=squared, alpha=1, digits=10).digits(10) == "0.4804530139"
