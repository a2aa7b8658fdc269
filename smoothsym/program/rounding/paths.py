"""Which way a program goes on ordinary rows: a test that falls out one way on all of them is a guard, and a formula is of the main path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from smoothsym.program import arrays
from smoothsym.program.operations import REFINED, Program
from smoothsym.program.rounding.adjoints import CHOICES, PARAMETERS

ROWS, LENGTH = 24, 6


@dataclass(frozen=True)
class Paths:
    """The tests of a program, `either` by number: `fixed` go one way, `open_` either way; of `refined` ones a bound of the first form is one of both."""

    program: Program
    domain: str = "real"
    given: Mapping[str, Any] = None  # type: ignore[assignment]

    @cached_property
    def refined(self) -> dict[int, bool]:
        return {number: True for number, q in enumerate(self.program.operations) if q.datum == REFINED}

    @cached_property
    def tests(self) -> dict[int, tuple[int, ...]]:
        """The number of each choice, and of what is compared: with 0 for `either`, with one another for the larger of two."""
        found = {}
        for number, operation in enumerate(self.program.operations):
            if operation.name in CHOICES and number not in self.refined:
                count = 1 if operation.name == "either" else 2
                found[number] = tuple(inner for inner, _ in operation.args[:count])
        return found

    @property
    def ways(self) -> dict[int, set[bool]]:
        """Whether each choice takes the first form on ordinary rows."""
        return self._seen[0]

    def possible(self, choices: Mapping[int, bool | None]) -> bool:
        """Whether an ordinary row makes these choices together."""
        return any(all((q, way) in seen for q, way in choices.items() if q in dict(seen)) for seen in self._seen[1])

    @cached_property
    def _seen(self) -> tuple[dict[int, set[bool]], set[frozenset[tuple[int, bool]]]]:
        if not self.tests:
            return {}, {frozenset()}
        operations = self.program.operations
        compared = sorted({q for test in self.tests.values() for q in test})
        outputs = tuple((test, tuple(range(operations[test].rank))) for test in compared)
        rng = np.random.default_rng(5)
        rows = rng.uniform(0.25, 4, (ROWS, LENGTH))
        if self.domain != "positive":
            rows = rows * rng.choice((-1, 1), (ROWS, LENGTH))
        # Half of the rows are of entries near each other.
        rows[::2] = rows[::2, :1] + rows[::2] / 32
        found: dict[int, set[bool]] = {number: set() for number in self.tests}
        together: set[frozenset[tuple[int, bool]]] = set()
        # At the extreme entries tests are met with equality.
        ordinary = (rows != rows.max(-1, keepdims=True)) & (rows != rows.min(-1, keepdims=True))
        ordinary &= np.abs(rows) != np.abs(rows).max(-1, keepdims=True)
        names = [str(q.datum) for q in operations if q.name == "symbol"]
        vectors = {str(q.datum): np.abs(rows) for q in operations if q.name == "x" and q.datum != "x"}
        positions = {str(q.datum): np.zeros(ROWS, dtype=int) for q in operations if q.name == "position"}
        for shift in range(len(PARAMETERS)):
            symbols = {
                name: float(self.given[name])
                if self.given and name in self.given
                else float(PARAMETERS[(shift + q) % 3])
                for q, name in enumerate(names)
            }
            with np.errstate(all="ignore"):
                results = arrays.run(
                    Program(operations, outputs), rows, symbols, lazy=False, vectors=vectors, positions=positions
                )
            values = dict(zip(compared, map(np.asarray, results), strict=True))
            whole: dict[int, Any] = {}
            for number, test in self.tests.items():
                result = values[test[0]] > (values[test[1]] if test[1:] else 0)
                result = ~result if operations[number].name == "minimum" else result
                if result.ndim == 2 and result.shape == rows.shape:
                    result = result[ordinary]
                elif operations[number].rank == 0:
                    whole[number] = np.broadcast_to(result, (ROWS,))
                found[number] |= set(np.unique(result).tolist())
            for row in range(ROWS):
                together.add(frozenset((number, bool(result[row])) for number, result in whole.items()))
        return found, together

    @property
    def fixed(self) -> dict[int, bool]:
        return {number: min(ways) for number, ways in self.ways.items() if len(ways) == 1}

    @property
    def entrywise(self) -> dict[int, None]:
        """Choices that go either way, entry by entry."""
        return {number: None for number in self.open_ if self.program.operations[number].rank}

    @property
    def open_(self) -> list[int]:
        return [number for number, ways in self.ways.items() if len(ways) != 1]
