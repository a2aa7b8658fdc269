"""How large a mean can be of which one entry is known: no other entry adds more than at the summit of a function of one number.

The lemma, which derivations/extreme_means proves: let u_1, ..., u_n >= 0, of which `count` are known to be `fixed`, and let
psi(u) rise up to u* and fall from there on. Then sum_j psi(u_j) <= count psi(fixed) + (n - count) psi(u*), with equality where
all others are u*. For psi = A - bound B, B > 0, this says that sum A / sum B is at most the bound as soon as the right side is <= 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Add, Dummy, Expr, Indexed, IndexedBase, LambertW, Mul, S, Sum

from smoothsym import words
from smoothsym.laws.law import Condition, one_form
from smoothsym.symbolic import moments, signs
from smoothsym.symbolic.analytic import differentiable
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.inequalities import under
from smoothsym.symbolic.roots import others, roots, told_by

_AWAY = IndexedBase("u", nonnegative=True)
"""How far each entry lies from the extreme one, in units of 1/|parameter|."""
_RATIO = IndexedBase("r", positive=True)
"""What part of the largest entry each one is."""
_U = Dummy("u", nonnegative=True)
_R = Dummy("r", positive=True)
_TOP = Dummy("top", real=True)
_SIZE = Dummy("size", positive=True)
_Z = Dummy("z", nonnegative=True)
"""The root in a bound."""


@dataclass(frozen=True)
class Summit:
    """psi'(u) = (at - u) rest with rest >= 0: psi rises up to `at`, and falls from there on; for `at` the end of a range, psi' >= 0."""

    at: Expr
    rest: Expr
    rising: bool = False

    def __str__(self) -> str:
        return (
            "the others at the end of the range" if self.rising else "one term has a summit, and the others are there"
        )


@dataclass(frozen=True)
class ByExtremeMean(Condition):
    """An expression is >= 0: but for positive factors it is -sum_j psi(u_j), and psi has a summit.

    `measure` says how entries are measured: "below" the largest one, "above" the smallest, in units of 1/|parameter|, or as its
    "parts"; `count` of them are the extreme one. With an `end`, no entry is farther off than that.
    """

    expression: Expr
    parameter: Any
    measure: str
    when: Any = True
    domain: str = "real"
    count: Expr = S.One
    end: Expr | None = None

    def prove(self) -> Any:
        found = self._psi()
        if found is None:
            return None
        slope = factored(found.diff(self._u))
        for summit in self._summits(slope):
            if self.accepts(summit):
                return summit
        return None

    def accepts(self, evidence: Any) -> bool:
        psi = self._psi()
        if not isinstance(evidence, Summit) or psi is None or not differentiable(psi, self._u):
            return False
        u = self._u
        slope, place = psi.diff(u), self._told(evidence.at) if evidence.rising else evidence.at
        if evidence.rising:
            shaped = self.end is not None and evidence.at == self.end and self._nonnegative(slope)
        else:
            shaped = moments.equal(slope, (place - u) * evidence.rest) and self._nonnegative(evidence.rest)
        fixed = S.One if self.measure == "parts" else S.Zero
        free = self._told(words.n - self.count)
        whole = self._plain(self.count) * psi.xreplace({u: fixed}) + free * psi.xreplace({u: place})
        # A part that tends to 0 is none.
        placed = signs.positive(place) if self.measure == "parts" else self._nonnegative(place)
        least = placed and self._nonnegative(free) and self._every_n_has_a_root()
        return shaped and least and (moments.is_zero(whole) or self._nonnegative(-whole))

    # ---- what is measured ------------------------------------------------------------------------------------------------

    @property
    def _u(self) -> Any:
        return _R if self.measure == "parts" else _U

    def _nonnegative(self, e: Expr) -> bool:
        counted = others(e, self.count)
        return any(signs.nonnegative(q) for form in (e, counted) for q in (form, factored(form)))

    def _plain(self, e: Any) -> Expr:
        """An expression with a symbol for the root in it, and the condition built in."""
        return under(S(e).xreplace(dict.fromkeys(self._roots, _Z)), self.when)

    def _told(self, e: Any) -> Expr:
        """An expression where its root is a free number, and n the function of it that the equation makes of it."""
        told = told_by(self._roots[0]) if self._roots else {}
        return self._plain(e).xreplace({self._plain(old): self._plain(new) for old, new in told.items()})

    def _every_n_has_a_root(self) -> bool:
        """An equation has one by its definition, and Lambert's that of a number >= 0."""
        return all(not isinstance(r, LambertW) or self._nonnegative(under(r.args[0], self.when)) for r in self._roots)

    @property
    def _roots(self) -> list[Expr]:
        return roots(self.expression if self.end is None else self.expression + self.end)

    def _measured(self) -> Expr:
        """The expression in the distances or parts."""
        if self.measure == "parts":
            e = self.expression.xreplace({words.maximum(words.x): _SIZE})
            return self._plain(_entries(e, lambda q: _SIZE * _RATIO[q]))
        sign = S.One if self.parameter is None else under(self.parameter, self.when)
        if not signs.positive(sign) and not signs.positive(-sign):
            raise ValueError(f"the sign of {self.parameter} is not known, and with it which way entries are measured")
        unit = S.One if self.parameter is None else self.parameter * (1 if signs.positive(sign) else -1)
        turn, extreme = (-1, words.maximum) if self.measure == "below" else (1, words.minimum)
        e = self.expression.xreplace({extreme(words.x): _TOP})
        return self._plain(_entries(e, lambda q: _TOP + turn * _AWAY[q] / unit))

    def _psi(self) -> Expr | None:
        """psi(u), the root in it told; None where the expression is no positive multiple of -sum psi."""
        if not one_form(self.when) or len(self._roots) > 1 or (self._roots and not told_by(self._roots[0])):
            return None
        try:
            whole = factored(moments.normal(self._measured()))
        except ValueError:
            return None
        if whole.has(words.x):
            return None
        rest: list[Expr] = []
        turn = 1
        for factor in Mul.make_args(whole):
            if factor.is_negative:
                turn = -turn
            elif not signs.positive(factor):
                rest.append(factor)
        if len(rest) != 1:
            return None
        base = _RATIO if self.measure == "parts" else _AWAY
        sum_of = (turn * rest[0]).expand()
        for entry in {q for q in sum_of.atoms(Indexed) if q.base == base and q.indices[0] in (words.i, words.k)}:
            # It grows with the distance of its own entry, so it is least where that is the extreme one.
            own = sum_of.xreplace({entry: self._u})
            slope = own.diff(self._u)
            if slope.has(self._u) or not signs.positive(slope) or base != _AWAY:
                return None
            sum_of = own.xreplace({self._u: S.Zero})
        body = _linear(sum_of, base, self._u)
        return None if body is None else factored(self._told(-body))

    def _summits(self, slope: Expr) -> Iterator[Summit]:
        """Where a factor of the slope that is linear in u changes its sign; the end of the range."""
        u = self._u
        for factor in Mul.make_args(slope):
            if factor.has(u) and factor.is_Add:
                rate = factor.expand().diff(u)
                if rate.has(u) or rate == 0:
                    continue
                place = (-factor.xreplace({u: S.Zero}) / rate).expand()
                yield Summit(factored(place), (slope / factor) * -rate)
        if self.end is not None:
            yield Summit(self.end, S.One, rising=True)


def measures(op: Any) -> tuple[str, ...]:
    """How the entries of an operator can be measured from an extreme one, so that it does not depend on where that lies."""
    return ("parts",) if op.domain == "positive" else ("below", "above")


def _entries(e: Expr, change: Any) -> Expr:
    return e.xreplace({q: change(q.indices[0]) for q in e.atoms(Indexed) if q.base == words.x})


def _linear(e: Expr, base: IndexedBase, u: Any) -> Expr | None:
    """The body in u of an expression that is a sum over j of terms in u_j, written as constants times sums."""
    body = S.Zero
    for term in Add.make_args(e):
        totals = [f for f in Mul.make_args(term) if f.has(Sum)]
        if len(totals) != 1 or not isinstance(totals[0], Sum) or len(totals[0].limits) != 1:
            return None
        (total,) = totals
        index, low, high = total.limits[0]
        inner = total.function.xreplace({base[index]: u})
        if (low, high) != (1, words.n) or inner.has(Sum, base):
            return None
        body += term / total * inner
    return body
