"""Towards a finite point, an expression is a Laurent series in the distance t to it, with sums expanded term by term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sympy import Add, Dummy, Expr, Indexed, Mul, Pow, S, Sum, Symbol, exp, expand, factorial, log, simplify

from smoothsym import words
from smoothsym.symbolic import moments
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.growth import Undecided, Unknown


@dataclass(frozen=True)
class Laurent:
    """sum_k coefficients[k] t^(valuation + k), known to len(coefficients) terms."""

    valuation: int
    coefficients: tuple[Expr, ...]

    def trimmed(self) -> Laurent:
        v, c = self.valuation, self.coefficients
        while c and c[0] == 0:
            v, c = v + 1, c[1:]
        return Laurent(v, c)


class Essential(Exception):
    """exp of something with a pole."""

    def __init__(self, exponent: Laurent) -> None:
        self.exponent = exponent


class Near:
    """The arithmetic of Laurent series in `t`, to `size` terms; `nonzero` are quantities that a case assumes not to vanish."""

    def __init__(self, t: Symbol, size: int, nonzero: frozenset[Expr] = frozenset()) -> None:
        self.t, self.size, self.nonzero = t, size, nonzero

    def constant(self, c: Expr) -> Laurent:
        return self.monomial(c, 0)

    def monomial(self, c: Expr, degree: int) -> Laurent:
        return Laurent(degree, (S(c),) + (S.Zero,) * (self.size - 1))

    def add(self, a: Laurent, b: Laurent) -> Laurent:
        v = min(a.valuation, b.valuation)
        end = min(a.valuation + len(a.coefficients), b.valuation + len(b.coefficients))

        def at(s: Laurent, power: int) -> Expr:
            return s.coefficients[power - s.valuation] if power >= s.valuation else S.Zero

        return Laurent(v, tuple(expand(at(a, q) + at(b, q)) for q in range(v, end)))

    def mul(self, a: Laurent, b: Laurent) -> Laurent:
        size = min(len(a.coefficients), len(b.coefficients))
        products = (Add(*(a.coefficients[q] * b.coefficients[k - q] for q in range(k + 1))) for k in range(size))
        return Laurent(a.valuation + b.valuation, tuple(map(expand, products)))

    def compose(self, small: Laurent, coefficient: Callable[[int], Expr]) -> Laurent:
        """sum_k coefficient(k) small^k for a series without a constant term."""
        total, power = self.constant(coefficient(0)), self.constant(S.One)
        for k in range(1, self.size):
            power = self.mul(power, small)
            total = self.add(total, self.mul(self.constant(coefficient(k)), power))
        return total

    def relative(self, a: Laurent) -> tuple[int, Expr, Laurent]:
        """a = c t^v (1 + rest)."""
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
            if base.is_nonzero or base in self.nonzero or -base in self.nonzero or moments.positive(base):
                continue
            if base.has(Sum) or not base.has(Indexed):
                raise Undecided(f"whether {base} vanishes is not known")
            raise Unknown(base)
        return c

    def power(self, a: Laurent, q: Expr) -> Laurent:
        v, c, rest = self.relative(a)
        if not (v * q).is_Integer:
            raise Undecided("a fractional power of the parameter")
        if not q.is_integer and not (moments.positive(c) or c.is_positive or c.is_nonnegative):
            raise Undecided(f"the power {q} of {c}, whose sign is not known")
        series = self.compose(rest, lambda k: reduce(lambda u, w: u * (q - w) / (w + 1), range(k), S.One))
        return self.mul(self.monomial(c**q, int(v * q)), series)

    def log(self, a: Laurent) -> Laurent:
        v, c, rest = self.relative(a)
        if v:
            raise Undecided("the logarithm of a power of the parameter")
        series = self.compose(rest, lambda k: S.Zero if k == 0 else S.NegativeOne ** (k + 1) / k)
        return self.add(self.constant(log(c)), series)

    def exp(self, a: Laurent) -> Laurent:
        a = a.trimmed()
        if a.coefficients and a.valuation < 0:
            raise Essential(a)
        head = a.coefficients[0] if a.coefficients and a.valuation == 0 else S.Zero
        rest = self.add(a, self.constant(-head)) if a.coefficients else self.constant(S.Zero)
        return self.mul(self.constant(exp(head)), self.compose(rest, lambda k: 1 / factorial(k)))

    def expand(self, e: Expr) -> Laurent:
        if e == self.t:
            return self.monomial(S.One, 1)
        if self.t not in e.free_symbols:
            return self.constant(e)
        if isinstance(e, Sum):
            inner = self.expand(e.function)
            return Laurent(inner.valuation, tuple(summed(c, e.limits) for c in inner.coefficients))
        if isinstance(e, Add):
            return reduce(self.add, (self.expand(a) for a in e.args))
        if isinstance(e, Mul):
            return reduce(self.mul, (self.expand(a) for a in e.args))
        if isinstance(e, exp):
            return self.exp(self.expand(e.args[0]))
        if isinstance(e, log):
            return self.log(self.expand(e.args[0]))
        if isinstance(e, Pow) and self.t not in e.exp.free_symbols:
            return self.power(self.expand(e.base), e.exp)
        if isinstance(e, Pow):
            return self.exp(self.mul(self.expand(e.exp), self.log(self.expand(e.base))))
        raise Undecided(f"no rule expands {e.func.__name__} at a finite point")


def summed(c: Expr, limits: Any) -> Expr:
    """The sum of a coefficient, term by term; what is free of the index comes out."""
    total = S.Zero
    for term in Add.make_args(expand(c)):
        for lim in limits:
            free, bound = term.as_independent(lim[0], as_Add=False)
            term = free * (Sum(bound, lim) if bound != 1 else lim[2] - lim[1] + 1)
        total += term
    return total


def sign_for_many(c: Expr) -> int:
    """The sign of a leading coefficient for n >= 2."""
    many = simplify(c.subs(words.n, Dummy("n", integer=True, positive=True) + 1))
    if many.is_positive or many.is_negative:
        return 1 if many.is_positive else -1
    raise Undecided(f"it diverges, with the sign of {c}")
