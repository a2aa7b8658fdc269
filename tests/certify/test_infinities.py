"""What is answered at infinite entries is what finite ones tend to, for operators that have no contract of their own."""

from fractions import Fraction
from itertools import product
from math import inf, isinf, isnan

import numpy as np
import pytest
from sympy import Abs, Sum, Symbol, exp, log

import smoothsym as ss
from smoothsym.program.dominance import dominance

x, j, n, alpha, p = ss.x, ss.j, ss.n, ss.alpha, ss.p
T, eps = Symbol("T", positive=True), Symbol("eps", real=True)


def over(term):
    return Sum(term, (j, 1, n))


LSE = log(over(exp(alpha * x[j]))) / alpha
NAMED = {
    "smooth minimum": (-log(over(exp(-x[j]))), None),
    "temperature": (T * log(over(exp(x[j] / T))), T),
    "base two": (log(over(2 ** (alpha * x[j]))) / (alpha * log(2)), alpha),
    "beside a mean": (LSE + over(x[j]) / n, alpha),
    "range": (LSE + log(over(exp(-alpha * x[j]))) / alpha, alpha),
    "both ways in one sum": (over(log((exp(alpha * x[j]) + exp(-alpha * x[j])) / 2)) / alpha, alpha),
    "a rate of its own": (log(over(exp(x[j]))) + eps, eps),
    "softplus summed": (over(log(1 + exp(alpha * x[j]))) / alpha, alpha),
    "cube": (log(over(exp(alpha * x[j]) * (1 + x[j] ** 2))) / alpha, alpha),
    "norm beside squares": (over(Abs(x[j]) ** p) ** (1 / p) + over(x[j] ** 2), p),
}
OPERATORS = {name: ss.SmoothMax(name, *given) for name, given in NAMED.items()}
OPERATORS |= {f"dual of {q}": ss.operators[q].dual for q in ("boltzmann", "logsumexp", "mellowmax", "pnorm")}
OPERATORS |= {q: ss.operators[q] for q in ("boltzmann", "logsumexp", "mellowmax", "pnorm", "powermean")}
ROWS = [row for row in product((-inf, inf, 1.0, -2.0), repeat=2) if any(map(isinf, row))]
FAR = 3000


def far(row, size):
    return [int(np.sign(v)) * size if isinf(v) else v for v in row]


@pytest.mark.sampled
@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("number", [1, -1, 3])
def test_an_answer_at_infinities_is_a_limit(name, number):
    op = OPERATORS[name]
    known = {} if op.parameter is None else {op.parameter.name: number}
    if op.domain == "positive" or (number < 0 and op.parameter is not None and op.parameter.is_positive):
        rows = [row for row in ROWS if min(row) > 0] if number > 0 else []
    else:
        rows = ROWS
    for row in rows:
        for answer in (ss.reference(op, np.array([row]), **known)[0], op(np.array([row]), **known)[0]):
            if isnan(answer):
                continue
            near, nearer = (float(ss.enclose(op, far(row, size), **known, digits=20).mid) for size in (FAR, 4 * FAR))
            if isinf(answer):
                assert np.sign(near) == np.sign(answer) and abs(nearer) > 2 * abs(near) > FAR / 2
            else:
                assert abs(nearer - answer) <= 1e-12 + abs(near - answer) / 2


def test_most_are_answered():
    """The smooth minimum has an answer where its negligible entries are infinite, as the maximum has."""
    assert ss.reference(OPERATORS["smooth minimum"], np.array([[inf, 1.0]])) == 1
    assert ss.reference(ss.boltzmann.dual, np.array([[inf, 1.0]]), of="gradient", alpha=1.0).tolist() == [[0.0, 1.0]]
    assert ss.reference(OPERATORS["temperature"], np.array([[-inf, 1.0]]), T=2.0) == 1
    assert ss.reference(OPERATORS["cube"], np.array([[-inf, 0.0]]), alpha=1.0) == 0
    assert ss.reference(OPERATORS["softplus summed"], np.array([[-inf, 0.0]]), alpha=1.0) == np.log(2)


