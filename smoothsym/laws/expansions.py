"""Expansions in the parameter: the terms that are claimed, and how small what they leave out is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Add, Expr, S, expand, log, oo

from smoothsym import words
from smoothsym.laws.law import Condition, Law, Zero
from smoothsym.laws.points import Function, Span
from smoothsym.laws.stated import Identity
from smoothsym.laws.verdict import Verdict
from smoothsym.laws.vocabulary import f, in_words, written_out
from smoothsym.symbolic import asymptotics
from smoothsym.symbolic.first_order import first_order, order_of
from smoothsym.symbolic.text import text

_LEVELS = ((3, 1, 1), (3, 3, 1), (1, 3, 3), (1, 1, 3))
"""Points with two levels, where a wrong term shows: one or two entries at each."""


@dataclass(frozen=True)
class Negligible(Condition):
    """A formula is o(rest) as the parameter tends to infinity: to first order in what is exponentially small."""

    op: Any
    point: Any
    formula: Expr
    rest: Expr

    def accepts(self, evidence: Any) -> bool:
        try:
            return bool(evidence == self) and self.over_rest() == 0
        except asymptotics.Undecided:
            return False

    def over_rest(self) -> Expr:
        """The limit of formula / rest."""
        op, side = self.op, 1 if S(self.point) == oo else -1
        logarithmic = asymptotics.enters_by_powers(op.definition, op.parameter, op.domain == "positive")
        power, k = order_of(self.rest, op.parameter, side)
        found = first_order(self.formula, op.parameter, side, logarithmic, op.domain)
        if k not in (0, 1):
            raise asymptotics.Undecided("nothing is known beyond the first order in exp(-parameter Delta)")
        if k == 1 and found.head != 0:
            return oo
        part = found.head if k == 0 else found.slope
        return S.Zero if part == 0 else asymptotics.limit(part / power, op.parameter, self.point)


@dataclass(frozen=True)
class Follows(Condition):
    """A formula has an expansion about a number, to an order: derived under the sum, and equal to the claim for every n."""

    op: Any
    point: Any
    formula: Expr
    claim: Expr
    order: int

    def accepts(self, evidence: Any) -> bool:
        try:
            derived = self.op.series(self.point, self.order, of=self.formula)
        except asymptotics.Undecided:
            return False
        return bool(evidence == self) and Zero(derived - self.claim, self.op.domain).prove() is not None


@dataclass(frozen=True)
class Expansion(Law):
    """of = claim + o(rest) as the parameter tends to oo or -oo; + O(rest) at a number, rest a power of the distance from it.

    `of` and `claim` are in the words of laws.vocabulary. At infinity m entries attain the extreme value, m2 the next one, which is
    Delta away (for powers of entries, the ratio rho of the two is below 1); `where` puts an entry at one of them,
    {x[i]: maximum(x) - Delta}.

    >>> import smoothsym as ss
    >>> from smoothsym.laws.vocabulary import mu2
    >>> print(Expansion(0, ss.mean(ss.x) + ss.alpha * mu2, ss.alpha**2).attempt(ss.boltzmann))
    Proved: f = mean(x) + alpha mu2 + O(alpha^2) as alpha -> 0 [every n]: the terms of its series
    """

    point: Any
    claim: Any
    rest: Any
    of: Any = f
    where: Mapping[Expr, Expr] = field(default_factory=dict, hash=False)
    title: str = ""

    @property
    def _at_infinity(self) -> bool:
        return S(self.point) in (oo, -oo)

    def statement(self, op: Any) -> str:
        small = f"{'o' if self._at_infinity else 'O'}({text(self.rest)})"
        claim = _in_order(S(self.claim), op.parameter, -1 if self._at_infinity else 1)
        place = "".join(f" at {text(e)} = {text(level)}" for e, level in self.where.items())
        said = f"{in_words(op, self.of)} = {claim} + {small} as {op.parameter} -> {text(self.point)}{place}"
        return f"{self.title}: {said}" if self.title else said

    def scope(self, op: Any) -> str:
        if not self._at_infinity:
            return super().scope(op)
        return f"every n, m entries at the {'maximum' if S(self.point) == oo else 'minimum'}, m2 at the next level"

    def sufficient(self, op: Any) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        if self._at_infinity:
            yield "its terms to first order in exp(-parameter Delta)", (self._left_out(op),)
        else:
            formulas = written_out(op, self.of), written_out(op, self.claim)
            yield "the terms of its series", (Follows(op, self.point, *formulas, self._order(op)),)

    def _left_out(self, op: Any) -> Negligible:
        left = written_out(op, self.of) - written_out(op, self.claim)
        return Negligible(op, self.point, left.xreplace(dict(self.where)), S(self.rest))

    def _order(self, op: Any) -> int:
        base, order = S(self.rest).as_base_exp()
        if base != op.parameter - self.point or not order.is_Integer or order < 1:
            raise ValueError(
                f"rest={self.rest}: at {self.point} give a power of {op.parameter - self.point}, of degree 1 or more"
            )
        return int(order)

    def attempt(self, op: Any) -> Verdict:
        proof = self.proof(op)
        if proof is not None:
            return self.verdict(op, "Proved", proof.rule, certificate=proof)
        try:
            derived, witness = self._refuted_at_infinity(op) if self._at_infinity else self._refuted(op)
        except asymptotics.Undecided as doubt:
            return self.verdict(op, "Undecided", str(doubt))
        if witness is None:
            return self.verdict(op, "Undecided", f"{derived}; whether the claim is another is not known")
        return self.verdict(op, "Refuted", derived, witness)

    def _refuted(self, op: Any) -> tuple[str, Any]:
        """What is derived about a number, and a point where it differs from the claim by terms below the order."""
        order, claim = self._order(op), written_out(op, self.claim)
        derived = op.series(self.point, order, of=written_out(op, self.of))
        terms = Add.make_args(expand(claim.xreplace({op.parameter: op.parameter + self.point})))
        powers = [term.as_independent(op.parameter)[1].as_base_exp() for term in terms]
        short = all(base == 1 or (base == op.parameter and q.is_Integer and q < order) for base, q in powers)
        return f"its series is {text(derived)}", Identity(derived, claim).witness(op) if short else None

    def _refuted_at_infinity(self, op: Any) -> tuple[str, Any]:
        """What the rest over the last term tends to, and a point where that is not 0."""
        left = self._left_out(op).over_rest()
        said = f"what is left out, over {text(self.rest)}, tends to {text(left)}"
        logarithmic = asymptotics.enters_by_powers(op.definition, op.parameter, op.domain == "positive")
        for row in _LEVELS[:2] if S(self.point) == oo else _LEVELS[2:]:
            if left.is_infinite or _away_from_zero(op, left.xreplace(_meant(row, logarithmic)), row):
                return said, f"x = ({', '.join(map(str, row))})"
        return said, None


def _in_order(claim: Expr, parameter: Any, way: int) -> str:
    """The terms by the power of the parameter, rising or falling; what is not a power comes last."""

    def degree(term: Expr) -> tuple[bool, Any]:
        base, power = term.as_independent(parameter, as_Add=False)[1].as_base_exp()
        plain = base == parameter and power.is_Integer
        return not (plain or base == 1), way * power if plain else S.Zero

    said = ""
    for term in sorted(Add.make_args(claim), key=degree):
        shown = text(term)
        said += (f" - {shown[1:]}" if shown.startswith("-") else f" + {shown}") if said else shown
    return said


def _meant(row: tuple[int, ...], logarithmic: bool) -> dict[Expr, Expr]:
    """The multiplicities and the gap of a point of two levels, which begins at the extreme one."""
    extreme, other = S(row[0]), S(row[-1])
    gap = abs(log(extreme / other)) if logarithmic else abs(extreme - other)
    return {words.m: S(row.count(row[0])), words.m2: S(row.count(row[-1])), words.Delta: gap}


def _away_from_zero(op: Any, e: Expr, row: tuple[int, ...]) -> bool:
    if e.free_symbols - {words.n, words.x, words.x.label}:
        return False
    x = np.array([[Fraction(v) for v in row]], dtype=object)
    (found,) = np.reshape(Function(op, e, "naive")(x, np.array([Fraction(1)])), -1)
    return bool(found.below(0) or Span(0).below(found))


__all__ = ["Expansion"]
