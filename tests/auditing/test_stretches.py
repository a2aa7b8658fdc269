"""What the ends of a stretch tell of the rows between is what these are by themselves, and a law that does not hold would be seen."""

from math import inf, nan

import numpy as np
import pytest

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.exhaustive.references import references
from smoothsym.auditing.exhaustive.space import Space
from smoothsym.auditing.exhaustive.stretches import DOUBT, FREE, LENGTH, Stretches, confined
from smoothsym.auditing.measuring.measure import Task
from smoothsym.certify import special
from smoothsym.certify.measured_rows import FINE, value_rows
from smoothsym.program.dominance import Dominance

F16 = formats.get("float16")
ROWS = 1 << 10
ONES = {"softplus": "float32", "powermean": "float32", "logcosh": "bfloat16", "smoothabs": "float32"}
PAIRS = {"logsumexp": "float16", "mellowmax": "bfloat16", "smu": "float16", "powermean": "bfloat16", "pnorm": "float16"}


def apart(op, fmt, rows, parameter):
    """How far values by stretches are from those of the rows, in units of u |f| + eta; and how many rows the stretches tell."""
    task = Task(None, op, "value", fmt, 8.0, Passing(), True)
    there, here = (references(task, parameter, rows, how) for how in (confined(op, parameter, rows.shape[1]), ""))
    allowed = float(fmt.u) * np.abs(here.exact.values) + float(fmt.smallest_subnormal)
    told = 0 if there.stretches is None else LENGTH * np.count_nonzero(there.stretches.what)
    return float((np.abs(there.exact.values - here.exact.values) / allowed).max()), told


@pytest.mark.sampled
@pytest.mark.parametrize("name, dtype, n", [(k, v, 1) for k, v in ONES.items()] + [(k, v, 2) for k, v in PAIRS.items()])
def test_what_is_between_two_ends_is_what_they_say(name, dtype, n):
    op, fmt = ss.operators[name], formats.get(dtype)
    parameter = 3.0 if name in ("powermean", "pnorm") else 1.0
    assert confined(op, parameter, n)
    space, told = Space(fmt, n, op.domain == "positive"), 0
    starts = [int(share * (space.ordinary - ROWS)) for share in np.linspace(0.003, 0.998, 24)]
    if n == 2:
        # Where the second entry is beyond all positive numbers, and where it is the first one.
        firsts = [a * (a + 1) // 2 for a in range(fmt.infinity + 100, space.finite, 6007)]
        starts += [start + fmt.infinity - ROWS // 2 for start in firsts] + [start - ROWS // 2 for start in firsts]
    for start in starts:
        worst, some = apart(op, fmt, space.rows(start, start + ROWS), parameter)
        told += some
        assert worst <= DOUBT + 2 * FINE
    assert told > ROWS


@pytest.mark.parametrize(
    "name, parameter", [("boltzmann", 1.0), ("lehmer", 3.0), ("pnorm", 0.5), ("logsumexp", -1.0), ("logcosh", -1.0)]
)
def test_without_a_proof_no_stretch_is_taken(name, parameter):
    assert not confined(ss.operators[name], parameter, 2)


def test_a_law_that_does_not_hold_would_be_seen():
    """The modulus, taken to be monotone, is no constant between two numbers of one modulus."""
    x = np.linspace(-1, 1, LENGTH)[:, None]
    found = Stretches.of(x, lambda x: (np.abs(x), np.zeros(len(x), dtype=bool)), F16)
    values = np.zeros(LENGTH)
    found.fill(values)
    assert found.what[0] != FREE and np.abs(values - np.abs(x[:, 0])).max() > 0.9


def test_stretches_whose_ends_are_unknown_are_free():
    x = np.arange(2.0 * LENGTH + 3)[:, None]
    left = np.array([True, False] * 2)
    # What stands for an unknown value tells nothing: the first stretch seems to fall.
    found = Stretches.of(x, lambda x: (np.array([[9.0], [5.0], [0.0], [5.0]]), left), F16)
    assert found.what.tolist() == [FREE, 1] and found.free.tolist() == [*range(64), 128, 129, 130]


@pytest.mark.parametrize(
    "kind, parameter", [("entry", 2.0), ("entry", -1.0), ("modulus", 3.0), ("modulus", -1.0), (None, 1.0)]
)
@pytest.mark.parametrize("turn", [1, -1])
def test_conditions_of_rows_are_those_of_each(kind, parameter, turn):
    numbers = [-inf, -1.0, -0.0, 0.0, 5e-324, 2.0, inf, nan]
    rows = np.array([[a, b] for a in numbers for b in numbers])
    found = special.conditions(rows, parameter, Dominance(kind, turn))
    for place, row in enumerate(rows.tolist()):
        named = [name for name, some in found.items() if some[place]]
        assert named == [name for name in [special.condition(row, parameter, Dominance(kind, turn))] if name]


@pytest.mark.parametrize("of", ["value", "gradient"])
def test_values_of_many_rows_are_those_that_are_measured(of):
    rng = np.random.default_rng(3)
    x = np.array([rng.normal(size=200) * 300, rng.normal(size=200)]).T
    x[7], x[9] = (nan, 0.0), (-inf, 1.0)
    for op, parameter in ((ss.logsumexp, 1.0), (ss.pnorm, 3.0), (ss.boltzmann, 2.0)):
        values, left = value_rows(op, x, parameter, of, fmt=F16)
        assert np.flatnonzero(left).tolist() == [7, 9]
        for place in (0, 3, 50):
            row = x[place].tolist()
            exact = ss.reference(op, [row], of=of, dtype="float64", **{op.parameter.name: parameter})[0]
            allowed = FINE * (float(F16.u) * np.abs(exact) + float(F16.smallest_subnormal))
            assert (np.abs(values[place] - exact) <= 1.001 * allowed).all()
