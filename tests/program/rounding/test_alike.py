"""That two forms are one function is proved where they are, and nowhere else; then a choice costs what the worse form does."""

import numpy as np
import pytest
from sympy import Abs, Rational, Sum, exp, log, sign
from sympy.codegen.cfunctions import expm1, log1p

import smoothsym as ss
from smoothsym.program.lower import lower
from smoothsym.program.ordered import over, select, times
from smoothsym.program.rounding.alike import alike
from smoothsym.program.rounding.enclosures import point
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.rigorous import rigorous
from smoothsym.words import alpha, j, n, p, x

A, B = x[1], x[2]
OPEN = exp(A) - exp(B)
"""What floats do not know to be 0 at equal entries."""


def bounds(program, rows, fmt="bfloat16"):
    """Of rows, or of one."""
    x = np.array(rows, dtype=float)
    found = rigorous(program, {"x": point(np.atleast_2d(x))}, {}, fmt, Model(summation="sequential"))[0]
    return found if x.ndim > 1 else found[0]


def proved(chosen, domain="real", **signs):
    program = lower([chosen])
    ((number, _),) = program.outputs
    assert program.operations[number].name == "either"
    return alike(program, number, tuple(signs.items()), domain)


ALIKE = [
    select(A, exp(A) * exp(B), exp(A + B)),
    select(A, log(Sum(exp(alpha * x[j]), (j, 1, n))), alpha * B + log(Sum(exp(alpha * (x[j] - B)), (j, 1, n)))),
    select(A, over(Abs(A), Abs(B)) ** p, times(Abs(A) ** p, Abs(B) ** -p)),
    select(A, over(expm1(A), alpha), times(over(A, alpha), select(Abs(A), over(expm1(A), A), 1))),
    select(A, log(1 + exp(-A)), select(exp(-A), log1p(exp(-A)), exp(-A))),
]
OTHERS = [
    select(A, exp(A) * exp(B), exp(A - B)),
    select(A, exp(A), exp(A) * (1 + Rational(1, 2**60))),
    select(A, sign(B) * sign(B), 1),
    select(A, select(B, A, 0), A),
    select(A, select(Abs(B), A, 0), A),
    select(A, log(Sum(exp(x[j]), (j, 1, n))), ss.maximum(x)),
]


@pytest.mark.parametrize("chosen", ALIKE, ids=str)
def test_one_function_is_seen_to_be_one(chosen):
    assert proved(chosen)


@pytest.mark.parametrize("chosen", OTHERS, ids=str)
def test_two_functions_are_two(chosen):
    assert not proved(chosen) and not proved(chosen, domain="positive")


def test_a_form_that_the_other_only_continues_to_is_another_function():
    """Floats may take 1 where exact numbers do not: that costs how far they are apart."""
    assert not proved(select(Abs(A), over(expm1(A), A), 1))
    tiny = times(exp(A), exp(A))
    for row in ([-60.0], [-300.0]):
        assert bounds(lower([select(Abs(tiny), over(expm1(tiny), tiny), 1)]), row, fmt="float32") > 2.0**-149


def test_what_holds_of_positive_numbers_is_used_for_rows_and_parameters_that_are_positive():
    root = select(OPEN, times(A, B), exp(log(A) + log(B)))
    assert proved(root, domain="positive") and not proved(select(A, Abs(A), A))
    assert proved(select(A, Abs(alpha) * A, alpha * A), alpha=1)
    assert not proved(select(A, Abs(alpha) * A, alpha * A), alpha=-1)
    either_sign = lower([select(OPEN, Abs(A), A)])
    both = np.array([[3.0, 3.0], [-3.0, -3.0]])
    assert bounds(either_sign, both[0]) == 0 and bounds(either_sign, both[1]) >= 6
    found = bounds(either_sign, both)
    assert found[0] == 0 and found[1] >= 6


@pytest.mark.parametrize("row", [[12.5, 12.5], [-20.0, -20.0], [18.5, 18.5]])
def test_an_open_choice_costs_what_the_worse_form_does(row):
    good, bad = times(exp(A), exp(B)), exp(times(over(A + B, 3), 3))
    each = [bounds(lower([form]), row) for form in (good, bad)]
    assert each[0] < each[1] / 10
    for forms in ((good, bad), (bad, good)):
        found = bounds(lower([select(OPEN, *forms)]), row)
        assert each[1] <= found <= each[1] * (1 + 1e-9)


def test_each_entry_chooses_for_itself():
    """In a sum entries may choose otherwise: each costs its own worse form, and no more."""
    term = select(exp(x[j]) - exp(A), times(exp(x[j]), exp(x[j])), exp(2 * x[j]))
    forms = [bounds(lower([Sum(form, (j, 1, n))]), [2.0] * 7) for form in term.args[1:]]
    assert max(forms) <= bounds(lower([Sum(term, (j, 1, n))]), [2.0] * 7) <= 1.05 * max(forms)


@pytest.mark.parametrize("name", ["logsumexp", "boltzmann", "mellowmax", "pnorm", "softplus", "logcosh", "powermean"])
def test_the_choices_of_kernels_are_proved_but_where_another_form_is_taken_for_its_error_alone(name):
    op = ss.operators[name]
    program, domain = op.kernels["stable"].program, "positive" if op.domain == "positive" else "real"
    for number, operation in enumerate(program.operations):
        if operation.name == "either" and not alike(program, number, ((op.parameter.name, 1),), domain):
            second = program.operations[operation.args[2][0]]
            # The limit at 0, an anchor, or the root of a weight that floats lost.
            assert second.name in ("number", "take", "exp"), f"v{number} of {name}: {second.name}"
