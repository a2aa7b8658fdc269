"""Certificates of sign by form: an identity to what is plainly nonnegative, or a named lemma whose hypotheses are identities.

Each certificate is data that says how expression >= 0 is shown; `check` verifies it again, by normal forms and signs by form alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Add, Dummy, Expr, Indexed, Mul, S, Sum, cosh, exp, log, oo, sinh, tanh

from smoothsym import words
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.analytic import differentiable
from smoothsym.symbolic.assumptions import instances, ranges
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.text import text

OVER = (words.j, 1, words.n)


def nonnegative(expression: Expr, when: Any = True, domain: str = "real") -> bool:
    """Whether an expression is >= 0 by its form, under an assumption on the parameter."""
    if all(signs.nonnegative(signs.in_domain(e, domain)) for e in instances(expression, when)):
        return True
    # Where a range is a sign, no factor comes apart any further for knowing it.
    again = any(reach.low not in (0, -oo) or reach.high not in (0, oo) for reach in ranges(when).values())
    return all(
        signs.nonnegative(e) or (again and signs.nonnegative(_factored(e)))
        for e in (signs.in_domain(form, domain) for form in instances(_factored(expression), when))
    )


def _factored(e: Expr) -> Expr:
    return Mul(*(_inner(f) for f in Mul.make_args(factored(e))))


def _inner(f: Expr) -> Expr:
    return f.func(*(a.expand() if a.is_Add else a for a in f.args)) if f.is_Pow else f


def plain(e: Expr) -> Expr:
    """Hyperbolic functions by exponentials, the larger and the smaller of two by moduli."""
    e = e.replace(lambda q: isinstance(q, tanh | cosh | sinh), lambda q: q.rewrite(exp))
    return moments.by_moduli(e)


class Certificate:
    """Evidence that an expression is >= 0 for every n, under an assumption on the parameter, on a domain of the entries."""

    expression: Expr
    when: Any
    domain: str

    def check(self) -> bool:
        """Whether the certificate holds: verified again from its data alone."""
        raise TypeError(f"{type(self).__name__} checks nothing")


@dataclass(frozen=True)
class ByForm(Certificate):
    """expression = form, and the form is >= 0 term by term."""

    expression: Expr
    form: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        if not nonnegative(self.form, self.when, self.domain):
            return False
        return self.expression == self.form or moments.equal(self.expression, self.form, self.domain)

    def __str__(self) -> str:
        return "nonnegative by its form"


@dataclass(frozen=True)
class Total(Certificate):
    """expression = the sum of parts, each with a certificate of its own."""

    expression: Expr
    parts: tuple[Certificate, ...]
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        return (
            all((part.when, part.domain) == (self.when, self.domain) and part.check() for part in self.parts)
            and moments.equal(self.expression, Add(*(part.expression for part in self.parts)), self.domain)
        )  # fmt: skip

    def __str__(self) -> str:
        return ", plus ".join(map(str, self.parts))


@dataclass(frozen=True)
class CauchySchwarz(Certificate):
    """expression = factor * (sum a * sum b - (sum c)^2): a, b >= 0 and a b = c^2 term by term, and factor >= 0."""

    expression: Expr
    factor: Expr
    a: Expr
    b: Expr
    c: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        return (
            moments.equal(self.expression, self.factor * self.gap, self.domain)
            and moments.equal(self.a * self.b, self.c**2, self.domain)
            and nonnegative(self.a, True, self.domain)
            and nonnegative(self.b, True, self.domain)
            and nonnegative(self.factor, self.when, self.domain)
        )

    @property
    def gap(self) -> Expr:
        return Sum(self.a, OVER) * Sum(self.b, OVER) - Sum(self.c, OVER) ** 2

    def __str__(self) -> str:
        return f"{text(self.factor)} times a Cauchy-Schwarz gap"


@dataclass(frozen=True)
class Association(Certificate):
    """expression = factor * (E[a b] - E[a] E[b]), E under positive weights with sum 1, a and b rising in x[j], and factor >= 0.

    Chebyshev's inequality: the bracket is half the mean of (a_j - a_k)(b_j - b_k) over pairs.
    """

    expression: Expr
    factor: Expr
    weight: Expr
    a: Expr
    b: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        covariance = mean(self.weight, self.a * self.b) - mean(self.weight, self.a) * mean(self.weight, self.b)
        return (
            _are_weights(self.weight, self.domain)
            and all(_rises(e, self.when, self.domain) for e in (self.a, self.b))
            and moments.equal(self.expression, self.factor * covariance, self.domain)
            and nonnegative(self.factor, self.when, self.domain)
        )

    def __str__(self) -> str:
        return f"{text(self.factor)} times a covariance of two rising functions (Chebyshev)"


@dataclass(frozen=True)
class Bernoulli(Certificate):
    """expression = factor * (E[y]^r - E[y^r]), E under positive weights with sum 1, y > 0: Jensen's inequality for a power.

    Bernoulli's 1 + r (u - 1) - u^r, at u = y / E[y], is >= 0 for 0 <= r <= 1 and <= 0 else; its mean is the bracket over E[y]^r.
    """

    expression: Expr
    factor: Expr
    weight: Expr
    y: Expr
    r: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        def known(e: Expr) -> bool:
            return nonnegative(e, self.when, self.domain)

        gap = mean(self.weight, self.y) ** self.r - mean(self.weight, self.y**self.r)
        within = known(self.r) and known(1 - self.r) and known(self.factor)
        outside = (known(-self.r) or known(self.r - 1)) and known(-self.factor)
        return (
            (within or outside)
            and not self.r.has(Indexed)
            and words.j not in self.r.free_symbols
            and _are_weights(self.weight, self.domain)
            and moments.positive(self.y, self.domain)
            and moments.equal(self.expression, self.factor * gap, self.domain)
        )

    def __str__(self) -> str:
        return f"Jensen's inequality for the power {text(self.r)}"


@dataclass(frozen=True)
class RelativeEntropy(Certificate):
    """expression = factor * sum_j q_j log(q_j / r_j), q and r positive with sum 1, and factor >= 0: Gibbs' inequality."""

    expression: Expr
    factor: Expr
    q: Expr
    r: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        divergence = Sum(self.q * log(self.q / self.r), OVER)
        return (
            all(_are_weights(e, self.domain) for e in (self.q, self.r))
            and moments.equal(self.expression, self.factor * divergence, self.domain)
            and nonnegative(self.factor, self.when, self.domain)
        )

    def __str__(self) -> str:
        return f"{text(self.factor)} times a relative entropy (Gibbs' inequality)"


