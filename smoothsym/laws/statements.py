"""The laws: each states one thing about an operator and knows how to prove it, or how to look for a witness against it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Abs, Expr, Mul, Rational, S, Sum, Symbol, oo, sign, zoo
from sympy import log as sympy_log

from smoothsym import words
from smoothsym.certify.enclose import enclose
from smoothsym.certify.enclosure import Refused
from smoothsym.certify.special import evaluate
from smoothsym.laws.verdict import Verdict
from smoothsym.program.stabilise import replace_entries
from smoothsym.symbolic import asymptotics, inequalities, moments

POINTS = 40
"""At how many points a law that has no proof is tried."""


@dataclass(frozen=True)
class Law:
    """A statement about an operator. `attempt(op)` proves it, refutes it with a witness, supports it, or leaves it undecided."""

    def statement(self, op: Any) -> str:
        raise TypeError(f"{type(self).__name__} states nothing")

    def attempt(self, op: Any) -> Verdict:
        raise TypeError(f"{type(self).__name__} cannot be tried")

    def verdict(self, op: Any, outcome: str, scope: str, reason: str, witness: Any = None) -> Verdict:
        return Verdict(op.name, self.statement(op), outcome, scope, reason, witness)


@dataclass(frozen=True)
class Limit(Law):
    """f tends to `value` as the parameter tends to `point`."""

    point: Any
    value: Expr
    of: str = "value"
    note: str = ""

    def statement(self, op: Any) -> str:
        subject = "f" if self.of == "value" else f"the {self.of}"
        return f"{subject} -> {self.value} as {op.parameter} -> {self.point}" + (f" ({self.note})" if self.note else "")

    def attempt(self, op: Any) -> Verdict:
        scope = "every n, ties of any multiplicity m"
        try:
            derived = op.limit(self.point, of=self.of)
        except asymptotics.Undecided as reason:
            return self.verdict(op, "Undecided", scope, str(reason))
        if derived == S(self.value) or moments.equal(derived, self.value):
            return self.verdict(op, "Proved", scope, "leading terms of the expansion in the gaps to the extreme entry")
        for x, _ in points(op):
            truth, claim = (evaluate(e, x, Fraction(1), op.kind, 0) for e in (derived, S(self.value)))
            if truth != claim:
                return self.verdict(
                    op, "Refuted", scope, f"the limit is {derived}", f"x = {shown(x)}: {truth} and not {claim}"
                )
        return self.verdict(
            op, "Undecided", scope, f"the limit was derived as {derived}; whether that is the same is not known"
        )


@dataclass(frozen=True)
class Pole(Law):
    """f has a pole at a point of the parameter: it tends to oo from one side and to -oo from the other."""

    point: Any

    def statement(self, op: Any) -> str:
        return f"f has a pole at {op.parameter} = {self.point}"

    def attempt(self, op: Any) -> Verdict:
        try:
            sides = tuple(op.limit(self.point, direction=side) for side in "-+")
            both = op.limit(self.point)
        except asymptotics.Undecided as reason:
            return self.verdict(op, "Undecided", "n >= 2", str(reason))
        if both == zoo and set(sides) <= {oo, -oo}:
            return self.verdict(
                op, "Proved", "n >= 2", f"it tends to {sides[0]} from below and to {sides[1]} from above"
            )
        return self.verdict(op, "Refuted", "n >= 2", "the limit is finite", f"{op.parameter} -> {self.point}: {both}")


@dataclass(frozen=True)
class Identity(Law):
    """left(f) = right(f), an identity in the entries, the parameter and one more real number t."""

    title: str
    sides: Callable[[Any, Symbol], tuple[Expr, Expr]]
    at: Callable[[Any, list[Fraction], Fraction, Fraction], tuple[Any, Any]]

    def statement(self, op: Any) -> str:
        return self.title

    def attempt(self, op: Any) -> Verdict:
        t = Symbol("t", positive=True) if "t > 0" in self.title else Symbol("t", real=True)
        if moments.equal(*self.sides(op, t)):
            return self.verdict(op, "Proved", "every n", "equal moment normal forms")
        for (x, a), (_, t_value) in zip(points(op), points(op, seed=1), strict=False):
            try:
                left, right = self.at(op, list(x), a, abs(t_value) + 1)
            except (Refused, ValueError):
                continue
            if disjoint(left, right):
                witness = f"x = {shown(x)}, {op.parameter} = {a}, t = {abs(t_value) + 1}: {left} and {right}"
                return self.verdict(op, "Refuted", "every n", "enclosures of the two sides are disjoint", witness)
        return self.verdict(op, "Supported", "every n", f"no proof; held at {POINTS} points")


def _moved(op: Any, x: list[Fraction], a: Fraction) -> Any:
    symbols: dict[str, Any] = {op.parameter.name: a} if op.parameter is not None else {}
    return enclose(op, x, digits=20, **symbols)


def _ends(e: Any) -> tuple[Fraction, Fraction]:
    from smoothsym.certify.enclosure import fraction_of

    return fraction_of(e.lo._mpf_), fraction_of(e.hi._mpf_)


@dataclass(frozen=True)
class Span:
    """Rational ends of an enclosure after exact arithmetic on it."""

    lo: Fraction
    hi: Fraction

    def __str__(self) -> str:
        return f"[{float(self.lo):.17g}, {float(self.hi):.17g}]"


def span(e: Any, times: Fraction = Fraction(1), plus: Fraction = Fraction(0)) -> Span:
    low, high = sorted(end * times + plus for end in _ends(e))
    return Span(low, high)


def disjoint(left: Span, right: Span) -> bool:
    return left.hi < right.lo or right.hi < left.lo


def translation_law() -> Identity:
    """f(x + t) = f(x) + t."""
    return Identity(
        "translation equivariant: f(x + t) = f(x) + t",
        lambda op, t: (replace_entries(op.definition, words.x, lambda e: e + t), op.definition + t),
        lambda op, x, a, t: (span(_moved(op, [v + t for v in x], a)), span(_moved(op, x, a), plus=t)),
    )


def homogeneity_law() -> Identity:
    """f(t x) = |t| f(x)."""
    return Identity(
        "absolutely homogeneous: f(t x) = |t| f(x)",
        lambda op, t: (replace_entries(op.definition, words.x, lambda e: e * t), Abs(t) * op.definition),
        lambda op, x, a, t: (span(_moved(op, [v * t for v in x], a)), span(_moved(op, x, a), times=abs(t))),
    )


def joint_homogeneity_law() -> Identity:
    """f_{a/t}(t x) = t f_a(x) for t > 0."""

    def sides(op: Any, t: Symbol) -> tuple[Expr, Expr]:
        scaled = replace_entries(op.definition.subs(op.parameter, op.parameter / t), words.x, lambda e: e * t)
        return scaled, t * op.definition

    return Identity(
        "jointly homogeneous: f(t x; parameter/t) = t f(x; parameter), t > 0",
        sides,
        lambda op, x, a, t: (span(_moved(op, [v * t for v in x], a / t)), span(_moved(op, x, a), times=t)),
    )


@dataclass(frozen=True)
class Convex(Law):
    """f is convex, under a condition on the parameter."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "convex" + _condition(self.when)

    def attempt(self, op: Any) -> Verdict:
        scope = "every n" + _condition(self.when)
        form = inequalities.quadratic_form(op.hessian) if op.arity is None else None
        certificate = inequalities.cauchy_schwarz(form) if form is not None else None
        if (
            certificate is not None
            and inequalities.sign_of(certificate.factor, self.when) == 1
            and _joined(op.gradient, self.when)
        ):
            kinks = (
                "; the gradient is continuous across x_j = 0 (at the end of the range, as a limit)"
                if op.kind == "modulus"
                else ""
            )
            reason = f"v^T H v = {certificate.factor} times a Cauchy-Schwarz gap{kinks}"
            return self.verdict(op, "Proved", scope, reason)
        for x, a in points(op, self.when):
            y = list(reversed([v + q for q, v in enumerate(x)]))
            middle = [(u + w) / 2 for u, w in zip(x, y, strict=True)]
            left, right = span(_moved(op, middle, a)), [span(_moved(op, list(z), a)) for z in (x, y)]
            if left.lo > (right[0].hi + right[1].hi) / 2:
                witness = f"x = {shown(x)}, y = {shown(y)}, {op.parameter} = {a}: f at the midpoint is {left}, the mean is below"
                return self.verdict(op, "Refuted", scope, "f at a midpoint exceeds the mean of f at the ends", witness)
        return self.verdict(op, "Supported", scope, f"no certificate; midpoint convexity held at {POINTS} pairs")


