"""Code for another library's arrays becomes a target on rows of NumPy; its derivatives are those that the library takes of its value."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property, partial
from importlib import import_module
from inspect import Parameter, Signature, signature
from typing import Any

import numpy as np
from sympy import Symbol

from smoothsym.auditing.asking.pairs import Paired
from smoothsym.calling import dotted, resolve, title, written
from smoothsym.errors import unknown

ARRAYS = ("numpy", "torch", "jax", "array_api_strict")
"""Whose arrays a target may be called with."""

DIFFERENTIABLE = ("torch", "jax")
"""Those with automatic differentiation."""

OUTPUTS = ("value", "gradient", "vjp", "jvp")
"""What comes of a bridged function: what it returns, or a derivative by reverse (gradient, vjp) or forward mode (jvp)."""


class Bridged:
    """A function on arrays of a library, called on NumPy arrays of the same numbers.

    Parameters: `function`, a callable or its dotted name; `arrays`, one of ARRAYS; `of`, what is returned, one of OUTPUTS: a
    gradient is taken by the library's own automatic differentiation, of f(x), or of f(x[k]) for each k where `elementwise`; a
    function that returns an array like x where a number is expected is taken to be the gradient itself. A vjp or jvp is called as
    target(x, v). `device`, such as "cuda"; `compiled`, under jax.jit or torch.compile; `pairs`, that the function takes two arrays, and is
    called as f(x[0], x[1]); other keywords are passed on, a symbol being the operator's parameter of that name: ord=ss.p.
    Raises ValueError for an unknown library or output, ImportError where the library is not installed.

    >>> Bridged("array_api_strict:exp", "array_api_strict").name  # doctest: +SKIP
    'array_api_strict:exp'
    """

    def __init__(
        self,
        function: Any,
        arrays: str,
        of: str = "value",
        *,
        device: str | None = None,
        compiled: bool = False,
        elementwise: bool = False,
        pairs: bool = False,
        **keywords: Any,
    ) -> None:
        if arrays not in ARRAYS:
            raise unknown("arrays", arrays, ARRAYS)
        if of not in OUTPUTS:
            raise unknown("of", of, OUTPUTS)
        if of != "value" and arrays not in DIFFERENTIABLE:
            raise ValueError(
                f"arrays={arrays!r} has no automatic differentiation: audit of='value', or give the {of} itself"
            )
        self.function, self.arrays, self.of, self.keywords = function, arrays, of, keywords
        self.device, self.compiled, self.elementwise, self.pairs = device, compiled, elementwise, pairs
        self.call: Callable[..., Any] = _Renamed.of(resolve(function), keywords) if keywords else resolve(function)
        self.call = Paired(self.call, self._stacked) if pairs else self.call
        with suppress(TypeError, ValueError):  # of functions written in C little may be known
            self.__signature__ = _signature(self.call, of)

    @cached_property
    def _side(self) -> Any:
        return {"torch": _Torch, "jax": _Jax}.get(self.arrays, _Standard)(self)

    def __call__(self, x: Any, *arguments: Any, **parameter: Any) -> Any:
        return self._side(x, arguments, parameter)

    def _stacked(self, parts: Any) -> Any:
        return self._side.stacked(parts)

    def __reduce__(self) -> Any:
        """The function travels by its dotted name, where it has one; what is compiled stays."""
        return _again, (dotted(self.function) or self.function, self.arrays, self.of, {**self._own, **self.keywords})

    @property
    def _own(self) -> dict[str, Any]:
        """The options that are not passed on."""
        names = ("device", "compiled", "elementwise", "pairs")
        return {name: getattr(self, name) for name in names}

    @property
    def name(self) -> str:
        """The function's name."""
        return title(self.function)

    @property
    def written(self) -> tuple[str, str]:
        """Python that makes this target: what to import, and an expression; of a function without a name, which the reader has as
        `target`.
        """
        imported, inner = written(self.function) or ("", "target")
        imports = "; ".join(part for part in ("from smoothsym.auditing import Bridged", imported) if part)
        return imports, f"Bridged({inner}, {self.options})"

    @property
    def options(self) -> str:
        """What stands behind the function in the call that makes this target, as Python."""
        said = [repr(self.arrays), *([repr(self.of)] if self.of != "value" else [])]
        given = {**{key: value for key, value in self._own.items() if value}, **self.keywords}
        said += [f"{key}={f'ss.{value}' if isinstance(value, Symbol) else repr(value)}" for key, value in given.items()]
        return ", ".join(said)


class _Renamed:
    """A function with keywords that are settled, or take the parameter's place."""

    def __init__(self, call: Callable[..., Any], settled: dict[str, Any], places: dict[str, str]) -> None:
        self.call, self.settled, self.places = call, settled, places
        self.__signature__ = self._signature()

    def _signature(self) -> Signature:
        """The function's own, less what is settled; of one that does not tell, x alone stands before the parameter."""
        named = [Parameter(name, Parameter.KEYWORD_ONLY) for name in self.places]
        try:
            own = list(signature(partial(self.call, **self.settled)).parameters.values())
        except (TypeError, ValueError):
            rest = [] if named else [Parameter("parameter", Parameter.VAR_KEYWORD)]
            return Signature([Parameter("x", Parameter.POSITIONAL_ONLY), *named, *rest])
        kept = [q for q in own if q.name not in {*self.places.values(), *self.settled}]
        return Signature(sorted([*kept, *named], key=lambda q: q.kind))

    @classmethod
    def of(cls, call: Callable[..., Any], keywords: dict[str, Any]) -> _Renamed:
        _check(call, keywords)
        places = {value.name: key for key, value in keywords.items() if isinstance(value, Symbol)}
        return cls(call, {key: value for key, value in keywords.items() if key not in places.values()}, places)

    def __call__(self, *arguments: Any, **parameter: Any) -> Any:
        return self.call(*arguments, **self.settled, **{self.places.get(k, k): v for k, v in parameter.items()})


