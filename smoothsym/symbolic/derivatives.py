"""Derivatives under the sum: a gradient is a sparse map from index to coefficient, and a sum collapses its own index."""

from __future__ import annotations

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    collect,
    expand,
    log,
    sign,
)

Sparse = dict[Expr | None, Expr]
"""d/dx[k] of an expression as {index a: coefficient of delta(a, k)}; the key None holds what has no delta (collapsed sums)."""


class CapturedIndexError(ValueError):
    """An index that is to be free is already bound by a sum of the expression."""


def bound_indices(expression: Expr) -> set[Symbol]:
    """The indices that sums of the expression bind."""
    return {limits[0] for total in expression.atoms(Sum) for limits in total.limits}


def rename_bound(expression: Expr, avoid: set[Symbol]) -> Expr:
    """The same expression with every bound index that is in `avoid` renamed to a fresh one."""
    if not expression.has(Sum):
        return expression
    if isinstance(expression, Sum):
        body, *limits = (
            rename_bound(argument, avoid) if isinstance(argument, Expr) else argument for argument in expression.args
        )
        swaps = {lim[0]: Symbol(f"{lim[0].name}_", integer=True) for lim in limits if lim[0] in avoid}
        return Sum(body.xreplace(swaps), *(lim.xreplace(swaps) for lim in limits))
    return expression.func(*(rename_bound(argument, avoid) for argument in expression.args))


def partial(expression: Expr, variable: Indexed) -> Expr:
    """The derivative of an expression with respect to the entry x[i], for a free index i.

    Parameters: an expression in x[...], sums over 1..n, exp, log, Abs, sign and powers; the entry, such as x[i].
    Raises CapturedIndexError if a sum of the expression binds the index, ValueError for a sum over other limits.
    The rule d|u|^q = q sign(u) |u|^(q-1) du holds where u != 0 or q > 1.

    >>> from smoothsym.words import alpha, i, j, n, x
    >>> from sympy import Sum, exp, log
    >>> partial(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, x[i])
    exp(alpha*x[i])/Sum(exp(alpha*x[j]), (j, 1, n))
    """
    index = variable.indices[0]
    captured = bound_indices(expression) & index.free_symbols
    if captured:
        name = next(iter(captured))
        raise CapturedIndexError(
            f"the index {name} of {variable} is bound by a sum; differentiate by an entry with a free index"
        )
    parts = _sparse(expression, variable.base)
    return tidy(Add(*(value * _delta(key, index) for key, value in parts.items())).xreplace({FREE: index}))


def partial_parameter(expression: Expr, parameter: Symbol, order: int = 1) -> Expr:
    """The derivative with respect to a parameter, `order` times; sums are differentiated term by term."""
    if parameter in bound_indices(expression):
        raise CapturedIndexError(f"{parameter} is bound by a sum and cannot be a parameter")
    for _ in range(order):
        expression = tidy(_by_symbol(expression, parameter))
    return expression


def _delta(key: Expr | None, index: Expr) -> Expr:
    return S.One if key is None else KroneckerDelta(key, index)


def _merge(*parts: tuple[Expr, Sparse]) -> Sparse:
    merged: Sparse = {}
    for factor, part in parts:
        for key, value in part.items():
            merged[key] = merged.get(key, S.Zero) + factor * value
    return merged


def _sparse(expression: Expr, base: IndexedBase) -> Sparse:
    if not expression.has(base):
        return {}
    if isinstance(expression, Indexed) and expression.base == base:
        return {expression.indices[0]: S.One}
    if isinstance(expression, Sum):
        return _collapse(expression, base)
    return _merge(*((factor, _sparse(argument, base)) for factor, argument in _chain(expression)))


def _collapse(total: Sum, base: IndexedBase) -> Sparse:
    """Each sum takes the deltas of its own index away: sum_j delta(j, k) f(j) = f(k), for 1 <= k <= n."""
    parts = _sparse(total.function, base)
    collapsed: Sparse = {}
    for key, value in parts.items():
        limits = list(total.limits)
        own = next((lim for lim in limits if key is not None and lim[0] in key.free_symbols), None)
        if own is None:
            result = Sum(value, *limits)
            collapsed[key] = collapsed.get(key, S.Zero) + result
            continue
        if key != own[0] or own[1] != 1 or not isinstance(own[2], Symbol):
            raise ValueError(f"cannot differentiate under {total}: write its sum over j = 1..n with entries x[j]")
        limits.remove(own)
        inner = Sum(value, *limits) if limits else value
        # The key of the collapsed part is the caller's free index; a marker stands for it until `partial` knows it.
        collapsed[None] = collapsed.get(None, S.Zero) + inner.xreplace({own[0]: FREE})
    return collapsed


FREE = Dummy("free", integer=True)
"""Stands for the index of differentiation inside collapsed sums."""


