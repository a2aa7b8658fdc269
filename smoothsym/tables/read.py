"""A table is read as strictly as it is written; what is wrong with it is named by its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smoothsym.tables import arrays, lines
from smoothsym.tables.lines import Found
from smoothsym.tables.table import ReferenceTable


def read_table(path: Any) -> ReferenceTable:
    """A table that ReferenceTable.save or .to_npz wrote.

    Raises ValueError, with the row, where a line is torn or damaged, the checksum or the number of rows does not fit, a key is there
    twice, an input is no number of its format or has other bits than it says, or the version is not known; OSError where there is no
    such file. It does not say that the values are right: check_table does.

    >>> import smoothsym as ss, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = ss.table(ss.smoothabs, budget=8).save(pathlib.Path(folder, "smoothabs.jsonl"))
    ...     len(ss.read_table(path))
    8
    """
    found = load(Path(path))
    if found is None:
        raise ValueError(f"{path}: it is no table of smoothsym; check_table takes files of any layout, with columns=")
    if found.damage:
        raise ValueError(f"{path}: {'; '.join(found.damage[:3])}")
    return ReferenceTable(found.header, found.rows)


def load(path: Path) -> Found | None:
    """What a file of ours holds, damaged or not; None for a file of another layout."""
    if path.suffix.lower() == ".npz":
        return arrays.load(path)
    if path.suffix.lower() in (".jsonl", ".json", ".ndjson") and lines.ours(path):
        return lines.load(path)
    return None
