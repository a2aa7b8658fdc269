"""A smooth maximum is looked at along its parameter at a given row, over the plane of two entries, or over its only entry."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import Any

import numpy as np

from smoothsym.plots.arrays import axes, contours, lines

Array = Any

STEPS = 241
"""At so many places a curve is computed; in each direction a quarter as many for contours. It is odd: 0 is one of them."""


def plot(
    op: Any, x: Any = None, of: str = "value", span: Sequence[float] | None = None, ax: Any = None, **parameter: Any
) -> Any:
    """Draw an operator; see SmoothMax.plot."""
    if of not in ("value", "gradient"):
        raise ValueError(f"of={of!r}: what can be drawn is 'value' and 'gradient'")
    if span is not None and not (len(span) == 2 and all(map(isfinite, span)) and span[0] < span[1]):
        raise ValueError(f"span={span!r}: give two finite numbers, the smaller first")
    axes(ax)  # without matplotlib nothing is computed
    if x is not None:
        return _along_parameter(op, x, of, span, ax, parameter)
    return (_over_entry if op.arity == 1 else _over_plane)(op, of, span, ax, parameter)


def _along_parameter(op: Any, x: Any, of: str, span: Any, ax: Any, parameter: dict[str, Any]) -> Any:
    row = np.asarray(x, dtype=np.float64)
    if row.ndim > 1 or not row.size or not np.isfinite(row).all():
        raise ValueError(f"x={x!r}: give one row of finite numbers")
    if op.parameter is None or op.parameter.name in parameter:
        free = f"leave {op.parameter.name}= out" if op.parameter is not None else "leave x= out"
        raise ValueError(f"{op.name} at one row and one parameter is one number; {free}")
    name = op.parameter.name
    steep = float(np.ptp(row)) if row.size > 1 else float(abs(row).max())
    widest = 10 / (steep or 1.0) if op.kind == "entry" else 10.0
    values = _steps(span or (-widest, widest), STEPS)

    def at(value: float) -> Array:
        with np.errstate(all="ignore"):
            found = np.asarray(op(row, of=of, **{name: float(value)}, **parameter), dtype=np.float64)
        return np.where(np.isfinite(found), found, np.nan)

    curves = np.array([at(value) for value in values]).reshape(len(values), -1)
    levels: list[tuple[str, float, bool]] = []
    if curves.shape[1] == 1:
        ends = [end for end, there in ((inf, values[-1] > 0), (-inf, values[0] < 0)) if there]
        tended = [(f"{_tex(name)} → {'−' * (end < 0)}∞", float(at(end)), end < 0) for end in ends]
        levels = [level for level in tended if isfinite(level[1])]
    named = {"" if curves.shape[1] == 1 else f"entry {k + 1}": curve for k, curve in enumerate(curves.T)}
    ax = lines(values, named, _tex(name), _what(op, of), levels, ax)
    _fit(ax, curves, [level for _, level, _ in levels])
    ax.set_title(
        f"{op.name} at x = ({', '.join(f'{v:g}' for v in row.reshape(-1)[:6])}{', …' if row.size > 6 else ''})"
    )
    return ax


def _over_entry(op: Any, of: str, span: Any, ax: Any, parameter: dict[str, Any]) -> Any:
    """Over x, a curve for each parameter that is given."""
    name = op.parameter.name if op.parameter is not None else None
    wanted = np.atleast_1d(parameter.pop(name)) if name in parameter else [None]
    x = _steps(span or (-4.0, 4.0), STEPS)
    curves = {}
    for value in wanted:
        given = {} if value is None or name is None else {name: float(value)}
        title = "" if value is None else f"{_tex(name)} = {value:g}"
        curves[title] = np.asarray(op(x, of=of, **given, **parameter), dtype=np.float64)
    ax = lines(x, curves, "$x$", _what(op, of), ax=ax)
    ax.set_title(op.name if len(curves) > 1 or "" in curves else f"{op.name}, {next(iter(curves))}")
    return ax


def _over_plane(op: Any, of: str, span: Any, ax: Any, parameter: dict[str, Any]) -> Any:
    usual = (0.02, 3.0) if op.domain == "positive" else (-3.0, 3.0)
    ticks = _steps(span or usual, STEPS // 4 | 1)
    first, second = np.meshgrid(ticks, ticks)
    with np.errstate(all="ignore"):
        found = np.asarray(op(np.stack([first, second], axis=-1), of=of, **parameter), dtype=np.float64)
    entry = ", first entry" if found.ndim > 2 else ""
    found = np.where(np.isfinite(found), found, np.nan)
    given = "".join(f", {_tex(name)} = {value:g}" for name, value in parameter.items())
    return contours(ticks, ticks, found[..., 0] if entry else found, f"{_what(op, of)}{entry}{given}", ax)


def _steps(span: Sequence[float], count: int) -> Array:
    return np.linspace(float(span[0]), float(span[1]), count)


def _what(op: Any, of: str) -> str:
    return op.name if of == "value" else f"gradient of {op.name}"


def _tex(name: str | None) -> str:
    return {"alpha": "α", "eps": "ε", "gamma": "γ"}.get(name or "", name or "")


def _fit(ax: Any, curves: Array, levels: Sequence[float]) -> None:
    """What happens near a pole is no reason to see nothing of the rest."""
    found = curves[np.isfinite(curves)]
    if not found.size:
        return
    low, high = np.quantile(found, [0.06, 0.94])
    ends = [low, high, *levels]
    pad = 0.15 * (max(ends) - min(ends)) or 1.0
    if found.min() < min(ends) - 3 * pad or found.max() > max(ends) + 3 * pad:
        ax.set_ylim(min(ends) - pad, max(ends) + pad)
