"""What holds for every test: of many parameters some are run, and the precision of mpmath is left as it was."""

from collections import defaultdict
from contextlib import contextmanager
from zlib import crc32

import pytest
from mpmath import mp

ONE_IN = 4


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of the parameters of a test that is sampled one in four is run, by chance and always the same; the others are long."""
    tests = defaultdict(list)
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if "sampled" in marks and "long" not in marks:
            tests[item.nodeid.partition("[")[0]].append(item)
    for variants in tests.values():
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
