"""Factors are SymPy's where SymPy finds them, and found without drawing points at random."""

import random

import pytest
from sympy import Add, Mul, Poly, expand, sqrt, symbols
from sympy.core.random import rng

from smoothsym.symbolic.factoring import factor_list, factored
from smoothsym.words import eps

LETTERS = symbols("a b c d e")


def polynomial(draw: random.Random, size: int):
    powers = (
        Mul(*(draw.choice(LETTERS) ** draw.choice((0, 1, 1, 2)) for _ in range(draw.choice((0, 1, 2)))))
        for _ in range(size)
    )
    return Add(*(draw.choice((1, -1, 2, -3)) * power for power in powers))


@pytest.mark.parametrize("seed", range(40))
def test_factors_are_those_of_sympy(seed: int) -> None:
    draw = random.Random(seed)
    whole = expand(Mul(*(polynomial(draw, 3) ** draw.choice((1, 1, 2)) for _ in range(draw.choice((1, 2, 3))))) / 6)
    if not whole.is_Add:
        return
    number, parts = factor_list(Poly(whole))
    theirs, expected = Poly(whole).factor_list()
    assert number == theirs
    assert {(part.as_expr(), times) for part, times in parts} == {(part.as_expr(), times) for part, times in expected}


def test_a_polynomial_that_sympy_may_take_minutes_for_is_irreducible_at_once(monkeypatch) -> None:
    """It is linear in a symbol: about one in a few thousand tries of SymPy's own, which draws points, does not end."""
    a, b, c, d, e, g, h = symbols("a:e g h")
    whole = a * b**2 * c * g - 3 * a * b * d * g + 2 * a * e + 5 * b * h * c - 5 * b * d**2 + 4 * c * d + 2 * e
    monkeypatch.setattr(Poly, "factor_list", lambda self: pytest.fail("drawn at random"))
    assert factor_list(Poly(whole)) == (1, [(Poly(whole), 1)])
    assert factored(whole * (a + b) * 6).equals(6 * whole * (a + b))


def test_draws_leave_no_trace() -> None:
    before = rng.getstate()
    a, b = LETTERS[:2]
    factor_list(Poly((a**2 + b**3 + 1) * (a**2 - b**2 + 2)))
    assert rng.getstate() == before


def test_a_root_stands_beside_its_square() -> None:
    assert factored(eps - 2 * sqrt(eps) + 1) == (sqrt(eps) - 1) ** 2


def test_signs_cancel_across_a_fraction_bar() -> None:
    a, b = LETTERS[:2]
    assert factored((b - a * b + 1) / (a * b - b - 1)) == -1


def test_what_cancels_leaves_nothing_to_factor() -> None:
    a, b = LETTERS[:2]
    assert factored((a + 1) ** 2 - a**2 - 2 * a - 1) == 0
    assert factored(b * ((a + 1) ** 2 - a**2 - 2 * a)) == b
    pole = b / ((a + 1) ** 2 - a**2 - 2 * a - 1)
    assert factored(pole) == pole
