"""Operator, value or gradient, and format in two halves: in each any two come together, and both have all three."""

from itertools import product

import pytest

import smoothsym as ss

FORMATS = ["float16", "bfloat16", "float32", "float64"]
PARTS = ["value", "gradient"]
NAMES = list(ss.operators)


def half(operators, which):
    """Parameters "op, of, dtype" of a test: those of half 0 or 1, and the others where there is time for what takes long."""
    return [
        pytest.param(
            op,
            of,
            dtype,
            marks=[pytest.mark.long] * ((NAMES.index(op.name) + PARTS.index(of) + FORMATS.index(dtype)) % 2 != which),
            id=f"{op.name}-{of}-{dtype}",
        )
        for op, of, dtype in product(operators, PARTS, FORMATS)
    ]
