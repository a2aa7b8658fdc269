"""The main job: every smooth maximum that is installed, values and gradients, in one table that says what is worst, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

from smoothsym.auditing.audit import audit
from smoothsym.auditing.finding import number, shown
from smoothsym.auditing.result import Audit
from smoothsym.auditing.targets import Target, targets

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
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            started = {pool.submit(group, key, groups[key], budget, seed): key for key in order}
            for job in as_completed(started):
                end(started[job], job.result())
    return sorted(done, key=_worst_first)


def group(key: tuple[str, str, str], members: Sequence[Target], budget: int, seed: int) -> list[tuple[Target, Audit]]:
    """Audit the targets of one operator, output and format, one after the other on the same references."""
    op, of, dtype = key
    lengths = VALUE_LENGTHS if of == "value" else GRADIENT_LENGTHS
    fixed: Any
    results = []
    for target in members:
        fixed = dict(target.fixed)
        results.append((target, audit(target.dotted, op, of, dtype, n=lengths, budget=budget, seed=seed, **fixed)))
    return results


def _worst_first(pair: tuple[Target, Audit]) -> tuple[Any, ...]:
    target, result = pair
    worst = result.worst.scaled if result.worst is not None else 0.0
    return (result.holds, -result.max_scaled, -worst, target.name, result.of, result.dtype)


def table(rows: Sequence[tuple[Target, Audit]]) -> list[dict[str, str]]:
    """The audits as rows of text, worst first: what falls short before what holds."""
    return [_row(target, result) for target, result in sorted(rows, key=_worst_first)]


def _row(target: Target, result: Audit) -> dict[str, str]:
    worst = result.worst
    return {
        "verdict": result.verdict,
        "target": target.name,
        "op": result.op,
        "of": result.of,
        "dtype": result.dtype,
        "max ulp": number(result.max_ulp),
        "max scaled": number(result.max_scaled),
        "worst kind": worst.kind if worst is not None else "",
        "worst input": "" if worst is None else shown(worst.inputs, 2) + _at(worst.parameter),
        "why": why(target, result),
    }


def _at(parameter: str | None) -> str:
    return "" if parameter is None else f" at {float.fromhex(parameter):g}"


def why(target: Target, result: Audit) -> str:
    """The worst in words: what came, what is right, why the row was tried, and which other kinds there are."""
    worst = result.worst
    if worst is None:
        return "no row was judged"
    said = f"got {_short(worst.got)}, exact {_short(worst.exact)}"
    said += f" ({', '.join(worst.tags)})" if worst.tags else ""
    others = [finding.kind for finding in result.findings if finding.falls and finding.kind != worst.kind]
    said += f"; also {', '.join(others)}" if others else ""
    return said + (f"; {target.limits}" if target.limits else "")


def _short(text: str) -> str:
    try:
        return f"{float(text):.8g}"
    except ValueError:
        return text if len(text) < 60 else text[:57] + "..."
