"""A formula with a threshold, as it is computed: from the largest entry M, with the level, which is the threshold less M.

The maximiser's entry is a function of d = (x_j - M) - level. Where omega'(0) is finite, levels are measured from it: then p_j is a power
of d, and small ones keep their digits. Elsewhere it is written by d - omega'(1), which is 0 for an entry that has all the weight. Either
way that entry is 1 exactly, in floats as well, since the level is then the end of its bracket.

Floats have digits to lose in x_j - tau where many entries share: their programs take the entries p_j themselves (shares.py), of which
every power of that difference is one, and tau = M - omega'(p_s), s the position of M.
"""

from __future__ import annotations

from typing import Any

from sympy import (
    Add,
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    S,
    Sum,
    Symbol,
    cancel,
    expand,
    log,
    simplify,
)
from sympy.codegen.cfunctions import expm1, log1p

from smoothsym.program.ordered import minus, over, select, times
from smoothsym.symbolic.simplex import P, SimplexMaximum, Threshold, inverse, inverse_slope, slope
from smoothsym.symbolic.tsallis import as_tsallis, qexp, ramp
from smoothsym.words import maximum, n

LEVEL = Symbol("level_", real=True)
"""What the program of a level falls in."""

GAPS = IndexedBase("gaps_", real=True)
"""The entries less the largest one, in the program of a level."""

OVER = Symbol("r", integer=True)
"""The index that an extreme entry is taken over."""

ANCHORED = Symbol("anchored", integer=True)
"""The index over which the key of an anchor is compared: the anchor is the position of the key's largest value."""

TOP = Symbol("top_", integer=True)
"""The position of the largest entry."""

SLOPE = Symbol("slope_", real=True)
"""The argument of an inverse, in its program."""


class Level(Expr):
    """The threshold of an objective less the largest entry, and plus omega'(0) where that is finite: shares are then powers of gap - level."""

    is_commutative = True
    is_real = True

    @property
    def node(self) -> Any:
        return Threshold(self.args[0])

    @property
    def gap(self) -> Expr:
        """The entry at the index of the objective less the largest one."""
        _, entry, _ = self.node.parts
        return minus(entry, largest(self.node))

    @property
    def balance(self) -> Expr:
        """What falls in LEVEL and is 0 at the level, in GAPS."""
        node = self.node
        mass, _, omega = node.parts
        d = Dummy("d", real=True)
        share = inverse_slope(d, omega, P[node.index])
        gauged = share.replace(lambda e: isinstance(e, (qexp, ramp, inverse)), lambda e: _gauged(e, d, node))
        return Sum(mass * gauged.xreplace({d: minus(GAPS[node.index], LEVEL)}), *node.objective.limits) - 1

    @property
    def bracket(self) -> tuple[Expr, Expr]:
        """Between which numbers the level lies: the p_j of the largest entry is at least one share of the mass, and at most 1 / mass."""
        node = self.node
        mass, _, omega = node.parts
        rise, start = slope(omega, P[node.index]), origin(node)
        total = n if mass == 1 else Sum(mass, *node.objective.limits)
        return start - rise(1 / mass.xreplace({node.index: TOP})), start - rise(1 / total)


class Share(Expr):
    """The entry at an index of the maximiser of an objective, as floats compute it: for Tsallis entropies."""

    is_real = True
    is_nonnegative = True
    is_commutative = True

    @property
    def node(self) -> Any:
        return Threshold(self.args[0])

    @property
    def index(self) -> Expr:
        return self.args[1]

    @property
    def scale(self) -> tuple[Expr, Expr]:
        """(A (1 + r), r): p_j^r - p_s^r = r (x_j - x_s)/(A (1 + r))."""
        head, order = _tsallis(self.node)[:2]
        return cancel(head * (1 + order)), order


def origin(node: Any) -> Expr:
    """omega'(0) where that is known to be finite, else 0: what levels are measured from."""
    found = as_tsallis(node.parts[2], P[node.index])
    if found is None or not (found[1].is_Rational and found[1] > 0):
        return S.Zero
    head, order, linear, _ = found
    return expand(head + linear - head * (1 + order) / order)


def top_key(node: Any) -> Expr:
    """What the entry at `TOP` has the largest of."""
    node = node.node if isinstance(node, (Level, Share)) else node
    key: Expr = node.parts[1].xreplace({node.index: ANCHORED})
    return key


def largest(node: Any) -> Expr:
    """The largest entry."""
    _, entry, _ = node.parts
    return maximum(entry.base) if isinstance(entry, Indexed) else maximum(entry.xreplace({node.index: OVER}))


def written_out(e: Expr, floats: bool = False) -> Expr:
    """The formula with every maximum over the simplex and every threshold as they are computed; with `floats`, with care for their precision."""
    for node in sorted(e.atoms(SimplexMaximum), key=str):
        e = e.xreplace({node: (_careful(node) if floats else None) or _value(node)})
    for threshold in sorted(e.atoms(Threshold), key=str):
        shared = floats and _tsallis(threshold) is not None
        e = (_from_the_shares if shared else _from_the_largest)(e, threshold)
    return e


def _tsallis(node: Any) -> Any:
    """(A, r, B, C) of a regulariser A xqlog(p, r) + B p + C, None for any other."""
    return as_tsallis(node.parts[2], P[node.index])


def _value(node: Any) -> Expr:
    """M + sum_j mass (p_j (x_j - M) - omega(p_j)), since p sums to 1."""
    mass, entry, omega = node.parts
    share = node.at(node.index)
    top = largest(node)
    lost = _from_zero(omega, P[node.index]).xreplace({P[node.index]: share})
    return top + Sum(mass * (share * minus(entry, top) - lost), *node.objective.limits)


