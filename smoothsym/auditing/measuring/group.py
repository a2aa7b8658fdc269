"""Cases of one length and parameter are called and judged together: at a glance in floats, or one by one where floats do not tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from math import inf, isfinite, isinf, isnan, nan
from typing import Any

import numpy as np
from mpmath import libmp

from smoothsym.auditing.asking.calls import Call
from smoothsym.auditing.findings.cause import ILL_CONDITIONED
from smoothsym.auditing.findings.mechanism import meets_small
from smoothsym.auditing.measuring import judge as judging
from smoothsym.auditing.measuring.behaviour import misbehaviour
from smoothsym.auditing.measuring.judge import Reference
from smoothsym.auditing.measuring.references import measured_rows, reference
from smoothsym.auditing.measuring.row_errors import RowErrors, row_errors
from smoothsym.auditing.measuring.tally import DOUBTED, FLUSHED, NUMBERS, Kept, Tally, coarse, smallness
from smoothsym.auditing.task import Task
from smoothsym.cases import Case
from smoothsym.certify.measured_rows import MeasuredRows, scale_rows

Array = Any

FEW = 16
"""Rows of so few entries in all are known by enclosures before the batch is under way."""


@dataclass
class Group:
    """Cases of one length and parameter, and what comes of them."""

    task: Task
    cases: list[Case]
    tally: Tally

    @cached_property
    def x(self) -> Array:
        """The rows in float64, which has the numbers of every format."""
        count, size = len(self.cases), len(self.cases[0].x)
        entries = chain.from_iterable(case.x for case in self.cases)
        return np.fromiter(entries, dtype=np.float64, count=count * size).reshape(count, size)

    @cached_property
    def v(self) -> Array | None:
        """The vectors beside them."""
        return None if self.cases[0].v is None else np.array([case.v for case in self.cases], dtype=np.float64)

    @property
    def parameter(self) -> float | None:
        return self.cases[0].parameter

    def judged(self) -> Array:
        """The scaled error of each case, its error in ulps, and the nearness of what was flushed, as three rows; everything else goes to
        the tally.
        """
        scores = np.full((3, len(self.cases)), np.nan)
        calls = self._calls()
        kept = [place for place, call in enumerate(calls) if self._behaved(self.cases[place], call)]
        for place, call in enumerate(calls):
            if call.fault and call.called and not self._excused(self.cases[place]):
                scores[:, place] = inf
        ordinary = self._ordinary()
        places = np.array([place for place in kept if ordinary[place]], dtype=np.int64)
        left = [place for place in kept if not ordinary[place]]
        if len(places):
            got = np.array([calls[place].numbers for place in places])
            errors = self._at_once(places, got)
            scores[:, places] = np.where(errors.known, (errors.scaled, errors.ulp, errors.flushed), np.nan)
            left += places[~errors.known].tolist()
        for place in sorted(left):
            scores[:, place] = self._alone(self.cases[place], calls[place].numbers)
        return scores

    # ---- calls ---------------------------------------------------------------------------------------------------------------

    def _calls(self) -> list[Call]:
        """What comes of each row."""
        task, count = self.task, len(self.cases)
        rows = self.x.astype(task.fmt.dtype)
        vectors = None if self.v is None else self.v.astype(task.fmt.dtype)
        if task.batched:
            return self._in_batches(rows, vectors)
        beside = [None] * count if vectors is None else list(vectors)
        return task.calls(list(rows), [self.parameter] * count, beside)

    def _in_batches(self, rows: Array, vectors: Array | None) -> list[Call]:
        """The same of a target of many rows: where a call is at fault its halves are called, until the row is known."""
        result, count = self.task.call(rows, self.parameter, vectors), len(rows)
        if result.fault and count > 1 and result.called:
            halves = (slice(None, count // 2), slice(count // 2, None))
            parts = [
                call
                for half in halves
                for call in self._in_batches(rows[half], None if vectors is None else vectors[half])
            ]
            # What no part shows alone, or can be asked about any more, is a fault of each.
            return parts if any(call.fault and call.called for call in parts) else [result] * count
        if result.fault:
            return [result] * count
        width = len(result.numbers) // count
        return [replace(result, numbers=result.numbers[q * width : (q + 1) * width]) for q in range(count)]

    def _behaved(self, case: Case, call: Call) -> bool:
        """Whether there are numbers to judge; what else a call did is told."""
        tally = self.tally
        if not call.called:
            tally.uncalled += 1
            return False
        tally.rows += 1
        if call.behaved:
            return True
        excused = self._excused(case)
        found = misbehaviour(call, case, excused, _wanted(reference(self.task.op, self.task.of, case)))
        for finding in found:
            tally.add(finding)
        if call.fault and not excused:
            tally.lost(found[-1])
        return not call.fault

    def _excused(self, case: Case) -> bool:
        """To refuse an empty row, a nan or an infinite parameter is a choice; to refuse what has a value is not."""
        exact = reference(self.task.op, self.task.of, case)
        return exact.answer is not None or bool(exact.refused)

    # ---- all at once ---------------------------------------------------------------------------------------------------------

    def _ordinary(self) -> Array:
        """Rows that are for the batch to measure, as far as can be seen at a glance."""
        parameter = self.parameter
        special = parameter is not None and (not isfinite(parameter) or not parameter)
        if special or not self.x.shape[1] or self.x.size + len(self.x) <= FEW:
            return np.zeros(len(self.cases), dtype=bool)
        found: Array = np.isfinite(self.x).all(axis=1)
        return found & (self.x != 0).all(axis=1) if self.task.op.kind == "modulus" else found

    def _at_once(self, places: Array, got: Array) -> RowErrors:
        """The errors of rows, in floats; those that matter are kept. What the batch leaves open is not known."""
        task, x = self.task, self.x[places]
        v = None if self.v is None else self.v[places]
        exact = measured_rows(task.op, task.of, x, self.parameter, v, task.fmt)
        high, low = (part.reshape(len(places), -1) for part in (exact.high, exact.low))

        def scales(rows: Array, entries: Array) -> Array:
            if not task.entrywise:
                return exact.scale[rows]
            return scale_rows(task.op, x, self.parameter, task.of, v, rows, entries, high, task.fmt)

        def small(row: int) -> bool:
            return meets_small(task.op, task.of, self.cases[places[row]], task.fmt)

        got = np.where(exact.open[:, None], high, got)
        known = None if task.flushes is False else small
        errors = row_errors(got, high, low, scales, task.fmt, task.tol, known)
        errors = replace(errors, known=errors.known & ~exact.open)
        self.tally.seen(got[errors.known], high[errors.known], task.fmt)
        self._count(places, got, errors)
        if task.flushes is None and (excused := np.flatnonzero(errors.known & (errors.flushed > 0))).size:
            strict = row_errors(got, high, low, scales, task.fmt, task.tol, None)
            for row in excused[strict.scaled[excused] > task.tol].tolist():
                self._keep(self._kept(places[row], got[row], strict, row), got[row], True, DOUBTED)
        if task.bound is not None:
            self._hold_to_bound(places, got, exact, errors)
        return errors

    def _count(self, places: Array, got: Array, errors: RowErrors) -> None:
        """Count what is known, and keep the rows that matter."""
        task, tally, known = self.task, self.tally, errors.known
        # One for a row, which is judged once, whatever it is kept for.
        made: dict[int, Kept] = {}

        def kept(row: int) -> Kept:
            if row not in made:
                made[row] = self._kept(places[row], got[row], errors, row)
            return made[row]

        falls = known & (errors.scaled > task.tol)
        ill = known & ~falls & _ill(errors.ulp, errors.upper)
        for row in np.flatnonzero(falls | ill).tolist():
            self._keep(kept(row), got[row], bool(falls[row]))
        for row in np.flatnonzero(known & (errors.flushed > 0)).tolist():
            numbers = (inf, float(errors.flushed[row]), int(errors.place[row]))
            tally.keep(_kept(task, self.cases[places[row]], got[row], *numbers), FLUSHED)
        for name in NUMBERS:
            values = getattr(errors, name)
            tally.count(name, values[known])
            values = np.where(known, values, -1.0)
            largest = float(values.max())
            if tally.reaches(name, largest):
                for row in np.flatnonzero(coarse(values) == coarse(largest)).tolist():
                    tally.top(name, float(values[row]), kept(row))
        draws = _draws(self.x[places], self.parameter)
        rows = np.flatnonzero(known)
        for row in rows[np.argsort(draws[rows])[: tally.drawn]].tolist():
            if draws[row] >= tally.last_drawn:
                break
            tally.draw(int(draws[row]), kept(row))

    def _kept(self, place: int, got: Array, errors: RowErrors, row: int) -> Kept:
        case, numbers = self.cases[place], (float(errors.ulp[row]), float(errors.scaled[row]))
        return _kept(self.task, case, got, *numbers, int(errors.component[row]))

    def _keep(self, kept: Kept, got: Array, falls: bool, *doubt: str) -> None:
        """Keep a row of its class: what may be told apart at a glance, and is not likely to be of one kind; `doubt`, what that begins with."""
        task, case = self.task, kept.case
        if not falls:
            self.tally.keep(kept, ("ill",))
            return
        at = float(got[kept.rough.component or 0])
        way = "nan" if isnan(at) else "inf" if isinf(at) else "zero" if at == 0 else "finite"
        excusable = kept.rough.scaled <= judging.pairwise(len(case.x), task.tol)
        tied, zero = len(set(case.x)) < len(case.x), 0.0 in case.x
        self.tally.keep(kept, (*doubt, *case.tags[:1], way, tied, zero, len(case.x) if excusable else 0))

    def _hold_to_bound(self, places: Array, got: Array, exact: MeasuredRows, errors: RowErrors) -> None:
        """Errors over the bound that the caller asked for; what the measurement leaves open is no error."""
        assert self.task.bound is not None
        high, low, unknown = (part.reshape(len(places), -1) for part in (exact.high, exact.low, exact.error))
        error = np.maximum(np.abs((got - high) - low) * (1 - 2.0**-50) - unknown, 0.0)
        rows = np.flatnonzero(errors.known).tolist()
        allowed = self.task.bound.rows(self.x[places[rows]].astype(self.task.fmt.dtype), self.parameter)
        for row, limit in zip(rows, allowed, strict=True):
            kept = partial(self._kept, places[row], got[row], errors, row)
            self.tally.hold(judging.over(error[row], limit), kept)

    # ---- one by one ----------------------------------------------------------------------------------------------------------

    def _alone(self, case: Case, numbers: Array) -> tuple[float, float, float]:
        """The same three numbers of a row that is special, or known to enclosures alone; nan where there is none."""
        task, tally, got = self.task, self.tally, numbers.tolist()
        exact = reference(task.op, task.of, case)
        if exact.refused:
            tally.refused += 1
            return nan, nan, nan
        if exact.answer is not None:
            wrong = judging.special_finding(got, exact, case, task.fmt, task.tol, task.of)
            if wrong is not None:
                tally.add(wrong)
            return nan, nan, nan
        judged = judging.judge(got, exact, task.fmt, task.tol, smallness(task, case))
        tally.seen(numbers, np.array([libmp.to_float(q, strict=False) for q in exact.middles]), task.fmt)
        if task.flushes is None and judged.flushed is not None:
            strict = judging.judge(got, exact, task.fmt, task.tol, None)
            if strict.scaled > task.tol:
                self._keep(
                    _kept(task, case, numbers, strict.ulp, strict.scaled, strict.component), numbers, True, DOUBTED
                )
        scaled = 0.0 if isnan(judged.scaled) else judged.scaled
        zero = judged.flushed
        kept = _kept(task, case, numbers, judged.ulp, scaled, judged.component)
        if (falls := scaled > task.tol) or _ill(judged.ulp, judged.upper):
            self._keep(kept, numbers, falls)
        near = 0.0 if zero is None else zero.nearness
        if zero is not None:
            tally.keep(_kept(task, case, numbers, inf, near, zero.component), FLUSHED)
        errors = scaled, judged.ulp, near
        if any(isinf(entry) for entry in case.x):
            return errors
        for name, value in zip(NUMBERS, (judged.ulp, scaled, judged.normwise), strict=True):
            tally.count(name, [value])
            if tally.reaches(name, value):
                tally.top(name, value, kept)
        (drawn,) = _draws(np.array([case.x]), case.parameter).tolist()
        tally.draw(drawn, kept)
        if task.bound is not None and case.x:
            (allowed,) = task.bound.rows(np.array([case.x], dtype=task.fmt.dtype), case.parameter)
            tally.hold(judging.over_bound(got, exact, allowed, task.fmt), lambda: kept)
        return errors


def _ill(ulp: Any, upper: Any) -> Any:
    """Whether so many ulps are nobody's fault, where the scaled error is small."""
    return (ulp > ILL_CONDITIONED) & (upper > ILL_CONDITIONED)


