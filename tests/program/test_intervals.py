"""Enclosures are judged by Arb: they hold the truth, and are narrow; one made too narrow is caught."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import flint
import pytest
from arb_judge import arb, holds, mantissa, point, width
from mpmath import libmp

from smoothsym.program import elementary, intervals
from smoothsym.program.intervals import Indeterminate, Undefined

PRECISIONS = (20, 53, 77, 113, 300, 1000)
ONE = flint.arb(1)
UNARY = {
    "exp": (intervals.exp, lambda t: t.exp(), 60),
    "expm1": (intervals.expm1, lambda t: t.expm1(), 60),
    "log": (intervals.log, lambda t: t.log(), 200),
    "log1p": (intervals.log1p, lambda t: t.log1p(), 200),
}


def raw(value: Any) -> Any:
    value = Fraction(value)
    return libmp.from_rational(value.numerator, value.denominator, 2000, "n")


def interval(low: Any, high: Any) -> Any:
    return (raw(low), raw(high))


def argument(name: str, generator: Random, prec: int, high: int) -> Any:
    """A point of the function's domain; for log and log1p close to where they vanish as well."""
    t = point(generator, prec, -2 * prec, high)
    if name == "log":
        t = libmp.mpf_abs(t)
        if generator.randrange(4) == 0:
            t = libmp.mpf_add(libmp.fone, libmp.mpf_shift(t, -t[2] - t[3] - generator.randrange(1, 2 * prec)))
        if generator.randrange(20) == 0:
            t = libmp.mpf_shift(t, generator.choice((-1, 1)) * 10**18)
    if name == "log1p" and t[0] and t[2] + t[3] > 0:
        t = libmp.mpf_neg(t)
    return t


def worst(name: str, count: int, precisions: Any = PRECISIONS, seed: str = "") -> tuple[int, float]:
    """How many enclosures at points miss the truth, and the greatest width in units of 2^-prec."""
    function, judge, high = UNARY[name]
    generator = Random(name + seed)
    missed, widest = 0, 0.0
    for trial in range(count):
        prec = precisions[trial % len(precisions)]
        t = argument(name, generator, prec, high)
        ends = function((t, t), prec)
        flint.ctx.prec = 2 * prec + 60 + 3 * prec
        truth = judge(arb(t))
        missed += not holds(ends, truth)
        widest = max(widest, width(ends, truth, prec))
    return missed, widest


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_points_hold_the_truth_and_are_narrow(name: str) -> None:
    missed, widest = worst(name, 3000)
    assert missed == 0
    assert widest < 4.01  # two units in the last place, where they are largest


# ---- the integer kernels: the true error beside the claimed one -----------------------------------------------------------------


