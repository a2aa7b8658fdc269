"""Sharp constants: proved with the point where they are attained, and refuted when they are a little smaller."""

import pytest
from sympy import E, LambertW, Rational, Sum, exp, log, sqrt

import smoothsym as ss
from smoothsym.laws import Between, Inequality, Lipschitz, Monotone, PairConvex, check
from smoothsym.laws.vocabulary import D, f
from smoothsym.laws.vocabulary import E as mean
from smoothsym.symbolic.levels import Levels, t
from smoothsym.symbolic.roots import Lambda
from smoothsym.words import Delta, alpha, eps, i, j, k, m, maximum, minimum, n, p, x

B, L, M, N = ss.boltzmann, ss.logsumexp, ss.mellowmax, ss.pnorm
TOP, LOW = maximum(x), minimum(x)
UP, LESS = alpha > 0, Rational(99, 100)
SQUARE, SQUARES = LambertW(2 * (n - 1) / exp(2)), mean((alpha * (TOP - x[j])) ** 2)
Z, BOX = Lambda(n), 1 + LambertW(1 / (E * (n - 1)))
STEEP = Levels(0, -2 * Z / alpha)
HESSIAN = Sum(abs(D(f, x[i], x[k])), (i, 1, n), (k, 1, n))
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
    "the smooth minimum of LogSumExp": (L, Between(LOW + log(n) / alpha, LOW, alpha < 0, "lower")),
    "the second moment": (B, Inequality(SQUARES, SQUARE * (2 + SQUARE), UP, at=Levels(0, -(2 + SQUARE) / alpha))),
    "Boltzmann's Lipschitz constant": (B, Lipschitz(Z, UP, STEEP, Levels(1, -1))),
    "without a sign of alpha": (B, Lipschitz(Z)),
    "the steepest slope": (B, Inequality(D(f, x[i]), (1 + Z) / 2, UP, at=STEEP)),
    "the least slope": (B, Inequality((1 - Lambda(2)) / 2, D(f, x[i]))),
    "the Hessian": (B, Inequality(HESSIAN, abs(alpha) * (1 + 3 * Z))),
    "monotone on cubes": (B, Monotone(UP, box=BOX, sharp=True)),
    "monotone on small cubes": (B, Monotone(UP, box=Rational(1))),
    "two entries": (B, PairConvex(2 * Lambda(2), UP)),
    "the p-norm's Lipschitz constant": (N, Lipschitz(n ** (1 / p), p > 1, Levels(1, 1))),
    "the smooth maximum unit": (ss.smu, Between(TOP, TOP + sqrt(eps) / 2, eps > 0, "upper")),
    "mellowmax": (M, Between(TOP - log(n) / alpha, TOP, alpha > 0, "lower", Levels(0, -t))),
}
FALSE = {
    "the smooth maximum unit attains less": (ss.smu, Between(TOP, TOP + sqrt(eps) * LESS / 2, eps > 0, "upper")),
    "and attains more": (ss.smu, Between(TOP, TOP + sqrt(eps), eps > 0, "upper")),
    "the second moment 1% too small": (B, Inequality(SQUARES, SQUARE * (2 + SQUARE) * LESS, UP)),
    "the second moment from the mean": (B, Inequality(SQUARES, SQUARE * (1 + SQUARE), UP)),
    "Lambda 1% too small": (B, Lipschitz(Z * LESS, UP, STEEP, Levels(1, -1))),
    "Lambda of one entry less": (B, Lipschitz(Lambda(n - 1), UP, STEEP, Levels(1, -1))),
    "Lambda where it is not steepest, elsewhere": (B, Lipschitz(Z, UP, Levels(0, -Z / alpha), Levels(1, -1))),
    "the steepest slope 1% too small": (B, Inequality(D(f, x[i]), (1 + Z) / 2 * LESS, UP, at=STEEP)),
    "the least slope 1% too high": (B, Inequality((1 - Lambda(2)) / 2 * LESS, D(f, x[i]))),
    "no slope is negative": (B, Inequality(0, D(f, x[i]))),
    "a Hessian too small": (B, Inequality(HESSIAN, abs(alpha) * (1 + Z))),
    "cubes 1% too large": (B, Monotone(UP, box=BOX / LESS, sharp=True)),
    "cubes 0.1% too large": (B, Monotone(UP, box=BOX * Rational(1001, 1000))),
    "two entries 1% too far apart": (B, PairConvex(2 * Lambda(2) / LESS, UP)),
    "two entries as three": (B, PairConvex(2 * Lambda(3), UP)),
    "two entries at any sign of alpha": (B, PairConvex(2 * Lambda(2))),
    "all cubes": (B, Monotone(UP, box=Rational(2))),
    "the p-norm's constant 1% too small": (N, Lipschitz(n ** (1 / p) * LESS, p > 1, Levels(1, 1))),
    "half the smooth minimum's gap": (L, Between(LOW + log(n) / alpha / 2, LOW, alpha < 0)),
    "a constant 1% too small": (B, Between(TOP - GAP * Rational(99, 100) / alpha, TOP, alpha > 0)),
    "and 0.1%": (B, Between(TOP - GAP * Rational(999, 1000) / alpha, TOP, alpha > 0, at=Levels(0, -(1 + GAP) / alpha))),
    "the wrong multiplicity": (B, Between(TOP - TIED / alpha / m, TOP, alpha > 0)),
    "ties without their number": (B, Between(TOP - LambertW((n - m) / E / (m + 1)) / alpha, TOP, alpha > 0)),
    "any sign of alpha": (B, Between(TOP - GAP / alpha, TOP)),
    "any sign of alpha, from the minimum": (B, Between(LOW, LOW - GAP / alpha)),
    "cubes for any sign of alpha": (B, Monotone(box=BOX)),
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


@pytest.mark.sampled
@pytest.mark.parametrize("name", FALSE)
def test_a_bound_that_is_a_little_off_is_never_proved(name) -> None:
    op, law = FALSE[name]
    verdict = law.attempt(op)
    assert verdict.outcome != "Proved", str(verdict)
    if not any(q in name for q in ("elsewhere", "attains it", "attains more", "negative", "cubes for any")):
        assert verdict.outcome == "Refuted", str(verdict)
    assert law.proof(op) is None
