"""The moment normal form: for symbolic n an identity between sums becomes one between rational functions of atoms, which is decided.

Sums, exponentials and powers of sums are atoms once each is written in one canonical way: products are distributed over a sum
and what is free of its index is pulled out; exponents, logarithms and powers of products are expanded; bound indices are named
by nesting depth, so that no renaming can capture. Equal normal forms prove an identity. Unequal ones prove nothing.

Entries with an |x_j| or sign(x_j) beside them are written x_j = sign(x_j) |x_j| with sign(x_j)^2 = 1: identities of the p-families
hold where no entry is zero, and at zeros by continuity where both sides are continuous.
"""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    default_sort_key,
    exp,
    expand,
    fraction,
    log,
    sign,
    together,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym.words import Reduction, mean


def normal(expression: Expr) -> Expr:
    """The moment normal form of an expression.

    >>> from smoothsym.words import alpha, c, j, n, x
    >>> normal(log(Sum(exp(alpha * (x[j] + c)), (j, 1, n))) / alpha)
    c + log(Sum(exp(alpha*x[s1]), (s1, 1, n)))/alpha
    """
    expression = S(expression)
    # A free index that bears a canonical name would be taken for a bound one.
    aliases = {
        symbol: Dummy(symbol.name, integer=True)
        for symbol in expression.free_symbols
        if _CANONICAL.fullmatch(str(symbol))
    }
    result = _normal(expression.xreplace(aliases), split=expression.has(Abs, sign))
    return result.xreplace({alias: symbol for symbol, alias in aliases.items()})


_CANONICAL = re.compile(r"s\d+")


def equal(left: Expr, right: Expr) -> bool:
    """Whether two expressions are proved equal for every n; False means only that no proof was found.

    >>> from smoothsym.words import j, n, x
    >>> equal(Sum(2 * x[j], (j, 1, n)), 2 * Sum(x[j], (j, 1, n)))
    True
    """
    return is_zero(left - right)


def is_zero(expression: Expr) -> bool:
    """Whether an expression is proved to vanish for every n."""
    difference = normal(expression)
    if difference == 0:
        return True
    numerator, _ = fraction(together(difference))
    return _expanded(numerator) == 0


def positive(expression: Expr) -> bool:
    """Whether an expression is positive by its form: exponentials, positive symbols, sums and products of these; |x| off zero."""
    if expression.is_positive or isinstance(expression, exp):
        return True
    if isinstance(expression, Abs):
        # |x_j| is zero on a set that the scope of an identity excludes; |x_i - x_k| is zero within every double sum.
        return not expression.args[0].has(Add)
    if isinstance(expression, Sum):
        return positive(expression.function)
    if isinstance(expression, (Add, Mul)):
        return all(positive(argument) for argument in expression.args)
    if isinstance(expression, Pow):
        return positive(expression.base) and expression.exp.is_real is not False
    return False


def _normal(e: Expr, split: bool) -> Expr:
    if isinstance(e, Indexed):
        return sign(e) * Abs(e) if split else e
    if e.is_Atom or isinstance(e, (KroneckerDelta, Reduction)):
        if isinstance(e, mean):
            index, size = Symbol("s1", integer=True), Symbol("n", integer=True, positive=True)
            return _normal(Sum(e.args[0][index], (index, 1, size)) / size, split)
        return e
    if isinstance(e, Sum):
        return _sum(_normal(e.function, split), list(e.limits))
    if isinstance(e, (expm1, log1p)):
        return _normal(e.rewrite(exp) if isinstance(e, expm1) else log(1 + e.args[0]), split)
    args = [_normal(argument, split) for argument in e.args] if not isinstance(e, Abs | sign) else list(e.args)
    if isinstance(e, Add):
        return Add(*args)
    if isinstance(e, Mul):
        return _expanded(Mul(*args))
    if isinstance(e, exp):
        return _exponential(args[0])
    if isinstance(e, log):
        return _logarithm(args[0])
    if isinstance(e, Pow):
        return _power(args[0], args[1])
    if isinstance(e, Abs | sign):
        return _modulus(e, split)
    return e.func(*args)


