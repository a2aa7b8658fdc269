"""A derivative is read more easily in names: f for the value, w[i] for weights, E[g] for weighted means, mu for central moments.

The names are found from the definition alone: Z is the simplest sum in it, w[i] the share of an entry in Z, and every sum whose
terms are those of Z times something simpler is a weighted mean. Folding is checked by unfolding: an expression that does not come
back, proved equal for every n, is left as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import comb
from typing import Any

from sympy import (
    Add,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    S,
    Sum,
    Symbol,
    collect,
    default_sort_key,
    expand,
    expand_power_base,
    factor,
    fraction,
    powdenest,
    powsimp,
    solve,
)

from smoothsym import words
from smoothsym.symbolic import moments
from smoothsym.symbolic.text import text

w = IndexedBase("w", positive=True)
"""The weights w[1], ..., w[n], which sum to one."""
c = IndexedBase("c", real=True)
"""The entries less their mean."""
Z = Symbol("Z", positive=True)

_SPARE = "ABCDGHKLPQRTUVY"


@dataclass
class Names:
    """The names that a definition suggests. `fold` writes an expression in them, `meanings` says what the names stand for.

    >>> from sympy import exp
    >>> from smoothsym.words import alpha, i, j, n, x
    >>> top = Sum(x[j] * exp(alpha * x[j]), (j, 1, n))
    >>> names = Names(top / Sum(exp(alpha * x[j]), (j, 1, n)))
    >>> names.fold(Sum(x[j] ** 2 * exp(alpha * x[j]), (j, 1, n)) / names.whole)
    E[x^2]
    """

    definition: Expr
    domain: str = "real"
    _means: dict[Symbol, Expr] = field(default_factory=dict)
    _sums: dict[Symbol, Expr] = field(default_factory=dict)

    @cached_property
    def whole(self) -> Expr | None:
        """What Z stands for: the simplest sum that is >= 0, below a fraction bar if there is one; None if there is none."""
        below = fraction(self.definition)[1]
        for part in (below, self.definition):
            sums = [s for s in part.atoms(Sum) if _plain(s) and s.has(words.x) and moments.nonnegative(s, self.domain)]
            if sums:
                return min(sums, key=lambda s: (s.count_ops(), default_sort_key(s)))
        return None

    @cached_property
    def w(self) -> IndexedBase:
        """The weights by name: another one where the definition has a vector w of its own."""
        own = any(e.base.label == w.label for e in self.definition.atoms(Indexed))
        return IndexedBase("pi", positive=True) if own else w

    @cached_property
    def f(self) -> Symbol:
        return Symbol("f", real=True, positive=moments.nonnegative(self.definition, self.domain) or None)

    @cached_property
    def _value(self) -> dict[Any, Any]:
        """A name in which the definition is written, as a function of f."""
        written = self._in_sums(self.definition)
        heads = sorted((written.free_symbols & {*self._means, *self._sums}), key=str) or [Z]
        found = solve(written - self.f, heads[0]) if written.has(heads[0]) else []
        return {heads[0]: powdenest(expand_power_base(found[0]), force=True)} if len(found) == 1 else {}

    def fold(self, expression: Expr) -> Expr:
        """The expression in the names, where that is shorter and unfolding gives it back; else as it is."""
        if self.whole is None or expression == self.definition:
            return expression
        written = self._in_sums(expression)
        candidates = [written.subs(self._value), written] if self._value else [written]
        candidates = [_forward(e) for e in (*candidates, *map(self._collected, candidates))]
        for folded in sorted([*candidates, expression], key=lambda e: (e.count_ops(), not e.has(self.f))):
            if folded == expression or moments.equal(self.unfold(folded), expression, self.domain):
                return folded
        return expression

    def unfold(self, expression: Expr) -> Expr:
        """The expression with every name replaced by what it stands for."""
        if self.whole is None:
            return expression
        for name, g in self._means.items():
            expression = expression.xreplace({name: self._sum(g * self._term(words.j)) / Z})
        weights = {e: self._term(e.indices[0]) / Z for e in expression.atoms(Indexed) if e.base == self.w}
        return expression.xreplace(weights).xreplace({**self._sums, self.f: self.definition, Z: self.whole})

    def meanings(self, expressions: list[Expr]) -> list[tuple[str, str]]:
        """What the names in some expressions stand for, in the order in which one needs them."""
        used = set().union(*(e.free_symbols for e in expressions))
        means = bool(used & set(self._means))
        weights = means or self.w.label in used
        said = [("Z", text(self.whole))] if Z in used or weights else []
        if weights:
            said.append((f"{self.w.label}[i]", text(self._term(words.i) / Z)))
        if means:
            said.append(("E[g]", f"sum_j {self.w.label}[j] g(x[j])"))
        return said + [(str(name), text(value)) for name, value in self._sums.items() if name in used]

    def _term(self, index: Any) -> Expr:
        assert self.whole is not None
        return self.whole.function.xreplace({self.whole.limits[0][0]: index})

    @staticmethod
    def _sum(body: Expr) -> Expr:
        return Sum(body, (words.j, 1, words.n))

    def _in_sums(self, expression: Expr) -> Expr:
        """Each sum as Z, Z times a weighted mean, or a letter of its own; each term of Z as a weight."""
        swaps: dict[Any, Any] = {}
        for total in sorted(expression.atoms(Sum), key=default_sort_key):
            if not _plain(total):
                return expression
            body = total.function.xreplace({total.limits[0][0]: words.j})
            ratio = powsimp(body / self._term(words.j))
            if ratio == 1:
                swaps[total] = Z
            elif ratio.count_ops() < body.count_ops():
                swaps[total] = Z * self._named(self._means, f"E[{_of_x(ratio)}]", ratio)
            else:
                spare = next((letter for letter in _SPARE if Symbol(letter, real=True) not in self._sums), "")
                known = next((name for name, value in self._sums.items() if value == self._sum(body)), None)
                swaps[total] = known or self._named(self._sums, spare, self._sum(body))
        weights = {self._term(q): self.w[q] * Z for q in (words.i, words.k)}
        return expression.xreplace(swaps).xreplace(weights)

    def _collected(self, expression: Expr) -> Expr:
        """Collected by delta[i, k], each part factored and collected by the parameter, what they share taken outside."""
        delta = KroneckerDelta(words.i, words.k)
        parts = collect(expand(powsimp(expression)), delta, evaluate=False)
        products = [[self._in_powers(q) for q in Mul.make_args(factor(part) * base)] for base, part in parts.items()]
        shared = [q for q in products[0] if all(q in product for product in products[1:])]
        return Mul(*shared, Add(*(Mul(*(q for q in product if q not in shared)) for product in products)))

    def _in_powers(self, e: Expr) -> Expr:
        """A bracket collected by the powers of the parameter."""
        parameters = (s for s in self.definition.free_symbols if isinstance(s, Symbol) and not s.is_integer)
        for symbol in sorted(parameters, key=str):
            e = collect(e, symbol) if isinstance(e, Add) else e
        return e

    @staticmethod
    def _named(known: dict[Symbol, Expr], name: str, value: Expr) -> Symbol:
        symbol = Symbol(name, real=True)
        known.setdefault(symbol, value)
        return symbol


def _plain(total: Sum) -> bool:
    """Whether a sum runs once over 1..n and holds no other."""
    return len(total.limits) == 1 and total.limits[0][1:] == (1, words.n) and not total.function.has(Sum)


def _of_x(ratio: Expr) -> str:
    entries = {e: Symbol(str(e.base), real=True) for e in ratio.atoms(Indexed) if e.indices == (words.j,)}
    return text(ratio.xreplace(entries))


def _forward(e: Expr) -> Expr:
    """The same with brackets that begin with what is added: -(f - E) as E - f, a (b - 2) c as -a (2 - b) c."""
    if isinstance(e, Add):
        return Add(*map(_forward, e.args))
    if not isinstance(e, Mul):
        return e
    coefficient, rest = e.as_coeff_Mul()
    factors = [_forward(q) for q in Mul.make_args(rest)]
    for place, q in enumerate(factors):
        if isinstance(q, Add) and _backward(q) > 0:
            factors[place], coefficient = _forward(-q), -coefficient
    if coefficient < 0:
        for place in [q for q, bracket in enumerate(factors) if isinstance(bracket, Add) and _backward(bracket) == 0][
            :1
        ]:
            factors[place], coefficient = _forward(-factors[place]), -coefficient
    return coefficient * Mul(*factors)


def _backward(bracket: Expr) -> int:
    """1 where a bracket reads better negated, 0 where it reads as well, -1 where it does not."""
    signs = [1 if term.as_coeff_Mul()[0] < 0 else -1 for term in bracket.args]
    return (sum(signs) > 0) - (sum(signs) < 0)


def in_central_moments(expression: Expr, order: int = 8) -> Expr:
    """A polynomial in power sums, mean(x) and entries in central moments mu2, mu3, ... and c[i] = x[i] - mean(x).

    Where that is no shorter, or something else stands in the expression, it is left as it is.

    >>> from smoothsym.words import j, mean, n, x
    >>> in_central_moments(Sum(x[j] ** 2, (j, 1, n)) / n - mean(x) ** 2)
    mu2
    """
    average = words.mean(words.x)
    swaps: dict[Any, Any] = {}
    for total in expression.atoms(Sum):
        base, power = total.function.as_base_exp()
        if not _plain(total) or base != words.x[total.limits[0][0]] or not (power.is_Integer and 2 <= power <= order):
            return expression
        terms = (comb(int(power), r) * average ** (power - r) * central_moment(r) for r in range(int(power) + 1))
        swaps[total] = words.n * Add(*terms)
    free = {e for e in expression.xreplace(swaps).atoms(Indexed) if e.base == words.x}
    folded = expand(expression.xreplace(swaps).xreplace({e: average + c[e.indices[0]] for e in free}))
    return folded if folded.count_ops() < expression.count_ops() else expression


def central_moment(order: int) -> Expr:
    """The name of a central moment of the entries under equal weights: 1, 0, mu2, mu3, ..."""
    return S(1 - order) if order < 2 else Symbol(f"mu{order}", real=True)


def central_moment_order(name: Symbol) -> int:
    """Which central moment a symbol names; 0 where it names none."""
    order = name.name.removeprefix("mu")
    return int(order) if order.isdecimal() and name == central_moment(int(order)) else 0


def central_moments_meant(expression: Expr) -> list[tuple[str, str]]:
    """What the names of central moments in an expression stand for."""
    orders = sorted(filter(None, map(central_moment_order, expression.atoms(Symbol))))
    index = words.j
    said = [
        (str(central_moment(q)), f"{text(Sum((words.x[index] - words.mean(words.x)) ** q, (index, 1, words.n)))} / n")
        for q in orders[:1]
    ]
    if len(orders) > 1:
        said = [
            ("mu_q", f"(1/n) {text(Sum((words.x[index] - words.mean(words.x)) ** Symbol('q'), (index, 1, words.n)))}")
        ]
    if expression.has(c):
        said.append(("c[i]", text(words.x[words.i] - words.mean(words.x))))
    return said
