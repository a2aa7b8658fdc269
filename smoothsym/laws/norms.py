"""Norms, by their parts: absolutely homogeneous, subadditive and definite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Sum

from smoothsym import words
from smoothsym.laws.law import Condition, Holds, Law, Nonnegative, Zero, condition
from smoothsym.laws.points import Sample
from smoothsym.laws.shape import Convex
from smoothsym.laws.symmetry import _REAL_T, Homogeneous, moved

Rules = Iterator[tuple[str, tuple[Condition, ...]]]


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
