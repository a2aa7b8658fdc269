"""Guarded values: each is an ordinary expression, and the way in which floats compute it without losing what it is made of.

A float form is an expression that holds such values. It means what it says: `meaning` writes it as an ordinary expression, which is
proved equal to the definition; `computed` is what is lowered. Where there are two ways, a test settles entry by entry which is
taken, so that ordinary rows pay for the test alone where the arithmetic evaluates on demand.
"""

from __future__ import annotations

from sympy import Abs, Expr, Function, Indexed, Pow, S, exp, log, sqrt
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym.program.lower import over, root, select, times
from smoothsym.program.stabilise import proved_equal

TINY = S(2) ** -100
"""Above the smallest normal number of float32 and wider, with room for a sum: weights below it are computed the careful way."""


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
        return select(weight - TINY, times(factor, weight), careful)


class beyond_one(Guarded):
    """beyond_one(u, q) = (1 + u)^q, for u >= 0."""

    nargs = 2

    @property
    def meaning(self) -> Expr:
        return (1 + self.args[0]) ** self.args[1]

    @property
    def computed(self) -> Expr:
        u, exponent = self.args
        # A large power multiplies what the sum 1 + u has lost.
        return select(Abs(exponent) - 1, exp(exponent * log1p(u)), (1 + u) ** exponent)


class scaled(Guarded):
    """scaled(f, w) = f w, for a guarded power w."""

    nargs = 2

    @property
    def meaning(self) -> Expr:
        factor, power = self.args
        return factor * (power.meaning if isinstance(power, Guarded) else power)

    @property
    def computed(self) -> Expr:
        factor, power = self.args
        *base, exponent = power.args
        whole, half = power.computed, power.func(*base, exponent / 2).computed
        careful = times(times(factor, half), half)
        return select(whole - TINY, select(1 / TINY - whole, times(factor, whole), careful), careful)


class last(Guarded):
    """last(f, w) = f w, multiplied when w is known: a large f times a part of w may overflow."""

    nargs = 2

    @property
    def meaning(self) -> Expr:
        return self.args[0] * self.args[1]

    @property
    def computed(self) -> Expr:
        return times(*self.args)


class quotient_power(Guarded):
    """quotient_power(y, z, q) = (y / z)^q, for y >= 0 and z > 0."""

    nargs = 3

    @property
    def meaning(self) -> Expr:
        above, below, exponent = self.args
        return (above / below) ** exponent

    @property
    def computed(self) -> Expr:
        above, below, exponent = self.args
        quotient = over(above, below)
        root = times(above ** (exponent / 2), below ** (-exponent / 2))
        plain, careful = quotient**exponent, times(root, root)
        whole, rest = exponent.as_coeff_Add()
        if whole != 0 and rest != 0:
            # A small p loses its digits in p - 1, and the power multiplies what is lost by the log of the quotient.
            split = times(times(above ** (rest / 2), below ** (-rest / 2)), over(sqrt(above), sqrt(below)) ** whole)
            small = S.Half - Abs(rest)
            plain = select(small, times(quotient**rest, quotient**whole), plain)
            careful = select(small, times(split, split), careful)
        # A large power of what leaves the range leaves it too.
        careful = select(1 - Abs(exponent), careful, plain)
        return select(quotient - TINY, select(1 / TINY - quotient, plain, careful), careful)


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
        ratio = select(quotient - TINY, select(1 / TINY - quotient, log(quotient), apart), apart)
        return expm1(times(exponent, ratio))


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
    if not e.args or isinstance(e, Indexed):
        return e
    e = e.func(*(primitive(argument) if isinstance(argument, Expr) else argument for argument in e.args))
    if isinstance(e, Pow) and abs(e.exp) == 2:
        return times(e.base, e.base) ** (e.exp / 2)
    if isinstance(e, Pow) and abs(e.exp) == S.Half:
        return root(e.base) ** (2 * e.exp)
    return e


def meaning(form: Expr) -> Expr:
    """A float form as an ordinary expression."""
    return _unfolded(form, "meaning")


def _unfolded(e: Expr, how: str) -> Expr:
    """The expression with every guarded value written out, the outer ones first: they look at the inner ones."""
    if isinstance(e, Guarded):
        return _unfolded(getattr(e, how), how)
    if not e.args or isinstance(e, Indexed):
        return e
    return e.func(*(_unfolded(argument, how) if isinstance(argument, Expr) else argument for argument in e.args))
