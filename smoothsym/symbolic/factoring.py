"""Factoring in bounded time: what is not rational in symbols is taken for a symbol, and what would grow too large is left as it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from sympy import ZZ, Add, Dummy, Expr, Integer, Mul, Poly, Pow, S, ilcm, together
from sympy.core.random import rng
from sympy.polys.polyerrors import PolynomialError

MOST_TERMS = 600
"""How many terms a numerator may have when multiplied out."""
MOST_SYMBOLS = 10


_KNOWN: OrderedDict[Expr, Expr] = OrderedDict()
_MOST_KNOWN = 5000


def factored(e: Expr) -> Expr:
    """An expression over one denominator, factored as a rational function of its sums, exponentials, powers and entries."""
    if e not in _KNOWN:
        found = _factored(e)
        _KNOWN[e] = _KNOWN[found] = found
        while len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.popitem(last=False)
    return _KNOWN[e]


def _factored(e: Expr) -> Expr:
    roots = _roots(e)
    names: dict[Expr, Dummy] = {}
    rational = _rational(e.xreplace(roots), names)
    if len(rational.free_symbols) > MOST_SYMBOLS or _terms(rational) > MOST_TERMS:
        return e
    rational = together(rational)
    if _terms(rational) > MOST_TERMS:
        return e
    try:
        found = Mul(*(part for f in Mul.make_args(rational) for part in _powers(f)))
    except (PolynomialError, NotImplementedError, AttributeError):
        return e
    if found.has(S.ComplexInfinity, S.NaN):
        return e
    found = found.xreplace({name: atom for atom, name in names.items()})
    return found.xreplace({power.base: symbol ** (1 / power.exp) for symbol, power in roots.items()})


def _powers(e: Expr) -> Iterator[Expr]:
    """The factors of a factor of a rational function."""
    base, power = e.as_base_exp()
    base = base.expand() if base.is_Add else base
    if not base.is_Add or base.is_number:
        yield base**power
        return
    number, parts = factor_list(Poly(base))
    yield number**power
    yield from (part.as_expr() ** (times * power) for part, times in parts)


def factor_list(p: Poly) -> tuple[Expr, list[tuple[Poly, int]]]:
    """A number and the irreducible factors of a polynomial with rational coefficients, each with how often it divides.

    SymPy's algorithm draws points at random, and takes minutes on a bad draw. What is linear in a symbol needs none: its content
    splits off, and the rest is irreducible. The others are drawn for from one seed, so that what takes long always does.

    >>> from smoothsym.words import alpha, c, p
    >>> [(part.as_expr(), times) for part, times in factor_list(Poly((alpha * c + p) * (alpha + 1) ** 2))[1]]
    [(alpha*c + p, 1), (alpha + 1, 2)]
    """
    below, whole = p.clear_denoms(convert=True)
    number, rest = whole.primitive()
    if rest.LC() < 0:
        number, rest = -number, -rest
    found: dict[Poly, int] = {}
    for part, times in _split(rest):
        found[part] = found.get(part, 0) + times
    return S(number) / S(below), list(found.items())


def _split(p: Poly) -> Iterator[tuple[Poly, int]]:
    """The irreducible factors of a primitive polynomial with a positive leading coefficient."""
    if p.is_ground:
        return
    place = next((q for q, degree in enumerate(p.degree_list()) if degree == 1), None)
    if place is None:
        squares = p.sqf_list()[1]
        if len(squares) == 1 and squares[0][1] == 1:
            with _one_seed():
                squares = p.factor_list()[1]
            yield from squares
        else:
            yield from ((part, times * q) for square, q in squares for part, times in _split(square))
        return
    coefficients = [
        Poly.from_dict({m: c for m, c in p.terms() if m[place] == q} or {(0,) * len(p.gens): 0}, *p.gens, domain=ZZ)
        for q in (0, 1)
    ]
    lowered = coefficients[1].exquo(Poly(p.gens[place], *p.gens, domain=ZZ))
    content = lowered.gcd(coefficients[0])
    content = -content if content.LC() < 0 else content
    yield p.exquo(content), 1
    yield from _split(content)


@contextmanager
def _one_seed() -> Iterator[None]:
    state = rng.getstate()
    rng.seed(0)
    try:
        yield
    finally:
        rng.setstate(state)


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
