"""The programs of a formula, each derived once: as it is written, stable, and guarded against the range of floats."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr, Symbol

from smoothsym import words
from smoothsym.program.guarded import float_form
from smoothsym.program.guards import primitive
from smoothsym.program.lower import lower
from smoothsym.program.operations import Program
from smoothsym.program.stabilise import Stable, stabilise
from smoothsym.symbolic.derivatives import without_anchors
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold

FORMS = ("naive", "stable", "float")
"""The forms of the program of a formula."""


def explicit(formula: Expr) -> bool:
    """Whether its value is written in sums; else an equation is solved for a threshold."""
    return not formula.has(SimplexMaximum, Threshold)


@lru_cache(maxsize=512)
def stable(formula: Expr, domain: str) -> Stable:
    """The stable form, proved equal to the formula: measured from an anchor of ours, whatever it was measured from."""
    return stabilise(without_anchors(formula), domain=domain)


@lru_cache(maxsize=512)
def floats(formula: Expr, domain: str) -> Stable:
    """What float code computes: the stable form, guarded against the range of floats, and proved equal to the formula."""
    found = stable(formula, domain)
    if found.law == "scale":
        found = stabilise(without_anchors(formula), domain=domain, floats=True)
    return float_form(without_anchors(formula), found, domain)


@lru_cache(maxsize=512)
def program(formula: Expr, form: str, at: tuple[Symbol, ...], domain: str) -> Program:
    """The program of one of the forms; `at` names the free indices that are given as positions instead of axes."""
    axes = tuple(q for q in (words.i, words.k) if q in formula.free_symbols and q not in at)
    if form == "naive":
        # A threshold is solved for as it stands.
        return lower([primitive(formula) if explicit(formula) else formula], axes)
    derived = (floats if form == "float" else stable)(formula, domain)
    return lower([derived.expression], axes, derived.anchors)
