"""A program: primitive operations over axes, in the order in which they are done, and what can be read off them before anything runs.

A value of a program is an array whose axes are indices that run over 1..n. What is computed over the index i and over the index
j is computed once: an operation is stored with its axes numbered 0, 1, ..., and each use says how they are placed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

Placement = tuple[int, ...]

REFINED = "refined"
"""The datum of an `either` whose first form loses no less than the second one would where that is taken."""


@dataclass(frozen=True)
class Operation:
    """One primitive: its name, its arguments with the place of each of their axes, its number of axes, and a datum.

    Names: x, symbol, number, length; add, sub, mul, div, pow, hypot, maximum, minimum of two values; neg, exp, log, log1p, expm1,
    sqrt, abs, sign of one; sum, max, min over the axis `datum`; argmax (a position) and take, the value at a position; iota, the
    positions of an axis, and position, one that is given; same(i, s), 1 where two positions are equal and 0 elsewhere;
    without(v, i, s), v with 0 in its place where they are equal; either(t, a, b), a where t > 0 and b elsewhere; ramp(t, a),
    ramplog(t, a), qexp(t, r, e), xqlog(t, r) and xqlog1(t, r) as in tsallis.py, ramplog being ramp(t, a, 1) and xqlog1 with k = 1; level(low, high, gaps),
    the number `LEVEL` between low and high at which the program `inner`, which falls in it, is 0, the vector `GAPS` beside the
    others; inverse(t), the number `LEVEL` from 0 on at which the program `inner`, which falls in it, is 0, and 0 where it is
    negative everywhere, `SLOPE` being t; shares(gaps, s, r) and shares(gaps, s, r, mass), the maximiser of shares.py.
    """

    name: str
    args: tuple[tuple[int, Placement], ...]
    rank: int
    datum: str | Fraction | int | None = None
    inner: Program | None = None
    """What an operation that solves an equation solves."""


@dataclass(frozen=True)
class Program:
    """Operations in the order of evaluation, and which of them are the outputs, with their axes in the order asked for."""

    operations: tuple[Operation, ...]
    outputs: tuple[tuple[int, Placement], ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: without what is kept."""
        return Program, (self.operations, self.outputs)

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What an arithmetic keeps from run to run."""
        return {}

    @cached_property
    def uses(self) -> tuple[int, ...]:
        """How often each operation is an argument or an output."""
        found = [0] * len(self.operations)
        for number, _ in (*self.outputs, *(arg for operation in self.operations for arg in operation.args)):
            found[number] += 1
        return tuple(found)

    @cached_property
    def unplaced(self) -> tuple[int, ...]:
        """The operations that are the same whatever the positions that are given."""
        placed: set[int] = set()
        for number, operation in enumerate(self.operations):
            if operation.name == "position" or any(q in placed for q, _ in operation.args):
                placed.add(number)
        return tuple(q for q in range(len(self.operations)) if q not in placed)

    @cached_property
    def nonnegative(self) -> frozenset[int]:
        """The operations of which it is plain that no result is below 0."""
        found: set[int] = set()
        for number, operation in enumerate(self.operations):
            name, parts = operation.name, [q in found for q, _ in operation.args]
            if (
                name in ("abs", "exp", "sqrt", "hypot", "length")
                or (name == "number" and isinstance(operation.datum, Fraction) and operation.datum >= 0)
                or (name in ("add", "mul", "div") and all(parts))
                or (name == "mul" and operation.args[0] == operation.args[1])
                or (name in ("pow", "without", "log1p", "expm1", "sum", "max", "min", "take") and parts[0])
                or (name == "either" and parts[1] and parts[2])
            ):
                found.add(number)
        return frozenset(found)

    @cached_property
    def sums(self) -> tuple[int, ...]:
        """The operations that are sums."""
        return tuple(q for q, operation in enumerate(self.operations) if operation.name == "sum")

    @cached_property
    def squares(self) -> dict[int, int]:
        """The sums of squares that nothing else needs, and what is squared."""
        found = {}
        for number, operation in enumerate(self.operations):
            if operation.name == "sum" and operation.rank == 0:
                inner = operation.args[0][0]
                term = self.operations[inner]
                if (
                    term.name == "mul"
                    and term.args[0] == term.args[1] == (term.args[0][0], (0,))
                    and self.uses[inner] == 1
                ):
                    found[number] = term.args[0][0]
        return found

    @cached_property
    def _left(self) -> tuple[int, ...]:
        """What is left of an entry of x that is infinite or no number, in what is computed entry by entry of numbers that are finite.

        2: it is infinite or no number, as inf - inf and 0 inf are; 1: it may also have become 0, as exp(-inf) has; 0: anything.
        """
        left: list[int] = []
        for operation in self.operations:
            name = operation.name
            parts = [left[q] if placement == (0,) else 0 for q, placement in operation.args]
            if name == "x":
                found = 2 if operation.datum == "x" else 0
            elif name in ("abs", "neg", "sqrt", "div", "without", "sum"):
                found = min(parts[0], 1) if name == "without" else parts[0]
            elif name in ("log", "exp"):
                found = (2 if name == "log" else 1) if parts[0] == 2 else 0
            elif name in ("add", "sub", "hypot"):
                found = 2 if 2 in parts else min(parts)
            elif name == "mul":
                found = max(parts)
            else:
                found = min(parts[1:]) if name == "either" else 0
            left.append(found)
        return tuple(left)

    @cached_property
    def telling(self) -> frozenset[int]:
        """The sums of x that are infinite or no number wherever an entry of x is."""
        return frozenset(
            q for q, operation in enumerate(self.operations) if operation.name == "sum" and self._left[q] == 2
        )

    @cached_property
    def fading(self) -> frozenset[int]:
        """The sums to which entries of x that are infinite give nothing, where they are finite."""
        return frozenset(q for q, operation in enumerate(self.operations) if operation.name == "sum" and self._left[q])

    @cached_property
    def tops(self) -> dict[int, int]:
        """The operations that take the largest entry of x, with the sign 1, or the smallest one, with -1."""
        found, operations = {}, self.operations
        for number, operation in enumerate(operations):
            if operation.name == "take" and operations[(place := operation.args[1][0])].name == "argmax":
                vector, key = operation.args[0][0], operations[place].args[0][0]
                if operations[vector] == Operation("x", (), 1, "x"):
                    same = key == vector
                    if same or operations[key] == Operation("neg", ((vector, (0,)),), 1):
                        found[number] = 1 if same else -1
        return found

    @cached_property
    def solves(self) -> bool:
        """Whether an operation solves an equation, in which sums are taken that nobody sees."""
        return any(operation.name in ("level", "inverse", "shares") for operation in self.operations)

    @cached_property
    def shares(self) -> bool:
        """Whether the output is each term's share of a sum to which entries that are infinite give nothing."""
        ((number, placement),) = self.outputs
        operation = self.operations[number]
        if operation.name != "div" or placement != (0,):
            return False
        (term, _), (whole, _) = operation.args
        return whole in self.fading & self.nonnegative and self.operations[whole].args == ((term, (0,)),)

    def __str__(self) -> str:
        lines = []
        for number, operation in enumerate(self.operations):
            args = ", ".join(f"v{a}" + (f"@{p}" if p != tuple(range(len(p))) else "") for a, p in operation.args)
            datum = "" if operation.datum is None else f" [{operation.datum}]"
            if operation.inner is not None:
                datum += f" [{'; '.join(str(operation.inner).splitlines())}]"
            lines.append(f"v{number} = {operation.name}({args}){datum}  # rank {operation.rank}")
        return "\n".join(lines)


@dataclass
class Tape:
    """Operations as they are recorded, equal ones once."""

    operations: list[Operation] = field(default_factory=list)
    known: dict[tuple[Operation, type], int] = field(default_factory=dict)

    def record(self, operation: Operation) -> int:
        """The number of an operation."""
        # The position 1 and the number 1 are two things, and equal as numbers.
        key = (operation, type(operation.datum))
        if key not in self.known:
            self.known[key] = len(self.operations)
            self.operations.append(operation)
        return self.known[key]
