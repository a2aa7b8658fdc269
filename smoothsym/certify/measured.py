"""What a judge of float code needs: enclosures of every output at one input, and the scale that the error of each is held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath
from mpmath import libmp

from smoothsym import words
from smoothsym.certify import special
from smoothsym.certify.closed import NoTheorem
from smoothsym.certify.decide import BUDGET
from smoothsym.certify.enclosure import Refused, make_mpf
from smoothsym.certify.inputs import exact_number
from smoothsym.certify.instance import Instance, flat, instance_of
from smoothsym.certify.special import Number
from smoothsym.program.balls import Balls
from smoothsym.program.intervals import Indeterminate, Undefined
from smoothsym.program.lower import Program, lower


@dataclass
class Measured:
    """Enclosures of every output at one input, and the scale that the error of each is held to."""

    op: Any
    row: list[Number]
    kept: list[int]
    name: str | None
    parameter: Fraction
    of: str
    values: list[tuple[Any, Any]]
    length: int
    _scales: dict[int, Any] = field(default_factory=dict)

    def scales(self, component: int = 0) -> Any:
        """|f| + sum_j |xi_j df/dx_j| + |alpha df/dalpha| of an output, as an mpf; xi as the judge wants it (DESIGN)."""
        if component not in self._scales:
            self._scales[component] = self._scale(component)
        return self._scales[component]

    def _scale(self, component: int) -> Any:
        value = _magnitude(tuple(end._mpf_ for end in self.values[component]))
        # What has no weight is left out, since the derivative by the parameter has no logarithm of a zero.
        skipped = special.weightless(self.row, self.parameter, self.op.kind)
        kept = [q for q in self.kept if not skipped[q]]
        if component not in kept and self.of == "gradient":
            return value
        program = _scale_program(self.op, self.of)
        positions = {words.i.name: kept.index(component)} if self.of == "gradient" else {}
        symbols = {self.name: self.parameter} if self.name else {}
        x = [Fraction(self.row[q]) for q in kept]
        instance = Instance(program, x, symbols, self.length, positions)
        for bits in (64, 256, 1024, 4096):
            try:
                outputs = instance.run(Balls(bits))
                break
            except (Indeterminate, Undefined):
                continue
        else:
            return value
        relative = self.of == "gradient" and self.op.translation == "equivariant"
        origin = max(x) if relative else Fraction(0)
        total = value
        for entry, slope in zip(x, flat(outputs[0]), strict=True):
            total += abs(mpmath.mpf(1) * _ratio(entry - origin)) * _magnitude(slope)
        if len(outputs) > 1:
            total += abs(_ratio(self.parameter)) * _magnitude(outputs[1])
        return total


def _ratio(value: Fraction) -> Any:
    return make_mpf(libmp.from_rational(value.numerator, value.denominator, 60, "n"))


def _magnitude(ends: Any) -> Any:
    return abs(make_mpf(libmp.mpf_shift(libmp.mpf_add(ends[0], ends[1], 60, "n"), -1)))


@lru_cache(maxsize=256)
def _scale_program(op: Any, of: str) -> Program:
    """The derivatives of an output by every entry and by the parameter, as one program."""
    inner, over = (op.hessian, words.k) if of == "gradient" else (op.gradient, words.i)
    wanted = [op.stable(inner)]
    if op.parameter is not None:
        wanted.append(op.stable(op.derivative(op.parameter, of=of)))
    return lower(
        [form.expression for form in wanted], (over,), {k: v for form in wanted for k, v in form.anchors.items()}
    )


def measure(
    op: Any, x: Sequence[Any], parameter: Any, of: str = "value", bits: int = 90, budget: int = BUDGET
) -> Measured:
    """Enclosures of an operator's value or gradient at one ordinary row, to `bits` relative bits, with their error scales.

    Raises Refused where an output stays undecided; inputs that the special-value contract answers are not for this function.
    """
    row = [exact_number(v, "x") for v in x]
    number = exact_number(parameter, "parameter")
    name = op.parameter.name if op.parameter is not None else None
    instance, kept = instance_of(op, row, name, number, of)
    precision = bits + 20
    found: list[Any] = []
    while True:
        try:
            found = instance.intervals(precision)
        except Indeterminate:
            found = []
        if found and all(_narrow(ends, bits) for ends in found):
            break
        precision *= 2
        if precision > budget:
            exact = _zeros(instance, found, bits)
            if exact is None:
                raise Refused(f"not known to {bits} bits at a budget of {budget}")
            found = exact
            break
    values = [(make_mpf(low), make_mpf(high)) for low, high in found]
    if of == "gradient":
        zero = (mpmath.mpf(0), mpmath.mpf(0))
        spread = [zero] * len(row)
        for position, pair in zip(kept, values, strict=True):
            spread[position] = pair
        values = spread
    return Measured(
        op,
        [Fraction(v) if not isinstance(v, float) else v for v in row],
        kept,
        name,
        Fraction(number),
        of,
        values,
        len(row),
    )


_TINY = libmp.mpf_shift(libmp.fone, -2400)


def _narrow(ends: Any, bits: int) -> bool:
    """Whether an enclosure is narrow beside the value, or beside anything that a format can tell from zero."""
    low, high = ends
    width = libmp.mpf_sub(high, low, 30, "c")
    if width == libmp.fzero or libmp.mpf_lt(width, _TINY):
        return True
    size = libmp.mpf_abs(low if libmp.mpf_lt(libmp.mpf_abs(low), libmp.mpf_abs(high)) else high)
    if libmp.mpf_sign(low) * libmp.mpf_sign(high) <= 0:
        return False
    return libmp.mpf_lt(libmp.mpf_shift(width, bits), size)


def _zeros(instance: Instance, found: list[Any], bits: int) -> list[Any] | None:
    """Enclosures with the outputs that a theorem proves zero set to zero; None if one is still undecided."""
    try:
        exact = instance.exact()
        result = [
            ends if _narrow(ends, bits) else ((libmp.fzero,) * 2 if e.equals(Fraction(0)) else None)
            for ends, e in zip(found, exact, strict=True)
        ]
    except (NoTheorem, ZeroDivisionError):
        return None
    return None if None in result or not result else result
