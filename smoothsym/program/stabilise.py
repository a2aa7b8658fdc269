"""The stable form of an expression: measured from its dominant entry, which is a free symbol, and proved equal for every choice of it.

Nothing here is trusted. A form is built by substitution and rewriting, the dominant entry x[s] entering with a free index s, and
then the moment normal form has to prove that it equals the expression it came from, for every s. So it does not matter to the
truth of a result which entry a program picks, only to its accuracy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    cancel,
    collect,
    cosh,
    exp,
    expand,
    log,
    powsimp,
    sign,
    simplify,
    sinh,
    tanh,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.program.lower import ANCHORED, either
from smoothsym.symbolic import moments

s = Symbol("s", integer=True)
"""The index of the dominant entry."""

MARGIN = S(2) ** -60
"""In every format, a number times this is 0 where it is so near the smallest one that it may lack digits."""

NEAR = Symbol("s_0", integer=True)
"""The index of the dominant entry in a part of a form that is made of distances from it."""

_SHIFT = Dummy("c", real=True)
_SCALE = Dummy("lambda", positive=True)


@dataclass(frozen=True)
class Stable:
    """An expression measured from its dominant entry; `anchors` says, by a key to maximise, which entry that is."""

    expression: Expr
    anchors: dict[Symbol, Expr]
    law: str
    """What made the form: "translation", "scale", "factored", "logistic", "hyperbolic" or "none"; of a float form also "root"."""


def replace_entries(expression: Expr, base: IndexedBase, change: Any) -> Expr:
    """The expression with every entry x[a] replaced by change(x[a])."""
    return expression.xreplace({entry: change(entry) for entry in expression.atoms(Indexed) if entry.base == base})


def translation(expression: Expr, base: IndexedBase = words.x, domain: str = "real") -> int | None:
    """1 if f(x + c) = f(x) + c is proved, 0 if f(x + c) = f(x) is, None if neither is."""
    shifted = replace_entries(expression, base, lambda entry: entry + _SHIFT)
    for degree in (1, 0):
        if moments.equal(shifted, expression + degree * _SHIFT, domain):
            return degree
    return None


def homogeneity(expression: Expr, base: IndexedBase = words.x, domain: str = "real") -> int | None:
    """The degree d in {1, 0, -1} for which f(t x) = t^d f(x), t > 0, is proved, None if no such degree is."""
    scaled = replace_entries(expression, base, lambda entry: entry * _SCALE)
    for degree in (1, 0, -1):
        if moments.equal(scaled, expression * _SCALE**degree, domain):
            return degree
    return None


def joint_homogeneity(expression: Expr, parameter: Symbol, base: IndexedBase = words.x, domain: str = "real") -> bool:
    """Whether f(t x; a/t) = t f(x; a) is proved, t > 0."""
    scaled = replace_entries(expression.subs(parameter, parameter / _SCALE), base, lambda entry: entry * _SCALE)
    return moments.equal(scaled, expression * _SCALE, domain)


def dominant_key(expression: Expr, base: IndexedBase = words.x) -> Expr | None:
    """What an entry must have the largest of to dominate the sums: sign(a) x[.] for exp(a x), sign(p) |x[.]| for |x|^p."""
    for total in sorted(expression.atoms(Sum), key=str):
        index = total.limits[0][0]
        for power in sorted(total.function.atoms(exp), key=str):
            rate = power.args[0].coeff(base[index]) if power.args[0].is_polynomial(base[index]) else S.Zero
            if rate != 0 and index not in rate.free_symbols:
                return _signed(rate) * base[ANCHORED]
        for power in sorted(total.function.atoms(Pow), key=str):
            size, exponent = power.args
            if (
                size in (Abs(base[index]), base[index])
                and index not in exponent.free_symbols
                and not exponent.is_number
            ):
                lead = exponent.as_poly(*exponent.free_symbols)
                head = Mul(*exponent.free_symbols) if lead is not None and lead.is_linear else exponent
                return _signed(head) * Abs(base[ANCHORED])
    return None


def _signed(rate: Expr) -> Expr:
    return S.One if rate.is_positive else S.NegativeOne if rate.is_negative else sign(rate)


def stabilise(expression: Expr, base: IndexedBase = words.x, domain: str = "real", floats: bool = False) -> Stable:
    """The stable form of an expression, proved equal to it for every index s; the expression itself where no form is found.

    With `floats`, one that takes more care of their precision: each sum of powers is measured from its own dominant entry, and a
    mean that cancels beside an entry by its distances from one.

    >>> from smoothsym.words import alpha, j, n, x
    >>> stabilise(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha).expression
    x[s] + log1p(Sum((1 - KroneckerDelta(j, s))*exp(alpha*(x[j] - x[s])), (j, 1, n)))/alpha
    """
    key = dominant_key(expression, base)
    forms = (("translation", _translated), ("scale", _scaled), ("factored", _factored))
    alone = (("hyperbolic", _hyperbolic), ("logistic", _logistic))
    for law, form in forms if key is not None else alone:
        candidate = form(expression, base, domain)
        if candidate is None:
            continue
        anchors: dict[Symbol, Expr] = {}
        if floats and law == "scale":
            candidate = _by_distances(candidate, expression, base, domain) or candidate
            candidate, anchors = _own_anchors(candidate, base)
        candidate = _near_one(candidate)
        if proved_equal(candidate, expression, domain):
            anchors |= {place: key for place in (s, NEAR) if key is not None and place in candidate.free_symbols}
            return Stable(candidate, anchors, law)
    return Stable(expression, {}, "none")


def proved_equal(form: Expr, expression: Expr, domain: str = "real") -> bool:
    """Whether a form is proved equal to an expression, whichever form each `either` in it takes."""
    while choices := [e for e in form.atoms(either) if not any(argument.has(either) for argument in e.args)]:
        if not all(moments.equal(e.args[1], e.args[2], domain) for e in choices):
            return False
        form = form.xreplace({e: e.args[2] for e in choices})
    return moments.equal(form, expression, domain)


def _translated(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    degree = translation(expression, base, domain)
    if degree is None:
        return None
    return replace_entries(expression, base, lambda entry: entry - base[s]) + degree * base[s]


def _size(base: IndexedBase, domain: str) -> Expr:
    return Abs(base[s]) if domain == "real" else base[s]


def _scaled(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    degree = homogeneity(expression, base, domain)
    return None if degree is None else _size(base, domain) ** degree * _in_units(expression, base, _size(base, domain))


def _in_units(e: Expr, base: IndexedBase, size: Expr) -> Expr:
    """The expression with every entry divided by a size."""
    return replace_entries(e, base, lambda entry: entry / size).replace(
        lambda part: isinstance(part, Abs | sign) and part.args[0].has(Pow),
        lambda part: Abs(part.args[0] * size) / size if isinstance(part, Abs) else sign(part.args[0] * size),
    )


def _by_distances(form: Expr, expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    """A scaled form of a slope in which a mean cancels beside an entry: by their distances from the dominant entry."""
    split = _about_mean(expression, base) if domain == "positive" else None
    if split is None:
        return None
    v, steepness, entry, body, test = split
    (index,), size = body.variables, base[NEAR]
    largest, ratio, away = dominant_key(expression, base) or S.One, base[index] / size, base[index] - size
    g = _in_units(body, base, size)
    # Measured by the larger of the two, a distance cannot overflow.
    risen = {e: ratio ** (e.exp + 1) for e in g.atoms(Pow) if e.base == ratio and not e.exp.is_number}
    ways = (
        Sum(away / size * g.function, *body.limits),
        Sum(away / base[index] * g.function.xreplace(risen), *body.limits),
    )
    others = either(largest.xreplace({ANCHORED: NEAR}), *ways) / g
    degree = homogeneity(expression, base, domain)
    near = size**degree * _in_units(v, base, size) * (1 + steepness * ((entry - size) / entry - others * size / entry))
    # Where entries are far apart nothing cancels, and their quotients may leave the range.
    for quotient in (size / entry, entry / size):
        near = either(quotient - S(2) ** -100, near, form)
    return either(test, near, form)


def _about_mean(e: Expr, base: IndexedBase) -> tuple[Expr, Expr, Expr, Sum, Expr] | None:
    """Of a v + b v r/x_i, r = sum x_j g_j / sum g_j, which cancels where a and -b have one sign: V (1 + k (x_i - r)/x_i).

    Returns V = (a + b) v, k = -b/(a + b), x_i, sum g_j and a test of the signs: where a or b is small the form as it was is better.
    """
    for above, below in permutations(sorted(e.atoms(Sum), key=str), 2):
        if len(above.limits) != 1 or len(below.limits) != 1:
            continue
        index = above.variables[0]
        if powsimp(above.function / below.function.xreplace({below.variables[0]: index})) != base[index]:
            continue
        r, total = Dummy("r"), Dummy("g", positive=True)
        inside = expand(e.xreplace({above: r * total}).xreplace({below: total}))
        parts = collect(inside, r, evaluate=False)
        entries = inside.atoms(Indexed)
        if set(parts) != {S.One, r} or len(entries) != 1:
            continue
        (entry,) = entries
        v, w = parts[S.One], parts[r]
        quotient = simplify(powsimp(expand(w * entry) / v))
        if quotient.has(Indexed, total):
            continue
        size, sign_ = cancel(-quotient).as_numer_denom()
        steepness = cancel(-quotient / (1 + quotient))
        return (v * cancel(1 + quotient)).xreplace({total: below}), steepness, entry, below, size * sign_ - S.One / 4
    return None


def _own_anchors(form: Expr, base: IndexedBase) -> tuple[Expr, dict[Symbol, Expr]]:
    """A scaled form in which each sum of powers is measured from the entry that dominates it, and the keys of these entries.

    Of |x_j|^p and |x_j|^(p - 1) the largest terms are at opposite ends where 0 < p < 1.
    """
    sizes = {e for e in form.atoms(Abs, Indexed) if e in (base[s], Abs(base[s]))}
    size = max(sizes, key=lambda e: isinstance(e, Abs), default=base[s])

    def entry(power: Expr) -> Expr | None:
        """|x_a| of the power of a quotient |x_a| / |x_s|."""
        if not isinstance(power, Pow) or power.exp.is_number or not power.base.has(size):
            return None
        above = power.base * size
        return above if above.xreplace(dict.fromkeys(above.atoms(Indexed), S.One)) == 1 else None

    found = {total: {p.exp for p in total.function.atoms(Pow) if entry(p) is not None} for total in form.atoms(Sum)}
    if any(len(exponents) > 1 or len(total.limits) > 1 for total, exponents in found.items()):
        return form, {}
    exponents = sorted({e for own in found.values() for e in own}, key=lambda e: (len(e.args), str(e)))
    if len(exponents) < 2:
        return form, {}
    ratios = {e: Dummy(positive=True) for e in exponents[1:]}
    places = {e: Symbol(f"s_{q}", integer=True) for q, e in enumerate(ratios, 1)}

    def nearest(exponent: Expr) -> Expr:
        apart = {e: abs(exponent - e) for e in exponents if (exponent - e).is_number}
        return min(apart, key=apart.__getitem__, default=exponents[0])

    def measured(e: Expr) -> Expr:
        if not e.args or isinstance(e, Indexed | KroneckerDelta):
            return e
        above = entry(e)
        if above is not None and (own := nearest(e.exp)) in ratios:
            return ratios[own] ** e.exp * (above / size.xreplace({s: places[own]})) ** e.exp
        if isinstance(e, Sum) and (own := next(iter(found[e]), None)) in ratios:
            return ratios[own] ** own * Sum(
                _gathered(measured(e.function) / ratios[own] ** own, ratios.values()), *e.limits
            )
        e = e.func(*map(measured, e.args))
        return _gathered(e, ratios.values()) if isinstance(e, Mul) else e

    form = measured(form)
    keys = {places[e]: _signed(e) * size.xreplace({s: ANCHORED}) for e in ratios}
    return form.xreplace({ratios[e]: size.xreplace({s: places[e]}) / size for e in ratios}), keys


def _gathered(e: Expr, symbols: Iterable[Symbol]) -> Expr:
    """A product with one power of each symbol, multiplied out where symbols stand in a sum, so that their powers cancel."""
    sums = [f for f in Mul.make_args(e) if isinstance(f, Add) and f.free_symbols & set(symbols)]
    rest = Mul(*(f for f in Mul.make_args(e) if f not in sums))
    if len(sums) == 1 and rest.free_symbols & set(symbols):
        return Add(*(_gathered(rest * term, symbols) for term in sums[0].args))
    for symbol in symbols:
        powers = [f for f in Mul.make_args(e) if f.as_base_exp()[0] == symbol]
        others = Mul(*(f for f in Mul.make_args(e) if f not in powers))
        e = symbol ** expand(Add(*(f.as_base_exp()[1] for f in powers))) * others
    return e


def _factored(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    """Each sum of exp(a x_j) g_j becomes exp(a x_s) times the sum of exp(a (x_j - x_s)) g_j; what is outside cancels."""
    heads: dict[Sum, Expr] = {}
    for total in expression.atoms(Sum):
        if len(total.limits) != 1:
            return None
        index = total.limits[0][0]
        rates = {
            p.args[0].coeff(base[index]) for p in total.function.atoms(exp) if p.args[0].is_polynomial(base[index])
        }
        if len(rates) == 1 and (rate := next(iter(rates))) != 0 and index not in rate.free_symbols:
            body = total.function.replace(
                lambda e: isinstance(e, exp),
                lambda e, rate=rate: exp(_by_difference(expand(e.args[0] - rate * base[s]))),
            )
            heads[total] = exp(rate * base[s]) * Sum(body, *total.limits)
    if not heads:
        return None
    candidate = _merge(expression.xreplace(heads))
    rates = {head.args[0] for product in heads.values() for head in Mul.make_args(product) if isinstance(head, exp)}
    inverse = {-rate for rate in rates} & {e.args[0] for e in candidate.atoms(exp)}
    # log(1 + sum): beside the sum there is exp(-a x_s) now, which overflows unless a x_s > 0; if not, nothing did before.
    for exponent in sorted(inverse, key=str):
        candidate = either(exponent, _beside_one(expression), candidate)
    return candidate


def _beside_one(expression: Expr) -> Expr:
    """log(1 + w) as log1p(w), where it is written so."""
    return expression.replace(
        lambda e: isinstance(e, log) and isinstance(e.args[0], Add) and S.One in e.args[0].args,
        lambda e: log1p(e.args[0] - 1),
    )


def _logistic(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    """In 1 + exp(t), with one exponent t and no sum, exp(t) becomes 1 / exp(-t) where t > 0."""
    exponents = {e.args[0] for e in expression.atoms(exp)}
    if expression.has(Sum) or len(exponents) != 1:
        return None
    (t,) = exponents
    unit = Symbol("unit_", positive=True)
    high = expression.replace(
        lambda e: isinstance(e, log) and e.args[0] == 1 + exp(t), lambda e: t + log1p(Symbol("unit_", positive=True))
    )
    parts = Add.make_args(expand(high)) if high.has(log1p) else (high,)
    high = Add(*(cancel(part.xreplace({exp(t): 1 / unit})) for part in parts)).xreplace({unit: exp(-t)})
    return either(-t, _beside_one(expression), high)


def _hyperbolic(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    """Hyperbolic functions by exp(-|u|), which never overflows; log cosh u near 0 as log1p of a square."""
    if not expression.has(cosh, sinh, tanh):
        return None
    e = expression.replace(lambda q: isinstance(q, sinh), lambda q: tanh(q.args[0]) * cosh(q.args[0]))
    e = expand(e.xreplace({q**2: 1 - cosh(q.args[0]) ** -2 for q in e.atoms(tanh)}), deep=False)
    e = e.replace(
        lambda q: isinstance(q, log) and isinstance(q.args[0], cosh), lambda q: _log_cosh(Abs(q.args[0].args[0]))
    )
    e = e.replace(lambda q: isinstance(q, cosh), lambda q: (1 + exp(-2 * Abs(q.args[0]))) * exp(Abs(q.args[0])) / 2)
    return e.replace(lambda q: isinstance(q, tanh), lambda q: _tanh(q.args[0]))


def _log_cosh(size: Expr) -> Expr:
    near = log1p(expm1(-size) ** 2 * exp(size) / 2)
    return either(1 - size, near, size + log1p(exp(-2 * size)) - log(2))


def _tanh(u: Expr) -> Expr:
    return -sign(u) * expm1(-2 * Abs(u)) / (1 + exp(-2 * Abs(u)))


def _by_difference(exponent: Expr) -> Expr:
    for symbol in sorted(exponent.free_symbols, key=str):
        if isinstance(symbol, Symbol) and not symbol.is_integer:
            exponent = collect(exponent, symbol)
    return exponent


def _merge(e: Expr) -> Expr:
    """exp(a) exp(b) = exp(a + b) in products, log(exp(a) w) = a + log(w)."""
    if not e.args or isinstance(e, (Indexed, Sum)):
        return e
    e = e.func(*(_merge(argument) for argument in e.args))
    if isinstance(e, log) and isinstance(e.args[0], Mul):
        heads = [f for f in e.args[0].args if isinstance(f, exp)]
        return Add(*(f.args[0] for f in heads)) + log(Mul(*(f for f in e.args[0].args if f not in heads)))
    if isinstance(e, Add):
        common = {f for term in e.args for f in Mul.make_args(term) if isinstance(f, exp) and s in f.free_symbols}
        if len(common) == 1:
            (head,) = common
            return Mul(head, Add(*(term / head for term in e.args)))
    if isinstance(e, Mul):
        e = expand(e, deep=False, power_base=True, power_exp=False, log=False, mul=False, multinomial=False)
        exponents = [f.args[0] for f in Mul.make_args(e) if isinstance(f, exp)]
        rest = [f for f in Mul.make_args(e) if not isinstance(f, exp)]
        sums = [f for f in rest if isinstance(f, Add) and any(isinstance(term, log) for term in f.args)]
        if len(sums) == 1 and not exponents:
            others = Mul(*(f for f in rest if f is not sums[0]))
            return Add(*(others * term for term in sums[0].args))
        return Mul(exp(_by_difference(expand(Add(*exponents)))), *rest)
    return e


def _near_one(expression: Expr) -> Expr:
    """log(w) where the term of w at s is 1: log1p of the others, so that a small sum of the others is not lost beside the 1."""
    return expression.replace(lambda e: isinstance(e, log) and e.args[0].has(Sum), lambda e: _log1p(e.args[0]))


def _log1p(w: Expr) -> Expr:
    beside = Add(*(term for term in Add.make_args(w) if not term.has(Sum)))
    totals = [f for f in Mul.make_args(w - beside) if isinstance(f, Sum)]
    if len(totals) != 1 or len(totals[0].limits) != 1:
        return log(w)
    (total,) = totals
    rest = (w - beside) / total
    (index, low, high) = total.limits[0]
    if moments.normal(total.function.xreplace({index: s})) != 1 or total.has(expm1) or (beside != 0 and rest != 1):
        return log(w)
    others = Sum((1 - KroneckerDelta(index, s)) * total.function, total.limits[0])
    far = log1p(beside + others) + (0 if rest == 1 else _log_constant(rest))
    if beside == 0 and cancel(rest * (high - low + 1)) == 1 and isinstance(total.function, exp):
        # An average of exponentials is near 1 when every entry is near the dominant one: then it is 1 + the average of expm1.
        excess = Sum(expm1(total.function.args[0]), total.limits[0]) * rest
        return either(excess + S.Half, log1p(excess), far)
    return far


def _log_constant(rest: Expr) -> Expr:
    return -log(1 / rest) if (1 / rest).is_Symbol else log(rest)
