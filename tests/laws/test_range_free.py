"""Worst cases that do not depend on the range of the entries are at least what the formulas give, wherever one looks."""

import sys
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp

import smoothsym as ss
from smoothsym.laws.range_free import proved, range_free
from smoothsym.program.rounding.first_order import formula

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
    # The kernel of a mean may measure from 0, with errors relative to the entries: the form that measures from the extreme one.
    form = "stable" if name == "boltzmann" else "float"
    return formula(op.program(of, form), domain=op.domain, given=given)


def rows_of(op, rng):
    """Random rows, rows of two levels at every distance, and equal entries."""
    size = op.arity or 5
    yield from rng.normal(size=(8, size)) * 10 ** rng.uniform(-2, 2, (8, 1))
    for fall in (0.01, 0.3, 1.0, 1.5, 3.0, 40.0):
        row = np.full(size, -fall)
        row[0] = 0.0
        yield row + rng.normal()
    yield np.full(size, 0.7)


@pytest.mark.parametrize(("name", "of"), BOUNDED)
def test_the_worst_case_is_the_worst(name, of):
    op, found = ss.operators[name], formula_for(name, of)
    worst, first = range_free(found).expression / ss.u, found.expression / ss.u
    rng = np.random.default_rng(3)
    with mp.workdps(40):
        for row in rows_of(op, rng):
            row = [abs(float(q)) + 1e-3 for q in row] if op.domain == "positive" else list(map(float, row))
            for parameter in ("1", "2.7"):
                symbols = {q.name: mp.mpf(1 if q.name == "alpha" else parameter) for q in op.parameters}
                for place in range(len(row) if found.cases[0].bound.labels else 1):
                    value = Valued(row, symbols, i=mp.mpf(place + 1))
                    assert value(first) <= value(worst) * (1 + mp.mpf(10) ** -30), (row, symbols)


@pytest.mark.parametrize(("name", "of"), list(EXPECTED))
def test_the_worst_case_is_what_is_known(name, of):
    op = ss.operators[name]
    found = formula(op.program(of, "stable"), domain=op.domain, given={"alpha": 1})
    assert str(range_free(found).named) == EXPECTED[name, of]


def test_the_lemmas_are_proved():
    assert proved()


def test_what_grows_with_the_range_has_no_such_bound():
    assert range_free(formula(ss.logsumexp.program("value", "naive"))) is None
