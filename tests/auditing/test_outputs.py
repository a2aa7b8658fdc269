"""Every output is audited alike: values of vectors, products of derivatives with a vector, derivatives by the parameter, formulas of one's own."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import special
from sympy import Sum

import smoothsym as ss

X, I = ss.x, ss.i


def softmax(x):
    return special.softmax(x) if len(x) else x


def softmax_jvp(x, v):
    """p (v - sum p v), as differences of the entries of v."""
    p = softmax(x)
    return p * ((v[:, None] - v[None, :]) @ p)


def softmax_vjp(x, v):
    return softmax_jvp(x, v)  # the Jacobian is symmetric


def logsumexp_jvp(x, v, alpha):
    return np.sum(softmax((alpha * x).astype(x.dtype)) * v)


def logsumexp_vjp(x, v, alpha):
    return softmax((alpha * x).astype(x.dtype)) * v[0]


def boltzmann_by_alpha(x, alpha):
    """The variance under the weights."""
    d = x - np.max(alpha * x) / alpha
    p = softmax((alpha * d).astype(x.dtype))
    return np.sum(p * (d - np.sum(p * d)) ** 2)


def pnorm_by_p(x, p):
    a = np.abs(x) / np.max(np.abs(x))
    w = a**p / np.sum(a**p)
    logs = np.where(a > 0, np.log(np.where(a > 0, a, 1)), 0)
    return np.max(np.abs(x)) * np.sum(a**p) ** (1 / p) * (np.sum(w * logs) - np.log(np.sum(a**p)) / p) / p


def gap(x):
    """max(x) less each entry's part of the mean of two."""
    return x - np.mean(x)


MEAN = ss.SmoothMax(name="centred", definition=X[I] - ss.mean(X))

SOUND = [
    (softmax, "softmax", "value", {"alpha": 1.0}),
    (softmax_jvp, "softmax", "jvp", {"alpha": 1.0}),
    (softmax_vjp, "softmax", "vjp", {"alpha": 1.0}),
    (logsumexp_jvp, "logsumexp", "jvp", {"parameters": [1.0, -2.0, 0.5]}),
    (logsumexp_vjp, "logsumexp", "vjp", {"parameters": [1.0, -2.0, 0.5]}),
    (boltzmann_by_alpha, "boltzmann", "alpha", {"parameters": [1.0, -2.0]}),
    (pnorm_by_p, "pnorm", "p", {"parameters": [2.0, 3.0]}),
]


def data(op, rows=60, n=6):
    rng = np.random.default_rng(4)
    return rng.normal(size=(rows, n)) * rng.choice([0.1, 1.0, 8.0], size=(rows, 1))


# Each in one of the formats, in turn; in both where there is time.
IN_FORMATS = [
    pytest.param(*one, dtype, marks=[pytest.mark.long] * ((place + width) % 2), id=f"{one[0].__name__}-{dtype}")
    for place, one in enumerate(SOUND)
    for width, dtype in enumerate(["float64", "float32"])
]


@pytest.mark.sampled
@pytest.mark.parametrize(("target", "op", "of", "given", "dtype"), IN_FORMATS)
def test_sound_code_holds(target, op, of, given, dtype):
    found = ss.audit(target, op, of, dtype, data=data(op), **given)
    assert found.holds and found.rows == 60 and found.refused == 0, found
    assert 0 < found.max_scaled < 8 and found.of == of


@pytest.mark.sampled
@pytest.mark.parametrize(("target", "op", "of", "given"), SOUND, ids=lambda v: getattr(v, "__name__", str(v)[:12]))
def test_code_that_is_off_by_twenty_ulps_or_in_one_entry_is_found(target, op, of, given):
    def off(*arguments, **named):
        return target(*arguments, **named) * (1 + 40 * 2.0**-53)

    def one(*arguments, **named):
        found = np.array(target(*arguments, **named))
        found[..., -1:] *= 1 + 1e-9
        return found if found.ndim else found[()]

    # The keywords that the audit reads off a signature are the target's own.
    off.__signature__ = one.__signature__ = __import__("inspect").signature(target)
    for broken in (off, one):
        found = ss.audit(broken, op, of, data=data(op)[:6], **given)
        assert found.verdict == "falls short" and found.worst.falls, found


