"""Pairs have the same bits on PyTorch and on JAX as on NumPy, compiled too: XLA fuses products with sums and merges constants."""

from __future__ import annotations

import os
from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest
from diagonal import diagonal
from pair_judge import FORMATS, draws, pair

import smoothsym as ss
from smoothsym.kernels.libraries import library_of
from smoothsym.program import compensated
from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.functions import Functions

EXACT = ("add", "sub", "mul", "div", "exp", "expm1")
"""What rests on no function of the library, square roots included."""


def needed(name):
    """A module; SMOOTHSYM_LIBRARIES=required makes its absence a failure."""
    if os.environ.get("SMOOTHSYM_LIBRARIES") == "required":
        return import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed")


def torch_run(f, arithmetic, arrays, format):
    torch = needed("torch")
    arrays = [torch.as_tensor(a) for a in arrays]
    return f(arithmetic(library_of(*arrays).xp, format), *arrays)


def jax_run(f, arithmetic, arrays, format):
    jax = needed("jax")
    with jax.enable_x64():
        return jax.jit(lambda *given: f(arithmetic(jax.numpy, format), *given))(*map(jax.numpy.asarray, arrays))


RUNS = {"torch": torch_run, "jax": jax_run}


def differ(got, right, *others, low=True):
    """How many pairs, or their high parts, have other bits, where nothing is near what is below the normal range, which JAX has not."""
    hi, lo = (np.asarray(part) for part in got)
    info = np.finfo(right.hi.dtype)
    seen = np.isfinite(right.hi)
    for part in (right.hi, *others):
        seen = seen & (np.abs(part) > info.tiny / info.eps**3)
    rest = np.zeros_like(right.hi) if right.lo is None else right.lo
    return int(np.sum(seen & ((hi != right.hi) | (low & (lo != rest)))))


@pytest.mark.parametrize(("library", "format"), diagonal(RUNS, FORMATS))
def test_operations_have_the_same_bits(library, format):
    for name, args, _ in draws(3, format):

        def f(arithmetic, *parts, name=name):
            pairs = [Pair(*parts[q : q + 2]) for q in range(0, len(parts), 2)]
            return getattr(arithmetic, name)(*pairs)

        parts = [part for a in args for part in (a.hi, np.zeros_like(a.hi) if a.lo is None else a.lo)]
        with np.errstate(all="ignore"):
            right = f(Functions(np, format), *parts)
        got = RUNS[library](f, Functions, parts, format)
        assert differ(got, right, *(a.hi for a in args), low=name in EXACT) == 0, name


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("library", RUNS)
def test_what_overflows_is_infinite(library, format):
    """A product of halves that is fused with a difference does not overflow where the product itself does."""
    x = np.array([np.finfo(format).max, -np.finfo(format).max / 2, 1.0], dtype=format)

    def f(arithmetic, x):
        square = arithmetic.mul(Pair(x), Pair(x))
        return square.hi, arithmetic.low(arithmetic.add(square, square)), arithmetic.exp(square).hi

    got = [np.asarray(part) for part in RUNS[library](f, Functions, [x], format)]
    assert list(got[0]) == [np.inf, np.inf, 1.0] and list(got[1]) == [0, 0, 0] and list(got[2][:2]) == [np.inf, np.inf]


def chain(arithmetic, hi, lo):
    """What a compiler could fuse or merge: products into sums, and 1 into -1."""
    x = Pair(hi, lo)
    one = arithmetic.number(Fraction(1))
    shifted = arithmetic.add(one, arithmetic.mul(arithmetic.number(Fraction(17, 10)), x))
    back = arithmetic.sub(arithmetic.mul(shifted, shifted), one)
    return arithmetic.sum(arithmetic.add(back, arithmetic.mul(x, shifted)), -1)


class Trusting(Functions):
    """Arithmetic that trusts a compiler."""

    @property
    def fuses(self):
        return False


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("library", RUNS)
def test_a_chain_of_operations_has_the_same_bits(library, format):
    x = pair(np.random.default_rng(0), np.random.default_rng(1).normal(size=(500, 30)), format)
    right = chain(Functions(np, format), *x)
    assert differ(RUNS[library](chain, Functions, x, format), right) == 0


@pytest.mark.parametrize("format", FORMATS)
def test_a_compiler_that_is_trusted_is_caught(format):
    x = pair(np.random.default_rng(0), np.random.default_rng(1).normal(size=(500, 30)), format)
    right = chain(Functions(np, format), *x)
    assert differ(jax_run(chain, Trusting, x, format), right) > 0


@pytest.mark.parametrize(
    ("op", "of", "dtype"), [(ss.logsumexp, "value", np.float32), (ss.boltzmann, "gradient", np.float64)]
)
def test_compiled_programs_have_the_same_bits(op, of, dtype):
    program = op.program(of, "float")
    x, given = (np.random.default_rng(5).normal(size=(40, 9)) * 3).astype(dtype), dtype(1.75)
    (right,) = compensated.run(program, x, {"alpha": given})
    jax = needed("jax")

    def f(x, alpha):
        return compensated.run(program, x, {"alpha": alpha}, xp=jax.numpy, lazy=False)[0]

    with jax.enable_x64():
        assert np.array_equal(jax.jit(f)(jax.numpy.asarray(x), given), right)


@pytest.mark.parametrize("library", RUNS)
def test_compensated_kernels_are_rounded_correctly_everywhere(library):
    rows = (np.random.default_rng(6).normal(size=(30, 7)) * 3).astype(np.float32)
    needed(library)
    x = needed("torch").as_tensor(rows) if library == "torch" else needed("jax").numpy.asarray(rows)
    for of, name in (("value", "compensated"), ("gradient", "compensated_gradient")):
        # JAX has no float64 unless it is asked for, and computes in pairs of float32.
        got = ss.logsumexp.kernels[name](x, alpha=1.75)
        assert np.array_equal(np.asarray(got), ss.reference(ss.logsumexp, rows, of=of, dtype="float32", alpha=1.75))
