"""Which entry dominates the sums of an expression, and the indices by which a form names it."""

from __future__ import annotations

from typing import Any

from sympy import Abs, Add, Expr, Indexed, IndexedBase, Mul, Pow, S, Sum, Symbol, exp, expand, sign

from smoothsym import words
from smoothsym.program.threshold import ANCHORED
from smoothsym.symbolic.bases import by_rates
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
    expression, rates = by_rates(expression)
    if rates:
        key = dominant_key(expression, base, numbers)
        return None if key is None else key.xreplace(rates)
    for total in sorted(expression.atoms(Sum), key=str):
        index = total.limits[0][0]
        if (head := growth(total, base, index)) is not None:
            return _largest(head, base[index])
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
    return _beside_sums(expression, base)


def _beside_sums(expression: Expr, base: IndexedBase) -> Expr | None:
    """The same for exponentials of several entries that are written one by one, all with one rate."""
    powers = [power for power in expression.atoms(exp) if not expression.has(Sum)]
    entries = {entry for power in powers for entry in power.atoms(Indexed) if entry.base == base}
    rates = {expand(power.args[0]).coeff(entry) for power in powers for entry in power.atoms(Indexed)}
    if len(entries) < 2 or len(rates) != 1 or (rate := rates.pop()) == 0 or rate.has(Indexed):
        return None
    alone = all(expand(power.args[0]) == rate * entry for power in powers for entry in power.atoms(Indexed))
    return signed(rate) * base[ANCHORED] if alone else None


def places(expression: Expr, base: IndexedBase) -> dict[Expr, Symbol]:
    """The indices of the entries that dominate sums of exponentials, by their keys: s, and s_1, ... where sums differ in them."""
    found: dict[Expr, Symbol] = {}
    for total in sorted(expression.atoms(Sum), key=str):
        if (head := growth(total, base, total.limits[0][0])) is not None:
            key = _largest(head, base[total.limits[0][0]])
            found.setdefault(key, Symbol(f"s_{len(found)}", integer=True) if found else s)
    return found


def place(head: Expr, entry: Indexed, found: dict[Expr, Symbol]) -> Symbol:
    """The index of the entry of which the exponent `head` is the largest."""
    return found[_largest(head, entry)]


def _largest(head: Expr, entry: Indexed) -> Expr:
    """What an entry must have the largest of, for the largest exponent."""
    rate = head.coeff(entry)
    anchored = entry.base[ANCHORED]
    return signed(rate) * anchored if head == rate * entry else head.xreplace({entry: anchored})


def growth(total: Sum, base: IndexedBase, index: Symbol) -> Expr | None:
    """What the exponentials of a sum have in common in their exponents: a x[j], or h(x[j]) where that is no multiple of the entry."""
    entry = base[index]
    found = {_moving(power.args[0], entry) for power in total.function.atoms(exp) if power.has(entry)}
    return found.pop() if len(found) == 1 and S.Zero not in found else None


def _moving(exponent: Expr, entry: Indexed) -> Expr:
    """The part of an exponent that moves with an entry: its linear term, if it is a polynomial that has one."""
    exponent = expand(exponent)
    moving = Add(*(term for term in Add.make_args(exponent) if term.has(entry)))
    rate = moving.coeff(entry) if moving.is_polynomial(entry) else S.Zero
    linear = rate != 0 and not rate.has(*entry.indices[0].free_symbols)
    return rate * entry if linear and moving.as_poly(entry).degree() == 1 else moving


def signed(rate: Expr) -> Expr:
    return S.One if rate.is_positive else S.NegativeOne if rate.is_negative else sign(rate)
