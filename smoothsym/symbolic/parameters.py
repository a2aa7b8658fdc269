"""The parameters of a definition: every symbol of it is an entry, an index of a sum, a length, or a parameter."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Indexed, Integer, Symbol

from smoothsym import words
from smoothsym.symbolic.derivatives import bound_indices


def parameters_of(definition: Expr, given: Any = None, name: str = "f") -> tuple[Symbol, ...]:
    """The parameters as they are given, a symbol or several; the only free symbol where they are left out.

    Raises ValueError for a definition without entries of x, an index that no sum binds, or a symbol too many; TypeError for a
    parameter that is no symbol. `name` is what errors call the definition.

    >>> parameters_of(words.alpha * words.x[1])
    (alpha,)
    """
    entries = [entry for entry in definition.atoms(Indexed) if entry.base == words.x]
    if not entries and not definition.has(words.x):
        raise ValueError(f"the definition of {name} has no entry of the vector: write it in ss.x[ss.j]")
    bound = bound_indices(definition)
    others = {entry for entry in definition.atoms(Indexed) if entry.base != words.x}
    free = definition.free_symbols - bound - {words.n, words.x.label, words.x, *entries, *others}
    free -= {part for entry in others for part in (entry.base, entry.base.label)}
    free -= {words.i}
    loose = [q for entry in entries for q in entry.indices if q not in bound and not isinstance(q, Integer)]
    loose = [q for q in loose if q != words.i] or [q for e in others for q in e.indices if q not in bound]
    if loose:
        raise ValueError(f"the index {loose[0]} of the definition of {name} is bound by no sum over 1..n")
    names = sorted((q for q in free if isinstance(q, Symbol)), key=str)
    if given is None and len(names) == 1:
        return (names[0],)
    wanted = tuple(given) if isinstance(given, (tuple, list)) else (given,) if given is not None else ()
    if strange := [q for q in wanted if not isinstance(q, Symbol)]:
        raise TypeError(
            f"parameter={strange[0]!r} is a {type(strange[0]).__name__}; give a SymPy symbol, such as ss.alpha"
        )
    known = {str(q) for q in wanted}
    if extra := [str(q) for q in names if str(q) not in known]:
        raise ValueError(
            f"the definition of {name} has a free symbol too many: {', '.join(extra)}; only the parameter may be free"
        )
    return wanted
