"""What the form of an expression says of it: real, not negative, positive. A False says nothing.

The domain is in the entries: on a positive one they are entries of a vector that SymPy knows to be positive.
"""

from __future__ import annotations

from functools import lru_cache

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
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

_REAL_OF_REALS = (exp, expm1, cosh, sinh, tanh, erf, sign)


def generic(e: Expr) -> bool:
    """Whether an expression vanishes only for special entries and parameters, whatever n is and however indices coincide.

    |x_j| and |x_1 - x_2| are positive off such zeros, and identities of moduli are claimed there. |x_i - x_k| is not: it
    vanishes within every double sum, whatever x is.
    """
    if isinstance(e, Indexed | Symbol):
        return True
    if not e.is_Add or e.has(Sum, Function):
        return False
    indices = {position for entry in e.atoms(Indexed) for position in entry.indices}
    counts = {symbol for symbol in e.free_symbols if symbol.is_integer} - indices
    return not counts and (len(indices) == 1 or all(position.is_Integer for position in indices))


@lru_cache(maxsize=20_000)
def real(e: Expr) -> bool:
    """Whether an expression is real by its form, where it is defined."""
    if e.is_Atom or isinstance(e, Indexed):
        return bool(e.is_real)
    if isinstance(e, Abs | KroneckerDelta | words.Reduction):
        return True
    if isinstance(e, Sum):
        return real(e.function)
    if isinstance(e, (Add, Mul, *_REAL_OF_REALS)):
        return all(real(argument) for argument in e.args)
    if isinstance(e, log):
        return nonnegative(e.args[0])
    if isinstance(e, log1p):
        return nonnegative(e.args[0])
    if isinstance(e, Pow):
        return real(e.exp) and (nonnegative(e.base) or (bool(e.exp.is_integer) and real(e.base)))
    return isinstance(e, Function) and bool(e.is_real)


@lru_cache(maxsize=20_000)
def nonnegative(e: Expr) -> bool:
    """Whether an expression is >= 0 by its form: squares, moduli, what is positive, sums and products of these."""
    if e.is_Atom or isinstance(e, Indexed):
        return bool(e.is_nonnegative)
    if isinstance(e, Abs | KroneckerDelta):
        return True
    if isinstance(e, words.Reduction):
        return nonnegative(entry(e.args[0], _ANY))
    if isinstance(e, exp | cosh):
        return real(e.args[0])
    if isinstance(e, log) and nonnegative(e.args[0] - 1):
        return True
    if isinstance(e, Sum):
        return _over_indices(e) and nonnegative(e.function)
    if isinstance(e, Add | Mul) and all(nonnegative(argument) for argument in e.args):
        return True
    if isinstance(e, Add) and _ordered(e):
        return True
    if isinstance(e, Pow):
        even = bool(e.exp.is_even) and real(e.base)
        return even or (nonnegative(e.base) and real(e.exp))
    return _known_to_sympy(e) and bool(e.is_nonnegative)


@lru_cache(maxsize=20_000)
def positive(e: Expr) -> bool:
    """Whether an expression is > 0 by its form: exponentials, sums and products of what is positive; |x_j| off its zeros."""
    if e.is_Atom or isinstance(e, Indexed):
        return bool(e.is_positive)
    if isinstance(e, Abs):
        return all(generic(f.as_base_exp()[0]) or positive(f) for f in Mul.make_args(e.args[0]))
    if isinstance(e, words.Reduction):
        return positive(entry(e.args[0], _ANY))
    if isinstance(e, exp | cosh):
        return real(e.args[0])
    if isinstance(e, Sum):
        return _over_indices(e) and positive(e.function)
    if isinstance(e, Mul) and all(positive(argument) for argument in e.args):
        return True
    if isinstance(e, Add) and all(nonnegative(a) for a in e.args) and any(positive(a) for a in e.args):
        return True
    if isinstance(e, Pow) and positive(e.base) and real(e.exp):
        return True
    return _known_to_sympy(e) and bool(e.is_positive)


def _over_indices(total: Sum) -> bool:
    """Whether a sum is over 1..n, ..., which holds at least one index; what is said of a whole vector is said of x[1..n]."""
    whole = total.has(words.Reduction)
    return all(
        len(lim) == 3 and lim[1] == 1 and lim[2].is_integer and lim[2].is_positive and (not whole or lim[2] == words.n)
        for lim in total.limits
    )


_ANY = Dummy("any", integer=True)


def entry(whole: Expr, index: Expr) -> Expr:
    """An expression in a whole vector, such as |x|, at an index."""
    return whole.xreplace({base: base[index] for base in whole.atoms(IndexedBase)})


def _ordered(e: Add) -> bool:
    """Whether a difference is of what is at least as large: maximum(x) - x[j], log(x[j]) - log(minimum(x)), and the like."""
    if len(e.args) != 2:
        return False
    (a, large), (b, small) = (term.as_coeff_Mul() for term in e.args)
    return bool(a == -b) and (_at_least(large, small) if a.is_positive else _at_least(small, large))


def _at_least(large: Expr, small: Expr) -> bool:
    if large.func == small.func and isinstance(large, exp | log):
        return _at_least(large.args[0], small.args[0])
    if isinstance(large, words.maximum):
        return _is_entry(small, large.args[0])
    return isinstance(small, words.minimum) and _is_entry(large, small.args[0])


def _is_entry(e: Expr, whole: Expr) -> bool:
    """Whether an expression is between the smallest and the largest entry: one of them, the mean, or either."""
    if isinstance(e, words.Reduction):
        return bool(e.args[0] == whole)
    indices = {place for each in e.atoms(Indexed) for place in each.indices}
    if len(indices) != 1:
        return False
    (place,) = indices
    return bool(place.is_Symbol or place.is_positive) and bool(entry(whole, place) == e)


def _known_to_sympy(e: Expr) -> bool:
    """SymPy is asked about functions, and expressions in symbols such as n - 1: of entries and sums it knows little, and slowly."""
    return isinstance(e, Function) or not e.has(IndexedBase, Sum, Function) or e.is_number


def in_domain(e: Expr, domain: str) -> Expr:
    """The expression with positive entries of x where the domain is "positive"."""
    return e.xreplace({words.x: POSITIVE_ENTRIES}) if domain == "positive" else S(e)


POSITIVE_ENTRIES = IndexedBase("x", positive=True)
"""The input vector on the positive domain."""
