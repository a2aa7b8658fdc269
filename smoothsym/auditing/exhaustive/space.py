"""All rows of one or two numbers of a format are numbered, so that a range of numbers is a piece of work that can be done alone.

Numbers of a format come in an order of their own, the finite ones first. Pairs are numbered as they are without their order: the
pair of the a-th and the b-th, b <= a, has the number a (a + 1) / 2 + b and stands for its turned one too. So whoever computes
something symmetric needs half of them, and finite pairs come first again. Where signs do not matter to what is computed of rows,
those of moduli alone are numbered, and each stands for the rows of all signs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from smoothsym.formats import Format

Array = Any

BITS = 32
"""So many bits a row may have to be one of a number of rows that can all be tried."""


@dataclass(frozen=True)
class Space:
    """Every row of `n` numbers of a format, 1 or 2; of a `positive` domain those whose entries are above 0, infinities and nan included.

    With `moduli`, rows without signs are numbered, and each stands for all that differ from it by signs.
    """

    fmt: Format
    n: int
    positive: bool = False
    moduli: bool = False

    @cached_property
    def _stretches(self) -> list[tuple[int, int]]:
        """Ranges of bit patterns, in their order."""
        infinity, sign = self.fmt.infinity, self.fmt.sign_bit
        if self.positive:
            return [(1, infinity), (infinity, sign)]
        if self.moduli:
            return [(0, infinity), (infinity, sign)]
        return [(0, infinity), (sign, sign + infinity), (infinity, sign), (sign + infinity, 2 * sign)]

    @cached_property
    def numbers(self) -> int:
        """How many numbers the format has."""
        return sum(stop - start for start, stop in self._stretches)

    @cached_property
    def finite(self) -> int:
        """How many of them are finite."""
        return sum(stop - start for start, stop in self._stretches if stop % self.fmt.sign_bit == self.fmt.infinity)

    @property
    def size(self) -> int:
        """How far the numbers of rows go."""
        return self._rows(self.numbers)

    @property
    def ordinary(self) -> int:
        """The number from which on rows have entries that are not finite."""
        return self._rows(self.finite)

    def _rows(self, numbers: int) -> int:
        return numbers if self.n == 1 else numbers * (numbers + 1) // 2

    def inputs(self, start: int, stop: int) -> int:
        """How many inputs a range of numbers stands for: a pair of two different ones stands for two, and of moduli a row for those of all signs."""
        rows = stop - start if self.n == 1 else 2 * (stop - start) - (_triangle(stop) - _triangle(start))
        return rows * len(self.signs)

    @cached_property
    def signs(self) -> Array:
        """What turns rows into all those that they stand for: signs for each entry, as bits."""
        signs = (0, self.fmt.sign_bit) if self.moduli else (0,)
        return np.array(list(product(signs, repeat=self.n)), dtype=self.fmt.uint)

    def signed(self, rows: Array, signs: Array) -> Array:
        """Rows of moduli with signs.

        >>> from smoothsym import formats
        >>> space = Space(formats.get("float16"), 2, moduli=True)
        >>> [space.signed(space.rows(1, 2), signs).tolist() for signs in space.signs[1:3]]
        [[[5.960464477539063e-08, -0.0]], [[-5.960464477539063e-08, 0.0]]]
        """
        return self.fmt.to_array(self.fmt.bits_of(rows) | signs)

    def rows(self, start: int, stop: int) -> Array:
        """The rows of a range, of the format's dtype, of shape (rows, n).

        >>> from smoothsym import formats
        >>> Space(formats.get("float16"), 2).rows(1, 3).tolist()
        [[5.960464477539063e-08, 0.0], [5.960464477539063e-08, 5.960464477539063e-08]]
        """
        return self.fmt.to_array(self._patterns(start, stop))

    def _patterns(self, start: int, stop: int) -> Array:
        if self.n == 1:
            return self._numbers(start, stop)[:, None]
        first, last = _root(start), _root(stop - 1)
        a = np.arange(first, last + 1, dtype=np.int64)
        begins = np.maximum(a * (a + 1) // 2, start)
        ends = np.minimum((a + 1) * (a + 2) // 2, stop)
        found = np.empty((stop - start, 2), dtype=self.fmt.uint)
        found[:, 0] = np.repeat(self._numbers(first, last + 1), ends - begins)
        numbers, before = self._numbers(0, last + 1), a * (a + 1) // 2
        pieces = zip((begins - before).tolist(), (ends - before).tolist(), strict=True)
        np.concatenate([numbers[begin:end] for begin, end in pieces], out=found[:, 1])
        return found

    def _numbers(self, start: int, stop: int) -> Array:
        """The bit patterns of a range of single numbers."""
        parts, before = [], 0
        for low, high in self._stretches:
            begin, end = max(start - before, 0), min(stop - before, high - low)
            parts.append(np.arange(low + begin, max(low + end, low + begin), dtype=self.fmt.uint))
            before += high - low
        return np.concatenate(parts)


def space_of(fmt: Format, n: int, positive: bool = False, moduli: bool = False) -> Space:
    """The space of rows of n numbers. Raises ValueError where there are too many to be tried."""
    if n > 2 or fmt.bits * n > BITS:
        rows = f"2**{fmt.bits * n} rows of {n} numbers" if n > 1 else f"2**{fmt.bits} numbers"
        raise ValueError(
            f"exhaustive=True: {fmt.name} has {rows}, too many to be tried; what can be: float16, bfloat16 and float32 of one "
            "entry, float16 and bfloat16 of two (n=2)"
        )
    return Space(fmt, n, positive, moduli)


def _root(number: int) -> int:
    """The a of the pair with a number."""
    a = int(((8 * number + 1) ** 0.5 - 1) / 2)
    while a * (a + 1) // 2 > number:
        a -= 1
    while (a + 1) * (a + 2) // 2 <= number:
        a += 1
    return a


def _triangle(number: int) -> int:
    """How many pairs of a number with itself come before the one with this number."""
    return _root(number)
