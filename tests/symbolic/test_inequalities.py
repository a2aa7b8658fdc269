"""Each kind of certificate proves what is true, each of what is nearly true is left open, and no certificate survives tampering."""

from dataclasses import replace

import pytest
from sympy import Abs, Add, And, Dummy, Indexed, Rational, S, Sum, cosh, exp, log, sign, sqrt

import smoothsym as ss
from smoothsym.symbolic.assumptions import instances, ranges, under
from smoothsym.symbolic.certificates import Association, Bernoulli, Certificate, Total
from smoothsym.symbolic.derivatives import partial_parameter as by
from smoothsym.symbolic.inequalities import certificate, quadratic_form
from smoothsym.symbolic.monotone import Cases, EitherSign, Rising
from smoothsym.words import alpha, c, eps, i, j, maximum, mean, minimum, n, p, v, x

OVER = (j, 1, n)
B, L, M, N = (ss.operators[name].definition for name in ("boltzmann", "logsumexp", "mellowmax", "pnorm"))
POWER, LEHMER, SOFTPLUS, LOGCOSH, MODULUS, SMU = (
    ss.operators[name].definition for name in ("powermean", "lehmer", "softplus", "logcosh", "smoothabs", "smu")
)
R = maximum(x) - minimum(x)
t, d = x[1], x[1] - x[2]
top = (x[1] + x[2] + Abs(d)) / 2
positive = alpha > 0


def along(e, times):
    """The derivative along v."""
    step = Dummy("t", real=True)
    moved = e.xreplace({q: q + step * v[q.indices[0]] for q in e.atoms(Indexed) if q.base == x})
    return by(moved, step, times).xreplace({step: S.Zero})


def near(larger, smaller, when, domain="real", constant=None):
    """larger - smaller, what it is if a constant in it is 1% too small (None where there is no such constant), and where."""
    return larger - smaller, None if constant is None else larger - constant / 100 - smaller, (when, domain)


hoeffding, popoviciu = alpha * R**2 / 8, alpha * R**2 / 4
spread = (maximum(v) - minimum(v)) * alpha * along(L, 2)
low_share, high_share = And(p > 0, p <= 1), And(p >= 1, p <= 2)
mass = Sum(ss.powermean.gradient, (i, 1, n))
y = 1 / (1 + exp(-c))
shares = y * log(y) + (1 - y) * log(1 - y)
bent = quadratic_form(ss.lehmer.hessian)

SHARP = {
    "mellowmax below its Hoeffding bound": near(mean(x) + hoeffding, M, positive, constant=hoeffding),
    "Boltzmann below its Popoviciu bound": near(mean(x) + popoviciu, B, positive, constant=popoviciu),
    "Popoviciu": near(R**2 / 4, by(B, alpha), True, constant=R**2 / 4),
    "d mellowmax/d alpha": near(R**2 / 8, by(M, alpha), positive, constant=R**2 / 8),
    "d mellowmax/d alpha by log n": near(log(n) / alpha**2, by(M, alpha), positive, constant=log(n) / alpha**2),
    "an entropy is at most log n": near(log(n) / alpha, L - B, positive, constant=log(n) / alpha),
    "LogSumExp is convex in alpha": near(by(L, alpha, 2), 0, positive),
    "log sum |x|^p is convex in p": near(by(p * log(N), p, 2), 0, p > 0),
    "log N is convex in 1/p": near(p**2 * by(p**2 * by(log(N), p), p), 0, p > 0),
    "self-concordance": near(spread, along(L, 3), positive, constant=spread),
    "self-concordance from below": near(spread, -along(L, 3), positive, constant=spread),
    "power means rise": near(by(POWER, p), 0, True, "positive"),
    "Lehmer means rise": near(by(LEHMER, p), 0, True, "positive"),
    "the mass of a power mean's gradient": near(S.One, mass, p >= 1, "positive", constant=S.One),
    "the same below 1": near(mass, S.One, low_share, "positive", constant=mass),
    "Lehmer above the power mean": near(LEHMER, POWER, p >= 1, "positive", constant=LEHMER),
    "Lehmer is monotone between 0 and 1": near(ss.lehmer.gradient, 0, And(p >= 0, p <= 1), "positive"),
    "Lehmer is convex between 1 and 2": near(bent, 0, high_share, "positive"),
    "Lehmer is concave between 0 and 1": near(-bent, 0, And(p >= 0, p <= 1), "positive"),
    "softplus above the positive part": near(SOFTPLUS, (t + Abs(t)) / 2, positive, constant=SOFTPLUS),
    "softplus below it and log 2": near((t + Abs(t)) / 2 + log(2) / alpha, SOFTPLUS, positive, constant=log(2) / alpha),
    "softplus bends by alpha/4": near(alpha / 4, ss.softplus.hessian, positive, constant=alpha / 4),
    "softplus is convex in alpha": near(by(SOFTPLUS, alpha, 2), 0, positive),
    "log-cosh below the modulus": near(Abs(t), LOGCOSH, positive, constant=Abs(t)),
    "log-cosh above it less log 2": near(LOGCOSH, Abs(t) - log(2) / alpha, positive, constant=log(2) / alpha),
    "log-cosh below the parabola": near(alpha * t**2 / 2, LOGCOSH, positive, constant=alpha * t**2 / 2),
    "log-cosh bends by alpha": near(alpha, ss.logcosh.hessian, positive, constant=alpha),
    "the smooth modulus bends by 1/sqrt(eps)": near(
        1 / sqrt(eps), ss.smoothabs.hessian, eps > 0, constant=1 / sqrt(eps)
    ),
    "the smooth modulus within sqrt(eps)": near(Abs(t) + sqrt(eps), MODULUS, eps > 0, constant=sqrt(eps)),
    "the conjugate of softplus": near(SOFTPLUS + shares / alpha, y * t, positive, constant=-shares / alpha),
    "the conjugate of the smooth modulus": near(
        MODULUS, (c * t + sqrt(eps)) / sqrt(1 + c**2), eps > 0, constant=MODULUS
    ),
    "the smooth maximum unit within sqrt(eps)/2": near(top + sqrt(eps) / 2, SMU, eps > 0, constant=sqrt(eps) / 2),
}


