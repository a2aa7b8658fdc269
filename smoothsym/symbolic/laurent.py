"""Towards a finite point, an expression is a Laurent series in the distance t to it, with sums expanded term by term.

An exponential with a pole in its exponent stands before the series: n^(1/t) = exp(log(n)/t), beside which no power of t counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from typing import Any

from sympy import Abs, Add, Dummy, Expr, Indexed, Mul, Pow, S, Sum, Symbol, erf, exp, expand, factorial, log, sign

from smoothsym import words
from smoothsym.symbolic import moments
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.growth import Undecided, Unknown, taylor

SMALL = 8
"""The whole powers up to which a series is multiplied out."""

Pole = tuple[Expr, ...]
"""The coefficients of 1/t, 1/t^2, ... in an exponent."""


@dataclass(frozen=True)
class Laurent:
    """exp(sum_k pole[k] t^(-1-k)) sum_k coefficients[k] t^(valuation + k), known to len(coefficients) terms."""

    valuation: int
    coefficients: tuple[Expr, ...]
    pole: Pole = ()

    @property
    def end(self) -> int:
        """The first power that is not known."""
        return self.valuation + len(self.coefficients)

    def trimmed(self) -> Laurent:
        v, c = self.valuation, self.coefficients
        while c and c[0] == 0:
            v, c = v + 1, c[1:]
        return Laurent(v, c, self.pole)


class Fractional(Undecided):
    """A fractional power of the parameter, of denominator `root`; a series in that root of it may do."""

    def __init__(self, root: int) -> None:
        super().__init__("a fractional power of the parameter")
        self.root = root


class Near:
    """The arithmetic of Laurent series in `t`, to `size` terms; `known` are the signs that a case assumes of quantities."""

    def __init__(self, t: Symbol, size: int, known: Mapping[Expr, int] | None = None) -> None:
        self.t, self.size, self.known = t, size, known or {}

    def constant(self, c: Expr) -> Laurent:
        return self.monomial(c, 0)

    def monomial(self, c: Expr, degree: int) -> Laurent:
        return Laurent(degree, (S(c),) + (S.Zero,) * (self.size - 1))

    def add(self, a: Laurent, b: Laurent) -> Laurent:
        if _sum(a.pole, tuple(-c for c in b.pole)):
            raise Undecided("exponentials with different poles")
        v = min(a.valuation, b.valuation)
        end = min(a.end, b.end)

        def at(s: Laurent, power: int) -> Expr:
            return s.coefficients[power - s.valuation] if power >= s.valuation else S.Zero

        return Laurent(v, tuple(expand(at(a, q) + at(b, q)) for q in range(v, end)), a.pole)

    def mul(self, a: Laurent, b: Laurent) -> Laurent:
        size = min(len(a.coefficients), len(b.coefficients))
        products = (Add(*(a.coefficients[q] * b.coefficients[k - q] for q in range(k + 1))) for k in range(size))
        return Laurent(a.valuation + b.valuation, tuple(map(expand, products)), _sum(a.pole, b.pole))

    def compose(self, small: Laurent, coefficient: Callable[[int], Expr]) -> Laurent:
        """sum_k coefficient(k) small^k for a series without a constant term."""
        total, power = self.constant(coefficient(0)), self.constant(S.One)
        for k in range(1, self.size):
            power = self.mul(power, small)
            total = self.add(total, self.mul(self.constant(coefficient(k)), power))
        return total

    def relative(self, a: Laurent) -> tuple[int, Expr, Laurent]:
        """a = c t^v (1 + rest), but for an exponential that stands before."""
        a = a.trimmed()
        if not a.coefficients:
            raise Undecided("every term that was kept cancels")
        c = a.coefficients[0]
        c = self.head(c)
        return a.valuation, c, Laurent(0, (S.Zero, *(expand(d / c) for d in a.coefficients[1:])))

    def head(self, c: Expr) -> Expr:
        """A leading coefficient, factored; refused where it may vanish, and asked for where explicit entries decide."""
        c = factored(c) if c.is_Add and not c.has(Sum) else c
        for part in Mul.make_args(c):
            base = part.as_base_exp()[0]
            if base.is_nonzero or base in self.known or -base in self.known or moments.positive(base):
                continue
            if base.has(Sum) or not base.has(Indexed):
                raise Undecided(f"whether {base} vanishes is not known")
            raise Unknown(base)
        return c

    def signed(self, e: Expr) -> Expr:
        """The moduli and signs of what a case assumes the sign of, written out."""
        swaps: dict[Expr, Expr] = {}
        for quantity, value in self.known.items():
            for q, s in ((quantity, value), (-quantity, -value)):
                swaps |= {Abs(q): s * q, sign(q): S(s)}
        return e.replace(lambda q: q in swaps, lambda q: swaps[q]) if swaps else e

    def direction(self, c: Expr) -> Expr:
        """1 or -1, times signs of entries that are not zero where c is defined: c is a positive multiple of it, for n >= 2."""
        many = factored(c.subs(words.n, Dummy("n", integer=True, positive=True) + 1))
        turn = S.One
        below = {f.as_base_exp()[0] for f in Mul.make_args(many) if f.as_base_exp()[1].is_negative}
        for base, power in (f.as_base_exp() for f in Mul.make_args(many)):
            if base.is_positive or base.is_negative:
                turn *= -1 if base.is_negative and power.is_odd else 1
            elif base in self.known or -base in self.known:
                turn *= (self.known[base] if base in self.known else -self.known[-base]) if power.is_odd else 1
            elif isinstance(base, sign) and below & {base.args[0], Abs(base.args[0])}:
                turn *= base ** (power % 2)
            elif power.is_negative and (moments.positive(base) or (isinstance(base, Indexed) and power.is_even)):
                continue  # Off its zeros, where c is not defined.
            elif moments.positive(base) and not base.has(Abs):
                continue
            elif base.has(Indexed) and not base.has(Sum):
                raise Unknown(base.args[0] if isinstance(base, Abs | sign) else base)
            else:
                raise Undecided(f"it diverges, with the sign of {c}")
        return turn

    def power(self, a: Laurent, q: Expr) -> Laurent:
        if q.is_Integer and 0 < q <= SMALL:
            return reduce(self.mul, [a] * int(q))  # whether its leading coefficient vanishes does not matter
        v, c, rest = self.relative(a)
        if not (v * q).is_Integer:
            raise Fractional(int((v * q).q)) if (v * q).is_Rational else Undecided("a power that is no number")
        if not q.is_integer and not (moments.positive(c) or c.is_positive or c.is_nonnegative):
            raise Undecided(f"the power {q} of {c}, whose sign is not known")
        series = self.compose(rest, lambda k: reduce(lambda u, w: u * (q - w) / (w + 1), range(k), S.One))
        found = self.mul(self.monomial(self.signed(c**q), int(v * q)), series)
        return Laurent(found.valuation, found.coefficients, _sum(tuple(q * d for d in a.pole), ()))

    def log(self, a: Laurent) -> Laurent:
        v, c, rest = self.relative(a)
        if v:
            raise Undecided("the logarithm of a power of the parameter")
        series = self.compose(rest, lambda k: S.Zero if k == 0 else S.NegativeOne ** (k + 1) / k)
        total = self.add(self.constant(log(c)), series)
        for k, d in enumerate(a.pole, 1):
            total = self.add(self.monomial(d, -k), total)
        return total

    def exp(self, a: Laurent) -> Laurent:
        if a.pole:
            raise Undecided("an exponential with a pole inside another function")
        a = a.trimmed()
        if a.end <= 0:
            raise Undecided("the exponent is not known to its constant term")
        at = {a.valuation + k: c for k, c in enumerate(a.coefficients)}
        rest = Laurent(0, (S.Zero, *(at.get(k, S.Zero) for k in range(1, a.end))))
        found = self.mul(self.constant(exp(at.get(0, S.Zero))), self.compose(rest, lambda k: 1 / factorial(k)))
        pole = tuple(at.get(-k, S.Zero) for k in range(1, -a.valuation + 1))
        return Laurent(found.valuation, found.coefficients, _sum(pole, ()))

    def erf(self, a: Laurent) -> Laurent:
        a = a.trimmed()
        if a.pole or (a.coefficients and a.valuation < 0) or a.end <= 0:
            raise Undecided("erf of a pole")
        at = {a.valuation + k: c for k, c in enumerate(a.coefficients)}
        rest = Laurent(0, (S.Zero, *(at.get(k, S.Zero) for k in range(1, a.end))))
        return self.compose(rest, lambda k: taylor(erf, at.get(0, S.Zero), k))

    def expand(self, e: Expr) -> Laurent:
        if e == self.t:
            return self.monomial(S.One, 1)
        if self.t not in e.free_symbols:
            return self.constant(e)
        if isinstance(e, Sum):
            inner = self.expand(e.function)
            if inner.pole:
                raise Undecided("a sum of exponentials with poles")
            return Laurent(inner.valuation, tuple(summed(c, e.limits) for c in inner.coefficients))
        if isinstance(e, Add):
            return reduce(self.add, (self.expand(a) for a in e.args))
        if isinstance(e, Mul):
            return reduce(self.mul, (self.expand(a) for a in e.args))
        if isinstance(e, exp):
            return self.exp(self.expand(e.args[0]))
        if isinstance(e, log):
            return self.log(self.expand(e.args[0]))
        if isinstance(e, erf):
            return self.erf(self.expand(e.args[0]))
        if isinstance(e, Pow) and self.t not in e.exp.free_symbols:
            return self.power(self.expand(e.base), e.exp)
        if isinstance(e, Pow):
            return self.exp(self.mul(self.expand(e.exp), self.log(self.expand(e.base))))
        raise Undecided(f"no rule expands {e.func.__name__} at a finite point")


def _sum(a: Pole, b: Pole) -> Pole:
    total = [expand(c + d) for c, d in zip_longest(a, b, fillvalue=S.Zero)]
    while total and total[-1] == 0:
        total.pop()
    return tuple(total)


def summed(c: Expr, limits: Any) -> Expr:
    """The sum of a coefficient, term by term; what is free of the index comes out."""
    total = S.Zero
    for term in Add.make_args(expand(c)):
        for lim in limits:
            free, bound = term.as_independent(lim[0], as_Add=False)
            term = free * (Sum(bound, lim) if bound != 1 else lim[2] - lim[1] + 1)
        total += term
    return total
