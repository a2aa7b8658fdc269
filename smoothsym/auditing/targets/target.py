"""A target says in a few words what a library's function claims to compute, in which formats, and what its documentation leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any

from smoothsym.auditing.asking.bridge import Bridged
from smoothsym.errors import unknown

HERE = "smoothsym.auditing.targets"

BOTH = ("gradient", "jvp")
"""Derivatives of a number, by reverse and by forward mode."""
ALONG = ("vjp", "jvp")
"""Those of a vector."""


@dataclass(frozen=True)
class Target:
    """Float code to audit: `dotted` finds it, `op` and `of` say what it claims to compute.

    `op`: a name of the catalogue, or of a companion. `fixed`: the parameter that the code has built in; empty where it is sampled,
    from `parameters` where these are given. `lengths`: of its rows, where not any will do. `limits`: what its documentation leaves
    out. `library`: what must be installed, and `distribution` the name that it is installed by. `device`: where it runs.
    `twin`: the dotted name of the same code run in another way, compiled or not, which must agree with it. `batched`: it takes
    a 2-D array of rows. `control`: naive code, there to show what the others are spared, and that it is caught.
    """

    name: str
    dotted: str
    op: str
    of: str = "value"
    dtypes: tuple[str, ...] = ("float64", "float32")
    fixed: Mapping[str, float] = field(default_factory=dict)
    parameters: tuple[float, ...] = ()
    lengths: tuple[int, ...] = ()
    limits: str = ""
    library: str = "numpy"
    distribution: str = ""
    device: str = "cpu"
    twin: str = ""
    batched: bool = False
    control: bool = False

    @property
    def installed(self) -> bool:
        """Whether its library is there, with the device, and the operator that it claims to compute is known."""
        return _found(self.library) and known(self.op) and (self.device == "cpu" or _reaches(self.library, self.device))

    @property
    def version(self) -> str:
        """The version of its library; empty where that has none of its own."""
        return _version(self.distribution or self.library)

    @property
    def operator(self) -> Any:
        """The operator itself."""
        return operator(self.op)


def operator(name: str) -> Any:
    """A member of the catalogue, or a companion."""
    from smoothsym.auditing.targets.companions import companions
    from smoothsym.catalogue import operators

    found = operators.get(name) or companions.get(name)
    if found is None:
        raise unknown("operator", name, [*operators, *companions])
    return found


def known(name: str) -> bool:
    """Whether there is such an operator."""
    try:
        return operator(name) is not None
    except ValueError:
        return False


@cache
def _found(library: str) -> bool:
    return find_spec(library) is not None


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


@cache
def _reaches(library: str, device: str) -> bool:
    """Whether a library finds a device of that kind."""
    try:
        if library == "jax":
            return bool(import_module("jax").devices(device))
        return bool(getattr(import_module("torch"), device).is_available())
    except (ImportError, AttributeError, RuntimeError):
        return False


class Later:
    """A module that is imported when something in it is first asked for.

    >>> maths = Later("math")
    >>> maths.hypot(3.0, 4.0)
    5.0
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # who looks at what this is asks for no function
            raise AttributeError(name)
        return getattr(import_module(self._name), name)


