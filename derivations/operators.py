"""A page of every operator of the catalogue, from its definition alone: derivatives, limits, series, laws, special values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Add, Eq, Expr, IndexedBase, Integer, KroneckerDelta, S, Sum, Symbol, oo, simplify

from smoothsym import operators
from smoothsym.laws import Smooth, attempts, check
from smoothsym.laws.law import Proof
from smoothsym.symbolic import moments
from smoothsym.symbolic.asymptotics import Undecided
from smoothsym.symbolic.derivation import BrokenStep, Derivation, latex
from smoothsym.symbolic.derivatives import partial
from smoothsym.symbolic.naming import Names, c, in_central_moments, w
from smoothsym.words import i, j, k, m, mean, n, v, x

ORDER = 4
"""The terms of a series: up to the power ORDER - 1 of the parameter."""
LONGEST = 600
"""A series of more LaTeX than this is not for reading."""
ROWS = (
    "empty", "nan", "dominant", "all negligible", "infinite", "parameter oo", "parameter 0", "parameter 0-", "parameter -oo",
)  # fmt: skip
TITLES = {
    "empty": "no entries",
    "nan": "a nan among the entries",
    "dominant": "entries at the infinite end that dominates",
    "all negligible": "all entries at the end without weight",
    "infinite": "an infinite entry",
    "parameter oo": "parameter infinite",
    "parameter 0": "parameter zero",
    "parameter 0-": "parameter minus zero",
    "parameter -oo": "parameter minus infinite",
}


def derive() -> dict[str, Derivation]:
    return {f"operator_{name}": page(op) for name, op in operators.items()}


def page(op: Any) -> Derivation:
    """The page of one operator, a user's own as well."""
    return _Page(op).written()


