"""Whatever a call does (raise, write to its input, return the wrong shape, return something else the next time) is data about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from smoothsym.calling.names import anonymous

UNCALLED = "not called"
REPEATED = 8
"""One row in so many, the first among them, is called twice."""
NOTE = 200
"""How many characters of what a target says are kept."""

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""What stands after x in a call."""


NOTHING = np.empty(0)


@dataclass(frozen=True, eq=False)
class Call:
    """What came of one call: its numbers in one array of float64, or the kind of finding and its note; the rest are findings
    beside a result. Of a block of rows the numbers are in the format that was asked for. `seconds`, what the target itself took.

    `fault` is UNCALLED where the target was not called any more, since it hung or died on rows like this one. `again` says what a
    second call did, where that was something else.
    """

    numbers: Any = field(default_factory=lambda: NOTHING)
    fault: str = ""
    note: str = ""
    deviation: str = ""
    mutated: bool = False
    again: str = ""
    seconds: float = 0.0

    @property
    def got(self) -> list[float]:
        """The numbers as Python's floats."""
        found: list[float] = self.numbers.tolist()
        return found

    @property
    def called(self) -> bool:
        return self.fault != UNCALLED

    @property
    def behaved(self) -> bool:
        """Whether numbers are all that came of it."""
        return not (self.fault or self.deviation or self.mutated or self.again)


def call_rows(
    target: Any, rows: Sequence[Any], arguments: Sequence[Arguments], entrywise: bool, elementwise: bool = False
) -> list[Call]:
    """What comes of each row, in their order: an array of the audited dtype, and what stands after it in its call.

    `target`: a callable, or a Guard around one. `entrywise`: the result has an entry for each of x, as a gradient does.
    `elementwise`: the operator is of one entry, and the target may act on each or take the row as the vector that it is.
    """
    if hasattr(target, "call_rows"):
        found: list[Call] = target.call_rows(rows, arguments, entrywise, elementwise)
        return found
    return [
        call(target, x, rest, entrywise, elementwise, repeat=q % REPEATED == 0)
        for q, (x, rest) in enumerate(zip(rows, arguments, strict=True))
    ]


def call(
    target: Callable[..., Any],
    x: Any,
    arguments: Arguments,
    entrywise: bool,
    elementwise: bool = False,
    repeat: bool = False,
    caught: tuple[type[BaseException], ...] = (Exception, SystemExit),
    wide: bool = True,
) -> Call:
    """Call a target on a copy of one row (or of rows), and read its result in the dtype of x; twice, to `repeat`.

    The numbers are float64 where they are to be `wide`.
    """
    row = x.copy()
    rest = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments[0])
    begin = time.perf_counter()
    try:
        result = target(row, *rest, **arguments[1])
    except caught as error:
        found = Call(NOTHING, "raises", anonymous(f"{type(error).__name__}: {error}".removesuffix(": "))[:NOTE])
        seconds = time.perf_counter() - begin
    else:
        seconds = time.perf_counter() - begin
        shapes = [x.shape if entrywise else x.shape[:-1]]
        shapes += [x.shape, x.shape[:-1]] if elementwise else []
        found = floats(result, shapes, x.dtype, wide)
        if not _same(row, x) or not all(map(_same, rest, arguments[0])):
            found = replace(found, mutated=True)
    if repeat:
        second = call(target, x, arguments, entrywise, elementwise, caught=caught, wide=wide)
        found = replace(found, again=_difference(found, second))
        seconds += second.seconds
    return replace(found, seconds=seconds)


def floats(result: Any, shapes: list[tuple[int, ...]], dtype: Any, wide: bool = True) -> Call:
    """A result as floats of the audited dtype, made `wide` or not, or what is wrong with it."""
    try:
        array = np.asarray(result)
    except Exception as error:
        return Call(NOTHING, "wrong shape", f"the result is no array: {error}"[:NOTE])
    if array.dtype == object or array.dtype.kind not in "fiuV" or (array.dtype.kind == "V" and array.dtype.fields):
        what = f"has dtype {array.dtype}" if hasattr(result, "dtype") else f"is a {type(result).__name__}"
        return Call(NOTHING, "wrong dtype", f"the result {what}, and no float")
    if array.shape not in shapes:
        return Call(NOTHING, "wrong shape", f"the result has shape {array.shape}, not {shapes[0]}")
    # Python's floats, in lists too, have no dtype to be wrong.
    deviates = hasattr(result, "dtype") and array.dtype != dtype
    numbers = array.astype(dtype, copy=False).reshape(-1)
    numbers = numbers.astype(np.float64) if wide else numbers
    return Call(numbers, deviation=f"{dtype} in, {array.dtype} out" if deviates else "")


def _same(after: Any, before: Any) -> bool:
    """Whether an array has its bits still; anything else is not looked at."""
    if not isinstance(before, np.ndarray):
        return True
    bits = f"u{before.dtype.itemsize}"
    return after.shape == before.shape and bool((after.view(bits) == before.view(bits)).all())


def _difference(first: Call, second: Call) -> str:
    """What a second call did that the first did not; empty where their bits agree. One nan is as good as another."""
    if first.fault or second.fault:
        said = [found.note or "a result" for found in (first, second)]
        return f"first {said[0]}, then {said[1]}"[:NOTE] if first.fault != second.fault else ""
    a, b = (found.numbers.astype(np.float64) for found in (first, second))
    apart = (a.view(np.int64) != b.view(np.int64)) & ~(np.isnan(a) & np.isnan(b))
    if not apart.any():
        return ""
    place = int(np.argmax(apart))
    where = f"entry {place}: " if len(a) > 1 else ""
    return f"{where}first {float(a[place])!r}, then {float(b[place])!r}"
