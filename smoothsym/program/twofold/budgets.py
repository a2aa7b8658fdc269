"""What each step of twofold arithmetic loses, item by item, as exact rationals from the very constants that it uses.

derivations/twofold.py shows why these are all, and that they add up to less than is claimed. Labels are prose for it, with names in braces.
"""

from __future__ import annotations

import math
from fractions import Fraction as F
from functools import lru_cache

import numpy as np
from mpmath import libmp

from smoothsym.program import intervals
from smoothsym.program.twofold import exponential, logarithm, values

PREC = 300

U = F(1, 2**53)
TIGHT = F(values.WIDTH_TIGHT)
K = exponential.K
HIGH, NARROW = F(exponential.HIGH), F(exponential.NARROW)
C1, C2, C3, C23, M1, M2 = (F(getattr(exponential, f"_{name}")) for name in ("C1", "C2", "C3", "C23", "M1", "M2"))

Items = list[tuple[str, F]]


def ends(interval: intervals.Interval) -> tuple[F, F]:
    """The ends of an enclosure, as they are."""
    low, high = (F(*map(int, libmp.to_rational(end))) for end in interval)
    return low, high


@lru_cache(maxsize=1)
def ln2() -> tuple[F, F]:
    return ends(intervals.log(intervals.exact(2, PREC), PREC))


@lru_cache(maxsize=1)
def step() -> tuple[F, F]:
    """ln 2 / K."""
    low, high = ln2()
    return low / K, high / K


def apart(value: F, interval: tuple[F, F]) -> F:
    """The largest distance of a number from a point of an interval."""
    return max(abs(value - end) for end in interval)


def above(x: F) -> int:
    """The least p with x <= 2^p."""
    p = x.numerator.bit_length() - x.denominator.bit_length() - 1
    while x > F(2) ** p:
        p += 1
    return p


def half_unit(size: F) -> F:
    """What rounding to nearest does at most to a number of no larger modulus: half a unit in the last place."""
    return F(2) ** (above(size) - 54)


def multiples(most: F) -> int:
    """More than |k| can be for |t| <= most."""
    return math.ceil(most * K / ln2()[0]) + 1


STRAY = F(1, 2**18)
"""By how much of rho |r| may exceed it."""


def largest_r() -> F:
    return ln2()[1] / (2 * K) * (1 + STRAY)


@lru_cache(maxsize=1)
def tables() -> tuple[F, F, F, F]:
    """Over all entries of both tables: the largest remainder, and by how much the head with it misses the power of two, relatively.

    Of heads as floats it is the relative remainder; of short ones, the logarithm of what they lack.
    """
    remainders, misses = [F(0), F(0)], [F(0), F(0)]
    log2 = intervals.log(intervals.exact(2, PREC), PREC)
    rows = (
        (exponential._HEADS.tolist(), exponential._RESTS.tolist()),
        (exponential._SHORT.tolist(), exponential._LACKING.tolist()),
    )
    for place in range(K):
        exact = ends(intervals.exp(intervals.mul(intervals.exact(F(place, K), PREC), log2, PREC), PREC))
        for which, (heads, rests) in enumerate(rows):
            head, rest = F(heads[place]), F(rests[place])
            remainders[which] = max(remainders[which], abs(rest))
            # exp(rest) by its series, the next term under 2^-125.
            whole = head * (1 + (rest + rest**2 / 2 + rest**3 / 6 + rest**4 / 24 if which else rest))
            misses[which] = max(misses[which], apart(whole, exact) / head + which * F(1, 2**125))
    return remainders[0], misses[0], remainders[1], misses[1]


def total(items: Items) -> F:
    return sum((bound for _, bound in items), F(0))


def largest_sum() -> F:
    """What the polynomial of the fast and the medium exponential is taken of: r and the logarithm of what T lacks."""
    return largest_r() + tables()[2] + F(1, 2**40)


