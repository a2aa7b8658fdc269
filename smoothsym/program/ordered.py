"""Arithmetic in the order in which it is written, and choices between two forms: functions that SymPy carries and merges with nothing."""

from __future__ import annotations

from sympy import Function


class either(Function):
    """either(t, a, b): two forms a = b of one value; a is the better one where t > 0, b elsewhere."""

    nargs = 3


class select(Function):
    """select(t, a, b): a where t > 0, b elsewhere."""

    nargs = 3


class refined(Function):
    """refined(t, a, b): two forms a = b of one value, a where t > 0; b loses no more, to first order, than a would where b is taken.

    So a formula that bounds the error of a holds for both. Whoever writes it shows that; tests check it on rows.
    """

    nargs = 3


class times(Function):
    """times(a, b): the product, multiplied in this order and merged with nothing."""

    nargs = 2


class over(Function):
    """over(a, b): the quotient, divided in this order and merged with nothing."""

    nargs = 2


class minus(Function):
    """minus(a, b): the difference, taken in this order and merged with nothing."""

    nargs = 2
