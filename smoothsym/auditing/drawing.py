"""An audit as a picture by matplotlib: its map, or its errors over what they are compared with."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from smoothsym import plots
from smoothsym.auditing.measuring.picture import LEVELS, level_names
from smoothsym.errors import unknown

PICTURES = ("map", "condition", "bound")


def drawn(audit: Any, what: str | None, ax: Any) -> Any:
    """Draw an audit; see Audit.plot."""
    if what not in (None, *PICTURES):
        raise unknown("what", what, PICTURES)
    has = {
        "map": audit.map is not None,
        "condition": bool(audit.points),
        "bound": any(q.bound is not None for q in audit.points),
    }
    if what is None:
        what = next((name for name in PICTURES if has[name]), "map")
    if not has[what]:
        raise ValueError(f"the audit has no picture of {what!r}: ask ss.audit for pictures='all'")
    ax = _map(audit, ax) if what == "map" else _over(audit, what, ax)
    ax.set_title(f"{audit.target} as {audit.op} {audit.of}, {audit.dtype}", fontsize=10)
    return ax


def _map(audit: Any, ax: Any) -> Any:
    found = audit.map
    errors = np.array([[np.nan if e is None else e for e in line] for line in found.scaled])
    ticks = list(found.axis.ticks(0.1))
    if found.n == 1:
        places = found.axis.places([float.fromhex(text) for text in found.x])
        known = np.isfinite(errors[0])
        top = float(max(errors[0][known], default=1.0)) * 10
        shown = np.clip(np.where(np.isnan(errors[0]), np.nan, np.minimum(errors[0], top)), 0.05, None)
        ax = plots.errors_over(places, shown, shown > audit.tol, "x", "scaled error", audit.tol, ax, equal=False)
        for lines in found.sets.values():
            for line in lines:
                ax.axvline(line[0][0], color="0.6", linewidth=0.7, zorder=0)
        ax.xaxis.set_ticks([place for place, _ in ticks], [text for _, text in ticks])
        return ax
    names = level_names(audit.tol)
    edges = [1.0, audit.tol, *LEVELS, np.finfo(float).max]
    titles = ("x[1]", "x[2]") if found.n == 2 else ("first entry", "the others")
    return plots.error_map(errors, edges, names, ticks, found.sets, titles, ax)


def _over(audit: Any, what: str, ax: Any) -> Any:
    rows = [(q.error, q.allowed if what == "condition" else q.bound, q.scaled) for q in audit.points]
    pairs = [
        (_shown(x), _shown(y), s > audit.tol if what == "condition" else y > x) for y, x, s in rows if x is not None
    ]
    x, y = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    across = "what rounding the input may cost / u|f|" if what == "condition" else "bound of our stable kernel / u|f|"
    tol = audit.tol if what == "condition" else None
    return plots.errors_over(x, y, np.array([pair[2] for pair in pairs]), across, "error / u|f|", tol, ax)


def _shown(value: float) -> float:
    """What is beyond a logarithm stands at its ends."""
    return 1e18 if not value < inf else min(max(value, 0.05), 1e18)
