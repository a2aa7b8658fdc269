"""A finding is one input on which a target errs, told so that anyone can paste it and see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import floor, frexp, inf, isfinite, log10
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym import formats
from smoothsym.cases import Case

KINDS = (
    "special value",
    "overflow",
    "underflow",
    "cancellation",
    "accumulation",
    "threshold branch",
    "gradient at a tie",
    "gradient at zero",
    "precision leak",
    "flush to zero",
    "convention",
    "ill-conditioned input",
    "inaccurate",
    "raises",
    "hangs",
    "dies",
    "not deterministic",
    "wrong shape",
    "wrong dtype",
    "mutates its input",
    "broken invariant",
    "largest error",
)


@dataclass(frozen=True)
class Finding:
    """One input on which a target errs, and by how much.

    `kind`, one of KINDS; `inputs`, the row as hex floats; `parameter`, as a hex float or None; `got` and `exact`, decimal
    strings; `ulp`, the error in ulps of the exact result; `scaled`, the scaled error; `reproduction`, Python that prints what the
    target returns and what is right (where the target has no dotted name, with `target` in scope; where the operator is no
    member of the catalogue, with `op`); `falls`, whether the finding makes the audit fall short; `component`, the entry of a
    gradient; `tags`, why the row was tried; `repair`, code of ours that passes there, as text to paste;
    `v`, the vector beside x as hex floats, where the target is called with one; `beside`, the other row of a 2-D array, where it is only
    beside that one that x fails.
    """

    kind: str
    inputs: tuple[str, ...]
    parameter: str | None
    got: str
    exact: str
    ulp: float
    scaled: float
    reproduction: str = ""
    falls: bool = False
    component: int | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    repair: str = ""
    v: tuple[str, ...] | None = None
    beside: tuple[str, ...] | None = None

    @property
    def case(self) -> Case:
        """The input as a case."""
        x, v = (None if row is None else tuple(map(float.fromhex, row)) for row in (self.inputs, self.v))
        return Case(x or (), None if self.parameter is None else float.fromhex(self.parameter), self.tags, v)

    @property
    def rank(self) -> tuple[Any, ...]:
        """Larger is worse, or easier to read: what falls short, an ordinary row, the decade of its error, a short round row.

        A broken invariant says less of an error than its own kind does.
        """
        ordinary = "special" not in self.tags
        tie = (self.scaled, self.parameter or "", self.inputs, self.component or 0, self.v or ())
        return (self.falls, ordinary, self.kind != "broken invariant", self.severity, *self.plainness, *tie)

    @property
    def severity(self) -> float:
        """The decade of the error: a factor of ten is no reason to prefer an input that nobody can read; nor any, with all digits lost.

        An ill-conditioned input is told by its ulps, and the largest error is the largest.
        """
        error = self.ulp if self.kind == "ill-conditioned input" else self.scaled
        if self.kind == "largest error" or not 0 < error < inf:
            return error
        return min(float(floor(log10(error))), 7.0)

    @property
    def plainness(self) -> tuple[float, float]:
        """How little there is to read: a plain parameter, then few entries of few bits, those that are equal counted once."""
        parameter = float.fromhex(self.parameter) if self.parameter is not None else 1.0
        inputs = len(self.inputs) + sum(_bits(float.fromhex(v)) for v in {*self.inputs, *(self.v or ())})
        return (-_bits(parameter) if isfinite(parameter) else -100), -inputs

    def to_dict(self) -> dict[str, Any]:
        """Plain data; infinities and nan as strings, since JSON has none."""
        return plain(asdict(self))

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Finding:
        """What `to_dict` wrote. Raises ValueError or TypeError for anything else."""
        read: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**{**read, "ulp": float(read["ulp"]), "scaled": float(read["scaled"])})

    def __str__(self) -> str:
        where = f", entry {self.component}" if self.component is not None else ""
        with_parameter = f", parameter {float.fromhex(self.parameter)!r}" if self.parameter is not None else ""
        with_parameter += f", v = {shown(self.v)}" if self.v is not None else ""
        rows = [tag for tag in self.tags if tag.startswith("row ")]
        rows = [f"made simple from {tag}" for tag in rows] if "simplified" in self.tags else rows
        said = [part for part in (self.note, *rows) if part]
        note = f" ({'; '.join(said)})" if said else ""
        size = f"{number(self.ulp)} ulp, scaled {number(self.scaled)}"
        return f"{self.kind}: {size}: got {self.got}, exact {self.exact} at {shown(self.inputs)}{with_parameter}{where}{note}"


# Room for the entries of a row of 20,000, each of which is asked for again with every row that is tried in its place.
@lru_cache(maxsize=1 << 16)
def _bits(value: float) -> float:
    """How much there is to read in a float: its significant bits, with those before or behind its point that lie beyond them, or
    its decimal digits and those of its exponent, whichever are fewer; and its sign.
    """
    if not value or not isfinite(value):
        return 0
    significand, exponent = frexp(abs(value))
    whole = int(significand * 2**53)
    binary = whole.bit_length() - (whole & -whole).bit_length() + 1 + abs(exponent - 1) // 2
    # A number of float32 that is one of few decimals there is read so.
    with np.errstate(over="ignore"):
        narrow = np.float32(abs(value))
    digits, _, power = (str(narrow) if float(narrow) == abs(value) else repr(abs(value))).partition("e")
    shown = len(digits.removesuffix(".0").replace(".", "").strip("0")) + len(power.lstrip("+"))
    decimal = 3 * shown + abs(int(power or 0)) / 100
    return min(binary, decimal + (len(digits.removesuffix(".0")) > 3)) + (value < 0)


def plain(value: Any) -> Any:
    """Data that JSON can hold."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def number(value: float) -> str:
    """A measured error for reading: 0.50, 3.2, 1.2e+16, inf."""
    if value < 1000:
        return f"{value:.2f}" if value < 10 else f"{value:.0f}"
    return f"{value:.1e}" if value < inf else "inf"


