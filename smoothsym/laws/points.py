"""Where a law is tried: exact points with small coordinates, screened by float code and judged by enclosures alone.

A law is written once, as formulas in f, x, y and t. On arrays of floats they are evaluated for hundreds of points at once, to
find points worth a closer look; on Spans, which are enclosures with exact arithmetic on them, they decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from mpmath import libmp
from sympy import Rational

from smoothsym.program import arrays, intervals, numbers
from smoothsym.program.balls import Balls
from smoothsym.program.intervals import Indeterminate, Interval, Undefined

BITS = 160
"""The precision at which a law is judged."""
POINTS = 240
"""How many points of each length are screened."""
LENGTHS = (2, 3, 4)
CLOSE = 12
"""How many of the most suspicious points are judged by enclosures."""

_GRID = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 8, -8, 10, -10)
_PARAMETERS = tuple(
    Fraction(a, b) for a, b in ((1, 1), (2, 1), (1, 2), (3, 1), (5, 1), (3, 2), (-1, 1), (-2, 1), (-1, 2))
)


class Span:
    """An enclosure of a real number, with interval arithmetic on it."""

    __slots__ = ("ends",)

    def __init__(self, value: Any) -> None:
        self.ends: Interval = value if isinstance(value, tuple) else intervals.exact(Fraction(value), BITS)

    @staticmethod
    def of(value: Any) -> Span:
        return value if isinstance(value, Span) else Span(value)

    def _with(self, other: Any, function: Callable[..., Interval]) -> Span:
        return Span(function(self.ends, Span.of(other).ends, BITS))

    def __add__(self, other: Any) -> Span:
        return self._with(other, intervals.add)

    def __sub__(self, other: Any) -> Span:
        return self._with(other, intervals.sub)

    def __mul__(self, other: Any) -> Span:
        return self._with(other, intervals.mul)

    def __truediv__(self, other: Any) -> Span:
        return self._with(other, intervals.div)

    def __radd__(self, other: Any) -> Span:
        return Span.of(other) + self

    def __rsub__(self, other: Any) -> Span:
        return Span.of(other) - self

    def __rmul__(self, other: Any) -> Span:
        return Span.of(other) * self

    def __rtruediv__(self, other: Any) -> Span:
        return Span.of(other) / self

    def __neg__(self) -> Span:
        return Span(intervals.neg(self.ends))

    def __abs__(self) -> Span:
        return Span(intervals.absolute(self.ends))

    def below(self, other: Any) -> bool:
        """Whether every number of this enclosure is less than every number of the other."""
        return bool(libmp.mpf_lt(self.ends[1], Span.of(other).ends[0]))

    def __str__(self) -> str:
        low, high = (libmp.to_float(end) for end in self.ends)
        return f"{low:.10g}" if f"{low:.10g}" == f"{high:.10g}" else f"[{low:.17g}, {high:.17g}]"


def larger(a: Any, b: Any) -> Any:
    """The larger of two numbers, arrays or Spans."""
    if isinstance(a, np.ndarray) and a.dtype != object:
        return np.maximum(a, b)
    pick = np.frompyfunc(lambda u, w: Span(intervals.maximum(Span.of(u).ends, Span.of(w).ends)), 2, 1)
    return pick(a, b)


@dataclass(frozen=True)
class Sample:
    """Points of one length: x, y of shape (points, n), t and the parameter of shape (points,)."""

    x: Any
    y: Any
    t: Any
    parameter: Any

    def one(self, q: int) -> Sample:
        """One point, exactly: the grid is dyadic, so floats are what they say."""
        exact = np.frompyfunc(lambda v: Fraction(float(v)), 1, 1)
        return Sample(*(exact(part[q : q + 1]) for part in (self.x, self.y, self.t, self.parameter)))


@lru_cache(maxsize=64)
def samples(domain: str, arity: int | None, moduli: bool, allowed: tuple[Fraction, ...]) -> tuple[Sample, ...]:
    """The points on which laws are tried, the same for the same arguments; small numbers come first."""
    found = []
    for n in (arity,) if arity is not None else LENGTHS:
        rng = np.random.default_rng(1000 + n)
        reach = np.minimum(3 + np.arange(POINTS) // 12, len(_GRID))
        x, y = ((np.array(_GRID)[rng.integers(0, 1 << 30, (POINTS, n)) % reach[:, None]]) / 2.0 for _ in range(2))
        # A third of the pairs lie close together, and a third of the vectors have two levels.
        near = np.arange(POINTS) % 3 == 0
        y[near] = x[near] + np.array((0.0, 0.5, -0.5, 0.25))[rng.integers(0, 4, (int(near.sum()), n))]
        level = np.arange(POINTS) % 3 == 1
        x[level, 1:] = x[level, 1:2]
        if domain == "positive" or moduli:
            x, y = (np.where(v == 0, 0.25, v) for v in (x, y))
        if domain == "positive":
            x, y = np.abs(x), np.abs(y)
        t = np.array((1.0, 0.5, 2.0, 3.0))[rng.integers(0, 4, POINTS)]
        choice = np.array([float(a) for a in allowed])
        found.append(
            Sample(
                x, y, t, choice[rng.integers(0, 1 << 30, POINTS) % np.minimum(1 + np.arange(POINTS) // 8, len(choice))]
            )
        )
    return tuple(found)


def allowed_parameters(parameter: Any, when: Any) -> tuple[Fraction, ...]:
    """The parameters to try, of those that a condition admits."""
    if parameter is None:
        return (Fraction(1),)
    positive = bool(parameter.is_nonnegative)
    admitted = [a for a in _PARAMETERS if not (positive and a < 0)]
    if when is not True:
        admitted = [a for a in admitted if bool(when.subs(parameter, Rational(a.numerator, a.denominator)))]
    return tuple(admitted)


class Function:
    """f of an operator, on float arrays and on arrays of exact numbers and Spans alike; rows along the last axis."""

    def __init__(self, op: Any, of: str = "value") -> None:
        self.op, self.of = op, of

    def __call__(self, x: Any, parameter: Any) -> Any:
        return self._spans(x, parameter) if x.dtype == object else self._floats(x, parameter)

    def _floats(self, x: Any, parameter: Any) -> Any:
        symbols = {self.op.parameter.name: parameter} if self.op.parameter is not None else {}
        with np.errstate(all="ignore"):
            found = np.asarray(arrays.run(self.op.program(self.of), x, symbols)[0], dtype=float)
        return np.broadcast_to(found, x.shape[:1]) if found.ndim == 0 else found

    def _spans(self, x: Any, parameter: Any) -> Any:
        program = self.op.program(self.of)
        results: list[Any] = []
        for row, a in zip(x, np.broadcast_to(parameter, x.shape[:1]), strict=True):
            symbols = {self.op.parameter.name: Span.of(a).ends} if self.op.parameter is not None else {}
            found = numbers.run(program, Balls(BITS), {"x": [Span.of(v).ends for v in row]}, symbols)[0]
            results.append([Span(v) for v in found] if isinstance(found, list) else Span(found))
        return np.array(results, dtype=object)


Sides = Callable[[Function, Sample], tuple[Any, Any]]
"""(left, right) of a law left <= right, or left = right, as formulas in f and a sample."""


@dataclass(frozen=True)
class Witness:
    """A point at which the enclosures of the two sides exclude a law."""

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...] | None
    t: Fraction | None
    parameter: Fraction | None
    name: str
    left: Span
    right: Span
    relation: str

    def __str__(self) -> str:
        def shown(v: tuple[Fraction, ...]) -> str:
            return "(" + ", ".join(map(str, v)) + ")"

        said = [f"x = {shown(self.x)}"]
        said += [f"y = {shown(self.y)}"] if self.y is not None else []
        said += [f"t = {self.t}"] if self.t is not None else []
        said += [f"{self.name} = {self.parameter}"] if self.parameter is not None else []
        return f"{', '.join(said)}: {self.left} {self.relation} {self.right}"


def counterexample(
    op: Any, sides: Sides, when: Any, equality: bool, uses: str, prepared: Callable[[Sample], Sample]
) -> Witness | None:
    """A point whose enclosures exclude left <= right (or left = right), the roundest found; None where there is none.

    `uses` says which of x, y and t the sides depend on; `prepared` turns a sample into one that the law is about.
    """
    f = Function(op)
    for suspects in _suspects(op, f, lambda g, at: sides(g, prepared(at)), when, equality):
        for sample, q in suspects:
            point = prepared(sample.one(q))
            try:
                left, right = (Span.of(np.reshape(side, -1)[0]) for side in sides(f, point))
            except (Indeterminate, Undefined, ArithmeticError, ValueError):
                continue
            if right.below(left) or (equality and left.below(right)):
                parameter = point.parameter[0] if op.parameter is not None else None
                name = op.parameter.name if op.parameter is not None else ""
                relation = "is not" if equality else ">"
                y = tuple(point.y[0]) if "y" in uses else None
                return Witness(
                    tuple(point.x[0]), y, point.t[0] if "t" in uses else None, parameter, name, left, right, relation
                )
    return None


def _suspects(op: Any, f: Function, sides: Sides, when: Any, equality: bool) -> Iterator[list[tuple[Sample, int]]]:
    """The points at which float code sees the law broken, shortest vectors and roundest numbers first."""
    allowed = allowed_parameters(op.parameter, when)
    if not allowed:
        return
    for sample in samples(op.domain, op.arity, op.kind == "modulus", allowed):
        with np.errstate(all="ignore"):
            left, right = (np.broadcast_to(side, sample.t.shape) for side in sides(f, sample))
            gap = np.abs(left - right) if equality else left - right
            size = np.abs(left) + np.abs(right) + 1e-6
            broken = np.flatnonzero(gap > 1e-7 * size)
        yield [(sample, int(q)) for q in broken[:CLOSE]]
