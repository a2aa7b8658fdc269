"""An input is read as the number that it is exactly, or the argument at fault is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import inf, isfinite, nan
from types import MappingProxyType
from typing import Any

import numpy as np
from mpmath.ctx_mp_python import _constant
from sympy import Expr, Indexed, Rational, S, Symbol

from smoothsym import formats, words
from smoothsym.certify.special import Number
from smoothsym.errors import shown, unknown

KINDS = "an int, float, Fraction, SymPy Rational or mpf"

Row = list[Number]


def exact_number(value: Any, argument: str) -> Number:
    """An input as what it is exactly: a Fraction, or a float that is infinite or nan. Raises TypeError for anything else."""
    if type(value) is float:
        return Fraction(value) if isfinite(value) else value
    if isinstance(value, (bool, np.bool_, str, bytes, complex, np.complexfloating)) or value is None:
        raise TypeError(f"{argument}={value!r} is a {type(value).__name__}; give {KINDS}")
    if isinstance(value, np.floating):
        # A longdouble may be more than a float64, and beyond the largest one.
        return Fraction(*value.as_integer_ratio()) if np.isfinite(value) else float(value)
    if type(value).__module__ == "ml_dtypes":
        return exact_number(float(value), argument)
    if isinstance(value, _constant):
        raise TypeError(f"{argument}={value!r} is no one number but digits without end; give {KINDS}")
    if isinstance(value, Expr) and not value.is_Rational:
        special = {S.Infinity: inf, S.NegativeInfinity: -inf, S.NaN: nan}
        if value in special:
            return special[value]
        if not value.is_Float:
            raise TypeError(f"{argument}={value} is a SymPy {type(value).__name__} and not rational; give {KINDS}")
    raw = getattr(value, "_mpf_", None)
    if isinstance(raw, tuple) and not raw[1] and raw[2]:
        return nan if value != value else inf if value > 0 else -inf
    try:
        return formats.to_fraction(value)
    except TypeError:
        raise TypeError(f"{argument}={value!r} is a {type(value).__name__}; give {KINDS}") from None
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from None


def settled(op: Any, given: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any], dict[Symbol, Expr]]:
    """The operator of its first parameter alone, what is given for that one, and the exact values of the others."""
    names = [q.name for q in op.parameters]
    if extra := [key for key in given if key not in names]:
        if not names:
            raise TypeError(f"{op.name} has no parameter, and was given {extra[0]}={given[extra[0]]!r}")
        raise TypeError(f"{op.name}: {unknown('parameter', extra[0], names)}")
    given = {**op.defaults, **given}
    alone, rest = op.settled(given)
    values = {q: Fraction(exact_number(given[q.name], q.name)) for q in op.parameters[1:]}
    return alone, rest, {q: Rational(v.numerator, v.denominator) for q, v in values.items()}


def parameter_of(op: Any, given: Mapping[str, Any]) -> tuple[str | None, Number, bool]:
    """The parameter's name, its exact value (2 for p, 1 for every other where it is not given), and whether it is a negative zero."""
    name = op.parameter.name if op.parameter is not None else None
    if name is None:
        return None, Fraction(1), False
    value = given.get(name, 2 if name == "p" else 1)
    if np.ndim(value) != 0:
        raise TypeError(f"{name}={value!r} is an array of shape {np.shape(value)}; give one number a call")
    value = value.item() if isinstance(value, np.ndarray) else value
    number = exact_number(value, name)
    return name, number, isinstance(value, (float, np.floating)) and value == 0 and bool(np.signbit(value))


def is_floats(x: Any) -> bool:
    """Whether it is an array of floats, each of which a float64 equals."""
    if not isinstance(x, np.ndarray) or isinstance(x, np.ma.MaskedArray):
        return False
    return (x.dtype.kind == "f" and x.dtype.itemsize <= 8) or x.dtype.name == "bfloat16"


def floats_of(op: Any, x: Any, counts: Any = None) -> tuple[np.ndarray[Any, Any], tuple[int, ...]] | None:
    """An array of floats as rows, and its shape; None for what is no such array, or none of rows that the operator takes.

    `counts` says which entries count, all if it is None.
    """
    if not is_floats(x) or x.ndim == 0:
        return None
    shape = x.shape if op.arity != 1 or x.shape[-1:] == (1,) else (*x.shape, 1)
    rows = x.reshape(int(np.prod(shape[:-1])), shape[-1])
    if op.arity not in (None, shape[-1]):
        return None
    if op.domain == "positive" and bool(((rows if counts is None else rows[counts]) <= 0).any()):
        return None
    return rows, shape


