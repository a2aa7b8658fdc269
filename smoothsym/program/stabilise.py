"""The stable form of an expression: measured from its dominant entry, which is a free symbol, and proved equal for every choice of it.

Nothing here is trusted. A form is built by substitution and rewriting, the dominant entry x[s] entering with a free index s, and
then the moment normal form has to prove that it equals the expression it came from, for every s. So it does not matter to the
truth of a result which entry a program picks, only to its accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    sign,
    sinh,
    tanh,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.program.anchors import NEAR, dominant_key, growth, place, places, replace_entries, s
from smoothsym.program.lower import either
from smoothsym.program.powers import by_distances, in_units, own_anchors, size_of
from smoothsym.program.threshold import written_out
from smoothsym.symbolic import moments
from smoothsym.symbolic.bases import by_rates
from smoothsym.symbolic.simplex import SimplexMaximum, Threshold

_SHIFT = Dummy("c", real=True)
_SCALE = Dummy("lambda", positive=True)


@dataclass(frozen=True)
class Stable:
    """An expression measured from its dominant entry; `anchors` says, by a key to maximise, which entry that is."""

    expression: Expr
    anchors: dict[Symbol, Expr]
    law: str
    """What made the form: "translation", "scale", "factored", "logistic", "hyperbolic", "threshold" or "none"; of a float form also "root"."""


def translation(expression: Expr, base: IndexedBase = words.x, domain: str = "real") -> int | None:
    """1 if f(x + c) = f(x) + c is proved, 0 if f(x + c) = f(x) is, None if neither is."""
    shifted = replace_entries(expression, base, lambda entry: entry + _SHIFT)
    for degree in (1, 0):
        if moments.equal(shifted, expression + degree * _SHIFT, domain):
            return degree
    return None


def homogeneity(expression: Expr, base: IndexedBase = words.x, domain: str = "real") -> int | None:
    """The degree d in {1, 0, -1, 2} for which f(t x) = t^d f(x), t > 0, is proved, None if no such degree is."""
    scaled = replace_entries(expression, base, lambda entry: entry * _SCALE)
    for degree in (1, 0, -1, 2):
        if moments.equal(scaled, expression * _SCALE**degree, domain):
            return degree
    return None


def joint_homogeneity(expression: Expr, parameter: Symbol, base: IndexedBase = words.x, domain: str = "real") -> bool:
    """Whether f(t x; a/t) = t f(x; a) is proved, t > 0."""
    scaled = replace_entries(expression.subs(parameter, parameter / _SCALE), base, lambda entry: entry * _SCALE)
    return moments.equal(scaled, expression * _SCALE, domain)


def stabilise(expression: Expr, base: IndexedBase = words.x, domain: str = "real", floats: bool = False) -> Stable:
    """The stable form of an expression, proved equal to it for every index s; the expression itself where no form is found.

    With `floats`, one that takes more care of their precision: each sum of powers is measured from its own dominant entry, and a
    mean that cancels beside an entry by its distances from one.

    >>> from smoothsym.words import alpha, j, n, x
    >>> stabilise(log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha).expression
    x[s] + log1p(Sum((1 - KroneckerDelta(j, s))*exp(alpha*(x[j] - x[s])), (j, 1, n)))/alpha
    """
    if expression.has(SimplexMaximum, Threshold):
        return Stable(written_out(expression), {}, "threshold")
    by_exponentials, rates = by_rates(expression)
    if rates:
        found = stabilise(by_exponentials, base, domain, floats)
        anchors = {q: key.xreplace(rates) for q, key in found.anchors.items()}
        return Stable(found.expression.xreplace(rates), anchors, found.law)
    key = dominant_key(expression, base)
    forms = (("translation", _translated), ("scale", _scaled), ("factored", _factored))
    if len(places(expression, base)) > 1:
        # Measured from one entry, sums that another one dominates overflow.
        forms = (forms[2], *forms[:2])
    alone = (("hyperbolic", _hyperbolic), ("logistic", _logistic))
    whole = _with_factors(expression)
    for law, form in (*forms, *alone[1:]) if key is not None else alone:
        given = expression if (law, form) in forms else whole
        candidate = form(given, base, domain)
        if candidate is None:
            continue
        anchors = {}
        if floats and law == "scale":
            degree = homogeneity(expression, base, domain) or 0
            candidate = by_distances(candidate, expression, degree, base, domain) or candidate
            candidate, anchors = own_anchors(candidate, base)
        candidate = _near_one(candidate)
        if proved_equal(candidate, given, domain) and (given is expression or moments.equal(given, expression, domain)):
            anchors |= {q: key for q in (s, NEAR) if key is not None and q in candidate.free_symbols}
            if law == "factored":
                anchors |= {q: key for key, q in places(expression, base).items() if q in candidate.free_symbols}
            return Stable(candidate, anchors, law)
    return Stable(expression, {}, "none")


def proved_equal(form: Expr, expression: Expr, domain: str = "real") -> bool:
    """Whether a form is proved equal to an expression, whichever form each `either` in it takes."""
    while choices := [e for e in form.atoms(either) if not any(argument.has(either) for argument in e.args)]:
        if not all(moments.equal(e.args[1], e.args[2], domain) for e in choices):
            return False
        form = form.xreplace({e: e.args[2] for e in choices})
    return _alike(form, expression, domain)


def _alike(form: Expr, expression: Expr, domain: str) -> bool:
    """Whether two expressions are proved equal, or are put together in the same way from such as are: sums of equal terms are equal."""
    if moments.equal(form, expression, domain):
        return True
    if not (form.has(Sum) and form.func == expression.func and len(form.args) == len(expression.args)):
        return False
    if isinstance(form, Sum):
        return form.limits == expression.limits and _alike(form.function, expression.function, domain)
    return all(_alike(one, other, domain) for one, other in zip(form.args, expression.args, strict=True))


def _translated(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    degree = translation(expression, base, domain)
    if degree is None:
        return None
    return replace_entries(expression, base, lambda entry: entry - base[s]) + degree * base[s]


def _scaled(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    degree = homogeneity(expression, base, domain)
    return (
        None if degree is None else size_of(base, domain) ** degree * in_units(expression, base, size_of(base, domain))
    )


def _factored(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    """Each sum of exp(a x_j) g_j becomes exp(a x_s) times the sum of exp(a (x_j - x_s)) g_j; what is outside cancels. The same of exp(h(x_j))."""
    heads: dict[Sum, Expr] = {}
    own = places(expression, base)
    for total in expression.atoms(Sum):
        if len(total.limits) != 1:
            return None
        index = total.limits[0][0]
        if (head := growth(total, base, index)) is None:
            continue
        top = head.xreplace({index: place(head, base[index], own)})
        body = total.function.replace(
            lambda e: isinstance(e, exp),
            lambda e, top=top: exp(_by_difference(expand(e.args[0] - top))),
        )
        heads[total] = exp(top) * Sum(body, *total.limits)
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
    """In 1 + exp(t), with one exponent t and no sum, exp(t) becomes 1 / exp(-t) where t > 0; in a sum, in each term by itself."""
    if expression.has(Sum):
        terms = {q: _logistic(q.function, base, domain) for q in expression.atoms(Sum) if q.function.has(log)}
        found = {q: Sum(form, *q.limits) for q, form in terms.items() if form is not None}
        return expression.xreplace(found) if found else None
    exponents = {e.args[0] for e in expression.atoms(exp)}
    if len(exponents) != 1:
        return None
    (t,) = exponents
    unit = Symbol("unit_", positive=True)
    high = expression.replace(
        lambda e: isinstance(e, log) and e.args[0] == 1 + exp(t), lambda e: t + log1p(Symbol("unit_", positive=True))
    )
    parts = Add.make_args(expand(high)) if high.has(log1p) else (high,)
    high = Add(*(cancel(part.xreplace({exp(t): 1 / unit})) for part in parts)).xreplace({unit: exp(-t)})
    return either(-t, _beside_one(expression), high)


def _with_factors(expression: Expr) -> Expr:
    """Sums with the factors beside them on each term: c sum f = sum c f, where c f may be in range and the sum of f not."""

    def spread(product: Expr) -> Expr:
        totals = [f for f in product.args if isinstance(f, Sum)]
        if len(totals) != 1 or any(f.has(Sum) for f in product.args if f is not totals[0]):
            return product
        (total,) = totals
        return Sum(product / total * total.function, *total.limits)

    return expression.replace(lambda e: isinstance(e, Mul), spread)


def _hyperbolic(expression: Expr, base: IndexedBase, domain: str) -> Expr | None:
    """Hyperbolic functions by exp(-|u|), which never overflows; log cosh u near 0 as log1p of a square."""
    if not expression.has(cosh, sinh, tanh):
        return None
    e = expression.replace(lambda q: isinstance(q, sinh), lambda q: tanh(q.args[0]) * cosh(q.args[0]))
    e = expand(e.xreplace({q**2: 1 - cosh(q.args[0]) ** -2 for q in e.atoms(tanh)}), deep=False)
    e = e.replace(lambda q: isinstance(q, Mul), _log_cosh_over)
    e = e.replace(
        lambda q: isinstance(q, log) and isinstance(q.args[0], cosh), lambda q: _log_cosh(Abs(q.args[0].args[0]))
    )
    e = e.replace(lambda q: isinstance(q, cosh), lambda q: (1 + exp(-2 * Abs(q.args[0]))) * exp(Abs(q.args[0])) / 2)
    return e.replace(lambda q: isinstance(q, tanh), lambda q: _tanh(q.args[0]))


def _log_cosh(size: Expr) -> Expr:
    near = log1p(expm1(-size) ** 2 * exp(size) / 2)
    return either(1 - size, near, size + log1p(exp(-2 * size)) - log(2))


def _log_cosh_over(product: Expr) -> Expr:
    """log(cosh(c y))/c by sign(c) |y|, where |c y| may overflow though |y| does not; any other product as it is."""
    for factor in product.args:
        if not (isinstance(factor, log) and isinstance(factor.args[0], cosh)):
            continue
        u = factor.args[0].args[0]
        for c in product.args:
            if isinstance(c, Pow) and c.exp == -1 and isinstance(c.base, Symbol) and not (u * c).has(c.base):
                size = Abs(u)
                far = sign(c.base) * Abs(u * c) + (log1p(exp(-2 * size)) - log(2)) * c
                near = log1p(expm1(-size) ** 2 * exp(size) / 2) * c
                return product / (factor * c) * either(1 - size, near, far)
    return product


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
            if all(head in Mul.make_args(term) or not term.has(exp) for term in e.args):
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
    if beside == 0 and (excess := _weighted_excess(total, rest)) is not None:
        return either(excess + S.Half, log1p(excess), log(w))
    own = moments.normal(total.function.xreplace({index: s}))
    if total.has(expm1) or (beside != 0 and rest != 1):
        return log(w)
    others = Sum((1 - KroneckerDelta(index, s)) * total.function, total.limits[0])
    if own != 1:
        if rest != 1 or any(entry.base == words.x for entry in own.atoms(Indexed)):
            return log(w)
        # A weight at s: where the sum is near 1, this is what it exceeds 1 by.
        excess = beside + (own - 1) + others
        return either(excess + S.Half, log1p(excess), log(w))
    far = log1p(beside + others) + (0 if rest == 1 else _log_constant(rest))
    if beside == 0 and cancel(rest * (high - low + 1)) == 1 and isinstance(total.function, exp):
        # An average of exponentials is near 1 when every entry is near the dominant one: then it is 1 + the average of expm1.
        excess = Sum(expm1(total.function.args[0]), total.limits[0]) * rest
        return either(excess + S.Half, log1p(excess), far)
    return far


def _weighted_excess(total: Sum, rest: Expr) -> Expr | None:
    """What a weighted average of exponentials exceeds 1 by: the average of expm1; None where it is none."""
    powers = [f for f in Mul.make_args(total.function) if isinstance(f, exp)]
    if len(powers) != 1 or powers[0] == total.function:
        return None
    weights = total.function / powers[0]
    if not moments.equal(rest * Sum(weights, *total.limits), S.One):
        return None
    return Sum(weights * expm1(powers[0].args[0]), *total.limits) * rest


def _log_constant(rest: Expr) -> Expr:
    return -log(1 / rest) if (1 / rest).is_Symbol else log(rest)
