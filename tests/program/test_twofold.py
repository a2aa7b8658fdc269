"""What twofold arithmetic claims of its error holds, against enclosures of 300 bits; and a claim that is too small is caught."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from mpmath import libmp

import smoothsym as ss
from smoothsym.certify.instance import instance_of
from smoothsym.program import intervals
from smoothsym.program.lower import lower
from smoothsym.program.twofold import exponential, machine, values
from smoothsym.program.twofold.values import Twofold

LEVELS = machine.LEVELS


def bits(value: Fraction) -> libmp.MPF:
    return libmp.from_rational(value.numerator, value.denominator, 400, "n")


def exact(v: Twofold, place: tuple[int, ...]) -> Fraction:
    return Fraction(float(np.asarray(v.hi)[place])) + (Fraction(float(v.lo[place])) if v.lo is not None else 0)


def ratio(v: Twofold, place: tuple[int, ...], truth: intervals.Interval) -> float:
    """True over claimed error of one element."""
    rel, absolute = (np.broadcast_to(e, np.shape(v.hi))[place] for e in (v.rel, v.abs))
    claimed = (
        Fraction(float(rel)) * abs(Fraction(float(v.hi[place]))) + Fraction(float(absolute))
        if np.isfinite(rel + absolute)
        else None
    )
    if claimed is None:
        return 0.0
    found = exact(v, place)
    low, high = (to_fraction_of(end) for end in truth)
    error = max(abs(found - low), abs(found - high)) - (high - low)
    return float(max(error, 0) / claimed) if claimed else float(error > 0)


def to_fraction_of(raw: libmp.MPF) -> Fraction:
    sign, man, exponent, _ = raw
    return Fraction(-int(man) if sign else int(man)) * Fraction(2) ** int(exponent)


def worst(op, of: str, parameter: float, rows: np.ndarray, level: str, form: str = "stable") -> float:
    name = op.parameter.name
    symbols = {name: values.constant(Fraction(parameter), level == "single")}
    (v,) = machine.run(op.program(of, form), [np.ascontiguousarray(rows.T)], symbols, level)
    found = 0.0
    for r, row in enumerate(rows.tolist()):
        instance, kept = instance_of(op, [Fraction(t) for t in row], name, Fraction(parameter), of)
        assert len(kept) == len(row)
        for q, truth in enumerate(instance.intervals(300)):
            place = (*np.unravel_index(q, np.shape(v.hi)[:-1]), r) if np.ndim(v.hi) > 1 else (r,)
            found = max(found, ratio(v, tuple(int(a) for a in place), truth))
    return found


def rows_for(op, generator: np.random.Generator, count: int = 6) -> np.ndarray:
    n = op.arity or 7
    rows = generator.normal(0, 3, (count, n))
    rows[0] = generator.normal() + generator.integers(-4, 5, n) * 2.0**-50
    rows[1] *= 1e-9
    rows[2] += 50
    return np.abs(rows) + 1e-3 if op.domain == "positive" or op.kind == "modulus" else rows


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
def test_the_claimed_error_holds(op, level: str) -> None:
    generator = np.random.default_rng(7)
    for of in ("value", "gradient", op.parameter.name):
        for parameter in (1.0, 0.7, 2.0):
            assert worst(op, of, parameter, rows_for(op, generator), level) <= 1, (of, parameter)


@pytest.mark.parametrize("level", LEVELS)
def test_the_elementary_functions(level: str) -> None:
    generator = np.random.default_rng(5)
    for name, function, points in (
        (
            "exp",
            exponential.exp,
            np.concatenate(
                [generator.uniform(-650, 690, 200), generator.uniform(-170, 170, 100), generator.normal(0, 1e-5, 100)]
            ),
        ),
        ("expm1", exponential.expm1, np.concatenate([generator.uniform(-40, 40, 200), generator.normal(0, 1e-5, 200)])),
        ("log", exponential.log, np.exp(generator.uniform(-690, 700, 400))),
        ("log1p", exponential.log1p, np.exp(generator.uniform(-600, 30, 400))),
    ):
        v = function(Twofold(points, nonnegative=name == "log1p"), level)
        for q, t in enumerate(points.tolist()):
            truth = getattr(intervals, name)(intervals.exact(Fraction(t), 400), 400)
            assert ratio(v, (q,), truth) <= 1, (name, t.hex())


@pytest.mark.parametrize(
    "kernel", ("a table without its remainders", "one term of the series too few", "a bound without its polynomial")
)
def test_a_kernel_that_keeps_no_promise_is_caught(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kernel == "a table without its remainders":
        monkeypatch.setattr(exponential, "_RESTS", np.zeros_like(exponential._RESTS))
    elif kernel == "a series with a wrong term":
        monkeypatch.setattr(exponential, "_CENTRE", 0.5001)
    else:
        monkeypatch.setattr(exponential, "FAST", 2.0**-68)
    points = np.random.default_rng(3).normal(0, 3, 200)
    v = exponential.exp(Twofold(points), "fast")
    truths = [intervals.exp(intervals.exact(Fraction(t), 400), 400) for t in points.tolist()]
    assert max(ratio(v, (q,), truth) for q, truth in enumerate(truths)) > 1


def test_a_sum_is_exact_in_its_heads() -> None:
    hi = np.array([[2.0**60], [1.0], [-(2.0**60)], [2.0**-40]])
    found = values.total(Twofold(hi), 0, "full")
    assert exact(found, (0,)) == 1 + Fraction(1, 2**40)


def test_what_it_has_no_rule_for_is_named() -> None:
    from smoothsym.words import x

    program = lower([ss.mean(x)])
    broken = type(program)(
        (*program.operations[:-1], type(program.operations[-1])("gamma", program.operations[-1].args, 0)),
        program.outputs,
    )
    with pytest.raises(NotImplementedError, match="gamma"):
        machine.run(broken, [np.ones((2, 3))], {}, "full")
