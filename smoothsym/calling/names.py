"""Code of others is found by its dotted name, in this process and in the next."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from smoothsym.errors import unknown


def resolve(target: Any, argument: str = "target") -> Callable[..., Any]:
    """A target from a callable or its dotted name, "package.module:function" or "package.module.function".

    >>> resolve("numpy:logaddexp.reduce")([0.0]).item()
    0.0
    """
    if callable(target):
        return target
    if not isinstance(target, str):
        raise TypeError(f"{argument}={target!r} is a {type(target).__name__}; give a callable or its dotted name")
    module_name, colon, path = target.partition(":")
    parts = path.split(".") if colon else []
    names = module_name.split(".")
    if not all(names) or (colon and not path) or (not colon and len(names) < 2):
        raise ValueError(f"{argument}={target!r} is no dotted name; write package.module:function")
    while True:
        try:
            found: Any = import_module(".".join(names))
            break
        except ModuleNotFoundError as error:
            if error.name and not ".".join(names).startswith(error.name):
                raise
            if colon or len(names) == 1:
                raise ValueError(
                    f"{argument}={target!r}: no module named {'.'.join(names)!r}; is it installed?"
                ) from None
            parts.insert(0, names.pop())
    for part in parts:
        if not hasattr(found, part):
            raise unknown(
                f"{argument} {target!r}: name", part, [name for name in dir(found) if not name.startswith("_")]
            )
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{argument}={target!r} is a {type(found).__name__}, which cannot be called")
    return found


def written(target: Any) -> tuple[str, str] | None:
    """Python that makes a target: what to import, and an expression; None where it has no name. A target may know how itself.

    >>> written("numpy:logaddexp.reduce")
    ('from numpy import logaddexp', 'logaddexp.reduce')
    """
    known: tuple[str, str] | None = getattr(target, "written", None)
    name = dotted(target)
    if known is not None or name is None:
        return known
    module, colon, path = name.partition(":")
    if not colon:
        module, _, path = name.rpartition(".")
    return f"from {module} import {path.partition('.')[0]}", path


def title(target: Any) -> str:
    """What a target is called: its dotted name or the name that it has, the same in every process.

    >>> from functools import partial
    >>> title("numpy:hypot"), title(partial(sorted, reverse=True))
    ('numpy:hypot', 'functools.partial(<built-in function sorted>, reverse=True)')
    """
    own = [getattr(target, key, None) for key in ("name", "__name__")]
    return dotted(target) or next((text for text in own if isinstance(text, str)), anonymous(repr(target)))


def anonymous(text: str) -> str:
    """A text without the addresses of what it names, which are others in the next process.

    >>> anonymous("<function f at 0x7f4bd35a7880>")
    '<function f>'
    """
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", text)


def dotted(target: Any) -> str | None:
    """The dotted name by which another process finds a target; None where there is none."""
    if isinstance(target, str):
        return target
    module = getattr(target, "__module__", None)
    # A function written in C may know itself by the name of a class that nobody imports.
    for name in dict.fromkeys(getattr(target, key, None) for key in ("__qualname__", "__name__")):
        if not module or not isinstance(name, str) or "<" in name or module == "__main__":
            continue
        with suppress(ImportError, TypeError, ValueError):
            if resolve(f"{module}:{name}") is target:
                return f"{module}:{name}"
    return None
