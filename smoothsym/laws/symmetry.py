"""Laws of invariance: what permuting, moving, scaling, negating and nesting the entries does to the value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Add, Dummy, Expr, IndexedBase, S, Sum

from smoothsym import words
from smoothsym.laws.law import Condition, Exchangeable, Law, Zero
from smoothsym.laws.points import Sample
from smoothsym.symbolic import moments
from smoothsym.symbolic.asymptotics import enters_by_powers
from smoothsym.symbolic.derivatives import rename_bound

_T = Dummy("t", positive=True)
_REAL_T = Dummy("t", real=True)
"""No symbol of a definition, whatever its parameters are called."""
Rules = Iterator[tuple[str, tuple[Condition, ...]]]


def moved(op: Any, change: Callable[[Expr], Expr]) -> Expr:
    """The definition with every entry changed."""
    entries = {e for e in op.definition.atoms(words.x[0].func) if e.base == words.x}
    return op.definition.xreplace({e: change(e) for e in entries})


@dataclass(frozen=True)
class Symmetric(Law):
    """f does not depend on the order of the entries."""

    equality = True

    def statement(self, op: Any) -> str:
        return "symmetric: f(P x) = f(x) for permutations P"

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity != 1

    def sufficient(self, op: Any) -> Rules:
        if op.arity is None:
            yield "entries stand under sums over all of them", (Exchangeable(op.definition),)
        elif op.arity == 2:
            swapped = moved(op, lambda e: words.x[3 - e.indices[0]])
            yield "equal normal forms", (Zero(swapped - op.definition, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x[:, ::-1], at.parameter), f(at.x, at.parameter)


@dataclass(frozen=True)
class Translation(Law):
    """f(x + t) = f(x) + t."""

    equality = True

    def uses(self, op: Any) -> str:
        return "xt"

    def statement(self, op: Any) -> str:
        return "translation equivariant: f(x + t) = f(x) + t"

    def sufficient(self, op: Any) -> Rules:
        yield "equal normal forms", (Zero(moved(op, lambda e: e + _REAL_T) - op.definition - _REAL_T, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x + at.t[:, None], at.parameter), f(at.x, at.parameter) + at.t


@dataclass(frozen=True)
class Homogeneous(Law):
    """f(t x) = t f(x) for t > 0."""

    equality = True

    def uses(self, op: Any) -> str:
        return "xt"

    def statement(self, op: Any) -> str:
        return "homogeneous: f(t x) = t f(x), t > 0"

    def sufficient(self, op: Any) -> Rules:
        yield "equal normal forms", (Zero(moved(op, lambda e: e * _T) - _T * op.definition, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x * at.t[:, None], at.parameter), f(at.x, at.parameter) * at.t


@dataclass(frozen=True)
class Even(Law):
    """f(-x) = f(x)."""

    equality = True

    def statement(self, op: Any) -> str:
        return "even: f(-x) = f(x)"

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.domain == "real"

    def sufficient(self, op: Any) -> Rules:
        yield "equal normal forms", (Zero(moved(op, lambda e: -e) - op.definition, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(-at.x, at.parameter), f(at.x, at.parameter)


@dataclass(frozen=True)
class JointlyHomogeneous(Law):
    """f(t x; t^d a) = t f(x; a) for t > 0, with the first exponent d of -1, 2, 1, -2 that is proved, and -1 otherwise."""

    equality = True

    def uses(self, op: Any) -> str:
        return "xt"

    def exponent(self, op: Any) -> int:
        return next((d for d in (-1, 2, 1, -2) if moments.is_zero(self._gap(op, d), op.domain)), -1)

    def _gap(self, op: Any, d: int) -> Expr:
        scaled = moved(op, lambda e: e * _T).xreplace({op.parameter: op.parameter * _T**d})
        return scaled - _T * op.definition

    def statement(self, op: Any) -> str:
        name = op.parameter.name
        return f"jointly homogeneous: f(t x; t^{self.exponent(op)} {name}) = t f(x; {name}), t > 0".replace(
            f"t^-1 {name}", f"{name}/t"
        ).replace("t^1 ", "t ")

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.parameter is not None

    def sufficient(self, op: Any) -> Rules:
        yield "equal normal forms", (Zero(self._gap(op, self.exponent(op)), op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        scaled = at.parameter * at.t ** self.exponent(f.op)
        return f(at.x * at.t[:, None], scaled), f(at.x, at.parameter) * at.t


@dataclass(frozen=True)
class Dual(Law):
    """Negating the parameter gives the smooth minimum: f(-x; -a) = -f(x; a); for positive entries 1/f(1/x; d(a)) = f(x; a)."""

    equality = True

    def _reciprocal(self, op: Any) -> bool:
        return enters_by_powers(op.definition, op.parameter, op.domain == "positive")

    def _map(self, op: Any) -> Callable[[Any], Any]:
        if not self._reciprocal(op):
            return lambda a: -a
        gap = moved(op, lambda e: 1 / e).xreplace({op.parameter: 1 - op.parameter}) - 1 / op.definition
        return (lambda a: 1 - a) if moments.is_zero(gap, op.domain) else (lambda a: -a)

    def statement(self, op: Any) -> str:
        name, dual = op.parameter.name, self._map(op)(op.parameter)
        if not self._reciprocal(op):
            return f"odd duality: f(-x; {dual}) = -f(x; {name})"
        return f"reciprocal duality: f(1/x; {dual}) = 1/f(x; {name})"

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.parameter is not None and not op.parameter.is_nonnegative

    def sufficient(self, op: Any) -> Rules:
        if not self._reciprocal(op):
            changed, right = moved(op, lambda e: -e), -op.definition
        else:
            changed, right = moved(op, lambda e: 1 / e), 1 / op.definition
        changed = changed.xreplace({op.parameter: self._map(op)(op.parameter)})
        yield "equal normal forms", (Zero(changed - right, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        dual = self._map(f.op)(at.parameter)
        if not self._reciprocal(f.op):
            return f(-at.x, dual), -f(at.x, at.parameter)
        return f(1 / at.x, dual), 1 / f(at.x, at.parameter)


@dataclass(frozen=True)
class Associative(Law):
    """f(x, y) = f(f(x), f(y)) for blocks x and y; for two entries f(f(a, b), c) = f(a, f(b, c)), c the first of y.

    `weighted`: f(x, y) is f of f(x) and f(y), each repeated as often as its block is long, as it is for means (Kolmogorov).
    """

    weighted: bool = False
    equality = True

    def uses(self, op: Any) -> str:
        return "xy" if op.arity == 2 else "x"

    def statement(self, op: Any) -> str:
        if op.arity == 2:
            return "associative: f(f(a, b), c) = f(a, f(b, c))"
        if self.weighted:
            return "associative with weights: f(x, y) = f(f(x), ..., f(x), f(y), ..., f(y)), each for every entry of its block"
        return "associative: f(x, y) = f(f(x), f(y)) for blocks x, y of entries"

    def applies(self, op: Any) -> bool:
        return super().applies(op) and (op.arity is None or (op.arity == 2 and not self.weighted))

    def sufficient(self, op: Any) -> Rules:
        if op.arity is None and Exchangeable(op.definition).prove() is not None:
            yield "equal normal forms for blocks of any two lengths", (Zero(_blocks(op, self.weighted), op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        a = at.parameter
        if f.op.arity == 2:
            c = at.y[:, :1]
            first = f(np.concatenate([f(at.x, a)[:, None], c], axis=1), a)
            inner = f(np.concatenate([at.x[:, 1:], c], axis=1), a)[:, None]
            return first, f(np.concatenate([at.x[:, :1], inner], axis=1), a)
        block = f(at.x[:, :2], a)[:, None]
        inner = np.concatenate([block, block, at.x[:, 2:]] if self.weighted else [block, at.x[:, 2:]], axis=1)
        return f(at.x, a), f(inner, a)


def _blocks(op: Any, weighted: bool) -> Expr:
    """f(x, y) - f(f(x), f(y)) for x of length n and y of length m, the values repeated n and m times where weighted."""
    y = IndexedBase("y", **{("positive" if op.domain == "positive" else "real"): True})
    definition = rename_bound(op.definition, set())
    size = Dummy("n", integer=True, positive=True)

    def over(e: Expr, of: Callable[[Sum], Expr], length: Expr) -> Expr:
        inside = {inner for total in e.atoms(Sum) for inner in total.function.atoms(Sum)}
        return e.xreplace({total: of(total) for total in e.atoms(Sum) - inside}).xreplace({words.n: length})

    def second(total: Sum) -> Sum:
        return Sum(total.function.xreplace({words.x: y}), (total.limits[0][0], 1, words.m))

    def joined(total: Sum) -> Expr:
        return Sum(total.function, (total.limits[0][0], 1, size)) + second(total)

    whole = over(definition, joined, words.n + words.m).xreplace({size: words.n})
    first, other = definition.xreplace({words.n: size}), over(definition, second, words.m)
    times = (size, words.m) if weighted else (S.One, S.One)

    def outer(total: Sum) -> Expr:
        entry, body = words.x[total.limits[0][0]], total.function.xreplace({words.n: Add(*times)})
        return times[0] * body.xreplace({entry: first}) + times[1] * body.xreplace({entry: other})

    return S(whole - over(definition, outer, Add(*times)).xreplace({size: words.n}))
