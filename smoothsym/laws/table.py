"""The property table: what was proved and refuted of each operator, a cell a property, each from the verdicts alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Abs, Expr, S, simplify

from smoothsym import words
from smoothsym.laws.bounds import Between
from smoothsym.laws.distances import Lipschitz, NonExpansive
from smoothsym.laws.law import Law
from smoothsym.laws.shape import Convex, Monotone
from smoothsym.laws.symmetry import Associative, Homogeneous, JointlyHomogeneous, Translation
from smoothsym.laws.verdict import Verdict
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
        "monotone": _mark(tried, Monotone),
        "convex": _convex(tried),
        "sup-norm Lipschitz": _lipschitz(tried),
        "translation": _mark(tried, Translation),
        "homogeneous": _homogeneous(tried),
        "associative": _associative(tried),
    }


def _verdicts(tried: Tried, kind: type[Law], **wanted: Any) -> list[tuple[Any, Verdict]]:
    return [
        (law, v) for law, v in tried if isinstance(law, kind) and all(getattr(law, k) == w for k, w in wanted.items())
    ]


def _mark(tried: Tried, kind: type[Law]) -> str:
    """What is best of the verdicts on a law; with its condition where it holds only under one that the first was not tried under."""
    found = _verdicts(tried, kind)
    if not found:
        return "-"
    first = _MARK[found[0][1].outcome]
    if first == "no":
        for law, verdict in found[1:]:
            if verdict.outcome == "Proved":
                where = getattr(law, "on", "") or text(law.when)
                return f"no; yes on {where}"
    return first


def _convex(tried: Tried) -> str:
    plain = _verdicts(tried, Convex, concave=False)
    said = _MARK[plain[0][1].outcome] if plain else "-"
    quasi = [v.outcome for law, v in tried if type(law).__name__ == "QuasiConvex"]
    if said == "no" and quasi == ["Refuted"]:
        said = "no, nor quasi-convex"
    extra = [text(law.when) for law, v in _verdicts(tried, Convex)[2:] if v.outcome == "Proved" and not law.concave]
    return said + (f"; yes for {extra[0]}" if extra and said.startswith("no") else "")


def _lipschitz(tried: Tried) -> str:
    plain = _verdicts(tried, NonExpansive)
    if plain and plain[0][1].outcome in ("Proved", "Supported"):
        return "1" if plain[0][1].outcome == "Proved" else "1?"
    for law, verdict in _verdicts(tried, Lipschitz):
        if verdict.outcome == "Proved":
            return text(law.constant)
    return "more than 1" if plain and plain[0][1].outcome == "Refuted" else "-"


def _homogeneous(tried: Tried) -> str:
    if _mark(tried, Homogeneous) == "yes":
        return "yes"
    joint = _verdicts(tried, JointlyHomogeneous)
    if joint and joint[0][1].outcome == "Proved":
        return "jointly: " + joint[0][1].law.split("f(t x; ")[1].split(")")[0]
    return _mark(tried, Homogeneous)


def _associative(tried: Tried) -> str:
    plain, weighted = (_verdicts(tried, Associative, weighted=w) for w in (False, True))
    said = _MARK[plain[0][1].outcome] if plain else "-"
    return "with weights" if said == "no" and weighted and weighted[0][1].outcome == "Proved" else said


def _against_maximum(tried: Tried) -> tuple[str, str]:
    """Whether f is below or above the maximum, and the proved bound on the gap."""
    best: tuple[str, str] = ("-", "-")
    for law, verdict in _verdicts(tried, Between):
        whole = next(
            (
                top
                for top in (words.maximum(words.x), words.maximum(Abs(words.x)))
                if law.upper == top or law.lower == top
            ),
            None,
        )
        if whole is None or verdict.outcome == "Refuted":
            continue
        side = "<=" if law.upper == whole else ">="
        gap = simplify(law.upper - law.lower)
        mark = ("" if verdict.outcome == "Proved" else "?") + (" sharp" if law.sharp else "")
        named = gap if not gap.has(words.minimum) else None
        if named is not None or best == ("-", "-"):
            best = (
                side + ("" if verdict.outcome == "Proved" else "?"),
                (_gap(named) + mark if named is not None else "-"),
            )
    return best


def _gap(gap: Expr) -> str:
    return text(S(gap)).replace("maximum(|x|)", "max").replace("maximum(x)", "max")
