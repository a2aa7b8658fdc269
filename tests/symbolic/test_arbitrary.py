"""An arbitrary function has derivatives that are arbitrary, and an inverse with the reciprocal slope."""

import pytest
from sympy import Sum

from smoothsym.symbolic import moments
from smoothsym.symbolic.arbitrary import arbitrary, inverse
from smoothsym.symbolic.derivation import latex
from smoothsym.symbolic.derivatives import partial
from smoothsym.words import i, j, n, x

g = arbitrary("g", order=2)
MEAN = inverse(g)(Sum(g(x[j]), (j, 1, n)) / n)


def test_the_mean_of_an_arbitrary_function_has_its_slope() -> None:
    slope = g.derivative(x[i]) / (n * g.derivative(MEAN))
    assert moments.equal(partial(MEAN, x[i]), slope)
    assert not moments.equal(partial(MEAN, x[i]), g.derivative(x[i]) / n)
    assert not moments.equal(partial(MEAN, x[i]), 2 * slope)


def test_it_has_as_many_derivatives_as_were_asked_for_and_prints_their_primes() -> None:
    twice = g(x[1]).diff(x[1], 2)
    assert str(twice) == "g''(x[1])" and latex(twice) == r"g''\left(x_{1}\right)"
    assert latex(g(x[1]) ** 2) == r"g^{2}\left(x_{1}\right)"
    with pytest.raises(ValueError, match="higher order"):
        twice.diff(x[1])


def test_nothing_is_known_of_two_of_them() -> None:
    h = arbitrary("h")
    assert not moments.equal(g(x[1]), h(x[1])) and not moments.equal(g(x[1]), g(x[2]))
