"""Laws of smooth maxima: which are tried on every operator, and what was shown of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from smoothsym.laws.bounds import Between
from smoothsym.laws.distances import Lipschitz, NonExpansive, Unbounded
from smoothsym.laws.expansions import Expansion
from smoothsym.laws.law import Law, Nonnegative, Zero, check, regime
from smoothsym.laws.limits import Limit, Pole, Smooth
from smoothsym.laws.maps import Cocoercive, LipschitzMap
from smoothsym.laws.norms import (
    AbsolutelyHomogeneous,
    Definite,
    DualNorm,
    HalfSquare,
    Norm,
    OwnLipschitz,
    Superadditive,
    Triangle,
)
from smoothsym.laws.ordering import OrderedSlopes
from smoothsym.laws.pairs import PairConvex
from smoothsym.laws.parameter import InParameter, JointlyConvex
from smoothsym.laws.shape import Convex, Monotone, QuasiConvex, SchurConvex
from smoothsym.laws.simplex import FinitelyExact
from smoothsym.laws.stated import Conjugate, Identity, Inequality
from smoothsym.laws.symmetry import (
    Associative,
    Dual,
    Even,
    Homogeneous,
    JointlyHomogeneous,
    Symmetric,
    Translation,
)
from smoothsym.laws.verdict import Verdict, Verdicts
from smoothsym.symbolic.derivatives import NotDifferentiable


def everywhere(op: Any) -> tuple[Law, ...]:
    """The laws that are tried on an operator beside its own: all that say something of it."""
    when = regime(op)
    tried: tuple[Law, ...] = (
        Smooth(), Symmetric(), Translation(), Homogeneous(), JointlyHomogeneous(), Dual(), Associative(), Associative(weighted=True),
        Monotone(when), Convex(when), Convex(when, concave=True), QuasiConvex(when), SchurConvex(when), JointlyConvex(), NonExpansive(when),
        Norm(when),
    )  # fmt: skip
    return tuple(law for law in tried if law.applies(op))


def attempts(op: Any, laws: Sequence[Law] | None = None) -> Iterator[tuple[Law, Verdict]]:
    """Each law with its verdict, as each is reached: those tried on every operator, then the operator's own."""
    op = op.leading
    for law in (*everywhere(op), *op.laws) if laws is None else laws:
        try:
            verdict = law.attempt(op)
        except NotDifferentiable as kink:
            verdict = law.verdict(op, "Undecided", f"no rule is left: {kink}")
        yield law, verdict


def verdicts(op: Any, laws: Sequence[Law] | None = None) -> Iterator[Verdict]:
    """The verdict on each law, as each is reached."""
    return (verdict for _, verdict in attempts(op, laws))


def prove(op: Any, laws: Sequence[Law] | None = None) -> Verdicts:
    """Try every law that is known on an operator, and the operator's own; or the laws that are given.

    Returns a list, with a Verdict for each: Proved, Refuted with a witness, Supported, or Undecided.

    >>> import smoothsym as ss
    >>> [v.outcome for v in prove(ss.pnorm) if v.law.startswith("a norm")][0]
    'Proved'
    """
    return Verdicts(verdicts(op, laws))


__all__ = [
    "AbsolutelyHomogeneous", "Associative", "Between", "Cocoercive", "Conjugate", "Convex", "Definite", "Dual",
    "DualNorm", "Even", "Expansion", "FinitelyExact", "HalfSquare", "Homogeneous", "Identity", "InParameter", "Inequality",
    "JointlyConvex", "JointlyHomogeneous", "Law", "Limit", "Lipschitz", "LipschitzMap", "Monotone", "NonExpansive",
    "Nonnegative", "Norm", "OrderedSlopes", "OwnLipschitz", "PairConvex", "Pole", "QuasiConvex", "SchurConvex", "Smooth",
    "Superadditive", "Symmetric", "Translation", "Triangle", "Unbounded", "Verdict", "Verdicts", "Zero", "attempts", "check",
    "everywhere", "prove", "regime", "verdicts",
]  # fmt: skip
