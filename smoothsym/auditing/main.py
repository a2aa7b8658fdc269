"""The main job: every smooth maximum that is installed, values and gradients, audited side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from typing import Any

from smoothsym.auditing.audit import audit
from smoothsym.auditing.report import worst_first
from smoothsym.auditing.result import Audit
from smoothsym.auditing.targets import Target, targets
from smoothsym.auditing.workers import workers

BUDGET = 240
"""Rows per target, operator and format in the main job: about half a minute for everything on two cores."""

VALUE_LENGTHS = (1, 2, 5, 16, 100, 4096)
GRADIENT_LENGTHS = (1, 2, 5, 16, 100, 1000)


def run(
    progress: Callable[[int, int, str], None] | None = None,
    jobs: int = 2,
    budget: int = BUDGET,
    seed: int = 0,
    only: Sequence[Target] | None = None,
    dtypes: Sequence[str] | None = None,
) -> list[tuple[Target, Audit]]:
    """Audit everything installed, worst first; in processes where jobs > 1. `progress(done, total, what)` as groups end.

    Targets of one operator, output and format share a process, and with it the references.
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs={jobs!r}: give a positive number of processes")
    groups: dict[tuple[str, str, str], list[Target]] = {}
    for target in targets() if only is None else only:
        for dtype in target.dtypes:
            if target.installed and (dtypes is None or dtype in dtypes):
                groups.setdefault((target.op, target.of, dtype), []).append(target)
    done: list[tuple[Target, Audit]] = []
    finished = 0

    def end(key: tuple[str, str, str], results: list[tuple[Target, Audit]]) -> None:
        nonlocal finished
        done.extend(results)
        finished += 1
        if progress is not None:
            progress(finished, len(groups), " ".join(key))

    # Gradients cost most, and start first.
    order = sorted(groups, key=lambda key: (key[1], key))
    if jobs == 1 or len(groups) == 1:
        for key in order:
            end(key, group(key, groups[key], budget, seed))
    else:
        with workers(jobs) as pool:
            started = {pool.submit(group, key, groups[key], budget, seed): key for key in order}
            for job in as_completed(started):
                end(started[job], job.result())
    return worst_first(done)


def group(key: tuple[str, str, str], members: Sequence[Target], budget: int, seed: int) -> list[tuple[Target, Audit]]:
    """Audit the targets of one operator, output and format, one after the other on the same references."""
    from smoothsym.catalogue import operators

    op, of, dtype = key
    lengths = None if operators[op].arity else VALUE_LENGTHS if of == "value" else GRADIENT_LENGTHS
    fixed: Any
    results = []
    for target in members:
        fixed = dict(target.fixed) | ({"parameters": target.parameters} if target.parameters else {})
        results.append((target, audit(target.dotted, op, of, dtype, n=lengths, budget=budget, seed=seed, **fixed)))
    return results
