"""The precision of mpmath is every test's: one that leaves another behind is told."""

from contextlib import contextmanager

import pytest
from mpmath import mp


@contextmanager
def kept_precision():
    before = mp.prec
    yield
    after, mp.prec = mp.prec, before
    assert after == before, f"mpmath's precision was {before} bits and is {after}; use mp.workprec"


@pytest.fixture(autouse=True)
def precision():
    with kept_precision():
        yield
