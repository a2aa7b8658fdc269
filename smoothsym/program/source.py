"""A program printed as source code that a reader can paste."""

from __future__ import annotations

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


def numpy_source(program: Program, name: str, parameter: str | None) -> str:
    """A NumPy function of rows (..., n) that does the operations of the program in its order."""
    arguments = "x" + (f", {parameter}" if parameter else "")
    lines = ["import numpy as np", "", "", f"def {name}({arguments}):"]
    lines.append("    # one vector a row, along the last axis")
    names: dict[int, str] = {}
    for number, operation in enumerate(program.operations):
        text = _expression(operation, program, names)
        if operation.name in ("x", "symbol", "number", "length"):
            names[number] = text
            continue
        names[number] = f"v{number}"
        lines.append(f"    v{number} = {text}")
    (output, placement) = program.outputs[0]
    lines.append(f"    return {names[output]}" + (".swapaxes(-1, -2)" if placement == (1, 0) else ""))
    return "\n".join(lines) + "\n"


def _expression(operation: Operation, program: Program, names: dict[int, str]) -> str:
    name, datum = operation.name, operation.datum
    if name in ("x", "symbol", "position"):
        return str(datum)
    if name == "number":
        return str(datum) if isinstance(datum, int) else _number(datum)  # type: ignore[arg-type]
    if name == "length":
        return "x.shape[-1]"
    if name == "iota":
        return "np.arange(x.shape[-1])"
    args = [_placed(number, placement, operation, program, names) for number, placement in operation.args]
    if name == "take":
        return f"np.take_along_axis({args[0]}, {args[1]}[..., None], axis=-1)[..., 0]"
    if name in ("sum", "max", "min", "argmax"):
        ((_, placement),) = operation.args
        return f"np.{name}({args[0]}, axis={int(datum or 0) - len(placement)})"
    if name in _INFIX:
        return f"{args[0]} {_INFIX[name]} {args[1]}"
    if name == "same":
        return f"np.asarray({args[0]} == {args[1]}, dtype=x.dtype)"
    if name == "either":
        return f"np.where({args[0]} > 0, {args[1]}, {args[2]})"
    return f"np.{_CALLS[name]}({args[0]})"


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else repr(value.numerator / value.denominator)


def _placed(
    number: int, placement: tuple[int, ...], operation: Operation, program: Program, names: dict[int, str]
) -> str:
    text = names[number]
    source = program.operations[number]
    if operation.name in ("sum", "max", "min", "argmax", "take") or source.name in ("symbol", "number", "length"):
        return text
    if placement == (1, 0):
        return f"{text}.swapaxes(-1, -2)"
    if len(placement) == operation.rank:
        return text
    if operation.rank == 1:
        return f"{text}[..., None]"
    keep = ", ".join(":" if q in placement else "None" for q in range(operation.rank))
    return f"{text}[..., {keep}]"
