"""How far the value can move when the entries do: Lipschitz constants in the sup norm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Abs, Add, Dummy, Expr, Indexed, IndexedBase, Mul, Pow, S, Sum, exp, expand, powdenest

from smoothsym import words
from smoothsym.laws.attained import Attained
from smoothsym.laws.entropic import Entropic
from smoothsym.laws.law import Condition, Continuous, Holds, Law, Nonnegative, Zero, condition, one_form
from smoothsym.laws.points import Function, Sample
from smoothsym.laws.search import Extreme
from smoothsym.laws.shape import Convex, Monotone, slopes
from smoothsym.laws.symmetry import Homogeneous, Translation, moved
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.inequalities import under
from smoothsym.symbolic.levels import Levels, t
from smoothsym.symbolic.ranges import Bounded, Known, at_most, bounded, holds
from smoothsym.symbolic.roots import Lambda
from smoothsym.symbolic.text import text

_SAME = Dummy("c", positive=True)
_OWN = Dummy("x", real=True)
_RATIO = IndexedBase("r", positive=True)
_PARTS = {_RATIO: Known(S.Zero, S.One, ((S.One, S.One, S.One), (words.n - 1, S.Zero, S.One)))}
"""Entries as parts of the largest one."""
_LOG = Dummy("log_t", positive=True)
_OTHERS = Dummy("others", integer=True, nonnegative=True)
Rules = Iterator[tuple[str, tuple[Condition, ...]]]
ALL_UP = Levels(1, 1)
"""Every entry moves alike."""


def mass(op: Any) -> Expr:
    """The sum of the gradient."""
    return Sum(op.gradient, (words.i, 1, words.n)) if op.arity is None else sum(slopes(op), S.Zero)


@dataclass(frozen=True)
class NonExpansive(Law):
    """|f(x) - f(y)| <= max |x_j - y_j|: the Lipschitz constant in the sup norm is at most 1."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "sup-norm non-expansive: |f(x) - f(y)| <= max |x - y|" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        monotone = Holds(Monotone(self.when), op)
        yield "monotone and translation equivariant", (monotone, Holds(Translation(), op))
        yield "a nonnegative gradient with sum at most 1", (monotone, Nonnegative(1 - mass(op), self.when, op.domain))
        if op.arity == 1:
            (slope,) = slopes(op)
            sides = tuple(Nonnegative(e, self.when, op.domain) for e in (1 - slope, 1 + slope))
            yield "a slope between -1 and 1", (*sides, Continuous(op.definition, self.when, op.domain))
        # For y <= x + c: f(y) <= f(x + c) = 2 f((x + c)/2) <= f(x) + f(c, ..., c) = f(x) + c.
        idempotent = Zero(moved(op, lambda e: _SAME) - _SAME, op.domain)
        parts = (monotone, Holds(Convex(self.when), op), Holds(Homogeneous(), op), idempotent)
        if op.arity is None and op.domain == "positive":
            yield "monotone, convex, homogeneous, and f(c, ..., c) = c", parts

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return abs(f(at.x, at.parameter) - f(at.y, at.parameter)), np.max(abs(at.x - at.y), axis=-1)


@dataclass(frozen=True)
class Lipschitz(Law):
    """|f(x) - f(y)| <= constant * max |x_j - y_j|, the constant an expression in n and the parameter.

    With `at`, no smaller one would do: there the slope along the vector of signs `along` is the constant.
    """

    constant: Expr
    when: Any = True
    at: Levels | None = None
    along: Levels = ALL_UP

    def statement(self, op: Any) -> str:
        if self.at is None:
            return f"sup-norm Lipschitz constant at most {text(self.constant)}" + condition(self.when)
        signs = str(self.along).removeprefix("x = ")
        sharp = f"sharp: it is the slope at {self.at} along {signs}"
        return f"sup-norm Lipschitz constant {text(self.constant)}; {sharp}" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        whole = Continuous(op.definition, self.when, op.domain)
        sharp: tuple[Condition, ...] = ()
        if self.at is not None:
            if op.arity is not None or not {self.along.first, self.along.rest} <= {1, -1}:
                return
            sharp = (SlopeAlong(op.gradient, self.constant, self.at, self.along, self.when),)
        if self.constant == 1:
            yield "non-expansive", (Holds(NonExpansive(self.when), op), *sharp)
        if self.constant == Lambda(words.n):
            rule = "the gradient is w_i (1 + log w_i + H), w positive weights of entropy H: its moduli add up to Lambda(n) at most"
            yield rule, (Entropic(op), whole, *sharp)
        if op.arity is None and op.domain == "positive":
            rule = "homogeneous, and the terms of the gradient add up to at most that"
            yield rule, (Holds(Homogeneous(), op), SumOfTerms(op.gradient, self.constant, self.when), whole, *sharp)
        if op.arity is None and op.parameter is not None:
            dual = op.parameter / (op.parameter - 1)
            gradient = Sum(Abs(op.gradient) ** dual, (words.i, 1, words.n))
            if self.constant == words.n ** (1 / op.parameter) and self.when in (op.parameter > 1, op.parameter >= 1):
                # sum |g_i| <= n^(1/p) (sum |g_i|^q)^(1/q), 1/p + 1/q = 1; p = 1 is the limit.
                yield (
                    "Hoelder's inequality, and the gradient has dual norm 1",
                    (Zero(gradient - 1, op.domain), whole, *sharp),
                )

    def extremes(self, op: Any) -> tuple[Extreme, ...]:
        return () if self.at is None else (Extreme(self.at, self.along),)

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        constant = Function(f.op, S(self.constant))(at.x, at.parameter)
        return abs(f(at.x, at.parameter) - f(at.y, at.parameter)), constant * np.max(abs(at.x - at.y), axis=-1)


