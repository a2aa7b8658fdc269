"""Limits, against the operator itself at a parameter so large that the limit shows."""

import mpmath
import pytest
from sympy import Sum, exp, log, oo, zoo

import smoothsym as ss
from smoothsym.certify.special import evaluate
from smoothsym.symbolic.asymptotics import Undecided, limit
from smoothsym.words import alpha, j, n, x

POINT = [3, 1, 3, -2]


def near(op, of, parameter, position=None):
    value = ss.enclose(op, POINT, of=of, digits=20, **{op.parameter.name: parameter})
    return float((value if position is None else value[position]).mid)


@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
@pytest.mark.parametrize("side", [1, -1])
def test_limits_of_values_and_gradients(op, side) -> None:
    claim = op.limit(side * oo)
    truth = evaluate(claim, POINT, 1, op.kind)
    assert abs(near(op, "value", side * 10**5) - float(truth)) < 1e-4
    for position in range(4):
        slope = evaluate(op.limit(side * oo, of="gradient"), POINT, 1, op.kind, position)
        assert abs(near(op, "gradient", side * 10**5, position) - float(slope)) < 1e-4
        assert abs(near(op, "gradient", side * 10**5, position) - 2 * float(slope)) > 1e-4 or slope == 0


@pytest.mark.parametrize("name", ["boltzmann", "mellowmax"])
def test_the_mean_at_zero(name) -> None:
    op = ss.operators[name]
    assert op.limit(0) == ss.mean(ss.x)
    assert abs(near(op, "value", mpmath.mpf(10) ** -20) - 1.25) < 1e-15


def test_the_pole_of_logsumexp() -> None:
    assert ss.logsumexp.limit(0) == zoo
    assert ss.logsumexp.limit(0, direction="+") == oo
    assert ss.logsumexp.limit(0, direction="-") == -oo
    assert ss.logsumexp.series(0, 1) == log(n) / alpha + ss.mean(ss.x)


def test_the_p_norm_towards_zero_differs_by_side() -> None:
    with pytest.raises(Undecided, match="direction"):
        ss.pnorm.limit(0)
    assert ss.pnorm.limit(0, direction="+") == oo
    assert ss.pnorm.limit(0, direction="-") == 0


def test_other_operators() -> None:
    gini = Sum(x[j] ** 2 * exp(alpha * x[j]), (j, 1, n)) / Sum(x[j] * exp(alpha * x[j]), (j, 1, n))
    assert limit(gini, alpha, oo) == ss.maximum(ss.x)
    assert limit(gini.subs(alpha, -alpha), alpha, oo) == ss.minimum(ss.x)


def test_out_of_reach_is_undecided_and_never_wrong() -> None:
    with pytest.raises(Undecided):
        limit(
            log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, oo
        )  # max(0, max x): the sign of max x is not known
