"""A kernel is float code that we ship: a generated program on arrays, with the special-value contract around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf, isfinite, isinf, isnan, log2, nan
from typing import Any

import numpy as np
from sympy import Indexed

from smoothsym import words
from smoothsym.certify import special
from smoothsym.certify.special import Answer
from smoothsym.errors import shown, unknown
from smoothsym.program import arrays
from smoothsym.program.lower import Program
from smoothsym.program.source import source

DEFAULTS = {"p": 2.0}
"""What a parameter is when it is not given; 1 for every other."""

UNSTABLE = "no stable form was found: this is the definition as it stands"

_WEIGHTLESS = 1e4
"""exp(-1e4 / 4) is 0 in every format."""


@dataclass(frozen=True, repr=False)
class Kernel:
    """Float code for one operator: `kernel(x, axis=-1, <parameter>=...)`.

    `of` is "value" or "gradient". The form "naive" computes the definition as it stands, in the dtype of x; "stable" its stable
    form, in float32 for narrower formats, and answers special values by the operator's contract.
    """

    op: Any
    of: str
    form: str

    @property
    def name(self) -> str:
        return self.form if self.of == "value" else f"{self.form}_gradient"

    @property
    def contract(self) -> bool:
        """Whether special values are answered by the operator's contract."""
        return self.form != "naive"

    @cached_property
    def program(self) -> Program:
        """The program that runs on ordinary rows. Raises ValueError for a definition with vectors beside x."""
        beside = {e.base for e in self.op.definition.atoms(Indexed)} - {words.x}
        if beside:
            raise ValueError(f"{self.op.name} has the vector {beside.pop()} beside x; float kernels take x alone")
        return self.op.program(self.of, "naive" if self.form == "naive" else "float")

    @property
    def summation(self) -> str:
        """How sums are taken: "pairwise" as NumPy does it, or "compensated", in twice the precision and rounded once."""
        return "compensated" if self.contract else "pairwise"

    @property
    def note(self) -> str:
        """What to know of this kernel: that no stable form was found, where none was."""
        if self.form == "naive" or self.op.floats(self.of).law != "none":
            return ""
        return UNSTABLE

    @property
    def source(self) -> str:
        """NumPy source that computes what the program computes, for finite rows."""
        names = [symbol.name for symbol in self.op.parameters]
        name = f"{self.op.name}_{self.name}"
        settings = {"arity": self.op.arity, "widen": self.contract, "note": self.note}
        return source(self.program, "numpy", name, names, summation=self.summation, **settings)

    def __repr__(self) -> str:
        return f"<Kernel {self.op.name} {self.name}{': ' + self.note if self.note else ''}>"

    def __call__(self, x: Any, axis: int = -1, **parameter: Any) -> Any:
        """The value, or the gradient with the shape of x, of each vector along `axis`, in the dtype of x.

        A function of one entry acts on every entry of x, whatever its shape. Where a vector has a matrix of derivatives, that
        takes the last two axes. A row with a negative entry is nan to a function of positive ones.
        Raises TypeError and ValueError for what is no array of real floats, no axis and no parameter.
        """
        op, given = self.op.settled(parameter)
        if op is not self.op:
            return op.kernels[self.name](x, axis, **given)
        name, value = self._parameter(given)
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError("x is a masked array, and a kernel knows no masks; give x.filled(...) or x.compressed()")
        if not isinstance(axis, (int, np.integer)) or isinstance(axis, bool):
            raise TypeError(
                f"axis={axis!r} is a {type(axis).__name__}; give one whole number, and reshape for several axes"
            )
        x = np.asarray(x)
        if x.dtype.kind in "iub":
            x = x.astype(np.float64)
        if x.dtype.kind not in "fV" or x.dtype.names is not None:
            raise TypeError(f"x has dtype {x.dtype}; a kernel takes real floats")
        if op.arity == 1:
            return self._rows(x[..., None], name, value)
        if x.ndim == 0:
            raise ValueError("x is a single number; give an array with at least one axis")
        rows = np.moveaxis(x, axis, -1)
        if op.arity is not None and rows.shape[-1] != op.arity:
            raise ValueError(f"x has {rows.shape[-1]} entries along axis {axis}; {op.name} is a function of {op.arity}")
        result = self._rows(rows, name, value)
        return np.moveaxis(result, -1, axis) if self.rank == 1 else result

    @cached_property
    def rank(self) -> int:
        """How many axes a result has beside those of the batch: 0 for a number, 1 for a vector, 2 for a matrix."""
        return int(self.op.rank(self.of))

    def _parameter(self, given: Mapping[str, Any]) -> tuple[str | None, Any]:
        name = self.op.parameter.name if self.op.parameter is not None else None
        if extra := [key for key in given if key != name]:
            raise TypeError(f"{self.op.name}: {unknown('parameter', extra[0], [name] if name else [])}")
        if name is None:
            return None, 1.0
        value = given.get(name, DEFAULTS.get(name, 1.0))
        if value is None or isinstance(value, (str, complex, bool)) or np.ndim(value) != 0:
            raise TypeError(f"{name}={shown(value)} is a {type(value).__name__}; give one real number")
        try:
            float(value)
        except OverflowError:
            raise ValueError(f"{name} is a number beyond every float; give math.inf for the limit") from None
        return name, value

    def _rows(self, rows: Any, name: str | None, value: Any) -> Any:
        size = rows.shape[-1]
        # Sums are pairwise along a contiguous axis only.
        flat = np.ascontiguousarray(rows).reshape(int(np.prod(rows.shape[:-1])), size)
        shape = rows.shape[:-1] + (size,) * self.rank
        with np.errstate(all="ignore"):
            if self.contract:
                result = self._contracted(flat, name, value)
                if self.op.domain == "positive":
                    result[np.any(flat < 0, axis=-1)] = nan
                return result.reshape(shape)
            if not size:
                return np.full(shape, nan, dtype=rows.dtype)
            symbols = {name: rows.dtype.type(value)} if name else {}
            return np.asarray(self.run(flat, symbols)).astype(rows.dtype).reshape(shape)

    def run(self, rows: Any, symbols: Mapping[str, Any], where: Any = None) -> Any:
        """The program on rows, in their dtype."""
        return arrays.run(self.program, rows, symbols, where=where, summation=self.summation)[0]

    def _contracted(self, rows: Any, name: str | None, value: Any) -> Any:
        """The rows on which the contract has a say are answered, the others computed."""
        number = float(value)
        work = _Work(self, rows, name, number)
        answered = self._answered(rows, number)
        if not np.any(answered):
            return work.compute(rows)
        result = np.empty((len(rows), *(rows.shape[1:] * self.rank)), dtype=rows.dtype)
        if not np.all(answered):
            result[~answered] = work.compute(rows[~answered])
        for place in np.flatnonzero(answered):
            result[place] = self._answer(rows[place], number, str(number)[0] == "-")
        return result

    def _answered(self, rows: Any, number: float) -> Any:
        """For which rows the contract has an answer."""
        if rows.shape[-1] == 0 or (self.op.parameter is not None and (number == 0 or not isfinite(number))):
            return np.ones(len(rows), dtype=bool)
        kind = self.op.kind
        key = np.abs(rows) if kind == "modulus" else rows
        if kind is None:
            return ~np.all(np.isfinite(rows), axis=-1)
        dominant, negligible = special.ends(kind, number)
        return np.any(np.isnan(rows), axis=-1) | np.any(key == dominant, axis=-1) | np.all(key == negligible, axis=-1)

    def _answer(self, row: Any, number: float, negative_zero: bool) -> Any:
        entries: list[Any] = [v if isinf(v) or isnan(v) else Fraction(v) for v in map(float, row)]
        answer: Answer | None = special.answer(self.op, entries, number, self.of, negative_zero)
        if answer is None:
            return nan
        values = answer.value if isinstance(answer.value, list) else [answer.value]
        floats = [v.numerator / v.denominator if isinstance(v, Fraction) else v for v in values]
        array = np.array(floats).astype(row.dtype)
        return array if isinstance(answer.value, list) else array[0]


