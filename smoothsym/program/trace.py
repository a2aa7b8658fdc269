"""Array code becomes a program: a function is run once, on objects that record what is done to them.

    def f(xp, x, alpha): ...     xp a namespace of the operations below, x a vector of unknown length n, parameters by name
    def f(x, alpha): ...         the same with NumPy's own functions, np.exp(x)

The vocabulary (array API names, and NumPy's for the same), as functions of xp or of NumPy, as methods and as operators:

    entry by entry   + - * / ** abs  add subtract multiply divide pow power  negative positive abs sign  square sqrt reciprocal hypot
                     exp expm1 log log1p  maximum minimum clip
    where            with > >= < <= == !=, & | ~, greater less equal ..., logical_and logical_or logical_not; isfinite, which holds
    over an axis     sum mean max min (amax amin), axis= an axis or None, keepdims=; np.add.reduce and the like
    entries          argmax argmin; x[i], take; arange(n) == i
    shapes           x.shape[-1] x.size x.ndim  reshape expand_dims squeeze transpose, [..., None]; broadcasting to n by n
    constants        numbers, asarray, full_like zeros_like ones_like, pi, e; astype and dtype= with the dtype of x

Rows are finite, and comparisons do not meet nan. NumPy's scalars (np.log(2.0)) are constants like others, in the format of x, as
numbers of Python are; x ** 2, x ** 0.5 and x ** -1 are a product, a root and a quotient, as they are on arrays.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from smoothsym.program.operations import Operation, Program, Tape
from smoothsym.program.tracing import vocabulary
from smoothsym.program.tracing.names import VOCABULARY, Namespace, Untraceable, call
from smoothsym.program.tracing.recording import Condition, Position, Value, number

__all__ = ["VOCABULARY", "Untraceable", "trace"]

SETTINGS = ("axis", "keepdims")
"""Parameters that say how a function is computed, and not what."""


def trace(f: Callable[..., Any]) -> Program:
    """The program that array code computes, rows along its last axis; run as arrays it gives the same bits.

    Parameters: f(xp, x, ...) or f(x, ...) in the vocabulary above. What it takes after x are parameters, symbols of the program
    by their names, where they have no default or a number for one; others, `axis`, `keepdims` and what functools.partial has given
    keep their values. It returns one number or one vector.
    Raises Untraceable, a TypeError, for code that no program stands for, and an AttributeError that is a ValueError for an unknown
    operation; both say what to write instead.

    >>> print(trace(lambda xp, x: xp.log(xp.sum(xp.exp(x)))))
    v0 = x() [x]  # rank 1
    v1 = exp(v0)  # rank 1
    v2 = sum(v1) [0]  # rank 0
    v3 = log(v2)  # rank 0
    """
    first, second = _recorded(f), _recorded(f)
    if first != second:
        raise Untraceable(
            "the code does something else each time it runs, by random numbers or by what it keeps; give them as parameters"
        )
    return first


def _recorded(f: Callable[..., Any]) -> Program:
    tape = Tape()
    before, parameters = _arguments(f)
    x = Value(tape, tape.record(Operation("x", (), 1, "x")), (0,))
    symbols = {name: Value(tape, tape.record(Operation("symbol", (), 0, name))) for name in parameters}
    given = [Namespace(tape)] if before else []
    result = _seeing(f, tape)(*given, x, **symbols)
    if isinstance(result, (tuple, list, dict, Condition, Position)) or result is None:
        shown = "nothing" if result is None else f"a {type(result).__name__.lower()}"
        raise Untraceable(f"the code returns {shown}; it has to return one number or one vector")
    value = number(tape, result)
    axes = [d for d in value.dims if isinstance(d, int)]
    if len(axes) > 1:
        raise Untraceable("the code returns a matrix; it has to return one number or one vector")
    return _pruned(tape, value.number, tuple(axes))


def _arguments(f: Callable[..., Any]) -> tuple[bool, list[str]]:
    """Whether f takes xp, and the names of its parameters. Parameters that can only be given by position are none."""
    try:
        found = list(inspect.signature(f).parameters.values())
    except ValueError:
        return False, []
    settled = set(SETTINGS) | (set(f.keywords) if isinstance(f, functools.partial) else set())
    named = [p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY, p.KEYWORD_ONLY)]
    before = bool(named) and named[0].name == "xp"
    if len(named) < before + 1 or named[before].kind is inspect.Parameter.KEYWORD_ONLY:
        raise Untraceable(f"f{inspect.signature(f)} takes no vector; write def f(xp, x, ...) or def f(x, ...)")
    rest = [p for p in named[before + 1 :] if p.name not in settled]
    if by_place := [p.name for p in rest if p.kind is p.POSITIONAL_ONLY and p.default is p.empty]:
        raise Untraceable(f"f{inspect.signature(f)} takes {by_place[0]} by its place; parameters are given by name")
    return before, [
        p.name
        for p in rest
        if p.kind is not p.POSITIONAL_ONLY
        and (p.default is p.empty or (isinstance(p.default, (int, float)) and not isinstance(p.default, bool)))
    ]


def _seeing(f: Callable[..., Any], tape: Tape) -> Callable[..., Any]:
    """f, with recording ones for what NumPy and Python do not let an array answer itself: np.asarray, np.arange, len."""
    if not isinstance(f, FunctionType):
        return f
    seen = {name: _Numpy(tape) for name, value in f.__globals__.items() if value is np}
    seen.setdefault("len", lambda x: x.shape[0] if isinstance(x, Value) else len(x))  # type: ignore[arg-type]
    copy = FunctionType(f.__code__, {**f.__globals__, **seen}, f.__name__, f.__defaults__, f.__closure__)
    copy.__kwdefaults__ = f.__kwdefaults__
    return copy


class _Numpy:
    """NumPy, but for the functions that make arrays of what they are given."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def __getattr__(self, name: str) -> Any:
        if name in vocabulary.MAKERS:
            return lambda *args, **settings: call(name, self._tape, *args, **settings)
        return getattr(np, name)


def _pruned(tape: Tape, output: int, placement: tuple[int, ...]) -> Program:
    """What the output needs."""
    needed = {output}
    for made in range(output, -1, -1):
        if made in needed:
            needed.update(argument for argument, _ in tape.operations[made].args)
    new = {old: place for place, old in enumerate(sorted(needed))}
    operations = tuple(
        Operation(o.name, tuple((new[a], p) for a, p in o.args), o.rank, o.datum)
        for o in (tape.operations[old] for old in sorted(needed))
    )
    return Program(operations, ((new[output], placement),))
