"""One call audits any callable: cases or the caller's rows, measured, judged, and told with inputs that anyone can paste."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from inspect import signature
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
from sympy import Expr

from smoothsym import formats
from smoothsym.auditing import exhaustive as exhaustively
from smoothsym.auditing import measure
from smoothsym.auditing.bounded import hold_to_bound
from smoothsym.auditing.bridge import DIFFERENTIABLE, OUTPUTS, Bridged
from smoothsym.auditing.calls import dotted, passing, resolve, takes_axis
from smoothsym.auditing.consistency import consistency
from smoothsym.auditing.facts import facts_of
from smoothsym.auditing.measure import Tally, Task
from smoothsym.auditing.result import Audit
from smoothsym.auditing.search import LEAST, SHARE, search
from smoothsym.auditing.telling import told
from smoothsym.auditing.vectors import has_vector, vectors_beside
from smoothsym.calling import TIMEOUT, Guard, guarded
from smoothsym.cases import Case, Facts, cases, default_lengths, default_parameters
from smoothsym.certify.inputs import check_formula, exact_number
from smoothsym.certify.scale import VECTOR, axes_of, length_of_vector
from smoothsym.errors import shown, unknown

Array = Any

BUDGET = 300
"""Evaluations of an audit without data, unless another number is asked for."""


def audit(
    target: Any,
    op: Any,
    of: str | Expr = "value",
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
    timeout: float | None = TIMEOUT,
    twin: Any = None,
    progress: Callable[[int, int], None] | None = None,
    bound: Callable[[Any, Any], Any] | None = None,
    parameters: Sequence[float] | None = None,
    exhaustive: bool = False,
    checkpoint: Any = None,
    arrays: str | None = None,
    device: str | None = None,
    compiled: bool = False,
    keywords: Mapping[str, Any] | None = None,
    **parameter: Any,
) -> Audit:
    """Measure float code against certified references, on cases derived from the operator or on rows of data.

    Parameters: `target`, a callable or its dotted name "package.module:function", called on one row of `dtype` as target(x,
    alpha=a) over parameters that are sampled, or as target(x) with the parameter given here (alpha=1.0; a target that has an
    argument of that name gets it); with `batched`, on a 2-D array of rows. `op`, a SmoothMax or a name of the catalogue. `of`,
    "value", "gradient", "jvp" or "vjp", where the target is called as target(x, v, alpha=a), a parameter's name for that
    derivative, or an expression in the operator's symbols; a number, or an entry for each of x. `data`, rows to use instead of
    cases; `n`, the length or lengths of rows; `budget`, how many rows (default 300, or all the data; a few calls more make each
    finding readable); `seconds`, a cap; `seed`; `tol`, the scaled error that is allowed; `executor`, a
    concurrent.futures.Executor to map shards over; `timeout`, the seconds that a call may take (a first one three times as
    many): calls are made in a child process, so that a target that hangs or dies is a finding and the audit goes on; None calls
    it in this one, unguarded; `twin`, the same code run in another way (compiled, say), which must agree with it;
    `progress(done, total)`; `bound(x, parameter)`, the absolute error to compare with, for each entry of a gradient or for all;
    `parameters`, those to sample, 0 and infinities only where they are among them.
    With `arrays`, "torch", "jax" or "array_api_strict", the target is called with arrays of that library, on its `device`,
    under its compiler where `compiled`; of="gradient" is then what its automatic differentiation makes of the value that the
    target returns (of an array like x the target is taken to return the gradient itself). `keywords` are passed on: {"dim":
    -1}, or {"ord": ss.p} for the parameter by another name.
    With `exhaustive`, every row there is: all of float16, bfloat16 and float32 for one entry, all pairs of float16 and bfloat16
    for two (n=2), at one parameter. The maxima are upper bounds then. `checkpoint`, a file that keeps what is done, so that the
    same call goes on from there; the target is called in this process, unwatched; `budget`, how often a target that takes one
    row at a time may be called (default 2^20).
    Raises TypeError and ValueError for bad arguments; what the target raises is a finding.

    >>> import numpy as np, smoothsym as ss
    >>> naive = ss.audit(lambda x: np.log(np.sum(np.exp(x))), ss.logsumexp, alpha=1.0, budget=20)
    >>> naive.verdict
    'falls short'
    """
    op, parameter = _operator(op).settled(parameter)
    _output(op, of)
    fmt = formats.get(dtype)
    facts = facts_of(op, of)
    given, sampled = _parameters(op, facts, fmt, parameter, parameters)
    if given is None and parameters is None and op.parameter is not None:
        facts = facts.spanning(min(0.0, *sampled), max(sampled))
    lengths = _lengths(n, op, fmt)
    _check(budget, seconds, seed, tol, timeout, executor, progress=progress, bound=bound)
    if arrays is not None or keywords:
        target = _bridged(target, arrays or "numpy", of, op, device, compiled, keywords or {})
    elif (dotted(target) or "").startswith(("torch.", "torch:")):
        raise ValueError(f"target={dotted(target)!r} takes PyTorch's arrays: give arrays='torch', or --arrays torch")
    elif device is not None or compiled:
        raise ValueError("device= and compiled= are about arrays of a library: give arrays='torch' or 'jax', too")
    function = resolve(target)
    way = passing(function, op.parameter.name if op.parameter is not None else None, given, has_vector(op, of))
    asked = tuple(sampled) if parameters is not None or given is not None else ()
    task = Task(function, op, of, fmt, float(tol), way, batched, bound, asked, takes_axis(function) and not batched)
    until = None if seconds is None else time.time() + float(seconds)
    notes: list[str] = []
    if exhaustive:
        if data is not None:
            raise ValueError("exhaustive=True takes every row there is; leave data= out")
        job = exhaustively.job_of(task, n, sampled)
        remote = None
        if executor is not None:
            remote = partial(_exhaustive, _sent(target, function, executor), replace(job, task=_bare(task)))
        limits = {"budget": budget, "until": until, "checkpoint": checkpoint, "progress": progress}
        part, complete = exhaustively.run(job, executor=executor, remote=remote, **limits)
        return _conclude(part.tally, task, target, (), until, int(seed), notes, part, complete)
    if checkpoint is not None:
        raise ValueError(f"checkpoint={checkpoint!r} is for exhaustive=True")
    if data is not None:
        if n is not None:
            raise ValueError(f"n={n!r}: the rows of data have their own length; give one or the other")
        chosen = _from_data(_rows(data, fmt, op, notes), sampled, budget, int(seed), notes)
    else:
        wanted = int(budget or BUDGET)
        chosen = cases(facts, fmt, lengths, sampled, int(seed), wanted - wanted // SHARE * (wanted >= LEAST))
    chosen = vectors_beside(chosen, op, of, fmt, int(seed))
    with measure.silence(), guarded(target, function, timeout) as watched:
        task = replace(task, target=watched)
        total = len(chosen) if data is not None else max(wanted, len(chosen))

        def said(done: int, _: int) -> None:
            if progress is not None:
                progress(done, total)

        if executor is None:
            tally, scores = measure.scored(task, chosen, until, said)
        else:
            tally, scores = _sharded(task, _sent(target, function, executor), chosen, until, executor, said, timeout)
        if data is None and total > len(chosen) and not tally.stopped:
            starts = zip(scores.tolist(), chosen, strict=True)
            left = total - len(chosen)
            tally.merge(search(task, starts, left, int(seed), until, facts.span, lambda q: said(len(chosen) + q, 0)))
        if isinstance(watched, Guard):
            tally.notes |= dict.fromkeys(watched.notes)
            watched.renew()
        if data is None:
            _hold_to_invariants(task, chosen, tally, int(seed), until, twin, timeout)
        notes += tally.notes
        # What takes a user's rows may take two entries; one alone is often another matter.
        free = range(1 if data is None else 2, sys.maxsize) if n is None and op.arity is None else lengths
        return _conclude(tally, task, target, free, until, int(seed), notes)


def _hold_to_invariants(
    task: Task,
    chosen: list[Case],
    tally: Tally,
    seed: int,
    until: float | None,
    twin: Any,
    timeout: float | None,
) -> None:
    """Add to a tally what a target does not keep by itself."""
    with nullcontext() if twin is None else guarded(twin, resolve(twin), timeout) as other:
        found = consistency(task, chosen, seed, until, other)
    for finding in found.findings:
        tally.add(finding)
    tally.notes |= dict.fromkeys(found.notes)


def _conclude(
    tally: Tally,
    task: Task,
    target: Any,
    lengths: Collection[int],
    until: float | None,
    seed: int,
    notes: list[str],
    part: Any = None,
    complete: bool = False,
) -> Audit:
    """The audit that a tally amounts to; `part` is that of an exhaustive one, `complete` where no row is left."""
    tally.settle(task)
    notes += hold_to_bound(tally, task)
    if part is not None and not complete:
        notes.append(
            f"not exhaustive: stopped by seconds= after {tally.rows} rows; with checkpoint= the same call goes on"
        )
    worst, findings = told(tally, task, target, lengths, until, simplify=part is None)
    name = dotted(target) or getattr(target, "name", None)
    if worst is not None and worst.kind == "raises" and "Tensor" in worst.got and not isinstance(target, Bridged):
        notes.append("rows are arrays of NumPy; a function of tensors gets them with arrays='torch', or --arrays torch")
    if tally.stopped:
        notes.append(f"stopped by seconds= after {tally.rows} rows")
    return Audit(
        target=name or getattr(target, "__name__", None) or repr(target),
        op=task.op.name,
        of=str(task.of),
        dtype=task.fmt.name,
        verdict="falls short" if any(finding.falls for finding in findings) else "holds",
        max_ulp=tally.max_ulp,
        max_scaled=tally.max_scaled,
        max_normwise=tally.max_normwise,
        max_over_bound=tally.max_over_bound,
        spreads=tally.spreads(task.entrywise),
        worst=worst,
        findings=findings,
        rows=tally.rows,
        refused=tally.refused,
        tol=task.tol,
        seed=seed,
        notes=tuple(notes),
        exhaustive=complete,
        seconds={} if part is None else {"all": part.seconds, "target": part.target_seconds},
    )


def _bridged(
    target: Any, arrays: str, of: str, op: Any, device: str | None, compiled: bool, keywords: Mapping[str, Any]
) -> Bridged:
    """The target on arrays of a library, differentiated by it where a derivative is audited."""
    if isinstance(target, Bridged):
        raise TypeError(f"target={target.name!r} is bridged to arrays of {target.arrays} already; leave arrays= out")
    output = of if of in OUTPUTS and arrays in DIFFERENTIABLE else "value"
    return Bridged(target, arrays, output, device=device, compiled=compiled, elementwise=op.arity == 1, **keywords)


def _check(budget: Any, seconds: Any, seed: Any, tol: Any, timeout: Any, executor: Any, **callables: Any) -> None:
    """Raise TypeError or ValueError for an option that cannot be meant."""
    kinds: dict[str, tuple[Any, Any]] = {"budget": (budget, Integral)}
    kinds |= {"tol": (tol, Real), "seconds": (seconds, Real), "timeout": (timeout, Real)}
    for name, (number, kind) in kinds.items():
        if number is not None and (isinstance(number, bool) or not isinstance(number, kind) or not number > 0):
            what = "whole number" if kind is Integral else "number"
            raise ValueError(f"{name}={shown(number)}: give a positive {what}")
    if tol is None:
        raise ValueError("tol=None: give a positive number")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed={shown(seed)}: give a whole number that is not negative")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(
            f"executor={executor!r} is a {type(executor).__name__}; give a concurrent.futures.Executor, such as "
            "ProcessPoolExecutor(2)"
        )
    for name, function in callables.items():
        if function is not None and not callable(function):
            raise TypeError(f"{name}={shown(function)} is a {type(function).__name__}, which cannot be called")


def _operator(op: Any) -> Any:
    if isinstance(op, str):
        from smoothsym.catalogue import named as operators

        if op not in operators:
            raise unknown("op", op, operators)
        op = operators[op]
    if not hasattr(op, "definition"):
        raise TypeError(f"op={op!r} is a {type(op).__name__}; give a SmoothMax or the name of one")
    return op


def _output(op: Any, of: Any) -> None:
    """Raise ValueError for an output that no audit takes, TypeError for what is none."""
    if not isinstance(of, (str, Expr)):
        raise TypeError(f"of={of!r} is a {type(of).__name__}; give 'value', 'gradient' or an expression in ss.x")
    names = ("value", "gradient", "jvp", "vjp", *(q.name for q in op.parameters))
    if isinstance(of, str) and of not in names:
        raise unknown("of", of, names)
    size = op.arity or 3
    beside = length_of_vector(op, of, size)
    check_formula(op, of, op.formula(of), size, {} if beside is None else {VECTOR: beside})
    if axes_of(op, of) > 1:
        raise ValueError(
            f"of={str(of)!r} of {op.name} is a matrix; audit its products with vectors: of='vjp', a target f(x, v), or 'jvp'"
        )


def _parameters(
    op: Any, facts: Facts, fmt: formats.Format, given: dict[str, Any], sampled: Any
) -> tuple[float | None, list[Any]]:
    """The parameter that is given, if one is, and all those to use."""
    name = op.parameter.name if op.parameter is not None else None
    if extra := [key for key in given if key != name]:
        options = [q.name for q in signature(audit).parameters.values() if q.kind is q.KEYWORD_ONLY]
        raise TypeError(f"audit: {unknown('argument', extra[0], [*([name] if name else []), *options])}")
    if sampled is not None and (name is None or name in given):
        why = f"{op.name} has no parameter" if name is None else f"{name}= is given already; give one or the other"
        raise TypeError(f"parameters={sampled!r}: {why}")
    if name is None:
        return None, [None]
    if name in given:
        number = _number(given[name], name)
        return number, [number]
    if sampled is None:
        usual: Any = default_parameters(facts, fmt)
        return None, [v for v in usual if v >= 0 or not op.parameter.is_nonnegative]
    if isinstance(sampled, str) or not hasattr(sampled, "__iter__") or not list(sampled):
        raise ValueError(f"parameters={sampled!r}: give a sequence of numbers to sample {name} from")
    return None, [_number(v, "parameters") for v in sampled]


def _number(value: Any, argument: str) -> float:
    exact_number(value, argument)
    number = float(value)
    if isfinite(number) and exact_number(number, argument) != exact_number(value, argument):
        raise ValueError(f"{argument}={value!r} is no float64, and float code cannot be given it; give {number!r}")
    return number


def _lengths(n: Any, op: Any, fmt: formats.Format) -> tuple[int, ...]:
    if n is None:
        return default_lengths(fmt) if op.arity is None else (op.arity,)
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
        raise ValueError(f"data is no array of rows of equal length: {error}") from None
    if array.dtype.kind not in "fiuV" or (array.dtype.kind == "V" and array.dtype.name != "bfloat16"):
        raise TypeError(
            f"data has dtype {array.dtype}; give real numbers, such as np.asarray(rows, dtype={fmt.name!r})"
        )
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(f"data has shape {array.shape}; give a 2-D array of rows, or one row, that is not empty")
    # For a function of one entry a vector is many rows.
    rows = array.reshape(-1, 1 if op.arity == 1 and array.ndim == 1 else array.shape[-1])
    if op.arity is not None and rows.shape[1] != op.arity:
        raise ValueError(f"data has rows of {rows.shape[1]}; {op.name} takes {op.arity} entries")
    if op.domain == "positive" and np.any(rows <= 0):
        bad = float(rows[rows <= 0][0])
        raise ValueError(f"data has the entry {shown(bad)}; {op.name} is defined for positive entries")
    with np.errstate(all="ignore"):
        cast = rows.astype(fmt.dtype)
    if not np.array_equal(cast.astype(np.longdouble), rows.astype(np.longdouble), equal_nan=True):
        notes.append(f"data rounded from {array.dtype} to {fmt.name} first")
    return cast.astype(np.float64)


def _from_data(rows: Any, parameters: Sequence[Any], budget: int | None, seed: int, notes: list[str]) -> list[Case]:
    places = np.arange(len(rows))
    if budget is not None and budget < len(rows):
        notes.append(f"{budget} of {len(rows)} rows, drawn with seed {seed}")
        places = np.sort(np.random.default_rng(seed).choice(len(rows), int(budget), replace=False))
    return [
        Case(tuple(float(v) for v in rows[place]), parameters[q % len(parameters)], ("data", f"row {place}"))
        for q, place in enumerate(places)
    ]


def _sharded(
    task: Task, sent: Any, chosen: list[Case], until: float | None, executor: Any, progress: Any, timeout: float | None
) -> tuple[Tally, Array]:
    """Shards of the cases, each measured where the executor likes, merged to what one process would have found; and the scores."""
    size = max(1, -(-len(chosen) // 16))
    shards = [chosen[q : q + size] for q in range(0, len(chosen), size)]
    total, done = Tally(), 0
    bare = _bare(task)
    jobs = [executor.submit(_shard, sent, bare, shard, until, timeout) for shard in shards]
    scores = []
    for job, shard in zip(jobs, shards, strict=True):
        tally, found = job.result()
        total.merge(tally)
        scores.append(found)
        done += len(shard)
        if progress is not None:
            progress(done, len(chosen))
    return total, np.concatenate(scores)


def _bare(task: Task) -> Task:
    """A task without its target, on its way to another process."""
    from smoothsym.catalogue import named as operators

    op: Any = task.op.name if task.op in operators.values() else task.op
    return replace(task, target=_unresolved, op=op)


def _exhaustive(target: Any, job: Any, start: int, stop: int) -> Any:
    task = replace(job.task, target=resolve(target), op=_operator(job.task.op))
    return exhaustively.measured(replace(job, task=task), start, stop)


def _sent(target: Any, function: Any, executor: Any) -> Any:
    """What stands for a target where an executor runs it."""
    return function if isinstance(executor, ThreadPoolExecutor) else _travelling(target)


def _travelling(target: Any) -> Any:
    """What stands for a target on its way to another process: its dotted name, or itself where it can be pickled."""
    if (name := dotted(target)) is not None:
        return name
    try:
        pickle.dumps(target)
    except Exception:
        raise ValueError(
            f"target={target!r} has no dotted name by which another process could find it; define it in a module, and pass "
            "'package.module:function'"
        ) from None
    return target


def _unresolved(*_: Any) -> Any:
    """Stands for a target on its way to another process."""
    raise AssertionError("a target is resolved by its dotted name where it runs")


def _shard(
    target: Any, task: Task, chosen: list[Case], until: float | None, timeout: float | None
) -> tuple[Tally, Array]:
    with guarded(target, resolve(target), timeout) as watched:
        tally, scores = measure.scored(replace(task, target=watched, op=_operator(task.op)), chosen, until)
        if isinstance(watched, Guard):
            tally.notes |= dict.fromkeys(watched.notes)
    return tally, scores
