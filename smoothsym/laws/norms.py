"""Norms, by their parts: absolutely homogeneous, subadditive and definite; and what follows from them, dual norms included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Abs, Expr, Indexed, Mul, Rational, S, Sum, sign

from smoothsym import words
from smoothsym.laws.law import Condition, Continuous, Holds, Law, Nonnegative, Zero, condition, one_form
from smoothsym.laws.points import BITS, Function, Sample, Span, larger
from smoothsym.laws.shape import Convex
from smoothsym.laws.symmetry import _REAL_T, Even, Homogeneous, moved
from smoothsym.program import intervals
from smoothsym.symbolic import signs
from smoothsym.symbolic.derivatives import partial
from smoothsym.symbolic.inequalities import quadratic_form, under
from smoothsym.symbolic.text import text

Rules = Iterator[tuple[str, tuple[Condition, ...]]]


@dataclass(frozen=True)
class AbsolutelyHomogeneous(Law):
    """f(t x) = |t| f(x) for every real t."""

    equality = True

    def statement(self, op: Any) -> str:
        return "absolutely homogeneous: f(t x) = |t| f(x)"

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.domain == "real"

    def sufficient(self, op: Any) -> Rules:
        t = _REAL_T
        yield "equal normal forms", (Zero(moved(op, lambda e: e * t) - Abs(t) * op.definition, op.domain),)

    def uses(self, op: Any) -> str:
        return "xt"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(-at.x * at.t[:, None], at.parameter), f(at.x, at.parameter) * at.t


@dataclass(frozen=True)
class Triangle(Law):
    """f(x + y) <= f(x) + f(y)."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "triangle inequality: f(x + y) <= f(x) + f(y)" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        rule = "convex and homogeneous: f(x + y) = 2 f((x + y)/2) <= f(x) + f(y)"
        yield rule, (Holds(Convex(self.when), op), Holds(Homogeneous(), op))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x + at.y, at.parameter), f(at.x, at.parameter) + f(at.y, at.parameter)


@dataclass(frozen=True)
class Definite(Law):
    """f(x) > 0 unless x = 0."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "definite: f(x) > 0 unless x = 0" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        base, exponent = op.definition.as_base_exp()
        if isinstance(base, Sum) and isinstance(base.function.as_base_exp()[0], Abs) and not exponent.has(words.x):
            rule = "a power of a sum of terms |x_j|^p, each positive where x_j is not 0"
            yield rule, (Nonnegative(op.definition, self.when, op.domain),)

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return at.t * 0, f(at.x, at.parameter)


@dataclass(frozen=True)
class Norm(Law):
    """f is a norm: absolutely homogeneous, subadditive and definite."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "a norm" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.domain == "real"

    def parts(self) -> tuple[Law, ...]:
        return AbsolutelyHomogeneous(), Triangle(self.when), Definite(self.when)

    def sufficient(self, op: Any) -> Rules:
        yield "absolutely homogeneous, subadditive and definite", tuple(Holds(law, op) for law in self.parts())

    def attempt(self, op: Any) -> Any:
        proof = self.proof(op)
        if proof is not None:
            return self.verdict(op, "Proved", self.reason(proof), certificate=proof)
        verdicts = [law.attempt(op) for law in self.parts()]
        for outcome in ("Refuted", "Undecided", "Supported"):
            for part in verdicts:
                if part.outcome == outcome:
                    reason = f"{part.law}: {part.reason}"
                    return self.verdict(op, outcome, reason, part.witness, part.certificate)
        raise AssertionError("a norm whose parts are all proved is proved")


@dataclass(frozen=True)
class Superadditive(Law):
    """f(x + y) >= f(x) + f(y); with `on` = "x >= 0", where no entry is negative."""

    when: Any = True
    on: str = ""

    def statement(self, op: Any) -> str:
        on = f" on {self.on}" if self.on else ""
        return f"superadditive{on}: f(x + y) >= f(x) + f(y)" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        rule = "concave and homogeneous: f(x + y) = 2 f((x + y)/2) >= f(x) + f(y)"
        yield rule, (Holds(Convex(self.when, concave=True, on=self.on), op), Holds(Homogeneous(), op))

    def prepared(self, at: Sample, op: Any) -> Sample:
        return replace(at, x=abs(at.x), y=abs(at.y)) if self.on else at

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return f(at.x, at.parameter) + f(at.y, at.parameter), f(at.x + at.y, at.parameter)


