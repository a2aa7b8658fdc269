"""Laws of shape: how the value rises and bends with the entries, and how far it can move when they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sympy import Abs, Dummy, Expr, Indexed, S, Sum, sign

from smoothsym import words
from smoothsym.laws.law import Condition, Continuous, Holds, Joined, Law, Nonnegative, Zero, condition
from smoothsym.laws.points import Function, Sample, larger
from smoothsym.laws.symmetry import _REAL_T, Homogeneous, Symmetric, Translation, moved
from smoothsym.symbolic.inequalities import quadratic_form
from smoothsym.symbolic.text import text

_SAME = Dummy("c", positive=True)
Rules = Iterator[tuple[str, tuple[Condition, ...]]]


def slopes(op: Any) -> tuple[Expr, ...]:
    """The derivatives by each entry: one with a free index, or as many as there are entries."""
    if op.arity is None:
        return (op.gradient,)
    return tuple(_at(op.gradient, place) for place in range(1, op.arity + 1))


def _at(gradient: Expr, place: int) -> Expr:
    """A gradient at a numbered entry."""
    return gradient.subs(words.i, place) if gradient.has(words.i) else gradient


def _whole(op: Any, when: Any) -> Continuous:
    """Nothing jumps and nothing is infinite where derivatives are not looked at."""
    return Continuous(op.definition, when, op.domain)


def mass(op: Any) -> Expr:
    """The sum of the gradient."""
    return Sum(op.gradient, (words.i, 1, words.n)) if op.arity is None else sum(slopes(op), S.Zero)


@dataclass(frozen=True)
class Monotone(Law):
    """f does not decrease in any entry; with `on` = "x >= 0", where no entry is negative."""

    when: Any = True
    on: str = ""

    def statement(self, op: Any) -> str:
        return "monotone: x <= y implies f(x) <= f(y)" + (f", on {self.on}" if self.on else "") + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        parts = tuple(Nonnegative(self._on(g), self.when, op.domain) for g in slopes(op))
        yield "the gradient is nonnegative", (*parts, _whole(op, self.when))

    def _on(self, gradient: Expr) -> Expr:
        """On x >= 0 a sign is 1 off the zeros, and continuity does the rest."""
        if not self.on:
            return gradient
        return gradient.replace(lambda e: isinstance(e, sign) and isinstance(e.args[0], Indexed), lambda e: S.One)

    def prepared(self, at: Sample, op: Any) -> Sample:
        x, y = (abs(at.x), abs(at.y)) if self.on else (at.x, at.y)
        return replace(at, x=x, y=np.maximum(x, y))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x, at.parameter), f(at.y, at.parameter)


@dataclass(frozen=True)
class Convex(Law):
    """f((x + y)/2) <= (f(x) + f(y))/2; concave with the inequality turned."""

    when: Any = True
    concave: bool = False

    def statement(self, op: Any) -> str:
        return ("concave" if self.concave else "convex") + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        form = quadratic_form(op.hessian, op.arity if op.arity != 1 else None) if op.arity != 1 else op.hessian
        kinked = op.definition.has(Abs)
        joint = (Joined(op.gradient, self.when),) if kinked else ()
        if kinked and self.concave:
            return
        yield (
            "v^T H v is nonnegative" if not self.concave else "-v^T H v is nonnegative",
            (
                Nonnegative(-form if self.concave else form, self.when, op.domain),
                *joint,
                _whole(op, self.when),
            ),
        )

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        middle = f((at.x + at.y) / 2, at.parameter)
        mean = (f(at.x, at.parameter) + f(at.y, at.parameter)) / 2
        return (mean, middle) if self.concave else (middle, mean)


@dataclass(frozen=True)
class QuasiConvex(Law):
    """f((x + y)/2) <= max(f(x), f(y))."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "quasi-convex" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        yield "convex functions are", (Holds(Convex(self.when), op),)
        if op.arity == 1:
            yield "monotone functions of one number are", (Holds(Monotone(self.when), op),)

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f((at.x + at.y) / 2, at.parameter), larger(f(at.x, at.parameter), f(at.y, at.parameter))


