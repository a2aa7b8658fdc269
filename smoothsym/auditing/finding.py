"""A finding is one input on which a target errs, told so that anyone can paste it and see."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import frexp, inf, isfinite
from typing import Any

from mpmath import libmp

KINDS = (
    "special value",
    "overflow",
    "underflow",
    "cancellation",
    "accumulation",
    "gradient at a tie",
    "convention",
    "ill-conditioned input",
    "flush to zero",
    "inaccurate",
    "raises",
    "wrong shape",
    "wrong dtype",
    "mutates its input",
    "largest error",
)


@dataclass(frozen=True)
class Finding:
    """One input on which a target errs, and by how much.

    `kind`, one of KINDS; `inputs`, the row as hex floats; `parameter`, as a hex float or None; `got` and `exact`, decimal
    strings; `ulp`, the error in ulps of the exact result; `scaled`, the scaled error; `reproduction`, Python that shows it;
    `falls`, whether the finding makes the audit fall short; `component`, the entry of a gradient; `tags`, why the row was tried.
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

    @property
    def rank(self) -> tuple[Any, ...]:
        """Larger is worse, or easier to read: what falls short, an ordinary row, the scaled error, ..."""
        parameter = float.fromhex(self.parameter) if self.parameter is not None else 1.0
        plainness = -abs(frexp(parameter)[1] - 1) - 2 * (not parameter.is_integer()) if isfinite(parameter) else -10000
        ordinary = "special" not in self.tags
        return (self.falls, ordinary, self.scaled, plainness, -len(self.inputs), self.inputs, self.component or 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; infinities and nan as strings, since JSON has none."""
        return plain(asdict(self))

    def __str__(self) -> str:
        where = f", entry {self.component}" if self.component is not None else ""
        with_parameter = f", parameter {float.fromhex(self.parameter)!r}" if self.parameter is not None else ""
        note = f" ({self.note})" if self.note else ""
        size = f"{number(self.ulp)} ulp, scaled {number(self.scaled)}"
        return f"{self.kind}: {size}: got {self.got}, exact {self.exact} at {shown(self.inputs)}{with_parameter}{where}{note}"


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
    """A row of hex floats, shortened."""
    short = [h.replace(".0000000000000p", "p").replace("0x0p+0", "0") for h in inputs[:most]]
    more = f", ... {len(inputs)} entries" if len(inputs) > most else ""
    return f"[{', '.join(short)}{more}]"


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
