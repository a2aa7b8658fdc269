"""The range of an expression, for every n: each term of a sum is bounded, the dominant one is known exactly, and weighted means stay inside.

Entries are written as differences d_j = x_j - x_s in [-R, 0] or ratios r_j in [0, 1] from the dominant entry s, at which they are
0 or 1. An expression is then bounded from its parts, each by one rule; a Bounded is the tree of these steps, which `holds`
goes through again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import Add, Expr, Indexed, Mul, Pow, S, Sum, Symbol, exp, expand, log

from smoothsym import words
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.factoring import factored


@dataclass(frozen=True)
class Bounded:
    """lo <= expression <= hi for every n, by a rule from the parts; `at` is the exact value at the dominant index, if known."""

    expression: Expr
    lo: Expr
    hi: Expr
    at: Expr | None
    rule: str
    parts: tuple[Bounded, ...] = field(default=())

    def __str__(self) -> str:
        return " < ".join(dict.fromkeys(self._rules()))

    def _rules(self) -> list[str]:
        return [
            self.rule,
            *(rule for part in self.parts if part.rule not in ("constant", "entry") for rule in part._rules()),
        ]


class Unbounded(ValueError):
    """An expression that no rule bounds."""


Known = Mapping[Any, tuple[Expr, Expr, Expr]]
"""{base of an entry: (lower, upper, at the dominant index)}."""


def bounded(e: Expr, known: Known) -> Bounded:
    """Bounds of an expression in entries with known bounds; what else stands in it has its sign by its assumptions.

    Raises Unbounded where no rule applies.
    """
    if isinstance(e, Indexed) and e.base in known:
        return Bounded(e, *known[e.base], "entry")
    if not any(e.has(base) for base in known):
        return Bounded(e, e, e, e, "constant")
    if isinstance(e, Sum):
        return _sum(e, known)
    if isinstance(e, Add):
        return _add(e, known)
    if isinstance(e, Mul):
        return _mean(e, known) or _mul(e, known)
    if isinstance(e, exp):
        part = bounded(e.args[0], known)
        lo = exp(part.lo) if part.lo == part.hi else S.Zero
        return Bounded(
            e, lo, exp(part.hi), None if part.at is None else exp(part.at), "exp rises and is positive", (part,)
        )
    if isinstance(e, log):
        part = bounded(e.args[0], known)
        if not signs.positive(part.lo):
            raise Unbounded(f"the logarithm of {e.args[0]}, which may come near 0")
        at = None if part.at is None else log(part.at)
        return Bounded(e, log(part.lo), log(part.hi), at, "log rises", (part,))
    if isinstance(e, Pow) and not any(e.exp.has(base) for base in known):
        return _pow(e, known)
    raise Unbounded(f"no rule bounds {e.func.__name__}")


def _sum(e: Sum, known: Known) -> Bounded:
    if len(e.limits) != 1 or e.limits[0][1:] != (1, words.n):
        raise Unbounded("a sum over other limits")
    part = bounded(e.function, known)
    others = words.n - 1
    if part.at is not None:
        return Bounded(
            e,
            part.at + others * part.lo,
            part.at + others * part.hi,
            None,
            "the dominant term, and n - 1 others",
            (part,),
        )
    return Bounded(e, words.n * part.lo, words.n * part.hi, None, "n terms", (part,))


def _add(e: Add, known: Known) -> Bounded:
    parts = tuple(bounded(a, known) for a in e.args)
    at = None if any(p.at is None for p in parts) else Add(*(p.at for p in parts))
    return Bounded(e, Add(*(p.lo for p in parts)), Add(*(p.hi for p in parts)), at, "term by term", parts)


def _mul(e: Mul, known: Known) -> Bounded:
    """A product of factors, one after the other; each has a sign, or multiplies a constant."""
    constant, rest = e.as_independent(*known, as_Add=False)
    parts = tuple(bounded(f, known) for f in Mul.make_args(rest))
    lo, hi = parts[0].lo, parts[0].hi
    for part in parts[1:]:
        if not (signs.nonnegative(lo) and signs.nonnegative(part.lo)):
            raise Unbounded(f"the product {rest} of factors of unknown sign")
        lo, hi = lo * part.lo, hi * part.hi
    if signs.nonnegative(-constant):
        lo, hi = constant * hi, constant * lo
    elif signs.nonnegative(constant):
        lo, hi = constant * lo, constant * hi
    else:
        raise Unbounded(f"the sign of {constant} is not known")
    at = None if any(p.at is None for p in parts) else constant * Mul(*(p.at for p in parts))
    return Bounded(e, lo, hi, at, "factor by factor", parts)


def _mean(e: Mul, known: Known) -> Bounded | None:
    """c sum_j w_j g_j / sum_j w_j with w > 0: a weighted mean of g."""
    sums = [f for f in e.args if isinstance(f, Sum)]
    inverse = [f.base for f in e.args if isinstance(f, Pow) and f.exp == -1 and isinstance(f.base, Sum)]
    for above in sums:
        for below in inverse:
            index = above.limits[0][0]
            weight = below.function.xreplace({below.limits[0][0]: index})
            ratio = moments.normal(above.function / weight)
            if ratio.has(Sum) or not signs.positive(weight) or above.limits[0][1:] != below.limits[0][1:]:
                continue
            part = bounded(ratio, known)
            factor = e * below / above
            if any(factor.has(base) for base in known) or not signs.nonnegative(factor):
                continue
            return Bounded(e, factor * part.lo, factor * part.hi, None, "a weighted mean", (part,))
    return None


def _pow(e: Pow, known: Known) -> Bounded:
    part = bounded(e.base, known)
    if not signs.nonnegative(part.lo):
        raise Unbounded(f"the power {e} of what may be negative")
    at = None if part.at is None else part.at**e.exp
    if signs.nonnegative(e.exp):
        return Bounded(e, part.lo**e.exp if part.lo != 0 else S.Zero, part.hi**e.exp, at, "the power rises", (part,))
    if signs.nonnegative(-e.exp) and signs.positive(part.lo):
        return Bounded(e, part.hi**e.exp, part.lo**e.exp, at, "the power falls", (part,))
    raise Unbounded(f"the sign of the exponent {e.exp} is not known")


def holds(tree: Bounded, known: Known) -> bool:
    """Whether each step of a tree follows from its parts: each is derived again from its expression alone."""
    try:
        return bounded(tree.expression, known) == tree and all(holds(part, known) for part in tree.parts)
    except Unbounded:
        return False


def at_most(smaller: Expr, larger: Expr) -> bool:
    """Whether smaller <= larger by the form of their difference; n - 1 >= 0."""
    counted = Symbol("others", integer=True, nonnegative=True)
    gap = expand((larger - smaller).expand(log=True, force=True))
    candidates = [gap, factored(gap), gap.xreplace({words.n: counted + 1}).expand()]
    return any(signs.nonnegative(c) or c == 0 for c in candidates)
