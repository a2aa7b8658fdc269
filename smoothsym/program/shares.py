"""The maximiser over the simplex of <p, x> less a Tsallis entropy, measured from one of its own entries, so that no difference is large.

With omega = A xqlog(p, r) the entries p_j^r - rho^r = r (x_j - x_s)/(A (1 + r)) = b_j, rho = p_s the entry at any position s. So

    p_j = [rho^r + b_j]_+^(1/r) = rho [1 + b_j/rho^r]_+^(1/r),        dp_j/drho = (rho/p_j)^(r - 1)

and one equation, sum_j m_j p_j = 1, is left for rho. It is convex and rises in rho where s is the largest entry and 0 <= r <= 1 (the
slopes (p_j/rho)^(1 - r) rise), and where s is the smallest of the support and r >= 1: so Newton's steps from any rho that is too large
fall to the root, with no bracket. For r < 0 it is concave, and they rise to it from the share that all would have alike. Near equal
entries b_j is near 0, and p_j near rho = 1/n, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

STEPS = 40
"""No search takes more: the slope is at least that of the entry which is solved for, and few entries leave the support late."""

NOISE, NEAR = 8, 8
"""A balance of so many units of rounding is none; nor does a step so small change more than the step itself does."""

Look = Callable[[Any], tuple[Any, ...]]


def shares(xp: Any, gaps: Any, scale: Any, order: Any, mass: Any, lazy: bool, alike: bool | None = None) -> Any:
    """p on every row: gaps, the entries less the largest one, and mass like x; scale, A (1 + r), and order, r, numbers or one for every row.

    `alike` says whether all orders are above 1, or none is, where that is known.

    nan where the regulariser is not strictly convex: scale <= 0 or r <= -1.
    """
    scale, order = (_column(xp, q, gaps) for q in (scale, order))
    if mass is not None:
        # The largest entry of those that count.
        largest = xp.max(xp.where(mass > 0, gaps, xp.asarray(-xp.inf, dtype=gaps.dtype)), axis=-1, keepdims=True)
        gaps = gaps - largest
    convex = (scale > 0) & (order > -1)
    steep = order > 1
    alike = decided(xp, steep) if lazy and alike is None else alike
    if alike is None:
        safe = xp.where(steep, order, 2 * xp.ones_like(order))
        found = xp.where(
            steep,
            _from_the_smallest(xp, gaps, scale, safe, mass, lazy),
            _from_the_largest(xp, gaps, scale, xp.where(steep, xp.ones_like(order), order), mass, lazy),
        )
    else:
        found = (_from_the_smallest if alike else _from_the_largest)(xp, gaps, scale, order, mass, lazy)
    return found if lazy and decided(xp, convex) else xp.where(convex, found, xp.asarray(xp.nan, dtype=gaps.dtype))


def _from_the_largest(xp: Any, gaps: Any, scale: Any, r: Any, mass: Any, lazy: bool) -> Any:
    """Orders up to 1; b_j is (x_j - M)/scale for r = 0, where powers are exponentials."""
    one, nothing = (xp.asarray(q, dtype=gaps.dtype) for q in (1, 0))
    entropic = r == 0
    divisor = xp.where(entropic, one, r)
    b = gaps * (divisor / scale)
    linear, square = (lazy and decided(xp, r == q) is True for q in (1, 0.5))

    def careful(rho: Any) -> tuple[Any, Any]:
        v = b / rho**r
        gone = (v <= -1) & ~entropic
        inside = xp.where(v <= -1, nothing, v)
        logarithm = xp.where(entropic, v, _log1p(xp, inside) / divisor)
        p, slope = rho * xp.exp(logarithm), xp.exp((1 - r) * logarithm)
        if not (lazy and decided(xp, r >= 0)):
            # Below order 0 the power may be of a huge number: it is nearly 1/(1 + v), and only the rest is a power.
            huge = (v > 1) & (r < 0)
            quotient = xp.where(huge, v, nothing)
            ratio = (1 + quotient) ** ((1 + r) / divisor) / (1 + quotient)
            p, slope = xp.where(huge, rho * ratio, p), xp.where(huge, ratio / (1 + quotient), slope)
        return xp.where(gone, nothing, p), xp.where(gone, nothing, slope)

    def last(rho: Any) -> tuple[Any, Any, None]:
        return *(quick if linear else careful)(rho), None

    def quick(rho: Any) -> tuple[Any, Any]:
        if linear:
            p = xp.maximum(rho + b, nothing)
            return p, xp.astype(p > 0, p.dtype) if hasattr(xp, "astype") else (p > 0).astype(p.dtype)
        if square:
            root = xp.sqrt(rho)
            base = xp.maximum(root + b, nothing)
            return base * base, base / root
        return careful(rho)

    start = 1 / _total(xp, xp.where((gaps == 0) | ((r < 0) & (gaps > -xp.inf)), one, nothing), mass)
    return _solved(xp, quick, last, start, mass, lazy)


def _from_the_smallest(xp: Any, gaps: Any, scale: Any, r: Any, mass: Any, lazy: bool) -> Any:
    """Orders from 1 on: which entry is the smallest of the support is found by halving the row in its order."""
    one, nothing = (xp.asarray(q, dtype=gaps.dtype) for q in (1, 0))
    rate, length = r / scale, gaps.shape[-1]
    found = xp.sort(-gaps, axis=-1)
    ordered = -getattr(found, "values", found)

    def absent(b: Any) -> Any:
        """0, nan for nan."""
        return xp.where(xp.isnan(b), b, nothing)

    def from_place(place: Any) -> Any:
        return (gaps - xp.take_along_axis(ordered, place, axis=-1)) * rate

    last = xp.zeros_like(ordered[..., :1], dtype=xp.int64)
    beyond = last + length
    for _ in range(length.bit_length()):
        middle = (last + beyond) // 2
        b = from_place(middle)
        held = _total(xp, xp.where(b > 0, xp.where(b > 0, b, one) ** (1 / r), absent(b)), mass) < 1
        last, beyond = xp.where(held, middle, last), xp.where(held, beyond, middle)
    b = from_place(last)

    def look(rho: Any) -> tuple[Any, Any]:
        above = b > 0
        base = rho**r + xp.where(above, b, one)
        p = base ** (1 / r)
        tied = xp.where(b == 0, one, absent(b))
        return xp.where(above, p, rho * tied), xp.where(above, p / base * rho ** (r - 1), tied)

    def careful(rho: Any) -> tuple[Any, Any, Any]:
        """Where the order is large an entry is better known than to its last digit: what it lacks, from its own power, joins the balance."""
        p, slope = look(rho)
        above = b > 0
        base = rho**r + xp.where(above, b, one)
        lack = xp.where(above, p * ((base - p**r) / (r * base)), nothing)
        return p, slope, lack

    return _solved(xp, look, careful, 1 / _total(xp, xp.where(b >= 0, one, nothing), mass), mass, lazy)


def _solved(xp: Any, quick: Look, careful: Look, rho: Any, mass: Any, lazy: bool) -> Any:
    """The entries where they sum to 1: by Newton's steps, of which the last is done by the entries themselves."""
    unit = abs(3 * (xp.asarray(4 / 3, dtype=rho.dtype) - 1) - 1)

    def step(rho: Any) -> tuple[Any, Any]:
        p, slope = quick(rho)
        excess = _total(xp, p, mass) - 1
        less = xp.maximum(rho - excess / _total(xp, slope, mass), xp.zeros_like(rho))
        return less, (xp.abs(excess) > NOISE * unit) & (xp.abs(less - rho) > NEAR * unit * rho)

    if not lazy and "jax" in str(getattr(xp, "__name__", "")):
        rho = import_module("jax").lax.fori_loop(0, STEPS, lambda _, now: step(now)[0], rho)
    else:
        # A row stops by itself, so that its bits are its own.
        moving = xp.ones_like(rho) > 0
        for _ in range(STEPS):
            less, further = step(rho)
            rho, moving = xp.where(moving, less, rho), moving & further
            if lazy and not bool(xp.any(moving)):
                break
    p, slope, lack = careful(rho)
    excess = _beyond_one(xp, p, mass) if lack is None else _beyond_one(xp, p, mass) + _total(xp, lack, mass)
    less = slope * (excess / _total(xp, slope, mass))
    return xp.maximum(p - (less if lack is None else less - lack), xp.zeros_like(p))


