"""list and prove: what there is, and what is true of it; a verdict is printed when it is reached."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from smoothsym.cli.inputs import operator
from smoothsym.cli.output import dump, folded, laid_out, say, width

STYLES = {"Proved": "green", "Refuted": "red", "Supported": "", "Undecided": "yellow"}


def listed(args: argparse.Namespace) -> int:
    """The catalogue."""
    from smoothsym import operators
    from smoothsym.symbolic.derivation import latex
    from smoothsym.symbolic.text import text

    if args.json:
        found = [
            {
                "name": op.name,
                "title": op.title,
                "parameter": op.parameter.name if op.parameter is not None else None,
                "domain": op.domain,
                "arity": op.arity,
                "formula": {"sympy": str(op.definition), "latex": latex(op.definition), "text": text(op.definition)},
                "kernels": list(op.kernels),
                "notes": op.notes,
            }
            for op in operators.values()
        ]
        dump({"operators": found})
        return 0
    rows = []
    kernels: dict[str, list[str]] = {}
    for op in operators.values():
        parameter = op.parameter.name if op.parameter is not None else ""
        rows.append(((op.name, parameter, op.domain, text(op.definition)), ""))
        kernels.setdefault(", ".join(op.kernels), []).append(op.name)
    for line in laid_out(("operator", "parameter", "x", "formula"), rows):
        say(*line)
    say()
    for names, owners in kernels.items():
        say(f"kernels{'' if len(kernels) == 1 else ' of ' + ', '.join(owners)}: {names}")
    return 0


def prove(args: argparse.Namespace) -> int:
    """The verdict on every law, as each is reached. 1 where an operator's own law is refuted."""
    from smoothsym import operators
    from smoothsym.laws import verdicts

    chosen = [operator(name) for name in args.operators] or list(operators.values())
    columns = width()
    found: list[dict[str, Any]] = []
    for op in chosen:
        own = {law.statement(op) for law in op.laws}
        for verdict in verdicts(op):
            found.append({**verdict.to_dict(), "stated": verdict.law in own})
            if not args.json:
                _say(found[-1], columns)
    broken = [v for v in found if v["stated"] and v["outcome"] == "Refuted"]
    if args.json:
        dump({"verdicts": found, "refuted": len(broken)})
        return 1 if broken else 0
    counts = Counter(v["outcome"] for v in found)
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in STYLES if counts[outcome])
    say(f"{len(found)} laws: {said}. Supported is sampled, and no proof.", "bold")
    for v in broken:
        say(f"{v['operator']} states {v['law']!r}, which is refuted", "red")
    return 1 if broken else 0


def _say(v: dict[str, Any], columns: int | None) -> None:
    """A verdict: its outcome, operator and law first, then for whom it holds and why, or the witness against it."""
    head = f"{v['outcome']:<9}  {v['operator']:<10}  {v['law']}"
    note = f"[{v['scope']}] {v['reason']}" + (f": {v['witness']}" if v["witness"] is not None else "")
    if columns is None:
        print(f"{head}  {note}", flush=True)
        return
    say(head, STYLES[v["outcome"]])
    for line in folded(note, columns, " " * 23):
        say(line, "dim")
