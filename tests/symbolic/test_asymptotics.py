"""Limits, against the operator itself at a parameter so large that the limit shows."""

import math

import mpmath
import pytest
from diagonal import diagonal
from sympy import (
    Abs,
    Eq,
    IndexedBase,
    Max,
    Min,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    cosh,
    erf,
    exp,
    log,
    oo,
    sign,
    sqrt,
    zoo,
)

import smoothsym as ss
from smoothsym.certify.special import evaluate
from smoothsym.symbolic import moments
from smoothsym.symbolic.asymptotics import Undecided, limit, series
from smoothsym.symbolic.derivatives import partial
from smoothsym.words import Delta, alpha, eps, i, j, k, m, m2, maximum, minimum, n, p, rho, x

EXPLICIT = [op for op in ss.operators.values() if op.explicit]
CASES = [(op, side) for op in EXPLICIT for side in (1, -1) if side > 0 or not op.parameter.is_nonnegative]


def point(op):
    if op.arity is not None:
        return [3, -1][: op.arity]
    return [3, 1, 3, 2] if op.domain == "positive" else [3, 1, 3, -2]


def near(op, of, parameter, position=None):
    value = ss.enclose(op, point(op), of=of, digits=20, **{op.parameter.name: parameter})
    return float((value if position is None else value[position]).mid)


@pytest.mark.parametrize(("op", "side"), CASES, ids=lambda v: getattr(v, "name", v))
def test_limits_of_values_and_gradients(op, side) -> None:
    claim = op.limit(side * oo)
    for position in range(len(point(op))) if op.vector else (None,):
        truth = float(evaluate(claim, point(op), 1, op.kind, position))
        value = near(op, "value", side * 10**5, position)
        assert abs(value - truth) < 1e-4 if math.isfinite(truth) else value * truth > 100
    if op.vector:
        return  # its gradient is a matrix
    for position in range(len(point(op))) if op.rank("gradient") else (None,):
        slope = float(evaluate(op.limit(side * oo, of="gradient"), point(op), 1, op.kind, position))
        found = near(op, "gradient", side * 10**5, position)
        assert abs(found - slope) < 1e-2 if op.parameter.is_nonnegative else abs(found - slope) < 1e-4
        assert abs(found - 2 * slope) > 1e-2 or slope == 0


@pytest.mark.parametrize("name", ["boltzmann", "mellowmax"])
def test_the_mean_at_zero(name) -> None:
    op = ss.operators[name]
    assert op.limit(0) == ss.mean(ss.x)
    assert abs(near(op, "value", mpmath.mpf(10) ** -20) - 1.25) < 1e-15


def test_the_pole_of_logsumexp() -> None:
    assert ss.logsumexp.limit(0) == zoo
    assert ss.logsumexp.limit(0, direction="+") == oo
    assert ss.logsumexp.limit(0, direction="-") == -oo
    assert ss.logsumexp.series(0, 1) == log(n) / alpha + ss.mean(ss.x)


def test_the_p_norm_towards_zero_differs_by_side() -> None:
    with pytest.raises(Undecided, match="direction"):
        ss.pnorm.limit(0)
    assert ss.pnorm.limit(0, direction="+") == oo
    assert ss.pnorm.limit(0, direction="-") == 0


def test_a_head_that_may_vanish_is_told_apart() -> None:
    """At max x = 0 the largest entries drop out of sum x exp(alpha x), and the second level answers."""
    top = ss.maximum(ss.x)
    gini = Sum(x[j] ** 2 * exp(alpha * x[j]), (j, 1, n)) / Sum(x[j] * exp(alpha * x[j]), (j, 1, n))
    assert limit(gini, alpha, oo) == Piecewise((-ss.Delta, Eq(top, 0)), (top, True))
    assert limit(gini, alpha, oo, positive=True) == top
    assert limit(gini.subs(alpha, -alpha), alpha, oo, positive=True) == ss.minimum(ss.x)


def test_which_of_two_terms_grows_faster_is_told_apart() -> None:
    assert limit(log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, oo) == Max(0, ss.maximum(ss.x))
    assert limit(log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha, -oo) == Min(0, ss.minimum(ss.x))
    softplus = log(1 + exp(alpha * x[1])) / alpha
    assert limit(softplus, alpha, oo) == Max(0, x[1])
    assert limit(exp(alpha * x[1]) / (1 + exp(alpha * x[1])), alpha, oo) == Piecewise(
        (1, x[1] > 0), (Rational(1, 2), Eq(x[1], 0)), (0, True)
    )


