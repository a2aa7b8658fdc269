"""What a law with free indices, numbers and vectors says at a point: each of them is given something small and definite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Expr, IndexedBase, Integer, Rational, Symbol

from smoothsym import words
from smoothsym.symbolic.derivatives import rename_bound

Settings = dict[Expr, Expr]
"""What is given for each free index, number and vector; for a vector v what its entry v[j] is, as a function of x[j]."""

_NUMBERS = (Rational(1, 2), Rational(3, 4), Rational(5, 4), Rational(7, 8))


def settings(op: Any, sides: tuple[Expr, Expr]) -> Iterator[tuple[tuple[Expr, Expr], Settings]]:
    """Formulas with everything settled but x, n, m, Delta, the parameter and the operator's own vectors: indices at 1, 2, then all at 1; nothing where something cannot be.

    >>> import smoothsym as ss
    >>> from smoothsym.words import c, i, x
    >>> [given for _, given in settings(ss.pnorm, (x[i], c * x[i]))]
    [{c: 1/2, i: 1}]
    """
    known = {words.x.label, words.n, words.m, words.Delta, *((op.parameter,) if op.parameter is not None else ())}
    free = set().union(*(side.free_symbols for side in sides)) - known
    own = op.definition.atoms(IndexedBase)
    bases = sorted({b for side in sides for b in side.atoms(IndexedBase)} - {words.x} - own, key=str)
    names = {q for q in free if isinstance(q, Symbol)} - {b.label for b in (*bases, *own)}
    indices = sorted((q for q in names if q.is_integer), key=str)
    numbers = sorted(names - set(indices), key=str)
    # A length is no index: what it may be depends on x.
    if any(q.is_positive for q in indices) or len(numbers) > len(_NUMBERS):
        return
    sides = tuple(rename_bound(side, set(indices)) for side in sides)
    given: Settings = dict(zip(numbers, _NUMBERS, strict=False))
    for place, base in enumerate(bases):
        given[base[words.j]] = 1 + (words.x[words.j] - place) ** 2 / 2
    last = op.arity or 2
    for positions in dict.fromkeys(tuple(min(1 + q % 2 * step, last) for q in range(len(indices))) for step in (1, 0)):
        here = given | dict(zip(indices, map(Integer, positions), strict=True))
        yield tuple(_settled(side, here, bases) for side in sides), here


def _settled(side: Expr, given: Settings, bases: list[IndexedBase]) -> Expr:
    side = side.xreplace({name: value for name, value in given.items() if isinstance(name, Symbol)})
    entries = {e for e in side.atoms(words.x[0].func) if e.base in bases}
    return side.xreplace({e: given[e.base[words.j]].xreplace({words.j: e.indices[0]}) for e in entries})


__all__ = ["Settings", "settings"]
