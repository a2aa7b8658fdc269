"""What an audit asks, as plain data: a checkpoint is of one question alone, and says by what another one differs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from importlib import metadata
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from sympy import Basic

from smoothsym.auditing.asking.bridge import Bridged
from smoothsym.auditing.asking.pairs import Paired
from smoothsym.auditing.task import Task
from smoothsym.calling import dotted, resolve, title
from smoothsym.calling.names import anonymous


def question(task: Task, target: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of a target, as it was given: its code, the operator, and what else an audit was `asked`, in the order of importance.

    Functions among that stand for what they do.
    """
    op, function = task.op, resolve(target)
    formula = [str(op.definition), op.domain, str(op.parameters), str(op.arity), str(op.formula(task.of))]
    found: dict[str, Any] = {
        "smoothsym": "audit",
        "target": title(target),
        "code": fingerprint(target if isinstance(target, (Bridged, Paired)) else function),
        "op": op.name,
        "formula": digest(*formula),
        "of": str(task.of),
        "dtype": task.fmt.name,
        "tol": task.tol,
        "batched": task.batched,
    }
    for name, value in asked.items():
        found[name] = fingerprint(value) if callable(value) else value
    return {**found, "versions": versions(target)}


def versions(target: Any) -> dict[str, str]:
    """What may change a result beside the code that is asked about."""
    name = dotted(target) or dotted(getattr(target, "function", target)) or ""
    own = name.partition(":")[0].partition(".")[0]
    known = {package: version_of(package) for package in dict.fromkeys(["smoothsym", "numpy", own]) if package}
    return {"python": "{}.{}".format(*sys.version_info), **{key: value for key, value in known.items() if value}}


def version_of(package: str) -> str:
    """The version of a package in this process, empty where it has none."""
    version = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(version, str):
        return version
    try:
        return metadata.version(package)
    except (metadata.PackageNotFoundError, ValueError):
        return ""


def digest(*parts: str | bytes) -> str:
    """A short text that is another one for other parts."""
    found = sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return found.hexdigest()[:16]


def fingerprint(value: Any) -> str:
    """A short text that is another one for code that does something else: its own, and that of functions of its package that it calls.

    >>> fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 1), fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 2)
    (True, False)
    """
    return digest(*_parts(value, set()))


def _parts(value: Any, seen: set[int]) -> Iterator[str]:
    if id(value) in seen:
        return
    if isinstance(value, (FunctionType, type, CodeType)):
        seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield from (str(value.dtype), str(value.shape), digest(value.tobytes()))
    elif isinstance(value, Basic):
        yield str(value)
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            yield repr(key)
            yield from _parts(value[key], seen)
    elif isinstance(value, (tuple, list)):
        yield str(len(value))
        for part in value:
            yield from _parts(part, seen)
    elif isinstance(value, CodeType):
        yield from (value.co_code.hex(), *map(repr, (value.co_names, value.co_varnames, value.co_flags)))
        yield from _parts([c for c in value.co_consts if not isinstance(c, frozenset)], seen)
    elif isinstance(value, FunctionType):
        yield from _of_function(value, seen)
    elif isinstance(value, partial):
        yield from _parts((value.func, value.args, value.keywords), seen)
    elif isinstance(value, MethodType):
        yield from _parts((value.__func__, value.__self__), seen)
    elif isinstance(value, (Bridged, Paired)):
        yield getattr(value, "options", "")
        yield from _parts(resolve(value.function), seen)
    elif isinstance(value, type):
        yield f"{value.__module__}:{value.__qualname__}"
        yield from _parts([part for part in vars(value).values() if isinstance(part, FunctionType)], seen)
    elif isinstance(value, (BuiltinFunctionType, ModuleType, np.ufunc)):
        yield str(getattr(value, "__name__", ""))
    elif callable(value) and hasattr(value, "__wrapped__"):
        yield from _parts(value.__wrapped__, seen)
    elif callable(value) and type(value).__module__.partition(".")[0] != "smoothsym":
        yield from (type(value).__qualname__, anonymous(repr(value)))
        yield from _parts([type(value), getattr(value, "__dict__", {})], seen | {id(value)})
    else:
        yield title(value) if callable(value) else anonymous(repr(value))


def _of_function(function: FunctionType, seen: set[int]) -> Iterator[str]:
    yield from _parts([function.__code__, function.__defaults__, function.__kwdefaults__], seen)
    for cell in function.__closure__ or ():
        try:
            yield from _parts(cell.cell_contents, seen)
        except ValueError:  # it is not filled yet
            yield "empty"
    package = (function.__module__ or "").partition(".")[0]
    for name in _names(function.__code__):
        other = function.__globals__.get(name)
        own = getattr(other, "__module__", "") or ""
        if (isinstance(other, (FunctionType, type)) and own.partition(".")[0] == package) or isinstance(
            other, (int, float, str, tuple, np.ndarray)
        ):
            yield from _parts(other, seen)


def _names(code: CodeType) -> list[str]:
    """What a function and those within it may find among its module's names."""
    inner = [name for const in code.co_consts if isinstance(const, CodeType) for name in _names(const)]
    return list(dict.fromkeys([*code.co_names, *inner]))
