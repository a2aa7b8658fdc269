"""The primitives of a program as SymPy: what each computes of its arguments, and its derivatives by them, taken apart where that is valid."""

from __future__ import annotations

from sympy import (
    Abs,
    Add,
    Expr,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    S,
    Symbol,
    exp,
    expand,
    factor_terms,
    log,
    sign,
)

FALL = IndexedBase("t", nonnegative=True)
"""How far an entry, or the logarithm of its modulus, is from the extreme one."""
TURN = IndexedBase("turn", real=True)
"""The sign of an entry, whose square is 1."""
GAP = Symbol("d", real=True)
"""x[1] - x[2], in a program of two entries."""
TOP = Symbol("top", real=True)
SIZE = Symbol("size", positive=True)
"""The extreme entry, or its modulus."""


def computed(name: str, args: list[Expr], number: int) -> Expr:
    if name in ("add", "sub"):
        whole = args[0] + args[1] if name == "add" else args[0] - args[1]
        opened = expand(whole)
        return opened if opened.count_ops() < whole.count_ops() else whole
    if name == "mul":
        return args[0] * args[1]
    if name == "div":
        return args[0] / args[1]
    if name == "pow":
        return _power(args[0], args[1])
    unary = {
        "neg": lambda a: -a, "exp": _exp, "log": _log, "log1p": lambda a: _log(1 + a), "expm1": lambda a: _exp(a) - 1,
        "abs": lambda a: Abs(factor_terms(a)), "sign": lambda a: sign(factor_terms(a)), "sqrt": lambda a: _power(a, S.Half),
    }  # fmt: skip
    if name in unary:
        return unary[name](args[0])
    if name == "same":
        return KroneckerDelta(*args)
    if name == "without":
        return args[0] * (1 - KroneckerDelta(*args[1:]))
    if name in ("maximum", "minimum"):
        return (Max if name == "maximum" else Min)(*args)
    raise ValueError(f"v{number}: the operation {name} has no formula")


def _held(exponent: Expr) -> bool:
    """Whether every format has an exponent exactly."""
    return bool(exponent.is_Integer) or exponent == S.Half


def _exp(e: Expr) -> Expr:
    """An exponential whose exponent is a sum of terms."""
    return exp(expand(e))


def _power(base: Expr, exponent: Expr) -> Expr:
    """A power, taken apart where that is valid."""
    if not base.is_Mul:
        return exp(exponent * base.args[0]) if isinstance(base, exp) else base**exponent
    return Mul(
        *(exp(exponent * f.args[0]) if isinstance(f, exp) else f**exponent for f in base.args if f.is_nonnegative),
        Mul(*(f for f in base.args if not f.is_nonnegative)) ** exponent,
    )


def _log(e: Expr) -> Expr:
    """A logarithm, taken apart where that is valid."""
    parts = [f for f in Mul.make_args(e) if isinstance(f, exp) or f == SIZE]
    rest = Mul(*(f for f in Mul.make_args(e) if f not in parts))
    heads = [f.args[0] if isinstance(f, exp) else log(f) for f in parts]
    if rest.is_Pow and rest.exp.is_number and rest.base.is_positive:
        return Add(*heads, rest.exp * log(rest.base))
    return Add(*heads, log(rest))


def partials(name: str, args: list[Expr], whole: Expr) -> list[Expr]:
    """The derivatives of an operation by its arguments."""
    a = args[0]
    if name in ("add", "sub"):
        return [S.One, S.One if name == "add" else S.NegativeOne]
    if name == "mul":
        return [args[1], a]
    if name == "div":
        return [1 / args[1], -whole / args[1]]
    if name == "pow":
        return [_power(a, args[1] - 1) * args[1], S.Zero if _held(args[1]) else whole * _log(a)]
    if name == "without":
        return [1 - KroneckerDelta(*args[1:]), S.Zero, S.Zero]
    if name == "hypot":
        return [(q if q.is_nonnegative else sign(q) * Abs(q)) / whole for q in map(factor_terms, args)]
    slopes = {
        "neg": lambda: S.NegativeOne, "exp": lambda: whole, "log": lambda: 1 / a, "log1p": lambda: 1 / (1 + a),
        "expm1": lambda: whole + 1, "abs": lambda: sign(factor_terms(a)), "sqrt": lambda: 1 / (2 * whole),
    }  # fmt: skip
    return [slopes[name]()]
