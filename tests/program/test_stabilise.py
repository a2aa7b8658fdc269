"""Stable forms are proved; forms that are nearly right are not."""

import pytest
from sympy import Abs, KroneckerDelta, Rational, Sum, cosh, exp, log, sqrt
from sympy.codegen.cfunctions import log1p

import smoothsym as ss
from smoothsym.program.anchors import s
from smoothsym.program.lower import either
from smoothsym.program.stabilise import homogeneity, joint_homogeneity, proved_equal, stabilise, translation
from smoothsym.words import alpha, eps, i, j, n, p, x

LSE = ss.logsumexp.definition
D = x[j] - x[s]
OTHERS = Sum((1 - KroneckerDelta(j, s)) * exp(alpha * D), (j, 1, n))
ONE_MORE = log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha
SOFTPLUS = log(1 + exp(alpha * x[1])) / alpha
SMU = (x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps)) / 2
LEHMER = Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n))


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize(
    "op", [op for op in ss.operators.values() if op.explicit and op.definition.has(exp, Sum, cosh)], ids=str
)
def test_the_stable_form_of_every_operator_is_proved(op, of):
    stable = op.stable(of)
    assert stable.law != "none"
    assert proved_equal(stable.expression, op.formula(of), op.domain)


@pytest.mark.parametrize(
    ("expression", "domain", "law"),
    [
        (LSE, "real", "translation"),
        (ss.pnorm.definition, "real", "scale"),
        (LEHMER, "positive", "scale"),
        ((Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p), "positive", "scale"),
        (ONE_MORE, "real", "factored"),
        (SOFTPLUS, "real", "logistic"),
        (SMU, "real", "none"),
    ],
)
def test_the_law_that_makes_the_form(expression, domain, law):
    assert stabilise(expression, domain=domain).law == law


def test_where_no_form_is_found_the_expression_stays():
    assert stabilise(SMU).expression == SMU


@pytest.mark.parametrize(
    "wrong",
    [
        x[s] - log1p(OTHERS) / alpha,
        -x[s] + log1p(OTHERS) / alpha,
        x[s] + log1p(2 * OTHERS) / alpha,
        x[s] + Rational(1001, 1000) * log1p(OTHERS) / alpha,
        x[s] + log1p(OTHERS),
        2 * x[s] + log1p(OTHERS) / alpha,
        x[i] + log1p(OTHERS) / alpha,
        x[1] + log1p(OTHERS) / alpha,
        x[s] + log(OTHERS) / alpha,
        x[s] + log1p(Sum(exp(alpha * D), (j, 1, n))) / alpha,
        x[s] + log1p(Sum(exp(-alpha * D), (j, 1, n)) - 1) / alpha,
    ],
)
def test_a_wrong_form_is_not_accepted(wrong):
    right = x[s] + log1p(OTHERS) / alpha
    assert proved_equal(right, LSE)
    assert not proved_equal(wrong, LSE)


def test_both_ways_of_a_choice_are_proved():
    right = x[s] + log1p(OTHERS) / alpha
    assert proved_equal(either(x[1], LSE, right), LSE)
    assert not proved_equal(either(x[1], LSE + alpha, right), LSE)
    assert not proved_equal(either(x[1], right, LSE + alpha), LSE)
    assert not proved_equal(either(x[1], right, either(x[2], LSE, -LSE)), LSE)


def test_laws_that_do_not_hold_are_not_found():
    power = ss.pnorm.definition
    assert translation(LSE) == 1 and translation(ss.boltzmann.gradient) == 0
    assert translation(power) is None and translation(ONE_MORE) is None
    assert homogeneity(power) == 1 and homogeneity(LSE) is None and homogeneity(Abs(x[1]) ** 2) == 2
    assert homogeneity(Abs(x[1]) ** 3) is None
    assert joint_homogeneity(LSE, alpha) and not joint_homogeneity(alpha * LSE, alpha)
