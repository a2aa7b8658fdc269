"""Norms and what follows from them, moves with the parameter, and slopes without bound: proved, and false versions refuted."""

import pytest
from sympy import And, S

import smoothsym as ss
from smoothsym.laws import (
    Between,
    Convex,
    DualNorm,
    HalfSquare,
    InParameter,
    Lipschitz,
    Monotone,
    OrderedSlopes,
    OwnLipschitz,
    QuasiConvex,
    Superadditive,
    Unbounded,
    check,
)
from smoothsym.laws.vocabulary import f
from smoothsym.symbolic.levels import Levels, t
from smoothsym.words import alpha, maximum, minimum, n, p, x

L, N, P = ss.logsumexp, ss.pnorm, ss.powermean
G = next(law for law in ss.lehmer.laws if isinstance(law, Between) and law.sharp)
TRUE = {
    "the p-norm falls": (N, InParameter(falls=True, when=p > 0)),
    "and rises over n^(1/p)": (N, InParameter(n ** (-1 / p) * f, when=p > 0)),
    "the power mean rises, also across 0": (P, InParameter()),
    "a norm in itself": (N, OwnLipschitz(p >= 1)),
    "Hoelder": (N, DualNorm(p / (p - 1), p > 1)),
    "f^2/2 is smooth": (N, HalfSquare(p - 1, when=p >= 2)),
    "and strongly convex below p = 2": (N, HalfSquare(p - 1, True, when=And(p > 1, p <= 2))),
    "half squares": (N, DualNorm(p / (p - 1), p > 1, "squares")),
    "Young": (N, DualNorm(p / (p - 1), p > 1, "powers")),
    "concave below p = 1": (N, Convex(And(p > 0, p < 1), concave=True, on="x >= 0")),
    "superadditive below p = 1": (N, Superadditive(And(p > 0, p < 1), on="x >= 0")),
    "the Lehmer mean is monotone": (ss.lehmer, Monotone(And(p >= 0, p <= 1))),
    "convex, by quotients": (ss.lehmer, Convex(And(p >= 1, p <= 2))),
    "concave, by quotients": (ss.lehmer, Convex(And(p >= 0, p <= 1), concave=True)),
    "slopes without bound": (ss.lehmer, Unbounded(Levels(1 / t, 1), And(p > 1, p < 2))),
    "slopes of the power mean": (P, Unbounded(Levels(1 / t, 1), And(p > 0, p < 1))),
    "slopes ordered like entries": (ss.boltzmann, OrderedSlopes(2 + alpha * (minimum(x) - f), alpha > 0)),
    "the Lehmer mean's gap": (ss.lehmer, G),
    "its slopes are bounded from p = 2 on": (ss.lehmer, Lipschitz(p + (p - 1) * n, p >= 2)),
}
FALSE = {
    "LogSumExp falls across its pole": (L, InParameter(falls=True)),
    "the p-norm falls over n^(1/p)": (N, InParameter(n ** (-1 / p) * f, falls=True, when=p > 0)),
    "its own dual": (N, DualNorm(p, p > 1)),
    "a wrong dual exponent": (N, DualNorm(p / (p - S.Half), p > 1)),
    "a wrong dual exponent of powers": (N, DualNorm(p / (p - S.Half), p > 1, "powers")),
    "superadditive for p >= 1": (N, Superadditive(p >= 1, on="x >= 0")),
    "superadditive everywhere": (N, Superadditive(p < 1)),
    "concave up to p = 2": (N, Convex(And(p > 0, p < 2), concave=True, on="x >= 0")),
    "the Lehmer mean convex up to p = 3": (ss.lehmer, Convex(And(p >= 1, p <= 3))),
    "quasi-convex up to p = 5": (ss.lehmer, QuasiConvex(p >= 1)),
    "monotone up to p = 2": (ss.lehmer, Monotone(And(p >= 0, p <= 2))),
    "concave below 0": (ss.lehmer, Convex(And(p >= -1, p <= 1), concave=True)),
    "slopes ordered wherever they lie": (ss.boltzmann, OrderedSlopes(3 + alpha * (minimum(x) - f), alpha > 0)),
    "f^2/2 smoother": (N, HalfSquare((p - 1) * S(99) / 100, when=p >= 2)),
    "f^2/2 strongly convex": (N, HalfSquare(p - 1, True, when=p > 2)),
    "f^2/2 more strongly convex": (N, HalfSquare((p - 1) * S(101) / 100, True, when=And(p > 1, p <= 2))),
    "f^2/2 smooth across kinks": (N, HalfSquare(S.One, when=p >= 1)),
    "an own Lipschitz constant below 1": (N, OwnLipschitz(p < 1)),
    "the Lehmer mean moves no faster than its entries": (ss.lehmer, Lipschitz(S.One, p >= 2)),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_laws(name) -> None:
    op, law = TRUE[name]
    verdict = law.attempt(op)
    assert verdict.outcome == "Proved", str(verdict)
    assert check(law, op, verdict.certificate)


@pytest.mark.parametrize("name", FALSE)
def test_false_laws(name) -> None:
    op, law = FALSE[name]
    assert law.attempt(op).outcome == "Refuted"
    assert law.proof(op) is None


def test_a_half_square_with_kinks_is_not_smooth_whatever_the_constant() -> None:
    """Its second derivative off the kinks is bounded at p = 1; no point shows how its slope jumps."""
    assert HalfSquare(S(100), when=p >= 1).proof(N) is None
    assert HalfSquare(S(100), when=And(p >= 1, p < 2)).proof(N) is None


def test_the_lehmer_gap_is_sharp() -> None:
    g = 1 - G.lower / maximum(x)
    small = Between(maximum(x) * (1 - g * S(99) / 100), maximum(x), p > 1, at=G.at)
    assert small.attempt(ss.lehmer).outcome == "Refuted"
    assert small.proof(ss.lehmer) is None


def test_a_slope_that_is_bounded_is_not_called_unbounded() -> None:
    assert Unbounded(Levels(1 / t, 1), p >= 2).proof(ss.lehmer) is None
    assert Unbounded(Levels(1 / t, 1), And(p > 1, p <= 2)).proof(ss.lehmer) is None
    assert Unbounded(Levels(-t, 0), alpha > 0).proof(ss.boltzmann) is None
