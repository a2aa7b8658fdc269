"""Code that is broken in one way each is caught, with an input that shows it; the correct code that it came from holds."""

import broken
import numpy as np
import pytest
from scipy import special

import smoothsym as ss


def kinds(audit):
    return {finding.kind for finding in audit.findings if finding.falls}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_naive_logsumexp_overflows_and_cancels(dtype):
    audit = ss.audit(broken.naive, ss.logsumexp, alpha=1.0, dtype=dtype)
    assert audit.verdict == "falls short" and {"overflow", "cancellation"} <= kinds(audit)
    for finding in audit.findings:
        if finding.kind in ("overflow", "cancellation"):
            x = np.array([float.fromhex(entry) for entry in finding.inputs], dtype=dtype)
            with np.errstate(all="ignore"):
                assert repr(float(broken.naive(x))) == finding.got
            exact = ss.reference(ss.logsumexp, x, alpha=1.0)
            assert float(finding.exact) == pytest.approx(float(exact), rel=1e-15)
            assert finding.scaled > 8 and len(x) <= 2, "the smallest input that shows it"


@pytest.mark.parametrize(
    "dtype, seed, budget",
    [("float64", 0, 200), ("float32", 1, 60), pytest.param("float32", 2, 500, marks=pytest.mark.long)],
)
def test_scipy_holds_whatever_the_seed(dtype, seed, budget):
    for target, of in ((special.logsumexp, "value"), (special.softmax, "gradient")):
        audit = ss.audit(target, ss.logsumexp, of=of, alpha=1.0, dtype=dtype, seed=seed, budget=budget)
        assert audit.verdict == "holds" and audit.rows == budget and not audit.refused


VALUES = [
    (broken.drops_a_term, "inaccurate"),
    (broken.wrong_sign, "inaccurate"),
    (broken.single_inside, "precision leak"),
    (broken.twenty_ulps_off, "inaccurate"),
    (broken.wrong_when_long, "inaccurate"),
    (broken.swallows_nan, "special value"),
    (broken.returns_nan, "inaccurate"),
]


@pytest.mark.parametrize("target, kind", VALUES, ids=lambda v: getattr(v, "__name__", v))
def test_a_broken_value_is_caught(target, kind):
    audit = ss.audit(target, ss.logsumexp, alpha=1.0, budget=120)
    assert audit.verdict == "falls short" and kind in kinds(audit)


@pytest.mark.parametrize(
    "target, kind", [(broken.transposed, "gradient at a tie"), (broken.first_of_ties, "gradient at a tie")]
)
def test_a_broken_gradient_is_caught(target, kind):
    audit = ss.audit(target, ss.logsumexp, of="gradient", alpha=1.0, budget=120)
    assert audit.verdict == "falls short" and kind in kinds(audit) and audit.max_normwise > 1e6
    assert audit.worst.component is not None


def test_to_scale_before_the_shift_is_caught_and_to_shift_first_holds():
    sampled = {"of": "gradient", "budget": 200, "parameters": [1.0, -0.7, 20.0, 2.0**-26]}
    wrong = ss.audit(broken.scaled_then_shifted, ss.logsumexp, **sampled)
    assert "cancellation" in kinds(wrong)
    assert ss.audit(broken.shifted_then_scaled, ss.logsumexp, **sampled).verdict == "holds"


def test_ulps_beyond_count_are_nobodys_fault_where_the_input_is_ill_conditioned():
    nobody = ss.audit(special.logsumexp, ss.logsumexp, alpha=1.0, data=[[np.log(0.5)] * 2])
    assert nobody.verdict == "holds" and nobody.max_ulp > 1e15 and nobody.max_scaled < 1
    assert [finding.kind for finding in nobody.findings] == ["ill-conditioned input"]
    naive = ss.audit(broken.naive, ss.logsumexp, alpha=1.0, data=[[0.0, -40.0]])
    assert naive.verdict == "falls short" and naive.max_ulp > 1e15 and naive.worst.kind == "cancellation"


