"""The inputs worth trying are those near the dangerous sets that an expression and a format name; here are points on them.

A case says why it is there. No family names an operator: what is needed of one are its facts (how many entries it takes, where
they lie, a precise evaluation whose sign can be bracketed, and naive float code whose breakdown can be bracketed).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from smoothsym.cases.families import FAMILIES
from smoothsym.cases.rows import Case, Facts, Maker
from smoothsym.formats import Format

__all__ = ["LENGTHS", "Case", "Facts", "cases", "default_parameters"]

LENGTHS = (1, 2, 5, 16, 100, 1000)
"""The default lengths of rows: at most six, so that targets which compile for each shape stay cheap."""


def default_parameters(kind: str | None, fmt: Format) -> tuple[float, ...]:
    """Parameters to sample, exact in the format: ordinary ones first, a tiny and a huge one last."""
    half = fmt.precision // 2
    if kind == "modulus":
        beside = 2.0**-half
        return (2.0, 1.0, 3.0, 1.5, 0.5, 10.0, -1.0, 2.0**-5, 1 + beside, 2 - beside, 256.0)
    return (1.0, -1.0, 0.5, 20.0, 2.0**-half, 2.0**half)


Parameters = Sequence[float | None]


def cases(
    facts: Facts, fmt: Format, lengths: Sequence[int], parameters: Parameters, seed: int = 0, budget: int = 300
) -> list[Case]:
    """At most `budget` distinct cases, the families taking turns; the same for the same arguments.

    >>> from smoothsym import formats
    >>> found = cases(Facts(), formats.get("float32"), (1, 2), [1.0], budget=60)
    >>> sum("ties" in case.tags for case in found) > 1
    True
    """
    if facts.arity is not None:
        lengths = (facts.arity,)
    # Each family has random numbers of its own, so that what one draws moves no other.
    turns: list[Iterator[Case]] = [
        family(Maker(facts, fmt, lengths, parameters, seed * 1009 + place)) for place, family in enumerate(FAMILIES)
    ]
    found: dict[tuple[Any, ...], Case] = {}
    stale = 0
    while turns and len(found) < budget and stale < 50:
        before = len(found)
        for turn in list(turns):
            case = next(turn, None)
            if case is None:
                turns.remove(turn)
            elif len(found) < budget and (facts.arity is None or len(case.x) == facts.arity):
                found.setdefault((tuple(v.hex() for v in case.x), repr(case.parameter)), case)
        stale = stale + 1 if len(found) == before else 0
    return list(found.values())
