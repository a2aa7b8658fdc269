"""Limits and series in the parameter, by leading terms: each sum split into the ties at its extreme entry, the next level, the rest.

Towards infinity a family of sums of exponentials is a finite expansion in terms c alpha^a exp(alpha r). The rest of each sum is
smaller than exp(-alpha Delta) against its head, Delta the gap to the second distinct value, by more than any power of alpha; so
terms down to exp(-alpha Delta) are exact, and limits are read off. Towards 0 the sums are expanded term by term.
Powers |x|^p are exponentials of p log|x|. What is out of reach raises Undecided; SymPy's limit is never asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Eq,
    Expr,
    Indexed,
    Mul,
    Piecewise,
    Pow,
    S,
    Sum,
    Symbol,
    exp,
    expand,
    expand_log,
    factorial,
    log,
    oo,
    sign,
    simplify,
    zoo,
)

from smoothsym import words

DEPTH = 4
"""How many powers of the parameter an inverse, logarithm or exponential is expanded to."""

_TOP = Dummy("M", real=True)
_LOW = Dummy("mu", real=True)
_BELOW = Dummy("delta", positive=True)
_MODULUS = Dummy("y", real=True)


class Undecided(Exception):
    """A limit or series that is out of reach, with the reason."""


@dataclass
class Growth:
    """A sum of terms coefficient * t^power * exp(t * rate), exact but for powers below `cut` (at the leading rate)."""

    terms: dict[tuple[Expr, Expr], Expr]
    cut: Expr = field(default=-oo)

    def items(self) -> list[tuple[Expr, Expr, Expr]]:
        return [(rate, power, c) for (rate, power), c in self.terms.items() if c != 0]


def _growth(terms: list[tuple[Expr, Expr, Expr]], cut: Expr = -oo) -> Growth:
    merged: dict[tuple[Expr, Expr], Expr] = {}
    for rate, power, c in terms:
        key = (expand(rate), power)
        merged[key] = expand(merged.get(key, S.Zero) + c)
    # exp(-2 t Delta) is below what was kept of the sums themselves.
    kept = {k: c for k, c in merged.items() if c != 0 and k[0].coeff(words.Delta) + k[0].coeff(_BELOW) > -2}
    return Growth(kept, cut)


def _constant(c: Expr) -> Growth:
    return _growth([(S.Zero, S.Zero, c)])


def _smaller(a: Expr, b: Expr) -> bool:
    """Whether exp(t a) is negligible beside exp(t b)."""
    gap = expand(b - a)
    if gap == 0:
        return False
    free = gap.free_symbols
    if free <= {words.Delta, _BELOW}:
        parts = [gap.coeff(words.Delta), gap.coeff(_BELOW)]
        if all(part >= 0 for part in parts):
            return True
        if all(part <= 0 for part in parts):
            return False
    raise Undecided(f"which of the growth rates {a} and {b} is larger is not known")


def _leading(g: Growth) -> tuple[Expr, Expr, Expr]:
    items = g.items()
    if not items:
        raise Undecided("every term that was kept cancels")
    best = items[0]
    for item in items[1:]:
        if item[0] == best[0]:
            best = item if item[1] > best[1] else best
        elif _smaller(best[0], item[0]):
            best = item
    if best[1] <= g.cut:
        raise Undecided("the leading term is below the order that was kept")
    return best


def _add(a: Growth, b: Growth) -> Growth:
    return _growth([*a.items(), *b.items()], max(a.cut, b.cut))


def _mul(a: Growth, b: Growth) -> Growth:
    if not a.items() or not b.items():
        return _growth([])
    heads = (_leading(a)[1], _leading(b)[1])
    terms = [(r + s, p + q, c * d) for r, p, c in a.items() for s, q, d in b.items()]
    return _growth(terms, max(a.cut + heads[1], b.cut + heads[0]))


def _relative(g: Growth) -> tuple[tuple[Expr, Expr, Expr], Growth]:
    """g = head * (1 + rest), rest tending to zero."""
    rate, power, c = _leading(g)
    rest = [(r - rate, p - power, d / c) for r, p, d in g.items() if (r, p) != (rate, power)]
    return (rate, power, c), _growth(rest, g.cut - power)


def _series(rest: Growth, coefficient: Callable[[int], Expr]) -> Growth:
    """sum_k coefficient(k) rest^k for a rest that tends to zero."""
    total, power = _constant(coefficient(0)), _constant(S.One)
    for k in range(1, DEPTH + 1):
        power = _mul(power, rest)
        if not power.items():
            return Growth(total.terms, max(total.cut, rest.cut))
        total = _add(total, _mul(_constant(coefficient(k)), power))
    heads = [p for r, p, _ in rest.items() if r == 0]
    dropped = max(heads) * (DEPTH + 1) if heads else -oo
    return Growth(total.terms, max(total.cut, dropped, rest.cut))


def _power(g: Growth, q: Expr) -> Growth:
    (rate, power, c), rest = _relative(g)
    series = _series(rest, lambda k: reduce(lambda u, w: u * (q - w) / (w + 1), range(k), S.One))
    return _mul(_growth([(rate * q, power * q, c**q)]), series)


def _log(g: Growth) -> Growth:
    (rate, power, c), rest = _relative(g)
    if power != 0:
        raise Undecided("the logarithm of a power of the parameter")
    series = _series(rest, lambda k: S.Zero if k == 0 else S.NegativeOne ** (k + 1) / k)
    head = [(S.Zero, S.One, rate), (S.Zero, S.Zero, expand_log(log(c), force=True))]
    return _add(_growth(head), series)


def _exp(g: Growth) -> Growth:
    linear, constant, small = S.Zero, S.Zero, []
    for rate, power, c in g.items():
        if rate == 0 and power == 1:
            linear += c
        elif rate == 0 and power == 0:
            constant += c
        elif (rate != 0 and _smaller(rate, S.Zero)) or (rate == 0 and power < 0):
            small.append((rate, power, c))
        else:
            raise Undecided("an exponential of a term that grows faster than the parameter")
    if g.cut >= 0:
        raise Undecided("the exponent is not known to its constant term")
    return _mul(_growth([(linear, S.Zero, exp(constant))]), _series(_growth(small, g.cut), lambda k: 1 / factorial(k)))


@dataclass
class _Towards:
    """Expansion towards parameter = side * oo, with t = side * parameter -> oo."""

    parameter: Symbol
    side: int
    modulus: bool
    entry: Expr | None

    def expand(self, e: Expr) -> Growth:
        if e == self.parameter:
            return _growth([(S.Zero, S.One, S(self.side))])
        if not e.has(self.parameter, Sum, Indexed):
            return _constant(e)
        if isinstance(e, Sum):
            return self.sum(e)
        if isinstance(e, (Indexed, Abs, sign)):
            return self.free(e)
        if isinstance(e, Add):
            return reduce(_add, (self.expand(a) for a in e.args))
        if isinstance(e, Mul):
            return reduce(_mul, (self.expand(a) for a in e.args))
        if isinstance(e, exp):
            return _exp(self.expand(e.args[0]))
        if isinstance(e, log):
            return _log(self.expand(e.args[0]))
        if isinstance(e, Pow):
            if not e.exp.has(self.parameter):
                return _power(self.expand(e.base), e.exp)
            return _exp(_mul(self.expand(e.exp), _log(self.expand(e.base))))
        raise Undecided(f"no rule expands {e.func.__name__}")

    def free(self, e: Expr) -> Growth:
        """An entry outside sums: at the extreme, or some way off it."""
        if self.entry is None:
            raise Undecided(f"{e} is a free entry")
        if self.modulus:
            if isinstance(e, Abs):
                return _constant(exp(self.entry))
            if isinstance(e, sign):
                return _constant(e)
            return _constant(sign(e) * exp(self.entry))
        return _constant(e.xreplace({e: self.entry}) if isinstance(e, Indexed) else e.func(self.entry))

    def sum(self, e: Sum) -> Growth:
        if len(e.limits) != 1:
            raise Undecided("a double sum")
        index, low, high = e.limits[0]
        if low != 1:
            raise Undecided("a sum that does not start at 1")
        total = _growth([])
        for term in Add.make_args(expand(_as_exponential(e.function, self.modulus), power_base=False, power_exp=False)):
            total = _add(total, self.term(term, index, high))
        return total

    def term(self, term: Expr, index: Symbol, high: Expr) -> Growth:
        variable = _MODULUS if self.modulus else words.x[index]
        rate = S.Zero
        rest = S.One
        for factor in Mul.make_args(term):
            if isinstance(factor, exp) and factor.has(self.parameter):
                argument = expand(factor.args[0])
                rate += argument.coeff(self.parameter) * self.side
                rest *= exp(argument.subs(self.parameter, 0))
                if (
                    expand(
                        argument - argument.coeff(self.parameter) * self.parameter - argument.subs(self.parameter, 0)
                    )
                    != 0
                ):
                    raise Undecided(f"the exponent {argument} is not linear in {self.parameter}")
            else:
                rest *= factor
        slope = rate.coeff(variable)
        if expand(rate - slope * variable) != 0 or (not slope.is_number and slope != 0):
            raise Undecided(f"the growth rate {rate} is not a multiple of an entry")
        power = rest.as_independent(self.parameter, as_Add=False)
        degree = S.Zero if power[1] == 1 else power[1].as_base_exp()[1]
        c = power[0] * S(self.side) ** degree
        if power[1] != 1 and power[1].as_base_exp()[0] != self.parameter:
            raise Undecided(f"the term {term}")
        if slope == 0:
            body = Sum(c, (index, 1, high)) if index in c.free_symbols else high * c
            if c.has(variable) and self.modulus:
                raise Undecided("a plain sum in log|x|")
            return _growth([(S.Zero, degree, body)])
        if c.has(sign) or (index in c.free_symbols and not c.has(variable)):
            raise Undecided("a sum whose terms at the ties differ")
        extreme, step = (_TOP, -words.Delta) if slope > 0 else (_LOW, words.Delta)
        levels = ((words.m, extreme), (words.m2, extreme + step))
        return _growth([(slope * level, degree, count * c.subs(variable, level)) for count, level in levels])


def _as_exponential(body: Expr, modulus: bool) -> Expr:
    """|x|^q as exp(q y), y = log|x|; x as sign(x) exp(y) beside it."""
    if not modulus:
        return body
    body = body.replace(
        lambda e: isinstance(e, Pow) and isinstance(e.base, Abs), lambda e: exp(expand(e.exp * _MODULUS))
    )
    body = body.replace(lambda e: isinstance(e, log) and isinstance(e.args[0], Abs), lambda e: _MODULUS)
    body = body.replace(lambda e: isinstance(e, Abs) and isinstance(e.args[0], Indexed), lambda e: exp(_MODULUS))
    return body


def _in_words(e: Expr, modulus: bool) -> Expr:
    top, low = words.maximum, words.minimum
    if modulus:
        e = expand(e, power_exp=True)
        e = e.xreplace({exp(_TOP): top(Abs(words.x)), exp(_LOW): low(Abs(words.x))})
        return e.subs({_TOP: log(top(Abs(words.x))), _LOW: log(low(Abs(words.x)))})
    return e.xreplace({_TOP: top(words.x), _LOW: low(words.x)})


def expansion(expression: Expr, parameter: Symbol, side: int, entry: Expr | None = None) -> tuple[Growth, bool]:
    """The terms towards side * oo, and whether the entries enter by their moduli."""
    modulus = expression.has(Abs)
    walker = _Towards(parameter, side, modulus, entry)
    return walker.expand(expression), modulus


def _read(g: Growth, side: int) -> Expr:
    """The limit of an expansion."""
    alive = [(p, c) for r, p, c in g.items() if r == 0]
    for r, _, _ in g.items():
        if r != 0 and not _smaller(r, S.Zero):
            raise Undecided(f"a term grows like exp(t {r})")
    top = max((p for p, _ in alive), default=S.NegativeOne)
    if g.cut >= 0:
        raise Undecided("the limit is below the order that was kept")
    if top > 0:
        c = simplify(next(c for p, c in alive if p == top))
        if c.is_positive or c.is_negative:
            return oo if c.is_positive else -oo
        raise Undecided(f"it diverges, with the sign of {c}")
    return next((c for p, c in alive if p == 0), S.Zero)


def _limit_at_infinity(expression: Expr, parameter: Symbol, side: int) -> Expr:
    free = {e for e in expression.atoms(Indexed) if e.indices[0] in expression.free_symbols}
    if len(free) > 1:
        raise Undecided("more than one free entry")
    if not free:
        g, modulus = expansion(expression, parameter, side)
        return _in_words(_read(g, side), modulus)
    (entry,) = free
    modulus = expression.has(Abs)
    slope = (
        side  # entries dominate upward for t * x with a positive sign; the sums themselves say which extreme they know
    )
    extreme, step = (_TOP, -_BELOW) if slope > 0 else (_LOW, _BELOW)
    at_top, modulus = expansion(expression, parameter, side, extreme)
    off_top, _ = expansion(expression, parameter, side, extreme + step)
    tie, other = (_in_words(_read(g, side), modulus) for g in (at_top, off_top))
    shown = Abs(entry) if modulus else entry
    if tie == other:
        return tie
    return Piecewise((tie, Eq(shown, _in_words(exp(extreme) if modulus else extreme, modulus))), (other, True))


# ---- towards zero -------------------------------------------------------------------------------------------------------------


@dataclass
class Laurent:
    """sum_k coefficients[k] t^(valuation + k), known to len(coefficients) terms."""

    valuation: int
    coefficients: list[Expr]

    def trimmed(self) -> Laurent:
        v, c = self.valuation, list(self.coefficients)
        while c and c[0] == 0:
            v, c = v + 1, c[1:]
        return Laurent(v, c)


class _Zero:
    """Expansion towards parameter = 0, to `size` terms."""

    def __init__(self, parameter: Symbol, size: int) -> None:
        self.parameter, self.size = parameter, size

    def constant(self, c: Expr) -> Laurent:
        return Laurent(0, [c] + [S.Zero] * (self.size - 1))

    def add(self, a: Laurent, b: Laurent) -> Laurent:
        v = min(a.valuation, b.valuation)
        end = min(a.valuation + len(a.coefficients), b.valuation + len(b.coefficients))

        def at(s: Laurent, power: int) -> Expr:
            return s.coefficients[power - s.valuation] if power >= s.valuation else S.Zero

        return Laurent(v, [expand(at(a, q) + at(b, q)) for q in range(v, end)])

    def mul(self, a: Laurent, b: Laurent) -> Laurent:
        size = min(len(a.coefficients), len(b.coefficients))
        terms = [expand(Add(*(a.coefficients[q] * b.coefficients[k - q] for q in range(k + 1)))) for k in range(size)]
        return Laurent(a.valuation + b.valuation, terms)

    def compose(self, small: Laurent, coefficient: Callable[[int], Expr]) -> Laurent:
        total, power = self.constant(coefficient(0)), self.constant(S.One)
        for k in range(1, self.size):
            power = self.mul(power, small)
            total = self.add(total, self.mul(self.constant(coefficient(k)), power))
        return total

    def relative(self, a: Laurent) -> tuple[int, Expr, Laurent]:
        a = a.trimmed()
        if not a.coefficients:
            raise Undecided("every term that was kept cancels")
        c = a.coefficients[0]
        rest = [S.Zero, *(expand(d / c) for d in a.coefficients[1:])]
        return a.valuation, c, Laurent(0, rest)

    def power(self, a: Laurent, q: Expr) -> Laurent:
        v, c, rest = self.relative(a)
        if not (v * q).is_Integer:
            raise Undecided("a fractional power of the parameter")
        series = self.compose(rest, lambda k: reduce(lambda u, w: u * (q - w) / (w + 1), range(k), S.One))
        return self.mul(Laurent(int(v * q), [c**q] + [S.Zero] * (self.size - 1)), series)

    def log(self, a: Laurent) -> Laurent:
        v, c, rest = self.relative(a)
        if v:
            raise Undecided("the logarithm of a power of the parameter")
        return self.add(
            self.constant(log(c)), self.compose(rest, lambda k: S.Zero if k == 0 else S.NegativeOne ** (k + 1) / k)
        )

    def exp(self, a: Laurent) -> Laurent:
        a = a.trimmed()
        if a.coefficients and a.valuation < 0:
            raise _Essential(a)
        head = a.coefficients[0] if a.coefficients and a.valuation == 0 else S.Zero
        rest = self.add(a, self.constant(-head)) if a.coefficients else self.constant(S.Zero)
        return self.mul(self.constant(exp(head)), self.compose(rest, lambda k: 1 / factorial(k)))

    def expand(self, e: Expr) -> Laurent:
        if e == self.parameter:
            return Laurent(1, [S.One] + [S.Zero] * (self.size - 1))
        if self.parameter not in e.free_symbols:
            return self.constant(e)
        if isinstance(e, Sum):
            inner = self.expand(e.function)
            return Laurent(inner.valuation, [_summed(c, e.limits) for c in inner.coefficients])
        if isinstance(e, Add):
            return reduce(self.add, (self.expand(a) for a in e.args))
        if isinstance(e, Mul):
            return reduce(self.mul, (self.expand(a) for a in e.args))
        if isinstance(e, exp):
            return self.exp(self.expand(e.args[0]))
        if isinstance(e, log):
            return self.log(self.expand(e.args[0]))
        if isinstance(e, Pow):
            if self.parameter not in e.exp.free_symbols:
                return self.power(self.expand(e.base), e.exp)
            return self.exp(self.mul(self.expand(e.exp), self.log(self.expand(e.base))))
        raise Undecided(f"no rule expands {e.func.__name__} at 0")


class _Essential(Exception):
    """exp of something with a pole."""

    def __init__(self, exponent: Laurent) -> None:
        self.exponent = exponent


def _summed(c: Expr, limits: Any) -> Expr:
    total = S.Zero
    for term in Add.make_args(expand(c)):
        for lim in limits:
            free, bound = term.as_independent(lim[0], as_Add=False)
            term = free * (Sum(bound, lim) if bound != 1 else lim[2])
        total += term
    return total


def _sign_for_many(c: Expr) -> int:
    """The sign of a leading coefficient for n >= 2."""
    many = c.subs(words.n, Dummy("n", integer=True, positive=True) + 1)
    many = simplify(many)
    if many.is_positive:
        return 1
    if many.is_negative:
        return -1
    raise Undecided(f"it diverges, with the sign of {c}")


def _limit_at_zero(expression: Expr, parameter: Symbol, direction: str | None) -> Expr:
    signs = {"+": 1, "-": -1}
    for size in (3, 5, 8):
        try:
            series = _Zero(parameter, size).expand(expression).trimmed()
        except _Essential as essential:
            if direction is None:
                raise Undecided(
                    "it is infinite from one side and not from the other: ask for direction '+' or '-'"
                ) from None
            if not isinstance(expression, (exp, Pow)):
                raise Undecided("a factor beside an exponential with a pole in its exponent") from None
            pole = essential.exponent
            side = _sign_for_many(pole.coefficients[0]) * signs[direction] ** (pole.valuation % 2 or 2)
            return oo if side > 0 else S.Zero
        if not series.coefficients:
            continue
        if series.valuation > 0:
            return S.Zero
        if series.valuation == 0:
            return _moments_in_words(series.coefficients[0])
        if direction is None and series.valuation % 2:
            return zoo
        side = _sign_for_many(series.coefficients[0]) * (signs[direction] if direction and series.valuation % 2 else 1)
        return oo if side > 0 else -oo
    raise Undecided("every term that was kept cancels")


def _moments_in_words(e: Expr) -> Expr:
    """sum of x_j over n as mean(x)."""
    swaps = {t: words.n * words.mean(words.x) for t in e.atoms(Sum) if t.function == words.x[t.limits[0][0]]}
    return expand(e.xreplace(swaps))


def limit(expression: Expr, parameter: Symbol, point: Any, direction: str | None = None) -> Expr:
    """The limit of an expression over x[j] as a parameter tends to oo, -oo or 0.

    Parameters: the expression; its parameter; the point; for 0, the direction "+" or "-", both when left out (then a pole is zoo).
    Returns an expression in maximum(x), minimum(x), mean(x), n and the multiplicity m of the extreme entry.
    Raises Undecided for what is out of reach.

    >>> from smoothsym.words import alpha, j, n, x
    >>> limit(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, oo)
    maximum(x)
    """
    point = S(point)
    if point in (oo, -oo):
        return _limit_at_infinity(expression, parameter, 1 if point == oo else -1)
    if point == 0:
        return _limit_at_zero(expression, parameter, direction)
    if point.is_number and direction is None:
        value = expression.subs(parameter, point)
        if not value.has(S.NaN, zoo, oo):
            return value
    raise Undecided(f"no expansion about {parameter} = {point}")


def series(expression: Expr, parameter: Symbol, point: Any, order: int) -> Expr:
    """The expansion about 0 to terms of degree order - 1, in power sums of the entries.

    >>> from smoothsym.words import alpha, j, n, x
    >>> series(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, 0, 1)
    mean(x) + log(n)/alpha
    """
    if S(point) != 0:
        raise Undecided(f"no series about {parameter} = {point}")
    try:
        laurent = _Zero(parameter, order + 4).expand(expression).trimmed()
    except _Essential:
        raise Undecided("an essential singularity") from None
    terms = zip(range(laurent.valuation, order), laurent.coefficients, strict=False)
    return Add(*(_moments_in_words(c) * parameter**q for q, c in terms))
