"""Each mechanism, planted alone in sound code, is told by what heals it; rounding and one wrong factor are not taken for it."""

import broken
import numpy as np
import pytest
from scipy.special import softmax

import smoothsym as ss


def kinds(audit):
    return {finding.kind for finding in audit.findings if finding.falls}


def linear_early(x):
    """The largest entry alone where the other is far below, but not far enough."""
    return np.max(x) if np.ptp(x) > 9 else broken.logsumexp(x)


def softplus_branch(x):
    return np.where(x > 9, x, np.logaddexp(0, x))


def sigmoid_branch(x):
    return np.where(x > 12, np.ones_like(x), 1 / (1 + np.exp(-x)))


def pnorm_gradient_by_division(x):
    """p = 3: x^3/|x| is nan at a zero entry, whose derivative is 0."""
    y = x / np.max(np.abs(x))
    return y**3 / np.abs(y) * np.sum(np.abs(y) ** 3) ** (-2 / 3)


def mixed(x):
    """The terms in single precision, the rest in double."""
    top = np.max(x)
    return top + np.float64(np.log(np.sum(np.exp((x - top).astype(np.float32)))))


def one_wrong_factor(x):
    return broken.logsumexp(x) * (1 + 1e-9)


def single_along(x, v):
    return v * softmax((x - np.max(x)).astype(np.float32)).astype(np.float64)


def wrong_along(x, v):
    return v * softmax(x) * (1 + 1e-9)


PLANTED = [
    ("threshold branch", linear_early, ss.logsumexp, "value", "float64", {"alpha": 1.0}),
    (
        "threshold branch",
        softplus_branch,
        ss.softplus,
        "value",
        "float32",
        {"alpha": 1.0, "data": np.linspace(-20, 20, 50)},
    ),
    ("threshold branch", sigmoid_branch, ss.softplus, "gradient", "float64", {"alpha": 1.0}),
    ("gradient at zero", pnorm_gradient_by_division, ss.pnorm, "gradient", "float64", {"p": 3}),
    ("gradient at a tie", broken.first_of_ties, ss.logsumexp, "gradient", "float32", {"alpha": 1.0}),
    ("precision leak", broken.single_inside, ss.logsumexp, "value", "float64", {"alpha": 1.0}),
    ("precision leak", mixed, ss.logsumexp, "value", "float64", {"alpha": 1.0}),
    ("precision leak", single_along, ss.logsumexp, "vjp", "float64", {"alpha": 1.0}),
    ("inaccurate", wrong_along, ss.logsumexp, "vjp", "float64", {"alpha": 1.0}),
    ("inaccurate", one_wrong_factor, ss.logsumexp, "value", "float64", {"alpha": 1.0}),
    ("inaccurate", broken.wrong_sign, ss.logsumexp, "value", "float32", {"alpha": 1.0}),
]


@pytest.mark.parametrize("kind, target, op, of, dtype, given", PLANTED, ids=lambda v: getattr(v, "__name__", None))
def test_a_planted_mechanism_is_told(kind, target, op, of, dtype, given):
    audit = ss.audit(target, op, of, dtype, budget=100, timeout=None, **given)
    found = kinds(audit)
    refined = {"threshold branch", "gradient at zero", "gradient at a tie", "precision leak"}
    assert kind in found and not found & (refined - {kind}), audit


def test_cancellation_is_no_threshold_though_its_errors_come_in_steps():
    for row in ([0.0, -4.5], [0.0, -30.0], [0.0, -40.0]):
        audit = ss.audit(
            lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))), ss.logsumexp, alpha=1.0, data=[row]
        )
        assert kinds(audit) <= {"cancellation"}, audit


def test_a_subtraction_of_large_equal_entries_is_cancellation_and_no_matter_of_ties():
    def by_difference(x):
        top = np.max(x)
        return np.exp(x - (top + np.log(np.sum(np.exp(x - top)))))

    audit = ss.audit(by_difference, ss.logsumexp, "gradient", "float32", alpha=1.0, budget=200)
    assert "cancellation" in kinds(audit) and "gradient at a tie" not in kinds(audit)