def _modulus(e: Expr, split: bool) -> Expr:
    """|u v| = |u| |v| and the like; what is positive by form loses its modulus."""
    inner = normal(e.args[0]) if not isinstance(e.args[0], Indexed) else e.args[0]
    numerator, denominator = fraction(together(inner))
    result = S.One
    for factor, direction in [
        *((f, 1) for f in Mul.make_args(numerator)),
        *((f, -1) for f in Mul.make_args(denominator)),
    ]:
        base, exponent = factor.as_base_exp() if not isinstance(factor, exp) else (factor, S.One)
        part = (S.One if isinstance(e, sign) else factor) if positive(factor) else e.func(base) ** exponent
        result *= part**direction
    return _expanded(result)


def _exponential(argument: Expr) -> Expr:
    argument = _expanded(argument)
    plain, result = S.Zero, S.One
    for term in Add.make_args(argument):
        logs = [f for f in Mul.make_args(term) if isinstance(f, log)]
        if len(logs) == 1 and not (term / logs[0]).has(log):
            result *= _power(logs[0].args[0], term / logs[0])
        else:
            plain += term
    return result * exp(plain)


def _logarithm(argument: Expr) -> Expr:
    argument = _factor_exponentials(argument)
    result, rest = S.Zero, S.One
    for factor in Mul.make_args(argument):
        if isinstance(factor, exp):
            result += factor.args[0]
        elif positive(factor):
            base, exponent = factor.as_base_exp()
            result += exponent * log(base)
        else:
            rest *= factor
    return _expanded(result + (log(rest) if rest != 1 else 0))


def _factor_exponentials(argument: Expr) -> Expr:
    """Take the common factor out of a sum of terms, so that the log or power of it splits."""
    argument = together(argument) if isinstance(argument, Add) else argument
    numerator, denominator = fraction(argument)
    numerator = _expanded(numerator)
    if isinstance(numerator, Add):
        numerator = _common_factor(numerator)
    return numerator / denominator


def _common_factor(total: Add) -> Expr:
    terms = total.args
    first = {base: exponent for base, exponent in map(_base_exponent, Mul.make_args(terms[0]))}
    common = S.One
    for base, exponent in first.items():
        if base == exp(1) or base.is_number:
            continue
        others = [dict(map(_base_exponent, Mul.make_args(term))).get(base) for term in terms[1:]]
        if all(other == exponent for other in others):
            common *= base**exponent
    exponents = [Add(*(f.args[0] for f in Mul.make_args(term) if isinstance(f, exp))) for term in terms]
    shared = [t for t in Add.make_args(exponents[0]) if all(t in Add.make_args(other) for other in exponents[1:])]
    common *= exp(Add(*shared))
    return common * Add(*(_expanded(term / common) for term in terms))


def _base_exponent(factor: Expr) -> tuple[Expr, Expr]:
    return (factor, S.One) if isinstance(factor, exp) else factor.as_base_exp()


def _power(base: Expr, exponent: Expr) -> Expr:
    exponent = _expanded(exponent)
    if exponent.is_Integer and exponent > 0:
        return _expanded(base**exponent)
    base = _factor_exponentials(base)
    result, rest = S.One, S.One
    for factor in Mul.make_args(base):
        inner, inner_exponent = factor.as_base_exp() if not isinstance(factor, exp) else (factor, S.One)
        if isinstance(factor, exp):
            result *= exp(_expanded(factor.args[0] * exponent))
        elif positive(inner) or exponent.is_Integer:
            result *= inner ** _expanded(inner_exponent * exponent)
        else:
            rest *= factor
    return result * (rest**exponent if rest != 1 else 1)


def _expanded(e: Expr) -> Expr:
    """Distribute products, merge exponentials and powers of one base, and use sign^2 = 1 and KroneckerDelta's selection."""
    e = expand(e, deep=False, power_base=False, power_exp=False, log=False)
    return Add(*(_monomial(term) for term in Add.make_args(e)))


