"""A kernel is float code that we ship: a generated program on arrays, with the special-value contract around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isinf, isnan
from typing import Any

import numpy as np

from smoothsym.certify import special
from smoothsym.certify.special import Answer
from smoothsym.errors import shown
from smoothsym.program import arrays
from smoothsym.program.lower import Program
from smoothsym.program.source import numpy_source

DEFAULTS = {"p": 2.0}
"""What a parameter is when it is not given; 1 for every other."""


@dataclass(frozen=True)
class Kernel:
    """Float code for one operator: `kernel(x, axis=-1, <parameter>=...)`.

    `of` is "value" or "gradient"; `source` the NumPy source of its program. Naive kernels compute the definition as it stands;
    the others answer special values by the operator's contract.
    """

    name: str
    of: str
    op: Any = field(repr=False)
    program: Program = field(repr=False)
    contract: bool = True

    @property
    def source(self) -> str:
        """NumPy source that computes what the program computes, for finite rows."""
        parameter = self.op.parameter.name if self.op.parameter is not None else None
        return numpy_source(self.program, f"{self.op.name}_{self.name}", parameter)

    def __call__(self, x: Any, axis: int = -1, **parameter: Any) -> Any:
        """The value, or the gradient with the shape of x, of each vector along `axis`, in the dtype of x."""
        symbol = self.op.parameter
        name = symbol.name if symbol is not None else None
        if extra := [key for key in parameter if key != name]:
            raise TypeError(
                f"{self.op.name} has no parameter {extra[0]!r}" + (f"; its parameter is {name}=" if name else "")
            )
        x = np.asarray(x)
        if x.dtype.kind in "iub":
            x = x.astype(np.float64)
        if x.dtype.kind not in "fV" or x.dtype == object:
            raise TypeError(f"x has dtype {x.dtype}; a kernel takes real floats")
        if x.ndim == 0:
            raise ValueError("x is a single number; give an array with at least one axis")
        value = parameter.get(name, DEFAULTS.get(name, 1.0)) if name else None
        if name and (value is None or isinstance(value, (str, complex, bool)) or np.ndim(value) != 0):
            raise TypeError(f"{name}={shown(value)} is a {type(value).__name__}; give one real number")
        rows = np.moveaxis(x, axis, -1)
        result = self._rows(rows, name, value)
        return np.moveaxis(result, -1, axis) if self.of == "gradient" else result

    def _rows(self, rows: Any, name: str | None, value: Any) -> Any:
        symbols = {name: rows.dtype.type(value)} if name else {}
        number = float(value) if name else 1.0
        with np.errstate(all="ignore"):
            if not self.contract:
                if rows.shape[-1] == 0:
                    return np.full(rows.shape if self.of == "gradient" else rows.shape[:-1], np.nan, dtype=rows.dtype)
                return arrays.run(self.program, rows, symbols)[0]
            rounded = float(symbols[name]) if name else 1.0
            awkward = (
                rows.shape[-1] == 0 or number == 0 or rounded == 0 or isinf(number) or isnan(number) or isinf(rounded)
            )
            zeros = self.op.kind == "modulus" and not np.all(rows)
            if not awkward and not zeros and np.all(np.abs(rows) <= np.finfo(rows.dtype).max / 4):
                return arrays.run(self.program, rows, symbols)[0]
            return self._contracted(rows, symbols, number)

    def _contracted(self, rows: Any, symbols: Mapping[str, Any], number: float) -> Any:
        """Rows one by one where the contract has a say: answered, or computed with their weightless entries masked."""
        flat = rows.reshape(int(np.prod(rows.shape[:-1])), rows.shape[-1])
        shape = flat.shape if self.of == "gradient" else flat.shape[:1]
        result = np.empty(shape, dtype=rows.dtype)
        for position, row in enumerate(flat):
            result[position] = self._row(row, symbols, number)
        return result.reshape(rows.shape if self.of == "gradient" else rows.shape[:-1])

    def _row(self, row: Any, symbols: Mapping[str, Any], number: float) -> Any:
        entries = [float(v) for v in row]
        answer = special.answer(self.op, special_numbers(entries), number, self.of, negative_zero=str(number)[0] == "-")
        if answer is not None:
            return self._answered(answer, row.dtype)
        skip = np.array(special.weightless(entries, number, self.op.kind))
        kept = row[~skip]
        if not np.all(np.isfinite(kept)):
            return np.nan
        filled = np.where(skip, kept[0], row).astype(row.dtype)
        # A difference of two huge entries overflows: f(x; a) = 4 f(x/4; 4 a) where that law is proved.
        huge = self.op.joint and np.max(np.abs(kept)) > np.finfo(row.dtype).max / 4
        if huge:
            filled, symbols = filled / 4, {name: value * 4 for name, value in symbols.items()}
        value = arrays.run(self.program, filled[None, :], symbols, where=~skip[None, :])[0][0]
        value = value * 4 if huge and self.of == "value" else value
        if self.of != "gradient":
            return value
        return np.where(skip, row.dtype.type(weightless_gradient(self.op, number)), value)

    @staticmethod
    def _answered(answer: Answer, dtype: Any) -> Any:
        values = answer.value if isinstance(answer.value, list) else [answer.value]
        floats = np.array([v.numerator / v.denominator if not isinstance(v, float) else v for v in values]).astype(
            dtype
        )
        return floats if isinstance(answer.value, list) else floats[0]


def special_numbers(entries: list[float]) -> list[Any]:
    """Finite floats as Fractions, so that contract values are exact; the rest as they are."""
    from fractions import Fraction

    return [Fraction(v) if not (isinf(v) or isnan(v)) else v for v in entries]


def weightless_gradient(op: Any, parameter: float) -> float:
    """The gradient at an entry without weight: 0, but nan for |x|^p with p < 1, whose slope there is infinite."""
    return float("nan") if op.kind == "modulus" and parameter < 1 else 0.0


def kernels_of(op: Any) -> dict[str, Kernel]:
    """The generated kernels of an operator, by name."""
    made = {}
    for of in ("value", "gradient"):
        for form in ("naive", "stable"):
            name = form if of == "value" else f"{form}_gradient"
            made[name] = Kernel(name, of, op, op.program(of, form), contract=form != "naive")
    return made
