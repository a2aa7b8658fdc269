"""What a bound rests on, in plain sentences: the model, as far as the operations of a program ask for it."""

from __future__ import annotations

from smoothsym.formats import get
from smoothsym.program.lower import Program
from smoothsym.program.rounding.local import ROUNDED
from smoothsym.program.rounding.model import FUNCTIONS, Model

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "sqrt": "sqrt"}
_FACTS = {"exp": "exp(0) = 1", "log": "log(1) = 0", "expm1": "expm1(0) = 0", "log1p": "log1p(0) = 0", "pow": "x^0 = 1^y = 1 and 0^y = 0 for y > 0"}  # fmt: skip
_ORDERS = {
    "sequential": "A sum of n terms is taken by n - 1 additions, in any order.",
    "pairwise": "A sum along a contiguous axis is taken as NumPy does it: pairwise, in blocks of at most 128 on eight accumulators; along any other, by n - 1 additions in any order.",
    "compensated": "A sum of n terms is taken in twice the precision and rounded once: it is off by at most u |s| + 4 n gamma_{n+2} u sum |v|, gamma_m = m u / (1 - m u).",
}


def assumptions(program: Program, model: Model, dtype: str | None = None) -> tuple[str, ...]:
    """The sentences that a bound of a program in a model is under; for a format, or for all."""
    used = {operation.name for operation in program.operations}
    u = "2 u, whichever way each operation rounds" if model.rounding == "directed" else "u"
    found = []
    if basic := [sign for name, sign in _SIGNS.items() if name in used and name in ROUNDED]:
        found.append(f"fl(a op b) = (a op b)(1 + d), |d| <= {u}, for {', '.join(basic)}.")
    functions = [name for name in FUNCTIONS if name in used]
    if functions:
        said = ", ".join(f"{name} {_constant(model, name, dtype)}" for name in functions)
        found.append(f"fl(f(a)) = f(a)(1 + d), |d| <= k u, with k: {said} ({model.source}).")
    if facts := [fact for name, fact in _FACTS.items() if name in used]:
        found.append(f"Exactly: {', '.join(facts)}.")
    if model.identity and used & {"log1p", "expm1"} and model.underflow == "gradual":
        found.append("log1p and expm1 of a subnormal number are that number.")
    if "sum" in used:
        found += _sums(model, dtype)
    if model.underflow == "gradual":
        found.append(
            "Underflow is gradual: below the smallest normal number a result is off by at most eta more, the smallest subnormal one."
        )
    else:
        found.append("What is below the smallest normal number may be taken for 0, as an argument and as a result.")
    return tuple(found)


def _constant(model: Model, name: str, dtype: str | None) -> str:
    given = model.functions.get(name, 1.0)
    if isinstance(given, (int, float)) or dtype is not None:
        return f"{model.constant(name, dtype):g}"
    return " / ".join(f"{constant:g} ({fmt})" for fmt, constant in given.items())


def _sums(model: Model, dtype: str | None) -> list[str]:
    named = model.summation if not isinstance(model.summation, str) else {}
    wide = model.accumulate if not isinstance(model.accumulate, str) else {}
    if dtype is not None:
        order, wider = model.order(dtype), model.accumulator(dtype)
        beside = f" It is taken in {get(wider).name}, and rounded to {dtype} once." if wider else ""
        return [_ORDERS[order] + beside]
    found = [_ORDERS[model.order()]]
    found += [f"In {fmt}: {_ORDERS[order]}" for fmt, order in named.items() if order != model.order()]
    every = {**(wide or {}), **({"every format": model.accumulate} if isinstance(model.accumulate, str) else {})}
    return found + [f"In {fmt} a sum is taken in {wider}, and rounded once." for fmt, wider in every.items()]
