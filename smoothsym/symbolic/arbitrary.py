"""An arbitrary function: nothing is known of it but that it is real and has derivatives, which are arbitrary functions again."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Function


class Arbitrary(Function):
    """One of the functions g, g', g'', ...; a subclass says which and what its derivative is."""

    nargs = 1
    is_real = True
    derivative: Any = None

    def fdiff(self, argindex: int = 1) -> Expr:
        if self.derivative is None:
            raise ValueError(f"{type(self).__name__} has no derivative: ask arbitrary() for a higher order")
        return self.derivative(self.args[0])

    def _latex(self, printer: Any, exp: Any = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        name = type(self).__name__
        return (
            rf"{f'({name})' if power and chr(39) in name else name}{power}\left({printer._print(self.args[0])}\right)"
        )


class _Inverse(Arbitrary):
    """g^(-1); its derivative is 1 over that of g, at its value."""

    of: Any = None

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / self.of.derivative(self)

    def _latex(self, printer: Any, exp: Any = None) -> str:
        said = rf"{self.of.__name__}^{{-1}}\left({printer._print(self.args[0])}\right)"
        return said if exp is None else rf"\left({said}\right)^{{{exp}}}"


def arbitrary(name: str, order: int = 3, **known: bool) -> type[Arbitrary]:
    """An arbitrary function with derivatives to an order; `known`, such as is_positive=True, is said of its values.

    >>> from smoothsym.words import x
    >>> g = arbitrary("g")
    >>> g(x[1]).diff(x[1])
    g'(x[1])
    """
    higher = None
    for q in range(order, -1, -1):
        said = known if q == 0 else {}
        higher = type(name + "'" * q, (Arbitrary,), {"derivative": higher, **said})
    assert higher is not None
    return higher


def inverse(of: type[Arbitrary]) -> type[Arbitrary]:
    """The inverse of an arbitrary function that has one."""
    return type(f"{of.__name__}^-1", (_Inverse,), {"of": of})
