"""Identities are laws in an operator's own words: proved for every n, printed as they are read, and refuted where they are false."""

from dataclasses import replace

import pytest
from sympy import KroneckerDelta, S, Sum, Symbol, erf, exp, log, pi, sqrt

import smoothsym as ss
from smoothsym.laws import Identity, Inequality, check
from smoothsym.laws.vocabulary import At, D, E, f, mu2, w, written_out
from smoothsym.words import alpha, c, i, j, k, m, m2, mean, n, v, x

OVER = (j, 1, n)
IDENTITIES = [(op, law) for op in ss.operators.values() for law in op.laws if isinstance(law, Identity)]
NAMED = [f"{op.name}: {law.statement(op)}" for op, law in IDENTITIES]


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "law"), IDENTITIES, ids=NAMED)
def test_what_an_operator_states_is_proved_and_no_point_speaks_against_it(op, law) -> None:
    verdict = law.attempt(op)
    assert verdict.outcome == "Proved"
    assert check(law, op, verdict.certificate)
    assert law.can_be_sampled(op)
    assert law.witness(op) is None


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("op", "law"),
    [pytest.param(*one, marks=[pytest.mark.long] * (place % 2)) for place, one in enumerate(IDENTITIES)],
    ids=NAMED,
)
def test_the_same_with_a_sign_flipped_or_doubled_is_refuted(op, law) -> None:
    one = S.One if S(law.right).is_zero else S(law.right)
    for right in (-one, 2 * one):
        verdict = replace(law, right=right).attempt(op)
        assert verdict.outcome == "Refuted", str(verdict)


def test_free_indices_numbers_and_vectors_are_given_by_the_witness() -> None:
    verdict = Identity(c * v[i] * D(f, x[k]), w[i]).attempt(ss.boltzmann)
    assert verdict.outcome == "Refuted"
    assert all(said in str(verdict.witness) for said in ("c = 1/2", "i = 1", "k = 2", "v[j] = 1 + x[j]^2/2"))


def test_what_is_true_only_off_the_diagonal_or_on_it_is_refuted() -> None:
    off = Identity(D(f, x[i], x[k]), -alpha * w[i] * w[k])
    on = Identity(D(f, x[i], x[k]), alpha * w[i] * (1 - w[i]))
    assert {law.attempt(ss.logsumexp).outcome for law in (off, on)} == {"Refuted"}


def test_a_multiplicity_is_no_index() -> None:
    assert Identity(f, m * f).attempt(ss.logsumexp).outcome == "Refuted"
    assert Identity(f, m2 * f).attempt(ss.logsumexp).outcome == "Undecided"


def test_an_inequality_with_a_free_index_is_refuted() -> None:
    assert Inequality(0, D(f, x[i]), when=alpha > 0).attempt(ss.boltzmann).outcome == "Refuted"
    assert Inequality(D(f, x[i]), 1).attempt(ss.logsumexp).outcome in ("Proved", "Supported")


@pytest.mark.parametrize(
    ("op", "side", "said"),
    [
        (ss.boltzmann, D(f, x[i], x[k]) ** 2, "(d2f/dx[i]dx[k])^2"),
        (ss.boltzmann, x[j] * D(f, x[j]), "x[j] df/dx[j]"),
        (ss.boltzmann, D(alpha * f, alpha, alpha), "d2(alpha f)/dalpha^2"),
        (ss.boltzmann, D(w[i], x[k]) * KroneckerDelta(i, k), "dw[i]/dx[k] delta[i, k]"),
        (ss.boltzmann, At(f, c), "f(c, ..., c)"),
        (ss.boltzmann, At(f, x[j] + c), "f(c + x)"),
        (ss.boltzmann, At(D(f, x[i]), x[1], x[2]), "(df/dx[i])(x[1], x[2])"),
        (ss.softplus, At(f, -x[1]), "f(-x[1])"),
        (ss.softmax, f, "f[i]"),
    ],
    ids=str,
)
def test_words_are_read_as_mathematics(op, side, said) -> None:
    assert Identity(side, 0).statement(op) == f"{said} = 0"


def test_a_word_of_a_users_own_is_left_alone() -> None:
    op = ss.SmoothMax(name="mine", definition=log(Sum(exp(mu2 * x[j]), OVER)) / mu2)
    assert Identity(D(f, x[i]), w[i]).attempt(op).outcome == "Proved"
    assert written_out(op, mu2) == mu2
    assert written_out(ss.boltzmann, mu2).has(mean)


# ---- operators of a user's own ---------------------------------------------------------------------------------------------------

N = Sum(exp(x[j]), OVER)
WITH_ZERO = ss.SmoothMax(name="with_zero", definition=log(1 + N))
NORMALISED = ss.SmoothMax(name="normalised", definition=log(N - (n - 1)))
MU = Symbol("mu", positive=True)
SMU_ERF = ss.SmoothMax(name="smu_erf", definition=(x[1] + x[2] + (x[1] - x[2]) * erf(MU * (x[1] - x[2]))) / 2)
BELL = exp(-(MU**2) * (x[1] - x[2]) ** 2) / sqrt(pi)
OWN = [
    (WITH_ZERO, Identity(D(f, x[i]), exp(x[i]) / (1 + N))),
    (WITH_ZERO, Identity(D(f, x[i], x[k]), KroneckerDelta(i, k) * D(f, x[i]) - D(f, x[i]) * D(f, x[k]))),
    (NORMALISED, Identity(Sum(D(f, x[i]), (i, 1, n)), 1 + (n - 1) * exp(-f))),
    (NORMALISED, Identity(At(f, 0), 0)),
    (SMU_ERF, Identity(2 * D(f, x[1]), 1 + erf(MU * (x[1] - x[2])) + 2 * MU * (x[1] - x[2]) * BELL)),
    (SMU_ERF, Identity(D(f, MU), (x[1] - x[2]) ** 2 * BELL)),
    (SMU_ERF, Identity(D(f, MU, MU), -2 * MU * (x[1] - x[2]) ** 4 * BELL)),
]


@pytest.mark.parametrize(("op", "law"), OWN, ids=[f"{op.name}: {law.statement(op)}" for op, law in OWN])
def test_a_users_own_operator_states_its_own_laws(op, law) -> None:
    assert law.attempt(op).outcome == "Proved"
    assert replace(law, right=law.right + 1).attempt(op).outcome in ("Refuted", "Undecided")


def test_the_gini_mean_has_weights_of_its_own() -> None:
    total = Sum(x[j] ** 2 * exp(alpha * x[j]), OVER) / Sum(x[j] * exp(alpha * x[j]), OVER)
    gini = ss.SmoothMax(name="gini", definition=total, domain="positive")
    assert Identity(D(f, alpha), E((x[j] - f) ** 2)).attempt(gini).outcome == "Proved"
    assert Identity(D(f, alpha), E((x[j] - f) ** 3)).attempt(gini).outcome == "Refuted"
