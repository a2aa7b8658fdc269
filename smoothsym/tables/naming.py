"""The operator that a table is about, found by what its header says: a name of the catalogue, or a formula that is read and never run."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from smoothsym.auditing.asking.arguments import operator
from smoothsym.catalogue import operators
from smoothsym.operator import defined
from smoothsym.symbolic.numerals import exact
from smoothsym.symbolic.writing import Unwritten, written


def operator_of(header: Mapping[str, Any], op: Any = None) -> Any:
    """The operator of one parameter that a header is about: that of the catalogue, if it has this formula, or one of the formula."""
    if op is not None:
        whole = operator(op)
    else:
        name, formula = header["operator"], header["formula"]
        whole = operators.get(name)
        if whole is None or (formula is not None and _text(whole) != formula):
            if formula is None:
                raise ValueError(f"operator={name!r} is none of the catalogue, and the table has no formula: give op=")
            whole = defined(formula, header["domain"], name)
    settled, _ = whole.settled({key: Fraction(exact(text)) for key, text in header["fixed"].items()})
    own = None if settled.parameter is None else settled.parameter.name
    if own != header["parameter"]:
        raise ValueError(f"the table has the parameter {header['parameter']}, and {whole.name} has {own}")
    return settled


def _text(op: Any) -> str | None:
    try:
        return written(op.definition)
    except Unwritten:
        return None
