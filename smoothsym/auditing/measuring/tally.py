"""What rows amounted to, so that parts merge to the same in any order: distributions of errors, and the rows that are told.

Most rows are only counted. Of those that err, a few of each class are kept, the plainest of the largest errors, and of the others
those with the largest errors of all: at the end these are judged exactly, one by one, and what kind of failure they are is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf, isinf, isnan
from typing import Any

import numpy as np

from smoothsym.auditing.findings.cause import kind_of
from smoothsym.auditing.findings.finding import Finding, plain
from smoothsym.auditing.findings.mechanism import meets_small
from smoothsym.auditing.measuring import judge as judging
from smoothsym.auditing.measuring.distribution import LEAST, Distribution, Spread
from smoothsym.auditing.measuring.judge import Judgement
from smoothsym.auditing.measuring.references import reference
from smoothsym.calling import Faults, Guard, told, worn
from smoothsym.cases import Case
from smoothsym.certify.scale import entrywise

NUMBERS = ("ulp", "scaled", "normwise")
CLASS, TOP, SAMPLE = 3, 8, 4
"""How many rows are kept of a class of failures, of the largest errors, and, whatever they err, for the bound (more for pictures)."""
BITS = 12
"""So many bits of an error are the same however a row was measured, and among whatever rows."""

FLUSHED = ("flushed",)
"""The class of rows with an entry that was flushed to zero."""

DOUBTED = "doubted"
"""What the classes of rows begin with that are excused by flushing, and would not be if the target did not flush."""

_AS_THEY_ARE = (
    "rows",
    "refused",
    "uncalled",
    "unbounded",
    "zeros",
    "smalls",
    "drawn",
    "stopped",
    "printed",
    "unguarded",
)


@dataclass(frozen=True, eq=False)
class Kept:
    """A row with what was got for it, and a finding that says roughly how bad it is."""

    case: Case
    got: Any
    rough: Finding

    @property
    def rank(self) -> tuple[Any, ...]:
        return self.rough.rank

    def plain(self) -> dict[str, Any]:
        """Data that JSON can hold, from which `read` makes the same."""
        return {"got": [float(g).hex() for g in self.got], "rough": self.rough.to_dict()}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Kept:
        """What `plain` wrote."""
        rough = Finding.read(data["rough"])
        return cls(rough.case, np.array([float.fromhex(text) for text in data["got"]]), rough)


@dataclass
class Tally:
    """What rows amounted to: how errors are spread, the worst finding of each kind, and until it is settled the rows kept for it."""

    rows: int = 0
    refused: int = 0
    uncalled: int = 0
    ulp: Distribution = field(default_factory=Distribution)
    scaled: Distribution = field(default_factory=Distribution)
    normwise: Distribution = field(default_factory=Distribution)
    over_bound: Distribution = field(default_factory=Distribution)
    unbounded: int = 0
    worst: Finding | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    classes: dict[tuple[Any, ...], list[Kept]] = field(default_factory=dict)
    tops: dict[str, list[tuple[float, Kept]]] = field(default_factory=dict)
    sample: dict[int, Kept] = field(default_factory=dict)
    drawn: int = SAMPLE
    """How many rows are drawn, whatever they err."""
    largest: dict[str, Finding] = field(default_factory=dict)
    """Once it is settled: the row with the largest error by each number, where it is known."""
    zeros: int = 0
    smalls: int = 0
    """How many results that should be below the normal range, and not 0, were 0, and were not."""
    stopped: bool = False
    faults: Faults = field(default_factory=Counter)
    """How often the target hung or died, on rows of which likeness."""
    printed: str = ""
    """A line that it prints."""
    unguarded: str = ""
    """What is not guarded against."""
    notes: dict[str, None] = field(default_factory=dict)

    # ---- the numbers that others rely on -------------------------------------------------------------------------------------

    @property
    def max_ulp(self) -> float:
        return self.ulp.max

    @property
    def max_scaled(self) -> float:
        return self.scaled.max

    @property
    def max_normwise(self) -> float:
        return self.normwise.max

    @property
    def max_over_bound(self) -> float | None:
        return self.over_bound.max if self.over_bound.rows else None

    def spreads(self, entrywise: bool) -> dict[str, Spread]:
        """What half of the rows, 99 in 100, and all of them err by, by the name of each number."""
        names = ("ulp", "scaled", *(["normwise"] if entrywise else []), "over_bound")
        found = {name: getattr(self, name).spread for name in names}
        return {name: spread for name, spread in found.items() if spread.rows}

    @property
    def worn(self) -> bool:
        """Whether the target has hung or died so often that it is not to be called any more."""
        return worn(self.faults, self.rows - self.faults.total())

    @property
    def said(self) -> list[str]:
        """What there is to note, in an order of its own."""
        prints = f"it prints: {self.printed}" if self.printed else ""
        return [*filter(None, [self.unguarded, *told(self.faults, self.uncalled), prints]), *sorted(self.notes)]

    # ---- taking in -----------------------------------------------------------------------------------------------------------

    def add(self, finding: Finding) -> None:
        """Take in a finding: of each kind the worst is told."""
        if finding.kind not in self.findings or finding.rank > self.findings[finding.kind].rank:
            self.findings[finding.kind] = finding

    def tell(self, finding: Finding) -> None:
        """Take in a finding at an ordinary row, which may be the worst of all."""
        if self.worst is None or finding.rank > self.worst.rank:
            self.worst = finding

    def lost(self, finding: Finding) -> None:
        """A row that has a value, and got none."""
        self.tell(finding)
        for name in NUMBERS:
            self.count(name, [inf])

    def count(self, name: str, values: Any, most: float | None = None, times: int = 1) -> None:
        """Count errors, each so many times; `most`: the largest one, where they are no more than upper bounds."""
        getattr(self, name).add(values, most, times)

    def keep(self, kept: Kept, key: tuple[Any, ...]) -> None:
        """Keep a row of a class, if it is among the worst of that."""
        self.classes[key] = _best([*self.classes.get(key, ()), kept], CLASS)

    def top(self, name: str, value: float, kept: Kept) -> None:
        """Keep a row, if nothing errs more, as far as can be told."""
        value = float(coarse(value))
        self.tops[name] = _largest([*self.tops.get(name, ()), (value, kept)])

    def reaches(self, name: str, value: float) -> bool:
        """Whether an error is as large as any so far."""
        return value > 0 and coarse(value) >= max((q for q, _ in self.tops.get(name, ())), default=0.0)

    @property
    def last_drawn(self) -> int:
        """Only what is drawn below this number stays."""
        return max(self.sample) if len(self.sample) >= self.drawn else 1 << 64

    def draw(self, place: int, kept: Kept) -> None:
        """Keep a row whose number, which is made of what it is, is one of the smallest: then every order draws the same."""
        self.sample = dict(sorted({**self.sample, place: kept}.items())[: self.drawn])

    def hold(self, ratio: float | None, kept: Callable[[], Kept]) -> None:
        """Count an error over the bound, None where there is no bound; `kept` makes the row that is kept if it is the worst."""
        if ratio is None:
            self.unbounded += 1
            return
        self.over_bound.add([ratio])
        if self.reaches("over_bound", ratio):
            self.top("over_bound", ratio, kept())

    def watched(self, guard: Guard) -> None:
        """Take in what befell a target that was watched, which is forgotten there."""
        faults, printed = guard.taken()
        self.faults.update(faults)
        self.printed = self.printed or printed
        self.unguarded = self.unguarded or guard.unguarded

    def merge(self, other: Tally) -> None:
        """Take in another tally; the order does not matter."""
        self.rows, self.refused = self.rows + other.rows, self.refused + other.refused
        self.uncalled, self.unbounded = self.uncalled + other.uncalled, self.unbounded + other.unbounded
        self.zeros, self.smalls = self.zeros + other.zeros, self.smalls + other.smalls
        for name in (*NUMBERS, "over_bound"):
            getattr(self, name).merge(getattr(other, name))
        if other.worst is not None:
            self.tell(other.worst)
        for finding in other.findings.values():
            self.add(finding)
        for key, kept in other.classes.items():
            self.classes[key] = _best([*self.classes.get(key, ()), *kept], CLASS)
        for name, tops in other.tops.items():
            self.tops[name] = _largest([*self.tops.get(name, ()), *tops])
        self.drawn = max(self.drawn, other.drawn)
        self.sample = dict(sorted({**self.sample, **other.sample}.items())[: self.drawn])
        self.faults.update(other.faults)
        self.printed, self.unguarded = (
            min(filter(None, both), default="")
            for both in ((self.printed, other.printed), (self.unguarded, other.unguarded))
        )
        self.notes |= other.notes
        self.stopped = self.stopped or other.stopped

    def uncounted(self) -> Tally:
        """What is told of the rows, without their number and how their errors are spread: for rows that another tally has counted."""
        empty = {name: Distribution() for name in (*NUMBERS, "over_bound")}
        return replace(self, rows=0, refused=0, uncalled=0, unbounded=0, sample={}, **empty)  # type: ignore[arg-type]

    # ---- as plain data -------------------------------------------------------------------------------------------------------

    def plain(self) -> dict[str, Any]:
        """Data that JSON can hold, from which `read` makes the same; the same bytes for the same rows, in whatever order they came."""
        found: dict[str, Any] = {name: getattr(self, name) for name in _AS_THEY_ARE}
        found |= {name: getattr(self, name).plain() for name in (*NUMBERS, "over_bound")}
        found["worst"] = self.worst and self.worst.to_dict()
        found["findings"] = [self.findings[kind].to_dict() for kind in sorted(self.findings)]
        classes = sorted(self.classes.items(), key=lambda pair: repr(pair[0]))
        found["classes"] = [[list(key), [kept.plain() for kept in many]] for key, many in classes]
        found["tops"] = {name: [[value, kept.plain()] for value, kept in tops] for name, tops in self.tops.items()}
        found["sample"] = [[place, kept.plain()] for place, kept in self.sample.items()]
        found["faults"] = [[*fault, count] for fault, count in sorted(self.faults.items())]
        found["notes"] = sorted(self.notes)
        return plain(found)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Tally:
        """What `plain` wrote. Raises ValueError, TypeError or KeyError for anything else."""
        found = cls(**{name: data[name] for name in _AS_THEY_ARE})
        for name in (*NUMBERS, "over_bound"):
            setattr(found, name, Distribution.read(data[name]))
        found.worst = data["worst"] and Finding.read(data["worst"])
        for finding in map(Finding.read, data["findings"]):
            found.add(finding)
        found.classes = {tuple(key): [Kept.read(kept) for kept in many] for key, many in data["classes"]}
        found.tops = {
            name: [(float(value), Kept.read(kept)) for value, kept in tops] for name, tops in data["tops"].items()
        }
        found.sample = {int(place): Kept.read(kept) for place, kept in data["sample"]}
        for kind, (shape, finite, parameters), count in data["faults"]:
            found.faults[kind, (tuple(shape), finite, tuple(parameters))] = int(count)
        found.notes = dict.fromkeys(data["notes"])
        return found

    # ---- telling -------------------------------------------------------------------------------------------------------------

    @property
    def flushes(self) -> bool:
        """Whether the target is found to flush to zero: of what should be below the normal range nothing else came."""
        return self.zeros > 0 and not self.smalls

    def seen(self, got: Any, exact: Any, fmt: Any) -> None:
        """Take in whether what should be below the normal range is 0."""
        small = (np.abs(exact) < float(fmt.smallest_normal)) & (np.abs(exact) >= float(fmt.smallest_subnormal))
        self.zeros += int(np.count_nonzero(small & (got == 0)))
        self.smalls += int(np.count_nonzero(small & (got != 0) & (np.abs(got) < float(fmt.smallest_normal))))

    def settle(self, task: Any) -> None:
        """Judge the rows that are kept, exactly: what kind of failure they are, and how large the largest errors are."""
        doubted = {key: self.classes.pop(key) for key in list(self.classes) if key[:1] == (DOUBTED,)}
        for key, rows in doubted.items() if task.flushes is False else ():
            for kept in rows:
                self.keep(kept, key[1:])
                for name, value in (("scaled", kept.rough.scaled), ("ulp", kept.rough.ulp)):
                    getattr(self, name).max = max(getattr(self, name).max, value)
                    self.top(name, value, kept)
        # In an order that does not tell how the rows came together.
        self.findings, self.tops = dict(sorted(self.findings.items())), dict(sorted(self.tops.items()))
        self.classes = dict(sorted(self.classes.items(), key=lambda pair: repr(pair[0])))
        if any("zero" in key for key in self.classes):
            # Where larger numbers become zero too, it is not flushing that makes them so.
            self.classes.pop(FLUSHED, None)
        judged: dict[int, tuple[Judgement, Finding]] = {}
        every = [
            *(q for kept in self.classes.values() for q in kept),
            *(q for tops in self.tops.values() for _, q in tops),
        ]
        for kept in {id(q): q for q in every}.values():
            judged[id(kept)] = self._judge(task, kept)
        for name, tops in self.tops.items():
            most = max(value for value, _ in tops)
            if coarse(getattr(self, name).max) > most:
                continue  # The largest error is that of a row which is not kept: one that has no result.
            if name in NUMBERS and most < inf:
                getattr(self, name).max = max(getattr(judged[id(kept)][0], name) for _, kept in tops)
            worst = max(tops, key=lambda top: getattr(judged[id(top[1])][0], name, top[0]))[1]
            self.largest[name] = judged[id(worst)][1]
        self.classes = {}

    def _judge(self, task: Any, kept: Kept) -> tuple[Judgement, Finding]:
        """Judge one row exactly, and take in what it is."""
        exact, case, got = reference(task.op, task.of, kept.case), kept.case, kept.got.tolist()
        judged = judging.judge(got, exact, task.fmt, task.tol, smallness(task, case))
        judged = replace(judged, scaled=0.0) if isnan(judged.scaled) else judged
        kind = kind_of(judged, got, exact, case, task.op, task.of, task.fmt, task.tol)
        vector = entrywise(task.op, task.of)
        finding = judging.judged_finding(judged, case, kind or "largest error", vector, task.tol)
        if judged.flushed is not None and FLUSHED in self.classes:
            zero = judging.judged_finding(judged.flushed, case, "flush to zero", vector, task.tol)
            self.add(replace(zero, falls=False))
        if kind is not None:
            self.add(finding)
        if not any(isinf(v) for v in case.x):
            self.tell(finding)
        return judged, finding


def smallness(task: Any, case: Case) -> Callable[[], bool] | None:
    """How to see whether a case meets numbers below the normal range; None for a target that does not flush."""
    return None if task.flushes is False else lambda: meets_small(task.op, task.of, case, task.fmt)


def coarse(values: Any) -> Any:
    """Numbers to the bits that are the same in whatever company a row is measured."""
    fraction, exponent = np.frexp(np.where(np.less(values, LEAST), 0.0, values))
    return np.ldexp(np.round(fraction * 2**BITS) / 2**BITS, exponent)


def _best(kept: list[Kept], most: int) -> list[Kept]:
    return sorted(kept, key=lambda one: one.rank, reverse=True)[:most] if len(kept) > 1 else kept


def _largest(tops: list[tuple[float, Kept]]) -> list[tuple[float, Kept]]:
    """Those that err most, the plainest of them."""
    most = max(value for value, _ in tops)
    near = [(value, kept) for value, kept in tops if value == most]
    return sorted(near, key=lambda pair: _plain(pair[1]), reverse=True)[:TOP] if len(near) > 1 else near


def _plain(kept: Kept) -> tuple[Any, ...]:
    """Equal errors apart, what reads better comes first."""
    return replace(kept.rough, scaled=0.0).rank
