"""Where a function of any number of entries is convex in two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sympy import Dummy, Expr, Integer, Rational, S, Sum

from smoothsym import words
from smoothsym.laws.law import Condition, Holds, Law, condition, one_form
from smoothsym.laws.points import Function, Sample
from smoothsym.laws.search import Extreme
from smoothsym.laws.symmetry import Symmetric, Translation
from smoothsym.symbolic import signs
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.inequalities import plain, under
from smoothsym.symbolic.levels import Levels
from smoothsym.symbolic.roots import equation_of, roots
from smoothsym.symbolic.text import text

_APART = Dummy("d", nonnegative=True)


@dataclass(frozen=True)
class PairConvex(Law):
    """For two entries, f is convex exactly where |parameter (x_1 - x_2)| <= edge, a multiple of a root."""

    edge: Expr
    when: Any = True

    def statement(self, op: Any) -> str:
        size = S.One if op.parameter is None else op.parameter
        apart = text(abs(size * (words.x[1] - words.x[2])))
        return f"of two entries convex where {apart} <= {text(self.edge)}, and nowhere else" + condition(self.when)

    def scope(self, op: Any) -> str:
        return "n = 2" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity is None and op.domain == "real"

    def sufficient(self, op: Any) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        parts = (
            Holds(Translation(), op),
            Holds(Symmetric(), op),
            BendsBefore(op.definition, op.parameter, self.edge, self.when),
        )
        yield "a function of the distance alone, whose second derivative is negative exactly behind the root", parts

    def extremes(self, op: Any) -> tuple[Extreme, ...]:
        size = S.One if op.parameter is None else op.parameter
        # A little inside, so that no rounding leads beyond.
        return (Extreme(Levels(0, -self.edge * (1 - Rational(1, 2**16)) / size), Levels(0, 1)),)

    def can_be_sampled(self, op: Any) -> bool:
        return True

    def uses(self, op: Any) -> str:
        return "xy"

    def prepared(self, at: Sample, op: Any) -> Sample:
        """Two entries, as near to each other as the law says."""
        bound = Function(op, self.edge if op.parameter is None else abs(self.edge / op.parameter), "naive")
        parameter = np.asarray(at.parameter, dtype=float)
        rows = [q[:, :2] for q in (at.x, at.y)]
        with np.errstate(all="ignore"):
            most = bound(np.asarray(rows[0], dtype=float), parameter)
        inside = [np.asarray(abs(q[:, 0] - q[:, 1]), dtype=float) <= most for q in rows]
        return replace(at, x=rows[0], y=np.where((inside[0] & inside[1])[:, None], rows[1], rows[0]))

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        middle = f((at.x + at.y) / 2, at.parameter)
        return middle, (f(at.x, at.parameter) + f(at.y, at.parameter)) / 2


@dataclass(frozen=True)
class BendsBefore(Condition):
    """The second derivative of f(d, 0) by d >= 0 is negative times the equation of a root at |parameter| d over a number."""

    definition: Expr
    parameter: Any
    edge: Expr
    when: Any

    def accepts(self, evidence: Any) -> bool:
        found = roots(self.edge)
        if evidence != self or len(found) != 1 or not one_form(self.when):
            return False
        (root,), size = found, S.One if self.parameter is None else self.parameter
        share = self.edge / root
        if not share.is_Rational or share <= 0 or root.has(words.n) or not signs.positive(under(size, self.when)):
            return False
        pair = self.definition.xreplace({words.n: Integer(2)}).replace(lambda e: isinstance(e, Sum), lambda e: e.doit())
        bend = pair.xreplace({words.x[1]: _APART, words.x[2]: S.Zero}).diff(_APART, 2)
        quotient = factored(under(plain(-bend / equation_of(root, size * _APART / share)), self.when))
        return signs.positive(quotient)
