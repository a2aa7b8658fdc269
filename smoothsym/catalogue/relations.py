"""How the operators are related: each relation is an identity for every n, and is checked as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Expr, Indexed, Integer, S, Sum, Symbol, erf, exp, log, sqrt

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
from smoothsym.symbolic.derivatives import partial_parameter
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
    """The relations of the catalogue, family by family."""
    yield from _exponential()
    yield from _powers()
    yield from _between()
    yield from _of_few_entries()
    yield from _duals()


def _exponential() -> Iterator[Relation]:
    """One function generates softmax, the Boltzmann operator, log-sum-exp and mellowmax: log sum exp(alpha x)."""
    S_, L, M, weight = boltzmann.definition, logsumexp.definition, mellowmax.definition, softmax.definition
    by_k = weight.xreplace({i: k})
    entropy = -_total(by_k * log(by_k))
    divergence = _total(by_k * log(n * by_k))
    yield Relation("softmax is the gradient of logsumexp", logsumexp.gradient, weight)
    yield Relation("softmax is the gradient of mellowmax", mellowmax.gradient, weight)
    yield Relation("boltzmann is the mean under softmax: sum softmax x", S_, _total(by_k * x[k]))
    yield Relation("boltzmann = d(alpha logsumexp)/d alpha", S_, logsumexp.derivative(of=alpha * L))
    yield Relation("boltzmann = d(alpha mellowmax)/d alpha", S_, mellowmax.derivative(of=alpha * M))
    yield Relation("boltzmann = logsumexp + alpha d logsumexp/d alpha", S_, L + alpha * logsumexp.derivative())
    yield Relation("logsumexp = boltzmann + H/alpha, H the entropy of softmax", L, S_ + entropy / alpha)
    yield Relation("d logsumexp/d alpha = -H/alpha^2", logsumexp.derivative(), -entropy / alpha**2)
    yield Relation("boltzmann = mellowmax + KL/alpha, KL of softmax from equal weights", S_, M + divergence / alpha)
    yield Relation("d mellowmax/d alpha = KL/alpha^2", mellowmax.derivative(), divergence / alpha**2)
    yield Relation("logsumexp = mellowmax + log(n)/alpha", L, M + log(n) / alpha)
    yield Relation("alpha (x[i] - boltzmann) = log softmax[i] + H", alpha * (x[i] - S_), log(weight) + entropy)
    yield Relation("alpha (x[i] - logsumexp) = log softmax[i]", alpha * (x[i] - L), log(weight))
    yield Relation("d softmax[i]/d alpha = softmax[i] (x[i] - boltzmann)", softmax.derivative(), weight * (x[i] - S_))
    variance = _total(by_k * (x[k] - S_) ** 2)
    yield Relation("d boltzmann/d alpha = sum softmax (x - boltzmann)^2", boltzmann.derivative(), variance)
    yield Relation(
        "the gradient of boltzmann = softmax + d softmax/d log alpha",
        boltzmann.gradient,
        weight + alpha * softmax.derivative(),
    )


def _powers() -> Iterator[Relation]:
    """Powers of positive entries: the p-norm, the power mean and the Lehmer mean."""
    N, mean, lower = pnorm.definition, powermean.definition, {p: p - 1}
    yield Relation("pnorm = n^(1/p) powermean for x > 0", N, n ** (1 / p) * mean, "positive")
    yield Relation(
        "lehmer_p = powermean_p^p / powermean_(p-1)^(p-1)",
        lehmer.definition, mean**p / mean.xreplace(lower) ** (p - 1), "positive",
    )  # fmt: skip
    yield Relation(
        "lehmer_p = pnorm_p^p / pnorm_(p-1)^(p-1) for x > 0",
        lehmer.definition, N**p / N.xreplace(lower) ** (p - 1), "positive",
    )  # fmt: skip
    yield Relation("lehmer_0 is the harmonic mean, powermean_-1", _at(lehmer, p, 0), _at(powermean, p, -1), "positive")
    yield Relation("lehmer_1 is the mean, powermean_1", _at(lehmer, p, 1), _at(powermean, p, 1), "positive")
    yield Relation(
        "lehmer_(1/2) of two is their geometric mean", _at(lehmer, p, S.Half, 2), sqrt(x[1] * x[2]), "positive"
    )


def _between() -> Iterator[Relation]:
    """exp and log lead from one family to the other."""
    yield Relation("logsumexp = log pnorm(exp x)", logsumexp.definition, log(composed(pnorm, exp, p=alpha)))
    yield Relation("mellowmax = log powermean(exp x)", mellowmax.definition, log(composed(powermean, exp, p=alpha)))
    yield Relation(
        "pnorm = exp logsumexp(log |x|)", pnorm.definition, exp(composed(logsumexp, lambda e: log(Abs(e)), alpha=p))
    )
    yield Relation(
        "powermean = exp mellowmax(log x)", powermean.definition, exp(composed(mellowmax, log, alpha=p)), "positive"
    )
    geometric = composed(boltzmann, log, alpha=p)
    power = log(_total(x[k] ** p))
    yield Relation(
        "log lehmer_p = F(p) - F(p-1), F(p) = log sum x^p",
        log(lehmer.definition),
        power - power.xreplace({p: p - 1}),
        "positive",
    )
    yield Relation(
        "F'(p) = boltzmann_p(log x): log lehmer_p is its integral from p-1 to p",
        partial_parameter(power, p),
        geometric,
        "positive",
    )
    yield Relation(
        "d log lehmer_p/d p = boltzmann_p(log x) - boltzmann_(p-1)(log x)",
        lehmer.derivative(of=log(lehmer.definition)), geometric - geometric.xreplace({p: p - 1}), "positive",
    )  # fmt: skip
    h = eps
    step = composed(lehmer, lambda e: exp(h * e)).xreplace({p: alpha / h + 1})
    generating = log(_total(exp(alpha * x[k])))
    yield Relation(
        "log lehmer_(alpha/h+1)(exp(h x)) = K(alpha+h) - K(alpha), K = alpha logsumexp: boltzmann is its slope",
        log(step), generating.xreplace({alpha: alpha + h}) - generating,
    )  # fmt: skip


def _of_few_entries() -> Iterator[Relation]:
    """Functions of one number and of two are the operators of two or three entries."""
    t, half = c, S.Half
    slope = of(softplus, t, formula="gradient")
    yield Relation("softplus(t) = logsumexp(0, t)", of(softplus, t), of(logsumexp, 0, t))
    yield Relation("the logistic function: softplus'(t) = softmax of (t, 0) at t", slope, 1 / (1 + exp(-alpha * t)))
    yield Relation("SiLU: t softplus'(t) = boltzmann(0, t)", t * slope, of(boltzmann, 0, t))
    yield Relation("logcosh(t) = mellowmax(t, -t)", of(logcosh, t), of(mellowmax, t, -t))
    yield Relation(
        "logcosh(t) = logsumexp(t, -t) - log(2)/alpha", of(logcosh, t), of(logsumexp, t, -t) - log(2) / alpha
    )
    yield Relation("boltzmann(t, -t) = t logcosh'(t)", of(boltzmann, t, -t), t * of(logcosh, t, formula="gradient"))
    yield Relation("logcosh(t) = 2 softplus(t) - t - log(2)/alpha at twice alpha", _twice_softplus(t), of(logcosh, t))
    yield Relation("smoothabs(t) = 2-norm of (t, sqrt(eps))", of(smoothabs, t), of(pnorm, t, sqrt(eps)).subs(p, 2))
    yield Relation("squareplus: (t + smoothabs(t))/2 = smu(t, 0)", (t + of(smoothabs, t)) / 2, of(smu, t, 0))
    a, b = x[1], x[2]
    yield Relation("smu(a, b) = (a + b + smoothabs(a - b))/2", of(smu, a, b), (a + b + of(smoothabs, a - b)) / 2)
    share = half + (a - b) / (2 * of(smoothabs, a - b))
    yield Relation(
        "smu is a regularised maximum: q a + (1 - q) b + sqrt(eps q (1 - q)) at q = smu's slope",
        of(smu, a, b) - share * a - (1 - share) * b, eps / (2 * of(smoothabs, a - b)),
    )  # fmt: skip
    yield Relation(
        "eps q (1 - q) = (eps/(2 smoothabs))^2 there",
        eps * share * (1 - share),
        (eps / (2 * of(smoothabs, a - b))) ** 2,
    )
    by_erf = (a + b + (a - b) * erf(mu * (a - b))) / 2
    gelu = t * (1 + erf(t / sqrt(2))) / 2
    yield Relation(
        "GELU(t) = (a + b + (a - b) erf(mu (a - b)))/2 at (t, 0), mu = 1/sqrt(2): the other function called SMU",
        gelu, by_erf.xreplace({a: t, b: S.Zero, mu: 1 / sqrt(2)}),
    )  # fmt: skip


def _duals() -> Iterator[Relation]:
    """Smooth minima: the same functions at the parameter negated."""
    for op in (boltzmann, logsumexp, mellowmax):
        yield Relation(
            f"the minimum dual: -{op.name}(-x) = {op.name} at -alpha",
            op.dual.definition, op.definition.xreplace({alpha: -alpha}),
        )  # fmt: skip
    yield Relation(
        "the minimum dual: 1/powermean_p(1/x) = powermean_-p",
        powermean.dual.definition,
        _at(powermean, p, -p),
        "positive",
    )
    yield Relation(
        "the minimum dual: 1/lehmer_p(1/x) = lehmer_(1-p)", lehmer.dual.definition, _at(lehmer, p, 1 - p), "positive"
    )
    yield Relation("the minimum dual: 1/pnorm_p(1/x) = pnorm_-p", _reciprocal(), _at(pnorm, p, -p), "positive")
    yield Relation("smu(a, b) - smu(-a, -b) = a + b", of(smu, x[1], x[2]) - of(smu, -x[1], -x[2]), x[1] + x[2])
    yield Relation("softplus(t) - softplus(-t) = t", of(softplus, c) - of(softplus, -c), c)


def _total(term: Expr) -> Expr:
    return Sum(term, (k, 1, n))


def _at(op: Any, symbol: Symbol, value: Any, size: int | None = None) -> Expr:
    """The definition at a parameter, of so many entries where that is given."""
    settled = op.definition.subs(symbol, value)
    return settled if size is None else settled.subs(n, size).replace(lambda e: isinstance(e, Sum), lambda e: e.doit())


def _twice_softplus(t: Expr) -> Expr:
    return 2 * of(softplus, t).xreplace({alpha: 2 * alpha}) - t - log(2) / alpha


def _reciprocal() -> Expr:
    return 1 / composed(pnorm, lambda e: 1 / e)


mu = Symbol("mu", positive=True)

__all__ = ["Relation", "composed", "of", "relations"]
