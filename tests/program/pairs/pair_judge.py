"""Pairs beside exact numbers: how far an operation on pairs is from what it claims to be near."""

from __future__ import annotations

import mpmath
import numpy as np

from smoothsym.program.pairs.arithmetic import RELATIVE, Pair
from smoothsym.program.pairs.functions import FUNCTIONS

FORMATS = ("float64", "float32")
SIZE = 400


def pair(rng, hi, format):
    """hi with a low part like that of a computed number."""
    hi = np.asarray(hi, dtype=format)
    lo = (hi * rng.uniform(-0.5, 0.5, hi.shape) * np.finfo(format).eps).astype(format)
    s = hi + lo
    return Pair(s, (hi - s) + lo)


def exact(a, place):
    return mpmath.mpf(float(a.hi[place])) + (0 if a.lo is None else mpmath.mpf(float(a.lo[place])))


def draws(seed, format):
    """Arguments for each operation: (name, arguments, function of exact numbers)."""
    rng = np.random.default_rng(seed)
    widest = 300 if format == "float64" else 36

    def wide(part=1.0):
        return pair(rng, rng.choice([-1, 1], SIZE) * 10.0 ** rng.uniform(-widest * part, widest * part, SIZE), format)

    def positive(part=1.0):
        found = wide(part)
        return Pair(np.abs(found.hi), np.where(found.hi < 0, -found.lo, found.lo))

    def uniform(low, high):
        return pair(rng, rng.uniform(low, high, SIZE), format)

    a, b = wide(0.45), wide(0.45)
    near = pair(rng, -np.asarray(a.hi) * (1 + rng.choice([-1, 1], SIZE) * 2.0 ** -rng.integers(1, 60, SIZE)), format)
    small = pair(rng, rng.choice([-1, 1], SIZE) * 10.0 ** rng.uniform(-widest / 2, 1, SIZE), format)
    one = pair(rng, 1 + rng.choice([-1, 1], SIZE) * 2.0 ** -rng.uniform(0.6, 30, SIZE), format)
    edge = 700 if format == "float64" else 80
    return [
        ("add", (a, b), lambda x, y: x + y),
        ("add", (a, near), lambda x, y: x + y),
        ("sub", (a, pair(rng, a.hi, format)), lambda x, y: x - y),
        ("mul", (a, b), lambda x, y: x * y),
        ("mul", (wide(), uniform(-1, 1)), lambda x, y: x * y),
        ("div", (a, b), lambda x, y: x / y),
        ("div", (wide(), wide()), lambda x, y: x / y),
        ("sqrt", (positive(),), mpmath.sqrt),
        ("hypot", (wide(), wide()), mpmath.hypot),
        ("exp", (uniform(-edge, edge),), mpmath.exp),
        ("exp", (uniform(-1, 1),), mpmath.exp),
        ("expm1", (small,), mpmath.expm1),
        ("expm1", (uniform(-0.02, 0.02),), mpmath.expm1),
        ("log", (positive(),), mpmath.log),
        ("log", (one,), mpmath.log),
        ("log1p", (positive(),), mpmath.log1p),
        ("log1p", (uniform(-1, 1),), mpmath.log1p),
        ("log1p", (pair(rng, -1 + 2.0 ** -rng.uniform(1, 26, SIZE), format),), mpmath.log1p),
        ("pow", (positive(), uniform(-1, 1)), lambda x, y: x**y),
        ("pow", (one, uniform(-300, 300)), lambda x, y: x**y),
    ]


def worst(arithmetic, name, args, function):
    """The largest relative error over the one that is claimed, where nothing is lost below the smallest numbers."""
    format = arithmetic.format
    u = mpmath.mpf(2) ** -arithmetic.digits
    claimed = RELATIVE[name] * u * u if name in RELATIVE else mpmath.mpf(FUNCTIONS[format][name])
    low = mpmath.mpf(2) ** (arithmetic.least + 2 * arithmetic.digits + 8)
    with np.errstate(all="ignore"):
        got = getattr(arithmetic, name)(*args)
    errors = [0.0]
    with mpmath.workprec(400):
        for place in range(SIZE):
            right = function(*(exact(arg, place) for arg in args))
            if low < abs(right) < float(np.finfo(format).max):
                errors.append(float(abs(exact(got, place) - right) / abs(right) / claimed))
    return max(errors)
