"""Precision doubling until a question about a value is decided; by a theorem where doubling could not end; else refused.

The question is whether both ends of the enclosure round to one number, in a binary format or to k decimal digits. Between two
neighbouring answers there is one rational boundary r. If the enclosure holds r however narrow it gets, the value may equal r:
exact.py says by a theorem whether it does. If it does, the value is known; if it does not, the sign of an exponential sum says on
which side of r it lies, however near. Where terms cancel, exact.py encloses what is left of them. What no theorem covers is
doubled until the budget of bits is spent, and then refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mpmath import libmp

from smoothsym.certify import decimals
from smoothsym.certify.closed import NoTheorem, enclosed
from smoothsym.certify.enclosure import NEITHER, Enclosure, Refused, Strict, make_mpf
from smoothsym.certify.instance import Instance
from smoothsym.formats import Format
from smoothsym.program.intervals import Indeterminate, Interval, Undefined
from smoothsym.program.intervals import exact as exactly

BUDGET = 1 << 15
"""The precision, in bits, beyond which an undecided value is refused."""

FIRST_BITS = 80


@dataclass(frozen=True)
class Question:
    """What is to be decided of a value: the answer from an enclosure, or None; the boundary in doubt; the answer at a rational.

    `settle(ends, strict)` is told which of the ends the value is not; `at(r)` is the answer for the value r.
    """

    answer: Callable[[Interval], Any]
    boundary: Callable[[Interval], Fraction | None]
    settle: Callable[[Interval, Strict], Any]
    at: Callable[[Fraction], Any]


def decide(
    instance: Instance, question: Question, first: int = FIRST_BITS, budget: int = BUDGET
) -> list[tuple[Any, Interval, int]]:
    """The answer to a question for each output of a program, with the enclosure and the bits that decided it.

    Raises Refused where the budget is spent, with the last enclosure and the reason.
    """
    answers: dict[int, tuple[Any, Interval, int]] = {}
    known: _Known | None = None
    bits, count, reason = first, None, ""
    ends: list[Interval] = []
    while count is None or len(answers) < count:
        if bits > budget:
            raise _refusal(answers, ends, budget, (known and known.doubt(answers)) or reason, instance.engine)
        try:
            ends = instance.intervals(bits)
        except Indeterminate as error:
            ends, reason = [], reason or str(error)
        except Undefined as error:
            raise Refused(f"the formula is undefined at this input: {error}") from error
        if known is None and bits > first:
            try:
                known = _Known.of(instance)
            except Undefined as error:
                raise Refused(f"the formula is undefined at this input: {error}") from error
        if known is not None and known.values:
            ends = known.narrowed(ends, bits)
        count = len(ends) or None
        for position in range(len(ends)):
            if position in answers:
                continue
            answer = question.answer(ends[position])
            if answer is None and known is not None and known.values:
                answer, ends[position] = known.answer(question, ends[position], position, bits)
            if answer is not None:
                answers[position] = (answer, ends[position], bits)
        bits *= 2
    return [answers[position] for position in range(count)]


@dataclass(frozen=True)
class _Known:
    """What exact.py knows of the outputs of a program: numbers whose terms have cancelled, or why there are none."""

    values: list[Any]
    reason: str
    engine: str

    @classmethod
    def of(cls, instance: Instance) -> _Known:
        try:
            return cls(instance.exact(), "", instance.engine)
        except (NoTheorem, ZeroDivisionError) as reason:
            return cls([], str(reason), instance.engine)

    def doubt(self, answers: Mapping[int, Any]) -> str:
        """Why no theorem decides the first output without an answer."""
        open_ = next((v for q, v in enumerate(self.values) if q not in answers), None)
        reason = self.reason if open_ is None else open_.doubt
        return reason and f"no theorem says whether it can lie on the boundary ({reason})"

    def narrowed(self, ends: list[Interval], bits: int) -> list[Interval]:
        """For each output the narrower one of two enclosures: of the program, and of what is left after equal terms have cancelled."""
        try:
            found = [enclosed(value, bits, self.engine) for value in self.values]
        except (Indeterminate, Undefined):
            return ends
        return [min(pair, key=_width) for pair in zip(ends or found, found, strict=True)]

    def answer(self, question: Question, ends: Interval, position: int, bits: int) -> tuple[Any, Interval]:
        """The answer and the enclosure that gives it: that part of an enclosure which lies on the value's side of a boundary."""
        boundary = question.boundary(ends)
        if boundary is None:
            return None, ends
        exact = self.values[position]
        try:
            side = 0 if exact.equals(boundary) else exact.side(boundary, bits, self.engine)
        except ArithmeticError:  # what the numbers meet beyond every range
            return None, ends
        if side == 0:
            return question.at(boundary), ends
        if side is None or boundary.denominator & (boundary.denominator - 1):
            return None, ends
        end = exactly(boundary, bits)[0]
        ends = (end, ends[1]) if side > 0 else (ends[0], end)
        return question.settle(ends, (side > 0, side < 0)), ends