def test_a_mean_of_small_powers_cancels():
    data = [[50.0, 100.0, 300.0, 70.0, 25.0, 100.0, 2.0]]
    audit = ss.audit(lambda x: np.mean(x**1e-6) ** 1e6, ss.powermean, p=1e-6, data=data)
    assert kinds(audit) == {"cancellation"}


def test_a_sum_of_large_terms_beyond_the_format_is_overflow():
    plain = ss.audit(lambda x: np.log(np.sum(np.exp(x))), ss.logsumexp, dtype="float16", alpha=1.0, data=[[12.0, 1.0]])
    assert kinds(plain) == {"overflow"}


# As many rows as no half holds; test_defects_libraries has one of PyTorch's.
@pytest.mark.long
def test_a_sum_of_moderate_terms_beyond_the_format_is_accumulation():
    def shifted(x):
        top = np.max(x)
        return top + np.log(np.sum(np.exp(x - top), dtype=np.float32).astype(x.dtype))

    audit = ss.audit(shifted, ss.logsumexp, dtype="float16", alpha=1.0, data=np.full((1, 65536), 1000.0))
    assert kinds(audit) == {"accumulation"} and audit.worst.got == "inf"


def test_what_leaves_the_range_first_is_to_blame():
    def by_length(x):
        return x / np.sqrt(np.sum(x * x))

    small = ss.audit(by_length, ss.pnorm, "gradient", p=2, data=[[1e-200]])
    large = ss.audit(by_length, ss.pnorm, "gradient", p=2, data=[[1e200, 3e199]])
    assert kinds(small) == {"underflow"} and kinds(large) == {"overflow"}


def test_a_number_at_infinity_is_wrong_where_nan_is_a_choice():
    def given(x, other):
        infinite = np.isposinf(x)
        return np.where(infinite, 1.0, other) if infinite.any() else broken.softmax(x)

    row = [[np.inf, 1.0]]
    wrong = ss.audit(lambda x: given(x, np.e), ss.logsumexp, "gradient", alpha=1.0, data=row)
    assert kinds(wrong) == {"special value"} and wrong.worst.got.startswith("2.718") and wrong.worst.exact == "0.0"
    choice = ss.audit(lambda x: given(x, np.nan), ss.logsumexp, "gradient", alpha=1.0, data=row)
    assert choice.holds and [finding.kind for finding in choice.findings] == ["convention"]
    assert ss.audit(lambda x: given(x, 0.0), ss.logsumexp, "gradient", alpha=1.0, data=row).findings == ()
    two = ss.audit(lambda x: given(x, 0.0), ss.logsumexp, "gradient", alpha=1.0, data=[[np.inf, np.inf]])
    assert two.holds and [finding.kind for finding in two.findings] == ["convention"]


def test_a_parameter_at_which_alone_the_target_is_wrong_is_a_special_value():
    def uniform_at_one(x, alpha):
        return np.full_like(x, 1 / len(x)) if alpha == 1 else broken.shifted_then_scaled(x, alpha)

    audit = ss.audit(uniform_at_one, ss.logsumexp, "gradient", budget=100, n=(1, 2, 5))
    (finding,) = [f for f in audit.findings if f.falls and f.kind != "broken invariant"]
    assert finding.kind == "special value" and float.fromhex(finding.parameter) == 1 and "next to it" in finding.note


def test_the_line_of_floats_ends_with_the_largest():
    from smoothsym import formats
    from smoothsym.auditing.findings.probe import Line

    line = Line(formats.get("bfloat16"))
    largest = float(line.fmt.largest)
    assert line.number(line.last + 5) == largest == line.moved(largest, 3) and line.number(-line.last - 1) == -largest
