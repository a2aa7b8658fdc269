"""A law states something about an operator; conditions that suffice prove it, a witness refutes it, and anything else is said as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sympy import Abs, Expr, Indexed, Mul, Sum, sign

from smoothsym import words
from smoothsym.laws.points import LENGTHS, POINTS, Sample, allowed_parameters
from smoothsym.laws.search import Extreme, Witness, counterexample
from smoothsym.laws.smoothness import continuous
from smoothsym.laws.verdict import Verdict
from smoothsym.symbolic import inequalities, moments
from smoothsym.symbolic.assumptions import told
from smoothsym.symbolic.asymptotics import enters_by_powers
from smoothsym.symbolic.simplex import P

EXCLUDED = "the enclosures exclude it"


class Condition:
    """What is to be shown: `prove` looks for evidence, `accepts` checks evidence from its data alone."""

    def prove(self) -> Any:
        """Evidence, or None where none is found; of a condition that its form decides, the condition itself."""
        return self if self.accepts(self) else None

    def accepts(self, evidence: Any) -> bool:
        """Whether the evidence shows the condition."""
        raise TypeError(f"{type(self).__name__} accepts nothing")


@dataclass(frozen=True)
class Zero(Condition):
    """An expression vanishes for every n: its normal form does."""

    expression: Expr
    domain: str = "real"

    def accepts(self, evidence: Any) -> bool:
        return bool(evidence == self) and moments.is_zero(self.expression, self.domain)


@dataclass(frozen=True)
class Nonnegative(Condition):
    """An expression is >= 0 for every n, under an assumption: by a certificate of sign."""

    expression: Expr
    when: Any = True
    domain: str = "real"

    def prove(self) -> Any:
        return inequalities.certificate(self.expression, self.when, self.domain)

    def accepts(self, evidence: Any) -> bool:
        if not isinstance(evidence, inequalities.Certificate):
            return False
        told = (evidence.expression, evidence.when, evidence.domain)
        return told == (inequalities.plain(self.expression), self.when, self.domain) and evidence.check()


@dataclass(frozen=True)
class Exchangeable(Condition):
    """Entries enter only under sums over all of them."""

    expression: Expr

    def accepts(self, evidence: Any) -> bool:
        bound = {lim[0] for total in self.expression.atoms(Sum) for lim in total.limits if lim[1:] == (1, words.n)}
        entries = {e for e in self.expression.atoms(Indexed) if e.base != P}
        return bool(evidence == self) and all(e.base == words.x and e.indices[0] in bound for e in entries)


@dataclass(frozen=True)
class Continuous(Condition):
    """An expression is continuous, and differentiable but for kinks: so that its derivatives speak for the whole of it."""

    expression: Expr
    when: Any = True
    domain: str = "real"

    def accepts(self, evidence: Any) -> bool:
        return bool(evidence == self) and continuous(self.expression, self.domain, self.when)


@dataclass(frozen=True)
class Joined(Condition):
    """A gradient is continuous across the zeros of entries: each sign(x_j) stands beside |x_j|^q, q >= 0.

    A nonnegative Hessian between kinks makes a function convex only if its slope does not fall at them. For q > 0 it is continuous
    there; q = 0 is the limit of such functions, and a limit of convex functions is convex.
    """

    gradient: Expr
    when: Any

    def accepts(self, evidence: Any) -> bool:
        for jump in self.gradient.atoms(sign):
            modulus = Abs(jump.args[0])
            exponents = [f.as_base_exp()[1] for f in Mul.make_args(self.gradient) if f.as_base_exp()[0] == modulus]
            if len(exponents) != 1 or not inequalities.nonnegative(exponents[0], self.when):
                return False
        return bool(evidence == self)


@dataclass(frozen=True)
class Holds(Condition):
    """Another law holds of the operator: by its proof."""

    law: Law
    op: Any

    def prove(self) -> Any:
        return self.law.proof(self.op)

    def accepts(self, evidence: Any) -> bool:
        return check(self.law, self.op, evidence)


@dataclass(frozen=True)
class Proof:
    """A proof as data: the rule by which conditions suffice for the law, and the evidence for each, in their order."""

    rule: str
    conditions: tuple[Condition, ...]
    evidence: tuple[Any, ...]


def check(law: Law, op: Any, proof: Any) -> bool:
    """Whether a proof, as data, proves a law of an operator: the rule and conditions are the law's, each evidence is good.

    >>> import smoothsym as ss
    >>> from smoothsym.laws import Translation
    >>> proof = Translation().attempt(ss.logsumexp).certificate
    >>> check(Translation(), ss.logsumexp, proof), check(Translation(), ss.pnorm, proof)
    (True, False)
    """
    if not isinstance(proof, Proof) or len(proof.conditions) != len(proof.evidence):
        return False
    stated = any(rule == proof.rule and conditions == proof.conditions for rule, conditions in law.sufficient(op))
    return stated and all(c.accepts(e) for c, e in zip(proof.conditions, proof.evidence, strict=True))


@dataclass(frozen=True)
class Law:
    """A statement about an operator. `attempt(op)` proves it, refutes it with a witness, supports it, or leaves it undecided."""

    def statement(self, op: Any) -> str:
        """The law in words and formulas."""
        raise TypeError(f"{type(self).__name__} states nothing")

    def scope(self, op: Any) -> str:
        """For which n and which parameters."""
        lengths = "every n" if op.arity is None else "one entry" if op.arity == 1 else f"{op.arity} entries"
        return lengths + condition(self.range(op))

    def range(self, op: Any) -> Any:
        """The assumption on the parameter, True for none."""
        return getattr(self, "when", True)

    def sufficient(self, op: Any) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        """Rules by which the law follows, each with the conditions to be shown."""
        return iter(())

    def sides(self, f: Any, at: Sample) -> tuple[Any, Any] | None:
        """left, right of left <= right (left = right for an `equality`); None where no point could refute the law."""
        return None

    equality = False

    def uses(self, op: Any) -> str:
        """Which of x, y and t the sides depend on."""
        return "x"

    def prepared(self, at: Sample, op: Any) -> Sample:
        """A sample turned into one that the law is about."""
        return at

    def extremes(self, op: Any) -> tuple[Extreme, ...]:
        """Where the law claims that its bound is attained: points that it is tried at beside others."""
        return ()

    def applies(self, op: Any) -> bool:
        """Whether the law says something of this operator."""
        return not getattr(op, "vector", False)

    def proof(self, op: Any) -> Proof | None:
        """A proof by the first rule whose conditions are all shown."""
        for rule, conditions in self.sufficient(op):
            evidence: list[Any] = []
            for one in conditions:
                shown = one.prove()
                if shown is None:
                    break
                evidence.append(shown)
            else:
                return Proof(rule, conditions, tuple(evidence))
        return None

    def can_be_sampled(self, op: Any) -> bool:
        """Whether a program computes the sides of the law: else no point is tried, and nothing is supported."""
        return type(self).sides is not Law.sides

    def witness(self, op: Any) -> Witness | None:
        """A point that refutes the law, where one is found."""

        def sides(f: Any, at: Sample) -> tuple[Any, Any]:
            found = self.sides(f, at)
            assert found is not None
            return found

        if not (computable(op) and self.can_be_sampled(op)):
            return None
        at = op.pinned
        found = counterexample(
            at, sides, self.range(at), self.equality, self.uses(at), lambda p: self.prepared(p, at), self.extremes(at)
        )
        return found if found is None or at is op else replace(found, name=f"{at.name}: {found.name}")

    def attempt(self, op: Any) -> Verdict:
        """The verdict on the law for an operator."""
        # A witness costs less to look for than a certificate that is not there.
        witness = self.witness(op)
        if witness is not None:
            return self.verdict(op, "Refuted", EXCLUDED, str(witness), witness)
        proof = self.proof(op)
        if proof is not None:
            return self.verdict(op, "Proved", self.reason(proof), certificate=proof)
        sampled = computable(op) and self.can_be_sampled(op)
        if not sampled or not allowed_parameters(op.parameter, self.range(op)):
            return self.verdict(op, "Undecided", "no rule proves it, and no point could refute it")
        lengths = 1 if op.arity is not None else len(LENGTHS)
        at = "" if op.pinned is op else f" of {op.pinned.name}"
        return self.verdict(op, "Supported", f"no proof; no violation at {POINTS * lengths} points in float64" + at)

    def reason(self, proof: Proof) -> str:
        """The proof in words."""
        shown = [str(e) for e in proof.evidence if not isinstance(e, Condition | Proof)]
        return proof.rule + (f": {'; '.join(dict.fromkeys(shown))}" if shown else "")

    def verdict(
        self, op: Any, outcome: str, reason: str, witness: Any = None, certificate: Any = None, scope: str | None = None
    ) -> Verdict:
        return Verdict(op.name, self.statement(op), outcome, scope or self.scope(op), reason, witness, certificate)


def one_form(when: Any) -> bool:
    """Whether one expression takes every value that an assumption leaves: conditions that argue by one are not for others."""
    try:
        inequalities.under(words.n, when)
    except ValueError:
        return False
    return True


def computable(op: Any) -> bool:
    """Whether a program computes the value of an operator: there are functions that no primitive computes."""
    try:
        op.pinned.program()
    except ValueError:
        return False
    return True


def condition(when: Any) -> str:
    """An assumption for reading, after what holds under it."""
    said = told(when)
    return f", {said}" if said else ""


def regime(op: Any) -> Any:
    """The parameters for which an operator is meant as a smooth maximum: p >= 1 for powers of entries, > 0 for anything else."""
    if op.parameter is None:
        return True
    if enters_by_powers(op.definition, op.parameter, op.domain == "positive"):
        return op.parameter >= 1
    return op.parameter > 0
