"""Kernels: accurate wherever the input allows it, in every format, along any axis, and quiet."""

from dataclasses import dataclass
from math import inf, nan

import ml_dtypes
import numpy as np
import pytest
from diagonal import diagonal
from scaled import scaled, stable
from sympy import Sum, exp, log, sqrt

import smoothsym as ss
from smoothsym.formats import get
from smoothsym.kernels import Kernel
from smoothsym.words import alpha, eps, i, j, n, p, x

FORMATS = ["float16", "bfloat16", "float32", "float64"]
PARAMETER = {"boltzmann": 0.75, "logsumexp": 0.75, "mellowmax": 0.75, "pnorm": 3.0}
MOST = {"value": 3.0, "gradient": 4.0}
MARGIN = 4.0

HELD = [ss.boltzmann, ss.logsumexp, ss.mellowmax, ss.pnorm, ss.powermean]
"""The operators whose generated kernels are held to tolerance on longer rows too."""


def dtype_of(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


# That calls are accurate on families of cases, in CI test_accuracy.py sees in some formats.
@pytest.mark.long
@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("of", MOST)
@pytest.mark.parametrize("op", HELD, ids=lambda op: op.name)
def test_kernels_hold_on_every_family_of_cases(op, of, dtype):
    # What a call runs: means of small powers are computed in pairs.
    asked = {"n": (1, 2, 5, 16), "budget": 60, "seed": 1, "timeout": None}
    found = ss.audit(lambda x, **given: op(x, of=of, **given), op, of, dtype, **asked)
    assert found.verdict == "holds" and found.max_scaled <= MOST[of], str(found)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", [ss.boltzmann, ss.logsumexp], ids=lambda op: op.name)
def test_a_result_of_terms_that_underflow_is_rounded_once(op, dtype, weighted):
    """Of 59 such terms each is rounded by half a unit of the smallest number."""
    eta = get(dtype).smallest_subnormal
    far = float(np.log(float(eta)) + 2)
    for fall, steep in ((far, 1.0), (far / 3, 3.0), (far - 6, 1.0), ((far - 44) * 2.0**60, 2.0**-60)):
        row = np.array([fall] * (6 if weighted else 59) + [0.0], dtype=dtype)
        given = {"alpha": steep, **({"weights": np.array([10] * 6 + [1], dtype=dtype)} if weighted else {})}
        exact = ss.enclose(op, row, digits=40, **given).mid
        assert abs(float(op(row, **given)) - exact) <= 0.51 * float(eta)
        assert abs(float(op(row, **given)) - exact) <= ss.bound(op).rigorous(row, **given) <= 8 * float(eta)
        # Nor may a row beside it change it.
        both = op(np.array([row, np.zeros_like(row)]), **given)
        assert list(both) == [op(row, **given), op(0 * row, **given)]


@pytest.mark.parametrize("weights", [[1.0, 10.0], [1 + 2.0**-30, 0.5], [1 - 2.0**-20, 2.0**-10], [0.25, 0.5]])
@pytest.mark.parametrize("steep", [1.0, 0.5, 2.0**-990])
def test_a_weighted_sum_near_one_is_not_rounded_before_its_logarithm(weights, steep):
    row = [0.0, -40.0 / steep]
    exact = ss.enclose(ss.logsumexp, row, weights=weights, alpha=steep, digits=30).mid
    assert float(ss.logsumexp(row, weights=weights, alpha=steep)) == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize("alpha", [5e-324, -6e-310])
def test_a_parameter_below_the_normal_numbers_keeps_its_digits(alpha):
    for entry in (-508.1, 1.3 * 2**26, 1.7e150):
        assert scaled(ss.logcosh, "value", [[entry]], alpha) <= MOST["value"]


ONE_OF_MANY = [1.0] + [0.0] * 999
ALL_BUT_LOST = [36.75] + [0.0] * 999
ROWS = [
    # The exponential underflows, and what it is multiplied with is large.
    ("boltzmann", "value", [0.0, 7.4e102, 7.45e102], -1e-100),
    ("boltzmann", "gradient", [0.0, -740.0], 1.0),
    ("logsumexp", "value", [0.0, -7.4e102], 1e-100),
    # The parameter times a difference overflows, and its exponential is 0.
    ("boltzmann", "gradient", [1e308, -1e308, 0.0], 3.0),
    ("boltzmann", "gradient", [1e277, 1e168, 2e-308], -4e285),
    # The parameter times a difference underflows.
    ("mellowmax", "value", [1.5e-323, -5e-323, 6e-323], 1e-15),
    ("mellowmax", "value", [-7.6e-316, -9.5, 50.5], 9.4e-323),
    # Many terms, each of which a sum that holds the largest one would round away.
    ("logsumexp", "gradient", ALL_BUT_LOST, 1.0),
    ("mellowmax", "gradient", ALL_BUT_LOST, 1.0),
    ("boltzmann", "gradient", ALL_BUT_LOST, 1.0),
    # A mean far below its largest entry.
    ("boltzmann", "value", ONE_OF_MANY, 0.01),
    ("mellowmax", "value", ONE_OF_MANY, 0.01),
]
MORE = [
    # A difference or a sum of entries overflows.
    ("boltzmann", "value", [1.7e308, -1.7e308, 1.7e308], -6e-310),
    ("boltzmann", "gradient", [1.7e308, -1.7e308, 1.7e308], -6e-310),
    ("mellowmax", "value", [1.7e308] * 16, 1.0),
    ("mellowmax", "value", [8.0] + [0.0] * 999, 1.0),
    # The parameter times a difference overflows, and the difference does not.
    ("mellowmax", "value", [1.6e-272, -1.1e302, 1.8e-88], 2.5e84),
    # The quotient of entries leaves the range, its power does not; and a small p magnifies what a sum loses.
    ("pnorm", "value", [2.1, -1.2, 1.2e-321], 0.006),
    ("pnorm", "value", [1e-250, 1e250], -0.01),
    ("pnorm", "value", [2e-62, 2e-89, 3e235], 0.013),
    ("pnorm", "gradient", [2e257, 2e-19, 9e92], 0.0137),
    ("pnorm", "value", [1e-300, 1e-300], 5e-4),
]


@pytest.mark.parametrize(("name", "of", "row", "parameter"), ROWS + MORE)
def test_rows_on_which_plain_stable_forms_lose_digits(name, of, row, parameter):
    assert scaled(ss.operators[name], of, [row], parameter) < MARGIN


def test_what_entries_share_is_multiplied_before_a_small_entry():
    """The mean times the entry underflows, and is divided by a sum of squares."""
    assert scaled(ss.powermean, "gradient", [[2.0**-53, 5e-324]], 2.0) < MARGIN


@dataclass(frozen=True, repr=False)
class Unguarded(Kernel):
    """The stable form as it stands, with the library's sums."""

    program_form = "stable"

    @property
    def summation(self):
        return "pairwise"


# What an audit says of its findings takes long for the last row, which the one before it is like.
@pytest.mark.parametrize(
    ("name", "of", "row", "parameter"), [*ROWS[:-1], pytest.param(*ROWS[-1], marks=pytest.mark.long)]
)
def test_the_rows_catch_a_kernel_without_guards(name, of, row, parameter):
    op = ss.operators[name]
    kernel, given = Unguarded(op, of, "stable"), {op.parameter.name: parameter}
    assert ss.audit(lambda x: kernel(x, **given), op, of, data=np.array([row]), **given).max_scaled > 8


@pytest.mark.parametrize(("op", "of"), diagonal(HELD, ["value", "gradient"]))
def test_long_rows_hold(op, of):
    # Each entry of a gradient is enclosed.
    row = np.random.default_rng(5).normal(size=20_000 if of == "value" else 4_000).astype(np.float32)
    row = np.abs(row) if op.domain == "positive" else row
    assert scaled(op, of, [row], 1.0, "float32") < MARGIN


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("op", HELD, ids=lambda op: op.name)
def test_any_axis_any_layout_the_dtype_kept_and_the_input_too(op, dtype):
    data = np.random.default_rng(2).normal(size=(3, 4, 5)).astype(dtype_of(dtype))
    data = np.abs(data) if op.domain == "positive" else data
    before = data.tobytes()
    for kernel in op.kernels.values():
        last = kernel(data)
        assert last.dtype == data.dtype
        assert last.shape == (data.shape if kernel.of == "gradient" else data.shape[:-1])
        if kernel.contract:
            for axis in (0, 1, -2):
                moved = np.moveaxis(data, axis, -1)
                one_by_one = np.moveaxis(kernel(moved.copy()), -1, axis) if kernel.of == "gradient" else kernel(moved)
                assert np.array_equal(kernel(data, axis=axis), one_by_one)
            assert np.array_equal(kernel(np.asfortranarray(data)), last)
            assert np.array_equal(kernel(data[::-1, :, ::-1])[::-1], kernel(data[:, :, ::-1]))
    assert data.tobytes() == before


@pytest.mark.parametrize("dtype", FORMATS)
def test_many_equal_entries_do_not_saturate_a_sum(dtype):
    rows = np.full((1, 100_000), -1.0, dtype=dtype_of(dtype))
    assert ss.mellowmax(rows, alpha=1.0)[0] == -1.0
    assert ss.boltzmann(rows, alpha=1.0)[0] == -1.0
    assert float(ss.logsumexp(rows, alpha=1.0)[0]) == pytest.approx(np.log(100_000) - 1, rel=2.0**-8)


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", HELD, ids=lambda op: op.name)
def test_a_row_is_the_same_alone_and_beside_special_ones(op, of):
    rows = np.array([[1.0, 2.0, -3.0], [nan, 1.0, 2.0], [inf, 1.0, 1.0], [-inf, 0.5, 2.0], [0.0, 0.0, 0.0], [0, 4, 1]])
    together = stable(op, of)(rows)
    for row, result in zip(rows, together, strict=True):
        assert np.array_equal(stable(op, of)(row), result, equal_nan=True)


def test_special_values_are_answered():
    assert ss.logsumexp(np.array([])) == -inf and np.isnan(ss.boltzmann(np.array([]))) and ss.pnorm(np.array([])) == 0
    assert ss.logsumexp(np.array([inf, 1.0])) == inf and np.isnan(ss.mellowmax(np.array([nan, 1.0])))
    assert ss.boltzmann(np.array([1.0, 5.0]), alpha=0.0) == 3.0
    assert ss.boltzmann(np.array([1.0, 5.0]), alpha=-inf) == 1.0
    assert ss.logsumexp(np.array([1.0, 5.0]), alpha=-0.0) == -inf
    assert list(ss.logsumexp(np.array([inf, 1.0, inf]), of="gradient")) == [0.5, 0.0, 0.5]


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-306, -1.0, -1e-300])
@pytest.mark.parametrize("name", ["boltzmann", "logsumexp", "mellowmax"])
def test_an_entry_without_weight_counts_in_n_only(name, scale):
    row = np.array([0.25, -0.5, 0.125, -inf if scale > 0 else inf])
    op = ss.operators[name]
    exact = float(ss.enclose(op, row, alpha=scale, digits=30).mid)
    assert float(op(row, alpha=scale)) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("parameter", [1e300, 1e-300, -1e-60])
