"""Code that is right holds, whoever wrote it: every operator in another's arithmetic, and the functions that are known to be careful."""

import math
from statistics import fmean

import mpmath
import numpy as np
import pytest
import sound
from scipy import special

import smoothsym as ss

# Every operator's value or gradient in one format, and each format with a quarter of them; where there is time all, and with more rows.
FEW, MOST = 60, 160
OPERATORS = list(dict.fromkeys(op for op, _ in sound.FORMULAS))


def turn(op, of):
    """Whether it is an operator's value, or its gradient, that is tried always; softmax has no other."""
    return (OPERATORS.index(op) // 2 + (of == "gradient")) % 2 == 0 or (op, "gradient") not in sound.FORMULAS


EVERYWHERE = [
    pytest.param(
        op,
        of,
        dtype,
        budget,
        marks=[pytest.mark.long] * (budget == MOST or not turn(op, of)),
        id=f"{op}-{of}-{dtype}-{budget}",
    )
    for op, of in sound.FORMULAS
    for place, dtype in enumerate(sound.FORMATS)
    for budget in (FEW, MOST)
    if budget == MOST or (OPERATORS.index(op) + (of == "gradient") + place) % 4 == 0
]


@pytest.mark.sampled
@pytest.mark.parametrize("op, of, dtype, budget", EVERYWHERE)
def test_correct_code_that_is_not_ours_holds(op, of, dtype, budget):
    operator = ss.operators[op]
    lengths = (1, 2, 5) if operator.arity is None else None
    given = {
        "n": lengths,
        "budget": budget if operator.explicit else min(budget, 90),
        "parameters": sound.SAMPLED.get(op),
    }
    found = ss.audit(sound.target(op, of), op, of, dtype, timeout=None, **given)
    assert found.verdict == "holds", str(found)
    assert found.max_ulp <= 0.5 + 2.0**-20 and found.max_scaled <= 1 + 2.0**-20
    assert {finding.kind for finding in found.findings} <= {"convention"}, str(found)
    assert found.rows - found.refused > 0.8 * given["budget"]


def test_every_operator_is_written_anew():
    wanted = {
        (name, of)
        for name, op in ss.operators.items()
        for of in ("value", "gradient")
        if of == "value" or not op.vector
    }
    assert wanted == set(sound.FORMULAS)


def test_the_second_rounding_is_right():
    rng = np.random.default_rng(0)
    values = np.ldexp(rng.normal(size=300), rng.integers(-160, 140, 300))
    values = np.concatenate([values, [2.0**-25, 2.0**-24 * 1.5, 65520.0, 65519.99, 1 + 2.0**-11, 1 + 3 * 2.0**-11]])
    with np.errstate(over="ignore"):
        for dtype in ("float32", "float16"):
            wanted = values.astype(dtype).astype(np.float64).tolist()
            assert [sound.rounded(mpmath.mpf(v), dtype) for v in values.tolist()] == wanted
    with mpmath.workprec(sound.PRECISION):
        just_above = mpmath.mpf(1) + mpmath.mpf(2) ** -53 + mpmath.mpf(2) ** -500
        assert sound.rounded(just_above, "float64") == 1 + 2.0**-52
        assert sound.rounded(mpmath.mpf(2) ** -1075, "float64") == 0


def fsum_boltzmann(x):
    top = float(np.max(x))
    weights = [math.exp(v - top) for v in x.tolist()]
    return top + math.fsum((v - top) * w for v, w in zip(x.tolist(), weights, strict=True)) / math.fsum(weights)


def sorted_sparsemax(x):
    """Held and Wolfe's projection, shifted by the largest entry."""
    if not len(x) or not np.isfinite(top := np.max(x)):
        ties = x == np.max(x, initial=-np.inf)
        return ties / ties.sum() if np.isposinf(x).any() and not np.isnan(x).any() else np.full(len(x), np.nan)
    shifted = x - top
    falling = np.sort(shifted)[::-1]
    excess = np.cumsum(falling) - 1
    counts = np.arange(1, len(x) + 1)
    k = counts[falling * counts > excess][-1]
    return np.maximum(shifted - excess[k - 1] / k, 0)


DRAWN = np.random.default_rng(3).normal(size=(150, 6)) * 3

SOUND = {
    "scipy logsumexp": (special.logsumexp, "logsumexp", "value", {"alpha": 1.0}, {}),
    "scipy logsumexp, float32": (special.logsumexp, "logsumexp", "value", {"alpha": 1.0}, {"dtype": "float32"}),
    "scipy softmax": (special.softmax, "logsumexp", "gradient", {"alpha": 1.0}, {}),
    "scipy expit": (lambda x: special.expit(x), "softplus", "gradient", {"alpha": 1.0}, {}),
    "math.hypot": (lambda x: math.hypot(*x), "pnorm", "value", {"p": 2.0}, {}),
    "math.dist": (lambda x: math.dist(x, [0.0] * len(x)), "pnorm", "value", {"p": 2.0}, {}),
    "np.hypot": (lambda x: np.hypot(*x), "pnorm", "value", {"p": 2.0}, {"n": 2}),
    "np.abs, max": (lambda x: np.max(np.abs(x), initial=0.0), "pnorm", "value", {"p": math.inf}, {}),
    "np.tanh": (np.tanh, "logcosh", "gradient", {"alpha": 1.0}, {}),
    "sorted sparsemax": (sorted_sparsemax, "sparsemax", "gradient", {"gamma": 1.0}, {"n": (1, 2, 5, 16), "budget": 90}),
    "fsum of Boltzmann": (fsum_boltzmann, "boltzmann", "value", {"alpha": 1.0}, {"data": DRAWN}),
    "fmean of powers": (
        lambda x: fmean((x**3).tolist()) ** (1 / 3),
        "powermean",
        "value",
        {"p": 3.0},
        {"data": np.exp(DRAWN)},
    ),
    "np.logaddexp": (lambda x: np.logaddexp(x, 0), "softplus", "value", {"alpha": 1.0}, {}),
}


@pytest.mark.sampled
@pytest.mark.parametrize("budget", [90, pytest.param(150, marks=pytest.mark.long)])
@pytest.mark.parametrize("target, op, of, parameter, options", SOUND.values(), ids=list(SOUND))
def test_careful_functions_hold(target, op, of, parameter, options, budget):
    found = ss.audit(target, op, of, timeout=None, **{"dtype": "float64", "budget": budget, **options}, **parameter)
    assert found.verdict == "holds", str(found)


def test_the_same_functions_are_caught_when_they_are_spoilt():
    spoilt = {
        "hypot": (lambda x: math.sqrt(math.fsum(v * v for v in x.tolist())), "pnorm", "value", {"p": 2.0}),
        "softmax": (lambda x: special.softmax(x)[::-1], "logsumexp", "gradient", {"alpha": 1.0}),
        "expit": (lambda x: 1 - special.expit(-x), "softplus", "gradient", {"alpha": 1.0}),
        "tanh": (lambda x: 1 - 2 / (np.exp(2 * x) + 1), "logcosh", "gradient", {"alpha": 1.0}),
    }
    for target, op, of, parameter in spoilt.values():
        assert ss.audit(target, op, of, budget=150, timeout=None, **parameter).verdict == "falls short"
