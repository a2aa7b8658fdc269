"""bound: how wrong float code can be, as a formula that a paper would print, what that rests on, and numbers for given rows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from smoothsym.cli.inputs import exact, given, intervals, parameters, real, rows
from smoothsym.cli.output import dump, folded, laid_out, say, width

KERNELS = ("stable", "naive", "compensated")
SHOWN = 10
"""Of how many rows and entries the numbers are printed; --json has all."""


def run(args: argparse.Namespace) -> int:
    """The bound of a kernel or of somebody's code."""
    bound = _bound(args)
    op = None if bound.kernel is None else bound.kernel.op
    vectors = _vectors(args)
    keywords = (
        parameters(args, op, exact) if op is not None else {name: exact(text) for name, text in given(args).items()}
    )
    numbers = [] if vectors is None else _numbers(bound, vectors, _dtype(args, vectors), keywords)
    if args.fpcore:
        if args.n is None and (op is None or op.arity is None):
            raise ValueError("--fpcore: FPCore has no vectors of any length; say how many entries there are: --n 3")
        fixed = {name: keywords[name] for name in given(args)}
        print(bound.fpcore(args.n, _dtype(args, None) or "float64", intervals(args.range), **fixed), end="")
        return 0
    if args.n is not None or args.range:
        raise ValueError("--n and --range are for --fpcore")
    if args.json:
        dump(_data(bound, args, numbers))
        return 0
    if args.latex:
        say(bound.latex)
        return 0
    for line, style in _lines(bound, numbers, _dtype(args, vectors), width()):
        say(line, style)
    return 0


def _bound(args: argparse.Namespace) -> Any:
    from smoothsym import SmoothMax
    from smoothsym.cli.formulas import imported, operator
    from smoothsym.error_bound import bound

    if args.of not in ("value", "gradient"):
        raise ValueError(f"--of {args.of}: a kernel computes the value or the gradient")
    if ":" in args.operator and not isinstance(found := imported(args.operator), SmoothMax):
        if args.kernel is not None or args.of != "value":
            raise ValueError(f"{args.operator} is code of its own: --kernel and --of are for operators")
        return bound(found)
    op = operator(args.operator, args.domain)
    name = args.kernel or "stable"
    names = {kernel.form: kernel for kernel in op.kernels.values() if kernel.of == args.of}
    if name not in names:
        raise ValueError(f"--kernel {name}: {op.name} has the kernels {', '.join(names)}")
    return bound(names[name])


def _vectors(args: argparse.Namespace) -> Any:
    if args.data is not None and args.x is not None:
        raise ValueError("give either --x or --data, and not both")
    if args.data is not None:
        return rows(args.data)
    if args.x is None:
        return None
    import numpy as np

    return np.array([[real(text) for text in args.x.replace(",", " ").split()]])


def _dtype(args: argparse.Namespace, vectors: Any) -> str | None:
    """The format asked for, else that of the rows; None where there are no rows either."""
    from smoothsym.formats import get

    if args.dtype is not None or vectors is None:
        return None if args.dtype is None else get(args.dtype).name
    return get(vectors.dtype if vectors.dtype.kind == "f" else "float64").name


def _numbers(bound: Any, vectors: Any, dtype: str | None, keywords: dict[str, Any]) -> list[dict[str, Any]]:
    """For each row what is computed, where there is a kernel, and its bound."""
    import numpy as np

    from smoothsym.formats import get

    fmt = get(dtype)
    x = vectors.astype(fmt.dtype)
    limits = np.asarray(bound.rigorous(vectors, dtype=fmt.name, **keywords))
    computed = None
    if bound.kernel is not None:
        floats = {name: float(value) for name, value in keywords.items()}
        computed = np.asarray(bound.kernel(x, **floats)).astype(np.float64)
    found = []
    for index in np.ndindex(limits.shape):
        number: dict[str, Any] = {
            "row": index[0] + 1,
            "entry": [q + 1 for q in index[1:]],
            "bound": float(limits[index]),
        }
        if computed is not None:
            number["computed"] = float(computed[index])
        found.append(number)
    return found


def _data(bound: Any, args: argparse.Namespace, numbers: list[dict[str, Any]]) -> dict[str, Any]:
    about = {"of": args.operator, "kernel": None if bound.kernel is None else bound.kernel.name, "dtype": args.dtype}
    formula = None if bound.searched else {"sympy": str(bound.formula), "latex": bound.latex}
    free = None if bound.searched else bound.range_free
    return {
        **about,
        "parameters": given(args),
        "formula": formula,
        "range_free": None if free is None else str(free),
        "assumptions": list(bound.assumptions),
        "program": str(bound.program),
        "numbers": numbers,
    }


def _lines(bound: Any, numbers: Sequence[dict[str, Any]], dtype: str | None, columns: int | None) -> Any:
    from smoothsym.error_bound.bound import SEARCHED

    yield f"{bound.name}: |computed - exact|, at most", "bold"
    yield "", ""
    if bound.searched:
        yield from _part("", f"what is computed is {SEARCHED}: --x or --data", columns)
    else:
        yield from _formula(bound, columns)
    yield "", ""
    yield "assuming", "bold"
    for sentence in bound.assumptions if dtype is None else bound.under(dtype):
        for line in folded(f"- {sentence}", columns, "  "):
            yield line, ""
    if numbers:
        yield "", ""
        yield f"numbers, for {dtype}: second order, underflow and the length of sums are in them", "bold"
        yield from laid_out(*_table(numbers), right=(1, 2), columns=columns)
        if len(numbers) > SHOWN:
            yield f"... {len(numbers) - SHOWN} more; --json has all", "dim"


def _formula(bound: Any, columns: int | None) -> Any:
    from smoothsym.symbolic.text import text

    yield from _part("to first order", text(bound.named), columns)
    for name, value in bound.meanings:
        yield from _part("", f"{text(name)} = {text(value)}", columns)
    if (free := bound.range_free_named) is not None:
        yield from _part("for every x", text(free), columns)
    yield from _part("", "(every function within u)", columns)


def _table(numbers: Sequence[dict[str, Any]]) -> tuple[tuple[str, ...], list[Any]]:
    table = []
    for number in numbers[:SHOWN]:
        where = f"row {number['row']}" + "".join(f", x[{q}]" for q in number["entry"])
        computed = "" if "computed" not in number else f"{number['computed']:.10g}"
        table.append(((where, computed, f"{number['bound']:.3g}"), ""))
    return ("", "computed", "error at most"), table


def _part(head: str, body: str, columns: int | None) -> Any:
    lines = folded(body, None if columns is None else columns - 18)
    for place, line in enumerate(lines):
        yield f"  {(head if not place else '').ljust(16)}{line}", ""
