"""How fast vectors move: gradients, and operators that have a value for each entry; by norms of their symmetric Jacobian."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from sympy import Add, Expr, KroneckerDelta, S, Sum

from smoothsym import words
from smoothsym.laws.attained import Attained, said_of
from smoothsym.laws.law import Condition, Holds, Law, Nonnegative, Zero, condition
from smoothsym.laws.points import Function, Sample, larger
from smoothsym.laws.search import Extreme
from smoothsym.laws.simplex import Curved
from smoothsym.laws.smoothness import smoothness
from smoothsym.laws.vocabulary import E, w, written_out
from smoothsym.symbolic.inequalities import quadratic_form
from smoothsym.symbolic.levels import Levels
from smoothsym.symbolic.naming import Names
from smoothsym.symbolic.simplex import SimplexMaximum
from smoothsym.symbolic.text import text

Rules = Iterator[tuple[str, tuple[Condition, ...]]]
NORMS = ("every l_p", "l_2", "l_oo to l_1")
_I, _K, _V = words.i, words.k, words.v


def jacobian(op: Any) -> Expr:
    """The matrix with free indices i and k of which the laws speak: the Hessian, or the Jacobian of a vector."""
    return op.gradient if op.vector else op.hessian


def _entry(op: Any, i: Any, k: Any) -> Expr:
    """An entry of the matrix; for free indices, one on the diagonal (i = k) or off it."""
    matrix = jacobian(op)
    if op.arity is None:
        same = dict.fromkeys(matrix.atoms(KroneckerDelta), S.One if i == k else S.Zero)
        return matrix.xreplace(same).xreplace({_K: k})
    return matrix.subs({_I: i, _K: k})


def _subject(op: Any) -> str:
    return "f" if op.vector else "the gradient"


def _form(op: Any) -> Expr:
    """v^T J v."""
    return jacobian(op) * _V[1] ** 2 if op.arity == 1 else quadratic_form(jacobian(op), op.arity)


def _squares(op: Any) -> Expr:
    """|v|^2."""
    if op.arity is None:
        return Sum(_V[words.j] ** 2, (words.j, 1, words.n))
    return Add(*(_V[q] ** 2 for q in range(1, op.arity + 1)))


def _symmetric(op: Any) -> tuple[Condition, ...]:
    """A Hessian is symmetric; of a vector's Jacobian it is to be shown."""
    if not op.vector:
        return ()
    swapped = jacobian(op).xreplace({_I: _K, _K: _I})
    return (Zero(jacobian(op) - swapped, op.domain),)


@dataclass(frozen=True)
class Smooth(Condition):
    """An expression is infinitely differentiable everywhere: a gradient jumps at kinks, and no Hessian tells."""

    expression: Expr
    domain: str

    def accepts(self, evidence: Any) -> bool:
        return bool(evidence == self) and not smoothness(self.expression, self.domain)


