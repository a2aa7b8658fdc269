"""What an audit measures: a target of an operator's output in a format, and how it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from smoothsym.auditing.asking.calls import Call, Passing, call_rows
from smoothsym.auditing.measuring.tally import SAMPLE
from smoothsym.certify.scale import entrywise
from smoothsym.formats import Format


@dataclass(frozen=True)
class Task:
    """What to measure: a target (or a Guard around it) of an operator's output in a format, and how it gets its parameter."""

    target: Any
    op: Any
    of: Any
    fmt: Format
    tol: float = 8.0
    passing: Passing = field(default_factory=Passing)
    batched: bool = False
    bound: Any = None
    """What errors are held to beside the tolerance (bounded.Bound); None where only a few rows are."""
    parameters: tuple[float, ...] = ()
    """The only parameters that the target is to be given; none where any will do."""
    axis: bool = False
    flushes: bool | None = None
    """Whether the target is found to flush to zero; None while that is not known, and what it would excuse is kept in doubt."""
    drawn: int = SAMPLE
    """How many rows are kept whatever they err, for the bound and for pictures."""

    @property
    def passed(self) -> bool:
        """Whether the target is given its parameter, so that it may have another."""
        return self.passing.given and len(self.parameters) != 1

    @property
    def entrywise(self) -> bool:
        """Whether the output has an entry for each of x."""
        return entrywise(self.op, self.of)

    def call(self, x: Any, parameter: Any, v: Any = None) -> Call:
        """Call the target on a row, or on rows."""
        return self.calls([x], [parameter], [v])[0]

    def calls(self, rows: Sequence[Any], parameters: Sequence[Any], vectors: Sequence[Any]) -> list[Call]:
        """Call the target on each row, with the vector beside it, if there is one, and its parameter."""
        arguments = []
        for parameter, v in zip(parameters, vectors, strict=True):
            places, names = self.passing.arguments(parameter)
            arguments.append((places if v is None else (v, *places), names))
        return call_rows(self.target, rows, arguments, self.entrywise, self.op.arity == 1)
