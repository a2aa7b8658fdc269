"""list and prove: what there is, and what is true of it; a verdict is printed when it is reached."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Any

from smoothsym.cli.formulas import operator
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
                "parameter": ", ".join(q.name for q in op.parameters) or None,
                "domain": op.domain,
                "arity": op.arity,
                "formula": {"sympy": str(op.definition), "latex": latex(op.definition), "text": text(op.definition)},
                "kernels": list(op.kernels),
                "notes": op.notes,
                "decided_by": {of: op.theorem(of) for of in ("value", "gradient", *(q.name for q in op.parameters))},
            }
            for op in operators.values()
        ]
        dump({"operators": found})
        return 0
    rows = []
    kernels: dict[str, list[str]] = {}
    for op in operators.values():
        parameter = ", ".join(q.name for q in op.parameters)
        rows.append(((op.name, parameter, op.domain, text(op.definition)), ""))
        kernels.setdefault(", ".join(op.kernels), []).append(op.name)
    for line in laid_out(("operator", "parameter", "x", "formula"), rows):
        say(*line)
    say()
    for names, owners in kernels.items():
        say(f"kernels{'' if len(kernels) == 1 else ' of ' + ', '.join(owners)}: {names}")
    return 0


def prove(args: argparse.Namespace) -> int:
    """The verdict on every law, under headings, as each is reached; then the property table, and how the operators are related.

    1 where an operator's own law is refuted, or a relation is not proved.
    """
    from smoothsym import operators
    from smoothsym.laws import attempts, everywhere
    from smoothsym.laws.table import constants, numbers, row
    from smoothsym.laws.told import by_section, why

    names = ["f"] if len(args.operators) == 1 else [f"f{q}" for q in range(1, len(args.operators) + 1)]
    named = zip(args.operators, names, strict=True) if args.operators else ()
    chosen = [operator(text, args.domain, name) for text, name in named] or list(operators.values())
    columns = width()
    found: list[dict[str, Any]] = []
    properties: list[dict[str, str]] = []
    sharp: list[Any] = []
    for op in (given.leading for given in chosen):
        tried = []
        if not args.json:
            _say_head(op, columns)
        for title, laws in by_section((*everywhere(op), *op.laws)):
            if not args.json:
                say(f"  {title}", "bold")
            for law, verdict in attempts(op, laws):
                tried.append((law, verdict))
                found.append({**verdict.to_dict(), "section": title, "stated": law in op.laws})
                if not args.json:
                    _say(verdict, why(verdict), columns)
        if not args.json:
            say()
        properties.append(row(op, tried))
        sharp += constants(op, tried)
    told_numbers = numbers(list(dict.fromkeys(sharp))) if sharp else []
    related = [] if args.operators else list(_related())
    broken = [v for v in found if v["stated"] and v["outcome"] == "Refuted"]
    status = 1 if broken or not all(holds for _, holds in related) else 0
    if args.json:
        told = [{"relation": title, "proved": holds} for title, holds in related]
        dump(
            {
                "verdicts": found,
                "properties": properties,
                "numbers": told_numbers,
                "relations": told,
                "refuted": len(broken),
            }
        )
        return status
    _say_properties(properties)
    _say_numbers(told_numbers)
    for title, holds in related:
        say(f"{'Proved' if holds else 'NOT PROVED':<9}  {title}", "" if holds else "red")
    say()
    counts = Counter(v["outcome"] for v in found)
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in STYLES if counts[outcome])
    say(f"{len(found)} laws: {said}. Supported is sampled, and no proof.", "bold")
    for v in broken:
        say(f"{v['operator']} states {v['law']!r}, which is refuted", "red")
    return status


def _related() -> Iterator[tuple[str, bool]]:
    """How the operators of the catalogue are related, and whether each relation is proved."""
    from smoothsym.catalogue.relations import relations

    return ((relation.title, relation.holds()) for relation in relations())


def _say_properties(properties: list[dict[str, str]]) -> None:
    """The property table: yes is proved, no refuted by a witness, yes? no violation at sampled points."""
    say()
    for line in laid_out(tuple(properties[0]), [(tuple(cells.values()), "") for cells in properties]):
        say(*line)
    say(
        "yes: proved for every n, for alpha, eps > 0 and p >= 1; no: refuted by a witness; yes?: no violation at sampled points; -: not tried.",
        "dim",
    )
    say()


def _say_numbers(rows: list[dict[str, str]]) -> None:
    """The constants that depend on n alone, for some n."""
    if rows:
        for line in laid_out(tuple(rows[0]), [(tuple(cells.values()), "") for cells in rows]):
            say(*line)
        say("Sharp constants, times or over the parameter, rounded correctly from certified enclosures.", "dim")
        say()


def _say_head(op: Any, columns: int | None) -> None:
    """The operator, and what the names in its laws stand for."""
    from sympy import Symbol

    from smoothsym.laws.told import roots_in, speak_of_weights
    from smoothsym.symbolic.naming import Names
    from smoothsym.symbolic.roots import equation_of
    from smoothsym.symbolic.text import text
    from smoothsym.words import i

    value = "f[i]" if op.vector else "f"
    said = [f"{op.title}: {value} = {text(op.definition)}"]
    whole = Names(op.definition, op.domain).whole
    if whole is not None and speak_of_weights(op.laws):
        share = whole.function.xreplace({whole.limits[0][0]: i})
        said.append(f"w[i] = {text(share)}/Z, Z = {text(whole)}")
    for line in folded(", ".join(said), columns):
        say(line, "bold")
    for root in roots_in(op.laws):
        say(f"{text(root)} is the root z of {text(equation_of(root, Symbol('z')))} = 0", "dim")


def _say(v: Any, reason: str, columns: int | None) -> None:
    """A verdict on one line: its outcome and law, then for whom it holds and why; that is on lines of its own where it is long."""
    name = f"{v.operator:<10}  " if columns is None else ""
    head = f"    {v.outcome:<9}  {name}" if columns is not None else f"{v.outcome:<9}  {name}"
    note = f"[{v.scope}] {reason}"
    if columns is None or len(head) + len(v.law) + 2 + len(note) <= columns:
        say(head + v.law, STYLES[v.outcome], f"  {note}")
        return
    for place, line in enumerate(folded(v.law, columns - len(head))):
        say((head if place == 0 else " " * len(head)) + line, STYLES[v.outcome])
    for line in folded(note, columns, " " * (len(head) + 2)):
        say(line, "dim")
