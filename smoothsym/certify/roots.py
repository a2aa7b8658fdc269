"""Roots are enclosed by bisection: a change of sign that enclosures certify has the root between, to any precision."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sympy import Dummy, Expr, Rational, S, Symbol, oo

from smoothsym.certify import decimals
from smoothsym.program import intervals, numbers
from smoothsym.program.balls import Balls
from smoothsym.program.intervals import Indeterminate, Interval
from smoothsym.program.lower import lower
from smoothsym.program.operations import Program
from smoothsym.symbolic.roots import equation_of, interval_of, roots

_Z = Dummy("z", real=True)
_GUARD = 16


def enclosed(e: Expr, values: Mapping[Symbol, Any] | None = None, bits: int = 160) -> Interval:
    """An enclosure of an expression in numbers alone, roots of equations included, its symbols at exact values.

    The ends come as close as `bits` bits allow. Raises ArithmeticError where no sign tells a root from its neighbours.

    >>> from smoothsym.symbolic.roots import Lambda
    >>> from smoothsym.words import n
    >>> digits(Lambda(n), {n: 2}, 12)
    '1.19967864026'
    """
    exact = {q: Rational(Fraction(v).numerator, Fraction(v).denominator) for q, v in (values or {}).items()}
    return _enclosed(S(e).xreplace(exact), bits)


def digits(e: Expr, values: Mapping[Symbol, Any] | None = None, k: int = 15) -> str:
    """The same as a decimal that is rounded correctly to k digits.

    Raises ArithmeticError where precision doubling does not decide it: a number that is itself a decimal of k + 1 digits.
    """
    bits = 4 * k + 32
    for _ in range(5):
        found = decimals.decided(enclosed(e, values, bits), k)
        if found is not None:
            return decimals.written(found, k)
        bits *= 2
    raise ArithmeticError(f"{bits} bits do not decide {k} digits of {e}")


@lru_cache(maxsize=4096)
def _enclosed(e: Expr, bits: int) -> Interval:
    found: dict[Expr, Interval] = {}
    names: dict[Expr, Symbol] = {}
    for root in roots(e):
        name = Dummy(f"r{len(names)}", real=True)
        found[name] = _root(root, bits)
        names[root] = name
    return _Numbers(e.xreplace(names), bits).at(found)


class _Numbers:
    """An expression in symbols alone as a program that runs on enclosures."""

    def __init__(self, e: Expr, bits: int) -> None:
        # A program knows symbols by their names.
        self.names = {s: Symbol(f"q{place}") for place, s in enumerate(sorted(e.free_symbols, key=str))}
        self.program: Program = lower([e.xreplace(self.names)])
        self.arithmetic = Balls(bits)

    def at(self, values: Mapping[Any, Interval]) -> Interval:
        symbols = {str(self.names[s]): v for s, v in values.items() if s in self.names}
        found: Interval = numbers.run(self.program, self.arithmetic, {"x": []}, symbols)[0]
        return found


@lru_cache(maxsize=4096)
def _root(root: Expr, bits: int) -> Interval:
    """Neighbours in 2^-bits of the root's size with the root between."""
    wide = bits + _GUARD
    inner = {a: _root(a, wide) for q in root.args for a in roots(q)}
    names = {a: Dummy("a", real=True) for a in inner}
    equation = _Numbers(equation_of(root, _Z).xreplace(names), wide)
    known = {names[a]: v for a, v in inner.items()}

    def sign(at: Fraction) -> int:
        low, high = (intervals.mpf_sign(end) for end in equation.at({**known, _Z: intervals.exact(at, wide)}))
        if low != high:
            raise Indeterminate(f"the sign of the equation of {root} is not decided at {at} with {wide} bits")
        return int(low)

    low, high = _bracket(root, sign)
    while (high - low) * 2**bits > max(abs(low), high - low):
        middle = (low + high) / 2
        try:
            side = sign(middle)
        except Indeterminate:
            # As close as this precision tells; both ends have their sign.
            break
        if side == 0:
            return intervals.exact(middle, bits)
        low, high = (middle, high) if side < 0 else (low, middle)
    return intervals.exact(low, bits)[0], intervals.exact(high, bits)[1]


def _bracket(root: Expr, sign: Any) -> tuple[Fraction, Fraction]:
    """Where the equation is not positive, and where it is."""
    first, last = interval_of(root)
    low = Fraction(int(first.p), int(first.q))
    if sign(low) > 0:
        raise ArithmeticError(f"{root} has no root from {first} on")
    step = Fraction(1)
    for _ in range(64):
        if last == oo:
            high = low + step
            step *= 2
        else:
            step /= 2
            high = Fraction(int(last.p), int(last.q)) - step * (Fraction(int(last.p), int(last.q)) - low)
        if sign(high) > 0:
            return low, high
    raise ArithmeticError(f"the equation of {root} does not become positive")
