"""Certified values of an operator: enclosures to any number of digits, and correctly rounded references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, isinf, isnan, nan
from typing import Any

import mpmath
import numpy as np
from mpmath import libmp
from sympy import Expr, oo

from smoothsym import formats, words
from smoothsym.certify import special
from smoothsym.certify.decide import (
    BUDGET,
    FIRST_BITS,
    Enclosure,
    Instance,
    Refused,
    decide,
    digits_question,
    flat,
    fraction_of,
    make_mpf,
    rounding_question,
)
from smoothsym.certify.special import Number
from smoothsym.errors import shown, unknown
from smoothsym.program.balls import Balls
from smoothsym.program.intervals import Indeterminate, Undefined
from smoothsym.program.lower import lower

ENGINES = ("mpmath",)


def exact_number(value: Any, argument: str) -> Number:
    """An input as what it is exactly: a Fraction, or a float that is infinite or nan. Raises TypeError for anything else."""
    if isinstance(value, (bool, str, complex)) or value is None:
        raise TypeError(
            f"{argument}={value!r} is a {type(value).__name__}; give an int, float, Fraction, SymPy Rational or mpf"
        )
    if isinstance(value, (float, np.floating)) or type(value).__name__ == "mpf":
        number = float(value) if type(value).__name__ != "mpf" else value
        if number != number:
            return nan
        if abs(number) == inf:
            return inf if number > 0 else -inf
    if value in (oo, -oo):
        return inf if value == oo else -inf
    try:
        return formats.to_fraction(value)
    except TypeError as error:
        raise TypeError(f"{argument}: {error}; give an int, float, Fraction, SymPy Rational or mpf") from None


def _parameter(op: Any, given: dict[str, Any]) -> tuple[str | None, Number, bool]:
    """The parameter's name, its exact value and whether it is a negative zero."""
    name = op.parameter.name if op.parameter is not None else None
    if extra := [key for key in given if key != name]:
        known = [name] if name else []
        raise TypeError(f"{op.name}: {unknown('parameter', extra[0], known)}")
    if name is None:
        return None, Fraction(1), False
    value = given.get(name, 2 if name == "p" else 1)
    number = exact_number(value, name)
    return name, number, isinstance(value, (float, np.floating)) and value == 0 and np.signbit(value)


