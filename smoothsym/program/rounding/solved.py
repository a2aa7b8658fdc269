"""Operations that solve an equation, in the rounding arithmetic of the program around them: what they are given, and where they look.

A search for the zero of a falling function ends at neighbouring floats, of which one is where floats find it >= 0 and one where
they find it <= 0. Both the exact zero and these are outside of every interval on which the function in rounding arithmetic, its
errors included, has one sign; so they are no farther apart than the bracket that such intervals leave, and a unit in the last place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from smoothsym.program import arrays
from smoothsym.program.operations import Operation, Placement
from smoothsym.program.rounding.enclosures import Box
from smoothsym.program.rounding.local import EXACT, ROUNDED, Rounding
from smoothsym.program.rounding.paired import Paired
from smoothsym.program.rounding.shares import maximiser
from smoothsym.program.rounding.shares_in_pairs import InPairs
from smoothsym.program.rounding.simplex import Carried
from smoothsym.program.solve import zero
from smoothsym.program.threshold import GAPS, LEVEL

Array = Any
Run = Any
"""A program run on rows in rounding arithmetic: forward.py."""

AT_ONCE = 1 << 18
"""So many entries of intervals are looked at together."""

GROWTH = 2.0
"""Intervals are longer by so much, one after another, away from the guess."""


def level(
    balance: Callable[[Box, int], Box], low: Array, high: Array, guess: Array, rounding: Rounding
) -> tuple[Box, Array]:
    """A bracket of the zero and of what floats find, and how far these are apart at most.

    Parameters: `balance`, the function with its rounding errors on intervals, of shape (count * rows,), for `count` intervals on every
    row; `low` and `high`, between which floats search; `guess`, a number near the zero, which need not be right.
    """
    width = high - low
    start = (np.abs(guess) + width) * (rounding.u / 8) + rounding.eta
    steps = 2 + int(np.ceil(np.log(16 / rounding.u) / np.log(GROWTH)))
    apart = start * GROWTH ** np.arange(steps)[:, None]
    apart[-1] = np.inf
    ends = []
    for way, end in ((-1, low), (1, high)):
        near = guess + way * apart[:-1]
        far = guess + way * apart[1:]
        near, far = (np.clip(part, low, high) for part in (near, far))
        found = balance(Box(*(np.ravel(part) for part in ((far, near) if way < 0 else (near, far)))), len(near))
        sign = (found.lo > 0) if way < 0 else (found.hi < 0)
        sure = np.logical_and.accumulate(np.reshape(sign, near.shape)[::-1], axis=0)[::-1]
        first = np.argmax(sure, axis=0)
        inner = np.take_along_axis(near, first[None, :], axis=0)[0]
        ends.append(np.where(np.any(sure, axis=0), inner, end))
    bracket = Box(*ends)
    unit = 2 * rounding.u * bracket.mag + 2 * rounding.eta
    box = Box(np.nextafter(bracket.lo - unit, -np.inf), np.nextafter(bracket.hi + unit, np.inf))
    return bracket, np.where(np.isfinite(box.width), box.width, np.inf)


def shares(run: Run, operation: Operation) -> tuple[Box, Carried]:
    """A box of the exact maximiser over the simplex, and its error by that of the gaps."""
    gaps, scale, order, *mass = (run.steps[number].box for number, _ in operation.args)
    given = (gaps, scale, order, mass[0] if mass else None, run.where)
    if isinstance(run.rounding, Paired):
        # No float is what a pair holds; the box of every number holds it, and a float near it.
        return maximiser(*given, [_middle(q) for q in (gaps, scale, order)], run.rounding, InPairs)
    floats = [_floats_of(run, number, placement) for number, placement in operation.args[:3]]
    return maximiser(*given, floats, run.rounding)


def _floats_of(run: Run, number: int, placement: Placement) -> Array:
    """What floats hold of an argument that is computed by operations which are correctly rounded."""
    box = run.steps[number].box
    if np.all(box.point):
        return box.lo
    if "x" not in run.floats or run.rounding.model.rounding != "nearest" or not _rounded(run, number):
        raise ValueError("shares of what floats do not surely hold has no rounding rule; measure x from its maximum")
    return run.in_floats(number, placement).astype(np.float64)


def _rounded(run: Run, number: int) -> bool:
    operation = run.program.operations[number]
    known = ("x", "symbol", "number", "length", "max", "min", *ROUNDED, *EXACT)
    return operation.name in known and all(_rounded(run, inner) for inner, _ in operation.args)


def threshold(run: Run, operation: Operation) -> tuple[Box, Array]:
    """A box of where a program inside is 0, and how far what floats find is from it."""
    if isinstance(run.rounding, Paired):
        raise ValueError(
            "a threshold that is searched for in pairs of floats has no rounding rule; take the stable kernel"
        )
    low, high, gaps = (run.steps[number].box for number, _ in operation.args)
    inner, rows, vectors = operation.inner, len(gaps.lo), {**run.vectors}
    assert inner is not None
    vectors[str(GAPS.label)] = gaps
    first, last = (np.broadcast_to(end, (rows,)) for end in (low.lo, high.hi))

    def tiled(box: Box, count: int) -> Box:
        return box.map(lambda a: np.tile(a, (count, *(1,) * (a.ndim - 1))) if len(a) > 1 else a)

    def balance(at: Box, count: int) -> Box:
        most = max(1, AT_ONCE // max(rows * run.size, 1))
        cuts = [slice(start * rows, (start + most) * rows) for start in range(0, count, most)]
        parts = [on_intervals(Box(at.lo[cut], at.hi[cut])) for cut in cuts]
        return Box(np.concatenate([part.lo for part in parts]), np.concatenate([part.hi for part in parts]))

    def on_intervals(at: Box) -> Box:
        count = len(at.lo) // rows
        given = {name: tiled(box, count) for name, box in vectors.items()}
        symbols = {**{name: tiled(box, count) for name, box in run.symbols.items()}, LEVEL.name: at}
        where, weightless = (None if q is None else np.tile(q, (count, 1)) for q in (run.where, run.weightless))
        found = type(run)(inner, given, symbols, run.rounding, where=where, weightless=weightless)
        return found.steps[inner.outputs[0][0]].box.map(lambda a: np.broadcast_to(a, at.lo.shape))

    def near(at: Array) -> Array:
        middles = {name: np.broadcast_to(_middle(box), (rows, run.size)) for name, box in vectors.items()}
        symbols = {**{name: _middle(box) for name, box in run.symbols.items()}, LEVEL.name: at}
        beside = {"vectors": middles, "where": run.where, "weightless": run.weightless}
        return arrays.run(inner, middles["x"], symbols, **beside)[0]

    return level(balance, first, last, zero(np, near, first, last, True), run.rounding)


def _middle(box: Box) -> Array:
    middle = box.lo + (box.hi - box.lo) / 2
    return np.where(np.isfinite(middle), middle, box.lo)