def claims(kernel: Any, judge: Any, low: Fraction, high: Fraction, count: int) -> list[float]:
    """True over claimed error of a kernel on fixed-point integers, at random and at extreme arguments."""
    generator, ratios = Random(3), []
    for trial in range(count):
        w = generator.choice((12, 14, 33, 100, 400, 1500))
        ends = int(low * 2**w), int(high * 2**w)
        m = generator.choice(
            (generator.randint(*ends), generator.choice(ends), 2**w - 1, 1 - 2 ** (w // 2), trial % 9 - 4)
        )
        if not ends[0] <= m <= ends[1]:
            continue
        value, error = kernel(m, w)
        flint.ctx.prec = 3 * w
        off = abs(judge(flint.arb((m, -w))) * flint.arb((1, w)) - flint.arb(int(value)))
        ratios.append(float(off.upper()) / error)
    return ratios


def test_kernels_err_less_than_they_claim() -> None:
    exponential = claims(elementary.expm1, lambda t: t.expm1(), Fraction(-1), Fraction(1), 2000)
    logarithm = claims(elementary.log, lambda t: t.log(), Fraction(3, 4), Fraction(3, 2), 1000)
    assert max(exponential) <= 1 and max(logarithm) <= 1
    for bits in (8, 9, 20, 100, 3000, 40_000):
        flint.ctx.prec = bits + 80
        truth = flint.arb.const_log2() * flint.arb((1, bits))
        assert abs(truth - flint.arb(int(elementary.ln2(bits)))) < 2


def test_an_error_bound_too_small_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def bold(r: Any, w: int) -> tuple[Any, int]:
        value, error = kernel(r, w)
        return value, max(1, error // 64)

    kernel = elementary.expm1
    assert max(claims(bold, lambda t: t.expm1(), Fraction(-1), Fraction(1), 500)) > 1
    assert worst("exp", 600)[0] == 0
    monkeypatch.setattr(elementary, "expm1", lambda r, w: (kernel(r, w)[0], 0))
    monkeypatch.setattr(intervals, "_guard", lambda prec: 0)
    assert worst("exp", 600)[0] > 0


# ---- intervals ------------------------------------------------------------------------------------------------------------------


def inside(generator: Random, ends: Any) -> list[Fraction]:
    """The ends of an interval and a rational between them."""
    low, high = (exact(end) for end in ends)
    return [low, high, low + (high - low) * Fraction(generator.randrange(1001), 1000)]


def exact(end: Any) -> Fraction:
    return Fraction(-int(end[1]) if end[0] else int(end[1])) * Fraction(2) ** int(end[2])


def wide(generator: Random, prec: int, low: int = -70, high: int = 70) -> Any:
    """An interval: a point, narrow or wide, of one sign, with an end at 0, or on both sides of it."""
    first = point(generator, prec, low, high)
    kind = generator.randrange(5)
    if kind == 0:
        return (first, first)
    if kind == 1:
        second = libmp.mpf_mul(first, libmp.from_man_exp((1 << prec) + mantissa(generator, prec) % 1000, -prec))
    elif kind == 2:
        second = libmp.fzero
    else:
        second = point(generator, prec, low, high)
    return (first, second) if libmp.mpf_le(first, second) else (second, first)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic_holds_every_pair_and_is_sharp(name: str) -> None:
    generator = Random(name)
    function = getattr(intervals, name)
    operation = {
        "add": Fraction.__add__,
        "sub": Fraction.__sub__,
        "mul": Fraction.__mul__,
        "div": Fraction.__truediv__,
    }[name]
    for _ in range(3000):
        prec = generator.choice((5, 20, 53, 100))
        a, b = wide(generator, prec), wide(generator, prec)
        if name == "div" and exact(b[0]) <= 0 <= exact(b[1]):
            with pytest.raises((Indeterminate, Undefined)):
                function(a, b, prec)
            continue
        low, high = map(exact, function(a, b, prec))
        corners = [operation(u, v) for u in map(exact, a) for v in map(exact, b)]
        assert low <= min(corners) and max(corners) <= high
        for end, corner in ((low, min(corners)), (high, max(corners))):
            assert abs(end - corner) < abs(corner) * Fraction(2, 2**prec) or end == corner


def test_a_long_operand_is_added_outward() -> None:
    """mpmath's addition rounds this one inward: the long mantissa ends just beyond a number of 30 bits."""
    a, b = (Fraction(2**600 + 2**100 + 1), -Fraction(2**400 + 1, 2**101))
    low, _ = intervals.add(intervals.exact(a, 30), intervals.exact(b, 30), 30)
    assert exact(low) <= a + b
    theirs = libmp.mpf_add(raw_exactly(a), raw_exactly(b), 30, "f")
    assert exact(theirs) > a + b


def raw_exactly(value: Fraction) -> Any:
    return intervals.exact(value, 1)[0]


def test_sums_hold_the_truth() -> None:
    generator = Random("sum")
    for _ in range(500):
        prec = generator.choice((5, 53, 100))
        values = [wide(generator, prec) for _ in range(generator.choice((1, 2, 3, 50)))]
        low, high = map(exact, intervals.total(values, prec))
        sums = [sum((exact(v[side]) for v in values), Fraction(0)) for side in (0, 1)]
        largest = max(abs(exact(end)) for v in values for end in v)
        assert low <= sums[0] and sums[1] <= high
        assert sums[0] - low <= (largest / 4 + 2 * abs(sums[0])) / 2**prec
        assert high - sums[1] <= (largest / 4 + 2 * abs(sums[1])) / 2**prec
    assert intervals.total([intervals.ZERO] * 3, 20) == intervals.ZERO


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_intervals_hold_the_truth(name: str) -> None:
    function, judge, _ = UNARY[name]
    generator = Random(name)
    for _ in range(1500):
        prec = generator.choice((20, 53, 100))
        a = wide(generator, prec, high=8)
        floor = {"log": Fraction(0), "log1p": Fraction(-1)}.get(name)
        if floor is not None and exact(a[0]) <= floor:
            with pytest.raises(Undefined if exact(a[1]) <= floor else Indeterminate):
                function(a, prec)
            continue
        ends = function(a, prec)
        flint.ctx.prec = 600
        values = [judge(flint.arb(flint.fmpq(v.numerator, v.denominator))) for v in inside(generator, a)]
        assert all(holds(ends, value) for value in values)
        low, high = (arb(end) for end in ends)
        # One evaluation serves a narrow interval: exp(d) is then bounded by 1 + d + d^2, d to 30 bits.
        d = arb(a[1]) - arb(a[0])
        excess = values[1] * (d**2 + d * flint.arb((1, -28))) if name == "exp" and d < 0.5 else 0
        assert values[0] - low <= abs(values[0]) * flint.arb((4, -prec))
        assert high - values[1] <= abs(values[1]) * flint.arb((4, -prec)) + excess


# ---- powers ---------------------------------------------------------------------------------------------------------------------

EXPONENTS = [2, 3, -1, -2, 17, 4095, 4096, 4097, -5001, 10**17, 10**17 + 1, -(10**17) - 1, 2**70]
EXPONENTS += [Fraction(p, 2) for p in (1, -1, 3, 1023, 1025, -7)] + [
    Fraction(1, 3),
    Fraction(-7, 5),
    Fraction(1, 2**80),
    0,
]


def arb_power(base: Fraction, exponent: Fraction) -> flint.arb:
    """base^exponent through the logarithm of the modulus, in Arb."""
    if base == 0:
        return flint.arb(0 if exponent else 1)
    magnitude = (
        flint.arb(flint.fmpq(abs(base).numerator, base.denominator)).log()
        * flint.fmpq(exponent.numerator, exponent.denominator)
    ).exp()
    return -magnitude if base < 0 and exponent.numerator % 2 else magnitude


@pytest.mark.parametrize("prec", [20, 80, 400])
@pytest.mark.parametrize("exponent", EXPONENTS, ids=str)
def test_powers(exponent: Any, prec: int) -> None:
    exponent, generator = Fraction(exponent), Random(f"{exponent} {prec}")
    b = intervals.exact(exponent, prec + 100)
    whole = exponent.denominator == 1
    for _ in range(60):
        a = wide(generator, prec, low=-40, high=40)
        low, high = map(exact, a)
        bad = (low <= 0 <= high and exponent < 0) or (low < 0 and not whole)
        if bad:
            with pytest.raises((Indeterminate, Undefined)):
                intervals.power(a, b, prec)
            continue
        ends = intervals.power(a, b, prec)
        flint.ctx.prec = prec + 1000
        for base in inside(generator, a):
            truth = arb_power(base, exponent)
            assert holds(ends, truth)
            if low == high and truth != 0:
                assert width(ends, truth, prec) < 5


def test_powers_at_the_edges() -> None:
    power = intervals.power
    assert power(interval(-2, -2), interval(3, 3), 53) == interval(-8, -8)
    assert power(interval(-1, 2), interval(2, 2), 53) == interval(0, 4)
    assert power(interval(-1, 2), interval(3, 3), 53) == interval(-1, 8)
    assert power(interval(-3, 2), interval(0, 0), 53) == intervals.ONE
    assert power(intervals.ZERO, interval(Fraction(7, 3), Fraction(7, 3)), 53) == intervals.ZERO
    for base, exponent in ((0, -1), (0, -(10**9)), (-2, Fraction(1, 2)), (-2, Fraction(1, 3))):
        with pytest.raises(Undefined):
            power(interval(base, base), intervals.exact(Fraction(exponent), 53), 53)
    with pytest.raises(Indeterminate):
        power(interval(-2, -2), interval(Fraction(5, 2), Fraction(7, 2)), 53)


# ---- arguments without measure --------------------------------------------------------------------------------------------------


def point_at(man: int, exponent: int) -> Any:
    end = libmp.from_man_exp(man, exponent)
    return (end, end)


@pytest.mark.parametrize("prec", [20, 80, 1000])
def test_exponents_of_any_size_end_at_once(prec: int) -> None:
    huge, tiny = point_at(3, 10**18), point_at(3, -(10**18))
    zero, one = libmp.fzero, libmp.fone
    low, high = intervals.exp(intervals.neg(huge), prec)
    assert low == zero and libmp.mpf_gt(high, zero) and high[2] < -(10**1000)
    for function in (intervals.exp, intervals.expm1):
        with pytest.raises(Undefined, match="too large to write"):
            function(huge, prec)
        with pytest.raises(Indeterminate, match="too large to write"):
            function((one, huge[1]), prec)
    assert intervals.exp(tiny, prec)[0] == one and intervals.exp(intervals.neg(tiny), prec)[1] == one
    assert intervals.exp((intervals.neg(huge)[0], intervals.neg(tiny)[1]), prec) == (zero, one)
    assert intervals.log1p(tiny, prec)[1] == tiny[1] and intervals.expm1(tiny, prec)[0] == tiny[0]
    assert exact(intervals.log(point_at(1, 10**18), prec)[0]) > Fraction(6931, 10**4) * 10**18
    assert intervals.power(point_at(1, -2), huge, prec)[0] == zero


@pytest.mark.parametrize("sign", [1, -1])
def test_exp_of_the_largest_doubles_is_undone_by_log(sign: int) -> None:
    t = Fraction(sign * 1e300)
    low, high = intervals.log(intervals.exp(intervals.exact(t, 80), 80), 80)
    assert exact(low) <= t <= exact(high)
    assert exact(high) - exact(low) <= abs(t) / 2**76
