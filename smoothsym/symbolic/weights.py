"""Weights: an entry that counts w[j] times stands in each sum beside w[j], and n becomes the sum of the weights."""

from __future__ import annotations

from sympy import Expr, Indexed, IndexedBase, Mul, Sum, Tuple

from smoothsym import words
from smoothsym.symbolic.derivatives import rename_bound
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold
from smoothsym.words import j, mean, n, w

TOTAL = Sum(w[j], (j, 1, n))
"""How many entries there are, counted with their weights."""


def weighted(e: Expr, base: IndexedBase = words.x) -> Expr:
    """The expression of entries that count w[1], ..., w[n] times: each term over j gets w[j], n becomes their sum.

    A mean is a weighted one; a maximum and a minimum stay, since they do not count. With whole weights it is the expression of
    the entries repeated so many times.

    >>> from smoothsym.words import alpha, j, n, x
    >>> from sympy import Sum, exp, log
    >>> weighted(log(Sum(exp(alpha * x[j]), (j, 1, n)) / n) / alpha)
    log(Sum(exp(alpha*x[j])*w[j], (j, 1, n))/Sum(w[j], (j, 1, n)))/alpha
    """
    return rename_bound(_weighted(e, base), set())


def _weighted(e: Expr, base: IndexedBase) -> Expr:
    if e == n:
        return TOTAL
    if isinstance(e, Sum):
        factors = [w[index] for index, low, high in e.limits if (low, high) == (1, n)]
        return Sum(Mul(_weighted(e.function, base), *factors), *e.limits)
    if isinstance(e, mean):
        body = e.args[0] if e.has(Indexed) else e.args[0].xreplace({base: base[j]})
        return Sum(w[j] * body, (j, 1, n)) / TOTAL
    if not e.args or isinstance(e, (Indexed, Tuple)):
        return e
    return e.func(*(_weighted(a, base) if isinstance(a, Expr) else a for a in e.args))


def normalised(e: Expr) -> Expr:
    """The weighted expression with its sums divided by the sum of the weights: the same where that is 1.

    An objective over the simplex is a sum of its own kind, and stays.
    """
    if isinstance(e, (SimplexMaximum, Threshold)) or not e.args or isinstance(e, Indexed):
        return e
    if isinstance(e, Sum):
        whole = Sum(normalised(e.function), *e.limits)
        return whole / TOTAL if e.has(w) and len(e.limits) == 1 else whole
    return e.func(*(normalised(a) if isinstance(a, Expr) else a for a in e.args))
