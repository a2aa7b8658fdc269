"""The property table: what was proved and refuted of each operator, a cell a property, each from the verdicts alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Abs, Expr, Mul, S

from smoothsym import words
from smoothsym.certify.roots import digits
from smoothsym.laws.bounds import Between
from smoothsym.laws.distances import Lipschitz, NonExpansive, Unbounded
from smoothsym.laws.law import Law, regime
from smoothsym.laws.points import allowed_parameters
from smoothsym.laws.shape import Convex, Monotone, QuasiConvex
from smoothsym.laws.symmetry import Associative, Homogeneous, JointlyHomogeneous, Translation
from smoothsym.laws.verdict import Verdict
from smoothsym.symbolic.assumptions import told
from smoothsym.symbolic.factoring import factored
from smoothsym.symbolic.text import text

Tried = Sequence[tuple[Law, Verdict]]
COLUMNS = (
    "operator",
    "against max",
    "worst gap",
    "monotone",
    "convex",
    "sup-norm Lipschitz",
    "translation",
    "homogeneous",
    "associative",
)
_MARK = {"Proved": "yes", "Refuted": "no", "Supported": "yes?", "Undecided": "?"}


def row(op: Any, tried: Tried) -> dict[str, str]:
    """One operator's cells. "yes" is proved, "no" refuted, "yes?" only supported, "?" undecided, "-" not tried."""
    side, gap = _against_maximum(tried)
    return {
        "operator": op.name,
        "against max": side,
        "worst gap": gap,
        "monotone": _mark(op, tried, Monotone),
        "convex": _convex(op, tried),
        "sup-norm Lipschitz": _lipschitz(op, tried),
        "translation": _mark(op, tried, Translation),
        "homogeneous": _homogeneous(op, tried),
        "associative": _associative(tried),
    }


def _verdicts(tried: Tried, kind: type[Law], **wanted: Any) -> list[tuple[Any, Verdict]]:
    return [
        (law, v) for law, v in tried if isinstance(law, kind) and all(getattr(law, k) == w for k, w in wanted.items())
    ]


def _mark(op: Any, tried: Tried, kind: type[Law]) -> str:
    """What is best of the verdicts on a law; with its condition where it holds only under one that the first was not tried under."""
    found = _verdicts(tried, kind)
    if not found:
        return "-"
    first = _MARK[found[0][1].outcome]
    return first + next(
        (f"; yes {where(op, law)}" for law, v in found[1:] if first == "no" and v.outcome == "Proved"), ""
    )


def where(op: Any, law: Any) -> str:
    """On what a law of shape holds, where that is not everywhere; else for which parameters."""
    if getattr(law, "on", ""):
        return f"on {law.on}"
    if getattr(law, "box", None) is not None:
        return f"on cubes of edge {text(law.box if op.parameter is None else law.box / op.parameter)}"
    return f"for {told(law.when)}"


def _convex(op: Any, tried: Tried) -> str:
    plain = _verdicts(tried, Convex, concave=False)
    said = _MARK[plain[0][1].outcome] if plain else "-"
    quasi = _verdicts(tried, QuasiConvex, concave=False)
    extra = [where(op, law) for law, v in plain[1:] if v.outcome == "Proved"]
    if said == "no" and extra:
        return f"no; yes {extra[0]}"
    return "no, nor quasi-convex" if said == "no" and quasi and quasi[0][1].outcome == "Refuted" else said


def _lipschitz(op: Any, tried: Tried) -> str:
    plain = _verdicts(tried, NonExpansive)
    if plain and plain[0][1].outcome in ("Proved", "Supported"):
        return "1" if plain[0][1].outcome == "Proved" else "1?"
    proved = [law for law, v in _verdicts(tried, Lipschitz) if v.outcome == "Proved"]
    sharp = [text(law.constant) for law in proved if law.at is not None]
    if sharp:
        return sharp[0]
    said = [
        f"none {where(op, law)}" for law, v in _verdicts(tried, Unbounded) if v.outcome == "Proved" and _meant(op, law)
    ]
    said += [f"at most {text(law.constant)} {where(op, law)}" for law in proved]
    return "; ".join(said) or ("more than 1" if plain and plain[0][1].outcome == "Refuted" else "-")


