"""Laws of smooth maxima: which are tried on every operator, and what was shown of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smoothsym.laws.statements import (
    Between,
    Convex,
    Definite,
    Identity,
    Law,
    Limit,
    Norm,
    Pole,
    Smooth,
    Triangle,
    homogeneity_law,
    joint_homogeneity_law,
    translation_law,
)
from smoothsym.laws.verdict import Verdict


def everywhere(op: Any) -> tuple[Law, ...]:
    """The laws that are tried on every operator."""
    joint = (joint_homogeneity_law(),) if op.parameter is not None else ()
    positive = op.parameter >= 1 if op.kind == "modulus" else op.parameter > 0 if op.parameter is not None else True
    return (Smooth(), translation_law(), homogeneity_law(), *joint, Convex(positive))


def verdicts(op: Any) -> Iterator[Verdict]:
    """The verdict on each law, as each is reached: those tried on every operator, then the operator's own."""
    for law in (*everywhere(op), *op.laws):
        yield law.attempt(op)


def prove(op: Any) -> list[Verdict]:
    """Try every law that is known on an operator, and the operator's own.

    Returns a Verdict for each: Proved, Refuted with a witness, Supported, or Undecided.

    >>> import smoothsym as ss
    >>> [v.outcome for v in prove(ss.pnorm) if v.law.startswith("a norm")]
    ['Proved']
    """
    return list(verdicts(op))


__all__ = [
    "Between",
    "Convex",
    "Definite",
    "Identity",
    "Law",
    "Limit",
    "Norm",
    "Pole",
    "Smooth",
    "Triangle",
    "Verdict",
    "prove",
    "verdicts",
]
