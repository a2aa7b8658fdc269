"""The words in which laws speak of an operator: f its value, w[i] its weights, E(g) means under them, derivatives, values at given entries.

A law is written in these words and printed in them; it is proved of what they stand for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import Add, Expr, Function, Indexed, IndexedBase, S, Sum, Symbol

from smoothsym import words
from smoothsym.symbolic.derivatives import partial, partial_parameter, rename_bound
from smoothsym.symbolic.naming import Names, central_moment, central_moment_order, w
from smoothsym.symbolic.text import text

f = Symbol("f", real=True)
"""The value of the operator."""
mu2, mu3, mu4, mu5 = map(central_moment, range(2, 6))
"""The central moments of the entries under equal weights."""


class D(Function):
    """The derivative of an expression by entries and parameters, one after another: D(f, alpha, alpha), D(w[i], x[k])."""

    precedence = 55
    """Between a product and a power: x[j] df/dx[j], but (df/dx[j])^2."""

    def _eval_is_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        of, *by = self.args
        above = "d" if len(by) == 1 else f"d{len(by)}"
        name = printer._print(of) if of.is_Atom or isinstance(of, Indexed) else f"({printer._print(of)})"
        steps = {q: by.count(q) for q in by}
        below = "".join(f"d{printer._print(q)}" + (f"^{times}" if times > 1 else "") for q, times in steps.items())
        return f"{above}{name}/{below}"

    def _latex(self, printer: Any, exp: Any = None) -> str:
        of, *by = self.args
        whole = printer._print(of) if of.is_Atom or isinstance(of, Indexed) else rf"\left({printer._print(of)}\right)"
        steps = {q: by.count(q) for q in by}
        above = r"\partial" + (f"^{{{len(by)}}}" if len(by) > 1 else "")
        below = " ".join(
            rf"\partial {printer._print(q)}" + (f"^{{{times}}}" if times > 1 else "") for q, times in steps.items()
        )
        said = rf"\frac{{{above} {whole}}}{{{below}}}"
        return said if exp is None else rf"\left({said}\right)^{{{exp}}}"


class At(Function):
    """An expression at other entries: At(f, c) where all are c, At(f, x[j] + c) each changed, At(f, x[1], x[2]) of just these."""

    def _eval_is_real(self) -> bool:
        return True

    def _shown(self, printer: Any, dots: str) -> tuple[str, str]:
        of, *entries = self.args
        said = ", ".join(printer._print(e.xreplace({words.x[words.j]: Symbol("x")})) for e in entries)
        whole = len(entries) == 1 and not entries[0].has(words.x)
        return printer._print(of), f"{said}, {dots}, {said}" if whole else said

    def _latex(self, printer: Any, exp: Any = None) -> str:
        name, said = self._shown(printer, r"\ldots")
        whole = rf"{name}\left({said}\right)"
        return whole if exp is None else rf"\left({whole}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        of = self.args[0]
        name, said = self._shown(printer, "...")
        return f"{name if of.is_Atom or isinstance(of, Indexed) else f'({name})'}({said})"


def E(term: Any, index: Symbol = words.j) -> Expr:
    """The mean under the weights of a term in x[j]: sum_j w[j] term; inside of another one, of a term in another index."""
    return Sum(w[index] * term, (index, 1, words.n))


def in_words(op: Any, side: Any) -> str:
    """An expression in the words as one line for reading; the value of a vector is f[i]."""
    return text(S(side).xreplace({f: IndexedBase("f", real=True)[words.i]}) if op.vector else side)


def written_out(op: Any, side: Any) -> Expr:
    """An expression in the words as one in x, n and the parameters of an operator.

    >>> import smoothsym as ss
    >>> written_out(ss.logsumexp, D(f, ss.alpha, ss.alpha)).has(D)
    False
    """
    return _written_out(op.definition, op.domain, S(side))


@lru_cache(maxsize=2048)
def _written_out(definition: Expr, domain: str, side: Expr) -> Expr:
    # The weights first: a definition may have a vector w of its own, which is none of them.
    total = Names(definition, domain).whole
    if total is not None:
        weights = [e for e in side.atoms(Indexed) if e.base == w]
        side = side.xreplace({e: total.function.xreplace({total.limits[0][0]: e.indices[0]}) / total for e in weights})
    return _unfolded(definition, side)


def _unfolded(definition: Expr, side: Expr) -> Expr:
    """The value, its derivatives and values at other entries, and moments, by what they stand for."""
    while found := [e for e in side.atoms(D, At) if not any(inner.has(D, At) for inner in e.args)]:
        meant = {}
        for e in found:
            of = _unfolded(definition, e.args[0])
            meant[e] = _derivative(of, e.args[1:]) if isinstance(e, D) else _at(of, e.args[1:])
        side = side.xreplace(meant)
    named = side.atoms(Symbol) - definition.atoms(Symbol)
    moments = {q: _moment(order) for q in named if (order := central_moment_order(q))}
    return side.xreplace({f: definition, **moments})


def _derivative(of: Expr, by: tuple[Any, ...]) -> Expr:
    of = rename_bound(of, set().union(*(q.free_symbols for e in by if isinstance(e, Indexed) for q in e.indices)))
    for one in by:
        of = partial(of, one) if isinstance(one, Indexed) else partial_parameter(of, one)
    return of


def _at(of: Expr, entries: tuple[Expr, ...]) -> Expr:
    """All entries changed alike for one of a vector, which may be in x[j]; else so many entries put in place of x[1], x[2], ..."""
    if of.has(Sum) and len(entries) > 1:
        of = _summed(rename_bound(of, set()), len(entries)).xreplace({words.n: S(len(entries))})
    found = {e for e in of.atoms(Indexed) if e.base == words.x}
    whole = len(entries) == 1
    return of.xreplace(
        {e: entries[0].xreplace({words.j: e.indices[0]}) if whole else entries[int(e.indices[0]) - 1] for e in found}
    )


def _summed(e: Expr, size: int) -> Expr:
    """Sums over 1..n written out for n = size."""
    if isinstance(e, Sum):
        terms = [_summed(e.function, size)]
        for index, _, _ in e.limits:
            terms = [term.xreplace({index: S(q)}) for term in terms for q in range(1, size + 1)]
        return Add(*terms)
    if not e.args or isinstance(e, Indexed):
        return e
    return e.func(*(_summed(argument, size) for argument in e.args))


def _moment(order: int) -> Expr:
    return Sum((words.x[words.j] - words.mean(words.x)) ** order, (words.j, 1, words.n)) / words.n


__all__ = ["At", "D", "E", "f", "in_words", "mu2", "mu3", "mu4", "mu5", "w", "written_out"]
