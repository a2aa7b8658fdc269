"""The float form of a stable expression: the same value, written so that nothing underflows before the result does.

Six ways in which digits are lost although the result is an ordinary number, and what is written instead:

    f exp(t)            the exponential underflows beside a large factor       (f h) h with h = exp(t/2)
    f (1 + u)^q         the power leaves the range beside f, or magnifies      (f h) h with h = exp(q log1p(u) / 2)
                        what 1 + u has lost
    log1p(u) / a        u underflows, and a is small                           (u / a) (log1p(u) / u)
    expm1(a d) / a      a d underflows, and d does not                         d (expm1(a d) / (a d))
    (y / z)^q           the quotient leaves the range, its power does not      (y^(q/4) / z^(q/4))^4, y^q z^-q for small q
    (y / z)^(p - 1)     p - 1 has lost the digits of a small p                 (y / z)^p (z / y)

Each is an identity, and is proved with the rest. Which side is computed is settled entry by entry by a test, so that ordinary
rows pay for the test alone where the arithmetic evaluates on demand.

A mean has one more: measured from a dominant entry that is far larger than the mean, it cancels. Its form holds for every shift c,
so c = 0 is taken where no exponential can overflow there and the entries are not all near the dominant one.
"""

from __future__ import annotations

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
    exp,
    expand,
    log,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym import words
from smoothsym.program.anchors import NEAR, replace_entries, s
from smoothsym.program.guards import (
    MARGIN,
    GuardedPower,
    beyond_one,
    computed,
    distance_power,
    exprel,
    in_range,
    last,
    log1prel,
    mean_power,
    meaning,
    power_excess,
    proved,
    quotient,
    quotient_power,
    scaled,
    share_and_more,
    weighted,
)
from smoothsym.program.lower import either, select, times
from smoothsym.program.radicals import radical_form
from smoothsym.program.stabilise import Stable, proved_equal, translation
from smoothsym.program.threshold import written_out
from smoothsym.program.units import SLACK, unit_form
from smoothsym.symbolic import moments

UNSHIFTED = S(16)
"""Up to which exponent a mean may be measured from 0: more than the log of any length."""

SHIFT = Symbol("c_", real=True)
"""What a mean is measured from."""


# ---- the rewriting ---------------------------------------------------------------------------------------------------------


def guarded(stable: Stable, definition: Expr, domain: str = "real", base: IndexedBase = words.x) -> Expr:
    """The float form of a definition whose stable form is given, proved equal to it; the stable form where that proof fails.

    >>> from smoothsym.program.stabilise import stabilise
    >>> from smoothsym.words import j, n, p, x
    >>> norm = Sum(Abs(x[j]) ** p, (j, 1, n)) ** (1 / p)
    >>> guarded(stabilise(norm), norm)
    scaled(Abs(x[s]), 1, beyond_one(Sum((1 - KroneckerDelta(j, s))*quotient_power(Abs(x[j]), Abs(x[s]), p), (j, 1, n)), 1/p))
    """
    if stable.law == "none":
        roots = radical_form(stable.expression)
        return roots if roots is not None and proved(roots, definition, domain) else stable.expression
    # The form of a mean is proved with its shift as a free symbol: whichever the program selects is right.
    for form in (_mean(stable, definition, domain, base), stable.expression):
        if form is not None and proved(candidate := _guard(form), definition, domain):
            return candidate
    return stable.expression


def _guard(e: Expr) -> Expr:
    if not e.args or isinstance(e, (Indexed, KroneckerDelta)):
        return e
    if isinstance(e, Sum):
        return Sum(_guard(e.function), *e.limits)
    if isinstance(e, Mul):
        return _product(list(e.args))
    e = e.func(*map(_guard, e.args))
    if isinstance(e, Pow) and not e.exp.is_number:
        others = _others(e.base)
        if others is not None:
            return beyond_one(others, e.exp)
        average = _average(e.base)
        if average is not None:
            return mean_power(e.base, average, e.exp)
        above, below = e.base.as_numer_denom()
        if below.has(Indexed) and not e.base.has(Sum):
            return (distance_power if NEAR in below.free_symbols else quotient_power)(above, below, e.exp)
    return e


