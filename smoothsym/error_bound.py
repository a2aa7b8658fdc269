"""How wrong float code can be: a bound as a formula to first order, and as a number that is an upper bound; both from its program."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, isinf, isnan, log2, nan
from typing import Any

import numpy as np
from sympy import Expr

from smoothsym.certify import special
from smoothsym.certify.inputs import exact_number
from smoothsym.errors import unknown
from smoothsym.formats import FORMATS, Format, get
from smoothsym.kernels import DEFAULTS, Kernel
from smoothsym.operator import SmoothMax
from smoothsym.program.lower import Program
from smoothsym.program.rounding.assumptions import assumptions
from smoothsym.program.rounding.enclosures import Box
from smoothsym.program.rounding.local import constant, nearest
from smoothsym.program.rounding.model import JAX, NUMPY, TORCH, Model
from smoothsym.program.rounding.rigorous import rigorous
from smoothsym.symbolic.derivation import latex

__all__ = ["JAX", "NUMPY", "TORCH", "ErrorBound", "Model", "bound"]

BLOCK = 1 << 16
"""So many entries of rows are bounded at once."""


def bound(kernel: Any, model: Model | None = None, of: str = "value") -> ErrorBound:
    """The error bound of a float kernel, of an operator's recommended one, or of somebody's array code.

    Parameters: `kernel`, a Kernel, a SmoothMax, a Program, or a function f(xp, x, <parameters>) that a program is traced from; `model`, how float
    operations err: by default NumPy's sums, or the kernel's own, and functions as measured; in the formula a function is within u;
    `of`, "value" or "gradient", of an operator.
    Raises ValueError for an operation without a rounding rule, and TypeError for what is none of these.

    >>> import smoothsym as ss
    >>> error = ss.bound(ss.logsumexp.kernels["stable"]).rigorous([0.0, -40.0], dtype="float64", alpha=1.0)
    >>> exact = ss.enclose(ss.logsumexp, [0.0, -40.0], alpha=1, digits=20).mid
    >>> bool(abs(ss.logsumexp([0.0, -40.0]) - exact) <= error < 1e-32)
    True
    """
    if isinstance(kernel, SmoothMax):
        if of not in ("value", "gradient"):
            raise unknown("of", of, ("value", "gradient"))
        kernel = kernel.kernels["stable" if of == "value" else "stable_gradient"]
    if isinstance(kernel, Program):
        return ErrorBound(kernel, model)
    if isinstance(kernel, Kernel):
        return ErrorBound(kernel.program, model, kernel)
    if callable(kernel):
        from smoothsym.program.trace import trace

        return ErrorBound(trace(kernel), model, title=getattr(kernel, "__name__", ""), defaults=_defaults(kernel))
    raise TypeError(
        f"kernel={kernel!r} is a {type(kernel).__name__}; give a kernel such as ss.logsumexp.kernels['stable'], an operator, "
        "or a function f(xp, x, alpha)"
    )


def _defaults(f: Any) -> dict[str, Any]:
    """The parameters of a function that have numbers of their own."""
    found = {name: q.default for name, q in inspect.signature(f).parameters.items()}
    return {
        name: value for name, value in found.items() if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


@dataclass(frozen=True, repr=False)
class ErrorBound:
    """A bound on |computed - exact|.

    `program` is what runs; `given_model` the model that was asked for, if any; `kernel` the kernel that runs it, if there is one;
    `title` and `defaults` are the name and the parameters of code that was traced.
    """

    program: Program
    given_model: Model | None = None
    kernel: Kernel | None = None
    title: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def model(self) -> Model:
        """How float operations err, where numbers are asked for."""
        if self.given_model is not None:
            return self.given_model
        summation = getattr(self.kernel, "summation", None)
        return NUMPY if summation in (None, "pairwise") else replace(NUMPY, summation=summation)

    @property
    def name(self) -> str:
        return self.title or "a program" if self.kernel is None else f"{self.kernel.op.name} {self.kernel.name}"

    # ---- the formula ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _formula(self) -> Any:
        from smoothsym.program.rounding.first_order import ANY_ORDER, formula

        model = self.given_model or replace(ANY_ORDER, summation=self.model.order())
        domain = "real" if self.kernel is None else self.kernel.op.domain
        return formula(self.program, model, domain=domain)

    @property
    def formula(self) -> Expr:
        """The bound to first order, in u, n, x and the parameters."""
        found: Expr = self._formula.expression
        return found

    @property
    def named(self) -> Expr:
        """The formula in words: f the value, w[i] the share of an entry."""
        found: Expr = self._formula.named
        return found

    @property
    def meanings(self) -> tuple[tuple[Expr, Expr], ...]:
        """What the words of `named` stand for."""
        found: tuple[tuple[Expr, Expr], ...] = self._formula.meanings
        return found

    @property
    def range_free(self) -> Expr | None:
        """The worst case of the formula over all x with the same value, where a law of the operator gives one."""
        return None

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return latex(self.formula)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the numbers rest on, in any format."""
        return self.under(*FORMATS)

    def under(self, *formats: str) -> tuple[str, ...]:
        """What the numbers rest on, for x in one of these formats."""
        contract = self.kernel is not None and self.kernel.contract
        narrow = [name for name in formats if get(name).bits < 32]
        ran = [name for name in formats if name not in narrow] if contract else list(formats)
        if contract and narrow and "float32" not in ran:
            ran.insert(0, "float32")
        found = [*assumptions(self.program, self.model, ran)]
        if contract and narrow:
            found.append(f"Of {' and '.join(narrow)} the rows are computed in float32, and the result is rounded once.")
        if contract:
            found.append("Special rows (nan, infinities, a parameter at 0 or infinite) are answered, and rounded once.")
        found.append(
            "x is exact in its format, and a parameter the number that is given: what a format does not hold is rounded, and counted."
        )
        return tuple(found)

    # ---- the number ----------------------------------------------------------------------------------------------------------

    def rigorous(self, x: Any, dtype: Any = None, **parameter: Any) -> Any:
        """An upper bound on |computed - exact| at x, second order, underflow and the length of sums included, under `assumptions`.

        Parameters: `x`, a row, or rows along the last axis; `dtype`, the format that the kernel is given (that of x); the
        parameter by its name, exactly the number that it is. Returns a float64 for each value, an array like x for a gradient; inf where there
        is no bound: where an operation may overflow, or a divisor be 0; nan where there is no value.
        Raises ValueError for an operation without a rounding rule, TypeError for what is no array of real numbers.
        """
        array = np.asarray(x)
        if array.dtype.kind not in "iufV" or (array.dtype.kind == "V" and array.dtype.name != "bfloat16"):
            raise TypeError(f"x has dtype {array.dtype}; give real floats")
        fmt = get(dtype if dtype is not None else array.dtype if array.dtype.kind != "i" else "float64")
        values = array.astype(np.float64)
        if self.kernel is None:
            symbols = {str(operation.datum) for operation in self.program.operations if operation.name == "symbol"}
            known = {name: value for name, value in self.defaults.items() if name in symbols}
            return _Given(self.program, self.model, fmt, {**known, **parameter}).bounds(values)
        op, rest = self.kernel.op.settled(parameter)
        kernel = self.kernel if op is self.kernel.op else op.kernels[self.kernel.name]
        if op.arity == 1:
            return _OfKernel(kernel, self.model, fmt, rest).bounds(values[..., None])
        if not values.ndim:
            raise ValueError("x is a single number; give a row")
        if op.arity is not None and values.shape[-1] != op.arity:
            raise ValueError(f"x has {values.shape[-1]} entries; {op.name} is a function of {op.arity}")
        return _OfKernel(kernel, self.model, fmt, rest).bounds(values)

    def __repr__(self) -> str:
        return f"<ErrorBound of {self.name}>"


