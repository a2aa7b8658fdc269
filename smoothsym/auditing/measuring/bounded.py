"""Errors over the rigorous bound of our own kernel: a foreign target is held to what the stable kernel promises. A number, no verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite
from typing import Any, Protocol

import numpy as np
from sympy import Expr

from smoothsym.auditing.measuring import judge as judging
from smoothsym.auditing.measuring.references import Memory, reference
from smoothsym.auditing.measuring.tally import Kept, Tally
from smoothsym.cases import Case
from smoothsym.error_bound import bound
from smoothsym.formats import Format

OUTPUTS = ("value", "gradient")
"""What our kernels compute, and have a bound for."""
ENTRIES = 1 << 13
"""So many entries of rows are bounded, unless the first row has more: a bound costs as much as hundreds of calls."""

Array = Any
_BOUNDS = Memory(200_000)


class Bound(Protocol):
    """What errors are held to."""

    def rows(self, x: Array, parameter: float | None) -> Sequence[Any]:
        """For each row the absolute error that is allowed, one number or one for each entry; inf where none is."""


@dataclass(frozen=True)
class Given:
    """A bound that the caller gave, for one row at a time."""

    function: Callable[[Any, Any], Any]

    def rows(self, x: Array, parameter: float | None) -> Sequence[Any]:
        return [self.function(row, parameter) for row in x]


@dataclass(frozen=True)
class Derived:
    """The rigorous bound of the stable kernel of an operator, which costs many rows little more than one."""

    op: Any
    of: str | Expr
    fmt: Format

    @cached_property
    def _error(self) -> Any:
        return bound(self.op.kernels["stable" if self.of == "value" else "stable_gradient"])

    def rows(self, x: Array, parameter: float | None) -> Sequence[Any]:
        if not len(x):
            return []
        given = {} if parameter is None else {self.op.parameter.name: parameter}
        values = np.asarray(x).astype(np.float64)
        try:
            found = self._error.rigorous(values, dtype=self.fmt.name, **given)
        except (ArithmeticError, ValueError, TypeError, KeyError, NotImplementedError):
            return [inf] * len(values)
        found = np.asarray(found, dtype=np.float64).reshape(len(values), -1)
        return list(np.where(np.isnan(found), inf, found))

    def check(self) -> None:
        """Raise ValueError where there is no bound for anything."""
        if self.of not in OUTPUTS:
            raise ValueError(f"bound=True with of={str(self.of)!r}: a bound is derived for 'value' and 'gradient'")
        try:
            _ = self._error
        except (ValueError, KeyError, NotImplementedError) as error:
            raise ValueError(f"bound=True: there is no bound for {self.op.name}: {error}") from None


def bound_of(asked: Any, op: Any, of: str | Expr, fmt: Format) -> Bound | None:
    """What an audit's argument `bound` asks for: none, a callable's, or with True the derived one. Raises TypeError and ValueError."""
    __tracebackhide__ = True
    if asked is None or asked is False:
        return None
    if asked is True:
        derived = Derived(op, of, fmt)
        derived.check()
        return derived
    if not callable(asked):
        raise TypeError(
            f"bound={asked!r} is a {type(asked).__name__}; give True for the derived one, or a callable bound(x, parameter)"
        )
    return Given(asked)


def hold_to_bound(tally: Tally, task: Any) -> list[str]:
    """Count the errors of a few rows over the bound of the operator's stable kernel; what there is to note.

    The rows are those with the largest scaled error and the most ulps, and two that are drawn. Where the caller gave a bound, all
    rows have been held to it.
    """
    if task.bound is None and task.of in OUTPUTS:
        for kept in held(tally):
            exact = reference(task.op, task.of, kept.case)
            if exact.measured is None:
                tally.unbounded += 1
                continue
            ratio = judging.over_bound(kept.got.tolist(), exact, allowed_at(task, kept.case), task.fmt)
            tally.hold(ratio, lambda kept=kept: kept)  # type: ignore[misc]
    total = tally.over_bound.rows + tally.unbounded
    return (
        [f"no bound on {tally.unbounded} of {total} rows: an operation may overflow there, or has no rule of rounding"]
        if tally.unbounded
        else []
    )


def held(tally: Tally) -> Iterator[Kept]:
    """The rows that are held to the bound: those that err most, and half of those that are drawn, whatever they err."""
    tops = [kept for name in ("scaled", "ulp") for _, kept in tally.tops.get(name, ())[:1]]
    drawn = [*tally.sample.values()][: tally.drawn // 2]
    entries = 0
    for kept in {(kept.case.x, kept.case.parameter): kept for kept in [*tops, *drawn]}.values():
        size = len(kept.case.x)
        if size and all(map(isfinite, kept.case.x)) and (not entries or entries + size <= ENTRIES):
            entries += size
            yield kept


def allowed_at(task: Any, case: Case) -> Any:
    """The bound at a case, the caller's or that of the stable kernel, remembered: one number or one for each entry; inf where there is none."""
    if task.bound is None and task.of not in OUTPUTS:
        return inf
    limit: Bound = task.bound or Derived(task.op, task.of, task.fmt)
    row = np.array([case.x]).astype(task.fmt.dtype)
    if isinstance(limit, Given):
        return limit.rows(row, case.parameter)[0]
    key = (task.op, task.of, task.fmt.name, case.x, repr(case.parameter))
    return _BOUNDS.get(key, len(case.x), lambda: limit.rows(row, case.parameter)[0])
