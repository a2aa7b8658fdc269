"""exp, expm1, log, log1p and powers of pairs, by a table, a short polynomial and Newton's step.

exp(t) = 2^e T_i exp(s), with K = 4096 in float64 and 64 in float32, k = round(t K / ln 2) = K e + i, T_i = 2^(i/K), |s| <= ln 2 / 2 K.

    s       t - k (ln 2 / K) in pairs, to 4 u^2 |t| + 3 u^2 |s|, which is relative to exp(t)
    E       exp(s) - 1 = s + s^2/2 + c, s^2 to 2 u^2 s^2; c = s^3/6 + ... + s^6/720 in floats and without lo, to 8 u |c|; the next term
            is below s^7/5000
    exp     T + T E: (4 |t| + 8) u^2 + 8 u |c|, |c| < 2^-43.1 in float64, 2^-25.1 in float32
    expm1   E itself where k = 0, to 8 u |c / s|, |c / s| < 2^-29.6 and 2^-17.6; else exp(t) - 1, to the same error over ln 2 / 2 K
    log     y0 from the library, within 8 of its last places; d = (y - exp(y0)) / exp(y0); log y = y0 + d - d^2/2 + d^3/3, to the
            error of exp(y0); where 1/2 < y < 2 to 3/2 that of expm1(y0), y - 1 and expm1(y0) standing for y and exp(y0)
    log1p   the same, from w = y - 1
    pow     exp(q log y): |q log y| times the relative error of log, and that of exp
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import inf
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp

from smoothsym.program.pairs.arithmetic import Arithmetic, Pair

SHIFTS = {"float32": 6, "float64": 12}
"""log2 K."""

_LN2 = Fraction(int(libmp.ln2_fixed(300)), 1 << 300)


@dataclass(frozen=True)
class _Constants:
    """What a format needs, as arrays of NumPy: 2^(i/K) as pairs, and the powers of two from 2^-ends on."""

    shift: int
    heads: Any
    rests: Any
    powers: Any
    ends: int


@cache
def _constants(format: str) -> _Constants:
    of = Arithmetic(np, format)
    shift = SHIFTS[format]
    with mpmath.workprec(220):
        table = [mpmath.mpf(2) ** (mpmath.mpf(i) / (1 << shift)) for i in range(1 << shift)]
    pairs = np.array([of.halves(Fraction(int(mpmath.ldexp(t, 200)), 1 << 200)) for t in table]).astype(format)
    ends = (of.digits - of.least) // 2 + 8
    powers = np.array([2.0**e for e in range(-ends, ends + 1)]).astype(format)
    return _Constants(shift, pairs[:, 0].copy(), pairs[:, 1].copy(), powers, ends)


FUNCTIONS = {
    "float64": {"exp": 2.0**-92, "expm1": 2.0**-79, "log": 2.0**-78, "log1p": 2.0**-78, "pow": 2.0**-68},
    "float32": {"exp": 2.0**-37, "expm1": 2.0**-37, "log": 2.0**-36, "log1p": 2.0**-36, "pow": 2.0**-29},
}
"""The relative errors by format, from the lines above with |t| <= 745 and 104."""


class Functions(Arithmetic):
    """The elementary functions, on top of the arithmetic."""

    def exponentials(self, t: Pair) -> tuple[Pair, Pair]:
        """exp(t) and expm1(t)."""
        xp, known = self.xp, _constants(self.format)
        # Beyond these ends exp is 0 and inf; what is far beyond them has no k.
        end = 0.694 * (2 * known.ends - 12)
        hi = xp.clip(t.hi, -end, end)
        lo = None if t.lo is None else xp.where(hi == t.hi, t.lo, 0.0)
        step = _LN2 / (1 << known.shift)
        k = xp.round(hi * (1 / float(step)))
        s = self.add(Pair(hi, lo), self.mul(Pair(-k), self.number(step)))
        h, l = s.hi, self.low(s)
        square, rest = self.two_prod(h, h)
        c = self.times(
            self.times(h, square), 1 / 6 + self.times(h, 1 / 24 + self.times(h, 1 / 120 + self.times(h, 1 / 720)))
        )
        grown = self.add(self.add(s, Pair(square / 2, rest / 2 + self.times(h, l))), Pair(c))
        whole = xp.astype(xp.where(k == k, k, 0.0), xp.int32)
        place, scale = whole & ((1 << known.shift) - 1), whole >> known.shift
        table = Pair(self.array(known.heads)[place], self.array(known.rests)[place])
        half, powers = scale >> 1, self.array(known.powers)
        first, second = powers[half + known.ends], powers[scale - half + known.ends]
        value = self.add(table, self.mul(table, grown))
        value = Pair(value.hi * first * second, self.low(value) * first * second)
        value = Pair(xp.where(t.hi == t.hi, value.hi, t.hi), xp.where(xp.isfinite(value.hi), value.lo, 0.0))
        less = self.choose(k == 0, grown, self.sub(value, self.number(Fraction(1))))
        return value, less

    def exp(self, t: Pair) -> Pair:
        return self.exponentials(t)[0]

    def expm1(self, t: Pair) -> Pair:
        return self.exponentials(t)[1]

    def log(self, y: Pair) -> Pair:
        xp = self.xp
        half = -self.least // 2
        up, down, none = (self.array(v) for v in (2.0**half, 2.0**-half, 1.0))
        large, small = y.hi > up, y.hi < down
        z = self.scale(y, xp.where(large, down, xp.where(small, up, none)))
        result = self._newton(self.sub(z, self.number(Fraction(1))), z)
        apart = self.mul(self.number(_LN2 * half), Pair(xp.where(large, none, -none)))
        return self.choose(large | small, self.add(result, apart), result)

    def log1p(self, w: Pair) -> Pair:
        return self._newton(w, self.add(w, self.number(Fraction(1))))

    def _newton(self, w: Pair, y: Pair) -> Pair:
        """log y = log1p w for y = 1 + w, from a float near it."""
        near = (y.hi > 0.5) & (y.hi < 2)
        start = self.xp.where(near, self.xp.log1p(w.hi), self.xp.log(y.hi))
        whole, less = self.exponentials(Pair(start))
        left = self.sub(self.choose(near, w, y), self.choose(near, less, whole))
        d = left.hi / whole.hi
        square = self.times(d, d)
        change = d - self.times(square, 0.5 - self.times(d, 1 / 3))
        return self.finite(self.two_sum(start, change), change, start)

    def pow(self, y: Pair, q: Pair) -> Pair:
        """y^q; for y < 0 of whole q, nan of others."""
        xp = self.xp
        size = self.abs(y)
        result = self.exp(self.mul(q, self.log(size)))
        half = q.hi / 2
        odd = (half - xp.floor(half)) * 2
        whole = (xp.floor(q.hi) == q.hi) & (self.low(q) == 0)
        negative = self.choose(odd == 1, self.neg(result), result)
        negative = self.choose(whole, negative, Pair(xp.where(result.hi == inf, result.hi, self.array(float("nan")))))
        result = self.choose(y.hi < 0, negative, result)
        return self.choose(q.hi == 0, self.number(Fraction(1)), result)