@dataclass(frozen=True)
class OwnLipschitz(Law):
    """|f(x) - f(y)| <= f(x - y): the Lipschitz constant of a norm is 1 when distances are measured by itself."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "1-Lipschitz in itself: |f(x) - f(y)| <= f(x - y)" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.domain == "real"

    def sufficient(self, op: Any) -> Rules:
        yield "the triangle inequality, and f(-x) = f(x)", (Holds(Triangle(self.when), op), Holds(Even(), op))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        return abs(f(at.x, at.parameter) - f(at.y, at.parameter)), f(at.x - at.y, at.parameter)


@dataclass(frozen=True)
class DualNorm(Law):
    """x . y <= f(x; p) f(y; dual), with equality at y = the gradient, of dual norm 1; so f* is 0 on the dual ball and oo off it.

    With "powers", x . y <= f(x; p)^p / p + f(y; dual)^dual / dual, with equality at y = the gradient of the first; so the second is the
    conjugate of the first. With "squares", half the squares are conjugate to each other, since 2 a b <= a^2 + b^2.
    """

    dual: Any
    when: Any = True
    of: str = "norm"

    def statement(self, op: Any) -> str:
        p, q = text(op.parameter), text(self.dual)
        if self.of == "squares":
            said = f"the conjugate of f^2/2 is g^2/2, g being f at the exponent {q}"
        elif self.of == "powers":
            said = f"the conjugate of f^{p}/{p} is g^q/q, g being f at the exponent q = {q}"
        else:
            said = f"the conjugate is 0 where f at the exponent {q} is at most 1, oo elsewhere"
        return f"dual: {said}" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity is None and op.parameter is not None

    def sufficient(self, op: Any) -> Rules:
        p, over = op.parameter, (words.i, 1, words.n)
        total = Sum(Abs(words.x[words.j]) ** p, (words.j, 1, words.n))
        norm = (
            Zero(op.definition - total ** (1 / p), op.domain),
            Zero(1 / p + 1 / self.dual - 1),
            Above(p - 1, self.when),
        )
        if self.of == "powers":
            slope = partial(total / p, words.x[words.i])
            met = Sum(words.x[words.i] * slope, over) - total / p - Sum(Abs(slope) ** self.dual, over) / self.dual
            yield "Young's inequality, and equality at the gradient", (*norm, Zero(met, op.domain))
            return
        met = Sum(words.x[words.i] * op.gradient, over) - op.definition
        unit = Sum(Abs(op.gradient) ** self.dual, over) - 1
        yield "Hoelder's inequality, and equality at the gradient", (*norm, Zero(met, op.domain), Zero(unit, op.domain))

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        p = at.parameter
        q = np.frompyfunc(lambda a: self._dual_at(f.op, a), 1, 1)(p)
        q = q if p.dtype == object else q.astype(float)
        left, first, second = (at.x * at.y).sum(axis=-1), f(at.x, p), f(at.y, q)
        if self.of == "squares":
            return left, (first * first + second * second) / 2
        if self.of == "norm":
            slope = np.asarray(Function(f.op, f.op.gradient, "naive")(at.x, p)).reshape(at.x.shape)
            return larger(left - first * second, abs(f(slope, q) - 1)), at.t * 0
        return left, _power(first, p) / p + _power(second, q) / q

    def _dual_at(self, op: Any, a: Any) -> Any:
        value = S(self.dual).xreplace({op.parameter: Rational(Fraction(a))})
        return Fraction(int(value.p), int(value.q)) if isinstance(a, Fraction) else float(value)


@dataclass(frozen=True)
class HalfSquare(Law):
    """f^2/2 lies within constant f(y - x)^2/2 above its tangent at x (smooth), or at least as far above it (strongly convex)."""

    constant: Any
    strongly: bool = False
    when: Any = True

    def statement(self, op: Any) -> str:
        kind = "strongly convex" if self.strongly else "smooth"
        return f"f^2/2 is {kind} in f itself with constant {text(S(self.constant))}" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        """On a line the slope of f^2/2 is differentiable but where an entry, or all of them, vanish; it is continuous there.

        For an entry that stands as sign(x_j) |x_j|^q, q > 0; where all vanish f^2/2 is a multiple of the squared distance, as f is
        homogeneous. An entry that vanishes on the whole line is a limit of small ones that do not move.
        """
        half = op.definition**2 / 2
        slope = partial(half, words.x[words.i])
        moduli = {Abs(jump.args[0]) for jump in slope.atoms(sign)}
        crossed = [e for m in moduli for b, e in (f.as_base_exp() for f in Mul.make_args(slope)) if b == m]
        if len(crossed) != len(moduli):
            return
        form = quadratic_form(partial(slope, words.x[words.k]))
        along = op.definition.xreplace({e: words.v[e.indices[0]] for e in op.definition.atoms(Indexed)})
        gap = S(self.constant) * along**2 - form
        parts = (
            Nonnegative(-gap if self.strongly else gap, self.when, op.domain),
            Continuous(op.definition, self.when, op.domain),
            Holds(AbsolutelyHomogeneous(), op),
            *(Above(q, self.when) for q in crossed),
        )
        yield "on each line its slope moves continuously, at a rate bounded by f(v)^2", parts

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.domain == "real" and op.arity is None

    def can_be_sampled(self, op: Any) -> bool:
        return True

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        p, by = at.parameter, at.y - at.x
        slope = np.asarray(Function(f.op, f.op.gradient, "naive")(at.x, p)).reshape(at.x.shape)
        first, second, apart = f(at.x, p), f(at.y, p), f(by, p)
        gap = (second * second - first * first) / 2 - first * (slope * by).sum(axis=-1)
        bound = Function(f.op, S(self.constant))(at.x, p) * apart * apart / 2
        return (bound, gap) if self.strongly else (gap, bound)


@dataclass(frozen=True)
class Above(Condition):
    """A number is > 0 under a condition on the parameter."""

    number: Expr
    when: Any

    def accepts(self, evidence: Any) -> bool:
        return bool(evidence == self) and one_form(self.when) and signs.positive(under(self.number, self.when))


def _power(value: Any, exponent: Any) -> Any:
    """A power of numbers, floats or Spans."""
    if value.dtype != object:
        return value**exponent
    raised = [
        Span(intervals.power(Span.of(v).ends, Span.of(a).ends, BITS)) for v, a in zip(value, exponent, strict=True)
    ]
    return np.array(raised, dtype=object)
