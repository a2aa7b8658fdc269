"""Where an expression is differentiable, and how often, read off its form: what laws that argue by derivatives rest on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import (
    Abs,
    Add,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Number,
    NumberSymbol,
    Pow,
    Sum,
    Symbol,
    asinh,
    atan,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    log,
    sign,
    sin,
    sinh,
    tanh,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.symbolic import inequalities, signs
from smoothsym.symbolic.derivatives import without_anchors
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold


def continuous(expression: Expr, domain: str, when: Any) -> bool:
    """Whether an expression is known to be continuous, and differentiable but for kinks |x_j|^q with q >= 0.

    A sign of derivatives off the kinks then says something of the whole: there are no jumps and no poles between.
    """
    exponents = {e.exp for e in expression.atoms(Pow) if isinstance(e.base, Abs) and e.base.has(words.x)}
    known = not any(said.startswith("not known") for said in smoothness(expression, domain))
    return known and all(inequalities.nonnegative(q, when, domain) for q in exponents)


def smoothness(expression: Expr, domain: str = "real") -> list[str]:
    """Where an expression is not infinitely differentiable, in words; empty where it is everywhere."""
    e = signs.in_domain(without_anchors(expression), domain)
    e = e.replace(lambda q: isinstance(q, log1p), lambda q: log(1 + q.args[0]))
    # A smoothing parameter is positive where smoothness is claimed.
    e = e.xreplace({q: q.func(q.name, positive=True) for q in e.atoms(Symbol) if q.is_nonnegative and not q.is_integer})
    found = [f"not known for {q}" for q in _subexpressions(e) if not isinstance(q, _TOLD)]
    for part in sorted(e.atoms(log), key=str):
        if not signs.positive(part.args[0]) or part.args[0].has(Abs):
            found.append(f"not known for log({part.args[0]})")
    powers = [q for q in _subexpressions(e) if q.is_Pow and not (q.exp.is_Integer and q.exp > 0)]
    for exponent in sorted({q.exp for q in powers if isinstance(q.base, Abs)}, key=str):
        found.append(
            f"infinitely often where no x_j = 0; at x_j = 0 (x not 0) infinitely often for even {exponent}, "
            f"else ceil({exponent}) - 1 times for {exponent} > 0"
        )
    for q in powers:
        if isinstance(q.base, Abs):
            continue
        if isinstance(q.base, Sum) and q.base.function.has(Abs):
            found.append("at x = 0 not at all for n >= 2")
        elif not signs.positive(q.base) and not q.base.is_number and q.base.has(words.x, signs.POSITIVE_ENTRIES):
            found.insert(0, f"not known for the power {q}")
    if e.has(SimplexMaximum):
        found.append("once, with a continuous gradient; twice off the boundaries of the support of its maximiser")
    if e.has(Threshold):
        found.append("continuous; once off the boundaries of the support of the maximiser")
    if e.has(sign):
        found.insert(0, "not known at the jumps of sign")
    if e.has(Abs) and not any(isinstance(q.base, Abs) for q in powers):
        found.insert(0, "not known at the zeros of |.|")
    return list(dict.fromkeys(found))


_TOLD = (
    Add,
    Mul,
    Pow,
    Sum,
    Symbol,
    Number,
    NumberSymbol,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    words.mean,
    SimplexMaximum,
    Threshold,
    Abs,
    sign,
    exp,
    log,
    sinh,
    cosh,
    tanh,
    sin,
    cos,
    atan,
    asinh,
    erf,
    erfc,
    expm1,
)
"""Of what is put together from these alone, all is said here; of log and powers where they are defined, of moduli and signs at 0."""


def _subexpressions(e: Expr) -> Iterator[Expr]:
    yield e
    for argument in () if isinstance(e, SimplexMaximum | Threshold) else e.args:
        if isinstance(argument, Expr):
            yield from _subexpressions(argument)
