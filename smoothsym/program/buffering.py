"""NumPy's state while many rows are computed: without warnings, and with a buffer that no row fits into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

BUFFER = 64


@contextmanager
def by_rows() -> Iterator[None]:
    """Where one operand is a number for each row, and several rows fit into a buffer, NumPy copies them there: that costs twice
    as much as the operation itself.
    """
    with np.errstate(all="ignore"):
        size = np.setbufsize(BUFFER)
        try:
            yield
        finally:
            np.setbufsize(size)
