"""Square roots of a square and what is added to it: no square leaves the range, and what is nearly cancelled is divided instead.

With r = sqrt(t^2 + e), e >= 0, and h = hypot(t, sqrt(e)) for it:

    a + b r, which is p for large t and q for large -t     max(p, q) + b e / (h + |t|)      for b > 0; min(p, q) for b < 0
    c + c t/r, which cancels for t < 0                     c g there and 2 c - c g elsewhere, g = 1 - |t|/h = e / (h (h + |t|))

    t/r, e/r^3                                             at most 1 first: sqrt(e)/r (sqrt(e)/r / r)

What may overflow where the result does not is halved before.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Abs, Add, Dummy, Expr, Indexed, KroneckerDelta, Max, Min, Pow, S, cancel, expand, sqrt
from sympy.codegen.cfunctions import hypot

from smoothsym.program.guards import Guarded
from smoothsym.program.lower import either, over, select, times
from smoothsym.symbolic import moments


class Radical(Guarded):
    """What is made of t and e in r = sqrt(t^2 + e), for e >= 0."""

    nargs = 2

    @property
    def unit(self) -> Expr:
        """What t and r are measured in, so that they are in range."""
        return S(2) if self.args[0].is_Add or self.args[1].has(Indexed) else S.One

    def parts(self, unit: Expr) -> tuple[Expr, Expr, Expr]:
        """|t|, sqrt(e) and r, in a unit."""
        t = expand(self.args[0] / unit)
        # t and -t have one modulus, computed once.
        t, e = -t if t.could_extract_minus_sign() else t, _root(self.args[1]) / unit
        return Abs(t), e, hypot(t, e)


class length(Radical):
    """length(t, e) = r."""

    @property
    def meaning(self) -> Expr:
        return sqrt(self.args[0] ** 2 + self.args[1])

    @property
    def computed(self) -> Expr:
        return self.unit * self.parts(self.unit)[2]


class cosine(Radical):
    """cosine(t, e) = t / r."""

    @property
    def meaning(self) -> Expr:
        return self.args[0] / sqrt(self.args[0] ** 2 + self.args[1])

    @property
    def computed(self) -> Expr:
        t, unit, (_, _, r) = self.args[0], self.unit, self.parts(self.unit)
        # Half of an entry may be none of its format, and half of a difference may be needed.
        return over(expand(t / unit), r) if t.is_Add else over(t, r) / unit


class excess(Radical):
    """excess(t, e) = r - |t|."""

    @property
    def meaning(self) -> Expr:
        return sqrt(self.args[0] ** 2 + self.args[1]) - Abs(self.args[0])

    @property
    def computed(self) -> Expr:
        t, e, r = self.parts(S(2))
        # The square of an entry may leave the range.
        return 2 * times(e, over(e, r + t)) if self.args[1].has(Indexed) else over(self.args[1], r + t) / 2


class shortfall(Radical):
    """shortfall(t, e) = 1 - t / r, for t >= 0."""

    @property
    def meaning(self) -> Expr:
        return 1 - self.args[0] / sqrt(self.args[0] ** 2 + self.args[1])

    @property
    def computed(self) -> Expr:
        t, e, _ = self.parts(self.unit)
        ratio = over(t, e)
        r = hypot(S.One, ratio)
        # r (r + t) = 1 + t (t + r), whose rounding counts once.
        return select(1 - ratio, over(S.One, 1 + times(ratio, ratio + r)), over(over(S.One, r), r + ratio))


class bend(Radical):
    """bend(t, e) = e / r^3."""

    @property
    def meaning(self) -> Expr:
        return self.args[1] / sqrt(self.args[0] ** 2 + self.args[1]) ** 3

    @property
    def computed(self) -> Expr:
        _, e, r = self.parts(self.unit)
        return times(over(e, r), over(over(e, r), r)) / self.unit


def radical_form(expression: Expr) -> Expr | None:
    """The expression with the square roots in it computed as above; None where there are none.

    >>> from smoothsym.words import eps, x
    >>> radical_form(x[1] + sqrt(x[1] ** 2 + eps))
    excess(x[1], eps) + Max(0, 2*x[1])
    """
    form, found = expression, False
    for power in sorted(expression.atoms(Pow), key=str):
        if power.exp.is_Rational and power.exp.q == 2 and (splits := list(_squares(power.base))):
            form, found = _with_root(form, power.base, splits), True
    return form if found else None


def _squares(base: Expr) -> Iterator[tuple[Expr, Expr]]:
    """t and e of t^2 + e, for e >= 0."""
    for term in Add.make_args(base) if base.is_Add else ():
        if isinstance(term, Pow) and term.exp == 2 and term.has(Indexed) and moments.nonnegative(base - term):
            yield term.base, base - term


def _root(e: Expr) -> Expr:
    for split in _squares(e):
        return length(*split)
    return sqrt(e)


def _with_root(expression: Expr, base: Expr, splits: list[tuple[Expr, Expr]]) -> Expr:
    r = Dummy("r", positive=True)
    form = expression.xreplace({p: r ** (2 * p.exp) for p in expression.atoms(Pow) if p.base == base})
    form = form.replace(lambda part: part.is_Add and part.has(r), lambda part: _sum(part, r, *splits[0]))
    form = form.replace(lambda part: part.is_Mul and part.has(r), lambda part: _product(part, r, splits))
    return form.xreplace({r: length(*splits[0])})


def _sum(part: Expr, r: Expr, t: Expr, e: Expr) -> Expr:
    """a + b r, or a + c t/r, where one of its ends is 0."""
    beside = Add(*(term for term in part.args if not term.has(r)))
    slope = cancel((part - beside) / r)
    if slope.is_number and slope.is_real and beside != 0:
        ends = [expand(beside + sign * slope * t) for sign in (1, -1)]
        return (Max if slope > 0 else Min)(*ends) + slope * excess(t, e)
    slope = cancel((part - beside) * r / t)
    if not slope.is_number or beside not in (slope, -slope):
        return part
    t = t if beside == slope else -t
    return either(-t, beside * shortfall(-t, e), 2 * beside - beside * shortfall(t, e))


def _product(part: Expr, r: Expr, splits: list[tuple[Expr, Expr]]) -> Expr:
    """t/r, which is at most 1, and e/r^3; a sum of multiples of them for several entries."""
    sums = [f for f in part.args if f.is_Add and f.has(KroneckerDelta)]
    if len(sums) == 1:
        return Add(*(_product(part / sums[0] * term, r, splits) for term in sums[0].args))
    for t, e in splits:
        for made, plain in ((cosine(t, e), t / r), (bend(t, e), e / r**3)):
            rest = cancel(part / plain)
            if not rest.has(r) and not rest.as_numer_denom()[1].has(Indexed):
                return rest * made
    return part
