"""What a call of each operator of the catalogue runs, and, as controls, the definitions as they stand; by importable names."""

from __future__ import annotations

from functools import partial
from typing import Any

from smoothsym.auditing.targets.target import HERE, Target
from smoothsym.errors import unknown


def ours() -> list[Target]:
    """A target for the value and one for the gradient of each operator, such as logsumexp_gradient; naive kernels of functions of a
    vector are controls.
    """
    from smoothsym.catalogue import operators

    found = []
    for name, op in operators.items():
        for of in ("value",) if op.vector else ("value", "gradient"):
            suffix = "" if of == "value" else "_gradient"
            here = f"{HERE}.ours:{name}"
            found.append(Target("smoothsym", f"{here}{suffix}", name, of, library="smoothsym"))
            if op.explicit and op.arity is None and not op.vector:
                dotted = f"{here}_naive{suffix}"
                found.append(Target("smoothsym naive", dotted, name, of, control=True, library="smoothsym"))
    return found


def __getattr__(name: str) -> Any:
    """An operator, <operator>_gradient, or a kernel as <operator>_<kernel>, so that its dotted name reproduces a finding."""
    if not name.startswith("_"):
        from smoothsym.catalogue import operators

        for op_name, op in operators.items():
            if name in (op_name, f"{op_name}_gradient"):
                return op if name == op_name else partial(op, of="gradient")
            kernel = name.removeprefix(op_name + "_")
            if kernel != name and kernel in op.kernels:
                return op.kernels[kernel]
    raise AttributeError(str(unknown("target", name, [t.dotted.partition(":")[2] for t in ours()])))
