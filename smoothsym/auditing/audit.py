"""One call audits any callable: cases or the caller's rows, measured, judged, and told with inputs that anyone can paste."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from smoothsym import formats
from smoothsym.auditing import measure
from smoothsym.auditing.calls import dotted, resolve
from smoothsym.auditing.finding import Finding
from smoothsym.auditing.measure import Tally, Task
from smoothsym.auditing.result import Audit
from smoothsym.cases import LENGTHS, Case, cases, default_parameters
from smoothsym.certify.inputs import exact_number
from smoothsym.errors import unknown

BUDGET = 300
"""Evaluations of an audit without data, unless another number is asked for."""


def audit(
    target: Any,
    op: Any,
    of: str = "value",
    dtype: Any = "float64",
    *,
    data: Any = None,
    n: int | Sequence[int] | None = None,
    budget: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    tol: float = 8.0,
    batched: bool = False,
    executor: Any = None,
    progress: Callable[[int, int], None] | None = None,
    bound: Callable[[Any, Any], float] | None = None,
    parameters: Sequence[float] | None = None,
    **parameter: Any,
) -> Audit:
    """Measure float code against certified references, on cases derived from the operator or on rows of data.

    Parameters: `target`, a callable or its dotted name "package.module:function", called on one row of `dtype` as
    target(x, alpha=a) over parameters that are sampled, or as target(x) with the parameter given here (alpha=1.0); with
    `batched`, on a 2-D array of rows. `op`, a SmoothMax or a name of the catalogue. `of`, "value" or "gradient". `data`, rows to
    use instead of cases; `n`, the length or lengths of rows; `budget`, how many evaluations (default 300, or all the data);
    `seconds`, a cap; `seed`; `tol`, the scaled error that is allowed; `executor`, a concurrent.futures.Executor to map shards
    over (the target then by its dotted name); `progress(done, total)`; `bound(x, parameter)`, an absolute error to compare
    with; `parameters`, those to sample.
    Raises TypeError and ValueError for bad arguments; what the target raises is a finding.

    >>> import numpy as np, smoothsym as ss
    >>> naive = ss.audit(lambda x: np.log(np.sum(np.exp(x))), ss.logsumexp, alpha=1.0, budget=20)
    >>> naive.verdict
    'falls short'
    """
    op = _operator(op)
    if of not in ("value", "gradient"):
        raise unknown("of", of, ("value", "gradient"))
    fmt = formats.get(dtype)
    keyword, sampled = _parameters(op, fmt, parameter, parameters)
    lengths = _lengths(n, op)
    for name, number in (("budget", budget), ("tol", tol), ("seconds", seconds)):
        positive = isinstance(number, (int, float)) and not isinstance(number, bool) and number > 0
        if number is not None and (not positive or (name == "budget" and not isinstance(number, int))):
            raise ValueError(f"{name}={number!r}: give a positive {'whole number' if name == 'budget' else 'number'}")
    function = resolve(target)
    name = dotted(target) or getattr(target, "__name__", None) or repr(target)
    notes: list[str] = []
    if data is not None:
        rows = _rows(data, fmt, op, notes)
        chosen = _from_data(rows, sampled, budget, seed, notes)
    else:
        chosen = cases(measure.facts_of(op, of), fmt, lengths, sampled, seed, budget or BUDGET)
    task = Task(function, op, of, fmt, tol, keyword, batched, bound)
    if executor is None:
        tally = measure.run(task, chosen, seconds, progress)
    else:
        tally = _sharded(task, target, chosen, seconds, executor, progress)
    given = None if keyword or op.parameter is None else op.parameter.name
    return conclude(tally, task, name, _Caller(dotted(target), given), seed, notes)


@dataclass(frozen=True)
class _Caller:
    dotted: str | None
    given: str | None


def conclude(tally: Tally, task: Task, name: str, caller: _Caller, seed: int, notes: Sequence[str]) -> Audit:
    """The audit that a tally amounts to."""
    tally.settle()
    tell = [replace(f, reproduction=_reproduction(f, task, caller)) for f in tally.findings.values()]
    tell.sort(key=lambda f: f.rank, reverse=True)
    falls = any(f.falls for f in tell)
    worst = tally.worst
    if worst is not None:
        worst = replace(worst, reproduction=_reproduction(worst, task, caller))
    # What falls short comes before the largest error among rows that hold.
    if tell and tell[0].falls and (worst is None or not worst.falls or tell[0].rank >= worst.rank):
        worst = tell[0]
    said = list(notes)
    if tally.stopped:
        said.append(f"stopped by seconds= after {tally.rows} rows")
    return Audit(
        name, task.op.name, task.of, task.fmt.name, "falls short" if falls else "holds", tally.max_ulp, tally.max_scaled,
        tally.max_normwise, tally.max_over_bound, worst, tuple(tell), tally.rows, tally.refused, task.tol, seed, tuple(said),
    )  # fmt: skip


def _operator(op: Any) -> Any:
    if isinstance(op, str):
        from smoothsym.catalogue import operators

        if op not in operators:
            raise unknown("op", op, operators)
        return operators[op]
    if not hasattr(op, "definition"):
        raise TypeError(f"op={op!r} is a {type(op).__name__}; give a SmoothMax or the name of one")
    return op


def _parameters(
    op: Any, fmt: formats.Format, given: dict[str, Any], sampled: Sequence[float] | None
) -> tuple[str | None, list[Any]]:
    """The keyword that the target is called with (None: it gets none), and the parameters to use."""
    name = op.parameter.name if op.parameter is not None else None
    if extra := [key for key in given if key != name]:
        raise TypeError(
            f"audit: {unknown('argument', extra[0], [*([name] if name else []), 'data', 'n', 'budget', 'seed', 'tol'])}"
        )
    if name is None:
        return None, [None]
    if name in given:
        if sampled is not None:
            raise TypeError(f"give either {name}= or parameters=, and not both")
        return None, [_number(given[name], name)]
    return name, [_number(v, "parameters") for v in (default_parameters(op.kind, fmt) if sampled is None else sampled)]


def _number(value: Any, argument: str) -> float:
    exact_number(value, argument)
    number = float(value)
    if isfinite(number) and exact_number(number, argument) != exact_number(value, argument):
        raise ValueError(f"{argument}={value!r} is no float64, and float code cannot be given it; give {number!r}")
    return number


def _lengths(n: Any, op: Any) -> tuple[int, ...]:
    if n is None:
        return LENGTHS if op.arity is None else (op.arity,)
    sizes = tuple(n) if isinstance(n, (list, tuple, range)) else (n,)
    if not sizes or any(isinstance(q, bool) or not isinstance(q, (int, np.integer)) or q < 1 for q in sizes):
        raise ValueError(f"n={n!r}: give a positive length, or a sequence of them")
    if op.arity is not None and any(q != op.arity for q in sizes):
        raise ValueError(f"n={n!r}: {op.name} takes {op.arity} entries")
    return tuple(int(q) for q in sizes)


def _rows(data: Any, fmt: formats.Format, op: Any, notes: list[str]) -> Any:
    """The data as rows of floats in the audited dtype. Raises TypeError and ValueError that name the argument."""
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"data= is no array of rows of equal length: {error}") from None
    if array.dtype.kind not in "fiuV" or (array.dtype.kind == "V" and array.dtype.name != "bfloat16"):
        raise TypeError(f"data has dtype {array.dtype}; give real numbers, such as data.astype({fmt.name!r})")
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(f"data has shape {array.shape}; give a 2-D array of rows, or one row, that is not empty")
    rows = array.reshape(-1, array.shape[-1])
    if op.arity is not None and rows.shape[1] != op.arity:
        raise ValueError(f"data has rows of {rows.shape[1]}; {op.name} takes {op.arity} entries")
    if op.domain == "positive" and np.any(rows <= 0):
        raise ValueError(f"data has entries that are not positive; {op.name} is defined for positive entries")
    with np.errstate(all="ignore"):
        cast = rows.astype(fmt.dtype)
        if not np.array_equal(cast.astype(np.float64), rows.astype(np.float64), equal_nan=True):
            notes.append(f"data rounded from {array.dtype} to {fmt.name} first")
    return cast.astype(np.float64)


def _from_data(rows: Any, parameters: Sequence[Any], budget: int | None, seed: int, notes: list[str]) -> list[Case]:
    if budget is not None and budget < len(rows):
        notes.append(f"{budget} of {len(rows)} rows, drawn with seed {seed}")
        rows = rows[np.sort(np.random.default_rng(seed).choice(len(rows), budget, replace=False))]
    return [
        Case(tuple(float(v) for v in row), parameters[q % len(parameters)], ("data",)) for q, row in enumerate(rows)
    ]


def _sharded(task: Task, target: Any, chosen: list[Case], seconds: Any, executor: Any, progress: Any) -> Tally:
    name = dotted(target)
    if name is None:
        raise ValueError(
            f"target={target!r} has no dotted name by which another process could find it; pass 'package.module:function'"
        )
    from smoothsym.catalogue import operators

    op: Any = task.op.name if task.op in operators.values() else task.op
    size = max(1, -(-len(chosen) // 16))
    shards = [chosen[q : q + size] for q in range(0, len(chosen), size)]
    total, done = Tally(), 0
    jobs = [executor.submit(_shard, name, replace(task, target=_unresolved, op=op), shard, seconds) for shard in shards]
    for job, shard in zip(jobs, shards, strict=True):
        total.merge(job.result())
        done += len(shard)
        if progress is not None:
            progress(done, len(chosen))
    return total


def _unresolved(*_: Any) -> Any:
    """Stands for a target on its way to another process."""
    raise AssertionError("a target is resolved by its dotted name where it runs")


def _shard(name: str, task: Task, chosen: list[Case], seconds: float | None) -> Tally:
    return measure.run(replace(task, target=resolve(name), op=_operator(task.op)), chosen, seconds)


def _reproduction(finding: Finding, task: Task, caller: _Caller) -> str:
    """Python that prints what the target returns and what is right."""
    module, _, path = (caller.dotted or "").partition(":")
    if caller.dotted and not path:
        module, _, path = caller.dotted.rpartition(".")
    first = "import numpy as np, smoothsym as ss"
    if path:
        head, _, rest = path.partition(".")
        first += f"; from {module} import {head}; target = {head}{'.' + rest if rest else ''}"
    entries = ", ".join(f"'{h}'" for h in finding.inputs)
    row = f"x = np.array([float.fromhex(h) for h in [{entries}]], dtype='{task.fmt.name}')"
    name = task.op.parameter.name if task.op.parameter is not None else ""
    value = f"float.fromhex('{finding.parameter}')" if finding.parameter is not None else ""
    passed = "" if caller.given or not value else f", {name}={value}"
    of = "" if task.of == "value" else ", of='gradient'"
    exact = f"ss.enclose(ss.operators['{task.op.name}'], x{of}{f', {name}={value}' if value else ''})"
    if task.batched:
        return f"{first}\n{row}\nprint(target(x[None]{passed}), {exact})"
    return f"{first}\n{row}\nprint(target(x{passed}), {exact})"
