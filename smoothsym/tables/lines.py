"""A table as JSON Lines: a header, then a row a line, each with a sum of its own, so that what is damaged can be named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path
from typing import Any, NoReturn

from smoothsym.errors import unknown
from smoothsym.formats import FORMATS, Format
from smoothsym.tables.files import written
from smoothsym.tables.output import Output, canonical
from smoothsym.tables.row import Row, Table

SCHEMA = "smoothsym-table"
VERSION = 1
NEEDED = ("operator", "formula", "domain", "parameter", "fixed", "outputs", "rows", "checksum")
DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?|-?inf|nan")
_SUM = re.compile(r',"sum":"([0-9a-f]{8})"}\Z')


# ---- writing -------------------------------------------------------------------------------------------------------------


def save(table: Table, path: Any) -> Path:
    """See ReferenceTable.save."""

    def write(place: Path) -> None:
        with place.open("w", encoding="ascii", newline="\n") as file:
            file.write(_dump(dict(table.header)) + "\n")
            file.writelines(lines(table.rows))

    return written(path, write)


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of rows, the same bytes on every machine."""
    for number, row in enumerate(rows, 1):
        text = _dump(_plain(number, row))
        yield f'{text[:-1]},"sum":"{_sum(text)}"}}\n'


def checksum(rows: Iterable[Row]) -> str:
    """The SHA-256 of the lines of rows."""
    total = hashlib.sha256()
    for line in lines(rows):
        total.update(line.encode("ascii"))
    return total.hexdigest()


def _dump(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]


def shown_bits(fmt: Format, bits: int) -> str:
    """A bit pattern with all its leading zeros."""
    return f"0x{bits:0{fmt.bits // 4}x}"


def _plain(number: int, row: Row) -> dict[str, Any]:
    fmt, wide = FORMATS[row.dtype], FORMATS["float64"]
    data: dict[str, Any] = {"row": number, "dtype": row.dtype, "x": [v.hex() for v in row.x]}
    data["x_bits"] = [shown_bits(fmt, canonical(fmt, v)) for v in row.x]
    if row.parameter is not None:
        data["parameter"] = row.parameter.hex()
        data["parameter_bits"] = shown_bits(wide, canonical(wide, row.parameter))
    for name, found in row.outputs.items():
        data[name] = _plain_output(found)
    data["tags"] = list(row.tags)
    return data


def _plain_output(found: Output) -> dict[str, Any]:
    if found.refused:
        return {"refused": found.refused}
    assert found.bits is not None
    data: dict[str, Any] = {"digits": _shaped(found.digits, found.shape)}
    for name, bits in found.bits.items():
        data[name] = _shaped([shown_bits(FORMATS[name], b) for b in bits], found.shape)
    return data | ({"note": found.note} if found.note else {})


def _shaped(entries: Any, shape: tuple[int, ...]) -> Any:
    """A number by itself, a vector as a list, a matrix as a list of its rows."""
    if not shape:
        return entries[0]
    if len(shape) == 1:
        return list(entries)
    return [list(entries[q * shape[1] : (q + 1) * shape[1]]) for q in range(shape[0])]


# ---- reading -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What a file holds: a header and rows, and what of it is damaged though it can be read: sums that do not fit."""

    header: Mapping[str, Any]
    rows: tuple[Row, ...]
    damage: tuple[str, ...] = ()


def ours(path: Path) -> bool:
    """Whether the first line of a file says that it is a table of this schema, of whatever version."""
    with path.open("rb") as file:
        first = file.readline(1 << 20)
    return b'"schema"' in first and b'"' + SCHEMA.encode() + b'"' in first


