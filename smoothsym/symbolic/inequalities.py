"""Certificates of sign: an identity to a form that is plainly nonnegative, kept as a small object that can be checked again."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr, IndexedBase, Mul, Sum

from smoothsym import words
from smoothsym.symbolic import moments

v = IndexedBase("v", real=True)
"""A direction."""


@dataclass(frozen=True)
class CauchySchwarz:
    """form = factor * (sum a * sum b - (sum c)^2), with a, b >= 0 and a b = c^2 term by term, so form has the sign of factor."""

    form: Expr
    factor: Expr
    a: Expr
    b: Expr
    c: Expr

    def check(self) -> bool:
        """Whether the certificate holds: the identity for every n, the product term by term, and the signs by form."""
        index = words.j
        total = [Sum(e, (index, 1, words.n)) for e in (self.a, self.b, self.c)]
        return (
            moments.equal(self.form, self.factor * (total[0] * total[1] - total[2] ** 2))
            and moments.equal(self.a * self.b, self.c**2)
            and nonnegative(self.a)
            and nonnegative(self.b)
        )


def nonnegative(expression: Expr) -> bool:
    """Whether an expression is >= 0 by its form: squares, what is positive, sums and products of these."""
    if expression.is_nonnegative or moments.positive(expression):
        return True
    if isinstance(expression, Sum):
        return nonnegative(expression.function)
    if isinstance(expression, (Add, Mul)):
        return all(nonnegative(argument) for argument in expression.args)
    if expression.is_Pow:
        even = expression.exp.is_Integer and expression.exp % 2 == 0 and expression.base.is_real
        return bool(even) or nonnegative(expression.base)
    return False


def quadratic_form(hessian: Expr) -> Expr:
    """v^T H v for a Hessian with free indices i and k."""
    return Sum(hessian * v[words.i] * v[words.k], (words.i, 1, words.n), (words.k, 1, words.n))


def cauchy_schwarz(form: Expr) -> CauchySchwarz | None:
    """A certificate that a form is factor * (sum a sum b - (sum c)^2), where one is found."""
    terms = Add.make_args(moments.normal(form).expand(deep=False))
    for power in {
        f for term in terms for f in Mul.make_args(term) if f.is_Pow and isinstance(f.base, Sum) and f.exp == 2
    }:
        factor = -Add(*(term / power for term in terms if power in Mul.make_args(term)))
        c_body = power.base.function.xreplace({power.base.limits[0][0]: words.j})
        for b_sum in {f.as_base_exp()[0] for term in terms for f in Mul.make_args(term)}:
            if not isinstance(b_sum, Sum) or len(b_sum.limits) != 1:
                continue
            b_body = b_sum.function.xreplace({b_sum.limits[0][0]: words.j})
            certificate = CauchySchwarz(form, factor.factor(), moments.normal(c_body**2 / b_body), b_body, c_body)
            if certificate.a != certificate.b and not certificate.factor.has(v) and certificate.check():
                return certificate
    return None


def sign_of(factor: Expr, assumption: Expr | bool = True) -> int | None:
    """The sign of a factor by its form: 1, -1, 0 or None; `assumption` is a relation such as p >= 1 or alpha > 0."""
    result = 1
    for part in Mul.make_args(factor.factor()):
        base, exponent = part.as_base_exp()
        if moments.positive(part) or nonnegative(part) or moments.positive(base):
            continue
        value = _under(base, assumption)
        if value is None or not exponent.is_Integer:
            return None
        result *= value ** int(exponent) if value else 0
    return result


def _under(base: Expr, assumption: Expr | bool) -> int | None:
    """The sign of base = symbol - a under an assumption symbol >= b, or > b, with b >= a."""
    if base.is_negative:
        return -1
    if not isinstance(assumption, Expr) and not hasattr(assumption, "lhs"):
        return None
    symbol, bound = assumption.lhs, assumption.rhs
    for direction in (1, -1):
        offset = (direction * base - symbol).expand()
        if (
            offset.is_number
            and offset + bound >= 0
            and assumption.func.__name__ in ("GreaterThan", "StrictGreaterThan")
        ):
            return direction
    return None
