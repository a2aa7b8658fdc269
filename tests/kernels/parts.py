"""Operator, value or gradient, and format in parts: each of four parts has every operator's value and gradient in one format."""

from itertools import product

import pytest

import smoothsym as ss

FORMATS = ["float16", "bfloat16", "float32", "float64"]
PARTS = ["value", "gradient"]
NAMES = list(ss.operators)


def part(operators, which):
    """Parameters "op, of, dtype" of a test: those of a part, 0 to 3, and the others where there is time for what takes long."""
    return [
        pytest.param(
            op,
            of,
            dtype,
            marks=[pytest.mark.long] * ((NAMES.index(op.name) + PARTS.index(of) + FORMATS.index(dtype)) % 4 != which),
            id=f"{op.name}-{of}-{dtype}",
        )
        for op, of, dtype in product(operators, PARTS, FORMATS)
    ]
