"""What an operator tells the makers of cases about itself: its programs, as written and stable, and a precise value."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from smoothsym.cases import Facts
from smoothsym.certify.measured import measure
from smoothsym.program.operations import Program

DERIVED = {"vjp": "gradient", "jvp": "gradient"}
"""Products of derivatives are computed from those derivatives, and share their dangerous sets."""


@lru_cache(maxsize=256)
def facts_of(op: Any, of: str = "value") -> Facts:
    """The facts of an operator that its cases are made from."""
    symbol = op.parameter.name if op.parameter is not None else None
    beside = {"jvp": "many", "vjp": "many" if op.vector else "one"}.get(of)
    evaluate = None if beside else _evaluation(op, of)
    programs = _programs(op, DERIVED.get(of, of))
    # A maximum over the simplex is no formula but an equation to be solved: what may go wrong on the way depends on who solves it.
    solved = any(operation.name in ("level", "shares") for program in programs for operation in program.operations)
    shares = op.program("gradient", "stable") if solved and len(op.parameters) < 2 else None
    return Facts(op.domain, op.arity, op.kind, () if solved else programs, symbol, None, evaluate, beside, shares)


@lru_cache(maxsize=128)
def _programs(op: Any, of: str) -> tuple[Program, ...]:
    """What float code may compute on its way: the value, and what is made from it."""
    wanted = dict.fromkeys(("value", of))
    try:
        return tuple(dict.fromkeys(op.program(part, form) for part in wanted for form in ("naive", "stable")))
    except ValueError:
        return ()


def _evaluation(op: Any, of: str) -> Any:
    def evaluate(x: Sequence[float], parameter: float | None) -> list[Any]:
        number = Fraction(1) if parameter is None else Fraction(parameter)
        try:
            return [low for low, _ in measure(op, [Fraction(v) for v in x], number, of, bits=16).values]
        except (ArithmeticError, ValueError, IndexError):
            return []

    return evaluate
