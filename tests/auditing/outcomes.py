"""What becomes of a wrong program: an audit catches it, or its own bound says that it promises as much as the kernel that it was made from.

caught          the audit falls short
over the bound  it holds, and errs by more than the kernel's bound allows
equivalent      the same program, written otherwise, for either sign of the parameter
harmless        on rows far and wide, and on both sides of every edge of its own regimes, what it computes exactly is so near the
                truth, and what its floats may lose beside that is so little, that the two are within tolerance, or within four times
                the kernel's own bound, which is two bits; rows on which neither has a finite bound show nothing, and others are taken
alike           likewise, but for rows where its bound is not finite: there its bits are the kernel's
caught late     it errs beyond tolerance on one of these rows, or may, and an audit with ten times as many rows falls short
missed          it errs beyond tolerance on one of these rows, and neither audit saw it
unexplained     it may err by more, for all that is known
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice, product
from math import isnan, nan
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp
from mutants import Mutant, kept, mutants, rebuilt

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing.asking.facts import facts_of
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.measuring.judge import allowance
from smoothsym.auditing.sharing.dividing import BUDGET
from smoothsym.cases import Case, cases, default_parameters
from smoothsym.certify.instance import Instance, flat
from smoothsym.kernels.kernel import Kernel
from smoothsym.program import arrays
from smoothsym.program.engines import engine
from smoothsym.program.intervals import Undefined
from smoothsym.program.operations import Operation, Program
from smoothsym.program.specialise import Known, specialised

SUBJECTS = (
    ("logsumexp", "stable"),
    ("logsumexp", "stable_gradient"),
    ("boltzmann", "stable"),
    ("boltzmann", "stable_gradient"),
    ("mellowmax", "stable"),
    ("pnorm", "stable"),
    ("softplus", "stable"),
    ("smu", "stable"),
    ("smu", "stable_gradient"),
    ("logcosh", "stable"),
)
"""The kernels whose programs are mutated."""

DOUBLE = formats.get("float64")
EDGES, LOOKED = 160, 20
"""So many rows about the edges of both programs; and so many of each class, whose bounds are looked at."""
DEEP = 2
"""So many choices are taken both ways at a time."""
FACTOR = 4.0
"""What may err by no more than so many times the kernel's bound is no worse than the kernel."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant, and a word about it."""

    kernel: Kernel
    said: str
    what: str
    about: str = ""

    @property
    def settled(self) -> bool:
        return self.what not in ("missed", "unexplained")

    def __str__(self) -> str:
        return f"{self.kernel.op.name} {self.kernel.name}, {self.said}: {self.what}{f' ({self.about})' if self.about else ''}"


def kernels() -> Iterator[Kernel]:
    for name, kernel in SUBJECTS:
        yield ss.operators[name].kernels[kernel]


def all_mutants() -> list[tuple[Kernel, str, Mutant]]:
    """Every mutant of every subject."""
    return [
        (kernel, said, Mutant(kernel.op, kernel.of, kernel.form, mutant))
        for kernel in kernels()
        for said, mutant in mutants(kernel.program)
    ]


def outcome(kernel: Kernel, said: str, mutant: Mutant, tol: float = 8.0) -> Outcome:
    """Audit a mutant with the default budget, held to the bound of the stable kernel as any code is; explain it if it holds."""
    if equivalent(kernel, mutant):
        return Outcome(kernel, said, "equivalent")
    audit = ss.audit(mutant, kernel.op, kernel.of, "float64", tol=tol, timeout=None)
    if not audit.holds:
        return Outcome(kernel, said, "caught", audit.worst.kind)
    if (audit.max_over_bound or 0) > 1:
        return Outcome(kernel, said, "over the bound", f"{audit.max_over_bound:.3g}")
    what, about = explained(kernel, mutant, tol)
    if what in ("missed", "unexplained"):
        longer = ss.audit(mutant, kernel.op, kernel.of, "float64", tol=tol, timeout=None, budget=10 * BUDGET)
        return Outcome(kernel, said, what if longer.holds else "caught late", about)
    return Outcome(kernel, said, what, about)


# ---- the same program ----------------------------------------------------------------------------------------------------------


