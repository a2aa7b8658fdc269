"""Limits and series in the parameter are read off leading terms: growth towards infinity, Laurent series at finite points.

What depends on the entries (which of two terms grows faster, whether a head vanishes, whether i = k) is told apart by cases. What
is out of reach raises Undecided, in bounded time; SymPy's limit, which is silently wrong for unordered symbols, is never asked.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from sympy import Dummy, Expr, S, Sum, Symbol, cosh, exp, log, oo, sinh, tanh
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.symbolic import simplex
from smoothsym.symbolic.at_infinity import at_infinity, enters_by_powers, read_limit, read_terms
from smoothsym.symbolic.at_point import at_point, limit_in, terms_below
from smoothsym.symbolic.bases import by_rates
from smoothsym.symbolic.growth import Growth, Towards, Undecided
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold


# Laws, pages and their steps ask for the same ones; a point is a number of one type or another, which lead to answers apart.
@lru_cache(maxsize=1024, typed=True)
def limit(
    expression: Expr, parameter: Symbol, point: Any, direction: str | None = None, positive: bool = False
) -> Expr:
    """The limit of an expression over x[j] as a parameter tends to a point.

    Parameters: the expression; its parameter; oo, -oo or a number; for a number, the direction "+" or "-", both when left out
    (then a pole is zoo); `positive`, whether the entries are.
    Returns an expression in maximum(x), minimum(x), mean(x), n, the multiplicity m of the extreme entry and the like, by cases
    where it must be. Raises Undecided for what is out of reach.

    >>> from sympy import Sum, exp
    >>> from smoothsym.words import alpha, j, n, x
    >>> limit(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, oo)
    maximum(x)
    """
    if direction not in (None, "+", "-"):
        raise ValueError(f"direction={direction!r}: give '+', '-' or None")
    point = S(point)
    try:
        return _limit(expression, parameter, point, direction, positive)
    except Undecided as reason:
        ends = _inverted(point, direction, parameter)
        sides = [_by_inverse(_limit, expression, parameter, (*end, positive), reason) for end in ends]
    if sides[0] != sides[-1]:
        both = f"{sides[0]} and {sides[-1]}"
        raise Undecided(f"the limits from the two sides of {parameter} = {point} are {both}; give a direction")
    return sides[0]


def _by_inverse(
    find: Callable[..., Expr], expression: Expr, parameter: Symbol, ways: tuple[Any, ...], reason: Undecided
) -> Expr:
    """What is found in one over a parameter that is a temperature; what was in the way of the first attempt, where nothing is."""
    if any(q.exp.has(1 / parameter) for q in _plain(expression).atoms(exp)):
        t = Dummy("t", **parameter.assumptions0)
        with suppress(Undecided):
            return find(expression.xreplace({parameter: 1 / t}), t, *ways).xreplace({t: 1 / parameter})
    raise reason


def _inverted(point: Expr, direction: str | None, parameter: Symbol) -> list[tuple[Expr, str | None]]:
    """Where one over the parameter tends to, and from which side, as the parameter tends to a point; two ends for both sides of 0."""
    if point in (oo, -oo):
        return [(S.Zero, "+" if point == oo else "-")]
    if point == 0:
        ends: dict[str, tuple[Expr, str | None]] = {"+": (oo, None), "-": (-oo, None)}
        side = direction or ("+" if parameter.is_nonnegative else None)
        return [ends[side]] if side else list(ends.values())
    turned = None if direction is None else "-" if direction == "+" else "+"
    return [(1 / point, turned)]


def _limit(expression: Expr, parameter: Symbol, point: Expr, direction: str | None, positive: bool) -> Expr:
    expression, rates = by_rates(_plain(expression))
    if rates:
        expression, point, back = _in_rates(expression, rates, parameter, point)
        return limit(expression, parameter, point, direction, positive).xreplace(back)
    if expression.has(SimplexMaximum, Threshold):
        if (solved := simplex.limit(expression, parameter, point)) is None:
            raise Undecided(f"no rule says where a maximum over the simplex takes it as {parameter} -> {point}")
        return solved
    if point in (oo, -oo):
        named = expression.free_symbols & {words.Delta, words.rho, words.m2}
        if named and expression.has(Sum):
            # What is dropped below the second level may come back, multiplied by what an expression says of that level.
            raise Undecided(
                f"the expression speaks of {min(map(str, named))}, and what lies below the second level is not known"
            )
        return at_infinity(expression, parameter, 1 if point == oo else -1, positive, read_limit)
    if not point.is_real:
        raise ValueError(f"point={point}: give oo, -oo or a real number")
    return at_point(expression, parameter, point, positive, direction, limit_in(direction))


@lru_cache(maxsize=1024, typed=True)
def series(expression: Expr, parameter: Symbol, point: Any, order: int, positive: bool = False) -> Expr:
    """The expansion about a point: about a number to degree order - 1, in power sums of the entries; towards oo or -oo to
    1/parameter^(order - 1) and to the first exponentially small term, in the gap Delta (for moduli, the ratio rho) and m, m2.

    >>> from sympy import Sum, exp
    >>> from smoothsym.words import alpha, j, n, x
    >>> series(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, 0, 1)
    mean(x) + log(n)/alpha
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"order={order!r}: give a positive whole number of terms")
    point = S(point)
    try:
        return _series(expression, parameter, point, order, positive)
    except Undecided as reason:
        if point not in (0, oo, -oo):
            raise
        (end, _), *_ = _inverted(point, None, parameter)
        return _by_inverse(_series, expression, parameter, (end, order, positive), reason)


