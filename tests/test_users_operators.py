"""Operators as users write them: in another base, measured from the maximum, with kinks, as smooth minima."""

import numpy as np
import pytest
from sympy import Abs, Function, Heaviside, Max, Sum, Symbol, cosh, exp, floor, log

import smoothsym as ss
from smoothsym.symbolic.derivatives import NotDifferentiable

x, j, n, alpha, p = ss.x, ss.j, ss.n, ss.alpha, ss.p
b = Symbol("b", positive=True)


def over(term):
    return Sum(term, (j, 1, n))


TOP, SIZE = ss.maximum(x), ss.maximum(Abs(x))
BASE_TWO = ss.SmoothMax("lse2", log(over(2 ** (alpha * x[j]))) / (alpha * log(2)), alpha)
ANY_BASE = ss.SmoothMax("lse_b", log(over(b ** x[j])) / log(b), b)
SHIFTED = ss.SmoothMax("ks", TOP + log(over(exp(alpha * (x[j] - TOP)))) / alpha, alpha)
SCALED = ss.SmoothMax("scaled", SIZE * over((Abs(x[j]) / SIZE) ** p) ** (1 / p), p)
KINKED = ss.SmoothMax("kinked", (TOP + over(x[j]) / n) / 2)
SOFT_MINIMUM = ss.SmoothMax("minimum", over(x[j] * exp(-alpha * x[j])) / over(exp(-alpha * x[j])), alpha)


def test_another_base_is_another_unit_of_the_parameter():
    assert BASE_TWO.limit(ss.oo) == TOP and BASE_TWO.limit(-ss.oo) == ss.minimum(x)
    assert ANY_BASE.limit(ss.oo) == TOP and ANY_BASE.limit(0, direction="+") == ss.minimum(x)
    proved = {v.law.split(":")[0] for v in ss.prove(BASE_TWO) if v.outcome == "Proved"}
    assert {"translation equivariant", "monotone", "jointly homogeneous"} <= proved


@pytest.mark.sampled
@pytest.mark.parametrize("op, known", [(BASE_TWO, {"alpha": 1.0}), (ANY_BASE, {"b": 3.0}), (SHIFTED, {"alpha": 2.0})])
@pytest.mark.parametrize("of", ["value", "gradient"])
def test_their_kernels_are_stable(op, known, of):
    rows = np.array([[1000.0, -3.0, 999.5], [-2000.0, -2000.0, -1e5], [1e-3, 2e-3, 0.0]])
    right = ss.reference(op, rows, of=of, **known)
    assert np.isfinite(right).all()
    np.testing.assert_allclose(op(rows, of=of, **known), right, rtol=1e-14)
    found = ss.audit(lambda x: op(x, of=of, **known), op, of, budget=60, batched=True, timeout=None, **known)
    assert found.verdict == "holds", found


def test_bases_are_those_of_logsumexp_in_other_units():
    """log_b sum b^x = LSE(x log b) / log b."""
    row, rate = np.array([0.3, 1.1, -0.7]), np.log(3.0)
    assert float(ANY_BASE(row, b=3.0)) == pytest.approx(float(ss.logsumexp(row * rate, alpha=1.0)) / rate, rel=1e-14)
    assert float(BASE_TWO(row, alpha=2.0)) == pytest.approx(np.log2(np.sum(4.0**row)) / 2, rel=1e-14)


def test_what_is_measured_from_its_maximum_is_what_it_would_be_without():
    assert SHIFTED.gradient == ss.logsumexp.gradient and SHIFTED.dominance == ss.logsumexp.dominance
    assert SCALED.gradient == ss.pnorm.gradient and SCALED.kind == "modulus"
    assert SHIFTED.floats().law == "translation" and SCALED.floats().law == "scale"
    plain = {v.law: v.outcome for v in ss.prove(ss.logsumexp, ss.laws.everywhere(SHIFTED))}
    assert {v.law: v.outcome for v in ss.prove(SHIFTED)} == plain


