"""A reference table: a header that says what of, and rows of exact inputs with what is certified there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smoothsym.tables.arrays import to_npz
from smoothsym.tables.cheader import to_header
from smoothsym.tables.csvs import to_csv
from smoothsym.tables.lines import save
from smoothsym.tables.parquet import to_parquet
from smoothsym.tables.row import Row


@dataclass(frozen=True)
class ReferenceTable:
    """A table of certified values, made by ss.table or read by ss.read_table.

    Attributes: `header`, a mapping as it is written: schema and its version, operator, formula, domain, parameter, the outputs, engine,
    version, seed, the number of rows and their checksum; `rows`, a tuple of Row.

    >>> import smoothsym as ss
    >>> table = ss.table(ss.logsumexp, data=[[0.0, -40.0]], alpha=1.0)
    >>> table.rows[0].value.digits, hex(table.rows[0].value.bits["float32"][0])
    (('4.248354255291588986304977843631582181878e-18',), '0x229cbc92')
    """

    header: Mapping[str, Any]
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def save(self, path: Any) -> Path:
        """Write the table as JSON Lines, a header and one row a line; the file is written whole or not at all.

        A row has its number, `dtype`, the format of its inputs, `x` and `parameter` as hex floats, `x_bits` in that format and
        `parameter_bits` in float64; for each output, as `value`, an object of `digits`, decimals of 40 digits, and of bit patterns by the
        names of formats (a number, a list, or for a matrix a list of its rows), with a `note` where the contract answers, or `refused`
        with the reason alone; `tags`; and `sum`, the first 8 hex digits of the SHA-256 of the line without it. The `checksum` of the header
        is the SHA-256 of all lines of rows, which are the same bytes on every machine.
        """
        return save(self, path)

    def to_npz(self, path: Any) -> Path:
        """Write the table as arrays of NumPy, none of objects.

        `x`, all entries in one array, those of row i from `x_offsets[i]` to `x_offsets[i + 1]`; `dtype`, `parameter`, `tags` (with ";" between
        them); for each output, as `value`: `value_offsets`, `value_shape` (rows of two numbers, -1 where there is no such axis),
        `value_digits`, `value_float64` and so on, the bit patterns, `value_note`, `value_refused`; `header`, JSON.
        """
        return to_npz(self, path)

    def to_csv(self, path: Any, of: str = "value") -> Path:
        """Write one output as CSV of bit patterns, as NumPy keeps its validation sets: dtype,input,output,ulperrortol.

        Where rows have several entries or parameters there are columns input0, input1, ..., the parameter's, and output0, ...; cells
        that a row has not are empty. bfloat16, which is no dtype of NumPy, and rows without an answer are named in comments alone.
        """
        return to_csv(self, path, of)

    def to_parquet(self, directory: Any, err: bool = True) -> list[Path]:
        """Write a folder for each output as SciPy's xsref lays out its tables: In_d_d-d.parquet, Out_d_d-d.parquet and Err_d_d-d_other.parquet.

        A signature has a d (or f, for float32 and narrower formats) for each entry and for the parameter, which comes last, and after
        the hyphen one for each output. Err is how far smoothsym's own kernel is off, relatively (`err=False` leaves it out). Needs pyarrow:
        pip install 'smoothsym[export]'.
        """
        return to_parquet(self, directory, err)

    def to_header(self, path: Any) -> Path:
        """Write the table as a header of C99 and C++: bit patterns as integers, with functions that make floats of them."""
        return to_header(self, path)
