"""The main job: every smooth maximum that is installed, values and gradients, audited side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

from smoothsym.auditing.asking.question import digest, versions
from smoothsym.auditing.audit import audit
from smoothsym.auditing.report import worst_first
from smoothsym.auditing.result import Audit
from smoothsym.auditing.sharing.checkpoint import Ledger
from smoothsym.auditing.sharing.spread import carry_out
from smoothsym.auditing.sharing.workers import beat, carried_out
from smoothsym.auditing.targets import Target, targets
from smoothsym.auditing.targets.target import operator
from smoothsym.calling import TIMEOUT
from smoothsym.errors import shown

BUDGET = 100
"""Rows per target, operator and format in the main job."""

PATIENCE = 6
"""A worker that has been silent for so many timeouts of a call is given up: judging a row takes time too."""

FAILED = "the audit itself failed"
"""How the note of an audit begins that came to no end."""

Group = tuple[tuple[str, str, str], Sequence[Target]]
"""An operator, output and format, and the targets of these."""

Name = tuple[str, str]
"""An operator and an output."""


@dataclass(frozen=True)
class How:
    """What all audits of a main job have in common."""

    budget: int
    seed: int
    timeout: float
    pictures: str = ""


Task = tuple[Name, Sequence[Group], How]
"""An operator and an output; their groups, and how these are audited."""

VALUE_LENGTHS = (1, 2, 5, 16, 100, 4096)
GRADIENT_LENGTHS = (1, 2, 5, 16, 100, 1000)


def run(
    progress: Callable[[int, int, str], None] | None = None,
    jobs: int = 2,
    budget: int = BUDGET,
    seed: int = 0,
    only: Sequence[Target] | None = None,
    dtypes: Sequence[str] | None = None,
    timeout: float = TIMEOUT,
    pictures: str = "",
    executor: Any = None,
    checkpoint: Any = None,
    shard: int | None = None,
) -> list[tuple[Target, Audit]]:
    """Audit everything installed, worst first. `progress(done, total, what)` as groups end; `pictures` as for `audit`.

    It is done in processes: a group in which a target dies, or is silent for long, is done again with each call guarded. Targets of one operator and output share a process, and with it what is derived and the references: they are a shard.
    An `executor` does shards with each call guarded, a `checkpoint` keeps those that are done, and one can be done alone.
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs={jobs!r}: give a positive number of processes")
    if not timeout > 0:
        raise ValueError(f"timeout={shown(timeout)}: give a positive number of seconds")
    groups: dict[tuple[str, str, str], list[Target]] = {}
    for target in targets() if only is None else only:
        for dtype in target.dtypes:
            if target.installed and (dtypes is None or dtype in dtypes):
                groups.setdefault((target.op, target.of, dtype), []).append(target)
    # Formats of one output share what is derived of it; what takes long starts first.
    families: dict[Name, list[Group]] = {}
    for key, members in groups.items():
        families.setdefault(key[:2], []).append((key, members))
    order = sorted(families, key=lambda name: (-sum(_cost(t) for _, some in families[name] for t in some), name))
    how = How(budget, seed, timeout, pictures)
    tasks = [(name, families[name], how) for name in order]
    if shard is not None:
        if not 0 <= shard < len(tasks):
            raise ValueError(
                f"shard={shown(shard)}: there are {len(tasks)} shards; give a number from 0 to {len(tasks) - 1}"
            )
        tasks, checkpoint = tasks[shard : shard + 1], None
    question = {} if checkpoint is None else _question(tasks)
    ledger = Ledger(Audits, len(tasks), lambda _: Audits(), question, checkpoint)
    missing = ledger.missing(range(len(tasks)))
    finished = sum(len(task[1]) for place, task in enumerate(tasks) if place not in missing)

    def moved(place: int) -> None:
        nonlocal finished
        name, formats, *_ = tasks[place]
        finished += len(formats)
        if progress is not None:
            progress(finished, sum(len(task[1]) for task in tasks), " ".join(name))

    if executor is not None:
        carry_out(
            ledger,
            missing,
            lambda place: _guarded(place, tasks[place]),
            lambda place: executor.submit(_guarded, place, tasks[place]),
            None,
            moved,
        )
    else:
        _in_processes(ledger, tasks, jobs, timeout, moved)
    audits = ledger.together().audits
    return worst_first(
        [pair for place, task in enumerate(tasks) for pair in zip(_members(task), audits[place], strict=True)]
    )


