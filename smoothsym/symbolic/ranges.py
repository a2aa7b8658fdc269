"""The range of an expression, for every n: each term of a sum is bounded, the dominant ones are known exactly, and weighted means stay inside.

Entries are written as differences d_j = x_j - x_s in [-R, 0] or ratios r_j in [0, 1] from the dominant entry s, at which they are
0 or 1; or in more groups, as m ties, the next level and the rest. An expression is then bounded from its parts, each by one rule; a Bounded is the tree of these steps, which `holds`
goes through again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import Add, Expr, Indexed, Mul, Pow, S, Sum, exp, expand, log

from smoothsym import words
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.roots import others


@dataclass(frozen=True)
class Known:
    """What is known of entries: bounds that hold for all of them, and for each group, of a count each, bounds of their own."""

    lo: Expr
    hi: Expr
    groups: tuple[tuple[Expr, Expr, Expr], ...]
    """(count, lower, upper); the counts are >= 0 and add up to n."""

    @property
    def at(self) -> tuple[tuple[Expr, Expr], ...]:
        return tuple((lo, hi) for _, lo, hi in self.groups)


@dataclass(frozen=True)
class Bounded:
    """lo <= expression <= hi for every n, by a rule from the parts; `at` has the bounds in each group of entries, if they differ."""

    expression: Expr
    lo: Expr
    hi: Expr
    at: tuple[tuple[Expr, Expr], ...] | None
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


Entries = Mapping[Any, Known]
"""What is known of the entries of each base; all of them fall into the same groups."""


def bounded(e: Expr, known: Entries) -> Bounded:
    """Bounds of an expression in entries with known bounds; what else stands in it has its sign by its assumptions.

    Raises Unbounded where no rule applies.
    """
    if isinstance(e, Indexed) and e.base in known:
        entry = known[e.base]
        return Bounded(e, entry.lo, entry.hi, entry.at, "entry")
    if not any(e.has(base) for base in known):
        _require_one_for_all(e)
        return Bounded(e, e, e, ((e, e),) * len(_groups(known)), "constant")
    if isinstance(e, Sum):
        return _sum(e, known)
    if isinstance(e, Add):
        return _add(e, known)
    if isinstance(e, Mul):
        return _mean(e, known) or _mul(e, known)
    if isinstance(e, exp):
        part = bounded(e.args[0], known)
        return _mapped(e, part, _exponential, "exp rises and is positive")
    if isinstance(e, log):
        part = bounded(e.args[0], known)
        if not signs.positive(part.lo):
            raise Unbounded(f"the logarithm of {e.args[0]}, which may come near 0")
        return _mapped(e, part, lambda lo, hi: (log(lo), log(hi)), "log rises")
    if isinstance(e, Pow) and not any(e.exp.has(base) for base in known):
        return _pow(e, known)
    raise Unbounded(f"no rule bounds {e.func.__name__}")


def _groups(known: Entries) -> tuple[tuple[Expr, Expr, Expr], ...]:
    return next((entry.groups for entry in known.values()), ())


def _mapped(e: Expr, part: Bounded, ends: Callable[[Expr, Expr], tuple[Expr, Expr]], rule: str) -> Bounded:
    """A function of one part, by the ends of its range, in all and in each group."""
    at = None if part.at is None else tuple(ends(lo, hi) for lo, hi in part.at)
    return Bounded(e, *ends(part.lo, part.hi), at, rule, (part,))


def _exponential(lo: Expr, hi: Expr) -> tuple[Expr, Expr]:
    return exp(lo) if lo == hi else S.Zero, exp(hi)


def _require_one_for_all(e: Expr) -> None:
    """What stands beside the entries must be one number: an entry of another vector is another one in each term of a sum."""
    if any(q in e.free_symbols for entry in e.atoms(Indexed) for q in entry.indices):
        raise Unbounded(f"{e} has an entry of another vector")


def _sum(e: Sum, known: Entries) -> Bounded:
    if len(e.limits) != 1 or e.limits[0][1:] != (1, words.n):
        raise Unbounded("a sum over other limits")
    part = bounded(e.function, known)
    if part.at is None:
        return Bounded(e, words.n * part.lo, words.n * part.hi, None, "n terms", (part,))
    counts = [count for count, _, _ in _groups(known)]
    lo, hi = (Add(*(c * ends[q] for c, ends in zip(counts, part.at, strict=True))) for q in (0, 1))
    rule = "the dominant term, and n - 1 others" if len(counts) == 2 else "the terms of each level"
    return Bounded(e, lo, hi, None, rule, (part,))


def _add(e: Add, known: Entries) -> Bounded:
    parts = tuple(bounded(a, known) for a in e.args)
    at = _each(parts, lambda ends: (Add(*(lo for lo, _ in ends)), Add(*(hi for _, hi in ends))))
    return Bounded(e, Add(*(p.lo for p in parts)), Add(*(p.hi for p in parts)), at, "term by term", parts)


def _each(
    parts: tuple[Bounded, ...], joined: Callable[[list[tuple[Expr, Expr]]], tuple[Expr, Expr]]
) -> tuple[tuple[Expr, Expr], ...] | None:
    """The bounds of a whole in each group, from those of its parts there."""
    if any(p.at is None for p in parts):
        return None
    return tuple(joined(list(ends)) for ends in zip(*(p.at for p in parts if p.at is not None), strict=True))


def _mul(e: Mul, known: Entries) -> Bounded:
    """A product of factors, one after the other; each has a sign, or multiplies a constant."""
    constant, rest = e.as_independent(*known, as_Add=False)
    _require_one_for_all(constant)
    parts = tuple(bounded(f, known) for f in Mul.make_args(rest))

    def product(ends: list[tuple[Expr, Expr]]) -> tuple[Expr, Expr]:
        lo, hi = ends[0]
        for low, high in ends[1:]:
            if not (signs.nonnegative(lo) and signs.nonnegative(low)):
                raise Unbounded(f"the product {rest} of factors of unknown sign")
            lo, hi = lo * low, hi * high
        if signs.nonnegative(-constant):
            return constant * hi, constant * lo
        if signs.nonnegative(constant):
            return constant * lo, constant * hi
        raise Unbounded(f"the sign of {constant} is not known")

    return Bounded(e, *product([(p.lo, p.hi) for p in parts]), _each(parts, product), "factor by factor", parts)


def _mean(e: Mul, known: Entries) -> Bounded | None:
    """c sum_j w_j g_j / sum_j w_j with w > 0: a weighted mean of g, times what else is a factor."""
    sums = [f for f in e.args if isinstance(f, Sum)]
    inverse = [f.base for f in e.args if isinstance(f, Pow) and f.exp.is_negative and isinstance(f.base, Sum)]
    for above in sums:
        for below in inverse:
            index = above.limits[0][0]
            weight = below.function.xreplace({below.limits[0][0]: index})
            ratio = moments.normal(above.function / weight)
            if ratio.has(Sum) or not signs.positive(weight) or above.limits[0][1:] != below.limits[0][1:]:
                continue
            try:
                parts = bounded(ratio, known), bounded(e * below / above, known)
            except Unbounded:
                continue
            mean, factor = parts
            fixed = factor.lo == factor.hi and signs.nonnegative(factor.lo)
            if fixed or (signs.nonnegative(mean.lo) and signs.nonnegative(factor.lo)):
                return Bounded(e, factor.lo * mean.lo, factor.hi * mean.hi, None, "a weighted mean", parts)
    return None


def _pow(e: Pow, known: Entries) -> Bounded:
    part = bounded(e.base, known)
    if not signs.nonnegative(part.lo):
        raise Unbounded(f"the power {e} of what may be negative")
    if signs.nonnegative(e.exp):
        return _mapped(e, part, lambda lo, hi: (lo**e.exp if lo != 0 else S.Zero, hi**e.exp), "the power rises")
    if signs.nonnegative(-e.exp) and signs.positive(part.lo):
        return _mapped(e, part, lambda lo, hi: (hi**e.exp, lo**e.exp), "the power falls")
    raise Unbounded(f"the sign of the exponent {e.exp} is not known")


def holds(tree: Bounded, known: Entries) -> bool:
    """Whether each step of a tree follows from its parts: each is derived again from its expression alone."""
    try:
        return bounded(tree.expression, known) == tree and all(holds(part, known) for part in tree.parts)
    except Unbounded:
        return False


def at_most(smaller: Expr, larger: Expr) -> bool:
    """Whether smaller <= larger by the form of their difference; n >= 1, n >= m, and n > m below Delta."""
    gap = expand((larger - smaller).expand(log=True, force=True))
    # Below m ties there is another entry wherever the distance to it is spoken of.
    counted = words.m + 1 if gap.has(words.Delta) else words.m if gap.has(words.m) else S.One
    candidates = [gap, factored(gap), others(gap, counted).expand()]
    return any(signs.nonnegative(c) or c == 0 for c in candidates)