@pytest.mark.parametrize("name", ["beside a mean", "range", "both ways in one sum", "norm beside squares"])
def test_where_an_entry_does_not_vanish_from_every_sum_infinities_mean_nothing(name):
    assert OPERATORS[name].kind is None


def test_ways():
    turned = [(op.kind, op.dominance.turn, op.dominance.by_sign) for op in OPERATORS.values()]
    assert turned[:3] == [("entry", -1, False), ("entry", 1, True), ("entry", 1, True)]
    assert OPERATORS["a rate of its own"].dominance.ends(-2) == (inf, -inf)
    assert dominance(log(over(exp(x[j] / alpha))) * alpha, alpha).ends(-2) == (-inf, inf)
    assert dominance(log(over(exp(alpha**2 * x[j]))), alpha).ends(-2) == (inf, -inf)


# ---- the parameter at its ends -------------------------------------------------------------------------------------------------


PARAMETERS = {
    "log-sum-exp": (LSE, alpha),
    "less its mean": (LSE - over(x[j]) / n, alpha),
    "base two": NAMED["base two"],
    "second moment": (over(x[j] ** 2 * exp(alpha * x[j])) / over(exp(alpha * x[j])), alpha),
    "square of a norm": (over(Abs(x[j]) ** p) ** (2 / p), p),
    "quotient of powers": (over(Abs(x[j]) ** (p + 1)) / over(Abs(x[j]) ** p), p),
}
ENDS = ((inf, 2000), (-inf, -2000), (0.0, Fraction(1, 10**9)), (-0.0, -Fraction(1, 10**9)))


@pytest.mark.sampled
@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("of", ["value", "gradient"])
def test_an_answer_at_an_end_of_the_parameter_is_a_limit(name, of):
    """An entry that is the opposite of the largest is no tie, and the power of a zero does not tend to 1."""
    op = ss.SmoothMax(name, *PARAMETERS[name])
    answered = 0
    for row in ([1.0, 3.0, 3.0], [-2.0, 2.0, 1.0], [0.0, 0.0, 1.0]):
        for end, near in ENDS:
            known = {op.parameter.name: end}
            for got in (np.ravel(ss.reference(op, np.array([row]), of=of, **known)), np.ravel(op(row, of=of, **known))):
                if not np.isfinite(got).all() or (end == -inf and 0 in row):
                    continue
                there = ss.enclose(op, row, of=of, **{op.parameter.name: near}, digits=15)
                right = np.array([float(q.mid) for q in np.ravel(there)])
                np.testing.assert_allclose(got, right, rtol=1e-2 if isinf(end) else 1e-6, atol=1e-6)
                answered += 1
    assert answered >= 6


# ---- expressions in the symbols of an operator ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "of",
    [over(x[j]), ss.mean(x), ss.maximum(x), ss.minimum(x), over(x[j] ** 2), over(exp(-alpha * x[j])), x[1], x[2]],
)
def test_what_does_not_vanish_from_an_expression_is_not_left_out_of_it(of):
    assert np.isnan(ss.reference(ss.logsumexp, np.array([[-inf, 1.0]]), of=of, alpha=1.0)).all()


def test_what_vanishes_is():
    row = np.array([[-inf, 1.0, 2.0]])
    found = ss.reference(ss.logsumexp, row, of=over(x[j] * exp(alpha * x[j])), alpha=1.0)
    assert found == ss.reference(ss.logsumexp, row[:, 1:], of=over(x[j] * exp(alpha * x[j])), alpha=1.0)
    softmax = exp(alpha * x[ss.i]) / over(exp(alpha * x[j]))
    assert ss.reference(ss.logsumexp, row, of=softmax, alpha=1.0)[0, 0] == 0
    logarithm = ss.reference(ss.logsumexp, row, of=log(softmax), alpha=1.0)[0]
    assert np.isnan(logarithm[0]) and np.isfinite(logarithm[1:]).all()