def _others(total: Expr) -> Expr | None:
    """The other terms of a sum whose term at a dominant entry is 1; None where it is not."""
    if not isinstance(total, Sum) or len(total.limits) != 1:
        return None
    index = total.limits[0][0]
    for place in sorted({e.indices[0] for e in total.function.atoms(Indexed)} - {index}, key=str):
        if moments.equal(meaning(total.function).xreplace({index: place}), S.One):
            return Sum((1 - KroneckerDelta(index, place)) * total.function, *total.limits)
    return None


def _average(mean: Expr) -> Expr | None:
    """What an average of powers of quotients exceeds 1 by; None where it is none."""
    totals = [f for f in Mul.make_args(mean) if isinstance(f, Sum) and isinstance(f.function, quotient_power)]
    if len(totals) != 1 or cancel(mean / totals[0] * (totals[0].limits[0][2])) != 1:
        return None
    (total,) = totals
    return mean / total * Sum(power_excess(*total.function.args), *total.limits)


def _product(factors: list[Expr]) -> Expr:
    below = [f for f in factors if isinstance(f, Pow) and f.exp == -1 and not f.has(Indexed)]
    for place, factor in enumerate(factors):
        rest = [f for q, f in enumerate(factors) if q != place]
        if isinstance(factor, either) and below:
            test, near, far = factor.args
            return either(_guard(test), _guard(Mul(near, *rest)), _guard(Mul(far, *rest)))
        if isinstance(factor, log1p) and below:
            quotient = _near_one(factor.args[0], Mul(*(1 / f for f in below)))
            if quotient is not None:
                return Mul(quotient, *(_guard(f) for f in rest if f not in below))
    factors = [_guard(f) for f in factors]
    return _beside_power(_beside_exponential(factors))


def _beside_exponential(factors: list[Expr]) -> list[Expr]:
    weights = [f for f in factors if isinstance(f, exp) and f.has(Indexed)]
    large = [
        f for f in factors
        if f not in weights and f.has(Indexed) and not f.has(KroneckerDelta) and not (isinstance(f, Pow) and f.has(Sum))
    ]  # fmt: skip
    if len(weights) != 1 or not large:
        return factors
    rest = [f for f in factors if f not in (*weights, *large)]
    totals = [f for f in rest if isinstance(f, Pow) and f.exp == -1 and isinstance(f.base, Sum)]
    if len(large) == len(totals) == 1 and isinstance(large[0], Add) and S.One in large[0].args:
        beside = [f for f in rest if f not in totals]
        more, exponent = large[0] - 1, weights[0].args[0]
        inner = {e: Dummy() for e in more.atoms(Sum)}
        names = {name: e for e, name in inner.items()}
        apart = expand(more.xreplace(inner) - exponent)
        # By the exponent itself, so that its error passes through what is stationary: (1 + t) exp(t) is so at -2.
        if not any(words.i in e.indices for e in apart.atoms(Indexed)):
            more = exponent + apart.xreplace(names)
        return [share_and_more(more, exponent, totals[0].base), *beside]
    return [weighted(Mul(*large), weights[0].args[0]), *rest]


