"""Worst cases that do not depend on the range of the entries are at least what the formulas give, wherever one looks."""

import sys
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp
from sympy import E, LambertW, S, exp, log, sin

import smoothsym as ss
from smoothsym.laws.of_one_entry import _most_of
from smoothsym.laws.range_free import proved, range_free
from smoothsym.program.rounding.first_order import formula
from smoothsym.program.rounding.primitives import FALL

sys.path.append(str(Path(__file__).parents[1] / "program" / "rounding"))
from perturbed import Valued

EXPECTED = {
    ("logsumexp", "value"): "u*(n + log(n) + Abs(f) - 2 + 1/n)",
    ("softmax", "value"): "u*(n + LambertW((n - 1)*exp(-1)) + exp(-1) + 2)*maximum(w)",
    ("boltzmann", "value"): "u*((LambertW((2*n - 2)*exp(-2)) + 2)*LambertW((2*n - 2)*exp(-2)) + (2*n + 2 - 1/n)*LambertW((n - 1)*exp(-1)) + Abs(f))",
}  # fmt: skip
BOUNDED = [
    ("logsumexp", "value"), ("logsumexp", "gradient"), ("softmax", "value"), ("boltzmann", "value"),
    ("boltzmann", "gradient"), ("pnorm", "value"), ("powermean", "value"), ("softplus", "value"), ("softplus", "gradient"),
    ("smu", "value"), ("smoothabs", "value"), ("smoothabs", "gradient"),
]  # fmt: skip


def formula_for(name, of):
    op = ss.operators[name]
    given = {"alpha": 1} if "alpha" in {q.name for q in op.parameters} else {}
    return formula(op.program(of, "float"), domain=op.domain, given=given)


def rows_of(op, rng):
    """Random rows, rows of two levels at every distance, and equal entries."""
    size = op.arity or 5
    yield from rng.normal(size=(8, size)) * 10 ** rng.uniform(-2, 2, (8, 1))
    for fall in (0.01, 0.3, 1.0, 1.5, 3.0, 40.0):
        row = np.full(size, -fall)
        row[0] = 0.0
        yield row + rng.normal()
    yield np.full(size, 0.7)


def is_the_worst(name, op, found, parameters):
    worst, first = range_free(found).expression / ss.u, found.expression / ss.u
    rng = np.random.default_rng(3)
    with mp.workdps(40):
        for row in rows_of(op, rng):
            row = [abs(float(q)) + 1e-3 for q in row] if op.domain == "positive" else list(map(float, row))
            for parameter in parameters:
                symbols = {q.name: mp.mpf(parameter(q.name)) for q in op.parameters}
                for place in range(len(row) if found.cases[0].bound.labels else 1):
                    value = Valued(row, symbols, i=mp.mpf(place + 1))
                    assert value(first) <= value(worst) * (1 + mp.mpf(10) ** -30), (row, symbols)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "of"), [pytest.param(*q, marks=[pytest.mark.long] * (q == ("boltzmann", "gradient"))) for q in BOUNDED]
)
def test_the_worst_case_is_the_worst(name, of):
    ways = [lambda q: 1, lambda q: 1 if q == "alpha" else "2.7"]
    is_the_worst(name, ss.operators[name], formula_for(name, of), ways)


OF_ANY_SHARPNESS = [("boltzmann", "value"), ("softplus", "value"), ("softplus", "gradient"), ("logcosh", "gradient")]


@pytest.mark.parametrize(("name", "of"), OF_ANY_SHARPNESS)
def test_so_it_is_where_the_sharpness_is_not_known(name, of):
    op = ss.operators[name]
    is_the_worst(name, op, formula(op.program(of, "float")), [lambda q: "0.3"])


def test_a_worst_case_that_is_too_small_is_seen(monkeypatch):
    """Without the part that is relative to the entries."""
    op, found = ss.boltzmann, formula(ss.boltzmann.program("value", "float"))
    shown = range_free(found).expression
    less = shown.replace(lambda q: isinstance(q, LambertW), lambda q: q / 8)
    with mp.workdps(40), pytest.raises(AssertionError):
        monkeypatch.setitem(globals(), "range_free", lambda _: type("", (), {"expression": less}))
        is_the_worst("boltzmann", op, found, [lambda q: "0.3"])


t = FALL[1]
MOST = [
    (exp(-3 * t) * t**2, (2 / (3 * E)) ** 2), (t / (1 + 2 * exp(t)), 1 / (2 * E)), (1 / (1 + exp(t)) ** 2, S(1) / 4),
    (log(1 + exp(-t)) ** 2, log(2) ** 2), (t * exp(-t) / (2 + exp(-t)), 1 / (2 * E)),
]  # fmt: skip


@pytest.mark.parametrize(("term", "most"), MOST)
def test_the_most_of_a_term(term, most):
    assert _most_of(term) == most
    assert all(float(term.subs(t, at)) <= float(most) for at in (0, 0.1, 0.5, 1, 2, 5, 30))


def test_what_grows_has_no_most():
    assert _most_of(t) is _most_of(exp(t)) is _most_of(t / (1 + exp(-t))) is _most_of(exp(-t) * sin(t)) is None


@pytest.mark.parametrize(("name", "of"), list(EXPECTED))
def test_the_worst_case_is_what_is_known(name, of):
    op = ss.operators[name]
    found = formula(op.program(of, "stable"), domain=op.domain, given={"alpha": 1})
    assert str(range_free(found).named) == EXPECTED[name, of]


def test_the_lemmas_are_proved():
    assert proved()


def test_what_grows_with_the_range_has_no_such_bound():
    assert range_free(formula(ss.logsumexp.program("value", "naive"))) is None
