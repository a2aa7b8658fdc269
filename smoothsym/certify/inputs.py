"""An input is read as the number that it is exactly, or the argument at fault is named."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np
from sympy import oo

from smoothsym import formats
from smoothsym.certify.special import Number
from smoothsym.errors import shown, unknown


def exact_number(value: Any, argument: str) -> Number:
    """An input as what it is exactly: a Fraction, or a float that is infinite or nan. Raises TypeError for anything else."""
    if isinstance(value, (bool, str, complex)) or value is None:
        raise TypeError(
            f"{argument}={value!r} is a {type(value).__name__}; give an int, float, Fraction, SymPy Rational or mpf"
        )
    if isinstance(value, (float, np.floating)) or type(value).__name__ == "mpf":
        number = float(value) if type(value).__name__ != "mpf" else value
        if number != number:
            return nan
        if abs(number) == inf:
            return inf if number > 0 else -inf
    if value in (oo, -oo):
        return inf if value == oo else -inf
    try:
        return formats.to_fraction(value)
    except TypeError as error:
        raise TypeError(f"{argument}: {error}; give an int, float, Fraction, SymPy Rational or mpf") from None


def parameter_of(op: Any, given: dict[str, Any]) -> tuple[str | None, Number, bool]:
    """The parameter's name, its exact value and whether it is a negative zero."""
    name = op.parameter.name if op.parameter is not None else None
    if extra := [key for key in given if key != name]:
        known = [name] if name else []
        raise TypeError(f"{op.name}: {unknown('parameter', extra[0], known)}")
    if name is None:
        return None, Fraction(1), False
    value = given.get(name, 2 if name == "p" else 1)
    number = exact_number(value, name)
    return name, number, isinstance(value, (float, np.floating)) and value == 0 and np.signbit(value)


def rows_of(x: Any) -> tuple[list[list[Number]], tuple[int, ...]]:
    """The rows of an array-like, exactly, and the shape without the last axis."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind in "SUcb":
            raise TypeError(f"x has dtype {x.dtype}; give real numbers")
        if x.ndim == 0:
            raise ValueError(f"x={x!r} is a single number; give a vector")
        rows: Any = x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])
        return [[exact_number(v, "x") for v in row] for row in rows], x.shape[:-1]
    if isinstance(x, str) or not hasattr(x, "__len__"):
        raise TypeError(f"x={x!r} is a {type(x).__name__}; give a vector, or rows of equal length")
    entries = list(x)
    nested = [hasattr(v, "__len__") and not isinstance(v, str) for v in entries]
    if any(nested):
        lengths = {len(v) if n else -1 for v, n in zip(entries, nested, strict=True)}
        if len(lengths) != 1:
            raise ValueError(f"the rows of x have lengths {sorted(lengths)}; give rows of equal length")
        return [[exact_number(v, "x") for v in row] for row in entries], (len(entries),)
    return [[exact_number(v, "x") for v in entries]], ()


def checked(op: Any, row: Sequence[Number]) -> None:
    if op.arity is not None and len(row) != op.arity:
        raise ValueError(f"x has {len(row)} entries; {op.name} takes {op.arity}")
    if op.domain == "positive" and any(v <= 0 for v in row):
        bad = next(v for v in row if v <= 0)
        raise ValueError(f"x has the entry {shown(float(bad))}; {op.name} is defined for positive entries")