def _width(ends: Interval) -> Any:
    return make_mpf(libmp.mpf_sub(ends[1], ends[0], 30, "c"))


def _refusal(answers: Mapping[int, Any], ends: list[Interval], budget: int, theorem: str, engine: str) -> Refused:
    position = next((q for q in range(len(ends)) if q not in answers), None)
    reason = f"undecided at a budget of {budget} bits" + (f": {theorem}" if theorem else "")
    enclosure = (
        None
        if position is None
        else Enclosure(make_mpf(ends[position][0]), make_mpf(ends[position][1]), budget, engine)
    )
    return Refused(reason, enclosure)


def digits_question(k: int) -> Question:
    """Which k-digit decimal is nearest. The answer is (exact value or None, the ends that are excluded)."""

    def decided(ends: Interval, strict: Strict = NEITHER) -> Any:
        return None if decimals.decided(ends, k, strict) is None else (None, strict)

    return Question(
        answer=decided,
        boundary=lambda ends: decimals.boundary(ends, k),
        settle=decided,
        at=lambda value: (value, NEITHER),
    )


def rounding_question(fmt: Format, rounding: str = "nearest") -> Question:
    """Which number of a format is the correctly rounded one, as its bit pattern."""

    def both(ends: Interval, strict: Strict = NEITHER) -> int | None:
        low = fmt.round(ends[0], int(strict[0]), rounding)
        high = fmt.round(ends[1], -int(strict[1]), rounding)
        return low if low == high else None

    def boundary(ends: Interval) -> Fraction | None:
        return boundary_between(fmt, fmt.round(ends[0], 0, rounding), fmt.round(ends[1], 0, rounding), rounding, ends)

    return Question(
        answer=both,
        boundary=boundary,
        settle=both,
        at=lambda value: fmt.round(value, 0, rounding),
    )


def boundary_between(fmt: Format, low: int, high: int, rounding: str, ends: Interval) -> Fraction | None:
    """The rational at which rounding passes from one number of the format to the next, None if they are no neighbours."""
    if libmp.mpf_sign(ends[0]) * libmp.mpf_sign(ends[1]) <= 0:
        return Fraction(0)
    a, b = fmt.ordinal(low), fmt.ordinal(high)
    if a == b:
        return None
    if b - a == 1 and rounding == "nearest":
        largest = fmt.largest
        left = fmt.decode(low) if not _infinite(fmt, low) else None
        right = fmt.decode(high) if not _infinite(fmt, high) else None
        if left is None or right is None:
            edge = largest + fmt.ulp(largest) / 2
            return -edge if left is None else edge
        return (left + right) / 2
    candidates = [q for q in (low, high) if not _infinite(fmt, q)]
    for value in map(fmt.decode, candidates):
        raw = libmp.from_rational(value.numerator, value.denominator, value.numerator.bit_length() + 1, "n")
        if libmp.mpf_le(ends[0], raw) and libmp.mpf_le(raw, ends[1]):
            return value
    return None


def _infinite(fmt: Format, bits: int) -> bool:
    return bool((bits & ((1 << (fmt.bits - 1)) - 1)) == fmt.round(2 * fmt.largest, 0, "up"))
