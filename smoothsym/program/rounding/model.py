"""The model of float arithmetic is a parameter: how far an operation, a function and a sum may be from what they compute.

    fl(a op b) = (a op b)(1 + d), |d| <= u        add, sub, mul, div, sqrt; exact: neg, abs, sign, max, min, take, where
    fl(f(a))   = f(a)(1 + d),     |d| <= k_f u     exp, log, log1p, expm1, pow, hypot
    a sum of n terms v_j: |error| <= d(n) u sum_j |v_j| to first order, d(n) the additions that a term can go through

and below the normal range each result is off by at most eta, the smallest subnormal, more (a correctly rounded one by eta/2, sums and
differences by nothing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from smoothsym.errors import unknown
from smoothsym.formats import FORMATS

FUNCTIONS = ("exp", "log", "log1p", "expm1", "pow", "hypot")
SUMMATIONS = ("sequential", "pairwise", "compensated", "folded")
ROUNDINGS = ("nearest", "directed")
UNDERFLOWS = ("gradual", "flush")

_T = TypeVar("_T")


@dataclass(frozen=True)
class Model:
    """How float operations err. What differs by format is given for each format by its name, else for all of them.

    Parameters: `functions`, the relative error of a function in units of u; 1 where it is left out (the textbook's model).
    `summation`: "sequential" stands for any order of n - 1 additions; "pairwise" is NumPy's along a contiguous axis; "compensated"
    is a sum in twice the precision, rounded once (Sum2 of Ogita, Rump and Oishi); "folded" is the same after two additions of a
    term at most (program/summation.py), which kernels do. `accumulate`: the name of a wider format that sums are taken in. `rounding`:
    "nearest", or "directed", which doubles u. `underflow`: "gradual", or "flush", where what is subnormal may become 0. `identity`: whether log1p
    and expm1 of a subnormal number are that number; `inspects`: whether code may look at a number as it runs, and take a shorter way for it. `source` says where the constants of functions are from, for `assumptions`.
    Raises ValueError for an unknown name and for a constant that no function can have.

    >>> Model(summation="sequential").depth(1000), Model().depth(1000)
    (999, 21)
    """

    functions: Mapping[str, float | Mapping[str, float]] = field(default_factory=dict)
    summation: str | Mapping[str, str] = "pairwise"
    accumulate: str | Mapping[str, str] | None = None
    rounding: str = "nearest"
    underflow: str = "gradual"
    identity: bool = True
    inspects: bool = True
    source: str = "assumed"

    def __post_init__(self) -> None:
        _among("summation", _every(self.summation), SUMMATIONS)
        _among("accumulate", _every(self.accumulate), FORMATS)
        _among("rounding", [self.rounding], ROUNDINGS)
        _among("underflow", [self.underflow], UNDERFLOWS)
        _among("function", self.functions, FUNCTIONS)
        for name, constant in self.functions.items():
            if bad := [k for k in _every(constant) if not 0.5 <= k <= 1024]:
                raise ValueError(
                    f"functions[{name!r}]={bad[0]!r} is no error in units of u; give a number from 1/2 to 1024"
                )

    def constant(self, function: str, dtype: str | None = None) -> float:
        """k_f: the relative error of a function in units of u; in the format of that name where it differs by format."""
        found = self.functions.get(function, 1.0)
        return 1.0 if isinstance(found, Mapping) and dtype is None else _of(found, dtype, 1.0)

    def order(self, dtype: str | None = None) -> str:
        """The order of summation in a format."""
        return _of(self.summation, dtype, "pairwise")

    def accumulator(self, dtype: str | None = None) -> str | None:
        """The wider format that sums are taken in, if there is one."""
        return _of(self.accumulate, dtype, None)

    def depth(self, size: int, dtype: str | None = None, contiguous: bool = True) -> int:
        """d(n): how many additions a term of a sum can go through."""
        return _pairwise(size) if self.order(dtype) == "pairwise" and contiguous else max(size - 1, 0)


def _of(found: _T | Mapping[str, _T], dtype: str | None, default: _T) -> _T:
    return found if not isinstance(found, Mapping) else default if dtype is None else found.get(dtype, default)


def _every(found: Any) -> Iterable[Any]:
    return found.values() if isinstance(found, Mapping) else [] if found is None else [found]


def _among(argument: str, given: Iterable[str], known: Iterable[str]) -> None:
    if strange := [name for name in given if name not in known]:
        raise unknown(argument, strange[0], known)


def _pairwise(size: int) -> int:
    """NumPy's pairwise sum: eight running sums over blocks of at most 128, the rest of a block term by term, blocks in halves.

    What a reduction starts from is a zero, and adding that is exact. Source: numpy/_core/src/umath/loops_utils.h.src, pairwise_sum.
    """
    if size < 8:
        return max(size - 1, 0)
    if size <= 128:
        return size // 8 - 1 + 3 + size % 8
    half = size // 2 - size // 2 % 8
    return max(_pairwise(half), _pairwise(size - half)) + 1


def _by_format(float16: float, bfloat16: float, float32: float, float64: float) -> dict[str, float]:
    return {"float16": float16, "bfloat16": bfloat16, "float32": float32, "float64": float64}


_MEASURED = (
    "the largest that tests/benchmarks/elementary.py found, all float16 and bfloat16 tried and samples of float32 and float64, "
    "and a tenth more, with {} on an Intel Xeon with AVX-512"
)

NUMPY = Model(
    functions={
        "exp": _by_format(1.0, 1.0, 4, 1.3),
        "log": _by_format(1.0, 1.0, 5.1, 1.25),
        "log1p": _by_format(1.0, 1.0, 3.8, 1.25),
        "expm1": _by_format(1.0, 1.0, 3.9, 1.15),
        "pow": _by_format(1.0, 1.0, 2.8, 1.3),
        "hypot": _by_format(1.0, 1.0, 1.1, 1.2),
    },
    summation={"bfloat16": "sequential"},
    accumulate={"float16": "float32"},
    source=_MEASURED.format("NumPy 2.4.6"),
)
"""NumPy's: float16 sums are taken in float32, bfloat16 sums (of ml_dtypes) term by term."""

TORCH = Model(
    functions={
        "exp": _by_format(1.0, 1.0, 1.15, 1.3),
        "log": _by_format(1.0, 1.0, 1.15, 1.25),
        "log1p": _by_format(1.0, 1.0, 2.2, 1.45),
        "expm1": _by_format(1.0, 1.0, 1.65, 1.65),
        "pow": _by_format(1.0, 1.0, 1.15, 1.4),
        "hypot": _by_format(1.0, 1.0, 2.1, 1.1),
    },
    summation="sequential",
    identity=False,
    source=_MEASURED.format("PyTorch 2.13.0"),
)
"""PyTorch's, on the CPU; sums in any order."""

JAX = Model(
    functions={
        "exp": _by_format(1.0, 1.0, 5.7, 2.6),
        "log": _by_format(1.0, 1.0, 2.2, 1.15),
        "log1p": _by_format(1.0, 1.0, 3.8, 270),
        "expm1": _by_format(3.1, 1.0, 7, 6.2),
        "pow": _by_format(1.0, 1.0, 1.15, 1.15),
        "hypot": _by_format(2.75, 1.1, 2.1, 2.75),
    },
    summation="sequential",
    underflow="flush",
    inspects=False,
    source=_MEASURED.format("JAX 0.10.2"),
)
"""JAX's, on the CPU, which flushes subnormal numbers and looks at none; sums in any order."""
