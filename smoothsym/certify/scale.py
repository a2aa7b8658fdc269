"""The scale of an output is what rounding its inputs once each may cost it, so it is made of all its derivatives: one program.

    scale = |f| + sum_j |xi_j df/dx_j| + sum_j |v_j df/dv_j| + |alpha df/dalpha|

xi is x, or x - max(x) where f is invariant under translation, as the gradient of a translation-equivariant operator is: no
translation of the input excuses an error in what no translation changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import Expr, Indexed, S, Symbol

from smoothsym import words
from smoothsym.program.lower import lower
from smoothsym.program.operations import Program
from smoothsym.program.stabilise import translation
from smoothsym.symbolic.derivatives import partial

VECTOR = str(words.v.label)


def axes_of(op: Any, of: str | Expr = "value") -> int:
    """How many axes an output has beside that of the rows: 0 for a number, 1 for a vector, 2 for a matrix.

    A derivative that is the same for every entry has an axis too, though its formula has no index.
    """
    if of == "gradient":
        return int(op.vector) + (op.arity != 1)
    if of == "hessian":
        return 2 * (op.arity != 1)
    if of == "vjp":
        return int(op.arity != 1)
    return int(op.vector) if isinstance(of, str) and of != "hvp" else int(op.rank(of))


def entrywise(op: Any, of: str | Expr = "value") -> bool:
    """Whether an output has an entry for each of x: as a gradient of one entry has, too."""
    return of in ("gradient", "vjp") or axes_of(op, of) == 1


@lru_cache(maxsize=1024)
def length_of_vector(op: Any, of: str | Expr, size: int) -> int | None:
    """How many numbers v has beside a row of so many entries; None where the output has no v."""
    entries = {e.indices[0] for e in op.formula(of).atoms(Indexed) if e.base == words.v}
    return None if not entries else 1 if entries == {S.One} else size


@dataclass(frozen=True)
class ScaleProgram:
    """The derivatives of an output at a given place, by every entry, then by v and by the parameter where there are these."""

    program: Program
    place: Symbol | None
    """The index that the output's place is given for; None for a number."""
    relative: bool
    vector: bool
    parameter: bool


@lru_cache(maxsize=256)
def scale_program(op: Any, of: str | Expr = "value", by_parameter: bool = True) -> ScaleProgram:
    """The derivatives of an output as one program, with that by the parameter or without. Raises ValueError for a matrix, and for what has no derivative."""
    formula = op.formula(of)
    free = {words.i, words.k} & formula.free_symbols
    if len(free) > 1:
        raise ValueError(f"of={of!r} is a matrix, whose entries are held to no scale")
    place = next(iter(free), None)
    by = words.k if place == words.i else words.i
    along = words.x[1 if op.arity == 1 else by]
    wanted = [partial(formula, along)]
    beside = {e.indices[0] for e in formula.atoms(Indexed) if e.base == words.v}
    if beside:
        wanted.append(partial(formula, words.v[1 if beside == {S.One} else by]))
    by_parameter = by_parameter and op.parameter is not None
    if by_parameter:
        wanted.append(op.derivative(op.parameter, of=formula))
    forms = [op.stable(e) for e in wanted]
    anchors = {key: value for form in forms for key, value in form.anchors.items()}
    program = lower([form.expression for form in forms], (by,), anchors)
    # Of what is proved equivariant the gradient is invariant.
    invariant = of == "gradient" and not op.vector and op.translation == "equivariant"
    relative = invariant or translation(formula, domain=op.domain) == 0
    return ScaleProgram(program, place, relative, bool(beside), by_parameter)