@dataclass(frozen=True)
class _Work:
    """One call of a kernel on rows without a contract answer, in the format that it computes in."""

    kernel: Kernel
    rows: Any
    name: str | None
    number: float

    @property
    def dtype(self) -> Any:
        """float32 for narrower formats, whose sums would saturate."""
        return np.promote_types(self.rows.dtype, np.float32)

    def symbols(self, times: float = 1.0) -> dict[str, Any]:
        """The parameter in the format: finite and no zero, as the one that was given."""
        if self.name is None:
            return {}
        limits = np.finfo(self.dtype)
        value = self.dtype.type(self.number) * self.dtype.type(times)
        size = np.clip(np.abs(value), limits.smallest_subnormal, limits.max)
        return {self.name: np.copysign(size, self.dtype.type(self.number))}

    def compute(self, rows: Any) -> Any:
        op, given = self.kernel.op, rows.dtype
        without = self._weightless(rows)
        rows = rows.astype(self.dtype)
        if without is not None and op.kind == "modulus":
            filled = np.where(without, np.max(np.where(without, 0, rows), axis=-1, keepdims=True), rows)
            result = self._run(filled, where=~without)
        elif without is not None:
            result = self._far(rows, without)
        else:
            result = self._run(rows)
            if op.joint:
                result = self._again(rows, result)
        if without is not None and self.kernel.of == "gradient" and self.kernel.rank == 1:
            result = np.where(without, weightless_gradient(op, self.number), result)
        return result.astype(given)

    def _run(self, rows: Any, scale: float = 1.0, where: Any = None) -> Any:
        """f(x; a) = s f(x / s; s a), which is proved where s is not 1; a gradient has no factor."""
        x = rows if scale == 1 else rows / self.dtype.type(scale)
        result = np.asarray(self.kernel.run(x, self.symbols(scale), where))
        return result if scale == 1 or self.kernel.of == "gradient" else result * self.dtype.type(scale)

    def _weightless(self, rows: Any) -> Any:
        kind = self.kernel.op.kind
        if kind is None:
            return None
        _, negligible = special.ends(kind, self.number)
        found = (np.abs(rows) if kind == "modulus" else rows) == negligible
        return found if np.any(found) else None

    def _far(self, rows: Any, without: Any) -> Any:
        """Entries without weight, at a finite distance where they have none either: there expm1 is -1, and not 0."""
        top = np.where(without, -inf if self.number > 0 else inf, rows)
        top = np.max(top, axis=-1, keepdims=True) if self.number > 0 else np.min(top, axis=-1, keepdims=True)
        largest = float(np.finfo(self.dtype).max)
        distance = _WEIGHTLESS / self.number
        scale = 1.0
        if self.kernel.op.joint and abs(distance) > largest / 2**24:
            scale = 2.0 ** np.ceil(log2(_WEIGHTLESS) - log2(abs(self.number)) - log2(largest / 2**24))
        scaled = top / self.dtype.type(scale)
        far = scaled - self.dtype.type(min(max(distance / scale, -largest / 2**24), largest / 2**24))
        filled = np.where(without, far, np.where(without, 0, rows) / self.dtype.type(scale))
        result = np.asarray(self.kernel.run(filled, self.symbols(scale)))
        return result if scale == 1 or self.kernel.of == "gradient" else result * self.dtype.type(scale)

    def _again(self, rows: Any, result: Any) -> Any:
        """Rows in which a difference or a sum of entries overflows, once more by the law of joint homogeneity."""
        whole = np.all(np.isfinite(result).reshape(len(rows), -1), axis=-1)
        with_range = np.isfinite(np.max(rows, axis=-1) - np.min(rows, axis=-1))
        again = ~(whole & with_range)
        if not np.any(again):
            return result
        result = result.copy()
        result[again] = self._run(rows[again], scale=2.0 ** np.ceil(log2(4 * rows.shape[-1])))
        return result


def weightless_gradient(op: Any, parameter: float) -> float:
    """The gradient at an entry without weight: 0, but nan for |x|^p with p < 1, whose slope there is infinite."""
    return nan if op.kind == "modulus" and 0 < parameter < 1 else 0.0


def kernels_of(op: Any) -> dict[str, Kernel]:
    """The generated kernels of an operator, by name."""
    made = [Kernel(op, of, form) for of in ("value", "gradient") for form in ("naive", "stable")]
    return {kernel.name: kernel for kernel in made}
