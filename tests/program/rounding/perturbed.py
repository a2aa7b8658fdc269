"""An independent count of first-order errors: each operation of a program is perturbed in turn, at sixty digits, and its effect measured."""

from __future__ import annotations

from copy import copy
from itertools import product

import numpy as np
from mpmath import mp, mpf
from sympy import (
    Abs,
    Add,
    Heaviside,
    Indexed,
    Integer,
    KroneckerDelta,
    LambertW,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    Sum,
    exp,
    log,
    sign,
)

from smoothsym import words
from smoothsym.program.rounding.formula import additions

STEP = mpf(10) ** -25


def mp_number(value):
    return mpf(value.numerator) / value.denominator


class Run:
    """A program in mpmath."""

    def __init__(self, program, x, symbols):
        self.program, self.x, self.symbols = program, [mpf(q) for q in x], symbols
        self.values = []
        for operation in program.operations:
            self.values.append(self.compute(operation))

    def moved(self, number, at, size):
        """The same run with the entry `at` of operation `number` off by STEP times `size`: what does not depend on it stays."""
        other = copy(self)
        other.values = list(self.values)
        value = np.array(self.values[number], dtype=object)
        value[at] = value[at] + STEP * size
        other.values[number], touched = (value if value.ndim else value.item()), {number}
        for here, operation in enumerate(self.program.operations[number + 1 :], number + 1):
            if any(argument in touched for argument, _ in operation.args):
                other.values[here] = other.compute(operation)
                touched.add(here)
        return other

    def placed(self, operation, argument):
        number, placement = operation.args[argument]
        value = np.asarray(self.values[number], dtype=object)
        order = sorted(range(len(placement)), key=placement.__getitem__)
        value = value.transpose(order)
        shape = [len(self.x) if q in placement else 1 for q in range(operation.rank)]
        return np.broadcast_to(value.reshape(shape), (len(self.x),) * operation.rank)

    def compute(self, operation):
        name, datum, n = operation.name, operation.datum, len(self.x)
        if name == "x":
            return np.array(self.x, dtype=object)
        if name == "symbol":
            return self.symbols[datum]
        if name == "number":
            return datum if isinstance(datum, int) else mp_number(datum)
        if name == "length":
            return mpf(n)
        if name == "iota":
            return np.arange(n).astype(object)
        if name == "take":
            return self.values[operation.args[0][0]][int(self.values[operation.args[1][0]])]
        if name == "argmax":
            return int(np.argmax([float(q) for q in self.values[operation.args[0][0]]]))
        if name in ("sum", "max", "min"):
            inner = np.moveaxis(self.values[operation.args[0][0]], datum, 0)
            return {"sum": sum, "max": max, "min": min}[name](inner[q] for q in range(n))
        args = [self.placed(operation, q) for q in range(len(operation.args))]
        found = np.empty((n,) * operation.rank, dtype=object)
        for at in product(range(n), repeat=operation.rank):
            found[at] = FUNCTIONS[name](*(a[at] for a in args))
        return found if operation.rank else found.item()

    def output(self, at):
        number, placement = self.program.outputs[0]
        value = np.asarray(self.values[number], dtype=object)
        return value.transpose([list(placement).index(q) for q in range(len(placement))])[at]


FUNCTIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b if b else mp.nan,
    "pow": lambda a, b: a**b if a or b > 0 else mp.nan,
    "neg": lambda a: -a,
    "abs": abs,
    "sign": mp.sign,
    "exp": mp.exp,
    "log": mp.log,
    "log1p": lambda a: mp.log(1 + a),
    "expm1": lambda a: mp.exp(a) - 1,
    "sqrt": mp.sqrt,
    "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "maximum": max,
    "minimum": min,
    "same": lambda a, b: mpf(a == b),
    "without": lambda v, a, b: mpf(0) if a == b else v,
    "either": lambda t, a, b: a if t > 0 else b,
}
ROUNDED = {"add", "sub", "mul", "div", "sqrt", "hypot", "exp", "log", "log1p", "expm1", "pow"}


def short(value):
    """Whether a number has at most eight bits."""
    value = mpf(value)
    return value == 0 or abs(value.man).bit_length() <= 8


