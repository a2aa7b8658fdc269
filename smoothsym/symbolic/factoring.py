"""Factoring in bounded time: what is not rational in symbols is taken for a symbol, and what would grow too large is left as it is."""

from __future__ import annotations

from functools import lru_cache

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, ilcm, together
from sympy.polys.polyerrors import PolynomialError

MOST_TERMS = 600
"""How many terms a numerator may have when multiplied out."""
MOST_SYMBOLS = 10


@lru_cache(maxsize=5000)
def factored(e: Expr) -> Expr:
    """An expression over one denominator, factored as a rational function of its sums, exponentials, powers and entries."""
    roots = _roots(e)
    names: dict[Expr, Dummy] = {}
    rational = _rational(e.xreplace(roots), names)
    if len(rational.free_symbols) > MOST_SYMBOLS or _terms(rational) > MOST_TERMS:
        return e
    rational = together(rational)
    if _terms(rational) > MOST_TERMS:
        return e
    try:
        found = rational.factor()
    except (PolynomialError, NotImplementedError, AttributeError):
        return e
    found = found.xreplace({name: atom for atom, name in names.items()})
    return found.xreplace({power.base: symbol ** (1 / power.exp) for symbol, power in roots.items()})


def _roots(e: Expr) -> dict[Expr, Expr]:
    """Symbols that are not negative as powers of their roots, where roots stand beside them: eps = r^2 beside sqrt(eps)."""
    found: dict[Expr, int] = {}
    for power in e.atoms(Pow):
        if power.base.is_Symbol and power.base.is_nonnegative and power.exp.is_Rational and not power.exp.is_Integer:
            found[power.base] = ilcm(found.get(power.base, 1), power.exp.q)
    return {
        symbol: Dummy(f"root_{symbol}", nonnegative=True, positive=symbol.is_positive) ** q
        for symbol, q in found.items()
    }


def _rational(e: Expr, names: dict[Expr, Dummy]) -> Expr:
    """The expression with a symbol for each part that is no sum, product or whole power."""
    if e.is_Rational or e.is_Symbol:
        return e
    if isinstance(e, Add | Mul):
        return e.func(*(_rational(a, names) for a in e.args))
    if isinstance(e, Pow) and isinstance(e.exp, Integer) and abs(e.exp) <= 8:
        return _rational(e.base, names) ** e.exp
    if isinstance(e, Pow):
        # b^(q - 2) = b^q b^(-2), so that what is a power of the same base cancels.
        whole, rest = e.exp.expand().as_coeff_Add()
        if isinstance(whole, Integer) and whole != 0 and abs(whole) <= 8:
            return _rational(e.base**rest, names) * _rational(e.base, names) ** whole
        if e.exp.could_extract_minus_sign():
            return 1 / _rational(e.base**-e.exp, names)
    return names.setdefault(e, Dummy(f"A{len(names)}"))


def _terms(e: Expr) -> int:
    """A bound on the number of terms of an expression multiplied out."""
    if isinstance(e, Add):
        return sum(map(_terms, e.args))
    if isinstance(e, Mul):
        size = 1
        for a in e.args:
            size = min(size * _terms(a), 10**9)
        return size
    if isinstance(e, Pow) and isinstance(e.exp, Integer):
        return int(min(_terms(e.base) ** min(abs(int(e.exp)), 8), 10**9))
    return 1
