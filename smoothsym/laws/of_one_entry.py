"""The worst case of a first-order error bound of a function of one entry, or of two: a multiple of the value, and a number beside it."""

from __future__ import annotations

from sympy import Abs, Add, Dummy, E, Expr, Max, Min, Mul, Rational, S, Symbol, exp, expand, log

from smoothsym.program.rounding.adjoints import Values
from smoothsym.program.rounding.first_order import Case, Formula
from smoothsym.program.rounding.primitives import FALL
from smoothsym.words import x


def of_one_entry(found: Formula, case: Case) -> Expr | None:
    """The most that the bound of a case can be, in the value and the parameters; None where neither way finds one."""
    turned = _turned(found, case)
    least = _multiple(case, turned)
    return _with_a_constant(case, turned) if least is None else least


_MULTIPLES = [Rational(q, 2) for q in range(2, 21)]
"""How many times a bound may be a part of the value."""


def _turned(found: Formula, case: Case) -> dict[Expr, Expr]:
    """The entry of a function of one by its modulus, where there is no other, or a test on its sign is what tells two cases apart."""
    parts = Add(*(_told(case.wording.values, p.size) for p in case.wording.bound.parts))
    if parts.has(Abs(x[1])) and not parts.xreplace({Abs(x[1]): FALL[1]}).has(x):
        return {Abs(x[1]): FALL[1]}
    first = found.cases[0].test
    if len(found.cases) != 2 or first.rel_op not in (">", "<"):
        return {}
    side = (first.lhs - first.rhs) * (1 if first.rel_op == ">" else -1)
    slope = side.coeff(x[1]).xreplace({q: Dummy(q.name, positive=True) for q in side.atoms(Symbol) if q.is_real})
    if side - side.coeff(x[1]) * x[1] != 0 or not (slope.is_positive or slope.is_negative):
        return {}
    above = bool(slope.is_positive) == (case is found.cases[0])
    return {x[1]: FALL[1] if above else -FALL[1]}


def _multiple(case: Case, turned: dict[Expr, Expr]) -> Expr | None:
    """c |f| + k a for a part a of the value, f = a + b with b exact, or k |f|: by signs."""
    wording, values = case.wording, case.wording.values
    value = wording.bound.value
    size = values.signs.size(value)
    if size.has(Abs) and values.signs.of(value.xreplace(turned)) > 0:
        rest = Add(*(p.coefficient * (value if expand(p.size - size) == 0 else p.size) for p in wording.bound.parts))
        multiple = _least(case, turned, value, rest)
        return None if multiple is None else multiple * wording.value
    exact = [term for term in Add.make_args(value) if term.has(Max, Min)]
    parts = [size]
    if exact and len(exact) < len(Add.make_args(value)):
        parts.append(values.signs.size(value - exact[0]))
    of_value = Add(*(p.coefficient for p in wording.bound.parts if expand(p.size - size) == 0))
    rest = Add(*(p.coefficient * p.size for p in wording.bound.parts if expand(p.size - size) != 0))
    for part in parts:
        if (multiple := _least(case, turned, part, rest)) is not None:
            if part == size:
                return (of_value + multiple) * (Abs(wording.value) if size.has(Abs) else wording.value)
            return of_value * Abs(wording.value) + multiple * (wording.value - wording.written_out(exact[0]))
    return None


def _least(case: Case, turned: dict[Expr, Expr], part: Expr, rest: Expr) -> Expr | None:
    """The least multiple of a part that is seen to be at least the rest."""
    values = case.wording.values
    for multiple in _MULTIPLES:
        gap = _told(values, multiple * part - rest).xreplace(turned)
        if -1 in values.signs.points.ways(gap):
            continue
        return multiple if values.signs.of(gap) > 0 else None
    return None