def _chain(expression: Expr) -> list[tuple[Expr, Expr]]:
    """The chain rule as (outer derivative, inner argument) pairs."""
    if isinstance(expression, Add):
        return [(S.One, argument) for argument in expression.args]
    if isinstance(expression, Mul):
        return _product(expression)
    if isinstance(expression, Pow):
        base, exponent = expression.args
        pairs = [(_power_rule(base, exponent), base.args[0] if isinstance(base, Abs) else base)]
        return [*pairs, (log(base) * expression, exponent)]
    if isinstance(expression, Abs):
        return [(sign(expression.args[0]), expression.args[0])]
    if isinstance(expression, sign):
        return [(S.Zero, expression.args[0])]  # almost everywhere; products with |u|^q are handled as one
    if isinstance(expression, KroneckerDelta):
        return []
    if isinstance(expression, Function) or hasattr(expression, "fdiff"):
        return [(expression.fdiff(position + 1), argument) for position, argument in enumerate(expression.args)]
    raise ValueError(f"no rule to differentiate {expression.func.__name__}")


def _power_rule(base: Expr, exponent: Expr) -> Expr:
    if isinstance(base, Abs):
        return exponent * sign(base.args[0]) * base ** (exponent - 1)
    return exponent * base ** (exponent - 1)


def _product(expression: Expr) -> list[tuple[Expr, Expr]]:
    """d(sign(u) |u|^q) = q |u|^(q-1) du as one factor, so that the kink of sign leaves no trace where q > 1."""
    factors = list(expression.args)
    for position, factor in enumerate(factors):
        if not isinstance(factor, sign):
            continue
        u = factor.args[0]
        for other, power in enumerate(factors):
            base, exponent = power.as_base_exp()
            if base == Abs(u):
                rest = Mul(*(f for q, f in enumerate(factors) if q not in (position, other)))
                joint = [(rest * exponent * base ** (exponent - 1), u), (rest * factor * power * log(base), exponent)]
                return [*joint, (factor * power, rest)]
    return [(Mul(*factors[:q], *factors[q + 1 :]), factor) for q, factor in enumerate(factors)]


def _by_symbol(expression: Expr, parameter: Symbol) -> Expr:
    if parameter not in expression.free_symbols:
        return S.Zero
    if expression == parameter:
        return S.One
    if isinstance(expression, Sum):
        if any(parameter in lim[q].free_symbols for lim in expression.limits for q in (1, 2)):
            raise ValueError(f"the limits of {expression} depend on {parameter}")
        return Sum(_by_symbol(expression.function, parameter), *expression.limits)
    return Add(*(factor * _by_symbol(argument, parameter) for factor, argument in _chain(expression)))


def tidy(expression: Expr) -> Expr:
    """Pull constants out of sums and the common factor out of the terms, keeping quotients of sums as quotients."""
    expression = pull_out(expression)
    parts = [
        expand(part, deep=False, power_base=False, power_exp=False, log=False) for part in Add.make_args(expression)
    ]
    terms = [_merge_powers(term) for term in Add.make_args(Add(*parts)) if term != 0]
    if len(terms) < 2:
        return Add(*terms)
    powers = [dict(_base_powers(term)) for term in terms]
    common = S.One
    for base in powers[0]:
        if not all(base in power for power in powers):
            continue
        exponents = [power[base] for power in powers]
        differences = [exponents[0] - e for e in exponents]
        if not all(d.is_number for d in differences):
            continue
        # A sum keeps its highest power outside, so that quotients stay quotients: a/Z - b N/Z^2 = (a - b N/Z)/Z.
        ordered = sorted(exponents, key=lambda e: e - exponents[0])
        common *= base ** (ordered[-1] if base.has(Sum) else ordered[0])
    remaining = Add(*(_merge_powers(term / common) for term in terms))
    for symbol in sorted(remaining.free_symbols, key=str):
        if symbol.is_real and not symbol.is_integer and isinstance(symbol, Symbol):
            remaining = collect(remaining, symbol)
    return common * remaining


def _merge_powers(term: Expr) -> Expr:
    """|u|^a |u|^b = |u|^(a+b), with the exponents simplified; SymPy leaves them apart when they are symbolic."""
    powers: dict[Expr, Expr] = {}
    for base, exponent in _base_powers(term):
        powers[base] = powers.get(base, S.Zero) + exponent
    return Mul(*(base ** expand(exponent) for base, exponent in powers.items()))


def _base_powers(term: Expr) -> list[tuple[Expr, Expr]]:
    return [
        factor.as_base_exp() if not isinstance(factor, Function) else (factor, S.One) for factor in Mul.make_args(term)
    ]


def pull_out(expression: Expr) -> Expr:
    """Sums with what is free of their index taken outside; sum over 1..n of a constant is n times it."""
    if not isinstance(expression, Expr) or not expression.has(Sum):
        return expression
    if isinstance(expression, Sum):
        if len(expression.limits) > 1:
            return expression
        (lim,) = expression.limits
        body = expand(pull_out(expression.function), deep=False, power_base=False, power_exp=False, log=False)
        result = S.Zero
        for term in Add.make_args(body):
            free, bound = term.as_independent(lim[0], as_Add=False)
            result += free * (Sum(bound, lim) if bound != 1 else lim[2] - lim[1] + 1)
        return result
    return expression.func(*(pull_out(argument) for argument in expression.args))
