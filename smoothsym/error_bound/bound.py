"""How wrong float code can be: a bound as a formula to first order, and as a number that is an upper bound; both from its program."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from sympy import (
    Abs,
    And,
    Expr,
    GreaterThan,
    IndexedBase,
    LessThan,
    Or,
    Piecewise,
    Rational,
    StrictGreaterThan,
    StrictLessThan,
    Symbol,
)

from smoothsym import notebook, words
from smoothsym.certify.inputs import exact_number
from smoothsym.error_bound.numbers import OfKernel, OfProgram
from smoothsym.errors import unknown
from smoothsym.formats import FORMATS, get
from smoothsym.kernels import Kernel
from smoothsym.operator import SmoothMax
from smoothsym.program.lower import lower
from smoothsym.program.operations import Program
from smoothsym.program.ordered import select
from smoothsym.program.rounding.assumptions import assumptions, paired_assumptions
from smoothsym.program.rounding.model import JAX, NUMPY, TORCH, Model
from smoothsym.program.source import fpcore
from smoothsym.symbolic.derivation import latex

__all__ = ["JAX", "NUMPY", "TORCH", "ErrorBound", "Model", "bound"]


SEARCHED = "found by a search: it has no closed form, and neither has its error. For given data there is a number"


def bound(kernel: Any, model: Model | None = None, of: str = "value") -> ErrorBound:
    """The error bound of a float kernel, of an operator's recommended one, or of somebody's array code.

    Parameters: `kernel`, a Kernel, a SmoothMax, a Program, or a function f(xp, x, <parameters>) that a program is traced from; `model`, how float
    operations err: by default NumPy's sums, or the kernel's own, and functions as measured; in the formula a
    function is within u, and a sum of n terms takes n - 1 additions in any order, or is the kernel's own;
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
        usual = kernel.recommended(of)
        return ErrorBound(usual.program, model, usual, recommended=True)
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


def _beside(x: Any, where: Any, weights: Any) -> tuple[Any, Any]:
    """Which entries count, and how often, each like x; None where all do, and once."""
    counts = None if where is None else np.broadcast_to(np.asarray(where, dtype=bool), x.shape)
    if weights is None:
        return counts, None
    weights = np.broadcast_to(np.asarray(weights), x.shape)
    if weights.dtype.kind not in "iuf" or not np.all(np.isfinite(weights)) or np.any(weights < 0):
        raise ValueError("weights: a weight is how many times an entry counts: give finite numbers from 0 on")
    return (weights > 0 if counts is None else counts & (weights > 0)), weights


