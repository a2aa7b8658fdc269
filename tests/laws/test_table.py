"""The property table and the constants are what verdicts say, in words that a reader knows from the literature."""

import pytest
from sympy import And

import smoothsym as ss
from smoothsym.laws import attempts
from smoothsym.laws.table import constants, numbers, row
from smoothsym.symbolic.assumptions import told
from smoothsym.words import n, p

THEORY = {
    "boltzmann": (
        "<=",
        "W((n - 1)/e)/alpha sharp",
        "no, nor quasi-convex",
        "Lambda(n)",
        "yes",
        "jointly: alpha/t",
        "no",
    ),
    "logsumexp": (">=", "log(n)/alpha sharp", "yes", "1", "yes", "jointly: alpha/t", "yes"),
    "mellowmax": ("<=", "log(n)/alpha supremum", "yes", "1", "yes", "jointly: alpha/t", "with weights"),
    "pnorm": (">=", "max (n^(1/p) - 1) sharp", "yes", "n^(1/p)", "no", "yes", "yes"),
    "powermean": ("<=", "max (1 - 1/n^(1/p)) supremum", "yes", "1", "no", "yes", "with weights"),
    "lehmer": (
        "<=",
        "gap(n, p) max sharp",
        "no; yes for 1 <= p <= 2",
        "none for 1 < p < 2; at most n (p - 1) + p for p >= 2",
        "no",
        "yes",
        "no",
    ),
    "smu": (">=", "eps^(1/2)/2 sharp", "yes", "1", "yes", "jointly: t^2 eps", "no"),
}
CELLS = ("against max", "worst gap", "convex", "sup-norm Lipschitz", "translation", "homogeneous", "associative")


@pytest.mark.sampled
@pytest.mark.parametrize("name", THEORY)
def test_the_cells_of_an_operator(name) -> None:
    op = ss.operators[name]
    cells = row(op, list(attempts(op)))
    assert tuple(cells[cell] for cell in CELLS) == THEORY[name]


def test_boltzmann_is_monotone_on_cubes_alone() -> None:
    tried = list(attempts(ss.boltzmann))
    assert row(ss.boltzmann, tried)["monotone"] == "no; yes on cubes of edge (1 + W(1/(e (n - 1))))/alpha"
    found = numbers(constants(ss.boltzmann, tried), sizes=(2, 100), k=12)
    assert [list(cells.values()) for cells in found] == [
        ["2", "0.278464542761", "1.19967864026", "1.27846454276"],
        ["100", "2.62864959702", "2.68828422872", "1.00370222210"],
    ]


def test_the_lehmer_mean_is_monotone_for_some_parameters() -> None:
    assert row(ss.lehmer, list(attempts(ss.lehmer)))["monotone"] == "no; yes for 0 <= p <= 1"


def test_only_what_is_proved_and_depends_on_n_alone_is_a_number() -> None:
    tried = [(law, verdict) for law, verdict in attempts(ss.boltzmann)]
    doubted = [(law, type(v)(v.operator, v.law, "Supported", v.scope, v.reason)) for law, v in tried]
    assert constants(ss.boltzmann, doubted) == []
    assert constants(ss.pnorm, list(attempts(ss.pnorm))) == []
    assert all(e.free_symbols == {n} for e in constants(ss.boltzmann, tried))


def test_a_range_is_read_as_one() -> None:
    assert told(And(p >= 1, p < 2)) == "1 <= p < 2"
    assert told(p > 1) == "p > 1"
