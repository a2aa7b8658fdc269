"""Two forms between which a program chooses are one function of exact numbers where the moment normal form proves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from sympy import (
    Abs,
    Add,
    Expr,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
    sign,
    sqrt,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.program.operations import Operation, Program
from smoothsym.program.rounding.functions import above_its_argument
from smoothsym.symbolic import moments

Signs = tuple[tuple[str, int], ...]
"""The signs of parameters by name, 0 where they are not known."""

_MAPPED: dict[str, Callable[..., Expr]] = {
    "add": Add, "sub": lambda a, b: a - b, "mul": Mul, "div": lambda a, b: a / b, "pow": Pow, "neg": lambda a: -a,
    "hypot": lambda a, b: sqrt(a**2 + b**2), "abs": Abs, "exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "sqrt": sqrt,
    "maximum": Max, "minimum": Min,
}  # fmt: skip
_ASSUMED: dict[int, dict[str, bool]] = {1: {"positive": True}, -1: {"negative": True}, 0: {"real": True}}


def alike(program: Program, number: int, signs: Signs, domain: str) -> bool:
    """Whether the forms of an `either` are proved equal for every n, wherever both are numbers; False means that no proof was found.

    With domain="positive", of entries that are not negative: both forms are continuous where they are numbers, which takes what is
    proved of positive entries, and of all but zeros of |u|, to the rest.

    >>> from sympy import exp
    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.program.ordered import select
    >>> from smoothsym.words import x
    >>> chosen = lower([select(x[1], exp(x[1]) * exp(x[2]), exp(x[1] + x[2])), select(x[1], x[1], x[2])])
    >>> [alike(chosen, number, (), "real") for number, _ in chosen.outputs]
    [True, False]
    """
    return _meaning(program, signs, domain).alike(number)


@lru_cache(maxsize=256)
def _meaning(program: Program, signs: Signs, domain: str) -> _Meaning:
    return _Meaning(program, dict(signs), domain)


class _Meaning:
    """The operations of a program as expressions: what is not continuous has a name, and means nothing."""

    def __init__(self, program: Program, signs: dict[str, int], domain: str) -> None:
        self.program, self.signs, self.domain = program, signs, domain
        self.known: dict[tuple[int, tuple[Expr, ...]], Expr] = {}
        self.proofs: dict[int, bool] = {}

    def alike(self, number: int) -> bool:
        if number not in self.proofs:
            _, first, second = self._arguments(number)
            self.proofs[number] = moments.equal(first, second, self.domain)
        return self.proofs[number]

    def _first(self, number: int) -> bool:
        """Whether exact numbers have what the first form is: the second one is the same, or taken nowhere, or only where the first
        continues to it, as in either(|v|, expm1(v)/v, 1).
        """
        test, _, second = self._arguments(number)
        if test.is_positive or self.alike(number):
            return True
        operation = self.program.operations[number]
        (quotient, placement) = operation.args[1]
        relative = above_its_argument(self.program, self.program.operations[quotient])
        if relative is None or second != 1:
            return False
        labels = self._labels(operation)
        below = self._placed(self.program.operations[quotient], 1, [labels[q] for q in placement])
        return moments.equal(test, Abs(below), self.domain)

    def _labels(self, operation: Operation) -> list[Expr]:
        return [Symbol(f"i{q}", integer=True) for q in range(operation.rank)]

    def _arguments(self, number: int) -> list[Expr]:
        operation = self.program.operations[number]
        return [self._placed(operation, q, self._labels(operation)) for q in range(len(operation.args))]

    def value(self, number: int, labels: Sequence[Expr]) -> Expr:
        key = (number, tuple(labels))
        if key not in self.known:
            self.known[key] = self._value(number, self.program.operations[number], labels)
        return self.known[key]

    def _placed(self, operation: Operation, argument: int, labels: Sequence[Expr]) -> Expr:
        number, placement = operation.args[argument]
        return self.value(number, [labels[q] for q in placement])

    def _value(self, number: int, operation: Operation, labels: Sequence[Expr]) -> Expr:
        name, datum = operation.name, operation.datum
        if name == "x":
            return (words.w if datum == "w" else IndexedBase(str(datum), real=True))[labels[0]]
        if name == "symbol":
            return Symbol(str(datum), **_ASSUMED[self.signs.get(str(datum), 0)])
        if name == "number":
            return Integer(datum + 1) if isinstance(datum, int) else Rational(datum.numerator, datum.denominator)  # type: ignore[union-attr]
        if name == "length":
            return words.n
        if name == "iota":
            return labels[0]
        if name == "sum":
            index = Symbol(f"j{number}", integer=True)
            inner = [*labels[: int(datum or 0)], index, *labels[int(datum or 0) :]]
            return Sum(self._placed(operation, 0, inner), (index, 1, words.n))
        if name == "take":
            (vector, _), _ = operation.args
            return self.value(vector, [self._placed(operation, 1, ())])
        if name == "same":
            return KroneckerDelta(*(self._placed(operation, q, labels) for q in (0, 1)))
        if name == "without":
            body, *places = (self._placed(operation, q, labels) for q in range(3))
            return (1 - KroneckerDelta(*places)) * body
        if name == "either" and self._first(number):
            return self._placed(operation, 1, labels)
        if name in _MAPPED:
            return _MAPPED[name](*(self._placed(operation, q, labels) for q in range(len(operation.args))))
        if name == "sign" and (way := self._placed(operation, 0, labels)).is_nonzero and way.is_Symbol:
            return sign(way)
        if not labels:
            return Symbol(f"v{number}", integer=name in ("argmax", "position") or None, real=True)
        return IndexedBase(f"v{number}", real=True)[tuple(labels)]
