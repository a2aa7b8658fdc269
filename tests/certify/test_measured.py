"""The scale that an error is held to is |f| + sum |xi df/dx_j| + |parameter df/dparameter|, entries without weight left out."""

from fractions import Fraction
from math import inf

import pytest
from mpmath import mp

import smoothsym as ss
from smoothsym.certify.measured import measure

ROWS = [
    ("boltzmann", [1.25, -0.5, 3.0], 0.75),
    ("boltzmann", [100.0, 101.5], -2.0),
    ("logsumexp", [1.25, -0.5, 3.0], 0.75),
    ("logsumexp", [-0.75, -0.75], 1.0),
    ("mellowmax", [1.25, -0.5, 3.0, 3.0], -1.5),
    ("pnorm", [1.25, -0.5, 3.0], 2.5),
    ("pnorm", [-2.0, 3.0], 0.5),
]
IDLE = [
    ("pnorm", [-7.25, -1.75, -7.5], 6.875, 0.0),
    ("logsumexp", [0.5, 2.0], 1.0, -inf),
    ("boltzmann", [3.0, 1.0], 2.0, -inf),
]
DEFINITIONS = {
    "boltzmann": lambda x, a: sum(v * mp.exp(a * v) for v in x) / sum(mp.exp(a * v) for v in x),
    "logsumexp": lambda x, a: mp.log(sum(mp.exp(a * v) for v in x)) / a,
    "mellowmax": lambda x, a: mp.log(sum(mp.exp(a * v) for v in x) / len(x)) / a,
    "pnorm": lambda x, p: sum(abs(v) ** p for v in x) ** (1 / p),
}


def slope(f, point, place, order=1):
    """The derivative of f by the entry at a place, numerically."""
    return mp.diff(lambda t: f([*point[:place], t, *point[place + 1 :]]), point[place], order)


def scale(f, point, origin):
    """|f| + sum |xi df/dx_j| + |parameter df/dparameter|; the parameter stands last."""
    *x, parameter = point
    entries = sum(abs((v - origin) * slope(f, point, place)) for place, v in enumerate(x))
    return abs(f(point)) + entries + abs(parameter * slope(f, point, len(x)))


def measured(name, row, parameter, of):
    return measure(ss.operators[name], [v if v == -inf else Fraction(v) for v in row], Fraction(parameter), of)


@pytest.mark.parametrize(("name", "row", "parameter"), ROWS)
def test_the_scale_is_what_rounding_the_input_may_cost(name, row, parameter):
    def value(point):
        return DEFINITIONS[name](point[:-1], point[-1])

    with mp.workprec(300):
        point = [mp.mpf(v) for v in (*row, parameter)]
        assert mp.almosteq(measured(name, row, parameter, "value").scales(), scale(value, point, 0), 1e-12)
        found = measured(name, row, parameter, "gradient")
        origin = 0 if name == "pnorm" else max(row)
        for place in range(len(row)):
            wanted = scale(lambda point, place=place: slope(value, point, place), point, origin)
            assert mp.almosteq(found.scales(place), wanted, 1e-12)


@pytest.mark.parametrize(("name", "row", "parameter", "idle"), IDLE)
def test_entries_without_weight_change_no_scale(name, row, parameter, idle):
    for of in ("value", "gradient"):
        alone, beside = measured(name, row, parameter, of), measured(name, [idle, *row, idle], parameter, of)
        for place in range(len(row) if of == "gradient" else 1):
            assert mp.almosteq(beside.scales(place + (of == "gradient")), alone.scales(place), 1e-15)
