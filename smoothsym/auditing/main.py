"""The main job: every smooth maximum that is installed, values and gradients, audited side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from math import inf
from typing import Any

from smoothsym.auditing.audit import audit
from smoothsym.auditing.report import worst_first
from smoothsym.auditing.result import Audit
from smoothsym.auditing.targets import Target, targets
from smoothsym.auditing.targets.target import operator
from smoothsym.auditing.workers import beat, carried_out
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
) -> list[tuple[Target, Audit]]:
    """Audit everything installed, worst first. `progress(done, total, what)` as groups end; `pictures` as for `audit`.

    It is done in processes: a group in which a target dies, or is silent for long, is done again with each call guarded. Targets of one operator and output share a process, and with it what is derived and the references.
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
    done: list[tuple[Target, Audit]] = []
    finished = 0

    def end(name: tuple[str, str], formats: int, results: list[tuple[Target, Audit]]) -> None:
        nonlocal finished
        done.extend(results)
        finished += formats
        if progress is not None:
            progress(finished, len(groups), " ".join(name))

    # Formats of one output share what is derived of it; what takes long starts first.
    families: dict[tuple[str, str], list[Group]] = {}
    for key, members in groups.items():
        families.setdefault(key[:2], []).append((key, members))
    order = sorted(families, key=lambda name: (-sum(_cost(t) for _, some in families[name] for t in some), name))
    tasks = [(name, families[name], budget, seed, timeout) for name in order]
    with closing(carried_out(partial(family, pictures=pictures), tasks, jobs, PATIENCE * timeout)) as ended:
        for place, results in ended:
            end(order[place], len(families[order[place]]), results)
    return worst_first(done)


def _cost(target: Target) -> int:
    """How long a target may take, compared with the others: a derivative has many numbers, JAX compiles, and equations are solved."""
    slow = target.library == "jax" or not target.operator.explicit
    return (1 if target.of == "value" else 2) * (4 if slow else 1)


def family(
    name: tuple[str, str],
    groups: Sequence[Group],
    budget: int,
    seed: int,
    timeout: float,
    guarded: bool,
    pictures: str = "",
) -> list[tuple[Target, Audit]]:
    """Audit the groups of one operator and output, format after format: what is derived of it by symbols is derived once."""
    given = (budget, seed, timeout, guarded, pictures)
    return [pair for key, members in groups for pair in group(key, members, *given)]


def group(
    key: tuple[str, str, str],
    members: Sequence[Target],
    budget: int,
    seed: int,
    timeout: float,
    guarded: bool,
    pictures: str = "",
) -> list[tuple[Target, Audit]]:
    """Audit the targets of one operator, output and format, one after the other on the same references; each call in a process
    that may die, where it is guarded.
    """
    name, of, dtype = key
    op = operator(name)
    usual = VALUE_LENGTHS if of == "value" else GRADIENT_LENGTHS
    options: dict[str, Any] = {"budget": budget, "seed": seed, "timeout": timeout if guarded else None}
    options["pictures"] = pictures
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
            results.append((target, unfinished(target, dtype, seed, error)))
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
