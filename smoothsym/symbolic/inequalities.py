"""The search for certificates of sign: candidates are proposed by the shape of an expression, and each is checked.

Identities to a nonnegative form and lemmas come first (candidates.py), alone or with a rest; then the cases of the sign of an
entry, and what rises from a limit that is not negative (monotone.py), each of whose parts is searched in turn. What is seen
negative in floats is not searched at all, so that a false claim costs little; the search ends after a number of steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any

from sympy import Abs, Add, Dummy, Expr, Indexed, S, Sum, Symbol, exp, sign

from smoothsym import words
from smoothsym.symbolic.assumptions import inside, instances, under
from smoothsym.symbolic.candidates import Piece, normal, pieces, wholes
from smoothsym.symbolic.certificates import (
    ByForm,
    CauchySchwarz,
    Certificate,
    Conjugate,
    Entropy,
    RelativeEntropy,
    Total,
    nonnegative,
    plain,
)
from smoothsym.symbolic.monotone import (
    Cases,
    EitherSign,
    Rising,
    approach,
    cases,
    climb,
    either,
    lifted,
    movable,
    reach_of,
    smooth,
)
from smoothsym.symbolic.sampling import falls_somewhere, negative_somewhere

v = words.v
DEPTH = 3
"""How many arguments by change stand inside each other, at most."""
PIECE = 2
"""What a piece counts for, in operations."""
LARGEST = 120
"""How many operations an expression has, at most, that is argued about by change."""
STAGES = ((True, 0, 390), (False, DEPTH, 300), (True, DEPTH, 110))
"""Whether rests are searched, how many arguments by change stand inside each other, and how many operations the expressions have,
all together, that are searched: rests are many, and changes make expressions larger."""
SHORT = 0.7
"""How much shorter a normal form is, at least, that is searched in place of an expression."""
MEETINGS = 2
"""How many places where exponents meet are told apart."""
POWERS = (0, 1, 2)
"""The powers of the distance that an expression is multiplied by."""


Claim = tuple[Expr, Any]
"""A plain expression that is to be >= 0, and the assumption."""


@lru_cache(maxsize=1000)
def certificate(expression: Expr, when: Any = True, domain: str = "real") -> Certificate | None:
    """A certificate that an expression is >= 0 for every n, under an assumption on the parameter; None where none is found.

    >>> from sympy import exp
    >>> from smoothsym.words import alpha, i, j, n, x
    >>> weight = exp(alpha * x[i]) / Sum(exp(alpha * x[j]), (j, 1, n))
    >>> print(certificate(weight))
    nonnegative by its form
    """
    expression, search = plain(S(expression)), _Search(domain)
    found = (search.stage(expression, when, *stage) for stage in STAGES)
    return next((one for one in found if one is not None), None)


class _Search:
    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.found: dict[Claim, Certificate] = {}
        self.seen: dict[Claim, dict[Expr, Piece]] = {}
        """Claims that have no certificate without a rest, and what is left of them beside each piece."""

    def stage(self, e: Expr, when: Any, rests: bool, depth: int, work: int) -> Certificate | None:
        """A certificate of a plain expression, by a bounded amount of work."""
        self.rests, self.left = rests, work
        self.missed: dict[Claim, int] = {}
        """Claims without a certificate of so many arguments by change inside each other; one that is being searched counts."""
        return self.certificate(e, when, depth)

    def certificate(self, e: Expr, when: Any, depth: int) -> Certificate | None:
        """A certificate of a plain expression, with so many arguments by change inside each other at most."""
        claim = e, when
        if claim in self.found:
            return self.found[claim]
        if self.left < 0 or self.missed.get(claim, -1) >= depth:
            return None
        if claim not in self.seen and negative_somewhere(e, when, self.domain):
            return None
        self.missed[claim] = depth
        short, size = normal(e, self.domain), e.count_ops()
        if short.count_ops() < SHORT * size:
            found = self._shorter(claim, short, depth)
        else:
            self.left -= size
            found = self._directly(claim)
            if found is None and self.rests:
                found = self._with_rest(claim, max(depth - 1, 0))
            if found is None and depth and size <= LARGEST:
                arguments = (self._by_cases, self._by_either_sign, self._by_rising)
                found = next(chain.from_iterable(argue(e, when, depth - 1) for argue in arguments), None)
        if found is not None:
            self.found[claim] = found
        return found

    def _shorter(self, claim: Claim, short: Expr, depth: int) -> Certificate | None:
        """By the form as it stands, or a certificate of the normal form."""
        e, when = claim
        whole = ByForm(e, e, when, self.domain)
        if whole.check():
            return whole
        part = self.certificate(short, when, depth)
        return None if part is None or not (total := Total(e, (part,), when, self.domain)).check() else total

    def _directly(self, claim: Claim) -> Certificate | None:
        """A certificate by the form, or by one piece."""
        if claim in self.seen:
            return None
        e, when = claim
        for whole in wholes(e, when, self.domain):
            if whole.check():
                return whole
        rests: dict[Expr, Piece] = {}
        size = len(Add.make_args(normal(e, self.domain)))
        for part in pieces(e, when, self.domain):
            self.left -= PIECE
            rest = normal(e - part.expression, self.domain)
            if rest == 0 and (whole := replace(part, expression=e)).check():
                return whole
            if len(Add.make_args(rest)) <= size:
                rests.setdefault(rest, part)
        self.seen[claim] = dict(sorted(rests.items(), key=lambda pair: len(Add.make_args(pair[0]))))
        return None

    def _with_rest(self, claim: Claim, depth: int) -> Certificate | None:
        """A piece, and a rest that is searched."""
        e, when = claim
        for rest, part in self.seen[claim].items():
            beside = self.certificate(rest, when, depth)
            if beside is not None and (total := Total(e, (part, beside), when, self.domain)).check():
                return total
        return None

    def _by_either_sign(self, e: Expr, when: Any, depth: int) -> Iterator[EitherSign]:
        bound = {lim[0] for total in e.atoms(Sum) for lim in total.limits}
        for modulus in sorted((q for q in e.atoms(Abs) if not q.free_symbols & bound), key=str):
            parts = self._all(either(e, modulus.args[0]), when, depth)
            if parts is not None:
                yield EitherSign(e, modulus.args[0], parts, when, self.domain)

    def _by_cases(self, e: Expr, when: Any, depth: int) -> Iterator[Cases]:
        for entry, centre in _splits(e, self.domain):
            size = Dummy("distance", positive=True)
            parts = self._all(cases(e, entry, centre, size), when, depth)
            if parts is not None:
                yield Cases(e, entry, centre, size, parts, when, self.domain)

    def _all(self, claims: Iterable[Expr], when: Any, depth: int) -> tuple[Certificate, ...] | None:
        """A certificate of each; None as soon as one is not found."""
        found: list[Certificate] = []
        for claim in claims:
            one = self.certificate(claim, when, depth)
            if one is None:
                return None
            found.append(one)
        return tuple(found)

    def _by_rising(self, e: Expr, when: Any, depth: int) -> Iterator[Rising]:
        for by in movable(e, when):
            reach = reach_of(by, when)
            ends = self._all((plain(e.xreplace({by: end})) for end in reach.ends), when, 0)
            if ends is None:
                continue
            for end in (reach.low, reach.high):
                for power in POWERS:
                    found = self._from(e, by, end, power, when, depth)
                    if found is not None:
                        yield Rising(e, by, end, power, *found, ends, when, self.domain)

    def _from(
        self, e: Expr, by: Symbol, end: Expr, power: int, when: Any, depth: int
    ) -> tuple[Certificate, Certificate] | None:
        """Certificates of the limit at an end, and of the slope away from it."""
        if self.left < 0:
            return None
        reach = reach_of(by, when)
        whole = lifted(e, by, reach, end, power)
        if falls_somewhere(whole if end == reach.low else -whole, by, inside(when, by), self.domain):
            return None
        self.left -= whole.count_ops() // 4
        try:
            slope = climb(whole, by, reach, end)
        except ValueError:
            return None
        if negative_somewhere(slope, inside(when, by), self.domain) or not smooth(whole, by, when, self.domain):
            return None
        approached = approach(whole, by, reach, end, when, self.domain)
        limit = None if approached is None else self.certificate(plain(approached), True, 0)
        if limit is None:
            return None
        rises = self.certificate(slope, inside(when, by), depth)
        return None if rises is None else (limit, rises)


def _splits(e: Expr, domain: str) -> list[tuple[Indexed, Expr]]:
    """Entries and the places at which to tell them apart, those first at which the expression vanishes.

    They are the zeros of moduli, of entries and of differences of two, and where exponents with an entry meet others.
    """
    entries = sorted((q for q in e.atoms(Indexed) if q.base == words.x), key=str)
    if e.has(Sum, words.Reduction) or not 1 <= len(entries) <= 2 or any(not q.indices[0].is_Integer for q in entries):
        return []
    zeros = sorted((part for q in e.atoms(Abs, sign) for part in q.args), key=str)
    zeros += [entries[0] - entries[1]] if entries[1:] else entries
    exponents = sorted((q.args[0] for q in e.atoms(exp)), key=str)
    meetings = ((a, b) for a in exponents for b in exponents if a.has(*entries) and not b.has(*entries))
    zeros += [zero for a, b in meetings for zero in (a - b, a + b)][:MEETINGS]
    found: dict[tuple[Indexed, Expr], None] = {}
    for zero in zeros:
        entry = next((q for q in entries if zero.has(q)), None)
        slope = zero.diff(entry) if entry is not None else S.Zero
        if slope != 0 and not slope.has(*entries):
            found[entry, (entry - zero / slope).expand()] = None
    return sorted(found, key=lambda split: normal(e.xreplace(dict([split])), domain) != 0)


def quadratic_form(hessian: Expr, arity: int | None = None) -> Expr:
    """v^T H v for a Hessian with free indices i and k; written out for an expression of so many entries."""
    if arity is None:
        return Sum(hessian * v[words.i] * v[words.k], (words.i, 1, words.n), (words.k, 1, words.n))
    places = range(1, arity + 1)
    return Add(*(hessian.subs({words.i: a, words.k: b}) * v[a] * v[b] for a in places for b in places))


__all__ = [
    "ByForm", "CauchySchwarz", "Certificate", "Conjugate", "Entropy", "RelativeEntropy", "certificate", "instances",
    "nonnegative", "plain", "quadratic_form", "under",
]  # fmt: skip
