"""What is true of weighted forms: proved and refuted like all else, with the weights at the same numbers at every point."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import IndexedBase, S, Sum, exp, log

import smoothsym as ss
from smoothsym.cli.page import Page
from smoothsym.laws import (
    Between,
    Convex,
    Identity,
    Inequality,
    Limit,
    Lipschitz,
    Monotone,
    Symmetric,
    check,
    everywhere,
)
from smoothsym.laws.law import Proof
from smoothsym.laws.stated import D, E, f, w
from smoothsym.program import arrays
from smoothsym.symbolic.ranges import Known, Unbounded, bounded
from smoothsym.words import alpha, i, j, maximum, mean, n, x

OVER = (j, 1, n)
WEIGHTED = [op.weighted.leading for op in ss.operators.values() if op.arity is None]
LSE, BOLTZMANN = ss.logsumexp.weighted, ss.boltzmann.weighted


@pytest.mark.sampled
@pytest.mark.parametrize("op", WEIGHTED, ids=lambda op: op.name)
def test_every_law_gets_a_verdict_and_every_proof_is_checked_again(op) -> None:
    for law in everywhere(op):
        verdict = law.attempt(op)
        assert verdict.outcome != "Refuted" or "w = (1/4, 1/2" in str(verdict.witness), str(verdict)
        if isinstance(verdict.certificate, Proof):
            assert check(law, op, verdict.certificate)


def test_weights_keep_convexity_and_break_symmetry() -> None:
    assert Convex(alpha > 0).attempt(LSE).outcome == Monotone(alpha > 0).attempt(LSE).outcome == "Proved"
    assert Symmetric().attempt(LSE).outcome == "Refuted"
    assert Monotone(alpha > 0).attempt(BOLTZMANN).outcome == "Refuted"


def test_the_weights_of_the_laws_are_not_those_of_the_operator() -> None:
    """w[i] in a law is the share of an entry, whatever vector the definition calls w."""
    assert Identity(D(f, x[i]), w[i]).attempt(LSE).outcome == "Proved"
    assert Identity(D(f, x[i]), 2 * w[i]).attempt(LSE).outcome == "Refuted"
    assert Identity(D(f, alpha), E((x[j] - f) ** 2)).attempt(BOLTZMANN).outcome == "Proved"
    assert Identity(D(f, alpha), E((x[j] - f) ** 3)).attempt(BOLTZMANN).outcome == "Refuted"
    assert ("pi[i]", "w[i] exp(alpha x[i])/Z") in Page(BOLTZMANN, "value").meanings


@pytest.mark.parametrize("weight", (IndexedBase("b", positive=True), IndexedBase("b", integer=True, positive=True)))
def test_bounds_of_equal_weights_are_not_those_of_others(weight: IndexedBase) -> None:
    own = ss.SmoothMax("own", log(Sum(weight[j] * exp(alpha * x[j]), OVER)) / alpha)
    top = maximum(x)
    for law in (Between(top, top + log(n) / alpha, alpha > 0), Inequality(mean(x), f, alpha > 0)):
        assert law.attempt(own).outcome == "Refuted"
    gap = IndexedBase("d", real=True)
    with pytest.raises(Unbounded, match="another vector"):
        bounded(
            Sum(weight[j] * exp(gap[j]), OVER),
            {gap: Known(S(-1), S.Zero, ((S.One, S.Zero, S.Zero), (n - 1, S(-1), S.Zero)))},
        )


def test_a_limit_that_speaks_of_weights_has_no_witness_without_them() -> None:
    verdict = Limit(0, mean(x)).attempt(BOLTZMANN)
    assert (verdict.outcome, verdict.witness) == ("Undecided", None)
    assert Limit(0, BOLTZMANN.limit(0)).attempt(BOLTZMANN).outcome == "Proved"


def test_a_constant_may_be_a_plain_number() -> None:
    assert Lipschitz(1, alpha > 0).attempt(LSE).outcome == "Proved"
    assert Lipschitz(1, alpha > 0).attempt(BOLTZMANN).outcome == "Refuted"


def test_a_program_reads_the_vector_that_it_names() -> None:
    rows, weights = np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([0.5, 2.0])
    found = arrays.run(LSE.program("value", "naive"), rows, {"alpha": 1.0}, vectors={"w": weights})[0]
    assert np.allclose(found, np.log((weights * np.exp(rows)).sum(axis=1)))
    with pytest.raises(KeyError, match="w"):
        arrays.run(LSE.program("value", "naive"), rows, {"alpha": 1.0})


def test_a_theorem_decides_weighted_sums() -> None:
    assert LSE.theorem("value") == ss.logsumexp.theorem("value")
