"""A first-order bound in the words of a paper: f for the value, w[j] for the shares of entries, max x, and sums under the shares.

Each word is a definition in x, and writing out is replacing it; of several ways to say a bound the shortest is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sympy import (
    Abs,
    Add,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    exp,
    expand,
    log,
    sign,
    sqrt,
)

from smoothsym import words
from smoothsym.program.rounding.adjoints import AT, Anchor
from smoothsym.program.rounding.formula import FirstOrder
from smoothsym.program.rounding.phrases import (
    by_depth,
    constants_out,
    inside_moduli,
    outside,
    ratio_power,
    shorter,
    tidy,
    under_one_sum,
    whole_part,
)
from smoothsym.program.rounding.primitives import FALL, GAP, SIZE, TOP, TURN
from smoothsym.program.rounding.signs import factored
from smoothsym.symbolic import signs

W = IndexedBase("w", positive=True)
_J = words.j
_OVER = (_J, 1, words.n)


@dataclass
class Wording:
    """The bound of a FirstOrder, in words and written out."""

    bound: FirstOrder
    whole: Symbol | None = None
    """The sum in which shares are."""

    def __post_init__(self) -> None:
        self.values = self.bound.values
        self.frame = self.values.frame
        self.x = signs.POSITIVE_ENTRIES if self.values.domain == "positive" else words.x
        """The input vector, on its domain; `public` says words.x for it."""

    # ---- the words -----------------------------------------------------------------------------------------------------------

    @cached_property
    def value(self) -> Expr:
        """The name of the value: f, or f[i] of a vector, f[i, k] of a matrix."""
        labels = self.bound.labels
        if not labels:
            return Symbol("f", real=True, positive=self.values.signs.of(self.bound.value) > 0 or None)
        return IndexedBase("f", real=True)[labels]

    @cached_property
    def defined(self) -> Expr:
        """The value in x."""
        value = Add(*map(factored, Add.make_args(self.bound.value)))
        return shorter(self.written_out(self._spelled(value)), self.values.domain)

    def _spelled(self, e: Expr) -> Expr:
        """An expression with its sums, in falls, as sums."""
        names = {name: body for body, name in self.values.names.items()}
        while found := [q for q in e.free_symbols if q in names]:
            e = e.xreplace({q: Sum(self.values.body(q, _J), _OVER) for q in found})
        return e

    def _in_words(self, e: Expr) -> Expr:
        """A size with shares for exponentials, sums under them for sums; 1 / Z is the largest share."""
        if self.whole is None:
            return self._spelled(e)
        core, degree = self._pulled(self._shared(e))
        return core * self._power_of_whole(degree)

    def _power_of_whole(self, degree: Expr) -> Expr:
        """Where the term at the extreme entry is 1, a power of 1 / Z is one of the largest share."""
        assert self.whole is not None
        return words.maximum(W) ** -degree if degree < 0 and self.frame is not None else self.whole**degree

    def _shared(self, e: Expr) -> Expr:
        """Exponentials as multiples of Z and shares, named sums as sums of them."""
        assert self.whole is not None
        e = expand(e, deep=False, mul=False, multinomial=False, log=False, basic=False, power_exp=True)
        rate = self._rate(self._body)
        e = e.replace(lambda f: isinstance(f, exp), lambda f: self._as_share(f, rate))
        swaps = {}
        for body, name in self.values.names.items():
            if name != self.whole and name in e.free_symbols:
                swaps[name] = Sum(self._shared(self.values.at(body, AT, _J)), _OVER)
        return e.xreplace(swaps)

    def _pulled(self, e: Expr) -> tuple[Expr, Expr]:
        """An expression as another one times a whole power of Z, which is given."""
        whole = self.whole
        if e == whole:
            return S.One, S.One
        if e.is_Mul:
            pairs = [self._pulled(f) for f in e.args]
            return Mul(*(core for core, _ in pairs)), Add(*(degree for _, degree in pairs))
        if e.is_Pow and e.exp.is_Integer:
            core, degree = self._pulled(e.base)
            return core**e.exp, degree * e.exp
        if e.is_Add:
            pairs = [self._pulled(f) for f in e.args]
            most = max(degree for _, degree in pairs)
            return Add(*(core * self._power_of_whole(degree - most) for core, degree in pairs)), most
        if isinstance(e, Abs):
            core, degree = self._pulled(e.args[0])
            return Abs(core), degree
        if isinstance(e, Sum):
            core, degree = self._pulled(e.function)
            return Sum(core, *e.limits), degree
        return e, S.Zero

    @property
    def _body(self) -> Expr:
        return next(body for body, name in self.values.names.items() if name == self.whole)

    def _rate(self, body: Expr) -> Expr:
        (variable,) = self._variables(body)
        return expand(body.args[0]).coeff(variable)

    def _variables(self, e: Expr) -> list[Indexed]:
        """What exponentials depend on: falls, or entries where there is no extreme one."""
        base = self.x if self.frame is None else FALL
        return sorted({q for q in e.atoms(Indexed) if q.base == base}, key=str)

    def _as_share(self, f: Expr, rate: Expr) -> Expr:
        """exp(rate t_q + rest) = Z w_q exp(rest)."""
        result, rest = S.One, expand(f.args[0])
        for variable in self._variables(f.args[0]):
            times = whole_part(rest.coeff(variable), rate)
            result *= (self.whole * W[variable.indices[0]]) ** times
            rest = expand(rest - times * rate * variable)
        return result * exp(rest) if result.has(W) else f

    # ---- writing out ---------------------------------------------------------------------------------------------------------

    def written_out(self, e: Expr) -> Expr:
        """An expression in words as one in x, n and the parameters."""
        if e.has(self.value):
            e = e.xreplace({self.value: self.defined})
        e = self._without_names(e)
        if self.whole is not None:
            total = Sum(self._at(_J), _OVER)
            e = e.replace(lambda q: isinstance(q, Sum), lambda q: self._over_total(q, total))
            shares = {q: self._at(q.indices[0]) / total for q in e.atoms(Indexed) if q.base == W}
            most = {q: self._top / total for q in e.atoms(words.maximum) if q.args[0] == W}
            e = e.xreplace({**shares, **most}).xreplace({self.whole: total / self._top})
        return by_depth(self._plain(e))

    def _without_names(self, e: Expr) -> Expr:
        """Roots, and the difference of two entries, by what they are."""
        e = self.values.meant(e)
        return e.xreplace({GAP: self.x[1] - self.x[2]}) if self.values.pair else e

    def _over_total(self, e: Sum, total: Expr) -> Expr:
        """sum_j w_j g_j as one quotient of sums."""
        rest = e.function / W[_J]
        if any(q == W[_J] for q in rest.atoms(Indexed)):
            return e
        return Sum(self._at(_J) * rest, _OVER) / total

    def _at(self, place: Expr) -> Expr:
        """The term of the whole sum at a place, but for what is free of the place."""
        if self.frame is None:
            return self._body.xreplace({AT: place})
        rate = self._rate(self._body)
        if self.frame.kind == "entry":
            return exp(-rate * self.frame.turn * self.x[place])
        size = self.x[place] if self.values.domain == "positive" else Abs(self.x[place])
        return size ** (-rate * self.frame.turn)

    @property
    def _top(self) -> Expr:
        if self.frame is None:
            return S.One
        rate = self._rate(self._body)
        if self.frame.kind == "entry":
            return exp(-rate * self.frame.turn * self._extreme)
        return self._extreme ** (-rate * self.frame.turn)

    @property
    def _extreme(self) -> Expr:
        """The extreme entry, or modulus."""
        return S.Zero if self.frame is None else self.extreme(self.frame)

    def extreme(self, anchor: Anchor) -> Expr:
        """The entry, or modulus, at an anchor."""
        whole = Abs(self.x) if anchor.kind == "modulus" and self.values.domain == "real" else self.x
        return (words.maximum if anchor.turn > 0 else words.minimum)(whole)

    def _plain(self, e: Expr) -> Expr:
        """Falls, the extreme entry and signs by entries; parameters by their own names."""
        frame = self.frame
        if frame is not None:
            falls = {q for q in e.atoms(Indexed) if q.base == FALL}
            if frame.kind == "entry":
                swaps = {q: frame.turn * (self._extreme - self.x[q.indices[0]]) for q in falls}
            else:
                sizes = {q: self._modulus(q.indices[0]) for q in falls}
                e = e.replace(lambda f: isinstance(f, exp), lambda f: ratio_power(f, sizes, self._extreme, frame.turn))
                swaps = {q: frame.turn * log(self._extreme / size) for q, size in sizes.items()}
            turns = {q: sign(self.x[q.indices[0]]) for q in e.atoms(Indexed) if q.base == TURN}
            e = e.xreplace({**swaps, **turns, TOP: self._extreme, SIZE: self._extreme})
        extremes = {self._of_anchor(a): self.extreme(a) for a in self.values.anchors if a.kind != "other"}
        return (
            e.xreplace({q: self._own(q) for q in e.free_symbols if isinstance(q, Symbol)})
            .xreplace(extremes)
            .xreplace({q: self.x[q.indices] for q in e.atoms(Indexed) if q.base.label.name == "x" and q.base != self.x})
        )

    def _of_anchor(self, anchor: Anchor) -> Expr:
        """The entry, or modulus, at an anchor, by its index."""
        return self.x[anchor.symbol] if anchor.kind == "entry" else self._modulus(anchor.symbol)

    def _modulus(self, place: Expr) -> Expr:
        return self.x[place] if self.values.domain == "positive" else Abs(self.x[place])

    def _own(self, symbol: Symbol) -> Symbol:
        known = {"alpha": words.alpha, "p": words.p, "eps": words.eps}
        return known.get(symbol.name, symbol) if symbol.is_positive and not symbol.is_integer else symbol

    # ---- the shortest way to say it -------------------------------------------------------------------------------------------

    @cached_property
    def named(self) -> Expr:
        """The bound in units of u, in words: of several ways the shortest."""
        if self.bound.long:
            return constants_out(self._plain(self._joined([(c, self._in_words(size)) for c, size in self._sizes])))
        said = []
        for head in self._heads:
            parts = [(c, self._in_words(factored(expand(size / head)))) for c, size in self._sizes]
            out = self._head(head)
            ways = [parts]
            if head == 1:
                ways.append(
                    [
                        (c, self._or_value(size, said_size))
                        for (c, size), (_, said_size) in zip(self._sizes, parts, strict=True)
                    ]
                )
            if known := self._by_value:
                ways.append([(c, tidy(size.xreplace(known))) for c, size in parts])
                out = tidy(out.xreplace(known))
            ways += [[(c, self._by_entries(size)) for c, size in way] for way in ways if self._by_entries_is_open(way)]
            said += [constants_out(self._plain(out * self._joined(way))) for way in ways]
        return min(said, key=lambda e: e.count_ops())

    def _or_value(self, size: Expr, worded: Expr) -> Expr:
        """The modulus of the value where a size is that, the words for it elsewhere."""
        if expand(size - self.values.signs.size(self.bound.value)) != 0:
            return worded
        return self.value if self.values.signs.of(self.bound.value) > 0 else Abs(self.value)

    @property
    def _sizes(self) -> list[tuple[Expr, Expr]]:
        return [(part.coefficient, part.size) for part in self.bound.parts]

    @property
    def _heads(self) -> list[Expr]:
        """What may stand outside: nothing, or the modulus of the value."""
        size = self.values.signs.size(self.bound.value)
        return [S.One] if size.has(KroneckerDelta, Add) else [S.One, size]

    def _head(self, head: Expr) -> Expr:
        if head == 1:
            return S.One
        said = self._in_words(head)
        if said.count_ops() == 0 or not self.bound.labels:
            return said
        return self.value if self.values.signs.of(self.bound.value) > 0 else Abs(self.value)

    @cached_property
    def formula(self) -> Expr:
        """The bound in units of u, in x, n and the parameters."""
        return self.written_out(self.named)

    def in_words(self, e: Expr) -> Expr:
        """An expression of the program in words."""
        return self._plain(self._in_words(e))

    def in_x(self, e: Expr) -> Expr:
        """An expression of the program in x, n and the parameters."""
        return self.written_out(self._in_words(e))

    def sign_in_x(self, e: Expr) -> Expr:
        """An expression in x with the sign of one of the program: without factors that are positive."""
        factors = [f for f in Mul.make_args(factored(e)) if not f.is_positive and self.values.signs.of(f) <= 0]
        return self.in_x(Mul(*factors)) if factors else self.in_x(e)

    @cached_property
    def meanings(self) -> tuple[tuple[Expr, Expr], ...]:
        """The words that the bound is in, and what they stand for."""
        said: list[tuple[Expr, Expr]] = []
        if self.named.has(self.value):
            said.append((self.value, by_depth(self.defined)))
        used = self.named.free_symbols
        for name, value in reversed(self.values.parts.items()):
            if name in used:
                said.append((name, self._plain(value)))
                used |= value.free_symbols
        for inside, root in self.values.roots.items():
            if root in used:
                said.append((root, self._plain(sqrt(inside))))
        if self.values.pair and (self.named.has(GAP) or any(value.has(GAP) for _, value in said)):
            said.append((GAP, self.x[1] - self.x[2]))
        if self.named.has(W):
            said.append((W[words.i], self._at(words.i) / Sum(self._at(_J), _OVER)))
        if self.whole is not None and self.named.has(self.whole):
            said.append((self.whole, Sum(self._at(_J), _OVER) / self._top))
        for anchor in self.values.anchors:
            if anchor.symbol in self.named.free_symbols:
                key = anchor.key.xreplace({q: Symbol("x") for q in anchor.key.atoms(Indexed)})
                said.append((anchor.symbol, Function("argmax")(key)))
        return tuple(said)

    @cached_property
    def _by_value(self) -> dict[Expr, Expr]:
        """What the value depends on linearly, by the value; a logarithm of what it is a power of, by its own."""
        if self.bound.labels:
            return {}
        value, mark = self._in_words(self.bound.value), Symbol("mark_", real=True)
        roots = {q for q in value.atoms(Pow) if not q.exp.is_number}
        for atom in sorted({*value.atoms(log, Sum), *roots}, key=str):
            line = expand(value.xreplace({atom: mark}))
            slope, rest = line.coeff(mark), line.coeff(mark, 0)
            if slope == 0 or slope.has(mark) or line - slope * mark - rest != 0:
                continue
            found = {atom: (self.value - rest) / slope}
            if atom in roots and rest == 0:
                found[log(atom.base)] = log(self.value / slope) / atom.exp
            return found
        return {}

    def _joined(self, parts: list[tuple[Expr, Expr]]) -> Expr:
        """Sizes with the same coefficient as one, where that is shorter; what all share outside."""
        shared, parts = outside(parts)
        groups: dict[Expr, list[Expr]] = {}
        for coefficient, size in parts:
            groups.setdefault(coefficient, []).append(size)
        terms = []
        for coefficient, sizes in groups.items():
            apart = Add(*sizes)
            if self.bound.long:
                terms.append((coefficient, apart))
                continue
            merged = [apart, self._in_entries(apart), tidy(apart)]
            terms.append((coefficient, min(merged, key=lambda e: e.count_ops())))
        again, terms = outside(under_one_sum(terms))
        return shared * again * Add(*(coefficient * size for coefficient, size in terms))

    def _by_entries_is_open(self, parts: list[tuple[Expr, Expr]]) -> bool:
        """Whether falls stand in moduli, where differences of entries may be shorter."""
        entries = self.frame is not None and self.frame.kind == "entry" and self.whole is not None
        return entries and any(q.has(FALL) or q.has(TOP) for _, size in parts for q in size.atoms(Abs))

    def _by_entries(self, e: Expr) -> Expr:
        """Falls in moduli, and mean falls, by entries."""
        assert self.frame is not None
        turn = self.frame.turn

        def opened(q: Expr) -> Expr:
            q = q.replace(
                lambda s: isinstance(s, Sum) and s.function == W[_J] * FALL[_J],
                lambda s: turn * (TOP - Sum(W[_J] * self.x[_J], _OVER)),
            )
            return q.xreplace({t: turn * (TOP - self.x[t.indices[0]]) for t in q.atoms(Indexed) if t.base == FALL})

        return inside_moduli(e.replace(lambda q: isinstance(q, Abs), opened))

    def _in_entries(self, e: Expr) -> Expr:
        """Mean falls as the extreme entry less the mean entry."""
        frame = self.frame
        if frame is None or frame.kind != "entry" or self.whole is None:
            return e

        def opened(total: Expr) -> Expr:
            body = total.function
            if body == W[_J] * FALL[_J]:
                return frame.turn * (TOP - Sum(W[_J] * self.x[_J], _OVER))
            return total

        return tidy(e.replace(lambda q: isinstance(q, Sum), opened))


def _is_share(body: Expr, framed: bool) -> bool:
    """Whether a body is exp(a t) in one fall, or exp(a x) in one entry where there is no extreme one."""
    variables = [q for q in body.atoms(Indexed) if (q.base == FALL if framed else q.base.label.name == "x")]
    if not isinstance(body, exp) or len(variables) != 1:
        return False
    rate = expand(body.args[0]).coeff(variables[0])
    return bool(expand(body.args[0] - rate * variables[0]) == 0) and not rate.has(Indexed)


def said(bound: FirstOrder) -> Wording:
    """The shortest wording, whichever sum the shares are in: one of exponentials alone."""
    wholes = [name for body, name in bound.values.names.items() if _is_share(body, bound.values.frame is not None)]
    used = [name for name in wholes if any(name in part.size.free_symbols for part in bound.parts)]
    wordings = [Wording(bound, whole) for whole in (used[:1] if bound.long else used) or [None]]
    return min(wordings, key=lambda w: w.named.count_ops()) if wordings[1:] else wordings[0]
