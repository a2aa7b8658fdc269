"""Digits are those that were asked for, of numbers far beyond a float64 and more of them than Python's str writes."""

from fractions import Fraction

import pytest

import smoothsym as ss


@pytest.mark.parametrize("exponent", [400, -400, 4000])
def test_a_value_beyond_float64_has_all_its_digits(exponent):
    one = ss.enclose(ss.logsumexp, [Fraction(10) ** exponent], alpha=1, digits=30)
    assert one.digits(30) == f"1.{29 * '0'}e{exponent:+d}"
    third = ss.enclose(ss.pnorm, [Fraction(10) ** exponent / 3], p=2, digits=20)
    assert third.digits(20) == f"3.{19 * '3'}e{exponent - 1:+d}"


def test_five_thousand_digits():
    digits = ss.enclose(ss.logsumexp, [0, 0], alpha=1, digits=5000).digits(5000)
    assert len(digits) == 5002 and digits.startswith("0.69314718055994530941723212145817656807550013436025")