@dataclass(frozen=True)
class LipschitzMap(Law):
    """|F(x) - F(y)| <= constant |x - y| for the gradient F, or for F = f where f is a vector; `norm` names both norms.

    "every l_p" is the same norm on both sides, p from 1 to oo; "l_oo to l_1" measures F in l_1 and x in l_oo. With `at`, some row of
    the Jacobian has moduli that add up to the constant there.
    """

    constant: Any
    norm: str = "l_2"
    when: Any = True
    at: Levels | None = None

    def statement(self, op: Any) -> str:
        where = f"in {self.norm}" if "to" not in self.norm else f"from {self.norm}"
        sharp = "" if self.at is None else f"; sharp in l_oo: {said_of(self.at)}"
        return f"{_subject(op)} is Lipschitz {where} with constant {text(S(self.constant))}{sharp}" + condition(
            self.when
        )

    def applies(self, op: Any) -> bool:
        return True

    def scope(self, op: Any) -> str:
        return super().scope(op) if self.at is None else "n >= 2" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        constant, domain, when = S(self.constant), op.domain, self.when
        whole = Smooth(op.definition, domain)
        if self.norm == "l_2" and op.definition.has(SimplexMaximum):
            rule = "the regulariser is strongly convex: so says the duality with smoothness"
            yield rule, (Curved(op.definition, when, 1 / constant),)
            return
        if self.norm == "l_2":
            up, down = (Nonnegative(constant * _squares(op) - turn * _form(op), when, domain) for turn in (1, -1))
            yield "the quadratic form of the derivative is at most constant |v|^2", (up, down, whole, *_symmetric(op))
        elif self.norm == "every l_p" and op.arity is None:
            row = Sum(jacobian(op), (_K, 1, words.n))
            diagonal, other = _entry(op, _I, _I), _entry(op, _I, _K)
            attained = () if self.at is None else (Attained(2 * diagonal, constant, self.at, when, domain),)
            yield (
                "rows add up to 0 and are negative off the diagonal, so their moduli add up to twice its entry; Riesz and Thorin",
                (
                    Zero(row, domain), Nonnegative(-other, when, domain), Nonnegative(constant - 2 * diagonal, when, domain),
                    whole, *_symmetric(op), *attained,
                ),
            )  # fmt: skip
        elif self.norm == "l_oo to l_1" and op.arity is None and Names(op.definition, domain).whole is not None:
            weight, mean = written_out(op, w[_I]), written_out(op, E(_V[words.j] ** 2))
            yield (
                "the derivative is a form between 0 and constant sum w_i v_i^2, w weights; its norm is the largest value at signs v",
                (
                    Nonnegative(_form(op), when, domain), Nonnegative(constant * mean - _form(op), when, domain),
                    Nonnegative(weight, when, domain), Zero(Sum(weight, (_I, 1, words.n)) - 1, domain), whole, *_symmetric(op),
                ),
            )  # fmt: skip
        elif self.norm == "l_oo to l_1" and op.arity == 2:
            ends, across = (_entry(op, 1, 1), _entry(op, 2, 2)), _entry(op, 1, 2)
            parts = (*ends, -across, constant - ends[0] - ends[1] + 2 * across)
            yield (
                "the moduli of its entries add up to at most that",
                (*(Nonnegative(e, when, domain) for e in parts), whole),
            )

    def extremes(self, op: Any) -> tuple[Extreme, ...]:
        return (Extreme(self.at or Levels(0, 0), Levels(1, -1)),)

    def can_be_sampled(self, op: Any) -> bool:
        return True

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        moved, by = _moved(f.op, at), abs(at.x - at.y)
        constant = Function(f.op, S(self.constant))(at.x, at.parameter)
        if self.norm == "l_2":
            return (moved * moved).sum(axis=-1), constant * constant * (by * by).sum(axis=-1)
        if self.norm == "l_oo to l_1":
            return abs(moved).sum(axis=-1), constant * _largest(by)
        measured = ((abs(q).sum(axis=-1), _largest(abs(q))) for q in (moved, by))
        left, right = (np.stack(np.broadcast_arrays(*pair), axis=-1) for pair in measured)
        return left, np.asarray(constant)[..., None] * right


@dataclass(frozen=True)
class Cocoercive(Law):
    """(F(x) - F(y)) . (x - y) >= |F(x) - F(y)|^2 / constant in l_2, for the gradient F, or for F = f where f is a vector."""

    constant: Any
    when: Any = True

    def statement(self, op: Any) -> str:
        return f"{_subject(op)} is cocoercive with constant {text(1 / S(self.constant))}" + condition(self.when)

    def applies(self, op: Any) -> bool:
        return True

    def sufficient(self, op: Any) -> Rules:
        convex = (Nonnegative(_form(op), self.when, op.domain), *_symmetric(op))
        for norm in ("every l_p", "l_2"):
            smooth = Holds(LipschitzMap(self.constant, norm, self.when), op)
            yield "the gradient of a convex function, and Lipschitz (Baillon and Haddad)", (*convex, smooth)

    def can_be_sampled(self, op: Any) -> bool:
        return True

    def uses(self, op: Any) -> str:
        return "xy"

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        moved = _moved(f.op, at)
        constant = Function(f.op, S(self.constant))(at.x, at.parameter)
        return (moved * moved).sum(axis=-1), constant * (moved * (at.x - at.y)).sum(axis=-1)


def _moved(op: Any, at: Sample) -> Any:
    """F(x) - F(y), a row for each point."""
    of = op.definition if op.vector else op.gradient
    values = (np.asarray(Function(op, of, "naive")(q, at.parameter)).reshape(at.x.shape) for q in (at.x, at.y))
    first, second = values
    return first - second


def _largest(rows: Any) -> Any:
    """The largest number of each row, of floats or Spans."""
    return reduce(larger, (rows[..., q] for q in range(rows.shape[-1])))
