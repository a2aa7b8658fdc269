"""Functions of boxes: exp, log and the like from program/twofold, with its error bounds; no digit of a library's is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from smoothsym.program.rounding.enclosures import (
    LARGEST,
    Box,
    U,
    absolute,
    add,
    below,
    beyond,
    mul,
    point,
    poisoned,
    square,
    where,
)
from smoothsym.program.twofold import exponential, logarithm, values
from smoothsym.program.twofold.values import Twofold

Array = Any


def _increasing(ends: Callable[[Array], tuple[Array, Array]], a: Box) -> Box:
    """An increasing function of a box, by its ends, each known between two numbers."""
    if a.lo is a.hi:
        return Box(*_known(ends, a.lo))
    low, high = np.broadcast_arrays(a.lo, a.hi)
    lo, hi = _known(ends, np.stack([low, high]))
    return Box(lo[0], hi[1])


def _known(ends: Callable[[Array], tuple[Array, Array]], t: Array) -> tuple[Array, Array]:
    """A function of numbers; nan of nan."""
    flat = np.ravel(t)
    none = np.isnan(flat)
    lo, hi = ends(np.where(none, 0.5, flat))
    return tuple(np.where(none, np.nan, end).reshape(np.shape(t)) for end in (lo, hi))  # type: ignore[return-value]


def _about(value: Twofold, beside: float = 4 * U) -> tuple[Array, Array]:
    """The ends of a twofold number."""
    low = 0.0 if value.lo is None else value.lo
    s = value.hi + low
    lost = (np.abs(s) * (value.rel + beside) + value.abs) * (1 + 2.0**-20)
    lost = np.where(np.isnan(s), np.inf, lost)
    s = np.where(np.isnan(s), 0.0, s)
    return below(s - lost), beyond(s + lost)


def exp(a: Box) -> Box:
    return _increasing(_exp, a)


def _exp(t: Array) -> tuple[Array, Array]:
    """The square of exp(t/2), which is an ordinary number wherever exp(t) is more than nothing or less than everything."""
    lo, hi = _about(exponential.exp(Twofold(np.clip(t / 2, -600.0, 400.0)), "single"))
    lo, hi = np.maximum(below(lo * lo), 0.0), beyond(hi * hi)
    lo, hi = np.where(t < -1200, 0.0, lo), np.where(t < -1200, 2.0**-1074, hi)
    lo, hi = np.where(t > 800, LARGEST, lo), np.where(t > 800, np.inf, hi)
    exact = (t == 0) | np.isinf(t)
    value = np.where(t == 0, 1.0, np.where(t > 0, np.inf, 0.0))
    return np.where(exact, value, lo), np.where(exact, value, hi)


def expm1(a: Box) -> Box:
    return _increasing(_expm1, a)


def _expm1(t: Array) -> tuple[Array, Array]:
    """|expm1(t) - t| <= t^2 for small t; exp(t) - 1 for a large one; -1 where exp(t) is nothing beside it."""
    small, large = np.abs(t) < 2.0**-54, t > 600
    inner = np.where(small | large, 0.5, np.maximum(t, -600.0))
    lo, hi = _about(exponential.expm1(Twofold(inner), "single"))
    lo, hi = np.where(t < -600, -1.0, lo), np.where(t < -600, beyond(-1.0), hi)
    lo, hi = np.where(small, below(t), lo), np.where(small, beyond(t), hi)
    if np.any(large):
        e = _exp(np.where(large, t, 0.0))
        lo, hi = np.where(large, below(e[0]), lo), np.where(large, e[1], hi)
    exact = (t == 0) | np.isinf(t)
    value = np.where(t == 0, 0.0, np.where(t > 0, np.inf, -1.0))
    return np.where(exact, value, np.maximum(lo, -1.0)), np.where(exact, value, hi)


def log(a: Box) -> Box:
    """The logarithm; not known where its argument may be negative."""
    return poisoned(_increasing(_log, Box(np.maximum(a.lo, 0.0), np.maximum(a.hi, 0.0))), a.lo < 0)


def _log(y: Array) -> tuple[Array, Array]:
    """log(m 2^k) = log m + k ln 2 where y is no ordinary number."""
    ordinary = (y > 2.0**-900) & (y < 2.0**900)
    m, k = np.frexp(np.where((y > 0) & np.isfinite(y), y, 1.0))
    found = logarithm.log(Twofold(np.where(ordinary, y, m)), "medium")
    lo, hi = _about(found)
    if not np.all(ordinary):
        ln2 = 0.6931471805599453
        shift = np.where(ordinary, 0.0, k * ln2)
        lost = np.abs(shift) * 4 * U
        lo, hi = np.where(ordinary, lo, below(lo + (shift - lost))), np.where(ordinary, hi, beyond(hi + (shift + lost)))
    exact = (y == 1) | (y == 0) | np.isinf(y)
    value = np.where(y == 1, 0.0, np.where(y == 0, -np.inf, np.inf))
    return np.where(exact, value, lo), np.where(exact, value, hi)


def log1p(a: Box) -> Box:
    """log(1 + a); not known where a may be below -1."""
    return poisoned(_increasing(_log1p, Box(np.maximum(a.lo, -1.0), np.maximum(a.hi, -1.0))), a.lo < -1)


def _log1p(w: Array) -> tuple[Array, Array]:
    """|log1p(w) - w| <= w^2 for small w; of a negative w, -log1p(v), v = -w / (1 + w), whose error is no larger in the result."""
    small, huge = np.abs(w) < 2.0**-54, w > 2.0**900
    negative = (w < 0) & ~small & (w > -1)
    inner = np.where(negative, -w / (1 + np.where(negative, w, 0.0)), np.where(small | huge | (w <= -1), 0.5, w))
    lo, hi = _about(logarithm.log1p(Twofold(inner, nonnegative=True), "single"), 16 * U)
    lo, hi = np.where(negative, -hi, lo), np.where(negative, -lo, hi)
    lo, hi = np.where(small, below(w), lo), np.where(small, beyond(w), hi)
    if np.any(huge):
        large = _log(np.where(huge, w, 1.0))
        lo, hi = np.where(huge, large[0], lo), np.where(huge, beyond(large[1]), hi)
    exact = (w == 0) | (w == -1) | np.isinf(w)
    value = np.where(w == 0, 0.0, np.where(w == -1, -np.inf, np.inf))
    return np.where(exact, value, lo), np.where(exact, value, hi)


def sqrt(a: Box) -> Box:
    root = Box(np.sqrt(np.maximum(a.lo, 0.0)), np.sqrt(np.maximum(a.hi, 0.0)))
    found = Box(np.maximum(below(root.lo), 0.0), beyond(root.hi))
    same = (a.lo == a.hi) & ((a.lo == 0) | (a.lo == 1) | np.isinf(a.lo))
    return poisoned(where(same, root, found), a.lo < 0)


def hypot(a: Box, b: Box) -> Box:
    """sqrt(a^2 + b^2), both divided by a power of two near the larger."""
    a, b = absolute(a), absolute(b)
    _, k = np.frexp(np.maximum(a.hi, b.hi))
    k = np.where(np.isfinite(a.hi) & np.isfinite(b.hi), k, 0)
    half = k // 2
    parts = [
        Box(np.maximum(below(np.ldexp(np.ldexp(e.lo, -half), half - k)), 0.0), beyond(np.ldexp(np.ldexp(e.hi, -half), half - k)))
        for e in (a, b)
    ]  # fmt: skip
    root = sqrt(add(square(parts[0]), square(parts[1])))
    found = Box(np.ldexp(np.ldexp(root.lo, half), k - half), np.ldexp(np.ldexp(root.hi, half), k - half))
    found = Box(np.maximum(below(found.lo), np.maximum(a.lo, b.lo)), np.minimum(beyond(found.hi), beyond(a.hi + b.hi)))
    found = where((a.lo == 0) & (a.hi == 0), b, where((b.lo == 0) & (b.hi == 0), a, found))
    return poisoned(found, np.isnan(a.hi) | np.isnan(b.hi))


def power(a: Box, q: Box) -> Box:
    """a^q = exp(q log a); of negative numbers for whole q. Not known where a may be negative else; infinite where 0 has q < 0."""
    whole = q.point & (q.lo == np.rint(q.lo))
    negative = a.lo < 0
    size = absolute(a) if np.any(negative) else a
    zero, none = size.lo == 0, size.hi == 0
    high = np.where(none, 1.0, size.hi)
    found = _positive_power(Box(np.where(zero, high, size.lo), high), q)
    # Between 0 and a number, powers lie between what q makes of 0 and the power of that number.
    at_zero = np.where(q.lo > 0, 0.0, np.where(q.hi < 0, np.inf, 1.0))
    low = np.where(none, at_zero, np.where(q.hi < 0, found.lo, np.where(q.hi > 0, 0.0, 1.0)))
    top = np.where(q.lo > 0, np.where(none, 0.0, found.hi), np.where(q.lo < 0, np.inf, np.maximum(found.hi, 1.0)))
    low, top = np.where(zero, low, found.lo), np.where(zero, top, found.hi)
    one = ((size.lo == 1) & (size.hi == 1)) | ((q.lo == 0) & (q.hi == 0))
    found = where(one, point(np.ones_like(low)), Box(low, top))
    found = where(q.point & (q.lo == 1), size, found)
    if np.any(negative):
        odd = whole & (np.abs(q.lo) < 2.0**53) & (np.mod(np.where(whole, q.lo, 0.0), 2) == 1)
        mirrored = Box(-found.hi, np.where(a.hi > 0, found.hi, -found.lo))
        found = poisoned(where(odd & negative, mirrored, found), negative & ~whole)
    return poisoned(found, np.isnan(q.lo) | np.isnan(a.lo))


def _positive_power(a: Box, q: Box) -> Box:
    """exp(q log a); for an exponent that is known in pairs of floats, by the ends of the box, as the square of exp(q/2 log a)."""
    lo, hi, by = np.broadcast_arrays(a.lo, a.hi, q.lo)
    ends = np.where(by < 0, (hi, lo), (lo, hi))
    fits = q.point & (ends > 2.0**-990) & (ends < 2.0**990) & (np.abs(by) < 2.0**900)
    fits = fits & (np.abs(by * np.log2(np.where(fits, ends, 1.0))) < 980)
    if not np.any(fits):
        return exp(mul(q, log(a)))
    base, half = (np.ravel(np.where(fits, v, 1.0)) for v in (ends, by / 2))
    t = values.mul(Twofold(half), logarithm.log(Twofold(base), "medium"), False)
    root = values.tight(exponential.exp(t, "fast"))
    found = values.mul(root, root, False)
    lost = np.broadcast_to((np.abs(found.hi) * found.rel + found.abs) * (1 + 2.0**-20), np.shape(found.hi))
    near = add(point(found.hi), Box(below(found.lo - lost), beyond(found.lo + lost)))
    low, top = np.reshape(near.lo, ends.shape), np.reshape(near.hi, ends.shape)
    if np.all(fits):
        return Box(low[0], top[1])
    beside = exp(mul(q, log(a)))
    return Box(np.where(fits[0], low[0], beside.lo), np.where(fits[1], top[1], beside.hi))


def power_change(a: Box, q: Box, found: Box, off: Array) -> Array:
    """How far a^q, in the box `found`, changes between two numbers of a positive box that are `off` apart, for one q.

    By (1 + r)^|q| - 1 <= t + t^2, t = |q| r <= 1. Infinite where it is not known.
    """
    t = np.abs(q.lo) * (off / np.where(a.lo > 0, a.lo, 1.0)) * (1 + 2.0**-40)
    return np.where((a.lo > 0) & q.point & (t <= 1), found.mag * (t + t * t) * (1 + 2.0**-40), np.inf)
