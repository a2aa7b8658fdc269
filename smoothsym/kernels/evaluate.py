"""A formula of an operator on rows of floats: the program on ordinary rows, the contract on the others.

ordinary rows            the program, in float32 or wider, for a parameter of which sign and value are known where they are
an end of the range      once more by the law of joint homogeneity, f(x; a) = s f(x/s; s a)
no weight (-inf, 0)      terms that are no number count 0 in sums
nan, inf, nothing        the contract's answer in place of what was computed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from math import ceil, isfinite, log2, nan, prod
from operator import itemgetter
from typing import Any

import numpy as np
from sympy import Expr

from smoothsym.kernels.arguments import Parameter
from smoothsym.kernels.contract import Contract
from smoothsym.kernels.libraries import NUMPY, Library
from smoothsym.program import arrays, compensated
from smoothsym.program.buffering import by_rows
from smoothsym.program.evidence import Evidence
from smoothsym.program.few import every
from smoothsym.program.operations import Program
from smoothsym.program.scratch import BLOCK, Scratch, scratch_for
from smoothsym.program.specialise import Known

PAIRS_BLOCK = 1 << 15
"""So many bytes at a time where an operation has many intermediate results."""

UNIT = 2.0**-32
"""The unit s of rows whose terms may underflow: what a term loses is then less than what rounding the result does, by so much."""

LOW = 2.0**40
"""Above the inverse of the largest number by so much, what terms lose to underflow does not matter, up to 2^36 of them."""


@dataclass(frozen=True)
class Evaluation:
    """What is to be computed of rows, and how; `counts` and `weights` are like the rows."""

    op: Any
    of: str | Expr
    program: Callable[[Any], Program]
    """The program for what is known of the parameter."""
    rank: int
    library: Library
    parameter: Parameter
    work: Any
    """The dtype to compute in."""
    counts: Any = None
    weights: Any = None
    vectors: Mapping[str, Any] = field(default_factory=dict)
    plain: bool = False
    """Whether the program runs on whatever there is, in the dtype of the rows."""
    summation: str = "pairwise"
    pairs: bool = False
    """Whether every operation is done on pairs of floats."""

    def __call__(self, rows: Any) -> Any:
        """The results, in the dtype of the rows."""
        if self._straight and (found := self._along(rows)) is not None:
            return found
        return self._blocks(rows) if self.library.on_host(rows) else self._computed(rows)

    @cached_property
    def _straight(self) -> bool:
        """Whether rows of NumPy may be all that there is to look at."""
        return self.library is NUMPY and bool(self.told_by)

    def _along(self, rows: Any) -> Any:
        """What most calls ask for: rows that are computed at once, along a path that is known; None where that does not do."""
        count, at_once, shape, room = _division(rows.shape, self.rank, rows.itemsize, BLOCK)
        if not 0 < count <= at_once or rows.dtype != self.work or not rows.flags.c_contiguous or not rows.size:
            return None
        arena = scratch_for(room).arena
        if arena is None:
            return None
        x = rows if rows.ndim == 2 else rows.reshape((count, rows.shape[-1]))
        with by_rows() if count > 1 else np.errstate(all="ignore"):
            found = arena.paths_of(self.usual, x, self.summation).take(x, self._given, None)
            if found is None:
                return None
            result = found[0] if self._shown(x, *found) else _Rows(self, x, before=found[0]).result()
        return result if result.shape == shape else result.reshape(shape)

    def _blocks(self, rows: Any) -> Any:
        block = PAIRS_BLOCK if self.pairs else BLOCK
        count, at_once, shape, room = _division(tuple(rows.shape), self.rank, self.library.width(self.work), block)
        with by_rows() if count > 1 and not self.plain else np.errstate(all="ignore"):
            scratch, flat, of = scratch_for(room), self._flat(rows), self._flattened()
            scratch.busy = True
            try:
                if count <= at_once:
                    found = of._computed(flat, scratch)
                    return found if found.shape == shape else found.reshape(shape)
                whole = self.library.xp.empty((count, *shape[rows.ndim - 1 :]), dtype=rows.dtype)
                for start in range(0, count, at_once):
                    part = slice(start, start + at_once)
                    out = whole[part]
                    found = of._part(itemgetter(part))._computed(flat[part], scratch, out)
                    if found is not out:
                        out[...] = found
                    del found
                    scratch.end()
                return whole.reshape(shape)
            finally:
                scratch.end()
                scratch.busy = False

    @cached_property
    def inspected(self) -> bool:
        """Whether entries may be looked at, and meet a parameter that is no special value."""
        return self.parameter.row is None and self.library.inspectable

    @cached_property
    def usual(self) -> Program:
        """The program for what is known of the parameter."""
        return self.program(self.parameter.known)

    @cached_property
    def told_by(self) -> str:
        """What of that which is computed on the way may show that the contract has nothing to say, if anything does.

        "sums": of moduli, that no entry is infinite and not all are zeros. "extremes": where entries dominate by themselves, that none
        is infinite but such as have no weight: these have given nothing to a sum, since no sum had a term that is no number.
        """
        op, program, sign = self.op, self.usual, self.parameter.known.sign
        given = self.counts is not None or self.weights is not None
        if given or self.plain or self.pairs or not self.inspected or op.domain != "real" or program.solves:
            return ""
        value = self.of == "value" and not self.rank
        if op.kind == "modulus":
            return "sums" if value and not op.joint and sign == 1 and program.telling else ""
        shares = self.of in ("value", "gradient") and self.rank == 1 and program.shares
        return "extremes" if op.kind == "entry" and (value or shares) and sign in program.tops.values() else ""

    def _flattened(self) -> Evaluation:
        return self._part(self._flat)

    def _part(self, taken: Callable[[Any], Any]) -> Evaluation:
        """The same of a part of what is beside the rows."""
        if self.counts is None and self.weights is None and not self.vectors:
            return self
        counts, weights = (None if beside is None else taken(beside) for beside in (self.counts, self.weights))
        return replace(
            self, counts=counts, weights=weights, vectors={name: taken(v) for name, v in self.vectors.items()}
        )

    def _flat(self, rows: Any) -> Any:
        """Rows one after another in memory: sums are pairwise along a contiguous axis only."""
        if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.flags.c_contiguous:
            return rows
        return self.library.contiguous(rows.reshape((prod(rows.shape[:-1]), rows.shape[-1])))

    def _computed(self, rows: Any, scratch: Scratch | None = None, out: Any = None) -> Any:
        library = self.library
        x = library.cast(rows, self.work)
        memory = out if x is rows and isinstance(x, np.ndarray) else None
        first = None
        if self.told_by and x.shape[-1] and x.shape[0]:
            first, evidence = self._ran(self.usual, x, self._given, scratch, memory)
            if self._shown(x, first, evidence):
                return first if x is rows else library.cast(first, rows.dtype)
        return library.cast(_Rows(self, x, scratch, memory, first).result(), rows.dtype)

    @cached_property
    def _given(self) -> dict[str, Any]:
        return self.parameter.named(self.parameter.given)

    def _ran(
        self, program: Program, x: Any, given: Any, scratch: Scratch | None, out: Any, **beside: Any
    ) -> tuple[Any, Evidence]:
        """What a program computes of x, and what that shows on the way; where NumPy has taken the same way before, without deciding."""
        library, paths = self.library, None
        if not beside and library is NUMPY and scratch is not None and scratch.arena and x.flags.c_contiguous:
            paths = scratch.arena.paths_of(program, x, self.summation)
            if (found := paths.take(x, given, out)) is not None:
                return found
        ways = {"xp": library.xp, "lazy": library.inspectable, "summation": self.summation}
        run = arrays.started(program, x, given, scratch=scratch, out=out, **ways, **beside)
        (result,) = run.outputs()
        if paths is not None:
            paths.learn(run.choices)
        return result, run.evidence

    def _shown(self, x: Any, result: Any, evidence: Evidence) -> bool:
        """Whether what was computed on the way shows that the contract has nothing to say, so that x need not be looked at."""
        if result.ndim != x.ndim - 1 + self.rank:
            return False
        if self.told_by == "sums":
            return self._nonzero(x[..., 0]) and evidence.shows_finite()
        if not evidence.shows_dominant(self.parameter.known.sign, self._near):
            return False
        return bool(self.rank or not self.op.joint or self.in_range(result))

    def _nonzero(self, numbers: Any) -> bool:
        return every(numbers != 0) if self.library is NUMPY else bool((numbers != 0).all())

    @property
    def summed(self) -> bool:
        """Whether a result is a value with a sum in it, which may be made of terms that underflow."""
        return self.of == "value" and self.op.arity is None

    @cached_property
    def largest(self) -> float:
        return self.library.largest(self.work)

    @cached_property
    def _near(self) -> float:
        return self.library.near(self.work)

    def in_range(self, result: Any) -> bool:
        """Whether it can be seen at once that all results are neither infinite nor so small that terms may have underflowed."""
        if not self.summed:
            return bool(self.library.xp.isfinite(result).all())
        size = self.library.xp.abs(result)
        return bool((size.min() >= LOW / self.largest) & (size.max() <= self.largest))


@lru_cache(maxsize=256)
def _division(shape: tuple[int, ...], rank: int, width: int, block: int) -> tuple[int, int, tuple[int, ...], int]:
    """How many rows there are, how many of them are computed at once, the shape of the results, and the bytes of what is like them."""
    size, count = shape[-1], prod(shape[:-1])
    # Sums may be taken in float64.
    one = max(size, size**rank, 1) * max(width, 8)
    at_once = max(1, block // one)
    return count, at_once, (*shape[:-1], *(size,) * rank), min(at_once, count) * one


@dataclass(frozen=True)
class _Rows:
    """Rows in the format that is computed in."""

    of: Evaluation
    x: Any
    scratch: Scratch | None = None
    out: Any = None
    """Memory for the results, which may be passed over."""
    before: Any = None
    """What the program computes of all entries, where that is known."""

    @property
    def xp(self) -> Any:
        return self.of.library.xp

    @cached_property
    def counts(self) -> Any:
        """An entry that counts no times does not count."""
        if self.of.weights is None:
            return self.of.counts
        positive = self.of.weights > 0
        return positive if self.of.counts is None else positive & self.of.counts

    @cached_property
    def contract(self) -> Contract:
        of = self.of
        row = of.parameter.row
        sign = (
            of.parameter.given if row == "traced" else of.parameter.known.sign or (-1 if row == "parameter -oo" else 1)
        )
        beside = (self.counts, of.weights, lambda: self._run(None, None))
        return Contract(of.op, of.of, of.library, self.x, row, sign, *beside)

    def result(self) -> Any:
        of = self.of
        shape = (*self.x.shape[:-1], *self.x.shape[-1:] * of.rank)
        if 0 in shape[: self.x.ndim - 1]:
            return of.library.array(np.zeros(shape), self.x.dtype, self.x)
        if not self.x.shape[-1]:
            nothing = self.constant(nan) if of.plain else self.contract.answer("empty", 0)
            return self.xp.broadcast_to(nothing, shape)
        if of.plain:
            result = self._run(None, None)
            return result if self.counts is None or not of.rank else self._where_counted(result)
        if self.ordinary:
            result = self.computed(False)
        elif of.parameter.row not in (None, "traced"):
            result = self.contract.onto(self.xp.zeros_like(self.x), of.rank)
        else:
            result = self.contract.onto(self.computed(True), of.rank)
        if self.counts is not None and of.rank:
            result = self._where_counted(result)
        if of.op.domain == "positive" and not (self._inspected and self._ends[0] >= 0):
            wrong = self.xp.any(self.contract._counting(self.x < 0), axis=-1)
            result = self.xp.where(self.xp.reshape(wrong, (*wrong.shape, *(1,) * of.rank)), self.constant(nan), result)
        return result

    # ---- whether the contract has nothing to say ---------------------------------------------------------------------------

    @property
    def _inspected(self) -> bool:
        """Whether all of x counts, may be looked at, and meets a parameter that is no special value."""
        return self.of.inspected and self.counts is None

    @cached_property
    def ordinary(self) -> bool:
        """Whether a look at x shows it."""
        return self._inspected and self._bounded and not (self.of.op.kind == "modulus" and self._zeros)

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return float(self.x.min()), float(self.x.max())

    @property
    def _zeros(self) -> bool:
        return self._ends[0] <= 0 and bool(self.xp.any(self.x == 0))

    @cached_property
    def _bounded(self) -> bool:
        """Whether all entries are finite, and so are their differences."""
        low, high = self._ends
        return isfinite(low) and isfinite(high) and high - low <= self.of.library.largest(self.of.work)

    def computed(self, careful: bool) -> Any:
        """What the program computes; `careful` where entries may have no weight."""
        of = self.of
        weightless = self.contract.negligible if careful and of.op.kind is not None else None
        result = self._first if weightless is None else self._run(None, weightless)
        if of.op.joint and of.of in ("value", "gradient"):
            result = self._again(result, weightless)
        if weightless is not None and of.of == "gradient" and of.rank == 1:
            result = self.xp.where(weightless, self._slope_without_weight(), result)
        return result

    @cached_property
    def _first(self) -> Any:
        """What the program computes of all entries."""
        return self._run(None, None, self.out) if self.before is None else self._shaped(self.before)

    def _run(self, scale: Any, weightless: Any, out: Any = None) -> Any:
        """f(x; a) = s f(x/s; s a), which is proved where rows have a scale s; a gradient has no factor."""
        of, x, given, known = self.of, self.x, self.of.parameter.given, self.of.parameter.known
        if scale is not None:
            x, given, known = x / scale[..., None], self._within(given * scale), Known(known.sign)
        elif of.parameter.row == "traced" and not of.plain:
            given = self._within(given)
        vectors = {name: of.library.cast(v, of.work) for name, v in of.vectors.items()} if of.vectors else {}
        if of.weights is not None:
            vectors["w"] = of.weights
        program = of.usual if scale is None else of.program(known)
        beside = {"where": self.counts, "weightless": weightless, "vectors": vectors or None}
        beside["length"] = None if self.counts is None else self.contract.number
        named, beside = of.parameter.named(given), {name: own for name, own in beside.items() if own is not None}
        if of.pairs:
            (result,) = compensated.run(program, x, named, xp=self.xp, lazy=of.library.inspectable, **beside)
        else:
            result, _ = of._ran(program, x, named, self.scratch, out, **beside)
        result = self._shaped(result)
        return result if scale is None or of.of != "value" else result * scale

    def _shaped(self, result: Any) -> Any:
        of, x = self.of, self.x
        shape = (*x.shape[:-1], *x.shape[-1:] * of.rank)
        if tuple(result.shape) != shape:
            # A gradient that is constant has no axis of its own.
            result = result[(..., *(None,) * (of.rank - len(of.usual.outputs[0][1])))] if result.ndim else result
            result = self.xp.broadcast_to(result, shape)
        return result

    def _within(self, parameter: Any) -> Any:
        """A parameter beyond the format is neither 0 nor infinite."""
        xp, library = self.xp, self.of.library
        size = xp.clip(xp.abs(parameter), library.smallest(self.of.work), library.largest(self.of.work))
        return xp.where(parameter < 0, -size, size)

    def _again(self, result: Any, weightless: Any) -> Any:
        """Rows at an end of the range once more by the law of joint homogeneity.

        Where a difference or a sum of entries overflows, they are divided by a scale; where terms of a sum may underflow, multiplied.
        """
        xp, of = self.xp, self.of
        if self.counts is not None and of.rank:
            result = self._where_counted(result)
        usual = of.library.inspectable and self.counts is None and self._bounded
        if usual and of.in_range(result):
            return result
        finite = xp.where(self.contract._counting(xp.isfinite(self.x)), self.x, self.constant(0.0))
        high, low = xp.max(finite, axis=-1), xp.min(finite, axis=-1)
        whole = xp.all(xp.reshape(xp.isfinite(result), (*self.x.shape[:-1], -1)), axis=-1)
        down, one = self.constant(2.0 ** ceil(log2(4 * self.x.shape[-1]))), self.constant(1.0)
        scale = xp.where(whole & xp.isfinite(high - low), one, down)
        if of.summed:
            size, steepness, largest = xp.maximum(high, -low), xp.abs(of.parameter.given), of.largest
            # Where the parameter is smaller, no term underflows beside entries that have room.
            room = (size > 0) & (size < largest * UNIT / 16) & (steepness > 16 / UNIT / largest)
            scale = xp.where(room & (xp.abs(result) < LOW / largest), self.constant(UNIT), scale)
        again = xp.reshape(scale != 1, (*scale.shape, *(1,) * of.rank))
        return of.library.cond(
            xp.any(again), lambda: xp.where(again, self._run(scale, weightless), result), lambda: result
        )

    def _slope_without_weight(self) -> Any:
        """The gradient at an entry without weight: 0, but nan for |x|^p with p < 1, whose slope there is infinite."""
        parameter, zero = self.of.parameter.given, self.constant(0.0)
        if self.of.op.kind != "modulus":
            return zero
        return self.xp.where((parameter > 0) & (parameter < 1), self.constant(nan), zero)

    def _where_counted(self, result: Any) -> Any:
        """The derivative by an entry that does not count is 0."""
        if self.of.rank == 1:
            return self.xp.where(self.counts, result, self.constant(0.0))
        both = self.counts[..., :, None] & self.counts[..., None, :]
        return self.xp.where(both, result, self.constant(0.0))

    def constant(self, value: float) -> Any:
        return self.of.library.array(value, self.x.dtype, self.x)
