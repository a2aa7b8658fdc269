"""Certificates of sign: an identity to a form that is plainly nonnegative, or a named lemma whose hypotheses are identities.

Each certificate is data that says how a claim is shown; `check` verifies it again, by normal forms and signs by form alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Add, Dummy, Expr, Ge, Gt, Le, Lt, Mul, Pow, S, Sum, cosh, exp, log, sinh, tanh

from smoothsym import words
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.factoring import cancelled, factored

v = words.v


def under(expression: Expr, when: Any) -> Expr:
    """The expression with an assumption, such as alpha > 0 or p <= 1, built into its symbol.

    >>> from smoothsym.words import p
    >>> signs.nonnegative(under(p - 1, p >= 1))
    True
    """
    if when is True or when is S.true:
        return S(expression)
    if not isinstance(when, Ge | Gt | Le | Lt) or not when.lhs.is_Symbol or not when.rhs.is_number:
        raise ValueError(f"when={when} is no relation between a symbol and a number, such as p >= 1")
    excess = _EXCESS["positive" if isinstance(when, Gt | Lt) else "nonnegative"]
    return S(expression).xreplace({when.lhs: when.rhs + (excess if isinstance(when, Ge | Gt) else -excess)})


_EXCESS = {kind: Dummy("excess", **{kind: True}) for kind in ("positive", "nonnegative")}


def nonnegative(expression: Expr, when: Any = True, domain: str = "real") -> bool:
    """Whether an expression is >= 0 by its form, under an assumption on the parameter."""
    expression = signs.in_domain(under(expression, when), domain)
    return signs.nonnegative(expression) or signs.nonnegative(_factored(expression))


def _factored(e: Expr) -> Expr:
    return Mul(*(_inner(f) for f in Mul.make_args(factored(e))))


def _inner(f: Expr) -> Expr:
    return f.func(*(a.expand() if a.is_Add else a for a in f.args)) if f.is_Pow else f


def plain(e: Expr) -> Expr:
    """Hyperbolic functions by exponentials."""
    return e.replace(lambda q: isinstance(q, tanh | cosh | sinh), lambda q: q.rewrite(exp))


@dataclass(frozen=True)
class ByForm:
    """expression = form, and the form is >= 0 term by term."""

    expression: Expr
    form: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        same = self.expression == self.form or moments.equal(self.expression, self.form, self.domain)
        return same and nonnegative(self.form, self.when, self.domain)

    def __str__(self) -> str:
        return "nonnegative by its form"


@dataclass(frozen=True)
class CauchySchwarz:
    """expression = factor * (sum a * sum b - (sum c)^2) + rest: a, b >= 0 and a b = c^2 term by term, factor and rest >= 0."""

    expression: Expr
    factor: Expr
    a: Expr
    b: Expr
    c: Expr
    rest: Expr = S.Zero
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        """Whether the certificate holds: the identity for every n, the product term by term, and the signs by form."""
        total = [Sum(e, (words.j, 1, words.n)) for e in (self.a, self.b, self.c)]
        return (
            moments.equal(self.expression, self.factor * (total[0] * total[1] - total[2] ** 2) + self.rest, self.domain)
            and moments.equal(self.a * self.b, self.c**2, self.domain)
            and nonnegative(self.a, True, self.domain)
            and nonnegative(self.b, True, self.domain)
            and nonnegative(self.factor, self.when, self.domain)
            and nonnegative(self.rest, self.when, self.domain)
        )

    def __str__(self) -> str:
        return f"{self.factor} times a Cauchy-Schwarz gap" + (f", plus {self.rest}" if self.rest != 0 else "")


@dataclass(frozen=True)
class RelativeEntropy:
    """expression = factor * sum_j q_j log(q_j / r_j), q and r positive with sum 1, and factor >= 0: Gibbs' inequality."""

    expression: Expr
    factor: Expr
    q: Expr
    r: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        over = (words.j, 1, words.n)
        divergence = Sum(self.q * log(self.q / self.r), over)
        return (
            all(
                moments.equal(Sum(e, over), S.One, self.domain) and moments.positive(e, self.domain)
                for e in (self.q, self.r)
            )
            and moments.equal(self.expression, self.factor * divergence, self.domain)
            and nonnegative(self.factor, self.when, self.domain)
        )

    def __str__(self) -> str:
        return f"{self.factor} times a relative entropy (Gibbs' inequality)"


@dataclass(frozen=True)
class Entropy:
    """expression = factor * sum_j q_j log(1 / q_j), q positive with sum 1 (so that each q_j <= 1), and factor >= 0."""

    expression: Expr
    factor: Expr
    q: Expr
    when: Any = True
    domain: str = "real"

    def check(self) -> bool:
        over = (words.j, 1, words.n)
        return (
            moments.equal(Sum(self.q, over), S.One, self.domain)
            and moments.positive(self.q, self.domain)
            and moments.equal(self.expression, -self.factor * Sum(self.q * log(self.q), over), self.domain)
            and nonnegative(self.factor, self.when, self.domain)
        )

    def __str__(self) -> str:
        return f"{self.factor} times an entropy"


@dataclass(frozen=True)
class Conjugate:
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


Certificate = ByForm | CauchySchwarz | RelativeEntropy | Entropy | Conjugate


def certificate(expression: Expr, when: Any = True, domain: str = "real") -> Certificate | None:
    """A certificate that an expression is >= 0 for every n, under an assumption on the parameter; None where none is found.

    >>> from smoothsym.words import alpha, i, j, n, x
    >>> weight = exp(alpha * x[i]) / Sum(exp(alpha * x[j]), (j, 1, n))
    >>> print(certificate(weight))
    nonnegative by its form
    """
    expression = plain(S(expression))
    for found in _candidates(expression, when, domain):
        if found.check():
            return found
    return None


