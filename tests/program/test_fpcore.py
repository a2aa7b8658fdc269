"""FPCore is read back by a reader of its own, over the reals and in floats, and says what the operators say."""

from __future__ import annotations

import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from diagonal import diagonal

import smoothsym as ss
from smoothsym.program.source import fpcore

EXPLICIT = [op for op in ss.operators.values() if op.explicit]
NUMBERS = {
    "x": (Fraction(1, 2), Fraction(7, 4), Fraction(5, 4)),
    "alpha": Fraction(3, 2),
    "p": Fraction(5, 2),
    "eps": Fraction(1, 3),
}

# ---- a reader ----------------------------------------------------------------------------------------------------------------


def parsed(text):
    """The S-expressions of a text: lists and words."""
    stack = [[]]
    for word in re.findall(r'"[^"]*"|[()\[\]]|[^\s()\[\]]+', text):
        if word in "([":
            stack.append([])
        elif word in ")]":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    assert len(stack) == 1
    return stack[0]


def cores(text):
    """(arguments, properties, body) of each core."""
    for head, arguments, *rest in parsed(text):
        assert head == "FPCore" and len(rest) % 2 == 1
        yield arguments, dict(zip(rest[:-1:2], rest[1:-1:2], strict=True)), rest[-1]


class Reals:
    """200 bits."""

    def __init__(self):
        self.context = mpmath.MPContext()
        self.context.prec = 200

    def number(self, value):
        return self.context.mpf(value.numerator) / value.denominator

    def call(self, name, args):
        return {"fabs": abs, "pow": self.context.power}.get(name, getattr(self.context, name, None))(*args)


class Floats:
    """NumPy's float64, operation by operation."""

    def number(self, value):
        return np.float64(value.numerator / value.denominator)

    def call(self, name, args):
        return {"pow": np.power}.get(name, getattr(np, name, None))(*args)


INFIX = {
    "+": lambda a, b: a + b,
    "-": lambda a, *b: a - b[0] if b else -a,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "==": lambda a, b: a == b,
    "fmax": max,
    "fmin": min,
}


def value(e, names, numbers):
    if isinstance(e, str):
        return names[e] if e in names else numbers.number(Fraction(e))
    head, *args = e
    if head == "if":
        return value(args[1] if value(args[0], names, numbers) else args[2], names, numbers)
    if head == "let*":
        names = dict(names)
        for name, bound in args[0]:
            names[name] = value(bound, names, numbers)
        return value(args[1], names, numbers)
    found = [value(arg, names, numbers) for arg in args]
    return INFIX[head](*found) if head in INFIX else numbers.call(head, found)


def given(arguments, numbers):
    """Numbers for the arguments of a core."""
    exact = {name: NUMBERS["x"][int(name[1:]) - 1] if name[0] == "x" else NUMBERS[name] for name in arguments}
    return {name: numbers.number(q) for name, q in exact.items()}


def proper(op):
    size = op.arity or 3
    parameter = {q.name: NUMBERS[q.name] for q in op.parameters}
    return size, list(NUMBERS["x"][:size]), parameter


# ---- what it says ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", EXPLICIT, ids=lambda op: op.name)
def test_every_form_is_the_operator(op, of):
    size, x, parameter = proper(op)
    exact = np.atleast_1d(ss.enclose(op, x, of=of, digits=40, **parameter)).ravel()
    reals = Reals()
    for form in ("naive", "stable", "float"):
        found = list(cores(op.code("fpcore", of, form=form, n=size)))
        assert len(found) == len(exact)
        for (arguments, about, body), enclosure in zip(found, exact, strict=True):
            for e in (body, about[":spec"]):
                assert abs(value(e, given(arguments, reals), reals) - enclosure.mid) < 1e-38


@pytest.mark.parametrize("op", EXPLICIT, ids=lambda op: op.name)
def test_its_floats_are_those_of_the_kernel(op):
    size, x, parameter = proper(op)
    arguments, _, body = next(cores(op.code("fpcore", form="float", n=size)))
    got = value(body, given(arguments, Floats()), Floats())
    kernel = op.kernels["stable"](np.array([float(q) for q in x]), **{k: float(q) for k, q in parameter.items()})
    assert abs(got - kernel.ravel()[0]) <= 4 * np.spacing(abs(got))


@pytest.mark.sampled
@pytest.mark.parametrize("op", diagonal(EXPLICIT))
def test_a_bound_is_its_formula(op):
    size, x, parameter = proper(op)
    bound = ss.bound(op.kernels["stable"])
    for arguments, about, body in cores(bound.fpcore(size)):
        assert about[":precision"] == "real"
        error = value(body, given(arguments, Reals()), Reals())
        rigorous = bound.rigorous([float(q) for q in x], **parameter)
        # Functions within u there; as measured here, with the second order.
        assert error > 0 and 0.2 < float(np.max(rigorous)) / float(error) < 30


def test_ranges_and_domains_and_numbers():
    (arguments, about, _), *_ = cores(
        ss.powermean.code("fpcore", n=2, p=3, ranges={"x": (Fraction(1, 8), 4)}, dtype="float32")
    )
    assert arguments == ["x1", "x2"] and about[":precision"] == "binary32"
    assert about[":pre"] == ["and", ["<=", "1/8", "x1", "4"], ["<=", "1/8", "x2", "4"]]
    ((_, about, _),) = cores(ss.powermean.code("fpcore", n=1))
    assert about[":pre"] == ["<", "0", "x1"]
    with pytest.raises(ValueError, match="say how many entries logsumexp has: n=3"):
        ss.logsumexp.code("fpcore")
    with pytest.raises(ValueError, match="ranges: 'y' is none of alpha, x"):
        ss.logsumexp.code("fpcore", n=2, ranges={"y": (0, 1)})
    with pytest.raises(ValueError, match="the lower first"):
        ss.logsumexp.code("fpcore", n=2, ranges={"x": (1, 0)})
    with pytest.raises(ValueError, match="FPCore is of finite numbers"):
        ss.logsumexp.code("fpcore", n=2, alpha=np.inf)
    with pytest.raises(TypeError, match="are for FPCore"):
        ss.logsumexp.code("c", n=2)
    with pytest.raises(ValueError, match="form='stabel' is not known; did you mean 'stable'"):
        ss.logsumexp.code("fpcore", n=2, form="stabel")
    with pytest.raises(ValueError, match="solves an equation"):
        ss.sparsemax.code("fpcore", n=2)
    with pytest.raises(ValueError, match="no closed form"):
        ss.bound(ss.sparsemax.kernels["naive"]).fpcore(2)


def test_names_are_ones_that_fpcore_takes():
    from sympy import Symbol, exp

    odd = ss.SmoothMax('a "max"', ss.x[1] * exp(Symbol("E") * ss.x[2]), Symbol("E"))
    ((arguments, about, _),) = cores(odd.code("fpcore"))
    assert arguments == ["E_", "x1", "x2"] and about[":name"] == '"a _max_"'


def test_a_dropped_term_is_caught(monkeypatch):
    monkeypatch.setitem(fpcore.__globals__["OPERATIONS"], "log1p", "log")
    size, x, parameter = proper(ss.logsumexp)
    ((arguments, _, body),) = cores(ss.logsumexp.code("fpcore", n=size))
    wrong = value(body, given(arguments, Reals()), Reals())
    assert abs(wrong - ss.enclose(ss.logsumexp, x, digits=20, **parameter).mid) > 1e-3
