"""Floats that err as badly as a model lets them: every operation rounds up or down at will, functions anywhere within their constant.

With eight bits errors are large, and the worst of a few hundred runs comes near a bound that is sharp.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf

from mpmath import mp, mpf

from smoothsym.formats import get
from smoothsym.formats import to_fraction as fraction
from smoothsym.program import numbers

EXACT = {
    "exp": mp.exp,
    "log": mp.log,
    "log1p": lambda a: mp.log1p(a),
    "expm1": mp.expm1,
    "pow": lambda a, q: a**q,
    "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "sqrt": mp.sqrt,
}
TRIVIAL = {
    "neg": lambda a: -a,
    "abs": abs,
    "sign": lambda a: Fraction((a > 0) - (a < 0)),
    "maximum": max,
    "minimum": min,
}


class Adversary:
    """An arithmetic in the format, `rng` its will; numbers are Fractions that the format holds, None is beyond it, or no number."""

    def __init__(self, model, rng, fmt="bfloat16"):
        self.model, self.rng, self.fmt = model, rng, get(fmt)

    def rounded(self, value, rounding):
        bits = self.fmt.round(value, 0, rounding)
        beyond = bits & (self.fmt.sign_bit - 1) >= self.fmt.infinity
        return None if beyond else self.fmt.decode(bits)

    def basic(self, value):
        way = "nearest" if self.model.rounding == "nearest" else self.rng.choice(["up", "down"])
        return self.rounded(value, way)

    def number(self, value):
        return self.rounded(value, "nearest")

    def apply(self, name, *args):
        if None in args:
            return None
        if name in TRIVIAL:
            return TRIVIAL[name](*args)
        if name in ("add", "sub", "mul"):
            a, b = args
            return self.basic(a + b if name == "add" else a - b if name == "sub" else a * b)
        if name == "div":
            return self.basic(args[0] / args[1]) if args[1] else None
        return self.function(name, args)

    def function(self, name, args):
        if args[0] <= {"log1p": -1, "log": 0, "pow": 0 if args[-1] < 0 else -inf}.get(name, -inf):
            return None
        with mp.workprec(160):
            value = EXACT[name](*(mpf(a.numerator) / a.denominator for a in args))
            if mp.isinf(value) or mp.isnan(value) or abs(value) > 2.0**200:
                return None
            exact = fraction(value) if abs(value) > mpf(2) ** -400 else Fraction(0)
        if name == "sqrt":
            return self.basic(exact)
        reach = Fraction(self.model.constant(name, self.fmt.name)) * self.fmt.u * abs(exact)
        reach *= 2 if self.model.rounding == "directed" else 1
        choice = self.rounded(exact, self.rng.choice(["up", "down"]))
        within = choice is not None and abs(choice - exact) <= reach
        return choice if within else self.rounded(exact, "nearest")

    def sum(self, values):
        order = list(values)
        self.rng.shuffle(order)
        total = order[0]
        for value in order[1:]:
            total = self.apply("add", total, value)
        return total

    def extremum(self, name, values):
        return (max if name == "max" else min)(values)

    def argmax(self, values):
        return max(range(len(values)), key=values.__getitem__)

    def prefers(self, test):
        return test is not None and test > 0


def worst(program, row, symbols, model, exact, rng, runs=60, fmt="bfloat16"):
    """The largest |computed - exact| of each output over some runs; None where one of them is no number."""
    found = [Fraction(0)] * len(exact)
    for _ in range(runs):
        arithmetic = Adversary(model, rng, fmt)
        given = {name: arithmetic.number(Fraction(value)) for name, value in symbols.items()}
        (result,) = numbers.run(program, arithmetic, {"x": [Fraction(v) for v in row]}, given)
        result = result if isinstance(result, list) else [result]
        if None in result:
            return None
        found = [max(old, abs(got - e)) for old, got, e in zip(found, result, exact, strict=True)]
    return found
