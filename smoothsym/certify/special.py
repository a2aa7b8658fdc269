"""Special values by contract: empty rows, nan, infinities and parameters at 0 or infinity are answered before any arithmetic.

A row of the contract is a limit (it follows) or a convention (a choice). Entries are compared by the key that says which entry
dominates (the larger x where alpha > 0, the larger |x| where p > 0, ...): an entry at the upper end of the key is dominant, one
at the lower end negligible: it has no weight in any sum, and still counts in n.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import inf, isinf, isnan, nan
from typing import Any

import numpy as np
from sympy import (
    Abs,
    Add,
    And,
    Eq,
    Expr,
    Ge,
    Gt,
    Indexed,
    KroneckerDelta,
    Le,
    Lt,
    Max,
    Min,
    Mul,
    Ne,
    Or,
    Piecewise,
    S,
    Sum,
    sign,
)

from smoothsym import words
from smoothsym.program.dominance import Dominance

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

    def formula(self, of: str) -> tuple[Expr | str, str]:
        """What the row says of the value or the gradient, and its basis."""
        return (self.value, self.basis) if of == "value" else (self.gradient, self.gradient_basis)

    def subs(self, values: Mapping[Any, Any]) -> Special:
        """The row with numbers for symbols."""
        value, gradient = (q.subs(values) if isinstance(q, Expr) else q for q in (self.value, self.gradient))
        return replace(self, value=value, gradient=gradient)


@dataclass(frozen=True)
class Answer:
    """What the contract says of an input: a number, or a list of them for a gradient, with its basis."""

    value: Any
    basis: str

    @property
    def silent(self) -> bool:
        """Whether the contract has nothing to say but that there is no number."""
        values = self.value if isinstance(self.value, list) else [self.value]
        return self.basis == "convention" and all(v != v for v in values)


UNANSWERED = Special(S.NaN, "convention")
"""For users' operators: nan, where nothing follows from a limit."""


BESIDE_ZERO = ", x = 0"
"""Where powers tend to 1, that of a zero does not: a limit in the parameter of entries that are not 0 says nothing of it."""


def condition(x: Sequence[Number], parameter: Number, dominance: Dominance, negative_zero: bool = False) -> str | None:
    """The name of the row that an input falls under, None where it is ordinary."""
    if any(isinstance(v, float) and isnan(v) for v in x) or (isinstance(parameter, float) and isnan(parameter)):
        return "nan"
    if not x:
        return "empty"
    if isinstance(parameter, float) and isinf(parameter):
        return "parameter oo" if parameter > 0 else "parameter -oo"
    if parameter == 0:
        row = "parameter 0-" if negative_zero else "parameter 0"
        return row + BESIDE_ZERO if dominance.kind == "modulus" and 0 in x else row
    if dominance.kind is None:
        return "infinite" if any(isinstance(v, float) and isinf(v) for v in x) else None
    dominant, negligible = dominance.ends(parameter)
    if any(_is_at(v, dominant, dominance.kind) for v in x):
        return "dominant"
    if all(_is_at(v, negligible, dominance.kind) for v in x):
        return "all negligible"
    return None


def _is_at(v: Number, end: float, kind: str | None) -> bool:
    """Whether the key of an entry is an end. Rationals are not compared with floats, which takes long."""
    if not isinstance(v, float):
        return end == 0 and not v
    return (abs(v) if kind == "modulus" else v) == end


def conditions(x: Any, parameter: float, dominance: Dominance) -> dict[str, Any]:
    """The rows of an array that fall under each condition, for a parameter that is finite and not 0; the others are ordinary."""
    none = np.isnan(x).any(axis=1)
    if dominance.kind is None:
        return {"nan": none, "infinite": np.isinf(x).any(axis=1) & ~none}
    key = np.abs(x) if dominance.kind == "modulus" else x
    dominant, negligible = dominance.ends(parameter)
    most, least = (key == dominant).any(axis=1) & ~none, (key == negligible).all(axis=1)
    return {"nan": none, "dominant": most, "all negligible": least}


def constant(formula: Expr | str) -> bool:
    """Whether what a row of the contract says does not depend on the entries of an input that falls under it."""
    if isinstance(formula, str):
        return formula == "extreme"
    return not formula.free_symbols and not formula.atoms(Indexed, words.Reduction)