def test_a_vector_that_stands_beside_x_is_told_and_reproduces():
    def wrong(x, v):
        return np.sum(v) / len(x) + 0 * x[0]

    found = ss.audit(wrong, "logsumexp", "jvp", alpha=1.0, data=[[0.0, 3.0]])
    assert found.worst.v is not None and len(found.worst.v) == 2 and "v = " in str(found)
    namespace = {"target": wrong}
    first, row, last = found.worst.reproduction.splitlines()
    assert "v = np.array(" in row and "target(x, v)" in last and "v=v" in last
    code = f"def target(x, v):\n    import numpy as np\n    return np.sum(v) / len(x)\n{first}\n{row}\n{last}"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert float(said[0]) == pytest.approx(float(found.worst.got)) and said[1][:12] == found.worst.exact[:12]
    assert namespace["target"] is wrong


def test_a_formula_of_ones_own_and_an_operator_of_ones_own_with_a_value_for_each_entry():
    less = X[I] - ss.logsumexp.definition

    def log_softmax(x):
        return special.log_softmax(x)

    for dtype in ("float64", "float32"):
        found = ss.audit(log_softmax, "logsumexp", less, dtype, alpha=1.0, data=data("logsumexp") / 8)
        assert found.holds and found.of == str(less) and "normwise" in found.spreads
        own = ss.SmoothMax(name="log_softmax", definition=less)
        found = ss.audit(log_softmax, own, dtype=dtype, alpha=1.0, data=[[0.0, -np.inf], [1.0, 2.0]])
        assert found.holds and found.refused == 1  # its value at -inf is no 0, as softmax's is
    assert ss.audit(gap, MEAN, data=[[1.0, 2.0, 4.0]]).holds
    # A gradient that is the same for every entry has an entry for each, too.
    average = ss.SmoothMax(name="average", definition=Sum(X[ss.j], (ss.j, 1, ss.n)) / ss.n)
    assert ss.audit(lambda x: np.full(len(x), 1 / len(x)), average, "gradient", data=[[1.0, 2.0, 4.0]]).holds


def test_a_result_of_another_shape_is_told():
    found = ss.audit(lambda x: np.max(x), "softmax", alpha=1.0, data=[[1.0, 2.0]])
    assert {finding.kind for finding in found.findings} == {"wrong shape"}
    found = ss.audit(lambda x, v: softmax(x) * v, "logsumexp", "jvp", alpha=1.0, data=[[1.0, 2.0]])
    assert {finding.kind for finding in found.findings} == {"wrong shape"}


def test_special_rows_of_derivatives_are_refused_and_not_guessed():
    rows = [[np.inf, 0.0], [np.nan, 1.0], [1.0, 2.0]]
    found = ss.audit(softmax_vjp, "softmax", "vjp", alpha=1.0, data=rows)
    assert found.holds and found.refused == 2
    assert ss.audit(softmax, "softmax", alpha=1.0, data=[[0.0, -np.inf], [1.0, 2.0]]).refused == 0


@pytest.mark.parametrize(
    "of, error, said",
    [
        ("hessian", ValueError, "known: "),
        ("beta", ValueError, "known: "),
        (3, TypeError, "of=3"),
        (ss.logsumexp.hessian, ValueError, "is a matrix"),
        (ss.x[3] - ss.p, ValueError, "free symbol p"),
    ],
)
def test_outputs_that_no_audit_takes(of, error, said):
    with pytest.raises(error, match=said.replace("(", r"\(")):
        ss.audit(softmax, "logsumexp", of, alpha=1.0)
