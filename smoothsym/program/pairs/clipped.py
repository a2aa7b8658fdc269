"""Powers that end at 0, and the exponential and logarithm of Tsallis, in pairs of floats; each as program/solve.py has it.

Their errors are those of the operations that they are made of: functions.py.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.functions import Functions

ONE = Fraction(1)


def ramp(of: Functions, t: Pair, a: Pair, known: Fraction | None = None) -> Pair:
    """t^a for t > 0, else 0; `known`, the exponent, where it is a number of the program."""
    outside, nothing = t.hi <= 0, Pair(of.array(0.0))
    positive = of.choose(outside, of.number(ONE), t)
    if known == 1:
        return of.choose(outside, nothing, positive)
    return of.choose(outside, nothing, of.mul(positive, positive) if known == 2 else of.pow(positive, a))


def ramplog(of: Functions, t: Pair, a: Pair, known: Fraction | None = None) -> Pair:
    """t^a log(t) for t > 0, else 0."""
    positive = of.choose(t.hi <= 0, of.number(ONE), t)
    return of.mul(ramp(of, t, a, known), of.log(positive))


def qexp(of: Functions, t: Pair, r: Pair, e: Pair) -> Pair:
    """[1 + r t]_+^(e/r), exp(e t) for r = 0."""
    one, nothing, entropic = of.number(ONE), Pair(of.array(0.0)), r.hi == 0
    step = of.mul(r, t)
    gone = of.add(step, one).hi <= 0
    logarithm = of.div(of.log1p(of.choose(gone, nothing, step)), of.choose(entropic, one, r))
    return of.choose(gone, nothing, of.exp(of.mul(e, of.choose(entropic, t, logarithm))))


def xqlog(of: Functions, t: Pair, r: Pair) -> Pair:
    """(t^(1 + r) - t)/r, t log(t) for r = 0; 0 at t = 0."""
    one, nothing, entropic = of.number(ONE), Pair(of.array(0.0)), r.hi == 0
    logarithm = of.log(of.choose(t.hi == 0, one, t))
    quotient = of.div(of.expm1(of.mul(r, logarithm)), of.choose(entropic, one, r))
    return of.choose(t.hi == 0, nothing, of.mul(t, of.choose(entropic, logarithm, quotient)))


CLIPPED: dict[str, Callable[..., Any]] = {"ramp": ramp, "ramplog": ramplog, "qexp": qexp, "xqlog": xqlog}
