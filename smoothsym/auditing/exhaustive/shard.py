"""A range of all rows is measured alone: its rows called, their errors bounded, and the roundest of the worst told like any finding."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import numpy as np

from smoothsym.auditing.exhaustive.errors import Errors, Exact
from smoothsym.auditing.exhaustive.references import CONVENTION, LIMIT, MEASURED, REFUSED, References, references
from smoothsym.auditing.exhaustive.space import BITS, Space, space_of
from smoothsym.auditing.exhaustive.stretches import LENGTH, confined, even
from smoothsym.auditing.findings.cause import ILL_CONDITIONED
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.behaviour import misbehaviour
from smoothsym.auditing.measuring.judge import finding_of
from smoothsym.auditing.measuring.measure import Task
from smoothsym.auditing.measuring.tally import NUMBERS, Tally
from smoothsym.auditing.sharing.part import Part, Sort
from smoothsym.calling import Arguments, Call, Guard, call_rows
from smoothsym.calling.call import call
from smoothsym.cases import Case
from smoothsym.certify.scale import axes_of
from smoothsym.laws import Symmetric, prove

Array = Any

BLOCK = 1 << 17
"""So many rows are called at a time."""
NEAR = 2.0**-12
"""Scaled errors that are nearer are those of one result."""
STEPS, STEP = 1 << 10, 1 << 12
"""Into so many ranges all rows are divided, of no fewer rows than these."""
SPLITS = 64
"""So often the rows of a call that fails are halved, in a range."""
QUICK = 1 / 8
"""What such a half may take of the time that a call may take: a row by itself gets all of it."""


@dataclass(frozen=True)
class Job:
    """What an exhaustive audit asks of every row; `symmetric` where rows that are turned round have equal references, `confined` in what
    stretches of them are known by their ends (stretches.py).
    """

    task: Task
    space: Space
    parameter: float | None
    symmetric: bool = False
    confined: str = ""

    @property
    def step(self) -> int:
        """How many rows a range has: of nothing but their number, so that a run that is stopped and one that is not are alike."""
        return max(STEP, 1 << (self.space.size // STEPS).bit_length())


def measured(job: Job, start: int, stop: int) -> Part:
    """Measure the rows with the numbers start, ..., stop - 1."""
    begin = time.perf_counter()
    shard = _Shard(job)
    with measure.silence():
        for low in range(start, stop, BLOCK):
            high = min(low + BLOCK, stop)
            middle = min(max(job.space.ordinary, low), high)
            for block in ((low, middle), (middle, high)):
                if block[0] < block[1]:
                    shard.block(*block)
    shard.part.seconds = time.perf_counter() - begin
    return shard.part


@dataclass
class _Shard:
    job: Job
    part: Part = field(default_factory=Part)
    splits: int = 0
    called: bool = False

    @property
    def tally(self) -> Tally:
        return self.part.tally

    def block(self, start: int, stop: int) -> None:
        """Call and judge the rows of a range, all of them finite or none, those of other signs that they stand for, and all turned round."""
        job, space = self.job, self.job.space
        moduli = space.rows(start, stop)
        right = references(job.task, job.parameter, moduli, job.confined)
        plain, bits = right.plain, job.task.fmt.bits_of(moduli)
        for signs in space.signs:
            rows = space.signed(moduli, signs) if signs.any() else moduli
            if signs.any() and not plain:
                # What the contract answers may depend on signs.
                right = references(job.task, job.parameter, rows)
            self._rows(rows, right)
            if space.n == 2:
                turned = np.ascontiguousarray(rows[:, ::-1])
                again = right.turned() if job.symmetric else references(job.task, job.parameter, turned)
                self._rows(turned, again, bits[:, 0] != bits[:, 1])

    def _rows(self, rows: Array, right: References, mine: Array | None = None, share: float = 1.0) -> None:
        """Call and judge rows, of which those that are not `mine` are judged elsewhere.

        Where the call fails, each half of them alone, so that those which do not fail are judged.
        """
        mine = np.ones(len(rows), dtype=bool) if mine is None else mine
        if not self.job.task.batched:
            self._singly(rows, right, mine)
            return
        found = self._called(rows, share)
        if found.fault and found.called and len(rows) > 1 and self.splits < SPLITS:
            self.splits += 1
            for half in np.array_split(np.arange(len(rows)), 2):
                self._rows(rows[half], right.some(half), mine[half], QUICK if len(half) > 1 else 1.0)
            return
        if not found.behaved:
            self._misbehaved(rows, right, mine, found)
        if not found.fault:
            self._judge(rows, right, mine, found.numbers)

    def _singly(self, rows: Array, right: References, mine: Array) -> None:
        """Call a target of one row on each, and judge what comes of it."""
        calls = call_rows(self.job.task.target, list(rows), [self._arguments] * len(rows), *self._shape)
        good = []
        for q, found in enumerate(calls):
            self.part.target_seconds += found.seconds
            if not found.behaved:
                self._misbehaved(rows[q : q + 1], right.some(np.array([q])), mine[q : q + 1], found)
            if not found.fault:
                good.append(q)
        if good:
            some = right if len(good) == len(rows) else right.some(np.array(good))
            self._judge(rows[good], some, mine[good], np.concatenate([calls[q].numbers for q in good]))

    def _judge(self, rows: Array, right: References, mine: Array, numbers: Array) -> None:
        self.tally.rows += int(np.count_nonzero(mine))
        got = numbers.astype(np.float64).reshape(right.exact.values.shape)
        if right.plain:
            self._measured(rows, got, right, mine)
            return
        self.tally.refused += int(np.count_nonzero(mine & (right.what == REFUSED)))
        finite = np.isfinite(right.x).all(axis=1)
        known = mine & (right.what == MEASURED)
        for mask, counts in ((known & finite, True), (known & ~finite, False)):
            if len(places := np.flatnonzero(mask)):
                self._ordinary(rows[places], got[places], right.exact.some(places), counts)
        for what in (LIMIT, CONVENTION):
            if len(places := np.flatnonzero(mine & (right.what == what))):
                wrong = ~self._agree(got[places], right.exact.values[places], right.size[places])
                self._choose(("special", what), rows[places], np.flatnonzero(wrong))

    def _measured(self, rows: Array, got: Array, right: References, mine: Array) -> None:
        """Judge rows that all have a value: of a stretch on which the target does as it should the row with the largest errors, for all,
        if these are slight: larger ones are judged one by one, since the scale may be another in each row.
        """
        left, everything = mine, bool(mine.all())
        if right.stretches is not None:
            followed = right.stretches.followed(got[:, 0])
            followed &= everything or mine[: len(followed) * LENGTH].reshape(-1, LENGTH).all(axis=1)
            if followed.any():
                first = np.flatnonzero(followed) * LENGTH
                last = first + LENGTH - 1
                size = np.abs(right.exact.values[:, 0])
                places = np.where(size[first] <= size[last], first, last)
                errors = Errors(got[places], right.exact.some(places), self.job.task.fmt, self.job.task.tol)
                slight = errors.uppers[:, 0] <= errors.slight
                followed[followed], places = slight, places[slight]
                if len(places):
                    self._ordinary(_Some(rows, places), got[places], right.exact.some(places), times=LENGTH)
                left = mine.copy()
                left[: len(followed) * LENGTH] &= np.repeat(~followed, LENGTH)
                everything = False
        if everything:
            self._ordinary(rows, got, right.exact)
        elif len(places := np.flatnonzero(left)):
            self._ordinary(_Some(rows, places), got[places], right.exact.some(places))

    # ---- calls ---------------------------------------------------------------------------------------------------------------

    @property
    def _arguments(self) -> Arguments:
        return self.job.task.passing.arguments(self.job.parameter)

    @property
    def _shape(self) -> tuple[bool, bool]:
        """Whether results have an entry for each of x, and whether the target may act on each."""
        return axes_of(self.job.task.op, self.job.task.of) == 1, self.job.task.op.arity == 1

    def _called(self, rows: Array, share: float = 1.0) -> Call:
        """What comes of rows in one call; the first of a range is made twice."""
        target, again = self.job.task.target, not self.called
        self.called = True
        if isinstance(target, Guard):
            found = target.call_block(rows, self._arguments, *self._shape, repeat=again, share=share)
        else:
            found = call(target, rows, self._arguments, *self._shape, repeat=again, wide=False)
        self.part.target_seconds += found.seconds
        return found

    def _misbehaved(self, rows: Array, right: References, mine: Array, found: Call) -> None:
        """What a call did beside returning numbers, told with a row that shows it alone if there is one."""
        if not found.called:
            self.tally.uncalled += int(np.count_nonzero(mine))
            return
        place = 0 if found.fault else self._culprit(rows, found)
        choice = bool(right.what[place] != MEASURED)
        for finding in misbehaviour(found, self._case(rows[place], choice), choice, ""):
            self.tally.add(finding)
        if found.fault and mine.any():
            self.tally.rows += 1
            self.tally.uncalled += int(np.count_nonzero(mine)) - 1
            if not choice:
                for name in NUMBERS:
                    self.tally.count(name, [inf])

    def _culprit(self, rows: Array, found: Call) -> int:
        """A row that misbehaves alone, by halves; the first where none does, and where one is told already."""
        kinds = {"mutates its input": found.mutated, "wrong dtype": found.deviation, "not deterministic": found.again}
        low, high = 0, len(rows)
        if all(kind in self.tally.findings for kind, seen in kinds.items() if seen):
            return 0
        while high - low > 1:
            middle = (low + high) // 2
            bad = [half for half in ((low, middle), (middle, high)) if not self._called(rows[slice(*half)]).behaved]
            if not bad:
                break
            low, high = bad[0]
        return low

    # ---- judging -------------------------------------------------------------------------------------------------------------

    def _agree(self, got: Array, wanted: Array, size: Array) -> Array:
        """Which rows answer as the contract does, in every entry."""
        task = self.job.task
        allowed = float(task.fmt.u) * (np.abs(wanted) + size[:, None]) + float(task.fmt.smallest_subnormal)
        near = np.isfinite(wanted) & (np.abs(got - wanted) <= task.tol * allowed)
        return (near | (got == wanted) | (np.isnan(got) & np.isnan(wanted))).all(axis=1)

    def _ordinary(self, rows: Array, got: Array, exact: Exact, counts: bool = True, times: int = 1) -> None:
        """Judge ordinary rows, each of which stands for several; those with infinite entries have findings, and no part in the maxima."""
        task, tally = self.job.task, self.tally
        errors = Errors(got, exact, task.fmt, task.tol)
        width = got.shape[1]
        flushed = None
        if not errors.uppers.max() <= task.tol:
            flushed = self._beyond(rows, errors)
        if not counts:
            return
        good = slice(None) if flushed is None else np.flatnonzero(~flushed)
        best, place = errors.largest(good, tally.max_scaled)
        if place is not None:
            self._choose(("largest",), rows, np.array([place // width]), np.array([best]))
        # What |f| alone would allow bounds the scaled errors; the largest of them is known.
        numbers = {"scaled": errors.uppers, "ulp": errors.ulps} | ({"normwise": errors.normwise} if width > 1 else {})
        most = {"scaled": tally.max_scaled if place is None else best}
        for name, values in numbers.items():
            if flushed is not None:
                values = values[~(flushed.any(axis=1) if name == "normwise" else flushed)]
            tally.count(name, values, most=most.get(name), times=times)

    def _beyond(self, rows: Array, errors: Errors) -> Array | None:
        """Choose what to tell of rows of which some may be beyond tolerance; where entries were flushed to zero, if some were."""
        beyond, flushed = errors.uppers > errors.tol, errors.flushed(rows)
        bad = np.flatnonzero(beyond & ~flushed)
        self._tell_worst(("flushed",), rows, errors, np.flatnonzero(flushed))
        if len(bad):
            self._by_sort(rows, errors, bad, errors.scaled(bad))
        return flushed if flushed.any() else None

    def _by_sort(self, rows: Array, errors: Errors, bad: Array, scaled: Array) -> None:
        """Of what is beyond tolerance, the roundest rows of each sort: by how it fails, and by how much."""
        got, tol = errors.got.reshape(-1)[bad], errors.tol
        beyond = scaled > tol
        with np.errstate(all="ignore"):
            decade = np.where(np.isinf(scaled), 9, np.clip(np.floor(np.log10(scaled)), 0, 8)).astype(np.int64)
        way = np.where(np.isnan(got), 0, np.where(np.isinf(got), 1, np.where(got == 0, 2, 3)))
        sort = np.where(beyond, 10 * way + decade, -1)
        ill = (errors.ulps.reshape(-1)[bad] > ILL_CONDITIONED) & (errors.uppers.reshape(-1)[bad] > ILL_CONDITIONED)
        sort[~beyond & ~ill] = -2
        places = bad // errors.got.shape[1]
        for kind in np.unique(sort[sort > -2]).tolist():
            self._choose(("sort", kind), rows, places[sort == kind])

    def _tell_worst(self, sort: Any, rows: Array, errors: Errors, places: Array) -> None:
        if len(places):
            best, place = errors.largest(places)
            if place is not None:
                self._choose(sort, rows, np.array([place // errors.got.shape[1]]), np.array([best]))

    # ---- telling -------------------------------------------------------------------------------------------------------------

    def _choose(self, sort: Sort, rows: Array, places: Array, worth: Array | None = None) -> None:
        """Keep the roundest of some rows, or the one that is worth most, as the one of its sort to be told."""
        if not len(places):
            return
        some = rows[places].astype(np.float64)
        cost = _bits(some)
        best = int(np.argmin(cost)) if worth is None else int(np.argmax(worth))
        rank = (0.0 if worth is None else float(worth[best]), -float(cost[best]), *map(float, some[best]))
        self.part.choose(sort, (rank, tuple(some[best].tolist())))

    def _case(self, row: Array, special: bool) -> Case:
        return _case(self.job, tuple(float(v) for v in np.asarray(row, dtype=np.float64)), special)


def tell(job: Job, part: Part) -> None:
    """Measure the chosen rows as any audit does, for their findings."""
    cases = {row: _case(job, row, sort[0] == "special") for sort, (_, row) in sorted(part.chosen.items())}
    if not cases:
        return
    tally = part.tally
    found = measure.run(replace(job.task, bound=None), list(cases.values()))
    alone = [*found.findings.values(), *(kept.rough for many in found.classes.values() for kept in many)]
    tally.merge(found.uncounted())
    told = [*alone, *tally.findings.values()]
    # Rows by the million are known to within doubt; one that is on the edge of tolerance alone is within it.
    apart = tally.max_scaled > max(job.task.tol, found.max_scaled * (1 + NEAR) + NEAR)
    if apart and not any(finding.falls for finding in told):
        # It errs among others and not alone.
        (scaled, *_), row = part.chosen[("largest",)]
        note = "among other rows; not when it is called alone"
        tally.add(finding_of("inaccurate", _case(job, row, False), "", "", tally.max_ulp, scaled, True, None, note))


def _case(job: Job, row: tuple[float, ...], special: bool) -> Case:
    return Case(row, job.parameter, ("special",) if special else ("exhaustive",))


@dataclass(frozen=True)
class _Some:
    """Some of many rows, of which hardly any will be looked at."""

    rows: Array
    places: Array

    def __getitem__(self, some: Array) -> Array:
        return self.rows[self.places[some]]


def _bits(rows: Array) -> Array:
    """How much there is to read in rows: the significant bits of their entries and how far off their points are, equal ones once."""
    fraction, exponent = np.frexp(np.abs(rows))
    with np.errstate(all="ignore"):
        whole = np.where(np.isfinite(fraction), fraction * 2.0**53, 0).astype(np.int64)
    lowest = np.log2(np.maximum(whole & -whole, 1)).astype(np.int64)
    bits = np.where(whole > 0, 54 - lowest + np.abs(exponent - 1) // 2 + (rows < 0), 0)
    if rows.shape[1] == 2:
        bits[rows[:, 0] == rows[:, 1], 1] = 0
    return bits.sum(axis=1)


def job_of(task: Task, n: Any, parameters: Sequence[float | None]) -> Job:
    """The job of every row of n entries. Raises ValueError where these are too many, where the parameter is not one ordinary number, and
    for derivatives along a vector.
    """
    op, fmt = task.op, task.fmt
    if task.of in ("jvp", "vjp"):
        raise ValueError(
            f"exhaustive=True takes every x, and of={task.of!r} has a vector beside it; audit of='gradient' so, or {task.of} on rows that are chosen"
        )
    n = n[0] if isinstance(n, (list, tuple)) and len(n) == 1 else n
    size = op.arity or (2 if 2 * fmt.bits <= BITS else 1) if n is None else n
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1 or op.arity not in (None, size):
        raise ValueError(
            f"n={n!r}: {op.name} takes {op.arity or 'rows of any length'}; exhaustive=True takes one, n=1 or n=2"
        )
    value = not op.vector and isinstance(task.of, str) and task.of == "value"
    space = space_of(fmt, int(size), op.domain == "positive", value and even(op))
    name = op.parameter.name if op.parameter is not None else ""
    if len(parameters) != 1:
        raise ValueError(f"exhaustive=True goes through all rows at one parameter; give it, as in {name}=1.0")
    (parameter,) = parameters
    if parameter is not None and not (parameter and np.isfinite(parameter)):
        raise ValueError(
            f"exhaustive=True, {name}={parameter!r}: there the contract answers, and every row alike; give a finite {name} that is not 0"
        )
    symmetric = size == 2 and not op.vector and task.of in ("value", "gradient")
    symmetric = symmetric and prove(op, [Symmetric()])[0].outcome == "Proved"
    return Job(task, space, parameter, symmetric, confined(op, parameter, int(size)) if value else "")