def test_a_large_offset_does_not_excuse_a_gradient():
    x = np.float32(1e6)
    audit = ss.audit(
        lambda x: np.exp(x - special.logsumexp(x)),
        ss.logsumexp,
        of="gradient",
        alpha=1.0,
        dtype="float32",
        data=[[x, x]],
    )
    assert audit.verdict == "falls short" and audit.worst.kind == "cancellation" and audit.max_scaled > 1e3


def flushing(below):
    """Softmax that returns 0 for what is smaller than so many of the smallest normal numbers."""

    def softmax(x):
        with np.errstate(all="ignore"):
            weights = special.softmax(x)
        weights[weights < below * np.finfo(x.dtype).tiny] = 0
        return weights

    return softmax


@pytest.mark.parametrize(
    "dtype, seed",
    [("float32", 1), *(pytest.param(*q, marks=pytest.mark.long) for q in (("float64", 2), ("float32", 3)))],
)
def test_zeros_for_subnormals_are_flushing_and_for_larger_numbers_a_fault(dtype, seed):
    asked = {"of": "gradient", "alpha": 1.0, "dtype": dtype, "seed": seed, "timeout": None}
    audit = ss.audit(flushing(1), ss.logsumexp, **asked)
    assert audit.verdict == "holds" and "flush to zero" in {finding.kind for finding in audit.findings}
    audit = ss.audit(flushing(100), ss.logsumexp, **asked)
    assert audit.verdict == "falls short" and "flush to zero" not in {finding.kind for finding in audit.findings}


def test_inputs_and_terms_may_be_flushed_too_and_nothing_larger():
    """As XLA's norm of two entries and its sums are on a CPU: beside a subnormal number the result is right without that.

    Beside each row is one whose result is subnormal: there it is seen that the target flushes.
    """

    def verdict(target, op, row, **given):
        tiny = [1e-39, 1e-39] if op is ss.pnorm else [0.0, *[-95.0] * (len(row) - 1)]
        return ss.audit(target, op, dtype="float32", data=np.float32([row, tiny]), timeout=None, **given).verdict

    def norm(below):
        def hypot(x):
            kept = np.where(np.abs(x) < below * np.finfo(x.dtype).tiny, 0, x)
            return np.hypot(*kept.astype(np.float64)).astype(x.dtype)

        return hypot

    for row in ([1e-38, 1e-38], [1e-37, 1e-38]):
        assert verdict(norm(1), ss.pnorm, row, p=2) == "holds"
    for row in ([1e-36, 0], [1e-36, 8e-37]):
        assert verdict(norm(100), ss.pnorm, row, p=2) == "falls short"

    def logsumexp(below):
        def summed(x):
            weights = np.exp(x.astype(np.float64))
            weights[weights < below * np.finfo(x.dtype).tiny] = 0
            return np.log1p(weights[1:].sum()).astype(x.dtype)

        return summed

    # Five terms of 0.8 of the smallest normal number, and the same beside one that is not lost; five of 30.
    for row in ([0.0, *[-87.5] * 5], [0.0, -85.0, *[-87.5] * 5]):
        assert verdict(logsumexp(1), ss.logsumexp, row, alpha=1.0) == "holds"
    assert verdict(logsumexp(50), ss.logsumexp, [0.0, *[-84.0] * 5], alpha=1.0) == "falls short"


@pytest.mark.parametrize("n", [3, 40])
def test_digits_of_subnormal_results_may_be_lost_by_no_code_that_returns_them(n):
    """Off by a thousandth, which the smallest normal number would excuse, were it flushing."""

    def softmax(x):
        weights = np.exp(x - x.max(), dtype=np.float64)
        shares = weights / weights.sum()
        return np.where(shares < 1e-38, shares * 1.001, shares).astype(x.dtype)

    row = np.float32([[0.0, -1.0, *[-89.0] * (n - 2)]])
    for data in (row, np.float32(np.random.default_rng(0).uniform(-89, -87.5, (5, n)) * (np.arange(n) > 0))):
        audit = ss.audit(softmax, ss.logsumexp, of="gradient", alpha=1.0, dtype="float32", data=data, timeout=None)
        assert audit.verdict == "falls short" and audit.max_scaled > 50


