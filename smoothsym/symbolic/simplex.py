"""The maximum over the simplex of <p, x> less a separable strictly convex function of p: its maximiser hangs on one number, the threshold.

    V(x) = max { sum_j p_j x_j - omega(p_j) : p_j >= 0, sum_j p_j = 1 }

By Lagrange the maximiser is p_j = g(x_j - tau), g the inverse of omega' where it is positive and 0 below, and tau the one number for
which these sum to 1. By the envelope theorem dV/dx_j = p_j, and by the implicit function theorem dtau/dx_k = g'(x_k - tau) / sum_j
g'(x_j - tau). Since p sums to 1, V(x + c) = V(x) + c and tau(x + c) = tau(x) + c: a node of entries x_j + c is made as that.
With weights each term of the objective stands beside w_j, and the weighted p sums to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import (
    Add,
    Dummy,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    Mul,
    S,
    Sum,
    Symbol,
    cancel,
    diff,
    exp,
    expand_mul,
    log,
)

from smoothsym import words
from smoothsym.symbolic.tsallis import as_tsallis, qexp, ramp
from smoothsym.words import n

P = IndexedBase("p", nonnegative=True)
"""The point of the simplex, bound by the node that it stands in."""

TAU = Symbol("tau", real=True)
"""How a threshold is written."""


def regularised_maximum(omega: Expr, variable: Expr, entry: Expr | None = None) -> Expr:
    """max over the simplex of sum_j p_j x_j - omega(p_j): a smooth maximum, to be the definition of an operator.

    Parameters: `omega`, strictly convex in `variable` on (0, 1], an expression in it and in parameters; a power, t log(t), or
    these beside a linear part, are inverted in closed form, and any other one by solving omega'(p) = t numerically, with
    certificates. The entry is x[j] where nothing else is given. Raises ValueError for what does not depend on the variable.

    >>> from sympy.abc import t
    >>> from smoothsym.words import alpha
    >>> regularised_maximum(t**2 / 2 + t * log(t), t)
    SimplexMaximum(Sum(-log(p[j])*p[j] - p[j]**2/2 + p[j]*x[j], (j, 1, n)))
    """
    omega, j = S(omega), words.j
    if variable not in omega.free_symbols:
        raise ValueError(f"omega={omega} does not depend on {variable}; give a strictly convex function of it")
    body = P[j] * (words.x[j] if entry is None else entry) - omega.xreplace({variable: P[j]})
    return SimplexMaximum(Sum(body, (j, 1, words.n)))


class _Node(Expr):
    """What is made of an objective: a sum over j of mass (p_j entry - omega(p_j))."""

    is_commutative = True
    is_real = True
    is_finite = True

    def __new__(cls, objective: Expr) -> Expr:
        try:
            mass, entry, omega = _parts(objective)
        except ValueError:
            return cls._written_out(objective)
        if words.j not in objective.free_symbols:
            # One name for the index: the node is the same wherever it stands.
            objective = objective.xreplace({objective.limits[0][0]: words.j})
            mass, entry, omega = _parts(objective)
        limits = objective.limits
        shift, rest = _apart(entry, limits[0][0], as_Add=True)
        factor, rest = _apart(rest, limits[0][0], as_Add=False)
        if not factor.is_positive:
            factor, rest = S.One, factor * rest
        omega = expand_mul(omega / factor)
        known = cls._known(mass, rest, omega, limits)
        if known is None:
            known = cls._made(Sum(mass * (P[limits[0][0]] * rest - omega), *limits))
        return factor * known + shift

    @classmethod
    def _made(cls, objective: Expr) -> Expr:
        made: Expr = Expr.__new__(cls, objective)
        return made

    @classmethod
    def _written_out(cls, objective: Expr) -> Expr:
        """Written out for a given n an objective is no sum any more: of one entry it is known, of several shown and not computed with."""
        shares = sorted((q for q in objective.atoms(Indexed) if q.base == P), key=str)
        if len(shares) != 1:
            return cls._made(objective)
        mass, entry, omega = _term(objective, shares[0].indices[0])
        return entry + cls._alike(mass, omega, shares[0])

    @classmethod
    def _known(cls, mass: Expr, entry: Expr, omega: Expr, limits: Any) -> Expr | None:
        """What is known in closed form: entries that are all the same, and the entropy of Shannon, whose maximum is a LogSumExp."""
        p, total = P[limits[0][0]], n if mass == 1 else Sum(mass, *limits)
        if entry == 0:
            return cls._alike(total, omega, p)
        found = as_tsallis(omega, p)
        if found is None or found[1] != 0 or found[0] == 0 or not found[0].is_nonnegative:
            return None
        head, _, linear, constant = found
        return cls._entropic(
            head * log(Sum(mass * exp(entry / head), *limits)), head + linear, linear + total * constant
        )

    @staticmethod
    def _alike(total: Expr, omega: Expr, p: Expr) -> Expr:
        raise NotImplementedError

    @staticmethod
    def _entropic(maximum: Expr, slope: Expr, rest: Expr) -> Expr:
        raise NotImplementedError

    @property
    def objective(self) -> Sum:
        return self.args[0]

    @property
    def free_symbols(self) -> set[Any]:
        return {q for q in self.objective.free_symbols if q not in (P, P.label) and getattr(q, "base", None) != P}

    @property
    def index(self) -> Symbol:
        """The index that the objective runs over."""
        return self.objective.limits[0][0]

    @property
    def parts(self) -> tuple[Expr, Expr, Expr]:
        """(mass, entry, omega) of the term at the index, omega in p[index]."""
        return _parts(self.objective)

    def _eval_is_real(self) -> bool:
        return True

    def at(self, index: Expr) -> Expr:
        """The maximiser's entry: g(entry - tau)."""
        _, entry, omega = self.parts
        return inverse_slope(entry.xreplace({self.index: index}) - Threshold(self.objective), omega, P[self.index])

    def solved(self, e: Expr) -> Expr:
        """An expression in p with the maximiser in its place."""
        return e.xreplace({part: self.at(part.indices[0]) for part in e.atoms(Indexed) if part.base == P})

    def balance(self, tau: Expr) -> Expr:
        """What falls in tau and is 0 at the threshold: sum_j mass g(entry - tau), less 1."""
        mass, entry, omega = self.parts
        return Sum(mass * inverse_slope(entry - tau, omega, P[self.index]), *self.objective.limits) - 1


