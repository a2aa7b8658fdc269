"""The model of float arithmetic is a parameter: how far an operation, a function and a sum may be from what they compute.

    fl(a op b) = (a op b)(1 + d), |d| <= u        add, sub, mul, div, sqrt; exact: neg, abs, sign, max, min, take, where
    fl(f(a))   = f(a)(1 + d),     |d| <= k_f u     exp, log, log1p, expm1, pow, hypot
    a sum of n terms v_j: |error| <= d(n) u sum_j |v_j| to first order, d(n) the additions that a term can go through

and below the normal range each result is off by at most eta, the smallest subnormal, more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smoothsym.errors import unknown

FUNCTIONS = ("exp", "log", "log1p", "expm1", "pow", "hypot")
SUMMATIONS = ("sequential", "pairwise", "compensated")
ROUNDINGS = ("nearest", "directed")


@dataclass(frozen=True)
class Model:
    """How float operations err.

    Parameters: `functions`, the relative error of a function in units of u: a number for every format, or a number for each format
    by its name; 1 where it is left out (the textbook's model). `summation`: "sequential" stands for any order of n - 1 additions;
    "pairwise" is NumPy's along a contiguous axis; "compensated" is a sum in twice the precision, rounded once. `accumulate`: the
    name of a wider format that sums are taken in. `rounding`: "nearest", or "directed", which doubles u. `source` says where the
    constants of functions are from, for `assumptions`.
    Raises ValueError for an unknown name or a constant below 1/2.

    >>> Model(summation="sequential").depth(1000), Model().depth(1000)
    (999, 22)
    """

    functions: Mapping[str, float | Mapping[str, float]] = field(default_factory=dict)
    summation: str = "pairwise"
    accumulate: str | None = None
    rounding: str = "nearest"
    source: str = "every function within u"

    def __post_init__(self) -> None:
        if self.summation not in SUMMATIONS:
            raise unknown("summation", self.summation, SUMMATIONS)
        if self.rounding not in ROUNDINGS:
            raise unknown("rounding", self.rounding, ROUNDINGS)
        for name in self.functions:
            if name not in FUNCTIONS:
                raise unknown("function", name, FUNCTIONS)

    def constant(self, function: str, dtype: str | None = None) -> float:
        """k_f: the relative error of a function in units of u; in the format of that name where it differs by format."""
        found = self.functions.get(function, 1.0)
        return found if not isinstance(found, Mapping) else 1.0 if dtype is None else found[dtype]

    def depth(self, size: int) -> int:
        """d(n): how many additions a term of a sum can go through."""
        return _pairwise(size) if self.summation == "pairwise" else max(size - 1, 0)


def _pairwise(size: int) -> int:
    """NumPy's pairwise sum: eight running sums over blocks of at most 128, the rest of a block term by term, blocks in halves.

    One more for the number that a reduction starts from. Source: numpy/_core/src/umath/loops_utils.h.src, pairwise_sum.
    """
    if size < 8:
        return max(size, 1)
    if size <= 128:
        return size // 8 - 1 + 3 + size % 8 + 1
    half = size // 2 - size // 2 % 8
    return max(_pairwise(half), _pairwise(size - half)) + 1
