"""Numbers defined by an equation, in pairs of floats: from where the search in floats ends, by secants of what pairs find.

A secant through points that are e and e' from the zero leads to within C e e' of it. The first goes through a point that is sqrt(u) away
and the one where floats end, a few u away; so the next is at u^(3/2), the last at u^(5/2), or where the balance is known no better: at its
error over its slope. Where a level has a balance of ENOUGH = u^(3/2) it takes the last step, and an inverse where a step is u/256: that step
is off by sqrt(u) of it, at most. Where a balance has a kink between two points, at an end of the support, there are more of them.
A slope is inverted in log p, along which powers and logarithms are nearly straight, so that a small p has as many digits as a large one.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from math import inf
from typing import Any

from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.functions import Functions

STEPS = 40
"""No search takes more."""

FAR = 60.0
"""A step is no longer than this in log p."""

Balance = Callable[[Pair], Pair]


def enough(digits: int) -> float:
    """ENOUGH: from a balance of so much one more step leaves nothing to be seen."""
    return 2.0 ** (-3 * digits // 2)


def level(of: Functions, balance: Balance, low: Pair, high: Pair, start: Any, lazy: bool) -> Pair:
    """Where a falling function is 0, between low and high, on every row; `start` is what floats find."""
    xp, scale = of.xp, of.xp.abs(low.hi) + of.xp.abs(high.hi)
    least = enough(of.digits)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        x, before, last, moving = Pair(*state[:2]), Pair(*state[2:4]), Pair(*state[4:6]), state[6]
        now = balance(x)
        rise = of.sub(now, last).hi
        away = now.hi * (of.sub(x, before).hi / xp.where(rise == 0, of.array(inf), rise))
        following = of.sub(x, Pair(away))
        following = of.choose(of.above(low, following), low, following)
        following = of.choose(of.above(following, high), high, following)
        further = moving & (xp.abs(now.hi) > least) & (xp.abs(away) > least * scale)
        return *of.choose(moving, following, x), *of.choose(moving, x, before), *of.choose(moving, now, last), further

    x, beside = whole(of, Pair(start)), whole(of, Pair(start + scale * 2.0 ** (-of.digits // 2)))
    found = repeated(of, step, lambda q: q[6], (*x, *beside, *whole(of, balance(beside)), x.hi == x.hi), STEPS, lazy)
    return Pair(*found[:2])


def inverse(of: Functions, balance: Balance, start: Any, lazy: bool) -> Pair:
    """Where a falling function is 0, from 0 on, entry by entry; 0 where it is not positive at any."""
    xp, nothing = of.xp, of.xp.zeros_like(start)
    at_0 = balance(Pair(nothing)).hi
    # Floats may not see that there is a small one, where the slope is finite at 0.
    unseen = (start == 0) & (at_0 > 0) & xp.isfinite(at_0)
    none, least = (start <= 0) & ~unseen, 2.0 ** (of.least + of.digits)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        p, before, last, moving = Pair(*state[:2]), Pair(*state[2:4]), Pair(*state[4:6]), state[6]
        now = balance(p)
        rise, run = of.sub(now, last).hi, xp.log1p(of.sub(p, before).hi / before.hi)
        away = -now.hi * (run / xp.where(rise == 0, of.array(inf), rise))
        away = xp.clip(away, -FAR, FAR)
        near = of.add(p, Pair(of.times(p.hi, away)))
        following = of.choose(xp.abs(away) < 2.0**-10, near, whole(of, Pair(p.hi * xp.exp(away))))
        following = of.choose(following.hi > least, following, whole(of, Pair(nothing + least)))
        further = moving & (xp.abs(away) > 2.0 ** (-of.digits - 8)) & (p.hi > least)
        return *of.choose(moving, following, p), *of.choose(moving, p, before), *of.choose(moving, now, last), further

    p = whole(of, Pair(xp.where(unseen | none, of.array(2.0**-of.digits), start)))
    beside = whole(of, Pair(p.hi * (1 + 2.0 ** (-of.digits // 2))))
    state = (*p, *beside, *whole(of, balance(beside)), ~none & (p.hi == p.hi))
    found = Pair(*repeated(of, step, lambda q: q[6], state, STEPS, lazy)[:2])
    return of.choose(none | (found.hi <= least), Pair(of.array(0.0)), found)


def whole(of: Functions, a: Pair) -> Pair:
    """With a low part, so that a loop changes no shapes."""
    return a if a.lo is not None else Pair(a.hi, of.xp.zeros_like(a.hi))


def repeated(
    of: Functions, step: Callable[[Any], Any], more: Callable[[Any], Any], state: Any, steps: int, lazy: bool
) -> Any:
    """The state after so many steps, or where no row asks for more."""
    if not lazy and of.fuses:
        lax = import_module("jax.lax")

        def once(counted: Any) -> Any:
            return counted[0] + 1, step(counted[1])

        return lax.while_loop(lambda q: (q[0] < steps) & of.xp.any(more(q[1])), once, (0, state))[1]
    for _ in range(steps):
        if lazy and not bool(of.xp.any(more(state))):
            break
        state = step(state)
    return state
