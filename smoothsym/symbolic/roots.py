"""Numbers that an equation tells: Lambert's W, the constant Lambda(n), or whatever root a law needs.

A root is where an expression in z, negative before and positive behind, vanishes. An identity in a root is proved by taking the
root for a free number and what the equation is linear in, such as n, for a function of it.
"""

from __future__ import annotations

from typing import Any

from sympy import Dummy, Expr, Function, LambertW, S, Symbol, exp, fraction, oo, together

from smoothsym import words


class Implicit(Function):
    """A number z in the half-open `interval` at which `equation` vanishes: it is negative before z, and positive behind.

    A subclass says which; both are functions of its arguments, and the first end is exact.
    """

    interval: tuple[Any, Any] = (S.Zero, oo)

    def equation(self, z: Expr) -> Expr:
        """What vanishes at z."""
        raise NotImplementedError(type(self).__name__)

    def _sympystr(self, printer: Any) -> str:
        return f"{type(self).__name__}({', '.join(map(printer._print, self.args))})"

    def _eval_is_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool | None:
        return bool(self.interval[0] >= 0) or None

    def _eval_is_positive(self) -> bool | None:
        return bool(self.interval[0] > 0) or None


class Lambda(Implicit):
    """The root z >= 1 of z tanh(z - log(n - 1)/2) = 1; 1 for n = 1.

    It is the largest sum of moduli of w_i (1 + log w_i + H(w)) over weights w_1, ..., w_n, H their entropy.
    """

    nargs = 1
    interval = (S.One, oo)

    def equation(self, z: Expr) -> Expr:
        # tanh = (e^(2 z) - (n - 1))/(e^(2 z) + n - 1), multiplied out; divided by e^(2 z) (z + 1) it is (z - 1)/(z + 1) less a falling term.
        others = self.args[0] - 1
        return exp(2 * z) * (z - 1) - others * (z + 1)

    def _latex(self, printer: Any, exp: Any = None) -> str:
        said = rf"\Lambda_{{{printer._print(self.args[0])}}}"
        return said if exp is None else f"{said}^{{{exp}}}"


def is_root(e: Any) -> bool:
    """Whether an expression is a number that an equation tells."""
    return isinstance(e, Implicit) or (isinstance(e, LambertW) and len(e.args) == 1)


def roots(e: Expr) -> list[Expr]:
    """The numbers in an expression that an equation tells, innermost first, in an order of their own."""
    return sorted((a for a in e.atoms(Implicit, LambertW) if is_root(a)), key=lambda a: (a.count_ops(), str(a)))


def equation_of(root: Expr, z: Expr) -> Expr:
    """The equation of a root in z: negative before it, positive behind."""
    if isinstance(root, LambertW):
        return z * exp(z) - root.args[0]
    assert isinstance(root, Implicit)
    return root.equation(z)


def interval_of(root: Expr) -> tuple[Expr, Expr]:
    """Where a root lies: from the first end on, below the second. Lambert's W is that of a number >= 0."""
    return (S.Zero, oo) if isinstance(root, LambertW) else root.interval


_PLACE = Dummy("s", nonnegative=True)


def told_by(root: Expr, by: Symbol = words.n) -> dict[Expr, Expr]:
    """The root as a free number of its interval, and the symbol as the function of it that the equation makes of it.

    Empty where the equation is not linear in the symbol. Every n has a root, so what is identical in the root holds for every n.

    >>> from smoothsym.words import n
    >>> told_by(Lambda(n))[Lambda(n)]
    _s + 1
    """
    low, high = interval_of(root)
    place = low + _PLACE if high == oo else low + (high - low) * _PLACE / (1 + _PLACE)
    equation = fraction(together(equation_of(root, place)))[0].expand()
    slope = equation.diff(by).expand()
    if slope == 0 or slope.has(by):
        return {}
    rest = (equation - slope * by).expand()
    return {} if rest.has(by) else {root: place, by: (-rest / slope).factor()}


def others(e: Expr, counted: Expr = S.One) -> Expr:
    """n as `counted` and others, >= 0 of them: where a count has a sign."""
    return e.xreplace({words.n: counted + _OTHERS})


_OTHERS = Dummy("others", integer=True, nonnegative=True)
