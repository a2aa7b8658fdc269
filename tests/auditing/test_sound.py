"""Code that is right holds, whoever wrote it: every operator in another's arithmetic, and the functions that are known to be careful."""

import math

import mpmath
import numpy as np
import pytest
import sound
from scipy import special

import smoothsym as ss


@pytest.mark.parametrize("dtype", sound.FORMATS)
@pytest.mark.parametrize("op, of", sound.FORMULAS, ids=["-".join(key) for key in sound.FORMULAS])
def test_correct_code_that_is_not_ours_holds(op, of, dtype):
    lengths = (1, 2, 5) if ss.operators[op].arity is None else None
    found = ss.audit(sound.target(op, of), op, of, dtype, n=lengths, budget=160, timeout=None)
    assert found.verdict == "holds", str(found)
    assert found.max_ulp <= 0.5 + 2.0**-20 and found.max_scaled <= 1 + 2.0**-20
    assert {finding.kind for finding in found.findings} <= {"convention"}, str(found)
    assert found.rows - found.refused > 100


def test_every_formula_is_written_anew():
    # What solves an equation is compared with bisection in tests/catalogue/test_solved.py.
    functions = {name for name, op in ss.operators.items() if op.explicit and not op.vector}
    assert {(name, of) for name in functions for of in ("value", "gradient")} == set(sound.FORMULAS)


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
    "np.logaddexp": (lambda x: np.logaddexp(x, 0), "softplus", "value", {"alpha": 1.0}, {}),
}


@pytest.mark.parametrize("target, op, of, parameter, options", SOUND.values(), ids=list(SOUND))
def test_careful_functions_hold(target, op, of, parameter, options):
    found = ss.audit(target, op, of, budget=150, timeout=None, **{"dtype": "float64", **options}, **parameter)
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
