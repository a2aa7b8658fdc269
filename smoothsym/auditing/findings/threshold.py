"""A branch that is taken too early, or too late, shows where a right result turns wrong between neighbouring floats, and stays so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from math import isfinite, isnan

from smoothsym import formats
from smoothsym.auditing.findings.probe import Line, Probe, moved
from smoothsym.cases import Case

NEAR = (0, 1, 2, 3, 5, 8, 13, 34, 144, 1000)
"""How many floats from a threshold the target must be right on the one side, and wrong on the other."""

PARTS = 4
"""Into so many parts a stretch of floats is cut at a time, to find where a result turns wrong."""

RUNGS = 8
"""So many floats of a ladder away from a case are asked about at a time, to find one at which the result is right."""

APART = 3
"""The errors on the two sides of a threshold differ by such a factor at least."""

LINES = 4
"""Along so many entries, at most, a threshold is looked for."""


@dataclass(frozen=True)
class _Path:
    """One side of a line through a case, along an entry or the parameter: `at` makes the case with another number there."""

    line: Line
    here: int
    sign: int
    at: Callable[[float], Case]

    def case(self, place: int) -> Case:
        return self.at(self.line.number(place))

    def ladder(self, probe: Probe) -> list[int]:
        """Places that are twice, or eight times, as far away as the one before."""
        places = [self.here + self.sign * 2**power for power in range(0, self.line.fmt.bits, 3)]
        return [place for place in places if abs(place) <= self.line.last and probe.inside(self.line.number(place))]


@dataclass(frozen=True)
class _Bracket:
    """Two places of a path, one where the result is wrong and one where it is right."""

    path: _Path
    wrong: int
    right: int

    @property
    def away(self) -> int:
        return self.right - self.wrong

    def parts(self) -> list[int]:
        """Places that cut it, and its right end."""
        parts = min(PARTS, abs(self.away))
        return [self.wrong + self.away * q // parts for q in range(1, parts + 1)]

    def narrowed(self, errors: Sequence[float], tol: float) -> _Bracket:
        """The part in which a result turns right, nearest to the wrong end; by errors at all parts but the last."""
        places = [self.wrong, *self.parts()]
        first = next((q for q, error in enumerate(errors) if error <= tol), len(errors))
        return replace(self, wrong=places[first], right=places[first + 1])


Asked = Sequence[tuple[_Path, Sequence[int]]]


def _errors(asked: Asked, probe: Probe) -> list[list[float]]:
    """The errors at places of several paths: all are asked about at once, which costs little more than one."""
    found = iter(probe.errors([path.case(place) for path, places in asked for place in places]))
    return [list(islice(found, len(places))) for _, places in asked]


def threshold(case: Case, probe: Probe, component: int | None = None) -> bool:
    """Whether, along an entry or the parameter, a right result turns wrong between two neighbouring floats, and stays so.

    The exact function is smooth, and roundings are as they come: only a branch makes a jump that all floats about it agree on.
    """
    if probe.right(case):
        return False
    order = sorted(range(len(case.x)), key=lambda q: (q != component, -abs(case.x[q])))
    alike: dict[float, int] = {}
    entries = [q for q in order if alike.setdefault(case.x[q], q) == q][:LINES]
    line = Line(probe.task.fmt)
    paths = [
        _Path(line, line.place(case.x[q]), sign, partial(_with_entry, case, q)) for q in entries for sign in (1, -1)
    ]
    if _turns(paths, probe):
        return True
    if case.parameter is None or not isfinite(case.parameter) or not probe.task.passed or probe.task.parameters:
        return False
    line = Line(formats.get("float64"))
    at = partial(_with_parameter, case)
    return _turns([_Path(line, line.place(case.parameter), sign, at) for sign in (1, -1)], probe)


def _with_entry(case: Case, place: int, value: float) -> Case:
    return moved(case, {place: value})


def _with_parameter(case: Case, value: float) -> Case:
    return replace(case, parameter=value, tags=("probe",))


def _turns(paths: Sequence[_Path], probe: Probe) -> bool:
    """Whether there is such a place on one of the paths from a case that is wrong."""
    tol = probe.task.tol
    ends = _narrowed(_bracketed(paths, probe), probe)
    # Roundings are right and wrong in turn: most such places are given up at once.
    for steps in ((1,), NEAR):
        wrong = _errors([(end.path, [end.wrong - end.away * step for step in steps]) for end in ends], probe)
        right = _errors([(end.path, [end.right + end.away * step for step in steps]) for end in ends], probe)
        ends = [end for end, one, other in zip(ends, wrong, right, strict=True) if _jump(one, other, tol)]
    return bool(ends)


def _jump(wrong: Sequence[float], right: Sequence[float], tol: float) -> bool:
    """Whether the errors on the one side, where there are any, are all beyond tolerance, and far beyond those on the other.

    Across a power of two roundings double, which is no jump.
    """
    most = min(tol, min((error for error in wrong if not isnan(error)), default=0.0) / APART)
    return most > tol / APART and not any(error > most for error in right)


def _bracketed(paths: Sequence[_Path], probe: Probe) -> list[_Bracket]:
    """The nearest places, of a ladder along each path, between which the result turns right; nothing where it never does."""
    left = [(path, path.here, path.ladder(probe)) for path in paths]
    found: list[_Bracket] = []
    while left:
        asked = [(path, ladder[:RUNGS]) for path, _, ladder in left]
        further = []
        for (path, wrong, ladder), errors in zip(left, _errors(asked, probe), strict=True):
            places = [wrong, *ladder]
            first = next((q for q, error in enumerate(errors) if error <= probe.task.tol), None)
            if first is not None:
                found.append(_Bracket(path, *places[first : first + 2]))
            elif len(ladder) > RUNGS:
                further.append((path, ladder[RUNGS - 1], ladder[RUNGS:]))
        left = further
    return found


def _narrowed(brackets: Sequence[_Bracket], probe: Probe) -> list[_Bracket]:
    """The same between neighbours."""
    wide = [bracket for bracket in brackets if abs(bracket.away) > 1]
    narrow = [bracket for bracket in brackets if abs(bracket.away) == 1]
    while wide:
        errors = _errors([(bracket.path, bracket.parts()[:-1]) for bracket in wide], probe)
        parts = [bracket.narrowed(some, probe.task.tol) for bracket, some in zip(wide, errors, strict=True)]
        narrow += [bracket for bracket in parts if abs(bracket.away) == 1]
        wide = [bracket for bracket in parts if abs(bracket.away) > 1]
    return narrow
