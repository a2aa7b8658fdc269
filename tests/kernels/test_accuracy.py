"""Recommended kernels: a scaled error of at most 3 for values and 4 for gradients, of every operator, in every format."""

from dataclasses import dataclass

import numpy as np
import pytest
from parts import part
from scaled import scaled
from sympy import Abs, Indexed, expand

import smoothsym as ss
from smoothsym.kernels import Kernel

MOST = {"value": 3.0, "gradient": 4.0}
OPERATORS = [op for op in ss.operators.values() if not op.vector]
LONG = [op for op in OPERATORS if op.arity is None]


@pytest.mark.sampled
@pytest.mark.parametrize("budget", [20, pytest.param(45, marks=pytest.mark.long)])
@pytest.mark.parametrize("op, of, dtype", part(OPERATORS, 0))
def test_on_all_families_of_cases(op, of, dtype, budget):
    lengths = {} if op.arity is not None else {"n": (1, 2, 3, 10)}
    # What a call runs: means of small powers are computed in pairs.
    # The references of what is solved take long.
    asked = {"budget": budget if op.explicit else budget // 3, "seed": 3, "timeout": None, **lengths}
    found = ss.audit(lambda x, **given: op(x, of=of, **given), op, of, dtype, **asked)
    assert found.verdict == "holds" and found.max_scaled <= MOST[of], str(found)


PARAMETERS = [1.0, 0.5, 0.03, -0.03, 1 + 2.0**-40, 2.0, -1.0, 256.0, -1e6, 1e17]
WIDE = [1e-120, 3e7, 1e100]
ROWS = {
    "beside a subnormal": [2.0, 5e-324],
    "subnormal": [5e-324, 1.5e-323, 1e-323],
    "apart": [1e308, 5e-324, 1.0],
    "near": [1.0, 1 - 2.0**-30, 1 - 2.0**-31],
    "equal": [0.3, 0.3, 0.3],
    "ordinary": [0.7, 3.0, 1.1, 0.01],
}


@pytest.mark.parametrize("of", MOST)
@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("op", [op for op in LONG if op.kind == "modulus"], ids=lambda op: op.name)
def test_powers_of_any_size(op, of, parameter):
    # A geometric mean of entries so far apart takes logarithms to more digits than the format has.
    left_out = ["apart"] if op is ss.powermean and abs(parameter) < 0.1 else []
    for size in {len(row) for row in ROWS.values()}:
        rows = {name: row for name, row in ROWS.items() if len(row) == size and name not in left_out}
        assert scaled(op, of, list(rows.values()), parameter) <= MOST[of], rows


@pytest.mark.parametrize("parameter", [1e-3, 1e-6])
def test_a_small_power_of_entries_far_apart(parameter):
    for op in (ss.lehmer, ss.pnorm):
        assert scaled(op, "value", [WIDE], parameter) <= MOST["value"]


@dataclass(frozen=True, repr=False)
class Pairwise(Kernel):
    """The same program with the library's sums."""

    @property
    def summation(self):
        return "pairwise"


BELOW = {"float32": 0.7196442, "float64": 0.7713206434867499}
"""Numbers of which 126, added in NumPy's order, round the same way most of the times."""


# Each operator in one of the formats; in the other one where there is time.
IN_ONE = [
    pytest.param(op, dtype, marks=[pytest.mark.long] * ((place + other) % 2), id=f"{op.name}-{dtype}")
    for place, op in enumerate(LONG)
    for other, dtype in enumerate(BELOW)
]


@pytest.mark.sampled
@pytest.mark.parametrize("sizes", [(127, 1000), pytest.param((20_000,), marks=pytest.mark.long)], ids=str)
@pytest.mark.parametrize("op, dtype", IN_ONE)
def test_equal_entries_do_not_add_up_their_roundings(op, dtype, sizes):
    for size in sizes if op.explicit else sizes[:1]:
        rows = [np.r_[1.0, np.full(size - 1, below)] for below in (BELOW[dtype], 0.99)]
        assert scaled(op, "value", rows, 1.0, dtype) <= MOST["value"]
        if size < 1000:
            assert scaled(op, "gradient", rows, 1.0, dtype) <= MOST["gradient"]


def test_the_library_s_sums_would_be_caught():
    rows = [np.r_[1.0, np.full(126, below)] for below in np.linspace(0.5, 0.999, 60)]
    kernel = Pairwise(ss.logsumexp, "gradient", "stable")
    assert scaled(ss.logsumexp, "gradient", rows, 1.0, kernel=kernel) > MOST["gradient"]


def test_a_gradient_near_equal_shares_is_rounded_twice_beside_its_exponentials():
    """A share and a small part of it: a quotient and a sum; as one product it would be rounded three times."""
    found = ss.bound(ss.boltzmann, of="gradient").named
    (value,) = (e for e in found.atoms(Abs) if isinstance(e.args[0], Indexed) and str(e.args[0].base) == "f")
    assert expand(found / ss.u).coeff(value) == 2


@pytest.mark.parametrize("dtype, seed", [("float64", 343), ("float64", 145), ("float32", 330)])
def test_a_gradient_that_is_stationary_in_its_exponent_loses_what_its_factors_do(dtype, seed):
    # (1 + t) exp(t) at t = -2: as a share and t times it, rounded in larger units than the result, this was off by 3.2.
    rng = np.random.default_rng(seed)
    alpha, low = float(np.dtype(dtype).type(-rng.uniform(0.5, 3))), -rng.uniform(0.2, 1)
    row = np.r_[low - 2 / alpha, np.full(29 if dtype == "float64" else 99, low)].astype(dtype)
    assert scaled(ss.boltzmann, "gradient", [row], alpha, dtype) <= 2
