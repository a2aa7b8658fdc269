"""Where a law is tried: exact points with small coordinates, screened by float code and judged by enclosures alone.

A law is written once, as formulas in f, x, y and t. On arrays of floats they are evaluated for hundreds of points at once, to
find points worth a closer look; on Spans, which are enclosures with exact arithmetic on them, they decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from mpmath import libmp
from sympy import Expr, Rational, Symbol

from smoothsym import words
from smoothsym.certify.roots import enclosed
from smoothsym.program import arrays, intervals, numbers
from smoothsym.program.balls import Balls
from smoothsym.program.intervals import Interval, Undefined
from smoothsym.program.operations import Program
from smoothsym.symbolic.assumptions import Range, ranges
from smoothsym.symbolic.roots import is_root

BITS = 160
"""The precision at which a law is judged."""
POINTS = 240
"""How many points of each length are screened."""
LENGTHS = (2, 3, 4)

_GRID = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 8, -8, 10, -10)
_BESIDE = (Fraction(1, 4), Fraction(1, 2), Fraction(4), Fraction(2))
_PARAMETERS = tuple(
    Fraction(a, b) for a, b in ((1, 1), (2, 1), (1, 2), (3, 1), (5, 1), (3, 2), (-1, 1), (-2, 1), (-1, 2))
)
_BETWEEN = tuple(Fraction(a, 8) for a in (4, 0, 8, 2, 6, 1, 7))
"""Where in a range with two ends a parameter is tried, as parts of it."""


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

    def __float__(self) -> float:
        return float(libmp.to_float(self.ends[0]))

    def __str__(self) -> str:
        low, high = (libmp.to_float(end) for end in self.ends)
        return f"{low:.10g}" if f"{low:.10g}" == f"{high:.10g}" else f"[{low:.17g}, {high:.17g}]"


def larger(a: Any, b: Any) -> Any:
    """The larger of two numbers, arrays or Spans."""
    if isinstance(a, np.ndarray) and a.dtype != object:
        return np.maximum(a, b)
    pick = np.frompyfunc(lambda u, w: Span(intervals.maximum(Span.of(u).ends, Span.of(w).ends)), 2, 1)
    return pick(a, b)


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two numbers, arrays or Spans."""
    return -larger(-a, -b)


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
    reach = ranges(when).get(parameter, Range())
    if reach.low.is_Rational and reach.high.is_Rational:
        low, high = (Fraction(int(end.p), int(end.q)) for end in (reach.low, reach.high))
        # Points are floats first, and a float beside the end of a range is outside of what a law claims.
        tried = [Fraction(float(low + part * (high - low))) for part in _BETWEEN]
    else:
        tried = [a for a in _PARAMETERS if not (parameter.is_nonnegative and a < 0)]
    return tuple(a for a in tried if when is True or bool(when.subs(parameter, Rational(a.numerator, a.denominator))))


def others(program: Program) -> list[str]:
    """The vectors that a program reads beside x."""
    return sorted({str(o.datum) for o in program.operations if o.name == "x"} - {"x"})


def beside(size: int) -> list[Fraction]:
    """What a vector beside x is taken for: unequal positive numbers, with a sum below their number for two, and above it for three."""
    return [_BESIDE[q % len(_BESIDE)] for q in range(size)]


