"""The page of an operator: its formula first, then its derivatives, limits and series, in names that unfold to the formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import starmap
from typing import Any

from sympy import Expr, KroneckerDelta, S, Tuple, oo, zoo

from smoothsym import Undecided
from smoothsym.cli.output import folded
from smoothsym.symbolic.derivation import latex
from smoothsym.symbolic.expansion import Expansion, expansions
from smoothsym.symbolic.naming import Names, central_moments_meant, in_central_moments
from smoothsym.symbolic.simplex import TAU, Threshold
from smoothsym.symbolic.text import text
from smoothsym.words import m

ORDER = 4
"""The terms of a series: up to the power ORDER - 1 of the parameter."""
LONGEST_TERM = 240
"""A series ends before the first term that is longer than this to read."""
POINTS = {"oo": oo, "0": 0, "-oo": -oo}
TITLES = {"gradient": "gradient", "hessian": "Hessian"}
SYMBOLS = {"value": "f", "gradient": "df/dx[i]", "hessian": "d2f/dx[i]dx[k]"}

Line = tuple[str, str]
"""A line and its style."""


@dataclass(frozen=True)
class Approach:
    """What a formula tends to as the parameter approaches a point, from a side or from both; or why that is not known."""

    of: str
    point: str
    direction: str | None = None
    limit: Expr | None = None
    reason: str | None = None


def symbol_of(op: Any, of: str) -> str:
    """How a derivative is written: of a vector f[i], of a function of one entry, of any other."""
    if op.vector:
        return {"value": "f[i]", "gradient": "df[i]/dx[k]"}.get(of, f"df[i]/d{of}")
    if op.arity == 1:
        return {"value": "f", "gradient": "df/dx[1]", "hessian": "d2f/dx[1]^2"}.get(of, f"df/d{of}")
    return SYMBOLS.get(of, f"df/d{of}")


class Page:
    """What is derived from one formula of an operator: its derivatives, its limits in the parameter, its series at 0."""

    def __init__(self, op: Any, of: str) -> None:
        self.op, self.of, self.formula = op, of, op.formula(of)
        self.parameter = op.parameter.name if op.parameter is not None else None
        self.symbol = symbol_of(op, of)
        self.names = Names(op.definition, op.domain)

    @cached_property
    def derivatives(self) -> list[tuple[str, str, Expr]]:
        """(gradient, hessian or the parameter; the symbol; the formula)."""
        kinds = {"value": ["gradient", "hessian"], "gradient": ["hessian"]}.get(self.of, [])
        kinds = [kind for kind in kinds if not (self.op.vector and kind == "hessian")]
        found = [(kind, symbol_of(self.op, kind), self.op.formula(kind)) for kind in kinds]
        if self.parameter is not None and self.of != "hessian":
            by = f"d{self.parameter}"
            once = symbol_of(self.op, self.of)
            symbol = {"value": f"d{once}/{by}", "gradient": f"d2{once[1:]}{by}"}.get(self.of, f"d2f/{by}^2")
            found.append((self.parameter, symbol, self.op.derivative(of=self.of)))
        return found

    @cached_property
    def limits(self) -> list[Approach]:
        """At oo, 0 and -oo; at 0 from each side where the two do not agree."""
        found: list[Approach] = []
        asked = ("value", "gradient", *([] if self.op.vector else ["hessian"])) if self.of == "value" else (self.of,)
        for of in asked:
            for point in self._points:
                both = self._limit(Approach(of, point))
                if point != "0" or both.limit not in (None, zoo):
                    found.append(both)
                    continue
                sides = [self._limit(Approach(of, point, side)) for side in "+-"]
                decided = [side for side in sides if side.limit is not None]
                found += sides if decided else [replace(both, reason=sides[0].reason)]
        return found

    @property
    def _points(self) -> list[str]:
        """Where limits are taken: not below 0 for a parameter that has no values there."""
        if self.op.parameter is None:
            return []
        return [point for point in POINTS if not (self.op.parameter.is_nonnegative and point == "-oo")]

    def _limit(self, asked: Approach) -> Approach:
        try:
            found = self.op.limit(POINTS[asked.point], asked.of, asked.direction)
        except Undecided as reason:
            return replace(asked, reason=str(reason))
        return replace(asked, limit=in_central_moments(found))

    @cached_property
    def series(self) -> tuple[list[tuple[Expansion, Expr]], str | None]:
        """Its branches, each with its terms, the lowest power first, and the power that is left out; and why there are none."""
        if self.op.parameter is None or self.of == "hessian":
            return [], None
        try:
            found = in_central_moments(self.op.series(0, order=ORDER, of=self.of))
        except Undecided as reason:
            return [], str(reason)
        branches = [_readable(one) for one in expansions(found, self.op.parameter)]
        return branches, None if any(one.terms for one, _ in branches) else "its first term is too long to read"

    @cached_property
    def meanings(self) -> list[tuple[str, str]]:
        """What the names in the formula and its derivatives stand for."""
        used = [self.names.fold(e) for e in (self.formula, *(e for _, _, e in self.derivatives))]
        delta = [("delta[i, k]", "1 where i = k, else 0")] if any(e.has(KroneckerDelta) for e in used) else []
        thresholds = sorted({node for e in used for node in e.atoms(Threshold)}, key=str)
        tau = [(str(node), f"the one number with {text(node.balance(TAU) + 1)} = 1") for node in thresholds]
        return self.names.meanings(used) + delta + tau

    # ---- for reading -----------------------------------------------------------------------------------------------------

    def lines(self, columns: int | None) -> Iterator[Line]:
        """The page: the formula first, then what was derived from it."""
        head = f"f(x; {self.parameter})" if self.parameter is not None else "f(x)"
        head = head.replace("f(", "f[i](") if self.op.vector else head
        yield f"{head if self.of == 'value' else self.symbol} = {self._text(self.formula)}", "bold"
        yield "", ""
        some = ", ".join(f"x[{q}]" for q in range(1, (self.op.arity or 1) + 1))
        about = f"{self.op.title}, {self.op.domain} {some}" + (
            ", ..., x[n], for every n." if self.op.arity is None else "."
        )
        if self.of != "value":
            about += f" f is its value, {text(self.op.definition)}."
        for line in folded(f"{about} {self.op.notes}".strip(), columns or 100):
            yield line, ""
        entries = [(TITLES.get(key, f"by {key}"), symbol, f"= {self._text(e)}") for key, symbol, e in self.derivatives]
        yield from _block("Derivatives", entries, columns)
        yield from _block("where", [("", name, f"= {meaning}") for name, meaning in self.meanings], columns)
        yield from _block("Limits", [self._approached(found) for found in self.limits], columns)
        yield from _meant(found.limit for found in self.limits)
        if any(found.limit is not None and found.limit.has(m) for found in self.limits):
            yield "    m: how many entries tie for the extreme value", ""
        branches, reason = self.series
        if branches or reason:
            said = f"undecided: {reason}" if reason else f"= {', '.join(starmap(self._expansion, branches))}"
            yield from _block(f"Series at {self.parameter} = 0", [("", self.symbol, said)], columns)
            yield from _meant(c for one, _ in branches for _, c in one.terms)
        entries = [("", symbol_of(self.op, of), theorem) for of, theorem in self.theorems.items()]
        yield from _block("Whether a number is representable is decided by", entries, columns)

    @cached_property
    def theorems(self) -> dict[str, str]:
        """Which theorem decides whether the value and its first derivatives are representable."""
        kinds = ["value", "gradient", *(q.name for q in self.op.parameters)] if self.of == "value" else [self.of]
        return {of: self.op.theorem(of) for of in kinds}

    def _text(self, formula: Expr) -> str:
        return text(self.names.fold(formula))

    def _approached(self, found: Approach) -> tuple[str, str, str]:
        where = f"{self.parameter} -> {found.point}{found.direction or ''}"
        symbol = symbol_of(self.op, found.of) if found.of in SYMBOLS else self.symbol
        if found.limit is None:
            return where, symbol, f"undecided: {found.reason}"
        said = f"-> {text(found.limit)}" + (", a pole" if found.limit.is_infinite and found.point == "0" else "")
        # Where the sides differ it is because sums of n terms differ from n; n = 1 is another matter.
        return where, symbol, said + (" (n >= 2)" if found.direction and self.op.arity is None else "")

    def _expansion(self, found: Expansion, rest: Expr) -> str:
        said = ""
        for power, c in found.terms:
            term = text(c * self.op.parameter**power)
            minus = term.startswith("-")
            said += (" - " if minus else " + ") + term.removeprefix("-") if said else term
        said = f"{said} + O({text(self.op.parameter**rest)})"
        said = said if found.before == 1 else f"{text(found.before)} ({said})"
        return said if found.test in (True, S.true) and len(self.series[0]) == 1 else said + _where(found.test)

    def latex_lines(self) -> Iterator[Line]:
        """Each formula as LaTeX, in full, after a comment that says which it is."""
        yield latex(self.formula), "bold"
        for _, symbol, e in self.derivatives:
            yield f"% {symbol}", "dim"
            yield latex(e), ""
        for found in self.limits:
            where, symbol, said = self._approached(found)
            yield f"% {symbol} as {where}" + (f", {said}" if found.limit is None else ""), "dim"
            if found.limit is not None:
                yield latex(found.limit), ""

    # ---- for machines ----------------------------------------------------------------------------------------------------

    def data(self) -> dict[str, Any]:
        """The page as plain data; `text` is in names, `sympy` and `latex` are in full."""
        branches, reason = self.series
        coefficients = Tuple(*(c for one, _ in branches for _, c in one.terms))
        return {
            "operator": self.op.name,
            "title": self.op.title,
            "of": self.of,
            "parameter": self.parameter,
            "domain": self.op.domain,
            "formula": self._formula(self.formula),
            "derivatives": {key: self._formula(e) for key, _, e in self.derivatives},
            "names": dict(self.meanings),
            "limits": [
                {**asdict(found), "limit": None if found.limit is None else _plain(found.limit)}
                for found in self.limits
            ],
            "series": {
                "point": "0",
                "branches": [
                    {
                        "where": None if one.test in (True, S.true) else text(one.test),
                        "before": _plain(one.before),
                        "terms": [{"power": str(power), "coefficient": _plain(c)} for power, c in one.terms],
                        "left_out": str(rest),
                    }
                    for one, rest in branches
                ],
                "names": dict(central_moments_meant(coefficients)),
                "reason": reason,
            },
            "decided_by": self.theorems,
        }

    def _formula(self, e: Expr) -> dict[str, str]:
        return {**_plain(e), "text": self._text(e)}


def _readable(found: Expansion) -> tuple[Expansion, Expr]:
    """The terms before the first that is too long to read, and the power of what is left out."""
    short = next((q for q, (_, c) in enumerate(found.terms) if len(text(c)) > LONGEST_TERM), len(found.terms))
    rest = found.terms[short][0] if short < len(found.terms) else S(ORDER)
    return replace(found, terms=found.terms[:short]), rest


def _where(test: Any) -> str:
    return " otherwise" if test in (True, S.true) else f" where {text(test)}"


def _plain(e: Expr) -> dict[str, str]:
    return {"sympy": str(e), "latex": latex(e), "text": text(e)}


def _meant(formulas: Iterator[Any]) -> Iterator[Line]:
    for name, meaning in central_moments_meant(Tuple(*(e for e in formulas if e is not None))):
        yield f"    {name} = {meaning}", ""


def _block(title: str, entries: list[tuple[str, str, str]], columns: int | None) -> Iterator[Line]:
    """A titled list, if there is anything in it: the first two cells of each entry align, a long third one wraps."""
    if not entries:
        return
    yield "", ""
    yield title, ""
    sizes = [max(len(entry[q]) for entry in entries) for q in (0, 1)]
    for first, second, said in entries:
        start = f"    {first.ljust(sizes[0])}{'  ' if sizes[0] else ''}{second.ljust(sizes[1])} "
        wrapped = folded(said, None if columns is None else max(columns - len(start) - 2, 30))
        yield start + wrapped[0], ""
        for line in wrapped[1:]:
            yield " " * len(start) + "  " + line, ""
