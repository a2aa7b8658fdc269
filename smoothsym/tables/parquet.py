"""A table as SciPy's xsref lays out its own: a folder for each function, a file of inputs, one of outputs and one of errors for each signature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from math import inf, isfinite, isnan
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

from smoothsym.formats import FORMATS
from smoothsym.tables.columns import MARK
from smoothsym.tables.csvs import about
from smoothsym.tables.files import written
from smoothsym.tables.naming import operator_of
from smoothsym.tables.output import number
from smoothsym.tables.row import Row, Table
from smoothsym.version import __version__

CODES = {"f": "float32", "d": "float64"}
PLATFORM = "other"
"""What the layout calls errors that are not those of one compiler and system."""
COMPRESSION: dict[str, Any] = {"compression": "zstd", "compression_level": 22}


def to_parquet(table: Table, directory: Any, err: bool = True) -> list[Path]:
    """See ReferenceTable.to_parquet. Returns the paths of the files."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ImportError("Parquet needs pyarrow: pip install 'smoothsym[export]'") from None
    paths: list[Path] = []
    for of in table.header["outputs"]:
        function = table.header["operator"] + ("" if of == "value" else f"_{of}")
        folder = Path(directory) / function
        folder.mkdir(parents=True, exist_ok=True)
        for (code, inputs, outputs), rows in _groups(table, of).items():
            paths += _three(table, of, function, folder, code, inputs, outputs, rows, err)
    return paths


def _groups(table: Table, of: str) -> dict[tuple[str, int, int], list[Row]]:
    """Rows by their signature. Numbers of the 16-bit formats are numbers of float32, as which they are kept."""
    groups: dict[tuple[str, int, int], list[Row]] = {}
    for row in table.rows:
        found = row.outputs[of]
        # Of what has no answer the layout cannot say so: the JSON Lines do.
        if not found.refused and found.digits and row.x:
            code = "d" if row.dtype == "float64" or not _single(row.parameter) else "f"
            inputs = len(row.x) + (row.parameter is not None)
            groups.setdefault((code, inputs, len(found.digits)), []).append(row)
    return groups


def _single(parameter: float | None) -> bool:
    if parameter is None or not isfinite(parameter):
        return True
    with np.errstate(all="ignore"):
        return float(np.float32(parameter)) == parameter


def _three(
    table: Table,
    of: str,
    function: str,
    folder: Path,
    code: str,
    inputs: int,
    outputs: int,
    rows: Sequence[Row],
    err: bool,
) -> list[Path]:
    import pyarrow

    dtype = np.dtype(CODES[code])
    fmt = FORMATS[CODES[code]]
    types = f"{'_'.join(code * inputs)}-{'_'.join(code * outputs)}"
    metadata = {"in": code * inputs, "out": code * outputs, "function": function}
    metadata[MARK.split(":")[0]] = json.dumps(about(table, of), allow_nan=False)
    given = [[*row.x, *([] if row.parameter is None else [row.parameter])] for row in rows]
    bits = [(row.outputs[of].bits or {})[fmt.name] for row in rows]
    exact = np.array([[float(number(fmt, b)) for b in row] for row in bits])
    names = {"In": given, "Out": exact}
    paths: list[Path] = []
    sums: dict[str, str] = {}
    for kind, numbers in names.items():
        prefix = kind.lower()
        columns = np.array(numbers, dtype=np.float64).astype(dtype).T
        data: dict[str, Any] = {f"{prefix}{q}": pyarrow.array(column) for q, column in enumerate(columns)}
        if kind == "Out":
            # Whether a reference was taken from the code that it is to judge: none here is.
            data["fallback"] = pyarrow.array([False] * len(rows))
            metadata |= {"input_checksum": sums["In"], "mpmath_version": mpmath.__version__}
            metadata |= {"xsref_commit_hash": "", "working_tree_state": "", "made_by": f"smoothsym {__version__}"}
        paths.append(_written(folder / f"{kind}_{types}.parquet", data, metadata))
        sums[kind] = hashlib.sha256(paths[-1].read_bytes()).hexdigest()
    if err:
        errors = _errors(table, of, dtype, rows, exact)
        data = {f"err{q}": pyarrow.array(column) for q, column in enumerate(errors.T)}
        more = {"output_checksum": sums["Out"], "kernel": f"smoothsym {__version__}, numpy {np.__version__}"}
        paths.append(_written(folder / f"Err_{types}_{PLATFORM}.parquet", data, metadata | more))
    return paths


def _written(path: Path, data: Mapping[str, Any], metadata: Mapping[str, str]) -> Path:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table(dict(data)).replace_schema_metadata(dict(metadata))
    return written(path, lambda place: pyarrow.parquet.write_table(table, place, **COMPRESSION))


def _errors(table: Table, of: str, dtype: Any, rows: Sequence[Row], exact: Any) -> Any:
    """How far smoothsym's own kernel is off in each number, relatively; nan where there is no kernel of this output."""
    op = operator_of(table.header)
    found = np.full(exact.shape, np.nan)
    for place, row in enumerate(rows):
        parameter = {} if row.parameter is None else {op.parameter.name: row.parameter}
        x = np.array(row.x, dtype=dtype)
        try:
            with np.errstate(all="ignore"):
                got = np.asarray(op(x, of=of, **parameter), dtype=np.float64).reshape(-1)
        except ValueError:
            continue
        for q, (value, right) in enumerate(zip(got.tolist(), exact[place].tolist(), strict=True)):
            found[place, q] = relative(value, right)
    return found


def relative(value: float, right: float) -> float:
    """The relative error; 0 where both are the same, zeros, infinities and nan included, and inf where one alone is."""
    if value == right or (isnan(value) and isnan(right)):
        return 0.0
    if not (isfinite(value) and isfinite(right)) or right == 0:
        return inf
    return abs(value / right - 1) if abs(right) > 1e-300 else abs(value - right) / abs(right)
