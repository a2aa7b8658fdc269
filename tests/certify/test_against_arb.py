"""Every figure that enclose prints agrees with Arb by other formulas, and with mpmath at 400 digits, on ordinary inputs; hostile ones are test_hostile's."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import mpmath
import pytest
from draws import hostile, ordinary, outputs
from formulas import FORMULAS, accurate
from judging import Score, agrees, judge

import smoothsym as ss
from smoothsym.program import intervals
from smoothsym.program.balls import Balls

NAMES = ("boltzmann", "logsumexp", "mellowmax", "pnorm")


def scored(name, draw, count):
    op, generator, score = ss.operators[name], Random(f"{name} {draw.__name__}"), Score()
    for trial in range(count):
        x, a = draw(op, generator)
        judge(score, op, x, a, outputs(op)[trial % len(outputs(op))], generator, "mpmath")
    return score


@pytest.mark.sampled
@pytest.mark.parametrize("count", [40, pytest.param(80, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", FORMULAS)
def test_figures_agree_with_arb(name, count):
    score = scored(name, ordinary, count)
    assert score.wrong == [] and score.right >= 0.9 * count and not score.refused


@pytest.mark.long
@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(("draw", "count"), [(ordinary, 6000), (hostile, 1200)])
def test_more_figures_agree_with_arb(name, draw, count):
    score = scored(name, draw, count)
    assert score.wrong == [] and score.right + score.zeros >= 0.97 * count and score.right >= 0.9 * count


def test_a_wrong_last_digit_is_caught():
    truth = accurate("logsumexp", [Fraction(0), Fraction(1)], Fraction(1), "value", (), 200)
    printed = ss.enclose(ss.logsumexp, [0, 1], alpha=1, digits=30).digits(30)
    wrong = printed[:-1] + str((int(printed[-1]) + 1) % 10)
    assert agrees(printed, truth) is True
    assert agrees(wrong, truth) is False


def test_a_ball_that_is_too_narrow_is_caught(monkeypatch):
    honest = Balls.sum
    beside = intervals.exact(1 + Fraction(1, 2**95), 200)  # no digit that is printed, and more than the ball is wide
    monkeypatch.setattr(Balls, "sum", lambda self, values: intervals.mul(honest(self, values), beside, self.bits))
    assert scored("logsumexp", ordinary, 30).wrong


# ---- mpmath, for what no textbook formula in Arb loses -------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_figures_agree_with_mpmath_at_400_digits(name):
    op, generator = ss.operators[name], Random(name)
    with mpmath.workdps(400):
        for _ in range(40):
            x, a = ordinary(op, generator)
            xs, t = [mpmath.mpf(v.numerator) / v.denominator for v in x], mpmath.mpf(a.numerator) / a.denominator

            def value(*entries, t=t):
                if name == "pnorm":
                    return mpmath.fsum(abs(v) ** t for v in entries) ** (1 / t)
                weights = [mpmath.exp(t * v) for v in entries]
                if name == "boltzmann":
                    return mpmath.fdot(weights, entries) / mpmath.fsum(weights)
                return mpmath.log(mpmath.fsum(weights) / (len(weights) if name == "mellowmax" else 1)) / t

            def shown(number):
                return ss.Enclosure(number, number, 1400).digits(50)

            keywords = {"digits": 50, op.parameter.name: a}
            assert ss.enclose(op, x, **keywords).digits(50) == shown(value(*xs))
            slopes = ss.enclose(op, x, of="gradient", **keywords)
            for q, slope in enumerate(slopes):

                def along(v, q=q, xs=xs, value=value):
                    return value(*(v if k == q else u for k, u in enumerate(xs)))

                assert slope.digits(50) == shown(mpmath.diff(along, xs[q], h=mpmath.mpf(10) ** -150))
