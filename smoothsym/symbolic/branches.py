"""An answer by cases: the sign of what decides it is assumed one way, then the other, and what agrees is joined again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

from sympy import (
    Abs,
    Add,
    And,
    Dummy,
    Eq,
    Expr,
    Ge,
    Gt,
    Indexed,
    KroneckerDelta,
    Le,
    Lt,
    Max,
    Min,
    Mul,
    Ne,
    Or,
    Piecewise,
    S,
    expand,
    sign,
)

from smoothsym import words
from smoothsym.symbolic.growth import Undecided, Unknown

DEEPEST = 3
"""How many signs may be told apart, one inside the other."""

Case = dict[Expr, int]
"""The signs that a case assumes of quantities."""
Branch = tuple[Expr, tuple[Any, ...]]
"""A value and the tests under which it is the answer; of all branches exactly one passes its tests."""

ONE_TIE = words.m - 1
"""Not negative: some entry is the extreme one."""


def by_cases(solve: Callable[[Case], Expr], said: Callable[[Expr], Expr], case: Case) -> list[Branch]:
    """What `solve` finds; where it depends on the sign of a quantity, the answer for each sign."""
    try:
        return [(solve(case), ())]
    except Unknown as unknown:
        quantity = unknown.quantity.as_coeff_Mul()[1]
        quantity = -quantity if quantity.could_extract_minus_sign() else quantity
        if len(case) >= DEEPEST or quantity in case:
            raise Undecided(str(unknown)) from None
    tests: dict[int, Any] = _tests(said(quantity))
    if quantity == ONE_TIE:
        del tests[-1]
    found = {sign: by_cases(solve, said, {**case, quantity: sign}) for sign in tests}
    if all(answer == found[0] for answer in found.values()):
        return found[0]
    extreme = _extreme(found, said(quantity)) if all(len(answer) == 1 for answer in found.values()) else None
    if extreme is not None:
        return [(extreme, ())]
    return [(value, (tests[sign], *more)) for sign, answer in found.items() for value, more in answer]


def by_index(solve: Callable[[Expr, bool], list[Branch]], expression: Expr) -> list[Branch]:
    """The answer for an expression in deltas; where there is none in deltas, one where i = k and one where they differ.

    `solve` gets an expression, and whether free indices in it are known to differ.
    """
    try:
        return solve(expression, False)
    except Undecided:
        deltas = sorted(expression.atoms(KroneckerDelta), key=str)
        if not deltas:
            raise
    free = sorted({q for d in deltas for q in d.args if not q.is_number}, key=str)
    if any(q.is_number for d in deltas for q in d.args):
        return _by_place(solve, expression, free)
    a, b = free[:2]
    if len(deltas) > 1:
        raise Undecided("more than two free indices")
    same = solve(_without_squares(expression.xreplace({deltas[0]: S.One}).xreplace({b: a})), False)
    other = solve(expression.xreplace({deltas[0]: S.Zero}), True)
    return [(v, (Eq(a, b), *tests)) for v, tests in same] + [(v, (Ne(a, b), *tests)) for v, tests in other]


def _by_place(solve: Callable[[Expr, bool], list[Branch]], expression: Expr, free: list[Expr]) -> list[Branch]:
    """The answer at each entry of a function of x[1] and x[2]; of two free indices, by whether they agree where that is enough."""
    places = sorted({e.indices[0] for e in expression.atoms(Indexed)}, key=str)
    if not all(place.is_number for place in places):
        raise Undecided(f"which entries {free[0]} may stand for is not known")
    found = {
        at: solve(expression.subs(dict(zip(free, at, strict=True))), True) for at in product(places, repeat=len(free))
    }
    agree = [[found[at] for at in found if (len({*at}) == 1) is same] for same in (True, False)]
    if len(free) == 2 and all(all(one == group[0] for one in group) for group in agree if group):
        return [
            (v, (kind(*free), *tests)) for kind, group in zip((Eq, Ne), agree, strict=True) for v, tests in group[0]
        ]
    return [(v, (*map(Eq, free, at), *tests)) for at, branches in found.items() for v, tests in branches]


def _without_squares(e: Expr) -> Expr:
    """sign(u)^2 = 1 beside a power of |u|."""

    def free(term: Expr) -> Expr:
        beside = {f.as_base_exp()[0] for f in term.args}
        squares = {f for f in term.args if f.is_Pow and isinstance(f.base, sign) and f.exp == 2}
        drop = {f for f in squares if Abs(f.base.args[0]) in beside}
        return Mul(*(f for f in term.args if f not in drop))

    return e.replace(lambda q: isinstance(q, Mul), free)


def joined(branches: list[Branch]) -> Expr:
    """The branches as one expression: the value that most of them have, or the last, stands where nothing else does."""
    counts = Counter(value for value, _ in branches)
    most = max(counts.values())
    default = next(value for value, _ in reversed(branches) if counts[value] == most)
    told = {value: None for value, _ in branches if value != default}
    # One alternative for each value: SymPy would multiply out those of neighbours that agree.
    alternatives = {value: _merged([set(tests) for other, tests in branches if other == value]) for value in told}
    rows = [(value, Or(*(And(*tests) for tests in found))) for value, found in alternatives.items()]
    return Piecewise(*rows, (default, True)) if rows else default


def _merged(alternatives: list[set[Any]]) -> list[set[Any]]:
    """Fewer alternatives for the same: two that differ in one test, of the same two sides, are one."""
    for place, one in enumerate(alternatives):
        for other in alternatives[place + 1 :]:
            if len(one - other) == len(other - one) == 1:
                (p,), (q,) = one - other, other - one
                if p.args == q.args and (kind := _EITHER.get(frozenset((p.func, q.func)))) is not None:
                    either = (one & other) | ({kind(*p.args)} if kind is not True else set())
                    return _merged([either, *(rest for rest in alternatives if rest not in (one, other))])
    return alternatives


_EITHER: dict[frozenset[Any], Any] = {
    frozenset((Gt, Eq)): Ge,
    frozenset((Lt, Eq)): Le,
    frozenset((Gt, Lt)): Ne,
    frozenset((Eq, Ne)): True,
    frozenset((Ge, Lt)): True,
    frozenset((Le, Gt)): True,
}


def solved(quantity: Expr) -> dict[Expr, Expr]:
    """quantity = 0 as a substitution for one of its symbols or entries, of which it is linear."""
    unknowns = sorted(quantity.atoms(Dummy) or quantity.atoms(Indexed) or quantity.free_symbols & {words.m}, key=str)
    for q in unknowns:
        slope = expand(quantity).coeff(q)
        if slope.is_number and slope != 0:
            return {q: expand(q - quantity / slope)}
    raise Undecided(f"no rule solves {quantity} = 0")


def _tests(name: Expr) -> dict[int, Any]:
    """name > 0, = 0, < 0; of a difference, which side is the larger."""
    left, right = name, S.Zero
    if isinstance(name, Add) and len(name.args) == 2:
        right = Add(*(-term for term in name.args if term.as_coeff_Mul()[0].is_negative))
        left = name + right
        if left == 0:
            left, right = name, S.Zero
    return {1: Gt(left, right), 0: Eq(left, right), -1: Lt(left, right)}


def _extreme(found: dict[int, list[Branch]], name: Expr) -> Expr | None:
    """The larger or the smaller of what stands where `name` is positive and where it is negative, if that is the answer."""
    if set(found) != {1, 0, -1}:
        return None
    above, at, under = (found[sign][0][0] for sign in (1, 0, -1))
    if any(value.has(Piecewise) or value.is_finite is False for value in (above, at, under)):
        return None
    slope = ((above - under) / name).cancel()
    if at not in (above, under, above.subs(name, 0)):
        return None
    if slope.is_positive:
        return Max(above, under)
    return Min(above, under) if slope.is_negative else None
