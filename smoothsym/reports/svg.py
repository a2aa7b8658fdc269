"""Pictures as inline SVG: the map of errors over a plane with its dangerous sets, and errors over what they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from math import floor, hypot, inf, isfinite, log10
from typing import Any

from smoothsym.auditing.measuring.picture import ErrorMap, Point, level, level_names

WIDTH, HEIGHT = 340, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 8, 40
"""What is left free around a picture for its ticks and titles."""
SETS = (
    "overflow edge",
    "underflow edge",
    "near zero",
    "cancellation",
    "near one",
    "special exponent",
    "saturation",
    "ties",
)
"""Which sets are drawn, the last on top."""
LEAST, MOST = -1.0, 18.0
"""The decades that errors and what they are compared with are shown in; what lies beyond stands at the end."""

SEEN = 0.4
"""What lies beside a line by less is not seen."""

Place = tuple[float, float]


def keys(found: ErrorMap, tol: float) -> str:
    """What the colours and lines of a map mean."""
    levels = {level(e, tol) for line in found.scaled for e in line if e is not None} if found.n > 1 else set()
    said = [(f'<path class="cell l{q}" stroke-width="10" d="M2 5h16"/>', level_names(tol)[q]) for q in sorted(levels)]
    said += [(f'<path class="set s{q}" d="M0 5h20"/>', name) for q, name in enumerate(SETS) if name in found.sets]
    return "".join(
        f'<span class="key"><svg viewBox="0 0 20 10" aria-hidden="true">{line}</svg>{escape(name)}</span>'
        for line, name in said
    )


# ---- maps ----------------------------------------------------------------------------------------------------------------------


def error_map(found: ErrorMap, tol: float, marks: Sequence[Place | None] = ()) -> str:
    """The scaled errors over a plane, or over an axis, with the dangerous sets, and numbers at findings."""
    parts = list(_line_map(found, tol) if found.n == 1 else _plane_map(found, tol))
    for number, mark in enumerate(marks, 1):
        if mark is not None:
            x, y = _at(mark[0], mark[1] if found.n > 1 else 1.0)
            parts.append(
                f'<g class="mark"><circle cx="{_n(x)}" cy="{_n(y)}" r="7"/>'
                f'<text x="{_n(x)}" y="{_n(y + 3.5)}">{number}</text></g>'
            )
    about = f"Scaled errors over {'the plane of' if found.n > 1 else 'all'} inputs, with the dangerous sets"
    return _svg(parts, about)


def place_of(found: ErrorMap, inputs: Sequence[str], parameter: str | None) -> Place | None:
    """Where a row of hex floats stands on a map; None where it is on another."""
    row = [float.fromhex(text) for text in inputs]
    if len(row) != found.n or parameter != found.parameter or len(set(row[1:])) > 1 or not all(map(isfinite, row)):
        return None
    if found.axis.positive and min(row) <= 0:
        return None
    places = found.axis.places(row).tolist()
    return places[0], places[-1]


def _plane_map(found: ErrorMap, tol: float) -> Iterator[str]:
    count = len(found.x)
    wide, high = _inner()
    for which, runs in _runs(found.scaled, tol).items():
        # One path for each level: its strokes are as thick as a cell.
        path = "".join(
            f"M{_n(LEFT + wide * a / count)} {_n(TOP + high * (1 - (row + 0.5) / count))}h{_n(wide * size / count)}"
            for row, a, size in runs
        )
        yield f'<path class="cell l{which}" stroke-width="{_n(high / count + 0.3)}" d="{path}"/>'
    yield from _sets(found.sets, _polyline)
    yield from _frame(
        found.axis.ticks(0.11),
        found.axis.ticks(0.075),
        "first entry" if found.n > 2 else "x[1]",
        "the others" if found.n > 2 else "x[2]",
    )


def _line_map(found: ErrorMap, tol: float) -> Iterator[str]:
    errors = found.scaled[0]
    most = max([2.0, log10(tol) + 1, *(log10(e) for e in errors if e is not None and 0 < e < inf)])
    scale = _decades(min(most, MOST))
    yield from _sets(found.sets, lambda line: f"M{_n(_at(line[0][0], 0)[0])} {TOP}V{HEIGHT - BOTTOM}")
    places = found.axis.places([float.fromhex(text) for text in found.x]).tolist()
    yield _rule(0, scale(tol), 1, scale(tol), "tol")
    known = [(p, e) for p, e in zip(places, errors, strict=True) if e is not None]
    for falls in (False, True):
        yield _dots([(p, scale(e)) for p, e in known if (e > tol) is falls], falls)
    yield from _frame(found.axis.ticks(0.11), _powers(min(most, MOST)), "x[1]", "scaled error")


def _runs(lines: Iterable[Sequence[float | None]], tol: float) -> dict[int, list[tuple[int, int, int]]]:
    """Cells of a level that lie side by side: (row, first, how many)."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for row, line in enumerate(lines):
        levels = [None if error is None else level(error, tol) for error in line]
        start = 0
        for end in range(1, len(levels) + 1):
            if end == len(levels) or levels[end] != levels[start]:
                if (which := levels[start]) is not None:
                    found.setdefault(which, []).append((row, start, end - start))
                start = end
    return found


