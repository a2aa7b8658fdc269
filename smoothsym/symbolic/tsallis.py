"""Powers that end at 0, and the exponential and logarithm of Tsallis: what the maximiser of a regularised maximum is made of.

Three functions, closed under derivatives, whose values at an edge are limits or none:

    ramp(t, a, k) = t^a log(t)^k for t > 0, and 0 for t < 0; at 0 it is 0 where a > 0
    qexp(t, r, e) = ramp(1 + r t, e/r), and exp(e t) at r = 0
    xqlog(t, r, k) = t (t^r - 1)/r for t > 0, t log(t) at r = 0, and 0 at t = 0; its k-th derivative by r
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Dummy, Expr, Function, Indexed, Integer, S, exp, expand, factor, log


class ramp(Function):
    """t^a log(t)^k for t > 0, and 0 for t < 0. At t = 0 it is 0 where a > 0, and undefined elsewhere.

    >>> from sympy.abc import t
    >>> ramp(t, 2).diff(t), ramp(-1, 2), ramp(3, 2)
    (2*ramp(t, 1), 0, 9)
    """

    nargs = 3

    def __new__(cls, t: Any, a: Any, k: Any = 0, **options: Any) -> Expr:
        made: Expr = Function.__new__(cls, S(t), S(a), S(k), **options)
        return made

    @classmethod
    def eval(cls, t: Expr, a: Expr, k: Expr) -> Expr | None:
        if not (k.is_Integer and k >= 0):
            raise ValueError(f"ramp({t}, {a}, {k}): the power of the logarithm is a whole number from 0 on")
        if t.is_negative:
            return S.Zero
        if t.is_Rational and t.is_positive:
            return t**a * log(t) ** k
        if t.is_zero and a.is_positive:
            return S.Zero
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        t, a, k = self.args
        if argindex == 1:
            return a * ramp(t, a - 1, k) + (k * ramp(t, a - 1, k - 1) if k else S.Zero)
        return ramp(t, a, k + 1)

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_real and self.args[1].is_real else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[2].is_zero else None

    def _latex(self, printer: Any, exp: Any = None) -> str:
        t, a, k = self.args
        text = rf"\left[{printer._print(t)}\right]_+"
        text += "" if a == 1 else f"^{{{printer._print(a)}}}"
        text += "" if k == 0 else rf"\log\left({printer._print(t)}\right)" + (f"^{{{k}}}" if k != 1 else "")
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        shown = self.args if self.args[2] != 0 else self.args[:2]
        return f"ramp({', '.join(map(printer._print, shown))})"


class qexp(Function):
    """The q-exponential, to a power: [1 + r t]_+^(e/r), which is exp(e t) at r = 0.

    >>> from sympy.abc import t
    >>> qexp(t, 0), qexp(t, 1), qexp(t, 2).diff(t)
    (exp(t), ramp(t + 1, 1), ramp(2*t + 1, -1/2))
    """

    nargs = 3

    def __new__(cls, t: Any, r: Any, e: Any = 1, **options: Any) -> Expr:
        made: Expr = Function.__new__(cls, S(t), S(r), S(e), **options)
        return made

    @classmethod
    def eval(cls, t: Expr, r: Expr, e: Expr) -> Expr | None:
        if r.is_zero:
            return exp(e * t)
        return ramp(1 + r * t, e / r) if r.is_Rational else None

    def fdiff(self, argindex: int = 1) -> Expr:
        t, r, e = self.args
        if argindex == 1:
            return e * qexp(t, r, e - r)
        logarithm = ramp(1 + r * t, e / r, 1) / r
        return logarithm if argindex == 3 else e * t / r * qexp(t, r, e - r) - e / r * logarithm

    def _eval_is_real(self) -> bool | None:
        return True if all(q.is_real for q in self.args) else None

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: Any = None) -> str:
        t, r, e = self.args
        text = rf"\left[{printer._print(_tidy(1 + r * t))}\right]_+^{{{printer._print(e / r)}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class xqlog(Function):
    """t times the q-logarithm of t >= 0, (t^(1 + r) - t)/r, which is t log(t) at r = 0; 0 at t = 0. With k, its k-th derivative by r.

    >>> from sympy.abc import r, t
    >>> xqlog(t, 1), xqlog(t, 0), xqlog(t, r).diff(r)
    (t**2 - t, t*log(t), xqlog(t, r, 1))
    """

    nargs = 3

    def __new__(cls, t: Any, r: Any, k: Any = 0, **options: Any) -> Expr:
        made: Expr = Function.__new__(cls, S(t), S(r), S(k), **options)
        return made

    @classmethod
    def eval(cls, t: Expr, r: Expr, k: Expr) -> Expr | None:
        if t in (S.Zero, S.One):
            return S.Zero
        if r.is_zero and (t.is_positive or t.is_Symbol):
            return t * log(t) ** (k + 1) / (k + 1)
        return (t ** (1 + r) - t) / r if r.is_Integer and r > 0 and k == 0 else None

    def fdiff(self, argindex: int = 1) -> Expr:
        t, r, k = self.args
        if argindex == 1:
            beside = S.One if k == 0 else k * xqlog(t, r, k - 1) / t
            return (1 + r) * self / t + beside
        return xqlog(t, r, k + 1)

    def _eval_is_real(self) -> bool | None:
        return True if all(q.is_real for q in self.args) else None

    def _latex(self, printer: Any, exp: Any = None) -> str:
        t, r, k = self.args
        text = rf"\frac{{{printer._print(t ** (1 + r))} - {printer._print(t)}}}{{{printer._print(r)}}}"
        if k != 0:
            power = "" if k == 1 else f"^{{{k}}}"
            text = rf"\frac{{\partial{power}}}{{\partial {printer._print(r)}{power}}} {text}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        t, r, k = (printer._print(q) for q in self.args)
        return f"xqlog({t}, {r})" if k == "0" else f"xqlog({t}, {r}, {k})"


def _tidy(base: Expr) -> Expr:
    """A base that is linear in a difference of entries, as that times a factor, and the rest."""
    differences = [part for part in base.atoms(Add) if part.has(Indexed) and not any(a.has(Add) for a in part.args)]
    if len(differences) != 1:
        return base
    u = Dummy("u", real=True)
    line = expand(base.xreplace({differences[0]: u}))
    return factor(line.coeff(u)) * differences[0] + factor(line.coeff(u, 0))


def as_tsallis(omega: Expr, t: Expr) -> tuple[Expr, Expr, Expr, Expr] | None:
    """(A, r, B, C) with omega = A xqlog(t, r) + B t + C; None for what is not of that form.

    >>> from sympy.abc import t
    >>> as_tsallis(t**2 / 2, t)
    (1/2, 1, 1/2, 0)
    """
    head, order = S.Zero, None
    linear = constant = S.Zero
    for term in Add.make_args(expand(omega)):
        factor, body = term.as_independent(t, as_Add=False)
        if body == 1:
            constant += factor
        elif body == t:
            linear += factor
        else:
            found = _power(body, t)
            if found is None or (order is not None and found[0] != order):
                return None
            order, share, beside = found
            head += factor * share
            linear += factor * beside
    return None if order is None else (head, order, linear, constant)


def _power(body: Expr, t: Expr) -> tuple[Expr, Expr, Expr] | None:
    """(r, share, beside) with body = share xqlog(t, r) + beside t."""
    if isinstance(body, xqlog) and body.args[0] == t and body.args[2] == 0 and not body.args[1].has(t):
        return body.args[1], S.One, S.Zero
    if body == t * log(t):
        return S.Zero, S.One, S.Zero
    if body.is_Pow and body.base == t and not body.exp.has(t) and body.exp not in (Integer(0), Integer(1)):
        return body.exp - 1, body.exp - 1, S.One
    return None
