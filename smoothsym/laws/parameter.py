"""How a value moves and bends with its parameter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sympy import Symbol

from smoothsym.laws.law import Condition, Holds, Law, Nonnegative, condition, one_form
from smoothsym.laws.points import Function, Sample
from smoothsym.laws.shape import Convex
from smoothsym.laws.symmetry import JointlyHomogeneous
from smoothsym.laws.vocabulary import D, f, in_words, written_out
from smoothsym.symbolic import asymptotics
from smoothsym.symbolic.analytic import differentiable
from smoothsym.symbolic.inequalities import under
from smoothsym.symbolic.signs import in_domain
from smoothsym.symbolic.text import text


@dataclass(frozen=True)
class InParameter(Law):
    """An expression in f, n and the parameter rises (or falls) as the parameter grows, within a range of it.

    >>> import smoothsym as ss
    >>> print(InParameter(falls=True, when=ss.p > 0).attempt(ss.pnorm).law)
    f(x; p) falls as p grows, p > 0
    """

    of: Any = f
    falls: bool = False
    when: Any = True

    def statement(self, op: Any) -> str:
        name = op.parameter.name
        said = in_words(op, self.of).replace("f", f"f(x; {name})") if self.of == f else in_words(op, self.of)
        return f"{said} {'falls' if self.falls else 'rises'} as {name} grows" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.parameter is not None

    def sufficient(self, op: Any) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        slope = written_out(op, D(self.of, op.parameter))
        signed = Nonnegative(-slope if self.falls else slope, self.when, op.domain)
        yield "its derivative has one sign", (signed, Unbroken(op, self.of, self.when))

    def uses(self, op: Any) -> str:
        return "xt"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        """At the parameter, and at one that is larger by t; in a range that has an end, at one between."""
        value = Function(f.op, written_out(f.op, self.of), "naive")
        first, second = value(at.x, at.parameter), value(at.x, at.parameter + at.t)
        return (second, first) if self.falls else (first, second)


@dataclass(frozen=True)
class Unbroken(Condition):
    """An expression is smooth in the parameter within its range; at 0 it may be so by its limit."""

    op: Any
    of: Any
    when: Any

    def accepts(self, evidence: Any) -> bool:
        if evidence != self:
            return False
        if self._smooth(self.when):
            return True
        if (
            self.of != f
            or self.when is not True
            or not all(map(self._smooth, (self.op.parameter > 0, self.op.parameter < 0)))
        ):
            return False
        try:
            return bool(self.op.limit(0).is_infinite is not True)
        except asymptotics.Undecided:
            return False

    def _smooth(self, when: Any) -> bool:
        if not one_form(when):
            return False
        (free,) = under(self.op.parameter, when).free_symbols
        return differentiable(in_domain(under(written_out(self.op, self.of), when), self.op.domain), free)


@dataclass(frozen=True)
class JointlyConvex(Law):
    """f(x; T^d) is convex in x and T > 0 together, where f(t x; t^d a) = t f(x; a)."""

    @staticmethod
    def _exponent(op: Any) -> int:
        return JointlyHomogeneous().exponent(op)

    def statement(self, op: Any) -> str:
        inner = text(Symbol("T") ** self._exponent(op))
        return f"jointly convex: f(x; {inner}) is convex in x and T together, T > 0"

    def witness(self, op: Any) -> Any:
        """The two points are x at T, and y at t."""
        found = super().witness(op)
        return found if found is None else replace(found, name="T")

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.parameter is not None and JointlyHomogeneous().proof(op) is not None

    def sufficient(self, op: Any) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        # T f(x/T; 1) = f(x; T^d), and T g(x/T) is convex with g.
        parts = (Holds(JointlyHomogeneous(), op), Holds(Convex(op.parameter > 0), op))
        yield "jointly homogeneous and convex: the perspective of a convex function", parts

    def range(self, op: Any) -> Any:
        return op.parameter > 0

    def uses(self, op: Any) -> str:
        return "xyt"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        d = self._exponent(f.op)
        first, second = at.parameter, at.t
        middle = f((at.x + at.y) / 2, ((first + second) / 2) ** d)
        return middle, (f(at.x, first**d) + f(at.y, second**d)) / 2
