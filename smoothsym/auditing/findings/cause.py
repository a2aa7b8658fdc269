"""What kind of failure a row shows: the operator's own programs, run with and without the format's limits, tell range from precision.

not finite, or zero   the definition fails likewise in the format, and not with numbers of any size: overflow, underflow;
                      or a sum of many moderate terms is beyond the format: accumulation
off by roundings      of larger numbers whose difference is the result: cancellation; of a sum of many terms: accumulation
none of these         inaccurate, until calls of the target tell more (refined.py)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isinf, isnan
from typing import Any

from mpmath import libmp

from smoothsym.auditing.findings import mechanism
from smoothsym.auditing.measuring.judge import Judgement, Reference, allowance, error_of, pairwise, ratio
from smoothsym.cases import Case
from smoothsym.formats import Format

ILL_CONDITIONED = 1024
"""So many ulps, allowed by the scaled error, are worth a finding about the input."""

TOLERANCE = 8.0
"""The tolerance at which a rounding counts as one."""

EXPLAINED = 1000
"""By so much the error must shrink without the format's range for the range to be its cause."""

ALIKE = 16
"""Two errors are alike where they differ by so small a part of themselves; one is nothing beside another that is so much larger."""

EDGE = 2.0**-8
"""So far, relatively, an input may be from where the definition leaves the format's range."""


def kind_of(
    judgement: Judgement,
    got: Sequence[float],
    reference: Reference,
    case: Case,
    op: Any,
    of: Any,
    fmt: Format,
    tol: float,
) -> str | None:
    """What kind of finding a judged ordinary row is; None where it is none.

    An error beyond tolerance that n roundings of a sum of n terms explain is one that sound code may make: every published
    bound allows it (Blanchard, Higham and Higham: (n + 3)u for softmax), and a better order of summation avoids it.
    """
    if not judgement.scaled > tol:
        ill = judgement.ulp > ILL_CONDITIONED and judgement.upper > ILL_CONDITIONED
        return "ill-conditioned input" if ill else None
    if any(isinf(v) for v in case.x):
        return "special value"
    row = _Row(judgement, reference, case, op, of, fmt, tol)
    if isnan(judgement.got) or isinf(judgement.got):
        return row.by_crowd() or row.by_range(alike=False) or ("overflow" if isinf(judgement.got) else "inaccurate")
    if kind := row.by_range(alike=True):
        return kind
    if of != "value" and parts_ties(got, case):
        return "gradient at a tie"
    size = len(case.x)
    if judgement.scaled <= min(size * tol / TOLERANCE, pairwise(size, tol)):
        return "accumulation"
    if row.by_rounding():
        return "accumulation" if row.by_sums() else "cancellation"
    if kind := row.by_range(alike=False):
        return kind
    if max(row.exact, judgement.error) < float(fmt.smallest_normal):
        return "underflow"
    if judgement.scaled <= size * tol / TOLERANCE or row.by_sums():
        return "accumulation"
    return "inaccurate"


def parts_ties(got: Sequence[float], case: Case) -> bool:
    """Whether equal entries get different derivatives, as those of no symmetric function are."""
    seen: dict[Any, float] = {}
    if len(got) != len(case.x):
        return False
    beside = case.v if case.v is not None and len(case.v) == len(case.x) else (0.0,) * len(case.x)
    return any(seen.setdefault(key, g) != g for key, g in zip(zip(case.x, beside, strict=True), got, strict=True))