@pytest.mark.sampled
@pytest.mark.parametrize("name", SHARP)
def test_what_is_true_has_a_certificate_that_is_checked_again(name: str) -> None:
    claim, _, where = SHARP[name]
    found = certificate(claim, *where)
    assert found is not None
    assert found.check()


@pytest.mark.parametrize("name", [name for name, (_, false, _) in SHARP.items() if false is not None])
def test_a_constant_one_percent_too_small_has_none(name: str) -> None:
    _, false, where = SHARP[name]
    assert certificate(false, *where) is None


@pytest.mark.parametrize("name", SHARP)
def test_the_sign_turned_has_none(name: str) -> None:
    claim, _, where = SHARP[name]
    assert certificate(-claim, *where) is None


# ---- what no sampled point need show ------------------------------------------------------------------------------------------

far = Rational(10**9)
a = Dummy("a", positive=True)
FALSE_AND_HIDDEN = {
    "a jump far out": (t - (sign(t - far) + 1) * 10**9 + far * 100, True),
    "a pole far out": (1 / (far - a), True),
    "a parabola that dips": ((a - far) ** 2 - Rational(1, 10), True),
    "negative beyond what is sampled": (far - a, True),
    "negative near the end": (a - 1 / far, True),
    "rising from below zero": (alpha - 1 / far, positive),
    "an end that is left out": (p + 1 - (1 + 1 / far), And(p > 0, p < 1)),
    "an end that is counted": (1 - p - 1 / far, And(p >= 0, p <= 1)),
    "a kink that turns down": (2 * far - Abs(a - far), True),
    "a logarithm with a pole": (log(Abs(a - far)) + 100, True),
    "below the largest of another vector": (maximum(x) - v[j] + far, True),
    "the largest of another function": (maximum(x) - Abs(x[j]) + far, True),
    "less than the largest twice": (2 * maximum(x) - x[1] + far, True),
    "entries outside of the vector": (Sum(maximum(x) - x[j] + far, (j, 1, 2 * n)), True),
}


@pytest.mark.sampled
@pytest.mark.parametrize("name", FALSE_AND_HIDDEN)
def test_what_floats_do_not_see_is_no_proof(name: str) -> None:
    claim, when = FALSE_AND_HIDDEN[name]
    assert certificate(claim, when) is None


# ---- tampering ----------------------------------------------------------------------------------------------------------------


def one(name: str) -> Certificate:
    claim, _, where = SHARP[name]
    found = certificate(claim, *where)
    assert found is not None
    return found


def test_a_rising_certificate_is_held_to_each_of_its_parts() -> None:
    good = one("Boltzmann below its Popoviciu bound")
    assert isinstance(good, Rising)
    assert good.check()
    other = certificate(alpha, positive)
    for change in (
        {"end": S.Infinity},
        {"end": S.One},
        {"power": 1},
        {"by": p},
        {"by": x.label},
        {"by": n},
        {"slope": other},
        {"limit": other},
        {"slope": good.limit},
        {"when": True},
        {"expression": good.expression - 1},
        {"ends": (other,)},
    ):
        assert not replace(good, **change).check(), change


