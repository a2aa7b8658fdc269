"""What arithmetic does not settle but a contract does: nan, infinities, zeros of both signs, the empty row, parameters at limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from math import inf, nan

from smoothsym.cases.rows import Case, Maker


def special(make: Maker) -> Iterator[Case]:
    """Each row of the contract in its plainest form, rows and parameters taking turns; then other lengths and parameters."""
    first, rows = make.parameters[0], _rows(make)
    plain = [Case(values, first, ("special",)) for values in rows]
    limits = list(_limits(make)) if make.facts.span is not None else []
    for pair in zip_longest(plain, limits):
        yield from filter(None, pair)
    negative = next((v for v in make.parameters[1:] if v is not None and v < 0), first)
    yield from (replace(case, parameter=negative) for case in plain)
    for size in make.short:
        for values in rows:
            filled = (*values, *make.row(make.normal(size=size)))[:size]
            yield Case(filled, first, ("special", "another length"))


def _rows(make: Maker) -> list[tuple[float, ...]]:
    """The empty row, and nan, infinities and zeros beside a number, beside one another, and alone."""
    size = 2 if 2 in make.short else max(make.short)
    pairs = [(nan, 1.0), (inf, 1.0), (inf, inf), (1.0, inf), (nan, inf)]
    if make.facts.domain == "real":
        pairs[1:1] = [(-inf, 1.0), (-inf, -inf)]
        pairs += [(inf, -inf), (-inf, 0.0), (0.0, 0.0), (0.0, -0.0), (nan, -inf), (-0.0, -0.0), (0.0, 1.0)]
    found: list[tuple[float, ...]] = [()] if make.facts.arity is None and 1 in make.short else []
    return found + [(*pair, *[pair[-1]] * size)[:size] for pair in pairs]


def _limits(make: Maker) -> Iterator[Case]:
    """The parameter at its limits, with one largest entry; then with ties, one entry, and an infinity."""
    values, tags = (0.0, inf, -inf, nan, -0.0, 1.0), ("special", "parameter")
    size = 2 if 2 in make.short else max(make.short)
    for parameter in values:
        yield Case(make.row(make.normal(size=size)), parameter, tags)
    for parameter in values:
        yield Case(make.row([1.5] * size), parameter, tags)
        yield Case(make.row(make.normal(size=make.short[0])), parameter, tags)
        yield Case(make.row(make.normal(size=make.short[-1])), parameter, tags)
        if size > 1:
            yield Case((inf, *make.row([1.0] * (size - 1))), parameter, tags)
