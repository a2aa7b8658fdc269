"""A file is written whole or not at all: beside its place, and then moved there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def written(path: Any, write: Callable[[Path], object]) -> Path:
    """Have a file written by `write(path)` at a place beside its own, and move it there; what fails leaves nothing behind."""
    place = Path(path)
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    return place
