"""Limits and series in the parameter are read off leading terms: growth towards infinity, Laurent series at finite points.

What depends on the entries (which of two terms grows faster, whether a head vanishes, whether i = k) is told apart by cases. What
is out of reach raises Undecided, in bounded time; SymPy's limit, which is silently wrong for unordered symbols, is never asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Eq,
    Expr,
    Indexed,
    IndexedBase,
    Max,
    Min,
    Mul,
    Ne,
    Piecewise,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    cosh,
    erf,
    exp,
    expand,
    log,
    oo,
    sinh,
    tanh,
    zoo,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.symbolic import moments
from smoothsym.symbolic.branches import ONE_TIE, Branch, Case, by_cases, by_index, joined, solved
from smoothsym.symbolic.derivatives import pull_out
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.growth import DEPTHS, OTHER_GAP, Growth, TooShort, Towards, Undecided
from smoothsym.symbolic.laurent import Fractional, Laurent, Near

SIGNS = {"+": 1, "-": -1}


def limit(
    expression: Expr, parameter: Symbol, point: Any, direction: str | None = None, positive: bool = False
) -> Expr:
    """The limit of an expression over x[j] as a parameter tends to a point.

    Parameters: the expression; its parameter; oo, -oo or a number; for a number, the direction "+" or "-", both when left out
    (then a pole is zoo); `positive`, whether the entries are.
    Returns an expression in maximum(x), minimum(x), mean(x), n, the multiplicity m of the extreme entry and the like, by cases
    where it must be. Raises Undecided for what is out of reach.

    >>> from sympy import exp
    >>> from smoothsym.words import alpha, j, n, x
    >>> limit(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, oo)
    maximum(x)
    """
    if direction not in (None, "+", "-"):
        raise ValueError(f"direction={direction!r}: give '+', '-' or None")
    point, expression = S(point), _plain(expression)
    if point in (oo, -oo):
        return _at_infinity(expression, parameter, 1 if point == oo else -1, positive, _read)
    if not point.is_real:
        raise ValueError(f"point={point}: give oo, -oo or a real number")

    def value(e: Expr, near: Callable[[int], Near], step: Rational) -> Expr:
        return _shorter(_finite_limit(e, near, direction if step == 1 else "+"), near(1))

    return _at_point(expression, parameter, point, positive, direction, value)


def series(expression: Expr, parameter: Symbol, point: Any, order: int, positive: bool = False) -> Expr:
    """The expansion about a point: about a number to degree order - 1, in power sums of the entries; towards oo or -oo to
    1/parameter^(order - 1) and to the first exponentially small term, in the gap Delta (for moduli, the ratio rho) and m, m2.

    >>> from sympy import exp
    >>> from smoothsym.words import alpha, j, n, x
    >>> series(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, 0, 1)
    mean(x) + log(n)/alpha
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"order={order!r}: give a positive whole number of terms")
    point, expression = S(point), _plain(expression)
    if point in (oo, -oo):
        side = 1 if point == oo else -1

        def terms(w: Towards, g: Growth) -> Expr:
            return _written(w, g, side * parameter, order)

        return _at_infinity(expression, parameter, side, positive, terms)

    def polynomial(e: Expr, near: Callable[[int], Near], step: Rational) -> Expr:
        for size in (order + 4, order + 9):
            found = near(math.ceil(size / step)).expand(e).trimmed()
            if found.end * step >= order:
                break
        else:
            raise Undecided("so many terms cancel that too few are left")
        side = parameter - point
        powers = range(found.valuation, min(found.end, math.ceil(order / step)))
        terms = (_shorter(c, near(1)) * side ** (q * step) for q, c in zip(powers, found.coefficients, strict=False))
        before = (_exponential(c, side ** (-k * step)) for k, c in enumerate(found.pole, 1))
        return Add(*terms) * Mul(*before)

    return _at_point(expression, parameter, point, positive, None, polynomial)


