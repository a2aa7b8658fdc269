"""The binary formats, their neighbours and ulps, and the one correct rounder, on integers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from smoothsym.errors import unknown

ROUNDINGS = ("nearest", "down", "up", "zero")


LONGEST = 1 << 24
"""The exponent beyond which an mpf is not made a Fraction."""


@dataclass(frozen=True)
class Format:
    """An IEEE-like format: `precision` bits with the hidden one, exponents emin..emax of the leading bit, `bits` in all."""

    name: str
    precision: int
    emin: int
    emax: int
    bits: int

    @property
    def u(self) -> Fraction:
        """The unit roundoff."""
        return Fraction(1, 2**self.precision)

    @property
    def largest(self) -> Fraction:
        return (2 - 2 * self.u) * Fraction(2) ** self.emax

    @property
    def smallest_normal(self) -> Fraction:
        return Fraction(2) ** self.emin

    @property
    def smallest_subnormal(self) -> Fraction:
        return Fraction(2) ** (self.emin - self.precision + 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype; bfloat16 comes from ml_dtypes."""
        if self.name != "bfloat16":
            return np.dtype(self.name)
        try:
            import ml_dtypes
        except ImportError as error:
            raise ImportError("bfloat16 arrays need ml_dtypes: pip install 'smoothsym[lowp]'") from error
        return np.dtype(ml_dtypes.bfloat16)

    @property
    def uint(self) -> np.dtype[Any]:
        """The unsigned integer of the same width."""
        return np.dtype(f"uint{self.bits}")

    @property
    def infinity(self) -> int:
        """The bit pattern of +inf."""
        return ((1 << (self.bits - self.precision)) - 1) << (self.precision - 1)

    @property
    def sign_bit(self) -> int:
        return 1 << (self.bits - 1)

    def round(self, value: Any, sticky: int = 0, rounding: str = "nearest") -> int:
        """The bit pattern of a value rounded once, correctly.

        Parameters: `value`, an int, Fraction or raw mpf tuple; `sticky`, -1 or +1 where the true value lies infinitesimally below
        or above it; `rounding`, "nearest" (ties to even), "down", "up" or "zero". What rounds to zero keeps its sign.
        Raises ValueError for an mpf that is infinite or nan, and for an unknown rounding.

        >>> hex(get("float16").round(Fraction(2049)))
        '0x6800'
        >>> hex(get("float16").round(Fraction(2049), sticky=1))
        '0x6801'
        """
        if rounding not in ROUNDINGS:
            raise unknown("rounding", rounding, ROUNDINGS)
        negative, top, bottom, exponent = _parts(value)
        if not top:
            if not sticky:
                return 0
            negative = sticky < 0
        sign = self.sign_bit if negative else 0
        away = rounding == ("down" if negative else "up")
        if not top:
            return sign | away
        # |value| becomes man * 2^exponent with three bits to spare; what lies between two such numbers goes to the odd one, which
        # rounds as it does.
        shift = self.precision + 3 - top.bit_length() + bottom.bit_length()
        man, rest = divmod(top << max(0, shift), bottom << max(0, -shift))
        outward = -sticky if negative else sticky
        if outward < 0 and not rest:
            man -= 1
        man, exponent = 2 * man + bool(rest or outward), exponent - shift - 1
        lead = exponent + man.bit_length() - 1
        if lead > self.emax:
            return sign | (self.infinity - (rounding != "nearest" and not away))
        # A unit in the last place is 2^cut in units of man; below half of the smallest number every cut does as well.
        binade = max(lead, self.emin)
        cut = min(binade - self.precision + 1 - exponent, man.bit_length() + 1)
        quotient, rest = man >> cut, man & ((1 << cut) - 1)
        half = 1 << (cut - 1)
        if away:
            quotient += rest > 0
        elif rounding == "nearest":
            quotient += rest > half or (rest == half and quotient & 1)
        # The hidden bit of a normal number adds one to the exponent field, and so does a carry into the next binade.
        return sign | (((binade - self.emin) << (self.precision - 1)) + quotient)

    def round_floats(self, values: Any, rounding: str = "nearest") -> Any:
        """The bit patterns of float64 values, each rounded once, correctly; an array like theirs of `uint`.

        >>> hex(get("bfloat16").round_floats(np.array([1.00390625]))[0])
        '0x3f80'
        """
        if rounding not in ROUNDINGS:
            raise unknown("rounding", rounding, ROUNDINGS)
        values = np.asarray(values, dtype=np.float64)
        bits = values.view(np.uint64)
        if self.precision == 53:
            return bits.astype(self.uint)
        if rounding == "nearest" and self.name != "bfloat16":
            with np.errstate(all="ignore"):
                return values.astype(self.dtype).view(self.uint)  # which the machine rounds, and once
        sign = (bits >> np.uint64(63)) << np.uint64(self.bits - 1)
        magnitude = bits & np.uint64((1 << 63) - 1)
        # In units of the last place: of a normal number of the format by cutting the significand, below that by scaling.
        cut = 53 - self.precision
        small = np.abs(values) < float(self.smallest_normal)
        units = np.abs(values) * (1 / float(self.smallest_subnormal))
        whole = np.floor(units)
        whole = np.where(small, whole, 0.0)
        quotient = np.where(small, whole.astype(np.uint64), magnitude >> np.uint64(cut))
        kept = np.uint64((1 << cut) - 1)
        left = np.where(small, units - whole, (magnitude & kept).astype(np.float64) * 2.0**-cut)
        if rounding == "nearest":
            quotient += (left > 0.5) | ((left == 0.5) & (quotient & np.uint64(1)).astype(bool))
        elif rounding != "zero":
            away = (sign != 0) == (rounding == "down")
            quotient += (left > 0) & away
        offset = np.uint64((1023 + self.emin - 1) << (self.precision - 1))
        result = np.where(small, quotient, quotient - offset)
        infinity = np.uint64(self.infinity)
        below = infinity - np.uint64(1)
        over = result >= infinity
        if rounding == "zero":
            limit = np.broadcast_to(below, result.shape)
        elif rounding == "nearest":
            limit = np.broadcast_to(infinity, result.shape)
        else:
            limit = np.where((sign != 0) == (rounding == "down"), infinity, below)
        result = np.where(over, np.where(np.isinf(values), infinity, limit), result)
        result = np.where(np.isnan(values), infinity | np.uint64(1 << (self.precision - 2)), result | sign)
        return result.astype(self.uint)

    def decode(self, bits: int) -> Fraction:
        """The finite number that a bit pattern stands for."""
        magnitude = bits & (self.sign_bit - 1)
        if magnitude >= self.infinity:
            raise ValueError(f"{bits:#x} is no finite {self.name}")
        field, man = divmod(magnitude, 1 << (self.precision - 1))
        value = Fraction(man + ((1 << (self.precision - 1)) if field else 0))
        value *= Fraction(2) ** (max(field, 1) + self.emin - self.precision)
        return -value if bits & self.sign_bit else value

    def to_array(self, bits: Any) -> Any:
        """An array of the format from an array of bit patterns."""
        return np.asarray(bits, dtype=self.uint).view(self.dtype)

    def bits_of(self, values: Any) -> Any:
        """The bit patterns of an array, which must have this dtype."""
        array = np.asarray(values)
        if array.dtype != self.dtype:
            raise TypeError(f"an array of {array.dtype} is none of {self.name}")
        return array.view(self.uint)

    def ordinal(self, bits: int) -> int:
        """The place of a number among the numbers of the format; 0 for both zeros, neighbours one apart."""
        bits = int(bits)
        return -(bits - self.sign_bit) if bits & self.sign_bit else bits

    def from_ordinal(self, ordinal: int) -> int:
        """The bit pattern at a place, which is cut to the infinities."""
        magnitude = min(abs(int(ordinal)), self.infinity)
        return magnitude | (self.sign_bit if ordinal < 0 else 0)

    def neighbours(self, bits: int) -> tuple[int, int]:
        """The bit patterns just below and just above."""
        place = self.ordinal(bits)
        return self.from_ordinal(place - 1), self.from_ordinal(place + 1)

    def ulp(self, value: Fraction) -> Fraction:
        """The spacing of the format at |value|: the subnormal spacing below, the largest one beyond overflow."""
        value = abs(Fraction(value))
        if value < self.smallest_normal:
            return self.smallest_subnormal
        lead = value.numerator.bit_length() - value.denominator.bit_length()
        lead -= value < Fraction(2) ** lead
        return Fraction(2) ** (min(lead, self.emax) - self.precision + 1)

    def hex(self, value: Any) -> str:
        """A number of the format as float.hex writes it."""
        return float(value).hex()