def _sets(sets: Mapping[str, Iterable[Any]], drawn: Callable[[Any], str]) -> Iterator[str]:
    for number, name in enumerate(SETS):
        if name in sets:
            path = "".join(map(drawn, sets[name]))
            yield f'<path class="set s{number}" d="{path}"><title>{escape(name)}</title></path>'


def _polyline(places: Sequence[Place]) -> str:
    return "M" + " ".join(f"{_n(x)} {_n(y)}" for x, y in _seen([_at(*place) for place in places]))


def _seen(points: list[Place]) -> list[Place]:
    """A line without the points that lie beside what is left by less than is seen."""
    if len(points) < 3:
        return points
    (a, b), (c, d) = points[0], points[-1]
    length = hypot(c - a, d - b)

    def beside(point: Place) -> float:
        x, y = point[0] - a, point[1] - b
        return abs((c - a) * y - (d - b) * x) / length if length else hypot(x, y)

    far = max(range(1, len(points) - 1), key=lambda q: beside(points[q]))
    if beside(points[far]) <= SEEN:
        return [points[0], points[-1]]
    return [*_seen(points[: far + 1])[:-1], *_seen(points[far:])]


# ---- errors over what they are compared with -----------------------------------------------------------------------------------


def over_condition(points: Sequence[Point], tol: float) -> str:
    """Errors over what rounding the input and the result once may cost, in units of u |f|: above the upper line a row falls short."""
    places = [(point.allowed, point.error, point.scaled > tol) for point in points]
    return _compared(places, tol, "what rounding the input may cost / u|f|", "Errors over the condition number")


def over_bound(points: Sequence[Point]) -> str:
    """Errors over the bound of our stable kernel, in units of u |f|; above the line the bound does not hold of this code."""
    places = [(point.bound, point.error, point.error > point.bound) for point in points if point.bound is not None]
    return _compared(places, None, "bound of our stable kernel / u|f|", "Errors over the bound") if places else ""


def _compared(places: Sequence[tuple[float, float, bool]], tol: float | None, across: str, about: str) -> str:
    finite = [log10(v) for x, y, _ in places for v in (x, y) if 0 < v < inf]
    most = min(MOST, max(2.0, *(floor(v) + 1 for v in finite)) if finite else 2.0)
    scale = _decades(most)
    parts = [_rule(0, 0, 1, 1, "equal")]
    if tol is not None:
        start = scale(10**LEAST * tol)
        parts.append(_rule(0, start, 1 - start, 1, "tol"))
    for falls in (False, True):
        parts.append(_dots([(scale(x), scale(y)) for x, y, fell in places if fell is falls], falls))
    ticks = _powers(most)
    return _svg([*parts, *_frame(ticks, ticks, across, "error / u|f|")], about)


# ---- the parts -----------------------------------------------------------------------------------------------------------------


def _svg(parts: Iterable[str], about: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(about)}">{"".join(parts)}</svg>'


def _inner() -> tuple[int, int]:
    return WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


def _at(x: float, y: float) -> Place:
    """A place between 0 and 1 on both axes, in the picture."""
    wide, high = _inner()
    return LEFT + wide * x, TOP + high * (1 - y)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _decades(most: float) -> Callable[[float], float]:
    """Where a number stands between 10^LEAST and 10^most."""

    def place(value: float) -> float:
        if value != value or value == inf:
            return 1.0
        return min(1.0, max(0.0, (log10(value) - LEAST) / (most - LEAST))) if value > 0 else 0.0

    return place


def _powers(most: float) -> list[tuple[float, str]]:
    step = 1 if most <= 4 else 2 if most <= 8 else 4
    scale = _decades(most)
    return [(scale(10.0**k), f"1e{k}" if k else "1") for k in range(0, int(most) + 1, step)]


def _rule(x: float, y: float, x2: float, y2: float, name: str) -> str:
    (a, b), (c, d) = _at(x, y), _at(x2, y2)
    return f'<path class="{name}" d="M{_n(a)} {_n(b)}L{_n(c)} {_n(d)}"/>'


def _dots(places: Sequence[Place], falls: bool) -> str:
    """Points, as lines of no length whose ends are round: a few bytes each."""
    if not places:
        return ""
    unique = dict.fromkeys("M{} {}h0".format(*map(_n, _at(*place))) for place in places)
    return f'<path class="dots{" falls" if falls else ""}" d="{"".join(unique)}"/>'


def _frame(
    across: Iterable[tuple[float, str]], up: Iterable[tuple[float, str]], title: str, beside: str
) -> Iterator[str]:
    wide, high = _inner()
    yield f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{wide}" height="{high}"/>'
    for place, text in across:
        x, y = _at(place, 0)
        yield f'<path class="tick" d="M{_n(x)} {_n(y)}v4"/><text class="low" x="{_n(x)}" y="{_n(y + 15)}">{text}</text>'
    for place, text in up:
        x, y = _at(0, place)
        yield f'<path class="tick" d="M{_n(x)} {_n(y)}h-4"/><text class="side" x="{_n(x - 7)}" y="{_n(y + 4)}">{text}</text>'
    yield f'<text class="low" x="{LEFT + wide / 2}" y="{HEIGHT - 6}">{escape(title)}</text>'
    yield (f'<text class="low" transform="translate(10 {TOP + high / 2}) rotate(-90)">{escape(beside)}</text>')