def test_a_tolerance_smaller_than_every_float_is_one():
    """An enclosure is nearer to the result than the smallest float, and that is beyond tolerance."""
    row = np.array([[0.0, -800.0]])
    assert ss.audit(special.logsumexp, ss.logsumexp, alpha=1.0, data=row, tol=1e-320, timeout=None).rows == 1


def test_one_of_many_that_are_flushed_tells_for_all():
    """Of entries below the normal range the largest error is within tolerance, for its scale, and another's is not."""
    row = np.zeros((1, 16), dtype=np.float32)
    row[0, [2, 9, 10, 13]] = 105.0, 6.0, 104.0, 28.87839126586914
    asked = {"of": "gradient", "alpha": 1.0, "dtype": "float32", "timeout": None}
    assert ss.audit(flushing(1), ss.logsumexp, data=row, **asked).verdict == "holds"


@pytest.mark.parametrize("n", [3, 40])
def test_what_is_flushed_hides_no_fault_of_another_entry(n):
    """By enclosures, and by the batch."""

    def softmax(x):
        weights = flushing(1)(x)
        weights[1] *= x.dtype.type(1 + 1e-5)
        return weights

    row = np.float32([[0.0, -1.0, *[-90.0] * (n - 2)]])
    asked = {"of": "gradient", "alpha": 1.0, "dtype": "float32", "data": row, "timeout": None}
    assert ss.audit(flushing(1), ss.logsumexp, **asked).max_ulp < 8
    audit = ss.audit(softmax, ss.logsumexp, **asked)
    assert audit.verdict == "falls short" and audit.worst.component == 1 and 80 < audit.max_ulp < 100


def test_a_bound_that_is_too_small_is_seen_to_be():
    data = np.random.default_rng(0).normal(size=(40, 6))
    rounding = 2.0**-53

    def audit(bound, of="value", target=special.logsumexp):
        return ss.audit(target, ss.logsumexp, of=of, alpha=1.0, data=data, bound=bound).max_over_bound

    assert 0 < audit(None) <= 1  # of our own kernel
    wide = audit(lambda x, a: rounding * (abs(special.logsumexp(x)) + len(x) + 1))
    assert 0 < wide < 1 and audit(lambda x, a: rounding / 50) > 1 and audit(lambda x, a: 0.0) == np.inf
    assert 0 < audit(lambda x, a: 20 * rounding * special.softmax(x), "gradient", special.softmax) < 1


def test_every_row_is_held_to_the_derived_bound_and_the_one_that_breaks_it_is_told():
    data = np.random.default_rng(0).normal(size=(40, 6))
    data[17] = [-1.7918, -1.7917, -1.7919, -1.7918, -1.7917, -1.7918]

    def off(
        x,
    ):  # by eight units of what a sum of terms near 1 may lose: within tolerance of every row but for one near a zero
        return special.logsumexp(x) + 2.0**-50 * (abs(special.logsumexp(x)) < 1e-3)

    sound, planted = (
        ss.audit(target, ss.logsumexp, alpha=1.0, data=data, bound=True) for target in (special.logsumexp, off)
    )
    assert sound.spreads["over_bound"].rows == 40 and 0 < sound.max_over_bound <= 1
    worst = planted.largest["over_bound"]
    assert planted.max_over_bound > 1 and "row 17" in worst.tags and "ss.enclose" in worst.reproduction
    assert planted.to_dict()["largest"]["over_bound"]["inputs"] == [float(v).hex() for v in data[17]]
    assert abs(off(data[17]) - float(worst.exact)) > ss.bound(ss.logsumexp).rigorous(data[17], alpha=1.0)
    for refused in ({"of": "alpha", "bound": True}, {"op": ss.softplus, "n": 1, "exhaustive": True, "bound": True}):
        with pytest.raises(ValueError, match="bound="):
            ss.audit(special.logsumexp, **{"op": ss.logsumexp, "alpha": 1.0, **refused})
