"""Roots of equations: enclosures that agree with independent numbers, and a sign that is not taken for granted."""

import mpmath
import pytest
from sympy import E, LambertW, S, log

from smoothsym.certify.enclosure import fraction_of
from smoothsym.certify.roots import digits, enclosed
from smoothsym.symbolic.roots import Implicit, Lambda
from smoothsym.words import alpha, n


@pytest.mark.parametrize("size", [2, 3, 5, 10, 100, 10**6])
def test_roots_agree_with_an_independent_solver(size) -> None:
    with mpmath.workdps(60):
        w = mpmath.lambertw((size - 1) / mpmath.e)
        z = mpmath.findroot(lambda q: q * mpmath.tanh(q - mpmath.log(size - 1) / 2) - 1, 0.5 + mpmath.log(size) / 2)
        assert digits(LambertW((n - 1) / E), {n: size}, 40) == mpmath.nstr(w, 40, strip_zeros=False)
        assert digits(Lambda(n), {n: size}, 40) == mpmath.nstr(z, 40, strip_zeros=False)


def test_the_ends_have_the_root_between_and_come_close() -> None:
    low, high = (fraction_of(end) for end in enclosed(Lambda(n), {n: 7}, 300))
    assert 0 < high - low < 2 ** -fraction_of(enclosed(S(298))[0]).numerator
    assert digits(Lambda(n), {n: 1}, 5) == "1.0000"


def test_roots_inside_formulas() -> None:
    assert digits(1 + LambertW(1 / (E * (n - 1))) / alpha, {n: 3, alpha: 2}, 12) == "1.07859247574"
    with mpmath.workdps(30):
        inner = mpmath.lambertw(mpmath.lambertw(5)) + mpmath.log(5)
        assert digits(LambertW(LambertW(n)) + log(n), {n: 5}, 20) == mpmath.nstr(inner, 20)


class Nowhere(Implicit):
    nargs = 1

    def equation(self, z):
        return 1 + z


def test_an_equation_without_a_root_is_refused() -> None:
    with pytest.raises(ArithmeticError, match="no root"):
        digits(Nowhere(n), {n: 2})