def fast(multiple: bool) -> Items:
    """What the fast exponential loses, beside T_i 2^e."""
    rr, most = largest_sum(), multiples(HIGH)
    _, _, lacking, missed = tables()
    small = most * C23
    items: Items = [
        ("{k} times what {C1} and {C23} leave of {ell}", most * apart(C1 + C23, step())),
        ("{k} ({C23}), rounded", half_unit(small)),
    ]
    if multiple:
        cross = HIGH * (F(1, 2**25) + TIGHT) * (1 + 2 * TIGHT)
        items += [
            ("the lower bits of the rate and its low part, added, times the number", U * cross),
            ("their product with the number, rounded", half_unit(cross)),
            ("the other cross product added to it", half_unit(2 * cross)),
        ]
        small += 2 * cross
        items.append(("{k} ({C23}) taken from that", half_unit(small)))
    else:
        low = HIGH * TIGHT
        items.append(("the low part of {t} less that", half_unit(small + low)))
        small += low
    return [
        *items,
        ("{lacking} added", half_unit(small + lacking)),
        ("that added to the difference of the upper parts", half_unit(rr)),
        ("the polynomial", max(6 * BEND**2, rr**2 * abs(rr**2 / 24 - BEND)) + rr**5 / 119),
        ("its coefficients and inner roundings", polynomial(rr)),
        ("{r} added", half_unit(rr + rr**2)),
        ("the product with {T}, rounded", U * (rr + rr**2)),
        ("the table", missed * (1 + 2 * rr)),
    ]


BEND = F(exponential._CENTRE) - F(1, 2)


def polynomial(rr: F) -> F:
    """r^2 (c + r/6): the constant 1/6, r/6, the sum, and two products, each rounded; or with the square of r rounded first."""
    return (
        rr**2 * (U * rr / 6 + half_unit(rr / 6) + half_unit(F(51, 100)))
        + max(F(51, 100) * half_unit(rr**2), rr * half_unit(rr * F(51, 100)))
        + half_unit(rr**2 * F(51, 100))
    )


def medium(most: F) -> Items:
    rr, count = largest_sum(), multiples(most)
    _, _, lacking, missed = tables()
    small, low = count * M2, most * TIGHT
    beside = lacking + small + low
    square = rr**2 * F(51, 100)
    lower = (largest_r() + small) / 2**25
    size = lower + square + beside
    rounded = half_unit(lacking + small) + half_unit(beside)
    return [
        ("{k} times what {M1} and {M2} leave of {ell}", count * apart(M1 + M2, step())),
        ("{k} {M2}, rounded", half_unit(small)),
        ("that taken from {lacking}, and the low part of {t} added", rounded),
        ("the lower bits of {t} less {k} {M1}, and the polynomial, added", half_unit(lower + square)),
        ("both added", half_unit(size)),
        ("the product with {T}", U * size),
        ("what is left of {T} and its product added", U * (size + 2 * U)),
        ("the table", missed * (1 + 2 * rr)),
        ("Taylor to the fourth power", rr**5 / 119),
        ("roundings inside the polynomial, and of {r} in it", rr**2 * (half_unit(F(51, 100)) + U * rr) + rr * half_unit(rr * F(51, 100)) + half_unit(square) + 2 * rr * (half_unit(rr) + rounded)),
    ]  # fmt: skip


def series() -> tuple[Items, F]:
    """What the full level loses of exp(r) - 1, and the size of its low part."""
    rr, most = largest_r(), multiples(HIGH)
    low = HIGH * TIGHT
    third = most * C3
    cube = rr**3 / 6 * (1 + rr)
    narrow = U * rr * (1 + 4 * U)  # the low part of r, when both are in order
    size = cube + narrow * (1 + rr) + 2 * U * rr**2
    return [
        ("{k} times what {C1}, {C2} and {C3} leave of {ell}", most * apart(C1 + C2 + C3, step())),
        ("{k} {C3}, rounded", half_unit(third)),
        ("that taken from the low part of {r}", half_unit(half_unit(rr) + third)),
        ("the low part of {t} added", half_unit(half_unit(rr) + third + low)),
        ("the two parts of {r} put in order, where the low one is larger", U * (low + third + half_unit(rr)) * (1 + 4 * U)),
        ("Taylor to the sixth power", rr**7 / 5000),
        ("what is left out of the low part of {r} times the exponential", narrow * (rr**2 * F(51, 100) + narrow)),
        ("roundings inside the cubic term", 7 * U * cube),
        ("the two sums with it", 2 * half_unit(size)),
        ("roundings of the product with the low part", 3 * U * narrow),
        ("all low parts added", half_unit(U * rr + size)),
    ], U * rr + size  # fmt: skip


def full() -> Items:
    rr = largest_r()
    rest, missed, _, _ = tables()
    items, low = series()
    return [
        *items,
        ("the remainder of {T} times the exponential", 3 * U * rest + rest * low),
        ("that added", half_unit(low + rest * (1 + 2 * rr))),
        ("the product with {T}", U * (low + 2 * rest)),
        ("what two sums leave, added", 2 * U * (low + 2 * rest + 2 * U)),
        ("the table", missed * (1 + 2 * rr)),
    ]


