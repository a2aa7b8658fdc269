"""An audit says first whether the target holds, then where it is worst; sampled maxima are lower bounds, and labelled so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from smoothsym import notebook
from smoothsym.auditing.findings.finding import Finding, brief, number, plain, shown
from smoothsym.auditing.measuring.distribution import Spread
from smoothsym.auditing.measuring.picture import ErrorMap, Point


@dataclass(frozen=True)
class Audit:
    """What measuring a target showed.

    `verdict`, "holds" or "falls short": a special value with a unique answer is wrong, or the scaled error exceeds `tol` (and, on
    a row of n entries, what a sum in pairwise order may cost), or the target raises or returns the wrong shape. `max_ulp`, `max_scaled`, `max_normwise`, `max_over_bound` (None without a bound) over the ordinary rows: lower bounds
    on the error, since rows are samples. `spreads`, by the name of each of these numbers ("ulp", "scaled", "normwise", "over_bound"): how many rows have it, and
    what half of them, 99 in 100, and all stay within. The bound is that of the stable kernel of the operator unless another was given, and is taken on a sample of the rows, those with
    the largest errors among them. `worst`, the worst finding, or the largest error.
    Of an `exhaustive` audit, which measured every input there is, they are upper bounds; `seconds`, what it took, and what of that
    the target itself did. `findings`, the worst of each kind, worst first. `where`, the tags of the worst row. `refused`, rows without a reference.
    """

    target: str
    op: str
    of: str
    dtype: str
    verdict: str
    max_ulp: float
    max_scaled: float
    max_normwise: float
    max_over_bound: float | None
    worst: Finding | None
    findings: tuple[Finding, ...]
    rows: int
    refused: int = 0
    tol: float = 8.0
    seed: int = 0
    largest: Mapping[str, Finding] = field(default_factory=dict)
    """The row with the largest error by each of the numbers, as it was tried, where it has a result."""
    notes: tuple[str, ...] = ()
    exhaustive: bool = False
    seconds: dict[str, float] = field(default_factory=dict, compare=False)
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    parameter: str | None = None
    """The name of the operator's parameter."""
    map: ErrorMap | None = None
    """Errors over a plane of inputs, where pictures were asked for."""
    points: tuple[Point, ...] = ()
    """A sample of rows, then, and those that err most."""

    @property
    def maxima(self) -> str:
        """What the maxima are."""
        return "exhaustive: upper bounds" if self.exhaustive else "lower bounds, over samples"

    @property
    def where(self) -> tuple[str, ...]:
        """Why the worst row was tried."""
        return self.worst.tags if self.worst is not None else ()

    @property
    def holds(self) -> bool:
        return self.verdict == "holds"

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; infinities as strings. Seconds are left out: of one audit there are always the same bytes."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "seconds"}
        found["worst"] = self.worst.to_dict() if self.worst is not None else None
        found["findings"] = [finding.to_dict() for finding in self.findings]
        found["largest"] = {name: finding.to_dict() for name, finding in self.largest.items()}
        found["where"] = list(self.where)
        found["spreads"] = {name: asdict(spread) for name, spread in self.spreads.items()}
        found["maxima"] = self.maxima
        found["map"] = self.map and self.map.to_dict()
        found["points"] = [asdict(point) for point in self.points]
        return plain(found)

    def plain(self) -> dict[str, Any]:
        """Data that JSON can hold, from which `read` makes the same: what `to_dict` gives, and what belongs to no result."""
        beside = self.map and {**self.map.to_dict(), "axis": asdict(self.map.axis), "sets": dict(self.map.sets)}
        return plain({**self.to_dict(), "map": beside, "seconds": self.seconds})

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Audit:
        """What `plain` wrote. Raises ValueError, TypeError or KeyError for anything else."""
        found: dict[str, Any] = {name: data[name] for name in cls.__dataclass_fields__}
        for name in ("max_ulp", "max_scaled", "max_normwise", "tol"):
            found[name] = float(found[name])
        found["max_over_bound"] = None if found["max_over_bound"] is None else float(found["max_over_bound"])
        found["worst"] = found["worst"] and Finding.read(found["worst"])
        found["findings"] = tuple(map(Finding.read, found["findings"]))
        found["largest"] = {name: Finding.read(finding) for name, finding in found["largest"].items()}
        found["spreads"] = {
            name: Spread(q["rows"], *_floats(q, "p50", "p99", "max")) for name, q in found["spreads"].items()
        }
        found["map"] = found["map"] and ErrorMap.read(found["map"])
        found["points"] = tuple(_point(point) for point in found["points"])
        return cls(**{**found, "notes": tuple(found["notes"])})

    def to_json(self, indent: int | None = None) -> str:
        """The audit as JSON."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def plot(self, what: str | None = None, ax: Any = None) -> Any:
        """Draw what was asked for by `pictures`, by matplotlib: "map", scaled errors over a plane of inputs with its dangerous sets;
        "condition" or "bound", the errors of a sample of rows over these. The first that there is, by default.

        Parameters: `ax`, matplotlib axes to draw on. Returns the axes. Raises ValueError where the audit has no such picture,
        ImportError without matplotlib.
        """
        from smoothsym.auditing.drawing import drawn

        return drawn(self, what, ax)

    def _repr_html_(self) -> str:
        told = [*self.findings, *([self.worst] if self.worst is not None and self.worst not in self.findings else [])]
        rows = []
        for finding in told:
            given = "" if finding.parameter is None else f"{self.parameter} = {brief(finding.parameter)}"
            kind = finding.kind + ("" if finding.falls or finding.kind == "largest error" else " (no fault)")
            where = "" if finding.component is None else f"entry {finding.component}: "
            cells = (kind, number(finding.scaled), number(finding.ulp), shown(finding.inputs), given)
            rows.append((*cells, f"{where}{finding.got[:40]}", finding.exact))
        tones = [notebook.BAD if finding.falls else "" for finding in told]
        title = f"{self.verdict}: {self.target} as {self.op} {self.of} in {self.dtype}, {self.rows} rows"
        return notebook.table(("finding", "scaled", "ulp", "x", "parameter", "got", "exact"), rows, title, tones)

    def __str__(self) -> str:
        head = f"{self.verdict}: {self.worst}" if self.worst is not None else f"{self.verdict}: no row was judged"
        about = f"{self.target} as {self.op} {self.of} in {self.dtype}: {self.rows} rows"
        about += f", {self.refused} without a reference" if self.refused else ""
        lines = [head, about, *self.numbers()]
        lines += [f"  {finding}" for finding in self.findings if finding is not self.worst]
        return "\n".join([*lines, *self.notes])

    def numbers(self) -> Iterator[str]:
        """The numbers side by side: what half of the rows, 99 in 100, and the worst one found err by."""
        for name, spread in self.spreads.items():
            most = "most" if self.exhaustive and name != "over_bound" else "least"
            p50, p99, largest = (number(value) for value in (spread.p50, spread.p99, spread.max))
            aside = {"scaled": f" (tol {self.tol:g})", "over_bound": f" (on {spread.rows} rows)"}.get(name, "")
            yield f"{name.replace('_', ' ')}: p50 {p50}, p99 {p99}, max at {most} {largest}{aside}"


def _floats(data: Mapping[str, Any], *names: str) -> list[float]:
    return [float(data[name]) for name in names]


def _point(data: Mapping[str, Any]) -> Point:
    scaled, error, condition = _floats(data, "scaled", "error", "condition")
    bound = None if data["bound"] is None else float(data["bound"])
    return Point(data["n"], tuple(data["inputs"]), data["parameter"], scaled, error, condition, bound)
