"""Gradients and softmax as maps: their Lipschitz constants in several norms, and false ones a little smaller."""

from dataclasses import replace

import pytest
from sympy import Abs, Rational, S, log, sqrt

import smoothsym as ss
from smoothsym.laws import Cocoercive, JointlyConvex, LipschitzMap, check
from smoothsym.symbolic.levels import Levels
from smoothsym.words import alpha, eps, n, p, x

HALF = Levels(0, -log(n - 1) / alpha)
UP = alpha > 0
LAWS = {
    "every l_p": LipschitzMap(alpha / 2, "every l_p", UP, HALF),
    "from l_oo to l_1": LipschitzMap(alpha, "l_oo to l_1", UP),
    "cocoercive": Cocoercive(alpha / 2, UP),
}


@pytest.mark.sampled
@pytest.mark.parametrize("op", [ss.softmax, ss.logsumexp, ss.mellowmax], ids=lambda op: op.name)
@pytest.mark.parametrize("name", LAWS)
def test_softmax_is_lipschitz_and_no_smaller_constant_does(op, name) -> None:
    law = LAWS[name]
    verdict = law.attempt(op)
    assert verdict.outcome == "Proved", str(verdict)
    assert check(law, op, verdict.certificate)
    small = replace(law, constant=law.constant * Rational(99, 100))
    assert small.attempt(op).outcome == "Refuted"
    assert small.proof(op) is None


@pytest.mark.parametrize(
    ("op", "constant"), [(ss.softplus, alpha / 4), (ss.logcosh, alpha), (ss.smu, 1 / sqrt(eps))], ids=lambda q: str(q)
)
def test_gradients_of_few_entries(op, constant) -> None:
    law = LipschitzMap(constant, when=op.parameter > 0)
    assert law.attempt(op).outcome in ("Proved", "Supported")
    assert replace(law, constant=constant * Rational(99, 100)).attempt(op).outcome == "Refuted"


def test_boltzmann_gradients_have_no_such_constants() -> None:
    assert LipschitzMap(alpha / 2, "every l_p", UP).attempt(ss.boltzmann).outcome == "Refuted"
    assert Cocoercive(alpha, UP).attempt(ss.boltzmann).outcome == "Refuted"
    assert LAWS["every l_p"].proof(ss.boltzmann) is None


def test_a_gradient_that_jumps_is_not_lipschitz() -> None:
    """The Hessian vanishes off the kink, and says nothing of it."""
    kink = ss.SmoothMax(name="kink", definition=Abs(x[1]))
    assert LipschitzMap(S.Zero).proof(kink) is None
    assert LipschitzMap(S.One).attempt(kink).outcome == "Refuted"
    assert LipschitzMap(p, when=p > 1).proof(ss.pnorm) is None


def test_the_perspective_of_a_convex_function_is_jointly_convex() -> None:
    assert {JointlyConvex().attempt(op).outcome for op in (ss.logsumexp, ss.mellowmax, ss.smu)} == {"Proved"}
    assert JointlyConvex().attempt(ss.boltzmann).outcome == "Refuted"
    assert not JointlyConvex().applies(ss.lehmer)
