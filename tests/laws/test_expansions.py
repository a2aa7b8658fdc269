"""Expansions are proved to the term that is claimed; a wrong multiplicity, sign or factor, and what is not known, is not."""

import pytest
from sympy import Abs, Rational, S, Sum, Symbol, exp, log, oo

import smoothsym as ss
from smoothsym.laws import Expansion, check
from smoothsym.laws.vocabulary import D, f, mu2, mu3, mu4, w
from smoothsym.symbolic.first_order import first_order
from smoothsym.symbolic.growth import Undecided
from smoothsym.words import Delta, alpha, i, j, m, m2, maximum, mean, minimum, n, p, rho, x

B, L, M, N, P, H = ss.boltzmann, ss.logsumexp, ss.mellowmax, ss.pnorm, ss.powermean, ss.lehmer
TOP, LARGEST, SMALL, OVER = maximum(x), maximum(Abs(x)), exp(-alpha * Delta), (j, 1, n)
STATED = [(op, law) for op in ss.operators.values() for law in op.laws if isinstance(law, Expansion)]


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "law"), STATED, ids=[f"{op.name}: {law.statement(op)}" for op, law in STATED])
def test_what_an_operator_states_is_proved(op, law) -> None:
    verdict = law.attempt(op)
    assert verdict.outcome == "Proved"
    assert check(law, op, verdict.certificate)


REFUTED = {
    "m and m2 exchanged": (B, Expansion(oo, TOP - Delta * m / m2 * SMALL, SMALL)),
    "the sign flipped": (B, Expansion(oo, TOP + Delta * m2 / m * SMALL, SMALL)),
    "a factor 1% too small": (B, Expansion(oo, TOP - Rational(99, 100) * Delta * m2 / m * SMALL, SMALL)),
    "the second level left out": (B, Expansion(oo, TOP, SMALL)),
    "the minimum's sign": (B, Expansion(-oo, minimum(x) - Delta * m2 / m / SMALL, 1 / SMALL)),
    "ties left out": (L, Expansion(oo, TOP + m2 / alpha * SMALL, SMALL)),
    "ties of a gradient": (L, Expansion(oo, 1 - m2 * SMALL, SMALL, of=D(f, x[i]), where={x[i]: TOP})),
    "a sign in a gradient": (
        B,
        Expansion(oo, (1 - m2 / m * (alpha * Delta - 1) * SMALL) / m, SMALL, of=D(f, x[i]), where={x[i]: TOP}),
    ),
    "a gradient of one sign": (
        B,
        Expansion(oo, (1 + alpha * Delta) * SMALL / m, SMALL, of=D(f, x[i]), where={x[i]: TOP - Delta}),
    ),
    "ties cost a Lehmer mean nothing": (H, Expansion(oo, m ** (1 / p) * TOP, 1 / p)),
    "rho^p for rho^(p-1)": (H, Expansion(oo, TOP * (1 - m2 / m * (1 - rho) * rho**p), rho**p)),
    "a norm without 1/p": (N, Expansion(oo, m ** (1 / p) * LARGEST * (1 + m2 / m * rho**p), rho**p / p)),
    "m/n upside down": (P, Expansion(oo, (n / m) ** (1 / p) * TOP, 1 / p)),
    "a coefficient that is off": (N, Expansion(oo, LARGEST * (1 + log(m) / p + log(m) ** 2 / p**2), 1 / p**2)),
    "m^(1/p) by its first terms": (N, Expansion(oo, LARGEST * (1 + log(m) / p), rho**p / p)),
    "twice the variance": (B, Expansion(0, mean(x) + 2 * alpha * mu2, alpha**2)),
    "half the variance": (M, Expansion(0, mean(x) + alpha * mu2, alpha**2)),
    "a moment for a cumulant": (
        B,
        Expansion(0, mean(x) + alpha * mu2 + alpha**2 * mu3 / 2 + alpha**3 * mu4 / 6, alpha**4),
    ),
    "no pole": (L, Expansion(0, mean(x) + alpha * mu2 / 2, alpha**2)),
    "a gradient's factor": (B, Expansion(0, (1 + alpha * (x[i] - mean(x))) / n, alpha**2, of=D(f, x[i]))),
    "the mean for the geometric": (P, Expansion(0, mean(x), p)),
}


