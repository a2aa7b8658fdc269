"""Both engines answer alike: enclosures overlap, roundings are the same bits, and a run without any range reduction agrees."""

from __future__ import annotations

import sys
from fractions import Fraction
from random import Random
from typing import Any

import flint
import numpy as np
import pytest
from draws import OPERATORS, hostile, ordinary, outputs
from sympy import sqrt

import smoothsym as ss
from smoothsym import formats
from smoothsym.certify.instance import Instance
from smoothsym.program import engines
from smoothsym.program.arb import ArbBalls
from smoothsym.program.intervals import Indeterminate, Undefined

WAYS = ("nearest", "down", "up", "zero")


def overlap(a: Any, b: Any) -> bool:
    return bool(a.lo <= b.hi and b.lo <= a.hi)


def answers(op: Any, x: Any, of: Any, engine: str, **given: Any) -> Any:
    try:
        return np.array(ss.enclose(op, x, of=of, engine=engine, **given), dtype=object).ravel()
    except ss.Refused as refusal:
        return refusal


def compare(op: Any, draw: Any, count: int) -> int:
    """How many enclosures of the two engines were compared."""
    generator, compared = Random(f"{op.name} {draw.__name__}"), 0
    for _ in range(count):
        x, a = draw(op, generator)
        for of in outputs(op):
            given = {op.parameter.name: a, "digits": 20, "budget": 1 << 12}
            first, second = (answers(op, x, of, engine, **given) for engine in engines.ENGINES)
            if isinstance(first, ss.Refused) or isinstance(second, ss.Refused):
                continue
            for left, right in zip(first, second, strict=True):
                assert overlap(left, right) and left.digits(20) == right.digits(20), (x, a, of)
                assert (left.engine, right.engine) == engines.ENGINES
                compared += 1
    return compared


@pytest.mark.sampled
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
@pytest.mark.parametrize(("draw", "count"), [(ordinary, 4), (hostile, 6)])
def test_enclosures_overlap_and_print_the_same_digits(op, draw, count):
    assert compare(op, draw, count) > count


@pytest.mark.long
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_more_enclosures_overlap(op):
    assert compare(op, hostile, 400) > 400


@pytest.mark.sampled
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_roundings_are_the_same_bits(op):
    generator = Random(op.name)
    for draw in (ordinary, hostile):
        x, a = draw(op, generator)
        for dtype in formats.FORMATS:
            for rounding in WAYS:
                given = {op.parameter.name: a, "dtype": dtype, "rounding": rounding}
                for of in ("value", "gradient"):
                    first, second = (ss.reference(op, x, of=of, engine=e, **given) for e in engines.ENGINES)
                    assert first.tobytes() == second.tobytes(), (x, a, of)


@pytest.mark.sampled
@pytest.mark.parametrize("engine", engines.ENGINES)
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_a_run_without_any_range_reduction_agrees(op, engine):
    """The definition as it stands, and not its stable form: an entry is measured from none, a sum has no dominant term."""
    generator, compared = Random(op.name), 0
    op, _ = op.settled({})
    for draw in (ordinary, hostile) * 6:
        x, a = draw(op, generator)
        for of in outputs(op):
            symbols = {op.parameter.name: a}
            plain = Instance(op.program(of, "naive"), x, symbols, len(x), {}, engine)
            try:
                found = plain.intervals(300)
                reduced = Instance(op.program(of), x, symbols, len(x), {}, engine).intervals(300)
            except (Indeterminate, Undefined):
                continue
            for left, right in zip(found, reduced, strict=True):
                compared += 1
                assert overlap(*(ss.Enclosure(*map(_mpf, ends), 300) for ends in (left, right))), (x, a, of)
    assert compared > 12


def _mpf(raw: Any) -> Any:
    import mpmath

    return mpmath.mp.make_mpf(raw)


def test_a_program_that_is_not_the_same_is_caught():
    definition = ss.logsumexp.definition
    wrong = ss.SmoothMax("wrong", definition + ss.x[1] * Fraction(1, 2**70).numerator / 2**70)
    right = ss.enclose(ss.logsumexp, [1, 2], alpha=1, digits=40)
    assert not overlap(right, ss.enclose(wrong, [1, 2], alpha=1, digits=40, engine="arb"))


def test_a_ball_that_is_too_narrow_is_caught(monkeypatch):
    honest = ArbBalls.sum
    monkeypatch.setattr(ArbBalls, "sum", lambda self, values: honest(self, values).mid() * (1 + flint.arb(2) ** -60))
    with pytest.raises(AssertionError):
        compare(ss.logsumexp, ordinary, 12)


TAILS = [
    (ss.logsumexp, [1 + Fraction(1, 2**53), -1e300], {"alpha": 1}),
    (ss.logsumexp, [1e300, 0], {"alpha": 1}),
    (ss.logsumexp, [0, 746], {"alpha": -1}),
    (ss.boltzmann, [1, 2], {"alpha": 1e300}),
    (ss.mellowmax, [0, -1e308], {"alpha": 1e308}),
    (ss.softplus, [1e300], {"alpha": 1}),
    (ss.pnorm, [5, 1e-300], {"p": 100}),
    (ss.pnorm, [5, Fraction(1, 10**300)], {"p": Fraction(101, 2)}),
]


@pytest.mark.parametrize(("op", "x", "given"), TAILS)
@pytest.mark.parametrize("rounding", WAYS)
def test_a_tail_beyond_every_precision_is_rounded_alike(op, x, given, rounding):
    for dtype in ("float64", "float16"):
        first, second = (
            ss.reference(op, x, dtype=dtype, rounding=rounding, engine=e, budget=1 << 12, **given)
            for e in engines.ENGINES
        )
        assert first.tobytes() == second.tobytes()


def test_the_precision_of_arb_is_put_back():
    before = flint.ctx.prec
    flint.ctx.prec = 77
    try:
        ss.enclose(ss.pnorm, [1, 2], p=1e17, digits=100, engine="arb")
        with pytest.raises(ss.Refused):
            ss.enclose(ss.logsumexp, [0, 1], of=sqrt(ss.x[1] - ss.x[2]), engine="arb")
        assert flint.ctx.prec == 77
    finally:
        flint.ctx.prec = before


def test_arb_that_is_not_installed_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    monkeypatch.delitem(sys.modules, "smoothsym.program.arb")
    with pytest.raises(ImportError, match=r"engine='arb' needs python-flint.*pip install 'smoothsym\[arb\]'"):
        ss.enclose(ss.logsumexp, [0, 1], engine="arb")
