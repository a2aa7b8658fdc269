"""Pictures by matplotlib, an extra, of arrays that others have computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = Any

LEVELS = 13
"""How many contours are drawn."""


def axes(ax: Any = None) -> Any:
    """The axes given, or new ones. Raises ImportError, saying what to install, without matplotlib."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("plots need matplotlib: pip install 'smoothsym[plot]'") from None
    return pyplot.subplots(layout="constrained")[1]


def lines(
    x: Array,
    curves: Mapping[str, Array],
    across: str,
    up: str,
    levels: Sequence[tuple[str, float, bool]] = (),
    ax: Any = None,
) -> Any:
    """Curves over x, each with its name; `levels`, (name, where, whether to the left) of horizontal lines that they tend to."""
    ax = axes(ax)
    for name, level, left in levels:
        ax.axhline(level, color="0.6", linewidth=0.8, linestyle="--")
        place = {"xycoords": ("axes fraction", "data"), "xytext": (4 if left else -4, 3), "textcoords": "offset points"}
        ax.annotate(name, (1 - left, level), **place, ha="left" if left else "right", color="0.45", fontsize=9)
    for name, curve in curves.items():
        ax.plot(x, curve, label=name)
    if len(curves) > 1:
        ax.legend(frameon=False)
    ax.set_xlabel(across)
    ax.set_ylabel(up)
    return ax


def contours(x: Array, y: Array, values: Array, title: str, ax: Any = None) -> Any:
    """Contours of values over a plane, with their numbers; x and y on one scale."""
    ax = axes(ax)
    drawn = ax.contour(x, y, values, LEVELS, cmap="viridis")
    ax.clabel(drawn, fontsize=8)
    ax.set_aspect("equal")
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")
    ax.set_title(title)
    return ax


def error_map(
    errors: Array,
    edges: Sequence[float],
    names: Sequence[str],
    ticks: Sequence[tuple[float, str]],
    sets: Mapping[str, Sequence[Any]],
    titles: tuple[str, str],
    ax: Any = None,
) -> Any:
    """Errors over the unit square in the colours of the steps between `edges`, and lines through places by their name.

    `errors`, the rows by y; nan is left blank; the last step has no end. `names`, what the steps are called; `ticks`, (place, text), for both axes.
    """
    ax = axes(ax)
    from matplotlib.collections import LineCollection
    from matplotlib.colors import BoundaryNorm, ListedColormap

    colours = ListedColormap(["#eef1f4", "#d3dde6", "#f6cf9c", "#ee9b5a", "#d65a35", "#8f1d1d"][: len(names)])
    steps = np.searchsorted(edges, errors, side="left").astype(float)
    steps[np.isnan(errors)] = np.nan
    norm = BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names))
    drawn = ax.imshow(steps, origin="lower", extent=(0, 1, 0, 1), cmap=colours, norm=norm, interpolation="nearest")
    bar = ax.figure.colorbar(drawn, ax=ax, ticks=range(len(names)), label="scaled error")
    bar.ax.set_yticklabels(names)
    styles = ("-", "--", ":", "-.")
    for place, (name, found) in enumerate(sets.items()):
        colour = "#2b6a9e" if place >= len(styles) else "#3b3b38"
        ax.add_collection(
            LineCollection(found, colors=colour, linewidths=0.9, linestyles=styles[place % len(styles)], label=name)
        )
    if sets:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize=8, frameon=False)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks([place for place, _ in ticks], [text for _, text in ticks])
    ax.set_xlabel(titles[0])
    ax.set_ylabel(titles[1])
    return ax


def errors_over(
    x: Array,
    y: Array,
    beyond: Array,
    across: str,
    up: str,
    tol: float | None = None,
    ax: Any = None,
    equal: bool = True,
) -> Any:
    """Errors over what they are compared with, both by their logarithm, those that are `beyond` in red; `tol`: a line tol times
    what is compared with, or, where the two are no equals, at tol itself.
    """
    ax = axes(ax)
    for which, colour in ((False, "#2b6a9e"), (True, "#d65a35")):
        ax.plot(x[beyond == which], y[beyond == which], "o", color=colour, markersize=4, alpha=0.8)
    if equal:
        ends = np.array([min(x.min(), y.min()), max(x.max(), y.max())]) if len(x) else np.array([0.1, 10.0])
        ax.loglog(ends, ends, color="0.5", linewidth=0.8, linestyle=":")
        if tol is not None:
            ax.loglog(ends, tol * ends, color="#b3261e", linewidth=0.8)
    else:
        ax.set_yscale("log")
        if tol is not None:
            ax.axhline(tol, color="#b3261e", linewidth=0.8)
    ax.set_xlabel(across)
    ax.set_ylabel(up)
    return ax
