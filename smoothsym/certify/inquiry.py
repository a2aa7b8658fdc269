"""What is asked of every row, and the way to its answer: by the contract, by a limit, or by enclosures that decide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import nan
from typing import Any

from sympy import Expr, Indexed, S

from smoothsym import words
from smoothsym.certify import special
from smoothsym.certify.counted import Counted, counted_rows
from smoothsym.certify.decide import FIRST_BITS, Question, decide
from smoothsym.certify.enclosure import Refused
from smoothsym.certify.inputs import check_formula
from smoothsym.certify.instance import Instance, instance_of
from smoothsym.certify.special import Number
from smoothsym.program.dominance import fades


@dataclass(frozen=True)
class Computed:
    """What is computed where the contract has no number, and whether it is a limit."""

    instance: Instance
    basis: str


@dataclass(frozen=True)
class Inquiry:
    """What is asked of every row: an output of an operator, and how it is decided.

    `computed` makes an answer of a decided value, `contracted` one of a number that the special-value contract gives.
    """

    op: Any
    of: str | Expr
    parameter: tuple[str | None, Number, bool]
    question: Question
    first: int
    budget: int
    computed: Callable[[Any, Any, int, str], Any]
    contracted: Callable[[Number, str], Any]
    whole: Any
    asked: str | Expr
    """The operator with all its parameters, and the output as the user named them."""
    engine: str

    def check(self, size: int, vectors: Mapping[str, int], left_out: bool) -> None:
        """That rows of so many entries, and the vectors beside them, have what the output asks for."""
        formula = self.whole.formula(self.asked)
        check_formula(self.whole, self.asked, formula, size, vectors)
        placed = sorted((e for e in formula.atoms(Indexed) if e.indices[0].is_Integer and e.base == words.x), key=str)
        if left_out and placed:
            raise ValueError(
                f"of={self.asked} has {placed[0]}, and entries of x are left out, by where= or a weight of 0: then "
                "no entry has a place of its own; write it in sums over ss.x[ss.j], or give x without them"
            )

    def rows(self, x: Any, weights: Any, where: Any, v: Any) -> tuple[list[Counted], tuple[int, ...]]:
        """The rows of x, of which so much counts, and its shape."""
        rows, shape, vectors = counted_rows(self.op, x, weights, where, v)
        self.check(shape[-1], vectors, any(len(row.places) < row.size for row in rows))
        return rows, shape

    @cached_property
    def rank(self) -> int:
        """How many free indices the output has."""
        return int(self.op.rank(self.of))

    def answers(self, rows: Sequence[Counted], places: Sequence[int] | None = None) -> list[Any]:
        """The answers of all rows in one list; `places` are the numbers by which a refusal names them."""
        found: list[Any] = []
        for place, row in zip(places or range(len(rows)), rows, strict=True):
            try:
                found += row.spread(self._row(row), self.rank, self.contracted(Fraction(0), ""))
            except Refused as refusal:
                if len(rows) == 1 and places is None:
                    raise
                raise Refused(f"row {place}: {refusal.reason}", refusal.enclosure) from None
        return found

    def _row(self, counted: Counted) -> list[Any]:
        row = counted.entries
        name, parameter, negative_zero = self.parameter
        answer: special.Answer | Computed | None = special.answer(
            self.op, row, parameter, self.of, negative_zero, counted.weights
        )
        if isinstance(answer, special.Answer) and answer.silent:
            answer = self._beyond(counted) or answer
        if isinstance(answer, Computed):
            return [self.computed(*result, answer.basis) for result in self._decided(answer.instance)]
        if answer is not None:
            if isinstance(answer.value, list):
                return [self.contracted(v, answer.basis) for v in answer.value]
            return [self.contracted(answer.value, answer.basis)] * len(row) ** self.rank
        instance, kept = instance_of(self.op, row, name, parameter, self.of, self.engine, counted.vectors)
        return self._spread([self.computed(*result, "") for result in self._decided(instance)], kept, len(row))

    def _decided(self, instance: Instance) -> list[tuple[Any, Any, int]]:
        return decide(instance, self.question, self.first, self.budget)

    def _beyond(self, counted: Counted) -> special.Answer | Computed | None:
        """What has a number where the contract has none: the output itself, else the formula of its limit.

        The Boltzmann operator's Hessian is one at alpha = 0; a power mean's value at p = 0 is the geometric mean.
        """
        row, (_, parameter, negative_zero) = counted.entries, self.parameter
        at = special.condition(row, parameter, self.op.dominance_of(self.of), negative_zero)
        if not row or any(isinstance(v, float) for v in row) or (at or "").endswith(special.BESIDE_ZERO):
            return None
        if not isinstance(parameter, float) and (instance := self._instance(self.of, counted)) is not None:
            return Computed(instance, "")
        formula, basis = self.op.contract(at, self.of, len(row), counted.weights)
        if not isinstance(formula, Expr) or formula is S.NaN:
            return None
        try:
            found = special.evaluated(
                formula, row, parameter, self.op.dominance_of(self.of), self.rank, counted.weights
            )
        except special.Unwritten:
            instance = None if formula.has(words.m) else self._instance(formula, counted)
            return None if instance is None else Computed(instance, basis)
        return special.Answer(found if self.rank else found[0], basis)

    def _instance(self, formula: Any, counted: Counted) -> Instance | None:
        """A formula at a row of finite numbers, if it is defined there."""
        name, parameter, _ = self.parameter
        symbols = {name: Fraction(parameter)} if name and not isinstance(parameter, float) else {}
        row = [Fraction(v) for v in counted.entries]
        try:
            program = self.op.program(formula)
        except ValueError:
            return None  # no formula that a program computes
        if formula != self.of and len(program.outputs[0][1]) != self.rank:
            return None
        instance = Instance(program, row, symbols, len(row), {}, self.engine, counted.vectors)
        return instance if instance.defined(FIRST_BITS) else None

    def _spread(self, decided: list[Any], kept: list[int], n: int) -> list[Any]:
        """Outputs over the entries with weight, put back among those without."""
        if self.rank == 0 or len(kept) == n:
            return decided
        _, parameter, _ = self.parameter
        if isinstance(self.of, Expr) and not fades(self.of):
            unknown = self.contracted(nan, "convention")
            return (
                [decided[kept.index(q)] if q in kept else unknown for q in range(n)]
                if self.rank == 1
                else [unknown] * n**2
            )
        once, twice = (
            self.contracted(slope.value, slope.basis)
            for slope in (special.slope_without_weight(self.op.kind, parameter, order) for order in (1, 2))
        )
        spread = [once] * n**self.rank
        if self.rank == 2:
            spread[:: n + 1] = [twice] * n
        for q, value in enumerate(decided):
            a, b = divmod(q, len(kept))
            spread[kept[b] if self.rank == 1 else kept[a] * n + kept[b]] = value
        return spread
