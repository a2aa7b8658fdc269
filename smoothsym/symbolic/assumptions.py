"""Assumptions on parameters, such as alpha > 0 or 0 <= p <= 1, built into expressions: a range becomes a sign that SymPy knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from typing import Any

from sympy import And, Dummy, Expr, Ge, Gt, Le, Lt, S, Symbol, oo

from smoothsym.symbolic.text import text


@cache
def _mark(name: str, symbol: Symbol, kind: str) -> Dummy:
    """What stands for a symbol: each has marks of its own."""
    return Dummy(name, **{kind: True})


@dataclass(frozen=True)
class Range:
    """The numbers that a symbol may be: from low to high, each end counted or not."""

    low: Expr = -oo
    high: Expr = oo
    with_low: bool = False
    with_high: bool = False

    @property
    def ends(self) -> tuple[Expr, ...]:
        """The ends that are counted."""
        return (self.low,) * self.with_low + (self.high,) * self.with_high

    def forms(self, symbol: Symbol) -> Iterator[Expr]:
        """Expressions that together take every value of the range, in marks whose sign alone is known."""
        low, high = self.low, self.high
        kind = "nonnegative" if self.with_low or self.with_high else "positive"
        if low == -oo and high == oo:
            yield symbol
        elif high == oo or low == -oo:
            excess = _mark(text(symbol - low if high == oo else high - symbol), symbol, kind)
            yield low + excess if high == oo else high - excess
        else:
            share = _mark("share", symbol, kind)
            away = (high - low) * share / (1 + share)
            yield low + away if self.with_low or not self.with_high else high - away
            if self.with_low and self.with_high:
                yield high


@lru_cache(maxsize=500)
def ranges(when: Any) -> Mapping[Symbol, Range]:
    """The range of each symbol that an assumption speaks of.

    Raises ValueError for what is no relation between a symbol and a number, nor several of them.
    """
    found: dict[Symbol, Range] = {}
    if when is True or when is S.true:
        return found
    for one in when.args if isinstance(when, And) else (when,):
        if not isinstance(one, Ge | Gt | Le | Lt) or not one.lhs.is_Symbol or not one.rhs.is_number:
            raise ValueError(f"when={when} is no relation between a symbol and a number, such as p >= 1, nor several")
        known = found.get(one.lhs, Range())
        equal = isinstance(one, Ge | Le)
        if isinstance(one, Ge | Gt) and known.low == -oo:
            found[one.lhs] = Range(one.rhs, known.high, equal, known.with_high)
        elif isinstance(one, Le | Lt) and known.high == oo:
            found[one.lhs] = Range(known.low, one.rhs, known.with_low, equal)
        else:
            raise ValueError(f"when={when} bounds {one.lhs} twice from the same side")
        if not found[one.lhs].low < found[one.lhs].high:
            raise ValueError(f"when={when} leaves {one.lhs} no interval")
    return found


def told(when: Any) -> str:
    """An assumption for reading, a range as one line; nothing where nothing is assumed.

    >>> from smoothsym.words import p
    >>> told(And(p >= 0, p < 1))
    '0 <= p < 1'
    """
    return " and ".join(
        f"{text(reach.low)} {_relation(reach.with_low)} {text(symbol)} {_relation(reach.with_high)} {text(reach.high)}"
        if reach.low.is_finite and reach.high.is_finite
        else text(next(one for one in (when.args if isinstance(when, And) else (when,)) if one.lhs == symbol))
        for symbol, reach in ranges(when).items()
    )


def _relation(with_end: bool) -> str:
    return "<=" if with_end else "<"


def inside(when: Any, symbol: Symbol) -> Any:
    """The assumption without the ends of the range of a symbol."""
    strict = {Ge: Gt, Le: Lt}
    if isinstance(when, And):
        return And(*(inside(one, symbol) for one in when.args))
    return strict[type(when)](*when.args) if isinstance(when, Ge | Le) and when.lhs == symbol else when


def instances(expression: Expr, when: Any) -> tuple[Expr, ...]:
    """The expression with an assumption built into its symbols; where one form does not take every value, one for each.

    >>> from smoothsym.words import p
    >>> instances(p, And(p >= 0, p <= 1))
    (_share/(_share + 1), 1)
    """
    return built_in(expression, ranges(when))


def built_in(expression: Expr, known: Mapping[Symbol, Range]) -> tuple[Expr, ...]:
    """The expression with ranges built into symbols; where one form does not take every value, one for each."""
    return tuple(
        S(expression).xreplace(dict(zip(known, forms, strict=True)))
        for forms in product(*(reach.forms(symbol) for symbol, reach in known.items()))
    )


def under(expression: Expr, when: Any) -> Expr:
    """The expression with an assumption, such as alpha > 0 or p <= 1, built into its symbol.

    Raises ValueError where that takes several expressions, as for 0 <= p <= 1 with both ends.

    >>> from smoothsym.words import p
    >>> from smoothsym.symbolic import signs
    >>> signs.nonnegative(under(p - 1, p >= 1))
    True
    """
    found = instances(expression, when)
    if len(found) != 1:
        raise ValueError(f"when={when} has two ends, and no one expression takes every value between: use `instances`")
    return found[0]
