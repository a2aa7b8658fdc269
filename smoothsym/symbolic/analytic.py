"""Whether an expression is infinitely differentiable in a symbol, by its form: no pole, no kink, no jump on its way."""

from __future__ import annotations

from sympy import Add, Expr, Mul, Pow, Sum, Symbol, cosh, erf, exp, log, sinh, tanh

from smoothsym.symbolic import signs

_ENTIRE = (exp, sinh, cosh, tanh, erf)


def differentiable(e: Expr, by: Symbol) -> bool:
    """Whether an expression is smooth in a symbol, for every value that the assumptions on its symbols allow.

    >>> from sympy import Abs, Symbol
    >>> t = Symbol("t", positive=True)
    >>> differentiable(log(1 + exp(t)) / t, t), differentiable(Abs(t - 1), t), differentiable(1 / (t - 1), t)
    (True, False, False)
    """
    if by not in e.free_symbols or e == by:
        return True
    parts = e.args[:1] if isinstance(e, Sum) else e.args
    if not all(differentiable(part, by) for part in parts):
        return False
    if isinstance(e, (Add, Mul, Sum, *_ENTIRE)):
        return True
    if isinstance(e, log):
        return signs.positive(e.args[0])
    if isinstance(e, Pow):
        return bool(e.exp.is_Integer and e.exp > 0) or signs.positive(e.base)
    return False
