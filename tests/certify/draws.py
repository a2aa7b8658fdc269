"""Inputs for any operator: ordinary ones, and hostile ones, at which results are near zero, terms cancel and ranges end."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
from sympy import Abs, Expr, Sum, exp, log, sqrt

import smoothsym as ss

x, n, j, alpha, p, eps = ss.x, ss.n, ss.j, ss.alpha, ss.p, ss.eps

OWN = (
    ss.SmoothMax("with_one", log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha),
    ss.SmoothMax("squares", Sum(x[j] ** 2 * exp(alpha * x[j]), (j, 1, n)) / Sum(exp(alpha * x[j]), (j, 1, n))),
    ss.SmoothMax("moduli", Sum(Abs(x[j]) ** (p + 1), (j, 1, n)) / Sum(Abs(x[j]) ** p, (j, 1, n))),
    ss.SmoothMax("root", (x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps**2)) / 2),
)
"""Operators that are in no catalogue."""

OPERATORS = (*ss.operators.values(), *OWN)

Input = tuple[list[Fraction], Fraction]
"""A row and a parameter."""


def power(op: Any) -> bool:
    """Whether the parameter is an exponent of the entries."""
    return op.parameter == p


def order(op: Any) -> bool:
    """Whether the parameter is the order of an entropy."""
    return op.parameter == ss.q


def outputs(op: Any) -> list[str | Expr]:
    """What is asked of an operator: its value and everything that is derived from it."""
    return ["value", "gradient", *([] if op.vector else ["hessian"]), op.parameter.name]


def ordinary(op: Any, generator: Random) -> Input:
    row = [generator.gauss(0, 3) for _ in range(op.arity or generator.choice((1, 2, 3, 4)))]
    usual = (1, 2, 3, 1.5, 0.75, -2) if power(op) else (1, 2, 3, 1.5, 0.75, 1.2) if order(op) else (1.0, 0.7, 2.5, -1.3)
    parameter = generator.choice(usual)
    return _fitted(op, row, parameter)


def hostile(op: Any, generator: Random, longest: int = 4) -> Input:
    """Ties, offsets, dominated entries, results near zero, and both ends of the range, for entries and parameter alike."""
    size = op.arity or generator.randint(1, longest)
    if op.translation and generator.randrange(8) == 0:
        return near_zero(op, generator, size)
    row = generator.choice(ROWS)(generator, size)
    parameter = generator.choice(POWERS if power(op) else ORDERS if order(op) else SHARPNESSES)(generator)
    return _fitted(op, row, parameter)


def near_zero(op: Any, generator: Random, size: int) -> Input:
    """A row moved by its own value, so that the value is about as large as its rounding error."""
    parameter = generator.choice((1.0, 0.3, 20.0) if op.parameter.is_nonnegative else (1.0, -1.0, 0.3, 20.0))
    row = np.array([generator.gauss(0, 3) for _ in range(size)])
    row -= float(op(row, **{op.parameter.name: parameter}))
    return _fitted(op, (row - float(op(row, **{op.parameter.name: parameter}))).tolist(), parameter)


def _fitted(op: Any, row: list[float], parameter: Any) -> Input:
    entries = [Fraction(v) for v in row]
    if power(op) or op.domain == "positive":
        entries = [v or Fraction(1) for v in entries]
    if op.domain == "positive":
        entries = [abs(v) for v in entries]
    parameter = Fraction(parameter)
    return entries, abs(parameter) if op.parameter.is_nonnegative else parameter


def _wide(g: Random) -> float:
    return g.choice((1, -1)) * g.uniform(1, 10) * 10.0 ** g.randint(-300, 307)


def _subnormal(g: Random) -> float:
    return g.choice((1, -1)) * 5e-324 * g.randint(1, 1 << 20)


Row = Callable[[Random, int], list[float]]

ROWS: tuple[Row, ...] = (
    lambda g, size: [g.gauss(0, 3) for _ in range(size)],
    lambda g, size: [g.uniform(-5, 5)] * size,
    lambda g, size: [1e10 + g.random() for _ in range(size)],
    lambda g, size: [0.0] + [-g.uniform(30, 800) for _ in range(size - 1)],
    lambda g, size: [-0.6931471805599453 + g.randint(-2, 2) * 2.0**-53 for _ in range(size)],
    lambda g, size: [-1.0986122886681098 + g.randint(-2, 2) * 2.0**-52 for _ in range(size)],
    lambda g, size: [(-1) ** q * g.choice((1.0, 1.5, 1e-5)) for q in range(size)],
    lambda g, size: [g.uniform(-1, 1) * 1.7e308 for _ in range(size)],
    lambda g, size: [g.uniform(-1, 1) * 1e-300 for _ in range(size)],
    lambda g, size: [_subnormal(g) for _ in range(size)],
    lambda g, size: [_wide(g) for _ in range(size)],
    lambda g, size: [1e300, *[0.0] * (size - 1)],
    lambda g, size: [0.0, *[-1e308] * (size - 1)],
    lambda g, size: [g.choice((-1.0, 1.0)) + g.randint(-3, 3) * 2.0**-52 for _ in range(size)],
)

SHARPNESSES: tuple[Callable[[Random], Any], ...] = (
    lambda g: g.choice((1.0, -1.0, 0.5, 3.0)),
    lambda g: g.choice((1e-300, -1e-300, 1e-30, 1e-12, -1e-12)),
    lambda g: g.choice((1e300, -1e300, 1e30, 1e4, -1e5)),
    lambda g: _wide(g),
)

POWERS: tuple[Callable[[Random], Any], ...] = (
    lambda g: g.choice((1, 2, 3, 0.5, 1.5, 7.25, 100, -1, -2.5)),
    lambda g: g.choice((1e17, 1e6, -1e6, 1e-6, -1e-6)),
    lambda g: g.choice((Fraction(1, 3), Fraction(22, 7), Fraction(-5, 3))),
    lambda g: g.choice((1, -1)) * 10 ** g.uniform(-6, 6),
)

ORDERS: tuple[Callable[[Random], Any], ...] = (
    lambda g: g.choice((1, 2, 3, 1.5, 1.2, 0.5, 7.25)),
    lambda g: g.choice((1 + 2.0**-40, 1 - 2.0**-20, 2 - 2.0**-52, 1e-3, 1e-30, 1e-300)),
    lambda g: g.choice((Fraction(4, 3), Fraction(3, 2), Fraction(22, 7))),
    lambda g: g.uniform(0.1, 12),
)
"""Beyond some dozens an order leaves shares of 10^-1000, which no float shows and no budget resolves beside 1."""