def _candidates(e: Expr, when: Any, domain: str) -> Iterator[Certificate]:
    yield ByForm(e, e, when, domain)
    if e.has(Sum):
        yield from _cauchy_schwarz(e, when, domain)
        yield from _entropies(e, when, domain)
    for form in _forms(e, domain):
        yield ByForm(e, form, when, domain)
    yield from _conjugates(e, when, domain)


def _forms(e: Expr, domain: str) -> Iterator[Expr]:
    """Other ways to write an expression, in which its sign may show; radicands stay as they were written."""
    radicands = {q.base.expand(): q.base for q in e.atoms(Pow) if not q.exp.is_integer}
    for form in (e, moments.normal(e, domain)):
        form = factored(form)
        yield form.replace(lambda q: q.is_Pow and q.base in radicands, lambda q: radicands[q.base] ** q.exp)


def _conjugates(e: Expr, when: Any, domain: str) -> Iterator[Conjugate]:
    h = Dummy("h", positive=True)
    for base in sorted({q.base for q in e.atoms(Pow) if q.exp.is_Rational and q.exp.q == 2 and q.base.is_Add}, key=str):
        powers = {q for q in e.atoms(Pow) if q.base == base}
        rational = factored(e.xreplace({q: h ** (2 * q.exp) for q in powers}))
        for factor in Mul.make_args(rational):
            linear = factor.as_poly(h) if factor.is_Add and factor.has(h) else None
            if linear is None or linear.degree() != 1:
                continue
            b, a = linear.all_coeffs()
            rest = (rational / factor).xreplace({h: base**S.Half})
            gap = factored((b**2 * base - a**2).expand())
            for sign in (1, -1):
                for surplus in (gap, -gap):
                    yield Conjugate(e, sign * rest, sign * a, sign * b, base, surplus, when, domain)


def quadratic_form(hessian: Expr, arity: int | None = None) -> Expr:
    """v^T H v for a Hessian with free indices i and k; written out for an expression of so many entries."""
    if arity is None:
        return Sum(hessian * v[words.i] * v[words.k], (words.i, 1, words.n), (words.k, 1, words.n))
    places = range(1, arity + 1)
    return Add(*(hessian.subs({words.i: a, words.k: b}) * v[a] * v[b] for a in places for b in places))


def cauchy_schwarz(form: Expr, when: Any = True, domain: str = "real") -> CauchySchwarz | None:
    """A certificate that a form is factor * (sum a sum b - (sum c)^2) with factor >= 0, where one is found."""
    return next((found for found in _cauchy_schwarz(form, when, domain) if found.check()), None)


def _cauchy_schwarz(form: Expr, when: Any, domain: str) -> Iterator[CauchySchwarz]:
    over = (words.j, 1, words.n)
    terms = Add.make_args(moments.normal(form, domain).expand(deep=False))
    squares = {f for term in terms for f in Mul.make_args(term) if f.is_Pow and isinstance(f.base, Sum) and f.exp == 2}
    for power in sorted(squares, key=str):
        factor = -Add(*(term / power for term in terms if power in Mul.make_args(term)))
        if factor.has(v) or len(power.base.limits) != 1:
            continue
        c = power.base.function.xreplace({power.base.limits[0][0]: words.j})
        for b_sum in sorted({f.as_base_exp()[0] for term in terms for f in Mul.make_args(term)}, key=str):
            if not isinstance(b_sum, Sum) or len(b_sum.limits) != 1 or b_sum == power.base:
                continue
            b = b_sum.function.xreplace({b_sum.limits[0][0]: words.j})
            a = moments.normal(c**2 / b, domain)
            if a == b:
                continue
            yield CauchySchwarz(form, factored(factor), a, b, c, S.Zero, when, domain)
            gap = Sum(a, over) * Sum(b, over) - Sum(c, over) ** 2
            rest = _reduced(form - factor * gap, domain)
            if rest != 0:
                yield CauchySchwarz(form, factored(factor), a, b, c, rest, when, domain)


def _reduced(e: Expr, domain: str) -> Expr:
    """A difference in its normal form, factored."""
    return factored(moments.normal(e, domain))


def _entropies(e: Expr, when: Any, domain: str) -> Iterator[RelativeEntropy | Entropy]:
    """With the shares of a sum as weights, against uniform ones, both ways; what remains beside the divergence is the factor."""
    if not e.has(log):
        return
    over, uniform = (words.j, 1, words.n), 1 / words.n
    for total in sorted(e.atoms(Sum), key=lambda t: (t.count_ops(), str(t))):
        if len(total.limits) != 1 or not moments.positive(total, domain):
            continue
        weight = total.function.xreplace({total.limits[0][0]: words.j}) / total
        for q, r in ((weight, uniform), (uniform, weight)):
            factor = _quotient(e, Sum(q * log(q / r), over), domain)
            yield RelativeEntropy(e, factor, q, r, when, domain)
        yield Entropy(e, _quotient(e, -Sum(weight * log(weight), over), domain), weight, when, domain)


def _quotient(above: Expr, below: Expr, domain: str) -> Expr:
    """A quotient of normal forms, what is common cancelled; 0, which proves nothing, where that is too large."""
    return cancelled(moments.normal(above, domain), moments.normal(below, domain)) or S.Zero
