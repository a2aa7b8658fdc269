"""What kind of failure a finding is: the definition's own program, run once without the format's limits, tells range from precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isinf, isnan
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp

from smoothsym.auditing.judge import Judgement, Reference, allowance, error_of, ratio
from smoothsym.cases import Case
from smoothsym.formats import Format
from smoothsym.program import numbers

ILL_CONDITIONED = 1024
"""So many ulps, allowed by the scaled error, are worth a finding about the input."""

TOLERANCE = 8.0
"""The tolerance at which a rounding counts as one."""

EXPLAINED = 1000
"""By so much the error must shrink without the format's range for the range to be its cause."""


def kind_of(
    judgement: Judgement,
    got: Sequence[float],
    reference: Reference,
    case: Case,
    op: Any,
    of: str,
    fmt: Format,
    tol: float,
) -> str | None:
    """What kind of finding a judged ordinary row is; None where it is none.

    An error beyond tolerance that n roundings of a sum of n terms explain is one that sound code may make: every published
    bound allows it (Blanchard, Higham and Higham: (n + 3)u for softmax), and a better order of summation avoids it.
    """
    if not judgement.scaled > tol:
        ill = judgement.ulp > ILL_CONDITIONED and judgement.upper > ILL_CONDITIONED
        return "ill-conditioned input" if ill else None
    if any(isinf(v) for v in case.x):
        return "special value"
    by_range = _range(judgement, reference, case, op, of, fmt, tol)
    if by_range:
        return by_range
    if isinf(judgement.got):
        return "overflow"
    if isnan(judgement.got):
        return "inaccurate"
    if of == "gradient" and _parts_ties(got, case):
        return "gradient at a tie"
    exact = abs(float(libmp.to_float(judgement.exact, strict=False)))
    if max(exact, judgement.error) < float(fmt.smallest_normal):
        return "underflow"
    if judgement.scaled <= len(case.x) * tol / TOLERANCE:
        return "accumulation"
    if judgement.error <= tol * float(fmt.u) * _natural(case, op, of, exact):
        return "cancellation"
    return "inaccurate"


def _parts_ties(got: Sequence[float], case: Case) -> bool:
    """Whether equal entries get different derivatives, as those of no symmetric function are."""
    seen: dict[float, float] = {}
    return any(seen.setdefault(v, g) != g for v, g in zip(case.x, got, strict=True))


def _natural(case: Case, op: Any, of: str, exact: float) -> float:
    """The size of the numbers whose difference is a small result: one rounding of them is what cancellation leaves."""
    largest = max(abs(v) for v in case.x)
    if op.kind == "modulus":
        return largest if of == "value" else exact
    sharpness = abs(case.parameter or 1.0)
    if of == "gradient":
        return (1 + sharpness * largest) * max(exact, 1 / len(case.x))
    return max(largest, 1 / sharpness)


# ---- the format's range -----------------------------------------------------------------------------------------------------


def _range(
    judgement: Judgement, reference: Reference, case: Case, op: Any, of: str, fmt: Format, tol: float
) -> str | None:
    """Whether the format's range is to blame: the definition fails in the same way in it, and not without it."""
    key = ("definition", fmt)
    if key not in reference.memo:
        reference.memo[key] = _definition(case, op, of, fmt)
    run = reference.memo[key]
    place = judgement.component
    if run is None or _way(run.limited[place]) != _way(judgement.got):
        return None
    allowed = allowance(reference.measured.scales(place)._mpf_, fmt)
    if ratio(error_of(run.limited[place], judgement.exact, fmt), allowed) <= tol:
        return None
    left = ratio(libmp.mpf_abs(libmp.mpf_sub(run.free[place], judgement.exact, 64, "n")), allowed)
    if left > tol and left * EXPLAINED > judgement.scaled:
        return None
    # Without a limit in sight the failure is the target's own.
    if _way(judgement.got) == "finite":
        return "underflow" if run.under else None
    return "overflow" if run.over else ("underflow" if run.under else None)


def _way(got: float) -> str:
    return "not finite" if isnan(got) or isinf(got) else ("zero" if got == 0 else "finite")


@dataclass(frozen=True)
class _Run:
    limited: list[float]
    free: list[Any]
    over: bool
    under: bool


def _definition(case: Case, op: Any, of: str, fmt: Format) -> _Run | None:
    """The definition as it stands in the format, and with the format's precision only; None where it cannot be run."""
    named = {} if op.parameter is None or case.parameter is None else {op.parameter.name: case.parameter}
    kernel = op.kernels["naive" if of == "value" else "naive_gradient"]
    arithmetic = _Unlimited(fmt)
    try:
        with np.errstate(all="ignore"):
            limited = np.asarray(kernel(np.array(case.x, dtype=fmt.dtype), **named)).astype(np.float64)
        x = [arithmetic.number(Fraction(v)) for v in case.x]
        symbols = {name: arithmetic.number(Fraction(value)) for name, value in named.items()}
        (output,) = numbers.run(op.program(of, "naive"), arithmetic, {"x": x}, symbols)
    except (ArithmeticError, ValueError, KeyError, TypeError):
        return None
    free = [v._mpf_ for v in (output if isinstance(output, list) else [output])]
    if any(not man and exponent for _, man, exponent, _ in free):
        return None
    return _Run([float(v) for v in limited.reshape(-1)], free, arithmetic.over, arithmetic.under)


@lru_cache(maxsize=8)
def _context(precision: int) -> Any:
    context = mpmath.ctx_mp.MPContext()
    context.prec = precision
    return context


class _Unlimited:
    """Floats of a format's precision with exponents of any size, which remember whether the format would have had them."""

    def __init__(self, fmt: Format) -> None:
        self.context, self.fmt, self.over, self.under = _context(fmt.precision), fmt, False, False
        c = self.context
        self._functions: dict[str, Callable[..., Any]] = {
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: a * b,
            "div": lambda a, b: a / b,
            "pow": self._power,
            "neg": lambda a: -a,
            "abs": abs,
            "sign": c.sign,
            "exp": lambda a: c.exp(self._small(a)),
            "expm1": lambda a: c.expm1(self._small(a)),
            "log": c.log,
            "log1p": c.log1p,
            "sqrt": c.sqrt,
            "hypot": c.hypot,
            "maximum": max,
            "minimum": min,
        }

    def number(self, value: Fraction) -> Any:
        return self.context.mpf(value.numerator) / value.denominator

    def apply(self, name: str, *args: Any) -> Any:
        return self._seen(self._functions[name](*args))

    def sum(self, values: Sequence[Any]) -> Any:
        return self._seen(self.context.fsum(values))

    def extremum(self, name: str, values: Sequence[Any]) -> Any:
        return max(values) if name == "max" else min(values)

    def argmax(self, values: Sequence[Any]) -> int:
        return max(range(len(values)), key=values.__getitem__)

    def prefers(self, test: Any) -> bool:
        return test > 0

    def _power(self, base: Any, exponent: Any) -> Any:
        if not base:
            return self.context.mpf(0) if exponent > 0 else base / base
        self._small(exponent * self.context.log(base))
        return base**exponent

    def _small(self, value: Any) -> Any:
        if self.context.mag(value) > 2000:
            raise OverflowError("an exponent that no memory holds")
        return value

    def _seen(self, value: Any) -> Any:
        if value and self.context.isfinite(value):
            top = self.context.mag(value) - 1
            self.over, self.under = self.over or top > self.fmt.emax, self.under or top < self.fmt.emin
        return value
