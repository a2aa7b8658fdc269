"""Which parameters are worth trying is read off the programs: where what depends on them alone vanishes, or is a special exponent."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from smoothsym.cases.regimes import EXPONENTS
from smoothsym.cases.rows import Facts
from smoothsym.formats import Format
from smoothsym.program import arrays
from smoothsym.program.operations import Program

Array = Any

USUAL = (1.0, -1.3, 0.7, 20.0)
USUAL_POWERS = (2.0, 1.0, 0.5, 3.0, 10.0, -1.0, 256.0)
"""Ordinary parameters, and ordinary exponents; some with all their digits, so that products round."""


def default_parameters(facts: Facts, fmt: Format) -> tuple[float | None, ...]:
    """Parameters to sample, exact in the format: ordinary ones first, then the special points, tiny and huge ones.

    What lies beside the special points is drawn along rays (edges.py), where the parameter is free.

    >>> from smoothsym import formats
    >>> default_parameters(Facts(), formats.get("float16"))
    (None,)
    """
    if facts.symbol is None:
        return (None,)
    half = fmt.precision // 2
    points = special_parameters(facts)
    powers = not facts.programs or any(_exponents(program, facts.symbol) for program in facts.programs)
    tiny = 2.0**-half
    found = [*(USUAL_POWERS if powers else (*USUAL, 1 / tiny)), *points, tiny, -tiny, *([2.0**-5] if powers else [])]
    exact = np.array(found).astype(fmt.dtype).astype(np.float64).tolist()
    return tuple(dict.fromkeys(v for v in exact if v))


def special_parameters(facts: Facts) -> tuple[float, ...]:
    """Where something that depends on the parameter alone is zero, or an exponent that is another function; 0 always.

    Where there is no program to tell, the parameter itself is taken for an exponent.

    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.words import j, n, p, x
    >>> from sympy import Sum
    >>> special_parameters(Facts(programs=(lower([Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n))]),), symbol="p"))
    (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
    """
    if facts.symbol is None:
        return ()
    if not facts.programs:
        return EXPONENTS[1:]
    return _special(facts.programs, facts.symbol, facts.arity or 2)


@lru_cache(maxsize=256)
def _special(programs: tuple[Program, ...], symbol: str, size: int) -> tuple[float, ...]:
    # A step that is no binary fraction of any point of interest, which then lies inside an interval.
    grid = np.arange(-4.0, 5.0, 0.0703125) + 2.0**-20
    found = {0.0}
    for program in programs:
        signs = _signs(program, symbol, grid, size)
        row, column = np.nonzero(signs[1:] != signs[:-1])
        low, high, before = grid[row], grid[row + 1], signs[row, column]
        for _ in range(50):
            middle = (low + high) / 2
            same = _signs(program, symbol, middle, size)[np.arange(len(row)), column] == before
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        found |= {_plain(v) for v in high.tolist()}
    return tuple(sorted(v for v in found if abs(v) <= 3))


def _plain(value: float) -> float:
    """The simple fraction beside which a number lies, if one is so near."""
    fraction = Fraction(value).limit_denominator(16)
    return float(fraction) if abs(float(fraction) - value) < 2.0**-40 else value


def _signs(program: Program, symbol: str, values: Array, size: int) -> Array:
    """On which side of zero, or of a special exponent, each operation is that depends on the parameter alone."""
    with np.errstate(all="ignore"):
        traced = arrays.trace(program, np.ones((len(values), size)), {symbol: values})
    alone, exponents = _alone(program, symbol), _exponents(program, symbol)
    found = [np.sign(traced[q][0]) for q in sorted(alone) if program.operations[q].name in ("add", "sub")]
    found += [np.searchsorted(EXPONENTS, traced[q][0]).astype(float) for q in sorted(exponents)]
    columns = [np.broadcast_to(column, values.shape) for column in found]
    return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0))


def _alone(program: Program, symbol: str) -> set[int]:
    """The operations that depend on the parameter and on no entry."""
    entries: set[int] = set()
    mine: set[int] = set()
    for number, operation in enumerate(program.operations):
        args = {q for q, _ in operation.args}
        if operation.name == "x" or args & entries:
            entries.add(number)
        elif (operation.name == "symbol" and operation.datum == symbol) or args & mine:
            mine.add(number)
    return mine


def _exponents(program: Program, symbol: str) -> set[int]:
    """The exponents that depend on the parameter alone."""
    powers = {operation.args[1][0] for operation in program.operations if operation.name == "pow"}
    return powers & _alone(program, symbol)
