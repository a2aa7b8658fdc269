"""An expansion in a parameter for reading: its branches, what stands before all of its terms, and the terms, lowest power first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Add, Expr, Mul, Piecewise, Pow, S, Symbol, exp, fraction, together


@dataclass(frozen=True)
class Expansion:
    """before * sum of coefficient * parameter^power where `test` holds; `before` is 1, or has the parameter in an exponent."""

    test: Any
    before: Expr
    terms: tuple[tuple[Expr, Expr], ...]


def expansions(series: Expr, parameter: Symbol) -> Iterator[Expansion]:
    """The branches of a series as smoothsym.symbolic.asymptotics gives them.

    >>> from smoothsym.words import n, p
    >>> (found,) = expansions(n ** (1 / p) * (p / 2 + p / 3) + n ** (1 / p), p)
    >>> found.before, found.terms
    (n**(1/p), ((0, 1), (1, 5/6)))
    """
    for value, test in series.args if isinstance(series, Piecewise) else ((series, True),):
        before = _before(value, parameter)
        found: dict[Expr, Expr] = {}
        for term in Add.make_args((value / before).expand(deep=False) if before != 1 else value):
            c, power = term.as_independent(parameter, as_Add=False)
            degree = power.as_base_exp()[1] if power != 1 else S.Zero
            found[degree] = found.get(degree, S.Zero) + c
        terms = ((degree, _over_one_bar(found[degree])) for degree in sorted(found) if found[degree] != 0)
        yield Expansion(test, before, tuple(terms))


def _before(value: Expr, parameter: Symbol) -> Expr:
    def exponential(f: Expr) -> bool:
        return (isinstance(f, Pow) and f.exp.has(parameter)) or (isinstance(f, exp) and f.has(parameter))

    return Mul(*filter(exponential, Mul.make_args(Add.make_args(value)[0])))


def _over_one_bar(c: Expr) -> Expr:
    """A coefficient over its common denominator, where that is a product: (mu4 - 3 mu2^2)/6."""
    joined = together(c)
    return c if fraction(joined)[1].has(Add) else joined