def weightless(x: Sequence[Number], parameter: Number, dominance: Dominance) -> list[bool]:
    """Which entries have no weight in any sum."""
    if dominance.kind is None:
        return [False] * len(x)
    _, negligible = dominance.ends(parameter)
    return [_is_at(v, negligible, dominance.kind) for v in x]


def slope_without_weight(kind: str | None, parameter: Number, order: int) -> Answer:
    """The derivative by an entry without weight: 0, but |x|^p is not smooth at 0 to an order of p or more."""
    if kind == "modulus" and 0 < parameter <= order:
        return Answer(nan, "convention")
    return Answer(Fraction(0), "limit")


def answer(
    op: Any,
    x: Sequence[Number],
    parameter: Number,
    of: str | Expr = "value",
    negative_zero: bool = False,
    weights: Sequence[Fraction] | None = None,
) -> Answer | None:
    """What the contract of an operator says of an input, None where it is ordinary (weightless entries included).

    `weights` say how many times each entry counts.
    """
    name = condition(x, parameter, op.dominance_of(of), negative_zero)
    if name is None:
        return None
    if isinstance(of, Expr) or of not in ("value", "gradient"):
        return Answer(nan, "convention")
    rank = op.rank(of)
    formula, basis = op.contract(name, of, len(x), weights)
    try:
        found = evaluated(formula, x, parameter, op.dominance, rank, weights, weights if of == "gradient" else None)
    except Unwritten:
        return Answer([nan] * len(x) if rank == 1 else nan, "convention")
    return Answer(found if rank else found[0], _basis(basis, name, x, op.kind, of))


def evaluated(
    formula: Expr | str,
    x: Sequence[Number],
    parameter: Number,
    dominance: Dominance,
    rank: int,
    weights: Sequence[Fraction] | None = None,
    copies: Sequence[Fraction] | None = None,
) -> list[Number]:
    """What a formula of the contract is at every place of its free indices, exactly. Raises Unwritten where it is no rational.

    `weights` say how many times each entry counts; `copies` how many times it does in what is shared among tied entries.
    """
    if rank == 1 and formula == "shared":
        return _shared(x, parameter, dominance, weights, copies)
    places = product(range(len(x)), repeat=rank)
    return [_evaluate(formula, x, parameter, dominance, place, weights) for place in places]


def _shared(
    x: Sequence[Number],
    parameter: Number,
    dominance: Dominance,
    weights: Sequence[Fraction] | None,
    copies: Sequence[Fraction] | None,
) -> list[Number]:
    dominant, _ = dominance.ends(parameter)
    tied = [Fraction(_is_at(v, dominant, dominance.kind)) for v in x]
    ones = [Fraction(1)] * len(x)
    total = sum(map(operator.mul, tied, weights or ones), Fraction(0))
    return [t * w / total for t, w in zip(tied, copies or ones, strict=True)]


def _basis(basis: str, name: str, x: Sequence[Number], kind: str | None, of: str) -> str:
    """A limit in the parameter is one for finite entries; beside infinite ones two limits meet, and a kink of |x| has no slope."""
    if name.startswith("parameter"):
        infinite = any(isinstance(v, float) for v in x)
        if infinite and (of == "gradient" or name.startswith("parameter 0")):
            return "convention"
        if of == "gradient" and kind == "modulus" and 0 in x:
            return "convention"
    return basis


def _kind(e: words.Reduction) -> str:
    """Whether a maximum, a minimum or a mean is one of moduli."""
    return "modulus" if isinstance(e.args[0], Abs) else "entry"


def _keys(x: Sequence[Number], kind: str | None) -> list[Any]:
    return [abs(v) for v in x] if kind == "modulus" else list(x)


class Unwritten(ValueError):
    """A formula whose value is not a rational number, or that the contract has no words for."""


def evaluate(
    value: Expr | str,
    x: Sequence[Number],
    parameter: Number,
    dominance: Dominance,
    position: int | tuple[int, ...] | None = None,
) -> Number:
    """A row's value on an input, exactly: a Fraction, or an infinity; nan, too, where it is none of these.

    `position` is that of the free index i, or those of i and k.
    """
    try:
        return _evaluate(value, x, parameter, dominance, position)
    except Unwritten:
        return nan


