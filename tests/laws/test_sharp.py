"""Sharp constants: proved with the point where they are attained, and refuted when they are a little smaller."""

import pytest
from sympy import E, LambertW, Rational, exp, log

import smoothsym as ss
from smoothsym.laws import Between, check
from smoothsym.symbolic.levels import Levels, t
from smoothsym.words import Delta, alpha, m, maximum, minimum, n, x

B, L, M, P = ss.boltzmann, ss.logsumexp, ss.mellowmax, ss.powermean
TOP, LOW = maximum(x), minimum(x)
GAP, TIED = LambertW((n - 1) / E), LambertW((n - m) / (m * E))


def refined(more, fewer):
    return TOP + log(m + more * exp(-alpha * Delta)) / alpha, TOP + log(
        m + (n - m - fewer) * exp(-alpha * Delta)
    ) / alpha


TRUE = {
    "Boltzmann's gap": (B, Between(TOP - GAP / alpha, TOP, alpha > 0, "lower", Levels(0, -(1 + GAP) / alpha))),
    "with ties": (B, Between(TOP - TIED / alpha, TOP, alpha > 0, "lower", Levels(0, -(1 + TIED) / alpha, m))),
    "of the minimum": (B, Between(LOW, LOW - GAP / alpha, alpha < 0, "upper", Levels(0, -(1 + GAP) / alpha))),
    "LogSumExp with ties": (L, Between(*refined(1, 0), alpha > 0, "upper", Levels(0, -Delta, m))),
    "mellowmax": (M, Between(TOP - log(n) / alpha, TOP, alpha > 0, "lower", Levels(0, -t))),
}
FALSE = {
    "a constant 1% too small": (B, Between(TOP - GAP * Rational(99, 100) / alpha, TOP, alpha > 0)),
    "and 0.1%": (B, Between(TOP - GAP * Rational(999, 1000) / alpha, TOP, alpha > 0, at=Levels(0, -(1 + GAP) / alpha))),
    "the wrong multiplicity": (B, Between(TOP - TIED / alpha / m, TOP, alpha > 0)),
    "ties without their number": (B, Between(TOP - LambertW((n - m) / E / (m + 1)) / alpha, TOP, alpha > 0)),
    "the sign of alpha": (B, Between(LOW, LOW + GAP / alpha, alpha < 0)),
    "one entry too many": (L, Between(*refined(2, 0), alpha > 0)),
    "one entry too few": (L, Between(*refined(1, 1), alpha > 0)),
    "attained elsewhere": (B, Between(TOP - GAP / alpha, TOP, alpha > 0, "lower", Levels(0, -GAP / alpha))),
    "mellowmax attains it": (M, Between(TOP - log(n) / alpha, TOP, alpha > 0, "lower", Levels(0, -2))),
    "W of a negative number": (B, Between(TOP - LambertW((1 - n) / E) / alpha, TOP, alpha > 0)),
}


@pytest.mark.parametrize("name", TRUE)
def test_a_sharp_bound_is_proved_and_checked_again(name) -> None:
    op, law = TRUE[name]
    verdict = law.attempt(op)
    assert verdict.outcome == "Proved", str(verdict)
    assert check(law, op, verdict.certificate)


@pytest.mark.parametrize("name", FALSE)
def test_a_bound_that_is_a_little_off_is_never_proved(name) -> None:
    op, law = FALSE[name]
    verdict = law.attempt(op)
    assert verdict.outcome != "Proved", str(verdict)
    if "elsewhere" not in name and "attains" not in name and "negative" not in name:
        assert verdict.outcome == "Refuted", str(verdict)
    assert law.proof(op) is None
