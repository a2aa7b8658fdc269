"""Laws of shape: how the value rises and bends with the entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Abs, Dummy, Expr, Indexed, Mul, Pow, S, Sum, sign

from smoothsym import words
from smoothsym.laws.attained import Attained
from smoothsym.laws.law import Condition, Continuous, Holds, Joined, Law, Nonnegative, condition
from smoothsym.laws.means import ByExtremeMean
from smoothsym.laws.points import Function, Sample, larger, smaller
from smoothsym.laws.search import Extreme
from smoothsym.laws.simplex import AffineMaximum
from smoothsym.laws.smoothness import continuous
from smoothsym.laws.symmetry import Homogeneous, Symmetric
from smoothsym.symbolic import inequalities, moments
from smoothsym.symbolic.inequalities import quadratic_form
from smoothsym.symbolic.levels import Levels
from smoothsym.symbolic.simplex import SimplexMaximum
from smoothsym.symbolic.text import text

Rules = Iterator[tuple[str, tuple[Condition, ...]]]


def slopes(op: Any) -> tuple[Expr, ...]:
    """The derivatives by each entry: one with a free index, or as many as there are entries."""
    if op.arity is None:
        return (op.gradient,)
    return tuple(_at(op.gradient, place) for place in range(1, op.arity + 1))


def _at(gradient: Expr, place: int) -> Expr:
    """A gradient at a numbered entry."""
    return gradient.subs(words.i, place) if gradient.has(words.i) else gradient


def _whole(op: Any, when: Any) -> Continuous:
    """Nothing jumps and nothing is infinite where derivatives are not looked at."""
    return Continuous(op.definition, when, op.domain)


@lru_cache(maxsize=64)
def on_positive(op: Any) -> Any:
    """The operator among positive entries, where each modulus |x_j| is x_j."""
    moduli = {e: e.args[0] for e in op.definition.atoms(Abs) if isinstance(e.args[0], Indexed)}
    return type(op)(op.name, op.definition.xreplace(moduli), op.parameter, "positive", title=op.title)


def _restricted(law: Any, op: Any) -> tuple[Condition, ...]:
    """What shows a law on x >= 0: it holds among positive entries, and the value is continuous where entries vanish."""
    return Holds(replace(law, on=""), on_positive(op)), _whole(op, law.when)


@dataclass(frozen=True)
class Monotone(Law):
    """f does not decrease in any entry; with `on` = "x >= 0", where no entry is negative.

    With a `box`, on cubes [a, a + L]^n with |parameter| L <= box; `sharp` then says that at the corner where one entry is a and all
    others a + L, for the largest such L, the slope vanishes.
    """

    when: Any = True
    on: str = ""
    box: Expr | None = None
    sharp: bool = False

    def statement(self, op: Any) -> str:
        said = "monotone: x <= y implies f(x) <= f(y)" + (f", on {self.on}" if self.on else "")
        if self.box is not None:
            said += f", on cubes [a, a + L]^n with {text(self._size(op))} L <= {text(self.box)}"
            said += "; sharp: there the slope in the one entry a below a + L, ..., a + L vanishes" if self.sharp else ""
        return said + condition(self.when)

    @staticmethod
    def _size(op: Any) -> Expr:
        return S.One if op.parameter is None else op.parameter

    def sufficient(self, op: Any) -> Rules:
        if self.box is not None:
            reach = ByExtremeMean(op.gradient, op.parameter, "above", self.when, op.domain, end=self.box)
            corner = (Attained(op.gradient, S.Zero, self._corner(op), self.when),) if self.sharp else ()
            if op.arity is None:
                yield (
                    "the slope is least in the lowest entry, all others at the top",
                    (reach, _whole(op, self.when), *corner),
                )
            return
        if self.on:
            yield "monotone among positive entries, and continuous", _restricted(self, op)
            return
        parts = tuple(Nonnegative(g, self.when, op.domain) for g in slopes(op))
        yield "the gradient is nonnegative", (*parts, _whole(op, self.when))

    def _corner(self, op: Any) -> Levels:
        assert self.box is not None
        return Levels(-self.box / self._size(op), 0)

    def extremes(self, op: Any) -> tuple[Extreme, ...]:
        return () if self.box is None else (Extreme(self._corner(op), Levels(1, 0)),)

    def prepared(self, at: Sample, op: Any) -> Sample:
        x, y = (abs(at.x), abs(at.y)) if self.on else (at.x, at.y)
        y = np.maximum(x, y)
        return replace(at, x=x, y=y) if self.box is None else self._in_box(replace(at, x=x, y=y), op)

    def _in_box(self, at: Sample, op: Any) -> Sample:
        """The sample shrunk into cubes that are small enough, exactly."""
        assert self.box is not None
        bound = Function(op, self.box / self._size(op))
        floats = [np.asarray(part, dtype=float) for part in (at.x, at.parameter)]
        with np.errstate(all="ignore"):
            size = np.abs(np.broadcast_to(np.asarray(bound(*floats), dtype=float), at.t.shape))
        low = np.min(at.x, axis=-1, keepdims=True)
        reach = np.max(at.y, axis=-1) - low[:, 0]
        with np.errstate(all="ignore"):
            ratio = np.minimum(1.0, size / np.maximum(np.asarray(reach, dtype=float), 1e-9))
        # Short numbers, that a reader can check.
        ratio = np.floor(ratio * 2**12) / 2**12
        if at.x.dtype == object:
            ratio = np.array([Fraction(float(q)) for q in ratio], dtype=object)
        x, y = (low + (part - low) * ratio[:, None] for part in (at.x, at.y))
        return replace(at, x=x, y=y)

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x, at.parameter), f(at.y, at.parameter)


@dataclass(frozen=True)
class Convex(Law):
    """f((x + y)/2) <= (f(x) + f(y))/2; concave with the inequality turned; with `on` = "x >= 0", where no entry is negative."""

    when: Any = True
    concave: bool = False
    on: str = ""

    def statement(self, op: Any) -> str:
        return self._word + (f" on {self.on}" if self.on else "") + condition(self.when)

    @property
    def _word(self) -> str:
        return "concave" if self.concave else "convex"

    def sufficient(self, op: Any) -> Rules:
        if self.on:
            yield "so among positive entries, and continuous", _restricted(self, op)
            return
        # {f <= c} is a cone's section: for f(x), f(y) > 0 the sublevel set of 1 holds x/f(x) and y/f(y), and what lies between.
        quasi = QuasiConvex(self.when, self.concave)
        if op.domain == "positive" and quasi.separates(op):
            parts = (Positive(op.definition, op.domain), Holds(Homogeneous(), op), Holds(quasi, op))
            yield f"positive, homogeneous and quasi-{self._word} functions are", parts
        if op.definition.has(SimplexMaximum):
            if not self.concave:
                yield "a maximum of functions affine in x", (AffineMaximum(op.definition),)
            return
        form = quadratic_form(op.hessian, op.arity if op.arity != 1 else None) if op.arity != 1 else op.hessian
        kinked = op.definition.has(Abs)
        joint = (Joined(op.gradient, self.when),) if kinked else ()
        if not (kinked and self.concave):
            yield (
                "v^T H v is nonnegative" if not self.concave else "-v^T H v is nonnegative",
                (
                    Nonnegative(-form if self.concave else form, self.when, op.domain),
                    *joint,
                    _whole(op, self.when),
                ),
            )

    def prepared(self, at: Sample, op: Any) -> Sample:
        return replace(at, x=abs(at.x), y=abs(at.y)) if self.on else at

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        middle = f((at.x + at.y) / 2, at.parameter)
        mean = (f(at.x, at.parameter) + f(at.y, at.parameter)) / 2
        return (mean, middle) if self.concave else (middle, mean)


@dataclass(frozen=True)
class QuasiConvex(Law):
    """f((x + y)/2) <= max(f(x), f(y)); quasi-concave: f((x + y)/2) >= min(f(x), f(y))."""

    when: Any = True
    concave: bool = False

    def statement(self, op: Any) -> str:
        return ("quasi-concave" if self.concave else "quasi-convex") + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        word = "concave" if self.concave else "convex"
        if not self.separates(op):
            yield f"{word} functions are", (Holds(Convex(self.when, self.concave), op),)
        if op.arity == 1:
            yield "monotone functions of one number are", (Holds(Monotone(self.when), op),)
        if self.separates(op):
            # {f <= c} = {A - c B <= 0}, and A - c B is convex for c >= 0.
            above, below = self._quotient(op)
            parts = tuple(Positive(e, op.domain) for e in (above, below))
            bends = (
                Bends(above, self.when, op.domain, self.concave),
                Bends(below, self.when, op.domain, not self.concave),
            )
            said = ("positive convex", "positive concave")
            yield (
                "a quotient of a {} by a {} function is".format(*(said[::-1] if self.concave else said)),
                (*parts, *bends),
            )

    @staticmethod
    def _quotient(op: Any) -> tuple[Expr, Expr]:
        below = Mul(*(f.base for f in Mul.make_args(op.definition) if isinstance(f, Pow) and f.exp == -1))
        return op.definition * below, below

    def separates(self, op: Any) -> bool:
        """Whether f is a quotient of two sums over the entries."""
        return all(isinstance(e, Sum) and len(e.limits) == 1 for e in self._quotient(op))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        middle, ends = f((at.x + at.y) / 2, at.parameter), (f(at.x, at.parameter), f(at.y, at.parameter))
        return (smaller(*ends), middle) if self.concave else (middle, larger(*ends))


@dataclass(frozen=True)
class Positive(Condition):
    """An expression is > 0 by its form."""

    expression: Expr
    domain: str = "real"

    def accepts(self, evidence: Any) -> bool:
        return bool(evidence == self) and moments.positive(self.expression, self.domain)


@dataclass(frozen=True)
class Bends(Condition):
    """A sum of functions of one entry each is convex (or concave): so is its term, smooth, by its second derivative."""

    total: Sum
    when: Any
    domain: str
    concave: bool

    def accepts(self, evidence: Any) -> bool:
        index, low, high = self.total.limits[0]
        entry = Dummy("x", **{"positive" if self.domain == "positive" else "real": True})
        term = self.total.function.xreplace({words.x[index]: entry})
        if evidence != self or (low, high) != (1, words.n) or term.has(words.x, index, Abs, sign):
            return False
        second = term.diff(entry, 2) * (-1 if self.concave else 1)
        return continuous(self.total, self.domain, self.when) and inequalities.nonnegative(second, self.when)


@dataclass(frozen=True)
class SchurConvex(Law):
    """Averaging two entries does not raise f."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "Schur-convex" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity != 1

    def sufficient(self, op: Any) -> Rules:
        yield "symmetric and convex", (Holds(Symmetric(), op), Holds(Convex(self.when), op))

    def prepared(self, at: Sample, op: Any) -> Sample:
        middle = (at.x[:, -1:] + at.x[:, -2:-1]) / 2
        return replace(at, y=np.concatenate([at.x[:, :-2], middle, middle], axis=1))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.y, at.parameter), f(at.x, at.parameter)
