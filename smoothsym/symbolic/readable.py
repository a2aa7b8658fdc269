"""Derivatives as a person would write them: multiplied out, so that what cancels does, then what terms share taken out again.

Sums that were there before, arguments of functions and bases of roots are left as they are: they are written as they should be
computed. Quotients of sums stay quotients, for they are means: a/Z - b/Z^2 becomes (a - b/Z)/Z.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import reduce

from sympy import (
    Abs,
    Add,
    Expr,
    Function,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Poly,
    Pow,
    S,
    Sum,
    Symbol,
    default_sort_key,
    exp,
    gcd,
    sign,
)

from smoothsym.symbolic.factoring import factor_list
from smoothsym.symbolic.monomials import TooLarge, leading_negative, product, terms, without_prime_symbols
from smoothsym.symbolic.signs import generic

Powers = dict[Expr, Expr]
"""A monomial without its number, as powers of bases; an exponential has a base for each term of its exponent."""


def readable(e: Expr, known: Collection[Sum] = ()) -> Expr:
    """The expression multiplied out and put together again; the sums in `known` are not touched."""
    try:
        total = _multiplied(_hidden(e), frozenset(map(_hidden, known)))
    except TooLarge:
        return e
    return without_prime_symbols(_by_deltas(_without_squares(total))).replace(_Size, Abs).replace(_Turn, sign)


class _Size(Function):
    """|u| of a sum u that is not to be multiplied out."""

    nargs = 1
    is_positive = True


class _Turn(Function):
    """Its sign."""

    nargs = 1
    is_real = True


def _hidden(e: Expr) -> Expr:
    swaps = {}
    for part in e.atoms(Abs, sign):
        if (u := part.args[0]).is_Add:
            turned = leading_negative(u)
            u = Add(*(-term for term in u.args)) if turned else u
            swaps[part] = _Size(u) if isinstance(part, Abs) else _Turn(u) * (-1 if turned else 1)
    return e.xreplace(swaps)


def _without_squares(total: Expr) -> Expr:
    """sign(u)^2 = 1, beside a power of |u|, or for a u that is not zero within a double sum."""
    result = []
    for term in terms(total):
        for turn in term.atoms(_Turn):
            power = _power_of(term, turn)
            if power.is_Integer and (generic(turn.args[0]) or _power_of(term, _Size(turn.args[0])) != 0):
                term /= turn ** (2 * (power // 2))
        result.append(term)
    return Add(*result)


def _power_of(term: Expr, base: Expr) -> Expr:
    return dict(map(_base_power, Mul.make_args(term))).get(base, S.Zero)


def _base_power(factor: Expr) -> tuple[Expr, Expr]:
    return factor.args if factor.is_Pow else (factor, S.One)


# ---- multiplied out --------------------------------------------------------------------------------------------------------


def _multiplied(e: Expr, known: frozenset[Sum]) -> Expr:
    if e.is_Add:
        return Add(*(_multiplied(argument, known) for argument in e.args))
    if e.is_Mul:
        return product(*(_multiplied(argument, known) for argument in e.args))
    if e.is_Pow and e.exp.is_Integer:
        if e.exp > 0:
            return product(*[_multiplied(e.base, known)] * int(e.exp))
        base = _multiplied(e.base, known) if not e.base.is_Add else e.base
        return product(Pow(base, e.exp))
    if isinstance(e, Sum) and e not in known:
        return pull_out(e, known)
    return product(e) if e.is_Pow else e


def pull_out(e: Expr, known: frozenset[Sum] = frozenset()) -> Expr:
    """Sums, term by term, with what is free of their indices taken outside; the sum over 1..n of a constant is n times it."""
    if not isinstance(e, Expr) or not e.has(Sum) or e in known:
        return e
    if not isinstance(e, Sum):
        return e.func(*(pull_out(argument, known) for argument in e.args))
    if any(len(lim) != 3 for lim in e.limits):
        return e
    total = _multiplied(e.function, known)
    for lim in e.limits:
        total = Add(*(_pulled(term, lim) for term in terms(total)))
    return total


def _pulled(term: Expr, lim: tuple) -> Expr:
    free, bound = term.as_independent(lim[0], as_Add=False)
    parts = [_free_power(factor, lim[0]) for factor in Mul.make_args(bound)]
    free, bound = product(free, *(part for part, _ in parts)), Mul(*(part for _, part in parts))
    if bound == 1:
        return product(free, lim[2] - lim[1] + 1)
    if free.has(Sum) and any(lim[0] == other[0] for total in free.atoms(Sum) for other in total.limits):
        return Sum(term, lim)
    return product(free, Sum(bound, lim))


def _free_power(factor: Expr, index: Expr) -> tuple[Expr, Expr]:
    """exp(a + b) as exp(a) and exp(b), a free of an index; anything else as it is."""
    if not isinstance(factor, exp):
        return S.One, factor
    free, bound = factor.args[0].as_independent(index, as_Add=True)
    return exp(free), exp(bound)


# ---- put together ----------------------------------------------------------------------------------------------------------

Row = tuple[Expr, Powers]
"""A product: its number, and the powers of its bases; an exponential has a base for each term of its exponent."""


def _row(term: Expr) -> Row:
    number, rest = term.as_coeff_Mul()
    powers: Powers = {}
    for factor in Mul.make_args(rest):
        for part in terms(factor.args[0]) if isinstance(factor, exp) else [factor]:
            base, power = _base_power(part)
            if isinstance(factor, exp):
                power, way = part.as_coeff_Mul()
                base = exp(way)
            powers[base] = powers.get(base, S.Zero) + power
    powers.pop(S.One, None)
    return number, powers


def _built(row: Row) -> Expr:
    return Mul(row[0], *(Pow(base, power) for base, power in row[1].items()))


def _by_deltas(total: Expr) -> Expr:
    """What stands beside each delta on its own, after what all terms share."""
    if total == 0:
        return total
    shared, rows = _shared([_row(term) for term in terms(total)])
    groups: dict[Expr, list[Row]] = {}
    for number, powers in rows:
        deltas = Mul(*(base for base in powers if isinstance(base, KroneckerDelta)))
        left = {base: power for base, power in powers.items() if not isinstance(base, KroneckerDelta)}
        groups.setdefault(deltas, []).append((number, left))
    parts = [_product(_nested(_collected(group)), _row(deltas)) for deltas, group in groups.items()]
    return _built(_product((S.One, shared), _nested(parts)))


def _product(a: Row, b: Row) -> Row:
    return a[0] * b[0], {base: a[1].get(base, S.Zero) + b[1].get(base, S.Zero) for base in {**a[1], **b[1]}}


def _shared(rows: list[Row]) -> tuple[Powers, list[Row]]:
    """The powers that all products have, of sums and of positive powers of symbols the smaller: a/Z - b/Z^2 = (a - b/Z)/Z."""
    shared: Powers = {}
    for base, first in rows[0][1].items():
        powers = [row.get(base, S.Zero) for _, row in rows]
        if all(power == first for power in powers):
            shared[base] = first
        elif isinstance(base, Sum | Symbol) and all((power - first).is_Integer for power in powers):
            if all(power.is_positive for power in powers):
                shared[base] = min(powers)
            elif isinstance(base, Sum) and not any(power == 0 or power.is_positive for power in powers):
                shared[base] = max(powers, key=lambda power: power - first)
    rest = [
        (number, {base: power - shared.get(base, S.Zero) for base, power in row.items() if power != shared.get(base)})
        for number, row in rows
    ]
    return shared, rest


def _collected(rows: list[Row]) -> list[Row]:
    """Products that differ in a polynomial of parameters only, made one with its factors; sums in denominators cancelled."""
    total = _cancelled(Add(*map(_built, rows)))
    total = Add(
        *(_cancelled(Add(*map(_built, group))) for group in _by_parameters([_row(term) for term in terms(total)]))
    )
    coefficients: dict[Expr, list[Row]] = {}
    for number, powers in map(_row, terms(total)):
        polynomial = {
            base: power for base, power in powers.items() if base.is_Symbol and power.is_Integer and power > 0
        }
        rest = _built((S.One, {base: power for base, power in powers.items() if base not in polynomial}))
        coefficients.setdefault(rest, []).append((number, polynomial))
    return [_product(_factored(coefficient), _row(rest)) for rest, coefficient in coefficients.items()]


def _cancelled(total: Expr) -> Expr:
    """Terms with different powers of a sum over the lowest of them, where they are fewer then: 1/B - b/B^2 = a/B^2 for B = a + b."""
    for base in sorted({b for term in terms(total) for b in _row(term)[1] if b.is_Add}, key=default_sort_key):
        total = _over_one_denominator(total, base)
    return total


def _over_one_denominator(total: Expr, base: Expr) -> Expr:
    found = {term: power for term in terms(total) if (power := _power_of(term, base)) != 0}
    lowest = min(found.values(), key=lambda power: power.as_coeff_Add()[0], default=S.Zero)
    found = {term: power for term, power in found.items() if (power - lowest).is_Integer}
    over = Add(*(product(term, Pow(base, -lowest)) for term in found))
    if len(terms(over)) >= len(found):
        return total
    return Add(*(Mul(term, Pow(base, lowest)) for term in terms(over)), *(t for t in terms(total) if t not in found))


def _factored(coefficient: list[Row]) -> Row:
    if len(coefficient) == 1:
        return coefficient[0]
    number, parts = factor_list(Poly(Add(*map(_built, coefficient))))
    return number, {part.as_expr(): Integer(times) for part, times in parts}


def _nested(rows: list[Row]) -> Row:
    """A sum of products with what they share taken out: of all, of those with the same parameters, of as many as share a factor."""
    if len(rows) == 1:
        return rows[0]
    shared, rows = _shared(rows)
    number = reduce(gcd, (number for number, _ in rows))
    again, parts = _shared([_nested(group) for group in _grouped(rows)])
    shared = _product((S.One, shared), (S.One, again))[1]
    inner = Add(*(_built((part[0] / number, part[1])) for part in parts))
    if inner.is_Add and _turned(inner):
        inner, number = Add(*(-term for term in inner.args)), -number
    return _product((number, shared), (S.One, {inner: S.One}) if inner.is_Add else _row(inner))


def _turned(inner: Expr) -> bool:
    """Whether a sum reads better with the opposite sign: most terms are negative, or it is x_2 - x_1."""
    negative = sum(term.could_extract_minus_sign() for term in inner.args)
    polynomial = all(
        base.is_Symbol or isinstance(base, Indexed | KroneckerDelta) for term in inner.args for base in _row(term)[1]
    )
    return 2 * negative > len(inner.args) or (
        2 * negative == len(inner.args) and polynomial and leading_negative(inner)
    )


def _by_parameters(rows: list[Row]) -> list[list[Row]]:
    groups: dict[frozenset, list[Row]] = {}
    for number, row in rows:
        key = frozenset((base, power) for base, power in row.items() if base.is_Symbol)
        groups.setdefault(key, []).append((number, row))
    return list(groups.values())


def _grouped(rows: list[Row]) -> list[list[Row]]:
    groups = _by_parameters(rows)
    if 1 < len(groups) < len(rows):
        return groups
    shares = Counter(share for _, row in rows for share in row.items() if not isinstance(share[0], Sum))
    best = max(
        shares, key=lambda share: (shares[share], share[0].count_ops(), default_sort_key(share[0])), default=None
    )
    if best is None or shares[best] < 2:
        return [[row] for row in rows]
    group = [row for row in rows if best in row[1].items()]
    return [group, *_grouped([row for row in rows if row not in group])]
