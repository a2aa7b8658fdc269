"""What a judge of float code needs: enclosures of every output at one input, and the scale that the error of each is held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath
from mpmath import libmp
from sympy import Expr

from smoothsym.certify import special
from smoothsym.certify.closed import NoTheorem
from smoothsym.certify.decide import BUDGET
from smoothsym.certify.enclosure import Refused, make_mpf
from smoothsym.certify.inputs import exact_number
from smoothsym.certify.instance import Instance, flat, instance_of
from smoothsym.certify.scale import VECTOR, ScaleProgram, axes_of, scale_program
from smoothsym.certify.special import Number
from smoothsym.program.balls import Balls
from smoothsym.program.intervals import Indeterminate, Undefined

PRECISIONS = ((64, 256, 1024), (4096,))
"""Bits that a scale is computed with, as long as it is not known: the most is left for what nothing else excuses."""


@dataclass(eq=False)
class Measured:
    """Enclosures of every output at one input, and the scale that the error of each is held to."""

    op: Any
    row: list[Number]
    kept: list[int]
    name: str | None
    parameter: Fraction
    of: str | Expr
    values: list[tuple[Any, Any]]
    length: int
    v: list[Fraction] | None = None
    _scales: dict[int, Any] = field(default_factory=dict)

    def scales(self, component: int = 0) -> Any:
        """|f| + sum_j |xi_j df/dx_j| + |alpha df/dalpha| of an output, as an mpf; xi as the judge wants it (scale.py)."""
        if component not in self._scales:
            self._scales[component] = self._scale(component)
        return self._scales[component]

    def _scale(self, component: int) -> Any:
        value = _magnitude(tuple(end._mpf_ for end in self.values[component]))
        # What has no weight is left out, since the derivative by the parameter has no logarithm of a zero.
        skipped = special.weightless(self.row, self.parameter, self.op.dominance_of(self.of))
        kept = [q for q in self.kept if not skipped[q]]
        if scale_program(self.op, self.of).place is not None and component not in kept:
            return value
        # At a removable singularity of the derivative by the parameter, as at q = 1 of entmax, the others excuse what they excuse.
        ways = ((scale_program(self.op, self.of, by), some) for some in PRECISIONS for by in (True, False))
        sums = (self._excused(asked, some, kept, component) for asked, some in ways)
        return value + next((found for found in sums if found is not None), 0)

    def _excused(self, asked: ScaleProgram, precisions: Sequence[int], kept: list[int], component: int) -> Any:
        """The terms of the derivatives, None where one has no value at these precisions."""
        positions = {} if asked.place is None else {asked.place.name: kept.index(component)}
        symbols = {self.name: self.parameter} if self.name else {}
        x = [Fraction(self.row[q]) for q in kept]
        v = _beside(self.v, kept, len(self.row))
        vectors = {} if v is None else {VECTOR: v}
        instance = Instance(asked.program, x, symbols, self.length, positions, vectors=vectors)
        for bits in precisions:
            try:
                outputs = instance.run(Balls(bits), _alike(self, asked.parameter, bits))
                break
            except (Indeterminate, Undefined):
                continue
        else:
            return None
        origin = max(x) if asked.relative else Fraction(0)
        weights = [[entry - origin for entry in x]]
        weights += [v or []] if asked.vector else []
        weights += [[self.parameter]] if asked.parameter else []
        total = mpmath.mpf(0)
        for output, sizes in zip(outputs, weights, strict=True):
            slopes = flat(output)
            # A derivative that is the same for every entry is one number.
            slopes *= len(sizes) if len(slopes) == 1 else 1
            for size, slope in zip(sizes, slopes, strict=True):
                total += abs(_ratio(size)) * _magnitude(slope)
        return total


@lru_cache(maxsize=4)
def _alike(row: Measured, by_parameter: bool, bits: int) -> dict[int, Any]:
    """What is the same for every entry of the output of a row, for the latest rows."""
    return {}


def _beside(v: list[Fraction] | None, kept: Sequence[int], size: int) -> list[Fraction] | None:
    """What of a vector stands beside the entries that are kept."""
    return [v[q] for q in kept] if v is not None and len(v) == size else v


def _ratio(value: Fraction) -> Any:
    return make_mpf(libmp.from_rational(value.numerator, value.denominator, 60, "n"))


def _magnitude(ends: Any) -> Any:
    return abs(make_mpf(libmp.mpf_shift(libmp.mpf_add(ends[0], ends[1], 60, "n"), -1)))


def measure(
    op: Any,
    x: Sequence[Any],
    parameter: Any,
    of: str | Expr = "value",
    bits: int = 90,
    budget: int = BUDGET,
    v: Sequence[Any] | None = None,
) -> Measured:
    """Enclosures of an output of an operator at one ordinary row, to `bits` relative bits, with their error scales.

    Parameters: `of` as for ss.enclose, a number or a vector; `v`, the vector of a "jvp" or "vjp".
    Raises Refused where an output stays undecided; inputs that the special-value contract answers are not for this function.
    """
    row = [exact_number(entry, "x") for entry in x]
    number = exact_number(parameter, "parameter")
    beside = None if v is None else [Fraction(entry) for entry in v]
    name = op.parameter.name if op.parameter is not None else None
    instance, kept = instance_of(op, row, name, number, of, vectors={} if beside is None else {VECTOR: beside})
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
    if axes_of(op, of):
        values = _spread(values, kept, len(row))
    return Measured(op, row, kept, name, Fraction(number), of, values, len(row), beside)


def _spread(values: list[Any], kept: list[int], size: int) -> list[Any]:
    """A vector over the entries with weight, with zeros for those without; a number stands for equal entries."""
    zero = (mpmath.mpf(0), mpmath.mpf(0))
    spread = [zero] * size
    for position, pair in zip(kept, values if len(values) == len(kept) else values * len(kept), strict=True):
        spread[position] = pair
    return spread


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
