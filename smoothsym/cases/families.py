"""Each family walks along one dangerous set: ties, offsets, edges of overflow, zeros of the result, ..."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, log, nan
from typing import Any

import numpy as np

from smoothsym.cases.rows import Case, Maker, bisect, bracket


def _known(make: Maker) -> Iterator[Case]:
    """The inputs of the textbooks: one dominant entry, results that nearly vanish, entries that overflow."""
    invisible = -0.8 * log(1 / float(make.fmt.u))
    rows = {
        "dominant": [(0.0, -40.0), (0.0, invisible), (40.0, 0.0)],
        "near zero": [(-log(2), -log(2))],
        "zeros": [(0.0, 0.0)],
    }
    rows |= {"overflow edge": [(1000.0, 1000.0)], "underflow edge": [(-1000.0, -1000.0)], "ties": [(1.0, 1.0)]}
    for parameter in make.parameters[:2]:
        for size in [size for size in make.short if size >= 2][:3]:
            for tag, pairs in rows.items():
                for first, rest in pairs:
                    yield make.case([first, *[rest] * (size - 1)], tag, parameter=parameter)


def _normal(make: Maker) -> Iterator[Case]:
    while True:
        yield make.case(make.rng.normal(size=make.size()) * 10.0 ** make.rng.integers(-2, 3), "random")


def _special(make: Maker) -> Iterator[Case]:
    """nan, infinities, zeros, the empty row, and parameters at 0 and the infinities: by contract, and rounded nowhere."""
    first = make.parameters[0]
    rows: list[list[float]] = [[nan, 1.0], [inf, 1.0], [inf, inf]]
    if make.facts.domain == "real":
        rows += [[-inf, 1.0], [-inf, -inf], [inf, -inf], [-inf, 0.0], [0.0, -0.0]]
    if make.facts.arity is None and 1 in make.short:
        yield Case((), first, ("special", "empty"))
    size = 2 if 2 in make.short else max(make.short)
    for values in rows:
        for parameter in make.parameters[:2]:
            yield Case(tuple((values + [values[1]] * size)[:size]), parameter, ("special",))
    if first is not None and len(make.parameters) > 1:
        for parameter in (0.0, inf, -inf, nan):
            for size in make.short[:3]:
                yield Case(make.row(make.rng.normal(size=size)), parameter, ("special", "parameter"))


def _ties(make: Maker) -> Iterator[Case]:
    while True:
        size = make.size(2)
        row = np.sort(make.rng.normal(size=size) * 10.0 ** make.rng.integers(-1, 3))
        row[-int(make.rng.integers(min(2, size), size + 1)) :] = row[-1]
        yield make.case(make.rng.permutation(row), "ties")
        yield make.case(np.full(size, row[-1]), "ties", "all equal")


def _offsets(make: Maker) -> Iterator[Case]:
    bits = make.fmt.precision
    sizes = (100.0, 2.0 ** (0.4 * bits), 2.0 ** (0.65 * bits), -100.0, -(2.0 ** (0.65 * bits)), 2.0 ** (2.0 * bits))
    while True:
        for offset in sizes:
            if abs(offset) < float(make.fmt.largest):
                yield make.case(offset + make.rng.normal(size=make.size(2)) * 2.0 ** make.rng.integers(-3, 4), "offset")


def _dominant(make: Maker) -> Iterator[Case]:
    """One entry far above the rest; the gap anywhere between visible and overwhelming."""
    widest = log(float(make.fmt.largest))
    while True:
        size, top = make.size(2), float(make.rng.choice([0.0, 40.0, 1.0, -3.0, make.rng.normal()]))
        row = top - make.rng.uniform(0.02, 1.0) * widest * (1 + 0.1 * make.rng.random(size))
        row[make.rng.integers(size)] = top
        yield make.case(row, "dominant")


def _outliers(make: Maker) -> Iterator[Case]:
    """One entry beside many that vanish: a mean lies far below its largest entry."""
    for size in [size for size in (*make.short, *make.long) if 2 <= size <= 2000][::-1]:
        for parameter in make.parameters[:4]:
            row = np.zeros(size)
            row[make.rng.integers(size)] = make.rng.choice([1.0, -1.0, 8.0]) * np.exp2(make.rng.uniform(-3, 1))
            yield make.case(row, "outlier", parameter=parameter)


def _stretched(make: Maker) -> Iterator[Case]:
    """Gaps so wide that a weight comes near the smallest number, whatever the parameter: what stands beside it is large."""
    deepest = -log(float(make.fmt.smallest_subnormal))
    while True:
        size, parameter = make.size(2), make.parameters[int(make.rng.integers(len(make.parameters)))]
        gaps = deepest * make.rng.uniform(0.5, 1.2) * (1 + 0.01 * make.rng.random(size)) / abs(parameter or 1.0)
        gaps[make.rng.integers(size)] = 0
        if make.facts.kind == "modulus":
            with np.errstate(all="ignore"):
                row = np.exp(-np.sign(parameter or 1.0) * gaps) * np.exp2(make.rng.integers(-3, 4))
        else:
            row = -np.sign(parameter or 1.0) * gaps + make.rng.choice([0.0, make.rng.normal()])
        yield make.case(row, "underflow edge", "stretched", parameter=parameter)


def _wide(make: Maker) -> Iterator[Case]:
    top = log(float(make.fmt.largest)) / log(10)
    while True:
        size = make.size(2)
        exponents = make.rng.uniform(-top, top, size=size) * make.rng.choice([0.03, 0.3, 0.98])
        yield make.case(10.0**exponents * make.rng.choice([-1.0, 1.0], size=size), "wide range")


def _subnormal(make: Maker) -> Iterator[Case]:
    while True:
        size = make.size()
        yield make.case(float(make.fmt.smallest_subnormal) * make.rng.integers(-50, 50, size=size), "subnormal")
        yield make.case(np.exp2(make.rng.uniform(-3, 3, size=size)) * float(make.fmt.smallest_normal), "subnormal")


def _extreme(make: Maker) -> Iterator[Case]:
    """Every parameter in turn, the extreme ones first."""
    order = sorted((parameter for parameter in make.parameters if parameter), key=abs)
    while len(order) > 1:
        for parameter in (order[0], order[-1], *order[1:-1]):
            tag = {order[0]: "tiny parameter", order[-1]: "huge parameter"}.get(parameter, "parameter")
            yield make.case(make.rng.normal(size=make.size(2)) * 3, tag, parameter=parameter)


def _long(make: Maker) -> Iterator[Case]:
    for size in make.long:
        first = make.parameters[0]
        yield make.case(make.rng.normal(size=size), "long", parameter=first)
        if size <= 2000:
            yield make.case(np.full(size, make.rng.normal()), "long", "ties", parameter=first)
        if size <= 500:
            yield make.case(1000 + make.rng.normal(size=size), "long", "offset", parameter=first)
            yield make.case(np.r_[30.0, make.rng.normal(size=size - 1)], "long", "dominant", parameter=first)


def _limits(make: Maker) -> Iterator[Case]:
    """Entries at the format's own limits, and where exp, squares and sums meet them."""
    fmt = make.fmt
    largest, normal, least = float(fmt.largest), float(fmt.smallest_normal), float(fmt.smallest_subnormal)
    for parameter in make.parameters[:3]:
        by = parameter or 1.0
        points = [log(largest) / by, log(normal) / by, log(least) / by, largest**0.5, largest, normal**0.5, least**0.5]
        for point in points:
            tag = "overflow edge" if abs(point) > 1 and point * by > 0 else "underflow edge"
            size = make.size(2)
            yield make.case(np.full(size, point), tag, parameter=parameter)
            yield make.case(point * (1 - make.rng.random(size) * 0.01), tag, parameter=parameter)
            yield make.case(np.r_[point, np.zeros(size - 1)], tag, "dominant", parameter=parameter)


