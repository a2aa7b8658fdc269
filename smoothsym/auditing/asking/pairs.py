"""A function of two arrays, f(a, b), becomes a target on rows of two entries; where its signature leaves open whether it is one, it is asked."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any

import numpy as np

from smoothsym.calling import Arguments, call_rows, dotted, guarded, resolve, title, written

ROW = (0.5, 2.0)
"""What a function is asked with, as one array and as two numbers."""


AXES = ("axis", "dim")
"""An argument that is called so is neither an array nor a parameter of an operator."""


class Paired:
    """A function of two arrays, called on the entries of rows of two: the columns of a 2-D array.

    Parameters: `function`, a callable or its dotted name; `stack`, what makes one array of the two that it may return, its derivatives.

    >>> import numpy as np
    >>> float(Paired("numpy:logaddexp")(np.array([0.0, -np.inf])))
    0.0
    """

    def __init__(self, function: Any, stack: Callable[[Any], Any] | None = None) -> None:
        self.function, self.stack = function, stack or _stacked
        self.call: Callable[..., Any] = resolve(function)
        if (about := _signature(self.call)) is not None:
            places = [q for q in about.parameters.values() if q.kind in _PLACES]
            rest = [q for q in about.parameters.values() if q not in places[:2]]
            x = Parameter("x", Parameter.POSITIONAL_ONLY)
            kept = [q for q in rest if q.kind is not Parameter.VAR_POSITIONAL and q.name != x.name]
            self.__signature__ = Signature([x, *kept])

    def __call__(self, x: Any, *arguments: Any, **keywords: Any) -> Any:
        result = self.call(x[..., 0], x[..., 1], *arguments, **keywords)
        return self.stack(result) if isinstance(result, tuple) and len(result) == 2 else result

    def __reduce__(self) -> Any:
        """The function travels by its dotted name, where it has one."""
        return Paired, (dotted(self.function) or self.function,)

    def __repr__(self) -> str:
        return repr(self.function)

    @property
    def name(self) -> str:
        """The function's name."""
        return title(self.function)

    @property
    def written(self) -> tuple[str, str] | None:
        """Python that makes the function itself."""
        return written(self.function)


def _stacked(parts: Any) -> Any:
    """Columns as one array; two numbers stay what they are, since Python's have no dtype."""
    return np.stack(parts, axis=-1) if any(map(np.ndim, parts)) else parts


_PLACES = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def _signature(function: Callable[..., Any]) -> Signature | None:
    try:
        return signature(function)
    except (TypeError, ValueError):
        return None


def of_two(function: Callable[..., Any], name: str | None, given: bool) -> bool | None:
    """Whether a function takes two arrays; None where only a call can tell.

    A ufunc of two does. `name`, the operator's parameter; `given`: it is one number, which the function may have built in. Where it is
    not, the parameter takes a place of its own: f(x, a) is not f(a, b).

    >>> import numpy as np
    >>> of_two(np.hypot, "p", True), of_two(lambda x: x, "p", True), of_two(lambda x, a: x, "p", False)
    (True, False, False)
    >>> of_two(lambda a, b: a, "p", True), of_two(lambda a, b, p: a, "p", False)
    (None, None)
    """
    if (inputs := _ufunc(function)) is not None:
        return inputs == 2
    given = given or name is None
    if (about := _signature(function)) is None:
        return None if given else False
    takes = about.parameters.values()
    required = [q for q in takes if q.kind in _PLACES and q.default is Parameter.empty and q.name != name]
    if any(q.name in AXES for q in required):
        return False
    if any(q.kind is Parameter.VAR_POSITIONAL for q in takes) and len(required) < 2:
        return None if given else False
    return None if len(required) - (not given and name not in about.parameters) == 2 else False


def _ufunc(function: Callable[..., Any]) -> int | None:
    """How many arrays a ufunc takes, NumPy's own or of its kind; None for anything else."""
    inputs = getattr(function, "nin", None)
    return inputs if hasattr(function, "reduce") and isinstance(inputs, int) else None


def of_blocks(target: Any) -> bool:
    """Whether a target is a ufunc that acts on each entry alone, or on each of two, so that it takes rows by the million as they are.

    >>> import numpy as np
    >>> of_blocks("numpy:tanh"), of_blocks(Paired(np.logaddexp)), of_blocks(np.logaddexp), of_blocks(np.max)
    (True, True, False, False)
    """
    pairs = isinstance(target, Paired)
    call = target.call if pairs else resolve(target)
    return _ufunc(call) == (2 if pairs else 1) and getattr(call, "signature", None) is None


def answers(
    target: Any,
    function: Callable[..., Any],
    rows: Any,
    arguments: Arguments,
    entrywise: bool,
    either: bool,
    timeout: float | None,
) -> bool:
    """Whether a call, watched like all others, comes to a result of the right shape; `either`: a number, or an entry for each."""
    with guarded(target, function, timeout) as watched:
        return not call_rows(watched, [rows], [arguments], entrywise, either)[0].fault
