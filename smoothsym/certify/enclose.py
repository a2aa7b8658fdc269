"""Certified values of an operator: enclosures to any number of digits, and correctly rounded references."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isinf, isnan
from types import MappingProxyType
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp
from sympy import Expr

from smoothsym import formats, words
from smoothsym.certify import special
from smoothsym.certify.batch import Batch, Stages
from smoothsym.certify.counted import Counted, counted_rows
from smoothsym.certify.decide import BUDGET, FIRST_BITS, Question, decide, digits_question, rounding_question
from smoothsym.certify.enclosure import Enclosure, Refused, make_mpf
from smoothsym.certify.inputs import check_formula, exact_number, floats_of, parameter_of, settled
from smoothsym.certify.instance import Instance, instance_of
from smoothsym.certify.special import Number
from smoothsym.errors import unknown
from smoothsym.program import engines


@dataclass(frozen=True)
class _Inquiry:
    """What is asked of every row: an output of an operator, and how it is decided.

    `computed` makes an answer of a decided value, `contracted` one of a number that the special-value contract gives.
    """

    op: Any
    of: str | Expr
    parameter: tuple[str | None, Number, bool]
    question: Question
    first: int
    budget: int
    computed: Callable[[Any, Any, int, str], Any]
    contracted: Callable[[Number, str], Any]
    whole: Any
    asked: str | Expr
    """The operator with all its parameters, and the output as the user named them."""
    engine: str

    def check(self, size: int, vectors: Mapping[str, int] = MappingProxyType({})) -> None:
        """That rows of so many entries, and the vectors beside them, have what the output asks for."""
        check_formula(self.whole, self.asked, self.whole.formula(self.asked), size, vectors)

    def rows(self, x: Any, weights: Any, where: Any, v: Any) -> tuple[list[Counted], tuple[int, ...]]:
        """The rows of x, of which so much counts, and its shape."""
        rows, shape, vectors = counted_rows(self.op, x, weights, where, v)
        self.check(shape[-1], vectors)
        return rows, shape

    @property
    def rank(self) -> int:
        """How many free indices the output has."""
        return int(self.op.rank(self.of))

    def answers(self, rows: Sequence[Counted], places: Sequence[int] | None = None) -> list[Any]:
        """The answers of all rows in one list; `places` are the numbers by which a refusal names them."""
        found: list[Any] = []
        for place, row in zip(places or range(len(rows)), rows, strict=True):
            try:
                found += row.spread(self._row(row), self.rank, self.contracted(Fraction(0), ""))
            except Refused as refusal:
                if len(rows) == 1 and places is None:
                    raise
                raise Refused(f"row {place}: {refusal.reason}", refusal.enclosure) from None
        return found

    def _row(self, counted: Counted) -> list[Any]:
        row = counted.entries
        name, parameter, negative_zero = self.parameter
        of = self.of if isinstance(self.of, str) else "expression"
        answer = special.answer(self.op, row, parameter, of, negative_zero, counted.weights)
        if answer is not None and (beyond := self._beyond(answer, counted)) is not None:
            instance, basis = beyond
            return [self.computed(*result, basis) for result in self._decided(instance)]
        if answer is not None:
            if isinstance(answer.value, list):
                return [self.contracted(v, answer.basis) for v in answer.value]
            return [self.contracted(answer.value, answer.basis)] * len(row) ** self.rank
        instance, kept = instance_of(self.op, row, name, parameter, self.of, self.engine, counted.vectors)
        return self._spread([self.computed(*result, "") for result in self._decided(instance)], kept, len(row))

    def _decided(self, instance: Instance) -> list[tuple[Any, Any, int]]:
        return decide(instance, self.question, self.first, self.budget)

    def _beyond(self, answer: special.Answer, counted: Counted) -> tuple[Instance, str] | None:
        """What has a number where the contract has none, and its basis: the output itself, else the formula of its limit.

        The Boltzmann operator's Hessian is one at alpha = 0; a power mean's value at p = 0 is the geometric mean.
        """
        row, (name, parameter, negative_zero) = counted.entries, self.parameter
        if not answer.silent or not row or any(isinstance(v, float) for v in row):
            return None
        formulas: list[tuple[Any, str]] = [] if isinstance(parameter, float) else [(self.of, "")]
        if self.of in ("value", "gradient"):
            contract = self.op.contract(special.condition(row, parameter, self.op.kind, negative_zero), counted.weights)
            formulas.append(contract.formula(str(self.of)))
        symbols = {name: Fraction(parameter)} if name and not isinstance(parameter, float) else {}
        for formula, basis in formulas:
            if isinstance(formula, Expr) and (formula.is_number or formula.has(words.m)):
                continue
            try:
                program = self.op.program(formula)
            except ValueError:
                continue  # no formula that a program computes
            instance = Instance(
                program, [Fraction(v) for v in row], symbols, len(row), {}, self.engine, counted.vectors
            )
            if instance.defined(FIRST_BITS):
                return instance, basis
        return None

    def _spread(self, decided: list[Any], kept: list[int], n: int) -> list[Any]:
        """Outputs over the entries with weight, put back among those without."""
        if self.rank == 0 or len(kept) == n:
            return decided
        _, parameter, _ = self.parameter
        once, twice = (
            self.contracted(slope.value, slope.basis)
            for slope in (special.slope_without_weight(self.op.kind, parameter, order) for order in (1, 2))
        )
        spread = [once] * n**self.rank
        if self.rank == 2:
            spread[:: n + 1] = [twice] * n
        for q, value in enumerate(decided):
            a, b = divmod(q, len(kept))
            spread[kept[b] if self.rank == 1 else kept[a] * n + kept[b]] = value
        return spread


def point(value: Number, bits: int = 53, note: str = "", engine: str = "mpmath") -> Enclosure:
    """The enclosure of a number that is known: a point where it is dyadic, else as narrow as twice the bits."""
    if isinstance(value, float):
        number = mpmath.mpf(value)
        return Enclosure(number, number, bits, engine, note=note)
    width = max(2 * bits, value.numerator.bit_length() + 2)
    ends = [libmp.from_rational(value.numerator, value.denominator, width, way) for way in "fc"]
    return Enclosure(make_mpf(ends[0]), make_mpf(ends[1]), bits, engine, note=note, exact=value)


def enclose(
    op: Any,
    x: Any,
    *,
    of: str | Expr = "value",
    digits: int = 30,
    weights: Any = None,
    where: Any = None,
    v: Any = None,
    engine: str = "mpmath",
    budget: int | None = None,
    **parameter: Any,
) -> Any:
    """Enclosures of an operator's value, or of anything derived from it, at exact inputs.

    Parameters: `x`, a vector or rows of equal length, of int, float, Fraction, SymPy Rational or mpf, taken exactly; `of`,
    "value", "gradient", "hessian", the parameter's name for that derivative, "jvp", "vjp" or "hvp", or an expression in the
    operator's symbols, such as `op.derivative(op.parameter, 2)`; `digits`, so many are decided (at most a million); `weights`
    and `where`, see below; `v`, the vector of a "jvp" or "hvp", as many numbers as x has, or that of a "vjp", as many as the
    output has; `engine`, "mpmath" or "arb"; `budget`, the bits beyond which a value is refused (by default 2^15, and four times
    what the digits need); the parameter by its name.
    Returns an Enclosure, or an object array of them: of the shape of x without its last axis for a value, of x's shape for a
    gradient, with one more axis for a Hessian. A function of one entry acts on every entry, [t, u] giving two; [t] is a row of
    one entry, as for every operator, and gives a number, and rows [[t], [u]] give two. Infinities, nan, empty vectors, and a
    parameter at 0 or infinite are answered by the operator's special-value contract, and the enclosure's `note` says whether by
    limit or by convention. Raises Refused where the budget is spent, ValueError and TypeError for bad input.

    A weight w[j] >= 0 makes an entry count w[j] times: each sum over j has w[j] beside its term, and n is the sum of the weights,
    so that with whole weights the entries are repeated. LogSumExp is log(sum_j w[j] exp(alpha x[j]))/alpha, as with SciPy's b=;
    mellowmax and power means are weighted means, and so is mean(x) in a definition of your own; maximum(x) and minimum(x) do not
    count. `where` leaves out the entries at which it is False altogether, as NumPy's does; so does a weight of 0. What is left
    out has the gradient 0. Everything else is derived by SymPy from the weighted definition, `op.weighted`; in an expression of
    your own the weights are ss.w[j]. Both have the shape of x, or are one row for all rows of x.

    >>> import smoothsym as ss
    >>> ss.enclose(ss.logsumexp, [0, -40], alpha=1, digits=20).digits(20)
    '4.2483542552915889863e-18'
    >>> ss.enclose(ss.logsumexp, [0, 1, 5], alpha=1, digits=20, weights=[1, 2, 0]).digits(20)
    '1.8619948040582510816'
    """
    _positive("digits", digits, "digits")
    first = max(FIRST_BITS, int(digits * 3.33) + 24)

    def computed(answer: Any, ends: Any, bits: int, basis: str) -> Enclosure:
        exact, strict = answer
        if exact is not None:
            return point(exact, bits, basis, engine)
        return Enclosure(make_mpf(ends[0]), make_mpf(ends[1]), bits, engine, strict, basis)

    def contracted(number: Number, basis: str) -> Enclosure:
        return point(number, first, basis, engine)

    question, weighted = digits_question(digits), weights is not None
    asked = _asked(op, of, parameter, engine, question, first, budget, computed, contracted, weighted)
    rows, shape = asked.rows(x, weights, where, v)
    answers = asked.answers(rows)
    shape = (*shape[:-1], *shape[-1:] * asked.rank)
    if not shape:
        return answers[0]
    result = np.empty(len(answers), dtype=object)
    result[:] = answers
    return result.reshape(shape)


def reference(
    op: Any,
    X: Any,
    *,
    of: str | Expr = "value",
    dtype: Any = "float64",
    rounding: str = "nearest",
    weights: Any = None,
    where: Any = None,
    v: Any = None,
    engine: str = "mpmath",
    budget: int | None = None,
    full_output: bool = False,
    **parameter: Any,
) -> Any:
    """The exact values of an operator on rows, rounded correctly to a format.

    Parameters: `X`, rows (or one row) along the last axis; `of`, `weights`, `where`, `v` and `budget` as for enclose; `dtype`, "float16", "bfloat16",
    "float32" or "float64"; `rounding`, "nearest" (ties to even), "down", "up" or "zero"; `engine`, which computes the enclosures
    of rows that the faster stages leave open; the parameter by its name. Arrays of floats are computed in blocks, by stages.
    Returns an array of that dtype: of the shape of X without its last axis for a value, of X's shape for a gradient, with one
    more axis for a Hessian. With `full_output`, a pair: the array, and a Stages that says how many rows each stage decided.
    Raises Refused where a value is undecided within the budget of bits.

    >>> import smoothsym as ss
    >>> float(ss.reference(ss.boltzmann, [1.0, 2.0], alpha=1.0))
    1.7310585786300048
    """
    fmt = formats.get(dtype)
    if rounding not in formats.ROUNDINGS:
        raise unknown("rounding", rounding, formats.ROUNDINGS)

    def computed(answer: int, ends: Any, bits: int, basis: str) -> int:
        return answer

    def contracted(number: Number, basis: str) -> int:
        return rounded(fmt, number, rounding)

    question, first = rounding_question(fmt, rounding), fmt.precision + 24
    weighted = weights is not None
    asked = _asked(op, of, parameter, engine, question, first, budget, computed, contracted, weighted)
    plain = weights is None and where is None and v is None
    floats = floats_of(asked.op, X) if plain else None
    if floats is None:
        exact, shape = asked.rows(X, weights, where, v)
        bits: Any = np.array(asked.answers(exact), dtype=fmt.uint)
        stages = Stages(len(exact), {"enclosures": len(exact)})
    else:
        rows, shape = floats
        asked.check(shape[-1])
        bits, stages = _by_stages(asked, rows, fmt, rounding)
    found = fmt.to_array(bits.reshape((*shape[:-1], *shape[-1:] * asked.rank)))
    return (found, stages) if full_output else found


CHUNK = 1 << 22
"""So many elements go through the stages at a time: what they need beside the rows and the answers is bounded, for any number of rows."""


def _by_stages(asked: _Inquiry, rows: Any, fmt: formats.Format, rounding: str) -> tuple[Any, Stages]:
    """The bit patterns of rows of floats: of ordinary ones by the batch, of what it leaves open and of special rows one by one."""
    count, n = rows.shape
    name, parameter, _ = asked.parameter
    bits = np.empty((count, *(n,) * asked.rank), dtype=fmt.uint)
    batch = None
    if not isinstance(parameter, float) and parameter != 0 and n:
        batch = Batch(asked.op, asked.of, name, parameter, fmt, rounding)
    counts: dict[str, int] = {}
    size = max(1, CHUNK // max(n, n**asked.rank, 1))
    for start in range(0, count, size):
        part = rows[start : start + size].astype(np.float64, copy=False)
        decided = np.zeros(len(part), dtype=bool)
        if batch is not None:
            bits[start : start + size], decided, found = batch.decide(part)
            counts = {stage: counts.get(stage, 0) + found.get(stage, 0) for stage in {**counts, **found}}
        left = np.flatnonzero(~decided)
        if len(left):
            exact = [Counted.whole([exact_number(v, "x") for v in part[q].tolist()]) for q in left]
            answers = asked.answers(exact, (left + start).tolist())
            bits[left + start] = np.array(answers, dtype=fmt.uint).reshape(len(left), *bits.shape[1:])
            counts["enclosures"] = counts.get("enclosures", 0) + len(left)
    return bits, Stages(count, counts)


def _asked(
    op: Any,
    of: str | Expr,
    parameter: Mapping[str, Any],
    engine: str,
    question: Question,
    first: int,
    budget: int | None,
    computed: Callable[[Any, Any, int, str], Any],
    contracted: Callable[[Number, str], Any],
    weighted: bool,
) -> _Inquiry:
    """The question about each output, of an operator of one parameter."""
    if budget is None:
        budget = max(BUDGET, 4 * first)
    _positive("budget", budget, "bits")
    engines.engine(engine)
    if not hasattr(op, "formula"):
        raise TypeError(f"op={op!r} is a {type(op).__name__}; give a SmoothMax, such as one of smoothsym.operators")
    op = op.weighted if weighted else op
    formula, whole = op.formula(of), op
    op, parameter, others = settled(op, parameter)
    inner = of if isinstance(of, str) and of not in {q.name for q in others} else formula.subs(others)
    number = parameter_of(op, parameter)
    return _Inquiry(op, inner, number, question, min(first, budget), budget, computed, contracted, whole, of, engine)


def _positive(argument: str, value: Any, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{argument}={value!r}: give a positive whole number of {what}")


def rounded(fmt: formats.Format, number: Number, rounding: str = "nearest") -> int:
    """The bits of a number in a format; infinities and nan included."""
    if isinstance(number, float) and isnan(number):
        return fmt.infinity | (1 << (fmt.precision - 2))
    if isinstance(number, float) and isinf(number):
        return fmt.infinity | (fmt.sign_bit if number < 0 else 0)
    return fmt.round(Fraction(number), 0, rounding)