def _meant(op: Any, law: Any) -> bool:
    """Whether a law is about parameters for which the operator is meant as a smooth maximum."""
    wanted = regime(op)
    return any(wanted is True or bool(wanted.subs(op.parameter, a)) for a in allowed_parameters(op.parameter, law.when))


def _homogeneous(op: Any, tried: Tried) -> str:
    if _mark(op, tried, Homogeneous) == "yes":
        return "yes"
    joint = _verdicts(tried, JointlyHomogeneous)
    if joint and joint[0][1].outcome == "Proved":
        return "jointly: " + joint[0][1].law.split("f(t x; ")[1].split(")")[0]
    return _mark(op, tried, Homogeneous)


def _associative(tried: Tried) -> str:
    plain, weighted = (_verdicts(tried, Associative, weighted=w) for w in (False, True))
    said = _MARK[plain[0][1].outcome] if plain else "-"
    return "with weights" if said == "no" and weighted and weighted[0][1].outcome == "Proved" else said


def _against_maximum(tried: Tried) -> tuple[str, str]:
    """Whether f is below or above the maximum, and the bound on the gap, a sharp one first."""
    found = [
        (law, verdict, side, gap)
        for law, verdict in _verdicts(tried, Between)
        if verdict.outcome != "Refuted" and (told := _gap_to_maximum(law)) is not None
        for side, gap in (told,)
    ]
    if not found:
        return "-", "-"
    law, verdict, side, gap = min(found, key=lambda one: (one[3] is None, one[1].outcome != "Proved", not one[0].sharp))
    doubt = "" if verdict.outcome == "Proved" else "?"
    if gap is None:
        return side + doubt, "-"
    approached = law.at is not None and law.at.approached
    sharp = (" supremum" if approached else " sharp") if law.sharp else ""
    said = text(gap).replace("maximum(|x|)", "max").replace("maximum(x)", "max")
    return side + doubt, said + doubt + sharp


def _gap_to_maximum(law: Between) -> tuple[str, Expr | None] | None:
    """On which side of the maximum f lies, and how far off at most: in n and the parameter, or in parts of the maximum."""
    tops = [q for q in (words.maximum(words.x), words.maximum(Abs(words.x))) if q in (law.lower, law.upper)]
    if not tops or (law.lower.free_symbols | law.upper.free_symbols) & {words.m, words.Delta}:
        return None
    gap = S(law.upper - law.lower).expand(deep=False)
    share, rest = gap.coeff(tops[0]), gap.coeff(tops[0], 0)
    gap = Mul(tops[0], share, evaluate=False) if rest == 0 and share != 1 else factored(gap)
    return "<=" if law.upper == tops[0] else ">=", None if gap.has(words.minimum, words.mean) else gap


# ---- numbers ---------------------------------------------------------------------------------------------------------------

SIZES = (2, 3, 5, 10, 100)
"""The lengths for which constants are printed."""


def constants(op: Any, tried: Tried) -> list[Expr]:
    """What is proved sharp of an operator and depends on n alone: gaps times the parameter, Lipschitz constants, edges of cubes."""
    found: list[Expr] = []
    for law, verdict in tried:
        if verdict.outcome != "Proved":
            continue
        if (
            isinstance(law, Between)
            and law.sharp
            and (told := _gap_to_maximum(law)) is not None
            and told[1] is not None
        ):
            found.append(told[1] if op.parameter is None else S(told[1] * op.parameter))
        elif isinstance(law, Lipschitz) and law.at is not None:
            found.append(S(law.constant))
        elif isinstance(law, Monotone) and law.box is not None and law.sharp:
            found.append(law.box)
    return [e for e in dict.fromkeys(found) if e.free_symbols == {words.n}]


def numbers(found: Sequence[Expr], sizes: Sequence[int] = SIZES, k: int = 15) -> list[dict[str, str]]:
    """Constants for some n, each rounded correctly to k digits from a certified enclosure.

    >>> from sympy import log
    >>> numbers([log(words.n)], sizes=(2,), k=6)
    [{'n': '2', 'log(n)': '0.693147'}]
    """
    return [{"n": str(size), **{text(e): digits(e, {words.n: size}, k) for e in found}} for size in sizes]
