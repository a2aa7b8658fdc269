"""table: certified values at hard inputs, of one operator or of the whole catalogue; or a table, ours or anybody's, recertified."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from smoothsym.cli.formulas import operator
from smoothsym.cli.inputs import exact, given, parameters, real, rows
from smoothsym.cli.output import dump, progress, say, watched
from smoothsym.errors import unknown

SUFFIXES = {"jsonl": ".jsonl", "npz": ".npz", "csv": ".csv", "parquet": "", "c": ".h"}
MOST = 20
"""So many wrong rows are printed where a person watches; in a pipe all of them."""
BUILDING = ("output", "format", "n", "rows", "data")
CHECKING = ("operator_of", "columns", "ulp", "decimals")
"""Options that are about one of the two alone."""


def run(args: argparse.Namespace) -> int:
    """Build tables, or check one. 1 where a row is wrong or cannot be certified."""
    alone, other = (CHECKING, "--check FILE") if args.check is None else (BUILDING, "building a table, and not --check")
    for name in alone:
        if getattr(args, name) not in (None, False):
            raise ValueError(f"--{'as' if name == 'operator_of' else name} is for {other}")
    return _build(args) if args.check is None else _check(args)


# ---- building --------------------------------------------------------------------------------------------------------------


def _build(args: argparse.Namespace) -> int:
    from smoothsym import operators

    kind = args.format or "jsonl"
    if kind not in SUFFIXES:
        raise unknown("format", kind, SUFFIXES)
    if args.operator is None:
        if about_one := [name for name in ("n", "data", "domain") if getattr(args, name) is not None] + list(
            given(args)
        ):
            raise ValueError(f"--{about_one[0]} is about one operator; name it first: smoothsym table OP")
        wanted, folder = list(operators.values()), Path(args.output or "tables")
        folder.mkdir(parents=True, exist_ok=True)
        places = [folder / f"{op.name}{SUFFIXES[kind]}" for op in wanted]
        jobs = args.jobs or _cores()
    else:
        wanted = [operator(args.operator, args.domain)]
        places = [Path(args.output or f"{wanted[0].name}{SUFFIXES[kind]}")]
        jobs = args.jobs or 1
    if missing := [place.parent for place in places if kind != "parquet" and not place.parent.is_dir()]:
        raise ValueError(f"--output: there is no folder {str(missing[0])!r}")
    told = []
    with _pool(jobs) as executor, progress("certifying") as moved:
        for op, place in zip(wanted, places, strict=True):
            told.append(_one(args, op, place, kind, executor, moved))
            if not args.json:
                say("{paths}: {rows} rows, {unanswered} outputs without an answer".format_map(_spoken(told[-1])))
    if args.json:
        dump({"tables": told})
    return 0


def _one(args: argparse.Namespace, op: Any, place: Path, kind: str, executor: Any, moved: Any) -> dict[str, Any]:
    """Build and write one table, and say what was written."""
    from smoothsym import table

    options: dict[str, Any] = {name: value for name in ("n", "engine") if (value := getattr(args, name)) is not None}
    options |= {"dtype": [name.strip() for name in args.dtype.split(",")]} if args.dtype else {}
    options |= {"budget": args.rows} if args.rows is not None else {}
    options |= {"data": rows(args.data)} if args.data is not None else {}
    options |= {"of": tuple(name.strip() for name in args.of.split(","))} if args.of else {}
    options |= parameters(args, op, exact if len(op.parameters) > 1 else real)
    seen = None if moved is None else partial(_moved, moved, op.name)
    made = table(op, seed=args.seed, executor=executor, progress=seen, **options)
    paths = _written(made, place, kind)
    without = sum(bool(found.refused) for row in made.rows for found in row.outputs.values())
    about = {key: made.header[key] for key in ("operator", "outputs", "rows", "checksum")}
    return {"paths": [str(path) for path in paths], **about, "unanswered": without}


def _moved(moved: Any, name: str, done: int, total: int) -> None:
    moved(done, total, name)


def _spoken(told: dict[str, Any]) -> dict[str, Any]:
    paths = told["paths"]
    return {
        **told,
        "paths": paths[0] if len(paths) == 1 else f"{Path(paths[0]).parent} and beside it, {len(paths)} files",
    }


def _written(made: Any, place: Path, kind: str) -> list[Path]:
    if kind == "parquet":
        # A folder for each function is made inside.
        return list(made.to_parquet(place.parent if place.name == made.header["operator"] else place))
    if kind != "csv":
        return [{"jsonl": made.save, "npz": made.to_npz, "c": made.to_header}[kind](place)]
    outputs = made.header["outputs"]
    beside = {of: place.with_name(f"{place.stem}_{of}{place.suffix}") for of in outputs if of != "value"}
    return [made.to_csv(beside.get(of, place) if len(outputs) > 1 else place, of) for of in outputs]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _pool(jobs: int) -> Iterator[Any]:
    from smoothsym.auditing.sharing.workers import workers

    with nullcontext() if jobs == 1 else workers(jobs) as pool:
        yield pool


# ---- checking --------------------------------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    from smoothsym import check_table

    if args.operator is not None:
        raise ValueError(f"--check takes one file; write --as {args.operator} for what it is of")
    op = None if args.operator_of is None else operator(args.operator_of, args.domain)
    options: dict[str, Any] = {"columns": _columns(args.columns)} if args.columns is not None else {}
    options |= {name: value for name in ("dtype", "ulp", "of") if (value := getattr(args, name)) is not None}
    named = _named(args, op)
    with _pool(args.jobs or 1) as executor, progress("certifying") as moved:
        found = check_table(
            args.check,
            op,
            decimals=args.decimals,
            engine=args.engine or "mpmath",
            executor=executor,
            progress=moved,
            **options,
            **named,
        )
    if args.json:
        dump(found.to_dict())
    else:
        _told(found)
    return 0 if found.holds else 1


def _named(args: argparse.Namespace, op: Any) -> dict[str, Any]:
    """The parameters that are given; of a table that names its operator itself, they are checked there."""
    if op is not None:
        return parameters(args, op, exact if len(op.parameters) > 1 else real)
    return {name: real(text) for name, text in given(args).items()}


def _columns(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not name or not column:
            raise ValueError(f"--columns {text}: write pairs such as x=in*,alpha=in2,value=out0")
        if name in found:
            raise ValueError(f"--columns {text}: {name} is there twice")
        found[name] = column
    return found


def _told(found: Any) -> None:
    lines = [f"damaged: {damage}" for damage in found.damage]
    lines += [f"wrong: {wrong}" for wrong in found.wrong]
    lines += [f"not certified: row {row}, {reason}" for row, reason in found.refused]
    most = MOST if watched(sys.stdout) else len(lines)
    for line in lines[:most]:
        say(line, "red")
    if len(lines) > most:
        say(f"... and {len(lines) - most} more; in a pipe, or with --json, there are all of them")
    bad = len({wrong.row for wrong in found.wrong})
    worst = max((wrong.ulp for wrong in found.wrong if wrong.ulp is not None), default=None)
    parts = [f"{bad} wrong" + ("" if worst is None else f", by at most {worst:.3g} ulp")] if bad else []
    parts += [f"{len({row for row, _ in found.refused})} not certified"] if found.refused else []
    said = f"{found.path}: {found.rows} rows of {found.operator}, {', '.join(parts) or 'all as certified'}"
    say(said, "green" if found.holds else "bold red")
