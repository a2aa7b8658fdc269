"""Printed source runs as it stands: NumPy's has the bits of the program, C, PyTorch and JAX its digits."""

from __future__ import annotations

import ctypes
import subprocess

import ml_dtypes
import numpy as np
import pytest
from diagonal import diagonal
from sympy import Sum, exp, log, sqrt

import smoothsym as ss
from smoothsym.program import arrays
from smoothsym.program.source import LANGUAGES, identifier
from smoothsym.program.source.printer import Printer
from smoothsym.words import alpha, eps, i, j, k, n, p, x

LEHMER = ss.SmoothMax("mine", Sum(x[j] ** p, (j, 1, n)) / Sum(x[j] ** (p - 1), (j, 1, n)), p, "positive")
SMU = ss.SmoothMax("binary", (x[1] + x[2] + sqrt((x[1] - x[2]) ** 2 + eps)) / 2, eps)
GEOMETRIC = ss.SmoothMax("no_parameter", Sum(log(x[j]), (j, 1, n)), domain="positive")
WITH_ONE = ss.SmoothMax("with one", log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha)
POWER_MEAN = ss.SmoothMax("lambda", (Sum(x[j] ** p, (j, 1, n)) / n) ** (1 / p), p, "positive")
SOFTPLUS = ss.SmoothMax("exp", log(1 + exp(alpha * x[1])) / alpha)
SPREAD = ss.SmoothMax("spread", sqrt(Sum((x[j] - x[k]) ** 2 + eps, (j, 1, n), (k, 1, n))), eps)
WEIGHTED = ss.SmoothMax("two", Sum(x[j] * exp(alpha * x[j]), (j, 1, n)) / Sum(exp(eps * x[j]), (j, 1, n)), (alpha, eps))
PLAIN = ss.SmoothMax("plain", x[1] ** 3 + eps * x[2], eps)
OWN = [LEHMER, SMU, GEOMETRIC, WITH_ONE, POWER_MEAN, SOFTPLUS, SPREAD, WEIGHTED]
EXPLICIT = [op for op in ss.operators.values() if op.explicit]
OPERATORS = [*EXPLICIT, LEHMER, SMU, GEOMETRIC]
DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.longdouble]
EXACT = {"linear": x[1] / 3 + 2 * x[2], "constant": Sum(x[j], (j, 1, n)) / n}
"""Formulas whose gradients or Hessians are constant."""

FORMULAS = [
    (op, of)
    for op in [*EXPLICIT, *OWN, *(ss.SmoothMax(name, e) for name, e in EXACT.items())]
    for of in ["value", "gradient", *(["hessian"] if not op.vector else []), *(q.name for q in op.parameters)]
]
every_formula = pytest.mark.parametrize(("op", "of"), FORMULAS, ids=lambda given: getattr(given, "name", given))
one_in_five = pytest.mark.parametrize("place", diagonal(range(len(FORMULAS)), every=5))
"""For what another library compiles: the others are long."""


def rows(op, size, dtype):
    drawn = np.random.default_rng(size).normal(size=(6, op.arity or size)) * 3
    return (np.abs(drawn) if op.domain == "positive" else drawn).astype(dtype)


def parameters(op, value):
    return {q.name: value / 2**place for place, q in enumerate(op.parameters)}


def computed(op, of, data, value):
    """What the program gives on arrays, with every axis of the result."""
    given = {name: data.dtype.type(number) for name, number in parameters(op, value).items()}
    with np.errstate(all="ignore"):
        (found,) = arrays.run(op.program(of, "float"), data, given, lazy=False, summation="folded")
    full = {"gradient": 1 + op.vector, "hessian": 2}.get(of, op.rank(of)) if op.arity != 1 else 0
    return np.broadcast_to(found, (len(data), *data.shape[1:] * full))


def function(op, language, of):
    space: dict = {}
    exec(op.code(language, of), space)
    return next(value for name, value in space.items() if callable(value) and name == identifier(named(op, of), kept))


def named(op, of):
    return op.name if of == "value" else f"{op.name}_{of}"


def kept(word):
    return word in ("lambda", "x")


def printed(op, language, of, data, value):
    found = function(op, language, of)(data[:, 0] if op.arity == 1 else data, *parameters(op, value).values())
    return np.asarray(found)


# ---- NumPy -------------------------------------------------------------------------------------------------------------------


