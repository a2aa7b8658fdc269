"""A row of a table is one case: exact inputs, what is certified there, and why it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from smoothsym.tables.output import Output


@dataclass(frozen=True)
class Row:
    """One case of a table.

    Attributes: `dtype`, the format whose numbers the inputs are; `x`, the entries, as floats; `parameter`, a float, None where the operator
    has none; `outputs`, by the names "value", "gradient", ...; `tags`, why the case is there.
    """

    dtype: str
    x: tuple[float, ...]
    parameter: float | None
    outputs: Mapping[str, Output]
    tags: tuple[str, ...] = ()

    @property
    def value(self) -> Output:
        """The output "value"."""
        return self.outputs["value"]

    @property
    def gradient(self) -> Output:
        """The output "gradient"."""
        return self.outputs["gradient"]

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other rows: the inputs, zeros by their signs."""
        return self.dtype, repr(self.parameter), *(v.hex() for v in self.x)


class Table(Protocol):
    """What is written: a header, and rows."""

    @property
    def header(self) -> Mapping[str, Any]: ...

    @property
    def rows(self) -> tuple[Row, ...]: ...