def load(path: Path) -> Found:
    """The table of a file, each row read strictly. Raises ValueError for what cannot be read, with the row."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{_where(path, number)}: it is no text in UTF-8") from None
    parts = text.split("\n")
    torn = parts.pop() != ""
    if not parts or (torn and len(parts) == 0):
        raise ValueError(f"{path}: it is empty, or has no whole line; it is no table of smoothsym")
    header = _header(path, parts[0])
    if torn:
        raise ValueError(
            f"{_where(path, len(parts) + 1)}: the last line is torn off: it has no end; copy the file again"
        )
    damage, rows, seen = [], [], dict[tuple[str, ...], int]()
    total = hashlib.sha256()
    for number, line in enumerate(parts[1:], 1):
        total.update(line.encode("utf-8") + b"\n")
        where = _where(path, number + 1)
        data = _object(where, line)
        claimed = data.pop("sum", None)
        match = _SUM.search(line)
        if match is None or claimed != match[1]:
            _refuse(where, "it does not end with its sum")
        if _sum(line[: match.start()] + "}") != claimed:
            damage.append(f"row {number} (line {number + 1}) is not what it was written as: its sum does not fit")
        if data.pop("row", None) != number:
            _refuse(where, f"row {number} belongs here; rows are missing, twice or out of order")
        row = _row(where, data, header)
        if row.key in seen:
            _refuse(where, f"it has the same inputs as row {seen[row.key]}")
        seen[row.key] = number
        rows.append(row)
    if len(rows) != header["rows"]:
        raise ValueError(f"{_where(path, len(rows) + 1)}: {len(rows)} rows, and the header says {header['rows']}")
    if total.hexdigest() != header["checksum"] and not damage:
        damage.append("the checksum of the header is that of other rows")
    return Found(header, tuple(rows), tuple(damage))


def _where(path: Path, line: int) -> str:
    return f"{path}, line {line}" + (f" (row {line - 1})" if line > 1 else " (the header)")


def _refuse(where: str, reason: str) -> NoReturn:
    raise ValueError(f"{where}: {reason}")


def _object(where: str, line: str) -> dict[str, Any]:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in found]
        if twice := [key for q, key in enumerate(keys) if key in keys[:q]]:
            raise ValueError(f"the key {twice[0]!r} is there twice")
        return dict(found)

    def constant(text: str) -> NoReturn:
        raise ValueError(f"{text} is no number of JSON; write it as a string")

    try:
        data = json.loads(line, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        _refuse(where, f"it is no JSON: {error}" if isinstance(error, json.JSONDecodeError) else str(error))
    if not isinstance(data, dict):
        _refuse(where, f"it is a {type(data).__name__}, and no object")
    return data


def _header(path: Path, line: str) -> dict[str, Any]:
    where = _where(path, 1)
    data = _object(where, line)
    if data.get("schema") != SCHEMA:
        _refuse(where, f"schema={data.get('schema')!r}; a table of smoothsym has {SCHEMA!r}")
    if data.get("version") != VERSION or isinstance(data["version"], bool):
        _refuse(where, f"version={data.get('version')!r} of the schema is not known; this smoothsym reads {VERSION}")
    if missing := [key for key in NEEDED if key not in data]:
        _refuse(where, f"it has no {missing[0]!r}")
    texts = {"operator": str, "domain": str, "checksum": str, "fixed": dict, "outputs": list, "rows": int}
    for key, kind in texts.items():
        if not isinstance(data[key], kind) or isinstance(data[key], bool):
            _refuse(where, f"{key}={data[key]!r} is no {kind.__name__}")
    for key in ("formula", "parameter"):
        if not isinstance(data[key], (str, type(None))):
            _refuse(where, f"{key}={data[key]!r} is no text")
    if not data["outputs"] or not all(isinstance(name, str) for name in data["outputs"]):
        _refuse(where, f"outputs={data['outputs']!r} is no list of names")
    return data


def _row(where: str, data: dict[str, Any], header: Mapping[str, Any]) -> Row:
    names = list(header["outputs"])
    takes = header["parameter"] is not None
    expected = {"dtype", "x", "x_bits", "tags", *names, *(("parameter", "parameter_bits") if takes else ())}
    if odd := sorted(set(data) ^ expected):
        _refuse(where, f"it has {'a strange' if odd[0] in data else 'no'} key {odd[0]!r}")
    if data["dtype"] not in FORMATS:
        _refuse(where, str(unknown("dtype", data["dtype"], FORMATS)))
    fmt = FORMATS[data["dtype"]]
    x = tuple(_input(where, "x", fmt, *pair) for pair in _pairs(where, "x", data["x"], data["x_bits"]))
    parameter = None
    if takes:
        parameter = _input(where, "parameter", FORMATS["float64"], data["parameter"], data["parameter_bits"])
    outputs = {name: _output(where, name, data[name]) for name in names}
    if not isinstance(data["tags"], list) or not all(isinstance(tag, str) for tag in data["tags"]):
        _refuse(where, f"tags={data['tags']!r} is no list of words")
    return Row(fmt.name, x, parameter, outputs, tuple(data["tags"]))


def _pairs(where: str, name: str, values: Any, bits: Any) -> list[tuple[Any, Any]]:
    if not isinstance(values, list) or not isinstance(bits, list) or len(values) != len(bits):
        _refuse(where, f"{name} and {name}_bits are no lists of one length")
    return list(zip(values, bits, strict=True))


def _input(where: str, name: str, fmt: Format, text: Any, bits: Any) -> float:
    """An input that is written twice, as a hex float and by its bits."""
    try:
        value = float.fromhex(text)
    except (ValueError, TypeError, OverflowError):
        _refuse(where, f"{name} has {text!r}, which is no hex float")
    pattern = canonical(fmt, value)
    if (
        isfinite(value) and fmt.decode(pattern) != value
        if pattern & (fmt.sign_bit - 1) < fmt.infinity
        else isfinite(value)
    ):
        _refuse(where, f"{name} has {text}, which no {fmt.name} equals")
    if pattern != _pattern(where, name, fmt, bits):
        _refuse(where, f"{name} has {text} beside the bits {bits}; those of {text} are {shown_bits(fmt, pattern)}")
    return value


def _pattern(where: str, name: str, fmt: Format, text: Any) -> int:
    if not isinstance(text, str) or not re.fullmatch(f"0x[0-9a-f]{{{fmt.bits // 4}}}", text):
        _refuse(where, f"{name} has {text!r}, which is no bit pattern of {fmt.name}: 0x and {fmt.bits // 4} hex digits")
    return int(text, 16)


def _output(where: str, name: str, data: Any) -> Output:
    if not isinstance(data, dict):
        _refuse(where, f"{name}={data!r} is no object")
    if "refused" in data:
        if set(data) != {"refused"} or not isinstance(data["refused"], str) or not data["refused"]:
            _refuse(where, f"{name} is refused, and has no reason alone")
        return Output(refused=data["refused"])
    if odd := sorted((set(data) - {"note"}) ^ {"digits", *FORMATS}):
        _refuse(where, f"{name} has {'a strange' if odd[0] in data else 'no'} key {odd[0]!r}")
    shape = _shape(data["digits"])
    digits = _flat(where, name, data["digits"], shape)
    if wrong := [text for text in digits if not isinstance(text, str) or not DECIMAL.fullmatch(text)]:
        _refuse(where, f"{name} has {wrong[0]!r}, which is no decimal")
    bits = {
        key: tuple(_pattern(where, name, fmt, text) for text in _flat(where, name, data[key], shape))
        for key, fmt in FORMATS.items()
    }
    note = data.get("note", "")
    if note not in ("", "limit", "convention"):
        _refuse(where, f"note={note!r} is neither 'limit' nor 'convention'")
    return Output(tuple(digits), bits, shape, note)


def _shape(entries: Any) -> tuple[int, ...]:
    if not isinstance(entries, list):
        return ()
    return (len(entries), len(entries[0])) if entries and isinstance(entries[0], list) else (len(entries),)


def _flat(where: str, name: str, entries: Any, shape: tuple[int, ...]) -> list[Any]:
    found = [entries] if not shape else entries
    if len(shape) == 2 and all(isinstance(row, list) for row in entries):
        found = [entry for row in entries for entry in row]
    if _shape(entries) != shape or len(found) != prod(shape):
        _refuse(where, f"{name} has lists of different lengths")
    return list(found)