def _joined(gradient: Expr, when: Any) -> bool:
    """Whether a gradient is continuous across the kinks x_j = 0: each sign(x_j) stands beside |x_j|^q with q >= 0.

    A nonnegative Hessian between kinks makes a function convex only if its slope does not fall at them. For q > 0 it is
    continuous there; q = 0 is the limit of such functions, and a limit of convex functions is convex.
    """
    for jump in gradient.atoms(sign):
        modulus = Abs(jump.args[0])
        for term in Mul.make_args(gradient):
            if term.has(jump) and term != jump:
                return False
        exponents = [f.as_base_exp()[1] for f in Mul.make_args(gradient) if f.as_base_exp()[0] == modulus]
        if len(exponents) != 1 or inequalities.sign_of(exponents[0], when) != 1:
            return False
    return True


@dataclass(frozen=True)
class Definite(Law):
    """f(x) > 0 unless x = 0."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "definite: f(x) > 0 unless x = 0"

    def attempt(self, op: Any) -> Verdict:
        base, exponent = op.definition.as_base_exp()
        sums = isinstance(base, Sum) and isinstance(base.function.as_base_exp()[0], Abs)
        if sums and not exponent.has(words.x) and op.kind == "modulus":
            return self.verdict(
                op, "Proved", "every n", "a power of a sum of terms |x_j|^p, each positive where x_j is not 0"
            )
        for x, a in points(op, self.when):
            value = span(_moved(op, list(x), a))
            if value.hi < 0:
                return self.verdict(
                    op, "Refuted", "every n", "a negative value", f"x = {shown(x)}, {op.parameter} = {a}: {value}"
                )
        return self.verdict(op, "Supported", "every n", f"no proof; held at {POINTS} points")


@dataclass(frozen=True)
class Triangle(Law):
    """f(x + y) <= f(x) + f(y)."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "triangle inequality" + _condition(self.when)

    def attempt(self, op: Any) -> Verdict:
        scope = "every n" + _condition(self.when)
        parts = [Convex(self.when).attempt(op), homogeneity_law().attempt(op)]
        if all(part.outcome == "Proved" for part in parts):
            return self.verdict(op, "Proved", scope, "convex and homogeneous: f(x + y) = 2 f((x + y)/2) <= f(x) + f(y)")
        for x, a in points(op, self.when):
            y = [
                abs(v) * (1 if u > 0 else -1) for u, v in zip(x, reversed(x), strict=True)
            ]  # where x is large y is small
            total = [u + w for u, w in zip(x, y, strict=True)]
            left, right = span(_moved(op, total, a)), [span(_moved(op, list(z), a)) for z in (x, y)]
            if left.lo > right[0].hi + right[1].hi:
                witness = f"x = {shown(x)}, y = {shown(y)}, {op.parameter} = {a}: f(x + y) = {left} > f(x) + f(y)"
                return self.verdict(op, "Refuted", scope, "the enclosures exclude it", witness)
        return self.verdict(op, "Supported", scope, f"no proof; held at {POINTS} pairs")