def equivalent(kernel: Kernel, mutant: Mutant) -> bool:
    """Whether a mutant is the kernel's program, for either sign of the parameter, by rewritings that are exact in floats."""
    symbol = kernel.op.parameter
    signs = [1] if symbol is None or symbol.is_nonnegative else [1, -1]
    named = [{} if symbol is None else {symbol.name: Known(sign)} for sign in signs]
    return all(canonical(kernel.program, known) == canonical(mutant.mutant, known) for known in named)


def canonical(program: Program, known: dict[str, Known]) -> Program:
    """A program that equal ones have in common: specialised, and divided by -1 nowhere."""
    found = specialised(program, known)
    minus_one = Operation("number", (), 0, Fraction(-1))
    operations = [
        Operation("neg", q.args[:1], q.rank)
        if q.name == "div" and found.operations[q.args[1][0]] == minus_one and len(q.args[0][1]) == q.rank
        else q
        for q in found.operations
    ]
    return specialised(Program(tuple(operations), found.outputs), known)


# ---- what it may err -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row, what the mutant computes there, and whether its bits are the kernel's; its class is that and where it is from."""

    case: Case
    got: Any
    same: bool
    net: bool


def explained(kernel: Kernel, mutant: Mutant, tol: float) -> tuple[str, str]:
    """Why a mutant passes, or that it should not."""
    rows = [row for part in sought(kernel, mutant) for row in compared(kernel, mutant, *part)]
    classes = [evenly([r for r in rows if (r.same, r.net) == kind]) for kind in product((False, True), repeat=2)]
    for row in (row for some, wanted in classes for row in some[:wanted]):
        if not row.same and (error := fault(kernel, row, tol)):
            return "missed", f"{row.case.x}, {row.case.parameter}: scaled {error:.3g}"
    shown = unbounded = empty = 0
    for some, wanted in classes:
        last = shown + unbounded
        for row in islice(some, 2 * wanted):
            over = excess(kernel, mutant, row.case, tol)
            if over is None and row.same:
                unbounded += 1
            elif over is None or over > 1:
                return "unexplained", f"{row.case.x}, {row.case.parameter}: may err {over} times what is allowed"
            elif isnan(over):
                empty += 1
            else:
                shown += 1
            if shown + unbounded - last == wanted:
                break
        if some and not some[0].same and shown == last:
            return "unexplained", f"neither it nor the kernel has a bound on {empty} rows where their bits differ"
    changed = sum(not row.same for row in rows)
    about = f"on {shown} rows of {len(rows)}, {changed} of them with other bits"
    about += f"; {empty} more show nothing, since the kernel has no bound there either" if empty else ""
    if unbounded:
        return "alike", f"{about}; {unbounded} rows have no bound, and the kernel's bits"
    return ("harmless", about) if shown else ("unexplained", "no row has a bound")


