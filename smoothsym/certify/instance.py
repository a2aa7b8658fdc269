"""A program with its inputs, which are exact: what every arithmetic is run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any, cast

from sympy import Expr, Sum

from smoothsym.certify import special
from smoothsym.certify.closed import NoTheorem
from smoothsym.certify.exact import ExactArithmetic
from smoothsym.certify.special import Number
from smoothsym.certify.sums import SHORT
from smoothsym.program import numbers
from smoothsym.program.engines import engine
from smoothsym.program.intervals import Indeterminate, Interval, Undefined
from smoothsym.program.operations import Program
from smoothsym.symbolic.weights import TOTAL
from smoothsym.words import n


@dataclass
class Instance:
    """A program with its inputs, which are exact; n may exceed the number of entries that have weight."""

    program: Program
    x: Sequence[Fraction]
    symbols: Mapping[str, Fraction]
    length: Fraction | int
    positions: Mapping[str, int]
    engine: str = "mpmath"
    vectors: Mapping[str, Sequence[Fraction]] = field(default_factory=dict)
    """What stands beside the entries: their weights w, a direction v."""

    def run(self, arithmetic: Any, known: dict[int, Any] | None = None) -> list[Any]:
        given = {"x": self.x, **self.vectors}
        vectors = {name: [arithmetic.number(v) for v in vector] for name, vector in given.items()}
        symbols = {name: arithmetic.number(v) for name, v in self.symbols.items()}
        program, length, positions = self.program, self.length, self.positions
        return numbers.run(program, arithmetic, vectors, symbols, length=length, positions=positions, known=known)

    def intervals(self, bits: int, output: int = 0) -> list[Interval]:
        arithmetic = engine(self.engine)(bits)
        with arithmetic.working():
            return [arithmetic.interval(v) for v in flat(self.run(arithmetic)[output])]

    def exact(self) -> list[Any]:
        """The outputs in exact.py's numbers: with powers written out, else with powers as they stand. Raises NoTheorem."""
        try:
            return flat(self.run(ExactArithmetic())[0])
        except NoTheorem:
            return flat(self.run(ExactArithmetic(longest=SHORT))[0])

    @property
    def rank(self) -> int:
        """How many free indices the output has."""
        return len(self.program.outputs[0][1])

    def defined(self, bits: int) -> bool:
        """Whether the program is defined at the inputs, as far as the bits tell."""
        try:
            self.intervals(bits)
        except Undefined:
            return False
        except Indeterminate:
            pass
        return True


SAMPLE = (Fraction(7, 3), Fraction(5), Fraction(11, 2))
"""Entries in no relation: no sum of them or of their powers cancels."""


@lru_cache(maxsize=256)
def theorem_of(op: Any, of: str | Expr = "value") -> str:
    """Which theorem decides whether an output is representable, for whole parameters, and for others where that is another one."""
    try:
        program, n = op.program(of), op.arity or len(SAMPLE)
    except ValueError as reason:
        return f"none ({reason})"

    beside = {str(o.datum): SAMPLE[:n] for o in program.operations if o.name == "x"}

    def decided(parameter: Fraction) -> str:
        beyond = dict.fromkeys((q.name for q in (*op.parameters[1:], *op.others)), Fraction(100))
        symbols = {q.name: parameter for q in op.parameters[:1]} | beyond
        instance = Instance(program, SAMPLE[:n], symbols, n, {}, vectors={**beside, "x": SAMPLE[:n]})
        try:
            found = flat(instance.run(ExactArithmetic())[0])
        except NoTheorem as reason:
            return f"none ({reason})"
        doubt = next((v.doubt for v in found if v.doubt), "")
        return f"none ({doubt})" if doubt else " and ".join(sorted({v.theorem for v in found}))

    whole, other = decided(Fraction(3)), decided(Fraction(7, 2))
    if whole == other:
        return whole
    return f"{whole} for whole {op.parameters[0]}, {other} for others"


def flat(value: Any) -> list[Any]:
    """A nested list of numbers as one list; an interval is a number."""
    if isinstance(value, list):
        return [entry for part in value for entry in flat(part)]
    return [value]


def instance_of(
    op: Any,
    row: Sequence[Number],
    name: str | None,
    parameter: Number,
    of: str | Expr,
    engine: str = "mpmath",
    vectors: Mapping[str, Sequence[Fraction]] = MappingProxyType({}),
) -> tuple[Instance, list[int]]:
    """The program of an operator's output at a row, and the positions of the entries that it is run on.

    Entries without weight are left out of sums. A zero is no more than a number, though, to a derivative by it where the formula
    is defined there: the second derivative of the 2-norm by an entry 0 is 1/N. In a total weight they count.
    """
    skipped = special.weightless(row, parameter, op.dominance_of(of))
    symbols = {name: Fraction(parameter)} if name else {}
    length = Fraction(len(row))
    if any(skipped) and "w" in vectors and (total := op.formula(of).atoms(Sum) & {TOTAL}):
        of, length = op.formula(of).xreplace(dict.fromkeys(total, n)), sum(vectors["w"], Fraction(0))

    def instance(program: Program, kept: Sequence[int]) -> Instance:
        beside = {a: [v[q] for q in kept] if len(v) == len(row) else v for a, v in vectors.items()}
        return Instance(program, _finite(row, kept), symbols, length, {}, engine, beside)

    program = op.program(of)
    if any(skipped):
        whole = [q for q, v in enumerate(row) if not (skipped[q] and v != 0)]
        if len(program.outputs[0][1]) and not all(skipped[q] == (q not in whole) for q in range(len(row))):
            found = instance(program, whole)
            if found.defined(64):
                return found, whole
        if any(operation.name == "expm1" for operation in program.operations):
            # Such a sum is of expm1, which is no zero at an entry without weight: there the definition itself runs.
            program = op.program(of, "naive")
    kept = [q for q, skip in enumerate(skipped) if not skip]
    return instance(program, kept), kept


def _finite(row: Sequence[Number], kept: Sequence[int]) -> list[Fraction]:
    entries = [row[q] for q in kept]
    if any(isinstance(v, float) for v in entries):
        raise ValueError(
            f"x={entries!r} is infinite where it has weight; that is for the special-value contract to answer"
        )
    return cast(list[Fraction], entries)