class SimplexMaximum(_Node):
    """The maximum over the simplex of an objective sum_j p[j] x[j] - omega(p[j])."""

    @classmethod
    def _known(cls, mass: Expr, entry: Expr, omega: Expr, limits: Any) -> Expr | None:
        if omega == 0:
            return words.maximum(entry.base) if isinstance(entry, Indexed) else words.maximum(entry)
        return super()._known(mass, entry, omega, limits)

    @staticmethod
    def _alike(total: Expr, omega: Expr, p: Expr) -> Expr:
        return -total * omega.xreplace({p: 1 / total})

    @staticmethod
    def _entropic(maximum: Expr, slope: Expr, rest: Expr) -> Expr:
        return maximum - rest

    def _latex(self, printer: Any, exp: Any = None) -> str:
        mass, _, _ = self.parts
        simplex = r"\Delta" if mass == 1 else rf"\Delta_{{{printer._print(mass.base)}}}"
        text = rf"\max_{{p \in {simplex}}} {printer._print(self.objective)}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class Threshold(_Node):
    """The threshold tau of an objective: the multiplier of sum_j p[j] = 1."""

    @staticmethod
    def _alike(total: Expr, omega: Expr, p: Expr) -> Expr:
        return -slope(omega, p)(1 / total)

    @staticmethod
    def _entropic(maximum: Expr, slope: Expr, rest: Expr) -> Expr:
        return maximum - slope

    def _sympystr(self, printer: Any) -> str:
        return TAU.name

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return r"\tau" if exp is None else rf"\tau^{{{exp}}}"


class inverse(Function):
    """inverse(t, slope): the p >= 0 with omega'(p) = t, 0 where there is none; `slope` is omega' in `INNER`."""

    nargs = 2

    def _eval_is_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool:
        return True

    def fdiff(self, argindex: int = 1) -> Expr:
        slope = self.args[1]
        if argindex == 2:
            raise ValueError("the inverse of a slope is differentiated by what stands in it")
        return ramp(self, 0) / diff(slope, INNER).xreplace({INNER: self})

    @property
    def free_symbols(self) -> set[Any]:
        return self.args[0].free_symbols | (self.args[1].free_symbols - {INNER})


INNER = Dummy("p", positive=True)
"""What the slope of an inverse is a function of."""


