"""Certified values of an operator: enclosures to any number of digits, and correctly rounded references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isinf, isnan, nan
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp
from sympy import Expr

from smoothsym import formats
from smoothsym.certify import special
from smoothsym.certify.decide import BUDGET, FIRST_BITS, decide, digits_question, rounding_question
from smoothsym.certify.enclosure import Enclosure, make_mpf
from smoothsym.certify.inputs import checked, parameter_of, rows_of
from smoothsym.certify.instance import instance_of
from smoothsym.certify.special import Number
from smoothsym.errors import unknown

ENGINES = ("mpmath",)


def _infinite_entries(op: Any, row: Sequence[Number], kept: list[int]) -> bool:
    return any(isinstance(row[q], float) for q in kept)


@dataclass(frozen=True)
class _Job:
    """One row: either an answer by contract, or an instance to decide and where its outputs go."""

    op: Any
    row: list[Number]
    of: str | Expr
    name: str | None
    parameter: Number
    negative_zero: bool

    def solve(self, question: Any, at_number: Any, first: int, budget: int) -> Any:
        """`question` decides a computed value, `at_number` turns a contract's number into an answer. A list for a gradient."""
        checked(self.op, self.row)
        of = self.of if isinstance(self.of, str) else "expression"
        answer = special.answer(self.op, self.row, self.parameter, of, self.negative_zero)
        if answer is not None:
            if isinstance(answer.value, list):
                return [at_number(v, answer) for v in answer.value]
            if of == "hessian":
                return [[at_number(answer.value, answer)] * len(self.row) for _ in self.row]
            return at_number(answer.value, answer)
        instance, kept = instance_of(self.op, self.row, self.name, self.parameter, self.of)
        if _infinite_entries(self.op, self.row, kept):
            return at_number(nan, special.Answer(nan, "convention"))
        decided = [question.make(*result) for result in decide(instance, question.question, first, budget)]
        if len(instance.program.outputs[0][1]) == 0:
            return decided[0]
        return self._scattered(decided, kept, len(instance.program.outputs[0][1]), at_number)

    def _scattered(self, decided: list[Any], kept: list[int], rank: int, at_number: Any) -> Any:
        """Outputs over the entries with weight, put back among those without: their derivative is 0 (nan for a kink)."""
        n = len(self.row)
        kinked = self.op.kind == "modulus" and self.parameter < 1
        empty = at_number(nan if kinked else Fraction(0), special.Answer(0, "limit"))
        if rank == 1:
            result = [empty] * n
            for value, position in zip(decided, kept, strict=True):
                result[position] = value
            return result
        table = [[empty] * n for _ in range(n)]
        for q, value in enumerate(decided):
            table[kept[q // len(kept)]][kept[q % len(kept)]] = value
        return table


@dataclass(frozen=True)
class _Digits:
    question: Any

    @staticmethod
    def make(answer: Any, ends: Any, bits: int) -> Enclosure:
        exact, strict = answer
        if exact is not None:
            return point(exact, bits)
        return Enclosure(make_mpf(ends[0]), make_mpf(ends[1]), bits, strict=strict)


@dataclass(frozen=True)
class _Bits:
    question: Any

    @staticmethod
    def make(answer: int, ends: Any, bits: int) -> int:
        return answer


def point(value: Number, bits: int = 53, note: str = "") -> Enclosure:
    """The enclosure of a number that is known: a point where it is dyadic, else as narrow as twice the bits."""
    if isinstance(value, float):
        number = mpmath.mpf(value)
        return Enclosure(number, number, bits, note=note)
    ends = [
        libmp.from_rational(value.numerator, value.denominator, max(2 * bits, value.numerator.bit_length() + 2), way)
        for way in "fc"
    ]
    return Enclosure(make_mpf(ends[0]), make_mpf(ends[1]), bits, note=note, exact=value)


def _shaped(results: list[Any], shape: tuple[int, ...], single: bool) -> Any:
    """Results of the rows in an object array of the right shape; a bare Enclosure for one value."""
    if single and isinstance(results[0], Enclosure):
        return results[0]
    depth = 0
    probe = results[0] if results else None
    sizes: list[int] = []
    while isinstance(probe, list):
        sizes.append(len(probe))
        probe = probe[0] if probe else None
        depth += 1
    array = np.empty((len(results), *sizes), dtype=object)
    for index in np.ndindex(array.shape):
        value: Any = results
        for q in index:
            value = value[q]
        array[index] = value
    return array.reshape((*shape, *sizes))


def enclose(
    op: Any,
    x: Any,
    *,
    of: str | Expr = "value",
    digits: int = 30,
    engine: str = "mpmath",
    budget: int = BUDGET,
    **parameter: Any,
) -> Any:
    """Enclosures of an operator's value, or of anything derived from it, at exact inputs.

    Parameters: `x`, a vector or rows of equal length, of int, float, Fraction, SymPy Rational or mpf, taken exactly; `of`,
    "value", "gradient", "hessian", the parameter's name for that derivative, or an expression in the operator's symbols;
    `digits`, so many are decided; `budget`, the bits beyond which a value is refused; the parameter by its name.
    Returns an Enclosure, or an object array of them, of the shape of the result.
    Raises Refused where the budget is spent, ValueError and TypeError for bad input.
    Infinities, nan and empty vectors are answered by the operator's special-value contract.

    >>> import smoothsym as ss
    >>> ss.enclose(ss.logsumexp, [0, -40], alpha=1, digits=20).digits(20)
    '4.2483542552915889863e-18'
    """
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    if isinstance(digits, bool) or not isinstance(digits, int) or digits < 1:
        raise ValueError(f"digits={digits!r}: ask for a positive whole number of digits")
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ValueError(f"budget={budget!r}: give a positive number of bits")
    name, value, negative_zero = parameter_of(op, parameter)
    rows, shape = rows_of(x)
    first = max(FIRST_BITS, int(digits * 3.33) + 24)
    work = _Digits(digits_question(digits))

    def by_contract(number: Number, answer: special.Answer) -> Enclosure:
        return point(number, first, answer.basis)

    op.formula(of)
    results = [
        _Job(op, row, of, name, value, negative_zero).solve(work, by_contract, min(first, budget), budget)
        for row in rows
    ]
    return _shaped(results, shape, shape == ())


def reference(
    op: Any,
    X: Any,
    *,
    of: str | Expr = "value",
    dtype: Any = "float64",
    rounding: str = "nearest",
    budget: int = BUDGET,
    **parameter: Any,
) -> Any:
    """The exact values of an operator on rows, rounded correctly to a format.

    Parameters: `X`, rows (or one row) along the last axis; `of` as for enclose; `dtype`, "float16", "bfloat16", "float32" or
    "float64"; `rounding`, "nearest" (ties to even), "down", "up" or "zero"; the parameter by its name.
    Returns an array of that dtype: of the shape of X without its last axis for a value, of X's shape for a gradient.
    Raises Refused where a value is undecided within the budget of bits.

    >>> import smoothsym as ss
    >>> float(ss.reference(ss.boltzmann, [1.0, 2.0], alpha=1.0))
    1.7310585786300048
    """
    fmt = formats.get(dtype)
    if rounding not in ("nearest", "down", "up", "zero"):
        raise unknown("rounding", rounding, ("nearest", "down", "up", "zero"))
    name, value, negative_zero = parameter_of(op, parameter)
    rows, shape = rows_of(X)
    work = _Bits(rounding_question(fmt, rounding))

    def by_contract(number: Number, _: special.Answer) -> int:
        return rounded(fmt, number, rounding)

    op.formula(of)
    first = fmt.precision + 24
    results = [_Job(op, row, of, name, value, negative_zero).solve(work, by_contract, first, budget) for row in rows]
    bits = np.array(results, dtype=fmt.uint)
    return fmt.to_array(bits.reshape(shape + bits.shape[1:]))


def rounded(fmt: formats.Format, number: Number, rounding: str = "nearest") -> int:
    """The bits of a number in a format; infinities and nan included."""
    if isinstance(number, float) and (isnan(number) or isinf(number)):
        infinity = fmt.round(2 * fmt.largest, 0, "up")
        if isnan(number):
            return infinity | (1 << (fmt.precision - 2))
        return infinity | ((1 << (fmt.bits - 1)) if number < 0 else 0)
    return fmt.round(Fraction(number), 0, rounding)
