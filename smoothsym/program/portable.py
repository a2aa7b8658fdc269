"""Functions made of additions, multiplications, divisions and square roots alone: the same bits on every machine.

What a library computes exp and log by differs between processors, and so do its last bits. Where a choice hangs on them, as which
floats lie on both sides of an edge does, these are used: within two units in the last place, over the whole range of float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import factorial
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym.program.twofold.exponential import _fast
from smoothsym.program.twofold.logarithm import log as twofold_log
from smoothsym.program.twofold.values import Twofold, fold, two_prod, two_sum

Array = Any

_LN2 = Fraction(int(libmp.ln2_fixed(200)), 1 << 200)
_HIGH = float(Fraction(int(_LN2 * 2**32), 2**32))
"""ln 2 in 32 bits, whose multiples by an exponent are exact."""
_LOW = float(_LN2 - Fraction(_HIGH))
_RATE = float(1 / _LN2)
_TERMS = [1 / factorial(q) for q in range(17, 1, -1)]
_ODD = [1 / q for q in range(25, 1, -2)]
_GENTLE, _FAR = 680.0, 3000.0
_NEAR = 0.35
_LEAST = 2.0**-1022
_QUIET = np.errstate(all="ignore")


@_QUIET
def exp(t: Any) -> Array:
    """e^t.

    >>> exp(np.array([0.0, 1.0, -800.0, 800.0])).tolist()
    [1.0, 2.718281828459045, 0.0, inf]
    """
    return _rounded(_exp(_wide(t), None), t)


@_QUIET
def expm1(t: Any) -> Array:
    """e^t - 1."""
    wide = _wide(t)
    near = np.abs(wide) < _NEAR
    small = np.where(near, wide, 0.0)
    return _rounded(np.where(near, small + small * small * _rest(small), _exp(wide, None) - 1), t)


@_QUIET
def log(y: Any) -> Array:
    """ln y.

    >>> log(np.array([1.0, 10.0, 0.0])).tolist()
    [0.0, 2.302585092994046, -inf]
    """
    return _rounded(_log(_wide(y)), y)


@_QUIET
def log1p(w: Any) -> Array:
    """ln(1 + w)."""
    wide = _wide(w)
    above = 1 + wide
    # What the sum lost is put back to first order.
    lost = np.where(above >= 2, 1 - (above - wide), wide - (above - 1))
    ordinary = (above > 0) & np.isfinite(above) & (wide != 0)
    return _rounded(np.where(ordinary, _log(above) + np.where(ordinary, lost / above, 0.0), _edge(wide, above)), w)


@_QUIET
def power(a: Any, b: Any) -> Array:
    """a^b; special cases are those of IEEE's pow, which are exact.

    >>> power(np.array([2.0, 10.0, -2.0, 0.0, 4.0]), np.array([0.5, -3.0, 3.0, 2.0, 0.5])).tolist()
    [1.4142135623730951, 0.001, -8.0, 0.0, 2.0]
    """
    base, exponent = (part.ravel() for part in np.broadcast_arrays(_wide(a), _wide(b)))
    ordinary = (base != 0) & np.isfinite(base) & np.isfinite(exponent)
    ordinary &= (base > 0) | (exponent == np.rint(exponent))
    found = np.power(np.where(ordinary, 1.0, base), exponent)
    for special, function in _POWERS.items():
        mine = ordinary & (exponent == special)
        if mine.any():
            found[mine] = function(base[mine])
            ordinary &= ~mine
    if ordinary.any():
        found[ordinary] = _power(base[ordinary], exponent[ordinary])
    return _rounded(found, a, b)


_POWERS: Mapping[float, Callable[[Array], Array]] = {
    0.0: np.ones_like,
    1.0: lambda v: v,
    2.0: lambda v: v * v,
    -1.0: lambda v: 1 / v,
    0.5: np.sqrt,
}
"""Exponents that are another function."""


def _power(base: Array, exponent: Array) -> Array:
    """Of numbers that are finite and not 0, negative ones with whole exponents alone."""
    size = np.abs(base)
    rough = exponent * _log(size)
    found = np.where(rough > 0, np.inf, 0.0)
    inside = np.abs(rough) <= 1000
    found[inside] = _power_inside(size[inside], exponent[inside])
    found[size == 1] = 1.0
    odd = (base < 0) & (np.abs(exponent) < 2.0**53) & (np.fmod(exponent, 2.0) != 0)
    return np.where(odd, -found, found)


def _power_inside(size: Array, exponent: Array) -> Array:
    """exp(b ln m + b e ln 2) of m 2^e: ln m is known as a pair of floats, and of b e the whole part is a power of two."""
    mantissa, shift = _parts(size)
    near = twofold_log(Twofold(mantissa), "medium")
    t, rest = two_prod(near.hi, exponent)
    rest += near.lo * exponent
    scale, lost = two_prod(shift, exponent)
    turns = np.rint(scale)
    left = (scale - turns) + lost
    first, more = two_prod(left, np.full_like(left, _HIGH))
    summed, beside = two_sum(t, first)
    return _exp(summed, rest + left * _LOW + more + beside, turns)


@_QUIET
def hypot(a: Any, b: Any) -> Array:
    """sqrt(a^2 + b^2), without overflow or underflow on the way."""
    one, other = np.broadcast_arrays(np.abs(_wide(a)), np.abs(_wide(b)))
    large, small = np.maximum(one, other), np.minimum(one, other)
    plain = (large == 0) | ~np.isfinite(large)
    ratio = np.where(plain, 0.0, small) / np.where(plain, 1.0, large)
    return _rounded(np.where(np.isinf(one) | np.isinf(other), np.inf, large * np.sqrt(1 + ratio * ratio)), a, b)


def total(values: Any, axis: int) -> Array:
    """The sum along an axis, in a tree of a fixed shape."""
    along = np.moveaxis(values, axis, 0)
    return fold(np.add, along) if along.shape[0] else along.sum(axis=0)


FUNCTIONS: Mapping[str, Callable[..., Array]] = {
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "pow": power,
    "hypot": hypot,
    "sum": total,
}
"""By the names that operations of programs have."""


def settled(drawn: Array) -> Array:
    """Numbers drawn from the normal distribution, those of its tails rounded: a generator takes them from a library's logarithm."""
    return np.where(np.abs(drawn) > 3.5, np.rint(drawn * 2.0**32) * 2.0**-32, drawn)