def _rows(x: Any) -> tuple[list[list[Number]], tuple[int, ...]]:
    """The rows of an array-like, exactly, and the shape without the last axis."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind in "SUcb":
            raise TypeError(f"x has dtype {x.dtype}; give real numbers")
        if x.ndim == 0:
            raise ValueError(f"x={x!r} is a single number; give a vector")
        rows: Any = x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])
        return [[exact_number(v, "x") for v in row] for row in rows], x.shape[:-1]
    if isinstance(x, str) or not hasattr(x, "__len__"):
        raise TypeError(f"x={x!r} is a {type(x).__name__}; give a vector, or rows of equal length")
    entries = list(x)
    nested = [hasattr(v, "__len__") and not isinstance(v, str) for v in entries]
    if any(nested):
        lengths = {len(v) if n else -1 for v, n in zip(entries, nested, strict=True)}
        if len(lengths) != 1:
            raise ValueError(f"the rows of x have lengths {sorted(lengths)}; give rows of equal length")
        return [[exact_number(v, "x") for v in row] for row in entries], (len(entries),)
    return [[exact_number(v, "x") for v in entries]], ()


def _checked(op: Any, row: Sequence[Number]) -> None:
    if op.arity is not None and len(row) != op.arity:
        raise ValueError(f"x has {len(row)} entries; {op.name} takes {op.arity}")
    if op.domain == "positive" and any(v <= 0 for v in row):
        bad = next(v for v in row if v <= 0)
        raise ValueError(f"x has the entry {shown(float(bad))}; {op.name} is defined for positive entries")


def _instance(
    op: Any, row: Sequence[Number], name: str | None, parameter: Number, of: str | Expr
) -> tuple[Instance, list[int]]:
    skipped = special.weightless(row, parameter, op.kind)
    kept = [q for q, skip in enumerate(skipped) if not skip]
    symbols = {name: Fraction(parameter)} if name else {}
    program = op.program(of)
    if any(skipped) and any(operation.name == "expm1" for operation in program.operations):
        # Such a sum is of expm1, which is no zero at an entry without weight: there the definition itself runs.
        program = op.program(of, "naive")
    return Instance(program, [Fraction(row[q]) for q in kept], symbols, len(row), {}), kept


def _infinite_entries(op: Any, row: Sequence[Number], kept: list[int]) -> bool:
    return any(isinstance(row[q], float) for q in kept)


@dataclass(frozen=True)
class _Job:
    """One row: either an answer by contract, or an instance to decide and where its outputs go."""

    op: Any
    row: list[Number]
    of: str | Expr
    name: str | None
    parameter: Number
    negative_zero: bool

    def solve(self, question: Any, at_number: Any, first: int, budget: int) -> Any:
        """`question` decides a computed value, `at_number` turns a contract's number into an answer. A list for a gradient."""
        _checked(self.op, self.row)
        of = self.of if isinstance(self.of, str) else "expression"
        answer = special.answer(self.op, self.row, self.parameter, of, self.negative_zero)
        if answer is not None:
            if isinstance(answer.value, list):
                return [at_number(v, answer) for v in answer.value]
            if of == "hessian":
                return [[at_number(answer.value, answer)] * len(self.row) for _ in self.row]
            return at_number(answer.value, answer)
        instance, kept = _instance(self.op, self.row, self.name, self.parameter, self.of)
        if _infinite_entries(self.op, self.row, kept):
            return at_number(nan, special.Answer(nan, "convention"))
        decided = [question.make(*result) for result in decide(instance, question.question, first, budget)]
        if len(instance.program.outputs[0][1]) == 0:
            return decided[0]
        return self._scattered(decided, kept, len(instance.program.outputs[0][1]), at_number)

    def _scattered(self, decided: list[Any], kept: list[int], rank: int, at_number: Any) -> Any:
        """Outputs over the entries with weight, put back among those without: their derivative is 0 (nan for a kink)."""
        n = len(self.row)
        kinked = self.op.kind == "modulus" and self.parameter < 1
        empty = at_number(nan if kinked else Fraction(0), special.Answer(0, "limit"))
        if rank == 1:
            result = [empty] * n
            for value, position in zip(decided, kept, strict=True):
                result[position] = value
            return result
        table = [[empty] * n for _ in range(n)]
        for q, value in enumerate(decided):
            table[kept[q // len(kept)]][kept[q % len(kept)]] = value
        return table


@dataclass(frozen=True)
class _Digits:
    question: Any

    @staticmethod
    def make(answer: Any, ends: Any, bits: int) -> Enclosure:
        exact, strict = answer
        if exact is not None:
            return point(exact, bits)
        return Enclosure(make_mpf(ends[0]), make_mpf(ends[1]), bits, strict=strict)


@dataclass(frozen=True)
class _Bits:
    question: Any

    @staticmethod
    def make(answer: int, ends: Any, bits: int) -> int:
        return answer


def point(value: Number, bits: int = 53, note: str = "") -> Enclosure:
    """The enclosure of a number that is known: a point where it is dyadic, else as narrow as twice the bits."""
    if isinstance(value, float):
        number = mpmath.mpf(value)
        return Enclosure(number, number, bits, note=note)
    ends = [
        libmp.from_rational(value.numerator, value.denominator, max(2 * bits, value.numerator.bit_length() + 2), way)
        for way in "fc"
    ]
    return Enclosure(make_mpf(ends[0]), make_mpf(ends[1]), bits, note=note)


def _shaped(results: list[Any], shape: tuple[int, ...], single: bool) -> Any:
    """Results of the rows in an object array of the right shape; a bare Enclosure for one value."""
    if single and isinstance(results[0], Enclosure):
        return results[0]
    depth = 0
    probe = results[0] if results else None
    sizes: list[int] = []
    while isinstance(probe, list):
        sizes.append(len(probe))
        probe = probe[0] if probe else None
        depth += 1
    array = np.empty((len(results), *sizes), dtype=object)
    for index in np.ndindex(array.shape):
        value: Any = results
        for q in index:
            value = value[q]
        array[index] = value
    return array.reshape((*shape, *sizes))


def enclose(
    op: Any,
    x: Any,
    *,
    of: str | Expr = "value",
    digits: int = 30,
    engine: str = "mpmath",
    budget: int = BUDGET,
    **parameter: Any,
) -> Any:
    """Enclosures of an operator's value, or of anything derived from it, at exact inputs.

    Parameters: `x`, a vector or rows of equal length, of int, float, Fraction, SymPy Rational or mpf, taken exactly; `of`,
    "value", "gradient", "hessian", the parameter's name for that derivative, or an expression in the operator's symbols;
    `digits`, so many are decided; `budget`, the bits beyond which a value is refused; the parameter by its name.
    Returns an Enclosure, or an object array of them, of the shape of the result.
    Raises Refused where the budget is spent, ValueError and TypeError for bad input.
    Infinities, nan and empty vectors are answered by the operator's special-value contract.

    >>> import smoothsym as ss
    >>> ss.enclose(ss.logsumexp, [0, -40], alpha=1, digits=20).digits(20)
    '4.2483542552915889863e-18'
    """
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    if isinstance(digits, bool) or not isinstance(digits, int) or digits < 1:
        raise ValueError(f"digits={digits!r}: ask for a positive whole number of digits")
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ValueError(f"budget={budget!r}: give a positive number of bits")
    name, value, negative_zero = _parameter(op, parameter)
    rows, shape = _rows(x)
    first = max(FIRST_BITS, int(digits * 3.33) + 24)
    work = _Digits(digits_question(digits))

    def by_contract(number: Number, answer: special.Answer) -> Enclosure:
        return point(number, first, answer.basis)

    op.formula(of)
    results = [
        _Job(op, row, of, name, value, negative_zero).solve(work, by_contract, min(first, budget), budget)
        for row in rows
    ]
    return _shaped(results, shape, shape == ())


def reference(
    op: Any,
    X: Any,
    *,
    of: str | Expr = "value",
    dtype: Any = "float64",
    rounding: str = "nearest",
    budget: int = BUDGET,
    **parameter: Any,
) -> Any:
    """The exact values of an operator on rows, rounded correctly to a format.

    Parameters: `X`, rows (or one row) along the last axis; `of` as for enclose; `dtype`, "float16", "bfloat16", "float32" or
    "float64"; `rounding`, "nearest" (ties to even), "down", "up" or "zero"; the parameter by its name.
    Returns an array of that dtype: of the shape of X without its last axis for a value, of X's shape for a gradient.
    Raises Refused where a value is undecided within the budget of bits.

    >>> import smoothsym as ss
    >>> float(ss.reference(ss.boltzmann, [1.0, 2.0], alpha=1.0))
    1.7310585786300048
    """
    fmt = formats.get(dtype)
    if rounding not in ("nearest", "down", "up", "zero"):
        raise unknown("rounding", rounding, ("nearest", "down", "up", "zero"))
    name, value, negative_zero = _parameter(op, parameter)
    rows, shape = _rows(X)
    work = _Bits(rounding_question(fmt, rounding))

    def by_contract(number: Number, _: special.Answer) -> int:
        return rounded(fmt, number, rounding)

    op.formula(of)
    first = fmt.precision + 24
    results = [_Job(op, row, of, name, value, negative_zero).solve(work, by_contract, first, budget) for row in rows]
    bits = np.array(results, dtype=fmt.uint)
    return fmt.to_array(bits.reshape(shape + bits.shape[1:]))


def rounded(fmt: formats.Format, number: Number, rounding: str = "nearest") -> int:
    """The bits of a number in a format; infinities and nan included."""
    if isinstance(number, float) and (isnan(number) or isinf(number)):
        infinity = fmt.round(2 * fmt.largest, 0, "up")
        if isnan(number):
            return infinity | (1 << (fmt.precision - 2))
        return infinity | ((1 << (fmt.bits - 1)) if number < 0 else 0)
    return fmt.round(Fraction(number), 0, rounding)


# ---- what the judge needs ---------------------------------------------------------------------------------------------------


@dataclass
class Measured:
    """Enclosures of every output at one input, and the scale that the error of each is held to."""

    op: Any
    row: list[Number]
    kept: list[int]
    name: str | None
    parameter: Fraction
    of: str
    values: list[tuple[Any, Any]]
    length: int
    _scales: dict[int, Any] = field(default_factory=dict)

    def scales(self, component: int = 0) -> Any:
        """|f| + sum_j |xi_j df/dx_j| + |alpha df/dalpha| of an output, as an mpf; xi as the judge wants it (DESIGN)."""
        if component not in self._scales:
            self._scales[component] = self._scale(component)
        return self._scales[component]

    def _scale(self, component: int) -> Any:
        value = _magnitude(tuple(end._mpf_ for end in self.values[component]))
        if component not in self.kept and self.of == "gradient":
            return value
        at = (words.i,) if self.of == "gradient" else ()
        over = words.k if self.of == "gradient" else words.i
        inner = self.op.hessian if self.of == "gradient" else self.op.gradient
        wanted = [self.op.stable(inner)]
        if self.op.parameter is not None:
            wanted.append(self.op.stable(self.op.derivative(self.op.parameter, of=self.of)))
        program = _scale_program(tuple(w.expression for w in wanted), over, tuple(wanted[0].anchors.items()))
        positions = {words.i.name: self.kept.index(component)} if at else {}
        symbols = {self.name: self.parameter} if self.name else {}
        x = [Fraction(self.row[q]) for q in self.kept]
        instance = Instance(program, x, symbols, self.length, positions)
        for bits in (64, 256, 1024, 4096):
            try:
                outputs = instance.run(Balls(bits))
                break
            except (Indeterminate, Undefined):
                continue
        else:
            return value
        relative = self.of == "gradient" and self.op.translation == "equivariant"
        origin = max(x) if relative else Fraction(0)
        total = value
        for entry, slope in zip(x, flat(outputs[0]), strict=True):
            total += abs(mpmath.mpf(1) * _ratio(entry - origin)) * _magnitude(slope)
        if len(outputs) > 1:
            total += abs(_ratio(self.parameter)) * _magnitude(outputs[1])
        return total


def _ratio(value: Fraction) -> Any:
    return make_mpf(libmp.from_rational(value.numerator, value.denominator, 60, "n"))


def _magnitude(ends: Any) -> Any:
    return abs(make_mpf(libmp.mpf_shift(libmp.mpf_add(ends[0], ends[1], 60, "n"), -1)))


_PROGRAMS: dict[Any, Any] = {}


def _scale_program(expressions: tuple[Expr, ...], over: Any, anchors: tuple[Any, ...]) -> Any:
    key = (expressions, over)
    if key not in _PROGRAMS:
        _PROGRAMS[key] = lower(list(expressions), (over,), dict(anchors))
    return _PROGRAMS[key]


def measure(
    op: Any, x: Sequence[Any], parameter: Any, of: str = "value", bits: int = 90, budget: int = BUDGET
) -> Measured:
    """Enclosures of an operator's value or gradient at one ordinary row, to `bits` relative bits, with their error scales.

    Raises Refused where an output stays undecided; inputs that the special-value contract answers are not for this function.
    """
    row = [exact_number(v, "x") for v in x]
    number = exact_number(parameter, "parameter")
    name = op.parameter.name if op.parameter is not None else None
    instance, kept = _instance(op, row, name, number, of)
    precision = bits + 20
    found: list[Any] = []
    while True:
        try:
            found = instance.intervals(precision)
        except Indeterminate:
            found = []
        if found and all(_narrow(ends, bits) for ends in found):
            break
        precision *= 2
        if precision > budget:
            exact = _zeros(instance, found, bits)
            if exact is None:
                raise Refused(f"not known to {bits} bits at a budget of {budget}")
            found = exact
            break
    values = [(make_mpf(low), make_mpf(high)) for low, high in found]
    if of == "gradient":
        zero = (mpmath.mpf(0), mpmath.mpf(0))
        spread = [zero] * len(row)
        for position, pair in zip(kept, values, strict=True):
            spread[position] = pair
        values = spread
    return Measured(
        op,
        [Fraction(v) if not isinstance(v, float) else v for v in row],
        kept,
        name,
        Fraction(number),
        of,
        values,
        len(row),
    )


_TINY = libmp.mpf_shift(libmp.fone, -2400)


def _narrow(ends: Any, bits: int) -> bool:
    """Whether an enclosure is narrow beside the value, or beside anything that a format can tell from zero."""
    low, high = ends
    width = libmp.mpf_sub(high, low, 30, "c")
    if width == libmp.fzero or libmp.mpf_lt(width, _TINY):
        return True
    size = libmp.mpf_abs(low if libmp.mpf_lt(libmp.mpf_abs(low), libmp.mpf_abs(high)) else high)
    if libmp.mpf_sign(low) * libmp.mpf_sign(high) <= 0:
        return False
    return libmp.mpf_lt(libmp.mpf_shift(width, bits), size)


def _zeros(instance: Instance, found: list[Any], bits: int) -> list[Any] | None:
    """Enclosures with the outputs that a theorem proves zero set to zero; None if one is still undecided."""
    from smoothsym.certify.exact import NoTheorem

    try:
        exact = instance.exact()
        result = [
            ends if _narrow(ends, bits) else ((libmp.fzero,) * 2 if e.equals(Fraction(0)) else None)
            for ends, e in zip(found, exact, strict=True)
        ]
    except (NoTheorem, ZeroDivisionError):
        return None
    return None if None in result or not result else result


__all__ = ["Enclosure", "Measured", "Refused", "enclose", "fraction_of", "measure", "reference"]
