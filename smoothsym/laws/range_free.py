"""The worst case of a first-order error bound, whatever the entries are: its parts are bounded by what is true of shares for every n.

With shares w_j proportional to exp(-T_j), T_j >= 0 and one T_j = 0, and E a mean under them:

    1 - max w <= 1 - 1/n              log Z <= log n                 log Z + E[T] <= log n    (entropy)
    E[T] <= W((n - 1)/e)              E[T^2] <= omega (omega + 2),   omega = W(2 (n - 1)/e^2)
    E|T - E[T]| <= 2 E[T]             E[T |T - E[T]|] <= E[T^2]      w_i T_i^k <= max w (k/e)^k
    E|T - E[T]|^2 <= E[T^2]           T^k exp(-m T) <= (k/(m e))^k   log(1 + exp(-m T)) <= log 2

Those that need more than a line are proved again here, before they are used; derivations/rounding_range_free has them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    E,
    Expr,
    Indexed,
    KroneckerDelta,
    LambertW,
    Mul,
    Piecewise,
    S,
    Sum,
    exp,
    expand,
    log,
)

from smoothsym import words
from smoothsym.laws.means import ByExtremeMean
from smoothsym.laws.of_one_entry import of_one_entry
from smoothsym.program.rounding.first_order import Case, Formula
from smoothsym.program.rounding.phrases import public
from smoothsym.program.rounding.primitives import FALL, SIZE, TOP, TURN
from smoothsym.program.rounding.signs import factored
from smoothsym.program.rounding.wording import W, Wording
from smoothsym.symbolic.inequalities import certificate
from smoothsym.words import alpha, j, maximum, n, x

_OVER = (j, 1, n)
GAP = LambertW((n - 1) / E)
OMEGA = LambertW(2 * (n - 1) / E**2)
SQUARE = OMEGA * (OMEGA + 2)

_LOG, _MEAN, _SQUARE, _AWAY, _CROSS = (Dummy(name, nonnegative=True) for name in ("log Z", "E1", "E2", "A0", "A1"))
_SPREAD = Dummy("A2", nonnegative=True)
_VALUE = Dummy("|f|", nonnegative=True)
_MOST = Dummy("max w", positive=True)
_SHARE, _FALL = Dummy("w_i", positive=True), Dummy("T_i", nonnegative=True)
_MORE = Dummy("n - 1", nonnegative=True)


class _Unbounded(ValueError):
    """A part that grows with the range of the entries."""


@cache
def proved() -> bool:
    """Whether the lemmas on shares are proved: the entropy, the largest share, the mean fall and its square."""
    weight = exp(alpha * x[j])
    total = Sum(weight, _OVER)
    fall = alpha * (maximum(x) - x[j])
    mean, square = (Sum(weight * fall**q, _OVER) / total for q in (1, 2))
    positive = alpha > 0
    by_form = (
        log(n) - (log(total) - alpha * Sum(weight * x[j], _OVER) / total),
        exp(alpha * maximum(x)) / total - 1 / n,
    )
    by_mean = (GAP - mean, SQUARE - square)
    return all((found := certificate(gap, positive)) is not None and found.check() for gap in by_form) and all(
        ByExtremeMean(gap, alpha, "below", positive, "real", S.One).prove() is not None for gap in by_mean
    )


@dataclass(frozen=True)
class RangeFree:
    """A bound that does not depend on the range of the entries: `expression` in u, n, the parameters and the value; `named` in words."""

    expression: Expr
    named: Expr


def range_free(found: Formula) -> RangeFree | None:
    """The worst case of a first-order bound over all entries, where the lemmas on shares give one; None where they do not.

    Of a number it is in n, the parameters and |f|; of a vector it is a bound for every entry, a multiple of the largest share.

    >>> import smoothsym as ss
    >>> from smoothsym.program.rounding.first_order import formula
    >>> worst = range_free(formula(ss.logsumexp.program("value", "stable"), given={"alpha": 1}))
    >>> print(worst.named)
    u*(n + log(n) + Abs(f) - 2 + 1/n)
    """
    bounds: list[tuple[Expr, Case]] = []
    for case in found.cases:
        try:
            bounds.append((_Bounding(case).bound(), case))
            if not proved():
                return None
        except _Unbounded:
            if (least := of_one_entry(found, case)) is None:
                return None
            bounds.append((least, case))
    named = [public(bound) for bound, _ in bounds]
    written = [public(case.wording.written_out(bound)) for bound, case in bounds]
    if len(set(named)) == 1:
        return RangeFree(words.u * written[0], words.u * named[0])
    tests = [case.test for case in found.cases[:-1]] + [True]
    pieces = (Piecewise(*zip(each, tests, strict=True)) for each in (written, named))
    return RangeFree(*(words.u * each for each in pieces))


class _Bounding:
    """The bound of one case, in words."""

    def __init__(self, case: Case) -> None:
        self.words: Wording = case.wording
        self.values = self.words.values
        if self.words.whole is None or self.words.frame is None:
            raise _Unbounded
        body = next(body for body, name in self.values.names.items() if name == self.words.whole)
        (fall,) = body.atoms(Indexed)
        self.rate = -expand(body.args[0]).coeff(fall)
        if not self.rate.is_positive:
            raise _Unbounded

    def bound(self) -> Expr:
        size = self.values.signs.size(self.words.bound.value)
        of_value, rest, relative = S.Zero, S.Zero, S.Zero
        for part in self.words.bound.parts:
            if expand(part.size - size) == 0:
                of_value += part.coefficient
                continue
            ratio = factored(expand(part.size / size))
            if size.has(SIZE) and not ratio.has(SIZE, TOP):
                relative += part.coefficient * self._atoms(self.words._in_words(ratio))
            else:
                rest += part.coefficient * self._atoms(self.words._in_words(factored(part.size)))
        value = self.words.value
        modulus = value if self.values.signs.of(self.words.bound.value) > 0 else Abs(value)
        found = modulus * (of_value + self._most(relative)) + self._most(rest).xreplace({_VALUE: modulus})
        return found if not self.words.bound.labels else self._of_vector(of_value, rest + relative)

    def _of_vector(self, of_value: Expr, rest: Expr) -> Expr:
        """The shares of all entries are at most the largest one: so is the bound, as a multiple of it."""
        value = self._atoms(self.words._in_words(self.values.signs.size(self.words.bound.value)))
        return maximum(W) * self._most(of_value * value + rest)

    # ---- parts in the atoms of the lemmas ---------------------------------------------------------------------------------------

    def _atoms(self, e: Expr) -> Expr:
        """A part in words as a polynomial in what the lemmas bound; moduli by the triangle inequality."""
        if self._from_value:
            # Of moduli alone: there f counts as |f|.
            e = e.replace(lambda q: isinstance(q, Abs), lambda q: q.xreplace(self._from_value))
        if e.has(TOP, SIZE, TURN) or any(q.base == x for q in e.atoms(Indexed)):
            raise _Unbounded
        e = e.replace(lambda q: isinstance(q, Sum), self._mean_of)
        e = e.xreplace({maximum(W): _MOST, log(self.words.whole): _LOG})
        e = e.xreplace(self._single(e))
        e = e.replace(lambda q: isinstance(q, Abs), lambda q: self._triangle(q.args[0]))
        if e.has(Indexed, Abs, Sum, self.words.whole, exp):
            raise _Unbounded
        return expand(e)

    @cached_property
    def _from_value(self) -> dict[Expr, Expr]:
        """Where the value is a mean of entries, x_j = f + E[t] - t_j is at most |f| and its distance from the mean."""
        mean = Sum(W[j] * FALL[j], _OVER)
        value = self.words._in_words(self.words.bound.value)
        return {TOP: _VALUE + mean} if expand(value - TOP + mean) == 0 else {}

    def _single(self, e: Expr) -> dict[Any, Any]:
        """The share and the fall of the one entry that a bound is about."""
        free = {q for entry in e.atoms(Indexed) for q in entry.indices} - {j}
        if len(free) > 1:
            raise _Unbounded
        return {W[q]: _SHARE for q in free} | {FALL[q]: _FALL / self.rate for q in free}

    def _mean_of(self, total: Sum) -> Expr:
        """sum_j w_j g(t_j) by moments of falls, and of their distances from the mean."""
        result = S.Zero
        share, fall = W[j], FALL[j]
        body = total.function.replace(lambda q: isinstance(q, Sum), self._mean_of)
        body = body.replace(lambda q: isinstance(q, Abs) and q.has(fall, KroneckerDelta), self._apart)
        for term in Add.make_args(expand(body)):
            delta = next((f for f in Mul.make_args(term) if isinstance(f, KroneckerDelta)), None)
            if delta is not None:
                (place,) = (q for q in delta.args if q != j)
                result += (term / delta).xreplace({j: place})
                continue
            rest = term / share
            power = next((f.as_base_exp()[1] for f in Mul.make_args(rest) if f.as_base_exp()[0] == fall), S.Zero)
            away = next((f.as_base_exp()[1] for f in Mul.make_args(rest) if f.as_base_exp()[0] == _AWAY), S.Zero)
            free = rest / fall**power / _AWAY**away
            known = {(0, 0): S.One, (1, 0): _MEAN, (2, 0): _SQUARE, (0, 1): _AWAY, (1, 1): _CROSS, (0, 2): _SPREAD}
            if free.has(share, fall, _AWAY) or (power, away) not in known:
                raise _Unbounded
            result += free * known[power, away] / self.rate**power
        return result

    def _apart(self, modulus: Expr) -> Expr:
        """|a + delta b| <= |a| + delta |b|."""
        terms = Add.make_args(expand(modulus.args[0]))
        beside = [t for t in terms if t.has(KroneckerDelta)]
        rest = Add(*(t for t in terms if t not in beside))
        return self._triangle(Add(*beside)) + (self._from_mean(rest, FALL[j]) if rest != 0 else S.Zero)

    def _from_mean(self, e: Expr, fall: Expr) -> Expr:
        """|a + b (T_j - E[T])| <= |a| + |b| |T_j - E[T]|."""
        e = expand(e)
        slope = e.coeff(fall)
        rest = expand(e.xreplace({fall: _MEAN / self.rate}))
        if slope.has(fall) or expand(e - slope * fall - e.coeff(fall, 0)) != 0:
            raise _Unbounded
        return self._triangle(rest) + self._triangle(slope) * _AWAY / self.rate

    def _triangle(self, e: Expr) -> Expr:
        """|e| at most the sum of its terms, each without its sign."""
        return Add(*(term * (-1 if term.could_extract_minus_sign() else 1) for term in Add.make_args(expand(e))))

    # ---- the most that a polynomial in them can be ----------------------------------------------------------------------------

    def _most(self, e: Expr) -> Expr:
        if e == 0:
            return S.Zero
        e = expand(expand(e).xreplace({_AWAY: 2 * _MEAN, _CROSS: _SQUARE, _SPREAD: _SQUARE}))
        result = S.Zero
        if e.has(_SHARE):
            e = self._of_one(e)
        terms: dict[Expr, Expr] = {}
        for term in Add.make_args(e):
            atoms = Mul(*(f for f in Mul.make_args(term) if f.has(_LOG, _MEAN, _SQUARE)))
            terms[atoms] = terms.get(atoms, S.Zero) + term / atoms
        for atoms, coefficient in self._entropy(terms):
            if atoms == 1 or not self._negative(coefficient):
                result += self._over_share(coefficient) * atoms
        return result.xreplace({_LOG: log(n), _MEAN: GAP, _SQUARE: SQUARE})

    def _of_one(self, e: Expr) -> Expr:
        """w_i T_i^k is at most max w (k/e)^k; negative terms are left out."""
        result = S.Zero
        for term in Add.make_args(e):
            powers = dict(f.as_base_exp() for f in Mul.make_args(term))
            shares, power = powers.get(_SHARE, S.Zero), powers.get(_FALL, S.Zero)
            if self._negative(term):
                continue
            if shares == 0:
                raise _Unbounded
            result += term / _SHARE**shares / _FALL**power * ((power / E) ** power if power else S.One)
        return expand(result)

    def _negative(self, term: Expr) -> bool:
        return bool(expand(-term.xreplace({n: 1 + _MORE})).is_nonnegative)

    def _entropy(self, terms: dict[Expr, Expr]) -> Iterator[tuple[Expr, Expr]]:
        """log Z and E[T] together are an entropy."""
        logs, means = terms.get(_LOG), terms.get(_MEAN)
        if logs is not None and means is not None and not (logs.has(_MOST) or means.has(_MOST)):
            less = expand((logs - means).xreplace({n: 1 + _MORE}))
            if less.is_nonnegative or less.is_nonpositive:
                terms = dict(terms)
                terms[_LOG], terms[_MEAN] = (logs, S.Zero) if less.is_nonnegative else (logs, means - logs)
        yield from terms.items()

    def _over_share(self, coefficient: Expr) -> Expr:
        """The most of a coefficient a + b max w, with max w from 1/n to 1; it must not be negative."""
        coefficient = expand(coefficient)
        slope, rest = coefficient.coeff(_MOST), coefficient.coeff(_MOST, 0)
        if expand(coefficient - slope * _MOST - rest) != 0:
            raise _Unbounded
        falling = self._negative(slope)
        if not falling and not self._negative(-slope):
            raise _Unbounded
        most = expand(rest + slope / n) if falling else expand(rest + slope)
        return most