def inverse_slope(t: Expr, omega: Expr, variable: Expr) -> Expr:
    """g(t): the p >= 0 with omega'(p) = t, 0 where t is below every slope.

    >>> from sympy.abc import p, t
    >>> inverse_slope(t, p**2 / 2, p), inverse_slope(t, p * log(p), p)
    (ramp(t, 1), exp(t - 1))
    """
    found = as_tsallis(omega, variable)
    if found is None:
        return inverse(t, slope(omega, variable)(INNER))
    head, order, linear, _ = found
    return qexp(((t - linear) / head - 1) / (1 + order), order)


def slope(omega: Expr, variable: Expr) -> Callable[[Expr], Expr]:
    """omega' as a function of p > 0."""
    p = Dummy("p", positive=True)
    derived = diff(omega.xreplace({variable: p}), p)
    return lambda value: derived.xreplace({p: S(value)})


def limit(e: Expr, parameter: Symbol, point: Expr) -> Expr | None:
    """The limit of an expression in maxima over the simplex and thresholds as a parameter tends to a point; None where no rule has it.

    The maximum changes by no more than sum_j omega(p_j) does at any p: so it is continuous where omega is, uniformly on [0, 1], and
    tends to max(x) where omega tends to 0. The maximiser is continuous where the regulariser stays strictly convex.
    """
    if point.is_infinite:
        return _flat(e, parameter, point)
    there = e.subs(parameter, point)
    if there.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return None
    if isinstance(e, SimplexMaximum):
        return there
    degenerate = any(node.subs(parameter, point).has(words.maximum) for node in e.atoms(_Node))
    return None if degenerate or there.has(words.maximum) else there


def _flat(e: Expr, parameter: Symbol, point: Expr) -> Expr | None:
    """max(x) where omega = A xqlog(p, r) tends to 0: |xqlog(p, r)| <= 1/r on [0, 1] for r > 0."""
    if not isinstance(e, SimplexMaximum):
        return None
    mass, entry, omega = e.parts
    found = as_tsallis(omega, P[e.index])
    if found is None or mass != 1 or found[2] != 0 or found[3] != 0 or point != S.Infinity:
        return None
    head, order = found[0], found[1]
    size = (head / order).subs(parameter, 1 / INNER)
    small = cancel(size)
    rises = order.as_poly(parameter)
    if rises is None or rises.degree() != 1 or not rises.LC().is_positive or small.xreplace({INNER: S.Zero}) != 0:
        return None
    return words.maximum(entry.base) if isinstance(entry, Indexed) else words.maximum(entry)


_HINT = "write it as Sum(p[j]*x[j] - omega(p[j]), (j, 1, n))"


def _parts(objective: Expr) -> tuple[Expr, Expr, Expr]:
    """mass (p entry - omega) taken apart; omega is 0 where there is none. Raises ValueError for an objective of any other form."""
    if not isinstance(objective, Sum) or len(objective.limits) != 1:
        raise ValueError(f"the objective {objective} is no sum over one index; {_HINT}")
    return _term(objective.function, objective.limits[0][0])


def _term(body: Expr, index: Expr) -> tuple[Expr, Expr, Expr]:
    outside: list[Expr] = []
    inside: list[Expr] = []
    for factor in Mul.make_args(body):
        (inside if factor.has(P, words.x) or not isinstance(factor, Indexed) else outside).append(factor)
    mass, inner = Mul(*outside), Mul(*inside)
    share, terms = P[index], Add.make_args(inner)
    linear = [t for t in terms if t.has(share) and not (t / share).has(P) and (t / share).has(words.x)]
    entry, omega = Add(*(t / share for t in linear)), -Add(*(t for t in terms if t not in linear))
    if omega.xreplace({share: INNER}).has(index) or (omega != 0 and not omega.has(P)):
        raise ValueError(f"omega={omega} is not the same function of each p[{index}]; {_HINT}")
    if omega.has(words.x) or (entry == 0 and not omega.has(P)):
        raise ValueError(f"{body} has no entry that p[{index}] stands beside; {_HINT}")
    return mass, entry, omega


def _apart(e: Expr, index: Symbol, as_Add: bool) -> tuple[Expr, Expr]:
    """What is free of an index, and the rest, of a sum or a product."""
    if e == 0:
        return (S.Zero, S.Zero) if as_Add else (S.One, S.Zero)
    free, rest = e.as_independent(index, as_Add=as_Add)
    return free, rest