@dataclass(frozen=True)
class SumOfTerms(Condition):
    """The moduli of the terms of a gradient of positive entries, which depends on their ratios alone, add up to at most a bound."""

    gradient: Expr
    bound: Expr
    when: Any

    def prove(self) -> Any:
        try:
            tree = bounded(self._total(), _PARTS)
        except ValueError:
            return None
        return tree if self.accepts(tree) else None

    def accepts(self, evidence: Any) -> bool:
        if not isinstance(evidence, Bounded) or not one_form(self.when) or evidence.expression != self._total():
            return False
        return holds(evidence, _PARTS) and at_most(evidence.hi, under(self.bound, self.when))

    def _total(self) -> Expr:
        """The sum over i of the moduli of all terms, in ratios to the largest entry. Raises ValueError for a term without a sign."""
        entries = {e: _RATIO[e.indices[0]] for e in self.gradient.atoms(Indexed) if e.base == words.x}
        whole = moments.normal(under(self.gradient.xreplace(entries), self.when))
        sizes = [q if signs.nonnegative(q) else -q for q in Add.make_args(whole.expand(deep=False))]
        if not all(map(signs.nonnegative, sizes)):
            raise ValueError(f"a term of {whole} may have either sign")
        return moments.normal(Sum(Add(*sizes), (words.i, 1, words.n)))


@dataclass(frozen=True)
class SlopeAlong(Condition):
    """The derivative along a vector of two levels, at another one, is a number."""

    gradient: Expr
    number: Expr
    at: Levels
    along: Levels
    when: Any

    def accepts(self, evidence: Any) -> bool:
        count = self.at.count
        if evidence != self or self.along.count != count:
            return False
        slope = self.gradient.xreplace({words.x[words.i]: _OWN})
        first, rest = (slope.xreplace({_OWN: S(level)}) for level in (self.at.first, self.at.rest))
        whole = count * self.along.first * first + (words.n - count) * self.along.rest * rest
        claim = Attained(whole, self.number, self.at, self.when)
        return claim.accepts(claim)


@dataclass(frozen=True)
class Unbounded(Law):
    """No Lipschitz constant will do: the slope in the first entry grows beyond all bounds along a sequence of vectors, t -> oo."""

    at: Levels
    when: Any = True

    def statement(self, op: Any) -> str:
        return f"no Lipschitz constant: df/dx[1] is unbounded as t -> oo at {self.at}" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity is None

    def scope(self, op: Any) -> str:
        return "n >= 2" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        yield "the leading power of t is positive", (Grows(op.gradient, self.at, self.when, op.domain),)


@dataclass(frozen=True)
class Grows(Condition):
    """A quotient of sums of powers of t, an expression at two levels of which the first is a power of t, grows without bound as t does."""

    expression: Expr
    at: Levels
    when: Any
    domain: str

    def accepts(self, evidence: Any) -> bool:
        if evidence != self or S(self.at.rest).has(t) or not one_form(self.when):
            return False
        whole = Levels.entry(self.at.value(self.expression), words.i, self.at.first).xreplace({words.n: _OTHERS + 2})
        leading = self._leading(factored(powdenest(whole.xreplace({t: exp(_LOG)}), force=True)))
        return leading is not None and self._above(leading[0])

    def _above(self, e: Expr) -> bool:
        """Whether a number is > 0 under the condition."""
        form = under(e, self.when)
        return signs.positive(form) or signs.positive(factored(form))

    def _leading(self, e: Expr) -> tuple[Expr, Expr] | None:
        """(degree, coefficient) of the largest power of t in an expression, the coefficient not 0; None where it is not known."""
        if not e.has(_LOG):
            return S.Zero, e
        if isinstance(e, exp):
            degree = e.args[0].expand().coeff(_LOG)
            return (degree, S.One) if (e.args[0] - degree * _LOG).expand() == 0 else None
        if isinstance(e, Pow) and not e.exp.has(_LOG):
            inner = self._leading(e.base)
            if inner is None or not (e.exp.is_Integer or self._above(inner[1])):
                return None
            return inner[0] * e.exp, inner[1] ** e.exp
        if not isinstance(e, Add | Mul):
            return None
        parts = [self._leading(a) for a in (expand(e).args if isinstance(e, Add) else e.args)]
        if None in parts:
            return None
        known = [q for q in parts if q is not None]
        if isinstance(e, Mul):
            return Add(*(degree for degree, _ in known)), Mul(*(coefficient for _, coefficient in known))
        powers: dict[Expr, Expr] = {}
        for degree, coefficient in known:
            powers[degree.expand()] = powers.get(degree.expand(), S.Zero) + coefficient
        for degree, coefficient in powers.items():
            if all(self._above(degree - other) for other in powers if other != degree):
                return (degree, coefficient) if self._above(coefficient) or self._above(-coefficient) else None
        return None
