"""More calls of a target, at inputs that are made for a question about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite

import numpy as np

from smoothsym import formats
from smoothsym.auditing.findings import mechanism
from smoothsym.auditing.measuring.measure import Task, reference, scored
from smoothsym.cases import Case


@dataclass(frozen=True)
class Probe:
    """The target, asked about single inputs."""

    task: Task

    def error(self, case: Case) -> float:
        """The scaled error at a case; nan where there is nothing to judge, or where a zero is excused."""
        return self.errors([case])[0]

    def errors(self, cases: Sequence[Case]) -> list[float]:
        """The same of several, which costs about as much."""
        found: list[float] = scored(self.task, cases)[1].tolist()
        return found

    def right(self, case: Case) -> bool:
        """Whether the target is within tolerance."""
        return self.error(case) <= self.task.tol

    def heals(self, cases: Sequence[Case]) -> bool:
        """Whether it is so at all of these, of which there are some."""
        return bool(cases) and all(self.right(case) for case in cases)

    def result(self, case: Case) -> list[float]:
        x = np.array(case.x, dtype=self.task.fmt.dtype)
        v = None if case.v is None else np.array(case.v, dtype=self.task.fmt.dtype)
        if self.task.batched:
            x, v = x[None], None if v is None else v[None]
        return self.task.call(x, case.parameter, v).got

    def exact(self, case: Case) -> list[float]:
        """What is right, as far as a float can say."""
        middles = reference(self.task.op, self.task.of, case).middles
        return [float(mechanism.context(60).make_mpf(middle)) for middle in middles]

    def inside(self, value: float) -> bool:
        return isfinite(value) and (value > 0 or self.task.op.domain == "real")


@dataclass(frozen=True)
class Line:
    """The floats of a format, one after the other."""

    fmt: formats.Format

    def place(self, value: float) -> int:
        return self.fmt.ordinal(self.fmt.round(Fraction(value)))

    def number(self, place: int) -> float:
        """The float at a place; beyond the last one, that."""
        return float(self.fmt.decode(self.fmt.from_ordinal(min(max(place, -self.last), self.last))))

    def moved(self, value: float, by: int) -> float:
        return self.number(self.place(value) + by)

    @property
    def last(self) -> int:
        return self.fmt.ordinal(self.fmt.round(self.fmt.largest))


def moved(case: Case, entries: dict[int, float]) -> Case:
    return replace(case, x=tuple(entries.get(q, v) for q, v in enumerate(case.x)), tags=("probe",))
