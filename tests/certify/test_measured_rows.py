"""Many rows at once are measured as one by one: the true error is within the claimed one, and the scales agree."""

from fractions import Fraction

import numpy as np
import pytest
from diagonal import diagonal
from mpmath import mp, mpf

import smoothsym as ss
from smoothsym import formats
from smoothsym.certify.measured import measure
from smoothsym.certify.measured_rows import FINE, measure_rows
from smoothsym.certify.scale import axes_of, length_of_vector
from smoothsym.program.twofold import exponential

ASKED = [
    ("logsumexp", "value", 1.0),
    ("boltzmann", "value", -2.5),
    ("boltzmann", "gradient", 0.75),
    ("boltzmann", "alpha", 1.5),
    ("logsumexp", "vjp", 0.5),
    ("pnorm", "value", 3.0),
    ("pnorm", "gradient", 1.5),
    ("lehmer", "jvp", 2.0),
    ("softmax", "value", 1.0),
    ("softmax", "jvp", -1.0),
    ("softmax", "vjp", 2.0),
    ("softplus", "gradient", 1.0),
    ("smu", "value", 0.5),
]


def draw(op, of, fmt, seed, count=60):
    """Rows of several spreads, ties and far entries among them, and the vectors beside them."""
    rng = np.random.default_rng(seed)
    n = op.arity or int(rng.integers(1, 9))
    x = rng.choice([1e-3, 1.0, 30.0, 1e3], size=(count, 1)) * rng.normal(size=(count, n))
    x[::5] = x[::5, :1]
    x[1::7, -1] -= 60.0
    x = np.abs(x) if op.domain == "positive" else x
    size = length_of_vector(op, of, n)
    v = None if size is None else rng.normal(size=(count, size))
    return x.astype(fmt.dtype).astype(np.float64), v


def compared(name, of, parameter, fmt, seed):
    """(the largest ratio of a true error to the claimed one, the largest difference of scales beside what it may be, the share of open rows)."""
    op, fmt = ss.operators[name], formats.get(fmt)
    x, v = draw(op, of, fmt, seed)
    found = measure_rows(op, x, parameter, of, v, fmt=fmt)
    assert found.scale.shape == found.high.shape == (len(x), *x.shape[1:] * axes_of(op, of))
    ratios, differences = [0.0], [0.0]
    least = mpf(fmt.smallest_subnormal.numerator) / fmt.smallest_subnormal.denominator / float(fmt.u)
    with mp.workprec(300):
        for q in np.flatnonzero(~found.open)[:25]:
            beside = None if v is None else [Fraction(entry) for entry in v[q]]
            exact = measure(op, [Fraction(entry) for entry in x[q]], Fraction(parameter), of, bits=160, v=beside)
            parts = (np.atleast_1d(part[q]) for part in (found.high, found.low, found.error, found.scale))
            for place, (high, low, error, scale) in enumerate(zip(*parts, strict=True)):
                value = sum(exact.values[place]) / 2
                # What the enclosure itself leaves open is taken off.
                off = abs(mpf(high) + mpf(low) - value) - abs(value) * mpf(2) ** -155
                ratios.append(float(off / mpf(error)) if error else float(off > 0) * np.inf)
                wanted = exact.scales(place)
                differences.append(float(abs(scale - wanted) / (wanted + least)) / FINE)
    return max(ratios), max(differences), float(found.open.mean())


@pytest.mark.sampled
@pytest.mark.parametrize(("asked", "fmt"), diagonal(ASKED, ["float64", "float32", "float16"]))
def test_the_true_error_is_within_the_claimed_one_and_scales_agree(asked, fmt):
    name, of, parameter = asked
    for seed in (1, 2):
        ratio, difference, open_ = compared(name, of, parameter, fmt, seed)
        assert ratio <= 1 and difference <= 3 and open_ <= 0.7


def test_most_ordinary_rows_are_measured():
    x = np.random.default_rng(0).normal(size=(200, 12))
    for name, of, parameter in ASKED:
        op = ss.operators[name]
        rows = (np.abs(x) if op.domain == "positive" else x)[:, : op.arity]
        size = length_of_vector(op, of, rows.shape[1])
        found = measure_rows(op, rows, parameter, of, None if size is None else x[:, :size])
        assert found.open.mean() < 0.05, (name, of)
        assert np.all(found.error <= FINE * 2.0**-53 * np.abs(found.high))


def test_a_bound_that_is_too_narrow_is_found(monkeypatch):
    monkeypatch.setattr(exponential, "MEDIUM", 2.0**-90)
    assert compared("softmax", "value", 1.0, "float64", 1)[0] > 1
    monkeypatch.setattr(exponential, "SINGLE", 2.0**-62)
    monkeypatch.setattr("smoothsym.program.twofold.values.U", 2.0**-62)
    assert compared("softmax", "value", 1.0, "float32", 1)[0] > 1


def test_special_rows_are_left_open():
    x = np.array([[0.0, np.inf], [np.nan, 1.0], [-np.inf, 1.0], [1.0, 2.0], [1e305, 1.0], [0.0, 3.0]])
    assert measure_rows(ss.logsumexp, x, 1.0).open.tolist() == [True, True, True, False, True, False]
    assert measure_rows(ss.pnorm, x[3:], 2.0).open.tolist() == [False, True, True]
    for parameter in (0.0, np.inf, np.nan):
        assert measure_rows(ss.logsumexp, x, parameter).open.all()
    assert measure_rows(ss.logsumexp, np.zeros((3, 0)), 1.0).open.all()