def rows_of(op: Any, x: Any, out: Sequence[bool] = ()) -> tuple[list[Row], tuple[int, ...]]:
    """The rows of an array-like, exactly, and its shape; checked to be rows that the operator takes, but for what is left out.

    An operator of one entry takes rows of one entry, and numbers and any other array elementwise.
    """
    entries, shape = nested(x)
    if op.arity == 1 and shape[-1:] != (1,):
        shape = (*shape, 1)
    if not shape:
        raise ValueError(f"x={x!r} is a single number; give a vector, or rows of equal length")
    size = shape[-1]
    if op.arity is not None and size != op.arity:
        raise ValueError(f"x has {size} entries in a row; {op.name} takes {op.arity}")
    if op.domain == "positive":
        for place, v in enumerate(entries):
            if v <= 0 and not (out and out[place]):
                raise ValueError(
                    f"x has the entry {shown(float(v))} at {index_of(place, shape)}; {op.name} is defined for positive entries"
                )
    count = int(np.prod(shape[:-1]))
    return [entries[q * size : (q + 1) * size] for q in range(count)], shape


def check_formula(
    op: Any, of: Any, formula: Expr, size: int, vectors: Mapping[str, int] = MappingProxyType({})
) -> None:
    """That rows of so many entries, the vectors beside them and the operator's parameters give a formula all that it asks for."""
    said = repr(of) if isinstance(of, str) else str(of)
    known = {words.x.label, words.n, words.i, words.k}
    names = {q.name for q in (*known, *op.parameters)} | set(vectors)
    for vector, argument in ((words.v, "v"), (words.w, "weights")):
        asked = {a.indices[0] for a in formula.atoms(Indexed) if a.base == vector}
        name = str(vector.label)
        if asked and name not in vectors:
            raise ValueError(
                f"of={said} has the vector {name}: give {argument}=, as many numbers as x has entries in a row"
            )
        wanted = 1 if asked == {S.One} and vector == words.v else size
        if asked and vectors[name] != wanted:
            raise ValueError(f"{argument} has {vectors[name]} numbers beside a row of {size}; of={said} takes {wanted}")
        if not asked and name in vectors and vector == words.v:
            raise ValueError(
                f"v is given, and of={said} has no vector v; it is for 'jvp', 'vjp', 'hvp' and expressions in ss.v"
            )
    if extra := sorted({q.name for q in formula.free_symbols if isinstance(q, Symbol)} - names):
        raise ValueError(
            f"of={said} has the free symbol {extra[0]}, which {op.name} gives no number; write it in ss.x, ss.n, "
            f"free indices ss.i and ss.k, and {', '.join(q.name for q in op.parameters) or 'no parameter'}"
        )
    for entry in sorted(formula.atoms(Indexed), key=str):
        index = entry.indices[0]
        if index.is_Integer and not 1 <= index <= size:
            raise ValueError(f"of={said} has {entry}, and a row of x has the entries 1 to {size}")


def index_of(place: int, shape: tuple[int, ...]) -> str:
    return str([int(q) for q in np.unravel_index(place, shape)])


def nested(x: Any, argument: str = "x") -> tuple[Row, tuple[int, ...]]:
    """The entries of an array-like in order, and its shape."""
    if not isinstance(x, (list, tuple)) and hasattr(x, "__array__") and not np.isscalar(x):
        if np.ma.is_masked(x):
            raise ValueError(
                f"{argument} has masked entries; give {argument}.data, and where= for the entries that count"
            )
        return _array(np.asarray(x), argument)
    if isinstance(x, (str, bytes)) or not isinstance(x, Sequence):
        return [exact_number(x, argument)], ()
    parts = [nested(v, argument) for v in x]
    shapes = {shape for _, shape in parts}
    if len(shapes) > 1:
        if all(len(shape) == 1 for shape in shapes):
            lengths = ", ".join(str(size) for (size,) in sorted(shapes))
            raise ValueError(f"the rows of {argument} have lengths {lengths}; give rows of equal length")
        raise ValueError(
            f"{argument} holds parts of shapes {', '.join(map(str, sorted(shapes)))}; give rows of equal length"
        )
    (inner,) = shapes or {()}
    return [entry for row, _ in parts for entry in row], (len(x), *inner)


def _array(x: np.ndarray[Any, Any], argument: str) -> tuple[Row, tuple[int, ...]]:
    if x.dtype.kind in "SUcbMm":
        raise TypeError(f"{argument} has dtype {x.dtype}; give real numbers")
    flat = x.reshape(-1)
    if is_floats(x) and not formats.gradual_underflow():
        # To convert a subnormal number would flush it, too.
        fmt = formats.get(x.dtype)
        bits = fmt.bits_of(flat.astype(fmt.dtype, copy=False)).tolist()
        finite = np.isfinite(flat).tolist()
        return [fmt.decode(b) if known else float(v) for b, known, v in zip(bits, finite, flat, strict=True)], x.shape
    if x.dtype.kind in "iu" or (x.dtype.kind == "f" and x.dtype.itemsize <= 8):
        return [exact_number(v, argument) for v in flat.tolist()], x.shape
    return [exact_number(v, argument) for v in flat], x.shape
