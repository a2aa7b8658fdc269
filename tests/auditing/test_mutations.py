"""An audit that is told nothing finds what is wrong in one operation, or what it passes is shown to be harmless."""

from dataclasses import replace
from fractions import Fraction
from math import nan

import mutants
import numpy as np
import outcomes
import pytest

import smoothsym as ss
from smoothsym.cases import Case
from smoothsym.program import arrays
from smoothsym.program.operations import Operation, Program

SEED, SAMPLE = 7, 1
EVERY = outcomes.all_mutants()
CHOSEN = [EVERY[q] for q in sorted(np.random.default_rng(SEED).choice(len(EVERY), SAMPLE, replace=False))]


def name_of(one):
    kernel, said, _ = one
    return f"{kernel.op.name}-{kernel.name}-{said}"


def test_there_are_many_and_all_of_them_are_others():
    assert len(EVERY) > 500
    for kernel in outcomes.kernels():
        made = [mutant for _, mutant in mutants.mutants(kernel.program)]
        assert len(set(made)) == len(made) > 10 and kernel.program not in made


def test_what_is_said_of_a_mutant_is_done():
    def run(said):
        (program,) = [made for text, made in mutants.mutants(ss.logsumexp.program("value", "naive")) if said in text]
        return float(arrays.run(program, np.array([[1.0, 2.0, 3.0]]), {"alpha": 0.5})[0][0])

    weights = np.exp([0.5, 1.0, 1.5])
    assert run("sum: an entry less") == pytest.approx(np.log(weights[1:].sum()) / 0.5)
    assert run("log: log1p in its place") == pytest.approx(np.log1p(weights.sum()) / 0.5)
    assert run("log: dropped") == pytest.approx(weights.sum() / 0.5)
    assert run("div: arguments turned round") == pytest.approx(0.5 / np.log(weights.sum()))
    assert run("exp: expm1 in its place") == pytest.approx(np.log(np.expm1([0.5, 1.0, 1.5]).sum()) / 0.5)


def test_a_parameter_goes_before_the_shift():
    """a (b - c) as a b - a c, which only rounding tells from the kernel."""
    kernel = ss.logsumexp.kernels["stable_gradient"]
    (mutant,) = [m for said, m in mutants.mutants(kernel.program) if "mul: distributed over argument 1" in said]
    found = outcomes.outcome(
        kernel, "alpha before the shift", mutants.Mutant(kernel.op, kernel.of, kernel.form, mutant)
    )
    assert found.what == "caught", str(found)


def whole(kernel):
    return mutants.Mutant(kernel.op, kernel.of, kernel.form, kernel.program)


def test_the_programs_themselves_are_not_mistaken_for_mutants():
    kernel = ss.logsumexp.kernels["stable"]
    assert outcomes.outcome(kernel, "nothing", whole(kernel)).what == "equivalent"
    assert outcomes.explained(kernel, whole(kernel), 8.0)[0] in ("harmless", "alike")


def test_to_divide_by_a_sign_is_to_multiply_by_it_and_to_drop_it_is_not():
    kernel = ss.logsumexp.kernels["stable_gradient"]
    found = {
        said: outcomes.equivalent(kernel, m) for k, said, m in EVERY if k == kernel and said.startswith("v3 = mul")
    }
    assert {said.split(": ")[1] for said, same in found.items() if same} == {"div in its place"} and len(found) > 1


def test_what_errs_is_not_explained(monkeypatch):
    """Were the audit blind, the rows beside it would still tell: each of these errs on some, or may."""
    wrong = {
        "mellowmax-stable-v69 = either: always the second form",
        "mellowmax-stable-v42 = sum: an entry less",
        "logsumexp-stable-v33 = either: always the first form",
    }
    told = {name_of(one): outcomes.explained(one[0], one[2], 8.0)[0] for one in EVERY if name_of(one) in wrong}
    assert set(told) == wrong and set(told.values()) <= {"missed", "unexplained"}, told
    kernel = ss.logsumexp.kernels["stable"]
    monkeypatch.setattr(outcomes, "enclosures", lambda *_: None)
    assert outcomes.explained(kernel, whole(kernel), 8.0)[0] == "unexplained"


def test_a_test_that_falls_out_either_way_is_taken_both_ways():
    """The spread less the largest entry rounds to 0: which anchor is taken is open, and both are as good; a wrong result is not."""
    ((kernel, _, mutant),) = [one for one in EVERY if name_of(one) == OPEN]
    spread = Case((2.0**-54,) * 4 + (1.0,), 1.0, ())
    assert outcomes.excess(kernel, mutant, spread, 8.0) <= 1 < outcomes.excess(kernel, mutant, spread, 8.0, deep=0)
    program = mutant.mutant
    (test,) = [q.args[0] for q in program.operations if q.name == "either" and q.rank == 0 and far(program, q)]
    last = len(program.operations) - 1
    beside, right = program.operations[last].args[1], (last, ())
    for forms in ((right, beside), (beside, right)):
        made = (*program.operations, Operation("either", (test, *forms), 0))
        wrong = replace(mutant, mutant=Program(made, ((last + 1, ()),)))
        assert outcomes.excess(kernel, wrong, spread, 8.0) > 1


OPEN = "boltzmann-stable-v15 = div: dropped, argument 0 stays"


def far(program, operation):
    """Whether a choice is by how far apart the entries are: the one between 0 and an anchor."""
    return program.operations[operation.args[1][0]] == Operation("number", (), 0, Fraction(0))


def test_rows_that_show_nothing_explain_nothing(monkeypatch):
    kernel = ss.softplus.kernels["stable"]
    monkeypatch.setattr(outcomes, "excess", lambda *_: nan)
    assert outcomes.explained(kernel, whole(kernel), 8.0) == ("unexplained", "no row has a bound")


@pytest.mark.parametrize("one", CHOSEN, ids=map(name_of, CHOSEN))
def test_a_mutant_is_found_or_harmless(one):
    found = outcomes.outcome(*one)
    assert found.settled, str(found)


@pytest.mark.long
@pytest.mark.parametrize("one", EVERY, ids=map(name_of, EVERY))
def test_every_mutant_is_found_or_harmless(one):
    found = outcomes.outcome(*one)
    assert found.settled, str(found)
