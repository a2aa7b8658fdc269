"""Which entries of a row count, and how often: a weight is a number of times, a mask leaves entries out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np

from smoothsym import words
from smoothsym.certify.inputs import Row, exact_number, floats_of, index_of, is_floats, nested, rows_of
from smoothsym.certify.special import Number
from smoothsym.errors import shown

Array = Any

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


@dataclass(frozen=True)
class Alike:
    """Rows of floats of which equally many entries count, and those alone; `places` say which rows, `counts` which entries, None for all."""

    places: Array
    vectors: Mapping[str, Array]
    counts: Array | None = None

    @property
    def size(self) -> int:
        return int(self.vectors["x"].shape[1])

    def exact(self, row: int) -> Counted:
        """A row as the numbers that it is."""
        beside = {
            name: [Fraction(v) for v in vector[row].tolist()] for name, vector in self.vectors.items() if name != "x"
        }
        entries = [exact_number(v, "x") for v in self.vectors["x"][row].tolist()]
        return Counted(entries, range(self.size), self.size, beside)

    def put(self, found: Array, into: Array) -> None:
        """Outputs over the entries that count, put into those of all rows, with zeros for what is left out."""
        if self.counts is not None and found.ndim > 1:
            mask = self.counts if found.ndim == 2 else self.counts[:, :, None] & self.counts[:, None, :]
            spread = np.zeros(mask.shape, dtype=found.dtype)
            spread[mask] = found.reshape(-1)
            found = spread
        into[self.places] = found


@dataclass(frozen=True)
class Floats:
    """Rows of floats, which of their entries count, None for all, and the vectors beside them, with an axis for the rows."""

    rows: Array
    shape: tuple[int, ...]
    vectors: Mapping[str, Array]
    counts: Array | None = None

    def alike(self, start: int, stop: int) -> Iterator[Alike]:
        """The rows from `start` to `stop`, as float64, without what is left out: it is in no sum, no maximum and no length."""
        with np.errstate(invalid="ignore"):  # of a signalling nan
            vectors = {"x": self.rows[start:stop].astype(np.float64, copy=False)}
        vectors |= {name: vector[start:stop] for name, vector in self.vectors.items()}
        counts = None if self.counts is None else self.counts[start:stop]
        places, size = np.arange(start, start + len(vectors["x"])), self.rows.shape[1]
        if counts is None:
            yield Alike(places, vectors)
            return
        many = np.count_nonzero(counts, axis=1)
        for count in np.unique(many).tolist():
            mine = many == count
            which = counts[mine]
            kept = {
                name: vector[mine][which].reshape(len(which), count) if vector.shape[1] == size else vector[mine]
                for name, vector in vectors.items()
            }
            yield Alike(places[mine], kept, which)


def counted_floats(op: Any, x: Any, weights: Any, where: Any, v: Any) -> Floats | None:
    """An array of floats with what counts of each row and the vectors beside it; None where something is no float64, or does not fit."""
    if not is_floats(x) or x.ndim == 0 or (op.arity is not None and where is not None):
        return None
    shape = x.shape if op.arity != 1 or x.shape[-1:] == (1,) else (*x.shape, 1)
    count, vectors, counts = int(np.prod(shape[:-1])), dict[str, Array](), None
    if where is not None:
        mask = np.asarray(where)
        if mask.dtype != np.bool_ or mask.shape not in (shape, shape[-1:]):
            return None
        counts = np.broadcast_to(mask, shape).reshape(count, shape[-1])
    for name, given in ((WEIGHTS, weights), (DIRECTION, v)):
        if given is None:
            continue
        if (vector := _as_floats(given, name)) is None or not np.isfinite(vector).all():
            return None
        one = name == DIRECTION and vector.shape in ((), (1,))
        if not one and vector.shape not in (shape, shape[-1:]):
            return None
        size = 1 if one else shape[-1]
        vectors[name] = np.broadcast_to(vector, (*shape[:-1], size)).reshape(count, size)
    if weights is not None:
        w = vectors[WEIGHTS]
        if (w < 0).any() or (shape[-1] and not (w > 0).any(axis=1).all()):
            return None
        if not (w > 0).all():
            counts = w > 0 if counts is None else counts & (w > 0)
    if counts is not None and counts.all():
        counts = None
    floats = floats_of(op, x, counts)
    return None if floats is None else Floats(*floats, vectors, counts)


def _as_floats(values: Any, argument: str) -> Array | None:
    """Numbers as the float64s that they are; None where one is none."""
    if is_floats(values):
        with np.errstate(invalid="ignore"):
            return values.astype(np.float64, copy=False)
    if type(values) is np.ndarray and values.dtype.kind in "iu":
        whole = values.astype(np.float64)
        return whole if bool((np.abs(whole) < 2.0**53).all()) else None
    entries, shape = nested(values, argument)
    try:
        found = [float(v) for v in entries]
    except OverflowError:
        return None
    return np.array(found).reshape(shape) if found == entries else None


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
