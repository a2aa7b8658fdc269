"""The inputs worth trying are those near the dangerous sets that an expression and a format name; here are points on them.

A case says why it is there. No family names an operator: what is needed of one are its facts (how many entries it takes, where
they lie, the programs that compute it). Their dangerous sets are derived: along rays, wherever an intermediate of a program
overflows, underflows, changes its sign, is absorbed beside another or reaches a special exponent, floats on both sides are taken.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf
from typing import Any

from smoothsym.cases.derived import Derived
from smoothsym.cases.directions import directed
from smoothsym.cases.families import ALONE, FAMILIES
from smoothsym.cases.parameters import default_parameters
from smoothsym.cases.rows import Case, Facts, Maker
from smoothsym.cases.special import special
from smoothsym.formats import Format

__all__ = ["LENGTHS", "Case", "Facts", "cases", "default_lengths", "default_parameters"]

LENGTHS = (1, 2, 5, 16, 100, 1000)
"""The default lengths of rows: at most six, so that targets which compile for each shape stay cheap."""

Parameters = Sequence[float | None]


def default_lengths(fmt: Format) -> tuple[int, ...]:
    """The default lengths in a format: the longest is one that its sums cannot count to, where that is a row to be tried at all.

    >>> from smoothsym import formats
    >>> default_lengths(formats.get("float16"))
    (1, 2, 5, 16, 1000, 65536)
    """
    beyond = 1 << fmt.emax + 1
    return (*LENGTHS[:4], LENGTHS[5], beyond) if beyond <= 1 << 16 else LENGTHS


def cases(
    facts: Facts,
    fmt: Format,
    lengths: Sequence[int],
    parameters: Parameters,
    seed: int = 0,
    budget: int = 300,
    until: float | None = None,
) -> list[Case]:
    """At most `budget` distinct cases, the families taking turns; the same for the same arguments, fewer of them where the clock
    says `until` first.

    >>> from smoothsym import formats
    >>> found = cases(Facts(), formats.get("float32"), (1, 2), [1.0], budget=60)
    >>> sum("ties" in case.tags for case in found) > 1
    True
    """
    lengths = (facts.arity,) if facts.arity is not None else tuple(lengths)
    if until is not None:
        return list(_drawn(facts, fmt, lengths, tuple(parameters), seed, budget, until))
    return list(_cases(facts, fmt, lengths, tuple(map(repr, parameters)), tuple(parameters), seed, budget))


@lru_cache(maxsize=16)
def _cases(
    facts: Facts,
    fmt: Format,
    lengths: tuple[int, ...],
    names: tuple[str, ...],
    parameters: tuple[float | None, ...],
    seed: int,
    budget: int,
) -> tuple[Case, ...]:
    """The cases, which the targets of an operator share; `names` tell parameters apart that are equal, as zeros of both signs."""
    return _drawn(facts, fmt, lengths, parameters, seed, budget, inf)


def _drawn(
    facts: Facts,
    fmt: Format,
    lengths: tuple[int, ...],
    parameters: tuple[float | None, ...],
    seed: int,
    budget: int,
    until: float,
) -> tuple[Case, ...]:
    """The cases, some at least."""
    families = ALONE if max(lengths) == 1 else FAMILIES

    def maker(place: int) -> Maker:
        # Each family has random numbers of its own, so that what one draws moves no other.
        return Maker(facts, fmt, lengths, parameters, seed * 1009 + place)

    derived = Derived(maker(0))
    edges, between, zeros, long = derived.on_edges(), derived.between(), derived.at_zeros(), derived.long()
    borders = derived.on_borders()
    first, ordinary, *rest = [family(maker(place)) for place, family in enumerate(families, 1)]
    contract = special(maker(0))
    turns: list[Iterator[Case]] = [borders, edges, between, contract, first, ordinary, between, *rest[:3]]
    turns += [
        edges,
        between,
        ordinary,
        long,
        zeros,
        borders,
        *rest[3:],
        contract,
        edges,
        between,
        ordinary,
        long,
        between,
    ]
    found: dict[tuple[Any, ...], Case] = {}
    stale = 0
    while turns and len(found) < budget and stale < 50 and not (found and time.time() > until):
        before = len(found)
        for turn in list(turns):
            case = next(turn, None)
            if case is None:
                turns.remove(turn)
            elif len(found) < budget and (facts.arity is None or len(case.x) == facts.arity):
                found.setdefault((tuple(v.hex() for v in case.x), repr(case.parameter)), case)
        stale = stale + 1 if len(found) == before else 0
    chosen = found.values()
    if facts.beside is None:
        return tuple(chosen)
    return tuple(replace(case, v=v) for case, v in zip(chosen, directed(facts, fmt, chosen, seed), strict=True))