@pytest.mark.parametrize("name", ["boltzmann", "mellowmax"])
def test_a_parameter_beyond_the_format_is_neither_0_nor_infinite(name, parameter):
    row = np.array([1.0, 2.0, 2.0, 5.0], dtype=np.float32)
    assert ss.operators[name](row, alpha=parameter) == (5.0 if parameter > 1 else 2.5)


LEHMER = ss.SmoothMax("mine", Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n)), p, "positive")
POWER_MEAN = ss.SmoothMax("power", (Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p), p, "positive")
ONE_MORE = ss.SmoothMax("one_more", log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha, alpha)
SOFTPLUS = ss.SmoothMax("plus", log(1 + exp(alpha * x[1])) / alpha, alpha)
SMU = ss.SmoothMax("unit", (x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps)) / 2, eps)


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", [LEHMER, POWER_MEAN, ONE_MORE, SOFTPLUS, SMU], ids=lambda op: op.name)
def test_operators_of_users_get_kernels(op, of):
    rows = np.random.default_rng(0).normal(size=(5, op.arity or 4))
    rows = np.abs(rows) + 0.1 if op.domain == "positive" else rows
    kernel = stable(op, of)
    for value in (1.5, 3.0):
        keyword = {op.parameter.name: value}
        exact = ss.reference(op, rows, of=of, **keyword)
        got = kernel(rows, **keyword)
        assert np.allclose(got.reshape(exact.shape), exact, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("op", [ONE_MORE, SOFTPLUS], ids=lambda op: op.name)
@pytest.mark.parametrize("of", ["value", "gradient"])
def test_where_the_definition_overflows_the_stable_form_of_users_does_not(op, of):
    for entry in (800.0, -800.0, -1e-9, 40.0, -40.0):
        row = np.array([[entry]])
        exact = ss.reference(op, row, of=of, alpha=1.0)
        assert np.allclose(stable(op, of)(row, alpha=1.0).ravel(), exact.ravel(), rtol=1e-15, atol=0)


def test_operators_of_several_parameters_and_with_a_value_for_each_entry():
    a, b = ss.alpha, p
    mixed = ss.SmoothMax(
        "mixed", Sum(x[j] * exp(a * x[j] + b * x[j]), (j, 1, n)) / Sum(exp(a * x[j] + b * x[j]), (j, 1, n)), (a, b)
    )
    row = np.array([1.0, 2.0, -0.5])
    assert mixed(row, alpha=0.25, p=0.5) == pytest.approx(float(ss.boltzmann(row, alpha=0.75)), rel=1e-15)
    softmax = ss.SmoothMax("softmax", exp(a * x[i]) / Sum(exp(a * x[j]), (j, 1, n)), a)
    rows = np.array([row, row - 800, 3 * row])
    assert np.allclose(softmax(rows), ss.logsumexp(rows, of="gradient"), rtol=1e-15, atol=0)
    assert softmax(rows.T, axis=0).shape == (3, 3) and np.allclose(softmax(rows.T, axis=0), softmax(rows).T, rtol=1e-15)
    assert softmax(rows, of="gradient").shape == (3, 3, 3)
    assert np.allclose(softmax(rows, of="gradient").sum(axis=-1), 0, atol=1e-15)


def test_a_kernel_without_a_stable_form_says_so():
    plain = ss.SmoothMax("plain", x[1] ** 3 + eps * x[2], eps)
    assert "no stable form" in plain.kernels["stable"].note and "no stable form" in repr(plain.kernels["stable"])
    assert not plain.kernels["naive"].note and not SMU.kernels["stable"].note and not SOFTPLUS.kernels["stable"].note
    assert repr(ss.pnorm.kernels["stable_gradient"]) == "<Kernel pnorm stable_gradient>"


def test_a_function_of_one_entry_acts_on_every_entry():
    data = np.arange(6.0).reshape(2, 3)
    assert SOFTPLUS(data).shape == (2, 3) and SOFTPLUS(np.float32(1.0)).shape == ()
    assert np.allclose(SOFTPLUS(data), np.log1p(np.exp(data)), rtol=1e-15)
    assert np.allclose(SOFTPLUS(data, of="gradient"), 1 / (1 + np.exp(-data)), rtol=1e-15)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SMU(np.ones(3)), ValueError, "x has 3 entries along axis -1; unit is a function of 2"),
        (lambda: ss.logsumexp(np.float64(1.0)), ValueError, "at least one axis"),
        (lambda: ss.logsumexp(np.array(["a"])), TypeError, "x has dtype <U1"),
        (lambda: ss.logsumexp(np.array([1j])), TypeError, "x has dtype complex128"),
        (lambda: ss.logsumexp(np.array([None])), TypeError, "x has dtype object"),
        (lambda: ss.logsumexp(np.ones(2), alfa=1.0), TypeError, "alpha"),
        (lambda: ss.logsumexp(np.ones(2), alpha="2"), TypeError, "alpha='2'"),
        (lambda: ss.logsumexp(np.ones(2), alpha=np.ones(2)), TypeError, "give one real number"),
        (lambda: ss.logsumexp(np.ones(2), of="hessians"), ValueError, "of"),
        (lambda: ss.logsumexp(np.ones((2, 2)), axis=1.0), TypeError, "axis=1.0"),
        (lambda: ss.logsumexp(np.ones((2, 2)), axis=(0, -2)), ValueError, "names an axis twice"),
        (lambda: ss.logsumexp(np.ones((2, 2)), axis=()), ValueError, "names no axis"),
        (lambda: ss.logsumexp(np.ones((2, 2)), axis=2), ValueError, "axis 2"),
        (lambda: ss.logsumexp(np.ones(2), alpha=10**400), ValueError, "math.inf"),
        (lambda: ss.logsumexp(np.ma.masked_array([1.0, 2.0], [0, 1])), TypeError, "masked array"),
        (lambda: ss.logsumexp(np.ones(2), where=[1, 0]), TypeError, "where has dtype int64; give booleans"),
        (lambda: ss.logsumexp(np.ones(2), where=[True] * 3), ValueError, "where has shape (3,), and x has shape (2,)"),
        (lambda: ss.logsumexp(np.ones(2), weights=[1.0, -0.5]), ValueError, "-0x1.0000000000000p-1) at [1]"),
        (lambda: ss.logsumexp(np.ones(2), weights=[1.0, nan]), ValueError, "weights has the entry nan"),
        (lambda: ss.logsumexp(np.ones(2), weights=["a"]), TypeError, "weights has dtype <U1"),
        (lambda: SOFTPLUS(np.ones(2), weights=[1.0, 2.0]), ValueError, "plus is a function of x[1], which have no"),
        (lambda: SMU(np.ones(2), where=[True, False]), ValueError, "leave it out"),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=None) as raised:
        call()
    assert message in str(raised.value)