def _draws(x: Array, parameter: float | None) -> Array:
    """A number below 2^64 for each row, by what it is: those with the smallest ones are a sample that no order changes."""
    odd = np.arange(1, x.shape[1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    found = (np.ascontiguousarray(x).view(np.uint64) * odd).sum(axis=1, dtype=np.uint64)
    found ^= np.array([0.0 if parameter is None else parameter]).view(np.uint64)
    for _ in range(2):
        found ^= found >> np.uint64(29)
        found *= np.uint64(0xBF58476D1CE4E5B9)
    return found


def _kept(task: Task, case: Case, got: Array, ulp: float, scaled: float, component: int) -> Kept:
    place = component if task.entrywise else None
    about = float(coarse(ulp)), float(coarse(scaled)), scaled > task.tol
    return Kept(case, got, judging.finding_of("inaccurate", case, "", "", *about, place))


def _wanted(exact: Reference) -> str:
    if exact.answer is not None:
        values = exact.answer.value if isinstance(exact.answer.value, list) else [exact.answer.value]
        texts = [repr(v) if isinstance(v, float) else judging.decimal(judging.raw_of(v)) for v in values[:4]]
        return (
            texts[0]
            if values is not exact.answer.value
            else f"[{', '.join(texts)}{', ...' if len(values) > 4 else ''}]"
        )
    return judging.decimal(exact.middles[0]) if exact.middles else "unknown"
