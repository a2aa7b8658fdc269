"""Guarded values: each is an ordinary expression, and the way in which floats compute it without losing what it is made of.

A float form is an expression that holds such values. It means what it says: `meaning` writes it as an ordinary expression, which is
proved equal to the definition; `computed` is what is lowered. Where there are two ways, a test settles entry by entry which is
taken, so that ordinary rows pay for the test alone where the arithmetic evaluates on demand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from sympy import Abs, Expr, Function, Indexed, Mul, Pow, S, exp, log, sqrt, together
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym.program.lower import either, over, root, select, times
from smoothsym.program.ordered import minus, refined
from smoothsym.program.stabilise import proved_equal

MARGIN = S(2) ** -60
"""In every format, a number times this is 0 where it is so near the smallest one that it may lack digits."""


def in_range(value: Expr, plain: Expr, careful: Expr) -> Expr:
    """`plain` where a value >= 0 has all its digits: it is neither about to underflow, nor infinite, nor nan."""
    return select(times(value, MARGIN), select(over(S.One, value), plain, careful), careful)


class Guarded(Function):
    """A value that is computed one of two ways, depending on its size."""

    @property
    def meaning(self) -> Expr:
        """The value, as an ordinary expression."""
        raise NotImplementedError

    @property
    def computed(self) -> Expr:
        """The same as an expression that is lowered as it stands."""
        raise NotImplementedError


class weighted(Guarded):
    """weighted(f, t) = f exp(t)."""

    nargs = 2

    @property
    def meaning(self) -> Expr:
        return self.args[0] * exp(self.args[1])

    @property
    def computed(self) -> Expr:
        factor, exponent = self.args
        weight, half = exp(exponent), exp(exponent / 2)
        # An exponential that vanishes has more weight than a factor that overflows.
        careful = select(half, times(times(factor, half), half), half)
        return select(times(weight, MARGIN), times(factor, weight), careful)


class share_and_more(Guarded):
    """share_and_more(q, t, z) = (1 + q) exp(t) / z, as a share w and q w beside it: where q is small, that is rounded once less.

    Below q = -1 it is a product, since q w would be rounded in larger units than what is left of w. Around q = -2, where the
    derivative by t is 0 and nothing else is lost, 1 + q counts: it is (1 + t) + (q - t) where q - t is small, for 1 + t is exact
    there, and otherwise 1 + q by itself, for then q is. In units of u w, w + q w and q lose |q| each and the sum |1 + q|; the
    product loses |1 + q| and 1 + q itself as much, after either |q|, or |1 + t| <= |1 + q| + 1/2: less, for |1 + q| = |q| - 1.
    """

    nargs = 3

    @property
    def meaning(self) -> Expr:
        more, exponent, total = self.args
        return (1 + more) * exp(exponent) / total

    @property
    def computed(self) -> Expr:
        more, exponent, total = self.args
        weight, share = exp(exponent), over(exp(exponent), total)
        factor = select(S.Half - Abs(more - exponent), 1 + more, minus(more, -S.One))
        near = refined(1 + more, share + times(more, share), times(factor, share))
        return select(times(weight, MARGIN), near, weighted(1 + more, exponent) / total)


class quotient(Guarded):
    """quotient(y, z) = y / z, divided before either meets anything else."""

    nargs = 2

    @property
    def meaning(self) -> Expr:
        return self.args[0] / self.args[1]

    @property
    def computed(self) -> Expr:
        return over(*self.args)


class GuardedPower(Guarded):
    """A power, which may leave the range where its fourth root does not."""

    @property
    def fourth(self) -> Expr:
        """Its fourth root."""
        raise NotImplementedError


class beyond_one(GuardedPower):
    """beyond_one(u, q) = (1 + u)^q, for u >= 0."""

    nargs = 2

    @property
    def meaning(self) -> Expr:
        return (1 + self.args[0]) ** self.args[1]

    @property
    def computed(self) -> Expr:
        u, exponent = self.args
        # A large power multiplies what the sum 1 + u has lost.
        return select(Abs(exponent) - 1, exp(_times_power(log1p(u), exponent)), (1 + u) ** exponent)

    @property
    def fourth(self) -> Expr:
        u, exponent = self.args
        return exp(_times_power(log1p(u), exponent) / 4)


class scaled(Guarded):
    """scaled(f, r, w, ...) = f r w ..., for guarded powers w and an r that is neither large nor small."""

    @property
    def meaning(self) -> Expr:
        return Mul(*(a.meaning if isinstance(a, GuardedPower) else a for a in self.args))

    @property
    def computed(self) -> Expr:
        factor, ratio, *powers = self.args
        wholes = [power.computed for power in powers]
        whole, fourth = reduce(times, wholes), reduce(times, [power.fourth for power in powers])
        # f comes last, since what stands before it may be rounded where it is large or small.
        plain = _beside(factor, _beside(ratio, whole))
        careful = reduce(times, [_beside(ratio, fourth), fourth, fourth], _beside(factor, fourth))
        for value in dict.fromkeys([*wholes, whole]):
            plain = in_range(value, plain, careful)
        return plain


def _beside(factor: Expr, value: Expr) -> Expr:
    return value if factor == 1 else times(factor, value)


class last(Guarded):
    """last(f, w) = f w, multiplied when w is known: a large f times a part of w may overflow."""

    nargs = 2

    @property
    def meaning(self) -> Expr:
        return self.args[0] * self.args[1]

    @property
    def computed(self) -> Expr:
        return times(*self.args)


class quotient_power(GuardedPower):
    """quotient_power(y, z, q) = (y / z)^q, for y >= 0 and z > 0."""

    nargs = 3

    @property
    def meaning(self) -> Expr:
        above, below, exponent = self.args
        return (above / below) ** exponent

    @property
    def computed(self) -> Expr:
        above, below, exponent = self.args
        whole, rest = exponent.as_coeff_Add() if self._split else (S.Zero, exponent)
        quotient, small = over(above, below), S.Half - Abs(rest)
        plain, near = quotient**exponent, times(above**rest, below**-rest)
        if self._split:
            plain = select(small, times(quotient**rest, self._whole(whole, above, below)), plain)
            # By square roots, so that what underflows is the result.
            half = self._whole(S(1 if whole > 0 else -1), sqrt(above), sqrt(below))
            near = reduce(times, [half] * (2 * abs(whole)), near)
        square = times(self.fourth, self.fourth)
        # A large power of what leaves the range leaves it too.
        careful = select(small, near, select(3 - Abs(exponent), times(square, square), plain))
        return in_range(quotient, plain, careful)

    @property
    def fourth(self) -> Expr:
        above, below, exponent = self.args
        root = times(above ** (exponent / 4), below ** (-exponent / 4))
        if self._split:
            whole, rest = exponent.as_coeff_Add()
            split = times(above ** (rest / 4), below ** (-rest / 4))
            quarter = self._whole(whole, sqrt(sqrt(above)), sqrt(sqrt(below)))
            root = select(S.Half - Abs(rest), times(split, quarter), root)
        return select(3 - Abs(exponent), root, over(above, below) ** (exponent / 4))

    @property
    def _split(self) -> bool:
        """A small p loses its digits in p - 1, and the power multiplies what is lost by the log of the quotient."""
        whole, rest = self.args[2].as_coeff_Add()
        return bool(whole != 0 and rest != 0)

    @staticmethod
    def _whole(whole: Expr, above: Expr, below: Expr) -> Expr:
        return over(above, below) ** whole if whole > 0 else over(below, above) ** -whole


class distance_power(quotient_power):
    """distance_power(y, z, q) = (y / z)^q, where y - z matters as well: then a large power is one of the distance."""

    @property
    def computed(self) -> Expr:
        return self._chosen(exp(times(self.args[2], self._logarithm)), super().computed)

    @property
    def fourth(self) -> Expr:
        return self._chosen(exp(times(self.args[2], self._logarithm) / 4), super().fourth)

    @property
    def _logarithm(self) -> Expr:
        above, below, _ = self.args
        return log1p(over(above - below, below))

    def _chosen(self, near: Expr, far: Expr) -> Expr:
        above, below, exponent = self.args
        return select(Abs(exponent) - 4, select(below / 8 - Abs(above - below), near, far), far)


class mean_power(GuardedPower):
    """mean_power(m, e, q) = m^q, for a mean m = 1 + e of positive numbers."""

    nargs = 3

    @property
    def meaning(self) -> Expr:
        mean, excess, exponent = self.args
        return either(excess, (1 + excess) ** exponent, mean**exponent)

    @property
    def computed(self) -> Expr:
        return self._root(1)

    @property
    def fourth(self) -> Expr:
        return self._root(4)

    def _root(self, k: int) -> Expr:
        mean, excess, exponent = self.args
        plain = mean ** (exponent / k)
        near = exp(_times_power(log1p(excess), exponent) / k)
        return select(Abs(exponent) - 1, select(excess + S.Half, near, plain), plain)


def _times_power(logarithm: Expr, exponent: Expr) -> Expr:
    """A logarithm times an exponent; log / p is rounded once less than log (1 / p)."""
    above, below = together(exponent).as_numer_denom()
    return over(logarithm if above == 1 else times(above, logarithm), below)


class power_excess(Guarded):
    """power_excess(y, z, q) = (y / z)^q - 1, for y > 0 and z > 0."""

    nargs = 3

    @property
    def meaning(self) -> Expr:
        above, below, exponent = self.args
        return (above / below) ** exponent - 1

    @property
    def computed(self) -> Expr:
        above, below, exponent = self.args
        quotient, apart = over(above, below), log(above) - log(below)
        return expm1(times(exponent, in_range(quotient, log(quotient), apart)))


class exprel(Guarded):
    """exprel(t) = expm1(t) / t, 1 at 0."""

    nargs = 1

    @property
    def meaning(self) -> Expr:
        return (exp(self.args[0]) - 1) / self.args[0]

    @property
    def computed(self) -> Expr:
        return select(Abs(self.args[0]), over(expm1(self.args[0]), self.args[0]), S.One)


class log1prel(Guarded):
    """log1prel(u) = log1p(u) / u, 1 at 0."""

    nargs = 1

    @property
    def meaning(self) -> Expr:
        return log(1 + self.args[0]) / self.args[0]

    @property
    def computed(self) -> Expr:
        return select(Abs(self.args[0]), over(log1p(self.args[0]), self.args[0]), S.One)


# ---- what a form means, and what computes it -------------------------------------------------------------------------------------


def proved(form: Expr, definition: Expr, domain: str = "real") -> bool:
    """Whether a float form is proved equal to a definition for every n, every shift and either way of computing each part."""
    return proved_equal(meaning(form), definition, domain)


def computed(form: Expr) -> Expr:
    """A float form as the expression that is lowered."""
    return primitive(_unfolded(form, "computed"))


def primitive(e: Expr) -> Expr:
    """The expression with x^2 as the product x x and x^(1/2) as a root: float code that is rounded once."""

    def rounded_once(e: Expr) -> Expr:
        if isinstance(e, Pow) and abs(e.exp) == 2:
            return times(e.base, e.base) ** (e.exp / 2)
        if isinstance(e, Pow) and abs(e.exp) == S.Half:
            return root(e.base) ** (2 * e.exp)
        return e

    return _rebuilt(e, lambda e: e, rounded_once, {})


def meaning(form: Expr) -> Expr:
    """A float form as an ordinary expression."""
    return _unfolded(form, "meaning")


def _unfolded(e: Expr, how: str) -> Expr:
    """The expression with every guarded value written out, the outer ones first: they look at the inner ones."""

    def written(e: Expr) -> Expr:
        while isinstance(e, Guarded):
            e = getattr(e, how)
        return e

    return _rebuilt(e, written, lambda e: e, {})


Change = Callable[[Expr], Expr]


def _rebuilt(e: Expr, before: Change, after: Change, known: dict[Expr, Expr]) -> Expr:
    """The expression changed from the top and then from the bottom; a part that occurs often is changed once."""
    if e not in known:
        part = before(e)
        if part.args and not isinstance(part, Indexed):
            args = (_rebuilt(a, before, after, known) if isinstance(a, Expr) else a for a in part.args)
            part = after(part.func(*args))
        known[e] = part
    return known[e]
