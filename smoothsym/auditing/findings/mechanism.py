"""What an operator's own programs do at an input is the evidence for a cause: in a format, without its range, without its precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp

from smoothsym.cases import Case
from smoothsym.formats import Format
from smoothsym.program import arrays, numbers

NUDGE = 1024
"""Inputs about another differ from it by a few times so small a part."""

NO_RUN = (ArithmeticError, ValueError, KeyError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True)
class Run:
    """A program in the format (`limited`), and with the format's precision alone (`free`, raw mpf), entry by entry.

    What the latter met: `over` and `under`, numbers beyond the format's range, and which of them `first`; `crowded`, a sum beyond
    it of moderate terms.
    """

    limited: list[float]
    free: list[Any]
    over: bool
    under: bool
    first: str
    crowded: bool


def run(op: Any, of: Any, case: Case, fmt: Format, form: str = "naive") -> Run | None:
    """An operator's program of a form at a case; None where it cannot be run."""
    arithmetic = Unlimited(fmt, fmt.precision)
    try:
        limited = in_format(op, of, case, fmt, form)
        free = _in(arithmetic, op, of, case, form)
    except NO_RUN:
        return None
    if any(not man and exponent for _, man, exponent, _ in free):
        return None
    return Run(
        [float(v) for v in limited.reshape(-1)],
        free,
        arithmetic.over > 0,
        arithmetic.under > 0,
        "under" if arithmetic.under and not 0 < arithmetic.over <= arithmetic.under else "over",
        arithmetic.crowded,
    )


@lru_cache(maxsize=1 << 12)
def meets_small(op: Any, of: Any, case: Case, fmt: Format) -> bool:
    """Whether an input, or what the stable program makes of them, is below the normal range and not 0."""
    if any(0 < abs(v) < float(fmt.smallest_normal) for v in (*case.x, *(case.v or ()))):
        return True
    found = run(op, of, case, fmt, "stable")
    return found is not None and found.under


def in_format(op: Any, of: Any, case: Case, fmt: Format, form: str, sums: str = "pairwise") -> Any:
    """The outputs of a program in float64, each operation done in the format; `sums` "pairwise", "folded" (as kernels do) or "sequential"."""
    vectors = {"x": np.array(case.x, dtype=fmt.dtype)}
    if case.v is not None:
        vectors["v"] = np.array(case.v, dtype=fmt.dtype)
    symbols = (
        {}
        if op.parameter is None
        else {op.parameter.name: fmt.dtype.type(1.0 if case.parameter is None else case.parameter)}
    )
    with np.errstate(all="ignore"):
        (output,) = arrays.run(op.program(of, form), vectors["x"], symbols, vectors=vectors, summation=sums)
    return np.asarray(output).astype(np.float64)


def roundings(op: Any, of: Any, case: Case, fmt: Format, component: int, form: str = "naive") -> Any:
    """What rounding each operation of a program to the format's precision makes of an output, in any range: the largest at a few
    inputs about the case. A raw mpf; None where the program cannot be run.
    """
    worst = libmp.fzero
    for nudge in range(6):
        beside = Case(
            tuple(v * (1 + nudge * (1 + q % 3) / NUDGE) for q, v in enumerate(case.x)),
            case.parameter,
            (),
            case.v,
        )
        try:
            rough, fine = (
                _in(Unlimited(fmt, bits), op, of, beside, form) for bits in (fmt.precision, 4 * fmt.precision + 64)
            )
        except NO_RUN:
            return None
        error = libmp.mpf_abs(libmp.mpf_sub(rough[component], fine[component], 64, "n"))
        worst = error if libmp.mpf_gt(error, worst) else worst
    return worst


def _in(arithmetic: Unlimited, op: Any, of: Any, case: Case, form: str) -> list[Any]:
    vectors = {"x": case.x, **({} if case.v is None else {"v": case.v})}
    given = {name: [arithmetic.number(Fraction(v)) for v in row] for name, row in vectors.items()}
    parameter = 1.0 if case.parameter is None else case.parameter
    symbols = {} if op.parameter is None else {op.parameter.name: arithmetic.number(Fraction(parameter))}
    (output,) = numbers.run(op.program(of, form), arithmetic, given, symbols)
    return [v._mpf_ for v in (output if isinstance(output, list) else [output])]


@lru_cache(maxsize=16)
def context(precision: int) -> Any:
    context = mpmath.ctx_mp.MPContext()
    context.prec = precision
    return context


class Unlimited:
    """Floats of so many bits with exponents of any size, which remember at which step, from 1, the format would not have had them."""

    def __init__(self, fmt: Format, precision: int) -> None:
        self.context, self.fmt = context(precision), fmt
        self.over = self.under = self._step = 0
        self.crowded, self._name = False, ""
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
        self._at(name)
        return self._seen(self._functions[name](*args))

    def _at(self, name: str) -> None:
        """The same operation on another entry is the same step."""
        if name != self._name:
            self._name, self._step = name, self._step + 1

    def sum(self, values: Sequence[Any]) -> Any:
        self._at("sum")
        total = self.context.fsum(values)
        if total and self.context.mag(total) - 1 > self.fmt.emax:
            moderate = max((self.context.mag(v) for v in values if v), default=0) <= self.fmt.emax // 2 + 1
            if moderate:
                self.crowded = True
                return total
        return self._seen(total)

    def extremum(self, name: str, values: Sequence[Any]) -> Any:
        return max(values) if name == "max" else min(values)

    def argmax(self, values: Sequence[Any]) -> int:
        return max(range(len(values)), key=values.__getitem__)

    def prefers(self, test: Any) -> bool:
        return bool(test > 0)

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
            if top > self.fmt.emax:
                self.over = self.over or self._step
            elif top < self.fmt.emin:
                self.under = self.under or self._step
        return value
