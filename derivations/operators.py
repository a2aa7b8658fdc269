"""A page of every operator of the catalogue, from its definition alone: derivatives, limits, series, laws, special values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sympy import Add, And, Eq, Expr, IndexedBase, KroneckerDelta, Piecewise, S, Sum, Symbol, oo, simplify

from smoothsym import operators
from smoothsym.laws import Limit, attempts, check, everywhere
from smoothsym.laws.law import Proof
from smoothsym.laws.told import by_section, formula, roots_in, sides_of, speak_of_weights, why, words_of
from smoothsym.laws.vocabulary import D
from smoothsym.symbolic import moments
from smoothsym.symbolic.asymptotics import Undecided
from smoothsym.symbolic.derivation import BrokenStep, Derivation, latex
from smoothsym.symbolic.derivatives import partial
from smoothsym.symbolic.naming import Names, Z, c, central_moment, central_moment_order, in_central_moments
from smoothsym.symbolic.roots import equation_of, interval_of
from smoothsym.symbolic.simplex import TAU, Threshold
from smoothsym.words import Delta, i, j, k, m, m2, mean, n, rho, v, x

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
        self.limits: dict[tuple[str, Expr, str | None], Expr] = {}

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
        thresholds = set().union(*(e.atoms(Threshold) for e in (*gradient.values(), *slopes.values())))
        for node in sorted(thresholds, key=str):
            d.text("The threshold {tau} is the one number with {sum} = 1.", tau=TAU, sum=node.balance(TAU) + 1)
        for e, found in gradient.items():
            d.derivative(
                self.f,
                e,
                self._said(found),
                "The derivative by an entry, under the sum" if not op.arity else "The derivative by an entry",
            )
        for pair, found in hessian.items():
            d.derivative(self.f, pair, self._said(found), "Once more")
        for q, found in slopes.items():
            d.derivative(self.f, q, self._said(found), "The derivative by {q}", q=q)
        if hessian:
            self._product(gradient, hessian)

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
        if (
            means or used & {self.names.w.label, Z} or any(e.has(self.names.w) for e in folded)
        ) and Z not in self.known:
            self.d.text("In names:") if not self.known else None
            self.known.add(Z)
            self.d.define(Z, self.names.whole)
        if (means or any(e.has(self.names.w) for e in folded)) and self.names.w not in self.known:
            self.known.add(self.names.w)
            self.d.define(self.names.w[i], self.names._term(i) / Z)
        for s in means:
            if s not in self.renamed:
                self.renamed[s] = Symbol(
                    f"E_{sum(1 for q in self.renamed.values() if str(q).startswith('E')) + 1}", real=True
                )
                self.d.define(self.renamed[s], Sum(self.names.w[j] * self.names._means[s], (j, 1, n)))
        for s, value in self.names._sums.items():
            if s in used and s not in self.known:
                self.known.add(s)
                self.d.define(s, value)

    # ---- limits and series -------------------------------------------------------------------------------------------

    def _limits(self) -> None:
        op, d = self.op, self.d
        d.text("## Limits in {q}", q=op.parameter)
        ties = 0
        for name, (shown, full, as_derivative) in self._formulas():
            if as_derivative is not None:
                d.text(f"Of the {name},")
                d.define(shown, full, as_derivative)
            for point, side in self._approaches(full):
                where = {"point": S(point), "side": _side(side)}
                try:
                    claim = op.limit(point, full, side)
                except Undecided as reason:
                    d.text("Towards {point}{side}, undecided: " + _plain(str(reason)) + ".", **where)
                    continue
                ties += claim.has(m)
                self.limits[name, S(point), side] = claim
                d.limit(shown, op.parameter, point, claim, _arrival(op, side, claim), side)
        if ties:
            d.text("Here {m} counts the entries that tie for the extreme value.", m=m)

    def _formulas(self) -> Iterator[tuple[str, tuple[Expr, Expr, Any]]]:
        """The value and its derivatives by entries, each with the name that it is given here."""
        op, f = self.op, self.f
        yield "value", (f, op.definition, None)
        g, h = IndexedBase("g", real=True), IndexedBase("h", real=True)
        if op.vector:
            yield "Jacobian", (g[i, k], op.gradient, D(f, x[k]))
            return
        first, second = (x[1], x[1]) if op.arity else (x[i], x[k])
        places = first.indices[0], second.indices[0]
        slope = partial(op.definition, first)
        yield "gradient", (g[places[0]], slope, D(f, first))
        yield "Hessian", (h[places], partial(slope, second), D(f, first, second))

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
        for order in range(ORDER, 0, -1):
            try:
                shown = in_central_moments(op.series(0, order=order))
            except Undecided as reason:
                d.text(f"Undecided: {_plain(str(reason))}.")
                return
            if len(latex(shown)) <= LONGEST:
                break
        else:
            d.text("Its terms are too long to read; `smoothsym derive` computes them.")
            return
        for s in sorted(filter(central_moment_order, shown.atoms(Symbol)), key=central_moment_order):
            self._moment(s)
        if shown.has(c):
            d.define(c[i], x[i] - mean(x))
        d.series(self.f, op.parameter, order, shown, "Expanded under the sum" if not op.arity else "Expanded")

    # ---- laws and special values -------------------------------------------------------------------------------------

    def _laws(self) -> None:
        op, d = self.op, self.d
        laws = (*everywhere(op), *op.laws)
        d.text(
            "## Laws\n\nThe evidence of each proof was checked again from its data; each witness is exact, and its"
            " enclosures exclude the claim."
        )
        self._explain(laws)
        for title, found in by_section([law for law in laws if not self._stands_above(law)]):
            d.text(f"### {title}")
            for law, verdict in attempts(op, found):
                if isinstance(verdict.certificate, Proof) and not check(law, op, verdict.certificate):
                    raise BrokenStep(f"{d.title}: the evidence for {verdict.law!r} is no good")
                self._verdict(law, verdict)

    def _explain(self, laws: Sequence[Any]) -> None:
        """What the names in some laws stand for, where the page has not said it yet."""
        d = self.d
        if speak_of_weights(laws) and self.names.w not in self.known and self.names.whole is not None:
            d.text("With the weights")
            self.known |= {Z, self.names.w}
            d.define(Z, self.names.whole)
            d.define(self.names.w[i], self.names._term(i) / Z)
        sides = sides_of(laws)
        named = set().union(*(e.atoms(Symbol) for e in sides)) - self.known
        orders = sorted(filter(None, map(central_moment_order, named)))
        if orders:
            d.text("With the central moments")
        for order in orders:
            self._moment(central_moment(order))
        for root in roots_in(laws):
            z = Symbol("z", real=True)
            d.text(
                "{root} is the root of {equation} with {reach}.",
                root=root,
                equation=Eq(equation_of(root, z), 0, evaluate=False),
                reach=_reach(z, *interval_of(root)),
            )
        if named & {m2, Delta, rho}:
            gap = "and the ratio of the two is {rho}" if rho in named else "which is {Delta} away"
            d.text(
                "Where {m} entries attain the extreme value, {m2} attain the next one, " + gap + ".",
                m=m,
                m2=m2,
                Delta=Delta,
                rho=rho,
            )

    def _moment(self, name: Symbol) -> None:
        self.known.add(name)
        self.d.define(name, Sum((x[j] - mean(x)) ** central_moment_order(name), (j, 1, n)) / n)

    def _stands_above(self, law: Any) -> bool:
        """Whether a law is a limit that is a step already."""
        if not isinstance(law, Limit) or isinstance(law.of, Expr):
            return False
        side = "+" if self.op.parameter.is_nonnegative and law.point == 0 else law.direction
        return self.limits.get((law.of, S(law.point), side)) == S(law.value)

    def _verdict(self, law: Any, verdict: Any) -> None:
        """A law, as a formula on a line of its own or in words, and what was shown of it."""
        shown, (said, plain) = formula(law, self.op), words_of(law, self.op)
        judged = f"**{verdict.outcome}** for {verdict.scope}: {_code(why(verdict))}."
        if shown is not None:
            self.d.text(_plain(f"{_capital(said)}:")) if said else None
            self.d.displayed(shown, f"{_code(_capital(plain))}. {judged}" if plain else judged)
        else:
            self.d.text(_plain(f"*{_capital(said)}*" + (f", `{plain}`" if plain else "") + f". {judged}"))

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
    at = {None: "", "+": ", from above", "-": ", from below"}[side]
    several = ", for two entries or more" if side and op.arity is None else ""
    pole = ": a pole" if side and claim.is_infinite and not claim.has(Piecewise) else ""
    return f"By leading terms{at}{several}{pole}"


def _reach(z: Symbol, low: Expr, high: Expr) -> Any:
    return z >= low if high == oo else And(z >= low, z < high)


def _capital(said: str) -> str:
    """A sentence that begins with a word begins with a capital; one that begins with f does not."""
    return said[:1].upper() + said[1:] if said[:2].isalpha() else said


def _code(said: str) -> str:
    """Text with formulas in it as code."""
    return f"`{said}`" if set(said) & set("[]^_<>=") else said


def _plain(said: str) -> str:
    """Text that is no template."""
    return said.replace("{", "{{").replace("}", "}}")
