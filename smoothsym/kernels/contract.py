"""The special-value contract on whole arrays: which rows it has a say on, and what it says, by masks and no loops.

What certify/special.py answers exactly and one row at a time. What the contract says of a row depends on the pattern of its
infinities only, so its formulas, in words such as maximum(x), m and n, are computed for all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, reduce
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
    Pow,
    S,
    Sum,
    exp,
    log,
    sign,
)

from smoothsym import words
from smoothsym.certify.special import BESIDE_ZERO, Unwritten
from smoothsym.kernels.libraries import Library

POINTS = ("parameter oo", "parameter -oo", "parameter 0", "parameter 0-")


@dataclass(frozen=True)
class Contract:
    """The contract of a formula of an operator on rows."""

    op: Any
    of: str | Expr
    library: Library
    x: Any
    row: str | None
    """The row that the parameter asks for; "traced" where its value is not known."""
    sign: Any
    """The sign of the parameter, or the parameter itself."""
    counts: Any = None
    """Which entries count; None where all do."""
    weights: Any = None
    computed: Callable[[], Any] | None = None
    """What the program computes, which is the answer where the contract has none and the formula is defined."""

    # ---- rows --------------------------------------------------------------------------------------------------------------

    @property
    def xp(self) -> Any:
        return self.library.xp

    @cached_property
    def key(self) -> Any:
        """What says which entry dominates."""
        return self.xp.abs(self.x) if self.op.kind == "modulus" else self.x

    @cached_property
    def dominant(self) -> Any:
        """Where the key is at its upper end."""
        return self._counting(self.key == self._end(True))

    @cached_property
    def negligible(self) -> Any:
        """Where the key is at its lower end."""
        return self._counting(self.key == self._end(False))

    @cached_property
    def number(self) -> Any:
        """How many entries of a row count, each once."""
        if self.counts is None:
            return self._constant(float(self.x.shape[-1]))
        return self.xp.sum(self.library.cast(self.counts, self.x.dtype), axis=-1)

    @cached_property
    def total(self) -> Any:
        """How many entries count, each as often as its weight says."""
        if self.weights is None:
            return self.number
        return self.xp.sum(self.xp.where(self._all, self.weights, self._constant(0.0)), axis=-1)

    @property
    def _all(self) -> Any:
        return self.xp.ones_like(self.x, dtype=self.library.dtype("bool")) if self.counts is None else self.counts

    def _counting(self, test: Any) -> Any:
        return test if self.counts is None else test & self.counts

    def _constant(self, value: float) -> Any:
        return self.library.array(value, self.x.dtype, self.x)

    def _end(self, upper: bool) -> Any:
        low = -self.xp.inf if self.op.kind == "entry" else 0.0
        leaning = self.op.dominance.leaning(self.sign)
        if isinstance(leaning, int):
            return self.xp.inf if upper == (leaning >= 0) else low
        ends = (self._constant(self.xp.inf), self._constant(low))
        return self.xp.where((leaning >= 0) == self.xp.asarray(upper), *ends)

    def conditions(self) -> Iterator[tuple[str, Any]]:
        """(row of the contract, which rows are in it), the first that holds has the say."""
        xp = self.xp
        yield "nan", xp.any(self._counting(xp.isnan(self.x)), axis=-1)
        if self.row == "nan":
            yield "nan", True
        if self.counts is not None:
            yield "empty", self.number == 0
        if self.row == "traced":
            yield "nan", xp.isnan(self.sign)
            yield "parameter oo", self.sign == xp.inf
            yield "parameter -oo", self.sign == -xp.inf
            yield from self._beside_zeros()
            yield "parameter 0", (self.sign == 0) & ~xp.signbit(self.sign)
            yield "parameter 0-", (self.sign == 0) & xp.signbit(self.sign)
        elif self.row is not None:
            yield from self._beside_zeros()
            yield self.row, True
        if self.op.kind is None:
            yield "infinite", xp.any(self._counting(xp.isinf(self.x)), axis=-1)
        else:
            yield "dominant", xp.any(self.dominant, axis=-1)
            missing = self.negligible if self.counts is None else self.negligible | ~self.counts
            yield "all negligible", xp.all(missing, axis=-1)

    def _beside_zeros(self) -> Iterator[tuple[str, Any]]:
        """The rows with a zero, of whose power a limit at the parameter 0 says nothing, where the operator does not."""
        if self.op.kind != "modulus" or self.op.states("parameter 0"):
            return
        if self.row == "traced" or str(self.row).startswith("parameter 0"):
            zeros = self.xp.any(self._counting(self.x == 0), axis=-1)
            yield "parameter 0" + BESIDE_ZERO, zeros & (self.sign == 0 if self.row == "traced" else True)

    def _deciding(self) -> Iterator[tuple[str, Any]]:
        """The conditions up to one that holds for every row."""
        for name, rows in self.conditions():
            yield name, rows
            if rows is True:
                return

    # ---- answers -----------------------------------------------------------------------------------------------------------

    def onto(self, computed: Any, rank: int) -> Any:
        """A result with the answers of the contract in place of what was computed for its rows."""
        shape = (*self.x.shape[:-1], *self.x.shape[-1:] * rank)
        for name, rows in reversed(list(self._deciding())):
            if rows is not True and self.library.inspectable and not bool(self.xp.any(rows)):
                continue
            answer = self.xp.broadcast_to(self.library.cast(self.answer(name, rank), self.x.dtype), shape)
            if rows is True:
                computed = answer
                continue
            rows = self.xp.broadcast_to(rows, shape[: self.x.ndim - 1])
            computed = self.xp.where(self.xp.reshape(rows, (*rows.shape, *(1,) * rank)), answer, computed)
        return computed

    def answer(self, name: str, rank: int) -> Any:
        """What the contract says in one of its rows."""
        found = None
        for applies, size, weights in self._kinds(name):
            formula = self._formula(name, size, weights)
            value = self._constant(self.xp.nan)
            if formula is S.NaN and name in ("parameter 0", "parameter 0-") and self.computed is not None:
                value = self._finite(self.computed(), rank)
            elif formula is not None:
                # A formula beyond the rational numbers is one for finite entries.
                beyond = isinstance(formula, Expr) and any(not q.exp.is_Integer for q in formula.atoms(exp, Pow))
                with suppress(Unwritten):
                    value = self._evaluated(formula, name, rank)
                    value = self._finite(value, rank) if beyond else value
            if found is None:
                found = value
            else:
                applies = self.xp.reshape(applies, (*applies.shape, *(1,) * rank)) if applies.ndim else applies
                found = self.xp.where(applies, value, found)
        return found

    def _finite(self, value: Any, rank: int) -> Any:
        """A value where all entries that count are finite, no number elsewhere."""
        rows = self.xp.all(self.xp.isfinite(self.x) | (False if self.counts is None else ~self.counts), axis=-1)
        return self.xp.where(self.xp.reshape(rows, (*rows.shape, *(1,) * rank)), value, self._constant(self.xp.nan))

    def _kinds(self, name: str) -> Iterator[tuple[Any, int, list[Fraction] | None]]:
        """(for which rows, of how many entries, of which weights): a limit in the parameter looks at how many entries there are."""
        if name not in POINTS:
            yield None, 2, None if self.weights is None else [Fraction(1)] * 2
            return
        totals = [Fraction(1, 2), Fraction(1), Fraction(2)]
        for size, of_size in ((2, self.number > 1), (1, self.number == 1)):
            for total in totals if self.weights is not None else [Fraction(size)]:
                applies = of_size
                if self.weights is not None:
                    one = self._constant(1.0)
                    own = self.total == one if total == 1 else self.total > one if total > 1 else self.total < one
                    applies = applies & own
                yield applies, size, None if self.weights is None else [total / size] * size

    def _formula(self, name: str, size: int, weights: list[Fraction] | None) -> Expr | str | None:
        if self.of not in ("value", "gradient") and name not in POINTS:
            return None
        formula: Expr | str = self.op.contract(name, self.of, size, weights)[0]
        return formula

    def _evaluated(self, formula: Expr | str, name: str, rank: int) -> Any:
        xp = self.xp
        if formula == "shared":
            tied = self.library.cast(self.dominant, self.x.dtype)
            often = tied if self.weights is None else tied * xp.where(self.dominant, self.weights, self._constant(0.0))
            return (often if self.of == "gradient" else tied) / xp.sum(often, axis=-1)[..., None]
        if formula == "extreme":
            # Of no entries it is the neutral one.
            return self._constant(0.0) + self._end(name == "dominant")
        free = {words.i: 0, words.k: 1} if rank == 2 else {words.i: 0} if rank == 1 else {}
        return _Words(self, free, rank).value(S(formula))


@dataclass(frozen=True)
class _Words:
    """A formula in the words of the contract, as arrays of shape (..., 1 or n, ...) with `depth` axes after those of the batch."""

    rows: Contract
    axes: Mapping[Expr, int]
    depth: int
    extreme: Any = None
    """What the symbol m counts the ties for."""

    @property
    def xp(self) -> Any:
        return self.rows.xp

    def along(self, entries: Any, axis: int) -> Any:
        size = [1] * self.depth
        size[axis] = entries.shape[-1]
        return self.xp.reshape(entries, (*entries.shape[:-1], *size))

    def outside(self, number: Any) -> Any:
        """One number a row."""
        return self.xp.reshape(number, (*number.shape, *(1,) * self.depth)) if number.ndim else number

    def value(self, e: Expr) -> Any:
        xp, constant = self.xp, self.rows._constant
        if e is S.NaN or e is S.ComplexInfinity:
            return constant(xp.nan)
        if e in (S.Infinity, S.NegativeInfinity):
            return constant(xp.inf if e is S.Infinity else -xp.inf)
        if e.is_Rational:
            return constant(int(e.p) / int(e.q))
        if e == words.n:
            return self.outside(self.rows.number)
        if words.m in e.free_symbols and self.extreme is None:
            return self.with_ties(e)
        if e == words.m:
            return self.outside(self.ties())
        if e in self.axes:
            return self.place(e)
        if isinstance(e, words.Reduction):
            return self.outside(self.reduction(e))
        if isinstance(e, Indexed):
            return self.entry(e)
        if isinstance(e, Sum) and len(e.limits) == 1:
            inner = replace(self, axes={**self.axes, e.limits[0][0]: self.depth}, depth=self.depth + 1)
            terms = inner.value(e.function)
            if self.rows.counts is not None:
                terms = xp.where(inner.along(self.rows.counts, self.depth), terms, constant(0.0))
            elif terms.ndim == 0 or terms.shape[-1] == 1:
                terms = terms + inner.along(xp.zeros_like(self.rows.x), self.depth)
            return xp.sum(terms, axis=-1)
        if isinstance(e, (Max, Min)):
            return reduce(xp.maximum if isinstance(e, Max) else xp.minimum, map(self.value, e.args))
        if isinstance(e, (Abs, sign)):
            return (xp.abs if isinstance(e, Abs) else xp.sign)(self.value(e.args[0]))
        if isinstance(e, KroneckerDelta):
            return self.rows.library.cast(self.place(e.args[0]) == self.place(e.args[1]), self.rows.x.dtype)
        if isinstance(e, Piecewise):
            found = constant(xp.nan)
            for branch, test in reversed(e.args):
                value, holds = self.value(branch), self.holds(test)
                found = value if holds is True else xp.where(holds, value, found)
            return found
        if isinstance(e, (Add, Mul)):
            return reduce((lambda a, b: a + b) if isinstance(e, Add) else (lambda a, b: a * b), map(self.value, e.args))
        if e.is_Pow and e.exp.is_Integer:
            base = self.value(e.base)
            if e.exp > 0:
                return base ** int(e.exp)
            return xp.where(base == 0, constant(xp.nan), base ** int(e.exp))
        if isinstance(e, (exp, log)):
            return getattr(xp, e.func.__name__)(self.value(e.args[0]))
        if e.is_Pow:
            return self.value(e.base) ** self.value(e.exp)
        raise Unwritten(f"{e}")

    def entry(self, e: Indexed) -> Any:
        vector = {words.x.label: self.rows.x, words.w.label: self.rows.weights}.get(e.base.label)
        if vector is None:
            raise Unwritten(f"{e} is an entry of a vector that is not given")
        (index,) = e.indices
        if not index.is_Integer:
            return self.along(vector, self.axes[index])
        if self.rows.counts is None:
            return self.outside(vector[..., int(index) - 1])
        if index != 1:
            raise Unwritten(f"{e}, where some entries do not count")
        first = self.xp.argmax(self.rows.library.cast(self.rows.counts, self.rows.x.dtype), axis=-1)
        return self.outside(self.xp.take_along_axis(vector, first[..., None], axis=-1)[..., 0])

    def place(self, index: Expr) -> Any:
        if index.is_Integer:
            return self.rows._constant(float(index))
        x = self.rows.x
        return self.along(self.rows.library.array(np.arange(1.0, x.shape[-1] + 1), x.dtype, x), self.axes[index])

    def with_ties(self, e: Expr) -> Any:
        extremes = [r for r in e.atoms(words.Reduction) if not isinstance(r, words.mean)]
        if len(extremes) != 1:
            raise Unwritten(f"{e} does not say what its ties are for")
        return replace(self, extreme=extremes[0]).value(e)

    def ties(self) -> Any:
        rows = self.rows
        values = self.xp.abs(rows.x) if isinstance(self.extreme.args[0], Abs) else rows.x
        tied = rows._counting(values == self.reduction(self.extreme)[..., None])
        often = rows._constant(1.0) if rows.weights is None else rows.weights
        return self.xp.sum(self.xp.where(tied, often, rows._constant(0.0)), axis=-1)

    def reduction(self, e: Expr) -> Any:
        """The maximum, the minimum or the mean of the entries, or of their moduli, of each row."""
        xp, rows = self.xp, self.rows
        values = xp.abs(rows.x) if isinstance(e.args[0], Abs) else rows.x
        if not isinstance(e, words.mean):
            upper = isinstance(e, words.maximum)
            if rows.counts is not None:
                values = xp.where(rows.counts, values, rows._constant(-xp.inf if upper else xp.inf))
            return (xp.max if upper else xp.min)(values, axis=-1)
        if rows.counts is not None:
            values = xp.where(rows.counts, values, rows._constant(0.0))
        size = rows.number[..., None] if rows.number.ndim else rows.number
        whole = xp.sum(values, axis=-1) / rows.number
        # A sum may overflow where a mean does not; small numbers have fewer digits when they are divided first.
        return xp.where(xp.isfinite(whole), whole, xp.sum(values / size, axis=-1))

    def holds(self, test: Any) -> Any:
        if test in (True, S.true):
            return True
        if isinstance(test, (And, Or)):
            return reduce(
                (lambda a, b: a & b) if isinstance(test, And) else (lambda a, b: a | b), map(self.holds, test.args)
            )
        if isinstance(test, (Eq, Ne, Le, Lt, Ge, Gt)):
            return _COMPARED[test.func](self.value(test.lhs), self.value(test.rhs))
        raise Unwritten(f"the condition {test}")


_COMPARED = {
    Eq: lambda a, b: a == b, Ne: lambda a, b: a != b, Le: lambda a, b: a <= b,
    Lt: lambda a, b: a < b, Ge: lambda a, b: a >= b, Gt: lambda a, b: a > b,
}  # fmt: skip
