"""An enclosure is an interval proved to hold the exact value; what it does not decide is refused with it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
from mpmath import libmp

from smoothsym import notebook
from smoothsym.certify import decimals

Strict = tuple[bool, bool]
"""Whether a theorem excludes the lower end of an interval, and the upper one."""

NEITHER: Strict = (False, False)


class Refused(ArithmeticError):
    """A value that could not be decided within the budget; carries the enclosure and the reason."""

    def __init__(self, reason: str, enclosure: Enclosure | None = None) -> None:
        super().__init__(reason if enclosure is None else f"{reason}; the value lies in {enclosure}")
        self.reason = reason
        self.enclosure = enclosure

    def __reduce__(self) -> Any:
        return (type(self), (self.reason, self.enclosure))


@dataclass(frozen=True)
class Enclosure:
    """An interval [lo, hi] that is proved to hold the exact value; lo == hi where the value is known exactly.

    Attributes: `lo`, `hi`, the ends as mpf; `bits`, the working precision; `engine`; `strict`, which of the ends a
    theorem excludes; `exact`, the value where it is known as a rational; `note`, "limit" or "convention" where the special-value contract answered. nan and infinities are their own ends.

    >>> import smoothsym as ss
    >>> third = ss.enclose(ss.boltzmann, [0, 0, 1], alpha=0, digits=5)
    >>> third.digits(5), third.note
    ('0.33333', 'limit')
    """

    lo: Any
    hi: Any
    bits: int
    engine: str = "mpmath"
    strict: Strict = NEITHER
    note: str = ""
    exact: Fraction | None = None

    @property
    def mid(self) -> Any:
        """The midpoint, rounded to twice the bits."""
        if self.lo == self.hi:
            return self.lo
        return make_mpf(libmp.mpf_shift(libmp.mpf_add(self.lo._mpf_, self.hi._mpf_, 2 * self.bits, "n"), -1))

    @property
    def rad(self) -> Any:
        """A radius that covers the interval from `mid`, rounded up; 0 for an infinity, nan for nan."""
        if self.lo == self.hi:
            return make_mpf(libmp.fzero)
        mid = self.mid._mpf_
        above = libmp.mpf_sub(self.hi._mpf_, mid, 53, "c")
        below = libmp.mpf_sub(mid, self.lo._mpf_, 53, "c")
        return make_mpf(above if libmp.mpf_ge(above, below) else below)

    def digits(self, k: int) -> str:
        """The value rounded correctly to k significant decimal digits, as a string; "nan", "inf", "-inf" for those.

        Raises ValueError for k < 1, Refused where the enclosure is too wide to tell; `enclose(digits=k)` makes it narrow enough.
        """
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise ValueError(f"digits={k!r}: ask for a positive whole number of digits")
        if not _finite(self.lo) or not _finite(self.hi):
            return str(self.lo).replace("+", "")
        if self.exact is not None:
            return decimals.written(decimals.decimal(self.exact, k), k)
        found = decimals.decided((self.lo._mpf_, self.hi._mpf_), k, self.strict)
        if found is None:
            raise Refused(f"the enclosure does not decide {k} digits: ask enclose for digits={k}", self)
        return decimals.written(found, k)

    def _repr_html_(self) -> str:
        if not _finite(self.lo) or not _finite(self.hi):
            rows = [("value", str(self.lo))]
        else:
            ends = [
                decimals.written(decimals.decimal(end._mpf_, 25, way=way), 25)
                for end, way in ((self.lo, "down"), (self.hi, "up"))
            ]
            rows = [("value", self._certain(20)), ("at least", ends[0]), ("at most", ends[1])]
        rows += [("by", f"{self.engine}, {self.bits} bits")]
        rows += [("note", self.note)] if self.note else []
        return notebook.table((), rows)

    def _certain(self, most: int) -> str:
        """The digits that are decided, up to so many."""
        for k in range(most, 0, -1):
            try:
                return self.digits(k)
            except Refused:
                continue
        return "no digit is decided"

    def __str__(self) -> str:
        if not _finite(self.lo) or not _finite(self.hi):
            return f"[{self.lo}, {self.hi}]"
        low, high = (decimals.decimal(end._mpf_, 20, way=way) for end, way in ((self.lo, "down"), (self.hi, "up")))
        return f"[{decimals.written(low, 20)}, {decimals.written(high, 20)}]"


def make_mpf(raw: Any) -> Any:
    return mpmath.mp.make_mpf(raw)


def fraction_of(raw: Any) -> Fraction:
    sign, man, exponent, _ = raw
    return Fraction((-1) ** sign * int(man)) * Fraction(2) ** int(exponent)


def _finite(number: Any) -> bool:
    return bool(mpmath.isfinite(number))
