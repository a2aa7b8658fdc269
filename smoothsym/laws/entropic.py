"""Gradients that are w_i (1 + log w_i + H), H the entropy of the weights w: how large they can be, for any weights at all.

The lemma, which derivations/boltzmann_expansion proves: for weights w_1, ..., w_n > 0 with sum 1, their entropy H, and
g_i = w_i (1 + log w_i + H),

    sum_i |g_i| <= Lambda(n),    (1 - Lambda(2))/2 <= g_i <= (1 + Lambda(n))/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Abs, Expr, KroneckerDelta, S, Sum, log

from smoothsym import words
from smoothsym.laws.law import Condition
from smoothsym.laws.vocabulary import w, written_out
from smoothsym.symbolic import moments
from smoothsym.symbolic.naming import Names
from smoothsym.symbolic.roots import Lambda

_ENTROPY = -Sum(w[words.j] * log(w[words.j]), (words.j, 1, words.n))
_OVER = (words.i, 1, words.n)


@dataclass(frozen=True)
class Entropic(Condition):
    """The gradient is w_i (1 + log w_i + H) with positive weights w of sum 1, of which H is the entropy."""

    op: Any

    def accepts(self, evidence: Any) -> bool:
        if evidence != self or self.op.arity is not None or Names(self.op.definition, self.op.domain).whole is None:
            return False
        weight, claim = (written_out(self.op, e) for e in (w[words.i], w[words.i] * (1 + log(w[words.i]) + _ENTROPY)))
        return (
            moments.positive(weight, self.op.domain)
            and moments.equal(Sum(weight, _OVER), S.One, self.op.domain)
            and moments.equal(self.op.gradient, claim, self.op.domain)
        )


@dataclass(frozen=True)
class EntropicSlope(Condition):
    """A difference is that of a slope of an entropic gradient from its largest value, or of its smallest value from it."""

    difference: Expr
    op: Any

    def accepts(self, evidence: Any) -> bool:
        if evidence != self or self.difference.has(Abs) or not Entropic(self.op).accepts(Entropic(self.op)):
            return False
        slope = self.op.gradient
        claims = ((1 + Lambda(words.n)) / 2 - slope, slope - (1 - Lambda(S(2))) / 2)
        return any(moments.equal(self.difference, claim, self.op.domain) for claim in claims)


@dataclass(frozen=True)
class EntropicHessian(Condition):
    """A difference is a (1 + 3 Lambda(n)) - sum_ik |H_ik| for H_ik = a (delta_ik (w_i + g_i) - g_i w_k - w_i g_k), a = |parameter|.

    Each of sum |g_i| w_k, sum w_i |g_k| and sum |g_i| is at most Lambda(n), and sum w_i = 1.
    """

    difference: Expr
    op: Any

    def accepts(self, evidence: Any) -> bool:
        op = self.op
        if evidence != self or op.parameter is None or not Entropic(op).accepts(Entropic(op)):
            return False
        i, k = words.i, words.k
        weights = {q: written_out(op, w[q]) for q in (i, k)}
        slopes = {q: op.gradient.xreplace({i: q}) for q in (i, k)}
        form = KroneckerDelta(i, k) * (weights[i] + slopes[i]) - slopes[i] * weights[k] - weights[i] * slopes[k]
        norm = Sum(Abs(op.hessian), (i, 1, words.n), (k, 1, words.n))
        claim = Abs(op.parameter) * (1 + 3 * Lambda(words.n))
        return bool((self.difference - claim + norm).expand() == 0) and moments.equal(
            op.hessian, op.parameter * form, op.domain
        )