class Function:
    """A formula of an operator, on float arrays and on arrays of exact numbers and Spans alike; rows along the last axis.

    What stands beside x in the operator, such as weights, is the same at every point (`beside`). Numbers that an equation tells are
    enclosed; `m` and `Delta` are the ties of the largest entry and its distance to the next one.
    The result has the shape of the rows, and an axis for each of i and k where either is free.
    """

    def __init__(self, op: Any, of: Any = "value", form: str = "stable") -> None:
        self.op, self.form = op, form
        of = of.xreplace(op.fixed) if isinstance(of, Expr) else of
        self.roots = {r: Symbol(f"root_{place}") for place, r in enumerate(sorted(_outermost(of), key=str))}
        self.of = of.xreplace(self.roots) if self.roots else of
        free = of.free_symbols if isinstance(of, Expr) else set()
        self.tied = bool(free & {words.m, words.Delta})
        self.axes = tuple(q in free for q in (words.i, words.k))

    def __call__(self, x: Any, parameter: Any) -> Any:
        found = self._spans(x, parameter) if x.dtype == object else self._floats(x, parameter)
        if not any(self.axes) or found.ndim < 1 + sum(self.axes):
            return found
        lengths = (x.shape[-1] if used else 1 for used in self.axes)
        return found.reshape(x.shape[0], *lengths)

    def _floats(self, x: Any, parameter: Any) -> Any:
        symbols = {self.op.parameter.name: parameter} if self.op.parameter is not None else {}
        ties = np.ones(x.shape[0])
        if self.tied:
            top = x.max(axis=-1, keepdims=True)
            symbols["m"] = ties = (x == top).sum(axis=-1).astype(float)
            with np.errstate(all="ignore"):
                symbols["Delta"] = np.where(x == top, np.inf, top - x).min(axis=-1)
        if self.roots:
            keys = [*zip(np.broadcast_to(parameter, x.shape[:1]).tolist(), ties.tolist(), strict=True)]
            for root, name in self.roots.items():
                known = {key: self._near(root, x.shape[-1], *map(Fraction, key)) for key in set(keys)}
                symbols[name.name] = np.array([known[key] for key in keys])
        program = self.op.program(self.of, self.form)
        vectors = {name: np.array([float(v) for v in beside(x.shape[-1])]) for name in others(program)}
        with np.errstate(all="ignore"):
            found = np.asarray(arrays.run(program, x, symbols, vectors=vectors)[0], dtype=float)
        return np.broadcast_to(found, x.shape[:1]) if found.ndim == 0 else found

    def _spans(self, x: Any, parameter: Any) -> Any:
        program = self.op.program(self.of, self.form)
        results: list[Any] = []
        for row, a in zip(x, np.broadcast_to(parameter, x.shape[:1]), strict=True):
            symbols = {self.op.parameter.name: Span.of(a).ends} if self.op.parameter is not None else {}
            falls = [max(row) - v for v in row] if self.tied else [0]
            if self.tied:
                symbols["m"] = Span(falls.count(0)).ends
                if not any(falls) and words.Delta in self.of.free_symbols:
                    raise Undefined("there is no second level where all entries are equal")
                symbols["Delta"] = Span(min((v for v in falls if v), default=0)).ends
            ties = Fraction(falls.count(0))
            symbols |= {name.name: self._root(root, len(row), a, ties).ends for root, name in self.roots.items()}
            vectors = {"x": [Span.of(v).ends for v in row]}
            vectors |= {name: [Span(v).ends for v in beside(len(row))] for name in others(program)}
            found = numbers.run(program, Balls(BITS), vectors, symbols)[0]
            results.append(_spanned(found))
        return np.array(results, dtype=object)

    def _near(self, root: Expr, length: int, parameter: Fraction, ties: Fraction) -> float:
        """A root in floats; nan where the equation has none."""
        try:
            return float(self._root(root, length, parameter, ties))
        except (ArithmeticError, ValueError):
            return float("nan")

    def _root(self, root: Expr, length: int, parameter: Fraction, ties: Fraction) -> Span:
        values: dict[Any, Any] = {words.n: length, words.m: ties}
        if self.op.parameter is not None:
            values[self.op.parameter] = parameter
        return Span(enclosed(root, values, BITS))


def _outermost(of: Any) -> list[Expr]:
    """The numbers in a formula that an equation tells, those inside of others left out."""
    if not isinstance(of, Expr):
        return []
    if is_root(of):
        return [of]
    return list({r for a in of.args for r in _outermost(a)})


def _spanned(found: Any) -> Any:
    return [_spanned(v) for v in found] if isinstance(found, list) else Span(found)
