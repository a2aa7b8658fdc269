"""Programs that are wrong in one operation each, made mechanically from those that kernels run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

import smoothsym as ss
from smoothsym import formats
from smoothsym.error_bound.numbers import OfKernel
from smoothsym.kernels.arguments import known_of, read
from smoothsym.kernels.kernel import Kernel
from smoothsym.kernels.task import Task, task_of
from smoothsym.program.operations import Operation, Program
from smoothsym.program.specialise import Known, specialised

Operations = list[Operation]
Make = Callable[[Operations, Operation], int]
"""What puts something else in the place of an operation, after those that are there already; the number of its result."""

# ---- mutations ---------------------------------------------------------------------------------------------------------------

RENAMED = {
    "add": "sub",
    "sub": "add",
    "mul": "div",
    "div": "mul",
    "hypot": "add",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "exp": "expm1",
    "expm1": "exp",
    "log": "log1p",
    "log1p": "log",
}
DROPPED = ("neg", "exp", "expm1", "log", "log1p", "sqrt", "abs", "sign", "add", "sub", "mul", "div", "pow", "without")
TURNED = ("sub", "div", "pow")


def mutants(program: Program) -> Iterator[tuple[str, Program]]:
    """Every program that differs from this one in one operation, in one of the ways below, with what was done."""
    seen = {program}
    for place, operation in enumerate(program.operations):
        for said, make in mutations(operation, program):
            mutant = rebuilt(program, place, make)
            if mutant not in seen:
                seen.add(mutant)
                yield f"v{place} = {operation.name}: {said}", mutant


def mutations(operation: Operation, program: Program) -> Iterator[tuple[str, Make]]:
    name, datum = operation.name, operation.datum
    if name in RENAMED:
        yield f"{RENAMED[name]} in its place", renamed(RENAMED[name])
    if name in TURNED:
        yield "arguments turned round", turned
    if name in DROPPED:
        for which, (_, placement) in enumerate(operation.args[: 1 if name == "without" else 2]):
            if placement == tuple(range(operation.rank)):
                yield f"dropped, argument {which} stays", kept(which)
    if name == "number" and isinstance(datum, Fraction):
        yield "off by an ulp", numbered(datum + formats.get("float64").ulp(datum))
        yield "off by one", numbered(datum + 1)
    if name == "length":
        yield "one too many", wrapped("add", Fraction(1))
    if name in ("symbol", "x"):
        yield "its sign is lost", wrapped("abs")
    if name == "log1p":
        yield "log(1 + s)", spelled("add", "log")
    if name == "expm1":
        yield "exp(s) - 1", exp_less_one
    if name == "sum" and operation.rank == 0:
        yield "an entry less", sum_without_first
    if name == "argmax" and operation.rank == 0:
        yield "the first entry", first_place
    if name == "either":
        yield "the other way round", permuted(0, 2, 1)
        yield "always the first form", kept(1)
        yield "always the second form", kept(2)
    if name in ("mul", "div"):
        for which, (number, _) in enumerate(operation.args[: 2 if name == "mul" else 1]):
            if program.operations[number].name in ("add", "sub"):
                yield f"distributed over argument {which}", distributed(which)
    if name in ("add", "sub") and program.operations[operation.args[0][0]].name in ("add", "sub"):
        yield "added in another order", reordered


def rebuilt(program: Program, place: int, make: Make) -> Program:
    """A program with something else in one place, without what nothing needs any more."""
    made: Operations = []
    new: dict[int, int] = {}
    for number, operation in enumerate(program.operations):
        here = replace(operation, args=tuple((new[a], p) for a, p in operation.args))
        new[number] = make(made, here) if number == place else push(made, here)
    outputs = [(new[a], p) for a, p in program.outputs]
    needed = {a for a, _ in outputs}
    for number in reversed(range(len(made))):
        if number in needed:
            needed.update(a for a, _ in made[number].args)
    left = {old: q for q, old in enumerate(sorted(needed))}
    operations = [replace(made[q], args=tuple((left[a], p) for a, p in made[q].args)) for q in sorted(needed)]
    return Program(tuple(operations), tuple((left[a], p) for a, p in outputs))


def push(made: Operations, operation: Operation) -> int:
    made.append(operation)
    return len(made) - 1


def renamed(name: str) -> Make:
    return lambda made, operation: push(made, replace(operation, name=name))


def permuted(*order: int) -> Make:
    return lambda made, operation: push(made, replace(operation, args=tuple(operation.args[q] for q in order)))


turned = permuted(1, 0)


def kept(which: int) -> Make:
    def make(made: Operations, operation: Operation) -> int:
        number, placement = operation.args[which]
        if placement == tuple(range(operation.rank)):
            return number
        # A number in place of a vector: added to nothing, so that it has the vector's axes.
        along = next(arg for arg in operation.args if arg[1] == tuple(range(operation.rank)))
        nothing = push(made, Operation("sub", (along, along), operation.rank))
        return push(made, Operation("add", ((number, placement), (nothing, along[1])), operation.rank))

    return make


def numbered(value: Fraction) -> Make:
    return lambda made, operation: push(made, replace(operation, datum=value))


def wrapped(name: str, *beside: Fraction) -> Make:
    def make(made: Operations, operation: Operation) -> int:
        inner = (push(made, operation), tuple(range(operation.rank)))
        others = [(push(made, Operation("number", (), 0, value)), ()) for value in beside]
        return push(made, Operation(name, (inner, *others), operation.rank))

    return make


def spelled(inner: str, outer: str) -> Make:
    """outer(inner(1, s)) for a function of s."""

    def make(made: Operations, operation: Operation) -> int:
        one = push(made, Operation("number", (), 0, Fraction(1)))
        total = push(made, Operation(inner, ((one, ()), operation.args[0]), operation.rank))
        return push(made, Operation(outer, ((total, tuple(range(operation.rank))),), operation.rank))

    return make


def exp_less_one(made: Operations, operation: Operation) -> int:
    power = push(made, replace(operation, name="exp"))
    one = push(made, Operation("number", (), 0, Fraction(1)))
    return push(made, Operation("sub", ((power, tuple(range(operation.rank))), (one, ())), operation.rank))


def sum_without_first(made: Operations, operation: Operation) -> int:
    places = push(made, Operation("iota", (), 1))
    first = push(made, Operation("number", (), 0, 0))
    left = push(made, Operation("without", (operation.args[0], (places, (0,)), (first, ())), 1))
    return push(made, replace(operation, args=((left, (0,)),)))


def first_place(made: Operations, operation: Operation) -> int:
    return push(made, Operation("number", (), 0, 0))


def distributed(which: int) -> Make:
    """a (b - c) as a b - a c: a parameter applied before the shift, and not after it."""

    def make(made: Operations, operation: Operation) -> int:
        number, outer = operation.args[which]
        inner = made[number]

        def product(arg: tuple[int, tuple[int, ...]]) -> tuple[int, tuple[int, ...]]:
            args = list(operation.args)
            args[which] = (arg[0], tuple(outer[q] for q in arg[1]))
            used = sorted({q for _, placement in args for q in placement})
            moved = tuple((a, tuple(used.index(q) for q in placement)) for a, placement in args)
            return push(made, Operation(operation.name, moved, len(used))), tuple(used)

        return push(made, Operation(inner.name, tuple(product(arg) for arg in inner.args), operation.rank))

    return make


def reordered(made: Operations, operation: Operation) -> int:
    """(a + b) + c as a + (b + c), and likewise with minus signs."""
    (number, outer), last = operation.args
    inner = made[number]
    first, second = ((a, tuple(outer[q] for q in p)) for a, p in inner.args)
    name = operation.name if inner.name == "add" else {"add": "sub", "sub": "add"}[operation.name]
    used = sorted({q for _, placement in (second, last) for q in placement})
    moved = tuple((a, tuple(used.index(q) for q in placement)) for a, placement in (second, last))
    rest = push(made, Operation(name, moved, len(used)))
    return push(made, Operation(inner.name, (first, (rest, tuple(used))), operation.rank))


# ---- a mutant as a kernel ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MutantTask(Task):
    mutant: Any = None

    def program(self, known: Known) -> Program:
        return known_to(self.mutant, parameter_of(self.op), known)


@dataclass(frozen=True, repr=False)
class Mutant(Kernel):
    """A kernel with another program: the contract, the widening and the sums around it are the kernel's own."""

    mutant: Any = None

    def __call__(self, x: Any, axis: Any = -1, **parameter: Any) -> Any:
        op, given = self.op.settled(parameter)
        called = read(op, x, axis, None, None, given, plain=not self.contract)
        plain = task_of(self, called, False)
        task = MutantTask(**{f.name: getattr(plain, f.name) for f in fields(plain)}, mutant=self.mutant)
        result = task(called.library, called.parameter, called.work, called.rows, None, None)
        return called.layout.back(result, self.rank, False, np)

    def rigorous(self, x: Any, fmt: formats.Format, **parameter: float) -> Any:
        """A rigorous bound on what its floats lose beside its own exact value."""
        model = ss.bound(self.op.kernels[self.name]).model
        return OfMutant(self, model, fmt, parameter).bounds(x)


class OfMutant(OfKernel):
    def program(self, scaled: bool = False) -> Program:
        known = Known() if self.number is None else known_of(float(self.number))
        return known_to(self.kernel.mutant, parameter_of(self.op), Known(known.sign) if scaled else known)


@lru_cache(maxsize=64)
def known_to(program: Program, name: str | None, known: Known) -> Program:
    """What runs of a program, as of a kernel's, for what is known of the parameter; calls of a mutant come in their thousands."""
    return program if name is None or known == Known() else specialised(program, {name: known})


def parameter_of(op: Any) -> str | None:
    return None if op.parameter is None else op.parameter.name