def local(run, number, at):
    """The local error of an entry of an operation in units of u, n - 1 additions for a sum of n terms that are not 0."""
    operation = run.program.operations[number]
    value = np.asarray(run.values[number], dtype=object)[at]
    if operation.name == "sum":
        terms = np.moveaxis(run.values[operation.args[0][0]], operation.datum, 0)
        terms = [np.asarray(terms[q], dtype=object)[at] for q in range(len(run.x))]
        return max(sum(t != 0 for t in terms) - 1, 0) * sum(map(abs, terms))
    if operation.name == "number":
        return 0 if short(value) else abs(value)
    if operation.name not in ROUNDED:
        return 0
    args = [run.placed(operation, q)[at] for q in range(len(operation.args))]
    units = [abs(a) in (0, 1) or (short(a) and mpf(a).man == 1) for a in args]
    exact = {
        "mul": lambda: any(units),
        "div": lambda: units[1],
        "add": lambda: 0 in args,
        "sub": lambda: 0 in args,
        "pow": lambda: args[1] == 1,
    }.get(operation.name, lambda: False)
    # Of a vector the error at the extreme entry, where exp(0) and x / x are exact, is counted all the same.
    counted = run.program.outputs[0][1] and operation.rank and operation.name in ("exp", "pow", "div", "expm1")
    return 0 if exact() or (short(value) and not counted) else abs(value)


def worst(program, x, symbols, at=()):
    """The sum over all operations of |effect on the output| of their local errors, in units of u."""
    plain = Run(program, x, symbols)
    total = mpf(0)
    for number, operation in enumerate(program.operations):
        for place in product(range(len(x)), repeat=operation.rank):
            size = local(plain, number, place)
            if size:
                moved = plain.moved(number, place, size)
                total += abs(moved.output(at) - plain.output(at)) / STEP
    return total


class Valued:
    """A SymPy formula in x, n and parameters as a number, at sixty digits."""

    def __init__(self, x, symbols, **places):
        self.x, self.symbols, self.places = [mpf(q) for q in x], symbols, places

    def __call__(self, e, bound=()):
        bound = dict(bound)
        if e.is_Rational:
            return mpf(int(e.p)) / int(e.q)
        if e == words.n:
            return mpf(len(self.x))
        if e.is_Symbol:
            return bound.get(e, self.places.get(e.name, self.symbols.get(e.name)))
        if isinstance(e, Indexed):
            return self.x[int(self(e.indices[0], bound)) - 1]
        if isinstance(e, Sum):
            index = e.limits[0][0]
            return mp.fsum(self(e.function, {**bound, index: mpf(q)}) for q in range(1, len(self.x) + 1))
        if isinstance(e, words.maximum | words.minimum):
            inside = [self.x[q] if e.args[0] == words.x else abs(self.x[q]) for q in range(len(self.x))]
            return max(inside) if isinstance(e, words.maximum) else min(inside)
        if isinstance(e, Piecewise):
            return next(self(value, bound) for value, test in e.args if test == True or self.holds(test))  # noqa: E712
        if isinstance(e, additions):
            return mpf(int(additions(e.args[0].xreplace({words.n: Integer(len(self.x))}))))
        args = [self(a, bound) for a in e.args]
        if isinstance(e, Heaviside):
            return mpf(args[0] > 0)
        if isinstance(e, KroneckerDelta):
            return mpf(args[0] == args[1])
        joined = {Add: mp.fsum, Mul: mp.fprod}
        if e.func in joined:
            return joined[e.func](args)
        if isinstance(e, Pow):
            return args[0] ** args[1]
        named = {exp: mp.exp, log: mp.log, Abs: abs, sign: mp.sign, Max: max, Min: min, LambertW: mp.lambertw}
        if e.func in named:
            return named[e.func](*args)
        return mp.mpf(e.evalf(60))

    def holds(self, test):
        if test.func.__name__ in ("And", "Or"):
            return (all if test.func.__name__ == "And" else any)(map(self.holds, test.args))
        left, right = map(self, test.args)
        return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[test.rel_op]
