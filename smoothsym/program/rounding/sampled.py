"""A look at an expression of a program in floats, at a few points: what has both signs there needs no search for its sign."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Abs, Add, Expr, Heaviside, Indexed, KroneckerDelta, Max, Min, Mul, Pow, Sum, Symbol, exp, log, sign

from smoothsym import words

POINTS, SIZE = 30, 4
_FUNCTIONS: dict[Any, Any] = {exp: np.exp, log: np.log, Abs: np.abs, sign: np.sign}


class Points:
    """Random falls, of which one is 0, and parameters; `sums` are the bodies of named sums, in the index `at`."""

    def __init__(
        self, sums: dict[Expr, Symbol], meant: Callable[[Expr], Expr], at: Symbol, extreme: Symbol | None
    ) -> None:
        self.sums, self.meant, self.at, self.extreme = sums, meant, at, extreme
        self.rng = np.random.default_rng(11)
        self.known: dict[Any, Any] = {}

    @cached_property
    def bodies(self) -> dict[Symbol, Expr]:
        return {name: body for body, name in self.sums.items()}

    def ways(self, e: Expr) -> set[int]:
        """The signs that an expression has at the points, where rounding leaves no doubt; nothing where it has no value."""
        try:
            with np.errstate(all="ignore"):
                value, size = self._value(e, {}), self._size(e)
        except (KeyError, TypeError, ValueError, AttributeError):
            return set()
        clear = np.abs(value) > 1e-9 * size
        return {int(q) for q in np.sign(value[clear & np.isfinite(value)])}

    def _size(self, e: Expr) -> Any:
        return sum(np.abs(self._value(term, {})) for term in Add.make_args(e))

    def _value(self, e: Expr, places: dict[Any, int]) -> Any:
        key = (e, tuple(places.items()))
        if key not in self.known:
            self.known[key] = self._computed(e, places)
        return self.known[key]

    def _computed(self, e: Expr, places: dict[Any, int]) -> Any:
        if e.is_number:
            return np.full(POINTS, float(e))
        if e == words.n:
            return np.full(POINTS, float(SIZE))
        if isinstance(e, Indexed):
            return self._vector(e.base)[:, self._place(e.indices[0], places)]
        if isinstance(e, Symbol):
            return self._symbol(e)
        if isinstance(e, Sum):
            (index, _, _) = e.limits[0]
            return sum(self._value(e.function, {**places, index: q}) for q in range(SIZE))
        if isinstance(e, KroneckerDelta):
            a, b = (self._place(q, places) for q in e.args)
            return np.full(POINTS, float(a == b))
        args = [self._value(a, places) for a in e.args]
        if isinstance(e, Add):
            return sum(args)
        if isinstance(e, Mul):
            return np.prod(args, axis=0)
        if isinstance(e, Pow):
            return args[0] ** args[1]
        if isinstance(e, Max | Min):
            return (np.max if isinstance(e, Max) else np.min)(args, axis=0)
        if isinstance(e, Heaviside):
            return np.heaviside(args[0], 0)
        return _FUNCTIONS[e.func](args[0])

    def _symbol(self, e: Symbol) -> Any:
        if (meant := self.meant(e)) != e:
            return self._value(meant, {})
        if e in self.bodies:
            body = self.bodies[e]
            return sum(self._value(body, {self.at: q}) for q in range(SIZE))
        if e not in self.known:
            values = self.rng.uniform(0.3, 3, POINTS)
            self.known[e] = values if e.is_positive else values * self.rng.choice((-1, 1), POINTS)
        return self.known[e]

    def _vector(self, base: Any) -> Any:
        if base not in self.known:
            values = self.rng.uniform(0, 1, (POINTS, SIZE)) * 10 ** self.rng.uniform(-2, 1, (POINTS, 1))
            if base[0].is_nonnegative and not base[0].is_positive:
                values[:, 0] = 0
            elif not base[0].is_nonnegative:
                values *= self.rng.choice((-1, 1), (POINTS, SIZE))
            self.known[base] = values
        return self.known[base]

    def _place(self, index: Expr, places: dict[Any, int]) -> int:
        """Indices that are not summed are different places, the extreme one the first."""
        if index in places:
            return places[index]
        if index == self.extreme:
            return 0
        if index.is_Integer:
            return int(index) % SIZE
        known = self.known.setdefault("places", {})
        return int(known.setdefault(index, 1 + len(known) % (SIZE - 1)))
