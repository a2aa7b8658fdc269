"""True laws are proved where a proof is known, false ones are refuted by a witness that a reader can check."""

import pytest
from sympy import Abs, log, oo

import smoothsym as ss
from smoothsym.laws import Between, Convex, Limit, Norm, Pole, translation_law
from smoothsym.symbolic.inequalities import CauchySchwarz, cauchy_schwarz, quadratic_form
from smoothsym.words import alpha, n, p, x


@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
def test_no_law_that_an_operator_states_is_refuted(op) -> None:
    outcomes = {law.statement(op): law.attempt(op).outcome for law in op.laws}
    assert set(outcomes.values()) <= {"Proved", "Supported"}, outcomes
    assert "Proved" in outcomes.values()


def test_the_p_norm_is_a_norm_for_p_at_least_1_and_not_below() -> None:
    assert Norm(p >= 1).attempt(ss.pnorm).outcome == "Proved"
    below = Norm(p < 1).attempt(ss.pnorm)
    assert below.outcome == "Refuted"
    assert "x = " in below.witness


FALSE = {
    "wrong limit": (ss.boltzmann, Limit(oo, ss.minimum(x))),
    "limit without the modulus": (ss.pnorm, Limit(oo, ss.maximum(x))),
    "a pole that is none": (ss.mellowmax, Pole(0)),
    "a bound 1% too small": (
        ss.logsumexp,
        Between(ss.maximum(x), ss.maximum(x) + log(n) / alpha * 99 / 100, when=alpha > 0),
    ),
    "the Boltzmann operator is not convex": (ss.boltzmann, Convex(alpha > 0)),
    "LogSumExp is not convex for negative alpha": (ss.logsumexp, Convex(alpha < 0)),
    "the p-norm is not translation equivariant": (ss.pnorm, translation_law()),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_laws_are_never_proved(name: str) -> None:
    op, law = FALSE[name]
    verdict = law.attempt(op)
    if name == "a bound 1% too small":  # equal entries would refute it, and random ones need not
        assert verdict.outcome in ("Refuted", "Supported")
    else:
        assert verdict.outcome == "Refuted", str(verdict)
        assert verdict.witness


def test_a_certificate_is_checked_again() -> None:
    found = cauchy_schwarz(quadratic_form(ss.logsumexp.hessian))
    assert found is not None
    assert found.check()
    assert not CauchySchwarz(found.form, 2 * found.factor, found.a, found.b, found.c).check()
    assert not CauchySchwarz(found.form, found.factor, found.a, -found.b, found.c).check()


def test_smoothness_names_the_kinks() -> None:
    law = ss.prove(ss.pnorm)[0].law
    assert "x_j = 0" in law
    assert "everywhere" in ss.prove(ss.boltzmann)[0].law
    assert ss.pnorm.definition.has(Abs)