def _plain(e: Expr) -> Expr:
    """Hyperbolic functions, expm1 and log1p by exp and log."""
    e = e.replace(lambda q: isinstance(q, tanh | cosh | sinh | expm1), lambda q: q.rewrite(exp))
    return e.replace(lambda q: isinstance(q, log1p), lambda q: log(1 + q.args[0]))


# ---- towards infinity ---------------------------------------------------------------------------------------------------------


def _at_infinity(
    expression: Expr, parameter: Symbol, side: int, positive: bool, read: Callable[[Towards, Growth], Expr]
) -> Expr:
    logarithmic = enters_by_powers(expression, parameter, positive)
    walker = Towards(parameter, side, logarithmic, positive)
    _scan(walker, expression)
    walker.upwards = not walker.slopes or any(slope.is_positive for slope in walker.slopes)
    bound = {lim[0] for total in expression.atoms(Sum) for lim in total.limits}
    free = sorted(
        {
            e
            for e in expression.atoms(Indexed)
            if e.base == words.x and not e.indices[0].is_number and e.indices[0] not in bound
        },
        key=str,
    )
    if len(free) > 2:
        raise Undecided("more than two free entries")
    if free and len({slope.is_positive for slope in walker.slopes}) != 1:
        raise Undecided("sums of growing and of falling exponentials beside a free entry")
    extreme, down = (walker.top, -1) if walker.upwards else (walker.low, 1)
    walker.below = [Dummy(f"delta_{e.indices[0]}", positive=True) for e in free]

    def level(entry: Expr) -> Expr:
        return log(entry) if logarithmic else entry

    def said(e: Expr) -> Expr:
        gaps = {b: down * (level(_shown(walker, e)) - extreme) for b, e in zip(walker.below, free, strict=True)}
        return _in_words(walker, e.xreplace(gaps))

    def told(e: Expr, distinct: bool) -> list[Branch]:
        branches: list[Branch] = []
        among = [entry for entry in free if e.has(entry)]
        for ties in product((True, False), repeat=len(among)):
            places = zip(ties, (walker.below[free.index(entry)] for entry in among), strict=True)
            levels = dict(zip(among, (extreme if tie else extreme + down * b for tie, b in places), strict=True))

            def solve(case: Case, levels: dict[Expr, Expr] = levels) -> Expr:
                # A limit is told by few terms as a rule; a series shows all.
                for depth in DEPTHS if read is _read else DEPTHS[-1:]:
                    w = _case(walker, case)
                    w.levels, w.depth = levels, depth
                    try:
                        return said(read(w, w.expand(e)))
                    except TooShort:
                        if depth == DEPTHS[-1]:
                            raise
                raise AssertionError("the last depth returns or raises")

            # Two different entries that tie are two at least.
            found = by_cases(solve, said, {ONE_TIE: 1} if distinct and sum(ties) > 1 else {})
            whole = said(exp(extreme) if logarithmic else extreme)
            tests = [(Eq if tie else Ne)(_shown(walker, one), whole) for one, tie in zip(among, ties, strict=True)]
            branches += [(value, (*tests, *more)) for value, more in found]
        return branches

    return joined(by_index(told, expression))


def enters_by_powers(expression: Expr, parameter: Symbol, positive: bool) -> bool:
    """Whether the entries enter by powers: then log|x[j]| is what grows."""
    return any(
        (isinstance(e.base, Abs) or (positive and isinstance(e.base, Indexed))) and e.base.has(words.x)
        for e in expression.atoms(Pow)
        if e.exp.has(parameter)
    )


def _scan(walker: Towards, expression: Expr) -> None:
    """Learn the slopes of all sums, which say how small the first dropped exponential is."""
    for total in sorted(expression.atoms(Sum), key=str):
        try:
            walker.sum(total)
        except Undecided:
            continue