class Library:
    """A library whose functions are targets: they are written down in its own words, on its own arrays.

    Parameters: `title`, as people call it; `module`, the file of its targets; `package`, what must be importable; `distribution`,
    what is installed; `arrays`, whose arrays its functions take; `outputs`, what is audited of a function beside its value, where its operator has it:
    derivatives that the library takes by itself; `compiled`, the outputs that are audited under its compiler; `eager`, those that are audited without; `lengths` of rows, where each costs a
    compilation; `device`, one to audit on beside the CPU, where present.
    """

    def __init__(
        self,
        title: str,
        module: str,
        package: str,
        distribution: str = "",
        arrays: str = "numpy",
        dtypes: tuple[str, ...] = ("float64", "float32"),
        outputs: tuple[str, ...] = (),
        compiled: tuple[str, ...] = (),
        eager: tuple[str, ...] = ("value", "gradient", "vjp", "jvp"),
        lengths: tuple[int, ...] = (),
        device: str = "",
    ) -> None:
        self.title, self.module, self.package, self.distribution = title, module, package, distribution or package
        self.arrays, self.dtypes, self.outputs, self.lengths, self.device = arrays, dtypes, outputs, lengths, device
        self.compiled, self.eager = compiled, eager
        self.targets: list[Target] = []
        self._made: dict[str, tuple[Callable[..., Any], str, dict[str, Any]]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What it goes by: as people call it, as it is installed, as it is imported."""
        return self.title, self.distribution, self.package

    def computes(
        self,
        op: str,
        of: str = "value",
        *,
        n: int | Sequence[int] = (),
        parameters: Sequence[float] = (),
        limits: str = "",
        dtypes: tuple[str, ...] = (),
        name: str = "",
        outputs: tuple[str, ...] | None = None,
        eager: tuple[str, ...] = (),
        **fixed: float,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare that the function below computes `of` an operator.

        `n`, the lengths of its rows; `parameters`, those to sample; `fixed`, the one it has built in; `limits`, what its documentation
        leaves out; `dtypes`, where these are not the library's; `name`, as people call it; `outputs`, derivatives that are audited;
        `eager`, outputs that are audited uncompiled, where these are more than the library's.
        """

        def declared(function: Callable[..., Any]) -> Callable[..., Any]:
            plain = Target(
                f"{self.title} {name or function.__name__}",
                "",
                op,
                of,
                dtypes or self.dtypes,
                fixed,
                tuple(parameters),
                (n,) if isinstance(n, int) else tuple(n) or self.lengths,
                limits,
                self.package,
                self.distribution,
            )
            wanted = (of, *((outputs if outputs is not None else self.outputs) if of == "value" else ()))
            for output in wanted:
                self._declare(function, replace(plain, of=output), of, eager or self.eager)
            return function

        return declared

    def _declare(self, function: Callable[..., Any], plain: Target, own: str, eager: tuple[str, ...]) -> None:
        """A target for each way in which an output is computed."""
        if self.arrays == "numpy":
            self.targets.append(replace(plain, dotted=f"{self.module}:{function.__name__}"))
            return
        derived = "value" if plain.of == own else plain.of
        here = f"{self.module}:{function.__name__}_{plain.of}"
        # JAX would take the device by itself where there is one.
        host: dict[str, Any] = {"device": "cpu"} if self.device else {}
        ways: list[tuple[str, str, dict[str, Any]]] = [("", "", host)]
        if plain.of in self.compiled:
            ways.append(("_compiled", "compiled", {"compiled": True, **host}))
        if self.device:
            ways.append((f"_{self.device}", self.device, {"device": self.device}))
        for suffix, said, options in ways:
            self._made[f"{function.__name__}_{plain.of}{suffix}"] = function, plain.op, {"of": derived, **options}
            if not suffix and plain.of not in eager:
                continue
            self.targets.append(
                replace(
                    plain,
                    name=f"{plain.name}, {said}" if said else plain.name,
                    dotted=here + suffix,
                    device=options.get("device", "cpu"),
                    twin=here if "compiled" in options else "",
                )
            )

    @property
    def installed(self) -> bool:
        """Whether it can be imported."""
        return _found(self.package)

    @property
    def version(self) -> str:
        """The installed version; empty where it has none of its own."""
        return _version(self.distribution)

    def made(self, name: str) -> Bridged:
        """The target of that name, on rows of NumPy. Raises AttributeError where there is none."""
        if name not in self._made:
            raise AttributeError(str(unknown("target", name, self._made)))
        function, op, options = self._made[name]
        return Bridged(function, self.arrays, elementwise=operator(op).arity == 1, **options)
