"""A program in enclosures: what it says at low precision agrees with what it says at high precision, for every operator."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from diagonal import diagonal
from mpmath import libmp
from sympy import exp

import smoothsym as ss
from smoothsym.program import intervals, numbers
from smoothsym.program.balls import Balls
from smoothsym.program.lower import lower


def enclosures(program: Any, x: Sequence[Fraction], symbols: dict[str, Fraction], bits: int) -> list[Any]:
    """All outputs of a program at a precision, in one list."""
    balls = Balls(bits)
    found = numbers.run(
        program,
        balls,
        {"x": [balls.number(v) for v in x]},
        {name: balls.number(v) for name, v in symbols.items()},
    )
    return list(flat(found))


def flat(value: Any) -> Any:
    if isinstance(value, list):
        for entry in value:
            yield from flat(entry)
    else:
        yield value


def within(inner: Any, outer: Any) -> bool:
    return libmp.mpf_le(outer[0], inner[0]) and libmp.mpf_le(inner[1], outer[1])


def rows(generator: Random, op: Any) -> Sequence[Fraction]:
    size = op.arity or generator.choice((1, 2, 3, 9))
    scale = generator.choice((1e-300, 1e-3, 1.0, 30.0, 1e5))
    values = [Fraction(scale * generator.gauss(0, 1)) for _ in range(size)]
    return [abs(v) for v in values] if op.domain == "positive" else values


def strays(op: Any, of: str, count: int = 12) -> int:
    """How many enclosures at low precision do not hold the far narrower ones at high precision."""
    generator, missed = Random(f"{op.name} {of}"), 0
    for _ in range(count):
        x = rows(generator, op)
        symbols = {q.name: Fraction(generator.choice((0.7, 1.3, 2.0, 5.5))) for q in op.parameters}
        truth = enclosures(op.program(of), x, symbols, 3000)
        for bits in (30, 53, 90, 300):
            try:
                found = enclosures(op.program(of), x, symbols, bits)
            except intervals.Indeterminate:
                continue
            missed += sum(not within(narrow, outer) for narrow, outer in zip(truth, found, strict=True))
    return missed


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "of"), diagonal(list(ss.operators), ["value", "gradient"]))
def test_low_precision_holds_high_precision(name: str, of: str) -> None:
    assert strays(ss.operators[name], of) == 0


def test_an_exponential_that_is_a_little_too_narrow_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def nearest(a: Any, prec: int) -> Any:
        low, _ = intervals.exp(a, prec)
        return (low, low)

    class Bold(Balls):
        def __init__(self, bits: int) -> None:
            super().__init__(bits)
            self._functions["exp"] = nearest

    monkeypatch.setattr(f"{__name__}.Balls", Bold)
    assert strays(ss.logsumexp, "value") > 0


@pytest.mark.parametrize("bits", [60, 200])
def test_well_conditioned_values_lose_a_few_bits_only(bits: int) -> None:
    x = [Fraction(k, 7) for k in range(1, 200)]
    for op in (ss.logsumexp, ss.boltzmann):
        ((low, high),) = enclosures(op.program("value"), x, {"alpha": Fraction(1)}, bits)
        assert libmp.mpf_lt(libmp.mpf_sub(high, low), libmp.mpf_shift(high, 8 - bits))


def test_what_a_tiny_term_says_is_kept() -> None:
    """1e300 + exp(-1e300) is above 1e300: the lower end is 1e300 itself."""
    top = Fraction(1e300)
    ((low, high),) = enclosures(lower([ss.x[1] + exp(-ss.x[1])]), [top], {}, 60)
    assert low == intervals.exact(top, 60)[0] and libmp.mpf_gt(high, low)


def test_exact_inputs_stay_exact() -> None:
    balls = Balls(20)
    assert intervals.is_point(balls.number(Fraction(2**200 + 1, 2**90)))
    assert not intervals.is_point(balls.number(Fraction(1, 3)))
    assert balls.apply("sub", balls.number(Fraction(7)), balls.number(Fraction(7))) == intervals.ZERO
    assert (
        balls.apply("exp", intervals.ZERO)
        == intervals.ONE
        == balls.apply("pow", balls.number(Fraction(-3)), intervals.ZERO)
    )
    assert balls.apply("log", intervals.ONE) == balls.apply("log1p", intervals.ZERO) == intervals.ZERO
    assert balls.apply("expm1", intervals.ZERO) == intervals.ZERO


def test_extremes_and_their_position() -> None:
    balls = Balls(20)
    values = [balls.number(Fraction(v)) for v in (-1, 5, 5, -7)]
    assert balls.extremum("max", values) == values[1]
    assert balls.extremum("min", values) == values[3]
    assert balls.argmax(values) == 1
