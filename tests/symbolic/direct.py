"""Values of expressions by mpmath, directly from the tree: what the normal form and the derivatives are compared with.

Nothing of smoothsym is used but its words. A value that does not exist (a division by zero, log 0) is None.
"""

from __future__ import annotations

import random
from typing import Any

from mpmath import mp, mpf
from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    cosh,
    erf,
    exp,
    log,
    sign,
    sinh,
    tanh,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words

DIGITS = 40
Values = dict[Any, Any]
"""The value of each symbol (by the symbol) and of each vector (a list, by its name)."""

_NUMBERS = {S.Exp1: mp.e, S.Pi: mp.pi, S.ImaginaryUnit: mp.j}
_FUNCTIONS = {
    exp: mp.exp,
    log: mp.log,
    Abs: abs,
    sign: mp.sign,
    cosh: mp.cosh,
    sinh: mp.sinh,
    tanh: mp.tanh,
    erf: mp.erf,
    expm1: mp.expm1,
    log1p: lambda t: mp.log(1 + t),
    Max: max,
    Min: min,
}


def value(e: Expr, values: Values) -> Any:
    """The value of an expression to DIGITS digits, or None."""
    with mp.workdps(DIGITS):
        try:
            result = _value(e, values)
        except (ZeroDivisionError, OverflowError, ArithmeticError):
            return None
        return result if mp.isfinite(result) else None


def _value(e: Expr, values: Values) -> Any:
    if e.is_Rational:
        return mpf(int(e.p)) / int(e.q)
    if e.is_Float:
        return mpf(e._mpf_)
    if e in _NUMBERS:
        return +_NUMBERS[e]
    if e.is_Symbol:
        return values[e]
    if isinstance(e, Indexed):
        position, vector = int(_value(e.indices[0], values)), values[str(e.base.label)]
        if not 1 <= position <= len(vector):
            raise ArithmeticError(f"there is no entry {position}")
        return vector[position - 1]
    if isinstance(e, Sum):
        return _sum(e.function, list(e.limits), values)
    if isinstance(e, KroneckerDelta):
        return mpf(_value(e.args[0], values) == _value(e.args[1], values))
    if isinstance(e, words.Reduction):
        return _reduction(e, values)
    args = [_value(argument, values) for argument in e.args]
    if isinstance(e, Add):
        return mp.fsum(args)
    if isinstance(e, Mul):
        return mp.fprod(args)
    if isinstance(e, Pow):
        return _power(*args)
    if isinstance(e, log) and args[0] == 0:
        raise ZeroDivisionError
    return _FUNCTIONS[e.func](*args)


def _power(base: Any, exponent: Any) -> Any:
    if base == 0:
        if mp.re(exponent) < 0:
            raise ZeroDivisionError
        return mpf(exponent == 0)
    if mp.isint(exponent):
        return base ** int(mp.re(exponent))
    return mp.exp(exponent * mp.log(base))


def _sum(body: Expr, limits: list, values: Values) -> Any:
    if not limits:
        return _value(body, values)
    index, low, high = limits[-1]
    positions = range(int(_value(low, values)), int(_value(high, values)) + 1)
    return mp.fsum(_sum(body, limits[:-1], {**values, index: mpf(q)}) for q in positions)


def _reduction(e: Expr, values: Values) -> Any:
    index = Dummy(integer=True)
    body = e.args[0].xreplace({base: base[index] for base in e.atoms(IndexedBase)})
    entries = [_value(body, {**values, index: mpf(q + 1)}) for q in range(int(values[words.n]))]
    kind = type(e).__name__
    return max(entries) if kind == "maximum" else min(entries) if kind == "minimum" else mp.fsum(entries) / len(entries)


def close(left: Any, right: Any, digits: int = 22) -> bool:
    """Whether two values agree to so many digits."""
    return bool(abs(left - right) <= mpf(10) ** -digits * (1 + abs(left) + abs(right)))


def draw(expression: Expr, n: int, seed: int, domain: str = "real") -> Values:
    """Random values for the symbols and vectors of an expression: no entry is zero, x > 0 on the positive domain."""
    generator = random.Random(seed)

    def number(low: int) -> Any:
        # Of as many digits as values are computed with, whatever precision somebody left.
        with mp.workdps(DIGITS):
            return (mpf(generator.randint(low, 3000)) + mpf("0.3137")) / 1000

    values: Values = {words.n: mpf(n)}
    for base in sorted(expression.atoms(IndexedBase), key=str):
        above = base[1].is_positive or (base == words.x and domain == "positive")
        values[str(base.label)] = [number(1 if above else -3000) for _ in range(max(n, 3))]
    labels = {base.label for base in expression.atoms(IndexedBase)}
    for symbol in sorted(expression.atoms(Symbol) - labels - {words.n}, key=str):
        if symbol.is_integer:
            values[symbol] = mpf(generator.randint(1, n))
        else:
            values[symbol] = number(1 if symbol.is_nonnegative else -3000)
    # As many entries as n says, or as an entry that is named needs.
    named = [int(q) for entry in expression.atoms(Indexed) for q in entry.indices if q.is_Integer]
    length = max([n, *named])
    return {key: vector[:length] if isinstance(vector, list) else vector for key, vector in values.items()}
