"""Special values by contract: empty rows, nan, infinities and parameters at 0 or infinity are answered before any arithmetic.

A row of the contract is a limit (it follows) or a convention (a choice). Entries are compared by the key that says which entry
dominates (the larger x where alpha > 0, the larger |x| where p > 0, ...): an entry at the upper end of the key is dominant, one
at the lower end negligible: it has no weight in any sum, and still counts in n.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isinf, isnan, nan
from typing import Any

from sympy import Abs, Add, Eq, Expr, Indexed, Mul, Piecewise, S, sign

from smoothsym import words

Number = Fraction | float
"""A Fraction, or a float that is infinite, nan or a signed zero."""


@dataclass(frozen=True)
class Special:
    """One row of a contract: the value, whether it is a limit or a convention, and the same for the gradient.

    Values are SymPy expressions in words (maximum(x), mean(x), m, n, x[i]) or "extreme": the entry that the row is about.
    """

    value: Expr | str
    basis: str = "limit"
    gradient: Expr | str = S.NaN
    gradient_basis: str = "convention"


@dataclass(frozen=True)
class Answer:
    """What the contract says of an input: a number, or a list of them for a gradient, with its basis."""

    value: Any
    basis: str


UNANSWERED = Special(S.NaN, "convention")
"""For users' operators: nan, where nothing follows from a limit."""


def ends(kind: str, parameter: Number) -> tuple[float, float]:
    """The dominant and the negligible end of an entry: kind "entry" or "modulus", by the sign of the parameter."""
    low = -inf if kind == "entry" else 0.0
    return (inf, low) if parameter > 0 else (low, inf)


def condition(x: Sequence[Number], parameter: Number, kind: str | None, negative_zero: bool = False) -> str | None:
    """The name of the row that an input falls under, None where it is ordinary."""
    if any(isinstance(v, float) and isnan(v) for v in x) or (isinstance(parameter, float) and isnan(parameter)):
        return "nan"
    if not x:
        return "empty"
    if isinstance(parameter, float) and isinf(parameter):
        return "parameter oo" if parameter > 0 else "parameter -oo"
    if parameter == 0:
        return "parameter 0-" if negative_zero else "parameter 0"
    if kind is None:
        return "infinite" if any(isinstance(v, float) and isinf(v) for v in x) else None
    dominant, negligible = ends(kind, parameter)
    keys = [abs(v) if kind == "modulus" else v for v in x]
    if dominant in keys:
        return "dominant"
    if all(v == negligible for v in keys):
        return "all negligible"
    return None


def weightless(x: Sequence[Number], parameter: Number, kind: str | None) -> list[bool]:
    """Which entries have no weight in any sum."""
    if kind is None:
        return [False] * len(x)
    _, negligible = ends(kind, parameter)
    return [(abs(v) if kind == "modulus" else v) == negligible for v in x]


def answer(
    op: Any, x: Sequence[Number], parameter: Number, of: str = "value", negative_zero: bool = False
) -> Answer | None:
    """What the contract of an operator says of an input, None where it is ordinary (weightless entries included)."""
    name = condition(x, parameter, op.kind, negative_zero)
    if name is None:
        return None
    row = op.special(name)
    if of == "value":
        return Answer(evaluate(row.value, x, parameter, op.kind), row.basis)
    if of == "gradient":
        if row.gradient == "shared":
            dominant, _ = ends(op.kind, parameter)
            tied = [(abs(v) if op.kind == "modulus" else v) == dominant for v in x]
            shared: list[Number] = [Fraction(1, sum(tied)) if t else Fraction(0) for t in tied]
            return Answer(shared, row.gradient_basis)
        return Answer(
            [evaluate(row.gradient, x, parameter, op.kind, position) for position in range(len(x))], row.gradient_basis
        )
    return Answer(nan, "convention")


def evaluate(
    value: Expr | str, x: Sequence[Number], parameter: Number, kind: str | None, position: int | None = None
) -> Number:
    """A row's value on an input, exactly: a Fraction, or an infinity or nan."""
    if value == "extreme":
        dominant, negligible = ends(kind or "entry", parameter)
        keys = [abs(v) if kind == "modulus" else v for v in x]
        extreme = dominant if dominant in keys else negligible
        return Fraction(0) if extreme == 0 else extreme
    return _Evaluator(x, position).value(S(value))


@dataclass
class _Evaluator:
    x: Sequence[Number]
    position: int | None
    extreme: Number | None = None

    def value(self, e: Expr) -> Number:
        if e is S.NaN or e is S.ComplexInfinity:
            return nan
        if e in (S.Infinity, S.NegativeInfinity):
            return inf if e is S.Infinity else -inf
        if e.is_Rational:
            return Fraction(int(e.p), int(e.q))
        if e == words.n:
            return Fraction(len(self.x))
        if e == words.m:
            # How many entries tie for the extreme that the same expression names.
            values: list[Any] = [abs(v) for v in self.x] if self._modulus else list(self.x)
            return Fraction(values.count(self.extreme))
        if isinstance(e, words.Reduction):
            return self._reduction(e)
        if isinstance(e, Indexed):
            index = e.indices[0]
            return self.x[int(index) - 1 if index.is_Integer else self.position or 0]
        if isinstance(e, Abs):
            size: Any = self.value(e.args[0])
            return abs(size)
        if isinstance(e, sign):
            inner = self.value(e.args[0])
            return Fraction((inner > 0) - (inner < 0))
        if isinstance(e, Piecewise):
            for branch, test in e.args:
                if self.holds(test):
                    return self.value(branch)
            return nan
        if isinstance(e, Add):
            return _reduce(lambda a, b: a + b, [self.value(a) for a in e.args])
        if isinstance(e, Mul):
            return _reduce(lambda a, b: a * b, [self.value(a) for a in e.args])
        if e.is_Pow and e.exp.is_Integer:
            base: Any = self.value(e.base)
            return base ** int(e.exp)
        return nan

    _modulus: bool = False

    def _reduction(self, e: Expr) -> Number:
        self._modulus = isinstance(e.args[0], Abs)
        values: list[Any] = [abs(v) for v in self.x] if self._modulus else list(self.x)
        if isinstance(e, words.mean):
            return _mean(values)
        extreme: Number = max(values) if isinstance(e, words.maximum) else min(values)
        self.extreme = extreme
        return extreme

    def holds(self, test: Any) -> bool:
        if test in (True, S.true):
            return True
        if isinstance(test, Eq):
            return self.value(test.lhs) == self.value(test.rhs)
        return False


def _reduce(function: Any, values: list[Number]) -> Number:
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result


def _mean(values: Sequence[Number]) -> Number:
    infinite = {v for v in values if isinstance(v, float) and isinf(v)}
    if infinite:
        return infinite.pop() if len(infinite) == 1 else nan
    return sum((Fraction(v) for v in values), Fraction(0)) / len(values)


Contract = Mapping[str, Special]
