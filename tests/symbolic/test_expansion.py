"""Series are read branch by branch, term by term, and put together again they are what they were."""

import pytest
from sympy import Add, Eq, Piecewise, S, exp, log, simplify, sqrt

import smoothsym as ss
from smoothsym.symbolic.expansion import expansions
from smoothsym.words import alpha, eps, n, p, x


@pytest.mark.parametrize(
    ("series", "parameter", "powers"),
    [
        (2 + alpha / 3 - alpha**2, alpha, [0, 1, 2]),
        (log(n) / alpha + x[1], alpha, [-1, 0]),
        (x[1] + sqrt(eps) / 2, eps, [0, S.Half]),
        (n ** (1 / p) * (1 + p * x[1]), p, [0, 1]),
        (n ** (1 / p) + 3 * p * n ** (1 / p), p, [0, 1]),
        (exp(-1 / alpha) * alpha**2, alpha, [2]),
    ],
)
def test_terms_add_up_to_the_series(series, parameter, powers) -> None:
    (found,) = expansions(series, parameter)
    assert [power for power, _ in found.terms] == powers
    assert simplify(found.before * Add(*(c * parameter**q for q, c in found.terms)) - series) == 0
    assert all(not c.has(parameter) for _, c in found.terms)


def test_branches_keep_their_tests() -> None:
    found = list(expansions(Piecewise((1 + eps, x[1] > 0), (sqrt(eps), Eq(x[1], 0)), (-1, True)), eps))
    assert [one.test for one in found][:2] == [x[1] > 0, Eq(x[1], 0)] and len(found) == 3
    assert ss.smu.series(0, order=3).args[0][1] == (x[1] > x[2])
