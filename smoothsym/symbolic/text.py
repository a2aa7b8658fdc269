"""A formula as one line of plain text, set as mathematics is read: alpha (x[i] - f), |x[j]|^p, sum_j w[j] x[j]."""

from __future__ import annotations

from typing import Any

from sympy import And, Expr, Indexed, Integer, Piecewise, Pow, Rational, S, Sum, Symbol, exp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from smoothsym import words


def text(expression: Any) -> str:
    """An expression as one line for reading; what Python and SymPy read back is str(expression).

    >>> from sympy import exp
    >>> from smoothsym.words import alpha, i, j, n, x
    >>> text(exp(alpha * x[i]) / Sum(exp(alpha * x[j]), (j, 1, n)))
    'exp(alpha x[i])/(sum_j exp(alpha x[j]))'
    """
    known = hasattr(expression, "atoms") and all(
        lim[0].name in _WORDS for total in expression.atoms(Sum) for lim in total.limits
    )
    return str(_Printer().doprint(expression if known else _with_usual_indices(expression)))


def _with_usual_indices(e: Any, around: frozenset[str] = frozenset()) -> Any:
    """The indices of sums that are nobody's words as j, and l, r, ... inside it."""
    if not getattr(e, "args", ()) or not hasattr(e, "has") or not e.has(Sum):
        return e
    if isinstance(e, Sum):
        taken = around | {s.name for s in e.atoms(Symbol)}
        spare = (name for name in "jlrstuvxyz" if name not in taken)
        strange = [lim[0] for lim in e.limits if lim[0].name not in _WORDS]
        e = e.xreplace({index: Symbol(next(spare), integer=True) for index in strange})
        around |= {lim[0].name for lim in e.limits}
    return e.func(*(_with_usual_indices(a, around) for a in e.args))


