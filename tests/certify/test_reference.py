"""References are rounded once, correctly: in every format and direction, at ties, beside them, below the normals and beyond the largest."""

import random
from fractions import Fraction

import numpy as np
import pytest

import smoothsym as ss
from smoothsym import formats

WAYS = ("nearest", "down", "up", "zero")
SMALL = {"float16": 65504, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38}


@pytest.mark.parametrize("dtype", formats.FORMATS)
@pytest.mark.parametrize("rounding", WAYS)
def test_a_known_value_is_rounded_as_the_format_rounds_it(dtype, rounding):
    generator = random.Random(dtype)
    fmt = formats.get(dtype)
    rows = [[Fraction(generator.getrandbits(70), 1 << generator.randint(30, 90))] for _ in range(30)]
    rows += [[-v] for (v,) in rows]
    found = ss.reference(ss.logsumexp, rows, alpha=3, dtype=dtype, rounding=rounding)
    assert found.dtype == fmt.dtype
    assert fmt.bits_of(found).tolist() == [fmt.round(v, 0, rounding) for (v,) in rows]


@pytest.mark.parametrize(
    ("x", "p", "nearest", "down", "up"),
    [
        ([3 * (2**24 + 1), 4 * (2**24 + 1)], 2, 5 * 2**24 + 8, 5 * 2**24, 5 * 2**24 + 8),  # 5 (2^24 + 1), not a tie
        ([2**24, 1], 1, 2**24, 2**24, 2**24 + 2),  # a tie, to even
        ([2**24, 3], 1, 2**24 + 4, 2**24 + 2, 2**24 + 4),  # a tie, to even
        ([4, 9], Fraction(1, 2), 25, 25, 25),  # representable
    ],
)
def test_ties_and_exact_values_are_settled_by_algebra(x, p, nearest, down, up):
    for rounding, expected in (("nearest", nearest), ("down", down), ("up", up), ("zero", down)):
        assert ss.reference(ss.pnorm, x, p=p, dtype="float32", rounding=rounding) == expected


@pytest.mark.parametrize(
    ("dtype", "tie", "even"), [("float64", 1 + 2.0**-53, 1.0), ("float32", 1 + 2.0**-24, 1.0), ("float16", 2049, 2048)]
)
def test_a_tail_of_any_size_moves_a_value_off_its_tie(dtype, tie, even):
    tie = Fraction(1) + Fraction(1, 2**53) if dtype == "float64" else Fraction(tie)
    above = float(formats.get(dtype).ulp(Fraction(even))) + even
    assert ss.reference(ss.logsumexp, [tie, -1e300], alpha=1, dtype=dtype) == above
    assert ss.reference(ss.logsumexp, [tie, 1e300], alpha=-1, dtype=dtype) == even
    assert ss.reference(ss.logsumexp, [tie], alpha=1, dtype=dtype) == even


@pytest.mark.parametrize(
    ("x", "alpha", "nearest", "down", "up", "zero"),
    [
        ([0, -745], 1, 5e-324, 0.0, 5e-324, 0.0),
        ([0, -746], 1, 0.0, 0.0, 5e-324, 0.0),
        ([0, 746], -1, -0.0, -5e-324, -0.0, -0.0),
        ([1.7976931348623157e308, 0], 1e-308, np.inf, 1.7976931348623157e308, np.inf, 1.7976931348623157e308),
        ([-1.7976931348623157e308, 0], -1e-308, -np.inf, -np.inf, -1.7976931348623157e308, -1.7976931348623157e308),
    ],
)
def test_both_ends_of_the_range(x, alpha, nearest, down, up, zero):
    for rounding, expected in (("nearest", nearest), ("down", down), ("up", up), ("zero", zero)):
        found = ss.reference(ss.logsumexp, x, alpha=alpha, rounding=rounding)
        assert (float(found), bool(np.signbit(found))) == (expected, bool(np.signbit(expected)))


@pytest.mark.parametrize(("dtype", "largest"), SMALL.items())
def test_overflow_begins_half_a_unit_beyond_the_largest(dtype, largest):
    fmt = formats.get(dtype)
    edge = fmt.largest + fmt.ulp(fmt.largest) / 2
    assert float(fmt.largest) == largest
    for x, alpha, expected in (([edge, -1e300], 1, np.inf), ([edge, 1e300], -1, largest), ([edge], 1, np.inf)):
        assert ss.reference(ss.logsumexp, x, alpha=alpha, dtype=dtype) == expected
        negated = [-v for v in x]
        assert ss.reference(ss.logsumexp, negated, alpha=-alpha, dtype=dtype) == -expected


def test_a_reference_is_what_the_digits_round_to():
    generator = random.Random(0)
    for op in ss.operators.values():
        rows = [[generator.gauss(0, 3) for _ in range(op.arity or 4)] for _ in range(25)]
        rows = [[abs(v) for v in row] for row in rows] if op.domain == "positive" else rows
        for of in ("value", op.parameter.name):
            found = ss.reference(op, rows, of=of).tolist()
            digits = ss.enclose(op, rows, of=of, digits=40)
            assert np.all(found == np.vectorize(lambda e: float(e.digits(40)), otypes=[float])(digits))
