"""An enclosure is an interval proved to hold the exact value; its digits are decimals that both of its ends round to."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
from mpmath import libmp

from smoothsym.program.intervals import Interval

_CONTEXT = mpmath.MPContext()


class Refused(ArithmeticError):
    """A value that could not be decided within the budget; carries the enclosure and the reason."""

    def __init__(self, reason: str, enclosure: Enclosure | None = None) -> None:
        super().__init__(reason if enclosure is None else f"{reason}; the value lies in {enclosure}")
        self.reason = reason
        self.enclosure = enclosure


@dataclass(frozen=True)
class Enclosure:
    """An interval [lo, hi] that is proved to hold the exact value; lo == hi where the value is known exactly.

    `strict` says that a theorem excludes both ends. `digits(k)` gives the value correctly rounded to k significant digits.
    """

    lo: Any
    hi: Any
    bits: int
    engine: str = "mpmath"
    strict: bool = False
    note: str = ""

    @property
    def mid(self) -> Any:
        """The midpoint, rounded to twice the bits."""
        if self.lo == self.hi:
            return self.lo
        return make_mpf(libmp.mpf_shift(libmp.mpf_add(self.lo._mpf_, self.hi._mpf_, 2 * self.bits, "n"), -1))

    @property
    def rad(self) -> Any:
        """A radius that covers the interval from `mid`, rounded up."""
        mid = self.mid._mpf_
        above = libmp.mpf_sub(self.hi._mpf_, mid, 53, "c")
        below = libmp.mpf_sub(mid, self.lo._mpf_, 53, "c")
        return make_mpf(above if libmp.mpf_ge(above, below) else below)

    def digits(self, k: int) -> str:
        """The value rounded correctly to k significant decimal digits, as a string.

        Raises ValueError for k < 1, Refused where the enclosure is too wide to tell; `enclose(digits=k)` makes it narrow enough.
        """
        if not isinstance(k, int) or k < 1:
            raise ValueError(f"digits={k!r}: ask for a positive whole number of digits")
        if mpmath.isnan(self.lo) or mpmath.isinf(self.lo):
            return str(self.lo).replace("+", "")
        text = decided_digits((self.lo._mpf_, self.hi._mpf_), k, self.strict)
        if text is None:
            raise Refused(f"the enclosure does not decide {k} digits: ask enclose for digits={k}", self)
        return text

    def __str__(self) -> str:
        with _CONTEXT.workprec(self.bits):
            return f"[{_CONTEXT.nstr(self.lo, 20)}, {_CONTEXT.nstr(self.hi, 20)}]"


def make_mpf(raw: Any) -> Any:
    return mpmath.mp.make_mpf(raw)


def fraction_of(raw: Any) -> Fraction:
    sign, man, exponent, _ = raw
    return Fraction((-1) ** sign * int(man)) * Fraction(2) ** int(exponent)


# ---- decimal digits ---------------------------------------------------------------------------------------------------------


def decided_digits(ends: Interval, k: int, strict: bool = False) -> str | None:
    """The k digits that both ends round to, None where they differ."""
    low, high = (
        _decimal(end, k, step if strict and ends[0] != ends[1] else 0) for end, step in zip(ends, (1, -1), strict=True)
    )
    return _written(low, k) if low == high else None


def _decimal(raw: Any, k: int, step: int = 0) -> tuple[int, int]:
    """(m, e) with |m| of k digits and m 10^e the nearest to the value; `step` breaks a tie for what lies just beside it."""
    sign, man, exponent, bitcount = raw
    man, exponent = int(man), int(exponent)
    if not man:
        return (0, 0)
    if abs(exponent) > 10_000_000:
        raise Refused(f"a value of about 2^{exponent + int(bitcount)} is not written in decimal")
    step = -step if sign else step
    magnitude = int((exponent + int(bitcount)) * 0.30102999566398120)
    for e in (magnitude - k + 1, magnitude - k, magnitude - k - 1, magnitude - k + 2):
        top = man << exponent if exponent > 0 else man
        bottom = 1 << -exponent if exponent < 0 else 1
        top, bottom = (top * 10**-e, bottom) if e < 0 else (top, bottom * 10**e)
        quotient, remainder = divmod(top, bottom)
        if not 10 ** (k - 1) <= quotient < 10**k:
            continue
        twice = 2 * remainder - bottom
        if twice > 0 or (twice == 0 and (step > 0 or (step == 0 and quotient % 2))):
            quotient += 1
        if quotient == 10**k:
            quotient, e = quotient // 10, e + 1
        return (-quotient if sign else quotient, e)
    raise AssertionError("no decimal exponent fits")


def _written(decimal: tuple[int, int], k: int) -> str:
    m, e = decimal
    if m == 0:
        return "0"
    # Python's own str refuses whole numbers of more than 4300 digits.
    sign, text, point = "-" if m < 0 else "", libmp.libintmath.numeral(abs(m), 10, k), e + k
    if -5 < point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    if 0 < point <= max(k, 21):
        text = text.ljust(point, "0")
        return f"{sign}{text[:point]}" + (f".{text[point:]}" if point < len(text) else "")
    return f"{sign}{text[0]}" + (f".{text[1:]}" if k > 1 else "") + f"e{point - 1:+d}"


def decimal_boundary(ends: Interval, k: int) -> Fraction | None:
    """The rational between the two neighbouring k-digit decimals that the ends round to."""
    low, high = (_decimal(end, k) for end in ends)
    a, b = (Fraction(m) * Fraction(10) ** e for m, e in (low, high))
    if a == 0 or b == 0 or (a < 0) != (b < 0):
        return Fraction(0)
    step = Fraction(10) ** max(low[1], high[1])
    return (a + b) / 2 if b - a <= step else None