def _evaluate(
    value: Expr | str,
    x: Sequence[Number],
    parameter: Number,
    dominance: Dominance,
    position: int | tuple[int, ...] | None = None,
    weights: Sequence[Fraction] | None = None,
) -> Number:
    if value == "extreme":
        dominant, negligible = dominance.ends(parameter)
        extreme = dominant if any(_is_at(v, dominant, dominance.kind) for v in x) else negligible
        return Fraction(0) if extreme == 0 else extreme
    places: tuple[int, ...] = position if isinstance(position, tuple) else (position or 0,)
    return _Evaluator(x, dict(zip((words.i, words.k), places, strict=False)), weights=weights).value(S(value))


@dataclass(frozen=True)
class _Evaluator:
    x: Sequence[Number]
    positions: Mapping[Expr, int]
    extreme: Any = None
    """What the symbol m counts the ties for: the maximum or minimum that stands beside it."""
    weights: Sequence[Fraction] | None = None
    """How many times each entry counts; once where there are none."""

    def value(self, e: Expr) -> Number:
        if e is S.NaN or e is S.ComplexInfinity:
            return nan
        if e in (S.Infinity, S.NegativeInfinity):
            return inf if e is S.Infinity else -inf
        if e.is_Rational:
            return Fraction(int(e.p), int(e.q))
        if e == words.n:
            return Fraction(len(self.x))
        if words.m in e.free_symbols and self.extreme is None:
            return self._with_ties(e)
        if e == words.m:
            ties = [v == self._reduction(self.extreme) for v in _keys(self.x, _kind(self.extreme))]
            return sum(map(operator.mul, ties, self.weights or [Fraction(1)] * len(ties)), Fraction(0))
        if e in self.positions:
            return Fraction(self.positions[e] + 1)
        if isinstance(e, words.Reduction):
            return self._reduction(e)
        if isinstance(e, Indexed):
            index = e.indices[0]
            place = int(index) - 1 if index.is_Integer else self.positions[index]
            vector = {words.x.label: self.x, words.w.label: self.weights}.get(e.base.label)
            if vector is None:
                raise Unwritten(f"{e} is an entry of a vector that is not given")
            return vector[place]
        if isinstance(e, Sum) and len(e.limits) == 1:
            index = e.limits[0][0]
            terms = [replace(self, positions={**self.positions, index: q}) for q in range(len(self.x))]
            return _reduce(operator.add, [Fraction(0), *(term.value(e.function) for term in terms)])
        if isinstance(e, (Max, Min)):
            values: list[Any] = [self.value(a) for a in e.args]
            return max(values) if isinstance(e, Max) else min(values)
        if isinstance(e, Abs):
            size: Any = self.value(e.args[0])
            return abs(size)
        if isinstance(e, sign):
            inner = self.value(e.args[0])
            return Fraction((inner > 0) - (inner < 0))
        if isinstance(e, KroneckerDelta):
            places = {int(a) - 1 if a.is_Integer else self.positions[a] for a in e.args}
            return Fraction(len(places) == 1)
        if isinstance(e, Piecewise):
            return next((self.value(branch) for branch, test in e.args if self.holds(test)), nan)
        if isinstance(e, (Add, Mul)):
            return _reduce(operator.add if isinstance(e, Add) else operator.mul, [self.value(a) for a in e.args])
        if e.is_Pow and e.exp.is_Integer:
            base: Any = self.value(e.base)
            if base != 0 or e.exp > 0:
                return base ** int(e.exp)
        raise Unwritten(f"{e} at {list(self.x)}")

    def _with_ties(self, e: Expr) -> Number:
        extremes = [r for r in e.atoms(words.Reduction) if not isinstance(r, words.mean)]
        if len(extremes) != 1:
            raise Unwritten(f"{e} does not say what its ties are for")
        return replace(self, extreme=extremes[0]).value(e)

    def _reduction(self, e: Expr) -> Number:
        values = _keys(self.x, _kind(e))
        if isinstance(e, words.mean):
            return _mean(values)
        extreme: Number = max(values) if isinstance(e, words.maximum) else min(values)
        return extreme

    def holds(self, test: Any) -> bool:
        if test in (True, S.true):
            return True
        if isinstance(test, And):
            return all(map(self.holds, test.args))
        if isinstance(test, Or):
            return any(map(self.holds, test.args))
        if isinstance(test, (Eq, Ne, Le, Lt, Ge, Gt)):
            left, right = self.value(test.lhs), self.value(test.rhs)
            return bool(_COMPARED[test.func](left, right))
        raise Unwritten(f"the condition {test}")


_COMPARED = {Eq: operator.eq, Ne: operator.ne, Le: operator.le, Lt: operator.lt, Ge: operator.ge, Gt: operator.gt}


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
