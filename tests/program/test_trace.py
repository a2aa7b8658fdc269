"""Traced code is the code: the program has its bits, says what it does and in which order, and refuses what it cannot stand for."""

from __future__ import annotations

import functools
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Sum, exp, log

from smoothsym.program import arrays, trace
from smoothsym.program.lower import lower
from smoothsym.program.operations import Operation
from smoothsym.program.trace import VOCABULARY, Untraceable
from smoothsym.words import alpha, j, n, x

ROW = [0.3, -1.7, 2.5, 2.5, 0.125, -0.0, 1e-3]


def logsumexp(xp, x, alpha):
    m = xp.max(x)
    return m + xp.log(xp.sum(xp.exp(alpha * (x - m)))) / alpha


def without_the_largest(xp, x):
    i = xp.argmax(x)
    terms = xp.where(xp.arange(x.shape[-1]) == i, 0.0, xp.exp(x - x[i]))
    return x[i] + xp.log1p(xp.sum(terms, axis=-1))


def boltzmann(x, alpha=1.0, axis=-1):
    x = np.asarray(x)
    m = np.max(x, axis=axis, keepdims=True)
    w = np.exp(alpha * (x - np.where(np.isfinite(m), m, 0)))
    w /= w.sum(axis=axis, keepdims=True)
    return np.sum(w * x, axis=axis)


def pnorm(x, *, p):
    size = np.abs(x)
    return size.max() * np.sum((size / size.max()) ** p) ** (1 / p)


def smooth_abs(xp, x):
    return xp.sqrt(xp.square(x) + 0.25) - xp.hypot(x, 1) + xp.reciprocal(2 + x**2) + abs(x) ** 0.5 + xp.pow(abs(x), 1.5)


def mellowmax(x):
    return np.log(np.mean(np.exp(x - x.max()))) + x.max()


def variance(xp, x):
    return (xp.square(x).sum() - x.sum() ** 2 / x.size) / len(x)


def pairs(xp, x):
    apart = x[:, None] - xp.expand_dims(x, axis=0)
    return xp.max(xp.abs(apart), axis=0) + xp.sum(apart.T, axis=1, keepdims=True).reshape(-1)


def choices(x):
    small, large = (x < 1) & ~(x <= 0), (x >= 2) | (x == x.min())
    return np.where(small, x, np.where(large, -x, np.sign(x))) + np.clip(x, -1, 1) + np.zeros_like(x) + (x != 2.5) * x


def ends(xp, x):
    return (
        x[0]
        - x[-1]
        + xp.take(x, 2)
        + xp.maximum(x[1], 0) * xp.minimum(x[2], x[3])
        - np.add.reduce(x)
        + -x.max() / np.pi
    )


CODE = [logsumexp, without_the_largest, boltzmann, pnorm, smooth_abs, mellowmax, variance, pairs, choices, ends]


