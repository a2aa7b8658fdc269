"""A look at an expression in floats, on a few points: a claim that fails there is not worth a search for its proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from sympy import (
    Abs,
    Add,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    cosh,
    exp,
    log,
    sign,
    sinh,
    tanh,
)

from smoothsym import words
from smoothsym.symbolic import signs
from smoothsym.symbolic.assumptions import instances

SIZE, POINTS = 4, 40
_NUDGE = Rational(9, 8)
_FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    exp: np.exp,
    log: np.log,
    Abs: np.abs,
    sign: np.sign,
    cosh: np.cosh,
    sinh: np.sinh,
    tanh: np.tanh,
    Max: np.maximum,
    Min: np.minimum,
}
_REDUCTIONS: Mapping[Any, Callable[..., Any]] = {words.maximum: np.max, words.minimum: np.min, words.mean: np.mean}


def negative_somewhere(expression: Expr, when: Any = True, domain: str = "real") -> bool:
    """Whether an expression is below zero at a sampled point, by more than rounding explains; False says nothing.

    >>> from smoothsym.words import alpha, x
    >>> negative_somewhere(x[1] + alpha, alpha > 0), negative_somewhere(x[1] ** 2 + alpha, alpha > 0)
    (True, False)
    """
    return any(_below(value, size) for value, size in _values(expression, when, domain))


def falls_somewhere(expression: Expr, by: Symbol, when: Any = True, domain: str = "real") -> bool:
    """Whether an expression falls as a symbol rises inside its range, between two sampled points, by more than rounding explains."""
    for place, form in zip(instances(by, when), instances(expression, when), strict=True):
        (mark,) = place.free_symbols
        up = place.xreplace({mark: _NUDGE}) > place.xreplace({mark: S.One})
        change = form.xreplace({mark: mark * _NUDGE}) - form
        if negative_somewhere(change if up else -change, True, domain):
            return True
    return False


def _values(expression: Expr, when: Any, domain: str) -> Iterator[tuple[Any, Any]]:
    for form in instances(expression, when):
        form = signs.in_domain(form, domain)
        try:
            with np.errstate(all="ignore"):
                yield _Floats(form).of(form, {})
        except (_NoFloats, TypeError, ValueError, OverflowError):
            continue


def _below(value: Any, size: Any) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.any((value < -1e-9 * size) & np.isfinite(size)))


class _NoFloats(Exception):
    """What is not evaluated here."""


class _Floats:
    """Values of expressions on sampled points, each with a bound on what its rounding errors are relative to."""

    def __init__(self, expression: Expr) -> None:
        rng = np.random.default_rng(20)
        scale = np.array((0.001, 0.3, 1.0, 3.0, 30.0))[np.arange(POINTS) % 5]
        vectors = sorted(
            {e.base if isinstance(e, Indexed) else e for e in expression.atoms(Indexed, IndexedBase)}, key=str
        )
        labels = {v.label for v in vectors}
        self.vectors: dict[Any, Any] = {}
        for vector in vectors:
            entries = rng.standard_normal((POINTS, SIZE)) * scale[:, None]
            # Inequalities are sharp where entries tie: at two levels, of which one is of a single entry or both of as many.
            for start, top in ((1, 1), (2, SIZE // 2)):
                entries[start::3, top:] = entries[start::3, top : top + 1]
                entries[start::3, :top] = entries[start::3, :1]
            known = vector[1]
            self.vectors[vector] = np.abs(entries) if known.is_nonnegative else entries
        self.symbols: dict[Symbol, Any] = {}
        index = 0
        for symbol in sorted(expression.free_symbols - labels - set(vectors), key=str):
            if isinstance(symbol, Indexed):
                continue
            if symbol.is_integer:
                counts = {words.n: SIZE, words.m: 1, words.m2: 1}
                index += symbol not in counts
                self.symbols[symbol] = counts.get(symbol, index)
            else:
                drawn = rng.permutation(
                    np.concatenate([np.exp(rng.uniform(-3, 2, POINTS // 2)), rng.uniform(0, 2, POINTS // 2)])
                )
                signed = drawn * rng.choice((-1, 1), POINTS)
                self.symbols[symbol] = drawn if symbol.is_nonnegative else signed

    def of(self, e: Expr, bound: Mapping[Symbol, int]) -> tuple[Any, Any]:
        if e.is_number:
            value = float(e)
            return value, abs(value)
        if isinstance(e, Symbol):
            value = bound[e] if e in bound else self.symbols[e]
            return value, np.abs(value)
        if isinstance(e, Indexed):
            (place,) = (int(self.of(q, bound)[0]) for q in e.indices)
            if not 1 <= place <= SIZE:
                raise _NoFloats
            value = self.vectors[e.base][:, place - 1]
            return value, np.abs(value)
        if isinstance(e, Sum):
            return self._sum(e, bound)
        if isinstance(e, words.Reduction):
            rows = np.stack([self.of(signs.entry(e.args[0], place), bound)[0] for place in range(1, SIZE + 1)])
            value = _REDUCTIONS[e.func](rows, axis=0)
            return value, np.max(np.abs(rows), axis=0)
        parts = [self.of(part, bound) for part in e.args]
        if isinstance(e, Add):
            return sum(value for value, _ in parts), sum(size for _, size in parts)
        if isinstance(e, Mul):
            value, size = 1.0, 1.0
            for each, its in parts:
                value, size = value * each, size * its
            return value, size
        if isinstance(e, KroneckerDelta):
            return float(parts[0][0] == parts[1][0]), 1.0
        if isinstance(e, Pow):
            (base, size), (power, its) = parts
            value = np.power(base, power) if e.exp.is_Integer else np.power(np.asarray(base, dtype=float), power)
            return value, np.abs(value) * (
                1 + np.abs(power) * (size / np.abs(base) - 1) + its * np.abs(np.log(np.abs(base)))
            )
        if e.func in _FUNCTIONS:
            value = _FUNCTIONS[e.func](*(value for value, _ in parts))
            if isinstance(e, log):
                return value, np.abs(value) + parts[0][1] / np.abs(parts[0][0])
            grown = 1 + sum(size for _, size in parts)
            return value, np.abs(value) * grown if isinstance(e, exp | cosh | sinh) else grown
        raise _NoFloats

    def _sum(self, e: Sum, bound: Mapping[Symbol, int]) -> tuple[Any, Any]:
        *outer, (index, low, high) = e.limits
        inner = Sum(e.function, *outer) if outer else e.function
        ends = int(self.of(low, bound)[0]), int(self.of(high, bound)[0])
        parts = [self.of(inner, {**bound, index: place}) for place in range(ends[0], ends[1] + 1)]
        return sum(value for value, _ in parts), sum(size for _, size in parts)
