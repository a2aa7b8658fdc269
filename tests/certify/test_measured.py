"""The scale that an error is held to is |f| + sum |xi df/dx_j| + |parameter df/dparameter|, entries without weight left out."""

from fractions import Fraction
from math import inf

import pytest
from mpmath import mp

import smoothsym as ss
from smoothsym.certify.enclosure import fraction_of
from smoothsym.certify.instance import instance_of
from smoothsym.certify.measured import measure
from smoothsym.certify.scale import scale_program

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


@pytest.mark.parametrize("name, parameter", [("softmax", 2), ("boltzmann", 3), ("pnorm", 3)])
def test_what_all_entries_share_is_computed_once_and_changes_no_scale(name, parameter):
    row, of = [Fraction(v) for v in (1, 2, Fraction(5, 2), 7)], "value" if name == "softmax" else "gradient"
    together = measure(ss.operators[name], row, parameter, of)
    for component in range(len(row)):
        alone = measure(ss.operators[name], row, parameter, of)
        assert together.scales(component) == alone.scales(component)
    program = scale_program(ss.operators[name], of).program
    assert 0 < len(program.unplaced) < len(program.operations)
    assert all(program.operations[q].name != "position" for q in program.unplaced)


def test_an_entry_on_the_threshold_itself_is_known_to_all_bits():
    # The threshold is 71/64: secants that meet a kink there gain a bit or two each.
    row = [Fraction(v) for v in (2.125, 3.0, 2.0, 2.109375, 1.9296875, 2.109375, 2.125, 2.109375)]
    row += [Fraction(v) for v in (2.109375, 2.125, 2.125, 2.109375, 2.125, 2.125, 2.109375, 2.125)]
    instance, _ = instance_of(ss.sparsemax, row, "gamma", Fraction(1), "gradient")
    for low, high in instance.intervals(880):
        assert fraction_of(high) - fraction_of(low) < Fraction(1, 2**800)
