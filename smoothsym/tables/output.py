"""What is exact at one input: a decimal, and the correctly rounded bits of every format; or the reason why nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite, isnan
from typing import Any

import numpy as np

from smoothsym.auditing.measuring.references import exact_parameter
from smoothsym.auditing.measuring.references import reference as judged
from smoothsym.cases import Case
from smoothsym.certify import special
from smoothsym.certify.enclose import enclose, reference, rounded
from smoothsym.certify.enclosure import Enclosure, Refused
from smoothsym.formats import FORMATS, Format

DIGITS = 40
"""The significant digits of a decimal."""
MOST_BITS = 4096
"""The precision beyond which what solves an equation is refused: no theorem says what such values are, and each step costs twice as much."""


@dataclass(frozen=True)
class Output:
    """An output of an operator at one input, of one entry or more (a matrix by its rows).

    Attributes: `digits`, each entry as a decimal that is correctly rounded to 40 digits, or "nan", "inf", "-inf"; `bits`, by the
    name of a format, the bit pattern of each correctly rounded entry; `shape`, () for a number; `note`, "limit" or "convention"
    where the special-value contract answers; `refused`, why there is no answer, and then there are no digits and no bits.
    """

    digits: tuple[str, ...] = ()
    bits: Mapping[str, tuple[int, ...]] | None = None
    shape: tuple[int, ...] = ()
    note: str = ""
    refused: str = ""


def output(op: Any, of: Any, x: Sequence[float], parameter: float | None, engine: str = "mpmath") -> Output:
    """What is exact at a row, of an operator of one parameter; nothing uncertified is ever said."""
    if why := unanswerable(op, of, x, parameter):
        return Output(refused=why)
    given: dict[str, Any] = {"of": of, "engine": engine, "budget": None if op.explicit else MOST_BITS}
    given |= {} if parameter is None else {op.parameter.name: parameter}
    try:
        found = np.array(enclose(op, list(x), digits=DIGITS, **given), dtype=object)
        entries = found.reshape(-1).tolist()
        digits = tuple(entry.digits(DIGITS) for entry in entries)
        bits = {name: tuple(_bits(entries, fmt, (op, x, given))) for name, fmt in FORMATS.items()}
    except Refused as refusal:
        return Output(refused=refusal.reason)
    shape = found.shape if entries else (0,)
    return Output(digits, bits, shape, next((entry.note for entry in entries if entry.note), ""))


def unanswerable(op: Any, of: Any, x: Sequence[float], parameter: float | None) -> str:
    """Why a special row has no answer by the contract; empty where it has one, and for every ordinary row."""
    if ordinary(op, x, parameter):
        return ""
    return judged(op, of, Case(tuple(x), parameter, ())).refused


def ordinary(op: Any, x: Sequence[float], parameter: float | None) -> bool:
    """Whether a row has finite entries only, that all have weight, and a parameter that is no limit."""
    if not x or not all(map(isfinite, x)) or (parameter is not None and not (isfinite(parameter) and parameter)):
        return False
    return not any(special.weightless([Fraction(v) for v in x], exact_parameter(parameter), op.dominance))


def _bits(entries: Sequence[Enclosure], fmt: Format, asked: tuple[Any, ...]) -> Iterator[int]:
    again: Any = None
    for place, entry in enumerate(entries):
        if (found := _decided(entry, fmt)) is None:
            # Nearer to a boundary than 40 digits tell.
            if again is None:
                op, x, given = asked
                again = reference(op, list(x), dtype=fmt.name, **given)
            found = int(fmt.bits_of(np.asarray(again).reshape(-1))[place])
        yield found


def _decided(entry: Enclosure, fmt: Format) -> int | None:
    if entry.exact is not None:
        return fmt.round(entry.exact)
    ends = [float(end) if not isfinite(end) else None for end in (entry.lo, entry.hi)]
    if ends[0] is not None:
        return rounded(fmt, ends[0])
    low = fmt.round(entry.lo._mpf_, int(entry.strict[0]))
    return low if low == fmt.round(entry.hi._mpf_, -int(entry.strict[1])) else None


def canonical(fmt: Format, value: float) -> int:
    """The bit pattern of a number of the format; of every nan the same one."""
    if value == 0:
        return fmt.sign_bit if np.signbit(value) else 0
    return rounded(fmt, value)


def same(fmt: Format, one: int, other: int) -> bool:
    """Whether two bit patterns are one answer: the sign of zero and the payload of nan are nobody's concern."""
    magnitude = fmt.sign_bit - 1
    if one & magnitude == 0 or one & magnitude > fmt.infinity:
        return (one & magnitude == 0) == (other & magnitude == 0) and (one & magnitude > fmt.infinity) == (
            other & magnitude > fmt.infinity
        )
    return one == other


def number(fmt: Format, bits: int) -> Fraction | float:
    """What a bit pattern stands for: a Fraction, or an infinity or nan."""
    magnitude = bits & (fmt.sign_bit - 1)
    if magnitude < fmt.infinity:
        return fmt.decode(bits)
    return float("nan") if magnitude > fmt.infinity else float("-inf" if bits & fmt.sign_bit else "inf")


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and isnan(value)
