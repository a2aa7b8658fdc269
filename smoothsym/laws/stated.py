"""Laws that are stated as formulas: an identity, an inequality, a conjugate; for operators' own laws, and for users'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, IndexedBase, S, Sum, log

from smoothsym import words
from smoothsym.laws.attained import Attained, said_of
from smoothsym.laws.entropic import EntropicHessian, EntropicSlope
from smoothsym.laws.law import Condition, Law, Nonnegative, Zero, condition
from smoothsym.laws.means import ByExtremeMean, measures
from smoothsym.laws.points import Function, Sample
from smoothsym.laws.search import Extreme, Witness, counterexample
from smoothsym.laws.settings import Settings, settings
from smoothsym.laws.simplex import Curved, OwnRegulariser
from smoothsym.laws.verdict import Verdict
from smoothsym.laws.vocabulary import At, D, E, f, in_words, mu2, mu3, mu4, mu5, w, written_out
from smoothsym.symbolic import moments
from smoothsym.symbolic.levels import Levels
from smoothsym.symbolic.roots import Lambda, roots
from smoothsym.symbolic.simplex import SimplexMaximum
from smoothsym.symbolic.text import text

MOST_AXES = 2
"""Over how many indices at once a program computes."""
Rules = Iterator[tuple[str, tuple[Condition, ...]]]
q = IndexedBase("q", positive=True)
"""A point of the simplex: q_j > 0 with sum 1."""


class Formulas(Law):
    """A relation between two formulas over x, n and the operator's parameter, in the words of laws.vocabulary.

    They may have free indices, and symbols beside the parameter: a point that refutes the law gives them small numbers.
    """

    when: Any
    title: str
    relation = ""

    @property
    def formulas(self) -> tuple[Any, Any]:
        raise TypeError(f"{type(self).__name__} relates nothing")

    def statement(self, op: Any) -> str:
        left, right = (in_words(op, side) for side in self.formulas)
        return (f"{self.title}: " if self.title else "") + f"{left} {self.relation} {right}" + condition(self.when)

    def scope(self, op: Any) -> str:
        sizes = {len(e.args) - 1 for side in self.formulas for e in S(side).atoms(At)} - {1}
        return f"{max(sizes)} entries" + condition(self.when) if sizes and op.arity is None else super().scope(op)

    def applies(self, op: Any) -> bool:
        return True

    def written_out(self, op: Any) -> tuple[Expr, Expr]:
        left, right = self.formulas
        return written_out(op, left), written_out(op, right)

    def can_be_sampled(self, op: Any) -> bool:
        return any(True for _ in self._pointed(op))

    def witness(self, op: Any) -> Witness | None:
        for sides, given in self._pointed(op):

            def valued(_: Any, at: Sample, sides: tuple[Expr, Expr] = sides) -> tuple[Any, Any]:
                left, right = (Function(op, side, "naive")(at.x, at.parameter) for side in sides)
                return left, right

            found = counterexample(op, valued, self.when, self.equality, "x", lambda at: at, self.extremes(op))
            if found is not None:
                shown = tuple((str(name), text(value)) for name, value in given.items())
                return replace(found, settings=(*found.settings, *shown))
        return None

    def _pointed(self, op: Any) -> Iterator[tuple[tuple[Expr, Expr], Settings]]:
        """The two sides with their free symbols settled, in each way in which a program computes them."""
        for sides, given in settings(op, self.written_out(op)):
            try:
                yield tuple(_computable(op, side) for side in sides), given
            except ValueError:  # what no primitive computes
                continue


def _computable(op: Any, side: Expr) -> Expr:
    """A formula that a program computes: where sums nest too deeply, in normal form. Raises ValueError where none does."""
    side = moments.by_moduli(side)
    if _axes(op, side) > MOST_AXES:
        side = moments.normal(side, op.domain)
        if _axes(op, side) > MOST_AXES:
            raise ValueError(f"{side} needs more than {MOST_AXES} axes")
    return side


def _axes(op: Any, side: Expr) -> int:
    program = op.program(Function(op, side).of, "naive")
    return max(operation.rank for operation in program.operations)


@dataclass(frozen=True)
class Identity(Formulas):
    """left = right for every n, two expressions over x, n and the operator's parameter, in the words of laws.vocabulary.

    >>> import smoothsym as ss
    >>> print(Identity(D(f, ss.alpha), E((ss.x[ss.j] - f) ** 2)).attempt(ss.boltzmann))
    Proved: df/dalpha = sum_j w[j] (x[j] - f)^2 [every n]: equal normal forms
    """

    left: Any
    right: Any
    when: Any = True
    title: str = ""
    equality = True
    relation = "="

    @property
    def formulas(self) -> tuple[Any, Any]:
        return self.left, self.right

    def sufficient(self, op: Any) -> Rules:
        left, right = self.written_out(op)
        yield "equal normal forms", (Zero(left - right, op.domain),)

    def attempt(self, op: Any) -> Verdict:
        # Of an identity the proof is what costs less.
        proof = self.proof(op)
        return super().attempt(op) if proof is None else self.verdict(op, "Proved", proof.rule, certificate=proof)


@dataclass(frozen=True)
class Inequality(Formulas):
    """smaller <= larger for every n, two expressions over x, n and the operator's parameter, in the words of laws.vocabulary.

    With `at`, both sides are equal at a vector of two levels, or approach each other as t -> oo; x[i] is then at the first one.
    """

    smaller: Any
    larger: Any
    when: Any = True
    title: str = ""
    at: Levels | None = None
    relation = "<="

    def statement(self, op: Any) -> str:
        sharp = "" if self.at is None else f"; sharp: {said_of(self.at)}"
        return super().statement(op) + sharp

    @property
    def formulas(self) -> tuple[Any, Any]:
        return self.smaller, self.larger

    def sufficient(self, op: Any) -> Rules:
        smaller, larger = self.written_out(op)
        gap = larger - smaller
        sharp = () if self.at is None else (Attained(smaller, larger, self.at, self.when, op.domain),)
        if op.arity is not None or not roots(gap):
            yield "their difference is nonnegative", (Nonnegative(gap, self.when, op.domain), *sharp)
        elif gap.has(Lambda):
            rule = "the gradient is w_i (1 + log w_i + H), w positive weights of entropy H"
            for lemma in (EntropicSlope(gap, op), EntropicHessian(gap, op)):
                yield rule, (lemma, *sharp)
        else:
            count = words.m if gap.has(words.m) else S.One
            for measure in measures(op):
                mean = ByExtremeMean(gap, op.parameter, measure, self.when, op.domain, count)
                yield "a mean of distances is largest where all other entries are equal", (mean, *sharp)

    def extremes(self, op: Any) -> tuple[Extreme, ...]:
        return () if self.at is None else (Extreme(self.at),)


@dataclass(frozen=True)
class Conjugate(Law):
    """f*(q) = `value` on the simplex: f(x) - <q, x> + f*(q) is a relative entropy, hence >= 0, and 0 at q = gradient."""

    value: Expr
    when: Any = True

    def statement(self, op: Any) -> str:
        return f"the conjugate on the simplex is {text(self.value)}" + condition(self.when)

    def sufficient(self, op: Any) -> Rules:
        if op.definition.has(SimplexMaximum):
            rule = "f is the conjugate of its regulariser, which is convex, and so is its own biconjugate"
            yield rule, (OwnRegulariser(op.definition, S(self.value), q), Curved(op.definition, self.when))
            return
        over = (words.j, 1, words.n)
        weight = op.gradient.xreplace({words.i: words.j})
        gap = op.definition - Sum(q[words.j] * words.x[words.j], over) + self.value
        divergence = Sum(q[words.j] * log(q[words.j] / weight), over)
        off = (1 - Sum(q[words.j], over)) * op.definition
        rule = "Fenchel's gap is a relative entropy over the parameter (Gibbs' inequality)"
        conditions = (
            Zero(gap - divergence / op.parameter - off, op.domain),
            Zero(Sum(weight, over) - 1, op.domain),
            Nonnegative(weight, self.when, op.domain),
            Nonnegative(1 / op.parameter, self.when, op.domain),
        )
        yield rule, conditions


__all__ = [
    "At", "Conjugate", "D", "E", "Formulas", "Identity", "Inequality", "f", "mu2", "mu3", "mu4", "mu5", "q", "w",
]  # fmt: skip
