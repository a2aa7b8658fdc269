"""What pictures are drawn from is measured: errors over a plane, conditions and bounds, the same in whatever order."""

from concurrent.futures import ThreadPoolExecutor
from math import inf

import mpmath
import numpy as np
import pytest

import smoothsym as ss


def naive(x, alpha):
    return np.log(np.sum(np.exp(alpha * x))) / alpha


def sound(x, alpha):
    return ss.logsumexp(x, alpha=alpha)


def off(x, alpha):
    """Wrong by a thousand units."""
    return ss.logsumexp(x, alpha=alpha) * (1 + 1000 * 2.0**-53)


@pytest.fixture(scope="module")
def pictured():
    options = {"budget": 60, "n": (1, 2, 5), "pictures": "all", "timeout": None}
    return {f.__name__: ss.audit(f, ss.logsumexp, alpha=1.0, **options) for f in (naive, off)}


def test_a_map_shows_where_the_naive_formula_fails(pictured):
    found = pictured["naive"].map
    x = [float.fromhex(text) for text in found.x]
    assert (found.n, found.parameter, len(found.scaled)) == (2, (1.0).hex(), len(x))
    for b, line in zip(x, found.scaled, strict=True):
        for a, error in zip(x, line, strict=True):
            if max(a, b) > 710 or max(a, b) < -746:
                assert error == inf
            elif 1 < max(a, b) < 700:
                assert error < 8


def test_a_cell_is_the_scaled_error_of_its_row(pictured):
    found = pictured["off"].map
    x = [float.fromhex(text) for text in found.x]
    a, b = next(q for q, v in enumerate(x) if v > 3), next(q for q, v in enumerate(x) if v > 1)
    with mpmath.workdps(60):
        row = [mpmath.mpf(x[a]), mpmath.mpf(x[b])]
        f, total = mpmath.log(sum(map(mpmath.exp, row))), sum(map(mpmath.exp, row))
        shares = [mpmath.exp(v) / total for v in row]
        mean = sum(p * v for p, v in zip(shares, row, strict=True))
        scale = f + sum(abs(p * v) for p, v in zip(shares, row, strict=True)) + abs(mean - f)
        wanted = abs(off(np.array([x[a], x[b]]), 1.0) - f) / (mpmath.mpf(2) ** -53 * scale)
    assert found.scaled[b][a] == pytest.approx(float(wanted), rel=1e-3)


def test_points_tell_condition_and_bound(pictured):
    points = [point for point in pictured["off"].points if point.n == 2 and point.condition < 100]
    assert len(points) > 5
    for point in points:
        with mpmath.workdps(400):
            row = [mpmath.mpf(float.fromhex(text)) for text in point.inputs]
            total = sum(map(mpmath.exp, row))
            f, shares = mpmath.log(total), [mpmath.exp(v) / total for v in row]
            mean = sum(p * v for p, v in zip(shares, row, strict=True))
            scale = abs(f) + sum(abs(p * v) for p, v in zip(shares, row, strict=True)) + abs(mean - f)
            assert point.condition == pytest.approx(float(scale / abs(f)), rel=1e-5)
        if abs(f) > 2.0**-1000:
            assert point.error == pytest.approx(1000, rel=0.01)
            assert point.bound is None or point.bound < point.error


def test_the_bound_of_a_sound_kernel_holds_at_every_point():
    kernel = ss.logsumexp.kernels["stable"]
    found = ss.audit(kernel, ss.logsumexp, alpha=1.0, budget=60, n=(1, 2, 5), pictures="all", timeout=None)
    bounded = [point for point in found.points if point.bound is not None]
    assert len(bounded) > 20 and all(point.error <= point.bound for point in bounded)


def test_pictures_are_the_same_in_whatever_order():
    options = {"budget": 60, "n": (2, 5), "pictures": "all", "timeout": None}
    alone = ss.audit(naive, ss.logsumexp, alpha=1.0, **options)
    with ThreadPoolExecutor(2) as pool:
        assert ss.audit(naive, ss.logsumexp, alpha=1.0, executor=pool, **options).to_json() == alone.to_json()


def test_a_map_of_products_is_taken_along_one_entry():
    def product(x, v, alpha):
        return ss.logsumexp(x, alpha=alpha, of="gradient") @ v

    found = ss.audit(product, ss.logsumexp, "jvp", alpha=1.0, budget=20, n=2, pictures="all", timeout=None)
    known = [error for line in found.map.scaled for error in line if error is not None]
    assert len(known) > 900 and max(known) < 8


def test_a_map_is_of_a_parameter_at_which_it_falls_short():
    def fails_at_three(x, p):
        return ss.pnorm(x, p=p) * (1.5 if p == 3 else 1.0)

    options = {"budget": 30, "n": 2, "timeout": None, "parameters": [2.0, 3.0, 4.0], "pictures": "all"}
    assert ss.audit(fails_at_three, ss.pnorm, **options).map.parameter == (3.0).hex()
    assert ss.audit(lambda x, p: ss.pnorm(x, p=p), ss.pnorm, **options).map.parameter == (2.0).hex()


def test_rows_of_a_map_are_not_counted_twice_where_every_row_is_known():
    options = {"alpha": 1.0, "dtype": "float16", "exhaustive": True, "timeout": None, "batched": True}
    plain = ss.audit(lambda x: ss.softplus(x, alpha=1.0)[..., 0], ss.softplus, **options)
    found = ss.audit(lambda x: ss.softplus(x, alpha=1.0)[..., 0], ss.softplus, pictures="all", **options)
    assert found.map.n == 1 and len(found.points) > 20
    assert found.rows == plain.rows and found.max_scaled == plain.max_scaled and found.exhaustive


def test_what_holds_has_no_map_where_only_what_falls_short_is_wanted():
    found = ss.audit(sound, ss.logsumexp, alpha=1.0, budget=30, n=2, pictures="short", timeout=None)
    assert found.holds and found.map is None and found.points
    with pytest.raises(ValueError, match="did you mean 'short'"):
        ss.audit(sound, ss.logsumexp, alpha=1.0, pictures="shrt")
