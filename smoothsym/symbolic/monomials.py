"""Sums of monomials: each monomial a number times powers of different bases, so that equal sums of monomials are the same.

A base is whatever does not come apart any further: a symbol, an entry, a sum over indices, a logarithm, a sum of monomials to a
power that is no positive integer. Exponentials are the powers of e. All relations between bases that are used live in `product`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    S,
    Symbol,
    cancel,
    default_sort_key,
    div,
    exp,
    factorint,
    floor,
    fraction,
    sign,
)

from smoothsym.symbolic.signs import generic, real

MOST_TERMS = 4000


_UNDEFINED = {S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity}


class TooLarge(ValueError):
    """A product that would be written out to more than MOST_TERMS terms."""


def terms(e: Expr) -> tuple[Expr, ...]:
    """The monomials of a sum of monomials."""
    return Add.make_args(e)


def product(*factors: Expr) -> Expr:
    """The product of sums of monomials as a sum of monomials.

    >>> from smoothsym.words import alpha, x
    >>> product(exp(alpha * x[1]), exp(-alpha * x[1]) + x[1] ** 2 / alpha, alpha)
    alpha + exp(alpha*x[1])*x[1]**2
    """
    coefficient, rates, powers = _collected(factors)
    if coefficient in (0, S.NaN):
        return coefficient
    if deltas := [base for base, power in powers.items() if _is_delta(base) and power.is_positive]:
        others = [Pow(base, power) for base, power in powers.items() if base not in deltas]
        return _selected(deltas, product(coefficient, exp(Add(*rates)), *others))
    if split := {base: _whole(q) for base, q in powers.items() if (base.is_Mul or base.is_Pow) and _whole(q)}:
        # What has no sign keeps its fractional power, (x y)^(p + 1) = (x y)^p x y.
        others = [Pow(base, power - split.get(base, 0)) for base, power in powers.items()]
        return product(coefficient, exp(Add(*rates)), *others, *(Pow(base, q) for base, q in split.items()))
    rate = exponent(*rates)
    coefficient *= _moduli(powers)
    monomial: list[Expr] = [exp(rate)] if rate != 0 else []
    sums: list[Expr] = []
    for base, power in powers.items():
        whole = _whole(power)
        if base.is_Integer and base > 0:
            coefficient *= base**whole
            constant, symbolic = (power - whole).as_coeff_Add()
            monomial.extend([Pow(base, constant), Pow(_prime(base), symbolic)])
        elif base.is_Add:
            if power.is_Integer and power < 0 and leading_negative(base):
                base, coefficient = _negated(base), coefficient * S.NegativeOne**power
            if whole > 0:
                sums.extend([base] * whole)
                power -= whole
            monomial.append(Pow(base, power))
        else:
            monomial.append(Pow(base, power))
    return _multiplied_out(Mul(coefficient, *monomial), sums)


def _collected(factors: Iterable[Expr]) -> tuple[Expr, list[Expr], dict[Expr, Expr]]:
    """A number, the exponents of e, and the exponents of every other base."""
    coefficient, rates = S.One, []
    powers: dict[Expr, list[Expr]] = {}
    pending = list(factors)
    while pending:
        factor = pending.pop()
        if factor.is_Rational:
            coefficient *= factor
        elif factor.is_Mul:
            pending.extend(factor.args)
        elif factor in _UNDEFINED:
            return S.NaN, [], {}
        elif isinstance(factor, exp) or factor is S.Exp1:
            rates.append(factor.args[0] if factor.args else S.One)
        else:
            base, power = base_and_exponent(factor)
            if isinstance(base, exp) and power.is_Integer:
                rates.append(product(base.args[0], power))
            elif base.is_Mul and power.is_Integer:
                pending.extend(Pow(f, power) for f in base.args)
            elif base.is_Rational and base > 0:
                for prime, times in primes(base):
                    powers.setdefault(prime, []).append(times * power)
            else:
                powers.setdefault(base, []).append(power)
    summed = {base: exponent(*parts) for base, parts in powers.items()}
    return coefficient, rates, {base: power for base, power in summed.items() if power != 0}


def base_and_exponent(factor: Expr) -> tuple[Expr, Expr]:
    """A factor of a monomial as a power; exponentials are not taken apart."""
    base, power = factor.args if factor.is_Pow else (factor, S.One)
    return _NUMBERS.get(base, base), power


def primes(number: Rational) -> list[tuple[Integer, int]]:
    """The primes of a positive rational number with their exponents."""
    return [
        (Integer(prime), direction * times)
        for part, direction in ((number.p, 1), (number.q, -1))
        for prime, times in factorint(part).items()
    ]


_NUMBERS: dict[Symbol, Integer] = {}


@lru_cache(maxsize=1000)
def _prime(number: Integer) -> Symbol:
    """The symbol for a number below a symbolic exponent, where SymPy would hide factors: 2 * 2**p turns to 2**(p + 1)."""
    name = Dummy(str(number), integer=True, positive=True)
    _NUMBERS[name] = number
    return name


def without_prime_symbols(e: Expr) -> Expr:
    """The expression with numbers again where `product` put symbols for them."""
    return e.xreplace(_NUMBERS)


def exponent(*parts: Expr) -> Expr:
    """The canonical form of a sum of exponents: its polynomial part, and one proper fraction where sums stand below."""
    total = Add(*parts)
    below = any(f.is_Pow and f.base.is_Add and f.exp.is_Integer for t in terms(total) for f in Mul.make_args(t))
    if not below:
        return total
    plain: dict[Expr, Dummy] = {}
    above, under = fraction(cancel(_masked(total, plain)))
    names = {dummy: e for e, dummy in plain.items()}
    generators = sorted(under.free_symbols, key=default_sort_key)
    whole, rest = div(above, under, *generators) if generators else (above / under, S.Zero)
    tail = [t * Pow(under.expand(), -1) for t in terms(rest.expand()) if t != 0]
    return Add(*(product(*(f.xreplace(names) for f in Mul.make_args(t))) for t in (*terms(whole.expand()), *tail)))


def _masked(e: Expr, plain: dict[Expr, Dummy]) -> Expr:
    """The expression as a rational function of symbols that stand for its bases."""
    if e.is_Rational:
        return e
    if e.is_Add or e.is_Mul:
        return e.func(*(_masked(argument, plain) for argument in e.args))
    if e.is_Pow and e.exp.is_Integer:
        return Pow(_masked(e.base, plain), e.exp)
    if e not in plain:
        plain[e] = Dummy(f"g{len(plain)}")
    return plain[e]


def _whole(power: Expr) -> int:
    """The whole part of the constant term of an exponent."""
    constant = power.as_coeff_Add()[0]
    return int(floor(constant)) if constant.is_Rational else 0


def _is_delta(e: Expr) -> bool:
    return isinstance(e, KroneckerDelta) and len(e.args) == 2 and all(a.is_Symbol or a.is_Integer for a in e.args)


def _selected(deltas: list[Expr], rest: Expr) -> Expr:
    """delta(a, b) f(b) = delta(a, b) f(a), and delta(a, b)^q = delta(a, b) for q > 0."""
    classes: list[set[Expr]] = []
    for delta in deltas:
        touched = [c for c in classes if c & set(delta.args)]
        classes = [c for c in classes if c not in touched] + [set(delta.args).union(*touched)]
    swaps: dict[Expr, Expr] = {}
    kept: list[Expr] = []
    for members in classes:
        first, *others = sorted(members, key=lambda e: (not e.is_Integer, default_sort_key(e)))
        if any(other.is_Integer for other in others):
            return S.Zero
        swaps.update(dict.fromkeys(others, first))
        kept.extend(KroneckerDelta(first, other) for other in others)
    # Powers of a base that became zero, and bases that became equal, are seen by going through `product` once more.
    return Add(*(Mul(product(t.xreplace(swaps)), *kept) for t in terms(rest)))


def _moduli(powers: dict[Expr, Expr]) -> Expr:
    """One way to write |u|^a sign(u)^r u^k for each real u, by |u|^2 = u^2, sign(u) |u| = u and sign(u)^2 = 1; the sign that comes out.

    sign(u)^2 = 1 fails at the zeros of u. For a generic u identities are claimed off them. For any other, such as x_i - x_k, it
    is used only beside a power of u or |u|, which vanishes there or is undefined.
    """
    result = S.One
    for u in {base.args[0] for base in powers if isinstance(base, Abs | sign)}:
        size, turns = powers.pop(Abs(u), S.Zero), powers.pop(sign(u), S.Zero)
        if u.is_Add and leading_negative(u):
            u, result = _negated(u), result * S.NegativeOne**turns
            size, turns = size + powers.pop(Abs(u), S.Zero), turns + powers.pop(sign(u), S.Zero)
        whole = powers.get(u, S.Zero)
        if not real(u) or not turns.is_Integer or not whole.is_Integer:
            powers.update({Abs(u): size, sign(u): turns})
            continue
        beside = generic(u) or size != 0 or whole != 0
        if u.is_Add:
            # It is multiplied out: a sign beside it is u / |u|, and of |u| the even powers are those of u.
            if beside and turns % 2:
                size, whole, turns = size - 1, whole + 1, S.Zero
            even = 2 * Integer(_whole(size / 2))
            size, whole = size - even, whole + even
        else:
            size, whole, turns = size + whole, S.Zero, turns + whole
            if size.is_Integer and size % 2 == turns % 2 and (beside or turns == 0):
                size, whole, turns = S.Zero, size, S.Zero
            elif size.is_Integer and turns % 2:
                size, whole = S.Zero, size
        left = turns % 2 if beside or turns % 2 else Integer(2 * (turns != 0))
        powers.update({u: whole, Abs(u): size, sign(u): left})
    for base in [base for base, power in powers.items() if power == 0]:
        del powers[base]
    return result


@lru_cache(maxsize=10_000)
def leading_negative(e: Expr) -> bool:
    """Whether the first term of a sum is negative; it is first whatever its indices are called, unless terms differ in them only."""
    return bool(min(e.args, key=_rank).as_coeff_Mul()[0].is_negative)


def _rank(term: Expr) -> tuple:
    term = term.as_coeff_Mul()[1]
    anonymous = term.xreplace({e: Symbol(f"{e.base.label}[]") for e in term.atoms(Indexed)})
    return default_sort_key(anonymous), default_sort_key(term)


def _negated(e: Expr) -> Expr:
    return Add(*(-term for term in e.args))


def _multiplied_out(monomial: Expr, sums: list[Expr]) -> Expr:
    result = (monomial,)
    for total in sums:
        if len(result) * len(total.args) > MOST_TERMS:
            raise TooLarge(f"a product with the sum {total} has more than {MOST_TERMS} terms")
        result = terms(Add(*(product(m, t) for m in result for t in total.args)))
    return Add(*result)
