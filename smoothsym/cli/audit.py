"""audit: float code against certified values; without a target everything that is installed, worst first."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stdout
from typing import Any

from smoothsym.cli.formulas import formula, imported, operator
from smoothsym.cli.inputs import given, keywords, parameters, real, rows
from smoothsym.cli.output import dump, folded, laid_out, progress, say, width
from smoothsym.errors import unknown

ONLY_ONE = {
    "data": None,
    "n": None,
    "seconds": None,
    "tol": None,
    "batched": False,
    "pairs": None,
    "arrays": None,
    "device": None,
    "compiled": False,
    "keywords": None,
    "domain": None,
    "exhaustive": False,
}
"""Options of an audit of one target, and what they are when they are not given."""


def run(args: argparse.Namespace) -> int:
    """The main job, or the audit of one target. 1 where something falls short."""
    if args.html is not None:
        _place(args.html)
    if args.target is not None:
        if args.library:
            raise ValueError(f"--library {args.library[0]} is about all that is installed; leave it out for one target")
        return _one(args)
    about_one = [name for name, absent in ONLY_ONE.items() if getattr(args, name) != absent] + list(given(args))
    if about_one:
        raise ValueError(
            f"--{about_one[0]} is about one target; name it first: smoothsym audit package.module:function --as OP"
        )
    return _everything(args)


def _place(file: str) -> None:
    """Raise ValueError where a page cannot be written: before the work is done that it shows."""
    folder = os.path.dirname(file) or "."
    if os.path.isdir(file) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        why = "is a directory" if os.path.isdir(file) else f"cannot be written in {folder!r}"
        raise ValueError(f"--html {file} {why}; name a file in a directory that exists")


# ---- everything that is installed --------------------------------------------------------------------------------------------


def _everything(args: argparse.Namespace) -> int:
    from smoothsym import formats, reports
    from smoothsym.auditing import main as job
    from smoothsym.auditing.targets import missing, targets

    if args.operator is not None:
        operator(args.operator)
    outputs = dict.fromkeys(target.of for target in targets())
    if args.of is not None and args.of not in outputs:
        raise unknown("of", args.of, outputs)
    wanted = {"op": args.operator, "of": args.of}
    libraries = {_library(name) for name in args.library or ()}
    only = [
        t
        for t in targets()
        if all(value in (None, getattr(t, name)) for name, value in wanted.items())
        and (not libraries or t.library in libraries)
    ]
    dtypes = None if args.dtype is None else [formats.get(args.dtype).name]
    if not any(t.installed and (dtypes is None or set(dtypes) & set(t.dtypes)) for t in only):
        filters = [("as", args.operator), ("of", args.of), ("dtype", args.dtype)]
        filters += [("library", name) for name in args.library or ()]
        said = " ".join(f"--{name} {value}" for name, value in filters if value is not None)
        raise ValueError(f"{said}: nothing that is installed is audited so; name a target: package.module:function")
    jobs = args.jobs or _cores()
    timeout = job.TIMEOUT if args.timeout is None else args.timeout
    with progress("auditing") as moved, nullcontext() if args.dask is None else _cluster(args) as executor:
        pictures = "" if args.html is None else "short"
        own = {"executor": executor, "checkpoint": args.checkpoint, "shard": args.shard}
        found = job.run(moved, jobs, args.budget or job.BUDGET, args.seed, only, dtypes, timeout, pictures, **own)
    short = _short([audit for target, audit in found if not target.control])
    absent = [library.distribution for library in missing() if not libraries or library.package in libraries]
    entries = [reports.Entry.of(target, audit) for target, audit in found]
    if args.html is not None:
        reports.write(args.html, entries, absent)
    if args.json:
        dump(reports.data(entries, absent))
    else:
        _table(found, absent, args.full)
    if faults := [f"{target.name} as {audit.op} {audit.of}" for target, audit in found if job.failed(audit)]:
        raise RuntimeError(f"{len(faults)} audits came to no end: {', '.join(faults)}")
    return 1 if short else 0


def _library(name: str) -> str:
    """What must be importable for a library, by any of its names: as people call it, as it is installed, or as it is imported.

    Raises ValueError for a name of none.
    """
    from smoothsym.auditing.targets import LIBRARIES

    known = {called.lower(): library.package for library in LIBRARIES for called in library.names}
    known["smoothsym"] = "smoothsym"
    if name.lower() not in known:
        raise unknown("library", name.lower(), known)
    return known[name.lower()]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _short(audits: list[Any]) -> int:
    return sum(not audit.holds for audit in audits)


def _table(found: list[Any], absent: list[str], full: bool) -> None:
    from smoothsym.auditing.report import MAIN_HEAD, main_rows, worst_first

    judged = [audit for target, audit in found if not target.control]
    short = _short(judged)
    say(f"{short} of {len(judged)} fall short" + ("; worst first" if short else ""), "bold")
    say()
    shown = worst_first([pair for pair in found if full or not pair[0].control])
    columns = width()
    styles = ["green" if audit.holds else "red" for _, audit in shown]
    for line in laid_out(MAIN_HEAD, list(main_rows(shown)), (0, 1), columns, styles):
        say(*line)
    say()
    controls = [audit for target, audit in found if target.control]
    for said in _closing(controls, _versions([target for target, _ in found]), absent, found[0][1].tol):
        for part in folded(said, columns):
            say(part)
    if full:
        for target, audit in found:
            _findings(f"{target.name}, {audit.op} {audit.of}, {audit.dtype}", audit, target.limits)


def _versions(targets: list[Any]) -> str:
    """What was audited, in the order of the table."""
    named = {target.distribution or target.library: target.version for target in targets}
    return ", ".join(f"{name} {version}" for name, version in sorted(named.items()) if version)


def _closing(controls: list[Any], versions: str, absent: list[str], tol: float) -> Iterator[str]:
    """How to read the table, and how to see more of it."""
    if controls:
        caught = f"{_short(controls)} of {len(controls)} naive kernels fall short"
        yield f"{caught}: the definitions as they stand, which are here to be caught."
    yield f"Audited: {versions}."
    if absent:
        yield f"Not installed: {', '.join(absent)}."
    yield (
        f"scaled: the error in units of what rounding the input and the result once may cost; above {tol:g} falls short. "
        "ulp: in units in the last place; where the input is ill-conditioned, many are nobody's fault. "
        "Both are lower bounds, over samples."
    )
    yield "--full adds every finding with Python that shows it; --json has all of it, in hex floats."


# ---- one target --------------------------------------------------------------------------------------------------------------


def _one(args: argparse.Namespace) -> int:
    from smoothsym import audit

    if args.operator is None:
        raise ValueError("what should the target compute? add --as OP; smoothsym list names the operators")
    op = operator(args.operator, args.domain)
    op, options = op.settled(parameters(args, op, real))
    options |= {
        name: getattr(args, name)
        for name in ("n", "budget", "seconds", "tol", "timeout")
        if getattr(args, name) is not None
    }
    options |= {"data": rows(args.data)} if args.data is not None else {}
    options |= {
        "seed": args.seed,
        "batched": args.batched,
        "pairs": args.pairs,
        "exhaustive": args.exhaustive,
        "checkpoint": args.checkpoint,
        "shard": args.shard,
        "arrays": args.arrays,
        "device": args.device,
        "compiled": args.compiled,
        "keywords": keywords(args.keywords, op),
        "pictures": "" if args.html is None else "all",
    }
    about = (args.target, op, formula(args.of or "value", op), args.dtype or "float64")
    with redirect_stdout(sys.stderr):  # what a target prints is no part of the answer
        imported(args.target)
        with progress("auditing") as moved, _executor(args) as pool:
            found = audit(*about, progress=moved, executor=pool, **options)
    if args.html is not None:
        from smoothsym.reports import Entry, write

        write(args.html, [Entry(found, found.target, args.target)])
    if args.json:
        dump(found.to_dict())
    else:
        _told(found, args.full)
    return 0 if found.holds else 1


def _executor(args: argparse.Namespace) -> Any:
    """A cluster, or a pool of processes; none for one process, since a target that is not sent anywhere may be anything."""
    from smoothsym.auditing.sharing.workers import workers

    if args.dask is not None:
        return _cluster(args)
    return nullcontext() if args.jobs in (None, 1) else workers(args.jobs)


def _cluster(args: argparse.Namespace) -> Any:
    from smoothsym.auditing.sharing.cluster import cluster

    if args.jobs is not None:
        raise ValueError(
            f"--jobs {args.jobs} and --dask {args.dask}: how many processes a cluster has is its own; give one or the other"
        )
    return cluster(args.dask)


def _told(found: Any, full: bool) -> None:
    from smoothsym.auditing.findings.finding import number
    from smoothsym.auditing.report import AUDIT_HEAD, audit_rows, findings

    rows = f"{found.rows} rows" + (f", {found.refused} of them without a reference" if found.refused else "")
    said = f"{found.verdict}: {found.target} as {found.op} {found.of} in {found.dtype}, {rows}"
    say(said, "green" if found.holds else "bold red")
    for note in found.notes:
        say(note)
    for line in found.numbers():
        say(line)
    if found.seconds:
        say("{all:.1f} s, added up over processes, {target:.1f} of them the target's own".format(**found.seconds))
    say()
    columns = width()
    styles = ["red" if finding.falls else "" for finding in findings(found)]
    about = "Both are lower bounds, over samples"
    if found.exhaustive:
        errors = f"scaled {number(found.max_scaled)}, {number(found.max_ulp)} ulp"
        about = f"At most, over every input there is: {errors}"
    for line in laid_out(AUDIT_HEAD, list(audit_rows(found)), (0, 1), columns, styles):
        say(*line)
    say()
    for closing in folded(
        f"scaled above {found.tol:g} falls short; ulp counts units in the last place. {about}. "
        + ("" if full else "--full adds Python that shows each finding; --json has all of it, in hex floats."),
        columns,
    ):
        say(closing)
    if full:
        _findings("", found)


def _findings(title: str, audit: Any, limits: str = "") -> None:
    """Every finding, with the lines of Python that show it."""
    from smoothsym.auditing.report import repair_of

    if not audit.findings:
        return
    say()
    if title:
        say(f"# {title}" + (f" ({limits})" if limits else ""), "bold")
    told: set[str] = set()
    for finding in audit.findings:
        say(f"# {finding.kind}{' (falls short)' if finding.falls else ''}: got {finding.got}, exact {finding.exact}")
        if finding.note or finding.tags:
            say(f"# {'; '.join(part for part in (finding.note, ', '.join(finding.tags)) if part)}")
        say(finding.reproduction)
        if finding.repair:
            remarks, code = repair_of(finding)
            say(finding.repair if code not in told else f"{remarks}\n# The code is above.")
            told.add(code)
