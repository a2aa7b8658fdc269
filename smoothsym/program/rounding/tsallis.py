"""The exponential and the logarithm of Tsallis in rounding arithmetic: smooth in the order, and with an end to the support.

    qexp(t, r, e)  = [1 + r t]_+^(e/r) = exp(e L),   L = t log1p(v)/v, v = r t         xqlog(t, r) = t (t^r - 1)/r = t l expm1(v)/v, v = r l, l = log(t)
    |dL/dr| <= L^2/2 max(1, 1/(1 + v))                                                |d xqlog/dr| <= t l^2/2 max(1, t^r)

What solve.py computes is off by what its operations are, each to the first order but for powers, whose errors may be large.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding import transcendental
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.functions import RELATIVE, Found
from smoothsym.program.rounding.local import Rounding
from smoothsym.program.solve import SMALL_ORDER

Array = Any

_UP = 1 + 2.0**-20
_LONG = 1e290


def _symmetric(size: Array) -> Box:
    return Box(-size, size)


def _logarithm(t: Box, r: Box) -> tuple[Box, Box]:
    """L and v; L rises with t and falls with r, and is as low as can be below the edge of the support. There is none where r < 0 and v <= -1."""
    low, high = _at(point(t.lo), point(r.hi)), _at(point(t.hi), point(r.lo))
    v = boxes.mul(r, t)
    found = Box(np.where(v.lo <= -1, -_LONG, low.lo), np.where(v.hi <= -1, -_LONG, high.hi))
    return boxes.poisoned(found, (r.lo < 0) & (v.lo <= -1)), v


def _at(t: Box, r: Box) -> Box:
    v = boxes.mul(r, t)
    quotient, _ = RELATIVE["log1p"](Box(*(np.maximum(end, -1.0) for end in v)))
    found = boxes.mul(t, Box(*(np.minimum(end, _LONG) for end in quotient)))
    return Box(np.maximum(found.lo, -_LONG), np.maximum(found.hi, -_LONG))


def qexp(t: Box, r: Box, e: Box) -> Found:
    logarithm, v = _logarithm(t, r)
    low, gone = v.lo <= -1, v.hi <= -1
    found = transcendental.exp(boxes.mul(e, logarithm))
    found = Box(np.where(low, 0.0, found.lo), np.where(gone, 0.0, found.hi))
    slope = boxes.mul(e, transcendental.exp(boxes.mul(boxes.sub(e, r), logarithm)))
    slope = Box(np.where(low, 0.0, slope.lo), np.where(gone, 0.0, slope.hi))
    size = np.where(low, 0.0, logarithm.mag)
    at_edge = slope.hi / np.maximum(r.mig, 2.0**-500) ** 2
    inside = e.mag * found.hi * size**2 / 2 * np.maximum(1.0, 1 / np.maximum(1 + v.lo, 2.0**-1000))
    by_order = np.where(gone, 0.0, np.where(low, at_edge, inside)) * _UP
    return found, (slope, _symmetric(by_order), _symmetric(np.where(gone, 0.0, found.hi * np.where(low, inf, size))))


def local_qexp(rounding: Rounding, args: list[Box], found: Box) -> Array:
    """With 1 + r t as it stands, or by log1p for small orders."""
    t, r, e = args
    u, k = rounding.u, rounding.model
    name = rounding.fmt.name
    _, v = _logarithm(t, r)
    wider = Box(t.lo * (1 + np.sign(t.lo) * u), t.hi * (1 + np.sign(t.hi) * u))
    slope = qexp(boxes.hull(t, wider), r, e)[1][0]
    assert slope is not None
    order = np.maximum(r.mig, 2.0**-500)
    step = u * t.mag + np.where(r.mag > 0, rounding.eta / order, 0.0)
    near = step * slope.hi + _power(found, (k.constant("log1p", name) + 2) * u, k.constant("exp", name) * u, rounding)
    base = u * v.mag + u * (np.maximum(np.abs(1 + v.lo), np.abs(1 + v.hi)) + u * v.mag) + rounding.eta
    # A power below 1 is steep at 0, and |a^c - b^c| <= |a - b|^c.
    by_base = np.fmin(
        slope.hi * base / order, np.where(e.hi <= order, base ** np.minimum(e.lo / np.maximum(r.mag, order), 1.0), inf)
    )
    far = by_base + _power(found, u, k.constant("pow", name) * u, rounding)
    lost = np.where(r.mag < SMALL_ORDER, near, np.where(r.mig >= SMALL_ORDER, far, np.maximum(near, far)))
    outside = v.hi * (1 - 2 * u) < -1 - 2 * u
    return np.where(outside, 0.0, (lost + 4 * rounding.eta) * _UP)


def _power(found: Box, c: float, d: float, rounding: Rounding) -> Array:
    """p (exp(c |log p| + d) - 1), for a number p between 0 and a little more than 1 whose logarithm is off: c p |log p| + d p to the first order."""
    top = np.maximum(found.hi, 2.0**-1074)
    rising = top * np.abs(np.log(top))
    spread = np.where(top < 0.36, rising, np.maximum(0.3679, rising))
    least = abs(float(np.log(rounding.eta))) + np.where(top > 1, np.log(top), 0.0)
    return (c * spread + d * top) * np.exp(c * least + d)


def xqlog(t: Box, r: Box) -> Found:
    one = point(np.ones(()))
    there = Box(np.where(t.lo > 0, t.lo, 1.0), np.where(t.lo > 0, t.hi, 1.0))
    found, slope, by_order = _xqlog(there, r)
    # From 0 on it falls to its least value, which is above -1, at (1 + r)^(-1/r) > (1 + r^+)^-1.
    end = boxes.where(t.hi > 0, Box(t.hi, t.hi), one)
    at_end, slope_at_end, most = _xqlog(end, r)
    falling = t.hi < 0.3
    nothing = t.hi <= 0
    low = np.where(falling & (r.lo >= 0), at_end.lo, -1.0)
    edge = Box(np.where(nothing, 0.0, low), np.where(nothing, 0.0, np.maximum(at_end.hi, 0.0)))
    steep = Box(np.where(r.lo > 0, -1 / np.where(r.lo > 0, r.lo, 1.0), -inf), np.maximum(slope_at_end.hi, 0.0))
    away = t.lo > 0
    none = np.isnan(t.lo) | (t.lo < 0)
    # t log(t)^2 is at most 4/e^2 below 1.
    rises = np.where(r.lo >= 0, np.maximum(most, 0.5415 / 2), inf)
    return (
        boxes.poisoned(boxes.where(away, found, edge), none),
        (boxes.where(away, slope, steep), _symmetric(np.where(away, by_order, np.where(nothing, 0.0, rises)) * _UP)),
    )


def _xqlog(t: Box, r: Box) -> tuple[Box, Box, Array]:
    logarithm = transcendental.log(t)
    quotient, _ = RELATIVE["expm1"](boxes.mul(r, logarithm))
    inner = boxes.mul(logarithm, quotient)
    power = transcendental.power(t, r)
    return boxes.mul(t, inner), boxes.add(power, inner), t.hi * logarithm.mag**2 / 2 * np.maximum(1.0, power.hi)


def local_xqlog(rounding: Rounding, args: list[Box], found: Box) -> Array:
    """t expm1(r log(t))/r: by its own factors, and by the logarithm, t^(1 + r) |log(t)| times what that is off by."""
    t, r = args
    u, name, k = rounding.u, rounding.fmt.name, rounding.model
    away = t.lo > 0
    low, top = np.where(away, t.lo, 1.0), np.maximum(t.hi, 2.0**-1074)
    logarithm = np.maximum(np.abs(np.log(low)), np.abs(np.log(top)))
    grown: Array = top * np.maximum(1.0, np.maximum(low ** np.minimum(r.lo, 0.0), top ** np.maximum(r.hi, 0.0)))
    # Between 0 and 1, t^(1 + r) |log(t)| is at most 1/(e (1 + r)), and what is computed at most 1/e, and 1 where r < 0.
    most = 0.3679 / np.maximum(1 + np.minimum(r.lo, 0.0), 2.0**-60)
    by_log = np.where(away, grown * logarithm, np.maximum(most, grown * np.maximum(np.log(top), 0.0)))
    size = np.where(away, found.mag, np.maximum(found.mag, np.where(r.lo >= 0, 0.3679, 1.0)))
    lost = (k.constant("expm1", name) + 3) * size + (k.constant("log", name) + 1) * by_log
    # To the second order, by exp of what the exponent is off by.
    least = abs(float(np.log(rounding.eta)))
    lost = u * lost * np.exp((k.constant("log", name) + 2) * u * r.mag * np.where(away, logarithm, least))
    below = 4 * rounding.eta * (1 + np.where(r.mag > 0, top / np.maximum(r.mig, u), 0.0))
    nothing = (t.hi <= 0) | ((t.lo == 1) & (t.hi == 1))
    return np.where(nothing, 0.0, (lost + below) * _UP * (1 + 16 * u))
