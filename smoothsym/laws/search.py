"""Points that refute a law: those at which float code sees it broken, judged by enclosures; its extreme points among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from sympy import S

from smoothsym import words
from smoothsym.certify.roots import enclosed
from smoothsym.laws.points import LENGTHS, Function, Sample, Span, allowed_parameters, beside, others, samples
from smoothsym.program.intervals import Indeterminate, Undefined
from smoothsym.symbolic.levels import Levels, t

CLOSE = 12
"""How many of the most suspicious points are judged by enclosures."""

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
    settings: tuple[tuple[str, str], ...] = ()
    """What the other free symbols of the law stand for."""

    def __str__(self) -> str:
        def shown(v: tuple[Fraction, ...]) -> str:
            return "(" + ", ".join(map(str, v)) + ")"

        said = [f"x = {shown(self.x)}"]
        said += [f"y = {shown(self.y)}"] if self.y is not None else []
        said += [f"t = {self.t}"] if self.t is not None else []
        said += [f"{self.name} = {self.parameter}"] if self.parameter is not None else []
        said += [f"{symbol} = {value}" for symbol, value in self.settings]
        return f"{', '.join(said)}: {self.left} {self.relation} {self.right}"


def counterexample(
    op: Any,
    sides: Sides,
    when: Any,
    equality: bool,
    uses: str,
    prepared: Callable[[Sample], Sample],
    extremes: Sequence[Extreme] = (),
) -> Witness | None:
    """A point whose enclosures exclude left <= right (or left = right), the roundest found; None where there is none.

    `uses` says which of x, y and t the sides depend on; `prepared` turns a sample into one that the law is about; `extremes` are
    the points at which a law claims that its bound is attained, so that a smaller one would fall there.
    """
    f = Function(op)
    for suspects in _suspects(op, f, lambda g, at: sides(g, prepared(at)), when, equality, extremes):
        for sample, q in suspects:
            point = prepared(sample.one(q))
            try:
                pairs = _pairs(*sides(f, point))
            except (Indeterminate, Undefined, ArithmeticError, ValueError):
                continue
            for left, right in pairs:
                if right.below(left) or (equality and left.below(right)):
                    parameter = point.parameter[0] if op.parameter is not None else None
                    name = op.parameter.name if op.parameter is not None else ""
                    relation = "is not" if equality else ">"
                    y = tuple(point.y[0]) if "y" in uses else None
                    at = point.t[0] if "t" in uses else None
                    row = tuple(point.x[0])
                    fixed = "(" + ", ".join(map(str, beside(len(row)))) + ")"
                    given = tuple((vector, fixed) for vector in others(op.program()))
                    return Witness(row, y, at, parameter, name, left, right, relation, given)
    return None


def _aligned(*sides: Any) -> list[Any]:
    """Sides with as many axes each: those of i and k after that of the points."""
    most = max(np.ndim(side) for side in sides)
    parts = [np.reshape(side, (*np.shape(side), *(1,) * (most - np.ndim(side)))) for side in sides]
    return list(np.broadcast_arrays(*parts))


def _pairs(left: Any, right: Any) -> list[tuple[Span, Span]]:
    """What is compared at one point: a pair of numbers, or one for every place of i and k."""
    left, right = (np.asarray(side, dtype=object) for side in (left, right))
    return [(Span.of(a), Span.of(b)) for a, b in zip(*(q.reshape(-1) for q in _aligned(left, right)), strict=True)]


def _suspects(
    op: Any, f: Function, sides: Sides, when: Any, equality: bool, extremes: Sequence[Extreme]
) -> Iterator[list[tuple[Sample, int]]]:
    """The points at which float code sees the law broken, shortest vectors and roundest numbers first."""
    allowed = allowed_parameters(op.parameter, when)
    if not allowed:
        return
    sampled = samples(op.domain, op.arity, op.kind == "modulus", allowed)
    for sample in (*sampled, *_extreme_samples(op, extremes, allowed)):
        with np.errstate(all="ignore"):
            left, right = _aligned(*sides(f, sample), sample.t)[:2]
            gap = np.abs(left - right) if equality else left - right
            size = np.abs(left) + np.abs(right) + 1e-6
            broken = np.flatnonzero((gap > 1e-7 * size).reshape(len(sample.t), -1).any(axis=1))
        yield [(sample, int(q)) for q in broken[:CLOSE]]


@dataclass(frozen=True)
class Extreme:
    """Where a bound is attained or approached: x, and how far y lies from it in each of its entries, where a law is about both."""

    x: Levels
    step: Levels | None = None


_FINE = (4, 10, 20, 44)
"""To how many bits an extreme point is rounded: the coarser, the easier to read."""
_FAR = (8, 30)
"""What t -> oo is tried as."""
_STEPS = (2.0**-6, 2.0**-10)
"""How far y lies from an extreme x, in units of the step."""


def _extreme_samples(op: Any, extremes: Sequence[Extreme], allowed: tuple[Fraction, ...]) -> Iterator[Sample]:
    """Points near the extreme ones of each length, for each parameter."""
    for n in LENGTHS if extremes and op.arity is None else (op.arity,) if extremes else ():
        rows, others, chosen = [], [], []
        for a, far, ties in product(allowed[:4], _FAR, range(1, max(n, 2))):
            values = {words.n: n, words.m: ties, words.Delta: 1, t: far}
            values |= {op.parameter: a} if op.parameter is not None else {}
            for extreme in extremes:
                row = _row(extreme.x, n, values)
                step = [0.0] * n if extreme.step is None else _row(extreme.step, n, values)
                if row is None or step is None or (op.domain == "positive" and min(row) <= 0):
                    continue
                for bits, size in product(_FINE, _STEPS if extreme.step is not None else _STEPS[:1]):
                    rounded = [round(v * 2**bits) / 2**bits for v in row]
                    rows.append(rounded)
                    others.append([u + size * d for u, d in zip(rounded, step, strict=True)])
                    chosen.append(float(a))
        if rows:
            found = np.unique(np.hstack([np.array(rows), np.array(others), np.array(chosen)[:, None]]), axis=0)
            yield Sample(found[:, :n], found[:, n:-1], np.ones(len(found)), found[:, -1])


def _row(levels: Levels, n: int, values: dict[Any, Any]) -> list[float] | None:
    """The vector of n entries in floats; None where it has not so many, or no such levels."""
    try:
        count, first, rest = (
            float(Span(enclosed(S(e), values, 80))) for e in (levels.count, levels.first, levels.rest)
        )
    except (ArithmeticError, ValueError, KeyError):
        return None
    return [first] * int(count) + [rest] * (n - int(count)) if count <= n else None
