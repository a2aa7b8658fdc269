"""Precision doubling until a question about a value is decided; by a theorem where doubling could not end; else refused.

The question is whether both ends of the enclosure round to one number, in a binary format or to k decimal digits. Between two
neighbouring answers there is one rational boundary r. If the enclosure holds r however narrow it gets, the value may equal r:
exact.py says by a theorem whether it does. If it does, the value is known; if it does not and r is an end of the enclosure, the
value lies strictly on the other side. What no theorem covers is doubled until the budget of bits is spent, and then refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
from mpmath import libmp

from smoothsym.certify.exact import ExactArithmetic, NoTheorem
from smoothsym.formats import Format
from smoothsym.program import numbers
from smoothsym.program.balls import Balls
from smoothsym.program.intervals import Indeterminate, Interval, Undefined
from smoothsym.program.lower import Program

BUDGET = 1 << 15
"""The precision, in bits, beyond which an undecided value is refused."""

FIRST_BITS = 80

_CONTEXT = mpmath.MPContext()


class Refused(ArithmeticError):
    """A value that could not be decided within the budget; carries the enclosure and the reason."""

    def __init__(self, reason: str, enclosure: Enclosure | None = None) -> None:
        super().__init__(reason if enclosure is None else f"{reason}; the value lies in {enclosure}")
        self.reason = reason
        self.enclosure = enclosure


@dataclass(frozen=True)
class Enclosure:
    """An interval [lo, hi] that is proved to hold the exact value; lo == hi where the value is known exactly.

    `strict` says that a theorem excludes both ends. `digits(k)` gives the value correctly rounded to k significant digits.
    """

    lo: Any
    hi: Any
    bits: int
    engine: str = "mpmath"
    strict: bool = False
    note: str = ""

    @property
    def mid(self) -> Any:
        """The midpoint, rounded to twice the bits."""
        if self.lo == self.hi:
            return self.lo
        return make_mpf(libmp.mpf_shift(libmp.mpf_add(self.lo._mpf_, self.hi._mpf_, 2 * self.bits, "n"), -1))

    @property
    def rad(self) -> Any:
        """A radius that covers the interval from `mid`, rounded up."""
        mid = self.mid._mpf_
        above = libmp.mpf_sub(self.hi._mpf_, mid, 53, "c")
        below = libmp.mpf_sub(mid, self.lo._mpf_, 53, "c")
        return make_mpf(above if libmp.mpf_ge(above, below) else below)

    def digits(self, k: int) -> str:
        """The value rounded correctly to k significant decimal digits, as a string.

        Raises ValueError for k < 1, Refused where the enclosure is too wide to tell; `enclose(digits=k)` makes it narrow enough.
        """
        if not isinstance(k, int) or k < 1:
            raise ValueError(f"digits={k!r}: ask for a positive whole number of digits")
        if mpmath.isnan(self.lo) or mpmath.isinf(self.lo):
            return str(self.lo).replace("+", "")
        text = decided_digits((self.lo._mpf_, self.hi._mpf_), k, self.strict)
        if text is None:
            raise Refused(f"the enclosure does not decide {k} digits: ask enclose for digits={k}", self)
        return text

    def __str__(self) -> str:
        with _CONTEXT.workprec(self.bits):
            return f"[{_CONTEXT.nstr(self.lo, 20)}, {_CONTEXT.nstr(self.hi, 20)}]"


def make_mpf(raw: Any) -> Any:
    return mpmath.mp.make_mpf(raw)


def fraction_of(raw: Any) -> Fraction:
    sign, man, exponent, _ = raw
    return Fraction((-1) ** sign * int(man)) * Fraction(2) ** int(exponent)


# ---- decimal digits ---------------------------------------------------------------------------------------------------------


def decided_digits(ends: Interval, k: int, strict: bool = False) -> str | None:
    """The k digits that both ends round to, None where they differ."""
    low, high = (
        _decimal(end, k, step if strict and ends[0] != ends[1] else 0) for end, step in zip(ends, (1, -1), strict=True)
    )
    return _written(low, k) if low == high else None


def _decimal(raw: Any, k: int, step: int = 0) -> tuple[int, int]:
    """(m, e) with |m| of k digits and m 10^e the nearest to the value; `step` breaks a tie for what lies just beside it."""
    sign, man, exponent, bitcount = raw
    man, exponent = int(man), int(exponent)
    if not man:
        return (0, 0)
    if abs(exponent) > 10_000_000:
        raise Refused(f"a value of about 2^{exponent + int(bitcount)} is not written in decimal")
    step = -step if sign else step
    magnitude = int((exponent + int(bitcount)) * 0.30102999566398120)
    for e in (magnitude - k + 1, magnitude - k, magnitude - k - 1, magnitude - k + 2):
        top = man << exponent if exponent > 0 else man
        bottom = 1 << -exponent if exponent < 0 else 1
        top, bottom = (top * 10**-e, bottom) if e < 0 else (top, bottom * 10**e)
        quotient, remainder = divmod(top, bottom)
        if not 10 ** (k - 1) <= quotient < 10**k:
            continue
        twice = 2 * remainder - bottom
        if twice > 0 or (twice == 0 and (step > 0 or (step == 0 and quotient % 2))):
            quotient += 1
        if quotient == 10**k:
            quotient, e = quotient // 10, e + 1
        return (-quotient if sign else quotient, e)
    raise AssertionError("no decimal exponent fits")


def _written(decimal: tuple[int, int], k: int) -> str:
    m, e = decimal
    if m == 0:
        return "0"
    # Python's own str refuses whole numbers of more than 4300 digits.
    sign, text, point = "-" if m < 0 else "", libmp.libintmath.numeral(abs(m), 10, k), e + k
    if -5 < point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    if 0 < point <= max(k, 21):
        text = text.ljust(point, "0")
        return f"{sign}{text[:point]}" + (f".{text[point:]}" if point < len(text) else "")
    return f"{sign}{text[0]}" + (f".{text[1:]}" if k > 1 else "") + f"e{point - 1:+d}"


def _decimal_boundary(ends: Interval, k: int) -> Fraction | None:
    """The rational between the two neighbouring k-digit decimals that the ends round to."""
    low, high = (_decimal(end, k) for end in ends)
    a, b = (Fraction(m) * Fraction(10) ** e for m, e in (low, high))
    if a == 0 or b == 0 or (a < 0) != (b < 0):
        return Fraction(0)
    step = Fraction(10) ** max(low[1], high[1])
    return (a + b) / 2 if b - a <= step else None


# ---- the loop ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What is to be decided of a value: the answer from an enclosure, or None; the boundary in doubt; the answer at a rational.

    `settle(ends, sticky)` takes ends whose value is known to lie strictly between them; `at(r)` the answer for the value r.
    """

    answer: Callable[[Interval], Any]
    boundary: Callable[[Interval], Fraction | None]
    settle: Callable[[Interval], Any]
    at: Callable[[Fraction], Any]


