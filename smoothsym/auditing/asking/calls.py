"""A target is called with what it takes: how it wants its parameter is read off its signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Any

from smoothsym.auditing.asking.pairs import AXES
from smoothsym.calling import UNCALLED, Call, call_rows, dotted, resolve
from smoothsym.kernels import Kernel
from smoothsym.operator import SmoothMax

__all__ = ["UNCALLED", "Call", "Passing", "call_rows", "dotted", "passing", "resolve", "takes_axis"]


@dataclass(frozen=True)
class Passing:
    """How a target gets the parameter: by `keyword`, by position (`keyword` None), or not at all, where that is not `given`; and whether it
    gets a row of two entries in `pairs`, as target(x[0], x[1]).
    """

    keyword: str | None = None
    position: bool = False
    pairs: bool = False

    @property
    def given(self) -> bool:
        """Whether the target gets the parameter."""
        return self.position or self.keyword is not None

    def arguments(self, parameter: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What stands after x in a call."""
        if self.keyword is not None:
            return (), {self.keyword: parameter}
        return ((parameter,) if self.position else ()), {}


def passing(target: Callable[..., Any], name: str | None, given: float | None, vector: bool = False) -> Passing:
    """How a target wants the parameter `name`; `given`, where it is one number, which the target may have built in; `vector`: it
    is called with a vector behind x.

    Raises TypeError where the target cannot be called so.

    >>> passing(lambda x, alpha: x, "alpha", None), passing(lambda x, a: x, "alpha", None)
    (Passing(keyword='alpha', position=False, pairs=False), Passing(keyword=None, position=True, pairs=False))
    """
    ours = isinstance(target.func if isinstance(target, partial) else target, (Kernel, SmoothMax))
    try:
        about = signature(target)
    except (TypeError, ValueError):
        return Passing(name if given is None else None)
    takes = about.parameters
    places = [q for q in takes.values() if q.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
    places = places[1:] if vector else places
    anything = any(q.kind is Parameter.VAR_KEYWORD for q in takes.values())
    way = Passing()
    if name is not None:
        named = takes.get(name)
        if named is not None and named.kind is not Parameter.POSITIONAL_ONLY:
            built_in = given is not None and isinstance(named.default, (int, float)) and named.default == given
            way = Passing() if built_in else Passing(name)
        elif (
            len(places) > 1
            and places[1].name not in AXES
            and (places[1].default is Parameter.empty or places[1].kind is Parameter.POSITIONAL_ONLY)
        ):
            way = Passing(position=True)
        elif anything and (given is None or ours):
            way = Passing(name)
        elif given is None and not any(q.kind is Parameter.VAR_POSITIONAL for q in takes.values()):
            raise TypeError(
                f"the target takes no {name}: give the one that it has built in, as in audit(..., {name}=1.0), "
                f"or a target that takes it, as in lambda x, {name}: ..."
            )
        elif given is None:
            way = Passing(position=True)
    arguments, keywords = way.arguments(given)
    try:
        about.bind(*[None] * (1 + vector), *arguments, **keywords)
    except TypeError as error:
        as_called = f"target(x{', v' * vector}{', ' + (way.keyword + '=' if way.keyword else '') + (name or '') if way.given else ''})"
        raise TypeError(
            f"the target cannot be called as {as_called}: {error}; wrap it in a lambda, or pass what it lacks, "
            "as in keywords={'axis': -1} or --with axis=-1"
        ) from None
    return way


def takes_axis(target: Callable[..., Any]) -> bool:
    """Whether a target has an argument called axis, and so takes rows of a 2-D array."""
    try:
        return "axis" in signature(target).parameters
    except (TypeError, ValueError):
        return False
