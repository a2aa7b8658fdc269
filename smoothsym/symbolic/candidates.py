"""What may certify a sign is proposed by what stands in an expression: its sums, logarithms, roots and extremes.

`wholes` are certificates of the expression itself; `pieces` are certificates of a part of it, beside which a rest remains. None
of them is checked here, and a proposal that is wrong costs time only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

from sympy import Add, Dummy, Expr, Indexed, Mul, Pow, S, Sum, Symbol, log

from smoothsym import words
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.certificates import (
    OVER,
    Association,
    Bernoulli,
    ByForm,
    CauchySchwarz,
    Certificate,
    Conjugate,
    Entropy,
    RelativeEntropy,
    mean,
    nonnegative,
)
from smoothsym.symbolic.factoring import factored

j = words.j
UNIFORM = 1 / words.n


def wholes(e: Expr, when: Any, domain: str) -> Iterator[Certificate]:
    """Certificates of an expression as a whole, the cheapest first."""
    yield ByForm(e, e, when, domain)
    for form in _forms(e, domain):
        yield ByForm(e, form, when, domain)
    yield from _conjugates(e, when, domain)


Piece = ByForm | CauchySchwarz | Association | Bernoulli | RelativeEntropy | Entropy


def pieces(e: Expr, when: Any, domain: str) -> Iterator[Piece]:
    """Certificates of what is a part of an expression, with its coefficient there."""
    terms = Add.make_args(normal(e, domain).expand(deep=False))
    part = _Parts(terms, when, domain)
    if e.has(Sum):
        yield from part.gaps()
        yield from part.entropies()
        yield from part.associations()
        yield from part.bernoulli()
    if e.has(words.maximum, words.minimum):
        yield from part.between_extremes()
    yield from part.terms_by_form()


def normal(e: Expr, domain: str) -> Expr:
    """The normal form of an expression, or the expression itself where it has none."""
    try:
        return moments.normal(e, domain)
    except ValueError:
        return e


# ---- the expression written in other ways ----------------------------------------------------------------------------------


def _forms(e: Expr, domain: str) -> Iterator[Expr]:
    """Other ways to write an expression, in which its sign may show; radicands stay as they were written."""
    radicands = {q.base.expand(): q.base for q in e.atoms(Pow) if not q.exp.is_integer}
    whole = normal(e, domain)
    for form in dict.fromkeys((factored(whole), factored(e), _by_denominators(whole))):
        yield form.replace(lambda q: q.is_Pow and q.base in radicands, lambda q: radicands[q.base] ** q.exp)


def _by_denominators(e: Expr) -> Expr:
    """Terms that differ in whole powers of entries, symbols and sums alone are put together and factored."""
    groups: dict[Expr, list[Expr]] = {}
    for term in Add.make_args(e):
        powers = [f.as_base_exp() for f in Mul.make_args(term)]
        below = Mul(
            *(b**q for b, q in powers if not (q.is_Integer and q > 0 and isinstance(b, Symbol | Indexed | Sum)))
        )
        groups.setdefault(below / below.as_coeff_Mul()[0], []).append(term)
    return Add(*(factored(Add(*group)) for group in groups.values())) if len(groups) > 1 else e


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


# ---- parts -----------------------------------------------------------------------------------------------------------------


class _Parts:
    """What may be a part of a sum of terms, a normal form; how much of it is told by the coefficient of one of its terms."""

    def __init__(self, terms: tuple[Expr, ...], when: Any, domain: str) -> None:
        self.terms, self.when, self.domain = terms, when, domain
        totals = [t for t in Add(*terms).atoms(Sum) if len(t.limits) == 1 and t.limits[0][1:] == OVER[1:]]
        plain = [t for t in totals if not t.function.has(Sum)]
        self.sums = {
            t.function.xreplace({t.limits[0][0]: j}): t for t in sorted(plain, key=lambda t: (t.count_ops(), str(t)))
        }
        """The sums over 1..n, by their terms at index j."""
        self.positive = [b for b in self.sums if moments.positive(b, domain)]

    def coefficient(self, *of: Expr) -> Expr:
        """The coefficient of a product in the terms, factored."""
        found = Add(*(t / Mul(*of) for t in self.terms if all(f in Mul.make_args(t) for f in of)))
        return factored(found) if found.is_Add else found

    def known(self, e: Expr) -> bool:
        return bool(e != 0) and nonnegative(e, self.when, self.domain)

    def normal(self, e: Expr) -> Expr:
        return normal(e, self.domain)

    def weights(self) -> Iterator[tuple[Expr, Expr]]:
        """(term, total) of weights that add up to 1: the shares of each sum of positive terms, and equal ones."""
        yield from ((b, self.sums[b]) for b in self.positive)
        yield S.One, words.n

    def gaps(self) -> Iterator[CauchySchwarz]:
        """Gaps sum a sum b - (sum c)^2 with a b = c^2, by the coefficient of -(sum c)^2, or of sum a sum b."""
        below = [b for b in self.sums if nonnegative(b, True, self.domain)]
        for c in self.sums:
            square = -self.coefficient(self.sums[c] ** 2)
            for b in below:
                a = self.normal(c**2 / b) if b != c else c
                if a == c:
                    continue
                factors = [square, self.coefficient(self.sums[a]) / self.sums[b]] if a in self.sums else [square]
                for factor in dict.fromkeys(factors):
                    if not factor.has(words.v) and self.known(factor):
                        gap = CauchySchwarz(S.Zero, factor, a, b, c, self.when, self.domain)
                        yield replace(gap, expression=factor * gap.gap)

    def entropies(self) -> Iterator[RelativeEntropy | Entropy]:
        """Of the shares of a sum, to equal ones and from all others, by the coefficient of the logarithm of the sum."""
        for b in self.positive:
            weight = b / Sum(b, OVER)
            factor = self.coefficient(log(self.sums[b]))
            if self.known(-factor):
                whole = -factor * Sum(weight * log(weight / UNIFORM), OVER)
                yield RelativeEntropy(whole, -factor, weight, UNIFORM, self.when, self.domain)
            elif self.known(factor):
                whole = -factor * Sum(weight * log(weight), OVER)
                yield Entropy(whole, factor, weight, self.when, self.domain)
                for term, total in self.weights():
                    if term != b:
                        q = term / total
                        whole = factor * Sum(q * log(q / weight), OVER)
                        yield RelativeEntropy(whole, factor, q, weight, self.when, self.domain)

    def associations(self) -> Iterator[Association]:
        """Covariances under the shares of a sum, for sums whose terms are a, b and a b times those of that sum."""
        for weight in self.positive:
            ratios = {self.normal(b / weight): b for b in self.sums if b != weight}
            for a, b in combinations(ratios, 2):
                if self.normal(a * b) not in ratios:
                    continue
                both = self.coefficient(self.sums[ratios[a]], self.sums[ratios[b]])
                factor = -both * self.sums[weight] ** 2
                if self.known(factor):
                    share = weight / Sum(weight, OVER)
                    whole = factor * (mean(share, a * b) - mean(share, a) * mean(share, b))
                    yield Association(whole, factor, share, a, b, self.when, self.domain)

    def bernoulli(self) -> Iterator[Bernoulli]:
        """E[y]^r - E[y^r] under weights, for sums whose terms are y and y^r times the weights, where roots of sums stand."""
        if not any(isinstance(q.base, Sum) and not q.exp.is_integer for t in self.terms for q in t.atoms(Pow)):
            return
        for b, total in self.weights():
            weight = b / total
            for body in self.positive:
                y = self.normal(body / b)
                for other in self.sums:
                    r = self.exponent(y, self.normal(other / b)) if other not in (body, b) and body != b else None
                    if r is None:
                        continue
                    larger, smaller = mean(weight, y) ** r, mean(weight, y**r)
                    told = [-self.coefficient(self.sums[other]) * total]
                    told += [self.normal(term / larger) for term in self.terms] if len(self.terms) <= 4 else []
                    for factor in dict.fromkeys(told):
                        if factor != 0:
                            whole = factor * (larger - smaller)
                            yield Bernoulli(whole, factor, weight, y, r, self.when, self.domain)

    def exponent(self, base: Expr, power: Expr) -> Expr | None:
        """r with power = base^r, where it is free of entries."""
        if not (moments.positive(base, self.domain) and moments.nonnegative(power, self.domain)):
            return None
        r = factored(self.normal(log(power)) / self.normal(log(base)))
        return None if r.has(Indexed, log) or r in (0, 1) else r

    def between_extremes(self) -> Iterator[ByForm]:
        """What is nonnegative as each g_j lies between top = maximum(g) and low = minimum(g), m and V mean and variance of g.

        top - m, m - low, (top - low)^2/4 - V (Popoviciu), (top - m) (m - low) - V (Bhatia and Davis), and (top - low) V less
        or plus the third central moment.
        """
        reductions = {r for t in self.terms for r in t.atoms(words.maximum, words.minimum)}
        for whole, function in product(sorted({r.args[0] for r in reductions}, key=str), (_itself, log)):
            top, low, g = (
                function(words.maximum(whole)),
                function(words.minimum(whole)),
                function(signs.entry(whole, j)),
            )
            for b, total in self.weights():
                weight = b / total
                m, slack = mean(weight, g), mean(weight, (top - g) * (g - low))
                cube = self.sums.get(self.normal(b * g**3), None)
                forms = [
                    (self.coefficient(top), mean(weight, top - g)),
                    (-self.coefficient(low), mean(weight, g - low)),
                    (4 * self.coefficient(top**2), (m - (top + low) / 2) ** 2 + slack),
                    (-self.coefficient(top, low), slack),
                ]
                if cube is not None:
                    factor, spread = self.coefficient(cube) * total, mean(weight, (g - m) ** 2)
                    forms.append((-factor, mean(weight, (g - m) ** 2 * (top - g)) + spread * mean(weight, g - low)))
                    forms.append((factor, mean(weight, (g - m) ** 2 * (g - low)) + spread * mean(weight, top - g)))
                for factor, form in forms:
                    if self.known(factor):
                        yield ByForm(factor * form, factor * form, self.when, self.domain)

    def terms_by_form(self) -> Iterator[ByForm]:
        """Single terms whose sign their form shows."""
        if len(self.terms) > 1:
            yield from (ByForm(t, t, self.when, self.domain) for t in self.terms if self.known(t))


def _itself(e: Expr) -> Expr:
    return e
