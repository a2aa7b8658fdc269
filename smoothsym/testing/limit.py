"""What float code is held to: a scaled error, units in the last place, a bound."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from numbers import Real
from typing import Any

from smoothsym.errors import shown

TOL = 8.0
"""The scaled error that is allowed, unless another limit is given."""


@dataclass(frozen=True)
class Limit:
    """What is allowed, of all that is given: `tol` of the scaled error, `ulp` units in the last place, `bound` as an audit takes it."""

    tol: float | None = TOL
    ulp: float | None = None
    bound: Any = None

    @classmethod
    def of(cls, tol: float | None, ulp: float | None, bound: Any, usual: float = TOL) -> Limit:
        """A limit from the arguments of a check; `usual`, the scaled error that is allowed where nothing is said of it.

        Raises ValueError for what is no positive number.
        """
        __tracebackhide__ = True
        for name, value in {"tol": tol, "ulp": ulp}.items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, Real) or isnan(value) or value <= 0:
                raise ValueError(f"{name}={shown(value)}: give a positive number")
        return cls(usual if tol is None and ulp is None else tol, ulp, None if bound is False else bound)

    @property
    def scaled(self) -> float:
        """The tolerance of the audit. A scaled error beyond twice the ulps, or beyond 1 where these are fewer than rounding the
        result costs, is beyond the ulps, too.
        """
        if self.tol is not None:
            return float(self.tol)
        assert self.ulp is not None
        return max(1.0, 2 * float(self.ulp))

    @property
    def beside(self) -> dict[str, float]:
        """What is allowed of the numbers that an audit has no verdict on."""
        ulp = {} if self.ulp is None else {"ulp": float(self.ulp)}
        return ulp | ({} if self.bound is None else {"over_bound": 1.0})

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers that are held to something."""
        return (*([] if self.tol is None else ["scaled"]), *self.beside)

    def __str__(self) -> str:
        """In words.

        >>> str(Limit()), str(Limit(None, 4)), str(Limit(bound=True))
        ('scaled error 8', '4 ulp', 'scaled error 8 and the derived bound')
        """
        parts = [] if self.tol is None else [f"scaled error {self.tol:g}"]
        parts += [] if self.ulp is None else [f"{self.ulp:g} ulp"]
        if self.bound is not None:
            parts.append("the derived bound" if self.bound is True else "a bound")
        return " and ".join(parts)
