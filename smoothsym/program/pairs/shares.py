"""The maximiser over the simplex in pairs of floats: the search is that of floats, and Newton's steps from there are by a balance in pairs.

As in program/shares.py, p_j = [rho^r + b_j]_+^(1/r) with b_j = r (x_j - x_s)/scale and rho = p_s. What it is off by:

    b, rho^r    of pairs, to 32 u^2 and what functions.py states for a power; so an entry is known to a share e of what its base is made of,
                of rho + |b_j| for r = 1, and p_j e/r (rho^r + |b_j|)/(rho^r + b_j) in general; above e, no end of the support is missed
    balance     F = sum_j m_j p_j - 1, to sum_j m_j dp_j + 4 u^2 sum_j m_j p_j
    rho         from floats, off by a few u; a step by F and a slope in floats leaves the square of that. Steps end where |F|, or one beside rho,
                is u^1.7, or 64 u^2 where entries take no functions: an end of the support that lies between two points takes more of them;
                and where they have come below ENOUGH = u^1.5, and F does not fall any more
    entries     p_j - sigma_j F/S, sigma_j = dp_j/drho, S = sum_j m_j sigma_j, a correction of at most ENOUGH with a relative error of a few u
    smallest    for r > 1 the smallest entry s of the support has a sum of entries above it, measured from it, that is below 1 in pairs
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import Any

from smoothsym.program import shares as floats
from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.functions import Functions
from smoothsym.program.pairs.solve import enough, repeated

STEPS = 40
"""No search takes more: see program/shares.py."""

Look = Callable[[Pair], tuple[Pair, Any]]
"""The entries at a rho, and their slopes, as floats."""

ONE = Fraction(1)


def maximiser(
    of: Functions, gaps: Pair, scale: Pair, order: Pair, mass: Pair | None, known: Fraction | None, lazy: bool
) -> Pair:
    """p on every row: gaps, the entries less the largest one, and mass like x; scale, A (1 + r), and order, r, numbers or one for every row.

    Parameters: `known`, the order, where it is a number of the program; `lazy`, whether values may be looked at.
    nan where the regulariser is not strictly convex: scale <= 0 or r <= -1.
    """
    xp = of.xp
    if mass is not None:
        counted = of.choose(mass.hi > 0, gaps, Pair(of.array(-inf)))
        gaps = of.sub(gaps, _along(of, of.largest(counted, -1)))
    column = [_column(q) for q in (scale, order)]
    steep = of.above(column[1], of.number(ONE))
    alike = (floats.decided(xp, steep) if lazy else None) if known is None else known > 1
    known = _same(order) if lazy and known is None else known
    guess = floats.shares(xp, gaps.hi, scale.hi, order.hi, None if mass is None else mass.hi, lazy, alike)
    scale, order = column
    given = (gaps, scale, mass, guess, lazy)
    if alike is None:
        found = of.choose(
            steep,
            _from_the_smallest(of, of.choose(steep, order, of.number(Fraction(2))), *given),
            _from_the_largest(of, of.choose(steep, of.number(ONE), order), None, *given),
        )
    else:
        found = _from_the_smallest(of, order, *given) if alike else _from_the_largest(of, order, known, *given)
    known_to_be = (scale.hi > 0) & (order.hi > -1) & (gaps.hi == gaps.hi)
    return of.choose(known_to_be, found, Pair(of.array(float("nan"))))


def _from_the_largest(
    of: Functions, r: Pair, known: Fraction | None, gaps: Pair, scale: Pair, mass: Pair | None, guess: Any, lazy: bool
) -> Pair:
    """Orders up to 1: rho (1 + v)^(1/r), v = b/rho^r; b is (x_j - M)/scale for r = 0, where powers are exponentials."""
    xp, one, nothing = of.xp, of.number(ONE), Pair(of.array(0.0))
    quotient = of.div(gaps, scale)
    entropic = r.hi == 0
    divisor = of.choose(entropic, one, r)
    b = quotient if known in (0, 1) else of.mul(quotient, divisor)

    def linear(rho: Pair) -> tuple[Pair, Any]:
        p = of.add(rho, b)
        inside = p.hi > 0
        return of.choose(inside, p, nothing), xp.where(inside, one.hi, nothing.hi)

    def square(rho: Pair) -> tuple[Pair, Any]:
        root = of.sqrt(rho)
        base = of.add(root, b)
        base = of.choose(base.hi > 0, base, nothing)
        return of.mul(base, base), base.hi / root.hi

    def by_logarithms(rho: Pair) -> tuple[Pair, Any]:
        v = of.div(b, of.pow(rho, r))
        base = of.add(v, one)
        gone = (base.hi <= 0) & ~entropic
        # log1p of b itself, and of what is outside, is not wanted.
        inside = of.choose(gone | entropic, nothing, v)
        logarithm = of.choose(entropic, b, of.div(of.log1p(inside), divisor))
        p, slope = of.mul(rho, of.exp(logarithm)), xp.exp((1 - r.hi) * logarithm.hi)
        return of.choose(gone, nothing, p), xp.where(gone, nothing.hi, slope)

    look = {ONE: linear, ONE / 2: square}.get(known, by_logarithms)  # type: ignore[arg-type]
    largest = xp.max(xp.where(gaps.hi == 0, guess, 0.0), axis=-1, keepdims=True)
    return _solved(of, look, gaps, largest, mass, lazy, look is not by_logarithms)


def _from_the_smallest(
    of: Functions, r: Pair, gaps: Pair, scale: Pair, mass: Pair | None, guess: Any, lazy: bool
) -> Pair:
    """Orders from 1 on: (rho^r + b)^(1/r), measured from the smallest entry of the support."""
    xp, one, nothing = of.xp, of.number(ONE), Pair(of.array(0.0))
    low = of.low(gaps) + xp.zeros_like(gaps.hi)
    # By what is left of them where they are equal in floats.
    last = xp.argsort(-low, stable=True)
    places = xp.take_along_axis(last, xp.argsort(-xp.take_along_axis(gaps.hi, last, axis=-1), stable=True), axis=-1)
    root = of.div(one, r)

    def at(place: Any) -> Any:
        return xp.take_along_axis(places, place, axis=-1)

    def measured(place: Any) -> Pair:
        here = at(place)
        own = Pair(*(xp.take_along_axis(part, here, axis=-1) for part in (gaps.hi, low)))
        return of.mul(of.div(of.sub(gaps, own), scale), r)

    def held(place: Any) -> Any:
        """Whether an entry is in the support: with nothing for it, what is above it is less than 1."""
        b = measured(place)
        above = b.hi > 0
        terms = of.choose(above, of.pow(of.choose(above, b, one), root), nothing)
        return _balance(of, terms, mass).hi < 0

    def halved(ends: tuple[Any, Any]) -> tuple[Any, Any]:
        first, beyond = ends
        middle = (first + beyond) // 2
        inside = held(middle)
        return xp.where(inside, middle, first), xp.where(inside, beyond, middle)

    first = xp.zeros_like(places[..., :1])
    place, _ = repeated(
        of,
        halved,
        lambda ends: ends[1] - ends[0] > 1,
        (first, first + gaps.hi.shape[-1]),
        gaps.hi.shape[-1].bit_length(),
        lazy,
    )
    b = measured(place)
    above, tied = b.hi > 0, b.hi == 0

    def look(rho: Pair) -> tuple[Pair, Any]:
        base = of.add(of.pow(rho, r), of.choose(above, b, one))
        p = of.choose(above, of.pow(base, root), of.choose(tied, rho, nothing))
        ratio = rho.hi / xp.where(above, p.hi, one.hi)
        return p, xp.where(above, ratio ** (r.hi - 1), xp.where(tied, one.hi, nothing.hi))

    return _solved(of, look, gaps, xp.take_along_axis(guess, at(place), axis=-1), mass, lazy)


def _solved(
    of: Functions, look: Look, gaps: Pair, rho: Any, mass: Pair | None, lazy: bool, plain: bool = False
) -> Pair:
    """The entries where they sum to 1: by Newton's steps, of which the last is done by the entries themselves.

    `plain` says that entries take no functions, so that a look is cheap, and a balance known nearly to u^2.
    """
    xp, nothing, once = of.xp, Pair(of.array(0.0)), enough(of.digits)
    finest = 2.0 ** (6 - 2 * of.digits if plain else -17 * of.digits // 10)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        rho, before, away, moving = Pair(*state[:2]), *state[-3:]
        less = of.sub(rho, Pair(away))
        # A row stops by itself, so that its bits are its own.
        rho = of.choose(moving, of.choose(less.hi > 0, less, nothing), rho)
        p, slope = look(rho)
        excess = _balance(of, p, mass).hi
        size = xp.abs(excess)
        away = excess / xp.sum(slope if mass is None else slope * mass.hi, axis=-1, keepdims=True)
        near = (size <= once) | (xp.abs(away) <= once * rho.hi)
        done = (size <= finest) | (xp.abs(away) <= finest * rho.hi) | (near & (size >= before))
        # What is no number moves no further.
        return *rho, *p, slope, size, away, moving & ~done & (size == size)

    start, none = xp.where(xp.isfinite(rho), rho, 0.0), xp.zeros_like(gaps.hi)
    nowhere = xp.zeros_like(start)
    state = start, nowhere, none, none, none, nowhere + inf, nowhere, start >= 0
    *_, hi, lo, slope, _, away, _ = repeated(of, step, lambda state: state[-1], state, STEPS, lazy)
    found = of.sub(Pair(hi, lo), Pair(of.times(slope, away)))
    return of.choose(found.hi < 0, nothing, found)


def _balance(of: Functions, p: Pair, mass: Pair | None) -> Pair:
    """What the entries sum to, less 1, as a column."""
    whole = of.sum(p if mass is None else of.mul(mass, p), -1)
    return of.sub(_along(of, whole), of.number(ONE))


def _column(a: Pair) -> Pair:
    """A number, or one for every row, beside rows."""
    return Pair(*(part[..., None] if part is not None and part.ndim else part for part in a))


def _along(of: Functions, a: Pair) -> Pair:
    return Pair(*(part if part is None else of.along(part, -1) for part in a))


def _same(a: Pair) -> Fraction | None:
    """The number that a pair is on every row; None where it is none, or several."""
    values = {float(v) for v in a.hi.reshape(-1)}
    rests = set() if a.lo is None else {float(v) for v in a.lo.reshape(-1)}
    whole = len(values) == 1 and len(rests) <= 1 and values <= {0.0, 0.5, 1.0}
    return Fraction(values.pop()) if whole and rests <= {0.0} else None
