"""Whatever a target does (raise, warn, write to its input, return the wrong shape) is data about it, and the audit goes on."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from smoothsym.errors import unknown
from smoothsym.formats import Format


@dataclass(frozen=True)
class Call:
    """What came of one call: floats, or the kind of finding and its note; `notes` are findings beside a result."""

    got: list[float]
    fault: str = ""
    note: str = ""
    deviation: str = ""
    mutated: bool = False


def resolve(target: Any) -> Callable[..., Any]:
    """A target from a callable or its dotted name, "package.module:function" or "package.module.function".

    >>> resolve("numpy:logaddexp.reduce")([0.0]).item()
    0.0
    """
    if callable(target):
        return target
    if not isinstance(target, str):
        raise TypeError(f"target={target!r} is a {type(target).__name__}; give a callable or its dotted name")
    module_name, colon, path = target.partition(":")
    parts = path.split(".") if colon else []
    names = module_name.split(".")
    if not all(names) or (colon and not path) or (not colon and len(names) < 2):
        raise ValueError(f"target={target!r} is no dotted name; write package.module:function")
    while True:
        try:
            found: Any = import_module(".".join(names))
            break
        except ModuleNotFoundError as error:
            if error.name and not ".".join(names).startswith(error.name):
                raise
            if colon or len(names) == 1:
                raise ValueError(f"target={target!r}: no module named {'.'.join(names)!r}; is it installed?") from None
            parts.insert(0, names.pop())
    for part in parts:
        if not hasattr(found, part):
            raise unknown(f"target {target!r}: name", part, [name for name in dir(found) if not name.startswith("_")])
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"target={target!r} is a {type(found).__name__}, which cannot be called")
    return found


def dotted(target: Any) -> str | None:
    """The dotted name by which another process finds a target; None where there is none."""
    if isinstance(target, str):
        return target
    module, name = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
    if not module or not name or "<" in name or module == "__main__":
        return None
    text = f"{module}:{name}"
    try:
        return text if resolve(text) is target else None
    except (ImportError, TypeError, ValueError):
        return None


def call(target: Callable[..., Any], x: Any, keywords: dict[str, Any], of: str, fmt: Format) -> Call:
    """Call a target on a copy of one row, silently, and read its result in the audited dtype."""
    row = x.copy()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = target(row, **keywords)
    except (Exception, SystemExit) as error:
        return Call([], "raises", f"{type(error).__name__}: {error}"[:200])
    mutated = row.shape != x.shape or row.tobytes() != x.tobytes()
    wanted = x.shape if of == "gradient" else x.shape[:-1]
    read = floats(result, wanted, fmt)
    return Call(read.got, read.fault, read.note, read.deviation, mutated)


def floats(result: Any, wanted: tuple[int, ...], fmt: Format) -> Call:
    """A result as floats of the audited dtype, or what is wrong with it."""
    try:
        array = np.asarray(result)
    except (TypeError, ValueError) as error:
        return Call([], "wrong shape", f"the result is no array: {error}"[:200])
    if array.dtype == object or array.dtype.kind not in "fiuV":
        return Call([], "wrong dtype", f"the result has dtype {array.dtype}")
    if array.shape != wanted:
        return Call([], "wrong shape", f"the result has shape {array.shape}, not {wanted}")
    plain = isinstance(result, (int, float)) and not isinstance(result, np.generic)
    deviation = "" if plain or array.dtype == fmt.dtype else f"{fmt.dtype} in, {array.dtype} out"
    with np.errstate(all="ignore"):
        cast = array.astype(fmt.dtype).astype(np.float64)
    return Call([float(v) for v in cast.reshape(-1)], deviation=deviation)
