"""NumPy's state while many rows are computed: without warnings, and with a buffer that no row fits into."""

from __future__ import annotations

from typing import Any

import numpy as np

BUFFER = 64


class by_rows:
    """Where one operand is a number for each row, and several rows fit into a buffer, NumPy copies them there: that costs twice
    as much as the operation itself.
    """

    def __enter__(self) -> None:
        self._quiet = np.errstate(all="ignore")
        self._quiet.__enter__()
        # Errstate keeps the size that was set, too.
        np.setbufsize(BUFFER)

    def __exit__(self, *raised: Any) -> None:
        self._quiet.__exit__(*raised)