def _case(walker: Towards, case: Case) -> Towards:
    """A fresh walker with the symbols of another, under the assumptions of a case."""
    w = Towards(walker.parameter, walker.side, walker.logarithmic, walker.positive)
    w.top, w.low, w.below, w.weights, w.slopes = walker.top, walker.low, walker.below, walker.weights, walker.slopes
    w.upwards = walker.upwards
    for quantity, value in case.items():
        if value:
            w.known[quantity] = value
        else:
            w.equal.update(solved(quantity))
    if w.known.get(w.top) == -1:
        w.known[w.low] = -1
    if w.known.get(w.low) == 1:
        w.known[w.top] = 1
    return w


def _shown(walker: Towards, entry: Expr) -> Expr:
    return Abs(entry) if walker.logarithmic and not walker.positive else entry


def _in_words(walker: Towards, e: Expr) -> Expr:
    """An expression in levels and gaps, in maximum(x), minimum(x), and for moduli the ratio rho = exp(-Delta)."""
    whole = words.x if walker.positive or not walker.logarithmic else Abs(words.x)
    top, low = words.maximum(whole), words.minimum(whole)
    if walker.logarithmic:
        e = expand(e, power_exp=True, power_base=False, mul=False, multinomial=False, log=False)
        e = e.subs({walker.top: log(top), walker.low: log(low), words.Delta: -log(words.rho)})
        e = e.replace(lambda q: isinstance(q, exp), lambda q: _power_of(q.args[0]))
    else:
        e = e.xreplace({walker.top: top, walker.low: low})
    if any(e.has(*pair) for pair in walker.weights.values()) or e.has(OTHER_GAP):
        raise Undecided("it depends on the weights of the tied entries, or on the ties at both ends")
    return e


def _power_of(exponent: Expr) -> Expr:
    """exp(a log(b) + c) = b^a exp(c)."""
    result, plain = S.One, S.Zero
    for term in Add.make_args(expand(exponent)):
        logs = [f for f in Mul.make_args(term) if isinstance(f, log)]
        if len(logs) == 1:
            result *= logs[0].args[0] ** (term / logs[0])
        else:
            plain += term
    return result * exp(plain)


def _read(w: Towards, g: Growth) -> Expr:
    """The limit of an expansion."""
    if any(r != 0 and w.sign_of(r) > 0 for r, _, _ in g.terms):
        _, _, c = w.leading(g)
        return oo * w.direction(c)
    alive = [(p, c) for r, p, c in g.terms if r == 0]
    if g.cut >= 0:
        raise TooShort("the limit is below the order that was kept")
    top = max((p for p, _ in alive), default=S.NegativeOne)
    if top > 0:
        return oo * w.direction(next(c for p, c in alive if p == top))
    return next((c for p, c in alive if p == 0), S.Zero)


def _written(w: Towards, g: Growth, t: Expr, order: int) -> Expr:
    """The terms of an expansion: powers down to t^(1 - order), and the exponentials that are not beside a larger one."""
    small = {r for r, _, _ in g.terms if r != 0}
    first = {r for r in small if not any(_smaller(w, r, other) for other in small - {r})}
    kept: dict[Expr, list[Expr]] = {}
    for rate, power, c in g.terms:
        if rate == 0:
            kept.setdefault(rate, []).extend([c * t**power] if power > max(-order, g.cut) else [])
        elif rate in first and (g.cut == -oo or power == max(p for r, p, _ in g.terms if r == rate)):
            kept.setdefault(rate, []).append(c * t**power)
    return Add(*(exp(t * rate) * (factored(Add(*terms)) if rate != 0 else Add(*terms)) for rate, terms in kept.items()))


def _smaller(w: Towards, a: Expr, b: Expr) -> bool:
    try:
        return w.sign_of(b - a) > 0
    except Undecided:
        return False


# ---- at a finite point --------------------------------------------------------------------------------------------------------

_POSITIVE = IndexedBase("x", positive=True)


def _at_point(
    expression: Expr,
    parameter: Symbol,
    point: Expr,
    positive: bool,
    direction: str | None,
    solve: Callable[[Expr, Callable[[int], Near], Rational], Expr],
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


__all__ = ["Undecided", "limit", "series"]
