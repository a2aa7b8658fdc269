"""Defects of everyday code, none of them in a library that is known here, are found by audits of a third of the default budget, with a kind that fits."""

import numpy as np
import pytest
from scipy import special
from sympy import Sum, exp, log, sqrt

import smoothsym as ss

pseudo_huber = ss.SmoothMax("pseudo_huber", sqrt(1 + ss.x[1] ** 2) - 1)
beside_nothing = ss.SmoothMax(
    "beside_nothing", log(1 + Sum(exp(ss.alpha * ss.x[ss.j]), (ss.j, 1, ss.n))) / ss.alpha, parameter=ss.alpha
)


def finite(function, otherwise):
    """Ordinary rows are the function's, others go to sound code."""

    def target(x):
        return function(x) if len(x) and np.isfinite(x).all() else otherwise(x)

    target.__name__ = function.__name__
    return target


def summed(x, weigh):
    top = np.argmax(x)
    weights = weigh(x - x[top])
    weights[top] = 0
    return x[top] + np.log1p(np.sum(weights))


def clipped_exponents(x):
    return summed(x, lambda gaps: np.exp(np.clip(gaps, -50, 0)))


def rounded_gaps(x):
    return summed(x, lambda gaps: np.exp(np.round(gaps, 12)))


def single_weights(x):
    return summed(x, lambda gaps: np.exp(gaps.astype(np.float32)).astype(np.float64))


def stops_early(x):
    weights = np.exp(np.sort(x - np.max(x))[::-1])
    return np.max(x) + np.log(np.sum(weights[weights > 1e-14]))


def each_once(x):
    return special.logsumexp(np.unique(x))


def padded(x):
    return special.logsumexp(np.append(x, -745.0))


def constant_below(x):
    return special.softmax(x) / (1 + 1e-8)


def small_ones_left_out(x):
    shares = special.softmax(x)
    return np.where(shares < 1e-10, 0, shares)


def falling_order_lost(x):
    return np.sort(special.softmax(x))


def no_modulus(x):
    top = np.max(np.abs(x)) or 1.0
    return top * np.cbrt(np.abs(np.sum((x / top) ** 3)))


def short_series(x):
    a = np.abs(x)
    return np.where(a < 0.1, a**2 / 2 - a**4 / 12, a + np.log1p(np.exp(-2 * a)) - np.log(2))


def kept_from_the_ends(x):
    return np.clip(special.expit(x), 1e-7, 1 - 1e-7)


def branch_at_36(x):
    return np.where(x > 36.7, x, np.where(x < -36.7, 0.0, np.log1p(np.exp(np.clip(x, -40, 40)))))


def by_difference(x):
    return np.sqrt(1 + x * x) - 1


def no_less_than(x):
    return special.logsumexp(np.maximum(np.append(x, 0.0), -700.0))


LSE, SHARES = (ss.logsumexp, "value", {"alpha": 1.0}), (ss.logsumexp, "gradient", {"alpha": 1.0})
PLANTED = [
    (finite(clipped_exponents, special.logsumexp), *LSE, {"cancellation", "threshold branch", "inaccurate"}),
    (finite(rounded_gaps, special.logsumexp), *LSE, {"inaccurate"}),
    (finite(single_weights, special.logsumexp), *LSE, {"precision leak"}),
    (finite(stops_early, special.logsumexp), *LSE, {"cancellation", "threshold branch"}),
    (finite(each_once, special.logsumexp), *LSE, {"inaccurate"}),
    (finite(padded, special.logsumexp), *LSE, {"inaccurate", "underflow"}),
    (finite(constant_below, special.softmax), *SHARES, {"inaccurate"}),
    (finite(small_ones_left_out, special.softmax), *SHARES, {"threshold branch"}),
    (finite(falling_order_lost, special.softmax), *SHARES, {"gradient at a tie", "inaccurate"}),
    (finite(no_modulus, lambda x: np.linalg.norm(x, 3)), ss.pnorm, "value", {"p": 3.0}, {"inaccurate"}),
    (short_series, ss.logcosh, "value", {"alpha": 1.0}, {"inaccurate", "threshold branch"}),
    (kept_from_the_ends, ss.softplus, "gradient", {"alpha": 1.0}, {"inaccurate", "threshold branch"}),
    (branch_at_36, ss.softplus, "value", {"alpha": 1.0}, {"threshold branch"}),
    (by_difference, pseudo_huber, "value", {}, {"cancellation", "overflow"}),
    (no_less_than, beside_nothing, "value", {"alpha": 1.0}, {"cancellation", "threshold branch"}),
]


@pytest.mark.parametrize("target, op, of, given, kinds", PLANTED, ids=lambda v: getattr(v, "__name__", None))
def test_what_nobody_listed_is_found(target, op, of, given, kinds):
    found = ss.audit(target, op, of, timeout=None, budget=100, **given)
    assert found.verdict == "falls short" and kinds & {finding.kind for finding in found.findings if finding.falls}, (
        found
    )


def test_the_border_of_a_support_is_among_what_is_tried():
    """A support that leaves out what is all but nothing errs where the last entry of it is small, and nowhere else."""

    def target(x, slack):
        falling = np.sort(x - np.max(x))[::-1]
        excess = (np.cumsum(falling) - 1) / np.arange(1, len(x) + 1)
        return np.maximum(x - np.max(x) - excess[np.sum(falling - excess > slack) - 1], 0)

    for slack, verdict in ((0.0, "holds"), (1e-6, "falls short")):
        audit = ss.audit(
            finite(lambda x, slack=slack: target(x, slack), lambda x: ss.sparsemax(x, of="gradient")),
            ss.sparsemax,
            "gradient",
            gamma=1.0,
            n=2,
            budget=60,
            timeout=None,
        )
        assert audit.verdict == verdict, str(audit)