def gradual_underflow() -> bool:
    """Whether the machine keeps subnormal numbers; any library that is loaded may have set it to flush them to zero.

    >>> gradual_underflow()
    True
    """
    taken = np.array([1, 1 << 52], dtype=np.int64).view(np.float64)
    # The smallest number as an operand, and half of the smallest normal one as a result; by their bits, as comparisons flush too.
    return bool(((taken * np.array([1.0, 0.5])).view(np.int64) == np.array([1, 1 << 51])).all())


def _parts(value: Any) -> tuple[bool, int, int, int]:
    """(negative, top, bottom, exponent) with |value| = top / bottom * 2^exponent."""
    if isinstance(value, tuple):
        negative, man, exponent, _ = value
        if not man and exponent:
            raise ValueError("an infinity or nan has no bit pattern by rounding")
        return bool(negative), int(man), 1, int(exponent)
    value = Fraction(value)
    return value < 0, abs(value.numerator), value.denominator, 0


FORMATS = {
    f.name: f
    for f in (
        Format("float16", 11, -14, 15, 16),
        Format("bfloat16", 8, -126, 127, 16),
        Format("float32", 24, -126, 127, 32),
        Format("float64", 53, -1022, 1023, 64),
    )
}


def get(name: Any) -> Format:
    """A format by its name or dtype: of NumPy, by any of its names, of ml_dtypes, PyTorch or JAX.

    >>> get("float32").precision, get("double").name, get("<f2").name
    (24, 'float64', 'float16')
    """
    if isinstance(name, Format):
        return name
    text = str(name).removeprefix("torch.")
    if text not in FORMATS:
        try:
            text = np.dtype(name).name
        except TypeError:
            if not isinstance(name, str):
                raise TypeError(f"dtype={name!r} is no dtype; known: {', '.join(FORMATS)}") from None
    if text not in FORMATS:
        raise unknown("dtype", text, FORMATS)
    return FORMATS[text]


def to_fraction(value: Any) -> Fraction:
    """A number as the exact rational that it is. Raises TypeError for what is no number, ValueError for nan and infinities."""
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, np.integer):
        return Fraction(int(value))
    raw = getattr(value, "_mpf_", None)
    if raw is not None and isinstance(raw, tuple):
        negative, man, exponent, _ = raw
        if not man and exponent:
            raise ValueError(f"{value!r} is not finite")
        if abs(exponent) > LONGEST:
            raise ValueError(f"a number of about 2**{exponent} is too long to be written as a fraction")
        return Fraction(-int(man) if negative else int(man)) * Fraction(2) ** int(exponent)
    if getattr(value, "is_Rational", False):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, (float, np.floating)) or type(value).__module__.startswith("ml_dtypes"):
        number = float(value)
        if isinstance(value, np.longdouble) and np.longdouble(number) != value:
            raise TypeError(f"{value!r} is a longdouble that no float64 equals; give it as a Fraction")
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError(f"{value!r} is not finite")
        return Fraction(number)
    raise TypeError(f"{value!r} is a {type(value).__name__} and no real number")