def test_positive_families_and_weights() -> None:
    lehmer = Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n))
    powermean = (Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p)
    assert limit(lehmer, p, oo, positive=True) == ss.maximum(ss.x)
    assert limit(lehmer, p, -oo, positive=True) == ss.minimum(ss.x)
    assert limit(lehmer, p, 1, positive=True) == ss.mean(ss.x)
    assert limit(lehmer, p, 0, positive=True) == n / Sum(1 / x[j], (j, 1, n))
    assert limit(powermean, p, oo, positive=True) == ss.maximum(ss.x)
    geometric = exp(Sum(log(x[j]), (j, 1, n)) / n)
    assert moments.equal(limit(powermean, p, 0, positive=True), geometric)
    w = IndexedBase("w", positive=True)
    weighted = log(Sum(w[j] * exp(alpha * x[j]), (j, 1, n))) / alpha
    assert limit(weighted, alpha, oo) == ss.maximum(ss.x)
    with pytest.raises(Undecided, match="weights"):
        limit(log(Sum(w[j] * exp(alpha * x[j]), (j, 1, n))) - alpha * ss.maximum(ss.x), alpha, oo)


def test_series_at_infinity_have_the_next_order_term() -> None:
    top, m, m2, gap = ss.maximum(ss.x), ss.m, ss.m2, ss.Delta
    assert ss.boltzmann.series(oo) == top - gap * m2 / m * exp(-alpha * gap)
    assert ss.logsumexp.series(oo) == top + log(m) / alpha + m2 / (m * alpha) * exp(-alpha * gap)
    assert ss.boltzmann.series(-oo) == ss.minimum(ss.x) + gap * m2 / m * exp(alpha * gap)
    largest = ss.maximum(Abs(ss.x))
    terms = ss.pnorm.series(oo, order=3)
    expected = largest * (1 + log(m) / p + log(m) ** 2 / (2 * p**2) + m2 / (m * p) * rho**p)
    assert moments.is_zero(terms - expected)


def test_other_points_and_functions() -> None:
    assert limit(log(cosh(alpha * x[1])) / alpha, alpha, 0) == 0
    assert limit(log(cosh(alpha * x[1])) / alpha, alpha, oo) == Max(x[1], -x[1])
    smu = (x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps)) / 2
    assert limit(smu, eps, 0) == (x[1] + x[2] + Abs(x[1] - x[2])) / 2
    assert limit(smu, eps, oo) == oo
    assert series(log(cosh(alpha * x[1])) / alpha, alpha, 0, 2) == alpha * x[1] ** 2 / 2
    assert ss.logsumexp.limit(1) == ss.logsumexp.definition.subs(alpha, 1)


def test_the_maximum_of_the_entries_is_not_that_of_their_moduli() -> None:
    norm = Sum(Abs(x[j]) ** p, (j, 1, n)) ** (1 / p)
    assert limit(norm - ss.maximum(Abs(x)), p, oo) == 0
    with pytest.raises(Undecided):
        limit(norm - ss.maximum(x), p, oo)  # 1 at (-2, 1)


def test_out_of_reach_is_undecided_and_never_wrong() -> None:
    two_gaps = log(Sum(exp(alpha * x[j]), (j, 1, n)) + Sum(exp(alpha * x[j] ** 2), (j, 1, n))) / alpha
    with pytest.raises(Undecided):
        limit(two_gaps, alpha, oo)
    with pytest.raises(Undecided):
        limit(1 / (alpha + Sum(x[j], (j, 1, n))), alpha, 0)  # whether sum x vanishes is not known


@pytest.mark.sampled
@pytest.mark.parametrize(("case", "tied"), diagonal(CASES, [True, False]))
def test_limits_of_hessians_and_jacobians_entry_by_entry(case, tied) -> None:
    """At ties they diverge, off them they do not: each entry at three parameters, ever closer to its limit."""
    op, side = case
    x0 = point(op) if tied else [3, -1] if op.arity is None and op.domain == "real" else [3, 1][: op.arity]
    x0 = [3, 3] if tied and op.arity == 2 else [0] if tied and op.arity == 1 else x0
    of = "gradient" if op.vector else "hessian"
    points = [oo * side] if not op.parameter.is_nonnegative else [oo, 0]
    for at in points:
        claim = op.limit(at, of=of)
        powers = (6, 9, 12) if op.parameter.is_nonnegative else (2, 3, 4)
        steps = [side * mpmath.mpf(10) ** (q if at else -q) for q in powers]
        found = [ss.enclose(op, x0, of=of, digits=12, **{op.parameter.name: step}) for step in steps]
        scalar = op.arity == 1
        for a in range(len(x0)):
            for b in range(len(x0)):
                truth = float(evaluate(claim, x0, 1, op.kind, (a, b)))
                values = [float((f if scalar else f[a, b]).mid) for f in found]
                assert truth == truth
                if math.isfinite(truth):
                    off = [abs(value - truth) for value in values]
                    assert off[2] < 1e-3 and (off[2] < off[0] or off[0] == 0)
                else:
                    assert values[2] * truth > 0 and abs(values[2]) > 5 * abs(values[1]) > 25 * abs(values[0])