def test_a_maximum_that_does_not_cancel_has_no_gradient_and_the_rest_goes_on():
    with pytest.raises(NotDifferentiable, match=r"maximum\(x\) has no derivative"):
        KINKED.gradient  # noqa: B018
    assert KINKED(np.array([1.0, 2.0])) == 1.75
    assert ss.enclose(KINKED, [1, 2], digits=5).digits(5) == "1.7500"
    told = {v.law.split(":")[0]: v.outcome for v in ss.prove(KINKED)}
    assert told["symmetric"] == "Proved" and told["convex"] in ("Supported", "Undecided")
    with pytest.raises(NotDifferentiable):
        ss.SmoothMax("unlike", TOP + log(over(exp(x[j] - 2 * TOP)))).gradient  # noqa: B018


def test_a_smooth_minimum_far_from_zero_loses_nothing():
    """Differences of entries come first: what is added to one of them is rounded beside it."""
    row = np.array([1.9e12, 1.9e12 + 0.140625])
    right = ss.reference(SOFT_MINIMUM, row[None], of="gradient", alpha=1.0)[0]
    np.testing.assert_allclose(SOFT_MINIMUM(row, of="gradient", alpha=1.0), right, rtol=1e-15)


@pytest.mark.parametrize(
    "kinked",
    [
        (TOP + over(x[j])) / 2,
        TOP + log(over(exp(x[j]))),
        Max(x[1], x[2]),
        floor(x[1]),
        Function("g")(x[1]),
        x[1] * Heaviside(x[1]),
    ],
)
def test_what_is_not_known_to_be_smooth_is_not_proved_to_be(kinked):
    (verdict,) = (v for v in ss.prove(ss.SmoothMax("kinked", kinked)) if v.law.startswith("differentiable"))
    assert verdict.outcome == "Undecided" and "not known" in verdict.reason


FORMED = {
    "sum of softplus": (over(log(1 + exp(alpha * x[j]))) / alpha, alpha, "logistic"),
    "sum of log-cosh": (over(log(cosh(alpha * x[j]))) / alpha, alpha, "hyperbolic"),
    "range": (log(over(exp(alpha * x[j]))) / alpha + log(over(exp(-alpha * x[j]))) / alpha, alpha, "factored"),
    "of moduli": (log(over(exp(alpha * Abs(x[j])))) / alpha, alpha, "factored"),
    "of two": (
        (x[1] * exp(alpha * x[1]) + x[2] * exp(alpha * x[2])) / (exp(alpha * x[1]) + exp(alpha * x[2])),
        alpha,
        "translation",
    ),
    "square of a norm": (over(Abs(x[j]) ** p) ** (2 / p), p, "scale"),
}


# Log-cosh and moduli are like the one before each.
FORMS = [pytest.param(q, marks=[pytest.mark.long] * (q in ("sum of log-cosh", "of moduli"))) for q in FORMED]


@pytest.mark.parametrize("numbers", [(1.5,), pytest.param((3.0,), marks=pytest.mark.long)], ids=str)
@pytest.mark.parametrize("name", FORMS)
def test_forms_are_found_for_sums_of_other_shapes(name, numbers):
    """Where no exponential or power is the largest of all, sums have entries of their own to be measured from, or terms their own forms."""
    definition, parameter, law = FORMED[name]
    op = ss.SmoothMax(name, definition, parameter)
    assert op.floats().law == law
    for number in numbers:
        known = {parameter.name: number}
        found = ss.audit(lambda x, op=op, known=known: op(x, **known), op, budget=60, bound=True, timeout=None, **known)
        assert found.verdict == "holds" and found.max_over_bound <= 1, found
    naive = ss.audit(lambda x: op.kernels["naive"](x, **known), op, budget=60, timeout=None, **known)
    assert naive.verdict == "falls short"
