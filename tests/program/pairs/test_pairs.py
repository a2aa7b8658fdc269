"""Operations on pairs stay within the errors that they state, at the ends of the range too, and a broken one does not."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from pair_judge import FORMATS, draws, exact, pair, worst

from smoothsym.program.pairs.arithmetic import Pair
from smoothsym.program.pairs.functions import Functions

CASES = [(format, place) for format in FORMATS for place in range(len(draws(0, "float64")))]


@pytest.mark.parametrize(
    ("format", "place"), CASES, ids=lambda q: q if isinstance(q, str) else draws(0, "float64")[q][0]
)
def test_operations_stay_within_what_they_state(format, place):
    assert worst(Functions(np, format), *draws(1, format)[place]) <= 1


class Rounded(Functions):
    """Heads that are one digit too long."""

    def split(self, a):
        bits = a.view(np.int64 if self.digits > 24 else np.int32)
        cut = (self.digits + 1) // 2 - 2
        head = ((bits + (1 << (cut - 1))) & -(1 << cut)).view(self.dtype)
        return head, a - head


class Sloppy(Functions):
    """A sum that takes the low parts as floats."""

    def add(self, a, b):
        s, e = self.two_sum(a.hi, b.hi)
        return Pair(*self.fast_two_sum(s, e + (self.low(a) + self.low(b))))


class Short(Functions):
    """A logarithm without Newton's step, and a product without the low parts."""

    def _newton(self, w, y):
        return Pair(np.where(np.abs(w.hi) < 0.5, np.log1p(w.hi), np.log(y.hi)))

    def mul(self, a, b):
        return Pair(*self.two_prod(a.hi, b.hi))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(("broken", "names"), [(Rounded, "mul"), (Sloppy, "add sub"), (Short, "mul exp log log1p pow")])
def test_a_broken_operation_exceeds_what_it_states(broken, names, format):
    found = dict.fromkeys(names.split(), 0.0)
    for name, args, function in draws(1, format):
        if name in found:
            found[name] = max(found[name], worst(broken(np, format), name, args, function))
    assert min(found.values()) > 1, found


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("size", [1, 2, 7, 137, 1000])
def test_sums_are_those_of_exact_numbers_where_terms_cancel_and_where_they_are_huge(size, format):
    rng = np.random.default_rng(size)
    arithmetic = Functions(np, format)
    for scale in (1.0, float(np.finfo(format).max) / 4):
        spread = 10.0 ** rng.uniform(-12, 0, (3, size))
        terms = pair(rng, rng.choice([-1, 1], (3, size)) * spread * scale, format)
        got = arithmetic.sum(terms, -1)
        with mpmath.workprec(400):
            for row in range(3):
                each = [exact(Pair(terms.hi[row], terms.lo[row]), j) for j in range(size)]
                error = abs(exact(got, row) - mpmath.fsum(each)) / mpmath.fsum(map(abs, each))
                assert error <= 3 * mpmath.mpf(2) ** (-2 * arithmetic.digits)
    moved = arithmetic.sum(Pair(terms.hi.T.copy(), terms.lo.T.copy()), -2)
    assert np.array_equal(moved.hi, got.hi) and np.array_equal(moved.lo, got.lo)


@pytest.mark.parametrize("format", FORMATS)
def test_subnormal_numbers_are_divided_and_rooted_as_well_as_others(format):
    arithmetic = Functions(np, format)
    least = np.finfo(format).smallest_subnormal
    a, b = Pair(least * np.arange(1, 60, dtype=format)), Pair(least * np.arange(60, 1, -1, dtype=format))
    with np.errstate(all="ignore"):
        quotient, root, log = arithmetic.div(a, b), arithmetic.sqrt(a), arithmetic.log(a)
    with mpmath.workprec(300):
        for place in range(59):
            x, y = exact(a, place), exact(b, place)
            for got, value in ((quotient, x / y), (root, mpmath.sqrt(x)), (log, mpmath.log(x))):
                assert abs(exact(got, place) - value) <= 100 * mpmath.mpf(2) ** (-2 * arithmetic.digits) * abs(value)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_no_finite_number_is_what_floats_make_of_it(format):
    arithmetic, inf, nan = Functions(np, format), np.inf, np.nan
    x = np.array([inf, -inf, nan, 0.0, -0.0, 1.0, -2.0, 3.0], dtype=format)
    a, b = (Pair(side.ravel(), np.zeros(64, dtype=format)) for side in np.meshgrid(x, x))
    with np.errstate(all="ignore"):
        for name in ("add", "sub", "mul", "div"):
            plain = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}[name](a.hi, b.hi)
            got = getattr(arithmetic, name)(a, b)
            assert np.array_equal(got.hi, plain, equal_nan=True) and np.all(got.lo[~np.isfinite(plain)] == 0)
        for name in ("exp", "expm1", "log", "log1p", "sqrt"):
            plain, got = getattr(np, name)(x), getattr(arithmetic, name)(Pair(x))
            assert np.allclose(got.hi, plain, rtol=4 * np.finfo(format).eps, atol=0, equal_nan=True), name
            assert np.all(np.isfinite(arithmetic.low(got)))
        powers = arithmetic.pow(a, b).hi
        finite = np.isfinite(b.hi) & np.isfinite(a.hi)
        plain = np.power(a.hi, b.hi)
        assert np.allclose(powers[finite], plain[finite], rtol=4 * np.finfo(format).eps, atol=0, equal_nan=True)
        assert np.array_equal(arithmetic.hypot(a, b).hi, np.hypot(a.hi, b.hi), equal_nan=True) or np.allclose(
            arithmetic.hypot(a, b).hi[~np.isnan(a.hi * b.hi)], np.hypot(a.hi, b.hi)[~np.isnan(a.hi * b.hi)]
        )


@pytest.mark.parametrize("format", FORMATS)
def test_the_ends_of_the_range(format):
    arithmetic = Functions(np, format)
    limits = np.finfo(format)
    most = np.array([limits.max, limits.max / 3], dtype=format)
    with np.errstate(all="ignore"):
        half = arithmetic.mul(Pair(most), arithmetic.number(Fraction(1, 3)))
        assert [exact(half, q) for q in (0, 1)] == pytest.approx([float(limits.max) / 3, float(limits.max) / 9])
        assert np.all(arithmetic.exp(Pair(np.log(most) * 1.02)).hi == np.inf)
        assert np.all(arithmetic.exp(Pair(-np.log(most) * 1.5)).hi == 0)
        assert np.allclose(arithmetic.log(Pair(most)).hi, np.log(most))
        assert np.allclose(arithmetic.log1p(Pair(most)).hi, np.log1p(most))
