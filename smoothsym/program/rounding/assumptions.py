"""What a bound rests on, in plain sentences: the model, as far as the operations of a program ask for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import log2

from smoothsym.formats import FORMATS, get
from smoothsym.program.operations import Program
from smoothsym.program.pairs.arithmetic import RELATIVE
from smoothsym.program.pairs.functions import FUNCTIONS as PAIRED
from smoothsym.program.pairs.solve import enough
from smoothsym.program.rounding.local import ROUNDED
from smoothsym.program.rounding.model import FUNCTIONS, Model
from smoothsym.program.rounding.paired import BELOW, LONGEST
from smoothsym.program.shares import NEAR, NOISE, STEPS

_SIGNS = dict(zip(ROUNDED, ("+", "-", "*", "/", "square roots"), strict=True))
_WITHIN = {
    "shares": ("add", "sub", "mul", "div", "sqrt", "exp", "log1p", "pow"),
    "ramp": ("pow",),
    "qexp": ("add", "mul", "div", "exp", "log1p", "pow"),
    "xqlog": ("mul", "div", "log", "expm1"),
}
"""What an operation is made of."""
_SEARCH = (
    f"The search for a maximiser over the simplex comes to a balance of {NOISE} units of rounding, 2 u, or to a step of {NEAR} of them, within "
    f"its {STEPS} steps; its sums are taken by n - 1 additions, in any order."
)
_FACTS = {
    "exp": "exp(0) = 1",
    "log": "log(1) = 0",
    "expm1": "expm1(0) = 0",
    "log1p": "log1p(0) = 0",
    "pow": "x^0 = 1^y = 1 and 0^y = 0 for y > 0",
}
_ORDERS = {
    "sequential": "by n - 1 additions, in any order",
    "pairwise": "pairwise as NumPy does it, in blocks of at most 128 on eight accumulators (along an axis that is not contiguous, by n - 1 additions)",
    "compensated": "in twice the precision and rounded once, off by at most u |s| + 4 n gamma_{n+2} u sum |v|, gamma_m = m u / (1 - m u)",
    "folded": "from 64 terms on with two additions of a term at most, and then in twice the precision, rounded once: off by at most u |s| + (2 u + 2^-15 u + 4 n gamma_{n+2} u) sum |v|, gamma_m = m u / (1 - m u), and by terms in u^2 sum |v|",
}


def assumptions(program: Program, model: Model, formats: Sequence[str] = tuple(FORMATS)) -> tuple[str, ...]:
    """The sentences that a bound of a program in a model is under, in any of some formats.

    >>> from smoothsym.program.lower import lower
    >>> from smoothsym.words import x
    >>> assumptions(lower([x[1] + x[2]]), Model())[0]
    'fl(a op b) = (a op b)(1 + d), |d| <= u, for +.'
    """
    used = _names(program)
    used |= {part for name in used for part in _WITHIN.get(name, ())}
    u = "2 u, whichever way each operation rounds" if model.rounding == "directed" else "u"
    found = []
    if basic := [sign for name, sign in _SIGNS.items() if name in used]:
        found.append(f"fl(a op b) = (a op b)(1 + d), |d| <= {u}, for {', '.join(basic)}.")
    functions = [name for name in FUNCTIONS if name in used]
    if functions:
        said = "; ".join(f"{name} {_by_format(partial(_constant, model, name), formats)}" for name in functions)
        bound = "2 k u" if model.rounding == "directed" else "k u"
        found.append(f"fl(f(a)) = f(a)(1 + d), |d| <= {bound}, with k: {said}. They are {model.source}.")
    if facts := [fact for name, fact in _FACTS.items() if name in used]:
        found.append(f"Exactly: {', '.join(facts)}.")
    if model.identity and used & {"log1p", "expm1"} and model.underflow == "gradual":
        found.append("log1p and expm1 of a subnormal number are that number.")
    if "sum" in used:
        found.append(f"A sum of n terms is taken {_by_format(partial(_order, model), formats)}.")
    if "level" in used:
        found.append(
            "The search for a threshold comes to neighbouring floats between which the sign of the balance changes."
        )
    if "shares" in used:
        found.append(_SEARCH)
        if model.inspects:
            found.append(
                "It looks at its order, and takes no logarithms where that is 1, nor, before its last step, where it is 1/2."
            )
    if model.underflow == "gradual":
        found.append(
            "Underflow is gradual: below the smallest normal number a result is off by at most the smallest subnormal one more."
        )
    else:
        found.append("What is below the smallest normal number may be taken for 0, as an argument and as a result.")
    return tuple(found)


def _names(program: Program) -> set[str]:
    """The operations, those among them that a search runs."""
    found = {operation.name for operation in program.operations}
    return found.union(*(_names(q.inner) for q in program.operations if q.inner is not None))


def _constant(model: Model, name: str, fmt: str) -> str:
    return f"{model.constant(name, fmt):g}"


def _order(model: Model, fmt: str) -> str:
    wide = model.accumulator(fmt)
    return _ORDERS[model.order(fmt)] + (f", in {wide}, and rounded once" if wide else "")


def _by_format(say: Callable[[str], str], formats: Sequence[str]) -> str:
    """What is said for each format, those together that agree."""
    groups: dict[str, list[str]] = {}
    for fmt in formats:
        groups.setdefault(say(fmt), []).append(fmt)
    if len(groups) == 1:
        return next(iter(groups))
    return ", ".join(f"{said} ({' and '.join(names)})" for said, names in groups.items())


def paired_assumptions(program: Program, fmt: str) -> tuple[str, ...]:
    """The same for a program that is run in pairs of floats of a format."""
    used = {operation.name for operation in program.operations}
    searches = "shares" in used
    used |= {part for name in used for part in _WITHIN.get(name, ())} | ({"log"} if searches else set())
    said = [f"{sign} {RELATIVE[name]} u^2" for name, sign in _SIGNS.items() if name in used and name in RELATIVE]
    said += [f"{name} 2^{log2(error):.0f}" for name, error in PAIRED[fmt].items() if name in used]
    found = [
        f"Every operation is done on pairs of {fmt}s; its relative error is at most: {', '.join(said)}, beside "
        f"{BELOW} of the smallest subnormal numbers (derived in program/pairs, where the library's own log is taken to be within 8 units in "
        "the last place)."
    ]
    if "sum" in used:
        found.append(f"A sum of up to {LONGEST[fmt]} terms is off by at most {RELATIVE['sum']} u^2 sum |v|.")
    if searches:
        least = f"2^{log2(enough(get(fmt).precision)):.0f}"
        found.append(
            f"The search for a maximiser over the simplex comes to a balance of {least}, or to a step of {least} of the entry that is searched for, "
            f"within its {STEPS} steps."
        )
    found.append("Operations on floats are rounded to nearest, underflow is gradual, and products are not contracted.")
    return tuple(found)
