"""A power of a constant, b^t, is an exponential of t log(b): with a symbol for the logarithm, every rule for exponentials holds of it."""

from __future__ import annotations

from sympy import Dummy, Expr, Indexed, Pow, exp, log


def by_rates(expression: Expr) -> tuple[Expr, dict[Dummy, Expr]]:
    """The expression with exp(t L) for each b^t whose exponent has entries of a vector and whose positive base has none, and what each L is.

    What holds for all L holds for log(b), which is put back by `xreplace`.

    >>> from smoothsym.words import alpha, x
    >>> found, rates = by_rates(2 ** (alpha * x[1]))
    >>> found, list(rates.values()), found.xreplace(rates)
    (exp(_L*alpha*x[1]), [log(2)], exp(alpha*log(2)*x[1]))
    """
    powers = [q for q in expression.atoms(Pow) if q.exp.has(Indexed) and not q.base.has(Indexed) and q.base.is_positive]
    rates = {base: _rate(base) for base in sorted({q.base for q in powers}, key=str)}
    if not rates:
        return expression, {}
    found = expression.replace(
        lambda q: isinstance(q, Pow) and q.base in rates and q.exp.has(Indexed),
        lambda q: exp(q.exp * rates[q.base]),
    )
    found = found.xreplace({log(base): rate for base, rate in rates.items()})
    return found, {rate: log(base) for base, rate in rates.items()}


def _rate(base: Expr) -> Dummy:
    above = (base - 1).is_positive
    return Dummy("L", **({"real": True} if above is None else {"positive": True} if above else {"negative": True}))
