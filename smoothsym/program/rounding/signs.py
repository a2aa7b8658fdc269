"""The sign of an expression in falls, exponentials and named sums, by what bounds them: exp(-t) <= 1, a sum is at least each of its terms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Protocol

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    Heaviside,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    exp,
    expand,
    factor,
    fraction,
    log,
    sign,
    sqrt,
    together,
)

from smoothsym import words
from smoothsym.program.rounding.sampled import Points

_MOST = 24
"""How many ways of bounding an expression are tried."""


class Sums(Protocol):
    """What is known of the named sums of a program."""

    names: dict[Expr, Symbol]
    roots: dict[Expr, Symbol]
    """What square roots are of, and their names."""
    turn: IndexedBase
    """The signs of entries."""

    summed: Symbol
    """The index of the terms in `names`."""

    @property
    def extreme(self) -> Symbol | None:
        """The index of the extreme entry, where there is one."""

    def meant(self, e: Expr) -> Expr:
        """An expression without names of roots."""

    def body(self, name: Symbol, index: Expr) -> Expr:
        """The term of a named sum at an index."""


class Signs:
    """Signs of the expressions of one program; what is found is kept."""

    def __init__(self, values: Sums) -> None:
        self.values = values
        self.known: dict[Expr, int] = {}
        self.points = Points(values.names, values.meant, values.summed, values.extreme)

    def of(self, e: Expr) -> int:
        """1 where an expression is seen to be >= 0, -1 where it is seen to be <= 0, 0 where neither is."""
        if e not in self.known:
            self.known[e] = self._of(e)
        return self.known[e]

    def _of(self, e: Expr) -> int:
        if e.is_nonnegative:
            return 1
        if e.is_nonpositive:
            return -1
        if e.is_Mul:
            found = 1
            for f in e.args:
                found *= self.of(f)
            return found
        if isinstance(e, Pow):
            if e.exp.is_Integer and e.exp.is_even:
                return 1
            return self.of(e.base) if e.exp.is_Integer else int(self.of(e.base) > 0)
        if isinstance(e, exp | Abs | KroneckerDelta | Heaviside):
            return 1
        if isinstance(e, log):
            return self.of(e.args[0] - 1)
        if isinstance(e, Sum):
            return self.of(e.function)
        if e.is_Add:
            return self._add(e)
        return 0

    def _add(self, e: Expr) -> int:
        ways = {self.of(term) for term in e.args}
        if len(ways) == 1:
            return ways.pop()
        seen = self.points.ways(e)
        if len(seen) > 1:
            return 0
        for tried, swaps in enumerate(self._swaps(e)):
            if tried >= _MOST:
                break
            above, below = fraction(together(e.xreplace(swaps)))
            terms = [self._term(t) for t in Add.make_args(expand(above))]
            under = {self._term(t) for t in Add.make_args(expand(below))}
            if len(set(terms)) == 1 and under == {1}:
                return terms[0]
        return 0

    @staticmethod
    def _term(t: Expr) -> int:
        return 1 if t.is_nonnegative else -1 if t.is_nonpositive else 0

    def _swaps(self, e: Expr) -> Iterator[dict[Expr, Expr]]:
        """Ways to write what is in an expression by numbers >= 0."""
        fixed: dict[Expr, Expr] = {words.n: 1 + Dummy("more", nonnegative=True)}
        for part in e.atoms(exp):
            if self.of(part.args[0]) < 0:
                fixed[part] = 1 / (1 + Dummy("fall", nonnegative=True))
        for part in e.atoms(Heaviside):
            fixed[part] = 1 / (1 + Dummy("less", nonnegative=True))
        for part in e.atoms(log):
            if (way := self.of(part)) != 0:
                fixed[part] = way * Dummy("log", nonnegative=True)
        for part in e.atoms(Abs, Sum, Function):
            if not isinstance(part, exp | log) and self.of(part) > 0:
                fixed.setdefault(part, Dummy("size", nonnegative=True))
        names = [name for body, name in self.values.names.items() if name in e.free_symbols and self.of(body) > 0]
        places = sorted({q for entry in e.atoms(Indexed) for q in entry.indices if isinstance(q, Symbol)}, key=str)
        if self.values.extreme is not None:
            places = [self.values.extreme, *places]
        menus: list[list[Any]] = []
        for name in names:
            menu: list[Any] = []
            for place in [*places, Integer(1)][:4]:
                term = self.values.body(name, place)
                menu.append((name, term.xreplace(fixed) + Dummy("rest", nonnegative=True)))
            body = self.values.body(name, Symbol("q", integer=True))
            if isinstance(body, exp) and self.of(body.args[0]) < 0:
                menu.append((name, fixed[words.n] / (1 + Dummy("fall", nonnegative=True))))
            menus.append(menu)
        for part in e.atoms(log):
            if self.of(part.args[0] - 1) > 0:
                # log(1 + y) is at least y / (1 + y).
                least = 1 - 1 / part.args[0].xreplace(fixed)
                menus.append([(part, fixed[part]), (part, least + Dummy("rest", nonnegative=True))])
        for inside, root in self.values.roots.items():
            if root in e.free_symbols and (by := _by_root(inside, root, e, fixed)):
                fixed.update(by)
        for choice in product(*menus):
            yield {**fixed, **dict(choice)}

    def size(self, e: Expr) -> Expr:
        """|e|, with signs that are known."""
        way = self.of(e)
        if way:
            return way * e
        known, unknown = S.One, []
        for f in Mul.make_args(factored(e)):
            base, power = f.as_base_exp()
            # The sign of a number is at most 1, and 1 off its zeros.
            if isinstance(base, sign) or (isinstance(base, Indexed) and base.base == self.values.turn):
                continue
            way = self.of(f)
            if way:
                known *= way * f
            elif power.is_Integer and power > 1:
                unknown.extend([base] * int(power))
            else:
                unknown.append(f)
        return known * Mul(*(Abs(-f if f.could_extract_minus_sign() else f) for f in unknown))


def _by_root(inside: Expr, root: Symbol, e: Expr, known: dict[Expr, Expr]) -> dict[Expr, Expr]:
    """A root of a number >= 0 and a square, c + b q^2: as sqrt(b) |q| and a rest, and the number by both; q by its modulus."""
    for q in sorted(inside.free_symbols, key=str):
        b, beside = inside.coeff(q, 2), inside.coeff(q, 0)
        (other, *more) = sorted(beside.free_symbols, key=str) or [None]
        if not b.is_positive or expand(inside - b * q**2 - beside) != 0 or q.is_nonnegative:
            continue
        size = known.get(Abs(q), Dummy("size", nonnegative=True))
        rest = Dummy("rest", nonnegative=True)
        found: dict[Expr, Expr] = {Abs(q): size, root: sqrt(b) * size + rest}
        if e.xreplace({q: -q}) == e:
            found[q] = size
        if other is not None and not more and beside == beside.coeff(other) * other:
            found[other] = (2 * sqrt(b) * size * rest + rest**2) / beside.coeff(other)
        return found
    return {}


def factored(e: Expr) -> Expr:
    """The factors of a rational expression in exponentials, entries, logarithms and sums."""
    swaps: dict[Expr, Expr] = {}
    back: dict[Expr, Expr] = {}

    def letter(part: Expr) -> Expr:
        if part not in swaps:
            swaps[part] = Symbol(f"_y{len(swaps)}", positive=True)
            back[swaps[part]] = part
        return swaps[part]

    def plain(part: Expr) -> Expr:
        if isinstance(part, exp):
            result = S.One
            for term in Add.make_args(expand(part.args[0])):
                number, rest = term.as_coeff_Mul()
                result *= letter(exp(-rest)) ** -number if number.is_Integer else letter(exp(term))
            return result
        if part.is_Pow and part.exp.is_Add:
            number, rest = part.exp.as_coeff_Add()
            return letter(part.base**rest) * plain(part.base) ** number if number.is_Integer else letter(part)
        if isinstance(part, (Indexed, Function, Sum, Abs, Max, Min)) or (part.is_Pow and not part.exp.is_Integer):
            return letter(part)
        if not part.args:
            return part
        return part.func(*map(plain, part.args))

    whole = plain(e)
    return factor(together(whole)).xreplace(back)
