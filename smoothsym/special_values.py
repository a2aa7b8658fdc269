"""What the special-value contract says of an operator: rows of its own, and those that follow from limits in its parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sympy import Expr, S, Sum, oo

from smoothsym import words
from smoothsym.certify.special import BESIDE_ZERO, UNANSWERED, Special
from smoothsym.symbolic import weights as weights_of
from smoothsym.symbolic.asymptotics import Undecided
from smoothsym.symbolic.derivatives import NotDifferentiable

LIMITS = {
    "parameter oo": (oo, None),
    "parameter -oo": (-oo, None),
    "parameter 0": (0, "+"),
    "parameter 0-": (0, "-"),
}
"""The rows that are limits in the parameter: its point, and from which side."""


def row_of(op: Any, row: str) -> Special:
    """The row of that name of an operator's contract; for limits of the parameter it is derived when not given."""
    if stated := _stated(op.special_values, row):
        return op.special_values[stated]
    if row not in LIMITS or not op.parameters:
        return UNANSWERED
    point, direction = LIMITS[row]
    try:
        value = op.limit(point, direction=direction)
    except Undecided:
        return UNANSWERED
    try:
        return Special(value, "limit", op.limit(point, of="gradient", direction=direction), "limit")
    except (Undecided, NotDifferentiable):
        return Special(value, "limit")


def _stated(rows: Mapping[str, Special], row: str) -> str:
    """The row of an operator's own that says it; empty where none does."""
    row = row.removesuffix(BESIDE_ZERO)
    return next((q for q in (row, row.removesuffix("-")) if q in rows), "")


def states(op: Any, row: str) -> bool:
    """Whether an operator's own contract says something of a row, which is then no limit that is derived."""
    return bool(_stated(op.special_values, row))


def answer(op: Any, row: str | None, of: str | Expr, size: int) -> tuple[Expr | str, str]:
    """What the contract says of a formula of `size` entries in a row, and whether by limit or by convention."""
    if of in ("value", "gradient") and (_stated(op.special_values, row or "") or row not in LIMITS):
        return op.special(row or "").formula(str(of))
    return _approached(op, row, op.formula(of), size) or (S.NaN, "convention")


def weighted_answer(
    op: Any, plain: Any, row: str | None, of: str | Expr, size: int, weights: Sequence[Fraction] | None
) -> tuple[Expr | str, str]:
    """The same of an operator with weights: what follows from a limit of it, else the row of the plain one, of so many entries.

    Where it is a pole that stands between entries and a limit, the total weight decides: with a total of 1 there is a limit,
    and below 1 the pole has the sign of its other side.
    """
    if row is not None and row.endswith(BESIDE_ZERO):
        if not plain.states(row):
            return S.NaN, "convention"
        row = row.removesuffix(BESIDE_ZERO)
    total = sum(weights or (), Fraction(0))
    at_zero, e = row in ("parameter 0", "parameter 0-"), op.formula(of)
    if at_zero and total == 1:
        return _approached(op, row, weights_of.normalised(e), size) or (S.NaN, "convention")
    if (found := _approached(op, row, e, size)) is not None:
        return found
    if of not in ("value", "gradient"):
        return S.NaN, "convention"
    if at_zero and total < 1:
        row = "parameter 0-" if row == "parameter 0" else "parameter 0"
    formula, basis = plain.contract(row, of, 2 if at_zero else size)
    if not isinstance(formula, Expr):
        return formula, basis
    # A gradient is that of all copies of an entry.
    copies = words.w[words.i] if of == "gradient" and not op.vector else S.One
    return copies * weights_of.weighted(formula), basis


def _approached(op: Any, row: str | None, e: Expr, size: int) -> tuple[Expr, str] | None:
    """The limit of a formula in a row of the parameter. One entry may have a limit where more of them have a pole."""
    if row not in LIMITS or not op.parameters:
        return None
    point, direction = LIMITS[row]
    if size == 1 and op.arity is None:
        e = e.subs({words.n: 1, words.i: 1, words.k: 1}).replace(lambda t: isinstance(t, Sum), lambda t: t.doit())
    try:
        return op.limit(point, of=e, direction=direction), "limit"
    except Undecided:
        return None
