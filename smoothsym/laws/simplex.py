"""What is known of a maximum over the simplex, <p, x> less a regulariser, from its being one: by convex duality, without derivatives.

a maximum of functions affine in x is convex                              p = e_s and p = 1/n bound it on both sides
the biconjugate of a convex regulariser is itself                         a strongly convex one has a Lipschitz maximiser
where omega'(1) - omega'(0) <= x_s - x_j for all j, p = e_s is optimal    (Karush, Kuhn and Tucker)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Dummy, Expr, Indexed, IndexedBase, S, diff

from smoothsym import words
from smoothsym.laws.law import Condition, Law, condition
from smoothsym.symbolic import inequalities, moments
from smoothsym.symbolic.simplex import P, SimplexMaximum
from smoothsym.symbolic.text import text
from smoothsym.symbolic.tsallis import as_tsallis, xqlog

Rules = Iterator[tuple[str, tuple[Condition, ...]]]
_SHARE = Dummy("p", positive=True)


def regulariser(definition: Expr) -> Expr | None:
    """omega in `_SHARE`, of a maximum over the simplex of sum_j p_j x_j - omega(p_j); None for any other definition."""
    if not isinstance(definition, SimplexMaximum):
        return None
    mass, entry, omega = definition.parts
    index = definition.index
    return omega.xreplace({P[index]: _SHARE}) if (mass, entry) == (1, words.x[index]) else None


def _plain(e: Expr) -> Expr:
    """With powers in the place of q-logarithms, whose order is then not 0."""
    return e.replace(xqlog, lambda t, r, k: (t ** (1 + r) - t) / r if k == 0 else xqlog(t, r, k))


def _at(omega: Expr, share: Any) -> Expr:
    """omega at a share; at 0 by its limit, which is that of powers."""
    if share != 0:
        return omega.xreplace({_SHARE: S(share)})
    found = as_tsallis(omega, _SHARE)
    return S.NaN if found is None else found[3]


@dataclass(frozen=True)
class AffineMaximum(Condition):
    """A definition is a maximum over p of functions that are affine in x."""

    definition: Expr

    def accepts(self, evidence: Any) -> bool:
        if evidence != self or not isinstance(self.definition, SimplexMaximum):
            return False
        _, entry, _ = self.definition.parts
        factor, rest = entry.as_independent(words.x)
        return isinstance(rest, Indexed) and not factor.has(words.x)


@dataclass(frozen=True)
class Curved(Condition):
    """The regulariser of a definition is convex on (0, 1], by at least `least` times half a square."""

    definition: Expr
    when: Any = True
    least: Expr = S.Zero

    def accepts(self, evidence: Any) -> bool:
        omega = regulariser(self.definition)
        if evidence != self or omega is None:
            return False
        found = as_tsallis(omega, _SHARE)
        if found is None:
            return inequalities.nonnegative(diff(omega, _SHARE, 2) - self.least, self.when)
        # omega'' = A (1 + r) p^(r - 1), which is least at p = 1 for r <= 1.
        head, order = found[0], found[1]
        edge = (head * (1 + order)).expand()
        if self.least == 0:
            return inequalities.nonnegative(edge, self.when)
        return inequalities.nonnegative(edge - self.least, self.when) and inequalities.nonnegative(1 - order, self.when)


@dataclass(frozen=True)
class Among(Condition):
    """lower is the objective at a vertex beside x_s = max(x), upper the maximum plus that of -sum_j omega(p_j), which is at p_j = 1/n."""

    definition: Expr
    lower: Expr
    upper: Expr

    def accepts(self, evidence: Any) -> bool:
        omega = regulariser(self.definition)
        if evidence != self or omega is None:
            return False
        n, top = words.n, words.maximum(words.x)
        vertex = top - _at(omega, 1) - (n - 1) * _at(omega, 0)
        middle = top - n * _at(omega, 1 / n)
        return all(
            moments.is_zero(_plain(claim - known)) for claim, known in ((self.lower, vertex), (self.upper, middle))
        )


def bounds(definition: Expr, lower: Expr, upper: Expr, when: Any) -> tuple[Condition, ...]:
    """What shows lower <= f <= upper for a maximum over the simplex."""
    return Among(definition, lower, upper), Curved(definition, when)


@dataclass(frozen=True)
class OwnRegulariser(Condition):
    """A function of q on the simplex is the regulariser of a definition."""

    definition: Expr
    value: Expr
    at: IndexedBase

    def accepts(self, evidence: Any) -> bool:
        omega = regulariser(self.definition)
        if evidence != self or omega is None:
            return False
        j = self.definition.index
        total = self.definition.objective.func(omega.xreplace({_SHARE: self.at[j]}), (j, 1, words.n))
        return moments.is_zero(_plain(self.value - total))


@dataclass(frozen=True)
class Exact(Condition):
    """A vertex is optimal from a gap on: omega'(1) - omega'(0) is that gap, and omega(1) = omega(0) = 0."""

    definition: Expr
    gap: Expr

    def accepts(self, evidence: Any) -> bool:
        omega = regulariser(self.definition)
        found = None if omega is None else as_tsallis(omega, _SHARE)
        if evidence != self or omega is None or found is None:
            return False
        head, order, linear, constant = found
        return moments.is_zero(self.gap - head * (1 + order) / order) and linear == constant == 0


@dataclass(frozen=True)
class FinitelyExact(Law):
    """f(x) = max(x) where the largest entry is at least `gap` above all others."""

    gap: Expr
    when: Any = True

    def statement(self, op: Any) -> str:
        return f"f = maximum(x) where the largest entry is at least {text(self.gap)} above all others" + condition(
            self.when
        )

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity is None

    def sufficient(self, op: Any) -> Rules:
        rule = "the vertex satisfies the conditions of Karush, Kuhn and Tucker, which suffice for a convex regulariser"
        yield rule, (Exact(op.definition, self.gap), Curved(op.definition, self.when))
