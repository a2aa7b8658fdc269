"""Sums over indices in one canonical way: what is free of an index outside, deltas spent, nested sums joined, indices numbered.

While a sum is worked on, its indices are fresh symbols that nothing else uses; a finished sum has numbered ones that no user can
write, each with a higher number than those of the sums inside. So no renaming can capture.
"""

from __future__ import annotations

from functools import cache
from itertools import count, permutations

from sympy import Add, Dummy, Expr, KroneckerDelta, Mul, Pow, S, Sum, Symbol, default_sort_key, exp

from smoothsym import words
from smoothsym.symbolic.monomials import base_and_exponent, product, terms

_MOST_ORDERED = 4
"""Up to how many indices every order is tried, for the one that all equal sums agree on."""


_COUNT = count()


class Index(Dummy):
    """An index of a sum: one of a sum that is being worked on knows its limits."""

    __slots__ = ("high", "low")

    low: Expr
    high: Expr


def index(low: Expr, high: Expr) -> Index:
    """A fresh index that runs from low to high. In SymPy's order, which goes by names, it comes after every numbered one."""
    result = Index(f"t{next(_COUNT):012}", integer=True)
    result.low, result.high = low, high
    return result


@cache
def numbered(level: int) -> Index:
    """The index of finished sums at a level."""
    return Index(f"s{level}", integer=True)


def opened(total: Sum) -> tuple[Expr, list[Index]]:
    """The body of a sum with fresh indices, the innermost first. An inner limit may depend on an outer index."""
    body, limits, fresh = total.function, list(total.limits), []
    while limits:
        name, low, high = limits.pop()
        fresh.append(index(low, high))
        for position in reversed(range(len(limits))):
            inner, *bounds = limits[position]
            limits[position] = (inner, *(bound.xreplace({name: fresh[-1]}) for bound in bounds))
            if inner == name:  # it shadows the outer index from here on
                break
        else:
            body = _renamed(body, name, fresh[-1])
    return body, fresh[::-1]


def _renamed(e: Expr, old: Symbol, new: Symbol) -> Expr:
    """A free index replaced. Sums that bind the same name stay as they are, so that what is known of them can be used again."""
    if e == old:
        return new
    if not e.args:
        return e
    if isinstance(e, Sum) and any(lim[0] == old for lim in e.limits):
        inside = any(old in bound.free_symbols for lim in e.limits for bound in lim[1:])
        return e.xreplace({old: new}) if inside else e
    args = [_renamed(argument, old, new) for argument in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args)


def summed(body: Expr, over: Index) -> Expr:
    """The sum of a sum of monomials over an index, as a sum of monomials.

    >>> from smoothsym.words import alpha, n, x
    >>> j = index(S(1), n)
    >>> summed(2 * exp(alpha * x[j] + alpha) + 3, j)
    3*n + 2*exp(alpha)*Sum(exp(alpha*x[_s1]), (_s1, 1, n))
    """
    result = []
    for term in terms(body):
        free, bound = _separated(term, over)
        result.append(product(free, _sum_of(bound, over)))
    return Add(*result)


def _separated(term: Expr, over: Index) -> tuple[Expr, Expr]:
    free, bound = [], []
    for factor in Mul.make_args(term):
        base, power = (
            (S.Exp1, factor.args[0]) if isinstance(factor, exp) else factor.args if factor.is_Pow else (factor, 1)
        )
        if not factor.has(over):
            free.append(factor)
        elif not base.has(over):
            inside = Add(*(t for t in terms(power) if t.has(over)))
            free.append(Pow(base, power - inside))
            bound.append(Pow(base, inside))
        else:
            bound.append(factor)
    return Mul(*free), Mul(*bound)


def _sum_of(bound: Expr, over: Index) -> Expr:
    """The sum of a monomial all of whose factors depend on the index."""
    if bound == 1:
        return Add(*(product(t) for t in terms(over.high - over.low + 1)))
    factors = Mul.make_args(bound)
    for delta in factors:
        if isinstance(delta, KroneckerDelta) and over in delta.args and len(delta.args) == 2:
            other = next(argument for argument in delta.args if argument != over)
            if _within(other, over):
                return product(*(f.xreplace({over: other}) for f in factors if f != delta))
    inner = [base_and_exponent(f) for f in factors]
    inner = [
        (base, int(q)) for base, q in inner if isinstance(base, Sum) and q.is_Integer and q > 0 and _rectangular(base)
    ]
    outside = [f for f in factors if base_and_exponent(f)[0] not in {base for base, _ in inner}]
    indices, bodies = [over], []
    for base, times in inner:
        for _ in range(times):
            body, fresh = opened(base)
            bodies.append(body)
            indices.extend(fresh)
    joined = product(*outside, *bodies)
    if len(indices) > 1 and (
        joined.is_Add or any(over in bound.free_symbols for i in indices for bound in (i.low, i.high))
    ):
        return finished(bound, [over])
    return finished(joined, indices)


def _within(position: Expr, over: Index) -> bool:
    """Whether a position is known to be among those that an index runs over; free indices are taken to be in 1..n."""
    if isinstance(position, Index):
        return bool(position.low == over.low and position.high == over.high)
    if position.is_Integer:
        return bool(over.low <= position) and (
            (position == 1 and over.high.is_positive) or (over.high.is_Integer and position <= over.high)
        )
    return position.is_Symbol and over.low == 1 and over.high == words.n


def _rectangular(total: Sum) -> bool:
    own = {lim[0] for lim in total.limits}
    return not any(own & bound.free_symbols for lim in total.limits for bound in lim[1:])


def finished(body: Expr, indices: list[Index]) -> Expr:
    """The sum of a monomial over indices that cannot be separated, with numbered indices in the order that comes first."""
    level = 1 + max((_level(lim[0]) for total in body.atoms(Sum) for lim in total.limits), default=0)
    names = [numbered(level + q) for q in range(len(indices))]
    best: tuple | None = None
    for order in permutations(indices) if len(indices) <= _MOST_ORDERED else [tuple(indices)]:
        swaps = dict(zip(order, names, strict=True))
        limits = [(swaps[q], q.low, q.high) for q in order]
        renamed = product(body.xreplace(swaps))
        if renamed.is_Add:
            continue
        coefficient, monomial = renamed.as_coeff_Mul()
        key = (default_sort_key(monomial), [default_sort_key(bound) for lim in limits for bound in lim[1:]])
        if best is None or key < best[0]:
            best = (key, coefficient, monomial, limits)
        elif key == best[0] and coefficient != best[1]:
            return S.Zero  # exchanging indices changes the sign
    assert best is not None
    _, coefficient, monomial, limits = best
    return coefficient * Sum(monomial, *limits)


def _level(name: Symbol) -> int:
    return int(name.name[1:])
