"""Sums of powers for floats: each measured from its own dominant entry, and a mean that cancels beside an entry by distances."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    cancel,
    collect,
    expand,
    powsimp,
    sign,
    simplify,
)

from smoothsym.program.anchors import NEAR, dominant_key, replace_entries, s, signed
from smoothsym.program.lower import ANCHORED, either


def size_of(base: IndexedBase, domain: str) -> Expr:
    return Abs(base[s]) if domain == "real" else base[s]


def in_units(e: Expr, base: IndexedBase, size: Expr) -> Expr:
    """The expression with every entry divided by a size."""
    return replace_entries(e, base, lambda entry: entry / size).replace(
        lambda part: isinstance(part, Abs | sign) and part.args[0].has(Pow),
        lambda part: Abs(part.args[0] * size) / size if isinstance(part, Abs) else sign(part.args[0] * size),
    )


def by_distances(form: Expr, expression: Expr, degree: int, base: IndexedBase, domain: str) -> Expr | None:
    """A scaled form of a slope in which a mean cancels beside an entry: by their distances from the dominant entry."""
    split = _about_mean(expression, base) if domain == "positive" else None
    if split is None:
        return None
    v, steepness, entry, body, test = split
    (index,), size = body.variables, base[NEAR]
    largest, ratio, away = dominant_key(expression, base) or S.One, base[index] / size, base[index] - size
    g = in_units(body, base, size)
    # Measured by the larger of the two, a distance cannot overflow.
    risen = {e: ratio ** (e.exp + 1) for e in g.atoms(Pow) if e.base == ratio and not e.exp.is_number}
    ways = (
        Sum(away / size * g.function, *body.limits),
        Sum(away / base[index] * g.function.xreplace(risen), *body.limits),
    )
    others = either(largest.xreplace({ANCHORED: NEAR}), *ways) / g
    near = size**degree * in_units(v, base, size) * (1 + steepness * ((entry - size) / entry - others * size / entry))
    # Where entries are far apart nothing cancels, and their quotients may leave the range.
    for quotient in (size / entry, entry / size):
        near = either(quotient - S(2) ** -100, near, form)
    return either(test, near, form)


def _about_mean(e: Expr, base: IndexedBase) -> tuple[Expr, Expr, Expr, Sum, Expr] | None:
    """Of a v + b v r/x_i, r = sum x_j g_j / sum g_j, which cancels where a and -b have one sign: V (1 + k (x_i - r)/x_i).

    Returns V = (a + b) v, k = -b/(a + b), x_i, sum g_j and a test of the signs: where a or b is small the form as it was is better.
    """
    for above, below in permutations(sorted(e.atoms(Sum), key=str), 2):
        if len(above.limits) != 1 or len(below.limits) != 1:
            continue
        index = above.variables[0]
        if powsimp(above.function / below.function.xreplace({below.variables[0]: index})) != base[index]:
            continue
        r, total = Dummy("r"), Dummy("g", positive=True)
        inside = expand(e.xreplace({above: r * total}).xreplace({below: total}))
        parts = collect(inside, r, evaluate=False)
        entries = inside.atoms(Indexed)
        if set(parts) != {S.One, r} or len(entries) != 1:
            continue
        (entry,) = entries
        v, w = parts[S.One], parts[r]
        quotient = simplify(powsimp(expand(w * entry) / v))
        if quotient.has(Indexed, total):
            continue
        size, sign_ = cancel(-quotient).as_numer_denom()
        steepness = cancel(-quotient / (1 + quotient))
        return (v * cancel(1 + quotient)).xreplace({total: below}), steepness, entry, below, size * sign_ - S.One / 4
    return None


def own_anchors(form: Expr, base: IndexedBase) -> tuple[Expr, dict[Symbol, Expr]]:
    """A scaled form in which each sum of powers is measured from the entry that dominates it, and the keys of these entries.

    Of |x_j|^p and |x_j|^(p - 1) the largest terms are at opposite ends where 0 < p < 1.
    """
    sizes = {e for e in form.atoms(Abs, Indexed) if e in (base[s], Abs(base[s]))}
    size = max(sizes, key=lambda e: isinstance(e, Abs), default=base[s])

    def entry(power: Expr) -> Expr | None:
        """|x_a| of the power of a quotient |x_a| / |x_s|."""
        if not isinstance(power, Pow) or power.exp.is_number or not power.base.has(size):
            return None
        above = power.base * size
        return above if above.xreplace(dict.fromkeys(above.atoms(Indexed), S.One)) == 1 else None

    found = {total: {p.exp for p in total.function.atoms(Pow) if entry(p) is not None} for total in form.atoms(Sum)}
    if any(len(exponents) > 1 or len(total.limits) > 1 for total, exponents in found.items()):
        return form, {}
    exponents = sorted({e for own in found.values() for e in own}, key=lambda e: (len(e.args), str(e)))
    if len(exponents) < 2:
        return form, {}
    ratios = {e: Dummy(positive=True) for e in exponents[1:]}
    places = {e: Symbol(f"s_{q}", integer=True) for q, e in enumerate(ratios, 1)}

    def nearest(exponent: Expr) -> Expr:
        apart = {e: abs(exponent - e) for e in exponents if (exponent - e).is_number}
        return min(apart, key=apart.__getitem__, default=exponents[0])

    def measured(e: Expr) -> Expr:
        if not e.args or isinstance(e, Indexed | KroneckerDelta):
            return e
        above = entry(e)
        if above is not None and (own := nearest(e.exp)) in ratios:
            return ratios[own] ** e.exp * (above / size.xreplace({s: places[own]})) ** e.exp
        if isinstance(e, Sum) and (own := next(iter(found[e]), None)) in ratios:
            return ratios[own] ** own * Sum(
                _gathered(measured(e.function) / ratios[own] ** own, ratios.values()), *e.limits
            )
        e = e.func(*map(measured, e.args))
        return _gathered(e, ratios.values()) if isinstance(e, Mul) else e

    form = measured(form)
    keys = {places[e]: signed(e) * size.xreplace({s: ANCHORED}) for e in ratios}
    return form.xreplace({ratios[e]: size.xreplace({s: places[e]}) / size for e in ratios}), keys


def _gathered(e: Expr, symbols: Iterable[Symbol]) -> Expr:
    """A product with one power of each symbol, multiplied out where symbols stand in a sum, so that their powers cancel."""
    sums = [f for f in Mul.make_args(e) if isinstance(f, Add) and f.free_symbols & set(symbols)]
    rest = Mul(*(f for f in Mul.make_args(e) if f not in sums))
    if len(sums) == 1 and rest.free_symbols & set(symbols):
        return Add(*(_gathered(rest * term, symbols) for term in sums[0].args))
    for symbol in symbols:
        powers = [f for f in Mul.make_args(e) if f.as_base_exp()[0] == symbol]
        others = Mul(*(f for f in Mul.make_args(e) if f not in powers))
        e = symbol ** expand(Add(*(f.as_base_exp()[1] for f in powers))) * others
    return e