def _monomial(term: Expr) -> Expr:
    powers: dict[Expr, Expr] = {}
    exponent = S.Zero
    deltas: list[KroneckerDelta] = []
    pending = list(Mul.make_args(term))
    while pending:
        factor = pending.pop()
        if isinstance(factor, exp):
            exponent += factor.args[0]
            continue
        base, power = factor.as_base_exp()
        if isinstance(base, exp):
            exponent += base.args[0] * power
        elif isinstance(base, Mul) and power.is_Integer:
            pending.extend(f**power for f in base.args)
        elif isinstance(base, KroneckerDelta):
            if base not in deltas:
                deltas.append(base)
        else:
            powers[base] = powers.get(base, S.Zero) + power
    result = exp(expand(exponent)) if exponent != 0 else S.One
    for base, power in powers.items():
        power = expand(power)
        if isinstance(base, sign) and power.is_Integer and not base.args[0].has(Add):
            power = Integer(power % 2)
        result *= base**power
    for delta in sorted(deltas, key=default_sort_key):
        first, second = sorted(delta.args, key=default_sort_key)
        result = result.xreplace({second: first}) * delta if second.is_Symbol else result * delta
    return result


def _sum(body: Expr, limits: list) -> Expr:
    """The canonical form of a sum whose body is normal; several limits are innermost first, as SymPy has them."""
    for lim in limits:
        body = _single(body, lim)
    return body


def _single(body: Expr, lim: Any) -> Expr:
    index, low, high = lim
    body = _expanded(body)
    result = S.Zero
    for term in Add.make_args(body):
        free, bound = S.One, S.One
        for factor in Mul.make_args(term):
            if isinstance(factor, exp):
                inside, outside = S.Zero, S.Zero
                for t in Add.make_args(factor.args[0]):
                    inside, outside = (inside + t, outside) if index in t.free_symbols else (inside, outside + t)
                free, bound = free * exp(outside), bound * exp(inside)
            elif index in factor.free_symbols:
                bound *= factor
            else:
                free *= factor
        result += free * _atom(bound, index, low, high)
    return _expanded(result)


def _atom(bound: Expr, index: Symbol, low: Expr, high: Expr) -> Expr:
    if bound == 1:
        return high - low + 1
    for factor in Mul.make_args(bound):
        if isinstance(factor, KroneckerDelta) and index in factor.args and low == 1:
            other = next(a for a in factor.args if a != index)
            return _expanded((bound / factor).xreplace({index: other}))
    inner = [factor for factor in Mul.make_args(bound) if isinstance(factor, Sum)]
    if len(inner) == 1 and not (bound / inner[0]).has(Sum):
        # sum_a f(a) sum_b g(a, b): one sum over both, its indices in the order that sorts first.
        rest = bound / inner[0]
        limits = [*inner[0].limits, (index, low, high)]
        return _joint(rest * inner[0].function, limits)
    return _joint(bound, [(index, low, high)])


def _joint(body: Expr, limits: list) -> Expr:
    level = _depth_below(body, {lim[0] for lim in limits})
    names = [Symbol(f"s{level + q + 1}", integer=True) for q in range(len(limits))]
    marks = [Symbol(f"_mark{q}", integer=True) for q in range(len(limits))]
    marked = body.xreplace({lim[0]: mark for lim, mark in zip(limits, marks, strict=True)})
    candidates = []
    for order in permutations(range(len(limits))) if len(limits) <= 4 else [tuple(range(len(limits)))]:
        renamed = _expanded(marked.xreplace({marks[q]: names[position] for position, q in enumerate(order)}))
        bounds = [(names[position], limits[q][1], limits[q][2]) for position, q in enumerate(order)]
        candidates.append(Sum(renamed, *bounds))
    return min(candidates, key=default_sort_key)


def _depth_below(body: Expr, own: set[Symbol]) -> int:
    """How deep the sums inside a body reach, so that its own indices get names that none of them uses."""
    return max(
        (int(lim[0].name[1:]) for total in body.atoms(Sum) for lim in total.limits if lim[0] not in own), default=0
    )
