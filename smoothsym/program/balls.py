"""A program run in enclosures: every number is an interval of mpf that holds the exact value, at a precision of one's choice.

Inputs enter exactly, every operation rounds outward, and the elementary functions come with written error bounds
(intervals.py), so that an output holds the exact value of the program whatever the precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from typing import Any

from mpmath import libmp

from smoothsym.program import intervals
from smoothsym.program.clipped import CLIPPED, Clipped
from smoothsym.program.intervals import Interval


class Balls(Clipped):
    """The arithmetic of enclosures at a precision of `bits`."""

    name = "mpmath"

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self._functions: dict[str, Any] = {
            "add": intervals.add,
            "sub": intervals.sub,
            "mul": intervals.mul,
            "div": intervals.div,
            "pow": intervals.power,
            "neg": intervals.neg,
            "abs": intervals.absolute,
            "sign": intervals.sign,
            "exp": intervals.exp,
            "expm1": intervals.expm1,
            "log": intervals.log,
            "log1p": intervals.log1p,
            "sqrt": lambda a, bits: intervals.power(a, intervals.HALF, bits),
            "hypot": intervals.hypot,
            "maximum": intervals.maximum,
            "minimum": intervals.minimum,
            **{name: _told(getattr(self, name)) for name in CLIPPED},
        }

    def working(self) -> AbstractContextManager[None]:
        """What a program must run within: nothing, since every operation is told its precision."""
        return nullcontext()

    def interval(self, value: Interval) -> Interval:
        """The ends of a number of this arithmetic."""
        return value

    def number(self, value: Fraction) -> Interval:
        return intervals.exact(value, self.bits)

    def hull(self, low: Fraction, high: Fraction) -> Interval:
        return (self.number(low)[0], self.number(high)[1])

    def from_zero(self, value: Interval) -> Interval:
        """Between 0 and a positive number."""
        return (libmp.fzero, value[1])

    def apply(self, name: str, *args: Any) -> Interval:
        return self._functions[name](*args, self.bits)

    def sum(self, values: Sequence[Interval]) -> Interval:
        return intervals.total(list(values), self.bits)

    def extremum(self, name: str, values: Sequence[Interval]) -> Interval:
        function = intervals.maximum if name == "max" else intervals.minimum
        result = values[0]
        for value in values[1:]:
            result = function(result, value, self.bits)
        return result

    def argmax(self, values: Sequence[Interval]) -> int:
        """The position of the largest lower end. Any position is right: a stable form is proved for every one."""
        best = 0
        for position in range(1, len(values)):
            if libmp.mpf_gt(values[position][0], values[best][0]):
                best = position
        return best

    def prefers(self, test: Interval) -> bool:
        return libmp.mpf_sign(test[0]) > 0


def _told(function: Any) -> Any:
    """A function that knows its precision, told it once more."""
    return lambda *args: function(*args[:-1])