def _beyond_one(xp: Any, p: Any, mass: Any) -> Any:
    """The sum less 1, where that is near 0: of parts above a unit of the whole, which add up exactly, and of those below."""
    terms = p if mass is None else mass * p
    c = 3 * xp.sum(terms, axis=-1, keepdims=True)
    high = (terms + c) - c
    return (xp.sum(high, axis=-1, keepdims=True) - 1) + xp.sum(terms - high, axis=-1, keepdims=True)


def _log1p(xp: Any, v: Any) -> Any:
    """log(1 + v). That of XLA is wrong by 240 units around v = -0.4, where the logarithm of 1 + v, chosen so that XLA sees no sum in it, is not."""
    if "jax" not in str(getattr(xp, "__name__", "")):
        return xp.log1p(v)
    far = xp.abs(v) > 0.25
    return xp.where(far, xp.log(xp.where(far, 1 + v, 1)), xp.log1p(xp.where(far, 0, v)))


def _total(xp: Any, terms: Any, mass: Any) -> Any:
    return xp.sum(terms if mass is None else mass * terms, axis=-1, keepdims=True)


def _column(xp: Any, value: Any, like: Any) -> Any:
    """A number, or one for every row, beside rows."""
    found = xp.asarray(value, dtype=like.dtype)
    # A number stays one: it may be anywhere, while rows are on a device.
    return found[..., None] if found.ndim else found


def decided(xp: Any, mask: Any) -> bool | None:
    """What a mask is everywhere, None where it is neither."""
    return True if bool(xp.all(mask)) else None if bool(xp.any(mask)) else False
