"""The columns of a file of any of four kinds: JSON Lines, .npz, .csv, .parquet; nothing in them is run or unpickled."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from smoothsym.formats import FORMATS
from smoothsym.symbolic.numerals import exact
from smoothsym.tables import arrays

MARK = "smoothsym-table: "
"""What a comment of a CSV begins with that says what the table is of; in the metadata of Parquet the key is the word before the colon."""


@dataclass(frozen=True)
class Columns:
    """Columns by name, each a list of cells: text, a float, None for nothing, or a list of them; `kinds`, the formats of float columns;
    `about`, what a table of ours says of itself; `lines`, where rows stand in a file of text; `parameter_last`, whether
    the last input is the parameter.
    """

    columns: Mapping[str, list[Any]]
    count: int
    kinds: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] | None = None
    lines: Sequence[int] = ()
    parameter_last: bool = False

    def where(self, row: int) -> str:
        return f" (line {self.lines[row]})" if self.lines else ""

    def dtype_of(self, groups: Sequence[Sequence[str]]) -> str | None:
        """The format of columns, where their type says it."""
        return next((self.kinds[c] for group in groups for c in group if c in self.kinds), None)


def load(path: Path) -> Columns:
    """The columns of a file. Raises ValueError for another kind of file, or a broken one, with the row."""
    if path.is_dir():
        raise ValueError(f"path={str(path)!r} is a folder; give one file")
    kind = path.suffix.lower()
    readers = {".jsonl": _jsonl, ".ndjson": _jsonl, ".json": _jsonl, ".npz": _npz, ".csv": _csv, ".parquet": _parquet}
    if kind not in readers:
        raise ValueError(f"path={str(path)!r} ends in {kind!r}; give {', '.join(readers)}")
    found = readers[kind](path)
    if not found.count:
        raise ValueError(f"{path} has no rows")
    return found


def _jsonl(path: Path) -> Columns:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: it is no text in UTF-8: {error}") from None
    parts = text.split("\n")
    if parts.pop() != "":
        raise ValueError(
            f"{path}, line {len(parts) + 1} (row {len(parts) + 1}): the last line is torn off: it has no end"
        )
    rows = [_object(path, number, line) for number, line in enumerate(parts, 1)]
    names = dict.fromkeys(key for row in rows for key in row)
    for number, row in enumerate(rows, 1):
        if lacking := [name for name in names if name not in row]:
            raise ValueError(
                f"{path}, line {number} (row {number}): it has no key {lacking[0]!r}, which other rows have"
            )
    return Columns({name: [row[name] for row in rows] for name in names}, len(rows), lines=range(1, len(rows) + 1))


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    where = f"{path}, line {number} (row {number})"

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in found]
        if twice := [key for q, key in enumerate(keys) if key in keys[:q]]:
            raise ValueError(f"{where}: the key {twice[0]!r} is there twice")
        return dict(found)

    def constant(text: str) -> Any:
        raise ValueError(f"{where}: {text} is no number of JSON; write it as a string")

    try:
        # Numbers stay text, so that none is rounded.
        data = json.loads(line, object_pairs_hook=pairs, parse_constant=constant, parse_float=str, parse_int=str)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{where}: it is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise ValueError(f"{where}: it is no object of names and numbers")
    return data


def _csv(path: Path) -> Columns:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: it is no text in UTF-8: {error}") from None
    about, kept, numbers = None, [], []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("#", "$")):
            said = line.lstrip("#$ ")
            if about is None and said.startswith(MARK):
                about = _about(path, said.removeprefix(MARK))
        elif line.strip():
            kept.append(line)
            numbers.append(number)
    if not kept:
        raise ValueError(f"{path} has no rows")
    try:
        rows = list(csv.reader(io.StringIO("\n".join(kept)), strict=True))
    except csv.Error as error:
        raise ValueError(f"{path}: it cannot be read as CSV: {error}") from None
    if len(rows) != len(kept):
        raise ValueError(f"{path}: a cell goes on over several lines; no number does")
    head = [cell.strip() for cell in rows[0]]
    if all(_numeric(cell) for cell in head):
        # Without a first line of names, columns are called by their places.
        head = [str(q) for q in range(len(head))]
    else:
        rows, numbers = rows[1:], numbers[1:]
    if twice := [name for q, name in enumerate(head) if name in head[:q]]:
        raise ValueError(f"{path}, line 1: the column {twice[0]!r} is there twice")
    for row, number in zip(rows, numbers, strict=True):
        if len(row) != len(head):
            at = rows.index(row) + 1
            raise ValueError(
                f"{path}, line {number} (row {at}): it has {len(row)} cells, and there are {len(head)} columns"
            )
    found = {name: [row[q].strip() for row in rows] for q, name in enumerate(head)}
    return Columns(found, len(rows), about=about, lines=numbers)


def _numeric(cell: str) -> bool:
    try:
        exact(cell)
    except ValueError:
        return False
    return True


def _about(path: Path, text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path}: what it says of itself is no JSON: {error}") from None
    lacking = [key for key in ("operator", "formula", "domain", "parameter", "fixed") if key not in data]
    if lacking or not isinstance(data["fixed"], dict):
        raise ValueError(f"{path}: what it says of itself has no {(lacking or ['fixed'])[0]!r}")
    return dict(data)


def _npz(path: Path) -> Columns:
    data = arrays.stored(path)
    columns, kinds = {}, {}
    for name, array in data.items():
        if array.ndim not in (1, 2):
            continue  # a number of its own, which is no column
        try:
            columns[name] = _cells(array)
        except ValueError as error:
            raise ValueError(f"{path}, {name}: {error}") from None
        if array.dtype.name in FORMATS:
            kinds[name] = array.dtype.name
    return _even(path, columns, kinds)


def _even(path: Path, columns: Mapping[str, list[Any]], kinds: Mapping[str, str], **more: Any) -> Columns:
    sizes = {len(cells) for cells in columns.values()}
    if len(sizes) > 1:
        told = ", ".join(f"{name} {len(cells)}" for name, cells in columns.items())
        raise ValueError(f"{path}: its columns have different lengths: {told}")
    return Columns(columns, sizes.pop() if sizes else 0, kinds, **more)


def _cells(array: Any) -> list[Any]:
    """Floats as they are, signed integers as text, unsigned ones of the width of a format as bit patterns."""
    kind = array.dtype.kind
    if kind == "f" and array.dtype.itemsize <= 8:
        return list(array.astype(np.float64).tolist())
    if kind == "V" and array.dtype.itemsize == 2:  # as NumPy keeps bfloat16
        return list((array.view(np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64).tolist())
    if kind == "u" and array.dtype.itemsize in (2, 4, 8):
        return _mapped(array.tolist(), lambda v: f"0x{v:0{2 * array.dtype.itemsize}x}")
    if kind not in "iuU":
        raise ValueError(
            f"a column of {array.dtype} has no numbers that are read exactly; give floats, integers or text"
        )
    return _mapped(array.tolist(), str)


def _mapped(cells: Any, function: Any) -> list[Any]:
    return [_mapped(cell, function) if isinstance(cell, list) else function(cell) for cell in cells]


def _parquet(path: Path) -> Columns:
    """A file by itself, or of xsref's layout the inputs and outputs that lie beside each other."""
    paths = [path]
    if match := re.fullmatch(r"(In|Out)_(.+)", path.name):
        paths = [path.with_name(f"{part}_{match[2]}") for part in ("In", "Out")]
        if missing := [p for p in paths if not p.exists()]:
            raise ValueError(f"{path}: beside it there is no {missing[0].name}, with the other half of each row")
    columns: dict[str, list[Any]] = {}
    kinds: dict[str, str] = {}
    about, said = None, {}
    for place in paths:
        table = parquet_file(place)
        said = dict(table.schema.metadata or {})
        if own := said.get(MARK.split(":")[0].encode()):
            about = _about(place, own.decode("utf-8"))
        for name, column in zip(table.column_names, table.columns, strict=True):
            if name in columns:
                raise ValueError(f"{place}: it has the column {name!r} of {paths[0].name}")
            columns[name], kind = _arrow_cells(place, name, column)
            kinds |= {name: kind} if kind else {}
    claimed = said.get(b"input_checksum")
    if len(paths) > 1 and claimed and hashlib.sha256(paths[0].read_bytes()).hexdigest().encode() != claimed:
        raise ValueError(f"{paths[1]}: its input_checksum is not that of {paths[0].name}")
    columns.pop("fallback", None)
    return _even(path, columns, kinds, about=about, parameter_last=len(paths) > 1)


def parquet_file(path: Path) -> Any:
    """An Arrow table. Raises ImportError without pyarrow."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError("Parquet needs pyarrow: pip install 'smoothsym[export]'") from None
    try:
        return pyarrow.parquet.ParquetFile(path).read()
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path}: it cannot be read as Parquet: {error}") from None


def _arrow_cells(path: Path, name: str, column: Any) -> tuple[list[Any], str | None]:
    import pyarrow

    inner = column.type
    while pyarrow.types.is_list(inner) or pyarrow.types.is_large_list(inner) or pyarrow.types.is_fixed_size_list(inner):
        inner = inner.value_type
    cells = column.to_pylist()
    kinds = {"halffloat": "float16", "float": "float32", "double": "float64"}
    if str(inner) in kinds:
        return _mapped_none(cells, float), kinds[str(inner)]
    if str(inner) in ("uint16", "uint32", "uint64"):
        width = int(str(inner)[4:]) // 4
        return _mapped_none(cells, lambda v: f"0x{v:0{width}x}"), None
    return _mapped_none(cells, str), None


def _mapped_none(cells: Any, function: Any) -> list[Any]:
    return [
        _mapped_none(cell, function) if isinstance(cell, list) else None if cell is None else function(cell)
        for cell in cells
    ]