def _edges(make: Maker) -> Iterator[Case]:
    """The two floats between which naive code breaks down, along random rays: bisection on the format's ordinals."""
    while make.facts.naive is not None:
        size, parameter = make.size(), make.parameter()
        drawn = make.rng.normal(size=size)
        ray = (np.ones(size), -np.ones(size), drawn, np.eye(size)[0], -np.abs(drawn))[int(make.rng.integers(5))]
        heavy = float(ray[np.argmax(np.abs(ray))]) * (1.0 if make.facts.kind == "modulus" else parameter or 1.0)
        inner = make.ordinal(1.0)
        for far in (make.ordinal(float(make.fmt.largest)), 1):
            tag = "overflow edge" if heavy > 0 and far != 1 else "underflow edge"

            def broken(q: int, ray: Any = ray, parameter: float | None = parameter) -> bool:
                return _breaks(make, make.times(q, ray), parameter)

            for place in bisect(broken, inner, far) or ():
                yield make.case(make.times(place, ray), tag, parameter=parameter)


def _breaks(make: Maker, values: Any, parameter: float | None) -> bool:
    row = np.array(make.row(values), dtype=make.fmt.dtype)
    with np.errstate(all="ignore"):
        result = np.asarray(make.facts.naive(row, parameter)).astype(np.float64)  # type: ignore[misc]
    return not np.all(np.isfinite(result)) or (not result.any() and bool(row.any()))


def _near_zero(make: Maker) -> Iterator[Case]:
    """The floats on both sides of a zero of the result: a line is bracketed, then one entry is bisected in ordinals."""
    evaluate = make.facts.evaluate
    if evaluate is None or make.facts.domain == "positive" or min(make.short) > 16:
        return
    for _ in range(12):
        row = make.row(make.rng.normal(size=make.size(2)) * make.rng.choice([0.3, 2.0]))
        place, parameter = int(make.rng.integers(len(row))), make.parameters[0]

        def along(t: float, row: tuple[float, ...] = row, parameter: float | None = parameter) -> bool:
            return bool(evaluate(make.row([v + t for v in row]), parameter) < 0)

        # Along the diagonal first, where a crossing is common; then the nearest one in a single entry.
        shift = bracket(along, -8.0, 8.0)
        if shift is None:
            continue
        start = make.row([v + shift for v in row])

        def negative(
            q: int, start: tuple[float, ...] = start, place: int = place, parameter: float | None = parameter
        ) -> bool:
            return bool(evaluate((*start[:place], make.number(q), *start[place + 1 :]), parameter) < 0)

        for q in bisect(negative, make.ordinal(start[place] - 1.0), make.ordinal(start[place] + 1.0)) or ():
            yield make.case((*start[:place], make.number(q), *start[place + 1 :]), "near zero", parameter=parameter)


FAMILIES = (
    _known, _normal, _special, _ties, _offsets, _edges, _dominant, _long, _wide, _near_zero, _limits, _subnormal, _extreme,
    _outliers, _stretched,
)  # fmt: skip