class _Page:
    def __init__(self, op: Any) -> None:
        self.op, self.d = op.leading, Derivation(op.title, op.domain)
        self.names = Names(op.definition, op.domain)
        base = self.names.f
        self.f: Expr = IndexedBase("f", real=True)[i] if op.vector else base
        self.known: set[Any] = set()
        self.renamed: dict[Any, Any] = {}

    def written(self) -> Derivation:
        op, d = self.op, self.d
        some = " and ".join(f"{{x{q}}}" for q in range(1, (op.arity or 1) + 1))
        entries = {f"x{q}": x[q] for q in range(1, (op.arity or 1) + 1)}
        if op.arity is None:
            some, entries = "{x} for each of the {n} entries, for every {n}", {"x": x[i], "n": n}
        free = ", ".join(f"{{p{q}}}" for q in range(len(op.parameters) + len(op.others)))
        entries |= {f"p{q}": symbol for q, symbol in enumerate((*op.parameters, *op.others))}
        wide = "positive" if op.domain == "positive" else "real"
        d.text(
            f"{_plain(op.notes)}\n\n**Hypotheses.** {wide.capitalize()} {some}"
            + (f"; {free} wherever the formula is defined." if free else ".")
            + "\n\n## Definition",
            **entries,
        )
        d.define(self.f, op.definition)
        self._derivatives()
        if op.parameter is not None:
            self._limits()
            self._series()
        self._laws()
        self._special()
        return d

    # ---- derivatives -------------------------------------------------------------------------------------------------

    def _derivatives(self) -> None:
        op, d = self.op, self.d
        d.text("## Derivatives")
        places = [x[q] for q in range(1, op.arity + 1)] if op.arity else [x[k] if op.vector else x[i]]
        gradient = {e: self._read(partial(op.definition, e)) for e in places}
        second = [] if op.vector else [x[q] for q in range(1, op.arity + 1)] if op.arity else [x[k]]
        pairs = [(a, b) for a in places for b in second if not op.arity or places.index(a) <= second.index(b)]
        hessian = {pair: self._read(partial(partial(op.definition, pair[0]), pair[1])) for pair in pairs}
        slopes = {q: self._read(op.derivative(q)) for q in op.parameters}
        self._name([*gradient.values(), *hessian.values(), *slopes.values()])
        if any(self._said(e).has(KroneckerDelta) for e in (*gradient.values(), *hessian.values())):
            d.text(
                "Kronecker's {delta} is one where its indices agree, and zero elsewhere.", delta=KroneckerDelta(i, k)
            )
        for e, found in gradient.items():
            d.derivative(
                self.f,
                e,
                self._said(found),
                "The derivative by an entry, under the sum" if not op.arity else "The derivative by an entry",
            )
        for pair, found in hessian.items():
            d.derivative(self.f, pair, self._said(found), "Once more")
        if hessian:
            self._product(gradient, hessian)
        for q, found in slopes.items():
            d.derivative(self.f, q, self._said(found), "The derivative by {q}", q=q)

    def _product(self, gradient: dict[Any, Expr], hessian: dict[Any, Expr]) -> None:
        """The Hessian times a vector, in sums over one index."""
        op, d = self.op, self.d
        d.text("### The Hessian times a vector")
        if op.arity is None:
            found = self._read(op.hvp)
            self._name([found])
            whole = Sum(self._said(hessian[x[i], x[k]]) * v[k], (k, 1, n))
            d.equal(whole, self._said(found), "Sums over one index are enough: it costs as much as the gradient")
            return
        places = list(gradient)
        both = {**hessian, **{(b, a): e for (a, b), e in hessian.items()}}
        for a in places:
            whole = Add(*(both[a, b] * v[b.indices[0]] for b in places))
            d.equal(whole, simplify(whole) if self._equal(simplify(whole), whole) else whole, "A row")

    def _equal(self, lhs: Expr, rhs: Expr) -> bool:
        return moments.equal(lhs, rhs, self.op.domain)

    def _read(self, found: Expr) -> Expr:
        """A formula as it is read most easily: in names, or without sums as SymPy shortens it, where that is proved equal."""
        if self.op.arity is None:
            return self.names.fold(found)
        short = simplify(found)
        return short if short.count_ops() < found.count_ops() and self._equal(short, found) else found

    def _said(self, folded: Expr) -> Expr:
        """A folded formula in the names that the text has defined."""
        shown = folded.xreplace(self.renamed)
        return shown.xreplace({self.names.f: self.f}) if self.op.vector is False else shown

    def _name(self, folded: list[Expr]) -> None:
        """Define the names that some formulas use and that are not defined yet."""
        if self.names.whole is None:
            return
        used = set().union(*(e.free_symbols for e in folded))
        means = [s for s in self.names._means if s in used]
        Z = Symbol("Z", positive=True)
        if (means or used & {w.label, Z} or any(e.has(w) for e in folded)) and Z not in self.known:
            self.d.text("In names:") if not self.known else None
            self.known.add(Z)
            self.d.define(Z, self.names.whole)
        if (means or any(e.has(w) for e in folded)) and w not in self.known:
            self.known.add(w)
            self.d.define(w[i], self.names._term(i) / Z)
        for s in means:
            if s not in self.renamed:
                self.renamed[s] = Symbol(
                    f"E_{sum(1 for q in self.renamed.values() if str(q).startswith('E')) + 1}", real=True
                )
                self.d.define(self.renamed[s], Sum(w[j] * self.names._means[s], (j, 1, n)))
        for s, value in self.names._sums.items():
            if s in used and s not in self.known:
                self.known.add(s)
                self.d.define(s, value)

    # ---- limits and series -------------------------------------------------------------------------------------------

    def _limits(self) -> None:
        op, d = self.op, self.d
        d.text("## Limits in {q}", q=op.parameter)
        entry = x[k] if op.vector else x[1] if op.arity else x[i]
        slope = Symbol("g_1", real=True) if op.arity else IndexedBase("g", real=True)[i]
        ties = False
        for of in ("value", "gradient"):
            formula = op.definition if of == "value" else partial(op.definition, entry)
            if of == "gradient" and op.vector:
                break  # A derivation names entries by one index, and the Jacobian has two.
            shown = self.f if of == "value" else slope
            if of == "gradient":
                d.text("Of its derivative by {entry}, in full", entry=entry)
                d.define(slope, formula)
            for point, side in self._approaches(formula):
                try:
                    claim = op.limit(point, formula, side)
                except Undecided as reason:
                    d.text(
                        "Towards {point}{side}, undecided: " + _plain(str(reason)) + ".",
                        point=S(point),
                        side=_side(side),
                    )
                    continue
                ties = ties or claim.has(m)
                d.limit(shown, op.parameter, point, claim, _arrival(op, side, claim), side)
        if ties:
            d.text("Here {m} counts the entries that tie for the extreme value.", m=m)

    def _approaches(self, formula: Expr) -> Iterator[tuple[Any, str | None]]:
        """At oo, 0 and -oo; at 0 from each side where the two do not agree."""
        positive = self.op.parameter.is_nonnegative
        yield oo, None
        try:
            both = None if positive else self.op.limit(0, formula)
        except Undecided:
            both = None
        yield from (
            [(0, None)]
            if both is not None and both.is_infinite is not True
            else [(0, q) for q in ("+" if positive else "+-")]
        )
        if not positive:
            yield -oo, None

    def _series(self) -> None:
        op, d = self.op, self.d
        d.text("## Series at {q}", q=_at_zero(op.parameter))
        try:
            found = op.series(0, order=ORDER)
        except Undecided as reason:
            d.text(f"Undecided: {_plain(str(reason))}.")
            return
        shown = in_central_moments(found)
        if len(latex(shown)) > LONGEST:
            d.text("Its terms are too long to read; `smoothsym derive` computes them.")
            return
        central = sorted((s for s in shown.free_symbols if str(s).startswith("mu")), key=str)
        for s in central:
            d.define(s, Sum((x[j] - mean(x)) ** Integer(str(s)[2:]), (j, 1, n)) / n)
        if shown.has(c):
            d.define(c[i], x[i] - mean(x))
        d.series(self.f, op.parameter, ORDER, shown, "Expanded under the sum" if not op.arity else "Expanded")

    # ---- laws and special values -------------------------------------------------------------------------------------

    def _laws(self) -> None:
        lines = []
        smooth = ""
        for law, verdict in attempts(self.op):
            if isinstance(verdict.certificate, Proof) and not check(law, self.op, verdict.certificate):
                raise BrokenStep(f"{self.d.title}: the evidence for {verdict.law!r} is no good")
            tail = f" Witness: {verdict.witness}." if verdict.witness is not None else ""
            line = f"**{verdict.outcome}**, for {verdict.scope}: `{verdict.law}`. By: {verdict.reason}.{tail}"
            if verdict.outcome == "Refuted":
                line = f"**Refuted**, for {verdict.scope}: `{verdict.law}`. Witness: `{verdict.witness}`."
            elif verdict.outcome == "Proved":
                line = f"**Proved**, for {verdict.scope}: `{verdict.law}`. By: `{verdict.reason}`."
            if isinstance(law, Smooth):
                smooth = line
            else:
                lines.append(f"- {line}")
        if smooth:
            self.d.text("## Smoothness\n\n" + _plain(smooth))
        if lines:
            self.d.text(
                "## Laws\n\nThe evidence of each proof was checked again from its data; each witness is exact, and its"
                " enclosures exclude the claim.\n\n" + _plain("\n".join(lines))
            )

    def _special(self) -> None:
        """The rows of the contract that are answered, each a limit or a convention."""
        lines, named = [], {}
        for place, row in enumerate(ROWS):
            special = self.op.special(row)
            said = []
            for of in ("value", "gradient"):
                formula, basis = special.formula(of)
                if formula is S.NaN and row not in self.op.special_values:
                    continue
                key = f"r{place}{of[0]}"
                shown = f"{{{key}}}" if isinstance(formula, Expr) else f"the {formula} one"
                if isinstance(formula, Expr):
                    named[key] = formula
                said.append(f"{of} {'nan' if formula is S.NaN else shown} ({basis})")
            if said:
                lines.append(f"- {TITLES[row]}: {', '.join(said)}")
        if lines:
            named = {key: e for key, e in named.items() if e is not S.NaN}
            self.d.text(
                "## Special values\n\nA row is a *limit* where it follows from the definition, a *convention* where it is"
                " a choice; *extreme* is the entry that the row is about, *shared* an equal weight for each of them.\n\n"
                + "\n".join(lines),
                **named,
            )


def _side(side: str | None) -> str:
    return {None: "", "+": "{}^{+}", "-": "{}^{-}"}[side]


def _at_zero(parameter: Symbol) -> Expr:
    return Eq(parameter, 0)


def _arrival(op: Any, side: str | None, claim: Expr) -> str:
    at = {None: "", "+": " from above", "-": " from below"}[side]
    several = ", for two entries or more" if side and op.arity is None else ""
    return f"The leading terms{at}" + (f"{several}: a pole" if side and claim.is_infinite else several)


def _plain(said: str) -> str:
    """Text that is no template."""
    return said.replace("{", "{{").replace("}", "}}")
