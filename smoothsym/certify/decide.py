"""Precision doubling until a question about a value is decided; by a theorem where doubling could not end; else refused.

The question is whether both ends of the enclosure round to one number, in a binary format or to k decimal digits. Between two
neighbouring answers there is one rational boundary r. If the enclosure holds r however narrow it gets, the value may equal r:
exact.py says by a theorem whether it does. If it does, the value is known; if it does not and r is an end of the enclosure, the
value lies strictly on the other side. Where terms cancel, exact.py encloses what is left of them. What no theorem covers is
doubled until the budget of bits is spent, and then refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mpmath import libmp

from smoothsym.certify import decimals
from smoothsym.certify.enclosure import NEITHER, Enclosure, Refused, Strict, fraction_of, make_mpf
from smoothsym.certify.exact import NoTheorem, Quotient
from smoothsym.certify.instance import Instance
from smoothsym.formats import Format
from smoothsym.program.intervals import Indeterminate, Interval, Undefined

BUDGET = 1 << 15
"""The precision, in bits, beyond which an undecided value is refused."""

FIRST_BITS = 80

FAR_OUT = 1 << 20
"""An exponent that no boundary has."""


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
    bits, theorem, exact, count = first, "", None, None
    ends: list[Interval] = []
    while count is None or len(answers) < count:
        if bits > budget:
            raise _refusal(answers, ends, budget, theorem)
        try:
            ends = instance.intervals(bits)
        except Indeterminate as error:
            theorem = theorem or str(error)
            bits *= 2
            continue
        except Undefined as error:
            raise Refused(f"the formula is undefined at this input: {error}") from error
        count = len(ends)
        for position in range(count):
            if position in answers:
                continue
            answer = question.answer(ends[position])
            if answer is None and bits > first:
                if exact is None and not theorem:
                    try:
                        exact = instance.exact()
                    except (NoTheorem, ZeroDivisionError) as reason:
                        theorem = f"no theorem says whether it can lie on the boundary ({reason})"
                if exact is not None:
                    ends[position] = _cancelled(exact[position], ends[position], bits)
                    answer = _by_theorem(question, ends[position], exact[position])
            if answer is not None:
                answers[position] = (answer, ends[position], bits)
        bits *= 2
    return [answers[position] for position in range(count)]


def _cancelled(exact: Any, ends: Interval, bits: int) -> Interval:
    """The enclosure after equal terms have cancelled, where it is the narrower one."""
    if not isinstance(exact, Quotient):
        return ends
    try:
        found = exact.enclosed(bits)
    except Indeterminate:
        return ends
    widths = [libmp.mpf_sub(high, low, 30, "c") for low, high in (ends, found)]
    return found if libmp.mpf_lt(widths[1], widths[0]) else ends


def _by_theorem(question: Question, ends: Interval, exact: Any) -> Any:
    if (answer := question.answer(ends)) is not None:
        return answer
    boundary = question.boundary(ends)
    if boundary is None:
        return None
    try:
        if exact.equals(boundary):
            return question.at(boundary)
    except NoTheorem:
        return None
    strict = (_is(ends[0], boundary), _is(ends[1], boundary))
    return question.settle(ends, strict) if any(strict) else None


def _is(end: Any, r: Fraction) -> bool:
    _, man, exponent, _ = end
    if not man:
        return r == 0
    return abs(exponent) < FAR_OUT and fraction_of(end) == r


def _refusal(answers: Mapping[int, Any], ends: list[Interval], budget: int, theorem: str) -> Refused:
    position = next((q for q in range(len(ends)) if q not in answers), None)
    reason = f"undecided at a budget of {budget} bits" + (f": {theorem}" if theorem else "")
    enclosure = (
        None if position is None else Enclosure(make_mpf(ends[position][0]), make_mpf(ends[position][1]), budget)
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
