"""Where a person watches, colour, a width to fit and a progress bar; in a pipe, plain lines that align and grep."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import Any, TextIO

Row = tuple[Sequence[str], str]
"""Cells that align in columns, and what is said beside them."""


def watched(stream: TextIO) -> bool:
    """Whether a person watches a stream."""
    return bool(getattr(stream, "isatty", lambda: False)())


def width() -> int | None:
    """The columns of the terminal that standard output goes to; None where it goes to none, and lines may be of any length."""
    if not watched(sys.stdout):
        return None
    from rich.console import Console

    return Console(file=sys.stdout).width


def say(line: str = "", style: str = "", beside: str = "") -> None:
    """Print a line; in a terminal, in a style such as "bold" or "red", and what stands beside it dimmed."""
    if not (style or beside) or not line or not watched(sys.stdout):
        print(line + beside, flush=True)
        return
    from rich.console import Console
    from rich.text import Text

    shown = Text.assemble((line, style), (beside, "dim"))
    Console(file=sys.stdout, highlight=False).print(shown, soft_wrap=True)


def dump(data: Any) -> None:
    """Print data as strict JSON: infinities and nan are strings."""
    print(json.dumps(strict(data), indent=2, allow_nan=False))


def strict(data: Any) -> Any:
    """Data that strict JSON can hold."""
    if isinstance(data, dict):
        return {str(key): strict(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [strict(value) for value in data]
    if isinstance(data, float) and not isfinite(data):
        return str(data)
    return data if data is None or isinstance(data, (str, int, float, bool)) else str(data)


def laid_out(
    head: Sequence[str],
    rows: Sequence[Row],
    right: Sequence[int] = (),
    columns: int | None = None,
    styles: Sequence[str] = (),
) -> Iterator[tuple[str, str]]:
    """A table as (line, style): the head, then one line a row, cells aligned (to the right in the columns `right`).

    What is said beside the cells follows on the same line where all of it fits in so many columns, or where they are unlimited;
    else on lines of its own, below, indented and wrapped.
    """
    every = [head, *(cells for cells, _ in rows)]
    sizes = [max(len(cells[q]) for cells in every) for q in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(size) if q in right else cell.ljust(size)
            for q, (cell, size) in enumerate(zip(cells, sizes, strict=True))
        )

    full = sum(sizes) + 2 * len(sizes)
    beside = columns is None or all(full + len(note) <= columns for _, note in rows)
    yield line(head).rstrip(), "dim"
    for (cells, note), style in zip(rows, styles or [""] * len(rows), strict=True):
        if beside:
            yield f"{line(cells)}  {note}".rstrip(), style
            continue
        yield line(cells).rstrip(), style
        if note:
            yield from ((part, "") for part in folded(note, columns, " " * (sizes[0] + 2)))


def folded(note: str, columns: int | None, indent: str = "") -> list[str]:
    """A text as lines of at most so many columns, each indented; words longer than that stay whole."""
    if columns is None:
        return [indent + note]
    return textwrap.wrap(
        note, columns, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


@contextmanager
def progress(what: str) -> Iterator[Callable[..., None] | None]:
    """A callback (done, total, name) that moves a bar on standard error where a person watches it; None elsewhere."""
    if not watched(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def moved(done: int, total: int, name: str = "") -> None:
            bar.update(task, completed=done, total=total, description=f"{what} {name}".rstrip())

        yield moved
