"""What would be read as another number, or asks for more than is given, is refused by name."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import smoothsym as ss
from smoothsym.certify.inputs import exact_number


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(np.float64).max, reason="longdouble is float64 here")
def test_a_longdouble_beyond_float64_is_no_infinity() -> None:
    assert exact_number(np.ldexp(np.longdouble(1), 5000), "x") == 2**5000


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([mpmath.pi], TypeError, "x=<pi: 3.14159~> is no one number"),
        ([sympy.pi], TypeError, "x=pi is a SymPy Pi and not rational"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), ValueError, "x has masked entries; give x.data, and where="),
        ([mpmath.ldexp(1, 10**18)], ValueError, r"x: a number of about 2\*\*1000000000000000000 is too long"),
    ],
)
def test_what_would_be_read_as_another_number_is_refused(x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ss.enclose(ss.logsumexp, x, alpha=1)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (sympy.Symbol("z"), "of=z has the free symbol z, which logsumexp gives no number"),
        (ss.p * ss.x[1], r"of=p\*x\[1\] has the free symbol p"),
        (ss.x[ss.j], "has the free symbol j"),
        (ss.x[3], r"of=x\[3\] has x\[3\], and a row of x has the entries 1 to 2"),
        ("jvp", "of='jvp' has the vector v: give v="),
        ("gradeint", "did you mean 'gradient'"),
        (3, "of=3 is not known"),
    ],
)
def test_a_formula_that_asks_for_more_than_is_given_is_refused(of: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ss.enclose(ss.logsumexp, [1, 2], alpha=1, of=of)


@pytest.mark.parametrize("call", [ss.enclose, ss.reference])
def test_a_name_is_no_operator(call: Any) -> None:
    with pytest.raises(TypeError, match="op='logsumexp' is a str; give a SmoothMax"):
        call("logsumexp", [1, 2])
