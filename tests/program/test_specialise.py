"""A program for a known parameter computes what the program does, with fewer operations."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.program import arrays, specialise
from smoothsym.program.specialise import Known, needed, specialised

ROWS = np.random.default_rng(7).normal(size=(50, 7)) * 4


def both(op, of, form, number):
    rows = np.abs(ROWS[:, : op.arity or 7])
    name, value = op.parameter.name, Fraction(number)
    program = op.program(of, form)
    short = specialised(program, {name: Known(1 if number > 0 else -1, value if abs(value) in (1, 2) else None)})
    with np.errstate(all="ignore"):
        given = {q.name: np.float64(op.defaults.get(q.name, 1)) for q in op.parameters} | {name: np.float64(number)}
        return program, short, *(arrays.run(q, rows, given)[0] for q in (program, short))


@pytest.mark.parametrize("number", [1.0, 2.0, -1.0, 0.75, -3.5])
@pytest.mark.parametrize("form", ["naive", "float"])
@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", ss.operators.values(), ids=str)
def test_the_short_program_computes_the_same(op, of, form, number):
    if number < 0 and op.parameter.is_positive:
        return
    program, short, long, found = both(op, of, form, number)
    assert len(short.operations) <= len(program.operations)
    assert np.allclose(found, long, rtol=4e-15, atol=1e-300, equal_nan=True)


def test_a_known_sign_changes_no_bit():
    for op in (ss.boltzmann, ss.logsumexp, ss.mellowmax, ss.softmax):
        for number in (0.75, -3.5):
            _, _, long, found = both(op, "value", "float", number)
            assert np.array_equal(long, found)


def test_one_multiplies_nothing_and_a_square_is_a_product():
    _, short, _, _ = both(ss.logsumexp, "value", "float", 1.0)
    assert not {"symbol", "sign"} & {q.name for q in short.operations}
    _, short, _, _ = both(ss.pnorm, "value", "float", 2.0)
    assert "sqrt" in {q.name for q in short.operations} and not any(
        q.name == "pow" and q.rank for q in short.operations
    )


def test_a_wrong_sign_is_caught():
    program = ss.boltzmann.program("value", "float")
    wrong = specialised(program, {"alpha": Known(-1)})
    rows, given = ROWS * 100, {"alpha": np.float64(1.0)}
    with np.errstate(all="ignore"):
        assert not np.allclose(arrays.run(wrong, rows, given)[0], arrays.run(program, rows, given)[0])


def test_what_no_output_needs_is_left_out():
    program = ss.logsumexp.program("value", "float")
    first = replace(program, outputs=((0, ()),))
    assert len(needed(first).operations) == 1 and specialise.specialised(program, {}) == needed(program)
