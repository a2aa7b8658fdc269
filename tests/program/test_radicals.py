"""Square roots of squares and more: the same values, proved, within range, and with their digits where the plain form cancels."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from diagonal import diagonal
from sympy import Rational, Sum, sqrt

import smoothsym as ss
from smoothsym.program.guards import proved
from smoothsym.program.radicals import bend, cosine, excess, length, radical_form, shortfall
from smoothsym.words import eps, j, n, x

T = x[1] - x[2]
ROOT = sqrt(T**2 + eps)
FORMS = {
    "smu": (x[1] + x[2] + ROOT) / 2,
    "its minimum": (x[1] + x[2] - ROOT) / 2,
    "squareplus": (x[1] + sqrt(x[1] ** 2 + 4 * eps)) / 2,
    "slope": (1 + T / ROOT) / 2,
    "other slope": (1 - T / ROOT) / 2,
    "second slope": eps / (2 * ROOT**3),
    "hypot": sqrt(x[1] ** 2 + x[2] ** 2 + eps),
    "mean of roots": Sum(sqrt(x[j] ** 2 + eps), (j, 1, n)) / n,
}


@pytest.mark.parametrize("definition", FORMS.values(), ids=FORMS)
def test_a_form_is_found_and_proved(definition):
    form = radical_form(definition)
    assert form != definition and not form.has(sqrt(T**2 + eps)) and proved(form, definition)
    assert not proved(form + eps, definition) and not proved(2 * form, definition)


def test_where_nothing_is_known_of_a_sign_there_is_no_form():
    for definition in (x[1] + x[2], sqrt(x[1] + eps), sqrt(x[1] ** 2 - eps), sqrt(Sum(x[j] ** 2, (j, 1, n)))):
        assert radical_form(definition) is None


@pytest.mark.parametrize("made", [length, cosine, excess, shortfall, bend])
def test_wrong_parts_are_not_proved(made):
    right = made(T, eps).meaning
    assert proved(made(T, eps), right)
    assert not proved(made(T, 2 * eps), right) and not proved(made(2 * T, eps), right)
    assert not proved(made(T, eps) + Rational(1, 10**9), right)


ROWS = [
    ((1e308, -1e308), 1.0),
    ((-1e308, 1.7e308), 3.0),
    ((1.0, -1.0), 1e-300),
    ((-1e160, 1e160), 1e300),
    ((3e-320, -5e-324), 5e-324),
    ((-1.0, -1.0), 4.0),
    ((5.6, -29.3), 6.7e7),
    ((1e-30, 2.0), 1e16),
]


@cache
def own(name):
    """An operator of one's own, whose kernels are derived once."""
    return ss.SmoothMax("own", FORMS[name], eps)


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "at", "of"), diagonal(list(FORMS), ROWS, ["value", "gradient"]))
def test_digits_are_kept(name, at, of):
    op, (row, parameter) = own(name), at
    if name == "second slope" and of == "gradient":
        pytest.skip("a product of five factors, which may leave the range before the result does")
    if name == "mean of roots" and max(map(abs, row)) > 1e300:
        pytest.skip("the sum of the entries overflows")
    row = np.array([row[: op.arity]])
    kernel = op.kernels["stable" if of == "value" else "stable_gradient"]
    assert not kernel.note
    found = ss.audit(lambda x: kernel(x, eps=parameter), op, of, data=row, eps=parameter)
    assert found.max_scaled < (3 if of == "value" else 4), str(found)


@pytest.mark.parametrize("of", ["value", "gradient"])
def test_the_rows_catch_the_definition(of):
    op = own("smu")
    kernel = op.kernels["naive" if of == "value" else "naive_gradient"]

    def worst(row, parameter):
        return ss.audit(kernel, op, of, data=np.array([row]), eps=parameter).max_scaled

    assert sum(worst(*row) > 8 for row in ROWS) >= 3


def test_near_an_end_a_gradient_keeps_what_the_plain_form_loses():
    slope = ss.smu(np.array([-3e7, 0.0]), eps=1.0, of="gradient")[0]
    assert slope == pytest.approx(float(Fraction(1, 4 * 9 * 10**14)), rel=4e-15)
    assert slope != 0 and ss.smu(np.array([0.0, 0.0]), eps=1.0, of="gradient").sum() == 1
