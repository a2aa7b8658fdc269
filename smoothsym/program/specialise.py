"""What is known of the parameters before a program runs makes it a shorter program: signs, and exact values such as 1 and 2.

Each rewriting is exact in floats: no rounding is added, and what is left out had none, or is a number that is rounded once. So a
bound that holds for the specialised program is one for what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from smoothsym.program.operations import Operation, Placement, Program

Arg = tuple[int, Placement]


@dataclass(frozen=True)
class Known:
    """What is known of a parameter: its sign, +1 or -1, or 0 where that is not known, and its value where that matters."""

    sign: int = 0
    value: Fraction | None = None


def specialised(program: Program, known: Mapping[str, Known]) -> Program:
    """The program for parameters of which so much is known.

    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.words import alpha, j, n, x
    >>> from sympy import Sum, exp, log
    >>> print(specialised(lower([log(Sum(exp(alpha * x[j]), (j, 1, n))) / alpha]), {"alpha": Known(1, Fraction(1))}))
    v0 = x() [x]  # rank 1
    v1 = exp(v0)  # rank 1
    v2 = sum(v1) [0]  # rank 0
    v3 = log(v2)  # rank 0
    """
    work = _Specialising(known)
    for number, operation in enumerate(program.operations):
        moved = replace(operation, args=tuple((work.place[q], placement) for q, placement in operation.args))
        work.place[number] = work.rewritten(moved)
    outputs = tuple((work.place[number], placement) for number, placement in program.outputs)
    return needed(Program(tuple(work.operations), outputs))


def needed(program: Program) -> Program:
    """The operations that an output needs, numbered anew."""
    wanted = {number for number, _ in program.outputs}
    for number in reversed(range(len(program.operations))):
        if number in wanted:
            wanted |= {q for q, _ in program.operations[number].args}
    place = {number: q for q, number in enumerate(sorted(wanted))}
    kept = (program.operations[number] for number in sorted(wanted))
    moved = (replace(q, args=tuple((place[a], axes) for a, axes in q.args)) for q in kept)
    return Program(tuple(moved), tuple((place[number], axes) for number, axes in program.outputs))


@dataclass
class _Specialising:
    known: Mapping[str, Known]
    operations: list[Operation] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)
    numbers: dict[tuple[Operation, type], int] = field(default_factory=dict)

    def record(self, operation: Operation) -> int:
        key = (operation, type(operation.datum))
        if key not in self.numbers:
            self.numbers[key] = len(self.operations)
            self.operations.append(operation)
        return self.numbers[key]

    def number(self, value: Fraction) -> int:
        return self.record(Operation("number", (), 0, value))

    def constant(self, arg: Arg) -> Fraction | None:
        operation = self.operations[arg[0]]
        return operation.datum if operation.name == "number" and isinstance(operation.datum, Fraction) else None

    def sign(self, arg: Arg) -> int:
        """The sign of a value that is a parameter or a number; 0 where it is not known."""
        if (value := self.constant(arg)) is not None:
            return (value > 0) - (value < 0)
        operation = self.operations[arg[0]]
        return self.known.get(str(operation.datum), Known()).sign if operation.name == "symbol" else 0

    def rewritten(self, operation: Operation) -> int:
        """The number of an operation that computes the same."""
        name, args = operation.name, operation.args
        if name == "symbol":
            value = self.known.get(str(operation.datum), Known()).value
            return self.record(operation) if value is None else self.number(value)
        values = [self.constant(arg) for arg in args]
        if args and None not in values and (folded := _folded(name, [v for v in values if v is not None])) is not None:
            return self.number(folded)
        if name == "sign" and self.sign(args[0]):
            return self.number(Fraction(self.sign(args[0])))
        same = self.shorter(operation, values)
        return self.record(operation) if same is None else same

    def shorter(self, operation: Operation, values: list[Fraction | None]) -> int | None:
        """An argument, or a cheaper operation, that has the same value; None where there is none."""
        name, args = operation.name, operation.args
        own = [arg[0] if arg[1] == tuple(range(operation.rank)) else None for arg in args]
        if name == "abs" and self.sign(args[0]):
            return own[0] if self.sign(args[0]) > 0 else self.record(replace(operation, name="neg"))
        if name == "mul":
            for unit, other in ((0, 1), (1, 0)):
                if values[unit] == 1:
                    return own[other]
                if values[unit] == -1 and own[other] is not None:
                    return self.record(replace(operation, name="neg", args=(args[other],)))
        if name in ("div", "pow") and values[1] == 1:
            return own[0]
        if name == "pow" and own[0] is not None:
            if values[1] == 2:
                base = self.operations[own[0]]
                # The square of a modulus needs no modulus.
                factor = base.args[0] if base.name == "abs" else args[0]
                return self.record(replace(operation, name="mul", args=(factor, factor)))
            if values[1] == Fraction(1, 2):
                return self.record(replace(operation, name="sqrt", args=args[:1]))
        if name == "either":
            if args[1] == args[2]:
                return own[1]
            if values[0] is not None:
                return own[1] if values[0] > 0 else own[2]
        return None


def _folded(name: str, values: list[Fraction]) -> Fraction | None:
    """An operation on numbers, exactly; None for what is no rational, or is left to the arithmetic."""
    a, b, *_ = *values, Fraction(0), Fraction(0)
    if name == "div" or (name == "pow" and b.denominator == 1 and abs(b) <= 2):
        return (a / b if b else None) if name == "div" else (a**b.numerator if a or b > 0 else None)
    one = {"add": a + b, "sub": a - b, "mul": a * b, "neg": -a, "abs": abs(a), "sign": Fraction((a > 0) - (a < 0))}
    return one.get(name)
