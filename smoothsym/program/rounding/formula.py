"""The first-order error bound of a program as a formula: the sum over its operations of |adjoint| times the local error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import (
    Abs,
    Expr,
    Function,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Rational,
    S,
    Symbol,
    expand,
    sign,
)

from smoothsym import words
from smoothsym.program.operations import Operation
from smoothsym.program.rounding.adjoints import Values
from smoothsym.program.rounding.model import Model
from smoothsym.program.rounding.primitives import TURN
from smoothsym.program.rounding.signs import factored
from smoothsym.program.summation import LONG, foldings

ANY_ORDER = Model(summation="sequential")
"""Sums of n terms by n - 1 additions in any order, every function within u."""

_LONG = 250
"""How many operations the sizes of a bound have, at most, of which the shortest form is looked for."""
OWN = 3
"""The rank of an index that an operation is summed over, above those of outputs, of positions and of numbers."""
ROUNDED = ("add", "sub", "mul", "div", "sqrt")
FUNCTIONS = ("exp", "log", "log1p", "expm1", "pow", "hypot")


@dataclass(frozen=True)
class Part:
    """One kind of contribution to a bound: coefficient * size, in units of u; `operations` are where it is from."""

    coefficient: Expr
    size: Expr
    operations: tuple[int, ...]


class additions(Function):
    """How many additions a term of a sum of n terms can go through, summed pairwise as NumPy does it along a contiguous axis."""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def eval(cls, size: Expr) -> Expr | None:
        return Integer(Model().depth(int(size))) if size.is_Integer else None

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return rf"d\left({printer._print(self.args[0])}\right)" + ("" if exp is None else f"^{{{exp}}}")


@dataclass
class FirstOrder:
    """The first-order bound of one output of a program: `parts`, whose coefficients times sizes times u add up to it."""

    values: Values
    model: Model = ANY_ORDER
    output: int = 0

    def __post_init__(self) -> None:
        operations = self.values.program.operations
        number, placement = self.values.program.outputs[self.output]
        self.labels = (words.i, words.k)[: len(placement)]
        self.value = self.values.value(number, _inverse(self.labels, placement))
        found: dict[Expr, list[Any]] = {}
        for at, (axes, adjoint) in self.values.adjoints(self.output, self.labels).items():
            if adjoint == 0:
                continue
            cost, size = self._local(at, operations[at], axes)
            if cost == 0:
                continue
            whole = self._magnitude(adjoint * size)
            if any(q.has(KroneckerDelta) for q in whole.atoms(Abs)):
                whole = self._magnitude(adjoint) * size
            whole = self._sharper(at, operations[at], axes, whole)
            for axis in axes:
                whole = self.values.total(whole, axis)
            if (key := expand(whole)) != 0:
                entry = found.setdefault(key, [S.Zero, whole, []])
                entry[0] += cost
                entry[2].append(at)
                if whole.count_ops() < entry[1].count_ops():
                    entry[1] = whole
        self.parts = [Part(*(cost, size, tuple(at))) for cost, size, at in found.values()]

    @property
    def long(self) -> bool:
        """Whether there is too much to look for the shortest way to say it."""
        return sum(part.size.count_ops() for part in self.parts) > _LONG

    @property
    def total(self) -> Expr:
        """The bound in units of u, in falls and the names of sums."""
        return sum((part.coefficient * part.size for part in self.parts), S.Zero)

    # ---- local errors --------------------------------------------------------------------------------------------------------

    def _local(self, number: int, operation: Operation, axes: Sequence[Symbol]) -> tuple[Expr, Expr]:
        """The local error of an operation in units of u, as a cost times a size >= 0."""
        values, name = self.values, operation.name
        value = values.value(number, axes)
        twice = 2 if self.model.rounding == "directed" else 1
        if name == "number":
            return (S.Zero, S.Zero) if _short(value) else (S(twice), values.signs.size(value))
        if name == "sum":
            inner, _ = operation.args[0]
            axis, index = int(operation.datum or 0), Symbol("at_sum", integer=True)
            body = values.value(inner, [*axes[:axis], index, *axes[axis:]])
            if self.model.summation == "compensated" or self.model.accumulate is not None:
                return S(twice), values.signs.size(value)
            if self.model.summation == "folded":
                return S(twice * (foldings(LONG) + 1)), values.total(self._magnitude(body), index)
            return twice * self._additions(body, index), values.total(self._magnitude(body), index)
        if name not in (*ROUNDED, *FUNCTIONS):
            return S.Zero, S.Zero
        args = [values.placed(operation, q, axes) for q in range(len(operation.args))]
        if _exact(name, args, value, values):
            return S.Zero, S.Zero
        constant = 1.0 if name in ROUNDED or _as_rounded(name, args) else self.model.constant(name)
        return twice * Rational(str(constant)), self._magnitude(value) * Mul(*_both(name, args))

    def _additions(self, body: Expr, index: Symbol) -> Expr:
        """A sum of n terms takes n - 1 additions; a term that is 0 takes none."""
        if self.model.summation == "pairwise":
            return additions(words.n)
        frame = self.values.frame
        vanishes = frame is not None and expand(self.values.at(body, index, frame.symbol)) == 0
        return words.n - 2 if vanishes else words.n - 1

    def _sharper(self, number: int, operation: Operation, axes: Sequence[Symbol], whole: Expr) -> Expr:
        """Without the error at the extreme entry, where the result is a short number, such as exp(0) or x / x."""
        frame = self.values.frame
        if frame is None or len(axes) != 1 or self.labels or operation.name not in (*ROUNDED, *FUNCTIONS):
            return whole
        at_extreme = self.values.value(number, (frame.symbol,)).xreplace({TURN[frame.symbol]: S.One})
        if not _short(at_extreme) and not self._by_one(operation, frame.symbol):
            return whole
        return (1 - KroneckerDelta(axes[0], frame.symbol)) * whole

    def _by_one(self, operation: Operation, place: Symbol) -> bool:
        """Whether an operation multiplies or divides by 1 at a place."""
        if operation.name not in ("mul", "div"):
            return False
        args = [self.values.placed(operation, q, (place,)) for q in range(2)]
        return any(map(_unit, args if operation.name == "mul" else args[1:]))

    # ---- moduli --------------------------------------------------------------------------------------------------------------

    def _magnitude(self, e: Expr) -> Expr:
        """|e|, with known signs, exact also where indices coincide."""
        if not e.has(KroneckerDelta):
            return self.values.signs.size(self.values.settled(e))
        result = S.One
        for factor in Mul.make_args(factored(self._selected(e))):
            result *= self._split(factor) if factor.has(KroneckerDelta) else self.values.signs.size(factor)
        return result

    def _deltas(self, e: Expr) -> list[Expr]:
        """The deltas of an expression, those of an operation's own axes first."""
        return sorted(e.atoms(KroneckerDelta), key=lambda d: (-max(map(self._rank, d.args)), str(d)))

    def _selected(self, e: Expr) -> Expr:
        """What stands beside a delta in one of its two indices."""
        for delta in self._deltas(e):
            index, place = self._joined(delta)
            if delta.has(index) and self._rank(index) == OWN:
                rest = e.xreplace({delta: S.Zero})
                e = rest + delta * self.values.at(expand(e.xreplace({delta: S.One}) - rest), index, place)
        return self.values.settled(e)

    def _split(self, e: Expr) -> Expr:
        """|e| as that where no indices coincide, and what is added where they do."""
        if isinstance(e, KroneckerDelta):
            return e
        deltas = self._deltas(e)
        if not deltas:
            return self.values.signs.size(self.values.settled(e))
        first = deltas[0]
        index, place = self._joined(first)
        apart = self._split(e.xreplace({first: S.Zero}))
        together = self._split(self.values.at(e.xreplace({first: S.One}), index, place))
        if self._rank(index) == OWN and (apart.has(Abs) or together.has(Abs)):
            return self.values.signs.size(e)
        before = self.values.at(apart, index, place)
        if expand(together) == expand(before):
            return apart
        return apart + first * (together - before)

    def _joined(self, delta: KroneckerDelta) -> tuple[Expr, Expr]:
        """Which index is replaced by which where both are equal: one of an operation's own axes first."""
        a, b = delta.args
        order = [self._rank(a), self._rank(b)]
        return (a, b) if order[0] >= order[1] else (b, a)

    def _rank(self, index: Expr) -> int:
        if not isinstance(index, Symbol):
            return 0
        if index.name.startswith(("b", "at_sum")):
            return OWN
        return 2 if index in self.labels else 1