@pytest.mark.parametrize("name", REFUTED)
def test_a_false_expansion_is_refuted_at_a_point(name: str) -> None:
    op, law = REFUTED[name]
    verdict = law.attempt(op)
    assert verdict.outcome == "Refuted", str(verdict)
    assert "x = (" in str(verdict.witness)


OPEN = {
    # The third level may lie anywhere beyond the second, so nothing is known below exp(-alpha Delta): these are false.
    "beyond the second level": (B, Expansion(oo, TOP - Delta * m2 / m * SMALL, SMALL ** Rational(3, 2))),
    "just beyond it": (B, Expansion(oo, TOP - Delta * m2 / m * SMALL, SMALL ** Rational(11, 10))),
    "beyond it by a divisor": (
        B,
        Expansion(oo, -m * m2 * Delta / SMALL, S.One, of=(f - TOP) / w[i] ** 2, where={x[i]: TOP - Delta}),
    ),
    "beyond it by a difference": (
        B,
        Expansion(
            oo, -m * alpha**2 * Delta / (m2 * SMALL), S.One, of=(f - TOP) / (L.definition - TOP - log(m) / alpha) ** 2
        ),
    ),
    # As far as any series of m^(1/p) goes, it is not m^(1/p).
    "the size of the entries": (
        ss.SmoothMax("one", log(1 + Sum(exp(alpha * x[j]), OVER)) / alpha),
        Expansion(oo, TOP, SMALL),
    ),
    "what grows beside the gap": (N, Expansion(oo, S.Zero, 1, of=2**p * (f - m ** (1 / p) * LARGEST))),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_known_is_left_open(name: str) -> None:
    op, law = OPEN[name]
    assert law.attempt(op).outcome == "Undecided"


def test_a_truncated_power_is_not_the_power() -> None:
    terms = sum(log(m) ** q / (p**q * S(q + 1)) for q in range(9))
    assert Expansion(oo, LARGEST * terms, rho**p / p).attempt(N).outcome == "Refuted"


def test_the_order_at_a_number_is_a_power_of_the_distance() -> None:
    with pytest.raises(ValueError, match="give a power of alpha"):
        Expansion(0, mean(x), exp(alpha)).attempt(B)


def test_terms_are_printed_by_their_powers() -> None:
    assert Expansion(0, alpha * mu2 + mean(x) - log(n) / alpha, alpha**2).statement(B) == (
        "f = -log(n)/alpha + mean(x) + alpha mu2 + O(alpha^2) as alpha -> 0"
    )


def test_weights_and_slow_growth_have_no_levels() -> None:
    weight = ss.words.v
    for total in (
        Sum(weight[j] * exp(alpha * x[j]), OVER),
        Sum(exp(alpha * x[j] / 2), OVER),
        Sum(exp(-alpha * x[j]), OVER),
    ):
        with pytest.raises(Undecided):
            first_order(log(total) / alpha - TOP, alpha, 1, False, "real")


def test_a_users_own_operator_of_two_parameters() -> None:
    """The Boltzmann operator is what a Lehmer mean of exponentials tends to, and the error is half a variance."""
    step = Symbol("h", real=True)
    weight = exp(alpha * x[j])
    definition = log(Sum(exp((alpha + step) * x[j]), OVER) / Sum(weight, OVER)) / step
    op = ss.SmoothMax("step", definition, parameter=(step, alpha)).leading
    variance = Sum(x[j] ** 2 * weight, OVER) / Sum(weight, OVER) - B.definition**2
    assert Expansion(0, B.definition + step * variance / 2, step**2).attempt(op).outcome == "Proved"
    assert Expansion(0, B.definition + step * variance, step**2).attempt(op).outcome == "Refuted"
