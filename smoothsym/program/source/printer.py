"""What all languages share: operations as infix and calls, with the parentheses that they need and no others.

A value that is used once, by an operation over the same axes, is written where it is used; every other one gets a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from smoothsym.program.operations import Operation, Program

CHOICE, SUM, PRODUCT, MINUS, POWER, ATOM = range(6)
"""How tightly a text binds."""

INFIX = {"add": ("+", SUM), "sub": ("-", SUM), "mul": ("*", PRODUCT), "div": ("/", PRODUCT)}
REDUCTIONS = ("sum", "max", "min", "argmax")
WIDEST = 60
"""How long a value may be that is written where it is used."""


@dataclass(frozen=True)
class Signature:
    """A function: its name; its vectors and parameters as they are called there; the axes of its result; its number of entries."""

    name: str
    vectors: tuple[str, ...]
    parameters: tuple[str, ...]
    called: Mapping[str, str]
    rank: int
    arity: int | None


class Text(NamedTuple):
    code: str
    binds: int = ATOM

    def within(self, binds: int) -> str:
        """In parentheses, unless it binds at least so tightly."""
        return self.code if self.binds >= binds else f"({self.code})"


class Printer:
    """The walk of a program; a language says how a number, a call, a power and a choice are written."""

    def __init__(self, program: Program, signature: Signature) -> None:
        self.program, self.signature = program, signature
        users: list[list[Operation]] = [[] for _ in program.operations]
        for operation in program.operations:
            for number, _ in operation.args:
                users[number].append(operation)
        self.inline = [
            self.may_inline(operation, found) for operation, found in zip(program.operations, users, strict=True)
        ]

    def may_inline(self, operation: Operation, users: list[Operation]) -> bool:
        if operation.name in REDUCTIONS or len(users) > 1:
            return False
        apart = (*REDUCTIONS, "take", "same")
        return all(user.rank == operation.rank and user.name not in apart for user in users)

    def is_number(self, argument: int) -> bool:
        return self.program.operations[argument].name == "number"

    # ---- what a language says ----------------------------------------------------------------------------------------------

    def number(self, value: Fraction, beside: bool) -> Text:
        """A constant; `beside` a value that is none, in a sum, difference, product or quotient."""
        raise NotImplementedError

    def length(self) -> Text:
        raise NotImplementedError

    def call(self, name: str, *arguments: Text) -> Text:
        raise NotImplementedError

    def power(self, base: Text, exponent: Text, constant: Fraction | None) -> Text:
        raise NotImplementedError

    def same(self, a: Text, b: Text) -> Text:
        raise NotImplementedError

    def without(self, value: Text, a: Text, b: Text) -> Text:
        raise NotImplementedError

    def choice(self, test: Text, a: Text, b: Text) -> Text:
        raise NotImplementedError

    # ---- what they share ---------------------------------------------------------------------------------------------------

    def combined(self, operation: Operation, args: Sequence[Text]) -> Text:
        """An operation that acts entry by entry."""
        name = operation.name
        if name in INFIX:
            sign, binds = INFIX[name]
            # Float sums and products are not associative: a - (b - c) keeps its parentheses, and so does a + (b + c).
            return Text(f"{args[0].within(binds)} {sign} {args[1].within(binds + 1)}", binds)
        if name == "neg":
            return Text(f"-{args[0].within(POWER)}", MINUS)
        if name == "pow":
            exponent = self.program.operations[operation.args[1][0]]
            constant = exponent.datum if isinstance(exponent.datum, Fraction) else None
            return self.power(args[0], args[1], constant)
        if name == "same":
            return self.same(args[0], args[1])
        if name == "without":
            return self.without(*args)
        if name == "either":
            return self.choice(args[0], args[1], args[2])
        return self.call(name, *args)

    def beside(self, operation: Operation, argument: int) -> bool:
        """Whether an argument of an operation stands beside one that is no constant, so that it takes that one's format."""
        if operation.name not in INFIX:
            return False
        other, _ = operation.args[1 - argument]
        return self.program.operations[other].name not in ("number", "length")


def literal(value: Fraction) -> str:
    """A number as the float64 nearest to it. Raises ValueError for one beyond float64."""
    if value.denominator == 1 and abs(value) < 10**6:
        return str(value.numerator)
    try:
        return repr(value.numerator / value.denominator)
    except OverflowError:
        raise ValueError(
            f"a constant of {len(str(abs(int(value))))} digits is beyond float64; source code has no number for it"
        ) from None
