"""Programs are in the words of the array API standard: they run on a library that has no others."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from diagonal import diagonal
from sympy import Abs, Sum, exp

import smoothsym as ss
from smoothsym.program import arrays
from smoothsym.program.lower import lower
from smoothsym.words import j, maximum, n, x

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
from needed import needed

ROWS = np.random.default_rng(7).normal(size=(3, 4, 5)) * 4


KERNELS = ["naive", "stable", "naive_gradient", "stable_gradient"]


@pytest.mark.parametrize(("op", "kernel", "lazy"), diagonal(ss.operators.values(), KERNELS, [True, False]))
def test_every_program_runs_on_the_standard_alone(op, kernel, lazy):
    strict = needed("array_api_strict")
    kernel, rows = op.kernels[kernel], np.abs(ROWS[..., : op.arity or 5])
    settings = {"summation": kernel.summation, "lazy": lazy}
    with np.errstate(all="ignore"):
        given = {q.name: strict.asarray(1.5) for q in op.parameters}
        (found,) = arrays.run(kernel.program, strict.asarray(rows), given, xp=strict, **settings)
        (same,) = arrays.run(kernel.program, rows, {q.name: np.float64(1.5) for q in op.parameters}, **settings)
    assert np.allclose(np.asarray(found), same, rtol=1e-15)


def test_an_entry_left_out_is_a_zero_written_or_chosen():
    program = ss.logsumexp.program("value", "float")
    rows, given = ROWS.reshape(12, 5), {"alpha": np.float64(0.5)}
    flat = arrays.run(program, rows, given)[0]
    assert np.array_equal(arrays.run(program, ROWS, given)[0].reshape(-1), flat)
    left_out = arrays.run(program, rows, given, where=np.arange(5) < 4, length=np.float64(4))[0]
    assert np.allclose(left_out, ss.logsumexp(rows[:, :4], alpha=0.5), rtol=1e-15)


@pytest.mark.parametrize(("op", "lazy"), diagonal(ss.operators.values(), [True, False]))
def test_memory_that_is_written_to_again_changes_no_bit(op, lazy, monkeypatch):
    """Rows are as many as their entries, so that shapes do not tell axes apart."""
    rows = np.abs(np.random.default_rng(3).normal(size=(op.arity or 5,) * 2)) * 3
    formulas = ["value", "gradient", *(q.name for q in op.parameters)]
    programs = [op.program(of, form) for of in formulas for form in ("naive", "stable", "float")]
    kept = rows.copy()

    def results():
        with np.errstate(all="ignore"):
            given = [{q.name: np.float64(value) for q in op.parameters} for value in (0.3, 1.5, 2.0)]
            return [arrays.run(p, rows, g, lazy=lazy, summation="folded")[0] for p in programs for g in given]

    again = results()
    monkeypatch.setattr(arrays.Run, "over", lambda *_: False)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(again, results(), strict=True))
    assert np.array_equal(rows, kept)


def test_a_sum_tells_of_an_entry_that_is_not_finite():
    """So x need not be looked at; an exponential hides -inf."""
    kernels = [kernel for op in ss.operators.values() for kernel in op.kernels.values() if kernel.op.arity is None]
    told = 0
    for program in (kernel.specialised(**{kernel.op.parameter.name: a}) for kernel in kernels for a in (1.0, 2.0)):
        for bad in (np.inf, -np.inf, np.nan):
            rows = np.random.default_rng(1).normal(size=(4, 6))
            rows[:, 2] = bad
            given = {name: np.float64(2.0) for name in ("alpha", "p", "eps", "gamma", "q")}
            with np.errstate(all="ignore"):
                run = arrays.started(program, rows, given, lazy=False)
                run.outputs()
            for number in program.telling:
                told += 1
                assert not np.isfinite(run.evidence.totals[number]).any()
            assert not program.telling or not run.evidence.shows_finite()
    assert told
    assert lower([Sum(Abs(x[j]) * 3 + x[j] ** 2, (j, 1, n))]).telling and not lower([Sum(exp(x[j]), (j, 1, n))]).telling
    assert not lower([Sum(1 / x[j], (j, 1, n))]).telling


def test_what_is_never_below_zero_is_not_and_some_sums_are_of_such_terms():
    found = 0
    for op in ss.operators.values():
        rows = np.random.default_rng(1).normal(size=(9, op.arity or 6))
        for of in ("value", "gradient"):
            program = op.program(of, "float")
            given = {q.name: np.float64(2.5) for q in op.parameters}
            with np.errstate(all="ignore"):
                run = arrays.started(program, np.abs(rows) if op.domain == "positive" else rows, given, lazy=False)
                run.uses = [len(program.operations) + use for use in run.uses]
                values = [run.value(q) for q in sorted(program.nonnegative)]
            assert not any(np.any(np.asarray(value) < 0) for value in values)
            found += sum(operation.name == "sum" for operation in (program.operations[q] for q in program.nonnegative))
    assert found > 10
    signed = lower([Sum(x[j], (j, 1, n)), Sum(exp(x[j]) - 1, (j, 1, n)), Sum(x[j] * exp(x[j]), (j, 1, n))])
    assert not any(number in signed.nonnegative for number, _ in signed.outputs)


def test_a_finite_sum_of_what_fades_has_nothing_of_an_infinite_entry():
    shift = maximum(x)
    given = [exp(x[j] - shift), x[j] * exp(x[j] - shift), exp(x[j]) + exp(2 * x[j]), 1 + exp(x[j]), 1 / x[j]]
    faded = []
    for body in given:
        program = lower([Sum(body, (j, 1, n))])
        run = arrays.started(program, np.array([[1.0, -np.inf, 3.0]]), {})
        with np.errstate(all="ignore"):
            (found,) = run.outputs()
            (without,) = arrays.run(program, np.array([[1.0, 3.0]]), {})
        fades = bool(program.fading)
        faded.append(fades)
        assert not fades or not np.isfinite(found).all() or np.array_equal(found, without)
    assert faded == [True, True, True, False, False]


def test_a_program_that_has_run_goes_to_another_process_without_what_it_keeps():
    program = ss.logsumexp.program("value", "float")
    (here,) = arrays.run(program, ROWS, {"alpha": np.float64(0.5)})
    there = pickle.loads(pickle.dumps(program))
    assert program.kept and there == program and not there.kept
    assert np.array_equal(arrays.run(there, ROWS, {"alpha": np.float64(0.5)})[0], here)
