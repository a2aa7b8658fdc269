"""A table as a header of C99 and C++11: bit patterns as integers, which every compiler reads alike, hex floats being no part of C++."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smoothsym.formats import FORMATS
from smoothsym.tables.files import written
from smoothsym.tables.output import canonical
from smoothsym.tables.row import Table

COMMON = """#ifndef SMOOTHSYM_TABLE_H
#define SMOOTHSYM_TABLE_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Certified values of one output at one input. All inputs are given as float64 numbers, by their bits: those of a row whose dtype is
   narrower are numbers of that format, too, and so may be rounded to it without error. */
typedef struct {
    const char *refused;       /* why there is no answer; empty where there is one */
    size_t length;             /* how many numbers there are; a matrix is given by its rows */
    const uint64_t *float64;   /* correctly rounded, by their bits */
    const uint32_t *float32;
    const uint16_t *float16;
    const uint16_t *bfloat16;
    const char *const *digits; /* correctly rounded to 40 significant digits */
} smoothsym_output;

static inline double smoothsym_float64(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float smoothsym_float32(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
#endif
"""
CTYPES = {"float64": "uint64_t", "float32": "uint32_t", "float16": "uint16_t", "bfloat16": "uint16_t"}


def to_header(table: Table, path: Any) -> Path:
    """See ReferenceTable.to_header. Raises ValueError for an operator whose name is none in C."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", table.header["operator"]):
        raise ValueError(f"operator={table.header['operator']!r} is no name in C; give the SmoothMax another name=")

    def write(place: Path) -> None:
        with place.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{line}\n" for line in _lines(table))

    return written(path, write)


def _lines(table: Table) -> Iterator[str]:
    header, rows = table.header, table.rows
    name = header["operator"]
    guard = f"SMOOTHSYM_TABLE_{name.upper()}_H"
    formula = str(header["formula"] or header["title"]).replace("*/", "* /")
    yield f"/* {name}: {formula}\n   {len(rows)} rows, made by {header['made_by']}; checksum {header['checksum']} */"
    yield f"#ifndef {guard}\n#define {guard}\n{COMMON}"
    wide = FORMATS["float64"]
    yield from _array("uint64_t", f"{name}_x", [_word(canonical(wide, v), 16) for row in rows for v in row.x])
    for of in header["outputs"]:
        found = [row.outputs[of] for row in rows]
        for key, kind in CTYPES.items():
            bits = [b for one in found for b in (one.bits or {}).get(key, ())]
            yield from _array(kind, f"{name}_{of}_{key}", [_word(b, FORMATS[key].bits // 4) for b in bits])
        yield from _array("char *const", f"{name}_{of}_digits", [_text(text) for one in found for text in one.digits])
    yield "typedef struct {"
    yield "    const char *dtype;     /* the format whose numbers the inputs are */"
    yield "    size_t n;              /* how many entries x has */"
    yield "    const uint64_t *x;     /* the entries, as bits of float64 */"
    yield "    uint64_t parameter;    /* as bits of float64; 0 where the operator has none */"
    for of in header["outputs"]:
        yield f"    smoothsym_output {of};"
    yield "    const char *tags;      /* why the row is there */"
    yield f"}} {name}_row;\n"
    starts = dict.fromkeys(("x", *header["outputs"]), 0)
    yield f"static const {name}_row {name}_rows[] = {{"
    for row in rows:
        parameter = 0 if row.parameter is None else canonical(wide, row.parameter)
        cells = [_text(row.dtype), str(len(row.x)), f"{name}_x + {starts['x']}", _word(parameter, 16)]
        starts["x"] += len(row.x)
        for of in header["outputs"]:
            one, at = row.outputs[of], starts[of]
            arrays = ", ".join(f"{name}_{of}_{part} + {at}" for part in (*CTYPES, "digits"))
            cells.append(f"{{{_text(one.refused)}, {len(one.digits)}, {arrays}}}")
            starts[of] += len(one.digits)
        yield f"    {{{', '.join(cells)}, {_text(', '.join(row.tags))}}},"
    yield f"}};\n\nenum {{ {name}_count = {len(rows)} }};\n#endif"


def _word(bits: int, width: int) -> str:
    return f"UINT64_C(0x{bits:016x})" if width == 16 else f"0x{bits:0{width}x}"


def _text(text: str) -> str:
    escaped = (
        text.encode("ascii", "replace").decode("ascii").replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    )
    return f'"{escaped.replace("??", "? ?")}"'


def _array(kind: str, name: str, cells: list[str]) -> Iterator[str]:
    # No array of C is empty.
    yield f"static const {kind} {name}[] = {{"
    for q in range(0, max(len(cells), 1), 4):
        yield "    " + " ".join(f"{cell}," for cell in cells[q : q + 4] or ["0,"[:-1]])
    yield "};\n"
