"""A table is built from the cases of an operator, or from a user's rows: each row is certified by itself, and none is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from inspect import signature
from typing import Any

import numpy as np

from smoothsym import formats
from smoothsym.auditing.asking.arguments import check_output, lengths_of, operator, parameters_of
from smoothsym.auditing.asking.data import rows_of
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.cases import Case, cases
from smoothsym.errors import unknown
from smoothsym.program import engines
from smoothsym.symbolic.writing import Unwritten, written
from smoothsym.tables.lines import SCHEMA, VERSION, checksum
from smoothsym.tables.output import DIGITS, Output, output
from smoothsym.tables.row import Row
from smoothsym.tables.table import ReferenceTable
from smoothsym.version import __version__

CASES = 300
"""Rows of a table, over all formats together, unless another number is asked for."""
LENGTHS = (1, 2, 3, 5, 16)
SQUARE_LENGTHS = (1, 2, 3, 5)
"""Of rows where an output is a matrix."""
CHUNK = 16
"""So many rows are certified at a time."""

Asked = tuple[Any, tuple[str, ...], str]


def table(
    op: Any,
    of: str | Sequence[str] = ("value", "gradient"),
    *,
    dtype: Any = None,
    n: int | Sequence[int] | None = None,
    budget: int = CASES,
    data: Any = None,
    seed: int = 0,
    parameters: Sequence[float] | None = None,
    engine: str = "mpmath",
    executor: Any = None,
    progress: Callable[[int, int], None] | None = None,
    **parameter: Any,
) -> ReferenceTable:
    """A table of certified values at hard inputs: those that audits try, each with the reason why it is there.

    Parameters: `op`, a SmoothMax or a name of the catalogue; `of`, an output or several: "value", "gradient", "hessian", or the
    parameter's name for that derivative; `dtype`, the format of the inputs, or several (all four: float16, bfloat16, float32,
    float64, in equal shares); `n`, the length or lengths of rows (1 to 16); `budget`, how many rows (300); `data`, rows to use instead of
    cases, of one dtype (float64); `seed`; `parameters`, those to sample, or the parameter by its name; `engine` of the enclosures;
    `executor`, a concurrent.futures.Executor to share the work with; `progress(done, total)`.
    Returns a ReferenceTable. Exact values are decimals of 40 digits, correctly rounded, and bit patterns of each of the four
    formats. Special values are answered by the contract (`note`), or refused with the reason; no row is left out.
    Raises TypeError and ValueError for bad arguments.

    >>> import smoothsym as ss
    >>> made = ss.table(ss.boltzmann, dtype="float32", budget=8)
    >>> len(made), made.header["formula"]
    (8, 'sum(exp(alpha*x[j])*x[j], j)/sum(exp(alpha*x[j]), j)')
    """
    whole = operator(op)
    names = (of,) if isinstance(of, str) else tuple(of)
    if strange := [key for key in parameter if key not in {q.name for q in whole.parameters}]:
        known = [q.name for q in signature(table).parameters.values() if q.kind is q.KEYWORD_ONLY]
        raise TypeError(f"table: {unknown('argument', strange[0], [*(q.name for q in whole.parameters), *known])}")
    op, parameter = whole.settled(parameter)
    for name in names:
        _check_output(op, name)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"of={of!r}: name each output once")
    engines.engine(engine)
    wanted = [] if dtype is None else [formats.get(v) for v in _several(dtype)]
    if data is not None:
        chosen = _given(op, data, wanted, parameter, parameters)
    else:
        chosen = _cases(op, names, wanted or list(formats.FORMATS.values()), n, budget, seed, parameter, parameters)
    rows = tuple(_answered((op, names, engine), chosen, executor, progress))
    header = _header(whole, op, names, engine, seed if data is None else None)
    return ReferenceTable({**header, "rows": len(rows), "checksum": checksum(rows)}, rows)


def _several(dtype: Any) -> Sequence[Any]:
    return dtype if isinstance(dtype, (list, tuple)) else (dtype,)


def _check_output(op: Any, name: Any) -> None:
    if name in ("jvp", "vjp", "hvp"):
        raise ValueError(f"of={name!r} takes a vector beside x, which a table has no column for; give 'gradient'")
    if name != "hessian":
        matrix = op.vector and name == "gradient"
        check_output(op, "value" if matrix else name)
    elif op.vector:
        raise ValueError(f"of='hessian': {op.name} has a value for each entry, and no Hessian")


def _given(
    op: Any, data: Any, wanted: Sequence[Any], parameter: dict[str, Any], sampled: Any
) -> list[tuple[str, Case]]:
    fmt = (wanted or [formats.get("float64")])[0]
    if len(wanted) > 1:
        raise ValueError(f"dtype={[f.name for f in wanted]}: rows of data have one dtype; give that")
    notes: list[str] = []
    rows = rows_of(data, fmt, op, notes)
    if notes:
        raise ValueError(f"data is not exact in {fmt.name} ({notes[0]}): convert it first, or give its own dtype=")
    alone = {op.parameter.name: 1.0} if op.parameter is not None and not parameter and sampled is None else parameter
    if op.parameter is not None and op.parameter.name == "p" and not parameter and sampled is None:
        alone = {"p": 2.0}
    _, every = parameters_of(op, facts_of(op), fmt, alone, sampled, ())
    return [(fmt.name, Case(tuple(row), value, ("data",))) for value in every for row in _distinct(rows)]


def _distinct(rows: Any) -> list[list[float]]:
    """Rows of which none repeats another."""
    return [
        [float.fromhex(v) for v in row] for row in dict.fromkeys(tuple(map(float.hex, row)) for row in rows.tolist())
    ]


def _cases(
    op: Any,
    names: Sequence[str],
    wanted: Sequence[Any],
    n: Any,
    budget: int,
    seed: int,
    parameter: dict[str, Any],
    sampled: Any,
) -> list[tuple[str, Case]]:
    """The cases of each format, which have equal shares of the budget."""
    if isinstance(budget, bool) or not isinstance(budget, (int, np.integer)) or budget < len(wanted):
        raise ValueError(f"budget={budget!r}: give at least a row for each of {len(wanted)} formats")
    square = any(op.rank(name) > 1 for name in names)
    found = []
    for place, fmt in enumerate(wanted):
        # What is asked for names the dangerous sets: those of the gradient are the value's and its own.
        facts = facts_of(op, "gradient" if "gradient" in names and not op.vector else "value")
        given, every = parameters_of(op, facts, fmt, parameter, sampled, ())
        if given is None and sampled is None and op.parameter is not None:
            facts = facts.spanning(min(0.0, *every), max(every))
        usual = SQUARE_LENGTHS if square else LENGTHS
        lengths = usual if n is None and op.arity is None else lengths_of(n, op, fmt)
        share = budget // len(wanted) + (place < budget % len(wanted))
        found += [(fmt.name, case) for case in cases(facts, fmt, lengths, every, int(seed), int(share))]
    return found


def _answered(asked: Asked, chosen: Sequence[tuple[str, Case]], executor: Any, progress: Any) -> Iterator[Row]:
    chunks = [chosen[q : q + CHUNK] for q in range(0, len(chosen), CHUNK)]
    work = partial(certified, asked)
    done = 0
    for rows in map(work, chunks) if executor is None else executor.map(work, chunks):
        yield from rows
        done += len(rows)
        if progress is not None:
            progress(done, len(chosen))


def certified(asked: Asked, chosen: Sequence[tuple[str, Case]]) -> list[Row]:
    """The rows of some cases."""
    op, names, engine = asked
    return [
        Row(dtype, case.x, case.parameter, outputs(op, names, case.x, case.parameter, engine), case.tags)
        for dtype, case in chosen
    ]


def outputs(
    op: Any, names: Sequence[str], x: Sequence[float], parameter: float | None, engine: str
) -> dict[str, Output]:
    """Each output that is asked for."""
    return {name: output(op, name, x, parameter, engine) for name in names}


def _header(whole: Any, op: Any, names: Sequence[str], engine: str, seed: int | None) -> dict[str, Any]:
    try:
        formula: str | None = written(whole.definition)
    except Unwritten:
        formula = None  # as of what solves an equation: its name says what it is
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "operator": whole.name,
        "title": whole.title,
        "formula": formula,
        "domain": whole.domain,
        "parameter": None if op.parameter is None else op.parameter.name,
        "fixed": {q.name: str(op.fixed[q]) for q in whole.parameters[1:]},
        "outputs": list(names),
        "digits": DIGITS,
        "engine": engine,
        "engine_version": version({"arb": "python-flint"}.get(engine, engine)),
        "made_by": f"smoothsym {__version__}",
        "seed": seed,
    }