def _defaults(f: Any) -> dict[str, Any]:
    """The parameters of a function that have numbers of their own."""
    found = {name: q.default for name, q in inspect.signature(f).parameters.items()}
    return {
        name: value for name, value in found.items() if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def _chosen(formula: Expr) -> Expr:
    """A formula of cases as one of choices, for which there is an operation."""

    def choice(*arms: Any) -> Expr:
        (found, _), *before = reversed(arms)
        for value, test in before:
            found = _where(test, value, found)
        return found

    return formula.replace(Piecewise, choice)


def _where(test: Any, then: Expr, otherwise: Expr) -> Expr:
    """What is one value where a test holds, and another elsewhere."""
    if isinstance(test, (And, Or)):
        first, *rest = test.args
        if not rest:
            return _where(first, then, otherwise)
        inner = _where(test.func(*rest), then, otherwise)
        return _where(first, *((inner, otherwise) if isinstance(test, And) else (then, inner)))
    if isinstance(test, (StrictLessThan, StrictGreaterThan)):
        return select(test.gts - test.lts, then, otherwise)
    if isinstance(test, (LessThan, GreaterThan)):
        return select(test.lts - test.gts, otherwise, then)
    raise ValueError("FPCore has no choice for the case {test}")


@dataclass(frozen=True)
class _Once:
    """The bound of a value that is computed in twice the precision and rounded once: u |f|."""

    value: Expr
    rank: int

    @property
    def expression(self) -> Expr:
        return words.u * Abs(self.value)

    @property
    def named(self) -> Expr:
        return words.u * Abs(self._name)

    @property
    def meanings(self) -> tuple[tuple[Expr, Expr], ...]:
        return ((self._name, self.value),)

    @property
    def _name(self) -> Expr:
        return IndexedBase("f")[(words.i, words.k)[: self.rank]] if self.rank else Symbol("f")


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
    recommended: bool = False
    """Whether numbers are those of the kernel that the operator recommends for the parameter."""

    @cached_property
    def model(self) -> Model:
        """How float operations err, where numbers are asked for."""
        if self.given_model is not None:
            return self.given_model
        summation = getattr(self.kernel, "summation", None)
        return NUMPY if summation in (None, "pairwise") else replace(NUMPY, summation=summation)

    @property
    def name(self) -> str:
        if self.kernel is None:
            return self.title or "a program"
        op, of = self.kernel.op, self.kernel.of
        # A kernel of its own near 0: what the numbers are of depends on the parameter.
        if (
            self.recommended
            and op.parameter is not None
            and op.recommended(of, **{op.parameter.name: 0}) != self.kernel
        ):
            return f"{op.name} {of}, by the kernel that a call runs; its formula is that of {self.kernel.name}"
        return f"{op.name} {self.kernel.name}"

    # ---- the formula ---------------------------------------------------------------------------------------------------------

    @property
    def in_pairs(self) -> bool:
        """Whether every operation is done on pairs of floats, so that to first order only the result is rounded."""
        return self.kernel is not None and self.kernel.form == "compensated"

    @property
    def searched(self) -> bool:
        """Whether there is no formula, since there is none for what is computed."""
        return self.program.solves and not self.in_pairs

    @cached_property
    def _formula(self) -> Any:
        from smoothsym.program.rounding.first_order import ANY_ORDER, formula

        if self.searched:
            raise ValueError(f"{self.name} is {SEARCHED}: .rigorous(x)")

        if self.in_pairs:
            assert self.kernel is not None
            return _Once(self.kernel.op.formula(self.kernel.of), self.kernel.rank)

        # What is true of every order of addition is true of NumPy's, and is what a paper prints.
        order = self.model.order()
        model = self.given_model or replace(
            ANY_ORDER, summation=order if order in ("compensated", "folded") else "sequential"
        )
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

    @cached_property
    def _range_free(self) -> Any:
        from smoothsym.laws.range_free import range_free

        return self._formula if self.in_pairs else range_free(self._formula)

    @property
    def range_free(self) -> Expr | None:
        """The worst case of the formula over all x with the same value, where what is true of shares for every n gives one."""
        return None if self._range_free is None else self._range_free.expression

    @property
    def range_free_named(self) -> Expr | None:
        """The same in words."""
        return None if self._range_free is None else self._range_free.named

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return latex(self.formula)

    def fpcore(
        self, n: int, dtype: Any = "float64", ranges: Mapping[str, tuple[Any, Any]] | None = None, **parameter: Any
    ) -> str:
        """The formula as FPCore over the reals, at n entries, u being that of a format; one core for each entry of a gradient.

        `ranges` and parameters are as for op.code("fpcore", ...), where the program is that this bounds.

        >>> import smoothsym as ss
        >>> print(ss.bound(lambda xp, x, alpha: alpha * xp.sum(x)).fpcore(2), end="")  # doctest: +ELLIPSIS
        (FPCore (alpha x1 x2)
        ...
        """
        if (size := n if self.kernel is None else self.kernel.op.arity or n) is None:
            raise ValueError("FPCore has no vectors of any length; say how many entries there are: n=3")
        fmt = get(dtype)
        formula = self.formula.subs(words.u, Rational(1, 1 << fmt.precision))
        axes = tuple(q for q in (words.i, words.k) if q in formula.free_symbols)
        fixed = {q: exact_number(value, q) for q, value in parameter.items()}
        positive = self.kernel is not None and self.kernel.op.domain == "positive"
        name = f"bound of {self.name} in {fmt.name}"
        anchors = {} if self.kernel is None else self.kernel.op.floats(self.kernel.of).anchors
        program = lower([_chosen(formula)], axes, anchors)
        return fpcore(program, size, name, dtype="real", positive=positive, ranges=ranges, fixed=fixed)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the numbers rest on, in any format."""
        return self.under(*FORMATS)

    def under(self, *formats: str) -> tuple[str, ...]:
        """What the numbers rest on, for x in one of these formats."""
        contract = self.kernel is not None and self.kernel.contract
        narrow = [name for name in formats if get(name).bits < (64 if self.in_pairs else 32)]
        wide = "float64" if self.in_pairs else "float32"
        ran = [name for name in formats if name not in narrow] if contract else list(formats)
        if contract and narrow and wide not in ran and not self.in_pairs:
            ran.insert(0, wide)
        found: list[str] = []
        if self.in_pairs and ran:
            found += paired_assumptions(self.program, "float64")
        if not self.in_pairs:
            found += assumptions(self.program, self.model, ran)
        elif narrow:
            found += (f"In {wide}: {said}" for said in assumptions(self.program, self.model, [wide]))
        if contract and narrow:
            found.append(f"Of {' and '.join(narrow)} the rows are computed in {wide}, and the result is rounded once.")
        if contract:
            found.append("Special rows (nan, infinities, a parameter at 0 or infinite) are answered, and rounded once.")
        found.append(
            "x is exact in its format, and a parameter the number that is given: what a format does not hold is rounded, and counted."
        )
        return tuple(found)

    # ---- the number ----------------------------------------------------------------------------------------------------------

    def rigorous(self, x: Any, dtype: Any = None, *, where: Any = None, weights: Any = None, **parameter: Any) -> Any:
        """An upper bound on |computed - exact| at x, second order, underflow and the length of sums included, under `assumptions`.

        Parameters: `x`, a row, or rows along the last axis; `dtype`, the format that the kernel is given (that of x); `where` and `weights`,
        as the kernel takes them; the parameter by its name, exactly the number that it is. Returns a float64 for each value, an array like x for a gradient; inf where there
        is no bound: where an operation may overflow, or a divisor be 0; nan where there is no value.
        Raises ValueError for an operation without a rounding rule, TypeError for what is no array of real numbers.
        """
        array = np.asarray(x)
        if array.dtype.kind not in "iufV" or (array.dtype.kind == "V" and array.dtype.name != "bfloat16"):
            raise TypeError(f"x has dtype {array.dtype}; give real floats")
        fmt = get(dtype if dtype is not None else array.dtype if array.dtype.kind != "i" else "float64")
        values = array.astype(np.float64)
        if self.kernel is None:
            if where is not None or weights is not None:
                raise TypeError("where= and weights= are for kernels; code of its own takes x and its parameters")
            symbols = {str(operation.datum) for operation in self.program.operations if operation.name == "symbol"}
            known = {name: value for name, value in self.defaults.items() if name in symbols}
            return OfProgram(self.program, self.model, fmt, {**known, **parameter}).bounds(values)
        op, rest = self.kernel.op.settled(parameter)
        kernel = self.kernel if op is self.kernel.op else op.kernels[self.kernel.name]
        if self.recommended:
            kernel = op.recommended(kernel.of, **rest)
        if op.arity is not None and (where is not None or weights is not None):
            raise ValueError(
                f"{op.name} is a function of {op.arity} entries, which have no weights; leave where= and weights= out"
            )
        if op.arity == 1:
            return OfKernel(kernel, self.model, fmt, rest).bounds(values[..., None])
        if not values.ndim:
            raise ValueError("x is a single number; give a row")
        if op.arity is not None and values.shape[-1] != op.arity:
            raise ValueError(f"x has {values.shape[-1]} entries; {op.name} is a function of {op.arity}")
        return OfKernel(kernel, self.model, fmt, rest, *_beside(values, where, weights)).bounds(values)

    def _repr_html_(self) -> str:
        try:
            rows = [("to first order", notebook.formula(latex(self.named)))]
            rows += [("where", notebook.formula(f"{latex(name)} = {latex(meant)}")) for name, meant in self.meanings]
            if self.range_free_named is not None:
                rows.append(("for any x", notebook.formula(latex(self.range_free_named))))
        except ValueError as error:
            rows = [("no formula", str(error))]
        rows += [("assuming" if not k else "", said) for k, said in enumerate(self.assumptions)]
        return notebook.table((), rows, f"error of {self.name}")

    def __repr__(self) -> str:
        return f"<ErrorBound of {self.name}>"