FIRM = log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha
HALF = log(Sum(exp(2 * alpha * x[j]), (j, 1, n)) / Sum(exp(alpha * x[j]), (j, 1, n))) / alpha
GINI = Sum(x[j] ** 2 * exp(alpha * x[j]), (j, 1, n)) / Sum(x[j] * exp(alpha * x[j]), (j, 1, n))


OWN = {"firm": FIRM, "half": HALF, "gini": GINI}
TIES = [[3, 1, 3], [3, 1, 2], [0, -1, 0], [-1, -2, -3], [-1, -1, -2]]


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "row", "side"), diagonal(OWN, TIES, [1, -1]))
def test_limits_of_hessians_of_ones_own(name, row, side) -> None:
    definition = OWN[name]
    if name == "gini" and min(row) < 0:
        row = [v + 4 for v in row]
    op = ss.SmoothMax(name=name, definition=definition, domain="positive" if name == "gini" else "real")
    claim = op.limit(side * oo, of="hessian")
    found = [ss.enclose(op, row, of="hessian", digits=12, alpha=side * 10**q) for q in (3, 5)]
    for a in range(3):
        for b in range(3):
            truth = float(evaluate(claim, row, 1, "entry", (a, b)))
            near, far = (float(f[a, b].mid) for f in found)
            assert abs(far - truth) < 1e-3 if math.isfinite(truth) else far * truth > 0 and abs(far) > 50 * abs(near)


def test_alternatives_of_one_value_stand_together() -> None:
    claim = limit(partial(partial(FIRM, x[i]), x[k]), alpha, oo)
    assert len(claim.args) == 3
    apart = Abs(x[1] - x[2])
    assert limit(sqrt(apart**2 + 1 / alpha), alpha, oo) == Piecewise((0, Eq(x[1], x[2])), (apart, True))
    with pytest.raises(Undecided, match="not positive"):
        limit(sqrt(apart**2 + 1 / alpha), alpha, -oo)  # no number where x1 = x2


def test_a_tie_of_one_is_no_tie() -> None:
    """The coefficient of alpha at the diagonal, 2/m - 2/m^2, vanishes for m = 1."""
    diagonal = ss.boltzmann.limit(oo, of="hessian")
    assert evaluate(diagonal, [1, 0], 1, "entry", (0, 0)) == 0
    assert evaluate(diagonal, [1, 1], 1, "entry", (0, 0)) == math.inf
    assert evaluate(diagonal, [1, 1], 1, "entry", (0, 1)) == -math.inf


def value_of(e, row) -> mpmath.mpf:
    """A formula at a row, with 60 digits."""
    written = e.subs(n, len(row)).replace(lambda q: isinstance(q, Sum), lambda q: q.doit())
    moments_of = {ss.mean(ss.x): Rational(sum(row), len(row))}
    return mpmath.mpf(written.xreplace(moments_of).xreplace({x[q]: v for q, v in enumerate(row, 1)}).evalf(60))


@pytest.mark.parametrize(
    ("op", "row"),
    [
        (ss.smu, [3, 1]),
        (ss.smu, [1, 3]),
        (ss.smu, [2, 2]),
        (ss.smoothabs, [2]),
        (ss.smoothabs, [-2]),
        (ss.smoothabs, [0]),
        (ss.pnorm, [3, -1, 2]),
    ],
    ids=str,
)
def test_series_at_zero_are_as_close_as_they_say(op, row) -> None:
    """Half roots where entries tie, n^(1/p) before the p-norm's: what is left falls as the power that is said to be left out."""
    q = op.parameter
    row = [Rational(v) for v in row]
    expansion = op.series(0, order=3)
    with mpmath.workdps(60):
        left = []
        for small in (Rational(1, 100), Rational(1, 200)):
            exact = value_of(op.definition.subs(q, small), row)
            left.append(abs(value_of(expansion.subs(q, small), row) / exact - 1))
        assert left[0] < mpmath.mpf("1e-4") and (left[1] < 1e-40 or 6 < left[0] / left[1] < 10)


def test_the_p_norm_blows_up_with_the_signs_of_its_entries() -> None:
    assert ss.pnorm.limit(0, of="gradient", direction="+") == oo * sign(x[i])
    assert ss.pnorm.limit(0, of="gradient", direction="-") == 0
    steep = ss.enclose(ss.pnorm, [2, -3], p=Rational(1, 50), of="gradient", digits=5)
    assert float(steep[0].mid) > 1e12 and float(steep[1].mid) < -1e12
    assert limit(x[1] ** 2 / alpha, alpha, 0, "+") == Piecewise((0, Eq(x[1], 0)), (oo, True))


