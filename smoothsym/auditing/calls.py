"""Whatever a target does (raise, warn, write to its input, return the wrong shape) is data about it, and the audit goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

import numpy as np

from smoothsym.errors import unknown
from smoothsym.formats import Format
from smoothsym.kernels import Kernel

UNCALLED = "not called"


@dataclass(frozen=True)
class Call:
    """What came of one call: floats, or the kind of finding and its note; the rest are findings beside a result.

    `fault` is UNCALLED where the target was not called any more, since it hung or died on rows like this one. `again` says what a
    second call returned, where its bits were others.
    """

    got: list[float]
    fault: str = ""
    note: str = ""
    deviation: str = ""
    mutated: bool = False
    again: str = ""

    @property
    def called(self) -> bool:
        return self.fault != UNCALLED

    @property
    def behaved(self) -> bool:
        """Whether numbers are all that came of it."""
        return not (self.fault or self.deviation or self.mutated or self.again)


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


@dataclass(frozen=True)
class Passing:
    """How a target gets the parameter: by `keyword`, by position (`keyword` None), or, where `given`, not at all."""

    keyword: str | None = None
    position: bool = False

    def arguments(self, parameter: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What stands after x in a call."""
        if self.keyword is not None:
            return (), {self.keyword: parameter}
        return ((parameter,) if self.position else ()), {}


def passing(target: Callable[..., Any], name: str | None, given: float | None) -> Passing:
    """How a target wants the parameter `name`; `given`, where it is one number, which the target may have built in.

    Raises TypeError where the target cannot be called so.

    >>> passing(lambda x, alpha: x, "alpha", None), passing(lambda x, a: x, "alpha", None)
    (Passing(keyword='alpha', position=False), Passing(keyword=None, position=True))
    """
    ours = isinstance(target, Kernel)
    try:
        about = signature(target)
    except (TypeError, ValueError):
        return Passing(name if given is None else None)
    takes = about.parameters
    places = [q for q in takes.values() if q.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
    anything = any(q.kind is Parameter.VAR_KEYWORD for q in takes.values())
    way = Passing()
    if name is not None:
        named = takes.get(name)
        if named is not None and named.kind is not Parameter.POSITIONAL_ONLY:
            built_in = given is not None and isinstance(named.default, (int, float)) and named.default == given
            way = Passing() if built_in else Passing(name)
        elif len(places) > 1 and (places[1].default is Parameter.empty or places[1].kind is Parameter.POSITIONAL_ONLY):
            way = Passing(position=True)
        elif anything and (given is None or ours):
            way = Passing(name)
        elif given is None and not any(q.kind is Parameter.VAR_POSITIONAL for q in takes.values()):
            raise TypeError(
                f"the target takes no {name}: give the one that it has built in, as in audit(..., {name}=1.0), "
                f"or a target that takes it, as in lambda x, {name}: ..."
            )
        elif given is None:
            way = Passing(position=True)
    arguments, keywords = way.arguments(given)
    try:
        about.bind(None, *arguments, **keywords)
    except TypeError as error:
        as_called = (
            f"target(x{', ' + (way.keyword + '=' if way.keyword else '') + (name or '') if way != Passing() else ''})"
        )
        raise TypeError(f"the target cannot be called as {as_called}: {error}; wrap it in a lambda") from None
    return way


def call_rows(
    target: Callable[..., Any],
    rows: Sequence[Any],
    arguments: Sequence[tuple[tuple[Any, ...], dict[str, Any]]],
    fmt: Format,
    entrywise: bool,
    elementwise: bool = False,
) -> list[Call]:
    """What comes of each row, in their order: an array of the format, and what stands after it in its call.

    `entrywise`: the result has an entry for each of x, as a gradient does. `elementwise`: the operator is of one entry, and the
    target may act on each or take the row as the vector that it is.
    """
    return [call(target, x, rest, fmt, entrywise, elementwise) for x, rest in zip(rows, arguments, strict=True)]


def call(
    target: Callable[..., Any],
    x: Any,
    arguments: tuple[tuple[Any, ...], dict[str, Any]],
    fmt: Format,
    entrywise: bool,
    elementwise: bool = False,
) -> Call:
    """Call a target on a copy of one row (or of rows), and read its result in the audited dtype."""
    numbers, read = called(target, x, arguments, fmt, entrywise, elementwise)
    return replace(read, got=[float(v) for v in numbers.reshape(-1)])


def called(
    target: Callable[..., Any],
    x: Any,
    arguments: tuple[tuple[Any, ...], dict[str, Any]],
    fmt: Format,
    entrywise: bool,
    elementwise: bool = False,
) -> tuple[Any, Call]:
    """The same, with the result as one array of float64, which is empty where there is a fault."""
    row = x.copy()
    try:
        result = target(row, *arguments[0], **arguments[1])
    except (Exception, SystemExit) as error:
        return _NOTHING, Call([], "raises", f"{type(error).__name__}: {error}"[:200])
    mutated = row.shape != x.shape or row.tobytes() != x.tobytes()
    shapes = [x.shape if entrywise else x.shape[:-1]]
    shapes += [x.shape, x.shape[:-1]] if elementwise else []
    numbers, read = floats(result, shapes, fmt)
    return numbers, replace(read, mutated=mutated)


_NOTHING = np.empty(0)


def floats(result: Any, shapes: list[tuple[int, ...]], fmt: Format) -> tuple[Any, Call]:
    """A result as float64 numbers of the audited dtype, or what is wrong with it."""
    try:
        array = np.asarray(result)
    except Exception as error:
        return _NOTHING, Call([], "wrong shape", f"the result is no array: {error}"[:200])
    if array.dtype == object or array.dtype.kind not in "fiuV" or (array.dtype.kind == "V" and array.dtype.fields):
        return _NOTHING, Call([], "wrong dtype", f"the result has dtype {array.dtype}")
    if array.shape not in shapes:
        return _NOTHING, Call([], "wrong shape", f"the result has shape {array.shape}, not {shapes[0]}")
    # Python's floats, in lists too, have no dtype to be wrong.
    deviates = hasattr(result, "dtype") and array.dtype != fmt.dtype
    numbers = array.astype(fmt.dtype, copy=False).astype(np.float64)
    return numbers, Call([], deviation=f"{fmt.dtype} in, {array.dtype} out" if deviates else "")
