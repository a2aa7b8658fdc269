"""Errors that say which argument was wrong, what it was, why it cannot work and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

MANY = 24
"""How many known names an error lists."""


def unknown(argument: str, value: Any, known: Iterable[str]) -> ValueError:
    """An error for a name that is not known, with the nearest one suggested.

    >>> unknown("operator", "logsumxp", ["boltzmann", "logsumexp"])
    ValueError("operator='logsumxp' is not known; did you mean 'logsumexp'? known: boltzmann, logsumexp")
    """
    names = [str(name) for name in known]
    near = get_close_matches(str(value), names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    listed = f" known: {', '.join(names)}" if len(names) <= MANY else f" {len(names)} names are known"
    return ValueError(f"{argument}={value!r} is not known{hint}{listed}")


def shown(value: Any) -> str:
    """A value for an error message; floats in hex beside their decimal form."""
    return f"{value!r} ({value.hex()})" if isinstance(value, float) else repr(value)