NAMES = ["naive", "stable", "naive_gradient", "stable_gradient"]


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "name", "dtype"), diagonal(OPERATORS, NAMES, DTYPES, every=3))
def test_the_source_gives_the_bits_of_the_kernel(op, name, dtype):
    kernel = op.kernels[name]
    space: dict = {}
    exec(kernel.source, space)
    function = space[f"{op.name}_{name}"]
    for size in (1, 2, 7, 300):
        data = rows(op, size, dtype)
        for value in (3.0, 1.0, 0.3, 1e-3) if op.parameter is not None else (None,):
            given = () if value is None else (value,)
            keywords = {} if value is None else {op.parameter.name: value}
            printed, run = function(data, *given), kernel(data, **keywords)
            assert printed.dtype == run.dtype == data.dtype
            assert np.array_equal(printed, run, equal_nan=True)


@pytest.mark.sampled
@every_formula
def test_numpy_source_gives_the_bits_of_the_program(op, of):
    for size, value in [(1, 2.0), (2, 0.3), (5, 1.5), (9, 1e-3)]:
        for dtype in (np.float32, np.float64):
            data = rows(op, size, dtype)
            found = printed(op, "numpy", of, data, value)
            assert found.dtype == dtype
            assert np.array_equal(found, computed(op, of, data, value), equal_nan=True)


def test_the_source_says_so_where_no_stable_form_was_found():
    assert PLAIN.kernels["stable"].source.startswith("# no stable form was found")
    assert PLAIN.code("c").startswith("/* no stable form was found")
    assert not ss.logsumexp.kernels["stable"].source.startswith("#")
    assert "np.errstate" in ss.logsumexp.kernels["stable"].source
    assert "alpha" not in GEOMETRIC.kernels["stable"].source and alpha.name in ss.logsumexp.kernels["stable"].source


def test_whole_numbers_are_taken_as_floats():
    assert function(ss.logsumexp, "numpy", "value")([[3, 1], [0, 2]], 1).dtype == np.float64


# ---- C -----------------------------------------------------------------------------------------------------------------------

