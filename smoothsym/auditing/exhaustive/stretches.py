"""Between the ends of a stretch of rows a proved law leaves no room: where f hardly moves, or moves as one entry does, its ends tell it all.

For f monotone and sup-norm non-expansive and low <= x <= high, f(low) <= f(x) <= f(high); where only the entry j moves, f(x) - x_j
falls from f(low) - low_j to f(high) - high_j. Whichever of the two is a constant within what judging can tell is taken for one. An even f
of one entry is taken as one of its modulus; a norm of two as one of theirs, and it moves by no more than an entry does, as
|f(x) - f(y)| <= f(x - y) and f of a vector of one entry is its modulus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import S, sympify

from smoothsym.auditing.measuring.references import reference
from smoothsym.cases import Case
from smoothsym.certify.measured_rows import FINE
from smoothsym.formats import Format
from smoothsym.laws import Even, Law, Monotone, NonExpansive, Norm, OwnLipschitz, prove
from smoothsym.laws.bounds import by_moduli
from smoothsym.laws.law import regime

Array = Any

LENGTH = 64
"""So many rows are one stretch."""
DOUBT = 2.0**-17
"""Of u |f| + eta, so much may be unknown of what is known by the ends of a stretch."""
FREE, FLAT, ALONG = 0, 1, 2
"""What f does on a stretch: anything, nothing, or what the first entry does; what the second one does is the next number."""


SIGNED, MODULI = "signed", "moduli"
UNIT = 1 + 2.0**-60
"""What rounding cannot tell from 1."""


@lru_cache(maxsize=64)
def confined(op: Any, parameter: float | None, n: int) -> str:
    """In what f is proved to be monotone and sup-norm non-expansive at a parameter: "signed" entries, their "moduli", or ""."""
    when = regime(op)
    if op.parameter is not None and sympify(when).subs(op.parameter, parameter) is not S.true:
        return ""

    def proved(*laws: Law) -> bool:
        return all(law.applies(op) for law in laws) and all(v.outcome == "Proved" for v in prove(op, laws))

    if proved(Monotone(when), NonExpansive(when)):
        return SIGNED
    rises = Monotone(when, on="x >= 0")
    if n == 1:
        return MODULI if even(op) and proved(rises, NonExpansive(when)) else ""
    norm = even(op) and proved(rises, Norm(when), OwnLipschitz(when)) and _unit(op, parameter, n)
    return MODULI if norm else ""


@lru_cache(maxsize=64)
def even(op: Any) -> bool:
    """Whether f is proved to be one of the moduli of its entries, each of any sign."""
    if op.domain == "positive":
        return False
    law = Even()
    return by_moduli(op) or (op.arity == 1 and law.applies(op) and prove(op, [law])[0].outcome == "Proved")


def _unit(op: Any, parameter: float | None, n: int) -> bool:
    """Whether f of each unit vector is at most 1."""
    rows = [tuple(float(q == j) for q in range(n)) for j in range(n)]
    found = [reference(op, "value", Case(row, parameter, ())).measured for row in rows]
    return all(one is not None and one.values[0][1] <= UNIT for one in found)


@dataclass(frozen=True)
class Stretches:
    """What f does on each stretch, and the constant that f or f - x_j is there, to within DOUBT (u |f| + eta)."""

    x: Array
    """The rows, by whose entries f is confined."""
    what: Array
    constant: Array

    @classmethod
    def of(cls, x: Array, valued: Callable[[Array], tuple[Array, Array]], fmt: Format) -> Stretches:
        """Of finite rows, by their values at the ends; rows behind the last whole stretch belong to none."""
        count = len(x) // LENGTH
        columns = [column[: count * LENGTH].reshape(count, LENGTH) for column in x.T]
        low, high = ([by(axis=1) for by in bys] for bys in zip(*((c.min, c.max) for c in columns), strict=True))
        values, left = valued(np.array([np.concatenate(pair) for pair in zip(low, high, strict=True)]).T)
        bottom, top = values[:count, 0], values[count:, 0]
        u, eta = float(fmt.u), float(fmt.smallest_subnormal)
        most, size = np.maximum(np.abs(bottom), np.abs(top)), np.minimum(np.abs(bottom), np.abs(top))
        size[np.sign(bottom) != np.sign(top)] = 0.0
        # The ends are known to within FINE, and what is made of them here is rounded twice.
        allowed = DOUBT * (u * size + eta) - 2 * FINE * (u * most + eta) - 2.0**-50 * most
        allowed[left[:count] | left[count:]] = -1.0
        flat = np.abs(top - bottom) <= allowed
        what, constant = np.where(flat, FLAT, FREE).astype(np.uint8), np.where(flat, bottom, 0.0)
        moves = [a != b for a, b in zip(low, high, strict=True)]
        for j, moving in enumerate(moves):
            alone = moving & ~flat & (np.sum(moves, axis=0) == 1)
            first, last = bottom - low[j], top - high[j]
            along = alone & (np.abs(first - last) <= allowed)
            what[along], constant[along] = ALONG + j, first[along]
        return cls(x, what, constant)

    def fill(self, values: Array) -> None:
        """Write what f is on the stretches where it is known."""
        size = len(self.what) * LENGTH
        by_stretch = values[:size].reshape(-1, LENGTH)
        known = self.what != FREE
        if known.all() and (self.what == self.what[:1]).all():
            by_stretch[:] = self.constant[:, None]
        else:
            by_stretch[known] = self.constant[known, None]
        for j, column in enumerate(self.x.T):
            along = self.what == ALONG + j
            if along.all():
                by_stretch += column[:size].reshape(-1, LENGTH)
            elif along.any():
                by_stretch[along] += column[:size].reshape(-1, LENGTH)[along]

    @property
    def free(self) -> Array:
        """The places of the rows of which the stretches say nothing."""
        mask = np.ones(len(self.x), dtype=bool)
        mask[: len(self.what) * LENGTH] = np.repeat(self.what == FREE, LENGTH)
        return np.flatnonzero(mask)

    def turned(self) -> Stretches:
        """Those of pairs that are turned round."""
        what = np.array([FREE, FLAT, ALONG + 1, ALONG], dtype=np.uint8)[self.what]
        return Stretches(self.x[:, ::-1], what, self.constant)

    def followed(self, got: Array) -> Array:
        """On which stretches the results do as f does, so that their errors are the same in every row."""
        size = len(self.what) * LENGTH
        mine = got[:size].reshape(-1, LENGTH)
        found = (self.what == FLAT) & (mine == mine[:, :1]).all(axis=1) if (self.what == FLAT).any() else self.what < 0
        for j, column in enumerate(self.x.T):
            along = self.what == ALONG + j
            if along.any():
                found = found | (along & (mine == column[:size].reshape(-1, LENGTH)).all(axis=1))
        return found
