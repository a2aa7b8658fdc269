"""Which entry dominates the sums of an expression, and the indices by which a form names it."""

from __future__ import annotations

from typing import Any

from sympy import Abs, Expr, Indexed, IndexedBase, Mul, Pow, S, Sum, Symbol, exp, sign

from smoothsym import words
from smoothsym.program.threshold import ANCHORED
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold

s = Symbol("s", integer=True)
"""The index of the dominant entry."""

NEAR = Symbol("s_0", integer=True)
"""The index of the dominant entry in a part of a form that is made of distances from it."""


def replace_entries(expression: Expr, base: IndexedBase, change: Any) -> Expr:
    """The expression with every entry x[a] replaced by change(x[a])."""
    return expression.xreplace({entry: change(entry) for entry in expression.atoms(Indexed) if entry.base == base})


def dominant_key(expression: Expr, base: IndexedBase = words.x, numbers: bool = False) -> Expr | None:
    """What an entry must have the largest of to dominate the sums: sign(a) x[.] for exp(a x), sign(p) |x[.]| for |x|^p.

    With `numbers`, p may be a number, such as 2: then sums are finite where entries are, and only the range of floats needs it.
    """
    for node in sorted(expression.atoms(SimplexMaximum, Threshold), key=str):
        _, entry, _ = node.parts
        return entry.xreplace({node.index: ANCHORED})
    for total in sorted(expression.atoms(Sum), key=str):
        index = total.limits[0][0]
        for power in sorted(total.function.atoms(exp), key=str):
            rate = power.args[0].coeff(base[index]) if power.args[0].is_polynomial(base[index]) else S.Zero
            if rate != 0 and index not in rate.free_symbols:
                return signed(rate) * base[ANCHORED]
        for power in sorted(total.function.atoms(Pow), key=str):
            size, exponent = power.args
            if (
                size in (Abs(base[index]), base[index])
                and index not in exponent.free_symbols
                and exponent.is_number == numbers
            ):
                lead = exponent.as_poly(*exponent.free_symbols)
                head = Mul(*exponent.free_symbols) if lead is not None and lead.is_linear else exponent
                return signed(head) * Abs(base[ANCHORED])
    return None


def signed(rate: Expr) -> Expr:
    return S.One if rate.is_positive else S.NegativeOne if rate.is_negative else sign(rate)
