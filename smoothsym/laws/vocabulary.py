"""The words in which laws speak of an operator: f its value, w[i] its weights, E(g) means under them, D(f, x[i]) derivatives.

A law is written in these words and printed in them; it is proved of what they stand for.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, Function, Indexed, S, Sum, Symbol

from smoothsym import words
from smoothsym.symbolic.derivatives import partial, partial_parameter, rename_bound
from smoothsym.symbolic.naming import Names, w

f = Symbol("f", real=True)
"""The value of the operator."""


class D(Function):
    """The derivative of an expression by entries and parameters, one after another: D(f, alpha, alpha), D(w[i], x[k])."""

    def _eval_is_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        of, *by = self.args
        above = "d" if len(by) == 1 else f"d{len(by)}"
        name = printer._print(of) if of.is_Atom or isinstance(of, Indexed) else f"({printer._print(of)})"
        steps = {q: by.count(q) for q in by}
        below = "".join(f"d{printer._print(q)}" + (f"^{times}" if times > 1 else "") for q, times in steps.items())
        return f"{above}{name}/{below}"


def E(term: Expr) -> Expr:
    """The mean under the weights of a term in x[j]: sum_j w[j] term."""
    return Sum(w[words.j] * term, (words.j, 1, words.n))


def written_out(op: Any, side: Any) -> Expr:
    """An expression in the words as one in x, n and the parameters of an operator.

    >>> import smoothsym as ss
    >>> written_out(ss.logsumexp, D(f, ss.alpha, ss.alpha)).has(D)
    False
    """
    side = S(side)
    names = Names(op.definition, op.domain)
    while found := [d for d in side.atoms(D) if not any(inner.has(D) for inner in d.args)]:
        side = side.xreplace({d: _derivative(written_out(op, d.args[0]), d.args[1:]) for d in found})
    if names.whole is not None:
        total = names.whole
        side = side.xreplace(
            {
                e: total.function.xreplace({total.limits[0][0]: e.indices[0]}) / total
                for e in side.atoms(Indexed)
                if e.base == w
            }
        )
    return side.xreplace({f: op.definition})


def _derivative(of: Expr, by: tuple[Any, ...]) -> Expr:
    of = rename_bound(of, {q for e in by if isinstance(e, Indexed) for q in e.indices})
    for one in by:
        of = partial(of, one) if isinstance(one, Indexed) else partial_parameter(of, one)
    return of


__all__ = ["D", "E", "f", "w", "written_out"]
