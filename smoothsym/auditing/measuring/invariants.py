"""What an operator's own laws make float code keep between two inputs, or within one result: each is proved of the formula first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import frexp, fsum, ldexp
from typing import Any

import numpy as np
from sympy import Dummy, Expr, Integer, S, Sum

from smoothsym import words
from smoothsym.cases import Case
from smoothsym.certify.scale import entrywise
from smoothsym.formats import Format
from smoothsym.laws import Monotone, Symmetric, regime
from smoothsym.laws.law import Exchangeable
from smoothsym.symbolic import moments

Array = Any

_T = Dummy("t", positive=True)
_SHIFT = Dummy("t", real=True)
_FIXED = Dummy("x", real=True)
EXPONENTS = (0, -1, 2, 1, -2)
"""The powers of t by which the parameter may go along when x is multiplied by t."""


@dataclass(frozen=True)
class Invariant:
    """A relation between the results at two inputs, or of the one at the first; `said` says it of a function f."""

    said: str

    def inputs(self, case: Case, fmt: Format, rng: np.random.Generator) -> tuple[Case, Case] | None:
        """The two inputs, near a case and exact in the format; None where there are none. The second may be the first."""
        return case, case

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        """By how much the results a and b, of float64, break the relation, entry by entry."""
        raise NotImplementedError

    def allowed(self, p: Array, q: Array) -> Array:
        """How much of a gap is explained by results that are off by p and q."""
        return p + q

    orders = False
    """Whether the relation is one of the order of operations alone, so that equal bits may be hoped for."""


@dataclass(frozen=True)
class Reversed(Invariant):
    """f(x[::-1]) = f(x), or f(x)[::-1] where there is an entry for each of x."""

    entrywise: bool = False
    orders = True

    def inputs(self, case: Case, fmt: Format, rng: np.random.Generator) -> tuple[Case, Case] | None:
        other = replace(case, x=case.x[::-1], v=None if case.v is None else case.v[::-1])
        return None if other.x == case.x and other.v == case.v else (case, other)

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        return np.abs((b[::-1] if self.entrywise else b) - a)

    def allowed(self, p: Array, q: Array) -> Array:
        return p + (q[::-1] if self.entrywise else q)


@dataclass(frozen=True)
class Shifted(Invariant):
    """f(x + t) = f(x) + k t, with t a power of two that both inputs and their difference have the bits for."""

    k: int = 0
    positive: bool = False

    def inputs(self, case: Case, fmt: Format, rng: np.random.Generator) -> tuple[Case, Case] | None:
        largest, further = max(map(abs, case.x)), int(rng.integers(-1, 5))
        if largest > fmt.largest / 64:
            return None
        size = ldexp(1.0, (frexp(largest)[1] if largest else 0) + further)
        t = size if self.positive or rng.random() < 0.5 else -size
        grain = fmt.ulp(Fraction(largest) + Fraction(size))
        first = tuple(float(round(Fraction(v) / grain) * grain) for v in case.x)
        if self.positive and min(first) <= 0:
            return None
        return replace(case, x=first), replace(case, x=tuple(v + t for v in first))

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        moved = self.k * (second.x[0] - first.x[0])
        return np.abs([fsum((q, -p, -moved)) for p, q in zip(a, b, strict=True)])


@dataclass(frozen=True)
class Scaled(Invariant):
    """f(t x; t^d a) = t^m f(x; a), with t a power of two."""

    d: int = 0
    m: int = 1

    def inputs(self, case: Case, fmt: Format, rng: np.random.Generator) -> tuple[Case, Case] | None:
        t = 2.0 ** int(rng.choice([-6, -3, -1, 1, 3, 6]))
        parameter = case.parameter
        if self.d and parameter is not None:
            parameter = parameter * t**self.d
        other = replace(case, x=tuple(v * t for v in case.x), parameter=parameter)
        moved = [*zip(case.x, other.x, strict=True), *([(case.parameter, parameter)] if self.d else [])]
        # What becomes zero was none.
        usual = all(u == v == 0 or fmt.smallest_normal <= abs(v) <= fmt.largest for u, v in moved if v is not None)
        return (case, other) if usual and any(case.x) else None

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        return np.abs(b - self._scaled(a, first, second))

    def _scaled(self, a: Array, first: Case, second: Case) -> Array:
        place = next(q for q, v in enumerate(first.x) if v)
        return np.ldexp(a, self.m * (frexp(second.x[place])[1] - frexp(first.x[place])[1]))


@dataclass(frozen=True)
class Negated(Invariant):
    """f(-x; s a) = c f(x; a), with signs s and c."""

    s: int = 1
    c: int = 1

    def inputs(self, case: Case, fmt: Format, rng: np.random.Generator) -> tuple[Case, Case] | None:
        parameter = None if case.parameter is None else self.s * case.parameter
        return (case, replace(case, x=tuple(-v for v in case.x), parameter=parameter)) if any(case.x) else None

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        return np.abs(b - self.c * a)


@dataclass(frozen=True)
class Raised(Invariant):
    """f does not fall when one entry is raised by a few ulps; `when` is the assumption on the parameter."""

    when: Any = True
    parameter: Any = None

    def inputs(self, case: Case, fmt: Format, rng: np.random.Generator) -> tuple[Case, Case] | None:
        if case.parameter is not None and S(self.when).subs(self.parameter, case.parameter) != S.true:
            return None
        place = int(rng.integers(len(case.x)))
        steps = int(rng.choice([1, 2, 16, 1024]))
        ordinal = fmt.ordinal(fmt.round(Fraction(case.x[place]))) + steps
        if ordinal > fmt.ordinal(fmt.round(fmt.largest)):
            return None
        raised = float(fmt.decode(fmt.from_ordinal(ordinal)))
        return case, replace(case, x=(*case.x[:place], raised, *case.x[place + 1 :]))

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        return np.maximum(a - b, 0.0)


@dataclass(frozen=True)
class Sums(Invariant):
    """The entries of f sum to k."""

    k: int = 1

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        return np.array([abs(fsum((*a, -self.k)))])

    def allowed(self, p: Array, q: Array) -> Array:
        return np.array([fsum(p)])


@dataclass(frozen=True)
class Nonnegative(Invariant):
    """No entry of f is negative; `when` is the assumption on the parameter."""

    when: Any = True
    parameter: Any = None

    def inputs(self, case: Case, fmt: Format, rng: np.random.Generator) -> tuple[Case, Case] | None:
        free = case.parameter is None or S(self.when).subs(self.parameter, case.parameter) == S.true
        return (case, case) if free else None

    def gap(self, a: Array, b: Array, first: Case, second: Case) -> Array:
        return np.maximum(-a, 0.0)

    def allowed(self, p: Array, q: Array) -> Array:
        return p


# ---- which of them hold ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def invariants(op: Any, of: str | Expr, free: bool = True) -> tuple[Invariant, ...]:
    """The invariants of an operator's output that are proved of its formula, for every n; those that change the parameter where it
    is free.

    >>> import smoothsym as ss
    >>> [law.said for law in invariants(ss.pnorm, "value")]
    ['f(x[::-1]) = f(x)', 'f(t x) = t f(x)', 'f(-x) = f(x)']
    """
    formula, by_entry = op.formula(of), entrywise(op, of)
    name = op.parameter.name if op.parameter is not None else ""
    found: list[Invariant] = []
    if _symmetric(op):
        right = "f(x)[::-1]" if by_entry else "f(x)"
        found.append(Reversed(f"f(x[::-1]) = {right}", by_entry))
    found += _shifts(op, formula)
    found += [law for law in _scalings(op, formula, name) if free or not law.d]
    found += [law for law in _negations(op, formula, name) if free or law.s > 0]
    if not op.vector and of in ("value", "gradient"):
        found += _monotone(op, of)
    if by_entry:
        total = op.definition if not op.vector and of == "gradient" else None
        found += _sums(op, formula, total)
    return tuple(found)


def _moved(e: Expr, change: Any) -> Expr:
    """An expression with every entry of x changed."""
    entries = {entry for entry in e.atoms(words.x[0].func) if entry.base == words.x}
    return e.xreplace({entry: change(entry) for entry in entries})


def _symmetric(op: Any) -> bool:
    if op.arity is not None:
        return op.arity == 2 and not op.vector and Symmetric().proof(op) is not None
    return Exchangeable(op.definition.xreplace({words.x[words.i]: _FIXED})).prove() is not None


def _shifts(op: Any, formula: Expr) -> Iterator[Shifted]:
    for k in (1, 0):
        if moments.is_zero(_moved(formula, lambda e: e + _SHIFT) - formula - k * _SHIFT, op.domain):
            yield Shifted(f"f(x + t) = f(x){' + t' if k else ''}", k, op.domain == "positive")
            return


def _scalings(op: Any, formula: Expr, name: str) -> Iterator[Scaled]:
    scaled = _moved(formula, lambda e: e * _T)
    for d in EXPONENTS if name else (0,):
        changed = scaled.xreplace({op.parameter: op.parameter * _T**d}) if d else scaled
        for m in (1, 0, -1):
            if moments.is_zero(changed - _T**m * formula, op.domain):
                beside = f"; {_power(d)}{name}" if d else ""
                yield Scaled(f"f(t x{beside}) = {_power(m)}f(x{f'; {name}' if d else ''})", d, m)
                return


def _power(exponent: int) -> str:
    return "" if not exponent else "t " if exponent == 1 else f"t^{exponent} "


def _negations(op: Any, formula: Expr, name: str) -> Iterator[Negated]:
    if op.domain != "real":
        return
    negated = _moved(formula, lambda e: -e)
    for s in (1, -1) if name and not op.parameter.is_nonnegative else (1,):
        changed = negated.xreplace({op.parameter: -op.parameter}) if s < 0 else negated
        for c in (1, -1):
            if moments.is_zero(changed - c * formula, op.domain):
                minus = "-" if c < 0 else ""
                said = f"f(-x) = {minus}f(x)" if s > 0 else f"f(-x; -{name}) = {minus}f(x; {name})"
                yield Negated(said, s, c)
                return


def _monotone(op: Any, of: str) -> Iterator[Invariant]:
    for when in dict.fromkeys((True, regime(op))):
        if Monotone(when).proof(op) is not None:
            if of == "value":
                yield Raised("f does not fall when an entry is raised", when, op.parameter)
            else:
                yield Nonnegative("no derivative is negative", when, op.parameter)
            return


def _sums(op: Any, formula: Expr, definition: Expr | None) -> Iterator[Sums]:
    """The sum of a gradient is the slope along (1, ..., 1): known where a shift of x moves the value by a multiple of it."""
    for k in (1, 0):
        if definition is not None:
            gap = _moved(definition, lambda e: e + _SHIFT) - definition - k * _SHIFT
        else:
            gap = Sum(formula, (words.i, 1, words.n)) - Integer(k)
        if moments.is_zero(gap, op.domain):
            yield Sums(f"the entries of f sum to {k}", k)
            return
