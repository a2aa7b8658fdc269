"""Inputs are exact, whatever they come in; bad ones are named, with their value and what to write instead."""

import re
from fractions import Fraction

import ml_dtypes
import mpmath
import numpy as np
import pytest
from sympy import Integer, Rational, oo, pi

import smoothsym as ss
from smoothsym.certify.inputs import exact_number, rows_of

DTYPES = [np.float16, np.float32, np.float64, np.longdouble, ml_dtypes.bfloat16, np.int8, np.uint64]


@pytest.mark.parametrize(
    ("given", "exact"),
    [
        (3, 3),
        (0.1, Fraction(0.1)),
        (1e308, Fraction(1e308)),
        (5e-324, Fraction(5e-324)),
        (Fraction(1, 3), Fraction(1, 3)),
        (Rational(1, 3), Fraction(1, 3)),
        (Integer(-7), -7),
        (10**400, 10**400),
        (mpmath.mpf("1e-300"), Fraction(1e-300)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.longdouble(1) + np.finfo(np.longdouble).eps, 1 + Fraction(float(np.finfo(np.longdouble).eps))),
        (ml_dtypes.bfloat16(0.1), Fraction(float(ml_dtypes.bfloat16(0.1)))),
        (np.int64(-5), -5),
    ],
)
def test_a_number_is_what_it_is_exactly(given, exact):
    assert exact_number(given, "x") == exact


@pytest.mark.parametrize("infinite", [np.inf, oo, mpmath.inf, np.float16(np.inf), ml_dtypes.bfloat16(np.inf)])
def test_an_infinity_is_one_in_every_type(infinite):
    assert exact_number(infinite, "x") == np.inf
    assert exact_number(-infinite, "x") == -np.inf


