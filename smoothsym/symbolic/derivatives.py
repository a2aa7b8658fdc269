"""Derivatives under the sum: a gradient is a sparse map from index to coefficient, and a sum collapses its own index."""

from __future__ import annotations

from sympy import (
    Abs,
    Add,
    Derivative,
    DiracDelta,
    Dummy,
    Expr,
    Function,
    Heaviside,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    S,
    Subs,
    Sum,
    Symbol,
    log,
    sign,
)

from smoothsym import words
from smoothsym.symbolic import moments
from smoothsym.symbolic.readable import pull_out, readable
from smoothsym.symbolic.simplex import TAU, SimplexMaximum, Threshold
from smoothsym.words import Reduction, maximum, mean, minimum, n

__all__ = [
    "CapturedIndexError",
    "NotDifferentiable",
    "bound_indices",
    "partial",
    "partial_parameter",
    "pull_out",
    "rename_bound",
]

Sparse = dict[Expr | None, Expr]
"""d/dx[k] of an expression as {index a: coefficient of delta(a, k)}; the key None holds what has no delta (collapsed sums)."""

FREE = Dummy("free", integer=True)
"""Stands for the index of differentiation inside collapsed sums."""


class CapturedIndexError(ValueError):
    """An index that is to be free is already bound by a sum of the expression."""


class NotDifferentiable(ValueError):
    """What has no derivative in closed form that holds everywhere, such as a maximum."""


def partial(expression: Expr, variable: Indexed) -> Expr:
    """The derivative of an expression with respect to the entry x[i], for a free index i, or to x[1].

    Parameters: an expression in x[...], sums over j = 1..n with entries x[j], exp, log, Abs, sign, powers and other functions that
    SymPy can differentiate; the entry. The expression is taken to be real, and an entry x[2] to exist.
    Raises CapturedIndexError if a sum of the expression binds the index, ValueError for a sum over other limits and for what has
    no derivative in closed form (a maximum, a Piecewise).
    The rules d|u| = sign(u) du and d sign(u) = 0 hold where u != 0, d|u|^q = q sign(u) |u|^(q-1) du also where q > 1.

    >>> from smoothsym.words import alpha, i, j, n, x
    >>> from sympy import Sum, exp, log
    >>> partial(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, x[i])
    exp(alpha*x[i])/Sum(exp(alpha*x[j]), (j, 1, n))
    """
    if not isinstance(variable, Indexed) or len(variable.indices) != 1:
        raise TypeError(f"variable={variable!r} is no entry of a vector; give one, such as x[i] or x[1]")
    base, index = variable.base, variable.indices[0]
    if captured := bound_indices(expression) & index.free_symbols:
        name = next(iter(captured))
        raise CapturedIndexError(
            f"the index {name} of {variable} is bound by a sum; differentiate by an entry with a free index"
        )
    expression = _unshadowed(_smooth(expression), base)
    _check_sums(expression, base)
    found = Add(*(value * _delta(key, index) for key, value in _sparse(expression, base).items()))
    return readable(found.xreplace({FREE: index}), expression.atoms(Sum))


def partial_parameter(expression: Expr, parameter: Symbol, order: int = 1) -> Expr:
    """The derivative with respect to a parameter, `order` times; sums are differentiated term by term.

    Raises ValueError for a symbol that is an index, a length or a limit of a sum, and for what has no derivative in closed form.

    >>> from smoothsym.words import alpha, j, n, x
    >>> from sympy import Sum, exp
    >>> partial_parameter(Sum(exp(alpha * x[j]), (j, 1, n)), alpha, 2)
    Sum(exp(alpha*x[j])*x[j]**2, (j, 1, n))
    """
    if not isinstance(parameter, Symbol):
        raise TypeError(f"parameter={parameter!r} is no symbol")
    if parameter in bound_indices(expression):
        raise CapturedIndexError(f"{parameter} is bound by a sum and cannot be a parameter")
    if parameter.is_integer:
        raise ValueError(f"{parameter} takes integer values only: there is no derivative by it")
    if order < 0:
        raise ValueError(f"order={order} is negative; give the number of times to differentiate")
    expression = _smooth(expression)
    for _ in range(order):
        expression = readable(_by_symbol(expression, parameter), expression.atoms(Sum))
    return expression


def directional(expression: Expr, direction: IndexedBase, base: IndexedBase = words.x) -> Expr:
    """The derivative along a direction v: d/dt at t = 0 of the expression with x[a] + t v[a] for each entry.

    Of a value it is the Jacobian-vector product sum_i v[i] df/dx[i], of a gradient the Hessian-vector product, without a
    matrix: every sum runs over one index.

    >>> from smoothsym.words import alpha, j, n, v, x
    >>> from sympy import Sum, exp, log
    >>> directional(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, v)
    Sum(exp(alpha*x[j])*v[j], (j, 1, n))/Sum(exp(alpha*x[j]), (j, 1, n))
    """
    if expression.has(direction):
        raise ValueError(f"{direction} stands in the expression; give a direction that does not")
    t = Dummy("t", real=True)
    expression = _smooth(expression)
    entries = {e for e in expression.atoms(Indexed) if e.base == base}
    moved = expression.xreplace({e: e + t * direction[e.indices[0]] for e in entries})
    slope = partial_parameter(moved, t).xreplace({t: S.Zero})
    return readable(slope, expression.atoms(Sum))


