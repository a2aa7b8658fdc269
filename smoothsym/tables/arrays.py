"""A table as arrays of NumPy: rows of different lengths lie one after another, with offsets; there are no objects to unpickle."""

from __future__ import annotations

import json
import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from smoothsym.formats import FORMATS
from smoothsym.tables import lines
from smoothsym.tables.files import written
from smoothsym.tables.lines import Found
from smoothsym.tables.output import Output
from smoothsym.tables.row import Row, Table


def to_npz(table: Table, path: Any) -> Path:
    """See ReferenceTable.to_npz."""
    rows = table.rows
    data: dict[str, Any] = {"header": np.array(json.dumps(dict(table.header), allow_nan=False))}
    data["dtype"] = _words([row.dtype for row in rows])
    data["x"] = np.array([v for row in rows for v in row.x], dtype=np.float64)
    data["x_offsets"] = _offsets([len(row.x) for row in rows])
    if table.header["parameter"] is not None:
        data["parameter"] = np.array([row.parameter for row in rows], dtype=np.float64)
    data["tags"] = _words([";".join(row.tags) for row in rows])
    for name in table.header["outputs"]:
        found = [row.outputs[name] for row in rows]
        data[f"{name}_offsets"] = _offsets([len(one.digits) for one in found])
        data[f"{name}_shape"] = np.array([[*one.shape, -1, -1][:2] for one in found], dtype=np.int64).reshape(-1, 2)
        data[f"{name}_digits"] = _words([text for one in found for text in one.digits])
        for key, fmt in FORMATS.items():
            data[f"{name}_{key}"] = np.array(
                [b for one in found for b in (one.bits or {}).get(key, ())], dtype=fmt.uint
            )
        data[f"{name}_note"] = _words([one.note for one in found])
        data[f"{name}_refused"] = _words([one.refused for one in found])

    def write(place: Path) -> None:
        with place.open("wb") as file:
            np.savez_compressed(file, **data)

    return written(path, write)


def _words(texts: list[str]) -> Any:
    return np.array(texts, dtype=np.str_) if texts else np.array([], dtype="U1")


def _offsets(sizes: list[int]) -> Any:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def load(path: Path) -> Found | None:
    """The table of such a file; None where it holds other arrays. Raises ValueError where it is broken."""
    data = stored(path)
    if "header" not in data or data["header"].dtype.kind != "U" or lines.SCHEMA not in str(data["header"]):
        return None
    header = lines._header(path, str(data["header"]))
    try:
        rows = tuple(_rows(data, header))
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise ValueError(f"{path}: its arrays do not fit together: {error}") from None
    for number, row in enumerate(rows, 1):
        fmt = FORMATS[row.dtype]
        with np.errstate(all="ignore"):
            cast = np.array(row.x).astype(fmt.dtype).astype(np.float64)
        if not np.array_equal(cast, np.array(row.x), equal_nan=True):
            bad = next(v for v, w in zip(row.x, cast.tolist(), strict=True) if v != w and v == v)
            raise ValueError(f"{path}, row {number}: x has {bad.hex()}, which no {fmt.name} equals")
    if len(rows) != header["rows"]:
        raise ValueError(f"{path}: {len(rows)} rows, and the header says {header['rows']}")
    fits = lines.checksum(rows) == header["checksum"]
    return Found(header, rows, () if fits else ("the checksum of the header is that of other rows",))


def stored(path: Path) -> dict[str, Any]:
    """The arrays of a file by name; nothing is unpickled."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        why = "it holds objects, which are not unpickled" if "pickle" in str(error) else str(error)
        raise ValueError(f"{path}: it cannot be read as arrays: {why}") from None


def _rows(data: dict[str, Any], header: Any) -> list[Row]:
    offsets, found = data["x_offsets"].tolist(), []
    names, takes = list(header["outputs"]), header["parameter"] is not None
    parts = {name: _outputs(data, name) for name in names}
    dtypes, tags = data["dtype"].tolist(), data["tags"].tolist()
    x = data["x"].tolist()
    parameters = data["parameter"].tolist() if takes else [None] * len(dtypes)
    for q, dtype in enumerate(dtypes):
        if dtype not in FORMATS:
            raise ValueError(f"row {q + 1} has the dtype {dtype!r}")
        row = tuple(x[offsets[q] : offsets[q + 1]])
        told = tuple(tags[q].split(";")) if tags[q] else ()
        found.append(Row(dtype, row, parameters[q], {name: parts[name][q] for name in names}, told))
    return found


def _outputs(data: dict[str, Any], name: str) -> list[Output]:
    offsets, shapes = data[f"{name}_offsets"].tolist(), data[f"{name}_shape"].tolist()
    digits = data[f"{name}_digits"].tolist()
    bits = {key: data[f"{name}_{key}"] for key in FORMATS}
    if any(array.dtype != FORMATS[key].uint for key, array in bits.items()):
        raise ValueError(f"{name} has bits that are no unsigned integers of their format")
    patterns = {key: array.tolist() for key, array in bits.items()}
    found = []
    for q, (note, refused) in enumerate(
        zip(data[f"{name}_note"].tolist(), data[f"{name}_refused"].tolist(), strict=True)
    ):
        a, b = offsets[q], offsets[q + 1]
        shape = tuple(v for v in shapes[q] if v >= 0)
        if not refused and (prod(shape) != b - a or len(digits[a:b]) != b - a):
            raise ValueError(f"row {q + 1} has {b - a} entries of {name} in the shape {shape}")
        if refused:
            found.append(Output(refused=refused))
            continue
        found.append(Output(tuple(digits[a:b]), {key: tuple(p[a:b]) for key, p in patterns.items()}, shape, note))
    return found
