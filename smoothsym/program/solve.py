"""Powers that end at 0, and numbers defined by an equation, on arrays: the zero of a falling function for every row at once.

The zero is searched between ends of opposite signs by secants with halved weights (Illinois), every third step a halving, until
no row has a float strictly between its ends; of both ends the one with the smaller balance is taken. An end where the balance is
exactly 0 is the answer, so that an entry with all the weight has it exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

STEPS = 120
"""No search takes more: with every third step a halving, the ends are then as near as floats of 40 bits more than they differ by."""

SLACK = 2.0**-10
"""Ends in the wrong order by more than rounding are those of a function that is not convex: there is no answer."""

TERMS = 20
"""sum z^j / (j! (j + 2)) to a relative 2^-60 for |z| < 1."""

SMALL_ORDER = 0.25
"""Below this order a power of 1 + r t is taken by log1p, which does not magnify the rounding of the sum."""


def ramp(xp: Any, t: Any, a: Any) -> Any:
    """t^a for t > 0, else 0; nan where t is. On the boundary of the support, t = 0, it is 0 for every a: a convention of floats."""
    one = xp.asarray(1, dtype=t.dtype)
    positive = xp.where(t <= 0, one, t)
    power = positive if getattr(a, "ndim", None) == 0 and _is(a, 1.0) else positive**a
    return xp.where(t <= 0, xp.asarray(0, dtype=t.dtype), power)


def ramplog(xp: Any, t: Any, a: Any) -> Any:
    """t^a log(t) for t > 0, else 0."""
    positive = xp.where(t <= 0, xp.asarray(1, dtype=t.dtype), t)
    return xp.where(t <= 0, xp.asarray(0, dtype=t.dtype), positive**a * xp.log(positive))


def qexp(xp: Any, t: Any, r: Any, e: Any) -> Any:
    """[1 + r t]_+^(e/r), exp(e t) for r = 0."""
    one, nothing = (xp.asarray(q, dtype=t.dtype) for q in (1, 0))
    r, e = (xp.asarray(q, dtype=t.dtype) for q in (r, e))
    step = r * t
    order = xp.where(r == 0, one, r)
    inside = xp.where(step <= -1, nothing, step)
    near = xp.where(r == 0, e * t, e / order * xp.log1p(inside))
    far = ramp(xp, 1 + step, e / order)
    found = xp.where(xp.abs(r) < SMALL_ORDER, xp.exp(near), far)
    return xp.where(step <= -1, nothing, found)


def xqlog(xp: Any, t: Any, r: Any) -> Any:
    """(t^(1 + r) - t)/r, t log(t) for r = 0; 0 at t = 0."""
    one, nothing = (xp.asarray(q, dtype=t.dtype) for q in (1, 0))
    r = xp.asarray(r, dtype=t.dtype)
    positive = xp.where(t == 0, one, t)
    logarithm = xp.log(positive)
    order = xp.where(r == 0, one, r)
    found = t * xp.where(r == 0, logarithm, xp.expm1(r * logarithm) / order)
    return xp.where(t == 0, nothing, found)


def xqlog1(xp: Any, t: Any, r: Any) -> Any:
    """The derivative of xqlog by r: t log(t)^2 ((z - 1) exp(z) + 1)/z^2 with z = r log(t), by its series near z = 0."""
    one, nothing = (xp.asarray(q, dtype=t.dtype) for q in (1, 0))
    logarithm = xp.log(xp.where(t == 0, one, t))
    z = xp.asarray(r, dtype=t.dtype) * logarithm
    near, term = xp.zeros_like(z), xp.ones_like(z)
    for j in range(TERMS):
        near = near + term / (j + 2)
        term = term * z / (j + 1)
    far = xp.where(xp.abs(z) < 1, one, z)
    found = t * logarithm**2 * xp.where(xp.abs(z) < 1, near, ((far - 1) * xp.exp(far) + 1) / far**2)
    return xp.where(t == 0, nothing, found)


def _is(value: Any, wanted: float) -> bool:
    """Whether a number is known, and this one."""
    try:
        return bool(value == wanted)
    except Exception:  # a traced number has no truth value, and says so by an error of its library
        return False


# ---- where a falling function is 0 -----------------------------------------------------------------------------------------------

State = tuple[Any, ...]


def zero(xp: Any, balance: Callable[[Any], Any], low: Any, high: Any, lazy: bool) -> Any:
    """Where a falling function is 0, between low and high, entry by entry; the nearer end where it has one sign."""
    first, last = balance(low), balance(high)
    a, b, *_ = _repeated(xp, balance, (low, high, first, last, xp.zeros_like(low)), lazy)
    at_a, at_b = balance(a), balance(b)
    nearer = xp.where(xp.abs(at_a) <= xp.abs(at_b), a, b)
    nearer = xp.where(first <= 0, low, xp.where(last >= 0, high, nearer))
    unknown = xp.isnan(first) | xp.isnan(last) | (low - high > SLACK * xp.abs(high))
    return xp.where(unknown, xp.asarray(xp.nan, dtype=low.dtype), nearer)


def _repeated(xp: Any, balance: Callable[[Any], Any], state: State, lazy: bool) -> State:
    def step(number: Any, state: State) -> State:
        return _narrower(xp, balance, state, number)

    if lazy:
        for number in range(STEPS):
            a, b = state[:2]
            middle = a + (b - a) / 2
            if not bool(xp.any((a < middle) & (middle < b) & (state[2] > 0) & (state[3] < 0))):
                break
            state = step(number, state)
        return state
    if "jax" in str(getattr(xp, "__name__", "")):
        found: State = import_module("jax").lax.fori_loop(0, STEPS, step, state)
        return found
    for number in range(STEPS):
        state = step(number, state)
    return state


def _narrower(xp: Any, balance: Callable[[Any], Any], state: State, number: Any) -> State:
    """The ends after one more look between them; `side` says which end moved last."""
    a, b, fa, fb, side = state
    halfway = a + (b - a) / 2
    fall = fa - fb
    secant = a + (b - a) * (fa / xp.where(fall == 0, xp.ones_like(a), fall))
    inside = (a < secant) & (secant < b)
    if isinstance(number, int):
        t = halfway if number % 3 == 2 else xp.where(inside, secant, halfway)
    else:
        t = xp.where(inside & (number % 3 != 2), secant, halfway)
    ft = balance(t)
    up, down = ft > 0, ft < 0
    exact = ~(up | down)
    left = up | exact
    right = down | exact
    return (
        xp.where(left, t, a),
        xp.where(right, t, b),
        xp.where(left, ft, xp.where(side < 0, fa / 2, fa)),
        xp.where(right, ft, xp.where(side > 0, fb / 2, fb)),
        xp.where(up, xp.ones_like(a), -xp.ones_like(a)),
    )
