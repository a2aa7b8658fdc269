"""A test that changes the precision of mpmath for those after it is seen to."""

import pytest
from conftest import kept_precision
from mpmath import mp


def test_a_precision_that_is_left_behind_is_told_and_put_back():
    before = mp.prec
    with pytest.raises(AssertionError, match="precision was 53 bits and is 60"), kept_precision():
        mp.prec = 60
    assert mp.prec == before
    with kept_precision(), mp.workprec(60):
        pass
