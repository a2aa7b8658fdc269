"""How a law is told to a reader: the section it stands in, its formula as LaTeX or its words, and what decided it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sympy import Expr, Indexed, IndexedBase, LambertW, S

from smoothsym import words
from smoothsym.laws.bounds import Between
from smoothsym.laws.distances import Lipschitz, NonExpansive
from smoothsym.laws.expansions import Expansion
from smoothsym.laws.law import EXCLUDED, Law, condition
from smoothsym.laws.limits import Limit, Pole, Smooth
from smoothsym.laws.norms import AbsolutelyHomogeneous, Definite, Norm, Triangle
from smoothsym.laws.parameter import JointlyConvex
from smoothsym.laws.shape import Convex, Monotone, QuasiConvex, SchurConvex
from smoothsym.laws.stated import Conjugate, Formulas, Identity
from smoothsym.laws.symmetry import Associative, Dual, Even, Homogeneous, JointlyHomogeneous, Symmetric, Translation
from smoothsym.laws.verdict import Verdict
from smoothsym.laws.vocabulary import D, f, w
from smoothsym.symbolic.derivation import latex, rising
from smoothsym.symbolic.roots import roots

SECTIONS: dict[str, tuple[type[Law], ...]] = {
    "Identities": (Identity,),
    "Inequalities and bounds": (Law,),
    "Shape": (Smooth, Monotone, Convex, QuasiConvex, SchurConvex, JointlyConvex, NonExpansive, Norm, Triangle, Definite),
    "Limits and expansions": (Limit, Pole, Expansion),
    "Symmetries": (
        Symmetric, Translation, Homogeneous, JointlyHomogeneous, AbsolutelyHomogeneous, Dual, Even, Associative,
    ),
}  # fmt: skip
_RELATIONS = {"=": "=", "<=": r"\leq"}


def section(law: Law) -> str:
    """The heading that a law stands under: what is no identity, shape, limit or symmetry bounds something."""
    narrow = (title for title, kinds in SECTIONS.items() if kinds != (Law,) and isinstance(law, kinds))
    return next(narrow, "Inequalities and bounds")


def by_section(laws: Sequence[Law]) -> Iterator[tuple[str, list[Law]]]:
    """The sections that have laws, each with its laws in their order."""
    for title in SECTIONS:
        if found := [law for law in laws if section(law) == title]:
            yield title, found


def formula(law: Law, op: Any) -> str | None:
    """The law as LaTeX; None where its statement is words."""
    value = IndexedBase("f", real=True)[words.i] if op.vector else f

    def said(side: Any) -> str:
        return latex(S(side).xreplace({f: value}))

    def tends(point: Any, side: str | None = None) -> str:
        return rf"{latex(op.parameter)} \to {said(point)}" + (f"^{{{side}}}" if side else "")

    if isinstance(law, Formulas):
        left, right = law.formulas
        return f"{said(left)} {_RELATIONS[law.relation]} {said(right)}"
    if isinstance(law, Between):
        return rf"{said(law.lower)} \leq {said(f)} \leq {said(law.upper)}"
    if isinstance(law, Limit) and (isinstance(law.of, Expr) or law.of in ("value", "gradient")):
        entry = words.x[1 if op.arity == 1 else words.k if op.vector else words.i]
        subject = said({"value": f, "gradient": D(f, entry)}.get(law.of, law.of))
        return rf"\lim_{{{tends(law.point, law.direction)}}} {subject} = {said(law.value)}"
    if isinstance(law, Expansion):
        small = f"{'o' if S(law.point).is_infinite else 'O'}\\left({said(law.rest)}\\right)"
        place = "".join(rf" \quad \text{{at }} {said(e)} = {said(level)}" for e, level in law.where.items())
        claim = said(law.claim) if S(law.point).is_infinite else rising(S(law.claim), op.parameter)
        return rf"{said(law.of)} = {claim} + {small} \quad \text{{as }} {tends(law.point)}{place}"
    if isinstance(law, Lipschitz):
        constant = rf"\left({said(law.constant)}\right)" if law.constant.is_Add else said(law.constant)
        return rf"\left|f(x) - f(y)\right| \leq {constant} \, \max_{{j}} \left|x_{{j}} - y_{{j}}\right|"
    if isinstance(law, Conjugate):
        return rf"f^{{*}}(q) = {said(law.value)}"
    return None


def words_of(law: Law, op: Any) -> tuple[str, str]:
    """(words, formula as text) of a law, either of which may be empty: beside its LaTeX, or all of it; not its condition."""
    statement = law.statement(op).replace(condition(getattr(law, "when", True)), "")
    if formula(law, op) is not None:
        sharp = statement.partition("; ")[2]
        return getattr(law, "title", "") or getattr(law, "note", ""), sharp
    name, colon, rest = statement.partition(": ")
    return (name, rest) if colon and "(" in rest else (statement, "")


def why(verdict: Verdict) -> str:
    """What decided: of a law that is refuted, the witness, after the part of the law that it is against."""
    if verdict.witness is None:
        return verdict.reason
    against = verdict.reason.removesuffix(EXCLUDED).rstrip(": ;")
    return f"{against}; witness {verdict.witness}" if against else f"witness {verdict.witness}"


_SIDES = ("left", "right", "smaller", "larger", "lower", "upper", "of", "claim", "constant", "box")


def sides_of(laws: Sequence[Law]) -> list[Expr]:
    """The formulas in some laws."""
    found = (getattr(law, name, None) for law in laws for name in _SIDES)
    return [side for side in found if isinstance(side, Expr)]


def speak_of_weights(laws: Sequence[Law]) -> bool:
    """Whether any law has the weights w[i] in it."""
    return any(e.base == w for side in sides_of(laws) for e in side.atoms(Indexed))


def roots_in(laws: Sequence[Law]) -> list[Expr]:
    """The numbers in some laws that an equation tells, one of each kind: what a reader must be told."""
    found: dict[Any, Expr] = {}
    for root in (e for side in sides_of(laws) for e in roots(side)):
        found.setdefault(root.func, LambertW(words.c) if isinstance(root, LambertW) else root)
    return list(found.values())
