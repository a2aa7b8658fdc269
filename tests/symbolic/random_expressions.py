"""Random expressions in the grammar of the normal form, and mutations of them; the same seed gives the same expression."""

from __future__ import annotations

import random

from sympy import (
    Abs,
    Expr,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Pow,
    S,
    Sum,
    Symbol,
    cosh,
    erf,
    exp,
    log,
    oo,
    sign,
    sinh,
    tanh,
    zoo,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym.words import alpha, c, m, maximum, mean, minimum, n, p, x

v = IndexedBase("v", real=True)
t = Symbol("t", positive=True)
INDICES = [Symbol(name, integer=True) for name in ("i", "j", "k", "s1", "s2", "s3")]
"""Names of indices, those of the normal form among them: each may be free, bound, or both."""

_KINDS = ["sum"] * 7 + ["mul"] * 5 + ["power"] * 4 + ["add"] * 3 + ["exp"] * 2 + ["log"] * 2 + ["modulus"] * 2
_KINDS += ["inverse"] * 2 + ["sign", "difference", "function", "delta", "indexed power"]
_EXPONENTS = [2, -1, 3, S.Half, -S.Half, p, p - 1, 1 / p, alpha, -2, Integer(3) / 2, p + 1]


def expression(seed: int) -> Expr:
    """A random expression that is defined."""
    generator = random.Random(seed)
    while True:
        free = generator.sample(INDICES, 2) + [Integer(1)] * (generator.random() < 0.2)
        e = _grow(generator, generator.choice((3, 4, 5, 5, 6)), free)
        if isinstance(e, Expr) and not e.has(S.NaN, zoo, oo):
            return e


def _pick(r: random.Random, indices: list) -> Expr:
    """An index, more often one of the innermost sums."""
    return indices[-1 - int(len(indices) * r.random() ** 2.2)]


def _leaf(r: random.Random, indices: list) -> Expr:
    entry = r.choice([x, x, x, v])[_pick(r, indices)]
    delta = KroneckerDelta(_pick(r, indices), _pick(r, indices))
    rest = [alpha, p, t, n, c, Integer(r.choice([-2, -1, 2, 3])), S.Half, delta]
    return r.choice([entry] * 8 + [*rest, r.choice([maximum, minimum, mean])(x)])


def _grow(r: random.Random, depth: int, indices: list) -> Expr:
    if depth == 0:
        return _leaf(r, indices)

    def part(less: int = 1) -> Expr:
        return _grow(r, max(0, depth - less), indices)

    kind = r.choice(_KINDS)
    if kind == "sum":
        limits = [(r.choice(INDICES), 1, n)]
        if r.random() < 0.25:
            limits.append((r.choice(INDICES), 1, n))
        if r.random() < 0.15:
            limits = [r.choice([(limits[0][0], 1, m), (limits[0][0], 2, n), (limits[0][0], 1, r.choice(indices))])]
        return Sum(_grow(r, depth - 1, [*indices, *[lim[0] for lim in limits] * 2]), *limits)
    if kind == "mul":
        return part() * part(r.randint(1, depth))
    if kind == "add":
        return part() + part(r.randint(1, depth))
    if kind == "power":
        return Pow(part(), r.choice(_EXPONENTS))
    if kind == "exp":
        return exp(r.choice([alpha, 1, p, -1, t]) * part(2))
    if kind == "log":
        return log(r.choice([part(), exp(part(9)) * part(9), Abs(part(9)), part(9) ** 2]))
    if kind == "modulus":
        return Abs(part()) ** r.choice([1, 1, 2, p, p - 1, p - 2, -1, S.Half])
    if kind == "inverse":
        return 1 / (part() + r.choice([0, 1, t]))
    if kind == "sign":
        return sign(part(2))
    if kind == "difference":
        return _leaf(r, indices) - _leaf(r, indices)
    if kind == "function":
        return r.choice([cosh, sinh, tanh, erf, log1p, expm1])(part(9) * r.choice([1, alpha, 2]))
    if kind == "delta":
        return KroneckerDelta(_pick(r, indices), _pick(r, indices)) * part()
    base = r.choice([t, n, Integer(2), Sum(exp(x[INDICES[1]]), (INDICES[1], 1, n)), 1 + exp(_leaf(r, indices))])
    return Pow(base, part(9))


def mutation(e: Expr, seed: int) -> Expr:
    """The expression with one part changed: an index, a sign, an exponent, the order of limits, a factor left out."""
    r = random.Random(seed)
    places = list(_places(e))
    for _ in range(50):
        part, path = r.choice(places)
        if choices := _changes(r, part):
            changed = _replaced(e, path, r.choice(choices))
            if changed is not None and not changed.has(S.NaN, zoo, oo):
                return changed
    return e + 1


def _places(e: Expr, path: tuple[int, ...] = ()):
    yield e, path
    if not isinstance(e, Indexed | KroneckerDelta | maximum | minimum | mean):
        for position, argument in enumerate(e.args):
            if isinstance(argument, Expr):
                yield from _places(argument, (*path, position))


def _replaced(e: Expr, path: tuple[int, ...], new: Expr) -> Expr | None:
    if not path:
        return new
    args = list(e.args)
    args[path[0]] = _replaced(args[path[0]], path[1:], new)
    try:
        return e.func(*args)
    except (TypeError, ValueError):  # such as a sum whose body no longer fits
        return None


def _changes(r: random.Random, e: Expr) -> list[Expr]:
    index = r.choice(INDICES)
    if isinstance(e, Indexed):
        return [e.base[index], -e, Abs(e), (v if e.base == x else x)[e.indices[0]]]
    if isinstance(e, Sum):
        renamed = Sum(e.function, (index, *e.limits[0][1:]), *e.limits[1:])
        return [renamed, Sum(e.function, *e.limits[::-1]), e.function]
    if e.is_Mul or e.is_Add:
        return [e.func(*e.args[1:]), e.func(*e.args[:-1])]
    if e.is_Pow:
        return [Pow(e.base, e.exp + 1), Pow(e.base, -e.exp), Pow(Abs(e.base), e.exp)]
    if isinstance(e, Abs | sign):
        return [e.args[0], sign(e.args[0]), e.args[0] / Abs(e.args[0]), e**2, e**3]
    if isinstance(e, exp | log):
        return [e.func(-e.args[0]), e.func(2 * e.args[0]), e.func(Abs(e.args[0]))]
    if isinstance(e, KroneckerDelta):
        return [S.One, KroneckerDelta(index, e.args[0])]
    return [-e, Abs(e), e + 1] if e.is_Symbol and not e.is_integer else []