def _with_a_constant(case: Case, turned: dict[Expr, Expr]) -> Expr | None:
    """c |f| + k of a function of one entry, the fall t from 0: each term of the rest is at most what the greatest of its factors make of it."""
    if not turned:
        return None
    wording, values = case.wording, case.wording.values
    size = values.signs.size(wording.bound.value)
    same = [p for p in wording.bound.parts if expand(p.size - size) == 0]
    rest = Add(*(p.coefficient * p.size for p in wording.bound.parts if p not in same))
    terms = Add.make_args(expand(_told(values, rest).xreplace(turned)))
    most = [_most_of(term) for term in terms if not term.could_extract_minus_sign()]
    if None in most:
        return None
    value = Abs(wording.value) if size.has(Abs) else wording.value
    return Add(*(p.coefficient for p in same)) * value + Add(*most)


def _most_of(term: Expr) -> Expr | None:
    """t^k exp(-m t) log(1 + exp(-s t))^l / (sum_q c_q exp(s_q t))^r, with c_q > 0, at most: (k/(m e))^k log(2)^l, m with r times the
    greatest s_q in it, or for k = 0 and s_q >= 0 what it is at t = 0.
    """
    fall, rate, power, most = FALL[1], S.Zero, S.Zero, S.One
    below: list[tuple[list[tuple[Expr, Expr]], Expr]] = []
    for factor in Mul.make_args(term):
        base, exponent = factor.as_base_exp()
        if base == fall and exponent.is_positive:
            power += exponent
        elif isinstance(base, log) and exponent.is_positive and _one_and_less(base.args[0]):
            most *= log(2) ** exponent
        elif not factor.has(fall) and factor.is_positive:
            most *= factor
        elif isinstance(factor, exp) and (grown := _grown(factor)) is not None:
            rate -= grown[0][1]
        elif exponent.is_negative and (grown := _grown(base)) is not None:
            below.append((grown, -exponent))
        else:
            return None
    for grown, exponent in below:
        if power == 0 and all(slope.is_nonnegative for _, slope in grown):
            most /= Add(*(c for c, _ in grown)) ** exponent
        else:
            if (fastest := _fastest(grown)) is None:
                return None
            c, slope = fastest
            most, rate = most / c**exponent, rate + slope * exponent
    if power == 0:
        return most if not rate.is_negative else None
    return most * (power / (rate * E)) ** power if rate.is_positive else None


def _grown(e: Expr) -> list[tuple[Expr, Expr]] | None:
    """The coefficients c > 0 and rates of a sum of c exp(s t); None for any other expression."""
    found = []
    for term in Add.make_args(expand(e)):
        inside = [f for f in Mul.make_args(term) if isinstance(f, exp)]
        c = term / Mul(*inside)
        slope = expand(Add(*(f.args[0] for f in inside))).coeff(FALL[1])
        if c.has(FALL) or not c.is_positive or expand(Add(*(f.args[0] for f in inside)) - slope * FALL[1]) != 0:
            return None
        found.append((c, slope))
    return found


def _fastest(grown: list[tuple[Expr, Expr]]) -> tuple[Expr, Expr] | None:
    """The term that grows most, where rates are multiples of one another."""
    unit = next((slope for _, slope in grown if slope != 0), S.One)
    unit = -unit if unit.is_negative else unit
    times = [slope / unit for _, slope in grown]
    return grown[times.index(max(times))] if all(q.is_Rational for q in times) else None


def _one_and_less(e: Expr) -> bool:
    """Whether an expression is 1 + exp(-s t), from 1 to 2."""
    grown = _grown(e)
    return (
        grown is not None and len(grown) == 2 and (S.One, S.Zero) in grown and all(not s.is_positive for _, s in grown)
    )


def _told(values: Values, e: Expr) -> Expr:
    """An expression with the numbers that have names, but not the roots, written out."""
    while found := [q for q in e.free_symbols if q in values.parts]:
        e = e.xreplace({q: values.parts[q] for q in found})
    return e
