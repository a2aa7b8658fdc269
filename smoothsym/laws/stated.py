"""Laws that are stated as formulas: an identity, an inequality, a conjugate; for operators' own laws, and for users'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Expr, IndexedBase, S, Sum, log

from smoothsym import words
from smoothsym.laws.law import Condition, Law, Nonnegative, Zero, condition
from smoothsym.laws.points import Function, Sample
from smoothsym.laws.vocabulary import D, E, f, w, written_out
from smoothsym.symbolic.text import text

Rules = Iterator[tuple[str, tuple[Condition, ...]]]
q = IndexedBase("q", positive=True)
"""A point of the simplex: q_j > 0 with sum 1."""


@dataclass(frozen=True)
class Identity(Law):
    """left = right for every n, two expressions over x, n and the operator's parameter, in the words of laws.vocabulary.

    >>> import smoothsym as ss
    >>> print(Identity(D(f, ss.alpha), E((ss.x[ss.j] - f) ** 2)).attempt(ss.boltzmann))
    Proved: df/dalpha = sum_j w[j] (x[j] - f)^2 [every n]: equal normal forms
    """

    left: Any
    right: Any
    when: Any = True
    title: str = ""
    equality = True

    def statement(self, op: Any) -> str:
        return _titled(self.title, f"{text(self.left)} = {text(self.right)}") + condition(self.when)

    def applies(self, op: Any) -> bool:
        return True

    def sufficient(self, op: Any) -> Rules:
        yield "equal normal forms", (Zero(written_out(op, self.left) - written_out(op, self.right), op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any] | None:
        return _valued(f, self.left, at), _valued(f, self.right, at)

    def can_be_sampled(self, op: Any) -> bool:
        return _can_be_valued(op, self.left, self.right)


@dataclass(frozen=True)
class Inequality(Law):
    """smaller <= larger for every n, two expressions over x, n and the operator's parameter, in the words of laws.vocabulary."""

    smaller: Any
    larger: Any
    when: Any = True
    title: str = ""

    def statement(self, op: Any) -> str:
        return _titled(self.title, f"{text(self.smaller)} <= {text(self.larger)}") + condition(self.when)

    def applies(self, op: Any) -> bool:
        return True

    def sufficient(self, op: Any) -> Rules:
        gap = written_out(op, self.larger) - written_out(op, self.smaller)
        yield "their difference is nonnegative", (Nonnegative(gap, self.when, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any] | None:
        return _valued(f, self.smaller, at), _valued(f, self.larger, at)

    def can_be_sampled(self, op: Any) -> bool:
        return _can_be_valued(op, self.smaller, self.larger)


@dataclass(frozen=True)
class Conjugate(Law):
    """f*(q) = `value` on the simplex: f(x) - <q, x> + f*(q) is a relative entropy, hence >= 0, and 0 at q = gradient."""

    value: Expr
    when: Any = True

    def statement(self, op: Any) -> str:
        return f"the conjugate on the simplex is {text(self.value)}" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        over = (words.j, 1, words.n)
        weight = op.gradient.xreplace({words.i: words.j})
        gap = op.definition - Sum(q[words.j] * words.x[words.j], over) + self.value
        divergence = Sum(q[words.j] * log(q[words.j] / weight), over)
        off = (1 - Sum(q[words.j], over)) * op.definition
        rule = "Fenchel's gap is a relative entropy over the parameter (Gibbs' inequality)"
        conditions = (
            Zero(gap - divergence / op.parameter - off, op.domain),
            Zero(Sum(weight, over) - 1, op.domain),
            Nonnegative(weight, self.when, op.domain),
            Nonnegative(1 / op.parameter, self.when, op.domain),
        )
        yield rule, conditions


def _titled(title: str, formula: str) -> str:
    return f"{title}: {formula}" if title else formula


def _valued(function: Any, side: Any, at: Sample) -> Any:
    return Function(function.op, written_out(function.op, side))(at.x, at.parameter)


def _can_be_valued(op: Any, *sides: Any) -> bool:
    """Whether expressions are numbers once x and the parameter are."""
    known = {words.n, words.m, words.Delta, words.i, words.k, words.x, words.x.label, op.parameter}
    for side in (written_out(op, side) for side in sides):
        bound = {lim[0] for total in S(side).atoms(Sum) for lim in total.limits}
        loose = {s for s in S(side).free_symbols if s not in known and s not in bound and not s.has(words.x)}
        if loose:
            return False
    return True


__all__ = ["Conjugate", "D", "E", "Identity", "Inequality", "f", "q", "w"]
