"""code: a formula as source that runs as it stands, or as LaTeX."""

from __future__ import annotations

import argparse

from smoothsym.cli.formulas import formula, operator
from smoothsym.cli.output import dump
from smoothsym.errors import unknown

LATEX = "latex"


def run(args: argparse.Namespace) -> int:
    """Source of one formula of an operator."""
    from smoothsym.program.source import LANGUAGES

    if args.lang not in (*LANGUAGES, LATEX):
        raise unknown("lang", args.lang, (*LANGUAGES, LATEX))
    op = operator(args.operator, args.domain)
    of = formula(args.of, op)
    source = f"{op.latex(of)}\n" if args.lang == LATEX else op.code(args.lang, of)
    if args.json:
        dump({"operator": op.name, "of": args.of, "language": args.lang, "source": source})
    else:
        print(source, end="")
    return 0
