"""First-order formulas are what perturbing each operation in turn adds up to."""

import pytest
from mpmath import mp
from perturbed import Valued, worst

import smoothsym as ss
from smoothsym.program.lower import Operation, Program
from smoothsym.program.rounding.first_order import first_order
from smoothsym.program.rounding.first_order import formula as formula_of
from smoothsym.program.rounding.model import Model

ROWS = ([0.3, -1.257, 0.7, 1.91, 2.127], [3.1, 3.2, 2.9, 3.07, 3.3], [-0.41, -0.53, 0.62])
PARAMETERS = {"alpha": ("1.3", "0.7"), "p": ("2.7", "1.3"), "eps": ("0.3", "1.7")}


def rows_of(op):
    for row in ROWS:
        row = row[: op.arity or len(row)]
        yield [abs(q) for q in row] if op.domain == "positive" else row


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("name", list(ss.operators))
def test_a_formula_is_the_worst_case(name, of):
    op = ss.operators[name]
    program = op.program(of, "stable")
    formula = first_order(program, domain=op.domain) / ss.u
    with mp.workdps(60):
        for row in rows_of(op):
            for place in range(2):
                symbols = {q.name: mp.mpf(PARAMETERS[q.name][place]) for q in op.parameters}
                rank = len(program.outputs[0][1])
                at = (place, 0)[:rank]
                claimed = Valued(row, symbols, **dict(zip("ik", (mp.mpf(q + 1) for q in at), strict=False)))(formula)
                found = worst(program, row, symbols, at)
                assert abs(claimed - found) < mp.mpf(10) ** -12 * found, (row, symbols, claimed, found)


def test_a_formula_that_leaves_out_an_operation_is_caught():
    op, row, symbols = ss.logsumexp, ROWS[0], {"alpha": mp.mpf("1.3")}
    formula = first_order(op.program("value", "stable"), Model(summation="compensated")) / ss.u
    with mp.workdps(60):
        found = worst(op.program("value", "stable"), row, symbols)
        assert Valued(row, symbols)(formula) < 0.95 * found


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("value", "2*f + Abs(f) - 2*Sum(w[j]*x[j], (j, 1, n)) + (1 - maximum(w))*(n - 1)/alpha"),
        ("gradient", "(2*alpha*(-2*(maximum(x) - x[i])*w[i] + maximum(x) - x[i] + Sum((maximum(x) - x[j])*w[j], (j, 1, n))) + n - 2*w[i] + 2)*w[i]"),
    ],
)  # fmt: skip
def test_a_formula_is_what_a_paper_would_print(of, said):
    assert str(formula_of(ss.logsumexp.program(of, "stable")).cases[0].named) == said


def test_multiplying_by_one_costs_nothing():
    program = ss.logsumexp.program("value", "stable")
    general, at_one = first_order(program), first_order(program, given={"alpha": 1})
    with mp.workdps(30):
        more, less = (Valued(ROWS[0], {"alpha": mp.mpf(1)})(e / ss.u) for e in (general, at_one))
    assert less < more - 0.1


def test_the_model_is_a_parameter():
    program = ss.logsumexp.program("gradient", "stable")
    sums = {name: first_order(program, Model(summation=name)) for name in ("sequential", "pairwise", "compensated")}
    twice = first_order(program, Model(summation="sequential", rounding="directed"))
    slow = first_order(program, Model(summation="sequential", functions={"exp": 3}))
    rows = [float(q) for q in range(300)]
    with mp.workdps(30):
        at = {name: Valued(rows, {"alpha": mp.mpf(1)}, i=mp.mpf(300))(e / ss.u) for name, e in sums.items()}
        twice, slow = (Valued(rows, {"alpha": mp.mpf(1)}, i=mp.mpf(300))(e / ss.u) for e in (twice, slow))
    assert at["compensated"] < at["pairwise"] < at["sequential"]
    assert abs(twice - 2 * at["sequential"]) < 1e-10 and slow > at["sequential"]


def test_an_operation_without_a_rule_is_named():
    program = Program((Operation("x", (), 1, "x"), Operation("erf", ((0, (0,)),), 1)), ((1, (0,)),))
    with pytest.raises(ValueError, match="v1: the operation erf"):
        first_order(program)
