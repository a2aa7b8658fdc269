"""How an expression is said the shortest: what terms share outside, moduli under one sum, indices by the depth of their sums."""

from __future__ import annotations

from typing import Any

from sympy import (
    Abs,
    Add,
    Basic,
    Expr,
    Indexed,
    Mul,
    S,
    Sum,
    Symbol,
    collect,
    exp,
    expand,
    gcd_terms,
)

from smoothsym import words
from smoothsym.program.rounding.signs import factored
from smoothsym.symbolic import moments, signs

OVER = (words.j, 1, words.n)


def inside_moduli(e: Expr) -> Expr:
    """What is in moduli multiplied out, so that it cancels, and collected by parameters."""
    if not e.args or isinstance(e, Indexed):
        return e
    if isinstance(e, Abs):
        inside = expand(inside_moduli(e.args[0]))
        for symbol in sorted(
            (q for q in inside.free_symbols if isinstance(q, Symbol) and q.is_positive and not q.is_integer), key=str
        ):
            collected = collect(inside, symbol)
            inside = collected if collected.count_ops() < inside.count_ops() else inside
        return Abs(inside)
    return e.func(*map(inside_moduli, e.args))


def whole_part(coefficient: Expr, rate: Expr) -> Expr:
    """How many times a rate is in a coefficient: -2 p + 1 has two of -p."""
    ratio = S.Zero
    for term in Add.make_args(expand(coefficient)):
        quotient = term / rate
        if quotient.is_Integer:
            ratio += quotient
    return ratio


def tidy(e: Expr) -> Expr:
    """Multiplied out, and factored again where that is shorter."""
    opened = expand(e)
    return min([opened, factored(opened), gcd_terms(opened), e], key=lambda q: q.count_ops())


def outside(parts: list[tuple[Expr, Expr]]) -> tuple[Expr, list[tuple[Expr, Expr]]]:
    """What all sizes share, and coefficients with what is left of sizes."""
    factors = [list(Mul.make_args(size)) for _, size in parts]
    shared = [f for f in factors[0] if not f.is_number and all(f in other for other in factors)] if factors else []
    for f in shared:
        for mine in factors:
            mine.remove(f)
    return Mul(*shared), [(coefficient, Mul(*mine)) for (coefficient, _), mine in zip(parts, factors, strict=True)]


def constants_out(e: Expr) -> Expr:
    """What is free of an index outside of its sum."""
    if not e.args or isinstance(e, Indexed):
        return e
    if isinstance(e, Sum):
        outside, inside = constants_out(e.function).as_independent(e.limits[0][0], as_Add=False)
        return outside * Sum(inside, *e.limits)
    return e.func(*map(constants_out, e.args))


def under_one_sum(parts: list[tuple[Expr, Expr]]) -> list[tuple[Expr, Expr]]:
    """Sums that hold moduli, beside what is free of indices, under one sum."""
    inside, rest = [], []
    for coefficient, size in parts:
        for term in Add.make_args(size):
            sums = [f for f in Mul.make_args(term) if isinstance(f, Sum)]
            free = term / sums[0] if len(sums) == 1 else S.Zero
            if len(sums) == 1 and sums[0].function.has(Abs) and not free.has(Sum, Abs, Indexed):
                inside.append(coefficient * free * sums[0].function)
            else:
                rest.append((coefficient, term))
    if len(inside) < 2:
        return parts
    return [*rest, (S.One, Sum(_grouped(inside), OVER))]


def _grouped(terms: list[Expr]) -> Expr:
    """A sum with the moduli that its terms share taken out, and what all share outside."""
    shared = set.intersection(*(set(Mul.make_args(t)) for t in terms))
    out = Mul(*shared)
    by_modulus: dict[Expr, list[Expr]] = {}
    for term in terms:
        moduli = Mul(*(f for f in Mul.make_args(term / out) if isinstance(f, Abs)))
        by_modulus.setdefault(moduli, []).append(term / out / moduli)
    return out * Add(*(moduli * Add(*beside) for moduli, beside in by_modulus.items()))


def by_depth(e: Expr, depth: int = 0) -> Expr:
    """Summed indices by how deep their sums stand inside each other: j, then l, then r."""
    if isinstance(e, Sum):
        inner = by_depth(e.function, depth + 1)
        fresh = Symbol("jlrq"[depth], integer=True)
        return Sum(inner.xreplace({e.limits[0][0]: fresh}), (fresh, *e.limits[0][1:]))
    if not e.args or isinstance(e, Indexed):
        return e
    return e.func(*(by_depth(a, depth) for a in e.args))


def ratio_power(f: Expr, sizes: dict[Any, Expr], extreme: Expr, turn: int) -> Expr:
    """exp(c t_q) = (|x_s| / |x_q|)^c."""
    result, rest = S.One, f.args[0]
    for fall, size in sizes.items():
        coefficient = expand(rest).coeff(fall)
        if coefficient != 0:
            result *= (
                (extreme / size) ** (turn * coefficient)
                if coefficient.is_positive
                else (size / extreme) ** (-turn * coefficient)
            )
            rest = expand(rest) - expand(coefficient * fall)
    return result * exp(rest)


def shorter(e: Expr, domain: str) -> Expr:
    """A value as its normal form, where that is shorter."""
    try:
        normal = moments.normal(e, domain)
    except ValueError:
        return e
    return normal if normal.count_ops() < e.count_ops() else e


def public(e: Any) -> Any:
    """An expression in words.x, whatever was known of the entries: moduli stay as they are."""
    if not isinstance(e, Basic) or not e.has(signs.POSITIVE_ENTRIES):
        return e
    if isinstance(e, Indexed):
        return words.x[e.indices] if e.base == signs.POSITIVE_ENTRIES else e
    if e == signs.POSITIVE_ENTRIES:
        return words.x
    args = [public(a) for a in e.args]
    return Abs(*args, evaluate=False) if isinstance(e, Abs) else e.func(*args)
