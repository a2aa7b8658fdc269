"""Vectors of two levels, (a, ..., a, b, ..., b): where sums are two terms, and where the extreme cases of smooth maxima lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Abs, Expr, Indexed, S, Sum, Symbol, expand_log, log

from smoothsym import words
from smoothsym.symbolic import signs
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold
from smoothsym.symbolic.text import text

t = Symbol("t", positive=True)
"""A level that tends to oo, for bounds that are approached and not attained."""


@dataclass(frozen=True)
class Levels:
    """`count` entries are `first`, the n - count others `rest`: expressions in n, the parameter, m and t."""

    first: Any
    rest: Any
    count: Any = 1

    def __str__(self) -> str:
        first, rest = text(self.first), text(self.rest)
        if first == rest:
            return f"x = ({first}, ..., {first})"
        head = first if self.count == 1 else f"{first} ({text(self.count)} times)"
        if len(rest) < 8:
            return f"x = ({head}, {rest}, ..., {rest})"
        return f"x = ({head}, b, ..., b), b = {rest}"

    @property
    def approached(self) -> bool:
        """Whether it stands for a sequence of vectors, t -> oo."""
        return t in (S(self.first) + S(self.rest)).free_symbols

    def value(self, e: Expr, ordered: tuple[Expr, Expr] | None = None) -> Expr:
        """An expression at this vector: each sum over 1..n is its terms at both levels, as often as they occur.

        `ordered` is (the larger level, the smaller one), where maximum(x) or minimum(x) stand in it.
        """
        if isinstance(e, words.maximum | words.minimum):
            if ordered is None:
                raise ValueError(f"which level is {e} is not known")
            level = ordered[0 if isinstance(e, words.maximum) else 1]
            return Abs(level) if e.args[0].has(Abs) else level
        if isinstance(e, SimplexMaximum | Threshold):
            if self.first != self.rest:
                raise ValueError(f"{e} is known where all entries are equal, and not at two levels")
            return e.xreplace({q: S(self.first) for q in e.atoms(Indexed) if q.base == words.x})
        if isinstance(e, words.mean):
            return S(self.count * S(self.first) + (words.n - self.count) * S(self.rest)) / words.n
        if isinstance(e, Sum):
            (index, low, high), *more = reversed(e.limits)
            if (low, high) != (1, words.n):
                raise ValueError(f"the sum over {index} runs from {low} to {high}, not over all entries")
            # Sums inside come first: their index may have the same name.
            inner = self.value(Sum(e.function, *reversed(more)) if more else e.function, ordered)
            first, rest = (self.entry(inner, index, level) for level in (self.first, self.rest))
            return self.count * first + (words.n - self.count) * rest
        if isinstance(e, Indexed) and e.base == words.x and e.indices[0].is_Integer and S(self.count).is_Integer:
            return S(self.first if e.indices[0] <= self.count else self.rest)
        if not e.args or isinstance(e, Indexed):
            return e
        return e.func(*(self.value(a, ordered) for a in e.args))

    @staticmethod
    def entry(e: Expr, index: Any, level: Any) -> Expr:
        """An expression in x[index] where that entry is at a level."""
        return e.xreplace({words.x[index]: S(level)})


def larger_first(levels: Levels) -> tuple[Expr, Expr] | None:
    """(the larger level, the smaller one) where the form of their difference, or that of their logarithms, says so."""
    first, rest = S(levels.first), S(levels.rest)
    gaps = [first - rest, factored(first - rest)]
    if signs.positive(first) and signs.positive(rest):
        gaps.append(expand_log(log(first) - log(rest), force=True))
    for gap in gaps:
        if signs.nonnegative(gap):
            return first, rest
        if signs.nonnegative(-gap):
            return rest, first
    return None
