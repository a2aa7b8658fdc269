"""An expression becomes a program, whose operations are shared wherever the expression repeats itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce

from sympy import (
    Abs,
    Add,
    Basic,
    E,
    Expr,
    Function,
    Indexed,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    cosh,
    default_sort_key,
    exp,
    log,
    sign,
    sinh,
    tanh,
)
from sympy.codegen.cfunctions import expm1, hypot, log1p

from smoothsym.program.operations import REFINED, Operation, Program, Tape
from smoothsym.program.ordered import either, minus, over, refined, select, times
from smoothsym.program.threshold import ANCHORED, LEVEL, OVER, SLOPE, TOP, Level, Share, largest, top_key, written_out
from smoothsym.symbolic.simplex import INNER, SimplexMaximum, Threshold, inverse
from smoothsym.symbolic.tsallis import qexp, ramp, xqlog
from smoothsym.words import maximum, mean, minimum

REDUCTIONS = {maximum: "max", minimum: "min"}


class root(Function):
    """root(a): the square root."""

    nargs = 1


UNARY = {exp: "exp", log: "log", Abs: "abs", sign: "sign", log1p: "log1p", expm1: "expm1", root: "sqrt"}
JOINS = {
    either: "either",
    select: "either",
    times: "mul",
    over: "div",
    minus: "sub",
    qexp: "qexp",
    hypot: "hypot",
    Max: "maximum",
    Min: "minimum",
}


@dataclass(frozen=True)
class _Use:
    number: int
    labels: tuple[Symbol, ...]


@dataclass
class _Lowering:
    base: object
    length: Symbol
    axes: frozenset[Symbol]
    anchors: Mapping[Symbol, Expr]
    tape: Tape = field(default_factory=Tape)
    cache: dict[tuple[Expr, frozenset[Symbol]], _Use] = field(default_factory=dict)
    free: dict[Basic, frozenset[Symbol]] = field(default_factory=dict)

    def emit(
        self,
        name: str,
        args: list[_Use],
        labels: tuple[Symbol, ...],
        datum: str | Fraction | int | None = None,
        inner: Program | None = None,
    ) -> _Use:
        placed = tuple((a.number, tuple(labels.index(label) for label in a.labels)) for a in args)
        operation = Operation(name, placed, len(labels), datum, inner)
        return _Use(self.tape.record(operation), labels)

    def join(self, name: str, *args: _Use, datum: str | None = None) -> _Use:
        labels: list[Symbol] = []
        for arg in args:
            labels.extend(label for label in arg.labels if label not in labels)
        return self.emit(name, list(args), tuple(labels), datum)

    def reduce(self, name: str, body: Expr, index: Symbol, axes: frozenset[Symbol]) -> _Use:
        inner = self.lower(body, axes | {index})
        if index not in inner.labels:
            raise ValueError(f"{body} does not depend on {index}")
        axis = inner.labels.index(index)
        rest = tuple(label for label in inner.labels if label != index)
        operation = Operation(name, ((inner.number, tuple(range(len(inner.labels)))),), len(rest), axis)
        return _Use(self.tape.record(operation), rest)

    def lower(self, e: Expr, axes: frozenset[Symbol]) -> _Use:
        key = (e, axes & self.indices(e))
        if key not in self.cache:
            self.cache[key] = self._lower(e, axes)
        return self.cache[key]

    def indices(self, e: Basic) -> frozenset[Symbol]:
        """The free symbols; of parts that occur often, found once."""
        if e not in self.free:
            parts = [e] if isinstance(e, Symbol) else []
            parts += [symbol for a in e.args for symbol in self.indices(a)]
            bound = e.bound_symbols if isinstance(e, Sum) else []
            self.free[e] = frozenset(symbol for symbol in parts if symbol not in bound)
        return self.free[e]

    def _lower(self, e: Expr, axes: frozenset[Symbol]) -> _Use:
        if isinstance(e, Rational):
            return self.emit("number", [], (), Fraction(int(e.p), int(e.q)))
        if e == E:
            return self.join("exp", self.emit("number", [], (), Fraction(1)))
        if e == self.length:
            return self.emit("length", [], ())
        if isinstance(e, Indexed):
            return self.entry(e, axes)
        if isinstance(e, Symbol) and e in self.anchors:
            return self.lower(self.anchors[e], axes)
        if isinstance(e, Symbol):
            return self.emit("symbol", [], (), e.name)
        if isinstance(e, Sum):
            return self.sum(e, axes)
        if isinstance(e, Add):
            return self.add(e, axes)
        if isinstance(e, Mul):
            return self.mul(e, axes)
        if isinstance(e, Pow) and e.exp == -1:
            return self.reciprocal(e.base, axes)
        if isinstance(e, Pow):
            return self.join("pow", self.lower(e.base, axes), self.lower(e.exp, axes))
        if isinstance(e, KroneckerDelta):
            return self.join(
                "same", *(self.position(argument, axes) for argument in sorted(e.args, key=default_sort_key))
            )
        if isinstance(e, (Max, Min)) and len(e.args) > 2:
            rest, last = e.func(*e.args[:-1], evaluate=False), e.args[-1]
            return self.join(JOINS[e.func], self.lower(rest, axes), self.lower(last, axes))
        if isinstance(e, (SimplexMaximum, Threshold)):
            return self.lower(written_out(e), axes)
        if isinstance(e, Level):
            return self.level(e)
        if isinstance(e, Share):
            return self.share(e, axes)
        if isinstance(e, ramp):
            return self.ramp(e, axes)
        if isinstance(e, xqlog):
            return self.xqlog(e, axes)
        if isinstance(e, inverse):
            t = self.lower(e.args[0], axes)
            inner = lower([SLOPE - e.args[1].xreplace({INNER: LEVEL})])
            return self.emit("inverse", [t], t.labels, inner=inner)
        if isinstance(e, refined):
            return self.join("either", *(self.lower(argument, axes) for argument in e.args), datum=REFINED)
        if e.func in JOINS:
            return self.join(JOINS[e.func], *(self.lower(argument, axes) for argument in e.args))
        if isinstance(e, (maximum, minimum)):
            return self.reduce(REDUCTIONS[e.func], self.over(e.args[0], OVER), OVER, axes)
        if isinstance(e, mean):
            index = Symbol("r", integer=True)
            return self.lower(Sum(self.over(e.args[0], index), (index, 1, self.length)) / self.length, axes)
        if isinstance(e, cosh | sinh | tanh):
            return self.lower(e.rewrite(exp), axes)
        if e.func in UNARY:
            return self.join(UNARY[e.func], self.lower(e.args[0], axes))
        raise ValueError(f"no primitive computes {e.func.__name__}({', '.join(map(str, e.args))})")

    def ramp(self, e: Expr, axes: frozenset[Symbol]) -> _Use:
        t, a, k = e.args
        if k > 1:
            return self.lower(ramp(t, a / k, 1) ** k, axes)
        return self.join("ramplog" if k else "ramp", self.lower(t, axes), self.lower(a, axes))

    def xqlog(self, e: xqlog, axes: frozenset[Symbol]) -> _Use:
        t, r, k = e.args
        if k > 1:
            return self.lower((ramp(t, 1 + r, k) - k * xqlog(t, r, k - 1)) / r, axes)
        return self.join("xqlog1" if k else "xqlog", self.lower(t, axes), self.lower(r, axes))

    def level(self, e: Level) -> _Use:
        inner = lower([e.balance])
        uses = [self.lower(end, frozenset()) for end in e.bracket]
        uses.append(self.lower(e.gap, frozenset({e.node.index})))
        args = tuple((use.number, tuple(range(len(use.labels)))) for use in uses)
        return _Use(self.tape.record(Operation("level", args, 0, None, inner)), ())

    def share(self, e: Share, axes: frozenset[Symbol]) -> _Use:
        mass, index = e.node.parts[0], e.node.index
        uses = [self.lower(minus(e.node.parts[1], largest(e.node)), frozenset({index}))]
        uses += [self.lower(q, frozenset()) for q in e.scale]
        uses += [] if mass == 1 else [self.lower(mass, frozenset({index}))]
        args = tuple((use.number, tuple(range(len(use.labels)))) for use in uses)
        whole = self.tape.record(Operation("shares", args, 1))
        if e.index in axes:
            return _Use(whole, (e.index,))
        operation = Operation("take", ((whole, (0,)), (self.position(e.index, axes).number, ())), 0)
        return _Use(self.tape.record(operation), ())

    def over(self, body: Expr, index: Symbol) -> Expr:
        return body.xreplace({self.base: self.base[index]}) if not body.has(Indexed) else body  # type: ignore[index]

    def position(self, index: Expr, axes: frozenset[Symbol]) -> _Use:
        if index in axes:
            return self.emit("iota", [], (index,))
        if index in self.anchors:
            run = Symbol("r", integer=True)
            return self.reduce("argmax", self.anchors[index].xreplace({ANCHORED: run}), run, frozenset())
        if index.is_Integer:
            return self.emit("number", [], (), int(index) - 1)
        if isinstance(index, Symbol):
            return self.emit("position", [], (), index.name)
        raise ValueError(f"the index {index} is neither a symbol nor an integer")

    def entry(self, e: Indexed, axes: frozenset[Symbol]) -> _Use:
        if len(e.indices) != 1:
            raise ValueError(f"{e} has {len(e.indices)} indices; a vector has one")
        (index,) = e.indices
        name = "x" if e.base == self.base else str(e.base.label)
        run = Symbol("r", integer=True)
        if index in axes:
            return self.emit("x", [], (index,), name)
        whole = self.emit("x", [], (run,), name)
        operation = Operation("take", ((whole.number, (0,)), (self.position(index, axes).number, ())), 0)
        return _Use(self.tape.record(operation), ())

    def sum(self, e: Sum, axes: frozenset[Symbol]) -> _Use:
        body = e.function
        for index, low, high in e.limits:
            if low != 1 or high != self.length:
                raise ValueError(f"the sum over {index} runs from {low} to {high}; it must run from 1 to {self.length}")
        *inner, (index, _, _) = e.limits
        body = Sum(body, *inner) if inner else body
        if index not in self.indices(body):
            return self.lower(self.length * body, axes)
        return self.reduce("sum", body, index, axes)

    def add(self, e: Add, axes: frozenset[Symbol]) -> _Use:
        plus: list[Expr] = []
        minus: list[Expr] = []
        for term in e.args:
            coefficient, _ = term.as_coeff_Mul()
            (minus if coefficient < 0 else plus).append(term)
        if not plus:
            return self.join("neg", self.lower(-e, axes))
        late = [term for term in plus if term.has(Sum)] if any(term.is_number for term in minus) else []
        if 0 < len(late) < len(plus):
            # w - 1 + sum: what is near the number is exact without it, and with the sum first the sum would be rounded away.
            first = Add(*(term for term in e.args if term not in late))
            return reduce(lambda a, b: self.join("add", a, self.lower(b, axes)), late, self.lower(first, axes))
        # Entries are near one another, and what is added to one before they are subtracted is rounded beside it.
        if (pair := _difference(plus, minus)) is not None:
            result = self.join("sub", self.lower(pair[0], axes), self.lower(-pair[1], axes))
            plus, minus = ([q for q in terms if q not in pair] for terms in (plus, minus))
        else:
            result = self.lower(plus.pop(0), axes)
        for term in plus:
            result = self.join("add", result, self.lower(term, axes))
        for term in minus:
            result = self.join("sub", result, self.lower(-term, axes))
        return result

    def mul(self, e: Mul, axes: frozenset[Symbol]) -> _Use:
        above: list[Expr] = []
        below: list[Expr] = []
        coefficient, rest = e.as_coeff_Mul()
        if coefficient < 0:
            return self.join("neg", self.lower(-e, axes))
        for factor in Mul.make_args(rest):
            if (pair := _without(factor)) is not None:
                return self.join(
                    "without", self.lower(e / factor, axes), *(self.position(index, axes) for index in pair)
                )
        if max(coefficient.p, coefficient.q) >> 1000:
            # In one: the denominator of a number near the end of the range is beyond it.
            above += [coefficient]
        elif coefficient != 1:
            above += [S(coefficient.p)] if coefficient.p != 1 else []
            below += [S(coefficient.q)] if coefficient.q != 1 else []
        for factor in Mul.make_args(rest):
            base, exponent = factor.as_base_exp() if not isinstance(factor, exp) else (factor, S.One)
            if exponent.is_Rational and exponent < 0:
                below.append(base**-exponent)
            else:
                above.append(factor)
        result = self.product(above, axes)
        for factor in below:
            result = self.join("div", result, self.lower(factor, axes)) if result else self.reciprocal(factor, axes)
        assert result is not None
        return result

    def product(self, factors: list[Expr], axes: frozenset[Symbol]) -> _Use | None:
        result = None
        for factor in factors:
            part = self.lower(factor, axes)
            result = self.join("mul", result, part) if result else part
        return result

    def reciprocal(self, factor: Expr, axes: frozenset[Symbol]) -> _Use:
        return self.join("div", self.emit("number", [], (), Fraction(1)), self.lower(factor, axes))


def _difference(plus: list[Expr], minus: list[Expr]) -> tuple[Expr, Expr] | None:
    """A term c x[a] and a term -c x[b] of a sum."""
    for high in plus:
        for entry in sorted(high.atoms(Indexed), key=default_sort_key):
            for low in minus:
                for other in low.atoms(Indexed):
                    if other.base == entry.base and high / entry == -low / other and not (high / entry).has(Indexed):
                        return high, low
    return None


def _without(factor: Expr) -> list[Expr] | None:
    """The indices i and s of a factor 1 - KroneckerDelta(i, s)."""
    delta = 1 - factor
    return sorted(delta.args, key=default_sort_key) if isinstance(delta, KroneckerDelta) else None


def nodes(e: Basic) -> Iterator[Basic]:
    """Every subexpression once: forms share them, and as a tree, which atoms() walks, one may be far larger."""
    seen, left = {e}, [e]
    while left:
        yield (node := left.pop())
        new = [arg for arg in node.args if arg not in seen]
        seen.update(new)
        left += new


def lower(
    outputs: list[Expr],
    axes: tuple[Symbol, ...] = (),
    anchors: Mapping[Symbol, Expr] | None = None,
    base: object = None,
    length: Symbol | None = None,
) -> Program:
    """Lower expressions to one program that computes them all.

    Parameters: the expressions; their free indices that are axes (other free indices are positions, given when the program is
    run); anchors, what the program finds itself, {index: key in ANCHORED} for positions and {symbol: expression} for numbers; the
    vector and its length.
    Raises ValueError for what no primitive computes.

    >>> from smoothsym.words import alpha, j, n, x
    >>> print(lower([log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha]))
    v0 = symbol() [alpha]  # rank 0
    v1 = x() [x]  # rank 1
    v2 = mul(v0, v1)  # rank 1
    v3 = exp(v2)  # rank 1
    v4 = sum(v3) [0]  # rank 0
    v5 = log(v4)  # rank 0
    v6 = div(v5, v0)  # rank 0
    """
    from smoothsym import words

    thresholds = (SimplexMaximum, Threshold, Level, Share)
    tops = {top_key(node) for output in outputs for node in nodes(S(output)) if isinstance(node, thresholds)}
    if len(tops) > 1:
        raise ValueError(f"thresholds of {' and of '.join(sorted(map(str, tops)))} are not computed in one program")
    anchors = {**(anchors or {}), TOP: tops.pop()} if tops else anchors or {}
    work = _Lowering(base or words.x, length or words.n, frozenset(axes), anchors)
    placed = []
    for output in outputs:
        use = work.lower(S(output), frozenset(axes))
        wanted = tuple(axis for axis in axes if axis in work.indices(S(output))) or use.labels
        placed.append((use.number, tuple(wanted.index(label) for label in use.labels)))
    return Program(tuple(work.tape.operations), tuple(placed))