def _beside_power(factors: list[Expr]) -> Expr:
    """Powers beside one another and beside large factors; a large factor beside a quotient of sums comes last."""
    units = [f for f in factors if isinstance(f, Pow) and f.exp == -1 and isinstance(f.base, Indexed)]
    entries = [f for f in factors if isinstance(f, Indexed) or (isinstance(f, Abs) and isinstance(f.args[0], Indexed))]
    if len(entries) == 1 and len(units) == 1 and len(factors) > 2:
        apart = quotient(entries[0], units[0].base)
        return _beside_power([apart, *(f for f in factors if f not in (*entries, *units))])
    sums = [f for f in factors if isinstance(f, Add) and f.has(Indexed) and not _selects(f)]
    large = [*entries, *sums, *(units if sums else [])]
    powers = [f for f in factors if isinstance(f, GuardedPower)]
    aside = [f for f in factors if f.has(KroneckerDelta) and f not in powers and not f.has(Sum)]
    rest = [f for f in factors if f not in large and f not in powers and f not in aside]
    if (large and powers) or len(powers) > 1:
        return Mul(_scaled(Mul(*large), Mul(*rest), powers), *aside)
    if entries and any(f.has(Sum) and isinstance(f, Pow) for f in rest) and any(f.has(Sum) for f in rest):
        return last(Mul(*entries), Mul(*(f for f in factors if f not in entries)))
    return Mul(*factors)


def _selects(e: Expr) -> bool:
    """Whether a delta stands in an expression, outside of sums."""
    return isinstance(e, KroneckerDelta) or (not isinstance(e, Sum) and any(map(_selects, e.args)))


def _scaled(factor: Expr, ratio: Expr, powers: list[Expr]) -> Expr:
    """z (y/z)^(1 - p) is y (z/y)^p, and the smaller exponent loses less."""
    form = scaled(factor, ratio, *powers)
    if len(powers) == 1 and isinstance(powers[0], quotient_power) and powers[0].args[1] == factor:
        above, below, exponent = powers[0].args
        if exponent.as_coeff_Add()[0] == 1:
            other = scaled(above, ratio, quotient_power(below, above, 1 - exponent))
            return either(S.Half - Abs(1 - exponent), other, form)
    return form


def _near_one(u: Expr, divisor: Expr) -> Expr | None:
    """log1p(u) / divisor."""
    quotient = _over(u, divisor)
    if quotient is None:
        return None
    careful = quotient * log1prel(_guard(u))
    return careful if u.has(expm1) else either(times(_guard(u), MARGIN), log1p(_guard(u)) / divisor, careful)


def _over(u: Expr, divisor: Expr) -> Expr | None:
    """u / divisor, divided before anything can have underflowed; None where u is no sum of exponentials."""
    if isinstance(u, Sum):
        body = _over(u.function, divisor)
        return None if body is None else Sum(body, *u.limits)
    if isinstance(u, Add):
        plain = Add(*(term for term in u.args if not term.has(exp, expm1)))
        parts = [_over(term, divisor) for term in Add.make_args(u - plain)]
        return None if None in parts else Add(*parts, *([] if plain == 0 else [quotient(plain, divisor)]))
    if isinstance(u, expm1):
        (t,) = u.args
        rate = cancel(t / divisor)
        # Where t overflows, its quotient by itself is no number; where it underflows, it has no digits.
        return None if rate.has(divisor) else either(times(Abs(t), MARGIN), u / divisor, rate * exprel(t))
    for factor in Mul.make_args(u):
        rest = u / factor
        if isinstance(factor, exp):
            return weighted(_apart(rest, divisor), factor.args[0])
        if isinstance(factor, (Sum, expm1)):
            inner = _over(factor, divisor)
            return None if inner is None else inner * rest
    return None


def _apart(f: Expr, divisor: Expr) -> Expr:
    """f / divisor; of a square one factor is divided, since the square may underflow.

    For the square of expm1(t), where t itself underflows, t^2 / divisor may have digits that t has lost.
    """
    for square in Mul.make_args(f):
        if isinstance(square, Pow) and square.exp == 2 and square.base.has(Indexed):
            (t,) = square.base.args if isinstance(square.base, expm1) else (S.One,)
            rate = cancel(t**2 / divisor)
            form = last(square.base * (f / square), quotient(square.base, divisor))
            if t == 1 or rate.has(1 / divisor):
                return form
            return either(times(Abs(t), MARGIN), form, f / square * rate * exprel(t) ** 2)
    return f / divisor


