"""Certificates of sign by change: what starts at no less than zero and does not fall, and what holds in each of the cases of a sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Abs, Expr, Indexed, IndexedBase, Pow, S, Sum, Symbol, oo

from smoothsym.symbolic import asymptotics, signs
from smoothsym.symbolic.analytic import differentiable
from smoothsym.symbolic.assumptions import Range, built_in, inside, instances, ranges
from smoothsym.symbolic.certificates import Certificate, plain
from smoothsym.symbolic.derivatives import partial_parameter
from smoothsym.symbolic.text import text


@dataclass(frozen=True)
class Rising(Certificate):
    """d^power expression, d > 0, tends to a limit >= 0 at one end of the range of a symbol, and does not fall on the way from it.

    d is the distance of the symbol to a finite end of its range (to that end, where it is finite). Between the ends the product
    is differentiable, so that the sign of its derivative speaks for the whole of it. An end that is counted has a certificate of
    its own, of the expression with the symbol put to it.
    """

    expression: Expr
    by: Symbol
    end: Expr
    power: int
    limit: Certificate
    slope: Certificate
    ends: tuple[Certificate, ...] = ()
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        reach = reach_of(self.by, self.when)
        if self.by not in movable(self.expression, self.when) or self.end not in (reach.low, reach.high):
            return False
        whole, within = lifted(self.expression, self.by, reach, self.end, self.power), inside(self.when, self.by)
        approached = approach(whole, self.by, reach, self.end, self.when, self.domain)
        slope = climb(whole, self.by, reach, self.end)
        at_ends = tuple(plain(self.expression.xreplace({self.by: end})) for end in reach.ends)
        return (
            approached is not None
            and (self.limit.expression, self.limit.when, self.limit.domain) == (plain(approached), True, self.domain)
            and (self.slope.expression, self.slope.when, self.slope.domain) == (slope, within, self.domain)
            and tuple((q.expression, q.when, q.domain) for q in self.ends)
            == tuple((e, self.when, self.domain) for e in at_ends)
            and smooth(whole, self.by, self.when, self.domain)
            and all(part.check() for part in (self.limit, self.slope, *self.ends))
        )

    def __str__(self) -> str:
        reach = reach_of(self.by, self.when)
        distance = lifted(S.One, self.by, reach, self.end, self.power)
        moved = "it" if distance == 1 else f"{text(distance).replace(str(self.by), self.by.name)} times it"
        way = "rises" if self.end == reach.low else "falls"
        return f"{moved} {way} with {self.by.name} and tends to {text(self.limit.expression)} ({self.slope})"


def movable(e: Expr, when: Any) -> list[Symbol]:
    """The symbols of an expression that run through an interval: no index, no length, no vector."""
    names = {vector.label for vector in e.atoms(IndexedBase)}
    free = (q for q in e.free_symbols - names if isinstance(q, Symbol) and not q.is_integer)
    return sorted((q for q in free if reach_of(q, when) != Range()), key=str)


def reach_of(by: Symbol, when: Any) -> Range:
    """The range of a symbol: as an assumption says, or as the symbol does."""
    known = ranges(when).get(by)
    return known or (Range(S.Zero) if by.is_positive else Range())


def lifted(e: Expr, by: Symbol, reach: Range, end: Expr, power: int) -> Expr:
    """The expression times a power of the distance to the end, or to the other one where it is infinite."""
    origin = end if end.is_finite else reach.low if reach.low.is_finite else reach.high
    if not power or not origin.is_finite:
        return e
    return (by - origin if origin == reach.low else origin - by) ** power * e


def climb(whole: Expr, by: Symbol, reach: Range, end: Expr) -> Expr:
    """The derivative away from an end. Raises ValueError where there is none in closed form."""
    return plain(partial_parameter(whole, by) * (1 if end == reach.low else -1))


def approach(whole: Expr, by: Symbol, reach: Range, end: Expr, when: Any, domain: str) -> Expr | None:
    """The limit at an end from inside the range, the other assumptions built in; None where it is out of reach or infinite."""
    forms = built_in(whole, {q: r for q, r in ranges(when).items() if q != by})
    if len(forms) != 1:
        return None
    direction = None if not end.is_finite else "+" if end == reach.low else "-"
    try:
        found = asymptotics.limit(forms[0], by, end, direction, domain == "positive")
    except (asymptotics.Undecided, ValueError):
        return None
    return None if found.has(oo, -oo, S.ComplexInfinity, S.NaN) else found


def smooth(whole: Expr, by: Symbol, when: Any, domain: str) -> bool:
    """Whether an expression is differentiable in a symbol inside its range."""
    within = inside(when, by)
    return all(
        differentiable(signs.in_domain(form, domain), mark)
        for place, form in zip(instances(by, within), instances(whole, within), strict=True)
        for mark in place.free_symbols
    )


@dataclass(frozen=True)
class Cases(Certificate):
    """expression is >= 0 with an entry put to centre + size, centre - size and centre, for any size > 0."""

    expression: Expr
    entry: Indexed
    centre: Expr
    size: Symbol
    parts: tuple[Certificate, ...]
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        return (
            bool(self.size.is_positive)
            and self.size not in self.expression.free_symbols
            and not self.centre.has(self.entry)
            and all(_real_number(form) for form in instances(signs.in_domain(self.centre, self.domain), self.when))
            and tuple((part.expression, part.when, part.domain) for part in self.parts)
            == tuple((e, self.when, self.domain) for e in cases(self.expression, self.entry, self.centre, self.size))
            and all(part.check() for part in self.parts)
        )

    def __str__(self) -> str:
        said = "; ".join(dict.fromkeys(map(str, self.parts)))
        return f"for {text(self.entry)} above, below and at {text(self.centre)}: {said}"


def _real_number(e: Expr) -> bool:
    """Whether an expression is real by its form, and has no divisor that may vanish."""
    divisors = (q.base for q in e.atoms(Pow) if not q.exp.is_nonnegative)
    return signs.real(e) and all(base.is_nonzero or signs.positive(base) for base in divisors)


def cases(e: Expr, entry: Indexed, centre: Expr, size: Symbol) -> tuple[Expr, ...]:
    """An expression with an entry above, below and at a centre."""
    return tuple(plain(e.xreplace({entry: where})) for where in (centre + size, centre - size, centre))


@dataclass(frozen=True)
class EitherSign(Certificate):
    """expression is >= 0 with each |inside| put to inside, and with each put to -inside: one of which it is."""

    expression: Expr
    inside: Expr
    parts: tuple[Certificate, ...]
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        bound = {lim[0] for total in self.expression.atoms(Sum) for lim in total.limits}
        return (
            signs.real(self.inside)
            and not self.inside.free_symbols & bound
            and tuple((part.expression, part.when, part.domain) for part in self.parts)
            == tuple((e, self.when, self.domain) for e in either(self.expression, self.inside))
            and all(part.check() for part in self.parts)
        )

    def __str__(self) -> str:
        return f"for either sign: {'; '.join(dict.fromkeys(map(str, self.parts)))}"


def either(e: Expr, inside: Expr) -> tuple[Expr, ...]:
    """An expression with a modulus put to what is inside, and to its negative."""
    return tuple(plain(e.xreplace({Abs(inside): turned})) for turned in (inside, -inside))
