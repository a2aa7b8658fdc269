"""Each family walks along a set that is dangerous whatever the expression: ties, offsets, one dominant entry, subnormal numbers, ..."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from smoothsym.cases.parameters import special_parameters
from smoothsym.cases.rows import Case, Maker
from smoothsym.program.portable import exp, log, power

Array = Any

SPREAD = (0.8191725134, 0.6710436067, 0.5497004779)
"""Multiples of these, less whole numbers, spread evenly over the unit cube (powers of 1 / 1.2207, where 1.2207^4 = 1.2207 + 1)."""


def normal(make: Maker) -> Iterator[Case]:
    while True:
        yield make.case(make.normal(size=make.size()) * make.scale(), "random")


def plain(make: Maker) -> Iterator[Case]:
    """Short rows of numbers as people have them: the largest and its distance from the next spread evenly, by their logarithms.

    Each third row has another parameter of the list.
    """
    start, turn = make.rng.random(3), 0
    shortest = min((size for size in make.short if size > 1), default=1)
    while True:
        turn += 1
        top, gap, rest = (start + turn * np.array(SPREAD)) % 1.0
        row = np.full(shortest if turn % 2 else make.size(2), (-1.0) ** (turn // 2) * 10.0 ** (3 * top - 1.5))
        row[1:] -= 10.0 ** (3 * gap - 1.5) * (1 + 2 * rest * np.arange(len(row) - 1))
        parameter = make.parameters[0] if turn % 3 else make.parameter()
        yield make.case(make.rng.permutation(row), "plain", parameter=parameter)


def ties(make: Maker) -> Iterator[Case]:
    while True:
        size = make.size(2)
        row = np.sort(make.normal(size=size) * make.scale())
        row[-int(make.rng.integers(min(2, size), size + 1)) :] = row[-1]
        yield make.case(make.rng.permutation(row), "ties")
        yield make.case(np.full(size, row[-1]), "ties", "all equal")


def offsets(make: Maker) -> Iterator[Case]:
    """A common size beside which the differences nearly vanish, from 1 to beyond where they do; every parameter alike."""
    bits = make.fmt.precision
    while True:
        for share in (0.15, 0.4, 0.65, 1.0, 2.0):
            size = float(power(2.0, min(share * bits * make.rng.uniform(0.8, 1.2), make.fmt.emax - 1)))
            offset, parameter = make.rng.choice([-size, size]), make.parameters[make.rng.integers(len(make.parameters))]
            row = offset + make.normal(size=make.size(2)) * 2.0 ** make.rng.integers(-3, 4)
            yield make.case(row, "offset", parameter=parameter)
        yield make.case(np.full(make.size(2), offset), "offset", "ties")


def dominant(make: Maker) -> Iterator[Case]:
    """One entry far above the rest; the gap anywhere between visible and overwhelming."""
    widest = float(log(float(make.fmt.largest)))
    while True:
        size, top = make.size(2), float(make.rng.choice([0.0, 1.0, -1.0]) * make.scale())
        gap = widest * (make.rng.uniform(0.02, 1.0) if make.rng.random() < 0.5 else _cubed(make.rng.uniform(0.05, 1.0)))
        row = top - gap * (1 + 0.1 * make.rng.random(size))
        row[make.rng.integers(size)] = top
        yield make.case(row, "dominant")


def outliers(make: Maker) -> Iterator[Case]:
    """One entry beside zeros: a mean lies far below its largest entry."""
    while True:
        row = np.zeros(make.size(2))
        row[make.rng.integers(len(row))] = make.rng.choice([1.0, -1.0]) * make.scale()
        yield make.case(row, "outlier")


def stretched(make: Maker) -> Iterator[Case]:
    """Gaps so wide that a weight comes near the smallest number: 0 though it would not be if divided by the parameter, or subnormal,
    both beside nothing that they could vanish in; or anywhere there. Every parameter in turn, the tiniest first.
    """
    deepest = -float(log(float(make.fmt.smallest_subnormal)))
    order = sorted((q for q in make.parameters if q is None or 0 < abs(q) < np.inf), key=lambda q: abs(q or 1.0))
    while order:
        for parameter in order:
            rest, share = abs(float(log(abs(parameter or 1.0)))), make.rng.random(3)
            lost = deepest + share[0] * (1 + rest)
            subnormal = deepest - share[1] * float(log(2.0)) * make.fmt.precision
            wide = deepest * (0.5 + 0.7 * share[2])
            for gap, top in ((lost, 0.0), (subnormal, 0.0), (wide, _top(make))):
                row = _beside(make, gap, parameter, top)
                yield make.case(row, "underflow edge", "stretched", parameter=parameter)


def graded(make: Maker) -> Iterator[Case]:
    """Weights of any size that shows beside 1, with sharpnesses down to the least that has such a weight in the format; evenly by
    their logarithms. Each third row has a parameter of the list.
    """
    deepest, faintest = -float(log(float(make.fmt.smallest_subnormal))), float(log(2.0)) * (make.fmt.precision + 2)
    start, turn = make.rng.random(2), 0
    while True:
        turn += 1
        depth, share = (start + turn * np.array(SPREAD[:2])) % 1.0
        gap = faintest * float(power(2.0, -5 * depth))
        parameter = make.parameters[int(make.rng.integers(len(make.parameters)))]
        sharp = power(gap / deepest, share) * power(16.0, 1 - share)
        free = float(np.copysign(sharp, parameter or 1.0).astype(make.fmt.dtype))
        if turn % 3 and make.free(free):
            parameter = free
        yield make.case(_beside(make, gap, parameter, _top(make)), "graded", parameter=parameter)


def _top(make: Maker) -> float:
    return float(make.rng.choice([0.0, make.normal()]))


def _beside(make: Maker, gap: float, parameter: float | None, top: float) -> Array:
    """An entry, `top` where it is not known by its modulus, with others whose weights are about exp(-gap) of its own."""
    size, sharp = make.size(2), parameter or 1.0
    gaps = gap * (1 + 0.01 * make.rng.random(size)) / abs(sharp)
    gaps[make.rng.integers(size)] = 0
    if make.facts.kind == "modulus":
        with np.errstate(all="ignore"):
            return exp(-np.sign(sharp) * gaps) * power(2.0, make.rng.integers(-3, 4))
    return top - np.sign(sharp) * gaps


def wide(make: Maker) -> Iterator[Case]:
    top = float(log(float(make.fmt.largest)) / log(10.0))
    while True:
        size = make.size()
        exponents = make.rng.uniform(-top, top, size=size) * make.rng.choice([0.03, 0.3, 0.98])
        yield make.case(power(10.0, exponents) * make.rng.choice([-1.0, 1.0], size=size), "wide range")
        common = power(10.0, make.rng.uniform(-top, top) * 0.98)
        yield make.case(common * make.normal(size=size), "wide range", "alike")
        # Far from 0 to one side, no entry alone is what all are measured from.
        way = make.rng.choice([-1.0, 1.0])
        yield make.case(common * way * abs(make.normal(size=make.size(2))), "wide range", "one sign")


def subnormal(make: Maker) -> Iterator[Case]:
    while True:
        size = make.size()
        yield make.case(float(make.fmt.smallest_subnormal) * make.rng.integers(-50, 50, size=size), "subnormal")
        yield make.case(power(2.0, make.rng.uniform(-3, 3, size=size)) * float(make.fmt.smallest_normal), "subnormal")


def extreme(make: Maker) -> Iterator[Case]:
    """Every parameter in turn, the extreme ones first."""
    order = sorted((parameter for parameter in make.parameters if parameter), key=abs)
    while len(order) > 1:
        for parameter in (order[0], order[-1], *make.rng.permutation(order[1:-1]).tolist()):
            tag = {order[0]: "tiny parameter", order[-1]: "huge parameter"}.get(parameter, "parameter")
            yield make.case(_spread(make), tag, parameter=parameter)


def beside_special(make: Maker) -> Iterator[Case]:
    """Parameters at any distance from a special one, by its logarithm."""
    points = [q for q in special_parameters(make.facts) if make.facts.span is not None]
    while points:
        for point in make.rng.permutation(points).tolist():
            away = make.rng.choice([-1.0, 1.0]) * power(2.0, -make.rng.uniform(1, make.fmt.precision - 1))
            parameter = float(np.array(point + away).astype(make.fmt.dtype))
            if make.free(parameter):
                yield make.case(_spread(make), "parameter", "beside special", parameter=parameter)


def _cubed(share: float) -> float:
    return share * share * share


def _spread(make: Maker) -> Array:
    """Entries within a few units, or over some orders of magnitude."""
    size = make.size(2)
    return make.normal(size=size) * 3 if make.rng.random() < 0.5 else power(2.0, make.rng.uniform(0, 8, size=size))


ALONE = (normal, plain, wide, subnormal, extreme, beside_special)
"""What there is to vary of a single entry."""
FAMILIES = (
    normal,
    plain,
    ties,
    offsets,
    dominant,
    wide,
    subnormal,
    extreme,
    beside_special,
    outliers,
    stretched,
    graded,
)