# ---- bound indices ---------------------------------------------------------------------------------------------------------


def bound_indices(expression: Expr) -> set[Symbol]:
    """The indices that sums of the expression bind."""
    return {limits[0] for total in expression.atoms(Sum) for limits in total.limits}


def rename_bound(expression: Expr, avoid: set[Symbol]) -> Expr:
    """The same expression with every bound index that is in `avoid`, or that an outer sum binds as well, renamed.

    >>> from smoothsym.words import i, n, x
    >>> rename_bound(x[i] * Sum(x[i], (i, 1, n)), {i})
    x[i]*Sum(x[i_], (i_, 1, n))
    """
    taken = {symbol.name for symbol in (*expression.atoms(Symbol), *avoid)}
    return _renamed(expression, frozenset(avoid), taken)


def _renamed(e: Expr, avoid: frozenset[Symbol], taken: set[str]) -> Expr:
    if not isinstance(e, Expr) or not e.has(Sum):
        return e
    if not isinstance(e, Sum):
        return e.func(*(_renamed(argument, avoid, taken) for argument in e.args))
    body, done = e.function, []
    limits = [tuple(lim) for lim in e.limits]
    while limits:
        name, *bounds = limits.pop()
        if name in avoid:
            new = _unused(name, taken)
            inner = next((q for q, lim in enumerate(reversed(limits)) if lim[0] == name), None)
            reach = 0 if inner is None else len(limits) - inner - 1
            limits = [
                lim if q < reach else (lim[0], *(b.xreplace({name: new}) for b in lim[1:]))
                for q, lim in enumerate(limits)
            ]
            body = body.xreplace({name: new}) if inner is None else body
            name = new
        avoid |= {name}
        done.append((name, *bounds))
    return Sum(_renamed(body, avoid, taken), *done[::-1])


def _unused(name: Symbol, taken: set[str]) -> Symbol:
    new = name.name + "_"
    while new in taken:
        new += "_"
    taken.add(new)
    return Symbol(new, integer=True)


def _unshadowed(e: Expr, base: IndexedBase) -> Expr:
    return rename_bound(e, set()) if e.has(base) else e


def _smooth(e: Expr) -> Expr:
    """The same without words that have no derivative: a mean is a sum, and an extreme that the value does not depend on is left out."""
    return without_anchors(_means_written_out(e))


def without_anchors(e: Expr) -> Expr:
    """An expression that is measured from a maximum or minimum, if it is proved to be the same measured from any number, measured from 0 or 1.

    Such is max + log(sum exp(a (x - max)))/a, which overflows nowhere and is smooth, though a maximum is not.
    """
    for extreme in sorted(e.atoms(maximum, minimum), key=str):
        moduli = isinstance(extreme.args[0], Abs)
        anchor = Dummy("c", positive=True) if moduli else Dummy("c", real=True)
        free = e.xreplace({extreme: anchor})
        plain = free.xreplace({anchor: S.One if moduli else S.Zero})
        if moments.equal(free, plain):
            e = plain
    return e


def _means_written_out(e: Expr) -> Expr:
    """mean(x) as a sum, for the mean has derivatives."""
    if not e.has(mean):
        return e
    index = _unused(Symbol("j", integer=True), {symbol.name for symbol in e.atoms(Symbol)})
    return e.replace(
        lambda part: isinstance(part, mean) and not part.has(Indexed),
        lambda part: Sum(part.args[0].xreplace({b: b[index] for b in part.atoms(IndexedBase)}), (index, 1, n)) / n,
    )


def _check_sums(e: Expr, base: IndexedBase) -> None:
    """Each sum that runs through the entries must run through all of them, and name them by its index."""
    bound, lengths = bound_indices(e), set()
    for total in e.atoms(Sum):
        for name, *bounds in total.limits:
            entries = [entry for entry in total.function.atoms(Indexed) if entry.base == base and entry.has(name)]
            if not entries:
                continue
            length = bounds[-1]
            fits = length == n if base == words.x else length.is_Symbol and length.is_positive and length not in bound
            if len(bounds) != 2 or bounds[0] != 1 or not fits or any(entry.indices != (name,) for entry in entries):
                raise ValueError(
                    f"cannot differentiate under {total}: write its sum over j = 1..n with entries {base}[j]"
                )
            lengths.add(length)
    if len(lengths) > 1:
        raise ValueError(
            f"sums over entries of {base} run to {' and to '.join(sorted(map(str, lengths)))}; give one length"
        )


# ---- the rules -------------------------------------------------------------------------------------------------------------


def _delta(key: Expr | None, index: Expr) -> Expr:
    return S.One if key is None else KroneckerDelta(key, index)


