"""A formula is written as text that reading.py reads back as the same formula."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Rational, S, Symbol
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.printing.str import StrPrinter

from smoothsym import words
from smoothsym.symbolic.reading import FUNCTIONS, read

WORDS = {"Abs": "abs", "exp": "exp", "log": "log", "sign": "sign", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh"}
WORDS |= {"maximum": "maximum", "minimum": "minimum"}
_INDICES = "jklabdeghi"


class Unwritten(ValueError):
    """A formula that the grammar has no words for."""


def written(formula: Expr) -> str:
    """The text of a formula. Raises Unwritten for what the grammar has no words for.

    >>> from sympy import Sum, exp, log
    >>> from smoothsym.words import alpha, j, n, x
    >>> written(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha)
    'log(sum(exp(alpha*x[j]), j))/alpha'
    """
    text = str(_Writer().doprint(formula))
    # What is not read back as it was had better not be written.
    known = {q.name: q for q in formula.free_symbols if isinstance(q, Symbol)}
    try:
        same = read(text, known, ("i", "k"))[0]
    except ValueError as error:
        raise Unwritten(f"{formula} cannot be written as text: {error}") from None
    if same != formula and not _alike(same, formula):
        raise Unwritten(f"{formula} is read back as {same}")
    return text


def _alike(a: Expr, b: Expr) -> bool:
    """Whether two formulas differ by the names of bound indices alone, or by hyperbolic functions that are read as exponentials."""
    plain = b.replace(lambda t: isinstance(t, HyperbolicFunction), lambda t: FUNCTIONS[type(t).__name__](*t.args))
    return str(_Writer().doprint(a)) == str(_Writer().doprint(plain))


class _Writer(StrPrinter):
    def __init__(self) -> None:
        super().__init__()
        self.bound: dict[Any, str] = {}

    def _print_Sum(self, e: Any) -> str:
        for index, low, high in e.limits:
            if low != 1 or high != words.n:
                raise Unwritten(f"the sum {e} does not run over 1..n")
            taken = set(self.bound.values()) | {q.name for q in e.free_symbols if isinstance(q, Symbol)}
            self.bound[index] = next(name for name in _INDICES if name not in taken)
        text = self._print(e.function)
        for index, *_ in e.limits:
            text = f"sum({text}, {self.bound.pop(index)})"
        return text

    def _print_Indexed(self, e: Any) -> str:
        if e.base != words.x or len(e.indices) != 1:
            raise Unwritten(f"{e} is no entry of x")
        (index,) = e.indices
        return f"x[{self.bound.get(index, index)}]"

    def _print_Function(self, e: Any) -> str:
        name = type(e).__name__
        if name not in WORDS:
            raise Unwritten(f"{name} is no function of the grammar")
        return f"{WORDS[name]}({', '.join(map(self._print, e.args))})"

    _print_Abs = _print_Function
    _print_sign = _print_Function
    _print_ExpBase = _print_Function

    def _print_IndexedBase(self, e: Any) -> str:
        if e != words.x:
            raise Unwritten(f"{e} is no vector of the grammar")
        return "x"

    def _print_Exp1(self, e: Any) -> str:
        return "exp(1)"

    def _print_Rational(self, e: Rational) -> str:
        return f"{e.p}/{e.q}" if e.q != 1 else str(e.p)

    def _print_Pow(self, e: Any, rational: bool = False) -> str:
        if e.exp is S.Half:
            return f"sqrt({self._print(e.base)})"
        return str(super()._print_Pow(e, rational))

    def emptyPrinter(self, e: Any) -> str:
        raise Unwritten(f"{e} has no words in the grammar")
