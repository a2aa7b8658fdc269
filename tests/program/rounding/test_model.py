"""The model is what NumPy does: its order of summation bit by bit, and its functions on inputs near the worst that were found."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from smoothsym.formats import get
from smoothsym.program.rounding import transcendental
from smoothsym.program.rounding.enclosures import point
from smoothsym.program.rounding.model import JAX, NUMPY, TORCH, Model

LENGTHS = [*range(1, 40), 63, 64, 127, 128, 129, 200, 255, 1000, 1024, 4097, 10_000]


def pairwise(terms):
    """The sum as NumPy takes it, and how many additions its deepest term goes through."""
    n = len(terms)
    if n < 8:
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total, n - 1
    if n <= 128:
        eight, whole = list(terms[:8]), n - n % 8
        for place in range(8, whole):
            eight[place % 8] = eight[place % 8] + terms[place]
        a, b, c, d, e, f, g, h = eight
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
        for term in terms[whole:]:
            total = total + term
        return total, n // 8 - 1 + 3 + n % 8
    half = n // 2 - n // 2 % 8
    (low, deep), (high, deeper) = pairwise(terms[:half]), pairwise(terms[half:])
    return low + high, max(deep, deeper) + 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", LENGTHS)
def test_numpy_sums_contiguous_rows_as_the_model_says(size, dtype):
    rng = np.random.default_rng(size)
    terms = (rng.normal(size=size) * 10.0 ** rng.integers(-3, 3, size)).astype(dtype)
    total, depth = pairwise(terms)
    assert np.sum(terms) == total and np.sum(np.stack([terms, -terms]), axis=-1)[0] == total
    assert NUMPY.depth(size, np.dtype(dtype).name) == depth


def test_narrow_formats_are_summed_wider_or_term_by_term():
    rng = np.random.default_rng(0)
    for size in LENGTHS:
        terms = rng.normal(size=size)
        wide, _ = pairwise(terms.astype(np.float16).astype(np.float32))
        assert np.sum(terms.astype(np.float16)) == np.float16(wide)
        narrow = terms.astype(ml_dtypes.bfloat16)
        total = narrow[0]
        for term in narrow[1:]:
            total = total + term
        assert np.sum(narrow) == total
    assert NUMPY.accumulator("float16") == "float32" and NUMPY.order("bfloat16") == "sequential"


FUNCTIONS = {"exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "pow": np.power, "hypot": np.hypot}


def inputs(name, dtype, rng):
    fmt = get(dtype)
    size = 1 << 14
    t = np.exp2(rng.uniform(-30, 4, size)) * rng.choice([-1, 1], size)
    near = 1 + np.exp2(-rng.uniform(1, fmt.precision, size)) * rng.choice([-1, 1], size)
    if name in ("pow", "hypot"):
        return [v.astype(fmt.dtype) for v in (np.concatenate([near, np.abs(t) + 0.01]), np.concatenate([t * 8, t / 4]))]
    values = {"log": np.concatenate([np.abs(t), near]), "log1p": np.concatenate([np.abs(t), near - 1])}
    return [values.get(name, np.concatenate([t, near])).astype(fmt.dtype)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_numpy_are_within_the_constants_that_were_measured(name, dtype):
    fmt, args = get(dtype), inputs(name, dtype, np.random.default_rng(1))
    with np.errstate(all="ignore"):
        got = FUNCTIONS[name](*args).astype(np.float64)
        exact = getattr(transcendental, {"pow": "power"}.get(name, name))(*(point(a.astype(np.float64)) for a in args))
        size = np.abs(exact.lo)
        ordinary = (size > float(fmt.smallest_normal)) & (size < float(fmt.largest) / 2)
        error = np.maximum(np.abs(got - exact.lo), np.abs(got - exact.hi)) / (float(fmt.u) * size)
        found = float(np.max(error[ordinary]))
    assert 0.5 < found <= NUMPY.constant(name, dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_functions_are_exact_where_the_standard_says_so(dtype):
    kind = get(dtype).dtype.type
    zero, one, some = kind(0), kind(1), np.array([0.3, 2.0, 7.5]).astype(kind)
    assert np.exp(zero) == 1 and np.log(one) == 0 and np.log1p(zero) == 0 and np.expm1(zero) == 0
    assert np.all(some**zero == 1) and np.all(one**some == 1) and np.all(zero**some == 0)
    tiny = np.arange(1, 100).astype(get(dtype).uint).view(get(dtype).dtype)
    assert np.array_equal(np.log1p(tiny), tiny) and np.array_equal(np.expm1(tiny), tiny)


def test_what_differs_by_format_is_given_by_its_name():
    model = Model(functions={"exp": {"float32": 3.0}, "log": 2.0}, summation={"float16": "compensated"})
    assert (
        model.constant("exp", "float32") == 3 and model.constant("exp", "float64") == 1 and model.constant("exp") == 1
    )
    assert model.constant("log", "float64") == 2 and model.constant("pow") == 1
    assert model.order("float16") == "compensated" and model.order("float32") == "pairwise"
    assert [m.constant("exp", "float64") > 1 for m in (NUMPY, TORCH, JAX)] == [True] * 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"summation": "tree"}, "summation='tree' is not known"),
        ({"summation": {"float32": "tree"}}, "summation='tree' is not known"),
        ({"rounding": "up"}, "rounding='up' is not known"),
        ({"underflow": "no"}, "underflow='no' is not known"),
        ({"accumulate": "float80"}, "accumulate='float80' is not known"),
        ({"functions": {"erf": 1.0}}, "function='erf' is not known"),
        ({"functions": {"exp": 0.1}}, "no error in units of u"),
        ({"functions": {"exp": {"float32": -1.0}}}, "no error in units of u"),
    ],
)
def test_a_model_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Model(**given)
