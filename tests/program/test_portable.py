"""Functions that give the same bits on every machine are right to two units in the last place, against mpmath, over their whole range."""

import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest

from smoothsym.program import portable

RNG = np.random.default_rng(0)
N = 400


def _sizes(low, high):
    return 10.0 ** RNG.uniform(low, high, N)


ARGUMENTS = {
    "exp": [(np.r_[RNG.uniform(-745, 710, N), RNG.normal(size=N) * _sizes(-20, 2)],)],
    "expm1": [(np.r_[RNG.uniform(-745, 710, N), RNG.normal(size=N) * _sizes(-20, 2)],)],
    "log": [(np.r_[_sizes(-323, 308), 1 + RNG.normal(size=N) * _sizes(-15, -1)],)],
    "log1p": [(np.r_[-0.9999 * RNG.random(N), _sizes(-300, 300), RNG.normal(size=N) * _sizes(-20, -1)],)],
    "power": [
        (_sizes(-3, 3), RNG.uniform(-100, 100, N)),
        (np.full(N, 10.0), RNG.uniform(-323, 308, N)),
        (1 + RNG.normal(size=N) * 1e-5, RNG.normal(size=N) * 1e7),
        (-_sizes(-3, 3), np.rint(RNG.uniform(-20, 20, N))),
    ],
    "hypot": [(_sizes(-320, 307), _sizes(-320, 307))],
}
TWICE = {"exp": mpmath.exp, "expm1": mpmath.expm1, "log": mpmath.log, "log1p": mpmath.log1p, "power": mpmath.power}
TWICE |= {"hypot": mpmath.hypot}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_function_is_right_to_two_units_in_the_last_place(name):
    for arguments in ARGUMENTS[name]:
        found = getattr(portable, name)(*arguments)
        with mpmath.workprec(200):
            for *given, got in zip(*(a.tolist() for a in arguments), found.tolist(), strict=True):
                exact = TWICE[name](*map(mpmath.mpf, given))
                nearest = float(exact)
                if np.isinf(nearest) or np.isinf(got):
                    assert abs(exact) > 1.797e308 and np.sign(got) == np.sign(nearest), given
                else:
                    assert abs(got - exact) <= 2 * np.spacing(abs(nearest)), given


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p"])
def test_special_arguments_have_the_answers_of_the_library(name):
    given = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e300, -1e300, 5e-324, -2.0])
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(given)
    np.testing.assert_allclose(getattr(portable, name)(given), wanted, rtol=1e-15, atol=0)


@pytest.mark.parametrize("name", ["power", "hypot"])
def test_special_pairs_have_the_answers_of_the_library(name):
    some = np.array([0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, np.inf, -np.inf, np.nan, 1e300, -1e300, 1e-300, 5e-324])
    a, b = map(np.ravel, np.meshgrid(some, some))
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(a, b)
    np.testing.assert_allclose(getattr(portable, name)(a, b), wanted, rtol=1e-15, atol=0)


def test_shapes_and_formats_are_those_of_what_is_given():
    assert portable.exp(np.float64(1.0)).shape == ()
    assert portable.power(np.float32([[2, 3]]), np.float32([[1], [2]])).dtype == np.float32
    assert portable.power(10.0, np.arange(3)).tolist() == [1.0, 10.0, 100.0]
    assert portable.total(np.arange(7.0).reshape(1, 7), -1).tolist() == [21.0]
    assert portable.total(np.ones((2, 0)), -1).tolist() == [0.0, 0.0]


def test_the_bits_do_not_depend_on_what_the_processor_has():
    """With and without vector instructions: NumPy's own functions differ there, which shows that the comparison can fail."""
    code = (
        "import numpy as np, hashlib\n"
        "from smoothsym.program import portable as p\n"
        "t = np.random.default_rng(0).uniform(-50, 50, 20000)\n"
        "own = [p.exp(t), p.expm1(t), p.log(abs(t)), p.log1p(abs(t)), p.power(abs(t), t[::-1])]\n"
        "theirs = [np.exp(t), np.log1p(abs(t)), np.power(abs(t), t[::-1])]\n"
        "print(*(hashlib.sha256(b''.join(v.tobytes() for v in some)).hexdigest() for some in (own, theirs)))\n"
    )
    umath = np._core._multiarray_umath
    dispatched = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]
    if not dispatched:
        pytest.skip("this processor has no instructions that NumPy chooses between")
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(dispatched)}
    found = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout.split()
        for env in (None, environment)
    ]
    assert found[0][0] == found[1][0]
    if "x86_64" in os.uname().machine and umath.__cpu_features__.get("AVX512F"):
        assert found[0][1] != found[1][1]
