"""The moment normal form: for symbolic n an identity between sums becomes one between rational functions of atoms, which is decided.

An expression is written as a sum of monomials (monomials.py) in entries, parameters, exponentials, logarithms and sums over
indices (sums.py), with products, powers, logarithms and moduli taken apart as far as that is valid (factors.py). Equal normal
forms prove an identity. Unequal ones prove nothing.

What a proof claims: equality wherever both sides are defined, for every n, every real value of the entries and parameters (x_j > 0
on the positive domain), free indices being in 1..n. Two exceptions, both at zeros: an entry or symbol u that stands in |u| or
sign(u) is not zero, and a power |u|^q with symbolic q has q != 0 where u is.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from itertools import permutations
from math import factorial

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Float,
    Function,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    Tuple,
    default_sort_key,
    exp,
    log,
    preorder_traversal,
    sign,
)
from sympy.codegen.cfunctions import expm1, log1p
from sympy.functions.elementary.hyperbolic import HyperbolicFunction

from smoothsym import words
from smoothsym.symbolic import signs
from smoothsym.symbolic.factors import cleared, exponential, factors, logarithm, modulus, power, raised
from smoothsym.symbolic.monomials import TooLarge, exponent, product, terms, without_prime_symbols
from smoothsym.symbolic.sums import Index, index, opened, summed
from smoothsym.symbolic.tsallis import xqlog

_NODES = (Add, Mul, Pow, Sum, Tuple, Indexed, IndexedBase, Symbol, Function)
_PAIRWISE = {Max: lambda a, b: (a + b + Abs(a - b)) / 2, Min: lambda a, b: (a + b - Abs(a - b)) / 2}
_MOST_WRITTEN_OUT = 12
"""How many terms a sum between numbers has, up to which it is written out."""
_MOST_CASES = 3
"""How many moduli an identity is split by into cases of their signs."""
_MOST_EXCHANGED = 3
"""Up to how many indices a body is averaged over all exchanges of them."""


def normal(expression: Expr, domain: str = "real") -> Expr:
    """The moment normal form of an expression. With domain="positive", the entries of x are positive.

    Raises ValueError for an expression whose sums hold what has no normal form, such as a Piecewise in the index.

    >>> from smoothsym.words import alpha, c, j, n, x
    >>> normal(log(Sum(exp(alpha * (x[j] + c)), (j, 1, n))) / alpha)
    c + log(Sum(exp(alpha*x[s1]), (s1, 1, n)))/alpha
    """
    prepared, names = _prepared(expression, domain)
    result = _normal(prepared)
    taken = {str(symbol) for e in (result, *names.values()) for symbol in e.free_symbols}
    free = (name for q in range(1, 10_000) if (name := f"s{q}") not in taken)
    indices = sorted({lim[0] for total in result.atoms(Sum) for lim in total.limits}, key=lambda s: int(s.name[1:]))
    shown = {used: Symbol(next(free), integer=True) for used in indices}
    return without_prime_symbols(result).xreplace({**shown, **names})


def equal(left: Expr, right: Expr, domain: str = "real") -> bool:
    """Whether two expressions are proved equal for every n; False means only that no proof was found.

    >>> from smoothsym.words import j, n, x
    >>> equal(Sum(2 * x[j], (j, 1, n)), 2 * Sum(x[j], (j, 1, n)))
    True
    >>> equal(Sum(log(x[j] ** 2), (j, 1, n)), 2 * Sum(log(x[j]), (j, 1, n)))
    False
    >>> equal(Sum(log(x[j] ** 2), (j, 1, n)), 2 * Sum(log(x[j]), (j, 1, n)), domain="positive")
    True
    """
    return is_zero(_exact(S(left)) - _exact(S(right)), domain)


def is_zero(expression: Expr, domain: str = "real") -> bool:
    """Whether an expression is proved to vanish for every n."""
    try:
        prepared, _ = _prepared(S(expression), domain)
        return _vanishes(_normal(prepared)) or _vanishes_by_cases(prepared)
    except (_NoForm, TooLarge):
        return False


def positive(expression: Expr, domain: str = "real") -> bool:
    """Whether an expression is > 0 by its form: exponentials, sums and products of what is positive; |x_j| off its zeros."""
    return signs.positive(_assumed(S(expression), domain)[0])


def nonnegative(expression: Expr, domain: str = "real") -> bool:
    """Whether an expression is >= 0 by its form: squares, moduli, what is positive, sums and products of these."""
    return signs.nonnegative(_assumed(S(expression), domain)[0])


def by_moduli(e: Expr) -> Expr:
    """The expression with the larger and the smaller of two numbers written by moduli."""
    return e.replace(lambda part: isinstance(part, Max | Min), lambda part: reduce(_PAIRWISE[part.func], part.args))


class _NoForm(ValueError):
    """Something under a sum that has no normal form."""


# ---- what the normal form works on -----------------------------------------------------------------------------------------


def _assumed(e: Expr, domain: str) -> tuple[Expr, dict[Expr, Expr]]:
    """The expression with real symbols and entries where nothing else is said of them, and the way back."""
    swaps: dict[Expr, Expr] = {}
    for part in e.atoms(Symbol, IndexedBase):
        if isinstance(part, IndexedBase):
            if part == words.x and domain == "positive":
                swaps[part] = signs.POSITIVE_ENTRIES
            elif part[0].is_real is None:
                swaps[part] = IndexedBase(Dummy(str(part), real=True), real=True)
        elif part.is_real is None and part.is_complex is None:
            swaps[part] = Dummy(part.name, real=True)
    e = e.xreplace({old: new for old, new in swaps.items() if isinstance(old, IndexedBase)})
    e = e.xreplace({old: new for old, new in swaps.items() if isinstance(old, Symbol)})
    return e, {new: old for old, new in swaps.items()}


def _exact(e: Expr) -> Expr:
    return e.xreplace({number: Rational(number) for number in e.atoms(Float)})


def _prepared(e: Expr, domain: str) -> tuple[Expr, dict[Expr, Expr]]:
    e = by_moduli(_exact(e))
    e, names = _assumed(e, domain)
    if not all(_has_form(node) for node in preorder_traversal(e)):
        e = _covered(e, frozenset(), names)
    return e, names


def _has_form(node: Expr) -> bool:
    if isinstance(node, Sum):
        return all(len(lim) == 3 and all(bound.is_finite is not False for bound in lim[1:]) for lim in node.limits)
    return (isinstance(node, _NODES) and not isinstance(node, Piecewise)) or node.is_number


def _covered(e: Expr, bound: frozenset[Symbol], names: dict[Expr, Expr]) -> Expr:
    """The expression with a symbol for each part that has no normal form."""
    if not _has_form(e):
        if e.free_symbols & bound:
            raise _NoForm(f"{e} has no normal form, and it is under a sum")
        cover = Dummy("e", real=e.is_real)
        names[cover] = e
        return next((known for known, part in names.items() if part == e), cover)
    if isinstance(e, Sum):
        bound |= {lim[0] for lim in e.limits}
        return Sum(_covered(e.function, bound, names), *e.limits)
    if not e.args or isinstance(e, Indexed):
        return e
    return e.func(*(_covered(argument, bound, names) for argument in e.args))


# ---- the normal form -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=10_000)
def _normal(e: Expr) -> Expr:
    if e.is_Add:
        return Add(*map(_normal, e.args))
    if e.is_Mul:
        return _selected(product(*map(_normal, e.args)))
    if e.is_Atom or isinstance(e, Indexed | KroneckerDelta | words.Reduction):
        return _mean(e) if isinstance(e, words.mean) else e
    if isinstance(e, Sum):
        body, indices = opened(e)
        body = _normal(body)
        for over in indices:
            if over.low.is_Integer and over.high.is_Integer and 0 <= over.high - over.low < _MOST_WRITTEN_OUT:
                positions = map(Integer, range(int(over.low), int(over.high) + 1))
                body = Add(*(_normal(body.xreplace({over: position})) for position in positions))
            else:
                body = summed(body, over)
        return _selected(body) if e.has(KroneckerDelta) else body
    if isinstance(e, exp):
        return exponential(_normal(e.args[0]))
    if e.is_Pow:
        above = _normal(e.exp)
        if above.is_Integer and above >= 0:
            return power(_normal(e.base), above)
        return raised(_factors(e.base), above)
    if isinstance(e, log | log1p):
        return logarithm(_factors(e.args[0] if isinstance(e, log) else 1 + e.args[0]))
    if isinstance(e, Abs | sign):
        return modulus(e.func, _factors(e.args[0]))
    if isinstance(e, xqlog) and e.args[0].is_positive and e.args[2] == 0:
        t, r, _ = e.args
        return _normal((t ** (1 + r) - t) / r)
    if isinstance(e, expm1 | HyperbolicFunction) and not (written := e.rewrite(exp)).has(e.func):
        return _normal(written)
    return e.func(*(exponent(_normal(argument)) for argument in e.args))


def _factors(e: Expr) -> list[tuple[Expr, Expr]]:
    """The factors of the normal form; those of a product are not multiplied out first."""
    return [pair for factor in Mul.make_args(e) for pair in factors(_normal(factor))]


def _selected(e: Expr) -> Expr:
    """What a delta stands beside, once more in normal form, now that the delta has made two indices one."""
    if not e.has(KroneckerDelta):
        return e
    result = []
    for term in terms(e):
        deltas = [f for f in Mul.make_args(term) if isinstance(f, KroneckerDelta)]
        rest = Mul(*(f for f in Mul.make_args(term) if f not in deltas))
        result.append(product(*deltas, _normal(rest)) if deltas else term)
    return Add(*result)


def _mean(e: Expr) -> Expr:
    over = index(S.One, words.n)
    (body,) = e.args
    if body.has(Indexed):
        return e
    return product(
        1 / words.n, summed(_normal(body.xreplace({base: base[over] for base in body.atoms(IndexedBase)})), over)
    )


# ---- the decision ----------------------------------------------------------------------------------------------------------


def _vanishes(e: Expr) -> bool:
    """Whether a normal form is zero: as it is, or multiplied by the sums in its denominators, or under its sums."""
    if e == 0:
        return True
    if e.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return False
    above, _ = cleared(e)
    return above == 0 or _vanishes_inside(above)


def _vanishes_inside(e: Expr) -> bool:
    """Whether the terms fall into groups, each a multiple of one sum over indices whose body vanishes.

    Exchanging indices does not change a sum, so its body may be averaged over all exchanges.
    """
    groups: dict[tuple[Expr, tuple], list[Expr]] = {}
    rest: list[Expr] = []
    for term in terms(e):
        factors_of = Mul.make_args(term)
        total = min((f for f in factors_of if isinstance(f, Sum)), key=_simplicity, default=None)
        if total is None:
            rest.append(term)
        else:
            number, cofactor = (term / total).as_coeff_Mul()
            groups.setdefault((cofactor, tuple(lim[1:] for lim in total.limits)), []).append(number * total)
    if not groups:
        return False
    for (cofactor, limits), members in groups.items():
        indices = [index(*bounds) for bounds in limits]
        if len(indices) > _MOST_EXCHANGED or any(bound.has(Index) for bounds in limits for bound in bounds):
            return False
        body = S.Zero
        for member in members:
            number, total = member.as_coeff_Mul()
            body += number * total.function.xreplace({lim[0]: q for lim, q in zip(total.limits, indices, strict=True)})
        # Terms free of the indices are the cofactor times the number of terms of the sum.
        size = product(cofactor, *(high - low + 1 for low, high in limits))
        for term in [t for t in rest if (t / size).is_Rational]:
            body += term / size
            rest.remove(term)
        if len(set(limits)) == 1:
            orders = list(permutations(indices))
            body = Add(*(_normal(body.xreplace(dict(zip(indices, order, strict=True)))) for order in orders))
            body = product(body, Rational(1, factorial(len(indices))))
        else:
            body = _normal(body)
        if not _vanishes(body):
            return False
    return not rest


def _vanishes_by_cases(e: Expr, left: int = _MOST_CASES) -> bool:
    """Whether an expression vanishes for either sign of what stands in a modulus outside of sums, such as x_1 or x_1 - x_2."""
    indices = {lim[0] for total in e.atoms(Sum) for lim in total.limits}
    labels = {base.label for base in e.atoms(IndexedBase)}
    moduli = [f.args[0] for f in e.atoms(Abs, sign) if not f.free_symbols & indices]
    for inside in sorted({part for whole in moduli for part in Mul.make_args(whole)}, key=default_sort_key):
        if not left or not signs.generic(inside):
            continue
        for part in sorted(inside.atoms(Indexed, Symbol) - labels, key=default_sort_key):
            slope = inside.diff(part)
            if slope.is_Rational and slope != 0 and not part.is_integer:
                size = Dummy("u", positive=True)
                cases = [
                    e.xreplace({part: (size * turn - inside.xreplace({part: S.Zero})) / slope}) for turn in (1, -1)
                ]
                return all(_vanishes(_normal(case)) or _vanishes_by_cases(case, left - 1) for case in cases)
    return False


def _simplicity(total: Sum) -> tuple:
    return -len(total.limits), default_sort_key(total)
