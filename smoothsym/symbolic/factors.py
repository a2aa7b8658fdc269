"""What comes apart: the factors of a sum of monomials, and by them powers, logarithms and moduli of products."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from sympy import (
    ZZ,
    Abs,
    Add,
    Dummy,
    Expr,
    Integer,
    KroneckerDelta,
    Mul,
    Poly,
    Pow,
    Rational,
    S,
    default_sort_key,
    exp,
    gcd,
    ilcm,
    log,
    sign,
)

from smoothsym.symbolic.factoring import factor_list
from smoothsym.symbolic.monomials import base_and_exponent, leading_negative, primes, product, terms
from smoothsym.symbolic.signs import generic, nonnegative, positive, real

Factors = list[tuple[Expr, Expr]]
"""Pairs (base, exponent) whose powers multiply to what was factored; an exponential is a base of its own, to the power 1."""

Exponents = dict[tuple[Expr, Expr], Rational]
"""A monomial in generators (base, direction): base^(2 p + 1/2) is the square of (base, p) and the root of (base, 1)."""

_LARGEST = (40, 12, 10)
"""The most terms, the highest degree and the most generators of a polynomial that is factored."""


def factors(e: Expr) -> Factors:
    """The factors of a sum of monomials: what its terms have in common, and polynomials that do not factor.

    >>> from smoothsym.words import alpha, x
    >>> factors(1 + exp(-alpha * x[1]))
    [(exp(-alpha*x[1]), 1), (exp(alpha*x[1]) + 1, 1)]
    """
    if not e.is_Add:
        return _with_moduli([base_and_exponent(f) for f in Mul.make_args(e)])
    above, below = cleared(e)
    if not above.is_Add:
        return factors(above) + below
    # Beside |u| or sign(u), u itself counts as sign(u) |u|.
    signed = {f.args[0] for f in above.atoms(Abs, sign) if generic(f.args[0])}
    rows = [_exponents(term, signed) for term in terms(above)]
    generators = sorted({g for _, row in rows for g in row}, key=lambda g: tuple(map(default_sort_key, g)))
    least = {g: min(row.get(g, S.Zero) for _, row in rows) for g in generators}
    common = reduce(gcd, (coefficient for coefficient, _ in rows))
    rows = [(c / common, {g: row.get(g, S.Zero) - least[g] for g in generators}) for c, row in rows]
    shared = factors(_monomial(common, least))
    return _with_moduli([*shared, *_irreducible(rows, generators), *below])


def _exponents(term: Expr, signed: set[Expr]) -> tuple[Rational, Exponents]:
    coefficient, rest = term.as_coeff_Mul()
    row: Exponents = {}
    for factor in Mul.make_args(rest):
        base, power = (S.Exp1, factor.args[0]) if isinstance(factor, exp) else base_and_exponent(factor)
        if isinstance(base, KroneckerDelta) and not power.is_positive:
            base, power = factor, S.One  # 1/delta is no inverse of delta
        if base in signed and power.is_Integer:
            row[sign(base), S.One] = (row.get((sign(base), S.One), S.Zero) + power) % 2
            base = Abs(base)
        for part in terms(power):
            number, direction = part.as_coeff_Mul()
            row[base, direction] = row.get((base, direction), S.Zero) + number
    row.pop((S.One, S.One), None)
    return coefficient, row


def _monomial(coefficient: Expr, row: Exponents) -> Expr:
    return product(
        coefficient,
        *(exp(q * way) if base is S.Exp1 else Pow(base, q * way) for (base, way), q in row.items() if q != 0),
    )


def _irreducible(rows: list[tuple[Rational, Exponents]], generators: list[tuple[Expr, Expr]]) -> Factors:
    """The factors of a sum that has no monomial in common, as a polynomial in the generators."""
    generators = [g for g in generators if any(row[g] != 0 for _, row in rows)]
    steps = {g: ilcm(1, *(row[g].q for _, row in rows)) for g in generators}
    polynomial = {tuple(int(row[g] * steps[g]) for g in generators): coefficient for coefficient, row in rows}
    degree = max(map(sum, polynomial))
    linear = len(rows) == 2 and any(max(powers) == 1 for powers in zip(*polynomial, strict=True))
    if linear or len(rows) > _LARGEST[0] or degree > _LARGEST[1] or len(generators) > _LARGEST[2]:
        return [(Add(*(_monomial(c, row) for c, row in rows)), S.One)]
    names = [Dummy() for _ in generators]
    number, found = factor_list(Poly.from_dict(polynomial, *names, domain=ZZ))
    result: Factors = [(number, S.One)]
    for part, times in found:
        written = (
            _monomial(c, {g: Rational(q, steps[g]) for g, q in zip(generators, powers, strict=True)})
            for powers, c in part.terms()
        )
        result.append((Add(*written), Integer(times)))
    return result


def _with_moduli(found: Factors) -> Factors:
    """sign(u) u = |u|, which is seen not to be negative."""
    for u in [base.args[0] for base, power in found if isinstance(base, sign) and power == 1]:
        for position, (base, power) in enumerate(found):
            if base == u and power.is_odd:
                found[position] = (Abs(u), power)
                found.remove((sign(u), S.One))
                break
    return [(base, power) for base, power in found if base != 1]


def cleared(e: Expr) -> tuple[Expr, Factors]:
    """A sum of monomials as a numerator without sums in denominators, and the denominator as factors."""
    divisors: Factors = []
    while True:
        highest: dict[Expr, int] = {}
        for base, power in (base_and_exponent(f) for term in terms(e) for f in Mul.make_args(term)):
            constant = power.as_coeff_Add()[0]
            if base.is_Add and constant.is_Rational and constant < 0:
                highest[base] = max(-int(constant // 1), highest.get(base, 0))
        if not highest:
            return e, divisors
        divisors += [(base, Integer(-times)) for base, times in highest.items()]
        e = Add(*(product(term, *(Pow(base, times) for base, times in highest.items())) for term in terms(e)))


def power(base: Expr, exponent: Expr) -> Expr:
    """base^exponent as a sum of monomials."""
    if exponent.is_Integer and exponent >= 0:
        return product(*[base] * int(exponent))
    return raised(factors(base), exponent)


def raised(found: Factors, exponent: Expr) -> Expr:
    """A product to a power: (a b)^q = a^q b^q for whole q, and wherever a >= 0."""
    if exponent.is_Integer:
        return product(
            *(exp(product(b.args[0], e, exponent)) if isinstance(b, exp) else Pow(b, e * exponent) for b, e in found)
        )

    def part(base: Expr, power: Expr) -> Expr:
        if isinstance(base, exp):
            return exp(product(base.args[0], exponent))
        return Pow(base, product(power, exponent))

    return product(*_apart(found, part, lambda rest: Pow(rest, exponent)))


def logarithm(found: Factors) -> Expr:
    """The logarithm of a product: log(a b) = log a + log b wherever a >= 0."""

    def part(base: Expr, power: Expr) -> Expr:
        if isinstance(base, exp):
            return base.args[0]
        if base.is_Rational:
            return product(power, Add(*(times * log(prime) for prime, times in primes(base))))
        return product(power, log(base))

    return Add(*_apart(found, part, log))


def _apart(found: Factors, part: Callable[[Expr, Expr], Expr], whole: Callable[[Expr], Expr]) -> Iterable[Expr]:
    """What a branch of the logarithm does to a product: `part` for each factor that comes off, `whole` for the rest."""
    rest: Factors = []
    for base, power in found:
        if power == 1 and base.is_Rational and base < 0:
            base, rest = -base, [*rest, (S.NegativeOne, S.One)]
        if power.is_even and real(base) and not nonnegative(base):
            base = _modulus(Abs, base, S.One)
        if real(power) and nonnegative(base):
            yield part(base, power)
        else:
            rest.append((base, power))
    alone = len(rest) == 1 and not rest[0][0].is_Rational and not isinstance(rest[0][0], exp)
    if alone and rest[0][1].is_Rational and -1 < rest[0][1] <= 1:
        yield part(*rest[0])  # (b^e)^q = b^(e q) for any b, as the argument of b^e stays within the branch
    elif rest:
        yield whole(product(*(Pow(base, power) for base, power in rest)))


def modulus(function: type, found: Factors) -> Expr:
    """|a b| = |a| |b|, and the same for sign; what is known not to be negative loses its modulus."""
    return product(*(_modulus(function, base, power) for base, power in found))


def _modulus(function: type, base: Expr, power: Expr) -> Expr:
    whole = Pow(base, power)
    if base.is_Rational and power == 1:
        return function(base)
    if (positive(base) and real(power)) or (function is Abs and nonnegative(base) and real(power)):
        return whole if function is Abs else S.One
    if function is Abs and isinstance(base, sign) and power == 1:
        return Pow(base, 2)
    if real(base) and power.is_Integer:
        if base.is_Add and leading_negative(base):
            base = Add(*(-term for term in base.args))
            return Pow(function(base), power) * (1 if function is Abs else (-1) ** power)
        return Pow(function(base), power)
    return function(whole)


def exponential(argument: Expr) -> Expr:
    """e to a sum of monomials: a multiple of a logarithm becomes a power."""
    plain, result = [], []
    for term in terms(argument):
        logs = [f for f in Mul.make_args(term) if isinstance(f, log)]
        if len(logs) == 1:
            result.append(power(logs[0].args[0], term / logs[0]))
        else:
            plain.append(term)
    return product(exp(Add(*plain)), *result)
