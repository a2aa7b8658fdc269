"""Towards infinity, what is made of sums of exponentials is a finite expansion in terms c t^q exp(t r), and its leading term is read off.

Each sum is split into the ties at its extreme entry (multiplicity m), the second distinct level (a gap Delta off, multiplicity m2)
and the rest. Beside its head the rest is smaller than exp(-t s Delta), s the smallest slope, by an exponential factor: terms down
to that order are exact, and smaller ones are never kept. Powers |x|^p are exponentials of p log|x|. Where an order between two
rates, or whether a head vanishes, depends on the entries, `Unknown` asks for the cases to be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Indexed,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    erf,
    exp,
    expand,
    expand_log,
    factorial,
    log,
    oo,
    sign,
)

from smoothsym import words
from smoothsym.symbolic import signs
from smoothsym.symbolic.factoring import factored

DEPTHS = (1, 2, 4)
"""How many powers of what is small an inverse, logarithm or exponential is expanded to: as few as tell."""
LIMIT = 1500
"""The number of products of terms beyond which an expansion is given up."""

MODULUS = Dummy("y", real=True)
"""log|x[j]| inside a sum."""

OTHER_GAP = Dummy("gap", positive=True)
"""The gap at the smallest entry where sums are dominated by the largest as well."""


def taylor(function: Any, at: Expr, order: int) -> Expr:
    """The coefficient of u^order in function(at + u)."""
    u = Dummy("u", real=True)
    return function(u).diff(u, order).subs(u, at) / factorial(order)


class Undecided(Exception):
    """A limit or series that is out of reach, with the reason."""


class TooShort(Undecided):
    """An expansion with too few terms to tell; a longer one may."""


class Unknown(Undecided):
    """The answer depends on the sign of `quantity`."""

    def __init__(self, quantity: Expr) -> None:
        super().__init__(f"it depends on the sign of {quantity}")
        self.quantity = quantity


Term = tuple[Expr, Expr, Expr]
"""(rate, power, coefficient) of coefficient * t^power * exp(t * rate)."""


@dataclass(frozen=True)
class Growth:
    """A sum of terms, exact but for powers of t up to `cut` beside the leading exponential."""

    terms: tuple[Term, ...]
    cut: Expr = field(default=-oo)


class Towards:
    """The arithmetic of expansions as parameter = side * t, t -> oo.

    `top` and `low` stand for the largest and the smallest entry (of log|x| where `logarithmic`); `levels` gives the level of each
    free entry; `known` the signs of quantities that a case assumes; `upwards` says that it is the largest entry of which m and
    Delta speak.
    """

    def __init__(self, parameter: Symbol, side: int, logarithmic: bool, positive: bool) -> None:
        self.parameter, self.side, self.logarithmic, self.positive = parameter, side, logarithmic, positive
        kind = {"positive": True} if positive and not logarithmic else {"real": True}
        self.top, self.low = Dummy("M", **kind), Dummy("mu", **kind)
        self.levels: dict[Expr, Expr] = {}
        self.known: dict[Expr, int] = {}
        self.equal: dict[Expr, Expr] = {}
        self.below: list[Dummy] = []
        self.weights: dict[Any, tuple[Dummy, Dummy]] = {}
        self.slopes: set[Expr] = set()
        self.upwards = True
        self.depth = DEPTHS[-1]
        self.work = 0

    # ---- terms ---------------------------------------------------------------------------------------------------------------

    def growth(self, terms: Iterable[Term], cut: Expr = -oo) -> Growth:
        merged: dict[tuple[Expr, Expr], Expr] = {}
        for rate, power, c in terms:
            key = (expand(rate.xreplace(self.equal)), power)
            merged[key] = expand(merged.get(key, S.Zero) + self.off_zeros(c.xreplace(self.equal)))
        step = min(map(abs, self.slopes), default=S.One)
        kept = (
            (r, p, c)
            for (r, p), c in merged.items()
            if c != 0 and all(r.coeff(gap) >= -step for gap in (words.Delta, OTHER_GAP))
        )
        return Growth(tuple(kept), cut)

    def off_zeros(self, c: Expr) -> Expr:
        """sign(u)^2 = 1: entries that enter by their logarithms are not zero."""
        if not (self.logarithmic and c.has(sign)):
            return c
        return expand(c).replace(
            lambda e: isinstance(e, Pow) and isinstance(e.base, sign) and e.exp.is_Integer,
            lambda e: e.base ** (e.exp % 2),
        )

    def constant(self, c: Expr) -> Growth:
        return self.growth([(S.Zero, S.Zero, S(c))])

    def sign_of(self, quantity: Expr) -> int:
        """The sign of a rate or coefficient, from what is positive by its form and what the case assumes; else Unknown."""
        quantity = expand(quantity.xreplace(self.equal))
        if quantity.is_zero:
            return 0
        if quantity.is_positive or quantity.is_negative:
            return 1 if quantity.is_positive else -1
        if signs.positive(signs.in_domain(quantity, "positive" if self.positive else "real")):
            return 1
        for known, value in self.known.items():
            ratio = (quantity / known).cancel()
            if ratio.is_positive or ratio.is_negative:
                return value if ratio.is_positive else -value
        gaps = [g for g in (words.Delta, OTHER_GAP, *self.below) if quantity.has(g)]
        if gaps and quantity.free_symbols <= set(gaps):
            parts = [quantity.coeff(g) for g in gaps]
            if all(q >= 0 for q in parts) or all(q <= 0 for q in parts):
                return 1 if max(parts) > 0 else -1
            raise Undecided(f"which of the gaps in {quantity} is larger is not known")
        rest = quantity.xreplace(dict.fromkeys(gaps, S.Zero))
        if rest != quantity and rest != 0 and self.sign_of(rest) == self.sign_of(quantity - rest):
            return self.sign_of(rest)
        if not (rest.atoms(Dummy) - set(gaps) or rest.has(Indexed)):
            return self.sign_of_counts(quantity)
        shape = factored(rest) if rest == quantity and rest.is_Add else rest
        if not shape.is_Add and shape != rest:
            return reduce(lambda u, w: u * w, (self.sign_of_factor(factor) for factor in Mul.make_args(shape)))
        if self.positive and not self.logarithmic and self.top in quantity.free_symbols:
            # Every level is positive, the second one as well.
            below = [expand(quantity.xreplace({self.top: g + Dummy("level", positive=True)})) for g in gaps]
            if known := [q for q in below if q.is_positive or q.is_negative]:
                return 1 if known[0].is_positive else -1
        raise Unknown(rest)

    def sign_of_factor(self, factor: Expr) -> int:
        base, power = factor.as_base_exp()
        way = self.sign_of(base)
        if not power.is_integer and way < 0:
            raise Undecided(f"the power {power} of something that is not positive")
        return way * way if power.is_even else way

    def sign_of_counts(self, quantity: Expr) -> int:
        """The sign of what the multiplicity m decides: whether it is one, or more, is asked for."""
        ties = words.m - 1
        more = Dummy("more", integer=True, nonnegative=True)
        sure = 2 if self.known.get(ties) == 1 else 1
        shown = factored(quantity.xreplace({words.m: sure + more}))
        if shown.is_positive or shown.is_negative:
            return 1 if shown.is_positive else -1
        if ties in self.known or not quantity.has(words.m):
            raise Undecided(f"the sign of {quantity} is not known")
        raise Unknown(ties)

    def direction(self, c: Expr) -> Expr:
        """1 or -1, times signs of free entries: c is a positive multiple of it. Entries that enter by their logarithms are not zero."""
        c = factored(c) if c.is_Add else c
        turn = S.One
        for f in Mul.make_args(c) if self.logarithmic else ():
            base, power = f.as_base_exp()
            if isinstance(base, sign) and power.is_integer:
                turn, c = turn * base ** (power % 2), c / f
        if (way := self.sign_of(c)) == 0:
            raise Undecided(f"whether {c} vanishes is not known")
        return way * turn

    def leading(self, g: Growth) -> Term:
        """The term beside which all others vanish."""
        if not g.terms:
            raise TooShort("every term that was kept cancels")
        doubt: Undecided | None = None
        for candidate in sorted(g.terms, key=lambda t: (len(t[0].args), str(t[0]))):
            try:
                if all(self._beside(candidate, other) for other in g.terms if other is not candidate):
                    break
            except Undecided as reason:
                doubt = doubt or reason
        else:
            raise doubt or TooShort("no term leads")
        if candidate[1] <= g.cut:
            raise TooShort("the leading term is below the order that was kept")
        return candidate

    def _beside(self, head: Term, other: Term) -> bool:
        order = self.sign_of(head[0] - other[0])
        return order > 0 or (order == 0 and head[1] > other[1])

    def nonzero(self, c: Expr) -> None:
        """Refuse a head that may vanish; a factor whose sign the entries decide is asked for."""
        for factor in Mul.make_args(factored(c) if c.is_Add else c):
            base = factor.as_base_exp()[0]
            if not (base.is_nonzero or base.is_positive or isinstance(base, exp)) and self.sign_of(base) == 0:
                raise Undecided(f"a divisor vanishes: {c}")

    # ---- arithmetic ----------------------------------------------------------------------------------------------------------

    def add(self, a: Growth, b: Growth) -> Growth:
        return self.growth([*a.terms, *b.terms], max(a.cut, b.cut))

    def mul(self, a: Growth, b: Growth) -> Growth:
        if not a.terms or not b.terms:
            return self.growth([])
        self.work += len(a.terms) * len(b.terms)
        if self.work > LIMIT:
            raise Undecided("the expansion has too many terms")
        cut = -oo
        if a.cut != -oo or b.cut != -oo:
            cut = max(a.cut + max(p for _, p, _ in b.terms), b.cut + max(p for _, p, _ in a.terms))
        return self.growth([(r + s, p + q, c * d) for r, p, c in a.terms for s, q, d in b.terms], cut)

    def relative(self, g: Growth) -> tuple[Term, Growth]:
        """g = head * (1 + rest), rest tending to zero."""
        head = rate, power, c = self.leading(g)
        self.nonzero(c)
        rest = [(r - rate, p - power, d / c) for r, p, d in g.terms if (r, p) != (rate, power)]
        return head, self.growth(rest, g.cut - power)

    def series(self, rest: Growth, coefficient: Callable[[int], Expr]) -> Growth:
        """sum_k coefficient(k) rest^k for a rest that tends to zero."""
        total, power = self.constant(coefficient(0)), self.constant(S.One)
        for k in range(1, self.depth + 1):
            power = self.mul(power, rest)
            if not power.terms:
                return Growth(total.terms, max(total.cut, rest.cut))
            total = self.add(total, self.mul(self.constant(coefficient(k)), power))
        powers = [p for r, p, _ in rest.terms if r == 0]
        dropped = max(powers) * (self.depth + 1) if powers else -oo
        return Growth(total.terms, max(total.cut, dropped, rest.cut))

    def power(self, g: Growth, q: Expr) -> Growth:
        if not g.terms and g.cut == -oo and q.is_positive:
            return g
        (rate, power, c), rest = self.relative(g)
        if not q.is_integer and not (c.is_positive or self.sign_of(c) > 0):
            raise Undecided(f"the power {q} of something that is not positive")
        series = self.series(rest, lambda k: reduce(lambda u, w: u * (q - w) / (w + 1), range(k), S.One))
        c = factored(c) if c.is_Add and not q.is_integer else c
        return self.mul(self.growth([(rate * q, power * q, c**q)]), series)

    def log(self, g: Growth) -> Growth:
        (rate, power, c), rest = self.relative(g)
        if power != 0:
            raise Undecided("the logarithm of a power of the parameter")
        if not (c.is_positive or self.sign_of(c) > 0):
            raise Undecided("the logarithm of something that is not positive")
        series = self.series(rest, lambda k: S.Zero if k == 0 else S.NegativeOne ** (k + 1) / k)
        return self.add(self.growth([(S.Zero, S.One, rate), (S.Zero, S.Zero, expand_log(log(c), force=True))]), series)

    def exp(self, g: Growth) -> Growth:
        if any((r == 0 and p > 1) or (r != 0 and self.sign_of(r) > 0) for r, p, _ in g.terms):
            # exp(-t^2) and exp(-exp(t)) are smaller than everything that is kept, whatever stands beside t^2 and exp(t).
            if self.sign_of(self.leading(g)[2]) >= 0:
                raise Undecided("an exponential of what grows faster than the parameter")
            return self.growth([])
        linear, constant, small = S.Zero, S.Zero, []
        for rate, power, c in g.terms:
            if rate == 0 and power == 1:
                linear += c
            elif rate == 0 and power == 0:
                constant += c
            elif (rate == 0 and power < 0) or (rate != 0 and self.sign_of(rate) < 0):
                small.append((rate, power, c))
            else:
                raise Undecided("an exponential of what grows faster than the parameter")
        if g.cut >= 0:
            raise TooShort("the exponent is not known to its constant term")
        series = self.series(self.growth(small, g.cut), lambda k: 1 / factorial(k))
        return self.mul(self.growth([(linear, S.Zero, exp(constant))]), series)

    def erf(self, g: Growth) -> Growth:
        growing = [term for term in g.terms if (term[0] == 0 and term[1] > 0) or self.sign_of(term[0]) > 0]
        if growing:
            # 1 - erf(t) is smaller than everything that is kept.
            return self.constant(S(self.sign_of(self.leading(g)[2])))
        if g.cut >= 0:
            raise TooShort("the argument of erf is not known to its constant term")
        head = next((c for r, p, c in g.terms if (r, p) == (0, 0)), S.Zero)
        rest = self.growth([term for term in g.terms if term[:2] != (0, 0)], g.cut)
        return self.series(rest, lambda k: taylor(erf, head, k))

    # ---- expressions ---------------------------------------------------------------------------------------------------------

    def expand(self, e: Expr) -> Growth:
        if e == self.parameter:
            return self.growth([(S.Zero, S.One, S(self.side))])
        if not e.has(self.parameter, Sum, words.Reduction, *self.levels):
            return self.constant(e)
        if isinstance(e, Sum):
            return self.sum(e)
        if isinstance(e, words.maximum | words.minimum):
            whole = Abs(words.x) if self.logarithmic and not self.positive else words.x
            if e.args[0] != whole:
                raise Undecided(f"{e} is not the extreme of what the sums are dominated by")
            level = self.top if isinstance(e, words.maximum) else self.low
            return self.constant(exp(level) if self.logarithmic else level)
        if e.func in (Indexed, Abs, sign) and not e.has(self.parameter, Sum):
            return self.entry(e)
        if isinstance(e, Add):
            return reduce(self.add, (self.expand(a) for a in e.args))
        if isinstance(e, Mul):
            # Exponentials together, for it is their product that grows or falls.
            together = [a for a in e.args if isinstance(a, exp)]
            factors = [a for a in e.args if not isinstance(a, exp)] + (
                [exp(Add(*(a.args[0] for a in together)))] if together else []
            )
            return reduce(self.mul, (self.expand(a) for a in factors))
        if isinstance(e, exp):
            return self.exp(self.expand(e.args[0]))
        if isinstance(e, log):
            return self.log(self.expand(e.args[0]))
        if isinstance(e, erf):
            return self.erf(self.expand(e.args[0]))
        if isinstance(e, Pow) and not e.exp.has(self.parameter):
            return self.power(self.expand(e.base), e.exp)
        if isinstance(e, Pow):
            return self.exp(self.mul(self.expand(e.exp), self.log(self.expand(e.base))))
        raise Undecided(f"no rule expands {e.func.__name__}")

    def entry(self, e: Expr) -> Growth:
        """A free entry outside sums, at its level."""
        entry = e if isinstance(e, Indexed) else e.args[0]
        level = self.levels[entry]
        if not self.logarithmic:
            return self.constant(e.xreplace({entry: level}))
        if isinstance(e, sign):
            return self.constant(S.One if self.positive else e)
        return self.constant(exp(level) * (1 if isinstance(e, Abs) or self.positive else sign(e)))

    def sum(self, e: Sum) -> Growth:
        if len(e.limits) != 1 or e.function.has(Sum):
            raise Undecided("a sum over more than one index")
        index, low, high = e.limits[0]
        if low != 1:
            raise Undecided("a sum that does not start at 1")
        total = self.growth([])
        for part in Add.make_args(expand(e.function, power_base=False, power_exp=False)):
            if not part.has(self.parameter):
                whole = Sum(part, (index, 1, high)) if index in part.free_symbols else high * part
                total = self.add(total, self.constant(whole))
                continue
            for term in Add.make_args(expand(self.exponential(part), power_base=False, power_exp=False)):
                total = self.add(total, self.term(term, index, high))
        return total

    def term(self, term: Expr, index: Symbol, high: Expr) -> Growth:
        """The sum of a term c t^q g(x_j) exp(t s x_j): its ties and its second level."""
        variable = MODULUS if self.logarithmic else words.x[index]
        rate, rest = S.Zero, S.One
        for factor in Mul.make_args(term):
            if isinstance(factor, exp) and factor.has(self.parameter):
                argument = expand(factor.args[0])
                slope, fixed = argument.coeff(self.parameter), argument.subs(self.parameter, 0)
                if expand(argument - slope * self.parameter - fixed) != 0:
                    raise Undecided(f"the exponent {argument} is not linear in {self.parameter}")
                rate, rest = rate + slope * self.side, rest * exp(fixed)
            else:
                rest *= factor
        slope = rate.coeff(variable)
        common = expand(rate - slope * variable)
        if common.has(variable) or index in common.free_symbols or (not slope.is_number):
            raise Undecided(f"the growth rate {rate} is not a multiple of an entry")
        free, bound = rest.as_independent(self.parameter, as_Add=False)
        base, degree = bound.as_base_exp() if bound != 1 else (self.parameter, S.Zero)
        if base != self.parameter or not degree.is_number:
            raise Undecided(f"no rule sums {term}")
        c = free * S(self.side) ** degree
        if slope == 0:
            if self.logarithmic and c.has(variable):
                raise Undecided("a plain sum in log|x|")
            return self.growth([(common, degree, Sum(c, (index, 1, high)) if index in c.free_symbols else high * c)])
        self.slopes.add(slope)
        counts: tuple[Expr, Expr] = (words.m, words.m2)
        weight, c = c.as_independent(variable, as_Add=False)
        if index in weight.free_symbols:
            counts, weight = self.weighted(weight, index), S.One
        if c.has(sign) or (index in c.xreplace({variable: S.One}).free_symbols):
            raise Undecided("a sum whose terms at the ties differ")
        gap = words.Delta
        if bool(slope > 0) is not self.upwards:
            # The other end has ties and a gap of its own, for which there are no words.
            gap, counts = OTHER_GAP, counts if counts[0] != words.m else self.counted("the other end")
        extreme, second = (self.top, self.top - gap) if slope > 0 else (self.low, self.low + gap)
        levels = zip(counts, (extreme, second), strict=True)
        return self.growth(
            [(common + slope * y, degree, count * weight * c.xreplace({variable: y})) for count, y in levels]
        )

    def weighted(self, weight: Expr, index: Symbol) -> tuple[Dummy, Dummy]:
        """Positive weights: their sums over the ties and over the second level stand for the multiplicities."""
        if not weight.is_positive:
            raise Undecided(f"the sign of the weight {weight} is not known")
        return self.counted(weight.xreplace({index: words.j}))

    def counted(self, key: Any) -> tuple[Dummy, Dummy]:
        return self.weights.setdefault(key, (Dummy("W", positive=True), Dummy("W2", positive=True)))

    def exponential(self, body: Expr) -> Expr:
        """|x|^q as exp(q y), y = log|x|; x itself as sign(x) exp(y), without the sign where entries are positive."""
        if not self.logarithmic:
            return body

        def modulus(e: Expr) -> bool:
            return (isinstance(e, Abs) and isinstance(e.args[0], Indexed) and e.args[0].base == words.x) or (
                self.positive and isinstance(e, Indexed) and e.base == words.x
            )

        body = body.replace(lambda e: isinstance(e, Pow) and modulus(e.base), lambda e: exp(expand(e.exp * MODULUS)))
        body = body.replace(lambda e: isinstance(e, log) and modulus(e.args[0]), lambda e: MODULUS)
        if self.positive:
            body = body.replace(lambda e: isinstance(e, sign), lambda e: S.One)
        return body.replace(modulus, lambda e: exp(MODULUS))