# ---- the parts -----------------------------------------------------------------------------------------------------------


def _wide(value: Any) -> Array:
    return np.atleast_1d(np.asarray(value, dtype=np.float64))


def _rounded(found: Array, *given: Any) -> Array:
    """In the shape and format of what was given: of float32, each function is float64's, rounded."""
    arrays = [np.asarray(v) for v in given]
    dtype = np.result_type(*(v.dtype if v.dtype.kind == "f" else np.float64 for v in arrays))
    return found.reshape(np.broadcast_shapes(*(v.shape for v in arrays))).astype(dtype, copy=False)


def _rest(r: Array) -> Array:
    """(e^r - 1 - r) / r^2 by its series, for small r."""
    found = np.full_like(r, _TERMS[0])
    for term in _TERMS[1:]:
        found *= r
        found += term
    return found


def _exp(t: Array, rest: Any, turns: Any = None) -> Array:
    """2^turns e^(t + rest), for a rest that is small beside 1."""
    size = np.abs(t)
    gentle = size <= _GENTLE
    if turns is not None:
        gentle &= np.abs(turns) <= 20
    heads, lows = _fast(np.where(gentle, t, 0.0), None if rest is None else np.where(gentle, rest, 0.0))
    found = heads + lows
    if turns is not None:
        found *= ((np.where(gentle, turns, 0.0).astype(np.int64) + 1023) << 52).view(np.float64)
    if gentle.all():
        return found
    found = np.where(gentle, found, np.where(np.isnan(t), np.nan, np.where(t > 0, np.inf, 0.0)))
    edge = ~gentle & (size < _FAR)
    if edge.any():
        found[edge] = _exp_anywhere(t[edge], *(0.0 if v is None else v[edge] for v in (rest, turns)))
    return found


def _exp_anywhere(t: Array, rest: Any, turns: Any) -> Array:
    """The same where results leave the range of normal numbers, by a series."""
    k = np.rint(t * _RATE)
    r = (t - k * _HIGH - k * _LOW) + rest
    found = 1 + (r + r * r * _rest(r))
    # Two steps, of which only the last may round.
    exponent = np.clip(k + turns, -2200.0, 2000.0).astype(np.int64)
    half = exponent >> 1
    for part in (half, exponent - half):
        low = np.clip(part, -1022, 1023)
        found *= ((low + 1023) << 52).view(np.float64)
        found *= ((part - low + 1023) << 52).view(np.float64)
    return found


def _parts(y: Array) -> tuple[Array, Array]:
    """(m, e) with y = m 2^e, m between the roots of 1/2 and 2, of positive finite numbers."""
    small = y < _LEAST
    scaled = np.where(small, y * 2.0**60, y)
    bits = scaled.view(np.int64) - _ROOT
    shift = bits >> 52
    mantissa = (scaled.view(np.int64) - (shift << 52)).view(np.float64)
    return mantissa, shift - np.where(small, 60.0, 0.0)


_ROOT = np.float64(0.5**0.5).view(np.int64)


def _log(y: Array) -> Array:
    ordinary = (y > 0) & np.isfinite(y)
    mantissa, shift = _parts(np.where(ordinary, y, 1.0))
    f = mantissa - 1
    s = f / (2 + f)
    z = s * s
    found = np.full_like(z, _ODD[0])
    for term in _ODD[1:]:
        found *= z
        found += term
    # log m = f - (f - 2 z r) s, r the series: f is exact.
    near = f - s * (f - 2 * z * found)
    return np.where(ordinary, shift * _HIGH + (near + shift * _LOW), _edge_of_log(y))


def _edge_of_log(y: Array) -> Array:
    return np.where(y == 0, -np.inf, np.where(y > 0, y, np.nan))


def _edge(wide: Array, above: Array) -> Array:
    return np.where(wide == 0, wide, _edge_of_log(above))
