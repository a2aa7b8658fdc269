"""Sums, products, quotients and roots of pairs hi + lo with |lo| <= u |hi|, on arrays of NumPy, PyTorch and JAX.

Errors relative to the result, and 8 of the smallest numbers beside, for what is lost below them (`RELATIVE` has them as numbers):

    add    3 u^2 (Joldes, Muller and Popescu 2017, algorithm 6), where terms cancel too
    mul    e of hi hi' is exact; hi lo', lo hi' and their sums are rounded, 7 u^2, and lo lo' is left out: 8 u^2
    div    q = hi / hi', r = a - q b to 3 u^2 |a|, at most 3 u |a| in size, and r.hi / hi' with three relative errors u: 12 u^2
    sqrt   likewise, from a root within 2 u, r at most 5 u a: 5 u^2, and 25 u^2 / 8 of the second order: 10 u^2
    hypot  large sqrt(1 + (small / large)^2), of all these: 40 u^2
    sum    heads cut at a unit of 3 u sum|v_j| to 6 u sum|v_j| add up exactly, in any order (Rump, Ogita and Oishi 2008); of the rests,
           at most n such units, once more; what is left of them, 18 n^2 u^2 sum |v_j|, is added in any order: 3 u^2 + 20 n^3 u^3
           relative to sum |v_j|; in float32, where there is one cut more, 3 u^2 + 110 n^4 u^4

XLA turns a b + c into one operation, which breaks what rests on how a b is rounded; so every product that is added to something is
either exact, a product of halves, or goes through a choice, which it does not look across (`times`). And it turns (a + 1) - 1 into
a, so constants are hidden from it (`given`).
A pair whose hi is no finite number has lo = 0; lo is None where it is 0 throughout.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

RELATIVE = {"add": 3, "sub": 3, "mul": 8, "div": 12, "sqrt": 10, "hypot": 40, "sum": 4}
"""The relative errors in u^2; of a sum, relative to the sum of the moduli, for n up to 40,000 in float64 and 1000 in float32."""


class Pair(NamedTuple):
    hi: Any
    lo: Any = None


@dataclass(frozen=True)
class Arithmetic:
    """The operations, for a library and one of its formats, "float32" or "float64"."""

    xp: Any
    format: str
    device: Any = None
    """Where PyTorch keeps arrays."""

    @property
    def dtype(self) -> Any:
        return getattr(self.xp, self.format)

    @property
    def numpy(self) -> Any:
        """The format as a type of NumPy."""
        return np.dtype(self.format).type

    @property
    def digits(self) -> int:
        return int(np.finfo(self.format).nmant) + 1

    @property
    def least(self) -> int:
        """The smallest normal number is 2 to this."""
        return int(np.finfo(self.format).minexp)

    @property
    def cuts(self) -> int:
        """How often a sum is cut."""
        return 2 if self.digits > 24 else 3

    @cached_property
    def fuses(self) -> bool:
        """Whether the library's compiler may turn a b + c into one operation."""
        return "jax" in getattr(self.xp, "__name__", "")

    # ---- numbers ----------------------------------------------------------------------------------------------------------------

    def array(self, values: Any) -> Any:
        return self.xp.asarray(values, dtype=self.dtype, **({} if self.device is None else {"device": self.device}))

    def places(self, n: int) -> Any:
        """0, 1, ..., n - 1, where the arrays are."""
        return self.xp.arange(n, **({} if self.device is None else {"device": self.device}))

    def halves(self, value: Fraction) -> tuple[float, float]:
        """A number as a pair of floats of the format."""
        hi = self.nearest(value)
        return hi, self.nearest(value - Fraction(hi)) if abs(hi) < float("inf") else 0.0

    def nearest(self, value: Fraction) -> float:
        try:
            return float(self.numpy(value.numerator / value.denominator))
        except OverflowError:
            return float("inf") if value > 0 else -float("inf")

    def number(self, value: Fraction) -> Pair:
        hi, lo = self.halves(value)
        return Pair(self.given(hi), self.given(lo) if lo else None)

    def given(self, value: Any) -> Any:
        """A number that is known beforehand, as an array which a compiler does not look into."""
        value = self.array(value)
        return import_module("jax.lax").optimization_barrier(value) if self.fuses else value

    # ---- floats -----------------------------------------------------------------------------------------------------------------

    def times(self, a: Any, b: Any) -> Any:
        """a b, rounded before anything is added to it; 0 for nan where a compiler has to be kept from fusing."""
        product = a * b
        return self.xp.where(product == product, product, 0.0) if self.fuses else product

    def split(self, a: Any) -> tuple[Any, Any]:
        """a as a head of half the digits, rounded to nearest, and the rest, which has half the digits too."""
        cut = (self.digits + 1) // 2
        bits = a.view(self.xp.int64 if self.digits > 24 else self.xp.int32)
        head = ((bits + (1 << (cut - 1))) & -(1 << cut)).view(self.dtype)
        # Near the largest number it is cut: the rest has one digit more, and its product with any half is exact still.
        head = self.xp.where(self.xp.isfinite(head), head, (bits & -(1 << cut)).view(self.dtype))
        return head, a - head

    def two_sum(self, a: Any, b: Any) -> tuple[Any, Any]:
        """a + b rounded, and what that leaves, exactly (Knuth)."""
        s = a + b
        c = s - a
        return s, (a - (s - c)) + (b - c)

    def fast_two_sum(self, a: Any, b: Any) -> tuple[Any, Any]:
        """The same for |a| >= |b| (Dekker)."""
        s = a + b
        return s, b - (s - a)

    def two_prod(self, a: Any, b: Any) -> tuple[Any, Any]:
        """a b rounded, and what that leaves, exactly (Dekker; every product of halves is exact)."""
        p = self.times(a, b)
        a1, a2 = self.split(a)
        b1, b2 = self.split(b)
        return p, (((a1 * b1 - p) + a1 * b2) + a2 * b1) + a2 * b2

    def finite(self, pair: tuple[Any, Any], sure: Any, otherwise: Any) -> Pair:
        """A pair where `sure` is a finite number; elsewhere what the format has for it."""
        known = self.xp.isfinite(sure)
        return Pair(self.xp.where(known, pair[0], otherwise), self.xp.where(known, pair[1], 0.0))

    # ---- pairs ------------------------------------------------------------------------------------------------------------------

    def neg(self, a: Pair) -> Pair:
        return Pair(-a.hi, None if a.lo is None else -a.lo)

    def scale(self, a: Pair, factor: Any) -> Pair:
        """Times a power of two."""
        return Pair(a.hi * factor, None if a.lo is None else a.lo * factor)

    def add(self, a: Pair, b: Pair) -> Pair:
        s, e = self.two_sum(a.hi, b.hi)
        if a.lo is None and b.lo is None:
            return self.finite((s, e), e, s)
        if a.lo is None or b.lo is None:
            return self.finite(self.fast_two_sum(s, e + (b.lo if a.lo is None else a.lo)), e, s)
        t, f = self.two_sum(a.lo, b.lo)
        v, g = self.fast_two_sum(s, e + t)
        return self.finite(self.fast_two_sum(v, f + g), e, s)

    def sub(self, a: Pair, b: Pair) -> Pair:
        return self.add(a, self.neg(b))

    def mul(self, a: Pair, b: Pair) -> Pair:
        p, e = self.two_prod(a.hi, b.hi)
        rest = e
        if b.lo is not None:
            rest = rest + self.times(a.hi, b.lo)
        if a.lo is not None:
            rest = rest + self.times(a.lo, b.hi)
        return self.finite(self.fast_two_sum(p, rest), e, a.hi * b.hi)

    def div(self, a: Pair, b: Pair) -> Pair:
        q = a.hi / b.hi
        # The remainder of a tiny a would be lost below the smallest number; of a huge one scaled up it is 0 or unknown.
        tiny = self.xp.abs(a.hi) < 2.0 ** (self.least + 2 * self.digits)
        factor = self.xp.where(tiny, self.array(2.0 ** (3 * self.digits)), self.array(1.0))
        up = self.scale(b, factor)
        r = self.sub(self.scale(a, factor), self.mul(Pair(q), up))
        rest = r.hi / up.hi
        return self.finite(self.fast_two_sum(q, rest), rest, q)

    def sqrt(self, a: Pair) -> Pair:
        tiny = self.xp.abs(a.hi) < 2.0 ** (self.least + 2 * self.digits)
        root = 2.0 ** (2 * self.digits)
        a = self.scale(a, self.xp.where(tiny, self.array(root * root), self.array(1.0)))
        s = self.xp.sqrt(a.hi)
        rest = self.sub(a, self.mul(Pair(s), Pair(s))).hi / (s + s)
        result = self.finite(self.fast_two_sum(s, rest), rest, s)
        return self.scale(result, self.xp.where(tiny, self.array(1 / root), self.array(1.0)))

    def abs(self, a: Pair) -> Pair:
        lo = None if a.lo is None else self.xp.where(a.hi < 0, -a.lo, a.lo)
        return Pair(self.xp.abs(a.hi), lo)

    def choose(self, test: Any, a: Pair, b: Pair) -> Pair:
        if a.lo is None and b.lo is None:
            return Pair(self.xp.where(test, a.hi, b.hi))
        return Pair(self.xp.where(test, a.hi, b.hi), self.xp.where(test, self.low(a), self.low(b)))

    def low(self, a: Pair) -> Any:
        return self.array(0.0) if a.lo is None else a.lo

    def above(self, a: Pair, b: Pair) -> Any:
        """Whether a > b."""
        return (a.hi > b.hi) | ((a.hi == b.hi) & (self.low(a) > self.low(b)))

    def hypot(self, a: Pair, b: Pair) -> Pair:
        a, b = self.abs(a), self.abs(b)
        first = self.above(b, a)
        large, small = self.choose(first, b, a), self.choose(first, a, b)
        ratio = self.div(small, large)
        length = self.mul(large, self.sqrt(self.add(self.mul(ratio, ratio), self.number(Fraction(1)))))
        infinite = (a.hi == float("inf")) | (b.hi == float("inf"))
        plain = self.xp.where(infinite, float("inf"), large.hi)
        return self.choose(infinite | ((large.hi == 0) & (small.hi == 0)), Pair(plain), length)

    # ---- over an axis -----------------------------------------------------------------------------------------------------------

    def sum(self, a: Pair, axis: int) -> Pair:
        """Every term is cut at one unit for the whole row, so coarse that the heads add up without rounding; then what is left of it."""
        xp = self.xp
        huge = xp.max(xp.abs(a.hi), axis=axis) > 2.0 ** (-self.least - 2 * self.digits)
        down, up = (xp.where(huge, self.array(2.0**e), self.array(1.0)) for e in (-2 * self.digits, 2 * self.digits))
        parts = [part * self.along(down, axis) for part in a if part is not None]
        sums = []
        for _ in range(self.cuts):
            size = xp.sum(_total([xp.abs(part) for part in parts]), axis=axis)
            # Three times the size as a sum, since a product might be fused with what it is added to.
            unit = self.along(xp.where(size - size == 0, size + size + size, 0.0), axis)
            heads = [(part + unit) - unit for part in parts]
            parts = [part - head for part, head in zip(parts, heads, strict=True)]
            sums.append(xp.sum(_total(heads), axis=axis))
        first, second, *others = [*sums, xp.sum(_total(parts), axis=axis)]
        s, e = self.two_sum(first, second)
        rest = e + _total(others) if others else e
        return self.scale(self.finite(self.fast_two_sum(s, rest), rest, first), up)

    def along(self, value: Any, axis: int) -> Any:
        """What is one number for each row, beside the row."""
        return value[(..., None, *[slice(None)] * (-1 - axis))]

    def largest(self, a: Pair, axis: int) -> Pair:
        hi = self.xp.max(a.hi, axis=axis)
        if a.lo is None:
            return Pair(hi)
        lo = self.xp.max(self.lows_at(hi, a, axis), axis=axis)
        return self.finite((hi, lo), hi, hi)

    def position(self, a: Pair, axis: int) -> Any:
        """Where the largest entry stands first."""
        values = a.hi if a.lo is None else self.lows_at(self.xp.max(a.hi, axis=axis), a, axis)
        return self.xp.argmax(values, axis=axis)

    def lows_at(self, hi: Any, a: Pair, axis: int) -> Any:
        return self.xp.where(a.hi == self.along(hi, axis), a.lo, -float("inf"))


def _total(parts: list[Any]) -> Any:
    return reduce(operator.add, parts)