@dataclass(frozen=True)
class Norm(Law):
    """f is a norm: absolutely homogeneous, definite, and subadditive."""

    when: Any = True

    def statement(self, op: Any) -> str:
        return "a norm" + _condition(self.when)

    def attempt(self, op: Any) -> Verdict:
        parts = [homogeneity_law().attempt(op), Triangle(self.when).attempt(op), Definite(self.when).attempt(op)]
        scope = "every n" + _condition(self.when)
        for outcome in ("Refuted", "Undecided", "Supported"):
            for part in parts:
                if part.outcome == outcome:
                    return self.verdict(op, outcome, scope, f"{part.law}: {part.reason}", part.witness)
        return self.verdict(
            op, "Proved", scope, "homogeneous, convex (hence the triangle inequality) and definite, each proved"
        )


@dataclass(frozen=True)
class Between(Law):
    """lower <= f(x) <= upper."""

    lower: Expr
    upper: Expr
    when: Any = True

    def statement(self, op: Any) -> str:
        return f"{self.lower} <= f(x) <= {self.upper}" + _condition(self.when)

    def attempt(self, op: Any) -> Verdict:
        scope = "every n" + _condition(self.when)
        for x, a in points(op, self.when):
            value = _moved(op, list(x), a)
            symbols: dict[str, Any] = {op.parameter.name: a}
            low, high = (enclose(op, list(x), of=bound, digits=20, **symbols) for bound in (self.lower, self.upper))
            if value.hi < low.lo or value.lo > high.hi:
                witness = f"x = {shown(x)}, {op.parameter} = {a}: {low}, {value}, {high}"
                return self.verdict(op, "Refuted", scope, "the enclosures exclude it", witness)
        return self.verdict(op, "Supported", scope, f"held at {POINTS} points; no proof is tried yet")


