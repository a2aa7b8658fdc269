"""Compensated kernels return the correctly rounded number, wherever twice the precision is enough, and answer like the stable ones."""

from __future__ import annotations

from math import inf, nan

import ml_dtypes
import numpy as np
import pytest
from diagonal import diagonal

import smoothsym as ss
from smoothsym.program import arrays, compensated
from smoothsym.program.pairs.functions import Functions
from smoothsym.program.rounding.paired import BELOW
from smoothsym.program.trace import trace

FORMATS = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32, "float64": np.float64}
SCALAR = [op for op in ss.operators.values() if (op.explicit or op is ss.sparsemax) and not op.vector]
GRADIENTS = {"value": "compensated", "gradient": "compensated_gradient"}

every_operator = pytest.mark.parametrize("op", SCALAR, ids=lambda op: op.name)
value_and_gradient = pytest.mark.parametrize("of", GRADIENTS)


def rows_of(op, dtype, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(200, op.arity or 9)) * 10.0 ** rng.integers(-2, 2, (200, 1))
    rows = np.abs(rows) if op.domain == "positive" else rows
    return rows.astype(FORMATS[dtype])


def same_bits(got, right):
    return np.array_equal(
        np.asarray(got).ravel().astype(float), np.asarray(right).ravel().astype(float), equal_nan=True
    )


@pytest.mark.sampled
@pytest.mark.parametrize("dtype", FORMATS)
@value_and_gradient
@every_operator
def test_ordinary_rows_are_rounded_correctly(op, of, dtype):
    keyword = {op.parameter.name: 1.75}
    rows = rows_of(op, dtype)
    x = rows[:, 0] if op.arity == 1 else rows
    got = op.kernels[GRADIENTS[of]](x, **keyword)
    assert got.dtype == rows.dtype
    assert same_bits(got, ss.reference(op, rows, of=of, dtype=dtype, **keyword))


@pytest.mark.sampled
@pytest.mark.parametrize("budget", [20, pytest.param(120, marks=pytest.mark.long)])
@pytest.mark.parametrize(("op", "of"), diagonal(SCALAR, GRADIENTS))
def test_cases_hold(op, of, budget):
    lengths = (op.arity,) if op.arity else (1, 2, 5, 16)
    found = ss.audit(op.kernels[GRADIENTS[of]], op, of, "float64", n=lengths, budget=budget, seed=1, timeout=None)
    # Among subnormal numbers pairs have no rest, and lose up to BELOW of the smallest.
    subnormal = abs(float(found.worst.exact)) < np.finfo(np.float64).smallest_normal
    assert found.verdict == "holds" and found.max_scaled < (BELOW if subnormal else 3), str(found)


@pytest.mark.parametrize("op", [ss.logsumexp, ss.boltzmann, ss.mellowmax], ids=lambda op: op.name)
def test_where_the_value_nearly_vanishes_the_stable_kernel_is_right_in_no_digit_and_the_compensated_one_in_all(op):
    row = np.array([0.5, -0.75, 1.25])
    low, high = -4.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if op(row + middle) > 0 else (middle, high)
    near = (row + low)[None]
    # One entry in steps of its own last place, so that the value comes closer to 0 than a last place of the others.
    rows = near + np.arange(-4, 5)[:, None] * np.spacing(near) * [0, 0, 1]
    right = ss.reference(op, rows)
    apart = [np.max(np.abs(op.kernels[form](rows) - right) / np.abs(right)) for form in ("stable", "compensated")]
    assert apart[0] > 1e-3 and apart[1] < 1e-9


class Careless(Functions):
    """Products as floats have them."""

    def two_prod(self, a, b):
        return a * b, a * 0


def test_a_careless_product_is_seen(monkeypatch):
    monkeypatch.setattr(compensated, "Functions", Careless)
    rows = rows_of(ss.logsumexp, "float64")
    got = ss.logsumexp.kernels["compensated"](rows, alpha=1.75)
    assert not same_bits(got, ss.reference(ss.logsumexp, rows, alpha=1.75))


@value_and_gradient
@every_operator
def test_special_values_are_those_of_the_stable_kernel(op, of):
    entries = [[inf, 1.0, 2.0], [-inf, 1.0, 2.0], [nan, 1.0, 2.0], [0.0, 0.0, 0.0], [-inf, -inf, -inf], [0.0, 3.0, 5.0]]
    rows = np.array(entries)[:, : op.arity or 3]
    x = rows[:, 0] if op.arity == 1 else rows
    stable = op.kernels[GRADIENTS[of].replace("compensated", "stable")]
    for parameter in (1.0, -2.0, 0.0, inf, -inf, nan):
        keyword = {op.parameter.name: parameter}
        got, right = op.kernels[GRADIENTS[of]](x, **keyword), stable(x, **keyword)
        np.testing.assert_allclose(got, right, rtol=1e-14, equal_nan=True)


def test_masks_and_weights_count():
    rng = np.random.default_rng(4)
    x, weights, where = rng.normal(size=(50, 8)), rng.uniform(0.1, 3, (50, 8)), rng.random((50, 8)) < 0.8
    where[:, 0] = True
    for op in (ss.logsumexp, ss.boltzmann, ss.mellowmax, ss.pnorm):
        for of, name in GRADIENTS.items():
            got = op.kernels[name](x, where=where, weights=weights)
            assert same_bits(got, ss.reference(op, x, of=of, where=where, weights=weights))


def code(xp, x, alpha):
    a, b = x[:, None], x[None, :]
    apart = xp.hypot(xp.maximum(a, b), xp.minimum(a, b)) + abs(a - b) ** 1.5 / (1 + xp.square(b))
    mean = xp.sum(xp.where(a > b, apart, xp.sqrt(apart)), axis=0) / x.shape[-1]
    return xp.log(mean) + xp.expm1(-alpha * abs(x)) - xp.min(x) * xp.sign(x) + x[xp.argmax(x)]


def test_every_operation_of_traced_code_runs_in_pairs():
    program = trace(code)
    row = np.random.default_rng(3).normal(size=(40, 6))
    (single,) = compensated.run(program, row.astype(np.float32), {"alpha": np.float32(0.75)})
    (right,) = arrays.run(program, row.astype(np.float32).astype(float), {"alpha": 0.75})
    (double,) = compensated.run(program, row, {"alpha": 0.75})
    assert np.mean(single == right.astype(np.float32)) > 0.999
    np.testing.assert_allclose(double, arrays.run(program, row, {"alpha": 0.75})[0], rtol=1e-13)


def test_a_format_without_pairs_is_named():
    with pytest.raises(TypeError, match="float16"):
        compensated.run(trace(code), np.ones(3, dtype=np.float16), {"alpha": 1.0})
