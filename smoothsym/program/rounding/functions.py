"""Exact functions of boxes with their slopes: what an operation is without its rounding, and how it passes errors on."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from smoothsym.program.operations import Operation, Program
from smoothsym.program.rounding import enclosures as boxes
from smoothsym.program.rounding import transcendental
from smoothsym.program.rounding.enclosures import Box, point

Array = Any

ONE, MINUS = point(np.float64(1.0)), point(np.float64(-1.0))

Found = tuple[Box, tuple[Box | None, ...]]
"""A value, and for each argument its slope: None for one whose part in the value is counted elsewhere."""


def _add(a: Box, b: Box) -> Found:
    return boxes.add(a, b), (ONE, ONE)


def _sub(a: Box, b: Box) -> Found:
    return boxes.sub(a, b), (ONE, MINUS)


def _mul(a: Box, b: Box) -> Found:
    return boxes.mul(a, b), (b, a)


def _div(a: Box, b: Box) -> Found:
    quotient = boxes.div(a, b)
    return quotient, (boxes.div(ONE, b), boxes.neg(boxes.div(quotient, b)))


def _neg(a: Box) -> Found:
    return boxes.neg(a), (MINUS,)


def _abs(a: Box) -> Found:
    return boxes.absolute(a), (_sign_box(a),)


def _sign_box(a: Box) -> Box:
    return Box(np.sign(a.lo), np.sign(a.hi))


def _sign(a: Box) -> Found:
    return _sign_box(a), (None,)


def _exp(a: Box) -> Found:
    found = transcendental.exp(a)
    return found, (found,)


def _expm1(a: Box) -> Found:
    return transcendental.expm1(a), (transcendental.exp(a),)


def _log(a: Box) -> Found:
    return transcendental.log(a), (boxes.div(ONE, a),)


def _log1p(a: Box) -> Found:
    return transcendental.log1p(a), (boxes.div(ONE, boxes.add(ONE, a)),)


def _sqrt(a: Box) -> Found:
    root = transcendental.sqrt(a)
    return root, (boxes.div(point(np.float64(0.5)), root),)


def _hypot(a: Box, b: Box) -> Found:
    found = transcendental.hypot(a, b)
    whole = point(np.float64(1.0))
    slopes = []
    for side in (a, b):
        slope = boxes.div(side, found)
        slope = Box(np.fmax(slope.lo, -whole.lo), np.fmin(slope.hi, whole.hi))
        slopes.append(boxes.where(found.holds(0) & np.isfinite(side.mag), Box(-whole.lo, whole.hi), slope))
    return found, tuple(slopes)


def _pow(a: Box, q: Box) -> Found:
    found = transcendental.power(a, q)
    by_base = boxes.scaled(q, transcendental.power(a, boxes.sub(q, ONE)))
    if np.all(q.point):
        return found, (by_base, point(np.zeros(())))
    size = boxes.absolute(a)
    by_exponent = boxes.scaled(found, transcendental.log(size))
    # At 0 the slope is 0, and between 0 and 1 it is no lower than -1/(e q), at a = exp(-1/q).
    least = np.where(q.lo > 0, -0.36788 / q.lo, -inf)
    at_zero = Box(np.where(size.hi == 0, 0.0, least), np.where(size.hi == 0, 0.0, np.maximum(by_exponent.hi, 0.0)))
    return found, (by_base, boxes.where((size.lo == 0) & (q.lo > 0), at_zero, by_exponent))


def _ramp(a: Box, q: Box) -> Found:
    """a^q for a > 0, 0 for a < 0; with q <= 0 there is no bound where a may be 0."""
    clipped = Box(np.maximum(a.lo, 0.0), np.maximum(a.hi, 0.0))
    nothing = point(np.zeros(()))
    once = q.point & (q.lo == 1)
    found, (by_base, by_exponent) = _pow(clipped, q)
    assert by_base is not None
    found = boxes.where(a.hi <= 0, nothing, boxes.poisoned(found, (a.lo <= 0) & (q.lo <= 0)))
    by_base = boxes.where(once, ONE, by_base)
    by_base = boxes.where(a.hi <= 0, nothing, boxes.where(a.lo <= 0, boxes.hull(by_base, nothing), by_base))
    return found, (by_base, by_exponent)


def _maximum(a: Box, b: Box) -> Found:
    found = Box(np.maximum(a.lo, b.lo), np.maximum(a.hi, b.hi))
    return found, tuple(_share(p.lo > q.hi, p.hi < q.lo) for p, q in ((a, b), (b, a)))


def _minimum(a: Box, b: Box) -> Found:
    found = Box(np.minimum(a.lo, b.lo), np.minimum(a.hi, b.hi))
    return found, tuple(_share(p.hi < q.lo, p.lo > q.hi) for p, q in ((a, b), (b, a)))


def _share(always: Array, never: Array) -> Box:
    return Box(np.where(always, 1.0, 0.0), np.where(never, 0.0, 1.0))


FUNCTIONS: dict[str, Callable[..., Found]] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "neg": _neg, "abs": _abs, "sign": _sign, "exp": _exp, "expm1": _expm1,
    "ramp": _ramp, "log": _log, "log1p": _log1p, "sqrt": _sqrt, "hypot": _hypot, "pow": _pow, "maximum": _maximum, "minimum": _minimum,
}  # fmt: skip


def _log1p_over(v: Box) -> Found:
    """g(v) = log1p(v)/v, decreasing; g' = (1/(1 + v) - g)/v increases, is -1/2 at 0, and lies between -1/2 and 0 above."""
    return _relative(v, transcendental.log1p, lambda p: boxes.div(ONE, boxes.add(ONE, p)), -0.5, decreasing=True)


def _expm1_over(v: Box) -> Found:
    """h(v) = expm1(v)/v, increasing; h' = (exp(v) - h)/v increases, and is 1/2 at 0."""
    return _relative(v, transcendental.expm1, transcendental.exp, 0.5, decreasing=False)


def _relative(v: Box, function: Any, slope: Any, middle: float, decreasing: bool) -> Found:
    ends = []
    for end in (v.lo, v.hi):
        p = point(np.where(end == 0, 1.0, end))
        quotient = boxes.div(function(p), p)
        by = boxes.div(boxes.sub(slope(p), quotient), p)
        # Near 0 the difference loses its digits: the slope is within |v| of what it is at 0 (its own slope is below 1 there).
        near = np.abs(end) < 2.0**-10
        by = boxes.where(near, Box(middle - np.abs(end), middle + np.abs(end)), by)
        ends.append((boxes.where(end == 0, ONE, quotient), by))
    (first, first_slope), (last, last_slope) = ends
    found = Box(last.lo, first.hi) if decreasing else Box(first.lo, last.hi)
    return found, (None, Box(first_slope.lo, last_slope.hi))


RELATIVE: dict[str, Callable[[Box], Found]] = {"log1p": _log1p_over, "expm1": _expm1_over}


def above_its_argument(program: Program, operation: Operation) -> str | None:
    """log1p(v)/v and expm1(v)/v are one function of v, which is 1 at 0; seen apart they would be 0/0 there."""
    if operation.name != "div":
        return None
    (above, placement), (below, beside) = operation.args
    inner = program.operations[above]
    if inner.name not in RELATIVE or placement != beside:
        return None
    return inner.name if inner.args == ((below, tuple(range(inner.rank))),) else None
