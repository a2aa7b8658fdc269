"""Anybody's table is read as claims: at these inputs, in this format, this is the output. Numbers are read for exactly what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from smoothsym import formats
from smoothsym.certify.decimals import decimal
from smoothsym.errors import unknown
from smoothsym.formats import FORMATS, Format
from smoothsym.symbolic.numerals import LONGEST, exact
from smoothsym.tables import columns as stored
from smoothsym.tables.columns import Columns
from smoothsym.tables.naming import operator_of
from smoothsym.tables.output import canonical, number

_PATTERN = re.compile(r"0[xX][0-9a-fA-F]+")
_SPECIAL = re.compile(r"[+-]?(inf|infinity|nan)", re.IGNORECASE)
USUAL = ({"x": "x"}, {"x": "x[0-9]*"}, {"x": "input"}, {"x": "input[0-9]*"}, {"x": "in[0-9]*"})
"""What columns of x are called, where nobody says it."""
USUAL_OUTPUTS = ("{of}", "{of}[0-9]*", "output", "output[0-9]*", "out[0-9]*")


@dataclass(frozen=True)
class Claim:
    """One output of one row: `got`, bit patterns of `dtype`, or `decimals`, texts; `entries`, whether it is a vector; `patterns`, whether bits were given."""

    row: int
    of: str
    dtype: str
    x: tuple[float, ...]
    parameter: float | None
    got: tuple[int, ...]
    decimals: tuple[str, ...]
    entries: bool
    patterns: bool


@dataclass(frozen=True)
class Claims:
    """What a table claims of an operator of one parameter, and how many rows it has."""

    op: Any
    rows: tuple[Claim, ...]
    count: int


def read(
    path: Path,
    op: Any,
    mapping: Mapping[str, str] | None,
    of: str,
    dtype: Any,
    decimals: bool,
    given: Mapping[str, Any],
) -> Claims:
    """The claims of a file; see check_table. Raises ValueError with the row for what is no number of its format."""
    table = stored.load(path)
    if op is None and table.about is None:
        raise ValueError(f"{path} does not say which operator it is of: give op= (--as OP)")
    if op is None:
        assert table.about is not None
        op = operator_of(table.about)
    own = table.about or {}
    op, given = op.settled(dict(given))
    name = None if op.parameter is None else op.parameter.name
    if strange := [key for key in given if key != name]:
        raise TypeError(
            f"check_table: {unknown('argument', strange[0], [name] if name else ['op', 'columns', 'of', 'dtype', 'ulp'])}"
        )
    if name is not None and name not in given and isinstance(own.get("constant"), str):
        given = {name: exact(own["constant"])}
    places = _placed(path, table, op, mapping, str(own.get("of", of)), name, name in given)
    constant = None if name is None or "parameter" in places else _constant(op, name, given)
    asked = None if dtype is None else formats.get(dtype).name
    fmt = asked or table.dtype_of([*places.get("outputs", {}).values()]) or table.dtype_of([places["x"]]) or "float64"
    reader = _Reader(path, table, op, places, fmt, constant, decimals)
    return Claims(op, tuple(reader.claims()), table.count)


def figures(text: str) -> int:
    """How many significant digits a decimal has.

    >>> figures("0.0120"), figures("-1e5"), figures("0")
    (3, 1, 1)
    """
    digits = re.sub(r"[eE].*|[^0-9]", "", text).lstrip("0")
    return max(len(digits), 1)


def _constant(op: Any, name: str, given: Mapping[str, Any]) -> float:
    if name not in given:
        usual = op.defaults.get(name, 2.0 if name == "p" else 1.0)
        raise ValueError(f"{op.name} has the parameter {name}: give {name}= (such as {usual}), or its column")
    value = given[name]
    found = float(value)
    if isfinite(found) and Fraction(found) != Fraction(value):
        raise ValueError(f"{name}={value!r} is no float64, and no table of floats is about it; give {found!r}")
    return found


def _placed(
    path: Path, table: Columns, op: Any, mapping: Mapping[str, str] | None, of: str, name: str | None, constant: bool
) -> dict[str, Any]:
    """Which columns hold x, the parameter, the format and the outputs."""
    known = list(table.columns)
    places: dict[str, Any] = {}
    used: set[str] = set()

    def matched(pattern: str, what: str) -> list[str]:
        found = (
            [pattern] if pattern in known else sorted(filter(lambda c: fnmatchcase(c, pattern), known), key=_natural)
        )
        if not found:
            raise ValueError(f"columns: {what}={pattern!r} is no column of {path}; it has {', '.join(known)}")
        return found

    said = dict(mapping or {})
    for key in [key for key in said if key in (name, "dtype")]:
        (column,) = matched(said.pop(key), key)[:1]
        places["parameter" if key == name else "dtype"] = column
        used.add(column)
    entries = sorted((key for key in said if re.fullmatch(r"x[0-9]+", key)), key=_natural)
    if "x" in said:
        places["x"] = [column for column in matched(said.pop("x"), "x") if column not in used]
    elif entries:
        places["x"] = [matched(said.pop(key), key)[0] for key in entries]
    places["outputs"] = {
        key: [column for column in matched(text, key) if column not in used and column not in places.get("x", ())]
        for key, text in said.items()
    }
    if mapping is None or ("dtype" not in places and "dtype" in known):
        places.setdefault("dtype", "dtype" if "dtype" in known else None)
    if name is not None and not constant and "parameter" not in places and name in known:
        places["parameter"] = name
    if "x" not in places:
        places["x"] = _usual([u["x"] for u in USUAL], known)
    if not places["outputs"]:
        places["outputs"] = {of: _usual([u.format(of=of) for u in USUAL_OUTPUTS], known)}
    if not places["x"] or not all(places["outputs"].values()):
        lacking = "x" if not places["x"] else of
        raise ValueError(
            f"{path} has the columns {', '.join(known)}; say which is {lacking}: columns={{'x': 'in*', {of!r}: 'out0'}} "
            f"(--columns x=in*,{of}=out0)"
        )
    last = places["x"][-1]
    if (
        table.parameter_last
        and name is not None
        and not constant
        and "parameter" not in places
        and len(places["x"]) > 1
    ):
        places["parameter"], places["x"] = last, places["x"][:-1]
    for key in places["outputs"]:
        op.formula(key)  # which knows the names of outputs
    return places


def _usual(patterns: Sequence[str], known: Sequence[str]) -> list[str]:
    for pattern in patterns:
        if found := sorted((c for c in known if re.fullmatch(pattern, c)), key=_natural):
            return found
    return []


def _natural(text: str) -> list[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", text)]


@dataclass(frozen=True)
class _Reader:
    path: Path
    table: Columns
    op: Any
    places: Mapping[str, Any]
    fmt: str
    constant: float | None
    decimals: bool

    def claims(self) -> Iterator[Claim]:
        op, places = self.op, self.places
        for row in range(self.table.count):
            fmt = self._format(row)
            x = tuple(self._number(row, "x", cell, fmt) for cell in self._cells(row, places["x"], "x"))
            if op.arity is not None and len(x) != op.arity:
                self._refuse(row, f"x has {len(x)} entries; {op.name} takes {op.arity}")
            if op.domain == "positive" and any(v <= 0 for v in x):
                self._refuse(row, f"x has {min(x)!r}; {op.name} is defined for positive entries")
            parameter = self.constant
            if "parameter" in places:
                cell = self.table.columns[places["parameter"]][row]
                parameter = self._number(row, places["parameter"], cell, FORMATS["float64"])
            for name, columns in places["outputs"].items():
                cells = self._cells(row, columns, name)
                if not cells:
                    continue  # nothing is claimed
                entries = len(cells) > 1 or op.rank(name) > 0
                patterns = all(isinstance(cell, str) and bool(_PATTERN.fullmatch(cell)) for cell in cells)
                beside = (row + 1, name, fmt.name, x, parameter)
                if self.decimals:
                    yield Claim(*beside, (), tuple(self._decimal(row, name, cell) for cell in cells), entries, False)
                else:
                    got = tuple(self._bits(row, name, cell, fmt) for cell in cells)
                    yield Claim(*beside, got, (), entries, patterns)

    def _refuse(self, row: int, reason: str) -> NoReturn:
        raise ValueError(f"{self.path}, row {row + 1}{self.table.where(row)}: {reason}")

    def _format(self, row: int) -> Format:
        if self.places.get("dtype") is None:
            return FORMATS[self.fmt]
        said = str(self.table.columns[self.places["dtype"]][row]).strip().removeprefix("np.").removeprefix("ml_dtypes.")
        if said not in FORMATS:
            self._refuse(row, str(unknown("dtype", said, FORMATS)))
        return FORMATS[said]

    def _cells(self, row: int, columns: Sequence[str], what: str) -> list[Any]:
        """The cells of a row that hold something; what is not there must be at the end."""
        found: list[Any] = []
        for column in columns:
            cell = self.table.columns[column][row]
            found += cell if isinstance(cell, list) else [cell]
        while found and found[-1] in (None, ""):
            found.pop()
        if any(cell in (None, "") for cell in found):
            self._refuse(row, f"{what} has a cell with nothing in it")
        return found

    def _number(self, row: int, what: str, cell: Any, fmt: Format) -> float:
        bits = self._bits(row, what, cell, fmt)
        value = number(fmt, bits)
        return -0.0 if bits == fmt.sign_bit else float(value)

    def _bits(self, row: int, what: str, cell: Any, fmt: Format) -> int:
        """The number of the format that a cell says."""
        if isinstance(cell, float):
            if not isfinite(cell) or not cell:
                return canonical(fmt, cell)
            bits = fmt.round(Fraction(cell))
            if number(fmt, bits) != Fraction(cell):
                self._refuse(
                    row,
                    f"{what} has {cell!r} ({cell.hex()}), which no {fmt.name} equals; dtype= says which format is meant",
                )
            return bits
        if not isinstance(cell, str):
            self._refuse(row, f"{what} has {cell!r}, and no number")
        text = cell.strip()
        if _PATTERN.fullmatch(text):
            if len(text) > 2 + fmt.bits // 4:
                self._refuse(row, f"{what} has {text}: a bit pattern of {fmt.name} has {fmt.bits // 4} hex digits")
            return int(text, 16)
        try:
            value = exact(text)
        except ValueError as error:
            self._refuse(row, f"{what}: {error}")
        if isinstance(value, float):
            return canonical(fmt, value)
        bits = fmt.round(value)
        nearest = number(fmt, bits)
        if nearest == value or (
            isinstance(nearest, Fraction)
            and "p" not in text.lower()
            and decimal(nearest, figures(text)) == decimal(value, figures(text))
        ):
            return bits
        self._refuse(
            row,
            f"{what} has {text}, which no {fmt.name} equals or prints as; dtype= says which format is meant"
            + ("" if what == "x" else ", and decimals=True (--decimals) takes outputs for decimals of any length"),
        )

    def _decimal(self, row: int, what: str, cell: Any) -> str:
        text = repr(cell) if isinstance(cell, float) else str(cell).strip()
        if not _SPECIAL.fullmatch(text) and not re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]+)?", text):
            self._refuse(row, f"{what} has {text!r}, and no decimal")
        if not re.search("[0-9]|n", text.partition("e")[0], re.IGNORECASE) or len(text) > LONGEST:
            self._refuse(row, f"{what} has {text[:20]!r}, and no decimal")
        return text
