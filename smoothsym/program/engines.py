"""The engines of enclosures by name: arithmetics that answer the same questions, in intervals that must overlap."""

from __future__ import annotations

from typing import Any

from smoothsym.errors import unknown
from smoothsym.program.balls import Balls

ENGINES = ("mpmath", "arb")
"""mpmath is always there, and rests on no assumption about a library's last digit; Arb comes with python-flint."""


def engine(name: str) -> type[Any]:
    """The arithmetic of an engine, to be made at a precision in bits.

    Raises ValueError for an unknown name, ImportError for Arb where python-flint is not installed.

    >>> engine("mpmath")(53).name
    'mpmath'
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    if name == "mpmath":
        return Balls
    from smoothsym.program.arb import ArbBalls

    return ArbBalls
