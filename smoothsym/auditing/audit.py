"""One call audits any callable: cases or the caller's rows, measured, judged, and told with inputs that anyone can paste."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

from sympy import Expr

from smoothsym import formats
from smoothsym.auditing import exhaustive as exhaustively
from smoothsym.auditing.asking.arguments import (
    check,
    check_output,
    in_pairs,
    lengths_of,
    on_arrays,
    operator,
    parameters_of,
)
from smoothsym.auditing.asking.bridge import Bridged
from smoothsym.auditing.asking.calls import passing, resolve, takes_axis
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.auditing.asking.pairs import Paired, of_blocks
from smoothsym.auditing.asking.question import question
from smoothsym.auditing.asking.vectors import has_vector
from smoothsym.auditing.findings.telling import told
from smoothsym.auditing.measuring import measure, picture
from smoothsym.auditing.measuring.bounded import bound_of, hold_to_bound
from smoothsym.auditing.measuring.measure import Tally, Task
from smoothsym.auditing.measuring.tally import SAMPLE
from smoothsym.auditing.result import Audit
from smoothsym.auditing.sharing.dividing import derived_cases, every_row, given_rows
from smoothsym.auditing.sharing.part import Part
from smoothsym.auditing.sharing.plan import Execution
from smoothsym.auditing.sharing.sending import sent
from smoothsym.calling import TIMEOUT, Guard, guarded, title
from smoothsym.errors import unknown

PAIRED = "it takes two arrays: called with the two entries of a row, as target(x[0], x[1])"
"""What is said of a target that is a function of two arrays."""


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
    bound: Callable[[Any, Any], Any] | bool | None = None,
    parameters: Sequence[float] | None = None,
    exhaustive: bool = False,
    checkpoint: Any = None,
    shard: int | None = None,
    arrays: str | None = None,
    device: str | None = None,
    compiled: bool = False,
    keywords: Mapping[str, Any] | None = None,
    pairs: bool | None = None,
    pictures: str = "",
    **parameter: Any,
) -> Audit:
    """Measure float code against certified references, on cases derived from the operator or on rows of data.

    Parameters: `target`, a callable or its dotted name "package.module:function", called on one row of `dtype` as target(x,
    alpha=a) over parameters that are sampled, or as target(x) with the parameter given here (alpha=1.0; a target that has an
    argument of that name gets it); with `batched`, on a 2-D array of rows. `op`, a SmoothMax or a name of the catalogue. `of`,
    "value", "gradient", "jvp" or "vjp", where the target is called as target(x, v, alpha=a), a parameter's name for that
    derivative, or an expression in the operator's symbols; a number, or an entry for each of x. `data`, rows to use instead of
    cases; `n`, the length or lengths of rows; `budget`, how many rows (default 300, or all the data; a few calls more make each
    finding readable); `seconds`, a cap; `seed`; `tol`, the scaled error that is allowed; `timeout`, the seconds that a call may take (a first one three times as
    many): calls are made in a child process, so that a target that hangs or dies is a finding and the audit goes on; None calls
    it in this one, unguarded; `twin`, the same code run in another way (compiled, say), which must agree with it;
    `progress(done, total)`; `bound(x, parameter)`, the absolute error to compare with, for each entry of a gradient or for all, or True for the
    rigorous bound of our stable kernel, on every row;
    `parameters`, those to sample, 0 and infinities only where they are among them.
    With `arrays`, "torch", "jax" or "array_api_strict", the target is called with arrays of that library, on its `device`,
    under its compiler where `compiled`; of="gradient" is then what its automatic differentiation makes of the value that the
    target returns (of an array like x the target is taken to return the gradient itself). `keywords` are passed on: {"dim":
    -1}, or {"ord": ss.p} for the parameter by another name.
    A function of two arrays, f(a, b), such as np.logaddexp, is called with the two entries of a row, where the parameter is given or
    has a place of its own. `pairs` says whether it is one; None to see by its kind, its signature, and its answer to one call.
    With `exhaustive`, every row there is: all of float16, bfloat16 and float32 for one entry, all pairs of float16 and bfloat16
    for two (n=2), at one parameter. The maxima are upper bounds then; `budget`, how often a target that takes one row at a time may
    be called (default 2^20); a ufunc takes them in blocks without being told.
    The question alone divides an audit into shards, and their results are put together in one order: wherever they are done, the
    result has the same bytes. `executor`, any concurrent.futures.Executor, does them: threads, a pool of processes, a cluster's
    (`Client.get_executor()` of Dask); a shard whose worker dies is done again here, watched. `checkpoint`, a file that keeps what is
    done, so that the same call goes on from there; of another question it is refused. `shard`, the number of one to do alone.
    `pictures`, "all", or "short" where an error is beyond tolerance: measure what pictures are drawn from, too: errors all over a plane of
    inputs, and a larger sample of rows held to the bound.
    Raises TypeError and ValueError for bad arguments; what the target raises is a finding.

    >>> import numpy as np, smoothsym as ss
    >>> naive = ss.audit(lambda x: np.log(np.sum(np.exp(x))), ss.logsumexp, alpha=1.0, budget=20)
    >>> naive.verdict
    'falls short'
    """
    __tracebackhide__ = True
    op, parameter = operator(op).settled(parameter)
    check_output(op, of)
    fmt = formats.get(dtype)
    facts = facts_of(op, of)
    options = [q.name for q in signature(audit).parameters.values() if q.kind is q.KEYWORD_ONLY]
    given, sampled = parameters_of(op, facts, fmt, parameter, parameters, options)
    if given is None and parameters is None and op.parameter is not None:
        facts = facts.spanning(min(0.0, *sampled), max(sampled))
    check(budget, seconds, seed, tol, timeout, executor, progress=progress)
    if twin is not None:
        resolve(twin, "twin")
    limit = bound_of(bound, op, of, fmt)
    if pictures not in picture.PICTURES:
        raise unknown("pictures", pictures, picture.PICTURES[1:])
    made = partial(on_arrays, target, arrays, op=op, device=device, compiled=compiled, keywords=keywords)
    if isinstance(target, Bridged) and pairs is None:
        pairs = target.pairs
    pairs = in_pairs(pairs, op, of, given, fmt, batched, timeout, made)
    lengths = lengths_of(n, op, fmt, pairs)
    target = made(of, pairs=pairs)
    function = resolve(target)
    batched = batched or (exhaustive and (pairs or op.arity == 1) and of_blocks(target))
    way = passing(function, op.parameter.name if op.parameter is not None else None, given, has_vector(op, of))
    way = replace(way, pairs=isinstance(target, Paired))
    asked = tuple(sampled) if parameters is not None or given is not None else ()
    task = Task(function, op, of, fmt, float(tol), way, batched, limit, asked, takes_axis(function) and not batched)
    if pictures:
        task = replace(task, drawn=picture.DRAWN[pictures])
    until = None if seconds is None else time.time() + float(seconds)
    notes: list[str] = [PAIRED] if pairs else []
    with measure.silence(), guarded(target, function, timeout) as watched:
        task = replace(task, target=watched)
        if exhaustive:
            beside = {"data": data, "bound": bound, "twin": twin}
            plan = every_row(task, 2 if pairs else n, sampled, budget, beside)
        elif data is not None:
            plan = given_rows(task, data, n, sampled, budget, int(seed), notes)
        else:
            # Of a cap on time a quarter, at most, goes to finding cases, unless these must be the same again.
            again = checkpoint is not None or shard is not None
            by = None if until is None or again else until - 0.75 * float(seconds or 0)
            other = twin if twin is None or executor is None else sent(twin, resolve(twin), executor, "twin")
            plan = derived_cases(task, facts, lengths, sampled, budget, int(seed), by, other, timeout)
        if checkpoint is not None:
            own = {"parameters": [str(q) for q in sampled], "budget": budget, "seed": int(seed), "timeout": timeout}
            more: dict[str, Any] = {**own, "bound": bound, "twin": twin, "pictures": pictures}
            plan = replace(plan, question=question(task, target, more | plan.question))
        execution = Execution(plan, task, target, function, timeout, until, executor, checkpoint, progress)
        part, complete = execution.run() if shard is None else (execution.alone(shard), False)
        # What takes a user's rows may take two entries; one alone is often another matter.
        free = range(1 if data is None else 2, sys.maxsize) if n is None and op.arity is None and not pairs else lengths
        with _for_the_end(execution, part.tally) as task:
            if every := plan.job is not None:
                exhaustively.tell(replace(plan.job, task=task), part)
            map_ = None
            if data is None and shard is None and (pictures == "all" or (pictures and part.tally.max_scaled > tol)):
                rows = part.tally.rows
                moved = None if progress is None else partial(progress, rows, rows)
                order = picture.telling(sampled, part.tally)
                map_, found = picture.mapped(task, facts, lengths, order, until, known=every, progress=moved)
                part.tally.merge(found)
            notes += part.tally.said
            lacks = (
                _lacking(part.tally, every, complete) if shard is None else f"shard {shard} of {len(plan.rows)}, alone"
            )
            whole = _conclude(part, task, target, () if every else free, until, int(seed), notes, every, lacks)
            return replace(whole, map=map_)


def _lacking(tally: Tally, every: bool, complete: bool) -> str:
    """What is to be noted of rows that an audit lacks."""
    after = f"stopped by seconds= after {tally.rows} rows"
    if every and tally.uncalled:
        return f"not exhaustive: {tally.uncalled} rows were not called"
    if every and not complete:
        return f"not exhaustive: {after}; with checkpoint= the same call goes on"
    return after if tally.stopped else ""


@contextmanager
def _for_the_end(execution: Execution, tally: Tally) -> Iterator[Task]:
    """The task with a target that may be called again: watched, where it is known to hang or to die."""
    task = execution.task
    with ExitStack() as stack:
        if tally.faults and not isinstance(task.target, Guard):
            watched = stack.enter_context(guarded(execution.target, execution.function, TIMEOUT))
            task = replace(task, target=watched)
        if isinstance(task.target, Guard):
            task.target.recall(tally.faults)
        yield task


def _conclude(
    part: Part,
    task: Task,
    target: Any,
    lengths: Collection[int],
    until: float | None,
    seed: int,
    notes: list[str],
    every: bool,
    lacks: str,
) -> Audit:
    """The audit that shards amount to; `every`: they are of all rows there are; `lacks`, what is to be noted of rows that they lack."""
    tally = part.tally
    notes += hold_to_bound(tally, task)
    task = replace(task, flushes=tally.flushes)
    tally.settle(task)
    notes += [lacks] if lacks else []
    worst, findings, largest = told(tally, task, target, lengths, until, simplify=not every)
    if worst is not None and worst.kind == "raises" and "Tensor" in worst.got and not isinstance(target, Bridged):
        notes.append("rows are arrays of NumPy; a function of tensors gets them with arrays='torch', or --arrays torch")
    if worst is not None and worst.kind == "wrong shape" and task.passing.position and not task.passing.pairs:
        name = task.op.parameter.name
        notes.append(f"called as target(x, {name}); a function of two arrays, f(a, b), is audited with {name}= given")
    return Audit(
        target=title(target),
        op=task.op.name,
        parameter=task.op.parameter.name if task.op.parameter is not None else None,
        of=str(task.of),
        dtype=task.fmt.name,
        verdict="falls short" if any(finding.falls for finding in findings) else "holds",
        max_ulp=tally.max_ulp,
        max_scaled=tally.max_scaled,
        max_normwise=tally.max_normwise,
        max_over_bound=tally.max_over_bound,
        spreads=tally.spreads(task.entrywise),
        worst=worst,
        largest=largest,
        findings=findings,
        rows=tally.rows,
        refused=tally.refused,
        tol=task.tol,
        seed=seed,
        notes=tuple(notes),
        exhaustive=every and not lacks,
        seconds={} if not every else {"all": part.seconds, "target": part.target_seconds},
        points=picture.points(tally, task) if task.drawn > SAMPLE else (),
    )
