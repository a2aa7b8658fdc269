"""Which entries of a row count, and how often: a weight is a number of times, a mask leaves entries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np

from smoothsym import words
from smoothsym.certify.inputs import Row, index_of, nested, rows_of
from smoothsym.certify.special import Number
from smoothsym.errors import shown

WEIGHTS, DIRECTION = str(words.w.label), str(words.v.label)


@dataclass(frozen=True)
class Counted:
    """The entries of a row that count, where they stand in it, and the vectors beside them: their weights, a direction."""

    entries: Row
    places: Sequence[int]
    size: int
    vectors: Mapping[str, Sequence[Fraction]] = field(default_factory=dict)

    @classmethod
    def whole(cls, row: Sequence[Number]) -> Counted:
        """A row of which every entry counts, once."""
        return cls(list(row), range(len(row)), len(row))

    @property
    def weights(self) -> Sequence[Fraction] | None:
        return self.vectors.get(WEIGHTS)

    def spread(self, found: list[Any], rank: int, nothing: Any) -> list[Any]:
        """Outputs over the entries that count, put back among `nothing` for those that are left out."""
        if rank == 0 or len(self.places) == self.size:
            return found
        spread = [nothing] * self.size**rank
        for q, value in enumerate(found):
            a, b = divmod(q, len(self.places))
            spread[self.places[b] if rank == 1 else self.places[a] * self.size + self.places[b]] = value
        return spread


def counted_rows(
    op: Any, x: Any, weights: Any, where: Any, v: Any
) -> tuple[list[Counted], tuple[int, ...], dict[str, int]]:
    """The rows of an array-like with what counts of each, its shape, and how many numbers each vector has beside a row.

    Raises ValueError and TypeError for what does not fit.
    """
    if op.arity is not None and where is not None:
        raise ValueError(
            f"where={where!r}: {op.name} is a function of x[1]{', x[2]' * (op.arity > 1)}, of which none can be left out"
        )
    entries, shape = nested(x)
    if op.arity == 1 and shape[-1:] != (1,):
        shape = (*shape, 1)
    counts = _weights(weights, shape)
    mask = _mask(where, shape)
    ones = [Fraction(1)] * len(entries)
    out = [not (m and c) for m, c in zip(mask or ones, counts or ones, strict=True)]
    rows, shape = rows_of(op, x, out)
    size = shape[-1]
    directions = _directions(v, shape)
    found = []
    for q, row in enumerate(rows):
        places = [place for place in range(size) if not out[q * size + place]]
        vectors: dict[str, list[Fraction]] = {}
        if counts is not None:
            vectors[WEIGHTS] = [counts[q * size + place] for place in places]
            if size and not any(counts[q * size : (q + 1) * size]):
                raise ValueError(
                    f"the weights of row {q} are all zero; give a positive one, or leave entries out by where="
                )
        if directions is not None:
            given = directions[q]
            vectors[DIRECTION] = [given[place] for place in places] if len(given) == size else given
        found.append(Counted([row[place] for place in places], places, size, vectors))
    sizes = {WEIGHTS: size} if counts is not None else {}
    if directions is not None:
        sizes[DIRECTION] = len(directions[0]) if directions else size
    return found, shape, sizes


def _weights(weights: Any, shape: tuple[int, ...]) -> list[Fraction] | None:
    if weights is None:
        return None
    entries, own = nested(weights, "weights")
    for place, value in enumerate(entries):
        if not isfinite(value) or value < 0:
            raise ValueError(
                f"weights has the entry {shown(float(value))} at {index_of(place, own)}; "
                "a weight is how many times an entry counts: give finite numbers from 0 on"
            )
    return _broadcast(entries, own, shape, "weights")


def _mask(where: Any, shape: tuple[int, ...]) -> list[bool] | None:
    if where is None:
        return None
    mask = np.asarray(where)
    if mask.dtype != np.bool_:
        raise TypeError(f"where has dtype {mask.dtype}; give booleans, True where an entry counts")
    return _broadcast(list(mask.reshape(-1).tolist()), mask.shape, shape, "where")


def _directions(v: Any, shape: tuple[int, ...]) -> list[list[Fraction]] | None:
    """A direction for each row: as many numbers as x has there, or one."""
    if v is None:
        return None
    entries, own = nested(v, "v")
    for place, value in enumerate(entries):
        if not isfinite(value):
            raise ValueError(f"v has the entry {value!r} at {index_of(place, own)}; give finite numbers")
    count = int(np.prod(shape[:-1]))
    if own in ((), (1,)):
        return [[Fraction(entries[0])]] * count
    found = _broadcast(entries, own, shape, "v")
    return [found[q * shape[-1] : (q + 1) * shape[-1]] for q in range(count)]


def _broadcast(entries: list[Any], own: tuple[int, ...], shape: tuple[int, ...], argument: str) -> list[Any]:
    """Entries of the shape of x, or of one row that stands for all."""
    if own not in (shape, shape[-1:]):
        raise ValueError(
            f"{argument} has shape {own}, and x has shape {shape}; give the shape of x, or {shape[-1]} of them for every row"
        )
    return entries * (int(np.prod(shape[:-1])) if own != shape else 1)
