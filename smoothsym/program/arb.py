"""A program run in the balls of Arb: the second engine of enclosures, several times faster and sharing no code with the first.

Arb's precision is one number for the whole process. It is set while a program runs, and put back; threads share it, so run them
in processes. A ball has one radius for both sides, unlike an interval with two ends: what 1e300 + exp(-1e300) has beyond 1e300 is
lost here, and certify/exact.py finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from mpmath.libmp import MPZ, from_man_exp

from smoothsym.program.clipped import CLIPPED, Clipped
from smoothsym.program.intervals import LARGEST, Indeterminate, Interval, Undefined

try:
    import flint
except ImportError as error:
    raise ImportError(
        "engine='arb' needs python-flint, which is not installed: pip install 'smoothsym[arb]', or leave engine out"
    ) from error

Ball = Any

_ZERO = flint.arb(0)


class ArbBalls(Clipped):
    """The arithmetic of Arb's balls at a precision of `bits`, to be used within `working`."""

    name = "arb"

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.functions: dict[str, Callable[..., Ball]] = {
            "add": flint.arb.__add__,
            "sub": flint.arb.__sub__,
            "mul": flint.arb.__mul__,
            "div": _divided,
            "pow": self._power,
            "neg": flint.arb.__neg__,
            "abs": flint.arb.__abs__,
            "sign": flint.arb.sgn,
            "exp": self._exp,
            "expm1": self._expm1,
            "log": _log,
            "log1p": _log1p,
            "sqrt": lambda a: self._power(a, flint.arb(0.5)),
            "hypot": lambda a, b: flint.arb.max(a * a + b * b, _ZERO).sqrt(),
            "maximum": flint.arb.max,
            "minimum": flint.arb.min,
            **{name: getattr(self, name) for name in CLIPPED},
        }

    @contextmanager
    def working(self) -> Iterator[None]:
        """Arb at this precision, and afterwards at the one before."""
        before = flint.ctx.prec
        flint.ctx.prec = self.bits
        try:
            yield
        finally:
            flint.ctx.prec = before

    def number(self, value: Fraction) -> Ball:
        """A rational: a point where it is dyadic, whatever its length."""
        p, q = value.numerator, value.denominator
        if q & (q - 1) == 0:
            if p.bit_length() <= 53 and q.bit_length() <= 1000:
                return flint.arb(p / q)
            return flint.arb((p, 1 - q.bit_length()))
        return flint.arb(flint.fmpq(p, q))

    def hull(self, low: Fraction, high: Fraction) -> Ball:
        return self.number(low).union(self.number(high))

    def from_zero(self, value: Ball) -> Ball:
        """Between 0 and a positive number."""
        return _ZERO.union(value)

    def apply(self, name: str, *args: Ball) -> Ball:
        return self.functions[name](*args)

    def sum(self, values: Sequence[Ball]) -> Ball:
        return sum(values, flint.arb(0))

    def extremum(self, name: str, values: Sequence[Ball]) -> Ball:
        function = flint.arb.max if name == "max" else flint.arb.min
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return result

    def argmax(self, values: Sequence[Ball]) -> int:
        """The position of one that none before or after is known to exceed by far: any position is right."""
        best = 0
        for position in range(1, len(values)):
            if values[position] > values[best]:
                best = position
        return best

    def prefers(self, test: Ball) -> bool:
        return bool(test > 0)

    def interval(self, value: Ball) -> Interval:
        """The ends of a ball, rounded outward where it is no point."""
        if value.is_exact():
            end = _raw(value)
            return (end, end)
        return (_raw(value.lower()), _raw(value.upper()))

    # ---- what takes more bits than the result has ------------------------------------------------------------------------------

    def _exp(self, a: Ball) -> Ball:
        value = a.exp()
        return value if value > _ZERO else self._far(flint.arb.exp, a)

    def _expm1(self, a: Ball) -> Ball:
        value = a.expm1()
        return value if value.is_finite() else self._far(flint.arb.expm1, a)

    def _far(self, function: Callable[[Ball], Ball], a: Ball) -> Ball:
        """An exponential far out: it is known to as many bits as there are beyond those that its argument has before the point."""
        top = _top(a.abs_upper())
        if top <= LARGEST:
            with self._more(top):
                value = function(a)
        else:
            value = function(a)
        if value.is_finite() and not (top > LARGEST and a > 0):
            return value
        sure = a > 0 and _top(a.abs_lower()) > LARGEST
        raise (Undefined if sure else Indeterminate)(
            f"the exponential of a number beyond 2^{LARGEST} is too large to write"
        )

    @contextmanager
    def _more(self, bits: int) -> Iterator[None]:
        before = flint.ctx.prec
        flint.ctx.prec = before + max(bits, 0) + 8
        try:
            yield
        finally:
            flint.ctx.prec = before

    def _power(self, a: Ball, b: Ball) -> Ball:
        """a^b: a^b = exp(b log a) loses as many bits as b log a has before the point. 0^b is 0 for b > 0, and 0^0 is 1."""
        value = a**b
        if value > _ZERO and value.rel_accuracy_bits() > self.bits - 16:
            return value
        whole = b.is_integer()
        if a > 0 or (whole and not a.contains(0)):
            top = _top(b.abs_upper()) + _top(abs(a).log().abs_upper()) if not a.contains(1) else 0
            if top <= 4:
                value = a**b
            else:
                with self._more(min(top, LARGEST)):
                    value = a**b
            if value.is_finite():
                return value
            raise Indeterminate("a power is too large to write")
        if whole and b.is_zero():
            return flint.arb(1)
        if a < 0:
            sure = b.is_exact() or not b.contains_integer()
            raise (Undefined if sure else Indeterminate)(
                "a power of a negative number, whose exponent is not known to be whole"
            )
        if not b > 0:
            raise (Undefined if a.is_zero() and b.is_exact() else Indeterminate)("a power of a number that may be zero")
        if not whole and not a.lower() >= 0:
            raise Indeterminate("a power of a number that may be negative")
        if a.is_zero():
            return a
        return flint.arb(0, self._power(a.abs_upper(), b).abs_upper())


def _divided(a: Ball, b: Ball) -> Ball:
    value = a / b
    if value.is_finite():
        return value
    if b.is_zero():
        raise Undefined("division by zero")
    raise Indeterminate("a divisor is not known to be nonzero")


def _log(a: Ball) -> Ball:
    value = a.log()
    if value.is_finite():
        return value
    if a.upper() <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    raise Indeterminate("the logarithm of a number not known to be positive")


def _log1p(a: Ball) -> Ball:
    value = a.log1p()
    if value.is_finite():
        return value
    raise (Undefined if a.upper() <= -1 else Indeterminate)("log1p of a number not known to exceed -1")


def _top(a: Ball) -> int:
    """The power of two just above a finite point: 2^(top-1) <= |a| < 2^top; very small for 0, very large for an infinity."""
    if not a.is_finite():
        return LARGEST + 1
    man, exponent = a.mid().man_exp()
    return int(man).bit_length() + int(exponent) if man else -LARGEST


def _raw(point: Ball) -> Any:
    man, exponent = point.man_exp()
    return from_man_exp(MPZ(int(man)), int(exponent))