def _from_zero(omega: Expr, p: Expr) -> Expr:
    """With every p^a log(p)^k as what it is at p = 0, too: a share that underflows leaves nothing.

    >>> _from_zero(n * P[1] * log(P[1]) + P[1] ** 2, P[1])
    n*ramp(p[1], 1, 1) + p[1]**2
    """

    def clipped(term: Expr) -> Expr:
        powers = term.as_powers_dict()
        a, k = powers.get(p, S.Zero), powers.get(log(p), S.Zero)
        if not (a.is_positive and k.is_Integer and k > 0):
            return term
        return term / (p**a * log(p) ** k) * ramp(p, a, k)

    return Add(*map(clipped, Add.make_args(omega)))


def _careful(node: Any) -> Expr | None:
    """The value as M and what is positive beside it, so that no digit of a small excess is lost; None where it has no such form.

    By duality f = tau + sum_j psi(p_j), psi(p) = p omega'(p) - omega(p). For omega = A xqlog(p, r) + B p + C it is psi(p) = A p^(1 + r) - C,
    and tau = M - omega'(t), t the largest share. So, with y = (t^r - 1)/r <= 0,

        f = M - B - n C + A e(t) + A sum_(j not s) p_j^(1 + r),     e(t) = t^(1 + r) - 1 - (1 + r) y = (1 - t^r (1 + r (1 - t)))/r

    in which all terms beside the constants are positive, e of the order of (1 - t)^2; and an error of t has no effect of the first
    order, as f is the least of all dual values. e is computed as -expm1(r log(t) + log1p(r (1 - t)))/r, which is t - 1 - log(t) for r = 0.
    """
    found = _tsallis(node)
    if found is None or node.parts[0] != 1:
        return None
    head, order, linear, constant = found
    j, top = node.index, Share(node.objective, TOP)
    others = 1 - KroneckerDelta(j, TOP)
    if order == 1:
        excess: Expr = times(minus(top, 1), minus(top, 1))
    else:
        away = minus(1, top)
        product = times(order, log(top)) + log1p(times(order, away))
        excess = -select(times(order, order), over(expm1(product), order), log(top) + away)
    powers = Sum(others * ramp(Share(node.objective, j), 1 + order), *node.objective.limits)
    return largest(node) + head * (excess + powers) - linear - n * constant


def _from_the_shares(e: Expr, threshold: Any) -> Expr:
    """Every power of an entry less the threshold as one of a share: 1 + r t is p^r where p = [1 + r t]_+^(1/r), and t is log p for r = 0."""
    index, tau, order = threshold.index, Dummy("tau", real=True), _tsallis(threshold)[1]
    base = threshold.at(index)
    line = base.args[0].xreplace({threshold: tau})

    def shared(part: Expr) -> Expr:
        t = part.args[0].xreplace({threshold: tau})
        places = {q.indices[0] for q in t.atoms(Indexed)}
        place = places.pop() if len(places) == 1 else index
        if expand(t - line.xreplace({index: place})) != 0:
            return part
        share = Share(threshold.objective, place)
        if isinstance(part, qexp):
            return ramp(share, part.args[2])
        # ramp(p^r, a, k) = r^k ramp(p, r a, k).
        return order ** part.args[2] * ramp(share, order * part.args[1], part.args[2])

    e = e.replace(lambda part: isinstance(part, base.func) and part.args[0].has(threshold), shared)
    return e.xreplace(
        {threshold: largest(threshold) - slope(threshold.parts[2], P[index])(Share(threshold.objective, TOP))}
    )


def _from_the_largest(e: Expr, threshold: Any) -> Expr:
    top, level = largest(threshold), Level(threshold.objective)
    tau = Dummy("tau", real=True)

    def gauged(part: Expr) -> Expr:
        d = Dummy("d", real=True)
        found = _distance(part.args[0].xreplace({threshold: tau}), tau)
        if found is None:
            return part
        rate, place, rest = found
        linear = part.func(rate * d + rest, *part.args[1:])
        return _gauged(linear, d, threshold).xreplace({d: minus(minus(place, top), level)})

    e = e.replace(lambda part: isinstance(part, (qexp, ramp, inverse)) and part.args[0].has(threshold), gauged)
    return e.xreplace({threshold: top + level - origin(threshold)})


def _distance(t: Expr, tau: Expr) -> tuple[Expr, Expr, Expr] | None:
    """(a, x, b) with t = a (x - tau) + b, x made of entries."""
    line = expand(t)
    rate = -line.coeff(tau)
    if rate == 0 or line.coeff(tau, 2) != 0:
        return None
    terms = Add.make_args(line.coeff(tau, 0))
    place = cancel(Add(*(term for term in terms if term.has(Indexed))) / rate)
    rest = Add(*(term for term in terms if not term.has(Indexed)))
    return cancel(rate), place, rest


def _gauged(part: Expr, d: Expr, node: Any) -> Expr:
    """A power of a line in d, the entry less the threshold, in the distance from `origin`, by which it is 0, or else by that from omega'(1)."""
    if isinstance(part, inverse):
        return part
    start, one = origin(node), slope(node.parts[2], P[node.index])(1)
    t = expand(part.args[0])
    rate = cancel(t.coeff(d))
    if isinstance(part, ramp) and simplify(t.xreplace({d: start})) == 0:
        return part.func(rate * d, *part.args[1:])
    at_one = S.One if isinstance(part, ramp) else S.Zero
    if start == 0 and simplify(t.xreplace({d: one}) - at_one) == 0:
        return part.func(at_one + Mul(rate, minus(d, one)), *part.args[1:])
    return part.func(rate * d + t.xreplace({d: start}), *part.args[1:])
