"""Laws of order: between which bounds the value lies, and how sharp they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Dummy, Expr, Indexed, IndexedBase, S

from smoothsym import words
from smoothsym.laws.attained import Attained, said_of
from smoothsym.laws.law import Condition, Law, Nonnegative, condition, one_form
from smoothsym.laws.means import ByExtremeMean, measures
from smoothsym.laws.points import Function, Sample, larger
from smoothsym.laws.search import Extreme
from smoothsym.laws.simplex import bounds
from smoothsym.laws.symmetry import Homogeneous, Translation, moved
from smoothsym.symbolic.inequalities import under
from smoothsym.symbolic.levels import Levels
from smoothsym.symbolic.ranges import Bounded, Entries, Known, Unbounded, at_most, bounded, holds
from smoothsym.symbolic.simplex import SimplexMaximum
from smoothsym.symbolic.text import text

Rules = Iterator[tuple[str, tuple[Condition, ...]]]
_GAP = IndexedBase("d", real=True)
_RATIO = {"real": IndexedBase("r", nonnegative=True), "positive": IndexedBase("r", positive=True)}
_SPREAD = Dummy("R", nonnegative=True)
"""maximum(x) - minimum(x)."""
_SAME = Dummy("c", real=True)
_LEAST = Dummy("q", positive=True)
"""The smallest ratio, minimum(x) / maximum(x)."""


def by_moduli(op: Any) -> bool:
    """Whether entries enter by their moduli alone, as positive ones do: only then may ratios of moduli stand for them."""
    moduli = {e: Dummy("y") for e in op.definition.atoms(Abs) if isinstance(e.args[0], Indexed)}
    return op.domain == "positive" or not op.definition.xreplace(moduli).has(words.x)


@dataclass(frozen=True)
class InRange(Condition):
    """The condition that lower <= f <= upper (None: nothing claimed) by the ranges of its parts; the evidence is the tree of steps.

    Where a bound speaks of m and Delta, m entries are the largest, one is Delta below, and the others not above that one.
    """

    op: Any
    lower: Expr | None
    upper: Expr | None
    when: Any

    def prove(self) -> Any:
        for form, known, _ in self._forms():
            try:
                tree = bounded(form, known)
            except Unbounded:
                continue
            if self.accepts(tree):
                return tree
        return None

    def accepts(self, evidence: Any) -> bool:
        if not isinstance(evidence, Bounded):
            return False
        for form, known, extreme in self._forms():
            if form != evidence.expression or not holds(evidence, known):
                continue
            below = self.lower is None or at_most(self._claimed(self.lower, extreme), evidence.lo)
            if below and (self.upper is None or at_most(evidence.hi, self._claimed(self.upper, extreme))):
                return True
        return False

    @property
    def _moves(self) -> bool:
        return Translation().proof(self.op) is not None

    def _forms(self) -> Iterator[tuple[Expr, Entries, type[words.Reduction]]]:
        """The value less the largest or the smallest entry, in differences from it; or divided by the largest, in ratios to it."""
        if self.op.arity is not None or not one_form(self.when):
            return
        if self._moves:
            form = under(moved(self.op, lambda e: _GAP[e.indices[0]]), self.when)
            yield form, {_GAP: Known(-_SPREAD, S.Zero, self._levels())}, words.maximum
            others = ((S.One, S.Zero, S.Zero), (words.n - 1, S.Zero, _SPREAD))
            if not self._named & {words.m, words.Delta}:
                yield form, {_GAP: Known(S.Zero, _SPREAD, others)}, words.minimum
        elif self.op.kind == "modulus" and by_moduli(self.op) and Homogeneous().proof(self.op) is not None:
            ratio = _RATIO[self.op.domain]
            form = under(moved(self.op, lambda e: ratio[e.indices[0]]), self.when)
            for least in (S.Zero, _LEAST):
                ends = ((S.One, S.One, S.One), (words.n - 1, least, S.One))
                yield form, {ratio: Known(least, S.One, ends)}, words.maximum

    @property
    def _named(self) -> set[Any]:
        return {q for bound in (self.lower, self.upper) if bound is not None for q in bound.free_symbols}

    def _levels(self) -> tuple[tuple[Expr, Expr, Expr], ...]:
        """How many entries lie how far below the largest: it and the others; m ties, one Delta below, and the rest."""
        n, m, below = words.n, words.m, -words.Delta
        if words.Delta in self._named:
            return (m, S.Zero, S.Zero), (S.One, below, below), (n - m - 1, -_SPREAD, below)
        count = m if m in self._named else S.One
        return (count, S.Zero, S.Zero), (n - count, -_SPREAD, S.Zero)

    def _claimed(self, claim: Expr, extreme: type[words.Reduction]) -> Expr:
        """A claimed bound less the extreme entry, or divided by it."""
        whole = Abs(words.x) if self.op.kind == "modulus" and self.op.domain == "real" else words.x
        top, low = words.maximum(whole), words.minimum(whole)
        if self._moves and extreme is words.minimum:
            return under((claim.xreplace({top: low + _SPREAD}) - low).expand(), self.when)
        if self._moves:
            return under((claim.xreplace({low: top - _SPREAD}) - top).expand(), self.when)
        return under((claim.xreplace({low: top * _LEAST}) / top).expand(), self.when)

    def __str__(self) -> str:
        return "the ranges of its parts"


@dataclass(frozen=True)
class Between(Law):
    """lower <= f(x) <= upper, expressions in maximum(x), minimum(x), mean(x), n and the parameter.

    `sharp` names a bound, "upper" or "lower", that is attained, or approached as t -> oo: at the levels `at`, or where all entries
    are equal. A bound may speak of `m`, how many entries tie for the largest, and of `Delta`, its distance to the next one.
    """

    lower: Expr
    upper: Expr
    when: Any = True
    sharp: str = ""
    at: Levels | None = None

    def statement(self, op: Any) -> str:
        tail = ""
        if self.sharp:
            where = f": {said_of(self.at)}" if self.at is not None else ""
            tail = f"; the {self.sharp} bound is sharp{where}"
        return f"{text(self.lower)} <= f <= {text(self.upper)}{tail}" + condition(self.when)

    def scope(self, op: Any) -> str:
        named = self.lower.free_symbols | self.upper.free_symbols
        if words.Delta in named:
            return "every n > m" + condition(self.when)
        return super().scope(op)

    @property
    def _levels(self) -> Levels:
        return self.at or Levels(_SAME, _SAME)

    @property
    def _sharp_bound(self) -> Expr:
        return self.upper if self.sharp == "upper" else self.lower

    def sufficient(self, op: Any) -> Rules:
        attained: tuple[Condition, ...] = ()
        if self.sharp:
            attained = (Attained(op.definition, self._sharp_bound, self._levels, self.when, op.domain),)
        if op.arity is not None:
            gaps = (
                op.definition - _written_out(self.lower, op.arity),
                _written_out(self.upper, op.arity) - op.definition,
            )
            yield "the differences are nonnegative", (*(Nonnegative(g, self.when, op.domain) for g in gaps), *attained)
            return
        if op.definition.has(SimplexMaximum):
            rule = "a vertex of the simplex and its middle bound the maximum"
            yield rule, (*bounds(op.definition, S(self.lower), S(self.upper), self.when), *attained)
            return
        yield "bounded term by term", (InRange(op, self.lower, self.upper, self.when), *attained)
        rule = "a mean of distances is largest where all other entries are equal"
        below, above = InRange(op, self.lower, None, self.when), InRange(op, None, self.upper, self.when)
        for measure in measures(op):
            yield rule, (self._mean(op, op.definition - self.lower, measure), above, *attained)
            yield rule, (below, self._mean(op, self.upper - op.definition, measure), *attained)

    def _mean(self, op: Any, gap: Expr, measure: str) -> Condition:
        count = words.m if gap.has(words.m) else S.One
        return ByExtremeMean(gap, op.parameter, measure, self.when, op.domain, count)

    def extremes(self, op: Any) -> tuple[Extreme, ...]:
        return (Extreme(self.at),) if self.at is not None else ()

    def can_be_sampled(self, op: Any) -> bool:
        return True

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        value = f(at.x, at.parameter)
        low, high = (Function(f.op, e)(at.x, at.parameter) for e in (self.lower, self.upper))
        # The larger of the two violations, against 0.
        return larger(low - value, value - high), at.t * 0


def _written_out(e: Expr, arity: int) -> Expr:
    """maximum, minimum and mean of one or two entries by moduli."""
    a, b = words.x[1], words.x[arity]
    swaps = {
        words.maximum(words.x): (a + b + Abs(a - b)) / 2,
        words.minimum(words.x): (a + b - Abs(a - b)) / 2,
        words.mean(words.x): (a + b) / 2,
    }
    return e.xreplace(swaps)