# ---- means -----------------------------------------------------------------------------------------------------------------


def _mean(stable: Stable, definition: Expr, domain: str, base: IndexedBase) -> Expr | None:
    """The form of a mean measured from any shift c; None where the definition is no mean, or its form is not known."""
    if stable.law != "translation" or translation(definition, base, domain) != 1 or not _rates(definition, base):
        return None
    if not moments.equal(replace_entries(definition, base, lambda entry: SHIFT), SHIFT, domain):
        return None
    excesses: list[Expr] = []

    def average(w: Expr) -> Expr:
        totals = [f for f in Mul.make_args(w) if isinstance(f, Sum) and isinstance(f.function, exp)]
        if len(totals) != 1:
            return log(w)
        excess = w / totals[0] * Sum(expm1(totals[0].function.args[0]), *totals[0].limits)
        excesses.append(excess)
        return log1p(excess)

    shifted = replace_entries(definition, base, lambda entry: entry - SHIFT)
    shifted = shifted.replace(lambda e: isinstance(e, log), lambda e: average(e.args[0]))
    form = SHIFT + shifted
    if form.has(log) or not proved_equal(form, definition, domain):
        return None
    for excess in excesses:
        form = either(excess + S.Half, form, stable.expression)
    return form


def _rates(expression: Expr, base: IndexedBase) -> set[Expr]:
    """What the entries are multiplied by in exponentials."""
    rates = {e.args[0].coeff(entry) for e in expression.atoms(exp) for entry in e.args[0].atoms(Indexed)}
    return {rate for rate in rates if not rate.has(Indexed)}


def _centre(definition: Expr, base: IndexedBase) -> Any:
    """What a mean is measured from: 0, or the dominant entry where that is large or all entries are near it."""
    top = base[s]
    exponent = Add(*(Abs(rate * top) for rate in _rates(definition, base)))
    spread = words.maximum(base) - words.minimum(base) - Abs(top) / 2
    return select(UNSHIFTED - exponent, select(spread, S.Zero, top), top)


def float_form(expression: Expr, stable: Stable, domain: str) -> Stable:
    """What the float program of an expression is lowered from, with what that finds itself."""
    if stable.law == "threshold":
        return Stable(written_out(expression, floats=True), stable.anchors, stable.law)
    if stable.law == "none" and (unit := unit_form(expression, domain)) is not None:
        return Stable(computed(unit.expression), unit.anchors, unit.law)
    form = guarded(stable, expression, domain)
    law = "root" if stable.law == "none" and form != expression else stable.law
    if law == "scale":
        form = _plain_powers(expression, form)
    centre = {SHIFT: _centre(expression, words.x)} if form.has(SHIFT) else {}
    return Stable(computed(form), {**stable.anchors, **centre}, law)


def _plain_powers(definition: Expr, form: Expr) -> Expr:
    """The definition as it stands where the exponent is 1 or 2 and its sums are in range, the form elsewhere.

    Then its powers are products and roots, rounded once each; and what of the terms underflows is beneath notice beside a sum.
    """
    exponents = {q for power in definition.atoms(Pow) if not power.exp.is_number for q in power.exp.free_symbols}
    if len(exponents) != 1 or any(isinstance(e, Add) and e.has(Indexed) for e in Mul.make_args(definition)):
        return form
    (p,) = exponents
    # What all entries share comes first: beside sums in range it is in range, where its part beside a small entry may not be.
    own = [f for f in Mul.make_args(definition) if f.free_symbols & {words.i, words.k}]
    shared = [f for f in Mul.make_args(definition) if f not in own]
    plain = times(Mul(*shared), Mul(*own)) if own and shared else definition
    for total in sorted(definition.atoms(Sum), key=str):
        plain = in_range(total * SLACK, plain, form)
    return select(S.One - Abs((p - 1) * (p - 2)) / MARGIN, plain, form)
