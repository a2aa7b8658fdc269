"""First-order formulas are what perturbing each operation in turn adds up to."""

import pytest
from mpmath import mp
from perturbed import Valued, worst

import smoothsym as ss
from smoothsym.program.rounding.first_order import first_order

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
