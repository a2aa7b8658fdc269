"""At a finite point a limit is the head of a Laurent series, in a root of the distance where that is what it is a series in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    IndexedBase,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    erf,
    exp,
    expand,
    log,
    oo,
    zoo,
)  # fmt: skip

from smoothsym import words
from smoothsym.symbolic import moments
from smoothsym.symbolic.branches import Branch, Case, by_cases, by_index, joined, solved
from smoothsym.symbolic.derivatives import pull_out
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.growth import Undecided
from smoothsym.symbolic.laurent import Fractional, Laurent, Near

SIGNS = {"+": 1, "-": -1}
Solve = Callable[[Expr, Callable[[int], Near], Rational], Expr]
"""What is read off an expression in t: with the series of it to so many terms, and the power of the distance that t is."""


_POSITIVE = IndexedBase("x", positive=True)


def at_point(
    expression: Expr,
    parameter: Symbol,
    point: Expr,
    positive: bool,
    direction: str | None,
    solve: Solve,
) -> Expr:
    """What `solve` reads off series in the distance t to the point; in a root of it where that is what they are in."""
    t, root = Dummy("t", real=True), Dummy("root", positive=True)
    shifted = expression.xreplace({parameter: point + t})
    if positive:
        shifted = shifted.xreplace({words.x: _POSITIVE})
    side = SIGNS[direction] if direction else 1 if parameter.is_nonnegative and point == 0 else 0

    def told(e: Expr, distinct: bool) -> list[Branch]:
        def attempt(case: Case) -> Expr:
            here, known = e, {q: value for q, value in case.items() if value}
            for quantity in (q for q, value in case.items() if not value):
                here = here.xreplace(solved(quantity))
            here = Near(t, 1, known).signed(here)
            try:
                found = solve(here, lambda size: Near(t, size, known), S.One)
            except Fractional as fractional:
                if not side:
                    raise
                here = here.xreplace({t: side * root**fractional.root})
                found = solve(here, lambda size: Near(root, size, known), Rational(1, fractional.root))
            return found

        return by_cases(attempt, lambda q: q, {})

    return _moments_in_words(joined(by_index(told, shifted)).xreplace({_POSITIVE: words.x}))


def _exponential(c: Expr, power: Expr) -> Expr:
    """exp(c t^-k), of a logarithm as a power: n^(1/t)."""
    return c.args[0] ** power if isinstance(c, log) else exp(c * power)


def _shorter(e: Expr, near: Near) -> Expr:
    """What was found in a case, over one denominator where that is shorter."""
    return min((e, factored(e)), key=lambda q: q.count_ops()) if near.known else e


def _finite_limit(expression: Expr, near: Callable[[int], Near], direction: str | None) -> Expr:
    t = near(1).t
    if _continuous(expression, t):
        return pull_out(expression.xreplace({t: S.Zero}))
    for size in (3, 5, 8):
        w = near(size)
        found = w.expand(expression).trimmed()
        if found.pole:
            return _beside_a_pole(w, found, direction)
        if not found.coefficients:
            continue
        head = found.coefficients[0]
        if found.valuation > 0:
            return S.Zero
        if found.valuation == 0:
            return head
        odd = found.valuation % 2
        if direction is None and odd:
            return zoo
        return oo * w.direction(head) * (SIGNS[direction] if direction and odd else 1)
    raise Undecided("every term that was kept cancels")


def _beside_a_pole(w: Near, found: Laurent, direction: str | None) -> Expr:
    """Beside an exponential with a pole in its exponent nothing else counts but a sign."""
    if direction is None:
        raise Undecided("it is infinite from one side and not from the other: ask for direction '+' or '-'")
    if w.direction(found.pole[-1]) * SIGNS[direction] ** len(found.pole) == -1:
        return S.Zero
    if not found.coefficients:
        raise Undecided("every term that was kept cancels")
    return oo * w.direction(found.coefficients[0]) * SIGNS[direction] ** (found.valuation % 2)


def _continuous(e: Expr, t: Symbol) -> bool:
    """Whether an expression is continuous at t = 0 by its form, so that its limit is its value."""
    if t not in e.free_symbols or e == t:
        return True
    if not all(_continuous(a, t) for a in (e.args[:1] if isinstance(e, Sum) else e.args)):
        return False
    if isinstance(e, Add | Mul | exp | erf | Sum | Abs):
        return True
    base = e.args[0].xreplace({t: S.Zero})
    if isinstance(e, log) or (isinstance(e, Pow) and t in e.exp.free_symbols):
        return moments.positive(base) or bool(base.is_positive)
    if isinstance(e, Pow):
        integer = e.exp.is_integer or moments.nonnegative(base)
        return bool((integer and e.exp.is_positive) or moments.positive(base) or base.is_positive)
    return False


def _moments_in_words(e: Expr) -> Expr:
    """sum of x_j over n as mean(x)."""
    swaps = {q: words.n * words.mean(words.x) for q in _plain_sums(e)}
    return expand(e.xreplace(swaps)) if not e.has(Piecewise, Max, Min) else e.xreplace(swaps)


def _plain_sums(e: Expr) -> Iterator[Sum]:
    return (q for q in e.atoms(Sum) if len(q.limits) == 1 and q.function == words.x[q.limits[0][0]])


def limit_in(direction: str | None) -> Solve:
    """The limit, from a side where one is given; what is a series in a root has but one."""

    def value(e: Expr, near: Callable[[int], Near], step: Rational) -> Expr:
        return _shorter(_finite_limit(e, near, direction if step == 1 else "+"), near(1))

    return value


def terms_below(order: int, distance: Expr) -> Solve:
    """The terms of degree below an order in the distance."""

    def polynomial(e: Expr, near: Callable[[int], Near], step: Rational) -> Expr:
        for size in (order + 4, order + 9):
            found = near(math.ceil(size / step)).expand(e).trimmed()
            if found.end * step >= order:
                break
        else:
            raise Undecided("so many terms cancel that too few are left")
        powers = range(found.valuation, min(found.end, math.ceil(order / step)))
        terms = (
            _shorter(c, near(1)) * distance ** (q * step) for q, c in zip(powers, found.coefficients, strict=False)
        )
        before = (_exponential(c, distance ** (-k * step)) for k, c in enumerate(found.pole, 1))
        return Add(*terms) * Mul(*before)

    return polynomial