@dataclass(frozen=True)
class SchurConvex(Law):
    """Averaging two entries does not raise f."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "Schur-convex" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity != 1

    def sufficient(self, op: Any) -> Rules:
        yield "symmetric and convex", (Holds(Symmetric(), op), Holds(Convex(self.when), op))

    def prepared(self, at: Sample, op: Any) -> Sample:
        middle = (at.x[:, -1:] + at.x[:, -2:-1]) / 2
        return replace(at, y=np.concatenate([at.x[:, :-2], middle, middle], axis=1))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.y, at.parameter), f(at.x, at.parameter)


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
            yield "a slope between -1 and 1", (*sides, _whole(op, self.when))
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
    """|f(x) - f(y)| <= constant * max |x_j - y_j|, the constant an expression in n and the parameter."""

    constant: Expr
    when: Any = True

    def statement(self, op: Any) -> str:
        return f"sup-norm Lipschitz constant at most {text(self.constant)}" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        if self.constant == 1:
            yield "non-expansive", (Holds(NonExpansive(self.when), op),)
        if op.arity is None and op.parameter is not None:
            dual = op.parameter / (op.parameter - 1)
            gradient = Sum(Abs(op.gradient) ** dual, (words.i, 1, words.n))
            if self.constant == words.n ** (1 / op.parameter) and self.when in (op.parameter > 1, op.parameter >= 1):
                # sum |g_i| <= n^(1/p) (sum |g_i|^q)^(1/q), 1/p + 1/q = 1; p = 1 is the limit.
                yield (
                    "Hoelder's inequality, and the gradient has dual norm 1",
                    (Zero(gradient - 1, op.domain), _whole(op, self.when)),
                )

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        constant = Function(f.op, self.constant)(at.x, at.parameter)
        return abs(f(at.x, at.parameter) - f(at.y, at.parameter)), constant * np.max(abs(at.x - at.y), axis=-1)


@dataclass(frozen=True)
class AbsolutelyHomogeneous(Law):
    """f(t x) = |t| f(x) for every real t."""

    equality = True

    def statement(self, op: Any) -> str:
        return "absolutely homogeneous: f(t x) = |t| f(x)"

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.domain == "real"

    def sufficient(self, op: Any) -> Rules:
        t = _REAL_T
        yield "equal normal forms", (Zero(moved(op, lambda e: e * t) - Abs(t) * op.definition, op.domain),)

    def uses(self, op: Any) -> str:
        return "xt"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(-at.x * at.t[:, None], at.parameter), f(at.x, at.parameter) * at.t


@dataclass(frozen=True)
class Triangle(Law):
    """f(x + y) <= f(x) + f(y)."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "triangle inequality: f(x + y) <= f(x) + f(y)" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        rule = "convex and homogeneous: f(x + y) = 2 f((x + y)/2) <= f(x) + f(y)"
        yield rule, (Holds(Convex(self.when), op), Holds(Homogeneous(), op))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x + at.y, at.parameter), f(at.x, at.parameter) + f(at.y, at.parameter)


@dataclass(frozen=True)
class Definite(Law):
    """f(x) > 0 unless x = 0."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "definite: f(x) > 0 unless x = 0" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        base, exponent = op.definition.as_base_exp()
        if isinstance(base, Sum) and isinstance(base.function.as_base_exp()[0], Abs) and not exponent.has(words.x):
            rule = "a power of a sum of terms |x_j|^p, each positive where x_j is not 0"
            yield rule, (Nonnegative(op.definition, self.when, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return at.t * 0, f(at.x, at.parameter)


@dataclass(frozen=True)
class Norm(Law):
    """f is a norm: absolutely homogeneous, subadditive and definite."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "a norm" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.domain == "real"

    def parts(self) -> tuple[Law, ...]:
        return AbsolutelyHomogeneous(), Triangle(self.when), Definite(self.when)

    def sufficient(self, op: Any) -> Rules:
        yield "absolutely homogeneous, subadditive and definite", tuple(Holds(law, op) for law in self.parts())

    def attempt(self, op: Any) -> Any:
        proof = self.proof(op)
        if proof is not None:
            return self.verdict(op, "Proved", self.reason(proof), certificate=proof)
        verdicts = [law.attempt(op) for law in self.parts()]
        for outcome in ("Refuted", "Undecided", "Supported"):
            for part in verdicts:
                if part.outcome == outcome:
                    reason = f"{part.law}: {part.reason}"
                    return self.verdict(op, outcome, reason, part.witness, part.certificate)
        raise AssertionError("a norm whose parts are all proved is proved")
