"""How the operators are related: each relation is an identity for every n, and is checked as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Expr, Indexed, Integer, S, Sum, exp, log, sqrt

from smoothsym.catalogue import (
    boltzmann,
    lehmer,
    logcosh,
    logsumexp,
    mellowmax,
    pnorm,
    powermean,
    smoothabs,
    smu,
    softmax,
    softplus,
)
from smoothsym.symbolic import moments
from smoothsym.words import alpha, c, eps, i, k, n, p, x


@dataclass(frozen=True)
class Relation:
    """left = right for every n, between formulas of operators; `title` says it in words and symbols."""

    title: str
    left: Expr
    right: Expr
    domain: str = "real"

    def holds(self) -> bool:
        """Whether the identity is proved."""
        return moments.equal(self.left, self.right, self.domain)


def of(op: Any, *entries: Any, formula: str = "value") -> Expr:
    """A formula of an operator at so many given entries."""
    written = (
        op.formula(formula).subs(n, Integer(len(entries))).replace(lambda e: isinstance(e, Sum), lambda e: e.doit())
    )
    return written.xreplace({x[place]: S(entry) for place, entry in enumerate(entries, 1)})


def composed(op: Any, inner: Any, **parameter: Any) -> Expr:
    """An operator of a function of each entry, its parameter renamed."""
    swaps = {e: inner(e) for e in op.definition.atoms(Indexed) if e.base == x}
    return op.definition.xreplace(swaps).xreplace({q: parameter[q.name] for q in op.parameters if q.name in parameter})


def relations() -> Iterator[Relation]:
    """The relations of the catalogue."""
    t, weight = c, softmax.definition
    entropy = -Sum(weight.xreplace({i: k}) * log(weight.xreplace({i: k})), (k, 1, n))
    yield Relation("softmax is the gradient of logsumexp", logsumexp.gradient, weight)
    yield Relation("softmax is the gradient of mellowmax", mellowmax.gradient, weight)
    yield Relation(
        "boltzmann = d(alpha logsumexp)/d alpha",
        boltzmann.definition,
        logsumexp.derivative(of=alpha * logsumexp.definition),
    )
    yield Relation(
        "boltzmann = d(alpha mellowmax)/d alpha",
        boltzmann.definition,
        mellowmax.derivative(of=alpha * mellowmax.definition),
    )
    yield Relation(
        "logsumexp = boltzmann + H/alpha, H the entropy of softmax",
        logsumexp.definition,
        boltzmann.definition + entropy / alpha,
    )
    yield Relation("logsumexp = mellowmax + log(n)/alpha", logsumexp.definition, mellowmax.definition + log(n) / alpha)
    yield Relation(
        "alpha (x[i] - boltzmann) = log softmax[i] + H", alpha * (x[i] - boltzmann.definition), log(weight) + entropy
    )
    yield Relation("logsumexp = log pnorm(exp x)", logsumexp.definition, log(composed(pnorm, exp, p=alpha)))
    yield Relation("mellowmax = log powermean(exp x)", mellowmax.definition, log(composed(powermean, exp, p=alpha)))
    yield Relation(
        "pnorm = exp logsumexp(log |x|)", pnorm.definition, exp(composed(logsumexp, lambda e: log(Abs(e)), alpha=p))
    )
    yield Relation(
        "powermean = exp mellowmax(log x)", powermean.definition, exp(composed(mellowmax, log, alpha=p)), "positive"
    )
    yield Relation(
        "pnorm = n^(1/p) powermean for x > 0", pnorm.definition, n ** (1 / p) * powermean.definition, "positive"
    )
    below = powermean.definition.subs(p, p - 1)
    yield Relation(
        "lehmer_p = powermean_p^p / powermean_(p-1)^(p-1)",
        lehmer.definition,
        powermean.definition**p / below ** (p - 1),
        "positive",
    )
    yield Relation("softplus(t) = logsumexp(0, t)", of(softplus, t), of(logsumexp, 0, t))
    yield Relation(
        "SiLU: t softplus'(t) = boltzmann(0, t)", t * of(softplus, t, formula="gradient"), of(boltzmann, 0, t)
    )
    yield Relation("logcosh(t) = mellowmax(t, -t)", of(logcosh, t), of(mellowmax, t, -t))
    yield Relation(
        "logcosh(t) = logsumexp(t, -t) - log(2)/alpha", of(logcosh, t), of(logsumexp, t, -t) - log(2) / alpha
    )
    yield Relation("smoothabs(t) = 2-norm of (t, sqrt(eps))", of(smoothabs, t), of(pnorm, t, sqrt(eps)).subs(p, 2))
    yield Relation("squareplus: (t + smoothabs(t))/2 = smu(t, 0)", (t + of(smoothabs, t)) / 2, of(smu, t, 0))
    yield Relation("d boltzmann/d alpha = sum softmax (x - boltzmann)^2", boltzmann.derivative(), _variance())


def _variance() -> Expr:
    weight = softmax.definition.xreplace({i: k})
    return Sum(weight * (x[k] - boltzmann.definition) ** 2, (k, 1, n))


__all__ = ["Relation", "composed", "of", "relations"]
