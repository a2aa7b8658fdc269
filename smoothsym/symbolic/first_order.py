"""Towards infinity, to first order in what is exponentially small: every sum is its ties and its second level, and the rest is less.

A sum of terms t^q g(x_j) exp(s t x_j), s >= 1, is exp(s t M) (m g(M) + m2 g(M - Delta) eps^s) t^q, eps = exp(-t Delta), but for what
is smaller than eps by an exponential factor. Where the size of M drops out, an expression in such sums is a function F of eps and t;
made of powers, logarithms and quotients of what is positive at eps = 0, its derivatives by eps are bounded by powers of t, and

    F(eps) + ... = F(0) + F'(0) eps + o(eps / t^K)    for every K.

So an expansion whose F(0) and F'(0) are known in closed form is exact to first order. Powers |x_j|^p are exponentials of p log|x_j|.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    cosh,
    exp,
    expand,
    log,
    sinh,
    tanh,
)

from smoothsym import words
from smoothsym.symbolic import moments
from smoothsym.symbolic.growth import Undecided

_EPS = Dummy("eps", positive=True)
_TOP = Dummy("M", real=True)
"""The extreme entry; for powers of entries the logarithm of its modulus."""
_LEVEL = IndexedBase(Dummy("y", real=True), real=True)
_ONE_OVER = Dummy("u", positive=True)


@dataclass(frozen=True)
class FirstOrder:
    """head + slope eps + o(eps / t^K): both in the parameter, m, m2, n and Delta."""

    head: Expr
    slope: Expr


def first_order(e: Expr, parameter: Symbol, side: int, logarithmic: bool, domain: str) -> FirstOrder:
    """An expression to first order in eps = exp(-|parameter| Delta), as the parameter tends to oo (side 1) or -oo (side -1).

    It may be in maximum(x) (minimum(x) for side -1), m, m2, Delta and, where entries enter by powers, rho = exp(-Delta). It must
    not change, or change by a factor alone, when all entries move together.
    Raises Undecided for what has another form.

    >>> from smoothsym.words import alpha, j, n, x
    >>> sums = [Sum(x[j] ** q * exp(alpha * x[j]), (j, 1, n)) for q in (0, 1)]
    >>> first_order(sums[1] / sums[0] - words.maximum(x), alpha, 1, False, "real")
    FirstOrder(head=0, slope=-Delta*m2/m)
    """
    form = _in_levels(e, parameter, side, logarithmic, domain)
    still = form.xreplace({_TOP: S.Zero})
    if not any(moments.is_zero(form - exp(power * _TOP) * still) for power in (0, 1)):
        raise Undecided("it depends on the size of the entries in other ways than as a factor")
    still = _small(still, parameter, side)
    _check(still, parameter)
    head, slope = still.xreplace({_EPS: S.Zero}), still.diff(_EPS).xreplace({_EPS: S.Zero})
    return FirstOrder(*(S.Zero if moments.is_zero(part) else part for part in (head, slope)))


def order_of(rest: Expr, parameter: Symbol, side: int) -> tuple[Expr, Expr]:
    """c |parameter|^q eps^k as (c parameter^q, k). Raises Undecided for what is not of this kind."""
    written = _small(rest.xreplace({words.rho: exp(-words.Delta)}), parameter, side)
    plain, small = written.as_independent(_EPS, as_Add=False)
    base, k = small.as_base_exp()
    constant, power = plain.as_independent(parameter, as_Add=False)
    if (small != 1 and base != _EPS) or not (
        power == 1 or (power.as_base_exp()[0] == parameter and power.as_base_exp()[1].is_number)
    ):
        raise Undecided(f"{rest} is not a power of {parameter} times one of exp(-{parameter} Delta)")
    return constant * power, k if small != 1 else S.Zero


def _in_levels(e: Expr, parameter: Symbol, side: int, logarithmic: bool, domain: str) -> Expr:
    """The expression with its entries by their levels, and each sum that depends on the parameter as two of them."""
    e = e.replace(lambda q: isinstance(q, tanh | cosh | sinh), lambda q: q.rewrite(exp)).xreplace(
        {words.rho: exp(-words.Delta)}
    )
    whole = Abs(words.x) if logarithmic and domain == "real" else words.x
    extreme = (words.maximum if side > 0 else words.minimum)(whole)
    shown = (lambda level: exp(level)) if logarithmic else (lambda level: level)
    e = e.xreplace({extreme: shown(_TOP)})
    entries = [q for q in e.atoms(Indexed) if q.base == words.x]
    e = e.xreplace({whole.xreplace({words.x: q}): shown(_LEVEL[q.indices[0]]) for q in entries})
    levels = ((words.m, _TOP), (words.m2, _TOP - side * words.Delta))
    swaps = {}
    for total in e.atoms(Sum):
        index, low, high = total.limits[0]
        if not total.has(parameter):
            continue
        if len(total.limits) > 1 or total.function.has(Sum) or (low, high) != (1, words.n):
            raise Undecided(f"no rule splits {total} into levels")
        for term in Add.make_args(expand(total.function)):
            rate = Add(*(expand(f.args[0]) for f in Mul.make_args(term) if isinstance(f, exp)))
            slope = rate.coeff(parameter).coeff(_LEVEL[index])
            if not (slope.is_number and slope >= 1):
                raise Undecided(f"the terms of {total} do not grow with the entries")
        at = [(count, total.function.xreplace({_LEVEL[index]: level})) for count, level in levels]
        if any(index in term.free_symbols for _, term in at):
            raise Undecided(f"the terms of {total} at the ties differ")
        swaps[total] = Add(*(count * term for count, term in at))
    e = e.xreplace(swaps)
    if e.has(words.x, _LEVEL, words.Reduction):
        raise Undecided("it depends on other entries than those at the two levels")
    return e


def _small(e: Expr, parameter: Symbol, side: int) -> Expr:
    """exp(c - k |parameter| Delta) as eps^k exp(c), powers of powers as one power."""

    def told(q: Expr) -> Expr:
        argument = expand(q.args[0])
        rate = argument.coeff(parameter)
        k = -side * rate.coeff(words.Delta)
        fixed = expand(argument - rate * parameter)
        if expand(rate + side * k * words.Delta) != 0 or fixed.has(parameter) or not k.is_number:
            raise Undecided(f"{q} is no power of what is exponentially small")
        return _EPS**k * exp(fixed)

    e = e.replace(lambda q: isinstance(q, exp) and q.has(parameter), told)
    return e.replace(
        lambda q: q.is_Pow and q.base.is_Pow and q.base.base.is_positive,
        lambda q: q.base.base ** expand(q.base.exp * q.exp),
    )


def _check(e: Expr, parameter: Symbol) -> None:
    """Refuse what may not be differentiable at eps = 0, or have derivatives by it that grow faster than powers of the parameter."""
    if e.is_Atom:
        return
    if e.is_Pow and e.base == _EPS:
        if not (e.exp.is_number and e.exp >= 1):
            raise Undecided(f"{e} is not small to first order")
        return
    if e.is_Pow and not (e.exp.is_Integer and e.exp > 0):
        if e.base == parameter and e.exp.is_number:
            return
        _check_tame(e.base, parameter)
        if not _is_bounded(e.exp, parameter):
            raise Undecided(f"the power {e} may grow faster than any power of {parameter}")
    elif isinstance(e, log):
        _check_tame(e.args[0], parameter)
    elif isinstance(e, exp):
        if e.has(parameter, _EPS):
            raise Undecided(f"the exponential {e} may grow faster than any power of {parameter}")
    elif not isinstance(e, Add | Mul | Pow):
        raise Undecided(f"no rule for {e.func.__name__}")
    for argument in e.args:
        _check(argument, parameter)


def _check_tame(base: Expr, parameter: Symbol) -> None:
    """Refuse what may come close to zero at eps = 0 as the parameter tends to infinity."""
    for factor in Mul.make_args(base.xreplace({_EPS: S.Zero})):
        root, power = factor.as_base_exp()
        if root.has(parameter) or not root.is_positive or not _is_bounded(power, parameter):
            raise Undecided(f"whether {base} stays away from 0 is not known")


def _is_bounded(exponent: Expr, parameter: Symbol) -> bool:
    """Whether an exponent is a polynomial in one over the parameter."""
    return bool(expand(exponent.xreplace({parameter: 1 / _ONE_OVER})).is_polynomial(_ONE_OVER)) and not exponent.has(
        _EPS
    )


__all__ = ["FirstOrder", "first_order", "order_of"]
