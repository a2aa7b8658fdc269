"""A program printed as source code that a reader can paste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from smoothsym.program.lower import Operation, Program

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
_CALLS = {
    "exp": "exp",
    "log": "log",
    "log1p": "log1p",
    "expm1": "expm1",
    "abs": "abs",
    "sign": "sign",
    "neg": "negative",
}


def numpy_source(program: Program, name: str, parameters: Sequence[str], widen: bool = True) -> str:
    """A NumPy function of rows (..., n) that does the operations of the program in its order, with the same bits.

    With `widen`, formats narrower than float32 are computed in float32.
    """
    arguments = ", ".join(["x", *parameters])
    lines = [
        "import numpy as np",
        "",
        "",
        f"def {name}({arguments}):",
        "    # One vector a row, along the last axis.",
        "    dtype = x.dtype",
        *(["    x = x.astype(np.promote_types(dtype, np.float32))"] if widen else []),
        *(f"    {parameter} = x.dtype.type({parameter})" for parameter in parameters),
        '    with np.errstate(all="ignore"):',
    ]
    printer = _Printer(program)
    for number, operation in enumerate(program.operations):
        text = printer.expression(operation)
        printer.loose.append(operation.rank == 0 and operation.name != "x" and printer.without_entries(operation))
        if operation.name in ("x", "symbol", "number", "length"):
            printer.names.append(text)
            continue
        printer.names.append(f"v{number}")
        lines.append(f"        v{number} = {text}")
    (output, placement) = program.outputs[0]
    result = printer.names[output] + (".swapaxes(-1, -2)" if placement == (1, 0) else "")
    lines.append(f"        return {result}.astype(dtype)")
    return "\n".join(lines) + "\n"


@dataclass
class _Printer:
    """Operations as text; `loose` says which values are one number for all rows."""

    program: Program
    names: list[str] = field(default_factory=list)
    loose: list[bool] = field(default_factory=list)

    def without_entries(self, operation: Operation) -> bool:
        return all(self.loose[number] for number, _ in operation.args)

    def expression(self, operation: Operation) -> str:
        name, datum = operation.name, operation.datum
        if name in ("x", "symbol", "position"):
            return str(datum)
        if name == "number":
            return str(datum) if isinstance(datum, int) else _number(datum)  # type: ignore[arg-type]
        if name == "length":
            return "x.dtype.type(x.shape[-1])"
        if name == "iota":
            return "np.arange(x.shape[-1])"
        args = [self.placed(number, placement, operation) for number, placement in operation.args]
        if name == "take":
            position = self.program.operations[operation.args[1][0]]
            if position.name == "number":
                return f"{args[0]}[..., {args[1]}]"
            return f"np.take_along_axis({args[0]}, {args[1]}[..., None], axis=-1)[..., 0]"
        if name in ("sum", "max", "min", "argmax"):
            ((_, placement),) = operation.args
            return f"np.{name}({args[0]}, axis={int(datum or 0) - len(placement)})"
        if name in _INFIX:
            return f"{args[0]} {_INFIX[name]} {args[1]}"
        if name == "same":
            return f"({args[0]} == {args[1]}).astype(x.dtype)"
        if name == "either":
            return f"np.where({args[0]} > 0, {args[1]}, {args[2]})"
        return f"np.{_CALLS[name]}({args[0]})"

    def placed(self, number: int, placement: tuple[int, ...], operation: Operation) -> str:
        text = self.names[number]
        if operation.name in ("sum", "max", "min", "argmax", "take") or self.loose[number]:
            return text
        if placement == (1, 0):
            return f"{text}.swapaxes(-1, -2)"
        if len(placement) == operation.rank:
            return text
        if operation.rank == 1:
            return f"{text}[..., None]"
        keep = ", ".join(":" if q in placement else "None" for q in range(operation.rank))
        return f"{text}[..., {keep}]"


def _number(value: Fraction) -> str:
    text = str(value.numerator) if value.denominator == 1 else repr(value.numerator / value.denominator)
    return f"x.dtype.type({text})"