def shown(inputs: tuple[str, ...], most: int = 4) -> str:
    """A row of hex floats, shortened; an entry of few digits as a decimal."""
    if len(inputs) > 2 and len(set(inputs)) == 1:
        return f"[{brief(inputs[0])}] * {len(inputs)}"
    more = f", ... {len(inputs)} entries" if len(inputs) > most else ""
    return f"[{', '.join(map(brief, inputs[:most]))}{more}]"


def brief(text: str) -> str:
    """A hex float as the decimal that it is, where that is short: -40.0, 1e+155; else as it is.

    >>> brief("-0x1.4000000000000p+5"), brief("0x1.999999999999ap-4"), brief("0x1.62e42fefa39efp-1"), brief((-1e5).hex())
    ('-40.0', '0.1', '0x1.62e42fefa39efp-1', '-100000.0')
    """
    value = float.fromhex(text)
    with np.errstate(over="ignore"):
        narrow = np.float32(value)
        forms = [repr(value), f"{value:g}", *([f"{narrow:g}", str(narrow)] if float(narrow) == value else [])]
        # A number of float32 may be read as a decimal of it.
        held = [form for form in forms if float(form) == value or float(np.float32(form)) == value or value != value]
    decimal = min(held, key=len)
    short = len(decimal) <= 8
    decimal += "" if {".", "e", "n"} & set(decimal) else ".0"
    return decimal if short else trimmed(text)


def shortest(value: float, dtype: str) -> str:
    """The shortest decimal that the dtype rounds to this value.

    >>> shortest(0.10000000149011612, "float32"), shortest(-20.0, "float64"), shortest(2.0**300, "float64")
    ('0.1', '-20.0', '2.037035976334486e+90')
    """
    if not isfinite(value):
        return repr(value)
    kind = formats.get(dtype).dtype.type
    with np.errstate(all="ignore"):
        shortest = next((s for s in (f"{value:.{k}g}" for k in range(1, 17)) if kind(float(s)) == value), repr(value))
    return repr(float(shortest))


def trimmed(text: str) -> str:
    """A hex float without its idle zeros: 0x1.8p+3, 0."""
    if "p" not in text:
        return text
    digits, _, power = text.partition("p")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if float.fromhex(text) == 0 else f"{digits}p{power}"


def decimal(raw: Any, digits: int = 20) -> str:
    """A raw mpf as a decimal string; where a decimal exponent would be absurd, as a power of two."""
    sign, man, exponent, bits = raw
    if not man:
        return "0.0" if not exponent else libmp.to_str(raw, 5)
    if abs(exponent) > 1 << 20:
        power = exponent + bits - 1
        text = str(power) if abs(power) < 1 << 40 else f"{'-' if power < 0 else ''}2**{abs(power).bit_length() - 1}.."
        return f"{'-' if sign else ''}2**({text})"
    return str(libmp.to_str(raw, digits))
