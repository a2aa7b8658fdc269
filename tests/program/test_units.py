"""Powers with numbers for exponents: no norm or mean of a user's overflows or underflows where its value does not."""

import numpy as np
import pytest
from sympy import Abs, Rational, Sum, sqrt

import smoothsym as ss
from smoothsym.program.units import unit_form

x, j, n = ss.x, ss.j, ss.n
REAL = {
    "norm2": sqrt(Sum(x[j] ** 2, (j, 1, n))),
    "norm3": Sum(Abs(x[j]) ** 3, (j, 1, n)) ** Rational(1, 3),
    "rms": sqrt(Sum(x[j] ** 2, (j, 1, n)) / n),
}
POSITIVE = {
    "contraharmonic": Sum(x[j] ** 2, (j, 1, n)) / Sum(x[j], (j, 1, n)),
    "harmonic": n / Sum(1 / x[j], (j, 1, n)),
    "half": Sum(sqrt(x[j]), (j, 1, n)) ** 2,
}
OPERATORS = [ss.SmoothMax(name, e) for name, e in REAL.items()]
OPERATORS += [ss.SmoothMax(name, e, domain="positive") for name, e in POSITIVE.items()]


# Each operator with one of what is derived from it, in one format; any three together where there is time.
EVERYWHERE = [
    pytest.param(
        op,
        of,
        dtype,
        marks=[pytest.mark.long] * ((number + place) % 2 or (number // 2 + width) % 2),
        id=f"{op}-{of}-{dtype}",
    )
    for number, op in enumerate(OPERATORS)
    for place, of in enumerate(["value", "gradient"])
    for width, dtype in enumerate(["float64", "float32"])
]


@pytest.mark.parametrize("op, of, dtype", EVERYWHERE)
def test_stable_kernels_hold_where_the_definition_leaves_the_range(op, of, dtype):
    suffix = "" if of == "value" else "_gradient"
    stable = ss.audit(op.kernels[f"stable{suffix}"], op, of=of, dtype=dtype, budget=100)
    assert stable.verdict == "holds" and stable.max_scaled < (8 if op.name == "harmonic" else 4), stable
    naive = ss.audit(op.kernels[f"naive{suffix}"], op, of=of, dtype=dtype, budget=100)
    # The harmonic mean divides once, and the root of a root is in range.
    assert naive.verdict == "falls short" or (op.name, of) in (
        ("half", "value"),
        ("half", "gradient"),
        ("harmonic", "value"),
    )


@pytest.mark.parametrize("op", OPERATORS, ids=str)
def test_the_error_is_within_the_derived_bound(op):
    rng = np.random.default_rng(3)
    bound = ss.bound(op)
    for scale in (1.0, 2.0**600, 2.0**-600):
        for row in np.abs(rng.normal(size=(5, 6))) * scale:
            exact = ss.enclose(op, row, digits=30).mid
            assert abs(float(op(row)) - exact) <= bound.rigorous(row) < 40 * np.spacing(float(exact))


def test_a_largest_entry_of_zero_is_no_unit():
    assert OPERATORS[0](np.zeros(3)) == 0 and OPERATORS[2](np.zeros((2, 3))).tolist() == [0, 0]


def test_what_is_not_homogeneous_has_no_unit():
    assert unit_form(Sum(x[j] ** 2, (j, 1, n)) + 1) is None