def both(f, row, **parameter):
    """What f computes, and what its program does."""
    parameter = {name: row.dtype.type(value) for name, value in parameter.items()}
    before = (np,) if f.__code__.co_varnames[:1] == ("xp",) else ()
    with np.errstate(all="ignore"):
        return f(*before, row, **parameter), arrays.run(trace.trace(f), row, parameter)[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", CODE, ids=lambda f: f.__name__)
def test_a_program_has_the_bits_of_its_code(f, dtype):
    given = {"alpha": 1.7, "p": 2.5}
    parameter = {name: given[name] for name in f.__code__.co_varnames[: f.__code__.co_argcount + 1] if name in given}
    direct, traced = both(f, np.array(ROW, dtype=dtype), **parameter)
    np.testing.assert_array_equal(np.broadcast_to(traced, np.shape(direct)), direct)
    assert np.asarray(traced).dtype == dtype


UNARY = ["negative", "abs", "sign", "sqrt", "square", "reciprocal", "exp", "expm1", "log", "log1p"]
BINARY = ["add", "subtract", "multiply", "divide", "hypot", "maximum", "minimum", "pow"]
REDUCTIONS = ["sum", "mean", "max", "min"]
TESTS = ["greater", "greater_equal", "less", "less_equal"]

expressions = st.recursive(
    st.sampled_from(["x", "alpha", "n"]) | st.floats(-4, 4, width=16).map(lambda v: v + 0.0),
    lambda inner: (
        st.tuples(st.sampled_from(UNARY), inner)
        | st.tuples(st.sampled_from(BINARY), inner, inner)
        | st.tuples(st.sampled_from(REDUCTIONS), inner)
        | st.tuples(st.just("where"), st.sampled_from(TESTS), inner, inner, inner, inner)
    ),
    max_leaves=12,
)
"""Trees of operations on vectors; a number stands for a vector of length one."""


def computed(tree, xp, x, alpha):
    if not isinstance(tree, tuple):
        leaf = {"x": x, "alpha": alpha, "n": xp.asarray(x.shape[-1], dtype=x.dtype)}.get(tree)
        return (
            xp.asarray(tree, dtype=x.dtype)[None] if leaf is None else leaf if tree == "x" else xp.asarray(leaf)[None]
        )
    name, *args = tree
    if name == "where":
        test, *args = args
        a, b, c, d = (computed(arg, xp, x, alpha) for arg in args)
        # a >= b is traced as not b > a, which has another answer for nan.
        assume(xp is not np or not np.any(np.isnan(a + b)))
        return xp.where(getattr(xp, test)(a, b), c, d)
    found = [computed(arg, xp, x, alpha) for arg in args]
    if name == "pow":
        # NumPy's scalars have powers of their own.
        found[0] = found[0] + x
    return getattr(xp, name)(*found, keepdims=True) if name in REDUCTIONS else getattr(xp, name)(*found)


@settings(max_examples=300, deadline=None)
@given(
    expressions,
    st.lists(st.floats(-30, 30, width=16), min_size=2, max_size=20),
    st.sampled_from([np.float32, np.float64]),
)
def test_any_expression_has_the_bits_of_its_code(tree, row, dtype):
    def f(xp, x, alpha):
        return computed(tree, xp, x, alpha)

    direct, traced = both(f, np.array(row, dtype=dtype), alpha=0.7)
    np.testing.assert_array_equal(np.broadcast_to(traced, direct.shape), direct)


def test_a_program_says_what_runs_in_which_order():
    before = trace.trace(lambda xp, x, alpha: alpha * x - xp.max(alpha * x))
    after = trace.trace(lambda xp, x, alpha: alpha * (x - xp.max(x)))
    names = [[o.name for o in program.operations] for program in (before, after)]
    assert names == [["x", "symbol", "mul", "max", "sub"], ["x", "symbol", "max", "sub", "mul"]]
    row = np.array(ROW)
    a, b = (arrays.run(program, row, {"alpha": 0.7})[0] for program in (before, after))
    assert np.any(a != b) and np.allclose(a, b)


def test_traced_code_and_an_expression_are_the_same_program():
    def f(xp, x, alpha):
        return xp.log(xp.sum(xp.exp(alpha * x))) / alpha

    lowered = lower([log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha])
    traced = trace.trace(f)
    row = np.array(ROW)
    assert [o.name for o in sorted(traced.operations, key=str)] == [o.name for o in sorted(lowered.operations, key=str)]
    assert arrays.run(traced, row, {"alpha": 2.0}) == arrays.run(lowered, row, {"alpha": 2.0})


def test_what_is_computed_twice_or_for_nothing_is_no_part_of_the_program():
    def f(xp, x):
        xp.exp(x)
        return (x - xp.max(x)) * (x - x.max())

    assert [o.name for o in trace.trace(f).operations] == ["x", "max", "sub", "mul"]


def test_constants_are_exact():
    assert Operation("number", (), 0, Fraction(0.1)) in trace.trace(lambda x: x * 0.1).operations


def test_parameters_are_what_has_no_value_or_a_number():
    def f(xp, x, alpha, p=2, *, axis=-1, keepdims=False, weights=None):
        return xp.sum(x * alpha**p, axis=axis)

    assert trace._arguments(f) == (True, ["alpha", "p"])
    assert trace._arguments(functools.partial(f, alpha=1.5)) == (True, ["p"])


def looks(x):
    return x if x.max() > 0 else -x


def writes(x):
    x -= x.max()
    return x


def writes_an_entry(x):
    y = np.exp(x)
    y[0] = 0
    return y


def writes_under_another_name(x):
    y = np.exp(x)
    z = y[None]
    y *= 2
    return y + z


REFUSED = {
    "np.where|xp.where": looks,
    "write x = x - c": writes,
    "xp.where(condition, value, x)": writes_an_entry,
    "another name": writes_under_another_name,
    "operation='tanh' has no rounding rule": lambda x: np.tanh(x),
    "did you mean 'expm1'": lambda xp, x: xp.expm(x),
    "operation='matmul'": lambda x: x @ x,
    "operation='norm'": lambda x: np.linalg.norm(x),
    "operation='concatenate'": lambda x: np.concatenate([x, x]),
    "operation='floor_divide'": lambda x: x // 2,
    "write the operation of xp": lambda x: float(x[0]) * x,
    "length is not known": lambda x: sum(x),
    "depends on the length": lambda x: x[1:],
    "unknown length": lambda x: x[x > 0],
    "at most 2": lambda x: x[:, None, None] * x[:, None] * x,
    "returns a matrix": lambda x: x[:, None] * x,
    "returns a tuple": lambda x: (x, x),
    "returns nothing": lambda x: None,
    "no one order": lambda x: np.sum(x[:, None] * x),
    "each time": lambda x: x * np.random.default_rng().random(),
    "leave dtype out": lambda x: np.sum(x, dtype=np.float64),
    "dtype=x.dtype": lambda xp, x: xp.asarray(x, dtype=float),
    "leave out out": lambda x: np.exp(x, out=x),
    "no number": lambda xp, x: xp.where(x > 0, x, -xp.inf),
    "array of constants": lambda x: np.ones(3) * x,
    "is a position": lambda x: np.argmax(x) * x,
    "takes no vector": lambda *, alpha: alpha,
    "is a str": lambda xp, x: x + xp.asarray("1"),
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_has_no_program_is_refused_with_a_way_out(says):
    with pytest.raises((Untraceable, AttributeError), match="|".join(map(re.escape, says.split("|")))):
        trace.trace(REFUSED[says])


def test_an_unknown_operation_is_an_attribute_that_is_missing_too():
    assert not hasattr(trace.Namespace(None), "erf")
    with pytest.raises(ValueError, match="erf"):
        trace.trace(lambda xp, x: xp.erf(x))


def test_the_published_vocabulary_is_the_whole_one():
    words = set(re.findall(r"\w+", trace.__doc__))
    spelled = {"equal", "not_equal", "less_equal", "greater_equal", "size", "shape"}
    others = {"absolute", "fabs", "true_divide", "float_power", "bitwise_and", "bitwise_or", "bitwise_not", "invert"}
    copies = {"array", "asanyarray", "ascontiguousarray", "copy", "matrix_transpose"}
    assert set(VOCABULARY) - words - spelled <= others | copies
