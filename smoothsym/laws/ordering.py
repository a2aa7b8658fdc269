"""Where larger entries have larger slopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Abs, Dummy, Expr, Mul, S, sign

from smoothsym import words
from smoothsym.laws.law import Condition, Law, condition, one_form
from smoothsym.laws.points import Function, Sample, Span
from smoothsym.laws.vocabulary import in_words, written_out
from smoothsym.program.intervals import mpf_sign
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.inequalities import under

_ABOVE = Dummy("s", nonnegative=True)
_LEAST = Dummy("low", real=True)


@dataclass(frozen=True)
class OrderedSlopes(Law):
    """x_i >= x_k implies df/dx[i] >= df/dx[k], wherever an expression, in the words of laws.vocabulary and minimum(x), is >= 0."""

    where: Any
    when: Any = True

    def statement(self, op: Any) -> str:
        said = f"slopes ordered like entries where 0 <= {in_words(op, S(self.where))}"
        return said + condition(self.when)

    def applies(self, op: Any) -> bool:
        return super().applies(op) and op.arity is None

    def sufficient(self, op: Any) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        parts = (RisesFromLeast(op.gradient, written_out(op, self.where), self.when, op.domain),)
        yield "the slope, as a function of its own entry beside the sums, rises from the smallest entry on", parts

    def can_be_sampled(self, op: Any) -> bool:
        return True

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any]:
        slopes = np.asarray(Function(f.op, f.op.gradient, "naive")(at.x, at.parameter)).reshape(at.x.shape)
        where = np.asarray(Function(f.op, written_out(f.op, self.where), "naive")(at.x, at.parameter))
        apart, steps = (q[:, :, None] - q[:, None, :] for q in (at.x, slopes))
        wrong = -(apart * steps)
        if where.dtype == object:
            # What may lie outside of the region says nothing.
            wrong[[mpf_sign(Span.of(v).ends[0]) < 0 for v in where]] = 0
            return wrong, at.t * 0
        return np.where((where < 0)[:, None, None], -1.0, wrong), at.t * 0


@dataclass(frozen=True)
class RisesFromLeast(Condition):
    """With the sums held, the derivative of a slope by its own entry is positive times (rate (entry - least) + region), rate >= 0."""

    gradient: Expr
    where: Expr
    when: Any
    domain: str

    def accepts(self, evidence: Any) -> bool:
        if evidence != self or not one_form(self.when) or self.where.has(words.i):
            return False
        own = self.gradient.xreplace({words.x[words.i]: _LEAST + _ABOVE})
        region = self.where.xreplace({words.minimum(words.x): _LEAST})
        if own.has(words.i, Abs, sign) or region.has(words.minimum, words.maximum):
            return False
        whole = factored(moments.normal(under(own.diff(_ABOVE), self.when), self.domain))
        rest = [q for q in Mul.make_args(whole) if not signs.positive(q)]
        if len(rest) != 1:
            return False
        rate = rest[0].expand().diff(_ABOVE)
        least = rest[0].expand().xreplace({_ABOVE: S.Zero})
        ratio = factored(least / moments.normal(under(region, self.when), self.domain))
        return not rate.has(_ABOVE) and signs.nonnegative(rate) and signs.positive(ratio)
