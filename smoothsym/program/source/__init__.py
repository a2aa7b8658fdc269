"""A program printed as source code that runs as it stands, NumPy, PyTorch, JAX or C; and as FPCore, for tools that judge it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Sequence

from smoothsym.errors import unknown
from smoothsym.program.operations import Program
from smoothsym.program.source.arrays import JAX, NUMPY, TORCH, ArrayLanguage, array_source
from smoothsym.program.source.c import TAKEN as C_WORDS
from smoothsym.program.source.c import c_source
from smoothsym.program.source.fpcore import fpcore
from smoothsym.program.source.printer import Signature

ARRAYS = {"numpy": NUMPY, "torch": TORCH, "jax": JAX}
FPCORE = "fpcore"
LANGUAGES = (*ARRAYS, "c")

__all__ = ["ARRAYS", "FPCORE", "LANGUAGES", "fpcore", "identifier", "source"]


def source(
    program: Program,
    language: str,
    name: str,
    parameters: Sequence[str],
    *,
    rank: int | None = None,
    arity: int | None = None,
    widen: bool = True,
    summation: str = "folded",
    note: str = "",
) -> str:
    """A function that does the operations of a program in its order.

    Parameters: the language, "numpy", "torch", "jax" or "c"; the function's name and those of its parameters, after the vectors;
    `rank`, how many axes the result has beside those of the rows, where the output may lack some (a gradient that is constant);
    `arity`, of how many entries it is a function, None for any number, 1 for what acts elementwise; `widen`, whether array code
    computes formats narrower than float32 in float32; `summation`, "folded" for sums as kernels take them, in twice the precision but for two additions
    (in C for all), else the library's; `note`, a comment to begin with. Array code takes rows along the last axis and gives the dtype of x; C takes
    doubles, and writes what is no single number to `out`, a matrix by rows.
    Raises ValueError for an unknown language, and for a program that solves an equation.

    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.words import alpha, x
    >>> print(source(lower([alpha * x[1] - 1]), "c", "line", ["alpha"], arity=1))
    #include <math.h>
    <BLANKLINE>
    double line(double x, double alpha)
    {
        return alpha * x - 1.0;
    }
    <BLANKLINE>
    """
    if any(operation.inner is not None or operation.name == "shares" for operation in program.operations):
        raise ValueError(f"{name} solves an equation for a threshold, which no printed source does; call the kernel")
    if language not in LANGUAGES:
        raise unknown("language", language, (*LANGUAGES, FPCORE))
    vectors = tuple(dict.fromkeys(["x", *(str(q.datum) for q in program.operations if q.name == "x")]))
    if len(vectors) > 1:
        arity = None
    fits = identifier if language == "c" else _python(ARRAYS[language])
    own = {q: fits(q) for q in (*vectors, *parameters)}
    given = tuple(own[q] for q in parameters)
    ((_, placement),) = program.outputs
    size = len(placement) if rank is None or arity == 1 else rank
    signature = Signature(fits(name), tuple(own[q] for q in vectors), given, own, size, arity)
    if language == "c":
        return (f"/* {note} */\n" if note else "") + c_source(program, signature)
    return (f"# {note}\n" if note else "") + array_source(
        program, signature, ARRAYS[language], widen, summation == "folded"
    )


def identifier(name: str, taken: Callable[[str], bool] = C_WORDS.__contains__) -> str:
    """A name that a language takes for the one of a function or parameter.

    >>> identifier("my max"), identifier("2nd"), identifier("exp"), identifier("v3")
    ('my_max', '_2nd', 'exp_', 'v3_')
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    plain = f"_{plain}" if plain[:1].isdigit() or not plain else plain
    return f"{plain}_" if taken(plain) or re.fullmatch(r"[vestbm][0-9]+(_[i-l]+)?", plain) else plain


def _python(language: ArrayLanguage) -> Callable[[str], str]:
    return lambda name: identifier(
        name,
        lambda word: (
            keyword.iskeyword(word)
            or word in ("dtype", "total", "total_of_squares", "once", "units", "coarseness", language.module)
        ),
    )