@dataclass(frozen=True)
class Entropy(Certificate):
    """expression = factor * sum_j q_j log(1 / q_j), q positive with sum 1 (so that each q_j <= 1), and factor >= 0."""

    expression: Expr
    factor: Expr
    q: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        return (
            _are_weights(self.q, self.domain)
            and moments.equal(self.expression, -self.factor * Sum(self.q * log(self.q), OVER), self.domain)
            and nonnegative(self.factor, self.when, self.domain)
        )

    def __str__(self) -> str:
        return f"{text(self.factor)} times an entropy"


@dataclass(frozen=True)
class Conjugate(Certificate):
    """expression = factor * (a + b sqrt(r)) with factor, r >= 0, and either b >= 0 and b^2 r >= a^2, or a >= 0 and a^2 >= b^2 r.

    `surplus` is the difference of the squares, nonnegative by its form: what is positive outweighs what is not.
    """

    expression: Expr
    factor: Expr
    a: Expr
    b: Expr
    r: Expr
    surplus: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        whole = self.factor * (self.a + self.b * self.r**S.Half)
        gap = self.b**2 * self.r - self.a**2
        by_root, by_rest = (
            nonnegative(e, self.when, self.domain) and moments.equal(self.surplus, g, self.domain)
            for e, g in ((self.b, gap), (self.a, -gap))
        )
        return (
            moments.equal(self.expression, whole, self.domain)
            and (by_root or by_rest)
            and all(nonnegative(e, self.when, self.domain) for e in (self.factor, self.r, self.surplus))
        )

    def __str__(self) -> str:
        return "of a root and what stands beside it, the positive one outweighs the other"


def mean(weight: Expr, term: Expr) -> Expr:
    """sum_j weight_j term_j."""
    return Sum(weight * term, OVER)


def _are_weights(weight: Expr, domain: str) -> bool:
    return moments.positive(weight, domain) and moments.equal(Sum(weight, OVER), S.One, domain)


def _rises(e: Expr, when: Any, domain: str) -> bool:
    """Whether a function of x[j] does not fall as x[j] rises, whatever the sums in it are."""
    entry = Dummy("y", real=True, positive=domain == "positive" or None)
    inside = e.xreplace({words.x[words.j]: entry})
    if words.j in inside.free_symbols | {lim[0] for total in e.atoms(Sum) for lim in total.limits}:
        return False
    smooth = all(differentiable(each, entry) for each in instances(signs.in_domain(inside, domain), when))
    return smooth and nonnegative(inside.diff(entry), when, domain)
