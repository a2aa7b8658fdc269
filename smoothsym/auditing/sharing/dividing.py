"""What an audit asks becomes a plan: every row there is, the rows that are given, or cases that the question derives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smoothsym.auditing import exhaustive
from smoothsym.auditing.asking.arguments import PAIRS
from smoothsym.auditing.asking.data import places_of, rows_of
from smoothsym.auditing.asking.question import fingerprint
from smoothsym.auditing.asking.vectors import vectors_beside
from smoothsym.auditing.measuring.search import LEAST, SHARE
from smoothsym.auditing.sharing.plan import Plan
from smoothsym.auditing.sharing.shards import Invariants, Shard, of_cases, of_rows
from smoothsym.auditing.task import Task
from smoothsym.cases import Facts, cases

BUDGET = 300
"""Evaluations of an audit without data, unless another number is asked for."""


def every_row(task: Task, n: Any, parameters: Sequence[Any], budget: int | None, beside: Mapping[str, Any]) -> Plan:
    """All rows there are. Raises ValueError where these are too many, and for what an exhaustive audit does not take."""
    if beside["data"] is not None:
        raise ValueError("exhaustive=True takes every row there is; leave data= out")
    for name in ("bound", "twin"):
        if beside[name] is not None:
            raise ValueError(f"exhaustive=True holds nothing to {name}=; leave it out, or audit rows that are chosen")
    job = exhaustive.job_of(task, n, parameters)
    return Plan(
        exhaustive.ranges(job, budget), {"n": job.space.n, "step": job.step, "budget": None, "seed": None}, job=job
    )


def given_rows(
    task: Task, data: Any, n: Any, parameters: Sequence[Any], budget: int | None, seed: int, notes: list[str]
) -> Plan:
    """The rows of data, or so many that are drawn from them; `notes` gets what there is to note. Raises ValueError and TypeError."""
    if n is not None:
        raise ValueError(f"n={n!r}: the rows of data have their own length; give one or the other")
    rows = rows_of(data, task.fmt, task.op, notes)
    if task.passing.pairs and rows.shape[1] != 2:
        raise ValueError(f"data has rows of {rows.shape[1]}; {PAIRS}")
    places = places_of(rows, budget, seed, notes)
    return Plan(of_rows(rows[places], places, parameters, seed), {"data": fingerprint([rows, places])})


def derived_cases(
    task: Task,
    facts: Facts,
    lengths: Sequence[int],
    parameters: Sequence[Any],
    budget: int | None,
    seed: int,
    by: float | None,
    twin: Any,
    timeout: float | None,
) -> Plan:
    """Cases, found `by` a time, the invariants that are held to some of them, and the search that goes out from their worst."""
    wanted = int(budget or BUDGET)
    first = wanted - wanted // SHARE * (wanted >= LEAST)
    chosen = cases(facts, task.fmt, lengths, parameters, seed, first, by)
    chosen = vectors_beside(chosen, task.op, task.of, task.fmt, seed)
    search = max(wanted - len(chosen), 0)
    shards: list[Shard] = [*of_cases(chosen, search > 0), Invariants(tuple(chosen), seed, twin, timeout)]
    question = {"cases": fingerprint([repr(case) for case in chosen])}
    return Plan(shards, question, search, seed, facts.span)