def test_a_series_in_a_root_has_one_side() -> None:
    with pytest.raises(Undecided, match="fractional"):
        series(sqrt(alpha**2 * x[1] ** 2 + alpha), alpha, 0, 3)
    assert limit(sqrt(alpha + alpha**2), alpha, 0, "+") == 0


def test_ties_at_one_end_are_not_those_at_the_other() -> None:
    """log sum exp(a x) + log sum exp(-a x) - a (max - min) tends to the logarithms of two multiplicities, of which only one has a word."""
    ends = log(Sum(exp(alpha * x[j]), (j, 1, n))) + log(Sum(exp(-alpha * x[j]), (j, 1, n)))
    with pytest.raises(Undecided, match="both ends"):
        limit(ends - alpha * (ss.maximum(x) - ss.minimum(x)), alpha, oo)
    assert limit(ends / alpha, alpha, oo) == ss.maximum(x) - ss.minimum(x)


BY_ERF = (x[1] + x[2] + (x[1] - x[2]) * erf(alpha * (x[1] - x[2]))) / 2


def test_erf_tends_faster_than_any_exponential() -> None:
    slope = partial(BY_ERF, x[1])
    assert limit(BY_ERF, alpha, oo) == Max(x[1], x[2]) and limit(BY_ERF, alpha, -oo) == Min(x[1], x[2])
    assert limit(BY_ERF, alpha, 0) == (x[1] + x[2]) / 2
    assert limit(slope, alpha, oo) == Piecewise((1, x[1] > x[2]), (Rational(1, 2), Eq(x[1], x[2])), (0, True))
    assert limit(partial(slope, x[1]), alpha, oo) == Piecewise((oo, Eq(x[1], x[2])), (0, True))
    near = series(BY_ERF, alpha, 0, 4).subs({x[1]: 2, x[2]: 1, alpha: Rational(1, 100)}).evalf(30)
    assert abs(near - BY_ERF.subs({x[1]: 2, x[2]: 1, alpha: Rational(1, 100)}).evalf(30)) < 1e-10
    assert limit((1 - erf(alpha)) * exp(alpha), alpha, oo) == 0
    with pytest.raises(Undecided):
        limit((1 - erf(alpha)) * exp(alpha**2), alpha, oo)


def test_what_speaks_of_the_second_level_is_undecided() -> None:
    """(S - M + Delta m2/m e^(-alpha Delta)) e^(3 alpha Delta / 2) diverges where a third level is 1.2 Delta below."""
    level = Delta * m2 / m * exp(-alpha * Delta)
    beyond = (ss.boltzmann.definition - maximum(x) + level) * exp(3 * alpha * Delta / 2)
    with pytest.raises(Undecided, match="second level"):
        ss.boltzmann.limit(oo, of=beyond)


T = Symbol("T", positive=True)
HOT = {  # What a temperature is one over.
    "logsumexp": T * log(Sum(exp(x[j] / T), (j, 1, n))),
    "mellowmax": T * log(Sum(exp(x[j] / T), (j, 1, n)) / n),
    "boltzmann": Sum(x[j] * exp(x[j] / T), (j, 1, n)) / Sum(exp(x[j] / T), (j, 1, n)),
}


@pytest.mark.parametrize("name", HOT)
def test_a_temperature_is_one_over_the_parameter(name):
    cold, hot, t = ss.operators[name], HOT[name], Symbol("T", real=True)
    signed = hot.xreplace({T: t})
    assert limit(hot, T, 0) == limit(hot, T, 0, "+") == cold.limit(oo) == maximum(x)
    assert limit(signed, t, 0, "-") == cold.limit(-oo) == minimum(x)
    assert limit(hot, T, oo) == cold.limit(0, direction="+") and limit(signed, t, -oo) == cold.limit(0, direction="-")
    assert limit(hot, T, 2) == limit(hot, T, 2, "-") == cold.limit(Rational(1, 2))
    for ours, its in ((oo, 0), (0, oo)):
        assert series(hot, T, ours, 3) == cold.series(its, 3).subs(cold.parameter, 1 / T)
    with pytest.raises(Undecided, match=r"the two sides of T = 0 are maximum\(x\) and minimum\(x\); give a direction"):
        limit(signed, t, 0)


def test_what_is_in_the_way_is_told_of_what_was_given():
    with pytest.raises(Undecided, match="not linear in T"):
        limit(log(Sum(exp(T * x[j] + x[j] / T), (j, 1, n))), T, oo)
