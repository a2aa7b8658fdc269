"""The words of the field as SymPy objects: the vector, its length, indices, parameters, and the functions max, min and mean."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Function, IndexedBase, Symbol

x = IndexedBase("x", real=True)
"""The input vector, of symbolic length n; its entries are x[1], ..., x[n]."""

v = IndexedBase("v", real=True)
"""A direction, or a vector to multiply by."""

w = IndexedBase("w", positive=True)
"""Weights: how many times each entry counts."""

n = Symbol("n", integer=True, positive=True)
i, j, k = (Symbol(name, integer=True) for name in "ijk")
"""i and k are free indices; j is a summed one."""

alpha = Symbol("alpha", real=True)
p = Symbol("p", real=True)
eps = Symbol("eps", nonnegative=True)
q = Symbol("q", nonnegative=True)
"""The order of an entropy."""
gamma = Symbol("gamma", nonnegative=True)
"""How strong a regulariser is."""
c = Symbol("c", real=True)
u = Symbol("u", positive=True)
"""Unit roundoff."""

m = Symbol("m", integer=True, positive=True)
"""How many entries tie for the extreme value that a limit selects."""
m2 = Symbol("m2", integer=True, positive=True)
"""How many entries tie for the second distinct value."""
Delta = Symbol("Delta", positive=True)
"""The gap between the extreme value and the second distinct one."""
rho = Symbol("rho", positive=True)
"""The ratio, below 1, between the extreme modulus and the second distinct one."""


class Reduction(Function):
    """A function of a whole vector, left unevaluated: SymPy carries it, the program evaluates it."""

    nargs = 1
    _latex_name = ""

    def _eval_is_real(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: Any = None) -> str:
        argument = self.args[0]
        text = (
            rf"\{self._latex_name}" if self._latex_name in ("max", "min") else rf"\operatorname{{{self._latex_name}}}"
        )
        body = printer._print(argument)
        return rf"{text} {body}" if exp is None else rf"\left({text} {body}\right)^{{{exp}}}"


class maximum(Reduction):
    """The largest entry of a vector (or, of an expression in an index, over that index).

    >>> maximum(x)
    maximum(x)
    """

    _latex_name = "max"


class minimum(Reduction):
    """The smallest entry of a vector."""

    _latex_name = "min"


class mean(Reduction):
    """The arithmetic mean of the entries of a vector."""

    _latex_name = "mean"


def is_vector(expression: Expr) -> bool:
    """Whether an expression is the bare input vector."""
    return isinstance(expression, IndexedBase)