def near_one() -> F:
    """How many times |exp(t) - 1| the exponential is, where |t| >= rho (1 - 2^-18): at most (1 + rho) / (rho (1 - 2^-18))."""
    low = ln2()[0] / (2 * K) * (1 - STRAY)
    return (1 + largest_r()) / low


def single_minus_one() -> Items:
    """Of exp(t) - 1 in one float, beside itself, in units of u, for k other than 0."""
    rr, most = largest_r(), multiples(HIGH)
    rest, missed, _, _ = tables()
    beside = near_one()
    lost = [
        ("{r}", most * apart(C1 + C23, step()) + half_unit(most * C23) + half_unit(rr)),
        ("the polynomial to the fourth power, with its inner roundings", rr**5 / 119 + 2 * polynomial(rr)),
        ("{r} and the remainder of {T} added", 2 * half_unit(rr + rr**2)),
        ("the product with {T}", U * (rr + rr**2)),
        ("the remainder of {T} times what exceeds one, left out", rest * (rr + rr**2)),
        ("the table", missed * (1 + 2 * rr)),
    ]
    found = [(label, bound * beside) for label, bound in lost]
    return [*found, ("{T} less one", U * (1 + (rr + rr**2) * beside)), ("the sum of both", U * (1 + 2**10 * U))]


@lru_cache(maxsize=1)
def cells() -> tuple[int, F, F]:
    """Over all cells of the table of logarithms: the bits of an inverse, its largest distance from that of a number there, and of the logarithm."""
    width = 1 << (52 - logarithm.CELLS)
    ends_ = (logarithm._ROOT_HALF + np.arange((1 << logarithm.CELLS) + 1) * width).view(np.float64).tolist()
    most, far, off = 0, F(0), F(0)
    table = zip(*(part.tolist() for part in (logarithm._INVERSES, logarithm._LOGS, logarithm._LOG_RESTS)), strict=True)
    for q, (inverse, log, rest) in enumerate(table):
        c = F(inverse)
        most = max(most, bits(c))
        far = max(far, *(abs(F(end) * c - 1) for end in ends_[q : q + 2]))
        exact = ends(intervals.log(intervals.exact(c, PREC), PREC))
        off = max(off, apart(-F(log) - F(rest), exact))
    return most, far, off


def bits(value: F) -> int:
    """How many bits a dyadic number has."""
    odd = value.numerator
    while odd % 2 == 0:
        odd //= 2
    return odd.bit_length()


def tabled() -> Items:
    """What the logarithm by a table loses, absolutely."""
    _, z, off = cells()
    two_parts, count = F(logarithm._L1) + F(logarithm._L2), F(2**10)
    lower = F(1, 2**25) + 2 * TIGHT
    z += lower
    bend = z**2 * F(51, 100)
    far = count * abs(F(logarithm._L2)) + F(1, 2**40)
    inner = half_unit(F(51, 100)) + half_unit(z * F(34, 100)) + z * (U / 3 + half_unit(F(34, 100)) + 3 * U * z)
    last = half_unit(F(2**10)) + lower + bend + far
    return [
        ("the sixth power and those that follow", z**6 / 6 / (1 - z)),
        ("its coefficients and inner roundings", z**2 * inner + z * half_unit(bend / z) + half_unit(bend)),
        ("{z} in it, rounded", 2 * z * half_unit(z)),
        ("the low part of {y}, times the inverse, and added", 2 * U * TIGHT + half_unit(lower)),
        ("the polynomial added", half_unit(lower + bend)),
        ("{count} times the rest of ln 2, and the rest of the logarithm added", half_unit(far) + half_unit(far)),
        ("that added", half_unit(lower + bend + far)),
        ("what the sum of the heads has left added", half_unit(last)),
        ("three additions, perhaps in the wrong order", U * last * (1 + 4 * U)),
        ("the table, and {count} times what both parts of ln 2 leave of it", off + count * apart(two_parts, ln2())),
    ]


def by_newton(inverse: F) -> Items:
    """By an inverse exponential that is off by so much: d below 2^-45, and its low part below 2^-50."""
    step_, low = F(1, 2**45), U * F(5, 4) + TIGHT + 2 * U
    return [
        ("the exponential", inverse * (1 + step_)),
        ("products with low parts, and of two of them, left out", 4 * U * low),
        ("sums of low parts", 3 * U * low),
        ("{d} times the low part, left out", step_ * low + low**2),
        ("{d} squared, rounded, and what follows its cube", 3 * U * step_**2 + step_**4),
        ("the last step", 2 * U * low),
    ]