def _inverse(labels: Sequence[Any], placement: Sequence[int]) -> list[Any]:
    return [labels[q] for q in placement]


def _short(value: Expr) -> bool:
    """Whether a number is in every format: a few bits times a power of two."""
    return bool(value.is_Rational) and int(value.q) & (int(value.q) - 1) == 0 and int(abs(value.p)).bit_length() <= 8


def _unit(e: Expr) -> bool:
    """Whether multiplying by an expression is exact: a power of two, a sign, or 0 and 1 by whether indices coincide."""
    if e.is_Rational:
        top, below = abs(int(e.p)), int(e.q)
        return top & (top - 1) == 0 and below & (below - 1) == 0
    if isinstance(e, sign) or (isinstance(e, Indexed) and e.base == TURN):
        return True
    return _indicator(e)


def _indicator(e: Expr) -> bool:
    deltas = sorted(e.atoms(KroneckerDelta), key=str)
    if not deltas or len(deltas) > 3:
        return False
    values = [e]
    for delta in deltas:
        values = [value.xreplace({delta: bit}) for value in values for bit in (S.Zero, S.One)]
    return all(value in (S.Zero, S.One, S.NegativeOne) for value in values)


def _exact(name: str, args: list[Expr], value: Expr, values: Values) -> bool:
    """Whether an operation makes no error: what it computes is a short number, an argument, or one times a power of two."""
    if value.is_number and _short(value):
        return True
    if name == "mul":
        return any(map(_unit, args))
    if name == "div":
        return _unit(args[1])
    if name in ("add", "sub"):
        return any(a == 0 for a in args) or _indicator(value)
    if name == "pow":
        return args[1] == 1
    return name == "hypot" and any(a == 0 for a in args)


def _both(name: str, args: list[Expr]) -> list[Expr]:
    """What a sum of two stands beside to be rounded at all: the deltas without which a term is 0."""
    if name not in ("add", "sub"):
        return []
    return [f for a in args for f in Mul.make_args(a) if isinstance(f, KroneckerDelta)]


def _as_rounded(name: str, args: list[Expr]) -> bool:
    """Powers that are one rounded operation: a square, a reciprocal, a root."""
    return name == "pow" and args[1] in (Integer(2), S.NegativeOne, S.Half)
