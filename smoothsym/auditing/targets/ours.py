"""The kernels of the catalogue's functions of a vector, by an importable name such as logsumexp_stable_gradient."""

from __future__ import annotations

from typing import Any

from smoothsym.auditing.targets.target import HERE, Target
from smoothsym.errors import unknown


def ours() -> list[Target]:
    """A target for each kernel; those that state the definition as it stands are controls."""
    from smoothsym.catalogue import operators

    found = []
    for name, op in operators.items():
        if op.arity is not None or op.vector:
            continue
        for kernel in op.kernels.values():
            form = kernel.name.removesuffix("_gradient")
            dotted = f"{HERE}.ours:{name}_{kernel.name}"
            found.append(
                Target(f"smoothsym {form}", dotted, name, kernel.of, control=not kernel.contract, library="smoothsym")
            )
    return found


def __getattr__(name: str) -> Any:
    """A kernel as <operator>_<kernel>, so that its dotted name reproduces a finding."""
    if not name.startswith("_"):
        from smoothsym.catalogue import operators

        for op_name, op in operators.items():
            kernel = name.removeprefix(op_name + "_")
            if kernel != name and kernel in op.kernels:
                return op.kernels[kernel]
    raise AttributeError(str(unknown("target", name, [t.dotted.partition(":")[2] for t in ours()])))