@dataclass(frozen=True)
class Smooth(Law):
    """Where the operator is differentiable, and how often, read off its form."""

    def statement(self, op: Any) -> str:
        return "differentiable: " + "; ".join(smoothness(op.definition) or ["infinitely often, everywhere"])

    def attempt(self, op: Any) -> Verdict:
        reason = "composition of smooth functions; every divisor and every argument of log is positive by its form"
        kinks = smoothness(op.definition)
        if kinks and kinks[0].startswith("not known"):
            return self.verdict(op, "Undecided", "every n", kinks[0])
        if kinks:
            reason = "|t|^q is q times differentiable off even q, less than q times at 0; a root of a sum of |x_j|^p has a kink at x = 0"
        return self.verdict(op, "Proved", "every n, any parameter for which it is defined", reason)


def smoothness(expression: Expr) -> list[str]:
    """Where an expression is not infinitely differentiable, in words; empty where it is everywhere."""
    found: list[str] = []
    for part in expression.atoms(sympy_log):
        if not moments.positive(part.args[0]) or part.args[0].has(Abs):
            found.append(f"not known for log({part.args[0]})")
    powers = [e for e in _subexpressions(expression) if e.is_Pow and not (e.exp.is_Integer and e.exp > 0)]
    entries = sorted({e.exp for e in powers if isinstance(e.base, Abs)}, key=str)
    for exponent in entries:
        found.append(
            f"infinitely often where no x_j = 0; at x_j = 0 (x not 0) infinitely often for even {exponent}, "
            f"else ceil({exponent}) - 1 times for {exponent} > 0"
        )
    for e in powers:
        if isinstance(e.base, Abs):
            continue
        if isinstance(e.base, Sum) and e.base.function.has(Abs):
            found.append("at x = 0 not at all for n >= 2")
        elif not moments.positive(e.base) and not e.base.is_number and e.base.has(words.x):
            found.insert(0, f"not known for the power {e}")
    if expression.has(Abs) and not entries:
        found.insert(0, "not known at the zeros of |.|")
    return found


def _subexpressions(e: Expr) -> Iterator[Expr]:
    yield e
    for argument in e.args:
        if isinstance(argument, Expr):
            yield from _subexpressions(argument)


def _condition(when: Any) -> str:
    return "" if when is True else f", {when.lhs} {when.rel_op} {when.rhs}"


def shown(x: Any) -> str:
    return "(" + ", ".join(str(v) for v in x) + ")"


def points(op: Any, when: Any = True, seed: int = 0) -> Iterator[tuple[tuple[Fraction, ...], Fraction]]:
    """Exact points (x, parameter) in the domain, small numbers first, where a condition on the parameter holds."""
    generator = random.Random(seed)
    count = 0
    while count < POINTS:
        length = op.arity or generator.choice((2, 2, 3, 4))
        x = tuple(Fraction(generator.randint(-12, 12), generator.choice((1, 1, 2, 4))) for _ in range(length))
        if op.domain == "positive":
            x = tuple(abs(v) + Fraction(1, 4) for v in x)
        a = Fraction(generator.choice((1, 1, 2, 3, -1, -2, 5)), generator.choice((1, 1, 2)))
        if op.kind == "modulus":
            x = tuple(v or Fraction(1) for v in x)
        if when is not True and not when.subs(op.parameter, Rational(a.numerator, a.denominator)):
            continue
        count += 1
        yield x, a
