"""The printed source of a kernel gives its bits."""

import ml_dtypes
import numpy as np
import pytest
from sympy import Sum, log, sqrt

import smoothsym as ss
from smoothsym.words import alpha, eps, j, n, p, x

LEHMER = ss.SmoothMax("mine", Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n)), p, "positive")
SMU = ss.SmoothMax("binary", (x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps)) / 2, eps)
GEOMETRIC = ss.SmoothMax("no_parameter", Sum(log(x[j]), (j, 1, n)), domain="positive")
OPERATORS = [*ss.operators.values(), LEHMER, SMU, GEOMETRIC]
DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.longdouble]


def rows(op, size, dtype):
    drawn = np.random.default_rng(size).normal(size=(6, op.arity or size)) * 3
    return (np.abs(drawn) if op.domain == "positive" else drawn).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: np.dtype(dtype).name)
@pytest.mark.parametrize("name", ["naive", "stable", "naive_gradient", "stable_gradient"])
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_the_source_gives_the_bits_of_the_kernel(op, name, dtype):
    kernel = op.kernels[name]
    space: dict = {}
    exec(kernel.source, space)
    function = space[f"{op.name}_{name}"]
    for size in (1, 2, 7, 300):
        data = rows(op, size, dtype)
        for value in (2.0, 1.0, 0.3, 1e-3) if op.parameter is not None else (None,):
            given = () if value is None else (value,)
            keywords = {} if value is None else {op.parameter.name: value}
            printed, run = function(data, *given), kernel(data, **keywords)
            assert printed.dtype == run.dtype == data.dtype
            assert np.array_equal(printed, run, equal_nan=True)


def test_the_source_says_so_where_no_stable_form_was_found():
    assert SMU.kernels["stable"].source.startswith("# no stable form was found")
    assert not ss.logsumexp.kernels["stable"].source.startswith("#")
    assert "np.errstate" in ss.logsumexp.kernels["stable"].source
    assert "alpha" not in GEOMETRIC.kernels["stable"].source and alpha.name in ss.logsumexp.kernels["stable"].source
