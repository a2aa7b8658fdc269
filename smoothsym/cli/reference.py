"""reference: certified digits and correctly rounded floats at exact inputs; what cannot be decided is refused, with its enclosure."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from smoothsym.cli.formulas import formula, operator
from smoothsym.cli.inputs import exact, given, listed, parameters, rows
from smoothsym.cli.output import dump, say

DIGITS = 30
"""How many digits are printed where neither --digits nor --dtype is given."""


def run(args: argparse.Namespace) -> int:
    """Certified values. 1 where one is refused."""
    op = operator(args.operator, args.domain)
    of = formula(args.of, op)
    if args.data is not None and args.numbers:
        raise ValueError("give either numbers or --data, and not both")
    vectors: Any = rows(args.data) if args.data is not None else [[exact(text) for text in args.numbers]]
    keywords = {**parameters(args, op, exact), **listed(args)}
    digits = args.digits or (None if args.dtype else DIGITS)
    found = [
        value for number, x in enumerate(vectors, 1) for value in _values(op, x, number, args, of, digits, keywords)
    ]
    if args.json:
        about = {
            "operator": op.name,
            "of": args.of,
            "parameters": given(args),
            **{name: text for name in ("weights", "where", "v") if (text := getattr(args, name)) is not None},
            "digits": digits,
            "dtype": args.dtype,
            "engine": args.engine,
        }
        dump({**about, "values": found})
    else:
        for value in found:
            say(_line(value, len(vectors) > 1), "red" if "refused" in value else "")
    return 1 if any("refused" in value for value in found) else 0


def _values(
    op: Any, x: Any, number: int, args: argparse.Namespace, of: Any, digits: int | None, keywords: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """What is found at one row: an entry for each output, or one that says why it was refused."""
    import numpy as np

    from smoothsym import Refused, enclose, reference
    from smoothsym.auditing.findings.finding import shortest

    keywords = {**keywords, "of": of, "engine": args.engine}
    found: dict[str, Any] = {}
    try:
        if digits:
            found["enclosures"] = np.array(enclose(op, x, digits=digits, **keywords), dtype=object)
        if args.dtype:
            found["floats"] = reference(op, x, dtype=args.dtype, **keywords)
    except Refused as refusal:
        e = refusal.enclosure
        yield {"row": number, "refused": refusal.reason, "enclosure": e and _ends(e), "about": e and str(e)}
        return
    for index in np.ndindex(next(iter(found.values())).shape):
        value: dict[str, Any] = {"row": number, "entry": [q + 1 for q in index]}
        if digits:
            e = found["enclosures"][index]
            value |= {"digits": e.digits(digits), "enclosure": _ends(e), "special": e.note or None}
        if args.dtype:
            rounded = float(found["floats"][index])
            value |= {"float": shortest(rounded, args.dtype), "hex": rounded.hex()}
        yield value


def _ends(enclosure: Any) -> list[str]:
    """The ends of an enclosure, exactly: a whole number in hex times a power of two."""
    return [_dyadic(end) for end in (enclosure.lo, enclosure.hi)]


def _dyadic(end: Any) -> str:
    sign, man, exponent, _ = end._mpf_
    if not man:
        return "0x0p+0" if not exponent else str(end).removeprefix("+")
    return f"{'-' if sign else ''}{hex(int(man))}p{int(exponent):+d}"


def _line(value: dict[str, Any], many: bool) -> str:
    """One output: which it is, where there are several; its digits, float and hex float; whether the contract answers."""
    cells = [f"row {value['row']}"] if many else []
    if "refused" in value:
        where = f"; it lies in {value['about']}" if value["about"] else ""
        return "  ".join([*cells, f"refused: {value['refused']}{where}"])
    cells += [" ".join(f"x{q}" for q in value["entry"])] if value["entry"] else []
    cells += [value[key] for key in ("digits", "float", "hex") if key in value]
    cells += [f"(special value, by {value['special']})"] if value.get("special") else []
    return "  ".join(cells)