@dataclass(frozen=True)
class _Row:
    """A row beyond tolerance, and what its operator's programs make of it."""

    judgement: Judgement
    reference: Reference
    case: Case
    op: Any
    of: Any
    fmt: Format
    tol: float

    @property
    def exact(self) -> float:
        return abs(float(libmp.to_float(self.judgement.exact, strict=False)))

    @cached_property
    def allowed(self) -> Any:
        return allowance(self.reference.measured.scales(self.judgement.component)._mpf_, self.fmt)

    def _run(self, form: str) -> mechanism.Run | None:
        key = (form, self.fmt)
        if key not in self.reference.memo:
            self.reference.memo[key] = mechanism.run(self.op, self.of, self.case, self.fmt, form)
        found: mechanism.Run | None = self.reference.memo[key]
        return found

    def by_range(self, alike: bool) -> str | None:
        """The format's range, where the definition fails in it and not without it; `alike`: by the same error, at this very input.

        Else inputs beside it count too: at some the definition is right by luck, or its sums are in another order.
        """
        run, judged = self._run("naive"), self.judgement
        if run is None:
            return None
        place = min(judged.component, len(run.limited) - 1)
        left = self.left(run, place)
        if left > self.tol and left * (ALIKE if alike else EXPLAINED) > judged.scaled:
            return None
        limited = run.limited[place]
        if alike:
            same = limited == judged.got or ALIKE * abs(limited - judged.got) <= judged.error
            return self._of(run, place, judged.exact) if same else None
        found = self._of(run, place, judged.exact)
        return found or next(filter(None, (self._of(near, place, near.free[place]) for near in self._beside())), None)

    def _of(self, run: mechanism.Run, place: int, exact: Any) -> str | None:
        """The end of the range that a run of the definition leaves, where it fails as the target does."""
        limited, judged = run.limited[place], self.judgement
        off = ratio(error_of(limited, exact, self.fmt), self.allowed)
        if off <= self.tol or (_way(limited) == "finite") != (_way(judged.got) == "finite"):
            return None
        if _way(judged.got) == "finite":
            return "underflow" if run.under and off <= ALIKE * judged.scaled <= ALIKE**2 * off else None
        if run.crowded and not run.over:
            return "accumulation"
        return {"over": "overflow", "under": "underflow"}[run.first] if run.over or run.under else None

    def _beside(self) -> Iterator[mechanism.Run]:
        """The definition at slightly larger and smaller inputs."""
        for by in (1, -1, 3, -3):
            x = tuple(v * (1 + by * EDGE * (1 + q % 2)) for q, v in enumerate(self.case.x))
            run = mechanism.run(self.op, self.of, Case(x, self.case.parameter, (), self.case.v), self.fmt)
            if run is not None:
                yield run

    def left(self, run: mechanism.Run, place: int) -> float:
        """The scaled error of the definition without the format's range."""
        return ratio(libmp.mpf_abs(libmp.mpf_sub(run.free[place], self.judgement.exact, 64, "n")), self.allowed)

    def by_crowd(self) -> str | None:
        """A sum beyond the format, of so many moderate terms, in the stable form too."""
        run = self._run("stable") if len(self.case.x) >= 2.0 ** (self.fmt.emax // 2 - 1) else None
        return "accumulation" if run is not None and run.crowded and not run.over else None

    def by_rounding(self) -> bool:
        """Whether one rounding of the larger numbers that the result is a difference of explains the error."""
        if self.judgement.error <= self.tol * float(self.fmt.u) * natural(self.case, self.op, self.of, self.exact):
            return True
        run = self._run("naive")
        if run is None:
            return False
        place = min(self.judgement.component, len(run.limited) - 1)
        same = ALIKE * abs(run.limited[place] - self.judgement.got) <= self.judgement.error
        return same and self.left(run, place) * ALIKE > self.judgement.scaled

    def by_sums(self) -> bool:
        """Whether sums taken term by term in the format explain the error, in a form that errs by nothing else."""
        if not int(TOLERANCE) <= len(self.case.x) or self.judgement.scaled > 4 * len(self.case.x):
            return False
        errors = []
        for sums in ("sequential", "folded"):
            try:
                output = mechanism.in_format(self.op, self.of, self.case, self.fmt, "stable", sums).reshape(-1)
            except mechanism.NO_RUN:
                return False
            error = error_of(
                float(output[min(self.judgement.component, len(output) - 1)]), self.judgement.exact, self.fmt
            )
            errors.append(ratio(error, self.allowed))
        return 4 * errors[0] >= self.judgement.scaled > 4 * errors[1]


def natural(case: Case, op: Any, of: Any, exact: float) -> float:
    """The size of the numbers whose difference is a small result: one rounding of them is what cancellation leaves."""
    largest = max(abs(v) for v in case.x)
    if op.kind == "modulus":
        return largest if of == "value" else exact
    sharpness = abs(case.parameter or 1.0)
    if of != "value":
        beside = max(map(abs, case.v), default=0.0) if case.v is not None else 1.0
        return (1 + sharpness * largest) * max(exact, beside / len(case.x))
    return max(largest, 1 / sharpness)


def _way(got: float) -> str:
    """What stands for a number: something finite, or nothing of it, be it zero, infinite or nan."""
    return "lost" if isnan(got) or isinf(got) or got == 0 else "finite"