def _sparse(expression: Expr, base: IndexedBase) -> Sparse:
    if not expression.has(base):
        return {}
    if isinstance(expression, Indexed) and expression.base == base:
        if len(expression.indices) != 1:
            raise ValueError(f"{expression} has {len(expression.indices)} indices; a vector has one")
        return {expression.indices[0]: S.One}
    if isinstance(expression, Sum):
        return _collapse(expression, base)
    if isinstance(expression, SimplexMaximum):
        # By the envelope theorem: the maximiser is as good as constant.
        return {key: expression.solved(value) for key, value in _sparse(expression.objective, base).items()}
    if isinstance(expression, Threshold):
        balance, fall = _implicit(expression)
        return {key: (-value / fall).xreplace({TAU: expression}) for key, value in _sparse(balance, base).items()}
    merged: Sparse = {}
    for factor, argument in _chain(expression, base):
        for key, value in _sparse(argument, base).items():
            merged[key] = merged.get(key, S.Zero) + factor * value
    return merged


def _collapse(total: Sum, base: IndexedBase) -> Sparse:
    """Each sum takes the deltas of its own index away: sum_j delta(j, k) f(j) = f(k), for 1 <= k <= n."""
    collapsed: Sparse = {}
    for key, value in _sparse(total.function, base).items():
        own = next((lim for lim in total.limits if key == lim[0]), None)
        limits = [lim for lim in total.limits if lim != own]
        inner = Sum(value, *limits) if limits else value
        if own is not None:
            # The free index is not known here; a marker stands for it until `partial` puts it in.
            key, inner = None, inner.xreplace({own[0]: FREE})
        collapsed[key] = collapsed.get(key, S.Zero) + inner
    return collapsed


def _chain(e: Expr, by: Expr) -> list[tuple[Expr, Expr]]:
    """The chain rule as (outer derivative, inner argument) pairs."""
    if isinstance(e, Add):
        return [(S.One, argument) for argument in e.args]
    if isinstance(e, Mul):
        return [(Mul(*e.args[:q], *e.args[q + 1 :]), factor) for q, factor in enumerate(e.args)]
    if isinstance(e, Pow):
        return _power_rule(e.base, e.exp, by)
    if isinstance(e, Abs):
        return [(sign(e.args[0]), e.args[0])]
    if isinstance(e, sign):
        return []
    if isinstance(e, KroneckerDelta):
        return []
    if isinstance(e, Function) and not isinstance(e, Reduction | Piecewise):
        return [(_slope(e, position), argument) for position, argument in enumerate(e.args) if argument.has(by)]
    raise NotDifferentiable(f"{e} has no derivative that holds everywhere{_HINTS.get(type(e), '')}")


_HINTS = {
    Max: "; off ties, write Max(a, b) as (a + b + Abs(a - b))/2",
    Min: "; off ties, write Min(a, b) as (a + b - Abs(a - b))/2",
    Piecewise: "; differentiate its pieces",
}


def _power_rule(base: Expr, exponent: Expr, by: Expr) -> list[tuple[Expr, Expr]]:
    pairs: list[tuple[Expr, Expr]] = []
    if base.has(by):
        inner = base.args[0] if isinstance(base, Abs) else base
        turn = sign(inner) if isinstance(base, Abs) else S.One
        pairs.append((exponent * turn * base ** (exponent - 1), inner))
    if exponent.has(by) and base != 0:  # 0^q = 0 for each q > 0
        pairs.append((log(base) * base**exponent, exponent))
    return pairs


def _slope(e: Expr, position: int) -> Expr:
    """The derivative of a function by one of its arguments, in closed form."""
    try:
        slope = e.fdiff(position + 1)
    except Exception as problem:  # SymPy's functions say in many ways that they have no derivative
        raise NotDifferentiable(f"{e.func} has no derivative by its argument {position + 1}") from problem
    if slope.has(Derivative, Subs, DiracDelta, Heaviside, Piecewise):
        raise NotDifferentiable(f"{e} has no derivative in closed form: SymPy gives {slope}")
    return slope


def _implicit(threshold: Threshold) -> tuple[Expr, Expr]:
    """What is zero at a threshold, in TAU, and its derivative by that: the implicit function theorem has the rest."""
    balance = threshold.balance(TAU)
    return balance, pull_out(_by_symbol(balance, TAU))


def _by_symbol(expression: Expr, parameter: Symbol) -> Expr:
    if parameter not in expression.free_symbols:
        return S.Zero
    if expression == parameter:
        return S.One
    if isinstance(expression, SimplexMaximum):
        return expression.solved(_by_symbol(expression.objective, parameter))
    if isinstance(expression, Threshold):
        balance, fall = _implicit(expression)
        return (-_by_symbol(balance, parameter) / fall).xreplace({TAU: expression})
    if isinstance(expression, Sum):
        if any(parameter in bound.free_symbols for lim in expression.limits for bound in lim[1:]):
            raise ValueError(f"the limits of {expression} depend on {parameter}")
        return Sum(_by_symbol(expression.function, parameter), *expression.limits)
    return Add(*(factor * _by_symbol(argument, parameter) for factor, argument in _chain(expression, parameter)))