def test_a_row_outside_the_domain_is_no_number():
    rows = np.array([[1.0, 2.0], [-1.0, 2.0], [-inf, 2.0]])
    for of in ("value", "gradient"):
        inside, negative, infinite = ss.powermean(rows, p=3.0, of=of)
        assert np.isfinite(inside).all() and np.isnan(negative).all() and np.isnan(infinite).all()
    assert np.isnan(ss.powermean(rows, p=inf)[1])


@pytest.mark.parametrize(
    "op", [op for op in ss.operators.values() if op.arity is None and not op.vector], ids=lambda op: op.name
)
def test_what_is_kept_of_a_call_is_only_what_does_not_depend_on_it(op):
    rows = np.random.default_rng(4).random((3, 4, 6)) + 0.5
    for name, kernel in op.kernels.items():
        for dtype in () if kernel.twice else ("float16", "float32", "float64"):
            given = {op.parameter.name: 1.5} if op.parameter is not None and len(op.parameters) == 1 else {}
            batch = rows.astype(dtype)
            right = kernel(batch, where=np.ones(batch.shape, bool), **given)
            found = kernel(batch, **given)
            again = kernel(np.asfortranarray(batch), axis=2, **given)
            assert found.dtype == again.dtype == batch.dtype and np.array_equal(found, again), name
            np.testing.assert_allclose(found.astype(float), right.astype(float), rtol=1e-2)
            assert kernel(batch, keepdims=True, **given).shape == (batch.shape if kernel.rank else (3, 4, 1))
            turned = kernel(batch.swapaxes(1, 2), **given)
            turned = turned.swapaxes(1, 2) if kernel.rank else turned
            assert np.array_equal(kernel(batch, axis=1, **given), turned)


def test_what_is_kept_of_a_call_excuses_no_wrong_one():
    row = np.array([1.0, 2.0])
    assert ss.logsumexp(row, alpha=1.0) == ss.logsumexp(row, alpha=1)
    with pytest.raises(TypeError, match="bool"):
        ss.logsumexp(row, alpha=True)
    with pytest.raises(TypeError, match="parameter"):
        ss.logsumexp(row, beta=1.0)
    with pytest.raises(TypeError, match="True is a bool"):
        ss.logsumexp(row[None, :], axis=True)
    assert ss.logsumexp(row, alpha=inf) == 2 and np.isnan(ss.logsumexp(row, alpha=nan))
    assert ss.logsumexp(row.astype(int)).dtype == np.float64