def test_an_end_that_is_counted_is_shown() -> None:
    at_one = certificate(S.Zero, And(p >= 0, p <= 1))
    assert at_one is not None
    claim = p * (1 - p) * exp(p) + p
    whole = And(p >= 0, p <= 1)
    assert instances(claim, whole)[-1] == 1
    assert ranges(whole)[p].ends == (0, 1)
    with pytest.raises(ValueError, match="two ends"):
        under(p, whole)


def test_one_symbol_does_not_stand_for_another() -> None:
    when = And(positive, p > 0)
    assert certificate(alpha + p, when) is not None
    assert certificate(alpha * p - p**2 + far, when) is None
    (difference,) = instances(alpha - p, when)
    assert difference != 0


def test_cases_are_held_to_each_of_their_parts() -> None:
    good = one("log-cosh below the modulus")
    assert isinstance(good, Cases)
    assert good.check()
    for change in (
        {"parts": good.parts[:2]},
        {"parts": good.parts[:1] * 3},
        {"centre": S.One},
        {"centre": x[1]},
        {"centre": 1 / (alpha - 10)},
        {"size": Dummy("real", real=True)},
        {"expression": good.expression - 1},
        {"when": True},
    ):
        assert not replace(good, **change).check(), change


def test_a_total_is_held_to_its_parts() -> None:
    good = one("LogSumExp is convex in alpha")
    assert isinstance(good, Total)
    assert not replace(good, parts=good.parts[:1]).check()
    assert not replace(good, parts=(*good.parts, good.parts[0])).check()
    assert not replace(good, when=alpha < 0).check()


def test_hypotheses_of_lemmas_are_checked() -> None:
    rising = one("Lehmer means rise")
    assert isinstance(rising, Association)
    for change in ({"a": -rising.a}, {"weight": 2 * rising.weight}, {"factor": -rising.factor}, {"b": rising.a}):
        assert not replace(rising, **change).check(), change
    jensen = one("Lehmer above the power mean")
    assert isinstance(jensen, Bernoulli)
    for change in ({"r": -jensen.r}, {"weight": jensen.weight / 2}, {"when": p > 0}, {"y": -jensen.y}):
        assert not replace(jensen, **change).check(), change


def test_a_covariance_of_one_rising_and_one_falling_function_is_not_nonnegative() -> None:
    weight = x[j] ** p / Sum(x[j] ** p, OVER)
    total = {q: Sum(weight * q, OVER) for q in (x[j], 1 / x[j], S.One)}
    false = Association(total[S.One] - total[x[j]] * total[1 / x[j]], S.One, weight, x[j], 1 / x[j], True, "positive")
    assert not false.check()
    assert certificate(false.expression, True, "positive") is None


def test_associated_functions_are_smooth_ones() -> None:
    weight, step = exp(x[j]) / Sum(exp(x[j]), OVER), sign(x[j])

    def mean_of(q):
        return Sum(weight * q, OVER)

    covariance = mean_of(x[j] * step) - mean_of(x[j]) * mean_of(step)
    assert not Association(covariance, S.One, weight, x[j], step).check()


def test_failures_are_bounded() -> None:
    """What has no certificate is given up after a bounded amount of work, large expressions at once."""
    large = Add(*(cosh(x[1] * q) * exp(alpha * q) - cosh(x[1] * q) for q in range(1, 12)))
    assert certificate(large + far, positive) is None


def test_either_sign_is_held_to_its_parts() -> None:
    claim = alpha * (maximum(v) - minimum(v)) * along(L, 2) - Abs(along(L, 3))
    good = certificate(claim, positive)
    assert isinstance(good, EitherSign)
    assert good.check()
    for change in ({"parts": good.parts[:1] * 2}, {"inside": alpha}, {"expression": claim - 1}, {"when": True}):
        assert not replace(good, **change).check(), change


def test_one_sign_does_not_stand_for_all_in_a_sum() -> None:
    """sum_j |x_j| is not at most |sum_j x_j|, though it is for either sign of all entries."""
    claim = Abs(Sum(x[j], OVER)) - Sum(Abs(x[j]), OVER)
    assert certificate(claim) is None
    assert not EitherSign(claim, x[j], (certificate(S.Zero), certificate(S.Zero))).check()
