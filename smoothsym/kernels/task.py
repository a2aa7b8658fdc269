"""What a kernel computes, and the derivatives of it: each is a formula of the operator with a stable form of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from sympy import Expr

from smoothsym import words
from smoothsym.certify.enclose import reference
from smoothsym.kernels.arguments import Arguments, Parameter
from smoothsym.kernels.evaluate import Evaluation
from smoothsym.kernels.libraries import Library
from smoothsym.program.operations import Program
from smoothsym.program.specialise import Known, specialised
from smoothsym.symbolic.derivatives import directional, partial, partial_parameter

NO_MORE = (
    "a kernel has derivatives up to the second by x, and one by the parameter beside them; "
    "differentiate the formula itself, such as op.hessian"
)


@lru_cache(maxsize=4096)
def program_of(op: Any, of: str | Expr, form: str, known: Known) -> Program:
    """The program of a formula, for what is known of the parameter."""
    program: Program = op.program(of, form)
    return program if known == Known() else specialised(program, {op.parameter.name: known})


@dataclass(frozen=True)
class Task:
    """A formula of an operator to compute on rows: a kernel's own, or a derivative of it.

    `by_x` counts derivatives by entries, the last of a scalar function's along a direction v; `by_parameter` those by the
    parameter; `way`, for a function with a value for each entry, says whether its derivative is "along" v or "back" from v.
    """

    op: Any
    form: str
    summation: str
    twice: bool
    weighted: bool
    rounded: bool
    by_x: int = 0
    by_parameter: int = 0
    way: str = ""

    @cached_property
    def whole(self) -> Any:
        return self.op.weighted if self.weighted else self.op

    @cached_property
    def of(self) -> str | Expr:
        """The formula: "value" and "gradient" by name, since the contract has rows for them."""
        op = self.whole
        if self.way:
            formula = op.jvp if self.way == "along" else op.vjp
        elif not self.by_parameter and self.by_x < 2:
            return "gradient" if self.by_x else "value"
        else:
            formula = op.gradient if self.by_x else op.definition
        if self.by_parameter:
            formula = partial_parameter(formula, op.parameter, self.by_parameter)
        if self.by_x > 1 and not self.way:
            elementwise = op.arity == 1
            for _ in range(self.by_x - 1):
                formula = partial(formula, words.x[1]) if elementwise else directional(formula, words.v)
        return formula

    @property
    def rank(self) -> int:
        """How many axes a result has beside those of the batch: 0 for a number, 1 for a vector, 2 for a matrix."""
        if self.op.arity == 1:
            return 0
        return 1 if self.way else min(self.by_x, 1) + int(self.op.vector)

    def program(self, known: Known) -> Program:
        return program_of(self.whole, self.of, self.form, known)

    @property
    def plain(self) -> bool:
        return self.form == "naive"

    def __call__(
        self,
        library: Library,
        parameter: Parameter,
        work: Any,
        rows: Any,
        counts: Any,
        weights: Any,
        vectors: Mapping[str, Any] = MappingProxyType({}),
    ) -> Any:
        """The results of rows, in their dtype."""
        if self.rounded:
            return self._rounded(library, parameter, rows, counts, weights, vectors)
        with library.beside(rows):
            return self.evaluation(library, parameter, work, rows.dtype, counts, weights, vectors)(rows)

    def evaluation(
        self,
        library: Library,
        parameter: Parameter,
        work: Any,
        dtype: Any,
        counts: Any = None,
        weights: Any = None,
        vectors: Mapping[str, Any] = MappingProxyType({}),
    ) -> Evaluation:
        """What computes the results of rows of a dtype."""
        pairs = self.twice and library.widest(dtype) == work
        beside = (counts, weights, vectors, self.plain, self.summation, pairs)
        return Evaluation(self.whole, self.of, self.program, self.rank, library, parameter, work, *beside)

    def _rounded(
        self, library: Library, parameter: Parameter, rows: Any, counts: Any, weights: Any, vectors: Mapping[str, Any]
    ) -> Any:
        x, given = library.host(rows), parameter.named(parameter.number)
        beside = {"where": counts, "weights": weights, "v": vectors.get("v")}
        beside = {key: None if value is None else library.host(value) for key, value in beside.items()}
        found = reference(self.op, x, of=self.of, dtype=x.dtype.name, **beside, **given)
        size = rows.shape[-1]
        return library.array(found.reshape((*rows.shape[:-1], *(size,) * self.rank)), rows.dtype, rows)

    # ---- derivatives ---------------------------------------------------------------------------------------------------------

    def slope(self) -> Task:
        """The derivative by the entries."""
        return replace(self, by_x=self.by_x + 1)

    def parameter_slope(self) -> Task:
        """The derivative by the parameter."""
        return replace(self, by_parameter=self.by_parameter + 1)

    @property
    def linear(self) -> bool:
        """Whether the derivative by the entries is computed along a direction only, since it is a matrix."""
        return self.op.arity != 1 and (self.op.vector or self.by_x == 1)

    def along(self) -> Task:
        """The derivative along a direction v of the entries, by way of a task in the vector v."""
        return replace(self, way="along") if self.op.vector else self.slope()

    def back(self) -> Task:
        """What is linear in v the other way round; a Hessian is symmetric."""
        return replace(self, way="back") if self.op.vector else self.slope()

    @property
    def last(self) -> bool:
        """Whether there are no derivatives of it."""
        return bool(self.way) or (self.op.arity != 1 and self.by_x > 1) or (self.op.vector and self.by_x > 0)


def task_of(kernel: Any, arguments: Arguments, rounded: bool) -> Task:
    """The task of a kernel, for what it is called with."""
    return _task(kernel, arguments.weights is not None, rounded)


@lru_cache(maxsize=1024)
def _task(kernel: Any, weighted: bool, rounded: bool) -> Task:
    by_x = 1 if kernel.of == "gradient" else 0
    return Task(kernel.op, kernel.program_form, kernel.summation, kernel.twice, weighted, rounded, by_x)
