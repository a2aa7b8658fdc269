"""The one rounder agrees with independent truth: every 16-bit number, NumPy's casts, Python's exact division, and the definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from mpmath import libmp, mp

from smoothsym import formats
from smoothsym.formats import FORMATS, ROUNDINGS, Format

EPSILON = Fraction(1, 2**5000)
SIXTEEN = [FORMATS["float16"], FORMATS["bfloat16"]]


def by_name(fmt: Format) -> str:
    return fmt.name


def finite(fmt: Format) -> range:
    """The bit patterns of the numbers from 0 to the largest."""
    return range(fmt.infinity)


def defined(fmt: Format, value: Fraction, rounding: str) -> int:
    """Rounding by its definition: the neighbours found by bisection over all numbers of the format, the nearer one by comparison."""
    if value < 0:
        mirrored = {"down": "up", "up": "down"}.get(rounding, rounding)
        return fmt.sign_bit | defined(fmt, -value, mirrored)
    below, above = 0, fmt.infinity
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if fmt.decode(middle) <= value else (below, middle)
    low = fmt.decode(below)
    if value == low or rounding in ("down", "zero"):
        return below
    if rounding == "up":
        return above
    high = fmt.decode(above) if above < fmt.infinity else Fraction(2) ** (fmt.emax + 1)
    to_low, to_high = value - low, high - value
    return below if to_low < to_high or (to_low == to_high and below % 2 == 0) else above


def hostile(fmt: Format, generator: Random, count: int) -> Iterator[Fraction]:
    """Numbers of the format, midpoints, powers of two, thresholds, and what lies just beside them."""
    edges = [
        fmt.largest,
        fmt.largest + fmt.ulp(fmt.largest) / 2,
        2 * fmt.largest,
        fmt.smallest_normal,
        fmt.smallest_normal - fmt.smallest_subnormal / 2,
        fmt.smallest_subnormal,
        fmt.smallest_subnormal / 2,
        fmt.smallest_subnormal * 3 / 2,
        Fraction(1),
    ]
    for trial in range(count):
        bits = generator.randrange(fmt.infinity - 1)
        value = fmt.decode(bits)
        kind = generator.randrange(5)
        if kind == 0:
            value = (value + fmt.decode(bits + 1)) / 2
        elif kind == 1:
            value = Fraction(2) ** generator.randrange(fmt.emin - fmt.precision - 2, fmt.emax + 2)
        elif kind == 2:
            value = edges[trial % len(edges)]
        elif kind == 3:
            value = Fraction(generator.getrandbits(80) + 1, generator.getrandbits(80) + 1) * value
        value += generator.choice((-1, 0, 0, 1)) * abs(value) / 2 ** generator.choice((fmt.precision + 1, 90, 1500))
        yield value * generator.choice((-1, 1))


def disagreements(rounder: Callable[..., int], fmt: Format, count: int) -> int:
    generator = Random(fmt.name)
    return sum(
        rounder(value, 0, rounding) != defined(fmt, value, rounding)
        for value in hostile(fmt, generator, count)
        for rounding in ROUNDINGS
        if value
    )


@pytest.mark.parametrize("fmt", SIXTEEN, ids=by_name)
def test_every_number_is_read_and_kept(fmt: Format) -> None:
    numbers = fmt.to_array(np.arange(fmt.infinity)).astype(np.float64).tolist()
    for bits, number in zip(finite(fmt), numbers, strict=True):
        assert fmt.decode(bits) == number
        assert fmt.round(Fraction(number)) == bits
        if bits:
            assert fmt.round(Fraction(-number)) == fmt.sign_bit | bits


@pytest.mark.parametrize("fmt", SIXTEEN, ids=by_name)
def test_every_midpoint_goes_to_the_even_neighbour_and_what_is_beside_it_to_the_near_one(fmt: Format) -> None:
    for bits in finite(fmt):
        # In units of a quarter of the smallest number, all is whole.
        quarters = [int(fmt.decode(b) / fmt.smallest_subnormal) * 4 for b in (bits, bits + 1) if b < fmt.infinity]
        low, high = (
            quarters if len(quarters) == 2 else (quarters[0], int(2 ** (fmt.emax + 1) / fmt.smallest_subnormal) * 4)
        )
        middle, exponent = (low + high) // 2, fmt.emin - fmt.precision - 1
        at, below, above = (libmp.from_man_exp(middle + step, exponent) for step in (0, -1, 1))
        assert fmt.round(at) == bits + bits % 2
        assert fmt.round(at, -1) == fmt.round(below) == bits
        assert fmt.round(at, 1) == fmt.round(above) == bits + 1


def test_float32_from_float64_is_numpys_cast() -> None:
    generator = np.random.default_rng(7)
    bits = generator.integers(0, 2**64, 20_000, dtype=np.uint64)
    exponents = generator.integers(1023 - 152, 1023 + 129, bits.size).astype(np.uint64)
    bits = (bits & np.uint64(0x800FFFFFFFFFFFFF)) | (exponents << np.uint64(52))
    ties = bits & ~np.uint64((1 << 29) - 1) | np.uint64(1 << 28)
    doubles = np.concatenate([bits, ties, ties + np.uint64(1), ties - np.uint64(1)]).view(np.float64)
    with np.errstate(over="ignore", under="ignore"):
        cast = doubles.astype(np.float32).view(np.uint32).tolist()
    assert [FORMATS["float32"].round(libmp.from_float(v)) for v in doubles.tolist()] == cast


def test_float64_from_fractions_is_pythons_division() -> None:
    generator, fmt = Random(8), FORMATS["float64"]
    for value in hostile(fmt, generator, 5000):
        try:
            number = value.numerator / value.denominator
        except OverflowError:
            number = float("inf") if value > 0 else float("-inf")
        if value:
            assert fmt.round(value) == int(np.float64(number).view(np.uint64)), value


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=by_name)
def test_all_roundings_are_as_defined(fmt: Format) -> None:
    assert disagreements(fmt.round, fmt, 300) == 0


def test_rounding_twice_and_a_sticky_bit_left_out_are_caught() -> None:
    fmt, wide = FORMATS["float32"], FORMATS["float64"]

    def twice(value: Fraction, sticky: int, rounding: str) -> int:
        between = wide.round(value, sticky, rounding)
        return fmt.round(wide.decode(between), 0, rounding) if between & ~wide.sign_bit < wide.infinity else between

    assert disagreements(twice, fmt, 300) > 0
    assert fmt.round(Fraction(1), -1, "down") != fmt.round(Fraction(1), 0, "down")


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("fmt", FORMATS.values(), ids=by_name)
def test_sticky_is_a_step_too_small_to_see(fmt: Format, rounding: str) -> None:
    for value in [Fraction(0), *hostile(fmt, Random(9), 200)]:
        for sticky in (-1, 1):
            assert fmt.round(value, sticky, rounding) == fmt.round(value + sticky * EPSILON, 0, rounding), value


@pytest.mark.parametrize("exponent", [2000, 10**18, 10**30])
@pytest.mark.parametrize("fmt", FORMATS.values(), ids=by_name)
def test_exponents_without_measure(fmt: Format, exponent: int) -> None:
    huge, tiny = (libmp.from_man_exp(3, way) for way in (exponent, -exponent))
    top = fmt.infinity
    assert [fmt.round(huge, 0, way) for way in ROUNDINGS] == [top, top - 1, top, top - 1]
    assert [fmt.round(tiny, 0, way) for way in ROUNDINGS] == [0, 0, 1, 0]
    minus = [fmt.round(libmp.mpf_neg(v), 0, way) & ~fmt.sign_bit for v in (huge, tiny) for way in ROUNDINGS]
    assert minus == [top, top, top - 1, top - 1, 0, 1, 0, 0]


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=by_name)
def test_ordinals_and_ulps(fmt: Format) -> None:
    for value in hostile(fmt, Random(10), 200):
        bits = fmt.round(abs(value))
        place = fmt.ordinal(bits)
        assert fmt.ordinal(fmt.from_ordinal(-place)) == -place
        assert fmt.neighbours(bits) == (fmt.from_ordinal(place - 1), min(bits + 1, fmt.infinity))
        if abs(value) < fmt.largest:
            down, up = (fmt.round(abs(value), 0, way) for way in ("down", "up"))
            assert down == up or fmt.decode(up) - fmt.decode(down) == fmt.ulp(value)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), mp.inf, mp.nan, mp.ldexp(1, 10**18), mp.ldexp(1, -(10**18))]
)
def test_what_is_no_fraction_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"not finite|too long"):
        formats.to_fraction(value)


@pytest.mark.parametrize("value", ["1", True, None, 1j])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="no real number"):
        formats.to_fraction(value)


def test_numbers_are_taken_exactly() -> None:
    assert formats.to_fraction(0.1) == Fraction(0.1)
    assert formats.to_fraction(np.float32(0.1)) == Fraction(float(np.float32(0.1)))
    assert formats.to_fraction(mp.mpf(3) / 8) == Fraction(3, 8)
    assert formats.to_fraction(np.int64(-7)) == -7


@pytest.mark.parametrize("rounding", formats.ROUNDINGS)
@pytest.mark.parametrize("name", formats.FORMATS)
def test_arrays_are_rounded_as_each_number_is(name: str, rounding: str) -> None:
    fmt, generator = formats.get(name), np.random.default_rng(1)
    edges = [fmt.smallest_subnormal / 2, fmt.smallest_subnormal * 3 / 2, fmt.smallest_normal, fmt.largest]
    if fmt.precision < 53:
        edges += [fmt.largest * (1 + fmt.u / 2), fmt.largest * (1 + fmt.u), fmt.largest * 2, 1 + fmt.u, 1 + 3 * fmt.u]
    values = np.concatenate(
        [
            generator.normal(0, 1, 300) * 10.0 ** generator.integers(-50, 45, 300),
            generator.normal(0, 1, 300) * 10.0 ** generator.integers(-8, 6, 300),
            [float(edge) for edge in edges if float(edge)],
        ]
    )
    values = np.concatenate([values, -values])
    found = fmt.round_floats(values, rounding).tolist()
    assert found == [fmt.round(Fraction(value), 0, rounding) for value in values.tolist()]
    assert fmt.round_floats(np.array([np.inf, -np.inf, 0.0, -0.0]), rounding).tolist() == [
        fmt.infinity, fmt.infinity | fmt.sign_bit, 0, fmt.sign_bit,
    ]  # fmt: skip
