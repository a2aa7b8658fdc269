"""derive: what follows from a definition, on one page, in names; and derivations that are run again, step by step."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from smoothsym.cli.formulas import operator
from smoothsym.cli.output import dump, say, width


def run(args: argparse.Namespace) -> int:
    """The page of an operator; or, with --check or --weave, the derivations of a directory."""
    if args.check is not None or args.weave is not None:
        if args.operator is not None:
            raise ValueError(f"--check and --weave take a directory; {args.operator!r} is given beside it")
        return _check(args.check, args.json) if args.check is not None else _weave(args.weave, args.json)
    if args.operator is None:
        raise ValueError("which operator? smoothsym list names them; --check runs the derivations of a directory")
    op = operator(args.operator, args.domain)
    if args.n is not None:
        return _written_out(op, args)
    from smoothsym.cli.page import Page

    page = Page(op.leading, args.of)
    if args.json:
        dump(page.data())
    else:
        for line, style in page.latex_lines() if args.latex else page.lines(width()):
            say(line, style)
    return 0


# ---- written out -------------------------------------------------------------------------------------------------------------


def _written_out(op: Any, args: argparse.Namespace) -> int:
    """A formula for x1, ..., xn, each entry of a gradient or Hessian by itself."""
    from smoothsym.symbolic.derivation import latex

    found = list(_entries(op, args.of, args.n))
    if args.json:
        entries = [{"index": list(index), "sympy": str(e), "latex": latex(e)} for index, e in found]
        dump({"operator": op.name, "of": args.of, "n": args.n, "entries": entries})
        return 0
    heads = [" ".join(f"x{q}" for q in index) for index, _ in found]
    for head, (_, e) in zip(heads, found, strict=True):
        body = latex(e) if args.latex else str(e)
        say(f"{head.ljust(max(map(len, heads)))}  {body}" if head else body)
    return 0


def _entries(op: Any, of: str, n: int) -> Iterator[tuple[tuple[int, ...], Any]]:
    from sympy import Integer

    from smoothsym.words import i, k

    if op.arity is not None and n != op.arity:
        raise ValueError(f"n={n}: {op.name} takes {op.arity} entries")
    formula = op.formula(of)
    for row in range(1, n + 1) if formula.has(i) else (0,):
        for column in range(row or 1, n + 1) if formula.has(k) else (0,):
            index = tuple(q for q in (row, column) if q)
            yield index, op.expr(n, formula.xreplace({i: Integer(row), k: Integer(column)}))


# ---- derivations -------------------------------------------------------------------------------------------------------------


def _directory(name: str) -> Path:
    directory = Path(name)
    if not directory.is_dir():
        raise ValueError(
            f"there is no directory {name!r}; name the one that holds the derivations, *.py with their *.md"
        )
    if not any(directory.glob("*.py")):
        raise ValueError(f"the directory {name!r} holds no derivations, *.py")
    return directory


def _check(name: str, as_json: bool) -> int:
    from smoothsym.symbolic.weaving import check_all

    directory = _directory(name)
    names = sorted(source.stem for source in directory.glob("*.py"))
    with redirect_stdout(sys.stderr):  # what a source prints is no part of the answer
        problems = check_all(directory)
    if as_json:
        dump({"directory": name, "derivations": names, "problems": problems})
    else:
        count = f"{len(names)} derivation{'s' if len(names) != 1 else ''} in {name}"
        say(f"{count}: {'broken' if problems else 'every step holds, and every text is what it weaves'}", "bold")
        for problem in problems:
            say(f"  {problem}", "red")
    return 1 if problems else 0


def _weave(name: str, as_json: bool) -> int:
    from smoothsym.symbolic.weaving import weave_all

    directory = _directory(name)
    written, problem = [], None
    try:
        with redirect_stdout(sys.stderr):
            written = [str(path) for path in weave_all(directory)]
    except Exception as error:  # a source may fail in any way
        problem = " ".join(f"{type(error).__name__}: {error}".split())
    if as_json:
        dump({"directory": name, "written": written, "problems": [problem] if problem else []})
    else:
        for path in written:
            say(path)
        if problem:
            say(f"nothing more was woven: {problem}", "red")
    return 1 if problem else 0
