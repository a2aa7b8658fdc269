"""Names of operations: those that a program has, and for those that it has not what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

import numpy as np

from smoothsym.errors import unknown

VOCABULARY: dict[str, Callable[..., Any]] = {}
"""The operations by name, the other names of the same ones too; vocabulary.py fills it."""

INSTEAD: dict[str, str] = {}
"""What to write for the usual operations that have no rounding rule."""

for _names, _text in {
    "matmul dot vdot vecdot inner tensordot einsum": "xp.sum(a * b): in which order a product of BLAS adds is not known",
    "vector_norm norm linalg": "xp.sqrt(xp.sum(xp.square(x)))",
    "logaddexp logaddexp2": "m + xp.log1p(xp.exp(-xp.abs(a - b))) with m = xp.maximum(a, b)",
    "tanh sinh cosh": "it with xp.exp and xp.expm1, as in t / (t + 2) with t = xp.expm1(2 * x) for tanh",
    "prod cumprod": "xp.exp(xp.sum(xp.log(x)))",
    "exp2": "2.0 ** x",
    "log2 log10": "xp.log(x) / math.log(10)",
    "var std": "xp.mean(xp.square(x - xp.mean(x)))",
    "finfo float16 float32 float64 bfloat16 longdouble": "what holds for every format: x has one when the program is run",
    "isnan isinf isposinf isneginf nan_to_num nanmax nanmin nansum": "it without: rows are finite",
    "item tolist": "the value itself",
    "random rand": "a parameter: a program computes the same each time",
    "concatenate stack concat sort cumsum delete roll flip": "it with xp.where, xp.sum and xp.max: entries keep their places",
}.items():
    INSTEAD.update(dict.fromkeys(_names.split(), _text))


class Untraceable(TypeError):
    """Code that no program stands for; the message says what to write instead."""


class Unknown(AttributeError, ValueError):
    """An operation outside the vocabulary."""


def named(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function of a tape and its arguments under its names."""

    def enter(made: Callable[..., Any]) -> Callable[..., Any]:
        VOCABULARY.update(dict.fromkeys(names, made))
        return made

    return enter


def function(name: str) -> Callable[..., Any]:
    """The operation of a name. Raises Unknown, with the nearest known name, for one that no program has."""
    if name in VOCABULARY:
        return VOCABULARY[name]
    if name in INSTEAD:
        raise Unknown(f"operation={name!r} has no rounding rule; write {INSTEAD[name]}")
    raise Unknown(f"{unknown('operation', name, VOCABULARY)}, as smoothsym.program.trace says")


def call(name: str, tape: Any, *args: Any, **settings: Any) -> Any:
    """What an operation of that name makes of its arguments."""
    made = function(name)
    accepted = list(signature(made).parameters.values())[1:]
    names = [p.name for p in accepted if p.kind is not Parameter.VAR_POSITIONAL]
    takes = f"{name} takes {', '.join(p.name for p in accepted)}"
    given = {}
    for setting, value in settings.items():
        if setting in names:
            given[setting] = value
        elif value is not None:
            raise Untraceable(f"{name}(..., {setting}={value!r}) is not traced: {takes}; leave {setting} out")
    try:
        signature(made).bind(tape, *args, **given)
    except TypeError as error:
        raise Untraceable(f"{name}: {error}; {takes}") from None
    return made(tape, *args, **given)


class Namespace:
    """The xp that traced code is given: the vocabulary, and the constants pi, e, inf and newaxis."""

    pi, e, inf, newaxis = np.pi, np.e, np.inf, None

    def __init__(self, tape: Any) -> None:
        self._tape = tape

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        function(name)
        return lambda *args, **settings: call(name, self._tape, *args, **settings)
