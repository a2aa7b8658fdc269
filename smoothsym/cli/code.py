"""code: a formula as source that runs as it stands, as LaTeX, or as FPCore for tools that judge float code."""

from __future__ import annotations

import argparse

from smoothsym.cli.formulas import formula, operator
from smoothsym.cli.inputs import exact, intervals, parameters
from smoothsym.cli.output import dump
from smoothsym.errors import unknown

LATEX = "latex"


def run(args: argparse.Namespace) -> int:
    """Source of one formula of an operator."""
    from smoothsym.program.source import FPCORE, LANGUAGES

    if args.lang not in (*LANGUAGES, FPCORE, LATEX):
        raise unknown("lang", args.lang, (*LANGUAGES, FPCORE, LATEX))
    op = operator(args.operator, args.domain)
    of = formula(args.of, op)
    given = parameters(args, op, exact)
    if args.lang != FPCORE and (args.n is not None or args.range or given):
        raise ValueError(
            f"--n, --range and numbers for parameters are for --lang {FPCORE}; {args.lang} code is for any"
        )
    if args.lang == LATEX:
        source = f"{op.latex(of)}\n"
    elif args.lang == FPCORE:
        source = op.code(FPCORE, of, form=args.form, n=args.n, ranges=intervals(args.range), **given)
    else:
        source = op.code(args.lang, of, form=args.form)
    if args.json:
        dump({"operator": op.name, "of": args.of, "language": args.lang, "source": source})
    else:
        print(source, end="")
    return 0
