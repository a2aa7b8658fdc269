"""That a bound is attained, or approached: at a vector of two levels both sides are the same number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Dummy, Expr, S, Sum, exp, oo, powdenest

from smoothsym import words
from smoothsym.laws.law import Condition, one_form
from smoothsym.symbolic import asymptotics, moments, signs
from smoothsym.symbolic.analytic import differentiable
from smoothsym.symbolic.inequalities import under
from smoothsym.symbolic.levels import Levels, larger_first, t
from smoothsym.symbolic.roots import roots, told_by

_Z = Dummy("z", nonnegative=True)


@dataclass(frozen=True)
class Attained(Condition):
    """expression = bound at a vector of two levels, for every n; where a level has t in it, their difference tends to 0 as t -> oo.

    The expression may have one entry x[i] beside its sums, which then is at the first level.
    """

    expression: Expr
    bound: Expr
    at: Levels
    when: Any = True
    domain: str = "real"

    def accepts(self, evidence: Any) -> bool:
        if evidence != self:
            return False
        gap = self._gap()
        if gap is None or gap.has(Sum, words.x):
            return False
        if not self.at.approached:
            return moments.is_zero(gap)
        if _vanishes_with_exponentials(gap):
            return True
        try:
            return bool(asymptotics.limit(gap, t, oo) == 0)
        except asymptotics.Undecided:
            return False

    def _gap(self) -> Expr | None:
        found = roots(S(self.bound) + S(self.at.first) + S(self.at.rest))
        told = told_by(found[0]) if len(found) == 1 else {}
        if (found and not told) or not one_form(self.when):
            return None

        def plain(e: Any) -> Expr:
            return under(S(e).xreplace(dict.fromkeys(found, _Z)), self.when)

        swaps = {plain(old): plain(new) for old, new in told.items()}
        first, rest = (plain(e).xreplace(swaps) for e in (self.at.first, self.at.rest))
        levels = Levels(first, rest, plain(self.at.count))
        ordered = larger_first(levels)
        try:
            whole = Levels.entry(levels.value(plain(self.expression - self.bound), ordered), words.i, levels.first)
        except ValueError:
            return None
        return whole.xreplace(swaps)

    def __str__(self) -> str:
        return f"attained at {self.at}"


def said_of(at: Levels) -> str:
    """Where a bound is attained, in words."""
    return ("approached as t -> oo" if at.approached else "attained") + f" at {at}"


def _vanishes_with_exponentials(gap: Expr) -> bool:
    """Whether an expression in exp(-c t), c > 0, smooth in them from 0 on, is 0 where they are: so it tends to 0 as t -> oo."""
    gap = powdenest(gap, force=True)
    names = {e: Dummy("small", nonnegative=True) for e in gap.atoms(exp) if signs.positive(-e.args[0] / t)}
    written = gap.xreplace(names)
    continuous = all(differentiable(written, name) for name in names.values())
    at_zero = written.xreplace(dict.fromkeys(names.values(), S.Zero))
    return continuous and not written.has(t) and moments.is_zero(at_zero)
