"""What holds for every test: of many parameters some are run, and the precision of mpmath is left as it was."""

from collections import defaultdict
from contextlib import contextmanager
from zlib import crc32

import pytest
from mpmath import mp

MANY, ONE_IN = 6, 3


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of a test with so many parameters or more one in three is run, by chance and always the same; the others are long.

    Where each parameter is a matter of its own, as a defect that has to be found is, the test is marked as whole.
    """
    tests = defaultdict(list)
    for item in items:
        if hasattr(item, "callspec") and not {"long", "whole"} & {mark.name for mark in item.iter_markers()}:
            tests[item.nodeid.partition("[")[0]].append(item)
    for variants in tests.values():
        if len(variants) >= MANY:
            variants.sort(key=lambda item: crc32(item.nodeid.encode()))
            for item in variants[-(-len(variants) // ONE_IN) :]:
                item.add_marker("long")


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
