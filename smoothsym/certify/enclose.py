"""Certified values of an operator: enclosures to any number of digits, and correctly rounded references."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isinf, isnan
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp
from sympy import Expr

from smoothsym import formats
from smoothsym.certify.batch import Batch, Stages
from smoothsym.certify.counted import Floats, counted_floats
from smoothsym.certify.decide import BUDGET, FIRST_BITS, Question, digits_question, rounding_question
from smoothsym.certify.enclosure import Enclosure, make_mpf
from smoothsym.certify.inputs import parameter_of, settled
from smoothsym.certify.inquiry import Inquiry
from smoothsym.certify.special import Number
from smoothsym.errors import unknown
from smoothsym.program import engines

MOST_DIGITS = 1_000_000


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
    if digits > MOST_DIGITS:
        raise ValueError(f"digits={digits}: at most {MOST_DIGITS} are computed; give fewer")
    first = max(FIRST_BITS, int(digits * 3.33) + 24)

    def computed(answer: Any, ends: Any, bits: int, basis: str) -> Enclosure:
        exact, strict = answer
        if exact is not None:
            return point(exact, bits, basis, engine)
        return Enclosure(make_mpf(ends[0]), make_mpf(ends[1]), bits, engine, strict, basis)

    def contracted(number: Number, basis: str) -> Enclosure:
        return point(number, first, basis, engine)

    question, weighted = digits_question(digits), weights is not None
    least = (f"{digits} digits", int(digits * 3.33))
    asked = _asked(op, of, parameter, engine, question, least, first, budget, computed, contracted, weighted)
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
    of rows that the faster stages leave open; the parameter by its name. Arrays of floats, with weights and v of floats, are
    computed in blocks, by stages.
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
    least = (fmt.name, fmt.precision)
    asked = _asked(op, of, parameter, engine, question, least, first, budget, computed, contracted, weighted)
    # Where a library has the machine flush small numbers to zero, no float is touched: all bounds take gradual underflow for granted.
    floats = counted_floats(asked.op, X, weights, where, v) if formats.gradual_underflow() else None
    if floats is None:
        exact, shape = asked.rows(X, weights, where, v)
        bits: Any = np.array(asked.answers(exact), dtype=fmt.uint)
        stages = Stages(len(exact), {"enclosures": len(exact)})
    else:
        shape = floats.shape
        sizes = {name: vector.shape[1] for name, vector in floats.vectors.items()}
        asked.check(shape[-1], sizes, floats.counts is not None)
        bits, stages = _by_stages(asked, floats, fmt, rounding)
    found = fmt.to_array(bits.reshape((*shape[:-1], *shape[-1:] * asked.rank)))
    return (found, stages) if full_output else found


CHUNK = 1 << 21
"""So many elements go through the stages at a time: what they need beside the rows and the answers is bounded, for any number of rows."""


def _by_stages(asked: Inquiry, given: Floats, fmt: formats.Format, rounding: str) -> tuple[Any, Stages]:
    """The bit patterns of rows of floats: of ordinary ones by the batch, of what it leaves open and of special rows one by one."""
    count, n = given.rows.shape
    name, parameter, _ = asked.parameter
    bits = np.empty((count, *(n,) * asked.rank), dtype=fmt.uint)
    batch = None
    if not isinstance(parameter, float) and parameter != 0:
        batch = Batch(asked.op, asked.of, name, parameter, fmt, rounding)
    counts: dict[str, int] = {}
    size = max(1, CHUNK // max(n, n**asked.rank, 1))
    for start in range(0, count, size):
        for alike in given.alike(start, start + size):
            whole = alike.counts is None
            shape = (len(alike.places), *(alike.size,) * asked.rank)
            here = bits[start : start + size] if whole else np.empty(shape, dtype=fmt.uint)
            decided = np.zeros(shape[0], dtype=bool)
            if batch is not None and alike.size:
                decided, found = batch.decide(alike.vectors, here)
                counts = {stage: counts.get(stage, 0) + found.get(stage, 0) for stage in {**counts, **found}}
            left = np.flatnonzero(~decided)
            if len(left):
                # Rows that repeat, such as special ones, are answered once.
                open_ = np.concatenate([vector[left] for vector in alike.vectors.values()], axis=1)
                open_ = np.where(np.isnan(open_), np.nan, open_)
                _, first, which = np.unique(open_.view(np.uint64), axis=0, return_index=True, return_inverse=True)
                exact = [alike.exact(row) for row in left[first].tolist()]
                answers = asked.answers(exact, alike.places[left[first]].tolist())
                answered = np.array(answers, dtype=fmt.uint).reshape(len(first), *shape[1:])
                here[left] = answered[which.reshape(-1)]
                counts["enclosures"] = counts.get("enclosures", 0) + len(left)
            if not whole:
                alike.put(here, bits)
    return bits, Stages(count, counts)


def _asked(
    op: Any,
    of: str | Expr,
    parameter: Mapping[str, Any],
    engine: str,
    question: Question,
    least: tuple[str, int],
    first: int,
    budget: int | None,
    computed: Callable[[Any, Any, int, str], Any],
    contracted: Callable[[Number, str], Any],
    weighted: bool,
) -> Inquiry:
    """The question about each output, of an operator of one parameter."""
    if budget is None:
        budget = max(BUDGET, 4 * first)
    _positive("budget", budget, "bits")
    what, bits = least
    if budget < bits:
        raise ValueError(
            f"budget={budget}: {what} take{'s' * (what[0].isalpha())} {bits} bits at the least; give more, or leave it out"
        )
    engines.engine(engine)
    if not hasattr(op, "formula"):
        raise TypeError(f"op={op!r} is a {type(op).__name__}; give a SmoothMax, such as one of smoothsym.operators")
    op = op.weighted if weighted else op
    formula, whole = op.formula(of), op
    op, parameter, others = settled(op, parameter)
    inner = of if isinstance(of, str) and of not in {q.name for q in others} else formula.subs(others)
    number = parameter_of(op, parameter)
    return Inquiry(op, inner, number, question, min(first, budget), budget, computed, contracted, whole, of, engine)


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