def evenly(rows: list[Row]) -> tuple[list[Row], int]:
    """Rows in an order of which any beginning is spread over all of them; and how many of them are to be looked at."""
    step = max(1, -(-len(rows) // LOOKED))
    return [row for first in range(step) for row in rows[first::step]], len(rows[::step])


def fault(kernel: Kernel, row: Row, tol: float) -> float:
    """The scaled error at a row where it is beyond tolerance; else 0."""
    got = row.got if kernel.rank else row.got[0]
    task = measure.Task(lambda *_, **__: got, kernel.op, kernel.of, DOUBLE, tol)
    tally, (score,) = measure.scored(task, [row.case])
    tally.settle(task)
    return float(score) if score > tol or any(f.falls for f in tally.findings.values()) else 0.0


def compared(kernel: Kernel, mutant: Mutant, rows: Any, parameter: float | None, net: bool) -> list[Row]:
    named = {} if parameter is None else {kernel.op.parameter.name: parameter}
    with measure.silence():
        got, right = (np.asarray(f(rows, **named)).reshape(len(rows), -1) for f in (mutant, kernel))
    same = ((got == right) | (np.isnan(got) & np.isnan(right))).all(axis=1)
    return [
        Row(Case(tuple(x), parameter, ()), g, bool(s), net)
        for x, g, s in zip(np.asarray(rows).tolist(), got, same, strict=True)
    ]


def excess(kernel: Kernel, mutant: Mutant, case: Case, tol: float, deep: int = DEEP) -> float | None:
    """The most that a mutant may err at a row, over what is allowed there; None where it has no finite bound, nan where the kernel has
    none either: such a row shows nothing.

    A bound that does not know which of two forms is taken, or knows that floats take another than exact numbers do, counts how far
    these are apart. One of them is taken, however: so what the programs may err that always take one of those bounds it, too.
    """
    most = _excess(kernel, mutant, case, tol)
    if not deep or (most is not None and not most > 1):
        return most
    for one in ways(mutant, case, _named(kernel, case)):
        known: list[float] = []
        for way in one:
            found = excess(kernel, way, case, tol, deep - 1)
            if found is None or not found < (np.inf if most is None else most):
                break
            known.append(found)
        else:
            most = max(known)
            if most <= 1:
                break
    return most


def ways(mutant: Mutant, case: Case, named: dict[str, Fraction]) -> Iterator[list[Mutant]]:
    """For each choice that is one for the whole row, the last first: the programs that always take one form that floats may take."""
    for place, operation in reversed(list(enumerate(mutant.mutant.operations))):
        if operation.name == "either" and not operation.rank:
            test = Program(mutant.mutant.operations, (operation.args[0],))
            forms = (2,) if vanishes(test, case, named) else (1, 2)
            yield [replace(mutant, mutant=rebuilt(mutant.mutant, place, kept(which))) for which in forms]


def vanishes(test: Program, case: Case, named: dict[str, Fraction]) -> bool:
    """Whether floats hold 0 of a number that is not: it is far below the smallest one, and that is what they get."""
    exact = enclosures(test, case, named)
    if exact is None or libmp.mpf_sign(exact[0][0]) < 0 or not libmp.mpf_lt(exact[0][1], FAR_BELOW):
        return False
    given = {name: float(value) for name, value in named.items()}
    with measure.silence():
        return bool(arrays.run(test, np.array([case.x]), given)[0] == 0)


def _named(kernel: Kernel, case: Case) -> dict[str, Fraction]:
    return {} if kernel.op.parameter is None else {kernel.op.parameter.name: Fraction(case.parameter)}


def _excess(kernel: Kernel, mutant: Mutant, case: Case, tol: float) -> float | None:
    right = measure.reference(kernel.op, kernel.of, case)
    if right.measured is None:
        return 0.0
    named = _named(kernel, case)
    given = {name: float(value) for name, value in named.items()}
    x = np.array(case.x if kernel.op.arity == 1 else [case.x])
    lost = np.ravel(mutant.rigorous(np.array([case.x]), DOUBLE, **given))
    own = np.ravel(ss.bound(kernel).rigorous(x, dtype="float64", **given))
    if not np.isfinite(lost).all():
        return None if np.isfinite(own).all() else nan
    exact = enclosures(mutant.mutant, case, named)
    if exact is None:
        return np.inf
    worst = 0.0
    for place, (true, (least, most)) in enumerate(zip(right.measured.values, exact, strict=True)):
        ends = [abs(fraction(a._mpf_) - fraction(b)) for a in true for b in (least, most)]
        within = tol * float(libmp.to_float(allowance(right.measured.scales(place)._mpf_, DOUBLE)))
        promised = own[place]
        allowed = max(within, FACTOR * promised if np.isfinite(promised) else 0.0)
        worst = max(worst, (float(max(ends)) + float(lost[place])) / allowed)
    return worst


ZERO = (libmp.fzero, libmp.fzero)
FAR_BELOW = libmp.from_man_exp(1, -1080)
BEYOND = "beyond every number"


class Forgiving:
    """Enclosures among which what is undefined is None, and harms nothing where another form is taken; 1/0 is beyond every number."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.number = inner, inner.number

    def apply(self, name: str, *args: Any) -> Any:
        if not self.known(args):
            return None
        ends = [self.inner.interval(a) for a in args]
        positive = libmp.mpf_sign(ends[-1 if name == "pow" else 0][0]) > 0
        if name == "pow" and ends[0] == ZERO and positive:
            return args[0]
        if name == "div" and ends[1] == ZERO and positive:
            return BEYOND
        try:
            return self.inner.apply(name, *args)
        except ArithmeticError:
            return None

    def sum(self, values: Any) -> Any:
        return self.inner.sum(values) if self.known(values) else None

    def extremum(self, name: str, values: Any) -> Any:
        return self.inner.extremum(name, values) if self.known(values) else None

    def argmax(self, values: Any) -> int:
        if not self.known(values):
            raise Undefined("the largest of what is undefined")
        return self.inner.argmax(values)

    def prefers(self, test: Any) -> bool:
        if test is None:
            raise Undefined("a choice by what is undefined")
        return test == BEYOND or self.inner.prefers(test)

    @staticmethod
    def known(values: Any) -> bool:
        return not any(v is None or v == BEYOND for v in values)


def enclosures(program: Program, case: Case, named: dict[str, Fraction]) -> Any:
    """What a program computes exactly, entry by entry; None where that is not known."""
    inner = engine("mpmath")(400)
    instance = Instance(program, [Fraction(v) for v in case.x], named, len(case.x), {})
    try:
        with inner.working():
            found = flat(instance.run(Forgiving(inner))[0])
            return [inner.interval(v) for v in found] if Forgiving.known(found) else None
    except (ArithmeticError, ValueError):
        return None


def fraction(raw: Any) -> Fraction:
    """What is far below every float is as good as zero."""
    return Fraction(0) if not raw[1] or raw[2] + raw[3] < -5000 else formats.to_fraction(mpmath.mp.make_mpf(raw))


# ---- rows that no audit has chosen ---------------------------------------------------------------------------------------------


def sought(kernel: Kernel, mutant: Mutant) -> Iterator[tuple[Any, float | None, bool]]:
    """Rows far and wide (True), and rows about the edges of the regimes of both programs; with their parameter."""
    yield from ((rows, parameter, True) for rows, parameter in nets(kernel))
    plain = facts_of(kernel.op, kernel.of)
    parameters = default_parameters(plain, DOUBLE)
    facts = type(plain)(**{**plain.__dict__, "programs": (mutant.mutant, kernel.program)})
    facts = facts if kernel.op.parameter is None else facts.spanning(min(0.0, *parameters), max(parameters))
    lengths = (1, 2, 5) if kernel.op.arity is None else (kernel.op.arity,)
    groups: dict[Any, list[Any]] = {}
    for case in cases(facts, DOUBLE, lengths, parameters, seed=1, budget=EDGES):
        if case.x and np.isfinite(case.x).all() and (case.parameter is None or 0 != abs(case.parameter) < np.inf):
            groups.setdefault((len(case.x), case.parameter), []).append(case.x)
    for (_, parameter), rows in groups.items():
        yield np.array(rows), parameter, False


@lru_cache(maxsize=64)
def nets(kernel: Kernel, count: int = 400) -> tuple[tuple[Any, float | None], ...]:
    """Rows far and wide, by length and parameter: maxima of any size, and gaps below them of any other."""
    rng, op = np.random.default_rng(2026), kernel.op
    usual = (
        (2.0, 1.0, 3.0, 1.5, 0.5, -1.0, 2.0**-5) if op.kind == "modulus" else (1.0, -1.0, 0.5, 20.0, 2.0**-26, 2.0**26)
    )
    wanted = [v for v in usual if op.parameter is None or v > 0 or not op.parameter.is_nonnegative]
    found = []
    for parameter in wanted:
        for size in (1, 2, 5) if op.arity is None else (op.arity,):
            sharp = abs(parameter or 1.0)
            tops = [
                np.zeros(count),
                rng.normal(size=count),
                rng.normal(size=count) * 10.0 ** rng.integers(-5, 4, count),
            ]
            tops += [np.ldexp(rng.choice([-1.0, 1.0], count), rng.integers(-1074, 1024, count))]
            top = np.choose(rng.integers(len(tops), size=count), tops)
            gaps = rng.choice([0.0, 1.0], (count, size)) * 10.0 ** rng.uniform(-3, 3.1, (count, size))
            if op.kind == "modulus":
                top = np.ldexp(rng.uniform(0.5, 1, count), rng.integers(-1060, 1024, count))
                rows = top[:, None] * np.exp(-gaps / sharp) * rng.choice([-1.0, 1.0], (count, size))
                rows = np.abs(rows) if op.domain == "positive" else rows
                rows[rows == 0] = 1e-300
            else:
                rows = top[:, None] - np.where(rng.random((count, 1)) < 0.8, gaps / sharp, gaps) * np.sign(
                    parameter or 1.0
                )
            found.append((rng.permuted(rows, axis=1), parameter))
    return tuple(found)