def _check(call: Callable[..., Any], keywords: Any) -> None:
    """Raise ValueError for a keyword that a function does not take, as far as it tells."""
    try:
        takes = signature(call).parameters
    except (TypeError, ValueError):
        return
    anything = any(q.kind is Parameter.VAR_KEYWORD for q in takes.values())
    if extra := [name for name in keywords if name not in takes and not anything]:
        raise unknown("keywords", extra[0], takes)


def _signature(call: Callable[..., Any], of: str) -> Signature:
    """How the target is called: as the function is, with v after x for a derivative along one."""
    about = signature(call)
    if of in ("value", "gradient"):
        return about
    first, *rest = about.parameters.values()
    return about.replace(parameters=[first, Parameter("v", first.kind), *rest])


def _again(function: Any, arrays: str, of: str, options: dict[str, Any]) -> Bridged:
    return Bridged(function, arrays, of, **options)


class _Side:
    """One library's way of calling and differentiating."""

    def __init__(self, bridged: Bridged) -> None:
        self.of, self.call, self.device = bridged.of, bridged.call, bridged.device
        self.elementwise, self.compiled = bridged.elementwise, bridged.compiled
        self.xp: Any = None

    def stacked(self, parts: Any) -> Any:
        """Arrays side by side, along a new last axis."""
        return self.xp.stack(parts, axis=-1)


class _Standard(_Side):
    """NumPy, and the array API standard with nothing beside it."""

    def __init__(self, bridged: Bridged) -> None:
        super().__init__(bridged)
        self.xp = import_module(bridged.arrays)

    def __call__(self, x: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return np.asarray(self.call(self.xp.asarray(x), *arguments, **keywords))


class _Torch(_Side):
    """PyTorch: a row shares memory with its tensor, so that what writes to it is seen."""

    def __init__(self, bridged: Bridged) -> None:
        super().__init__(bridged)
        self.torch = self.xp = import_module("torch")
        if self.compiled:
            self.call = self.torch.compile(self.call)

    def __call__(self, x: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        row = self._tensor(x)
        if self.of == "value":
            with self.torch.no_grad():
                return self._array(self.call(row, *arguments, **keywords))
        if self.of == "gradient":
            return self._array(self._pulled(row.requires_grad_(), None, arguments, keywords))
        v, *rest = arguments
        along = self._tensor(v)
        if self.of == "vjp":
            return self._array(self._pulled(row.requires_grad_(), along, rest, keywords))
        with warnings.catch_warnings():
            # Its own first use of forward mode warns of what it itself has left behind.
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._array(self.torch.func.jvp(lambda y: self.call(y, *rest, **keywords), (row,), (along,))[1])

    def _pulled(self, row: Any, along: Any, arguments: Any, keywords: dict[str, Any]) -> Any:
        result = self.call(row, *arguments, **keywords)
        if along is None:
            if result.shape == row.shape and not self.elementwise:
                return result
            along = self.torch.ones_like(result)
        else:
            along = along.reshape(result.shape)
        return self.torch.autograd.grad(result, row, along)[0]

    def _tensor(self, x: Any) -> Any:
        if x.dtype.name == "bfloat16":
            tensor = self.torch.from_numpy(x.view(np.int16)).view(self.torch.bfloat16)
        else:
            tensor = self.torch.from_numpy(x)
        return tensor if self.device is None else tensor.to(self.device)

    def _array(self, tensor: Any) -> Any:
        if not isinstance(tensor, self.torch.Tensor):
            return tensor
        tensor = tensor.detach().cpu()
        if tensor.dtype == self.torch.bfloat16:
            return tensor.view(self.torch.int16).numpy().view(np.dtype(import_module("ml_dtypes").bfloat16))
        return tensor.numpy()


class _Jax(_Side):
    """JAX, with float64 switched on for rows of it alone: the user's own setting stays."""

    def __init__(self, bridged: Bridged) -> None:
        super().__init__(bridged)
        self.jax = import_module("jax")
        self.xp = import_module("jax.numpy")
        self.run = self.jax.jit(self._run, static_argnames=("named",)) if self.compiled else self._run

    def __call__(self, x: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        # Parameters are constants to a compiler, as they are where people write them.
        named = tuple(keywords.items())
        with self._wide(x.dtype), self._placed():
            rest = arguments if self.of in ("value", "gradient") else arguments[1:]
            along = () if rest is arguments else (self.xp.asarray(arguments[0]),)
            return np.asarray(self.run(self.xp.asarray(x), *along, named=(rest, named)))

    def _run(self, x: Any, *along: Any, named: Any) -> Any:
        rest, keywords = named

        def call(y: Any) -> Any:
            return self.call(y, *rest, **dict(keywords))

        if self.of == "value":
            return call(x)
        if self.of == "jvp":
            return self.jax.jvp(call, (x,), along)[1]
        result, pull = self.jax.vjp(call, x)
        if self.of == "gradient":
            if result.shape == x.shape and not self.elementwise:
                return result
            return pull(self.xp.ones_like(result))[0]
        return pull(along[0].reshape(result.shape))[0]

    def _wide(self, dtype: Any) -> AbstractContextManager[Any]:
        if dtype != np.float64:
            return nullcontext()
        home = self.jax if hasattr(self.jax, "enable_x64") else import_module("jax.experimental")
        switched: AbstractContextManager[Any] = home.enable_x64(True)
        return switched

    def _placed(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.device is None else self.jax.default_device(self.jax.devices(self.device)[0])