Pointer = ctypes.POINTER(ctypes.c_double)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Sources, compiled to one library; a warning is an error."""

    def build(sources):
        place = tmp_path_factory.mktemp("c")
        files = []
        for number, text in enumerate(sources):
            files.append(place / f"f{number}.c")
            files[-1].write_text(text)
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-fPIC", "-shared"]
        subprocess.run(["cc", *flags, "-o", place / "all.so", *files, "-lm"], check=True, capture_output=True)
        return ctypes.CDLL(str(place / "all.so"))

    return build


@pytest.fixture(scope="session")
def library(compiled):
    return compiled(op.code("c", of).replace(f" {c_name(op, of)}(", f" {symbol(op, of)}(") for op, of in FORMULAS)


def c_name(op, of):
    return identifier(named(op, of))


def symbol(op, of):
    return f"f{FORMULAS.index((op, of))}"


def called(library, name, op, of, row, value):
    """The C function on one row."""
    f = getattr(library, name)
    given = [ctypes.c_double(q) for q in parameters(op, value).values()]
    f.restype = ctypes.c_double
    if op.arity == 1:
        return np.float64(f(ctypes.c_double(row[0]), *given))
    shape = computed(op, of, row[None], value).shape[1:]
    vector = [row.ctypes.data_as(Pointer), ctypes.c_size_t(len(row))]
    if not shape:
        return np.float64(f(*vector, *given))
    f.restype, out = None, np.full(shape, np.nan)
    f(*vector, *given, out.ctypes.data_as(Pointer))
    return out


def near(found, expected, units=200):
    """Within so many units in the last place of the largest entry: exponentials of two libraries differ in their last ones."""
    scale = np.max(np.abs(expected))
    return np.all(np.abs(found - expected) <= units * np.finfo(float).eps * scale + 1e-300)


@pytest.mark.sampled
@every_formula
def test_c_source_gives_the_digits_of_the_program(library, op, of):
    for size, value, spread in [(2, 2.0, 1), (3, 0.3, 1), (5, 1.5, 100), (40, 1.0, 1)]:
        for row in rows(op, size, np.float64) * spread:
            found, expected = called(library, symbol(op, of), op, of, row, value), computed(op, of, row[None], value)[0]
            assert not np.all(np.isfinite(expected)) or near(found, expected)


@every_formula
def test_c_source_gives_certified_values(library, op, of):
    row = rows(op, 4, np.float64)[0]
    given = parameters(op, 1.5)
    exact = np.vectorize(lambda e: float(e.mid))(ss.enclose(op, row, of=of, digits=17, **given))
    found = called(library, symbol(op, of), op, of, row, 1.5)
    assert near(found, np.broadcast_to(np.squeeze(exact) if op.arity == 1 else exact, found.shape))


def test_a_long_sum_in_c_loses_no_more_than_a_short_one(compiled):
    c = compiled([ss.logsumexp.code("c")])
    row = np.full(10**6, 0.1)
    assert called(c, "logsumexp", ss.logsumexp, "value", row, 1.0) == 0.1 + np.log(10**6)


def test_c_refuses_rows_that_are_too_short(compiled):
    c = compiled([ss.logsumexp.code("c"), SMU.code("c"), ss.logsumexp.code("c", x[3] - x[1])])
    for name in ("logsumexp", "binary", "logsumexp_expression"):
        f = getattr(c, name)
        f.restype = ctypes.c_double
        assert np.isnan(f(np.ones(1).ctypes.data_as(Pointer), ctypes.c_size_t(name == "binary"), ctypes.c_double(1)))


def test_names_that_a_language_has_taken_are_changed(compiled):
    from sympy import Symbol

    out = ss.SmoothMax("pow", Symbol("v3", real=True) * Sum(x[j] ** 2, (j, 1, n)))
    assert "double pow_(const double *x, size_t n, double v3_)" in out.code("c")
    assert called(compiled([out.code("c")]), "pow_", out, "value", np.array([1.0, 2.0]), 3.0) == 15


# ---- PyTorch and JAX ---------------------------------------------------------------------------------------------------------


@one_in_five
def test_torch_source_gives_the_digits_of_the_program(place):
    torch, (op, of) = pytest.importorskip("torch"), FORMULAS[place]
    for size, value in [(1, 2.0), (5, 1.5), (9, 0.5)]:
        data = rows(op, size, np.float64)
        found = printed(op, "torch", of, torch.from_numpy(data), value)
        assert found.dtype == np.float64
        for row, expected in zip(found, computed(op, of, data, value), strict=True):
            assert near(row, expected, 1000)


@one_in_five
def test_jax_source_gives_the_digits_of_the_program(place):
    jax, (op, of) = pytest.importorskip("jax"), FORMULAS[place]
    jax.config.update("jax_enable_x64", True)
    for size, value in [(1, 2.0), (5, 1.5), (9, 0.5)]:
        data = rows(op, size, np.float64)
        found = printed(op, "jax", of, data, value)
        assert found.dtype == np.float64
        for row, expected in zip(found, computed(op, of, data, value), strict=True):
            assert near(row, expected, 1000)


# ---- what they share ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_expression_in_the_operators_symbols_is_printed(language):
    text = ss.logsumexp.code(language, alpha * (x[i] - Sum(x[j], (j, 1, n)) / n))
    assert "logsumexp_expression" in text


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="language='pytorch' is not known; did you mean 'torch'"):
        ss.logsumexp.code("pytorch")
    with pytest.raises(ValueError, match="did you mean 'gradient'"):
        ss.logsumexp.code("c", of="gradent")
    with pytest.raises(ValueError, match="free symbol p"):
        ss.logsumexp.code("c", of=p * x[1])
    with pytest.raises(ValueError, match="beyond float64"):
        ss.SmoothMax("large", 10**400 * x[1]).code("c")


@pytest.mark.parametrize("name", ["sub", "div", "pow"])
def test_a_printer_that_swaps_arguments_is_caught(compiled, monkeypatch, name):
    right = Printer.combined

    def swapped(self, operation, args):
        return right(self, operation, args[::-1] if operation.name == name else args)

    monkeypatch.setattr(Printer, "combined", swapped)
    op, of = (POWER_MEAN if name == "pow" else ss.boltzmann), "gradient"
    data = rows(op, 3, np.float64)
    assert not np.array_equal(printed(op, "numpy", of, data, 1.5), computed(op, of, data, 1.5))
    c = compiled([op.code("c", of)])
    assert not near(called(c, c_name(op, of), op, of, data[0], 1.5), computed(op, of, data[:1], 1.5)[0])


def test_a_choice_that_is_taken_the_wrong_way_is_caught(compiled):
    right = SOFTPLUS.code("c", "gradient")
    row = np.array([800.0])
    (expected,) = computed(SOFTPLUS, "gradient", row[None], 1.0)
    for text, holds in [(right, True), (right.replace("> 0", "<= 0"), False)]:
        assert near(called(compiled([text]), "exp_gradient", SOFTPLUS, "gradient", row, 1.0), expected) == holds
