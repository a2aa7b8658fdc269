"""Values and adjoints of a program as expressions over indices: what each operation computes, and what its error does to an output.

Entries are written as distances t[j] >= 0 from the extreme entry where a program looks for one, x[j] = x[s] - t[j] or
|x[j]| = |x[s]| exp(-t[j]), so that signs are seen by form. Each sum has a name; an adjoint keeps which intermediates are shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sympy import (
    Abs,
    Add,
    Expr,
    Heaviside,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Mul,
    Rational,
    S,
    Sum,
    Symbol,
    exp,
    expand,
    sign,
    sqrt,
)

from smoothsym import words
from smoothsym.program.operations import Operation, Program
from smoothsym.program.rounding.primitives import FALL, GAP, SIZE, TOP, TURN, computed, partials
from smoothsym.program.rounding.signs import Signs

AT = Symbol("at", integer=True)
_LONG = 4
"""How many operations a number with roots has, at most, that has no name of its own."""
_REDUCED = {"max": 1, "argmax": 1, "min": -1}
_EXACT = (
    "x", "symbol", "number", "length", "iota", "position", "neg", "abs", "sign", "max", "min", "argmax", "take", "same",
    "maximum", "minimum", "without",
)  # fmt: skip
PARAMETERS = (Rational(5, 4), Rational(5, 2), Rational(4))
"""What a parameter is on ordinary rows, where it is not given."""
CHOICES = ("either", "maximum", "minimum")
_POSITIONS = ("argmax", "iota", "position")


@dataclass(frozen=True)
class Anchor:
    """The position at which the key sign * x[.], or sign * |x[.]|, or of an expression, is largest."""

    symbol: Symbol
    key: Expr
    """In the index AT."""
    kind: str
    """ "entry", "modulus" or "other"."""
    turn: int


@dataclass
class Values:
    """The value of each operation as an expression in the indices of its axes, by number.

    `choices` says of each `either`, and of a larger or smaller of two computed numbers, whether it takes the first, None for entry by entry; `given` are parameters with known values, by name; others are positive.
    """

    program: Program
    domain: str = "real"
    given: Mapping[str, Expr] = field(default_factory=dict)
    choices: Mapping[int, bool | None] = field(default_factory=dict)
    names: dict[Expr, Symbol] = field(default_factory=dict)
    """The body of each sum, in AT, and the name of the sum."""
    values: dict[int, Expr] = field(default_factory=dict)
    roots: dict[Expr, Symbol] = field(default_factory=dict)
    """What square roots are of, and the names of the roots."""
    parts: dict[Symbol, Expr] = field(default_factory=dict)
    """The names of long numbers with roots, and what they are."""
    anchors: list[Anchor] = field(default_factory=list)
    turn: IndexedBase = TURN
    summed: Symbol = AT

    def __post_init__(self) -> None:
        self.frame: Anchor | None = None
        self.assumed: list[Expr] = []
        self.signs = Signs(self)
        self._found: dict[int, Symbol] = {}
        for number, operation in enumerate(self.program.operations):
            if operation.name in _REDUCED:
                self._find(number, operation)
        self.frame = next((a for a in self.anchors if a.kind != "other"), None)
        self.values.clear()
        self.names, self.roots, self.parts = {}, {}, {}
        self.signs = Signs(self)

    @cached_property
    def pair(self) -> bool:
        """Whether a program is of two entries, x[1] and x[2], which are then measured by their difference."""
        numbers = [q.datum for q in self.program.operations if q.name == "number" and isinstance(q.datum, int)]
        return sorted(numbers) == [0, 1] and not any(q.name in _REDUCED for q in self.program.operations)

    @cached_property
    def taken(self) -> dict[int, int]:
        """Which argument each choice between two takes, where it takes one for all entries."""
        operations = self.program.operations
        ways = {number: True for number, q in enumerate(operations) if q.name == "either"} | dict(self.choices)
        return {
            number: (0 if way else 1) + (operations[number].name == "either")
            for number, way in ways.items()
            if way is not None
        }

    def tested(self, number: int, labels: Sequence[Expr]) -> Expr:
        """What is > 0 where a choice takes its first form."""
        operation = self.program.operations[number]
        if operation.name == "either":
            return self.placed(operation, 0, labels)
        gap = self.placed(operation, 0, labels) - self.placed(operation, 1, labels)
        return gap if operation.name == "maximum" else -gap

    def exact(self, number: int) -> bool:
        """Whether an operation makes no error, nor anything that it is computed from."""
        operation = self.program.operations[number]
        return operation.name in _EXACT and all(self.exact(inner) for inner, _ in operation.args)

    # ---- anchors -------------------------------------------------------------------------------------------------------------

    def _find(self, number: int, operation: Operation) -> None:
        if len(operation.args[0][1]) != 1:
            raise ValueError(f"v{number}: the {operation.name} of a matrix over one of its axes has no formula here")
        turn = _REDUCED[operation.name]
        key = expand(turn * self.value(operation.args[0][0], (AT,)))
        key = Mul(
            *(f for f in Mul.make_args(key.xreplace(self._ordinary(key))) if AT in f.free_symbols or not f.is_positive)
        )
        known = next((a for a in self.anchors if a.key == key), None)
        if known is None:
            entry = self._plain(AT)
            kind, way = "other", 1
            for one in (1, -1):
                if key == one * entry:
                    kind, way = "modulus" if self._by_ratios else "entry", one
                elif key == one * Abs(entry):
                    kind, way = "modulus", one
            symbol = Symbol("s" if not self.anchors else f"s{len(self.anchors) + 1}", integer=True)
            known = Anchor(symbol, key, kind, way)
            self.anchors.append(known)
        self._found[number] = known.symbol

    def _ordinary(self, key: Expr) -> dict[Expr, Expr]:
        """The signs of expressions in parameters, such as p - 1, that are the same for all ordinary ones; they are taken for that."""
        found = {}
        for way in key.atoms(sign):
            symbols = sorted(way.free_symbols, key=str)
            if not way.has(Indexed):
                ways = {sign(way.args[0].xreplace(dict.fromkeys(symbols, S(q)))) for q in PARAMETERS}
                if len(ways) == 1:
                    found[way] = ways.pop()
                    self.assumed.append(way.args[0] * found[way])
        return found

    @property
    def extreme(self) -> Symbol | None:
        """The index of the extreme entry, where there is one."""
        return None if self.frame is None else self.frame.symbol

    @property
    def _by_ratios(self) -> bool:
        """Whether positive entries are measured by ratios: where they are raised to powers that are parameters."""
        operations = self.program.operations
        return self.domain == "positive" and any(
            q.name == "pow" and q.rank and operations[q.args[1][0]].name != "number" for q in operations
        )

    def entry(self, base: str, place: Expr) -> Expr:
        """An entry of a vector in the coordinates of the program."""
        if base != "x":
            return IndexedBase(base, real=True)[place] if base != "w" else words.w[place]
        frame = self.frame
        if frame is None or not frame.turn:
            return self._plain(place)
        if frame.kind == "entry":
            return TOP if place == frame.symbol else TOP - frame.turn * FALL[place]
        turn = S.One if self.domain == "positive" else TURN[place]
        return turn * SIZE if place == frame.symbol else turn * SIZE * exp(-frame.turn * FALL[place])

    def _plain(self, place: Expr) -> Expr:
        return (IndexedBase("x", positive=True) if self.domain == "positive" else words.x)[place]

    def settled(self, e: Expr) -> Expr:
        """With what is known at the extreme entry, and of signs."""
        if self.frame is not None:
            e = e.xreplace({FALL[self.frame.symbol]: S.Zero})
        if self.pair:
            e = e.xreplace({self._plain(Integer(1)): self._plain(Integer(2)) + GAP})
        turns = [q for q in e.atoms(Indexed) if q.base == TURN]
        if turns:
            e = e.xreplace({Abs(q): S.One for q in turns} | {sign(q): q for q in turns})
            e = e.replace(
                lambda f: f.is_Pow and isinstance(f.base, Indexed) and f.base.base == TURN and f.exp.is_Integer,
                lambda f: f.base ** (f.exp % 2),
            )
        return e

    def at(self, e: Expr, index: Expr, place: Expr) -> Expr:
        """An expression with another index, which no sum in it captures."""
        for total in e.atoms(Sum):
            if total.limits[0][0] == place and index in total.free_symbols:
                e = e.xreplace({total: total.xreplace({place: Symbol(f"{place.name}_", integer=True)})})
        return self.settled(e.xreplace({index: place}))

    # ---- values --------------------------------------------------------------------------------------------------------------

    def value(self, number: int, labels: Sequence[Expr]) -> Expr:
        """The value of an operation, its axes named."""
        own = tuple(Symbol(f"a{q}", integer=True) for q in range(self.program.operations[number].rank))
        if number not in self.values:
            value = self.settled(self._value(number, self.program.operations[number], own))
            self.values[number] = value if own else self._shortened(number, value)
        found = self.values[number]
        return self.settled(found.xreplace(dict(zip(own, labels, strict=True)))) if own else found

    def placed(self, operation: Operation, argument: int, labels: Sequence[Expr]) -> Expr:
        number, placement = operation.args[argument]
        return self.value(number, [labels[q] for q in placement])

    def _value(self, number: int, operation: Operation, labels: tuple[Symbol, ...]) -> Expr:
        name, datum = operation.name, operation.datum
        if name == "x":
            return self.entry(str(datum), labels[0])
        if name == "symbol":
            return self.given.get(str(datum), Symbol(str(datum), positive=True))
        if name == "number":
            return Integer(datum + 1) if isinstance(datum, int) else Rational(datum.numerator, datum.denominator)  # type: ignore[union-attr]
        if name == "length":
            return words.n
        if name == "iota":
            return labels[0]
        if name == "position":
            return Symbol(str(datum), integer=True)
        if name == "argmax":
            return self._found.get(number, AT)
        if name in ("max", "min"):
            (inner, _) = operation.args[0]
            return self.value(inner, (self._found[number],)) if number in self._found else S.Zero
        if name == "take":
            (vector, _), (position, _) = operation.args
            return self.value(vector, (self.value(position, ()),))
        if name == "sum":
            (inner, _placement) = operation.args[0]
            return self.total(self.value(inner, _with(labels, int(operation.datum or 0), AT)), AT)
        if number in self.taken:
            return self.placed(operation, self.taken[number], labels)
        if name in CHOICES and not self.exact(number):
            first, second = (self.placed(operation, q, labels) for q in _forms(name))
            way = Heaviside(self.tested(number, labels), 0)
            return way * first + (1 - way) * second
        if operation.inner is not None:
            raise ValueError(f"v{number}: the operation {operation.name} has no formula")
        args = [self.placed(operation, q, labels) for q in range(len(operation.args))]
        if name == "hypot" or (name == "sqrt" and args[0].is_Add):
            return self.root(args[0] if name == "sqrt" else args[0] ** 2 + args[1] ** 2)
        return computed(name, args, number)

    def meant(self, e: Expr) -> Expr:
        """An expression without names of roots and of numbers with roots."""
        while found := [q for q in e.free_symbols if q in self.parts]:
            e = e.xreplace({q: self.parts[q] for q in found})
        return e.xreplace({root: sqrt(inside) for inside, root in self.roots.items()})

    def _shortened(self, number: int, value: Expr) -> Expr:
        """A long number with roots by a name of its own: what is derived from it would only be longer."""
        if not value.has(*self.roots.values()) or value.count_ops() <= _LONG or number == self.program.outputs[0][0]:
            return value
        way = self.signs.of(value)
        name = Symbol(f"v{number}", real=True, positive=True if way > 0 else None, negative=True if way < 0 else None)
        self.parts[name] = value
        return name

    def root(self, inside: Expr) -> Expr:
        """A square root by its name, where it is one number."""
        if any(isinstance(q, Symbol) and q.is_integer for q in inside.free_symbols - {words.n}):
            return sqrt(inside)
        inside = expand(inside)
        if inside not in self.roots:
            self.roots[inside] = Symbol(f"h{len(self.roots)}", positive=True)
        return self.roots[inside]

    def total(self, body: Expr, index: Symbol) -> Expr:
        """The sum of an expression over an index, by the names of sums; what is free of the index comes out."""
        result = S.Zero
        for term in _terms(body):
            result += self._total(term, index)
        return result

    def _total(self, term: Expr, index: Symbol) -> Expr:
        for factor in Mul.make_args(term):
            if isinstance(factor, KroneckerDelta) and index in factor.args:
                (place,) = (q for q in factor.args if q != index)
                return self.at(term / factor, index, place)
        free, bound = term.as_independent(index, as_Add=False)
        if bound == 1:
            return free * words.n
        bodies = Mul.make_args(bound)
        # exp(a t_i + b t_j): what does not depend on the index comes out as well.
        outside, inside = [free], []
        for f in bodies:
            if isinstance(f, exp):
                out, within = f.args[0].as_independent(index, as_Add=True)
                outside.append(exp(out))
                inside.append(exp(within))
            else:
                inside.append(f)
        return Mul(*outside) * self._named(Mul(*inside).xreplace({index: AT}))

    def _named(self, body: Expr) -> Expr:
        loose = {q for q in body.free_symbols if isinstance(q, Symbol) and q.is_integer} - {AT, words.n}
        if loose:
            return Sum(body.xreplace({AT: words.j}), (words.j, 1, words.n))
        powers = [f for f in Mul.make_args(body) if isinstance(f, exp)]
        if powers:
            body = Mul(*(f for f in Mul.make_args(body) if f not in powers)) * exp(
                expand(Add(*(f.args[0] for f in powers)))
            )
        if body not in self.names:
            way = self.signs.of(body)
            positive = way > 0 and all(isinstance(f, exp) or f.is_positive for f in Mul.make_args(body))
            settings: dict[str, bool] = (
                {"positive": True} if positive else {"nonnegative": True} if way > 0 else {"real": True}
            )
            self.names[body] = Symbol(f"S{len(self.names)}", **settings)
        return self.names[body]

    def body(self, name: Symbol, index: Expr) -> Expr:
        """The term of a named sum at an index."""
        found = next(body for body, known in self.names.items() if known == name)
        return self.at(found, AT, index)

    # ---- adjoints ------------------------------------------------------------------------------------------------------------

    def adjoints(self, output: int, labels: Sequence[Symbol]) -> dict[int, tuple[tuple[Symbol, ...], Expr]]:
        """For each operation, an index for each of its axes and the derivative of an output by its value there."""
        operations = self.program.operations
        number, placement = self.program.outputs[output]
        found: dict[int, tuple[tuple[Symbol, ...], Expr]] = {}
        own = _axes(number, operations[number].rank)
        # The axes of the output are given; its last operation has them in its own order.
        seed = Mul(*(KroneckerDelta(axis, labels[q]) for axis, q in zip(own, placement, strict=True)))
        found[number] = own, seed
        for at in range(number, -1, -1):
            if at not in found or found[at][1] == 0:
                continue
            axes, adjoint = found[at]
            for argument, slope, places in self._slopes(at, operations[at], axes):
                inner, _ = operations[at].args[argument]
                mine = found[inner][0] if inner in found else _axes(inner, operations[inner].rank)
                so_far = found[inner][1] if inner in found else S.Zero
                found[inner] = mine, so_far + self._passed(adjoint * slope, axes, places, mine)
        return found

    def _passed(self, e: Expr, axes: Sequence[Symbol], places: Sequence[Expr | None], mine: Sequence[Symbol]) -> Expr:
        """The share of an argument: summed over the axes that it lacks, its own ones renamed; None is any place along a sum."""
        kept = {place for place in places if place is not None}
        for axis in axes:
            if axis not in kept:
                e = self.total(e, axis)
        for place, axis in zip(places, mine, strict=True):
            if place is None:
                continue
            e = self.at(e, place, axis) if place in axes else e * KroneckerDelta(axis, place)
        return e

    def _slopes(
        self, number: int, operation: Operation, axes: tuple[Symbol, ...]
    ) -> list[tuple[int, Expr, list[Expr | None]]]:
        """For each argument: its place, the derivative of the operation by it, and where its axes are."""
        name = operation.name
        if name in ("sign", "same", *_POSITIONS, "x", "symbol", "number", "length") or self.exact(number):
            return []
        if name == "take":
            (_, _), (position, _) = operation.args
            return [(0, S.One, [self.value(position, ())])]
        if name in ("sum", "max", "min"):
            place: Any = None if name == "sum" else self._found[number]
            return [(0, S.One, _with(axes, int(operation.datum or 0), place))]
        places: list[list[Expr | None]] = [[axes[q] for q in placement] for _, placement in operation.args]
        if number in self.taken:
            taken = self.taken[number]
            return [(taken, S.One, places[taken])]
        if name in CHOICES:
            way = Heaviside(self.tested(number, axes), 0)
            return [(q, slope, places[q]) for q, slope in zip(_forms(name), (way, 1 - way), strict=True)]
        args = [self.placed(operation, q, axes) for q in range(len(operation.args))]
        whole = self.value(number, axes)
        return [
            (q, self.settled(slope), places[q]) for q, slope in enumerate(partials(name, args, whole)) if slope != 0
        ]


def _terms(e: Expr) -> list[Expr]:
    """The terms of an expression, multiplied out where a sum is a factor, but not in functions and denominators."""
    if e.is_Add:
        return [term for a in e.args for term in _terms(a)]
    whole = [f for f in Mul.make_args(e) if f.is_Add or (f.is_Pow and f.base.is_Add and f.exp.is_Integer and f.exp > 0)]
    if not whole:
        return [e]
    inside = whole[0].args if whole[0].is_Add else expand(whole[0], deep=False).args
    rest = e / whole[0]
    return [term for part in inside for term in _terms(part * rest)]


def _forms(name: str) -> tuple[int, int]:
    """Which arguments a choice is between."""
    return (1, 2) if name == "either" else (0, 1)


def _axes(number: int, rank: int) -> tuple[Symbol, ...]:
    return tuple(Symbol(f"b{number}_{q}", integer=True) for q in range(rank))


def _with(labels: Sequence[Any], axis: int, label: Any) -> list[Any]:
    return [*labels[:axis], label, *labels[axis:]]
