"""What floats surely hold: a form that is not taken, and overflows, is out of the way of a bound."""

from math import inf, isnan

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.formats import get
from smoothsym.program.pairs.arithmetic import Arithmetic, Pair
from smoothsym.program.rounding.enclosures import Box, point
from smoothsym.program.rounding.held import UNKNOWN, held, held_sum
from smoothsym.program.rounding.paired import Paired

F64 = get("float64")


def of(name, a, b, given=(UNKNOWN, UNKNOWN), fmt=F64):
    return float(held(name, [point(np.float64(a)), point(np.float64(b))], given, fmt))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_held_is_what_floats_get(dtype):
    rng, fmt = np.random.default_rng(5), get(dtype)
    known = 0
    for _ in range(2000):
        a, b = (float(fmt.dtype.type(2.0 ** rng.uniform(1.3 * fmt.emin, 0.99 * fmt.emax))) for _ in range(2))
        for name, got in (("mul", lambda a, b: a * b), ("div", lambda a, b: a / b)):
            if a == 0 or b == 0:
                continue
            found = of(name, a, b, fmt=fmt)
            with np.errstate(all="ignore"):
                assert isnan(found) or found == float(got(fmt.dtype.type(a), fmt.dtype.type(b)))
            known += not isnan(found)
    assert known > 200


def test_signs_and_doubt_leave_it_open():
    assert isnan(of("mul", -1e200, 1e200)) and isnan(of("mul", 1e150, 1e158)) and isnan(of("add", 1e308, 1e308))
    wide = Box(np.array(-1e200), np.array(1e200))
    assert float(held("mul", [wide, point(np.array(1e200))], [UNKNOWN] * 2, F64)) != inf
    assert float(held("mul", [point(np.array(1e200))] * 2, [UNKNOWN] * 2, F64)) == inf


def test_a_sum_holds_an_infinity_among_what_is_not_negative():
    terms = point(np.array([[1.0, 2.0], [-1.0, 2.0], [0.0, 0.0]]))
    given = np.array([[inf, np.nan], [np.nan, inf], [0.0, 0.0]])
    found = held_sum(terms, given, 1)
    assert found[0] == inf and isnan(found[1]) and found[2] == 0


@pytest.mark.parametrize("scale", [1e200, 1e-200])
@pytest.mark.parametrize("of", ["value", "gradient"])
def test_bounds_where_squares_leave_the_range(of, scale):
    row = np.array([3.0, -4.0, 1.0]) * scale
    limit = ss.bound(ss.pnorm, of=of).rigorous(row, p=2)
    exact = ss.reference(ss.pnorm, row, of=of, p=2)
    assert np.all(np.abs(ss.pnorm(row, of=of, p=2) - exact) <= limit) and np.all(limit < 10 * np.spacing(abs(exact)))


def test_in_pairs_a_quotient_that_underflows_leaves_one_form():
    """The quotient of the entries is 0, and 1/0 would choose the other form."""
    row, given = [1e-300, 1e300], {"p": 0.001}
    limit = ss.bound(ss.powermean).rigorous(row, **given)
    exact = ss.enclose(ss.powermean, row, digits=30, **given).mid
    assert abs(ss.powermean(row, **given) - exact) <= limit <= 2.0**-52 * exact


def test_what_pairs_hold_is_what_they_get():
    pairs, known = Arithmetic(np, "float64"), 0
    rng, rounding = np.random.default_rng(6), Paired(F64, ss.Model())
    for _ in range(2000):
        a, b = (float(np.ldexp(rng.uniform(1, 2), int(e))) for e in rng.integers(-1060, 1000, size=2))
        for name in ("mul", "div"):
            found = float(rounding.held(name, [point(np.array(a)), point(np.array(b))], [UNKNOWN] * 2))
            with np.errstate(all="ignore"):
                got = getattr(pairs, name)(Pair(np.array([a])), Pair(np.array([b])))
            assert isnan(found) or (found == 0 and got.hi == 0 and got.lo == 0)
            known += found == 0
    assert known > 200


def test_rounded_down_nothing_is_an_infinity():
    model = ss.Model(rounding="directed")
    assert ss.bound(ss.pnorm, model).rigorous([1e200, 1e200], p=2) == inf