@dataclass
class Instance:
    """A program with its inputs, which are exact; n may exceed the number of entries that have weight."""

    program: Program
    x: Sequence[Fraction]
    symbols: Mapping[str, Fraction]
    length: int
    positions: Mapping[str, int]

    def run(self, arithmetic: Any) -> list[Any]:
        vectors = {"x": [arithmetic.number(v) for v in self.x]}
        symbols = {name: arithmetic.number(v) for name, v in self.symbols.items()}
        return numbers.run(self.program, arithmetic, vectors, symbols, length=self.length, positions=self.positions)

    def intervals(self, bits: int, output: int = 0) -> list[Interval]:
        return flat(self.run(Balls(bits))[output])

    def exact(self) -> list[Any]:
        return flat(self.run(ExactArithmetic())[0])


def flat(value: Any) -> list[Any]:
    """A nested list of numbers as one list; an interval is a number."""
    if isinstance(value, list):
        return [entry for part in value for entry in flat(part)]
    return [value]


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
                answer = _by_theorem(question, ends[position], exact[position] if exact else None)
            if answer is not None:
                answers[position] = (answer, ends[position], bits)
        bits *= 2
    return [answers[position] for position in range(count)]


def _by_theorem(question: Question, ends: Interval, exact: Any) -> Any:
    boundary = question.boundary(ends)
    if boundary is None or exact is None:
        return None
    try:
        if exact.equals(boundary):
            return question.at(boundary)
    except NoTheorem:
        return None
    return question.settle(ends)


def _refusal(answers: Mapping[int, Any], ends: list[Interval], budget: int, theorem: str) -> Refused:
    position = next((q for q in range(len(ends)) if q not in answers), None)
    reason = f"undecided at a budget of {budget} bits" + (f": {theorem}" if theorem else "")
    enclosure = (
        None if position is None else Enclosure(make_mpf(ends[position][0]), make_mpf(ends[position][1]), budget)
    )
    return Refused(reason, enclosure)


def digits_question(k: int) -> Question:
    """Which k-digit decimal is nearest. The answer is (exact value or None, strictly inside)."""
    return Question(
        answer=lambda ends: (None, False) if decided_digits(ends, k) is not None else None,
        boundary=lambda ends: _decimal_boundary(ends, k),
        settle=lambda ends: (None, True) if decided_digits(ends, k, strict=True) is not None else None,
        at=lambda value: (value, False),
    )


def rounding_question(fmt: Format, rounding: str = "nearest") -> Question:
    """Which number of a format is the correctly rounded one, as its bit pattern."""

    def both(ends: Interval, strict: bool) -> int | None:
        step = int(strict and ends[0] != ends[1])
        low = fmt.round(ends[0], step, rounding)
        high = fmt.round(ends[1], -step, rounding)
        return low if low == high else None

    def boundary(ends: Interval) -> Fraction | None:
        return boundary_between(fmt, fmt.round(ends[0], 0, rounding), fmt.round(ends[1], 0, rounding), rounding, ends)

    return Question(
        answer=lambda ends: both(ends, False),
        boundary=boundary,
        settle=lambda ends: both(ends, True),
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
