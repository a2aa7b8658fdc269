"""What an audit is asked, checked before anything runs: an error names the argument, its value, and what to give instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
from sympy import Expr

from smoothsym import formats
from smoothsym.auditing.asking.bridge import DIFFERENTIABLE, OUTPUTS, Bridged
from smoothsym.auditing.asking.calls import dotted, passing, resolve
from smoothsym.auditing.asking.pairs import ROW, Paired, answers, of_two
from smoothsym.auditing.asking.vectors import has_vector
from smoothsym.cases import Facts, default_lengths, default_parameters
from smoothsym.certify.inputs import check_formula, exact_number
from smoothsym.certify.scale import VECTOR, axes_of, entrywise, length_of_vector
from smoothsym.errors import shown, unknown

__tracebackhide__ = True
"""pytest shows an argument that is wrong where it was given, and not where that was noticed."""


def check(budget: Any, seconds: Any, seed: Any, tol: Any, timeout: Any, executor: Any, **callables: Any) -> None:
    """Raise TypeError or ValueError for an option that cannot be meant."""
    kinds: dict[str, tuple[Any, Any]] = {"budget": (budget, Integral)}
    kinds |= {"tol": (tol, Real), "seconds": (seconds, Real), "timeout": (timeout, Real)}
    for name, (number, kind) in kinds.items():
        if number is not None and (isinstance(number, bool) or not isinstance(number, kind) or not number > 0):
            what = "whole number" if kind is Integral else "number"
            raise ValueError(f"{name}={shown(number)}: give a positive {what}")
    if tol is None:
        raise ValueError("tol=None: give a positive number")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed={shown(seed)}: give a whole number that is not negative")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(
            f"executor={executor!r} is a {type(executor).__name__}; give a concurrent.futures.Executor, such as "
            "ProcessPoolExecutor(2)"
        )
    for name, function in callables.items():
        if function is not None and not callable(function):
            raise TypeError(f"{name}={shown(function)} is a {type(function).__name__}, which cannot be called")


def operator(op: Any) -> Any:
    if isinstance(op, str):
        from smoothsym.catalogue import operators

        if op not in operators:
            raise unknown("op", op, operators)
        op = operators[op]
    if not hasattr(op, "definition"):
        raise TypeError(f"op={op!r} is a {type(op).__name__}; give a SmoothMax or the name of one")
    return op


def check_output(op: Any, of: Any) -> None:
    """Raise ValueError for an output that no audit takes, TypeError for what is none."""
    if not isinstance(of, (str, Expr)):
        raise TypeError(f"of={of!r} is a {type(of).__name__}; give 'value', 'gradient' or an expression in ss.x")
    names = ("value", "gradient", "jvp", "vjp", *(q.name for q in op.parameters))
    if isinstance(of, str) and of not in names:
        raise unknown("of", of, names)
    size = op.arity or 3
    beside = length_of_vector(op, of, size)
    check_formula(op, of, op.formula(of), size, {} if beside is None else {VECTOR: beside})
    if axes_of(op, of) > 1:
        raise ValueError(
            f"of={str(of)!r} of {op.name} is a matrix; audit its products with vectors: of='vjp', a target f(x, v), or 'jvp'"
        )


def parameters_of(
    op: Any, facts: Facts, fmt: formats.Format, given: dict[str, Any], sampled: Any, options: Sequence[str]
) -> tuple[float | None, list[Any]]:
    """The parameter that is given, if one is, and all those to use."""
    name = op.parameter.name if op.parameter is not None else None
    if extra := [key for key in given if key != name]:
        raise TypeError(f"audit: {unknown('argument', extra[0], [*([name] if name else []), *options])}")
    if sampled is not None and (name is None or name in given):
        why = f"{op.name} has no parameter" if name is None else f"{name}= is given already; give one or the other"
        raise TypeError(f"parameters={sampled!r}: {why}")
    if name is None:
        return None, [None]
    if name in given:
        number = _number(given[name], name)
        return number, [number]
    if sampled is None:
        usual: Any = default_parameters(facts, fmt)
        return None, [v for v in usual if v >= 0 or not op.parameter.is_nonnegative]
    if isinstance(sampled, str) or not hasattr(sampled, "__iter__") or not list(sampled):
        raise ValueError(f"parameters={sampled!r}: give a sequence of numbers to sample {name} from")
    return None, [_number(v, "parameters") for v in sampled]


PAIRS = "the target takes two arrays, and so rows of two entries; with pairs=False it gets rows as one array"


def _number(value: Any, argument: str) -> float:
    exact_number(value, argument)
    number = float(value)
    if isfinite(number) and exact_number(number, argument) != exact_number(value, argument):
        raise ValueError(f"{argument}={value!r} is no float64, and float code cannot be given it; give {number!r}")
    return number


def lengths_of(n: Any, op: Any, fmt: formats.Format, pairs: bool = False) -> tuple[int, ...]:
    """The lengths of rows, which are of two entries where the target takes these in `pairs`."""
    if pairs:
        if n not in (None, 2, [2], (2,)):
            raise ValueError(f"n={n!r}: {PAIRS}")
        return (2,)
    if n is None:
        return default_lengths(fmt) if op.arity is None else (op.arity,)
    sizes = tuple(n) if isinstance(n, (list, tuple, range)) else (n,)
    if not sizes or any(isinstance(q, bool) or not isinstance(q, (int, np.integer)) or q < 1 for q in sizes):
        raise ValueError(f"n={n!r}: give a positive length, or a sequence of them")
    if op.arity is not None and any(q != op.arity for q in sizes):
        raise ValueError(f"n={n!r}: {op.name} takes {op.arity} entries")
    return tuple(int(q) for q in sizes)


def in_pairs(
    pairs: Any,
    op: Any,
    of: Any,
    given: float | None,
    fmt: formats.Format,
    batched: bool,
    timeout: float | None,
    target: Callable[..., Any],
) -> bool:
    """Whether the target takes two arrays, as f(a, b), the entries of rows of two: as it is said by `pairs`, or by its kind, or by its
    answers to a row of two, first as f(x) or f(x, alpha), then as f(a, b). `target(of, pairs=)` makes it.
    """
    if pairs is not None:
        if not isinstance(pairs, bool):
            raise TypeError(
                f"pairs={pairs!r} is a {type(pairs).__name__}; give True, False, or None to have it found out"
            )
        if pairs and op.arity not in (None, 2):
            raise ValueError(
                f"pairs=True calls the target as f(x[0], x[1]), but {op.name} takes one entry; leave it out"
            )
        return pairs
    name = op.parameter.name if op.parameter is not None else None
    plain = target("value", pairs=False)
    bridged = isinstance(plain, Bridged)
    if op.arity == 1 or (has_vector(op, of) and not bridged):
        return False
    known = of_two(plain.call if bridged else resolve(plain), name, given is not None)
    if known is not None:
        return known
    by_entry = entrywise(op, "value" if bridged and plain.arrays in DIFFERENTIABLE else of)
    for both in (False, True):
        tried = target("value", pairs=both)
        function, row = resolve(tried), np.array([ROW] if batched else ROW, dtype=fmt.dtype)
        try:
            way = passing(function, name, given)
        except TypeError:
            continue
        # What is to be differentiated may give the two derivatives itself.
        either = both and bridged and of == "gradient"
        if answers(tried, function, row, way.arguments(1.0 if given is None else given), by_entry, either, timeout):
            return both
    return False


def on_arrays(
    target: Any,
    arrays: str | None,
    of: Any,
    *,
    op: Any,
    device: str | None,
    compiled: bool,
    keywords: Mapping[str, Any] | None,
    pairs: bool,
) -> Any:
    """The target on arrays of a library, differentiated by it where a derivative is audited; itself where it takes NumPy's; with
    `pairs`, on rows of two entries where it takes two arrays.
    """
    if pairs and isinstance(target, Bridged) and not target.pairs:
        raise TypeError(f"target={target.name!r} is bridged already: give pairs=True to Bridged")
    if arrays is None and not keywords:
        name = dotted(target) or ""
        if name.startswith(("torch.", "torch:")):
            raise ValueError(f"target={name!r} takes PyTorch's arrays: give arrays='torch', or --arrays torch")
        if device is not None or compiled:
            raise ValueError("device= and compiled= are about arrays of a library: give arrays='torch' or 'jax', too")
        return Paired(target) if pairs and not isinstance(target, Bridged) else target
    if keywords is not None and not isinstance(keywords, Mapping):
        raise TypeError(f"keywords={keywords!r} is a {type(keywords).__name__}; give a mapping, such as {{'dim': -1}}")
    arrays = arrays or "numpy"
    if isinstance(target, Bridged):
        raise TypeError(f"target={target.name!r} is bridged to arrays of {target.arrays} already; leave arrays= out")
    output = of if of in OUTPUTS and arrays in DIFFERENTIABLE else "value"
    beside = {"device": device, "compiled": compiled, "elementwise": op.arity == 1, "pairs": pairs}
    return Bridged(target, arrays, output, **beside, **(keywords or {}))