@pytest.mark.parametrize("missing", [np.nan, mpmath.nan, np.float32(np.nan), ml_dtypes.bfloat16(np.nan), oo - oo])
def test_nan_is_nan_in_every_type(missing):
    assert np.isnan(exact_number(missing, "x"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_every_dtype_are_taken_exactly(dtype):
    x = np.array([[1, 3], [2, 0.1]]).astype(dtype)
    rows, shape = rows_of(ss.logsumexp, x)
    assert shape == (2, 2)
    assert rows == [[exact_number(v, "x") for v in row] for row in x]


@pytest.mark.parametrize(
    ("x", "value", "gradient", "hessian"),
    [
        ([1, 2, 3], (), (3,), (3, 3)),
        ([[1, 2, 3], [4, 5, 6]], (2,), (2, 3), (2, 3, 3)),
        (np.zeros((2, 2, 3)), (2, 2), (2, 2, 3), (2, 2, 3, 3)),
        (np.zeros((0, 3)), (0,), (0, 3), (0, 3, 3)),
        ([], (), (0,), (0, 0)),
    ],
)
def test_results_have_the_shape_of_the_rows(x, value, gradient, hessian):
    for of, shape in (("value", value), ("gradient", gradient), ("hessian", hessian)):
        assert np.shape(ss.reference(ss.boltzmann, x, of=of, alpha=1.0)) == shape
        assert np.shape(np.array(ss.enclose(ss.boltzmann, x, of=of, alpha=1.0), dtype=object)) == shape


def test_a_function_of_one_entry_takes_rows_of_one_and_numbers_and_arrays_elementwise():
    softplus = ss.SmoothMax(name="own", definition=ss.x[1] ** 2 / ss.alpha)
    assert float(ss.reference(softplus, [3], alpha=1)) == 9
    assert float(ss.reference(softplus, 3, alpha=1)) == 9
    assert ss.reference(softplus, [[1, 2], [3, 4]], alpha=2).tolist() == [[0.5, 2], [4.5, 8]]
    assert ss.reference(softplus, [1, 2], of="gradient", alpha=1).tolist() == [2, 4]


class Lazy:
    """An array of another library."""

    def __array__(self, dtype=None, copy=None):
        return np.array([3.0, 4.0], dtype=dtype)


def test_what_converts_to_an_array_is_one():
    assert float(ss.reference(ss.pnorm, Lazy(), p=2)) == 5


TWO = ss.SmoothMax(name="two", definition=(ss.x[1] + ss.x[2]) * ss.alpha)
POSITIVE = ss.SmoothMax(name="mine", definition=ss.pnorm.definition, domain="positive")
BAD = [
    (ss.logsumexp, 3.0, {}, ValueError, "x=3.0 is a single number; give a vector"),
    (ss.logsumexp, np.float64(3), {}, ValueError, "is a single number; give a vector"),
    (ss.logsumexp, "12", {}, TypeError, "x='12' is a str"),
    (ss.logsumexp, ["1", "2"], {}, TypeError, "x='1' is a str"),
    (ss.logsumexp, None, {}, TypeError, "x=None is a NoneType"),
    (ss.logsumexp, {1: 2}, {}, TypeError, "x={1: 2} is a dict"),
    (ss.logsumexp, [1, 2j], {}, TypeError, "x=2j is a complex"),
    (ss.logsumexp, [True, False], {}, TypeError, "x=True is a bool"),
    (ss.logsumexp, [1, pi], {}, TypeError, "x=pi is a SymPy Pi and not rational"),
    (ss.logsumexp, np.array([1, 2j]), {}, TypeError, "x has dtype complex128; give real numbers"),
    (ss.logsumexp, np.array(["a"]), {}, TypeError, "x has dtype <U1; give real numbers"),
    (ss.logsumexp, np.array([True]), {}, TypeError, "x has dtype bool; give real numbers"),
    (ss.logsumexp, np.array([1, None], dtype=object), {}, TypeError, "x=None is a NoneType"),
    (ss.logsumexp, [[1, 2], [3]], {}, ValueError, "the rows of x have lengths 1, 2; give rows of equal length"),
    (ss.logsumexp, [[1, 2], 3], {}, ValueError, "x holds parts of shapes (), (2,); give rows of equal length"),
    (TWO, [1, 2, 3], {}, ValueError, "x has 3 entries in a row; two takes 2"),
    (POSITIVE, [[1, 2], [3, -0.5]], {}, ValueError, "the entry -0.5 (-0x1.0000000000000p-1) at [1, 1]"),
    (ss.logsumexp, [1], {"alpha": "1"}, TypeError, "alpha='1' is a str"),
    (ss.logsumexp, [1], {"alpha": None}, TypeError, "alpha=None is a NoneType"),
    (ss.logsumexp, [1], {"alpha": [1, 2]}, TypeError, "alpha=[1, 2] is an array of shape (2,)"),
    (ss.logsumexp, [1], {"alpha": ss.alpha}, TypeError, "alpha=alpha is a SymPy Symbol"),
    (ss.pnorm, [1], {"p": 2 + 0j}, TypeError, "p=(2+0j) is a complex"),
    (ss.pnorm, [1], {"p": True}, TypeError, "p=True is a bool"),
    (ss.pnorm, [1], {"alpha": 2}, TypeError, "parameter='alpha' is not known"),
    (ss.logsumexp, [1], {"alhpa": 2}, TypeError, "did you mean 'alpha'?"),
    (ss.logsumexp, [1], {"of": "gradeint"}, ValueError, "of='gradeint' is not known; did you mean 'gradient'?"),
    (ss.logsumexp, [1], {"of": "p"}, ValueError, "of='p' is not known"),
    (ss.logsumexp, [1], {"budget": 0}, ValueError, "budget=0: give a positive whole number of bits"),
    (ss.logsumexp, [1], {"budget": 1.5}, ValueError, "budget=1.5: give a positive whole number of bits"),
]


@pytest.mark.parametrize("function", [ss.enclose, ss.reference])
@pytest.mark.parametrize(("op", "x", "keywords", "error", "message"), BAD)
def test_bad_input_is_named(function, op, x, keywords, error, message):
    with pytest.raises(error, match=re.escape(message)):
        function(op, x, **keywords)


@pytest.mark.parametrize(
    ("function", "keywords", "message"),
    [
        (ss.enclose, {"digits": 0}, "digits=0: give a positive whole number of digits"),
        (ss.enclose, {"digits": 2.5}, "digits=2.5: give a positive whole number of digits"),
        (ss.enclose, {"digits": 10**9}, "digits=1000000000: at most 1000000 are computed; give fewer"),
        (ss.enclose, {"digits": 100, "budget": 99}, "budget=99: 100 digits take 333 bits at the least; give more"),
        (ss.reference, {"budget": 1}, "budget=1: float64 takes 53 bits at the least; give more"),
        (ss.reference, {"dtype": complex}, "dtype='complex128' is not known; known: float16"),
        (ss.enclose, {"engine": "mpmaht"}, "engine='mpmaht' is not known; did you mean 'mpmath'?"),
        (ss.reference, {"dtype": "flaot32"}, "dtype='flaot32' is not known; did you mean 'float32'?"),
        (ss.reference, {"dtype": "int32"}, "dtype='int32' is not known"),
        (ss.reference, {"rounding": "nearst"}, "rounding='nearst' is not known; did you mean 'nearest'?"),
    ],
)
def test_bad_options_are_named(function, keywords, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(ss.logsumexp, [1, 2], **keywords)


def test_an_enclosure_names_bad_digits():
    with pytest.raises(ValueError, match="digits=0: ask for a positive whole number of digits"):
        ss.enclose(ss.logsumexp, [1, 2]).digits(0)