@dataclass
class Audits:
    """The audits of families, by their places."""

    audits: dict[int, list[Audit]] = field(default_factory=dict)
    worn = False

    @classmethod
    def of(cls, place: int, results: Sequence[tuple[Target, Audit]]) -> Audits:
        """What one family came to."""
        return cls({place: [audit for _, audit in results]})

    @property
    def stopped(self) -> bool:
        """Whether an audit came to no end, and is to be done again."""
        return any(failed(audit) for audits in self.audits.values() for audit in audits)

    def merge(self, other: Audits) -> None:
        """Take in other families."""
        self.audits |= other.audits

    def plain(self) -> dict[str, Any]:
        """Data that JSON can hold, from which `read` makes the same."""
        return {"audits": {str(place): [audit.plain() for audit in audits] for place, audits in self.audits.items()}}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Audits:
        """What `plain` wrote. Raises ValueError, TypeError or KeyError for anything else."""
        return cls({int(place): [Audit.read(audit) for audit in audits] for place, audits in data["audits"].items()})


def _guarded(place: int, task: Task) -> Audits:
    return Audits.of(place, family(*task, True))


def _in_processes(
    ledger: Ledger[Audits],
    tasks: Sequence[Task],
    jobs: int,
    timeout: float,
    moved: Callable[[int], None],
) -> None:
    """Do what a ledger lacks in processes of our own, which may hang or die; what is done is saved in any case."""
    missing = ledger.missing(range(len(tasks)))
    try:
        with closing(carried_out(family, [tasks[place] for place in missing], jobs, PATIENCE * timeout)) as ended:
            for number, results in ended:
                part = Audits.of(missing[number], results)
                ledger.put_aside(part) if part.stopped else ledger.take(missing[number], part)
                moved(missing[number])
    finally:
        if not ledger.done:
            ledger.save()


def _members(task: Task) -> list[Target]:
    """The targets of a task, in the order in which they are audited."""
    return [target for _, members in task[1] for target in members]


def _question(tasks: Sequence[Task]) -> dict[str, Any]:
    """What is asked, as plain data."""
    every = [target for task in tasks for target in _members(task)]
    how = tasks[0][-1]
    known = {target.distribution or target.library: target.version for target in every}
    found: dict[str, Any] = {"smoothsym": "main job", "libraries": sorted({target.library for target in every})}
    keys = [key for _, groups, *_ in tasks for key, _ in groups]
    found |= {name: sorted({key[q] for key in keys}) for q, name in enumerate(("operators", "outputs", "dtypes"))}
    found |= {**asdict(how), "targets": digest(repr(tasks))}
    return {**found, "versions": versions("") | dict(sorted(known.items()))}


def _cost(target: Target) -> int:
    """How long a target may take, compared with the others: a derivative has many numbers, JAX compiles, and equations are solved."""
    slow = target.library == "jax" or not target.operator.explicit
    return (1 if target.of == "value" else 2) * (4 if slow else 1)


def family(name: Name, groups: Sequence[Group], how: How, guarded: bool) -> list[tuple[Target, Audit]]:
    """Audit the groups of one operator and output, format after format: what is derived of it by symbols is derived once."""
    return [pair for key, members in groups for pair in group(key, members, how, guarded)]


def group(key: tuple[str, str, str], members: Sequence[Target], how: How, guarded: bool) -> list[tuple[Target, Audit]]:
    """Audit the targets of one operator, output and format, one after the other on the same references; each call in a process
    that may die, where it is guarded.
    """
    name, of, dtype = key
    op = operator(name)
    usual = VALUE_LENGTHS if of == "value" else GRADIENT_LENGTHS
    options: dict[str, Any] = {**asdict(how), "timeout": how.timeout if guarded else None}
    results = []
    for target in members:
        beat()
        fixed: Any = dict(target.fixed) | ({"parameters": target.parameters} if target.parameters else {})
        own: dict[str, Any] = {
            "n": None if op.arity else target.lengths or usual,
            # What an eager twin costs is paid once: each of its operations is compiled for each shape.
            "twin": target.twin or None if dtype == target.dtypes[0] else None,
            "batched": target.batched,
        }
        try:
            results.append((target, audit(target.dotted, op, of, dtype, progress=beat, **own, **options, **fixed)))
        except Exception as error:
            # What no audit survives is told in its row, and the others go on.
            results.append((target, unfinished(target, dtype, how.seed, error)))
    return results


def failed(audit: Audit) -> bool:
    """Whether an audit came to no end, by a fault of smoothsym."""
    return any(note.startswith(FAILED) for note in audit.notes)


def unfinished(target: Target, dtype: str, seed: int, error: Exception) -> Audit:
    """The audit of a target that came to no end: it does not hold."""
    said = f"{FAILED}: {type(error).__name__}: {error}"
    return Audit(
        target.dotted,
        target.op,
        target.of,
        dtype,
        "falls short",
        inf,
        inf,
        inf,
        None,
        None,
        (),
        0,
        seed=seed,
        notes=(said,),
    )
