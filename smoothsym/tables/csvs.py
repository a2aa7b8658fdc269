"""An output as CSV of bit patterns: for one entry, and one parameter in all rows, exactly as NumPy keeps its validation sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from smoothsym.errors import unknown
from smoothsym.formats import FORMATS, Format
from smoothsym.tables.columns import MARK
from smoothsym.tables.files import written
from smoothsym.tables.lines import shown_bits
from smoothsym.tables.output import canonical
from smoothsym.tables.row import Row, Table

TOLERANCE = 1
"""What NumPy's sets call ulperrortol: outputs are correctly rounded, so that an implementation off by one unit is faithful."""
ABSENT = {"bfloat16": "which is no dtype of NumPy"}
ABSENT_ALONE = {**ABSENT, "float16": "whose bits the reader of NumPy's own tests takes for those of float32"}
"""The formats that are left out, and why; the second in the layout that is NumPy's own."""


def about(table: Table, of: str) -> dict[str, Any]:
    """What a table of another layout says of itself, so that it can be recertified."""
    keys = ("schema", "version", "operator", "formula", "domain", "parameter", "fixed")
    return {key: table.header[key] for key in keys} | {"of": of}


def to_csv(table: Table, path: Any, of: str = "value") -> Path:
    """See ReferenceTable.to_csv. Raises ValueError for an output that the table does not have."""
    if of not in table.header["outputs"]:
        raise unknown("of", of, table.header["outputs"])

    def write(place: Path) -> None:
        with place.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{line}\n" for line in _lines(table, of))

    return written(path, write)


def _lines(table: Table, of: str) -> Iterator[str]:
    rows = table.rows
    kept = [row for row in rows if row.dtype not in ABSENT and not row.outputs[of].refused]
    parameters = {repr(row.parameter) for row in kept}
    alone = all(len(row.x) == 1 and len(row.outputs[of].digits) == 1 for row in kept) and len(parameters) <= 1
    absent = ABSENT_ALONE if alone else ABSENT
    kept = [row for row in kept if row.dtype not in absent]
    said: Mapping[str, Any] = about(table, of)
    if alone and kept and kept[0].parameter is not None:
        said = {**said, "constant": kept[0].parameter.hex()}
    yield f"# {MARK}{json.dumps(said, allow_nan=False)}"
    for name, why in absent.items():
        if left := sum(row.dtype == name for row in rows):
            yield f"# {left} rows of {name}, {why}, are left out"
    for place, row in enumerate(rows, 1):
        if row.dtype not in absent and (why := row.outputs[of].refused):
            yield f"# row {place} of the table has no answer: {why}; x = [{', '.join(v.hex() for v in row.x)}], parameter {row.parameter}"
    if alone:
        yield "dtype,input,output,ulperrortol"
    else:
        inputs = [f"input{q}" for q in range(max((len(row.x) for row in kept), default=0))]
        outputs = [f"output{q}" for q in range(max((len(row.outputs[of].digits) for row in kept), default=0))]
        beside = [table.header["parameter"]] if table.header["parameter"] else []
        yield ",".join(["dtype", *beside, *inputs, *outputs, "ulperrortol"])
    tags = None
    for row in kept:
        if row.tags != tags:
            tags = row.tags
            yield f"## {', '.join(tags)} ##"
        fmt = FORMATS[row.dtype]
        cells = [f"np.{row.dtype}"]
        if alone:
            cells += _patterns(fmt, row, of, 1, 1)
        else:
            cells += [] if row.parameter is None else [row.parameter.hex()]
            cells += _patterns(fmt, row, of, len(inputs), len(outputs))
        yield ",".join([*cells, str(TOLERANCE)])


def _patterns(fmt: Format, row: Row, of: str, inputs: int, outputs: int) -> list[str]:
    bits = row.outputs[of].bits
    assert bits is not None
    x = [shown_bits(fmt, canonical(fmt, v)) for v in row.x]
    y = [shown_bits(fmt, b) for b in bits[fmt.name]]
    return [*x, *[""] * (inputs - len(x)), *y, *[""] * (outputs - len(y))]