@dataclass(frozen=True)
class _Given:
    """A program in the format of its rows, with numbers for its parameters."""

    program: Program
    model: Model
    fmt: Format
    parameter: dict[str, Any]

    def bounds(self, x: Any) -> Any:
        rows = x.reshape(-1, x.shape[-1])
        size = rows.shape[-1]
        at_once = max(1, BLOCK // max(size, 1))
        parts = [self.of_rows(rows[start : start + at_once]) for start in range(0, len(rows), at_once)]
        whole = np.concatenate(parts) if parts else np.zeros(0)
        found = whole.reshape(x.shape[:-1] + whole.shape[1:])
        return found if found.ndim else float(found)

    def of_rows(self, rows: Any) -> Any:
        names = {str(operation.datum) for operation in self.program.operations if operation.name == "symbol"}
        if missing := sorted(names - set(self.parameter)):
            raise TypeError(f"the program has the parameters {', '.join(sorted(names))}: give {missing[0]}=")
        if extra := sorted(set(self.parameter) - names):
            raise unknown("parameter", extra[0], sorted(names))
        given = {name: _finite(value, name) for name, value in self.parameter.items()}
        symbols = {name: constant(value, self.fmt) for name, value in given.items()}
        floats = {name: np.asarray(nearest(value, self.fmt)[1]) for name, value in given.items()}
        with np.errstate(all="ignore"):
            floats["x"] = rows.astype(self.fmt.dtype).astype(np.float64)
        return rigorous(self.program, {"x": held(rows, self.fmt)}, symbols, self.fmt, self.model, floats=floats)[0]


def _finite(value: Any, name: str) -> Fraction:
    number = exact_number(value, name)
    if not isinstance(number, Fraction):
        raise ValueError(f"{name}={value!r} is no finite number, and a program has no contract for it")
    return number


def held(rows: Any, fmt: Format) -> Box:
    """Rows, and the floats of the format nearest to them."""
    with np.errstate(all="ignore"):
        near = rows.astype(fmt.dtype).astype(np.float64)
    if np.array_equal(near, rows, equal_nan=True):
        return Box(near, near)
    return Box(np.minimum(near, rows), np.maximum(near, rows))


@dataclass(frozen=True)
class _OfKernel:
    """A kernel with all that it does beside its program, at numbers for its parameter."""

    kernel: Kernel
    model: Model
    fmt: Format
    parameter: Mapping[str, Any]

    @property
    def op(self) -> Any:
        return self.kernel.op

    @cached_property
    def work(self) -> Format:
        """float32 for narrower formats, but for the definition as it stands."""
        return get("float32") if self.kernel.contract and self.fmt.bits < 32 else self.fmt

    @cached_property
    def number(self) -> Fraction | float | None:
        """The parameter, exactly."""
        name = self.op.parameter.name if self.op.parameter is not None else None
        if extra := [key for key in self.parameter if key != name]:
            raise TypeError(f"{self.op.name}: {unknown('parameter', extra[0], [name] if name else [])}")
        return None if name is None else exact_number(self.parameter.get(name, DEFAULTS.get(name, 1)), name)

    @cached_property
    def program(self) -> Program:
        """What runs for this parameter."""
        specialised = getattr(self.kernel, "specialised", None)
        if specialised is None or self.number is None:
            return self.kernel.program
        found: Program = specialised(**{self.op.parameter.name: float(self.number)})
        return found

    def symbols(self, times: float = 1.0) -> dict[str, Box]:
        """The parameter, and the float that stands for it: finite and no zero."""
        if self.number is None:
            return {}
        value, name = Fraction(self.number) * Fraction(times), self.op.parameter.name
        return {name: constant(value, self.work, within=self.kernel.contract)}

    def floats(self, rows: Any, times: float) -> dict[str, Any]:
        """What the program is given."""
        found = {"x": rows}
        if self.number is not None:
            value = Fraction(self.number) * Fraction(times)
            found[self.op.parameter.name] = np.asarray(nearest(value, self.work, within=self.kernel.contract)[1])
        return found

    def bounds(self, x: Any) -> Any:
        size, rank = x.shape[-1], self.kernel.rank
        rows = x.reshape(-1, size)
        found = np.empty((len(rows), *(size,) * rank))
        special_rows = self._special(rows)
        for place in np.flatnonzero(special_rows):
            found[place] = self._answered(rows[place])
        usual = np.flatnonzero(~special_rows)
        at_once = max(1, BLOCK // max(size, size**rank, 1))
        for start in range(0, len(usual), at_once):
            places = usual[start : start + at_once]
            found[places] = self._computed(rows[places])
        shape = x.shape[:-1] + (size,) * rank
        found = found.reshape(shape)
        return found if found.ndim else float(found)

    # ---- rows that the contract answers ----------------------------------------------------------------------------------------

    def _special(self, rows: Any) -> Any:
        """Which rows have an answer instead of a program. A definition as it stands has none, and no bound where x is not finite."""
        number = self.number
        if not rows.shape[-1] or (number is not None and (isinstance(number, float) or number == 0)):
            return np.ones(len(rows), dtype=bool)
        if self.op.kind is None:
            return ~np.all(np.isfinite(rows), axis=-1)
        dominant, negligible = special.ends(self.op.kind, 1 if number is None else number)
        key = np.abs(rows) if self.op.kind == "modulus" else rows
        found = np.any(np.isnan(rows), axis=-1) | np.any(key == dominant, axis=-1) | np.all(key == negligible, axis=-1)
        return found | (self.op.domain == "positive") & np.any(rows < 0, axis=-1)

    def _answered(self, row: Any) -> Any:
        """One rounding of the answer, and what it is computed from. Where there is no number, nan."""
        number = Fraction(1) if self.number is None else self.number
        if not self.kernel.contract or (self.op.domain == "positive" and np.any(row < 0)):
            return nan
        entries: list[Any] = [v if isinf(v) or isnan(v) else Fraction(v) for v in map(float, row)]
        negative = isinstance(number, float) and str(number)[0] == "-"
        answer = special.answer(self.op, entries, number, self.kernel.of, negative)
        if answer is None:
            return nan
        values = np.array([float(v) for v in (answer.value if isinstance(answer.value, list) else [answer.value])])
        u, eta = float(self.fmt.u), float(self.fmt.smallest_subnormal)
        with np.errstate(all="ignore"):
            error = np.where(np.isfinite(values) & (values != 0), np.abs(values) * u * (1 + 2 * u) + eta, 0.0)
            if (not number or isinstance(number, float)) and np.all(np.isfinite(row)):
                # A mean, an extreme entry, a share: two roundings an entry, of numbers as large as the entries.
                size = float(np.mean(np.abs(row))) if self.kernel.of == "value" else 0.0
                error = error + (len(row) + 4) * float(self.work.u) * (size + np.abs(values)) + (len(row) + 1) * eta
                error = np.where(np.isfinite(values), error, 0.0)
            error = np.where(np.isnan(values), nan, error)
        return error if self.kernel.rank else error[0]

    # ---- rows that are computed ------------------------------------------------------------------------------------------------

    def _computed(self, rows: Any) -> Any:
        plain = self._run(rows, 1.0)
        if not self.kernel.contract or not self.op.joint:
            return plain
        # Where a difference of entries overflows, the kernel runs once more, by the law of joint homogeneity.
        finite = np.where(np.isfinite(rows), rows, 0.0)
        with np.errstate(all="ignore"):
            spread = (np.max(finite, axis=-1) - np.min(finite, axis=-1)).astype(self.work.dtype)
        again = ~np.isfinite(spread.astype(np.float64))
        if np.any(again):
            plain[again] = self._run(rows[again], 2.0 ** ceil(log2(4 * rows.shape[-1])))
        return plain

    def _run(self, rows: Any, scale: float) -> Any:
        box = held(rows, self.fmt)
        if scale != 1:
            box = self._divided(box, scale)
        with np.errstate(all="ignore"):
            # A definition as it stands knows no entries without weight.
            known = self.kernel.contract and self.op.kind == "entry"
            weightless = ~np.isfinite(rows) if known and not np.all(np.isfinite(rows)) else None
            found = rigorous(
                self.program,
                {"x": box},
                self.symbols(scale),
                self.work,
                self.model,
                result=self.fmt,
                times=scale if self.kernel.of == "value" else 1.0,
                weightless=weightless,
                floats=self.floats(rows.astype(self.fmt.dtype).astype(np.float64) / scale, scale),
                paired=self.kernel.form == "compensated",
            )[0]
        if self.kernel.of == "gradient" and weightless is not None and self.kernel.rank == 1:
            found = np.where(weightless, 0.0, found)
        shape = (len(rows), *(rows.shape[-1],) * self.kernel.rank)
        return np.array(np.broadcast_to(found.reshape(found.shape + (1,) * (len(shape) - found.ndim)), shape))

    def _divided(self, box: Box, scale: float) -> Box:
        """Entries divided by a power of two, which may cost their last digits."""
        lo, hi = box.lo / scale, box.hi / scale
        lost = np.where(np.minimum(np.abs(lo), np.abs(hi)) < 4 * float(self.work.smallest_normal), float(self.work.smallest_subnormal), 0.0)  # fmt: skip
        lost = np.where((lo == 0) & (hi == 0), 0.0, lost)
        return Box(lo - lost, hi + lost)
