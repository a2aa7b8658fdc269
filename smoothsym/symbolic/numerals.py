"""A number that is written is taken for exactly what it says: 0.1 is one tenth, 1/3 a third, and 0x1p-3 an eighth."""

from __future__ import annotations

import re
from fractions import Fraction
from math import inf, nan

MINUS = "\N{MINUS SIGN}"
"""Stands for the hyphen of a negative number or expression on its way through argparse, which would take it for an option."""

_SIGN = r"(?P<sign>[+-]?)"
_DECIMAL = re.compile(_SIGN + r"(?P<digits>[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE](?P<exponent>[+-]?[0-9]+))?")
_HEX = re.compile(
    _SIGN + r"0[xX](?P<digits>[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP](?P<exponent>[+-]?[0-9]+))?"
)
_FRACTION = re.compile(_SIGN + r"(?P<above>[0-9]+)/(?P<below>[0-9]+)")
_BEYOND = re.compile(_SIGN + r"(?P<word>inf|infinity|oo|nan)", re.IGNORECASE)
LARGEST_EXPONENT = 100_000
LONGEST = 4000


def exact(text: str) -> Fraction | float:
    """The number that a text says: a Fraction, or a float for inf, nan and -0. Raises ValueError where it says none.

    >>> exact("0.1"), exact("-1/3"), exact("0x1.8p-3"), exact("-inf")
    (Fraction(1, 10), Fraction(-1, 3), Fraction(3, 16), -inf)
    """
    said = text.replace(MINUS, "-")
    if len(said) > LONGEST:
        raise ValueError(f"{said[:20]}... is a number of {len(said)} characters; at most {LONGEST} are read")
    if match := _BEYOND.fullmatch(said):
        value = nan if match["word"].lower() == "nan" else inf
        return -value if match["sign"] == "-" else value
    if match := _FRACTION.fullmatch(said):
        if not int(match["below"]):
            raise ValueError(f"{said} divides by zero; for an infinity write inf")
        return _signed(match["sign"], Fraction(int(match["above"]), int(match["below"])))
    for pattern, base, step in ((_DECIMAL, 10, 10), (_HEX, 16, 2)):
        if match := pattern.fullmatch(said):
            exponent = int(match["exponent"] or 0)
            if abs(exponent) > LARGEST_EXPONENT:
                raise ValueError(f"{said} has an exponent beyond {LARGEST_EXPONENT}")
            whole, _, rest = match["digits"].partition(".")
            size = Fraction(int(whole + rest, base)) / base ** len(rest) * Fraction(step) ** exponent
            return _signed(match["sign"], size)
    raise ValueError(
        f"{said!r} is no number; write a decimal, a fraction such as 1/3, a hex float such as 0x1p-3, inf or nan"
    )


def _signed(sign: str, size: Fraction) -> Fraction | float:
    if sign != "-":
        return size
    return -size if size else -0.0
