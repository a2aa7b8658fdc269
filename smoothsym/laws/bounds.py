"""Laws of order: between which bounds the value lies, and how sharp they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Dummy, E, Expr, Indexed, IndexedBase, LambertW, S, Sum, exp

from smoothsym import words
from smoothsym.laws.law import Condition, Law, Nonnegative, Zero, condition
from smoothsym.laws.points import Function, Sample, larger
from smoothsym.laws.symmetry import Homogeneous, Translation, moved
from smoothsym.symbolic.inequalities import under
from smoothsym.symbolic.ranges import Bounded, Known, Unbounded, at_most, bounded, holds
from smoothsym.symbolic.text import text

Rules = Iterator[tuple[str, tuple[Condition, ...]]]
_GAP = IndexedBase("d", real=True)
_RATIO = {"real": IndexedBase("r", nonnegative=True), "positive": IndexedBase("r", positive=True)}
_SPREAD = Dummy("R", nonnegative=True)
"""maximum(x) - minimum(x)."""
_SAME = Dummy("c", real=True)
_LEAST = Dummy("q", positive=True)
"""The smallest ratio, minimum(x) / maximum(x)."""


def _by_moduli(op: Any) -> bool:
    """Whether entries enter by their moduli alone, as positive ones do: only then may ratios of moduli stand for them."""
    moduli = {e: Dummy("y") for e in op.definition.atoms(Abs) if isinstance(e.args[0], Indexed)}
    return op.domain == "positive" or not op.definition.xreplace(moduli).has(words.x)


@dataclass(frozen=True)
class InRange(Condition):
    """The condition that lower <= f <= upper by the ranges of its parts; the evidence is the tree of steps."""

    op: Any
    lower: Expr
    upper: Expr
    when: Any

    def prove(self) -> Any:
        for form, known in self._forms():
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
        low, high = self._claimed(self.lower), self._claimed(self.upper)
        shown = any(form == evidence.expression and holds(evidence, known) for form, known in self._forms())
        return shown and at_most(low, evidence.lo) and at_most(evidence.hi, high)

    @property
    def _moves(self) -> bool:
        return Translation().proof(self.op) is not None

    def _forms(self) -> Iterator[tuple[Expr, Known]]:
        """The value less the largest entry, in differences from it, or divided by it, in ratios to it."""
        if self.op.arity is not None:
            return
        if self._moves:
            yield (
                under(moved(self.op, lambda e: _GAP[e.indices[0]]), self.when),
                {_GAP: (-_SPREAD, S.Zero, S.Zero)},
            )
        elif self.op.kind == "modulus" and _by_moduli(self.op) and Homogeneous().proof(self.op) is not None:
            ratio = _RATIO[self.op.domain]
            form = moved(self.op, lambda e: ratio[e.indices[0]])
            for least in (S.Zero, _LEAST):
                yield under(form, self.when), {ratio: (least, S.One, S.One)}

    def _claimed(self, claim: Expr) -> Expr:
        """A claimed bound less the largest entry, or divided by it."""
        whole = Abs(words.x) if self.op.kind == "modulus" and self.op.domain == "real" else words.x
        top, low = words.maximum(whole), words.minimum(whole)
        if self._moves:
            return under((claim.xreplace({low: top - _SPREAD}) - top).expand(), self.when)
        return under((claim.xreplace({low: top * _LEAST}) / top).expand(), self.when)

    def __str__(self) -> str:
        return "the ranges of its parts"


@dataclass(frozen=True)
class Between(Law):
    """lower <= f(x) <= upper, expressions in maximum(x), minimum(x), mean(x), n and the parameter.

    `sharp` names a bound, "upper" or "lower", that is attained where all entries are equal.
    """

    lower: Expr
    upper: Expr
    when: Any = True
    sharp: str = ""

    def statement(self, op: Any) -> str:
        tail = f"; the {self.sharp} bound is sharp" if self.sharp else ""
        return f"{text(self.lower)} <= f <= {text(self.upper)}{tail}" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        attained: tuple[Condition, ...] = ()
        if self.sharp:
            bound = self.upper if self.sharp == "upper" else self.lower
            attained = (Zero(moved(op, lambda e: _SAME) - _all_equal(bound), op.domain),)
        if op.arity is not None:
            gaps = (
                op.definition - _written_out(self.lower, op.arity),
                _written_out(self.upper, op.arity) - op.definition,
            )
            yield "the differences are nonnegative", (*(Nonnegative(g, self.when, op.domain) for g in gaps), *attained)
            return
        yield "bounded term by term", (InRange(op, self.lower, self.upper, self.when), *attained)
        if op.parameter is not None and op.arity is None and self.when == (op.parameter > 0):
            top, gap = words.maximum(words.x), LambertW((words.n - 1) / E) / op.parameter
            if (self.lower, self.upper) == (top - gap, top):
                # With t_s = 0 and t_j >= 0, sum t exp(-t) / sum exp(-t) <= W((n - 1)/e), with equality at t_j = 1 + W.
                rule = "Lambert's W: the gap is a mean of t under weights exp(-t), t = parameter (max - x)"
                yield rule, (Zero(_mean_gap(op), op.domain),)

    def can_be_sampled(self, op: Any) -> bool:
        return _computable(self.lower, self.upper)

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


def _mean_gap(op: Any) -> Expr:
    """What vanishes if f = x_s - (1/a) sum t_j exp(-t_j) / sum exp(-t_j), t_j = a (x_s - x_j), for every s."""
    a, j = op.parameter, words.j
    t = a * (words.x[words.k] - words.x[j])
    over = (j, 1, words.n)
    return op.definition - words.x[words.k] + Sum(t * exp(-t), over) / Sum(exp(-t), over) / a


def _computable(*bounds: Expr) -> bool:
    """Whether a program computes each bound."""
    return not any(bound.has(LambertW) for bound in bounds)


def _all_equal(bound: Expr) -> Expr:
    """A bound where every entry is c."""
    c = _SAME
    swaps = {q: Abs(c) if q.args[0].has(Abs) else c for q in bound.atoms(words.Reduction)}
    return bound.xreplace(swaps)
