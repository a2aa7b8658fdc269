"""A sample of the hostile run of tests/benchmarks/hostile.py: right or refused, and hardly ever refused; a wrong value is caught."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from draws import hostile, outputs
from formulas import FORMULAS
from judging import Score, judge

import smoothsym as ss
from smoothsym.program.engines import ENGINES


def scored(op: Any, count: int, engine: str, seed: str = "") -> Score:
    generator, score = Random(f"{op.name} {seed}"), Score()
    for _ in range(count):
        x, a = hostile(op, generator)
        judge(score, op, x, a, generator.choice(outputs(op)), generator, engine)
    return score


@pytest.mark.sampled
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
def test_hostile_inputs_are_right_or_refused(op, engine):
    score = scored(op, 40, engine)
    assert score.wrong == []
    assert score.right > 30 and score.share_refused < 0.03, score.refused


def test_every_operator_has_a_judge():
    assert set(FORMULAS) == set(ss.operators)


def test_a_wrong_value_is_caught(monkeypatch):
    honest = FORMULAS["logsumexp"]
    monkeypatch.setitem(FORMULAS, "logsumexp", lambda x, a, *rest: honest(x, a * (1 + Fraction(1, 2**90)), *rest))
    assert scored(ss.logsumexp, 40, "mpmath").wrong
