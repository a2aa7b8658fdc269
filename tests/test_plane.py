"""The plane of inputs to look at: numbers stand where they can be found again, and dangerous sets lie where they are."""

import math

import numpy as np
import pytest

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.cases.plane import Axis, Plane, chained, dangerous_sets


def plane(op, n=2, parameter=1.0, dtype="float64", of="value"):
    facts, fmt = facts_of(op, of), formats.get(dtype)
    return facts, Plane(Axis.of(facts, fmt), fmt, n, parameter)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("op", [ss.logsumexp, ss.pnorm])
def test_numbers_are_found_where_they_stand(op, dtype):
    axis = plane(op, dtype=dtype)[1].axis
    places = np.linspace(0.01, 0.99, 99)
    numbers = axis.numbers(places)
    assert (np.diff(numbers) > 0).all()
    assert np.allclose(axis.places(numbers), places, atol=1e-6)


def places(lines):
    return np.array([place for line in lines for place in line])


def test_sets_lie_where_the_formula_says():
    facts, where = plane(ss.logsumexp)
    sets = dangerous_sets(facts, where)
    a, b = places(sets["near zero"]).T
    numbers = where.axis.numbers(np.array([a, b]))
    # e^a + e^b = 1, to a few thousandths of the axis.
    other = where.axis.places(np.log1p(-np.exp(np.minimum(numbers[0], -1e-9))))
    near = numbers[0] < -0.1
    assert near.sum() > 20 and np.abs(other - b)[near].max() < 0.01
    assert np.abs(np.diff(places(sets["ties"]))).max() < 0.03
    edge = where.axis.places(math.log(np.finfo(float).max))
    over = places(sets["overflow edge"])
    assert (np.abs(over - edge) < 0.004).any(axis=1).mean() > 0.5


def test_sets_move_with_the_parameter_and_the_format():
    def edge(**changes):
        facts, where = plane(ss.softplus, n=1, **changes)
        edges = where.axis.numbers(places(dangerous_sets(facts, where)["overflow edge"]))
        return edges[edges > 0].min()

    assert edge() == pytest.approx(709.8, rel=0.02)
    assert edge(parameter=100.0) == pytest.approx(7.098, rel=0.02)
    assert edge(dtype="float32") == pytest.approx(88.7, rel=0.02)


def test_lines_that_meet_are_one():
    pairs = [((0.1, 0.0), (0.0, 0.0)), ((0.2, 0.1), (0.1, 0.0)), ((0.2, 0.1), (0.3, 0.3)), ((0.8, 0.8), (0.9, 0.9))]
    found = sorted(map(sorted, chained(pairs)))
    assert found == [[(0.0, 0.0), (0.1, 0.0), (0.2, 0.1), (0.3, 0.3)], [(0.8, 0.8), (0.9, 0.9)]]


def test_what_solves_an_equation_has_no_sets():
    assert dangerous_sets(*plane(ss.sparsemax, parameter=None)) == {}