def _series(expression: Expr, parameter: Symbol, point: Expr, order: int, positive: bool) -> Expr:
    expression, rates = by_rates(_plain(expression))
    if rates:
        if parameter in next(iter(rates.values())).free_symbols:
            raise Undecided(f"a series in {parameter}, of which there are powers")
        expression, point, back = _in_rates(expression, rates, parameter, point)
        return series(expression, parameter, point, order, positive).xreplace(back)
    if point in (oo, -oo):
        side = 1 if point == oo else -1

        def terms(w: Towards, g: Growth) -> Expr:
            return read_terms(w, g, side * parameter, order)

        return at_infinity(expression, parameter, side, positive, terms)
    return at_point(expression, parameter, point, positive, None, terms_below(order, parameter - point))


def _in_rates(
    expression: Expr, rates: dict[Dummy, Expr], parameter: Symbol, point: Expr
) -> tuple[Expr, Expr, dict[Expr, Expr]]:
    """An expression in exp(t L), L the logarithm of a base b, its point, and what is to be put back.

    Towards infinity a parameter beside L is measured in units of 1/L; where it is the base, L is the parameter, whose point is log(b).
    """
    (rate, logarithm), *others = rates.items()
    if others:
        return expression, point, dict(rates)
    if parameter in logarithm.free_symbols:
        if logarithm != log(parameter):
            raise Undecided(f"the power of {exp(logarithm)} in {parameter}")
        ends = {S.Zero: -oo, oo: oo}
        if point.is_negative or point == -oo:
            raise Undecided(f"the base {parameter} of a power is positive, and never at {point}")
        inside = expression.xreplace({rate: parameter})
        if inside.has(rate) or expression.has(parameter):
            raise Undecided(f"{parameter} is a base, and enters beside its logarithm too")
        return inside, ends.get(point, log(point)), {parameter: logarithm}
    if point not in (oo, -oo) or not (rate.is_positive or rate.is_negative):
        return expression, point, dict(rates)
    side = 1 if rate.is_positive else -1
    return (
        expression.subs(parameter, parameter / rate),
        side * point,
        {parameter: parameter * logarithm, rate: logarithm},
    )


def _plain(e: Expr) -> Expr:
    """Hyperbolic functions, expm1 and log1p by exp and log."""
    e = e.replace(lambda q: isinstance(q, tanh | cosh | sinh | expm1), lambda q: q.rewrite(exp))
    return e.replace(lambda q: isinstance(q, log1p), lambda q: log(1 + q.args[0]))


__all__ = ["Undecided", "enters_by_powers", "limit", "series"]
