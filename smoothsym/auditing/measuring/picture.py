"""What pictures of an audit are drawn from: errors over a plane of inputs, and a sample of rows with how ill-conditioned each is, and its bound."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, log10
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym.auditing.measuring import judge as judging
from smoothsym.auditing.measuring.bounded import allowed_at, held
from smoothsym.auditing.measuring.measure import Tally, Task, scored
from smoothsym.auditing.measuring.references import reference
from smoothsym.auditing.measuring.tally import Kept
from smoothsym.cases import Case, Facts
from smoothsym.cases.plane import WIDEST, Axis, Line, Plane, dangerous_sets

AT_ONCE = 256
"""So many rows of a plane are measured between two signs of life."""
PICTURES = ("", "short", "all")
"""For no audit, for those in which an error is beyond tolerance, for all."""
DRAWN = {"short": 24, "all": 64}
"""How many rows are drawn for pictures."""
SIDE = 32
"""A plane has so many rows by so many; an axis alone has eight times as many."""


LEVELS = (1e3, 1e9)
"""Above tolerance errors are told apart at these."""


def level(scaled: float, tol: float) -> int:
    """0 within one rounding, 1 within tolerance, then by LEVELS, and 5 for what is no number at all."""
    if not scaled > tol:
        return int(scaled > 1)
    return 5 if not scaled < inf else 2 + sum(scaled > limit for limit in LEVELS)


def level_names(tol: float) -> list[str]:
    """What the levels are called."""
    return [
        "up to 1",
        f"up to {tol:g}: holds",
        *(f"up to {_power(v)}" for v in LEVELS),
        "more",
        "inf, nan, or no answer",
    ]


def _power(value: float) -> str:
    return f"1e{round(log10(value))}"


@dataclass(frozen=True)
class Point:
    """One row: how many entries it has, these where they are two at most, as hex floats, and its errors at the entry of its result that errs most.

    `error` and `bound`, in units of u |f|, None where no bound is known; `condition`, (|f| + sum |xi df/dx| + |alpha df/dalpha|)
    / |f|, what rounding the input may cost in the same units; `scaled`, as everywhere.
    """

    n: int
    inputs: tuple[str, ...]
    parameter: str | None
    scaled: float
    error: float
    condition: float
    bound: float | None

    @property
    def allowed(self) -> float:
        """What rounding the input and the result may cost, in the same units: the condition, and what the spacing of subnormals adds."""
        known = 0 < self.scaled < inf and 0 < self.error < inf
        return self.error / self.scaled if known else self.condition


@dataclass(frozen=True)
class ErrorMap:
    """The scaled errors of rows [a, b, ..., b] of n entries at one parameter, a and b on one axis; of products with a vector, along the first entry.

    `x`, the numbers on the axis, rising; `scaled`, for each b, which rises, the errors for each a; None where nothing is known; one line
    for n = 1; an infinite one stands for a result that is nan or infinite and should not be, or for none. `axis` says where numbers stand; `sets`,
    the dangerous sets by name, as lines through places on the axis; for n = 1 one place each.
    """

    n: int
    parameter: str | None
    x: tuple[str, ...]
    scaled: tuple[tuple[float | None, ...], ...]
    axis: Axis
    sets: Mapping[str, tuple[Line, ...]] = field(default_factory=dict, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """What was measured, as plain data."""
        return {name: getattr(self, name) for name in ("n", "parameter", "x", "scaled")}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> ErrorMap:
        """What `to_dict` wrote, with its axis and its sets beside. Raises ValueError, TypeError or KeyError for anything else."""
        scaled = tuple(tuple(None if q is None else float(q) for q in line) for line in data["scaled"])
        sets = {name: tuple(map(_line, lines)) for name, lines in data["sets"].items()}
        axis = Axis(float(data["axis"]["least"]), float(data["axis"]["largest"]), data["axis"]["positive"])
        return cls(data["n"], data["parameter"], tuple(data["x"]), scaled, axis, sets)


def telling(parameters: Sequence[float | None], tally: Tally) -> list[float | None]:
    """The parameters, those at which a target falls short first."""
    falling = {kept.case.parameter for many in tally.classes.values() for kept in many if kept.rough.falls}
    return sorted(parameters, key=lambda p: p not in falling)


def mapped(
    task: Task,
    facts: Facts,
    lengths: Collection[int],
    parameters: Sequence[float | None],
    until: float | None = None,
    known: bool = False,
    progress: Callable[[], Any] | None = None,
    side: int = SIDE,
) -> tuple[ErrorMap | None, Tally]:
    """Measure rows all over a plane, and what they amount to; None where no length or parameter is one to be looked at.

    It is the shortest length of more than one entry, and the first parameter that is no limit. `known`: every row has been counted;
    then these are no more than a sample to draw. `progress()` is called now and then.
    """
    ordinary = [p for p in parameters if p is None or (p and isfinite(p))]
    short = sorted(size for size in ([facts.arity] if facts.arity is not None else lengths) if 1 <= size <= WIDEST)
    if not ordinary or not short:
        return None, Tally()
    n = next((size for size in short if size > 1), 1)
    plane = Plane(Axis.of(facts, task.fmt), task.fmt, n, ordinary[0])
    count = side if n > 1 else 8 * side
    ticks = (np.arange(count) + 0.5) / count
    both = np.stack([np.tile(ticks, count), np.repeat(ticks, count)], axis=1)
    rows = plane.rows(ticks[:, None] if n == 1 else both)
    # Along the first entry: a vector that is another for each row would make another picture of each.
    beside = None if facts.beside is None else (1.0, *[0.0] * (n - 1 if facts.beside == "many" else 0))
    cases = [Case(tuple(row), ordinary[0], ("grid",), beside) for row in rows.tolist()]
    tally, scores = Tally(drawn=task.drawn), []
    for start in range(0, len(cases), AT_ONCE):
        part, errors = scored(task, cases[start : start + AT_ONCE], until)
        tally.merge(part)
        scores.append(errors)
        if progress is not None:
            progress()
    lines = [
        [None if np.isnan(q) else _digits(q, 4) for q in line] for line in np.concatenate(scores).reshape(-1, count)
    ]
    found = ErrorMap(
        n,
        None if ordinary[0] is None else float(ordinary[0]).hex(),
        tuple(float(v).hex() for v in rows[:count, 0]),
        tuple(map(tuple, lines)),
        plane.axis,
        dangerous_sets(facts, plane),
    )
    if known:
        return found, Tally(sample=tally.sample, drawn=tally.drawn)
    # How errors are spread is told of cases, which these would swamp.
    return found, replace(tally.uncounted(), rows=tally.rows, refused=tally.refused, uncalled=tally.uncalled)


def points(tally: Tally, task: Task) -> tuple[Point, ...]:
    """The rows that were drawn, and those with the largest errors, each measured exactly."""
    tops = [kept for many in tally.tops.values() for _, kept in many[:1]]
    found = {(kept.case.x, kept.case.parameter): kept for kept in [*tops, *tally.sample.values()]}
    bounded = {id(kept) for kept in held(tally)}
    every = [_point(task, kept, id(kept) in bounded) for kept in found.values()]
    return tuple(sorted((point for point in every if point), key=lambda q: (-q.error, q.n, q.inputs, q.condition)))


def _point(task: Task, kept: Kept, bounded: bool) -> Point | None:
    case, exact = kept.case, reference(task.op, task.of, kept.case)
    if exact.measured is None or not case.x or not all(map(isfinite, case.x)):
        return None
    place, fmt = kept.rough.component or 0, task.fmt
    right, got = exact.middles[place], float(kept.got[place])
    size = libmp.mpf_abs(right)
    unit = libmp.mpf_mul(judging.raw_of(fmt.u), size, judging.PRECISION, "n")
    low, high = exact.measured.values[place]
    # What an enclosure leaves in doubt is no error.
    within = isfinite(got) and low <= got <= high
    error = libmp.fzero if within else judging.error_of(got, right, fmt)
    scale = exact.measured.scales(place)._mpf_
    none = size == libmp.fzero
    most = float(np.broadcast_to(allowed_at(task, case), len(kept.got))[place]) if bounded else inf
    bound = _ratio(libmp.from_float(most), unit, none) if isfinite(most) else None
    return Point(
        n=len(case.x),
        inputs=tuple(float(v).hex() for v in case.x) if len(case.x) <= 2 else (),
        parameter=None if case.parameter is None else float(case.parameter).hex(),
        scaled=_digits(judging.ratio(error, judging.allowance(scale, fmt)), 6),
        error=_digits(_ratio(error, unit, none), 6),
        condition=_digits(_ratio(scale, size, none), 6),
        bound=None if bound is None else _digits(bound, 6),
    )


def _digits(value: float, digits: int) -> float:
    """A number to so many digits: nobody reads more off a picture."""
    return float(f"{value:.{digits}g}")


def _ratio(part: Any, whole: Any, none: bool) -> float:
    """A quotient; infinite where there is nothing to divide by."""
    return inf if none and part != libmp.fzero else 0.0 if none else judging.ratio(part, whole)


def _line(data: Any) -> Line:
    return tuple(tuple(map(float, place)) for place in data)
