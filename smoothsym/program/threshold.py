"""A formula with a threshold, as it is computed: from the largest entry M, with the level, which is the threshold less M.

The maximiser's entry is a function of d = (x_j - M) - level. Where omega'(0) is finite, levels are measured from it: then p_j is a power
of d, and small ones keep their digits. Elsewhere it is written by d - omega'(1), which is 0 for an entry that has all the weight. Either
way that entry is 1 exactly, in floats as well, since the level is then the end of its bracket.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Dummy, Expr, Indexed, IndexedBase, KroneckerDelta, Mul, S, Sum, Symbol, cancel, expand, simplify
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


def origin(node: Any) -> Expr:
    """omega'(0) where that is known to be finite, else 0: what levels are measured from."""
    found = as_tsallis(node.parts[2], P[node.index])
    if found is None or not (found[1].is_Rational and found[1] > 0):
        return S.Zero
    head, order, linear, _ = found
    return expand(head + linear - head * (1 + order) / order)


def top_key(node: Any) -> Expr:
    """What the entry at `TOP` has the largest of."""
    node = node.node if isinstance(node, Level) else node
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
        e = _from_the_largest(e, threshold)
    return e


def _value(node: Any) -> Expr:
    """M + sum_j mass (p_j (x_j - M) - omega(p_j)), since p sums to 1."""
    mass, entry, omega = node.parts
    share = node.at(node.index)
    top = largest(node)
    return top + Sum(
        mass * (share * minus(entry, top) - omega.xreplace({P[node.index]: share})), *node.objective.limits
    )


def _careful(node: Any) -> Expr | None:
    """The value as M and what is positive beside it, so that no digit of a small excess is lost; None where it has no such form.

    By duality f = tau + sum_j psi(p_j), psi(p) = p omega'(p) - omega(p). For omega = A xqlog(p, r) + B p + C it is psi(p) = A p^(1 + r) - C,
    and tau = M - omega'(t), t the largest share. So, with y = (t^r - 1)/r <= 0, which is linear in the level,

        f = M - B - n C + A (t^(1 + r) - 1 - (1 + r) y) + A sum_(j not s) p_j^(1 + r)

    in which all terms beside the constants are positive, of the order of y^2 (and y^2 for r = 1) or of p_j^(1 + r); and an error of the
    level has no effect of the first order, as f is the least of all dual values.
    """
    mass, _, omega = node.parts
    found = as_tsallis(omega, P[node.index])
    if found is None or mass != 1:
        return None
    head, order, linear, constant = found
    j, share = node.index, node.at(node.index)
    others = 1 - KroneckerDelta(j, TOP)
    power = share.func(*share.args[:1], share.args[1] * (1 + order), *share.args[2:])
    if isinstance(share, qexp):
        power = qexp(share.args[0], share.args[1], 1 + order)
    one = simplify(slope(omega, P[j])(1) - origin(node))
    top = minus(-Level(node.objective), one) / (head * (1 + order))
    if order == 1:
        excess: Expr = times(top, top)
    else:
        log_top = select(times(order, order), over(log1p(times(order, top)), order), top)
        excess = minus(expm1(times(1 + order, log_top)), times(1 + order, top))
    beside = head * (excess + Sum(others * power, *node.objective.limits)) - linear - n * constant
    return largest(node) + beside


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