class _Printer(StrPrinter):
    def _print(self, expr: Any, **kwargs: Any) -> str:
        # What is said here comes before what an expression says of itself to Python.
        own = vars(_Printer).get(f"_print_{type(expr).__name__}")
        return str(own(self, expr, **kwargs) if own else super()._print(expr, **kwargs))

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
        # A sum reaches as far to the right as it can, so it stands in brackets wherever something may follow it.
        if (isinstance(item, Sum) and level > 0) or (type(item).__name__ == "qexp" and level >= PRECEDENCE["Pow"]):
            return f"({self._print(item)})"
        return str(super().parenthesize(item, level, strict))

    def _print_Dummy(self, e: Any) -> str:
        # What stands for a difference bears its name.
        return e.name if e.name.isidentifier() else f"({e.name})"

    def _print_Sum(self, e: Any) -> str:
        heads = [
            f"sum_{self._print(index)}" if (low, str(high)) == (1, "n") else f"sum_({index}={low}..{high})"
            for index, low, high in e.limits
        ]
        body = self._print(e.function)
        return f"{' '.join(heads)} {f'({body})' if e.function.is_Add else body}"

    def _print_Add(self, e: Any, order: Any = None) -> str:
        said = ""
        for term in sorted(self._as_ordered_terms(e), key=_place):
            minus = _negative(term)
            shown = self.parenthesize(-term if minus else term, PRECEDENCE["Add"], strict=True)
            said += (" - " if minus else " + ") + shown if said else ("-" if minus else "") + shown
        return said

    def _print_Mul(self, e: Any) -> str:
        if _negative(e):
            return "-" + self.parenthesize(-e, PRECEDENCE["Add"], strict=False)
        above: list[Expr] = []
        below: list[Expr] = []
        for factor in e.as_ordered_factors():
            if isinstance(factor, Rational):
                above += [Integer(factor.p)] if factor.p != 1 else []
                below += [Integer(factor.q)] if factor.q != 1 else []
            elif isinstance(factor, exp) and factor.args[0].is_Integer and factor.args[0] < 0:
                below.append(exp(-factor.args[0]))
            elif isinstance(factor, Pow) and _negative(factor.exp):
                below.append(factor.base ** (-factor.exp))
            else:
                above.append(factor)
        top = self._product(above) if above else "1"
        if not below:
            return top
        bottom = self._product(below)
        return f"{top}/{bottom if len(below) == 1 else f'({bottom})'}"

    def _product(self, factors: list[Expr]) -> str:
        return " ".join(self.parenthesize(f, PRECEDENCE["Mul"]) for f in sorted(factors, key=_rank))

    def _print_Pow(self, e: Any, rational: bool = False) -> str:
        if _negative(e.exp):
            return f"1/{self.parenthesize(e.base**-e.exp, PRECEDENCE['Mul'])}"
        base = self.parenthesize(e.base, PRECEDENCE["Pow"])
        atom = isinstance(e.exp, Symbol) or (e.exp.is_Integer and e.exp >= 0)
        return f"{base}^{self._print(e.exp) if atom else f'({self._print(e.exp)})'}"

    def _print_Rational(self, e: Any) -> str:
        return f"{e.p}/{e.q}"

    def _print_Exp1(self, e: Any) -> str:
        return "e"

    def _print_exp(self, e: Any) -> str:
        (power,) = e.args
        return f"e^{power}" if power.is_Integer and power > 0 else f"exp({self._print(power)})"

    def _print_LambertW(self, e: Any) -> str:
        return f"W({self._print(e.args[0])})"

    def _print_Abs(self, e: Any) -> str:
        return f"|{self._print(e.args[0])}|"

    # Of maxima over the simplex: a number's positive part stands in brackets, [t]_+.
    def _print_SimplexMaximum(self, e: Any) -> str:
        return f"max_p({self._print(e.args[0])})"

    def _print_ramp(self, e: Any) -> str:
        t, power, order = e.args
        if order != 0:
            return f"ramp({', '.join(map(self._print, e.args))})"
        return self._positive_part(t, power)

    def _print_qexp(self, e: Any) -> str:
        t, order, power = e.args
        return self._positive_part(1 + order * t, power / order)

    def _positive_part(self, t: Any, power: Any) -> str:
        if power == 0:
            return f"[{self._print(t)} > 0]"
        atom = isinstance(power, Symbol) or (power.is_Integer and power >= 0)
        said = "" if power == 1 else f"^{self._print(power)}" if atom else f"^({self._print(power)})"
        return f"[{self._print(t)}]_+{said}"

    def _print_xqlog(self, e: Any) -> str:
        t, order, derivative = e.args
        if derivative != 0:
            return f"xqlog({', '.join(map(self._print, e.args))})"
        return f"(({self._print(t ** (1 + order))} - {self._print(t)})/{self.parenthesize(order, PRECEDENCE['Pow'])})"

    def _print_KroneckerDelta(self, e: Any) -> str:
        return f"delta[{', '.join(map(self._print, e.args))}]"

    def _print_Piecewise(self, e: Any) -> str:
        parts = []
        for value, test in e.args:
            said = f"({self._print(value)})" if isinstance(value, Piecewise) else self._print(value)
            parts.append(f"else {said}" if test in (True, S.true) else f"{said} where {self._print(test)}")
        return ", ".join(parts)

    def _print_Equality(self, e: Any) -> str:
        # The entry first: x[i] = maximum(x).
        sides = sorted(e.args, key=lambda side: not side.has(Indexed))
        return " = ".join(map(self._print, sides))

    def _print_Unequality(self, e: Any) -> str:
        return self._print_Equality(e).replace(" = ", " != ")

    def _print_And(self, e: Any) -> str:
        return " and ".join(map(self._print, sorted(e.args, key=order_of_tests)))

    def _print_Or(self, e: Any) -> str:
        return " or ".join(f"({self._print(a)})" if isinstance(a, And) else self._print(a) for a in e.args)


def order_of_tests(test: Any) -> tuple[int, str]:
    """Where a test stands among others: indices first, then entries, then counts."""
    symbols = test.free_symbols
    return (0 if symbols <= _INDICES else 2 if symbols <= _COUNTS else 1), str(test)


_WORDS = {"i", "j", "k", "l"}
_INDICES = {words.i, words.j, words.k}
_COUNTS = {words.m, words.m2, words.n}


def _negative(e: Expr) -> bool:
    return bool(e.as_coeff_Mul()[0].is_extended_negative)


def _place(term: Expr) -> tuple[bool, bool]:
    """Where a term of a sum stands: numbers first, what is subtracted last."""
    return _negative(term), not term.is_number


def _rank(factor: Expr) -> int:
    """Where a factor stands: numbers, names, functions, then brackets and sums."""
    base = factor.as_base_exp()[0]
    if factor.is_number:
        return 0
    if isinstance(base, Symbol):
        return 2 if "[" in base.name else 1
    return 2 if isinstance(base, Indexed) else 4 if base.is_Add else 5 if isinstance(base, Sum) else 3
