"""Laws of the parameter and of smoothness: where the value tends, where it has a pole, and how often it is differentiable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Expr, S, oo, zoo

from smoothsym.certify.special import evaluate
from smoothsym.laws.law import Condition, Law
from smoothsym.laws.points import allowed_parameters, samples
from smoothsym.laws.smoothness import smoothness
from smoothsym.laws.verdict import Verdict
from smoothsym.symbolic import asymptotics, moments
from smoothsym.symbolic.text import text


@dataclass(frozen=True)
class Tends(Condition):
    """The limit of a formula as the parameter tends to a point: derived by leading terms, and equal to the claim."""

    op: Any
    point: Any
    value: Expr
    of: str
    direction: str | None

    def accepts(self, evidence: Any) -> bool:
        try:
            derived = self.op.limit(self.point, of=self.of, direction=self.direction)
        except asymptotics.Undecided:
            return False
        same = derived == self.value or moments.equal(derived, self.value, self.op.domain)
        return bool(evidence == self) and same


@dataclass(frozen=True)
class Limit(Law):
    """f tends to `value` as the parameter tends to `point`, from the side `direction` where it is "+" or "-"."""

    point: Any
    value: Expr
    of: str = "value"
    note: str = ""
    direction: str | None = None

    def statement(self, op: Any) -> str:
        subject = "f" if self.of == "value" else f"the {self.of}"
        side = self.direction or ""
        return f"{subject} -> {text(S(self.value))} as {op.parameter} -> {text(S(self.point))}{side}" + (
            f" ({self.note})" if self.note else ""
        )

    def scope(self, op: Any) -> str:
        return "every n, ties of any multiplicity m" if op.arity is None else super().scope(op)

    def sufficient(self, op: Any) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        yield "leading terms of the expansion", (Tends(op, self.point, S(self.value), self.of, self.direction),)

    def attempt(self, op: Any) -> Verdict:
        proof = self.proof(op)
        if proof is not None:
            return self.verdict(op, "Proved", self.reason(proof), certificate=proof)
        try:
            derived = op.limit(self.point, of=self.of, direction=self.direction)
        except asymptotics.Undecided as doubt:
            return self.verdict(op, "Undecided", str(doubt))
        for sample in samples(op.domain, op.arity, op.kind == "modulus", allowed_parameters(op.parameter, True)):
            for row in sample.x[:60]:
                x = [Fraction(float(v)) for v in row]
                truth, claim = (evaluate(e, x, Fraction(1), op.dominance, 0) for e in (derived, S(self.value)))
                if truth == truth and claim == claim and truth != claim:
                    witness = f"x = ({', '.join(map(str, x))}): {truth} and not {claim}"
                    return self.verdict(op, "Refuted", f"the limit is {text(derived)}", witness)
        return self.verdict(op, "Undecided", f"the limit is {text(derived)}; whether that is the same is not known")


@dataclass(frozen=True)
class Pole(Law):
    """f has a pole at a point of the parameter: it tends to oo from one side and to -oo from the other."""

    point: Any

    def statement(self, op: Any) -> str:
        return f"f has a pole at {op.parameter} = {self.point}"

    def scope(self, op: Any) -> str:
        return "n >= 2" if op.arity is None else super().scope(op)

    def attempt(self, op: Any) -> Verdict:
        try:
            sides = tuple(op.limit(self.point, direction=side) for side in "-+")
            both = op.limit(self.point)
        except asymptotics.Undecided as doubt:
            return self.verdict(op, "Undecided", str(doubt))
        if both == zoo and set(sides) <= {oo, -oo}:
            reason = f"it tends to {sides[0]} from below and to {sides[1]} from above"
            return self.verdict(op, "Proved", reason, certificate=sides)
        return self.verdict(op, "Refuted", "the limit is finite", f"{op.parameter} -> {self.point}: {both}")


@dataclass(frozen=True)
class Smooth(Law):
    """Where the operator is differentiable, and how often, read off its form."""

    def statement(self, op: Any) -> str:
        return "differentiable: " + "; ".join(smoothness(op.definition, op.domain) or ["infinitely often, everywhere"])

    def applies(self, op: Any) -> bool:
        return True

    def scope(self, op: Any) -> str:
        return super().scope(op) + (", any parameter for which it is defined" if op.parameter is not None else "")

    def attempt(self, op: Any) -> Verdict:
        kinks = smoothness(op.definition, op.domain)
        if kinks and kinks[0].startswith("not known"):
            return self.verdict(op, "Undecided", kinks[0])
        if kinks:
            reason = "|t|^q is q times differentiable off even q, less than q times at 0; a root of a sum of |x_j|^p has a kink at x = 0"
            return self.verdict(op, "Proved", reason, certificate=tuple(kinks))
        reason = "composition of smooth functions; every divisor, radicand and argument of log is positive by its form"
        return self.verdict(op, "Proved", reason, certificate=())
