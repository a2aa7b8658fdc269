"""Audit the auditors: how often a reference is wrong, by who computes it, on one hostile suite.

    python tests/benchmarks/auditors.py [rows of a family] [seed]

A reference is right if it is the float64 nearest to the exact value. The judge is Arb, on formulas of its own, at a precision that is doubled until
the rounding is decided. A float is as good a reference as anybody's library takes it for; mpmath at a fixed number of digits is what test suites are written with.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf, isinf, isnan, nextafter, ulp
from typing import Any

import flint
import mpmath
import numpy as np
import scipy.special

import smoothsym as ss
from smoothsym.certify.enclosure import Refused

arb = flint.arb
Row = list[float]


@dataclass(frozen=True)
class Case:
    """One row of an operator: what is asked of it, the parameter, and the family that it comes from."""

    name: str
    of: str
    parameter: float
    row: Row
    family: str


# ---- formulas, as they are written down, over any numbers ----------------------------------------------------------------------


@dataclass(frozen=True)
class Numbers:
    """Numbers of some kind, and their functions."""

    number: Callable[[float], Any]
    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]
    sqrt: Callable[[Any], Any]
    log1p: Callable[[Any], Any]


def total(terms: Sequence[Any]) -> Any:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def formula(c: Numbers, case: Case, shifted: bool) -> list[Any]:
    """The definition; shifted, measured from the dominant entry, which is chosen among the floats."""
    a, x, n = c.number(case.parameter), [c.number(v) for v in case.row], c.number(float(len(case.row)))
    p, name, one = case.parameter, case.name, c.number(1.0)
    if name in ("logsumexp", "boltzmann", "mellowmax"):
        top = c.number((max if p > 0 else min)(case.row)) if shifted else c.number(0.0)
        weights = [c.exp(a * (v - top)) for v in x]
        z = total(weights)
        if name == "boltzmann":
            mean = total([w * (v - top) for w, v in zip(weights, x, strict=True)]) / z
            return (
                [w / z * (one + a * (v - top - mean)) for w, v in zip(weights, x, strict=True)]
                if case.of == "gradient"
                else [top + mean]
            )
        if case.of == "gradient":
            return [w / z for w in weights]
        return [top + c.log(z / n if name == "mellowmax" else z) / a]
    if name in ("pnorm", "lehmer", "powermean"):
        sizes = [abs(v) for v in case.row]
        top = c.number((max if p > 0 else min)(sizes)) if shifted else one
        y = [c.number(v) / top for v in sizes]
        if name == "lehmer":
            return [top * total([v**a for v in y]) / total([v ** (a - one) for v in y])]
        z = total([v**a for v in y])
        return [top * (z if name == "pnorm" else z / n) ** (one / a)]
    (first, *others), two = x, c.number(2.0)
    if name == "softplus":
        if shifted:
            return [c.log1p(c.exp(a * first)) / a if p * case.row[0] < 0 else first + c.log1p(c.exp(-a * first)) / a]
        return [c.log(one + c.exp(a * first)) / a]
    if name == "logcosh":
        if shifted:
            size = abs(a * first)
            return [(size + c.log1p(c.exp(-two * size)) - c.log(two)) / a]
        return [c.log((c.exp(a * first) + c.exp(-a * first)) / two) / a]
    (second,) = others
    return [(first + second + c.sqrt((first - second) * (first - second) + a)) / two]


JOBS = (
    ("logsumexp", "value", (1.0, 0.7, -2.0, 1e-8, 1e-300, 300.0, 1e300)),
    ("logsumexp", "gradient", (1.0, 0.7, -2.0, 1e-8, 300.0, 1e300)),
    ("boltzmann", "value", (1.0, 0.7, -2.0, 1e-8, 1e-300, 300.0, 1e300)),
    ("boltzmann", "gradient", (1.0, 0.7, -2.0, 1e-8, 300.0)),
    ("mellowmax", "value", (1.0, 0.7, -2.0, 1e-8, 1e-300, 300.0, 1e300)),
    ("pnorm", "value", (2.0, 3.5, 0.7, 100.3, 1e6, 1e17)),
    ("powermean", "value", (3.0, 0.7, -1e6, 1e-8, 100.3, 1e17)),
    ("lehmer", "value", (2.5, 0.7, -3.0, 100.3, 1e6)),
    ("softplus", "value", (1.0, 0.7, -2.0, 1e-8, 1e-300, 300.0, 1e300)),
    ("logcosh", "value", (1.0, 0.7, 1e-8, 300.0)),
    ("smu", "value", (1.0, 1e-4, 1e-300, 1e10)),
)

FAMILIES: dict[str, Callable[[np.random.Generator, int, float], Any]] = {
    "ordinary": lambda g, n, a: g.normal(0, 3, n),
    "near zero": lambda g, n, a: (-np.log(n) + g.normal(0, 1, n) * 10.0 ** -g.integers(6, 16)) / min(max(abs(a), 1e-3), 1e3),
    "of both signs": lambda g, n, a: np.resize([1.0, -1.0], n) * g.normal(0, 3) + g.normal(0, 1, n) * 1e-14,
    "dominated": lambda g, n, a: np.where(np.arange(n) == 0, 0.0, -g.uniform(30, 900, n)) / min(max(abs(a), 1e-3), 1e3),
    "far from zero": lambda g, n, a: 10.0 ** g.integers(5, 15) + g.random(n),
    "an ulp apart": lambda g, n, a: g.normal() * (1 + g.integers(-2, 3, n) * 2.0**-52),
    "tied": lambda g, n, a: g.integers(-3, 4, n).astype(float),
    "subnormal": lambda g, n, a: g.normal(0, 1, n) * 1e-310,
    "huge": lambda g, n, a: g.normal(0, 1, n) * 10.0 ** g.integers(290, 307),
    "of all sizes": lambda g, n, a: g.normal(0, 1, n) * 10.0 ** g.integers(-300, 300, n),
}  # fmt: skip


def suite(count: int, seed: int = 0) -> Iterator[Case]:
    """So many rows of every family for every job."""
    for job, (name, of, parameters) in enumerate(JOBS):
        op = ss.operators[name]
        for place, (family, draw) in enumerate(FAMILIES.items()):
            generator = np.random.default_rng([seed, job, place])
            for _ in range(count):
                a = float(generator.choice(parameters))
                row = draw(generator, op.arity or int(generator.integers(2, 9)), a)
                if op.domain == "positive" or op.kind == "modulus":
                    row = np.where(row == 0, 1.0, np.abs(row))
                yield Case(name, of, a, row.tolist(), family)


# ---- the judge -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """An exact value, as a ball that decides its rounding, and the float64 nearest to it."""

    ball: Any
    nearest: float

    def ulps(self, got: float) -> float:
        """How many units in the last place a float lies from the exact value; 0 if it is the nearest one."""
        if got == self.nearest:
            return 0.0
        if isnan(got) or isinf(got) or isinf(self.nearest):
            return inf
        return float((abs(arb(got) - self.ball) / arb(ulp(self.nearest))).mid())


BALLS = Numbers(arb, arb.exp, arb.log, arb.sqrt, arb.log1p)
EDGE = arb(2) ** 1024 - arb(2) ** 970


def truths(case: Case) -> list[Truth]:
    """Raises ArithmeticError where the rounding is not decided: nothing is scored by a guess."""
    bits = 256
    while bits <= 1 << 15:
        flint.ctx.prec = bits
        found = [_rounded(t) for t in formula(BALLS, case, shifted=True)]
        if all(found):
            return [t for t in found if t]
        bits *= 2
    raise ArithmeticError(f"{case} is not decided at {bits // 2} bits")


def _rounded(t: Any) -> Truth | None:
    if not t.is_finite():
        return None
    if abs(t) > EDGE:
        return Truth(t, inf if t > 0 else -inf)
    x = float(t.mid()) if abs(t) < EDGE else inf
    for guess in (x, nextafter(x, inf), nextafter(x, -inf)):
        if isinf(guess):
            continue
        if 2 * t > arb(guess) + _or_edge(nextafter(guess, -inf)) and 2 * t < arb(guess) + _or_edge(
            nextafter(guess, inf)
        ):
            return Truth(t, guess)
    return None


def _or_edge(x: float) -> Any:
    return arb(2) ** 1024 * (1 if x > 0 else -1) if isinf(x) else arb(x)


# ---- the sources ---------------------------------------------------------------------------------------------------------------

Answer = tuple[list[float], list[tuple[Any, Any]] | None]
"""Floats, and the intervals that they are taken from."""


@dataclass(frozen=True)
class Source:
    """Who computes references: of a case, or None where there is no such function."""

    label: str
    answer: Callable[[Case], Answer | None]


def by_mpmath(digits: int, shifted: bool, case: Case) -> Answer:
    with mpmath.workdps(digits):
        c = Numbers(mpmath.mpf, mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.log1p)
        return [float(v) for v in formula(c, case, shifted)], None


def by_intervals(digits: int, shifted: bool, case: Case) -> Answer:
    iv = mpmath.iv
    before, iv.dps = iv.dps, digits
    try:
        c = Numbers(iv.mpf, iv.exp, iv.log, iv.sqrt, lambda a: iv.log(1 + a))
        found = formula(c, case, shifted)
        with mpmath.workdps(digits + 10):
            return [float(mpmath.mpf(v.mid)) for v in found], [(mpmath.mpf(v.a), mpmath.mpf(v.b)) for v in found]
    finally:
        iv.dps = before


def by_floats(kind: Any, shifted: bool, case: Case) -> Answer:
    c = Numbers(kind, np.exp, np.log, np.sqrt, np.log1p)
    with np.errstate(all="ignore"):
        return [float(v) for v in formula(c, case, shifted)], None


def by_scipy(case: Case) -> Answer | None:
    with np.errstate(all="ignore"):
        x = case.parameter * np.array(case.row)
    if case.name == "logsumexp" and np.isfinite(x).all():
        with np.errstate(all="ignore"):
            found = scipy.special.softmax(x) if case.of == "gradient" else scipy.special.logsumexp(x) / case.parameter
        return np.atleast_1d(found).tolist(), None
    return None


def by_us(batch: bool, engine: str, case: Case) -> Answer:
    op = ss.operators[case.name]
    rows = np.array([case.row]) if batch else [case.row]
    found = ss.reference(op, rows, of=case.of, engine=engine, **{op.parameter.name: case.parameter})
    return np.ravel(found).tolist(), None


SOURCES = (
    *(Source(f"mpmath, {d} digits, {'shifted' if s else 'textbook'}", partial(by_mpmath, d, s)) for d in (50, 100, 200) for s in (False, True)),
    *(Source(f"mpmath.iv, {d} digits, {'shifted' if s else 'textbook'}", partial(by_intervals, d, s)) for d in (15, 50) for s in (False, True)),
    *(Source(f"{kind.__name__}, {'shifted' if s else 'textbook'}", partial(by_floats, kind, s)) for kind in (np.float64, np.longdouble) for s in (False, True)),
    Source("SciPy, where it has it", by_scipy),
    Source("ours, batch", partial(by_us, True, "mpmath")),
    Source("ours, row by row", partial(by_us, False, "mpmath")),
    Source("ours, row by row, by Arb", partial(by_us, False, "arb")),
)  # fmt: skip


# ---- the score -----------------------------------------------------------------------------------------------------------------


@dataclass
class Score:
    """What a source got wrong: values, of them such as are no number at all; the largest error in ulps; intervals without the truth."""

    values: int = 0
    wrong: int = 0
    nothing: int = 0
    worst: float = 0.0
    refused: int = 0
    missed: int = 0
    intervals: int = 0
    seconds: float = 0.0
    families: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)

    def add(self, case: Case, exact: list[Truth], answer: Callable[[Case], Answer | None]) -> None:
        start = time.perf_counter()
        try:
            answered = answer(case)
        except Refused:
            self.refused += 1
            return
        except (ArithmeticError, ValueError, TypeError):
            answered = [float("nan")] * len(exact), None
        finally:
            self.seconds += time.perf_counter() - start
        if answered is None:
            return
        got, intervals = answered
        for value, truth in zip(got, exact, strict=True):
            error = truth.ulps(value)
            self.values += 1
            if error:
                self.wrong += 1
                self.nothing += isinf(error)
                self.worst = max(self.worst, error if error < inf else 0.0)
                self.families[case.family] = self.families.get(case.family, 0) + 1
                job = f"{case.name} {case.of}"
                self.jobs[job] = self.jobs.get(job, 0) + 1
        for ends, truth in zip(intervals or (), exact, strict=False):
            self.intervals += 1
            self.missed += not _holds(ends, truth.ball)


def _holds(ends: tuple[Any, Any], ball: Any) -> bool:
    """Whether an interval may hold the exact value, which is known far better than its ends differ from it."""
    low, high = (_ball_of(end) for end in ends)
    return (low is None or not low > ball) and (high is None or not high < ball)


def _ball_of(end: Any) -> Any:
    if not mpmath.isfinite(end):
        return None
    sign, man, exponent, _ = end._mpf_
    return arb((-int(man) if sign else int(man), int(exponent)))


def scored(cases: Iterator[Case], sources: Sequence[Source] = SOURCES) -> dict[str, Score]:
    """Every source on every case."""
    found = {source.label: Score() for source in sources}
    for case in cases:
        exact = truths(case)
        for source in sources:
            found[source.label].add(case, exact, source.answer)
    return found


def told(scores: dict[str, Score]) -> str:
    """A table, and where each source was wrong."""
    head = f"{'reference by':32}{'values':>8}{'wrong':>8}{'':8}{'no number':>11}{'largest error, ulps':>21}{'refused':>9}{'without truth':>15}{'seconds':>9}"
    lines = [head, "-" * len(head)]
    for label, s in scores.items():
        worst = "" if not s.worst else f"{s.worst:.2f}" if s.worst < 1e6 else f"{s.worst:.1e}"
        missed = f"{s.missed} of {s.intervals}" if s.intervals else ""
        share = f"{s.wrong / max(s.values, 1):.2%}"
        lines.append(
            f"{label:32}{s.values:8}{s.wrong:8}{share:>8}{s.nothing or '':>11}{worst:>21}{s.refused or '':>9}{missed:>15}{s.seconds:9.1f}"
        )
    for what in ("families", "jobs"):
        lines += ["", f"wrong, by {what}:"]
        for label, s in scores.items():
            counts = getattr(s, what)
            if counts:
                lines.append(
                    f"  {label:32}"
                    + ", ".join(f"{key} {counts[key]}" for key in sorted(counts, key=counts.get, reverse=True))
                )
    return "\n".join(lines)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    scores = scored(suite(count, seed))
    print(
        f"{count * len(FAMILIES) * len(JOBS)} rows: {len(JOBS)} outputs, {len(FAMILIES)} families; mpmath on {mpmath.libmp.BACKEND}\n"
    )
    print(told(scores))
    ours = [s for label, s in scores.items() if label.startswith("ours")]
    if any(s.wrong for s in ours):
        sys.exit(1)


if __name__ == "__main__":
    main()
