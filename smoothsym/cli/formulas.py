"""What OP and --of stand for: a name of the catalogue, something of the user's own by its module, or an expression."""

from __future__ import annotations

import os
import sys
from typing import Any

from smoothsym.cli.inputs import MINUS
from smoothsym.errors import unknown
from smoothsym.symbolic.reading import read


def operator(text: str, domain: str | None = None, name: str = "f") -> Any:
    """The operator of that name in the catalogue, one of your own as module:name, or one that an expression defines.

    `domain` and `name` are those of an expression. Raises ValueError where there is no such operator.
    """
    from smoothsym import SmoothMax
    from smoothsym.catalogue import operators
    from smoothsym.operator import defined

    text = text.replace(MINUS, "-")
    if text not in operators and ":" not in text and not text.isidentifier():
        return defined(text, domain or "real", name)
    if ":" in text:
        found = imported(text)
        if not isinstance(found, SmoothMax):
            raise ValueError(f"operator={text!r} is a {type(found).__name__} and no SmoothMax")
    elif text in operators:
        found = operators[text]
    else:
        raise unknown("operator", text, operators)
    if domain not in (None, found.domain):
        raise ValueError(f"--domain {domain}: {found.name} has the domain {found.domain}; --domain is for expressions")
    return found


def formula(text: str, op: Any) -> Any:
    """What --of says: a name as it stands, or an expression in the operator's symbols."""
    if text.isidentifier():
        return text
    return read(text.replace(MINUS, "-"), {q.name: q for q in op.parameters}, ("i", "k"))[0]


def imported(name: str) -> Any:
    """What package.module:name stands for, the current directory being one to look in.

    Raises ValueError or TypeError where there is no such thing; whatever its module raises is said in one line.
    """
    from smoothsym.auditing.asking.calls import resolve

    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return resolve(name)
    except (ValueError, TypeError):
        raise
    except (Exception, SystemExit) as error:  # the module is the user's, and may do anything
        raise ValueError(f"{name!r} cannot be imported: {type(error).__name__}: {error}") from None
